//! What the console asks: sums and lists over all databases.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_intake::{
    AlertNote, CodeCounts, DayCount, HourCodes, Insight, ListedMessage, MessageDetail,
    MessageFilter, OrganisationNumber, Period, StoreError,
};

use super::{PlacedStore, most};

#[async_trait]
impl Insight for PlacedStore {
    async fn known_senders(&self) -> Result<Vec<OrganisationNumber>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            all.extend(self.0.answer(at, store.known_senders().await)?);
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    async fn day_counts(
        &self,
        senders: &[OrganisationNumber],
        days: (Date, Date),
    ) -> Result<Vec<DayCount>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            let found = self.0.answer(at, store.day_counts(senders, days).await)?;
            all.extend(self.0.counting(at, found, |one| one.sender).await);
        }
        Ok(all)
    }

    async fn hour_codes(
        &self,
        senders: &[OrganisationNumber],
        since: Timestamp,
        before: Timestamp,
    ) -> Result<Vec<HourCodes>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            for one in self.0.answer(at, store.hour_codes(senders, since, before).await)? {
                match one.sender {
                    Some(sender) if !self.0.counts(at, sender).await => {}
                    _ => all.push(one),
                }
            }
        }
        Ok(all)
    }

    async fn code_counts(
        &self,
        senders: &[Option<OrganisationNumber>],
        days: (Date, Date),
    ) -> Result<CodeCounts, StoreError> {
        let mut all = CodeCounts::default();
        for (at, store) in self.0.all() {
            // Sums over senders: who has moved must be left out before they are made.
            let mut here = Vec::new();
            for sender in senders {
                match sender {
                    Some(sender) if !self.0.counts(at, *sender).await => {}
                    _ => here.push(*sender),
                }
            }
            let found = self.0.answer(at, store.code_counts(&here, days).await)?;
            all.by_day.extend(found.by_day);
            all.by_sender.extend(found.by_sender);
        }
        Ok(all)
    }

    async fn messages(
        &self,
        filter: &MessageFilter,
        now: Timestamp,
    ) -> Result<Vec<ListedMessage>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            let found = self.0.answer(at, store.messages(filter, now).await)?;
            all.extend(self.0.counting(at, found, |one| one.summary.sender).await);
        }
        let order =
            |one: &ListedMessage| (one.cursor.received_at, one.cursor.sender, one.cursor.id);
        all.sort_by_key(|one| std::cmp::Reverse(order(one)));
        all.truncate(most(filter.limit));
        Ok(all)
    }

    async fn message(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        now: Timestamp,
    ) -> Result<Option<MessageDetail>, StoreError> {
        self.0.store(sender).await?.message(sender, message_id, now).await
    }

    async fn periods(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
    ) -> Result<Vec<Period>, StoreError> {
        self.0.store(sender).await?.periods(sender, since).await
    }

    async fn alert_notes(&self) -> Result<Vec<AlertNote>, StoreError> {
        self.0.main().alert_notes().await
    }

    async fn close_alert(&self, note: &AlertNote) -> Result<(), StoreError> {
        self.0.main().close_alert(note).await
    }

    async fn count_handed_over(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
        before: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        self.0.store(sender).await?.count_handed_over(sender, since, before, until).await
    }

    async fn hand_over_again(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
        before: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        self.0.forget().await;
        self.0.store(sender).await?.hand_over_again(sender, since, before, until).await
    }
}
