//! Making a message: compress, encrypt, sign.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use lmr_identifiers::OrganisationNumber;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::certificate::{Certificate, CertificateError, Usage};
use crate::inflate::gzip;
use crate::keys::SigningKey;
use crate::parse::{FORMAT_VERSION, MEMBERS};
use crate::primitives::{self, KEY_LEN, NONCE_LEN};
use crate::random::{RandomSource, RandomnessUnavailable};
use crate::time::write_time;

/// The readable part of a message.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// Unique id, preferably a UUID.
    pub message_id: &'a str,
    /// The sending organisation; must be the one in its certificate.
    pub sender: OrganisationNumber,
    /// Start of the reporting period.
    pub reporting_from: Timestamp,
    /// End of the reporting period.
    pub reporting_to: Timestamp,
    /// When the message is made; the certificates must be valid then.
    pub generated_at: Timestamp,
}

/// Why nothing was sealed. Always this installation's matter, never the bundle's.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SealError {
    /// The certificate that signs is expired, not yet valid or meant for something else.
    #[error("the sender's certificate, which signs: {0}")]
    Signing(#[source] CertificateError),
    /// The certificate that is encrypted for is expired, not yet valid or meant for something else.
    #[error("the recipient's certificate, which is encrypted for: {0}")]
    Recipient(#[source] CertificateError),
    /// The signing certificate is another organisation's.
    #[error("the signing certificate belongs to another organisation than {sender}")]
    NotOurCertificate {
        /// The sender in the header.
        sender: OrganisationNumber,
    },
    /// No random bytes.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// The library refused key or input.
    #[error("the cryptographic library failed while {step}")]
    Library {
        /// The step.
        step: &'static str,
    },
    /// The signing key is kept elsewhere and did not sign.
    #[error("{reason}")]
    External {
        /// Why, from where it is kept.
        reason: String,
    },
}

/// Seals a bundle (FHIR JSON) for the holder of `recipient`: compressed, encrypted under a fresh key and
/// nonce, signed. The result is the body to post.
///
/// # Errors
/// [`SealError`]: always a matter of this installation.
pub fn seal(
    bundle: &[u8],
    header: &Header<'_>,
    recipient: &Certificate,
    signer: &SigningKey,
    random: &dyn RandomSource,
) -> Result<Vec<u8>, SealError> {
    let signing = signer.certificate();
    let fits = |certificate: &Certificate, usage| {
        certificate.check_valid(header.generated_at).and_then(|()| certificate.check_usage(usage))
    };
    fits(signing, Usage::Signature).map_err(SealError::Signing)?;
    fits(recipient, Usage::KeyEncipherment).map_err(SealError::Recipient)?;
    if signing.organisation() != Some(header.sender) {
        return Err(SealError::NotOurCertificate { sender: header.sender });
    }

    let mut key = Zeroizing::new([0; KEY_LEN]);
    random.fill(key.as_mut())?;
    let mut nonce = [0; NONCE_LEN];
    random.fill(&mut nonce)?;

    let mut content = gzip(bundle);
    let tag = primitives::aes_seal(&key, nonce, &[], &mut content)
        .map_err(|_| SealError::Library { step: "encrypting the content" })?;
    let encrypted_key = primitives::oaep_encrypt(recipient.public_key(), key.as_ref())
        .map_err(|_| SealError::Library { step: "encrypting the key" })?;
    let hash = digest(&SHA256, &content);
    let signature = match signer.key().elsewhere() {
        Some(key) => {
            key.sign_sha256(hash.as_ref()).map_err(|reason| SealError::External { reason })?
        }
        None => primitives::sign(signer.key(), &hash)
            .map_err(|_| SealError::Library { step: "signing" })?,
    };

    let base64_len = content.len().div_ceil(3) * 4;
    let mut out = Writer(String::with_capacity(base64_len + 4096));
    out.text(0, header.message_id);
    out.text(1, header.sender.as_str());
    out.text(2, FORMAT_VERSION);
    out.text(3, &write_time(header.reporting_from));
    out.text(4, &write_time(header.reporting_to));
    out.bytes(5, &content);
    out.text(6, &recipient.thumbprint().to_string());
    out.bytes(7, &encrypted_key);
    out.bytes(8, &nonce);
    out.bytes(9, &tag);
    out.text(10, &signing.thumbprint().to_string());
    out.bytes(11, &signature);
    out.text(12, &write_time(header.generated_at));
    out.0.push('}');
    Ok(out.0.into_bytes())
}

/// Writes the members in order; the content goes from ciphertext to JSON without a copy in between.
struct Writer(String);

impl Writer {
    fn name(&mut self, index: usize) {
        self.0.push(if index == 0 { '{' } else { ',' });
        self.0.push('"');
        self.0.push_str(MEMBERS[index]);
        self.0.push_str("\":");
    }

    fn text(&mut self, index: usize, text: &str) {
        self.name(index);
        self.0.push_str(&serde_json::Value::from(text).to_string());
    }

    fn bytes(&mut self, index: usize, bytes: &[u8]) {
        self.name(index);
        self.0.push('"');
        STANDARD.encode_string(bytes, &mut self.0);
        self.0.push('"');
    }
}
