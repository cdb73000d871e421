//! A whole message of the guide: an administration and all that it refers to.

use std::collections::BTreeSet;
use std::sync::Arc;

use lmr_lmdi::RuleSetId;
use serde_json::{Value, json};

use super::instance::Maker;
use super::{Extent, Made, errors, of};
use crate::explain::Source;
use crate::output::Language;
use crate::text::fail;

/// The resource that a message is sent for.
const FIRST: &str = "MedicationAdministration";

/// The example of the guide's bundle.
pub(super) fn make(source: &Source, extent: Extent, lang: Language) -> anyhow::Result<Made> {
    let Some(guide) = source.guide() else { fail!("ingen veileder", "no guide") };
    let resources = resources(source, guide, extent, lang)?;
    let Some(structure) = source.structure(guide.bundle_profile())? else {
        fail!("veilederen har ingen profil av Bundle", "the guide has no profile of Bundle");
    };
    let maker = Maker::new(source.definitions(), structure);
    let mut bundle = maker.make(&BTreeSet::from([Arc::from("Bundle.timestamp")]));
    bundle.insert("type".to_owned(), json!(guide.bundle_type()));
    let entries: Vec<Value> = resources
        .iter()
        .map(|resource| {
            let of_type = resource["resourceType"].as_str().unwrap_or_default();
            json!({
                "fullUrl": full_url(of_type, &resources),
                "resource": resource,
                "request": { "method": "POST", "url": of_type },
            })
        })
        .collect();
    bundle.insert("entry".to_owned(), Value::Array(entries));
    let mut document = Value::Object(bundle);
    refer(&mut document, &resources);
    let errors = errors(source, &document, lang)?;
    Ok(Made { document, errors })
}

/// The administration and what it refers to, each type once, in the order in which they are found.
fn resources(
    source: &Source,
    guide: RuleSetId,
    extent: Extent,
    lang: Language,
) -> anyhow::Result<Vec<Value>> {
    let mut made: Vec<Value> = Vec::new();
    let mut open = vec![FIRST.to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(of_type) = open.pop() {
        if !seen.insert(of_type.clone()) {
            continue;
        }
        // What the register does not take is not sent, and not referred to.
        let Some(profile) = guide.profile_of(&of_type) else { continue };
        let Some(structure) = source.structure(profile)? else { continue };
        let document = of(source, &structure, extent, lang)?.document;
        targets(&document, &mut open);
        made.push(document);
    }
    Ok(made)
}

fn targets(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| targets(item, found)),
        Value::Object(members) => {
            if let Some((of_type, _)) =
                members.get("reference").and_then(Value::as_str).and_then(|to| to.split_once('/'))
            {
                found.push(of_type.to_owned());
            }
            members.values().for_each(|member| targets(member, found));
        }
        _ => {}
    }
}

/// The address of a type's only entry.
fn full_url(of_type: &str, resources: &[Value]) -> Option<String> {
    let at = resources.iter().position(|resource| resource["resourceType"] == of_type)?;
    let number = at + 1;
    Some(format!("urn:uuid:{number:08}-0000-4000-8000-{number:012}"))
}

/// Makes references to `TYPE/example` lead to the entries, and takes out those that lead to none. Whether anything is
/// left of the value.
fn refer(value: &mut Value, resources: &[Value]) -> bool {
    match value {
        Value::Array(items) => {
            items.retain_mut(|item| refer(item, resources));
            !items.is_empty()
        }
        Value::Object(members) => {
            if let Some(to) = members.get("reference").and_then(Value::as_str) {
                let of_type = to.split_once('/').map_or(to, |(of_type, _)| of_type);
                let Some(entry) = full_url(of_type, resources) else { return false };
                members.insert("reference".to_owned(), json!(entry));
                return true;
            }
            members.retain(|_, member| refer(member, resources));
            !members.is_empty()
        }
        _ => true,
    }
}
