//! FHIR packages, snapshots, compiled profiles and the checks.
//!
//! A validator is built once from packages and then
//! judges documents; what it finds are [`Issue`]s, data that renderers turn
//! into text, JSON lines, OperationOutcome or HTML.

mod issue;
pub mod messages;
mod options;

pub use issue::{Arg, BundleReport, Issue, IssueCode, Lang, MessageId, Severity};
pub use options::{BestPractice, ContainedPolicy, HtmlInMarkdown, Options, ReferenceCheck};
