//! Messages that are lent, made whole.

use async_trait::async_trait;
use jiff::Timestamp;
use lmr_intake::{
    Acknowledged, ArchiveFilter, HandedOver, MOST_UNREADABLE, OrganisationNumber, Outlet,
    OutletStatus, StoreError,
};

use super::{ApartStore, PartOf, UNFIT};
use crate::error::report_unreadable;

impl ApartStore {
    /// Puts the part of the second database into a message that is lent.
    async fn make_whole(&self, lent: &mut HandedOver) -> Result<(), StoreError> {
        let of = PartOf {
            sender: lent.sender,
            message_id: lent.message_id.clone(),
            content_sha256: lent.content_sha256,
        };
        if !self.join(&of, &mut lent.content).await? {
            let filter = ArchiveFilter {
                sender: Some(of.sender),
                message_id: Some(of.message_id.clone()),
                ..ArchiveFilter::default()
            };
            let whole = self.whole_again(&filter, &of).await?.readable()?;
            lent.content = whole.content.ok_or(UNFIT)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Outlet for ApartStore {
    async fn lend(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<HandedOver>, StoreError> {
        for _ in 0..MOST_UNREADABLE {
            let Some(mut lent) = self.rest.lend(now, until).await? else { return Ok(None) };
            match self.make_whole(&mut lent).await {
                Ok(()) => return Ok(Some(lent)),
                // It stays lent, so that what is behind it is given out.
                Err(StoreError::Damaged { what }) => {
                    report_unreadable(lent.sender.as_str(), &lent.message_id, what);
                }
                Err(error) => return Err(error),
            }
        }
        Err(UNFIT)
    }

    async fn would_acknowledge(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
    ) -> Result<Acknowledged, StoreError> {
        self.rest.would_acknowledge(sender, message_id).await
    }

    async fn acknowledge(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        now: Timestamp,
    ) -> Result<Acknowledged, StoreError> {
        self.rest.acknowledge(sender, message_id, now).await
    }

    async fn outlet_status(&self, now: Timestamp) -> Result<OutletStatus, StoreError> {
        self.rest.outlet_status(now).await
    }
}
