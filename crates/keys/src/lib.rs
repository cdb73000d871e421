//! Private keys and certificates from where they are kept: PEM, JWK, PKCS#12, DER, and a token or HSM by way of
//! PKCS#11 (feature `pkcs11`).
//!
//! A hospital has what its certificate authority or its key custodian gave it. What a file holds is recognised
//! by its content, whatever it is called; a key comes out as PKCS#8, or as the JWK it was. Errors say what was
//! found and what to do, and never show key or password.
//!
//! ```
//! use lmr_keys::{FoundKey, KeyFileError, read_private_key};
//!
//! let jwk = br#"{"kty":"EC","crv":"P-256"}"#;
//! assert!(matches!(read_private_key(jwk, None), Ok(FoundKey::Jwk(_))));
//! assert_eq!(read_private_key(b"hello", None).err(), Some(KeyFileError::Unknown));
//! ```

mod der;
mod error;
mod pem;
mod pkcs12;
pub mod token;
mod uri;

use zeroize::Zeroizing;

pub use error::{Encrypted, KeyFileError};
pub use uri::{TokenUri, UriError};

use crate::der::Shape;

/// A password, wiped after use and never shown.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes over a password. A line end that an editor left at its end is not part of it.
    #[must_use]
    pub fn new(text: String) -> Self {
        let text = Zeroizing::new(text);
        Self(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A private key as its file had it.
pub enum FoundKey {
    /// PKCS#8 in DER, whatever it was wrapped in.
    Pkcs8(Zeroizing<Vec<u8>>),
    /// A JWK (RFC 7517); whether it is private, its reader says.
    Jwk(Zeroizing<Vec<u8>>),
}

impl std::fmt::Debug for FoundKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pkcs8(_) => "Pkcs8(..)",
            Self::Jwk(_) => "Jwk(..)",
        })
    }
}

/// Reads the one private key of a file.
///
/// # Errors
/// [`KeyFileError`] says what the file holds instead, or what is missing.
pub fn read_private_key(
    content: &[u8],
    password: Option<&Password>,
) -> Result<FoundKey, KeyFileError> {
    if is_json(content) {
        return Ok(FoundKey::Jwk(Zeroizing::new(content.to_vec())));
    }
    if let Some(text) = pem::as_pem(content) {
        return pem::private_key(text, password).map(FoundKey::Pkcs8);
    }
    let key = match Shape::of(content) {
        Some(Shape::Pkcs12) => pkcs12::private_key(content, password)?,
        Some(Shape::Pkcs8) => Zeroizing::new(content.to_vec()),
        Some(Shape::EncryptedPkcs8) => pem::decrypt(content, password)?,
        Some(Shape::Pkcs1) => der::pkcs8_of_pkcs1(content),
        Some(Shape::Sec1) => der::pkcs8_of_sec1(content).ok_or(KeyFileError::Damaged)?,
        Some(Shape::Certificate) => {
            return Err(KeyFileError::NoKey { found: "CERTIFICATE".to_owned() });
        }
        Some(Shape::Indefinite) => return Err(KeyFileError::Ber),
        None => return Err(unknown(content)),
    };
    Ok(FoundKey::Pkcs8(key))
}

/// Reads the certificates of a file, DER, the leaf first where a key in the file says which one that is.
///
/// # Errors
/// [`KeyFileError`] says what the file holds instead, or what is missing.
pub fn read_certificates(
    content: &[u8],
    password: Option<&Password>,
) -> Result<Vec<Vec<u8>>, KeyFileError> {
    if is_json(content) {
        return Err(KeyFileError::NoCertificate { found: "JWK".to_owned() });
    }
    if let Some(text) = pem::as_pem(content) {
        return pem::certificates(text);
    }
    match Shape::of(content) {
        Some(Shape::Pkcs12) => pkcs12::certificates(content, password),
        Some(Shape::Certificate) => Ok(vec![content.to_vec()]),
        Some(Shape::Indefinite) => Err(KeyFileError::Ber),
        Some(_) => Err(KeyFileError::NoCertificate { found: "PRIVATE KEY".to_owned() }),
        None => Err(unknown(content)),
    }
}

/// Whether a file is PKCS#12, so that certificate and key are one file.
#[must_use]
pub fn is_pkcs12(content: &[u8]) -> bool {
    Shape::of(content) == Some(Shape::Pkcs12)
}

fn is_json(content: &[u8]) -> bool {
    content.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

fn unknown(content: &[u8]) -> KeyFileError {
    match content.first() {
        None => KeyFileError::Empty,
        // A DER sequence of another shape, or one that was cut off.
        Some(0x30) => KeyFileError::Damaged,
        Some(_) => KeyFileError::Unknown,
    }
}
