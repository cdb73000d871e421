//! The repairs of lmdi-0.9.4 (docs/decisions/rule-sets.md): what could never pass does, and what should
//! not still does not.
#![allow(clippy::unwrap_used, reason = "a test")]

use crate::sample;

use lmr_fhir::{Document, ParseOptions};
use lmr_lmdi::codes::Code;
use lmr_lmdi::{RuleSetId, check_bundle};
use sample::{bundle_of, options, person_number, resources};
use serde_json::{Value, json};

/// Codes that refuse the first entry of a kind after a change.
fn refusals(kind: &str, change: impl Fn(&mut Value)) -> Vec<Code> {
    let mut all = resources(RuleSetId::Lmdi094);
    let index = all.iter().position(|resource| resource["resourceType"] == kind).unwrap();
    change(&mut all[index]);
    let document =
        Document::parse(bundle_of(RuleSetId::Lmdi094, all).to_string(), &ParseOptions::strict())
            .unwrap();
    let verdict = check_bundle(&document, &options()).unwrap();
    verdict.entries[index].findings.iter().filter(|f| f.refuses()).map(|f| f.code).collect()
}

#[test]
fn repair_1_patients_with_numbers_pass_and_the_slicing_is_still_closed() {
    assert_eq!(refusals("Patient", |_| {}), []);
    let foreign = |r: &mut Value| r["identifier"][0]["system"] = json!("urn:oid:1.2.3");
    assert!(refusals("Patient", foreign).contains(&Code::SliceClosed));
    let without =
        |r: &mut Value| drop(r["identifier"][0].as_object_mut().unwrap().remove("system"));
    assert!(refusals("Patient", without).contains(&Code::SliceClosed));
    let twice = |r: &mut Value| {
        let number = person_number("13855825");
        r["identifier"][1] = json!({ "system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": number });
    };
    assert!(refusals("Patient", twice).contains(&Code::ElementTooMany));
}

#[test]
fn repair_2_the_two_statuses_pass_and_no_other() {
    for status in ["completed", "entered-in-error"] {
        assert_eq!(
            refusals("MedicationAdministration", |r| r["status"] = json!(status)),
            [],
            "{status}"
        );
    }
    for status in ["in-progress", "not-done", "x"] {
        let codes = refusals("MedicationAdministration", |r| r["status"] = json!(status));
        assert!(codes.contains(&Code::CodeNotInRequiredSet), "{status}: {codes:?}");
    }
}

#[test]
fn repair_3_a_time_of_day_passes_and_a_bare_date_does_not() {
    for time in ["2026-05-01T08:00:00Z", "2026-05-01T08:00:00.123+02:00"] {
        assert_eq!(
            refusals("MedicationAdministration", |r| r["effectiveDateTime"] = json!(time)),
            [],
            "{time}"
        );
    }
    for time in ["2026-05-01", "2026-05", "2026"] {
        let codes = refusals("MedicationAdministration", |r| r["effectiveDateTime"] = json!(time));
        assert_eq!(codes, [Code::TimeOfDayRequired], "{time}");
    }
}

#[test]
fn repair_4_any_type_of_an_organisation_passes_since_the_binding_is_preferred() {
    for kind in [
        json!([{ "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/organization-type", "code": "prov" }] }]),
        json!([{ "text": "sykehus" }]),
    ] {
        assert_eq!(refusals("Organization", |r| r["type"] = kind.clone()), []);
    }
    let none = |r: &mut Value| drop(r.as_object_mut().unwrap().remove("type"));
    assert_eq!(refusals("Organization", none), [Code::ElementMissing]);
}

#[test]
fn repair_5_the_nine_resource_types_pass_and_others_get_their_own_code() {
    let all = resources(RuleSetId::Lmdi094);
    for (kind, _) in RuleSetId::Lmdi094.profiles() {
        assert!(
            all.iter().any(|resource| resource["resourceType"] == *kind),
            "{kind} is not in the sample"
        );
        assert_eq!(refusals(kind, |_| {}), [], "{kind}");
    }
    let observation = |r: &mut Value| *r = json!({ "resourceType": "Observation", "id": "o" });
    assert_eq!(refusals("Condition", observation), [Code::ResourceKindNotAllowed]);
}

#[test]
fn repair_6_a_local_catalogue_is_one_of_the_two_named() {
    let catalogue = "/code/coding/4/extension/0/valueCoding/code";
    for code in ["metavisionkatalogFraHso", "metavisionkatalogFraHN"] {
        assert_eq!(
            refusals("Medication", |r| *r.pointer_mut(catalogue).unwrap() = json!(code)),
            [],
            "{code}"
        );
    }
    let codes = refusals("Medication", |r| *r.pointer_mut(catalogue).unwrap() = json!("annen"));
    assert!(codes.contains(&Code::CodeNotInRequiredSet), "{codes:?}");
}
