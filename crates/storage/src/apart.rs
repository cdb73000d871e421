//! Identities apart: a store whose bundles say nothing of who anybody is, and a second database, under another key, that
//! says nothing else.
//!
//! Before a message is stored, the texts that say who somebody is are taken out of its bundle and written to the second
//! database; zeros of the same length take their place. Whatever gives content out puts them back. Texts that may say both
//! (narratives, notes) are sealed under both keys, so neither database gives them to whoever has its key alone. Digests by
//! which a resource is recognised, hashes of content, answers, and the patient of an administration's facts are under the
//! second key, so that whoever has the first database and its key cannot try all identity numbers.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_intake::{
    Acknowledged, Act, AlertNote, Archive, ArchiveFilter, ArchivedMessage, Asked, AuditEntry,
    AuditFilter, AuditHead, AuditLog, AuditReport, Avsender, BundleContent, CodeCounts, Committed,
    Current, Database, DayCount, Delivery, DeliveryFilter, DeliverySummary, Erasure, HandedOver,
    HourCodes, Identity, Insight, Known, ListedMessage, MOST_UNREADABLE, MessageDetail,
    MessageFilter, OrganisationNumber, Outlet, OutletStatus, Partition, Period, RefusedCall,
    Removed, Retention, Rewritten, Seen, Store, StoreError, StoredVersion, identifying_places,
};
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::coding::decode_bundle;
use crate::error::{chain, report_unreadable};

/// What stands for a byte of a text that was taken out.
const MASK: u8 = b'0';
/// Parts that are looked at together.
const PAGE: i64 = 500;
/// Days before the newest in which a part may still wait for its message, and how many more are looked at after a start.
const SETTLED_AFTER: i64 = 1;
const LOOKED_AT: i64 = 14;

pub(crate) const UNFIT: StoreError =
    StoreError::Damaged { what: "identity_part: none fits the rest of the bundle" };

/// Of which message a part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartOf {
    /// Who sent it.
    pub sender: OrganisationNumber,
    /// The sender's id of it.
    pub message_id: String,
    /// SHA-256 of the content as it was sent: two messages of one id are never mixed up.
    pub content_sha256: [u8; 32],
}

/// What was taken out of a bundle: each text with its place (offset and length, 8 bytes each, then its bytes).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Who somebody is.
    pub people: Vec<u8>,
    /// What may also say what somebody was given.
    pub mixed: Vec<u8>,
}

/// A part by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartKey {
    /// Of the message.
    pub message_mac: Vec<u8>,
    /// Of the rest.
    pub rest_mac: Vec<u8>,
    /// When it was written, in days since 1970.
    pub day: i64,
}

/// The second database.
#[async_trait]
pub trait IdentityStore: Send + Sync {
    /// Whether it answers and can be written to.
    async fn ready(&self) -> Result<(), StoreError>;
    /// Lets go of it.
    async fn close(&self);
    /// Writes a message's part, durably; one that is there stays.
    async fn put(&self, of: &PartOf, day: i64, rest: &[u8], part: &Part) -> Result<(), StoreError>;
    /// Writes the part that fits the rest after an erasure. The one before it stays until it is read the first time, or
    /// [`IdentityStore::settle`] is called.
    async fn replace(
        &self,
        of: &PartOf,
        day: i64,
        rest: &[u8],
        part: &Part,
    ) -> Result<(), StoreError>;
    /// The part that fits the rest. Older ones of the message are removed.
    async fn part(&self, of: &PartOf, rest: &[u8]) -> Result<Option<Part>, StoreError>;
    /// Removes the parts of a message that are older than the one that fits the rest.
    async fn settle(&self, of: &PartOf, rest: &[u8]) -> Result<(), StoreError>;
    /// Removes the part that fits the rest.
    async fn remove(&self, of: &PartOf, rest: &[u8]) -> Result<(), StoreError>;
    /// Parts of `from <= day < to`, after this one. Those that cannot be read are reported in the log and left out.
    async fn of_days(
        &self,
        days: Range<i64>,
        after: Option<&PartKey>,
        limit: i64,
    ) -> Result<Vec<(PartKey, PartOf)>, StoreError>;
    /// Removes one, unless it was written again since.
    async fn remove_key(&self, key: &PartKey) -> Result<(), StoreError>;
    /// The newest day.
    async fn newest_day(&self) -> Result<Option<i64>, StoreError>;
    /// The oldest day.
    async fn oldest_day(&self) -> Result<Option<i64>, StoreError>;
    /// Whether [`IdentityStore::back_up`] would write a copy.
    fn can_back_up(&self) -> bool;
    /// Writes a copy to a new file; `false` where the database has tools of its own for that.
    async fn back_up(&self, file: &str) -> Result<bool, StoreError>;
}

/// Takes the identifying texts out of a bundle.
fn take_out(content: &mut [u8]) -> Result<Part, StoreError> {
    let places = identifying_places(content)
        .map_err(|_| StoreError::Damaged { what: "a bundle that is to be stored" })?;
    let mut take = |places: Vec<Range<usize>>| {
        let mut texts = Vec::new();
        for place in places {
            texts.extend((place.start as u64).to_be_bytes());
            texts.extend((place.len() as u64).to_be_bytes());
            texts.extend_from_slice(&content[place.clone()]);
            content[place].fill(MASK);
        }
        texts
    };
    let people = take(places.people);
    Ok(Part { people, mixed: take(places.mixed) })
}

/// Puts them back.
fn put_back(content: &mut [u8], part: &Part) -> Result<(), StoreError> {
    for mut texts in [part.people.as_slice(), &part.mixed] {
        while !texts.is_empty() {
            let (start, rest) = number(texts)?;
            let (length, rest) = number(rest)?;
            let (text, rest) = rest.split_at_checked(length).ok_or(UNFIT)?;
            let end = start.checked_add(length).ok_or(UNFIT)?;
            content.get_mut(start..end).ok_or(UNFIT)?.copy_from_slice(text);
            texts = rest;
        }
    }
    Ok(())
}

fn number(bytes: &[u8]) -> Result<(usize, &[u8]), StoreError> {
    let (number, rest) = bytes.split_first_chunk::<8>().ok_or(UNFIT)?;
    Ok((usize::try_from(u64::from_be_bytes(*number)).map_err(|_| UNFIT)?, rest))
}

/// The message of a sender with this cursor; where it is gone, the one after it.
fn only(sender: OrganisationNumber, cursor: i64) -> ArchiveFilter {
    ArchiveFilter {
        sender: Some(sender),
        after: Some((sender, cursor.saturating_sub(1))),
        limit: 1,
        ..ArchiveFilter::default()
    }
}

fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

/// A store and the second database beside it.
pub struct ApartStore {
    rest: Arc<dyn Database>,
    identities: Arc<dyn IdentityStore>,
    swept: Mutex<Swept>,
}

/// How far parts without a message have been looked for.
#[derive(Default)]
struct Swept {
    before: Option<i64>,
    /// Found without a message the last time. One that is so twice is removed: while a sender is being moved from database
    /// to database, its messages may not be found for a moment.
    suspects: Vec<(PartKey, PartOf)>,
}

/// What has become of a part's message.
#[derive(PartialEq, Eq)]
enum Fate {
    Stored,
    ContentRemoved,
    NotFound,
}

impl ApartStore {
    /// Puts the two together. Both are open with keys from [`ApartKeys`](crate::ApartKeys).
    #[must_use]
    pub fn new(rest: Arc<dyn Database>, identities: Arc<dyn IdentityStore>) -> Self {
        Self { rest, identities, swept: Mutex::default() }
    }

    /// Whether the first database is empty and the second has parts of several days: then the first is not the one that
    /// the parts belong to, or has not been restored yet. Parts of one day may be of first messages that were broken off.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_without_its_rest(&self) -> Result<bool, StoreError> {
        let days = (self.identities.oldest_day().await?, self.identities.newest_day().await?);
        Ok(days.0 != days.1 && self.rest.known_senders().await?.is_empty())
    }

    /// Puts the people back; `false` where no part fits.
    async fn join(&self, of: &PartOf, content: &mut [u8]) -> Result<bool, StoreError> {
        let Some(part) = self.identities.part(of, content).await? else { return Ok(false) };
        put_back(content, &part).map(|()| true)
    }

    /// Reads a message again whose part was missing. Somebody who erased it between the two reads has taken the old part
    /// away; missing again, it is damage.
    async fn whole_again(
        &self,
        filter: &ArchiveFilter,
        of: &PartOf,
    ) -> Result<ArchivedMessage, StoreError> {
        let is_it = |message: &ArchivedMessage| message.content_sha256 == of.content_sha256;
        let found = self.rest.archived(filter).await?.into_iter().find(is_it);
        let mut message = found.ok_or(UNFIT)?;
        if let Some(content) = &mut message.content
            && !self.join(of, content).await?
        {
            return Err(UNFIT);
        }
        Ok(message)
    }

    async fn fate(&self, of: &PartOf) -> Result<Fate, StoreError> {
        let now = Timestamp::UNIX_EPOCH;
        let found = self.rest.message(of.sender, &of.message_id, now).await?;
        Ok(match found {
            Some(message) if message.content_sha256 == of.content_sha256 => {
                if message.has_content {
                    Fate::Stored
                } else {
                    Fate::ContentRemoved
                }
            }
            _ => Fate::NotFound,
        })
    }

    /// Removes the parts of these days whose messages have no content any more; gives those without a message. Of a sender
    /// of whom nothing at all is stored none is given: its database may be another one than it should be.
    async fn sweep(
        &self,
        days: Range<i64>,
        known: &[OrganisationNumber],
    ) -> Result<Vec<(PartKey, PartOf)>, StoreError> {
        let mut without = Vec::new();
        let mut last: Option<PartKey> = None;
        loop {
            let page = self.identities.of_days(days.clone(), last.as_ref(), PAGE).await?;
            let Some((newest, _)) = page.last() else { return Ok(without) };
            last = Some(newest.clone());
            for (key, of) in page {
                match self.fate(&of).await {
                    Ok(Fate::Stored) => {}
                    Ok(Fate::ContentRemoved) => self.identities.remove_key(&key).await?,
                    Ok(Fate::NotFound) if known.contains(&of.sender) => without.push((key, of)),
                    Ok(Fate::NotFound) => {}
                    // It is there; the others are looked at all the same.
                    Err(StoreError::Damaged { what }) => {
                        tracing::error!(day = key.day, what, "a part's message cannot be read");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Removes the parts whose messages have no content any more, and those whose messages were never stored.
    async fn expire_parts(&self, retention: &Retention) -> Result<(), StoreError> {
        let known = self.rest.known_senders().await?;
        // A database that is empty by a mistyped path, or not restored yet, says nothing of what may go.
        if known.is_empty() {
            return Ok(());
        }
        if let Some(before) = retention.content_before {
            self.sweep(0..day(before) + 1, &known).await?;
        }
        let Some(newest) = self.identities.newest_day().await? else { return Ok(()) };
        let settled = newest - SETTLED_AFTER;
        let mut swept = self.swept.lock().await;
        // One that fails is looked at again the next time.
        while let Some((key, of)) = swept.suspects.last() {
            if self.fate(of).await? != Fate::Stored {
                self.identities.remove_key(key).await?;
            }
            swept.suspects.pop();
        }
        let from = swept.before.unwrap_or(settled - LOOKED_AT);
        if from < settled {
            swept.suspects = self.sweep(from..settled, &known).await?;
            swept.before = Some(settled);
        }
        Ok(())
    }
}

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

#[async_trait]
impl AuditLog for ApartStore {
    async fn record(&self, act: Act) -> Result<AuditEntry, StoreError> {
        self.rest.record(act).await
    }

    async fn audit_entries(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
        self.rest.audit_entries(filter).await
    }

    async fn audit_heads(&self) -> Result<Vec<AuditHead>, StoreError> {
        self.rest.audit_heads().await
    }

    async fn verify_audit(&self, kept: &[AuditHead]) -> Result<AuditReport, StoreError> {
        self.rest.verify_audit(kept).await
    }
}

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
