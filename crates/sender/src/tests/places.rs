//! A folder whose share is not mounted: it looks like an empty one, and is not called a day without news.

use std::path::Path;

use lmr_lmdi::RuleSetId;

use super::world::{World, given, medicine, patient};
use crate::report::{RunStatus, SourceFailure};
use crate::source::{
    FileError, FolderSource, Marker, Scope, Source as _, SourceIssueKind, SourceLimits,
};

fn ward(is_incremental: bool) -> World {
    let mut world = World::new(RuleSetId::Lmdi094);
    world.incremental = is_incremental;
    fill(&world, "a");
    world
}

fn fill(world: &World, id: &str) {
    world.write("all.ndjson", &[medicine("m"), patient("p", 1), given(id, "p", 1)]);
}

/// Puts another, empty folder in the source's place.
fn replace(world: &World) {
    std::fs::rename(world.source(), world.folder.path().join("before")).unwrap();
    std::fs::create_dir(world.source()).unwrap();
}

fn put_back(world: &World) {
    std::fs::remove_dir_all(world.source()).unwrap();
    std::fs::rename(world.folder.path().join("before"), world.source()).unwrap();
}

/// Notes a folder as a transfer does that found a share mounted there.
async fn note_mounted(world: &World, path: &Path) {
    let agent = world.agent().await;
    let mount = path.canonicalize().unwrap();
    let (name, mark) = (format!("place {}", path.display()), format!("2 {}", mount.display()));
    agent.outbox().set(&name, &mark).await.unwrap();
    agent.outbox().close().await;
}

fn not_mounted(world: &World) -> Option<SourceFailure> {
    let name = world.source().display().to_string();
    Some(SourceFailure::Unavailable { name, reason: FileError::NotMounted })
}

#[cfg(unix)]
#[tokio::test]
async fn an_empty_folder_where_a_share_was_mounted_is_not_an_empty_source() {
    for is_incremental in [true, false] {
        for beside in [&[][..], &[".keep", "README.txt"]] {
            let world = ward(is_incremental);
            assert_eq!(world.run().await.status(), RunStatus::Clean);
            replace(&world);
            note_mounted(&world, &world.source()).await;
            for name in beside {
                std::fs::write(world.source().join(name), "not mounted").unwrap();
            }
            for _ in 0..2 {
                let report = world.run().await;
                assert_eq!(report.source_failure, not_mounted(&world), "{beside:?}");
                assert_eq!((report.status(), report.vanished), (RunStatus::SourceFailed, 0));
                assert_eq!(world.preview().await.report.source_failure, not_mounted(&world));
            }
            put_back(&world);
            let report = world.run().await;
            assert_eq!((report.status(), report.vanished), (RunStatus::Clean, 0), "{beside:?}");
        }
    }
}

/// The folder is the same one, or another one with something in it: nothing is wrong.
#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_was_emptied_or_made_again_is_read() {
    let world = ward(true);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    std::fs::remove_file(world.source().join("all.ndjson")).unwrap();
    assert_eq!(world.run().await.status(), RunStatus::Clean, "a quiet day");
    replace(&world);
    fill(&world, "b");
    assert_eq!(world.run().await.status(), RunStatus::Clean, "made again by the export");
    std::fs::remove_file(world.source().join("all.ndjson")).unwrap();
    assert_eq!(world.run().await.status(), RunStatus::Clean, "a quiet day in the new one");
    assert_eq!(world.versions("MedicationAdministration/b"), 1);
}

/// An export swaps two folders by their names, or a share is mounted again and gives its folders other numbers: each quiet
/// day is one, and is pointed out.
#[cfg(unix)]
#[tokio::test]
async fn an_empty_folder_that_was_made_again_is_a_quiet_day() {
    let world = ward(true);
    assert_eq!(world.run().await.made_again, Vec::<String>::new());
    replace(&world);
    for _ in 0..2 {
        let report = world.run().await;
        assert_eq!(report.status(), RunStatus::Clean);
        assert_eq!(report.made_again, [world.source().display().to_string()]);
        assert_eq!(world.preview().await.report.made_again, report.made_again);
    }
    fill(&world, "b");
    assert_eq!(world.run().await.made_again, Vec::<String>::new());
}

/// The folder is noted by its place, not by how its path is written.
#[cfg(unix)]
#[tokio::test]
async fn a_folder_is_the_same_one_however_its_path_is_written() {
    let world = ward(true);
    world.run().await;
    let agent = world.agent().await;
    let marks = agent.outbox().place_marks().await.unwrap();
    agent.outbox().close().await;
    assert_eq!(marks.into_keys().collect::<Vec<_>>(), [world.source()]);
    let below = std::env::current_dir().unwrap();
    let relative = FolderSource::new("src", SourceLimits::default());
    let scanned = relative.scan(Scope::All, &mut |_| Ok(())).unwrap();
    let here = scanned.places.iter().find(|place| place.below.is_none()).unwrap();
    assert_eq!(here.path, below.join("src"));
}

/// What the marker of the source's own folder says is nothing of the shares below it.
#[cfg(unix)]
#[test]
fn a_marker_does_not_speak_for_the_folders_below() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("ward-b")).unwrap();
    std::fs::write(folder.path().join(".mounted"), "").unwrap();
    for (marker, expected) in [(None, 2), (Some(".mounted".into()), 1)] {
        let source = FolderSource::new(folder.path(), SourceLimits::default())
            .marked_by(Marker::new(marker));
        let scanned = source.scan(Scope::All, &mut |_| Ok(())).unwrap();
        assert_eq!(scanned.places.len(), expected);
        assert!(scanned.places.iter().any(|place| place.below.as_deref() == Some("ward-b")));
        let scanned = source.scan(Scope::Parts(&["x".to_owned()].into()), &mut |_| Ok(())).unwrap();
        assert_eq!(scanned.places, [], "nothing is looked at for some files alone");
    }
}

/// A share below the source's own folder: the others are sent, and nothing of it has vanished.
#[cfg(unix)]
#[tokio::test]
async fn a_share_below_the_folder_that_is_not_mounted_is_a_part_that_cannot_be_used() {
    let world = ward(false);
    let below = world.source().join("ward-b");
    std::fs::create_dir(&below).unwrap();
    world.write("ward-b/all.ndjson", &[given("b", "p", 1)]);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    std::fs::remove_file(below.join("all.ndjson")).unwrap();
    note_mounted(&world, &below).await;
    let report = world.run().await;
    assert_eq!(report.source_issues.len(), 1, "{:?}", report.source_issues);
    assert_eq!(report.source_issues[0].file, "ward-b");
    let reason = FileError::NotMounted;
    assert_eq!(report.source_issues[0].issue, SourceIssueKind::Unreadable { reason });
    assert_eq!((report.status(), report.vanished), (RunStatus::ToCorrect, 0));
    assert!(report.vanished_unknown);
    // It was moved to this disk for good, and has something in it again: then a quiet day is one.
    world.write("ward-b/all.ndjson", &[given("b", "p", 1)]);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    world.write("ward-b/all.ndjson", &[]);
    std::fs::remove_file(below.join("all.ndjson")).unwrap();
    let report = world.run().await;
    assert_eq!((report.source_issues, report.vanished), (vec![], 1));
}

/// The file of the administrations is empty, and all others are as they were: fewer than half of the records are missing,
/// and none of them was deleted.
#[tokio::test]
async fn a_source_that_has_lost_its_administrations_has_failed() {
    let world = World::new(RuleSetId::Lmdi094);
    let patients: Vec<_> = (0..8).map(|n| patient(&format!("p{n}"), 1)).collect();
    world.write("medicines.ndjson", &[medicine("m")]);
    world.write("patients.ndjson", &patients);
    let all: Vec<_> = (0..4).map(|n| given(&format!("a{n}"), &format!("p{n}"), 1)).collect();
    for (left, is_lost) in [(0, true), (1, false), (4, false)] {
        world.write("given.ndjson", &all);
        world.run().await;
        world.pass(24);
        world.write("given.ndjson", &all[..left]);
        let report = world.run().await;
        let status = if is_lost { RunStatus::SourceFailed } else { RunStatus::Clean };
        assert_eq!((report.status(), report.has_lost_most()), (status, is_lost), "{left}");
        let vanished = if is_lost { 0 } else { 4 - left as u64 };
        assert_eq!((report.vanished, report.lost_administrations > 0), (vanished, is_lost));
        let agent = world.agent().await;
        assert_eq!(agent.outbox().overview().await.unwrap().status, status, "{left}");
    }
}
