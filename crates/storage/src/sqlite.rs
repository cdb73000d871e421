//! SQLite: the embedded default. Write-ahead log, every commit synced to the disk.

#[path = "backend.rs"]
mod backend;
#[path = "tables.rs"]
mod tables;
#[path = "writer.rs"]
mod writer;

use crate::error::OpenError;
use crate::key::StorageKey;
use backend::Inner;
use sqlx::{
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{path::Path, sync::Arc, time::Duration};

type Db = sqlx::Sqlite;
type Name = SqliteStore;
/// Takes the write lock at once: a read that turns into a write could find it taken.
const BEGIN: &str = "BEGIN IMMEDIATE";
/// Options for writes that may be lost with the power: losing a used proof opens a window of a minute to
/// whoever holds it, and waiting for the disk would cost every call as much as its message does.
fn quick(options: &SqliteConnectOptions) -> SqliteConnectOptions {
    options.clone().synchronous(SqliteSynchronous::Normal)
}

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
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let reading = options.clone().pragma("query_only", "on");
        Ok(Self(Inner::open(options, reading, key).await?))
    }

    /// Takes no more messages, commits those that wait and closes the file.
    pub async fn close(&self) {
        self.0.close().await;
    }
}
