//! An issuer's signature keys: fetched, kept, refreshed with restraint.
//!
//! A `kid` that the set at hand does not have may be a forged one or that of a key the issuer has just
//! made. One refresh finds out; so that a flood of forged ids does not become a flood of requests to the
//! issuer, the next one is due only after a pause. In the pause, an id that was asked for before the last
//! refresh is known to be missing; of any other nothing is known, and the caller is asked to come back.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::discovery::{Discovery, DiscoveryError, IssuerKind};
use crate::http::{FetchError, Fetcher};
use crate::jose::{Algorithm, PublicJwk, parse_jwks};
use crate::sources::Clock;

/// How the key set is kept.
#[derive(Debug, Clone, Copy)]
pub struct KeyCache {
    /// A set older than this is refreshed; default 1 hour.
    pub refresh_after: SignedDuration,
    /// A set older than this is not trusted even when the issuer does not answer; default 48 hours.
    pub trust_at_most: SignedDuration,
    /// Time between two refreshes for unknown ids, and between two attempts while the issuer fails;
    /// default 30 seconds.
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
    /// The set cannot be had now, so nothing can be said of the key.
    #[error("the issuer's keys cannot be had")]
    Unavailable {
        /// When another attempt is made.
        retry_after: Duration,
    },
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
    KeySet(#[from] crate::jose::JwkError),
    #[error("the key set holds no usable key")]
    Empty,
}

struct KeySet {
    fetched: Timestamp,
    keys: Vec<Arc<PublicJwk>>,
}

impl KeySet {
    /// The key of that id that fits the algorithm; otherwise any of that id, which then does not fit.
    fn key(&self, kid: &str, algorithm: Algorithm) -> Option<Arc<PublicJwk>> {
        let of_id = || self.keys.iter().filter(|key| key.kid() == Some(kid));
        of_id().find(|key| key.fits(algorithm)).or_else(|| of_id().next()).cloned()
    }
}

#[derive(Default)]
struct LastAttempt {
    /// When the last attempt that starts a pause was made.
    at: Option<Timestamp>,
    failed: bool,
    /// The id that was asked for before the last good refresh and was not in it.
    missing: Option<String>,
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
        kind: IssuerKind,
        issuer: &str,
        local: bool,
        fetcher: Arc<dyn Fetcher>,
        clock: Clock,
        cache: KeyCache,
    ) -> Self {
        let discovery =
            Discovery::new(kind, issuer, local, Arc::clone(&fetcher), Arc::clone(&clock));
        Self::of(discovery, fetcher, clock, cache)
    }

    /// The keys that the metadata names.
    pub(crate) fn of(
        discovery: Discovery,
        fetcher: Arc<dyn Fetcher>,
        clock: Clock,
        cache: KeyCache,
    ) -> Self {
        Self {
            discovery,
            fetcher,
            clock,
            cache,
            current: RwLock::new(None),
            last: Mutex::new(LastAttempt::default()),
        }
    }

    /// The key with exactly this `kid`, if there are several the one that fits the algorithm.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn key(&self, kid: &str, algorithm: Algorithm) -> Result<Arc<PublicJwk>, KeyError> {
        let fresh = |set: &Arc<KeySet>| self.age(set) < self.cache.refresh_after;
        if let Some(key) = self.current().filter(fresh).and_then(|set| set.key(kid, algorithm)) {
            return Ok(key);
        }
        let mut last = self.last.lock().await;
        // Another request may have refreshed while this one waited.
        let now = (self.clock)();
        let current = self.current().filter(fresh);
        if let Some(key) = current.as_ref().and_then(|set| set.key(kid, algorithm)) {
            return Ok(key);
        }
        let paused = last.at.map(|at| now.duration_since(at).abs());
        let pausing = paused.is_some_and(|paused| paused < self.cache.refetch_pause);
        if !pausing {
            let for_age = current.is_none();
            match self.refresh().await {
                Ok(()) => {
                    // A refresh that was due anyway leaves the one for an unknown id to come.
                    let pause = if for_age && self.has(kid) { None } else { Some(now) };
                    let missing = (!self.has(kid)).then(|| kid.to_owned());
                    *last = LastAttempt { at: pause, failed: false, missing };
                }
                Err(error) => {
                    tracing::warn!(issuer = self.discovery.issuer(), %error, "signature keys not refreshed");
                    *last = LastAttempt { at: Some(now), failed: true, missing: None };
                }
            }
        }
        let rest = match last.at {
            Some(at) => self.cache.refetch_pause - now.duration_since(at).abs(),
            None => SignedDuration::ZERO,
        };
        let retry_after = Duration::from_secs(rest.as_secs().max(0).unsigned_abs() + 1);
        let missing = !last.failed && last.missing.as_deref() == Some(kid);
        drop(last);
        let trusted = self.current().filter(|set| self.age(set) < self.cache.trust_at_most);
        match trusted.map(|set| set.key(kid, algorithm)) {
            Some(Some(key)) => Ok(key),
            Some(None) if missing => Err(KeyError::Unknown),
            // A key made after the last good refresh looks just like a forged id.
            _ => Err(KeyError::Unavailable { retry_after }),
        }
    }

    /// The issuer's metadata.
    pub(crate) fn discovery(&self) -> &Discovery {
        &self.discovery
    }

    fn has(&self, kid: &str) -> bool {
        self.current().is_some_and(|set| set.keys.iter().any(|key| key.kid() == Some(kid)))
    }

    /// Whether keys are at hand that may be trusted now; fetches them when they are not.
    pub async fn ready(&self) -> bool {
        let trusted = |set: Arc<KeySet>| self.age(&set) < self.cache.trust_at_most;
        if self.current().is_some_and(trusted) {
            return true;
        }
        let mut last = self.last.lock().await;
        let now = (self.clock)();
        let pausing =
            last.at.is_some_and(|at| now.duration_since(at).abs() < self.cache.refetch_pause);
        if !pausing && let Err(error) = self.refresh().await {
            tracing::warn!(issuer = self.discovery.issuer(), %error, "signature keys not fetched");
            *last = LastAttempt { at: Some(now), failed: true, missing: None };
        }
        drop(last);
        self.current().is_some_and(trusted)
    }

    fn current(&self) -> Option<Arc<KeySet>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn age(&self, set: &KeySet) -> SignedDuration {
        (self.clock)().duration_since(set.fetched).abs()
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
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(set));
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
