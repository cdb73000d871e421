//! Instances for a generated profile: some meet it, most miss one of its rules narrowly.

use fastrand::Rng;
use lmr_validator::definitions::Definitions;
use serde_json::{Value, json};

use crate::generate::instance::Generator;
use crate::generate::{mutation, primitive};

/// An instance for a profile.
pub(crate) struct Instance {
    pub(crate) document: Value,
    /// The profiles to validate against; none where the instance names them itself.
    pub(crate) profiles: Vec<String>,
    /// What was changed, for people.
    pub(crate) changes: String,
}

/// Makes an instance for the profile `url` of these definitions.
pub(crate) fn instance(rng: &mut Rng, definitions: &Definitions, url: &str) -> Option<Instance> {
    let mut generator = Generator::new(definitions);
    let structure = definitions.structure(url).ok()??;
    let of = if rng.u8(..5) == 0 { structure.type_name.to_string() } else { url.to_owned() };
    let of =
        if of.contains(':') { of } else { format!("http://hl7.org/fhir/StructureDefinition/{of}") };
    let thrift = rng.u8(..11);
    let mut made = generator.resource(rng, &of, thrift)?;
    made.shift_remove("meta");
    let mut document = Value::Object(made);
    if rng.bool() {
        contain(rng, &mut generator, &mut document);
    }
    let mut changes = Vec::new();
    if rng.u8(..8) == 0 {
        changes.extend(mutation::mutate(rng, &mut document));
    } else {
        for _ in 0..rng.usize(..3) {
            changes.extend(change(rng, &mut document));
        }
    }
    let mut profiles = vec![url.to_owned()];
    if rng.u8(..6) == 0 {
        profiles.clear();
        document["meta"] = json!({ "profile": [url] });
        document = match rng.u8(..4) {
            0 => document,
            1 => {
                json!({ "resourceType": "Parameters", "parameter": [{ "name": "a", "resource": document }] })
            }
            _ => bundle(rng, document),
        };
    }
    Some(Instance { document, profiles, changes: changes.join(", ") })
}

/// A Bundle of the resource and of what it refers to.
fn bundle(rng: &mut Rng, mut document: Value) -> Value {
    let mut entries = Vec::new();
    let mut targets = Vec::new();
    references(&mut document, &mut |reference| {
        if let Some((name, _)) = reference.split_once('/')
            && targets.len() < 3
            && name.chars().all(char::is_alphanumeric)
        {
            let url = format!("urn:uuid:{}", primitive::uuid(rng));
            targets.push((url.clone(), name.to_owned()));
            *reference = url;
        }
    });
    entries.push(
        json!({ "fullUrl": format!("urn:uuid:{}", primitive::uuid(rng)), "resource": document }),
    );
    for (url, name) in targets {
        entries.push(json!({ "fullUrl": url, "resource": { "resourceType": name } }));
    }
    json!({ "resourceType": "Bundle", "type": "collection", "entry": entries })
}

/// Puts the targets of some references into the resource.
fn contain(rng: &mut Rng, generator: &mut Generator<'_>, document: &mut Value) {
    let mut contained = Vec::new();
    let mut names = Vec::new();
    references(document, &mut |reference| {
        if let Some((name, _)) = reference.split_once('/')
            && names.len() < 3
            && !name.contains(':')
        {
            names.push(name.to_owned());
            *reference = format!("#t{}", names.len());
        }
    });
    for (number, name) in names.iter().enumerate() {
        let canonical = format!("http://hl7.org/fhir/StructureDefinition/{name}");
        let thrift = rng.u8(6..11);
        let Some(mut target) = generator.resource(rng, &canonical, thrift) else { continue };
        target.insert("id".into(), json!(format!("t{}", number + 1)));
        contained.push(Value::Object(target));
    }
    if contained.is_empty() {
        return;
    }
    document["contained"] = Value::Array(contained);
}

fn references(value: &mut Value, with: &mut dyn FnMut(&mut String)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| references(item, with)),
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                match member {
                    Value::String(text) if key == "reference" => with(text),
                    _ if key != "contained" => references(member, with),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// One change that keeps the instance well-formed, and what it was.
fn change(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let mut pointers = Vec::new();
    collect(document, String::new(), &mut pointers);
    for _ in 0..30 {
        let pointer = &pointers[rng.usize(..pointers.len())];
        let Some((parent, key)) = pointer.rsplit_once('/') else { continue };
        if matches!(key, "resourceType" | "url" | "contained" | "id" | "reference") {
            continue;
        }
        let kind = rng.u8(..6);
        if kind < 3
            && let Some(Value::Array(items)) = document.pointer_mut(parent)
        {
            let at: usize = key.parse().ok()?;
            match kind {
                0 if items.len() > 1 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                2 if items.len() > 1 => items.reverse(),
                _ => continue,
            }
            return Some(format!("item {kind} at {pointer}"));
        }
        match document.pointer_mut(parent) {
            Some(Value::Object(members)) if kind < 3 && members.len() > 1 => {
                members.shift_remove(key);
                return Some(format!("remove {pointer}"));
            }
            _ => {}
        }
        let Some(target) = document.pointer_mut(pointer) else { continue };
        let new = match &*target {
            Value::String(text) if text.starts_with(|c: char| c.is_ascii_digit()) => {
                json!(["2026", "2026-01-01", "2026-01-01T10:00:00Z"][rng.usize(..3)])
            }
            Value::String(_) if key == "system" => {
                json!(
                    ["http://sykehus.no/cs", "http://sykehus.no/id", "phone", "urn:oid:2.16.578.1"]
                        [rng.usize(..4)]
                )
            }
            Value::String(_) => json!(["a", "b", "Nordmann", "official", "a1"][rng.usize(..5)]),
            Value::Bool(value) => json!(!value),
            Value::Number(_) => json!(rng.u8(1..20)),
            _ => continue,
        };
        *target = new;
        return Some(format!("other value at {pointer}"));
    }
    None
}

fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                collect(
                    member,
                    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")),
                    pointers,
                );
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                collect(item, format!("{at}/{number}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(at);
}
