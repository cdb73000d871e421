//! The sender's own SQLite: sealed messages, attempts, what the register has confirmed, what is held.
//!
//! Every step is one transaction, durable before the next one begins (WAL, `synchronous = FULL`), so the process may
//! die between any two: `recover` then finds what was under way.

mod annulments;
mod book;
mod columns;
mod desk;
#[cfg(test)]
mod failpoint;
mod held;
mod ledger;
mod receipts;
mod repair;
mod rows;
mod stored;
mod vanished;

use std::path::Path;

use jiff::Timestamp;
use lmr_fhir::Language;
use sqlx::error::DatabaseError as _;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, SqlSafeStr as _, Sqlite, SqlitePool, Transaction};

use crate::attempt::AttemptFailure;
use crate::identity::Hash;
use crate::index::Index;
use crate::meter::TransferState;
use crate::plan::{Known, Role, Statuses};
use crate::progress::{AttemptOutcome, Progress};
use crate::report::RunKind;
use crate::schedule::RetrySchedule;
use annulments::{keep_annulments, keep_released_annulments};
use book::{book, close_items, hold_all, split};
use columns::Columns;

pub use crate::progress::State;
pub(crate) use annulments::{FoundAnnulment, JournalNames, JournalledAnnulment, WhereAnnulments};
pub use desk::{Act, ActError, Discarded, JournalEntry, JournalRecord, SourceIssueRow};
pub(crate) use held::HeldCount;
use held::depend_on_clock;
pub use held::{Discard, HeldFinding, HeldRow, Origin, Released, WaitingRow};
pub use ledger::LedgerRow;
pub use receipts::ReceiptRow;
pub use repair::{Examination, Repaired, TableState, examine, repair};
pub use rows::{AttemptRow, MessageRow, Overview, RunRow, SourceCounts};
pub use stored::{Forgotten, LostAnnulment, SentResource};
pub(crate) use stored::{Sending, StoredRow};
pub use vanished::VanishedRow;

/// Why the outbox could not do its part: this installation's matter.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// SQLite or the file system said no.
    #[error("the outbox database: {}", database_text(.0))]
    Database(sqlx::Error),
    /// The file was made by a newer version of the program.
    #[error("the outbox database {}", newer_text(needed.as_deref()))]
    Newer {
        /// The version of the program that the form came with, where the file says it.
        needed: Option<String>,
    },
    /// The file was made by another version of the program.
    #[error(
        "the outbox database has an unknown form ({0}): use the version of the program that wrote it; lmr send repair says whether it is damaged"
    )]
    Form(MigrateError),
    /// SQLite's check found a fault.
    #[error(
        "the outbox database is damaged ({0}): lmr send repair says what can be kept, and keeps it with --apply"
    )]
    DamagedFile(String),
    /// A repair failed: what is left is a backup or a new file.
    #[error("the outbox database cannot be repaired ({0})")]
    Irreparable(String),
    /// A row holds what this program never writes.
    #[error(
        "the outbox database is damaged ({0}): lmr send repair says what can be kept; or use a backup"
    )]
    Damaged(&'static str),
    /// The file belongs to another installation.
    #[error(
        "the outbox database was made with another {0}: use that one, or name a new database file \
         (everything since the start date is then sent again)"
    )]
    Foreign(&'static str),
    /// A read-only copy that is not complete by itself.
    #[error(
        "the outbox database cannot be written where it is (a read-only file system, or no room left) and its last \
         changes are in the file beside it (-wal): copy the database and its -wal to a folder that can be written"
    )]
    WriteAheadLog,
    /// A test made the program fail here.
    #[cfg(test)]
    #[error("a failpoint of a test")]
    Failpoint,
}

/// What SQLite says of a database, by its result code (<https://sqlite.org/rescode.html>), with the remedy; nothing
/// for other errors.
#[must_use]
pub fn sqlite_text(
    error: &(dyn std::error::Error + 'static),
    language: Language,
) -> Option<&'static str> {
    let error = error.downcast_ref::<sqlx::Error>()?;
    // A worker of the driver ends where a name in the file's schema is no text any more.
    if matches!(
        error,
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::WorkerCrashed
    ) {
        return Some(OutboxError::damaged_text(language));
    }
    let database = error.as_database_error()?;
    let code = database.try_downcast_ref::<sqlx::sqlite::SqliteError>()?.code()?;
    // Extended codes have the primary one in their lowest byte.
    let (nb, en) = match code.parse::<i32>().ok()? & 0xff {
        // No statement of ours breaks a constraint or names what is not there.
        1 | 19 | 20 => (
            "den er ikke slik dette programmet skriver den: lmr send repair sier om den er skadet",
            "it is not as this program writes it: lmr send repair says whether it is damaged",
        ),
        5 | 6 => ("den er låst av et annet program", "another program has locked it"),
        8 => (
            "den kan bare leses: kan denne brukeren skrive i filen og i mappen, og er filsystemet skrivebeskyttet? (En kopi av filen og -wal ved siden av den, i \
             en mappe som kan skrives, kan leses.)",
            "it is read-only: can this user write in the file and in its folder, and is the file system write-protected? (A copy of the file and of the -wal beside it, \
             in a folder that can be written, can be read.)",
        ),
        10 => (
            "den kan ikke leses eller skrives: disken er full, eller den eller filsystemet har en feil",
            "it cannot be read or written: the disk is full, or it or the file system has an error",
        ),
        11 => (
            "den er skadet: lmr send repair sier hva som kan tas vare på, og gjør det med --apply",
            "it is damaged: lmr send repair says what can be kept, and keeps it with --apply",
        ),
        13 => ("disken er full", "the disk is full"),
        14 => (
            "filen kan ikke åpnes: finnes mappen, og kan denne brukeren skrive i den?",
            "the file cannot be opened: is the folder there, and can this user write in it?",
        ),
        26 => (
            "filen er ikke en SQLite-database, eller begynnelsen er skadet: bruk en sikkerhetskopi, eller en ny fil (lmr send repair sier hva som kan leses)",
            "the file is not an SQLite database, or its beginning is damaged: use a backup, or a new file (lmr send repair says what can be read)",
        ),
        _ => return None,
    };
    Some(if language == Language::Bokmal { nb } else { en })
}

fn newer_text(needed: Option<&str>) -> String {
    let this = env!("CARGO_PKG_VERSION");
    let needed = match needed {
        Some(version) => format!("lmr {version} or newer is needed"),
        None => "use the program that made it, or a newer one".to_owned(),
    };
    format!("has the form of a newer program: {needed} (this is {this}); nothing was changed")
}

fn database_text(error: &sqlx::Error) -> String {
    sqlite_text(error, Language::English).map_or_else(|| error.to_string(), str::to_owned)
}

impl OutboxError {
    /// Whether another program has locked the file, so that what it is writing must not be read past it.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        let Self::Database(error) = self else { return false };
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // SQLITE_BUSY and SQLITE_LOCKED, with their extended codes.
        matches!(
            code.and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff),
            Some(5 | 6)
        )
    }

    /// What to do about a damaged file.
    #[must_use]
    pub fn damaged_text(language: Language) -> &'static str {
        match language {
            Language::Bokmal => {
                "den er skadet: lmr send repair sier hva som kan tas vare på, og gjør det med --apply"
            }
            Language::English => {
                "it is damaged: lmr send repair says what can be kept, and keeps it with --apply"
            }
        }
    }
}

impl From<MigrateError> for OutboxError {
    /// A disk that is full while the form is changed is not an unknown form.
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                Self::Database(error)
            }
            other => Self::Form(other),
        }
    }
}

// The sentence has what the cause says, so the cause is not shown once more as a source.
impl From<sqlx::Error> for OutboxError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Resources of a message that are written by one statement: a statement for each costs more than its row.
const ITEMS_AT_ONCE: usize = 100;
/// Under this name the outbox has how far a transfer is.
const TRANSFER: &str = "transfer";
/// Under this name the outbox has from when on a source's changes are wanted.
pub(crate) const CHANGED_SINCE: &str = "changed-since";
/// Rows of the ledger that are read at once.
const PAGE: i64 = 10_000;

/// The forms of the file, oldest first.
pub(crate) fn forms() -> Migrator {
    Migrator::with_migrations(vec![
        form(1, "outbox", include_str!("../migrations/0001_outbox.sql")),
        form(2, "finished at", include_str!("../migrations/0002_finished_at.sql")),
        form(3, "source keys", include_str!("../migrations/0003_source_keys.sql")),
        form(4, "short hashes", include_str!("../migrations/0004_short_hashes.sql")),
        form(5, "receipts", include_str!("../migrations/0005_receipts.sql")),
        form(6, "desk", include_str!("../migrations/0006_desk.sql")),
        form(7, "sent item", include_str!("../migrations/0007_sent_item.sql")),
        form(8, "narrow ledger", include_str!("../migrations/0008_narrow_ledger.sql")),
        form(9, "schema program", include_str!("../migrations/0009_schema_program.sql")),
    ])
}

/// The step to a form: its number and description are those in the name of its file. Without sqlx's `migrate!`, for whose
/// procedural macro every driver would be built a second time.
fn form(version: i64, description: &'static str, sql: &'static str) -> Migration {
    Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
}

/// Whether a form is one that came after those of this program.
fn is_newer_form(version: i64) -> bool {
    forms().iter().all(|known| known.version < version)
}

/// The version of the program that a file's form came with, where it says it.
async fn needed_program(pool: &SqlitePool) -> Option<String> {
    let sql = "SELECT program FROM schema_program ORDER BY version DESC LIMIT 1";
    let row = sqlx::query(sql).fetch_optional(pool).await;
    row.ok().flatten().and_then(|row| row.read(0).ok())
}

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
}

/// Refuses a schema that is no text any more: the driver takes the types of columns from it for text, and its worker ends
/// where they are not.
async fn check_schema(connection: &mut SqliteConnection) -> std::result::Result<(), sqlx::Error> {
    let texts: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT CAST(sql AS BLOB) FROM sqlite_schema WHERE sql IS NOT NULL")
            .fetch_all(connection)
            .await?;
    match texts.iter().find_map(|text| std::str::from_utf8(text).err()) {
        Some(error) => Err(sqlx::Error::Decode(error.into())),
        None => Ok(()),
    }
}

impl Outbox {
    /// Opens the file, makes it if it is missing, and brings it to the present form.
    ///
    /// # Errors
    /// [`OutboxError`]; a file of a newer program is refused.
    pub async fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, SqliteSynchronous::Full).await
    }

    /// As [`Outbox::open`], with another durability than a real outbox has: tests in which processes die,
    /// but no machine does.
    pub(crate) async fn open_with(path: &Path, synchronous: SqliteSynchronous) -> Result<Self> {
        Self::open_as(path, synchronous, &forms()).await
    }

    /// As [`Outbox::open_with`], with some of the forms that the file has had.
    async fn open_as(
        path: &Path,
        synchronous: SqliteSynchronous,
        forms: &Migrator,
    ) -> Result<Self> {
        crate::lock::make_for_owner_of_folder(path);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .foreign_keys(true)
            .busy_timeout(std::time::Duration::from_secs(10));
        let outbox = Self::connect(options).await?;
        match forms.run(&outbox.pool).await {
            Ok(()) => Ok(outbox),
            Err(MigrateError::VersionMissing(found)) if is_newer_form(found) => {
                Err(OutboxError::Newer { needed: needed_program(&outbox.pool).await })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the file for looking only: nothing is written, also not beside it, so a read-only file
    /// system or a snapshot will do.
    ///
    /// # Errors
    /// [`OutboxError::WriteAheadLog`] when what was written last is still in the file beside it, which
    /// cannot be read without writing; [`OutboxError::Newer`] as for [`Outbox::open`].
    pub async fn open_read_only(path: &Path) -> Result<Self> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        if Path::new(&log).metadata().is_ok_and(|log| log.len() > 0) {
            return Err(OutboxError::WriteAheadLog);
        }
        let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true);
        let outbox = Self::connect(options).await?;
        let newest = sqlx::query("SELECT max(version) FROM _sqlx_migrations");
        let newest: Option<i64> = newest.fetch_one(&outbox.pool).await?.read(0)?;
        if newest.is_some_and(is_newer_form) {
            return Err(OutboxError::Newer { needed: needed_program(&outbox.pool).await });
        }
        Ok(outbox)
    }

    /// A connection as every step gets one.
    #[cfg(test)]
    pub(crate) async fn connection(&self) -> Result<sqlx::pool::PoolConnection<Sqlite>> {
        Ok(self.pool.acquire().await?)
    }

    async fn connect(options: SqliteConnectOptions) -> Result<Self> {
        // By a connection of its own: which one of the pool a statement gets is the pool's affair.
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let checked = check_schema(&mut connection).await;
        connection.close().await?;
        checked?;
        let pool = SqlitePoolOptions::new()
            .max_connections(2)
            // SQLite ends a transaction by itself when the disk is full, which the driver does not notice:
            // such a connection is good for nothing any more.
            .before_acquire(|connection, _| {
                Box::pin(async move { Ok(!connection.is_in_transaction()) })
            })
            .connect_with(options)
            .await?;
        Ok(Self {
            pool,
            #[cfg(test)]
            failpoint: failpoint::Failpoint::default(),
            #[cfg(test)]
            rows_by_name: std::sync::Arc::default(),
        })
    }

    /// Writes what is in the log beside the file into the file, and empties the log. Closing does so only where SQLite finds
    /// no other connection, which one that is just being closed is too: whoever moves the file alone must not rely on it.
    pub(crate) async fn empty_log(&self) -> Result<()> {
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.pool).await?;
        match row.read::<i64>(0)? {
            0 => Ok(()),
            _ => {
                let text = "something else has the file open: end it, and try again";
                let busy = std::io::Error::new(std::io::ErrorKind::ResourceBusy, text);
                Err(OutboxError::Database(busy.into()))
            }
        }
    }

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

    /// Takes up attempts that were running when the process ended. Returns how many.
    pub(crate) async fn recover(&self, now: Timestamp) -> Result<usize> {
        let mut step = self.begin().await?;
        let open = progresses(&mut step).await?;
        let mut found = 0;
        for (seq, progress) in open {
            if progress.state == State::Sending {
                found += 1;
                store_progress(&mut step, seq, progress.interrupted(now), now).await?;
            }
        }
        sqlx::query(
            "UPDATE attempt SET ended_at = ?1, outcome = 'interrupted', detail = ?2 \
             WHERE ended_at IS NULL",
        )
        .bind(ms(now))
        .bind(AttemptFailure::ProcessEnded.to_stored())
        .execute(&mut *step)
        .await?;
        self.commit(step).await?;
        Ok(found)
    }

    /// Begins a planned transfer: every open message gets a new round or is released.
    pub(crate) async fn new_round(&self, now: Timestamp) -> Result<()> {
        let mut step = self.begin().await?;
        for (seq, progress) in progresses(&mut step).await? {
            store_progress(&mut step, seq, progress.new_round(now), now).await?;
        }
        keep_released_annulments(&mut step, now).await?;
        self.commit(step).await
    }

    /// What is known of every resource of an index: confirmed, held, under way.
    pub(crate) async fn statuses(&self, index: &Index) -> Result<Statuses> {
        let mut statuses = Statuses::unknown(index.records.len());
        // In pages: the driver's rows take ten times the memory of what is in them.
        let mut after = Vec::new();
        loop {
            let rows = sqlx::query(
                "SELECT identity, version, annulled_at IS NOT NULL FROM stored WHERE identity > ? \
                 ORDER BY identity LIMIT ?",
            )
            .bind(&after)
            .bind(PAGE)
            .fetch_all(&self.pool)
            .await?;
            for row in &rows {
                let (identity, version) = (hash(row, 0)?, hash(row, 1)?);
                let annulled: bool = row.read(2)?;
                statuses.known += usize::from(!annulled);
                match index.position(identity) {
                    Some(at) => statuses.change(at, |status| {
                        status.stored = Known::of(version, index.version(at));
                        status.annulled = annulled;
                    }),
                    None => statuses.missing += usize::from(!annulled),
                }
            }
            match rows.last() {
                Some(last) => after = last.read(0)?,
                None => break,
            }
        }
        let held = "SELECT identity, version, discarded_at IS NOT NULL FROM held";
        for row in sqlx::query(held).fetch_all(&self.pool).await? {
            if let Some(at) = index.position(hash(&row, 0)?) {
                let (version, is_discarded): (Hash, bool) = (hash(&row, 1)?, row.read(2)?);
                statuses.change(at, |status| {
                    status.held = version == index.version(at);
                    status.discarded = status.held && is_discarded;
                });
            }
        }
        let open = "SELECT i.identity, i.version FROM message m JOIN item i ON i.seq = m.seq \
                    WHERE m.state IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped')";
        for row in sqlx::query(open).fetch_all(&self.pool).await? {
            if let Some(at) = index.position(hash(&row, 0)?) {
                let version = hash(&row, 1)?;
                statuses.change(at, |status| status.open = Known::of(version, index.version(at)));
            }
        }
        Ok(statuses)
    }

    /// Whether a resource is in a message without an answer.
    pub(crate) async fn is_open(&self, identity: Hash) -> Result<bool> {
        let open = "SELECT count(*) FROM message m JOIN item i ON i.seq = m.seq WHERE i.identity = ? AND \
                    m.state IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped')";
        let row = sqlx::query(open).bind(identity.0.as_slice()).fetch_one(&self.pool).await?;
        Ok(row.read::<i64>(0)? > 0)
    }

    /// Puts a sealed message in the outbox.
    pub(crate) async fn add(&self, message: &NewMessage<'_>, now: Timestamp) -> Result<i64> {
        let mut step = self.begin().await?;
        let progress = Progress::planned(now);
        let seq = sqlx::query(
            "INSERT INTO message (message_id, made_at, state, sealed, bytes, resource_bytes, entries, next_attempt) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(message.message_id)
        .bind(ms(now))
        .bind(progress.state.as_str())
        .bind(message.sealed)
        .bind(int(message.sealed.len()))
        .bind(int(message.resource_bytes))
        .bind(int(message.items.len()))
        .bind(progress.next_attempt.map(ms))
        .execute(&mut *step)
        .await?
        .last_insert_rowid();
        for (part, items) in message.items.chunks(ITEMS_AT_ONCE).enumerate() {
            let rows = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; items.len()].join(", ");
            let sql = format!(
                "INSERT INTO item (seq, position, identity, version, role, root, resource_type, resource_id, \
                 source_key, file, line, is_annulment) VALUES {rows}"
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for (at, item) in items.iter().enumerate() {
                query = query
                    .bind(seq)
                    .bind(int(part * ITEMS_AT_ONCE + at))
                    .bind(item.identity.0.as_slice())
                    .bind(item.version.0.as_slice())
                    .bind(role_name(item.role))
                    .bind(item.root)
                    .bind(&item.resource_type)
                    .bind(&item.resource_id)
                    .bind(&item.source_key)
                    .bind(&item.file)
                    .bind(i64::from(item.line))
                    .bind(item.is_annulment);
            }
            query.execute(&mut *step).await?;
        }
        sqlx::query("INSERT INTO sent_copy (seq, sealed) VALUES (?, ?)")
            .bind(seq)
            .bind(message.copy)
            .execute(&mut *step)
            .await?;
        self.commit(step).await?;
        Ok(seq)
    }

    /// Moves the next attempts back where the clock was: when an attempt has ended in the future, the
    /// clock was ahead then, by at least that much. Attempts are made as long after the last one as they
    /// were to be. A source that gives changes only is asked for everything once where the last complete transfer lies
    /// in the future: what has changed until then would never be asked for.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn put_clock_right(&self, now: Timestamp) -> Result<()> {
        let mark = self.changed_since().await?;
        let mark_is_ahead = mark.is_some_and(|(since, _)| since > now);
        let row = sqlx::query("SELECT max(ended_at) FROM attempt").fetch_one(&self.pool).await?;
        let ahead = row.read::<Option<i64>>(0)?.map_or(0, |last| last - ms(now));
        if ahead <= 0 && !mark_is_ahead {
            return Ok(());
        }
        let mut step = self.begin().await?;
        if mark_is_ahead {
            stored::wants_everything(&mut step).await?;
        }
        if ahead > 0 {
            for sql in [
                "UPDATE message SET next_attempt = max(?1, next_attempt - ?2) \
                 WHERE state IN ('planned', 'waiting')",
                "UPDATE attempt SET started_at = min(started_at, ?1), ended_at = min(ended_at, ?1) \
                 WHERE ended_at > ?1 AND ?2 > 0",
            ] {
                sqlx::query(sql).bind(ms(now)).bind(ahead).execute(&mut *step).await?;
            }
        }
        self.commit(step).await
    }

    /// When a message was made, by the clock of then.
    pub(crate) async fn made_at(&self, seq: i64) -> Result<Option<Timestamp>> {
        let row = sqlx::query("SELECT made_at FROM message WHERE seq = ?")
            .bind(seq)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| time(row.read(0)?)).transpose()
    }

    /// The messages that may be tried now, oldest first.
    pub(crate) async fn due(&self, now: Timestamp) -> Result<Vec<Due>> {
        let rows = sqlx::query(
            "SELECT seq, message_id FROM message \
             WHERE state IN ('planned', 'waiting') AND next_attempt <= ? ORDER BY seq",
        )
        .bind(ms(now))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok(Due { seq: row.read(0)?, message_id: row.read(1)? })).collect()
    }

    /// Notes that an attempt begins, and gives the bytes to send and how many entries they hold. `None` when the message is not due (any more).
    pub(crate) async fn start(&self, seq: i64, now: Timestamp) -> Result<Option<(Vec<u8>, usize)>> {
        let mut step = self.begin().await?;
        let progress = progress_of(&mut step, seq).await?;
        if !progress.is_due(now) {
            return Ok(None);
        }
        let row = sqlx::query("SELECT sealed, entries FROM message WHERE seq = ?")
            .bind(seq)
            .fetch_one(&mut *step)
            .await?;
        let entries = usize::try_from(row.read::<i64>(1)?).unwrap_or_default();
        let sealed = row
            .read::<Option<Vec<u8>>>(0)?
            .ok_or(OutboxError::Damaged("an open message has no content"))?;
        store_progress(&mut step, seq, progress.begun(), now).await?;
        sqlx::query("INSERT INTO attempt (seq, started_at) VALUES (?, ?)")
            .bind(seq)
            .bind(ms(now))
            .execute(&mut *step)
            .await?;
        self.commit(step).await?;
        Ok(Some((sealed, entries)))
    }

    /// Books how an attempt ended: the message, the attempt and every resource, in one step.
    pub(crate) async fn finish(
        &self,
        seq: i64,
        finished: &FinishedAttempt<'_>,
        now: Timestamp,
        schedule: &RetrySchedule,
    ) -> Result<Progress> {
        let mut step = self.begin().await?;
        let progress = progress_of(&mut step, seq).await?;
        if progress.state != State::Sending {
            return Err(OutboxError::Damaged("an attempt ended that had not begun"));
        }
        let after = progress.finished(finished.outcome, now, schedule);
        let reason = finished.failure.map(AttemptFailure::to_stored);
        sqlx::query(
            "UPDATE attempt SET ended_at = ?, outcome = ?, http_status = ?, detail = ? \
             WHERE seq = ? AND ended_at IS NULL",
        )
        .bind(ms(now))
        .bind(outcome_name(finished.outcome))
        .bind(finished.http_status)
        .bind(&reason)
        .bind(seq)
        .execute(&mut *step)
        .await?;
        match finished.outcome {
            AttemptOutcome::Answered => book(&mut step, seq, finished.items, now).await?,
            AttemptOutcome::Refused => hold_all(&mut step, seq, finished.findings, now).await?,
            AttemptOutcome::TooLarge => split(&mut step, seq, finished.findings, now).await?,
            AttemptOutcome::Never { bytes_at_fault: true } => {
                // Sealed with the same certificates, so it would be refused as well; none has been tried.
                sqlx::query(
                    "UPDATE message SET state = 'released', sealed = NULL, next_attempt = NULL, finished_at = ?1, \
                     reason = ?2 WHERE state = 'planned'",
                )
                .bind(ms(now))
                .bind(AttemptFailure::SealedLikeRefused.to_stored())
                .execute(&mut *step)
                .await?;
            }
            AttemptOutcome::Later { .. } | AttemptOutcome::Never { bytes_at_fault: false } => {}
        }
        if after.state == State::Released && *finished.outcome != AttemptOutcome::TooLarge {
            keep_annulments(&mut step, seq, None, now).await?;
        }
        keep_released_annulments(&mut step, now).await?;
        if !after.state.is_open() && *finished.outcome != AttemptOutcome::Answered {
            close_items(&mut step, seq, None).await?;
        }
        store_progress(&mut step, seq, after, now).await?;
        if reason.is_some() {
            sqlx::query("UPDATE message SET reason = ? WHERE seq = ?")
                .bind(&reason)
                .bind(seq)
                .execute(&mut *step)
                .await?;
        }
        self.commit(step).await?;
        Ok(after)
    }

    /// The way to the register is finished: everything that is due now counts as tried and not reached.
    pub(crate) async fn fail_due(
        &self,
        now: Timestamp,
        retry_after: Option<jiff::SignedDuration>,
        schedule: &RetrySchedule,
    ) -> Result<()> {
        let mut step = self.begin().await?;
        let outcome = AttemptOutcome::Later { may_have_arrived: false, retry_after };
        for (seq, progress) in progresses(&mut step).await? {
            if progress.is_due(now) {
                store_progress(
                    &mut step,
                    seq,
                    progress.begun().finished(&outcome, now, schedule),
                    now,
                )
                .await?;
            }
        }
        self.commit(step).await
    }

    /// Gives a message up that gets no answer: it is never sent again, its data goes with the next transfer.
    /// The register then has each of its resources once all the same, since an unchanged one makes no new version.
    /// False when there is no such open message.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn give_up_message(&self, message_id: &str, now: Timestamp) -> Result<bool> {
        let mut step = self.begin().await?;
        let done = sqlx::query(
            "UPDATE message SET state = 'released', sealed = NULL, next_attempt = NULL, finished_at = ?2, \
             reason = ?3 \
             WHERE message_id = ?1 AND state IN ('planned', 'waiting', 'exhausted', 'stopped')",
        )
        .bind(message_id)
        .bind(ms(now))
        .bind(AttemptFailure::GivenUp.to_stored())
        .execute(&mut *step)
        .await?;
        keep_released_annulments(&mut step, now).await?;
        self.commit(step).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets the resources of messages finished before `before`; the messages themselves stay.
    pub(crate) async fn prune(&self, before: Timestamp) -> Result<()> {
        let mut step = self.begin().await?;
        for sql in [
            "DELETE FROM item WHERE seq IN (SELECT seq FROM message WHERE finished_at < ?)",
            "DELETE FROM sent_items WHERE seq IN (SELECT seq FROM message WHERE finished_at < ?)",
        ] {
            sqlx::query(sql).bind(ms(before)).execute(&mut *step).await?;
        }
        self.commit(step).await
    }

    /// Notes that a run begins.
    pub(crate) async fn begin_run(&self, kind: RunKind, now: Timestamp) -> Result<i64> {
        let mut step = self.begin().await?;
        let number = sqlx::query("INSERT INTO run (kind, started_at) VALUES (?, ?)")
            .bind(kind.as_str())
            .bind(ms(now))
            .execute(&mut *step)
            .await?
            .last_insert_rowid();
        self.commit(step).await?;
        Ok(number)
    }

    /// Notes how far the transfer under way is.
    pub(crate) async fn note_transfer(&self, state: &TransferState) -> Result<()> {
        let text = serde_json::to_string(state)
            .map_err(|_| OutboxError::Damaged("a transfer's state cannot be written"))?;
        self.set(TRANSFER, &text).await
    }

    /// How far the transfer is that has begun and not ended. It is only shown, so one that cannot be read is none:
    /// nothing else of the overview depends on it.
    pub(crate) async fn transfer(&self) -> Result<Option<TransferState>> {
        let text = self.setting(TRANSFER).await?;
        let state = text.and_then(|text| serde_json::from_str::<TransferState>(&text).ok());
        let Some(state) = state else { return Ok(None) };
        let row = sqlx::query("SELECT ended_at IS NULL FROM run WHERE number = ?")
            .bind(state.run)
            .fetch_optional(&self.pool)
            .await?;
        let is_open: bool = row.map(|row| row.read(0)).transpose()?.unwrap_or_default();
        Ok(is_open.then_some(state))
    }

    /// Notes that a run ended, with its report as JSON.
    pub(crate) async fn end_run(&self, number: i64, report: &str, now: Timestamp) -> Result<()> {
        let mut step = self.begin().await?;
        sqlx::query("DELETE FROM setting WHERE name = ?")
            .bind(TRANSFER)
            .execute(&mut *step)
            .await?;
        sqlx::query("UPDATE run SET ended_at = ?, report = ? WHERE number = ?")
            .bind(ms(now))
            .bind(report)
            .bind(number)
            .execute(&mut *step)
            .await?;
        self.commit(step).await
    }
}

const PROGRESS: &str =
    "SELECT seq, state, round, may_have_arrived, next_attempt FROM message WHERE seq = ?";
const OPEN: &str = "SELECT seq, state, round, may_have_arrived, next_attempt FROM message \
     WHERE state IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped') ORDER BY seq";

async fn progresses(step: &mut Transaction<'static, Sqlite>) -> Result<Vec<(i64, Progress)>> {
    sqlx::query(OPEN)
        .fetch_all(&mut **step)
        .await?
        .iter()
        .map(|row| Ok((row.read(0)?, progress(row)?)))
        .collect()
}

async fn progress_of(step: &mut Transaction<'static, Sqlite>, seq: i64) -> Result<Progress> {
    progress(&sqlx::query(PROGRESS).bind(seq).fetch_one(&mut **step).await?)
}

fn progress(row: &sqlx::sqlite::SqliteRow) -> Result<Progress> {
    Ok(Progress {
        state: State::from_name(row.read(1)?).ok_or(OutboxError::Damaged("an unknown state"))?,
        round: u32::try_from(row.read::<i64>(2)?).unwrap_or(u32::MAX),
        may_have_arrived: row.read(3)?,
        next_attempt: row.read::<Option<i64>>(4)?.map(time).transpose()?,
    })
}

async fn store_progress(
    step: &mut Transaction<'static, Sqlite>,
    seq: i64,
    progress: Progress,
    now: Timestamp,
) -> Result<()> {
    sqlx::query(
        "UPDATE message SET state = ?1, round = ?2, may_have_arrived = ?3, next_attempt = ?4, \
         finished_at = CASE WHEN ?5 THEN NULL ELSE ?6 END, sealed = CASE WHEN ?5 THEN sealed END WHERE seq = ?7",
    )
    .bind(progress.state.as_str())
    .bind(i64::from(progress.round))
    .bind(progress.may_have_arrived)
    .bind(progress.next_attempt.map(ms))
    .bind(progress.state.is_open())
    .bind(ms(now))
    .bind(seq)
    .execute(&mut **step)
    .await?;
    Ok(())
}

fn outcome_name(outcome: &AttemptOutcome) -> &'static str {
    match outcome {
        AttemptOutcome::Answered => "answered",
        AttemptOutcome::Later { may_have_arrived: true, .. } => "no-answer",
        AttemptOutcome::Later { .. } => "not-reached",
        AttemptOutcome::Never { bytes_at_fault: true } => "message-refused",
        AttemptOutcome::Never { .. } => "access-refused",
        AttemptOutcome::Refused => "content-refused",
        AttemptOutcome::TooLarge => "too-large",
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::New => "new",
        Role::Changed => "changed",
        Role::Dependency => "dependency",
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
