//! What the console asks says nothing of who anybody is: the first database answers.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_intake::{
    AlertNote, CodeCounts, DayCount, HourCodes, Insight, ListedMessage, MessageDetail,
    MessageFilter, OrganisationNumber, Period, StoreError,
};

use super::ApartStore;

#[async_trait]
impl Insight for ApartStore {
    async fn known_senders(&self) -> Result<Vec<OrganisationNumber>, StoreError> {
        self.rest.known_senders().await
    }

    async fn day_counts(
        &self,
        senders: &[OrganisationNumber],
        days: (Date, Date),
    ) -> Result<Vec<DayCount>, StoreError> {
        self.rest.day_counts(senders, days).await
    }

    async fn hour_codes(
        &self,
        senders: &[OrganisationNumber],
        since: Timestamp,
        before: Timestamp,
    ) -> Result<Vec<HourCodes>, StoreError> {
        self.rest.hour_codes(senders, since, before).await
    }

    async fn code_counts(
        &self,
        senders: &[Option<OrganisationNumber>],
        days: (Date, Date),
    ) -> Result<CodeCounts, StoreError> {
        self.rest.code_counts(senders, days).await
    }

    async fn messages(
        &self,
        filter: &MessageFilter,
        now: Timestamp,
    ) -> Result<Vec<ListedMessage>, StoreError> {
        self.rest.messages(filter, now).await
    }

    async fn message(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        now: Timestamp,
    ) -> Result<Option<MessageDetail>, StoreError> {
        self.rest.message(sender, message_id, now).await
    }

    async fn periods(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
    ) -> Result<Vec<Period>, StoreError> {
        self.rest.periods(sender, since).await
    }

    async fn alert_notes(&self) -> Result<Vec<AlertNote>, StoreError> {
        self.rest.alert_notes().await
    }

    async fn close_alert(&self, note: &AlertNote) -> Result<(), StoreError> {
        self.rest.close_alert(note).await
    }

    async fn count_handed_over(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
        before: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        self.rest.count_handed_over(sender, since, before, until).await
    }

    async fn hand_over_again(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
        before: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        self.rest.hand_over_again(sender, since, before, until).await
    }
}
