//! What gave way when the sender was broken on purpose (b6, b10 to b14), with real processes.

use std::process::Command;
use std::time::{Duration, Instant};

use super::{GIVEN, Served, other_clock, pairs};
use crate::world::{World, now, said};

/// A clock that is wrong is the operator's matter: no record is held for it, and what depended on it goes when the
/// clock is right.
#[test]
fn b6_what_a_wrong_clock_kept_back_goes_by_itself() {
    for wrong in ["+10m", "-23h", "-2d"] {
        let served = Served::new();
        let clock = served.config("clock");
        std::fs::write(&clock, wrong).expect("written");
        let Some(environment) = other_clock(&clock) else { return };
        let run = served.send_with(&["run"], &pairs(&environment));
        assert_ne!(run.status.code(), Some(0), "{wrong}: {}", said(&run));
        let said = served.run(0);
        assert_eq!(served.json(&["status"])["held"], 0, "{wrong}: {said}");
        let stored: u64 =
            served.deliveries().iter().filter_map(|row| row["counts"]["created"].as_u64()).sum();
        assert_eq!(stored, served.reported_resources(), "{wrong}");
    }
}

/// An administration some minutes ahead is held, and sent once it has happened, without a person.
#[test]
fn b6_what_has_not_happened_yet_goes_when_it_has() {
    let served = Served::new();
    let mut given = served.lines(GIVEN);
    let soon = now() + Duration::from_secs(303);
    given[0].as_object_mut().expect("an object").remove("effectivePeriod");
    given[0]["effectiveDateTime"] = soon.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into();
    served.write(GIVEN, &given);
    let first = served.run(1);
    assert_eq!(served.json(&["status"])["held"], 1, "{first}");
    // 300 seconds ahead are tolerated: it takes some seconds until it counts as having happened.
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let run = served.send(&["run"]);
        if run.status.code() == Some(0) {
            break;
        }
        assert!(Instant::now() < until, "{}", said(&run));
        std::thread::sleep(Duration::from_secs(1));
    }
    assert_eq!(served.json(&["status"])["held"], 0);
}

/// The receiver's database.
const FILES: [&str; 3] = ["receiver.sqlite", "receiver.sqlite-wal", "receiver.sqlite-shm"];

/// Copies the receiver's database to names that begin otherwise.
fn copy(world: &World, from: &str, to: &str) {
    for file in FILES {
        let from = world.config(&format!("{from}{file}"));
        if from.exists() {
            std::fs::copy(from, world.config(&format!("{to}{file}"))).expect("copied");
        }
    }
}

/// A register restored from an older backup gets what it lacks, asked to or not; nothing is duplicated.
#[test]
fn b10_a_register_restored_from_a_backup_gets_what_it_lacks() {
    restored(true);
}

#[test]
fn b10_a_restored_register_gets_what_it_lacks_though_nobody_says_that_it_was() {
    restored(false);
}

fn restored(is_asked: bool) {
    let mut served = Served::new();
    let given = served.lines(GIVEN);
    served.write(GIVEN, &given[..6]);
    served.run(0);
    served.receiver.kill();
    copy(&served, "", "backup-");
    let time = now();
    served.receiver = served.world.receiver();
    served.write(GIVEN, &given);
    served.run(0);
    served.receiver.kill();
    for file in FILES {
        drop(std::fs::remove_file(served.config(file)));
    }
    copy(&served, "backup-", "");
    served.receiver = served.world.receiver();
    let lacking = served.deliveries();
    assert_eq!(lacking.len(), 1);
    if is_asked {
        let forgotten = served.send(&["forget", "--since", &time.to_string()]);
        assert_eq!(forgotten.status.code(), Some(0), "{}", said(&forgotten));
        served.run(0);
    } else {
        let run = served.run(0);
        assert!(run.contains("The register has lost 1 message "), "{run}");
        let again = served.run(0);
        assert!(!again.contains("The register has lost"), "{again}");
    }
    let deliveries = served.deliveries();
    let count = |name: &str| -> u64 {
        deliveries.iter().filter_map(|row| row["counts"][name].as_u64()).sum()
    };
    assert_eq!(count("created"), served.reported_resources(), "{deliveries:?}");
    assert_eq!(count("updated"), 0, "{deliveries:?}");
}

/// A pipe or a device in the source is passed over and named; the run ends.
#[test]
fn b12_a_named_pipe_in_the_source_does_not_stop_a_run() {
    let served = Served::new();
    let pipe = served.path().join("source/z.ndjson");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    std::os::unix::fs::symlink("/dev/zero", served.path().join("source/y.ndjson")).expect("a link");
    let started = Instant::now();
    let said = served.run(0);
    assert!(started.elapsed() < Duration::from_secs(30));
    assert!(said.contains("pipes or devices, not read"), "{said}");
}
