//! What the register would lose in silence: reported, counted, and refused where the operator wants it so.
#![allow(clippy::unwrap_used, reason = "a test")]

use crate::sample;

use lmr_fhir::{Document, ParseOptions};
use lmr_lmdi::codes::{Code, Language, Severity};
use lmr_lmdi::{Advice, CheckOptions, LinkCounts, RuleSetId, Verdict, check_bundle};
use sample::{bundle, options, person_number, reference, resources};
use serde_json::{Value, json};

const NEW: RuleSetId = RuleSetId::LATEST;

type Change = Box<dyn Fn(&mut Value)>;

fn verdict_with(bundle: &Value, options: &CheckOptions) -> Verdict {
    let document = Document::parse(bundle.to_string(), &ParseOptions::strict()).unwrap();
    check_bundle(&document, options).unwrap()
}

fn verdict(bundle: &Value) -> Verdict {
    verdict_with(bundle, &options())
}

fn at(resource_type: &str) -> usize {
    resources(NEW).iter().position(|r| r["resourceType"] == resource_type).unwrap()
}

/// Locations of a code's findings.
fn found(verdict: &Verdict, code: Code) -> Vec<String> {
    verdict.findings().filter(|f| f.code == code).map(|f| f.full_expression.clone()).collect()
}

/// The sample with one number a patient, so that all of it can be linked.
fn linkable() -> Value {
    let mut bundle = bundle(NEW);
    let patient = &mut bundle["entry"][at("Patient")]["resource"];
    patient["identifier"].as_array_mut().unwrap().remove(1);
    let last = bundle["entry"].as_array().unwrap().len() - 1;
    bundle["entry"][last]["resource"]["request"] = reference(9);
    bundle
}

#[test]
fn links_are_counted_as_the_register_follows_them() {
    let all = LinkCounts { administrations: 2, with_patient: 2, with_prescriber: 2 };
    assert_eq!(verdict(&linkable()).links, all);
    let change = |change: &dyn Fn(&mut Value)| {
        let mut bundle = linkable();
        change(&mut bundle);
        verdict(&bundle).links
    };
    let administration = at("MedicationAdministration");
    let request = at("MedicationRequest");
    let set = |entry: usize, name: &'static str, value: Value| {
        move |bundle: &mut Value| bundle["entry"][entry]["resource"][name] = value.clone()
    };
    let without_patient = LinkCounts { with_patient: 1, ..all };
    let without_any_patient = LinkCounts { with_patient: 0, ..all };
    let without_prescriber = LinkCounts { with_prescriber: 1, ..all };
    let without_any_prescriber = LinkCounts { with_prescriber: 0, ..all };
    let both = bundle(NEW)["entry"][at("Patient")]["resource"]["identifier"].clone();
    for (links, expected) in [
        (change(&set(at("Patient"), "identifier", both)), without_any_patient),
        (change(&set(at("Patient"), "identifier", json!([{ "value": "x" }]))), without_any_patient),
        (change(&set(administration, "subject", json!({ "display": "x" }))), without_patient),
        (change(&set(administration, "request", json!({ "display": "x" }))), without_prescriber),
        (change(&set(request, "requester", json!({ "display": "x" }))), without_any_prescriber),
        (
            change(&set(
                at("Practitioner"),
                "identifier",
                json!([{
                    "system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "9144900123"
                }]),
            )),
            without_any_prescriber,
        ),
    ] {
        assert_eq!(links, expected);
    }
    let none = change(&|bundle| {
        for entry in [administration, administration + 1] {
            bundle["entry"][entry]["resource"].as_object_mut().unwrap().remove("request");
        }
    });
    assert_eq!(none, without_any_prescriber);
}

#[test]
fn what_is_missing_is_reported_once_a_bundle_with_its_numbers() {
    let complete = verdict(&linkable());
    for code in [Code::PatientLinksMissing, Code::PrescriberLinksMissing] {
        assert_eq!(found(&complete, code), Vec::<String>::new());
    }
    let verdict = verdict(&bundle(NEW));
    let finding = verdict.bundle.iter().find(|f| f.code == Code::PatientLinksMissing).unwrap();
    assert_eq!(finding.severity, Severity::Information);
    assert!(finding.text(Language::Bokmal).contains("2 av 2"));
    assert!(finding.text(Language::English).contains("2 of 2"));
}

#[test]
fn a_link_that_breaks_is_reported_where_it_breaks() {
    let mut logical = linkable();
    let administration = at("MedicationAdministration");
    logical["entry"][administration]["resource"]["subject"] = json!({ "display": "pasienten" });
    let here = format!("Bundle.entry[{administration}].resource.subject");
    assert_eq!(found(&verdict(&logical), Code::LinkOnlyLogical), [here.as_str()]);

    let mut outside = linkable();
    outside["entry"][administration]["resource"]["subject"] =
        json!({ "reference": "https://journal.example/Patient/1" });
    assert_eq!(found(&verdict(&outside), Code::LinkUnresolved), [here.as_str()]);

    // A reference that is refused is not reported again.
    let mut dangling = linkable();
    dangling["entry"][administration]["resource"]["subject"] = reference(99);
    let verdict = verdict(&dangling);
    assert_eq!(found(&verdict, Code::ReferenceDangling).len(), 1);
    assert_eq!(found(&verdict, Code::LinkUnresolved), Vec::<String>::new());
}

/// Every place a sender may put an identity number, except the one where it belongs.
#[test]
fn an_identity_number_is_found_wherever_it_is_and_never_repeated() {
    let number = person_number("12855825");
    let patient = at("Patient");
    let places: Vec<(&str, Change)> = vec![
        ("Bundle.id", Box::new(|b| b["id"] = json!(format!("b-{}", person_number("12855825"))))),
        ("Bundle.identifier.value", {
            let number = number.clone();
            Box::new(move |b| b["identifier"]["value"] = json!(number))
        }),
        ("Bundle.entry[0].fullUrl", {
            let number = number.clone();
            Box::new(move |b| {
                b["entry"][0]["fullUrl"] = json!(format!("http://a.no/Patient/{number}"))
            })
        }),
        ("Bundle.entry[0].request.url", {
            let number = number.clone();
            Box::new(move |b| b["entry"][0]["request"]["url"] = json!(format!("Patient/{number}")))
        }),
        ("Bundle.entry[0].resource.id", {
            let number = number.clone();
            Box::new(move |b| b["entry"][0]["resource"]["id"] = json!(number))
        }),
        ("Bundle.entry[0].resource.identifier[2].system", {
            let number = number.clone();
            Box::new(move |b| {
                b["entry"][0]["resource"]["identifier"][2]["system"] =
                    json!(format!("http://a.no/{number}"));
            })
        }),
        ("Bundle.entry[9].resource.subject.reference", {
            let number = number.clone();
            Box::new(move |b| {
                b["entry"][9]["resource"]["subject"]["reference"] =
                    json!(format!("Patient/{number}"));
            })
        }),
        ("Bundle.entry[9].resource.subject.identifier.value", {
            let number = number.clone();
            Box::new(move |b| {
                b["entry"][9]["resource"]["subject"]["identifier"] = json!({ "value": number });
            })
        }),
        ("Bundle.entry[9].resource.subject.display", {
            let (first, last) = number.split_at(6);
            let text = format!("Kari (f. {first} {last})");
            Box::new(move |b| b["entry"][9]["resource"]["subject"]["display"] = json!(text))
        }),
        ("Bundle.entry[5].resource.stage[0].summary.text", {
            let number = number.clone();
            Box::new(move |b| {
                b["entry"][5]["resource"]["stage"][0]["summary"]["text"] =
                    json!(format!("se {number}"));
            })
        }),
        ("Bundle.entry[7].resource.batch.lotNumber", {
            let number = number.clone();
            Box::new(move |b| b["entry"][7]["resource"]["batch"]["lotNumber"] = json!(number))
        }),
    ];
    for (place, change) in &places {
        let mut bundle = bundle(NEW);
        change(&mut bundle);
        let warned = verdict(&bundle);
        assert_eq!(found(&warned, Code::IdentityNumberElsewhere), [*place]);
        let refused = verdict_with(&bundle, &CheckOptions { advice: Advice::Refuse, ..options() });
        assert!(!refused.is_faultless(), "{place}");
        for finding in warned.findings().filter(|f| f.code == Code::IdentityNumberElsewhere) {
            assert_eq!(finding.severity, Severity::Warning);
            let said = format!("{finding:?} {}", finding.text(Language::Bokmal));
            assert!(!said.contains(&number), "{place}");
        }
    }
    // Written with an escape it is the same number.
    let escaped =
        bundle(NEW).to_string().replacen("\"Oslo\"", &format!("\"\\u0031{}\"", &number[1..]), 1);
    let document = Document::parse(escaped, &ParseOptions::strict()).unwrap();
    let verdict = check_bundle(&document, &options()).unwrap();
    assert_eq!(found(&verdict, Code::IdentityNumberElsewhere).len(), 1);
    // Where it belongs.
    assert_eq!(found(&verdict_of_sample(), Code::IdentityNumberElsewhere), Vec::<String>::new());
    assert_eq!(patient, 0);
}

fn verdict_of_sample() -> Verdict {
    verdict(&bundle(NEW))
}

#[test]
fn advice_refuses_what_the_catalogue_marks_and_nothing_else() {
    let refusing = CheckOptions { advice: Advice::Refuse, ..options() };
    assert!(verdict_with(&bundle(NEW), &refusing).is_faultless(), "two numbers only warn");
    let mut contained = bundle(NEW);
    let request = at("MedicationRequest");
    contained["entry"][request]["resource"]["contained"] =
        json!([{ "resourceType": "Patient", "id": "p" }]);
    contained["entry"][request]["resource"]["subject"] = json!({ "reference": "#p" });
    assert!(verdict(&contained).is_faultless());
    let verdict = verdict_with(&contained, &refusing);
    let refused: Vec<Code> = verdict.findings().filter(|f| f.refuses()).map(|f| f.code).collect();
    assert_eq!(refused, [Code::ContainedResource]);
    for code in Code::ALL.iter().filter(|code| code.entry().refused_by_advice) {
        assert_eq!(code.severity(), Severity::Warning, "{code}");
    }
}
