//! Formats of the primitive types.
//! Rule: <https://hl7.org/fhir/R4/datatypes.html#primitive>; messages and their
//! conditions follow the reference validator.

pub(crate) mod messages;
pub(crate) mod plain;

use std::borrow::Cow;

use lmr_fhir::{Element, Node};

use super::attachment;
use super::context::Context;
use crate::compile::{Def, TypeRule};
use crate::messages::Message;

/// The primitive types of R4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Primitive {
    Boolean,
    Integer,
    UnsignedInt,
    PositiveInt,
    Decimal,
    String,
    Markdown,
    Code,
    Id,
    Uri,
    Url,
    Canonical,
    Oid,
    Uuid,
    Base64,
    Instant,
    Date,
    DateTime,
    Time,
    Xhtml,
}

impl Primitive {
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "unsignedInt" => Self::UnsignedInt,
            "positiveInt" => Self::PositiveInt,
            "decimal" => Self::Decimal,
            "string" => Self::String,
            "markdown" => Self::Markdown,
            "code" => Self::Code,
            "id" => Self::Id,
            "uri" => Self::Uri,
            "url" => Self::Url,
            "canonical" => Self::Canonical,
            "oid" => Self::Oid,
            "uuid" => Self::Uuid,
            "base64Binary" => Self::Base64,
            "instant" => Self::Instant,
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "time" => Self::Time,
            "xhtml" => Self::Xhtml,
            _ => return None,
        })
    }

    /// The type of an element's value. R4 gives `Resource.id` the type string by mistake.
    pub(crate) fn of_element(def: Def<'_>, ty: &TypeRule) -> Option<Self> {
        let own = ty.primitive?;
        Some(if def.rule.is_resource_id { Self::Id } else { own })
    }

    /// What the JSON value must be.
    pub(crate) fn json(self) -> Json {
        match self {
            Self::Boolean => Json::Boolean,
            Self::Integer | Self::UnsignedInt | Self::PositiveInt | Self::Decimal => Json::Number,
            _ => Json::String,
        }
    }
}

/// JSON kinds a primitive may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Boolean,
    Number,
    String,
}

/// 1 MB, the longest string FHIR allows, in bytes.
const MAX_STRING: usize = 1_048_576;

/// The form of a value. Whether it is as its type requires.
pub(crate) fn check<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    node: Node<'a>,
    kind: Primitive,
    text: &str,
    def: Def<'a>,
) -> bool {
    if is_blank(text) && item.sibling().is_some_and(|s| s.members().next().is_some()) {
        return true;
    }
    let mut is_correct = true;
    faults_of(kind, text, def.rule.is_resource_id, &mut |message| {
        is_correct = false;
        if message == Message::Base64Ws && attachment::is_content(def) {
            return;
        }
        cx.report(message, node, def.profile);
    });
    is_correct
}

/// Whether a text is empty or white space only. Nearly every text shows by its first byte that it is not.
pub(crate) fn is_blank(text: &str) -> bool {
    !text.as_bytes().first().is_some_and(u8::is_ascii_graphic) && text.trim_start().is_empty()
}

/// Whether a text is empty or ordinary white space: a no-break space is content, as with the reference.
pub(crate) fn has_no_content(text: &str) -> bool {
    is_blank(text) && !text.contains(['\u{a0}', '\u{2007}', '\u{202f}'])
}

/// Calls `fault` for every rule that a value's text breaks. Allocates for those alone.
fn faults_of(kind: Primitive, text: &str, resource_id: bool, fault: &mut dyn FnMut(Message)) {
    if text.is_empty() {
        fault(Message::PrimitiveNotEmpty);
        if resource_id {
            fault(Message::ResourceIdChars { value: shown(text).into() });
        }
        return;
    }
    // A code of white space alone breaks the rule for codes instead.
    if kind != Primitive::Code && is_blank(text) {
        // White space is that of ASCII with the reference, but for strings.
        if text.is_ascii() {
            fault(Message::PrimitiveWs);
        } else if kind == Primitive::String || resource_id {
            fault(Message::StringWsAll);
        }
        // Of a text there is no more to say; every other type has its form.
        if matches!(kind, Primitive::String | Primitive::Markdown | Primitive::Xhtml) {
            return;
        }
    }
    match kind {
        Primitive::Boolean => {
            if text != "true" && text != "false" {
                fault(Message::BooleanValue);
            }
        }
        Primitive::Integer => {
            integer(text, fault);
        }
        Primitive::UnsignedInt => {
            if integer(text, fault).is_some_and(|n| n < 0) {
                fault(Message::IntegerLt0);
            }
        }
        Primitive::PositiveInt => {
            if integer(text, fault).is_some_and(|n| n < 1) {
                fault(Message::IntegerLt1);
            }
        }
        Primitive::Decimal => decimal(text, fault),
        Primitive::String | Primitive::Markdown => {
            if text.len() > MAX_STRING {
                fault(Message::StringLength);
            }
            if kind == Primitive::String && outer_space(text) {
                fault(Message::StringWs { value: shown(text).into() });
            }
        }
        Primitive::Code => {
            if !is_code(text) {
                fault(Message::CodeWs { code: shown(text).into() });
            }
        }
        Primitive::Id => {
            if resource_id {
                if text.chars().count() > 64 {
                    fault(Message::ResourceIdLength { length: text.chars().count() });
                } else if !text.bytes().all(is_id_byte) {
                    fault(Message::ResourceIdChars { value: shown(text).into() });
                }
                // R4 has the type string for it.
                if outer_space(text) && text.is_ascii() && !is_blank(text) {
                    fault(Message::StringWs { value: shown(text).into() });
                }
            } else if !is_id(text) {
                fault(Message::IdValid { value: shown(text).into() });
            }
        }
        Primitive::Uri
        | Primitive::Url
        | Primitive::Canonical
        | Primitive::Oid
        | Primitive::Uuid => {
            uri(kind, text, fault);
        }
        Primitive::Base64 => base64(text, fault),
        Primitive::Instant => {
            if !has_instant_form(text.as_bytes()) {
                fault(Message::DateTimeRegex { value: shown(text).into() });
                return;
            }
            year(text, fault);
            if !is_instant(text) {
                fault(Message::InstantValid { value: shown(text).into() });
            }
        }
        Primitive::Date => {
            year(text, fault);
            if date_len(text.as_bytes()) != Some(text.len()) {
                fault(Message::DateValid { value: shown(text).into() });
            }
        }
        Primitive::DateTime => {
            year(text, fault);
            match date_time(text.as_bytes()) {
                None => {
                    fault(Message::DateTimeValid { value: shown(text).into() });
                    if lacks_zone(text) {
                        fault(Message::DateTimeTz);
                    }
                }
                Some(DateTimeForm::TimeWithoutZone) => fault(Message::DateTimeTz),
                Some(DateTimeForm::Complete) => {}
            }
        }
        Primitive::Time => {
            if time_len(text.as_bytes()) != Some(text.len()) {
                fault(Message::TimeValid { value: shown(text).into() });
            }
        }
        Primitive::Xhtml => {}
    }
}

fn outer_space(text: &str) -> bool {
    text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace)
}

/// Nothing but visible ASCII, as nearly all codes and addresses are.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

fn is_code(text: &str) -> bool {
    if is_plain(text) {
        return !text.is_empty();
    }
    let mut space = true;
    for c in text.chars() {
        if c.is_whitespace() {
            if space || c != ' ' {
                return false;
            }
            space = true;
        } else {
            space = false;
        }
    }
    !space
}

fn is_id_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'.'
}

/// `[A-Za-z0-9\-\.]{1,64}`
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(is_id_byte)
}

fn integer(text: &str, fault: &mut dyn FnMut(Message)) -> Option<i32> {
    // No plus sign: JSON has none (RFC 8259, section 6), nor has the expression of the type's definition.
    let digits = text.strip_prefix('-').unwrap_or(text);
    let well_formed = !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    match text.parse::<i32>() {
        Ok(n) if well_formed => Some(n),
        _ => {
            fault(Message::IntegerValid { value: shown(text).into() });
            None
        }
    }
}

fn decimal(text: &str, fault: &mut dyn FnMut(Message)) {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((m, e)) => (m, Some(e)),
        None => (text, None),
    };
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((w, f)) => (w, Some(f)),
        None => (unsigned, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let exponent_digits = exponent.map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
    if !digits(whole)
        || (whole.len() > 1 && whole.starts_with('0'))
        || fraction.is_some_and(|f| !digits(f))
        || exponent_digits.is_some_and(|e| !digits(e))
    {
        return fault(Message::DecimalValid { value: shown(text).into() });
    }
    let significant = whole.len() + fraction.map_or(0, str::len);
    if significant > 18 || exponent_digits.is_some_and(|e| e.len() > 4) {
        fault(Message::DecimalRange { value: shown(text).into() });
    }
}

fn uri(kind: Primitive, text: &str, fault: &mut dyn FnMut(Message)) {
    if text.starts_with("oid:") {
        fault(Message::UriOid { value: shown(text).into() });
    } else if text.starts_with("uuid:") {
        fault(Message::UriUuid { value: shown(text).into() });
    }
    if !is_plain(text) && text.contains(char::is_whitespace) {
        fault(Message::UriWs { value: shown(text).into() });
    }
    match kind {
        Primitive::Oid if !text.starts_with("urn:oid:") => fault(Message::OidStart),
        Primitive::Uuid if !text.starts_with("urn:uuid:") => fault(Message::UuidStart),
        Primitive::Canonical if !is_absolute(text) && !text.starts_with('#') => {
            fault(Message::CanonicalAbsolute { value: shown(text).into() })
        }
        _ => {}
    }
    if let Some(oid) = text.strip_prefix("urn:oid:") {
        if !is_oid(oid) {
            fault(Message::OidValid { value: shown(text).into() });
        }
    } else if let Some(uuid) = text.strip_prefix("urn:uuid:")
        && !is_uuid(uuid)
    {
        fault(Message::UuidValid { value: shown(text).into() });
    }
}

/// Whether the address has a scheme (`https:`, `urn:`, ...), in lower case, and something behind it
/// without spaces.
pub(crate) fn is_absolute(text: &str) -> bool {
    after_scheme(text.as_bytes())
        .is_some_and(|rest| !rest.is_empty() && memchr::memchr(b' ', rest).is_none())
}

/// What comes after an address's scheme and its colon.
fn after_scheme(address: &[u8]) -> Option<&[u8]> {
    let is_of_scheme =
        |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.');
    let end = address.iter().position(|b| !is_of_scheme(b))?;
    let (scheme, rest) = address.split_at(end);
    (scheme.first()?.is_ascii_lowercase() && rest[0] == b':').then(|| &rest[1..])
}

/// `[0-2](\.(0|[1-9][0-9]*))+`
pub(crate) fn is_oid(text: impl AsRef<[u8]>) -> bool {
    let [b'0'..=b'2', b'.', arcs @ ..] = text.as_ref() else { return false };
    arcs.split(|b| *b == b'.').all(|arc| match arc {
        [] => false,
        [b'0'] => true,
        [first, rest @ ..] => (b'1'..=b'9').contains(first) && rest.iter().all(u8::is_ascii_digit),
    })
}

/// Lower-case hexadecimal, 8-4-4-4-12.
pub(crate) fn is_uuid(text: impl AsRef<[u8]>) -> bool {
    let Ok(bytes) = <&[u8; 36]>::try_from(text.as_ref()) else { return false };
    // All of a group at once, which is what lets the compiler take many bytes at a time.
    let is_hexadecimal = |group: &[u8]| {
        let is_digit = |b: u8| b.is_ascii_digit() | (b'a'..=b'f').contains(&b);
        group.iter().fold(true, |all, b| all & is_digit(*b))
    };
    [8, 13, 18, 23].iter().all(|at| bytes[*at] == b'-')
        && [0..8, 9..13, 14..18, 19..23, 24..36].into_iter().all(|at| is_hexadecimal(&bytes[at]))
}

fn base64(text: &str, fault: &mut dyn FnMut(Message)) {
    match decoded_len(text) {
        None => fault(Message::Base64Valid),
        Some(_) if text.bytes().any(|b| b.is_ascii_whitespace()) => fault(Message::Base64Ws),
        Some(_) => {}
    }
}

/// How many bytes the base64 text decodes to, white space left aside; `None`
/// when it is not base64.
pub(crate) fn decoded_len(text: &str) -> Option<usize> {
    let (mut digits, mut padding) = (0usize, 0usize);
    for b in text.bytes() {
        match b {
            b if b.is_ascii_whitespace() => {}
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => digits += 1,
            _ => return None,
        }
    }
    ((digits + padding) % 4 == 0 && padding <= 2 && digits > 0)
        .then(|| (digits + padding) / 4 * 3 - padding)
}

fn two(bytes: &[u8], at: usize) -> Option<u8> {
    match bytes.get(at..at + 2)? {
        [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => Some((a - b'0') * 10 + (b - b'0')),
        _ => None,
    }
}

/// Length of the date (`YYYY`, `YYYY-MM`, `YYYY-MM-DD`) at the start; the day
/// must exist in its month.
fn date_len(bytes: &[u8]) -> Option<usize> {
    let (century, rest) = (two(bytes, 0)?, two(bytes, 2)?);
    let year = u32::from(century) * 100 + u32::from(rest);
    if year == 0 {
        return None;
    }
    if bytes.get(4) != Some(&b'-') {
        return Some(4);
    }
    let month = two(bytes, 5).filter(|m| (1..=12).contains(m))?;
    if bytes.get(7) != Some(&b'-') {
        return Some(7);
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    two(bytes, 8).filter(|d| (1..=days).contains(d))?;
    Some(10)
}

/// Length of the time `hh:mm:ss(.fff)?` at the start; a leap second passes.
fn time_len(bytes: &[u8]) -> Option<usize> {
    two(bytes, 0).filter(|h| *h < 24)?;
    (bytes.get(2) == Some(&b':')).then_some(())?;
    two(bytes, 3).filter(|m| *m < 60)?;
    (bytes.get(5) == Some(&b':')).then_some(())?;
    two(bytes, 6).filter(|s| *s <= 60)?;
    if bytes.get(8) != Some(&b'.') {
        return Some(8);
    }
    let digits = bytes[9..].iter().take_while(|b| b.is_ascii_digit()).count();
    (digits > 0).then_some(9 + digits)
}

enum DateTimeForm {
    Complete,
    TimeWithoutZone,
}

fn date_time(bytes: &[u8]) -> Option<DateTimeForm> {
    let date = date_len(bytes)?;
    if date == bytes.len() {
        return Some(DateTimeForm::Complete);
    }
    if date != 10 || bytes[10] != b'T' {
        return None;
    }
    let time = time_len(&bytes[11..])?;
    match &bytes[11 + time..] {
        [] => Some(DateTimeForm::TimeWithoutZone),
        zone if is_zone(zone) => Some(DateTimeForm::Complete),
        _ => None,
    }
}

/// Whether a text that is not a dateTime has at least a time, and no zone after it.
fn lacks_zone(text: &str) -> bool {
    text.split_once('T').is_some_and(|(_, time)| !time.contains(['Z', '+', '-']))
}

fn is_zone(zone: &[u8]) -> bool {
    match zone {
        [b'Z'] => true,
        [b'+' | b'-', _, _, b':', _, _] => {
            let (hours, minutes) = (two(zone, 1), two(zone, 4));
            matches!((hours, minutes), (Some(h), Some(m)) if (h < 14 && m < 60) || (h == 14 && m == 0))
        }
        _ => false,
    }
}

fn is_instant(text: &str) -> bool {
    text.len() > 10 && matches!(date_time(text.as_bytes()), Some(DateTimeForm::Complete))
}

/// `YYYY-MM-DDThh:mm:ss(.f)?zone`, whether or not that day exists.
fn has_instant_form(bytes: &[u8]) -> bool {
    let within = |at: usize, least: u8, most: u8| {
        two(bytes, at).is_some_and(|n| (least..=most).contains(&n))
    };
    let marks = [(4, b'-'), (7, b'-'), (10, b'T')];
    two(bytes, 0).is_some()
        && two(bytes, 2).is_some()
        && marks.iter().all(|(at, mark)| bytes.get(*at) == Some(mark))
        && within(5, 1, 12)
        && within(8, 0, 31)
        && bytes.get(11..).and_then(|time| Some(is_zone(&time[time_len(time)?..]))) == Some(true)
}

/// Years from 1800 on are plausible; how far ahead is a matter of the caller's clock.
fn year(text: &str, fault: &mut dyn FnMut(Message)) {
    if year_of(text).is_some_and(|year| year < 1800) {
        fault(Message::DateTimeReasonable { value: shown(text).into() });
    }
}

/// The year at the start of a text.
pub(crate) fn year_of(text: impl AsRef<[u8]>) -> Option<u32> {
    let bytes = text.as_ref();
    Some(u32::from(two(bytes, 0)?) * 100 + u32::from(two(bytes, 2)?))
}

/// Whether the text holds what looks like an HTML tag, comment or entity.
pub(crate) fn looks_like_html(text: &str) -> bool {
    html_tag(text).is_some()
}

/// The start of what looks like an HTML tag in `text`.
pub(crate) fn html_tag(text: &str) -> Option<&str> {
    let mut from = 0;
    while let Some(at) = text[from..].find('<') {
        let start = from + at;
        let rest = &text[start + 1..];
        let name = rest.strip_prefix('/').unwrap_or(rest);
        let begins = |c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?');
        if name.starts_with(begins) && rest.contains('>') && !text[..start].ends_with('\\') {
            // `<https://...>` is a link in markdown, no tag. With the reference, nor is `<br/>`, which has
            // nothing in it, and what is escaped.
            let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
            if !name[end..].starts_with([':', '@', '.']) && !name[end..].starts_with("/>") {
                let cut =
                    text[start..].char_indices().nth(2).map_or(text.len(), |(i, _)| start + i);
                return Some(&text[start..cut]);
            }
        }
        from = start + 1;
    }
    None
}

/// A value's text for messages.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(100) {
        Some((cut, _)) => Cow::Owned(format!("{}...", &text[..cut])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(kind: Primitive, text: &str) -> Vec<&'static str> {
        let mut out = Vec::new();
        faults_of(kind, text, false, &mut |m| out.push(m.name()));
        out
    }

    #[test]
    fn dates_must_exist_in_the_calendar() {
        for good in ["2024", "2024-02", "2024-02-29", "1900-01-01"] {
            assert!(faults(Primitive::Date, good).is_empty(), "{good}");
        }
        for bad in [
            "2023-02-29",
            "2024-13",
            "2024-1-1",
            "24-01-01",
            "2024-04-31",
            "2024-01-01T",
            "20240101",
        ] {
            assert_eq!(faults(Primitive::Date, bad), ["DateValid"], "{bad}");
        }
    }

    #[test]
    fn a_date_with_time_needs_seconds_and_zone() {
        for good in ["2024", "2024-05-28T13:28:17Z", "2024-05-28T13:28:17.239+02:00", "2024-05-28"]
        {
            assert!(faults(Primitive::DateTime, good).is_empty(), "{good}");
        }
        assert_eq!(faults(Primitive::DateTime, "2024-05-28T13:28:17"), ["DateTimeTz"]);
        for bad in [
            "2024-05-28T13:28Z",
            "2024-05-28T24:00:00Z",
            "2024-05-28 13:28:17Z",
            "2024-05T13:28:17Z",
        ] {
            assert_eq!(faults(Primitive::DateTime, bad), ["DateTimeValid"], "{bad}");
        }
        for bad in ["2024-05-28", "2024-05-28T10:00:00", "2024-13-28T10:00:00Z", "now"] {
            assert_eq!(faults(Primitive::Instant, bad), ["DateTimeRegex"], "{bad}");
        }
        assert_eq!(faults(Primitive::Instant, "2024-02-30T10:00:00Z"), ["InstantValid"]);
        let both = ["DateTimeValid", "DateTimeTz"];
        assert_eq!(faults(Primitive::DateTime, "2024-05-28T13:28"), both);
    }

    #[test]
    fn integers_are_32_bit_digits_and_nothing_else() {
        for bad in ["1.0", "1e3", "2147483648", "", "0x1", "+1", "+0", "--1", "-+1", "01", "-01"] {
            assert_eq!(faults(Primitive::Integer, bad).len(), 1, "{bad}");
        }
        assert!(faults(Primitive::Integer, "-2147483648").is_empty());
        assert_eq!(faults(Primitive::PositiveInt, "+1"), ["IntegerValid"]);
        assert_eq!(faults(Primitive::UnsignedInt, "+1"), ["IntegerValid"]);
        assert_eq!(faults(Primitive::PositiveInt, "0"), ["IntegerLt1"]);
        assert_eq!(faults(Primitive::UnsignedInt, "-1"), ["IntegerLt0"]);
    }

    #[test]
    fn decimals_keep_their_digits_and_warn_beyond_eighteen() {
        for good in ["0.1", "-1.50", "1E-22", "100"] {
            assert!(faults(Primitive::Decimal, good).is_empty(), "{good}");
        }
        for bad in ["00.1", "925.", "--1", ".5"] {
            assert_eq!(faults(Primitive::Decimal, bad), ["DecimalValid"], "{bad}");
        }
        assert_eq!(faults(Primitive::Decimal, "1000000000000000000"), ["DecimalRange"]);
    }

    #[test]
    fn oids_and_uuids_are_checked_in_any_uri() {
        assert!(faults(Primitive::Uri, "urn:oid:2.16.578.1.12.4.1.4.1").is_empty());
        assert_eq!(faults(Primitive::Uri, "urn:oid:2.16.05"), ["OidValid"]);
        assert_eq!(
            faults(Primitive::Uri, "urn:uuid:AAAAAAAA-6666-4666-8666-666666666666"),
            ["UuidValid"]
        );
        assert_eq!(faults(Primitive::Uri, "http://a b"), ["UriWs"]);
    }

    #[test]
    fn base64_gives_its_size_and_refuses_what_is_not_base64() {
        assert_eq!(decoded_len("aGVp"), Some(3));
        assert_eq!(decoded_len("aGU="), Some(2));
        assert_eq!(faults(Primitive::Base64, "a"), ["Base64Valid"]);
        assert_eq!(faults(Primitive::Base64, "aG\nVp"), ["Base64Ws"]);
    }

    #[test]
    fn markdown_links_are_not_html() {
        assert!(html_tag("see <https://example.org> or <a@b.no>").is_none());
        assert_eq!(html_tag("a <b>c</b>"), Some("<b"));
        assert!(html_tag("1 < 2 and 3 > 2").is_none());
        assert!(html_tag("a<br/>b \\<b> <urn:x>").is_none());
        for tagged in ["a<br />b", "</p>", "<?x?>", "<img src=\"a\"/>", "<br/><i>"] {
            assert!(html_tag(tagged).is_some(), "{tagged}");
        }
    }
}
