//! LMR-6016: a patient has a fødselsnummer or a D-number, not both.
//!
//! Why: the profile allows both, but the register takes a patient with both as one without a valid identity,
//! so the administrations lose their patient. Source: FHI's description of how a message is split.

use lmr_identifiers::systems;

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Context, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::PatientWithBothNumbers], check: Check::Resource(check) };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is("Patient") {
        return;
    }
    let of = |system: &str| {
        let mut identifiers = context.resource().children_by_name("identifier");
        identifiers.find(|identifier| {
            identifier.child_text("system").as_deref() == Some(system)
                && identifier.child_by_name("value").is_some()
        })
    };
    if of(systems::NATIONAL_IDENTITY_NUMBER).is_some()
        && let Some(second) = of(systems::D_NUMBER)
    {
        findings.push(context.finding(Code::PatientWithBothNumbers, second));
    }
}
