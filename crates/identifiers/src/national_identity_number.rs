//! National identity numbers: fødselsnummer and D-number.
//!
//! Sources: Skatteetaten's documentation of the population register, including the check digits from
//! 2032 on; the synthetic series are those of NAV (month + 40), NHN (+ 65) and Tenor (+ 80).

use std::fmt;

use crate::check_digit::{digits, remainder};
use crate::systems;

pub(crate) const FIRST_WEIGHTS: [u8; 9] = [3, 7, 6, 1, 8, 9, 4, 5, 2];
pub(crate) const SECOND_WEIGHTS: [u8; 10] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];

/// The first day, in ISO 8601, on which numbers of the scheme of 2032 are issued.
pub const FIRST_DAY_OF_2032_SCHEME: &str = "2032-01-01";

/// A national identity number or D-number: eleven digits with a date that exists and both check
/// digits right by the scheme in force or by that of 2032.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NationalIdentityNumber {
    text: [u8; Self::LENGTH],
    day: u8,
    month: u8,
    two_digit_year: u8,
    synthetic: bool,
    d_number: bool,
    only_2032: bool,
}

/// Why a text is not a national identity number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NationalIdentityNumberError {
    /// Not eleven ASCII digits.
    Form,
    /// Day and month exist in no year that the number can mean.
    Date,
    /// A check digit is wrong by both schemes.
    CheckDigit,
}

impl fmt::Display for NationalIdentityNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "a national identity number has eleven digits",
            Self::Date => "the national identity number's date does not exist",
            Self::CheckDigit => "a check digit of the national identity number is wrong",
        })
    }
}

impl std::error::Error for NationalIdentityNumberError {}

impl NationalIdentityNumber {
    /// Its digits.
    pub const LENGTH: usize = 11;

    /// After how many of them people put a blank or something like it: day, month, year, individual number, check digits.
    pub const GROUPS: [usize; 4] = [2, 4, 6, 9];

    /// Reads a number by form, date and both check digits.
    ///
    /// # Errors
    /// [`NationalIdentityNumberError`]; the error never holds the digits.
    pub fn parse(text: &str) -> Result<Self, NationalIdentityNumberError> {
        let number: [u8; Self::LENGTH] = digits(text).ok_or(NationalIdentityNumberError::Form)?;
        let pair = |at: usize| number[at] * 10 + number[at + 1];
        let d_number = (4..=7).contains(&number[0]);
        let day = if d_number { pair(0) - 40 } else { pair(0) };
        let (month, synthetic) = match pair(2) {
            month @ 1..=12 => (month, false),
            month @ 41..=52 => (month - 40, true),
            month @ 66..=77 => (month - 65, true),
            month @ 81..=92 => (month - 80, true),
            _ => return Err(NationalIdentityNumberError::Date),
        };
        let two_digit_year = pair(4);
        let individual =
            u16::from(number[6]) * 100 + u16::from(number[7]) * 10 + u16::from(number[8]);
        let exists_in = |year: u16| day_exists(year, month, day);
        if !centuries(two_digit_year).into_iter().any(exists_in) {
            return Err(NationalIdentityNumberError::Date);
        }
        let first = (remainder(&number[..9], &FIRST_WEIGHTS) + number[9]) % 11;
        let second = (remainder(&number[..10], &SECOND_WEIGHTS) + number[10]) % 11;
        // From 2032 the first remainder may be 0 to 3; the second digit is unchanged.
        if first > 3 || second != 0 {
            return Err(NationalIdentityNumberError::CheckDigit);
        }
        // In the scheme of 2032 the individual number no longer decides the century. A number with the
        // first remainder 0 and a 29 February that its old century does not have is one of those.
        let by_old_series = match year_of_series(two_digit_year, individual) {
            Some(year) => exists_in(year),
            None => true,
        };
        Ok(Self {
            text: number.map(|digit| digit + b'0'),
            day,
            month,
            two_digit_year,
            synthetic,
            d_number,
            only_2032: first != 0 || !by_old_series,
        })
    }

    /// The eleven digits. Personal data: for comparing and storing, not for texts and logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII digits are ever put in.
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// Whether the number belongs to a synthetic series (month + 40, + 65 or + 80).
    #[must_use]
    pub fn is_synthetic(&self) -> bool {
        self.synthetic
    }

    /// Whether it is a D-number (day + 40).
    #[must_use]
    pub fn is_d_number(&self) -> bool {
        self.d_number
    }

    /// Whether it holds by the scheme of 2032 only, so that it cannot have been issued before
    /// [`FIRST_DAY_OF_2032_SCHEME`].
    #[must_use]
    pub fn only_by_scheme_of_2032(&self) -> bool {
        self.only_2032
    }

    /// The system it is under: that of D-numbers or that of national identity numbers.
    #[must_use]
    pub fn system(&self) -> &'static str {
        if self.d_number { systems::D_NUMBER } else { systems::NATIONAL_IDENTITY_NUMBER }
    }

    /// Whether the number can belong to somebody born on this day. The century is not compared: from
    /// 2032 on the number does not decide it.
    #[must_use]
    pub fn fits_birth_date(&self, year: i16, month: i8, day: i8) -> bool {
        i16::from(self.two_digit_year) == year.rem_euclid(100)
            && i16::from(self.month) == i16::from(month)
            && i16::from(self.day) == i16::from(day)
    }
}

impl fmt::Debug for NationalIdentityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NationalIdentityNumber").finish_non_exhaustive()
    }
}

/// The years that two digits may mean.
fn centuries(two_digit_year: u8) -> [u16; 3] {
    [1800, 1900, 2000].map(|century| century + u16::from(two_digit_year))
}

/// The year that the individual number's series fixes in the scheme before 2032. Synthetic series use
/// individual numbers that were never issued; they fix none.
fn year_of_series(two_digit_year: u8, individual: u16) -> Option<u16> {
    let year = u16::from(two_digit_year);
    match (individual, two_digit_year) {
        (0..=499, _) => Some(1900 + year),
        (500..=749, 54..) => Some(1800 + year),
        (900..=999, 40..) => Some(1900 + year),
        (500..=999, ..=39) => Some(2000 + year),
        _ => None,
    }
}

fn day_exists(year: u16, month: u8, day: u8) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=last).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::complete_identity_number;

    fn read(text: &str) -> Result<NationalIdentityNumber, NationalIdentityNumberError> {
        NationalIdentityNumber::parse(text)
    }

    /// The first number with these eight leading digits and this first remainder.
    fn made(eight: &str, first_remainder: u8) -> String {
        (0..10)
            .find_map(|ninth| complete_identity_number(&format!("{eight}{ninth}"), first_remainder))
            .unwrap()
    }

    #[test]
    fn the_authoritys_examples_are_read_by_their_scheme() {
        for (text, only_2032) in
            [("02013299997", false), ("30108299920", false), ("30108299939", true)]
        {
            let number = read(text).unwrap();
            assert_eq!(number.only_by_scheme_of_2032(), only_2032, "{text}");
            assert!(!number.is_synthetic() && !number.is_d_number());
        }
    }

    #[test]
    fn all_series_are_distinguished() {
        for (eight, synthetic, d_number) in [
            ("12055825", false, false),
            ("12455825", true, false),
            ("12705825", true, false),
            ("12855825", true, false),
            ("52055825", false, true),
            ("52855825", true, true),
        ] {
            let number = read(&made(eight, 0)).unwrap();
            assert_eq!(number.is_synthetic(), synthetic, "{eight}");
            assert_eq!(number.is_d_number(), d_number, "{eight}");
            let system =
                if d_number { systems::D_NUMBER } else { systems::NATIONAL_IDENTITY_NUMBER };
            assert_eq!(number.system(), system);
        }
    }

    #[test]
    fn every_single_wrong_digit_is_noticed_by_the_scheme_in_force() {
        let right = made("12855825", 0);
        for at in 0..11 {
            for digit in b'0'..=b'9' {
                let mut bytes = right.clone().into_bytes();
                if bytes[at] == digit {
                    continue;
                }
                bytes[at] = digit;
                let wrong = String::from_utf8(bytes).unwrap();
                assert!(
                    read(&wrong).map_or(true, |number| number.only_by_scheme_of_2032()),
                    "digit {at}"
                );
            }
        }
    }

    #[test]
    fn the_first_remainder_is_0_to_3_and_no_other() {
        for eight in ["12855825", "01018040", "52055825"] {
            for remainder in 0..11 {
                let read = read(&made(eight, remainder));
                match remainder {
                    0 => assert!(!read.unwrap().only_by_scheme_of_2032()),
                    1..=3 => assert!(read.unwrap().only_by_scheme_of_2032()),
                    _ => assert_eq!(read, Err(NationalIdentityNumberError::CheckDigit)),
                }
            }
        }
    }

    #[test]
    fn a_29_february_of_a_year_00_counts_by_its_scheme() {
        // 1900 had no 29 February, so the series 000-499 can have it by the scheme of 2032 only;
        // 2000 had one.
        for (stem, only_2032) in
            [("29020000", true), ("29020049", true), ("29020050", false), ("29820010", true)]
        {
            let number = read(&made(stem, 0)).unwrap();
            assert_eq!(number.only_by_scheme_of_2032(), only_2032, "{stem}");
            assert!(number.fits_birth_date(2000, 2, 29));
            assert!(read(&made(stem, 2)).unwrap().only_by_scheme_of_2032());
        }
        // No year that ends in 01 is a leap year.
        let number = made("29020100", 0);
        assert_eq!(read(&number), Err(NationalIdentityNumberError::Date));
    }

    #[test]
    fn form_and_calendar_are_checked() {
        let bad = [
            "",
            "1285582551",
            "128558255123",
            "12855 825512",
            "1285582551x",
            "１２８５５８２５５１２",
        ];
        for text in bad {
            assert_eq!(read(text), Err(NationalIdentityNumberError::Form), "{text}");
        }
        for nine in ["328558255", "126058255", "302258255", "900158255", "000158255", "120058255"] {
            let text = format!("{nine}00");
            assert_eq!(read(&text), Err(NationalIdentityNumberError::Date), "{nine}");
        }
    }

    #[test]
    fn the_birth_date_is_compared_without_century() {
        let number = read(&made("12855825", 0)).unwrap();
        assert!(number.fits_birth_date(1958, 5, 12) && number.fits_birth_date(2058, 5, 12));
        assert!(!number.fits_birth_date(1958, 5, 13) && !number.fits_birth_date(1959, 5, 12));
        assert!(!number.fits_birth_date(1958, 4, 12));
    }

    #[test]
    fn debug_never_shows_the_number() {
        let text = made("12855825", 0);
        let shown = format!("{:?} {:?}", read(&text), read(&text[..10]));
        assert!(!shown.contains("1285"), "{shown}");
    }
}
