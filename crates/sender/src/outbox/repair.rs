//! A damaged file: what of it can be read, and a new file made of that.
//!
//! Whatever is lost of the ledger is sent again, and what the register has makes no new version there; so a repair
//! never has to guess. Annulments are the exception: the source still has what was annulled as it was given, and sending
//! that again would take the annulment back. So the next transfer looks for those that are lost before it sends anything
//! (`annul/lost.rs`).

mod schema;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Sqlite, SqlitePool};

use schema::{SchemaRow, differences, restore, schema_of, tolerant};

use super::columns::Columns;
use super::stored::{leaves_something_to_send, wants_everything};
use super::{Outbox, OutboxError, Result, database_text, is_newer_form, needed_program};

/// Most single faults that are named.
const NAMED: usize = 20;
/// Rows that are read at once around a fault; halved down to one where the fault is.
const STEP: u64 = 256;
/// The table of the types of resources, which forms since the eighth have.
const RESOURCE_TYPE: &str = "resource_type";

/// How much of a table can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableState {
    /// Its name.
    pub name: String,
    /// Rows that were read.
    pub rows: u64,
    /// Whether they are all.
    pub is_whole: bool,
    /// Rows that cannot be kept, since a column of theirs is not of its type: how many.
    pub unusable: u64,
    /// The first of them, by their keys and columns.
    pub unusable_rows: Vec<String>,
}

/// What an examination found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Examination {
    /// What of the schema is not as it must be, and what SQLite's own check reports, in its words.
    pub faults: Vec<String>,
    /// What could be read; empty where nothing is wrong.
    pub tables: Vec<TableState>,
}

/// A file that was put in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// What was found.
    pub found: Examination,
    /// Where the damaged file is now.
    pub damaged_file: PathBuf,
    /// Annulled records, with their types, that the ledger has lost and the journal names: the next transfer sends none
    /// of them as given.
    pub lost_annulments: Vec<String>,
    /// Whether annulments may be lost that the journal does not name, since it is not whole either.
    pub may_lack_annulments: bool,
}

/// Asks SQLite whether the pages of an open file hold together; the first fault, if there is one.
///
/// # Errors
/// [`OutboxError::DamagedFile`].
pub(super) async fn quick_check(connection: &mut PoolConnection<Sqlite>) -> Result<()> {
    let row = sqlx::query("PRAGMA quick_check(1)").fetch_one(&mut **connection).await?;
    let text: String = row.read(0)?;
    if text == "ok" { Ok(()) } else { Err(OutboxError::DamagedFile(text)) }
}

/// What is wrong with a file, and what a repair would keep. Changes nothing.
///
/// # Errors
/// [`OutboxError`] where the file cannot be read at all: then only a backup or a new file helps.
pub async fn examine(path: &Path) -> Result<Examination> {
    examine_file(path).await.map_err(irreparable)
}

async fn examine_file(path: &Path) -> Result<Examination> {
    let faults = faults(path).await?;
    if faults.is_empty() {
        return Ok(Examination { faults, tables: Vec::new() });
    }
    let scratch = tempfile::tempdir().map_err(|error| OutboxError::Database(error.into()))?;
    let tables = salvage(path, &scratch.path().join("salvaged.sqlite")).await?;
    Ok(Examination { faults, tables })
}

/// Puts a file with what can be read in the damaged one's place, which is kept beside it.
/// The caller holds the lock. `None` where nothing is wrong.
///
/// # Errors
/// [`OutboxError`]; then the file is as it was.
pub async fn repair(path: &Path, now: Timestamp) -> Result<Option<Repaired>> {
    repair_file(path, now).await.map_err(irreparable)
}

/// Where a repair fails, another one would too.
fn irreparable(error: OutboxError) -> OutboxError {
    match error {
        OutboxError::Database(error) if recommends_repair(&error) => {
            OutboxError::Irreparable(error.to_string())
        }
        OutboxError::Form(error) => OutboxError::Irreparable(error.to_string()),
        OutboxError::DamagedFile(what) => OutboxError::Irreparable(what),
        OutboxError::Damaged(what) => OutboxError::Irreparable(what.to_owned()),
        other => other,
    }
}

fn recommends_repair(error: &sqlx::Error) -> bool {
    database_text(error).contains("lmr send repair")
}

async fn repair_file(path: &Path, now: Timestamp) -> Result<Option<Repaired>> {
    let faults = faults(path).await?;
    if faults.is_empty() {
        return Ok(None);
    }
    let file = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let moved = |error: std::io::Error| OutboxError::Database(error.into());
    let new = file(".repaired");
    for ending in [".repaired", ".repaired-wal", ".repaired-shm"] {
        match std::fs::remove_file(file(ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(moved(error)),
            _ => {}
        }
    }
    let tables = salvage(path, &new).await?;
    // Brings it to the present form.
    let outbox = Outbox::open(&new).await?;
    wants_everything(&mut *outbox.pool.acquire().await?).await?;
    let lost: Vec<&str> =
        tables.iter().filter(|table| !table.is_whole).map(|table| &*table.name).collect();
    let text = format!("incomplete: {}", lost.join(", "));
    outbox.note_operation("repair", &text, now).await?;
    if !lost.is_empty() {
        leaves_something_to_send(&mut *outbox.pool.acquire().await?).await?;
    }
    let lacks = |name: &str| lost.contains(&name);
    let mut lost_annulments = Vec::new();
    // Among the settings is which annulments an earlier repair has left to be found.
    if lacks("stored") || lacks("setting") {
        outbox.may_lack_annulments(!lacks("operation")).await?;
        let unknown = outbox.unknown_annulments().await?;
        lost_annulments = unknown.iter().map(ToString::to_string).collect();
    }
    if lacks("message") || lacks("item") {
        outbox.release_broken_messages(now).await?;
        let kept = outbox.keep_unconfirmed_annulments().await?;
        lost_annulments.extend(kept.iter().map(ToString::to_string));
    }
    let may_lack_annulments = lacks("stored") && lacks("operation");
    let damaged_file = free_name(path, now);
    end_in_place(outbox, path, &new, &damaged_file).await?;
    Ok(Some(Repaired {
        found: Examination { faults, tables },
        damaged_file,
        lost_annulments,
        may_lack_annulments,
    }))
}

/// Closes the new file and puts it in the damaged one's place. Only the file itself moves, so nothing may be left in the
/// log beside it.
async fn end_in_place(outbox: Outbox, path: &Path, new: &Path, aside: &Path) -> Result<()> {
    outbox.empty_log().await?;
    outbox.close().await;
    put_in_place(path, new, aside).map_err(|error| OutboxError::Database(error.into()))
}

/// A name beside the file that none has: an earlier damaged one is never overwritten, whatever the clock says.
fn free_name(path: &Path, now: Timestamp) -> PathBuf {
    let with = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{}", now.as_second()));
        if number > 0 {
            name.push(format!("-{number}"));
        }
        PathBuf::from(name)
    };
    (0..).map(with).find(|name| !name.exists()).unwrap_or_else(|| with(0))
}

/// Moves the damaged file aside with what is beside it, and the new one into its place. Where one step fails those before
/// it are taken back: without its log a file lacks what was written last.
fn put_in_place(path: &Path, new: &Path, aside: &Path) -> std::io::Result<()> {
    let with = |path: &Path, ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let steps = ["-wal", "-shm", ""].map(|ending| (with(path, ending), with(aside, ending)));
    let mut done: Vec<&(PathBuf, PathBuf)> = Vec::new();
    let mut failed = None;
    for step in &steps {
        match std::fs::rename(&step.0, &step.1) {
            Ok(()) => done.push(step),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && step.0 != path => {}
            Err(error) => failed = failed.or(Some(error)),
        }
        if failed.is_some() {
            break;
        }
    }
    if failed.is_none() {
        failed = std::fs::rename(new, path).err();
    }
    let Some(error) = failed else { return Ok(()) };
    for (from, to) in done.into_iter().rev() {
        std::fs::rename(to, from)?;
    }
    Err(error)
}

/// What is wrong with the schema, and what SQLite's check reports. An error of reading is a fault too where the file
/// is to blame for it.
///
/// # Errors
/// [`OutboxError`] for what says nothing of the file: a lock, a full disk, no folder for scratch files.
async fn faults(path: &Path) -> Result<Vec<String>> {
    let text = |error: sqlx::Error| match recommends_repair(&error) {
        true => error.to_string(),
        false => database_text(&error),
    };
    let mut faults = match schema_faults(path).await {
        Ok(faults) => faults,
        // Its form is not known here.
        Err(OutboxError::Newer { .. }) => Vec::new(),
        Err(error) if !is_fault(&error) => return Err(error),
        Err(OutboxError::Database(error)) => vec![text(error)],
        Err(error) => vec![irreparable(error).to_string()],
    };
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false);
    let check = async {
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        let rows = sqlx::query("PRAGMA integrity_check(20)").fetch_all(&pool).await;
        pool.close().await;
        Ok::<_, OutboxError>(rows?)
    };
    match check.await {
        Err(error) if !is_fault(&error) => return Err(error),
        Err(OutboxError::Database(error)) => faults.push(text(error)),
        Err(error) => faults.push(error.to_string()),
        Ok(rows) => faults.extend(rows.iter().flat_map(|row| {
            let text: String = row.read(0).unwrap_or_else(|error| error.to_string());
            let lines = text.lines().filter(|line| *line != "ok");
            lines.map(str::to_owned).collect::<Vec<_>>()
        })),
    }
    faults.dedup();
    faults.truncate(NAMED);
    Ok(faults)
}

/// What an attempt gave; `None` where the file is to blame that it gave nothing.
fn unless_damaged<T>(attempt: Result<T>) -> Result<Option<T>> {
    match attempt {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_fault(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What of a file's schema is not that of its form.
async fn schema_faults(path: &Path) -> Result<Vec<String>> {
    let found = schema_of(path).await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let forms = form_of(path).await?.map_or_else(super::forms, forms_until);
    let scratch = tempfile::tempdir().map_err(|error| OutboxError::Database(error.into()))?;
    let form = scratch.path().join("form.sqlite");
    let known = async {
        Outbox::open_as(&form, SqliteSynchronous::Off, &forms).await?.close().await;
        schema_of(&form).await
    };
    Ok(differences(&known.await.map_err(of_scratch)?, &found))
}

/// A copy of a file whose schema is not the known one, with the known one; `None` where it is. It is in a folder of its
/// own, which goes when it is dropped.
async fn with_schema(
    known: &[SchemaRow],
    from: &Path,
    to: &Path,
) -> Result<Option<(tempfile::TempDir, PathBuf)>> {
    let found = unless_damaged(schema_of(from).await)?;
    if found.is_some_and(|found| differences(known, &found).is_empty()) {
        return Ok(None);
    }
    let failed = |error: std::io::Error| OutboxError::Database(error.into());
    let folder = match to.parent() {
        // On the same disk: there is room for the new file too.
        Some(beside) => tempfile::tempdir_in(beside),
        None => tempfile::tempdir(),
    };
    let folder = folder.map_err(failed)?;
    let copy = folder.path().join("copy.sqlite");
    for ending in ["", "-wal"] {
        let file = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        match std::fs::copy(file(from), file(&copy)) {
            Err(error) if ending.is_empty() || error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            _ => {}
        }
    }
    restore(&copy, known).await?;
    Ok(Some((folder, copy)))
}

/// Makes a new file, of the same form, of what can be read of a damaged one. Gives the tables.
async fn salvage(from: &Path, to: &Path) -> Result<Vec<TableState>> {
    let forms = form_of(from).await?.map_or_else(super::forms, forms_until);
    let outbox = Outbox::open_as(to, SqliteSynchronous::Full, &forms).await?;
    // Where the schema cannot be put right, what can be read with it as it is.
    let known = schema_of(to).await.map_err(of_scratch)?;
    let copy = unless_damaged(with_schema(&known, from, to).await)?.flatten();
    let from = copy.as_ref().map_or(from, |(_, copy)| copy);
    let mut connection = outbox.pool.acquire().await?;
    let copied = copy_all(&mut connection, from).await;
    drop(connection);
    outbox.close().await;
    copied
}

/// The form of a file: what its own list says, or, where that cannot be read, the oldest form that has its tables and
/// columns. Of forms that differ in their content only the oldest is right for all: what the later ones change is
/// changed already, and once more changes nothing. `None`, the present form, where nothing else fits.
async fn form_of(path: &Path) -> Result<Option<i64>> {
    let options = SqlitePoolOptions::new().max_connections(1);
    let pool = options.connect_with(tolerant(path)).await.map_err(OutboxError::from);
    let Some(pool) = unless_damaged(pool)? else { return Ok(None) };
    let row = sqlx::query("SELECT max(version) FROM _sqlx_migrations").fetch_one(&pool).await;
    let row = unless_damaged(row.map_err(OutboxError::from))?;
    let listed = row.and_then(|row| row.read::<Option<i64>>(0).ok()?);
    if listed.is_some_and(is_newer_form) {
        let needed = needed_program(&pool).await;
        pool.close().await;
        return Err(OutboxError::Newer { needed });
    }
    let found = match listed {
        Some(_) => Vec::new(),
        None => unless_damaged(columns_of(&pool).await)?.unwrap_or_default(),
    };
    pool.close().await;
    if listed.is_some() || found.is_empty() {
        return Ok(listed);
    }
    let scratch = tempfile::tempdir().map_err(|error| OutboxError::Database(error.into()))?;
    let path = scratch.path().join("form.sqlite");
    let versions: Vec<i64> = super::forms().iter().map(|migration| migration.version).collect();
    for version in versions {
        let forms = forms_until(version);
        let columns = async {
            let outbox = Outbox::open_as(&path, SqliteSynchronous::Off, &forms).await?;
            let columns = columns_of(&outbox.pool).await;
            outbox.close().await;
            columns
        };
        if columns.await.map_err(of_scratch)? == found {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

/// The forms up to one.
fn forms_until(version: i64) -> Migrator {
    let mut forms = super::forms();
    forms.migrations.to_mut().retain(|migration| migration.version <= version);
    forms
}

/// Every table with its columns, as the file's first page says, in order of their names.
async fn columns_of(pool: &SqlitePool) -> Result<Vec<(String, String)>> {
    let sql = "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c \
               WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '_sqlx%' \
               ORDER BY 1, 2";
    let rows = sqlx::query(sql).fetch_all(pool).await?;
    rows.iter().map(|row| Ok((row.read(0)?, row.read(1)?))).collect()
}

async fn run(connection: &mut PoolConnection<Sqlite>, sql: String) -> Result<u64> {
    Ok(sqlx::query(AssertSqlSafe(sql)).execute(&mut **connection).await?.rows_affected())
}

async fn texts(connection: &mut PoolConnection<Sqlite>, sql: String) -> Result<Vec<String>> {
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut **connection).await?;
    rows.iter().map(|row| row.read(0)).collect()
}

async fn copy_all(connection: &mut PoolConnection<Sqlite>, from: &Path) -> Result<Vec<TableState>> {
    run(connection, "PRAGMA foreign_keys = OFF".to_owned()).await?;
    sqlx::query("ATTACH DATABASE ? AS old")
        .bind(from.to_string_lossy().as_ref())
        .execute(&mut **connection)
        .await?;
    let names = "SELECT name FROM main.sqlite_master WHERE type = 'table' \
                 AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx%' ORDER BY name";
    let names = texts(connection, names.to_owned()).await?;
    let mut tables = Vec::with_capacity(names.len());
    for name in &names {
        let there =
            texts(connection, format!("SELECT name FROM pragma_table_info('{name}', 'old')"));
        let there = there.await?;
        let ours =
            texts(connection, format!("SELECT name FROM pragma_table_info('{name}')")).await?;
        let wanted = ours.len();
        let columns: Vec<String> = ours.into_iter().filter(|name| there.contains(name)).collect();
        let keys = format!("SELECT name FROM pragma_table_info('{name}') WHERE pk > 0 ORDER BY pk");
        let keys = texts(connection, keys).await?;
        let types = column_types(connection, name, &columns).await?;
        // Both files have the same form, so what the old one lacks is lost.
        let can_be_read = !columns.is_empty() && keys.iter().all(|key| columns.contains(key));
        let is_whole = can_be_read
            && copy(connection, name, &columns, &keys, &types).await?
            && columns.len() == wanted
            && has_all(connection, name).await?;
        let (unusable, unusable_rows) = match can_be_read {
            true => unusable(connection, name, &keys, &types).await?,
            false => (0, Vec::new()),
        };
        tables.push(TableState { name: name.clone(), rows: 0, is_whole, unusable, unusable_rows });
    }
    if names.iter().any(|name| name == RESOURCE_TYPE) {
        save_types(connection).await?;
        name_lost_types(connection).await?;
    }
    // A row whose message is lost says nothing any more.
    for table in &mut tables {
        let name = &table.name;
        let keys = format!(
            "SELECT 'DELETE FROM main.{name} WHERE ' || \"from\" || ' NOT IN (SELECT ' || \"to\" || \
             ' FROM main.' || \"table\" || ')' FROM pragma_foreign_key_list('{name}')"
        );
        for delete in texts(connection, keys).await? {
            table.is_whole &= run(connection, delete).await? == 0;
        }
    }
    for table in &mut tables {
        let count = format!("SELECT count(*) FROM main.{}", table.name);
        let count = sqlx::query(AssertSqlSafe(count)).fetch_one(&mut **connection).await?;
        table.rows = count.read::<i64>(0)?.unsigned_abs();
    }
    // A message's number is never given again, also that of one that is lost.
    run(
        connection,
        "UPDATE sqlite_sequence SET seq = max(seq, coalesce((SELECT max(seq) FROM stored), 0)) \
         WHERE name = 'message'"
            .to_owned(),
    )
    .await?;
    run(connection, "DETACH DATABASE old".to_owned()).await?;
    Ok(tables)
}

/// A column and the conditions that a value in it is of its type.
struct ColumnType {
    name: String,
    is_right: String,
}

/// The columns of a table that hold values of one type only: the new file would refuse a row with another one, which
/// only a damaged page has.
async fn column_types(
    connection: &mut PoolConnection<Sqlite>,
    name: &str,
    columns: &[String],
) -> Result<Vec<ColumnType>> {
    let sql = format!(
        "SELECT c.name, lower(c.type) FROM pragma_table_info('{name}') c WHERE c.type <> 'ANY' \
         AND (SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name = '{name}')"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut **connection).await?;
    let mut types = Vec::with_capacity(rows.len());
    for row in &rows {
        let (name, of): (String, String) = (row.read(0)?, row.read(1)?);
        let of = if of == "int" { "integer".to_owned() } else { of };
        if columns.contains(&name) {
            let is_right = format!("typeof({name}) IN ('{of}', 'null')");
            types.push(ColumnType { name, is_right });
        }
    }
    Ok(types)
}

/// The rows of a table that cannot be kept for the types of their values: how many, and the first by their keys. A value
/// is not named: nobody knows what it is.
async fn unusable(
    connection: &mut PoolConnection<Sqlite>,
    name: &str,
    keys: &[String],
    types: &[ColumnType],
) -> Result<(u64, Vec<String>)> {
    if types.is_empty() {
        return Ok((0, Vec::new()));
    }
    let key = |key: &String| {
        let is_right = types.iter().find(|of| of.name == *key).map(|of| of.is_right.as_str());
        let is_right = is_right.unwrap_or("true");
        format!("'{key} = ' || CASE WHEN {is_right} THEN quote({key}) ELSE '?' END")
    };
    let keys: Vec<String> = keys.iter().map(key).collect();
    let wrong = types.iter().map(|of| {
        let ColumnType { name, is_right } = of;
        format!("CASE WHEN {is_right} THEN '' ELSE ' {name}' END")
    });
    let wrong = wrong.collect::<Vec<_>>().join(" || ");
    let is_wrong =
        types.iter().map(|of| format!("NOT ({})", of.is_right)).collect::<Vec<_>>().join(" OR ");
    let keys = if keys.is_empty() { "''".to_owned() } else { keys.join(" || ', ' || ") };
    let count = format!("SELECT count(*) FROM old.{name} WHERE {is_wrong}");
    let first =
        format!("SELECT {keys} || ':' || {wrong} FROM old.{name} WHERE {is_wrong} LIMIT {NAMED}");
    let counted = sqlx::query(AssertSqlSafe(count)).fetch_one(&mut **connection).await;
    let Some(row) = unless_damaged(counted.map_err(OutboxError::from))? else {
        // It cannot be read to its end anyway.
        return Ok((0, Vec::new()));
    };
    let first = unless_damaged(texts(connection, first).await)?.unwrap_or_default();
    Ok((row.read::<i64>(0)?.unsigned_abs(), first))
}

/// Reads the types of resources that the table lacks by the index of their names: they have one page, and all of the
/// ledger refers to it.
async fn save_types(connection: &mut PoolConnection<Sqlite>) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO main.resource_type (number, name) SELECT number, name \
               FROM old.resource_type INDEXED BY sqlite_autoindex_resource_type_1 \
               WHERE name > '' AND typeof(name) = 'text' AND +number IN (SELECT resource_type FROM main.stored)";
    match run(connection, sql.to_owned()).await {
        Err(error) if !is_damage(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Gives types whose names are lost a name, so that what the register has confirmed of them is kept. A record's next
/// delivery puts its right type in place of it.
async fn name_lost_types(connection: &mut PoolConnection<Sqlite>) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO main.resource_type (number, name) \
               SELECT DISTINCT resource_type, 'unknown-' || resource_type FROM main.stored \
               WHERE resource_type NOT IN (SELECT number FROM main.resource_type)";
    run(connection, sql.to_owned()).await?;
    Ok(())
}

/// Whether as many rows of a table are in the new file as the old one has: what breaks a rule of the schema is left out
/// when it is copied.
async fn has_all(connection: &mut PoolConnection<Sqlite>, name: &str) -> Result<bool> {
    let sql = format!(
        "SELECT (SELECT count(*) FROM main.{name}) >= (SELECT count(*) FROM old.{name} NOT INDEXED)"
    );
    let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut **connection).await;
    match unless_damaged(row.map_err(OutboxError::from))? {
        Some(row) => row.read(0),
        None => Ok(false),
    }
}

/// Copies a table; `false` where not all of it can be read.
async fn copy(
    connection: &mut PoolConnection<Sqlite>,
    name: &str,
    columns: &[String],
    keys: &[String],
    types: &[ColumnType],
) -> Result<bool> {
    let (columns, ascending) = (columns.join(", "), keys.join(", "));
    // A row with a value of another type than its column's would end the statement, and the repair with it.
    let mut usable: Vec<&str> = types.iter().map(|of| of.is_right.as_str()).collect();
    usable.push("true");
    let usable = usable.join(" AND ");
    let insert = format!(
        "INSERT OR IGNORE INTO main.{name} ({columns}) SELECT {columns} FROM old.{name} WHERE {usable}"
    );
    match run(connection, insert.clone()).await {
        Ok(_) => return Ok(true),
        Err(error) if is_damage(&error) => {}
        Err(error) => return Err(error),
    }
    let descending = keys.iter().map(|key| format!("{key} DESC")).collect::<Vec<_>>().join(", ");
    // From the start up to the fault, then from the end down to it.
    let last = format!("SELECT {ascending} FROM main.{name} ORDER BY {descending} LIMIT 1");
    let above = |is_first: bool| match is_first {
        true => String::new(),
        false => format!("({ascending}) > ({last})"),
    };
    let mut is_first = true;
    let mut step = STEP;
    loop {
        let condition = above(is_first);
        let condition = if condition.is_empty() { condition } else { format!("AND {condition}") };
        match run(connection, format!("{insert} {condition} ORDER BY {ascending} LIMIT {step}"))
            .await
        {
            Ok(0) => break,
            Ok(_) => {
                is_first = false;
                step = STEP.min(step * 2);
            }
            Err(error) if !is_damage(&error) => return Err(error),
            Err(_) if step > 1 => step /= 2,
            Err(_) => break,
        }
    }
    run(connection, format!("CREATE TEMP TABLE rest AS SELECT {columns} FROM main.{name} WHERE 0"))
        .await?;
    let lowest = format!("SELECT {ascending} FROM temp.rest ORDER BY {ascending} LIMIT 1");
    let mut is_empty = true;
    step = STEP;
    loop {
        let mut conditions = vec![above(is_first)];
        if !is_empty {
            conditions.push(format!("({ascending}) < ({lowest})"));
        }
        conditions.push(usable.clone());
        conditions.retain(|condition| !condition.is_empty());
        let condition = format!("WHERE {}", conditions.join(" AND "));
        let sql = format!(
            "INSERT INTO temp.rest SELECT {columns} FROM old.{name} {condition} ORDER BY {descending} LIMIT {step}"
        );
        match run(connection, sql).await {
            Ok(0) => break,
            Ok(_) => {
                is_empty = false;
                step = STEP.min(step * 2);
            }
            Err(error) if !is_damage(&error) => return Err(error),
            Err(_) if step > 1 => step /= 2,
            Err(_) => break,
        }
    }
    run(
        connection,
        format!("INSERT OR IGNORE INTO main.{name} ({columns}) SELECT {columns} FROM temp.rest"),
    )
    .await?;
    run(connection, "DROP TABLE temp.rest".to_owned()).await?;
    Ok(false)
}

/// An error with a scratch file of the repair's own: it says nothing of the ledger, whatever SQLite calls it.
fn of_scratch(error: OutboxError) -> OutboxError {
    match is_fault(&error) {
        true => OutboxError::Database(std::io::Error::other(error.to_string()).into()),
        false => error,
    }
}

/// Whether an error is the file's: what SQLite calls damage, and what a damaged schema or row makes of the driver.
fn is_fault(error: &OutboxError) -> bool {
    match error {
        OutboxError::Database(sqlx::Error::ColumnDecode { .. })
        | OutboxError::Database(sqlx::Error::Decode(_) | sqlx::Error::WorkerCrashed)
        | OutboxError::Form(_)
        | OutboxError::DamagedFile(_)
        | OutboxError::Damaged(_) => true,
        error => is_damage(error),
    }
}

/// Whether SQLite found a fault in the file, as opposed to a full disk or a lock.
fn is_damage(error: &OutboxError) -> bool {
    let OutboxError::Database(error) = error else { return false };
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let code = code.and_then(|code| code.parse::<i32>().ok());
    // SQLITE_ERROR (a page that is not what the schema says), SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_MISMATCH.
    matches!(code.map(|code| code & 0xff), Some(1 | 11 | 20 | 26))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection that is still open, or just being closed, keeps SQLite from emptying the log at the end.
    #[tokio::test]
    async fn all_that_a_repair_has_committed_is_in_the_file_that_it_puts_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let (path, new, aside) = (file("outbox.db"), file("outbox.db.repaired"), file("damaged"));
        std::fs::write(&path, "damaged").unwrap();
        let (outbox, other) =
            (Outbox::open(&new).await.unwrap(), Outbox::open(&new).await.unwrap());
        outbox.set("kept", "yes").await.unwrap();
        end_in_place(outbox, &path, &new, &aside).await.unwrap();
        assert_eq!(std::fs::read(&aside).unwrap(), b"damaged");
        let placed = Outbox::open(&path).await.unwrap();
        assert_eq!(placed.setting("kept").await.unwrap().as_deref(), Some("yes"));
        placed.close().await;
        other.close().await;
    }

    /// A reader of the log, such as a program that copies the file: the damaged one stays, and the error says why.
    #[tokio::test]
    async fn a_file_that_something_else_reads_is_not_put_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let (path, new, aside) = (file("outbox.db"), file("outbox.db.repaired"), file("damaged"));
        std::fs::write(&path, "damaged").unwrap();
        let (outbox, other) =
            (Outbox::open(&new).await.unwrap(), Outbox::open(&new).await.unwrap());
        outbox.set("kept", "yes").await.unwrap();
        let mut reader = other.connection().await.unwrap();
        sqlx::query("BEGIN").execute(&mut *reader).await.unwrap();
        sqlx::query("SELECT * FROM setting").fetch_all(&mut *reader).await.unwrap();
        // Else it is waited for.
        sqlx::query("PRAGMA busy_timeout = 0").execute(&outbox.pool).await.unwrap();
        let error = end_in_place(outbox, &path, &new, &aside).await.unwrap_err();
        assert!(error.to_string().contains("something else has the file open"), "{error}");
        assert!(!matches!(irreparable(error), OutboxError::Irreparable(_)));
        assert_eq!(std::fs::read(&path).unwrap(), b"damaged");
        assert!(!aside.exists());
    }
}
