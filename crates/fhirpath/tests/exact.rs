//! Numbers and moments of any size and precision are compared exactly: against a model of whole
//! numbers, with values that no fixed-width type holds.

#![expect(clippy::unwrap_used, reason = "a test's own data")]

use std::cmp::Ordering;

use lmr_fhir::{Document, ParseOptions};
use lmr_fhirpath::{DateTime, Env, Expression, Item, Time, Typed};
use num_bigint::BigInt;
use proptest::prelude::*;

/// A dateTime with its parts.
#[derive(Clone, Debug)]
struct Moment {
    text: String,
    /// Since 0000-03-01, in units of 10^-40 seconds, UTC.
    units: BigInt,
}

const DIGITS: usize = 40;

/// Counted year by year: slow, and too simple to be wrong.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let years: i64 = (0..year).map(|y| if leap(y) { 366 } else { 365 }).sum();
    years + lengths.iter().take(usize::try_from(month - 1).unwrap()).sum::<i64>() + day - 1
}

fn moment() -> impl Strategy<Value = Moment> {
    let year = prop_oneof![Just(1i64), Just(9999), Just(2025), 1i64..=9999];
    // The days of the clock changes and the ends of months and years are likely.
    let day = prop_oneof![
        Just((3i64, 30i64)),
        Just((10, 26)),
        Just((12, 31)),
        Just((1, 1)),
        Just((2, 28)),
        (1i64..=12, 1i64..=28)
    ];
    let clock = prop_oneof![
        Just((23i64, 59i64, 59i64)),
        Just((0, 0, 0)),
        Just((2, 30, 0)),
        (0i64..24, 0i64..60, 0i64..60)
    ];
    let fraction = prop_oneof![
        Just(String::new()),
        "[0-9]{1,3}",
        "[0-9]{9,18}",
        "00000000000000000[0-9]{1}",
        "999999999999",
        "1234567890120*",
    ];
    let offset = prop_oneof![
        Just(0i64),
        Just(60),
        Just(120),
        Just(-720),
        Just(840),
        Just(345),
        -720i64..=840
    ];
    (year, day, clock, fraction, offset).prop_map(
        |(year, (month, day), (hour, minute, second), fraction, offset)| {
            let fraction: String = fraction.chars().take(18).collect();
            let point = if fraction.is_empty() { "" } else { "." };
            let zone = if offset == 0 {
                "Z".to_owned()
            } else {
                let sign = if offset < 0 { '-' } else { '+' };
                format!("{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
            };
            let text = format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{point}{fraction}{zone}"
            );
            let minutes = days_before(year, month, day) * 24 * 60 + hour * 60 + minute - offset;
            let digits = format!("{fraction:0<DIGITS$}");
            let units = BigInt::from(minutes * 60 + second)
                * BigInt::from(10).pow(u32::try_from(DIGITS).unwrap())
                + digits.parse::<BigInt>().unwrap();
            Moment { text, units }
        },
    )
}

/// The result of an expression on a document without types.
fn evaluate(json: &str, expression: &str) -> Option<bool> {
    let document = Document::parse(json, &ParseOptions::strict()).unwrap();
    let expression = Expression::parse(expression).unwrap();
    let focus = Typed::resource(document.root_element(), None);
    match expression.evaluate(focus, &Env::new()).unwrap().as_slice() {
        [] => None,
        [Item::Boolean(b)] => Some(*b),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn moments_compare_as_points_in_time(a in moment(), b in moment()) {
        let wanted = a.units.cmp(&b.units);
        let order = |x: &Moment, y: &Moment| {
            DateTime::parse(&x.text).unwrap().partial_compare(DateTime::parse(&y.text).unwrap())
        };
        prop_assert_eq!(order(&a, &b), Some(wanted), "{} {}", a.text, b.text);
        prop_assert_eq!(order(&a, &a), Some(Ordering::Equal));
        let json = format!(r#"{{"valuePeriod":{{"startDateTime":"{}","endDateTime":"{}"}}}}"#, a.text, b.text);
        prop_assert_eq!(
            evaluate(&json, "value.start <= value.end"),
            Some(wanted.is_le()),
            "{}", json
        );
    }

    #[test]
    fn a_moment_some_seconds_on_is_so_many_later(a in moment(), seconds in -100_000_000i64..100_000_000) {
        let wanted = &a.units + BigInt::from(seconds) * BigInt::from(10).pow(40);
        let sum = format!("@{} + {seconds} seconds", a.text);
        let expression = Expression::parse(&sum).unwrap();
        let document = Document::parse("{}", &ParseOptions::strict()).unwrap();
        let result = expression
            .evaluate(Typed::resource(document.root_element(), None), &Env::new())
            .unwrap();
        let Some(Item::DateTime(moved)) = result.first() else {
            // Beyond the calendar of four digits.
            prop_assert!(a.text.starts_with("0001") || a.text.starts_with("000") || a.text.starts_with("999"), "{}", sum);
            return Ok(());
        };
        let start = DateTime::parse(&a.text).unwrap();
        prop_assert_eq!(moved.partial_compare(start), Some(wanted.cmp(&a.units)));
        // And back again.
        let back = format!("@{moved} - {seconds} seconds = @{}", a.text);
        prop_assert_eq!(evaluate("{}", &back), Some(true), "{}", back);
    }

    #[test]
    fn numbers_in_the_data_are_decided_whatever_their_length(
        low in "-?(0|[1-9][0-9]{0,50})(\\.[0-9]{1,50})?([eE][+-]?[0-9]{1,3})?",
        high in "-?(0|[1-9][0-9]{0,50})(\\.[0-9]{1,50})?([eE][+-]?[0-9]{1,3})?",
    ) {
        let value = |text: &str| {
            let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            let exponent: i64 = exponent.parse().unwrap();
            let places = 1100 + exponent - i64::try_from(fraction.len()).unwrap();
            format!("{whole}{fraction}").parse::<BigInt>().unwrap()
                * BigInt::from(10).pow(u32::try_from(places).unwrap())
        };
        let wanted = value(&low).cmp(&value(&high));
        let json = format!(
            r#"{{"valueRange":{{"low":{{"valueDecimal":{low}}},"high":{{"valueDecimal":{high}}}}}}}"#
        );
        let (lows, highs) = ("value.low.value", "value.high.value");
        prop_assert_eq!(evaluate(&json, &format!("{lows} <= {highs}")), Some(wanted.is_le()), "{}", json);
        prop_assert_eq!(evaluate(&json, &format!("{lows} = {highs}")), Some(wanted.is_eq()), "{}", json);
        prop_assert_eq!(
            evaluate(&json, &format!("({lows} | {highs}).count() = 1")),
            Some(wanted.is_eq()),
            "{}", json
        );
        // As quantities of one unit, and of two units of one dimension.
        let quantities = |unit: &str| format!(
            r#"{{"a":{{"valueQuantity":{{"value":{low},"system":"http://unitsofmeasure.org","code":"kg"}}}},
                "b":{{"valueQuantity":{{"value":{high}{},"system":"http://unitsofmeasure.org","code":"{unit}"}}}}}}"#,
            if unit == "g" && !high.contains(['e', 'E']) { "e3" } else { "" }
        );
        prop_assert_eq!(evaluate(&quantities("kg"), "a.value < b.value"), Some(wanted.is_lt()));
        if !high.contains(['e', 'E']) {
            prop_assert_eq!(evaluate(&quantities("g"), "a.value < b.value"), Some(wanted.is_lt()));
        }
    }
}

#[test]
fn the_edges_of_the_calendar_are_ordered() {
    let compare =
        |a: &str, b: &str| DateTime::parse(a).unwrap().partial_compare(DateTime::parse(b).unwrap());
    // UTC is in year 10000 and in year 0.
    let late = "9999-12-31T23:59:59-01:00";
    assert_eq!(compare(late, "9999-12-31T23:59:59Z"), Some(Ordering::Greater));
    assert_eq!(compare(late, "9999-12-31T23:59:59-02:00"), Some(Ordering::Less));
    assert_eq!(compare("0001-01-01T00:00:00+02:00", "0001-01-01T00:00:00Z"), Some(Ordering::Less));
    // A leap second is the same one in every zone.
    let leap = "2016-12-31T23:59:60Z";
    assert_eq!(compare(leap, "2017-01-01T00:59:60+01:00"), Some(Ordering::Equal));
    assert_eq!(compare(leap, "2016-12-31T23:59:59.999Z"), Some(Ordering::Greater));
    assert_eq!(compare(leap, "2017-01-01T00:00:00Z"), Some(Ordering::Less));
    // The hour that clocks go through twice.
    assert_eq!(
        compare("2025-10-26T02:30:00+02:00", "2025-10-26T02:30:00+01:00"),
        Some(Ordering::Less)
    );
}

#[test]
fn a_fraction_of_any_length_is_read_and_what_cannot_be_distinguished_is_left_open() {
    let time = |digits: &str| Time::parse(&format!("12:00:00.{digits}")).unwrap();
    assert_eq!(time("123456789123").partial_compare(time("123456789124")), Some(Ordering::Less));
    assert_eq!(
        time("5").partial_compare(time(&format!("5{}", "0".repeat(100)))),
        Some(Ordering::Equal)
    );
    let long = format!("{}1", "0".repeat(30));
    assert_eq!(time("0").partial_compare(time(&long)), Some(Ordering::Less));
    assert_eq!(time("000000000000000001").partial_compare(time(&long)), Some(Ordering::Greater));
    // Both go on beyond 18 digits and are equal until there.
    let longer = format!("{}2", "0".repeat(30));
    assert_eq!(time(&longer).partial_compare(time(&long)), None);
    assert_eq!(time("123456789123").to_string(), "12:00:00.123456789123");
}
