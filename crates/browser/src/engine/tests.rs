//! The engine as JavaScript asks it.

use lmr_report::Places;

use super::*;

/// Asks; gives what is in `ok`.
fn ask(engine: &mut Engine, request: &Value, body: &str) -> Value {
    let answer = engine.answer(request.to_string().as_bytes(), body.as_bytes());
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    assert_eq!(answer["error"], Value::Null, "{request}");
    answer["ok"].clone()
}

fn begun() -> Engine {
    begun_by(&Value::Null)
}

fn begun_by(rule_set: &Value) -> Engine {
    let mut engine = Engine::default();
    let now = "2026-11-26T12:00:00Z";
    let begin = json!({ "do": "begin", "ruleSet": rule_set, "language": "en", "now": now });
    ask(&mut engine, &begin, "");
    engine
}

fn export(engine: &mut Engine, format: &str, incomplete: &[&str]) -> String {
    let request = json!({
        "do": "export", "format": format, "language": "en", "made": "now",
        "incomplete": incomplete,
    });
    ask(engine, &request, "").as_str().expect("text").to_owned()
}

const CORRECT: &str = r#"{"resourceType":"Patient"}"#;

/// A line in which plain R4 has nothing to find, and one with an error.
fn lines() -> [&'static str; 2] {
    ["{\"resourceType\":\"Basic\",\"code\":{\"text\":\"a\"}}", "{\"resourceType\":"]
}

#[test]
fn lines_without_findings_are_in_every_report_in_their_order() {
    let mut engine = begun_by(&json!("none"));
    let [clean, bad] = lines();
    let body = [clean, bad, clean, "", bad, clean].join("\n");
    let check = json!({ "do": "checkLines", "file": "a.ndjson", "line": 1 });
    let answer = ask(&mut engine, &check, &body);
    let check = json!({ "do": "checkLines", "file": "b.ndjson", "line": 1 });
    ask(&mut engine, &check, clean);
    assert_eq!((&answer["resources"], &answer["cases"][1]["line"]), (&json!(5), &json!(5)));
    assert_eq!(answer["cases"].as_array().map(Vec::len), Some(2), "{answer}");
    // Twice, since a report borrows what it is made of.
    for _ in 0..2 {
        let junit = export(&mut engine, "junit", &[]);
        assert!(junit.contains("tests=\"6\" failures=\"2\" errors=\"0\""), "{junit}");
        let outcomes = export(&mut engine, "operation-outcome", &[]);
        assert_eq!(outcomes.lines().count(), 6);
        let html = export(&mut engine, "html", &[]);
        assert!(html.contains("6 resources, 2 with errors"), "{html}");
        let names = |line: usize| junit.find(&format!("name=\"a.ndjson:{line}\""));
        let order: Vec<_> = [1, 2, 3, 5, 6].into_iter().map(names).collect();
        assert!(order.is_sorted() && order[0].is_some(), "{order:?}");
    }
    // The page's numbers stay those of the cases.
    let found = json!({ "do": "findings", "case": 1, "language": "en" });
    assert_eq!(ask(&mut engine, &found, "")["line"], 5);
}

/// What shows a program that a report is not of everything.
fn mark(format: &str, report: &str) -> Option<String> {
    let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let last = || value(report.lines().last().unwrap_or("null"));
    match format {
        "sarif" => {
            let run = value(report)["runs"][0].clone();
            let is_whole = run["invocations"][0]["executionSuccessful"] == true;
            (!is_whole).then(|| run["properties"]["incomplete"].to_string())
        }
        "junit" => report.split("<error type=\"incomplete: ").nth(1).map(str::to_owned),
        "html" => report.split("data-incomplete=\"").nth(1).map(str::to_owned),
        "json" => (last()["incomplete"] == true).then(|| last()["reasons"].to_string()),
        _ => {
            let issue = last()["issue"][0].clone();
            (issue["code"] == "incomplete").then(|| issue["diagnostics"].to_string())
        }
    }
}

const FORMATS: [&str; 5] = ["sarif", "junit", "html", "json", "operation-outcome"];

#[test]
fn a_report_of_an_incomplete_check_says_so_and_why_in_every_format() {
    for format in FORMATS {
        let mut engine = begun();
        ask(&mut engine, &json!({ "do": "check", "file": "a.json" }), CORRECT);
        let whole = export(&mut engine, format, &[]);
        assert_eq!(mark(format, &whole), None, "{format}");
        for lack in Lack::ALL {
            let report = export(&mut engine, format, &[lack.as_str()]);
            let mark = mark(format, &report).unwrap_or_else(|| panic!("{format}: {report}"));
            assert!(mark.contains(lack.as_str()), "{format}: {mark}");
        }
    }
    let mut engine = begun();
    let request = br#"{"do":"export","format":"json","language":"nb","incomplete":["surprise"]}"#;
    let answer = engine.answer(request, b"");
    assert!(String::from_utf8_lossy(&answer).contains("\"kind\":\"request\""));
}

#[test]
fn what_has_no_resource_is_not_correct_in_any_format() {
    for format in FORMATS {
        let mut engine = begun();
        let nothing = export(&mut engine, format, &[]);
        assert!(mark(format, &nothing).is_some_and(|mark| mark.contains("nothing")), "{format}");
        let empty = ask(&mut engine, &json!({ "do": "noResource", "file": "a.ndjson" }), "");
        assert_eq!((&empty["errors"], &empty["case"]), (&json!(1), &json!(0)));
        let report = export(&mut engine, format, &[]);
        assert!(report.contains("LMR-3002") && report.contains("a.ndjson"), "{report}");
    }
}

#[test]
fn a_text_is_checked_at_the_time_of_the_call() {
    let text = r#"{"resourceType":"Patient","birthDate":"2027-01-01"}"#;
    for rule_set in [Value::Null, json!("lmdi-0.9.4")] {
        let found = |begun: &str, now: Option<&str>| {
            let mut engine = Engine::default();
            let begin = json!({ "do": "begin", "ruleSet": rule_set, "now": begun });
            ask(&mut engine, &begin, "");
            ask(&mut engine, &json!({ "do": "validate", "now": now }), text)["findings"].clone()
        };
        let (early, late) = ("2026-11-26T12:00:00Z", "2027-06-01T12:00:00Z");
        assert_ne!(found(early, None), found(late, None));
        assert_eq!(found(early, Some(late)), found(late, None));
    }
    let mut engine = begun();
    let request = br#"{"do":"validate","now":"soon"}"#;
    let answer = engine.answer(request, text.as_bytes());
    assert!(String::from_utf8_lossy(&answer).contains("\"kind\":\"now\""));
}

/// Texts with faults of each kind of place, written in many lines.
fn faulty() -> Vec<String> {
    let data = "QUJD".repeat(300);
    vec![
        format!(
            r#"{{ "resourceType" : "Patient",
            "photo": [{{"data": "{data}"}}], "gender":"bad" , "birthDate": "bad" }}"#
        ),
        format!(
            r#"{{"resourceType":"Patient","photo":[{{"data":"{data}"}}],"active":true,"active":true,"gender":"bad","birthDate":"bad"}}"#
        ),
        format!(
            r#"<Patient xmlns="http://hl7.org/fhir"><!-- æøå --><gender value="bad"/><birthDate value="bad"/><photo><data value="{data}"/></photo></Patient>"#
        ),
        format!(
            r#"<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/><entry><resource><Patient><gender value="bad"/><photo><data value="{data}"/></photo></Patient></resource></entry></Bundle>"#
        ),
        format!(r#"{{"resourceType":"Patient","photo":[{{"data":"{data}"}}],"gender":]}}"#),
        format!(r#"{{"resourceType":"Bundle","id":"{}"}}"#, "a".repeat(900)),
    ]
}

#[test]
fn every_mark_is_on_what_the_finding_is_about_however_the_text_is_laid_out() {
    for source in faulty().into_iter().map(|text| text.replace("\n", " ")) {
        let mut engine = begun();
        ask(&mut engine, &json!({ "do": "check", "file": "a" }), &source);
        let view = ask(&mut engine, &json!({ "do": "view", "case": 0 }), &source);
        assert_eq!(view["laidOut"], true);
        let marks = view["marks"].as_array().expect("marks").clone();
        let findings = engine.cases[0].findings.clone();
        assert_eq!(marks.len(), findings.len());
        for (mark, finding) in marks.iter().zip(findings) {
            let number =
                |at: usize| usize::try_from(mark[at].as_u64().expect("a number")).expect("small");
            let wanted = &source[Places::of(&source).place(&finding).expect("a place")];
            let request = json!({ "do": "viewLines", "from": number(1), "count": 1 });
            let line = ask(&mut engine, &request, "");
            let units: Vec<u16> = line[0].as_str().expect("text").encode_utf16().collect();
            let end = number(3).min(units.len());
            let marked = String::from_utf16_lossy(&units[number(2)..end]);
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            let (marked, wanted) = (solid(&marked), solid(wanted));
            // Of what goes over several lines the first is marked.
            assert!(!marked.is_empty() && wanted.starts_with(&marked), "{marked} {wanted}");
            let is_whole = wanted == marked || wanted.starts_with(['{', '[']);
            assert!(is_whole || wanted.contains('{'), "{marked} {wanted}");
        }
    }
}

#[test]
fn marks_of_one_line_are_on_values_and_not_on_the_first_letter() {
    let [blanks, twice, xml, ..] = &faulty()[..] else { panic!("texts") };
    for (source, all) in [
        (blanks.replace('\n', " "), vec!["\"bad\""]),
        (twice.clone(), vec!["\"bad\"", "active\": true"]),
        (xml.clone(), vec!["<gender value=\"bad\"/>", "<birthDate value=\"bad\"/>"]),
    ] {
        let mut engine = begun();
        ask(&mut engine, &json!({ "do": "check", "file": "a" }), &source);
        let request = json!({ "do": "source", "case": 0 });
        ask(&mut engine, &request, &source);
        let html = export(&mut engine, "html", &[]);
        for one in all {
            let mark = format!(
                ">{}</mark>",
                one.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
            );
            assert!(html.contains(&mark), "{mark} {html}");
        }
    }
}
