//! Which national identity numbers and D-numbers the register takes, and under which system.

use lmr_identifiers::{NationalIdentityNumber, NationalIdentityNumberError};

use crate::PersonNumbers;
use crate::codes::Code;

/// What an environment takes.
#[derive(Clone, Copy)]
pub(crate) struct Policy {
    pub(crate) numbers: PersonNumbers,
    /// The scheme of 2032 is in force, or its numbers are taken with a warning.
    pub(crate) new_scheme: NewScheme,
}

/// How numbers are met that only the scheme of 2032 allows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewScheme {
    Refused,
    Warned,
    InForce,
}

/// All that is wrong with a number under its system. Says nothing about the number itself.
pub(crate) fn faults(text: &str, system: &str, policy: Policy) -> Vec<Code> {
    let number = match NationalIdentityNumber::parse(text) {
        Ok(number) => number,
        Err(NationalIdentityNumberError::Form) => return vec![Code::PersonNumberFormat],
        Err(NationalIdentityNumberError::Date) => return vec![Code::PersonNumberDate],
        Err(NationalIdentityNumberError::CheckDigit) => return vec![Code::PersonNumberCheckDigit],
    };
    let mut codes = Vec::new();
    if number.only_by_scheme_of_2032() {
        match policy.new_scheme {
            NewScheme::Refused => return vec![Code::PersonNumberCheckDigit],
            NewScheme::Warned => codes.push(Code::PersonNumber2032),
            NewScheme::InForce => {}
        }
    }
    if system != number.system() {
        codes.push(Code::PersonNumberWrongSystem);
    }
    match (policy.numbers, number.is_synthetic()) {
        (PersonNumbers::SyntheticOnly, false) => codes.push(Code::PersonNumberReal),
        (PersonNumbers::RealOnly, true) => codes.push(Code::PersonNumberSynthetic),
        _ => {}
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_identifiers::synthetic::complete_identity_number as complete;
    use lmr_identifiers::systems::{D_NUMBER as DNR, NATIONAL_IDENTITY_NUMBER as FNR};

    const ANY: Policy = Policy { numbers: PersonNumbers::Any, new_scheme: NewScheme::Refused };

    #[test]
    fn all_three_synthetic_series_hold_and_are_told_apart_from_real_ones() {
        for (nine, synthetic) in
            [("124558255", true), ("127058255", true), ("128558255", true), ("120558255", false)]
        {
            let Some(number) = (0..9).find_map(|i| complete(&format!("{}{i}", &nine[..8]), 0))
            else {
                panic!("no number in the series {nine}")
            };
            assert_eq!(faults(&number, FNR, ANY), []);
            assert_eq!(
                NationalIdentityNumber::parse(&number).is_ok_and(|n| n.is_synthetic()),
                synthetic
            );
            let only = Policy { numbers: PersonNumbers::SyntheticOnly, ..ANY };
            let refused = faults(&number, FNR, only) == [Code::PersonNumberReal];
            assert_eq!(refused, !synthetic);
            let real = Policy { numbers: PersonNumbers::RealOnly, ..ANY };
            assert_eq!(faults(&number, FNR, real) == [Code::PersonNumberSynthetic], synthetic);
        }
    }

    #[test]
    fn every_single_wrong_digit_is_noticed() {
        let number = (0..9).find_map(|i| complete(&format!("12855825{i}"), 0)).unwrap();
        for at in 0..11 {
            for digit in b'0'..=b'9' {
                let mut bytes = number.clone().into_bytes();
                if bytes[at] == digit {
                    continue;
                }
                bytes[at] = digit;
                let wrong = String::from_utf8(bytes).unwrap();
                assert_ne!(faults(&wrong, FNR, ANY), [], "digit {at}");
            }
        }
    }

    #[test]
    fn d_numbers_belong_under_their_own_system() {
        let number = (0..9).find_map(|i| complete(&format!("52855825{i}"), 0)).unwrap();
        assert_eq!(faults(&number, DNR, ANY), []);
        assert_eq!(faults(&number, FNR, ANY), [Code::PersonNumberWrongSystem]);
    }

    #[test]
    fn numbers_of_2032_are_refused_warned_of_or_taken() {
        let number = (0..9).find_map(|i| complete(&format!("12855825{i}"), 2)).unwrap();
        let with = |new_scheme| faults(&number, FNR, Policy { new_scheme, ..ANY });
        assert_eq!(with(NewScheme::Refused), [Code::PersonNumberCheckDigit]);
        assert_eq!(with(NewScheme::Warned), [Code::PersonNumber2032]);
        assert_eq!(with(NewScheme::InForce), []);
    }

    #[test]
    fn form_and_calendar_are_checked() {
        for text in [
            "",
            "1285582551",
            "128558255123",
            "12855 825512",
            "1285582551x",
            "１２８５５８２５５１２",
        ] {
            assert_eq!(faults(text, FNR, ANY), [Code::PersonNumberFormat], "{text}");
        }
        for nine in ["328558255", "126058255", "302258255", "900158255"] {
            let text = format!("{nine}00");
            assert_eq!(faults(&text, FNR, ANY), [Code::PersonNumberDate], "{nine}");
        }
    }
}
