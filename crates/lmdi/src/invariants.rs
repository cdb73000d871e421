//! The guide's and R4's invariants: the code of each, and its sentence in both languages. They are data
//! about the guide, in `rulesets/invariants.json`; R4's own definitions speak English only.

use std::collections::HashMap;
use std::sync::LazyLock;

use lmr_fhir::{Document, Node, ParseOptions};
use lmr_validator::Issue;

use crate::codes::{Code, Language};

const DATA: &str = include_str!("../rulesets/invariants.json");

/// What is known of an invariant.
struct Invariant {
    code: Code,
    /// Half a sentence each, bokmål and English.
    text: Option<(String, String)>,
}

static INVARIANTS: LazyLock<HashMap<String, Invariant>> = LazyLock::new(|| {
    // Embedded; a test holds every row to its form.
    let Ok(document) = Document::parse(DATA, &ParseOptions::strict()) else {
        return HashMap::new();
    };
    document.root().members().filter_map(read).collect()
});

fn read(row: Node<'_>) -> Option<(String, Invariant)> {
    let text = |name| Some(row.member(name)?.as_str()?.into_owned());
    let code = Code::parse(&text("code")?)?;
    Some((row.key()?.into_owned(), Invariant { code, text: text("nb").zip(text("en")) }))
}

/// Whose keys are meant. Anybody may write a rule with a key that R4 has (`pat-1`), and it says something else.
const PUBLISHERS: [&str; 3] =
    ["http://hl7.org/fhir/", "http://hl7.no/fhir/", "http://fhi.no/fhir/"];

/// What is known of an invariant, by its id: `source#key`, or the key alone.
fn known(id: &str) -> Option<&'static Invariant> {
    let (source, key) = id.rsplit_once('#').unwrap_or(("", id));
    let is_meant = source.is_empty() || PUBLISHERS.iter().any(|by| source.starts_with(by));
    INVARIANTS.get(key).filter(|_| is_meant)
}

/// The code of a failed invariant, by its id.
pub(crate) fn code_of(id: &str) -> Code {
    known(id).map_or(Code::InvariantFailed, |invariant| invariant.code)
}

/// The sentence of a failed invariant in our words, where there is one.
pub(crate) fn text_of(issue: &Issue, language: Language) -> Option<String> {
    let key = issue.constraint_key()?;
    let (nb, en) = known(issue.id())?.text.as_ref()?;
    Some(match language {
        Language::Bokmal => format!("Regelen {key} er ikke oppfylt: {nb}"),
        Language::English => format!("Constraint {key} is not met: {en}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        let document = Document::parse(DATA, &ParseOptions::strict()).unwrap();
        assert_eq!(document.root().members().count(), INVARIANTS.len());
        assert!(INVARIANTS.len() > 40);
        assert_eq!(code_of("time-required"), Code::TimeOfDayRequired);
        assert_eq!(code_of("xyz-1"), Code::InvariantFailed);
    }

    #[test]
    fn a_key_means_the_rule_of_its_publisher_and_not_one_that_others_call_the_same() {
        for source in ["http://hl7.org/fhir/StructureDefinition/Period", ""] {
            let id = if source.is_empty() { "per-1".to_owned() } else { format!("{source}#per-1") };
            assert_eq!(code_of(&id), Code::PeriodReversed, "{id}");
        }
        for source in
            ["urn:lmr:house-rules:Patient", "http://example.org/fhir/StructureDefinition/p"]
        {
            assert_eq!(code_of(&format!("{source}#per-1")), Code::InvariantFailed, "{source}");
        }
    }
}
