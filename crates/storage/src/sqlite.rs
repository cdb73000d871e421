//! SQLite: the embedded default. Write-ahead log, every commit synced to the disk.

#[path = "tables.rs"]
mod tables;
#[path = "writer.rs"]
mod writer;

use crate::{OpenError, StorageKey, error::unavailable, key::salt, prepared::Prepared};
use async_trait::async_trait;
use lmr_intake::{
    Avsender, Committed, Current, Delivery, DeliveryFilter, DeliverySummary, Identity, OrganisationNumber,
    Store, StoreError, StoredVersion,
};
use sqlx::{
    Connection as _, SqliteConnection, SqlitePool,
    migrate::Migrator,
    query, query_as,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::task::spawn_blocking;
use writer::Writer;

type Db = sqlx::Sqlite;
/// Takes the write lock at once: a read that turns into a write could find it taken.
const BEGIN: &str = "BEGIN IMMEDIATE";
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// A store in one SQLite file. Clones share it.
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

struct Inner {
    key: Arc<StorageKey>,
    writer: Writer,
    readers: SqlitePool,
    options: SqliteConnectOptions,
}

impl SqliteStore {
    /// Opens the file, makes it if it is not there, and brings it to this program's schema. A schema from
    /// a newer program and a key of another database are refused.
    pub async fn open(file: &Path, key: StorageKey) -> Result<Self, OpenError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let mut connection = SqliteConnection::connect_with(&options).await?;
        MIGRATIONS.run_direct(None, &mut connection, false).await?;
        check_key(&mut connection, &key).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.clone().pragma("query_only", "on"))
            .await?;
        let key = Arc::new(key);
        let writer = Writer::start(connection, Arc::clone(&key));
        Ok(Self(Arc::new(Inner { key, writer, readers, options })))
    }

    /// Takes no more messages, commits those that wait and closes the file.
    pub async fn close(&self) {
        self.0.writer.close().await;
        self.0.readers.close().await;
    }

    async fn reader(&self) -> Result<sqlx::pool::PoolConnection<Db>, StoreError> {
        self.0.readers.acquire().await.map_err(unavailable)
    }

    /// A connection for the seldom writes beside messages; SQLite lets it wait for the writer.
    async fn administrator(&self) -> Result<SqliteConnection, StoreError> {
        SqliteConnection::connect_with(&self.0.options).await.map_err(unavailable)
    }
}

/// Seals a word with the database's key the first time, opens it every other time.
async fn check_key(connection: &mut SqliteConnection, key: &StorageKey) -> Result<(), OpenError> {
    const COLUMN: &str = "key_check.check_sealed";
    let salt = salt().map_err(|_| OpenError::Randomness)?;
    let sealed = key.columns(&salt).seal(COLUMN, &[], b"lmr").map_err(|_| OpenError::Randomness)?;
    query("INSERT INTO key_check (id, salt, check_sealed) VALUES (1, $1, $2) ON CONFLICT DO NOTHING")
        .bind(salt)
        .bind(sealed)
        .execute(&mut *connection)
        .await?;
    let (salt, sealed): (Vec<u8>, Vec<u8>) =
        query_as("SELECT salt, check_sealed FROM key_check").fetch_one(connection).await?;
    key.columns(&salt).open(COLUMN, &[], sealed).map(|_| ()).map_err(|_| OpenError::WrongKey)
}

#[async_trait]
impl Store for SqliteStore {
    async fn ready(&self) -> Result<(), StoreError> {
        let mut db = self.reader().await?;
        query("SELECT 1 FROM key_check").execute(&mut *db).await.map_err(unavailable)?;
        Ok(())
    }

    async fn avsendere(&self) -> Result<Vec<Avsender>, StoreError> {
        tables::avsendere(&mut *self.reader().await?).await
    }

    async fn save_avsender(&self, avsender: &Avsender) -> Result<(), StoreError> {
        let mut db = self.administrator().await?;
        writer::in_transaction(&mut db, async |db| tables::save_avsender(db, avsender).await).await?;
        db.close().await.map_err(unavailable)
    }

    async fn remove_avsender(&self, organisation: OrganisationNumber) -> Result<bool, StoreError> {
        let mut db = self.administrator().await?;
        let removed =
            writer::in_transaction(&mut db, async |db| tables::remove_avsender(db, organisation).await)
                .await?;
        db.close().await.map_err(unavailable)?;
        Ok(removed)
    }

    async fn seen(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        content_sha256: &[u8; 32],
    ) -> Result<Option<Committed>, StoreError> {
        tables::seen(&mut *self.reader().await?, &self.0.key, sender, message_id, content_sha256).await
    }

    async fn bundle_identifier_seen(
        &self,
        sender: OrganisationNumber,
        bundle_identifier: &str,
    ) -> Result<bool, StoreError> {
        tables::bundle_identifier_seen(&mut *self.reader().await?, &self.0.key, sender, bundle_identifier)
            .await
    }

    async fn current(
        &self,
        sender: OrganisationNumber,
        identities: &[Identity],
    ) -> Result<Vec<Option<Current>>, StoreError> {
        tables::current(&mut *self.reader().await?, &self.0.key, sender, identities).await
    }

    async fn commit(&self, delivery: Delivery) -> Result<Committed, StoreError> {
        // Encrypting a large message takes a while; the runtime's threads have other work.
        let prepared = if delivery.versions.len() > 100 {
            let key = Arc::clone(&self.0.key);
            let prepared = spawn_blocking(move || Prepared::new(&key, delivery)).await;
            prepared.map_err(|panic| StoreError::Unavailable(Box::new(panic)))??
        } else {
            Prepared::new(&self.0.key, delivery)?
        };
        self.0.writer.commit(prepared).await
    }

    async fn history(&self, kind: &str, resource_id: &str) -> Result<Vec<StoredVersion>, StoreError> {
        tables::history(&mut *self.reader().await?, &self.0.key, kind, resource_id).await
    }

    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliverySummary>, StoreError> {
        tables::deliveries(&mut *self.reader().await?, filter).await
    }
}
