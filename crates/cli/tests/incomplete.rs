//! What has not been checked is called correct in no format: files without a resource, what cannot be opened or unpacked,
//! and what there was no time for.

use crate::program::lmr_in;
use crate::schema;

use std::io::Write as _;
use std::path::Path;
use std::process::Output;

use schema::misfits;
use serde_json::Value;

/// Correct by plain R4.
const RIGHT: &str = r#"{"resourceType":"Basic","code":{"text":"a"}}"#;

const FORMATS: [&str; 7] =
    ["text", "json", "operation-outcome", "html", "sarif", "junit", "github"];

fn validate(folder: &Path, arguments: &[&str]) -> Output {
    let checked = ["validate", "--ruleset", "none", "--no-project"];
    lmr_in(folder, &checked).args(arguments).output().expect("lmr runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Why a report says that it is not of everything; `None` where it says nothing of that. For people in the formats that
/// programs do not read.
fn mark(format: &str, report: &str) -> Option<String> {
    let last = report.lines().last().unwrap_or_default();
    let between = |start: &str, end: char| {
        let (_, rest) = report.split_once(start)?;
        rest.split(end).next().map(str::to_owned)
    };
    let sentence = |line: &str| line.contains(" was checked: ").then(|| line.to_owned());
    match format {
        "text" => report.lines().find_map(sentence),
        "github" => sentence(last.strip_prefix("::warning title=lmr incomplete::")?),
        "html" => between("data-incomplete=\"", '"'),
        "junit" => between("<error type=\"incomplete: ", '"'),
        "sarif" => {
            let run = json(report)["runs"][0].clone();
            let is_whole = run["invocations"][0]["executionSuccessful"] == true;
            let reasons = run["properties"]["incomplete"].as_array().expect("a list").clone();
            assert_eq!(is_whole, reasons.is_empty());
            let notes = &run["invocations"][0]["toolExecutionNotifications"];
            assert_eq!(notes.is_array(), !is_whole);
            (!is_whole).then(|| Value::from(reasons).to_string())
        }
        "json" => {
            let last = json(if last.is_empty() { "null" } else { last });
            (last["incomplete"] == true).then(|| last["reasons"].to_string())
        }
        _ => {
            let issue = json(if last.is_empty() { "null" } else { last })["issue"][0].clone();
            (issue["code"] == "incomplete").then(|| issue["diagnostics"].to_string())
        }
    }
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).expect("packed");
    packer.finish().expect("packed")
}

#[test]
fn a_file_without_a_resource_is_a_finding_and_status_2_in_every_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for name in ["only empty", "nothing of ours"] {
        std::fs::create_dir(at(name)).expect("made");
    }
    for (name, content) in [
        ("empty.ndjson", Vec::new()),
        ("blank.jsonl", b"\n \n\t\n".to_vec()),
        ("packed.ndjson.gz", packed("")),
        ("blank.ndjson.gz", packed("\n\n")),
        ("only empty/a.ndjson", Vec::new()),
        ("nothing of ours/a.png", b"x".to_vec()),
        ("right.json", RIGHT.into()),
        ("one.ndjson", format!("{RIGHT}\n").into_bytes()),
    ] {
        std::fs::write(at(name), content).expect("written");
    }
    for input in
        ["empty.ndjson", "blank.jsonl", "packed.ndjson.gz", "blank.ndjson.gz", "only empty"]
    {
        for inputs in [&[input][..], &["right.json", input]] {
            for format in FORMATS {
                let output = validate(
                    folder.path(),
                    &[&["--exit-zero", "--format", format][..], inputs].concat(),
                );
                let said = text(&output.stdout);
                assert_eq!(output.status.code(), Some(2), "{format} {inputs:?}: {said}");
                assert_eq!(said.matches("There is no resource here").count().min(1), 1, "{said}");
                assert!(said.contains("LMR-3002"), "{format} {inputs:?}: {said}");
                if format == "text" {
                    let correct = said.lines().filter(|line| line.contains("correct")).count();
                    assert_eq!(correct, inputs.len() - 1, "{said}");
                }
            }
        }
    }
    // A folder without a file of ours cannot be used at all.
    let output = validate(folder.path(), &["nothing of ours"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty() && text(&output.stderr).contains("nothing of ours"));
    // One clean line is named as several are.
    let output = validate(folder.path(), &["one.ndjson"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("one.ndjson: correct (1 resource)"), "{output:?}");
}

#[test]
fn every_format_of_a_check_that_is_not_of_everything_says_so_and_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("data")).expect("made");
    std::fs::write(at("right.json"), RIGHT).expect("written");
    std::fs::write(at("data/a.json"), RIGHT).expect("written");
    std::fs::write(at("data/a.zip"), b"PK\x03\x04").expect("written");
    // More than any machine checks before the clock is looked at.
    let entry = format!("{{\"resource\":{RIGHT}}}");
    let many = vec![entry.as_str(); 60_000].join(",");
    let bundle =
        format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{many}]}}");
    std::fs::write(at("large.json"), bundle).expect("written");
    std::fs::write(at("large.ndjson"), format!("{RIGHT}\n").repeat(60_000)).expect("written");
    for (arguments, reason, word, status) in [
        (&["right.json", "gone.json"][..], "unread", "could not be read", 2),
        (&["data"], "packed", "not unpacked", 2),
        (&["--max-seconds", "0", "large.json"], "stopped", "stopped", 3),
        (&["--max-seconds", "0", "large.ndjson"], "stopped", "stopped", 3),
        (&["--quiet", "--max-seconds", "0", "large.json"], "stopped", "stopped", 3),
    ] {
        for format in FORMATS {
            let output = validate(folder.path(), &[&["--format", format][..], arguments].concat());
            let said = text(&output.stdout);
            assert_eq!(output.status.code(), Some(status), "{format} {arguments:?}");
            let mark = mark(format, &said);
            let wanted = if ["text", "github"].contains(&format) { word } else { reason };
            let found = mark.is_some_and(|mark| mark.contains(wanted));
            assert!(found, "{format} {arguments:?}: {said:.600}");
            // What was not checked to its end is not correct.
            if reason == "stopped" && format == "text" {
                assert!(!said.contains("correct"), "{said}");
            }
            if arguments.last() == Some(&"large.json") {
                assert!(!said.contains("Correct"), "{format}: {said:.600}");
            }
        }
    }
    for format in FORMATS {
        let output = validate(folder.path(), &["--format", format, "right.json"]);
        assert_eq!(mark(format, &text(&output.stdout)), None, "{format}");
    }
}

#[test]
fn each_line_of_json_is_as_its_schema_says() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas/validate-findings.json");
    let schema = json(&text(&std::fs::read(file).expect("the schema")));
    let folder = tempfile::tempdir().expect("a folder");
    let faulty = r#"{"resourceType":"Patient","gender":"x","activ":true,"contact":[{}]}"#;
    for (name, content) in [("a.json", faulty), ("b.ndjson", "{\n"), ("c.ndjson", "")] {
        std::fs::write(folder.path().join(name), content).expect("written");
    }
    let arguments = ["--format", "json", "a.json", "b.ndjson", "c.ndjson", "gone.json"];
    let output = validate(folder.path(), &arguments);
    let lines: Vec<Value> = text(&output.stdout).lines().map(json).collect();
    let fits = |value: &Value| {
        let mut found = Vec::new();
        misfits(&schema, &schema, value, "", &mut found);
        found.is_empty()
    };
    assert!(lines.len() > 5 && lines.last().is_some_and(|last| last["incomplete"] == true));
    for line in &lines {
        assert!(fits(line), "{line}");
        // The check can fail: a member more, one less, another type.
        for name in line.as_object().expect("an object").keys() {
            let mut wrong = line.clone();
            wrong[name] = Value::from(vec![Value::Null]);
            assert!(!fits(&wrong), "{name} of another type");
            wrong.as_object_mut().expect("an object").remove(name);
            assert!(!fits(&wrong), "without {name}");
        }
        let mut wrong = line.clone();
        wrong["surprise"] = Value::Null;
        assert!(!fits(&wrong));
    }
}

/// What a packed file has up to where it breaks off was checked and counts, and so do the other files.
#[test]
fn a_packed_file_that_breaks_off_hides_neither_its_own_findings_nor_those_of_others() {
    const FAULTY: &str = r#"{"resourceType":"Patient","gender":"x"}"#;
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    // Lines that do not pack well, so that half of the file is some of them.
    let mut number = 1u64;
    let lines: String = (0..20_000)
        .map(|_| {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            format!(
                "{{\"resourceType\":\"Basic\",\"id\":\"{number:x}\",\"code\":{{\"text\":\"a\"}}}}\n"
            )
        })
        .collect();
    let whole = packed(&format!("{FAULTY}\n{lines}"));
    std::fs::write(at("a.ndjson.gz"), &whole[..whole.len() * 9 / 10]).expect("written");
    std::fs::write(at("b.json"), FAULTY).expect("written");
    for format in FORMATS {
        let output = validate(folder.path(), &["--exit-zero", "--format", format, "."]);
        let report = text(&output.stdout);
        assert_eq!(output.status.code(), Some(2), "{format}: {report}");
        assert!(report.contains("b.json"), "{format}: {report}");
        assert!(report.contains("a.ndjson.gz"), "{format}: {report}");
        assert!(mark(format, &report).is_some(), "{format}: {report}");
        let said = text(&output.stderr);
        assert!(said.contains("a.ndjson.gz") && said.contains("ends too early"), "{said}");
    }
}

#[test]
fn what_is_not_gzip_is_named_with_the_remedy_in_both_languages() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.json.gz", "a.ndjson.gz"] {
        std::fs::write(folder.path().join(name), RIGHT).expect("written");
        for (lang, remedy) in [("en", "give it a name without .gz"), ("nb", "et navn uten .gz")] {
            let output = validate(folder.path(), &["--lang", lang, name]);
            assert_eq!(output.status.code(), Some(2), "{name}");
            let said = text(&output.stderr);
            assert!(said.contains(name) && said.contains(remedy), "{said}");
            assert!(!said.contains("invalid gzip header"), "{said}");
        }
    }
}

/// Whoever reads the report alone must not take nothing for no findings.
#[test]
fn a_report_for_programs_says_that_its_only_input_could_not_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.json.gz"), RIGHT).expect("written");
    std::fs::create_dir(folder.path().join("nothing of ours")).expect("made");
    for input in ["missing.json", "a.json.gz", "nothing of ours"] {
        for format in FORMATS {
            let output = validate(folder.path(), &["--format", format, input]);
            assert_eq!(output.status.code(), Some(2), "{format} {input}");
            assert!(text(&output.stderr).contains(input), "{format} {input}");
            if format != "text" {
                let report = text(&output.stdout);
                assert!(mark(format, &report).is_some(), "{format} {input}: {report}");
            }
        }
    }
}
