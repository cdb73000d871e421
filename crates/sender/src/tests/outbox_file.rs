//! The outbox's file: durable as promised, and looked at without being written.

use lmr_lmdi::RuleSetId;
use sqlx::Row;
use sqlx::sqlite::SqliteSynchronous;

use super::world::{World, given, medicine, patient, whole_file};
use crate::outbox::Outbox;
use crate::report::RunStatus;

/// The connections that write flush at every commit: `synchronous = FULL` (2) with a write-ahead log.
#[tokio::test]
async fn the_outbox_flushes_every_commit() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(&folder.path().join("outbox.db")).await.unwrap();
    // Every connection that the pool may hand to a step.
    let (mut first, mut second) =
        (outbox.connection().await.unwrap(), outbox.connection().await.unwrap());
    for connection in [&mut first, &mut second] {
        let ask = async |sql: &'static str, connection: &mut sqlx::SqliteConnection| {
            sqlx::query(sql).fetch_one(connection).await.unwrap()
        };
        assert_eq!(ask("PRAGMA synchronous", connection).await.get::<i64, _>(0), 2);
        assert_eq!(ask("PRAGMA journal_mode", connection).await.get::<String, _>(0), "wal");
    }
}

/// sqlx reads a folder as its macro does.
#[tokio::test]
async fn every_file_of_the_folder_is_a_form() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let files = sqlx::migrate::Migrator::new(folder).await.unwrap();
    let of = |forms: &sqlx::migrate::Migrator| -> Vec<_> {
        let of = forms.iter().map(|form| {
            (form.version, form.description.clone(), form.checksum.clone(), form.no_tx)
        });
        of.collect()
    };
    let known = crate::outbox::forms();
    assert_eq!(of(&known), of(&files));
    assert!(of(&known).len() > 8);
}

/// A report that is no JSON (of a damaged file, or written by hand) counts as none, and keeps no ledger closed.
#[tokio::test]
async fn a_ledger_opens_whatever_its_reports_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let before = crate::outbox::forms().iter().filter(|form| form.version < 10).cloned().collect();
    let before = sqlx::migrate::Migrator::with_migrations(before);
    let outbox = Outbox::open_as(&path, SqliteSynchronous::Off, &before).await.unwrap();
    for (kind, report) in [
        ("planned", "{}"),
        ("planned", "{\"new\": 3"),
        ("retry", "not JSON"),
        ("retry", "{\"given_up\": 2}"),
        ("annulment", ""),
    ] {
        sqlx::query("INSERT INTO run (kind, started_at, ended_at, report) VALUES (?, 0, 0, ?)")
            .bind(kind)
            .bind(report)
            .execute(&mut *outbox.connection().await.unwrap())
            .await
            .unwrap();
    }
    outbox.close().await;
    let outbox = Outbox::open(&path).await.unwrap();
    let overview = outbox.overview().await.unwrap();
    assert_eq!(overview.given_up, 2);
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(outbox.sent_before(now).await.unwrap().len(), 1);
}

/// A ledger of the form before the tenth, with reports that the step to it counts.
async fn of_form_9(path: &std::path::Path) {
    let before = crate::outbox::forms().iter().filter(|form| form.version < 10).cloned().collect();
    let before = sqlx::migrate::Migrator::with_migrations(before);
    let outbox = Outbox::open_as(path, SqliteSynchronous::Off, &before).await.unwrap();
    for (kind, report) in [
        ("retry", Some("{\"given_up\": 9}")),
        ("planned", Some("{\"stopped_early\": true, \"given_up\": 4}")),
        ("planned", None),
        ("retry", Some("{\"given_up\": 2, \"not_stored\": 0}")),
        ("retry", None),
        ("annulment", Some("{\"doubtful_receipts\": 1}")),
    ] {
        sqlx::query("INSERT INTO run (kind, started_at, ended_at, report) VALUES (?, 0, 0, ?)")
            .bind(kind)
            .bind(report)
            .execute(&mut *outbox.connection().await.unwrap())
            .await
            .unwrap();
    }
    outbox.close().await;
}

/// Brings a ledger of the ninth form to the tenth by the step's text of before it was changed.
async fn by_the_former_text(path: &std::path::Path) {
    let mut forms: Vec<_> =
        crate::outbox::forms().iter().filter(|form| form.version <= 10).cloned().collect();
    let former = sqlx::migrate::Migration::new(
        10,
        "replaced".into(),
        sqlx::migrate::MigrationType::Simple,
        sqlx::SqlSafeStr::into_sql_str(include_str!("../../migrations/former/0010_replaced.sql")),
        false,
    );
    assert_ne!(forms[9].checksum, former.checksum);
    forms[9] = former;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::migrate::Migrator::with_migrations(forms).run(&pool).await.unwrap();
    pool.close().await;
}

/// What a step makes: the schema, the settings, and the list of steps.
async fn made(outbox: &Outbox) -> Vec<(String, Vec<u8>)> {
    let sql = "SELECT name, CAST(sql AS BLOB) FROM sqlite_schema WHERE sql IS NOT NULL \
               UNION ALL SELECT name, CAST(value AS BLOB) FROM setting \
               UNION ALL SELECT description, checksum FROM _sqlx_migrations ORDER BY 1, 2";
    let rows = sqlx::query(sql).fetch_all(&mut *outbox.connection().await.unwrap()).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// The text of the tenth step was changed after ledgers were made by it: both make the same of a ledger.
#[tokio::test]
async fn a_ledger_made_by_the_former_text_of_a_step_is_as_one_made_by_the_present_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["former", "present"] {
        of_form_9(&path(name)).await;
    }
    by_the_former_text(&path("former")).await;
    // What makes no steps takes it as it is, and leaves it so.
    let before = std::fs::read(path("former")).unwrap();
    Outbox::open_read_only(&path("former")).await.unwrap().close().await;
    let copy = Outbox::scratch_copy(&path("former"), &path("scratch")).await.unwrap();
    assert_eq!(copy.overview().await.unwrap().given_up, 2);
    copy.close().await;
    assert!(std::fs::read(path("former")).unwrap() == before);
    assert_eq!(crate::outbox::examine(&path("former")).await.unwrap().faults, [""; 0]);

    let former = Outbox::open(&path("former")).await.unwrap();
    let present = Outbox::open(&path("present")).await.unwrap();
    assert_eq!(made(&former).await, made(&present).await);
    assert_eq!(former.setting("since-transfer.given_up").await.unwrap().as_deref(), Some("2"));
    former.close().await;
    Outbox::open(&path("former")).await.unwrap().close().await;
}

/// That a ledger is of a newer program is said of one that was made by a former text too, and nothing of it is changed.
#[tokio::test]
async fn a_ledger_of_a_newer_program_is_refused_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    of_form_9(&path).await;
    by_the_former_text(&path).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let steps = async || -> Vec<(i64, Vec<u8>)> {
        let pool = sqlx::SqlitePool::connect_with(options.clone()).await.unwrap();
        let sql = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
        let rows = sqlx::query_as(sql).fetch_all(&pool).await.unwrap();
        pool.close().await;
        rows
    };
    let pool = sqlx::SqlitePool::connect_with(options.clone()).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations SELECT 9999, 'newer', installed_on, success, x'00', execution_time \
         FROM _sqlx_migrations WHERE version = 10",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
    let before = steps().await;
    let error = Outbox::open(&path).await.map(drop).unwrap_err();
    assert!(matches!(error, crate::outbox::OutboxError::Newer { .. }), "{error:?}");
    assert_eq!(steps().await, before);
}

/// A ledger that another text of a step has made may be anything: nothing takes it for one of this program's.
#[tokio::test]
async fn a_ledger_made_by_an_unknown_text_of_a_step_is_refused_by_all() {
    for (change, words) in [
        (
            "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 10",
            "step 10 was made by another text",
        ),
        (
            "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1",
            "step 1 was made by another text",
        ),
        ("UPDATE _sqlx_migrations SET version = -3 WHERE version = 3", "does not know step -3"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.db");
        let outbox = Outbox::open(&path).await.unwrap();
        sqlx::query(change).execute(&mut *outbox.connection().await.unwrap()).await.unwrap();
        outbox.empty_log().await.unwrap();
        outbox.close().await;
        let errors = [
            Outbox::open(&path).await.map(drop),
            Outbox::open_read_only(&path).await.map(drop),
            Outbox::scratch_copy(&path, &folder.path().join("scratch")).await.map(drop),
        ];
        for error in errors {
            let error = error.unwrap_err().to_string();
            assert!(error.contains(words), "{change}: {error}");
        }
    }
}

/// A connection that is still open, or just being closed, keeps SQLite from emptying the log at the end; a repair puts the
/// file alone in place, and what was in the log alone would be lost: which annulments are to be looked for, among others.
#[tokio::test]
async fn the_file_alone_has_everything_once_its_log_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let outbox = Outbox::open(&path).await.unwrap();
    let other = Outbox::open(&path).await.unwrap();
    outbox.set("kept", "yes").await.unwrap();
    let alone = folder.path().join("alone.db");
    let is_kept = async || {
        std::fs::copy(&path, &alone).unwrap();
        // All of it may be in the log.
        let Ok(copy) = Outbox::open_read_only(&alone).await else { return false };
        let kept = copy.setting("kept").await.unwrap();
        copy.close().await;
        kept.is_some()
    };
    assert!(!is_kept().await, "it is in the log");
    outbox.empty_log().await.unwrap();
    outbox.close().await;
    assert!(is_kept().await);
    other.close().await;
}

/// a13
#[tokio::test]
async fn a13_a_copy_without_a_log_is_read_without_writing_and_one_with_a_log_says_what_to_do() {
    let world = World::new(RuleSetId::Lmdi094);
    world.write("base.ndjson", &[medicine("m"), patient("p", 1), given("a", "p", 1)]);
    world.run().await;
    let snapshot = tempfile::tempdir().unwrap();
    let copy = snapshot.path().join("outbox.db");
    std::fs::write(&copy, whole_file(&world.folder.path().join("outbox.db")).await).unwrap();
    let outbox = Outbox::open_read_only(&copy).await.unwrap();
    assert_eq!(outbox.overview().await.unwrap().status, RunStatus::Clean);
    assert_eq!(outbox.held().await.unwrap(), []);
    outbox.close().await;
    assert_eq!(std::fs::read_dir(snapshot.path()).unwrap().count(), 1, "nothing beside it");
    std::fs::write(snapshot.path().join("outbox.db-wal"), "x").unwrap();
    let error = Outbox::open_read_only(&copy).await.unwrap_err().to_string();
    assert!(error.contains("copy the database and its -wal"), "{error}");
}
