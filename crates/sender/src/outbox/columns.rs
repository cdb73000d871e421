//! Reading a row: the text of a damaged page need not be text, and a number need not be one.

use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row as _, Sqlite, Type};

use super::{OutboxError, Result};

/// Columns of a row, each read as what it must be. What the driver offers as well ends the process where a column is
/// something else, so the outbox reads by this only.
pub(super) trait Columns {
    /// One column.
    ///
    /// # Errors
    /// [`OutboxError`] where it is not a `T`: the file is damaged.
    fn read<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(&'r self, column: usize) -> Result<T>;

    /// A name that may be kept as the sixteen bytes of a UUID; see [`COMPACT`].
    ///
    /// # Errors
    /// [`OutboxError`] where it is neither that nor a text.
    fn read_name(&self, column: usize) -> Result<Option<String>>;
}

impl Columns for SqliteRow {
    fn read<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(&'r self, column: usize) -> Result<T> {
        Ok(self.try_get(column)?)
    }

    fn read_name(&self, column: usize) -> Result<Option<String>> {
        if let Ok(text) = self.try_get::<Option<String>, _>(column) {
            return Ok(text);
        }
        let bytes: &[u8] = self.read(column)?;
        let bytes: [u8; 16] =
            bytes.try_into().map_err(|_| OutboxError::Damaged("a name that cannot be read"))?;
        Ok(Some(uuid_of(bytes)))
    }
}

/// Makes the names of the confirmed resources narrow in SQL: a UUID in its usual spelling takes its sixteen bytes
/// instead of 36. `{}` is the column.
pub(super) fn compact(column: &str) -> String {
    let digits = |count: usize| "[0-9a-f]".repeat(count);
    let pattern = [8, 4, 4, 4, 12].map(digits).join("-");
    format!("CASE WHEN {column} GLOB '{pattern}' THEN unhex({column}, '-') ELSE {column} END")
}

fn uuid_of(bytes: [u8; 16]) -> String {
    uuid::Uuid::from_bytes(bytes).to_string()
}
