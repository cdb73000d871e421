//! What vanishes from a complete source is reported, and annulled from what was last sent.

use lmr_lmdi::RuleSetId;
use serde_json::{Value, json};

use super::world::{Fate, World, given, medicine, patient, with};
use crate::annul::{AnnulError, AnnulTarget};
use crate::error::SenderError;
use crate::outbox::Forgotten;
use crate::report::{Report, RunStatus};

fn keyed(id: &str, version: u32) -> Value {
    let identifier = json!([{ "system": "urn:oid:1.2.3", "value": format!("ADM-{id}") }]);
    with(given(id, "p", version), "identifier", identifier)
}

/// Ten administrations of one patient, sent.
async fn sent() -> World {
    let world = World::new(RuleSetId::Lmdi112);
    world.write("base.ndjson", &[medicine("m"), patient("p", 1)]);
    world.write("given.ndjson", &(0..10).map(|n| keyed(&format!("a{n}"), 1)).collect::<Vec<_>>());
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    world
}

fn leave(world: &World, gone: &str) {
    let left: Vec<Value> =
        (0..10).map(|n| format!("a{n}")).filter(|id| id != gone).map(|id| keyed(&id, 1)).collect();
    world.write("given.ndjson", &left);
}

async fn annul(world: &World, name: &str) -> Result<Report, SenderError> {
    let agent = world.agent().await;
    let target = AnnulTarget::Name(name.to_owned());
    let done = agent.annul(&target, "registrert på feil pasient").await;
    agent.outbox().close().await;
    done
}

#[tokio::test]
async fn a_vanished_record_is_reported_and_annulled_by_a_number_with_a_reason() {
    let world = sent().await;
    leave(&world, "a3");
    let report = world.run().await;
    assert_eq!((report.vanished, report.vanished_now, report.missing), (1, 1, 1));
    assert_eq!(report.status(), RunStatus::Clean, "leaving out is not a fault by itself");
    assert_eq!(world.run().await.vanished_now, 0);
    let agent = world.agent().await;
    let vanished = agent.outbox().vanished().await.unwrap();
    assert_eq!(vanished[0].source_key.as_deref(), Some("ADM-a3"));
    // The patient has changed since: the annulment must not bring the old content back.
    world.write("base.ndjson", &[medicine("m"), patient("p", 2)]);
    drop(agent);
    world.run().await;
    let agent = world.agent().await;
    let report =
        agent.annul(&AnnulTarget::Number(vanished[0].number), "feil pasient").await.unwrap();
    assert_eq!((report.status(), report.messages[0].entries), (RunStatus::Clean, 3));
    assert_eq!(report.vanished, 0);
    assert!(agent.outbox().vanished().await.unwrap().is_empty());
    {
        let register = world.register.lock().unwrap();
        let versions = &register.versions["MedicationAdministration/a3"];
        assert_eq!(versions[1]["status"], "entered-in-error");
        assert_eq!(versions[1]["identifier"], versions[0]["identifier"]);
        assert_eq!(versions[1]["statusReason"][0]["text"], "feil pasient");
        assert_eq!(register.versions["Patient/p"].len(), 2, "no older version after the newer");
    }
    // Nothing brings it back by itself, and it is annulled once.
    drop(agent);
    assert_eq!(world.run().await.messages, []);
    let again = annul(&world, "ADM-a3").await;
    assert!(matches!(again, Err(SenderError::Annul(AnnulError::Done))));
    assert_eq!(world.versions("MedicationAdministration/a3"), 2);
}

#[tokio::test]
async fn an_annulled_record_that_comes_back_is_sent_when_it_has_changed_only() {
    let world = sent().await;
    assert_eq!(annul(&world, "MedicationAdministration/a3").await.unwrap().messages.len(), 1);
    assert_eq!(world.run().await.messages, [], "it is in the source as it was: still annulled");
    let corrected: Vec<Value> =
        (0..10).map(|n| keyed(&format!("a{n}"), if n == 3 { 2 } else { 1 })).collect();
    world.write("given.ndjson", &corrected);
    assert_eq!(world.run().await.changed, 1);
    assert_eq!(world.versions("MedicationAdministration/a3"), 3);
    // Which can be annulled again.
    assert_eq!(annul(&world, "ADM-a3").await.unwrap().status(), RunStatus::Clean);
    assert_eq!(world.versions("MedicationAdministration/a3"), 4);
}

#[tokio::test]
async fn what_cannot_be_annulled_is_said() {
    let world = sent().await;
    for (name, error) in
        [("nothing", AnnulError::NotFound), ("Patient/p", AnnulError::Type("Patient".to_owned()))]
    {
        let done = annul(&world, name).await;
        assert!(matches!(&done, Err(SenderError::Annul(e)) if *e == error), "{name}: {done:?}");
    }
    let agent = world.agent().await;
    let target = AnnulTarget::Name("ADM-a1".to_owned());
    let personal = agent.annul(&target, "gjelder 12818012345").await;
    assert!(matches!(personal, Err(SenderError::Annul(AnnulError::PersonalReason))));
    drop(agent);
    // An answer that is missing: the message is tried again like any other.
    world.fates(&[Fate::AnswerLost]);
    let report = annul(&world, "ADM-a1").await.unwrap();
    assert_eq!(report.status(), RunStatus::Undelivered);
    let open = annul(&world, "ADM-a1").await;
    assert!(matches!(open, Err(SenderError::Annul(AnnulError::Open))));
    world.pass(1);
    assert_eq!(world.retry().await.status(), RunStatus::Clean);
    assert_eq!(world.versions("MedicationAdministration/a1"), 2);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_makes_nothing_vanish() {
    let world = sent().await;
    leave(&world, "a3");
    // A link that leads nowhere: what it held may be missing because of that.
    #[cfg(unix)]
    std::os::unix::fs::symlink("/nowhere", world.source().join("z.ndjson")).unwrap();
    #[cfg(unix)]
    assert_eq!((world.run().await.vanished_now, world.run().await.vanished), (0, 0));
    // Which is said as long as it is so.
    #[cfg(unix)]
    for is_there in [true, false] {
        if !is_there {
            std::fs::remove_file(world.source().join("z.ndjson")).unwrap();
        }
        let report = world.run().await;
        assert_eq!((report.vanished_unknown, report.missing), (is_there, 1));
        let agent = world.agent().await;
        let source = agent.outbox().overview().await.unwrap().last_source.unwrap();
        assert_eq!(source.vanished_unknown, is_there);
    }
}

/// breaker 10
#[tokio::test]
async fn b10_a_register_restored_from_a_backup_gets_what_it_lacks() {
    let world = sent().await;
    world.pass(24);
    let backup = world.register.lock().unwrap().versions.clone();
    let more: Vec<Value> = (10..15).map(|n| keyed(&format!("a{n}"), 1)).collect();
    world.write("more.ndjson", &more);
    assert_eq!(world.run().await.new, 5);
    world.register.lock().unwrap().versions = backup;
    assert_eq!(world.run().await.messages, [], "the sender cannot know");
    let agent = world.agent().await;
    let forgotten = agent.forget_since("2026-03-02T12:00:00Z".parse().unwrap()).await.unwrap();
    // Five new ones, and what they refer to, confirmed again by the same message.
    assert_eq!(forgotten, Forgotten { records: 7, annulments: 0 });
    drop(agent);
    let report = world.run().await;
    assert_eq!((report.new, report.status()), (7, RunStatus::Clean));
    assert_eq!(world.versions("Patient/p"), 1, "what the register has gets no new version");
    assert_eq!(world.versions("MedicationAdministration/a12"), 1);
    assert_eq!(world.versions("MedicationAdministration/a3"), 1, "nothing is duplicated");
}

/// Everything at the register goes back to a backup; the sender forgets by hand what was confirmed since.
async fn forgotten_after(world: &World, backup: Option<super::world::Register>) -> Forgotten {
    if let Some(backup) = backup {
        world.register.lock().unwrap().versions = backup.versions;
    }
    let agent = world.agent().await;
    let forgotten = agent.forget_since("2026-03-02T12:00:00Z".parse().unwrap()).await.unwrap();
    agent.outbox().close().await;
    forgotten
}

fn last_status(world: &World, name: &str) -> Value {
    let register = world.register.lock().unwrap();
    register.versions[name].last().map_or(Value::Null, |last| last["status"].clone())
}

/// In the source still or gone from it, the register has lost it or not: an annulment is not taken back.
#[tokio::test]
async fn an_annulment_that_is_forgotten_is_sent_again_and_the_record_never() {
    for (is_lost, is_gone) in [(false, false), (true, false), (false, true), (true, true)] {
        let world = sent().await;
        let backup = world.register.lock().unwrap().clone();
        world.pass(24);
        annul(&world, "ADM-a3").await.unwrap();
        if is_gone {
            leave(&world, "a3");
        }
        let forgotten = forgotten_after(&world, is_lost.then_some(backup)).await;
        assert_eq!(forgotten.annulments, 1);
        let agent = world.agent().await;
        let waiting = agent.outbox().overview().await.unwrap();
        assert_eq!(waiting.status, RunStatus::Undelivered);
        assert_eq!(waiting.lost_annulments[0].source_key.as_deref(), Some("ADM-a3"));
        drop(agent);
        let report = world.run().await;
        assert_eq!((report.status(), report.new), (RunStatus::Clean, 2), "what it refers to");
        assert_eq!(last_status(&world, "MedicationAdministration/a3"), "entered-in-error");
        assert_eq!(world.versions("MedicationAdministration/a3"), 2, "{is_lost} {is_gone}");
        let again = annul(&world, "ADM-a3").await;
        assert!(matches!(again, Err(SenderError::Annul(AnnulError::Done))));
        assert_eq!(world.run().await.messages, []);
    }
}

/// No copy is left of it: it waits for a person, who is named it, and who can act at the source.
#[tokio::test]
async fn an_annulment_that_cannot_be_sent_again_waits_for_a_person_by_name() {
    let world = sent().await;
    world.pass(24);
    annul(&world, "ADM-a3").await.unwrap();
    forgotten_after(&world, None).await;
    let agent = world.agent().await;
    sqlx::query("DELETE FROM sent_copy")
        .execute(&mut *agent.outbox().connection().await.unwrap())
        .await
        .unwrap();
    drop(agent);
    for _ in 0..2 {
        let report = world.run().await;
        assert_eq!(report.status(), RunStatus::ToCorrect, "{report:#?}");
        assert_eq!(report.lost_annulments[0].source_key.as_deref(), Some("ADM-a3"));
        assert_eq!(last_status(&world, "MedicationAdministration/a3"), "entered-in-error");
    }
    let agent = world.agent().await;
    assert_eq!(agent.outbox().overview().await.unwrap().status, RunStatus::ToCorrect);
    drop(agent);
    let mut all: Vec<Value> = (0..10).map(|n| keyed(&format!("a{n}"), 1)).collect();
    all[3] = with(all[3].clone(), "status", json!("entered-in-error"));
    world.write("given.ndjson", &all);
    let report = world.run().await;
    assert_eq!((report.status(), report.lost_annulments.len()), (RunStatus::Clean, 0));
}

/// An order that was annulled goes along with an administration that refers to it.
#[tokio::test]
async fn what_is_annulled_goes_along_annulled() {
    let world = World::new(RuleSetId::Lmdi112);
    let order = json!({ "resourceType": "MedicationRequest", "id": "o", "status": "active",
        "subject": { "reference": "Patient/p" }, "medicationReference": { "reference": "Medication/m" },
        "authoredOn": "2026-03-01" });
    world.write("base.ndjson", &[medicine("m"), patient("p", 1), order]);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(annul(&world, "MedicationRequest/o").await.unwrap().status(), RunStatus::Clean);
    let request = json!({ "reference": "MedicationRequest/o" });
    world.write("given.ndjson", &[with(keyed("a", 1), "request", request)]);
    assert_eq!(world.run().await.new, 1);
    assert_eq!(last_status(&world, "MedicationRequest/o"), "entered-in-error");
    let agent = world.agent().await;
    let done = agent.annul(&AnnulTarget::Name("MedicationRequest/o".to_owned()), "x").await;
    assert!(matches!(done, Err(SenderError::Annul(AnnulError::Done))));
}
