//! The LMDI guide as data: rule sets, register rules, error codes, the answer.
//!
//! A [`RuleSet`] judges a bundle with the validator and the register's own rules and gives a
//! [`Verdict`]: findings per entry, each with a [`codes::Code`] of the catalogue, and what the
//! receiver needs to store it (identity, dependencies). [`response`] writes and reads the
//! LegemiddelregisterBundleResponse.

mod check;
pub mod codes;
pub mod fest;
mod finding;
mod identity;
pub mod json_fault;
mod mapping;
mod place;
mod references;
mod register;
pub mod response;
mod ruleset;
mod verdict;

pub use check::{CheckError, check_bundle, choose_rule_set, read_content};
pub use finding::{Finding, Spot};
pub use identity::{Identities, Identity, canonical_content};
pub use references::{dependencies, for_each_reference};
pub use ruleset::{CheckOptions, ContentFault, PersonNumbers, RuleSet, RuleSetError, RuleSetId};
pub use verdict::{Disposition, EntryVerdict, Verdict};
