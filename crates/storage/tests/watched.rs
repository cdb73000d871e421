//! A database file that is replaced or written over while it is used.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::contract::{at, delivery, version};
use lmr_intake::{Archive as _, Committed, Store as _, StoreError};
use lmr_storage::{ApartKeys, OpenError, Opening, SqliteStore, StorageKey};
use sqlx::Connection as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const KEY: [u8; 32] = [7; 32];

async fn open(file: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(file, StorageKey::new(&KEY)).await
}

/// A database with a message in it that nobody uses any more.
async fn other(folder: &TempDir) -> PathBuf {
    let file = folder.path().join("other.db");
    let store = open(&file).await.unwrap();
    store.commit(delivery("other", 7, vec![version("o", 1, 1, 70)])).await.unwrap();
    store.close().await;
    file
}

/// What `cp` does: the file stays, and has other bytes.
fn write_over(from: &Path, to: &Path) {
    use std::io::Write as _;
    let bytes = std::fs::read(from).unwrap();
    let mut file = std::fs::OpenOptions::new().write(true).truncate(true).open(to).unwrap();
    file.write_all(&bytes).unwrap();
}

const OVERWRITTEN: &str = "was written over";
const REPLACED: &str = "was replaced";

fn says(error: &StoreError, fault: &str) -> bool {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    source.contains(fault)
}

/// Everything that is asked of a store is refused, and goes on to be.
async fn takes_no_more(store: &SqliteStore, fault: &str, what: &str) {
    for _ in 0..2 {
        let ready = store.ready().await.unwrap_err();
        assert!(says(&ready, fault), "{what}: {ready:?}");
        let sent = delivery("late", 9, vec![version("l", 9, 1, 90)]);
        let committed = store.commit(sent).await.map(|done| done.as_str()).unwrap_err();
        assert!(says(&committed, fault), "{what}: {committed:?}");
        let listed = store.avsendere().await.map(drop).unwrap_err();
        assert!(says(&listed, fault), "{what}: {listed:?}");
    }
}

#[tokio::test]
async fn a_file_that_was_written_over_takes_no_more_whatever_was_written() {
    let kinds =
        ["another database", "an own backup", "an earlier state", "half of it", "no database"];
    for (what, is_renamed) in kinds.into_iter().flat_map(|what| [(what, false), (what, true)]) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lmr.db");
        let store = open(&file).await.unwrap();
        let early = folder.path().join("early.db");
        std::fs::copy(&file, &early).unwrap();
        for n in 0..40 {
            let versions = vec![version(&format!("r{n}"), n, 1, 1_000 + n)];
            let sent = delivery(&format!("m{n}"), n, versions);
            assert!(matches!(store.commit(sent).await, Ok(Committed::Stored { .. })));
        }
        let backup = folder.path().join("backup.db");
        assert!(store.back_up(backup.to_str().unwrap()).await.unwrap());
        // The log is written into the file, as it is sooner or later.
        let mut session = sqlx::SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut session).await.unwrap();
        session.close().await.unwrap();
        store.ready().await.unwrap();
        // And a new one begins, in which the first page need not be.
        store.commit(delivery("next", 50, vec![version("r", 50, 1, 2_000)])).await.unwrap();
        let from = match what {
            "another database" => other(&folder).await,
            "an own backup" => backup,
            "an earlier state" => early,
            "half of it" => {
                std::fs::write(folder.path().join("half"), b"SQLite format 3\0").unwrap();
                folder.path().join("half")
            }
            _ => {
                std::fs::write(folder.path().join("none"), [0x20; 8192]).unwrap();
                folder.path().join("none")
            }
        };
        let right = folder.path().join("right.db");
        std::fs::copy(&file, &right).unwrap();
        let wrong = std::fs::read(&from).unwrap();
        if is_renamed {
            std::fs::rename(&from, &file).unwrap();
        } else {
            write_over(&from, &file);
        }
        takes_no_more(&store, if is_renamed { REPLACED } else { OVERWRITTEN }, what).await;
        store.close().await;
        assert_eq!(std::fs::read(&file).unwrap(), wrong, "{what}: closed");
        starts_without_the_log_alone(&folder, what).await;
        // The right file comes back: the log beside it is its own, and has what was taken last.
        std::fs::rename(&right, &file).unwrap();
        let again = open(&file).await.unwrap();
        assert_eq!(again.deliveries(&Default::default()).await.unwrap().len(), 41, "{what}");
        again.close().await;
        assert!(!folder.path().join("lmr.db-wal-of-another").exists(), "{what}");
    }
}

/// A snapshot of the file with its log, put in the place of both: the log is the file's own.
#[tokio::test]
async fn a_log_that_was_put_there_with_its_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lmr.db");
    let store = open(&file).await.unwrap();
    let snapshot = tempfile::tempdir_in(folder.path()).unwrap();
    let elsewhere = open(&snapshot.path().join("lmr.db")).await.unwrap();
    elsewhere.commit(delivery("m", 1, vec![version("r", 1, 1, 10)])).await.unwrap();
    store.commit(delivery("n", 1, vec![version("r", 1, 1, 10)])).await.unwrap();
    store.ready().await.unwrap();
    for end in ["", "-wal"] {
        let name = format!("lmr.db{end}");
        std::fs::copy(snapshot.path().join(&name), folder.path().join("new")).unwrap();
        std::fs::rename(folder.path().join("new"), folder.path().join(&name)).unwrap();
    }
    let _ = std::fs::remove_file(folder.path().join("lmr.db-shm"));
    assert!(store.ready().await.is_err());
    store.close().await;
    elsewhere.close().await;
    let again = open(&file).await.unwrap();
    let found = again.deliveries(&Default::default()).await.unwrap();
    assert_eq!(found.iter().map(|one| one.message_id.as_str()).collect::<Vec<_>>(), ["m"]);
    again.close().await;
}

/// The next start, of another process: with the log beside the file it changes nothing, without it the file is as it was put
/// there.
async fn starts_without_the_log_alone(before: &TempDir, what: &str) {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(before.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let file = folder.path().join("lmr.db");
    let written = std::fs::read(&file).unwrap();
    for opening in [Opening::START, Opening::PRESENT] {
        let opened = SqliteStore::open_with(&file, StorageKey::new(&KEY), opening).await;
        assert!(matches!(opened.map(drop), Err(OpenError::LogOfAnother)), "{what}: {opening:?}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), written, "{what}: a start");
    for end in ["-wal", "-shm"] {
        std::fs::remove_file(folder.path().join(format!("lmr.db{end}"))).unwrap();
    }
    let opened = open(&file).await;
    if matches!(what, "half of it" | "no database") {
        assert!(opened.is_err(), "{what}");
        return;
    }
    opened.unwrap().close().await;
    let mut session = sqlx::SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
    let sound: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut session).await.unwrap();
    assert_eq!(sound, "ok", "{what}");
    session.close().await.unwrap();
    // A log of its own is read as ever.
    let store = open(&file).await.unwrap();
    store.commit(delivery("after", 3, vec![version("n", 3, 1, 30)])).await.unwrap();
    let later = folder.path().join("later");
    std::fs::create_dir(&later).unwrap();
    for name in ["lmr.db", "lmr.db-wal"] {
        std::fs::copy(folder.path().join(name), later.join(name)).unwrap();
    }
    store.close().await;
    let again = open(&later.join("lmr.db")).await.unwrap();
    assert!(!again.deliveries(&Default::default()).await.unwrap().is_empty(), "{what}");
    again.close().await;
}

/// What a stop finds first: nothing was asked since the file was written over.
#[tokio::test]
async fn a_stop_notices_that_a_file_was_written_over() {
    for kept_apart in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lmr.db");
        let other = other(&folder).await;
        if kept_apart {
            let ApartKeys { identities, .. } = crate::contract::keys();
            let opened = SqliteStore::open_identities(&file, identities, true, Opening::START);
            let store = opened.await.unwrap();
            store.ready().await.unwrap();
            write_over(&other, &file);
            store.close().await;
        } else {
            let store = open(&file).await.unwrap();
            store.commit(delivery("m", 1, vec![version("r", 1, 1, 10)])).await.unwrap();
            write_over(&other, &file);
            store.close().await;
        }
        assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&other).unwrap());
    }
}

/// Other commands use the file while the receiver runs, and bring the log into it.
#[tokio::test]
async fn what_other_commands_do_to_a_file_is_no_writing_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lmr.db");
    let store = open(&file).await.unwrap();
    for round in 0..5_u64 {
        let beside = SqliteStore::open_with(&file, StorageKey::new(&KEY), Opening::PRESENT);
        let beside = beside.await.unwrap();
        for n in 0..20 {
            let n = round * 20 + n;
            let by = if n % 2 == 0 { &store } else { &beside };
            let versions = vec![version(&format!("r{n}"), n, 1, 1_000 + n)];
            let sent = delivery(&format!("m{n}"), n, versions);
            assert!(matches!(by.commit(sent).await, Ok(Committed::Stored { .. })));
        }
        let copy = folder.path().join(format!("{round}.db"));
        assert!(beside.back_up(copy.to_str().unwrap()).await.unwrap());
        beside.close().await;
        let mut session = sqlx::SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
        let mode =
            ["PASSIVE", "FULL", "RESTART", "TRUNCATE", "PASSIVE"][usize::try_from(round).unwrap()];
        let checkpoint = sqlx::AssertSqlSafe(format!("PRAGMA wal_checkpoint({mode})"));
        sqlx::query(checkpoint).fetch_one(&mut session).await.unwrap();
        sqlx::query("VACUUM").execute(&mut session).await.unwrap();
        session.close().await.unwrap();
        store.ready().await.unwrap();
    }
    store.close().await;
    let again = open(&file).await.unwrap();
    assert_eq!(again.deliveries(&Default::default()).await.unwrap().len(), 100);
    again.close().await;
}

/// A copy put in the place of the file, with the log of what was there before beside it: SQLite would write that into it.
#[tokio::test]
async fn a_log_of_another_file_is_not_written_into_the_one_that_was_put_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lmr.db");
    let log = folder.path().join("lmr.db-wal");
    let store = open(&file).await.unwrap();
    for n in 0..40 {
        let sent = delivery(&format!("m{n}"), n, vec![version(&format!("r{n}"), n, 1, n)]);
        store.commit(sent).await.unwrap();
    }
    let copy = folder.path().join("copy.db");
    assert!(store.back_up(copy.to_str().unwrap()).await.unwrap());
    // As after a loss of power: what a clean end would take away is still there.
    let left = std::fs::read(&log).unwrap();
    store.close().await;
    std::fs::copy(&copy, &file).unwrap();
    std::fs::write(&log, &left).unwrap();
    for opening in [Opening::START, Opening::PRESENT] {
        let opened = SqliteStore::open_with(&file, StorageKey::new(&KEY), opening).await;
        assert!(matches!(opened.map(drop), Err(OpenError::LogOfAnother)), "{opening:?}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&copy).unwrap(), "nothing was changed");
    std::fs::remove_file(&log).unwrap();
    let store = open(&file).await.unwrap();
    assert_eq!(store.deliveries(&Default::default()).await.unwrap().len(), 40);
    store.close().await;
    // Its own log is read as ever.
    std::fs::write(&log, b"no log at all").unwrap();
    open(&file).await.unwrap().close().await;
}

#[tokio::test]
async fn a_file_of_identities_that_was_written_over_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let ApartKeys { identities, .. } = crate::contract::keys();
    let file = folder.path().join("who.db");
    let store =
        SqliteStore::open_identities(&file, identities, true, Opening::START).await.unwrap();
    store.ready().await.unwrap();
    write_over(&other(&folder).await, &file);
    let error = store.ready().await.unwrap_err();
    assert!(says(&error, OVERWRITTEN), "{error:?}");
    store.close().await;
}

/// Health data and what SQLite puts beside them are their owner's alone, and so is a copy.
#[cfg(unix)]
#[tokio::test]
async fn files_are_their_owners_alone() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = tempfile::tempdir().unwrap();
    let ApartKeys { rest, identities } = crate::contract::keys();
    let store = SqliteStore::open(&folder.path().join("lmr.db"), rest).await.unwrap();
    let who = folder.path().join("who.db");
    let who = SqliteStore::open_identities(&who, identities, true, Opening::START).await.unwrap();
    who.ready().await.unwrap();
    store.commit(delivery("m", 1, vec![version("r", 1, 1, 10)])).await.unwrap();
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        seen.push(entry.file_name().into_string().unwrap());
    }
    seen.sort();
    let files = ["lmr.db", "lmr.db-shm", "lmr.db-wal", "who.db", "who.db-shm", "who.db-wal"];
    assert_eq!(seen, files);
    who.close().await;
    store.close().await;
}

/// Asked before anything is removed, so that it can be recorded before.
#[tokio::test]
async fn what_has_expired_is_known_before_it_is_removed() {
    use lmr_intake::{RefusedCall, Retention};
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("lmr.db")).await.unwrap();
    store.commit(delivery("m", 10, vec![version("r", 1, 1, 10)])).await.unwrap();
    let call = RefusedCall {
        received_at: at(20),
        sender: None,
        client_id: None,
        message_id: None,
        request_id: "r".into(),
        code: "LMR-1001".into(),
        counts: lmr_intake::Counts::default(),
        calls: 1,
    };
    assert_eq!(store.keep_refused(vec![call]).await.unwrap(), 0);
    let none = Retention::default();
    let content = |before| Retention { content_before: Some(at(before)), ..none };
    let refused = |before| Retention { refused_before: Some(at(before)), ..none };
    for (retention, expected) in [
        (none, false),
        (content(10), false),
        (Retention { keep_waiting: true, ..content(11) }, false),
        (content(11), true),
        (refused(20), false),
        (refused(21), true),
    ] {
        assert_eq!(store.has_expired(&retention).await.unwrap(), expected, "{retention:?}");
        let removed = store.expire(&retention).await.unwrap();
        assert_eq!(removed.messages + removed.refused_calls > 0, expected, "{retention:?}");
        assert!(!store.has_expired(&retention).await.unwrap(), "{retention:?}");
    }
    // Of a sender that is on its way to another database nothing is removed here, and nothing is to be recorded.
    store.commit(delivery("m2", 12, vec![version("r2", 2, 1, 12)])).await.unwrap();
    assert!(store.has_expired(&content(13)).await.unwrap());
    let file = folder.path().join("lmr.db");
    let mut session = sqlx::SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
    let moved = sqlx::query("UPDATE audit_head SET moved_to = 'nord'").execute(&mut session);
    assert_eq!(moved.await.unwrap().rows_affected(), 1);
    session.close().await.unwrap();
    assert!(!store.has_expired(&content(13)).await.unwrap());
    assert_eq!(store.expire(&content(13)).await.unwrap(), lmr_intake::Removed::default());
    store.close().await;
}
