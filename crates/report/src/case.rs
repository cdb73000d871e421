//! What was found in one resource, and what is said of a finding in every form of a report.

use std::borrow::Cow;
use std::collections::BTreeSet;

use lmr_fhir::Language;
use lmr_lmdi::codes::{Code, Severity};
use lmr_lmdi::{Finding, RuleSetId};

use crate::lack::Lack;

/// What was found in one resource: a file's, or that of one of its lines.
#[derive(Debug)]
pub struct Case {
    /// The file as it was named; `-` is standard input.
    pub file: String,
    /// The line that the resource is on, where the file has a resource a line.
    pub line: Option<u32>,
    /// The rule set it was checked by; `None` is plain FHIR.
    pub rule_set: Option<RuleSetId>,
    /// The findings that are shown.
    pub findings: Vec<Finding>,
    /// Errors in all, shown or not.
    pub errors: usize,
    /// The code of the first of them.
    pub first_error: Option<Code>,
    /// The text, where the report is to show it.
    pub source: Option<String>,
}

/// A whole report.
#[derive(Debug)]
pub struct Reported<'a> {
    /// Every resource looked at.
    pub cases: &'a [Case],
    /// The rule sets used.
    pub rule_sets: &'a [RuleSetId],
    /// Language of the texts.
    pub language: Language,
    /// Why not all was checked; empty where it was.
    pub lacks: &'a BTreeSet<Lack>,
    /// Findings that `--max` left out.
    pub hidden: usize,
}

/// What is wrong. The register's own rules explain themselves; what is wrong is their title.
#[must_use]
pub fn sentence(finding: &Finding, language: Language) -> Cow<'_, str> {
    let (text, about) = (finding.text(language), finding.code.text());
    if text == about.explanation.in_language(language) {
        Cow::Owned(format!("{}. {text}", about.title.in_language(language)))
    } else {
        text
    }
}

/// What is wrong, and which parts of a profile or slice did not fit.
pub(crate) fn message(finding: &Finding, language: Language) -> String {
    let mut message = sentence(finding, language).into_owned();
    for reason in finding.reasons(language) {
        message.push_str("\n- ");
        message.push_str(&reason);
    }
    message
}

/// What to do about an error; empty for everything else.
pub(crate) fn remedy(finding: &Finding, language: Language) -> &str {
    if finding.refuses() { finding.code.text().remedy.in_language(language) } else { "" }
}

/// The levels of build services.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Error,
    Warning,
    Note,
}

impl Level {
    pub(crate) fn of(finding: &Finding) -> Self {
        match finding.severity {
            Severity::Fatal | Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Information => Self::Note,
        }
    }
}
