//! What the register's operators do, with real processes: receipts, audit log, and what comes out of the receiver.

use crate::world;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use lmr_intake::{Archive as _, ArchiveFilter, Store as _};
use lmr_sandbox::hospital::{Era, Hospital};
use lmr_server::OUTLET_ROUTES;
use lmr_storage::{SqliteStore, StorageKey};
use serde_json::Value;
use sqlx::Connection as _;
use world::{Courier, World, free_port, lmr};

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

/// Adds lines to the receiver's configuration, before its first table.
fn configure(world: &World, tables: &str) {
    let path = world.config("receiver.toml");
    let text = std::fs::read_to_string(&path).expect("the configuration");
    std::fs::write(&path, format!("{text}\n{tables}\n")).expect("written");
}

#[test]
fn messages_are_fetched_at_the_outlet_until_they_are_acknowledged() {
    let world = World::make("lmdi-0.9.4", 6, 8);
    let port = free_port();
    let issuer = world.issuer();
    configure(
        &world,
        &format!(
            "[outlet]\nlisten = \"127.0.0.1:{port}\"\naddresses = [\"127.0.0.1\"]\nlease_seconds = 2\nform = \"parts\"\n\
             [[outlet.trust]]\nkind = \"helseid-dpop\"\nissuer = \"{issuer}\"\n"
        ),
    );
    let _helseid = world.helseid();
    let _receiver = world.receiver();
    every_route_of_the_outlet_is_as_its_row_says(port);
    let courier = Courier::new(&world);
    let next = format!("http://127.0.0.1:{port}/institusjonsmeldinger/allokerneste");
    let acknowledge = format!("http://127.0.0.1:{port}/institusjonsmeldinger/merksomoverfort");
    assert_eq!(courier.call(&next, "").0, 204, "nothing has come yet");
    done_or_held(&world);
    let messages = world.deliveries();
    let mut fetched = Vec::new();
    loop {
        let (status, body) = courier.call(&next, "");
        if status == 204 {
            break;
        }
        assert_eq!(status, 200, "{body}");
        fetched.push(serde_json::from_str::<Value>(&body).expect("JSON"));
    }
    assert_eq!(fetched.len(), messages.len());
    for message in &fetched {
        let masked = message["administreringsmelding"]["bundelen"].as_str().expect("a bundle");
        let patients = message["pasientmelding"]["pasienter"].as_array().expect("patients");
        for patient in patients {
            let number = patient["norskIdentitetsnummer"].as_str().expect("a number");
            assert!(!masked.contains(number), "the part without identities has one");
            let key = patient["administreringsreferanse"].as_str().expect("a key");
            assert!(masked.contains(key), "the key joins the parts");
        }
        serde_json::from_str::<Value>(masked).expect("JSON");
    }
    let all: usize = fetched
        .iter()
        .map(|message| message["pasientmelding"]["pasienter"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(all, 6, "a record for each administration");
    let named = |message: &Value| {
        serde_json::json!({"avsenderOrgnr": message["avsenderOrgnr"], "meldingsId": message["meldingsId"]})
            .to_string()
    };
    for _ in 0..2 {
        assert_eq!(courier.call(&acknowledge, &named(&fetched[0])).0, 200, "also the second time");
    }
    assert_eq!(courier.call(&acknowledge, "{}").0, 400);
    let (status, said) = courier.call(&acknowledge, &" ".repeat(20_000));
    assert_eq!(status, 413, "{said}");
    assert!(said.contains("LMR-1041") && said.contains("An acknowledgement names one"), "{said}");
    let unknown = named(&fetched[0]).replace("meldingsId\":\"", "meldingsId\":\"x");
    assert_eq!(courier.call(&acknowledge, &unknown).0, 404);
    // What was not acknowledged in time comes again.
    std::thread::sleep(Duration::from_millis(2_500));
    let (status, body) = courier.call(&next, "");
    assert_eq!((status, messages.len() > 1), (200, true), "{body}");
    let again: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(again["antallGangerAllokert"], 2);
    assert_ne!(again["meldingsId"], fetched[0]["meldingsId"]);
    // The receiver's own listener has no such routes, the outlet none of the receiver's.
    let (status, _) =
        courier.call(&next.replace(&port.to_string(), &world.receiver_port.to_string()), "");
    assert_eq!(status, 404);
    assert_eq!(courier.call(&format!("http://127.0.0.1:{port}/fhirmottak/v1"), "{}").0, 404);
    let acts = done(
        &["admin", "audit", "list", "--action", "hand-over", "--format", "json"],
        &world.config("receiver.toml"),
    );
    assert_eq!(acts.lines().count(), fetched.len() + 1);
    // One entry of what was done once, none of what nobody has.
    let acts = done(
        &["admin", "audit", "list", "--action", "acknowledge", "--format", "json"],
        &world.config("receiver.toml"),
    );
    assert_eq!(acts.lines().count(), 1, "{acts}");
}

/// Status, head and body of an answer without credentials.
fn bare(port: u16, method: &str, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let head = "Host: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0";
    write!(stream, "{method} {path} HTTP/1.1\r\n{head}\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_ascii_lowercase(), body.to_owned())
}

/// Other methods, missing credentials and the description, for every row of the table.
fn every_route_of_the_outlet_is_as_its_row_says(port: u16) {
    let (status, _, body) = bare(port, "GET", "/openapi.json");
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&body).expect("JSON");
    let mut listed: Vec<_> = document["paths"].as_object().expect("paths").keys().collect();
    let mut routes: Vec<_> = OUTLET_ROUTES.iter().map(|route| route.path).collect();
    listed.sort_unstable();
    routes.sort_unstable();
    assert_eq!(listed, routes);
    for route in &OUTLET_ROUTES {
        let operations: Vec<_> =
            document["paths"][route.path].as_object().expect("operations").keys().collect();
        assert_eq!(operations, [route.methods.operation()], "{}", route.path);
        let allowed: Vec<_> = route.methods.allow().split(", ").collect();
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let (status, head, body) = bare(port, method, route.path);
            let what = format!("{method} {}: {status} {body}", route.path);
            if !allowed.contains(&method) {
                assert_eq!(status, 405, "{what}");
                let allow = format!("allow: {}", route.methods.allow()).to_ascii_lowercase();
                assert!(head.contains(&allow) && body.contains("LMR-1003"), "{what}");
            } else if route.path.contains("health") || route.path == "/openapi.json" {
                assert_eq!(status, 200, "{what}");
            } else {
                // Everything that gives or takes messages asks who it is.
                assert_eq!(status, 401, "{what}");
                assert!(body.contains("LMR-1010") && head.contains("www-authenticate"), "{what}");
            }
        }
    }
    let (status, _, body) = bare(port, "POST", "/outlet/v1/none");
    assert_eq!((status, body.contains("LMR-1002")), (404, true), "{body}");
}

#[test]
fn a_receiver_that_is_asked_to_stop_finishes_what_was_begun_and_closes_its_database() {
    let world = World::make("lmdi-0.9.4", 8, 5000);
    let _helseid = world.helseid();
    let mut receiver = world.receiver();
    let log = world.config("receiver.sqlite-wal");
    let courier = Courier::new(&world);
    let address = format!("http://127.0.0.1:{}/fhirmottak/v1", world.receiver_port);
    let (_, first) = courier.message(1);
    assert_eq!(courier.post(&address, &courier.proof(&address), &first).0, 200);
    assert!(log.exists(), "SQLite has its log while the receiver runs");
    // One request has come by half.
    let bundle = r#"{"resourceType":"Bundle","type":"batch","entry":[]}"#;
    let (begin, rest) = bundle.split_at(20);
    let mut slow = TcpStream::connect(("127.0.0.1", world.receiver_port)).expect("a connection");
    write!(
        slow,
        "POST /fhirmottak/v1/validateLegemiddelregisterBundle HTTP/1.1\r\nHost: 127.0.0.1\r\n\
         Content-Type: application/fhir+json\r\nContent-Length: {}\r\n\r\n{begin}",
        bundle.len()
    )
    .expect("sent");
    // Messages are under way, more than are worked on at once.
    let messages: Vec<_> = (2..10).map(|seed| courier.message(seed)).collect();
    let answered: Vec<(String, u16)> = std::thread::scope(|scope| {
        let posting: Vec<_> = messages
            .iter()
            .map(|(id, message)| {
                let (courier, address) = (&courier, &address);
                let proof = courier.proof(address);
                scope.spawn(move || (id.clone(), courier.try_post(address, &proof, message)))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(30));
        receiver.signal("-TERM");
        posting
            .into_iter()
            .map(|one| one.join().expect("a thread"))
            .filter_map(|(id, status)| Some((id, status?)))
            .collect()
    });
    std::thread::sleep(Duration::from_millis(300));
    assert!(receiver.is_running(), "it waits for the request that was begun");
    let refused = TcpStream::connect(("127.0.0.1", world.receiver_port));
    assert!(refused.is_err(), "nothing new is begun");
    slow.write_all(rest.as_bytes()).expect("sent");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 ") && answer.contains("OperationOutcome"), "{answer}");
    assert!(receiver.ends_within(Duration::from_secs(20)).success(), "{}", world.log());
    assert!(!log.exists(), "the log is in the database file, and gone");
    let stored = world.deliveries();
    for (id, status) in &answered {
        assert_eq!(*status, 200, "a message that was begun is finished");
        assert!(stored.iter().any(|one| one["messageId"] == id.as_str()), "{id} was answered");
    }
}

/// One run of the sender; what it says about held resources does not matter here.
fn done_or_held(world: &World) {
    let sent = run(&["send", "run"], &world.config("sender.toml"));
    assert!(matches!(sent.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&sent.stderr));
}

#[test]
fn n13_what_is_stored_is_exported_and_a_person_is_erased() {
    let world = delivered(4, 50);
    let receiver = world.config("receiver.toml");
    let export = |name: &str, more: &[&str]| {
        let folder = world.config(name);
        let mut arguments = vec!["admin", "export", folder.to_str().expect("UTF-8")];
        arguments.extend(["--reason", "en prøve", "--format", "json"]);
        arguments.extend(more);
        let manifest: Value = serde_json::from_str(&done(&arguments, &receiver)).expect("JSON");
        (folder, manifest)
    };
    let (folder, manifest) = export("out", &[]);
    let stored: u64 =
        world.deliveries().iter().map(|d| d["counts"]["created"].as_u64().unwrap_or(0)).sum();
    let resources = manifest["resources"].as_object().expect("counts");
    assert_eq!(resources.values().filter_map(Value::as_u64).sum::<u64>(), stored);
    assert_eq!(resources["MedicationAdministration"], 4);
    let patients = std::fs::read_to_string(folder.join("Patient.ndjson")).expect("patients");
    let patient = json_lines(&patients).remove(0);
    let number = patient["identifier"][0]["value"].as_str().expect("a number").to_owned();
    let again =
        run(&["admin", "export", folder.to_str().expect("UTF-8"), "--reason", "x"], &receiver);
    assert_eq!(again.status.code(), Some(2), "a folder with something in it is refused");
    let (_, only) = export("only", &["--type", "Patient", "--all-versions"]);
    assert_eq!(only["resources"].as_object().map(serde_json::Map::len), Some(1));

    let file = world.config("number");
    std::fs::write(&file, &number).expect("written");
    let erase = |more: &[&str]| {
        let mut arguments = vec!["admin", "erase", file.to_str().expect("UTF-8")];
        arguments.extend(["--reason", "et krav", "--format", "json"]);
        arguments.extend(more);
        serde_json::from_str::<Value>(&done(&arguments, &receiver)).expect("JSON")
    };
    // As an editor on Windows writes it, with the blank that people put before the last five digits.
    let (date, rest) = number.split_at(6);
    std::fs::write(&file, format!("\u{feff}{date} {rest}\r\n")).expect("written");
    let would = erase(&["--dry-run"]);
    assert!(would["resources"].as_u64() > Some(1), "{would}");
    std::fs::write(&file, format!("{number}\n{number}\n")).expect("written");
    let arguments = ["admin", "erase", file.to_str().expect("UTF-8"), "--reason", "et krav"];
    let several = run(&arguments, &receiver);
    assert_eq!(several.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&several.stderr).contains(&number));
    std::fs::write(&file, &number).expect("written");
    assert_eq!(would, erase(&["--dry-run"]));
    let erased = erase(&[]);
    assert_eq!(erased, would);
    assert!(erased["resources"].as_u64() > Some(1), "{erased}");
    let arguments = ["admin", "erase", file.to_str().expect("UTF-8"), "--reason", "et krav"];
    let again = run(&[&arguments[..], &["--format", "json"]].concat(), &receiver);
    assert_eq!(again.status.code(), Some(1), "nobody has it any more");
    let again: Value = serde_json::from_slice(&again.stdout).expect("JSON");
    assert_eq!(again["versions"], 0, "nothing is left of it");
    let (folder, _) = export("after", &["--all-versions"]);
    for entry in std::fs::read_dir(folder).expect("files") {
        let text = std::fs::read_to_string(entry.expect("a file").path()).expect("UTF-8");
        assert!(!text.contains(&number));
    }
    let log = done(&["admin", "audit", "list", "--format", "json"], &receiver);
    assert!(!log.contains(&number), "the audit log does not keep what was erased");
    for action in ["export", "erase"] {
        assert!(log.contains(&format!("\"action\":\"{action}\"")), "{action} is recorded");
    }
    done(&["admin", "audit", "verify"], &receiver);
}

/// A slip must not look like the answer that there is nothing.
#[test]
fn a_slip_in_what_is_asked_for_is_no_empty_answer() {
    let world = delivered(2, 50);
    let receiver = world.config("receiver.toml");
    let status = |arguments: &[&str]| {
        let output = run(&[&["admin"], arguments].concat(), &receiver);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    let folder = |name: &str| world.config(name).display().to_string();
    let export = |name: &str, more: &[&str]| {
        let folder = folder(name);
        status(&[&["export", &folder, "--reason", "a request"], more].concat())
    };
    for (name, more, expected, says) in [
        ("a", vec!["--type", "Medicationadministration"], 2, "MedicationAdministration"),
        ("b", vec!["--type", "Observation"], 2, "Observation"),
        ("c", vec!["--sender", "999999999"], 2, "999999999"),
        ("d", vec!["--sender", "974760673"], 2, "neither registered nor has delivered"),
        ("e", vec!["--since", "2099-01-01"], 2, "is not there yet"),
        ("i", vec!["--type", "EpisodeOfCare"], 1, "nothing was exported"),
        ("f", vec!["--type", "Patient"], 0, ""),
        ("g", vec![], 0, ""),
    ] {
        let (code, said) = export(name, &more);
        assert_eq!(code, Some(expected), "{more:?}: {said}");
        assert!(said.contains(says), "{more:?}: {said}");
    }
    let number = folder("somebody");
    std::fs::write(&number, "13866510282").expect("written");
    for list in [
        &["deliveries"][..],
        &["audit", "list"],
        &["erase", &number, "--reason", "a request"],
        &["show", "00000000-0000-4000-8000-000000000001"],
    ] {
        let (code, said) = status(&[list, &["--sender", "974760673"]].concat());
        assert_eq!(code, Some(2), "{list:?}: {said}");
    }
    // Nobody's number goes into a log from which nothing is taken out.
    let out = folder("h");
    let number = folder("number");
    std::fs::write(&number, "13866510282").expect("written");
    for arguments in [
        &["export", &out][..],
        &["erase", &number],
        &["show", "--resource", "Patient/x", "--content"],
    ] {
        for reason in ["as 13866510282 asks", "138665 10282"] {
            let (code, said) = status(&[arguments, &["--reason", reason]].concat());
            assert_eq!(code, Some(2), "{arguments:?}: {said}");
            assert!(said.contains("looks like an identity number"), "{arguments:?}: {said}");
        }
    }
    let log = done(&["admin", "audit", "list", "--format", "json"], &receiver);
    assert!(!log.contains("10282"), "{log}");
}

/// The numbers of the patients in a folder of FHIR files.
fn numbers(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("Patient.ndjson")).expect("patients");
    let rows = json_lines(&text).into_iter();
    rows.filter_map(|row| Some(row["identifier"][0]["value"].as_str()?.to_owned())).collect()
}

/// Several transfers, in which what has not changed comes along with what has: an entry of a message is then not a
/// version of its own.
#[test]
fn what_an_erasure_would_remove_is_what_it_removes() {
    let world = delivered(12, 7);
    let (sender, receiver) = (world.config("sender.toml"), world.config("receiver.toml"));
    let source = world.path().join("source");
    {
        let _helseid = world.helseid();
        let _receiver = world.receiver();
        for step in 1..4 {
            let file = source.join("MedicationAdministration.ndjson");
            let text = std::fs::read_to_string(&file).expect("administrations");
            let changed = text.lines().enumerate().map(|(at, line)| {
                let mut row: Value = serde_json::from_str(line).expect("JSON");
                if at % 3 == step % 3 {
                    row["dosage"]["dose"]["value"] = step.into();
                }
                format!("{row}\n")
            });
            std::fs::write(&file, changed.collect::<String>()).expect("written");
            run(&["send", "run"], &sender);
        }
    }
    let file = world.config("number");
    let erase = |more: &[&str]| {
        let mut arguments = vec!["admin", "erase", file.to_str().expect("UTF-8")];
        arguments.extend(["--reason", "et krav"]);
        arguments.extend(more);
        run(&arguments, &receiver)
    };
    let mut all = numbers(&source);
    all.sort();
    all.dedup();
    assert!(all.len() > 1);
    let counts = |output: Output| -> Value {
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let mut more_versions_than_resources = false;
    for number in &all {
        std::fs::write(&file, format!("{number}\n")).expect("written");
        let shown = String::from_utf8(erase(&["--dry-run"]).stdout).expect("UTF-8");
        assert!(shown.starts_with("would remove: "), "{shown}");
        let would = counts(erase(&["--dry-run", "--format", "json"]));
        let removed = counts(erase(&["--format", "json"]));
        assert_eq!(would, removed);
        more_versions_than_resources |=
            removed["versions"].as_u64() > removed["resources"].as_u64();
    }
    assert!(more_versions_than_resources, "something was changed");

    // Neither what nobody has nor what is not a number is recorded as an erasure.
    let log = done(&["admin", "audit", "list", "--format", "json"], &receiver);
    assert_eq!(log.matches("\"action\":\"erase\"").count(), all.len(), "{log}");
    for (text, code, words) in [
        ("13", 2, "is not a national identity number"),
        ("12345678901", 2, "is not a national identity number"),
        ("", 2, "has no number"),
        (all[0].as_str(), 1, "nobody in the stored messages"),
    ] {
        std::fs::write(&file, text).expect("written");
        for more in [&["--dry-run"][..], &[]] {
            let output = erase(more);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(code), "{text:?}: {said}");
            assert!(said.contains(words) && (text.is_empty() || !said.contains(text)), "{said}");
        }
    }
    // That somebody was looked for is recorded, with why; never who.
    let rows = json_lines(&done(&["admin", "audit", "list", "--format", "json"], &receiver));
    let looked = |row: &&Value| {
        row["entry"]["detail"] == "looked for a person" && row["entry"]["action"] == "read"
    };
    assert_eq!(rows.iter().filter(looked).count(), 3 * all.len() + 2, "{rows:?}");
    assert!(rows.iter().filter(looked).all(|row| row["entry"]["reason"] == "et krav"), "{rows:?}");
    let erased = rows.iter().filter(|row| row["entry"]["action"] == "erase").count();
    assert_eq!(erased, all.len(), "nothing more was erased");
}

/// The number of a small bundle's patient.
fn number_in(bundle: &Value) -> String {
    let entries = bundle["entry"].as_array().expect("entries");
    let patient = entries.iter().find(|one| one["resource"]["resourceType"] == "Patient");
    let value = &patient.expect("a patient")["resource"]["identifier"][0]["value"];
    value.as_str().expect("a number").to_owned()
}

/// The bundles and answers that are stored, as texts.
fn stored(world: &World) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let key = std::fs::read(world.config("column.key")).expect("a key");
        let key = StorageKey::read(&key).expect("a key");
        let file = world.config("receiver.sqlite");
        let store = SqliteStore::open(&file, key).await.expect("opened");
        let filter = ArchiveFilter { limit: 10_000, answers: true, ..ArchiveFilter::default() };
        let messages = store.archived(&filter).await.expect("read");
        store.close().await;
        let texts = messages.into_iter().flat_map(|one| [one.content, one.answer]).flatten();
        texts.map(|text| String::from_utf8(text).expect("UTF-8")).collect()
    })
}

/// Two operators, or a script that goes through a list: what one has taken away the other does not put back.
#[test]
fn two_erasures_at_once_leave_nothing_of_either() {
    let world = World::make("lmdi-0.9.4", 1, 50);
    let numbers: Vec<String> = {
        let _helseid = world.helseid();
        let _receiver = world.receiver();
        let courier = Courier::new(&world);
        // Both in every message.
        let hospital = Hospital::new(Era::V0_9_4, 7, jiff::civil::date(2026, 1, 15), 12);
        let mut numbers = BTreeSet::new();
        for n in 1..31 {
            let id = format!("00000000-0000-4000-8000-{n:012}");
            let bundle = hospital.bundle(&id, &world::now().to_string());
            let entries = bundle["entry"].as_array().expect("entries").iter();
            let patients = entries.filter(|one| one["resource"]["resourceType"] == "Patient");
            let values = patients.map(|one| one["resource"]["identifier"][0]["value"].clone());
            numbers.extend(values.filter_map(|value| Some(value.as_str()?.to_owned())));
            let sealed = courier.seal(&id, bundle.to_string().as_bytes());
            courier.deliver(&sealed, Duration::from_secs(30));
        }
        numbers.into_iter().take(2).collect()
    };
    assert_eq!(numbers.len(), 2);
    for number in &numbers {
        let found = stored(&world).iter().filter(|text| text.contains(number)).count();
        assert_eq!(found, 30, "{number} is in every bundle");
    }
    let receiver = world.config("receiver.toml");
    std::thread::scope(|scope| {
        for (at, number) in numbers.iter().enumerate() {
            let (file, receiver) = (world.config(&format!("number{at}")), &receiver);
            std::fs::write(&file, number).expect("written");
            scope.spawn(move || {
                let file = file.to_str().expect("UTF-8");
                done(&["admin", "erase", file, "--reason", "et krav"], receiver);
            });
        }
    });
    for text in stored(&world) {
        assert!(numbers.iter().all(|number| !text.contains(number)), "{text}");
    }
}

/// Also where the number is no identifier of a patient, which is taken with warnings, and where only the answer has it.
#[test]
fn a_person_is_erased_wherever_the_number_is() {
    let world = World::make("lmdi-0.9.4", 1, 50);
    let receiver = world.config("receiver.toml");
    let _helseid = world.helseid();
    let _receiver = world.receiver();
    let courier = Courier::new(&world);
    let (_, first) = Courier::bundle(1);
    let number = number_in(&first);
    let send = |seed: u64, change: &dyn Fn(&mut Value)| {
        let (id, mut bundle) = Courier::bundle(seed);
        change(&mut bundle);
        let sealed = courier.seal(&id, bundle.to_string().as_bytes());
        (sealed.clone(), courier.deliver(&sealed, Duration::from_secs(30)))
    };
    let of_type = |bundle: &mut Value, name: &str, change: &dyn Fn(&mut Value)| {
        let entries = bundle["entry"].as_array_mut().expect("entries");
        let of_type = entries.iter_mut().filter(|one| one["resource"]["resourceType"] == name);
        of_type.for_each(change);
    };
    let identifier = serde_json::json!(
        {"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": number});
    send(2, &|bundle| {
        of_type(bundle, "MedicationAdministration", &|entry| {
            entry["resource"]["subject"] = serde_json::json!({"identifier": identifier});
        });
    });
    send(3, &|bundle| {
        of_type(bundle, "MedicationAdministration", &|entry| {
            entry["resource"]["subject"] = serde_json::json!({"reference": "#p"});
            entry["resource"]["contained"] = serde_json::json!([
                {"resourceType": "Patient", "id": "p", "identifier": [identifier]}]);
        });
    });
    // The refused patient's address is in the stored bundle and in the answer.
    let (refused, answer) = send(4, &|bundle| {
        of_type(bundle, "Patient", &|entry| {
            entry["resource"]["gender"] = "x".into();
            entry["fullUrl"] = format!("https://ehr.example/Patient/{number}").into();
        });
    });
    assert!(String::from_utf8_lossy(&answer).contains(&number), "this is what the test is of");
    // Somebody else.
    let (untouched, _) = send(5, &|_| {});
    let before = stored(&world);
    assert_eq!(before.iter().filter(|text| text.contains(&number)).count(), 4);

    let file = world.config("number");
    std::fs::write(&file, &number).expect("written");
    let arguments = ["admin", "erase", file.to_str().expect("UTF-8"), "--reason", "et krav"];
    let counts =
        |more: &[&str]| done(&[&arguments[..], &["--format", "json"], more].concat(), &receiver);
    let would = counts(&["--dry-run"]);
    assert_eq!(counts(&[]), would);
    let left = stored(&world);
    assert_eq!(left.len(), before.len());
    assert!(left.iter().all(|text| !text.contains(&number)));
    let gone = before.iter().zip(&left).filter(|(before, left)| before != left).count();
    assert_eq!(gone, 4, "the other messages are as they were");
    // Its answer is another one now, so it comes without the receipt of the first; others keep theirs.
    let receiving = format!("http://127.0.0.1:{}/fhirmottak/v1", world.receiver_port);
    let post = |body: &[u8]| courier.post(&receiving, &courier.proof(&receiving), body);
    let (status, again, receipt) = post(&refused);
    assert_eq!((status, receipt), (200, None));
    let (status, _, receipt) = post(&untouched);
    assert!(status == 200 && receipt.is_some(), "{status} {receipt:?}");
    let again = String::from_utf8(again).expect("UTF-8");
    assert!(!again.contains(&number) && again.contains("Patient/00000000000"), "{again}");
    for more in [&[][..], &["--dry-run"]] {
        let output = run(&[&arguments[..], more].concat(), &receiver);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("nobody in the stored messages"), "{said}");
    }
}

/// What earlier versions left after the end of retention, whose patient an administration had among it, goes as well; and
/// nothing is said of what cannot be searched any more.
#[test]
fn a_person_is_erased_after_the_end_of_retention() {
    let world = delivered(4, 50);
    let receiver = world.config("receiver.toml");
    let bundle: Value = stored(&world)
        .iter()
        .filter_map(|text| serde_json::from_str::<Value>(text).ok())
        .find(|one| one.to_string().contains("\"MedicationAdministration\""))
        .expect("a bundle");
    let entries = bundle["entry"].as_array().expect("entries");
    let of_type = |name: &'static str| {
        entries.iter().filter(move |one| one["resource"]["resourceType"] == name)
    };
    let subject = &of_type("MedicationAdministration").next().expect("one")["resource"]["subject"];
    let patient = of_type("Patient").find(|one| one["fullUrl"] == subject["reference"]);
    let number = patient.expect("the patient")["resource"]["identifier"][0]["value"].clone();
    // As an expiry of an earlier version left it.
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let file = format!("sqlite:{}", world.config("receiver.sqlite").display());
        let mut session = sqlx::SqliteConnection::connect(&file).await.expect("opened");
        for statement in [
            "DELETE FROM message_content",
            "UPDATE message SET has_content = FALSE",
            "UPDATE resource_version SET content_from = NULL, content_length = NULL",
        ] {
            sqlx::query(statement).execute(&mut session).await.expect("done");
        }
        session.close().await.expect("closed");
    });
    let file = world.config("number");
    std::fs::write(&file, number.as_str().expect("a number")).expect("written");
    let erase = |more: &[&str]| {
        let mut arguments = vec!["admin", "erase", file.to_str().expect("UTF-8")];
        arguments.extend(["--reason", "et krav", "--format", "json"]);
        arguments.extend(more);
        run(&arguments, &receiver)
    };
    let counts = |output: Output| -> Value {
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let would = counts(erase(&["--dry-run"]));
    let erased = counts(erase(&[]));
    assert_eq!(would, erased);
    assert!(erased["resources"].as_u64() > Some(1), "the patient and an administration: {erased}");
    let again = erase(&[]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(1), "{said}");
    assert!(said.contains("without content") && !said.contains("nobody"), "{said}");
    // Without [retention] nothing is removed, and that is said.
    let expired = run(&["admin", "expire"], &receiver);
    let said = String::from_utf8_lossy(&expired.stderr).into_owned();
    assert!(expired.status.success() && said.contains("[retention] is not set"), "{said}");
}

/// A file that cannot be written is named, and the audit log has no copy that nobody made.
#[test]
fn a_backup_or_export_that_cannot_be_written_is_not_recorded() {
    let world = World::make("lmdi-1.1.7", 1, 50);
    let receiver = world.config("receiver.toml");
    std::fs::write(world.config("fil"), "").expect("written");
    done(&["serve", "--check"], &receiver);
    let log = || done(&["admin", "audit", "list", "--format", "json"], &receiver);
    let before = log();
    for (arguments, name) in [
        (&["admin", "backup", "ingen/kopi.sqlite"][..], "ingen/kopi.sqlite"),
        (&["admin", "backup", "fil/kopi.sqlite"], "fil/kopi.sqlite"),
        (&["admin", "backup", "fil"], "fil"),
        (&["admin", "export", "fil", "--reason", "x"], "fil"),
        (&["admin", "export", "fil/under", "--reason", "x"], "fil/under"),
    ] {
        for lang in ["nb", "en"] {
            let output = Command::new(lmr())
                .args(arguments)
                .args(["--lang", lang, "--config", "receiver.toml"])
                .current_dir(world.path())
                .output()
                .expect("lmr runs");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
            let of_database = if lang == "nb" { "databasen" } else { "database" };
            assert!(said.contains(name) && !said.contains(of_database), "{said}");
        }
    }
    assert_eq!(log(), before);
    done(&["admin", "backup", world.config("kopi.sqlite").to_str().expect("UTF-8")], &receiver);
    assert!(log().contains("\"action\":\"export\""));
}

/// What is there after a failure would be taken for a backup.
#[test]
fn a_backup_that_fails_leaves_nothing() {
    let world = World::make("lmdi-1.1.7", 1, 50);
    let receiver = world.config("receiver.toml");
    done(&["serve", "--check"], &receiver);
    // A page that only a copy of everything reads.
    let database = world.config("receiver.sqlite");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let page: i64 = runtime.expect("a runtime").block_on(async {
        use sqlx::{ConnectOptions as _, Connection as _};
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&database);
        let mut db = options.connect().await.expect("a database");
        let page = "SELECT rootpage FROM sqlite_schema WHERE name = 'message_content'";
        let page = sqlx::query_scalar(page).fetch_one(&mut db).await.expect("a table");
        sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut db).await.expect("written");
        db.close().await.expect("closed");
        page
    });
    let mut bytes = std::fs::read(&database).expect("the database");
    let start = usize::try_from(page - 1).expect("a page") * 4096;
    bytes[start..start + 4096].fill(0xff);
    std::fs::write(&database, bytes).expect("written");
    let copy = world.config("kopi.sqlite");
    let output = world.admin(&["backup", copy.to_str().expect("UTF-8")]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("damaged"), "{said}");
    assert!(!copy.exists(), "{said}");
}

#[test]
fn capabilities_codes_and_certificates_are_published() {
    let world = World::make("lmdi-1.1.7", 1, 50);
    let _helseid = world.helseid();
    let _receiver = world.receiver();
    let courier = Courier::new(&world);
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", world.receiver_port);
    for (path, kind) in [("/metadata", "CapabilityStatement"), ("/feilkoder", "CodeSystem")] {
        let (status, media, body) = courier.read(&url(path), "application/fhir+json");
        assert_eq!((status, media.as_str()), (200, "application/fhir+json; fhirVersion=4.0"));
        let resource: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(resource["resourceType"], kind);
        let file = world.config(&format!("{kind}.json"));
        std::fs::write(&file, &body).expect("written");
        let checked = Command::new(lmr())
            .args(["validate", "--ruleset", "none", "--lang", "en"])
            .arg(&file)
            .output()
            .expect("lmr runs");
        let said = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(checked.status.success(), "{path} is not valid FHIR: {said}");
    }
    let (status, media, page) = courier.read(&url("/feilkoder"), "text/html,*/*");
    assert_eq!((status, media.as_str()), (200, "text/html; charset=utf-8"));
    assert!(page.contains("LMR-1001") && page.contains("LMR-9001") && !page.contains("<script"));
    let (_, media, body) = courier.read(&url("/sertifikat"), "application/json");
    assert_eq!(media, "application/json");
    let list: Value = serde_json::from_str(&body).expect("JSON");
    let pem = list["certificates"][0]["pem"].as_str().expect("PEM");
    let file = std::fs::read_to_string(world.config("register.pem")).expect("the certificate");
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(plain(pem), plain(&file));
    let (_, _, page) = courier.read(&url("/sertifikat"), "text/html");
    let thumbprint = list["certificates"][0]["thumbprint"].as_str().expect("a thumbprint");
    assert!(page.contains(thumbprint));
}

#[test]
fn operators_see_who_delivered_what_and_which_certificates_end() {
    let world = delivered(3, 8);
    let receiver = world.config("receiver.toml");
    // By it the issuer finds the token that a call was made with.
    assert!(world.log().contains("token.id"), "{}", world.log());
    let sender = world.deliveries()[0]["sender"].as_str().expect("a sender").to_owned();
    let overview =
        json_lines(&done(&["admin", "overview", "--days", "3", "--format", "json"], &receiver));
    let row = overview.iter().find(|row| row["organisation"] == sender.as_str()).expect("its row");
    assert_eq!(row["daysWithDelivery"], 1);
    assert_eq!(row["hoursSince"], 0);
    assert_eq!(row["messages"], world.deliveries().len());
    assert!(row["gaps"].is_array() && row["overlaps"].is_array(), "{row}");
    let list = |arguments: &[&str]| {
        let all = [&["admin", "deliveries", "--format", "json"], arguments].concat();
        json_lines(&done(&all, &receiver)).len()
    };
    assert_eq!(list(&["--sender", &sender]), world.deliveries().len());
    assert_eq!(list(&["--code", "LMR-4001"]), 0);
    assert_eq!(list(&["--period-to", "2000-01-01"]), 0);
    assert_eq!(list(&["--period-from", "2000-01-01"]), world.deliveries().len());
    let ends = json_lines(&done(&["admin", "certificates", "--format", "json"], &receiver));
    assert_eq!(ends.len(), 2, "the register's and the sender's");
    assert!(ends.iter().all(|end| end["daysLeft"].as_i64() > Some(60)), "{ends:?}");
    let _helseid = world.helseid();
    let _receiver = world.receiver();
    let courier = Courier::new(&world);
    let url = format!("http://127.0.0.1:{}/metrics", world.receiver_port);
    let (_, _, metrics) = courier.read(&url, "text/plain");
    let thumbprint = ends[0]["thumbprint"].as_str().expect("a thumbprint");
    let days = ends[0]["daysLeft"].as_i64().expect("days");
    assert!(
        metrics
            .lines()
            .any(|line| line.contains(thumbprint) && line.ends_with(&format!(" {days}"))),
        "{metrics}"
    );
    let message = world.deliveries()[0]["messageId"].as_str().expect("an id").to_owned();
    let shown = done(&["admin", "show", &message], &receiver);
    assert!(shown.contains("/_history/1") && shown.contains(&message), "{shown}");
    // Who is not registered any more has delivered all the same.
    let registered = std::fs::read_to_string(&receiver).expect("the configuration");
    let (before, section) = registered.split_once("[[avsender]]\n").expect("the sender is in it");
    let after = section.find("\n[").map_or("", |end| &section[end..]);
    let without = world.config("without.toml");
    std::fs::write(&without, format!("{before}{after}")).expect("written");
    let rows =
        json_lines(&done(&["admin", "overview", "--days", "3", "--format", "json"], &without));
    assert_eq!((rows.len(), &rows[0]["organisation"]), (1, &row["organisation"]), "{rows:?}");
    assert_eq!((&rows[0]["messages"], &rows[0]["name"]), (&row["messages"], &Value::Null));
    assert_eq!(rows[0]["missingOn"], serde_json::json!([]), "nothing is expected of it");
}
