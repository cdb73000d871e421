//! Random profiles of R4 resources: cardinalities, fixed values and patterns, bindings, limits,
//! choices of types and slicings by every discriminator, in one or two layers.

use fastrand::Rng;
use lmr_validator::definitions::{Definitions, ElementDefinition, Max};
use serde_json::{Value, json};

use super::primitive;

/// Resource types that are profiled: those with many kinds of elements.
const TYPES: [&str; 8] = [
    "Patient",
    "Observation",
    "MedicationRequest",
    "MedicationAdministration",
    "Condition",
    "Practitioner",
    "Encounter",
    "Medication",
];

/// The layers of one profile, the lowest first, each a StructureDefinition without snapshot.
pub(crate) fn layers(rng: &mut Rng, definitions: &Definitions, serial: &str) -> Option<Vec<Value>> {
    let type_name = TYPES[rng.usize(..TYPES.len())];
    let structure = definitions.type_definition(type_name).ok()??;
    let top: Vec<&ElementDefinition> = structure
        .elements
        .iter()
        .filter(|e| {
            e.path.matches('.').count() == 1
                && !matches!(
                    e.name(),
                    "id" | "meta"
                        | "implicitRules"
                        | "language"
                        | "text"
                        | "contained"
                        | "extension"
                        | "modifierExtension"
                )
        })
        .collect();
    let mut base = format!("http://hl7.org/fhir/StructureDefinition/{type_name}");
    let mut made = Vec::new();
    for layer in 0..rng.usize(1..3) {
        let mut lines: Vec<(usize, Vec<Value>)> = Vec::new();
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..top.len());
            if lines.iter().any(|(other, _)| *other == at) {
                continue;
            }
            if let Some(found) = constrain(rng, definitions, top[at], layer) {
                lines.push((at, found));
            }
        }
        lines.sort_by_key(|(at, _)| *at);
        let url = format!("http://sykehus.no/fhir/StructureDefinition/generert-{serial}-{layer}");
        let mut elements = vec![json!({ "id": type_name, "path": type_name })];
        elements.extend(lines.into_iter().flat_map(|(_, lines)| lines));
        made.push(json!({
            "resourceType": "StructureDefinition", "id": format!("generert-{serial}-{layer}"), "url": url,
            "name": format!("Generert{layer}"), "status": "active", "fhirVersion": "4.0.1", "kind": "resource",
            "abstract": false, "type": type_name, "baseDefinition": base, "derivation": "constraint",
            "differential": { "element": elements },
        }));
        base = url;
    }
    Some(made)
}

fn constrain(
    rng: &mut Rng,
    definitions: &Definitions,
    element: &ElementDefinition,
    layer: usize,
) -> Option<Vec<Value>> {
    let path = &*element.path;
    let mut line = json!({ "id": path, "path": path });
    let types: Vec<&str> =
        element.types.iter().map(lmr_validator::definitions::TypeRef::name).collect();
    let single = (types.len() == 1).then(|| types[0]);
    let repeats = element.max > Max::Count(1);
    match rng.u8(..10) {
        0 => line["min"] = json!(1),
        1 if element.min == 0 => line["max"] = json!("0"),
        2 if repeats => line["max"] = json!("1"),
        3 if types.len() > 1 => {
            let ty = types[rng.usize(..types.len())];
            line["type"] = json!([{ "code": ty }]);
        }
        4 | 5 => return single.and_then(|ty| value(rng, definitions, element, ty, line, layer)),
        6 if single == Some("string") => line["maxLength"] = json!(rng.u32(1..12)),
        7 if matches!(single, Some("CodeableConcept" | "Coding" | "code"))
            && element.binding.is_none() =>
        {
            line["binding"] = json!({
                "strength": primitive::pick(rng, &["required", "extensible", "preferred"]),
                "valueSet": primitive::pick(rng, &[
                    "http://hl7.org/fhir/ValueSet/administrative-gender",
                    "http://hl7.org/fhir/ValueSet/observation-status",
                    "http://hl7.org/fhir/ValueSet/identifier-use",
                ]),
            });
        }
        _ if repeats && layer == 0 => return slices(rng, definitions, element, single?),
        _ => line["mustSupport"] = json!(true),
    }
    Some(vec![line])
}

/// A fixed value or a pattern.
fn value(
    rng: &mut Rng,
    definitions: &Definitions,
    element: &ElementDefinition,
    ty: &str,
    mut line: Value,
    _layer: usize,
) -> Option<Vec<Value>> {
    let (kind, value) = match ty {
        "CodeableConcept" => {
            ("pattern", json!({ "coding": [{ "system": "http://sykehus.no/cs", "code": "a" }] }))
        }
        "Coding" => ("pattern", json!({ "system": "http://sykehus.no/cs", "code": "a" })),
        "Identifier" => ("pattern", json!({ "system": "http://sykehus.no/id" })),
        "code" => {
            let value_set = element.binding.as_ref()?.value_set.clone()?;
            let codes = definitions.terminology().value_set(&value_set).codes(20);
            let (_, code, _) = codes.first()?;
            (primitive::pick(rng, &["fixed", "pattern"]), json!(&**code))
        }
        "string" | "boolean" | "date" | "dateTime" | "positiveInt" | "uri" => {
            (primitive::pick(rng, &["fixed", "pattern"]), primitive::value(rng, ty))
        }
        "HumanName" => ("pattern", json!({ "family": "Nordmann" })),
        _ => return None,
    };
    let mut letters = ty.chars();
    let name: String = letters.next()?.to_uppercase().chain(letters).collect();
    line[format!("{kind}{name}")] = value;
    Some(vec![line])
}

/// A slicing of a repeating element with one or two slices.
fn slices(
    rng: &mut Rng,
    definitions: &Definitions,
    element: &ElementDefinition,
    ty: &str,
) -> Option<Vec<Value>> {
    let path = &*element.path;
    let child = match ty {
        "Identifier" | "ContactPoint" => "system",
        "CodeableConcept" => "coding",
        "HumanName" | "Address" => "use",
        "Reference" => "type",
        _ => return None,
    };
    definitions.type_definition(ty).ok()?.as_ref()?;
    let rules = primitive::pick(rng, &["open", "closed", "openAtEnd"]);
    let mut discriminator = primitive::pick(rng, &["value", "pattern", "exists"]);
    if child == "coding" {
        discriminator = primitive::pick(rng, &["pattern", "value"]);
    }
    let on_this = child == "coding";
    let mut lines = vec![json!({
        "id": path, "path": path,
        "slicing": {
            "discriminator": [{ "type": discriminator, "path": if on_this { "$this" } else { child } }],
            "rules": rules, "ordered": rng.u8(..5) == 0,
        },
    })];
    let values: [Value; 2] = match ty {
        "Identifier" => [json!("http://sykehus.no/id"), json!("urn:oid:2.16.578.1.12.4.1.4.1")],
        "ContactPoint" => [json!("phone"), json!("email")],
        "HumanName" => [json!("official"), json!("nickname")],
        "Address" => [json!("home"), json!("work")],
        "Reference" => [json!("Patient"), json!("Organization")],
        _ => [
            json!({ "coding": [{ "system": "http://sykehus.no/cs", "code": "a" }] }),
            json!({ "coding": [{ "system": "http://sykehus.no/cs", "code": "b" }] }),
        ],
    };
    for (name, value) in ["en", "to"].into_iter().zip(values) {
        let id = format!("{path}:{name}");
        let mut slice = json!({ "id": id, "path": path, "sliceName": name, "min": rng.u32(..2) });
        if rng.bool() {
            slice["max"] = json!("1");
        }
        if on_this {
            slice["patternCodeableConcept"] = value;
            lines.push(slice);
            continue;
        }
        lines.push(slice);
        let child_path = format!("{path}.{child}");
        let mut line = json!({ "id": format!("{id}.{child}"), "path": child_path });
        if discriminator == "exists" {
            if name == "en" { line["min"] = json!(1) } else { line["max"] = json!("0") }
        } else {
            let kind = primitive::pick(rng, &["fixed", "pattern"]);
            let suffix = match child {
                "use" => "Code",
                "system" if ty == "ContactPoint" => "Code",
                _ => "Uri",
            };
            line["min"] = json!(1);
            line[format!("{kind}{suffix}")] = value;
        }
        lines.push(line);
    }
    Some(lines)
}
