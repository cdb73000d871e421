//! A plausible value of any type, to put where none belongs.

use lmr_validator::definitions::{Definitions, ElementDefinition};
use serde_json::{Map, Value, json};

/// A value of a type, `None` for types that need their definition's children.
pub(crate) fn of_type(name: &str) -> Option<Value> {
    Some(match name {
        "boolean" => json!(true),
        "integer" | "positiveInt" | "unsignedInt" => json!(1),
        "decimal" => json!(1.5),
        "string" | "code" | "markdown" | "id" => json!("x"),
        "uri" | "url" | "canonical" => json!("http://a.example/x"),
        "uuid" => json!("urn:uuid:00000000-0000-4000-8000-00000000abcd"),
        "oid" => json!("urn:oid:1.2.3"),
        "base64Binary" => json!("AAEC"),
        "date" => json!("2026-05-01"),
        "dateTime" | "instant" => json!("2026-05-01T08:00:00Z"),
        "time" => json!("08:00:00"),
        "Identifier" => json!({ "system": "urn:oid:1.2.3", "value": "x" }),
        "CodeableConcept" => json!({ "text": "x" }),
        "Coding" => json!({ "system": "urn:oid:1.2.3", "code": "x" }),
        "Reference" => json!({ "display": "x" }),
        "Period" => json!({ "start": "2026-05-01" }),
        "Quantity" | "SimpleQuantity" | "Age" => json!({ "value": 1 }),
        "Duration" => json!({ "value": 1, "system": "http://unitsofmeasure.org", "code": "d" }),
        "Range" => json!({ "low": { "value": 1 } }),
        "Ratio" => json!({ "numerator": { "value": 1 }, "denominator": { "value": 2 } }),
        "HumanName" => json!({ "family": "x" }),
        "ContactPoint" => json!({ "system": "phone", "value": "x" }),
        "Address" => json!({ "city": "x" }),
        "Attachment" => json!({ "title": "x" }),
        "Annotation" => json!({ "text": "x" }),
        "Timing" => json!({ "code": { "text": "x" } }),
        "Dosage" => json!({ "text": "x" }),
        "Narrative" => {
            json!({ "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>" })
        }
        "Extension" => json!({ "url": "http://a.example/x", "valueString": "x" }),
        _ => return None,
    })
}

/// A value for an element of a resource type, with the required children of a backbone element.
pub(crate) fn for_element(
    definitions: &Definitions,
    element: &ElementDefinition,
) -> Option<(String, Value)> {
    let kind = element.types.first()?.name().to_owned();
    let name = element.name();
    let key = match name.strip_suffix("[x]") {
        Some(stem) => stem.to_owned() + &kind[..1].to_uppercase() + &kind[1..],
        None => name.to_owned(),
    };
    let value = match of_type(&kind) {
        Some(value) => value,
        None => backbone(definitions, element)?,
    };
    Some((key, if element.is_array() { json!([value]) } else { value }))
}

fn backbone(definitions: &Definitions, element: &ElementDefinition) -> Option<Value> {
    let base = element.base.as_ref().map_or(&*element.path, |base| &*base.path);
    let (kind, _) = base.split_once('.')?;
    let structure = definitions.type_definition(kind).ok()??;
    let prefix = format!("{base}.");
    let children: Vec<&ElementDefinition> = structure
        .elements
        .iter()
        .filter(|child| child.path.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('.')))
        .filter(|child| !matches!(child.name(), "id" | "extension" | "modifierExtension"))
        .collect();
    let mut object = Map::new();
    for child in children.iter().filter(|child| child.min > 0) {
        let (key, value) = for_element(definitions, child)?;
        object.insert(key, value);
    }
    if object.is_empty() {
        let (key, value) = children.iter().find_map(|child| for_element(definitions, child))?;
        object.insert(key, value);
    }
    Some(Value::Object(object))
}
