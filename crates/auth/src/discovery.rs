//! An issuer's metadata document (RFC 8414), read from the issuer and kept for a day.

use crate::http::{FetchError, Fetcher, safe_address};
use crate::sources::Clock;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::Mutex;

/// How long metadata is used: NHN's libraries use 24 hours (functional requirement FK2).
const KEEP: SignedDuration = SignedDuration::from_hours(24);
/// How long metadata may still be used when a new one cannot be had.
const KEEP_AT_MOST: SignedDuration = SignedDuration::from_hours(48);

/// What this project reads of an issuer's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Where the keys are.
    pub jwks_uri: String,
    /// Where tokens are had; a resource server does without.
    pub token_endpoint: Option<String>,
}

/// Why there is no metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// No answer.
    #[error("the issuer's metadata cannot be had: {0}")]
    Fetch(#[from] FetchError),
    /// An answer that is not 200.
    #[error("the issuer's metadata address answers {0}")]
    Status(u16),
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
    pub fn passes(self) -> bool {
        match self {
            Self::Fetch(FetchError::Address) => false,
            Self::Fetch(_) => true,
            Self::Status(status) => status == 429 || status >= 500,
            Self::NotJson | Self::OtherIssuer | Self::Member(_) | Self::UnsafeAddress(_) => false,
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
    pub fn new(issuer: &str, local: bool, fetcher: Arc<dyn Fetcher>, clock: Clock) -> Self {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
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

    /// Forgets the metadata, so that the next call reads it anew.
    pub async fn forget(&self) {
        *self.cached.lock().await = None;
    }

    async fn fetch(&self) -> Result<Metadata, DiscoveryError> {
        let answer = self.fetcher.get(&self.url).await?;
        if answer.status != 200 {
            return Err(DiscoveryError::Status(answer.status));
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
        let token_endpoint = text("token_endpoint");
        if token_endpoint.is_some_and(|url| !safe_address(url, self.local)) {
            return Err(DiscoveryError::UnsafeAddress("token_endpoint"));
        }
        Ok(Metadata {
            jwks_uri: jwks_uri.to_owned(),
            token_endpoint: token_endpoint.map(str::to_owned),
        })
    }
}
