//! Another receiver than the one that the ledger is about: it would be said to have what the former one has.

use lmr_envelope::Receipt;
use lmr_lmdi::RuleSetId;

use super::world::{Fate, RECEIPTED, Register, World, given, medicine, patient};
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
    // A register that was restored from a backup on another machine has the receipts until then.
    let backup = world.register.lock().unwrap().clone();
    world.write("given.ndjson", &[given("a", "p", 1), given("b", "p", 1)]);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    *world.register.lock().unwrap() = backup;
    world.receiver = "https://third.example/v1";
    let report = world.run().await;
    assert_eq!(report.status(), RunStatus::Clean);
    assert_eq!(report.lost_at_register.unwrap().messages, 1);
    assert_eq!(world.versions("MedicationAdministration/b"), 1);
}

type Change = fn(&mut Register);

/// What another register may say of its newest receipt.
fn other_registers() -> [(&'static str, Change); 4] {
    [
        ("it has no message of this sender", |register| register.receipts = Some(Vec::new())),
        ("it does not tell", |register| register.is_silent_on_receipts = true),
        ("its receipt is for a message of another sender's ledger", |register| {
            let receipts = register.receipts.as_mut().unwrap();
            let own = Receipt::parse(receipts[0].as_bytes()).unwrap().message_id;
            let other = "f0000000-0000-4000-8000-000000000000";
            *receipts = receipts.iter().map(|text| text.replace(&own, other)).collect();
        }),
        ("its receipts have numbers that are not given here", |register| {
            let receipts = register.receipts.as_mut().unwrap();
            let own = Receipt::parse(receipts[0].as_bytes()).unwrap().message_id;
            let other = "f0000000-0000-4000-8000-000000000000";
            let text = receipts[0].replace(&own, other);
            receipts.push(text.replace("\"sequence\":1", "\"sequence\":7"));
        }),
    ]
}

/// Nothing is sent to it, and nothing is forgotten of what the former one has.
#[tokio::test]
async fn another_register_that_gives_receipts_stops_the_transfer() {
    for (what, change) in other_registers() {
        let mut world = ward(true).await;
        let before = world.register.lock().unwrap().clone();
        let posted = world.posted();
        change(&mut world.register.lock().unwrap());
        let former = std::mem::replace(&mut world.receiver, ELSEWHERE);
        for _ in 0..2 {
            let report = world.run().await;
            assert!(matches!(report.stop, Some(AttemptFailure::OtherReceiver { .. })), "{what}");
            assert_eq!((report.status(), world.posted()), (RunStatus::Stopped, posted), "{what}");
            assert_eq!((report.lost_at_register, report.unknown_messages), (None, 0), "{what}");
            let report = world.agent_for(RECEIPTED).await.unwrap().retry_due().await.unwrap();
            assert_eq!(report.status(), RunStatus::Stopped, "{what}");
        }
        *world.register.lock().unwrap() = before;
        world.receiver = former;
        let report = world.run().await;
        assert_eq!((report.status(), report.messages.len()), (RunStatus::Clean, 0), "{what}");
    }
}

/// The ledger was taken to another register by mistake, and comes back: what the other one got is not taken for delivered
/// here, whichever of the two has given more receipts.
#[tokio::test]
async fn what_another_register_got_meanwhile_is_sent_when_the_ledger_comes_back() {
    for transfers in [1, 4] {
        let mut world = ward(true).await;
        let mut all = vec![given("a", "p", 1)];
        for n in 1..transfers {
            all.push(given(&format!("c{n}"), "p", 1));
            world.write("given.ndjson", &all);
            world.run().await;
            world.pass(24);
        }
        let first = world.register.lock().unwrap().clone();
        let former = std::mem::replace(&mut world.receiver, ELSEWHERE);
        replace_register(&world);
        assert_eq!(world.run().await.status(), RunStatus::Stopped);
        world.agent_for(RECEIPTED).await.unwrap().belongs_to_this_receiver().await.unwrap();
        all.push(given("b", "p", 1));
        world.write("given.ndjson", &all);
        assert!(world.run().await.lost_at_register.is_some(), "{transfers}");
        assert_eq!(world.versions("MedicationAdministration/b"), 1);
        world.pass(24);

        *world.register.lock().unwrap() = first;
        world.receiver = former;
        let report = world.run().await;
        assert!(matches!(report.stop, Some(AttemptFailure::OtherReceiver { .. })), "{transfers}");
        world.agent_for(RECEIPTED).await.unwrap().belongs_to_this_receiver().await.unwrap();
        let report = world.run().await;
        assert!(report.lost_at_register.is_some(), "{transfers}");
        assert_eq!(world.versions("MedicationAdministration/b"), 1, "{transfers}");
        world.pass(24);
        let report = world.run().await;
        assert_eq!((report.lost_at_register, report.messages.len()), (None, 0), "{transfers}");
    }
}

/// Nothing answers at a new address: whether it is another register nobody knows, and the next transfer asks again.
#[tokio::test]
async fn a_new_address_at_which_nothing_answers_is_asked_again() {
    let mut world = ward(true).await;
    world.receiver = ELSEWHERE;
    world.register.lock().unwrap().is_away = true;
    world.write("given.ndjson", &[given("a", "p", 1), given("b", "p", 1)]);
    let report = world.run().await;
    assert!(matches!(report.stop, Some(AttemptFailure::NewAddressUnreached { .. })));
    assert_eq!((report.status(), report.was_read()), (RunStatus::Undelivered, false));
    let agent = world.agent_for(RECEIPTED).await.unwrap();
    let overview = agent.outbox().overview().await.unwrap();
    assert_eq!(overview.status, RunStatus::Undelivered);
    assert!(!overview.last_source.unwrap().was_read());
    agent.outbox().close().await;
    world.register.lock().unwrap().is_away = false;
    let report = world.run().await;
    assert_eq!((report.status(), report.messages.len()), (RunStatus::Clean, 1));
}

/// The receipts so far are signed under the certificate of then, which is not configured any more: they were verified when
/// they came.
#[tokio::test]
async fn a_register_with_a_new_certificate_is_known_at_another_address() {
    let mut world = ward(true).await;
    (world.receiver, world.is_renewed) = (ELSEWHERE, true);
    let report = world.run().await;
    assert_eq!((&report.stop, report.status()), (&None, RunStatus::Clean));
    assert_eq!((report.lost_at_register, report.messages.len()), (None, 0));
    // Another register is none of it.
    world.receiver = "https://third.example/v1";
    let (_, change) = other_registers()[3];
    change(&mut world.register.lock().unwrap());
    let report = world.run().await;
    assert!(matches!(report.stop, Some(AttemptFailure::OtherReceiver { .. })), "{report:?}");
}

/// An error status says nothing of which register answers: at a new address nothing is sent, with its reason, and at the
/// same one the transfer goes on.
#[tokio::test]
async fn an_error_status_at_a_new_address_is_not_another_register() {
    for status in [400, 401, 403, 404, 501] {
        let mut world = ward(true).await;
        world.register.lock().unwrap().refuses_with = Some(status);
        world.write("given.ndjson", &[given("a", "p", 1), given("b", "p", 1)]);
        let report = world.run().await;
        assert_eq!((report.status(), report.messages.len()), (RunStatus::Clean, 1), "{status}");
        assert_eq!(report.lost_at_register, None, "{status}");
        world.pass(24);

        world.receiver = ELSEWHERE;
        let posted = world.posted();
        for _ in 0..2 {
            let report = world.run().await;
            let Some(AttemptFailure::NewAddressUntold { before, now, reason }) =
                report.stop.clone()
            else {
                panic!("{status}: {report:?}");
            };
            assert_eq!((&*before, &*now), ("https://register.example/v1", ELSEWHERE));
            assert!(reason.to_string().contains(&status.to_string()), "{status}: {reason}");
            assert_eq!((report.status(), world.posted()), (RunStatus::Stopped, posted), "{status}");
            assert_eq!((report.lost_at_register, report.unknown_messages), (None, 0), "{status}");
        }
        let stop = world.agent().await.other_register().await.unwrap().unwrap();
        for (language, words) in [
            (lmr_fhir::Language::English, ["does not say it", "--same-register"]),
            (lmr_fhir::Language::Bokmal, ["sier det ikke", "--same-register"]),
        ] {
            let text = stop.text(language);
            for word in words.into_iter().chain([&*status.to_string()]) {
                assert!(text.contains(word), "{status}: {text}");
            }
        }
        world.register.lock().unwrap().refuses_with = None;
        assert_eq!(world.run().await.status(), RunStatus::Clean, "{status}");
    }
}

/// Two spellings of one address are one register.
#[tokio::test]
async fn an_address_that_is_written_in_another_way_is_the_same() {
    let mut world = ward(false).await;
    for (before, now) in [
        ("https://register.example/v1", "https://register.example/v1/"),
        ("https://register.example/v1/", "https://REGISTER.example:443/v1"),
        ("HTTPS://register.example:443/v1//", "https://register.example/v1"),
        ("http://127.0.0.1:80/v1", "http://127.0.0.1/v1/"),
    ] {
        let agent = world.agent_for(world.organisation).await.unwrap();
        // As a version noted it that compared texts.
        agent.outbox().set("receiver", before).await.unwrap();
        agent.outbox().close().await;
        world.receiver = now;
        assert_eq!(world.run().await.status(), RunStatus::Clean, "{before} {now}");
    }
    for other in
        ["https://register.example/v2", "http://register.example/v1", "https://a.example/v1"]
    {
        let agent = world.agent_for(world.organisation).await.unwrap();
        agent.outbox().set("receiver", "https://register.example/v1").await.unwrap();
        agent.outbox().close().await;
        world.receiver = other;
        assert_eq!(world.run().await.status(), RunStatus::Stopped, "{other}");
    }
}

/// A dry run says that the transfer would stop, or that it will ask.
#[tokio::test]
async fn a_dry_run_says_that_the_address_is_another_one() {
    for gives_receipts in [false, true] {
        let mut world = ward(gives_receipts).await;
        assert_eq!(world.preview().await.receiver_change, None);
        world.receiver = ELSEWHERE;
        let preview = world.preview().await;
        assert_eq!(preview.receiver_change.unwrap().may_be_known, gives_receipts);
        let status = if gives_receipts { RunStatus::Clean } else { RunStatus::Stopped };
        assert_eq!(preview.report.status(), status);
    }
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
