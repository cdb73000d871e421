//! What the receiver remembers, as a trait: `storage` implements it.

use crate::archive::Archive;
use crate::audit::AuditLog;
use crate::avsender::Avsender;
use crate::insight::Insight;
use crate::outlet::Outlet;
use crate::reply::{Answer, Counts, Outcome};
use async_trait::async_trait;
use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use lmr_identifiers::OrganisationNumber;
use lmr_lmdi::AdministrationFacts;
use serde::Serialize;
use std::error::Error;
use std::ops::Range;
use thiserror::Error;

/// Why the store could not answer. Always the receiver's own fault.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached or refused the work; trying again later may help.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// What was read cannot be true: wrong key, tampering or a bug.
    #[error("the database holds something unreadable: {what}")]
    Damaged {
        /// Table and column, or what did not fit.
        what: &'static str,
    },
    /// The store is closing.
    #[error("the store is shutting down")]
    Closing,
}

/// What makes two resources of one sender the same resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// FHIR resource type.
    pub resource_type: String,
    /// First business identifier, id or urn:uuid. May be a person's number: never logged, stored only keyed.
    pub key: String,
}

/// The newest version of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// The register's own id of the resource, 32 hex digits.
    pub resource_id: String,
    /// Counted from 1.
    pub version: u32,
    /// Hash of its content.
    pub content_hash: [u8; 32],
    /// Whether the content itself is still there. One that was removed for its age and comes again is stored again.
    pub has_content: bool,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// Of an administration: what the next version is held against.
    pub administration: Option<AdministrationFacts>,
}

/// What is to be known of a validated message before it is stored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// Which message it is, as in [`Store::refuse_for_good`].
    pub message: Option<&'a [u8; 32]>,
    /// `Bundle.identifier` as `system|value`.
    pub bundle_identifier: Option<&'a str>,
    /// Identifier systems of its administrations.
    pub systems: &'a [String],
    /// Its resources.
    pub identities: &'a [Identity],
}

/// The answer to [`Asked`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Whether the message was refused for good ([`Store::refuse_for_good`]).
    pub is_refused: bool,
    /// Whether the sender has delivered a bundle with this identifier.
    pub is_identifier_used: bool,
    /// Those of the systems that another sender has used for its administrations.
    pub systems_of_others: Vec<String>,
    /// The newest versions of the resources, in the same order.
    pub current: Vec<Option<Current>>,
}

/// A version to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// Whose it is.
    pub identity: Identity,
    /// The register's own id: new with version 1, the known one after that.
    pub resource_id: String,
    /// Counted from 1; the commit fails with [`Committed::Moved`] unless the newest is one less.
    pub version: u32,
    /// Hash of the content.
    pub content_hash: [u8; 32],
    /// Where the resource is in the bundle's JSON.
    pub place: Range<usize>,
    /// Its index in the bundle, from 0.
    pub entry: u32,
    /// Of an administration: what the next version is held against. Names the patient, so it is sealed.
    pub administration: Option<AdministrationFacts>,
}

/// A stored version, read back.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredVersion {
    /// FHIR resource type.
    pub resource_type: String,
    /// The register's own id.
    pub resource_id: String,
    /// Counted from 1.
    pub version: u32,
    /// Hash of the content.
    pub content_hash: [u8; 32],
    /// The resource as JSON, as it was received; empty once it was erased or removed for its age.
    pub content: Vec<u8>,
    /// The message that brought it.
    pub message_id: String,
    /// Its index in the bundle, from 0.
    pub entry: u32,
    /// When it was stored.
    pub stored_at: Timestamp,
}

/// The envelope's part of a message, with when and by which client it came.
#[derive(Clone)]
pub struct MessageHead {
    /// Who sent it.
    pub sender: OrganisationNumber,
    /// The sender's id of it.
    pub message_id: String,
    /// SHA-256 of the encrypted content.
    pub content_sha256: [u8; 32],
    /// The OAuth client that sent it.
    pub client_id: String,
    /// Start of the reporting period.
    pub reporting_from: Timestamp,
    /// End of the reporting period.
    pub reporting_to: Timestamp,
    /// When the sender made it.
    pub generated_at: Timestamp,
    /// When it came.
    pub received_at: Timestamp,
}

impl MessageHead {
    /// What tells the message from every other, one that has only its times corrected included.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        for part in [self.sender.as_str().as_bytes(), &self.content_sha256] {
            context.update(part);
        }
        for time in [self.generated_at, self.reporting_from, self.reporting_to] {
            context.update(&time.as_nanosecond().to_be_bytes());
        }
        context.update(self.message_id.as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.finish().as_ref());
        bytes
    }
}

/// A bundle's JSON. Of resources that were refused only an empty object is there.
#[derive(Clone, PartialEq, Eq)]
pub enum BundleContent {
    /// The gzip stream as the sender made it.
    Gzip(Vec<u8>),
    /// Text that is still to be compressed.
    Plain(Vec<u8>),
}

/// A whole message, committed at once or not at all.
#[derive(Clone)]
pub struct Delivery {
    /// What the envelope says.
    pub head: MessageHead,
    /// `Bundle.identifier` as `system|value`; absent where the bundle was refused as a whole, so that the
    /// corrected bundle may carry it again.
    pub bundle_identifier: Option<String>,
    /// Name of the rule set.
    pub rule_set: &'static str,
    /// The answer that will be sent once this is durable.
    pub answer: Answer,
    /// How many entries were refused with which code.
    pub codes: Vec<CodeCount>,
    /// The bundle; `None` where nothing of it was taken.
    pub content: Option<BundleContent>,
    /// Identifier systems of its administrations, each once.
    pub systems: Vec<String>,
    /// New versions of resources, in the order of the entries. No identity twice.
    pub versions: Vec<NewVersion>,
}

/// How many entries were refused with a code of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CodeCount {
    /// `LMR-nnnn`.
    pub code: String,
    /// Entries, not findings.
    pub entries: u32,
}

/// A call that was refused as a whole, as far as it is kept: no content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedCall {
    /// When it came.
    pub received_at: Timestamp,
    /// Who sent it, where the token said so.
    pub sender: Option<OrganisationNumber>,
    /// The OAuth client, where the token said so.
    pub client_id: Option<String>,
    /// The sender's id of the message, where the envelope could be read.
    pub message_id: Option<String>,
    /// Under which id the log knows the call; of several, the first.
    pub request_id: String,
    /// `LMR-nnnn`.
    pub code: String,
    /// How the entries fared, where the bundle could be read.
    pub counts: Counts,
    /// How many calls this counts: calls of nobody known are counted by code and hour.
    pub calls: u32,
}

/// How a message is known already.
#[derive(Clone, PartialEq, Eq)]
pub enum Seen {
    /// The same message was there already.
    Repeated {
        /// The answer as it was given.
        answer: Answer,
        /// The payload of its receipt; none for messages from before receipts were kept.
        receipt: Option<String>,
    },
    /// The sender has used this message id for another content.
    MessageIdReused,
    /// This content has come under another message id.
    ContentReplayed,
}

/// What became of a commit. Only [`Committed::Stored`] has changed anything.
#[derive(Clone, PartialEq, Eq)]
pub enum Committed {
    /// Durable.
    Stored {
        /// The payload of its receipt: its entry in the audit log.
        receipt: String,
    },
    /// The message, or a part of what identifies it, was there already.
    Known(Seen),
    /// The sender has used this bundle identifier in another message.
    BundleIdentifierReused,
    /// Another message has stored a version meanwhile: look up again and repeat.
    Moved,
    /// The sender's data are on another database, or on their way there.
    Elsewhere,
}

impl Committed {
    /// Its name in logs and tests.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Stored { .. } => "stored",
            Self::Known(Seen::Repeated { .. }) => "repeated",
            Self::Known(Seen::MessageIdReused) => "message id reused",
            Self::Known(Seen::ContentReplayed) => "content replayed",
            Self::BundleIdentifierReused => "bundle identifier reused",
            Self::Moved => "version moved",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// All that a database does for the register: what the receiver needs, and what its operators need.
pub trait Database: Store + AuditLog + Outlet + Archive + Insight {}

impl<T: Store + AuditLog + Outlet + Archive + Insight> Database for T {}

/// Which deliveries to list.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Only this sender's.
    pub sender: Option<OrganisationNumber>,
    /// Only this message.
    pub message_id: Option<String>,
    /// Only those received at or after.
    pub since: Option<Timestamp>,
    /// Only those received before.
    pub before: Option<Timestamp>,
    /// Only those with this code, of an entry or of the call.
    pub code: Option<String>,
    /// Only those whose reporting period has a moment of this one, whose last moment is its second time: what ends as it
    /// begins has none. Refused calls have no period.
    pub period: Option<(Timestamp, Timestamp)>,
    /// Only messages that are deliveries ([`Counts::is_delivery`]), or only the others; refused calls are neither.
    pub is_delivery: Option<bool>,
    /// At most so many; 0 means 100.
    pub limit: u32,
}

impl DeliveryFilter {
    /// The limit, with what 0 means.
    #[must_use]
    pub fn limit_or_default(&self) -> u32 {
        if self.limit == 0 { 100 } else { self.limit }
    }
}

/// One line of the overview: who delivered what when. No content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliverySummary {
    /// Who sent it.
    pub sender: OrganisationNumber,
    /// The sender's id of it.
    pub message_id: String,
    /// Name of the rule set.
    pub rule_set: String,
    /// When it came.
    pub received_at: Timestamp,
    /// Start of the reporting period.
    pub reporting_from: Timestamp,
    /// End of the reporting period.
    pub reporting_to: Timestamp,
    /// What the answer said.
    pub outcome: Outcome,
    /// How the entries fared.
    pub counts: Counts,
    /// How many entries were refused with which code, by code.
    pub codes: Vec<CodeCount>,
}

/// The receiver's memory. Every operation is atomic; what [`Store::commit`] has reported as stored survives a
/// crash of process and machine.
#[async_trait]
pub trait Store: Send + Sync {
    /// Takes no more messages, commits those that wait, and lets go of the database.
    async fn close(&self);

    /// Whether the store works. For the readiness probe.
    async fn ready(&self) -> Result<(), StoreError>;

    /// Takes from now on these for the senders of the configuration file: where they begin, of several databases.
    fn configure(&self, _avsendere: &[Avsender]) {}

    /// All registered senders, by organisation number.
    async fn avsendere(&self) -> Result<Vec<Avsender>, StoreError>;

    /// Registers a sender or replaces what is registered under its number.
    async fn save_avsender(&self, avsender: &Avsender) -> Result<(), StoreError>;

    /// Registers a sender (`before` is `None`) or replaces what is registered, where that is still as it was `before`.
    /// `false` when it is not: somebody else has changed it meanwhile, and nothing is changed.
    async fn replace_avsender(
        &self,
        before: Option<&Avsender>,
        after: &Avsender,
    ) -> Result<bool, StoreError>;

    /// Removes a sender; says whether it was there. Its deliveries stay.
    async fn remove_avsender(&self, organisation: OrganisationNumber) -> Result<bool, StoreError>;

    /// What is known of a message before it is opened: `None` if neither id nor content have been seen.
    async fn seen(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        content_sha256: &[u8; 32],
    ) -> Result<Option<Seen>, StoreError>;

    /// Whether the sender has delivered a bundle with this identifier.
    async fn bundle_identifier_seen(
        &self,
        sender: OrganisationNumber,
        bundle_identifier: &str,
    ) -> Result<bool, StoreError>;

    /// The newest versions of these resources, in the same order.
    async fn current(
        &self,
        sender: OrganisationNumber,
        identities: &[Identity],
    ) -> Result<Vec<Option<Current>>, StoreError>;

    /// Those of these identifier systems that another sender has used for its administrations.
    async fn systems_of_others(
        &self,
        sender: OrganisationNumber,
        systems: &[String],
    ) -> Result<Vec<String>, StoreError>;

    /// All that is asked about a validated message, at once: each question to a database costs the way there and back.
    async fn known(
        &self,
        sender: OrganisationNumber,
        asked: Asked<'_>,
    ) -> Result<Known, StoreError>;

    /// Remembers durably that a message was refused that may be correct later without a change: its sender has put the
    /// data in another one by then, and a copy that was under way must not be stored over what came after it. May be
    /// forgotten after `until`, and when a sender's data are moved to another database. [`Store::known`] gives it.
    async fn refuse_for_good(
        &self,
        sender: OrganisationNumber,
        message: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError>;

    /// The payload of the sender's newest receipt; `None` where nothing of it is stored.
    async fn newest_receipt(
        &self,
        sender: OrganisationNumber,
    ) -> Result<Option<String>, StoreError>;

    /// Stores a message wholly and durably, or nothing of it.
    async fn commit(&self, delivery: Delivery) -> Result<Committed, StoreError>;

    /// Records a used DPoP proof by its digest, in one step with asking whether it is known; true when it
    /// is new. After `until` it may be forgotten. It holds for all receivers on this store.
    async fn record_proof(
        &self,
        digest: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The history of a resource, oldest first. Empty if there is none.
    async fn history(
        &self,
        resource_type: &str,
        resource_id: &str,
    ) -> Result<Vec<StoredVersion>, StoreError>;

    /// Keeps refused calls, and says how many of them could not be kept where the others were. May drop old ones: so many
    /// are kept of each sender, and of nobody known.
    async fn keep_refused(&self, calls: Vec<RefusedCall>) -> Result<usize, StoreError>;

    /// Refused calls, newest first.
    async fn refused_calls(&self, filter: &DeliveryFilter) -> Result<Vec<RefusedCall>, StoreError>;

    /// Deliveries, newest first.
    async fn deliveries(&self, filter: &DeliveryFilter)
    -> Result<Vec<DeliverySummary>, StoreError>;
}
