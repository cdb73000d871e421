//! A damaged file: what of it can be read, and a new file made of that.
//!
//! Whatever is lost of the ledger is sent again, and what the register has makes no new version there; so a repair
//! never has to guess. Annulments are the exception: the source still has what was annulled as it was given, and sending
//! that again would take the annulment back. So the next transfer looks for those that are lost before it sends anything
//! (`annul/lost.rs`).

mod form;
mod salvage;
mod schema;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};

use form::{form_of, forms_until};
use salvage::salvage;
use schema::{SchemaRow, differences, restore, schema_of};

use super::columns::Columns;
use super::stored::{leaves_something_to_send, wants_everything};
use super::{Outbox, OutboxError, Result, database_text};

/// Most single faults that are named.
const NAMED: usize = 20;

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
