//! Opening a message, step by step: verify, decrypt, inflate.

use std::fmt;

use jiff::Timestamp;
use subtle::{Choice, ConditionallySelectable};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::certificate::{Certificate, CertificateError, Thumbprint, Usage};
use crate::inflate::{InflateError, inflate};
use crate::keys::{DecryptionKey, DecryptionKeys};
use crate::parse::{Envelope, Limits, ParseError};
use crate::primitives;
use crate::random::RandomSource;

/// Why the signature gives no trust. Public: nothing has been decrypted yet.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum VerifyError {
    /// The message names another certificate than the one given.
    #[error("the message was signed with the certificate {named}, not with this one")]
    OtherCertificate {
        /// The thumbprint in the message.
        named: Thumbprint,
    },
    /// Expired, not yet valid or not meant for signing.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The signature does not fit the encrypted content.
    #[error("the signature does not fit the encrypted content")]
    BadSignature,
}

/// The content cannot be decrypted. One text for every cause, so that a forger learns nothing;
/// [`DecryptError::detail`] is for the receiver's own log.
#[derive(Clone, Copy, Error, PartialEq, Eq)]
#[error("the content cannot be decrypted")]
pub struct DecryptError {
    key_failed: bool,
}

impl DecryptError {
    /// What failed, for the log only.
    pub fn detail(&self) -> &'static str {
        if self.key_failed {
            "encryptedKey is not an AES-256 key under RSA-OAEP with this certificate"
        } else {
            "authenticationTag does not fit key, nonce and content"
        }
    }
}

impl fmt::Debug for DecryptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DecryptError")
    }
}

/// A message whose signature holds: the content is what that certificate's holder sent.
#[derive(Debug)]
pub struct VerifiedEnvelope(Envelope);

impl Envelope {
    /// Checks the signature with the certificate registered for the sender, which must be the one the
    /// message names, valid at `now` and meant for signing.
    ///
    /// # Errors
    /// [`VerifyError`]: the signature gives no trust.
    pub fn verify(
        self,
        certificate: &Certificate,
        now: Timestamp,
    ) -> Result<VerifiedEnvelope, VerifyError> {
        if self.signature_thumbprint != certificate.thumbprint() {
            return Err(VerifyError::OtherCertificate { named: self.signature_thumbprint });
        }
        certificate.check_valid(now)?;
        certificate.check_usage(Usage::Signature)?;
        primitives::verify(certificate.verification_key(), &self.content_digest, &self.signature)
            .map_err(|_| VerifyError::BadSignature)?;
        Ok(VerifiedEnvelope(self))
    }
}

impl VerifiedEnvelope {
    /// The message that was verified.
    pub fn envelope(&self) -> &Envelope {
        &self.0
    }

    /// Decrypts in place. A key that cannot be unwrapped costs the same further work as a wrong tag:
    /// a random key then takes its place and fails at the tag.
    ///
    /// # Errors
    /// [`DecryptError`], the same for every cause.
    pub fn decrypt(
        self,
        key: &DecryptionKey,
        random: &dyn RandomSource,
    ) -> Result<Compressed, DecryptError> {
        let mut envelope = self.0;
        let mut content_key = Zeroizing::new([0; primitives::KEY_LEN]);
        // Without randomness a fixed substitute does: it is not a secret, it only has to fail.
        let _ = random.fill(content_key.as_mut());
        let unwrapped = primitives::oaep_decrypt(key.key(), &envelope.encrypted_key, None);
        let (candidate, usable) = match &unwrapped {
            Ok(bytes) if bytes.len() == primitives::KEY_LEN => (bytes.as_slice(), Choice::from(1)),
            _ => (&[0; primitives::KEY_LEN][..], Choice::from(0)),
        };
        for (byte, real) in content_key.iter_mut().zip(candidate) {
            byte.conditional_assign(real, usable);
        }
        let opened = primitives::aes_open(
            &content_key,
            envelope.nonce,
            &[],
            &envelope.tag,
            &mut envelope.content,
        );
        let key_failed = !bool::from(usable);
        match opened {
            Ok(()) if !key_failed => Ok(Compressed(envelope.content)),
            _ => Err(DecryptError { key_failed }),
        }
    }
}

/// The decrypted content, still compressed.
pub struct Compressed(Vec<u8>);

impl Compressed {
    /// The bundle's bytes, never more than the limits allow.
    ///
    /// # Errors
    /// [`InflateError`]: not gzip, or beyond a limit.
    pub fn inflate(&self, limits: &Limits) -> Result<Vec<u8>, InflateError> {
        inflate(&self.0, limits)
    }

    /// The gzip stream as the sender made it.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for Compressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Compressed({} bytes)", self.0.len())
    }
}

/// Why [`open`] failed, by step.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OpenError {
    /// Not an envelope.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// No signature to trust.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// Encrypted for a certificate that is not ours.
    #[error("the message is encrypted for the certificate {named}, whose key is not here")]
    UnknownEncryptionCertificate {
        /// The thumbprint in the message.
        named: Thumbprint,
    },
    /// Key or tag do not fit.
    #[error(transparent)]
    Decrypt(#[from] DecryptError),
    /// Not gzip, or too large.
    #[error(transparent)]
    Inflate(#[from] InflateError),
}

/// Opens a message in one go: the bundle's bytes, or the first step that failed.
///
/// # Errors
/// [`OpenError`] of the first step that fails.
pub fn open(
    body: &[u8],
    sender: &Certificate,
    keys: &DecryptionKeys,
    limits: &Limits,
    now: Timestamp,
    random: &dyn RandomSource,
) -> Result<Vec<u8>, OpenError> {
    let envelope = Envelope::parse(body, limits)?;
    let named = envelope.encryption_thumbprint();
    let verified = envelope.verify(sender, now)?;
    let key = keys.find(named).ok_or(OpenError::UnknownEncryptionCertificate { named })?;
    Ok(verified.decrypt(key, random)?.inflate(limits)?)
}
