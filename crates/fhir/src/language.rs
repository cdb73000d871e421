//! The two languages of everything people read.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Language of a text for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Norwegian bokmål, the register's language.
    #[default]
    Bokmal,
    /// English.
    English,
}

impl Language {
    /// Both languages.
    pub const ALL: [Self; 2] = [Self::Bokmal, Self::English];

    /// The BCP-47 tag: `nb` or `en`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Bokmal => "nb",
            Self::English => "en",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// The text is neither `nb` nor `en`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a language that texts exist in (nb, en)")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads the BCP-47 tag.
    fn from_str(tag: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.tag() == tag).ok_or(UnknownLanguage)
    }
}

/// One text in both languages: fixed texts as `Bilingual`, texts with values in them as
/// `Bilingual<String>`.
///
/// ```
/// use lmr_fhir::{Bilingual, Language};
///
/// const CORRECT: Bilingual = Bilingual { nb: "I orden", en: "Correct" };
/// assert_eq!(CORRECT.in_language(Language::English), "Correct");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bilingual<T = &'static str> {
    /// Bokmål.
    pub nb: T,
    /// English.
    pub en: T,
}

impl<T> Bilingual<T> {
    /// The text in `language`, by reference.
    pub const fn get(&self, language: Language) -> &T {
        match language {
            Language::Bokmal => &self.nb,
            Language::English => &self.en,
        }
    }

    /// Makes the text in both languages.
    pub fn of(mut make: impl FnMut(Language) -> T) -> Self {
        Self { nb: make(Language::Bokmal), en: make(Language::English) }
    }
}

impl Bilingual {
    /// The text in `language`.
    #[must_use]
    pub const fn in_language(&self, language: Language) -> &'static str {
        match language {
            Language::Bokmal => self.nb,
            Language::English => self.en,
        }
    }
}

/// Something with a text for people in both languages: a message, a code, a rejection, a state.
///
/// The text is made on demand, so that nothing is formatted that nobody reads.
pub trait Localized {
    /// The text in `language`.
    fn text(&self, language: Language) -> Cow<'_, str>;

    /// The text in both languages.
    fn bilingual(&self) -> Bilingual<String> {
        Bilingual::of(|language| self.text(language).into_owned())
    }
}

impl<T: AsRef<str>> Localized for Bilingual<T> {
    fn text(&self, language: Language) -> Cow<'_, str> {
        Cow::Borrowed(self.get(language).as_ref())
    }
}
