//! The types of a message's facts. The type says where a fact comes from, and so what redaction
//! leaves of it: words of definitions and of ours stay, whatever the instance wrote goes.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use lmr_fhir::{Bilingual, Language, digits};

use super::Message;

/// Characters of a definition's text that a message shows.
const MAX_DEFINED: usize = 2000;

/// What replaces a text that was left out.
pub(crate) const WITHHELD: &str = "***";

/// A fact of a message.
pub(super) trait Field {
    /// Leaves out what comes from the instance, apart from names that may stay.
    fn redact(&mut self, _may_stay: &dyn Fn(&str) -> bool) {}
    /// The fact as the text shows it.
    fn shown(&self, language: Language) -> Cow<'_, str>;
}

impl Field for usize {
    fn shown(&self, _: Language) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

/// Text of a definition or of ours: the path of an element, a canonical, a type, a limit. Stays.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Defined(Arc<str>);

impl Defined {
    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Defined {
    fn default() -> Self {
        Self("".into())
    }
}

impl From<&str> for Defined {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Defined {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&Arc<str>> for Defined {
    fn from(text: &Arc<str>) -> Self {
        Self(Arc::clone(text))
    }
}

impl Field for Defined {
    fn shown(&self, _: Language) -> Cow<'_, str> {
        clipped(&self.0, MAX_DEFINED)
    }
}

/// Why a definition cannot be used, in both languages. Stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reason(Arc<Bilingual<String>>);

impl From<Bilingual<String>> for Reason {
    fn from(reason: Bilingual<String>) -> Self {
        Self(Arc::new(reason))
    }
}

impl Field for Reason {
    fn shown(&self, language: Language) -> Cow<'_, str> {
        clipped(self.0.get(language), MAX_DEFINED)
    }
}

/// Text of the instance; `None` when it was left out. A message shows `LIMIT` characters of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Given<const LIMIT: usize>(Option<Box<str>>);

/// A value.
pub type Value = Given<120>;
/// The name of a property, of an XHTML element, of a type.
pub type GivenName = Given<200>;
/// An address.
pub type GivenUrl = Given<2000>;

impl<const LIMIT: usize> From<&str> for Given<LIMIT> {
    fn from(text: &str) -> Self {
        Self(Some(text.into()))
    }
}

impl<const LIMIT: usize> From<String> for Given<LIMIT> {
    fn from(text: String) -> Self {
        Self(Some(text.into()))
    }
}

impl<const LIMIT: usize> From<Cow<'_, str>> for Given<LIMIT> {
    fn from(text: Cow<'_, str>) -> Self {
        Self(Some(text.into()))
    }
}

impl<const LIMIT: usize> Field for Given<LIMIT> {
    fn redact(&mut self, _: &dyn Fn(&str) -> bool) {
        self.0 = None;
    }

    fn shown(&self, _: Language) -> Cow<'_, str> {
        self.0.as_deref().map_or(Cow::Borrowed(WITHHELD), |text| clipped(text, LIMIT))
    }
}

/// The value of a primitive in quotation marks, or that it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stated(Option<Value>);

impl<T: Into<Value>> From<Option<T>> for Stated {
    fn from(value: Option<T>) -> Self {
        Self(value.map(Into::into))
    }
}

impl Field for Stated {
    fn redact(&mut self, is_type: &dyn Fn(&str) -> bool) {
        if let Some(value) = &mut self.0 {
            value.redact(is_type);
        }
    }

    fn shown(&self, language: Language) -> Cow<'_, str> {
        let absent = Bilingual { en: "absent", nb: "utelatt" };
        self.0.as_ref().map_or_else(
            || Cow::Borrowed(absent.in_language(language)),
            |value| Cow::Owned(format!("'{}'", value.shown(language))),
        )
    }
}

/// A resource type that the instance states. Stays if it is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TypeName(GivenName);

impl<T: Into<GivenName>> From<T> for TypeName {
    fn from(name: T) -> Self {
        Self(name.into())
    }
}

impl Field for TypeName {
    fn redact(&mut self, may_stay: &dyn Fn(&str) -> bool) {
        if !self.0.0.as_deref().is_some_and(may_stay) {
            self.0 = Given(None);
        }
    }

    fn shown(&self, language: Language) -> Cow<'_, str> {
        self.0.shown(language)
    }
}

/// The address of a definition or of a code system that the instance names. Stays if addresses may.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Canonical(GivenUrl);

impl<T: Into<GivenUrl>> From<T> for Canonical {
    fn from(address: T) -> Self {
        Self(address.into())
    }
}

impl Field for Canonical {
    fn redact(&mut self, may_stay: &dyn Fn(&str) -> bool) {
        if !self.0.0.as_deref().is_some_and(may_stay) {
            self.0 = Given(None);
        }
    }

    fn shown(&self, language: Language) -> Cow<'_, str> {
        self.0.shown(language)
    }
}

/// Digits in a row that an address may have: fewer than the number of a person or a health worker.
const MAX_DIGITS: usize = 6;

/// Digits of an identity number.
const IDENTITY_DIGITS: usize = 11;

const OID: &str = "urn:oid:";

/// Whether a text has the form of an address that names something for all to know, and cannot have a person's number
/// in it. What an instance has at the place of an address may be anything.
pub(crate) fn is_public_address(text: &str) -> bool {
    let scheme = ["http://", "https://", OID].iter().any(|start| text.starts_with(start));
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b":/.-_|".contains(&byte);
    let has_number = text.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() > MAX_DIGITS);
    scheme && text.bytes().all(is_usual) && !has_number && !has_spelled_number(text)
}

/// Whether a text may have an identity number that is written in groups (`130570-12345`, `13.05.70/12345`).
fn has_spelled_number(text: &str) -> bool {
    let Some(oid) = text.strip_prefix(OID) else { return digits::may_hold(text, IDENTITY_DIGITS) };
    let (arcs, version) = oid.split_once('|').unwrap_or((oid, ""));
    if !arcs.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return digits::may_hold(oid, IDENTITY_DIGITS);
    }
    // An OID is nothing but digits in groups, most with one of a single digit among any eleven.
    let groups = oid.split(|c: char| !c.is_ascii_digit());
    let lengths: Vec<usize> = groups.map(str::len).filter(|length| *length > 0).collect();
    let is_number = |from: usize| {
        let mut sum = 0;
        let groups = lengths.iter().skip(from).take_while(|length| **length > 1);
        let mut sums = groups.map(|length| {
            sum += length;
            sum
        });
        sums.any(|sum| sum == IDENTITY_DIGITS)
    };
    (0..lengths.len()).any(is_number) || digits::may_hold(version, IDENTITY_DIGITS)
}

/// Text that is a definition's in some cases and the instance's in others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Text {
    /// Of a definition, or ours.
    Defined(Defined),
    /// Of the instance.
    Given(Given<120>),
}

impl Text {
    /// Text of a definition, or ours.
    pub fn defined(text: impl Into<Defined>) -> Self {
        Self::Defined(text.into())
    }

    /// Text of the instance.
    pub fn given(text: impl Into<Value>) -> Self {
        Self::Given(text.into())
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::Defined(Defined::default())
    }
}

impl Field for Text {
    fn redact(&mut self, may_stay: &dyn Fn(&str) -> bool) {
        if let Self::Given(given) = self {
            given.redact(may_stay);
        }
    }

    fn shown(&self, language: Language) -> Cow<'_, str> {
        match self {
            Self::Defined(text) => text.shown(language),
            Self::Given(text) => text.shown(language),
        }
    }
}

/// Words of ours, in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Words(&'static Bilingual);

impl Words {
    /// Refers to the words, so that a message stays small.
    pub const fn of(words: &'static Bilingual) -> Self {
        Self(words)
    }
}

impl Default for Words {
    fn default() -> Self {
        Self(&Bilingual { nb: "", en: "" })
    }
}

impl Field for Words {
    fn shown(&self, language: Language) -> Cow<'_, str> {
        Cow::Borrowed(self.0.in_language(language))
    }
}

/// What may help, as the last words of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Hint {
    /// Nothing to suggest.
    #[default]
    None,
    /// A known name that is nearly the one written.
    Near(Box<str>),
    /// A known code that is nearly the one written. It says most of the value, so redaction leaves it out.
    NearCode(Box<str>),
    /// Words of ours.
    Words(Words),
}

impl From<Option<&str>> for Hint {
    fn from(near: Option<&str>) -> Self {
        near.map_or(Self::None, |near| Self::Near(near.into()))
    }
}

impl Hint {
    /// A code of a code system or a value set.
    pub(crate) fn code(near: Option<&str>) -> Self {
        near.map_or(Self::None, |near| Self::NearCode(near.into()))
    }
}

impl Field for Hint {
    fn redact(&mut self, _: &dyn Fn(&str) -> bool) {
        if matches!(self, Self::NearCode(_)) {
            *self = Self::None;
        }
    }

    fn shown(&self, language: Language) -> Cow<'_, str> {
        match self {
            Self::None => Cow::Borrowed(""),
            Self::Near(near) | Self::NearCode(near) => Cow::Owned(format!(" ({near}?)")),
            Self::Words(words) => words.shown(language),
        }
    }
}

/// The nearest reason why something does not fit, as the last words of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Because(Option<Box<(Box<str>, Message)>>);

impl Because {
    /// What was reported about an element, whose location comes first.
    pub(crate) fn of(location: &str, message: &Message) -> Self {
        Self(Some(Box::new((location.into(), message.clone()))))
    }
}

impl Field for Because {
    fn redact(&mut self, may_stay: &dyn Fn(&str) -> bool) {
        if let Some(reason) = &mut self.0 {
            reason.1.redact(may_stay);
        }
    }

    fn shown(&self, language: Language) -> Cow<'_, str> {
        self.0.as_ref().map_or(Cow::Borrowed(""), |reason| {
            let (location, message) = &**reason;
            Cow::Owned(format!("; {location}: {}", message.text(language)))
        })
    }
}

/// A text of any length as a message shows it: its beginning if it is longer than `limit`.
pub(crate) fn clipped(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit || text.chars().nth(limit).is_none() {
        return Cow::Borrowed(text);
    }
    let end = text.char_indices().nth(limit.saturating_sub(3)).map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{}...", &text[..end]))
}

impl fmt::Display for Defined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_identity_number_in_any_spelling_is_a_public_address() {
        for digits::Spelling { text: number, .. } in digits::spellings("13057012345") {
            for address in [
                format!("http://test.no/{number}"),
                format!("https://test.no/id-{number}/x"),
                format!("https://{number}.no"),
                format!("http://test.no/a|{number}"),
                format!("urn:oid:{number}"),
                format!("urn:oid:2.16.578.1.12.4.1.{number}"),
                format!("urn:oid:2.16.578.1.12.4.1.1.7448|{number}"),
            ] {
                assert!(!is_public_address(&address), "{address}");
            }
        }
    }

    #[test]
    fn addresses_of_definitions_and_code_systems_stay() {
        for address in [
            "http://hl7.org/fhir/StructureDefinition/Patient|4.0.1",
            "http://hl7.org/fhir/2026-01-31/x",
            "http://www.whocc.no/atc",
            "http://127.0.0.1:8090/fhir",
            "urn:oid:2.16.578.1.12.4.1.4.101",
            "urn:oid:2.16.578.1.12.4.1.1.7448|2026.1",
            "urn:oid:2.16.578.1.12.4.1.1.7448|2026-01-31",
            "urn:oid:2.16.840.1.113883.6.96",
            "urn:oid:2.16.840.1.113883.13.12",
            "urn:oid:1.2.246.537.6.12.2002",
        ] {
            assert!(is_public_address(address), "{address}");
        }
        for other in ["", "Kari", "urn:uuid:1", "http://test.no/9144889", "http://test.no/a b"] {
            assert!(!is_public_address(other), "{other}");
        }
    }
}
