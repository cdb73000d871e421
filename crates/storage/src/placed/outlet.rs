//! Messages lent to those who take them in turn, from all databases.

use async_trait::async_trait;
use jiff::Timestamp;
use lmr_intake::{Acknowledged, HandedOver, OrganisationNumber, Outlet, OutletStatus, StoreError};

use super::PlacedStore;
use crate::error::chain;

#[async_trait]
impl Outlet for PlacedStore {
    async fn lend(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<HandedOver>, StoreError> {
        // One that does not answer holds up its own messages only.
        let (mut waiting, mut silent) = (Vec::new(), None);
        let mut note = |at: usize, error: StoreError| {
            let (database, why) = (&self.0.servers[at].name, chain(&error));
            match error {
                StoreError::Unavailable(_) => tracing::error!(
                    database,
                    error = why,
                    "a database does not answer, and nothing of it is handed over now"
                ),
                // Each of the messages has a line of its own.
                StoreError::Damaged { .. } => tracing::error!(
                    database,
                    error = why,
                    "a database answers, and what waits on it cannot be read: nothing of it is handed over now"
                ),
                StoreError::Closing => tracing::error!(
                    database,
                    error = why,
                    "a database is being closed, and nothing of it is handed over now"
                ),
            }
            silent = Some(error);
        };
        for (at, store) in self.0.all() {
            match self.0.answer(at, store.oldest_waiting(now).await) {
                Ok(Some(oldest)) => waiting.push((oldest, at)),
                Ok(None) => {}
                Err(error) => note(at, error),
            }
        }
        waiting.sort_unstable();
        for (_, at) in waiting {
            match self.0.answer(at, self.0.servers[at].store.lend(now, until).await) {
                Ok(Some(lent)) => return Ok(Some(lent)),
                Ok(None) => {}
                Err(error) => note(at, error),
            }
        }
        // Whether it has something that waits, nobody knows.
        silent.map_or(Ok(None), Err)
    }

    async fn would_acknowledge(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
    ) -> Result<Acknowledged, StoreError> {
        self.0.forget().await;
        self.0.store(sender).await?.would_acknowledge(sender, message_id).await
    }

    async fn acknowledge(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        now: Timestamp,
    ) -> Result<Acknowledged, StoreError> {
        self.0.forget().await;
        self.0.store(sender).await?.acknowledge(sender, message_id, now).await
    }

    async fn outlet_status(&self, now: Timestamp) -> Result<OutletStatus, StoreError> {
        let mut sum = OutletStatus::default();
        for (at, store) in self.0.all() {
            let one = self.0.answer(at, store.outlet_status(now).await)?;
            sum.waiting += one.waiting;
            sum.lent += one.lent;
            sum.oldest = [sum.oldest, one.oldest].into_iter().flatten().min();
        }
        Ok(sum)
    }
}
