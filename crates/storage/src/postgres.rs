//! PostgreSQL: for several receivers behind a load balancer. The same tables and the same code as on SQLite.

// Compiled once per database on purpose: the types of rows and connections differ, the text does not.
#![allow(clippy::duplicate_mod, reason = "see above")]

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
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{net::IpAddr, sync::Arc};

type Db = sqlx::Postgres;
type Name = PostgresStore;
/// Read committed is enough: what must not happen twice is held by unique keys and checked versions.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// Options for writes that may be lost with the server: losing a used proof opens a window of a minute to
/// whoever holds it, and waiting for the disk would cost every call as much as its message does.
fn quick(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().options([("synchronous_commit", "off")])
}

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// A store in a PostgreSQL database. Clones share it; other processes may use the same database.
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

impl PostgresStore {
    /// Connects to `postgres://…` and brings the database to this program's schema. A schema from a newer
    /// program and a key of another database are refused. A server elsewhere must show a certificate for its name
    /// (`sslrootcert=FILE` for an authority of one's own) unless the address says `sslmode=disable` or `require`.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(url: &str, key: StorageKey) -> Result<Self, OpenError> {
        // The server must not confirm a commit before it is on its disk.
        let options = encrypted(url.parse()?).options([("synchronous_commit", "on")]);
        let reading = options.clone().options([("default_transaction_read_only", "on")]);
        Ok(Self(Inner::open(options, reading, key).await?))
    }

    /// Takes no more messages, commits those that wait and closes the connections.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

/// TLS to other machines. PostgreSQL's own default, `prefer`, gives way to whoever stands between.
fn encrypted(options: PgConnectOptions) -> PgConnectOptions {
    let host = options.get_host();
    let is_local = options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    match options.get_ssl_mode() {
        PgSslMode::Prefer if !is_local => options.ssl_mode(PgSslMode::VerifyFull),
        _ => options,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_trusted_without_tls() {
        let mode = |url: &str| encrypted(url.parse::<PgConnectOptions>().unwrap()).get_ssl_mode();
        for here in [
            "postgres://lmr@localhost/x",
            "postgres://lmr@127.0.0.1:5433/x",
            "postgres://lmr@[::1]/x",
            "postgres://lmr@%2Frun%2Fpostgresql/x",
        ] {
            assert!(matches!(mode(here), PgSslMode::Prefer), "{here}");
        }
        assert!(matches!(mode("postgres://lmr@db.example.no/x"), PgSslMode::VerifyFull));
        assert!(matches!(mode("postgres://lmr@192.0.2.7/x?sslmode=disable"), PgSslMode::Disable));
        assert!(matches!(mode("postgres://lmr@192.0.2.7/x?sslmode=require"), PgSslMode::Require));
    }
}
