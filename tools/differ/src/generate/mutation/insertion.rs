//! Changes that put something of a kind where such a thing stands: dates, codes, references,
//! extensions, narratives and so on.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{super::primitive::pick, collect, tables};

/// A change of one kind anywhere in the document; what was done, `None` if the kind does not fit.
type Change = fn(&mut Rng, &mut Value) -> Option<String>;

/// Each kind with its weight.
const CHANGES: &[(u8, Change)] = &[
    (8, time),
    (6, code),
    (9, reference),
    (4, whole_reference),
    (10, extension),
    (7, companion),
    (7, profile),
    (6, contained),
    (7, quantity),
    (6, narrative),
    (7, coding),
    (5, id),
    (6, text),
    (13, member),
    (9, bundle),
    (4, retype),
    (4, graft),
    (3, reorder),
    (2, resource_type),
    (3, display),
    (2, uri),
];

pub(super) fn change(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let total: u32 = CHANGES.iter().map(|(weight, _)| u32::from(*weight)).sum();
    let mut left = rng.u32(..total);
    for (weight, change) in CHANGES {
        match left.checked_sub(u32::from(*weight)) {
            Some(rest) => left = rest,
            None => return change(rng, document),
        }
    }
    None
}

/// A pointer to one of the values for which `test` holds, given the name of the member it is in.
fn find(rng: &mut Rng, document: &Value, test: impl Fn(&str, &Value) -> bool) -> Option<String> {
    let mut pointers = Vec::new();
    collect(document, String::new(), &mut pointers);
    pointers.retain(|pointer| {
        let name = pointer
            .rsplit('/')
            .find(|part| !part.is_empty() && !part.bytes().all(|b| b.is_ascii_digit()))
            .unwrap_or("");
        document.pointer(pointer).is_some_and(|value| test(name, value))
    });
    (!pointers.is_empty()).then(|| pointers[rng.usize(..pointers.len())].clone())
}

fn replace(document: &mut Value, pointer: &str, value: Value) -> Option<String> {
    let shown: String = value.to_string().chars().take(60).collect();
    *document.pointer_mut(pointer)? = value;
    Some(format!("{pointer} = {shown}"))
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn looks_like_time(text: &str) -> bool {
    text.len() >= 4 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit)
        || text.as_bytes().get(2) == Some(&b':')
}

fn time(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = find(rng, document, |_, value| value.as_str().is_some_and(looks_like_time))?;
    replace(document, &at, json!(pick(rng, tables::TIMES)))
}

fn code(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = find(rng, document, |name, value| {
        value.is_string()
            && matches!(
                name,
                "status"
                    | "intent"
                    | "gender"
                    | "use"
                    | "type"
                    | "mode"
                    | "comparator"
                    | "code"
                    | "language"
                    | "priority"
                    | "periodUnit"
                    | "method"
                    | "currency"
                    | "kind"
            )
    })?;
    let new = pick(rng, tables::CODES);
    replace(document, &at, json!(if rng.u8(..20) == 0 { new.repeat(90) } else { new.to_owned() }))
}

fn reference(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = find(rng, document, |name, value| name == "reference" && value.is_string())?;
    let mut own: Vec<String> = Vec::new();
    if let Some(entries) = document.get("entry").and_then(Value::as_array) {
        own.extend(entries.iter().filter_map(|e| Some(e.get("fullUrl")?.as_str()?.to_owned())));
        own.extend(entries.iter().filter_map(|e| {
            let resource = e.get("resource")?;
            Some(format!(
                "{}/{}",
                resource.get("resourceType")?.as_str()?,
                resource.get("id")?.as_str()?
            ))
        }));
    }
    let new = if !own.is_empty() && rng.u8(..3) == 0 {
        own.swap_remove(rng.usize(..own.len()))
    } else if let (0, Some(name), Some(id)) = (
        rng.u8(..12),
        document.get("resourceType").and_then(Value::as_str),
        document.get("id").and_then(Value::as_str),
    ) {
        format!("{name}/{id}")
    } else {
        pick(rng, tables::REFERENCES).to_owned()
    };
    replace(document, &at, json!(new))
}

fn whole_reference(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = find(rng, document, |_, value| value.get("reference").is_some())?;
    replace(document, &at, parse(pick(rng, tables::REFERENCE_OBJECTS)))
}

fn extension(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = find(rng, document, |_, value| value.is_object())?;
    let name = if rng.u8(..8) == 0 { "modifierExtension" } else { "extension" };
    let made = parse(pick(rng, tables::EXTENSIONS));
    let holder = document.pointer_mut(&at)?.as_object_mut()?;
    let done = format!("{name} {made} at {at}");
    match holder.get_mut(name) {
        Some(Value::Array(items)) => items.push(made),
        _ => drop(holder.insert(name.to_owned(), json!([made]))),
    }
    Some(done)
}

fn companion(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = find(rng, document, |name, value| {
        !matches!(name, "resourceType" | "url")
            && (value.is_string() || value.is_number() || value.is_boolean())
    })?;
    let (parent, name) = at.rsplit_once('/')?;
    let holder = document.pointer_mut(parent)?.as_object_mut()?;
    let made = parse(pick(rng, tables::COMPANIONS));
    let done = format!("companion {made} at {at}");
    holder.insert(format!("_{name}"), made);
    if rng.bool() {
        holder.shift_remove(name);
    }
    Some(done)
}

/// A pointer to a resource: the document's, one in an entry, or a contained one.
fn resource(rng: &mut Rng, document: &Value) -> Option<String> {
    find(rng, document, |_, value| value.get("resourceType").is_some_and(Value::is_string))
}

fn profile(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = resource(rng, document)?;
    let holder = document.pointer_mut(&at)?.as_object_mut()?;
    let own = format!(
        "http://hl7.org/fhir/StructureDefinition/{}",
        holder.get("resourceType")?.as_str()?
    );
    let mut list: Vec<Value> = holder
        .get("meta")
        .and_then(|meta| meta.get("profile")?.as_array().cloned())
        .unwrap_or_default();
    match rng.u8(..6) {
        0 => list.clear(),
        1 => list.extend(list.clone()),
        2 => list = vec![json!(own)],
        3 => list.push(json!(pick(rng, tables::PROFILES))),
        _ => list = vec![json!(pick(rng, tables::PROFILES))],
    }
    let done = format!("profiles {list:?} at {at}");
    holder.insert("meta".into(), json!({ "profile": list }));
    Some(done)
}

fn contained(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = resource(rng, document)?;
    let made = parse(pick(rng, tables::CONTAINED));
    let holder = document.pointer_mut(&at)?;
    let fragment = format!("#{}", made.get("id").and_then(Value::as_str).unwrap_or("c1"));
    if rng.u8(..3) > 0
        && let Some(inside) =
            find(rng, holder, |name, value| name == "reference" && value.is_string())
    {
        *holder.pointer_mut(&inside)? = json!(fragment);
    }
    let done = format!("contained {made} at {at}");
    let holder = holder.as_object_mut()?;
    let mut items = vec![made.clone()];
    if rng.u8(..10) == 0 {
        items.push(made);
    }
    match holder.get_mut("contained") {
        Some(Value::Array(list)) => list.extend(items),
        _ => drop(holder.insert("contained".into(), Value::Array(items))),
    }
    Some(done)
}

fn quantity(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = find(rng, document, |_, value| {
        value.get("value").is_some_and(Value::is_number)
            || (value.get("unit").is_some() && value.get("code").is_some())
    })?;
    let change = parse(pick(rng, tables::QUANTITIES));
    let holder = document.pointer_mut(&at)?.as_object_mut()?;
    for (name, value) in change.as_object()? {
        if value.is_null() && name != "value" {
            holder.shift_remove(name);
        } else {
            holder.insert(name.clone(), value.clone());
        }
    }
    Some(format!("quantity {change} at {at}"))
}

fn narrative(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = resource(rng, document)?;
    let status = pick(rng, &["generated", "extensions", "additional", "empty"]);
    let div = pick(rng, tables::DIVS);
    let holder = document.pointer_mut(&at)?.as_object_mut()?;
    holder.insert("text".into(), json!({ "status": status, "div": div }));
    Some(format!("narrative {div:?} at {at}"))
}

fn coding(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = find(rng, document, |_, value| {
        value.get("system").is_some_and(Value::is_string) && value.get("code").is_some()
    })?;
    let holder = document.pointer_mut(&at)?.as_object_mut()?;
    let done = match rng.u8(..12) {
        0 => {
            holder.shift_remove("system");
            "without system"
        }
        1 => {
            holder.shift_remove("code");
            "without code"
        }
        2 => {
            holder.insert("version".into(), json!(pick(rng, &["1", "2099", "4.0.1", "", "a|b"])));
            "other version"
        }
        3 => {
            holder.insert("userSelected".into(), json!(pick(rng, &["true", "ja"])));
            "selected by text"
        }
        4 => {
            let code = holder.get("code")?.as_str()?.to_owned();
            let new = match rng.u8(..5) {
                0 => code.to_uppercase(),
                1 => code.to_lowercase(),
                2 => format!("{code} "),
                3 => format!("{code}x"),
                _ => code.chars().rev().collect(),
            };
            holder.insert("code".into(), json!(new));
            "other code"
        }
        5 => {
            let (system, code) = (holder.get("system")?.clone(), holder.get("code")?.clone());
            holder.insert("system".into(), code);
            holder.insert("code".into(), system);
            "system and code swapped"
        }
        _ => {
            holder.insert("system".into(), json!(pick(rng, tables::SYSTEMS)));
            "other system"
        }
    };
    Some(format!("{done} at {at}: {}", Value::Object(holder.clone())))
}

fn display(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = find(rng, document, |_, value| {
        value.get("system").is_some_and(Value::is_string)
            && value.get("code").is_some_and(Value::is_string)
    })?;
    let holder = document.pointer_mut(&at)?.as_object_mut()?;
    let new = match holder.get("display").and_then(Value::as_str) {
        Some(old) if rng.bool() => match rng.u8(..4) {
            0 => old.to_uppercase(),
            1 => format!(" {old}"),
            2 => old.replace(' ', "  "),
            _ => old.chars().skip(1).collect(),
        },
        _ => pick(rng, &["feil navn", "", " ", "Unknown", "unknown"]).to_owned(),
    };
    holder.insert("display".into(), json!(new));
    Some(format!("display {new:?} at {at}"))
}

fn id(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = if rng.u8(..3) > 0 {
        resource(rng, document)?
    } else {
        find(rng, document, |_, value| value.is_object())?
    };
    let new = pick(rng, tables::IDS);
    let holder = document.pointer_mut(&at)?.as_object_mut()?;
    holder.insert("id".into(), if rng.u8(..12) == 0 { json!(1) } else { json!(new) });
    Some(format!("id {new:?} at {at}"))
}

fn text(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = find(rng, document, |name, value| value.is_string() && name != "resourceType")?;
    let new = pick(rng, tables::TEXTS);
    let new = if rng.u8(..3) == 0 {
        let old = document.pointer(&at)?.as_str()?;
        let split = old.char_indices().map(|(i, _)| i).nth(old.chars().count() / 2).unwrap_or(0);
        format!("{}{new}{}", &old[..split], &old[split..])
    } else {
        new.to_owned()
    };
    replace(document, &at, json!(new))
}

fn uri(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = find(rng, document, |name, value| {
        value.is_string()
            && matches!(name, "system" | "url" | "fullUrl" | "source" | "implicitRules" | "profile")
    })?;
    let new = if rng.bool() { pick(rng, tables::REFERENCES) } else { pick(rng, tables::SYSTEMS) };
    replace(document, &at, json!(new))
}

fn member(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = if rng.bool() {
        resource(rng, document)?
    } else {
        find(rng, document, |_, value| value.is_object())?
    };
    let (name, value) = pick(rng, tables::MEMBERS);
    if name == "resourceType" && at.is_empty() {
        return None;
    }
    document.pointer_mut(&at)?.as_object_mut()?.insert(name.to_owned(), parse(value));
    Some(format!("{name} = {value} at {at}"))
}

fn retype(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = find(rng, document, |name, _| name != "resourceType" && !name.is_empty())?;
    let old = document.pointer(&at)?.clone();
    let new = match rng.u8(..10) {
        0 => json!(1),
        1 => json!(1.5),
        2 => json!(true),
        3 => json!([]),
        4 => json!({}),
        5 => json!([[old]]),
        6 => json!([old, null]),
        7 => json!({ "value": old }),
        8 => json!(old.to_string()),
        _ => json!("x"),
    };
    replace(document, &at, new)
}

/// One value in the place of another.
fn graft(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let any = |name: &str, _: &Value| name != "resourceType" && !name.is_empty();
    let from = find(rng, document, any)?;
    let to = find(rng, document, any)?;
    let value = document.pointer(&from)?.clone();
    if document.pointer(&to)? == &value {
        return None;
    }
    replace(document, &to, value).map(|_| format!("{to} = {from}"))
}

fn reorder(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = find(rng, document, |_, value| value.as_array().is_some_and(|items| items.len() > 1))?;
    let items = document.pointer_mut(&at)?.as_array_mut()?;
    rng.shuffle(items);
    Some(format!("reordered {at}"))
}

fn resource_type(rng: &mut Rng, document: &mut Value) -> Option<String> {
    let at = resource(rng, document)?;
    let new = pick(
        rng,
        &[
            "Patient",
            "Observation",
            "Organization",
            "Medication",
            "Device",
            "Resource",
            "DomainResource",
            "Pasient",
            "patient",
            "",
            "HumanName",
            "Binary",
        ],
    );
    document.pointer_mut(&at)?.as_object_mut()?.insert("resourceType".into(), json!(new));
    Some(format!("resourceType {new} at {at}"))
}

fn bundle(rng: &mut Rng, document: &mut Value) -> Option<String> {
    if document.get("resourceType")? != "Bundle" {
        return None;
    }
    let count = document.get("entry")?.as_array().filter(|list| !list.is_empty())?.len();
    let index = rng.usize(..count);
    let other = document.pointer(&format!("/entry/{}", rng.usize(..count)))?.clone();
    let what = rng.u8(..24);
    let entry = document.pointer_mut(&format!("/entry/{index}"))?.as_object_mut()?;
    match what {
        0 => drop(entry.shift_remove("fullUrl")),
        1 => {
            let url = pick(
                rng,
                &[
                    "Patient/1",
                    "http://sykehus.no/fhir/Patient/1",
                    "https://sykehus.no/fhir/Patient/1/_history/1",
                    "urn:uuid:1",
                    "urn:uuid:0C3201BD-1CBF-4D64-B04D-CD9187A4C6E0",
                    "urn:oid:1.2",
                    "x",
                    "http://a.no/Patient/1#x",
                    "",
                ],
            );
            entry.insert("fullUrl".into(), json!(url));
        }
        2 => drop(
            entry.insert("fullUrl".into(), other.get("fullUrl").cloned().unwrap_or(json!("x"))),
        ),
        3 => drop(entry.shift_remove("request")),
        4 => {
            let request = pick(
                rng,
                &[
                    r#"{"method": "POST"}"#,
                    r#"{"url": "Patient"}"#,
                    r#"{"method": "PUT", "url": "Patient/1"}"#,
                    r#"{"method": "POST", "url": "Patient"}"#,
                    r#"{"method": "post", "url": "Patient"}"#,
                    r#"{"method": "DELETE", "url": "Patient/1"}"#,
                    r#"{"method": "GET", "url": "Patient?name=a"}"#,
                    "{}",
                ],
            );
            entry.insert("request".into(), parse(request));
        }
        5 => {
            let response = pick(
                rng,
                &[
                    r#"{"status": "201"}"#,
                    r#"{"status": "201 Created", "lastModified": "2025-01-01"}"#,
                    r#"{"etag": "1"}"#,
                    "{}",
                ],
            );
            entry.insert("response".into(), parse(response));
        }
        6 => {
            let search = pick(
                rng,
                &[
                    r#"{"mode": "match"}"#,
                    r#"{"mode": "match", "score": 2}"#,
                    r#"{"mode": "treff"}"#,
                    "{}",
                ],
            );
            entry.insert("search".into(), parse(search));
        }
        7 => drop(entry.shift_remove("resource")),
        8 => {
            let resource = pick(
                rng,
                &[
                    r#"{"resourceType": "Bundle", "type": "collection"}"#,
                    r#"{"resourceType": "Binary"}"#,
                    r#"{"resourceType": "Binary", "contentType": "text/plain"}"#,
                    r#"{"resourceType": "Parameters"}"#,
                    r#"{"resourceType": "OperationOutcome"}"#,
                    r#"{"resourceType": "Location"}"#,
                    r#"{"resourceType": "Pasient"}"#,
                    "{}",
                    "[]",
                ],
            );
            entry.insert("resource".into(), parse(resource));
        }
        9 => {
            let id = other.pointer("/resource/id").cloned().unwrap_or(json!("x"));
            entry.get_mut("resource")?.as_object_mut()?.insert("id".into(), id);
        }
        10 => drop(entry.get_mut("resource")?.as_object_mut()?.shift_remove("id")),
        11 => {
            drop(entry.insert("link".into(), json!([{ "relation": "self", "url": "http://a.no" }])))
        }
        12 | 13 => {
            let kind = pick(
                rng,
                &[
                    "document",
                    "message",
                    "transaction",
                    "batch",
                    "searchset",
                    "history",
                    "collection",
                    "transaction-response",
                    "batch-response",
                    "pakke",
                ],
            );
            document["type"] = json!(kind);
        }
        14 => document["total"] = pick(rng, &[json!(1), json!(0), json!(-1)].each_ref()).clone(),
        15 => {
            let link = pick(
                rng,
                &[
                    r#"{"relation": "self", "url": "http://a.no"}"#,
                    r#"{"relation": "next"}"#,
                    r#"{"relation": "self", "url": "Patient?name=a"}"#,
                    r#"{"relation": "neste", "url": "http://a.no"}"#,
                ],
            );
            let link = parse(link);
            document["link"] = if rng.bool() { json!([link, link]) } else { json!([link]) };
        }
        16 => document["entry"].as_array_mut()?.push(json!({})),
        17 => document["entry"].as_array_mut()?.push(other),
        18 => document["entry"] = json!([]),
        19 => {
            let identifier = pick(
                rng,
                &[
                    "{}",
                    r#"{"value": "x"}"#,
                    r#"[{"value": "x"}]"#,
                    r#"{"system": "http://a.no", "value": "1"}"#,
                    r#"{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:0c3201bd-1cbf-4d64-b04d-cd9187a4c6e0"}"#,
                ],
            );
            document["identifier"] = parse(identifier);
        }
        20 => {
            document["timestamp"] =
                json!(pick(rng, &["2025-01-01", "2025-06-01T08:30:00Z", "2025-06-01T08:30:00"]))
        }
        21 => {
            document["signature"] = json!({
                "type": [{ "system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1" }],
                "when": "2025-06-01T08:30:00Z",
                "who": { "reference": "Practitioner/1" },
                "data": "aGVp",
            });
        }
        22 => {
            let entries = document["entry"].as_array_mut()?;
            rng.shuffle(entries);
        }
        _ => drop(document.as_object_mut()?.shift_remove("type")),
    }
    Some(format!("bundle change {what} at entry {index}"))
}
