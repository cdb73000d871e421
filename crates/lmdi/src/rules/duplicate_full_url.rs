//! LMR-3025: no two entries share a `fullUrl` with the same `meta.versionId`.
//!
//! Why: a reference to it could mean either (R4, invariant bdl-7). Reported at every entry concerned,
//! because the invariant only says that there are such entries.

use crate::codes::Code;
use crate::finding::Finding;
use crate::location::location_at;
use crate::rules::{Check, Context, EntryContext, Rule};

pub(crate) const RULE: Rule = Rule { codes: &[Code::FullUrlDuplicate], check: Check::Entry(check) };

fn check(_: &Context<'_>, entry: EntryContext<'_>, findings: &mut Vec<Finding>) {
    let index = entry.index;
    if entry.bundle.entries[index].shares_full_url {
        let whole = entry.bundle.entries[index].entry.element();
        let element = whole.child_by_name("fullUrl").unwrap_or(whole);
        let location = location_at(element, format!("Bundle.entry[{index}].fullUrl"));
        findings.push(Finding::of(Code::FullUrlDuplicate, location));
    }
}
