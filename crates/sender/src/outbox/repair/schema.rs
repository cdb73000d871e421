//! The schema of a file, held against that of its form: SQLite's own check takes any text that it can read for right.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::outbox::Result;
use crate::outbox::columns::Columns;

/// A row of a schema, as bytes: damaged text need not be text.
#[derive(Debug, Clone)]
pub(super) struct SchemaRow {
    number: i64,
    kind: Vec<u8>,
    name: Vec<u8>,
    table: Vec<u8>,
    /// `None` for indexes that SQLite makes by itself.
    sql: Option<Vec<u8>>,
}

impl SchemaRow {
    fn has_name_of(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name && self.table == other.table
    }

    /// Whether both texts mean the same. White space is what the driver, quotes are what SQLite's `ALTER TABLE` puts
    /// there, and neither is the same in all their versions.
    fn has_text_of(&self, other: &Self) -> bool {
        fn text(row: &SchemaRow) -> Option<impl Iterator<Item = &u8>> {
            let is_text = |byte: &&u8| !byte.is_ascii_whitespace() && **byte != b'"';
            row.sql.as_ref().map(|sql| sql.iter().filter(is_text))
        }
        match (text(self), text(other)) {
            (Some(own), Some(others)) => own.eq(others),
            (None, None) => true,
            _ => false,
        }
    }
}

/// Options that take a schema as it is, also where SQLite cannot make sense of all of it.
pub(super) fn tolerant(path: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false);
    options.pragma("writable_schema", "ON")
}

/// The schema that a file has.
pub(super) async fn schema_of(path: &Path) -> Result<Vec<SchemaRow>> {
    let mut connection = SqliteConnection::connect_with(&tolerant(path)).await?;
    let bytes = ["type", "name", "tbl_name", "sql"].map(|name| format!("CAST({name} AS BLOB)"));
    let sql = format!("SELECT rowid, {} FROM sqlite_schema ORDER BY rowid", bytes.join(", "));
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await;
    connection.close().await?;
    rows?
        .iter()
        .map(|row| {
            Ok(SchemaRow {
                number: row.read(0)?,
                kind: row.read(1)?,
                name: row.read(2)?,
                table: row.read(3)?,
                sql: row.read(4)?,
            })
        })
        .collect()
}

/// What of a schema is not as its form has it, in words. What a file has beside it is no fault.
pub(super) fn differences(known: &[SchemaRow], found: &[SchemaRow]) -> Vec<String> {
    let is_different = |known: &&SchemaRow| {
        !found.iter().any(|found| found.has_name_of(known) && found.has_text_of(known))
    };
    let words = |row: &SchemaRow| {
        let [kind, name] = [&row.kind, &row.name].map(|text| String::from_utf8_lossy(text));
        format!("the schema does not say of the {kind} {name} what it must")
    };
    known.iter().filter(is_different).map(words).collect()
}

/// Puts the known schema in place of what a file has. Which of its rows is which their names say, or their texts, or
/// their order: every file of a form was made by the same steps.
pub(super) async fn restore(path: &Path, known: &[SchemaRow]) -> Result<()> {
    let mut left = schema_of(path).await?;
    let mut unknown: Vec<&SchemaRow> = known.iter().collect();
    let mut pairs: Vec<(i64, &SchemaRow)> = Vec::new();
    let ways: [fn(&SchemaRow, &SchemaRow) -> bool; 4] = [
        SchemaRow::has_name_of,
        |found, known| found.kind == known.kind && found.name == known.name,
        |found, known| known.sql.is_some() && found.has_text_of(known),
        |found, known| found.number == known.number,
    ];
    for is_same in ways {
        unknown.retain(|known| match left.iter().position(|found| is_same(found, known)) {
            Some(at) => {
                pairs.push((left.remove(at).number, known));
                false
            }
            None => true,
        });
    }
    let mut connection = SqliteConnection::connect_with(&tolerant(path)).await?;
    let mut step = connection.begin().await?;
    for (number, known) in pairs {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let sql =
            "UPDATE sqlite_schema SET type = ?, name = ?, tbl_name = ?, sql = ? WHERE rowid = ?";
        sqlx::query(sql)
            .bind(text(&known.kind))
            .bind(text(&known.name))
            .bind(text(&known.table))
            .bind(known.sql.as_deref().map(text))
            .bind(number)
            .execute(&mut *step)
            .await?;
    }
    step.commit().await?;
    connection.close().await?;
    Ok(())
}
