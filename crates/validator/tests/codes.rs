//! Codes whose systems are a grammar, and single codings against value sets.

use lmr_validator::{Issue, Language, Options, Severity, Validator};
use serde_json::{Value, json};

fn validate(instance: &Value) -> Vec<Issue> {
    Validator::builder().build().validate_text(&instance.to_string(), &Options::default())
}

fn findings(instance: &Value) -> Vec<String> {
    let issues = validate(instance);
    let reported = issues.iter().filter(|i| i.severity != Severity::Information);
    reported.map(|i| format!("{} @ {}", i.id(), i.local_expression)).collect()
}

fn measured(unit: &str) -> Value {
    json!({"resourceType": "Observation", "status": "final", "code": {"text": "a"},
        "valueQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": unit}})
}

#[test]
fn units_must_follow_the_grammar_of_ucum() {
    for good in [
        "mg",
        "mL",
        "ug/kg/min",
        "10*3/uL",
        "{tablet}",
        "mm[Hg]",
        "%",
        "[iU]/L",
        "Cel",
        "/min",
        "k[iU]/L",
        "1",
    ] {
        assert_eq!(findings(&measured(good)), Vec::<String>::new(), "{good}");
    }
    for bad in ["mgg", "tabletter", "mg pr kg", "µg", "mmHg", "mg//L"] {
        let place = "LMRV_UCUM_SYNTAX @ Observation.value.ofType(Quantity).code";
        assert_eq!(findings(&measured(bad)), [place], "{bad}");
    }
    let issues = validate(&measured("mgg"));
    assert!(
        issues[0].text(Language::Bokmal).contains("mgg")
            && issues[0].text(Language::English).contains("mgg")
    );
}

#[test]
fn language_codes_must_be_well_formed() {
    let patient = |code: &str| {
        json!({"resourceType": "Patient", "communication": [{"language":
            {"coding": [{"system": "urn:ietf:bcp:47", "code": code}]}}]})
    };
    let reported =
        |code: &str| findings(&patient(code)).iter().any(|f| f.starts_with("LMRV_LANGUAGE_CODE"));
    assert!(!reported("nb-NO") && !reported("se") && reported("nb_NO") && reported("norsk"));
}

#[test]
fn a_result_without_a_search_mode_is_a_hint_where_the_types_show_it() {
    let result = |url: &str, kinds: &[&str]| {
        let entries: Vec<Value> = kinds
            .iter()
            .enumerate()
            .map(|(i, kind)| json!({"fullUrl": format!("https://a.no/{kind}/{i}"), "resource": {"resourceType": kind, "id": i.to_string()}}))
            .collect();
        let bundle = json!({"resourceType": "Bundle", "type": "searchset",
            "link": [{"relation": "self", "url": url}], "entry": entries});
        let issues = validate(&bundle);
        issues.into_iter().find(|i| i.id() == "BUNDLE_SEARCH_NO_MODE").map(|i| i.severity)
    };
    let search = "https://a.no/Patient?name=a";
    assert_eq!(result(search, &["Patient", "Patient"]), Some(Severity::Information));
    assert_eq!(result(search, &["Patient", "Group"]), Some(Severity::Warning));
    assert_eq!(result("https://a.no/?_id=1", &["Patient"]), Some(Severity::Warning));
}
