//! Private keys, and the pairs of a key and its certificate.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rsa::{KeyPair, OaepPrivateDecryptingKey, PrivateDecryptingKey},
    signature::KeyPair as _,
};
use jiff::Timestamp;
use thiserror::Error;

use crate::certificate::{Certificate, Thumbprint};
use crate::pem::{PemBlock, first_block};
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
}

/// An RSA private key. It cannot be printed; the library wipes its memory when dropped.
pub struct PrivateKey {
    pair: KeyPair,
    oaep: OaepPrivateDecryptingKey,
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
        Ok(Self { pair, oaep })
    }

    pub(crate) fn pair(&self) -> &KeyPair {
        &self.pair
    }

    pub(crate) fn oaep(&self) -> &OaepPrivateDecryptingKey {
        &self.oaep
    }

    fn belongs_to(&self, certificate: &Certificate) -> Result<(), KeyError> {
        let mine: Result<PublicKeyX509Der<'_>, _> = self.pair.public_key().as_der();
        match mine {
            Ok(der) if der.as_ref() == certificate.public_key() => Ok(()),
            _ => Err(KeyError::NotThisCertificate { thumbprint: certificate.thumbprint() }),
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
