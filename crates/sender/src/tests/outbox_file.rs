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
