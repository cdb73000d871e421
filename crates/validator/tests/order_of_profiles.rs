//! The order in which an instance names its profiles changes nothing of what is found.

use std::collections::BTreeSet;
use std::sync::Arc;

use lmr_validator::definitions::Definitions;
use lmr_validator::package::Package;
use lmr_validator::{Options, Validator};
use serde_json::{Value, json};

const GENDERS: &str = "http://hl7.org/fhir/ValueSet/administrative-gender";

/// A profile of Device by the elements it has.
fn profile(name: &str, elements: Value) -> Value {
    json!({
        "resourceType": "StructureDefinition", "url": url(name), "name": name, "status": "active",
        "kind": "resource", "abstract": false, "type": "Device",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Device", "derivation": "constraint",
        "differential": {"element": elements}
    })
}

fn url(name: &str) -> String {
    format!("http://test.no/{name}")
}

fn bound(path: &str, strength: &str) -> Value {
    json!({"path": path, "binding": {"strength": strength, "valueSet": GENDERS}})
}

fn invariant(severity: &str) -> Value {
    json!([{"path": "Device", "constraint": [{
        "key": "t-1", "severity": severity, "human": "A device has a lot.", "expression": "lotNumber.exists()",
    }]}])
}

const NAMES: [&str; 9] = [
    "plain",
    "extensible",
    "preferred",
    "required",
    "wanted",
    "fixed",
    "advised",
    "demanded",
    "narrow",
];

/// Profiles that say the same of an element in different ways, and one that says nothing.
fn validator() -> Validator {
    let of_strength = |strength| {
        json!([
            bound("Device.meta.tag", strength),
            bound("Device.statusReason", strength),
            bound("Device.type", strength)
        ])
    };
    let profiles = [
        profile("plain", json!([{"path": "Device", "short": "d"}])),
        profile("extensible", of_strength("extensible")),
        profile("preferred", of_strength("preferred")),
        profile("required", of_strength("required")),
        profile("wanted", json!([{"path": "Device.serialNumber", "min": 1}])),
        profile("fixed", json!([{"path": "Device.status", "fixedCode": "active"}])),
        profile("advised", invariant("warning")),
        profile("demanded", invariant("error")),
        profile("narrow", json!([{"path": "Device.lotNumber", "maxLength": 3, "max": "1"}])),
    ];
    let texts: Vec<String> = profiles.iter().map(Value::to_string).collect();
    let package =
        Package::embedded("test", "1", texts.iter().map(String::as_str)).expect("definitions");
    Validator::builder()
        .definitions(Arc::new(Definitions::builder().package(package).build()))
        .build()
}

/// Devices with a fault where the profiles differ: each system where codes are.
fn devices() -> Vec<Value> {
    let mut devices = vec![
        json!({"status": "inactive", "lotNumber": "12345"}),
        json!({"status": "nope"}),
        json!({"lotNumber": 7, "serialNumber": ""}),
        json!({"meta": {"tag": [{"system": "http://hl7.org/fhir/administrative-gender"}]}}),
        json!({"meta": {"tag": [{"code": "male"}]}}),
        json!({"text": {"status": "generated", "div": "x"}, "patient": {"reference": "Organization/1"}}),
    ];
    for system in [
        "http://www.hl7.org/fhir/nope",
        "http://hl7.org/fhir/nope",
        "http://terminology.hl7.org/CodeSystem/nope",
        "http://a.no/nope",
        GENDERS,
        "http://hl7.org/fhir/administrative-gender",
        "https://hl7.org/fhir/administrative-gender",
        "http://snomed.info/sct/1",
        "http://snomed.info/sct",
        "relative",
    ] {
        for version in [Value::Null, json!("7")] {
            let mut coding = json!({"system": system, "code": "x", "display": "X"});
            if !version.is_null() {
                coding["version"] = version;
            }
            devices.push(json!({"meta": {"tag": [coding]}}));
            devices.push(json!({"statusReason": [{"coding": [coding]}]}));
            devices.push(
                json!({"type": {"coding": [coding, {"system": "http://a.no/b", "code": "y"}]}}),
            );
        }
    }
    devices
}

/// What is found, without where in the text it is and which profile says it: these are the order's.
fn found(validator: &Validator, device: &Value, profiles: &[&str]) -> BTreeSet<String> {
    let mut device = device.clone();
    device["resourceType"] = json!("Device");
    if !device["meta"].is_object() {
        device["meta"] = json!({});
    }
    device["meta"]["profile"] = profiles.iter().map(|name| url(name)).collect();
    let issues = validator.validate_text(&device.to_string(), &Options::default());
    let lines: Vec<String> = issues
        .iter()
        .map(|i| format!("{} {} {}: {}", i.severity, i.id(), i.expression, i.text_en()))
        .collect();
    let set: BTreeSet<String> = lines.iter().cloned().collect();
    assert_eq!(set.len(), lines.len(), "twice: {lines:#?}");
    set
}

#[test]
fn an_unknown_system_of_the_core_is_an_error_whichever_profile_comes_first() {
    let validator = validator();
    let device =
        json!({"meta": {"tag": [{"system": "http://www.hl7.org/fhir/nope", "code": "x"}]}});
    let one = found(&validator, &device, &["extensible", "plain"]);
    assert_eq!(one, found(&validator, &device, &["plain", "extensible"]));
    assert!(one.iter().any(|line| line.starts_with("error")), "{one:#?}");
}

#[test]
fn any_order_of_profiles_finds_the_same() {
    let validator = validator();
    let mut differ = Vec::new();
    for device in devices() {
        for (n, a) in NAMES.iter().enumerate() {
            for (m, b) in NAMES.iter().enumerate().skip(n + 1) {
                for c in &NAMES[m + 1..] {
                    let first = found(&validator, &device, &[a, b, c]);
                    for order in [[a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
                        let order = order.map(|name| *name);
                        let other = found(&validator, &device, &order);
                        if other != first {
                            let only =
                                |x: &BTreeSet<String>, y: &BTreeSet<String>| -> Vec<String> {
                                    x.difference(y).cloned().collect()
                                };
                            differ.push(format!(
                                "{device}\n  {:?}: {:#?}\n  {order:?}: {:#?}",
                                [a, b, c],
                                only(&first, &other),
                                only(&other, &first)
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(
        differ.is_empty(),
        "{} differ:\n{}",
        differ.len(),
        differ[..differ.len().min(6)].join("\n")
    );
}
