//! What is stored, for the operator: looked at, exported, erased, and removed when it is old enough.

use crate::store;
use crate::store::StoreError;
use crate::validation::content_hash;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_fhir::Bundle;
use lmr_identifiers::OrganisationNumber;
use lmr_lmdi::split::{UnreadableBundle, read};
use lmr_lmdi::{Identities, Identity};
use serde::Serialize;
use std::ops::Range;

/// A version of a resource, by its place in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedVersion {
    /// FHIR resource type.
    pub resource_type: String,
    /// The register's own id.
    pub resource_id: String,
    /// Counted from 1.
    pub version: u32,
    /// Whether there is no newer one.
    pub is_newest: bool,
    /// Its index in the bundle, from 0.
    pub entry: u32,
    /// Where it is in the content; `None` once it is erased.
    pub place: Option<Range<usize>>,
    /// Whose it is, where that is kept without the content: removals for age left it before 0.2.
    pub patient: Option<Identity>,
}

/// A stored message with its content.
#[derive(Clone, PartialEq, Eq)]
pub struct ArchivedMessage {
    /// Its place among the sender's messages, in the order of storing: where the next page begins.
    pub cursor: i64,
    /// Who sent it.
    pub sender: OrganisationNumber,
    /// The sender's id of it.
    pub message_id: String,
    /// SHA-256 of the content as it was sent.
    pub content_sha256: [u8; 32],
    /// When it came.
    pub received_at: Timestamp,
    /// The bundle; `None` once it was removed for its age.
    pub content: Option<Vec<u8>>,
    /// The answer that it was given, where the filter asks for it.
    pub answer: Option<Vec<u8>>,
    /// The versions that it brought, in the order of its entries.
    pub versions: Vec<ArchivedVersion>,
    /// What of it cannot be read, by table and column. Such a message has neither content nor answer, and none of its
    /// versions a place: whoever asked for it must say so.
    pub unreadable: Option<&'static str>,
}

impl ArchivedMessage {
    /// The same message once it turns out that something of it cannot be read.
    #[must_use]
    pub fn without_what_cannot_be_read(mut self, what: &'static str) -> Self {
        (self.content, self.answer, self.unreadable) = (None, None, Some(what));
        for version in &mut self.versions {
            (version.place, version.patient) = (None, None);
        }
        self
    }

    /// The message, for whoever has no use for one that cannot be read.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn readable(self) -> Result<Self, StoreError> {
        self.unreadable.map_or(Ok(self), |what| Err(StoreError::Damaged { what }))
    }

    /// A version's resource as it was received.
    #[must_use]
    pub fn resource(&self, version: &ArchivedVersion) -> Option<&[u8]> {
        self.content.as_deref()?.get(version.place.clone()?)
    }
}

/// A resource of a stored bundle, whether it brought a version or came unchanged.
pub struct BundleResource {
    /// Its index in the bundle, from 0.
    pub entry: u32,
    /// By what the register recognises it.
    pub identity: store::Identity,
    /// Hash of its content, as [`store::Current`] has it.
    pub content_hash: [u8; 32],
    /// Where it is in the content.
    pub place: Range<usize>,
}

/// The resources that a stored bundle has; those that were refused or erased are not among them.
///
/// # Errors
/// [`UnreadableBundle`].
pub fn resources_of(content: &[u8]) -> Result<Vec<BundleResource>, UnreadableBundle> {
    let document = read(content)?;
    let bundle = Bundle::of(&document).ok_or(UnreadableBundle)?;
    let identities = Identities::of_bundle(bundle);
    let resources = bundle.entries().enumerate().filter_map(|(at, entry)| {
        let (resource, url) = (entry.resource()?, entry.full_url());
        let Identity { resource_type, key } = Identity::of(resource, url.as_deref())?;
        Some(BundleResource {
            entry: u32::try_from(at).ok()?,
            identity: store::Identity { resource_type, key },
            content_hash: content_hash(resource, &identities),
            place: resource.span(),
        })
    });
    Ok(resources.collect())
}

/// Which stored messages to read.
#[derive(Clone, Debug, Default)]
pub struct ArchiveFilter {
    /// Only this sender's.
    pub sender: Option<OrganisationNumber>,
    /// Only this message.
    pub message_id: Option<String>,
    /// Only those received at or after.
    pub since: Option<Timestamp>,
    /// Only those received before.
    pub before: Option<Timestamp>,
    /// Whether their answers are read too.
    pub answers: bool,
    /// Only those after this one, by sender and cursor.
    pub after: Option<(OrganisationNumber, i64)>,
    /// At most so many; 0 means 100.
    pub limit: u32,
}

/// A text as it was read, and what is to be left of it. It is written only where it is still what was read: otherwise two
/// erasures at once would each put back what the other has taken away.
#[derive(Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// As it was read.
    pub read: Vec<u8>,
    /// What is left.
    pub left: Vec<u8>,
}

/// What of a message is to be erased.
#[derive(Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The message.
    pub cursor: i64,
    /// Whose it is.
    pub sender: OrganisationNumber,
    /// The content with the resources taken away; every other one is where it was. `None` leaves it.
    pub content: Option<Rewritten>,
    /// The answer; `None` leaves it.
    pub answer: Option<Rewritten>,
    /// The entries that were taken away.
    pub entries: Vec<u32>,
}

/// What an erasure or the end of retention has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// Messages that were changed, or whose content was removed.
    pub messages: u64,
    /// Versions whose content is gone.
    pub versions: u64,
    /// Resources of which nothing is left.
    pub resources: u64,
    /// Refused calls that were removed.
    pub refused_calls: u64,
}

/// From when on things are kept; `None` keeps them for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Content of messages that came before is removed: bundles and resources. Answers stay: a resend gets the first one.
    pub content_before: Option<Timestamp>,
    /// Whether content that the outlet has not handed over stays all the same.
    pub keep_waiting: bool,
    /// Refused calls before are removed.
    pub refused_before: Option<Timestamp>,
}

/// A part of the database that holds the bundles of some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its name in the database.
    pub name: String,
    /// The first moment whose messages it takes; `None` for the one that takes what no other does.
    pub from: Option<Timestamp>,
    /// The first moment after.
    pub to: Option<Timestamp>,
    /// What it takes on the disk.
    pub bytes: u64,
}

/// What is stored.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Messages with their content, sender by sender, each sender's in the order of storing. One that cannot be read is
    /// among them, and says so ([`ArchivedMessage::unreadable`]): those behind it are read all the same.
    async fn archived(&self, filter: &ArchiveFilter) -> Result<Vec<ArchivedMessage>, StoreError>;

    /// Erases parts of messages, in one transaction each message. Resources of which no version is left are forgotten
    /// with what they were recognised by. `None` where the message is another one than was read: nothing is changed then,
    /// and the caller reads it again.
    async fn erase(&self, erasure: &Erasure) -> Result<Option<Removed>, StoreError>;

    /// Whether [`Archive::back_up`] would write a copy: asked before anything is written or recorded.
    fn can_back_up(&self) -> bool;

    /// Writes a whole and consistent copy to a new file while the receiver runs; `false` where the database has tools
    /// of its own for that.
    async fn back_up(&self, file: &str) -> Result<bool, StoreError>;

    /// The partitions that there are; none where the database does not divide.
    async fn partitions(&self) -> Result<Vec<Partition>, StoreError>;

    /// Makes the partitions of these months that are not there, and gives their names.
    async fn make_partitions(&self, months: &[Date]) -> Result<Vec<String>, StoreError>;

    /// Drops the partitions that ended before and are empty, and gives their names.
    async fn drop_partitions(&self, before: Timestamp) -> Result<Vec<String>, StoreError>;

    /// Whether there is anything that [`Archive::expire`] would remove: asked before, so that it can be recorded before.
    async fn has_expired(&self, retention: &Retention) -> Result<bool, StoreError>;

    /// Removes what is old enough. That a message was received, its counts and its receipt stay.
    async fn expire(&self, retention: &Retention) -> Result<Removed, StoreError>;
}
