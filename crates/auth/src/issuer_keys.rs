//! An issuer's signature keys: fetched, kept, refreshed with restraint (shared rule of both issuers:
//! a flood of unknown `kid`s must not become a flood of requests to the issuer).

use crate::discovery::{Discovery, DiscoveryError};
use crate::http::{FetchError, Fetcher};
use crate::jose::{PublicJwk, parse_jwks};
use crate::sources::Clock;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, RwLock};
use tokio::sync::Mutex;

/// How the key set is kept.
#[derive(Debug, Clone, Copy)]
pub struct KeyCache {
    /// A set older than this is refreshed; default 1 hour.
    pub refresh_after: SignedDuration,
    /// A set older than this is not trusted even when the issuer does not answer; default 48 hours.
    pub trust_at_most: SignedDuration,
    /// At most one refresh for an unknown `kid`, and one attempt while the issuer fails, in this
    /// time; default 30 seconds.
    pub refetch_pause: SignedDuration,
}

impl Default for KeyCache {
    fn default() -> Self {
        Self {
            refresh_after: SignedDuration::from_hours(1),
            trust_at_most: SignedDuration::from_hours(48),
            refetch_pause: SignedDuration::from_secs(30),
        }
    }
}

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The issuer's current set does not have it.
    #[error("the issuer has no usable key of that id")]
    Unknown,
    /// The set cannot be had, so nothing can be said of the key.
    #[error("the issuer's keys cannot be had")]
    Unavailable,
}

/// Why a refresh failed; for the log.
#[derive(Debug, thiserror::Error)]
enum RefreshError {
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    #[error("the key set cannot be had: {0}")]
    Fetch(#[from] FetchError),
    #[error("the key set's address answers {0}")]
    Status(u16),
    #[error("the key set is not usable: {0}")]
    KeySet(#[from] crate::jose::JwkFault),
    #[error("the key set holds no usable key")]
    Empty,
}

struct KeySet {
    fetched: Timestamp,
    keys: Vec<Arc<PublicJwk>>,
}

impl KeySet {
    fn key(&self, kid: &str) -> Option<Arc<PublicJwk>> {
        self.keys.iter().find(|key| key.kid() == Some(kid)).cloned()
    }
}

#[derive(Default, Clone, Copy)]
struct LastAttempt {
    at: Option<Timestamp>,
    failed: bool,
}

/// The keys of one issuer. Never shared between issuers.
pub struct IssuerKeys {
    discovery: Discovery,
    fetcher: Arc<dyn Fetcher>,
    clock: Clock,
    cache: KeyCache,
    current: RwLock<Option<Arc<KeySet>>>,
    /// Held while refreshing, so that one request does it and the others wait for it.
    last: Mutex<LastAttempt>,
}

impl IssuerKeys {
    /// `local` allows http on loopback.
    #[must_use]
    pub fn new(
        issuer: &str,
        local: bool,
        fetcher: Arc<dyn Fetcher>,
        clock: Clock,
        cache: KeyCache,
    ) -> Self {
        Self {
            discovery: Discovery::new(issuer, local, Arc::clone(&fetcher), Arc::clone(&clock)),
            fetcher,
            clock,
            cache,
            current: RwLock::new(None),
            last: Mutex::new(LastAttempt::default()),
        }
    }

    /// The key with exactly this `kid`.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn key(&self, kid: &str) -> Result<Arc<PublicJwk>, KeyError> {
        if let Some(key) =
            self.current().filter(|set| self.is_fresh(set)).and_then(|set| set.key(kid))
        {
            return Ok(key);
        }
        let mut last = self.last.lock().await;
        // Another request may have refreshed while this one waited.
        let now = (self.clock)();
        let current = self.current();
        let fresh = current.as_ref().is_some_and(|set| self.is_fresh(set));
        if fresh && let Some(key) = current.as_ref().and_then(|set| set.key(kid)) {
            return Ok(key);
        }
        let pausing =
            last.at.is_some_and(|at| now.duration_since(at).abs() < self.cache.refetch_pause);
        if !pausing {
            let outcome = self.refresh().await;
            *last = LastAttempt { at: Some(now), failed: outcome.is_err() };
            if let Err(error) = outcome {
                tracing::warn!(issuer = self.discovery.issuer(), %error, "signature keys not refreshed");
            }
        }
        let failed = last.failed;
        drop(last);
        let trusted = self.current().filter(|set| self.age(set) < self.cache.trust_at_most);
        match trusted.map(|set| set.key(kid)) {
            Some(Some(key)) => Ok(key),
            // A key made after the last good refresh looks just like a forged id.
            Some(None) if failed => Err(KeyError::Unavailable),
            Some(None) => Err(KeyError::Unknown),
            None => Err(KeyError::Unavailable),
        }
    }

    /// Whether keys are at hand that may be trusted now; fetches them the first time.
    pub async fn ready(&self) -> bool {
        if self.current().is_some_and(|set| self.age(&set) < self.cache.trust_at_most) {
            return true;
        }
        // No key has the empty id; the attempt loads the set.
        let _ = self.key("").await;
        self.current().is_some_and(|set| self.age(&set) < self.cache.trust_at_most)
    }

    fn current(&self) -> Option<Arc<KeySet>> {
        self.current.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn age(&self, set: &KeySet) -> SignedDuration {
        (self.clock)().duration_since(set.fetched).abs()
    }

    fn is_fresh(&self, set: &KeySet) -> bool {
        self.age(set) < self.cache.refresh_after
    }

    async fn refresh(&self) -> Result<(), RefreshError> {
        let metadata = self.discovery.metadata().await?;
        let keys = match self.fetch_keys(&metadata.jwks_uri).await {
            Ok(keys) => keys,
            Err(error) => {
                // The address may have moved.
                self.discovery.forget().await;
                return Err(error);
            }
        };
        let set =
            KeySet { fetched: (self.clock)(), keys: keys.into_iter().map(Arc::new).collect() };
        *self.current.write().unwrap_or_else(std::sync::PoisonError::into_inner) =
            Some(Arc::new(set));
        Ok(())
    }

    async fn fetch_keys(&self, url: &str) -> Result<Vec<PublicJwk>, RefreshError> {
        let answer = self.fetcher.get(url).await?;
        if answer.status != 200 {
            return Err(RefreshError::Status(answer.status));
        }
        let keys = parse_jwks(&answer.body)?;
        if keys.is_empty() {
            return Err(RefreshError::Empty);
        }
        Ok(keys)
    }
}
