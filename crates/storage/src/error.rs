//! Why a database cannot be used, and which of its errors pass by themselves.

use crate::key::KeyFileError;
use lmr_intake::{Removed, StoreError, message_name};
use sqlx::migrate::MigrateError;
use std::io::ErrorKind;
use thiserror::Error;

/// Why a database cannot be used. The fault is the installation's.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Not reachable, not writable, not a database.
    #[error("the database cannot be opened")]
    Unavailable(#[source] sqlx::Error),
    /// The file holds what no program wrote there.
    #[error("the database is damaged: restore it from its backup (docs/operations.md)")]
    Damaged(#[source] sqlx::Error),
    /// A pooler hands every transaction to another session (PgBouncer's `pool_mode = transaction`).
    #[error(
        "a pooler between here and the database gives each transaction another session, which loses prepared \
         statements and settings: set pool_mode = session"
    )]
    TransactionPooling(#[source] sqlx::Error),
    /// A schema from a newer program, which this one would not understand.
    #[error("{}", newer_text(needed.as_deref()))]
    NewerSchema {
        /// The version of the program that the schema came with, where the database says it.
        needed: Option<String>,
    },
    /// A foreign schema: this program would not understand what it finds.
    #[error(
        "the database has a schema this program does not know: {0}. Either it is not a receiver's (a sender's database is \
         another one; does the configuration name the right one?), or another program has made it: use that, or a newer one"
    )]
    UnknownSchema(#[source] MigrateError),
    /// A migration could not be carried through.
    #[error("the database could not be brought to this program's schema")]
    Migration(#[source] MigrateError),
    /// There is no database, or it has nothing in it, and none is to be made.
    #[error(
        "the database is not there, or has nothing in it yet: a start of the receiver makes it (lmr serve). Does the \
         configuration name the right one?"
    )]
    NotBegun,
    /// A schema from an earlier program, which is not to be changed.
    #[error(
        "the database has the schema of an earlier program: a start of the receiver brings it to this one's (lmr serve, or \
         lmr serve --check); back it up before"
    )]
    OlderSchema,
    /// The log beside the file belongs to another file: what is in it would be mixed into this one.
    #[error(
        "the log beside the database (-wal) belongs to another file, as when a copy was put in its place: stop the receiver, move \
         -wal and -shm away and keep them (they have what the other file took last), and start again; or put the other file back \
         (docs/operations.md, Restore)"
    )]
    LogOfAnother,
    /// The key is not the one the database was made with.
    #[error(
        "the key does not belong to this database: use the one that the database was begun with (take it from its copy), or \
         the database that goes with the key. Without it what is stored cannot be read"
    )]
    WrongKey,
    /// The database has identities in it, and was to be used with identities kept apart.
    #[error(
        "the database was begun without [identities] and has identities in it: begin a new one, or leave [identities] out"
    )]
    BegunTogether,
    /// The database was begun with identities kept apart, and was to be used alone.
    #[error(
        "the database keeps identities apart: [identities] with their database and key is needed"
    )]
    BegunApart,
    /// Of the two databases and keys of identities kept apart, one belongs to others.
    #[error("the database, the database of [identities] and their two keys do not belong together")]
    NotATwin,
    /// The database of the identities is empty, and the other one is not.
    #[error(
        "the database of [identities] is empty, and the database has messages already: restore it from its backup"
    )]
    IdentitiesMissing,
    /// The key file is unusable.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The cryptographic library gave no randomness.
    #[error("no random bytes for the database's key check")]
    Randomness,
}

fn newer_text(needed: Option<&str>) -> String {
    let this = env!("CARGO_PKG_VERSION");
    let needed = match needed {
        Some(version) => format!("lmr {version} or newer is needed"),
        None => "use the program that made it, or a newer one".to_owned(),
    };
    format!(
        "the database has the schema of a newer program: {needed} (this is {this}); nothing was changed"
    )
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        if lost_its_statements(&error) {
            return Self::TransactionPooling(error);
        }
        if is_damage(&error) {
            return Self::Damaged(error);
        }
        Self::Unavailable(error)
    }
}

impl From<MigrateError> for OpenError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) if lost_its_statements(&error) => {
                Self::TransactionPooling(error)
            }
            MigrateError::Execute(error) if is_damage(&error) => Self::Damaged(error),
            MigrateError::VersionMissing(_)
            | MigrateError::VersionMismatch(_)
            | MigrateError::VersionNotPresent(_)
            | MigrateError::VersionTooNew(..)
            | MigrateError::VersionTooOld(..)
            | MigrateError::Dirty(_) => Self::UnknownSchema(error),
            other => Self::Migration(other),
        }
    }
}

/// Whether an error of the database says that its file is damaged.
#[must_use]
pub fn is_damaged(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<sqlx::Error>().is_some_and(is_damage)
}

/// Whether an error of the database passes by itself: nobody answers, the server starts or stops, there are too many
/// sessions, somebody has a lock. Tried again later, the same may succeed; a file that is missing (`sslrootcert`), or that
/// nobody may read or write, somebody must put right.
#[must_use]
pub fn is_passing(error: &(dyn std::error::Error + 'static)) -> bool {
    match error.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Io(error)) => !is_lasting(error.kind()),
        Some(sqlx::Error::PoolTimedOut) => true,
        Some(sqlx::Error::Database(error)) => {
            if let Some(code) = primary_code(error.as_ref()) {
                // SQLITE_BUSY, SQLITE_LOCKED.
                return matches!(code, 5 | 6);
            }
            let code = error.code().unwrap_or_default();
            // read_only_sql_transaction (another server takes over), lock_not_available; connection exceptions,
            // operator intervention, insufficient resources, transaction rollback.
            code == "25006"
                || code == "55P03"
                || ["08", "57P", "53", "40"].iter().any(|class| code.starts_with(class))
        }
        _ => false,
    }
}

/// What stays until somebody changes a file, a right or the configuration. Everything else passes: a name that is not
/// resolved, an address that nothing answers at, a connection that breaks.
fn is_lasting(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::AlreadyExists
            | ErrorKind::InvalidData
            | ErrorKind::InvalidInput
            | ErrorKind::InvalidFilename
            | ErrorKind::IsADirectory
            | ErrorKind::NotADirectory
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::FileTooLarge
            | ErrorKind::Unsupported
    )
}

/// Whether SQLite found a damaged file (<https://sqlite.org/rescode.html>: SQLITE_CORRUPT), or the driver
/// could not read what is in it.
fn is_damage(error: &sqlx::Error) -> bool {
    if matches!(
        error,
        sqlx::Error::WorkerCrashed | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }
    ) {
        return true;
    }
    error.as_database_error().and_then(primary_code) == Some(11)
}

/// SQLite's result code of an error (<https://sqlite.org/rescode.html>), the primary one; `None` for errors of another
/// kind, or of another database.
#[must_use]
pub fn sqlite_code(error: &(dyn std::error::Error + 'static)) -> Option<i32> {
    error.downcast_ref::<sqlx::Error>()?.as_database_error().and_then(primary_code)
}

/// The code of an error that a PostgreSQL server gave (<https://www.postgresql.org/docs/current/errcodes-appendix.html>), and
/// the server's own words; `None` for errors of another kind, or of another database.
#[must_use]
pub fn server_code<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<(&'e str, &'e str)> {
    let error = error.downcast_ref::<sqlx::Error>()?.as_database_error()?;
    let error = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>()?;
    Some((error.code(), error.message()))
}

/// Extended codes have the primary one in their lowest byte.
fn primary_code(error: &dyn sqlx::error::DatabaseError) -> Option<i32> {
    let error = error.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
    let code = sqlx::error::DatabaseError::code(error)?;
    code.parse::<i32>().ok().map(|code| code & 0xff)
}

/// What came between here and the server of a database, as its driver wraps it.
#[must_use]
pub fn broken_session<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e std::io::Error> {
    match error.downcast_ref()? {
        sqlx::Error::Io(error) => Some(error),
        _ => None,
    }
}

/// Whether a database gave no session in time.
#[must_use]
pub fn gave_no_session(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(sqlx::Error::PoolTimedOut))
}

/// Whether a prepared statement of this session is gone, or one of another session is there: then the session is not
/// the same one from transaction to transaction. PostgreSQL: invalid_sql_statement_name, duplicate_prepared_statement.
fn lost_its_statements(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == "26000" || code == "42P05")
}

pub(crate) fn unavailable(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// Whether two writers waited for each other and this one was stopped so that the other could go on.
pub(crate) fn was_overtaken(error: &StoreError) -> bool {
    let database = session_error(error).and_then(sqlx::Error::as_database_error);
    // PostgreSQL: deadlock_detected, serialization_failure.
    database
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == "40P01" || code == "40001")
}

/// The driver's error behind a store's.
pub(crate) fn session_error(error: &StoreError) -> Option<&sqlx::Error> {
    match error {
        StoreError::Unavailable(source) => source.downcast_ref(),
        _ => None,
    }
}

/// What a removal that may have ended before its end has removed. Some of it is committed then and goes into the audit
/// log; the rest is tried again an hour later.
pub(crate) fn what_was_removed(
    removed: Removed,
    ended: Result<(), StoreError>,
) -> Result<Removed, StoreError> {
    match ended {
        Err(error) if removed == Removed::default() => Err(error),
        Err(error) => {
            tracing::error!(error = chain(&error), "not all that is old enough could be removed");
            Ok(removed)
        }
        Ok(()) => Ok(removed),
    }
}

/// Refused calls that could not be kept, and why the first of them could not.
#[derive(Default)]
pub(crate) struct LostCalls {
    calls: usize,
    first: Option<StoreError>,
}

impl LostCalls {
    pub(crate) fn add(&mut self, calls: usize, error: StoreError) {
        self.calls += calls;
        self.first.get_or_insert(error);
    }

    /// Adds those of a database that has said why in the log.
    pub(crate) fn add_named(&mut self, calls: usize) {
        self.calls += calls;
    }

    /// How many of all were lost where others were kept, which the log gets the cause of; the cause where none was kept.
    pub(crate) fn end(self, all: usize) -> Result<usize, StoreError> {
        match self.first {
            None => Ok(self.calls),
            Some(error) if self.calls == all => Err(error),
            Some(error) => {
                let (error, calls) = (chain(&error), self.calls);
                tracing::error!(error, calls, "some refused calls could not be kept");
                Ok(calls)
            }
        }
    }
}

/// An error with its causes, for the log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Names a message that cannot be handed over, each time it would be lent: nothing else does.
pub(crate) fn report_unreadable(sender: &str, message_id: &str, what: &str) {
    tracing::error!(
        avsender.org = sender,
        message.id = &*message_name(message_id),
        what,
        "a message that waits cannot be read, and is not handed over"
    );
}

/// For tests: an error of a database with a code, as a driver gives it.
#[cfg(test)]
pub(crate) mod coded {
    use sqlx::error::{DatabaseError, ErrorKind};
    use std::{borrow::Cow, error::Error, fmt};

    #[derive(Debug)]
    struct Coded(&'static str);

    impl fmt::Display for Coded {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an error")
        }
    }

    impl Error for Coded {}

    impl DatabaseError for Coded {
        fn message(&self) -> &str {
            "an error"
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            (!self.0.is_empty()).then_some(Cow::Borrowed(self.0))
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    /// Without a code where that is empty.
    pub(crate) fn error(code: &'static str) -> sqlx::Error {
        sqlx::Error::Database(Box::new(Coded(code)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pooler_that_changes_sessions_is_known_by_the_statements_that_are_gone() {
        for (code, is_pooler) in
            [("26000", true), ("42P05", true), ("42P01", false), ("40001", false), ("", false)]
        {
            let opened = OpenError::from(coded::error(code));
            assert_eq!(matches!(opened, OpenError::TransactionPooling(_)), is_pooler, "{code}");
            assert_eq!(matches!(opened, OpenError::Unavailable(_)), !is_pooler, "{code}");
            let migrated = OpenError::from(MigrateError::Execute(coded::error(code)));
            assert_eq!(matches!(migrated, OpenError::TransactionPooling(_)), is_pooler, "{code}");
            assert_eq!(matches!(migrated, OpenError::Migration(_)), !is_pooler, "{code}");
        }
        for newer in [
            MigrateError::VersionMissing(1),
            MigrateError::VersionMismatch(1),
            MigrateError::Dirty(1),
        ] {
            assert!(matches!(OpenError::from(newer), OpenError::UnknownSchema(_)));
        }
    }

    #[test]
    fn what_a_server_recovers_from_passes_and_what_it_refuses_does_not() {
        for (code, passes) in [
            ("57P03", true),
            ("57P01", true),
            ("53300", true),
            ("08006", true),
            ("25006", true),
            ("55P03", true),
            ("40001", true),
            ("28P01", false),
            ("3D000", false),
            ("42501", false),
            ("42P01", false),
            ("", false),
        ] {
            assert_eq!(is_passing(&coded::error(code)), passes, "{code}");
        }
        let refused = std::io::Error::from(ErrorKind::ConnectionRefused);
        assert!(is_passing(&sqlx::Error::Io(refused)));
        for (kind, passes) in [
            (ErrorKind::ConnectionReset, true),
            (ErrorKind::ConnectionAborted, true),
            (ErrorKind::BrokenPipe, true),
            (ErrorKind::NotConnected, true),
            (ErrorKind::UnexpectedEof, true),
            (ErrorKind::TimedOut, true),
            (ErrorKind::WouldBlock, true),
            (ErrorKind::Interrupted, true),
            (ErrorKind::HostUnreachable, true),
            (ErrorKind::NetworkUnreachable, true),
            (ErrorKind::NetworkDown, true),
            (ErrorKind::AddrNotAvailable, true),
            (ErrorKind::StorageFull, true),
            // As of a name that is not resolved.
            (ErrorKind::Other, true),
            (ErrorKind::NotFound, false),
            (ErrorKind::PermissionDenied, false),
            (ErrorKind::AlreadyExists, false),
            (ErrorKind::InvalidData, false),
            (ErrorKind::InvalidInput, false),
            (ErrorKind::InvalidFilename, false),
            (ErrorKind::IsADirectory, false),
            (ErrorKind::NotADirectory, false),
            (ErrorKind::ReadOnlyFilesystem, false),
            (ErrorKind::FileTooLarge, false),
            (ErrorKind::Unsupported, false),
        ] {
            assert_eq!(is_passing(&sqlx::Error::Io(kind.into())), passes, "{kind}");
        }
        assert!(is_passing(&sqlx::Error::PoolTimedOut));
        assert!(!is_passing(&sqlx::Error::Tls("an unknown authority".into())));
        assert!(!is_passing(&OpenError::WrongKey));
    }

    #[test]
    fn only_a_writer_that_was_stopped_for_another_one_was_overtaken() {
        for (code, overtaken) in
            [("40P01", true), ("40001", true), ("40003", false), ("23505", false), ("", false)]
        {
            assert_eq!(was_overtaken(&unavailable(coded::error(code))), overtaken, "{code}");
        }
        assert!(!was_overtaken(&unavailable(sqlx::Error::PoolTimedOut)));
        assert!(!was_overtaken(&StoreError::Closing));
        assert!(!was_overtaken(&StoreError::Unavailable("40001".into())));
        assert!(session_error(&StoreError::Damaged { what: "x" }).is_none());
    }

    #[test]
    fn what_was_removed_before_a_failure_counts_and_a_failure_alone_is_one() {
        let some = Removed { versions: 1, ..Removed::default() };
        let none = Removed::default();
        assert_eq!(what_was_removed(some, Ok(())).unwrap(), some);
        assert_eq!(what_was_removed(none, Ok(())).unwrap(), none);
        assert_eq!(what_was_removed(some, Err(StoreError::Closing)).unwrap(), some);
        assert!(what_was_removed(none, Err(StoreError::Closing)).is_err());
    }

    #[test]
    fn lost_calls_are_counted_where_others_were_kept_and_an_error_where_none_was() {
        let lost = |failures: &[usize]| {
            let mut lost = LostCalls::default();
            failures.iter().for_each(|calls| lost.add(*calls, StoreError::Closing));
            lost
        };
        assert_eq!(lost(&[]).end(0).unwrap(), 0);
        assert_eq!(lost(&[]).end(4).unwrap(), 0);
        assert_eq!(lost(&[2, 3]).end(6).unwrap(), 5);
        assert!(matches!(lost(&[2, 3]).end(5), Err(StoreError::Closing)));
    }

    #[test]
    fn a_chain_has_every_cause_once_in_order() {
        let error = unavailable(sqlx::Error::Io(std::io::Error::other("the disk is gone")));
        let text = chain(&error);
        assert!(text.starts_with("the database is not available: "), "{text}");
        assert!(text.ends_with("the disk is gone"), "{text}");
    }
}
