//! Used DPoP proofs in the store, so that receivers on one database refuse each other's.

use async_trait::async_trait;
use jiff::Timestamp;
use lmr_auth::dpop::{ReplayMemory, ReplayMemoryError};
use lmr_intake::Store;
use std::sync::Arc;

/// The memory of used proofs that all receivers on one store share.
pub struct StoreReplays(Arc<dyn Store>);

impl StoreReplays {
    /// Keeps them in this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }
}

#[async_trait]
impl ReplayMemory for StoreReplays {
    async fn record(
        &self,
        proof: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, ReplayMemoryError> {
        self.0.record_proof(proof, now, until).await.map_err(|error| {
            tracing::error!(error = crate::errors::chain(&error), "used proofs cannot be recorded");
            ReplayMemoryError::Unavailable
        })
    }
}
