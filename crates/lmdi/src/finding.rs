//! One finding about a bundle or a resource, with its code of the catalogue.

use std::borrow::Cow;
use std::ops::Range;

use lmr_fhir::{ParseError, ParseErrorKind};
use lmr_validator::Issue;
use thiserror::Error;

use crate::codes::{Code, Language, Retry, Severity};
use crate::options::{Advice, CheckOptions};
use crate::{invariants, json_fault, mapping};

/// What was found, where, and what the sender does about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Its code.
    pub code: Code,
    /// Error and fatal refuse the entry; the rest is only reported.
    pub severity: Severity,
    /// FHIRPath from the entry's resource (`Patient.identifier[0].value`), or from the bundle for
    /// findings about the bundle.
    pub expression: String,
    /// FHIRPath from the root of the document.
    pub full_expression: String,
    /// Line in the decrypted JSON, from 1; 0 when unknown.
    pub line: u32,
    /// Column just behind the element, from 1; 0 when unknown.
    pub column: u32,
    /// Bytes of the document that it is about, where known.
    pub span: Option<Range<usize>>,
    text: Source,
}

#[derive(Clone, Debug, PartialEq)]
enum Source {
    Validator(Box<Issue>),
    Register { nb: Cow<'static, str>, en: Cow<'static, str> },
}

/// Most reasons that are reported with one finding.
const REASONS: usize = 3;

/// Why a content cannot be checked entry by entry at all. The fault is the sender's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{code} at {line}:{column}")]
pub struct ContentFault {
    /// What is wrong.
    pub code: Code,
    /// FHIRPath, empty when there is none.
    pub expression: String,
    /// Line in the decrypted JSON, from 1; 0 when unknown.
    pub line: u32,
    /// Column, from 1; 0 when unknown.
    pub column: u32,
    /// Bytes of the element that it is about, where known.
    pub span: Option<Range<usize>>,
}

/// Where a finding is in the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ElementLocation {
    /// FHIRPath from the entry's resource.
    pub expression: String,
    /// FHIRPath from the root of the document.
    pub full_expression: String,
    /// Line, from 1; 0 when unknown.
    pub line: u32,
    /// Column, from 1; 0 when unknown.
    pub column: u32,
    /// Bytes of the document, where known.
    pub span: Option<Range<usize>>,
}

impl Finding {
    /// A finding of a rule of the register's own: the catalogue's explanation is its text.
    #[must_use]
    pub fn of(code: Code, location: ElementLocation) -> Self {
        let text = code.text();
        Self::with_text(code, location, text.explanation.nb, text.explanation.en)
    }

    /// A finding with a text of its own. Texts never repeat values of the instance.
    #[must_use]
    pub fn with_text(
        code: Code,
        location: ElementLocation,
        nb: impl Into<Cow<'static, str>>,
        en: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            code,
            severity: code.severity(),
            expression: location.expression,
            full_expression: location.full_expression,
            line: location.line,
            column: location.column,
            span: location.span,
            text: Source::Register { nb: nb.into(), en: en.into() },
        }
    }

    /// A content that cannot be checked entry by entry, as a finding.
    #[must_use]
    pub fn from_fault(fault: &ContentFault) -> Self {
        let location = ElementLocation {
            expression: fault.expression.clone(),
            full_expression: fault.expression.clone(),
            line: fault.line,
            column: fault.column,
            span: fault.span.clone(),
        };
        Self::of(fault.code, location)
    }

    /// A text that is not JSON, or over the limits of what is read, with what exactly is wrong.
    #[must_use]
    pub fn unreadable(error: &ParseError) -> Self {
        let location = ElementLocation {
            line: error.line,
            column: error.column,
            ..ElementLocation::default()
        };
        let code = json_fault::code_of(&error.kind);
        // What is in no text or in another encoding may have been meant as XML just as well.
        let is_of_json = code != Code::ContentNotUtf8 && error.kind != ParseErrorKind::Empty;
        let (nb, en) = if is_of_json { (" som JSON", " as JSON") } else { ("", "") };
        let nb = format!("Innholdet kan ikke leses{nb}: {}.", json_fault::in_bokmal(&error.kind));
        let en = format!("The content cannot be read{en}: {}.", error.kind);
        Self::with_text(code, location, nb, en)
    }

    /// What the validator found, filed under its code.
    #[must_use]
    pub fn from_issue(mut issue: Issue) -> Self {
        Self {
            code: mapping::code_of(&issue),
            severity: issue.severity,
            // Moved, not copied: a message may have a hundred thousand findings.
            expression: std::mem::take(&mut issue.local_expression),
            full_expression: std::mem::take(&mut issue.expression),
            line: issue.line,
            column: issue.column,
            span: Some(issue.span.clone()),
            text: Source::Validator(Box::new(issue)),
        }
    }

    /// Makes an error of it if `advice = "refuse"` is set and its code is one that refuses then.
    pub(crate) fn advise(&mut self, options: &CheckOptions) {
        if self.code.entry().refused_by_advice && options.advice == Advice::Refuse {
            self.severity = Severity::Error;
        }
    }

    /// Whether it only says that there were more findings than are kept.
    pub(crate) fn is_about_number_of_findings(&self) -> bool {
        self.issue().is_some_and(|issue| {
            matches!(issue.message, lmr_validator::messages::Message::TooManyIssues { .. })
        })
    }

    /// Whether it refuses the entry (or the bundle) it is about.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.severity >= Severity::Error
    }

    /// What the sender does about it.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.code.retry()
    }

    /// FHIR `issue-type`.
    #[must_use]
    pub fn issue_type(&self) -> &'static str {
        match &self.text {
            Source::Validator(issue) => issue.code.as_str(),
            Source::Register { .. } => self.code.issue_type(),
        }
    }

    /// The reference validator's message id, where the rule is one of its.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        match &self.text {
            Source::Validator(issue) => Some(issue.id()),
            Source::Register { .. } => match self.code {
                Code::RouteCodeRefused => Some("Terminology_TX_NoValid_16"),
                _ => None,
            },
        }
    }

    /// The validator's issue behind it, with inner reasons and profile. Its location is the finding's.
    #[must_use]
    pub fn issue(&self) -> Option<&Issue> {
        match &self.text {
            Source::Validator(issue) => Some(issue),
            Source::Register { .. } => None,
        }
    }

    /// Why a slice or target profile did not match: the shortest reasons, each with its location.
    #[must_use]
    pub fn reasons(&self, language: Language) -> Vec<String> {
        let inner = self.issue().map(|issue| issue.inner.as_slice()).unwrap_or_default();
        let reason =
            |issue: &Issue| format!("{}: {}", issue.local_expression, issue.text(language));
        inner.iter().take(REASONS).map(reason).collect()
    }

    /// The sentence for people.
    #[must_use]
    pub fn text(&self, language: Language) -> Cow<'_, str> {
        match (&self.text, language) {
            (Source::Register { nb, .. }, Language::Bokmal) => Cow::Borrowed(nb),
            (Source::Register { en, .. }, Language::English) => Cow::Borrowed(en),
            (Source::Validator(issue), language) => {
                Cow::Owned(match invariants::text_of(issue, language) {
                    Some(text) => text,
                    None => issue.text(language),
                })
            }
        }
    }
}
