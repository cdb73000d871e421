//! Every container with every form of a reference: what leads where, and what is said of it.

use serde_json::{Value, json};

/// How entries of a bundle are addressed.
const ADDRESSES: [&str; 3] = ["http://sykehus.no/fhir", "urn:uuid", ""];

const BUNDLES: [&str; 9] = [
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

const PATIENT_UUID: &str = "urn:uuid:0f7a1e7e-1111-4c1a-9c11-aaaaaaaaaaaa";

/// References and what they are called. The patient is `p1`, the contained one `c1`.
const REFERENCES: &[(&str, &str)] = &[
    ("relative", r#"{"reference":"Patient/p1"}"#),
    ("relative, absent", r#"{"reference":"Patient/nobody"}"#),
    ("absolute", r#"{"reference":"http://sykehus.no/fhir/Patient/p1"}"#),
    ("absolute, elsewhere", r#"{"reference":"http://annet.no/fhir/Patient/p1"}"#),
    ("absolute, not RESTful", r#"{"reference":"http://annet.no/pasient"}"#),
    ("uuid", r#"{"reference":"urn:uuid:0f7a1e7e-1111-4c1a-9c11-aaaaaaaaaaaa"}"#),
    ("uuid, absent", r#"{"reference":"urn:uuid:0f7a1e7e-1111-4c1a-9c11-bbbbbbbbbbbb"}"#),
    ("uuid, upper case", r#"{"reference":"urn:uuid:0F7A1E7E-1111-4C1A-9C11-AAAAAAAAAAAA"}"#),
    ("uuid, malformed", r#"{"reference":"urn:uuid:1"}"#),
    ("oid, absent", r#"{"reference":"urn:oid:1.2.3.4"}"#),
    ("contained", r##"{"reference":"#c1"}"##),
    ("contained, absent", r##"{"reference":"#nobody"}"##),
    ("container", r##"{"reference":"#"}"##),
    ("versioned", r#"{"reference":"Patient/p1/_history/1"}"#),
    ("versioned, other version", r#"{"reference":"Patient/p1/_history/2"}"#),
    ("versioned, absolute", r#"{"reference":"http://sykehus.no/fhir/Patient/p1/_history/1"}"#),
    ("fragment", r#"{"reference":"Patient/p1#part"}"#),
    ("space before", r#"{"reference":" Patient/p1"}"#),
    ("space after", r#"{"reference":"Patient/p1 "}"#),
    ("space within", r#"{"reference":"Patient/ p1"}"#),
    ("query", r#"{"reference":"Patient?identifier=1"}"#),
    ("id alone", r#"{"reference":"p1"}"#),
    ("type alone", r#"{"reference":"Patient/"}"#),
    ("unknown type", r#"{"reference":"Pasient/p1"}"#),
    ("type mismatch", r#"{"reference":"Practitioner/x1"}"#),
    ("type mismatch, absent", r#"{"reference":"Practitioner/nobody"}"#),
    ("stated type", r#"{"reference":"Patient/p1","type":"Patient"}"#),
    ("stated type, wrong", r#"{"reference":"Patient/p1","type":"Practitioner"}"#),
    ("stated type, unknown", r#"{"reference":"Patient/p1","type":"Pasient"}"#),
    ("identifier", r#"{"identifier":{"system":"http://sykehus.no/id","value":"1"}}"#),
    ("identifier and type", r#"{"type":"Practitioner","identifier":{"value":"1"}}"#),
    ("display", r#"{"display":"Kari"}"#),
    (
        "nothing",
        r#"{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}"#,
    ),
];

/// Rows of the table, each with what it was made of, its profiles and definitions.
pub(crate) fn rows() -> Vec<(Value, String, Vec<String>)> {
    let mut rows = Vec::new();
    for (name, text) in REFERENCES {
        let Ok(reference) = serde_json::from_str::<Value>(text) else { continue };
        for aggregation in ["", "contained", "referenced", "bundled"] {
            // Aggregations are asked of the plain forms alone.
            let is_plain = matches!(
                *name,
                "relative" | "relative, absent" | "uuid" | "contained" | "absolute, elsewhere"
            );
            if !aggregation.is_empty() && !is_plain {
                continue;
            }
            for (container, document) in containers(&reference, aggregation) {
                let made = format!("{name} in {container} {aggregation}");
                rows.push((document, made.trim_end().to_owned(), definitions(aggregation)));
            }
        }
    }
    for (name, document) in binaries() {
        rows.push((document, name, Vec::new()));
    }
    rows
}

fn profile(aggregation: &str) -> String {
    format!("http://sykehus.no/fhir/StructureDefinition/aggregation-{aggregation}")
}

fn definitions(aggregation: &str) -> Vec<String> {
    if aggregation.is_empty() {
        return Vec::new();
    }
    let definition = json!({
        "resourceType": "StructureDefinition",
        "url": profile(aggregation),
        "name": "Aggregation",
        "status": "active",
        "fhirVersion": "4.0.1",
        "kind": "resource",
        "abstract": false,
        "type": "Observation",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Observation",
        "derivation": "constraint",
        "differential": {"element": [{
            "id": "Observation.subject",
            "path": "Observation.subject",
            "type": [{
                "code": "Reference",
                "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Patient"],
                "aggregation": [aggregation],
            }],
        }]},
    });
    vec![definition.to_string()]
}

fn narrative(text: &str) -> Value {
    json!({
        "status": "generated",
        "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{text}</div>"),
    })
}

fn patient(id: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "text": narrative("Kari"), "active": true})
}

/// The resource that refers. With `holds` it contains a patient, which it performs by too, so that
/// nobody misses a reference to it.
fn observation(reference: &Value, aggregation: &str, holds: bool) -> Value {
    let mut made = json!({
        "resourceType": "Observation",
        "id": "o1",
        "text": narrative("Vekt"),
        "status": "final",
        "code": {"text": "Vekt"},
        "subject": reference,
    });
    if !aggregation.is_empty() {
        made["meta"] = json!({"profile": [profile(aggregation)]});
    }
    if holds {
        let mut held = patient("c1");
        if let Some(held) = held.as_object_mut() {
            held.remove("text");
        }
        made["contained"] = json!([held]);
        made["performer"] = json!([{"reference": "#c1"}]);
    }
    made
}

fn containers(reference: &Value, aggregation: &str) -> Vec<(String, Value)> {
    let plain = || observation(reference, aggregation, false);
    let mut made = vec![
        ("nothing".to_owned(), plain()),
        ("a resource with a contained one".to_owned(), observation(reference, aggregation, true)),
        ("a contained resource".to_owned(), holder(reference, aggregation)),
        ("Parameters".to_owned(), parameters(&[plain(), patient("p1")])),
    ];
    for address in ADDRESSES {
        for kind in BUNDLES {
            let holds = kind == "collection" && address == "urn:uuid";
            let bundle = bundle(kind, address, observation(reference, aggregation, holds));
            made.push((format!("a {kind} by {address:?}"), bundle));
        }
    }
    for kind in ["collection", "transaction", "document"] {
        for outer in ["collection", "searchset", "batch"] {
            let inner = bundle(kind, ADDRESSES[1], plain());
            let whole = wrap(outer, &[inner, patient("p1")], ADDRESSES[1]);
            made.push((format!("a {kind} in a {outer}"), whole));
        }
        made.push((
            format!("a {kind} in Parameters"),
            parameters(&[bundle(kind, ADDRESSES[1], plain())]),
        ));
    }
    made
}

/// A List that contains the one that refers, and the one referred to.
fn holder(reference: &Value, aggregation: &str) -> Value {
    let mut inner = observation(reference, aggregation, false);
    let mut held = patient("c1");
    for one in [&mut inner, &mut held] {
        if let Some(one) = one.as_object_mut() {
            one.remove("text");
        }
    }
    json!({
        "resourceType": "List",
        "id": "l1",
        "text": narrative("Liste"),
        "contained": [inner, held],
        "status": "current",
        "mode": "working",
        "entry": [{"item": {"reference": "#o1"}}, {"item": {"reference": "#c1"}}],
    })
}

fn parameters(resources: &[Value]) -> Value {
    let parts: Vec<Value> = resources
        .iter()
        .enumerate()
        .map(|(number, resource)| json!({"name": format!("p{number}"), "resource": resource}))
        .collect();
    json!({"resourceType": "Parameters", "id": "parameters", "parameter": parts})
}

fn bundle(kind: &str, address: &str, source: Value) -> Value {
    let practitioner = json!({
        "resourceType": "Practitioner", "id": "x1", "text": narrative("Ola"), "active": true,
    });
    let first = match kind {
        "document" => Some(json!({
            "resourceType": "Composition",
            "id": "f1",
            "text": narrative("Dokument"),
            "status": "final",
            "type": {"text": "Notat"},
            "date": "2026-01-01",
            "author": [{"reference": link(address, "Practitioner", "x1")}],
            "title": "Notat",
            "section": [{
                "title": "Alt",
                "text": narrative("Alt"),
                "entry": [
                    {"reference": link(address, "Observation", "o1")},
                    {"reference": link(address, "Patient", "p1")},
                ],
            }],
        })),
        "message" => Some(json!({
            "resourceType": "MessageHeader",
            "id": "f1",
            "text": narrative("Melding"),
            "eventUri": "http://sykehus.no/hendelse",
            "source": {"endpoint": "http://sykehus.no/endepunkt"},
            "focus": [
                {"reference": link(address, "Observation", "o1")},
                {"reference": link(address, "Patient", "p1")},
                {"reference": link(address, "Practitioner", "x1")},
            ],
        })),
        _ => None,
    };
    let mut patient = patient("p1");
    patient["meta"] = json!({"versionId": "1"});
    let resources: Vec<Value> = first.into_iter().chain([source, patient, practitioner]).collect();
    wrap(kind, &resources, address)
}

/// The address that an entry of these bundles has, or would have.
fn link(address: &str, of: &str, id: &str) -> String {
    match address {
        "urn:uuid" if of == "Patient" => PATIENT_UUID.to_owned(),
        "urn:uuid" => {
            let last = if of == "Observation" { "c" } else { "d" };
            PATIENT_UUID.replace("aaaaaaaaaaaa", &last.repeat(12))
        }
        "" => format!("{of}/{id}"),
        start => format!("{start}/{of}/{id}"),
    }
}

fn wrap(kind: &str, resources: &[Value], address: &str) -> Value {
    let entries: Vec<Value> = resources
        .iter()
        .enumerate()
        .map(|(number, resource)| {
            let of = resource["resourceType"].as_str().unwrap_or_default();
            let id = resource["id"].as_str().unwrap_or_default();
            let mut entry = json!({"resource": resource});
            match address {
                "" => {}
                "urn:uuid" if !matches!(of, "Patient" | "Observation" | "Practitioner") => {
                    entry["fullUrl"] = json!(
                        PATIENT_UUID.replace("aaaaaaaaaaaa", &format!("eeeeeeeeeee{number}"))
                    );
                }
                _ => entry["fullUrl"] = json!(link(address, of, id)),
            }
            match kind {
                "transaction" | "batch" => {
                    entry["request"] = json!({"method": "POST", "url": of});
                }
                "transaction-response" | "batch-response" => {
                    entry["response"] = json!({"status": "201"});
                }
                "history" => {
                    entry["request"] = json!({"method": "PUT", "url": format!("{of}/{id}")});
                    entry["response"] = json!({"status": "200"});
                }
                "searchset" => entry["search"] = json!({"mode": "match"}),
                _ => {}
            }
            entry
        })
        .collect();
    let mut bundle = json!({"resourceType": "Bundle", "id": format!("b-{kind}"), "type": kind, "entry": entries});
    if kind == "searchset" {
        bundle["link"] = json!([{"relation": "self", "url": "http://sykehus.no/fhir/Observation"}]);
    }
    if kind == "document" {
        bundle["identifier"] = json!({"system": "http://sykehus.no/id", "value": "1"});
        bundle["timestamp"] = json!("2026-01-01T12:00:00Z");
    }
    if kind == "message" {
        bundle["timestamp"] = json!("2026-01-01T12:00:00Z");
    }
    bundle
}

/// References from narratives and attachments to what is in the bundle, and to what is not.
fn binaries() -> Vec<(String, Value)> {
    let mut made = Vec::new();
    for address in ADDRESSES {
        for (name, url) in [
            ("relative", "Binary/b1".to_owned()),
            ("relative, absent", "Binary/nobody".to_owned()),
            ("absolute", "http://sykehus.no/fhir/Binary/b1".to_owned()),
            ("by its address", link(address, "Binary", "b1")),
            ("fragment", "#b1".to_owned()),
            ("fragment, absent", "#nobody".to_owned()),
        ] {
            let binary = json!({
                "resourceType": "Binary", "id": "b1", "contentType": "text/plain", "data": "aGVp",
            });
            let attachment = json!({
                "resourceType": "DocumentReference",
                "id": "d1",
                "text": narrative("Fil"),
                "status": "current",
                "content": [{"attachment": {"contentType": "text/plain", "url": url}}],
            });
            let mut linked = patient("p2");
            linked["text"] =
                narrative(&format!("<a href=\"{url}\">fil</a><img src=\"{url}\" alt=\"x\"/>"));
            for kind in ["collection", "transaction", "document"] {
                let name = format!("Binary, {name} in a {kind} by {address:?}");
                let first = bundle(kind, address, observation(&json!({"display": "K"}), "", false));
                let resources: Vec<Value> = first["entry"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|entry| entry["resource"].clone())
                    .chain([attachment.clone(), linked.clone(), binary.clone()])
                    .collect();
                made.push((name, wrap(kind, &resources, address)));
            }
            made.push((format!("narrative, {name} by {address:?}"), linked));
        }
    }
    made
}
