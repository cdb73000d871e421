//! LMR-6031: a resource has something to recognise it by: an identifier with a value, an id, or a `fullUrl`
//! that is a urn:uuid.
//!
//! Why: without it, the next transfer of the same resource would be stored as another one.

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Context, EntryContext, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::ResourceWithoutIdentity], check: Check::Entry(check) };

fn check(context: &Context<'_>, entry: EntryContext<'_>, findings: &mut Vec<Finding>) {
    let resource = context.resource();
    if entry.bundle.entries[entry.index].identity.is_none() && resource.resource_type().is_some() {
        findings.push(context.finding(Code::ResourceWithoutIdentity, resource));
    }
}
