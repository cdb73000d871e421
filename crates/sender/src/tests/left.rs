//! What a run has left that did not come to its end: the status says it, though its report was never written.

use lmr_lmdi::RuleSetId;
use serde_json::json;

use super::world::{Fate, RECEIPTED, World, given, medicine, patient, with};
use crate::outbox::Overview;
use crate::report::{RunKind, RunStatus};
use crate::run::Run;
use crate::stop::StopSignal;

fn ward() -> World {
    let world = World::new(RuleSetId::Lmdi094);
    world.write("medicines.ndjson", &[medicine("m")]);
    world.write("patients.ndjson", &[patient("p", 1)]);
    world.write("given.ndjson", &[given("a", "p", 1), given("c", "p", 1)]);
    world
}

async fn overview(world: &World) -> Overview {
    let agent = world.agent().await;
    let overview = agent.outbox().overview().await.unwrap();
    agent.outbox().close().await;
    overview
}

/// New attempts by a process that is killed after the last of them was booked, before the run is noted as ended.
async fn retry_and_die(world: &World) {
    let agent = world.agent().await;
    let mut run = Run::begin(agent.outbox(), RunKind::Retry, world.now()).await.unwrap();
    for due in agent.outbox().due(world.now()).await.unwrap() {
        agent.send(due.seq, due.message_id, &mut run, None).await.unwrap();
    }
    agent.outbox().close().await;
}

/// Every answer that leaves something to the next planned transfer, by a run that ends and by one that is killed: the
/// status is the same.
#[tokio::test]
async fn a_run_that_is_killed_leaves_the_status_that_one_leaves_that_ends() {
    for (fate, is_broken, given_up, not_stored) in [
        (Fate::Answered, false, 0, 0),
        // The bytes are at fault: a new message is made by the next transfer.
        (Fate::Refused("LMR-2031"), false, 1, 0),
        (Fate::Status(413), false, 1, 0),
        (Fate::Answered, true, 0, 1),
    ] {
        let mut seen = Vec::new();
        for is_killed in [false, true] {
            let world = ward();
            if is_broken {
                let a = with(given("a", "p", 1), "fault", json!("unchecked"));
                world.write("given.ndjson", &[a, given("b", "p", 1)]);
            }
            world.fates(&[Fate::NotReached]);
            world.run().await;
            world.pass(1);
            world.fates(&[fate]);
            world.register.lock().unwrap().is_broken = is_broken;
            match is_killed {
                true => retry_and_die(&world).await,
                false => drop(world.retry().await),
            }
            let found = overview(&world).await;
            let left = (found.given_up, found.last_source.as_ref().unwrap().not_stored);
            assert_eq!(left, (given_up, not_stored), "{fate:?}, killed: {is_killed}");
            let status = match given_up + not_stored {
                0 => RunStatus::Clean,
                _ => RunStatus::Undelivered,
            };
            assert_eq!(found.status, status, "{fate:?}, killed: {is_killed}");
            // Another run with nothing to do changes nothing.
            world.pass(1);
            world.retry().await;
            assert_eq!(overview(&world).await.status, status, "{fate:?}, killed: {is_killed}");
            world.register.lock().unwrap().is_broken = false;
            world.pass(24);
            assert_eq!(world.run().await.status(), RunStatus::Clean, "{fate:?}");
            let found = overview(&world).await;
            assert_eq!((found.status, found.given_up), (RunStatus::Clean, 0), "{fate:?}");
            assert_eq!(found.last_source.unwrap().not_stored, 0, "{fate:?}");
            assert_eq!(world.versions("MedicationAdministration/a"), 1, "{fate:?}");
            seen.push(found.stored);
        }
        assert_eq!(seen[0], seen[1], "{fate:?}");
    }
}

/// A person gives the only message up: its content is nowhere.
#[tokio::test]
async fn a_message_that_a_person_gives_up_is_left_to_the_next_transfer() {
    let world = ward();
    world.fates(&[Fate::NotReached]);
    world.run().await;
    let agent = world.agent().await;
    let message = agent.outbox().messages(1).await.unwrap().remove(0).message_id;
    assert!(agent.outbox().give_up_message(&message, world.now()).await.unwrap());
    drop(agent);
    let found = overview(&world).await;
    assert_eq!((found.status, found.given_up), (RunStatus::Undelivered, 1));
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(overview(&world).await.status, RunStatus::Clean);
}

/// What was given up is not taken for sent by a transfer that was asked to end, or whose source failed, before it made
/// new messages.
#[tokio::test]
async fn a_transfer_that_does_not_come_to_its_end_leaves_what_was_left() {
    for fails in [false, true] {
        let mut world = ward();
        world.fates(&[Fate::NotReached]);
        world.run().await;
        world.pass(1);
        world.fates(&[Fate::Status(413)]);
        assert_eq!(world.retry().await.given_up, 1);
        let there = world.source();
        let away = world.folder.path().join("away");
        if fails {
            std::fs::rename(&there, &away).unwrap();
            let agent = world.agent().await;
            agent.run().await.unwrap_err();
            drop(agent);
            std::fs::rename(&away, &there).unwrap();
        } else {
            world.stop.stop();
            assert_eq!(world.run().await.status(), RunStatus::Undelivered);
            world.stop = StopSignal::default();
        }
        let found = overview(&world).await;
        let expected = if fails { RunStatus::SourceFailed } else { RunStatus::Undelivered };
        assert_eq!((found.status, found.given_up), (expected, 1), "{fails}");
        world.pass(24);
        assert_eq!(world.run().await.status(), RunStatus::Clean, "{fails}");
        assert_eq!(overview(&world).await.given_up, 0, "{fails}");
    }
}

/// Asked to end before it read the source: something new may be there, and nothing is in a message.
#[tokio::test]
async fn a_transfer_that_was_asked_to_end_is_not_called_delivered() {
    let mut world = ward();
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    world.write("given.ndjson", &[given("a", "p", 1), given("b", "p", 1), given("c", "p", 1)]);
    world.pass(24);
    world.stop.stop();
    world.run().await;
    let found = overview(&world).await;
    assert_eq!(found.status, RunStatus::Undelivered);
    assert!(found.last_source.unwrap().stopped_early);
    world.stop = StopSignal::default();
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(overview(&world).await.status, RunStatus::Clean);
}

/// A transfer that is stopped before it does anything says nothing of what the one before it has left.
#[tokio::test]
async fn a_transfer_that_is_stopped_hides_nothing_of_the_one_before() {
    for is_stored in [false, true] {
        let mut world = ward();
        world.organisation = RECEIPTED;
        {
            let mut register = world.register.lock().unwrap();
            register.receipts = Some(Vec::new());
            (register.is_broken, register.misstates_answers) = (!is_stored, is_stored);
        }
        let a = with(given("a", "p", 1), "fault", json!(if is_stored { "" } else { "unchecked" }));
        world.write("given.ndjson", &[a, given("b", "p", 1)]);
        world.run().await;
        let left = |found: &Overview| {
            (found.last_source.as_ref().unwrap().not_stored, found.doubtful_receipts)
        };
        let expected = if is_stored { (0, 1) } else { (1, 0) };
        assert_eq!(left(&overview(&world).await), expected);
        world.pass(24);
        world.receiver = "https://elsewhere.example/v1";
        world.register.lock().unwrap().is_away = true;
        assert!(world.run().await.stop.is_some());
        let found = overview(&world).await;
        assert_eq!((left(&found), found.status), (expected, RunStatus::Undelivered));
        assert!(!found.last_source.unwrap().was_read());
    }
}
