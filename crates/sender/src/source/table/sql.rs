//! The rows of an SQL query: PostgreSQL and SQLite.
//!
//! The driver is asynchronous and a source is not, so the query runs on a thread of its own, which is a few
//! rows ahead and no more.

use std::str::FromStr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use csv::StringRecord;
use futures_util::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};
use lmr_fhir::{Document, Kind, Node, ParseOptions};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions as _, Connection as _, Executor as _, Row as _,
    SqlSafeStr as _, Statement as _,
};

use super::Rows;
use crate::source::FileError;

/// Rows that the query's thread is ahead.
const AHEAD: usize = 1024;

/// A query and where it is asked.
#[derive(Debug, Clone)]
pub struct SqlTable {
    /// What lists call it.
    pub label: String,
    /// `postgres://…` or `sqlite:…`. Without a password: that is in `~/.pgpass`.
    pub url: String,
    /// The query. `${since}` in it is the time from which changes are wanted, as a literal.
    pub query: String,
    /// How far `${since}` is before the last complete transfer: clocks differ, and rows are written late.
    pub overlap: SignedDuration,
}

impl SqlTable {
    fn query_since(&self, since: Option<Timestamp>) -> String {
        let since = since.and_then(|since| since.checked_sub(self.overlap).ok());
        let literal = match since {
            Some(since) => format!("'{}'", since.strftime("%Y-%m-%d %H:%M:%S+00:00")),
            None => "'1900-01-01 00:00:00+00:00'".to_owned(),
        };
        self.query.trim().trim_end_matches(';').replace("${since}", &literal)
    }
}

/// What the query's thread sends.
enum Sent {
    Columns(Vec<String>),
    Row(Vec<Option<String>>),
    Failed(FileError),
}

/// A query under way.
pub(super) struct SqlRows {
    sent: Receiver<Sent>,
    columns: Vec<String>,
    number: u32,
}

impl SqlRows {
    /// Connects and starts the query.
    ///
    /// # Errors
    /// [`FileError::Database`].
    pub(super) fn open(table: &SqlTable, since: Option<Timestamp>) -> Result<Self, FileError> {
        let (sender, sent) = sync_channel(AHEAD);
        let (url, query) = (table.url.clone(), table.query_since(since));
        std::thread::Builder::new().name("query".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let done = match runtime {
                Ok(runtime) => runtime.block_on(run(&url, &query, &sender)),
                Err(error) => Err(error.into()),
            };
            if let Err(error) = done {
                // Whoever reads has gone, which is no failure.
                let _ = sender.send(Sent::Failed(error));
            }
        })?;
        match sent.recv() {
            Ok(Sent::Columns(columns)) if columns.is_empty() => Err(FileError::NoColumns),
            Ok(Sent::Columns(columns)) => Ok(Self { sent, columns, number: 0 }),
            Ok(Sent::Failed(error)) => Err(error),
            Ok(Sent::Row(_)) | Err(_) => Err(ended()),
        }
    }
}

fn ended() -> FileError {
    FileError::Other("the query ended without an answer".to_owned())
}

impl Rows for SqlRows {
    fn columns(&mut self) -> Result<Vec<String>, FileError> {
        Ok(self.columns.clone())
    }

    fn next(&mut self, row: &mut StringRecord) -> Result<Option<u32>, FileError> {
        match self.sent.recv() {
            Ok(Sent::Row(fields)) => {
                row.clear();
                for field in &fields {
                    row.push_field(field.as_deref().unwrap_or_default());
                }
                self.number += 1;
                Ok(Some(self.number))
            }
            Ok(Sent::Failed(error)) => Err(error),
            Ok(Sent::Columns(_)) => Err(ended()),
            // The thread has ended after its last row.
            Err(_) => Ok(None),
        }
    }
}

fn database(error: sqlx::Error) -> FileError {
    // The driver's texts name the host and the rule, never a password or a value of a row.
    FileError::Database { reason: error.to_string() }
}

async fn run(url: &str, query: &str, sender: &SyncSender<Sent>) -> Result<(), FileError> {
    if url.starts_with("sqlite:") {
        let options = SqliteConnectOptions::from_str(url).map_err(database)?.read_only(true);
        sqlite(options.connect().await.map_err(database)?, query, sender).await
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let options = PgConnectOptions::from_str(url)
            .map_err(database)?
            .application_name("lmr")
            .options([("default_transaction_read_only", "on")]);
        postgres(options.connect().await.map_err(database)?, query, sender).await
    } else {
        Err(FileError::UnknownDatabase)
    }
}

async fn sqlite(
    mut connection: SqliteConnection,
    query: &str,
    sender: &SyncSender<Sent>,
) -> Result<(), FileError> {
    let statement = (&mut connection)
        .prepare(AssertSqlSafe(query.to_owned()).into_sql_str())
        .await
        .map_err(database)?;
    let columns: Vec<String> =
        statement.columns().iter().map(|column| column.name().to_owned()).collect();
    drop(statement);
    let count = columns.len();
    if sender.send(Sent::Columns(columns)).is_err() {
        return Ok(());
    }
    let mut rows = sqlx::query(AssertSqlSafe(query.to_owned())).fetch(&mut connection);
    while let Some(row) = rows.try_next().await.map_err(database)? {
        // SQLite gives any value as text.
        let fields: Result<Vec<Option<String>>, sqlx::Error> =
            (0..count).map(|at| row.try_get_unchecked(at)).collect();
        if sender.send(Sent::Row(fields.map_err(database)?)).is_err() {
            return Ok(());
        }
    }
    drop(rows);
    let _ = connection.close().await;
    Ok(())
}

async fn postgres(
    mut connection: PgConnection,
    query: &str,
    sender: &SyncSender<Sent>,
) -> Result<(), FileError> {
    let statement = (&mut connection)
        .prepare(AssertSqlSafe(query.to_owned()).into_sql_str())
        .await
        .map_err(database)?;
    let columns: Vec<String> =
        statement.columns().iter().map(|column| column.name().to_owned()).collect();
    drop(statement);
    if sender.send(Sent::Columns(columns.clone())).is_err() {
        return Ok(());
    }
    // The server writes every type as text by itself; numbers keep their digits.
    let as_json = format!("SELECT row_to_json(lmr_row)::text FROM (\n{query}\n) lmr_row");
    let mut rows = sqlx::query(AssertSqlSafe(as_json)).fetch(&mut connection);
    while let Some(row) = rows.try_next().await.map_err(database)? {
        let text: String = row.try_get(0).map_err(database)?;
        let Ok(document) = Document::parse(text, &ParseOptions::strict()) else {
            return Err(ended());
        };
        let root = document.root();
        let fields = columns.iter().map(|name| root.member(name).and_then(text_of)).collect();
        if sender.send(Sent::Row(fields)).is_err() {
            return Ok(());
        }
    }
    drop(rows);
    let _ = connection.close().await;
    Ok(())
}

fn text_of(node: Node<'_>) -> Option<String> {
    match node.kind() {
        Kind::Null => None,
        Kind::String => node.as_str().map(std::borrow::Cow::into_owned),
        _ => Some(node.raw().to_owned()),
    }
}
