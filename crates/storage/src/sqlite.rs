//! SQLite: the embedded default. Write-ahead log, every commit synced to the disk.

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
#[path = "no_partitions.rs"]
mod partitions;
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
use crate::opening::{Opening, make_file};
use crate::watched::Watched;
use backend::Inner;
use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection,
    migrate::Migrator,
    query, query_scalar,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    path::Path,
    sync::{Arc, LazyLock},
    time::Duration,
};

type Db = sqlx::Sqlite;
type Name = SqliteStore;
/// Takes the write lock at once: a read that turns into a write could find it taken.
const BEGIN: &str = "BEGIN IMMEDIATE";
/// Writes a copy of one moment to a new file.
const BACKUP: Option<&str> = Some(COPY);
const COPY: &str = "VACUUM INTO $1";
/// Passes over rows that another session is about to change; here there is one that writes at a time.
const SKIP_LOCKED: &str = "";
/// Holds the row of a sender's chain; here a transaction that writes is alone.
const HOLD: &str = "";
/// One file is not divided, so that messages of several senders share the wait for the disk.
const SENDERS_APART: bool = false;
/// Whether several statements with values can be sent at once.
const SEVERAL_AT_ONCE: bool = true;
/// Whether a session may have died since it was used last, and is asked first. A file's hardly ever does, and asking costs
/// as much as the question itself.
const SESSIONS_DIE: bool = false;
/// Reads of one transaction see one state.
const SNAPSHOT: &str = "BEGIN";
/// The settings of a session that only reads, and of one that writes.
const READING: &[&str] = &["PRAGMA query_only = on"];
const WRITING: &[&str] = &[];
/// For writes that may be lost with the power: losing a used proof opens a window of a minute to whoever holds it,
/// and waiting for the disk would cost every call as much as its message does.
const QUICK: &[&str] = &["PRAGMA synchronous = NORMAL"];
/// How many tables of a name there are.
const HAS_TABLE: &str = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = $1";
/// The texts of the schema, as bytes: the driver takes the types of columns from them for text, and its thread ends where
/// they are not.
const SCHEMA_TEXTS: Option<&str> =
    Some("SELECT CAST(sql AS BLOB) FROM sqlite_schema WHERE sql IS NOT NULL");
/// Whether the tables of a cross join are read in the order in which they stand (<https://sqlite.org/optoverview.html>).
const ORDERS_JOINS: bool = true;
/// Whether each value of a list is looked up by a probe of its own: SQLite goes by the index that has most of the columns.
const PROBES: bool = false;
/// Flushes what an earlier process has written: what one that died had written and not flushed is read like everything
/// else, and must not be answered for while a loss of power can still take it. A commit flushes the whole log
/// (<https://sqlite.org/wal.html>).
const FLUSH: Option<&str> = Some("UPDATE key_check SET id = id");
pub(crate) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    Migrator::with_migrations(vec![
        form(
            1,
            "messages and resources",
            include_str!("../migrations/sqlite/0001_messages_and_resources.sql"),
        ),
        form(2, "used proofs", include_str!("../migrations/sqlite/0002_used_proofs.sql")),
        form(
            3,
            "codes and refused calls",
            include_str!("../migrations/sqlite/0003_codes_and_refused_calls.sql"),
        ),
        form(
            4,
            "administration facts",
            include_str!("../migrations/sqlite/0004_administration_facts.sql"),
        ),
        form(
            5,
            "identifier systems",
            include_str!("../migrations/sqlite/0005_identifier_systems.sql"),
        ),
        form(6, "audit", include_str!("../migrations/sqlite/0006_audit.sql")),
        form(
            7,
            "content and outlet",
            include_str!("../migrations/sqlite/0007_content_and_outlet.sql"),
        ),
        form(8, "search", include_str!("../migrations/sqlite/0008_search.sql")),
        form(9, "insight", include_str!("../migrations/sqlite/0009_insight.sql")),
        form(10, "sender leads", include_str!("../migrations/sqlite/0010_sender_leads.sql")),
        form(11, "schema program", include_str!("../migrations/sqlite/0011_schema_program.sql")),
        form(12, "days", include_str!("../migrations/sqlite/0012_days.sql")),
        form(13, "deliveries", include_str!("../migrations/sqlite/0013_deliveries.sql")),
    ])
});
pub(crate) static IDENTITY_MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    Migrator::with_migrations(vec![
        form(
            1,
            "identity parts",
            include_str!("../migrations/identities/sqlite/0001_identity_parts.sql"),
        ),
        form(
            2,
            "schema program",
            include_str!("../migrations/identities/sqlite/0002_schema_program.sql"),
        ),
    ])
});
/// Sessions that write identities at once.
const IDENTITY_WRITERS: u32 = 1;

/// A store in one SQLite file. Clones share it.
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

impl SqliteStore {
    /// Opens the file, makes it if it is not there, and brings it to this program's schema. A schema from
    /// a newer program and a key of another database are refused.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(file: &Path, key: StorageKey) -> Result<Self, OpenError> {
        Self::open_with(file, key, Opening::START).await
    }

    /// Opens the file, and does no more to it than it may. One that root makes belongs to whoever the folder belongs to.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open_with(
        file: &Path,
        key: StorageKey,
        opening: Opening,
    ) -> Result<Self, OpenError> {
        match has_something(file) {
            false if !opening.may_begin => return Err(OpenError::NotBegun),
            false => make_file(file),
            true => {}
        }
        let watched = watch(file)?;
        Ok(Self(Inner::open(options(file, opening), key, opening, watched).await?))
    }

    /// Opens the file of a second database, for identities that are kept apart. It is made only if it `may_be_new`: where
    /// the first database has nothing yet.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open_identities(
        file: &Path,
        key: IdentityKey,
        may_be_new: bool,
        opening: Opening,
    ) -> Result<Arc<dyn IdentityStore>, OpenError> {
        match has_something(file) {
            false if !may_be_new => return Err(OpenError::IdentitiesMissing),
            false if !opening.may_begin => return Err(OpenError::NotBegun),
            false => make_file(file),
            true => {}
        }
        let watched = watch(file)?;
        identities::open(options(file, opening), key, (may_be_new, opening), watched).await
    }

    /// Writes a copy of a file with this program's schema or an earlier one's to another one, which is not there or is
    /// empty. Nothing is written into the file itself: a copy is what there must be before a later program changes it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn copy(file: &Path, key: &StorageKey, to: &str) -> Result<(), OpenError> {
        copy(file, &MIGRATIONS, key, to).await
    }

    /// The same of the file of identities that are kept apart.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn copy_identities(
        file: &Path,
        key: &IdentityKey,
        to: &str,
    ) -> Result<(), OpenError> {
        copy(file, &IDENTITY_MIGRATIONS, &key.people, to).await
    }
}

async fn copy(
    file: &Path,
    migrations: &Migrator,
    key: &StorageKey,
    to: &str,
) -> Result<(), OpenError> {
    if !has_something(file) {
        return Err(OpenError::NotBegun);
    }
    let options = options(file, Opening::PRESENT).read_only(true).disable_statement_logging();
    let mut db = options.connect().await?;
    let (_, has_word) = tables::look_at(&mut db, migrations, key).await?;
    if !has_word {
        return Err(OpenError::NotBegun);
    }
    query(COPY).bind(to.to_owned()).execute(&mut db).await?;
    db.close().await?;
    mark_copy(to).await?;
    Ok(())
}

/// Looks at a file before SQLite does.
fn watch(file: &Path) -> Result<Option<Arc<Watched>>, OpenError> {
    let watched = Watched::of(file);
    match watched {
        Some(watched) if watched.has_log_of_another() => Err(OpenError::LogOfAnother),
        watched => Ok(watched.map(Arc::new)),
    }
}

/// A new mark for a file: never 0.
fn new_mark() -> Result<u32, aws_lc_rs::error::Unspecified> {
    let mut bytes = [0; 4];
    aws_lc_rs::rand::fill(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes).max(1))
}

/// Gives the file its mark where it has none and may get one, and brings it from the log to where [`Watched`] looks.
async fn mark(session: &mut SqliteConnection, opening: Opening) -> Result<u32, OpenError> {
    const READ: &str = "PRAGMA user_version";
    let found: i64 = query_scalar(READ).fetch_one(&mut *session).await?;
    if found != 0 || !opening.may_migrate {
        return Ok(unsigned(found));
    }
    let mark = new_mark().map_err(|_| OpenError::Randomness)?;
    let mut transaction = session.begin_with(BEGIN).await?;
    let found: i64 = query_scalar(READ).fetch_one(&mut *transaction).await?;
    if found != 0 {
        return Ok(unsigned(found));
    }
    set_mark(&mut transaction, mark).await?;
    transaction.commit().await?;
    // Another session may still read what was before; then the log is written in later.
    query("PRAGMA wal_checkpoint(PASSIVE)").fetch_optional(session).await?;
    Ok(mark)
}

/// The bytes that the header has for a number, which SQLite reads with a sign.
fn unsigned(mark: i64) -> u32 {
    u32::try_from(mark.rem_euclid(1 << 32)).unwrap_or_default()
}

async fn set_mark(session: &mut SqliteConnection, mark: u32) -> Result<(), sqlx::Error> {
    let statement = format!("PRAGMA user_version = {}", mark.cast_signed());
    query(sqlx::AssertSqlSafe(statement)).execute(session).await.map(drop)
}

/// Gives a copy a mark of its own: written over the file that it is of, it is another one.
async fn mark_copy(file: &str) -> Result<(), sqlx::Error> {
    let mark = new_mark().map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .synchronous(SqliteSynchronous::Full);
    let mut db = options.disable_statement_logging().connect().await?;
    set_mark(&mut db, mark).await?;
    db.close().await
}

/// Whether there is a file that is not empty.
fn has_something(file: &Path) -> bool {
    // What cannot be looked at, the database reports.
    !matches!(file.metadata(), Err(error) if error.kind() == std::io::ErrorKind::NotFound)
        && !file.metadata().is_ok_and(|file| file.is_file() && file.len() == 0)
}

fn options(file: &Path, opening: Opening) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(file)
        // A file system of SQLite's own (bench/proof) has files that the system's does not show.
        .create_if_missing(opening.may_begin)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10));
    // The mode is written into the file.
    if opening == Opening::PRESENT { options } else { options.journal_mode(SqliteJournalMode::Wal) }
}

/// Largest file, in pages of 4 KiB, that is written again after its schema has changed.
const TIDIED: i64 = 1_000;

/// Gives back the pages of tables that a migration has copied. A larger file keeps them for what comes; it takes as
/// long as copying the file does.
async fn tidy(session: &mut SqliteConnection) {
    let pages: Result<i64, _> = query_scalar("PRAGMA page_count").fetch_one(&mut *session).await;
    if pages.is_ok_and(|pages| pages < TIDIED)
        && let Err(error) = query("VACUUM").execute(session).await
    {
        // Another receiver uses the file: the pages stay free in it.
        tracing::debug!(%error, "the file was not written again");
    }
}

/// Whether a session stays the same one: always.
async fn keeps_statements(
    _: &mut SqliteConnection,
    _: &SqliteConnectOptions,
) -> Result<(), sqlx::Error> {
    Ok(())
}

/// Whether an error may be the session's and not the database's: the driver's thread has ended, or does not answer.
fn is_of_session(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::TimedOut,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use lmr_intake::{Insight as _, Store as _};

    #[tokio::test]
    async fn the_writing_session_syncs_every_commit_to_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        make_file(&file);
        let mut session = backend::writing(&options(&file, Opening::START)).await.unwrap();
        let mut ask = async |pragma: &'static str| -> String {
            query_scalar::<_, String>(pragma).fetch_one(&mut session).await.unwrap()
        };
        assert_eq!(ask("SELECT journal_mode FROM pragma_journal_mode").await, "wal");
        // 2 is FULL: the log is synced after each commit.
        assert_eq!(ask("SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous").await, "2");
        session.close().await.unwrap();
    }

    /// What would be written then went to a file that is gone, and the next start would know nothing of it.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_was_replaced_while_it_is_used_takes_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let store = SqliteStore::open(&file, StorageKey::new(&[7; 32])).await.unwrap();
        store.ready().await.unwrap();
        let copy = folder.path().join("copy.db");
        std::fs::copy(&file, &copy).unwrap();
        std::fs::rename(&copy, &file).unwrap();
        let error = store.ready().await.unwrap_err();
        assert!(crate::error::chain(&error).contains("was replaced"), "{error}");
        std::fs::remove_file(&file).unwrap();
        assert!(store.ready().await.is_err(), "one that was removed is not there either");
        store.close().await;
    }

    /// Organisation numbers from this one on.
    fn organisations(from: u32, count: usize) -> Vec<String> {
        let number = |n: u32| {
            let digits = format!("{n:08}");
            let weighted =
                digits.bytes().zip([3, 2, 7, 6, 5, 4, 3, 2]).map(|(d, w)| u32::from(d - b'0') * w);
            match (11 - weighted.sum::<u32>() % 11) % 11 {
                10 => None,
                check => Some(format!("{digits}{check}")),
            }
        };
        (from..).filter_map(number).take(count).collect()
    }

    /// More messages than are counted before a way is chosen, of more senders than one statement has.
    #[tokio::test]
    async fn messages_with_a_code_are_the_same_whichever_way_they_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let store = SqliteStore::open(&file, StorageKey::new(&[7; 32])).await.unwrap();
        // `plans` hears what is logged in this process.
        let options = options(&file, Opening::START).disable_statement_logging();
        let mut session = options.connect().await.unwrap();
        let mut ids = 0_i64;
        for (place, sender) in organisations(31_000_100, 40).iter().enumerate() {
            let count = if place % 4 == 0 { 1_100 } else { 9 };
            let insert = format!(
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
                 INSERT INTO message (id, organisation, message_id, content_sha256, rule_set, client_id, reporting_from,
                     reporting_to, generated_at, received_at, outcome, entries, created, updated, unchanged, refused,
                     dependent, salt, answer_coding, answer_sealed, has_content)
                 SELECT {ids} + n, '{sender}', 'm' || n, CAST(n AS BLOB), 'lmdi-1.1.7', 'klient', 0, 0, 0,
                     n * 7 % {count} * 1000, CASE n % 5 WHEN 0 THEN 'refused' ELSE 'accepted' END, 1, 1, 0, 0, 0, 0,
                     zeroblob(16), 'identity', zeroblob(0), 1 FROM n"
            );
            for text in [
                format!(
                    "INSERT INTO audit_head (chain, sequence, digest) VALUES ('{sender}', 1, zeroblob(32))"
                ),
                insert,
            ] {
                query(sqlx::AssertSqlSafe(text)).execute(&mut session).await.unwrap();
            }
            ids += count;
        }
        // One that all have, one of some hundred of each large sender, one of few, one of few small senders.
        for select in [
            "SELECT organisation, id, 'LMR-4001', 1 FROM message",
            "SELECT organisation, id, 'LMR-4002', 1 FROM message WHERE id % 3 = 0",
            "SELECT organisation, id, 'LMR-4003', 1 FROM message WHERE id % 200 = 0",
            "SELECT organisation, id, 'LMR-4004', 1 FROM message WHERE id % 4000 = 1109",
        ] {
            let text =
                format!("INSERT INTO message_code (organisation, message, code, entries) {select}");
            query(sqlx::AssertSqlSafe(text)).execute(&mut session).await.unwrap();
        }
        let at = |microsecond| jiff::Timestamp::from_microsecond(microsecond).ok();
        let mut seen = 0;
        for code in ["LMR-4001", "LMR-4002", "LMR-4003", "LMR-4004", "LMR-9999"] {
            for (since, before) in
                [(None, None), (at(900_000), None), (None, at(40_000)), (at(3_000), at(8_000))]
            {
                for only_refused in [false, true] {
                    let expected: Vec<(String, String)> = sqlx::query_as(
                        "SELECT organisation, message_id FROM message m WHERE EXISTS (SELECT 1 FROM message_code k
                             WHERE k.organisation = m.organisation AND k.message = m.id AND k.code = $1)
                         AND received_at >= $2 AND received_at < $3 AND (outcome = 'refused' OR NOT $4)
                         ORDER BY received_at DESC, organisation DESC, id DESC LIMIT 90",
                    )
                    .bind(code)
                    .bind(since.map_or(i64::MIN, jiff::Timestamp::as_microsecond))
                    .bind(before.map_or(i64::MAX, jiff::Timestamp::as_microsecond))
                    .bind(only_refused)
                    .fetch_all(&mut session)
                    .await
                    .unwrap();
                    let (mut found, mut after) = (Vec::new(), None);
                    for _ in 0..3 {
                        let filter = lmr_intake::MessageFilter {
                            code: Some(code.to_owned()),
                            since,
                            before,
                            only_refused,
                            after,
                            limit: 30,
                            ..lmr_intake::MessageFilter::default()
                        };
                        let page =
                            store.messages(&filter, jiff::Timestamp::UNIX_EPOCH).await.unwrap();
                        after = page.last().map(|last| last.cursor).or(after);
                        let names = page.into_iter().map(|one| one.summary);
                        found.extend(names.map(|one| (one.sender.to_string(), one.message_id)));
                        if found.len() >= expected.len() {
                            break;
                        }
                    }
                    assert_eq!(found, expected, "{code} {since:?} {before:?} {only_refused}");
                    seen += found.len();
                }
            }
        }
        assert!(seen > 1_000, "{seen}");
        session.close().await.unwrap();
        store.close().await;
    }

    /// SQLite knows no time zones: the migration to sums by day computes Norwegian time itself.
    #[tokio::test]
    async fn sums_by_hour_become_those_of_norwegian_days() {
        const HOUR: i64 = 3_600;
        // `plans` hears what is logged in this process.
        let options = SqliteConnectOptions::new().in_memory(true).disable_statement_logging();
        let mut session = options.connect().await.unwrap();
        let (before, after): (Vec<_>, Vec<_>) =
            MIGRATIONS.iter().partition(|migration| migration.version < 12);
        for migration in before {
            sqlx::raw_sql(migration.sql.clone()).execute(&mut session).await.unwrap();
        }
        let hour = |date: jiff::civil::Date| {
            date.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second() / HOUR
        };
        let years = hour(date(2024, 1, 1))..hour(date(2034, 1, 1));
        for table in [
            "hour_count SELECT '310000019', hour, hour % 2, 1, 1, 1, 1, 1, 1",
            "hour_code SELECT '310000019', hour, 'LMR-4001', 1, 2",
        ] {
            let insert = format!(
                "WITH RECURSIVE hours (hour) AS (SELECT {} UNION ALL SELECT hour + 1 FROM hours WHERE hour + 1 < {})
                 INSERT INTO {table} FROM hours",
                years.start, years.end
            );
            query(sqlx::AssertSqlSafe(insert)).execute(&mut session).await.unwrap();
        }
        for migration in after {
            sqlx::raw_sql(migration.sql.clone()).execute(&mut session).await.unwrap();
        }
        let mut expected = std::collections::BTreeMap::new();
        for hour in years {
            let at = jiff::Timestamp::from_second(hour * HOUR).unwrap();
            let day = lmr_intake::norwegian_date(at);
            let (last, taken, hours) = expected.entry(day).or_insert((None, 0, 0));
            if hour % 2 == 1 {
                (*last, *taken) = (Some(hour), *taken + 1);
            }
            *hours += 1;
        }
        let sums: Vec<(i64, Option<i64>, i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT day, last_hour, accepted, refused_messages, c.entries, c.calls FROM day_count
             JOIN day_code c USING (organisation, day) ORDER BY day",
        )
        .fetch_all(&mut session)
        .await
        .unwrap();
        assert_eq!(sums.len(), expected.len());
        for ((number, last, accepted, refused, entries, calls), (day, (hour, taken, hours))) in
            sums.into_iter().zip(expected)
        {
            assert_eq!(date(1970, 1, 1) + jiff::Span::new().days(number), day);
            assert_eq!((last, accepted, refused), (hour, taken, hours), "{day}");
            assert_eq!((entries, calls), (hours, 2 * hours), "{day}");
        }
    }

    /// The steps of a plan, and the statement that asks for it.
    async fn steps_of(
        session: &mut SqliteConnection,
        sql: sqlx::QueryBuilder<Db>,
    ) -> (Vec<String>, String) {
        let text = sql.sql().as_str().to_owned();
        let steps: Vec<String> = query(sqlx::AssertSqlSafe(text.clone()))
            .fetch_all(session)
            .await
            .unwrap()
            .iter()
            .map(|row| sqlx::Row::get(row, "detail"))
            .collect();
        assert!(!steps.is_empty(), "{text}");
        (steps, text)
    }

    /// What reads a table from end to end, or sorts what could be many, of a plan.
    async fn bad_steps(session: &mut SqliteConnection, sql: sqlx::QueryBuilder<Db>) -> Vec<String> {
        let (steps, text) = steps_of(session, sql).await;
        let is_bad = |step: &String| crate::plans::reads_all(step);
        // The heads of the chains are as many as there are senders; the others are rows that an index found, counted
        // up to a limit.
        let is_small = |step: &str| {
            ["audit_head", "SCAN by_time", "SCAN with_code", "SCAN of_sender"]
                .iter()
                .any(|one| step.contains(one))
        };
        let bad = steps.iter().filter(|step| is_bad(step) && !is_small(step));
        bad.map(|step| format!("{step}: {text}")).collect()
    }

    #[tokio::test]
    async fn no_question_of_the_operator_reads_a_table_from_end_to_end() {
        const EXPLAIN: &str = "EXPLAIN QUERY PLAN ";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let store = SqliteStore::open(&file, StorageKey::new(&[7; 32])).await.unwrap();
        let mut session = backend::writing(&options(&file, Opening::START)).await.unwrap();
        let sender = "310000019".parse().ok();
        let (code, id) = (Some("LMR-4001".to_owned()), Some("m".to_owned()));
        let moment = jiff::Timestamp::from_second(0).ok();
        let mut bad = Vec::new();
        // Every combination of what can be asked for.
        for asked in 0_u32..1 << 9 {
            let asks = |bit: u32| asked >> bit & 1 == 1;
            let filter = lmr_intake::MessageFilter {
                sender: sender.filter(|_| asks(0)),
                message_id: id.clone().filter(|_| asks(1)),
                code: code.clone().filter(|_| asks(2)),
                since: moment.filter(|_| asks(3)),
                before: moment.filter(|_| asks(4)),
                only_refused: asks(5),
                only_waiting: asks(6),
                only_accepted: asks(8),
                after: "7-310000019-7".parse().ok().filter(|_| asks(7)),
                limit: 50,
            };
            let between = insight::Between::of(&filter);
            for way in [insight::Way::Any, insight::Way::ByTime] {
                let ways = [("310000019", way), ("320000009", way)];
                let sql = insight::list_query(EXPLAIN, &ways, &filter, between);
                bad.extend(bad_steps(&mut session, sql).await);
            }
            for count in [
                insight::Count::ByTime(between, insight::Read::All, 100),
                insight::Count::ByTime(between, insight::Read::Refused, 100),
                insight::Count::WithCode("LMR-4001", 1000),
            ] {
                let of_refused =
                    matches!(count, insight::Count::ByTime(_, insight::Read::Refused, _));
                let sql = insight::way_query(EXPLAIN, &["310000019", "320000009"], count);
                let (steps, text) = steps_of(&mut session, sql).await;
                if of_refused && !steps.iter().any(|step| step.contains("message_refused")) {
                    bad.push(format!("not by the index of refused messages: {steps:?}: {text}"));
                }
                let sql = insight::way_query(EXPLAIN, &["310000019", "320000009"], count);
                bad.extend(bad_steps(&mut session, sql).await);
            }
        }
        let senders = ["310000019".to_owned(), "320000009".to_owned()];
        let codes = counts::by_hour(EXPLAIN, &senders, (0, 1));
        bad.extend(bad_steps(&mut session, codes).await);
        bad.extend(bad_steps(&mut session, counts::by_day(EXPLAIN, &senders, (0, 1))).await);
        bad.extend(bad_steps(&mut session, counts::codes_by_day(EXPLAIN, &senders, (0, 1))).await);
        // Of each message of a span a row is read: of the index alone.
        let periods = insight::periods_query(EXPLAIN, "310000019", 1);
        let (steps, text) = steps_of(&mut session, periods).await;
        let is_bad = |step: &&String| step.contains("message") && !step.contains("COVERING INDEX");
        bad.extend(steps.iter().filter(is_bad).map(|step| format!("{step}: {text}")));
        for (head, rest) in
            [("", insight::COUNT_HANDED_OVER), ("SELECT m.id, ", insight::ONE_MESSAGE)]
        {
            let mut sql = sqlx::QueryBuilder::new(EXPLAIN);
            sql.push(head).push(rest);
            bad.extend(bad_steps(&mut session, sql).await);
        }
        assert!(bad.is_empty(), "{bad:#?}");
        session.close().await.unwrap();
        store.close().await;
    }
}
