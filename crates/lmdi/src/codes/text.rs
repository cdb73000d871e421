//! The readable half of the catalogue.

use super::{Bilingual, Code};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_in_both_languages() {
        for code in Code::ALL {
            let text = code.text();
            assert_eq!(text.code, *code);
            for pair in [text.title, text.explanation, text.cause, text.remedy] {
                assert!(!pair.nb.is_empty() && !pair.en.is_empty(), "{code}");
            }
            assert!(!text.wrong.is_empty() && !text.right.is_empty(), "{code}");
            assert!(text.title.nb.chars().count() <= 60, "{code}: long title");
        }
    }

    #[test]
    fn no_example_repeats_a_number_that_could_be_a_persons() {
        for text in Code::ALL.iter().map(|code| code.text()) {
            for example in [text.wrong, text.right] {
                let longest =
                    example.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
                assert!(longest != 11, "{}: {example}", text.code);
            }
        }
    }
}
