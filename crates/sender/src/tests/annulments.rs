//! What vanishes from a complete source is reported, and annulled from what was last sent.

use lmr_lmdi::RuleSetId;
use serde_json::{Value, json};

use super::world::{Fate, World, given, medicine, patient, with};
use crate::annul::{AnnulError, AnnulTarget};
use crate::error::SenderError;
use crate::outbox::{Forgotten, Outbox, Repaired, repair};
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

/// Whoever corrects a record by hand and forgets a quotation mark is not asked to annul it.
#[tokio::test]
async fn a_line_that_cannot_be_read_makes_nothing_vanish() {
    let world = sent().await;
    let file = world.source().join("given.ndjson");
    let text = std::fs::read_to_string(&file).unwrap();
    for broken in ["\"status\":", "{", "{\"resourceType\":3}", "\"ADM-a3\""] {
        let lines = text.lines().map(|line| if line.contains("ADM-a3") { broken } else { line });
        std::fs::write(&file, lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
        let report = world.run().await;
        assert_eq!((report.missing, report.vanished, report.vanished_unknown), (1, 0, true));
        assert_eq!(report.status(), RunStatus::ToCorrect, "{broken}");
    }
    std::fs::write(&file, text).unwrap();
    let report = world.run().await;
    assert_eq!((report.missing, report.vanished, report.status()), (0, 0, RunStatus::Clean));
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

/// The ledger loses a table, and with it others, and is repaired.
async fn repaired_without(world: &World, tables: &[&str]) -> Repaired {
    let path = world.folder.path().join("outbox.db");
    for table in tables {
        super::damage::wipe_root(&path, table).await;
    }
    repair(&path, world.now()).await.unwrap().expect("repaired")
}

/// Whatever else is lost with the ledger: the source still has the record as it was given, and it is not sent so. What is
/// left of the annulment decides whether the ledger knows it again or a person is named it.
#[tokio::test]
async fn a_repair_takes_no_annulment_back() {
    for (lost, status) in [
        (&["stored"][..], RunStatus::Clean),
        (&["stored", "sent_items"], RunStatus::Clean),
        (&["stored", "run"], RunStatus::Clean),
        (&["stored", "operation"], RunStatus::Clean),
        (&["stored", "sent_copy"], RunStatus::ToCorrect),
        (&["stored", "message"], RunStatus::ToCorrect),
    ] {
        for returns_later in [false, true] {
            let world = sent().await;
            annul(&world, "ADM-a3").await.unwrap();
            annul(&world, "ADM-a4").await.unwrap();
            // Corrected at the source since, so that one is annulled no more.
            let all = |n: usize| keyed(&format!("a{n}"), if n == 4 { 2 } else { 1 });
            let all: Vec<Value> = (0..10).map(all).collect();
            world.write("given.ndjson", &all);
            assert_eq!(world.run().await.changed, 1);
            let done = repaired_without(&world, lost).await;
            let journal_is_lost = lost.contains(&"operation");
            assert_eq!(done.may_lack_annulments, journal_is_lost, "{lost:?}");
            let named = ["MedicationAdministration ADM-a3", "MedicationAdministration ADM-a4"];
            assert_eq!(done.lost_annulments, named[..if journal_is_lost { 0 } else { 2 }]);
            if returns_later {
                let without: Vec<Value> =
                    all.iter().filter(|one| one["id"] != "a3").cloned().collect();
                world.write("given.ndjson", &without);
                world.run().await;
                world.write("given.ndjson", &all);
            }
            let what = format!("{lost:?}, returns later: {returns_later}");
            let report = world.run().await;
            assert_eq!(report.status(), status, "{what}: {report:#?}");
            let name = "MedicationAdministration/a3";
            let versions = (world.versions(name), last_status(&world, name));
            assert_eq!(versions, (2, json!("entered-in-error")), "{what}: {report:#?}");
            if status == RunStatus::Clean {
                let corrected = "MedicationAdministration/a4";
                let versions = (world.versions(corrected), last_status(&world, corrected));
                assert_eq!(versions, (3, Value::Null), "{what}: as the source corrected it");
                let again = annul(&world, "ADM-a3").await;
                assert!(matches!(again, Err(SenderError::Annul(AnnulError::Done))), "{what}");
            } else {
                let lost = report.lost_annulments.iter().filter_map(|lost| lost.source_key.clone());
                assert!(lost.into_iter().any(|key| key == "ADM-a3"), "{what}: {report:#?}");
            }
            assert_eq!(world.run().await.messages, [], "{what}");
            assert_eq!(world.versions(name), 2, "{what}");
            // A change at the source is a correction, as ever.
            let all: Vec<Value> = (0..10).map(|n| keyed(&format!("a{n}"), 3)).collect();
            world.write("given.ndjson", &all);
            assert_eq!(world.run().await.status(), RunStatus::Clean, "{what}");
            assert_eq!(
                (world.versions(name), last_status(&world, name)),
                (3, Value::Null),
                "{what}"
            );
        }
    }
}

/// A record that only the journal knows, and that has left the source: its name is noted once, and no run after that
/// reads the ledger for it; when the record comes back it is not sent as given.
#[tokio::test]
async fn a_search_for_annulments_reads_the_ledger_once() {
    let world = sent().await;
    annul(&world, "ADM-a3").await.unwrap();
    annul(&world, "ADM-a4").await.unwrap();
    repaired_without(&world, &["stored", "sent_copy"]).await;
    leave(&world, "a3");
    let mut rows_read = Vec::new();
    for _ in 0..4 {
        let agent = world.agent().await;
        agent.run().await.unwrap();
        let outbox = agent.outbox();
        rows_read.push(outbox.rows_by_name.load(std::sync::atomic::Ordering::Relaxed));
        assert_eq!(outbox.annulments_to_find().await.unwrap(), None, "the search has an end");
        outbox.close().await;
    }
    // At the first run the ledger is empty, and what is left of the search is a list of names.
    assert_eq!(rows_read, [0, 0, 0, 0]);
    world.write("given.ndjson", &(0..10).map(|n| keyed(&format!("a{n}"), 1)).collect::<Vec<_>>());
    let report = world.run().await;
    let mut lost: Vec<_> =
        report.lost_annulments.iter().filter_map(|lost| lost.source_key.clone()).collect();
    lost.sort();
    assert_eq!(lost, ["ADM-a3", "ADM-a4"]);
    assert_eq!(last_status(&world, "MedicationAdministration/a3"), "entered-in-error");
    assert_eq!(world.versions("MedicationAdministration/a3"), 2);
    let agent = world.agent().await;
    assert_eq!(agent.outbox().annulled_by_name().await.unwrap(), [], "the ledger knows both");
    drop(agent);

    // With a ledger in it, and for a state that an earlier version left, one reading is all.
    let outbox = Outbox::open(&world.folder.path().join("outbox.db")).await.unwrap();
    outbox.set("annulments-to-find", "names").await.unwrap();
    outbox.close().await;
    let agent = world.agent().await;
    for _ in 0..3 {
        agent.run().await.unwrap();
    }
    let stored =
        agent.outbox().overview().await.unwrap().stored.iter().map(|(_, n)| n).sum::<u64>();
    let read = agent.outbox().rows_by_name.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(read as u64, stored, "each row once in three runs");
}

/// Copies that cannot be opened, and those that are not a bundle any more: the run that meets them is not done, and the
/// status, the monitor and the journal have it too.
#[tokio::test]
async fn copies_that_cannot_be_read_are_reported() {
    for damage in [
        "UPDATE sent_copy SET sealed = x'00'",
        "UPDATE sent_copy SET sealed = substr(sealed, 1, length(sealed) - 1)",
    ] {
        let world = sent().await;
        annul(&world, "ADM-a3").await.unwrap();
        repaired_without(&world, &["stored"]).await;
        let outbox = Outbox::open(&world.folder.path().join("outbox.db")).await.unwrap();
        sqlx::query(damage).execute(&mut *outbox.connection().await.unwrap()).await.unwrap();
        outbox.close().await;
        let report = world.run().await;
        assert_eq!(
            (report.unreadable_copies, report.status()),
            (2, RunStatus::ToCorrect),
            "{damage}"
        );
        // What the journal knows is not sent as given all the same.
        assert_eq!(last_status(&world, "MedicationAdministration/a3"), "entered-in-error");
        let agent = world.agent().await;
        let overview = agent.outbox().overview().await.unwrap();
        assert_eq!((overview.unreadable_copies, overview.status), (2, RunStatus::ToCorrect));
        let journal = agent.outbox().journal(9).await.unwrap();
        let noted = journal.iter().find(|entry| entry.kind == "search").expect("noted");
        assert_eq!(noted.text, "copies of messages that cannot be read: 2");
        drop(agent);
        assert_eq!(world.run().await.unreadable_copies, 0, "the search is over");
    }
}

/// What an earlier repair left to be found is among the settings: where those are lost the search begins again.
#[tokio::test]
async fn a_repair_that_loses_the_settings_looks_for_annulments() {
    let world = sent().await;
    annul(&world, "ADM-a3").await.unwrap();
    repaired_without(&world, &["stored"]).await;
    repaired_without(&world, &["setting"]).await;
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    let name = "MedicationAdministration/a3";
    assert_eq!((world.versions(name), last_status(&world, name)), (2, json!("entered-in-error")));
}

/// What an annulment's message may come to without the register having stored it.
#[tokio::test]
async fn an_annulment_that_was_not_stored_goes_again() {
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum End {
        /// The register could not check it.
        Failed,
        /// Another one in its message is refused.
        NotStored,
        /// It never reached the register, and a person gave it up.
        GivenUp,
        /// It never reached the register in any attempt of its round.
        Exhausted,
        /// Its bytes can never pass.
        BytesRefused,
    }
    for end in [End::Failed, End::NotStored, End::GivenUp, End::Exhausted, End::BytesRefused] {
        let world = World::new(RuleSetId::Lmdi112);
        let member = |value| with(patient("p", 1), "fault", json!(value));
        let record = with(keyed("a", 1), "fault", json!("unchecked"));
        let base = if end == End::NotStored { member("register-later") } else { patient("p", 1) };
        world.write("base.ndjson", &[medicine("m"), base]);
        world.write("given.ndjson", &[record]);
        assert_eq!(world.run().await.status(), RunStatus::Clean);
        match end {
            End::Failed => world.register.lock().unwrap().is_broken = true,
            End::NotStored => world.register.lock().unwrap().refuses = Some("register-later"),
            End::GivenUp | End::Exhausted => {
                world.register.lock().unwrap().otherwise = Some(Fate::NotReached);
            }
            End::BytesRefused => world.fates(&[Fate::Status(409)]),
        }
        let report = annul(&world, "ADM-a").await.unwrap();
        assert_ne!(report.status(), RunStatus::Clean, "{end:?}");
        if end == End::GivenUp {
            let agent = world.agent().await;
            let id = &report.messages[0].message_id;
            assert!(agent.outbox().give_up_message(id, world.now()).await.unwrap());
            agent.outbox().close().await;
        }
        if end == End::Exhausted {
            for _ in 0..5 {
                world.pass(2);
                world.retry().await;
            }
        }
        let agent = world.agent().await;
        let status = agent.outbox().overview().await.unwrap().status;
        assert_ne!(status, RunStatus::Clean, "{end:?}");
        agent.outbox().close().await;
        {
            let mut register = world.register.lock().unwrap();
            (register.is_broken, register.refuses, register.otherwise) = (false, None, None);
        }
        world.pass(24);
        let report = world.run().await;
        assert_eq!(report.lost_annulments, [], "{end:?}: {report:#?}");
        assert_eq!(report.changed, 0, "{end:?}: nothing has changed");
        let name = "MedicationAdministration/a";
        assert_eq!(last_status(&world, name), "entered-in-error", "{end:?}");
        assert_eq!(world.versions(name), 2, "{end:?}");
        let path = world.folder.path().join("outbox.db");
        let outbox = Outbox::open(&path).await.unwrap();
        if end != End::NotStored {
            assert_eq!(outbox.overview().await.unwrap().status, RunStatus::Clean, "{end:?}");
        }
        outbox.close().await;
        let again = annul(&world, "ADM-a").await;
        assert!(matches!(again, Err(SenderError::Annul(AnnulError::Done))), "{end:?}");
    }
}

/// A record that is forgotten and annulled before it was sent again is known by no version, and is annulled all the same.
#[tokio::test]
async fn a_forgotten_record_that_is_annulled_stays_annulled() {
    let world = sent().await;
    let agent = world.agent().await;
    agent.forget_since("2020-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
    agent.outbox().close().await;
    assert_eq!(annul(&world, "ADM-a3").await.unwrap().status(), RunStatus::Clean);
    for _ in 0..2 {
        assert_eq!(world.run().await.status(), RunStatus::Clean);
        assert_eq!(last_status(&world, "MedicationAdministration/a3"), "entered-in-error");
        assert_eq!(world.versions("MedicationAdministration/a3"), 2);
    }
}

/// An annulment that is on its way when its message is lost: the ledger has the record as given, and only the journal knows.
#[tokio::test]
async fn a_repair_that_loses_the_message_of_an_annulment_keeps_the_annulment() {
    for (lost, arrived) in [("message", false), ("message", true), ("item", false), ("item", true)]
    {
        let world = sent().await;
        annul(&world, "ADM-a1").await.unwrap();
        annul(&world, "ADM-a4").await.unwrap();
        // Corrected at the source since.
        let all: Vec<Value> =
            (0..10).map(|n| keyed(&format!("a{n}"), if n == 4 { 2 } else { 1 })).collect();
        world.pass(1);
        world.write("given.ndjson", &all);
        assert_eq!(world.run().await.status(), RunStatus::Clean);
        world.pass(1);
        world.fates(&[if arrived { Fate::AnswerLost } else { Fate::RequestLost }]);
        assert_eq!(annul(&world, "ADM-a3").await.unwrap().status(), RunStatus::Undelivered);
        let done = repaired_without(&world, &[lost]).await;
        let what = format!("{lost}, arrived: {arrived}");
        assert_eq!(done.lost_annulments, ["MedicationAdministration ADM-a3"], "{what}");
        world.pass(24);
        let report = world.run().await;
        let name = "MedicationAdministration/a3";
        if lost == "message" {
            // No copy is left of it.
            assert_eq!(report.status(), RunStatus::ToCorrect, "{what}: {report:#?}");
            assert_eq!(report.lost_annulments[0].source_key.as_deref(), Some("ADM-a3"), "{what}");
            assert_eq!(world.versions(name), 1 + usize::from(arrived), "{what}");
        } else {
            assert_eq!(report.status(), RunStatus::Clean, "{what}: {report:#?}");
            assert_eq!(last_status(&world, name), "entered-in-error", "{what}");
        }
        let status = last_status(&world, "MedicationAdministration/a1");
        assert_eq!(status, "entered-in-error", "{what}");
        let corrected = "MedicationAdministration/a4";
        let versions = (world.versions(corrected), last_status(&world, corrected));
        assert_eq!(versions, (3, Value::Null), "{what}");
        assert_eq!(world.run().await.messages, [], "{what}");
    }
}
