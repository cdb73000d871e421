//! A changed one of a given input: of its document, or of one line of its profiles.

use fastrand::Rng;
use serde_json::{Value, json};

use super::mutation;
use crate::input::Input;

/// A variant of `input`; `None` where nothing could be changed. `serial` makes the addresses of changed definitions
/// its own, since the reference keeps what it has been given.
pub(crate) fn of(rng: &mut Rng, input: &Input, serial: &str) -> Option<Input> {
    let mut variant = Input {
        document: input.document.clone(),
        text: None,
        profiles: input.profiles.clone(),
        definitions: input.definitions.clone(),
        made: String::new(),
    };
    let change = if !input.definitions.is_empty() && rng.bool() {
        let which = rng.usize(..input.definitions.len());
        let mut definition: Value = serde_json::from_str(&input.definitions[which]).ok()?;
        let change = change_line(rng, &mut definition)?;
        variant.definitions[which] = definition.to_string();
        // All of them: one that names a changed one is another one too.
        for number in 0..variant.definitions.len() {
            let definition: Value = serde_json::from_str(&variant.definitions[number]).ok()?;
            if let Some(url) = definition["url"].as_str() {
                rename(&mut variant, url, &format!("{url}-{serial}"));
            }
        }
        // Most lines only show on an instance that has been changed too.
        if rng.bool() { mutation::mutate(rng, &mut variant.document) } else { None }
            .map_or_else(|| change.clone(), |more| format!("{change}; {more}"))
    } else {
        mutation::mutate(rng, &mut variant.document)?
    };
    variant.made = format!("{}, {change}", input.made);
    Some(variant)
}

/// Gives a definition another address wherever it is named.
fn rename(input: &mut Input, from: &str, to: &str) {
    for end in ["\"", "|", "#"] {
        let (from, to) = (format!("\"{from}{end}"), format!("\"{to}{end}"));
        for definition in &mut input.definitions {
            *definition = definition.replace(&from, &to);
        }
        if let Ok(document) = serde_json::from_str(&input.document.to_string().replace(&from, &to))
        {
            input.document = document;
        }
    }
    for profile in &mut input.profiles {
        if profile == from {
            to.clone_into(profile);
        }
    }
}

/// Changes one member of one line of a differential; the snapshot is left out so that both sides make their own.
fn change_line(rng: &mut Rng, definition: &mut Value) -> Option<String> {
    if definition["resourceType"] != "StructureDefinition" {
        return None;
    }
    definition.as_object_mut()?.remove("snapshot");
    let lines = definition["differential"]["element"].as_array_mut()?;
    let number = rng.usize(..lines.len().max(1));
    let line = lines.get_mut(number)?.as_object_mut()?;
    let id = line.get("id").or_else(|| line.get("path"))?.as_str()?.to_owned();
    let mut members: Vec<String> = line
        .keys()
        .filter(|key| !matches!(&***key, "id" | "path" | "sliceName"))
        .cloned()
        .collect();
    let change = match rng.u8(..6) {
        0 => {
            line.insert("min".into(), json!(rng.u8(..3)));
            "min".to_owned()
        }
        1 => {
            line.insert("max".into(), json!(["0", "1", "2", "*"][rng.usize(..4)]));
            "max".to_owned()
        }
        2 if line.contains_key("slicing") => {
            let rules = ["open", "closed", "openAtEnd"][rng.usize(..3)];
            line["slicing"]["rules"] = json!(rules);
            rules.to_owned()
        }
        3 if line.contains_key("slicing") => {
            line["slicing"]["ordered"] = json!(true);
            "ordered".to_owned()
        }
        2 | 3 if line.contains_key("binding") => {
            let strength = ["required", "extensible", "preferred", "example"][rng.usize(..4)];
            line["binding"]["strength"] = json!(strength);
            strength.to_owned()
        }
        _ => {
            let name = members
                .swap_remove(rng.usize(..members.len().max(1)).min(members.len().checked_sub(1)?));
            let fixed = name.strip_prefix("fixed").map(|of| format!("pattern{of}"));
            let other =
                fixed.or_else(|| name.strip_prefix("pattern").map(|of| format!("fixed{of}")));
            let value = line.remove(&name)?;
            match other {
                Some(other) if rng.bool() => {
                    line.insert(other.clone(), value);
                    other
                }
                _ => format!("without {name}"),
            }
        }
    };
    Some(format!("{id}: {change}"))
}
