//! A stop in the middle of a run: it ends soon, in a state from which the next one goes on.

use std::time::Duration;

use lmr_lmdi::RuleSetId;

use super::world::{Fate, World, given, medicine, patient};
use crate::attempt::AttemptFailure;
use crate::plan::BundleLimits;
use crate::report::RunStatus;
use crate::stop::StopSignal;

/// a8
#[tokio::test]
async fn a8_a_run_that_waits_for_an_answer_ends_within_twenty_seconds_of_a_stop() {
    let mut world = World::new(RuleSetId::Lmdi094);
    world.limits = BundleLimits { entries: 3, bytes: 1 << 20 };
    world.write("base.ndjson", &[medicine("m"), patient("p", 1)]);
    world.write(
        "given.ndjson",
        &(0..5).map(|n| given(&format!("a{n}"), "p", 1)).collect::<Vec<_>>(),
    );
    world.fates(&[Fate::Answered, Fate::Silence]);
    let agent = world.agent().await;
    let stop = world.stop.clone();
    let began = tokio::time::Instant::now();
    let (report, ()) = tokio::join!(agent.run(), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stop.stop();
    });
    let report = report.unwrap();
    assert!(began.elapsed() <= Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(report.stopped_early);
    assert_eq!((report.status(), report.messages.len()), (RunStatus::Undelivered, 2));
    assert_eq!(report.messages[1].failure, Some(AttemptFailure::StopRequested));
    drop(agent);
    world.stop = StopSignal::default();
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    for n in 0..5 {
        assert_eq!(world.versions(&format!("MedicationAdministration/a{n}")), 1);
    }
}

#[tokio::test]
async fn a_stop_before_the_source_is_read_changes_nothing() {
    let mut world = World::new(RuleSetId::Lmdi094);
    world.write("base.ndjson", &[medicine("m"), patient("p", 1), given("a", "p", 1)]);
    world.stop.stop();
    let report = world.run().await;
    assert_eq!((report.status(), world.posted()), (RunStatus::Undelivered, 0));
    world.stop = StopSignal::default();
    assert_eq!(world.run().await.status(), RunStatus::Clean);
}

/// a3: an attempt an hour from now stays that when the clock turns out to have been two days ahead.
#[tokio::test]
async fn a3_a_clock_put_right_puts_the_next_attempt_right() {
    let world = World::new(RuleSetId::Lmdi094);
    world.write("base.ndjson", &[medicine("m"), patient("p", 1), given("a", "p", 1)]);
    world.pass(48);
    world.fates(&[Fate::RequestLost]);
    assert_eq!(world.run().await.status(), RunStatus::Undelivered);
    world.pass(-48);
    let agent = world.agent().await;
    let now = world.now();
    for _ in 0..3 {
        agent.outbox().put_clock_right(now).await.unwrap();
        let next = agent.outbox().next_attempt().await.unwrap().unwrap();
        assert_eq!(next, now + jiff::SignedDuration::from_hours(1));
    }
    drop(agent);
    world.pass(1);
    assert_eq!(world.retry().await.status(), RunStatus::Clean);
}
