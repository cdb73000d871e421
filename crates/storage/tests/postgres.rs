//! The store contract on PostgreSQL. `TEST_DATABASE_URL` names a database whose content may be thrown away.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and says what it leaves out"
)]

mod contract;

use contract::{delivery, hash, identity, sender, version};
use lmr_intake::{Committed, Seen, Store};
use lmr_storage::{OpenError, PostgresStore, StorageKey};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{
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

async fn empty() -> Option<(Arc<dyn Store>, ())> {
    let url = schema().await?;
    Some((Arc::new(open(&url).await.unwrap()), ()))
}

store_contract!(empty());

#[tokio::test]
async fn another_key_is_refused_at_start() {
    let Some(url) = schema().await else { return };
    open(&url).await.unwrap().close().await;
    let other = PostgresStore::open(&url, StorageKey::new(&[8; 32])).await;
    assert!(matches!(other, Err(OpenError::WrongKey)));
}

#[tokio::test]
async fn a_restarted_database_costs_one_message_another_attempt() {
    let Some(url) = schema().await else { return };
    let store = open(&url).await.unwrap();
    assert!(matches!(store.commit(delivery("m1", 1, vec![])).await, Ok(Committed::Stored)));
    let name = url.rsplit('=').next().unwrap();
    let mut db = PgConnection::connect(&database().unwrap()).await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
    )
    .bind(name)
    .execute(&mut db)
    .await
    .unwrap();
    assert!(store.commit(delivery("m2", 2, vec![])).await.is_err());
    assert!(matches!(store.commit(delivery("m2", 2, vec![])).await, Ok(Committed::Stored)));
    assert!(store.seen(sender(), "m1", &hash(1)).await.unwrap().is_some());
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
                        Committed::Stored => return 1,
                        Committed::Known(Seen::Repeated(_)) => return 0,
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
