//! What had no effect, and what cannot be decided, is reported: options that met nothing, packages that contradict each other, a
//! reader that has gone away.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};

use crate::program::lmr_in;

fn validate(folder: &Path, more: &[&str]) -> Output {
    let arguments = [&["validate", "--ruleset", "none", "--no-hints"], more].concat();
    lmr_in(folder, &arguments).output().expect("lmr runs")
}

fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const PATIENT: &str = "http://hl7.org/fhir/StructureDefinition/Patient";
const BUNDLE: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[
  {"fullUrl":"http://a.no/Patient/1","resource":{"resourceType":"Patient","id":"1","extension":[{"url":"http://own.no/x","valueString":"a"}]}},
  {"fullUrl":"http://a.no/Basic/2","resource":{"resourceType":"Basic","id":"2","code":{"text":"a"},"subject":{"reference":"http://b.no/Patient/3"}}}]}"#;

#[test]
fn an_option_that_met_nothing_is_reported_and_an_entry_that_is_not_there_is_status_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    write("bundle.json", BUNDLE);
    write("patient.json", r#"{"resourceType":"Patient","id":"3"}"#);
    let entry = |at: &str| format!("{at}={PATIENT}");
    let extension = ["--allow-extension", "http://own.no/"];
    for (option, value, is_used, unused_status) in [
        ("--entry-profile", entry("0"), true, 2),
        ("--entry-profile", entry("2"), false, 2),
        ("--entry-profile", entry("99"), false, 2),
        ("--global-profile", format!("Patient={PATIENT}"), true, 0),
        (
            "--global-profile",
            "Group=http://hl7.org/fhir/StructureDefinition/Group".into(),
            false,
            0,
        ),
        ("--external", "http://b.no/Patient/3=patient.json".to_owned(), true, 0),
        ("--external", "Patient/3=patient.json".to_owned(), false, 0),
        ("--allow-extension", "http://own.no/x".to_owned(), true, 0),
        ("--allow-extension", "http://other.no/".to_owned(), false, 0),
    ] {
        // The extension is allowed in every run; the longer prefix must come first to be the one that is met.
        let more = [&[option, &*value][..], &extension, &["--references", "type", "bundle.json"]];
        let more = more.concat();
        let output = validate(folder.path(), &more);
        let said = error_of(&output);
        let name = value.split('=').next().expect("a name");
        let is_reported = said.contains(&format!("{option} {name}"));
        assert_eq!(is_reported, !is_used, "{option} {value}: {said}");
        let status = if is_used { 0 } else { unused_status };
        assert_eq!(output.status.code(), Some(status), "{option} {value}: {said}");
        // Quiet is about what is no error.
        let quiet = validate(folder.path(), &[&more[..], &["--quiet"]].concat());
        assert_eq!(quiet.status.code(), Some(status), "{option} {value}");
        assert_eq!(error_of(&quiet).contains(option), status == 2, "{option} {value}");
        let zero = validate(folder.path(), &[&more[..], &["--exit-zero"]].concat());
        assert_eq!(zero.status.code(), Some(status), "{option} {value}");
    }
    // In a file that is no bundle there is no entry at all; in one of several it is enough.
    let first = entry("0");
    let alone = validate(folder.path(), &["--entry-profile", &first, "patient.json"]);
    assert_eq!(alone.status.code(), Some(2), "{}", error_of(&alone));
    let both =
        [&["--entry-profile", &first, "patient.json", "bundle.json"][..], &extension].concat();
    assert_eq!(validate(folder.path(), &both).status.code(), Some(0));

    for more in [
        &["--external", "Patient/3=patient.json", "--external", "Patient/3=patient.json"][..],
        &["--package-cache", "nowhere"],
    ] {
        let output = validate(folder.path(), &[more, &["patient.json"]].concat());
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(error_of(&output).contains(more[0]), "{}", error_of(&output));
    }
}

/// A profile that demands this element of a Patient.
fn demanding(element: &str) -> String {
    serde_json::json!({
        "resourceType": "StructureDefinition", "url": "http://test.no/p", "version": "1", "name": "P",
        "status": "active", "kind": "resource", "abstract": false, "type": "Patient", "derivation": "constraint",
        "baseDefinition": PATIENT,
        "differential": { "element": [
            { "id": "Patient", "path": "Patient" },
            { "id": format!("Patient.{element}"), "path": format!("Patient.{element}"), "min": 1 },
        ] },
    })
    .to_string()
}

#[test]
fn two_packages_of_one_name_and_version_with_other_content_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let package = |name: &str, version: &str, files: &[(&str, String)]| {
        let inside = folder.path().join(name).join("package");
        std::fs::create_dir_all(&inside).expect("made");
        let manifest = format!(r#"{{"name":"a.b","version":"{version}"}}"#);
        std::fs::write(inside.join("package.json"), manifest).expect("written");
        for (file, text) in files {
            std::fs::write(inside.join(file), text).expect("written");
        }
    };
    let list = |url: &str| {
        format!(
            r#"{{"resourceType":"CodeSystem","url":"{url}","status":"active","content":"complete"}}"#
        )
    };
    package("one", "1.0.0", &[("p.json", demanding("birthDate"))]);
    package("same", "1.0.0", &[("renamed.json", demanding("birthDate"))]);
    package("other", "1.0.0", &[("p.json", demanding("gender"))]);
    package(
        "more",
        "1.0.0",
        &[("p.json", demanding("birthDate")), ("l.json", list("http://test.no/l"))],
    );
    package("newer", "1.0.1", &[("p.json", demanding("gender"))]);
    for (name, text) in [
        ("p1.json", demanding("birthDate")),
        ("p1-again.json", demanding("birthDate")),
        ("p2.json", demanding("gender")),
        ("list.json", list("http://test.no/p")),
        ("patient.json", r#"{"resourceType":"Patient"}"#.to_owned()),
    ] {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    for (one, two, is_refused) in [
        ("one", "same", false),
        ("one", "other", true),
        ("other", "one", true),
        ("one", "more", true),
        ("more", "one", true),
        ("one", "newer", false),
        ("one", "p2.json", false),
        ("p1.json", "p1-again.json", false),
        ("p1.json", "p2.json", true),
        ("p1.json", "list.json", false),
    ] {
        let output = validate(folder.path(), &["--package", one, "--package", two, "patient.json"]);
        let said = error_of(&output);
        assert_eq!(
            output.status.code(),
            Some(if is_refused { 2 } else { 0 }),
            "{one} {two}: {said}"
        );
        if is_refused {
            assert!(
                said.contains(one) && said.contains(two) && said.contains("http://test.no/"),
                "{said}"
            );
        }
        // What explains by the same packages, too.
        let explained =
            ["explain", "--ruleset", "none", "--package", one, "--package", two, "Patient"];
        let explained = lmr_in(folder.path(), &explained).output().expect("lmr runs");
        assert_eq!(explained.status.success(), !is_refused, "{one} {two}");
    }
    // A project's and the argument's are two as well.
    std::fs::write(folder.path().join(".lmr.toml"), "packages = [\"one\"]\n").expect("written");
    let output = validate(folder.path(), &["--package", "other", "patient.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(error_of(&output).contains("--no-project"), "{}", error_of(&output));
}

#[test]
fn a_path_that_an_escape_has_changed_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("patient.json"), r#"{"resourceType":"Patient"}"#)
        .expect("written");
    for key in [r#"packages = ["C:\temp\new.tgz"]"#, r#"baseline = "data\baseline.json""#] {
        std::fs::write(folder.path().join(".lmr.toml"), format!("{key}\n")).expect("written");
        let output = validate(folder.path(), &["patient.json"]);
        let said = error_of(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(".lmr.toml") && said.contains("single quotes"), "{said}");
    }
}

/// `lmr validate … | head -1`: the reader goes, and the verdict stays what it is.
#[test]
fn a_reader_that_goes_away_changes_no_verdict() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = "{\"resourceType\":\"Patient\",\"gender\":\"x\"}\n".repeat(3000);
    std::fs::write(folder.path().join("many.ndjson"), lines).expect("written");
    for format in ["text", "json", "operation-outcome", "sarif", "junit", "github", "html"] {
        let arguments = ["validate", "--ruleset", "none", "--format", format, "many.ndjson"];
        let mut child = lmr_in(folder.path(), &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("lmr runs");
        let mut first = String::new();
        let mut reader = BufReader::with_capacity(16, child.stdout.take().expect("its output"));
        reader.read_line(&mut first).expect("a line");
        assert!(!first.is_empty(), "{format}");
        drop(reader);
        let output = child.wait_with_output().expect("lmr ends");
        assert_eq!(output.status.code(), Some(1), "{format}: {}", error_of(&output));
        assert!(!error_of(&output).contains("panicked"), "{format}: {}", error_of(&output));
    }
}

/// What an empty variable or a glob of a script makes of an argument.
#[test]
fn arguments_that_a_script_has_left_empty_or_mixed_up_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    let patient = r#"{"resourceType":"Patient","id":"1"}"#;
    for name in ["a.json", "b.json"] {
        write(name, patient);
    }
    write("c.ndjson", &format!("{patient}\n{patient}\n"));
    write("d.xml", "<Patient xmlns=\"http://hl7.org/fhir\"><active value=\"true\"/></Patient>");
    std::fs::create_dir(folder.path().join("sub")).expect("made");
    for (arguments, words) in [
        (&["--profile", ""][..], "--profile is empty"),
        (&["--global-profile", "Patient="], "write TYPE=URL"),
        (&["--global-profile", "=http://a.no/p"], "write TYPE=URL"),
        (&["--entry-profile", "0="], "write INDEX=URL"),
        (&["--external", "=a.json"], "write REFERENCE=FILE"),
        (&["--external", "Patient/1="], "write REFERENCE=FILE"),
        (&["--allow-extension", ""], "--allow-extension"),
        (&["--display-language", "norsk"], "nb-NO"),
        (&["--display-language", "nb_NO"], "nb-NO"),
        (&["--project", "none.toml"], "--project"),
        (&["--project", "sub"], "--project"),
        (&["--output", "nowhere/r.json"], "make it first"),
        (&["--statistics=nowhere/s.json"], "make it first"),
        (&["--write-baseline", "nowhere/b.json"], "make it first"),
        (&["--write-baseline", "sub"], "it is a folder"),
        (&["https://example.org/p.json"], "download the file first"),
        (&["--package", "https://example.org/p.tgz"], "download the file first"),
        (&["--package", "hl7.fhir.r4.core#4.0.1"], "built in"),
        (&["--output", "sub"], "it is a folder"),
        // `--output *.json`
        (&["--output", "a.json", "b.json"], "a.json is a FHIR resource"),
        (&["--output", "c.ndjson"], "c.ndjson is a FHIR resource"),
        (&["--output", "d.xml"], "d.xml is a FHIR resource"),
    ] {
        let output = validate(folder.path(), &[arguments, &["b.json"]].concat());
        let said = error_of(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(!said.contains("--config"), "{arguments:?}: {said}");
    }
    for name in ["a.json", "b.json"] {
        let kept = std::fs::read_to_string(folder.path().join(name)).expect("there");
        assert_eq!(kept, patient);
    }
    // A report of every format takes the place of the one before.
    for format in ["text", "json", "operation-outcome", "sarif", "junit", "github", "html"] {
        let name = format!("report-{format}.{}", if format == "junit" { "xml" } else { "json" });
        for _ in 0..2 {
            let arguments = ["--format", format, "--output", &name, "b.json"];
            let output = validate(folder.path(), &arguments);
            assert_eq!(output.status.code(), Some(0), "{format}: {}", error_of(&output));
        }
    }
    for tag in ["nb", "nb-NO", "en", "zh-Hant-TW", "nob"] {
        let output = validate(folder.path(), &["--display-language", tag, "b.json"]);
        assert_eq!(output.status.code(), Some(0), "{tag}: {}", error_of(&output));
    }
    let remarks = validate(folder.path(), &["--format", "github", "--output", "r.txt", "b.json"]);
    assert!(error_of(&remarks).contains("standard output"), "{}", error_of(&remarks));
    let listed = ["package", "list", "--package-cache", "nowhere"];
    let listed = lmr_in(folder.path(), &listed).output().expect("lmr runs");
    assert_eq!(listed.status.code(), Some(2), "{}", error_of(&listed));
}

#[test]
fn a_file_that_is_named_several_times_is_checked_and_counted_once() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("sub")).expect("made");
    for name in ["a.json", "sub/b.json"] {
        let text = r#"{"resourceType":"Patient","gender":"x"}"#;
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    for (files, count) in [
        (&["a.json", "a.json"][..], 1),
        (&["a.json", "./a.json", "sub/../a.json"], 1),
        (&[".", "a.json", "sub"], 2),
        (&["sub", "."], 2),
    ] {
        let output = validate(folder.path(), &[&["--format", "junit"], files].concat());
        assert_eq!(output.status.code(), Some(1));
        let xml = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(xml.matches("<testcase ").count(), count, "{files:?}: {xml}");
    }
    // One that is not there is named, and standard input is read once.
    let output = validate(folder.path(), &["none.json", "a.json", "none.json"]);
    assert_eq!(error_of(&output).matches("cannot read none.json").count(), 1);
}

/// `lmr validate --watch … | head -1` ends with its reader, at the next report at the latest.
#[test]
fn watching_ends_with_its_reader() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.json");
    let write = |gender: &str| {
        let text = format!(r#"{{"resourceType":"Patient","gender":"{gender}"}}"#);
        std::fs::write(&file, text).expect("written");
    };
    write("x");
    let mut child = lmr_in(folder.path(), &["validate", "--ruleset", "none", "--watch", "a.json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("lmr runs");
    let mut first = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("its output"));
    reader.read_line(&mut first).expect("a line");
    assert!(first.contains("a.json"), "{first}");
    drop(reader);
    let mut number = 0;
    let status = loop {
        if let Some(status) = child.try_wait().expect("a status") {
            break status;
        }
        assert!(number < 300, "it goes on");
        number += 1;
        write(&format!("x{number}"));
        std::thread::sleep(std::time::Duration::from_millis(200));
    };
    assert_eq!(status.code(), Some(0));
}
