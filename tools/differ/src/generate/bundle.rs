//! Bundles of generated resources whose references lead to entries of the same bundle.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{Object, instance::Generator, primitive};

/// A collection Bundle of resources of these profiles. References to a type that has an entry lead
/// to that entry, all others stay as they are.
pub(crate) fn collection(
    rng: &mut Rng,
    generator: &mut Generator<'_>,
    profiles: &[String],
    thrift: u8,
) -> Option<Object> {
    let mut entries = Vec::new();
    for _ in 0..rng.usize(1..5) {
        let profile = &profiles[rng.usize(..profiles.len())];
        let resource = generator.resource(rng, profile, thrift)?;
        entries.push((format!("urn:uuid:{}", primitive::uuid(rng)), resource));
    }
    let targets: Vec<(String, String)> = entries
        .iter()
        .filter_map(|(url, resource)| {
            Some((resource.get("resourceType")?.as_str()?.to_owned(), url.clone()))
        })
        .collect();
    let entries: Vec<Value> = entries
        .into_iter()
        .map(|(url, resource)| {
            let mut resource = Value::Object(resource);
            relink(&mut resource, &targets);
            json!({ "fullUrl": url, "resource": resource })
        })
        .collect();
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    match bundle {
        Value::Object(bundle) => Some(bundle),
        _ => None,
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
