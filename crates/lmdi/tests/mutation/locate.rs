//! Finding the instances of a definition's element in a resource, as JSON pointers.

use lmr_validator::definitions::{DiscriminatorKind, ElementDefinition, StructureDefinition};
use serde_json::Value;

/// One step of an element id: `identifier:FNR` is name and slice.
pub(crate) fn steps(id: &str) -> Vec<(&str, Option<&str>)> {
    id.split('.')
        .skip(1)
        .map(|step| step.split_once(':').map_or((step, None), |(n, s)| (n, Some(s))))
        .collect()
}

/// Pointers to every instance of the element with this id below `root` (the instance of the definition
/// itself); each repetition is one.
pub(crate) fn instances(
    document: &Value,
    root: &str,
    structure: &StructureDefinition,
    id: &str,
) -> Vec<String> {
    let mut at = vec![root.to_owned()];
    let mut prefix = structure.elements[0].id.to_string();
    for (name, slice) in steps(id) {
        prefix = format!("{prefix}.{name}");
        if let Some(slice) = slice {
            prefix = format!("{prefix}:{slice}");
        }
        at = at
            .iter()
            .flat_map(|pointer| members(document, pointer, name, slice, structure, &prefix))
            .collect();
    }
    at
}

fn members(
    document: &Value,
    pointer: &str,
    name: &str,
    slice: Option<&str>,
    structure: &StructureDefinition,
    id: &str,
) -> Vec<String> {
    let Some(value) = document.pointer(pointer) else { return Vec::new() };
    // The children of a primitive are in its companion.
    let (pointer, value) = if value.is_object() {
        (pointer.to_owned(), value)
    } else {
        let (before, last) = pointer.rsplit_once('/').unwrap();
        let companion = format!("{before}/_{last}");
        match document.pointer(&companion) {
            Some(value) => (companion, value),
            None => return Vec::new(),
        }
    };
    let Some(object) = value.as_object() else { return Vec::new() };
    let keys: Vec<&String> = object
        .keys()
        .filter(|key| match name.strip_suffix("[x]") {
            Some(stem) => key
                .strip_prefix(stem)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase())),
            None => key.as_str() == name,
        })
        .filter(|key| !name.ends_with("[x]") || slice.is_none_or(|slice| slice == key.as_str()))
        .collect();
    keys.iter()
        .flat_map(|key| {
            let here = format!("{pointer}/{key}");
            match &object[*key] {
                Value::Array(items) => items
                    .iter()
                    .enumerate()
                    .filter(|(_, item)| {
                        name.ends_with("[x]") || slice.is_none() || fits(item, structure, id)
                    })
                    .map(|(index, _)| format!("{here}/{index}"))
                    .collect(),
                _ => vec![here],
            }
        })
        .collect()
}

/// Whether an item belongs to the slice with this id.
fn fits(item: &Value, structure: &StructureDefinition, id: &str) -> bool {
    let Some(element) = structure.element(id) else { return false };
    if let Some(url) = extension_url(structure, element) {
        return item["url"] == url.as_str();
    }
    let sliced = id.rsplit_once(':').and_then(|(before, _)| structure.element(before));
    let Some(slicing) = sliced.and_then(|sliced| sliced.slicing.as_ref()) else { return false };
    slicing.discriminators.iter().all(|discriminator| {
        if discriminator.kind == DiscriminatorKind::Type {
            return true;
        }
        let wanted = wanted(structure, &format!("{id}.{}", discriminator.path));
        let steps: Vec<&str> = discriminator.path.split('.').collect();
        wanted.is_some_and(|wanted| values(item, &steps).contains(&wanted))
    })
}

/// The url that identifies an extension slice: its profile's, or its own fixed one.
pub(crate) fn extension_url(
    structure: &StructureDefinition,
    element: &ElementDefinition,
) -> Option<String> {
    if element.types.first().is_none_or(|kind| &*kind.code != "Extension") {
        return None;
    }
    element.types[0]
        .profiles
        .first()
        .map(|profile| profile.split('|').next().unwrap_or_default().to_owned())
        .or_else(|| wanted(structure, &format!("{}.url", element.id))?.as_str().map(str::to_owned))
}

/// The fixed value or pattern of an element.
pub(crate) fn wanted(structure: &StructureDefinition, id: &str) -> Option<Value> {
    let element = structure.element(id)?;
    let value = element.fixed.as_ref().or(element.pattern.as_ref())?;
    serde_json::from_str(value.json().raw()).ok()
}

fn values(item: &Value, steps: &[&str]) -> Vec<Value> {
    match (item, steps) {
        (Value::Array(items), _) => items.iter().flat_map(|item| values(item, steps)).collect(),
        (_, []) => vec![item.clone()],
        (_, [first, rest @ ..]) => {
            item.get(*first).map(|value| values(value, rest)).unwrap_or_default()
        }
    }
}
