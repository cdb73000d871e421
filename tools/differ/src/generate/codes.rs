//! A table of codes and units: every form of a code under every strength of a binding, as a string, a
//! Coding, a concept and the unit of a quantity.

use serde_json::{Value, json};

const KNOWN: &str = "http://sykehus.no/fhir/CodeSystem/kjent";
const PART: &str = "http://sykehus.no/fhir/CodeSystem/utdrag";
const SUPPLEMENT: &str = "http://sykehus.no/fhir/CodeSystem/tillegg";
const BASE: &str = "http://sykehus.no/fhir";

/// Value sets, by the last part of their address and what they include.
const VALUE_SETS: &[(&str, &str)] = &[
    ("alle", r#"{"system":"http://sykehus.no/fhir/CodeSystem/kjent"}"#),
    ("listet", r#"{"system":"http://sykehus.no/fhir/CodeSystem/kjent","concept":[{"code":"a"}]}"#),
    ("fremmed", r#"{"system":"http://sykehus.no/ukjent","concept":[{"code":"a"}]}"#),
    (
        "enheter",
        r#"{"system":"http://unitsofmeasure.org","concept":[{"code":"mg"},{"code":"mL"}]}"#,
    ),
];

/// System, code, version and display; `null` is left out.
const CODINGS: &[(&str, &str)] = &[
    ("known", r#"{"system":"KNOWN","code":"a"}"#),
    ("known, other code", r#"{"system":"KNOWN","code":"b"}"#),
    ("known, unknown code", r#"{"system":"KNOWN","code":"z"}"#),
    ("known, other case", r#"{"system":"KNOWN","code":"A"}"#),
    ("known, right display", r#"{"system":"KNOWN","code":"a","display":"Alfa"}"#),
    ("known, wrong display", r#"{"system":"KNOWN","code":"a","display":"Beta"}"#),
    ("known, display in capitals", r#"{"system":"KNOWN","code":"a","display":"ALFA"}"#),
    ("known, its version", r#"{"system":"KNOWN","code":"a","version":"1"}"#),
    ("known, other version", r#"{"system":"KNOWN","code":"a","version":"2"}"#),
    ("known, inactive", r#"{"system":"KNOWN","code":"gammel"}"#),
    ("known, no code", r#"{"system":"KNOWN"}"#),
    ("known, code with spaces", r#"{"system":"KNOWN","code":" a"}"#),
    ("system with slash", r#"{"system":"KNOWN/","code":"a"}"#),
    ("system in capitals", r#"{"system":"HTTP://SYKEHUS.NO/fhir/CodeSystem/kjent","code":"a"}"#),
    ("system with version", r#"{"system":"KNOWN|1","code":"a"}"#),
    ("no system", r#"{"code":"a"}"#),
    ("no system, display", r#"{"code":"a","display":"Alfa"}"#),
    ("display alone", r#"{"display":"Alfa"}"#),
    ("relative system", r#"{"system":"kjent","code":"a"}"#),
    ("fragment as system", r##"{"system":"#kjent","code":"a"}"##),
    ("value set as system", r#"{"system":"http://sykehus.no/fhir/ValueSet/alle","code":"a"}"#),
    (
        "core value set as system",
        r#"{"system":"http://hl7.org/fhir/ValueSet/administrative-gender","code":"male"}"#,
    ),
    (
        "structure as system",
        r#"{"system":"http://hl7.org/fhir/StructureDefinition/Patient","code":"a"}"#,
    ),
    (
        "supplement as system",
        r#"{"system":"http://sykehus.no/fhir/CodeSystem/tillegg","code":"a"}"#,
    ),
    ("part, its code", r#"{"system":"http://sykehus.no/fhir/CodeSystem/utdrag","code":"a"}"#),
    ("part, other code", r#"{"system":"http://sykehus.no/fhir/CodeSystem/utdrag","code":"z"}"#),
    ("unknown system", r#"{"system":"http://sykehus.no/ukjent","code":"a"}"#),
    ("unknown system, other code", r#"{"system":"http://sykehus.no/ukjent","code":"z"}"#),
    ("other unknown system", r#"{"system":"http://sykehus.no/annet","code":"a"}"#),
    ("unknown system of HL7", r#"{"system":"http://hl7.org/fhir/nothing","code":"a"}"#),
    (
        "unknown system of terminology",
        r#"{"system":"http://terminology.hl7.org/CodeSystem/nothing","code":"a"}"#,
    ),
    ("oid, unknown", r#"{"system":"urn:oid:2.16.578.1.12.4.1.1.9999","code":"1"}"#),
    ("oid, malformed", r#"{"system":"urn:oid:2.16.05","code":"1"}"#),
    ("core system", r#"{"system":"http://hl7.org/fhir/administrative-gender","code":"male"}"#),
    (
        "core system, unknown code",
        r#"{"system":"http://hl7.org/fhir/administrative-gender","code":"mann"}"#,
    ),
    ("snomed", r#"{"system":"http://snomed.info/sct","code":"22298006"}"#),
    ("snomed, slash", r#"{"system":"http://snomed.info/sct/","code":"22298006"}"#),
    ("loinc", r#"{"system":"http://loinc.org","code":"29463-7"}"#),
    ("loinc, https", r#"{"system":"https://loinc.org","code":"29463-7"}"#),
    ("uri", r#"{"system":"urn:ietf:rfc:3986","code":"http://a.no"}"#),
    ("uri, no uri", r#"{"system":"urn:ietf:rfc:3986","code":"a"}"#),
    ("language", r#"{"system":"urn:ietf:bcp:47","code":"nb-NO"}"#),
    ("language, no language", r#"{"system":"urn:ietf:bcp:47","code":"norsk bokmål"}"#),
    ("media type", r#"{"system":"urn:ietf:bcp:13","code":"text/plain"}"#),
    ("ucum", r#"{"system":"http://unitsofmeasure.org","code":"mg"}"#),
    ("ucum, other", r#"{"system":"http://unitsofmeasure.org","code":"kg"}"#),
    ("ucum, ml", r#"{"system":"http://unitsofmeasure.org","code":"ml"}"#),
    ("ucum, compound", r#"{"system":"http://unitsofmeasure.org","code":"mg/kg/d"}"#),
    ("ucum, annotation", r#"{"system":"http://unitsofmeasure.org","code":"{tbl}"}"#),
    ("ucum, word", r#"{"system":"http://unitsofmeasure.org","code":"milligram"}"#),
    ("ucum, capitals", r#"{"system":"http://unitsofmeasure.org","code":"MG"}"#),
    ("ucum, micro sign", r#"{"system":"http://unitsofmeasure.org","code":"µg"}"#),
    ("ucum, broken", r#"{"system":"http://unitsofmeasure.org","code":"mg//"}"#),
    ("ucum, slash", r#"{"system":"http://unitsofmeasure.org/","code":"mg"}"#),
    ("ucum, no code", r#"{"system":"http://unitsofmeasure.org"}"#),
];

const STRENGTHS: [&str; 4] = ["required", "extensible", "preferred", "example"];

/// Rows of the table: document, what it was made of, profile.
pub(crate) fn rows() -> Vec<(Value, String, String)> {
    let mut rows = Vec::new();
    for (set, _) in VALUE_SETS {
        for strength in STRENGTHS {
            for (name, text) in CODINGS {
                let Ok(coding) = serde_json::from_str::<Value>(&text.replace("KNOWN", KNOWN))
                else {
                    continue;
                };
                for (form, document) in documents(&coding) {
                    let made = format!("{name} as {form}, {strength} {set}");
                    let of = document["resourceType"].as_str().unwrap_or_default();
                    let profile = profile(of, set, strength);
                    rows.push((document, made, profile));
                }
            }
        }
    }
    // A code that is not there is no form of a string.
    rows.retain(|(document, _, _)| document.get("lotNumber").is_none_or(Value::is_string));
    rows
}

fn profile(of: &str, set: &str, strength: &str) -> String {
    format!("{BASE}/StructureDefinition/{of}-{set}-{strength}")
}

fn text() -> Value {
    json!({"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"})
}

fn documents(coding: &Value) -> Vec<(&'static str, Value)> {
    let device = |members: Value| {
        let mut made = json!({"resourceType": "Device", "text": text()});
        if let (Some(made), Value::Object(members)) = (made.as_object_mut(), members) {
            made.extend(members);
        }
        made
    };
    let observation = |members: Value| {
        let mut made = json!({
            "resourceType": "Observation",
            "text": text(),
            "status": "final",
            "code": {"text": "x"},
        });
        if let (Some(made), Value::Object(members)) = (made.as_object_mut(), members) {
            made.extend(members);
        }
        made
    };
    let mut quantity = coding.clone();
    if let Some(quantity) = quantity.as_object_mut() {
        quantity.remove("version");
        if let Some(unit) = quantity.remove("display") {
            quantity.insert("unit".into(), unit);
        }
        quantity.insert("value".into(), json!(1));
    }
    let other = json!({"system": KNOWN, "code": "b"});
    vec![
        ("Coding", device(json!({"meta": {"tag": [coding]}}))),
        ("concept", device(json!({"type": {"coding": [coding]}}))),
        ("one of two", device(json!({"type": {"coding": [other, coding]}}))),
        ("concept with text", device(json!({"type": {"coding": [coding], "text": "x"}}))),
        ("Quantity", observation(json!({"valueQuantity": quantity}))),
        ("Range", observation(json!({"referenceRange": [{"low": quantity}]}))),
        ("string", device(json!({"lotNumber": coding["code"]}))),
    ]
}

/// The definitions that all rows need.
pub(crate) fn definitions() -> Vec<String> {
    let mut made = vec![
        json!({
            "resourceType": "CodeSystem", "url": KNOWN, "version": "1", "name": "Kjent",
            "status": "active", "content": "complete", "caseSensitive": true,
            "property": [{"code": "status", "uri": "http://hl7.org/fhir/concept-properties#status", "type": "code"}],
            "concept": [
                {"code": "a", "display": "Alfa"},
                {"code": "b", "display": "Beta"},
                {"code": "gammel", "property": [{"code": "status", "valueCode": "retired"}]},
            ],
        }),
        json!({
            "resourceType": "CodeSystem", "url": PART, "version": "1", "name": "Utdrag",
            "status": "active", "content": "fragment", "caseSensitive": true,
            "concept": [{"code": "a"}],
        }),
        json!({
            "resourceType": "CodeSystem", "url": SUPPLEMENT, "version": "1", "name": "Tillegg",
            "status": "active", "content": "supplement", "supplements": KNOWN,
            "concept": [{"code": "a"}],
        }),
    ];
    for (set, include) in VALUE_SETS {
        let include: Value = serde_json::from_str(include).unwrap_or_default();
        let url = format!("{BASE}/ValueSet/{set}");
        made.push(json!({
            "resourceType": "ValueSet", "url": url, "name": "Sett", "status": "active",
            "compose": {"include": [include]},
        }));
        for strength in STRENGTHS {
            for (of, paths) in [
                // In the order of the resource: out of it the reference makes no snapshot.
                ("Device", &["meta.tag", "lotNumber", "type"][..]),
                ("Observation", &["value[x]", "referenceRange.low"][..]),
            ] {
                let elements: Vec<Value> = paths
                    .iter()
                    .map(|path| {
                        let mut element = json!({
                            "id": format!("{of}.{path}"),
                            "path": format!("{of}.{path}"),
                            "binding": {"strength": strength, "valueSet": url},
                        });
                        if *path == "value[x]" {
                            element["type"] = json!([{"code": "Quantity"}]);
                        }
                        element
                    })
                    .collect();
                made.push(json!({
                    "resourceType": "StructureDefinition", "url": profile(of, set, strength),
                    "name": "Profil", "status": "active", "fhirVersion": "4.0.1", "kind": "resource",
                    "abstract": false, "type": of,
                    "baseDefinition": format!("http://hl7.org/fhir/StructureDefinition/{of}"),
                    "derivation": "constraint",
                    "differential": {"element": elements},
                }));
            }
        }
    }
    made.iter().map(Value::to_string).collect()
}
