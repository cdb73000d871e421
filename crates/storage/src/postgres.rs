//! PostgreSQL: for several receivers behind a load balancer. The same tables and the same code as on SQLite.

// Compiled once per database on purpose: the types of rows and connections differ, the text does not.
#![allow(clippy::duplicate_mod, reason = "see above")]

#[path = "backend.rs"]
mod backend;
#[path = "tables.rs"]
mod tables;
#[path = "writer.rs"]
mod writer;

use crate::{OpenError, StorageKey};
use backend::Inner;
use sqlx::{migrate::Migrator, postgres::PgConnectOptions};
use std::sync::Arc;

type Db = sqlx::Postgres;
type Name = PostgresStore;
/// Read committed is enough: what must not happen twice is held by unique keys and checked versions.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// A store in a PostgreSQL database. Clones share it; other processes may use the same database.
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

impl PostgresStore {
    /// Connects to `postgres://…` and brings the database to this program's schema. A schema from a newer
    /// program and a key of another database are refused. The connection is not encrypted: put the database on
    /// the same machine or behind a tunnel.
    pub async fn open(url: &str, key: StorageKey) -> Result<Self, OpenError> {
        // The server must not confirm a commit before it is on its disk.
        let options = url.parse::<PgConnectOptions>()?.options([("synchronous_commit", "on")]);
        let reading = options.clone().options([("default_transaction_read_only", "on")]);
        Ok(Self(Inner::open(options, reading, key).await?))
    }

    /// Takes no more messages, commits those that wait and closes the connections.
    pub async fn close(&self) {
        self.0.close().await;
    }
}
