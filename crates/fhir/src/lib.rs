//! JSON element tree for FHIR.
//!
//! [`Document::parse`] reads a resource once into a flat arena of [`Node`]s that keep their byte
//! spans: decimals stay the text they were, every value knows its line and column, duplicate
//! member names are found, and nothing is copied out of the source. [`Element`] is the view that FHIR
//! speaks of: `birthDate` and `_birthDate` are one element, arrays are repetitions.
//!
//! The crate knows JSON and the JSON form of FHIR (<https://hl7.org/fhir/R4/json.html>), but no
//! resource type: what is allowed where is the validator's task.

mod arena;
mod bundle;
mod document;
mod edit;
mod element;
mod language;
mod location;
mod name;
mod nearest;
mod outcome;
mod parse;
mod severity;
mod types;

pub use arena::Kind;
pub use bundle::{Bundle, BundleEntry};
pub use document::{Document, Members, Node};
pub use edit::{Edits, OverlappingEdits, escape_into};
pub use element::{Children, Element, Repetitions};
pub use language::{Bilingual, Language, Localized, UnknownLanguage};
pub use location::SourceLocation;
pub use name::{Name, hash_name};
pub use nearest::nearest;
pub use outcome::{OperationOutcome, OutcomeExtension, OutcomeIssue, OutcomeValue};
pub use parse::{Limits, ParseError, ParseErrorKind, ParseOptions, SyntaxIssue, SyntaxIssueKind};
pub use severity::{Severity, UnknownSeverity};
pub use types::{is_abstract_resource, is_choice_of};
