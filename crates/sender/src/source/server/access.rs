//! By what a server knows us: nothing, a password, or a token.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use lmr_auth::{KeySource, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::ServerSettings;
use super::http::Http;
use crate::source::FileError;

/// How a server lets us in.
#[derive(Clone)]
pub enum ServerAccess {
    /// It asks for nothing.
    None,
    /// User and password (RFC 7617).
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// OAuth 2.0 client credentials with a secret.
    ClientCredentials {
        /// Where tokens are.
        token_url: String,
        /// The client.
        client_id: String,
        /// Its secret.
        secret: SecretString,
        /// The scope wanted, if any.
        scope: Option<String>,
    },
    /// SMART backend services: client credentials with an assertion that is signed (`private_key_jwt`).
    BackendServices {
        /// Where tokens are.
        token_url: String,
        /// The client.
        client_id: String,
        /// Its key, read again for every token.
        key: Arc<dyn KeySource>,
        /// The scope wanted: `system/*.read`.
        scope: String,
    },
}

/// Lifetime of an assertion; SMART allows five minutes at most.
const ASSERTION: SignedDuration = SignedDuration::from_mins(4);
/// How long before its end a token is no longer used.
const MARGIN: SignedDuration = SignedDuration::from_secs(30);

/// Gives the `Authorization` header, with a token that is kept until it ends.
#[derive(Default)]
pub(super) struct Authorization {
    token: Option<(SecretString, Timestamp)>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    expires_in: Option<i64>,
}

impl Authorization {
    /// Forgets the token: the server has refused it. False where there is none to be had again.
    pub(super) fn refused(&mut self) -> bool {
        self.token.take().is_some()
    }

    pub(super) async fn header(
        &mut self,
        settings: &ServerSettings,
        http: &Http,
    ) -> Result<Option<SecretString>, FileError> {
        let now = (settings.clock)();
        let (token_url, form) = match &settings.access {
            ServerAccess::None => return Ok(None),
            ServerAccess::Basic { user, password } => {
                return Ok(Some(basic(user, password)));
            }
            ServerAccess::ClientCredentials { token_url, scope, .. } => {
                let mut form = vec![("grant_type", "client_credentials".to_owned())];
                form.extend(scope.clone().map(|scope| ("scope", scope)));
                (token_url, form)
            }
            ServerAccess::BackendServices { token_url, client_id, key, scope } => {
                let claims = json!({
                    "iss": client_id,
                    "sub": client_id,
                    "aud": token_url,
                    "iat": now.as_second(),
                    "exp": (now + ASSERTION).as_second(),
                    "jti": (settings.fresh_id)().iter().map(|b| format!("{b:02x}")).collect::<String>(),
                });
                let unusable = |reason: String| FileError::KeyUnusable { reason };
                let key = key.load().map_err(|error| unusable(error.to_string()))?.key;
                let assertion =
                    key.sign_jws("JWT", &claims).map_err(|error| unusable(error.to_string()))?;
                let form = vec![
                    ("grant_type", "client_credentials".to_owned()),
                    ("scope", scope.clone()),
                    (
                        "client_assertion_type",
                        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
                    ),
                    ("client_assertion", assertion.expose().to_owned()),
                ];
                (token_url, form)
            }
        };
        if let Some((token, until)) = &self.token
            && now < *until
        {
            return Ok(Some(token.clone()));
        }
        let client = match &settings.access {
            ServerAccess::ClientCredentials { client_id, secret, .. } => Some(basic(
                &form_encoded(client_id),
                &SecretString::new(form_encoded(secret.expose())),
            )),
            _ => None,
        };
        let body = http.token(token_url, &form, client.as_ref()).await?;
        let answer: TokenAnswer = serde_json::from_slice(&body)
            .ok()
            .filter(|answer: &TokenAnswer| answer.token_type.eq_ignore_ascii_case("bearer"))
            .ok_or(FileError::TokenUnusable)?;
        let token = SecretString::new(format!("Bearer {}", answer.access_token));
        let lifetime = SignedDuration::from_secs(answer.expires_in.unwrap_or(60));
        self.token = Some((token.clone(), now + lifetime - MARGIN));
        Ok(Some(token))
    }
}

fn basic(user: &str, password: &SecretString) -> SecretString {
    let pair = format!("{user}:{}", password.expose());
    SecretString::new(format!("Basic {}", STANDARD.encode(pair)))
}

/// As RFC 6749 section 2.3.1 wants ids and secrets before they are joined.
fn form_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                out.push(char::from(byte));
            }
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}
