//! What build services and shells read: SARIF, JUnit XML, workflow commands, completions, manual pages.

use std::path::Path;
use std::process::{Command, Output};

use quick_xml::events::Event;
use serde_json::Value;

use crate::program::lmr_in;

/// Three faults in the first, none in the second, a fault on the last line of the third.
const FILES: [(&str, &str); 3] = [
    (
        "a,b 100%:1.json",
        "{\"resourceType\":\"Patient\",\n  \"gender\":\"x<&\\u0001\",\n  \"activ\":true,\n  \"birthDate\":\"2020-13-01\"}",
    ),
    ("right.json", "{\"resourceType\":\"Patient\",\"gender\":\"male\"}"),
    (
        "lines.ndjson",
        "{\"resourceType\":\"Patient\",\"gender\":\"male\"}\n{\"resourceType\":\"Patient\",\"gender\":\"y\"}\n{\"resourceType\":\"Patient\",\"gender\":\"z\"}\n",
    ),
];

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in FILES {
        std::fs::write(folder.path().join(name), content).expect("written");
    }
    folder
}

/// `lmr` in a folder, in English.
fn lmr(folder: &Path, arguments: &[&str]) -> Output {
    lmr_in(folder, arguments).output().expect("lmr runs")
}

fn validate(folder: &Path, more: &[&str]) -> Output {
    let all = [&["validate", "--ruleset", "none", "--no-hints"][..], more].concat();
    lmr(folder, &[&all[..], &FILES.map(|(name, _)| name)].concat())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// The findings as JSON lines, which the other formats must agree with.
fn findings(folder: &Path) -> Vec<Value> {
    let lines = text(&validate(folder, &["--format", "json"]).stdout);
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn sarif_has_what_its_schema_requires_and_every_finding_in_its_place() {
    let folder = folder();
    let expected = findings(folder.path());
    assert!(expected.len() >= 5, "{expected:?}");
    let output = validate(folder.path(), &["--format", "sarif"]);
    assert_eq!(output.status.code(), Some(1));
    let log: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().is_some_and(|url| url.ends_with("sarif-schema-2.1.0.json")));
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "lmr");
    assert_eq!(run["language"], "en");
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let rules = driver["rules"].as_array().expect("rules");
    for rule in rules {
        assert!(rule["id"].as_str().is_some_and(|id| id.starts_with("LMR-")), "{rule}");
        for part in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[part]["text"].as_str().is_some_and(|text| !text.is_empty()), "{rule}");
        }
    }
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), expected.len());
    let mut prints = std::collections::BTreeSet::new();
    for (result, finding) in results.iter().zip(&expected) {
        assert_eq!(result["ruleId"], finding["code"]);
        let rule = result["ruleIndex"].as_u64().and_then(|at| usize::try_from(at).ok());
        assert_eq!(rules[rule.expect("an index")]["id"], finding["code"]);
        let level = match finding["severity"].as_str() {
            Some("fatal" | "error") => "error",
            Some("warning") => "warning",
            _ => "note",
        };
        assert_eq!(result["level"], level);
        let said = result["message"]["text"].as_str().expect("a message");
        assert!(said.starts_with(finding["text"].as_str().expect("a text")), "{said}");
        let place = &result["locations"][0]["physicalLocation"];
        let file = finding["file"].as_str().expect("a file");
        let uri =
            file.replace('%', "%25").replace(' ', "%20").replace(',', "%2C").replace(':', "%3A");
        assert_eq!(place["artifactLocation"]["uri"], uri);
        assert_eq!(place["region"]["startLine"], finding["line"]);
        assert_eq!(place["region"]["startColumn"], finding["column"]);
        let prints_of = result["partialFingerprints"].as_object().expect("fingerprints");
        for print in prints_of.values() {
            assert!(prints.insert(print.to_string()), "{print} twice");
        }
    }
    assert_eq!(prints.len(), results.len());

    // A line further down, and in the other language, it is the same finding.
    let (name, content) = FILES[0];
    std::fs::write(folder.path().join(name), format!("\n\n{content}")).expect("written");
    let moved = validate(folder.path(), &["--format", "sarif", "--lang", "nb"]);
    let moved: Value = serde_json::from_slice(&moved.stdout).expect("JSON");
    for (result, before) in
        moved["runs"][0]["results"].as_array().expect("results").iter().zip(results)
    {
        assert_eq!(result["partialFingerprints"], before["partialFingerprints"]);
        assert_ne!(result["message"], before["message"]);
    }
    // A correct file has a log too, also where only errors are asked for.
    for more in [&[][..], &["--quiet"]] {
        let arguments = ["validate", "--ruleset", "none", "--format", "sarif", "right.json"];
        let output = lmr(folder.path(), &[&arguments[..], more].concat());
        let log: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(output.status.code(), Some(0));
        let errors = log["runs"][0]["results"].as_array().expect("results");
        assert!(errors.iter().all(|result| result["level"] != "error"), "{log}");
    }
}

/// Names and attributes of all elements; fails where the text is not well-formed.
fn elements(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let mut found = Vec::new();
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Eof => return found,
            Event::Start(tag) | Event::Empty(tag) => {
                let attributes = tag.attributes().map(|attribute| {
                    let attribute = attribute.expect("an attribute");
                    let value = attribute.value.as_ref();
                    let value = quick_xml::escape::unescape(value).expect("entities").into_owned();
                    (attribute.key.as_ref().to_owned(), value)
                });
                found.push((tag.name().as_ref().to_owned(), attributes.collect()));
            }
            _ => {}
        }
    }
}

#[test]
fn junit_has_a_case_per_resource_and_counts_that_agree() {
    let folder = folder();
    let output = validate(folder.path(), &["--format", "junit"]);
    assert_eq!(output.status.code(), Some(1));
    let xml = text(&output.stdout);
    assert!(!xml.contains('\u{1}'), "{xml}");
    let found = elements(&xml);
    let all =
        |name: &str| found.iter().filter(|(n, _)| n == name).map(|(_, a)| a).collect::<Vec<_>>();
    let get = |attributes: &[(String, String)], name: &str| {
        attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    let names: Vec<String> =
        all("testcase").iter().map(|case| get(case, "name").expect("a name")).collect();
    let first = FILES[0].0;
    assert_eq!(names, [first, "right.json", "lines.ndjson:1", "lines.ndjson:2", "lines.ndjson:3"]);
    assert_eq!(all("testsuite").len(), 3);
    assert_eq!(all("failure").len(), 3);
    let top = all("testsuites")[0];
    assert_eq!(
        (get(top, "tests").as_deref(), get(top, "failures").as_deref()),
        (Some("5"), Some("3"))
    );
    for finding in findings(folder.path()) {
        assert!(xml.contains(finding["code"].as_str().expect("a code")), "{finding}");
    }

    // A file that cannot be read is an error of the run, in every service.
    let output = lmr(folder.path(), &["validate", "--format", "junit", "right.json", "none.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(elements(&text(&output.stdout)).iter().any(|(name, _)| name == "error"));
}

#[test]
fn github_gets_a_command_a_finding_and_nothing_ends_a_value_early() {
    let folder = folder();
    let expected = findings(folder.path());
    let output = validate(folder.path(), &["--format", "github"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert_eq!(said.lines().count(), expected.len(), "{said}");
    for (line, finding) in said.lines().zip(&expected) {
        let (head, message) =
            line.strip_prefix("::").and_then(|rest| rest.split_once("::")).expect("a command");
        let (command, properties) = head.split_once(' ').expect("properties");
        let level = match finding["severity"].as_str() {
            Some("fatal" | "error") => "error",
            Some("warning") => "warning",
            _ => "notice",
        };
        assert_eq!(command, level);
        let plain = |text: &str| {
            let text = text.replace("%2C", ",").replace("%3A", ":");
            text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
        };
        let of = |name: &str| {
            let mut pairs = properties.split(',').map(|pair| pair.split_once('=').expect("a pair"));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| plain(value)).unwrap_or_default()
        };
        assert_eq!(Value::from(of("file")), finding["file"]);
        assert_eq!(of("line"), finding["line"].to_string());
        assert_eq!(of("col"), finding["column"].to_string());
        assert!(of("title").starts_with(finding["code"].as_str().expect("a code")));
        // No control character of a value reaches the log.
        let said = finding["text"].as_str().expect("a text").replace('\u{1}', r"\u{1}");
        assert!(plain(message).starts_with(&said), "{message}");
    }
}

/// Faults at every kind of place: in a list, in a choice, beside a primitive, in a contained resource, in an
/// entry of a bundle in a bundle, at a member that is unknown and at one that cannot be read.
const PLACES: &str = r##"{"resourceType":"Bundle","type":"collection","entry":[
  {"fullUrl":"http://a.no/Patient/p","resource":{"resourceType":"Patient","id":"p",
    "name":[{"given":["a",""]},{"use":"nobody"}],"_birthDate":{"extension":[{"url":"x"}]},
    "contact":[{"period":{"start":"2020-13-01"}}],
    "contained":[{"resourceType":"Organization","id":"c","active":"yes"}],
    "managingOrganization":{"reference":"#c"}}},
  {"fullUrl":"http://a.no/Observation/o","resource":{"resourceType":"Observation","id":"o","status":"final",
    "code":{"text":"x"},"valueQuantity":{"value":"much"},"component":[{"code":{"text":"y"},"valueString":7}],
    "effectivePeriod":{"start":"2021-01-02","end":"2021-01-01"},"colour":"red"}},
  {"fullUrl":"http://a.no/Bundle/b","resource":{"resourceType":"Bundle","id":"b","type":"collection","entry":[
    {"fullUrl":"http://a.no/Patient/q","resource":{"resourceType":"Patient","id":"q","gender":"x"}}]}}]}"##;

#[test]
fn every_format_names_a_place_in_the_same_words() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("b.json"), PLACES).expect("written");
    let said = |format: &str| {
        let asked = ["validate", "--ruleset", "none", "--no-hints", "--format", format, "b.json"];
        text(&lmr(folder.path(), &asked).stdout)
    };
    let of = |value: &Value| value.as_str().expect("a place").to_owned();
    let lines = said("json");
    let places: Vec<String> = lines
        .lines()
        .map(|line| of(&serde_json::from_str::<Value>(line).expect("JSON")["expression"]))
        .collect();
    assert!(places.len() >= 10, "{places:?}");

    let outcome: Value = serde_json::from_str(&said("operation-outcome")).expect("JSON");
    let issues = outcome["issue"].as_array().expect("issues");
    let in_outcome: Vec<String> = issues.iter().map(|i| of(&i["expression"][0])).collect();
    assert_eq!(in_outcome, places);

    let log: Value = serde_json::from_str(&said("sarif")).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let in_sarif: Vec<String> = results
        .iter()
        .map(|r| of(&r["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]))
        .collect();
    assert_eq!(in_sarif, places);

    for format in ["text", "github", "junit", "html"] {
        let whole = said(format).replace("&#39;", "'").replace("%2C", ",").replace("%3A", ":");
        for place in &places {
            assert!(whole.contains(place.as_str()), "{format} does not name {place}: {whole}");
        }
    }

    // The words are FHIRPath: each leads to what it names. What could not be read is named as the definition
    // has it (`value[x]`), since the type of a choice is known only of what was read.
    let (read, unread): (Vec<&String>, Vec<_>) = places.iter().partition(|p| !p.contains("[x]"));
    assert!(read.len() >= 8 && unread.len() <= 2, "{places:?}");
    for place in read {
        let asked = lmr(folder.path(), &["fhirpath", place, "b.json"]);
        let found = text(&asked.stdout);
        assert!(asked.status.success() && !found.trim().is_empty(), "{place}: {found}");
    }
}

#[test]
fn a_greatest_number_of_findings_changes_no_count_and_no_verdict() {
    let folder = folder();
    let all = findings(folder.path()).len();
    let summary = |output: &Output| {
        let said = text(&output.stdout);
        said.lines().find(|line| line.contains("3 files")).expect("a summary").to_owned()
    };
    let whole = validate(folder.path(), &[]);
    for max in [0, 1, 2, all, all + 1] {
        let number = max.to_string();
        let output = validate(folder.path(), &["--max", &number]);
        assert_eq!(output.status.code(), Some(1), "{max}");
        assert_eq!(summary(&output), summary(&whole), "{max}");
        let shown = text(&output.stdout).lines().filter(|line| line.contains(" LMR-")).count();
        assert_eq!(shown, max.min(all), "{}", text(&output.stdout));
        let note = text(&output.stderr);
        let hidden = all.saturating_sub(max);
        assert_eq!(note.contains(&format!("{hidden} more findings")), hidden > 0, "{note}");

        let json = validate(folder.path(), &["--format", "json", "--max", &number]);
        assert_eq!(text(&json.stdout).lines().count(), max.min(all));
        let sarif = validate(folder.path(), &["--format", "sarif", "--max", &number]);
        let sarif: Value = serde_json::from_slice(&sarif.stdout).expect("JSON");
        let run = &sarif["runs"][0];
        assert_eq!(run["results"].as_array().map(Vec::len), Some(max.min(all)));
        assert_eq!(run["properties"]["findingsNotShown"], hidden);
        let junit = text(&validate(folder.path(), &["--format", "junit", "--max", &number]).stdout);
        assert_eq!(junit.matches("<failure ").count(), 3, "{junit}");
        // No outcome says that a faulty resource is in order.
        let outcomes =
            validate(folder.path(), &["--format", "operation-outcome", "--max", &number]);
        let correct = text(&outcomes.stdout).matches("Correct").count();
        let before = validate(folder.path(), &["--format", "operation-outcome"]);
        assert_eq!(correct, text(&before.stdout).matches("Correct").count(), "{max}");
    }
}

#[test]
fn errors_may_leave_the_exit_status_at_0_and_what_cannot_be_read_may_not() {
    let folder = folder();
    let output = validate(folder.path(), &["--exit-zero"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("LMR-5001"), "{}", text(&output.stdout));
    let output = lmr(folder.path(), &["validate", "--exit-zero", "none.json"]);
    assert_eq!(output.status.code(), Some(2));
    std::fs::write(folder.path().join("broken.json"), "{").expect("written");
    let output = lmr(folder.path(), &["validate", "--exit-zero", "broken.json"]);
    assert_eq!(output.status.code(), Some(2));
}

/// The names of the commands below one, as its help lists them.
fn commands_below(folder: &Path, command: &[&str]) -> Vec<String> {
    let help = text(&lmr(folder, &[&["help"][..], command].concat()).stdout);
    let Some((_, list)) = help.split_once("Commands:\n") else { return Vec::new() };
    list.lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            line.strip_prefix("  ")?.split_whitespace().next().filter(|_| !line.starts_with("   "))
        })
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn n18_every_command_has_its_manual_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("share/man1");
    let output = lmr(folder.path(), &["man", pages.to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let mut open = commands_below(folder.path(), &[]);
    assert!(open.len() > 12 && open.contains(&"validate".to_owned()), "{open:?}");
    let mut seen = 0;
    while let Some(command) = open.pop() {
        let page = pages.join(format!("lmr-{}.1", command.replace(' ', "-")));
        let page = std::fs::read_to_string(&page).unwrap_or_else(|_| panic!("{command}: no page"));
        assert!(page.contains(".TH") && page.contains(".SH SYNOPSIS"), "{command}: {page}");
        let words: Vec<&str> = command.split(' ').collect();
        let below = commands_below(folder.path(), &words);
        open.extend(below.iter().map(|name| format!("{command} {name}")));
        seen += 1;
    }
    assert!(seen > 30, "{seen} commands");
    let page = std::fs::read_to_string(pages.join("lmr-validate.1")).expect("the page");
    assert!(page.contains("sarif") && page.contains("Exit status"), "{page}");
    // A folder that cannot be is an error of the arguments.
    std::fs::write(folder.path().join("file"), "").expect("written");
    let output = lmr(folder.path(), &["man", "file"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("cannot write manual pages into file"));
}

#[test]
fn n18_every_shell_has_its_completions_and_bash_completes_with_them() {
    let folder = tempfile::tempdir().expect("a folder");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = lmr(folder.path(), &["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output.stdout);
        for word in ["validate", "max-seconds", "terminology", "dry-run"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
        std::fs::write(folder.path().join(shell), script).expect("written");
    }
    let bash = |arguments: &[&str]| {
        let output = Command::new("bash").current_dir(folder.path()).args(arguments).output();
        let output = output.expect("bash runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    bash(&["-n", "bash"]);
    for (words, expected) in [
        ("lmr val", "validate"),
        ("lmr validate --form", "--format"),
        ("lmr validate --format sa", "sarif"),
        ("lmr send st", "status"),
    ] {
        let script = format!(
            ". ./bash; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _lmr lmr \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let completed = bash(&["--norc", "-c", &script]);
        assert!(completed.lines().any(|word| word == expected), "{words}: {completed}");
    }
    assert_eq!(lmr(folder.path(), &["completions", "cmd"]).status.code(), Some(2));
}

/// A terminal, a reader of lines or XML would do something else with each of these than showing it.
const OBEYED: &str = "\u{1b}[31m\u{7}\u{7f}\u{85}\u{9b}2J\u{2028}\u{202e}gpj\u{2066}\u{feff}";

/// What a program reads stays what it is, whatever is in the values and in the names of files.
#[test]
fn machine_formats_can_be_read_whatever_is_in_names_and_values() {
    let folder = folder();
    let name = format!("{}.json", OBEYED.replace('/', ""));
    let patient = serde_json::json!({
        "resourceType": "Patient", "gender": OBEYED, "birthDate": OBEYED, OBEYED: OBEYED,
    });
    std::fs::write(folder.path().join(&name), patient.to_string()).expect("written");
    let of = |format: &str| {
        let arguments = ["validate", "--ruleset", "none", "--format", format, &name];
        text(&lmr(folder.path(), &arguments).stdout)
    };
    let lines = of("json");
    let findings: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(findings.len() >= 3, "{lines}");
    assert!(findings.iter().all(|finding| finding["file"] == *name), "{lines}");
    let sarif: Value = serde_json::from_str(&of("sarif")).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(findings.len()));
    let outcome: Value = serde_json::from_str(&of("operation-outcome")).expect("JSON");
    assert_eq!(outcome["issue"].as_array().map(Vec::len), Some(findings.len()));
    assert!(elements(&of("junit")).iter().any(|(name, _)| name == "testcase"));
    let commands = of("github");
    assert_eq!(commands.lines().count(), findings.len(), "{commands}");
    assert!(commands.lines().all(|line| line.starts_with("::")), "{commands}");

    // What goes by the printing that people read too.
    let list = serde_json::json!({
        "resourceType": "CodeSystem", "url": "urn:x:list", "version": OBEYED, "name": "List",
        "status": "active", "content": "complete", "concept": [{ "code": "a" }],
    });
    std::fs::write(folder.path().join("list.json"), list.to_string()).expect("written");
    let arguments = ["terminology", "status", "--format", "json", "list.json"];
    let output = lmr(folder.path(), &arguments);
    let status: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let lists = status["lists"].as_array().expect("lists");
    assert!(lists.iter().any(|list| list["version"] == OBEYED), "{status}");
    let printed = text(&output.stdout);
    assert!(
        !printed.contains(|c: char| c != '\n' && OBEYED.contains(c) && !c.is_ascii_graphic()),
        "{printed}"
    );
    let shown = text(&lmr(folder.path(), &["terminology", "status", "list.json"]).stdout);
    assert!(shown.contains(r"\u{1b}[31m") && shown.contains(r"\u{202e}gpj"), "{shown}");
}
