//! The catalogue of messages: for each rule its id, severity, FHIR issue type, facts and the texts
//! in English and bokmål.
//!
//! Each subject's rows are beside its checks (`check/<subject>/messages.rs`) and are joined here
//! to one enum, so that a `match` on [`Message`] is complete or does not compile. A row reads
//!
//! ```text
//! ProfileMaximum { found: usize, element: Defined, limit: usize, profile: Defined }
//!     "Validation_VAL_Profile_Maximum" Error Structure
//!     en "{element}: at most {limit} allowed, found {found}"
//!     nb "{element}: høyst {limit} er tillatt, fant {found}";
//! ```
//!
//! A placeholder that is not a field does not compile. The type of a field decides what
//! [`crate::Options::redact_values`] leaves of it ([`field`]). Ids are the reference validator's
//! where it has one; ours start with `LMRV_`.

pub mod field;
pub mod issue_code;

use std::fmt;
use std::sync::Arc;

use lmr_fhir::{Language, Severity};

use crate::check::binding::messages::binding_messages;
use crate::check::bundle::messages::bundle_messages;
use crate::check::definition::messages::definition_messages;
use crate::check::extension::messages::extension_messages;
use crate::check::fixed::messages::fixed_messages;
use crate::check::invariant::messages::invariant_messages;
use crate::check::json::messages::json_messages;
use crate::check::narrative::messages::narrative_messages;
use crate::check::primitive::messages::primitive_messages;
use crate::check::reference::messages::reference_messages;
use crate::check::slicing::messages::slicing_messages;
use crate::check::structure::messages::structure_messages;
use field::{
    Because, Canonical, Defined, Field, GivenName, GivenUrl, Hint, Reason, Stated, Text, TypeName,
    Value, Words,
};
use issue_code::IssueCode;

/// Declares the enum and its table from all rows.
macro_rules! declare {
    ($(
        $(#[$doc:meta])* $variant:ident $({ $($field:ident: $ty:ty),* $(,)? })?
        $id:literal $severity:ident $code:ident
        en $en:literal
        nb $nb:literal;
    )*) => {
        /// A rule of the validator with the facts that its text needs.
        #[allow(rustdoc::bare_urls, reason = "the doc of a variant is its text for users")]
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the text of each names its fields")]
        pub enum Message {
            $($(#[$doc])* #[doc = $en] $variant $({ $($field: $ty),* })?,)*
            /// A constraint of a definition that an element breaks.
            Invariant {
                /// `source#key`, the source being the profile that wrote the constraint.
                id: Arc<str>,
                key: Arc<str>,
                /// The definition's own sentence.
                human: Arc<str>,
            },
        }

        impl Message {
            /// The id as it travels.
            pub fn id(&self) -> &str {
                match self {
                    $(Self::$variant { .. } => $id,)*
                    Self::Invariant { id, .. } => id,
                }
            }

            /// The severity unless policy or binding says otherwise.
            pub fn severity(&self) -> Severity {
                match self {
                    $(Self::$variant { .. } => Severity::$severity,)*
                    Self::Invariant { .. } => Severity::Error,
                }
            }

            /// The FHIR issue type.
            pub fn code(&self) -> IssueCode {
                match self {
                    $(Self::$variant { .. } => IssueCode::$code,)*
                    Self::Invariant { .. } => IssueCode::Invariant,
                }
            }

            /// The same without what comes from the instance. `may_stay` knows the names that may stay: those of
            /// resource types.
            pub(crate) fn redact(&mut self, may_stay: &dyn Fn(&str) -> bool) {
                match self {
                    $(Self::$variant $({ $($field),* })? => { $($($field.redact(may_stay);)*)? })*
                    Self::Invariant { .. } => {}
                }
            }

            #[expect(unused_variables, reason = "not every fact is part of the text")]
            fn write(&self, out: &mut String, language: Language) -> fmt::Result {
                use fmt::Write as _;
                match self {
                    $(Self::$variant $({ $($field),* })? => {
                        $($(let $field = $field.shown(language);)*)?
                        match language {
                            Language::English => write!(out, $en),
                            Language::Bokmal => write!(out, $nb),
                        }
                    })*
                    Self::Invariant { key, human, .. } => match language {
                        Language::English => write!(out, "Constraint {key} is not met: {human}"),
                        Language::Bokmal => write!(out, "Regelen {key} er ikke oppfylt: {human}"),
                    },
                }
            }

            /// One message of each row, all facts empty: for tests that go through all of them.
            pub fn samples() -> Vec<Self> {
                vec![$(Self::$variant $({ $($field: Default::default()),* })?,)*]
            }

            #[cfg(test)]
            fn templates() -> Vec<(&'static str, &'static str, &'static str)> {
                vec![$((stringify!($variant), $en, $nb),)*]
            }

            /// The name of the row.
            #[cfg(test)]
            pub(crate) fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => stringify!($variant),)*
                    Self::Invariant { .. } => "Invariant",
                }
            }
        }
    };
}

// Each hands its rows on to the next, the last to `declare`.
structure_messages! {
    primitive_messages fixed_messages slicing_messages binding_messages reference_messages
    extension_messages bundle_messages definition_messages invariant_messages narrative_messages json_messages declare
}

impl Message {
    /// The sentence, in the language asked for.
    pub fn text(&self, language: Language) -> String {
        let mut out = String::with_capacity(96);
        // Writing to a string cannot fail.
        let _ = self.write(&mut out, language);
        out
    }

    /// Whether the reference validator reports this while it reads, before it knows the types of
    /// choices: its paths then name elements as their definitions do (`value[x]`).
    pub(crate) fn is_of_reading(&self) -> bool {
        matches!(
            self,
            Self::UnrecognisedProperty { .. }
                | Self::MustBeArray { .. }
                | Self::MustBe { .. }
                | Self::MustBeSimple { .. }
                | Self::MustBeObject { .. }
                | Self::BaseMustBeArray { .. }
                | Self::JsonParse { .. }
                | Self::JsonDuplicate { .. }
                | Self::JsonEmptyArray
                | Self::JsonEmptyObject
                | Self::JsonInvalidArray { .. }
                | Self::JsonCommaExtra { .. }
                | Self::JsonCommaMissing
                | Self::JsonComments
                | Self::JsonNoQuotes { .. }
                | Self::JsonValueNoQuotes { .. }
                | Self::JsonOther { .. }
                | Self::JsonNotBoolean
                | Self::JsonNotNumber
                | Self::JsonNotString
                | Self::NoResourceType
                | Self::ResourceTypeWrong { .. }
                | Self::ResourceTypeUnknown { .. }
                | Self::ResourceTypeUnknownInside { .. }
        )
    }

    /// Whether the location of what is reported while reading is the list, not its item: so it is
    /// for lists of primitives.
    pub(crate) fn is_of_list(&self) -> bool {
        matches!(
            self,
            Self::MustBeArray { .. }
                | Self::MustBeSimple { .. }
                | Self::MustBeObject { .. }
                | Self::JsonInvalidArray { .. }
                | Self::JsonNotBoolean
                | Self::JsonNotNumber
                | Self::JsonNotString
        )
    }

    /// Whether both report the same: an invariant is one whatever profile carries it.
    pub(crate) fn reports_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Invariant { key, human, .. },
                Self::Invariant { key: other_key, human: other_human, .. },
            ) => key == other_key && human == other_human,
            _ => self == other,
        }
    }
}

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
        for (name, en, nb) in Message::templates() {
            assert!(!en.trim().is_empty(), "{name} has no English text");
            assert!(!nb.trim().is_empty(), "{name} has no bokmål text");
            assert_ne!(en, nb, "{name} is not translated");
            assert_eq!(placeholders(en), placeholders(nb), "{name}");
        }
    }

    #[test]
    fn every_id_occurs_once() {
        let mut seen = HashSet::new();
        for message in Message::samples() {
            assert!(seen.insert(message.id().to_owned()), "{} occurs twice", message.id());
            assert!(
                !message.text(Language::English).is_empty()
                    && !message.text(Language::Bokmal).is_empty()
            );
        }
    }

    #[test]
    fn redaction_leaves_nothing_of_the_instance() {
        let mut message = Message::RefBadTargetType {
            found: "P12855825599".into(),
            allowed: Text::given("http://a.no/12855825599"),
        };
        message.redact(&|name| name == "Patient");
        for language in [Language::English, Language::Bokmal] {
            assert!(!message.text(language).contains("12855825599"), "{}", message.text(language));
        }
        let mut known = Message::RefBadTargetType {
            found: "Patient".into(),
            allowed: Text::defined("Group, Device"),
        };
        // A code that is nearly the one written says most of it: E11.0 of a diagnosis that is E11.9.
        let mut coded = Message::UnknownCodeNoVersion {
            code: "E11.0".into(),
            system: "urn:oid:2.16.578.1.12.4.1.1.7110".into(),
            hint: Hint::code(Some("E11.9")),
        };
        assert!(coded.text(Language::English).contains("E11.9"));
        coded.redact(&|name| name == "Patient");
        assert!(
            !coded.text(Language::English).contains("E11"),
            "{}",
            coded.text(Language::English)
        );
        let before = known.clone();
        known.redact(&|name| name == "Patient");
        assert_eq!(known, before);
    }
}
