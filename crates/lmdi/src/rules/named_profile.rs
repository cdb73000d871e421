//! LMR-3024: `meta.profile` of every entry names a profile of the guide, to the letter and without a
//! version.
//!
//! Why: invariant lr-allowed-resources of LegemiddelregisterBundle (guide 1.0.1 and later). Reported at
//! the entry, because the invariant itself only says that one of all entries is wrong.

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Context, EntryContext, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::EntryProfileMissing], check: Check::Entry(check) };

fn check(context: &Context<'_>, _: EntryContext<'_>, findings: &mut Vec<Finding>) {
    let resource = context.resource();
    if context.rule_set.wants_profile_named() && !context.rule_set.is_named_by(resource) {
        findings.push(context.finding(Code::EntryProfileMissing, resource));
    }
}
