//! What the operator looks at: sums by day and hour, a page of messages, one message with its answer. No content.

use crate::reply::Answer;
use crate::store::{DeliverySummary, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_identifiers::OrganisationNumber;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// What was received of one sender within one day in Norway ([`norwegian_date`](crate::norwegian_date)). Kept as it
/// happens, so that a year is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayCount {
    /// Who sent it.
    pub sender: OrganisationNumber,
    /// The day.
    pub day: Date,
    /// The beginning of the last hour, in UTC, in which a message was taken.
    pub last: Option<Timestamp>,
    /// Messages that were received, as [`Outcome::Accepted`](crate::Outcome) says: also batches with every entry refused,
    /// which are no deliveries.
    pub accepted: u64,
    /// Messages of which nothing was taken: a transaction with a refused entry.
    pub refused_messages: u64,
    /// Entries of all of them.
    pub entries: u64,
    /// Entries stored, as new or as a new version.
    pub stored: u64,
    /// Entries identical to what was stored.
    pub unchanged: u64,
    /// Entries refused.
    pub refused: u64,
    /// Entries not stored because of a refused one.
    pub dependent: u64,
}

impl DayCount {
    /// Messages that came, whatever became of them.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.accepted + self.refused_messages
    }

    /// Entries that were taken: stored, or identical to what is stored.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.stored + self.unchanged
    }
}

/// How often a code was given within one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourCodes {
    /// To whom; `None` where nobody knows who called.
    pub sender: Option<OrganisationNumber>,
    /// The beginning of the hour, in UTC.
    pub hour: Timestamp,
    /// `LMR-nnnn`.
    pub code: String,
    /// Entries refused with it.
    pub entries: u64,
    /// Calls refused as a whole with it.
    pub calls: u64,
}

/// How often codes were given within some days. A sum may be given in several parts, which are added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeCounts {
    /// By day, of all who were asked for together.
    pub by_day: Vec<CodesOfDay>,
    /// By who was given them, of all days together.
    pub by_sender: Vec<CodesOfSender>,
}

/// How often a code was given on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodesOfDay {
    /// The day.
    pub day: Date,
    /// `LMR-nnnn`.
    pub code: String,
    /// Entries refused with it.
    pub entries: u64,
    /// Calls refused as a whole with it.
    pub calls: u64,
}

/// How often a sender was given a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodesOfSender {
    /// To whom; `None` where nobody knows who called.
    pub sender: Option<OrganisationNumber>,
    /// `LMR-nnnn`.
    pub code: String,
    /// Entries refused with it.
    pub entries: u64,
    /// Calls refused as a whole with it.
    pub calls: u64,
}

/// How far a message is, in the words of the register's operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageState {
    /// Stored; nobody has fetched it.
    Received,
    /// Lent at the outlet until a time.
    Allocated,
    /// Acknowledged by the service behind the outlet.
    Transferred,
    /// Nothing of it was taken.
    Refused,
    /// Its content was removed for its age, or there was none to be stored.
    WithoutContent,
}

/// Which messages to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Only this sender's.
    pub sender: Option<OrganisationNumber>,
    /// Only with this id.
    pub message_id: Option<String>,
    /// Only those with an entry refused with this code.
    pub code: Option<String>,
    /// Only those received at or after.
    pub since: Option<Timestamp>,
    /// Only those received before.
    pub before: Option<Timestamp>,
    /// Only those of which nothing was taken.
    pub only_refused: bool,
    /// Only those that were not refused. The refused ones between them are read past.
    pub only_accepted: bool,
    /// Only those that wait at the outlet.
    pub only_waiting: bool,
    /// Only those after this one in the list: [`ListedMessage::cursor`].
    pub after: Option<MessageCursor>,
    /// At most so many; 0 means 100.
    pub limit: u32,
}

impl MessageFilter {
    /// The limit, with what 0 means.
    #[must_use]
    pub fn limit_or_default(&self) -> u32 {
        if self.limit == 0 { 100 } else { self.limit }
    }
}

/// A message's place in the list. As a text: microseconds since 1970, organisation number and the message's number
/// within its sender, joined by hyphens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageCursor {
    /// When it came.
    pub received_at: Timestamp,
    /// Who sent it.
    pub sender: OrganisationNumber,
    /// Its number within its sender.
    pub id: i64,
}

impl fmt::Display for MessageCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.received_at.as_microsecond(), self.sender, self.id)
    }
}

/// A text is not the place of a message in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a place in the list of messages")]
pub struct InvalidCursor;

impl FromStr for MessageCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.splitn(3, '-');
        let mut next = || parts.next().ok_or(InvalidCursor);
        let received_at = next()?.parse().map_err(|_| InvalidCursor)?;
        Ok(Self {
            received_at: Timestamp::from_microsecond(received_at).map_err(|_| InvalidCursor)?,
            sender: OrganisationNumber::parse(next()?).map_err(|_| InvalidCursor)?,
            id: next()?.parse().map_err(|_| InvalidCursor)?,
        })
    }
}

/// A message in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMessage {
    /// Its place in the list: where the next page begins.
    pub cursor: MessageCursor,
    /// Who delivered what when.
    pub summary: DeliverySummary,
    /// How far it is.
    pub state: MessageState,
}

/// One message with everything but its content.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageDetail {
    /// Who delivered what when, and how far it is.
    pub listed: ListedMessage,
    /// When the sender made it.
    pub generated_at: Timestamp,
    /// The OAuth client that sent it.
    pub client_id: String,
    /// SHA-256 of the encrypted content.
    pub content_sha256: [u8; 32],
    /// Whether the bundle is there.
    pub has_content: bool,
    /// How often it was given out at the outlet.
    pub times_lent: u32,
    /// Until when it is lent.
    pub lent_until: Option<Timestamp>,
    /// When it was acknowledged.
    pub acknowledged_at: Option<Timestamp>,
    /// The answer; `None` where it is not kept.
    pub answer: Option<Answer>,
    /// The payload of its receipt; none for messages from before receipts were kept.
    pub receipt: Option<String>,
}

/// A reporting period that messages have.
pub type Period = (Timestamp, Timestamp);

/// A note that somebody has dealt with an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertNote {
    /// Which alert: its kind and what it is about.
    pub alert: String,
    /// The time of the page by which it was closed. What happened later opens it again.
    pub closed_at: Timestamp,
    /// How many events of that page's hour it counted: one more opens it again.
    pub seen: u64,
    /// Who closed it.
    pub actor: String,
    /// Why, in their words.
    pub reason: String,
}

/// What the operator looks at. No query reads more rows than what it shows, whatever is stored.
#[async_trait]
pub trait Insight: Send + Sync {
    /// Everybody of whom a message was ever stored, by organisation number.
    async fn known_senders(&self) -> Result<Vec<OrganisationNumber>, StoreError>;

    /// The sums of these senders' days from the first one to the last one, in no order. Days without messages are left
    /// out.
    async fn day_counts(
        &self,
        senders: &[OrganisationNumber],
        days: (Date, Date),
    ) -> Result<Vec<DayCount>, StoreError>;

    /// The codes that these senders, and callers whom nobody knows, were given within `[since, before)`, in no order.
    async fn hour_codes(
        &self,
        senders: &[OrganisationNumber],
        since: Timestamp,
        before: Timestamp,
    ) -> Result<Vec<HourCodes>, StoreError>;

    /// How often codes were given from the first of these days to the last one: to these senders, and to callers whom
    /// nobody knows where `None` is among them.
    async fn code_counts(
        &self,
        senders: &[Option<OrganisationNumber>],
        days: (Date, Date),
    ) -> Result<CodeCounts, StoreError>;

    /// A page of messages, newest first.
    async fn messages(
        &self,
        filter: &MessageFilter,
        now: Timestamp,
    ) -> Result<Vec<ListedMessage>, StoreError>;

    /// One message.
    async fn message(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        now: Timestamp,
    ) -> Result<Option<MessageDetail>, StoreError>;

    /// The different reporting periods of what was taken of a sender since, earliest first.
    async fn periods(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
    ) -> Result<Vec<Period>, StoreError>;

    /// The newest note of every alert that was ever closed.
    async fn alert_notes(&self) -> Result<Vec<AlertNote>, StoreError>;

    /// Closes an alert.
    async fn close_alert(&self, note: &AlertNote) -> Result<(), StoreError>;

    /// How many messages that were handed over up to `until` match: those that [`Insight::hand_over_again`] would touch.
    async fn count_handed_over(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
        before: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Lets the outlet give out again what was acknowledged: of this sender, received within `[since, before)`,
    /// acknowledged up to `until`: what is handed over later is not what somebody has looked at. Gives their number.
    async fn hand_over_again(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
        before: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError>;
}
