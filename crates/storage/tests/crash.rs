//! The store is killed at any moment; what it has acknowledged is there, once, and nothing by halves.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails; the child reports on stdout"
)]

use crate::contract;

use contract::{delivery, identity, sender, version};
use lmr_intake::{DeliveryFilter, Store};
use lmr_storage::{SqliteStore, StorageKey};
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

const KEY: [u8; 32] = [7; 32];
const AT_ONCE: u64 = 8;

async fn open(file: &Path) -> SqliteStore {
    SqliteStore::open(file, StorageKey::new(&KEY)).await.unwrap()
}

/// Not a test of its own: the process that is killed. Stores messages until then, and says which are stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by the test below"]
#[expect(
    clippy::disallowed_methods,
    reason = "its parent says where to store and from which number on"
)]
async fn child() {
    let (Ok(file), Ok(first)) = (std::env::var("CRASH_FILE"), std::env::var("CRASH_FIRST")) else {
        return;
    };
    let first: u64 = first.parse().unwrap();
    let store = Arc::new(open(Path::new(&file)).await);
    println!("\nready");
    let mut tasks = Vec::new();
    for lane in 0..AT_ONCE {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            for n in (first + lane..).step_by(usize::try_from(AT_ONCE).unwrap()) {
                let versions =
                    (0..3).map(|i| version(&format!("{n}-{i}"), n * 3 + i, 1, n)).collect();
                store.commit(delivery(&format!("m{n}"), n, versions)).await.unwrap();
                // One write call: the parent must never see half a number.
                let mut out = std::io::stdout().lock();
                out.write_all(format!("stored {n}\n").as_bytes()).unwrap();
                out.flush().unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn every_acknowledged_message_survives_being_killed_and_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lmr.db");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut moment = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..8_u64 {
        let first = round * 100_000;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child", "--ignored", "--nocapture"])
            .env("CRASH_FILE", &file)
            .env("CRASH_FIRST", first.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while lines.next().unwrap().unwrap() != "ready" {}
        // A moment between 20 and 275 ms after the start, another one each round.
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(round + 1);
        std::thread::sleep(Duration::from_millis(20 + (moment >> 56)));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(
            lines
                .map_while(Result::ok)
                .filter_map(|line| line.strip_prefix("stored ")?.parse::<u64>().ok()),
        );

        runtime.block_on(async {
            let store = open(&file).await;
            let filter = DeliveryFilter { limit: u32::MAX, ..DeliveryFilter::default() };
            let listed = store.deliveries(&filter).await.unwrap();
            let there: BTreeSet<u64> = listed
                .iter()
                .map(|d| d.message_id.strip_prefix('m').unwrap().parse().unwrap())
                .collect();
            assert_eq!(there.len(), listed.len(), "a message is there twice");
            let lost: Vec<_> = acknowledged.difference(&there).collect();
            assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
            // At most what was under way when the process died was stored without being acknowledged.
            assert!(
                there.len() - acknowledged.len() <= usize::try_from(AT_ONCE * (round + 1)).unwrap()
            );
            for n in there.iter().filter(|n| **n >= first) {
                let keys: Vec<_> = (0..3).map(|i| identity(&format!("{n}-{i}"))).collect();
                let found = store.current(sender(), &keys).await.unwrap();
                assert!(found.iter().all(Option::is_some), "message {n} is there by halves");
            }
            store.close().await;
        });
    }
    println!("{} messages acknowledged, none lost, none duplicated", acknowledged.len());
    assert!(acknowledged.len() > 50, "the child hardly stored anything: {}", acknowledged.len());
}
