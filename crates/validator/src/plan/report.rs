//! Removes duplicate issues, sorts them by location and applies the limit.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::ops::Range;

use lmr_fhir::Severity;
use smallvec::SmallVec;

use crate::issue::Issue;
use crate::messages::Message;
use crate::options::Options;

/// Removes what is said twice, sorts by location, applies the limit. What is left does not depend on the order in which
/// an instance names its profiles.
pub(super) fn finished(
    mut issues: Vec<Issue>,
    required: &HashSet<Range<usize>>,
    options: &Options,
) -> Vec<Issue> {
    if issues.is_empty() {
        return issues;
    }
    if !options.hints {
        issues.retain(|i| i.severity != Severity::Information);
    }
    if !required.is_empty() {
        leave_to_required(&mut issues, required);
    }
    remove_duplicates(&mut issues);
    leave_one_of_each_system(&mut issues);
    // After what is left out: to sort a long list takes memory for it once more.
    issues.sort_by_key(|i| (i.entry, i.span.start, Reverse(i.severity)));
    if issues.len() > options.max_issues {
        cut(&mut issues, options.max_issues);
    }
    issues
}

/// Where one definition requires a value set, a wider one that another definition recommends says
/// nothing more. `required` are the elements of which a profile does.
fn leave_to_required(issues: &mut Vec<Issue>, required: &HashSet<Range<usize>>) {
    issues.retain(|issue| {
        let is_recommended = matches!(
            issue.message,
            Message::CodeNotInExtensible { .. }
                | Message::CodingNotInExtensible { .. }
                | Message::OneCodingNotInExtensible { .. }
                | Message::ConceptNotInExtensible { .. }
        );
        !(is_recommended && required.contains(&issue.span))
    });
}

/// What is wrong with the system of a code is reported once: of the system or of the code as a whole. The more severe
/// is left, whichever definition says it; of two alike that of the system, which is the more exact.
fn leave_one_of_each_system(issues: &mut Vec<Issue>) {
    let kind = |issue: &Issue| match issue.message {
        Message::SystemIsValueSet { .. } => Some(0),
        Message::SystemInvalid { .. } => Some(1),
        Message::SystemUnknown { .. }
        | Message::UnknownCodeSystem { .. }
        | Message::UnknownCodeSystemVersion { .. }
        | Message::UnknownCodeSystemVersionNone { .. } => Some(2),
        _ => None,
    };
    let mut of_systems: Vec<(Range<usize>, u8, usize)> = (0..)
        .zip(&*issues)
        .filter_map(|(at, issue)| Some((issue.span.clone(), kind(issue)?, at)))
        .collect();
    if of_systems.len() < 2 {
        return;
    }
    of_systems.sort_by_key(|(span, ..)| (span.start, Reverse(span.end)));
    let mut around: Vec<&(Range<usize>, u8, usize)> = Vec::new();
    // What is left of a pair, by its rank, and what is dropped for it.
    let mut pairs = Vec::new();
    let rank = |at: usize| (Reverse(issues[at].severity), issues[at].span.len(), at);
    for one in &of_systems {
        around.retain(|outer| one.0.end <= outer.0.end);
        // What is reported of the very same element differs in what it says.
        for outer in around.iter().filter(|outer| outer.1 == one.1 && outer.0 != one.0) {
            let (a, b) = (rank(one.2), rank(outer.2));
            pairs.push((a.min(b), a.max(b).2));
        }
        around.push(one);
    }
    pairs.sort_unstable();
    let mut dropped = HashSet::new();
    for ((.., left), lesser) in pairs {
        // What is dropped itself drops nothing.
        if !dropped.contains(&left) {
            dropped.insert(lesser);
        }
    }
    if !dropped.is_empty() {
        let mut at = 0;
        issues.retain(|_| {
            at += 1;
            !dropped.contains(&(at - 1))
        });
    }
}

/// Cuts a list at its limit, but keeps an error of each entry that has one, so that no entry passes by it. Where only
/// notes were cut, the notice is a note too: nothing correct is refused for their number.
fn cut(issues: &mut Vec<Issue>, limit: usize) {
    let mut kept = 0usize;
    // The list is sorted by entry.
    let mut kept_error_of: Option<Option<usize>> = None;
    let mut first = None;
    let mut is_fault_cut = false;
    issues.retain(|issue| {
        let keeps =
            kept < limit || (issue.severity.is_error() && kept_error_of != Some(issue.entry));
        if keeps {
            kept += 1;
            if issue.severity.is_error() {
                kept_error_of = Some(issue.entry);
            }
        } else {
            is_fault_cut |= issue.severity.is_error();
            if first.is_none() {
                first = Some(issue.clone());
            }
        }
        keeps
    });
    if let Some(first) = first {
        let message = Message::TooManyIssues { limit };
        issues.push(Issue {
            severity: if is_fault_cut { message.severity() } else { Severity::Warning },
            code: message.code(),
            message,
            entry: None,
            inner: Vec::new(),
            ..first
        });
    }
}

/// Few issues are compared with each other, many are filed by hash.
const FEW: usize = 32;

/// Keeps the most severe of issues that report the same about the same element, of two alike the first.
fn remove_duplicates(issues: &mut Vec<Issue>) {
    let mut order: SmallVec<[usize; FEW]> = (0..issues.len()).collect();
    order.sort_unstable_by_key(|&at| (Reverse(issues[at].severity), at));
    let mut double = vec![false; issues.len()];
    if issues.len() <= FEW {
        for (rank, &at) in order.iter().enumerate() {
            let mut before = order[..rank].iter().filter(|&&earlier| !double[earlier]);
            let is_double = before.any(|&earlier| is_duplicate(&issues[earlier], &issues[at]));
            double[at] = is_double;
        }
    } else {
        let keys = RandomState::new();
        let mut seen: HashMap<u64, SmallVec<[usize; 1]>> = HashMap::with_capacity(issues.len());
        for &at in &order {
            let alike = seen.entry(hash_of(&keys, &issues[at])).or_default();
            double[at] = alike.iter().any(|&earlier| is_duplicate(&issues[earlier], &issues[at]));
            if !double[at] {
                alike.push(at);
            }
        }
    }
    if double.contains(&true) {
        let mut double = double.into_iter();
        issues.retain(|_| !double.next().unwrap_or(false));
    }
}

/// Same location, same rule, same facts. An invariant is one whatever profile carries it: it runs
/// once on an element, and once for each severity.
fn is_duplicate(a: &Issue, b: &Issue) -> bool {
    a.span == b.span
        && a.message.reports_the_same(&b.message)
        && (a.severity == b.severity || a.message.id() == b.message.id())
}

/// Equal for issues that [`is_duplicate`] holds of.
fn hash_of(keys: &RandomState, issue: &Issue) -> u64 {
    let mut state = keys.build_hasher();
    issue.span.hash(&mut state);
    match &issue.message {
        Message::Invariant { key, .. } => key.hash(&mut state),
        message => message.hash(&mut state),
    }
    state.finish()
}
