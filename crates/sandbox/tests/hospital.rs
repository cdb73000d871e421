//! The synthetic hospital holds what it promises.

use std::collections::BTreeSet;

use jiff::civil::date;
use lmr_sandbox::hospital::{Era, Fault, Hospital};
use serde_json::Value;

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("reference", Value::String(target)) => found.push(target.clone()),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_same_seed_gives_the_same_hospital_and_another_seed_another() {
    let one = Hospital::new(Era::Latest, 7, date(2026, 3, 1), 50);
    let same = Hospital::new(Era::Latest, 7, date(2026, 3, 1), 50);
    let other = Hospital::new(Era::Latest, 8, date(2026, 3, 1), 50);
    assert_eq!(one.resources(), same.resources());
    assert_ne!(one.resources(), other.resources());
    assert_eq!(one.count("MedicationAdministration"), 50);
}

#[test]
fn every_reference_has_its_target_in_the_export_and_in_the_bundle() {
    for era in [Era::V0_9_4, Era::Latest] {
        let hospital = Hospital::new(era, 1, date(2026, 3, 29), 300);
        let mut found = Vec::new();
        hospital.resources().iter().for_each(|resource| references(resource, &mut found));
        assert!(found.len() > 1000);
        assert!(found.iter().all(|target| hospital.get(target).is_some()), "{era:?}");

        let bundle =
            hospital.bundle("00000000-0000-4000-8000-000000000001", "2026-03-30T06:00:00+02:00");
        let entries = bundle["entry"].as_array().unwrap();
        let urls: BTreeSet<&str> =
            entries.iter().filter_map(|entry| entry["fullUrl"].as_str()).collect();
        assert_eq!(urls.len(), entries.len());
        let mut found = Vec::new();
        references(&bundle, &mut found);
        assert!(found.iter().all(|target| urls.contains(target.as_str())));
    }
}

/// The codes that refuse, entry by entry.
fn refusals(hospital: &Hospital) -> Vec<(String, &'static str)> {
    let bundle =
        hospital.bundle("00000000-0000-4000-8000-000000000001", "2026-03-03T06:00:00+01:00");
    let text = bundle.to_string();
    let document =
        lmr_lmdi::read_content(text.as_bytes(), lmr_fhir::Limits::default()).expect("JSON");
    let options = lmr_lmdi::CheckOptions::at("2026-03-03T05:00:00Z".parse().expect("a time"));
    let verdict = lmr_lmdi::check_bundle(&document, &options).expect("a bundle");
    assert!(verdict.bundle_refusal().is_none());
    let refused = verdict.entries.iter().flat_map(|entry| {
        let kind = entry.resource_type.clone().unwrap_or_default();
        entry.findings.iter().filter(|f| f.refuses()).map(move |f| (kind.clone(), f.code.as_str()))
    });
    refused.collect()
}

#[test]
fn everything_recorded_is_correct_by_the_rule_set_of_its_era_and_every_fault_is_found() {
    for era in [Era::V0_9_4, Era::Latest] {
        let mut hospital = Hospital::new(era, 4, date(2026, 3, 1), 120);
        hospital.add_day(date(2026, 3, 2), 40);
        hospital.change(5);
        assert!(hospital.retract("MedicationAdministration/adm-7"));
        assert_eq!(refusals(&hospital), [], "{era:?}");
        for fault in Fault::ALL {
            let name = hospital.add_faulty(date(2026, 3, 2), fault);
            let found = refusals(&hospital);
            let kind = name.split('/').next().unwrap();
            assert!(
                !found.is_empty() && found.iter().all(|(of, _)| of == kind),
                "{era:?} {fault:?}: {found:?}"
            );
            assert!(hospital.fix(&name));
        }
        assert_eq!(refusals(&hospital), [], "{era:?}");
    }
}

#[test]
fn people_are_synthetic_and_no_two_share_a_number() {
    let hospital = Hospital::new(Era::V0_9_4, 3, date(2026, 3, 1), 8000);
    let numbers: Vec<&str> = hospital
        .resources()
        .iter()
        .filter(|resource| resource["resourceType"] == "Patient")
        .filter_map(|patient| patient["identifier"][0]["value"].as_str())
        .collect();
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
    for number in numbers {
        let month: u8 = number[2..4].parse().unwrap();
        assert!(month > 40 && number.len() == 11, "{number}");
    }
}

#[test]
fn a_fault_can_be_planted_and_fixed_and_the_files_follow() {
    let folder = tempfile::tempdir().unwrap();
    for fault in Fault::ALL {
        let mut hospital = Hospital::new(Era::Latest, 5, date(2026, 3, 1), 10);
        let name = hospital.add_faulty(date(2026, 3, 2), fault);
        let faulty = hospital.get(&name).unwrap().clone();
        assert!(hospital.fix(&name) && !hospital.fix(&name));
        assert_ne!(&faulty, hospital.get(&name).unwrap(), "{fault:?}");
        let changed = hospital.change(3);
        assert_eq!(changed.len(), 3);
        hospital.write(folder.path()).unwrap();
        let written: usize = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap().lines().count())
            .sum();
        assert_eq!(written, hospital.resources().len());
    }
}
