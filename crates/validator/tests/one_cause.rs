//! One cause, one finding: a correct resource with one fault gets one error, wherever the fault is.
//!
//! Every kind of fault is planted at every element of a few correct resources, one at a time. What gets
//! several errors has its cause and what it leads to in `LISTED`, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use lmr_validator::{Options, Severity, Validator};
use serde_json::{Map, Value, json};

/// Correct by R4, with what most resources are made of.
fn documents() -> Vec<Value> {
    let narrative = json!({
        "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"
    });
    let patient = json!({
        "resourceType": "Patient", "id": "p", "meta": {"versionId": "1", "tag": [{"system": "http://a.no/CodeSystem/tags", "code": "t"}]}, "language": "nb",
        "text": narrative,
        "contained": [{"resourceType": "Organization", "id": "c", "name": "Sykehus"}],
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"city": "Oslo"}}],
        "identifier": [{"use": "official", "system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "1", "period": {"start": "2020-01-01", "end": "2021-01-01"}}],
        "active": true,
        "name": [{"use": "official", "family": "Nordmann", "given": ["Kari", "Anne"]}],
        "telecom": [{"system": "phone", "value": "1", "rank": 1}],
        "gender": "female", "birthDate": "1970-05-17", "deceasedBoolean": false,
        "address": [{"use": "home", "line": ["Gate 1"], "postalCode": "0001"}],
        "maritalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "M"}]},
        "contact": [{"name": {"text": "x"}, "gender": "male"}],
        "communication": [{"language": {"text": "norsk"}, "preferred": true}],
        "managingOrganization": {"reference": "#c"},
    });
    let observation = json!({
        "resourceType": "Observation", "id": "o", "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "exam"}]}],
        "code": {"text": "x"},
        "subject": {"reference": "Patient/p", "type": "Patient"},
        "effectiveDateTime": "2020-01-01T10:00:00+01:00", "issued": "2020-01-01T10:00:00+01:00",
        "valueQuantity": {"value": 1.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
        "referenceRange": [{"low": {"value": 1}, "text": "x"}],
        "component": [{"code": {"text": "y"}, "valueString": "z"}],
    });
    let administration = json!({
        "resourceType": "MedicationAdministration", "id": "m", "status": "completed",
        "medicationCodeableConcept": {"text": "x"},
        "subject": {"reference": "Patient/p"},
        "effectivePeriod": {"start": "2020-01-01T10:00:00+01:00", "end": "2020-01-01T11:00:00+01:00"},
        "dosage": {"text": "x", "rateRatio": {"numerator": {"value": 1}, "denominator": {"value": 2}}},
    });
    let value_set = json!({
        "resourceType": "ValueSet", "id": "v", "url": "http://a.no/ValueSet/v", "name": "V", "status": "draft",
        "compose": {"include": [{"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": "male"}]}]},
    });
    let structure = json!({
        "resourceType": "StructureDefinition", "id": "s", "url": "http://a.no/StructureDefinition/s", "name": "S",
        "status": "draft", "kind": "resource", "abstract": false, "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "derivation": "constraint",
        "differential": {"element": [
            {"id": "Patient", "path": "Patient"},
            {"id": "Patient.gender", "path": "Patient.gender", "min": 1,
             "binding": {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/administrative-gender"}},
        ]},
    });
    let bundle = json!({
        "resourceType": "Bundle", "id": "b", "type": "collection", "entry": [
            {"fullUrl": "http://a.no/Patient/p", "resource": {"resourceType": "Patient", "id": "p", "active": true}},
            {"fullUrl": "http://a.no/Observation/o", "resource": {"resourceType": "Observation", "id": "o",
             "status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/p"}}},
        ],
    });
    vec![patient, observation, administration, value_set, structure, bundle]
}

/// A fault: its name, and what becomes of a value; `None` where it has no such value.
type Fault = (&'static str, fn(&Value) -> Option<Value>);

const FAULTS: &[Fault] = &[
    ("empty text", |v| v.is_string().then(|| json!(""))),
    ("white space", |v| v.is_string().then(|| json!(" \t"))),
    ("other text", |v| v.is_string().then(|| json!("q\u{1}z"))),
    ("number for text", |v| v.is_string().then(|| json!(7))),
    ("boolean for text", |v| v.is_string().then(|| json!(true))),
    ("text for number", |v| v.is_number().then(|| json!("much"))),
    ("text for boolean", |v| v.is_boolean().then(|| json!("yes"))),
    ("object for value", |v| (!v.is_object() && !v.is_array()).then(|| json!({"a": 1}))),
    ("list for value", |v| (!v.is_array()).then(|| json!([v]))),
    ("null", |v| (!v.is_null()).then(|| Value::Null)),
    ("empty object", |v| v.is_object().then(|| json!({}))),
    ("empty list", |v| v.is_array().then(|| json!([]))),
    ("text for object", |v| v.is_object().then(|| json!("x"))),
    ("value for list", |v| v.as_array().map(|list| list[0].clone())),
    ("null in a list", |v| v.as_array().map(|list| [&[Value::Null], &list[..]].concat().into())),
    ("unknown member", |v| with(v, "colour", json!("red"))),
    ("wrong extension", |v| {
        with(v, "extension", json!([{"url": "http://a.no/e", "valueString": "x"}]))
    }),
    ("unknown modifier", |v| {
        with(v, "modifierExtension", json!([{"url": "http://a.no/e", "valueBoolean": true}]))
    }),
    ("id with a space", |v| with(v, "id", json!("a b"))),
];

fn with(value: &Value, name: &str, member: Value) -> Option<Value> {
    let mut made: Map<String, Value> = value.as_object()?.clone();
    if made.contains_key(name) {
        return None;
    }
    made.insert(name.to_owned(), member);
    Some(made.into())
}

/// Pointers to everything in a document.
fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| pointers(value, &format!("{at}/{name}"), out));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(n, item)| pointers(item, &format!("{at}/{n}"), out));
        }
        _ => {}
    }
}

/// Causes, what they lead to elsewhere, and why that is more than one finding. A fault may get all of a row, and has
/// to have one of its causes.
const LISTED: &[(&[&str], &[&str], &str)] = &[
    (
        &[
            "Error_parsing_JSON_the_primitive_value_must_be_a_string",
            "Error_parsing_JSON_the_primitive_value_must_be_a_number",
            "Error_parsing_JSON_the_primitive_value_must_be_a_boolean",
        ],
        &[
            "Type_Specific_Checks_DT_Boolean_Value",
            "Type_Specific_Checks_DT_Decimal_Valid",
            "Type_Specific_Checks_DT_Integer_Valid",
            "Type_Specific_Checks_DT_DateTime_Valid",
            "Type_Specific_Checks_DT_DateTime_Regex",
            "Type_Specific_Checks_DT_Date_Valid",
            "Type_Specific_Checks_DT_Identifier_System",
            "TYPE_SPECIFIC_CHECKS_CANONICAL_ABSOLUTE",
            "Extension_EXT_URL_Absolute",
            "LMRV_CONSTRAINT_MALFORMED_DATA",
            "Reference_REF_BadTargetType",
            "Reference_REF_WrongTarget",
            "Reference_REF_Format2",
            "SD_CONSTRAINED_TYPE_NO_MATCH",
            "eld-12",
            "sdf-8a",
            "Terminology_TX_NoValid_11",
            "Terminology_TX_NoValid_16",
            "UNABLE_TO_INFER_CODESYSTEM",
            "Terminology_TX_System_Relative",
            "Unknown_Code_in_Version",
            "VALUESET_INCLUDE_INVALID_CONCEPT_CODE",
            "VALUESET_INCLUDE_SYSTEM_ABSOLUTE",
        ],
        "A value of the wrong JSON kind is reported by the reader, and as a value of its type where it has a form.",
    ),
    (
        &[
            "Error_parsing_JSON_the_primitive_value_must_be_a_string",
            "This_property_must_be__not_",
            "This_property_must_be_an_Array_not_",
            "This_property_must_be_an_simple_value_not_",
            "ARRAY_CANNOT_BE_EMPTY",
            "Object_must_have_some_content",
            "Unable_to_find_resourceType_property",
            "Contained_resource_does_not_appear_to_be_a_FHIR_resource_unknown_name_",
        ],
        &[
            "Validation_VAL_Profile_Minimum",
            "BUNDLE_BUNDLE_ENTRY_FULLURL_REQUIRED",
            "Bundle_BUNDLE_FullUrl_Missing",
            "BUNDLE_ENTRY_URL_MATCHES_NO_ID",
            "BUNDLE_ENTRY_URL_MATCHES_TYPE_ID",
            "CONTAINED_ORPHAN_DOM3",
            "Reference_REF_CantResolve",
            "Reference_REF_ResourceType",
            "Resource_RES_ID_Missing",
            "Extension_EXT_Simple_ABSENT",
            "Extension_EXT_Url_NotFound",
            "bdl-3",
            "bdl-4",
            "bdl-5",
            "bdl-8",
            "bdl-9",
            "bdl-10",
            "bdl-11",
            "bdl-12",
            "cpt-2",
            "eld-12",
            "eld-19",
            "ext-1",
            "mad-1",
            "obs-3",
            "org-1",
            "pat-1",
            "qty-3",
            "rat-1",
            "ref-1",
            "sdf-4",
            "sdf-5",
            "sdf-6",
            "sdf-8a",
            "sdf-14",
            "sdf-17",
            "vsd-1",
            "vsd-2",
        ],
        "What cannot be read is not there for the rules that ask for it, at the element around it or where it is referred to.",
    ),
    (
        &["Type_Specific_Checks_DT_Primitive_NotEmpty"],
        &[
            "ele-1",
            "txt-1",
            "txt-2",
            "eld-12",
            "eld-19",
            "sdf-8a",
            "BUNDLE_ENTRY_URL_MATCHES_TYPE_ID",
            "Resource_RES_ID_Malformed_Chars",
            "CONTAINED_ORPHAN_DOM3",
            "Reference_REF_CantResolve",
            "ref-1",
            "Extension_EXT_Url_NotFound",
            "LMRV_CONSTRAINT_MALFORMED_DATA",
            "SD_CONSTRAINED_TYPE_NO_MATCH",
            "Terminology_TX_Code_ValueSet_MISSING",
            "Terminology_TX_System_Relative",
        ],
        "An empty value breaks ele-1 too, as the reference reports it, and has no form.",
    ),
    (
        &[
            "Type_Specific_Checks_DT_URI_WS",
            "Type_Specific_Checks_DT_Code_WS",
            "REFERENCE_REF_INVALID_REF",
        ],
        &[
            "BUNDLE_ENTRY_URL_ABSOLUTE",
            "Extension_EXT_URL_Absolute",
            "SD_CONSTRAINED_TYPE_NO_MATCH",
            "sdf-8a",
            "eld-12",
            "TYPE_SPECIFIC_CHECKS_CANONICAL_ABSOLUTE",
            "Terminology_TX_Code_ValueSet_MISSING",
            "Terminology_TX_System_Relative",
            "Unknown_Code_in_Version",
            "VALUESET_INCLUDE_INVALID_CONCEPT_CODE",
            "VALUESET_INCLUDE_SYSTEM_ABSOLUTE",
            "Type_Specific_Checks_DT_Identifier_System",
            "Reference_REF_Format2",
            "CONTAINED_ORPHAN_DOM3",
        ],
        "A value of white space is none of the form that another rule asks of it.",
    ),
    (
        &["Resource_RES_ID_Malformed_Chars"],
        &[
            "BUNDLE_ENTRY_URL_MATCHES_TYPE_ID",
            "CONTAINED_ORPHAN_DOM3",
            "Reference_REF_CantResolve",
            "ref-1",
        ],
        "An id that is not one cannot be referred to, nor be the end of an address.",
    ),
    (
        &["UNABLE_TO_INFER_CODESYSTEM"],
        &["Terminology_TX_NoValid_16"],
        "A code outside a required value set: the reference reports that its system cannot be inferred, too.",
    ),
    (
        &["Type_Specific_Checks_DT_DateTime_Valid"],
        &["LMRV_CONSTRAINT_MALFORMED_DATA"],
        "A rule about a date that is not one cannot be tested, which is reported: it has not passed.",
    ),
    (
        &["Error_parsing_XHTML_", "txt-1"],
        &["txt-2", "txt-1"],
        "A narrative that is not XHTML breaks the narrative's constraints.",
    ),
    (
        &["Reference_REF_WrongTarget"],
        &["Reference_REF_BadTargetType"],
        "A stated type that is not permitted is not that of the target either.",
    ),
    (
        &["Extension_EXT_Unknown_NotHere"],
        &["Validation_VAL_Profile_Maximum", "ext-1"],
        "A modifier where the type takes none.",
    ),
    (
        &["SD_CONSTRAINED_TYPE_NO_MATCH", "TYPE_SPECIFIC_CHECKS_CANONICAL_ABSOLUTE", "eld-19"],
        &["sdf-8a", "eld-12"],
        "A definition of a type or an address that does not exist: two elements disagree, each by its own rule.",
    ),
];

/// The first row that explains all of these ids.
fn row_of(ids: &BTreeSet<String>) -> Option<usize> {
    let has = |list: &[&str], id: &String| list.contains(&id.as_str());
    LISTED.iter().position(|(causes, more, _)| {
        ids.iter().any(|id| has(causes, id))
            && ids.iter().all(|id| has(causes, id) || has(more, id))
    })
}

/// Ids of a row that nothing got which the row explains: they would hide a fault made later.
fn unused(used: &BTreeMap<usize, BTreeSet<String>>) -> Vec<String> {
    let nothing = BTreeSet::new();
    LISTED
        .iter()
        .enumerate()
        .flat_map(|(row, (causes, more, _))| {
            let used = used.get(&row).unwrap_or(&nothing);
            let ids = causes.iter().chain(*more);
            ids.filter(|id| !used.contains(**id)).map(move |id| format!("row {}: {id}", row + 1))
        })
        .collect()
}

/// The id of a message, of an invariant its key alone.
fn errors_of(validator: &Validator, document: &Value) -> Vec<(String, String)> {
    let issues = validator.validate_text(&document.to_string(), &Options::default());
    let errors = issues.iter().filter(|issue| issue.severity >= Severity::Error);
    errors
        .map(|issue| {
            let id = issue.constraint_key().unwrap_or(issue.id());
            (id.to_owned(), issue.expression.clone())
        })
        .collect()
}

#[test]
fn one_fault_gets_one_error() {
    let validator = Validator::builder().build();
    // An error that is alone needs no row. Of the faults that are found, a third lead to more, each by a row.
    let (mut alone, mut listed) = (0, 0);
    let mut used: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let mut several: BTreeMap<BTreeSet<String>, Vec<String>> = BTreeMap::new();
    let (mut planted, mut found) = (0, 0);
    for document in documents() {
        assert_eq!(errors_of(&validator, &document), [], "{document}");
        let mut all = Vec::new();
        pointers(&document, "", &mut all);
        for pointer in &all {
            for (name, fault) in FAULTS {
                let mut faulty = document.clone();
                let Some(place) = faulty.pointer_mut(pointer) else { continue };
                let Some(made) = fault(place) else { continue };
                *place = made;
                planted += 1;
                let errors = errors_of(&validator, &faulty);
                found += usize::from(!errors.is_empty());
                let ids: BTreeSet<String> = errors.iter().map(|(id, _)| id.clone()).collect();
                alone += usize::from(errors.len() == 1);
                if errors.len() < 2 {
                    continue;
                }
                if let Some(row) = row_of(&ids) {
                    listed += 1;
                    used.entry(row).or_default().extend(ids);
                } else {
                    let of = document["resourceType"].as_str().unwrap_or_default();
                    several
                        .entry(ids)
                        .or_default()
                        .push(format!("{name} at {of}{pointer}: {errors:?}"));
                }
            }
        }
    }
    assert!(planted > 1200 && found > 1100, "{planted} faults, {found} found");
    let report: Vec<String> = several
        .iter()
        .map(|(ids, where_)| {
            format!(
                "{} times {ids:?}\n    {}",
                where_.len(),
                where_[..where_.len().min(4)].join("\n    ")
            )
        })
        .collect();
    assert!(alone >= 750 && listed <= 410, "{alone} faults with one error, {listed} listed");
    assert_eq!(unused(&used), Vec::<String>::new(), "ids that nothing gets");
    assert!(several.is_empty(), "several errors for one fault:\n{}", report.join("\n"));
}

#[test]
fn each_child_that_is_missing_is_a_cause_of_its_own() {
    let validator = Validator::builder().build();
    let document = json!({"resourceType": "Patient", "text": {}});
    let issues = validator.validate_text(&document.to_string(), &Options::default());
    let missing: Vec<String> = issues
        .iter()
        .filter(|issue| issue.id() == "Validation_VAL_Profile_Minimum")
        .map(|issue| format!("{}: {}", issue.expression, issue.text_en()))
        .collect();
    assert_eq!(missing.len(), 2, "{issues:#?}");
    for child in ["status", "div"] {
        let of_child = missing.iter().filter(|one| one.contains(&format!("Narrative.{child}")));
        assert_eq!(of_child.count(), 1, "{child}: {missing:?}");
    }
}
