//! Any text as an expression, evaluated on a small document within a step budget: it ends, what it
//! gives can be written as JSON, and no error repeats what the document says.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lmr_fhir::{Document, ParseOptions};
use lmr_fhirpath::{DateTime, DocumentHost, Env, Expression, Typed, to_json};

/// Is in every text of the document; must never be in an error.
const SECRET: &str = "Hemmelig7";

const PATIENT: &str = r##"{"resourceType":"Bundle","type":"batch","entry":[
{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":{"resourceType":"Patient","id":"p",
"contained":[{"resourceType":"Organization","id":"o","name":"Hemmelig7 sykehus"}],
"identifier":[{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"Hemmelig7"},{"value":"2"}],
"active":true,"gender":"female","_gender":{"extension":[{"url":"http://example.org/e","valueDecimal":1.10}]},
"birthDate":"1970-04-13","name":[{"given":["Hemmelig7",null,"B"],"_given":[null,{"id":"x"}],"family":"C"}],
"managingOrganization":{"reference":"#o"},"multipleBirthInteger":2}},
{"resource":{"resourceType":"Observation","id":"v","status":"final","subject":{"reference":"Patient/p"},
"effectiveDateTime":"2024-02-29T12:00:00.5+01:00","valueQuantity":{"value":80.50,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"},
"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Hemmelig7</p></div>"}}}]}"##;

static DOCUMENT: LazyLock<Document<'static>> =
    LazyLock::new(|| Document::parse(PATIENT, &ParseOptions::strict()).expect("our own JSON"));

fuzz_target!(|data: &[u8]| {
    let Ok(source) = std::str::from_utf8(data) else { return };
    let expression = match Expression::parse(source) {
        Ok(expression) => expression,
        Err(error) => {
            assert!(error.location.line >= 1 && error.location.column >= 1);
            assert!(error.to_string().len() < 2 * source.len() + 400);
            return;
        }
    };
    let document: &'static Document<'static> = &DOCUMENT;
    let host = DocumentHost::new(document, None);
    let focus = Typed::new(document.root_element(), lmr_fhirpath::TypeId::UNKNOWN);
    let now = DateTime::parse("2025-01-02T03:04:05.678+01:00").expect("a dateTime");
    let env =
        Env::new().with_host(&host).with_resource(focus, focus).with_now(now).with_steps(20_000);
    match expression.evaluate(focus, &env) {
        Ok(items) => {
            for item in items.iter().take(200) {
                let json = to_json(item, None);
                serde_json::from_str::<serde::de::IgnoredAny>(&json).expect("results are JSON");
            }
            assert_eq!(expression.exists(focus, &env), Ok(!items.is_empty()));
        }
        Err(error) => {
            let text = error.to_string();
            assert!(
                !text.contains(SECRET) || source.contains(SECRET),
                "an error repeats data: {text}"
            );
        }
    }
    // The bigger budget of a test is bounded all the same.
    let _ = expression.test(focus, &env);
});
