//! What decides, in the middle of a run, whether something is sent: each with the case in which it is not.

use std::time::Duration;

use lmr_fhir::Language;
use lmr_lmdi::RuleSetId;
use serde_json::json;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::damage::wipe_root;
use super::world::{Fate, World, given, medicine, patient, with};
use crate::attempt::{AttemptFailure, StatusNote};
use crate::error::SenderError;
use crate::index::Index;
use crate::outbox::{OutboxError, sqlite_text};
use crate::report::{RunStatus, SourceFailure};
use crate::source::{PassedOver, PassedOverKind, SourceIssue, SourceIssueKind};
use crate::stop::StopSignal;

/// Administrations that go in a message each, with the patient and the medicine.
fn ward(administrations: usize) -> World {
    let mut world = World::new(RuleSetId::Lmdi094);
    world.limits.entries = 3;
    world.write("base.ndjson", &[medicine("m"), patient("p", 1)]);
    let all: Vec<_> = (0..administrations).map(|n| given(&format!("a{n}"), "p", 1)).collect();
    world.write("given.ndjson", &all);
    world
}

#[tokio::test]
async fn one_that_is_busy_is_asked_once_in_a_run() {
    for (fate, posted) in [(Fate::Status(503), 1), (Fate::Status(429), 1), (Fate::Status(500), 2)] {
        let world = ward(4);
        world.register.lock().unwrap().otherwise = Some(fate);
        let report = world.run().await;
        assert_eq!((report.status(), world.posted()), (RunStatus::Undelivered, posted), "{fate:?}");
        assert_eq!(report.open_messages, 4, "what was made waits for the same next attempt");
    }
}

#[tokio::test]
async fn without_access_nothing_more_is_tried_in_a_run_of_new_attempts() {
    let world = ward(3);
    world.fates(&[Fate::Status(500), Fate::Status(500)]);
    assert_eq!(world.run().await.open_messages, 3);
    world.pass(2);
    let posted = world.posted();
    world.register.lock().unwrap().otherwise = Some(Fate::Status(403));
    assert_eq!(world.retry().await.status(), RunStatus::Stopped);
    assert_eq!(world.posted(), posted + 1);
}

/// An order that is refused with its message is not taken along by the next message, which was made meanwhile.
#[tokio::test]
async fn what_the_register_has_just_refused_whole_goes_with_no_other_message() {
    let mut world = World::new(RuleSetId::Lmdi094);
    world.limits.entries = 1;
    world.write("base.ndjson", &[medicine("m"), patient("p", 1)]);
    let order = json!({ "resourceType": "MedicationRequest", "id": "r", "n": 1,
        "authoredOn": "2026-03-01T08:00:00+01:00", "subject": { "reference": "Patient/p" } });
    let follows = json!({ "reference": "MedicationRequest/r" });
    world.write("given.ndjson", &[order, with(given("b", "p", 1), "practitioner", follows)]);
    world.fates(&[Fate::Refused("LMR-3011")]);
    let report = world.run().await;
    assert_eq!((report.held, world.posted()), (1, 1));
    assert_eq!(world.versions("MedicationAdministration/b"), 0);
    world.release_all().await;
    world.pass(24);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(world.versions("MedicationAdministration/b"), 1);
}

#[tokio::test]
async fn a_run_that_was_stopped_before_does_not_read_the_source() {
    let mut world = ward(1);
    world.stop.stop();
    let report = world.run().await;
    assert_eq!((report.files, report.resources, report.stopped_early), (0, 0, true));
    world.stop = StopSignal::default();
    assert_eq!(world.run().await.resources, 3);
}

#[tokio::test]
async fn a_transfer_shows_its_whole_before_the_first_answer() {
    let world = ward(2);
    world.fates(&[Fate::Silence]);
    let agent = world.agent().await;
    let run = tokio::time::timeout(Duration::from_secs(1), agent.run()).await;
    assert!(run.is_err(), "the register is silent");
    let state = agent.outbox().transfer().await.unwrap().expect("under way");
    assert_eq!((state.done, state.total), (0, 2));
}

#[tokio::test]
async fn of_several_sources_only_one_of_changes_may_be_empty() {
    let world = ward(1);
    let mut agent = world.agent().await;
    agent.settings.incremental_sources = vec!["changes".to_owned()];
    let mut index = Index::read(&*agent.source, &[], &agent.key).unwrap();
    assert_eq!(agent.source_failure(&index), None);
    index.scanned.empty = vec!["changes".to_owned()];
    assert_eq!(agent.source_failure(&index), None);
    index.scanned.empty.push("whole".to_owned());
    let failure = SourceFailure::EmptyOf { name: "whole".to_owned() };
    assert_eq!(agent.source_failure(&index), Some(failure));
}

/// A source that has nothing yet, or nothing that can be used, is not called empty.
#[tokio::test]
async fn a_source_without_a_resource_is_called_what_it_is() {
    let world = ward(1);
    let agent = world.agent().await;
    let mut index = Index::read(&*agent.source, &[], &agent.key).unwrap();
    let over = |example: &str| PassedOver {
        kind: PassedOverKind::Unfinished,
        count: 1,
        example: example.to_owned(),
    };
    let issue = |file: &str| SourceIssue {
        file: file.to_owned(),
        line: Some(1),
        issue: SourceIssueKind::NotAResource,
    };
    index.scanned.empty = vec!["rows".to_owned()];
    index.scanned.passed_over = vec![over("other: a.csv")];
    index.scanned.issues = vec![issue("rowsofothers: a.csv"), issue("other: a.csv")];
    let name = || "rows".to_owned();
    assert_eq!(agent.source_failure(&index), Some(SourceFailure::EmptyOf { name: name() }));
    index.scanned.issues.extend([issue("rows: a.csv"), issue("rows: a.csv")]);
    let unusable = SourceFailure::NothingUsable { name: name(), count: 2 };
    assert_eq!(agent.source_failure(&index), Some(unusable));
    index.scanned.passed_over.push(over("rows: a.csv"));
    assert_eq!(agent.source_failure(&index), Some(SourceFailure::BeingWritten { name: name() }));
    // The only source.
    index.scanned.empty.clear();
    index.scanned.resources = 0;
    let name = agent.source.name();
    assert_eq!(agent.source_failure(&index), Some(SourceFailure::BeingWritten { name }));
}

/// Found before anything is read or sent: the table that is damaged here no run would meet.
#[tokio::test]
async fn a_run_looks_for_damage_before_it_begins() {
    let world = ward(1);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    wipe_root(&world.folder.path().join("outbox.db"), "notified").await;
    world.write("given.ndjson", &[given("a0", "p", 2)]);
    let agent = world.agent().await;
    let done = agent.run().await;
    assert!(matches!(done, Err(SenderError::Outbox(OutboxError::DamagedFile(_)))), "{done:?}");
    assert_eq!(world.posted(), 1);
}

#[tokio::test]
async fn a_message_of_hundreds_keeps_the_order_of_its_resources() {
    let mut world = ward(250);
    world.limits.entries = 1_000;
    let report = world.run().await;
    assert_eq!((report.status(), report.messages.len()), (RunStatus::Clean, 1));
    let agent = world.agent().await;
    let found = agent.outbox().contents_of(&report.messages[0].message_id).await.unwrap();
    let names: Vec<_> = found.into_iter().filter_map(|one| one.resource_id).collect();
    let wanted: Vec<_> = (0..250).map(|n| format!("a{n}")).collect();
    assert_eq!(names.len(), 252);
    assert_eq!(names.into_iter().filter(|name| name.starts_with('a')).collect::<Vec<_>>(), wanted);
}

#[test]
fn only_an_answer_has_an_http_status() {
    let failure =
        AttemptFailure::Status { status: 418, note: StatusNote::NotTheRegister, codes: Vec::new() };
    assert_eq!(failure.http_status(), Some(418));
    assert_eq!(AttemptFailure::ConnectionBroken.http_status(), None);
}

/// What SQLite says has its remedy, in both languages, each its own.
#[tokio::test]
async fn every_fault_of_the_database_has_a_text_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let options = || SqliteConnectOptions::new().filename(&path).busy_timeout(Duration::ZERO);
    let mut one = SqliteConnection::connect_with(&options().create_if_missing(true)).await.unwrap();
    let run = async |session: &mut SqliteConnection, sql: &'static str| {
        sqlx::query(sql).execute(session).await
    };
    run(&mut one, "CREATE TABLE t (x BLOB NOT NULL)").await.unwrap();
    let mut faults = Vec::new();
    faults.push(("lmr send repair", run(&mut one, "SELECT y FROM t").await.unwrap_err()));
    faults
        .push(("lmr send repair", run(&mut one, "INSERT INTO t VALUES (NULL)").await.unwrap_err()));
    run(&mut one, "PRAGMA max_page_count = 3").await.unwrap();
    let full = run(&mut one, "INSERT INTO t VALUES (zeroblob(100000))").await.unwrap_err();
    faults.push(("the disk is full", full));
    run(&mut one, "BEGIN IMMEDIATE").await.unwrap();
    let mut other = SqliteConnection::connect_with(&options()).await.unwrap();
    let locked = run(&mut other, "BEGIN IMMEDIATE").await.unwrap_err();
    faults.push(("another program has locked it", locked));
    run(&mut one, "ROLLBACK").await.unwrap();
    let mut reading = SqliteConnection::connect_with(&options().read_only(true)).await.unwrap();
    let read_only = run(&mut reading, "INSERT INTO t VALUES (x'00')").await.unwrap_err();
    faults.push(("it is read-only", read_only));
    let missing = SqliteConnectOptions::new().filename(folder.path().join("none/x.db"));
    let cannot = SqliteConnection::connect_with(&missing).await.unwrap_err();
    faults.push(("the file cannot be opened", cannot));
    let text = folder.path().join("text.db");
    std::fs::write(&text, "no database at all, but long enough to be looked at".repeat(50))
        .unwrap();
    let foreign = SqliteConnectOptions::new().filename(&text);
    let foreign = match SqliteConnection::connect_with(&foreign).await {
        Err(error) => error,
        Ok(mut session) => run(&mut session, "SELECT * FROM t").await.unwrap_err(),
    };
    faults.push(("not an SQLite database", foreign));
    for (wanted, error) in &faults {
        let text = sqlite_text(error, Language::English).expect(wanted);
        assert!(text.contains(wanted), "{wanted}: {text} ({error})");
        let other = sqlite_text(error, Language::Bokmal).expect(wanted);
        assert_ne!(text, other);
    }
    assert_eq!(sqlite_text(&sqlx::Error::RowNotFound, Language::English), None);
    assert_eq!(sqlite_text(&std::io::Error::other("x"), Language::English), None);
}
