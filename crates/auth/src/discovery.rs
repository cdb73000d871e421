//! An issuer's metadata document (RFC 8414), read from the issuer and kept for a day.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::http::{FetchError, Fetcher, safe_address};
use crate::retry_after::retry_after;
use crate::sources::Clock;

/// How long metadata is used: NHN's libraries use 24 hours (functional requirement FK2).
const KEEP: SignedDuration = SignedDuration::from_hours(24);
/// How long metadata may still be used when a new one cannot be had.
const KEEP_AT_MOST: SignedDuration = SignedDuration::from_hours(48);

/// Where OpenID Connect Discovery 1.0 (section 4) puts the metadata, below the issuer.
const OPEN_ID_PATH: &str = "/.well-known/openid-configuration";

/// Who an issuer is: decides where its metadata is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerKind {
    /// HelseID (NHN), OpenID Connect Discovery.
    HelseId,
    /// Maskinporten (Digdir), RFC 8414.
    Maskinporten,
}

impl IssuerKind {
    /// For texts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HelseId => "HelseID",
            Self::Maskinporten => "Maskinporten",
        }
    }

    /// Where the metadata of this issuer is.
    #[must_use]
    pub fn metadata_url(self, issuer: &str) -> String {
        format!("{}{}", issuer.trim_end_matches('/'), self.metadata_path())
    }

    fn metadata_path(self) -> &'static str {
        match self {
            Self::HelseId => OPEN_ID_PATH,
            Self::Maskinporten => "/.well-known/oauth-authorization-server",
        }
    }
}

/// What this project reads of an issuer's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Where the keys are.
    pub jwks_uri: String,
    /// Where tokens are had; a resource server does without.
    pub token_endpoint: Option<String>,
    /// Where browsers are sent to sign in (OpenID Connect).
    pub authorization_endpoint: Option<String>,
    /// Where browsers are sent to sign out (OpenID Connect RP-Initiated Logout 1.0).
    pub end_session_endpoint: Option<String>,
    /// Whether what comes back from signing in always names the issuer (RFC 9207 section 3).
    pub names_issuer: bool,
}

/// Why there is no metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// No answer.
    #[error("the issuer's metadata cannot be had: {0}")]
    Fetch(#[from] FetchError),
    /// An answer that is not 200.
    #[error("the issuer's metadata address answers HTTP {status}")]
    Status {
        /// The status.
        status: u16,
        /// `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// Not a JSON object.
    #[error("the issuer's metadata is not a JSON object")]
    NotJson,
    /// `issuer` is not the configured one, byte for byte (RFC 8414 section 3.3).
    #[error("the metadata names another issuer than the one configured")]
    OtherIssuer,
    /// A member is missing or no text.
    #[error("the issuer's metadata has no usable {0}")]
    Member(&'static str),
    /// An address is not https (nor loopback in local mode).
    #[error("the metadata's {0} is not an https address")]
    UnsafeAddress(&'static str),
}

impl DiscoveryError {
    /// Whether a later attempt may go better without anyone changing anything.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Fetch(FetchError::Address) => false,
            // A maintenance page is neither JSON nor, often, an error by its status.
            Self::Fetch(_) | Self::NotJson => true,
            Self::Status { status, .. } => !(300..400).contains(status),
            Self::OtherIssuer | Self::Member(_) | Self::UnsafeAddress(_) => false,
        }
    }
}

impl DiscoveryError {
    /// How long the issuer asks to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// One issuer's metadata, cached.
pub struct Discovery {
    issuer: String,
    url: String,
    local: bool,
    fetcher: Arc<dyn Fetcher>,
    clock: Clock,
    cached: Mutex<Option<(Timestamp, Arc<Metadata>)>>,
}

impl Discovery {
    /// `local` allows http on loopback.
    #[must_use]
    pub fn new(
        kind: IssuerKind,
        issuer: &str,
        local: bool,
        fetcher: Arc<dyn Fetcher>,
        clock: Clock,
    ) -> Self {
        let url = kind.metadata_url(issuer);
        Self { issuer: issuer.to_owned(), url, local, fetcher, clock, cached: Mutex::new(None) }
    }

    /// Of an issuer that signs people in by OpenID Connect.
    pub(crate) fn open_id(
        issuer: &str,
        local: bool,
        fetcher: Arc<dyn Fetcher>,
        clock: Clock,
    ) -> Self {
        let url = format!("{}{OPEN_ID_PATH}", issuer.trim_end_matches('/'));
        Self { issuer: issuer.to_owned(), url, local, fetcher, clock, cached: Mutex::new(None) }
    }

    /// The configured issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The metadata: at most a day old, or at most two days when the issuer does not answer.
    ///
    /// # Errors
    /// [`DiscoveryError`].
    pub async fn metadata(&self) -> Result<Arc<Metadata>, DiscoveryError> {
        let mut cached = self.cached.lock().await;
        let age = cached.as_ref().map(|(fetched, _)| (self.clock)().duration_since(*fetched).abs());
        if let (Some(age), Some((_, metadata))) = (age, cached.as_ref())
            && age < KEEP
        {
            return Ok(Arc::clone(metadata));
        }
        match self.fetch().await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *cached = Some(((self.clock)(), Arc::clone(&metadata)));
                Ok(metadata)
            }
            Err(error) => match (age, cached.as_ref()) {
                (Some(age), Some((_, metadata))) if error.passes() && age < KEEP_AT_MOST => {
                    tracing::warn!(issuer = self.issuer, %error, "old metadata is used");
                    Ok(Arc::clone(metadata))
                }
                _ => Err(error),
            },
        }
    }

    /// Forgets the metadata, so that the next call reads it again.
    pub async fn forget(&self) {
        *self.cached.lock().await = None;
    }

    async fn fetch(&self) -> Result<Metadata, DiscoveryError> {
        let answer = self.fetcher.get(&self.url).await?;
        if answer.status != 200 {
            return Err(DiscoveryError::Status {
                status: answer.status,
                retry_after: answer
                    .retry_after
                    .and_then(|text| retry_after(&text, (self.clock)()))
                    .and_then(|wait| Duration::try_from(wait).ok()),
            });
        }
        let members =
            crate::strict_json::object(&answer.body).map_err(|_| DiscoveryError::NotJson)?;
        let text = |name| members.get(name).and_then(Value::as_str);
        if text("issuer").ok_or(DiscoveryError::Member("issuer"))? != self.issuer {
            return Err(DiscoveryError::OtherIssuer);
        }
        let jwks_uri = text("jwks_uri").ok_or(DiscoveryError::Member("jwks_uri"))?;
        if !safe_address(jwks_uri, self.local) {
            return Err(DiscoveryError::UnsafeAddress("jwks_uri"));
        }
        let address = |name| match text(name) {
            Some(url) if !safe_address(url, self.local) => Err(DiscoveryError::UnsafeAddress(name)),
            url => Ok(url.map(str::to_owned)),
        };
        // Clients without people do not need them, so that one that is unsafe is as if it were not there.
        let page = |name| address(name).ok().flatten();
        Ok(Metadata {
            jwks_uri: jwks_uri.to_owned(),
            token_endpoint: address("token_endpoint")?,
            authorization_endpoint: page("authorization_endpoint"),
            end_session_endpoint: page("end_session_endpoint"),
            names_issuer: members.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
        })
    }
}
