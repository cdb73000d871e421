//! HL7's validator test cases: the reference validator's recorded verdicts and
//! ours. Prints the table and fails when it drops below what was reached.
//!
//! How the cases' `options` map to [`Options`] is in tests/README.md.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lmr_fhir::{Document, ParseOptions};
use lmr_validator::definitions::Definitions;
use lmr_validator::package::Package;
use lmr_validator::{
    BestPractice, ContainedPolicy, HtmlInMarkdown, Issue, Options, ReferenceCheck, Severity,
    Validator,
};
use serde_json::Value;

/// Percent of verdicts, of strict runs' findings and of strict runs' warnings that agree: what the visible cases
/// have reached, and the least that is due on any others. The test fails below them.
const REACHED: [f64; 3] = [100.0, 99.4, 97.0];
const DUE: [f64; 3] = [97.0, 90.0, 0.0];
/// Visible runs that are scored, at least: fewer would be a test of something else.
const VISIBLE_RUNS: usize = 200;

#[expect(clippy::disallowed_methods, reason = "tests find shared data by an environment variable")]
fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

struct Case {
    root: PathBuf,
    json: Value,
}

impl Case {
    fn text(&self, key: &str) -> &str {
        self.json[key].as_str().unwrap_or("")
    }

    fn path(&self, file: &str) -> PathBuf {
        match self.json["converted"][file].as_str() {
            Some(converted) => self.root.join(converted),
            None => self.root.join("validator").join(file),
        }
    }

    fn list(&self, key: &str) -> Vec<String> {
        let items = self.json[key].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    }

    fn options(&self) -> Options {
        let mut options = Options {
            now: lmr_fhirpath::DateTime::parse("2026-06-25T12:00:00Z"),
            ..Options::default()
        };
        for (key, value) in self.json["options"].as_object().into_iter().flatten() {
            match (key.as_str(), value.as_str().unwrap_or("")) {
                ("security-checks", _) => options.security_checks = value.as_bool() == Some(true),
                ("allow-comments", _) => options.allow_comments = value.as_bool() == Some(true),
                ("noHtmlInMarkdown", _) => options.html_in_markdown = HtmlInMarkdown::Error,
                ("allowed-extension-domain", domain) => {
                    options.extension_domains.push(domain.to_owned())
                }
                ("assumeValidRestReferences", _) => options.assume_valid_rest_references = true,
                ("best-practice", "Warning") => options.best_practice = BestPractice::Warning,
                ("language", language) => options.language = Some(language.to_owned()),
                ("validateContains", "IGNORE") => options.contained = ContainedPolicy::Ignore,
                ("examples", _) => options.example_urls = value.as_bool() != Some(false),
                ("validateReference", level) => {
                    options.references = match level {
                        "CHECK_VALID" => ReferenceCheck::ExistsAndValid,
                        _ => ReferenceCheck::ExistsAndType,
                    };
                    // The runner has the targets, which are not part of the case.
                    options.assume_valid_rest_references |= level == "CHECK_VALID";
                }
                _ => {}
            }
        }
        options
    }

    fn run(&self) -> Result<Vec<Issue>, String> {
        let mut builder = Definitions::builder();
        let mut options = self.options();
        let mut files = self.list("supporting");
        for profile in self.list("profiles") {
            if profile.starts_with("http:") || profile.starts_with("urn:") {
                options.profiles.push(profile);
                continue;
            }
            let text = std::fs::read_to_string(self.path(&profile))
                .map_err(|e| format!("{profile}: {e}"))?;
            let json: Value = serde_json::from_str(&text).map_err(|e| format!("{profile}: {e}"))?;
            options.profiles.push(json["url"].as_str().unwrap_or("").to_owned());
            files.push(profile);
        }
        for file in files {
            let path = self.path(&file);
            let text = std::fs::read_to_string(&path).map_err(|e| format!("{file}: {e}"))?;
            let json: Value = serde_json::from_str(&text).map_err(|e| format!("{file}: {e}"))?;
            for global in json["global"].as_array().into_iter().flatten() {
                let (Some(of), Some(profile)) =
                    (global["type"].as_str(), global["profile"].as_str())
                else {
                    continue;
                };
                options.global_profiles.entry(of.to_owned()).or_default().push(profile.to_owned());
            }
            match Package::open(&path) {
                Ok(package) => builder = builder.package(package),
                Err(lmr_validator::package::PackageError::NoDefinition { .. }) => {}
                Err(error) => return Err(format!("{file}: {error}")),
            }
        }
        let validator = Validator::builder().definitions(Arc::new(builder.build())).build();
        let text =
            std::fs::read_to_string(self.path(self.text("file"))).map_err(|e| e.to_string())?;
        Ok(match Document::parse(text.as_str(), &ParseOptions::lenient()) {
            Ok(document) => validator.validate(&document, &options),
            Err(_) => validator.validate_text(&text, &options),
        })
    }
}

fn cases(shared: &Path) -> Vec<Case> {
    let root = shared.join("conformance/hl7-validator");
    let mut out = Vec::new();
    for file in ["cases-json.json", "cases-converted.json"] {
        let text = std::fs::read_to_string(root.join(file)).expect("cases");
        let json: Value = serde_json::from_str(&text).expect("cases are JSON");
        for case in json["cases"].as_array().expect("list of cases") {
            out.push(Case { root: root.clone(), json: case.clone() });
        }
    }
    out
}

/// Path without resource comments and url hints.
fn plain(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some(at) = rest.find("/*") {
        out.push_str(&rest[..at]);
        rest = rest[at..].find("*/").map_or("", |end| &rest[at + end + 2..]);
    }
    out.push_str(rest);
    out.split("[url=").next().unwrap_or("").to_owned()
}

fn is_tx(id: &str) -> bool {
    id.starts_with("Terminology_TX")
        || id.starts_with("TERMINOLOGY_TX")
        || id.starts_with("Unknown_Code")
        || id.starts_with("Display_Name")
        || id.starts_with("LMRV_VALUESET")
        || id.starts_with("LMRV_CODESYSTEM")
        || id.starts_with("UNKNOWN_CODESYSTEM")
        || id == "UNABLE_TO_INFER_CODESYSTEM"
        || id == "NO_CODE_PROVIDED"
}

/// The reference reports these at a place of its own choosing (message-ids.md, rule 8).
fn is_quirky(id: &str) -> bool {
    id.starts_with("BUNDLE_ENTRY_URL_")
        || id.starts_with("BUNDLE_BUNDLE_ENTRY_")
        || id.starts_with("Bundle_BUNDLE_Entry_")
}

type Found = Vec<(String, String)>;

fn key(id: &str, path: &str, quirk: bool) -> (String, String) {
    let id = id.rsplit_once('#').map_or(id, |(_, key)| key);
    (id.to_owned(), if quirk || is_quirky(id) { String::new() } else { plain(path) })
}

fn expected(case: &Case, wanted: &[&str]) -> Found {
    let mut out = Vec::new();
    for issue in case.json["expected"]["issues"].as_array().into_iter().flatten() {
        let class = issue["class"].as_str().unwrap_or("");
        if !wanted.contains(&issue["severity"].as_str().unwrap_or(""))
            || !matches!(class, "core" | "tx-local" | "extpack")
        {
            continue;
        }
        let quirk = issue["pathQuirk"].as_bool() == Some(true);
        // The recorded text is that of several ids: the cases' own rules accept each of them.
        let id = issue["messageId"].as_str().unwrap_or("?");
        let is_ambiguous = issue["idConfidence"].as_str() == Some("ambiguous");
        out.push(key(
            if is_ambiguous { id.strip_suffix("_VER").unwrap_or(id) } else { id },
            issue["expression"].as_str().unwrap_or(""),
            quirk,
        ));
    }
    out
}

fn found(case: &Case, issues: &[Issue], warnings: bool, expected: &Found) -> Found {
    let quirks: Vec<String> = case.json["expected"]["issues"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|i| i["pathQuirk"].as_bool() == Some(true))
        .filter_map(|i| i["messageId"].as_str().map(str::to_owned))
        .collect();
    let strict = case.text("comparison") == "strict";
    let mut out = Vec::new();
    for issue in issues {
        let counts =
            if warnings { issue.severity == Severity::Warning } else { issue.severity.is_error() };
        if !counts {
            continue;
        }
        let id = issue.id();
        let key = key(id, &issue.expression, quirks.iter().any(|q| q == id));
        let ours_only = !expected.contains(&key);
        if is_tx(id) && ours_only && (!strict || warnings) {
            continue;
        }
        out.push(key);
    }
    out
}

fn difference(a: &Found, b: &Found) -> Found {
    let mut rest = b.clone();
    let mut out = Vec::new();
    for one in a {
        match rest.iter().position(|r| r == one) {
            Some(at) => {
                rest.swap_remove(at);
            }
            None => out.push(one.clone()),
        }
    }
    out
}

/// Runs, and how many of them agree in verdict, errors and warnings.
#[derive(Default)]
struct Totals {
    runs: usize,
    l1: usize,
    strict: usize,
    l2: usize,
    l3: usize,
}

#[test]
fn verdicts_and_findings_agree_with_the_reference_validator() {
    let Some(shared) = env("LMR_SHARED").map(PathBuf::from) else {
        println!("left out: LMR_SHARED is not set");
        return;
    };
    let only = env("LMR_CASE");
    let mut table: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    // The visible cases, and any others.
    let mut not_run = Vec::new();
    let mut totals = [Totals::default(), Totals::default()];
    for case in cases(&shared) {
        let id = case.text("id").to_owned();
        if only.as_ref().is_some_and(|o| !id.contains(o.as_str())) {
            continue;
        }
        let comparison = case.text("comparison").to_owned();
        if matches!(comparison.as_str(), "contested" | "needs-extension-pack") {
            continue;
        }
        let issues = match case.run() {
            Ok(issues) => issues,
            Err(error) => {
                println!("NOT RUN {id}: {error}");
                not_run.push(id);
                continue;
            }
        };
        if only.is_some() {
            for issue in &issues {
                println!("   {issue}");
                for inner in &issue.inner {
                    println!("        because {inner}");
                }
            }
        }
        let strict = comparison.starts_with("strict");
        let errors = expected(&case, &["error", "fatal"]);
        let ours = found(&case, &issues, false, &errors);
        let has_errors = case.json["expected"]["offline"]["errors"].as_u64().unwrap_or(0) > 0;
        let verdict = ours.is_empty() != has_errors;
        let (missing, extra) = (difference(&errors, &ours), difference(&ours, &errors));
        let same = missing.is_empty() && extra.is_empty();
        let warnings = expected(&case, &["warning"]);
        let our_warnings = found(&case, &issues, true, &warnings);
        let (w_missing, w_extra) =
            (difference(&warnings, &our_warnings), difference(&our_warnings, &warnings));
        let total = &mut totals[usize::from(case.text("split") != "visible")];
        total.runs += 1;
        total.l1 += usize::from(verdict);
        if strict {
            total.strict += 1;
            total.l2 += usize::from(same);
            total.l3 += usize::from(w_missing.is_empty() && w_extra.is_empty());
        }
        let row = table.entry(case.text("module").to_owned()).or_default();
        row[0] += 1;
        row[1] += usize::from(verdict);
        row[2] += usize::from(strict);
        row[3] += usize::from(strict && same);
        if !verdict || !same {
            println!("{} {id} [{comparison}]", if verdict { "L2" } else { "L1" });
            for (id, path) in &missing {
                println!("     missing {id} at {path}");
            }
            for (id, path) in &extra {
                println!("     extra   {id} at {path}");
            }
        }
        if only.is_some() || env("LMR_WARNINGS").is_some() {
            for (id, path) in &w_missing {
                println!("     w missing {id} at {path}   ({})", case.text("id"));
            }
            for (id, path) in &w_extra {
                println!("     w extra   {id} at {path}   ({})", case.text("id"));
            }
        }
    }
    println!("{:<12} {:>5} {:>5} {:>7} {:>5}", "module", "runs", "L1", "strict", "L2");
    for (module, [runs, v, s, f]) in &table {
        println!("{module:<12} {runs:>5} {v:>5} {s:>7} {f:>5}");
    }
    // A case that does not run agrees with nothing, whatever it expects.
    assert!(not_run.is_empty(), "not run: {not_run:?}");
    assert!(only.is_some() || totals[0].runs >= VISIBLE_RUNS, "only {} runs", totals[0].runs);
    for (name, total, least) in [("visible", &totals[0], REACHED), ("others", &totals[1], DUE)] {
        if total.runs == 0 {
            continue;
        }
        let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        let Totals { runs, l1, strict, l2, l3 } = *total;
        let (verdicts, findings) = (share(l1, runs), share(l2, strict));
        println!(
            "{name}: L1 {l1}/{runs} = {verdicts:.1} %, L2 {l2}/{strict} = {findings:.1} % of strict runs, \
             L3 {l3}/{strict} = {:.1} %",
            share(l3, strict)
        );
        if only.is_none() {
            let warnings = share(l3, strict);
            assert!(
                strict == 0 || warnings >= least[2],
                "{name}: warnings dropped below {} %",
                least[2]
            );
            assert!(verdicts >= least[0], "{name}: verdicts dropped below {} %", least[0]);
            assert!(
                strict == 0 || findings >= least[1],
                "{name}: findings dropped below {} %",
                least[1]
            );
        }
    }
}
