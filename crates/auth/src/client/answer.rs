//! What the token endpoint answers.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::error::{OauthError, TokenError};
use super::settings::ClientSettings;
use super::{AccessToken, use_until};
use crate::http::Answer;
use crate::jose::SigningKey;
use crate::retry_after::retry_after;
use crate::secret::SecretString;
use crate::strict_json;

/// Longest lifetime of a token that is believed, in seconds; a wrong number must not keep a token for
/// ever.
const MAX_LIFETIME: u64 = 24 * 3600;

/// No token, and whether a nonce would have made the difference.
pub(super) enum NonceDemanded {
    /// `use_dpop_nonce` to a request with a proof.
    Yes,
    No(TokenError),
}

impl From<TokenError> for NonceDemanded {
    fn from(error: TokenError) -> Self {
        Self::No(error)
    }
}

/// Reads an answer to a request that was begun at `sent`.
pub(super) fn read_answer(
    answer: Answer,
    settings: &ClientSettings,
    proof_key: Option<&Arc<SigningKey>>,
    sent: Timestamp,
) -> Result<AccessToken, NonceDemanded> {
    let Answer { status, content_type, retry_after: wait, dpop_nonce, body } = answer;
    let body = Zeroizing::new(body);
    let wait = wait
        .as_deref()
        .and_then(|text| retry_after(text, sent))
        .and_then(|wait| Duration::try_from(wait).ok());
    let unavailable = TokenError::Unavailable { status, retry_after: wait };
    if status == 429 || status >= 500 {
        return Err(unavailable.into());
    }
    if (300..400).contains(&status) {
        return Err(TokenError::Moved { status }.into());
    }
    let media_type =
        content_type.as_deref().map(|value| value.split(';').next().unwrap_or("").trim());
    let is_json = media_type.is_some_and(|value| value.eq_ignore_ascii_case("application/json"));
    let members = match strict_json::object(&body) {
        Ok(members) if is_json || (status != 200 && members.contains_key("error")) => members,
        // Something between answers: a page about maintenance, a gateway, an empty 404.
        _ => return Err(unavailable.into()),
    };
    if status != 200 {
        let Some(error) = members.get("error").and_then(Value::as_str) else {
            return Err(unavailable.into());
        };
        if error == "use_dpop_nonce" && dpop_nonce.is_some() && proof_key.is_some() {
            return Err(NonceDemanded::Yes);
        }
        return Err(rejected(status, error, &members).into());
    }
    token(members, settings, proof_key, sent).map_err(NonceDemanded::No)
}

fn token(
    mut members: Map<String, Value>,
    settings: &ClientSettings,
    proof_key: Option<&Arc<SigningKey>>,
    sent: Timestamp,
) -> Result<AccessToken, TokenError> {
    let token = match members.remove("access_token") {
        Some(Value::String(token)) if is_token68(&token) => SecretString::new(token),
        _ => return Err(TokenError::Answer("it has no usable access_token")),
    };
    let text = |name| members.get(name).and_then(Value::as_str);
    let token_type = text("token_type").ok_or(TokenError::Answer("it has no token_type"))?;
    match proof_key {
        Some(_) if token_type.eq_ignore_ascii_case("dpop") => {}
        // Sent as Bearer it would work for whoever sees it; RFC 9449 section 5 lets us throw it away.
        Some(_) if token_type.eq_ignore_ascii_case("bearer") => return Err(TokenError::NotBound),
        None if token_type.eq_ignore_ascii_case("bearer") => {}
        _ => return Err(TokenError::Answer("its token_type is not the one asked for")),
    }
    // A server that grants all that was asked for may leave `scope` out (RFC 6749 section 5.1).
    let granted = text("scope").is_none_or(|granted| contains_all(granted, &settings.scope));
    if !granted || contains_any(members.get("rejected_scope"), &settings.scope) {
        return Err(TokenError::ScopeWithheld);
    }
    let use_until = match members.get("expires_in") {
        // Recommended, not required: without it the token is used once.
        None | Some(Value::Null) => None,
        Some(value) => {
            let seconds = lifetime(value)
                .ok_or(TokenError::Answer("expires_in is not a positive number of seconds"))?;
            Some(use_until(sent, seconds.min(MAX_LIFETIME)))
        }
    };
    Ok(AccessToken { token, use_until, proof_key: proof_key.map(Arc::clone) })
}

/// A whole number, one with a fraction, or either as a text.
fn lifetime(value: &Value) -> Option<u64> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    // The cast takes what is too large as the largest.
    (seconds >= 1.0).then_some(seconds as u64)
}

fn contains_all(granted: &str, wanted: &str) -> bool {
    let granted: Vec<&str> = granted.split(' ').collect();
    wanted.split(' ').filter(|scope| !scope.is_empty()).all(|scope| granted.contains(&scope))
}

fn contains_any(withheld: Option<&Value>, wanted: &str) -> bool {
    let withheld: Vec<&str> = match withheld {
        Some(Value::String(text)) => text.split(' ').collect(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    wanted.split(' ').any(|scope| !scope.is_empty() && withheld.contains(&scope))
}

fn rejected(status: u16, error: &str, members: &Map<String, Value>) -> TokenError {
    let error = OauthError::named(error);
    let description = members.get("error_description").and_then(Value::as_str).unwrap_or_default();
    TokenError::Rejected { status, error, code: issuer_code(description) }
}

/// The issuer's own code in a description. Its other words are not repeated: nobody knows what they
/// hold.
fn issuer_code(description: &str) -> Option<String> {
    ["HID-", "MP-"].into_iter().find_map(|prefix| {
        let digits: String = description
            .split(prefix)
            .nth(1)?
            .chars()
            .take_while(char::is_ascii_digit)
            .take(5)
            .collect();
        (!digits.is_empty()).then(|| format!("{prefix}{digits}"))
    })
}

fn is_token68(token: &str) -> bool {
    !token.is_empty() && token.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/=".contains(c))
}
