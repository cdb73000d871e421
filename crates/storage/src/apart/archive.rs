//! What is kept, with identities put back, erased and retained in both databases.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_intake::{
    Archive, ArchiveFilter, ArchivedMessage, Erasure, Partition, Removed, Retention, Rewritten,
    StoreError,
};

use super::{ApartStore, PartOf, day, only, take_out};
use crate::error::chain;

#[async_trait]
impl Archive for ApartStore {
    async fn archived(&self, filter: &ArchiveFilter) -> Result<Vec<ArchivedMessage>, StoreError> {
        let mut messages = self.rest.archived(filter).await?;
        for message in &mut messages {
            if let Some(content) = &mut message.content {
                let of = PartOf {
                    sender: message.sender,
                    message_id: message.message_id.clone(),
                    content_sha256: message.content_sha256,
                };
                let again = ArchiveFilter {
                    answers: filter.answers,
                    ..only(message.sender, message.cursor)
                };
                let whole = match self.join(&of, content).await {
                    Ok(true) => continue,
                    Ok(false) => self.whole_again(&again, &of).await,
                    Err(error) => Err(error),
                };
                *message = match whole {
                    Ok(whole) => whole,
                    // Never the rest alone: what says who somebody is would be zeros.
                    Err(StoreError::Damaged { what }) => {
                        message.clone().without_what_cannot_be_read(what)
                    }
                    Err(error) => return Err(error),
                };
            }
        }
        Ok(messages)
    }

    async fn erase(&self, erasure: &Erasure) -> Result<Option<Removed>, StoreError> {
        let Some(Rewritten { read, left }) = &erasure.content else {
            return self.rest.erase(erasure).await;
        };
        let filter = only(erasure.sender, erasure.cursor);
        let found = self.rest.archived(&filter).await?;
        let Some(message) = found.iter().find(|message| message.cursor == erasure.cursor) else {
            return Ok(Some(Removed::default()));
        };
        let Some(rest) = &message.content else { return Ok(None) };
        let of = PartOf {
            sender: erasure.sender,
            message_id: message.message_id.clone(),
            content_sha256: message.content_sha256,
        };
        let mut whole = rest.clone();
        // Without a part that fits, somebody has erased it between the two reads.
        if !self.join(&of, &mut whole).await? || whole != *read {
            return Ok(None);
        }
        let mut content = left.clone();
        let part = take_out(&mut content)?;
        let written = day(message.received_at);
        self.identities.replace(&of, written, &content, &part).await?;
        let rewritten = Rewritten { read: rest.clone(), left: content.clone() };
        let erasure = Erasure { content: Some(rewritten), ..erasure.clone() };
        let Some(removed) = self.rest.erase(&erasure).await? else {
            // Somebody was quicker, and the part may have what they erased. Where both took away the same it is theirs too.
            let found = self.rest.archived(&filter).await?;
            let is_theirs = found.iter().any(|message| message.content.as_ref() == Some(&content));
            if !is_theirs {
                self.identities.remove(&of, &content).await?;
            }
            return Ok(None);
        };
        // Again: one who was too late with the same rest may just have removed it.
        self.identities.replace(&of, written, &content, &part).await?;
        // Only now: broken off before, the old part still fits the old rest.
        self.identities.settle(&of, &content).await?;
        Ok(Some(removed))
    }

    /// Whether both can: one alone is no backup.
    fn can_back_up(&self) -> bool {
        self.rest.can_back_up() && self.identities.can_back_up()
    }

    /// The second database to a file of the same name with `.identities` at its end.
    async fn back_up(&self, file: &str) -> Result<bool, StoreError> {
        if !self.can_back_up() {
            return Ok(false);
        }
        // In this order: every rest of the copy has its part.
        Ok(self.rest.back_up(file).await?
            && self.identities.back_up(&format!("{file}.identities")).await?)
    }

    async fn partitions(&self) -> Result<Vec<Partition>, StoreError> {
        self.rest.partitions().await
    }

    async fn make_partitions(&self, months: &[Date]) -> Result<Vec<String>, StoreError> {
        self.rest.make_partitions(months).await
    }

    async fn drop_partitions(&self, before: Timestamp) -> Result<Vec<String>, StoreError> {
        self.rest.drop_partitions(before).await
    }

    async fn has_expired(&self, retention: &Retention) -> Result<bool, StoreError> {
        self.rest.has_expired(retention).await
    }

    async fn expire(&self, retention: &Retention) -> Result<Removed, StoreError> {
        let removed = self.rest.expire(retention).await?;
        // What is gone from the first database is gone and goes into the audit log; the parts are looked for an hour later.
        if let Err(error) = self.expire_parts(retention).await {
            let error = chain(&error);
            tracing::error!(error, "parts of removed content could not all be removed");
        }
        Ok(removed)
    }
}
