//! The readable half of the catalogue.

use super::{Area, Code, Language, connection, content, envelope, profile, register, terminology};

/// One sentence in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bilingual {
    /// Bokmål.
    pub nb: &'static str,
    /// English.
    pub en: &'static str,
}

impl Bilingual {
    /// The sentence in `language`.
    #[must_use]
    pub const fn in_language(&self, language: Language) -> &'static str {
        match language {
            Language::Bokmal => self.nb,
            Language::English => self.en,
        }
    }
}

/// Everything a person needs to understand and cure one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Which code this explains.
    pub code: Code,
    /// A few words.
    pub title: Bilingual,
    /// The rule, and what breaks it.
    pub explanation: Bilingual,
    /// What is usually behind it at the sender.
    pub cause: Bilingual,
    /// A fragment that breaks the rule. Synthetic.
    pub wrong: &'static str,
    /// The same fragment, right.
    pub right: &'static str,
    /// What to do.
    pub remedy: Bilingual,
}

/// Shorthand of the tables: nb, en.
pub(super) const fn both(nb: &'static str, en: &'static str) -> Bilingual {
    Bilingual { nb, en }
}

fn table(area: Area) -> &'static [Text] {
    match area {
        Area::Connection => connection::TEXTS,
        Area::Envelope => envelope::TEXTS,
        Area::Content => content::TEXTS,
        Area::Profile => profile::TEXTS,
        Area::Terminology => terminology::TEXTS,
        Area::Register => register::TEXTS,
        Area::Own => connection::OWN_TEXTS,
    }
}

pub(super) fn of(code: Code) -> &'static Text {
    // The last entry of no table is ever reached: a test holds every code against its table.
    table(code.area()).iter().find(|text| text.code == code).unwrap_or(&MISSING)
}

const MISSING: Text = Text {
    code: Code::InternalFault,
    title: both("Uten forklaring", "Without explanation"),
    explanation: both("", ""),
    cause: both("", ""),
    wrong: "",
    right: "",
    remedy: both("", ""),
};

#[cfg(test)]
pub(super) fn tables() -> impl Iterator<Item = &'static Text> {
    [
        connection::TEXTS,
        envelope::TEXTS,
        content::TEXTS,
        profile::TEXTS,
        terminology::TEXTS,
        register::TEXTS,
        connection::OWN_TEXTS,
    ]
    .into_iter()
    .flatten()
}
