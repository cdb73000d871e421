//! Why a check is not of everything that was to be checked. Every format says it, in a form that programs can read: a
//! report without errors must not pass for a verdict on what nobody has looked at.

use std::collections::BTreeSet;

use lmr_fhir::{Bilingual, Language, OperationOutcome, OutcomeIssue};
use serde_json::{Value, json};

/// One reason why something was not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// The check was ended before all was checked: the time was up, or somebody stopped it.
    Stopped,
    /// A file, an archive or a folder could not be opened or read to its end.
    Unread,
    /// An archive was not looked into.
    Packed,
    /// A file was chosen that is of a kind that is not read.
    Kind,
    /// A package could not be used: what was checked, was checked without it.
    Package,
    /// There was nothing to be checked at all.
    Nothing,
}

impl Lack {
    /// All of them, in the order in which they are named.
    pub const ALL: [Self; 6] =
        [Self::Stopped, Self::Unread, Self::Packed, Self::Kind, Self::Package, Self::Nothing];

    /// Its name for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Unread => "unread",
            Self::Packed => "packed",
            Self::Kind => "kind",
            Self::Package => "package",
            Self::Nothing => "nothing",
        }
    }

    /// The lack of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lack| lack.as_str() == name)
    }

    /// What it means, for people.
    fn text(self) -> Bilingual {
        match self {
            Self::Stopped => {
                Bilingual { nb: "kontrollen ble stanset", en: "the check was stopped" }
            }
            Self::Unread => {
                Bilingual { nb: "noe kunne ikke leses", en: "something could not be read" }
            }
            Self::Packed => {
                Bilingual { nb: "et arkiv er ikke pakket ut", en: "an archive was not unpacked" }
            }
            Self::Kind => Bilingual {
                nb: "en fil er av et slag som ikke leses",
                en: "a file is of a kind that is not read",
            },
            Self::Package => {
                Bilingual { nb: "en pakke kunne ikke brukes", en: "a package could not be used" }
            }
            Self::Nothing => Bilingual {
                nb: "det var ingenting å kontrollere",
                en: "there was nothing to check",
            },
        }
    }
}

/// That not all was checked, and why.
#[must_use]
pub fn sentence(lacks: &BTreeSet<Lack>, language: Language) -> String {
    let nothing = lacks.len() == 1 && lacks.contains(&Lack::Nothing);
    let start = match (nothing, language) {
        (true, Language::Bokmal) => "Ingenting er kontrollert",
        (true, Language::English) => "Nothing was checked",
        (false, Language::Bokmal) => "Ikke alt er kontrollert",
        (false, Language::English) => "Not everything was checked",
    };
    let reasons: Vec<&str> = lacks.iter().map(|lack| lack.text().in_language(language)).collect();
    format!("{start}: {}.", reasons.join(", "))
}

/// The names of the lacks.
pub(crate) fn names(lacks: &BTreeSet<Lack>) -> Vec<&'static str> {
    lacks.iter().map(|lack| lack.as_str()).collect()
}

/// The line behind the findings (JSON) of a check that is not complete; `resources` were checked all the same.
#[must_use]
pub fn line(lacks: &BTreeSet<Lack>, resources: usize, language: Language) -> Value {
    json!({
        "incomplete": true,
        "reasons": names(lacks),
        "resources": resources,
        "text": sentence(lacks, language),
    })
}

/// The outcome behind those of the resources.
#[must_use]
pub fn outcome(lacks: &BTreeSet<Lack>, language: Language) -> OperationOutcome {
    let (other, tag) = match language {
        Language::Bokmal => (Language::English, "en"),
        Language::English => (Language::Bokmal, "nb"),
    };
    let issue = OutcomeIssue {
        severity: "warning",
        code: "incomplete".to_owned(),
        text: Some(sentence(lacks, language)),
        translations: vec![(tag, sentence(lacks, other))],
        diagnostics: Some(names(lacks).join(" ")),
        ..OutcomeIssue::default()
    };
    OperationOutcome { extension: Vec::new(), issue: vec![issue] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lack_has_a_name_of_its_own_and_a_sentence_in_both_languages() {
        let names: BTreeSet<&str> = Lack::ALL.into_iter().map(Lack::as_str).collect();
        assert_eq!(names.len(), Lack::ALL.len());
        for lack in Lack::ALL {
            assert_eq!(Lack::parse(lack.as_str()), Some(lack));
            let lacks = BTreeSet::from([lack]);
            let [nb, en] = [Language::Bokmal, Language::English].map(|tag| sentence(&lacks, tag));
            assert_ne!(nb, en);
            let outcome = outcome(&lacks, Language::English).to_json();
            assert!(outcome.contains(&en) && outcome.contains(&nb), "{outcome}");
            assert!(outcome.contains("\"code\":\"incomplete\"") && outcome.contains(lack.as_str()));
        }
        assert_eq!(Lack::parse("surprise"), None);
    }
}
