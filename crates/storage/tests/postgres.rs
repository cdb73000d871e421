//! The store contract on PostgreSQL. `TEST_DATABASE_URL` names a database whose content may be thrown away.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and says what it leaves out"
)]

use crate::contract;

use contract::{delivery, hash, identity, sender, version};
use lmr_intake::{
    Action, Archive, AuditFault, AuditLog, Committed, Database, Outlet, Retention, Seen, Store,
};
use lmr_storage::{OpenError, Opening, PostgresStore, StorageKey};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{
    collections::BTreeMap,
    process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

#[expect(clippy::disallowed_methods, reason = "which database to use depends on the machine")]
fn database() -> Option<String> {
    let url = std::env::var("TEST_DATABASE_URL").ok();
    if url.is_none() {
        println!("left out: TEST_DATABASE_URL is not set, so PostgreSQL is not tested");
    }
    url
}

/// A schema of its own for every test.
async fn schema() -> Option<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let url = database()?;
    let name = format!("lmr_test_{}_{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut db = PgConnection::connect(&url).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("DROP SCHEMA IF EXISTS {name} CASCADE")))
        .execute(&mut db)
        .await
        .unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {name}"))).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let separator = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{separator}options[search_path]={name}&application_name={name}"))
}

async fn open(url: &str) -> Result<PostgresStore, OpenError> {
    PostgresStore::open(url, StorageKey::new(&[7; 32])).await
}

async fn empty() -> Option<(Arc<dyn Database>, ())> {
    let url = schema().await?;
    Some((Arc::new(open(&url).await.unwrap()), ()))
}

store_contract!(empty());

#[test]
fn any_life_of_what_is_stored_is_as_the_model_says() {
    contract::any_life_is_as_the_model_says(3, schema, async |url| {
        Arc::new(Box::pin(open(url)).await.unwrap()) as Arc<dyn Database>
    });
}

/// The same with identities in a second database.
mod apart {
    use super::*;
    use futures_util::TryStreamExt as _;
    use lmr_intake::{ArchiveFilter, StoreError};
    use lmr_storage::{ApartKeys, ApartStore, IdentityStore};

    async fn open_both(first: &str, second: &str) -> (PostgresStore, Arc<dyn IdentityStore>) {
        let ApartKeys { rest, identities } = contract::keys();
        let rest = Box::pin(PostgresStore::open(first, rest)).await.unwrap();
        let may_be_new = lmr_intake::Insight::known_senders(&rest).await.unwrap().is_empty();
        let who = Box::pin(PostgresStore::open_identities(
            second,
            identities,
            may_be_new,
            Opening::START,
        ));
        (rest, who.await.unwrap())
    }

    async fn empty() -> Option<(Arc<dyn Database>, ())> {
        let (rest, identities) = open_both(&schema().await?, &schema().await?).await;
        Some((Arc::new(ApartStore::new(Arc::new(rest), identities)), ()))
    }

    store_contract!(empty());

    #[test]
    fn any_life_of_what_is_stored_is_as_the_model_says() {
        contract::any_life_is_as_the_model_says(
            2,
            async || Some((schema().await?, schema().await?)),
            async |(first, second)| {
                let (rest, identities) = open_both(first, second).await;
                Arc::new(ApartStore::new(Arc::new(rest), identities)) as Arc<dyn Database>
            },
        );
    }

    #[tokio::test]
    async fn neither_database_alone_says_who_was_given_what() {
        let (Some(first), Some(second)) = (schema().await, schema().await) else { return };
        let (rest, identities) = open_both(&first, &second).await;
        let store = ApartStore::new(Arc::new(rest), identities);
        let id = contract::store_somebody(&store).await;
        store.close().await;
        let mut raw = Vec::new();
        for url in [&first, &second] {
            let mut db = PgConnection::connect(url).await.unwrap();
            let tables: Vec<(String,)> = sqlx::query_as(
                "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = current_schema()",
            )
            .fetch_all(&mut db)
            .await
            .unwrap();
            assert!(tables.len() > 1);
            for (table,) in tables {
                let statement = format!("COPY (SELECT * FROM {table}) TO STDOUT (FORMAT binary)");
                let rows = db.copy_out_raw(&statement).await.unwrap();
                let bytes: Vec<_> = rows.try_collect().await.unwrap();
                raw.extend(bytes.into_iter().map(|bytes| bytes.to_vec()));
            }
        }
        contract::says_nothing_in_clear(&raw);
        let (rest, identities) = open_both(&first, &second).await;
        contract::has_medicines_only(&rest, &id).await;
        let archived = rest.archived(&ArchiveFilter::default()).await.unwrap();
        let content = archived[0].content.clone().unwrap();
        contract::has_people_only(&*identities, &content).await;
        let empty = schema().await.unwrap();
        let missing = PostgresStore::open_identities(
            &empty,
            contract::keys().identities,
            false,
            Opening::START,
        );
        assert!(matches!(missing.await, Err(OpenError::IdentitiesMissing)));
    }

    #[tokio::test]
    async fn the_documented_rights_are_enough_in_the_second_database_too() {
        let (Some(first), Some(second)) = (schema().await, schema().await) else { return };
        let (rest, identities) = open_both(&first, &second).await;
        identities.close().await;
        let schema = second.rsplit('=').next().unwrap().to_owned();
        let role = format!("lmr_least_who_{}", process::id());
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
        let page = std::fs::read_to_string(page).unwrap();
        let (_, section) = page.split_once("## Identities apart").unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        let rights: Vec<_> = section.lines().filter(|line| line.starts_with("GRANT")).collect();
        let rights = rights.join("\n").replace("lmr_receiver", &role);
        let statements =
            format!("CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role}; {rights}");
        let mut db = PgConnection::connect(&second).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut db).await.unwrap();
        let theirs = second.replacen("postgres://lmr@", &format!("postgres://{role}@"), 1);
        let keys = contract::keys();
        let identities =
            PostgresStore::open_identities(&theirs, keys.identities, true, Opening::START).await;
        let store = ApartStore::new(Arc::new(rest), identities.unwrap());
        contract::store_somebody(&store).await;
        store.ready().await.unwrap();
        store.expire(&Retention::default()).await.unwrap();
        let mut theirs = PgConnection::connect(&theirs).await.unwrap();
        for forbidden in
            ["DELETE FROM key_check", "DROP TABLE identity_part", "CREATE TABLE x (a INT)"]
        {
            assert!(sqlx::query(forbidden).execute(&mut theirs).await.is_err(), "{forbidden}");
        }
        theirs.close().await.unwrap();
        store.close().await;
        let clean = format!("DROP OWNED BY {role}; DROP ROLE {role}");
        sqlx::raw_sql(AssertSqlSafe(clean)).execute(&mut db).await.unwrap();
    }

    #[tokio::test]
    async fn the_second_database_may_be_away_damaged_or_without_the_first() {
        let new = async || {
            let second = schema().await?;
            let (rest, identities) = open_both(&schema().await?, &second).await;
            Some((Arc::new(rest) as Arc<dyn Database>, identities, second))
        };
        let Some((rest, identities, _)) = new().await else { return };
        contract::an_empty_first_database_removes_nobody(rest, identities).await;
        let Some((rest, identities, _)) = new().await else { return };
        contract::what_was_removed_is_reported_though_the_second_database_is_away(rest, identities)
            .await;
        let Some((rest, identities, _)) = new().await else { return };
        contract::a_reader_beside_an_eraser_gets_what_is_left(rest, identities).await;
        let Some((rest, identities, _)) = new().await else { return };
        contract::an_eraser_beside_an_eraser_reads_again(rest, identities).await;
        let Some((rest, identities, second)) = new().await else { return };
        contract::a_damaged_part_stops_no_sweep(rest, identities, async |days| {
            let mut db = PgConnection::connect(&second).await.unwrap();
            let damage =
                "UPDATE identity_part SET message_sealed = '\\x00' WHERE day >= $1 AND day < $2";
            let done = sqlx::query(damage).bind(days.start).bind(days.end).execute(&mut db).await;
            assert_eq!(done.unwrap().rows_affected(), 3);
            db.close().await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn readiness_tries_a_write_to_the_second_database_and_ends() {
        let (Some(first), Some(second)) = (schema().await, schema().await) else { return };
        let (_, identities) = open_both(&first, &second).await;
        identities.ready().await.unwrap();
        let mut db = PgConnection::connect(&second).await.unwrap();
        let locked = "BEGIN; LOCK TABLE identity_part IN EXCLUSIVE MODE";
        sqlx::raw_sql(locked).execute(&mut db).await.unwrap();
        // Reading goes on.
        assert_eq!(identities.newest_day().await.unwrap(), None);
        let limit = std::time::Duration::from_secs(9);
        let answer = tokio::time::timeout(limit, identities.ready()).await;
        assert!(matches!(answer, Ok(Err(StoreError::Unavailable(_)))));
        sqlx::raw_sql("ROLLBACK").execute(&mut db).await.unwrap();
        identities.ready().await.unwrap();
        db.close().await.unwrap();
    }

    #[tokio::test]
    async fn people_are_never_mixed_up() {
        let (Some(first), Some(second)) = (schema().await, schema().await) else { return };
        let (rest, identities) = open_both(&first, &second).await;
        let store = ApartStore::new(Arc::new(rest), Arc::clone(&identities));
        contract::people_are_never_mixed_up(&store, &*identities).await;
        contract::an_erasure_may_be_broken_off(&*identities).await;
    }
}

/// The same where the senders' data are on another database than the directory.
mod placed {
    use super::*;
    use lmr_storage::PlacedStore;

    async fn empty() -> Option<(Arc<dyn Database>, ())> {
        let (main, other) = (schema().await?, schema().await?);
        let others = vec![("nord".to_owned(), open(&other).await.unwrap())];
        let bound = [sender(), contract::other()].map(|sender| (sender, "nord".to_owned()));
        let store = PlacedStore::new(open(&main).await.unwrap(), others, bound.into());
        Some((Arc::new(store), ()))
    }

    store_contract!(empty());

    /// As a receiver reads its configuration file again.
    #[tokio::test]
    async fn a_sender_that_is_configured_later_begins_where_it_is_bound() {
        let (Some(main), Some(nord)) = (schema().await, schema().await) else { return };
        let others = vec![("nord".to_owned(), open(&nord).await.unwrap())];
        let store = PlacedStore::new(open(&main).await.unwrap(), others, BTreeMap::new());
        assert_eq!(store.database_of(sender()).await.unwrap(), "main");
        let mut bound = lmr_intake::Avsender {
            organisation: sender(),
            name: "Et sykehus".into(),
            active: true,
            certificates: Vec::new(),
            addresses: lmr_intake::AllowList::default(),
            rule_set: None,
            start_date: None,
            database: Some("nord".into()),
        };
        store.configure(std::slice::from_ref(&bound));
        let message = delivery("m1", 1, vec![version("a", 1, 1, 10)]);
        assert!(matches!(store.commit(message).await, Ok(Committed::Stored { .. })));
        assert_eq!(store.database_of(sender()).await.unwrap(), "nord");
        assert!(store.is_on(sender(), "nord").await.unwrap());
        assert!(!store.is_on(sender(), "main").await.unwrap());
        // Where it has data counts more than what is configured afterwards.
        bound.database = None;
        store.configure(&[bound]);
        assert_eq!(store.database_of(sender()).await.unwrap(), "nord");
    }
}

#[tokio::test]
async fn nothing_of_an_older_schema_is_lost() {
    let Some(url) = schema().await else { return };
    let schema = url.rsplit('=').next().unwrap();
    let dump = include_str!("schema_0008/postgres.sql").replace("public.", &format!("{schema}."));
    let mut db = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(dump)).execute(&mut db).await.unwrap();
    // One message from before there were receipts.
    let before =
        format!("UPDATE {schema}.message SET audit_sequence = NULL WHERE message_id = 'm4'");
    sqlx::raw_sql(AssertSqlSafe(before)).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    contract::nothing_of_an_older_schema_is_lost(Arc::new(open(&url).await.unwrap())).await;
}

#[tokio::test]
async fn the_sender_leads_every_key() {
    let Some(url) = schema().await else { return };
    let store = open(&url).await.unwrap();
    store.close().await;
    let mut db = PgConnection::connect(&url).await.unwrap();
    let found = sqlx::query_as(
        "SELECT t.relname::TEXT AS relation, a.attname::TEXT AS lead, x.indisunique AS is_unique
         FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
         WHERE t.relnamespace = current_schema()::regnamespace",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    contract::sender_leads(found);
    let leaving: Vec<(String,)> = sqlx::query_as(
        "SELECT c.conname::TEXT FROM pg_constraint c
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
         JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
         WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace
             AND (a.attname <> 'organisation' OR b.attname <> 'organisation')",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert_eq!(leaving, [], "foreign keys that leave the sender");
}

#[tokio::test]
async fn a_schema_from_the_future_is_refused_with_the_version_that_is_needed() {
    let Some(url) = schema().await else { return };
    open(&url).await.unwrap().close().await;
    let mut db = PgConnection::connect(&url).await.unwrap();
    let newer =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                     VALUES (9999, 'from the future', TRUE, '', 0);
                 INSERT INTO schema_program VALUES (9999, '9.8.7')";
    sqlx::raw_sql(newer).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let refused = open(&url).await.err().expect("refused");
    assert!(refused.to_string().contains("lmr 9.8.7 or newer is needed"), "{refused}");
}

/// Citus takes a table only if its distribution column is in every unique key, and a foreign key between two distributed
/// tables only if it joins their distribution columns. Held against the page for operators, without Citus.
#[tokio::test]
async fn the_documented_statements_for_citus_fit_every_table_and_key() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut columns: BTreeMap<String, Option<String>> = BTreeMap::new();
    for line in page.lines() {
        let quoted: Vec<&str> = line.split('\'').skip(1).step_by(2).collect();
        let column = if line.starts_with("SELECT create_distributed_table(") {
            Some(quoted[1].to_owned())
        } else if line.starts_with("SELECT create_reference_table(") {
            None
        } else {
            continue;
        };
        assert!(columns.insert(quoted[0].to_owned(), column).is_none(), "{line} comes twice");
    }
    let Some(url) = schema().await else { return };
    open(&url).await.unwrap().close().await;
    let mut db = PgConnection::connect(&url).await.unwrap();
    let tables: Vec<(String,)> = sqlx::query_as(
        "SELECT relname::TEXT FROM pg_class WHERE relnamespace = current_schema()::regnamespace
             AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> '_sqlx_migrations' ORDER BY relname",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    let tables: Vec<String> = tables.into_iter().map(|(name,)| name).collect();
    assert_eq!(tables, columns.keys().cloned().collect::<Vec<_>>(), "every table, once");
    let keys: Vec<(String, String, Vec<String>)> = sqlx::query_as(
        "SELECT t.relname::TEXT, i.relname::TEXT, ARRAY(SELECT attname::TEXT FROM pg_attribute
             WHERE attrelid = x.indrelid AND attnum = ANY (x.indkey))
         FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
         WHERE x.indisunique AND t.relnamespace = current_schema()::regnamespace AND NOT t.relispartition",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert!(keys.len() > 10, "{keys:?}");
    for (table, key, of) in keys {
        if let Some(Some(column)) = columns.get(&table) {
            assert!(of.contains(column), "{key} of {table} is without {column}");
        }
    }
    let foreign: Vec<(String, String, Vec<String>, Vec<String>)> = sqlx::query_as(
        "SELECT t.relname::TEXT, u.relname::TEXT,
             ARRAY(SELECT a.attname::TEXT FROM unnest(c.conkey) WITH ORDINALITY k (n, at)
                 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.at),
             ARRAY(SELECT a.attname::TEXT FROM unnest(c.confkey) WITH ORDINALITY k (n, at)
                 JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY k.at)
         FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class u ON u.oid = c.confrelid
         WHERE c.contype = 'f' AND t.relnamespace = current_schema()::regnamespace",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert!(!foreign.is_empty());
    for (table, target, from, to) in foreign {
        match (&columns[&table], &columns[&target]) {
            (_, None) => {}
            (Some(own), Some(other)) => {
                let joined = from.iter().zip(&to).any(|(a, b)| a == own && b == other);
                assert!(joined, "{table} to {target}: {from:?} to {to:?}");
            }
            (None, Some(_)) => panic!("{table} is everywhere and refers to {target}, which is not"),
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_holds_nothing_up_at_the_outlet() {
    let Some(url) = schema().await else { return };
    let store = open(&url).await.unwrap();
    contract::what_cannot_be_read_holds_nothing_up(&store, async || {
        let mut db = PgConnection::connect(&url).await.unwrap();
        let damage = "UPDATE message_content SET content_sealed = '\\x00'
                      WHERE (organisation, message) IN
                          (SELECT organisation, id FROM message WHERE message_id = 'm1')";
        assert_eq!(sqlx::query(damage).execute(&mut db).await.unwrap().rows_affected(), 1);
    })
    .await;
}

#[tokio::test]
async fn another_key_is_refused_at_start() {
    let Some(url) = schema().await else { return };
    open(&url).await.unwrap().close().await;
    let other = PostgresStore::open(&url, StorageKey::new(&[8; 32])).await;
    assert!(matches!(other, Err(OpenError::WrongKey)));
}

#[tokio::test]
async fn two_receivers_on_one_database_know_each_others_proofs() {
    let Some(url) = schema().await else { return };
    let (one, other) = (open(&url).await.unwrap(), open(&url).await.unwrap());
    assert!(one.record_proof(&hash(1), contract::at(0), contract::at(70)).await.unwrap());
    assert!(!other.record_proof(&hash(1), contract::at(1), contract::at(71)).await.unwrap());
}

/// Ends all sessions of a store, as a restart or an idle limit does.
async fn end_sessions(url: &str) {
    let name = url.rsplit('=').next().unwrap();
    let mut db = PgConnection::connect(&database().unwrap()).await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
    )
    .bind(name)
    .execute(&mut db)
    .await
    .unwrap();
    db.close().await.unwrap();
}

#[tokio::test]
async fn a6_a_session_that_has_ended_costs_no_message_an_attempt() {
    let Some(url) = schema().await else { return };
    let store = open(&url).await.unwrap();
    assert!(matches!(store.commit(delivery("m1", 1, vec![])).await, Ok(Committed::Stored { .. })));
    for n in 2..5 {
        end_sessions(&url).await;
        let message = delivery(&format!("m{n}"), n, vec![]);
        assert!(matches!(store.commit(message).await, Ok(Committed::Stored { .. })), "m{n}");
    }
    assert!(store.seen(sender(), "m1", &hash(1)).await.unwrap().is_some());
    store.ready().await.unwrap();
}

/// After a failover the old server may stay up as a read-only one, with our session on it.
#[tokio::test]
async fn a2_a_session_on_a_read_only_server_is_given_up_for_a_fresh_one() {
    let Some(url) = schema().await else { return };
    let role = format!("lmr_role_{}", process::id());
    let mut db = PgConnection::connect(&database().unwrap()).await.unwrap();
    let mut run = async |sql: String| {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut db).await.unwrap();
    };
    let name = url.rsplit('=').next().unwrap();
    run(format!("DROP ROLE IF EXISTS {role}")).await;
    run(format!("CREATE ROLE {role} LOGIN SUPERUSER")).await;
    let theirs = url.replacen("postgres://lmr@", &format!("postgres://{role}@"), 1);
    let store = open(&theirs).await.unwrap();
    assert!(matches!(store.commit(delivery("m1", 1, vec![])).await, Ok(Committed::Stored { .. })));
    run(format!("ALTER ROLE {role} SET default_transaction_read_only = on")).await;
    end_sessions(&theirs).await;
    assert!(store.commit(delivery("m2", 2, vec![])).await.is_err(), "nothing can be written");
    assert!(store.ready().await.is_err(), "and readiness says so");
    run(format!("ALTER ROLE {role} RESET default_transaction_read_only")).await;
    assert!(matches!(store.commit(delivery("m2", 2, vec![])).await, Ok(Committed::Stored { .. })));
    store.ready().await.unwrap();
    store.close().await;
    run(format!("ALTER TABLE {name}.message OWNER TO lmr")).await;
    run(format!("REASSIGN OWNED BY {role} TO lmr")).await;
    run(format!("DROP ROLE {role}")).await;
}

/// As `VACUUM FULL`, `ALTER TABLE` or a person with a console does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_message_table_is_waited_for() {
    let Some(url) = schema().await else { return };
    let store = Arc::new(open(&url).await.unwrap());
    assert!(matches!(store.commit(delivery("m1", 1, vec![])).await, Ok(Committed::Stored { .. })));
    let mut other = PgConnection::connect(&url).await.unwrap();
    let lock = "BEGIN; LOCK TABLE message IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(lock).execute(&mut other).await.unwrap();
    let waiting = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.commit(delivery("m2", 2, vec![])).await })
    };
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert!(!waiting.is_finished(), "answered before it was stored");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert!(matches!(waiting.await.unwrap(), Ok(Committed::Stored { .. })));
    assert!(store.seen(sender(), "m2", &hash(2)).await.unwrap().is_some());
}

/// Two receivers, each with its own writer, and the same resources in different orders.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_receivers_on_one_database_store_every_message_once() {
    let Some(url) = schema().await else { return };
    let stores = [Arc::new(open(&url).await.unwrap()), Arc::new(open(&url).await.unwrap())];
    let mut tasks = Vec::new();
    for n in 0..40_u64 {
        for store in &stores {
            let store = Arc::clone(store);
            tasks.push(tokio::spawn(async move {
                let keys = if n % 2 == 0 { ["a", "b"] } else { ["b", "a"] };
                loop {
                    let current = store.current(sender(), &keys.map(identity)).await.unwrap();
                    let versions = keys.iter().zip(&current).map(|(key, known)| {
                        let id = if *key == "a" { 1 } else { 2 };
                        version(key, id, known.as_ref().map_or(1, |known| known.version + 1), n)
                    });
                    let message = delivery(&format!("m{n}"), n, versions.collect());
                    match store.commit(message).await.unwrap() {
                        Committed::Moved => tokio::task::yield_now().await,
                        Committed::Stored { .. } => return 1,
                        Committed::Known(Seen::Repeated { .. }) => return 0,
                        _ => panic!("a message was taken for another"),
                    }
                }
            }));
        }
    }
    let mut stored = 0;
    for task in tasks {
        stored += task.await.unwrap();
    }
    assert_eq!(stored, 40);
    let current = stores[0].current(sender(), &["a", "b"].map(identity)).await.unwrap();
    assert!(current.iter().all(|known| known.as_ref().unwrap().version == 40));
    assert!(stores[1].seen(sender(), "m7", &hash(7)).await.unwrap().is_some());
}

#[tokio::test]
async fn entries_of_the_audit_log_are_only_added_and_tampering_is_found() {
    let Some(url) = schema().await else { return };
    let store = open(&url).await.unwrap();
    for n in 1..=3 {
        store.commit(delivery(&format!("m{n}"), n, vec![])).await.unwrap();
    }
    store.record(contract::act(1, Action::Read)).await.unwrap();
    assert_eq!(store.verify_audit(&[]).await.unwrap().problems, []);
    let mut db = PgConnection::connect(&url).await.unwrap();
    for statement in
        ["UPDATE audit_entry SET at = 1", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
    {
        let refused = sqlx::query(statement).execute(&mut db).await.unwrap_err();
        assert!(refused.to_string().contains("only added"), "{refused}");
    }
    let tampering = "ALTER TABLE audit_entry DISABLE TRIGGER USER;
        UPDATE audit_entry SET entry = replace(entry, 'm2', 'm9') WHERE sequence = 2;
        DELETE FROM audit_entry WHERE chain = '310000019' AND sequence = 3";
    sqlx::raw_sql(tampering).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let problems = store.verify_audit(&[]).await.unwrap().problems;
    let faults: Vec<_> = problems.iter().map(|p| (p.sequence, p.fault)).collect();
    assert!(faults.contains(&(2, AuditFault::Changed)), "{faults:?}");
    assert!(faults.contains(&(3, AuditFault::CutOff)), "{faults:?}");
}

/// The statements of the page for operators, for this schema and role.
fn least_rights(schema: &str, role: &str) -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, after) = page.split_once("```sql\n").unwrap();
    let (statements, _) = after.split_once("```").unwrap();
    statements.replace("SCHEMA public", &format!("SCHEMA {schema}")).replace("lmr_receiver", role)
}

#[tokio::test]
async fn the_documented_rights_are_enough_for_a_receiver_and_no_more() {
    let Some(url) = schema().await else { return };
    let schema = url.rsplit('=').next().unwrap().to_owned();
    let role = format!("lmr_least_{}", process::id());
    // The owner makes the tables.
    open(&url).await.unwrap().close().await;
    let mut db = PgConnection::connect(&url).await.unwrap();
    let statements = least_rights(&schema, &role);
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut db).await.unwrap();
    let theirs = url.replacen("postgres://lmr@", &format!("postgres://{role}@"), 1);
    let store = open(&theirs).await.unwrap();
    store.ready().await.unwrap();
    assert!(store.avsendere().await.unwrap().is_empty());
    let first = delivery("m1", 1, vec![version("a", 1, 1, 10)]);
    assert!(matches!(store.commit(first).await, Ok(Committed::Stored { .. })));
    let second = delivery("m2", 2, vec![version("a", 1, 2, 11)]);
    assert!(matches!(store.commit(second).await, Ok(Committed::Stored { .. })));
    assert!(store.record_proof(&hash(1), contract::at(0), contract::at(70)).await.unwrap());
    let lent = store.lend(contract::at(100), contract::at(200)).await.unwrap().unwrap();
    store.acknowledge(sender(), &lent.message_id, contract::at(101)).await.unwrap();
    store.record(contract::act(1, Action::HandOver)).await.unwrap();
    store.keep_refused(Vec::new()).await.unwrap();
    let retention = Retention { content_before: Some(contract::at(2)), ..Retention::default() };
    assert_eq!(store.expire(&retention).await.unwrap().messages, 1);
    assert_eq!(store.verify_audit(&[]).await.unwrap().problems, []);
    store.close().await;
    let mut theirs = PgConnection::connect(&theirs).await.unwrap();
    for forbidden in [
        "UPDATE audit_entry SET at = 1",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_head",
        "DELETE FROM message",
        "DELETE FROM resource",
        "INSERT INTO avsender (organisation, name, active) VALUES ('1', 'x', TRUE)",
        "UPDATE avsender_certificate SET position = 1",
        "DROP TABLE message",
        "ALTER TABLE audit_entry DISABLE TRIGGER USER",
        "CREATE TABLE x (a INT)",
    ] {
        let refused = sqlx::query(forbidden).execute(&mut theirs).await;
        let code = refused
            .unwrap_err()
            .into_database_error()
            .unwrap()
            .code()
            .map(std::borrow::Cow::into_owned);
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}");
    }
    theirs.close().await.unwrap();
    let clean = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    sqlx::raw_sql(AssertSqlSafe(clean)).execute(&mut db).await.unwrap();
}

#[tokio::test]
async fn bundles_are_in_the_partition_of_their_month_until_it_is_dropped() {
    let Some(url) = schema().await else { return };
    let store = open(&url).await.unwrap();
    // `contract::at` is in March 2025.
    let month = |text: &str| text.parse::<jiff::civil::Date>().unwrap();
    let months = [month("2025-03-14"), month("2025-04-01")];
    let made = store.make_partitions(&months).await.unwrap();
    assert_eq!(made, ["message_content_2025_03", "message_content_2025_04"]);
    assert!(store.make_partitions(&months).await.unwrap().is_empty(), "they are there");
    store.commit(delivery("m1", 1, vec![version("a", 1, 1, 10)])).await.unwrap();
    let mut late = delivery("m2", 2, vec![version("b", 2, 1, 20)]);
    late.head.received_at = contract::at(90 * 86_400);
    store.commit(late).await.unwrap();
    let mut db = PgConnection::connect(&url).await.unwrap();
    let places: Vec<(String,)> =
        sqlx::query_as("SELECT tableoid::regclass::text FROM message_content ORDER BY received_at")
            .fetch_all(&mut db)
            .await
            .unwrap();
    assert!(places[0].0.contains("message_content_2025_03_"), "{places:?}");
    assert!(places[1].0.ends_with("message_content_rest"), "there is no partition for June");
    assert!(store.make_partitions(&[month("2025-06-01")]).await.unwrap().is_empty());
    let names: Vec<_> = store.partitions().await.unwrap().into_iter().map(|p| p.name).collect();
    assert_eq!(
        names,
        ["message_content_2025_03", "message_content_2025_04", "message_content_rest"]
    );
    // Read through the parent, from wherever it is.
    let id = format!("{:032x}", 1);
    assert_eq!(store.history("Patient", &id).await.unwrap()[0].content, contract::resource(10));
    let end = month("2025-04-01").to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    assert!(store.drop_partitions(end).await.unwrap().is_empty(), "it is not empty");
    let retention = Retention { content_before: Some(end), ..Retention::default() };
    store.expire(&retention).await.unwrap();
    assert_eq!(store.drop_partitions(end).await.unwrap(), ["message_content_2025_03"]);
    assert_eq!(store.verify_audit(&[]).await.unwrap().problems, []);
}
