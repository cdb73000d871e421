//! Correct synthetic bundles of both rule sets, made by code. Nothing in them is anybody's.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "for tests, and every test file uses its own part"
)]

use jiff::Timestamp;
use lmr_identifiers::synthetic;
use lmr_lmdi::{CheckOptions, RuleSetId};
use serde_json::{Value, json};

pub(crate) const PROFILE: &str = "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-";
const FEST: &str = "http://dmp.no/fhir/NamingSystem/";
const SCT: &str = "http://snomed.info/sct";

/// A moment after everything in the bundles.
pub(crate) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn options() -> CheckOptions {
    CheckOptions { redact: false, ..CheckOptions::at(now()) }
}

pub(crate) fn uuid(number: usize) -> String {
    format!("urn:uuid:00000000-0000-4000-8000-{number:012}")
}

pub(crate) fn reference(number: usize) -> Value {
    json!({ "reference": uuid(number) })
}

/// The synthetic identity number that begins with these eight digits.
pub(crate) fn person_number(eight: &str) -> String {
    synthetic::identity_number_from(eight).unwrap().as_str().to_owned()
}

/// The organisation number that begins with these eight digits.
pub(crate) fn organisation_number(eight: &str) -> String {
    synthetic::organisation_number_from(eight).unwrap().to_string()
}

fn coding(system: &str, code: &str) -> Value {
    json!({ "system": system, "code": code })
}

fn volven(oid: &str, code: &str) -> Value {
    coding(&format!("urn:oid:2.16.578.1.12.4.1.1.{oid}"), code)
}

fn fest_id(number: usize) -> String {
    format!("ID_00000000-0000-4000-8000-{number:012X}")
}

/// The resources in order; entry n has `uuid(n)`.
pub(crate) fn resources(rule_set: RuleSetId) -> Vec<Value> {
    let mut resources = if rule_set.is_transaction() { resources_112() } else { resources_094() };
    for (index, resource) in resources.iter_mut().enumerate() {
        let kind = resource["resourceType"].as_str().unwrap().to_owned();
        resource["id"] = json!(format!("r{index}"));
        if rule_set.wants_profile_named() {
            resource["meta"] = json!({ "profile": [format!("{PROFILE}{}", kind.to_lowercase())] });
        }
    }
    resources
}

/// A correct bundle of the rule set.
pub(crate) fn bundle(rule_set: RuleSetId) -> Value {
    bundle_of(rule_set, resources(rule_set))
}

pub(crate) fn bundle_of(rule_set: RuleSetId, resources: Vec<Value>) -> Value {
    let entries: Vec<Value> = resources
        .into_iter()
        .enumerate()
        .map(|(index, resource)| {
            let kind = resource["resourceType"].clone();
            json!({ "fullUrl": uuid(index), "resource": resource, "request": { "method": "POST", "url": kind } })
        })
        .collect();
    json!({
        "resourceType": "Bundle",
        "identifier": { "system": "urn:oid:2.16.578.1.34.10.3", "value": "6f1f6c0e-2b6f-4b2a-9d7e-0d6f3b1c2a11" },
        "type": rule_set.bundle_type(),
        "timestamp": "2026-05-02T06:00:00+02:00",
        "entry": entries
    })
}

fn extension_coding(url: &str, system: &str, code: &str) -> Value {
    json!({ "url": url, "valueCoding": coding(system, code) })
}

fn condition() -> Value {
    json!({
        "resourceType": "Condition",
        "clinicalStatus": { "coding": [coding("http://terminology.hl7.org/CodeSystem/condition-clinical", "active")] },
        "verificationStatus": { "coding": [coding("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed")] },
        "code": { "coding": [
            coding(SCT, "396275006"), volven("7110", "M15.0"),
            coding("http://id.who.int/icd/release/11/mms", "FA05"), volven("7170", "L91")
        ] },
        "subject": reference(0),
        "stage": [{ "summary": { "text": "stadium" } }]
    })
}

fn dosage_112() -> Value {
    json!({
        "route": { "coding": [coding(SCT, "47625008"), volven("7477", "53")] },
        "dose": { "value": 2.50, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg" },
        "rateRatio": {
            "numerator": { "value": 10, "system": "http://unitsofmeasure.org", "code": "mL" },
            "denominator": { "value": 1, "system": "http://unitsofmeasure.org", "code": "h" }
        }
    })
}

fn resources_112() -> Vec<Value> {
    let municipality = extension_coding(
        "http://hl7.no/fhir/StructureDefinition/no-basis-municipalitycode",
        "urn:oid:2.16.578.1.12.4.1.1.3402",
        "0301",
    );
    let district = extension_coding(
        "http://hl7.no/fhir/StructureDefinition/no-basis-urban-district",
        "urn:oid:2.16.578.1.12.4.1.1.3403",
        "030102",
    );
    let address = |with_use: bool| {
        let mut address = json!({
            "extension": [district], "type": "physical", "district": "Oslo",
            "_district": { "extension": [municipality] }, "state": "Oslo"
        });
        if with_use {
            address["use"] = json!("home");
        }
        address
    };
    let medications: Vec<Value> = [
        ("festLegemiddelDose", fest_id(1)),
        ("lmrLopenummer", "1000003".to_owned()),
        ("festLegemiddelMerkevare", fest_id(2)),
        ("festLegemiddelPakning", fest_id(3)),
        ("fest-varenummer", "001234".to_owned()),
        ("festLegemiddelVirkestoff", fest_id(4)),
    ]
    .iter()
    .map(|(name, code)| coding(&format!("{FEST}{name}"), code))
    .chain([
        json!({ "system": "http://fhi.no/fhir/NamingSystem/lokaltLegemiddel", "code": "L-1", "display": "lokalt" }),
        coding(SCT, "55452001"),
    ])
    .collect();
    vec![
        json!({
            "resourceType": "Patient",
            "identifier": [
                { "system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": person_number("12855825") },
                { "system": "urn:oid:2.16.578.1.12.4.1.4.2", "value": person_number("52855825") },
                { "system": "urn:oid:2.16.578.1.34.10.9", "value": "lokal-1" }
            ],
            "gender": "female",
            "birthDate": "1958-05-12",
            "address": [address(true)]
        }),
        json!({
            "resourceType": "Organization",
            "identifier": [{ "system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": organisation_number("99900020") }],
            "type": [{ "coding": [volven("8624", "01")] }],
            "name": "Eksempelsykehuset",
            "address": [address(false)]
        }),
        json!({
            "resourceType": "Organization",
            "identifier": [{ "system": "urn:oid:2.16.578.1.12.4.1.4.102", "value": "4001031" }],
            "name": "Eksempelposten",
            "partOf": reference(1)
        }),
        json!({
            "resourceType": "Practitioner",
            "identifier": [{ "system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "9144900" }]
        }),
        json!({
            "resourceType": "Encounter",
            "extension": [{
                "url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/npr-episode-identifier",
                "extension": [
                    { "url": "stringIdentifier", "valueString": "NPR-1" },
                    { "url": "uuidIdentifier", "valueUuid": "urn:uuid:00000000-0000-4000-8000-0000000000e1" }
                ]
            }],
            "status": "finished",
            "class": coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "IMP"),
            "serviceProvider": reference(2)
        }),
        condition(),
        json!({
            "resourceType": "Substance",
            "status": "active",
            "category": [{ "coding": [coding("http://terminology.hl7.org/CodeSystem/substance-category", "drug")] }],
            "code": { "coding": [{ "system": "http://ehelse.no/fhir/CodeSystem/FEST", "code": fest_id(5), "display": "virkestoff" }] }
        }),
        json!({
            "resourceType": "Medication",
            "extension": [{
                "url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/legemiddel-classification",
                "valueCodeableConcept": { "coding": [coding("http://www.whocc.no/atc", "N02AA05")] }
            }],
            "code": { "coding": medications },
            "status": "active",
            "form": { "coding": [volven("7448", "53"), coding(SCT, "385055001")] },
            "amount": {
                "numerator": { "value": 5, "system": "http://unitsofmeasure.org", "code": "mg" },
                "denominator": { "value": 1, "system": "http://unitsofmeasure.org", "code": "mL" }
            },
            "ingredient": [{ "itemCodeableConcept": { "coding": [coding(&format!("{FEST}festLegemiddelVirkestoff"), &fest_id(6))] } }],
            "batch": { "lotNumber": "B-1" }
        }),
        json!({
            "resourceType": "Medication",
            "ingredient": [{ "itemReference": reference(6) }]
        }),
        json!({
            "resourceType": "MedicationRequest",
            "identifier": [{ "system": "urn:oid:2.16.578.1.34.10.4", "value": "R-1" }],
            "extension": [
                { "url": format!("{PROFILE}prosentvis-doseendring"),
                  "valueQuantity": { "value": 80, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%" } },
                { "url": format!("{PROFILE}del-av-behandlingsregime"), "valueString": "regime" },
                { "url": format!("{PROFILE}klinisk-studie"), "valueBoolean": false }
            ],
            "status": "active",
            "intent": "order",
            "reportedBoolean": false,
            "medicationReference": reference(7),
            "subject": reference(0),
            "encounter": reference(4),
            "authoredOn": "2026-04-30",
            "requester": reference(3),
            "reasonReference": [reference(5)],
            "dosageInstruction": [{
                "timing": { "repeat": { "frequency": 3, "period": 1, "periodUnit": "d" } },
                "doseAndRate": [{ "doseQuantity": { "value": 1, "unit": "tablett" } }]
            }]
        }),
        json!({
            "resourceType": "MedicationRequest",
            "status": "completed",
            "intent": "order",
            "medicationReference": reference(8),
            "subject": reference(0),
            "requester": reference(3),
            "priorPrescription": reference(9)
        }),
        json!({
            "resourceType": "MedicationAdministration",
            "identifier": [{ "system": "urn:oid:2.16.578.1.34.10.5", "value": "A-1" }],
            "status": "completed",
            "medicationReference": reference(7),
            "subject": reference(0),
            "context": reference(4),
            "effectiveDateTime": "2026-05-01T08:00:00+02:00",
            "reasonReference": [reference(5)],
            "request": reference(9),
            "dosage": dosage_112()
        }),
        json!({
            "resourceType": "MedicationAdministration",
            "identifier": [{ "system": "urn:oid:2.16.578.1.34.10.5", "value": "A-2" }],
            "status": "entered-in-error",
            "medicationReference": reference(8),
            "subject": reference(0),
            "effectivePeriod": { "start": "2026-05-01T09:00:00+02:00", "end": "2026-05-01T10:00:00+02:00" }
        }),
    ]
}

fn resources_094() -> Vec<Value> {
    let municipality = extension_coding(
        "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-municipalitycode",
        "urn:oid:2.16.578.1.12.4.1.1.3402",
        "0301",
    );
    let district = extension_coding(
        "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-urban-district",
        "urn:oid:2.16.578.1.12.4.1.1.3403",
        "030102",
    );
    let medications: Vec<Value> = [
        "festLegemiddelDose",
        "festLegemiddelMerkevare",
        "festLegemiddelPakning",
        "festLegemiddelVirkestoff",
    ]
    .iter()
    .enumerate()
    .map(|(index, name)| coding(&format!("{FEST}{name}"), &fest_id(index)))
    .chain([json!({
        "extension": [extension_coding(
            "http://fhi.no/fhir/lmr/lokal-legemiddel-katalog",
            "http://hl7.no/fhir/ig/lmdi/CodeSystem/LokalLegemiddelkatalogCodeSystem",
            "metavisionkatalogFraHN",
        )],
        "system": "http://fh.no/fhir/NamingSystem/lokaltVirkemiddel", "code": "L-1"
    })])
    .collect();
    vec![
        json!({
            "resourceType": "Patient",
            "identifier": [
                { "system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": person_number("12855825") },
                { "system": "urn:oid:2.16.578.1.12.4.1.4.2", "value": person_number("52855825") }
            ],
            "gender": "female",
            "birthDate": "1958-05-12",
            "address": [{ "district": "Oslo", "_district": { "extension": [municipality] } }]
        }),
        json!({
            "resourceType": "Organization",
            "identifier": [
                { "system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": organisation_number("99900020") },
                { "system": "urn:oid:2.16.578.1.12.4.1.4.102", "value": "4001031" }
            ],
            "type": [{ "coding": [coding("http://terminology.hl7.org/CodeSystem/organization-type", "prov")] }],
            "name": "Eksempelsykehuset",
            "address": [{ "extension": [district], "type": "physical", "city": "Oslo", "district": "Oslo",
                          "_district": { "extension": [municipality] } }]
        }),
        json!({
            "resourceType": "Organization",
            "identifier": [{ "system": "urn:oid:2.16.578.1.12.4.1.4.102", "value": "4001032" }],
            "type": [{ "text": "post" }],
            "name": "Eksempelposten",
            "partOf": reference(1)
        }),
        json!({
            "resourceType": "Practitioner",
            "identifier": [{ "system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "9144900" }]
        }),
        json!({
            "resourceType": "EpisodeOfCare",
            "status": "active",
            "patient": reference(0),
            "managingOrganization": reference(2),
            "period": { "start": "2026-04-01" }
        }),
        condition(),
        json!({
            "resourceType": "PractitionerRole",
            "practitioner": reference(3),
            "organization": reference(2),
            "code": [{ "coding": [coding(SCT, "158965000")] }]
        }),
        json!({
            "resourceType": "Medication",
            "code": { "coding": medications },
            "form": { "coding": [volven("7448", "53"), coding(SCT, "385055001")] },
            "batch": { "lotNumber": "B-1" }
        }),
        json!({
            "resourceType": "MedicationRequest",
            "identifier": [{ "system": "urn:oid:2.16.578.1.34.10.4", "value": "R-1" }],
            "status": "active",
            "intent": "order",
            "reportedBoolean": false,
            "medicationReference": reference(7),
            "subject": reference(0),
            "requester": reference(3),
            "reasonReference": [reference(5)],
            "dosageInstruction": [{ "text": "1 tablett morgen og kveld" }]
        }),
        json!({
            "resourceType": "MedicationRequest",
            "status": "completed",
            "intent": "order",
            "medicationReference": reference(7),
            "subject": reference(0),
            "requester": reference(3),
            "priorPrescription": reference(8)
        }),
        json!({
            "resourceType": "MedicationAdministration",
            "status": "completed",
            "medicationReference": reference(7),
            "subject": reference(0),
            "context": reference(4),
            "effectiveDateTime": "2026-05-01T08:00:00+02:00",
            "reasonReference": [reference(5)],
            "request": reference(8),
            "dosage": dosage_112()
        }),
    ]
}
