//! Organisation numbers, HPR numbers and RESH ids.

use crate::codes::Code;

/// System of an organisation number (ENH).
pub(crate) const ENH: &str = "urn:oid:2.16.578.1.12.4.1.4.101";
/// System of a RESH id.
pub(crate) const RESH: &str = "urn:oid:2.16.578.1.12.4.1.4.102";
/// System of an HPR number.
pub(crate) const HPR: &str = "urn:oid:2.16.578.1.12.4.1.4.4";

/// Nine digits, the last one mod 11 with the weights of Brønnøysundregistrene.
pub(crate) fn organisation(text: &str) -> Option<Code> {
    let digits: Vec<u32> = text.chars().map_while(|c| c.to_digit(10)).collect();
    if text.len() != 9 || digits.len() != 9 {
        return Some(Code::OrganisationNumberFormat);
    }
    let sum: u32 =
        digits.iter().zip([3, 2, 7, 6, 5, 4, 3, 2]).map(|(digit, weight)| digit * weight).sum();
    let check = match sum % 11 {
        0 => 0,
        rest => 11 - rest,
    };
    // A check digit of 10 is never issued and never equal.
    (check != digits[8]).then_some(Code::OrganisationNumberCheckDigit)
}

/// Digits only; no check digit is known. Shorter historic numbers may exist, so length only warns.
pub(crate) fn hpr(text: &str) -> Option<Code> {
    if !all_digits(text) {
        return Some(Code::HprNumberInvalid);
    }
    (!(7..=9).contains(&text.len())).then_some(Code::HprNumberLength)
}

/// A running number: digits only.
pub(crate) fn resh(text: &str) -> Option<Code> {
    (!all_digits(text) || text.len() > 12).then_some(Code::ReshIdInvalid)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
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
