//! SQLite: the embedded default. Write-ahead log, every commit synced to the disk.

#[path = "archive.rs"]
mod archive;
#[path = "audit.rs"]
mod audit;
#[path = "backend.rs"]
mod backend;
#[path = "outlet.rs"]
mod outlet;
#[path = "no_partitions.rs"]
mod partitions;
#[path = "senders.rs"]
mod senders;
#[path = "tables.rs"]
mod tables;
#[path = "writer.rs"]
mod writer;

use crate::error::OpenError;
use crate::key::StorageKey;
use backend::Inner;
use sqlx::{
    SqliteConnection,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{path::Path, sync::Arc, time::Duration};

type Db = sqlx::Sqlite;
type Name = SqliteStore;
/// Takes the write lock at once: a read that turns into a write could find it taken.
const BEGIN: &str = "BEGIN IMMEDIATE";
/// Writes a copy of one moment to a new file.
const BACKUP: Option<&str> = Some("VACUUM INTO $1");
/// Passes over rows that another session is about to change; here there is one that writes at a time.
const SKIP_LOCKED: &str = "";
/// Reads of one transaction see one state.
const SNAPSHOT: &str = "BEGIN";
/// The settings of a session that only reads, and of one that writes.
const READING: &[&str] = &["PRAGMA query_only = on"];
const WRITING: &[&str] = &[];
/// For writes that may be lost with the power: losing a used proof opens a window of a minute to whoever holds it,
/// and waiting for the disk would cost every call as much as its message does.
const QUICK: &[&str] = &["PRAGMA synchronous = NORMAL"];
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// A store in one SQLite file. Clones share it.
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

impl SqliteStore {
    /// Opens the file, makes it if it is not there, and brings it to this program's schema. A schema from
    /// a newer program and a key of another database are refused.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(file: &Path, key: StorageKey) -> Result<Self, OpenError> {
        Ok(Self(Inner::open(options(file), key).await?))
    }

    /// Takes no more messages, commits those that wait and closes the file.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
}

/// Whether a session stays the same one: always.
async fn keeps_statements(
    _: &mut SqliteConnection,
    _: &SqliteConnectOptions,
) -> Result<(), sqlx::Error> {
    Ok(())
}

/// Whether an error may be the session's and not the database's. A file has no sessions that die.
fn is_of_session(_: &sqlx::Error) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{Connection as _, query_scalar};

    #[tokio::test]
    async fn the_writing_session_syncs_every_commit_to_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = backend::writing(&options(&folder.path().join("x.db"))).await.unwrap();
        let mut ask = async |pragma: &'static str| -> String {
            query_scalar::<_, String>(pragma).fetch_one(&mut session).await.unwrap()
        };
        assert_eq!(ask("SELECT journal_mode FROM pragma_journal_mode").await, "wal");
        // 2 is FULL: the log is synced after each commit.
        assert_eq!(ask("SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous").await, "2");
        session.close().await.unwrap();
    }
}
