//! LMR-6001 to LMR-6007: a fødselsnummer or D-nummer has its form, date and check digits, is under its
//! own system, and belongs to the environment (synthetic or real).
//!
//! Why: the register of patients is keyed by it. Source: Skatteetaten's documentation of the population
//! register, including the new control digits from 2032; the synthetic series are those of NAV (+40),
//! NHN (+65) and Tenor (+80).

use lmr_fhir::Element;
use lmr_identifiers::{
    FIRST_DAY_OF_2032_SCHEME, NationalIdentityNumber, NationalIdentityNumberError, systems,
};

use crate::codes::Code;
use crate::dates::Moment;
use crate::finding::Finding;
use crate::options::{CheckOptions, PersonNumbers};
use crate::rules::{Check, Coded, Context, Rule};

pub(crate) const RULE: Rule = Rule {
    codes: &[
        Code::PersonNumberFormat,
        Code::PersonNumberCheckDigit,
        Code::PersonNumberDate,
        Code::PersonNumberWrongSystem,
        Code::PersonNumberReal,
        Code::PersonNumberSynthetic,
        Code::PersonNumber2032,
    ],
    check: Check::Coded(check),
};

fn check(context: &Context<'_>, coded: &Coded<'_>, findings: &mut Vec<Finding>) {
    for system in [systems::NATIONAL_IDENTITY_NUMBER, systems::D_NUMBER] {
        if let Some((node, text)) = coded.value_of(&[system]) {
            for code in faults(&text, system, Policy::of(context.options)) {
                findings.push(context.finding(code, Element::of(node)));
            }
        }
    }
}

/// What an environment takes.
#[derive(Clone, Copy)]
struct Policy {
    numbers: PersonNumbers,
    /// The scheme of 2032 is in force, or its numbers are taken with a warning.
    new_scheme: NewScheme,
}

impl Policy {
    fn of(options: &CheckOptions) -> Self {
        Self {
            numbers: options.person_numbers,
            new_scheme: match Moment::read(FIRST_DAY_OF_2032_SCHEME) {
                Some(from) if from.first <= options.now.into() => NewScheme::InForce,
                _ if options.accept_2032_numbers => NewScheme::Warned,
                _ => NewScheme::Refused,
            },
        }
    }
}

/// How numbers are met that only the scheme of 2032 allows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NewScheme {
    Refused,
    Warned,
    InForce,
}

/// All that is wrong with a number under its system. Says nothing about the number itself.
fn faults(text: &str, system: &str, policy: Policy) -> Vec<Code> {
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
    fn all_three_synthetic_series_hold_and_are_distinguished_from_real_ones() {
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
