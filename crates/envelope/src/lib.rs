//! SignertKryptertBundle: the register's sealed message, made and opened.
//!
//! The guide's page "SignertKryptertBundle" fixes the algorithms: gzip, AES-256-GCM with a fresh key
//! and nonce, that key under RSA-OAEP (SHA-256), a PKCS#1 v1.5 SHA-256 signature over the ciphertext,
//! all in one JSON object.
//!
//! A sender calls [`seal`]. A receiver goes step by step, because checks of its own stand between:
//!
//! 1. [`Envelope::parse`] reads the JSON (nothing is decrypted, nothing trusted),
//! 2. [`Envelope::verify`] with the certificate registered for the sender gives a [`VerifiedEnvelope`],
//! 3. [`VerifiedEnvelope::decrypt`] with the key that [`DecryptionKeys::find`] knows by thumbprint,
//! 4. [`Compressed::inflate`] within [`Limits`].
//!
//! [`open`] is these four in a row. For what it has taken the register signs a [`Receipt`]
//! ([`DecryptionKey::sign_receipt`]), which the sender verifies with [`verify_receipt`]. No step does I/O; clock and randomness are arguments.
//!
//! ```
//! use lmr_envelope::{
//!     Certificate, DecryptionKey, DecryptionKeys, Header, Limits, PrivateKey, SigningKey,
//!     SystemRandom, open, seal,
//! };
//! # use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
//! # fn files_of(organisation: &str) -> Result<(String, String), rcgen::Error> {
//! #     let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
//! #     let mut params = CertificateParams::default();
//! #     let number = format!("NTRNO-{organisation}");
//! #     params.distinguished_name.push(DnType::from_oid(&[2, 5, 4, 97]), number);
//! #     Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
//! # }
//! let (hospital, hospital_key) = files_of("310000019")?;
//! let (register, register_key) = files_of("310000027")?;
//! let now: jiff::Timestamp = "2026-11-25T12:00:00Z".parse()?;
//!
//! let certificate = Certificate::read(hospital.as_bytes())?;
//! let signer = SigningKey::new(certificate.clone(), PrivateKey::from_pem(hospital_key.as_bytes())?)?;
//! let recipient = Certificate::read(register.as_bytes())?;
//! let header = Header {
//!     message_id: "0b1ef1c6-3d10-4f5c-8f0d-3a3ad9a5e0c1",
//!     sender: "310000019".parse()?,
//!     reporting_from: "2026-11-24T00:00:00Z".parse()?,
//!     reporting_to: now,
//!     generated_at: now,
//! };
//! let bundle = br#"{"resourceType":"Bundle"}"#;
//! let message = seal(bundle, &header, &recipient, &signer, &SystemRandom)?;
//!
//! let key = DecryptionKey::new(recipient, PrivateKey::from_pem(register_key.as_bytes())?)?;
//! let keys = DecryptionKeys::new(vec![key]);
//! let opened = open(&message, &certificate, &keys, &Limits::default(), now, &SystemRandom)?;
//! assert_eq!(opened, bundle);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod certificate;
mod inflate;
mod keys;
mod open;
mod parse;
mod pem;
#[doc(hidden)]
pub mod primitives;
mod random;
mod receipt;
mod seal;
#[cfg(feature = "synthetic")]
pub mod synthetic;
mod time;
mod trust;

pub use certificate::{Certificate, CertificateError, Thumbprint, Usage};
pub use inflate::InflateError;
pub use keys::{DecryptionKey, DecryptionKeys, ExternalKey, KeyError, PrivateKey, SigningKey};
pub use open::{Compressed, DecryptError, OpenError, VerifiedEnvelope, VerifyError, open};
pub use parse::{Envelope, Limits, ParseError, Warning};
pub use random::{RandomSource, RandomnessUnavailable, SystemRandom};
pub use receipt::{
    RECEIPT_HEADER, Receipt, ReceiptChainError, ReceiptDigest, ReceiptError, VerifiedReceipt,
    check_receipt_chain, unverified_payload, verify_receipt,
};
pub use seal::{Header, SealError, seal};
pub use time::{TimeError, read_time, write_time};
pub use trust::{Trust, TrustError};
