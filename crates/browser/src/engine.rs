//! What answers requests: the checker, what it found until now, and the text being looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use lmr_fhir::Language;
use lmr_lmdi::codes::Severity;
use lmr_lmdi::{CheckOptions, Finding, RuleSetId, RuleSets};
use lmr_report::json::{Digest, FindingObject};
use lmr_report::{
    Case, Checked, Checker, Lack, Profiles, Reported, html, json, junit, lack, outcome, sarif,
};
use lmr_validator::package::{Package, ResourceKind};
use lmr_validator::{HtmlInMarkdown, Options};
use serde::Serialize;
use serde_json::{Value, json};

use crate::request::{Choices, EngineError, Format, Request};
use crate::view::View;

/// The validator with everything it has been given and has found.
#[derive(Debug, Default)]
pub struct Engine {
    packages: Vec<Arc<Package>>,
    checker: Option<Checker>,
    language: Language,
    cases: Vec<Case>,
    /// Lines without findings. They are many, and become cases only where a report counts them.
    clean: Vec<CleanLine>,
    rule_sets: Vec<RuleSetId>,
    view: View,
}

/// A line of a file with a resource a line, of which nothing was found.
#[derive(Debug)]
struct CleanLine {
    /// The cases that were kept before it.
    before: usize,
    file: Arc<str>,
    line: u32,
    rule_set: Option<RuleSetId>,
}

/// What [`Request::Validate`] is answered with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Validated<'e> {
    rule_set: Option<&'static str>,
    rule_set_digest: Option<Digest>,
    readable: bool,
    findings: Vec<FindingObject<'e>>,
}

/// A case as it is reported to the page.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'e> {
    case: usize,
    file: &'e str,
    line: Option<u32>,
    rule_set: Option<&'static str>,
    rule_set_digest: Option<Digest>,
    errors: usize,
    warnings: usize,
    notes: usize,
    groups: Vec<Group<'e>>,
    findings: Vec<FindingObject<'e>>,
    /// From where to where the resource is in the bytes that were checked, where these were lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<[usize; 2]>,
}

/// The findings of one code.
#[derive(Serialize)]
struct Group<'e> {
    code: &'e str,
    severity: &'static str,
    title: &'static str,
    count: usize,
}

/// What [`Request::CheckLines`] is answered with.
#[derive(Serialize)]
struct CheckedLines<'e> {
    resources: usize,
    lines: usize,
    cases: Vec<Summary<'e>>,
}

/// Writes an answer, without building it as a JSON value first: that took a fifth of a check of a small text. Texts, numbers and
/// lists of them cannot fail to be written.
fn ok(answer: impl Serialize) -> Result<Vec<u8>, EngineError> {
    #[derive(Serialize)]
    struct Answer<A> {
        ok: A,
    }
    serde_json::to_vec(&Answer { ok: answer }).map_err(EngineError::from)
}

impl Engine {
    /// Answers a request in JSON about some bytes: `{"ok": …}`, or `{"error": {"kind", "nb", "en"}}`.
    pub fn answer(&mut self, request: &[u8], body: &[u8]) -> Vec<u8> {
        let answer = serde_json::from_slice(request)
            .map_err(EngineError::from)
            .and_then(|request| self.run(request, body));
        answer.unwrap_or_else(|error| {
            let text = error.bilingual();
            let error = json!({ "kind": error.kind(), "nb": text.nb, "en": text.en });
            json!({ "error": error }).to_string().into_bytes()
        })
    }

    fn run(&mut self, request: Request, body: &[u8]) -> Result<Vec<u8>, EngineError> {
        match request {
            Request::About => ok(about()),
            Request::AddPackage { name } => ok(self.add_package(&name, body)?),
            Request::Reset => {
                *self = Self::default();
                ok(())
            }
            Request::Begin(choices) => {
                self.checker = Some(self.checker_of(&choices)?);
                self.language = choices.language;
                self.cases = Vec::new();
                self.clean = Vec::new();
                self.rule_sets = Vec::new();
                self.view = View::default();
                ok(())
            }
            Request::Check { file, line, limit } => {
                let checked = self.checker()?.check(body)?;
                let at = self.keep(file, line, checked);
                ok(self.summary(at, self.language, limit))
            }
            Request::CheckLines { file, line } => ok(self.check_lines(&file, line, body)?),
            Request::NoResource { file } => {
                self.checker()?;
                let at = self.keep(file, None, Checked::of_no_resource());
                ok(self.summary(at, self.language, Some(0)))
            }
            Request::Validate { file, now } => {
                let checker = self.checker()?;
                let checked = match now {
                    Some(now) => checker.check_at(body, time_of(&now)?, &now)?,
                    None => checker.check(body)?,
                };
                let Checked { rule_set, findings, is_readable, has_resource: _ } = checked;
                ok(Validated {
                    rule_set: rule_set.map(RuleSetId::as_str),
                    rule_set_digest: rule_set.map(Digest),
                    readable: is_readable,
                    findings: findings
                        .iter()
                        .map(|finding| json::finding(&file, rule_set, finding, self.language))
                        .collect(),
                })
            }
            Request::Findings { case, language, limit } => {
                self.cases.get(case).ok_or(EngineError::NoCase)?;
                ok(self.summary(case, language, limit))
            }
            Request::View { case } => {
                let case = self.cases.get(case).ok_or(EngineError::NoCase)?;
                let (view, answer) = View::of(body, &case.findings);
                self.view = view;
                ok(answer)
            }
            Request::ViewLines { from, count } => ok(self.view.lines(from, count)),
            Request::Source { case } => {
                let case = self.cases.get_mut(case).ok_or(EngineError::NoCase)?;
                case.source = Some(String::from_utf8_lossy(body).into_owned());
                ok(())
            }
            Request::Export { format, language, made, incomplete } => {
                ok(self.export(format, language, &made, incomplete))
            }
        }
    }

    fn checker(&self) -> Result<&Checker, EngineError> {
        self.checker.as_ref().ok_or(EngineError::NotBegun)
    }

    fn add_package(&mut self, name: &str, body: &[u8]) -> Result<Value, EngineError> {
        let package = Package::from_bytes(name, body)?;
        let count = |kind| package.definitions().filter(|(other, _)| *other == kind).count();
        let answer = json!({
            "name": package.name(),
            "version": package.version(),
            "profiles": count(ResourceKind::Structure),
            "valueSets": count(ResourceKind::ValueSet),
            "codeSystems": count(ResourceKind::CodeSystem),
            "dependencies": package
                .dependencies()
                .map(|(name, version)| format!("{name} {version}"))
                .collect::<Vec<_>>(),
        });
        self.packages.push(Arc::new(package));
        Ok(answer)
    }

    fn checker_of(&self, choices: &Choices) -> Result<Checker, EngineError> {
        let now = time_of(&choices.now)?;
        let packages = self.packages.iter().cloned();
        if choices.rule_set.as_deref() == Some("none") {
            let options = Options {
                profiles: choices.profiles.clone(),
                redact_values: choices.redact,
                threads: 1,
                now: lmr_fhirpath::DateTime::parse(&choices.now),
                // As `lmr validate --ruleset none` by itself.
                html_in_markdown: HtmlInMarkdown::Ignore,
                ..Options::default()
            };
            return Ok(Checker::of_profiles(packages, options, &choices.profiles)?);
        }
        let chosen = match &choices.rule_set {
            None => None,
            Some(name) => {
                Some(RuleSetId::parse(name).ok_or_else(|| EngineError::RuleSet(name.clone()))?)
            }
        };
        let mut options = CheckOptions::at(now);
        options.redact = choices.redact;
        options.advice = choices.advice.map(Into::into).unwrap_or_default();
        options.rule_sets = RuleSets::with_packages(packages);
        // Compiled now, so that the first text is not the slow one.
        options.rule_sets.get(chosen.unwrap_or(RuleSetId::LATEST))?;
        let needs = choices.advice.is_some();
        let profiles = Profiles { everywhere: choices.profiles.clone(), ..Profiles::default() };
        Ok(Checker::of_register(chosen, options, profiles, needs))
    }

    /// Keeps what was found in a text; gives its number.
    fn keep(&mut self, file: String, line: Option<u32>, checked: Checked) -> usize {
        let errors = checked.errors();
        let Checked { rule_set, mut findings, is_readable: _, has_resource: _ } = checked;
        if let Some(id) = rule_set
            && !self.rule_sets.contains(&id)
        {
            self.rule_sets.push(id);
        }
        for finding in &mut findings {
            finding.line = line.unwrap_or(finding.line);
        }
        let first_error = findings.iter().find(|f| f.refuses()).map(|f| f.code);
        let source = None;
        self.cases.push(Case { file, line, rule_set, findings, errors, first_error, source });
        self.cases.len() - 1
    }

    /// A case with its counts, its findings by code, and as many findings as asked for.
    fn summary(&self, at: usize, language: Language, limit: Option<usize>) -> Option<Summary<'_>> {
        let case = self.cases.get(at)?;
        let of = |severity| case.findings.iter().filter(|f| f.severity == severity).count();
        Some(Summary {
            case: at,
            file: &case.file,
            line: case.line,
            rule_set: case.rule_set.map(RuleSetId::as_str),
            rule_set_digest: case.rule_set.map(Digest),
            errors: case.errors,
            warnings: of(Severity::Warning),
            notes: of(Severity::Information),
            groups: groups(&case.findings, language),
            findings: case
                .findings
                .iter()
                .take(limit.unwrap_or(usize::MAX))
                .map(|finding| json::finding(&case.file, case.rule_set, finding, language))
                .collect(),
            bytes: None,
        })
    }

    fn check_lines(
        &mut self,
        file: &str,
        first: u32,
        body: &[u8],
    ) -> Result<CheckedLines<'_>, EngineError> {
        let mut found = Vec::new();
        let mut resources = 0;
        let mut from = 0;
        let name: Arc<str> = file.into();
        for (line, text) in (first..).zip(body.split(|byte| *byte == b'\n')) {
            let start = from;
            from += text.len() + 1;
            if text.trim_ascii().is_empty() {
                continue;
            }
            resources += 1;
            let checked = self.checker()?.check(text)?;
            // Of lines without findings little is kept.
            if !checked.findings.is_empty() {
                let at = self.keep(file.to_owned(), Some(line), checked);
                found.push((at, [start, start + text.len()]));
            } else {
                let rule_set = checked.rule_set;
                self.rule_sets.extend(rule_set.filter(|id| !self.rule_sets.contains(id)));
                let (before, file) = (self.cases.len(), Arc::clone(&name));
                self.clean.push(CleanLine { before, file, line, rule_set });
            }
        }
        let lines = body.iter().filter(|byte| **byte == b'\n').count();
        let summary = |(at, bytes): (usize, [usize; 2])| {
            let summary = self.summary(at, self.language, Some(0))?;
            Some(Summary { bytes: Some(bytes), ..summary })
        };
        Ok(CheckedLines {
            resources,
            lines,
            cases: found.into_iter().filter_map(summary).collect(),
        })
    }

    fn export(
        &mut self,
        format: Format,
        language: Language,
        made: &str,
        mut lacks: BTreeSet<Lack>,
    ) -> String {
        let resources = self.cases.len() + self.clean.len();
        if resources == 0 && lacks.is_empty() {
            lacks.insert(Lack::Nothing);
        }
        // A finding a line: lines without findings have none.
        if matches!(format, Format::Json) {
            let line = |case: &Case| {
                let of = |finding| json::finding(&case.file, case.rule_set, finding, language);
                case.findings.iter().map(|finding| format!("{}\n", of(finding))).collect::<String>()
            };
            let mut lines: String = self.cases.iter().map(line).collect();
            if !lacks.is_empty() {
                lines.push_str(&format!("{}\n", lack::line(&lacks, resources, language)));
            }
            return lines;
        }
        let found = std::mem::take(&mut self.cases);
        let cases = with_clean(found, &self.clean);
        let reported = Reported {
            cases: &cases,
            rule_sets: &self.rule_sets,
            language,
            lacks: &lacks,
            hidden: 0,
        };
        let text = match format {
            Format::Sarif => format!("{:#}\n", sarif::log(&reported)),
            Format::Junit => junit::document(&reported),
            Format::Json | Format::OperationOutcome => {
                let line = |case: &Case| {
                    let outcome = outcome::of(&case.file, case.rule_set, &case.findings, language);
                    format!("{}\n", outcome.to_json())
                };
                let mut lines: String = cases.iter().map(line).collect();
                if !lacks.is_empty() {
                    lines.push_str(&format!("{}\n", lack::outcome(&lacks, language).to_json()));
                }
                lines
            }
            Format::Html => html::page(&reported, made),
        };
        // Their numbers are the page's: the cases that were there, in their order.
        self.cases = without_clean(cases, &self.clean);
        text
    }
}

/// The cases and the lines without findings, in the order in which they were checked.
fn with_clean(found: Vec<Case>, clean: &[CleanLine]) -> Vec<Case> {
    let mut all = Vec::with_capacity(found.len() + clean.len());
    let mut clean = clean.iter().peekable();
    let mut found = found.into_iter();
    for at in 0.. {
        while let Some(line) = clean.next_if(|line| line.before <= at) {
            all.push(Case {
                file: line.file.to_string(),
                line: Some(line.line),
                rule_set: line.rule_set,
                findings: Vec::new(),
                errors: 0,
                first_error: None,
                source: None,
            });
        }
        let Some(case) = found.next() else { break };
        all.push(case);
    }
    all
}

/// The same without those lines.
fn without_clean(all: Vec<Case>, clean: &[CleanLine]) -> Vec<Case> {
    // The n-th of them is behind the cases before it and the n lines before.
    let mut places = clean.iter().enumerate().map(|(count, line)| line.before + count).peekable();
    let all = all.into_iter().enumerate();
    all.filter(|(at, _)| places.next_if_eq(at).is_none()).map(|(_, case)| case).collect()
}

fn time_of(text: &str) -> Result<Timestamp, EngineError> {
    text.parse().map_err(|_| EngineError::Now(text.to_owned()))
}

fn about() -> Value {
    let rule_set = |id: RuleSetId| {
        json!({
            "name": id.as_str(),
            "version": id.version(),
            "date": id.date(),
            "bundleType": id.bundle_type(),
            "digest": Digest(id),
        })
    };
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "ruleSets": RuleSetId::ALL.into_iter().rev().map(rule_set).collect::<Vec<_>>(),
    })
}

/// How often each code was found, the gravest first.
fn groups(findings: &[Finding], language: Language) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<(std::cmp::Reverse<Severity>, &str), (usize, &Finding)> =
        BTreeMap::new();
    for finding in findings {
        let key = (std::cmp::Reverse(finding.severity), finding.code.as_str());
        groups.entry(key).or_insert((0, finding)).0 += 1;
    }
    let group = |((severity, code), (count, finding)): (
        (std::cmp::Reverse<Severity>, _),
        (usize, &Finding),
    )| Group {
        code,
        severity: severity.0.as_str(),
        title: finding.code.text().title.in_language(language),
        count,
    };
    groups.into_iter().map(group).collect()
}

#[cfg(test)]
mod tests;
