//! The receiver's memory on SQL: [`lmr_intake::Store`] on SQLite and on PostgreSQL.
//!
//! One writer commits all waiting messages together, so that the price of a durable commit is shared; an answer
//! is given after that commit. Resources, their hashes and the answers are encrypted by column, business
//! identifiers are stored as keyed digests only: the database file alone tells who delivered when, nothing of whom.

mod error;
mod key;
mod postgres;
mod prepared;
mod sqlite;

pub use error::OpenError;
pub use key::{KeyFileError, StorageKey};
pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;
