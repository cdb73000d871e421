//! JWS in compact form (RFC 7515), read strictly and verified with one key.

use serde_json::{Map, Value};

use super::algorithm::Algorithm;
use super::from_base64url;
use super::jwk::PublicJwk;

/// Why a text is not a JWS that this project accepts, before or at the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than the limit given.
    #[error("the token is too long")]
    TooLong,
    /// Not three parts, of which the first and the last are not empty.
    #[error("the token does not have three parts")]
    Parts,
    /// A part is not base64url without padding.
    #[error("a part of the token is not base64url")]
    Encoding,
    /// The header is not one JSON object with unique names.
    #[error("the token's header is not a JSON object with unique member names")]
    Header,
    /// A header member that must be a text is not.
    #[error("the token's header member {0} is not a text")]
    HeaderMember(&'static str),
    /// `alg` is missing, `none`, an HMAC or unknown.
    #[error("the token's algorithm is not an accepted asymmetric one")]
    Algorithm,
    /// The header demands extensions (`crit`); none is understood.
    #[error("the token's header demands extensions")]
    Critical,
    /// The payload is not one JSON object with unique names.
    #[error("the token's payload is not a JSON object with unique member names")]
    Payload,
    /// The key may not be used with the header's algorithm.
    #[error("the key does not fit the token's algorithm")]
    KeyMismatch,
    /// The signature is not by this key over these bytes.
    #[error("the token's signature is wrong")]
    Signature,
}

/// A well-formed compact JWS whose signature is not yet verified.
pub struct CompactJws<'a> {
    header: Map<String, Value>,
    algorithm: Algorithm,
    signing_input: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> CompactJws<'a> {
    /// Takes the text apart. `max` is in bytes.
    ///
    /// # Errors
    /// All of [`JwsError`] up to the payload; never `KeyMismatch` or `Signature`.
    pub fn parse(text: &'a str, max: usize) -> Result<Self, JwsError> {
        if text.len() > max {
            return Err(JwsError::TooLong);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwsError::Parts);
        };
        if header.is_empty() || signature.is_empty() {
            return Err(JwsError::Parts);
        }
        let signing_input = &text[..header.len() + 1 + payload.len()];
        let header = from_base64url(header).ok_or(JwsError::Encoding)?;
        let payload = from_base64url(payload).ok_or(JwsError::Encoding)?;
        let signature = from_base64url(signature).ok_or(JwsError::Encoding)?;
        let header = crate::strict_json::object(&header).map_err(|_| JwsError::Header)?;
        if header.contains_key("crit") {
            return Err(JwsError::Critical);
        }
        for name in ["typ", "kid", "cty"] {
            if header.get(name).is_some_and(|value| !value.is_string()) {
                return Err(JwsError::HeaderMember(name));
            }
        }
        let algorithm = header
            .get("alg")
            .and_then(Value::as_str)
            .and_then(Algorithm::from_name)
            .ok_or(JwsError::Algorithm)?;
        Ok(Self { header, algorithm, signing_input, payload, signature })
    }

    /// The header's members.
    #[must_use]
    pub fn header(&self) -> &Map<String, Value> {
        &self.header
    }

    /// The header's `alg`.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The header's `kid`.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// The header's `typ`, as it is after JSON parsing.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.header.get("typ").and_then(Value::as_str)
    }

    /// The payload as a JSON object, **before** its signature is verified: good for nothing but to
    /// choose who is to be trusted.
    ///
    /// # Errors
    /// [`JwsError::Payload`].
    pub fn unverified_claims(&self) -> Result<Map<String, Value>, JwsError> {
        crate::strict_json::object(&self.payload).map_err(|_| JwsError::Payload)
    }

    /// The payload's bytes, once `key` has verified the signature over the text as received.
    ///
    /// # Errors
    /// [`JwsError::KeyMismatch`] or [`JwsError::Signature`].
    pub fn verified_payload(&self, key: &PublicJwk) -> Result<&[u8], JwsError> {
        if !key.fits(self.algorithm) {
            return Err(JwsError::KeyMismatch);
        }
        if !key.verifies(self.algorithm, self.signing_input.as_bytes(), &self.signature) {
            return Err(JwsError::Signature);
        }
        Ok(&self.payload)
    }

    /// The payload as a JSON object, once `key` has verified the signature.
    ///
    /// # Errors
    /// As [`CompactJws::verified_payload`], and [`JwsError::Payload`].
    pub fn verified_claims(&self, key: &PublicJwk) -> Result<Map<String, Value>, JwsError> {
        crate::strict_json::object(self.verified_payload(key)?).map_err(|_| JwsError::Payload)
    }
}
