//! Reports for build services: SARIF, JUnit XML, workflow commands of GitHub.

pub(super) mod github;
pub(super) mod junit;
pub(super) mod sarif;

use lmr_lmdi::codes::Severity;
use lmr_lmdi::{Finding, RuleSetId};

use crate::output::Language;

/// What was found in one resource: a file's, or that of one of its lines.
pub(super) struct Case {
    /// The file as it was named; `-` is standard input.
    pub(super) file: String,
    pub(super) line: Option<u32>,
    pub(super) rule_set: Option<RuleSetId>,
    /// The findings that are shown.
    pub(super) findings: Vec<Finding>,
    /// Errors in all, shown or not.
    pub(super) errors: usize,
}

/// A whole report.
pub(super) struct Reported<'a> {
    pub(super) cases: &'a [Case],
    pub(super) rule_sets: &'a [RuleSetId],
    pub(super) language: Language,
    /// Whether files were left out: they could not be opened, or the time was up.
    pub(super) is_incomplete: bool,
    /// Findings that `--max` left out.
    pub(super) hidden: usize,
}

/// What is wrong, and which parts of a profile or slice did not fit.
fn message(finding: &Finding, language: Language) -> String {
    let mut message = super::report::sentence(finding, language);
    for reason in finding.reasons(language) {
        message.push_str("\n- ");
        message.push_str(&reason);
    }
    message
}

/// What to do about an error; empty for everything else.
fn remedy(finding: &Finding, language: Language) -> &str {
    if finding.refuses() { finding.code.text().remedy.in_language(language) } else { "" }
}

/// The levels of build services.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
    Note,
}

impl Level {
    fn of(finding: &Finding) -> Self {
        match finding.severity {
            Severity::Fatal | Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Information => Self::Note,
        }
    }
}
