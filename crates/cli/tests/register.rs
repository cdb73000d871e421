//! What the register's operators do, with real processes: receipts, audit log, and what comes out of the receiver.

mod world;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use world::{World, lmr};

fn run(arguments: &[&str], config: &Path) -> Output {
    Command::new(lmr())
        .args(arguments)
        .args(["--lang", "en", "--config"])
        .arg(config)
        .output()
        .expect("lmr runs")
}

/// Standard output of a command that must succeed.
fn done(arguments: &[&str], config: &Path) -> String {
    let output = run(arguments, config);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// A register that has taken what a hospital had to send.
fn delivered(administrations: usize, entries_per_bundle: usize) -> World {
    let world = World::make("lmdi-1.1.7", administrations, entries_per_bundle);
    let _helseid = world.helseid();
    let _receiver = world.receiver();
    let sent = run(&["send", "run"], &world.config("sender.toml"));
    let said = String::from_utf8_lossy(&sent.stdout).into_owned();
    assert!(!world.deliveries().is_empty(), "{said}{}", world.log());
    world
}

#[test]
fn the_sender_keeps_receipts_that_the_registers_certificate_verifies() {
    let world = delivered(6, 8);
    let (sender, receiver) = (world.config("sender.toml"), world.config("receiver.toml"));
    let messages = world.deliveries();
    let kept = done(&["receipt", "list"], &sender);
    let rows = json_lines(&kept);
    assert_eq!(rows.len(), messages.len(), "{kept}");
    assert!(rows.len() > 1 && rows.iter().all(|row| row["problem"].is_null()), "{kept}");
    let file = world.config("receipts.jsonl");
    std::fs::write(&file, &kept).expect("written");
    let verify = |certificate: &str| {
        Command::new(lmr())
            .args(["receipt", "verify", "--lang", "en", "--certificate"])
            .arg(world.config(certificate))
            .arg(&file)
            .output()
            .expect("lmr runs")
    };
    let verified = verify("register.pem");
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success(), "{said}");
    assert!(said.contains("no. 1:") && said.contains("accepted"), "{said}");
    assert_eq!(verify("sender.pem").status.code(), Some(1), "another certificate verifies nothing");
    // The register's log has the same; without one of them the chain is not whole.
    let receipts = file.to_str().expect("UTF-8");
    let certificate = world.config("register.pem");
    let certificate = certificate.to_str().expect("UTF-8");
    let log = done(
        &[
            "admin",
            "audit",
            "verify",
            "--receipts",
            receipts,
            "--certificate",
            certificate,
            "--format",
            "json",
        ],
        &receiver,
    );
    let report: Value = serde_json::from_str(&log).expect("JSON");
    assert_eq!(report["problems"], serde_json::json!([]), "{log}");
    assert_eq!(report["kept"], rows.len());
    assert_eq!(report["messages"], messages.len());
    std::fs::write(&file, kept.lines().next_back().expect("a line")).expect("written");
    assert!(verify("register.pem").status.success(), "one alone holds");
    let cut: String = kept.lines().step_by(2).fold(String::new(), |all, line| all + line + "\n");
    std::fs::write(&file, cut).expect("written");
    let gap = verify("register.pem");
    let said = String::from_utf8_lossy(&gap.stdout).into_owned();
    assert_eq!(gap.status.code(), Some(if rows.len() > 2 { 1 } else { 0 }), "{said}");
}

#[test]
fn what_operators_do_is_in_the_audit_log() {
    let world = delivered(1, 50);
    let receiver = world.config("receiver.toml");
    let list = |arguments: &[&str]| {
        let all = [&["admin", "audit", "list", "--format", "json"], arguments].concat();
        json_lines(&done(&all, &receiver))
    };
    let received = list(&[]);
    assert_eq!(received.len(), world.deliveries().len());
    assert_eq!(received[0]["entry"]["action"], "receive");
    let sender = received[0]["chain"].as_str().expect("a chain").to_owned();
    let heads = done(&["admin", "audit", "heads", "--format", "json"], &receiver);
    let file = world.config("heads.jsonl");
    std::fs::write(&file, &heads).expect("written");
    let file = file.to_str().expect("UTF-8");
    done(&["admin", "audit", "verify", "--heads", file], &receiver);
    assert_eq!(list(&["--sender", &sender]).len(), received.len());
    assert_eq!(list(&["--action", "export"]).len(), 0);
    // A register that was put back is found by what was kept.
    let ahead = heads.replace("\"sequence\":1", "\"sequence\":2");
    std::fs::write(file, ahead).expect("written");
    let found = run(&["admin", "audit", "verify", "--heads", file], &receiver);
    let said = String::from_utf8_lossy(&found.stdout).into_owned();
    assert_eq!(found.status.code(), Some(1), "{said}");
    assert!(said.contains("cut off"), "{said}");
}
