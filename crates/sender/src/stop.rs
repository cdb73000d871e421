//! Asking a run to end before everything is sent.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// How long an attempt under way may go on after the process was asked to stop: most answers come
/// within it, and a service manager waits longer.
const GRACE: Duration = Duration::from_secs(8);

/// A request to stop, shared between whoever hears the signal and the run.
#[derive(Debug, Clone)]
pub struct StopSignal(Arc<watch::Sender<bool>>);

impl Default for StopSignal {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl StopSignal {
    /// Asks to stop. A run ends in a state from which the next one goes on.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until a stop is asked for.
    pub async fn stopped(&self) {
        // The sender lives as long as this value, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|stopped| *stopped).await;
    }

    /// Waits until a stop is asked for and the time of grace is over.
    pub(crate) async fn grace_over(&self) {
        self.stopped().await;
        tokio::time::sleep(GRACE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_ends_with_the_stop_and_not_before() {
        let signal = StopSignal::default();
        let waiting = signal.clone();
        assert!(!signal.is_stopped());
        let early = tokio::time::timeout(Duration::from_millis(50), waiting.stopped()).await;
        assert!(early.is_err(), "nobody has asked for it");
        signal.stop();
        waiting.stopped().await;
        assert!(waiting.is_stopped());
        let within = tokio::time::timeout(Duration::from_millis(50), waiting.grace_over()).await;
        assert!(within.is_err(), "the time of grace is not over");
    }
}
