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
//! [`open`] is these four in a row. No step does I/O; clock and randomness are arguments.

mod certificate;
mod inflate;
mod keys;
mod open;
mod parse;
mod pem;
#[doc(hidden)]
pub mod primitives;
mod random;
mod seal;
mod time;
mod trust;

pub use certificate::{Certificate, CertificateError, Thumbprint, Usage};
pub use inflate::InflateError;
pub use keys::{DecryptionKey, DecryptionKeys, KeyError, PrivateKey, SigningKey};
pub use open::{Compressed, DecryptError, OpenError, VerifiedEnvelope, VerifyError, open};
pub use parse::{Envelope, Limits, ParseError, Warning};
pub use random::{RandomSource, RandomnessUnavailable, SystemRandom};
pub use seal::{Header, SealError, seal};
pub use time::{OSLO_RULE, TimeError, read_time, write_time};
pub use trust::{Trust, TrustError};
