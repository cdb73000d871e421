//! Values of the wrong shape, and white space in and around addresses: each is reported where it is, and nothing
//! is read from it that is then reported again.

use std::sync::LazyLock;

use lmr_validator::definitions::Definitions;
use lmr_validator::{Options, Severity, Validator};
use serde_json::{Value, json};

static R4: LazyLock<Validator> =
    LazyLock::new(|| Validator::builder().definitions(Definitions::r4()).build());

/// `id @ path` of what is at least a warning, sorted.
fn findings(resource: &Value) -> Vec<String> {
    let mut found: Vec<String> = R4
        .validate_text(&resource.to_string(), &Options::default())
        .iter()
        .filter(|issue| issue.severity != Severity::Information)
        .map(|issue| format!("{} @ {}", issue.id(), issue.local_expression))
        .collect();
    found.sort();
    found
}

#[test]
fn an_array_in_place_of_a_part_of_a_code_is_reported_and_no_code_is_read_from_it() {
    let coding = |part: &str| {
        let mut coding = json!({
            "system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "version": "2018-08-12",
            "code": "M", "display": "Married"
        });
        coding[part] = json!([coding[part]]);
        coding
    };
    // What each part leads to where it is not there at all.
    for (part, also) in [
        ("system", vec!["Coding_has_no_system__cannot_validate"]),
        ("code", vec!["NO_CODE_PROVIDED_VERSION"]),
        ("version", vec![]),
        ("display", vec![]),
    ] {
        let resource =
            json!({"resourceType": "Patient", "maritalStatus": {"coding": [coding(part)]}});
        let mut without = resource.clone();
        let whole = without.pointer_mut("/maritalStatus/coding/0").and_then(Value::as_object_mut);
        whole.expect("a coding").remove(part);
        let wrong = "This_property_must_be_an_simple_value_not_";
        let (with_array, absent) = (findings(&resource), findings(&without));
        let others: Vec<_> = with_array.iter().filter(|id| !id.starts_with(wrong)).collect();
        assert_eq!(with_array.len(), others.len() + 1, "{part}: {with_array:?}");
        assert_eq!(others, absent.iter().collect::<Vec<_>>(), "{part}");
        for id in also {
            let is_reported = absent.iter().any(|found| {
                found.starts_with(id) || found.starts_with("TERMINOLOGY_TX_SYSTEM_NO_CODE")
            });
            assert!(is_reported, "{part}: {absent:?}");
        }
    }
    // A unit: nothing is said of a code or a system that cannot be read.
    for part in ["system", "code"] {
        let mut unit =
            json!({"value": 1, "system": "http://unitsofmeasure.org", "code": "no unit"});
        unit[part] = json!([unit[part]]);
        let found = findings(&json!({
            "resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": unit
        }));
        assert!(!found.iter().any(|id| id.contains("UCUM")), "{part}: {found:?}");
    }
}

#[test]
fn white_space_is_no_reference_and_a_no_break_space_is_none() {
    let with = |reference: &str| {
        findings(&json!({
            "resourceType": "Observation", "status": "final", "code": {"text": "x"},
            "subject": {"reference": reference}
        }))
    };
    let invalid = "REFERENCE_REF_INVALID_REF @ Observation.subject".to_owned();
    for reference in [" ", "   ", "\t", "\n", "Patient/a b", " Patient/1", "Patient/1\t"] {
        let found = with(reference);
        assert_eq!(
            found.iter().filter(|id| **id == invalid).count(),
            1,
            "{reference:?}: {found:?}"
        );
        assert!(!found.iter().any(|id| id.contains("NoDisplay")), "{reference:?}: {found:?}");
    }
    for reference in ["Patient/1", "Patient/1\u{a0}"] {
        assert!(!with(reference).contains(&invalid), "{reference:?}");
    }
}

#[test]
fn white_space_around_the_system_of_an_identifier_makes_it_no_relative_one() {
    let with = |system: &str| {
        findings(
            &json!({"resourceType": "Patient", "identifier": [{"system": system, "value": "1"}]}),
        )
    };
    let is_relative = |found: &[String]| found.iter().any(|id| id.contains("Identifier_System"));
    for system in ["urn:oid:2.16.578.1.12.4.1.4.1 ", "\u{a0}http://a.no/ids"] {
        let found = with(system);
        assert!(!found.is_empty() && !is_relative(&found), "{system:?}: {found:?}");
    }
    for system in ["ids", " ids ", "a b"] {
        assert!(is_relative(&with(system)), "{system:?}");
    }
}

#[test]
fn a_units_system_that_begins_as_a_known_one_and_goes_on_is_wrong_whatever_goes_on() {
    let known = [
        "http://unitsofmeasure.org",
        "http://loinc.org",
        "http://snomed.info/sct",
        "http://www.nlm.nih.gov/research/umls/rxnorm",
    ];
    for (of, rest) in known.iter().flat_map(|of| ["/", " ", "x"].map(|rest| (of, rest))) {
        let found = findings(&json!({
            "resourceType": "Observation", "status": "final", "code": {"text": "x"},
            "valueQuantity": {"value": 1, "system": format!("{of}{rest}"), "code": "mg"}
        }));
        let count = |id: &str| found.iter().filter(|found| found.starts_with(id)).count();
        let invalid = "Terminology_TX_System_Invalid @ Observation.value.ofType(Quantity)";
        assert!(found.iter().any(|found| found == invalid), "{of}{rest:?}: {found:?}");
        assert_eq!(count("Terminology_TX_System_Invalid"), 1, "{of}{rest:?}: {found:?}");
        assert_eq!(count("Terminology_TX_System_Relative"), 0, "{of}{rest:?}: {found:?}");
    }
}

#[test]
fn the_type_of_a_reference_is_written_relative_to_the_addresses_of_definitions() {
    let with = |subject: Value| {
        findings(&json!({
            "resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": subject
        }))
    };
    for of in ["Patient", "Group", "Device"] {
        let wrong = with(json!({
            "reference": format!("{of}/1"), "type": format!("http://hl7.org/fhir/StructureDefinition/{of}")
        }));
        let expected = "Reference_REF_BadTargetType @ Observation.subject";
        assert!(wrong.iter().any(|found| found == expected), "{of}: {wrong:?}");
        assert!(with(json!({"reference": format!("{of}/1"), "type": of})).is_empty(), "{of}");
    }
}
