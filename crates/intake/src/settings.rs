//! What a receiver is made of and what its operator may set.

use crate::address::AllowList;
use crate::avsender::Avsender;
use crate::store::Store;
use crate::work::Work;
use jiff::{SignedDuration, Timestamp};
use lmr_envelope::{DecryptionKeys, Limits, Trust};
use lmr_lmdi::{Advice, CheckOptions, PersonNumbers, RuleSets};
use std::sync::Arc;

/// Nodes and entries of a small bundle are not counted against its bytes.
const MIN_NODES: usize = 10_000;
const MIN_ENTRIES: usize = 1_000;
/// Bytes of JSON for each value and for each entry at least: what a bundle makes of memory stays in proportion to it.
const BYTES_PER_NODE: usize = 6;
const BYTES_PER_ENTRY: usize = 64;
/// Findings that are kept while a bundle is validated: in proportion to it, within bounds.
const BYTES_PER_FINDING: usize = 2_048;
const MIN_FINDINGS: usize = 1_000;
const MAX_FINDINGS: usize = 50_000;

/// Holds what an operator may set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bounds of the envelope.
    pub limits: Limits,
    /// Most entries of one bundle.
    pub entries: usize,
    /// Deepest nesting of its JSON.
    pub depth: usize,
    /// How far ahead a sender's clock may be.
    pub clock_tolerance: SignedDuration,
    /// Addresses that may call in addition to those registered with senders.
    pub addresses: AllowList,
    /// Which identity numbers are taken.
    pub person_numbers: PersonNumbers,
    /// Whether numbers valid only under the scheme of 2032 are taken, with a warning.
    pub accept_2032_numbers: bool,
    /// What is done about what the register would lose in silence.
    pub advice: Advice,
    /// Threads for one large bundle; 0 = as many as the machine has cores.
    pub threads: usize,
    /// The rule sets to check by, with code lists of the operator's own where there are any.
    pub rule_sets: RuleSets,
}

impl Default for Settings {
    /// The limits of the envelope, 100 000 entries, depth 100, five minutes, no further addresses, any identity
    /// number, all cores.
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            entries: 100_000,
            depth: 100,
            clock_tolerance: SignedDuration::from_mins(5),
            addresses: AllowList::default(),
            person_numbers: PersonNumbers::Any,
            accept_2032_numbers: false,
            advice: Advice::Warn,
            threads: 0,
            rule_sets: RuleSets::default(),
        }
    }
}

impl Settings {
    /// Bounds for reading a bundle of this many bytes. A node takes 32 bytes in memory, so values must not be shorter
    /// than those of FHIR are: together with its commas and names the shortest resource has more than six a value.
    pub(crate) fn json_limits(&self, bytes: usize) -> lmr_fhir::Limits {
        lmr_fhir::Limits {
            depth: self.depth,
            bytes: self.limits.inflated,
            nodes: MIN_NODES.max(bytes / BYTES_PER_NODE),
        }
    }

    /// Options for validating a bundle of this many bytes at this time.
    pub(crate) fn check_options(&self, now: Timestamp, bytes: usize, work: &Work) -> CheckOptions {
        CheckOptions {
            max_findings: Some((bytes / BYTES_PER_FINDING).clamp(MIN_FINDINGS, MAX_FINDINGS)),
            stop: Some(work.flag()),
            clock_tolerance: self.clock_tolerance,
            person_numbers: self.person_numbers,
            accept_2032_numbers: self.accept_2032_numbers,
            advice: self.advice,
            max_entries: self.entries.min(MIN_ENTRIES.max(bytes / BYTES_PER_ENTRY)),
            threads: self.threads,
            rule_sets: self.rule_sets.clone(),
            ..CheckOptions::at(now)
        }
    }
}

/// What may be replaced while a receiver runs, with the senders of the configuration.
pub struct Material {
    /// The register's decryption keys.
    pub keys: DecryptionKeys,
    /// Authorities for signing certificates; `None` trusts what is registered.
    pub trust: Option<Trust>,
}

/// Lists what a receiver is made of.
pub struct Parts {
    /// Its memory.
    pub store: Arc<dyn Store>,
    /// The register's decryption keys.
    pub keys: DecryptionKeys,
    /// Authorities for signing certificates; `None` trusts what is registered.
    pub trust: Option<Trust>,
    /// Senders of the configuration file; they take precedence over those in the store.
    pub avsendere: Vec<Avsender>,
    /// What the operator has set.
    pub settings: Settings,
}
