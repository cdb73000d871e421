//! LMR-6069: an HPR number is in the identifier of a Practitioner and nowhere else.
//!
//! Why: the register masks that value and only that. In a logical reference (`requester.identifier`) the
//! number lands in the store without identities, and no prescriber is found. Source: FHI's description of
//! masking.

use lmr_fhir::Element;
use lmr_identifiers::systems;

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Coded, Context, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::HprNumberElsewhere], check: Check::Coded(check) };

fn check(context: &Context<'_>, coded: &Coded<'_>, findings: &mut Vec<Finding>) {
    let Some((value, _)) = coded.value_of(&[systems::HPR_NUMBER]) else { return };
    let holder = Element::of(value).parent().and_then(Element::parent);
    let is_own = holder.is_some_and(|holder| holder.is_same(context.resource()));
    if !(is_own && context.is("Practitioner")) {
        findings.push(context.finding(Code::HprNumberElsewhere, Element::of(value)));
    }
}
