//! The functions and operators one by one, beyond the official tests: empty input, several items,
//! items of other types, units, precisions, edges. From N1 (<http://hl7.org/fhirpath/N1/>) and R4.
//!
//! A line is `expression => item, item`; nothing behind the arrow is an empty result, `!` an error.

#![expect(clippy::unwrap_used, reason = "a test's own data")]

use lmr_fhir::{Document, ParseOptions};
use lmr_fhirpath::{DateTime, Env, Expression, Item, Typed, to_json};

const DATA: &str = r#"{"resourceType":"Patient","id":"p","active":true,"multipleBirthInteger":2,
 "name":[{"use":"official","family":"Å","given":["Kari","Anne"]},{"given":[null,"Per"],
   "_given":[{"id":"g","extension":[{"url":"http://example.org/x","valueString":"y"}]}]}],
 "birthDate":"1970-05-17","_birthDate":{"extension":[{"url":"http://example.org/t","valueDateTime":"1970-05-17T10:00:00Z"}]},
 "deceasedBoolean":false,"contact":[{"relationship":[{"text":"r"}]}]}"#;

fn shown(item: &Item<'_>) -> String {
    let json = to_json(item, None);
    let from = json.find(",\"value\":").unwrap() + 9;
    json[from..json.len() - 1].to_owned()
}

fn evaluate(text: &str) -> String {
    let document = Document::parse(DATA, &ParseOptions::strict()).unwrap();
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => panic!("{text}: {error}"),
    };
    let env = Env::new().with_now(DateTime::parse("2026-03-01T10:20:30.400+01:00").unwrap());
    match expression.evaluate(Typed::resource(document.root_element(), None), &env) {
        Ok(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Err(_) => "!".to_owned(),
    }
}

fn table(lines: &str) {
    let mut wrong = String::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (text, wanted) =
            line.split_once("=>").map_or((line, ""), |(a, b)| (a.trim(), b.trim()));
        let found = evaluate(text);
        if found != wanted {
            wrong += &format!("{text} => {wanted}   but found: {found}\n");
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn existence() {
    table(
        "
        {}.empty() => true
        {}.exists() => false
        (1 | 2).exists($this > 1) => true
        {}.exists($this > 1) => false
        {}.all(false) => true
        (1 | 2).all($this > 0) => true
        (1 | 2).all({}) => false
        {}.allTrue() => true
        {}.anyTrue() => false
        {}.allFalse() => true
        {}.anyFalse() => false
        (true | false).allTrue() => false
        (true | false).anyFalse() => true
        (true | 1).anyTrue() => !
        {}.subsetOf(1) => true
        {}.subsetOf({}) => true
        (1 | 2).subsetOf({}) => false
        (1 | 2).subsetOf(2 | 1 | 3) => true
        {}.supersetOf({}) => true
        (1 | 2).supersetOf({}) => true
        {}.supersetOf(1) => false
        {}.count() => 0
        (1).combine(1).count() => 2
        (1).combine(1.0).distinct().count() => 1
        {}.distinct()
        {}.isDistinct() => true
        ('a').combine('a').isDistinct() => false
        {}.not()
        true.not() => false
        (true | false).not() => !
        'x'.not() => false
        0.not() => false
        1.not() => false
    ",
    );
}

#[test]
fn filtering_and_projection() {
    table(
        "
        {}.where(true)
        (1 | 2 | 3).where($this > 1) => 2, 3
        (1 | 2 | 3).where($index > 1) => 3
        (1 | 2).where({})
        {}.select($this + 1)
        (1 | 2).select($this + 1) => 2, 3
        (1 | 2).select({})
        name.given.select($this & '!') => \"Kari!\", \"Anne!\", \"!\", \"Per!\"
        {}.repeat($this)
        {}.ofType(Integer)
        (1 | 'a' | true).ofType(String) => \"a\"
        (1 | 'a').as(String) => !
        (1).as(String)
        (1 | 'a') as Integer => !
        1 as Integer => 1
        (1 | 2) is Integer => !
        {} is Integer
        {} as Integer
    ",
    );
}

#[test]
fn parts_of_collections() {
    table(
        "
        {}[0]
        (1 | 2)[0] => 1
        (1 | 2)[2]
        (1 | 2)[-1]
        (1 | 2)[{}]
        {}.single()
        (1 | 2).single() => !
        {}.first()
        {}.last()
        {}.tail()
        (1).tail()
        (1 | 2 | 3).tail() => 2, 3
        (1 | 2).skip(0) => 1, 2
        (1 | 2).skip(-1) => 1, 2
        (1 | 2).skip(5)
        (1 | 2).take(0)
        (1 | 2).take(-1)
        (1 | 2).take(5) => 1, 2
        (1 | 2).skip('a') => !
        (1 | 2).take({})
        {}.intersect(1)
        (1 | 2).intersect(2 | 3) => 2
        (1).combine(1).intersect(1) => 1
        (1).combine(1).exclude(2) => 1, 1
        {}.exclude(1)
        (1 | 2).exclude({}) => 1, 2
        {}.union(1) => 1
        (1).combine(1).union(1) => 1
        {}.combine({})
    ",
    );
}

#[test]
fn conversion_takes_what_the_grammar_allows() {
    table("
        {}.toBoolean()
        ('true' | 'false').toBoolean() => !
        'TRUE'.toBoolean() => true
        'Yes'.toBoolean() => true
        'n'.toBoolean() => false
        '1.0'.toBoolean() => true
        '1.00'.toBoolean()
        ' true'.toBoolean()
        2.toBoolean()
        1.0.toBoolean() => true
        0.0.toBoolean() => false
        @2020.toBoolean()
        @2020.convertsToBoolean() => false
        {}.convertsToBoolean()
        '+5'.toInteger() => 5
        '-5'.toInteger() => -5
        '+-5'.toInteger()
        '5.0'.toInteger()
        '1e3'.toInteger()
        ' 5'.toInteger()
        ''.toInteger()
        '2147483648'.toInteger()
        '2147483648'.convertsToInteger() => false
        '-2147483648'.toInteger() => -2147483648
        true.toInteger() => 1
        1.0.toInteger()
        100.00.toLong()
        1.0.convertsToInteger() => false
        1.0.convertsToLong() => false
        '185'.toDecimal().toInteger() => 185
        (10 / 2).convertsToInteger() => true
        {}.toInteger()
        (1 | 2).toInteger() => !
        '1.50'.toDecimal() => 1.50
        '+1.5'.toDecimal() => 1.5
        '+-1.5'.toDecimal()
        '1.'.toDecimal()
        '.5'.toDecimal()
        '1e3'.toDecimal()
        '1E3'.convertsToDecimal() => false
        '1,5'.toDecimal()
        'NaN'.toDecimal()
        true.toDecimal() = 1.0 => true
        5.toDecimal() => 5
        '0.1234567890123456789012345678901234567890'.toDecimal() => 0.1234567890123456789012345678901234567890
        1.50.toString() => \"1.50\"
        true.toString() => \"true\"
        @2020-02.toString() => \"2020-02\"
        (4 days).toString() => \"4 days\"
        (1 'mg').toString() => \"1 'mg'\"
        name.toString() => !
        name[0].toString()
        name[0].convertsToString() => false
        '2020'.toDate() => \"2020\"
        '2020-02-30'.toDate()
        '2020-2'.toDate()
        '20200201'.toDate()
        '2020-02-01'.convertsToDate() => true
        2020.toDate()
        @2020-02-01T10:00:00.toDate() => \"2020-02-01\"
        '2020-02-01T10:00:00Z'.toDateTime() => \"2020-02-01T10:00:00Z\"
        '2020-02-01T25:00:00Z'.toDateTime()
        '2020-02-01 10:00:00'.toDateTime()
        @2020.toDateTime() => \"2020\"
        @T10:00.toDateTime()
        '10:30'.toTime() => \"10:30\"
        '10:30:00.123'.toTime() => \"10:30:00.123\"
        '24:00'.toTime()
        '10:30Z'.toTime()
        10.toTime()
        '4 days'.toQuantity().toString() => \"4 days\"
        '4 \\'mg\\''.toQuantity().toString() => \"4 'mg'\"
        '4\\'mg\\''.toQuantity().toString() => \"4 'mg'\"
        '4 mg'.toQuantity()
        '4 days '.toQuantity()
        ' 4 days'.toQuantity()
        '4 '.toQuantity()
        '+4'.toQuantity().toString() => \"4 '1'\"
        '1 000'.toQuantity()
        '1 \\'g\\''.toQuantity('mg').toString() => \"1000 'mg'\"
        '1 \\'g\\''.toQuantity('m')
        '1 \\'g\\''.convertsToQuantity('m') => false
        4.toQuantity().toString() => \"4 '1'\"
        true.toQuantity().toString() => \"1 '1'\"
        {}.toQuantity()
        {}.convertsToQuantity()
    ");
}

#[test]
fn iif_evaluates_one_branch() {
    table(
        "
        iif(true, 1, 1/0) => 1
        iif(false, 1)
        iif({}, 1, 2) => 2
        iif(true, {}, 2)
        iif(true | false, 1, 2) => !
        iif(1, 1, 2) => !
        iif('true', 1, 2) => !
        (1 | 2).iif(true, 1, 2) => !
        name.select(iif(use.exists(), family, given)) => \"Å\", null, \"Per\"
    ",
    );
}

#[test]
fn text() {
    table("
        {}.indexOf('a')
        'abc'.indexOf('') => 0
        ''.indexOf('a') => -1
        'abc'.indexOf({})
        'blåbær'.indexOf('bær') => 3
        'abcb'.lastIndexOf('b') => 3
        'abcdefg'.substring(3) => \"defg\"
        'abcdefg'.substring(1, 2) => \"bc\"
        'abcdefg'.substring(6, 9) => \"g\"
        'abcdefg'.substring(7)
        'abcdefg'.substring(-1)
        'abcdefg'.substring(0, 0) => \"\"
        'abcdefg'.substring(2, -1) => \"\"
        'abc'.substring({})
        'abc'.substring(1, {}) => \"bc\"
        ('a' | 'b').substring(0) => !
        {}.startsWith('a')
        'abc'.startsWith('') => true
        'abc'.startsWith({})
        'abc'.endsWith('') => true
        'abc'.contains('') => true
        'abc'.contains('B') => false
        {}.contains('a')
        'straße'.upper() => \"STRASSE\"
        'ÆØÅ'.lower() => \"æøå\"
        {}.upper()
        'aaa'.replace('a', 'bb') => \"bbbbbb\"
        'abc'.replace('', 'x') => \"xaxbxcx\"
        'abc'.replace('b', '') => \"ac\"
        'abc'.replace('b', {})
        {}.replace('a', 'b')
        ''.length() => 0
        '\\u00e6\\ud83d\\ude00'.length() => 2
        {}.length()
        'abc'.toChars() => \"a\", \"b\", \"c\"
        ''.toChars()
        {}.toChars()
        '  a b '.trim() => \"a b\"
        'a,b,,c'.split(',') => \"a\", \"b\", \"\", \"c\"
        'abc'.split('') => \"a\", \"b\", \"c\"
        {}.split(',')
        ('a' | 'b').join(',') => \"a,b\"
        {}.join(',')
        ('a' | 'b').join() => \"ab\"
        'abc'.matches('b') => true
        'abc'.matches('^b') => false
        'a\\nb'.matches('a.b') => true
        'abc'.matches({})
        {}.matches('a')
        {}.matches('(')
        {}.replaceMatches('(', 'a')
        'abc'.matches('(') => !
        'abc'.matchesFull('b') => false
        'abc'.matchesFull('a.c') => true
        '11/30/1972'.replaceMatches('\\\\b(?<m>\\\\d{1,2})/(?<d>\\\\d{1,2})/(?<y>\\\\d{2,4})\\\\b', '${d}-${m}-${y}') => \"30-11-1972\"
        'abc'.replaceMatches('b', {})
        'é'.encode('hex') => \"c3a9\"
        'c3a9'.decode('hex') => \"é\"
        'c3a'.decode('hex')
        'x'.encode('rot13') => !
        '<a \"b\">'.escape('html') => \"&lt;a &quot;b&quot;&gt;\"
        'a\\tb'.escape('json') => \"a\\\\tb\"
        '&lt;'.unescape('html') => \"<\"
        name.upper() => !
    ");
}

#[test]
fn numbers() {
    table(
        "
        {}.abs()
        (-5).abs() => 5
        (-5.50).abs() => 5.50
        (-5.5 'mg').abs().toString() => \"5.5 'mg'\"
        'a'.abs() => !
        (1 | 2).abs() => !
        (-1.1).ceiling() => -1
        1.1.ceiling() => 2
        (-1.1).floor() => -2
        1.floor() => 1
        (-1.9).truncate() => -1
        101.99.truncate() => 101
        3000000000.5.floor()
        0.exp() => 1
        {}.exp()
        1.ln() => 0
        0.ln()
        (-1).ln()
        16.log(2) => 4
        16.log({})
        16.log(1)
        16.log(0)
        2.power(3) => 8
        2.5.power(2) => 6.25
        2.power(-1) => 0.5
        (-1).power(0.5)
        2.power({})
        {}.power(2)
        4.0.sqrt() => 2
        (-1).sqrt()
        {}.sqrt()
        1.5.round() => 2
        2.5.round() => 3
        (-1.5).round() => -2
        3.14159.round(3) => 3.142
        3.14159.round(30) => 3.14159
        1.round() => 1
        1.5.round(-1) => !
        {}.round()
        5 / 2 => 2.5
        6 / 2 => 3
        1 / 0
        1.0 / 0.0
        5 div 2 => 2
        (-5) div 2 => -2
        5.5 div 0.7 => 7
        5 div 0
        5 mod 0
        (-5) mod 3 => -2
        5.5 mod 0.7 => 0.6
        {} + 1
        1 + {}
        (1 | 2) + 1 => !
        1 + 'a' => !
        1 + true => !
        'a' + 'b' => \"ab\"
        'a' + {}
        'a' & {} => \"a\"
        {} & {} => \"\"
        'a' & 1 => !
        2147483647 + 1
        2147483647.0 + 1 => 2147483648.0
        1 / 3 => 0.3333333333333333333333333333
        0.1 + 0.2 => 0.3
        1.10 * 2 => 2.20
        -(1 | 2) => !
        -{}
        +5 => 5
        (1 | 2 | 3).sum() => 6
        {}.sum()
        (1.5 | 2).sum() => 3.5
        ('a' | 'b').sum() => !
        (3 | 1 | 2).min() => 1
        ('b' | 'a').max() => \"b\"
        {}.max()
        (1 | 2).avg() => 1.5
        {}.avg()
    ",
    );
}

#[test]
fn large_collections_find_what_is_equal_in_another_form() {
    let many = (1..=20).map(|n| n.to_string()).collect::<Vec<_>>().join(" | ");
    for (one, count) in [("5.0", 20), ("5 '1'", 20), ("500 '%'", 20), ("21 '1'", 21), ("'5'", 21)] {
        for text in [format!("({many} | {one}).count()"), format!("({one} | {many}).count()")] {
            assert_eq!(evaluate(&text), count.to_string(), "{text}");
        }
    }
    let days = (1..=20).map(|n| format!("@2020-01-{n:02}T00:00:00Z")).collect::<Vec<_>>();
    let days = days.join(" | ");
    assert_eq!(evaluate(&format!("({days} | @2020-01-05T02:00:00+02:00).count()")), "20");
}

#[test]
fn quantities() {
    table(
        "
        1 'g' = 1000 'mg' => true
        1 'g' = 1 'm'
        1 'g' > 1 'm'
        1 'g' ~ 1 'm' => false
        1 'g' != 1 'm'
        4 'g' ~ 4040 'mg' => true
        1 'cm' + 1 'm' = 101 'cm' => true
        1 'cm' + 1 's'
        2 'cm' * 3 'cm' = 6 'cm2' => true
        6 'm' / 2 's' = 3 'm/s' => true
        6 'm' / 0 's'
        1 year = 12 months => true
        1 year = 1 'a'
        1 year ~ 1 'a' => true
        1 month = 1 'mo'
        1 week = 7 days => true
        1 day = 1 'd' => true
        1 second = 1 's' => true
        1000 milliseconds = 1 second => true
        1 day > 23 hours => true
        1 month > 30 days
        1 'mg' = 1 '{annotated}mg'
        0 'Cel' = 273.15 'K' => true
        1 '[in_i]' = 2.54 'cm' => true
        5 '%' = 0.05 => true
        1 'g'.comparable(1 'kg') => true
        1 'g'.comparable(1) => !
    ",
    );
}

#[test]
fn dates_and_times_compare_by_precision() {
    table(
        "
        @2020 = @2020 => true
        @2020 = @2020-01
        @2020 = @2021-01 => false
        @2020 < @2021-01 => true
        @2020 < @2020-01
        @2020-01-01 = @2020-01-01T10:00
        @2020-01-01 < @2020-01-02T10:00 => true
        @2020-01-01T10 = @2020-01-01T10:00
        @2020-01-01T10:00:00 = @2020-01-01T10:00:00.0 => true
        @2020-01-01T10:00:00 = @2020-01-01T10:00:00.5 => false
        @2020-01-01T10:00:00.50 = @2020-01-01T10:00:00.5 => true
        @2020-01-01T10:00:00Z = @2020-01-01T11:00:00+01:00 => true
        @2020-01-01T10:00:00 = @2020-01-01T10:00:00Z
        @2020-01-01T10:00:00 < @2020-01-03T10:00:00Z => true
        @2020 ~ @2020-01 => false
        @2020 != @2020-01
        @T10:30 = @T10:30:00
        @T10:30 < @T10:31:00 => true
        @T10:30:00 = @T10:30:00.000 => true
        @2020-01-01 = 'x' => false
        @2020-01-01 > 'x' => !
        @2020 > @T10:00 => !
        (@2020 | @2020-01).count() => 2
        birthDate < @1970-06 => true
        birthDate < today() => true
    ",
    );
}

#[test]
fn dates_and_times_move() {
    table(
        "
        @2020-01-31 + 1 month => \"2020-02-29\"
        @2020-02-29 + 1 year => \"2021-02-28\"
        @2020-02-29 - 4 years => \"2016-02-29\"
        @2020 + 13 months => \"2021\"
        @2020 + 11 months => \"2020\"
        @2020-01 + 40 days => \"2020-02\"
        @2020-01-01 + 25 hours => \"2020-01-02\"
        @2020-01-01 + 1.9 days => \"2020-01-02\"
        @2020-01-01T23:00:00 + 2 hours => \"2020-01-02T01:00:00\"
        @2020-01-01T00:00:00.000 - 1 millisecond => \"2019-12-31T23:59:59.999\"
        @2020-01-01T00:00:00Z + 0.5 seconds => \"2020-01-01T00:00:00.500Z\"
        @2020-03-29T01:30:00+01:00 + 1 hour => \"2020-03-29T02:30:00+01:00\"
        @T23:00 + 2 hours => \"01:00\"
        @T00:00:00 - 1 second => \"23:59:59\"
        @T10:00 + 1 day => !
        @9999-12-31 + 1 day
        @0001-01-01 - 1 day
        @2020 + 1 'a' => !
        @2020-01-01 + 1 'mo' => !
        @2020-01-01 + 7 'd' => \"2020-01-08\"
        @2020-01-01 + 1 'cm' => !
        @2020-01-01 + 1 => !
        @2020-01-01 + {}
        {} + 1 day
        @2020-01-01 - @2019-01-01 => !
    ",
    );
}

#[test]
fn boundaries_and_precision() {
    table(
        "
        1.587.lowBoundary() => 1.58650000
        1.587.highBoundary() => 1.58750000
        1.587.lowBoundary(2) => 1.58
        1.587.highBoundary(2) => 1.59
        1.lowBoundary(0) => 0
        1.highBoundary(0) => 2
        1.587.lowBoundary(28) => 1.5865000000000000000000000000
        1.587.lowBoundary(29)
        1.587.lowBoundary(-1)
        0.0.lowBoundary(2) => -0.05
        (-1.5).highBoundary(1) => -1.4
        {}.lowBoundary()
        'a'.lowBoundary() => !
        @2014.lowBoundary() => \"2014-01-01\"
        @2014.highBoundary() => \"2014-12-31\"
        @2016-02.highBoundary(8) => \"2016-02-29\"
        @2014-05-06.lowBoundary(4) => \"2014\"
        @2014-05-06.lowBoundary(5)
        @T10:30.lowBoundary() => \"10:30:00.000\"
        @T10:30.highBoundary() => \"10:30:59.999\"
        @T10:30.lowBoundary(9) => \"10:30:00.000\"
        @T10:30.highBoundary(6) => \"10:30:59\"
        @T10.highBoundary(4) => \"10:59\"
        @T10:30:15.highBoundary() => \"10:30:15.999\"
        @T10:30:15.2.highBoundary() => \"10:30:15.299\"
        @T10:30:15.123456.lowBoundary() => \"10:30:15.123\"
        @2014-01-01T08:05.lowBoundary(17) => \"2014-01-01T08:05:00.000+14:00\"
        @2014-01-01T08:05.highBoundary(17) => \"2014-01-01T08:05:59.999-12:00\"
        @2014-01-01T08:05Z.highBoundary(17) => \"2014-01-01T08:05:59.999Z\"
        @9999-12-31.highBoundary() => \"9999-12-31\"
        1.58700.precision() => 5
        @2014.precision() => 4
        @2014-01-05T10:30:00.000.precision() => 17
        @T10:30.precision() => 4
        {}.precision()
    ",
    );
}

#[test]
fn logic_of_three_values() {
    let values = ["true", "false", "{}"];
    let table = [
        // and, or, xor, implies; left by rows, right by columns
        ("and", ["true", "false", "", "false", "false", "false", "", "false", ""]),
        ("or", ["true", "true", "true", "true", "false", "", "true", "", ""]),
        ("xor", ["false", "true", "", "true", "false", "", "", "", ""]),
        ("implies", ["true", "false", "", "true", "true", "true", "true", "", ""]),
    ];
    for (operator, wanted) in table {
        for (i, wanted) in wanted.into_iter().enumerate() {
            let text = format!("{} {operator} {}", values[i / 3], values[i % 3]);
            assert_eq!(evaluate(&text), wanted, "{text}");
        }
    }
    self::table(
        "
        (true | false) and true => !
        'a' and true => true
        1 and false => false
        (1).exists() and true => true
    ",
    );
}

#[test]
fn equality_of_collections() {
    table(
        "
        {} = {}
        {} = 1
        {} != 1
        {} ~ {} => true
        {} ~ 1 => false
        {} !~ {} => false
        (1 | 2) = (1 | 2) => true
        (1 | 2) = (2 | 1) => false
        (1 | 2) ~ (2 | 1) => true
        (1 | 2) = 1 => false
        1 = 1.0 => true
        1 = '1' => false
        1 ~ 1.0 => true
        1.11 ~ 1.1 => true
        'a' = 'A' => false
        'a  B' ~ 'A b' => true
        true = 'true' => false
        1 in {} => false
        {} in (1 | 2)
        (1 | 2) in (1 | 2) => !
        {} contains 1 => false
        (1 | 2) contains {}
        (1 | 2) contains 2 => true
        1 < {}
        (1 | 2) < 3 => !
        'a' < 'b' => true
        'a' < 1 => !
        true < false => !
        name = name => true
        name ~ name => true
        name[0] = name[1] => false
    ",
    );
}

#[test]
fn the_tree_and_values() {
    table(
        "
        active.value => true
        active.value.exists() => true
        birthDate.value = '1970-05-17' => true
        name.given.value => \"Kari\", \"Anne\", \"Per\"
        name.given[2].value
        name.given[2].hasValue() => false
        name.given.hasValue() => false
        name.given[0].hasValue() => true
        name.given[0].getValue() => \"Kari\"
        name.getValue() => !
        {}.hasValue() => false
        birthDate.extension.value.exists() => true
        birthDate.extension('http://example.org/t').count() => 1
        birthDate.extension('http://example.org/none').count() => 0
        birthDate.hasExtension('http://example.org/t') => true
        {}.children()
        1.children()
        {}.descendants()
        name.given.count() => 4
        name[0].children().count() => 4
        {}.type()
        1.type().name => \"Integer\"
        1.type().namespace => \"System\"
        (1 | 'a').type().name => \"Integer\", \"String\"
    ",
    );
}

#[test]
fn aggregates_variables_and_order() {
    table(
        "
        (1 | 2 | 3).aggregate($total + $this, 0) => 6
        {}.aggregate($total + $this, 5) => 5
        {}.aggregate($total + $this)
        (1 | 2).defineVariable('x', 5).select($this + %x) => 6, 7
        (1 | 2).defineVariable('x').select(%x.count()) => 2, 2
        defineVariable('x', 1).defineVariable('x', 2) => !
        %nowhere => !
        {}.trace('x')
        (1 | 2).trace('x') => 1, 2
        (3 | 1 | 2).sort() => 1, 2, 3
        (3 | 1 | 2).sort(-$this) => 3, 2, 1
        {}.sort()
        ('b' | 'a').sort() => \"a\", \"b\"
        (1 | 'a').sort() => !
        coalesce({}, 1, 2) => 1
        coalesce({}, {})
        now() = now() => true
        today() => \"2026-03-01\"
        timeOfDay() => \"10:20:30.400\"
        now().yearOf() => 2026
        @T10:30.hourOf() => 10
        @T10:30.secondOf()
        @2020.monthOf()
        @2020-05-06T10:00:00.5+01:00.millisecondOf() => 500
        @2020-05-06T10:00:00+01:30.timezoneOffsetOf() => 1.5
        {}.yearOf()
        1.yearOf() => !
    ",
    );
}
