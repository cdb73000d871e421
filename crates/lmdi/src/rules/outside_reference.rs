//! LMR-3032: a reference leads to an entry of the bundle and not to an address elsewhere.
//!
//! Why: an absolute address may mean something to others, so it is reported and not refused; the register
//! does not follow it. Source: the guide, references in the bundle by `fullUrl`.

use lmr_fhir::Element;

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Context, EntryContext, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::ReferenceNotResolvable], check: Check::Entry(check) };

fn check(context: &Context<'_>, entry: EntryContext<'_>, findings: &mut Vec<Finding>) {
    for holder in &entry.bundle.entries[entry.index].outgoing.outside {
        findings.push(context.finding(Code::ReferenceNotResolvable, Element::of(*holder)));
    }
}
