//! Functions on numbers (N1, section 5.7).

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, MathematicalOps};

use super::arithmetic::integer;
use super::compare::number;
use super::{Call, Engine, EvalResult, ScalarResult};
use crate::error::EvalErrorKind;
use crate::item::Item;
use crate::value::{Quantity, from_f64, round_to_scale};

pub(crate) fn abs<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    match engine.source_value(call)? {
        Some(Item::Integer(n)) => Ok(integer(n.checked_abs())),
        Some(Item::Decimal(d)) => Ok(Some(Item::Decimal(d.abs()))),
        item => of_quantity(engine, call, item, Decimal::abs),
    }
}

pub(crate) fn ceiling<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    to_whole(engine, call, Decimal::ceil)
}

pub(crate) fn floor<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    to_whole(engine, call, Decimal::floor)
}

pub(crate) fn truncate<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    to_whole(engine, call, Decimal::trunc)
}

/// Numbers become integers, quantities keep their unit.
fn to_whole<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    cut: impl Fn(&Decimal) -> Decimal,
) -> ScalarResult<'a> {
    let item = engine.source_value(call)?;
    match item.as_ref().and_then(number) {
        Some(value) => Ok(integer(cut(&value).to_i64())),
        None => of_quantity(engine, call, item, cut),
    }
}

/// The same unit with another value; no other type is taken.
fn of_quantity<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    item: Option<Item<'a>>,
    change: impl Fn(&Decimal) -> Decimal,
) -> ScalarResult<'a> {
    match item {
        None => Ok(None),
        Some(Item::Quantity(q)) => {
            let Quantity { value, unit } = *q;
            Ok(Some(Item::Quantity(Box::new(Quantity { value: change(&value), unit }))))
        }
        Some(other) => engine.wrong_type(call, &other),
    }
}

pub(crate) fn round<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let Some(item) = engine.source_value(call)? else { return Ok(None) };
    let scale = digits(engine, call)?;
    match item {
        Item::Integer(n) => Ok(Some(Item::Integer(n))),
        Item::Decimal(d) => Ok(Some(Item::Decimal(round_to_scale(d, scale)))),
        item => of_quantity(engine, call, Some(item), |value| round_to_scale(*value, scale)),
    }
}

/// Digits after the point, 0 to 28.
fn digits<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> EvalResult<u32> {
    match u32::try_from(engine.argument_integer(call, 0)?.unwrap_or(0)) {
        Ok(scale) => Ok(scale.min(28)),
        Err(_) => engine.fail(call.location, EvalErrorKind::Argument { what: call.what() }),
    }
}

pub(crate) fn sqrt<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let value = source_number(engine, call)?;
    Ok(value.and_then(|value| value.sqrt()).map(|root| Item::Decimal(root.normalize())))
}

pub(crate) fn exp<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let value = source_number(engine, call)?.and_then(|value| value.to_f64());
    Ok(value.and_then(|value| from_f64(value.exp())).map(Item::Decimal))
}

pub(crate) fn ln<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    Ok(source_number(engine, call)?.and_then(|value| logarithm(value, None)))
}

pub(crate) fn log<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let Some(value) = source_number(engine, call)? else { return Ok(None) };
    let Some(base) = argument_number(engine, call)? else { return Ok(None) };
    Ok(number(&base).and_then(|base| logarithm(value, Some(base))))
}

pub(crate) fn power<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let Some(base) = engine.source_value(call)? else { return Ok(None) };
    if number(&base).is_none() {
        return engine.wrong_type(call, &base);
    }
    let Some(exponent) = argument_number(engine, call)? else { return Ok(None) };
    Ok(raised(&base, &exponent))
}

fn source_number<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> EvalResult<Option<Decimal>> {
    let Some(item) = engine.source_value(call)? else { return Ok(None) };
    match number(&item) {
        Some(value) => Ok(Some(value)),
        None => engine.wrong_type(call, &item),
    }
}

/// The argument, which must be a number.
fn argument_number<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    match engine.argument_value(call, 0)? {
        Some(item) if number(&item).is_none() => engine.wrong_type(call, &item),
        item => Ok(item),
    }
}

fn logarithm<'a>(value: Decimal, base: Option<Decimal>) -> Option<Item<'a>> {
    if value <= Decimal::ZERO {
        return None;
    }
    let v = value.to_f64()?;
    let result = match base {
        None => v.ln(),
        Some(base) if base == Decimal::from(10) => v.log10(),
        Some(base) if base == Decimal::TWO => v.log2(),
        Some(base) if base > Decimal::ZERO && base != Decimal::ONE => v.ln() / base.to_f64()?.ln(),
        Some(_) => return None,
    };
    from_f64(result).map(Item::Decimal)
}

/// Exact for whole exponents; negative numbers have no other powers.
fn raised<'a>(base_item: &Item<'a>, exponent_item: &Item<'a>) -> Option<Item<'a>> {
    let (base, exponent) = (number(base_item)?, number(exponent_item)?);
    let whole = if exponent.fract().is_zero() { exponent.to_i64() } else { None };
    if let Some(whole) = whole {
        let mut result = Decimal::ONE;
        // Beyond, only powers of 0 and 1 are of any use, and they end the loop at once.
        let times = whole.unsigned_abs();
        if times > 100_000 && !base.is_zero() && base.abs() != Decimal::ONE {
            return None;
        }
        for _ in 0..times {
            result = result.checked_mul(base)?;
            if result.is_zero() || base.abs() == Decimal::ONE {
                break;
            }
        }
        if base == Decimal::NEGATIVE_ONE {
            result = if whole % 2 == 0 { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
        }
        if whole < 0 {
            result = Decimal::ONE.checked_div(result)?.normalize();
        }
        let integers = matches!((base_item, exponent_item), (Item::Integer(_), Item::Integer(_)));
        if integers && whole >= 0 {
            return integer(result.to_i64());
        }
        return Some(Item::Decimal(result));
    }
    from_f64(base.to_f64()?.powf(exponent.to_f64()?)).map(Item::Decimal)
}
