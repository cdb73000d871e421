//! FHIR packages, snapshots, compiled profiles and the checks.
//!
//! A [`Validator`] is built once from [`definitions`] and then validates documents; what it finds are
//! [`Issue`]s, data that renderers turn into text, JSON lines, OperationOutcome or HTML.
//!
//! [`package`] reads packages, [`definitions`] finds what they define, with snapshots made whole
//! by [`snapshot`]; [`terminology`] knows value sets and code systems.

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
pub mod render;
pub mod snapshot;
pub mod terminology;
mod validator;
mod walk;

pub use issue::{BundleReport, Issue};
pub use lmr_fhir::{Language, Severity};
pub use messages::issue_code::IssueCode;
pub use options::{BestPractice, ContainedPolicy, HtmlInMarkdown, Options, ReferenceCheck};
pub use validator::{Validator, ValidatorBuilder};
