//! Against a model: an integer and a power of ten, aligned before anything is done.

use std::hash::{BuildHasher, RandomState};

use num_bigint::{BigInt, Sign};
use proptest::prelude::*;

use super::*;

/// `mantissa * 10^exponent`, written in one of the many ways.
#[derive(Clone, Debug)]
struct Written {
    text: String,
    mantissa: BigInt,
    exponent: i64,
}

impl Written {
    /// The mantissa at an exponent that is not larger.
    fn at(&self, exponent: i64) -> BigInt {
        &self.mantissa * BigInt::from(10).pow(u32::try_from(self.exponent - exponent).unwrap())
    }

    fn common(&self, other: &Self) -> (BigInt, BigInt, i64) {
        let exponent = self.exponent.min(other.exponent);
        (self.at(exponent), other.at(exponent), exponent)
    }

    fn decimal(&self) -> Decimal {
        Decimal::parse(&self.text).unwrap_or_else(|| panic!("{}", self.text))
    }
}

fn written() -> impl Strategy<Value = Written> {
    let digits = prop_oneof![
        "0|[1-9][0-9]{0,5}",
        "[1-9][0-9]{15,20}",
        "[1-9][0-9]{26,60}",
        Just("99999999999999999999".to_owned()),
        Just("999999999999999999".to_owned()),
        Just("1".to_owned()),
    ];
    let fraction = prop_oneof![
        Just(String::new()),
        "[0-9]{1,4}",
        "[0-9]{15,22}",
        "[0-9]{25,60}",
        Just("50000".to_owned()),
        Just("0".to_owned()),
    ];
    let exponent = prop_oneof![3 => Just(None), 1 => (-60i64..60).prop_map(Some)];
    (any::<bool>(), digits, fraction, exponent).prop_map(|(negative, whole, fraction, exponent)| {
        let mut text = format!("{}{whole}", if negative { "-" } else { "" });
        if !fraction.is_empty() {
            text += &format!(".{fraction}");
        }
        if let Some(exponent) = exponent {
            text += &format!("e{exponent}");
        }
        let mut mantissa: BigInt = format!("{whole}{fraction}").parse().unwrap();
        if negative {
            mantissa = -mantissa;
        }
        let exponent = exponent.unwrap_or(0) - i64::try_from(fraction.len()).unwrap();
        Written { text, mantissa, exponent }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn order_is_that_of_the_values(a in written(), b in written()) {
        let (x, y, _) = a.common(&b);
        prop_assert_eq!(a.decimal().cmp(&b.decimal()), x.cmp(&y), "{} {}", a.text, b.text);
    }

    #[test]
    fn equal_values_are_equal_however_they_are_written(a in written(), zeros in 0usize..40) {
        // The same value with more zeros behind the point, and with its point moved.
        let padded = format!("{}{}", a.mantissa, "0".repeat(zeros));
        let exponent = a.exponent - i64::try_from(zeros).unwrap();
        let other = Decimal::parse(&format!("{padded}E{exponent}")).unwrap();
        let keys = RandomState::new();
        prop_assert_eq!(&a.decimal(), &other);
        prop_assert_eq!(keys.hash_one(a.decimal()), keys.hash_one(&other));
        prop_assert_eq!(&a.decimal().normalized(), &other);
        prop_assert_eq!(&Decimal::parse(&a.decimal().to_string()).unwrap(), &other);
    }

    #[test]
    fn arithmetic_is_exact(a in written(), b in written()) {
        let (x, y, exponent) = a.common(&b);
        let exact = |mantissa: BigInt, exponent: i64| Decimal::parse(&format!("{mantissa}E{exponent}"));
        let (left, right) = (a.decimal(), b.decimal());
        prop_assert_eq!(left.plus(&right), exact(&x + &y, exponent));
        prop_assert_eq!(left.minus(&right), exact(&x - &y, exponent));
        prop_assert_eq!(left.times(&right), exact(&x * &y, 2 * exponent));
        if y.sign() == Sign::NoSign {
            prop_assert_eq!(left.divided_by(&right), None);
            prop_assert_eq!(left.remainder(&right), None);
        } else {
            prop_assert_eq!(left.whole_quotient(&right), exact(&x / &y, 0));
            prop_assert_eq!(left.remainder(&right), exact(&x % &y, exponent));
            // The quotient times the divisor is the dividend but for half a unit of its last digit.
            let quotient = left.divided_by(&right).unwrap();
            let error = quotient.times(&right).unwrap().minus(&left).unwrap().abs();
            let allowed = right.abs().times(&Decimal::parse("0.5e-28").unwrap()).unwrap();
            prop_assert!(error <= allowed, "{} / {} = {}", a.text, b.text, quotient);
        }
    }

    #[test]
    fn rounding_goes_to_the_nearest_or_to_the_side_asked_for(a in written(), scale in -30i64..30) {
        let value = a.decimal();
        let unit = Decimal::parse(&format!("1e{}", -scale)).unwrap();
        let half = Decimal::parse(&format!("5e{}", -scale - 1)).unwrap();
        for rounding in [Rounding::HalfUp, Rounding::Truncate, Rounding::Floor, Rounding::Ceiling] {
            let rounded = value.rounded(scale, rounding);
            let error = rounded.minus(&value).unwrap();
            prop_assert!(rounded.remainder(&unit).unwrap().is_zero() || value.scale() <= scale);
            match rounding {
                Rounding::HalfUp => prop_assert!(error.abs() <= half),
                Rounding::Truncate => prop_assert!(rounded.abs() <= value.abs() && error.abs() < unit),
                Rounding::Floor => prop_assert!(rounded <= value && error.abs() < unit),
                Rounding::Ceiling => prop_assert!(rounded >= value && error.abs() < unit),
            }
        }
    }
}

#[test]
fn no_exponent_costs_time_or_memory() {
    let far = Decimal::parse("1E999999999999999").unwrap();
    let near = Decimal::parse("9E999999999999998").unwrap();
    assert!(near < far && far > Decimal::ONE && far.negated() < near.negated());
    assert_eq!(far.to_string(), "1E999999999999999");
    assert_eq!(far.plus(&near), None);
    assert_eq!(far.to_i64(), None);
    assert!(Decimal::parse("1E-999999999999999").unwrap() > Decimal::ZERO);
    assert_eq!(Decimal::parse("1E-999999999999999").unwrap().truncated(), Decimal::ZERO);
    assert_eq!(Decimal::parse("2").unwrap().power(1_000_000_000), None);
    assert_eq!(Decimal::parse("-1").unwrap().power(1_000_000_001), Decimal::parse("-1"));
}

#[test]
fn digits_are_kept_as_written() {
    for text in ["0", "0.00", "1.50", "-0.10", "100", "0.000000000000000000000000000100"] {
        assert_eq!(Decimal::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(Decimal::parse("12E2").unwrap().to_string(), "1200");
    assert_eq!(Decimal::parse("1E29").unwrap().to_string(), format!("1{}", "0".repeat(29)));
}

#[test]
fn what_is_not_a_decimal_is_refused() {
    for text in [
        "",
        "-",
        "+1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "e5",
        "1.2.3",
        "0x1",
        "1 ",
        "١",
        "1e9999999999999999999",
    ] {
        assert_eq!(Decimal::parse(text), None, "{text:?}");
    }
}

#[test]
fn roots_and_powers() {
    let parse = |text: &str| Decimal::parse(text).unwrap();
    assert_eq!(parse("81").root(), Some(parse("9")));
    assert_eq!(parse("0.0625").root(), Some(parse("0.25")));
    assert_eq!(parse("2").root(), Some(parse("1.4142135623730950488016887242")));
    assert_eq!(parse("-1").root(), None);
    assert_eq!(parse("2.5").power(2), Some(parse("6.25")));
    assert_eq!(parse("2").power(-2), Some(parse("0.25")));
    assert_eq!(parse("0").power(0), Some(Decimal::ONE));
    assert_eq!(parse("0").power(-1), None);
}
