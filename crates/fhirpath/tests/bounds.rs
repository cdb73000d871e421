//! Whatever comes in, evaluation ends soon, with a result or an error.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's own data")]

use crate::model;

use std::sync::LazyLock;

use lmr_fhir::{Document, ParseOptions};
use lmr_fhirpath::{Env, EvalErrorKind, Expression, SyntaxErrorKind, Typed};
use model::SmallModel;
use proptest::prelude::*;

const DOCUMENT: &str = r#"{"resourceType":"Patient","id":"a","active":true,"name":[{"family":"b","given":["c","d"]},
 {"use":"usual"}],"birthDate":"1970-01","deceasedDateTime":"2020-01-01T00:00:00Z","contact":[{"name":{"text":"e"}}],
 "identifier":[{"system":"urn:x","value":"1"}],"_gender":{"extension":[{"url":"u","valueDecimal":1.50}]}}"#;

/// Evaluates with and without types; only that it ends matters.
fn run(text: &str) {
    static MODEL: LazyLock<SmallModel> = LazyLock::new(SmallModel::new);
    let Ok(expression) = Expression::parse(text) else { return };
    let document = Document::parse(DOCUMENT, &ParseOptions::default()).unwrap();
    let model = &*MODEL;
    let typed = Typed::resource(document.root_element(), Some(model));
    let env = Env::new().with_model(model).with_steps(3_000);
    let _ = expression.evaluate(typed, &env);
    let _ = expression.test(typed, &env);
    let _ = expression.check(model, typed.ty);
    let _ = expression
        .evaluate(Typed::resource(document.root_element(), None), &Env::new().with_steps(3_000));
}

#[test]
fn deep_nesting_is_refused_when_read() {
    for text in [
        "(".repeat(100_000),
        "-".repeat(100_000),
        "a.".repeat(100_000) + "a",
        "a[".repeat(100_000),
        "a.where(".repeat(10_000),
        "{".repeat(1000),
        "1+".repeat(5_000) + "1",
        "a.select(b".to_owned() + &".first()".repeat(5_000) + ")",
    ] {
        assert!(Expression::parse(&text).is_err());
    }
    let error = Expression::parse(&"x ".repeat(200_000)).unwrap_err();
    assert!(matches!(error.kind, SyntaxErrorKind::TooLong(_)));
}

#[test]
fn the_deepest_that_is_read_fits_on_a_small_stack() {
    let texts = [
        "(".repeat(90) + "1" + &")".repeat(90),
        "iif(true, ".repeat(90) + "1" + &")".repeat(90),
        "name.where(".repeat(90) + "true" + &")".repeat(90),
        "name".to_owned() + &".first()".repeat(95),
        "-".repeat(95) + "1",
        "name.select(".repeat(90) + "$this" + &")".repeat(90),
        vec!["true"; 20_000].join(" and "),
    ];
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let handle = thread.spawn(move || {
        for text in &texts {
            Expression::parse(text).expect(text);
            run(text);
        }
    });
    handle.unwrap().join().expect("no overflow");
}

#[test]
fn work_without_end_runs_into_the_budget() {
    for text in [
        "(1|2|3|4|5|6|7|8|9).repeatAll($this)",
        "1.repeat($this + 1)",
        "('a').repeat($this & 'a').count()",
        "(0|1|2|3|4|5|6|7|8|9).select(0|1|2|3|4|5|6|7|8|9).aggregate($total & $total, 'abc')",
        "(0|1|2|3|4|5|6|7|8|9).select(0|1|2|3|4|5|6|7|8|9).aggregate($total.combine($total), 1)",
        "(0|1|2|3|4|5|6|7|8|9).select(0|1|2|3|4|5|6|7|8|9).aggregate($total.replace('a', 'aaaaaaaa'), 'a')",
        "(1|2|3|4|5|6|7|8).select((1|2|3|4|5|6|7|8).select((1|2|3|4|5|6|7|8).select((1|2|3|4|5|6|7|8).select((1|2|3|4|5|6|7|8).select(1+1)))))",
    ] {
        let expression = Expression::parse(text).expect(text);
        let env = Env::new().with_steps(100_000);
        let error = expression.evaluate_on(&[], &env).map(|_| ()).expect_err(text);
        assert!(
            matches!(error.kind, EvalErrorKind::Budget(_) | EvalErrorKind::TextTooLong { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn items_that_are_only_looked_at_count_too() {
    let names = vec![r#"{"text":"n"}"#; 2_000].join(",");
    let document = Document::parse(
        format!(r#"{{"resourceType":"Patient","name":[{names}]}}"#),
        &ParseOptions::default(),
    )
    .unwrap();
    let patient = Typed::resource(document.root_element(), None);
    let all = "name.select(%resource.name.select(%resource.name))";
    for text in [
        format!("{all}.count()"),
        format!("{all}.last()"),
        format!("{all}.skip(2000000000).exists()"),
        format!("{all}.select(true).allTrue()"),
        format!("{all}.all(true)"),
        format!("{all}.extension('x').exists()"),
        format!("{all}[2000000000]"),
        format!("'x' in {all}.text"),
        format!("{all}.select(1).sum()"),
        format!("{all}.exclude(name).exists()"),
        format!("iif(true, {all}.single())"),
    ] {
        let expression = Expression::parse(&text).expect(&text);
        let env = Env::new().with_resource(patient, patient).with_steps(100_000);
        let kind = expression.evaluate(patient, &env).map(|_| ()).expect_err(&text).kind;
        assert!(matches!(kind, EvalErrorKind::Budget(_)), "{text}: {kind}");
    }
}

#[test]
fn texts_cannot_fill_the_memory() {
    for text in [
        "'a'.repeat($this & 'aaaaaaaa').count()",
        "(0|1|2|3|4|5|6|7|8|9).select(0|1|2|3|4|5|6|7|8|9).aggregate($total + $total, 'abc').length()",
    ] {
        let expression = Expression::parse(text).expect(text);
        let error = expression
            .evaluate_on(&[], &Env::new().with_steps(1_000_000))
            .map(|_| ())
            .expect_err(text);
        assert!(
            matches!(error.kind, EvalErrorKind::Budget(_) | EvalErrorKind::TextTooLong { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn regular_expressions_take_linear_time() {
    let text = "'".to_owned() + &"a".repeat(50_000) + "b'.matches('^(a+)+$')";
    let expression = Expression::parse(&text).unwrap();
    let result = expression.evaluate_on(&[], &Env::new()).unwrap();
    assert_eq!(result.len(), 1);
    let too_large = "'a'.matches('(((a{100}){100}){100}){100}')";
    let expression = Expression::parse(too_large).unwrap();
    let error = expression.evaluate_on(&[], &Env::new()).map(|_| ()).unwrap_err();
    assert!(matches!(error.kind, EvalErrorKind::Regex { .. }), "{error}");
}

#[test]
fn look_around_is_limited_by_its_backtracks_and_by_the_length_of_the_text() {
    let outcome = |text: String| {
        let expression = Expression::parse(&text).unwrap();
        expression.evaluate_on(&[], &Env::new()).map(|items| items.len()).map_err(|e| e.kind)
    };
    let text =
        |length: usize, pattern: &str| format!("'{}b'.matches('{pattern}')", "a".repeat(length));
    assert!(matches!(
        outcome(text(100, "^(a|aa)+(?!a)c?$")),
        Err(EvalErrorKind::Backtracks { .. })
    ));
    assert!(matches!(outcome(text(4_000, "(?=c)a")), Ok(1)));
    assert!(matches!(outcome(text(200_000, "(?=c)a")), Err(EvalErrorKind::Budget(_))));
}

#[test]
fn large_collections_are_made_distinct_in_linear_time() {
    let names: Vec<_> = (0..20_000).map(|i| format!(r#"{{"text":"n{}"}}"#, i % 10_000)).collect();
    let text = format!(r#"{{"resourceType":"Patient","name":[{}]}}"#, names.join(","));
    let document = Document::parse(text, &ParseOptions::default()).unwrap();
    let expression = Expression::parse(
        "name.text.distinct().count() = 10000 and name.distinct().count() = 10000",
    )
    .unwrap();
    let env = Env::new();
    assert!(expression.test(Typed::resource(document.root_element(), None), &env).unwrap());
}

#[test]
fn a_bundle_of_any_length_stays_within_the_budget() {
    let entry = r#"{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","meta":{"profile":["http://example.org/p"]}}}"#;
    let entries = vec![entry; 60_000].join(",");
    let text = format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{entries}]}}"#);
    let one = "resource.meta.profile.where($this & '' = 'http://example.org/x').exists() or ";
    let expression = Expression::parse(&format!("entry.all({} true)", one.repeat(30))).unwrap();
    let document = Document::parse(text, &ParseOptions::default()).unwrap();
    let bundle = Typed::resource(document.root_element(), None);
    let env = Env::new().with_resource(bundle, bundle);
    assert!(expression.test(bundle, &env).unwrap());
    let small = Env::new();
    assert!(matches!(expression.test(bundle, &small).unwrap_err().kind, EvalErrorKind::Budget(_)));
}

const PIECES: [&str; 74] = [
    "name",
    "given",
    "Patient",
    "active",
    "birthDate",
    "deceased",
    "extension",
    "$this",
    "$index",
    "$total",
    "%resource",
    "%context",
    "{}",
    "1",
    "0",
    "-1",
    "2.50",
    "'x'",
    "'%'",
    "@2020",
    "@2020-01-01T10:00:00Z",
    "@T10:00",
    "5 'mg'",
    "3 days",
    "true",
    "false",
    ".",
    ".",
    ".",
    "(",
    ")",
    "(",
    ")",
    "[",
    "]",
    ",",
    "+",
    "-",
    "*",
    "/",
    "=",
    "!=",
    "~",
    "<",
    ">=",
    "|",
    "&",
    " and ",
    " or ",
    " xor ",
    " implies ",
    " in ",
    " contains ",
    " is ",
    " as ",
    " div ",
    " mod ",
    "where(",
    "select(",
    "exists(",
    "repeat(",
    "count()",
    "first()",
    "children()",
    "descendants()",
    "substring(",
    "replaceMatches(",
    "lowBoundary(",
    "power(",
    "aggregate(",
    "iif(",
    "toString()",
    "toQuantity()",
    "sort(",
];

/// Expressions that are built right, so that evaluation is reached.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "name",
        "given",
        "birthDate",
        "$this",
        "{}",
        "1",
        "-7",
        "2147483647",
        "0.5",
        "99999999999999999999",
        "'a'",
        "''",
        "@2020-02",
        "@0001-01-01",
        "@9999-12-31T23:59:59.999+14:00",
        "@T23:59:59.999",
        "5 'mg'",
        "9 'Cel'",
        "3 months",
        "true",
        "name.given",
        "deceased",
        "identifier",
        "%resource",
        "descendants()",
        "gender.extension.value",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (
                inner.clone(),
                inner.clone(),
                prop::sample::select(vec![
                    "+", "-", "*", "/", "div", "mod", "&", "|", "=", "~", "!=", "!~", "<", ">",
                    "<=", ">=", "and", "or", "xor", "implies", "in", "contains",
                ])
            )
                .prop_map(|(a, b, o)| format!("({a}) {o} ({b})")),
            (
                inner.clone(),
                prop::sample::select(vec![
                    "first()",
                    "last()",
                    "count()",
                    "not()",
                    "exists()",
                    "empty()",
                    "distinct()",
                    "children()",
                    "toString()",
                    "toInteger()",
                    "toDecimal()",
                    "toQuantity()",
                    "toDate()",
                    "toDateTime()",
                    "toTime()",
                    "abs()",
                    "ceiling()",
                    "floor()",
                    "exp()",
                    "ln()",
                    "sqrt()",
                    "round(3)",
                    "truncate()",
                    "sum()",
                    "min()",
                    "max()",
                    "avg()",
                    "lowBoundary()",
                    "highBoundary()",
                    "lowBoundary(2)",
                    "highBoundary(17)",
                    "precision()",
                    "type()",
                    "hasValue()",
                    "getValue()",
                    "length()",
                    "upper()",
                    "toChars()",
                    "sort()",
                    "isDistinct()",
                    "allTrue()",
                    "dateOf()",
                    "timezoneOffsetOf()",
                    "htmlChecks()",
                    "is(Quantity)",
                    "as(string)",
                    "escape('json')",
                    "decode('base64')",
                ])
            )
                .prop_map(|(a, f)| format!("({a}).{f}")),
            (
                inner.clone(),
                inner,
                prop::sample::select(vec![
                    "where",
                    "select",
                    "exists",
                    "all",
                    "repeat",
                    "aggregate",
                    "power",
                    "log",
                    "substring",
                    "indexOf",
                    "matches",
                    "union",
                    "combine",
                    "intersect",
                    "exclude",
                    "subsetOf",
                    "skip",
                    "take",
                    "startsWith",
                    "split",
                    "join",
                    "comparable",
                    "sort",
                    "round",
                ])
            )
                .prop_map(|(a, b, f)| format!("({a}).{f}({b})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_ends(text in "\\PC{0,60}") {
        run(&text);
    }

    #[test]
    fn any_pieces_end(parts in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..16)) {
        run(&parts.concat());
    }

    #[test]
    fn any_expression_ends(text in expression()) {
        Expression::parse(&text).expect(&text);
        run(&text);
    }
}
