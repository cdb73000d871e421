//! The guide's own examples: every one of 1.1.2 gives the official validator's verdict, and those of 0.9.4
//! are explained one by one.
//!
//! Needs the shared folder (`LMR_SHARED`); says so and passes without it.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test of shared data"
)]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use lmr_fhir::{Document, ParseOptions};
use lmr_lmdi::codes::Code::{self, *};
use lmr_lmdi::{CheckOptions, RuleSet, RuleSetId, check_bundle};

/// The JSON files in `package/example/`, by name.
fn examples(rule_set: RuleSetId) -> Option<BTreeMap<String, String>> {
    let Some(folder) = std::env::var_os("LMR_SHARED").map(PathBuf::from) else {
        eprintln!("left out: LMR_SHARED is not set, so the guide's examples are not at hand");
        return None;
    };
    let name = format!("hl7.fhir.no.{}.tgz", rule_set.as_str());
    let file = std::fs::File::open(folder.join("packages").join(name)).unwrap();
    let mut found = BTreeMap::new();
    for entry in tar::Archive::new(flate2::read::GzDecoder::new(file)).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        if let Some(name) =
            path.strip_prefix("package/example/").and_then(|name| name.strip_suffix(".json"))
        {
            let name = name.to_owned();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            found.insert(name, text);
        }
    }
    Some(found)
}

fn options() -> CheckOptions {
    CheckOptions::at("2026-11-01T00:00:00Z".parse().unwrap())
}

fn refusals(rule_set: RuleSetId, text: &str) -> Vec<Code> {
    let document = Document::parse(text, &ParseOptions::lenient()).unwrap();
    let mut codes: Vec<Code> = RuleSet::get(rule_set)
        .unwrap()
        .check_resource(&document, &options())
        .iter()
        .filter(|finding| finding.refuses())
        .map(|finding| finding.code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn all_examples_of_1_1_2_pass_but_for_the_two_route_codes() {
    let Some(examples) = examples(RuleSetId::Lmdi112) else { return };
    assert_eq!(examples.len(), 47);
    // The newer guide takes all that this one takes.
    for rule_set in [RuleSetId::Lmdi112, RuleSetId::LATEST] {
        let mut refused = Vec::new();
        for (name, text) in &examples {
            let codes = refusals(rule_set, text);
            if !codes.is_empty() {
                refused.push((name.as_str(), codes));
            }
        }
        assert_eq!(
            refused,
            [
                ("Bundle-Bundle-Scenario-Sykehjem-Oksykodon", vec![RouteCodeRefused]),
                ("MedicationAdministration-Administrering-Oral", vec![RouteCodeRefused]),
            ],
            "{rule_set}"
        );
    }
}

#[test]
fn the_example_bundle_of_1_1_2_passes_whole_once_its_route_is_a_route() {
    let Some(examples) = examples(RuleSetId::Lmdi112) else { return };
    let text =
        examples["Bundle-Bundle-Scenario-Sykehjem-Oksykodon"].replace("421521009", "26643006");
    let document = Document::parse(text, &ParseOptions::strict()).unwrap();
    let verdict = check_bundle(&document, &options()).unwrap();
    assert!(
        verdict.is_faultless(),
        "{:#?}",
        verdict.findings().filter(|f| f.refuses()).collect::<Vec<_>>()
    );
    assert_eq!(verdict.entries.len(), 8);
    assert!(verdict.entries.iter().all(|entry| entry.identity.is_some()));
}

/// Every example of 0.9.4, what refuses it and why. `ElementForbidden` is in nearly all: they were
/// published with a generated narrative, which their own profiles forbid (defect 5 of the guide's build).
const EXAMPLES_094: &[(&str, &[Code], &str)] = &[
    (
        "Bundle-LegemiddelregisterBundle-1",
        &[
            ReferenceInvalid,
            ReferenceProfileMismatch,
            ElementMissing,
            ElementForbidden,
            OrganisationNumberFormat,
        ],
        "narrative, names and performers; no fullUrl under relative references; a role without code; an \
         organisation without type and with a number of ten digits",
    ),
    ("Condition-Diagnose-1-ICD10-OID", &[ElementForbidden], "narrative"),
    ("Condition-Diagnose-2-SNOMED-CT", &[ElementForbidden], "narrative"),
    ("EpisodeOfCare-EksempelInstitusjonsopphold", &[], "its profile allows narrative"),
    ("Medication-Medisin-1-LegemiddelDose-Oxycodone", &[], "its profile allows narrative"),
    ("Medication-Medisin-2-Paracetamol", &[], "its profile allows narrative"),
    ("Medication-Medisin-3-LegemiddelPakning-Monoket", &[], "its profile allows narrative"),
    (
        "MedicationAdministration-Administrering-1-Oralt",
        &[ElementForbidden, TimeOfDayRequired, RouteCodeRefused],
        "narrative; a date without time of day; 421521009 is an act, not a route",
    ),
    (
        "MedicationAdministration-Administrering-10",
        &[ReferenceProfileMismatch, ElementForbidden, OrganisationNumberFormat],
        "narrative and performers; contained resources that break their profiles",
    ),
    (
        "MedicationAdministration-Administrering-2-Infusjon",
        &[ElementMissing, ElementForbidden, TypeNotAllowed],
        "narrative; effectivePeriod, which this edition does not allow: a wrong type, and no effectiveDateTime",
    ),
    (
        "MedicationAdministration-Administrering-20",
        &[ElementForbidden, TimeOfDayRequired],
        "narrative; a date without time of day",
    ),
    (
        "MedicationAdministration-Administrering-30",
        &[ElementForbidden, TimeOfDayRequired],
        "narrative; a date without time of day",
    ),
    (
        "MedicationRequest-Rekvirering-1",
        &[ElementForbidden, OidInvalid],
        "narrative; an OID with letters",
    ),
    (
        "Organization-Organisasjon-1-Sykehjem",
        &[ElementForbidden, OrganisationNumberFormat],
        "narrative; a number of ten digits",
    ),
    ("Organization-Organisasjon-2-Avdeling", &[ElementForbidden], "narrative"),
    ("Organization-Organisasjon-3-Sykehus", &[ElementForbidden], "narrative"),
    ("Patient-Pasient-1-Uten-FNR", &[ElementForbidden], "narrative"),
    ("Patient-Pasient-2-FNR", &[ElementForbidden], "narrative"),
    ("Patient-eksempel-pasient-1234567890", &[ElementForbidden], "narrative"),
    ("Practitioner-Helsepersonell-1-HPR-nummer", &[ElementForbidden], "narrative"),
    ("PractitionerRole-RolleHelsepersonell-1-Hjemmehjelp", &[], "its profile allows narrative"),
];

#[test]
fn the_examples_of_0_9_4_are_explained_one_by_one() {
    let Some(examples) = examples(RuleSetId::Lmdi094) else { return };
    let names: Vec<&str> = examples.keys().map(String::as_str).collect();
    let explained: Vec<&str> = EXAMPLES_094.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, explained);
    for (name, codes, reason) in EXAMPLES_094 {
        assert_eq!(refusals(RuleSetId::Lmdi094, &examples[*name]), *codes, "{name}: {reason}");
    }
}

#[test]
fn without_their_narrative_the_simple_examples_of_0_9_4_pass() {
    let Some(examples) = examples(RuleSetId::Lmdi094) else { return };
    for (name, codes, _) in EXAMPLES_094.iter().filter(|(_, codes, _)| *codes == [ElementForbidden])
    {
        let mut json: serde_json::Value = serde_json::from_str(&examples[*name]).unwrap();
        json.as_object_mut().unwrap().remove("text");
        assert_eq!(refusals(RuleSetId::Lmdi094, &json.to_string()), [], "{name} {codes:?}");
    }
}
