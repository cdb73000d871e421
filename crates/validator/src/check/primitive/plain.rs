//! Values that are right at a glance, as nearly all are: one pass over the bytes, nothing made. What
//! is not seen to be right here is looked at by all checks in turn, which say what is wrong.

use lmr_fhir::{Kind, Node};

use super::{DateTimeForm, Json, MAX_STRING, year_of};
use super::{Primitive, after_scheme, date_len, date_time, is_id_byte, is_oid, is_uuid, time_len};
use crate::check::string;
use crate::options::Options;

/// What the options say of values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The last year that is plausible.
    latest_year: u32,
    example_urls: bool,
}

impl Limits {
    pub(crate) fn new(options: &Options) -> Self {
        let latest = options.now.as_ref().map(|now| u32::from(now.date().year()) + 80);
        Self { latest_year: latest.unwrap_or(u32::MAX), example_urls: options.example_urls }
    }

    fn is_plausible(self, text: &[u8]) -> bool {
        year_of(text).is_some_and(|year| (1800..=self.latest_year).contains(&year))
    }
}

/// As [`is_right`], of a value of the document: of the right kind of JSON too.
pub(crate) fn is_right_value(kind: Primitive, value: Node<'_>, limits: Limits) -> bool {
    let json = match value.kind() {
        Kind::String => Json::String,
        Kind::Number => Json::Number,
        Kind::Boolean => Json::Boolean,
        _ => return false,
    };
    kind.json() == json && value.plain_bytes().is_some_and(|bytes| is_right(kind, bytes, limits))
}

/// Whether a value, written without escapes and with the right kind of JSON, has nothing that a check
/// of its type, of its text or of its white space would report. `false` means that it may have.
pub(crate) fn is_right(kind: Primitive, bytes: &[u8], limits: Limits) -> bool {
    match kind {
        Primitive::Boolean => true,
        Primitive::Integer | Primitive::UnsignedInt => is_count(bytes),
        Primitive::PositiveInt => is_count(bytes) && bytes != b"0",
        Primitive::Decimal => is_decimal(bytes),
        Primitive::String | Primitive::Markdown => {
            bytes.len() <= MAX_STRING
                && bytes.first().is_some_and(|byte| is_letter(*byte))
                && ends_in_letter(bytes)
                // Controls of the text's direction begin with E2.
                && memchr::memchr2(b'<', 0xe2, bytes).is_none()
        }
        Primitive::Code => !bytes.is_empty() && is_visible(bytes),
        Primitive::Id => (1..=64).contains(&bytes.len()) && bytes.iter().all(|b| is_id_byte(*b)),
        Primitive::Uri | Primitive::Url => {
            limits.example_urls
                && is_visible(bytes)
                && is_address(bytes)
                && !bytes.starts_with(string::HL7.as_bytes())
                // A definition's own address is absolute.
                && is_absolute(bytes)
        }
        Primitive::Canonical => is_visible(bytes) && is_address(bytes) && is_absolute(bytes),
        Primitive::Date => date_len(bytes) == Some(bytes.len()) && limits.is_plausible(bytes),
        Primitive::DateTime => {
            matches!(date_time(bytes), Some(DateTimeForm::Complete)) && limits.is_plausible(bytes)
        }
        Primitive::Time => time_len(bytes) == Some(bytes.len()),
        Primitive::Oid
        | Primitive::Uuid
        | Primitive::Base64
        | Primitive::Instant
        | Primitive::Xhtml => false,
    }
}

/// Whether visible bytes are an address with a scheme: there is no space among them.
fn is_absolute(bytes: &[u8]) -> bool {
    after_scheme(bytes).is_some_and(|rest| !rest.is_empty())
}

/// A number of at most nine digits, without sign and leading zeros.
fn is_count(bytes: &[u8]) -> bool {
    matches!(bytes, [b'0'] | [b'1'..=b'9', ..])
        && bytes.len() <= 9
        && bytes.iter().all(u8::is_ascii_digit)
}

/// Digits, and a fraction perhaps, within the length that is kept.
fn is_decimal(bytes: &[u8]) -> bool {
    let whole = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let fraction = match &bytes[whole..] {
        [] => true,
        [b'.', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    fraction && bytes.len() <= 18 && (whole == 1 || (whole > 1 && bytes[0] != b'0'))
}

/// The first byte of a character that is no white space, if it is one of those that texts begin with.
/// No white space begins with a byte from C3 to DF: <https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt>.
fn is_letter(first: u8) -> bool {
    first.is_ascii_graphic() || matches!(first, 0xc3..=0xdf)
}

fn ends_in_letter(bytes: &[u8]) -> bool {
    match bytes {
        [.., last] if last.is_ascii_graphic() => true,
        [.., lead @ 0xc3..=0xdf, _] => is_letter(*lead),
        _ => false,
    }
}

/// Nothing but visible ASCII, and nothing that may begin a tag.
fn is_visible(bytes: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let is_odd = |word: u64| {
        let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
        let low = word.wrapping_sub(ONES * 0x21) & !word;
        (word | low | zeros(word ^ (ONES * 0x7f)) | zeros(word ^ (ONES * u64::from(b'<')))) & HIGHS
            != 0
    };
    let word = |block: &[u8]| block.try_into().map_or(0, u64::from_le_bytes);
    let Some(last) = bytes.len().checked_sub(8) else {
        return bytes.iter().all(|b| b.is_ascii_graphic() && *b != b'<');
    };
    // The last block may overlap the one before.
    !bytes.chunks_exact(8).any(|block| is_odd(word(block))) && !is_odd(word(&bytes[last..]))
}

/// An address that none of the rules for schemes speaks of, or that keeps the rule for `urn:`.
fn is_address(bytes: &[u8]) -> bool {
    match bytes {
        [] | [b'#', ..] => false,
        [b'o' | b'u', ..] => {
            bytes.strip_prefix(b"urn:uuid:").is_some_and(is_uuid)
                || bytes.strip_prefix(b"urn:oid:").is_some_and(is_oid)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::faults_of;
    use super::*;
    use crate::check::primitive::looks_like_html;

    const KINDS: [Primitive; 20] = [
        Primitive::Boolean,
        Primitive::Integer,
        Primitive::UnsignedInt,
        Primitive::PositiveInt,
        Primitive::Decimal,
        Primitive::String,
        Primitive::Markdown,
        Primitive::Code,
        Primitive::Id,
        Primitive::Uri,
        Primitive::Url,
        Primitive::Canonical,
        Primitive::Oid,
        Primitive::Uuid,
        Primitive::Base64,
        Primitive::Instant,
        Primitive::Date,
        Primitive::DateTime,
        Primitive::Time,
        Primitive::Xhtml,
    ];

    fn limits() -> Limits {
        Limits { latest_year: 2106, example_urls: true }
    }

    #[test]
    fn what_is_right_at_a_glance_has_no_fault() {
        let parts = [
            "",
            " ",
            "a",
            "å",
            "\u{a0}",
            "\u{85}",
            "\u{2003}",
            "\u{3000}",
            "Ø",
            "€",
            "<b>",
            "<",
            ">",
            "0",
            "1",
            "9",
            "-",
            "+",
            ".",
            "e",
            "T",
            "Z",
            ":",
            "12",
            "2024",
            "1799",
            "2107",
            "9999",
            "2024-02-29",
            "2023-02-29",
            "2024-02",
            "T10:00:00Z",
            "T10:00:00",
            "10:00:00",
            "urn:uuid:",
            "11111111-2222-4333-8444-555555555555",
            "urn:oid:",
            "2.16.578",
            "2.016",
            "oid:",
            "uuid:",
            "http://a.no/x",
            "#",
            "\u{7f}",
            "\t",
            "\n",
            "123456789",
            "1234567890",
            "0123456789.12345678",
            "abcdefgh",
            "true",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ];
        let mut right = 0;
        for a in parts {
            for b in parts {
                for c in ["", "a", " ", "\u{a0}", "0"] {
                    let text = format!("{a}{b}{c}");
                    for kind in KINDS {
                        // The reader sees to it that booleans are such.
                        if kind == Primitive::Boolean || !is_right(kind, text.as_bytes(), limits())
                        {
                            continue;
                        }
                        right += 1;
                        for resource_id in [false, true] {
                            faults_of(kind, &text, resource_id, &mut |fault| {
                                panic!("{kind:?} {text:?}: {fault:?}")
                            });
                        }
                        assert!(!looks_like_html(&text), "{text:?}");
                        assert!(!super::super::is_blank(&text), "{text:?}");
                        if matches!(kind, Primitive::Date | Primitive::DateTime) {
                            assert!(
                                (1800..=2106).contains(&year_of(&text).unwrap_or(0)),
                                "{text:?}"
                            );
                        }
                        if matches!(kind, Primitive::Uri | Primitive::Url) {
                            assert!(!text.starts_with('#'), "{text:?}");
                        }
                    }
                }
            }
        }
        assert!(right > 5_000, "{right}");
    }

    #[test]
    fn ordinary_values_are_seen_to_be_right() {
        for (kind, text) in [
            (Primitive::Integer, "12"),
            (Primitive::Decimal, "0.25"),
            (Primitive::String, "Åse Ås på Gjøvik é"),
            (Primitive::Code, "completed"),
            (Primitive::Id, "a-1.b"),
            (Primitive::Uri, "urn:uuid:11111111-2222-4333-8444-555555555555"),
            (Primitive::Uri, "urn:oid:2.16.578.1.12.4.1.4.1"),
            (Primitive::Uri, "http://snomed.info/sct"),
            (Primitive::Canonical, "http://hl7.no/fhir/StructureDefinition/a"),
            (Primitive::Date, "1970-01-01"),
            (Primitive::DateTime, "2024-05-28T13:28:17.239+02:00"),
            (Primitive::Time, "10:00:00"),
        ] {
            assert!(is_right(kind, text.as_bytes(), limits()), "{kind:?} {text}");
        }
    }
}
