//! The sender's own SQLite: sealed messages, attempts, what the register has confirmed, what is held.
//!
//! Every step is one transaction, durable before the next one begins (WAL, `synchronous = FULL`), so the process may
//! die between any two: `recover` then finds what was under way.

mod annulments;
mod book;
mod columns;
mod daemon;
mod desk;
mod error;
#[cfg(test)]
mod failpoint;
mod forms;
mod held;
mod ledger;
mod messages;
mod opening;
mod receipts;
mod repair;
mod rows;
mod runs;
mod statuses;
mod stored;
mod vanished;

use jiff::Timestamp;
use sqlx::{Sqlite, SqlitePool, Transaction};

use crate::attempt::AttemptFailure;
use crate::identity::Hash;
use crate::plan::Role;
use crate::progress::AttemptOutcome;
use columns::Columns;

pub use crate::progress::State;
pub(crate) use annulments::{FoundAnnulment, JournalNames, JournalledAnnulment, WhereAnnulments};
pub use daemon::{DaemonFailure, Reread};
pub use desk::{Act, ActError, Discarded, JournalEntry, JournalRecord, SourceIssueRow};
use error::database_text;
pub use error::{OutboxError, form_text, sqlite_text};
pub(crate) use forms::forms;
use forms::{check_texts, is_newer_form, needed_program};
pub(crate) use held::HeldCount;
use held::depend_on_clock;
pub use held::{Discard, HeldFinding, HeldRow, Origin, Released, WaitingRow};
pub use ledger::LedgerRow;
pub(crate) use messages::not_stored_without_a_reason;
pub(crate) use receipts::CountingReceipt;
pub use receipts::ReceiptRow;
pub use repair::{Examination, Repaired, TableState, examine, repair};
pub use rows::{AttemptRow, MessageRow, Overview, RunRow, SourceCounts};
pub use stored::{Forgotten, LostAnnulment, SentResource};
pub(crate) use stored::{Sending, StoredRow};
pub use vanished::{Replacement, VanishedRow};
pub(crate) use vanished::{VanishedCount, VanishedSearch};

/// Under this name the outbox has from when on a source's changes are wanted.
pub(crate) const CHANGED_SINCE: &str = "changed-since";
/// Rows of the ledger that are read at once.
const PAGE: i64 = 10_000;

type Result<T> = std::result::Result<T, OutboxError>;

/// A resource as a message carries it, or as it is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) identity: Hash,
    pub(crate) version: Hash,
    pub(crate) role: Role,
    /// The message was made for it; else it came along.
    pub(crate) root: bool,
    /// The message annuls it.
    pub(crate) is_annulment: bool,
    pub(crate) resource_type: String,
    pub(crate) resource_id: Option<String>,
    pub(crate) source_key: Option<String>,
    /// The space in which its id always names this resource: [`Source::id_space`](crate::source::Source::id_space).
    pub(crate) id_space: Option<String>,
    pub(crate) file: String,
    pub(crate) line: u32,
}

/// A message to be put in the outbox.
pub(crate) struct NewMessage<'m> {
    pub(crate) message_id: &'m str,
    pub(crate) sealed: &'m [u8],
    /// The bundle, encrypted with a key of the hospital's own.
    pub(crate) copy: &'m [u8],
    /// Bytes of the resources as they are in the source: what bundles are measured by.
    pub(crate) resource_bytes: usize,
    pub(crate) items: &'m [Item],
}

/// A message that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) seq: i64,
    pub(crate) message_id: String,
}

/// The answer for one resource of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ItemOutcome {
    /// The register has this version.
    Stored,
    /// It has, and had it before.
    Unchanged,
    /// It breaks a rule.
    Refused(Vec<HeldFinding>),
    /// Nothing wrong with it, but not stored because of another one.
    NotStored,
    /// Nothing wrong with it, but the register could not check or store it.
    Failed,
}

impl ItemOutcome {
    /// Whether nothing is wrong with the resource but that it lies ahead by the register's clock.
    pub(crate) fn is_not_yet(&self) -> bool {
        matches!(self, Self::Refused(findings) if depend_on_clock(findings))
    }

    /// Its number in the outbox.
    fn number(&self) -> u8 {
        match self {
            Self::Stored => 1,
            Self::Unchanged => 2,
            Self::Refused(_) => 3,
            Self::NotStored => 4,
            Self::Failed => 5,
        }
    }
}

/// How an attempt ended, with what is to be booked.
pub(crate) struct FinishedAttempt<'c> {
    pub(crate) outcome: &'c AttemptOutcome,
    /// For [`AttemptOutcome::Answered`] one per item, in order; else empty.
    pub(crate) items: &'c [ItemOutcome],
    /// For [`AttemptOutcome::Refused`]: what is wrong with the message.
    pub(crate) findings: &'c [HeldFinding],
    pub(crate) http_status: Option<u16>,
    /// Why the message was not delivered.
    pub(crate) failure: Option<&'c AttemptFailure>,
    /// Whether the answer's receipt does not hold, and a person must look.
    pub(crate) has_doubtful_receipt: bool,
}

/// The outbox, open.
#[derive(Debug, Clone)]
pub struct Outbox {
    pool: SqlitePool,
    #[cfg(test)]
    failpoint: failpoint::Failpoint,
    /// Rows of the ledger that were read to find records by their names.
    #[cfg(test)]
    pub(crate) rows_by_name: std::sync::Arc<std::sync::atomic::AtomicUsize>,
    /// What SQLite has done, in hundreds of its instructions.
    #[cfg(test)]
    pub(crate) work: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

impl Outbox {
    /// Closes the file cleanly.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// One step: a transaction that is there whole or not at all.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>> {
        #[cfg(test)]
        self.failpoint.pass()?;
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    async fn commit(&self, step: Transaction<'static, Sqlite>) -> Result<()> {
        step.commit().await?;
        #[cfg(test)]
        self.failpoint.pass()?;
        Ok(())
    }

    /// Has SQLite check that the pages hold together.
    pub(crate) async fn check_pages(&self) -> Result<()> {
        repair::quick_check(&mut self.pool.acquire().await?).await
    }

    /// A value kept under a name.
    pub(crate) async fn setting(&self, name: &str) -> Result<Option<String>> {
        let row = sqlx::query("SELECT value FROM setting WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        // The text of a damaged page need not be text.
        row.map(|row| row.read(0)).transpose()
    }

    pub(crate) async fn set(&self, name: &str, value: &str) -> Result<()> {
        let mut step = self.begin().await?;
        sqlx::query(
            "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
        )
        .bind(name)
        .bind(value)
        .execute(&mut *step)
        .await?;
        self.commit(step).await
    }
}

fn hash(row: &sqlx::sqlite::SqliteRow, column: usize) -> Result<Hash> {
    Hash::from_slice(row.read(column)?).ok_or(OutboxError::Damaged("a hash of the wrong length"))
}

fn ms(time: Timestamp) -> i64 {
    time.as_millisecond()
}

fn time(ms: i64) -> Result<Timestamp> {
    Timestamp::from_millisecond(ms).map_err(|_| OutboxError::Damaged("a time out of range"))
}

fn int(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
