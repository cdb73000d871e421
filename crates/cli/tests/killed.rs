//! The chain under SIGKILL, with the real program: what was answered is stored, and stored once.
#![allow(clippy::disallowed_methods, reason = "real processes are waited for by the real clock")]

use crate::world;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use world::{Courier, World, lmr};

/// A cheap deterministic sequence for moments and counts.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

#[test]
fn a_receiver_killed_at_any_moment_keeps_every_answered_message_once() {
    const MESSAGES: usize = 200;
    let world = World::make("lmdi-0.9.4", 8, 5000);
    let helseid = world.helseid();
    let mut receiver = world.receiver();
    let courier = Courier::new(&world);
    let messages: Vec<(String, Vec<u8>)> =
        (0..MESSAGES).map(|n| courier.message(n as u64)).collect();

    let done = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicU32::new(0));
    let sender = {
        let (done, answered, messages) =
            (Arc::clone(&done), Arc::clone(&answered), messages.clone());
        thread::spawn(move || {
            let answers: BTreeMap<String, Vec<u8>> = messages
                .iter()
                .map(|(id, body)| {
                    let answer = courier.deliver(body, Duration::from_secs(120));
                    answered.fetch_add(1, Ordering::Relaxed);
                    (id.clone(), answer)
                })
                .collect();
            done.store(true, Ordering::Relaxed);
            (courier, answers)
        })
    };
    let mut dice = Dice(7);
    let mut kills = 0;
    while !done.load(Ordering::Relaxed) {
        // Let some messages through, so that every kill interrupts work of its own.
        let before = answered.load(Ordering::Relaxed);
        let started = Instant::now();
        while answered.load(Ordering::Relaxed) < before + 5
            && !done.load(Ordering::Relaxed)
            && started.elapsed() < Duration::from_secs(60)
        {
            thread::sleep(Duration::from_millis(2));
        }
        thread::sleep(Duration::from_millis(dice.roll(40)));
        if done.load(Ordering::Relaxed) {
            break;
        }
        receiver.kill();
        kills += 1;
        receiver = world.receiver();
    }
    let (courier, answers) = sender.join().expect("the sending thread");
    assert!(kills >= 5, "the receiver was killed {kills} times only");
    assert_eq!(answers.len(), MESSAGES);

    // Every message is there once, whatever was sent twice.
    let stored = world.deliveries();
    let ids: BTreeSet<&str> =
        stored.iter().map(|d| d["messageId"].as_str().expect("an id")).collect();
    assert_eq!(stored.len(), MESSAGES, "messages stored");
    assert_eq!(ids.len(), MESSAGES, "different messages stored");
    // And a resend gets the very bytes of the first answer.
    for (id, body) in messages.iter().step_by(20) {
        assert_eq!(&courier.deliver(body, Duration::from_secs(30)), &answers[id], "answer to {id}");
    }
    assert_eq!(world.deliveries().len(), MESSAGES, "resends store nothing");
    receiver.kill();
    drop(helseid);
}

#[test]
fn a_sender_killed_at_any_moment_delivers_every_resource_once() {
    let world = World::make("lmdi-0.9.4", 120, 10);
    let helseid = world.helseid();
    let receiver = world.receiver();
    let config = world.path().join("sender.toml");
    let run = || {
        let mut command = Command::new(lmr());
        command.args(["send", "run", "--config"]).arg(&config);
        command
    };
    let mut dice = Dice(11);
    for _ in 0..12 {
        let mut child = run()
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("lmr send");
        let until = Instant::now() + Duration::from_millis(100 + dice.roll(1500));
        while Instant::now() < until && child.try_wait().expect("waited").is_none() {
            thread::sleep(Duration::from_millis(5));
        }
        if child.try_wait().expect("waited").is_some() {
            break;
        }
        child.kill().expect("killed");
        child.wait().expect("ended");
    }
    let output = run().output().expect("lmr send");
    assert!(
        output.status.success(),
        "the last run: {}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let deliveries = world.deliveries();
    let sum = |key: &str| {
        deliveries.iter().map(|d| d["counts"][key].as_u64().expect("a count")).sum::<u64>()
    };
    assert!(deliveries.len() > 20, "{} messages only", deliveries.len());
    assert_eq!(sum("refused"), 0);
    assert_eq!(sum("updated"), 0, "no resource has a second version");
    let in_source = world.reported_resources();
    assert_eq!(sum("created"), in_source, "every resource is stored, none twice");
    // Nothing is left to send.
    let again = run().output().expect("lmr send");
    assert!(again.status.success());
    assert_eq!(world.deliveries().len(), deliveries.len());
    drop((receiver, helseid));
}
