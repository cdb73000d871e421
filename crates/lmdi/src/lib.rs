//! The LMDI guide as data: rule sets, register rules, error codes, the answer.
//!
//! A [`RuleSet`] checks a bundle with the validator and the register's own rules and gives a
//! [`Verdict`]: findings per entry, each with a [`codes::Code`] of the catalogue, and what the
//! receiver needs to store it (identity, dependencies). [`response`] writes and reads the
//! LegemiddelregisterBundleResponse.

mod administered;
mod bundle_index;
mod check;
pub mod codes;
mod dates;
mod echoes;
pub mod fest;
mod finding;
mod guide;
mod history;
mod identity;
mod invariants;
pub mod json_fault;
mod links;
mod location;
mod mapping;
mod needs;
mod options;
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
pub use identity::{Identities, Identity, canonical_content};
pub use links::LinkCounts;
pub use needs::needs;
pub use options::{Advice, CheckOptions, PersonNumbers};
pub use references::{dependencies, for_each_reference};
pub use rule_set::{RuleSet, RuleSetError};
pub use rule_sets::RuleSets;
pub use verdict::{Disposition, EntryVerdict, Verdict};
