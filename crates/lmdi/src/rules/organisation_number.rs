//! LMR-6012, LMR-6013: an organisation number has nine digits and its check digit holds.
//!
//! Why: the register joins institutions by it. Source: Brønnøysundregistrene, modulus 11.

use lmr_fhir::Element;
use lmr_identifiers::{OrganisationNumber, OrganisationNumberError, systems};

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Coded, Context, Rule};

pub(crate) const RULE: Rule = Rule {
    codes: &[Code::OrganisationNumberFormat, Code::OrganisationNumberCheckDigit],
    check: Check::Coded(check),
};

fn check(context: &Context<'_>, coded: &Coded<'_>, findings: &mut Vec<Finding>) {
    if let Some((node, text)) = coded.value_of(&[systems::ORGANISATION_NUMBER])
        && let Some(code) = fault(&text)
    {
        findings.push(context.finding(code, Element::of(node)));
    }
}

fn fault(text: &str) -> Option<Code> {
    match OrganisationNumber::parse(text) {
        Ok(_) => None,
        Err(OrganisationNumberError::Form) => Some(Code::OrganisationNumberFormat),
        Err(OrganisationNumberError::CheckDigit) => Some(Code::OrganisationNumberCheckDigit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organisation_numbers_are_held_to_form_and_check_digit() {
        let good: Vec<String> = (0..10).map(|digit| format!("99900020{digit}")).collect();
        assert_eq!(good.iter().filter(|text| fault(text).is_none()).count(), 1);
        for text in ["", "99900010", "9990001010", "NO9990001", "999 00010"] {
            assert_eq!(fault(text), Some(Code::OrganisationNumberFormat), "{text}");
        }
        // Sum 1: the check digit would be 10, which is never issued.
        let never = (0..10).map(|digit| format!("00000040{digit}"));
        assert_eq!(never.filter(|text| fault(text).is_none()).count(), 0);
    }
}
