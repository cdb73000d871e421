//! The rows of an SQL query: PostgreSQL, SQLite and Microsoft SQL Server.
//!
//! The driver is asynchronous and a source is not, so the query runs on a thread of its own, which is a few
//! rows ahead and no more.

mod server;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use csv::StringRecord;
use futures_util::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};
use lmr_fhir::{Document, Kind, Node, ParseOptions};
use reqwest::Url;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions as _, Connection as _, Executor as _, Row as _,
    SqlSafeStr as _, Statement as _, TypeInfo as _, ValueRef as _,
};

use super::{FoundRow, Rows, twice};
use crate::attempt::ConnectionFailure;
use crate::source::FileError;

/// Rows that the query's thread is ahead.
const AHEAD: usize = 1024;

/// A query and where it is asked.
#[derive(Debug, Clone)]
pub struct SqlTable {
    /// What lists call it.
    pub label: String,
    /// `postgres://…`, `sqlite:…` or `mssql://…`. Without a password.
    pub url: String,
    /// File with the password; PostgreSQL also knows `~/.pgpass`.
    pub password_file: Option<PathBuf>,
    /// The query. `${since}` in it is the time from which changes are wanted, as a literal.
    pub query: String,
    /// How far `${since}` is before the last complete transfer: clocks differ, and rows are written late.
    pub overlap: SignedDuration,
}

/// Parameters of an address that name a file.
const FILE_PARAMETERS: [&str; 7] =
    ["sslrootcert", "sslcert", "sslkey", "ssl-root-cert", "ssl-ca", "ssl-cert", "ssl-key"];

/// An address whose relative files start from `folder`, as every path of a configuration does: a service has another
/// current folder.
#[must_use]
pub fn address_from(folder: &Path, url: &str) -> String {
    // In a driver's path `%`, `?` and `#` are not themselves.
    let written = |path: PathBuf| {
        path.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23")
    };
    if let Some(rest) = url.strip_prefix("sqlite:") {
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (file, parameters) = rest.split_once('?').map_or((rest, None), |(f, p)| (f, Some(p)));
        if file.is_empty() || file == ":memory:" || Path::new(file).is_absolute() {
            return url.to_owned();
        }
        let parameters = parameters.map(|all| format!("?{all}")).unwrap_or_default();
        // What the address has is written for the driver already.
        let folder = written(folder.to_owned());
        let path = Path::new(&folder).join(file);
        return format!("sqlite:{}{parameters}", path.display());
    }
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    let is_relative = |name: &str, value: &str| {
        FILE_PARAMETERS.contains(&name) && !value.is_empty() && Path::new(value).is_relative()
    };
    let all: Vec<(String, String)> = parsed.query_pairs().into_owned().collect();
    if !all.iter().any(|(name, value)| is_relative(name, value)) {
        return url.to_owned();
    }
    parsed.query_pairs_mut().clear().extend_pairs(all.into_iter().map(|(name, value)| {
        match is_relative(&name, &value) {
            true => (name, folder.join(value).to_string_lossy().into_owned()),
            false => (name, value),
        }
    }));
    parsed.into()
}

/// In a query, the time from which changes are wanted.
const SINCE: &str = "${since}";

impl SqlTable {
    /// Whether the query asks for what has changed since a time.
    #[must_use]
    pub fn asks_for_changes(&self) -> bool {
        self.query.contains(SINCE)
    }

    fn query_since(&self, since: Option<Timestamp>) -> String {
        let since = since.and_then(|since| since.checked_sub(self.overlap).ok());
        let since = since.unwrap_or(BEGINNING);
        let literal = match server::is_address(&self.url) {
            true => server::since_literal(since),
            false => format!("'{}'", since.strftime("%Y-%m-%d %H:%M:%S+00:00")),
        };
        self.query.trim().trim_end_matches(';').replace(SINCE, &literal)
    }
}

/// 1900-01-01: before everything that a register of medicines asks for.
const BEGINNING: Timestamp = Timestamp::constant(-2_208_988_800, 0);

/// A value of a row.
#[derive(Debug, Default, PartialEq, Eq)]
struct SqlValue {
    /// As text; empty for NULL.
    text: String,
    /// It is a number in the database, and not a text that may be one.
    is_number: bool,
}

/// What the query's thread sends.
enum Sent {
    Columns(Vec<String>),
    Row(Vec<SqlValue>),
    /// The last row was the last: without it a table that was cut off would be taken for complete.
    End,
    Failed(FileError),
}

/// A query under way.
pub(super) struct SqlRows {
    sent: Receiver<Sent>,
    columns: Vec<String>,
    number: u32,
    /// Which columns of the last row have a number.
    numbers: Vec<bool>,
}

impl SqlRows {
    /// Connects and starts the query.
    ///
    /// # Errors
    /// [`FileError::Database`].
    pub(super) fn open(table: &SqlTable, since: Option<Timestamp>) -> Result<Self, FileError> {
        let (table, query) = (table.clone(), table.query_since(since));
        Self::of(move |sender| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(run(&table, &query, sender))
        })
    }

    /// The rows that `ask` sends from a thread of its own.
    fn of(
        ask: impl FnOnce(&SyncSender<Sent>) -> Result<(), FileError> + Send + 'static,
    ) -> Result<Self, FileError> {
        let (sender, sent) = sync_channel(AHEAD);
        std::thread::Builder::new().name("query".to_owned()).spawn(move || {
            let last = match ask(&sender) {
                Ok(()) => Sent::End,
                Err(error) => Sent::Failed(error),
            };
            // Whoever reads may have gone, which is not a failure.
            let _ = sender.send(last);
        })?;
        match sent.recv() {
            Ok(Sent::Columns(columns)) if columns.is_empty() => Err(FileError::NoColumns),
            Ok(Sent::Columns(columns)) => {
                // The mapping would read the first of them, whichever that is.
                if let Some(name) = twice(&columns) {
                    return Err(FileError::DuplicateColumn { name });
                }
                Ok(Self { sent, columns, number: 0, numbers: Vec::new() })
            }
            Ok(Sent::Failed(error)) => Err(error),
            Ok(Sent::Row(_) | Sent::End) | Err(_) => Err(FileError::QueryCutOff),
        }
    }
}

impl Rows for SqlRows {
    fn columns(&mut self) -> Result<Vec<String>, FileError> {
        Ok(self.columns.clone())
    }

    fn next(&mut self, row: &mut StringRecord) -> Result<Option<FoundRow>, FileError> {
        match self.sent.recv() {
            Ok(Sent::Row(fields)) => {
                row.clear();
                self.numbers.clear();
                for field in &fields {
                    row.push_field(&field.text);
                    self.numbers.push(field.is_number);
                }
                self.number += 1;
                Ok(Some(FoundRow { line: self.number, held: None }))
            }
            Ok(Sent::End) => Ok(None),
            Ok(Sent::Failed(error)) => Err(error),
            // The thread has ended and has not said that all is read.
            Ok(Sent::Columns(_)) | Err(_) => Err(FileError::QueryCutOff),
        }
    }

    fn is_number(&self, column: usize) -> bool {
        self.numbers.get(column).copied().unwrap_or_default()
    }
}

/// What is wrong, in the driver's words: they name the host and the rule, never a password. Of errors of the data and
/// of constraints (SQLSTATE classes 22 and 23) PostgreSQL repeats the value, which is left out.
fn database(error: sqlx::Error) -> FileError {
    if let sqlx::Error::Io(error) = &error {
        let reason = ConnectionFailure::of(error);
        return FileError::Unreachable { address: String::new(), reason };
    }
    let of_data = |code: &str| code.starts_with("22") || code.starts_with("23");
    let text = error.to_string();
    let reason = match error.as_database_error().and_then(DatabaseError::code) {
        Some(code) if of_data(&code) => without_quoted(&text),
        _ => text,
    };
    FileError::Database { reason }
}

/// What databases put around a value in their sentences, in the languages that they have them in.
const QUOTES: [char; 9] = ['\'', '"', '«', '»', '“', '”', '„', '‘', '’'];

/// A sentence of a database without what it has quoted, which may be the value of a row. A value may have quotes in it
/// too, so nothing says where one ends: all from the first quote to the last is left out, and where there is only
/// one, the rest.
fn without_quoted(text: &str) -> String {
    let mut quotes = text.match_indices(QUOTES);
    let Some((first, _)) = quotes.next() else { return text.to_owned() };
    let rest = quotes.next_back().map_or(text.len(), |(last, quote)| last + quote.len());
    format!("{}…{}", &text[..first], &text[rest..])
}

/// What a file of a password holds, without the end of its line.
fn password(file: &Path) -> Result<String, FileError> {
    let text = std::fs::read_to_string(file).map_err(|error| FileError::PasswordFile {
        path: file.display().to_string(),
        reason: error.to_string(),
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Parameters of an address that PostgreSQL's driver takes, apart from `options[…]`.
const POSTGRES_PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// An address without the parameters that the driver does not take: it would write them to the log with their values, and
/// one may be a password under another name.
fn postgres_address(url: &str) -> Result<Url, FileError> {
    let mut url =
        Url::parse(url).map_err(|error| database(sqlx::Error::Configuration(error.into())))?;
    let taken = |name: &str| POSTGRES_PARAMETERS.contains(&name) || name.starts_with("options[");
    let (kept, left): (Vec<_>, Vec<_>) =
        url.query_pairs().into_owned().partition(|(name, _)| taken(name));
    for (parameter, _) in &left {
        tracing::warn!(parameter, "the database's address has a parameter that is not taken");
    }
    if !left.is_empty() {
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }
    Ok(url)
}

async fn run(table: &SqlTable, query: &str, sender: &SyncSender<Sent>) -> Result<(), FileError> {
    let url = &*table.url;
    let password = table.password_file.as_deref().map(password).transpose()?;
    if url.starts_with("sqlite:") {
        let options = SqliteConnectOptions::from_str(url).map_err(database)?.read_only(true);
        let file = options.get_filename().to_owned();
        // The driver's sentence does not name it.
        let connection = options.connect().await.map_err(|error| match database(error) {
            FileError::Database { reason } => {
                FileError::Database { reason: format!("{}: {reason}", file.display()) }
            }
            other => other,
        });
        sqlite(connection?, query, sender).await
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let mut options = PgConnectOptions::from_str(postgres_address(url)?.as_str())
            .map_err(database)?
            .application_name("lmr")
            .options([("default_transaction_read_only", "on")]);
        if let Some(password) = password {
            options = options.password(&password);
        }
        postgres(options.connect().await.map_err(database)?, query, sender).await
    } else if server::is_address(url) {
        Box::pin(server::run(url, password, query, sender)).await
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
        // A value has a type of its own, whatever its column is declared as, and is given as text.
        let fields: Result<Vec<SqlValue>, sqlx::Error> = (0..count)
            .map(|at| {
                let is_number =
                    matches!(row.try_get_raw(at)?.type_info().name(), "INTEGER" | "REAL");
                let text: Option<String> = row.try_get_unchecked(at)?;
                Ok(SqlValue { text: text.unwrap_or_default(), is_number })
            })
            .collect();
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
            return Err(FileError::Database { reason: "row_to_json: not JSON".to_owned() });
        };
        let root = document.root();
        let value = |name: &String| root.member(name).map(value_of).unwrap_or_default();
        let fields = columns.iter().map(value).collect();
        if sender.send(Sent::Row(fields)).is_err() {
            return Ok(());
        }
    }
    drop(rows);
    let _ = connection.close().await;
    Ok(())
}

fn value_of(node: Node<'_>) -> SqlValue {
    let text = match node.kind() {
        Kind::Null => None,
        Kind::String => node.as_str().map(Cow::into_owned),
        _ => Some(node.raw().to_owned()),
    };
    SqlValue { text: text.unwrap_or_default(), is_number: node.kind() == Kind::Number }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_database_quotes_is_left_out() {
        for (text, without) in [
            (
                "Conversion failed when converting the varchar value '12818012345' to data type int.",
                "Conversion failed when converting the varchar value … to data type int.",
            ),
            // An apostrophe in the value.
            (
                "Conversion failed when converting the varchar value 'Kari O'Brien 12818012345' to data type int.",
                "Conversion failed when converting the varchar value … to data type int.",
            ),
            // PostgreSQL.
            (
                "invalid input syntax for type integer: \"Kari's\"",
                "invalid input syntax for type integer: …",
            ),
            (
                "invalid input syntax for type date: \"5\" 12818012345\"",
                "invalid input syntax for type date: …",
            ),
            (
                "ugyldig inndatasyntaks for type integer: «12818012345»",
                "ugyldig inndatasyntaks for type integer: …",
            ),
            ("ungültige Eingabesyntax: „12818012345“", "ungültige Eingabesyntax: …"),
            // A quote that does not end hides the rest.
            ("value 'Kari", "value …"),
            ("nothing quoted", "nothing quoted"),
        ] {
            assert_eq!(without_quoted(text), without);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever a value is, also with quotes of its own, nothing of it is repeated.
        #[test]
        fn no_value_with_whatever_quotes_is_repeated(
            parts in prop::collection::vec("[a-zæøå]{0,6}['\"«»“”„‘’ ]{0,3}", 0..6),
            around in prop::sample::select(vec![
                ('\'', '\''), ('"', '"'), ('«', '»'), ('“', '”'), ('„', '“'), ('‘', '’'),
            ]),
            end in prop::sample::select(vec!["", " to data type int."]),
        ) {
            // Between the parts a number, which no sentence of a database has by itself.
            let value = parts.join("12818012345");
            let text = format!("A value {}{value}{}{end}", around.0, around.1);
            prop_assert_eq!(without_quoted(&text), format!("A value …{end}"));
        }
    }

    #[test]
    fn what_postgresqls_driver_does_not_take_is_not_given_to_it() {
        let address = |rest: &str| {
            postgres_address(&format!("postgres://leser@db.example/journal{rest}"))
                .map(String::from)
        };
        let plain = Ok("postgres://leser@db.example/journal".to_owned());
        assert_eq!(address(""), plain);
        for name in ["pwd", "PWD", "Password", "passwrod", "pass", "sslpassword"] {
            assert_eq!(address(&format!("?{name}=hemmelig")), plain, "{name}");
        }
        let some = "?sslmode=verify-full&host=%2Frun%2Fa+b&options%5Bx%5D=1";
        assert_eq!(address(&format!("{some}&pwd=hemmelig")), address(some));
        // What is on the list goes as it was.
        for name in POSTGRES_PARAMETERS {
            let whole = format!("postgres://leser@db.example/journal?{name}=5");
            assert_eq!(postgres_address(&whole).map(String::from), Ok(whole));
        }
    }

    /// PostgreSQL gives its rows as JSON, in which a number is none in quotes.
    #[test]
    fn a_number_of_postgresql_is_distinguished_from_a_text() {
        let text = r#"{"a":1.125,"b":"1.125","c":null}"#;
        let document = Document::parse(text, &ParseOptions::strict()).expect("JSON");
        let value = |name: &str| document.root().member(name).map(value_of).unwrap_or_default();
        assert_eq!(value("a"), SqlValue { text: "1.125".to_owned(), is_number: true });
        assert_eq!(value("b"), SqlValue { text: "1.125".to_owned(), is_number: false });
        assert_eq!(value("c"), SqlValue::default());
    }

    /// A reader that panics, as a driver may on what it does not expect.
    #[test]
    fn rows_that_are_cut_off_are_never_taken_for_all() {
        let rows = |is_cut_off: bool| {
            SqlRows::of(move |sender| {
                let _ = sender.send(Sent::Columns(vec!["id".to_owned()]));
                let _ = sender.send(Sent::Row(vec![SqlValue::default()]));
                assert!(!is_cut_off, "a panic that the test wants");
                Ok(())
            })
            .expect("columns")
        };
        let mut row = StringRecord::new();
        let mut whole = rows(false);
        let first = || Ok(Some(FoundRow { line: 1, held: None }));
        assert_eq!(whole.next(&mut row), first());
        assert_eq!(whole.next(&mut row), Ok(None));
        let mut cut_off = rows(true);
        assert_eq!(cut_off.next(&mut row), first());
        for _ in 0..2 {
            assert_eq!(cut_off.next(&mut row), Err(FileError::QueryCutOff));
        }
        // Before the columns.
        let none = SqlRows::of(|_| panic!("a panic that the test wants"));
        assert!(matches!(none, Err(FileError::QueryCutOff)));
        assert!(matches!(SqlRows::of(|_| Ok(())), Err(FileError::QueryCutOff)));
    }

    #[test]
    fn the_files_of_an_address_start_from_the_configurations_folder() {
        let folder = Path::new("/etc/lmr 50%");
        for (url, expected) in [
            ("sqlite:../t/s.sqlite", "sqlite:/etc/lmr 50%25/../t/s.sqlite"),
            ("sqlite://s.sqlite?mode=ro", "sqlite:/etc/lmr 50%25/s.sqlite?mode=ro"),
            ("sqlite:/data/s.sqlite", "sqlite:/data/s.sqlite"),
            ("sqlite:///data/s.sqlite", "sqlite:///data/s.sqlite"),
            ("sqlite::memory:", "sqlite::memory:"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://u@h/d?sslrootcert=/ca.pem", "postgres://u@h/d?sslrootcert=/ca.pem"),
        ] {
            assert_eq!(address_from(folder, url), expected);
        }
        for url in [
            "postgres://u@h:1/d?sslmode=verify-full&sslrootcert=ca.pem&sslkey=k.pem",
            "mssql://u@h:1/d?encrypt=strict&sslrootcert=ca.pem",
        ] {
            let made = Url::parse(&address_from(folder, url)).unwrap();
            let before = Url::parse(url).unwrap();
            assert_eq!((made.host(), made.port(), made.path()), (before.host(), Some(1), "/d"));
            for ((name, value), (_, was)) in made.query_pairs().zip(before.query_pairs()) {
                let expected = match name.starts_with("sslr") || name == "sslkey" {
                    true => format!("/etc/lmr 50%/{was}"),
                    false => was.into_owned(),
                };
                assert_eq!(value, expected);
            }
        }
        let options = SqliteConnectOptions::from_str(&address_from(folder, "sqlite:a")).unwrap();
        assert_eq!(options.get_filename(), Path::new("/etc/lmr 50%/a"));
    }

    #[test]
    fn each_database_compares_times_with_a_literal_of_its_own() {
        let table = |url: &str| SqlTable {
            label: "t".to_owned(),
            url: url.to_owned(),
            password_file: None,
            query: "SELECT 1 WHERE at >= ${since};".to_owned(),
            overlap: SignedDuration::from_hours(1),
        };
        let since = "2026-03-02T05:00:00Z".parse().ok();
        assert_eq!(
            table("sqlite:x").query_since(since),
            "SELECT 1 WHERE at >= '2026-03-02 04:00:00+00:00'"
        );
        assert_eq!(
            table("mssql://u@h/d").query_since(since),
            "SELECT 1 WHERE at >= CAST('2026-03-02T04:00:00+00:00' AS datetimeoffset)"
        );
        assert!(table("sqlite:x").query_since(None).ends_with("'1900-01-01 00:00:00+00:00'"));
    }
}
