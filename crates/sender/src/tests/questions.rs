//! Questions that change nothing: a dry run, and why a resource went or did not.

use lmr_lmdi::RuleSetId;
use serde_json::json;

use super::world::{Fate, World, given, medicine, patient, with};
use crate::report::RunStatus;
use crate::why::WhyState;

/// A bit of everything: sent, changed, new, held, waiting, too early, unused, foreign, vanished.
async fn mixed() -> World {
    let world = World::new(RuleSetId::Lmdi094);
    let key = |id: &str, version| {
        let identifier = json!([{ "system": "urn:oid:1.2.3", "value": format!("ADM-{id}") }]);
        with(given(id, "p", version), "identifier", identifier)
    };
    world.write("base.ndjson", &[medicine("m"), medicine("never"), patient("p", 1)]);
    world.write("given.ndjson", &["a", "b", "gone"].map(|id| key(id, 1)));
    world.run().await;
    let early = with(key("early", 1), "effectiveDateTime", json!("2026-02-01T12:00:00+01:00"));
    let bad = with(patient("q", 1), "fault", json!("check"));
    let waits = with(key("waits", 1), "subject", json!({ "reference": "Patient/q" }));
    let foreign = json!({ "resourceType": "Observation", "id": "foreign" });
    world.write(
        "given.ndjson",
        &[key("a", 1), key("b", 2), key("new", 1), early, bad, waits, foreign],
    );
    world
}

fn snapshot(world: &World) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(world.folder.path())
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// n14
#[tokio::test]
async fn n14_a_dry_run_shows_what_would_go_and_be_held_and_changes_nothing() {
    let world = mixed().await;
    let (before, posted) = (snapshot(&world), world.posted());
    let preview = world.preview().await;
    assert_eq!(snapshot(&world), before);
    assert_eq!(world.posted(), posted);
    let (report, entries) = (&preview.report, &preview.entries);
    assert_eq!((report.new, report.changed, report.held_now, report.waiting), (1, 1, 1, 1));
    let roles: Vec<_> =
        entries.iter().map(|e| (e.role, e.source_key.as_deref().unwrap_or_default())).collect();
    assert!(roles.contains(&("new", "ADM-new")) && roles.contains(&("changed", "ADM-b")));
    assert_eq!(preview.held[0].findings[0].code.as_deref(), Some("LMR-4003"));
    assert_eq!(preview.waiting[0].source_key.as_deref(), Some("ADM-waits"));
    assert_eq!((preview.messages, report.vanished, report.too_early), (1, 1, 1));
    // And the run does what was shown.
    let run = world.run().await;
    assert_eq!((run.new, run.changed, run.held_now, run.waiting), (1, 1, 1, 1));
    assert_eq!(run.messages[0].entries, entries.len());
}

#[tokio::test]
async fn n14_a_dry_run_says_which_messages_wait_and_would_go_first() {
    let world = World::new(RuleSetId::Lmdi112);
    world.write("base.ndjson", &[medicine("m"), patient("p", 1), given("a", "p", 1)]);
    world.fates(&[Fate::NotReached]);
    let run = world.run().await;
    assert_eq!((run.open_messages, run.status()), (1, RunStatus::Undelivered));
    let before = snapshot(&world);
    let preview = world.preview().await;
    assert_eq!((preview.report.open_messages, preview.messages), (1, 0));
    assert_eq!(preview.report.status(), RunStatus::Undelivered);
    assert_eq!(snapshot(&world), before);
    world.pass(24);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(world.preview().await.report.open_messages, 0);
}

#[tokio::test]
async fn n14_a_dry_run_needs_no_database_and_makes_none() {
    let world = World::new(RuleSetId::Lmdi112);
    world.write("base.ndjson", &[medicine("m"), patient("p", 1), given("a", "p", 1)]);
    let preview = world.preview().await;
    assert_eq!((preview.report.new, preview.messages), (3, 1));
    assert_eq!(snapshot(&world), []);
}

#[tokio::test]
async fn why_explains_what_keeps_each_resource_or_when_it_went() {
    let world = mixed().await;
    world.run().await;
    // Changed after the run.
    let agent = world.agent().await;
    let why = async |name: &str| agent.why(name).await.unwrap().pop().unwrap();
    let sent = why("ADM-a").await;
    assert_eq!(sent.state, WhyState::Delivered);
    assert_eq!(sent.confirmed.unwrap().message_id.unwrap(), sent.messages[0].message_id);
    assert_eq!(sent.messages[0].outcome, Some("stored"));
    assert_eq!(sent.location.unwrap().line(), 1);
    assert_eq!(why("MedicationAdministration/b").await.messages.len(), 2);
    assert!(matches!(why("gone").await.state, WhyState::Vanished { number: Some(1), .. }));
    assert!(matches!(why("early").await.state, WhyState::TooEarly { .. }));
    assert_eq!(why("never").await.state, WhyState::Unused);
    assert_eq!(why("Observation/foreign").await.state, WhyState::ForeignType);
    let WhyState::Held { number, findings, waiting } = why("Patient/q").await.state else {
        panic!("not held")
    };
    assert_eq!((findings.len(), waiting), (1, 1));
    let waits = why("ADM-waits").await.state;
    assert!(matches!(waits, WhyState::Waits { number: Some(n), .. } if n == number), "{waits:?}");
    assert!(agent.why("unknown").await.unwrap().is_empty());
    let next = given("next", "p", 1);
    world.write("more.ndjson", &[next]);
    assert_eq!(why("next").await.state, WhyState::Next { changed: false });
}

#[tokio::test]
async fn why_of_a_message_says_what_it_holds_and_what_became_of_it() {
    let world = mixed().await;
    world.run().await;
    let agent = world.agent().await;
    let newest = agent.outbox().messages(1).await.unwrap().pop().unwrap();
    for name in [newest.message_id.clone(), format!("urn:uuid:{}", newest.message_id)] {
        let found = agent.why_message(&name).await.unwrap();
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0].message, newest);
        let names: Vec<_> = found[0]
            .resources
            .iter()
            .map(|one| (one.source_key.as_deref().or(one.resource_id.as_deref()), one.outcome))
            .collect();
        assert_eq!(names.len() as u64, newest.entries);
        assert!(names.contains(&(Some("ADM-new"), Some("stored"))), "{names:?}");
        assert!(names.contains(&(Some("ADM-b"), Some("stored"))), "{names:?}");
        assert!(names.contains(&(Some("p"), Some("stored"))), "{names:?}");
    }
    assert!(agent.why_message("0f8fad5b-d9cb-469f-a165-70867728950e").await.unwrap().is_empty());
    assert!(agent.why_message("17").await.unwrap().is_empty());
    // One that waits for its answer.
    world.write("more.ndjson", &[given("late", "p", 1)]);
    world.fates(&[Fate::AnswerLost]);
    drop(agent);
    world.run().await;
    let agent = world.agent().await;
    let open = agent.outbox().messages(1).await.unwrap().pop().unwrap();
    let found = agent.why_message(&open.message_id).await.unwrap().pop().unwrap();
    assert!(found.resources.iter().all(|one| one.outcome.is_none() && one.resource_type.is_some()));
    assert!(found.resources.iter().any(|one| one.resource_id.as_deref() == Some("late")));
}

/// Whoever asks while a transfer runs sees how far it is, and nothing of it once it has ended.
#[tokio::test]
async fn the_status_shows_how_far_a_transfer_under_way_is() {
    use std::sync::{Arc, Mutex};
    let mut world = World::new(RuleSetId::Lmdi094);
    world.limits = crate::plan::BundleLimits { entries: 14, ..Default::default() };
    let all: Vec<_> = (0..40).map(|n| given(&format!("a{n}"), "p", 1)).collect();
    world.write("base.ndjson", &[medicine("m"), patient("p", 1)]);
    world.write("given.ndjson", &all);
    let agent = world.agent().await;
    let (path, seen) = (world.folder.path().join("outbox.db"), Arc::new(Mutex::new(Vec::new())));
    let sink = Arc::clone(&seen);
    // Asked by another connection, as `lmr send status` does from its own process.
    let agent = agent.telling_progress(move |progress| {
        let path = path.clone();
        let asked = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let outbox = crate::outbox::Outbox::open(&path).await.unwrap();
                let transfer = outbox.overview().await.unwrap().transfer;
                outbox.close().await;
                transfer
            })
        });
        sink.lock().unwrap().push((progress.clone(), asked.join().unwrap()));
    });
    agent.run().await.unwrap();
    let seen = seen.lock().unwrap().clone();
    assert!(seen.len() >= 3, "{seen:?}");
    for (progress, shown) in &seen {
        let shown = shown.as_ref().expect("under way");
        assert_eq!((shown.done, shown.total), (progress.done, progress.total));
        assert_eq!(shown.through, progress.through);
    }
    assert_eq!(agent.outbox().overview().await.unwrap().transfer, None, "it has ended");
}
