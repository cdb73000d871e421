//! SQLite has no partitions: a file is small enough to do without.

use jiff::Timestamp;
use jiff::civil::Date;
use lmr_intake::{Partition, StoreError};
use sqlx::SqliteConnection;

pub(super) async fn make(_: &mut SqliteConnection, _: Date) -> Result<Option<String>, StoreError> {
    Ok(None)
}

pub(super) async fn list(_: &mut SqliteConnection) -> Result<Vec<Partition>, StoreError> {
    Ok(Vec::new())
}

pub(super) async fn drop_empty(
    _: &mut SqliteConnection,
    _: Timestamp,
) -> Result<Vec<String>, StoreError> {
    Ok(Vec::new())
}
