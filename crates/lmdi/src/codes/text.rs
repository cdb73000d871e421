//! The readable half of the catalogue.

use super::{Area, Bilingual, Code, connection, content, envelope, profile, register, terminology};

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

/// Shorthand of the tables; every pair is bokmål, English.
pub(super) const fn entry(
    code: Code,
    title: [&'static str; 2],
    explanation: [&'static str; 2],
    cause: [&'static str; 2],
    wrong: &'static str,
    right: &'static str,
    remedy: [&'static str; 2],
) -> Text {
    Text {
        code,
        title: both(title),
        explanation: both(explanation),
        cause: both(cause),
        wrong,
        right,
        remedy: both(remedy),
    }
}

const fn both([nb, en]: [&'static str; 2]) -> Bilingual {
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

const MISSING: Text = entry(
    Code::InternalFault,
    ["Uten forklaring", "Without explanation"],
    ["", ""],
    ["", ""],
    "",
    "",
    ["", ""],
);

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_explained_once_in_its_area_in_both_languages() {
        let explained: Vec<Code> = tables().map(|text| text.code).collect();
        let distinct: BTreeSet<Code> = explained.iter().copied().collect();
        assert_eq!(explained.len(), distinct.len(), "a code is explained twice");
        for code in Code::ALL {
            let text = code.text();
            assert_eq!(text.code, *code, "{code} is missing from its area's table");
            for pair in [text.title, text.explanation, text.cause, text.remedy] {
                assert!(!pair.nb.is_empty() && !pair.en.is_empty(), "{code}");
            }
            assert!(!text.wrong.is_empty() && !text.right.is_empty(), "{code}");
            assert!(text.title.nb.chars().count() <= 60, "{code}: long title");
        }
    }

    #[test]
    fn no_example_repeats_a_number_that_could_be_a_persons() {
        for text in tables() {
            for example in [text.wrong, text.right] {
                let longest =
                    example.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
                assert!(longest != 11, "{}: {example}", text.code);
            }
        }
    }
}
