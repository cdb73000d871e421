//! `lmr explain`: profiles, types and elements in plain words, in both languages.

use std::process::Output;

use crate::program::lmr;

fn explain(lang: &str, arguments: &[&str]) -> Output {
    lmr(&["--lang", lang, "explain"]).args(arguments).output().expect("lmr runs")
}

fn words(lang: &str, arguments: &[&str]) -> String {
    let output = explain(lang, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn every_profile_of_every_guide_is_listed_and_explained() {
    for ruleset in ["lmdi-0.9.4", "lmdi-1.1.7"] {
        let listed = words("en", &["--ruleset", ruleset, "--format", "json"]);
        let urls: Vec<String> = listed
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
            .map(|row| row["url"].as_str().expect("a URL").to_owned())
            .collect();
        assert!(urls.len() > 8, "{ruleset}: {urls:?}");
        for url in &urls {
            let nb = words("nb", &["--ruleset", ruleset, url]);
            assert!(nb.contains(url.as_str()) && nb.lines().count() > 3, "{url}: {nb}");
        }
    }
}

#[test]
fn a_type_means_the_registers_profile_of_it_unless_plain_r4_is_asked_for() {
    let profile = words("en", &["MedicationAdministration"]);
    assert!(profile.contains("A profile of MedicationAdministration"), "{profile}");
    assert!(profile.contains("Must be there"), "{profile}");
    let plain = words("en", &["--ruleset", "none", "MedicationAdministration"]);
    assert!(plain.contains("The type MedicationAdministration"), "{plain}");
    let nb = words("nb", &["MedicationAdministration"]);
    assert!(
        nb.contains("En profil av MedicationAdministration") && nb.contains("Må være med"),
        "{nb}"
    );
}

#[test]
fn elements_are_found_by_every_way_of_writing_them() {
    for (what, expected) in [
        ("Patient.gender", "The codes are male"),
        ("Patient.name[0]", "Its type is HumanName"),
        ("Patient.name.family", "at most once"),
        ("Patient.contact.name.family", "at most once"),
        ("Patient.deceasedBoolean", "boolean or dateTime"),
        ("Questionnaire.item.item.linkId", "exactly once"),
        ("Observation.valueQuantity.comparator", "The codes are <"),
        ("MedicationAdministration.dosage.rateQuantity.unit", "Its type is string"),
        ("http://hl7.org/fhir/StructureDefinition/Patient#Patient.birthDate", "Its type is date"),
        ("patient.gender", "The codes are male"),
    ] {
        let said = words("en", &["--ruleset", "none", what]);
        assert!(said.contains(expected), "{what}: {said}");
    }
    let json = words("en", &["--ruleset", "none", "--format", "json", "Observation.status"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["min"], 1);
    assert_eq!(json["nb"].as_array().map(Vec::len), json["en"].as_array().map(Vec::len));
}

#[test]
fn small_letters_mean_the_same_profile() {
    for (small, what) in [
        ("patient.gender", "Patient.gender"),
        ("medicationadministration", "MedicationAdministration"),
    ] {
        assert_eq!(words("en", &[small]), words("en", &[what]), "{small}");
    }
}

#[test]
fn what_is_not_known_is_refused_with_what_may_have_been_meant() {
    for (what, expected) in [
        ("Patiant", "Patient"),
        ("Patient.nmae", "Patient.name"),
        ("http://example.org/none", "neither"),
        ("", "neither"),
        ("Patient.", "no element"),
        ("Patient.gender.nothing.at.all", "no element"),
    ] {
        let output = explain("en", &["--ruleset", "none", what]);
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{what}: {said}");
        assert!(said.contains(expected), "{what}: {said}");
    }
}

#[test]
fn a_code_of_the_catalogue_is_explained_by_another_command_which_is_named() {
    for lang in ["nb", "en"] {
        let output = explain(lang, &["LMR-4001"]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(said.contains("lmr codes LMR-4001"), "{said}");
    }
}
