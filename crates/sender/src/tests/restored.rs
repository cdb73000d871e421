//! A register that was restored from a backup: the sender finds out by its receipts, and sends again what is lost.

use lmr_lmdi::RuleSetId;

use serde_json::json;

use super::world::{Fate, RECEIPTED, Register, World, given, medicine, patient, whole_file, with};
use crate::annul::AnnulTarget;
use crate::outbox::{Outbox, repair};
use crate::report::{Report, RunStatus};

async fn run(world: &World) -> Report {
    let agent = world.agent_for(RECEIPTED).await.unwrap();
    let report = agent.run().await.unwrap();
    agent.outbox().close().await;
    report
}

/// A ward whose first three records are delivered and confirmed by a receipt.
async fn ward() -> World {
    let world = World::new(RuleSetId::Lmdi094);
    world.register.lock().unwrap().receipts = Some(Vec::new());
    world.write("medicines.ndjson", &[medicine("m")]);
    world.write("patients.ndjson", &[patient("p", 1)]);
    world.write("given.ndjson", &[given("a", "p", 1)]);
    let report = run(&world).await;
    assert_eq!((report.status(), report.new), (RunStatus::Clean, 3));
    world
}

fn give(world: &World, keys: &[&str]) {
    let all: Vec<_> = keys.iter().map(|key| given(key, "p", 1)).collect();
    world.write("given.ndjson", &all);
}

#[tokio::test]
async fn b10_what_a_restored_register_has_lost_is_sent_again_by_the_next_run() {
    let world = ward().await;
    let backup = world.register.lock().unwrap().clone();
    world.pass(24);
    give(&world, &["a", "b"]);
    assert_eq!(run(&world).await.new, 1);
    world.pass(24);
    give(&world, &["a", "b", "c"]);
    assert_eq!(run(&world).await.new, 1);
    world.pass(24);
    assert_eq!(run(&world).await.lost_at_register, None, "nothing is lost");
    *world.register.lock().unwrap() = backup;
    assert_eq!((world.versions("MedicationAdministration/b"), world.posted()), (0, 1));

    let report = run(&world).await;
    let lost = report.lost_at_register.expect("found out");
    assert_eq!((lost.messages, lost.forgotten.records), (2, 4), "with what they referred to");
    assert_eq!(report.status(), RunStatus::Clean);
    for key in ["a", "b", "c"] {
        assert_eq!(world.versions(&format!("MedicationAdministration/{key}")), 1, "{key}");
    }
    assert_eq!(world.versions("Patient/p"), 1, "what was not lost makes no new version");
    // Found out once; the numbers that the register gives again are believed.
    world.pass(24);
    let report = run(&world).await;
    assert_eq!((report.lost_at_register, report.messages.len()), (None, 0));
    let kept = world.agent_for(RECEIPTED).await.unwrap().outbox().receipts().await.unwrap();
    let lost = kept.iter().filter(|row| row.problem.is_some()).count();
    assert_eq!((kept.len(), lost), (4, 2), "{kept:?}");
}

#[tokio::test]
async fn b10_a_register_without_any_message_of_ours_gets_all_again() {
    let world = ward().await;
    let mut other = Register::default();
    other.receipts = Some(Vec::new());
    *world.register.lock().unwrap() = other;
    world.pass(24);
    let report = run(&world).await;
    assert_eq!(report.lost_at_register.expect("found out").forgotten.records, 3);
    assert_eq!(world.versions("MedicationAdministration/a"), 1);
}

/// Restored and used by us already, before anybody looked: another message has the number of one that we know.
#[tokio::test]
async fn b10_a_register_that_went_on_after_its_restore_is_found_out_too() {
    let world = ward().await;
    let backup = world.register.lock().unwrap().clone();
    world.pass(24);
    give(&world, &["a", "b"]);
    run(&world).await;
    {
        let mut register = world.register.lock().unwrap();
        *register = backup;
        let mut payload =
            register.receipts.as_ref().unwrap()[0].replace("\"sequence\":1", "\"sequence\":2");
        payload = payload.replace("\"messageId\":\"", "\"messageId\":\"0");
        register.receipts.as_mut().unwrap().push(payload);
    }
    world.pass(24);
    let report = run(&world).await;
    assert!(report.lost_at_register.is_some());
    assert_eq!(world.versions("MedicationAdministration/b"), 1);
    assert_eq!(world.versions("MedicationAdministration/a"), 1);
}

/// The same where the register's certificate was replaced since: the receipts so far were verified when they came, and one
/// that is damaged does not accuse the register.
#[tokio::test]
async fn a_restored_register_with_a_new_certificate_is_found_out_too() {
    for (goes_on, damage, is_found) in [
        (true, None, true),
        (false, None, false),
        (true, Some("UPDATE receipt SET digest = zeroblob(32)"), false),
    ] {
        let mut world = ward().await;
        let backup = world.register.lock().unwrap().clone();
        world.pass(24);
        give(&world, &["a", "b"]);
        run(&world).await;
        if let Some(damage) = damage {
            let agent = world.agent_for(RECEIPTED).await.unwrap();
            let mut connection = agent.outbox().connection().await.unwrap();
            sqlx::query(damage).execute(&mut *connection).await.unwrap();
            drop(connection);
            agent.outbox().close().await;
        }
        if goes_on {
            let mut register = world.register.lock().unwrap();
            *register = backup;
            let receipts = register.receipts.as_mut().unwrap();
            let second = receipts[0].replace("\"sequence\":1", "\"sequence\":2");
            receipts.push(second.replace("\"messageId\":\"", "\"messageId\":\"0"));
        }
        world.is_renewed = true;
        world.register.lock().unwrap().is_renewed = true;
        world.pass(24);
        let report = run(&world).await;
        assert_eq!(report.lost_at_register.is_some(), is_found, "{goes_on} {damage:?}");
        let is_there = world.versions("MedicationAdministration/b") == 1;
        assert_eq!(is_there, is_found || !goes_on, "{goes_on} {damage:?}");
    }
}

/// What was given under the former certificate after the restore is not lost: a version that did not act on the first
/// number given again has kept it.
#[tokio::test]
async fn what_came_after_a_restore_is_known_under_a_new_certificate() {
    let mut world = ward().await;
    let backup = world.register.lock().unwrap().clone();
    world.pass(24);
    give(&world, &["a", "b"]);
    run(&world).await;
    *world.register.lock().unwrap() = backup;
    world.register.lock().unwrap().is_silent_on_receipts = true;
    for keys in [&["a", "b", "c"][..], &["a", "b", "c", "d"]] {
        world.pass(24);
        give(&world, keys);
        run(&world).await;
    }
    let agent = world.agent_for(RECEIPTED).await.unwrap();
    let mut connection = agent.outbox().connection().await.unwrap();
    let sql = "UPDATE receipt SET problem = NULL WHERE problem LIKE '%has lost this message%'";
    let changed = sqlx::query(sql).execute(&mut *connection).await.unwrap();
    assert_eq!(changed.rows_affected(), 1);
    drop(connection);
    agent.outbox().close().await;
    world.is_renewed = true;
    {
        let mut register = world.register.lock().unwrap();
        (register.is_renewed, register.is_silent_on_receipts) = (true, false);
    }
    world.pass(24);
    let lost = run(&world).await.lost_at_register.expect("found out");
    assert_eq!(lost.messages, 1, "the one that was given again, and none after it");
}

/// Restored, and used by us before it could be asked: the number that it gives again is what shows it.
#[tokio::test]
async fn a_register_that_cannot_be_asked_after_its_restore_is_found_out_by_its_next_receipt() {
    let world = ward().await;
    let backup = world.register.lock().unwrap().clone();
    world.pass(24);
    give(&world, &["a", "b"]);
    run(&world).await;
    let mut restored = backup;
    restored.is_silent_on_receipts = true;
    *world.register.lock().unwrap() = restored;
    world.pass(24);
    give(&world, &["a", "b", "c"]);

    let report = run(&world).await;
    let lost = report.lost_at_register.expect("found out");
    assert_eq!(lost.messages, 1);
    assert_eq!(report.status(), RunStatus::Clean);
    // Nor does the status say that something is left of it.
    let agent = world.agent_for(RECEIPTED).await.unwrap();
    let overview = agent.outbox().overview().await.unwrap();
    assert_eq!((overview.status, overview.forgotten), (RunStatus::Clean, 0));
    agent.outbox().close().await;
    for key in ["a", "b", "c"] {
        assert_eq!(world.versions(&format!("MedicationAdministration/{key}")), 1, "{key}");
    }
    // Found out once.
    world.register.lock().unwrap().is_silent_on_receipts = false;
    world.pass(24);
    let report = run(&world).await;
    assert_eq!((report.lost_at_register, report.messages.len()), (None, 0));
}

/// The same with the answer that would have shown it lost first: a later receipt follows an unknown one.
#[tokio::test]
async fn a_receipt_that_follows_an_unknown_one_shows_the_restore_too() {
    let mut world = ward().await;
    world.limits.entries = 3;
    let backup = world.register.lock().unwrap().clone();
    world.pass(24);
    give(&world, &["a", "b"]);
    run(&world).await;
    let mut restored = backup;
    restored.is_silent_on_receipts = true;
    *world.register.lock().unwrap() = restored;
    world.pass(24);
    give(&world, &["a", "b", "c", "d"]);
    world.fates(&[Fate::AnswerLost, Fate::Answered]);
    run(&world).await;
    world.pass(24);
    let report = run(&world).await;
    let agent = world.agent_for(RECEIPTED).await.unwrap();
    let overview = agent.outbox().overview().await.unwrap();
    assert_eq!(overview.status, RunStatus::Clean, "what was lost is sent again by the same run");
    agent.outbox().close().await;
    assert_eq!(report.status(), RunStatus::Clean, "{report:#?}");
    for key in ["a", "b", "c", "d"] {
        assert_eq!(world.versions(&format!("MedicationAdministration/{key}")), 1, "{key}");
    }
}

/// What only describes others goes by itself when it changes; nothing else would take it along.
#[tokio::test]
async fn a_changed_patient_that_a_restored_register_has_lost_is_sent_again() {
    let world = ward().await;
    let backup = world.register.lock().unwrap().clone();
    world.pass(24);
    world.write("patients.ndjson", &[patient("p", 2)]);
    assert_eq!(run(&world).await.changed, 1);
    assert_eq!(world.versions("Patient/p"), 2);
    *world.register.lock().unwrap() = backup;
    world.pass(24);
    let report = run(&world).await;
    assert_eq!(report.lost_at_register.expect("found out").forgotten.records, 1);
    assert_eq!((report.status(), world.versions("Patient/p")), (RunStatus::Clean, 2));
    // The same by hand, with nothing lost: sent again, and no new version.
    let agent = world.agent_for(RECEIPTED).await.unwrap();
    agent.forget_since("2020-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
    agent.outbox().close().await;
    world.pass(24);
    let report = run(&world).await;
    assert_eq!((report.status(), report.lost_at_register), (RunStatus::Clean, None));
    assert_eq!(world.versions("Patient/p"), 2);
    world.pass(24);
    assert_eq!(run(&world).await.messages.len(), 0);
}

/// A source that gives changes only has given what is lost, and would never give it again by itself.
#[tokio::test]
async fn a_source_that_gives_changes_only_gives_again_what_a_restored_register_has_lost() {
    for is_silent in [false, true] {
        let mut world = World::new(RuleSetId::Lmdi094);
        (world.incremental, world.gives_changes) = (true, true);
        world.register.lock().unwrap().receipts = Some(Vec::new());
        // Without a time of writing, so that each question is answered with what the others refer to.
        world.write("medicines.ndjson", &[medicine("m")]);
        world.write("patients.ndjson", &[patient("p", 1)]);
        let mut all = Vec::new();
        let give = |world: &World, all: &mut Vec<serde_json::Value>, key: &str| {
            let written = json!({ "lastUpdated": world.now().to_string() });
            all.push(with(given(key, "p", 1), "meta", written));
            world.write("given.ndjson", all);
        };
        give(&world, &mut all, "a");
        world.pass(1);
        assert_eq!(run(&world).await.new, 3);
        let mut backup = world.register.lock().unwrap().clone();
        backup.is_silent_on_receipts = is_silent;
        give(&world, &mut all, "b");
        world.pass(24);
        let report = run(&world).await;
        assert_eq!((report.status(), report.new), (RunStatus::Clean, 1));
        world.pass(24);
        let report = run(&world).await;
        assert_eq!((report.new, report.messages.len()), (0, 0));
        *world.register.lock().unwrap() = backup;
        give(&world, &mut all, "c");
        world.pass(24);
        let report = run(&world).await;
        assert!(report.lost_at_register.is_some(), "silent: {is_silent}");
        assert_eq!(report.status(), RunStatus::Clean, "silent: {is_silent}");
        for key in ["a", "b", "c"] {
            let versions = world.versions(&format!("MedicationAdministration/{key}"));
            assert_eq!(versions, 1, "{key}, silent: {is_silent}");
        }
        world.pass(24);
        assert_eq!(run(&world).await.messages.len(), 0, "silent: {is_silent}");
    }
}

/// The same for what the sender's own ledger has lost.
#[tokio::test]
async fn a_source_that_gives_changes_only_gives_again_what_a_repaired_ledger_has_lost() {
    let mut world = World::new(RuleSetId::Lmdi094);
    (world.incremental, world.gives_changes) = (true, true);
    world.write("medicines.ndjson", &[medicine("m")]);
    world.write("patients.ndjson", &[patient("p", 1)]);
    let written = json!({ "lastUpdated": world.now().to_string() });
    world.write("given.ndjson", &[with(given("a", "p", 1), "meta", written)]);
    world.pass(1);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    let path = world.folder.path().join("outbox.db");
    let before = Outbox::open(&path).await.unwrap().overview().await.unwrap().stored;
    super::damage::wipe_root(&path, "stored").await;
    repair(&path, world.now()).await.unwrap().expect("repaired");
    world.pass(1);
    world.run().await;
    let after = Outbox::open(&path).await.unwrap().overview().await.unwrap().stored;
    assert_eq!((before.len(), after), (3, before));
    assert_eq!(world.versions("MedicationAdministration/a"), 1);
}

/// What does not answer the question, or answers for somebody else, says nothing.
#[tokio::test]
async fn a_register_that_does_not_tell_has_lost_nothing() {
    let world = ward().await;
    let whole = world.register.lock().unwrap().receipts.clone().unwrap();
    let foreign = whole[0].replace(RECEIPTED, "320000009");
    for reported in [None, Some(vec![foreign]), Some(vec!["<html>".to_owned()]), Some(whole)] {
        world.register.lock().unwrap().receipts = reported.clone();
        let report = run(&world).await;
        assert_eq!(report.lost_at_register, None, "{reported:?}");
        assert_eq!(report.messages.len(), 0);
    }
}

/// The register has lost two annulments, and of one also that it ever had the record.
#[tokio::test]
async fn a_restored_register_gets_the_annulments_again_and_nothing_annulled_as_given() {
    let world = ward().await;
    let backup = world.register.lock().unwrap().clone();
    world.pass(24);
    give(&world, &["a", "b"]);
    assert_eq!(run(&world).await.new, 1);
    for key in ["a", "b"] {
        let agent = world.agent_for(RECEIPTED).await.unwrap();
        let target = AnnulTarget::Name(format!("MedicationAdministration/{key}"));
        agent.annul(&target, "aldri gitt").await.unwrap();
        agent.outbox().close().await;
    }
    *world.register.lock().unwrap() = backup;
    world.pass(24);

    let report = run(&world).await;
    let lost = report.lost_at_register.expect("found out");
    assert_eq!((lost.messages, lost.forgotten.annulments), (3, 2));
    assert_eq!((report.status(), report.lost_annulments.len()), (RunStatus::Clean, 0));
    let register = world.register.lock().unwrap();
    for key in ["a", "b"] {
        let versions = &register.versions[&format!("MedicationAdministration/{key}")];
        let last = versions.last().unwrap();
        assert_eq!(last["status"], "entered-in-error", "{key}");
        assert_eq!(last["statusReason"][0]["text"], "aldri gitt", "{key}");
    }
    assert_eq!(register.versions["MedicationAdministration/b"].len(), 1, "never as given");
}

/// A damaged byte beside a receipt is not a register that went back: the receipt itself is signed.
#[tokio::test]
async fn a_damaged_digest_of_a_receipt_does_not_accuse_the_register() {
    for damage in [
        "UPDATE receipt SET digest = zeroblob(32) WHERE sequence = (SELECT max(sequence) FROM receipt)",
        "UPDATE receipt SET digest = zeroblob(32), receipt = 'x' || receipt \
         WHERE sequence = (SELECT max(sequence) FROM receipt)",
    ] {
        let world = ward().await;
        world.pass(24);
        give(&world, &["a", "b"]);
        run(&world).await;
        let agent = world.agent_for(RECEIPTED).await.unwrap();
        let mut connection = agent.outbox().connection().await.unwrap();
        sqlx::query(damage).execute(&mut *connection).await.unwrap();
        drop(connection);
        agent.outbox().close().await;
        world.pass(24);
        let report = run(&world).await;
        assert_eq!((report.lost_at_register, report.messages.len()), (None, 0), "{damage}");
    }
}

/// The ledger goes back to a backup and the register does not: the run says so, and what follows from forgetting is
/// that the register has what the source has.
#[tokio::test]
async fn a_ledger_that_was_restored_is_said_so() {
    let world = ward().await;
    let ledger = world.folder.path().join("outbox.db");
    let backup = whole_file(&ledger).await;
    world.pass(24);
    world.write("given.ndjson", &[given("a", "p", 2)]);
    let report = run(&world).await;
    assert_eq!((report.changed, report.unknown_messages), (1, 0));
    // An answer that is lost is of a message that is known.
    world.fates(&[Fate::AnswerLost]);
    world.write("given.ndjson", &[given("a", "p", 3)]);
    world.pass(24);
    run(&world).await;
    world.pass(24);
    assert_eq!(run(&world).await.unknown_messages, 0);
    for more in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(world.folder.path().join(format!("outbox.db{more}")));
    }
    std::fs::write(&ledger, backup).unwrap();
    world.write("given.ndjson", &[given("a", "p", 1)]);
    world.pass(24);
    let report = run(&world).await;
    assert_eq!((report.unknown_messages, report.messages.len()), (2, 0));
    let agent = world.agent_for(RECEIPTED).await.unwrap();
    assert_eq!(agent.outbox().overview().await.unwrap().unknown_messages, 2);
    agent.forget_since("1900-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
    agent.outbox().close().await;
    run(&world).await;
    let last = {
        let register = world.register.lock().unwrap();
        register.versions["MedicationAdministration/a"].last().unwrap()["n"].clone()
    };
    assert_eq!(last, 1);
    world.pass(24);
    assert_eq!(run(&world).await.unknown_messages, 0);
}

/// The register's receipt is for another answer than it came with: what was sent is delivered, and a person hears of it.
#[tokio::test]
async fn a_receipt_that_does_not_hold_is_reported() {
    let world = ward().await;
    world.register.lock().unwrap().misstates_answers = true;
    give(&world, &["doubtful"]);
    let report = run(&world).await;
    assert_eq!((report.doubtful_receipts, report.open_messages), (1, 0), "{report:#?}");
    assert_eq!(report.status(), RunStatus::ToCorrect);
    let agent = world.agent_for(RECEIPTED).await.unwrap();
    let overview = agent.outbox().overview().await.unwrap();
    assert_eq!((overview.doubtful_receipts, overview.status), (1, RunStatus::ToCorrect));
    drop(agent);
    world.register.lock().unwrap().misstates_answers = false;
    world.pass(24);
    assert_eq!(run(&world).await.status(), RunStatus::Clean);
}

/// A message of which only the answer was lost is tried again by a process that ends after each of its steps in turn, with
/// a clock that is two days ahead or behind; the next process books it under the right clock. Whatever time its receipt was
/// kept at, what a restored register has lost of it is sent again, a new record and an annulment alike.
#[tokio::test]
async fn what_is_lost_goes_by_its_message_whatever_the_clock_was() {
    for (hours, is_annulment) in [(48, false), (-48, false), (48, true), (-48, true)] {
        for steps in 0.. {
            let case = format!("{hours} h, annulment {is_annulment}, {steps} steps");
            let world = ward().await;
            world.pass(24);
            let backup = world.register.lock().unwrap().clone();
            world.fates(&[Fate::AnswerLost]);
            if is_annulment {
                let agent = world.agent_for(RECEIPTED).await.unwrap();
                let target = AnnulTarget::Name("MedicationAdministration/a".to_owned());
                agent.annul(&target, "aldri gitt").await.unwrap();
                agent.outbox().close().await;
            } else {
                give(&world, &["a", "b"]);
                run(&world).await;
            }

            world.pass(hours);
            let agent = world.agent_for(RECEIPTED).await.unwrap();
            agent.outbox().fail_after(steps);
            let is_whole = agent.run().await.is_ok();
            agent.outbox().close().await;
            world.pass(-hours);
            assert_eq!(run(&world).await.status(), RunStatus::Clean, "{case}");
            assert!(is_there(&world, is_annulment), "{case}");

            *world.register.lock().unwrap() = backup;
            assert!(!is_there(&world, is_annulment), "{case}");
            let report = run(&world).await;
            assert_eq!(report.lost_at_register.map(|lost| lost.messages), Some(1), "{case}");
            assert!(is_there(&world, is_annulment), "{case}: {report:?}");
            let report = run(&world).await;
            assert_eq!((report.status(), report.messages.len()), (RunStatus::Clean, 0), "{case}");
            if is_whole {
                assert!(steps > 10, "it ended after none of its steps: {case}");
                break;
            }
        }
    }
}

/// Whether the register has the record `b`, or the annulment of `a`.
fn is_there(world: &World, is_annulment: bool) -> bool {
    let register = world.register.lock().unwrap();
    if !is_annulment {
        return register.versions.contains_key("MedicationAdministration/b");
    }
    let last = register.versions["MedicationAdministration/a"].last();
    last.is_some_and(|last| last["status"] == "entered-in-error")
}
