//! What `Options::statistics` measures adds up: each part's own time, whatever is wrong with the document.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lmr_validator::statistics::{Row, Statistics};
use lmr_validator::{Language, Options, Validator};
use serde_json::{Value, json};

/// A clock that goes on by a millisecond each time it is looked at.
fn measured(validator: &Validator, document: &Value) -> Statistics {
    let ticks = AtomicU64::new(0);
    let clock = move || Duration::from_millis(ticks.fetch_add(1, Ordering::Relaxed));
    let statistics = Arc::new(Statistics::new(clock));
    let options =
        Options { statistics: Some(Arc::clone(&statistics)), threads: 1, ..Options::default() };
    validator.validate_text(&document.to_string(), &options);
    drop(options);
    Arc::into_inner(statistics).expect("nobody else measures")
}

fn sum(rows: &[Row]) -> Duration {
    rows.iter().map(|row| row.time).sum()
}

/// Each value of a document replaced by each of some others, one at a time.
fn faulty(document: &Value) -> Vec<Value> {
    fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
        out.push(at.to_owned());
        let members: Vec<(String, &Value)> = match value {
            Value::Object(members) => members.iter().map(|(n, v)| (n.clone(), v)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(n, v)| (n.to_string(), v)).collect()
            }
            _ => return,
        };
        members.iter().for_each(|(name, value)| pointers(value, &format!("{at}/{name}"), out));
    }
    let mut all = Vec::new();
    pointers(document, "", &mut all);
    let values = [json!({"a": 1}), json!([["x"]]), json!(7), json!(""), json!("x"), Value::Null];
    let mut made = Vec::new();
    for pointer in all.iter().filter(|pointer| !pointer.is_empty() && *pointer != "/resourceType") {
        for value in &values {
            let mut one = document.clone();
            *one.pointer_mut(pointer).expect("a pointer") = value.clone();
            made.push(one);
        }
    }
    made
}

#[test]
fn the_parts_of_a_resource_take_its_whole_time_whatever_is_wrong_with_it() {
    let validator = Validator::builder().build();
    let right = json!({
        "resourceType": "Patient",
        "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"city": "Oslo"}}],
        "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "1"}],
        "active": true,
        "name": [{"use": "official", "given": ["Kari", "Anne"]}],
        "birthDate": "1970-05-17",
        "photo": [{"contentType": "image/png", "data": "aGVp"}],
        "contact": [{"name": {"text": "x"}}],
        "generalPractitioner": [{"reference": "Practitioner/1"}],
    });
    let mut tried = 0;
    for document in faulty(&right).iter().chain([&right]) {
        let statistics = measured(&validator, document);
        let checks = statistics.checks(Language::English);
        // What is of no single resource.
        let of_document = ["reading the text", "index of entries"];
        let of_resources: Vec<Row> = checks
            .into_iter()
            .filter(|row| !of_document.iter().any(|name| row.name.starts_with(name)))
            .collect();
        assert_eq!(
            sum(&of_resources),
            sum(&statistics.profiles()),
            "{document}: {of_resources:#?}"
        );
        tried += usize::from(!of_resources.is_empty());
    }
    assert!(tried > 150, "{tried}");
}
