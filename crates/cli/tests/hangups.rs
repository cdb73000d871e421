//! A reload that is asked for while a program starts (`systemctl reload` right behind `start`).

#![expect(clippy::disallowed_methods, reason = "a test waits for another process")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::world::{Process, World, lmr};

/// The configuration is a pipe, so that the program waits in its start, and becomes a file when it is read.
#[test]
fn a_hangup_in_the_start_does_not_end_a_program_and_is_done_afterwards() {
    let world = World::make("lmdi-0.9.4", 4, 100);
    let _helseid = world.helseid();
    for (arguments, name) in
        [(&["serve"][..], "receiver.toml"), (&["send", "daemon"][..], "sender.toml")]
    {
        let (pipe, file, log) =
            (world.config("pipe.toml"), world.config(name), world.config("start.log"));
        let _ = std::fs::remove_file(&pipe);
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        let child = Command::new(lmr())
            .args(arguments)
            .arg("--config")
            .arg(&pipe)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("lmr");
        // The pipe opens when the program reads it.
        let steps = "exec 3> \"$1\" && kill -HUP \"$3\" && cp \"$2\" \"$1.new\" && mv \"$1.new\" \"$1\" && cat \"$2\" >&3";
        let giving = Command::new("sh")
            .args(["-c", steps, "sh"])
            .args([&pipe, &file])
            .arg(child.id().to_string())
            .spawn();
        let mut process = Process::of(child);
        let given = Process::of(giving.expect("sh")).ends_within(Duration::from_secs(60));
        assert!(given.success(), "{name}: {given}");
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let said = std::fs::read_to_string(&log).expect("a log");
            assert!(process.is_running(), "{name}: {said}");
            if said.contains("read again") {
                break;
            }
            assert!(Instant::now() < until, "{name}: {said}");
            std::thread::sleep(Duration::from_millis(20));
        }
        process.signal("-TERM");
        assert!(process.ends_within(Duration::from_secs(30)).success(), "{name}");
    }
}
