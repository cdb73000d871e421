//! What is kept: read, erased, retained and partitioned on all databases.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_intake::{
    Archive, ArchiveFilter, ArchivedMessage, Erasure, Partition, Removed, Retention, StoreError,
};

use super::{PlacedStore, most};
use crate::error::{chain, what_was_removed};

#[async_trait]
impl Archive for PlacedStore {
    async fn archived(&self, filter: &ArchiveFilter) -> Result<Vec<ArchivedMessage>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            // What does not count here takes room in a page: on until it is full of what does.
            let mut filter = filter.clone();
            let mut own = Vec::new();
            while own.len() < most(filter.limit) {
                let page = self.0.answer(at, store.archived(&filter).await)?;
                let is_last = page.len() < most(filter.limit);
                let Some(last) = page.last().map(|last| (last.sender, last.cursor)) else { break };
                own.extend(self.0.counting(at, page, |one| one.sender).await);
                if is_last {
                    break;
                }
                filter.after = Some(last);
            }
            all.extend(own);
        }
        all.sort_by_key(|one: &ArchivedMessage| (one.sender, one.cursor));
        all.truncate(most(filter.limit));
        Ok(all)
    }

    async fn erase(&self, erasure: &Erasure) -> Result<Option<Removed>, StoreError> {
        self.0.forget().await;
        self.0.store(erasure.sender).await?.erase(erasure).await
    }

    fn can_back_up(&self) -> bool {
        false
    }

    async fn back_up(&self, _: &str) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn partitions(&self) -> Result<Vec<Partition>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            let found = self.0.answer(at, store.partitions().await)?;
            all.extend(
                found.into_iter().map(|one| Partition { name: self.named(at, one.name), ..one }),
            );
        }
        Ok(all)
    }

    async fn make_partitions(&self, months: &[Date]) -> Result<Vec<String>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            let made = self.0.answer(at, store.make_partitions(months).await)?;
            all.extend(made.into_iter().map(|name| self.named(at, name)));
        }
        Ok(all)
    }

    async fn drop_partitions(&self, before: Timestamp) -> Result<Vec<String>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            let dropped = self.0.answer(at, store.drop_partitions(before).await)?;
            all.extend(dropped.into_iter().map(|name| self.named(at, name)));
        }
        Ok(all)
    }

    async fn has_expired(&self, retention: &Retention) -> Result<bool, StoreError> {
        let mut away = Ok(false);
        for (at, store) in self.0.all() {
            match self.0.answer(at, store.has_expired(retention).await) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                // Where the others have nothing, nothing is removed, and nothing is to be recorded.
                Err(error) => away = Err(error),
            }
        }
        away
    }

    async fn expire(&self, retention: &Retention) -> Result<Removed, StoreError> {
        let (mut sum, mut ended) = (Removed::default(), Ok(()));
        for (at, store) in self.0.all() {
            match self.0.answer(at, store.expire(retention).await) {
                Ok(one) => {
                    sum.messages += one.messages;
                    sum.versions += one.versions;
                    sum.resources += one.resources;
                    sum.refused_calls += one.refused_calls;
                }
                // The others go on; what they remove is counted.
                Err(error) => {
                    let (database, why) = (&self.0.servers[at].name, chain(&error));
                    tracing::error!(
                        database,
                        error = why,
                        "nothing that is old enough could be removed"
                    );
                    ended = Err(error);
                }
            }
        }
        what_was_removed(sum, ended)
    }
}

impl PlacedStore {
    /// A table's name with its database's, except on the main one.
    fn named(&self, server: usize, table: String) -> String {
        if server == 0 { table } else { format!("{}: {table}", self.0.servers[server].name) }
    }
}
