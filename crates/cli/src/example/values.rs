//! Values that look like real ones: primitive types by the element's name, identifiers by their system. The same on
//! every run, and of nobody.

use lmr_identifiers::synthetic::{self, Series};
use lmr_identifiers::systems;
use serde_json::{Map, Value, json};

/// The birth date of the example's person; identity numbers follow from it.
const BIRTH_DATE: &str = "1961-12-09";

/// A value of a primitive type for an element; `None` for a type that is not known.
pub(super) fn primitive(type_name: &str, element: &str) -> Option<Value> {
    Some(match type_name {
        "boolean" => json!(true),
        "integer" | "unsignedInt" | "positiveInt" => json!(1),
        "decimal" => json!(1),
        "date" if element == "birthDate" => json!(BIRTH_DATE),
        "date" => json!("2026-05-20"),
        "dateTime" => json!("2026-05-20T08:00:00+02:00"),
        "instant" => json!("2026-05-20T08:00:00.000+02:00"),
        "time" => json!("08:00:00"),
        "id" => json!("example"),
        "code" => json!("example"),
        "uri" | "url" | "canonical" => json!("http://example.org/fhir/example"),
        "oid" => json!("urn:oid:2.16.578.1.12.4.1.1.9999"),
        "uuid" => json!("urn:uuid:00000001-0000-4000-8000-000000000001"),
        "base64Binary" => json!("ZXhhbXBsZQ=="),
        "xhtml" => json!("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Example</p></div>"),
        "string" | "markdown" => json!(text(element)),
        _ => return None,
    })
}

fn text(element: &str) -> &'static str {
    match element {
        "family" => "Nordmann",
        "given" => "Kari",
        "name" => "Eksempel sykehus",
        "city" | "district" => "Bergen",
        "postalCode" => "5003",
        "line" => "Storgata 1",
        "country" => "NO",
        "unit" => "mg",
        "lotNumber" => "A123",
        "versionId" => "1",
        _ => "Eksempel",
    }
}

/// Codes that an example would have where a value set has several, the more fitting first.
pub(super) const CODES: [&str; 10] = [
    "completed",
    "active",
    "order",
    "finished",
    "final",
    "confirmed",
    "female",
    "collection",
    "home",
    "official",
];

/// A code of a value set whose codes are not at hand, as a Coding; empty if none is known.
pub(super) fn known_code(value_set: &str) -> Map<String, Value> {
    let coding = match value_set.split('|').next() {
        Some("http://terminology.hl7.org/ValueSet/v3-ActEncounterCode") => json!({
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP", "display": "inpatient encounter",
        }),
        Some("http://hl7.org/fhir/ValueSet/mimetypes") => {
            json!({ "system": "urn:ietf:bcp:13", "code": "text/plain" })
        }
        Some("http://hl7.org/fhir/ValueSet/all-languages") => {
            json!({ "system": "urn:ietf:bcp:47", "code": "nb" })
        }
        _ => return Map::new(),
    };
    object(coding)
}

/// An identifier of nothing in particular.
pub(super) fn identifier() -> Map<String, Value> {
    object(json!({ "system": "https://example.org/identifiers", "value": "1" }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// A quantity in a unit of UCUM.
pub(super) fn quantity(type_name: &str) -> Map<String, Value> {
    let (value, unit) = match type_name {
        "Age" => (64, "a"),
        "Duration" => (30, "min"),
        "Count" => (1, "1"),
        "Distance" => (1, "m"),
        _ => (500, "mg"),
    };
    let members = if type_name == "Money" {
        json!({ "value": 100, "currency": "NOK" })
    } else {
        json!({ "value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit })
    };
    object(members)
}

/// Gives every identifier of a known system a value that is right for it.
pub(super) fn identify(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(identify),
        Value::Object(members) => {
            if members.contains_key("value")
                && let Some(known) =
                    members.get("system").and_then(Value::as_str).and_then(of_system)
            {
                members.insert("value".to_owned(), json!(known));
            }
            members.values_mut().for_each(identify);
        }
        _ => {}
    }
}

fn of_system(system: &str) -> Option<String> {
    let person = |d_number| {
        synthetic::identity_number(1961, 12, 9, Series::Nhn, d_number, 200).0.as_str().to_owned()
    };
    Some(match system {
        systems::NATIONAL_IDENTITY_NUMBER => person(false),
        systems::D_NUMBER => person(true),
        systems::HPR_NUMBER => "9144889".to_owned(),
        systems::ORGANISATION_NUMBER => synthetic::organisation_number(0).as_str().to_owned(),
        systems::RESH_ID => "4204086".to_owned(),
        _ => return None,
    })
}
