//! Norwegian organisation numbers, as they stand in tokens.

use std::fmt;

/// Nine digits with a correct check digit (modulus 11).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrganisationNumber(String);

impl OrganisationNumber {
    /// Reads exactly nine digits; nothing is trimmed or mended.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u32> = text.chars().map(|c| c.to_digit(10)).collect::<Option<_>>()?;
        let (&check, body) = digits.split_last()?;
        if digits.len() != 9 {
            return None;
        }
        let sum: u32 =
            body.iter().zip([3, 2, 7, 6, 5, 4, 3, 2]).map(|(digit, weight)| digit * weight).sum();
        ((11 - sum % 11) % 11 == check).then(|| Self(text.to_owned()))
    }

    /// The nine digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrganisationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::OrganisationNumber;

    #[test]
    fn only_nine_digits_with_the_right_check_digit_are_a_number() {
        assert!(OrganisationNumber::parse("310000019").is_some());
        for wrong in
            ["310000010", "31000001", "3100000190", "310 000 019", "", "31000001x", "٣10000019"]
        {
            assert!(OrganisationNumber::parse(wrong).is_none(), "{wrong}");
        }
    }
}
