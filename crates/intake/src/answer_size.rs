//! How much of what was found an answer holds. An answer must not be many times its question: each refused entry keeps
//! its first fault, what goes beyond the bounds is counted.

use lmr_lmdi::response::more;
use lmr_lmdi::{EntryVerdict, Finding, Verdict};
use std::ops::Range;

/// Most findings of one entry.
const MAX_PER_ENTRY: usize = 20;
/// Findings of one answer with their texts. After that an entry has its first fault only, by code and location.
const MAX_WITH_TEXT: usize = 1_000;

/// What the answer holds of one entry's findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) kept: Range<usize>,
    pub(crate) left_out: usize,
    /// By code and location only.
    pub(crate) is_brief: bool,
}

/// The shares of all entries, in order.
pub(crate) fn shares(verdict: &Verdict) -> Vec<Share> {
    let mut used = 0;
    verdict.entries.iter().map(|entry| share(entry, &mut used)).collect()
}

fn share(entry: &EntryVerdict, used: &mut usize) -> Share {
    let count = entry.findings.len();
    let fault = entry.findings.iter().position(Finding::refuses);
    let is_brief = *used >= MAX_WITH_TEXT && count > 0;
    let kept = match fault {
        // The first fault is among what is kept, whatever comes before it.
        Some(fault) if is_brief => fault..fault + 1,
        None if is_brief => 0..0,
        Some(fault) if fault >= MAX_PER_ENTRY => fault..fault + 1,
        _ => 0..count.min(MAX_PER_ENTRY),
    };
    *used += kept.len();
    Share { left_out: count - kept.len(), kept, is_brief }
}

/// The findings of a bare bundle's outcome: as many as an answer holds with their texts, then how many more there are.
pub(crate) fn bounded_findings(verdict: &Verdict) -> Vec<Finding> {
    let mut left_out = verdict.bundle.len().saturating_sub(MAX_WITH_TEXT);
    let mut findings: Vec<Finding> = verdict.bundle.iter().take(MAX_WITH_TEXT).cloned().collect();
    for (entry, share) in verdict.entries.iter().zip(shares(verdict)) {
        let room = MAX_WITH_TEXT.saturating_sub(findings.len());
        let kept = &entry.findings[share.kept.clone()];
        findings.extend(kept.iter().take(room).cloned());
        left_out += share.left_out + kept.len().saturating_sub(room);
    }
    if left_out > 0 {
        findings.push(more(left_out));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_lmdi::codes::Code;
    use lmr_lmdi::{ElementLocation, RuleSetId};

    fn entry(notes: usize, faults: usize) -> EntryVerdict {
        let of = |code| Finding::of(code, ElementLocation::default());
        let notes = std::iter::repeat_n(of(Code::CheckedOnly), notes);
        let faults = std::iter::repeat_n(of(Code::ElementMissing), faults);
        EntryVerdict { findings: notes.chain(faults).collect(), ..EntryVerdict::default() }
    }

    fn verdict(entries: Vec<EntryVerdict>) -> Verdict {
        Verdict {
            rule_set: RuleSetId::Lmdi094,
            bundle: Vec::new(),
            entries,
            links: Default::default(),
        }
    }

    #[test]
    fn b4_every_entry_keeps_its_first_fault_and_the_rest_is_counted() {
        let verdict =
            verdict(vec![entry(2, 1), entry(30, 1), entry(0, 500), entry(0, 0), entry(5000, 3)]);
        let shares = shares(&verdict);
        let kept: Vec<_> = shares.iter().map(|s| (s.kept.clone(), s.left_out)).collect();
        assert_eq!(kept, [(0..3, 0), (30..31, 30), (0..20, 480), (0..0, 0), (5000..5001, 5002)]);
        assert!(shares.iter().all(|share| !share.is_brief));
    }

    #[test]
    fn a_bare_bundles_outcome_has_what_fits_and_counts_the_rest() {
        let of = |count| vec![Finding::of(Code::ElementMissing, ElementLocation::default()); count];
        let with = |of_bundle: usize, entries| {
            let findings = bounded_findings(&Verdict { bundle: of(of_bundle), ..verdict(entries) });
            (findings.len(), findings.last() == Some(&more(80)), findings.last().cloned())
        };
        // Twenty of each entry, of which ten find room, then none.
        let many = vec![entry(0, 30), entry(0, 30), entry(0, 30)];
        assert_eq!((with(990, many.clone()).0, with(990, many.clone()).1), (1_001, true));
        assert_eq!(with(1_000, many.clone()).2, Some(more(90)));
        assert_eq!(with(1_005, many).2, Some(more(95)));
        assert_eq!(with(0, vec![entry(0, 20)]).0, 20, "nothing is left out");
        assert_eq!(with(0, vec![entry(0, 21)]).2, Some(more(1)));
        assert_eq!(with(1_000, Vec::new()).0, 1_000);
        assert_eq!(with(0, Vec::new()).2, None);
    }

    #[test]
    fn b4_an_answer_with_many_faults_is_brief_about_the_later_ones() {
        let verdict = verdict((0..5000).map(|_| entry(0, 3)).collect());
        let shares = shares(&verdict);
        let with_text: usize = shares.iter().filter(|s| !s.is_brief).map(|s| s.kept.len()).sum();
        assert!((MAX_WITH_TEXT..MAX_WITH_TEXT + MAX_PER_ENTRY).contains(&with_text), "{with_text}");
        assert!(shares.iter().all(|share| !share.kept.is_empty()));
        let last = &shares[4999];
        assert_eq!((last.kept.clone(), last.left_out, last.is_brief), (0..1, 2, true));
        let findings = bounded_findings(&verdict);
        assert_eq!(findings.len(), MAX_WITH_TEXT + 1);
        assert_eq!(findings[MAX_WITH_TEXT].code, Code::FindingsLeftOut);
    }
}
