//! Functions on numbers (N1, section 5.7).

use super::arithmetic::integer;
use super::compare::number;
use super::{Call, Engine, EvalResult, ScalarResult};
use crate::error::EvalErrorKind;
use crate::item::Item;
use crate::value::{Decimal, Quantity, Rounding};

pub(crate) fn abs<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    match engine.source_value(call)? {
        Some(Item::Integer(n)) => Ok(integer(n.checked_abs())),
        Some(Item::Decimal(d)) => Ok(Some(Item::Decimal(d.abs()))),
        item => of_quantity(engine, call, item, Decimal::abs),
    }
}

pub(crate) fn ceiling<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    to_whole(engine, call, Rounding::Ceiling)
}

pub(crate) fn floor<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    to_whole(engine, call, Rounding::Floor)
}

pub(crate) fn truncate<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    to_whole(engine, call, Rounding::Truncate)
}

/// Numbers become integers, quantities keep their unit.
fn to_whole<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    rounding: Rounding,
) -> ScalarResult<'a> {
    let item = engine.source_value(call)?;
    match item.as_ref().and_then(number) {
        Some(value) => Ok(integer(value.rounded(0, rounding).to_i64())),
        None => of_quantity(engine, call, item, |value| value.rounded(0, rounding)),
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
        Item::Decimal(d) => Ok(Some(Item::Decimal(d.rounded(scale, Rounding::HalfUp)))),
        item => {
            of_quantity(engine, call, Some(item), |value| value.rounded(scale, Rounding::HalfUp))
        }
    }
}

/// Digits behind the point.
fn digits<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> EvalResult<i64> {
    match engine.argument_integer(call, 0)?.unwrap_or(0) {
        scale @ 0.. => Ok(scale),
        _ => engine.fail(call.location, EvalErrorKind::Argument { what: call.what() }),
    }
}

pub(crate) fn sqrt<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let Some(value) = source_number(engine, call)? else { return Ok(None) };
    engine.reckon(call.location, 2 * value.extent())?;
    Ok(value.root().map(Item::Decimal))
}

pub(crate) fn exp<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let value = source_number(engine, call)?.and_then(|value| value.to_f64());
    Ok(value.and_then(|value| Decimal::from_f64(value.exp())).map(Item::Decimal))
}

pub(crate) fn ln<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    Ok(source_number(engine, call)?.and_then(|value| logarithm(&value, None)))
}

pub(crate) fn log<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let Some(value) = source_number(engine, call)? else { return Ok(None) };
    let Some(base) = argument_number(engine, call)? else { return Ok(None) };
    Ok(number(&base).and_then(|base| logarithm(&value, Some(&base))))
}

pub(crate) fn power<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let Some(base) = engine.source_value(call)? else { return Ok(None) };
    if number(&base).is_none() {
        return engine.wrong_type(call, &base);
    }
    let Some(exponent) = argument_number(engine, call)? else { return Ok(None) };
    if let (Some(base), Some(exponent)) = (number(&base), number(&exponent)) {
        engine.reckon(call.location, base.extent_of_power(&exponent))?;
    }
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

fn logarithm<'a>(value: &Decimal, base: Option<&Decimal>) -> Option<Item<'a>> {
    let v = value.to_f64().filter(|v| *v > 0.0)?;
    let result = match base.map(Decimal::to_f64) {
        None => v.ln(),
        Some(Some(10.0)) => v.log10(),
        Some(Some(2.0)) => v.log2(),
        Some(Some(base)) if base > 0.0 && base != 1.0 => v.ln() / base.ln(),
        Some(_) => return None,
    };
    Decimal::from_f64(result).map(Item::Decimal)
}

/// Exact for whole exponents; negative numbers have no other powers.
fn raised<'a>(base_item: &Item<'a>, exponent_item: &Item<'a>) -> Option<Item<'a>> {
    let (base, exponent) = (number(base_item)?, number(exponent_item)?);
    if !exponent.is_whole() {
        return Decimal::from_f64(base.to_f64()?.powf(exponent.to_f64()?)).map(Item::Decimal);
    }
    let exponent = exponent.to_i64()?;
    let power = base.power(exponent)?;
    let are_integers = matches!((base_item, exponent_item), (Item::Integer(_), Item::Integer(_)));
    if are_integers && exponent >= 0 {
        return integer(power.to_i64());
    }
    Some(Item::Decimal(power))
}
