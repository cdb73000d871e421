//! The sender's side: HelseID client credentials with `private_key_jwt`.

use crate::discovery::{Discovery, DiscoveryError};
use crate::http::{Answer, FetchError, Fetcher, safe_address};
use crate::jose::{SigningKey, SigningKeyFault};
use crate::profile::Environment;
use crate::secret::SecretString;
use crate::sources::{Clock, FreshId, uuid_text};
use jiff::{SignedDuration, Timestamp};
use lmr_identifiers::{OrganisationNumber, systems};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_JWT_TYPE: &str = "client-authentication+jwt";
/// HelseID takes assertions of at most this lifetime, in seconds.
const MAX_ASSERTION_LIFETIME: u32 = 60;
/// Longest lifetime of a token that is believed; a wrong number must not keep a token for ever.
const MAX_TOKEN_LIFETIME: u64 = 24 * 3600;
/// What ends a parent number without child. NHN's .NET library writes a colon, its Java library
/// nothing; which one HelseID demands is not documented.
const PARENT_ONLY_END: &str = ":";

/// Which organisation the client acts for (`assertion_details`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ActingFor {
    /// The one the client is registered for: nothing is sent.
    Registered,
    /// A sub-unit of the organisation that a single-tenant client is registered for.
    Child {
        /// The sub-unit.
        child: OrganisationNumber,
    },
    /// A customer of a supplier with a multi-tenant client.
    Customer {
        /// The customer's legal unit.
        parent: OrganisationNumber,
        /// A sub-unit of it.
        child: Option<OrganisationNumber>,
    },
}

/// How the client is registered in HelseID.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// HelseID's issuer, byte for byte.
    pub issuer: String,
    /// Http on loopback is allowed in `Local` only.
    pub environment: Environment,
    /// The client's id from Selvbetjening.
    pub client_id: String,
    /// The scope wanted; of one API, so that the token has one audience.
    pub scope: String,
    /// Narrows to one audience when the client has several APIs.
    pub resource: Option<String>,
    /// The organisation acted for.
    pub acting_for: ActingFor,
    /// Lifetime of a client assertion in seconds, 1 to 60; 20 is a good value.
    pub assertion_lifetime_seconds: u32,
}

/// Why a client cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Empty.
    #[error("the HelseID client's {0} is empty")]
    Empty(&'static str),
    /// Not https.
    #[error("the issuer must be an https address (http only on loopback in environment local)")]
    UnsafeIssuer,
    /// Not 1 to 60.
    #[error("the assertion lifetime must be 1 to {MAX_ASSERTION_LIFETIME} seconds")]
    AssertionLifetime,
}

/// An access token and how long it may be used. The token is opaque to the sender.
#[derive(Clone)]
pub struct AccessToken {
    token: SecretString,
    use_until: Timestamp,
}

impl AccessToken {
    /// The value of the `Authorization` header.
    #[must_use]
    pub fn authorization(&self) -> SecretString {
        SecretString::new(format!("Bearer {}", self.token.expose()))
    }

    /// When it is no longer used, some seconds before it expires.
    #[must_use]
    pub fn use_until(&self) -> Timestamp {
        self.use_until
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("use_until", &self.use_until).finish_non_exhaustive()
    }
}

/// What to do about a [`TokenError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Try later, after this long if HelseID said so.
    Later(Option<Duration>),
    /// A person must change something first.
    Never,
}

/// An error HelseID names (RFC 6749 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OauthError {
    /// `invalid_request`
    InvalidRequest,
    /// `invalid_client`
    InvalidClient,
    /// `invalid_grant`
    InvalidGrant,
    /// `unauthorized_client`
    UnauthorizedClient,
    /// `unsupported_grant_type`
    UnsupportedGrantType,
    /// `invalid_scope`
    InvalidScope,
    /// `use_dpop_nonce` or `invalid_dpop_proof`: the client is registered for DPoP.
    DpopDemanded,
    /// Another one, or none.
    Other,
}

impl fmt::Display for OauthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::DpopDemanded => "DPoP is demanded for this client, which is not supported yet",
            Self::Other => "an error without a known name",
        })
    }
}

/// Why no token was had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// HelseID's metadata cannot be had or used.
    #[error("HelseID: {0}")]
    Discovery(#[from] DiscoveryError),
    /// No answer.
    #[error("HelseID's token endpoint: {0}")]
    Unreachable(#[from] FetchError),
    /// 429 or 5xx.
    #[error("HelseID's token endpoint is unavailable (HTTP {status})")]
    Unavailable {
        /// HTTP status.
        status: u16,
        /// `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// HelseID refuses the client or the request.
    #[error("HelseID refuses the client (HTTP {status}): {error}{}", hid.map(|n| format!(" (HID-{n})")).unwrap_or_default())]
    Refused {
        /// HTTP status.
        status: u16,
        /// The OAuth error.
        error: OauthError,
        /// The number of the HID code in the description, if there is one.
        hid: Option<u16>,
    },
    /// An answer 200 that is not as promised.
    #[error("HelseID's answer is not usable: {0}")]
    Answer(&'static str),
    /// HelseID gave a token without the scope.
    #[error("HelseID withheld the scope; has the organisation signed the terms and got access?")]
    ScopeWithheld,
    /// The client's key failed.
    #[error("the client's key: {0}")]
    Key(#[from] SigningKeyFault),
}

impl TokenError {
    /// Whether and when another attempt makes sense.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Discovery(error) if error.passes() => Retry::Later(None),
            Self::Unreachable(FetchError::Address) => Retry::Never,
            Self::Unreachable(_) => Retry::Later(None),
            Self::Unavailable { retry_after, .. } => Retry::Later(*retry_after),
            Self::Discovery(_)
            | Self::Refused { .. }
            | Self::Answer(_)
            | Self::ScopeWithheld
            | Self::Key(_) => Retry::Never,
        }
    }
}

/// Gets tokens, keeps one until it expires, lets one request run at a time.
pub struct HelseIdClient {
    settings: ClientSettings,
    key: SigningKey,
    discovery: Discovery,
    fetcher: Arc<dyn Fetcher>,
    clock: Clock,
    fresh_id: FreshId,
    cached: Mutex<Option<AccessToken>>,
}

impl HelseIdClient {
    /// Fetches nothing yet.
    ///
    /// # Errors
    /// [`ClientError`]: the settings cannot work.
    pub fn new(
        settings: ClientSettings,
        key: SigningKey,
        fetcher: Arc<dyn Fetcher>,
        clock: Clock,
        fresh_id: FreshId,
    ) -> Result<Self, ClientError> {
        for (name, value) in [("client_id", &settings.client_id), ("scope", &settings.scope)] {
            if value.trim().is_empty() {
                return Err(ClientError::Empty(name));
            }
        }
        let local = settings.environment == Environment::Local;
        if !safe_address(&settings.issuer, local) {
            return Err(ClientError::UnsafeIssuer);
        }
        if !(1..=MAX_ASSERTION_LIFETIME).contains(&settings.assertion_lifetime_seconds) {
            return Err(ClientError::AssertionLifetime);
        }
        let discovery =
            Discovery::new(&settings.issuer, local, Arc::clone(&fetcher), Arc::clone(&clock));
        Ok(Self { settings, key, discovery, fetcher, clock, fresh_id, cached: Mutex::new(None) })
    }

    /// A token that is still good for some seconds: the kept one or a new one.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn access_token(&self) -> Result<AccessToken, TokenError> {
        let mut cached = self.cached.lock().await;
        if let Some(token) = cached.as_ref()
            && (self.clock)() < token.use_until
        {
            return Ok(token.clone());
        }
        *cached = None;
        let token = self.fetch().await?;
        *cached = Some(token.clone());
        Ok(token)
    }

    /// Drops a token that the receiver answered with 401, so that the next call gets a fresh one. Do
    /// this once per delivery: a second 401 is a refusal. A token got in the meantime is kept.
    pub async fn discard(&self, refused: &AccessToken) {
        let mut cached = self.cached.lock().await;
        if cached.as_ref().is_some_and(|token| token.token.expose() == refused.token.expose()) {
            *cached = None;
        }
    }

    async fn fetch(&self) -> Result<AccessToken, TokenError> {
        let metadata = self.discovery.metadata().await?;
        let endpoint =
            metadata.token_endpoint.as_deref().ok_or(DiscoveryError::Member("token_endpoint"))?;
        let sent = (self.clock)();
        let assertion = self.assertion(sent)?;
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", &self.settings.client_id),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.expose()),
            ("scope", &self.settings.scope),
        ];
        if let Some(resource) = &self.settings.resource {
            form.push(("resource", resource));
        }
        let answer = self.fetcher.post_form(endpoint, &form).await?;
        read_answer(answer, &self.settings.scope, sent)
    }

    fn assertion(&self, now: Timestamp) -> Result<SecretString, SigningKeyFault> {
        let now = now.as_second();
        let mut claims = json!({
            "iss": self.settings.client_id,
            "sub": self.settings.client_id,
            "aud": self.settings.issuer,
            "jti": uuid_text((self.fresh_id)()),
            "iat": now,
            "nbf": now,
            "exp": now + i64::from(self.settings.assertion_lifetime_seconds),
        });
        if let Some(details) = assertion_details(&self.settings.acting_for) {
            claims["assertion_details"] = details;
        }
        self.key.sign_jws(ASSERTION_JWT_TYPE, &claims)
    }
}

impl fmt::Debug for HelseIdClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HelseIdClient").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The claim `assertion_details`, or nothing where HelseID takes the organisation from the
/// registration.
fn assertion_details(acting_for: &ActingFor) -> Option<Value> {
    let (system, value) = match acting_for {
        ActingFor::Registered => return None,
        ActingFor::Child { child } => (systems::ORGANISATION_NUMBER, child.to_string()),
        ActingFor::Customer { parent, child: Some(child) } => {
            (systems::ORGANISATION_PAIR, format!("NO:ORGNR:{parent}:{child}"))
        }
        ActingFor::Customer { parent, child: None } => {
            (systems::ORGANISATION_PAIR, format!("NO:ORGNR:{parent}{PARENT_ONLY_END}"))
        }
    };
    Some(json!({
        "type": "helseid_authorization",
        "practitioner_role": {
            "organization": {
                "identifier": {"system": system, "type": "ENH", "value": value}
            }
        }
    }))
}

fn read_answer(answer: Answer, scope: &str, sent: Timestamp) -> Result<AccessToken, TokenError> {
    let Answer { status, content_type, retry_after, body } = answer;
    let body = Zeroizing::new(body);
    if status == 429 || status >= 500 {
        return Err(TokenError::Unavailable { status, retry_after });
    }
    if status != 200 {
        return Err(refused(status, &body));
    }
    let media_type =
        content_type.as_deref().map(|value| value.split(';').next().unwrap_or("").trim());
    if !media_type.is_some_and(|value| value.eq_ignore_ascii_case("application/json")) {
        return Err(TokenError::Answer("its content type is not application/json"));
    }
    let mut members = crate::strict_json::object(&body)
        .map_err(|_| TokenError::Answer("it is not a JSON object with unique member names"))?;
    let token = match members.remove("access_token") {
        Some(Value::String(token)) if is_token68(&token) => SecretString::new(token),
        _ => return Err(TokenError::Answer("it has no usable access_token")),
    };
    let text = |name| members.get(name).and_then(Value::as_str);
    if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err(TokenError::Answer("the token's type is not Bearer"));
    }
    let names_scope = |name| text(name).is_some_and(|list| list.split(' ').any(|one| one == scope));
    // RFC 6749 section 5.1: `scope` may be left out when it is the one asked for.
    if names_scope("rejected_scope")
        || (members.contains_key("scope") && !all_granted(text("scope"), scope))
    {
        return Err(TokenError::ScopeWithheld);
    }
    let lifetime = members
        .get("expires_in")
        .and_then(Value::as_u64)
        .filter(|seconds| *seconds > 0)
        .ok_or(TokenError::Answer("expires_in is not a positive number"))?
        .min(MAX_TOKEN_LIFETIME);
    // A flat margin would defeat the cache for the shortest tokens (60 s were seen).
    let margin = (lifetime / 10).clamp(2, 30);
    let good_for =
        SignedDuration::from_secs(i64::try_from(lifetime.saturating_sub(margin)).unwrap_or(0));
    let use_until = sent.checked_add(good_for).unwrap_or(sent);
    Ok(AccessToken { token, use_until })
}

fn all_granted(granted: Option<&str>, wanted: &str) -> bool {
    let granted: Vec<&str> = granted.unwrap_or_default().split(' ').collect();
    wanted.split(' ').filter(|scope| !scope.is_empty()).all(|scope| granted.contains(&scope))
}

fn refused(status: u16, body: &[u8]) -> TokenError {
    let members = crate::strict_json::object(body).unwrap_or_default();
    let text = |name| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let error = match text("error") {
        "invalid_request" => OauthError::InvalidRequest,
        "invalid_client" => OauthError::InvalidClient,
        "invalid_grant" => OauthError::InvalidGrant,
        "unauthorized_client" => OauthError::UnauthorizedClient,
        "unsupported_grant_type" => OauthError::UnsupportedGrantType,
        "invalid_scope" => OauthError::InvalidScope,
        "use_dpop_nonce" | "invalid_dpop_proof" => OauthError::DpopDemanded,
        _ => OauthError::Other,
    };
    // The description's other words are not repeated: nobody knows what they hold.
    let hid = text("error_description").split("HID-").nth(1).and_then(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).take(5).collect();
        digits.parse().ok()
    });
    TokenError::Refused { status, error, hid }
}

fn is_token68(token: &str) -> bool {
    !token.is_empty() && token.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/=".contains(c))
}
