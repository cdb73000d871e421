//! What only the version before shows: annulments of something never received, life after an annulment, a
//! correction that is of another patient.
//!
//! Why: since 1.1.6 the guide corrects and annuls an administration by sending it again with the same
//! identifier; `entered-in-error` annuls, leaving out annuls nothing. What a `completed` after an annulment
//! means, and whether a correction may change the patient, the guide does not say: all of it is taken, and
//! reported. Source: the guide, lmdi-medicationadministration, identifier and status.

use crate::codes::Code;
use crate::finding::{ElementLocation, Finding};
use crate::identity::Identity;

/// What the next version of an administration is held against. Names the patient by identity, so it is stored
/// sealed and never logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdministrationFacts {
    /// Whether its status is `entered-in-error`.
    pub is_annulled: bool,
    /// The patient its `subject` refers to, if that is in the bundle.
    pub patient: Option<Identity>,
}

impl AdministrationFacts {
    /// As bytes, for a store that does not look into them: whether it is annulled, and the patient's type and
    /// key, one a line.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = String::from(if self.is_annulled { "annulled" } else { "given" });
        if let Some(patient) = &self.patient {
            text.extend(["\n", &patient.resource_type, "\n", &patient.key]);
        }
        text.into_bytes()
    }

    /// Reads what [`AdministrationFacts::to_bytes`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(bytes).ok()?.splitn(3, '\n');
        let is_annulled = match parts.next()? {
            "annulled" => true,
            "given" => false,
            _ => return None,
        };
        let patient = match (parts.next(), parts.next()) {
            (Some(resource_type), Some(key)) => {
                Some(Identity { resource_type: resource_type.to_owned(), key: key.to_owned() })
            }
            (None, None) => None,
            _ => return None,
        };
        Some(Self { is_annulled, patient })
    }
}

/// Findings on the entry of an administration, given the facts of the version before; `None` if the register
/// has none.
#[must_use]
pub fn findings_after(
    entry: usize,
    new: &AdministrationFacts,
    before: Option<&AdministrationFacts>,
) -> Vec<Finding> {
    let at = |element: &str| ElementLocation {
        expression: format!("MedicationAdministration.{element}"),
        full_expression: format!("Bundle.entry[{entry}].resource.{element}"),
        ..ElementLocation::default()
    };
    let mut findings = Vec::new();
    match before {
        None if new.is_annulled => findings.push(Finding::of(Code::AnnulsUnknown, at("status"))),
        Some(before) if before.is_annulled && !new.is_annulled => {
            findings.push(Finding::of(Code::CompletedAfterAnnulment, at("status")));
        }
        _ => {}
    }
    let patients = before.and_then(|before| before.patient.as_ref()).zip(new.patient.as_ref());
    if patients.is_some_and(|(before, new)| before != new) {
        findings.push(Finding::of(Code::CorrectionChangesPatient, at("subject")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(is_annulled: bool, patient: Option<&str>) -> AdministrationFacts {
        let patient = patient
            .map(|key| Identity { resource_type: "Patient".to_owned(), key: key.to_owned() });
        AdministrationFacts { is_annulled, patient }
    }

    #[test]
    fn stories_of_an_administration_and_what_is_reported() {
        let (given, annulled) = (facts(false, Some("id:a")), facts(true, Some("id:a")));
        let other = facts(false, Some("id:b"));
        let unknown = facts(false, None);
        let cases: [(&str, Option<&AdministrationFacts>, &AdministrationFacts, &[Code]); 9] = [
            ("first transfer", None, &given, &[]),
            ("correction", Some(&given), &given, &[]),
            ("annulment", Some(&given), &annulled, &[]),
            ("annulment again", Some(&annulled), &annulled, &[]),
            ("annulment of the unknown", None, &annulled, &[Code::AnnulsUnknown]),
            ("revival", Some(&annulled), &given, &[Code::CompletedAfterAnnulment]),
            ("another patient", Some(&given), &other, &[Code::CorrectionChangesPatient]),
            (
                "revival for another patient",
                Some(&annulled),
                &other,
                &[Code::CompletedAfterAnnulment, Code::CorrectionChangesPatient],
            ),
            ("patient not in the bundle", Some(&given), &unknown, &[]),
        ];
        for (name, before, new, expected) in cases {
            let found = findings_after(3, new, before);
            assert_eq!(found.iter().map(|f| f.code).collect::<Vec<_>>(), expected, "{name}");
            assert!(found.iter().all(|finding| !finding.refuses()), "{name}");
        }
    }

    #[test]
    fn facts_are_read_back_from_their_bytes() {
        for facts in [
            facts(false, None),
            facts(true, None),
            facts(true, Some("identifier:urn:s|1")),
            facts(false, Some("id:a\nb")),
        ] {
            assert_eq!(AdministrationFacts::from_bytes(&facts.to_bytes()), Some(facts));
        }
        for odd in [&b""[..], b"\xff", b"taken", b"given\nPatient"] {
            assert_eq!(AdministrationFacts::from_bytes(odd), None);
        }
    }

    #[test]
    fn what_is_printed_for_debugging_names_no_patient() {
        assert!(!format!("{:?}", facts(false, Some("identifier:s|hemmelig"))).contains("hemmelig"));
    }
}
