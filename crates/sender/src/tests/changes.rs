//! A source that gives changes only is asked again for whatever the register does not have: nothing else would show it.

use jiff::SignedDuration;
use lmr_lmdi::RuleSetId;
use serde_json::{Value, json};

use super::world::{Fate, RECEIPTED, World, given, medicine, patient, with};
use crate::report::RunStatus;

/// A source that gives what was written since it was asked; what the others refer to it always gives.
fn ward() -> World {
    let mut world = World::new(RuleSetId::Lmdi094);
    (world.incremental, world.gives_changes) = (true, true);
    world.write("medicines.ndjson", &[medicine("m")]);
    world.write("patients.ndjson", &[patient("p", 1)]);
    world
}

fn written_now(world: &World, resource: Value) -> Value {
    with(resource, "meta", json!({ "lastUpdated": world.now().to_string() }))
}

#[tokio::test]
async fn what_the_register_could_not_store_is_not_delivered_and_goes_again() {
    for incremental in [false, true] {
        let mut world = ward();
        (world.incremental, world.gives_changes) = (incremental, incremental);
        world.register.lock().unwrap().is_broken = true;
        let a = with(given("a", "p", 1), "fault", json!("unchecked"));
        world.write(
            "given.ndjson",
            &[written_now(&world, a), written_now(&world, given("b", "p", 1))],
        );
        for round in 1..3 {
            let report = world.run().await;
            assert_eq!(
                (report.status(), report.not_stored),
                (RunStatus::Undelivered, 1),
                "{round}"
            );
            assert_eq!((report.held, report.open_messages), (0, 0));
            let agent = world.agent().await;
            assert_eq!(agent.outbox().overview().await.unwrap().status, RunStatus::Undelivered);
            assert_eq!(agent.changed_since().await.unwrap(), None);
            drop(agent);
            world.pass(24);
        }
        world.register.lock().unwrap().is_broken = false;
        let report = world.run().await;
        assert_eq!((report.status(), report.not_stored), (RunStatus::Clean, 0));
        for name in ["a", "b"] {
            assert_eq!(world.versions(&format!("MedicationAdministration/{name}")), 1, "{name}");
        }
        let agent = world.agent().await;
        assert!(agent.changed_since().await.unwrap().is_some());
    }
}

/// The clock was two days ahead in a transfer that had nothing to send, and is put right before anything else.
#[tokio::test]
async fn what_changes_while_the_mark_lies_ahead_is_asked_for() {
    for daemon in [false, true] {
        let world = ward();
        world.write("given.ndjson", &[written_now(&world, given("a", "p", 1))]);
        world.pass(48);
        assert_eq!(world.run().await.status(), RunStatus::Clean);
        world.pass(-48);
        world.pass(2);
        let all = [given("a", "p", 1), given("b", "p", 1)].map(|one| written_now(&world, one));
        world.write("given.ndjson", &all);
        let agent = world.agent().await;
        if daemon {
            // It looks at the clock while it waits; the next transfer is three days later.
            agent.outbox().put_clock_right(world.now()).await.unwrap();
            world.pass(72);
        } else {
            world.pass(1);
        }
        assert_eq!(agent.changed_since().await.unwrap(), None, "daemon: {daemon}");
        drop(agent);
        assert_eq!(world.run().await.status(), RunStatus::Clean);
        assert_eq!(world.versions("MedicationAdministration/b"), 1, "daemon: {daemon}");
        let agent = world.agent().await;
        let now = world.now();
        assert_eq!(agent.changed_since().await.unwrap(), Some(now), "daemon: {daemon}");
        agent.outbox().put_clock_right(now).await.unwrap();
        assert_eq!(agent.changed_since().await.unwrap(), Some(now), "the clock was right");
        let before = now.checked_sub(SignedDuration::from_secs(1)).unwrap();
        agent.outbox().put_clock_right(before).await.unwrap();
        assert_eq!(agent.changed_since().await.unwrap(), None, "a second ahead");
    }
}

/// The clock is three hours ahead in one run, and right again before anything notices: the mark is behind it by then, and
/// what was written in between is asked for all the same, because the register's answers carry its time.
#[tokio::test]
async fn what_changes_before_a_mark_of_a_clock_that_was_ahead_is_asked_for() {
    for (what, receipts) in [("sends something", false), ("asks for a receipt only", true)] {
        let mut world = ward();
        world.register.lock().unwrap().receipts = receipts.then(Vec::new);
        let a = written_now(&world, given("a", "p", 1));
        world.write("given.ndjson", std::slice::from_ref(&a));
        if receipts {
            world.organisation = RECEIPTED;
            assert_eq!(world.run().await.status(), RunStatus::Clean, "{what}");
        }
        world.pass(3);
        world.register.lock().unwrap().hours_behind = Some(3);
        let report = world.run().await;
        assert_eq!(
            (report.messages.len(), report.status()),
            (1 - usize::from(receipts), RunStatus::Clean)
        );
        assert_eq!(report.clock_ahead_seconds, Some(3 * 3600), "{what}");
        // Only what is asked for is put back, not when the last transfer was.
        let agent = world.agent_for(world.organisation).await.unwrap();
        let since = agent.outbox().overview().await.unwrap().last_success;
        assert_eq!(since, Some(world.now()), "{what}");
        drop(agent);
        world.pass(-3);
        world.register.lock().unwrap().hours_behind = Some(0);
        world.pass(1);
        world.write("given.ndjson", &[a, written_now(&world, given("b", "p", 1))]);
        world.pass(23);
        assert_eq!(world.run().await.status(), RunStatus::Clean, "{what}");
        assert_eq!(world.versions("MedicationAdministration/b"), 1, "{what}");
        let agent = world.agent_for(world.organisation).await.unwrap();
        assert_eq!(agent.changed_since().await.unwrap(), Some(world.now()), "{what}");
        let since = agent.outbox().overview().await.unwrap().last_success;
        assert_eq!(since, Some(world.now()), "{what}");
    }
}

/// The clock is put right while a run is under way: nothing of the run says when it began.
#[tokio::test]
async fn what_changes_before_the_mark_of_a_run_with_two_clocks_is_asked_for() {
    let world = ward();
    world.write("given.ndjson", &[written_now(&world, given("a", "p", 1))]);
    world.pass(3);
    world.fates(&[Fate::SetBack(3)]);
    world.run().await;
    let agent = world.agent().await;
    assert_eq!(agent.changed_since().await.unwrap(), None);
    let last_success = agent.outbox().overview().await.unwrap().last_success;
    assert!(last_success.is_none_or(|time| time <= world.now()), "{last_success:?}");
    drop(agent);
    world.pass(1);
    let all = [given("a", "p", 1), given("b", "p", 1)].map(|one| written_now(&world, one));
    world.write("given.ndjson", &all);
    world.pass(23);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(world.versions("MedicationAdministration/b"), 1);
}

/// A daemon is not needed for it: also a single run moves back what waits for a time that the clock made up.
#[tokio::test]
async fn a_single_run_puts_a_clock_right() {
    for retries_only in [false, true] {
        let world = ward();
        world.write("given.ndjson", &[written_now(&world, given("a", "p", 1))]);
        world.pass(48);
        world.fates(&[Fate::NotReached]);
        assert_eq!(world.run().await.open_messages, 1);
        world.pass(-48);
        world.pass(1);
        if retries_only {
            world.pass(2);
            world.retry().await;
            world.pass(2);
            assert_eq!(world.retry().await.open_messages, 0);
        } else {
            assert_eq!(world.run().await.status(), RunStatus::Clean);
        }
        assert_eq!(world.versions("MedicationAdministration/a"), 1, "{retries_only}");
    }
}

/// What a new attempt could not store is as undelivered as what a transfer could not.
#[tokio::test]
async fn what_a_new_attempt_could_not_store_stays_on_the_status() {
    let world = ward();
    world.register.lock().unwrap().is_broken = true;
    let a = with(given("a", "p", 1), "fault", json!("unchecked"));
    world.write("given.ndjson", &[written_now(&world, a), written_now(&world, given("b", "p", 1))]);
    world.fates(&[Fate::NotReached]);
    let report = world.run().await;
    assert_eq!((report.open_messages, report.not_stored), (1, 0));
    world.pass(1);
    let report = world.retry().await;
    assert_eq!((report.open_messages, report.not_stored), (0, 1));
    assert_eq!(report.status(), RunStatus::Undelivered);
    // Another one with nothing to do changes nothing.
    world.pass(1);
    world.retry().await;
    let overview = world.agent().await.outbox().overview().await.unwrap();
    assert_eq!(overview.status, RunStatus::Undelivered);
    assert_eq!(overview.last_source.unwrap().not_stored, 1);
    world.register.lock().unwrap().is_broken = false;
    world.pass(24);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    let overview = world.agent().await.outbox().overview().await.unwrap();
    assert_eq!((overview.status, overview.last_source.unwrap().not_stored), (RunStatus::Clean, 0));
}

/// An error of the register's is its own, whatever it has refused beside it.
#[tokio::test]
async fn what_the_register_could_not_store_beside_something_refused_is_undelivered() {
    let world = ward();
    world.register.lock().unwrap().is_broken = true;
    let fault = |id, patient, fault| with(given(id, patient, 1), "fault", json!(fault));
    world.write(
        "patients.ndjson",
        &[patient("p", 1), with(patient("q", 1), "fault", json!("register"))],
    );
    let all = [fault("a", "p", "unchecked"), given("b", "p", 1), given("c", "q", 1)];
    world.write("given.ndjson", &all.map(|one| written_now(&world, one)));
    let report = world.run().await;
    let message = &report.messages[0];
    assert_eq!((message.refused, message.failed, message.not_stored), (1, 1, 1));
    assert_eq!((report.held, report.not_stored), (1, 1));
    assert_eq!(report.status(), RunStatus::Undelivered);
    let agent = world.agent().await;
    assert_eq!(agent.outbox().overview().await.unwrap().status, RunStatus::Undelivered);
    assert_eq!(agent.outbox().overview().await.unwrap().last_success, None);
    drop(agent);
    world.register.lock().unwrap().is_broken = false;
    world.pass(24);
    let report = world.run().await;
    assert_eq!((report.status(), report.held, report.not_stored), (RunStatus::ToCorrect, 1, 0));
    assert_eq!(world.versions("MedicationAdministration/a"), 1);
}

/// The last message of this run was sealed by a clock that is put right before it arrives.
#[tokio::test]
async fn a_clock_that_is_put_right_in_the_middle_of_a_run_leaves_nothing_behind() {
    let mut world = ward();
    world.limits.entries = 3;
    let all = ["a", "b"].map(|name| written_now(&world, given(name, "p", 1)));
    world.write("given.ndjson", &all);
    world.pass(1);
    world.fates(&[Fate::Answered, Fate::SetBack(1)]);
    let report = world.run().await;
    assert_eq!((report.status(), report.open_messages, report.held), (RunStatus::Clean, 0, 0));
    for name in ["a", "b"] {
        assert_eq!(world.versions(&format!("MedicationAdministration/{name}")), 1, "{name}");
    }
    world.pass(24);
    assert_eq!(world.run().await.messages.len(), 0);
}

/// Another one that was made meanwhile is due only when the clock is where it was: it waits, and goes then.
#[tokio::test]
async fn what_was_sealed_ahead_of_the_clock_goes_by_itself() {
    let mut world = ward();
    world.limits.entries = 3;
    let all = ["a", "b", "c", "d"].map(|name| written_now(&world, given(name, "p", 1)));
    world.write("given.ndjson", &all);
    world.pass(1);
    world.fates(&[Fate::Answered, Fate::SetBack(1)]);
    world.run().await;
    world.pass(2);
    world.retry().await;
    world.pass(24);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    for name in ["a", "b", "c", "d"] {
        assert_eq!(world.versions(&format!("MedicationAdministration/{name}")), 1, "{name}");
    }
}

/// A search, a query, a mapping or the start date is another one than at the last transfer: what was there before is
/// asked for too, once.
#[tokio::test]
async fn another_question_asks_for_everything() {
    let mut world = ward();
    world.pass(-24 * 10);
    let old = written_now(&world, given("old", "p", 1));
    let before =
        with(given("early", "p", 1), "effectiveDateTime", json!("2026-02-10T12:00:00+01:00"));
    let early = written_now(&world, before);
    world.pass(24 * 10);
    world.write("given.ndjson", &[old, early]);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    world.pass(24);
    type Change = fn(&mut World);
    let changes: [(&str, Change, bool); 4] = [
        ("the same", |_| {}, false),
        ("another search", |world| world.question = "more", true),
        ("an earlier start", |world| world.start = jiff::civil::date(2026, 2, 1), true),
        ("another guide", |world| world.rule_set = RuleSetId::Lmdi117, true),
    ];
    for (what, change, asks_for_all) in changes {
        change(&mut world);
        let agent = world.agent().await;
        assert_eq!(agent.changed_since().await.unwrap().is_none(), asks_for_all, "{what}");
        drop(agent);
        assert_eq!(world.run().await.status(), RunStatus::Clean, "{what}");
        let is_early_wanted = world.start < jiff::civil::date(2026, 2, 10);
        let versions = world.versions("MedicationAdministration/early");
        assert_eq!(versions, usize::from(is_early_wanted), "{what}: it was passed over before");
        let agent = world.agent().await;
        assert_eq!(agent.changed_since().await.unwrap(), Some(world.now()), "{what}: once");
        drop(agent);
        world.pass(24);
    }
    // The mark of an earlier version has the source's name: nothing is asked for again for that.
    let agent = world.agent().await;
    let mark = format!("{} {}", world.now(), world.source().display());
    agent.outbox().set("changed-since", &mark).await.unwrap();
    assert_eq!(agent.changed_since().await.unwrap(), Some(world.now()));
}

/// A server that is asked for everything and gives nothing, and a query for all changes without a row: both have failed,
/// though a source of changes may well have none.
#[tokio::test]
async fn a_source_of_changes_that_is_asked_for_everything_is_not_empty() {
    let world = ward();
    let empty = || {
        for file in ["medicines.ndjson", "patients.ndjson", "given.ndjson"] {
            world.write(file, &[]);
        }
    };
    empty();
    for _ in 0..2 {
        assert_eq!(world.run().await.status(), RunStatus::SourceFailed, "nothing was ever there");
        let agent = world.agent().await;
        assert_eq!(agent.changed_since().await.unwrap(), None);
    }
    world.write("medicines.ndjson", &[medicine("m")]);
    world.write("patients.ndjson", &[patient("p", 1)]);
    world.write("given.ndjson", &[written_now(&world, given("a", "p", 1))]);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    world.pass(24);
    empty();
    assert_eq!(world.run().await.status(), RunStatus::Clean, "no change since then");
    let agent = world.agent().await;
    agent.forget_since("2026-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
    drop(agent);
    let report = world.run().await;
    assert_eq!(report.status(), RunStatus::SourceFailed, "everything is wanted again");
    assert_eq!(report.vanished, 0);
}
