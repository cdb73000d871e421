//! Messages that are stored: the identity part goes to the second database first.

use async_trait::async_trait;
use jiff::Timestamp;
use lmr_intake::{
    Archive as _, ArchiveFilter, Asked, Avsender, BundleContent, Committed, Current, Delivery,
    DeliveryFilter, DeliverySummary, Identity, Known, OrganisationNumber, RefusedCall, Seen, Store,
    StoreError, StoredVersion,
};
use tokio::task::spawn_blocking;

use super::{ApartStore, PartOf, UNFIT, day, take_out};
use crate::coding::decode_bundle;

#[async_trait]
impl Store for ApartStore {
    async fn close(&self) {
        self.rest.close().await;
        self.identities.close().await;
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.identities.ready().await?;
        self.rest.ready().await
    }

    async fn avsendere(&self) -> Result<Vec<Avsender>, StoreError> {
        self.rest.avsendere().await
    }

    fn configure(&self, avsendere: &[Avsender]) {
        self.rest.configure(avsendere);
    }

    async fn save_avsender(&self, avsender: &Avsender) -> Result<(), StoreError> {
        self.rest.save_avsender(avsender).await
    }

    async fn replace_avsender(
        &self,
        before: Option<&Avsender>,
        after: &Avsender,
    ) -> Result<bool, StoreError> {
        self.rest.replace_avsender(before, after).await
    }

    async fn remove_avsender(&self, organisation: OrganisationNumber) -> Result<bool, StoreError> {
        self.rest.remove_avsender(organisation).await
    }

    async fn seen(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        content_sha256: &[u8; 32],
    ) -> Result<Option<Seen>, StoreError> {
        self.rest.seen(sender, message_id, content_sha256).await
    }

    async fn bundle_identifier_seen(
        &self,
        sender: OrganisationNumber,
        bundle_identifier: &str,
    ) -> Result<bool, StoreError> {
        self.rest.bundle_identifier_seen(sender, bundle_identifier).await
    }

    async fn current(
        &self,
        sender: OrganisationNumber,
        identities: &[Identity],
    ) -> Result<Vec<Option<Current>>, StoreError> {
        self.rest.current(sender, identities).await
    }

    async fn systems_of_others(
        &self,
        sender: OrganisationNumber,
        systems: &[String],
    ) -> Result<Vec<String>, StoreError> {
        self.rest.systems_of_others(sender, systems).await
    }

    async fn known(
        &self,
        sender: OrganisationNumber,
        asked: Asked<'_>,
    ) -> Result<Known, StoreError> {
        self.rest.known(sender, asked).await
    }

    async fn refuse_for_good(
        &self,
        sender: OrganisationNumber,
        message: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.rest.refuse_for_good(sender, message, now, until).await
    }

    async fn newest_receipt(
        &self,
        sender: OrganisationNumber,
    ) -> Result<Option<String>, StoreError> {
        self.rest.newest_receipt(sender).await
    }

    async fn commit(&self, mut delivery: Delivery) -> Result<Committed, StoreError> {
        let Some(content) = delivery.content.take() else {
            return self.rest.commit(delivery).await;
        };
        let taken_out = spawn_blocking(move || {
            let mut content = match content {
                BundleContent::Gzip(stream) => decode_bundle(&stream)?,
                BundleContent::Plain(text) => text,
            };
            let part = take_out(&mut content)?;
            Ok::<_, StoreError>((content, part))
        });
        let taken_out = taken_out.await;
        let (rest, part) =
            taken_out.map_err(|panic| StoreError::Unavailable(Box::new(panic)))??;
        let head = &delivery.head;
        let of = PartOf {
            sender: head.sender,
            message_id: head.message_id.clone(),
            content_sha256: head.content_sha256,
        };
        // First this, so that there is never a rest without its part. One without a rest is of a message that was not
        // answered: the sender's next attempt takes it over, or it is found and removed.
        self.identities.put(&of, day(head.received_at), &rest, &part).await?;
        delivery.content = Some(BundleContent::Plain(rest.clone()));
        let committed = self.rest.commit(delivery).await?;
        match &committed {
            // This id, content or bundle identifier is another message's for good, so this one will never be stored.
            Committed::Known(Seen::MessageIdReused | Seen::ContentReplayed)
            | Committed::BundleIdentifierReused => self.identities.remove(&of, &rest).await?,
            // Stored, or another receiver may store the same message at this moment.
            Committed::Stored { .. }
            | Committed::Known(Seen::Repeated { .. })
            | Committed::Moved
            | Committed::Elsewhere => {}
        }
        Ok(committed)
    }

    async fn record_proof(
        &self,
        digest: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.rest.record_proof(digest, now, until).await
    }

    async fn history(
        &self,
        resource_type: &str,
        resource_id: &str,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        let mut versions = self.rest.history(resource_type, resource_id).await?;
        for version in versions.iter_mut().filter(|version| !version.content.is_empty()) {
            let filter = ArchiveFilter {
                message_id: Some(version.message_id.clone()),
                ..ArchiveFilter::default()
            };
            // Two senders may use the same id; the resource is in one of their messages.
            let messages = self.archived(&filter).await?;
            let whole = messages.iter().find_map(|message| {
                let is_it = |one: &&lmr_intake::ArchivedVersion| {
                    one.resource_id == version.resource_id && one.version == version.version
                };
                message.resource(message.versions.iter().find(is_it)?)
            });
            version.content = whole.ok_or(UNFIT)?.to_vec();
        }
        Ok(versions)
    }

    async fn keep_refused(&self, calls: Vec<RefusedCall>) -> Result<usize, StoreError> {
        self.rest.keep_refused(calls).await
    }

    async fn refused_calls(&self, filter: &DeliveryFilter) -> Result<Vec<RefusedCall>, StoreError> {
        self.rest.refused_calls(filter).await
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
    ) -> Result<Vec<DeliverySummary>, StoreError> {
        self.rest.deliveries(filter).await
    }
}
