//! Values whose size the input sets count towards the budget by their size.

#![expect(clippy::expect_used, reason = "a test's own data")]

use lmr_fhir::{Document, ParseOptions};
use lmr_fhirpath::{Env, EvalError, EvalErrorKind, Expression, Item, Typed, function_names};

/// Length of the texts and numbers that the table is about.
const LONG: usize = 4000;

/// An expression of the tables with its long values.
fn spelt_out(text: &str) -> String {
    text.replace("DIGITS", &"9".repeat(LONG))
        .replace("NUMERAL", &format!("'{}'", "9".repeat(LONG)))
        .replace("TEXT", &format!("'{}'", "aB<&".repeat(LONG / 4)))
        .replace("HEX", &format!("'{}'", "41".repeat(LONG / 2)))
        .replace("UNIT", &format!("'{}m'", "km60/".repeat(39)))
}

/// Results of an expression by the budget, so that each is read once.
fn with_budgets<T>(
    text: &str,
    ask: impl FnOnce(&dyn Fn(u64) -> Result<usize, EvalError>) -> T,
) -> T {
    let source = format!(
        r#"{{"resourceType":"{}","n":{},"t":"{}"}}"#,
        "X".repeat(LONG),
        "9".repeat(LONG),
        r"\u0061".repeat(LONG)
    );
    let document = Document::parse(source, &ParseOptions::default()).expect("JSON");
    let expression = Expression::parse(text).expect("syntax");
    let focus = Typed::resource(document.root_element(), None);
    let mut env = Env::new();
    env.define("many", (0..900).map(Item::Integer).collect());
    ask(&|steps| {
        expression.evaluate(focus, &env.clone().with_steps(steps)).map(|items| items.len())
    })
}

/// The smallest budget that is enough.
fn cost(text: &str) -> u64 {
    with_budgets(&spelt_out(text), |evaluated| {
        let (mut too_few, mut enough) = (0, 1 << 18);
        evaluated(enough).expect(text);
        while too_few + 1 < enough {
            let middle = u64::midpoint(too_few, enough);
            match evaluated(middle) {
                Ok(_) => enough = middle,
                Err(error) => {
                    assert!(matches!(error.kind, EvalErrorKind::Budget(_)), "{text}: {error}");
                    too_few = middle;
                }
            }
        }
        enough
    })
}

/// Copies of a long value that an expression makes beyond those of another one.
const COPIES: &[(&str, &str, u64)] = &[
    // Literals, and what is passed on as a copy.
    ("DIGITS", "1.5", 1),
    ("DIGITS 'mg'", "1 'mg'", 1),
    ("(DIGITS).select($this)", "DIGITS", 1),
    ("(DIGITS).select($this.combine($this))", "(DIGITS).select($this)", 1),
    ("(DIGITS).aggregate($total, DIGITS)", "(DIGITS).aggregate(1, DIGITS)", 1),
    ("(DIGITS).defineVariable('v').select(%v)", "(DIGITS).defineVariable('v').select(1)", 1),
    ("(DIGITS).defineVariable('v')", "DIGITS", 1),
    ("(DIGITS).repeat($this)", "DIGITS", 2),
    ("(DIGITS).repeatAll($this | 1).take(1)", "DIGITS", 1),
    ("(DIGITS | 1).sort()", "DIGITS | 1", 1),
    ("(DIGITS).intersect(DIGITS)", "(DIGITS).combine(DIGITS)", 1),
    ("(DIGITS).exclude(DIGITS)", "(DIGITS).combine(DIGITS)", 1),
    ("(DIGITS).subsetOf(DIGITS)", "(DIGITS).combine(DIGITS)", 1),
    ("(DIGITS).supersetOf(DIGITS)", "(DIGITS).combine(DIGITS)", 1),
    ("(DIGITS | 1).distinct()", "DIGITS | 1", 1),
    ("(DIGITS).combine(1).isDistinct()", "(DIGITS).combine(1)", 1),
    ("(DIGITS).union(1)", "(DIGITS).combine(1)", 1),
    // Elements.
    ("n.getValue()", "n", 1),
    ("t.getValue()", "t", 1),
    ("type()", "$this", 1),
    ("type().name", "type()", 1),
    ("(DIGITS 'mg').value", "DIGITS 'mg'", 1),
    // Conversions.
    ("(DIGITS).toString()", "DIGITS", 1),
    ("(DIGITS 'mg').toString()", "DIGITS 'mg'", 1),
    ("NUMERAL.toDecimal()", "NUMERAL", 1),
    ("NUMERAL.toQuantity()", "NUMERAL", 1),
    ("(DIGITS).toQuantity()", "DIGITS", 1),
    // Texts.
    ("TEXT & 'a'", "TEXT", 1),
    ("TEXT + 'a'", "TEXT", 1),
    ("TEXT.upper()", "TEXT", 1),
    ("TEXT.lower()", "TEXT", 1),
    ("TEXT.trim()", "TEXT", 1),
    ("TEXT.substring(1)", "TEXT", 1),
    ("TEXT.replace('a', 'b')", "TEXT", 1),
    ("TEXT.replaceMatches('a', 'b')", "TEXT", 1),
    ("TEXT.encode('hex')", "TEXT", 2),
    ("TEXT.encode('base64')", "TEXT", 1),
    ("TEXT.encode('urlbase64')", "TEXT", 1),
    ("HEX.decode('hex')", "HEX", 1),
    ("HEX.decode('base64').count()", "HEX", 1),
    ("TEXT.escape('html')", "TEXT", 2),
    ("TEXT.escape('json')", "TEXT", 1),
    ("TEXT.unescape('html')", "TEXT", 1),
    ("TEXT.unescape('json')", "TEXT", 1),
    ("TEXT.toChars()", "TEXT", 1),
    ("TEXT.split('a')", "TEXT", 1),
    ("(TEXT | 'a').join(',')", "TEXT | 'a'", 1),
    ("TEXT.combine(TEXT).join('')", "TEXT.combine(TEXT)", 2),
    // Numbers.
    ("-DIGITS", "DIGITS", 1),
    ("+DIGITS", "DIGITS", 1),
    ("(-DIGITS).abs()", "-DIGITS", 1),
    ("DIGITS.9.round(0)", "DIGITS.9", 1),
    ("DIGITS.9 'mg'.round(0)", "DIGITS.9 'mg'", 1),
    ("(DIGITS | 1).max()", "DIGITS | 1", 1),
    ("(DIGITS | 1).min()", "DIGITS | 1", 1),
];

/// Arithmetic on long numbers, by the expression without it.
const ARITHMETIC: &[(&str, &str)] = &[
    ("DIGITS + DIGITS", "(DIGITS).combine(DIGITS)"),
    ("DIGITS - 1", "DIGITS"),
    ("DIGITS * DIGITS", "(DIGITS).combine(DIGITS)"),
    ("DIGITS / 7", "DIGITS"),
    ("DIGITS div 7", "DIGITS"),
    ("DIGITS mod 7", "DIGITS"),
    ("DIGITS 'mg' + DIGITS 'mg'", "(DIGITS).combine(DIGITS)"),
    ("DIGITS 'mg' * 2 'mg'", "DIGITS"),
    ("DIGITS 'mg' = 1 'g'", "DIGITS"),
    ("DIGITS 'mg' ~ 1 'g'", "DIGITS"),
    ("DIGITS 'mg' < 1 'g'", "DIGITS"),
    ("(DIGITS 'mg').comparable(1 'g')", "DIGITS"),
    ("(DIGITS 'mg').toQuantity('g')", "DIGITS"),
    ("(DIGITS).sqrt()", "DIGITS"),
    ("1.5.power(3000)", "1.5"),
    ("1.5.power(-3000)", "1.5"),
    ("(DIGITS | 1).sum()", "DIGITS | 1"),
    ("(DIGITS | 1).avg()", "DIGITS | 1"),
    ("(DIGITS).lowBoundary()", "DIGITS"),
    ("(DIGITS).highBoundary()", "DIGITS"),
    ("(DIGITS 'mg').highBoundary()", "DIGITS"),
    ("@2020-01-01 + DIGITS days", "DIGITS"),
    ("1 UNIT = 1 'm'", "1"),
    ("1 UNIT * 1 'm'", "1"),
    ("(1 'm').toQuantity(UNIT)", "1"),
];

/// Functions that make nothing of a size that the input sets: their result is a boolean, a number of a fixed
/// length, a date, or what they are called on or with, as it is.
const OTHERS: &[&str] = &[
    "empty",
    "exists",
    "all",
    "allTrue",
    "anyTrue",
    "allFalse",
    "anyFalse",
    "count",
    "not",
    "where",
    "select",
    "coalesce",
    "single",
    "first",
    "last",
    "tail",
    "skip",
    "take",
    "combine",
    "iif",
    "toBoolean",
    "convertsToBoolean",
    "toInteger",
    "convertsToInteger",
    "toLong",
    "convertsToLong",
    "convertsToDecimal",
    "convertsToString",
    "toDate",
    "convertsToDate",
    "toDateTime",
    "convertsToDateTime",
    "toTime",
    "convertsToTime",
    "convertsToQuantity",
    "indexOf",
    "lastIndexOf",
    "startsWith",
    "endsWith",
    "contains",
    "length",
    "ceiling",
    "exp",
    "floor",
    "ln",
    "log",
    "truncate",
    "precision",
    "yearOf",
    "monthOf",
    "dayOf",
    "hourOf",
    "minuteOf",
    "secondOf",
    "millisecondOf",
    "timezoneOffsetOf",
    "dateOf",
    "timeOf",
    "now",
    "today",
    "timeOfDay",
    "children",
    "descendants",
    "trace",
    "extension",
    "hasExtension",
    "hasValue",
    "resolve",
    "memberOf",
    "conformsTo",
    "subsumes",
    "subsumedBy",
    "htmlChecks",
    "htmlChecks2",
    "checkModifiers",
    "elementDefinition",
    "slice",
    "is",
    "as",
    "ofType",
    "matches",
    "matchesFull",
];

#[test]
fn what_is_made_of_a_long_value_counts_by_its_size() {
    let of_one = LONG as u64 / 16;
    let mut wrong = Vec::new();
    for (text, without, copies) in COPIES {
        let (with, without) = (cost(text), cost(without));
        if with < without + copies * of_one - copies {
            wrong.push(format!("{text}: {without} and {with}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn arithmetic_on_long_numbers_counts_by_their_digits() {
    let mut wrong = Vec::new();
    for (text, without) in ARITHMETIC {
        let (with, without) = (cost(text), cost(without));
        if with < without + LONG as u64 / 4 {
            wrong.push(format!("{text}: {without} and {with}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_function_is_in_the_table_or_makes_nothing_long() {
    for name in function_names() {
        let call = format!(".{name}(");
        let is_tested = COPIES.iter().map(|row| row.0).chain(ARITHMETIC.iter().map(|row| row.0));
        let found = is_tested.filter(|text| text.contains(&call)).count() > 0;
        assert!(found || call == ".type(" || OTHERS.contains(&name), "{name}() is in neither list");
    }
}

#[test]
fn long_values_of_many_items_end_in_a_clear_error() {
    for text in [
        "%many.select(DIGITS).isDistinct()",
        "%many.select((DIGITS).toString()).isDistinct()",
        "%many.select(NUMERAL.toDecimal()).count()",
        "%many.select(TEXT.upper()).count()",
        "%many.select(DIGITS * DIGITS).count()",
        "%many.select(1.234567.power(500)).count()",
        "%many.select((DIGITS).sqrt()).count()",
        "%many.select(DIGITS = DIGITS).count()",
        "%many.select(DIGITS < DIGITS).count()",
        "%many.select(DIGITS ~ DIGITS).count()",
        "%many.select((DIGITS).exp()).count()",
        "%many.select((DIGITS).ln()).count()",
        "%many.select((DIGITS).log(DIGITS)).count()",
        "%many.select((DIGITS).convertsToString()).count()",
        "(DIGITS).defineVariable('v').select(%many.select(%v)).count()",
    ] {
        let error = with_budgets(&spelt_out(text), |evaluated| evaluated(100_000)).expect_err(text);
        assert!(matches!(error.kind, EvalErrorKind::Budget(_)), "{text}: {error}");
        assert!(error.to_string().contains("it takes more than 100000 steps"), "{error}");
        let short =
            text.replace("DIGITS", "1.25").replace("NUMERAL", "'1.25'").replace("TEXT", "'text'");
        let short = short.replace("power(500)", "power(5)");
        with_budgets(&short, |evaluated| evaluated(100_000)).expect(text);
    }
}
