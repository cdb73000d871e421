//! LMR-6030: no resource is in a bundle twice.
//!
//! Why: the order of entries in a transaction has no meaning (R4, http.html#trules), so nobody could
//! say which of the two is the current one. Reported at the later entry.

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Context, EntryContext, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::ResourceTwiceInBundle], check: Check::Entry(check) };

fn check(context: &Context<'_>, entry: EntryContext<'_>, findings: &mut Vec<Finding>) {
    if entry.bundle.entries[entry.index].repeats_identity {
        findings.push(context.finding(Code::ResourceTwiceInBundle, context.resource()));
    }
}
