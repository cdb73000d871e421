//! Exact decimals: reading, rounding, boundaries.

use rust_decimal::prelude::FromPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

/// Reads `12.50`, `-1E-3`; keeps trailing zeros. `None` beyond 28 digits or when it is no number.
pub(crate) fn parse_decimal(text: &str) -> Option<Decimal> {
    if text.bytes().any(|b| b == b'e' || b == b'E') {
        let (mantissa, exponent) = text.split_once(['e', 'E'])?;
        let mantissa = parse_decimal(mantissa)?;
        let exponent: i32 = exponent.parse().ok()?;
        if mantissa.is_zero() {
            return Some(mantissa);
        }
        let scale = i64::from(mantissa.scale()) - i64::from(exponent);
        if let Ok(scale) = u32::try_from(scale) {
            return Decimal::try_from_i128_with_scale(mantissa.mantissa(), scale).ok();
        }
        let factor = 10i128.checked_pow(u32::try_from(-scale).ok()?)?;
        return Decimal::try_from_i128_with_scale(mantissa.mantissa().checked_mul(factor)?, 0).ok();
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let well_formed = unsigned.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && unsigned.starts_with(|c: char| c.is_ascii_digit())
        && unsigned.ends_with(|c: char| c.is_ascii_digit());
    if !well_formed {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

/// A computed approximation, to the 15 digits that a double holds for certain.
pub(crate) fn from_f64(value: f64) -> Option<Decimal> {
    if !value.is_finite() {
        return None;
    }
    Decimal::from_f64(value)
}

/// Half away from zero, as the specification's `round()`.
pub(crate) fn round_to_scale(value: Decimal, scale: u32) -> Decimal {
    value.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero)
}

/// Digits after the point as written; for a value without any, digits before it.
pub(crate) fn significant_digits(value: Decimal) -> i64 {
    i64::from(value.scale())
}

/// The end of the interval that the written digits may have been rounded from, rounded outwards to `scale` digits.
pub(crate) fn boundary(value: Decimal, scale: u32, high: bool) -> Option<Decimal> {
    let half = Decimal::try_from_i128_with_scale(5, value.scale().checked_add(1)?).ok()?;
    let end = if high { value.checked_add(half)? } else { value.checked_sub(half)? };
    let strategy = if high {
        RoundingStrategy::ToPositiveInfinity
    } else {
        RoundingStrategy::ToNegativeInfinity
    };
    let mut end = end.round_dp_with_strategy(scale, strategy);
    end.rescale(scale);
    (end.scale() == scale).then_some(end)
}
