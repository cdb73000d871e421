//! The catalogue of messages: id, default severity, FHIR issue type and the
//! text templates in English and bokmål.
//!
//! Ids are the reference validator's where it has one; ours start with `LMRV_`.

use lmr_fhir::{Language, Severity};

use crate::issue::IssueCode;

/// Declares the catalogue once: the enum and its table.
macro_rules! catalogue {
    ($($(#[$doc:meta])* $variant:ident $id:literal $severity:ident $code:ident $en:literal $nb:literal;)*) => {
        /// A rule of the validator that is no invariant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Message {
            $($(#[$doc])* #[doc = $en] $variant,)*
        }

        /// Every message, in the order of declaration.
        pub const ALL: &[Message] = &[$(Message::$variant,)*];

        impl Message {
            pub(super) fn entry(self) -> &'static Entry {
                &TABLE[self as usize]
            }
        }

        static TABLE: &[Entry] = &[$(Entry {
            id: $id,
            severity: Severity::$severity,
            code: IssueCode::$code,
            en: $en,
            nb: $nb,
        },)*];
    };
}

struct Entry {
    id: &'static str,
    severity: Severity,
    code: IssueCode,
    en: &'static str,
    nb: &'static str,
}

impl Message {
    /// The id as it travels.
    pub fn id(self) -> &'static str {
        self.entry().id
    }

    /// The message of an id.
    pub fn from_id(id: &str) -> Option<Self> {
        ALL.iter().copied().find(|m| m.id() == id)
    }

    /// The severity unless policy or binding says otherwise.
    pub fn severity(self) -> Severity {
        self.entry().severity
    }

    /// The FHIR issue type.
    pub fn code(self) -> IssueCode {
        self.entry().code
    }

    /// The text with `{0}`, `{1}` ... for the arguments.
    pub fn template(self, lang: Language) -> &'static str {
        match lang {
            Language::English => self.entry().en,
            Language::Bokmal => self.entry().nb,
        }
    }
}

impl Message {
    /// Whether the reference tells this while it reads, before it knows the types of choices: its
    /// paths then name elements as their definitions do (`value[x]`).
    pub(crate) fn is_of_reading(self) -> bool {
        matches!(
            self,
            Self::UnrecognisedProperty
                | Self::MustBeArray
                | Self::MustBe
                | Self::MustBeSimple
                | Self::MustBeObject
                | Self::BaseMustBeArray
        ) || self >= Self::JsonParse
    }

    /// Whether the path of what is told in reading leads to the list, not to its item: so it is for
    /// lists of primitives.
    pub(crate) fn is_of_list(self) -> bool {
        matches!(
            self,
            Self::MustBeArray
                | Self::MustBeSimple
                | Self::MustBeObject
                | Self::JsonInvalidArray
                | Self::JsonNotBoolean
                | Self::JsonNotNumber
                | Self::JsonNotString
        )
    }
}

mod table;
pub use table::{ALL, Message};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn placeholders(template: &str) -> HashSet<String> {
        template
            .split('{')
            .skip(1)
            .filter_map(|t| t.split_once('}').map(|(n, _)| n.to_owned()))
            .collect()
    }

    #[test]
    fn every_message_has_a_text_in_both_languages_with_the_same_arguments() {
        for m in ALL {
            let (en, nb) = (m.template(Language::English), m.template(Language::Bokmal));
            assert!(!en.trim().is_empty(), "{} has no English text", m.id());
            assert!(!nb.trim().is_empty(), "{} has no bokmål text", m.id());
            assert_ne!(en, nb, "{} is not translated", m.id());
            assert_eq!(placeholders(en), placeholders(nb), "{}", m.id());
        }
    }

    #[test]
    fn every_id_stands_once_and_leads_back_to_its_message() {
        let mut seen = HashSet::new();
        for m in ALL {
            assert!(seen.insert(m.id()), "{} stands twice", m.id());
            assert_eq!(Message::from_id(m.id()), Some(*m));
        }
    }
}
