//! Encodings of Unicode that a text is in now and then instead of UTF-8.

use std::borrow::Cow;

use crate::language::{Language, Localized};

/// An encoding that is not UTF-8, as the first bytes of a text show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtherEncoding {
    /// Two bytes a unit.
    Utf16,
    /// Four bytes a character.
    Utf32,
}

impl OtherEncoding {
    /// What the first bytes show: a byte order mark, or NUL bytes beside the first character, since JSON and XML begin
    /// with one of ASCII. Rule: <https://www.rfc-editor.org/rfc/rfc4627#section-3>.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some(Self::Utf32),
            [0, 0, 0, other, ..] | [other, 0, 0, 0, ..] if *other != 0 => Some(Self::Utf32),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(Self::Utf16),
            [0, other, ..] | [other, 0, ..] if *other != 0 => Some(Self::Utf16),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf16 => "UTF-16",
            Self::Utf32 => "UTF-32",
        }
    }
}

impl Localized for OtherEncoding {
    /// What is wrong, as a half sentence.
    fn text(&self, language: Language) -> Cow<'_, str> {
        let name = self.name();
        match language {
            Language::Bokmal => format!("teksten ser ut som {name}; det skal være UTF-8").into(),
            Language::English => format!("the text looks like {name}; UTF-8 is expected").into(),
        }
    }
}
