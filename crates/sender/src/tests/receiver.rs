//! Another receiver than the one that the ledger is about: it would be said to have what the former one has.

use lmr_lmdi::RuleSetId;

use super::world::{Fate, RECEIPTED, World, given, medicine, patient};
use crate::annul::AnnulTarget;
use crate::attempt::AttemptFailure;
use crate::error::SenderError;
use crate::outbox::OutboxError;
use crate::report::RunStatus;

const ELSEWHERE: &str = "https://elsewhere.example/v1";

/// A ward whose records are delivered, at a register that gives receipts or does not.
async fn ward(gives_receipts: bool) -> World {
    let mut world = World::new(RuleSetId::Lmdi094);
    if gives_receipts {
        world.organisation = RECEIPTED;
        world.register.lock().unwrap().receipts = Some(Vec::new());
    }
    world.write("base.ndjson", &[medicine("m"), patient("p", 1)]);
    world.write("given.ndjson", &[given("a", "p", 1)]);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    world.pass(24);
    world
}

/// Empties the register, as another one is.
fn replace_register(world: &World) {
    let mut register = world.register.lock().unwrap();
    register.versions.clear();
    register.posted.clear();
    register.receipts = register.receipts.as_ref().map(|_| Vec::new());
}

#[tokio::test]
async fn another_environment_needs_another_database() {
    let mut world = ward(false).await;
    world.environment = "production";
    let agent = world.agent_for(world.organisation).await;
    assert!(matches!(agent, Err(SenderError::Outbox(OutboxError::Foreign("environment")))));
}

/// Nothing tells which register answers at another address: no run takes it for the one that has everything.
#[tokio::test]
async fn another_address_stops_until_a_person_says_that_it_is_the_same_register() {
    let mut world = ward(false).await;
    world.fates(&[Fate::NotReached]);
    world.write("given.ndjson", &[given("a", "p", 1), given("b", "p", 1)]);
    assert_eq!(world.run().await.open_messages, 1);
    world.pass(1);
    world.receiver = ELSEWHERE;
    let posted = world.posted();
    for kind in ["planned", "retry", "annulment"] {
        let agent = world.agent().await;
        let report = match kind {
            "planned" => agent.run().await.unwrap(),
            "retry" => agent.retry_due().await.unwrap(),
            _ => {
                let target = AnnulTarget::Name("MedicationAdministration/a".to_owned());
                agent.annul(&target, "feil").await.unwrap()
            }
        };
        assert!(matches!(report.stop, Some(AttemptFailure::OtherReceiver { .. })), "{kind}");
        assert_eq!((report.status(), world.posted()), (RunStatus::Stopped, posted), "{kind}");
        assert_eq!(agent.outbox().overview().await.unwrap().status, RunStatus::Stopped, "{kind}");
    }
    let agent = world.agent().await;
    agent.belongs_to_this_receiver().await.unwrap();
    drop(agent);
    let report = world.run().await;
    assert_eq!((report.status(), report.messages.len()), (RunStatus::Clean, 1));
    assert_eq!(world.versions("MedicationAdministration/a"), 1, "it was there");
    assert_eq!(world.run().await.status(), RunStatus::Clean);
}

/// The old address again is nothing to decide.
#[tokio::test]
async fn an_address_that_was_written_wrong_and_corrected_is_nothing() {
    let mut world = ward(false).await;
    let before = world.receiver;
    world.receiver = ELSEWHERE;
    assert_eq!(world.run().await.status(), RunStatus::Stopped);
    world.receiver = before;
    assert_eq!(world.run().await.status(), RunStatus::Clean);
}

/// With receipts the register itself says which one it is.
#[tokio::test]
async fn a_register_that_gives_receipts_is_known_at_another_address() {
    let mut world = ward(true).await;
    world.receiver = ELSEWHERE;
    let report = world.run().await;
    assert_eq!((report.status(), report.lost_at_register), (RunStatus::Clean, None));
    // Another register, which has nothing of this sender: everything goes there.
    replace_register(&world);
    world.receiver = "https://third.example/v1";
    let report = world.run().await;
    assert_eq!(report.status(), RunStatus::Clean);
    assert!(report.lost_at_register.is_some());
    assert_eq!(world.versions("MedicationAdministration/a"), 1);
}

#[tokio::test]
async fn a_ledger_of_nothing_is_about_any_register() {
    let mut world = World::new(RuleSetId::Lmdi094);
    world.write("base.ndjson", &[medicine("m")]);
    world.run().await;
    world.receiver = ELSEWHERE;
    world.write("base.ndjson", &[medicine("m"), patient("p", 1), given("a", "p", 1)]);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(world.versions("MedicationAdministration/a"), 1);
}

/// The ledger is gone (a typo in `database`, a disk that was replaced): the register has what it does not know, also what
/// was annulled by hand and is in the source as it was given.
#[tokio::test]
async fn a_new_ledger_says_what_the_register_has_already() {
    let world = ward(true).await;
    std::fs::remove_file(world.folder.path().join("outbox.db")).unwrap();
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(world.folder.path().join(format!("outbox.db{ending}")));
    }
    let report = world.run().await;
    assert_eq!((report.status(), report.unknown_messages), (RunStatus::Clean, 1));
    assert_eq!(world.versions("MedicationAdministration/a"), 1, "nothing is new to the register");
    world.pass(24);
    assert_eq!(world.run().await.unknown_messages, 0, "it is known from then on");
}
