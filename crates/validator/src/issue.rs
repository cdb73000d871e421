//! What the validator says about an instance: data first, text on demand.
//!
//! An [`Issue`] names the rule ([`MessageId`]), the place and the facts
//! ([`Arg`]); sentences are made from templates in [`crate::messages`], in
//! English and bokmål, only when somebody asks for them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use lmr_fhir::{Language, Severity};

use crate::messages::Message;

/// FHIR's `issue-type`, as far as the validator uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IssueCode {
    /// Content is not valid.
    Invalid,
    /// Structural rule broken.
    Structure,
    /// A needed element is missing.
    Required,
    /// A value is wrong.
    Value,
    /// A constraint failed.
    Invariant,
    /// Not allowed.
    Forbidden,
    /// Not supported by the profile or by us.
    NotSupported,
    /// A referred thing was not found.
    NotFound,
    /// A code is wrong.
    CodeInvalid,
    /// A rule of business.
    BusinessRule,
    /// Duplicated.
    Duplicate,
    /// More than one match.
    MultipleMatches,
    /// Too long or too much.
    TooLong,
    /// It cannot be told what the matter is.
    Unknown,
    /// For information.
    Informational,
    /// Our fault.
    Exception,
    /// Processing could not be done.
    Processing,
}

impl IssueCode {
    /// The FHIR code, e.g. `code-invalid`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Structure => "structure",
            Self::Required => "required",
            Self::Value => "value",
            Self::Invariant => "invariant",
            Self::Forbidden => "forbidden",
            Self::NotSupported => "not-supported",
            Self::NotFound => "not-found",
            Self::CodeInvalid => "code-invalid",
            Self::BusinessRule => "business-rule",
            Self::Duplicate => "duplicate",
            Self::MultipleMatches => "multiple-matches",
            Self::TooLong => "too-long",
            Self::Unknown => "unknown",
            Self::Informational => "informational",
            Self::Exception => "exception",
            Self::Processing => "processing",
        }
    }
}

/// Which rule spoke.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MessageId {
    /// A message of the catalogue; the id is the reference validator's where
    /// it has one.
    Catalogue(Message),
    /// A failed invariant: `<source or profile url>#<key>`.
    Constraint(Arc<str>),
}

impl MessageId {
    /// The id as it travels in an OperationOutcome.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Catalogue(m) => m.id(),
            Self::Constraint(id) => id,
        }
    }

    /// The key of a failed invariant (`dom-2`), `None` for catalogue messages.
    pub fn constraint_key(&self) -> Option<&str> {
        match self {
            Self::Catalogue(_) => None,
            Self::Constraint(id) => id.rsplit_once('#').map(|(_, key)| key),
        }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One fact that belongs in the text of an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A number (occurrences, limits).
    Count(i64),
    /// A name from a definition or a property name: element, type, slice, key.
    Name(String),
    /// A canonical, system or other address of a definition.
    Url(String),
    /// Text of ours or of a definition.
    Text(String),
    /// Words of ours, in both languages.
    Said {
        /// English.
        en: &'static str,
        /// Bokmål.
        nb: &'static str,
    },
    /// A value of the instance: may be personal, left out when values are
    /// redacted.
    Value(String),
    /// A value that was left out ([`crate::Options::redact_values`]).
    Withheld,
}

impl Arg {
    /// The same without what may be personal.
    pub fn redacted(self) -> Self {
        match self {
            Self::Value(_) => Self::Withheld,
            // A property name is the sender's text too: keep what looks like a
            // name, never digits that may be a number of a person.
            Self::Name(n) if looks_personal(&n) => Self::Withheld,
            other => other,
        }
    }
}

fn looks_personal(name: &str) -> bool {
    name.len() > 200 || {
        let mut run = 0u32;
        name.bytes().any(|b| {
            run = if b.is_ascii_digit() { run + 1 } else { 0 };
            run >= 6
        })
    }
}

/// A text of any length as a message shows it: its beginning if it is longer than `limit`.
pub(crate) fn clipped(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit || text.chars().nth(limit).is_none() {
        return Cow::Borrowed(text);
    }
    let end = text.char_indices().nth(limit.saturating_sub(3)).map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{}...", &text[..end]))
}

impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(n) => write!(f, "{n}"),
            Self::Text(s) => f.write_str(s),
            Self::Said { en, .. } => f.write_str(en),
            Self::Name(s) => f.write_str(&clipped(s, 200)),
            Self::Url(s) => f.write_str(&clipped(s, 2000)),
            Self::Value(s) => f.write_str(&clipped(s, 120)),
            Self::Withheld => f.write_str("***"),
        }
    }
}

impl From<usize> for Arg {
    fn from(n: usize) -> Self {
        Self::Count(i64::try_from(n).unwrap_or(i64::MAX))
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// How bad.
    pub severity: Severity,
    /// FHIR issue type.
    pub code: IssueCode,
    /// Which rule.
    pub id: MessageId,
    /// The facts of the text, in the order of the template.
    pub args: Vec<Arg>,
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
    /// The sentence, in the language asked for.
    pub fn text(&self, lang: Language) -> String {
        match &self.id {
            MessageId::Catalogue(m) => fill(m.template(lang), &self.args, lang),
            MessageId::Constraint(_) => {
                let template = match lang {
                    Language::English => "Constraint {0} is not met: {1}",
                    Language::Bokmal => "Regelen {0} er ikke oppfylt: {1}",
                };
                fill(template, &self.args, lang)
            }
        }
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
            self.id
        )
    }
}

/// Puts `args` into the `{0}`, `{1}` ... of `template`; a missing argument
/// leaves a dash.
fn fill(template: &str, args: &[Arg], lang: Language) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        match tail.find('}') {
            Some(end) if tail[..end].bytes().all(|b| b.is_ascii_digit()) && end > 0 => {
                let arg = tail[..end].parse::<usize>().ok().and_then(|i| args.get(i));
                match arg {
                    Some(Arg::Said { nb, .. }) if lang == Language::Bokmal => out.push_str(nb),
                    Some(a) => out.push_str(&a.to_string()),
                    None => out.push('-'),
                }
                rest = &tail[end + 1..];
            }
            _ => {
                out.push('{');
                rest = tail;
            }
        }
    }
    out.push_str(rest);
    out
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
