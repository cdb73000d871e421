//! The program as people call it: output, exit status, what it says about bad input.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use lmr_sandbox::hospital::{Era, Fault, Hospital};
use serde_json::Value;

fn lmr(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lmr")).args(arguments).output().expect("lmr runs")
}

fn with_input(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lmr"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lmr runs");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("written");
    child.wait_with_output().expect("lmr ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn hospital(era: Era) -> Hospital {
    Hospital::new(era, 4, jiff::civil::date(2026, 1, 15), 4)
}

fn bundle(hospital: &Hospital) -> String {
    hospital.bundle("00000000-0000-4000-8000-000000000001", "2026-01-16T03:00:00+01:00").to_string()
}

fn str_of(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn a_correct_bundle_of_either_era_is_in_order() {
    for (era, ruleset) in [(Era::V0_9_4, "lmdi-0.9.4"), (Era::V1_1_2, "lmdi-1.1.2")] {
        let input = bundle(&hospital(era));
        for arguments in [vec!["validate", "-"], vec!["validate", "--ruleset", ruleset, "-"]] {
            let output = with_input(&arguments, &input);
            assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stdout));
        }
    }
}

#[test]
fn a_fault_gives_status_1_with_code_place_and_remedy() {
    let mut hospital = hospital(Era::V0_9_4);
    hospital.add_faulty(jiff::civil::date(2026, 1, 15), Fault::AdministrationWithoutTime);
    let input = bundle(&hospital);
    let output = with_input(&["validate", "-"], &input);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(said.contains("LMR-4061") && said.contains("Bundle.entry["), "{said}");

    let output = with_input(&["validate", "--format", "json", "--lang", "en", "-"], &input);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<Value> =
        text(&output.stdout).lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    let fault = lines.iter().find(|l| l["code"] == "LMR-4061").expect("the fault");
    assert_eq!(fault["severity"], "error");
    assert!(fault["line"].as_u64() > Some(0) && !fault["remedy"].as_str().unwrap_or_default().is_empty());

    let output = with_input(&["validate", "--format", "html", "-"], &input);
    assert_eq!(output.status.code(), Some(1));
    let page = text(&output.stdout);
    assert!(page.starts_with("<!doctype html>") && page.contains("LMR-4061") && page.contains("<mark"));

    let output = with_input(&["validate", "--format", "operation-outcome", "-"], &input);
    let said = text(&output.stdout);
    assert_eq!(said.lines().count(), 1);
    let outcome: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    assert!(outcome["issue"].as_array().is_some_and(|i| !i.is_empty()));
}

#[test]
fn what_cannot_be_used_gives_status_2_and_says_why() {
    let unreadable = with_input(&["validate", "-"], "{\"resourceType\": ");
    assert_eq!(unreadable.status.code(), Some(2));
    assert!(text(&unreadable.stdout).contains("LMR-3002"));
    let missing = lmr(&["validate", "there-is-no-such-file.json"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("there-is-no-such-file.json"));
    for arguments in [
        vec!["validate"],
        vec!["validate", "--ruleset", "lmdi-9", "-"],
        vec!["validate", "--best-practice", "error", "-"],
        vec!["validate", "--ruleset", "none", "--profile", "http://example.org/none", "-"],
        vec!["validate", "--ruleset", "none", "--package", "there-is-no-such.tgz", "-"],
        vec!["no-such-command"],
    ] {
        let output = with_input(&arguments, "{\"resourceType\":\"Patient\"}");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?} says nothing");
    }
}

#[test]
fn plain_r4_is_judged_without_the_registers_rules() {
    let good =
        with_input(&["validate", "--ruleset", "none", "-"], r#"{"resourceType":"Patient","active":true}"#);
    assert_eq!(good.status.code(), Some(0), "{}", text(&good.stdout));
    let bad = with_input(
        &["validate", "--ruleset", "none", "--lang", "en", "-"],
        r#"{"resourceType":"Patient","activ":true,"gender":"m"}"#,
    );
    assert_eq!(bad.status.code(), Some(1));
    let said = text(&bad.stdout);
    assert!(said.contains("LMR-4004") && said.contains("LMR-5001"), "{said}");
}

#[test]
fn fhirpath_prints_a_line_an_item() {
    let patient = r#"{"resourceType":"Patient","name":[{"given":["A","B"]}],"multipleBirthInteger":2}"#;
    let output =
        with_input(&["fhirpath", "Patient.name.given | (multipleBirth + 1).toString()", "-"], patient);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout),
        "{\"type\":\"string\",\"value\":\"A\"}\n{\"type\":\"string\",\"value\":\"B\"}\n{\"type\":\"string\",\"value\":\"3\"}\n"
    );
    let output = with_input(&["fhirpath", "--context", "Patient.name", "given.count()", "-"], patient);
    assert_eq!(text(&output.stdout), "{\"type\":\"integer\",\"value\":2}\n");
    assert_eq!(with_input(&["fhirpath", "Patient.name.(", "-"], patient).status.code(), Some(2));
    assert_eq!(
        with_input(&["fhirpath", "Patient.name.given.toInteger() + 'x'.single() / 0", "-"], "[")
            .status
            .code(),
        Some(2)
    );
    let failing = with_input(&["fhirpath", "Patient.name.given.single()", "-"], patient);
    assert_eq!(failing.status.code(), Some(1));
    assert!(text(&failing.stderr).contains("cannot be evaluated"));
}

#[test]
fn codes_explains_and_lists() {
    let one = text(&lmr(&["codes", "LMR-4061"]).stdout);
    assert!(one.contains("LMR-4061") && one.contains("Riktig"), "{one}");
    let all = text(&lmr(&["codes", "--format", "json"]).stdout);
    assert_eq!(all.lines().count(), lmr_lmdi::codes::Code::ALL.len());
    assert_eq!(lmr(&["codes", "LMR-0000"]).status.code(), Some(2));
}

#[test]
fn what_is_sealed_is_opened_and_anything_else_is_not() {
    let world = tempfile::tempdir().expect("a folder");
    let folder = world.path().join("w");
    assert!(lmr(&["sandbox", "init", str_of(&folder)]).status.success());
    let file = |name: &str| str_of(&folder.join(name)).to_owned();
    let plain = bundle(&hospital(Era::V0_9_4));
    std::fs::write(file("bundle.json"), &plain).expect("written");
    let seal = lmr(&[
        "seal",
        &file("bundle.json"),
        "--certificate",
        &file("sender.pem"),
        "--key",
        &file("sender.key"),
        "--recipient",
        &file("register.pem"),
        "-o",
        &file("message.json"),
    ]);
    assert!(seal.status.success(), "{}", text(&seal.stderr));
    let open = |sender: &str, message: &str| {
        lmr(&[
            "open",
            message,
            "--sender-certificate",
            sender,
            "--certificate",
            &file("register.pem"),
            "--key",
            &file("register.key"),
        ])
    };
    let opened = open(&file("sender.pem"), &file("message.json"));
    assert_eq!(text(&opened.stdout), plain);
    let foreign = open(&file("register.pem"), &file("message.json"));
    assert_eq!(foreign.status.code(), Some(2));
    assert!(foreign.stdout.is_empty() && !foreign.stderr.is_empty());
    // Nothing is overwritten that a person may need.
    let again = lmr(&["sandbox", "init", str_of(&folder)]);
    assert_eq!(again.status.code(), Some(2));
}

#[test]
fn the_demo_passes_its_own_checks() {
    let output = lmr(&["demo", "--once", "--administrations", "8", "--lang", "en"]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", text(&output.stderr));
    assert!(said.contains("18 of 18 checks hold"), "{said}");
}
