//! LMR-6057: an ingredient's strength is given as a ratio or as an amount, not as both.
//!
//! Why: the amount (extension lmdi-ingredient-strength, since 1.1.4) is used instead of numerator and
//! denominator: the ratio where the concentration is known, the amount where only what was added is. Nothing
//! forbids both, so it warns. Source: the guide, lmdi-medication, slice `mengde`.

use lmr_fhir::Element;

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Context, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::StrengthGivenTwice], check: Check::Resource(check) };

const AMOUNT: &str = "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-ingredient-strength";

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is("Medication") {
        return;
    }
    for ingredient in context.resource().children_by_name("ingredient") {
        let Some(strength) = ingredient.child_by_name("strength") else { continue };
        let is_amount =
            |extension: Element<'_>| extension.child_text("url").as_deref() == Some(AMOUNT);
        if strength.child_by_name("numerator").is_some()
            && strength.children_by_name("extension").any(is_amount)
        {
            findings.push(context.finding(Code::StrengthGivenTwice, strength));
        }
    }
}
