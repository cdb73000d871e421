//! Modulus 11, the check digit of organisation numbers and national identity numbers.

/// The decimal digits of a text of exactly `N` ASCII digits.
pub(crate) fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes: [u8; N] = text.as_bytes().try_into().ok()?;
    bytes.iter().all(u8::is_ascii_digit).then(|| bytes.map(|byte| byte - b'0'))
}

/// The weighted sum of the digits, modulo 11.
pub(crate) fn remainder(digits: &[u8], weights: &[u8]) -> u8 {
    let sum: u32 = digits.iter().zip(weights).map(|(d, w)| u32::from(*d) * u32::from(*w)).sum();
    // Below 11, so nothing is lost.
    (sum % 11) as u8
}

/// The digit that brings the sum with weight 1 to `wanted` modulo 11; 10 is not a digit and such numbers
/// are not issued.
pub(crate) fn check_digit(digits: &[u8], weights: &[u8], wanted: u8) -> Option<u8> {
    let digit = (11 + wanted - remainder(digits, weights)) % 11;
    (digit < 10).then_some(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digit_found_gives_the_remainder_wanted() {
        let weights = [3, 2, 7];
        for number in 0..1000_u32 {
            let body = digits::<3>(&format!("{number:03}")).unwrap();
            for wanted in 0..4 {
                let sums: Vec<u8> = (0..10)
                    .filter(|digit| (remainder(&body, &weights) + digit) % 11 == wanted)
                    .collect();
                assert_eq!(sums.first().copied(), check_digit(&body, &weights, wanted));
                assert!(sums.len() <= 1);
            }
        }
    }

    #[test]
    fn only_ascii_digits_of_the_right_number_are_read() {
        assert_eq!(digits::<2>("07"), Some([0, 7]));
        for text in ["", "7", "007", " 7", "7x", "-7", "٧", "７"] {
            assert_eq!(digits::<2>(text), None, "{text}");
        }
    }
}
