//! Signals and logs of processes that run for months: a hang-up reads again, a log that cannot be written holds up
//! nobody, and SIGTERM ends both within 20 seconds.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{GIVEN, Served};
use crate::world::{Process, World, lmr, said};

/// Where a log goes that cannot be written.
fn broken_logs() -> Vec<(&'static str, Stdio)> {
    let full = File::options().write(true).open("/dev/full").expect("/dev/full");
    // A pipe whose reader is gone.
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().expect("true");
    let pipe = reader.stdin.take().expect("a pipe");
    reader.wait().expect("ended");
    vec![("a full disk", full.into()), ("a reader that is gone", pipe.into())]
}

fn start(world: &World, arguments: &[&str], config: &str, log: Stdio) -> Process {
    let child = Command::new(lmr())
        .args(arguments)
        .arg("--config")
        .arg(world.config(config))
        .stdout(Stdio::null())
        .stderr(log)
        .spawn();
    Process::of(child.expect("started"))
}

#[test]
fn b1_sigterm_ends_a_receiver_whose_log_cannot_be_written() {
    for (name, log) in broken_logs() {
        let world = World::make("lmdi-0.9.4", 3, 1000);
        let _helseid = world.helseid();
        let mut receiver = start(&world, &["serve"], "receiver.toml", log);
        world.wait_for_receiver();
        world.run(0);
        receiver.signal("-HUP");
        receiver.signal("-TERM");
        let status = receiver.ends_within(Duration::from_secs(20));
        assert!(status.success(), "{name}: {status}");
    }
}

#[test]
fn b1_sigterm_ends_a_daemon_whose_log_cannot_be_written() {
    for (name, log) in broken_logs() {
        let served = Served::new();
        served.schedule_in(8);
        let mut daemon = start(&served, &["send", "daemon"], "sender.toml", log);
        // It works all the same.
        let until = std::time::Instant::now() + Duration::from_secs(30);
        while served.deliveries().is_empty() {
            assert!(std::time::Instant::now() < until, "{name}: nothing was delivered");
            std::thread::sleep(Duration::from_millis(100));
        }
        daemon.signal("-TERM");
        let status = daemon.ends_within(Duration::from_secs(20));
        assert!(status.success(), "{name}: {status}");
    }
}

/// A single command whose standard error cannot be written still has its exit status.
#[test]
fn b1_the_exit_status_does_not_depend_on_the_log() {
    let served = Served::new();
    let mut given = served.lines(GIVEN);
    given[0]["status"] = "given".into();
    served.write(GIVEN, &given);
    for (name, log) in broken_logs() {
        let mut run = start(&served, &["send", "run"], "sender.toml", log);
        assert_eq!(run.ends_within(Duration::from_secs(60)).code(), Some(1), "{name}");
    }
    for (name, log) in broken_logs() {
        let mut run = start(&served, &["send", "status"], "none.toml", log);
        assert_eq!(run.ends_within(Duration::from_secs(60)).code(), Some(2), "{name}");
    }
}

/// A hang-up of the daemon has a changed schedule and address used; the log names what cannot be read.
#[test]
fn a9_a_hangup_has_the_daemon_use_a_changed_configuration() {
    let served = Served::new();
    served.schedule_in(3600);
    let mut daemon = served.daemon(&[]);
    served.daemon_says("waiting");
    served.set("sender.toml", "hash.key", "none.key");
    daemon.signal("-HUP");
    let failed = served.daemon_says("reloading failed");
    assert!(failed.contains("ERROR") && failed.contains("none.key"), "{failed}");
    served.set("sender.toml", "none.key", "hash.key");
    let text = std::fs::read_to_string(served.config("sender.toml")).expect("a file");
    let at = text.lines().find(|line| line.starts_with("at = ")).expect("a time").to_owned();
    served.set("sender.toml", &format!("[schedule]\n{at}\n"), "");
    served.schedule_in(8);
    daemon.signal("-HUP");
    let ended = served.daemon_says("the run ended");
    assert!(ended.contains("Clean"), "{ended}");
    assert!(daemon.is_running());
}

/// A hang-up of the receiver has the senders of its file read again.
#[test]
fn a9_a_hangup_has_the_receiver_read_its_senders_again() {
    let served = Served::new();
    served.run(0);
    served.set("receiver.toml", "[[avsender]]\n", "[[avsender]]\nactive = false\n");
    served.receiver.signal("-HUP");
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while !served.log().contains("read again") {
        assert!(std::time::Instant::now() < until, "{}", served.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut given = served.lines(GIVEN);
    given[0]["dosage"]["dose"]["value"] = 77.into();
    served.write(GIVEN, &given);
    let run = served.send(&["run"]);
    assert_eq!(run.status.code(), Some(4), "{}", said(&run));
}
