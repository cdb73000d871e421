//! Reports for build services: where a finding begins, and what the formats' own schemas demand.

use std::path::Path;
use std::process::Output;

use quick_xml::events::Event;
use serde_json::Value;

use crate::program::lmr_in;

fn lmr(folder: &Path, arguments: &[&str]) -> Output {
    lmr_in(folder, arguments).output().expect("lmr runs")
}

fn report(folder: &Path, format: &str, more: &[&str]) -> String {
    let arguments = [&["validate", "--ruleset", "none", "--format", format], more].concat();
    String::from_utf8(lmr(folder, &arguments).stdout).expect("UTF-8")
}

fn sarif(folder: &Path, more: &[&str]) -> Value {
    serde_json::from_str(&report(folder, "sarif", more)).expect("JSON")
}

/// Faults behind characters of one, two, three and four bytes, in objects, lists and beside primitives.
const JSON: &str = "{\"resourceType\":\"Patient\",\n \"name\":[{\"text\":\"\u{1F48A}å€\"},{\"use\":\"nobody\"},{}], \"gender\":\"\u{1F48A}\",\n\
  \t\"contact\":[{\"period\":{\"start\":\"2020-13-01\"}}],\"colour\":\"\u{1F48A}\",\"active\":1,\n \"deceasedBoolean\":true,\"deceasedDateTime\":\"2020\"}";
const XML: &str = "<Patient xmlns=\"http://hl7.org/fhir\">\n <name><use value=\"nobody\"/><text value=\"\u{1F48A}\"/></name><gender value=\"x\"/>\n</Patient>";

/// What is at a place: a line and a column in code points, both from 1.
fn at(text: &str, line: &Value, column: &Value) -> String {
    let number = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok()).expect("one");
    let line = text.split('\n').nth(number(line) - 1).expect("a line");
    line.chars().skip(number(column) - 1).collect()
}

#[test]
fn every_format_points_at_the_beginning_of_the_value_in_code_points() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    let line = JSON.replace('\n', " ");
    write("p.json", JSON);
    write("p.xml", XML);
    write(
        "p.ndjson",
        &format!("{{\"resourceType\":\"Basic\",\"code\":{{\"text\":\"a\"}}}}\n{line}\n"),
    );
    let lines = std::fs::read_to_string(folder.path().join("p.ndjson")).expect("read");
    for (name, text) in [("p.json", JSON), ("p.xml", XML), ("p.ndjson", &*lines)] {
        let log = sarif(folder.path(), &[name]);
        let run = &log["runs"][0];
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        let results = run["results"].as_array().expect("results");
        assert!(results.len() >= 2, "{log}");
        let mut places = Vec::new();
        for result in results {
            let region = &result["locations"][0]["physicalLocation"]["region"];
            let (line, column) = (&region["startLine"], &region["startColumn"]);
            let rest = at(text, line, column);
            let begins = if name == "p.xml" {
                rest.starts_with('<')
            } else {
                rest.starts_with(|c: char| "{[\"".contains(c) || c.is_ascii_alphanumeric())
            };
            assert!(begins, "{name}: {rest}: {result}");
            let place = &result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"];
            if place == "Patient.gender" {
                let value = if name == "p.xml" { "<gender" } else { "\"\u{1F48A}\"" };
                assert!(rest.starts_with(value), "{name}: {rest}");
            }
            places.push((line.clone(), column.clone()));
        }
        assert!(
            results.iter().any(|result| {
                result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
                    == "Patient.gender"
            }),
            "{log}"
        );
        // The others name the same places.
        let json = report(folder.path(), "json", &[name]);
        let in_json: Vec<(Value, Value)> = json
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .map(|finding| (finding["line"].clone(), finding["column"].clone()))
            .collect();
        assert_eq!(in_json, places, "{name}");
        let github = report(folder.path(), "github", &[name]);
        let junit = report(folder.path(), "junit", &[name]);
        let text = report(folder.path(), "text", &[name]);
        for (line, column) in &places {
            assert!(github.contains(&format!(",line={line},col={column},")), "{github}");
            assert!(junit.contains(&format!("{name}:{line}:{column} ")), "{junit}");
            assert!(text.contains(&format!("  {line}:{column}  ")), "{text}");
        }
    }
}

/// What SARIF 2.1.0 requires of the objects that we write, and which of its members are texts that may not be empty: section
/// and member of the standard, by the path of the object.
const REQUIRED: &[(&str, &[&str])] = &[
    ("/", &["version", "runs"]),
    ("/runs", &["tool"]),
    ("/runs/tool", &["driver"]),
    ("/runs/tool/driver", &["name"]),
    ("/runs/tool/driver/rules", &["id"]),
    ("/runs/tool/driver/rules/shortDescription", &["text"]),
    ("/runs/tool/driver/rules/fullDescription", &["text"]),
    ("/runs/tool/driver/rules/help", &["text"]),
    ("/runs/invocations", &["executionSuccessful"]),
    ("/runs/invocations/toolExecutionNotifications", &["message"]),
    ("/runs/invocations/toolExecutionNotifications/message", &["text"]),
    ("/runs/results", &["message", "ruleId", "level", "locations"]),
    ("/runs/results/message", &["text"]),
    ("/runs/results/locations", &["physicalLocation"]),
    ("/runs/results/locations/physicalLocation", &["artifactLocation"]),
    ("/runs/results/locations/physicalLocation/artifactLocation", &["uri"]),
    ("/runs/results/locations/physicalLocation/region", &["startLine"]),
    ("/runs/results/locations/logicalLocations", &["fullyQualifiedName"]),
    ("/runs/results/partialFingerprints", &["lmrFinding/v1"]),
];

/// Objects that may have any members.
const BAGS: &[&str] = &["/runs/properties", "/runs/results/properties"];

/// Every object with its path, lists left out of it.
fn objects<'v>(value: &'v Value, path: &str, found: &mut Vec<(String, &'v Value)>) {
    match value {
        Value::Object(members) => {
            found.push((if path.is_empty() { "/".to_owned() } else { path.to_owned() }, value));
            for (name, inner) in members {
                objects(inner, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| objects(item, path, found)),
        _ => {}
    }
}

#[test]
fn sarif_has_every_property_that_the_standard_requires() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    write("p.json", JSON);
    write("p.xml", XML);
    write("empty.json", "");
    write("wrong.json", "{");
    let mut seen = std::collections::BTreeSet::new();
    for more in [
        &["p.json", "p.xml"][..],
        &["empty.json", "wrong.json", "nowhere.json", "p.json"],
        &["--max", "1", "p.json"],
        &["--ruleset", "lmdi-1.1.7", "p.json"],
    ] {
        let all = [&["validate", "--format", "sarif"], more].concat();
        let all = if more.contains(&"--ruleset") {
            all
        } else {
            [&all[..], &["--ruleset", "none"]].concat()
        };
        let log: Value = serde_json::from_slice(&lmr(folder.path(), &all).stdout).expect("JSON");
        let mut found = Vec::new();
        objects(&log, "", &mut found);
        for (path, object) in found {
            if BAGS.iter().any(|bag| path.starts_with(bag)) {
                continue;
            }
            let row = REQUIRED.iter().find(|(of, _)| *of == path);
            let (_, members) = row.unwrap_or_else(|| panic!("{path} is in no row"));
            for name in *members {
                let value = &object[*name];
                assert!(!value.is_null() && value != "", "{path}: {name}: {object}");
            }
            seen.insert(path);
        }
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
        for result in run["results"].as_array().expect("results") {
            assert!(
                ["error", "warning", "note"].contains(&result["level"].as_str().expect("a level"))
            );
            let index = result["ruleIndex"].as_u64().and_then(|at| usize::try_from(at).ok());
            assert_eq!(rules[index.expect("an index")]["id"], result["ruleId"]);
            let region = &result["locations"][0]["physicalLocation"]["region"];
            for name in ["startLine", "startColumn"] {
                let number = &region[name];
                assert!(number.is_null() || number.as_u64().is_some_and(|n| n >= 1), "{result}");
            }
        }
    }
    let unmet: Vec<&str> =
        REQUIRED.iter().map(|(path, _)| *path).filter(|path| !seen.contains(*path)).collect();
    assert!(unmet.is_empty(), "rows that no report has: {unmet:?}");
}

/// The attributes that an element must have, those that it may have, and the elements in it, in their order.
type ElementRule =
    (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// What the schema says that Jenkins publishes.
const JUNIT: &[ElementRule] = &[
    (
        "testsuites",
        &[],
        &["name", "tests", "failures", "errors", "time", "disabled"],
        &["testsuite"],
    ),
    (
        "testsuite",
        &["name", "tests"],
        &[
            "failures",
            "errors",
            "skipped",
            "time",
            "timestamp",
            "hostname",
            "id",
            "package",
            "disabled",
        ],
        &["properties", "testcase", "system-out", "system-err"],
    ),
    ("properties", &[], &[], &["property"]),
    ("property", &["name", "value"], &[], &[]),
    (
        "testcase",
        &["name", "classname"],
        &["time", "status", "assertions"],
        &["skipped", "error", "failure", "system-out", "system-err"],
    ),
    ("failure", &["type", "message"], &[], &[]),
    ("error", &["type", "message"], &[], &[]),
    ("system-out", &[], &[], &[]),
];

#[test]
fn junit_is_as_its_schema_says_and_every_failure_has_the_code_of_its_first_error() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("p.json"), JSON).expect("written");
    std::fs::write(folder.path().join("a\u{1} & <b>.json"), JSON).expect("written");
    let plain = &["validate", "--ruleset", "none", "--format", "json", "p.json"];
    let first = String::from_utf8(lmr(folder.path(), plain).stdout).expect("UTF-8");
    let code = first
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .find(|finding| finding["severity"] == "error")
        .expect("an error")["code"]
        .as_str()
        .expect("a code")
        .to_owned();
    for more in [
        &["p.json"][..],
        &["p.json", "a\u{1} & <b>.json"],
        &["--max", "0", "p.json"],
        &["--quiet", "p.json"],
        &["p.json", "nowhere.json"],
    ] {
        let xml = report(folder.path(), "junit", more);
        let mut reader = quick_xml::Reader::from_str(&xml);
        // Open elements, each with how far it is in the order of what may be in it.
        let mut open: Vec<(String, usize)> = Vec::new();
        let mut failures = 0;
        loop {
            let event = reader.read_event().expect("well-formed");
            let is_empty = matches!(event, Event::Empty(_));
            match event {
                Event::Eof => break,
                Event::End(_) => drop(open.pop()),
                Event::Start(start) | Event::Empty(start) => {
                    let name = start.name().as_ref().to_owned();
                    let row = JUNIT.iter().find(|(of, ..)| *of == name);
                    let (_, must, may, _) = row.unwrap_or_else(|| panic!("{name}: {xml}"));
                    if let Some((parent, reached)) = open.last_mut() {
                        let inside = JUNIT.iter().find(|(of, ..)| of == parent).expect("a row").3;
                        let at = inside.iter().position(|of| *of == name);
                        let at = at.unwrap_or_else(|| panic!("{name} in {parent}"));
                        assert!(at >= *reached, "{name} in {parent} is out of order");
                        *reached = at;
                    }
                    let attributes: Vec<(String, String)> = start
                        .attributes()
                        .map(|attribute| attribute.expect("an attribute"))
                        .map(|a| (a.key.as_ref().to_owned(), a.value.as_ref().to_owned()))
                        .collect();
                    let of = |name: &str| attributes.iter().find(|(key, _)| key == name);
                    for wanted in *must {
                        assert!(
                            of(wanted).is_some_and(|(_, value)| !value.is_empty()),
                            "{wanted}: {xml}"
                        );
                    }
                    for (key, _) in &attributes {
                        assert!(must.contains(&&**key) || may.contains(&&**key), "{name} {key}");
                    }
                    if name == "failure" {
                        failures += 1;
                        assert_eq!(of("type").map(|(_, value)| &**value), Some(&*code), "{xml}");
                    }
                    if !is_empty {
                        open.push((name, 0));
                    }
                }
                _ => {}
            }
        }
        assert!(failures > 0 && open.is_empty(), "{xml}");
    }
}
