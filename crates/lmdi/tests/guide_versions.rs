//! What the guide's versions take and refuse, side by side: each difference with an instance that one refuses
//! and the other takes, and the proof that there is no other difference.
#![allow(clippy::unwrap_used, reason = "a test")]

use crate::sample;

use std::collections::BTreeSet;

use lmr_fhir::{Document, ParseOptions};
use lmr_lmdi::codes::Code;
use lmr_lmdi::{RuleSet, RuleSetId};
use lmr_validator::snapshot::compare::compare;
use sample::{bundle_of, options, resources};
use serde_json::{Value, json};

const OLDER: RuleSetId = RuleSetId::Lmdi112;
const NEWER: RuleSetId = RuleSetId::Lmdi117;

const ICD10: &str = "urn:oid:2.16.578.1.12.4.1.1.7110";
const FORM: &str = "urn:oid:2.16.578.1.12.4.1.1.7448";
const SCT: &str = "http://snomed.info/sct";
const AMOUNT: &str = "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-ingredient-strength";

/// The codes that refuse a bundle after a change to its first resource of a type.
fn refusals(rule_set: RuleSetId, resource_type: &str, change: &dyn Fn(&mut Value)) -> Vec<Code> {
    let mut all = resources(rule_set);
    let resource = all.iter_mut().find(|r| r["resourceType"] == resource_type).unwrap();
    change(resource);
    let text = bundle_of(rule_set, all).to_string();
    let document = Document::parse(text, &ParseOptions::strict()).unwrap();
    let verdict = RuleSet::get(rule_set).unwrap().check_bundle(&document, &options()).unwrap();
    verdict.findings().filter(|f| f.refuses()).map(|f| f.code).collect()
}

fn coding(system: &str, code: &str) -> Value {
    json!({ "system": system, "code": code })
}

fn amount(value: &str, content: Value) -> Value {
    json!({ "url": AMOUNT, value: content })
}

fn millilitres(number: f64) -> Value {
    json!({ "value": number, "unit": "mL", "system": "http://unitsofmeasure.org", "code": "mL" })
}

fn strength(strength: Value) -> impl Fn(&mut Value) {
    move |medication| medication["ingredient"][0]["strength"] = strength.clone()
}

/// Description, resource type, whether the older and the newer guide take it, and the change.
type Case = (&'static str, &'static str, bool, bool, Box<dyn Fn(&mut Value)>);

fn case(
    name: &'static str,
    resource_type: &'static str,
    taken: (bool, bool),
    change: impl Fn(&mut Value) + 'static,
) -> Case {
    (name, resource_type, taken.0, taken.1, Box::new(change))
}

const ONLY_NEWER: (bool, bool) = (false, true);
const ONLY_OLDER: (bool, bool) = (true, false);
const BOTH: (bool, bool) = (true, true);
const NEITHER: (bool, bool) = (false, false);

fn condition_codes(count: usize) -> Value {
    let codes = ["M06.9", "M24.1", "I20", "J30", "E11"];
    Value::Array(codes[..count].iter().map(|code| coding(ICD10, code)).collect())
}

fn cases() -> Vec<Case> {
    let quantity = || amount("valueQuantity", millilitres(12.5));
    let ratio = || json!({ "numerator": millilitres(1.0), "denominator": millilitres(10.0) });
    vec![
        case("request without requester", "MedicationRequest", ONLY_NEWER, |r| {
            r.as_object_mut().unwrap().remove("requester");
        }),
        case("two ICD-10 codes", "Condition", ONLY_NEWER, |r| {
            r["code"]["coding"] = condition_codes(2);
        }),
        case("five ICD-10 codes", "Condition", ONLY_NEWER, |r| {
            r["code"]["coding"] = condition_codes(5);
        }),
        case("a SNOMED code before two ICD-10 codes", "Condition", ONLY_NEWER, |r| {
            let mut codes = condition_codes(2);
            codes.as_array_mut().unwrap().insert(0, coding(SCT, "396275006"));
            r["code"]["coding"] = codes;
        }),
        case("a third system of form", "Medication", ONLY_NEWER, |r| {
            r["form"]["coding"].as_array_mut().unwrap().push(coding("urn:oid:1.2.3", "x"));
        }),
        case("only a foreign system of form", "Medication", ONLY_NEWER, |r| {
            r["form"]["coding"] = json!([coding("urn:oid:1.2.3", "x")]);
        }),
        case("two SNOMED codes of a condition", "Condition", NEITHER, |r| {
            r["code"]["coding"] = json!([coding(SCT, "396275006"), coding(SCT, "182896008")]);
        }),
        case("a fifth system of a condition", "Condition", NEITHER, |r| {
            r["code"]["coding"] = json!([coding("urn:oid:1.2.3", "x")]);
        }),
        case("a form without system", "Medication", NEITHER, |r| {
            r["form"]["coding"] = json!([{ "code": "53" }]);
        }),
        case("a form without code", "Medication", NEITHER, |r| {
            r["form"]["coding"] = json!([{ "system": FORM, "display": "tablett" }]);
        }),
        case("a foreign form without code", "Medication", NEITHER, |r| {
            r["form"]["coding"] = json!([coding(FORM, "53"), { "system": "urn:oid:1.2.3" }]);
        }),
        case("two forms of one system", "Medication", NEITHER, |r| {
            r["form"]["coding"] = json!([coding(FORM, "53"), coding(FORM, "51")]);
        }),
        case(
            "a strength with numerator only",
            "Medication",
            NEITHER,
            strength(json!({ "numerator": millilitres(1.0) })),
        ),
        case(
            "a strength with numerator and amount",
            "Medication",
            NEITHER,
            strength(json!({ "numerator": millilitres(1.0), "extension": [quantity()] })),
        ),
        case("an empty strength", "Medication", NEITHER, strength(json!({}))),
        case(
            "an amount as quantity",
            "Medication",
            BOTH,
            strength(json!({ "extension": [quantity()] })),
        ),
        case(
            "an amount as code",
            "Medication",
            BOTH,
            strength(json!({ "extension": [amount("valueCodeableConcept", json!({ "coding": [
                coding("http://hl7.org/fhir/CodeSystem/medication-ingredientstrength", "qs")
            ] }))] })),
        ),
        case(
            "a ratio and an amount",
            "Medication",
            BOTH,
            strength({
                let mut both = ratio();
                both["extension"] = json!([quantity()]);
                both
            }),
        ),
        case(
            "the amount twice",
            "Medication",
            ONLY_OLDER,
            strength(json!({ "extension": [quantity(), quantity()] })),
        ),
        case(
            "an amount as string",
            "Medication",
            ONLY_OLDER,
            strength(json!({ "extension": [amount("valueString", json!("12,5 mL"))] })),
        ),
    ]
}

#[test]
fn each_difference_is_taken_by_one_guide_and_refused_by_the_other() {
    let mut wrong = Vec::new();
    for (name, resource_type, older, newer, change) in cases() {
        for (rule_set, taken) in [(OLDER, older), (NEWER, newer)] {
            let codes = refusals(rule_set, resource_type, &change);
            // In 1.1.2 the extension is one that nobody knows, which is refused for that alone.
            let unknown = codes.iter().all(|code| *code == Code::ExtensionUnknown);
            let is_taken = codes.is_empty() || (rule_set == OLDER && unknown);
            if is_taken != taken {
                wrong.push(format!("{name} by {rule_set}: {codes:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn wrong_use_of_the_new_extension_is_refused_by_name() {
    let codes = |resource_type: &str, change: &dyn Fn(&mut Value)| {
        refusals(NEWER, resource_type, change).into_iter().collect::<BTreeSet<_>>()
    };
    let quantity = amount("valueQuantity", millilitres(12.5));
    let with = |extension: Value| strength(json!({ "extension": extension }));
    assert!(
        codes("Medication", &with(json!([quantity, quantity]))).contains(&Code::ElementTooMany)
    );
    let string = with(json!([amount("valueString", json!("12,5 mL"))]));
    assert!(!codes("Medication", &string).is_empty());
    assert!(
        codes("Medication", &with(json!([{ "url": AMOUNT }]))).contains(&Code::ExtensionInvalid)
    );
    let nested = json!([{ "url": AMOUNT, "extension": [quantity] }]);
    assert!(!codes("Medication", &with(nested)).is_empty());
    let elsewhere = codes("MedicationRequest", &|r| {
        r["extension"].as_array_mut().unwrap().push(quantity.clone());
    });
    assert!(elsewhere.contains(&Code::ExtensionNotAllowedHere), "{elsewhere:?}");
}

#[test]
fn the_code_system_of_the_amount_is_known() {
    let found = |code: &str| {
        let extension = amount(
            "valueCodeableConcept",
            json!({ "coding": [coding("http://hl7.org/fhir/CodeSystem/medication-ingredientstrength", code)] }),
        );
        let medication = json!({
            "resourceType": "Medication",
            "meta": { "profile": [format!("{}medication", sample::PROFILE)] },
            "ingredient": [{ "itemCodeableConcept": { "text": "vann" },
                             "strength": { "extension": [extension] } }]
        });
        let document = Document::parse(medication.to_string(), &ParseOptions::strict()).unwrap();
        let findings = RuleSet::get(NEWER).unwrap().check_resource(&document, &options());
        findings
            .into_iter()
            .filter(|finding| finding.expression.contains("strength"))
            .map(|finding| finding.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(found("qs"), []);
    assert_eq!(found("trace"), []);
    assert_eq!(found("enough"), [Code::CodeUnknown]);
}

/// Element and aspect of every difference between the two sets' snapshots.
#[test]
fn the_two_guides_differ_in_exactly_these_elements() {
    let definitions = |id| RuleSet::get(id).unwrap().definitions();
    let urls = |id| {
        let all = definitions(id).structures();
        all.filter(|s| s.is_profile).map(|s| s.url.to_owned()).collect::<BTreeSet<_>>()
    };
    let added: Vec<String> = urls(NEWER).difference(&urls(OLDER)).cloned().collect();
    assert_eq!(added, [AMOUNT]);
    assert!(urls(OLDER).is_subset(&urls(NEWER)));
    let mut different = BTreeSet::new();
    for url in urls(OLDER) {
        let structure = |id| definitions(id).structure(&url).unwrap().unwrap();
        for difference in compare(&structure(OLDER), &structure(NEWER)) {
            different.insert(format!("{} {:?}", difference.element, difference.aspect));
        }
    }
    let expected = [
        "Condition.code.coding:ICD10 Max",
        "Medication.form.coding Slicing",
        // The parts of the data type come in with the slice, as the data type has them.
        "Medication.ingredient.strength.denominator Presence",
        "Medication.ingredient.strength.extension Presence",
        "Medication.ingredient.strength.extension:mengde Presence",
        "Medication.ingredient.strength.id Presence",
        "Medication.ingredient.strength.numerator Presence",
        "MedicationRequest.requester Min",
    ];
    assert_eq!(different, expected.into_iter().map(str::to_owned).collect());
}

#[test]
fn what_is_taken_over_says_the_newer_version() {
    let definitions = RuleSet::get(NEWER).unwrap().definitions();
    let guide: Vec<_> =
        definitions.structures().filter(|s| s.url.contains("/ig/lmdi/")).map(|s| s.url).collect();
    assert_eq!(guide.len(), 16, "ten profiles and six extensions: {guide:?}");
    for url in guide {
        let versioned = format!("{url}|{}", NEWER.version());
        assert!(definitions.structure(&versioned).unwrap().is_some(), "{versioned}");
    }
}

#[test]
fn what_only_a_newer_guide_takes_says_which_and_why() {
    let needs_after = |resource_type: &str, change: &dyn Fn(&mut Value)| {
        let mut all = resources(NEWER);
        change(all.iter_mut().find(|r| r["resourceType"] == resource_type).unwrap());
        let text = bundle_of(NEWER, all).to_string();
        let document = Document::parse(text, &ParseOptions::strict()).unwrap();
        lmr_lmdi::needs(RuleSet::get(NEWER).unwrap(), &document, &options()).unwrap()
    };
    for (name, since, path) in [
        ("request without requester", "1.1.3", "MedicationRequest"),
        ("two ICD-10 codes", "1.1.7", "Condition.code"),
        ("a third system of form", "1.1.5", "Medication.form"),
    ] {
        let (_, resource_type, _, _, change) =
            cases().into_iter().find(|case| case.0 == name).unwrap();
        let needs = needs_after(resource_type, &change);
        assert!(!needs.is_empty(), "{name}");
        for finding in &needs {
            assert_eq!(finding.code, Code::NeedsNewerGuide);
            assert!(finding.expression.starts_with(path), "{name}: {}", finding.expression);
            let text = finding.text(lmr_lmdi::codes::Language::English);
            assert!(text.contains(&format!("guide {since} or newer")), "{name}: {text}");
        }
    }
    // What both take needs nothing, and what both refuse says nothing of versions.
    assert!(needs_after("Condition", &|_| {}).is_empty());
    let refused = |r: &mut Value| r["code"]["coding"] = json!([coding("urn:oid:1.2.3", "x")]);
    assert!(needs_after("Condition", &refused).is_empty());
}
