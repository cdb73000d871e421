//! JSON element tree for FHIR.
//!
//! Reads the JSON form of FHIR R4 (<https://hl7.org/fhir/R4/json.html>) without losing what it was:
//! decimals stay the text they were, every value knows its line and column, duplicate member names
//! are found, and nothing is copied out of the source. The crate knows no resource type; what is
//! allowed where is the validator's task.
//!
//! - [`Document`] is a text that was read, strictly or leniently ([`ParseOptions`]); its values are
//!   [`Node`]s, the JSON view.
//! - [`Element`] is the FHIR view: `birthDate` and `_birthDate` are one element, arrays are
//!   repetitions.
//! - [`Bundle`] and [`BundleEntry`] are views of a Bundle; [`Edits`] changes a text and keeps every
//!   byte that is not touched; [`OperationOutcome`] writes one.
//! - [`Reached`] is where the FHIRPath of a finding leads.
//! - [`digits`] finds numbers that are written in groups, in any spelling.
//! - [`xml`] turns the XML form into this one and back.
//! - [`OtherEncoding`] is what a text is in instead of UTF-8.
//! - [`Severity`], [`Language`], [`Bilingual`] and [`Localized`] are what all crates say to people
//!   with.
//!
//! ```
//! use lmr_fhir::{Document, ParseOptions};
//!
//! let text = r#"{"resourceType":"Patient","birthDate":"1970-05-17",
//!  "_birthDate":{"id":"b"},"name":[{"family":"Berg"},{"family":"Å"}]}"#;
//! let document = Document::parse(text, &ParseOptions::strict())?;
//! let patient = document.root_element();
//!
//! assert_eq!(patient.resource_type().as_deref(), Some("Patient"));
//! let birth_date = patient.child_by_name("birthDate").expect("a birth date");
//! assert_eq!(birth_date.text().as_deref(), Some("1970-05-17"));
//! assert_eq!(birth_date.child_text("id").as_deref(), Some("b"));
//!
//! let second = patient.children().filter(|child| child.name() == Some("name")).nth(1);
//! let second = second.expect("two names");
//! assert_eq!(second.raw_path(), "Patient.name[1]");
//! assert_eq!(second.start().to_string(), "line 2, column 52");
//! # Ok::<(), lmr_fhir::ParseError>(())
//! ```

mod arena;
mod bundle;
pub mod digits;
mod document;
mod edit;
mod element;
mod encoding;
mod expression;
mod language;
mod location;
mod name;
mod nearest;
mod outcome;
mod parse;
mod severity;
mod types;
pub mod xml;

pub use arena::Kind;
pub use bundle::{Bundle, BundleEntry};
pub use document::{Document, Members, Node};
pub use edit::{Edits, OverlappingEdits, escape_into};
pub use element::{Children, Element, Repetitions};
pub use encoding::OtherEncoding;
pub use expression::Reached;
pub use language::{Bilingual, Language, Localized, UnknownLanguage};
pub use location::SourceLocation;
pub use name::{Name, hash_name};
pub use nearest::nearest;
pub use outcome::{OperationOutcome, OutcomeExtension, OutcomeIssue, OutcomeValue};
pub use parse::{Limits, ParseError, ParseErrorKind, ParseOptions, SyntaxIssue, SyntaxIssueKind};
pub use severity::{Severity, UnknownSeverity};
pub use types::{is_abstract_resource, is_choice_of};
