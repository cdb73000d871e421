//! LMR-6063, LMR-6064: the references from an administration to its patient and its request, and from a
//! request to its prescriber, lead to entries of the bundle.
//!
//! Why: the register follows exactly this path to find who was given the medicine and who prescribed it; where
//! it breaks, the administration is stored without patient or prescriber without any report. A logical
//! reference (identifier or display only) is structurally valid and leads nowhere. What is missing altogether
//! is only counted (LMR-6065, LMR-6066). Source: FHI's description of how a message is split.

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Context, EntryContext, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::LinkUnresolved, Code::LinkOnlyLogical], check: Check::Entry(check) };

fn check(context: &Context<'_>, entry: EntryContext<'_>, findings: &mut Vec<Finding>) {
    let resource = context.resource();
    let path: &[&str] = match context.resource_type {
        Some("MedicationAdministration") => &["subject", "request"],
        Some("MedicationRequest") => &["requester"],
        _ => return,
    };
    for element in path.iter().filter_map(|name| resource.child_by_name(name)) {
        if element.child_by_name("reference").is_none() {
            findings.push(context.finding(Code::LinkOnlyLogical, element));
        } else if entry.bundle.target_of(entry.index, element).is_none() {
            let location = context.location(element);
            // What refuses the reference says enough.
            let is_refused = |finding: &Finding| {
                finding.refuses() && finding.expression.starts_with(&location.expression)
            };
            if !findings.iter().any(is_refused) {
                findings.push(context.finding(Code::LinkUnresolved, element));
            }
        }
    }
}
