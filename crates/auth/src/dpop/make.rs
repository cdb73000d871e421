//! Making proofs (RFC 9449 section 4.2).

use jiff::Timestamp;
use serde_json::json;

use super::{PROOF_TYPE, address, token_digest};
use crate::jose::{SigningKey, SigningKeyError};
use crate::secret::SecretString;

/// What a proof is for.
#[derive(Debug, Clone, Copy)]
pub struct ProofRequest<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The address called; query and fragment are left out.
    pub url: &'a str,
    /// The token shown with it; none at the token endpoint.
    pub access_token: Option<&'a SecretString>,
    /// The server's newest nonce.
    pub nonce: Option<&'a str>,
}

/// Makes a proof; `id` must be fresh for every one.
///
/// # Errors
/// [`SigningKeyError`]: the key failed.
pub fn make_proof(
    key: &SigningKey,
    request: &ProofRequest<'_>,
    now: Timestamp,
    id: &str,
) -> Result<SecretString, SigningKeyError> {
    let header = json!({
        "typ": PROOF_TYPE,
        "alg": key.algorithm().name(),
        "jwk": key.public().to_bare_json(),
    });
    let url = address::normal(request.url).unwrap_or_else(|| request.url.to_owned());
    let mut claims = json!({
        "jti": id,
        "htm": request.method,
        "htu": url,
        "iat": now.as_second(),
    });
    if let Some(token) = request.access_token {
        claims["ath"] = json!(token_digest(token.expose()));
    }
    if let Some(nonce) = request.nonce {
        claims["nonce"] = json!(nonce);
    }
    key.sign_with_header(&header, &claims)
}
