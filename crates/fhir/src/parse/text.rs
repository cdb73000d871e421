//! The letters of JSON: where strings end, what they mean, what a number looks like.

/// The next quote, backslash or control character from `at` on; eight bytes at a time.
#[inline]
pub(super) fn string_stop(bytes: &[u8], mut at: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // The lowest byte marked is exact; higher ones may be marked by a borrow.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    while let Some(block) = bytes.get(at..at + 8).and_then(|block| block.try_into().ok()) {
        let word = u64::from_le_bytes(block);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let marks = (zeros(word ^ (ONES * u64::from(b'"')))
            | zeros(word ^ (ONES * u64::from(b'\\')))
            | control)
            & HIGHS;
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|&b| STOPS_STRING[b as usize]).map(|n| at + n)
}

const STOPS_STRING: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 0x20 {
        table[i] = true;
        i += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

pub(super) fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'.' | b'$')
}

pub(crate) fn is_json_number(text: &[u8]) -> bool {
    let digits = |from: usize| text[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && text[at] == b'0') {
        return false;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == text.len()
}

pub(super) fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |value, &b| Some(value * 16 + char::from(b).to_digit(16)?))
}

/// Resolves the escapes of a string's inside; half surrogates become U+FFFD.
pub(crate) fn unescape(inner: &str) -> String {
    let bytes = inner.as_bytes();
    let mut out = String::with_capacity(inner.len());
    let mut at = 0;
    while let Some(n) = memchr::memchr(b'\\', &bytes[at..]) {
        out.push_str(&inner[at..at + n]);
        at += n;
        match bytes.get(at + 1) {
            Some(b'u') => {
                let unit = hex4(bytes, at + 2).unwrap_or(0xfffd);
                at = (at + 6).min(bytes.len());
                let mut scalar = unit;
                if (0xd800..=0xdbff).contains(&unit)
                    && bytes.get(at) == Some(&b'\\')
                    && bytes.get(at + 1) == Some(&b'u')
                    && let Some(low) = hex4(bytes, at + 2).filter(|l| (0xdc00..=0xdfff).contains(l))
                {
                    scalar = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                    at += 6;
                }
                out.push(char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(&simple) => {
                out.push(match simple {
                    b'b' => '\u{8}',
                    b'f' => '\u{c}',
                    b'n' => '\n',
                    b'r' => '\r',
                    b't' => '\t',
                    other => char::from(other),
                });
                at += 2;
            }
            None => at += 1,
        }
    }
    out.push_str(&inner[at..]);
    out
}
