//! What a new user ran into (n1 to n25), at the border where it was met.

use std::process::Command;

use lmr_sandbox::certificates::{Order, TestCa};
use serde_json::{Value, json};

use super::{GIVEN, Served};
use crate::world::{World, lmr, now, said};

/// Whether everything in the source that counts is at the register.
fn all_delivered(world: &World) -> bool {
    let status = world.json(&["status"]);
    let stored = status["stored"].as_object().expect("an object");
    let stored: u64 = stored.values().filter_map(Value::as_u64).sum();
    stored == world.reported_resources()
}

#[test]
fn n2_a_misspelt_type_is_named_with_the_type_that_is_meant() {
    let served = Served::new();
    let mut record = served.lines(GIVEN)[0].clone();
    record["resourceType"] = "MedicationAdminstration".into();
    record["identifier"][0]["value"] = "t-1".into();
    record["id"] = "t-1".into();
    served.write("t.ndjson", &[record.clone()]);
    let said = served.run(1);
    assert!(
        said.contains(
            "MedicationAdminstration is not a FHIR resource type (MedicationAdministration?)"
        ),
        "{said}"
    );
    assert!(said.contains("t.ndjson:1") && !said.contains("Everything is delivered"), "{said}");
    assert_eq!(served.send(&["status"]).status.code(), Some(1), "a monitor sees it too");
    // A type that FHIR has and the guide does not take is named, and nothing to correct.
    record["resourceType"] = "Observation".into();
    served.write("t.ndjson", &[record]);
    let said = served.run(0);
    assert!(said.contains("Observation: the guide does not take this type"), "{said}");
}

#[test]
fn n4_the_log_names_the_sender_whose_address_is_refused_because_it_is_inactive() {
    let mut served = Served::new();
    served.set("receiver.toml", "[[avsender]]\n", "[[avsender]]\nactive = false\n");
    served.receiver.kill();
    served.receiver = served.world.receiver();
    let said = served.run(4);
    assert!(said.contains("LMR-1001"), "{said}");
    let log = served.log();
    let line = log.lines().find(|line| line.contains("LMR-1001")).expect("a line");
    assert!(line.contains("310000027, which is inactive") && line.contains("WARN"), "{line}");
}

#[test]
fn n5_a_corrected_identity_and_a_deleted_record_leave_nothing_held() {
    let served = Served::new();
    let patients = served.lines("Patient.ndjson");
    let mut wrong = patients.clone();
    wrong[0]["identifier"][0]["value"] = "12345678901".into();
    served.write("Patient.ndjson", &wrong);
    served.run(1);
    let rejected = said(&served.send(&["rejected"]));
    assert!(rejected.contains("LMR-6003"), "{rejected}");
    served.write("Patient.ndjson", &patients);
    served.run(0);
    assert!(said(&served.send(&["rejected"])).contains("Nothing is held back"));
    // A faulty record that is deleted at the source is not held any longer either.
    let given = served.lines(GIVEN);
    let mut faulty = given[0].clone();
    (faulty["status"], faulty["id"]) = ("given".into(), "extra".into());
    faulty["identifier"][0]["value"] = "extra".into();
    served.write("extra.ndjson", &[faulty]);
    served.run(1);
    std::fs::remove_file(served.path().join("source/extra.ndjson")).expect("removed");
    served.run(0);
    assert!(all_delivered(&served));
}

#[test]
fn n9_what_a_wrong_rule_set_held_goes_when_the_key_is_put_right() {
    let served = Served::new();
    served.set("sender.toml", "lmdi-0.9.4", "lmdi-1.1.7");
    served.run(1);
    assert!(served.json(&["status"])["held"].as_u64() > Some(0));
    served.set("sender.toml", "lmdi-1.1.7", "lmdi-0.9.4");
    let said = served.run(0);
    assert!(said.contains("checked again (the clock, the rules or the configuration)"), "{said}");
    assert!(all_delivered(&served));
}

#[test]
fn n10_a_release_says_that_the_check_here_holds_it_again() {
    let served = Served::new();
    let given = served.lines(GIVEN);
    let mut wrong = given;
    wrong[0]["status"] = "given".into();
    served.write(GIVEN, &wrong);
    served.run(1);
    let released = said(&served.send(&["release", "--all", "--yes"]));
    assert!(released.contains("held again"), "{released}");
    // And so it is.
    served.run(1);
    assert_eq!(served.json(&["status"])["held"], 1);
}

#[test]
fn n11_the_operator_sees_the_codes_of_refused_entries() {
    let mut served = Served::new();
    let config = served.config("receiver.toml");
    let text = std::fs::read_to_string(&config).expect("a file");
    let stricter = format!("{text}\n[identity_numbers]\nnumbers = \"real-only\"\n");
    std::fs::write(&config, stricter).expect("written");
    served.receiver.kill();
    served.receiver = served.world.receiver();
    served.run(1);
    let list = said(&served.admin(&["deliveries"]));
    assert!(list.contains("refused") && list.contains("LMR-60"), "{list}");
    let row = served.deliveries().into_iter().find(|row| row["outcome"] == "accepted");
    let codes = row.expect("a delivery")["codes"].clone();
    assert!(codes[0]["entries"].as_u64() > Some(0), "{codes}");
}

#[test]
fn n12_a_call_that_was_refused_whole_is_listed_by_sender_code_and_message() {
    let served = Served::new();
    let ca = TestCa::new(now()).expect("an authority");
    let order = Order::new("889640782", "Liksom nabo", now());
    let other = ca.enterprise(&order).expect("a certificate");
    std::fs::write(served.config("other.pem"), other.certificate_pem).expect("written");
    served.set("sender.toml", "certificate = \"register.pem\"", "certificate = \"other.pem\"");
    let said_by_run = served.run(4);
    // The code with its title, not the code alone.
    assert!(said_by_run.contains("LMR-2050"), "{said_by_run}");
    let history = served.json(&["history"]);
    let id = history["messages"][0]["message_id"].as_str().expect("an id").to_owned();
    for arguments in [&["deliveries"][..], &["deliveries", "--message", &id]] {
        let list = said(&served.admin(arguments));
        assert!(list.contains("310000027") && list.contains("LMR-2050 × 1"), "{list}");
        assert!(list.contains(&id), "{list}");
    }
    let log = served.log();
    assert!(log.lines().any(|line| line.contains(&id) && line.contains("LMR-2050")), "{log}");
}

#[test]
fn n16_a_failed_run_of_the_daemon_is_an_error_with_its_reason() {
    let served = Served::new();
    served.set("sender.toml", "client_id = \"", "client_id = \"x");
    served.schedule_in(8);
    let _daemon = served.daemon(&[]);
    let line = served.daemon_says("the run ended");
    assert!(line.contains("ERROR") && line.contains("Stopped"), "{line}");
    assert!(line.contains("invalid_client"), "{line}");
    assert_eq!(served.send(&["status"]).status.code(), Some(4));
}

#[test]
fn n16_a_sender_that_nobody_runs_any_more_does_not_look_clean() {
    let served = Served::new();
    served.run(0);
    let database = served.config("sender.sqlite");
    let shifted = Command::new("sqlite3").arg(&database).arg("select 1").output();
    if shifted.is_err() {
        println!("left out: sqlite3 is not installed");
        return;
    }
    let status = served.send(&["status"]);
    assert_eq!(status.status.code(), Some(0), "{}", said(&status));
    // Two days ago: nobody has made a transfer since.
    let two_days = "update run set started_at = started_at - 172800000";
    assert!(Command::new("sqlite3").arg(&database).arg(two_days).status().expect("ran").success());
    let status = served.send(&["status"]);
    assert_eq!(status.status.code(), Some(4), "{}", said(&status));
    assert!(said(&status).contains("No planned transfer since"), "{}", said(&status));
    assert!(served.json(&["status"])["silent_since"].is_string());
}

#[test]
fn n17_the_status_shows_what_was_not_sent_and_why() {
    let served = Served::new();
    served.run(0);
    // Not cut off, which might be a file that is still being written, but wrong.
    let broken = served.path().join("source/broken.json");
    std::fs::write(broken, "{\"resourceType\": Patient}").expect("written");
    let mut given = served.lines(GIVEN);
    let mut early = given[0].clone();
    early["effectiveDateTime"] = "2001-01-01T10:00:00+01:00".into();
    early.as_object_mut().expect("an object").remove("effectivePeriod");
    (early["id"], early["identifier"][0]["value"]) = ("early".into(), "early".into());
    for given in &mut given {
        given["dosage"]["dose"]["value"] = 77.into();
    }
    given.push(early);
    let mut patients = served.lines("Patient.ndjson");
    patients[1]["gender"] = "x".into();
    served.write(GIVEN, &given);
    served.write("Patient.ndjson", &patients);
    served.run(1);
    let status = said(&served.send(&["status"]));
    for line in ["1  part cannot be used", "from before the start date", "Held back: 1"] {
        assert!(status.contains(line), "no '{line}': {status}");
    }
    let json = served.json(&["status"]);
    let source = &json["last_source"];
    assert_eq!((&source["source_issues"], &source["too_early"]), (&json!(1), &json!(1)), "{json}");
    assert!(json["waiting"].as_u64() > Some(0), "what the patient's records wait for: {json}");
}

#[test]
fn n24_failures_are_in_one_language_to_the_last_word() {
    let served = Served::new();
    let port = served.receiver_port;
    let url = format!("http://127.0.0.1:{port}/fhirmottak/v1");
    let issuer = format!("http://127.0.0.1:{}", served.issuer_port());
    let situations = [
        ("client_id = \"", "client_id = \"x"),
        (url.as_str(), "https://finnes-ikke.invalid/fhirmottak/v1"),
        (url.as_str(), "http://127.0.0.1:9/fhirmottak/v1"),
        (issuer.as_str(), "http://127.0.0.1:9"),
        ("hash.key", "finnes-ikke.key"),
        ("source = \"source\"", "source = \"finnes-ikke\""),
        ("sender.sqlite", "finnes-ikke/sender.sqlite"),
    ];
    let english = [
        "refuses",
        "error",
        "No such file",
        "os error",
        "invalid peer",
        "cannot",
        "unable to",
        "does not",
        "the ",
        " is ",
    ];
    for (from, to) in situations {
        served.set("sender.toml", from, to);
        for arguments in [&["send", "run"][..], &["doctor"]] {
            let output = Command::new(lmr())
                .args(arguments)
                .arg("--config")
                .arg(served.config("sender.toml"))
                .args(["--lang", "nb"])
                .output()
                .expect("lmr runs");
            assert_ne!(output.status.code(), Some(0), "{to}: {}", said(&output));
            // The log is English; what people read is not.
            let read = said(&output);
            let read: Vec<_> = read.lines().filter(|line| !line.contains("Z  ")).collect();
            for line in read {
                let found = english.iter().find(|words| line.contains(**words));
                assert!(found.is_none(), "{to}: '{found:?}' in: {line}");
            }
        }
        served.set("sender.toml", to, from);
    }
}

#[test]
fn n25_the_page_has_links_for_dark_screens_and_says_what_was_checked_with_what() {
    let world = World::make("lmdi-0.9.4", 3, 100);
    let patient = &world.lines("Patient.ndjson")[0];
    let mut patient = patient.clone();
    patient["gender"] = "x".into();
    let file = world.config("patient.json");
    std::fs::write(&file, patient.to_string()).expect("written");
    let page = Command::new(lmr())
        .args(["validate", "--ruleset", "lmdi-0.9.4", "--format", "html", "--lang", "en"])
        .arg(&file)
        .output()
        .expect("lmr validate");
    let page = String::from_utf8(page.stdout).expect("UTF-8");
    let dark = page.split("prefers-color-scheme").nth(1).expect("colours for dark screens");
    assert!(dark.contains("--link") || dark.contains("a{"), "{dark}");
    for what in ["lmdi-0.9.4", "sha256:", env!("CARGO_PKG_VERSION"), "patient.json"] {
        assert!(page.contains(what), "the page does not name {what}");
    }
}

#[test]
fn what_is_wrong_before_anything_is_read_has_its_remedy() {
    let world = World::make("lmdi-1.1.7", 1, 100);
    let run = |config: &str, language: &str| {
        let mut command = Command::new(lmr());
        command.args(["send", "status", "--config"]).arg(world.config(config));
        command.env("LMR_LANG", language).output().expect("lmr")
    };
    let output = run("nothing.toml", "en");
    assert_eq!(output.status.code(), Some(2));
    let text = said(&output);
    assert!(
        text.contains("nothing.toml: does not exist") && text.contains("lmr send init"),
        "{text}"
    );
    let output = run("receiver.toml", "nb");
    assert_eq!(output.status.code(), Some(2));
    let text = said(&output);
    assert!(text.contains("mottakets konfigurasjon, som lmr serve"), "{text}");
    let serve = Command::new(lmr())
        .args(["serve", "--check", "--lang", "en", "--config"])
        .arg(world.config("sender.toml"))
        .output()
        .expect("lmr");
    let text = said(&serve);
    assert!(
        !serve.status.success() && text.contains("the sender's configuration, which lmr send"),
        "{text}"
    );
    // A variable that is set to nothing is not set.
    let output = run("sender.toml", "");
    assert!(said(&output).contains("ingenting er sendt ennå"), "{}", said(&output));
}

#[test]
fn where_nothing_was_to_be_sent_nothing_is_called_delivered() {
    let served = Served::new();
    let patients = served.lines("Patient.ndjson");
    let files = std::fs::read_dir(served.config("source")).expect("a folder");
    for file in files {
        std::fs::remove_file(file.expect("a file").path()).expect("removed");
    }
    served.write("Patient.ndjson", &patients);
    for arguments in [&["run"][..], &["status"]] {
        let output = served.send(arguments);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.contains("Nothing was sent") && !text.contains("is delivered"), "{text}");
    }
}

#[test]
fn doctor_says_what_the_source_refers_to_and_does_not_have() {
    let served = Served::new();
    std::fs::remove_file(served.config("source/Patient.ndjson")).expect("removed");
    let output = Command::new(lmr())
        .args(["doctor", "--lang", "en", "--config"])
        .arg(served.config("sender.toml"))
        .output()
        .expect("lmr doctor");
    let text = said(&output);
    assert!(
        text.contains("not in the source, the first to a Patient") && text.contains("LMR-3030"),
        "{text}"
    );
}

#[test]
fn a_certificate_that_a_message_cannot_be_sealed_with_is_named_by_its_use() {
    let served = Served::new();
    let ca = TestCa::new(now()).expect("an authority");
    let order = Order::new("889640782", "Liksom register", now()).expired(now());
    let expired = ca.enterprise(&order).expect("a certificate");
    std::fs::write(served.config("expired.pem"), expired.certificate_pem).expect("written");
    served.set("sender.toml", "certificate = \"register.pem\"", "certificate = \"expired.pem\"");
    for (language, role, end) in [
        ("en", "the recipient's certificate, which is encrypted for", " expired "),
        ("nb", "mottakerens sertifikat, som det krypteres for", " utløp "),
    ] {
        let output = served.send(&["run", "--lang", language]);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(4), "{text}");
        assert!(text.contains(role) && text.contains(end), "{text}");
    }
}
