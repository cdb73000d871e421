//! Receipts: what the register signs for a message that it has taken, in a chain per sender.
//!
//! A receipt is a JWS (RFC 7515, compact form) whose payload is the receipt's JSON. Signing each with the register's
//! RSA key would cost as much as opening the message, so that key signs a P-256 key once a day (the *delegation*, a JWS
//! in the receipt's header) and the P-256 key signs the receipts. Verifying needs the register's certificate only.
//!
//! Each receipt names the SHA-256 of the one before it of the same sender: whoever keeps them can show that the
//! register has dropped, changed or reordered nothing.

mod delegate;

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use lmr_identifiers::OrganisationNumber;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::certificate::{Certificate, Thumbprint};
use crate::primitives;
pub(crate) use delegate::Delegates;

/// The header of an answer that has its receipt.
pub const RECEIPT_HEADER: &str = "lmr-receipt";

/// Longest receipt that is read, in bytes.
const MAX_LENGTH: usize = 16 << 10;
/// `typ` of a receipt and of a delegation.
const RECEIPT_TYPE: &str = "lmr-receipt+jws";
const DELEGATION_TYPE: &str = "lmr-receipt-key+jws";

/// SHA-256 of a receipt's payload, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReceiptDigest([u8; 32]);

impl ReceiptDigest {
    /// The digest of a payload.
    pub fn of(payload: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, payload).as_ref());
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |at: usize| char::from(pair[at]).to_digit(16);
            *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
        }
        Some(Self(bytes))
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for ReceiptDigest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for ReceiptDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ReceiptDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceiptDigest({self})")
    }
}

impl Serialize for ReceiptDigest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReceiptDigest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not 64 hexadecimal digits"))
    }
}

/// What the register says it has taken. No content, nothing of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Always [`Receipt::ACTION`]: receipts are in the register's audit log beside other entries.
    pub action: String,
    /// Who sent the message.
    #[serde(with = "organisation")]
    pub sender: OrganisationNumber,
    /// Counted from 1 for each sender, without gaps.
    pub sequence: u64,
    /// Digest of the sender's receipt before this one; none in the first.
    pub previous: Option<ReceiptDigest>,
    /// The sender's id of the message.
    pub message_id: String,
    /// SHA-256 of the encrypted content.
    pub content_sha256: ReceiptDigest,
    /// SHA-256 of the answer's body.
    pub answer_sha256: ReceiptDigest,
    /// The rule set that the bundle was validated by.
    pub rule_set: String,
    /// Digest of its definitions, `sha256:` and 64 hexadecimal digits.
    pub rule_set_digest: String,
    /// `accepted` or `refused`.
    pub outcome: String,
    /// The OAuth client that sent it.
    pub client_id: String,
    /// When it came.
    pub received_at: Timestamp,
}

impl Receipt {
    /// The value of `action`.
    pub const ACTION: &'static str = "receive";

    /// The payload: the JSON that is signed and whose digest the next receipt names.
    pub fn payload(&self) -> String {
        // Texts, numbers and times only: there is nothing that serde_json could refuse.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`].
    pub fn parse(payload: &[u8]) -> Result<Self, ReceiptError> {
        let receipt: Self = serde_json::from_slice(payload)
            .map_err(|_| ReceiptError::Malformed { part: "the payload" })?;
        if receipt.action != Self::ACTION || receipt.sequence == 0 {
            return Err(ReceiptError::Malformed { part: "the payload" });
        }
        Ok(receipt)
    }
}

mod organisation {
    use super::OrganisationNumber;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        number: &OrganisationNumber,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(number.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<OrganisationNumber, D::Error> {
        let text = String::deserialize(deserializer)?;
        OrganisationNumber::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Why a receipt cannot be made or believed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReceiptError {
    /// Not a receipt of this form.
    #[error("not a receipt: {part} cannot be read")]
    Malformed {
        /// Which part.
        part: &'static str,
    },
    /// Signed under another certificate than those given.
    #[error("the receipt is signed under another certificate, {named}")]
    OtherCertificate {
        /// Thumbprint of that certificate, as the receipt says.
        named: Thumbprint,
    },
    /// A signature does not hold: the receipt is forged or was changed.
    #[error("a signature of the receipt does not hold: {part}")]
    BadSignature {
        /// Which of the two.
        part: &'static str,
    },
    /// Signed when the delegated key or the certificate was not valid.
    #[error("the receipt was signed when its key was not valid")]
    OutsideValidity,
    /// The register's key could not sign.
    #[error("the receipt could not be signed")]
    NotSigned,
}

/// A receipt that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedReceipt {
    /// What it says.
    pub receipt: Receipt,
    /// Its digest, which the next one names.
    pub digest: ReceiptDigest,
    /// When this copy was signed: later than received where the answer was given again.
    pub signed_at: Timestamp,
    /// The certificate under which.
    pub certificate: Thumbprint,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    alg: String,
    typ: String,
    iat: i64,
    delegation: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DelegationHead {
    alg: String,
    typ: String,
    x5t: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Delegation {
    jwk: Jwk,
    from: i64,
    until: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

/// The three parts of a JWS in compact form.
struct Parts<'t> {
    signed: &'t str,
    head: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

fn split<'t>(text: &'t str, part: &'static str) -> Result<Parts<'t>, ReceiptError> {
    let malformed = ReceiptError::Malformed { part };
    let mut dots = text.match_indices('.').map(|(at, _)| at);
    let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
        return Err(malformed);
    };
    let decode =
        |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| ReceiptError::Malformed { part });
    Ok(Parts {
        signed: &text[..second],
        head: decode(&text[..first])?,
        payload: decode(&text[first + 1..second])?,
        signature: decode(&text[second + 1..])?,
    })
}

/// What a receipt says, unverified: for one that was verified when it was kept, under a certificate that is not at hand any
/// more.
///
/// # Errors
/// [`ReceiptError::Malformed`].
pub fn unverified_payload(text: &str) -> Result<Vec<u8>, ReceiptError> {
    const PART: &str = "the header";
    if text.len() > MAX_LENGTH {
        return Err(ReceiptError::Malformed { part: PART });
    }
    Ok(split(text, PART)?.payload)
}

/// Verifies a receipt with the register's certificate; several while it is being replaced.
///
/// # Errors
/// [`ReceiptError`] says what is wrong with it.
pub fn verify_receipt(
    text: &str,
    certificates: &[Certificate],
) -> Result<VerifiedReceipt, ReceiptError> {
    const HEAD: ReceiptError = ReceiptError::Malformed { part: "the header" };
    const DELEGATION: ReceiptError = ReceiptError::Malformed { part: "the delegation" };
    if text.len() > MAX_LENGTH {
        return Err(HEAD);
    }
    let parts = split(text, "the header")?;
    let head: Head = serde_json::from_slice(&parts.head).map_err(|_| HEAD)?;
    if head.alg != "ES256" || head.typ != RECEIPT_TYPE {
        return Err(HEAD);
    }
    let delegation = split(&head.delegation, "the delegation")?;
    let its_head: DelegationHead =
        serde_json::from_slice(&delegation.head).map_err(|_| DELEGATION)?;
    if its_head.alg != "RS256" || its_head.typ != DELEGATION_TYPE {
        return Err(DELEGATION);
    }
    let named = URL_SAFE_NO_PAD.decode(&its_head.x5t).map_err(|_| DELEGATION)?;
    let named: [u8; 20] = named.try_into().map_err(|_| DELEGATION)?;
    let named = Thumbprint::from_bytes(named);
    let certificate = certificates
        .iter()
        .find(|certificate| certificate.thumbprint() == named)
        .ok_or(ReceiptError::OtherCertificate { named })?;
    let signed = digest(&SHA256, delegation.signed.as_bytes());
    primitives::verify(certificate.verification_key(), &signed, &delegation.signature)
        .map_err(|_| ReceiptError::BadSignature { part: "the delegation's" })?;
    let key: Delegation = serde_json::from_slice(&delegation.payload).map_err(|_| DELEGATION)?;
    if key.jwk.kty != "EC" || key.jwk.crv != "P-256" {
        return Err(DELEGATION);
    }
    let mut point = vec![4];
    for coordinate in [&key.jwk.x, &key.jwk.y] {
        let bytes = URL_SAFE_NO_PAD.decode(coordinate).map_err(|_| DELEGATION)?;
        if bytes.len() != 32 {
            return Err(DELEGATION);
        }
        point.extend_from_slice(&bytes);
    }
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point)
        .verify(parts.signed.as_bytes(), &parts.signature)
        .map_err(|_| ReceiptError::BadSignature { part: "the receipt's" })?;
    let signed_at = Timestamp::from_second(head.iat).map_err(|_| HEAD)?;
    if !(key.from..=key.until).contains(&head.iat) || certificate.check_valid(signed_at).is_err() {
        return Err(ReceiptError::OutsideValidity);
    }
    Ok(VerifiedReceipt {
        receipt: Receipt::parse(&parts.payload)?,
        digest: ReceiptDigest::of(&parts.payload),
        signed_at,
        certificate: named,
    })
}

/// What is wrong with a row of receipts of one sender.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReceiptChainError {
    /// Receipts are missing between two.
    #[error("receipts are missing: after number {after} comes number {found}")]
    Missing {
        /// The last before the gap.
        after: u64,
        /// The first after it.
        found: u64,
    },
    /// A receipt names another one before it than the one at hand: one of them was replaced.
    #[error("receipt number {sequence} follows another receipt than the one kept before it")]
    Forked {
        /// The later one.
        sequence: u64,
    },
    /// Two different receipts with one number.
    #[error("there are two different receipts with number {sequence}")]
    Twice {
        /// The number.
        sequence: u64,
    },
}

/// Holds the receipts of one sender against each other, in any order; gives every contradiction and gap.
pub fn check_receipt_chain(receipts: &[VerifiedReceipt]) -> Vec<ReceiptChainError> {
    let mut sorted: Vec<&VerifiedReceipt> = receipts.iter().collect();
    sorted.sort_by_key(|one| one.receipt.sequence);
    let mut found = Vec::new();
    for pair in sorted.windows(2) {
        let (one, next) = (pair[0], pair[1]);
        let (before, sequence) = (one.receipt.sequence, next.receipt.sequence);
        if sequence == before {
            if one.digest != next.digest {
                found.push(ReceiptChainError::Twice { sequence });
            }
        } else if sequence > before + 1 {
            found.push(ReceiptChainError::Missing { after: before, found: sequence });
        } else if next.receipt.previous != Some(one.digest) {
            found.push(ReceiptChainError::Forked { sequence });
        }
    }
    found
}
