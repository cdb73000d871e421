//! Identities apart: a store whose bundles say nothing of who anybody is, and a second database, under another key, that
//! says nothing else.
//!
//! Before a message is stored, the texts that say who somebody is are taken out of its bundle and written to the second
//! database; zeros of the same length take their place. Whatever gives content out puts them back. Texts that may say both
//! (narratives, notes) are sealed under both keys, so neither database gives them to whoever has its key alone. Digests by
//! which a resource is recognised, hashes of content, answers, and the patient of an administration's facts are under the
//! second key, so that whoever has the first database and its key cannot try all identity numbers.

mod archive;
mod audit;
mod insight;
mod outlet;
mod receiving;

use async_trait::async_trait;
use jiff::Timestamp;
use lmr_intake::{
    ArchiveFilter, ArchivedMessage, Database, OrganisationNumber, Retention, StoreError,
    identifying_places,
};
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::Mutex;

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
