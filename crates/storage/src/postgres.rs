//! PostgreSQL: for several receivers behind a load balancer. The same tables and the same code as on SQLite.

// Compiled once per database on purpose: the types of rows and connections differ, the text does not.
#![allow(clippy::duplicate_mod, reason = "see above")]

#[path = "archive.rs"]
mod archive;
#[path = "audit.rs"]
mod audit;
#[path = "backend.rs"]
mod backend;
#[path = "batch.rs"]
mod batch;
#[path = "counts.rs"]
mod counts;
#[path = "deliver.rs"]
mod deliver;
#[path = "identities.rs"]
mod identities;
#[path = "insight.rs"]
mod insight;
#[path = "outlet.rs"]
mod outlet;
#[path = "partitions.rs"]
mod partitions;
#[path = "placement.rs"]
mod placement;
#[path = "proofs.rs"]
mod proofs;
#[path = "senders.rs"]
mod senders;
#[path = "sessions.rs"]
mod sessions;
#[path = "tables.rs"]
mod tables;
#[path = "writer.rs"]
mod writer;

use crate::apart::IdentityStore;
use crate::error::OpenError;
use crate::key::{IdentityKey, StorageKey};
use crate::migration::form;
use crate::opening::Opening;
use backend::Inner;
pub use placement::Copied;
pub(crate) use placement::Head;
use sqlx::{
    Connection as _, PgConnection,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgSslMode},
    query,
};
use std::{
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, LazyLock},
};

type Db = sqlx::Postgres;
type Name = PostgresStore;
/// Read committed is enough: what must not happen twice is held by unique keys and checked versions.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// `pg_dump` and base backups do this better.
const BACKUP: Option<&str> = None;
/// Passes over rows that another session is about to change.
const SKIP_LOCKED: &str = "FOR UPDATE SKIP LOCKED";
/// Holds the row of a sender's chain, so that the sender is not moved away meanwhile.
const HOLD: &str = "FOR SHARE";
/// The tables may be divided by sender: none of its transactions is to be of several.
const SENDERS_APART: bool = true;
/// Whether several statements with values can be sent at once.
const SEVERAL_AT_ONCE: bool = false;
/// Whether a session may have died since it was used last, and is asked first.
const SESSIONS_DIE: bool = true;
/// How many tables of a name there are, in the schemas that statements look in.
const HAS_TABLE: &str = "SELECT COUNT(to_regclass($1))";
/// The texts of the schema where a damaged file may hold other bytes.
const SCHEMA_TEXTS: Option<&str> = None;
/// Whether the tables of a cross join are read in the order in which they stand: the planner orders them by its statistics.
const ORDERS_JOINS: bool = false;
/// Whether each value of a list is looked up by a probe of its own. While a table has no statistics (in a first load until
/// the server analyses it, a minute or more), the planner takes a sender's resources for a handful and reads all of them
/// for a list, and a session keeps that plan while they become hundreds of thousands. For one value the unique index is
/// always the cheapest.
const PROBES: bool = true;
/// Flushes what an earlier process has written: the server has done that before it takes sessions.
const FLUSH: Option<&str> = None;
/// Reads of one transaction see one state.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// The settings of a session that only reads, and of one that writes. Sent after the start, because poolers refuse unknown
/// startup parameters. A server that promises more than its own disk (`remote_apply`) is left at that.
const READING: &[&str] = &["SET default_transaction_read_only = on"];
const WRITING: &[&str] = &["SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local')"];
/// For writes that may be lost with the server: losing a used proof opens a window of a minute to whoever holds it,
/// and waiting for the disk would cost every call as much as its message does.
const QUICK: &[&str] = &["SET synchronous_commit = off"];
pub(crate) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    Migrator::with_migrations(vec![
        form(
            1,
            "messages and resources",
            include_str!("../migrations/postgres/0001_messages_and_resources.sql"),
        ),
        form(2, "used proofs", include_str!("../migrations/postgres/0002_used_proofs.sql")),
        form(
            3,
            "codes and refused calls",
            include_str!("../migrations/postgres/0003_codes_and_refused_calls.sql"),
        ),
        form(
            4,
            "administration facts",
            include_str!("../migrations/postgres/0004_administration_facts.sql"),
        ),
        form(
            5,
            "identifier systems",
            include_str!("../migrations/postgres/0005_identifier_systems.sql"),
        ),
        form(6, "audit", include_str!("../migrations/postgres/0006_audit.sql")),
        form(
            7,
            "content and outlet",
            include_str!("../migrations/postgres/0007_content_and_outlet.sql"),
        ),
        form(8, "search", include_str!("../migrations/postgres/0008_search.sql")),
        form(9, "insight", include_str!("../migrations/postgres/0009_insight.sql")),
        form(10, "sender leads", include_str!("../migrations/postgres/0010_sender_leads.sql")),
        form(11, "schema program", include_str!("../migrations/postgres/0011_schema_program.sql")),
        form(12, "days", include_str!("../migrations/postgres/0012_days.sql")),
        form(13, "deliveries", include_str!("../migrations/postgres/0013_deliveries.sql")),
    ])
});
pub(crate) static IDENTITY_MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    Migrator::with_migrations(vec![
        form(
            1,
            "identity parts",
            include_str!("../migrations/identities/postgres/0001_identity_parts.sql"),
        ),
        form(
            2,
            "schema program",
            include_str!("../migrations/identities/postgres/0002_schema_program.sql"),
        ),
    ])
});
/// Sessions that write identities at once.
const IDENTITY_WRITERS: u32 = 4;

/// A server keeps its files itself.
async fn mark(_: &mut PgConnection, _: Opening) -> Result<u32, OpenError> {
    Ok(0)
}

/// `pg_dump` and base backups are no copies of ours.
async fn mark_copy(_: &str) -> Result<(), sqlx::Error> {
    Ok(())
}

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
        Self::open_with(url, key, Opening::START).await
    }

    /// Connects in the same way, and does no more to the database than it may.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open_with(
        url: &str,
        key: StorageKey,
        opening: Opening,
    ) -> Result<Self, OpenError> {
        let options = encrypted(url.parse()?).extra_float_digits(None);
        Ok(Self(Inner::open(options, key, opening, None).await?))
    }

    /// Connects to a second database, for identities that are kept apart, in the same way. Its tables are made only if it
    /// `may_be_new`: where the first database has nothing yet.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open_identities(
        url: &str,
        key: IdentityKey,
        may_be_new: bool,
        opening: Opening,
    ) -> Result<Arc<dyn IdentityStore>, OpenError> {
        let options = encrypted(url.parse()?).extra_float_digits(None);
        identities::open(options, key, (may_be_new, opening), None).await
    }
}

/// What a migration leaves behind the server's own vacuum takes away.
async fn tidy(_: &mut PgConnection) {}

/// Finds out whether a session stays the same one from transaction to transaction. A pooler that hands them out one by
/// one lets two sessions meet each other's prepared statements, which bear the same names.
async fn keeps_statements(
    session: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<(), sqlx::Error> {
    let mut other = PgConnection::connect_with(options).await?;
    for statement in ["SELECT 1", "SELECT 2"] {
        query(statement).execute(&mut *session).await?;
        query(statement).execute(&mut other).await?;
    }
    other.close().await
}

/// Whether an error may be the session's and not the database's: its server is gone, or has become read-only because
/// another one took over. On a fresh session the same work may succeed.
fn is_of_session(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // read_only_sql_transaction, idle_in_transaction_session_timeout; connection exceptions, operator
            // intervention (shutdown, idle_session_timeout, failover).
            code == "25006" || code == "25P03" || code.starts_with("08") || code.starts_with("57P")
        }),
        _ => false,
    }
}

/// Whether two addresses are of one database: host, port, name, and the `search_path` that is set (another one is another
/// schema); where none is set, the user, whose name the first schema of PostgreSQL's own has. One server under two names is
/// not noticed. What is no address is the same as nothing.
#[must_use]
pub fn is_same_postgres(one: &str, other: &str) -> bool {
    let place = |url: &str| {
        let options: PgConnectOptions = url.parse().ok()?;
        let socket = options.get_socket().map(|path| path.components().collect::<PathBuf>());
        // A socket goes before a host.
        let host = socket.is_none().then(|| options.get_host().to_ascii_lowercase());
        let name = options.get_database().unwrap_or(options.get_username()).to_owned();
        let set = options.get_options().unwrap_or_default().split_whitespace();
        let schema: Vec<String> =
            set.filter(|one| one.contains("search_path=")).map(str::to_owned).collect();
        let user = schema.is_empty().then(|| options.get_username().to_owned());
        Some((socket, host, options.get_port(), name, schema, user))
    };
    place(one).is_some_and(|one| Some(one) == place(other))
}

/// TLS to other machines. PostgreSQL's own default, `prefer`, gives way to whoever is in between.
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
    use crate::error::coded;

    /// On a fresh session the same work may succeed; what the database itself refuses it would refuse again.
    #[test]
    fn an_error_is_the_sessions_where_its_server_is_gone_or_not_the_one_that_writes() {
        for (code, of_session) in [
            ("25006", true),
            ("25P03", true),
            ("08006", true),
            ("08003", true),
            ("57P01", true),
            ("57P05", true),
            ("57014", false),
            ("25P02", false),
            ("23505", false),
            ("53100", false),
            ("40001", false),
            ("", false),
        ] {
            assert_eq!(is_of_session(&coded::error(code)), of_session, "{code}");
        }
        let io = || std::io::Error::other("reset");
        assert!(is_of_session(&sqlx::Error::Io(io())));
        assert!(is_of_session(&sqlx::Error::Protocol("x".to_owned())));
        assert!(is_of_session(&sqlx::Error::WorkerCrashed));
        assert!(!is_of_session(&sqlx::Error::PoolTimedOut));
        assert!(!is_of_session(&sqlx::Error::RowNotFound));
    }

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
