//! Norwegian organisation numbers (Brønnøysundregistrene).

use std::fmt;
use std::str::FromStr;

use crate::check_digit::{digits, remainder};
use crate::systems;

pub(crate) const WEIGHTS: [u8; 8] = [3, 2, 7, 6, 5, 4, 3, 2];

/// A Norwegian organisation number: nine digits of which the last is a check digit (modulus 11).
///
/// The number is public, so `Debug` and `Display` show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrganisationNumber([u8; 9]);

/// Why a text is not an organisation number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrganisationNumberError {
    /// Not nine ASCII digits.
    Form,
    /// The ninth digit does not agree with the others. Numbers whose check digit would be 10 are
    /// never issued and always fail.
    CheckDigit,
}

impl fmt::Display for OrganisationNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "an organisation number has nine digits",
            Self::CheckDigit => "the organisation number's last digit (check digit) is wrong",
        })
    }
}

impl std::error::Error for OrganisationNumberError {}

impl OrganisationNumber {
    /// Reads exactly nine digits; nothing is trimmed.
    ///
    /// # Errors
    /// [`OrganisationNumberError`]: the form or the check digit is wrong.
    pub fn parse(text: &str) -> Result<Self, OrganisationNumberError> {
        let number: [u8; 9] = digits(text).ok_or(OrganisationNumberError::Form)?;
        let sum = remainder(&number[..8], &WEIGHTS) + number[8];
        if !sum.is_multiple_of(11) {
            return Err(OrganisationNumberError::CheckDigit);
        }
        Ok(Self(number.map(|digit| digit + b'0')))
    }

    /// Reads the spellings seen in messages: nine digits (blanks allowed), `NTRNO-` (certificates),
    /// `0192:` (ISO 6523), or the OID of the register of legal entities, with or without `urn:oid:`,
    /// followed by the number after `.`, `:`, `|` or `#`.
    ///
    /// # Errors
    /// As [`OrganisationNumber::parse`].
    pub fn from_wire(text: &str) -> Result<Self, OrganisationNumberError> {
        let text = text.trim();
        let oid = systems::ORGANISATION_NUMBER;
        let bare = oid.trim_start_matches("urn:oid:");
        let number = if let Some(rest) = text.strip_prefix(oid).or_else(|| text.strip_prefix(bare))
        {
            rest.strip_prefix(['.', ':', '|', '#']).ok_or(OrganisationNumberError::Form)?
        } else {
            let plain = text.strip_prefix("urn:oid:").unwrap_or(text);
            plain.strip_prefix("NTRNO-").or_else(|| plain.strip_prefix("0192:")).unwrap_or(plain)
        };
        let compact: String = number.chars().filter(|c| *c != ' ').collect();
        Self::parse(&compact)
    }

    /// The nine digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII digits are ever put in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for OrganisationNumber {
    type Err = OrganisationNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for OrganisationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for OrganisationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrganisationNumber({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_one_number_reads_the_same() {
        let plain = OrganisationNumber::parse("310000019").unwrap();
        for text in [
            "310000019",
            " 310 000 019 ",
            "NTRNO-310000019",
            "0192:310000019",
            "2.16.578.1.12.4.1.4.101.310000019",
            "urn:oid:2.16.578.1.12.4.1.4.101:310000019",
            "urn:oid:2.16.578.1.12.4.1.4.101|310000019",
            "2.16.578.1.12.4.1.4.101#310000019",
        ] {
            assert_eq!(OrganisationNumber::from_wire(text), Ok(plain), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for text in [
            "",
            "31000001",
            "3100000190",
            "31000001a",
            "NTRSE-310000019",
            "1.2.3.310000019",
            "2.16.578.1.12.4.1.4.101310000019",
            "３10000019",
        ] {
            let read = OrganisationNumber::from_wire(text);
            assert_eq!(read, Err(OrganisationNumberError::Form), "{text}");
        }
        for text in ["310 000 019", " 310000019", "٣10000019"] {
            let read = OrganisationNumber::parse(text);
            assert_eq!(read, Err(OrganisationNumberError::Form), "{text}");
        }
    }

    #[test]
    fn every_wrong_digit_is_noticed() {
        let right = "310000019";
        for at in 0..9 {
            for digit in '0'..='9' {
                let mut text: Vec<char> = right.chars().collect();
                text[at] = digit;
                let text: String = text.into_iter().collect();
                let expected = text == right;
                assert_eq!(OrganisationNumber::parse(&text).is_ok(), expected, "{text}");
            }
        }
    }

    #[test]
    fn a_check_digit_of_ten_is_never_issued() {
        for last in 0..10 {
            let read = OrganisationNumber::parse(&format!("00000040{last}"));
            assert_eq!(read, Err(OrganisationNumberError::CheckDigit));
        }
    }
}
