//! Code systems that are a grammar, not a list: nobody ships their codes, but
//! what is malformed is not a code of them.

use lmr_fhir::Element;

use super::context::Context;
use super::primitive;
use crate::compile::Def;
use crate::messages::Message;
use crate::messages::field::Hint;

pub(crate) const UCUM: &str = "http://unitsofmeasure.org";
pub(crate) const LANGUAGES: &str = "urn:ietf:bcp:47";
/// The system of which every URI is a code.
pub(crate) const URIS: &str = "urn:ietf:rfc:3986";
pub(crate) const MEDIA_TYPES: &str = "urn:ietf:bcp:13";

/// Reports a code that cannot be one of its system. A warning: the system's
/// owner may have added what our table of units does not have.
pub(crate) fn check<'a>(
    cx: &mut Context<'a>,
    at: Element<'a>,
    system: &str,
    code: &str,
    def: Def<'a>,
) {
    let message = match system {
        UCUM if !lmr_fhirpath::is_ucum(code) => Message::UcumSyntax { unit: code.into() },
        LANGUAGES if !is_language(code) => Message::LanguageCode { tag: code.into() },
        URIS if !primitive::is_absolute(code) => Message::UnknownCode {
            code: code.into(),
            system: URIS.into(),
            version: "RFC 3986".into(),
            hint: Hint::None,
        },
        _ => return,
    };
    cx.report(message, at.node(), def.profile);
}

/// Whether a language tag is well-formed.
/// Rule: <https://www.rfc-editor.org/rfc/rfc5646#section-2.1>.
pub(crate) fn is_language(tag: &str) -> bool {
    let letters = |p: &str| p.bytes().all(|b| b.is_ascii_alphabetic());
    let alphanumeric =
        |p: &str| !p.is_empty() && p.len() <= 8 && p.bytes().all(|b| b.is_ascii_alphanumeric());
    let mut parts = tag.split('-').peekable();
    let first = parts.next().unwrap_or_default();
    if first.eq_ignore_ascii_case("x") || first.eq_ignore_ascii_case("i") {
        // Private use, and the registered tags of old (`i-klingon`).
        return parts.peek().is_some() && parts.all(alphanumeric);
    }
    // Longer ones are foreseen by the grammar, but none has ever been registered.
    if !(2..=3).contains(&first.len()) || !letters(first) {
        return false;
    }
    let mut extended = 0;
    while extended < 3 && parts.next_if(|p| p.len() == 3 && letters(p)).is_some() {
        extended += 1;
    }
    let _script = parts.next_if(|p| p.len() == 4 && letters(p));
    let _region = parts.next_if(|p| {
        (p.len() == 2 && letters(p)) || (p.len() == 3 && p.bytes().all(|b| b.is_ascii_digit()))
    });
    let is_variant = |p: &&str| {
        alphanumeric(p)
            && (p.len() >= 5 || (p.len() == 4 && p.starts_with(|c: char| c.is_ascii_digit())))
    };
    while parts.next_if(is_variant).is_some() {}
    // Extensions and private use: one character, then at least one part.
    while let Some(single) = parts.next() {
        if single.len() != 1 || !alphanumeric(single) {
            return false;
        }
        if single.eq_ignore_ascii_case("x") {
            return parts.peek().is_some() && parts.all(alphanumeric);
        }
        let mut count = 0;
        while parts.next_if(|p| p.len() >= 2 && alphanumeric(p)).is_some() {
            count += 1;
        }
        if count == 0 {
            return false;
        }
    }
    true
}

/// Whether the text has the form of a media type, with or without parameters.
pub(crate) fn is_media_type(text: &str) -> bool {
    let kind = text.split(';').next().unwrap_or(text).trim_end();
    kind.split_once('/').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty() && !kind.contains(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_are_read_part_by_part() {
        for good in [
            "nb",
            "nn-NO",
            "en",
            "zh-Hant-TW",
            "sl-rozaj-biske",
            "de-1996",
            "es-419",
            "x-own",
            "en-a-bbb-x-a",
        ] {
            assert!(is_language(good), "{good}");
        }
        for bad in [
            "",
            "n",
            "nb_NO",
            "nb-",
            "norsk",
            "norsk bokmål",
            "nb-N",
            "en-a",
            "123",
            "en-US-",
            "nb--NO",
        ] {
            assert!(!is_language(bad), "{bad}");
        }
    }

    #[test]
    fn media_types_have_two_halves() {
        assert!(is_media_type("text/plain; charset=utf-8") && is_media_type("image/png"));
        assert!(!is_media_type("png") && !is_media_type("image/") && !is_media_type("a b/c"));
    }
}
