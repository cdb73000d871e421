//! The verdict on a whole bundle, entry by entry.

use std::ops::Range;

use crate::codes::{Code, Severity};
use crate::finding::Finding;
use crate::guide::RuleSetId;
use crate::history::AdministrationFacts;
use crate::identity::Identity;
use crate::links::LinkCounts;
use crate::references::dragged_down;

/// What a rule set says about a bundle.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The rule set of the check.
    pub rule_set: RuleSetId,
    /// About the bundle as a whole. An error here refuses all of it (HTTP 400).
    pub bundle: Vec<Finding>,
    /// Every entry, in order.
    pub entries: Vec<EntryVerdict>,
    /// How many administrations the register can link to a patient and a prescriber.
    pub links: LinkCounts,
}

/// What a rule set says about one entry.
#[derive(Clone, Debug, Default)]
pub struct EntryVerdict {
    /// Its place in the bundle, from 0.
    pub index: usize,
    /// Its `fullUrl`, repeated in the answer.
    pub full_url: Option<String>,
    /// Its resource type, where there is a resource.
    pub resource_type: Option<String>,
    /// Its identity at the register.
    pub identity: Option<Identity>,
    /// Entries it refers to, by index.
    pub depends_on: Vec<usize>,
    /// Bytes of the resource in the document.
    pub resource: Option<Range<usize>>,
    /// Of an administration: what its next version is held against.
    pub administration: Option<AdministrationFacts>,
    /// Everything found about it.
    pub findings: Vec<Finding>,
}

/// What becomes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// To be stored.
    Accepted,
    /// Breaks a rule: 422.
    Refused,
    /// Correct, but depends on the refused entry with this index: 424.
    DependsOn(usize),
    /// Correct, but the transaction fell with the entry of this index: 424.
    AbortedBy(usize),
}

impl EntryVerdict {
    /// Whether it breaks a rule itself.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(Finding::refuses)
    }
}

impl Verdict {
    /// The finding that refuses the bundle as a whole, if there is one: the first whose code is the bundle's own, else
    /// the first of all.
    #[must_use]
    pub fn bundle_refusal(&self) -> Option<&Finding> {
        let refusing = self.bundle.iter().filter(|finding| finding.refuses());
        refusing.min_by_key(|finding| std::cmp::Reverse(finding.code.severity()))
    }

    /// Whether bundle and entries break no rule.
    #[must_use]
    pub fn is_faultless(&self) -> bool {
        self.bundle_refusal().is_none() && !self.entries.iter().any(EntryVerdict::is_refused)
    }

    /// All findings: the bundle's first, then entry by entry.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.bundle.iter().chain(self.entries.iter().flat_map(|entry| &entry.findings))
    }

    /// What becomes of every entry: in a batch each counts for itself (with what it refers to), a transaction
    /// is stored as a whole or not at all.
    #[must_use]
    pub fn dispositions(&self) -> Vec<Disposition> {
        let refused: Vec<bool> = self.entries.iter().map(EntryVerdict::is_refused).collect();
        let graph: Vec<Vec<usize>> =
            self.entries.iter().map(|entry| entry.depends_on.clone()).collect();
        let dragged = dragged_down(&graph, &refused);
        let first = refused.iter().position(|refused| *refused);
        refused
            .iter()
            .zip(dragged)
            .map(|(refused, because)| match (refused, because, first) {
                (true, ..) => Disposition::Refused,
                (false, Some(because), _) => Disposition::DependsOn(because),
                (false, None, Some(first)) if self.rule_set.is_transaction() => {
                    Disposition::AbortedBy(first)
                }
                (false, None, _) => Disposition::Accepted,
            })
            .collect()
    }

    /// Worst severity of all findings.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings().map(|finding| finding.severity).max()
    }
}

impl Disposition {
    /// The code that says why a correct entry was not stored.
    #[must_use]
    pub fn code(self) -> Option<Code> {
        match self {
            Self::Accepted | Self::Refused => None,
            Self::DependsOn(_) => Some(Code::DependencyRefused),
            Self::AbortedBy(_) => Some(Code::TransactionAborted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::ElementLocation;

    fn entry(index: usize, depends_on: &[usize], code: Option<Code>) -> EntryVerdict {
        EntryVerdict {
            index,
            depends_on: depends_on.to_vec(),
            findings: code
                .map(|code| Finding::of(code, ElementLocation::default()))
                .into_iter()
                .collect(),
            ..EntryVerdict::default()
        }
    }

    fn verdict(rule_set: RuleSetId) -> Verdict {
        Verdict {
            rule_set,
            bundle: Vec::new(),
            links: LinkCounts::default(),
            entries: vec![
                entry(0, &[], Some(Code::AtcSyntax)),
                entry(1, &[], Some(Code::ElementMissing)),
                entry(2, &[1, 0], None),
                entry(3, &[0], None),
            ],
        }
    }

    #[test]
    fn in_a_batch_only_what_hangs_on_a_refused_entry_falls_with_it() {
        use Disposition::{Accepted, DependsOn, Refused};
        assert_eq!(
            verdict(RuleSetId::Lmdi094).dispositions(),
            [Accepted, Refused, DependsOn(1), Accepted]
        );
    }

    #[test]
    fn a_transaction_falls_as_a_whole() {
        use Disposition::{AbortedBy, DependsOn, Refused};
        assert_eq!(
            verdict(RuleSetId::Lmdi112).dispositions(),
            [AbortedBy(1), Refused, DependsOn(1), AbortedBy(1)]
        );
    }
}
