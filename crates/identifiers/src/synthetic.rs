//! Identifiers for tests and the sandbox: right in form and check digits, of nobody.
//!
//! Organisation numbers come from the series 310 000 00 that Brønnøysundregistrene keep for synthetic
//! units, national identity numbers from one of the [`Series`].

use crate::check_digit::{check_digit, digits};
use crate::national_identity_number::{FIRST_WEIGHTS, NationalIdentityNumber, SECOND_WEIGHTS};
use crate::organisation_number::{OrganisationNumber, WEIGHTS};

/// The series of synthetic national identity numbers, by what is added to the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Series {
    /// NAV (Dolly): month + 40.
    Nav,
    /// NHN's reserved persons, as in the guide's examples: month + 65.
    Nhn,
    /// Tenor (Skatteetaten): month + 80.
    Tenor,
}

impl Series {
    fn added_to_month(self) -> u8 {
        match self {
            Self::Nav => 40,
            Self::Nhn => 65,
            Self::Tenor => 80,
        }
    }
}

/// The `n`th synthetic organisation number.
#[must_use]
pub fn organisation_number(n: u32) -> OrganisationNumber {
    let mut left = n;
    // Every eleventh stem has no check digit; only those that have count.
    for stem in 31_000_000_u32.. {
        if let Some(number) = organisation_number_from(&format!("{stem:08}")) {
            if left == 0 {
                return number;
            }
            left -= 1;
        }
    }
    unreachable!("the series is longer than any test")
}

/// The organisation number that begins with these eight digits, where there is one.
#[must_use]
pub fn organisation_number_from(eight: &str) -> Option<OrganisationNumber> {
    let check = check_digit(&digits::<8>(eight)?, &WEIGHTS, 0)?;
    OrganisationNumber::parse(&format!("{eight}{check}")).ok()
}

/// A national identity number of a synthetic series, and the individual number that it got.
///
/// `d_number` adds 40 to the day. An `individual` number for which a check digit would be ten does not
/// exist: the next one of the same sex is taken. The date must exist; years 1940 to 2039.
#[must_use]
pub fn identity_number(
    year: u16,
    month: u8,
    day: u8,
    series: Series,
    d_number: bool,
    individual: u16,
) -> (NationalIdentityNumber, u16) {
    let day = if d_number { day + 40 } else { day };
    let month = month + series.added_to_month();
    let mut individual = individual % 1000;
    loop {
        let nine = format!("{day:02}{month:02}{:02}{individual:03}", year % 100);
        let text = complete_identity_number(&nine, 0);
        if let Some(number) = text.and_then(|text| NationalIdentityNumber::parse(&text).ok()) {
            return (number, individual);
        }
        individual = if individual >= 998 { 500 + individual % 2 } else { individual + 2 };
    }
}

/// The national identity number that begins with these eight digits (date and two of the individual
/// number), with the first ninth digit for which there is one.
#[must_use]
pub fn identity_number_from(eight: &str) -> Option<NationalIdentityNumber> {
    (0..10)
        .filter_map(|ninth| complete_identity_number(&format!("{eight}{ninth}"), 0))
        .find_map(|text| NationalIdentityNumber::parse(&text).ok())
}

/// Nine digits and the check digits that follow from them, where there are any. `first_remainder` is 0
/// by the scheme in force and 0 to 3 by that of 2032; other values make numbers that are wrong. The
/// date is not looked at.
#[must_use]
pub fn complete_identity_number(nine: &str, first_remainder: u8) -> Option<String> {
    let mut number = digits::<9>(nine)?.to_vec();
    number.push(check_digit(&number, &FIRST_WEIGHTS, first_remainder % 11)?);
    number.push(check_digit(&number, &SECOND_WEIGHTS, 0)?);
    Some(number.into_iter().map(|digit| char::from(b'0' + digit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_known_from_the_guide_come_out() {
        let known = |year, month, day, d_number, individual| {
            identity_number(year, month, day, Series::Nhn, d_number, individual).0
        };
        assert_eq!(known(1958, 5, 12, false, 255).as_str(), "12705825562");
        assert_eq!(known(1979, 1, 1, true, 874).as_str(), "41667987421");
    }

    #[test]
    fn every_series_gives_synthetic_numbers_of_the_birth_date() {
        for series in [Series::Nav, Series::Nhn, Series::Tenor] {
            for individual in [0, 1, 499, 500, 997, 998, 999] {
                let (number, _) = identity_number(2004, 2, 29, series, false, individual);
                assert!(number.is_synthetic() && number.fits_birth_date(2004, 2, 29));
            }
        }
    }

    #[test]
    fn organisation_numbers_differ_and_are_of_the_synthetic_series() {
        let numbers: std::collections::BTreeSet<_> = (0..200).map(organisation_number).collect();
        assert_eq!(numbers.len(), 200);
        assert!(numbers.iter().all(|number| number.as_str().starts_with("31")));
        assert_eq!(organisation_number_from("00000040"), None);
    }
}
