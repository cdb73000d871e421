//! Time and fresh ids for the simulated world: the real ones, and a clock that does not move until
//! it is moved.

use jiff::{SignedDuration, Timestamp};
use lmr_auth::{Clock, FreshId};
use std::sync::{Arc, Mutex, PoisonError};

/// The machine's clock, for the demo.
#[must_use]
pub fn real() -> Clock {
    #[expect(clippy::disallowed_methods, reason = "the sandbox is at the edge, as `cli` is")]
    Arc::new(Timestamp::now)
}

/// The system's random bytes.
#[must_use]
pub fn fresh_ids() -> FreshId {
    #[expect(clippy::disallowed_methods, reason = "the sandbox is at the edge, as `cli` is")]
    Arc::new(|| uuid::Uuid::new_v4().into_bytes())
}

/// A clock that tests move. It does not move in between, until it is let go.
#[derive(Debug, Clone)]
pub struct SettableClock {
    /// `None` once it follows the machine's clock.
    now: Arc<Mutex<Option<Timestamp>>>,
}

impl SettableClock {
    /// Shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now: Arc::new(Mutex::new(Some(now))) }
    }

    /// The time it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let standing = *self.now.lock().unwrap_or_else(PoisonError::into_inner);
        standing.unwrap_or_else(|| real()())
    }

    /// Moves it forwards, or backwards by a negative number. Without effect once it has been let go.
    pub fn advance_seconds(&self, seconds: i64) {
        if let Some(now) = self.now.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            *now = now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(*now);
        }
    }

    /// From here on it is the machine's clock.
    pub fn let_go(&self) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// As the argument that others take.
    #[must_use]
    pub fn as_clock(&self) -> Clock {
        let this = self.clone();
        Arc::new(move || this.now())
    }
}
