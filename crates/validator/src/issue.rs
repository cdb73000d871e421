//! What the validator reports about an instance: data first, text on demand.
//!
//! An [`Issue`] is a [`Message`] (the rule and its facts, by name) with the location of the
//! element. Sentences are made from it, in English and bokmål, only when a caller asks for them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use lmr_fhir::{Language, Severity};

use crate::messages::Message;
use crate::messages::field::Because;

use crate::messages::issue_code::IssueCode;

/// A rule that an element breaks, or a remark about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// How bad.
    pub severity: Severity,
    /// FHIR issue type.
    pub code: IssueCode,
    /// The rule and its facts.
    pub message: Message,
    /// FHIRPath from the root of the document, with the reference's resource
    /// comments unless values are redacted: `Bundle.entry[0].resource.name[0]`.
    pub expression: String,
    /// FHIRPath from the innermost bundle entry's resource: `Patient.name[0]`.
    /// Equal to `expression` outside a bundle.
    pub local_expression: String,
    /// Index of the (outermost) bundle entry the issue lies in.
    pub entry: Option<usize>,
    /// 1-based line on which the element starts; 0 when unknown.
    pub line: u32,
    /// 1-based column just behind the element's end (the reference's habit);
    /// 0 when unknown.
    pub column: u32,
    /// Bytes of the element in the source.
    pub span: Range<usize>,
    /// The profile in force, `url|version`.
    pub profile: Option<Arc<str>>,
    /// Why a slice or target profile did not match, shortest reason first.
    pub inner: Vec<Issue>,
}

impl Issue {
    /// The id of the rule, as it travels in an OperationOutcome: the reference validator's where it
    /// has one, `source#key` for an invariant.
    pub fn id(&self) -> &str {
        self.message.id()
    }

    /// The key of a failed invariant (`dom-2`), `None` for other messages.
    pub fn constraint_key(&self) -> Option<&str> {
        match &self.message {
            Message::Invariant { key, .. } => Some(key),
            _ => None,
        }
    }

    /// Whether it speaks against a profile: an error that is not about the JSON alone, which is
    /// reported once, wherever it stands, and says nothing of what the profile asks for.
    pub(crate) fn is_against_profile(&self) -> bool {
        self.severity.is_error()
            && !matches!(
                self.message,
                Message::JsonParse { .. }
                    | Message::JsonEmptyArray
                    | Message::JsonEmptyObject
                    | Message::JsonOther { .. }
                    | Message::JsonNotBoolean
                    | Message::JsonNotNumber
                    | Message::JsonNotString
                    | Message::UnrecognisedProperty { .. }
                    | Message::MustBeArray { .. }
                    | Message::MustBe { .. }
                    | Message::MustBeSimple { .. }
                    | Message::MustBeObject { .. }
            )
    }

    /// The sentence, in the language asked for.
    pub fn text(&self, lang: Language) -> String {
        self.message.text(lang)
    }

    /// The English sentence.
    pub fn text_en(&self) -> String {
        self.text(Language::English)
    }

    /// The bokmål sentence.
    pub fn text_nb(&self) -> String {
        self.text(Language::Bokmal)
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} at {} ({}:{}) [{}]",
            self.severity,
            self.text_en(),
            self.expression,
            self.line,
            self.column,
            self.id()
        )
    }
}

/// The first error among issues, as the reason for something else.
pub(crate) fn reason_of(issues: &[Issue]) -> Because {
    let first = issues.iter().find(|issue| issue.severity.is_error());
    first.map_or_else(Because::default, |i| Because::of(&i.local_expression, &i.message))
}

/// Issues of a bundle, sorted to the entries they belong to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BundleReport {
    /// About the bundle itself (and about JSON faults outside any entry).
    pub bundle: Vec<Issue>,
    /// About each entry, by index; empty for a faultless one.
    pub entries: Vec<Vec<Issue>>,
}

impl BundleReport {
    /// Whether nothing in bundle or entries is an error.
    pub fn is_valid(&self) -> bool {
        self.issues().all(|i| !i.severity.is_error())
    }

    /// All issues: the bundle's first, then entry by entry.
    pub fn issues(&self) -> impl Iterator<Item = &Issue> {
        self.bundle.iter().chain(self.entries.iter().flatten())
    }
}
