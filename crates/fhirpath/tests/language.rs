//! The language itself: values, operators, functions, on no data at all or on untyped JSON.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's own data")]

use lmr_fhir::{Document, ParseOptions};
use lmr_fhirpath::{DateTime, Env, EvalErrorKind, Expression, Item, Typed, to_json};

fn evaluate(text: &str) -> Result<Vec<String>, EvalErrorKind> {
    let expression = Expression::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let env = Env::new().with_now(DateTime::parse("2026-03-01T10:20:30.400+01:00").unwrap());
    let items = expression.evaluate_on(&[], &env).map_err(|e| e.kind)?;
    Ok(items.iter().map(value).collect())
}

/// The value as text: `'x'` for strings, as JSON otherwise.
fn value(item: &Item<'_>) -> String {
    let json = to_json(item, None);
    let from = json.find(",\"value\":").unwrap() + 9;
    json[from..json.len() - 1].to_owned()
}

/// One line each: `expression => item, item`.
fn all(cases: &str) {
    for case in cases.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let (text, wanted) = case.split_once(" => ").map_or_else(
            || (case.trim_end_matches(" =>"), Vec::new()),
            |(text, wanted)| (text, wanted.split(", ").map(str::to_owned).collect()),
        );
        assert_eq!(evaluate(text), Ok(wanted), "{text}");
    }
}

fn fails(cases: &[&str]) {
    for text in cases {
        assert!(evaluate(text).is_err(), "{text}: {:?}", evaluate(text));
    }
}

#[test]
fn operators_bind_as_the_grammar_has_it() {
    all("
        1 + 2 * 3 - 4 => 3
        -2.power(2) => -4
        1 | 2 | 2 = 1 | 2 => true
        2 > 1 = true => true
        1 in 1 | 2 and 3 in (1 | 2) => false
        false or true xor true => false
        true or false and false => true
        false implies false implies false => false
        'a' & 'b' + 'c' = 'abc' => true
        7 div 2 + 7 mod 2 => 4
        (1 is Integer) and 1 is Integer => true
        {}.empty() and ({} | 1).exists() => true
        1.0 as Decimal => 1.0
        (1 | 2)[1] + (3)[0] => 5
    ");
}

#[test]
fn names_may_be_keywords_and_delimited() {
    let document = Document::parse(
        r#"{"div":1,"contains":[{"as":2}],"is":3,"a b":4,"text":{"div":"x"}}"#,
        &ParseOptions::default(),
    )
    .unwrap();
    for (text, wanted) in [
        ("`div`", "1"),
        ("contains.as", "2"),
        ("is", "3"),
        ("`a b`", "4"),
        ("text.div", "\"x\""),
        ("text.`div` & 'y'", "\"xy\""),
        ("%context.is", "3"),
    ] {
        let expression = Expression::parse(text).expect(text);
        let env = Env::new();
        let items =
            expression.evaluate(Typed::resource(document.root_element(), None), &env).expect(text);
        assert_eq!(items.iter().map(value).collect::<Vec<_>>(), [wanted], "{text}");
    }
}

#[test]
fn syntax_errors_have_line_and_column() {
    for (text, line, column) in [
        ("a.b.", 1, 5),
        ("a b", 1, 3),
        ("a\n  and )", 2, 7),
        ("(1 + 2", 1, 7),
        ("a.where(", 1, 9),
        ("'abc", 1, 1),
        ("a = `b", 1, 5),
        ("a.nope()", 1, 3),
        ("a.where()", 1, 3),
        ("a.first(1)", 1, 3),
        ("$that", 1, 1),
        ("@2024-02-30", 1, 1),
        ("@2024-13", 1, 1),
        ("@T25:00", 1, 1),
        ("'\\q'", 1, 2),
        ("1 /* x", 1, 3),
        ("a # b", 1, 3),
        ("", 1, 1),
        ("a[1", 1, 4),
        ("1 is ", 1, 6),
        ("and", 1, 1),
        ("æ", 1, 1),
    ] {
        let error = Expression::parse(text).expect_err(text);
        assert_eq!((error.location.line, error.location.column), (line, column), "{text}: {error}");
    }
}

#[test]
fn decimals_are_exact_and_overflow_is_empty() {
    all("
        0.1 + 0.2 = 0.3 => true
        1.10 => 1.10
        1.1 * 1.1 => 1.21
        1 / 3 * 3 = 1 => false
        2147483647 + 1 =>
        -2147483648 - 1 =>
        2147483647 * 2147483647 =>
        79228162514264337593543950335 + 79228162514264337593543950335 => 158456325028528675187087900670
        79228162514264337593543950335 + 0.1 => 79228162514264337593543950335.1
        99999999999999999999999999999999.5 - 0.5 => 99999999999999999999999999999999.0
        10.0.power(4000) * 10.0.power(4000) > 1 =>
        7922816251426433759354395033.0.sqrt().exists() => true
        10.power(40) =>
        0.5.power(3) => 0.125
        2.power(-1) => 0.5
        (-8).power(0.5) =>
        1.power(2147483647) => 1
        (-1).power(2147483647) => -1
        0.power(0) => 1
        5 / 0 =>
        5.0 mod 0 =>
        3.7 div 1.2 => 3
        (-5) div 2 => -2
        (-5) mod 2 => -1
        2.5.round() => 3
        (-2.5).round() => -3
        1.005.round(2) => 1.01
        81.sqrt() => 9
        2.sqrt().round(10) => 1.4142135624
        1.9.truncate() | (-1.9).truncate() => 1, -1
        100.log(10) => 2
        1.ln() => 0
        0.ln() =>
        (1 | 2 | 3).sum() => 6
        (1.5 | 2.5).avg() => 2
        (3 | 1 | 2).min() => 1
        ('b' | 'a').max() => \"b\"
        {}.sum() =>
    ");
}

#[test]
fn dates_compare_to_the_precision_they_have() {
    all("
        @2012 = @2012-01 =>
        @2012 = @2013-01 => false
        @2012 ~ @2012-01 => false
        @2012-01-01 < @2012-01-01T10 =>
        @2012-01-01T10:00+01:00 = @2012-01-01T09:00Z => true
        @2012-01-01T23:00:00-02:00 > @2012-01-02T00:30:00Z => true
        @2012-01-01T10:00:00 = @2012-01-03T10:00:00Z => false
        @2012-01-01T10:00:00 < @2012-01-03T10:00:00Z => true
        @2012-01-01T10:00:00 < @2012-01-01T12:00:00Z =>
        @T10:00:00.5 > @T10:00:00.25 => true
        @T10 < @T10:30 =>
        @T10 < @T11:30 => true
        @2024-01-31 + 1 month => \"2024-02-29\"
        @2024-02-29 + 1 year => \"2025-02-28\"
        @2024-03-31 - 1 'month' => \"2024-02-29\"
        @2024-02-29 - 1 day => \"2024-02-28\"
        @2024-01-01 - 1 'd' => \"2023-12-31\"
        @2024 + 24 months => \"2026\"
        @2024-03 - 3 months => \"2023-12\"
        @2024-03 + 31 days => \"2024-04\"
        @2024-01-01 + 25 hours => \"2024-01-02\"
        @2024-01-01T23:30:00Z + 45 minutes => \"2024-01-02T00:15:00Z\"
        @2024-01-01T00:00:00.000Z + 1.5 seconds => \"2024-01-01T00:00:01.500Z\"
        @T23:30 + 1 hour => \"00:30\"
        @9999-12-31 + 1 day =>
        @0001-01-01 - 1 year =>
        @2024-01-01 + 2147483647 years =>
        now() => \"2026-03-01T10:20:30.400+01:00\"
        today() | timeOfDay() => \"2026-03-01\", \"10:20:30.400\"
        @2024-05-17T10:11:12.013+02:00.hourOf() => 10
        @2024-05-17.monthOf() | @2024-05-17.dayOf() => 5, 17
    ");
    fails(&[
        "@2024-01-01 + 1 'mo'",
        "@2024-01-01 + 1 'a'",
        "@T10:00 + 1 day",
        "@2024-01-01 + 1 'mg'",
        "@T10:00Z",
    ]);
}

#[test]
fn boundaries_are_the_ends_of_what_the_digits_mean() {
    all("
        1.5.lowBoundary() | 1.5.highBoundary() => 1.45000000, 1.55000000
        1.5.lowBoundary(29) =>
        1.5.lowBoundary(-1) =>
        @2024-02.highBoundary() => \"2024-02-29\"
        @2024.lowBoundary() => \"2024-01-01\"
        @2024-02-03T04:05.lowBoundary() => \"2024-02-03T04:05:00.000+14:00\"
        @2024-02-03T04:05Z.highBoundary() => \"2024-02-03T04:05:59.999Z\"
        @T10.highBoundary() => \"10:59:59.999\"
        @T10:30.highBoundary(4) => \"10:30\"
        @2024.highBoundary(5) =>
        5 'mg'.lowBoundary(1) => \"4.5 'mg'\"
        1.500.precision() | @2024.precision() | @T10:30:00.precision() => 3, 4, 6
        {}.lowBoundary() =>
    ");
}

#[test]
fn quantities_convert_between_ucum_units() {
    all("
        1 'kg' = 1000 'g' => true
        1 'kg' > 999 'g' => true
        1 'mg/dL' = 10 'mg/L' => true
        5.0 'mg' ~ 5 'mg' => true
        1 'g' = 1 's' =>
        1 'g' < 1 's' =>
        1 'nonsense' = 1 'nonsense' => true
        1 'nonsense' = 1 'mg' =>
        37 'Cel' = 310.15 'K' => true
        1 year = 12 months => true
        1 year = 1 'a' =>
        1 year ~ 1 'a' => true
        7 days = 1 'wk' => true
        1 'g' + 500 'mg' => \"1.5 'g'\"
        1 'm' - 20 'cm' => \"0.8 'm'\"
        2 'm' * 3 'm' = 6 'm2' => true
        6 'm2' / 2 'm' = 3 'm' => true
        6 'mg' / 2 => \"3 'mg'\"
        6 'mg' / 0 'mg' =>
        1 'cm'.comparable(1 'g') => false
        (1 'kg' | 2 'kg').sum() => \"3 'kg'\"
        '5 \\'mg\\''.toQuantity() => \"5 'mg'\"
        '5 mg'.toQuantity() =>
        '2 weeks'.toQuantity() = 14 days => true
        5 'mg'.toQuantity('g') => \"0.005 'g'\"
        1.convertsToQuantity() and 'x'.convertsToQuantity().not() => true
    ");
}

#[test]
fn text_functions_count_characters() {
    all("
        'blåbær'.length() => 6
        'blåbær'.indexOf('b') | 'blåbær'.lastIndexOf('b') => 0, 3
        'blåbær'.substring(2, 2) => \"åb\"
        'abc'.substring(3) =>
        'abc'.substring(-1) =>
        'abc'.substring(1, 99) => \"bc\"
        'a,b,,c'.split(',').count() => 4
        ('a' | 'b').join('-') => \"a-b\"
        {}.join(',') =>
        ' x '.trim() => \"x\"
        'ÆØÅ'.lower() => \"æøå\"
        'abc'.replace('b', '') => \"ac\"
        'a.b'.matches('a\\\\.b') => true
        'xaby'.matches('ab') and 'xaby'.matchesFull('ab').not() => true
        'a\\nb'.matches('a.b') => true
        '11/30/1972'.replaceMatches('(?<m>[0-9]+)/([0-9]+)/([0-9]+)', '$3-${m}-$2') => \"1972-11-30\"
        'a1'.replaceMatches('([a-z])', '$1$1') => \"aa1\"
        'baaac'.replaceMatches('a*', 'x') => \"xbxxcx\"
        'b-a'.replaceMatches('\\\\H*+', 'x') => \"xx\"
        'aaa'.replaceMatches('a*?', 'x') => \"xaxaxax\"
        'abab'.replaceMatches('(?<=b)', 'x') => \"abxabx\"
        'æ'.replaceMatches('b*', 'x') => \"xæx\"
        'abc'.toChars().count() => 3
        'blåbær'.encode('hex').decode('hex') => \"blåbær\"
        '<a&b>'.escape('html').unescape('html') => \"<a&b>\"
        'zz'.decode('hex') =>
        '\\u00e6' => \"æ\"
    ");
    fails(&[
        "'a'.encode('rot13')",
        "'a'.matches('(')",
        "('a'|'b').length()",
        "true.upper()",
        "'a'.substring('b')",
    ]);
}

#[test]
fn collections_keep_order_and_sets_do_not_repeat() {
    all("
        (3 | 1 | 2).sort() => 1, 2, 3
        (3 | 1 | 2).sort(-$this) => 3, 2, 1
        (3 | 1 | 2).sort($this desc) => 3, 2, 1
        (@2020 | @2020-05 | @2019).sort().count() => 3
        1.combine(1).count() | 1.union(1).count() => 2, 1
        (1 | 2 | 3).intersect(2 | 3 | 4) => 2, 3
        (1 | 2 | 3).exclude(2) => 1, 3
        (1 | 2).subsetOf(1 | 2 | 3) and (1 | 2 | 3).supersetOf(1) => true
        (1 | 2 | 3).tail() => 2, 3
        (1 | 2 | 3).skip(2) | (1 | 2 | 3).take(1) => 3, 1
        (1 | 2 | 3).last() => 3
        (1 | 2 | 3).where($index > 0) => 2, 3
        (1 | 2 | 3).select($this * 2 + $index) => 2, 5, 8
        (1 | 2 | 3).aggregate($this + $total, 0) => 6
        (1 | 2 | 3).all($this > 0) => true
        {}.all($this > 0) => true
        (1 | 2 | 3).exists($this > 2) => true
        (true | false).anyTrue() and (true | false).anyFalse() => true
        {}.allTrue() and {}.anyTrue().not() => true
        1.repeat(iif($this < 5, $this + 1, {})) => 2, 3, 4, 5
        1.defineVariable('x', 5).select(%x + $this) => 6
        {}.single() =>
        (1 | 2).isDistinct() and 1.combine(1).isDistinct().not() => true
        iif({}, 1, 2) => 2
        iif(true, 1, 5.undefined) => 1
        coalesce({}, 3, 4) => 3
        1 = 1.0 and 1 ~ 1.0 => true
        ('a' | 'b') ~ ('B' | 'A') => true
    ");
    fails(&[
        "(1 | 2).single()",
        "(1 | 2) + 1",
        "1.defineVariable('x').defineVariable('x')",
        "1 < 'a'",
        "(1|2).iif(true, 1)",
    ]);
}

#[test]
fn nothing_spreads_through_operators() {
    all("
        {} + 1 =>
        {} = {} =>
        {} ~ {} => true
        1 ~ {} => false
        {} & 'a' => \"a\"
        true and {} =>
        false and {} => false
        {} or true => true
        {} implies true => true
        {} implies false =>
        false implies {} => true
        true xor {} =>
        {} > 1 =>
        1 in {} => false
        {} in 1 =>
        -{} =>
        {}.not() =>
        {}.toInteger() =>
        {}.length() =>
        {} is Integer =>
    ");
}

#[test]
fn conversions_take_what_the_specification_lists() {
    all("
        'true'.toBoolean() | 'N'.toBoolean() | 1.0.toBoolean() => true, false
        '+7'.toInteger() | '-7'.toInteger() => 7, -7
        '2147483648'.toInteger() =>
        '2147483648'.toLong() => 2147483648
        1.5.toInteger() =>
        true.toInteger() => 1
        '1.50'.toDecimal() => 1.50
        '1e3'.convertsToDecimal().not() and '.5'.convertsToDecimal().not() => true
        1.50.toString() => \"1.50\"
        @2024-01-01T10:00:00Z.toDate() => \"2024-01-01\"
        @2024-01.toDateTime() => \"2024-01\"
        '2024-02-30'.toDate() =>
        '10:30'.toTime() => \"10:30\"
        '24:00'.toTime() =>
        'x'.toDateTime() =>
        '2024-01-01T10:00:00.123+01:00'.toDateTime() => \"2024-01-01T10:00:00.123+01:00\"
    ");
}

#[test]
fn a_path_taken_again_gives_what_is_there_now() {
    let text = r#"{"resourceType":"Bundle","type":"batch","entry":[
        {"resource":{"id":"a","meta":{"profile":["x","y"]}}},
        {"resource":{"id":"b","meta":{"profile":["y"]}}},
        {"resource":{"id":"c"}}]}"#;
    let document = Document::parse(text, &ParseOptions::default()).unwrap();
    let bundle = Typed::resource(document.root_element(), None);
    let holds = |text: &str| {
        let expression = Expression::parse(text).unwrap();
        let env = Env::new().with_resource(bundle, bundle);
        expression.test(bundle, &env).unwrap()
    };
    let has = |wanted: &str| format!("resource.meta.profile.where($this = '{wanted}').exists()");
    assert!(holds(&format!("entry.where({} or {}).resource.id = ('a' | 'b')", has("x"), has("y"))));
    assert!(holds(&format!("entry.where({} and {}).resource.id = 'a'", has("x"), has("y"))));
    assert!(!holds(&format!("entry.all({} or {})", has("x"), has("y"))));
    assert!(holds(
        "entry.where(resource.id = 'b').exists(resource.id = 'b') and entry.resource.id.count() = 3"
    ));
    assert!(holds(
        "%resource.type = 'batch' and entry.all(%resource.type = 'batch' and %resource.type != 'x')"
    ));
    // The same words from another focus are another path.
    assert!(holds("entry.resource.where(meta.profile.exists()).select(meta.profile).count() = 3"));
}

/// The evaluator has shortcuts for these; what they give must be what the general way gives.
#[test]
fn conditions_that_are_asked_often_mean_the_same() {
    let text = r#"{"resourceType":"Bundle","type":"batch","entry":[
        {"fullUrl":"urn:a","resource":{"resourceType":"Patient","meta":{"profile":["p1","p2"]},"active":true}},
        {"resource":{"resourceType":"Patient","meta":{"profile":["p3"]}}}]}"#;
    let document = Document::parse(text, &ParseOptions::default()).unwrap();
    let bundle = Typed::resource(document.root_element(), None);
    for (expression, wanted) in [
        (
            "entry.all(resource.meta.profile.where($this = 'p1').exists() or resource.meta.profile.exists($this = 'p3'))",
            true,
        ),
        (
            "entry.all(resource.meta.profile.where($this = 'p1').exists() or resource.meta.profile.where($this = 'p4').exists())",
            false,
        ),
        (
            "entry.resource.active.where($this = 'true').exists() or entry.fullUrl.where('urn:a' = $this).exists()",
            true,
        ),
        ("entry.resource.nothing.where($this = 'p1').exists()", false),
        (
            "entry.all(resource.exists() = (%resource.type = 'batch' or %resource.type = 'transaction'))",
            true,
        ),
        ("entry.all(request.exists() = (%resource.type = 'batch'))", false),
        (
            "entry.where(%resource.type = 'batch').count() = 2 and entry.where(%resource.type = 'x').empty()",
            true,
        ),
        ("entry.select(%resource.nothing = 'x').empty()", true),
        ("(fullUrl = 'a') = (type = 'batch')", false),
        ("entry.where(fullUrl.exists()).exists() and entry.where(fullUrl = 'x').empty()", true),
    ] {
        let parsed = Expression::parse(expression).unwrap();
        let env = Env::new().with_resource(bundle, bundle);
        assert_eq!(parsed.test(bundle, &env).unwrap(), wanted, "{expression}");
    }
}
