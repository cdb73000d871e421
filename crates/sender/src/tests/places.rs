//! A folder whose share is not mounted: it looks like an empty one, and is not called a day without news.

use lmr_lmdi::RuleSetId;

use super::world::{World, given, medicine, patient};
use crate::report::{RunStatus, SourceFailure};
use crate::source::{FileError, SourceIssueKind};

fn ward(is_incremental: bool) -> World {
    let mut world = World::new(RuleSetId::Lmdi094);
    world.incremental = is_incremental;
    fill(&world, "a");
    world
}

fn fill(world: &World, id: &str) {
    world.write("all.ndjson", &[medicine("m"), patient("p", 1), given(id, "p", 1)]);
}

/// Puts another, empty folder in the source's place, as below a mount point.
fn unmount(world: &World) {
    std::fs::rename(world.source(), world.folder.path().join("share")).unwrap();
    std::fs::create_dir(world.source()).unwrap();
}

fn mount(world: &World) {
    std::fs::remove_dir_all(world.source()).unwrap();
    std::fs::rename(world.folder.path().join("share"), world.source()).unwrap();
}

fn not_mounted(world: &World) -> Option<SourceFailure> {
    let name = world.source().display().to_string();
    Some(SourceFailure::Unavailable { name, reason: FileError::NotMounted })
}

#[cfg(unix)]
#[tokio::test]
async fn an_empty_folder_in_the_place_of_the_one_that_was_read_is_not_an_empty_source() {
    for is_incremental in [true, false] {
        for beside in [&[][..], &[".keep", "README.txt"]] {
            let world = ward(is_incremental);
            assert_eq!(world.run().await.status(), RunStatus::Clean);
            unmount(&world);
            for name in beside {
                std::fs::write(world.source().join(name), "not mounted").unwrap();
            }
            for _ in 0..2 {
                let report = world.run().await;
                assert_eq!(report.source_failure, not_mounted(&world), "{beside:?}");
                assert_eq!((report.status(), report.vanished), (RunStatus::SourceFailed, 0));
                assert_eq!(world.preview().await.report.source_failure, not_mounted(&world));
            }
            mount(&world);
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
    unmount(&world);
    fill(&world, "b");
    assert_eq!(world.run().await.status(), RunStatus::Clean, "made again by the export");
    std::fs::remove_file(world.source().join("all.ndjson")).unwrap();
    assert_eq!(world.run().await.status(), RunStatus::Clean, "a quiet day in the new one");
    assert_eq!(world.versions("MedicationAdministration/b"), 1);
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
    // As a transfer noted it that found a mounted share there.
    let agent = world.agent().await;
    let place = format!("place {}", below.display());
    agent.outbox().set(&place, "mounted 2").await.unwrap();
    drop(agent);
    let report = world.run().await;
    assert_eq!(report.source_issues.len(), 1, "{:?}", report.source_issues);
    assert_eq!(report.source_issues[0].file, "ward-b");
    let reason = FileError::NotMounted;
    assert_eq!(report.source_issues[0].issue, SourceIssueKind::Unreadable { reason });
    assert_eq!((report.status(), report.vanished), (RunStatus::ToCorrect, 0));
    assert!(report.vanished_unknown);
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
