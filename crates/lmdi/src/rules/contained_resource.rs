//! LMR-6067: no resource contains others.
//!
//! Why: R4 and the profiles allow it, but the register cannot split a message with contained resources, and
//! the whole message stops behind the receiver without any report. Source: FHI's description of how
//! a message is split into patients, prescribers and administrations.

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Context, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::ContainedResource], check: Check::Resource(check) };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if let Some(contained) = context.resource().child_by_name("contained") {
        findings.push(context.finding(Code::ContainedResource, contained));
    }
}
