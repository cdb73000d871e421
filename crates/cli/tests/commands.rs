//! The program as people call it: output, exit status, what it says about bad input.

use std::path::Path;
use std::process::{Command, Output};

use lmr_sandbox::hospital::{Era, Fault, Hospital};
use serde_json::Value;

use crate::program;

fn lmr(arguments: &[&str]) -> Output {
    program::lmr(arguments).output().expect("lmr runs")
}

fn with_input(arguments: &[&str], input: &str) -> Output {
    program::with_input(program::lmr(arguments), input.as_bytes())
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
    for (era, ruleset) in
        [(Era::V0_9_4, "lmdi-0.9.4"), (Era::Latest, "lmdi-1.1.2"), (Era::Latest, "lmdi-1.1.7")]
    {
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
    assert!(
        fault["line"].as_u64() > Some(0)
            && !fault["remedy"].as_str().unwrap_or_default().is_empty()
    );

    let output = with_input(&["validate", "--format", "html", "-"], &input);
    assert_eq!(output.status.code(), Some(1));
    let page = text(&output.stdout);
    assert!(
        page.starts_with("<!doctype html>") && page.contains("LMR-4061") && page.contains("<mark")
    );

    let output = with_input(&["validate", "--format", "operation-outcome", "-"], &input);
    let said = text(&output.stdout);
    assert_eq!(said.lines().count(), 1);
    let outcome: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    assert!(outcome["issue"].as_array().is_some_and(|i| !i.is_empty()));
}

#[test]
fn a_file_with_a_resource_a_line_is_validated_line_by_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = folder.path().join("patients.ndjson");
    let text_of_lines = "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n\n\
         {\"resourceType\":\"Patient\",\"gendr\":\"male\"}\n{\"resourceType\":\n";
    std::fs::write(&lines, text_of_lines).expect("written");
    std::fs::write(folder.path().join("notes.txt"), "not looked at").expect("written");
    for path in [folder.path(), &lines] {
        let arguments =
            ["validate", "--ruleset", "none", "--lang", "en", "--format", "json", str_of(path)];
        let output = lmr(&arguments);
        assert_eq!(output.status.code(), Some(2), "the last line is not JSON");
        let reported: Vec<Value> =
            text(&output.stdout).lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
        let places: Vec<_> =
            reported.iter().map(|f| (f["line"].as_u64(), f["code"].as_str())).collect();
        assert_eq!(places, [(Some(3), Some("LMR-4004")), (Some(4), Some("LMR-3002"))]);
    }
    let said =
        text(&lmr(&["validate", "--ruleset", "none", "--lang", "nb", str_of(&lines)]).stdout);
    assert!(said.contains("patients.ndjson:3: 1 feil, 0 advarsler"), "{said}");
    assert!(said.contains("teksten slutter før verdien er fullstendig"), "{said}");
    assert!(said.ends_with("1 fil, 3 ressurser, 1 med feil; 2 feil, 0 advarsler\n"), "{said}");
}

#[test]
fn a_long_file_of_lines_is_reported_in_order_whatever_the_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = folder.path().join("patients.ndjson");
    let note = "x".repeat(4_000);
    let line = |number: usize| match number % 50 {
        7 => format!("{{\"resourceType\":\"Patient\",\"gender\":\"{number}\"}}\n"),
        9 => String::from("{\"resourceType\":\n"),
        _ => format!(
            "{{\"resourceType\":\"Basic\",\"language\":\"nb\",\"code\":{{\"text\":\"{note}\"}}}}\n"
        ),
    };
    let content: String = (1..=1_000).map(line).collect();
    assert!(content.len() > 3 << 20, "several batches");
    std::fs::write(&lines, &content).expect("written");
    let path = str_of(&lines);
    let run = |threads: &'static str| {
        let arguments =
            ["validate", "--ruleset", "none", "--format", "json", "--threads", threads, path];
        text(&lmr(&arguments).stdout)
    };
    let one = run("1");
    let places: Vec<u64> = one
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).expect("JSON")["line"].as_u64().expect("a line"))
        .collect();
    let faulty: Vec<u64> = (1..=1_000).filter(|n| matches!(n % 50, 7 | 9)).collect();
    let mut distinct = places.clone();
    distinct.dedup();
    assert_eq!(distinct, faulty);
    assert_eq!(run("3"), one);
    let from_stdin =
        with_input(&["validate", "--ruleset", "none", "--format", "json", "-"], &content);
    let lines_of = |said: &str| said.lines().count();
    assert_eq!(lines_of(&text(&from_stdin.stdout)), lines_of(&one));
}

#[test]
fn what_cannot_be_used_gives_status_2_and_says_why() {
    let unreadable = with_input(&["validate", "-"], "{\"resourceType\": ");
    assert_eq!(unreadable.status.code(), Some(2));
    assert!(text(&unreadable.stdout).contains("LMR-3002"));
    let utf16: String = "{\"resourceType\":\"Patient\"}".chars().flat_map(|c| [c, '\0']).collect();
    for (input, code, en, nb) in [
        (
            "\n<Patient/>",
            "LMR-3010",
            "cannot be read as FHIR XML: the element Patient is not in the namespace http://hl7.org/fhir",
            "Patient er ikke i navnerommet http://hl7.org/fhir",
        ),
        (
            &*utf16,
            "LMR-3001",
            "looks like UTF-16; UTF-8 is expected",
            "ser ut som UTF-16; det skal være UTF-8",
        ),
    ] {
        let output = with_input(&["validate", "--lang", "en", "-"], input);
        assert_eq!(output.status.code(), Some(2));
        let said = text(&output.stdout);
        assert!(said.contains(en), "{said}");
        assert!(said.contains(code), "{said}");
        let said = text(&with_input(&["validate", "--lang", "nb", "-"], input).stdout);
        assert!(said.contains(nb), "{said}");
    }
    // Nothing that was not checked passes, whatever is asked of the exit status.
    for input in ["x", "{}", "[]", "7", "{\"pasient\":\"x\"}"] {
        for further in [&[][..], &["--exit-zero"], &["--ruleset", "none"]] {
            let output = with_input(&[&["validate", "-"], further].concat(), input);
            assert_eq!(output.status.code(), Some(2), "{input} {further:?}");
        }
    }
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

#[cfg(unix)]
#[test]
fn a_folder_is_gone_through_once_whatever_is_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let validate =
        || lmr(&["validate", "--ruleset", "none", "--lang", "en", str_of(folder.path())]);
    let output = validate();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("holds no .json"), "{}", text(&output.stderr));

    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).expect("a folder");
    std::fs::write(inside.join("good.json"), r#"{"resourceType":"Patient"}"#).expect("a file");
    std::fs::write(inside.join("bad.json"), r#"{"resourceType":"Patient","activ":true}"#)
        .expect("a file");
    std::os::unix::fs::symlink(folder.path(), inside.join("round")).expect("a link");
    let pipe = inside.join("pipe.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let output = validate();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("2 files, 1 with errors"), "{said}");

    // What cannot be opened is reported, and the others are validated.
    std::os::unix::fs::symlink("nowhere", inside.join("a.json")).expect("a link");
    let output = validate();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("a.json"));
    assert!(text(&output.stdout).contains("good.json: correct"), "{}", text(&output.stdout));
}

#[test]
fn an_outcome_speaks_the_language_asked_for() {
    for (lang, sentence, other) in [("en", "Correct", "nb"), ("nb", "I orden", "en")] {
        let arguments =
            ["validate", "--ruleset", "none", "--format", "operation-outcome", "--lang", lang, "-"];
        let output = with_input(&arguments, r#"{"resourceType":"Patient"}"#);
        let outcome: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let details = &outcome["issue"][0]["details"];
        assert_eq!(details["text"], sentence);
        assert_eq!(details["_text"]["extension"][0]["extension"][0]["valueCode"], other);
    }
}

#[test]
fn an_outcome_is_correct_fhir_by_the_same_program() {
    let mut hospital = hospital(Era::V0_9_4);
    hospital.add_faulty(jiff::civil::date(2026, 1, 15), Fault::AdministrationWithoutTime);
    let output =
        with_input(&["validate", "--format", "operation-outcome", "-"], &bundle(&hospital));
    assert_eq!(output.status.code(), Some(1));
    let output = with_input(&["validate", "--ruleset", "none", "-"], &text(&output.stdout));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn what_to_do_is_said_once_for_faults_of_one_kind_at_one_place() {
    let output = with_input(
        &["validate", "--lang", "en", "-"],
        r#"{"resourceType":"MedicationAdministration","status":"compleeted"}"#,
    );
    let said = text(&output.stdout);
    assert!(said.matches("LMR-5001").count() > 1, "{said}");
    assert_eq!(said.matches("→ Translate").count(), 1, "{said}");
}

#[test]
fn a_receiver_that_cannot_reach_its_postgresql_says_so_without_the_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = folder.path().join("world");
    let at = |name: &str| world.join(name).display().to_string();
    assert!(lmr(&["sandbox", "init", &world.display().to_string()]).status.success());
    let config = std::fs::read_to_string(at("receiver.toml")).expect("a file");
    let address = "postgres://lmr:hemmelig@127.0.0.1:1/mottak";
    let changed = config.replace("\"receiver.sqlite\"", &format!("\"{address}\""));
    assert_ne!(config, changed);
    std::fs::write(at("receiver.toml"), changed).expect("written");
    // A server that does not answer passes by itself: 3.
    for (command, status) in [("serve", 3), ("doctor", 1)] {
        let output = lmr(&[command, "--config", &at("receiver.toml")]);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{command}: {said}");
        assert!(said.contains("PostgreSQL") && !said.contains("hemmelig"), "{command}: {said}");
    }
    assert!(!world.join("postgres:").exists(), "and makes no file of that name");
}

#[test]
fn a_sender_of_the_file_is_not_changed_where_nobody_reads_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = folder.path().join("world");
    let at = |name: &str| world.join(name).display().to_string();
    assert!(lmr(&["sandbox", "init", &world.display().to_string()]).status.success());
    let config = std::fs::read_to_string(at("sender.toml")).expect("a file");
    let line =
        config.lines().find(|line| line.starts_with("organisation")).expect("the organisation");
    let number = line.split('"').nth(1).expect("its number");
    let file = at("receiver.toml");
    let register = [
        "admin",
        "register",
        number,
        "--name",
        "x",
        "--certificate",
        &at("sender.pem"),
        "--config",
        &file,
        "--lang",
        "en",
    ];
    let deactivate = vec!["admin", "deactivate", number, "--config", &file, "--lang", "en"];
    assert!(lmr(&["serve", "--check", "--config", &file]).status.success());
    for arguments in [register.to_vec(), deactivate] {
        let output = lmr(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stdout));
        assert!(text(&output.stderr).contains("configuration file"), "{}", text(&output.stderr));
    }
}

#[test]
fn the_hospitals_data_of_a_sandbox_are_written_where_its_sender_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = folder.path().join("world").display().to_string();
    assert!(lmr(&["sandbox", "init", &world, "--administrations", "3"]).status.success());
    assert!(lmr(&["sandbox", "hospital", &world, "--administrations", "9"]).status.success());
    let given = format!("{world}/source/MedicationAdministration.ndjson");
    assert_eq!(std::fs::read_to_string(given).expect("a file").lines().count(), 9);
    assert!(!Path::new(&world).join("Patient.ndjson").exists());
}

#[test]
fn a_sandbox_is_neither_overwritten_nor_mixed_unasked() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = folder.path().join("world");
    let at = |name: &str| std::fs::read_to_string(world.join(name)).expect("a file");
    let init = |more: &[&str]| lmr(&[&["sandbox", "init", str_of(&world)], more].concat());
    assert!(init(&["--ruleset", "lmdi-1.1.7"]).status.success());
    let (key, export) = (at("sender.key"), at("source/Patient.ndjson"));
    for (lang, words) in [("nb", "har en sandkasse fra før"), ("en", "holds a sandbox already")] {
        let again = init(&["--lang", lang]);
        assert_eq!(again.status.code(), Some(2));
        let said = text(&again.stderr);
        assert!(said.contains(words) && said.contains("--force"), "{said}");
    }
    assert_eq!(at("sender.key"), key);
    // The hospital's data are those of the world's rule set, whatever the default is.
    let hospital = |more: &[&str]| lmr(&[&["sandbox", "hospital", str_of(&world)], more].concat());
    assert!(hospital(&["--seed", "7"]).status.success());
    assert!(
        at("source/Patient.ndjson") != export
            && !world.join("source/EpisodeOfCare.ndjson").exists()
    );
    let other = hospital(&["--ruleset", "lmdi-0.9.4"]);
    assert_eq!(other.status.code(), Some(2), "{}", text(&other.stdout));
    // Thrown away on request, with everything that belongs to the old keys.
    std::fs::write(world.join("sender.sqlite"), "old").expect("written");
    let forced = init(&["--force"]);
    assert!(forced.status.success(), "{}", text(&forced.stderr));
    assert_ne!(at("sender.key"), key);
    assert!(
        !world.join("sender.sqlite").exists() && !world.join("source/Encounter.ndjson").exists()
    );
    assert!(world.join("source/EpisodeOfCare.ndjson").exists());
}

#[test]
fn plain_r4_is_validated_without_the_registers_rules() {
    let good = with_input(
        &["validate", "--ruleset", "none", "-"],
        r#"{"resourceType":"Patient","active":true}"#,
    );
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
fn profiles_of_types_and_resources_outside_the_file_are_named_by_flags() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let profile = write(
        "profile.json",
        r#"{"resourceType":"StructureDefinition","url":"http://test.no/named","name":"N","status":"active",
            "kind":"resource","abstract":false,"type":"Patient","derivation":"constraint",
            "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient",
            "differential":{"element":[{"path":"Patient.name","min":1}]}}"#,
    );
    let patient = write("patient.json", r#"{"resourceType":"Patient","active":true}"#);
    let validate = |more: &[&str], input: &str| {
        let arguments = [
            &["validate", "--ruleset", "none", "--lang", "en", "--package", str_of(&profile)],
            more,
            &["-"],
        ];
        with_input(&arguments.concat(), input)
    };
    let bare = r#"{"resourceType":"Patient","active":true}"#;
    assert_eq!(validate(&[], bare).status.code(), Some(0));
    let global = validate(&["--global-profile", "Patient=http://test.no/named"], bare);
    assert_eq!(global.status.code(), Some(1), "{}", text(&global.stdout));
    assert!(text(&global.stdout).contains("LMR-4001"));
    let nowhere = validate(&["--global-profile", "Patient=http://test.no/unknown"], bare);
    assert_eq!(nowhere.status.code(), Some(2));

    let group =
        r#"{"resourceType":"Basic","code":{"text":"a"},"subject":{"reference":"Patient/1"}}"#;
    let missing = validate(&["--references", "exists"], group);
    assert_eq!(missing.status.code(), Some(1), "{}", text(&missing.stdout));
    let external = format!("Patient/1={}", str_of(&patient));
    let there = validate(&["--references", "exists", "--external", &external], group);
    assert_eq!(there.status.code(), Some(0), "{}", text(&there.stdout));
    let unreadable = validate(&["--external", "Patient/1=/nowhere.json"], group);
    assert_eq!(unreadable.status.code(), Some(2));
}

#[test]
fn fhirpath_prints_a_line_an_item() {
    let patient =
        r#"{"resourceType":"Patient","name":[{"given":["A","B"]}],"multipleBirthInteger":2}"#;
    let output = with_input(
        &["fhirpath", "Patient.name.given | (multipleBirth + 1).toString()", "-"],
        patient,
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout),
        "{\"type\":\"string\",\"value\":\"A\"}\n{\"type\":\"string\",\"value\":\"B\"}\n{\"type\":\"string\",\"value\":\"3\"}\n"
    );
    let output =
        with_input(&["fhirpath", "--context", "Patient.name", "given.count()", "-"], patient);
    assert_eq!(text(&output.stdout), "{\"type\":\"integer\",\"value\":2}\n");
    for (context, expression, complaint) in [
        (
            "Patient.name",
            "given1",
            "the expression does not fit the definitions: line 1, column 1: HumanName",
        ),
        ("birthDate", "$this + 7", "the expression does not fit the definitions"),
        ("Patient.nmae", "given", "--context does not fit the definitions"),
    ] {
        let arguments = ["fhirpath", "--lang", "en", "--context", context, expression, "-"];
        let output = with_input(&arguments, patient);
        assert_eq!(output.status.code(), Some(2), "{context}: {expression}");
        assert!(text(&output.stderr).contains(complaint), "{}", text(&output.stderr));
    }
    let unchecked = ["fhirpath", "--no-check", "--context", "Patient.name", "given1", "-"];
    assert_eq!(with_input(&unchecked, patient).status.code(), Some(0));
    assert_eq!(with_input(&["fhirpath", "Patient.name.(", "-"], patient).status.code(), Some(2));
    assert_eq!(
        with_input(&["fhirpath", "Patient.name.given.toInteger() + 'x'.single() / 0", "-"], "[")
            .status
            .code(),
        Some(2)
    );
    let failing =
        with_input(&["fhirpath", "--lang", "en", "Patient.name.given.single()", "-"], patient);
    assert_eq!(failing.status.code(), Some(1));
    assert!(text(&failing.stderr).contains("cannot be evaluated"));
    for (expression, near) in [
        ("Patient.gendre", "gender"),
        ("Patient.name.were(true)", "where()"),
        ("Patient.nam.given", "name"),
    ] {
        let misspelt = with_input(&["fhirpath", "--lang", "en", expression, "-"], patient);
        assert_eq!(misspelt.status.code(), Some(2));
        let said = text(&misspelt.stderr);
        assert!(said.contains(&format!("did you mean {near}?")), "{said}");
    }
}

#[test]
fn n21_codes_of_lists_that_are_not_loaded_have_one_line_a_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = folder.path().join("world");
    assert!(lmr(&["sandbox", "init", str_of(&world)]).status.success());
    let source = world.join("source");
    let validate = |more: &[&str]| {
        let start = ["validate", "--ruleset", "lmdi-0.9.4", "--lang", "en", str_of(&source)];
        lmr(&[&start, more].concat())
    };
    let json = text(&validate(&["--format", "json"]).stdout);
    let each = json.lines().filter(|line| line.contains("LMR-5005") || line.contains("LMR-5006"));
    let (count, output) = (each.count(), validate(&[]));
    assert!(count > 20, "the hospital has codes of lists that nobody ships: {count}");
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stdout);
    let grouped = said.split("Code lists that are not loaded").nth(1).expect("a heading");
    let counts: Vec<usize> = grouped
        .lines()
        .filter_map(|line| line.trim_start().split_once("  ")?.0.parse().ok())
        .collect();
    assert!(counts.len() < 10, "{said}");
    assert_eq!(counts.iter().sum::<usize>(), count, "{said}");
    assert!(!said.contains("LMR-5005") && said.lines().count() < 30, "{said}");
    assert!(said.contains("rule set lmdi-0.9.4"), "{said}");
    // Nothing is wrong: quiet says nothing.
    let quiet = validate(&["--quiet"]);
    assert_eq!((quiet.status.code(), text(&quiet.stdout).as_str()), (Some(0), ""));
    std::fs::write(source.join("Patient.json"), r#"{"resourceType":"Patient","gender":"x"}"#)
        .expect("written");
    let quiet = text(&validate(&["--quiet"]).stdout);
    assert!(quiet.contains("LMR-5001") && !quiet.contains("  warning "), "{quiet}");
}

#[test]
fn what_is_not_json_has_the_remedy_of_what_it_is() {
    let patient = "{\"resourceType\":\"Patient\"}\n";
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content, words) in [
        ("two.json", [patient, patient].concat().into_bytes(), "ends with .ndjson"),
        ("packed.json", vec![0x1f, 0x8b, 8, 0], "unpack it first"),
        ("table.json", b"navn;verdi\na;1\n".to_vec(), "looks like CSV"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("written");
        let output = lmr(&["validate", "--ruleset", "none", "--lang", "en", str_of(&path)]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(text(&output.stdout).contains(words), "{name}: {}", text(&output.stdout));
    }
}

#[test]
fn n22_a_resource_a_line_is_taken_from_standard_input_too() {
    let lines = "{\"resourceType\":\"Patient\",\"active\":true}\n\n{\"resourceType\":\"Patient\",\"activ\":true}\n";
    let output = with_input(
        &["validate", "--ruleset", "none", "--lang", "en", "--format", "json", "-"],
        lines,
    );
    assert_eq!(output.status.code(), Some(1));
    let finding: Value = serde_json::from_slice(&output.stdout).expect("one finding");
    assert_eq!((finding["line"].as_u64(), finding["code"].as_str()), (Some(3), Some("LMR-4004")));
    let output = with_input(&["fhirpath", "--no-check", "Patient.active", "-"], lines);
    assert_eq!(text(&output.stdout), "{\"type\":\"boolean\",\"value\":true}\n");
    let output = with_input(&["fhirpath", "Patient.resourceType.count() + 1", "-"], lines);
    assert!(output.status.code().is_some());
    // Two values that are not one a line are still a fault.
    let broken =
        with_input(&["validate", "--ruleset", "none", "-"], "{\"resourceType\":\"Patient\"} x\n");
    assert_eq!(broken.status.code(), Some(2));
}

#[test]
fn n24_what_is_wrong_with_the_arguments_is_said_in_the_language_asked_for() {
    for (arguments, nb, en) in [
        (
            vec!["validate", "--rulset", "none", "x"],
            "argumentet --rulset er ukjent",
            "unexpected argument",
        ),
        (vec!["vallidate"], "kommandoen vallidate er ukjent", "unrecognized subcommand"),
        (
            vec!["terminology", "x"],
            "terminology [VALG] <KOMMANDO>",
            "terminology [OPTIONS] <COMMAND>",
        ),
        (vec!["validate"], "det mangler: <FILES>...", "required arguments"),
        (vec!["send"], "det mangler en kommando", "requires a subcommand"),
        (
            vec!["validate", "--format", "pdf", "x"],
            "mulige verdier: text, json",
            "possible values: text, json",
        ),
    ] {
        for (lang, words) in [("nb", nb), ("en", en)] {
            let output = lmr(&[arguments.clone(), vec!["--lang", lang]].concat());
            assert_eq!(output.status.code(), Some(2), "{arguments:?}");
            let said = text(&output.stderr);
            assert!(said.contains(words), "{arguments:?}: {said}");
            let is_english =
                ["Usage:", "[OPTIONS]", "<COMMAND>"].iter().any(|it| said.contains(it));
            assert!(!is_english || lang == "en", "{arguments:?}: {said}");
        }
    }
    let help = lmr(&["validate", "--help"]);
    assert!(help.status.success() && text(&help.stdout).contains("--ruleset"));
    // The system's own errors too, and the language of the environment.
    let missing = program::lmr(&[])
        .args(["validate", "none.json"])
        .env("LMR_LANG", "en")
        .output()
        .expect("lmr runs");
    assert_eq!(text(&missing.stderr), "lmr: cannot read none.json: does not exist\n");
    let missing = lmr(&["validate", "none.json"]);
    assert_eq!(text(&missing.stderr), "lmr: kan ikke lese none.json: finnes ikke\n");
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
    assert!(said.contains("20 of 20 checks hold"), "{said}");
}

#[test]
fn the_demo_plays_bad_days_too() {
    let bad = ["--scenario", "outage", "--scenario", "certificate", "--scenario", "clock"];
    let output =
        lmr(&[&["demo", "--once", "--administrations", "8", "--lang", "en"], &bad[..]].concat());
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", text(&output.stderr));
    assert!(said.contains("12 of 12 checks hold"), "{said}");
    for shown in ["nothing answers at the address", "LMR-2030", "clock is put right"] {
        assert!(said.contains(shown), "{shown}: {said}");
    }
}

#[test]
fn the_demo_numbers_the_days_that_it_plays_and_no_others() {
    for (language, day, correction) in
        [("en", "Day ", "A correction: "), ("nb", "Dag ", "En rettelse: ")]
    {
        let output = lmr(&[
            "demo",
            "--once",
            "--administrations",
            "8",
            "--lang",
            language,
            "--scenario",
            "correction",
        ]);
        let said = text(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", text(&output.stderr));
        assert!(said.contains(correction), "{said}");
        // The correction begins with what the first day has brought.
        let numbers: Vec<&str> =
            said.split(day).skip(1).filter_map(|rest| rest.split(':').next()).collect();
        assert_eq!(numbers, ["1"], "{said}");
    }
}

#[cfg(unix)]
#[test]
fn an_output_that_is_not_an_ordinary_file_stays_what_it_is() {
    use std::os::unix::fs::FileTypeExt;

    let folder = tempfile::tempdir().expect("a folder");
    let (pipe, link, file) =
        (folder.path().join("pipe"), folder.path().join("link"), folder.path().join("file"));
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    std::fs::write(&file, "old").expect("a file");
    let input = bundle(&hospital(Era::Latest));
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).expect("the pipe is read")
    });
    for output in [&pipe, &link] {
        let done =
            with_input(&["validate", "--format", "json", "--output", str_of(output), "-"], &input);
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    }
    assert!(std::fs::symlink_metadata(&pipe).expect("still there").file_type().is_fifo());
    assert!(std::fs::symlink_metadata(&link).expect("still there").file_type().is_symlink());
    let through_pipe = reader.join().expect("the reader ends");
    assert_eq!(std::fs::read_to_string(&file).expect("written through the link"), through_pipe);
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("the folder").count(),
        3,
        "nothing lies about"
    );

    // A list of codes packed into a pipe is whole as well.
    let codes = folder.path().join("codes.csv");
    std::fs::write(&codes, "code,display\na,A\n").expect("a list");
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read(pipe).expect("the pipe is read")
    });
    let done = lmr(&[
        "terminology",
        "import",
        str_of(&codes),
        "--system",
        "http://example.org/codes",
        "--output",
        str_of(&pipe),
    ]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert!(reader.join().expect("the reader ends").starts_with(&[0x1f, 0x8b]));
    assert!(std::fs::symlink_metadata(&pipe).expect("still there").file_type().is_fifo());
}

#[test]
fn n25_every_report_names_the_rule_set_and_its_digest() {
    let listed = lmr(&["rulesets", "--format", "json"]);
    assert_eq!(listed.status.code(), Some(0));
    let rows: Vec<Value> =
        text(&listed.stdout).lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    let newest = rows.iter().rfind(|row| row["default"] == true).expect("a default");
    assert_eq!(newest["id"], "lmdi-1.1.7");
    assert_eq!(newest["bundleType"], "transaction");
    let digest = newest["digest"].as_str().expect("a digest");
    assert!(digest.starts_with("sha256:") && digest.len() == 71, "{digest}");
    let said = text(&lmr(&["rulesets", "--lang", "en"]).stdout);
    assert!(said.contains(digest) && said.contains("guide 1.1.7 of 2026-10-07"), "{said}");

    let input = bundle(&hospital(Era::Latest));
    for format in ["text", "json", "operation-outcome", "html", "sarif", "junit"] {
        let output = with_input(&["validate", "--format", format, "-"], &input);
        let said = text(&output.stdout);
        assert!(said.contains("lmdi-1.1.7") && said.contains(digest), "{format}: {said}");
    }
    let plain = text(&with_input(&["validate", "--ruleset", "none", "-"], &input).stdout);
    assert!(!plain.contains("lmdi-1"), "{plain}");
    let older = with_input(&["validate", "--ruleset", "lmdi-1.1.2", "-"], &input);
    assert!(text(&older.stdout).contains("lmdi-1.1.2") && !text(&older.stdout).contains(digest));
}

#[test]
fn a_check_that_is_stopped_keeps_what_it_has_found_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("many.ndjson");
    // More than a second's work on any machine.
    std::fs::write(&path, "{\"resourceType\":\"Patient\",\"gender\":\"x\"}\n".repeat(300_000))
        .expect("a file");
    let arguments =
        ["validate", "--ruleset", "none", "--max-seconds", "1", "--format", "json", "--lang", "en"];
    let output = lmr(&[&arguments[..], &[str_of(&path)]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let found = text(&output.stdout);
    let lines = found.lines().count();
    assert!(found.contains("gender") && lines < 600_000, "{lines} lines");
    let said = text(&output.stderr);
    assert!(said.contains("--max-seconds") && said.contains("not all"), "{said}");

    // A limit that is not reached changes nothing.
    let output = with_input(
        &["validate", "--ruleset", "none", "--max-seconds", "600", "-"],
        "{\"resourceType\":\"Patient\",\"gender\":\"male\"}",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

/// The rows of a table of `--statistics=FILE`.
fn rows(statistics: &Value, table: &str) -> Vec<(String, u64, f64)> {
    let rows = statistics[table].as_array().unwrap_or_else(|| panic!("{table}: {statistics}"));
    rows.iter()
        .map(|row| {
            let name = row["name"].as_str().expect("a name").to_owned();
            let count = row["count"].as_u64().expect("a count");
            (name, count, row["milliseconds"].as_f64().expect("a time"))
        })
        .collect()
}

#[test]
fn statistics_say_what_cost_time_by_profile_check_and_invariant() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("patients.ndjson");
    let patient =
        r#"{"resourceType":"Patient","contact":[{"name":{"text":"x"}}],"birthDate":"1990-01-01"}"#;
    let times = 40;
    std::fs::write(&path, format!("{patient}\n").repeat(times)).expect("a file");
    let json = folder.path().join("statistics.json");
    let asked = format!("--statistics={}", json.display());
    for (rule_set, threads) in [("none", "1"), ("none", "3"), ("lmdi-1.1.7", "1")] {
        let arguments =
            ["validate", "--ruleset", rule_set, "--threads", threads, "--format", "json"];
        let plain = lmr(&[&arguments[..], &[str_of(&path)]].concat());
        let measured = lmr(&[&arguments[..], &[&asked, str_of(&path)]].concat());
        assert_eq!(measured.stdout, plain.stdout, "{rule_set}: the report is the same");
        assert_eq!(measured.status.code(), plain.status.code());
        let statistics: Value =
            serde_json::from_slice(&std::fs::read(&json).expect("written")).expect("JSON");
        let profiles = rows(&statistics, "profiles");
        let patients: u64 = profiles
            .iter()
            .filter(|(name, ..)| name.contains("Patient"))
            .map(|(_, count, _)| *count)
            .sum();
        assert!(patients >= times as u64, "{rule_set}: {profiles:?}");
        // A contact has content of its own to test: pat-1.
        let invariants = rows(&statistics, "invariants");
        let pat_1 = invariants.iter().find(|(name, ..)| name.ends_with("#pat-1"));
        assert!(pat_1.is_some_and(|(_, count, _)| *count >= times as u64), "{invariants:?}");
        let checks = rows(&statistics, "checks");
        for name in ["reading the text", "members, types and numbers of elements", "invariants"] {
            assert!(checks.iter().any(|(n, ..)| n == name), "{name}: {checks:?}");
        }
        let sum: f64 = checks.iter().map(|(_, _, time)| time).sum();
        let of_invariants: f64 = invariants.iter().map(|(_, _, time)| time).sum();
        assert!(sum > 0.0 && of_invariants <= sum, "{sum} {of_invariants}");
        // With one thread nothing is counted twice: no more was spent than went by.
        let whole = statistics["milliseconds"].as_f64().expect("a time");
        assert!(threads != "1" || sum <= whole, "{sum} of {whole}");
    }

    // For people, beside the report.
    for (language, word) in [("en", "bindings to value sets"), ("nb", "bindinger til verdisett")] {
        let output = with_input(
            &["--lang", language, "validate", "--ruleset", "none", "--statistics", "-"],
            r#"{"resourceType":"Patient","gender":"male","name":[{"use":"official"}]}"#,
        );
        let said = text(&output.stderr);
        assert!(
            said.contains(word) && said.contains("StructureDefinition/Patient|4.0.1"),
            "{said}"
        );
        assert!(!text(&output.stdout).contains(word));
    }
    // Without being asked nothing is measured.
    let output = with_input(&["validate", "--ruleset", "none", "-"], patient);
    assert_eq!(text(&output.stderr), "");
}

/// The units make no new attempt after 2: what passes by itself must not have it.
#[test]
fn a_service_that_cannot_start_now_has_another_exit_status_than_one_that_a_person_must_correct() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = folder.path().join("world");
    let at = |name: &str| world.join(name).display().to_string();
    assert!(lmr(&["sandbox", "init", &world.display().to_string()]).status.success());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = listener.local_addr().expect("its address").to_string();
    let receiver = std::fs::read_to_string(at("receiver.toml")).expect("a file");
    let sender = std::fs::read_to_string(at("sender.toml")).expect("a file");
    let line = |text: &str, key: &str| -> String {
        text.lines().find(|line| line.starts_with(key)).expect("a line").to_owned()
    };
    let listen = line(&receiver, "listen");
    let database = line(&receiver, "database");
    let daemon = |text: String| ("sender.toml", text, vec!["send", "daemon"]);
    let serve = |text: String| ("receiver.toml", text, vec!["serve"]);
    let check = |text: String| ("receiver.toml", text, vec!["serve", "--check"]);
    let port = |address: &str| receiver.replace(&listen, &format!("listen = \"{address}\""));
    let on = |url: &str| receiver.replace(&database, &format!("database = \"{url}\""));
    let away = "postgres://lmr@127.0.0.1:1/lmr";
    for (what, (name, text, command), status) in [
        ("the port is taken", serve(port(&taken)), 3),
        ("the address is not there yet", serve(port("192.0.2.1:8443")), 3),
        ("the database is away", serve(on(away)), 3),
        ("the database is away at a check", check(on(away)), 3),
        ("no such key", serve(receiver.replace("column.key", "none.key")), 2),
        ("no such folder", serve(on("none/receiver.sqlite")), 2),
        (
            "the monitor's port is taken",
            daemon(format!("{sender}\n[monitor]\nlisten = \"{taken}\"\n")),
            3,
        ),
        ("no such certificate", daemon(sender.replace("sender.pem", "none.pem")), 2),
    ] {
        std::fs::write(at(name), text).expect("written");
        let file = at(name);
        let arguments =
            [&command[..1], &["--config", &file, "--lang", "en"], &command[1..]].concat();
        let output = lmr(&arguments);
        assert_eq!(
            output.status.code(),
            Some(status),
            "{what}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// Only the main process's exit status counts for RestartPreventExitStatus, and a start has 90 seconds: a check before it would
/// be tried again for ever, or be ended in the middle of a migration.
#[test]
fn the_units_leave_what_a_person_must_correct_to_the_main_process() {
    for name in ["lmr-receiver", "lmr-sender"] {
        let unit = format!("{}/../../packaging/systemd/{name}.service", env!("CARGO_MANIFEST_DIR"));
        let unit = std::fs::read_to_string(unit).expect("the unit");
        let has = |start: &str| unit.lines().any(|line| line.starts_with(start));
        assert!(has("RestartPreventExitStatus=2") && has("Restart=on-failure"), "{name}");
        assert!(has("Type=exec") && !has("ExecStartPre"), "{name}");
    }
}

/// What asks for nothing that there is finds nothing, which looks like a resource without it.
#[test]
fn an_expression_on_no_resource_or_on_an_unknown_type_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| str_of(&folder.path().join(name)).to_owned();
    std::fs::write(at("empty.ndjson"), "\n\n").expect("written");
    std::fs::write(at("a.json"), r#"{"resourceType":"Patinet","id":"a"}"#).expect("written");
    for (name, lang, expected) in [
        ("empty.ndjson", "en", "holds no resource"),
        ("empty.ndjson", "nb", "har ingen ressurs"),
        ("a.json", "en", "Patinet is not a resource type"),
        ("a.json", "nb", "Patinet er ikke en ressurstype"),
    ] {
        let output = lmr(&["fhirpath", "--lang", lang, "id", &at(name)]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", text(&output.stdout));
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
    }
    let unchecked = lmr(&["fhirpath", "--no-check", "id", &at("a.json")]);
    assert!(unchecked.status.success(), "{}", text(&unchecked.stderr));
}

/// A profile that would never be used is a check that is not made.
#[test]
fn a_profile_for_a_type_that_there_is_not_and_one_that_is_unknown_are_refused_with_the_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.json");
    std::fs::write(&file, r#"{"resourceType":"Patient","gender":"male"}"#).expect("written");
    let base = "http://hl7.org/fhir/StructureDefinition/Patient";
    for (option, value, expected) in [
        ("--global-profile", format!("Patinet={base}"), "Patinet is not a resource type"),
        ("--global-profile", format!("Resource={base}"), "Resource is not a resource type"),
        ("--advice", "refuse".to_owned(), "--advice belongs to the register's rules"),
        ("--profile", format!("{base}/"), "remove the slash at its end"),
        ("--profile", format!("{base}|9.9"), "without a version"),
        ("--profile", format!("{base}x"), "--package"),
    ] {
        let arguments = [
            "validate",
            "--lang",
            "en",
            "--ruleset",
            "none",
            option,
            value.as_str(),
            str_of(&file),
        ];
        let output = lmr(&arguments);
        assert_eq!(output.status.code(), Some(2), "{value}: {}", text(&output.stdout));
        assert!(text(&output.stderr).contains(expected), "{value}: {}", text(&output.stderr));
    }
}

#[test]
fn a_package_for_another_version_of_fhir_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a.json"), r#"{"resourceType":"Patient","gender":"male"}"#).expect("written");
    for (versions, is_other) in [
        (r#"["5.0.0"]"#, true),
        (r#"["4.0.1","5.0.0"]"#, false),
        (r#"["4.0.1"]"#, false),
        ("[]", false),
    ] {
        let manifest =
            format!(r#"{{"name":"own.package","version":"1.0.0","fhirVersions":{versions}}}"#);
        std::fs::create_dir_all(at("p/package")).expect("made");
        std::fs::write(at("p/package/package.json"), manifest).expect("written");
        let (package, file) = (at("p"), at("a.json"));
        let output = lmr(&[
            "validate",
            "--lang",
            "en",
            "--ruleset",
            "none",
            "--package",
            str_of(&package),
            str_of(&file),
        ]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let said = text(&output.stderr);
        assert_eq!(said.contains("is for FHIR 5.0.0"), is_other, "{versions}: {said}");
    }
}

/// A package that is not given is the commonest reason why a profile cannot be used.
#[test]
fn a_profile_whose_base_is_not_given_says_so_in_one_language_with_the_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| str_of(&folder.path().join(name)).to_owned();
    let profile = r#"{"resourceType":"StructureDefinition","url":"http://example.org/p","name":"P","status":"active","kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://example.org/base","derivation":"constraint","differential":{"element":[{"id":"Patient","path":"Patient"}]}}"#;
    std::fs::write(at("p.json"), profile).expect("written");
    let patient = r#"{"resourceType":"Patient","meta":{"profile":["http://example.org/p"]}}"#;
    std::fs::write(at("a.json"), patient).expect("written");
    for (lang, expected) in [
        ("nb", "bygger på http://example.org/base, som ikke er tilgjengelig: oppgi pakken"),
        ("en", "is based on http://example.org/base, which is not at hand: give the package"),
    ] {
        let (package, file) = (at("p.json"), at("a.json"));
        let (package, file) = (package.as_str(), file.as_str());
        let arguments =
            ["validate", "--lang", lang, "--ruleset", "none", "--package", package, file];
        let found = lmr(&arguments);
        assert_eq!(found.status.code(), Some(1), "{}", text(&found.stderr));
        assert!(text(&found.stdout).contains(expected), "{}", text(&found.stdout));
        let asked = lmr(&[&arguments[..], &["--profile", "http://example.org/p"]].concat());
        assert_eq!(asked.status.code(), Some(2), "{}", text(&asked.stdout));
        assert!(text(&asked.stderr).contains(expected), "{}", text(&asked.stderr));
    }
}
