//! References, and the values of attributes.

use std::borrow::Cow;

use super::error::XmlErrorKind;
use super::names::{Version, is_character, is_plain_name};
use super::well_formed::IllFormed;

/// The character that a reference stands for, without its `&` and `;`.
pub(super) fn referenced(reference: &str) -> Result<char, XmlErrorKind> {
    const ILL_FORMED: XmlErrorKind = XmlErrorKind::IllFormed(IllFormed::Reference);
    let number = |digits: &str, radix: u32| {
        if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
            return Err(ILL_FORMED);
        }
        // More than the digits of the last character is more than the last character.
        let number = u32::from_str_radix(digits, radix).unwrap_or(u32::MAX);
        char::from_u32(number).filter(|c| is_character(*c)).ok_or(XmlErrorKind::Character(number))
    };
    match reference.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix('x') {
            Some(digits) => number(digits, 16),
            None => number(digits, 10),
        },
        None => match reference {
            "amp" => Ok('&'),
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "quot" => Ok('"'),
            "apos" => Ok('\''),
            name if is_plain_name(name) => Err(XmlErrorKind::Entity(name.to_owned())),
            _ => Err(ILL_FORMED),
        },
    }
}

/// The value of an attribute as written: references are replaced, ends of lines and tabs are blanks.
/// Rule: <https://www.w3.org/TR/xml/#AVNormalize>.
pub(super) fn normalized(raw: &str, version: Version) -> Result<Cow<'_, str>, XmlErrorKind> {
    let changes = |c: char| c == '&' || (c != ' ' && version.is_blank(c));
    if !raw.contains(changes) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(changes) {
        value.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(reference) = rest.strip_prefix('&') {
            let Some((reference, after)) = reference.split_once(';') else {
                return Err(XmlErrorKind::IllFormed(IllFormed::Reference));
            };
            value.push(referenced(reference)?);
            rest = after;
            continue;
        }
        value.push(' ');
        let mut characters = rest.chars();
        let first = characters.next();
        rest = characters.as_str();
        if first == Some('\r') {
            // With what follows it a carriage return is one end of a line.
            let second = rest.strip_prefix('\u{85}').filter(|_| version == Version::Second);
            rest = rest.strip_prefix('\n').or(second).unwrap_or(rest);
        }
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}
