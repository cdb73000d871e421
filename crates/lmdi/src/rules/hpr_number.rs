//! LMR-6010, LMR-6011, LMR-6015: an HPR number is digits only, usually seven to nine, and fits an integer.
//!
//! Why: the register of prescribers is keyed by it, as an integer. No check digit is published, and
//! shorter historic numbers may exist, so the length only warns. Source: the guide, lmdi-practitioner.

use lmr_fhir::Element;
use lmr_identifiers::{HprNumber, systems};

use crate::codes::Code;
use crate::finding::Finding;
use crate::links::fits_the_register;
use crate::rules::{Check, Coded, Context, Rule};

pub(crate) const RULE: Rule = Rule {
    codes: &[Code::HprNumberInvalid, Code::HprNumberLength, Code::HprNumberTooLarge],
    check: Check::Coded(check),
};

fn check(context: &Context<'_>, coded: &Coded<'_>, findings: &mut Vec<Finding>) {
    if let Some((node, text)) = coded.value_of(&[systems::HPR_NUMBER])
        && let Some(code) = fault(&text)
    {
        findings.push(context.finding(code, Element::of(node)));
    }
}

fn fault(text: &str) -> Option<Code> {
    match HprNumber::parse(text) {
        Err(_) => Some(Code::HprNumberInvalid),
        Ok(_) if !fits_the_register(text) => Some(Code::HprNumberTooLarge),
        Ok(number) => (!number.has_usual_length()).then_some(Code::HprNumberLength),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hpr_number_is_digits_only_and_warned_of_when_its_length_is_unusual() {
        assert_eq!(fault("9144900"), None);
        assert_eq!(fault("914"), Some(Code::HprNumberLength));
        assert_eq!(fault("HPR9144900"), Some(Code::HprNumberInvalid));
        assert_eq!(fault("2147483647"), Some(Code::HprNumberLength));
        assert_eq!(fault("2147483648"), Some(Code::HprNumberTooLarge));
        assert_eq!(fault(""), Some(Code::HprNumberInvalid));
    }
}
