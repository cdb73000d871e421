//! LMR-6025: an order was not written after now.
//!
//! Why: a wrong clock, or a planned date where the time of writing belongs. A warning. Source: R4,
//! MedicationRequest.authoredOn.

use crate::codes::Code;
use crate::dates::Moment;
use crate::finding::Finding;
use crate::rules::{Check, Context, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::OrderedInFuture], check: Check::Resource(check) };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is("MedicationRequest") {
        return;
    }
    let Some(authored) = context.resource().child_by_name("authoredOn") else { return };
    let moment = authored.text().as_deref().and_then(Moment::read);
    if moment.is_some_and(|moment| moment.first > context.options.latest_now().into()) {
        findings.push(context.finding(Code::OrderedInFuture, authored));
    }
}
