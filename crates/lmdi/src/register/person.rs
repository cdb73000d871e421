//! Fødselsnummer and D-nummer.
//!
//! Source of the rules: Skatteetaten's documentation of the population register, including the new
//! control digits from 2032; the synthetic series are those of NAV (+40), NHN (+65) and Tenor (+80).

use jiff::civil::Date;

use crate::PersonNumbers;
use crate::codes::Code;

/// System of a national identity number.
pub(crate) const FNR: &str = "urn:oid:2.16.578.1.12.4.1.4.1";
/// System of a D-number.
pub(crate) const DNR: &str = "urn:oid:2.16.578.1.12.4.1.4.2";

const WEIGHTS_1: [u32; 9] = [3, 7, 6, 1, 8, 9, 4, 5, 2];
const WEIGHTS_2: [u32; 10] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];

/// What an identity number that holds says about its bearer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct PersonNumber {
    day: i8,
    month: i8,
    two_digit_year: i8,
    individual: u16,
    pub(crate) synthetic: bool,
    d_number: bool,
    /// Valid only under the scheme of 2032.
    pub(crate) only_2032: bool,
}

impl PersonNumber {
    /// Reads a number by form, date and both check digits.
    pub(crate) fn read(text: &str) -> Result<Self, Code> {
        let digits: Vec<u32> = text.chars().map_while(|c| c.to_digit(10)).collect();
        let digits: [u32; 11] = digits.try_into().map_err(|_| Code::PersonNumberFormat)?;
        if text.len() != 11 {
            return Err(Code::PersonNumberFormat);
        }
        let pair = |at: usize| (digits[at] * 10 + digits[at + 1]) as i8;
        let d_number = (4..=7).contains(&digits[0]);
        let day = if d_number { pair(0) - 40 } else { pair(0) };
        let (month, synthetic) = match pair(2) {
            month @ 1..=12 => (month, false),
            month @ 41..=52 => (month - 40, true),
            month @ 66..=77 => (month - 65, true),
            month @ 81..=92 => (month - 80, true),
            _ => return Err(Code::PersonNumberDate),
        };
        let number = Self {
            day,
            month,
            two_digit_year: pair(4),
            individual: (digits[6] * 100 + digits[7] * 10 + digits[8]) as u16,
            synthetic,
            d_number,
            only_2032: remainder(&digits, &WEIGHTS_1) != 0,
        };
        if !number.date_exists() {
            return Err(Code::PersonNumberDate);
        }
        // From 2032 the first remainder may be 0 to 3; the second digit is unchanged.
        if remainder(&digits, &WEIGHTS_1) > 3 || remainder(&digits, &WEIGHTS_2) != 0 {
            return Err(Code::PersonNumberCheckDigit);
        }
        Ok(number)
    }

    /// Years the two digits may stand for: the one of the individual number's series, else every
    /// century that numbers were given in (synthetic and coming series keep to none).
    fn years(self) -> Vec<i16> {
        let yy = i16::from(self.two_digit_year);
        let by_series = match (self.individual, yy) {
            _ if self.only_2032 => None,
            (0..=499, _) => Some(1900 + yy),
            (500..=749, 54..) => Some(1800 + yy),
            (900..=999, 40..) => Some(1900 + yy),
            (500..=999, ..=39) => Some(2000 + yy),
            _ => None,
        };
        by_series.map_or_else(|| vec![1800 + yy, 1900 + yy, 2000 + yy], |year| vec![year])
    }

    fn date_exists(self) -> bool {
        self.years().iter().any(|year| Date::new(*year, self.month, self.day).is_ok())
    }

    /// Whether the number can belong to someone born on this day. The century is not compared: from
    /// 2032 it can no longer be read off the number.
    pub(crate) fn fits_birth_date(self, birth: Date) -> bool {
        birth.day() == self.day
            && birth.month() == self.month
            && birth.year().rem_euclid(100) == i16::from(self.two_digit_year)
    }
}

fn remainder(digits: &[u32; 11], weights: &[u32]) -> u32 {
    let sum: u32 = digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
    (sum + digits[weights.len()]) % 11
}

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
    let number = match PersonNumber::read(text) {
        Ok(number) => number,
        Err(code) => return vec![code],
    };
    let mut codes = Vec::new();
    if number.only_2032 {
        match policy.new_scheme {
            NewScheme::Refused => return vec![Code::PersonNumberCheckDigit],
            NewScheme::Warned => codes.push(Code::PersonNumber2032),
            NewScheme::InForce => {}
        }
    }
    if (system == DNR) != number.d_number {
        codes.push(Code::PersonNumberWrongSystem);
    }
    match (policy.numbers, number.synthetic) {
        (PersonNumbers::SyntheticOnly, false) => codes.push(Code::PersonNumberReal),
        (PersonNumbers::RealOnly, true) => codes.push(Code::PersonNumberSynthetic),
        _ => {}
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a number that holds, from its first nine digits; the k1 remainder wanted.
    fn complete(nine: &str, wanted: u32) -> Option<String> {
        (0..100).map(|end| format!("{nine}{end:02}")).find(|text| {
            let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
            let digits: [u32; 11] = digits.try_into().unwrap();
            remainder(&digits, &WEIGHTS_1) == wanted && remainder(&digits, &WEIGHTS_2) == 0
        })
    }

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
            assert_eq!(PersonNumber::read(&number).is_ok_and(|n| n.synthetic), synthetic);
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

    #[test]
    fn the_birth_date_is_compared_without_century() {
        let number = (0..9).find_map(|i| complete(&format!("12855825{i}"), 0)).unwrap();
        let number = PersonNumber::read(&number).ok().unwrap();
        assert!(number.fits_birth_date(jiff::civil::date(1958, 5, 12)));
        assert!(!number.fits_birth_date(jiff::civil::date(1958, 5, 13)));
    }
}
