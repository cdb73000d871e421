//! The ID token: who the issuer says has signed in (OpenID Connect Core 1.0 section 3.1.3.7).

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::issuer_keys::{IssuerKeys, KeyError};
use crate::jose::{CompactJws, JwsError};
use crate::numeric_date::{NotADate, numeric_date, seconds};
use crate::sources::Clock;

/// Longest ID token read, in bytes: groups of a large directory take space.
const MAX_ID_TOKEN: usize = 64 * 1024;
/// Longest `sub`, in characters (OpenID Connect Core section 2).
const MAX_SUBJECT: usize = 255;

/// Why an ID token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenRejection {
    /// Not a JWS with a JSON object.
    #[error("the ID token: {0}")]
    Malformed(JwsError),
    /// `typ` of another kind of token.
    #[error("the token is of another type than an ID token")]
    TokenType,
    /// Signed by a key that the issuer does not have.
    #[error("the ID token is signed by a key that the issuer does not publish")]
    UnknownKey,
    /// Nothing can be said of the signature now.
    #[error("the issuer's keys cannot be had")]
    KeysUnavailable {
        /// When another attempt is made.
        retry_after: Duration,
    },
    /// The signature is wrong.
    #[error("the ID token's signature is wrong")]
    Signature,
    /// `iss`.
    #[error("the ID token is from another issuer")]
    Issuer,
    /// `aud`, or `azp`.
    #[error("the ID token is for another client")]
    Audience,
    /// `exp` or `iat` is missing, or not a date.
    #[error("the ID token has no usable exp or iat")]
    Times,
    /// `exp`.
    #[error("the ID token has expired")]
    Expired,
    /// `nbf` or `iat`.
    #[error("the ID token is not valid yet; are the clocks right?")]
    NotYetValid,
    /// `nonce`: made for another sign-in.
    #[error("the ID token is of another sign-in")]
    Nonce,
    /// `sub`.
    #[error("the ID token has no usable sub")]
    Subject,
}

/// What must be in the token.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) leeway_seconds: u32,
}

/// Who has signed in, by a token that was verified. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct IdToken {
    claims: Map<String, Value>,
}

impl IdToken {
    /// The person's id at the issuer, which nobody else ever has there.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.claims.get("sub").and_then(Value::as_str).unwrap_or_default()
    }

    /// The text of a claim.
    #[must_use]
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claim(claim)?.as_str()
    }

    /// The texts of a claim that is a text or a list of them; of anything else none.
    #[must_use]
    pub fn texts(&self, claim: &str) -> Vec<&str> {
        match self.claim(claim) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// By name; what begins with `/` is a JSON Pointer (RFC 6901), for claims within claims.
    fn claim(&self, name: &str) -> Option<&Value> {
        let Some(pointer) = name.strip_prefix('/') else { return self.claims.get(name) };
        let (first, rest) = match pointer.split_once('/') {
            Some((first, rest)) => (first, format!("/{rest}")),
            None => (pointer, String::new()),
        };
        self.claims.get(&first.replace("~1", "/").replace("~0", "~"))?.pointer(&rest)
    }
}

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdToken(..)")
    }
}

pub(super) async fn verify(
    text: &str,
    expected: &Expected<'_>,
    keys: &IssuerKeys,
    clock: &Clock,
) -> Result<IdToken, IdTokenRejection> {
    let jws = CompactJws::parse(text, MAX_ID_TOKEN).map_err(IdTokenRejection::Malformed)?;
    // An access token of the same issuer and audience must not pass for an ID token (RFC 9068 section 2.1).
    if jws.typ().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(IdTokenRejection::TokenType);
    }
    let kid = jws.kid().ok_or(IdTokenRejection::UnknownKey)?;
    let key = keys.key(kid, jws.algorithm()).await.map_err(|error| match error {
        KeyError::Unknown => IdTokenRejection::UnknownKey,
        KeyError::Unavailable { retry_after } => IdTokenRejection::KeysUnavailable { retry_after },
    })?;
    let claims = jws.verified_claims(&key).map_err(|error| match error {
        JwsError::KeyMismatch => IdTokenRejection::UnknownKey,
        JwsError::Signature => IdTokenRejection::Signature,
        other => IdTokenRejection::Malformed(other),
    })?;
    check(&claims, expected, seconds((clock)()))?;
    Ok(IdToken { claims })
}

fn check(
    claims: &Map<String, Value>,
    expected: &Expected<'_>,
    now: f64,
) -> Result<(), IdTokenRejection> {
    let text = |name| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(IdTokenRejection::Issuer);
    }
    // Other audiences beside us are none that we trust (section 3.1.3.7, item 3).
    let is_ours = match claims.get("aud") {
        Some(Value::String(audience)) => audience == expected.client_id,
        Some(Value::Array(all)) => {
            matches!(&**all, [Value::String(one)] if one == expected.client_id)
        }
        _ => false,
    };
    let party_is_ours = claims.get("azp").is_none_or(|party| party == expected.client_id);
    if !is_ours || !party_is_ours {
        return Err(IdTokenRejection::Audience);
    }
    let date = |name| numeric_date(claims, name).map_err(|_: NotADate| IdTokenRejection::Times);
    let leeway = f64::from(expected.leeway_seconds);
    let expires = date("exp")?.ok_or(IdTokenRejection::Times)?;
    let issued = date("iat")?.ok_or(IdTokenRejection::Times)?;
    if now >= expires + leeway {
        return Err(IdTokenRejection::Expired);
    }
    if issued > now + leeway || date("nbf")?.is_some_and(|from| from > now + leeway) {
        return Err(IdTokenRejection::NotYetValid);
    }
    if text("nonce") != Some(expected.nonce) {
        return Err(IdTokenRejection::Nonce);
    }
    let is_subject = |sub: &str| !sub.is_empty() && sub.chars().count() <= MAX_SUBJECT;
    if !text("sub").is_some_and(is_subject) {
        return Err(IdTokenRejection::Subject);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const EXPECTED: Expected<'_> =
        Expected { issuer: "https://i", client_id: "c", nonce: "n", leeway_seconds: 5 };
    const NOW: f64 = 1000.0;

    fn claims(changes: Value) -> Map<String, Value> {
        let mut claims = json!({"iss": "https://i", "aud": "c", "exp": 1060, "iat": 1000, "nonce": "n", "sub": "s"});
        let all = claims.as_object_mut().unwrap();
        all.extend(changes.as_object().unwrap().clone());
        all.retain(|_, value| !value.is_null());
        all.clone()
    }

    #[test]
    fn every_claim_that_must_fit_is_checked() {
        use IdTokenRejection::*;
        for (changes, wanted) in [
            (json!({}), Ok(())),
            (json!({"aud": ["c"], "azp": "c", "nbf": 1000}), Ok(())),
            (json!({"exp": 996}), Ok(())),
            (json!({"iat": 1004.5}), Ok(())),
            (json!({"iss": "https://i/"}), Err(Issuer)),
            (json!({"iss": null}), Err(Issuer)),
            (json!({"aud": "d"}), Err(Audience)),
            (json!({"aud": ["c", "d"]}), Err(Audience)),
            (json!({"aud": []}), Err(Audience)),
            (json!({"aud": null}), Err(Audience)),
            (json!({"azp": "d"}), Err(Audience)),
            (json!({"azp": 1}), Err(Audience)),
            (json!({"exp": null}), Err(Times)),
            (json!({"exp": "1060"}), Err(Times)),
            (json!({"iat": null}), Err(Times)),
            (json!({"nbf": "x"}), Err(Times)),
            (json!({"exp": 995}), Err(Expired)),
            (json!({"iat": 1006}), Err(NotYetValid)),
            (json!({"nbf": 1006}), Err(NotYetValid)),
            (json!({"nonce": null}), Err(Nonce)),
            (json!({"nonce": "m"}), Err(Nonce)),
            (json!({"sub": null}), Err(Subject)),
            (json!({"sub": ""}), Err(Subject)),
            (json!({"sub": "x".repeat(256)}), Err(Subject)),
        ] {
            assert_eq!(check(&claims(changes.clone()), &EXPECTED, NOW), wanted, "{changes}");
        }
    }

    #[test]
    fn a_claim_is_found_by_name_and_within_another_by_pointer() {
        let changes = json!({"https://x/y": "a", "realm": {"a/b": ["p", 1, "q"]}, "n": 3});
        let token = IdToken { claims: claims(changes) };
        assert_eq!((token.text("https://x/y"), token.text("n")), (Some("a"), None));
        assert_eq!(token.texts("/realm/a~1b"), ["p", "q"]);
        assert_eq!((token.texts("realm").len(), token.texts("/realm/none").len()), (0, 0));
        assert_eq!(token.texts("/sub"), ["s"]);
        assert_eq!(token.subject(), "s");
        assert_eq!(format!("{token:?}"), "IdToken(..)");
    }
}
