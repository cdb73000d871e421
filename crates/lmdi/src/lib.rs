//! The LMDI guide as data: rule sets, register rules, error codes, the answer.
//!
//! A [`RuleSet`] checks a bundle with the validator and the register's own rules and gives a
//! [`Verdict`]: findings per entry, each with a [`codes::Code`] of the catalogue, and what the
//! receiver needs to store it (identity, dependencies). [`response`] writes and reads the
//! LegemiddelregisterBundleResponse.
//!
//! | type | what it is |
//! |---|---|
//! | [`RuleSetId`], [`RuleSet`], [`RuleSets`] | a state of the guide; its validator; those an operator has added lists to |
//! | [`check_bundle`], [`CheckOptions`], [`Verdict`] | the check, what it may know, what it found |
//! | [`Finding`], [`codes`] | one finding; the catalogue of codes with texts, examples and remedies |
//! | [`Identity`], [`canonical_content`] | what makes two resources the same, and their content equal |
//! | [`response`], [`fest`] | the register's answer; FEST's catalogue as code lists |
//!
//! ```
//! use lmr_fhir::{Document, Language, ParseOptions};
//! use lmr_lmdi::codes::Code;
//! use lmr_lmdi::{CheckOptions, RuleSetId, check_bundle};
//!
//! let text = r#"{"resourceType":"Bundle","type":"transaction","timestamp":"2026-11-25T12:00:00Z",
//!   "entry":[{"fullUrl":"urn:uuid:0b1ef1c6-3d10-4f5c-8f0d-3a3ad9a5e0c1",
//!     "resource":{"resourceType":"Observation","id":"o"}}]}"#;
//! let document = Document::parse(text, &ParseOptions::strict())?;
//! let verdict = check_bundle(&document, &CheckOptions::at("2026-11-25T12:00:00Z".parse()?))?;
//!
//! let finding = &verdict.entries[0].findings[0];
//! assert_eq!(finding.code, Code::ResourceKindNotAllowed);
//! assert_eq!(verdict.rule_set, RuleSetId::LATEST);
//! println!("{}", finding.text(Language::English));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod administered;
mod bundle_index;
mod check;
pub mod codes;
mod dates;
mod echoes;
mod expression;
pub mod fest;
mod finding;
mod guide;
mod history;
mod identifying;
mod identity;
mod invariants;
pub mod json_fault;
mod links;
mod location;
mod mapping;
mod needs;
mod options;
pub mod person;
mod references;
pub mod response;
mod rule_set;
mod rule_sets;
mod rules;
pub mod split;
mod verdict;

pub use check::{CheckError, check_bundle, choose_rule_set, read_content};
pub use finding::{ContentFault, ElementLocation, Finding};
pub use guide::RuleSetId;
pub use history::{AdministrationFacts, findings_after};
pub use identifying::{IdentifyingPlaces, identifying_places};
pub use identity::{Identities, Identity, canonical_content};
pub use links::LinkCounts;
pub use needs::needs;
pub use options::{Advice, CheckOptions, PersonNumbers};
pub use references::{dependencies, for_each_reference};
pub use rule_set::{RuleSet, RuleSetError};
pub use rule_sets::RuleSets;
pub use verdict::{Disposition, EntryVerdict, Verdict};
