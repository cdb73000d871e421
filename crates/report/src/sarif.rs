//! SARIF 2.1.0 (OASIS standard), which code scanning services and editors read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lmr_fhir::Language;
use lmr_lmdi::codes::Code;
use lmr_lmdi::{Finding, RuleSetId};
use serde_json::{Map, Value, json};

use crate::case::{Case, Level, Reported, message};
use crate::fingerprint::Fingerprints;
use crate::json::Digest;
use crate::lack;

/// The address of the standard's schema.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

impl Level {
    fn in_sarif(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// The report as a log file with one run.
#[must_use]
pub fn log(report: &Reported<'_>) -> Value {
    let mut rules: BTreeMap<&'static str, Code> = BTreeMap::new();
    for finding in report.cases.iter().flat_map(|case| &case.findings) {
        rules.insert(finding.code.as_str(), finding.code);
    }
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(at, id)| (*id, at)).collect();
    let mut prints = Fingerprints::default();
    let results: Vec<Value> = report
        .cases
        .iter()
        .flat_map(|case| case.findings.iter().map(move |finding| (case, finding)))
        .map(|(case, finding)| {
            let at = index.get(finding.code.as_str()).copied();
            result(case, finding, at, report.language, &mut prints)
        })
        .collect();
    let rule_sets = |id: &RuleSetId| json!({ "name": id.as_str(), "digest": Digest(*id) });
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "lmr",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().map(|code| rule(*code, report.language)).collect::<Vec<_>>(),
            }},
            "language": match report.language {
                Language::Bokmal => "nb",
                Language::English => "en",
            },
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation(report)],
            "results": results,
            "properties": {
                "ruleSets": report.rule_sets.iter().map(rule_sets).collect::<Vec<_>>(),
                "findingsNotShown": report.hidden,
                "resources": report.cases.len(),
                "incomplete": lack::names(report.lacks),
            },
        }],
    })
}

/// How the run went: not well where something was not checked, and why.
fn invocation(report: &Reported<'_>) -> Value {
    if report.lacks.is_empty() {
        return json!({ "executionSuccessful": true });
    }
    json!({
        "executionSuccessful": false,
        "toolExecutionNotifications": [{
            "level": "warning",
            "message": { "text": lack::sentence(report.lacks, report.language) },
        }],
    })
}

/// A code of the catalogue. The catalogue has no address on the web, so there is no `helpUri`.
fn rule(code: Code, language: Language) -> Value {
    let text = code.text();
    let (cause, remedy) = (text.cause.in_language(language), text.remedy.in_language(language));
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": text.title.in_language(language) },
        "fullDescription": { "text": text.explanation.in_language(language) },
        "help": { "text": format!("{cause}\n\n{remedy}") },
    })
}

fn result(
    case: &Case,
    finding: &Finding,
    rule: Option<usize>,
    language: Language,
    prints: &mut Fingerprints,
) -> Value {
    let mut physical = Map::new();
    physical.insert("artifactLocation".to_owned(), json!({ "uri": uri(&case.file) }));
    if finding.line > 0 {
        let mut region = Map::new();
        region.insert("startLine".to_owned(), json!(finding.line));
        if finding.column > 0 {
            region.insert("startColumn".to_owned(), json!(finding.column));
        }
        physical.insert("region".to_owned(), Value::Object(region));
    }
    let mut location = Map::new();
    location.insert("physicalLocation".to_owned(), Value::Object(physical));
    if !finding.full_expression.is_empty() {
        location.insert(
            "logicalLocations".to_owned(),
            json!([{ "fullyQualifiedName": finding.full_expression, "kind": "element" }]),
        );
    }
    let mut result = Map::new();
    result.insert("ruleId".to_owned(), json!(finding.code.as_str()));
    if let Some(rule) = rule {
        result.insert("ruleIndex".to_owned(), json!(rule));
    }
    result.insert("level".to_owned(), json!(Level::of(finding).in_sarif()));
    result.insert("message".to_owned(), json!({ "text": message(finding, language) }));
    result.insert("locations".to_owned(), json!([location]));
    result.insert(
        "partialFingerprints".to_owned(),
        json!({ "lmrFinding/v1": prints.next(&uri(&case.file), finding) }),
    );
    let profile = finding.issue().and_then(|issue| issue.profile.as_deref());
    result.insert(
        "properties".to_owned(),
        json!({
            "ruleSet": case.rule_set.map(RuleSetId::as_str),
            "messageId": finding.message_id(),
            "profile": profile,
        }),
    );
    Value::Object(result)
}

/// A path as a URI: relative ones stay relative to where the check was started.
fn uri(path: &str) -> String {
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
    let path = path.strip_prefix("./").unwrap_or(&path);
    let mut out = String::with_capacity(path.len());
    let drive = path.as_bytes().get(1) == Some(&b':') && cfg!(windows);
    if path.starts_with('/') {
        out.push_str("file://");
    } else if drive {
        out.push_str("file:///");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            b':' if drive => out.push(':'),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_uri_of_the_standard() {
        for (path, expected) in [
            ("a/b.json", "a/b.json"),
            ("./a b#.json", "a%20b%23.json"),
            ("pasient:å.json", "pasient%3A%C3%A5.json"),
            ("/tmp/x.json", "file:///tmp/x.json"),
            ("-", "-"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
