//! HL7's FHIRPath suite for R4, the visible part: parse, static check, evaluation, as its runner does.
//!
//! Needs `LMR_SHARED`; without it nothing is run. The types are the validator's.

#![expect(clippy::unwrap_used, reason = "a test's own data")]

use std::collections::BTreeMap;
use std::path::Path;

use lmr_fhir::{Document, ParseOptions};
use lmr_fhirpath::{
    DateTime, DocumentHost, Env, EvalError, Expression, Host, Item, Model, TypeId, Typed,
    Unavailable, to_json,
};
use lmr_validator::Validator;
use lmr_validator::definitions::Definitions;
use serde_json::Value;

/// Cases that pass, contested ones included: no more than these may be lost.
const REACHED: usize = 558;

struct Runner<'a> {
    document: DocumentHost<'a>,
}

impl<'a> Host<'a> for Runner<'a> {
    fn resolve(
        &self,
        reference: &str,
        from: Option<Typed<'a>>,
    ) -> Result<Option<Typed<'a>>, Unavailable> {
        self.document.resolve(reference, from)
    }

    fn conforms_to(&self, _: &Item<'a>, profile: &str) -> Result<bool, Unavailable> {
        match profile.rsplit('/').next() {
            Some("Patient") => Ok(true),
            Some("Person") => Ok(false),
            _ => Err(Unavailable::Definition(profile.to_owned())),
        }
    }
}

fn type_and_text(item: &Item<'_>, model: &dyn Model) -> (String, String) {
    let raw = to_json(item, Some(model));
    let value: Value = serde_json::from_str(&raw).unwrap();
    let text = match &value["value"] {
        Value::String(s) => s.clone(),
        Value::Null => String::new(),
        _ => {
            let start = raw.find(",\"value\":").unwrap() + 9;
            raw[start..raw.len() - 1].to_owned()
        }
    };
    (value["type"].as_str().unwrap().to_owned(), text)
}

fn run(case: &Value, shared: &Path, model: &dyn Model) -> Result<(), String> {
    let invalid = case["invalid"].as_str();
    let expression = match Expression::parse(case["expression"].as_str().unwrap()) {
        Ok(e) => e,
        Err(_) if invalid == Some("syntax") => return Ok(()),
        Err(e) => return Err(format!("syntax: {e}")),
    };
    let input = case["input"]
        .as_str()
        .map(|i| std::fs::read_to_string(shared.join("conformance/fhirpath").join(i)).unwrap());
    let document =
        Document::parse(input.unwrap_or_else(|| "{}".to_owned()), &ParseOptions::default())
            .unwrap();
    let host = Runner { document: DocumentHost::new(&document, Some(model)) };
    let focus = Typed::resource(document.root_element(), Some(model));
    let env = Env::new()
        .with_model(model)
        .with_host(&host)
        .with_resource(focus, focus)
        .with_now(DateTime::parse("2026-06-01T12:00:00.000+11:00").unwrap());
    let items = [Item::Element(focus)];
    let focus: &[Item<'_>] = if case["input"].is_null() { &[] } else { &items };
    if items[0].as_element().is_some_and(|t| t.ty != TypeId::UNKNOWN)
        && let Err(faults) = expression.check(model, items[0].as_element().unwrap().ty)
    {
        return if invalid == Some("semantic") {
            Ok(())
        } else {
            Err(format!("semantic: {}", faults[0]))
        };
    }
    let result: Result<_, EvalError> = expression.evaluate_on(focus, &env);
    let items = match (result, invalid) {
        (Err(_), Some("execution")) => return Ok(()),
        (Ok(_), Some(kind)) => return Err(format!("no {kind} error")),
        (Err(e), _) => return Err(format!("evaluation: {e}")),
        (Ok(items), None) => items,
    };
    let items = if case["predicate"] == "true" {
        [Item::Boolean(!items.is_empty())].into_iter().collect()
    } else {
        items
    };
    let outputs = case["outputs"].as_array().unwrap();
    if items.len() != outputs.len() {
        return Err(format!("{} items, not {}", items.len(), outputs.len()));
    }
    let mut got: Vec<_> = items.iter().map(|item| type_and_text(item, model)).collect();
    let mut wanted: Vec<_> = outputs
        .iter()
        .map(|o| {
            let value = o["value"].as_str().unwrap_or_default().trim_start_matches('@').to_owned();
            (o["type"].as_str().unwrap_or_default().to_owned(), value)
        })
        .collect();
    if case["ordered"] == "false" {
        got.sort();
        wanted.sort();
    }
    let same = got.iter().zip(&wanted).all(|(g, w)| (w.0.is_empty() || g.0 == w.0) && g.1 == w.1);
    if same { Ok(()) } else { Err(format!("{got:?}, not {wanted:?}")) }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests find the shared folder by environment")]
fn official_cases_pass() {
    let Ok(shared) = std::env::var("LMR_SHARED") else {
        println!("left out: LMR_SHARED is not set");
        return;
    };
    let shared = Path::new(&shared);
    let text = std::fs::read_to_string(shared.join("conformance/fhirpath/tests-r4.json")).unwrap();
    let suite: Value = serde_json::from_str(&text).unwrap();
    let validator = Validator::builder().definitions(Definitions::r4()).build();
    let model = validator.fhirpath_model();
    let mut groups: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut passed, mut counted, mut counted_passed) = (0, 0, 0);
    for case in suite["tests"].as_array().unwrap() {
        let contested =
            case["flags"].as_array().is_some_and(|f| f.iter().any(|f| f == "contested"));
        let group = groups.entry(case["group"].as_str().unwrap()).or_default();
        group.1 += 1;
        counted += usize::from(!contested);
        match run(case, shared, model) {
            Ok(()) => {
                group.0 += 1;
                passed += 1;
                counted_passed += usize::from(!contested);
            }
            Err(why) => println!(
                "{}{}: {} => {why}",
                case["id"].as_str().unwrap(),
                if contested { " (contested)" } else { "" },
                case["expression"].as_str().unwrap()
            ),
        }
    }
    for (group, (passed, all)) in &groups {
        println!("{group:32} {passed:4} of {all:4}");
    }
    println!("not contested: {counted_passed} of {counted}; all: {passed}");
    assert!(passed >= REACHED, "{passed} passed, {REACHED} did before");
}
