//! What a check needs to know in addition to the bundle.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::{SignedDuration, Timestamp};

use lmr_validator::statistics::Statistics;

use crate::guide::RuleSetId;
use crate::rule_sets::RuleSets;

/// Which identity numbers an environment takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PersonNumbers {
    /// Real and synthetic ones.
    #[default]
    Any,
    /// Test environments: synthetic ones only.
    SyntheticOnly,
    /// Production: real ones only.
    RealOnly,
}

/// What is done about what the register would lose in silence: an administration without its patient, a
/// message that stops behind the receiver. The catalogue says which codes it concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Advice {
    /// Report it as a warning; the guide allows it.
    #[default]
    Warn,
    /// Refuse the entry.
    Refuse,
}

/// What a check needs to know in addition to the bundle.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// The time of the check.
    pub now: Timestamp,
    /// How far ahead a sender's clock may be.
    pub clock_tolerance: SignedDuration,
    /// The reporting period of the envelope, where there is one.
    pub reporting_period: Option<(Timestamp, Timestamp)>,
    /// Which identity numbers are taken.
    pub person_numbers: PersonNumbers,
    /// Whether numbers valid only under the scheme of 2032 are taken with a warning instead of refused.
    pub accept_2032_numbers: bool,
    /// What is done about what the register would lose in silence.
    pub advice: Advice,
    /// Most entries of one bundle.
    pub max_entries: usize,
    /// Whether values of the instance are kept out of texts and locations. On for all that is sent or
    /// logged.
    pub redact: bool,
    /// Whether the addresses of profiles, extensions and code systems stay in texts all the same.
    pub show_canonicals: bool,
    /// Threads for large bundles; 0 = as many as the machine has cores.
    pub threads: usize,
    /// The only rule set the sender may use, if it is bound to one.
    pub pinned: Option<RuleSetId>,
    /// The rule sets to check by, with code lists of the operator's own where there are any.
    pub rule_sets: RuleSets,
    /// Findings after which each entry keeps its first fault only; without it ten thousand and a hundred an entry.
    pub max_findings: Option<usize>,
    /// Set by a caller that no longer waits; the verdict then says nothing.
    pub stop: Option<Arc<AtomicBool>>,
    /// Where the validator counts what costs time; not measured without it.
    pub statistics: Option<Arc<Statistics>>,
}

impl CheckOptions {
    /// The receiver's defaults at this time: five minutes of tolerance, any identity number, 100 000
    /// entries, values redacted, one thread.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            clock_tolerance: SignedDuration::from_mins(5),
            reporting_period: None,
            person_numbers: PersonNumbers::Any,
            accept_2032_numbers: false,
            advice: Advice::Warn,
            max_entries: 100_000,
            redact: true,
            show_canonicals: false,
            threads: 1,
            pinned: None,
            rule_sets: RuleSets::default(),
            max_findings: None,
            stop: None,
            statistics: None,
        }
    }

    /// The latest time that a sender's clock may show.
    pub(crate) fn latest_now(&self) -> Timestamp {
        self.now.checked_add(self.clock_tolerance).unwrap_or(self.now)
    }
}
