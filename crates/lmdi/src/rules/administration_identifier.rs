//! LMR-6050, LMR-6051, LMR-6052: an administration has one identifier, with a system.
//!
//! Why: since 1.1.6 the guide recognises an administration by its identifier when it is corrected or
//! annulled; the system makes it unique across senders. All of it warns: the guide gives no cardinality.
//! Source: the guide, lmdi-medicationadministration, identifier.

use lmr_fhir::Element;

use crate::codes::Code;
use crate::finding::Finding;
use crate::guide::RuleSetId;
use crate::rules::{Check, Context, Rule, text_of};

pub(crate) const RULE: Rule = Rule {
    codes: &[
        Code::AdministrationWithoutIdentifier,
        Code::IdentifierWithoutSystem,
        Code::SeveralIdentifiers,
    ],
    check: Check::Resource(check),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    // Older guides give the identifier no meaning.
    if !context.is("MedicationAdministration") || context.rule_set < RuleSetId::Lmdi117 {
        return;
    }
    let administration = context.resource();
    let has = |element: Element<'_>, name: &str| {
        text_of(element, name).is_some_and(|text| !text.trim().is_empty())
    };
    let identifiers: Vec<_> = administration
        .children_by_name("identifier")
        .filter(|identifier| has(*identifier, "value"))
        .collect();
    match identifiers.as_slice() {
        [] => findings.push(context.finding(Code::AdministrationWithoutIdentifier, administration)),
        [first, others @ ..] => {
            if !has(*first, "system") {
                findings.push(context.finding(Code::IdentifierWithoutSystem, *first));
            }
            if let Some(second) = others.first() {
                findings.push(context.finding(Code::SeveralIdentifiers, *second));
            }
        }
    }
}
