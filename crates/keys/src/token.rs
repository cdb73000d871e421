//! Keys on a token or in an HSM (PKCS#11): they sign, and never leave it.

#[cfg(feature = "pkcs11")]
mod session;

use crate::{Password, TokenUri};

#[cfg(feature = "pkcs11")]
pub use session::TokenKey;

/// What is signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(Hash),
    /// RSASSA-PSS, salt as long as the hash.
    RsaPss(Hash),
    /// ECDSA; the signature is `r` and `s` side by side, as JWS has them.
    Ecdsa(Hash),
}

/// A hash of the SHA-2 family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// The public half of a key on a token, numbers big-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenPublicKey {
    /// RSA.
    Rsa {
        /// Modulus.
        modulus: Vec<u8>,
        /// Public exponent.
        exponent: Vec<u8>,
    },
    /// An elliptic curve's uncompressed point, `04 x y`.
    Ec {
        /// The point.
        point: Vec<u8>,
    },
}

/// Why a token gives no key or no signature. Reasons are the module's own names of its errors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// A build without PKCS#11.
    #[error("this program is built without PKCS#11; build it with `--features pkcs11`")]
    NotBuilt,
    /// The vendor's library.
    #[error(
        "the PKCS#11 library {path} cannot be used ({reason}); is the vendor's package installed for this architecture?"
    )]
    Module {
        /// Its path.
        path: String,
        /// Why.
        reason: String,
    },
    /// No such token.
    #[error("no token fits the pkcs11 URI; the library has: {present}")]
    NoToken {
        /// Labels of the tokens that are there.
        present: String,
    },
    /// Several such tokens.
    #[error("several tokens fit the pkcs11 URI ({present}); name one by serial=")]
    SeveralTokens {
        /// Labels and serial numbers.
        present: String,
    },
    /// No PIN given.
    #[error(
        "the token needs its PIN: name the file that has it (pin-source in the URI, or key_password_file)"
    )]
    PinMissing,
    /// A wrong PIN; a token locks itself after a few.
    #[error(
        "the token does not accept the PIN; correct it before the next try, since a token locks after a few wrong ones"
    )]
    PinWrong,
    /// Locked.
    #[error("the token is locked after too many wrong PINs; its security officer can unlock it")]
    PinLocked,
    /// No such key.
    #[error("the token has no private key by this label or id")]
    NoKey,
    /// Several such keys.
    #[error("the token has {count} private keys by this label or id; name one by id=")]
    SeveralKeys {
        /// How many.
        count: usize,
    },
    /// The key's public half is not on the token.
    #[error(
        "the token does not show the public half of the key; put its public key or certificate beside it"
    )]
    NoPublicKey,
    /// No such certificate.
    #[error("the token has no certificate by this label or id")]
    NoCertificate,
    /// Anything else.
    #[error("the token failed while {step} ({reason})")]
    Failed {
        /// What was tried.
        step: &'static str,
        /// The module's error.
        reason: String,
    },
}

/// Opens the key that a URI names.
///
/// # Errors
/// [`TokenError`].
#[cfg(feature = "pkcs11")]
pub fn open(uri: &TokenUri, pin: Option<&Password>) -> Result<TokenKey, TokenError> {
    TokenKey::open(uri, pin)
}

/// Stands for a key on a token where there can be none: in a build without PKCS#11.
#[cfg(not(feature = "pkcs11"))]
#[derive(Debug)]
pub enum TokenKey {}

#[cfg(not(feature = "pkcs11"))]
impl TokenKey {
    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &TokenPublicKey {
        match *self {}
    }

    /// Signs a hash.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, TokenError> {
        match *self {}
    }
}

/// Opens the key that a URI names: in a build without PKCS#11, none.
///
/// # Errors
/// [`TokenError::NotBuilt`].
#[cfg(not(feature = "pkcs11"))]
pub fn open(_: &TokenUri, _: Option<&Password>) -> Result<TokenKey, TokenError> {
    Err(TokenError::NotBuilt)
}

/// Reads the certificates that a URI names, DER.
///
/// # Errors
/// [`TokenError`].
#[cfg(feature = "pkcs11")]
pub fn certificates(uri: &TokenUri, pin: Option<&Password>) -> Result<Vec<Vec<u8>>, TokenError> {
    session::certificates(uri, pin)
}

/// Reads the certificates that a URI names: in a build without PKCS#11, none.
///
/// # Errors
/// [`TokenError::NotBuilt`].
#[cfg(not(feature = "pkcs11"))]
pub fn certificates(_: &TokenUri, _: Option<&Password>) -> Result<Vec<Vec<u8>>, TokenError> {
    Err(TokenError::NotBuilt)
}
