//! Organisation numbers, HPR numbers and RESH ids.

use lmr_identifiers::{HprNumber, OrganisationNumber, OrganisationNumberError, ReshId};

use crate::codes::Code;

/// Nine digits of which the last is the check digit.
pub(crate) fn organisation(text: &str) -> Option<Code> {
    match OrganisationNumber::parse(text) {
        Ok(_) => None,
        Err(OrganisationNumberError::Form) => Some(Code::OrganisationNumberFormat),
        Err(OrganisationNumberError::CheckDigit) => Some(Code::OrganisationNumberCheckDigit),
    }
}

/// Digits only; shorter historic numbers may exist, so the length only warns.
pub(crate) fn hpr(text: &str) -> Option<Code> {
    match HprNumber::parse(text) {
        Err(_) => Some(Code::HprNumberInvalid),
        Ok(number) => (!number.has_usual_length()).then_some(Code::HprNumberLength),
    }
}

/// A running number: digits only.
pub(crate) fn resh(text: &str) -> Option<Code> {
    ReshId::parse(text).is_err().then_some(Code::ReshIdInvalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organisation_numbers_are_held_to_form_and_check_digit() {
        let good: Vec<String> = (0..10).map(|digit| format!("99900020{digit}")).collect();
        assert_eq!(good.iter().filter(|text| organisation(text).is_none()).count(), 1);
        for text in ["", "99900010", "9990001010", "NO9990001", "999 00010"] {
            assert_eq!(organisation(text), Some(Code::OrganisationNumberFormat), "{text}");
        }
        // Sum 1: the check digit would be 10, which is never issued.
        let never = (0..10).map(|digit| format!("00000040{digit}"));
        let issued = never.filter(|text| organisation(text).is_none()).count();
        assert_eq!(issued, 0);
    }

    #[test]
    fn hpr_and_resh_take_digits_only() {
        assert_eq!(hpr("9144900"), None);
        assert_eq!(hpr("914"), Some(Code::HprNumberLength));
        assert_eq!(hpr("HPR9144900"), Some(Code::HprNumberInvalid));
        assert_eq!(hpr(""), Some(Code::HprNumberInvalid));
        assert_eq!(resh("102683"), None);
        assert_eq!(resh("4001031"), None);
        assert_eq!(resh("4001031a"), Some(Code::ReshIdInvalid));
    }
}
