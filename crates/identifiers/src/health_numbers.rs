//! HPR numbers of health professionals and RESH ids of hospital units.

use std::fmt;

/// The number of a health professional in Helsepersonellregisteret: digits only, no check digit is
/// known.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HprNumber(Box<str>);

/// A text that is not an HPR number: empty, or with something other than ASCII digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HprNumberError;

impl HprNumber {
    /// Reads digits.
    ///
    /// # Errors
    /// [`HprNumberError`]: empty, or not digits only.
    pub fn parse(text: &str) -> Result<Self, HprNumberError> {
        if all_digits(text) { Ok(Self(text.into())) } else { Err(HprNumberError) }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has seven to nine digits, as today's numbers have. Older ones may be shorter.
    #[must_use]
    pub fn has_usual_length(&self) -> bool {
        (7..=9).contains(&self.0.len())
    }
}

impl fmt::Debug for HprNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HprNumber").finish_non_exhaustive()
    }
}

impl fmt::Display for HprNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an HPR number has digits only")
    }
}

impl std::error::Error for HprNumberError {}

/// The id of a unit in the register of units of the specialist health service: a running number of
/// one to twelve digits without check digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReshId(Box<str>);

/// A text that is not a RESH id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReshIdError;

impl ReshId {
    const MAX_DIGITS: usize = 12;

    /// Reads digits.
    ///
    /// # Errors
    /// [`ReshIdError`]: empty, longer than twelve, or not digits only.
    pub fn parse(text: &str) -> Result<Self, ReshIdError> {
        let holds = all_digits(text) && text.len() <= Self::MAX_DIGITS;
        if holds { Ok(Self(text.into())) } else { Err(ReshIdError) }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReshIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a RESH id has one to twelve digits")
    }
}

impl std::error::Error for ReshIdError {}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hpr_numbers_are_digits_of_a_usual_length() {
        for (text, usual) in
            [("9144900", Some(true)), ("914", Some(false)), ("1234567890", Some(false))]
        {
            let read = HprNumber::parse(text).ok();
            assert_eq!(read.as_ref().map(HprNumber::has_usual_length), usual, "{text}");
            assert_eq!(read.unwrap().as_str(), text);
        }
        for text in ["", "HPR9144900", "9144900 ", "９１４４９００"] {
            assert_eq!(HprNumber::parse(text), Err(HprNumberError), "{text}");
        }
        assert!(!format!("{:?}", HprNumber::parse("9144900")).contains("914"));
    }

    #[test]
    fn resh_ids_are_digits() {
        for text in ["102683", "4001031", "1", "123456789012"] {
            assert_eq!(ReshId::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "4001031a", "1234567890123", "-1"] {
            assert_eq!(ReshId::parse(text), Err(ReshIdError), "{text}");
        }
    }
}
