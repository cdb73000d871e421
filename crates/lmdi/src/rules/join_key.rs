//! LMR-6060, LMR-6061, LMR-6062: every administration has a key of its own: its `fullUrl`, else its id.
//!
//! Why: the register joins patients, prescribers and administrations of a message by it, as a primary key.
//! Without one the parts cannot be joined; with the same one twice, storing them fails far behind the
//! receiver. The `fullUrl` is what the register looks at first, so an id alone only warns. Source: FHI's
//! description of how a message is split.

use crate::bundle_index::JoinKey;
use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Context, EntryContext, Rule};

pub(crate) const RULE: Rule = Rule {
    codes: &[Code::JoinKeyMissing, Code::JoinKeyFromId, Code::JoinKeyDuplicate],
    check: Check::Entry(check),
};

fn check(context: &Context<'_>, entry: EntryContext<'_>, findings: &mut Vec<Finding>) {
    let resource = context.resource();
    let code = match entry.bundle.entries[entry.index].join_key {
        JoinKey::NotNeeded | JoinKey::FullUrl => None,
        JoinKey::Missing => Some(Code::JoinKeyMissing),
        JoinKey::Id => Some(Code::JoinKeyFromId),
    };
    findings.extend(code.map(|code| context.finding(code, resource)));
    // Two entries with one fullUrl are refused for that already.
    if entry.bundle.entries[entry.index].shares_join_key
        && !findings.iter().any(|finding| finding.code == Code::FullUrlDuplicate)
    {
        findings.push(context.finding(Code::JoinKeyDuplicate, resource));
    }
}
