//! Mappings on the command line, and FHIR XML.

use std::path::Path;
use std::process::{Command, Output};

fn lmr(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lmr"))
        .args(arguments)
        .current_dir(folder)
        .env("LMR_LANG", "en")
        .output()
        .expect("lmr")
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

const ROWS: &str =
    "diagnosis_id;patient_id;icd10;icd10_text\nD1;P1;J18.9;Pneumoni\nD2;P1;;\nD3;;A00;\n";

#[test]
fn a_mapping_is_printed_checked_and_tried() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| lmr(folder.path(), arguments);
    let names = run(&["send", "map", "--print"]);
    assert!(said(&names).lines().any(|name| name == "hospital-diagnoses"), "{}", said(&names));
    let printed = run(&["send", "map", "--print", "hospital-diagnoses"]);
    std::fs::write(folder.path().join("m.toml"), &printed.stdout).expect("written");
    assert_eq!(run(&["send", "map", "--print", "none"]).status.code(), Some(2));
    assert_eq!(run(&["send", "map"]).status.code(), Some(2));

    let empty = run(&["send", "map", "--mapping", "m.toml", "--check"]);
    assert!(said(&empty).contains("diagnosis_system has no value"), "{}", said(&empty));
    assert_eq!(empty.status.code(), Some(1));
    let constant = ["--constant", "diagnosis_system=urn:oid:2.999.1"];
    let with = |arguments: &[&str]| run(&[&["send", "map"], arguments, &constant].concat());
    let good = with(&["--mapping", "m.toml", "--check"]);
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));

    let json = with(&["--mapping", "m.toml", "--check", "--format", "json"]);
    assert_eq!(json.status.code(), Some(2), "there is no JSON of it: {}", said(&json));

    std::fs::write(folder.path().join("rows.csv"), ROWS).expect("written");
    let rows = with(&["--mapping", "m.toml", "--table", "rows.csv", "--check"]);
    let text = said(&rows);
    assert_eq!(rows.status.code(), Some(1), "{text}");
    assert!(
        text.contains("1 × the row is held: icd10 is empty") && text.contains("rows.csv:3"),
        "{text}"
    );
    assert!(text.contains("1 resource, 2 rows are held"), "{text}");
    // Rows of one key and other content are named: only one of them is sent.
    let twice = "diagnosis_id;patient_id;icd10;icd10_text\nD1;P1;J18.9;Pneumoni\nD1;P1;A00.0;Kolera\nD1;P1;J18.9;Pneumoni\n";
    std::fs::write(folder.path().join("twice.csv"), twice).expect("written");
    let named = with(&["--mapping", "m.toml", "--table", "twice.csv", "--check"]);
    let text = said(&named);
    assert_eq!(named.status.code(), Some(0), "{text}");
    let words = "Condition: twice.csv:2 and twice.csv:3 have the same key and different content; only one is sent: the \
        one written last where both say when, else the one that is read last";
    assert!(text.contains(words) && text.matches("the same key").count() == 1, "{text}");
    let preview = with(&[
        "--mapping",
        "hospital-diagnoses",
        "--table",
        "rows.csv",
        "--preview",
        "--rows",
        "1",
    ]);
    let text = said(&preview);
    assert_eq!(preview.status.code(), Some(0), "{text}");
    assert!(text.contains("\"code\": \"J18.9\"") && text.contains("rows.csv, row 2"), "{text}");
    // What is wrong is shown: the row is on the screen anyway.
    assert!(text.contains("code system urn:oid:2.16.578.1.12.4.1.1.7110 is at hand"), "{text}");
    assert!(!text.contains("***"), "{text}");

    // Elements that the guide forbids, that FHIR does not have, and columns that are not there.
    let mapping = String::from_utf8(printed.stdout).expect("text");
    let changed = mapping
        .replace(
            "\"subject\":",
            "\"encounter\": { \"display\": \"x\" }, \"colour\": \"red\", \"subject\":",
        )
        .replace("column = \"icd10\"", "column = \"icd-10\"");
    std::fs::write(folder.path().join("m.toml"), changed).expect("written");
    let wrong = said(&with(&["--mapping", "m.toml", "--check"]));
    for named in ["Condition.encounter is not allowed", "Condition.colour", "no column icd-10"] {
        assert!(wrong.contains(named), "{named}: {wrong}");
    }
    let none = with(&["--mapping", "m.toml", "--table", "none.csv", "--check"]);
    assert_eq!(none.status.code(), Some(2), "{}", said(&none));
}

#[test]
fn codes_that_a_table_lacks_are_listed_to_be_written_into_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let header = "administration_id;patient_id;episode_id;order_id;diagnosis_id;fest_id;medicine;amount;unit;route;status;given_at;given_until;updated_at";
    let row =
        |id: &str, route: &str| format!("{id};P;;;;;Salve;1;g;{route};Gitt;2026-01-10 08:00:00;;");
    let rows =
        [header.to_owned(), row("1", "Øre"), row("2", "Øre"), row("3", "Øye"), row("4", "IV")];
    std::fs::write(folder.path().join("rows.csv"), rows.join("\n")).expect("written");
    let output = lmr(
        folder.path(),
        &[
            "send",
            "map",
            "--mapping",
            "hospital-administrations",
            "--table",
            "rows.csv",
            "--check",
            "--constant",
            "administration_system=urn:oid:2.999.1",
        ],
    );
    let text = said(&output);
    assert!(text.contains("[tables.route.rows]"), "{text}");
    assert!(text.contains("\"Øre\" = { }  # 2") && text.contains("\"Øye\" = { }  # 1"), "{text}");
}

#[test]
fn xml_is_validated_with_places_in_the_xml() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    write(
        "good.xml",
        "<?xml version=\"1.0\"?>\n<Patient xmlns=\"http://hl7.org/fhir\">\n  <gender value=\"female\"/>\n</Patient>",
    );
    write(
        "wrong.xml",
        "<Patient xmlns=\"http://hl7.org/fhir\">\n  <gender value=\"kvinne\"/>\n</Patient>",
    );
    write(
        "none.xml",
        "<Patient xmlns=\"http://hl7.org/fhir\">\n  <gender kind=\"x\"/>\n</Patient>",
    );
    write(
        "doctype.xml",
        "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><Patient xmlns=\"http://hl7.org/fhir\"/>",
    );
    let validate = |name: &str, format: &str| {
        lmr(folder.path(), &["validate", "--ruleset", "lmdi-1.1.7", "--format", format, name])
    };
    let good = validate("good.xml", "text");
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    let wrong = validate("wrong.xml", "json");
    assert_eq!(wrong.status.code(), Some(1), "{}", said(&wrong));
    let finding: serde_json::Value =
        serde_json::from_slice(wrong.stdout.split(|b| *b == b'\n').next().expect("a line"))
            .expect("JSON");
    assert_eq!((&finding["line"], &finding["column"]), (&2.into(), &3.into()), "{finding}");
    for (name, reason) in [("none.xml", "the attribute kind"), ("doctype.xml", "DOCTYPE")] {
        let output = validate(name, "text");
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(reason), "{}", said(&output));
    }
    // A folder is gone through for XML too.
    assert_eq!(validate(".", "text").status.code(), Some(2));
    let html = validate("wrong.xml", "html");
    assert!(said(&html).contains("kvinne"), "{}", said(&html));
}

/// What the library says of the file in English is said in the language that was asked for.
#[test]
fn a_mapping_that_cannot_be_read_is_explained_in_bokmal() {
    let folder = tempfile::tempdir().expect("a folder");
    let printed = lmr(folder.path(), &["send", "map", "--print", "municipal"]);
    let text = String::from_utf8(printed.stdout).expect("UTF-8");
    for (from, to, words) in [
        ("kind = \"decimal\"", "kind = \"number\"", "ukjent verdi"),
        ("exact = true", "exact = \"true\"", "true eller false"),
        ("[csv]", "[csv]\nquote = \"xx\"", "ett ASCII-tegn"),
        ("namespace = ", "namespaze = ", "ukjent nøkkel"),
        ("[csv]", "[[csv", "linje"),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(folder.path().join("m.toml"), text.replacen(from, to, 1)).expect("written");
        let arguments = ["send", "map", "--lang", "nb", "--mapping", "m.toml", "--check"];
        let output = lmr(folder.path(), &arguments);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{to}: {said}");
        for english in ["TOML parse error", "expected", "unknown", "invalid"] {
            assert!(!said.contains(english), "{to}: {said}");
        }
    }
}
