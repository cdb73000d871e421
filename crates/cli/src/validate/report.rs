//! How findings are shown.

use std::fmt::Write as _;
use std::path::Path;

use lmr_fhir::{OutcomeExtension, OutcomeValue, ParseError};
use lmr_lmdi::codes::{Code, Severity};
use lmr_lmdi::{Finding, response};
use lmr_validator::Lang;
use lmr_validator::render::{Mark, Page};

use super::Format;
use crate::output::{Language, Style};

const FILE_EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/operationoutcome-file";

/// A report that grows file by file.
pub(super) struct Report {
    format: Format,
    language: Language,
    style: Style,
    out: String,
    files: usize,
    faulty_files: usize,
    errors: usize,
    warnings: usize,
    unreadable: usize,
}

impl Report {
    pub(super) fn new(format: Format, language: Language) -> Self {
        Self {
            format,
            language,
            style: Style::for_stdout(),
            out: String::new(),
            files: 0,
            faulty_files: 0,
            errors: 0,
            warnings: 0,
            unreadable: 0,
        }
    }

    pub(super) fn any_error(&self) -> bool {
        self.errors > 0
    }

    pub(super) fn any_unreadable(&self) -> bool {
        self.unreadable > 0
    }

    fn say(&self, nb: &'static str, en: &'static str) -> &'static str {
        if self.language == Language::Nb { nb } else { en }
    }

    /// What was found in one file.
    pub(super) fn file(
        &mut self,
        path: &Path,
        several: bool,
        source: &str,
        findings: &[Finding],
    ) -> anyhow::Result<()> {
        let errors = findings.iter().filter(|f| f.refuses()).count();
        let warnings = findings.iter().filter(|f| f.severity == Severity::Warning).count();
        self.files += 1;
        self.errors += errors;
        self.warnings += warnings;
        self.faulty_files += usize::from(errors > 0);
        match self.format {
            Format::Text => self.text(path, several, findings, errors, warnings)?,
            Format::Json => {
                for finding in findings {
                    writeln!(self.out, "{}", self.json(path, finding))?;
                }
            }
            Format::Html => {
                let title = path.display().to_string();
                let marks: Vec<Mark> = findings.iter().map(|finding| self.mark(source, finding)).collect();
                let lang = match self.language {
                    Language::Nb => Lang::Nb,
                    Language::En => Lang::En,
                };
                self.out.push_str(&Page { title: &title, source, lang }.render(&marks));
            }
            Format::OperationOutcome => {
                let mut outcome = response::outcome_of(findings);
                outcome.extension.push(file_extension(path));
                writeln!(self.out, "{}", outcome.to_json())?;
            }
        }
        Ok(())
    }

    /// A file that is no JSON.
    pub(super) fn unreadable(
        &mut self,
        path: &Path,
        several: bool,
        error: &ParseError,
    ) -> anyhow::Result<()> {
        self.files += 1;
        self.unreadable += 1;
        self.faulty_files += 1;
        let spot = lmr_lmdi::Spot { line: error.line, column: error.column, ..lmr_lmdi::Spot::default() };
        let nb = format!("Filen kan ikke leses som JSON: {}.", error.kind);
        let en = format!("The file cannot be read as JSON: {}.", error.kind);
        let finding = Finding::with_text(Code::ContentNotJson, spot, nb, en);
        let findings = [finding];
        match self.format {
            Format::Text => self.text(path, several, &findings, 1, 0)?,
            Format::Json => writeln!(self.out, "{}", self.json(path, &findings[0]))?,
            Format::Html => {
                anyhow::bail!("{}: {}", path.display(), findings[0].text(self.language.for_codes()))
            }
            Format::OperationOutcome => {
                let mut outcome = response::outcome_of(&findings);
                outcome.extension.push(file_extension(path));
                writeln!(self.out, "{}", outcome.to_json())?;
            }
        }
        self.errors += 1;
        Ok(())
    }

    fn text(
        &mut self,
        path: &Path,
        several: bool,
        findings: &[Finding],
        errors: usize,
        warnings: usize,
    ) -> anyhow::Result<()> {
        let verdict = match (errors, warnings) {
            (0, 0) => self.style.good(self.say("i orden", "correct")),
            (0, n) => self.style.good(&format!(
                "{}, {n} {}",
                self.say("i orden", "correct"),
                self.say("advarsler", "warnings")
            )),
            (e, n) => self.style.bad(&format!(
                "{e} {}, {n} {}",
                self.say("feil", "errors"),
                self.say("advarsler", "warnings")
            )),
        };
        let name = self.style.bold(&path.display().to_string());
        writeln!(self.out, "{name}: {verdict}")?;
        for finding in findings {
            let severity = match finding.severity {
                Severity::Fatal | Severity::Error => self.style.bad(self.say("feil", "error")),
                Severity::Warning => self.style.warn(self.say("advarsel", "warning")),
                Severity::Information => self.style.faint(self.say("merknad", "note")),
            };
            let place = match finding.full_expression.as_str() {
                "" => String::new(),
                expression => format!("  {expression}"),
            };
            writeln!(
                self.out,
                "  {}:{}  {severity} {}{place}",
                finding.line,
                finding.column,
                self.style.bold(finding.code.as_str())
            )?;
            writeln!(self.out, "      {}", finding.text(self.language.for_codes()))?;
            for inner in finding.issue().into_iter().flat_map(|issue| &issue.inner).take(3) {
                let text = match self.language {
                    Language::Nb => inner.text_nb(),
                    Language::En => inner.text_en(),
                };
                writeln!(self.out, "      {}", self.style.faint(&format!("- {text}")))?;
            }
            if finding.refuses() {
                let remedy = finding.code.text().remedy.in_language(self.language.for_codes());
                if !remedy.is_empty() {
                    writeln!(self.out, "      {} {remedy}", self.style.faint("→"))?;
                }
            }
        }
        if several && !findings.is_empty() {
            self.out.push('\n');
        }
        Ok(())
    }

    fn json(&self, path: &Path, finding: &Finding) -> serde_json::Value {
        let language = self.language.for_codes();
        let text = finding.code.text();
        serde_json::json!({
            "file": path.display().to_string(),
            "severity": finding.severity.as_str(),
            "code": finding.code.as_str(),
            "issueType": finding.issue_type(),
            "messageId": finding.message_id(),
            "expression": finding.full_expression,
            "line": finding.line,
            "column": finding.column,
            "text": finding.text(language),
            "profile": finding.issue().and_then(|issue| issue.profile.as_deref()),
            "reasons": finding.issue().map(|issue| issue.inner.iter().map(|inner| match self.language {
                Language::Nb => inner.text_nb(),
                Language::En => inner.text_en(),
            }).collect::<Vec<_>>()).unwrap_or_default(),
            "cause": text.cause.in_language(language),
            "remedy": text.remedy.in_language(language),
            "retry": finding.retry().as_str(),
        })
    }

    fn mark(&self, source: &str, finding: &Finding) -> Mark {
        let language = self.language.for_codes();
        let issue = finding.issue();
        let mut notes: Vec<String> = issue
            .map(|issue| &issue.inner)
            .into_iter()
            .flatten()
            .map(|inner| match self.language {
                Language::Nb => inner.text_nb(),
                Language::En => inner.text_en(),
            })
            .collect();
        if finding.refuses() {
            notes.push(finding.code.text().remedy.in_language(language).to_owned());
        }
        Mark {
            severity: match finding.severity {
                Severity::Fatal => lmr_validator::Severity::Fatal,
                Severity::Error => lmr_validator::Severity::Error,
                Severity::Warning => lmr_validator::Severity::Warning,
                Severity::Information => lmr_validator::Severity::Information,
            },
            span: issue.map_or_else(|| line_span(source, finding.line), |issue| issue.span.clone()),
            line: finding.line,
            column: finding.column,
            code: finding.code.as_str().to_owned(),
            text: finding.text(language).into_owned(),
            expression: finding.full_expression.clone(),
            notes,
        }
    }

    /// The whole report.
    pub(super) fn finish(&mut self, several: bool) -> anyhow::Result<String> {
        if self.format == Format::Text && several {
            let (files, faulty) = (self.files, self.faulty_files);
            let line = if self.language == Language::Nb {
                format!("{files} filer, {faulty} med feil; {} feil, {} advarsler", self.errors, self.warnings)
            } else {
                format!(
                    "{files} files, {faulty} with errors; {} errors, {} warnings",
                    self.errors, self.warnings
                )
            };
            writeln!(self.out, "{}", self.style.bold(&line))?;
        }
        Ok(std::mem::take(&mut self.out))
    }
}

/// The bytes of a line without its indentation: findings of the register's own rules know no more.
fn line_span(source: &str, line: u32) -> std::ops::Range<usize> {
    let Some(index) = (line as usize).checked_sub(1) else { return 0..0 };
    let start: usize = source.split_inclusive('\n').take(index).map(str::len).sum();
    let text = source[start..].lines().next().unwrap_or_default();
    let indent = text.len() - text.trim_start().len();
    start + indent..start + text.trim_end().len().max(indent)
}

fn file_extension(path: &Path) -> OutcomeExtension {
    OutcomeExtension::new(FILE_EXTENSION, OutcomeValue::String(path.display().to_string()))
}
