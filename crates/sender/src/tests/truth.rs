//! The sender says the truth: what it could not read, did not know, or misses.

use lmr_lmdi::RuleSetId;
use serde_json::json;

use super::world::{World, given, medicine, patient, with};
use crate::error::SenderError;
use crate::hooks::{Hook, HookTarget, Hooks};
use crate::outbox::OutboxError;
use crate::report::{IdentifierAdvice, RunKind, RunStatus, SourceFailure};
use crate::run::Run;
use crate::source::{FileError, PassedOverKind, SourceUnavailable};

fn ward() -> World {
    let world = World::new(RuleSetId::Lmdi094);
    world.write("medicines.ndjson", &[medicine("m")]);
    world.write("patients.ndjson", &[patient("p", 1)]);
    world.write(
        "given.ndjson",
        &(0..6).map(|n| given(&format!("a{n}"), "p", 1)).collect::<Vec<_>>(),
    );
    world
}

fn empty(world: &World) {
    for file in std::fs::read_dir(world.source()).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
}

/// n1, breaker 11
#[tokio::test]
async fn n1_b11_an_empty_source_is_a_failed_run_unless_it_is_incremental() {
    let mut world = ward();
    let first = world.run().await;
    assert_eq!(first.status(), RunStatus::Clean);
    empty(&world);
    for name in ["a.json.bz2", "b.html", "c.html", "d.csv", "e.txt", "nothing"] {
        std::fs::write(world.source().join(name), "x").unwrap();
    }
    world.pass(24);
    let report = world.run().await;
    assert_eq!(report.source_failure, Some(SourceFailure::Empty));
    assert_eq!((report.status(), report.status().exit_code()), (RunStatus::SourceFailed, 5));
    let passed_over: Vec<(PassedOverKind, usize)> =
        report.passed_over.iter().map(|p| (p.kind.clone(), p.count)).collect();
    let ending = |e: &str| PassedOverKind::Ending { ending: e.to_owned() };
    assert_eq!(
        passed_over,
        [
            (ending(""), 1),
            (ending(".csv"), 1),
            (ending(".html"), 2),
            (ending(".json.bz2"), 1),
            (ending(".txt"), 1)
        ]
    );
    let overview = world.agent().await.outbox().overview().await.unwrap();
    assert_eq!(overview.last_success, Some(first.started_at), "a failed run is not a success");
    assert_eq!(overview.last_run.unwrap().report.unwrap()["source_failure"]["kind"], "empty");
    // Nothing that is held or known was forgotten because of it.
    world.incremental = true;
    let report = world.run().await;
    assert_eq!((report.status(), report.source_failure), (RunStatus::ToCorrect, None));
    let overview = world.agent().await.outbox().overview().await.unwrap();
    assert_eq!(overview.status, RunStatus::ToCorrect, "files are there, and none was read");
    // A day without news, with a text for people beside the data.
    empty(&world);
    for name in ["README", "README.md", "les-meg.txt"] {
        std::fs::write(world.source().join(name), "x").unwrap();
    }
    let report = world.run().await;
    assert_eq!((report.status(), report.source_failure), (RunStatus::Clean, None));
    assert_eq!(report.passed_over.len(), 1, "{:?}", report.passed_over);
    let overview = world.agent().await.outbox().overview().await.unwrap();
    assert_eq!(overview.status, RunStatus::Clean);
}

#[tokio::test]
async fn n1_an_unreadable_source_ends_the_run_and_the_status_shows_it() {
    let world = ward();
    world.run().await;
    std::fs::remove_dir_all(world.source()).unwrap();
    assert!(matches!(world.agent().await.run().await, Err(SenderError::Source(_))));
    let overview = world.agent().await.outbox().overview().await.unwrap();
    let run = overview.last_run.unwrap();
    assert!(run.ended_at.is_some(), "it was not cut off");
    let report = run.report.unwrap();
    assert_eq!(report["source_failure"]["kind"], "unavailable");
    assert!(report["error"].as_str().unwrap().contains("not there"), "{report}");
}

#[tokio::test]
async fn a_complete_source_that_has_lost_most_has_failed_and_nothing_counts_as_vanished() {
    let mut world = ward();
    world.run().await;
    world.write("given.ndjson", &[given("a0", "p", 1), given("a1", "p", 1)]);
    let report = world.run().await;
    // Half is not most: then each is named, and none is passed over in a run that counts as done.
    assert_eq!((report.known, report.missing, report.vanished), (8, 4, 4));
    assert!(!report.has_lost_most());
    assert_eq!(report.status(), RunStatus::Clean);
    world.write("given.ndjson", &[given("a0", "p", 1)]);
    let report = world.run().await;
    assert_eq!((report.missing, report.vanished, report.vanished_now), (5, 4, 0));
    assert_eq!((report.has_lost_most(), report.status()), (true, RunStatus::SourceFailed));
    world.incremental = true;
    let report = world.run().await;
    assert_eq!((report.missing, report.status()), (0, RunStatus::Clean));
}

/// n2
#[tokio::test]
async fn n2_types_that_the_guide_does_not_take_are_named_and_a_misspelling_suggested() {
    let world = ward();
    let misspelt = with(given("b", "p", 1), "resourceType", json!("MedicationAdminstration"));
    let foreign = json!({ "resourceType": "Observation", "id": "o" });
    world.write("other.ndjson", &[misspelt, foreign.clone(), with(foreign, "id", json!("o2"))]);
    let report = world.run().await;
    assert_eq!((report.new, report.unused), (8, 0), "never 'not referred to'");
    let named: Vec<_> = report
        .foreign_types
        .iter()
        .map(|f| (f.resource_type.as_str(), f.count, f.is_fhir_type, f.suggestion))
        .collect();
    let right = Some("MedicationAdministration");
    assert_eq!(
        named,
        [("MedicationAdminstration", 1, false, right), ("Observation", 2, true, None)]
    );
    assert_eq!(report.foreign_types[1].example.line(), 2);
    assert_eq!(report.status(), RunStatus::ToCorrect);
    std::fs::remove_file(world.source().join("other.ndjson")).unwrap();
    world.write("other.ndjson", &[json!({ "resourceType": "Observation", "id": "o" })]);
    assert_eq!(world.run().await.status(), RunStatus::Clean, "a foreign type is not an error");
}

/// a5
#[cfg(unix)]
#[tokio::test]
async fn a5_links_are_followed_and_circles_noticed() {
    use std::os::unix::fs::symlink;
    let world = World::new(RuleSetId::Lmdi094);
    let day = world.folder.path().join("day");
    std::fs::create_dir(&day).unwrap();
    for (file, resources) in [
        ("m.ndjson", vec![medicine("m"), patient("p", 1)]),
        ("given.ndjson", vec![given("a", "p", 1)]),
    ] {
        let text: String = resources.iter().map(|r| format!("{r}\n")).collect();
        std::fs::write(day.join(file), text).unwrap();
    }
    symlink(&day, world.source().join("latest")).unwrap();
    symlink(&day, world.source().join("newest")).unwrap();
    symlink(world.source(), day.join("circle")).unwrap();
    let report = world.run().await;
    assert_eq!((report.new, report.status()), (3, RunStatus::Clean), "{report:#?}");
    assert_eq!((report.files, report.resources), (2, 3), "each file is read once");
    let kinds: Vec<_> = report.passed_over.iter().map(|p| p.kind.clone()).collect();
    assert_eq!(kinds, [PassedOverKind::LinkLoop, PassedOverKind::ReadAlready]);
    // A link that leads nowhere is named.
    symlink("/nowhere", world.source().join("gone.ndjson")).unwrap();
    let report = world.run().await;
    assert_eq!(report.source_issues[0].to_string(), "gone.ndjson: cannot be read: it is not there");
}

/// a11
#[cfg(unix)]
#[tokio::test]
async fn a11_a_file_name_may_be_any_bytes() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let world = World::new(RuleSetId::Lmdi094);
    let line = |resource: serde_json::Value| format!("{resource}\n");
    let put = |name: &[u8], text: String| {
        std::fs::write(world.source().join(OsStr::from_bytes(name)), text).unwrap();
    };
    put(b"a\\medicines.ndjson", line(medicine("m")));
    put(b"patients-\xe6.ndjson", line(patient("p", 1)));
    put(b"new\nline.ndjson", line(given("a", "p", 1)));
    let report = world.run().await;
    assert_eq!((report.new, report.status()), (3, RunStatus::Clean), "{report:#?}");
}

/// breaker 12
#[cfg(unix)]
#[tokio::test]
async fn b12_pipes_and_devices_are_passed_over_and_named() {
    let world = ward();
    let pipe = world.source().join("pipe.ndjson");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", world.source().join("zero.json")).unwrap();
    let report = world.run().await;
    assert_eq!((report.new, report.status()), (8, RunStatus::Clean));
    let passed_over = &report.passed_over[0];
    assert_eq!((&passed_over.kind, passed_over.count), (&PassedOverKind::NotAFile, 2));
    assert_eq!(passed_over.example, "pipe.ndjson");
}

/// n17
#[tokio::test]
async fn n17_the_status_has_broken_files_waiting_too_early_and_unused() {
    let world = ward();
    std::fs::write(world.source().join("broken.json"), "{").unwrap();
    world.write("patients.ndjson", &[with(patient("p", 1), "fault", json!("check"))]);
    let early = with(given("e", "p", 1), "effectiveDateTime", json!("2026-02-01T12:00:00+01:00"));
    world.write("more.ndjson", &[early, medicine("never")]);
    world.run().await;
    let overview = world.agent().await.outbox().overview().await.unwrap();
    let source = overview.last_source.unwrap();
    assert_eq!(
        (source.source_issues, source.waiting, source.too_early, source.unused),
        (1, 6, 1, 1)
    );
    assert_eq!(overview.status, RunStatus::ToCorrect);
    // The counts stay when a retry comes between.
    world.retry().await;
    let overview = world.agent().await.outbox().overview().await.unwrap();
    assert_eq!(overview.last_source.unwrap().waiting, 6);
}

#[tokio::test]
async fn administrations_without_a_stable_namespaced_identifier_are_pointed_out() {
    let world = ward();
    let identified = |id: &str, identifiers: serde_json::Value| {
        with(given(id, "p", 1), "identifier", identifiers)
    };
    world.write(
        "given.ndjson",
        &[
            given("a", "p", 1),
            identified("b", json!([{ "value": "17" }])),
            identified("c", json!([{ "system": "urn:oid:1.2.3", "value": "18" }])),
            identified(
                "d",
                json!([{ "system": "urn:oid:1.2.3", "value": "19" }, { "value": "x" }]),
            ),
        ],
    );
    let report = world.run().await;
    let advice: Vec<_> =
        report.identifier_advice.iter().map(|a| (a.advice, a.count, a.example.line())).collect();
    assert_eq!(
        advice,
        [
            (IdentifierAdvice::Missing, 1, 1),
            (IdentifierAdvice::WithoutSystem, 1, 2),
            (IdentifierAdvice::Several, 1, 4)
        ]
    );
    assert_eq!(report.status(), RunStatus::Clean, "an advice refuses nothing");
}

/// A run that an error ended exits with 4, and so does the status after it; a source that failed has its own.
#[tokio::test]
async fn the_status_after_a_run_that_broke_off_is_that_of_the_run() {
    let unavailable = SourceUnavailable { name: "a".to_owned(), cause: FileError::NotFound };
    for (error, status) in [
        (SenderError::Outbox(OutboxError::Damaged("a test")), RunStatus::Stopped),
        (SenderError::Internal("a test"), RunStatus::Stopped),
        (SenderError::Source(unavailable), RunStatus::SourceFailed),
    ] {
        let world = World::new(RuleSetId::Lmdi094);
        let agent = world.agent().await;
        let run = Run::begin(agent.outbox(), RunKind::Planned, world.now()).await.unwrap();
        run.fail(agent.outbox(), &error, world.now()).await;
        assert_eq!(agent.outbox().overview().await.unwrap().status, status, "{error}");
    }
}

/// Nobody hears of what a hook that fails was to say: the status says it, until a run without it.
#[tokio::test]
async fn a_hook_that_fails_is_in_the_status_until_a_run_without_it() {
    let world = ward();
    let mut report = world.run().await;
    report.open_messages = 1;
    let notices = crate::notice::of_run(&report, false);
    assert_eq!(notices.len(), 1);
    let hook = |name: &str, program: &str| Hook {
        name: name.to_owned(),
        events: crate::notice::Event::ALL.to_vec(),
        target: HookTarget::Command { program: program.to_owned(), arguments: Vec::new() },
    };
    let hooks =
        Hooks::new(vec![hook("pager", "/no/such/program"), hook("mail", "true")], "310000007");
    let agent = world.agent().await;
    let outbox = agent.outbox();
    for (notices, failed) in
        [(&notices[..], &["pager"][..]), (&notices[..], &["pager"]), (&[], &[])]
    {
        assert_eq!(hooks.notify(outbox, notices, world.now()).await, failed);
        let overview = outbox.overview().await.unwrap();
        let status = if failed.is_empty() { RunStatus::Clean } else { RunStatus::ToCorrect };
        assert_eq!((overview.failed_hooks, overview.status), (vec_of(failed), status));
    }
}

fn vec_of(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
