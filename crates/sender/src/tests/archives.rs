//! Files are put away after the register has answered for all that is in them, and never before.

use lmr_lmdi::RuleSetId;

use serde_json::{Value, json};

use super::world::{Fate, World, given, medicine, patient, with};
use crate::finished::finished_files;
use crate::identity::HashKey;
use crate::index::Index;
use crate::progress::State;
use crate::report::RunStatus;
use crate::source::{FileArchive, FolderSource, SourceIssueKind, SourceLimits, Sources};

fn reference(target: &str) -> Value {
    json!({ "reference": target })
}

fn organization(id: &str, parent: &str) -> Value {
    let organization = json!({ "resourceType": "Organization", "id": id });
    match parent {
        "" => organization,
        _ => with(organization, "partOf", reference(parent)),
    }
}

fn ward(copy: bool) -> World {
    let mut world = World::new(RuleSetId::Lmdi094);
    world.incremental = !copy;
    world.archive = Some(FileArchive { folder: world.folder.path().join("done"), copy });
    world.write("base.ndjson", &[patient("p", 1), medicine("m")]);
    world.write("day.ndjson", &[given("a", "p", 1), given("b", "p", 1)]);
    world
}

fn files(world: &World, folder: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(world.folder.path().join(folder)) else {
        return Vec::new();
    };
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// With another start date it goes: the register has neither got it nor answered for it.
#[tokio::test]
async fn a_file_with_what_is_from_before_the_start_date_stays() {
    let mut world = ward(false);
    let start = world.start;
    world.start = start.saturating_add(jiff::Span::new().years(1));
    let report = world.run().await;
    assert_eq!((report.too_early, report.messages.len()), (2, 0));
    assert_eq!(files(&world, "done"), [""; 0]);
    world.start = start;
    world.pass(24);
    let early = with(given("early", "p", 1), "effectiveDateTime", json!("2020-02-01T12:00:00Z"));
    world.write("early.ndjson", &[early]);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(world.versions("MedicationAdministration/a"), 1);
    assert_eq!(files(&world, "done"), ["day.ndjson"]);
    assert_eq!(files(&world, "source"), ["base.ndjson", "early.ndjson"], "with what it refers to");
}

/// A file that is not read stays where it is, also in an archive.
#[tokio::test]
async fn an_archive_with_a_file_that_is_not_read_stays() {
    let world = ward(false);
    let zip = |name: &str, other: &str| {
        use std::io::Write as _;
        let file = std::fs::File::create(world.source().join(name)).unwrap();
        let mut zip = zip::ZipWriter::new(file);
        let day = format!("{}\n", given(name, "p", 1));
        for (member, text) in [("day.ndjson", &*day), (other, "x")] {
            zip.start_file(member, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
    };
    zip("a.zip", "b.txt");
    zip("c.zip", "README.txt");
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(world.versions("MedicationAdministration/a.zip"), 1);
    assert_eq!(files(&world, "source"), ["a.zip"]);
    assert_eq!(files(&world, "done"), ["base.ndjson", "c.zip", "day.ndjson"]);
}

#[tokio::test]
async fn a_file_moves_when_everything_in_it_is_confirmed() {
    let world = ward(false);
    world.fates(&[Fate::AnswerLost]);
    let report = world.run().await;
    assert_eq!(report.status(), RunStatus::Undelivered);
    assert_eq!(files(&world, "done"), [""; 0], "the register may have it, but has not answered");
    world.pass(24);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(files(&world, "done"), ["base.ndjson", "day.ndjson"]);
    assert_eq!(files(&world, "source"), [""; 0]);
    // Another file of the same name is another file.
    world.write("base.ndjson", &[patient("p", 1), medicine("m")]);
    world.write("day.ndjson", &[given("c", "p", 1)]);
    world.pass(24);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(
        files(&world, "done"),
        ["base.ndjson", "base.ndjson.1", "day.ndjson", "day.ndjson.1"]
    );
}

#[tokio::test]
async fn a_file_with_something_held_or_broken_stays() {
    let world = ward(false);
    let faulty = with(given("c", "p", 1), "fault", "check".into());
    world.write("faulty.ndjson", &[given("d", "p", 1), faulty]);
    std::fs::write(world.source().join("broken.ndjson"), "{\"resourceType\":\"Patient\",}\n")
        .unwrap();
    let report = world.run().await;
    assert_eq!(report.status(), RunStatus::ToCorrect);
    // The patient and the medicine of the faulty one stay for its correction.
    assert_eq!(files(&world, "done"), ["day.ndjson"]);
    assert_eq!(files(&world, "source"), ["base.ndjson", "broken.ndjson", "faulty.ndjson"]);
}

#[tokio::test]
async fn a_file_with_something_that_nothing_refers_to_yet_stays_for_what_will() {
    let world = ward(false);
    world.write("admitted.ndjson", &[patient("q", 2)]);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(files(&world, "source"), ["admitted.ndjson"]);
    world.write("medicine.ndjson", &[medicine("m")]);
    world.write("evening.ndjson", &[given("e", "q", 1)]);
    world.pass(24);
    let report = world.run().await;
    assert_eq!((report.status(), report.new), (RunStatus::Clean, 2));
    assert_eq!(files(&world, "source"), [""; 0]);
}

/// What a confirmed record refers to stays as long as its file does, however far: without its target it would be
/// held in the next run.
#[tokio::test]
async fn what_a_file_that_stays_refers_to_stays_with_it() {
    let world = ward(false);
    let refers = |resource, to: &str| with(resource, "managingOrganization", reference(to));
    world.write("base.ndjson", &[refers(patient("p", 1), "Organization/o")]);
    world.write("organization.ndjson", &[organization("o", "Organization/parent")]);
    world.write("parent.ndjson", &[organization("parent", "")]);
    // A medicine that nothing uses keeps the file of the one that is used.
    world.write("medicine.ndjson", &[medicine("m"), medicine("unused")]);
    world.write("day.ndjson", &[given("a", "p", 1), given("b", "p", 1)]);
    // A record that is in order keeps a file for a faulty one's sake, and that file what it refers to.
    world.write("other.ndjson", &[patient("q", 1)]);
    let faulty = with(given("c", "q", 1), "fault", "check".into());
    world.write("faulty.ndjson", &[given("d", "p", 1), faulty]);
    let kept = [
        "base.ndjson",
        "faulty.ndjson",
        "medicine.ndjson",
        "organization.ndjson",
        "other.ndjson",
        "parent.ndjson",
    ];
    for round in 1..=3 {
        let report = world.run().await;
        assert_eq!((report.status(), report.held), (RunStatus::ToCorrect, 1), "{round}");
        assert_eq!(files(&world, "source"), kept, "{round}");
        world.pass(24);
    }
    world.write("faulty.ndjson", &[given("d", "p", 1), given("c", "q", 1)]);
    for round in 1..=2 {
        let report = world.run().await;
        assert_eq!((report.status(), report.held), (RunStatus::Clean, 0), "{round}");
        assert_eq!(files(&world, "source"), ["medicine.ndjson"], "{round}");
        world.pass(24);
    }
    assert_eq!(world.versions("MedicationAdministration/d"), 1);
}

/// The version that counts stays while a file has an older one, which would be sent in its place.
#[tokio::test]
async fn a_newer_version_stays_while_a_file_with_an_older_one_does() {
    let world = ward(false);
    world.write("base.ndjson", &[patient("p", 1), medicine("m"), medicine("unused")]);
    world.write("newer.ndjson", &[patient("p", 2)]);
    for round in 1..=3 {
        assert_eq!(world.run().await.status(), RunStatus::Clean, "{round}");
        assert_eq!(files(&world, "source"), ["base.ndjson", "newer.ndjson"], "{round}");
        assert_eq!(world.versions("Patient/p"), 1, "{round}");
        world.pass(24);
    }
    // What has nothing but an older version is finished with the newer one.
    world.write("base.ndjson", &[patient("p", 1), medicine("m")]);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(files(&world, "source"), [""; 0]);
    assert_eq!(world.versions("Patient/p"), 1);
}

/// A source whose records stay where they are needs what they refer to, though its own are all confirmed.
#[test]
fn what_a_source_that_archives_nothing_refers_to_stays() {
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(of("moved")).unwrap();
    std::fs::create_dir_all(of("kept")).unwrap();
    let write = |name: &str, all: &[Value]| {
        let lines: String = all.iter().map(|one| format!("{one}\n")).collect();
        std::fs::write(of(name), lines).unwrap();
    };
    write("moved/p.ndjson", &[patient("p", 1)]);
    write("moved/q.ndjson", &[patient("q", 1)]);
    write("kept/day.ndjson", &[given("a", "p", 1)]);
    let archive = FileArchive { folder: of("done"), copy: false };
    let limits = SourceLimits::default();
    let moved = FolderSource::new(of("moved"), limits).archiving(archive);
    let sources = Sources::new(vec![
        ("moved".to_owned(), Box::new(moved)),
        ("kept".to_owned(), Box::new(FolderSource::new(of("kept"), limits))),
    ]);
    let key = HashKey::new(&zeroize::Zeroizing::new([7; 32]));
    let index = Index::read(&sources, &[], &key).unwrap();
    let finished = finished_files(&sources, &index, []);
    assert_eq!(finished.into_iter().collect::<Vec<_>>(), ["moved: q.ndjson"]);
}

/// A message that is too large is made again, in two, of what is still there.
#[tokio::test]
async fn a_message_that_is_made_again_finds_all_it_refers_to() {
    let mut world = ward(false);
    world.limits.entries = 4;
    let note = "x".repeat(5_000);
    let large = |id: &str| with(given(id, "p", 1), "note", note.clone().into());
    world.write("evening.ndjson", &[large("c"), large("d")]);
    world.register.lock().unwrap().largest = Some(9_000);
    let report = world.run().await;
    assert!(report.messages.iter().any(|message| message.state == State::Released));
    assert_eq!((report.status(), report.held), (RunStatus::Clean, 0));
    assert_eq!(files(&world, "source"), [""; 0]);
    for name in ["a", "b", "c", "d"] {
        assert_eq!(world.versions(&format!("MedicationAdministration/{name}")), 1, "{name}");
    }
}

#[tokio::test]
async fn nothing_moves_while_a_message_is_open() {
    let mut world = ward(false);
    world.limits.entries = 3;
    world.write("day.ndjson", &[given("a", "p", 1)]);
    let other = with(given("b", "q", 1), "medicationReference", reference("Medication/n"));
    world.write("other.ndjson", &[patient("q", 1), medicine("n"), other]);
    let fates: [&[Fate]; 3] =
        [&[Fate::Answered, Fate::NotReached], &[Fate::AnswerLost], &[Fate::Status(503)]];
    for fates in fates {
        world.fates(fates);
        assert_eq!(world.run().await.open_messages, 1, "{fates:?}");
        assert_eq!(files(&world, "done"), [""; 0], "{fates:?}");
        world.pass(24);
    }
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(files(&world, "source"), [""; 0]);
}

#[tokio::test]
async fn a_copy_leaves_the_file_and_is_made_once() {
    let world = ward(true);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    world.pass(24);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    assert_eq!(files(&world, "done"), ["base.ndjson", "day.ndjson"]);
    assert_eq!(files(&world, "source"), ["base.ndjson", "day.ndjson"]);
}

#[tokio::test]
async fn an_archive_that_cannot_be_written_is_reported_and_nothing_is_lost() {
    let world = ward(false);
    std::fs::write(world.folder.path().join("done"), "a file").unwrap();
    let report = world.run().await;
    assert_eq!(report.status(), RunStatus::ToCorrect);
    assert!(matches!(report.source_issues[0].issue, SourceIssueKind::NotArchived { .. }));
    assert_eq!(files(&world, "source"), ["base.ndjson", "day.ndjson"]);
}

/// Forgotten by hand or because the register went back: what a folder has put away it does not give again by itself, so
/// nothing is sent, and that does not look delivered.
#[tokio::test]
async fn what_is_forgotten_is_not_delivered_until_the_source_gives_it_again() {
    for (copy, by_hand) in [(false, true), (false, false), (true, true), (true, false)] {
        let mut world = ward(copy);
        world.organisation = super::world::RECEIPTED;
        world.register.lock().unwrap().receipts = Some(Vec::new());
        let empty = world.register.lock().unwrap().clone();
        assert_eq!(world.run().await.status(), RunStatus::Clean);
        assert_eq!(files(&world, "source").is_empty(), !copy);
        world.pass(24);
        if by_hand {
            let agent = world.agent().await;
            agent.forget_since("2020-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
            agent.outbox().close().await;
        } else {
            *world.register.lock().unwrap() = empty;
        }
        let what = format!("copy: {copy}, by hand: {by_hand}");
        let overview = async || {
            let agent = world.agent().await;
            let overview = agent.outbox().overview().await.unwrap();
            agent.outbox().close().await;
            overview
        };
        if !copy {
            for _ in 0..2 {
                let report = world.run().await;
                assert_eq!((report.new, report.forgotten), (0, 4), "{what}");
                assert_eq!(report.status(), RunStatus::Undelivered, "{what}");
                let overview = overview().await;
                assert_eq!(overview.status, RunStatus::Undelivered, "{what}");
                assert_eq!(overview.forgotten, 4, "{what}");
                let agent = world.agent().await;
                let why = agent.why("MedicationAdministration/a").await.unwrap();
                assert_eq!(why[0].state, crate::why::WhyState::Forgotten, "{what}");
                agent.outbox().close().await;
            }
            for file in files(&world, "done") {
                let done = world.folder.path().join("done").join(&file);
                std::fs::copy(done, world.source().join(file)).unwrap();
            }
        }
        let report = world.run().await;
        assert_eq!((report.new, report.forgotten), (4, 0), "{what}: {report:#?}");
        assert_eq!(report.status(), RunStatus::Clean, "{what}");
        let overview = overview().await;
        assert_eq!((overview.status, overview.forgotten), (RunStatus::Clean, 0), "{what}");
        assert_eq!(world.versions("MedicationAdministration/a"), 1, "{what}");
    }
}
