//! Files are put away after the register has answered for all that is in them, and never before.

use lmr_lmdi::RuleSetId;

use super::world::{Fate, World, given, medicine, patient, with};
use crate::report::RunStatus;
use crate::source::{FileArchive, SourceIssueKind};

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
    assert_eq!(files(&world, "done"), ["base.ndjson", "day.ndjson"]);
    assert_eq!(files(&world, "source"), ["broken.ndjson", "faulty.ndjson"]);
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
