//! Documents as a whole: links between entries, ids, and what bounds their findings.

use lmr_fhir::{Document, ParseOptions};
use lmr_validator::{Issue, Options, Severity, Validator};
use serde_json::{Value, json};

fn validate(instance: &Value, options: &Options) -> Vec<Issue> {
    Validator::builder().build().validate_text(&instance.to_string(), options)
}

fn issues_with(issues: &[Issue], id: &str) -> Vec<String> {
    issues.iter().filter(|i| i.id() == id).map(|i| i.expression.clone()).collect()
}

/// A document whose second entry links to `#id` in the narrative of the first.
fn document(link: &str, narrative: &str) -> Value {
    let (first, second) = (
        "urn:uuid:11111111-1111-4111-8111-111111111111",
        "urn:uuid:22222222-2222-4222-8222-222222222222",
    );
    json!({"resourceType": "Bundle", "type": "document", "timestamp": "2026-01-01T10:00:00Z",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:33333333-3333-4333-8333-333333333333"},
        "entry": [
        {"fullUrl": first, "resource": {"resourceType": "Composition", "status": "final",
            "type": {"text": "a"}, "date": "2026-01-01", "title": "b", "author": [{"display": "c"}],
            "section": [{"title": "d", "entry": [{"reference": second}],
                "text": {"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{narrative}</div>")}}]}},
        {"fullUrl": second, "resource": {"resourceType": "Observation", "status": "final", "code": {"text": "e"},
            "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/narrativeLink", "valueUrl": format!("{first}#{link}")}]}}
    ]})
}

#[test]
fn links_into_the_narrative_of_another_entry_must_lead_to_one_place() {
    let not_found = "Bundle_BUNDLE_Entry_NotFound";
    let several = "BUNDLE_BUNDLE_ENTRY_FOUND_MULTIPLE_FRAGMENT";
    let of =
        |link: &str, narrative: &str| validate(&document(link, narrative), &Options::default());
    let place = "Bundle.entry[1].resource/*Observation/null*/.extension[0].value.ofType(url)";
    let good = of("x", "<p id=\"x\">a</p>");
    assert_eq!(
        (issues_with(&good, not_found), issues_with(&good, several)),
        (Vec::new(), Vec::new())
    );
    let missing = of("y", "<p id=\"x\">a</p>");
    assert_eq!(issues_with(&missing, not_found), [place]);
    let twice = of("x", "<p id=\"x\">a</p><p id=\"x\">b</p>");
    assert_eq!(issues_with(&twice, several), [place]);
}

/// A relative reference is resolved against the server of its entry's address; `urn:uuid` has none.
#[test]
fn a_reference_of_any_entry_that_names_an_entry_and_misses_it_is_reported() {
    let of = |reference: &str| {
        let mut bundle = document("x", "<p id=\"x\">a</p>");
        bundle["entry"][1]["resource"]["subject"] = json!({"reference": reference});
        let patient = json!({"resourceType": "Patient", "id": "p", "active": true});
        let full_url = "urn:uuid:44444444-4444-4444-8444-444444444444";
        if let Some(entries) = bundle["entry"].as_array_mut() {
            entries.push(json!({"fullUrl": full_url, "resource": patient}));
        }
        let issues = validate(&bundle, &Options::default());
        let missed = issues.into_iter().filter(|i| i.id() == "BUNDLE_BUNDLE_ENTRY_NOTFOUND_CANNOT");
        missed.map(|i| (i.expression.clone(), i.text_en())).collect::<Vec<_>>()
    };
    let [(place, text)] = &of("Patient/p")[..] else { panic!("{:?}", of("Patient/p")) };
    assert_eq!(place, "Bundle");
    assert!(text.contains("Bundle.entry[1].resource/*Observation/null*/.subject"), "{text}");
    // Equal references of one resource are one finding; others mean another patient, or the right one.
    for reference in
        ["Patient/q", "http://a.no/Patient/p", "urn:uuid:44444444-4444-4444-8444-444444444444"]
    {
        assert_eq!(of(reference), [], "{reference}");
    }
}

#[test]
fn an_id_occurs_once_among_the_elements_of_a_resource() {
    let of = |patient: Value| issues_with(&validate(&patient, &Options::default()), "DUPLICATE_ID");
    let names = |a: &str, b: &str| json!({"resourceType": "Patient", "id": "p", "name": [{"id": a, "text": "a"}, {"id": b, "text": "b"}]});
    assert_eq!(of(names("a", "b")), Vec::<String>::new());
    assert_eq!(of(names("a", "a")), ["Patient.name[1]"]);
    // The resource's own id is no element's.
    assert_eq!(of(names("a", "p")), Vec::<String>::new());
    assert_eq!(of(names("p", "p")), ["Patient.name[1]"]);
}

#[test]
fn however_many_findings_there_are_every_entry_keeps_its_verdict() {
    let entry = |i: usize, members: Value| {
        let mut patient = json!({"resourceType": "Patient"});
        for (key, value) in members.as_object().expect("members") {
            patient[key] = value.clone();
        }
        json!({"fullUrl": format!("urn:uuid:11111111-1111-4111-8111-{i:012}"), "resource": patient})
    };
    let mut noisy = serde_json::Map::new();
    for i in 0..5000 {
        noisy.insert(format!("x{i}"), json!(1));
    }
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [
        entry(0, Value::Object(noisy)),
        entry(1, json!({"active": true})),
        entry(2, json!({"gender": "none"})),
    ]});
    let text = bundle.to_string();
    let document = Document::parse(text.as_str(), &ParseOptions::lenient()).expect("json");
    let options = Options { max_issues: 100, threads: 1, ..Options::default() };
    let report = Validator::builder().build().validate_bundle(&document, &options);
    let faulty: Vec<bool> =
        report.entries.iter().map(|e| e.iter().any(|i| i.severity.is_error())).collect();
    assert_eq!(faulty, [true, false, true]);
    let all: usize = report.entries.iter().map(Vec::len).sum::<usize>() + report.bundle.len();
    assert!(all <= 103, "{all}");
    assert!(
        report
            .bundle
            .iter()
            .any(|i| i.id() == "LMRV_TOO_MANY_ISSUES" && i.severity == Severity::Error)
    );
}

#[test]
fn a_large_bundle_is_not_refused_for_its_many_warnings() {
    // Each patient gives a warning: its marital status has no code.
    let entry = |i: usize| {
        json!({"fullUrl": format!("urn:uuid:11111111-1111-4111-8111-{i:012}"), "resource": {
            "resourceType": "Patient", "maritalStatus": {"text": "gift"}}})
    };
    let entries: Vec<Value> = (0..2000).map(entry).collect();
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": entries});
    let text = bundle.to_string();
    let document = Document::parse(text.as_str(), &ParseOptions::lenient()).expect("json");
    let validator = Validator::builder().build();
    let validate = |threads| {
        let options = Options { max_issues: 300, threads, ..Options::default() };
        validator.validate(&document, &options)
    };
    let alone = validate(1);
    assert!(
        alone.iter().filter(|i| i.severity.is_error()).all(|i| i.id() == "LMRV_TOO_MANY_ISSUES")
    );
    assert!(alone.iter().filter(|i| i.severity.is_error()).count() <= 1, "{}", alone.len());
    assert!(alone.len() > 300, "{}", alone.len());
    // What is reported does not depend on which thread is quicker.
    for _ in 0..3 {
        assert_eq!(validate(2), alone);
    }
}

#[test]
fn references_and_links_within_a_resource_take_time_in_line_with_its_size() {
    let size = 3000;
    let contained: Vec<Value> = (0..size)
        .map(|i| {
            json!({"resourceType": "Basic", "id": format!("c{i}"), "code": {"text": "a"},
            "subject": {"reference": format!("#c{}", (i + 1) % size)}})
        })
        .collect();
    let links: String =
        (0..size).map(|i| format!("<a href=\"#c{i}\">a</a><a href=\"#x{i}\">b</a>")).collect();
    let patient = json!({"resourceType": "Patient", "contained": contained, "text": {"status": "generated",
        "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{links}</div>")}});
    // By the square of their number this takes minutes, in line less than a second.
    let issues = validate(&patient, &Options::default());
    assert_eq!(issues_with(&issues, "Type_Specific_Checks_DT_XHTML_Resolve").len(), size);
    assert_eq!(issues_with(&issues, "CONTAINED_ORPHAN_DOM3"), Vec::<String>::new());
}
