//! A received bundle for the services behind the receiver: whole, or split into the three parts of which none has
//! both identities and medicines.
//!
//! The parts follow what Folkehelseinstituttet says of its own splitting: a record per administration, joined by
//! `fullUrl` (or `MedicationAdministration/` and the id), identity numbers and HPR numbers masked in the rest. What
//! cannot be linked has no record; the answer to the sender has counted it ([`crate::LinkCounts`]).

use lmr_fhir::{Bundle, Document, Edits, Element, Limits, OverlappingEdits, ParseOptions};
use lmr_identifiers::{NationalIdentityNumber, systems};
use serde::Serialize;

use crate::bundle_index::BundleIndex;
use crate::links::{fits_the_register, is, values};

/// What stands for the identifier of a patient and of a practitioner in the part without identities.
const MASKED_PATIENT: &str = "00000000000";
const MASKED_PRACTITIONER: &str = "0000000";

/// A patient of an administration.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PatientRecord {
    /// Fødselsnummer or D-number.
    pub norsk_identitetsnummer: String,
    /// `FNR` or `DNR`.
    pub identitetsnummertype: &'static str,
    /// `effectiveDateTime` or `effectivePeriod.start` as written. The register's contract spells it so.
    pub administeringsdato: Option<String>,
    /// The join key.
    pub administreringsreferanse: String,
}

/// A prescriber of an administration.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrescriberRecord {
    /// The HPR number.
    pub hpr_nummer: i32,
    /// The join key.
    pub administreringsreferanse: String,
}

/// The three parts of a bundle.
pub struct SplitBundle {
    /// Who got the medicines.
    pub patients: Vec<PatientRecord>,
    /// Who prescribed them.
    pub prescribers: Vec<PrescriberRecord>,
    /// The bundle with every identifier of patients and practitioners masked; all other bytes as they were.
    pub administrations: String,
}

/// A stored bundle cannot be read again: damaged, or written by another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored bundle cannot be read")]
pub struct UnreadableBundle;

impl From<OverlappingEdits> for UnreadableBundle {
    fn from(_: OverlappingEdits) -> Self {
        Self
    }
}

/// Reads a stored bundle: it was within the receiver's limits when it was stored.
///
/// # Errors
/// [`UnreadableBundle`].
pub fn read(content: &[u8]) -> Result<Document<'_>, UnreadableBundle> {
    let limits =
        Limits { depth: usize::from(u16::MAX), bytes: content.len(), nodes: content.len() + 1 };
    Document::parse_bytes(content, &ParseOptions::strict().with_limits(limits))
        .map_err(|_| UnreadableBundle)
}

/// Takes away the resources at these places by putting an empty object and blanks in their place, so that every other
/// resource stays where it is.
pub fn blank(content: &mut [u8], places: impl IntoIterator<Item = std::ops::Range<usize>>) {
    for place in places {
        let Some(bytes) = content.get_mut(place) else { continue };
        bytes.fill(b' ');
        // A resource is an object, so there is room for two braces.
        if let [first, .., last] = bytes {
            (*first, *last) = (b'{', b'}');
        }
    }
}

/// The bundle without the entries whose resources were taken away.
///
/// # Errors
/// [`UnreadableBundle`].
pub fn without_blanks(content: &[u8]) -> Result<String, UnreadableBundle> {
    let document = read(content)?;
    let bundle = Bundle::of(&document).ok_or(UnreadableBundle)?;
    let is_blank = |element: Element<'_>| element.children().next().is_none();
    let kept: Vec<&str> = bundle
        .entries()
        .filter(|entry| entry.resource().is_none_or(|resource| !is_blank(resource)))
        .map(|entry| &document.source()[entry.element().span()])
        .collect();
    let all = bundle.entries().count();
    if kept.len() == all {
        return Ok(document.source().to_owned());
    }
    let list = bundle.element().node().member("entry").ok_or(UnreadableBundle)?;
    let mut edits = Edits::new();
    edits.replace(list.span(), format!("[{}]", kept.join(",")));
    Ok(edits.apply(document.source())?)
}

/// Splits a bundle.
///
/// # Errors
/// [`UnreadableBundle`].
pub fn split(content: &[u8]) -> Result<SplitBundle, UnreadableBundle> {
    let document = read(content)?;
    let bundle = Bundle::of(&document).ok_or(UnreadableBundle)?;
    let index = BundleIndex::of(bundle, bundle.entries().collect());
    let (mut patients, mut prescribers) = (Vec::new(), Vec::new());
    let mut edits = Edits::new();
    for (at, entry) in index.entries.iter().enumerate() {
        let Some(resource) = entry.resource else { continue };
        if is(resource, "Patient") {
            mask(resource, MASKED_PATIENT, &mut edits);
        } else if is(resource, "Practitioner") {
            mask(resource, MASKED_PRACTITIONER, &mut edits);
        }
        let Some(key) = &entry.join_key_text else { continue };
        let follow = |from: usize, resource: Element<'_>, name: &str| {
            let target = index.target_of(from, resource.child_by_name(name)?)?;
            Some((target, index.entries[target].resource?))
        };
        if let Some((_, patient)) = follow(at, resource, "subject")
            && is(patient, "Patient")
            && let Some((number, kind)) = one_number(patient)
        {
            let begin = resource
                .child_by_name("effectiveDateTime")
                .or_else(|| resource.child_by_name("effectivePeriod")?.child_by_name("start"));
            patients.push(PatientRecord {
                norsk_identitetsnummer: number,
                identitetsnummertype: kind,
                administeringsdato: begin.and_then(Element::text).map(std::borrow::Cow::into_owned),
                administreringsreferanse: key.to_string(),
            });
        }
        let prescriber = follow(at, resource, "request")
            .filter(|(_, request)| is(*request, "MedicationRequest"))
            .and_then(|(at, request)| follow(at, request, "requester"))
            .filter(|(_, practitioner)| is(*practitioner, "Practitioner"));
        let number = prescriber.and_then(|(_, practitioner)| {
            let numbers = values(practitioner, systems::HPR_NUMBER);
            numbers.iter().find(|number| fits_the_register(number))?.parse().ok()
        });
        if let Some(hpr_nummer) = number {
            prescribers
                .push(PrescriberRecord { hpr_nummer, administreringsreferanse: key.to_string() });
        }
    }
    Ok(SplitBundle { patients, prescribers, administrations: edits.apply(document.source())? })
}

/// The patient's only number; one with both kinds counts as one without.
fn one_number(patient: Element<'_>) -> Option<(String, &'static str)> {
    let mut numbers: Vec<(String, &'static str)> = Vec::new();
    for (system, kind) in [(systems::NATIONAL_IDENTITY_NUMBER, "FNR"), (systems::D_NUMBER, "DNR")] {
        numbers.extend(values(patient, system).into_iter().map(|number| (number, kind)));
    }
    let is_one =
        matches!(numbers.as_slice(), [(one, _)] if NationalIdentityNumber::parse(one).is_ok());
    numbers.pop().filter(|_| is_one)
}

/// Masks the values of all identifiers.
fn mask(resource: Element<'_>, with: &str, edits: &mut Edits) {
    for identifier in resource.children_by_name("identifier") {
        if let Some(value) = identifier.child_by_name("value") {
            edits.replace_string(value.span(), with);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::places_of_person;

    const BUNDLE: &str = r#"{"resourceType":"Bundle","type":"transaction","entry":[
        {"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":{"resourceType":"Patient","id":"p",
            "identifier":[{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"13866510282"}]}},
        {"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000002","resource":{"resourceType":"Practitioner",
            "identifier":[{"system":"urn:oid:2.16.578.1.12.4.1.4.4","value":"9144889"},{"value":"annet"}]}},
        {"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000003","resource":{"resourceType":"MedicationRequest",
            "requester":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000002"}}},
        {"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000004","resource":{"resourceType":"MedicationAdministration",
            "subject":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000001"},
            "request":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000003"},
            "effectivePeriod":{"start":"2026-01-15T08:00:00+01:00"},"dosage":{"dose":{"value":1.50}}}},
        {"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000005","resource":{"resourceType":"Patient",
            "identifier":[{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"13866510363"},
                {"system":"urn:oid:2.16.578.1.12.4.1.4.2","value":"53866510363"}]}},
        {"resource":{"resourceType":"MedicationAdministration","id":"a2",
            "subject":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000005"},
            "effectiveDateTime":"2026-01-16"}}
    ]}"#;

    #[test]
    fn a_bundle_is_split_by_fhis_key_and_paths() {
        let parts = split(BUNDLE.as_bytes()).unwrap_or_else(|_| panic!("split"));
        let key = "urn:uuid:00000000-0000-4000-8000-000000000004";
        assert_eq!(parts.patients.len(), 1, "one with both numbers has no record");
        let patient = &parts.patients[0];
        assert_eq!(
            (patient.norsk_identitetsnummer.as_str(), patient.identitetsnummertype),
            ("13866510282", "FNR")
        );
        assert_eq!(patient.administeringsdato.as_deref(), Some("2026-01-15T08:00:00+01:00"));
        assert_eq!(patient.administreringsreferanse, key);
        assert_eq!(parts.prescribers.len(), 1);
        let prescriber = &parts.prescribers[0];
        assert_eq!(
            (prescriber.hpr_nummer, prescriber.administreringsreferanse.as_str()),
            (9_144_889, key)
        );
    }

    #[test]
    fn all_identifiers_of_people_are_masked_and_every_other_byte_stays() {
        let parts = split(BUNDLE.as_bytes()).unwrap_or_else(|_| panic!("split"));
        let mut expected = BUNDLE.to_owned();
        for number in ["13866510282", "13866510363", "53866510363"] {
            expected = expected.replace(number, MASKED_PATIENT);
        }
        for number in ["9144889", "annet"] {
            expected = expected.replace(number, MASKED_PRACTITIONER);
        }
        assert_eq!(parts.administrations, expected);
    }

    #[test]
    fn what_is_blanked_is_left_out_and_the_rest_keeps_its_bytes() {
        let mut content = BUNDLE.as_bytes().to_vec();
        let places = places_of_person(&content, "13866510282").unwrap_or_default();
        let entries: Vec<usize> = places.iter().map(|(entry, _)| *entry).collect();
        assert_eq!(entries, [0, 3], "the patient, and what refers to the patient");
        blank(&mut content, places.into_iter().map(|(_, place)| place));
        assert_eq!(content.len(), BUNDLE.len());
        let text = String::from_utf8(content.clone()).unwrap_or_default();
        assert!(!text.contains("13866510282") && text.contains("13866510363"), "{text}");
        let kept = without_blanks(&content).unwrap_or_default();
        let parts = split(kept.as_bytes()).unwrap_or_else(|_| panic!("split"));
        assert_eq!((parts.patients.len(), parts.prescribers.len()), (0, 0));
        assert!(!kept.contains("000000000004") && kept.contains(r#""id":"a2""#), "{kept}");
        assert_eq!(without_blanks(BUNDLE.as_bytes()), Ok(BUNDLE.to_owned()));
        assert_eq!(places_of_person(&content, "13866510282"), Ok(Vec::new()));
        assert_eq!(without_blanks(b"{"), Err(UnreadableBundle));
    }
}
