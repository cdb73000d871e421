//! For tests: ends the work before or after a step, as a killed process would.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::{Outbox, OutboxError};

#[derive(Debug, Clone)]
pub(super) struct Failpoint(Arc<AtomicI64>);

impl Default for Failpoint {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }
}

impl Failpoint {
    pub(super) fn pass(&self) -> Result<(), OutboxError> {
        if self.0.fetch_sub(1, Ordering::SeqCst) <= 0 {
            Err(OutboxError::Failpoint)
        } else {
            Ok(())
        }
    }
}

impl Outbox {
    /// Every step from the `steps`th half step on fails; a commit may have happened just before.
    pub(crate) fn fail_after(&self, steps: i64) {
        self.failpoint.0.store(steps, Ordering::SeqCst);
    }
}
