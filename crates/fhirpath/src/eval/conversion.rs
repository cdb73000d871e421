//! `toX()` and `convertsToX()` (N1, section 5.5).

use std::borrow::Cow;

use super::arithmetic::unit_steps;
use super::compare::{COMPARED, number};
use super::{Call, Engine, EvalResult, LogicResult, ScalarResult};
use crate::item::Item;
use crate::ucum;
use crate::value::{Date, DateTime, Decimal, Quantity, Time};

pub(crate) fn to_boolean<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    Ok(convertible(engine, call)?.and_then(|item| as_boolean(&item)))
}

pub(crate) fn converts_to_boolean<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    Ok(convertible(engine, call)?.map(|item| as_boolean(&item).is_some()))
}

/// What is to be converted; a long text counts, since it is looked through.
fn convertible<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let item = engine.source_value(call)?;
    if let Some(Item::String(text)) = &item {
        engine.charge(text.len() / COMPARED);
    }
    Ok(item)
}

fn convert<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    conversion: impl Fn(Item<'a>) -> Option<Item<'a>>,
) -> ScalarResult<'a> {
    Ok(convertible(engine, call)?.and_then(conversion))
}

fn converts<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    conversion: impl Fn(Item<'a>) -> Option<Item<'a>>,
) -> LogicResult {
    Ok(convertible(engine, call)?.map(|item| conversion(item).is_some()))
}

/// For each type the two functions of N1, by the one conversion that both ask.
macro_rules! conversions {
    ($( $to:ident, $converts_to:ident: $conversion:ident; )*) => { $(
        pub(crate) fn $to<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
            convert(engine, call, $conversion)
        }

        pub(crate) fn $converts_to<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
            converts(engine, call, $conversion)
        }
    )* };
}

conversions! {
    to_integer, converts_to_integer: as_integer;
    to_long, converts_to_long: as_long;
    to_decimal, converts_to_decimal: as_decimal;
    to_text, converts_to_text: as_text;
    to_date, converts_to_date: as_date;
    to_date_time, converts_to_date_time: as_date_time;
    to_time, converts_to_time: as_time;
}

pub(crate) fn to_quantity<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let Some(item) = convertible(engine, call)? else { return Ok(None) };
    let quantity = in_unit(engine, call, as_quantity(&item))?;
    Ok(quantity.map(|q| Item::Quantity(Box::new(q))))
}

pub(crate) fn converts_to_quantity<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    let Some(item) = convertible(engine, call)? else { return Ok(None) };
    Ok(Some(in_unit(engine, call, as_quantity(&item))?.is_some()))
}

/// In the unit of the argument, where one is given.
fn in_unit<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    quantity: Option<Quantity>,
) -> EvalResult<Option<Quantity>> {
    let unit = engine.argument_text(call, 0)?;
    if let (Some(q), Some(unit)) = (&quantity, &unit) {
        engine.reckon(call.location, q.value.extent())?;
        engine.steps(call.location, unit_steps(q.code()) + unit_steps(unit))?;
    }
    Ok(match (quantity, unit) {
        (Some(q), Some(unit)) => {
            ucum::convert(&q.value, q.code(), &unit).map(|value| Quantity::ucum(value, &unit))
        }
        (quantity, _) => quantity,
    })
}

fn as_integer(item: Item<'_>) -> Option<Item<'_>> {
    as_whole(&item).filter(|n| i32::try_from(*n).is_ok()).map(Item::Integer)
}

fn as_long(item: Item<'_>) -> Option<Item<'_>> {
    as_whole(&item).map(Item::Integer)
}

fn as_decimal(item: Item<'_>) -> Option<Item<'_>> {
    match &item {
        Item::Boolean(b) => Some(Decimal::from(u8::from(*b))),
        Item::String(text) => number_in(text),
        other => number(other),
    }
    .map(Item::Decimal)
}

/// A number as N1 writes it in a text: a sign, digits, a point with digits; no exponent.
fn number_in(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let is_plain = !unsigned.contains(['e', 'E']) && !text.starts_with("+-");
    is_plain.then(|| Decimal::parse(unsigned))?
}

fn as_text(item: Item<'_>) -> Option<Item<'_>> {
    text_of(&item).map(Item::String)
}

/// A full dateTime gives its date, as the specification has it.
fn as_date(item: Item<'_>) -> Option<Item<'_>> {
    match &item {
        Item::Date(d) => Some(*d),
        Item::DateTime(d) => Some(d.date()),
        Item::String(text) => {
            Date::parse(text).or_else(|| DateTime::parse(text).map(DateTime::date))
        }
        _ => None,
    }
    .map(Item::Date)
}

fn as_date_time(item: Item<'_>) -> Option<Item<'_>> {
    match &item {
        Item::DateTime(d) => Some(*d),
        Item::Date(d) => Some((*d).into()),
        Item::String(text) => DateTime::parse(text),
        _ => None,
    }
    .map(Item::DateTime)
}

fn as_time(item: Item<'_>) -> Option<Item<'_>> {
    match &item {
        Item::Time(t) => Some(*t),
        Item::String(text) => Time::parse(text.strip_prefix('T').unwrap_or(text)),
        _ => None,
    }
    .map(Item::Time)
}

fn as_quantity(item: &Item<'_>) -> Option<Quantity> {
    match item {
        Item::Quantity(q) => Some((**q).clone()),
        Item::Boolean(b) => Some(Quantity::ucum(Decimal::from(u8::from(*b)), "1")),
        Item::String(text) => Quantity::parse(text),
        other => number(other).map(|n| Quantity::ucum(n, "1")),
    }
}

fn as_boolean(item: &Item<'_>) -> Option<bool> {
    match item {
        Item::Boolean(b) => Some(*b),
        Item::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
            _ => None,
        },
        other => match number(other) {
            Some(n) if n == Decimal::ONE => Some(true),
            Some(n) if n.is_zero() => Some(false),
            _ => None,
        },
    }
}

fn as_whole(item: &Item<'_>) -> Option<i64> {
    match item {
        Item::Integer(n) => Some(*n),
        Item::Boolean(b) => Some(i64::from(*b)),
        // Only a number that is written as one: `1.0` is none, as the text `'1.0'` is none. N1 takes no
        // decimal at all; HL7's engine reads what is written, so that a FHIR decimal `185` is taken.
        Item::Decimal(d) if d.scale() == 0 => d.to_i64(),
        Item::String(text) => {
            let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            text.parse().ok()
        }
        _ => None,
    }
}

/// How a value is written; `None` for elements that are not primitives.
pub(super) fn text_of<'a>(item: &Item<'a>) -> Option<Cow<'a, str>> {
    Some(match item {
        Item::String(text) => text.clone(),
        Item::Boolean(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
        Item::Integer(n) => Cow::Owned(n.to_string()),
        Item::Decimal(d) => Cow::Owned(d.to_string()),
        Item::Date(d) => Cow::Owned(d.to_string()),
        Item::DateTime(d) => Cow::Owned(d.to_string()),
        Item::Time(t) => Cow::Owned(t.to_string()),
        Item::Quantity(q) => Cow::Owned(q.to_string()),
        Item::Element(_) | Item::Type(_) => return None,
    })
}
