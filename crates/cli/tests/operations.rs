//! docs/operations.md followed literally: the commands of its `sh` blocks, in order.
#![expect(clippy::disallowed_methods, reason = "the program under test runs by the real clock")]

use crate::world;

use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use lmr_sandbox::certificates::{Order, TestCa};
use world::{World, lmr};

/// The lines of a page's blocks in this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let page = std::fs::read_to_string(path).expect("the page");
    let opening = format!("```{language}");
    let mut lines = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line {
            _ if line == opening => inside = true,
            "```" => inside = false,
            _ if inside => lines.push(line.to_owned()),
            _ => {}
        }
    }
    lines
}

/// The lines of the page's `sh` blocks.
fn commands() -> Vec<String> {
    blocks("operations.md", "sh")
}

/// The configuration that a new operator begins with.
#[test]
fn the_smallest_configuration_of_the_page_can_be_used() {
    let world = World::make("lmdi-1.1.7", 1, 51);
    let config = blocks("operations.md", "toml");
    assert_eq!(config, blocks("nb/operations.md", "toml"), "both pages have the same one");
    std::fs::write(world.config("smallest.toml"), config.join("\n")).expect("written");
    let checked = Command::new(lmr())
        .args(["serve", "--check", "--config", "smallest.toml"])
        .current_dir(world.path())
        .output()
        .expect("lmr runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

/// The page's command that writes a number down, with that of a patient in the export before it.
fn number_of_somebody(world: &World) -> String {
    let patients = world.config("exported/Patient.ndjson");
    let patients = std::fs::read_to_string(patients).expect("the export has patients");
    let first = patients.lines().next().expect("a patient");
    let patient: serde_json::Value = serde_json::from_str(first).expect("JSON");
    let number = patient["identifier"][0]["value"].as_str().expect("an identity number");
    format!("echo {number} > number")
}

#[test]
fn the_page_for_operators_can_be_followed() {
    let world = World::make("lmdi-1.1.7", 2, 50);
    let _helseid = world.helseid();
    // The world brings a key; the page makes one.
    std::fs::remove_file(world.config("column.key")).expect("removed");
    let now = Timestamp::now();
    let ca = TestCa::new(now).expect("an authority");
    for name in ["old.pem", "new.pem"] {
        let made =
            ca.enterprise(&Order::new("310000019", "Liksom kommune", now)).expect("a certificate");
        std::fs::write(world.config(name), made.certificate_pem).expect("written");
    }
    let binary = Path::new(lmr()).parent().expect("a folder").display().to_string();
    let path = std::env::var("PATH").expect("a path");
    let mut receiver = None;
    let lines = commands();
    assert!(lines.len() > 20, "the page has lost its commands");
    for line in lines {
        if line.starts_with("lmr serve --config") {
            receiver = Some(world.receiver());
            // Something to look at, to back up and to export.
            let sent = Command::new(lmr())
                .args(["send", "run", "--config"])
                .arg(world.config("sender.toml"))
                .output()
                .expect("lmr runs");
            assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
            continue;
        }
        // The page's number is nobody's. Here somebody who was delivered has to have it.
        let line = if line.ends_with("> number") { number_of_somebody(&world) } else { line };
        let output = Command::new("sh")
            .args(["-c", &line])
            .current_dir(world.path())
            .env("PATH", format!("{binary}:{path}"))
            .env("LMR_LANG", "en")
            .output()
            .expect("sh");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{line}: {said}");
    }
    assert!(receiver.is_some());
    let listed = |config: &str| {
        let output = Command::new(lmr())
            .args(["admin", "deliveries", "--format", "json", "--config"])
            .arg(world.config(config))
            .output()
            .expect("lmr runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let restored = listed("restored/receiver.toml");
    assert!(!restored.is_empty(), "the backup has what was delivered");
    assert_eq!(restored, listed("receiver.toml"));
    assert!(world.config("exported/MedicationAdministration.ndjson").is_file());
}
