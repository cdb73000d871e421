//! Numbers of people and units that cannot exist, and a small repeatable source of chance.

/// System of the Norwegian identity number (fødselsnummer).
pub(super) const FNR: &str = "urn:oid:2.16.578.1.12.4.1.4.1";
/// System of the D-number.
pub(super) const DNR: &str = "urn:oid:2.16.578.1.12.4.1.4.2";

/// SplitMix64: repeatable, and good enough to spread test data.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// A UUID's hexadecimal digits in their five groups.
    pub(super) fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xFFFF,
            a & 0xFFF,
            0x8000 | ((b >> 48) & 0x3FFF),
            b & 0xFFFF_FFFF_FFFF
        )
    }
}

/// The `urn:uuid` that stands for `Type/id` in a bundle: always the same for the same name.
pub(super) fn full_url(name: &str) -> String {
    // FNV-1a; collisions would need some billions of resources.
    let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    format!("urn:uuid:{}", Random::new(hash).uuid())
}

/// A synthetic identity number and the individual number it ended up with.
///
/// `series` is what is added to the month (40, 65 or 80), `d_number` adds 40 to the day. Individual numbers for
/// which a check digit would be ten do not exist: the next one of the same sex is taken. Years 1940 to 2039.
#[must_use]
pub fn identity_number(
    year: u16,
    month: u8,
    day: u8,
    series: u8,
    d_number: bool,
    individual: u16,
) -> (String, u16) {
    const FIRST: [u32; 9] = [3, 7, 6, 1, 8, 9, 4, 5, 2];
    const SECOND: [u32; 10] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
    let mut individual = individual;
    loop {
        let day = if d_number { day + 40 } else { day };
        let text = format!("{day:02}{:02}{:02}{individual:03}", month + series, year % 100);
        let mut digits: Vec<u32> = text.bytes().map(|byte| u32::from(byte - b'0')).collect();
        if let Some(first) = check_digit(&digits, &FIRST) {
            digits.push(first);
            if let Some(second) = check_digit(&digits, &SECOND) {
                return (format!("{text}{first}{second}"), individual);
            }
        }
        individual = if individual >= 998 { 500 + individual % 2 } else { individual + 2 };
    }
}

/// A mod-11 valid organisation number from the synthetic series, the `n`th from `310 000 00`.
#[must_use]
pub fn organisation_number(n: u32) -> String {
    const WEIGHTS: [u32; 8] = [3, 2, 7, 6, 5, 4, 3, 2];
    // Every eleventh number has no check digit: count only those that have.
    let mut left = n;
    let mut stem = 31_000_000_u32;
    loop {
        let digits: Vec<u32> =
            format!("{stem:08}").bytes().map(|byte| u32::from(byte - b'0')).collect();
        if let Some(check) = check_digit(&digits, &WEIGHTS) {
            if left == 0 {
                return format!("{stem:08}{check}");
            }
            left -= 1;
        }
        stem += 1;
    }
}

fn check_digit(digits: &[u32], weights: &[u32]) -> Option<u32> {
    let sum: u32 = digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
    match (11 - sum % 11) % 11 {
        10 => None,
        digit => Some(digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_known_from_the_guide_come_out() {
        assert_eq!(identity_number(1958, 5, 12, 65, false, 255).0, "12705825562");
        assert_eq!(identity_number(1979, 1, 1, 65, true, 874).0, "41667987421");
    }

    #[test]
    fn organisation_numbers_are_nine_digits_that_differ() {
        let numbers: std::collections::BTreeSet<String> =
            (0..200).map(organisation_number).collect();
        assert_eq!(numbers.len(), 200);
        assert!(numbers.iter().all(|number| number.len() == 9 && number.starts_with("31")));
    }
}
