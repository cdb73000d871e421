//! Echoes: a reference to an entry with faults of its own fits no profile, which repeats those faults. The
//! entry that refers is correct itself and answered with 424, so the echo goes. What fits no profile for
//! another reason stays.

use crate::bundle_index::BundleIndex;
use crate::codes::Code;
use crate::finding::Finding;
use crate::references::{dragged_down, targets_of};
use crate::verdict::EntryVerdict;

/// Drops the findings that only repeat another entry's.
pub(crate) fn drop_echoes(bundle: &BundleIndex<'_>, verdicts: &mut [EntryVerdict]) {
    let target_of = |index: usize, finding: &Finding| -> Option<usize> {
        if finding.code != Code::ReferenceProfileMismatch || !finding.refuses() {
            return None;
        }
        let span = &finding.issue()?.span;
        bundle.entries[index]
            .outgoing
            .links
            .iter()
            .find(|link| link.span == *span)
            .map(|link| link.target)
    };
    if !verdicts.iter().any(|v| v.findings.iter().any(|f| target_of(v.index, f).is_some())) {
        return;
    }
    let graph: Vec<Vec<usize>> =
        bundle.entries.iter().map(|entry| targets_of(&entry.outgoing.links)).collect();
    let mut refused: Vec<bool> = verdicts
        .iter()
        .map(|v| v.findings.iter().any(|f| f.refuses() && target_of(v.index, f).is_none()))
        .collect();
    loop {
        let dragged = dragged_down(&graph, &refused);
        let falls = |target: usize| refused[target] || dragged[target].is_some();
        let genuine: Vec<usize> = verdicts
            .iter()
            .filter(|v| {
                let is_genuine =
                    |f: &Finding| target_of(v.index, f).is_some_and(|target| !falls(target));
                !falls(v.index) && v.findings.iter().any(is_genuine)
            })
            .map(|v| v.index)
            .collect();
        if genuine.is_empty() {
            for verdict in verdicts.iter_mut() {
                let index = verdict.index;
                verdict
                    .findings
                    .retain(|f| target_of(index, f).is_none_or(|target| !falls(target)));
            }
            return;
        }
        for index in genuine {
            refused[index] = true;
        }
    }
}
