use std::fmt;

/// A Norwegian organisation number: nine digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrganisationNumber([u8; 9]);

/// The register of legal entities (ENH) as an OID; the number follows as its last arc.
const ENH_OID: &str = "2.16.578.1.12.4.1.4.101";

impl OrganisationNumber {
    /// Reads exactly nine digits. The check digit is not judged here: a registered number is.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; 9] = text.as_bytes().try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }

    /// Reads what senders write: nine digits (blanks allowed), `NTRNO-` (certificates), `0192:` (ISO 6523)
    /// or the OID of the register of legal entities with the number as the last arc.
    pub fn from_wire(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("urn:oid:").unwrap_or(text);
        let number = if let Some(rest) = text.strip_prefix(ENH_OID) {
            rest.strip_prefix(['.', ':', '|', '#'])?
        } else if let Some(rest) =
            text.strip_prefix("NTRNO-").or_else(|| text.strip_prefix("0192:"))
        {
            rest
        } else {
            text
        };
        let digits: String = number.chars().filter(|c| *c != ' ').collect();
        Self::parse(&digits)
    }

    /// The nine digits.
    pub fn as_str(&self) -> &str {
        // The constructor took ASCII digits only.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether the last digit agrees with the others (modulus 11, weights 3 2 7 6 5 4 3 2).
    pub fn check_digit_holds(&self) -> bool {
        let sum: u32 = self
            .0
            .iter()
            .zip([3, 2, 7, 6, 5, 4, 3, 2, 1])
            .map(|(d, w)| u32::from(d - b'0') * w)
            .sum();
        sum.is_multiple_of(11)
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
        ] {
            assert_eq!(OrganisationNumber::from_wire(text), Some(plain), "{text}");
        }
        assert!(plain.check_digit_holds());
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
            "３10000019",
        ] {
            assert_eq!(OrganisationNumber::from_wire(text), None, "{text}");
        }
        assert!(!OrganisationNumber::parse("310000018").unwrap().check_digit_holds());
    }
}
