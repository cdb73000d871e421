//! The store contract on SQLite, and what is SQLite's own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::contract;

use contract::{at, delivery, identity, sender, version};
use lmr_intake::{
    Action, Archive as _, ArchiveFilter, AuditFault, AuditLog, BundleContent, Database, Store,
    StoreError,
};
use lmr_storage::{OpenError, Opening, SqliteStore, StorageKey};
use sqlx::{Connection, SqliteConnection};
use std::{path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;

const KEY: [u8; 32] = [7; 32];

async fn open(folder: &TempDir) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(&folder.path().join("lmr.db"), StorageKey::new(&KEY)).await
}

async fn empty() -> Option<(Arc<dyn Database>, TempDir)> {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Database> = Arc::new(open(&folder).await.unwrap());
    Some((store, folder))
}

store_contract!(empty());

#[test]
fn any_life_of_what_is_stored_is_as_the_model_says() {
    contract::any_life_is_as_the_model_says(
        8,
        async || Some(tempfile::tempdir().unwrap()),
        async |folder| Arc::new(open(folder).await.unwrap()) as Arc<dyn Database>,
    );
}

/// The same with identities in a second database.
mod apart {
    use super::*;
    use lmr_intake::{Archive, ArchiveFilter, Outlet};
    use lmr_storage::{ApartKeys, ApartStore, IdentityStore};

    async fn open_both(
        folder: &TempDir,
        may_be_new: bool,
    ) -> (SqliteStore, Arc<dyn IdentityStore>) {
        let ApartKeys { rest, identities } = contract::keys();
        let file = |name: &str| folder.path().join(name);
        let rest = SqliteStore::open(&file("lmr.db"), rest).await.unwrap();
        let who =
            SqliteStore::open_identities(&file("who.db"), identities, may_be_new, Opening::START)
                .await;
        (rest, who.unwrap())
    }

    async fn empty() -> Option<(Arc<dyn Database>, TempDir)> {
        let folder = tempfile::tempdir().unwrap();
        let (rest, identities) = open_both(&folder, true).await;
        Some((Arc::new(ApartStore::new(Arc::new(rest), identities)), folder))
    }

    store_contract!(empty());

    #[test]
    fn any_life_of_what_is_stored_is_as_the_model_says() {
        contract::any_life_is_as_the_model_says(
            4,
            async || Some(tempfile::tempdir().unwrap()),
            async |folder| {
                let (rest, identities) = open_both(folder, true).await;
                Arc::new(ApartStore::new(Arc::new(rest), identities)) as Arc<dyn Database>
            },
        );
    }

    #[tokio::test]
    async fn neither_database_alone_says_who_was_given_what() {
        let (store, folder) = empty().await.unwrap();
        let id = contract::store_somebody(&*store).await;
        store.close().await;
        let mut raw = Vec::new();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            raw.push(std::fs::read(entry.unwrap().path()).unwrap());
        }
        assert!(raw.len() >= 2);
        contract::says_nothing_in_clear(&raw);
        let (rest, identities) = open_both(&folder, false).await;
        contract::has_medicines_only(&rest, &id).await;
        let archived = rest.archived(&ArchiveFilter::default()).await.unwrap();
        let content = archived[0].content.clone().unwrap();
        contract::has_people_only(&*identities, &content).await;
        // A rest without its part is damage, never zeros.
        identities.remove(&contract::part_of("m1", 1), &content).await.unwrap();
        let store = ApartStore::new(Arc::new(rest), identities);
        let lent = store.lend(at(200), at(260)).await.unwrap().unwrap();
        assert_eq!(lent.message_id, "m2", "what is behind it is given out all the same");
        let read = store.archived(&ArchiveFilter::default()).await.unwrap();
        contract::names_the_first_as_unreadable(&read);
    }

    #[tokio::test]
    async fn people_are_never_mixed_up() {
        let folder = tempfile::tempdir().unwrap();
        let (rest, identities) = open_both(&folder, true).await;
        let store = ApartStore::new(Arc::new(rest), Arc::clone(&identities));
        contract::people_are_never_mixed_up(&store, &*identities).await;
        contract::an_erasure_may_be_broken_off(&*identities).await;
    }

    #[tokio::test]
    async fn the_second_database_may_be_away_damaged_or_without_the_first() {
        let new = async || {
            let folder = tempfile::tempdir().unwrap();
            let (rest, identities) = open_both(&folder, true).await;
            (Arc::new(rest) as Arc<dyn Database>, identities, folder)
        };
        let (rest, identities, _folder) = new().await;
        contract::an_empty_first_database_removes_nobody(rest, identities).await;
        let (rest, identities, _folder) = new().await;
        contract::what_was_removed_is_reported_though_the_second_database_is_away(rest, identities)
            .await;
        let (rest, identities, _folder) = new().await;
        contract::a_reader_beside_an_eraser_gets_what_is_left(rest, identities).await;
        let (rest, identities, _folder) = new().await;
        contract::an_eraser_beside_an_eraser_reads_again(rest, identities).await;
        let (rest, identities, folder) = new().await;
        let file = folder.path().join("who.db");
        contract::a_damaged_part_stops_no_sweep(rest, identities, async |days| {
            let url = format!("sqlite://{}", file.display());
            let mut db = SqliteConnection::connect(&url).await.unwrap();
            let damage =
                "UPDATE identity_part SET message_sealed = x'00' WHERE day >= $1 AND day < $2";
            let done = sqlx::query(damage).bind(days.start).bind(days.end).execute(&mut db).await;
            assert_eq!(done.unwrap().rows_affected(), 3);
            db.close().await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn readiness_tries_a_write_to_the_second_database_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        let (_, identities) = open_both(&folder, true).await;
        identities.ready().await.unwrap();
        let url = format!("sqlite://{}", folder.path().join("who.db").display());
        let mut db = SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut db).await.unwrap();
        // Reading goes on, and the file waits longer for a writer than the probe may.
        assert_eq!(identities.newest_day().await.unwrap(), None);
        let answer = tokio::time::timeout(Duration::from_secs(9), identities.ready()).await;
        assert!(matches!(answer, Ok(Err(StoreError::Unavailable(_)))));
        sqlx::raw_sql("ROLLBACK").execute(&mut db).await.unwrap();
        identities.ready().await.unwrap();
        db.close().await.unwrap();
    }

    #[tokio::test]
    async fn databases_and_keys_that_do_not_belong_together_are_refused() {
        let (store, folder) = empty().await.unwrap();
        store.commit(delivery("m1", 1, vec![version("a", 1, 1, 10)])).await.unwrap();
        store.close().await;
        let (lmr, who) = (folder.path().join("lmr.db"), folder.path().join("who.db"));
        let alone = SqliteStore::open(&lmr, StorageKey::new(&KEY)).await;
        assert!(matches!(alone, Err(OpenError::BegunApart)));
        let other = || ApartKeys::read(&KEY, &[9; 32]).unwrap();
        let opened = SqliteStore::open(&lmr, other().rest).await;
        assert!(matches!(opened, Err(OpenError::NotATwin)));
        let opened =
            SqliteStore::open_identities(&who, other().identities, false, Opening::START).await;
        assert!(matches!(opened, Err(OpenError::WrongKey)));
        let first = ApartKeys::read(&[6; 32], &[8; 32]).unwrap();
        let opened =
            SqliteStore::open_identities(&who, first.identities, false, Opening::START).await;
        assert!(matches!(opened, Err(OpenError::NotATwin)));
        let none = folder.path().join("none.db");
        let opened =
            SqliteStore::open_identities(&none, contract::keys().identities, false, Opening::START)
                .await;
        assert!(matches!(opened, Err(OpenError::IdentitiesMissing)) && !none.exists());
        std::fs::write(&none, b"").unwrap();
        let opened =
            SqliteStore::open_identities(&none, contract::keys().identities, false, Opening::START)
                .await;
        assert!(matches!(opened, Err(OpenError::IdentitiesMissing)));
        let whole = folder.path().join("whole.db");
        SqliteStore::open(&whole, StorageKey::new(&KEY)).await.unwrap().close().await;
        let opened = SqliteStore::open(&whole, contract::keys().rest).await;
        assert!(matches!(opened, Err(OpenError::BegunTogether)));
    }
}

async fn sql(file: &Path, text: &'static str) -> u64 {
    let url = format!("sqlite://{}", file.display());
    let mut db = SqliteConnection::connect(&url).await.unwrap();
    let done = sqlx::query(text).execute(&mut db).await.unwrap().rows_affected();
    db.close().await.unwrap();
    done
}

#[tokio::test]
async fn nothing_of_an_older_schema_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("lmr.db").display());
    let mut db = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(include_str!("schema_0008/sqlite.sql")).execute(&mut db).await.unwrap();
    // One message from before there were receipts.
    let before = "UPDATE message SET audit_sequence = NULL WHERE message_id = 'm4'";
    sqlx::raw_sql(before).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    contract::nothing_of_an_older_schema_is_lost(Arc::new(open(&folder).await.unwrap())).await;
}

/// The parts of messages would go to a file that is gone, and the messages be stored without them.
#[cfg(unix)]
#[tokio::test]
async fn a_file_of_identities_that_was_replaced_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("who.db"), folder.path().join("copy.db"));
    let identities = contract::keys().identities;
    let store =
        SqliteStore::open_identities(&file, identities, true, Opening::START).await.unwrap();
    store.ready().await.unwrap();
    std::fs::copy(&file, &copy).unwrap();
    std::fs::rename(&copy, &file).unwrap();
    let refused = store.ready().await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    store.close().await;
}

/// Who only looks makes no database, and changes no schema; with a key that does not belong to it nobody does.
#[tokio::test]
async fn what_may_not_be_made_or_migrated_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lmr.db");
    let key = || StorageKey::new(&KEY);
    let nothing_is_there = || std::fs::read_dir(folder.path()).unwrap().next().is_none();
    let opened = SqliteStore::open_with(&file, key(), Opening::PRESENT).await;
    assert!(matches!(opened, Err(OpenError::NotBegun)) && nothing_is_there());
    let identities = contract::keys().identities;
    let opened = SqliteStore::open_identities(&file, identities, true, Opening::PRESENT).await;
    assert!(matches!(opened, Err(OpenError::NotBegun)) && nothing_is_there());
    std::fs::write(&file, b"").unwrap();
    let opened = SqliteStore::open_with(&file, key(), Opening::PRESENT).await;
    assert!(matches!(opened, Err(OpenError::NotBegun)));
    assert_eq!(std::fs::read(&file).unwrap(), b"");

    let url = format!("sqlite://{}", file.display());
    let mut db = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(include_str!("schema_0008/sqlite.sql")).execute(&mut db).await.unwrap();
    sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let bytes = || std::fs::read(&file).unwrap();
    let older = bytes();
    let wrong = || StorageKey::new(&[8; 32]);
    for opening in [Opening::PRESENT, Opening::BEGIN, Opening::START] {
        let opened = SqliteStore::open_with(&file, wrong(), opening).await;
        assert!(matches!(opened, Err(OpenError::WrongKey)), "{opening:?}");
        assert!(bytes() == older, "{opening:?} changed a database that is not its own");
    }
    for opening in [Opening::PRESENT, Opening::BEGIN] {
        let opened = SqliteStore::open_with(&file, key(), opening).await;
        assert!(matches!(opened, Err(OpenError::OlderSchema)), "{opening:?}");
        assert!(bytes() == older, "{opening:?} changed the schema");
    }
    SqliteStore::open_with(&file, key(), Opening::START).await.unwrap().close().await;
    let store = SqliteStore::open_with(&file, key(), Opening::PRESENT).await.unwrap();
    assert!(!store.deliveries(&lmr_intake::DeliveryFilter::default()).await.unwrap().is_empty());
    store.close().await;
    let new = folder.path().join("new.db");
    SqliteStore::open_with(&new, key(), Opening::BEGIN).await.unwrap().close().await;
    SqliteStore::open_with(&new, key(), Opening::PRESENT).await.unwrap().close().await;
}

#[tokio::test]
async fn the_sender_leads_every_key() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).await.unwrap().close().await;
    let url = format!("sqlite://{}", folder.path().join("lmr.db").display());
    let mut db = SqliteConnection::connect(&url).await.unwrap();
    let found = sqlx::query_as(
        "SELECT t.name AS relation, i.name AS lead, l.\"unique\" AS is_unique
         FROM sqlite_master t, pragma_index_list(t.name) l, pragma_index_info(l.name) i
         WHERE t.type = 'table' AND i.seqno = 0
         UNION SELECT t.name, c.name, TRUE FROM sqlite_master t, pragma_table_info(t.name) c
         WHERE t.type = 'table' AND c.pk = 1",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    contract::sender_leads(found);
    let leaving: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, f.\"from\" FROM sqlite_master t, pragma_foreign_key_list(t.name) f
         WHERE t.type = 'table' AND f.seq = 0 AND (f.\"from\" <> 'organisation' OR f.\"to\" <> 'organisation')",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert_eq!(leaving, [], "foreign keys that leave the sender");
}

/// What a process that was killed had written is read by the next one like everything else, also where its flush had not
/// been reached: a commit, which flushes the whole log, comes before anything is answered for.
#[tokio::test]
async fn what_a_killed_process_left_is_flushed_before_anything_is_answered() {
    let before = tempfile::tempdir().unwrap();
    let killed = open(&before).await.unwrap();
    killed.commit(delivery("m1", 1, vec![version("a", 1, 1, 10)])).await.unwrap();
    let after = tempfile::tempdir().unwrap();
    for file in ["lmr.db", "lmr.db-wal"] {
        std::fs::copy(before.path().join(file), after.path().join(file)).unwrap();
    }
    // It is written from its beginning again once it has been brought into the file, so its length says nothing.
    let log = || std::fs::read(after.path().join("lmr.db-wal")).unwrap();
    let left = log();
    let _store = open(&after).await.unwrap();
    assert!(log() != left, "nothing was committed, so nothing was flushed");
}

#[tokio::test]
async fn everything_is_there_after_closing_and_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    store.commit(delivery("m1", 1, vec![version("a", 1, 1, 10)])).await.unwrap();
    store.close().await;
    assert!(matches!(store.commit(delivery("m2", 2, vec![])).await, Err(StoreError::Closing)));
    assert!(store.ready().await.is_err());
    let store = open(&folder).await.unwrap();
    assert!(store.current(sender(), &[identity("a")]).await.unwrap()[0].is_some());
    assert!(store.seen(sender(), "m1", &contract::hash(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn two_receivers_on_one_file_know_each_others_proofs() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (open(&folder).await.unwrap(), open(&folder).await.unwrap());
    assert!(one.record_proof(&contract::hash(1), at(0), at(70)).await.unwrap());
    assert!(!other.record_proof(&contract::hash(1), at(1), at(71)).await.unwrap());
    one.close().await;
    assert!(!other.record_proof(&contract::hash(1), at(2), at(72)).await.unwrap());
}

/// What SQLite does when the disk is full: it ends the transaction by itself.
const FULL: &str = "CREATE TRIGGER full BEFORE INSERT ON resource_version
                    BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END";

#[tokio::test]
async fn a_full_disk_stops_nothing_but_what_came_while_it_was_full() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lmr.db");
    let store = open(&folder).await.unwrap();
    store.commit(delivery("m1", 1, vec![version("a", 1, 1, 10)])).await.unwrap();
    sql(&file, FULL).await;
    for _ in 0..2 {
        let refused = store.commit(delivery("m2", 2, vec![version("b", 2, 1, 20)])).await;
        let Err(error @ StoreError::Unavailable(_)) = refused else {
            panic!("stored on a full disk")
        };
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("database or disk is full"), "the true cause is lost: {cause}");
    }
    sql(
        &file,
        "CREATE TRIGGER full_too BEFORE UPDATE ON key_check BEGIN SELECT RAISE(ROLLBACK, 'full'); END",
    )
    .await;
    assert!(store.ready().await.is_err(), "not ready while nothing can be written");
    sql(&file, "DROP TRIGGER full").await;
    sql(&file, "DROP TRIGGER full_too").await;
    store.ready().await.unwrap();
    assert!(
        store.seen(sender(), "m2", &contract::hash(2)).await.unwrap().is_none(),
        "nothing of it is there"
    );
    let stored = store.commit(delivery("m2", 2, vec![version("b", 2, 1, 20)])).await.unwrap();
    assert!(matches!(stored, lmr_intake::Committed::Stored { .. }));
    assert!(
        store
            .current(sender(), &[identity("a"), identity("b")])
            .await
            .unwrap()
            .iter()
            .all(Option::is_some)
    );
}

#[tokio::test]
async fn what_was_removed_before_a_failure_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    let mut sent = delivery("m1", 1, vec![]);
    sent.content = Some(BundleContent::Plain(b"{}".to_vec()));
    store.commit(sent).await.unwrap();
    let call = lmr_intake::RefusedCall {
        received_at: at(0),
        sender: Some(sender()),
        client_id: None,
        message_id: None,
        request_id: "r".into(),
        code: "LMR-2040".into(),
        counts: lmr_intake::Counts::default(),
        calls: 1,
    };
    store.keep_refused(vec![call]).await.unwrap();
    let full = "CREATE TRIGGER full BEFORE DELETE ON refused_call BEGIN SELECT RAISE(ROLLBACK, 'full'); END";
    sql(&folder.path().join("lmr.db"), full).await;
    let retention = lmr_intake::Retention {
        content_before: Some(at(86_400 * 40)),
        refused_before: Some(at(86_400 * 40)),
        ..lmr_intake::Retention::default()
    };
    let expire = async || lmr_intake::Archive::expire(&store, &retention).await;
    assert_eq!(expire().await.unwrap().messages, 1, "for the audit log");
    assert!(expire().await.is_err(), "nothing more could be removed");
}

#[tokio::test]
async fn b16_readiness_tries_a_write_before_the_first_message() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    let full =
        "CREATE TRIGGER full BEFORE UPDATE ON key_check BEGIN SELECT RAISE(ROLLBACK, 'full'); END";
    sql(&folder.path().join("lmr.db"), full).await;
    assert!(store.ready().await.is_err());
    sql(&folder.path().join("lmr.db"), "DROP TRIGGER full").await;
    store.ready().await.unwrap();
}

#[tokio::test]
async fn b4_what_is_stored_of_an_answer_is_a_small_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    let mut sent = delivery("m1", 1, vec![]);
    sent.answer.body = br#"{"response":{"status":"422 Unprocessable Entity"}},"#.repeat(20_000);
    store.commit(sent).await.unwrap();
    store.close().await;
    let size = std::fs::metadata(folder.path().join("lmr.db")).unwrap().len();
    assert!(size < 200_000, "1 MB of answer makes the file {size} bytes long");
}

#[tokio::test]
async fn another_key_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).await.unwrap().close().await;
    let other = SqliteStore::open(&folder.path().join("lmr.db"), StorageKey::new(&[8; 32])).await;
    assert!(matches!(other, Err(OpenError::WrongKey)));
}

#[tokio::test]
async fn a_schema_from_the_future_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).await.unwrap().close().await;
    let newer =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'from the future', TRUE, x'00', 0)";
    sql(&folder.path().join("lmr.db"), newer).await;
    sql(&folder.path().join("lmr.db"), "INSERT INTO schema_program VALUES (9999, '9.8.7')").await;
    let refused = open(&folder).await.err().expect("refused");
    assert!(
        matches!(&refused, OpenError::NewerSchema { needed: Some(v) } if v == "9.8.7"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_schema_of_another_program_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).await.unwrap().close().await;
    let foreign = "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 3";
    sql(&folder.path().join("lmr.db"), foreign).await;
    assert!(matches!(open(&folder).await, Err(OpenError::UnknownSchema(_))));
}

/// The driver's thread ends where the type of a column is no text.
#[tokio::test]
async fn a_schema_that_is_no_text_any_more_is_damage_and_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).await.unwrap().close().await;
    let file = folder.path().join("lmr.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let sought = b" BLOB NOT NULL";
    let places: Vec<usize> =
        (0..bytes.len() - sought.len()).filter(|at| bytes[*at..].starts_with(sought)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at + 1] = 0xff;
    }
    std::fs::write(&file, bytes).unwrap();
    for _ in 0..3 {
        assert!(matches!(open(&folder).await, Err(OpenError::Damaged(_))));
    }
}

/// Whatever bytes are wrong: the store opens or says why, and what is asked of it is answered or refused, in time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_damage_of_the_file_holds_anybody_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    for n in 0..20 {
        let versions = vec![version(&format!("r{n}"), 1, 1, 200)];
        store.commit(delivery(&format!("m{n}"), n, versions)).await.unwrap();
    }
    store.close().await;
    let file = folder.path().join("lmr.db");
    let whole = std::fs::read(&file).unwrap();
    let (mut refused, mut seed) = (0, 0x2545_f491_4f6c_dd1d_u64);
    for round in 0..150 {
        for ending in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.path().join(format!("lmr.db{ending}")));
        }
        let mut bytes = whole.clone();
        for _ in 0..=round % 8 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            // Half of the flips in the first pages, where the schema is.
            let within = if seed % 2 == 0 { 16 << 10 } else { bytes.len() };
            let at = (seed >> 8) as usize % within;
            bytes[at] ^= (seed as u8) | 0x80;
        }
        std::fs::write(&file, bytes).unwrap();
        let asked = async {
            let Ok(store) = open(&folder).await else { return false };
            let seen = store.seen(sender(), "m3", &contract::hash(3)).await;
            let current = store.current(sender(), &[identity("r3")]).await;
            let committed = store.commit(delivery("new", 900, vec![version("n", 1, 1, 9)])).await;
            store.close().await;
            seen.is_ok() && current.is_ok() && committed.is_ok()
        };
        let answered = tokio::time::timeout(Duration::from_secs(60), asked).await;
        refused += usize::from(!answered.unwrap_or_else(|_| panic!("round {round} hangs")));
    }
    assert!(refused > 20, "{refused}");
}

#[tokio::test]
async fn what_is_not_a_database_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("lmr.db"),
        "this is a text file, and not even a short one".repeat(100),
    )
    .unwrap();
    assert!(matches!(
        open(&folder).await,
        Err(OpenError::Unavailable(_) | OpenError::Migration(_))
    ));
}

#[tokio::test]
async fn the_files_reveal_nothing_about_people() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    let mut sent =
        delivery("m1", 1, vec![version("urn:oid:2.16.578.1.12.4.1.4.1|13466512345", 1, 1, 10)]);
    let text = b"{\"resourceType\":\"Patient\",\"family\":\"Oppdiktetnavn\"}".to_vec();
    sent.versions[0].place = 0..text.len();
    sent.content = Some(BundleContent::Plain(text));
    sent.answer.body = b"{\"text\":\"Svarinnhold\"}".to_vec();
    sent.bundle_identifier = Some("Buntnavn".into());
    store.commit(sent).await.unwrap();
    store.close().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in ["13466512345", "Oppdiktetnavn", "Svarinnhold", "Buntnavn"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in a file");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_holds_nothing_up_at_the_outlet() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    let file = folder.path().join("lmr.db");
    contract::what_cannot_be_read_holds_nothing_up(&store, async || {
        let damage = "UPDATE message_content SET content_sealed = zeroblob(length(content_sealed))
                      WHERE (organisation, message) IN
                          (SELECT organisation, id FROM message WHERE message_id = 'm1')";
        assert_eq!(sql(&file, damage).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_content_moved_to_another_row_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    store.commit(delivery("m1", 1, vec![version("a", 1, 1, 10)])).await.unwrap();
    store.commit(delivery("m2", 2, vec![version("b", 2, 1, 20)])).await.unwrap();
    let copy = "UPDATE message_content SET content_sealed =
                    (SELECT content_sealed FROM message_content WHERE message = 2)
                WHERE message = 1";
    assert_eq!(sql(&folder.path().join("lmr.db"), copy).await, 1);
    let read = store.history("Patient", &format!("{:032x}", 1)).await;
    assert!(matches!(read, Err(StoreError::Damaged { what: "message_content.content_sealed" })));
    // Among all messages it is named, and those behind it are read.
    let read = store.archived(&ArchiveFilter::default()).await.unwrap();
    contract::names_the_first_as_unreadable(&read);
    assert_eq!(read[0].unreadable, Some("message_content.content_sealed"));
    let received = store.current(sender(), &[identity("a")]).await.unwrap();
    assert_eq!(received[0].as_ref().unwrap().stored_at, at(1));
}

/// A log of one sender's three messages and three acts.
async fn log(folder: &TempDir) -> SqliteStore {
    let store = open(folder).await.unwrap();
    for n in 1..=3 {
        store.commit(delivery(&format!("m{n}"), n, vec![])).await.unwrap();
        store.record(contract::act(10 + i64::try_from(n).unwrap(), Action::Export)).await.unwrap();
    }
    assert_eq!(store.verify_audit(&[]).await.unwrap().problems, []);
    store
}

#[tokio::test]
async fn entries_of_the_audit_log_are_only_added() {
    let folder = tempfile::tempdir().unwrap();
    let store = log(&folder).await;
    let url = format!("sqlite://{}", folder.path().join("lmr.db").display());
    let mut db = SqliteConnection::connect(&url).await.unwrap();
    for statement in ["UPDATE audit_entry SET at = 1", "DELETE FROM audit_entry"] {
        let refused = sqlx::query(statement).execute(&mut db).await.unwrap_err();
        assert!(refused.to_string().contains("only added"), "{refused}");
    }
    db.close().await.unwrap();
    assert_eq!(store.verify_audit(&[]).await.unwrap().entries, 6);
}

/// Whoever may write to the file can take the triggers away, but not hide what was done then.
#[tokio::test]
async fn what_is_tampered_with_in_the_audit_log_is_found() {
    let text = |old: &str, new: &str| {
        format!(
            "UPDATE audit_entry SET entry = replace(entry, '{old}', '{new}') WHERE chain = 'register' AND sequence = 2"
        )
    };
    let cases: Vec<(String, &str, u64, AuditFault)> = vec![
        (text("et vedtak", "ingenting"), "register", 2, AuditFault::Changed),
        ("UPDATE audit_entry SET at = at + 1 WHERE chain = 'register' AND sequence = 2".into(), "register", 2, AuditFault::Changed),
        ("UPDATE audit_entry SET action = 'read' WHERE chain = 'register' AND sequence = 2".into(), "register", 2, AuditFault::Changed),
        ("UPDATE audit_entry SET action = 'nonsense' WHERE chain = 'register' AND sequence = 2".into(), "register", 2, AuditFault::Changed),
        ("UPDATE audit_entry SET mac = x'00' WHERE chain = '310000019' AND sequence = 1".into(), "310000019", 1, AuditFault::Changed),
        ("DELETE FROM audit_entry WHERE chain = 'register' AND sequence = 2".into(), "register", 2, AuditFault::Missing),
        ("DELETE FROM audit_entry WHERE chain = 'register' AND sequence = 1".into(), "register", 1, AuditFault::Missing),
        ("DELETE FROM audit_entry WHERE chain = 'register' AND sequence = 3".into(), "register", 3, AuditFault::CutOff),
        ("UPDATE audit_entry SET sequence = 9 - sequence WHERE chain = 'register' AND sequence IN (2)".into(), "register", 7, AuditFault::Changed),
        ("UPDATE audit_head SET sequence = 2 WHERE chain = 'register'".into(), "register", 3, AuditFault::HeadBehind),
        ("DELETE FROM audit_head WHERE chain = 'register'".into(), "register", 3, AuditFault::HeadBehind),
        ("UPDATE audit_head SET digest = x'01' WHERE chain = 'none'; UPDATE audit_head SET sequence = 4 WHERE chain = 'register'".into(), "register", 4, AuditFault::CutOff),
        // The tail of a sender's chain with its head: the messages still refer to it.
        ("DELETE FROM audit_entry WHERE chain = '310000019' AND sequence > 1; DELETE FROM audit_head WHERE chain = '310000019'".into(), "310000019", 3, AuditFault::CutOff),
        ("UPDATE message SET audit_sequence = 1 WHERE message_id = 'm3'".into(), "310000019", 1, AuditFault::OtherMessage),
    ];
    for (statement, chain, sequence, fault) in cases {
        let folder = tempfile::tempdir().unwrap();
        let store = log(&folder).await;
        let url = format!("sqlite://{}", folder.path().join("lmr.db").display());
        let mut db = SqliteConnection::connect(&url).await.unwrap();
        let all = format!(
            "DROP TRIGGER audit_entry_stays; DROP TRIGGER audit_entry_remains; {statement}"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(all)).execute(&mut db).await.unwrap();
        db.close().await.unwrap();
        let problems = store.verify_audit(&[]).await.unwrap().problems;
        let found = problems
            .iter()
            .any(|p| (p.chain.as_str(), p.sequence, p.fault) == (chain, sequence, fault));
        assert!(found, "{statement}: {problems:?}");
    }
}

/// Two entries exchanged whole, seals included.
#[tokio::test]
async fn entries_in_another_order_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = log(&folder).await;
    let url = format!("sqlite://{}", folder.path().join("lmr.db").display());
    let mut db = SqliteConnection::connect(&url).await.unwrap();
    let exchange = "DROP TRIGGER audit_entry_stays;
        UPDATE audit_entry SET sequence = 99 WHERE chain = 'register' AND sequence = 1;
        UPDATE audit_entry SET sequence = 1 WHERE chain = 'register' AND sequence = 2;
        UPDATE audit_entry SET sequence = 2 WHERE chain = 'register' AND sequence = 99";
    sqlx::raw_sql(exchange).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let problems = store.verify_audit(&[]).await.unwrap().problems;
    let faults: Vec<_> = problems.iter().map(|p| (p.sequence, p.fault)).collect();
    assert_eq!(faults[..2], [(1, AuditFault::Changed), (2, AuditFault::Changed)]);
}
