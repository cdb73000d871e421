//! One change of a document at one location, of every structural kind that senders get wrong.

mod insertion;
mod tables;

use fastrand::Rng;
use serde_json::{Value, json};

/// Changes `document` in one location and names what was done; `None` if nothing fitted.
pub(crate) fn mutate(rng: &mut Rng, document: &mut Value) -> Option<String> {
    for _ in 0..if rng.u8(..5) < 3 { 10 } else { 0 } {
        let changed = insertion::change(rng, document);
        if changed.is_some() {
            return changed;
        }
    }
    let mut pointers = Vec::new();
    collect(document, String::new(), &mut pointers);
    for _ in 0..40 {
        let pointer = pointers[rng.usize(..pointers.len())].clone();
        let kind = KINDS[rng.usize(..KINDS.len())];
        if apply(rng, document, &pointer, kind) {
            return Some(format!("{kind} at {pointer}"));
        }
    }
    None
}

const KINDS: [&str; 32] = [
    "remove",
    "duplicate-item",
    "unknown-member",
    "rename",
    "wrong-case",
    "null",
    "empty-string",
    "empty-array",
    "empty-object",
    "number-to-string",
    "string-to-number",
    "to-boolean",
    "to-object",
    "wrap-array",
    "unwrap-array",
    "blank",
    "padded",
    "control-character",
    "long",
    "date",
    "unknown-code",
    "remove-system",
    "wrong-system",
    "reference",
    "unknown-extension",
    "extension-sibling",
    "sibling-only",
    "array-null",
    "no-value-extension",
    "contained",
    "html",
    "swap-type",
];

fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                collect(member, format!("{at}/{key}"), pointers);
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

fn apply(rng: &mut Rng, document: &mut Value, pointer: &str, kind: &str) -> bool {
    let Some((parent, key)) = pointer.rsplit_once('/') else {
        return on_object(rng, document, kind);
    };
    if key == "resourceType" || (parent.is_empty() && key == "meta") {
        return false;
    }
    if let Some(target) = document.pointer_mut(pointer)
        && (on_object(rng, target, kind) || on_value(rng, target, key, kind))
    {
        return true;
    }
    let Some(holder) = document.pointer_mut(parent) else { return false };
    match (holder, kind) {
        (Value::Array(items), "remove") if items.len() > 1 => {
            let Ok(index) = key.parse::<usize>() else { return false };
            items.remove(index);
            true
        }
        (Value::Array(items), "duplicate-item") => {
            let Some(item) = key.parse::<usize>().ok().and_then(|i| items.get(i).cloned()) else {
                return false;
            };
            items.push(item);
            true
        }
        (Value::Object(members), "remove") => members.shift_remove(key).is_some(),
        (Value::Object(members), "rename") => {
            let Some(value) = members.shift_remove(key) else { return false };
            members.insert(format!("{key}s"), value);
            true
        }
        (Value::Object(members), "wrong-case") => {
            let Some(value) = members.shift_remove(key) else { return false };
            members.insert(key.to_uppercase(), value);
            true
        }
        (Value::Object(members), "swap-type") => {
            let Some(stem) = ["value", "effective", "onset", "deceased", "medication", "rate"]
                .into_iter()
                .find(|stem| key.len() > stem.len() && key.starts_with(stem))
            else {
                return false;
            };
            members.shift_remove(key);
            let other = ["String", "Quantity", "Period", "Boolean", "Range"][rng.usize(..5)];
            let value = match other {
                "String" => json!("tekst"),
                "Quantity" => json!({ "value": 1 }),
                "Period" => json!({ "start": "2026-05-01" }),
                "Boolean" => json!(true),
                _ => json!({ "low": { "value": 1 } }),
            };
            members.insert(format!("{stem}{other}"), value);
            true
        }
        (Value::Object(members), "extension-sibling" | "sibling-only" | "no-value-extension") => {
            let Some(value) = members.get(key) else { return false };
            if !matches!(value, Value::String(_) | Value::Bool(_) | Value::Number(_))
                || key == "url"
                || key == "reference"
            {
                return false;
            }
            let url = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
            let extension = if kind == "no-value-extension" {
                json!({ "extension": [{ "url": url }] })
            } else {
                json!({ "extension": [{ "url": url, "valueCode": "unknown" }] })
            };
            if kind == "sibling-only" {
                members.shift_remove(key);
            }
            members.insert(format!("_{key}"), extension);
            true
        }
        _ => false,
    }
}

fn on_object(rng: &mut Rng, target: &mut Value, kind: &str) -> bool {
    let Value::Object(members) = target else { return false };
    match kind {
        "unknown-member" => {
            members
                .insert("ukjent".into(), if rng.bool() { json!(1) } else { json!({ "a": "b" }) });
        }
        "unknown-extension" => {
            members.insert(
                "extension".into(),
                json!([{ "url": "http://sykehus.no/fhir/StructureDefinition/ukjent", "valueString": "x" }]),
            );
        }
        "remove-system" => {
            return members.contains_key("code") && members.shift_remove("system").is_some();
        }
        "wrong-system" => {
            let Some(system) = members.get_mut("system") else { return false };
            let other = [
                "lokal",
                "http://hl7.org/fhir/ValueSet/administrative-gender",
                "http://sykehus.no/annet",
                "urn:oid:1.2.3",
                " http://unitsofmeasure.org",
                "urn:ietf:rfc:3986",
            ];
            *system = json!(other[rng.usize(..other.len())]);
        }
        "contained" => {
            if !members.contains_key("resourceType") || members.contains_key("contained") {
                return false;
            }
            let contained = match rng.u8(..3) {
                0 => json!([{ "resourceType": "Patient", "id": "p" }]),
                1 => json!([{ "resourceType": "Patient" }]),
                _ => json!([{ "resourceType": "Pasient", "id": "p" }]),
            };
            members.insert("contained".into(), contained);
        }
        _ => return false,
    }
    true
}

fn on_value(rng: &mut Rng, target: &mut Value, key: &str, kind: &str) -> bool {
    let new = match (kind, &*target) {
        ("null", _) => Value::Null,
        ("empty-string", Value::String(_)) => json!(""),
        ("empty-array", Value::Array(_)) => json!([]),
        ("empty-object", Value::Object(_)) => json!({}),
        ("number-to-string", Value::Number(n)) => json!(n.to_string()),
        ("string-to-number", Value::String(_)) => json!(7),
        ("to-boolean", Value::String(_) | Value::Number(_)) => json!(true),
        ("to-object", Value::String(_) | Value::Number(_) | Value::Bool(_)) => json!({ "a": 1 }),
        ("wrap-array", Value::Object(_) | Value::String(_)) => json!([target.clone()]),
        ("unwrap-array", Value::Array(items)) if !items.is_empty() => items[0].clone(),
        ("blank", Value::String(_)) => json!(["   ", "\t", "\u{a0}"][rng.usize(..3)]),
        ("padded", Value::String(text)) => match rng.u8(..3) {
            0 => json!(format!(" {text}")),
            1 => json!(format!("{text} ")),
            _ => json!(format!("{text}\u{a0}")),
        },
        ("control-character", Value::String(text)) => json!(format!("{text}\u{1}")),
        ("long", Value::String(text)) => {
            json!(text.repeat(80).chars().take(3000).collect::<String>())
        }
        ("html", Value::String(_)) => json!("<script>alert(1)</script> tekst"),
        ("date", Value::String(text))
            if text.len() >= 4 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit) =>
        {
            let wrong = [
                "2026-13-01",
                "2026-02-30",
                "20260101",
                "2026-1-1",
                "01.02.2026",
                "2026-01-01T10:00",
                "2026-01-01T10:00:00",
                "2026-01-01T25:00:00Z",
                "2026-01-01T10:00:00.123456789123Z",
                "0000-01-01",
                "9999-12-31",
                "1850-01-01",
                "2026-01-01T24:00:00Z",
                "2026-01-01T10:00:60Z",
                "2026-01-01T10:00:00+15:00",
            ];
            json!(wrong[rng.usize(..wrong.len())])
        }
        ("unknown-code", Value::String(_))
            if matches!(key, "code" | "status" | "intent" | "use" | "gender") =>
        {
            json!(["finnes-ikke", "ACTIVE", "a b", "a  b"][rng.usize(..4)])
        }
        ("reference", Value::String(_)) if key == "reference" => {
            let wrong = [
                "#borte",
                "#",
                "Pasient/1",
                "Patient/1/_history/2",
                "Organization/1",
                "http://sykehus.no/fhir/Patient/1",
                "urn:uuid:123",
                "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
                "Patient/ 1",
                "Patient",
                "Patient/1#a",
                "Patient?identifier=1",
                "urn:oid:1.2.3",
                "/Patient/1",
            ];
            json!(wrong[rng.usize(..wrong.len())])
        }
        ("array-null", Value::Array(items)) if !items.is_empty() => {
            let mut items = items.clone();
            let index = rng.usize(..items.len());
            items[index] = Value::Null;
            Value::Array(items)
        }
        _ => return false,
    };
    *target = new;
    true
}
