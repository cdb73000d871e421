//! A FHIR R4 validator: packages, snapshots, profiles and the checks.
//!
//! A [`Validator`] is built once from [`definitions`] (R4 itself is built in) and then used from any
//! number of threads. It reports [`Issue`]s: a [`Message`](messages::Message) with named facts, the
//! location of the element, and the sentence in English or bokmål on demand. Nothing is fetched from
//! a network; what is not known is reported, never guessed.
//!
//! ```
//! use lmr_validator::{Options, Severity, Validator};
//! use lmr_validator::messages::Message;
//!
//! let validator = Validator::builder().build();
//! let patient = r#"{"resourceType": "Patient", "birthDate": "1990-02-30"}"#;
//! let issues = validator.validate_text(patient, &Options::default());
//!
//! assert_eq!(issues.len(), 1);
//! assert_eq!(issues[0].severity, Severity::Error);
//! assert_eq!(issues[0].expression, "Patient.birthDate");
//! assert!(matches!(issues[0].message, Message::DateValid { .. }));
//! ```
//!
//! Profiles come in packages: [`package`] reads them, [`definitions`] finds what they define, with
//! snapshots made whole by [`snapshot`]; [`terminology`] has value sets and code systems. [`Options`]
//! says which profiles an instance must meet and how strict to be. Each module begins with an example;
//! `examples/` has small programs: one file, a bundle's entries, a profile's elements, speed.

mod canonical;
mod check;
mod compile;
mod core;
mod cores;
pub mod definitions;
mod issue;
mod json;
mod library;
mod location;
pub mod messages;
mod model;
mod options;
pub mod package;
mod plan;
pub mod snapshot;
pub mod statistics;
pub mod terminology;
mod used;
mod validator;
mod walk;
pub mod xml;

pub use compile::{CompileError, ProfileError, UnusableProfile};
pub use issue::{BundleReport, Issue};
pub use lmr_fhir::{Language, Severity};
pub use messages::issue_code::IssueCode;
pub use options::{BestPractice, ContainedPolicy, HtmlInMarkdown, Options, ReferenceCheck};
pub use used::{Unused, Used};
pub use validator::{Validator, ValidatorBuilder};
