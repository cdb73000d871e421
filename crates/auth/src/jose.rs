//! The part of JOSE the two issuers use: signatures with RSA and elliptic-curve keys, compact form,
//! keys as JWK and JWKS. No encryption, no shared secrets, no `none` (RFC 7515, 7517, 7518, 7638).

mod algorithm;
mod jwk;
mod jws;
mod signing;
mod weak_rsa;

pub use algorithm::{Algorithm, Curve, KeyType};
pub use jwk::{JwkError, PublicJwk, parse_jwks};
pub use jws::{CompactJws, JwsError};
pub use signing::{ExternalKey, ExternalPublicKey, SigningKey, SigningKeyError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Base64url as RFC 7515 section 2 wants it: no padding, no blanks, no bits left over.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Bytes as base64url without padding.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
