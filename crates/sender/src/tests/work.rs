//! What a run has SQLite do is in line with what it sends, and with what the ledger has: no statement looks each resource
//! up among all of a message, or each of a message among all of the ledger.
//!
//! Why here: such a statement makes no difference in a test of ten resources, and takes minutes of a first transfer.

use std::sync::atomic::Ordering;

use lmr_lmdi::RuleSetId;
use serde_json::Value;

use super::world::{Fate, World, given, medicine, patient, with};
use crate::report::RunStatus;

/// The instructions of each phase, in hundreds, with so many administrations.
async fn work_of(count: usize) -> Vec<(&'static str, usize)> {
    let world = World::new(RuleSetId::Lmdi112);
    world.write("base.ndjson", &[medicine("m"), patient("p", 1)]);
    let records = |from: usize, version: u32| -> Vec<Value> {
        (from..count).map(|n| given(&format!("a{n}"), "p", version)).collect()
    };
    world.write("given.ndjson", &records(0, 1));
    let mut phases = Vec::new();
    let mut done = async |phase, status| {
        world.pass(24);
        let agent = world.agent().await;
        let report = agent.run().await.unwrap();
        phases.push((phase, agent.outbox().work.load(Ordering::Relaxed)));
        agent.outbox().close().await;
        assert_eq!(report.status(), status, "{phase}: {report:?}");
        report
    };
    world.fates(&[Fate::NotReached; 4]);
    done("planned, and nothing arrives", RunStatus::Undelivered).await;
    world.fates(&[]);
    let report = done("what waited is delivered", RunStatus::Clean).await;
    assert_eq!(report.messages[0].stored, count + 2);
    done("nothing has changed", RunStatus::Clean).await;
    world.write("given.ndjson", &records(0, 2));
    let report = done("all have changed", RunStatus::Clean).await;
    assert_eq!(report.changed, count);
    world.write("given.ndjson", &records(count / 2, 2));
    let report = done("half of them have gone", RunStatus::Clean).await;
    assert_eq!(report.vanished, (count / 2) as u64);
    let annulled = |record: Value| with(record, "status", "entered-in-error".into());
    world.write("given.ndjson", &records(0, 3).into_iter().map(annulled).collect::<Vec<_>>());
    world.fates(&[Fate::NotReached; 4]);
    done("all are annulled at the source, and nothing arrives", RunStatus::Undelivered).await;
    world.fates(&[]);
    done("their annulments are delivered", RunStatus::Clean).await;
    done("again", RunStatus::Clean).await;
    // Of what waits, the register had lost the annulments.
    world.write("given.ndjson", &records(0, 4));
    world.fates(&[Fate::NotReached; 4]);
    done("all have changed, and nothing arrives", RunStatus::Undelivered).await;
    let agent = world.agent().await;
    let mut connection = agent.outbox().connection().await.unwrap();
    sqlx::query("UPDATE stored SET annulled_at = -1").execute(&mut *connection).await.unwrap();
    drop(connection);
    let before = agent.outbox().work.load(Ordering::Relaxed);
    let lost = agent.outbox().lost_annulments().await.unwrap();
    let repeated = agent.outbox().annulments_to_repeat().await.unwrap();
    assert!(lost.len() <= 2 && repeated.len() <= 2, "all others are in the message");
    phases.push(("lost annulments", agent.outbox().work.load(Ordering::Relaxed) - before));
    phases
}

#[tokio::test]
async fn ten_times_as_many_resources_are_ten_times_as_much_work() {
    let (few, many) = (work_of(100).await, work_of(1_000).await);
    for ((phase, few), (_, many)) in few.into_iter().zip(many) {
        assert!(many <= 15 * few.max(20), "{phase}: {few} with 100, {many} with 1,000");
    }
}
