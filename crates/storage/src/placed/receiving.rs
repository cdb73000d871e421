//! What the intake asks and stores: at the database of the sender it is about.

use async_trait::async_trait;
use jiff::Timestamp;
use lmr_intake::{
    Asked, Avsender, Committed, Current, Delivery, DeliveryFilter, DeliverySummary, Identity,
    Known, OrganisationNumber, RefusedCall, Seen, Store, StoreError, StoredVersion,
};
use std::collections::BTreeMap;
use std::sync::PoisonError;

use super::{PlacedStore, most};
use crate::error::LostCalls;

#[async_trait]
impl Store for PlacedStore {
    async fn close(&self) {
        for (_, store) in self.0.all() {
            store.close().await;
        }
    }

    /// The main database. Another one that is away concerns its own senders only.
    async fn ready(&self) -> Result<(), StoreError> {
        self.0.main().ready().await
    }

    async fn avsendere(&self) -> Result<Vec<Avsender>, StoreError> {
        self.0.main().avsendere().await
    }

    fn configure(&self, avsendere: &[Avsender]) {
        let bound = |one: &Avsender| Some((one.organisation, one.database.clone()?));
        *self.0.configured.write().unwrap_or_else(PoisonError::into_inner) =
            avsendere.iter().filter_map(bound).collect();
    }

    async fn save_avsender(&self, avsender: &Avsender) -> Result<(), StoreError> {
        self.0.main().save_avsender(avsender).await
    }

    async fn replace_avsender(
        &self,
        before: Option<&Avsender>,
        after: &Avsender,
    ) -> Result<bool, StoreError> {
        self.0.main().replace_avsender(before, after).await
    }

    async fn remove_avsender(&self, organisation: OrganisationNumber) -> Result<bool, StoreError> {
        self.0.main().remove_avsender(organisation).await
    }

    async fn seen(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        content_sha256: &[u8; 32],
    ) -> Result<Option<Seen>, StoreError> {
        self.0.store(sender).await?.seen(sender, message_id, content_sha256).await
    }

    async fn bundle_identifier_seen(
        &self,
        sender: OrganisationNumber,
        bundle_identifier: &str,
    ) -> Result<bool, StoreError> {
        self.0.store(sender).await?.bundle_identifier_seen(sender, bundle_identifier).await
    }

    async fn current(
        &self,
        sender: OrganisationNumber,
        identities: &[Identity],
    ) -> Result<Vec<Option<Current>>, StoreError> {
        self.0.store(sender).await?.current(sender, identities).await
    }

    async fn systems_of_others(
        &self,
        sender: OrganisationNumber,
        systems: &[String],
    ) -> Result<Vec<String>, StoreError> {
        self.0.store(sender).await?.systems_of_others(sender, systems).await
    }

    async fn known(
        &self,
        sender: OrganisationNumber,
        asked: Asked<'_>,
    ) -> Result<Known, StoreError> {
        self.0.store(sender).await?.known(sender, asked).await
    }

    async fn refuse_for_good(
        &self,
        sender: OrganisationNumber,
        message: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.store(sender).await?.refuse_for_good(sender, message, now, until).await
    }

    async fn newest_receipt(
        &self,
        sender: OrganisationNumber,
    ) -> Result<Option<String>, StoreError> {
        // The old place has an older one, by which the sender would believe that the register was restored.
        self.0.forget().await;
        self.0.store(sender).await?.newest_receipt(sender).await
    }

    async fn commit(&self, delivery: Delivery) -> Result<Committed, StoreError> {
        let sender = delivery.head.sender;
        let place = self.0.place(sender).await?;
        match self.0.servers[place.server].store.commit(delivery).await? {
            Committed::Elsewhere => {
                self.0.forget().await;
                let now = self.0.place(sender).await?;
                let is_found = now.server != place.server && !now.is_moving;
                // What was looked up was of the old place.
                Ok(if is_found { Committed::Moved } else { Committed::Elsewhere })
            }
            committed => Ok(committed),
        }
    }

    async fn record_proof(
        &self,
        digest: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.0.main().record_proof(digest, now, until).await
    }

    async fn history(
        &self,
        resource_type: &str,
        resource_id: &str,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        let mut longest = Vec::new();
        // What a move has left behind is never longer than what counts.
        for (at, store) in self.0.all() {
            let found = self.0.answer(at, store.history(resource_type, resource_id).await)?;
            if found.len() > longest.len() {
                longest = found;
            }
        }
        Ok(longest)
    }

    /// Those whose database does not answer are not kept; the others are.
    async fn keep_refused(&self, calls: Vec<RefusedCall>) -> Result<usize, StoreError> {
        let mut by_server: BTreeMap<usize, Vec<RefusedCall>> = BTreeMap::new();
        let (all, mut lost) = (calls.len(), LostCalls::default());
        for call in calls {
            let server = match call.sender {
                Some(sender) => self.0.place(sender).await.map(|place| place.server),
                None => Ok(0),
            };
            match server {
                Ok(server) => by_server.entry(server).or_default().push(call),
                Err(error) => lost.add(1, error),
            }
        }
        for (server, calls) in by_server {
            let count = calls.len();
            match self.0.answer(server, self.0.servers[server].store.keep_refused(calls).await) {
                // Its own log line says why.
                Ok(more) => lost.add_named(more),
                Err(error) => lost.add(count, error),
            }
        }
        lost.end(all)
    }

    async fn refused_calls(&self, filter: &DeliveryFilter) -> Result<Vec<RefusedCall>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            for call in self.0.answer(at, store.refused_calls(filter).await)? {
                match call.sender {
                    Some(sender) if !self.0.counts(at, sender).await => {}
                    _ => all.push(call),
                }
            }
        }
        // As each of the databases orders its own.
        all.sort_by(|a, b| {
            let by_time = b.received_at.cmp(&a.received_at);
            by_time.then(a.sender.cmp(&b.sender)).then_with(|| b.request_id.cmp(&a.request_id))
        });
        all.truncate(most(filter.limit));
        Ok(all)
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
    ) -> Result<Vec<DeliverySummary>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            let found = self.0.answer(at, store.deliveries(filter).await)?;
            all.extend(self.0.counting(at, found, |one| one.sender).await);
        }
        all.sort_by_key(|one| std::cmp::Reverse(one.received_at));
        all.truncate(most(filter.limit));
        Ok(all)
    }
}
