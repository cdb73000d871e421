//! The receiver's memory on SQL: [`lmr_intake::Store`] on SQLite and on PostgreSQL.
//!
//! One writer commits all waiting messages together, so that the price of a durable commit is shared; an answer
//! is given after that commit. Resources, their hashes and the answers are encrypted by column, business
//! identifiers are stored as keyed digests only: the database file alone reveals who delivered when, nothing of whom.
//!
//! | type | what it is |
//! |---|---|
//! | [`SqliteStore`] | the embedded default: one file |
//! | [`PostgresStore`] | for several receivers on one database |
//! | [`PlacedStore`] | several PostgreSQL databases, each sender on one of them |
//! | [`ApartStore`], [`IdentityStore`] | a store and a second database that alone says who anybody is |
//! | [`ApartKeys`] | the keys of the two |
//! | [`Opening`] | what opening a database may do to it |
//! | [`StorageKey`] | the key that encrypts the columns |
//!
//! # One text, two databases
//!
//! `backend.rs`, `writer.rs`, `tables.rs` and the other tables are compiled twice, as children of `sqlite.rs` and of `postgres.rs`
//! (`#[path]`). sqlx has a type of its own for each database's connection, row and query, and bounds for "any
//! database that can bind and read these columns" would be longer than the code they guard. What differs is in
//! the two parents: the names `Db`, `Name`, `BEGIN`, `MIGRATIONS`, and which errors mean what. To change a table,
//! add a migration for each database; to add a database, write a third parent. `tests/contract` runs on all.
//!
//! ```
//! use lmr_intake::{DeliveryFilter, Store as _};
//! use lmr_storage::{SqliteStore, StorageKey};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let folder = tempfile::tempdir()?;
//! let store = SqliteStore::open(&folder.path().join("lmr.sqlite"), StorageKey::new(&[7; 32])).await?;
//! assert!(store.deliveries(&DeliveryFilter::default()).await?.is_empty());
//! store.close().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[macro_use]
mod row;

mod apart;
mod coding;
mod error;
mod key;
mod migration;
mod opening;
mod placed;
#[cfg(test)]
mod plans;
mod postgres;
mod prepared;
mod sqlite;
mod watched;

pub use apart::{ApartStore, IdentityStore, Part, PartKey, PartOf};
pub use error::{
    OpenError, broken_session, gave_no_session, is_damaged, is_passing, server_code, sqlite_code,
};
pub use key::{ApartKeys, IdentityKey, KeyFileError, StorageKey};
pub use opening::Opening;
pub use placed::{MAIN, MoveError, MoveReport, PlacedStore};
pub use postgres::{Copied, PostgresStore, is_same_postgres};
pub use sqlite::SqliteStore;
