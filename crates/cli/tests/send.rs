//! `lmr send` as people and service managers use it: real processes, a simulated register and HelseID.
#![allow(clippy::disallowed_methods, reason = "real processes are waited for by the real clock")]

use crate::world;

use std::time::Duration;

use serde_json::Value;
use world::{World, said};

const GIVEN: &str = "MedicationAdministration.ndjson";

/// n1, n2, n14, n17, n20 and the exit statuses, in one world.
#[test]
fn n1_n14_n20_b11_a_hospital_finds_out_what_is_wrong_and_what_became_of_it() {
    let world = World::make("lmdi-0.9.4", 12, 1000);
    let dry = world.send(&["run", "--dry-run", "--lang", "en"]);
    assert_eq!(dry.status.code(), Some(0), "{}", said(&dry));
    assert!(said(&dry).contains("Dry run: nothing was sent"), "{}", said(&dry));
    assert!(!world.config("sender.sqlite").exists(), "a dry run makes no database");

    let (_helseid, _receiver) = (world.helseid(), world.receiver());
    let first = world.send(&["run"]);
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    assert_eq!(world.send(&["status"]).status.code(), Some(0));

    // One wrong status: named once, with the value, the allowed ones and the remedy.
    let correct = world.lines(GIVEN);
    let mut wrong = correct.clone();
    wrong[0]["status"] = "utdelt-zq7".into();
    world.write(GIVEN, &wrong);
    assert_eq!(world.send(&["run"]).status.code(), Some(1));
    let rejected = said(&world.send(&["rejected", "--lang", "en"]));
    assert!(rejected.contains("«utdelt-zq7»"), "{rejected}");
    assert!(rejected.contains("Allowed: ") && rejected.contains("completed"), "{rejected}");
    assert_eq!(rejected.matches("«utdelt-zq7»").count(), 1, "one cause once: {rejected}");
    let held = world.json(&["rejected"]);
    assert_eq!(held[0]["findings"][0]["value"], "utdelt-zq7");
    for arguments in [&["rejected", "--redact"][..], &["rejected", "--redact", "--format", "json"]]
    {
        let redacted = said(&world.send(arguments));
        let id = wrong[0]["id"].as_str().expect("an id");
        assert!(!redacted.contains("zq7") && !redacted.contains(id), "{redacted}");
    }
    // Without the source the list has what is in the ledger, and says what it lacks.
    let (source, aside) = (world.path().join("source"), world.path().join("aside"));
    std::fs::rename(&source, &aside).expect("renamed");
    let without = world.send(&["rejected", "--lang", "en"]);
    std::fs::rename(&aside, &source).expect("renamed back");
    assert!(said(&without).contains("the source cannot be read now"), "{}", said(&without));
    assert!(said(&without).contains("LMR-"), "{}", said(&without));
    assert_eq!(world.send(&["status"]).status.code(), Some(1));
    world.write(GIVEN, &correct);
    assert_eq!(world.send(&["run"]).status.code(), Some(0));

    // A record that is gone is reported and annulled.
    let id = correct[1]["id"].as_str().expect("an id");
    world.write(GIVEN, &[&correct[..1], &correct[2..]].concat());
    let gone = world.send(&["run", "--lang", "en"]);
    assert!(said(&gone).contains("lmr send annul"), "{}", said(&gone));
    let vanished = world.json(&["vanished"]);
    assert_eq!(vanished[0]["resource_id"], id);
    let number = vanished[0]["number"].to_string();
    let annulled = world.send(&["annul", "--number", &number, "--reason", "wrong patient"]);
    assert_eq!(annulled.status.code(), Some(0), "{}", said(&annulled));
    assert_eq!(world.json(&["why", id])[0]["state"]["state"], "annulled");
    assert_eq!(world.json(&["vanished"]), Value::Array(Vec::new()));

    // A source that is not there, and an empty folder in its place.
    std::fs::rename(world.path().join("source"), world.path().join("aside")).expect("renamed");
    assert_eq!(world.send(&["run"]).status.code(), Some(5));
    std::fs::create_dir(world.path().join("source")).expect("made");
    let empty = world.send(&["run", "--lang", "en"]);
    assert_eq!(empty.status.code(), Some(5), "{}", said(&empty));
    assert!(said(&empty).contains("The source is empty"), "{}", said(&empty));
    let status = world.send(&["status", "--lang", "en"]);
    assert_eq!(status.status.code(), Some(5));
    assert!(said(&status).contains("The source is empty"), "{}", said(&status));
    let vanished = said(&world.send(&["vanished", "--lang", "en"]));
    assert!(vanished.contains("not looked for by the last transfer"), "{vanished}");
    assert!(vanished.contains("The source is empty"), "{vanished}");
}

/// A complete source without its administrations: what to do is named, and nothing is called as it was.
#[test]
fn a_source_without_its_administrations_says_what_to_do() {
    let world = World::make("lmdi-0.9.4", 12, 1000);
    let (_helseid, _receiver) = (world.helseid(), world.receiver());
    world.run(0);
    world.write(GIVEN, &[]);
    let run = world.run(5);
    for (arguments, status) in [(&["status"][..], 5), (&["vanished"], 0)] {
        let output = world.send(arguments);
        assert_eq!(output.status.code(), Some(status), "{}", said(&output));
        for text in [&run, &said(&output)] {
            assert!(text.contains("not a single administration any more"), "{text}");
            assert!(text.contains("Correct the export"), "{text}");
            assert!(text.contains("entered-in-error"), "{text}");
        }
    }
    let vanished = said(&world.send(&["vanished"]));
    assert!(!vanished.contains("Nothing delivered has vanished"), "{vanished}");
}

/// Another receiver on the same ledger: who looks before hears of it, and nothing is sent or forgotten.
#[test]
fn another_receiver_is_named_by_the_dry_run_by_doctor_and_by_the_run() {
    let world = World::make("lmdi-0.9.4", 6, 1000);
    let _helseid = world.helseid();
    let receiver = world.receiver();
    world.run(0);
    let doctor = |id: &str| {
        let output = std::process::Command::new(world::lmr())
            .args(["doctor", "--format", "json", "--config"])
            .arg(world.config("sender.toml"))
            .env("LMR_LANG", "en")
            .output()
            .expect("lmr doctor");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let mut rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let found = rows.find(|row| row["check"] == id);
        found.map(|row| row["text"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(doctor("receiver.ledger"), None);
    let (own, other) = ("http://127.0.0.1:", "http://localhost:");
    let port = world.receiver_port.to_string();
    let (own, other) = (format!("{own}{port}/"), format!("{other}{port}/"));

    // Nothing answers at the new address.
    drop(receiver);
    world.set("sender.toml", &own, &other);
    let run = world.run(3);
    assert!(run.contains("could not be asked now"), "{run}");
    assert!(run.contains("The source was not read"), "{run}");
    assert!(!run.contains("files read") && !run.contains("file read"), "{run}");
    let status = world.send(&["status"]);
    assert_eq!(status.status.code(), Some(3), "{}", said(&status));
    assert!(said(&status).contains("The source was not read the last time"), "{}", said(&status));
    let history = said(&world.send(&["history"]));
    assert!(history.contains("the source was not read"), "{history}");

    // Another register does.
    for entry in std::fs::read_dir(world.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("receiver.sqlite") {
            std::fs::remove_file(path).expect("removed");
        }
    }
    let _receiver = world.receiver();
    let dry = said(&world.send(&["run", "--dry-run"]));
    assert!(dry.contains("stops if it is not the same register"), "{dry}");
    let named = doctor("receiver.ledger").expect("named");
    assert!(named.contains("the transfer stops") && named.contains("--same-register"), "{named}");
    let run = world.run(4);
    assert!(run.contains("no receipt shows that it is the same register"), "{run}");
    assert_eq!(world.deliveries(), Vec::<Value>::new());
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

/// A value that is in no code list and no rule, in the forms that values have.
fn marked(dice: &mut Dice, leaf: &Value, at: usize, number: usize) -> (String, Value) {
    if leaf.is_number() {
        return (number.to_string(), Value::from(number));
    }
    let token = format!("zq{at}x{number}");
    let value = match dice.roll(6) {
        0 => format!("https://{token}.example/fhir/Patient/1"),
        1 => format!("https://journal.example/fhir/Patient/{token}?a=1"),
        2 => format!("urn:oid:{token}"),
        3 => format!("Patient/{token}"),
        _ => token.clone(),
    };
    (token, Value::from(value))
}

/// `--redact` hides every value: whatever element of whatever resource has a value that is in no code list
/// and no rule, that value is nowhere in a list or report, in neither language nor format. Without the flag
/// it is in no log line and not in the ledger, except as the key or id that the ledger is there to name.
#[test]
fn n20_redacting_hides_every_value_of_generated_instances() {
    for ruleset in ["lmdi-0.9.4", "lmdi-1.1.7"] {
        let world = World::make(ruleset, 40, 1000);
        let mut dice = Dice(5);
        let (mut tokens, mut names): (Vec<String>, Vec<String>) = Default::default();
        for file in std::fs::read_dir(world.path().join("source")).expect("a folder") {
            let name = file.expect("a file").file_name().into_string().expect("UTF-8");
            let mut resources = world.lines(&name);
            for (at, resource) in resources.iter_mut().enumerate() {
                let mut found = Vec::new();
                leaves(resource, "", &mut found);
                found.retain(|pointer| pointer != "/resourceType");
                // Up to three faults in each; ids stay different, so that all are kept apart.
                for n in 0..=dice.roll(3) {
                    let pointer = &found[dice.roll(found.len())];
                    let leaf = resource.pointer_mut(pointer).expect("a leaf");
                    let number = 771_000_000 + tokens.len() * 10 + n;
                    let (token, value) = marked(&mut dice, leaf, at, number);
                    *leaf = value;
                    let is_name = pointer == "/id" || pointer.starts_with("/identifier/");
                    tokens.push(token.clone());
                    if is_name {
                        names.push(token);
                    }
                }
            }
            world.write(&name, &resources);
        }
        // Nobody answers, but everything is checked and held.
        let run = world.send(&["run"]);
        assert!(matches!(run.status.code(), Some(1 | 3)), "{ruleset}: {}", said(&run));
        let mut kept = run.stderr;
        for file in ["sender.sqlite", "sender.sqlite-wal"] {
            kept.extend(std::fs::read(world.config(file)).unwrap_or_default());
        }
        let kept = String::from_utf8_lossy(&kept);
        for token in tokens.iter().filter(|token| !names.contains(token)) {
            assert!(
                !kept.contains(token.as_str()),
                "{ruleset}: {token} is in the log or the ledger"
            );
        }
        let held = world.json(&["rejected"]);
        let held = held.as_array().expect("a list");
        assert!(held.len() > 30, "{ruleset}: only {} held", held.len());
        let shown = held.iter().flat_map(|row| row["findings"].as_array().expect("findings"));
        assert!(shown.filter(|finding| finding["value"].is_string()).count() > 20, "{ruleset}");
        for arguments in [
            &["rejected", "--redact", "--lang", "nb"][..],
            &["rejected", "--redact", "--lang", "en"],
            &["rejected", "--redact", "--format", "json"],
        ] {
            let list = said(&world.send(arguments));
            for token in &tokens {
                assert!(!list.contains(token.as_str()), "{ruleset} {arguments:?}: {token}\n{list}");
            }
        }
        let source = world.path().join("source");
        let source = source.to_str().expect("UTF-8");
        for rules in ["none", ruleset] {
            for format in ["text", "json", "operation-outcome", "sarif", "junit", "github"] {
                for lang in ["nb", "en"] {
                    let output = std::process::Command::new(world::lmr())
                        .args(["validate", "--redact", "--ruleset", rules, "--format", format])
                        .args(["--lang", lang, source])
                        .output()
                        .expect("lmr validate");
                    assert_eq!(
                        output.status.code(),
                        Some(1),
                        "{rules} {format}: {}",
                        said(&output)
                    );
                    let report = said(&output);
                    let found = tokens.iter().find(|token| report.contains(token.as_str()));
                    assert_eq!(found, None, "{rules} {format} {lang}: {report}");
                }
            }
        }
    }
}

/// A page shows the resource itself, so it cannot leave the values out.
#[test]
fn n20_a_page_with_redacted_values_is_refused() {
    let world = World::make("lmdi-0.9.4", 2, 100);
    let patient = world.config("patient.json");
    std::fs::write(&patient, world.lines("Patient.ndjson")[0].to_string()).expect("written");
    let output = std::process::Command::new(world::lmr())
        .args(["validate", "--redact", "--format", "html", "--lang", "en"])
        .arg(&patient)
        .output()
        .expect("lmr validate");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("shows the resource itself"), "{}", said(&output));
}

#[cfg(unix)]
#[test]
fn n23_a8_a9_a_daemon_is_alone_reloads_on_sighup_and_ends_on_sigterm() {
    let world = World::make("lmdi-0.9.4", 8, 1000);
    let mut first = world.daemon(&[]);
    world.daemon_says("waiting");
    // A second one says why it does not start.
    let second = world.send(&["daemon", "--lang", "en"]);
    assert_eq!(second.status.code(), Some(3), "it passes when the first one ends");
    assert!(said(&second).contains("another lmr send daemon"), "{}", said(&second));
    // A hang-up has the configuration read again, and a broken one changes nothing.
    first.signal("-HUP");
    world.daemon_says("read again");
    let config = std::fs::read_to_string(world.config("sender.toml")).expect("a file");
    std::fs::write(world.config("sender.toml"), "rubbish = ").expect("written");
    first.signal("-HUP");
    world.daemon_says("reloading failed");
    assert!(first.is_running(), "a hang-up never ends it");
    let elsewhere = config.replace("sender.sqlite", "another.sqlite");
    std::fs::write(world.config("sender.toml"), elsewhere).expect("written");
    first.signal("-HUP");
    world.daemon_says("that takes a restart");
    assert!(!world.config("another.sqlite").exists(), "without its lock");
    std::fs::write(world.config("sender.toml"), config).expect("written");
    first.signal("-TERM");
    let status = first.ends_within(Duration::from_secs(20));
    assert!(status.success(), "{status}");
}

#[test]
fn a_dry_run_says_what_waits_and_would_go_first() {
    let world = World::make("lmdi-0.9.4", 3, 1000);
    // Nobody gives a token.
    world.run(3);
    let dry = world.send(&["run", "--dry-run"]);
    assert_eq!(dry.status.code(), Some(3), "{}", said(&dry));
    let text = said(&dry);
    assert!(text.contains("1  message waits and would be sent first"), "{text}");
    assert!(text.contains("0  new messages would go"), "{text}");
    let json = world.json(&["run", "--dry-run"]);
    assert_eq!((&json["report"]["open_messages"], &json["messages"]), (&1.into(), &0.into()));
}

/// A database belongs to the organisation that it was made with.
#[test]
fn the_certificate_of_another_organisation_is_named_before_a_database_is_made() {
    let world = World::make("lmdi-0.9.4", 3, 1000);
    let (_helseid, _receiver) = (world.helseid(), world.receiver());
    let text = std::fs::read_to_string(world.config("sender.toml")).expect("a file");
    let line = text.lines().find(|line| line.starts_with("organisation")).expect("the line");
    let other = "organisation = \"889640782\"";
    assert_ne!(line, other);
    world.set("sender.toml", line, other);
    for arguments in [&["run", "--dry-run"][..], &["run"], &["daemon"]] {
        let done = world.send(arguments);
        assert_eq!(done.status.code(), Some(4), "{arguments:?} {}", said(&done));
        assert!(said(&done).contains("another organisation than 889640782"), "{}", said(&done));
    }
    assert!(!world.config("sender.sqlite").exists());
    world.set("sender.toml", other, line);
    world.run(0);
    // With a database it is a run that fails, so that hooks and the status say so; another number is named with the file.
    world.set("sender.toml", line, other);
    let text = world.run(2);
    assert!(text.contains("sender.sqlite") && text.contains("another organisation"), "{text}");
}

/// As a full disk: no file can be longer.
#[cfg(unix)]
#[test]
fn a_database_that_cannot_be_made_for_want_of_room_is_no_fault_of_the_configuration() {
    let world = World::make("lmdi-0.9.4", 3, 1000);
    for command in [&["run"][..], &["run", "--retries-only"], &["daemon"]] {
        for blocks in ["1", "16", "64", "200", "400"] {
            let done = std::process::Command::new("sh")
                .args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", blocks, world::lmr()])
                .args(["send"])
                .args(command)
                .arg("--config")
                .arg(world.config("sender.toml"))
                .env("LMR_LANG", "en")
                .output()
                .expect("lmr send");
            assert_eq!(done.status.code(), Some(4), "{command:?} {blocks} {}", said(&done));
            assert!(said(&done).contains("database"), "{}", said(&done));
            for file in ["sender.sqlite", "sender.sqlite-wal", "sender.sqlite-shm"] {
                let _ = std::fs::remove_file(world.config(file));
            }
        }
    }
}

/// A slip of the keyboard does not read as "nothing".
#[test]
fn a_selection_that_nothing_fits_says_how_much_is_held_and_a_slip_is_an_error() {
    let world = World::make("lmdi-0.9.4", 3, 1000);
    let source = "source = [{ kind = \"folder\", name = \"ward\", path = \"source\" }]";
    world.set("sender.toml", "source = \"source\"", source);
    let mut wrong = world.lines(GIVEN);
    wrong[0]["status"] = "utdelt-zq7".into();
    world.write(GIVEN, &wrong);
    world.run(3);
    let selections: [&[&str]; 5] = [
        &["--code", "4061"],
        &["--type", "Patient"],
        &["--source", "ward: nothing"],
        &["--since", "2099-01-01"],
        &["--until", "2020-01-01"],
    ];
    for selection in selections {
        let listed = world.send(&[&["rejected"], selection].concat());
        assert_eq!(listed.status.code(), Some(0), "{}", said(&listed));
        assert!(said(&listed).contains("held back in all: 1"), "{selection:?} {}", said(&listed));
        let html = world.send(&[&["rejected", "--format", "html"], selection].concat());
        assert!(said(&html).contains("held back in all: 1"), "{selection:?}");
        for act in [&["release", "--yes"][..], &["discard", "--yes", "--reason", "test"]] {
            let done = world.send(&[act, selection].concat());
            assert_eq!(done.status.code(), Some(1), "{}", said(&done));
            assert!(said(&done).contains("held back in all: 1"), "{act:?} {}", said(&done));
        }
    }
    for (slip, named) in [(["--type", "Pasient"], "Pasient"), (["--source", "wrad"], "ward")] {
        for command in
            [&["rejected"][..], &["release", "--yes"], &["discard", "--yes", "--reason", "test"]]
        {
            let done = world.send(&[command, &slip].concat());
            assert_eq!(done.status.code(), Some(2), "{command:?} {}", said(&done));
            assert!(said(&done).contains(named), "{}", said(&done));
        }
    }
    assert!(said(&world.send(&["rejected", "--discarded"])).contains("Nothing is discarded"));
    assert!(said(&world.send(&["rejected", "--type", "medicationadministration"])).contains("zq7"));
}

#[test]
fn addresses_that_cannot_be_used_are_explained_in_bokmal() {
    let world = World::make("lmdi-0.9.4", 1, 1000);
    let text = std::fs::read_to_string(world.config("sender.toml")).expect("a file");
    let url = text.lines().find(|line| line.starts_with("url = ")).expect("the line");
    for (to, words) in [
        ("url = \"http://example.org/lmr\"", "meldinger og token sendes bare over TLS"),
        ("url = \"127.0.0.1:8080\"", "skal være en https-adresse"),
    ] {
        std::fs::write(world.config("sender.toml"), text.replacen(url, to, 1)).expect("written");
        let done = world.send_with(&["run", "--dry-run"], &[("LMR_LANG", "nb")]);
        assert_eq!(done.status.code(), Some(2), "{}", said(&done));
        assert!(said(&done).contains(words), "{}", said(&done));
    }
    let with_proxy = format!("{text}\n[network]\nproxy = \"foo\"\n");
    std::fs::write(world.config("sender.toml"), with_proxy).expect("written");
    for (lang, words) in
        [("nb", "network.proxy er ikke en adresse"), ("en", "network.proxy is not an address")]
    {
        let done = world.send_with(&["run", "--dry-run"], &[("LMR_LANG", lang)]);
        assert_eq!(done.status.code(), Some(2), "{}", said(&done));
        assert!(said(&done).contains(words), "{}", said(&done));
    }
}

/// A dose whose last digits are not written yet is not sent.
#[test]
fn a_table_that_is_being_written_is_not_sent_and_is_not_called_empty() {
    let world = World::make("lmdi-0.9.4", 1, 1000);
    let source = "source = [{ kind = \"folder\", name = \"ward\", path = \"source\" }, { kind = \"table\", name = \"rows\", \
        path = \"rows.csv\", mapping = \"hospital-diagnoses\", constants = { diagnosis_system = \"urn:oid:2.999.1\" } }]";
    world.set("sender.toml", "source = \"source\"", source);
    let rows = "diagnosis_id;patient_id;icd10;icd10_text\nD1;P1;J18.9;Pneumoni\nD2;P1;A00.0;Kole";
    std::fs::write(world.config("rows.csv"), rows).expect("written");
    let text = world.run(5);
    assert!(text.contains("The source rows is still being written"), "{text}");
    assert!(text.contains("1  file still being written"), "{text}");
    let status = world.send(&["status"]);
    assert_eq!(status.status.code(), Some(5), "{}", said(&status));
    assert!(said(&status).contains("The source rows is still being written"), "{}", said(&status));
    // Of a source that gives what is new the rest goes.
    let incremental = source.replace("name = \"rows\"", "name = \"rows\", incremental = true");
    world.set("sender.toml", source, &incremental);
    let (_helseid, _receiver) = (world.helseid(), world.receiver());
    let text = world.run(0);
    assert!(text.contains("Delivered, except for what is still being written"), "{text}");
    std::fs::write(world.config("rows.csv"), format!("{rows}ra\n")).expect("written");
    let text = world.run(0);
    assert!(!text.contains("being written"), "{text}");
}
