//! FHIR's XML of a resource: what is in JSON as `x` and `_x` is one element.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

/// Elements that come first, in this order.
const FIRST: [&str; 6] = ["id", "meta", "implicitRules", "language", "text", "extension"];

/// And then those of types whose faults are put at the end of the JSON: the order of XML is that of the definition.
const PATIENT: [&str; 5] = ["identifier", "name", "gender", "birthDate", "address"];
const ADMINISTRATION: [&str; 11] = [
    "identifier",
    "status",
    "medicationReference",
    "subject",
    "context",
    "effectiveDateTime",
    "effectivePeriod",
    "performer",
    "reasonReference",
    "request",
    "dosage",
];

/// A resource as a document.
pub fn of(resource: &Value) -> Result<String> {
    let members = resource.as_object().context("a resource is an object")?;
    let kind = resource["resourceType"].as_str().context("a resource has a type")?;
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{kind} xmlns=\"http://hl7.org/fhir\">"
    );
    inside(members, true, &mut text);
    let _ = write!(text, "</{kind}>");
    Ok(text)
}

fn inside(members: &Map<String, Value>, is_resource: bool, text: &mut String) {
    let then: &[&str] = match members.get("resourceType").and_then(Value::as_str) {
        Some("Patient") => &PATIENT,
        Some("MedicationAdministration") => &ADMINISTRATION,
        _ => &[],
    };
    let order: Vec<&str> = FIRST.iter().chain(then).copied().collect();
    let rank = |name: &str| order.iter().position(|one| *one == name).unwrap_or(order.len());
    let mut names: Vec<&String> = members.keys().collect();
    names.sort_by_key(|name| rank(name.trim_start_matches('_')));
    for name in names {
        let is_attribute = !is_resource && matches!(name.as_str(), "id" | "url");
        if name == "resourceType" || is_attribute {
            continue;
        }
        if let Some(plain) = name.strip_prefix('_') {
            // With its value, where it has one.
            if !members.contains_key(plain) {
                element(plain, &Value::Null, members.get(name), text);
            }
            continue;
        }
        let more = members.get(&format!("_{name}"));
        match &members[name] {
            Value::Array(all) => {
                for (at, one) in all.iter().enumerate() {
                    element(name, one, more.and_then(|more| more.get(at)), text);
                }
            }
            one => element(name, one, more, text),
        }
    }
}

fn element(name: &str, value: &Value, more: Option<&Value>, text: &mut String) {
    let _ = write!(text, "<{name}");
    let members = value.as_object().or(more.and_then(Value::as_object));
    if let Some(members) = members {
        for attribute in ["id", "url"] {
            if let Some(Value::String(value)) = members.get(attribute) {
                let _ = write!(text, " {attribute}=\"{}\"", escaped(value));
            }
        }
    }
    match value {
        Value::String(value) => {
            let _ = write!(text, " value=\"{}\"", escaped(value));
        }
        Value::Bool(_) | Value::Number(_) => {
            let _ = write!(text, " value=\"{value}\"");
        }
        _ => {}
    }
    text.push('>');
    if let Some(members) = members {
        inside(members, false, text);
    }
    let _ = write!(text, "</{name}>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_extensions_and_lists_are_elements() {
        let resource = json!({
            "resourceType": "Patient", "id": "p", "gender": "male",
            "address": [{ "district": "A & B", "_district": { "extension": [{ "url": "u", "valueInteger": 1 }] } }],
            "meta": { "profile": ["x", "y"] }, "name": [{ "family": "F" }]
        });
        assert!(of(&resource).unwrap().ends_with(concat!(
            r#"<Patient xmlns="http://hl7.org/fhir"><id value="p"></id>"#,
            r#"<meta><profile value="x"></profile><profile value="y"></profile></meta><name><family value="F"></family></name><gender value="male"></gender>"#,
            r#"<address><district value="A &amp; B"><extension url="u"><valueInteger value="1"></valueInteger>"#,
            r#"</extension></district></address></Patient>"#
        )));
    }
}
