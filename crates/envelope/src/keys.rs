//! Private keys, and the pairs of a key and its certificate.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    digest::{SHA256, digest},
    encoding::{AsDer, PublicKeyX509Der},
    rsa::{KeyPair, OaepPrivateDecryptingKey, PrivateDecryptingKey},
    signature::KeyPair as _,
};
use jiff::Timestamp;
use thiserror::Error;

use crate::certificate::{Certificate, Thumbprint};
use crate::pem::{PemBlock, first_block};
use crate::primitives;
use crate::receipt::{Delegates, ReceiptError};

/// Why a private key cannot be used. The fault is in this installation's configuration.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    /// No PEM block.
    #[error("no PEM block in the file; expected `-----BEGIN PRIVATE KEY-----`")]
    NoPem,
    /// A PEM block that is not PKCS#8 in clear.
    #[error(
        "the file holds `{label}`; a PKCS#8 `PRIVATE KEY` is needed (`openssl pkcs8 -topk8 -nocrypt`)"
    )]
    WrongPem {
        /// The label between the dashes.
        label: String,
    },
    /// The block's text is not base64 or has no end line.
    #[error("the PEM block is damaged")]
    Damaged,
    /// Not an RSA key of 2048 to 8192 bits.
    #[error("the key is not an RSA key of at least 2048 bits")]
    NotRsa,
    /// Key and certificate are not a pair.
    #[error("the private key does not belong to the certificate {thumbprint}")]
    NotThisCertificate {
        /// The certificate it was given with.
        thumbprint: Thumbprint,
    },
    /// A key that is kept elsewhere cannot be used there.
    #[error("{reason}")]
    External {
        /// Why, from where it is kept.
        reason: String,
    },
    /// A key that is kept elsewhere does not decrypt.
    #[error("a key on a token signs only; the register's own key must be in a file")]
    SignsOnly,
}

/// A private key that stays where it is and signs there: on a token or in an HSM.
pub trait ExternalKey: Send + Sync {
    /// Signs a SHA-256 hash with RSASSA-PKCS1-v1_5.
    ///
    /// # Errors
    /// Why not, for people; never key or PIN.
    fn sign_sha256(&self, hash: &[u8]) -> Result<Vec<u8>, String>;
}

/// An RSA private key. It cannot be printed; the library wipes its memory when dropped.
pub struct PrivateKey(Kept);

/// Where a private key is kept.
enum Kept {
    Here { pair: Box<KeyPair>, oaep: Box<OaepPrivateDecryptingKey> },
    Elsewhere(Arc<dyn ExternalKey>),
}

impl PrivateKey {
    /// Reads `-----BEGIN PRIVATE KEY-----` (PKCS#8, not encrypted).
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the file or the pair.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        match first_block(text, "PRIVATE KEY") {
            PemBlock::Found(der) => Self::from_pkcs8(&der),
            PemBlock::Malformed => Err(KeyError::Damaged),
            PemBlock::OtherLabel(label) => Err(KeyError::WrongPem { label }),
            PemBlock::None => Err(KeyError::NoPem),
        }
    }

    /// Reads PKCS#8 in DER. The caller wipes its own copy.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the file or the pair.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let pair = KeyPair::from_pkcs8(der).map_err(|_| KeyError::NotRsa)?;
        let oaep = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| KeyError::NotRsa)?;
        let oaep = OaepPrivateDecryptingKey::new(oaep).map_err(|_| KeyError::NotRsa)?;
        Ok(Self(Kept::Here { pair: Box::new(pair), oaep: Box::new(oaep) }))
    }

    /// A key that is kept elsewhere: it signs and does not decrypt.
    pub fn external(key: Arc<dyn ExternalKey>) -> Self {
        Self(Kept::Elsewhere(key))
    }

    /// The pair, where it is kept here.
    pub(crate) fn pair(&self) -> Option<&KeyPair> {
        match &self.0 {
            Kept::Here { pair, .. } => Some(pair),
            Kept::Elsewhere(_) => None,
        }
    }

    /// The same for decrypting.
    pub(crate) fn oaep(&self) -> Option<&OaepPrivateDecryptingKey> {
        match &self.0 {
            Kept::Here { oaep, .. } => Some(oaep),
            Kept::Elsewhere(_) => None,
        }
    }

    /// The key, where it is kept elsewhere.
    pub(crate) fn elsewhere(&self) -> Option<&dyn ExternalKey> {
        match &self.0 {
            Kept::Here { .. } => None,
            Kept::Elsewhere(key) => Some(&**key),
        }
    }

    fn belongs_to(&self, certificate: &Certificate) -> Result<(), KeyError> {
        let other = || KeyError::NotThisCertificate { thumbprint: certificate.thumbprint() };
        let pair = match &self.0 {
            Kept::Here { pair, .. } => pair,
            Kept::Elsewhere(key) => {
                // The public half of the certificate says whether it is the one, and that it signs at all.
                let hash = digest(&SHA256, b"lmr: does this key belong to the certificate?");
                let signature = key
                    .sign_sha256(hash.as_ref())
                    .map_err(|reason| KeyError::External { reason })?;
                return primitives::verify(certificate.verification_key(), &hash, &signature)
                    .map_err(|_| other());
            }
        };
        let mine: Result<PublicKeyX509Der<'_>, _> = pair.public_key().as_der();
        match mine {
            Ok(der) if der.as_ref() == certificate.public_key() => Ok(()),
            _ => Err(other()),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

/// A sender's enterprise certificate with its private key.
#[derive(Debug)]
pub struct SigningKey {
    certificate: Certificate,
    key: PrivateKey,
}

impl SigningKey {
    /// Pairs the two, or says that they do not belong together.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the file or the pair.
    pub fn new(certificate: Certificate, key: PrivateKey) -> Result<Self, KeyError> {
        key.belongs_to(&certificate)?;
        Ok(Self { certificate, key })
    }

    /// The certificate the receiver must have registered.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    pub(crate) fn key(&self) -> &PrivateKey {
        &self.key
    }
}

/// The register's enterprise certificate with its private key.
#[derive(Debug)]
pub struct DecryptionKey {
    certificate: Certificate,
    key: PrivateKey,
    delegates: Delegates,
}

impl DecryptionKey {
    /// Pairs the two, or says that they do not belong together.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the file or the pair.
    pub fn new(certificate: Certificate, key: PrivateKey) -> Result<Self, KeyError> {
        if key.elsewhere().is_some() {
            return Err(KeyError::SignsOnly);
        }
        key.belongs_to(&certificate)?;
        Ok(Self { certificate, key, delegates: Delegates::default() })
    }

    /// The certificate senders encrypt for.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Signs a receipt's payload, so that the certificate is all that verifying it needs.
    ///
    /// # Errors
    /// [`ReceiptError::NotSigned`].
    pub fn sign_receipt(&self, payload: &str, now: Timestamp) -> Result<String, ReceiptError> {
        self.delegates.sign(&self.certificate, &self.key, payload, now)
    }

    pub(crate) fn key(&self) -> &PrivateKey {
        &self.key
    }
}

/// The decryption keys in use: usually one, two while the register's certificate is being replaced.
#[derive(Debug, Default)]
pub struct DecryptionKeys(Vec<DecryptionKey>);

impl DecryptionKeys {
    /// Keys in order of preference; the first one's certificate is the one to publish.
    pub fn new(keys: Vec<DecryptionKey>) -> Self {
        Self(keys)
    }

    /// The key whose certificate has this thumbprint.
    pub fn find(&self, thumbprint: Thumbprint) -> Option<&DecryptionKey> {
        self.0.iter().find(|key| key.certificate.thumbprint() == thumbprint)
    }

    /// All keys, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &DecryptionKey> {
        self.0.iter()
    }
}
