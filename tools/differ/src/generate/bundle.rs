//! Containers of generated resources: bundles whose references lead to entries of theirs, parameters,
//! contained resources.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{Object, instance::Generator, primitive};

const TYPES: [&str; 9] = [
    "document",
    "message",
    "transaction",
    "transaction-response",
    "batch",
    "batch-response",
    "history",
    "searchset",
    "collection",
];

/// A Bundle of any type with resources of these profiles. References to a type that has an entry lead
/// to that entry, all others stay as they are.
pub(crate) fn bundle(
    rng: &mut Rng,
    generator: &mut Generator<'_>,
    profiles: &[String],
    thrift: u8,
) -> Option<Object> {
    let kind = match rng.u8(..3) {
        0 => "collection",
        1 => "transaction",
        _ => primitive::pick(rng, &TYPES),
    };
    let mut entries = Vec::new();
    if let Some(first) = match kind {
        "document" => Some("Composition"),
        "message" => Some("MessageHeader"),
        _ => None,
    } {
        let canonical = format!("http://hl7.org/fhir/StructureDefinition/{first}");
        entries.push(generator.resource(rng, &canonical, thrift)?);
    }
    for _ in 0..rng.usize(1..5) {
        let profile = &profiles[rng.usize(..profiles.len())];
        entries.push(generator.resource(rng, profile, thrift)?);
    }
    // One kind of address throughout, as senders have it.
    let rest = rng.u8(..3) == 0;
    let mut addressed = Vec::new();
    for mut resource in entries {
        let name = resource.get("resourceType")?.as_str()?.to_owned();
        let url = if rest {
            let id = primitive::id(rng);
            resource.insert("id".into(), json!(id));
            format!("http://sykehus.no/fhir/{name}/{id}")
        } else {
            format!("urn:uuid:{}", primitive::uuid(rng))
        };
        addressed.push((name, url, resource));
    }
    let targets: Vec<(String, String)> = addressed
        .iter()
        .map(|(name, url, _)| {
            let relative = url.strip_prefix("http://sykehus.no/fhir/").unwrap_or(url);
            let reference = match rng.u8(..8) {
                0 => url.clone(),
                1 if rest => format!("{relative}/_history/1"),
                _ => relative.to_owned(),
            };
            (name.clone(), reference)
        })
        .collect();
    let entries: Vec<Value> = addressed
        .into_iter()
        .map(|(name, url, resource)| {
            let mut resource = Value::Object(resource);
            relink(&mut resource, &targets);
            let mut entry = json!({ "fullUrl": url, "resource": resource });
            match kind {
                "transaction" | "batch" => {
                    entry["request"] = json!({ "method": "POST", "url": name });
                }
                "history" => {
                    entry["request"] = json!({ "method": "POST", "url": name });
                    entry["response"] = json!({ "status": "201" });
                }
                "transaction-response" | "batch-response" => {
                    entry["response"] = json!({ "status": "200 OK" });
                }
                "searchset" => entry["search"] = json!({ "mode": "match" }),
                _ => {}
            }
            entry
        })
        .collect();
    let mut bundle = json!({ "resourceType": "Bundle", "type": kind });
    if matches!(kind, "document" | "message") {
        bundle["identifier"] = json!({ "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{}", primitive::uuid(rng)) });
        bundle["timestamp"] = primitive::value(rng, "instant");
    }
    if kind == "searchset" {
        bundle["total"] = json!(entries.len());
        bundle["link"] =
            json!([{ "relation": "self", "url": "http://sykehus.no/fhir/Patient?name=a" }]);
    }
    bundle["entry"] = json!(entries);
    match bundle {
        Value::Object(bundle) => Some(bundle),
        _ => None,
    }
}

/// Parameters that hold resources and values.
pub(crate) fn parameters(
    rng: &mut Rng,
    generator: &mut Generator<'_>,
    profiles: &[String],
    thrift: u8,
) -> Option<Object> {
    let mut list = Vec::new();
    for _ in 0..rng.usize(1..4) {
        let profile = &profiles[rng.usize(..profiles.len())];
        let resource = generator.resource(rng, profile, thrift)?;
        list.push(match rng.u8(..4) {
            0 => json!({ "name": "verdi", "valueReference": { "reference": "Patient/1" } }),
            1 => json!({ "name": "deler", "part": [{ "name": "del", "resource": resource }, { "name": "tall", "valueDecimal": 1.5 }] }),
            _ => json!({ "name": "ressurs", "resource": resource }),
        });
    }
    match json!({ "resourceType": "Parameters", "parameter": list }) {
        Value::Object(made) => Some(made),
        _ => None,
    }
}

/// Gives a resource a contained one and leads one of its references there.
pub(crate) fn contain(rng: &mut Rng, generator: &mut Generator<'_>, made: &mut Object) {
    let mut references = Vec::new();
    for (name, member) in made.iter_mut() {
        if name != "contained" {
            collect(member, &mut references);
        }
    }
    if references.is_empty() {
        return;
    }
    let chosen = rng.usize(..references.len());
    let reference = references.swap_remove(chosen);
    let Some(name) = reference.split('/').next().map(str::to_owned) else { return };
    let canonical = format!("http://hl7.org/fhir/StructureDefinition/{name}");
    let Some(mut resource) = generator.resource(rng, &canonical, 10) else { return };
    resource.shift_remove("meta");
    resource.insert("id".into(), json!("del"));
    *reference = "#del".to_owned();
    made.insert("contained".into(), json!([resource]));
}

fn collect<'v>(value: &'v mut Value, found: &mut Vec<&'v mut String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| collect(item, found)),
        Value::Object(members) => {
            for (name, member) in members {
                let leads =
                    name == "reference" && member.as_str().is_some_and(|text| text.contains('/'));
                if let Value::String(text) = member {
                    if leads {
                        found.push(text);
                    }
                } else {
                    collect(member, found);
                }
            }
        }
        _ => {}
    }
}

fn relink(value: &mut Value, targets: &[(String, String)]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| relink(item, targets)),
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("reference") {
                let found = targets.iter().find(|(name, _)| {
                    reference.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'))
                });
                if let Some((_, url)) = found {
                    reference.clone_from(url);
                }
            }
            members.values_mut().for_each(|item| relink(item, targets));
        }
        _ => {}
    }
}
