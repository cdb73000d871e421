//! `lmr send` as people and service managers use it: real processes, a simulated register and HelseID.
#![allow(clippy::disallowed_methods, reason = "real processes are waited for by the real clock")]

mod world;

use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use world::{World, lmr};

fn send(world: &World, arguments: &[&str]) -> Output {
    Command::new(lmr())
        .arg("send")
        .args(arguments)
        .arg("--config")
        .arg(world.config("sender.toml"))
        .output()
        .expect("lmr send")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn json(world: &World, arguments: &[&str]) -> Value {
    let output = send(world, &[arguments, &["--format", "json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)))
}

fn lines(world: &World, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(world.path().join("source").join(file)).expect("a file");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn write(world: &World, file: &str, resources: &[Value]) {
    let text: String = resources.iter().map(|resource| format!("{resource}\n")).collect();
    std::fs::write(world.path().join("source").join(file), text).expect("written");
}

const GIVEN: &str = "MedicationAdministration.ndjson";

/// n1, n2, n14, n17, n20 and the exit statuses, in one world.
#[test]
fn a_hospital_finds_out_what_is_wrong_and_what_became_of_it() {
    let world = World::make("lmdi-0.9.4", 12, 1000);
    let dry = send(&world, &["run", "--dry-run", "--lang", "en"]);
    assert_eq!(dry.status.code(), Some(0), "{}", text(&dry));
    assert!(text(&dry).contains("Dry run: nothing was sent"), "{}", text(&dry));
    assert!(!world.config("sender.sqlite").exists(), "a dry run makes no database");

    let (_helseid, _receiver) = (world.helseid(), world.receiver());
    let first = send(&world, &["run"]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first));
    assert_eq!(send(&world, &["status"]).status.code(), Some(0));

    // One wrong status: named once, with the value, the allowed ones and the remedy.
    let correct = lines(&world, GIVEN);
    let mut wrong = correct.clone();
    wrong[0]["status"] = "utdelt-zq7".into();
    write(&world, GIVEN, &wrong);
    assert_eq!(send(&world, &["run"]).status.code(), Some(1));
    let rejected = text(&send(&world, &["rejected", "--lang", "en"]));
    assert!(rejected.contains("«utdelt-zq7»"), "{rejected}");
    assert!(rejected.contains("Allowed: ") && rejected.contains("completed"), "{rejected}");
    assert_eq!(rejected.matches("«utdelt-zq7»").count(), 1, "one cause once: {rejected}");
    let held = json(&world, &["rejected"]);
    assert_eq!(held[0]["findings"][0]["value"], "utdelt-zq7");
    for arguments in [&["rejected", "--redact"][..], &["rejected", "--redact", "--format", "json"]]
    {
        let redacted = text(&send(&world, arguments));
        let id = wrong[0]["id"].as_str().expect("an id");
        assert!(!redacted.contains("zq7") && !redacted.contains(id), "{redacted}");
    }
    assert_eq!(send(&world, &["status"]).status.code(), Some(1));
    write(&world, GIVEN, &correct);
    assert_eq!(send(&world, &["run"]).status.code(), Some(0));

    // A record that is gone is reported and annulled.
    let id = correct[1]["id"].as_str().expect("an id");
    write(&world, GIVEN, &[&correct[..1], &correct[2..]].concat());
    let gone = send(&world, &["run", "--lang", "en"]);
    assert!(text(&gone).contains("lmr send annul"), "{}", text(&gone));
    let vanished = json(&world, &["vanished"]);
    assert_eq!(vanished[0]["resource_id"], id);
    let number = vanished[0]["number"].to_string();
    let annulled = send(&world, &["annul", "--number", &number, "--reason", "wrong patient"]);
    assert_eq!(annulled.status.code(), Some(0), "{}", text(&annulled));
    assert_eq!(json(&world, &["why", id])[0]["state"]["state"], "annulled");
    assert_eq!(json(&world, &["vanished"]), Value::Array(Vec::new()));

    // An empty source, and one that is not there.
    std::fs::rename(world.path().join("source"), world.path().join("aside")).expect("renamed");
    assert_eq!(send(&world, &["run"]).status.code(), Some(5));
    std::fs::create_dir(world.path().join("source")).expect("made");
    let empty = send(&world, &["run", "--lang", "en"]);
    assert_eq!(empty.status.code(), Some(5), "{}", text(&empty));
    assert!(text(&empty).contains("The source is empty"), "{}", text(&empty));
    let status = send(&world, &["status", "--lang", "en"]);
    assert_eq!(status.status.code(), Some(5));
    assert!(text(&status).contains("The source is empty"), "{}", text(&status));
}

/// A cheap deterministic sequence.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap_or_default() % below
    }
}

/// The leaves of a resource, by JSON pointer.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(n, item)| leaves(item, &format!("{at}/{n}"), found));
        }
        _ => found.push(at.to_owned()),
    }
}

/// `--redact` hides every value: whatever element of whatever resource has a value that is in no code list
/// and no rule, that value is nowhere in the list, in neither language nor format.
#[test]
fn redacting_hides_every_value_of_generated_instances() {
    for ruleset in ["lmdi-0.9.4", "lmdi-1.1.7"] {
        let world = World::make(ruleset, 40, 1000);
        let mut dice = Dice(5);
        let mut tokens: Vec<String> = Vec::new();
        for file in std::fs::read_dir(world.path().join("source")).expect("a folder") {
            let name = file.expect("a file").file_name().into_string().expect("UTF-8");
            let mut resources = lines(&world, &name);
            for (at, resource) in resources.iter_mut().enumerate() {
                let mut found = Vec::new();
                leaves(resource, "", &mut found);
                found.retain(|pointer| pointer != "/resourceType");
                // Up to three faults in each; ids stay different, so that all are kept apart.
                for n in 0..=dice.roll(3) {
                    let pointer = &found[dice.roll(found.len())];
                    let leaf = resource.pointer_mut(pointer).expect("a leaf");
                    let number = 771_000_000 + tokens.len() * 10 + n;
                    let (token, value) = match leaf {
                        Value::Number(_) => (number.to_string(), Value::from(number)),
                        _ => {
                            let token = format!("zq{at}x{number}");
                            (token.clone(), Value::from(token))
                        }
                    };
                    *leaf = value;
                    tokens.push(token);
                }
            }
            write(&world, &name, &resources);
        }
        // Nobody answers, but everything is checked and held.
        let run = send(&world, &["run"]).status.code();
        assert!(matches!(run, Some(1 | 3)), "{ruleset}: {run:?}");
        let held = json(&world, &["rejected"]);
        let held = held.as_array().expect("a list");
        assert!(held.len() > 30, "{ruleset}: only {} held", held.len());
        let shown = held.iter().flat_map(|row| row["findings"].as_array().expect("findings"));
        assert!(shown.filter(|finding| finding["value"].is_string()).count() > 20, "{ruleset}");
        for arguments in [
            &["rejected", "--redact", "--lang", "nb"][..],
            &["rejected", "--redact", "--lang", "en"],
            &["rejected", "--redact", "--format", "json"],
        ] {
            let list = text(&send(&world, arguments));
            for token in &tokens {
                assert!(!list.contains(token.as_str()), "{ruleset} {arguments:?}: {token}\n{list}");
            }
        }
    }
}

fn daemon(world: &World) -> Child {
    let log = std::fs::File::create(world.path().join("daemon.log")).expect("a log");
    Command::new(lmr())
        .args(["send", "daemon", "--config"])
        .arg(world.config("sender.toml"))
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("lmr send daemon")
}

fn wait_for(world: &World, words: &str) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let log = std::fs::read_to_string(world.path().join("daemon.log")).unwrap_or_default();
        if log.contains(words) {
            return;
        }
        assert!(Instant::now() < until, "no '{words}' in: {log}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(status.expect("kill").success());
}

/// n23, a9, a8
#[cfg(unix)]
#[test]
fn a_daemon_is_alone_reloads_on_sighup_and_ends_on_sigterm() {
    let world = World::make("lmdi-0.9.4", 8, 1000);
    let mut first = daemon(&world);
    wait_for(&world, "waiting");
    // A second one says why it does not start.
    let second = send(&world, &["daemon", "--lang", "en"]);
    assert!(!second.status.success());
    assert!(text(&second).contains("another lmr send daemon"), "{}", text(&second));
    // A hang-up has the configuration read again, and a broken one changes nothing.
    signal(&first, "-HUP");
    wait_for(&world, "read again");
    let config = std::fs::read_to_string(world.config("sender.toml")).expect("a file");
    std::fs::write(world.config("sender.toml"), "rubbish = ").expect("written");
    signal(&first, "-HUP");
    wait_for(&world, "reloading failed");
    assert!(first.try_wait().expect("waited").is_none(), "a hang-up never ends it");
    std::fs::write(world.config("sender.toml"), config).expect("written");
    signal(&first, "-TERM");
    let until = Instant::now() + Duration::from_secs(20);
    let status = loop {
        if let Some(status) = first.try_wait().expect("waited") {
            break status;
        }
        assert!(Instant::now() < until, "the daemon does not end");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success(), "{status}");
}
