//! `lowBoundary()`, `highBoundary()`, `precision()`, `comparable()`.

use super::{Call, Engine, LogicResult, ScalarResult};
use crate::item::Item;
use crate::value::{Decimal, Quantity};

/// Digits a decimal boundary has when none are asked for.
const DECIMAL_DIGITS: i64 = 8;
/// The most digits that may be asked for, as HL7's engine has it.
const MOST_DIGITS: u32 = 28;

pub(crate) fn low_boundary<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    bound(engine, call, false)
}

pub(crate) fn high_boundary<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    bound(engine, call, true)
}

fn bound<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>, high: bool) -> ScalarResult<'a> {
    let Some(item) = engine.source_value(call)? else { return Ok(None) };
    let digits = engine.argument_integer(call, 0)?;
    if digits.is_none() && !call.args.is_empty() {
        return Ok(None);
    }
    let written = match &item {
        Item::Decimal(d) => d.extent(),
        Item::Quantity(q) => q.value.extent(),
        _ => 0,
    };
    engine.reckon(call.location, 2 * written)?;
    let decimal = |value: &Decimal| {
        let digits =
            u32::try_from(digits.unwrap_or(DECIMAL_DIGITS)).ok().filter(|d| *d <= MOST_DIGITS)?;
        value.boundary(digits, high)
    };
    let temporal = |full: u8| u8::try_from(digits.unwrap_or(i64::from(full))).ok();
    Ok(match item {
        Item::Integer(n) => decimal(&Decimal::from(n)).map(Item::Decimal),
        Item::Decimal(d) => decimal(&d).map(Item::Decimal),
        Item::Quantity(q) => decimal(&q.value)
            .map(|value| Item::Quantity(Box::new(Quantity { value, unit: q.unit }))),
        Item::Date(d) => temporal(8).and_then(|n| d.boundary(n, high)).map(Item::Date),
        Item::DateTime(d) => temporal(17).and_then(|n| d.boundary(n, high)).map(Item::DateTime),
        Item::Time(t) => temporal(9).and_then(|n| t.boundary(n, high)).map(Item::Time),
        other => return engine.wrong_type(call, &other),
    })
}

pub(crate) fn precision<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let Some(item) = engine.source_value(call)? else { return Ok(None) };
    let digits = match item {
        Item::Integer(_) => 0,
        Item::Decimal(d) => d.scale(),
        Item::Date(d) => d.precision().into(),
        Item::DateTime(d) => d.precision().into(),
        Item::Time(t) => t.precision().into(),
        Item::Quantity(q) => q.value.scale(),
        other => return engine.wrong_type(call, &other),
    };
    Ok(Some(Item::Integer(digits)))
}

/// Whether two quantities are of one dimension.
pub(crate) fn comparable<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    let pair = [engine.source_value(call)?, engine.argument_value(call, 0)?];
    for item in pair.iter().flatten() {
        if !matches!(item, Item::Quantity(_)) {
            return engine.wrong_type(call, item);
        }
    }
    Ok(match pair {
        [Some(Item::Quantity(a)), Some(Item::Quantity(b))] => {
            engine.reckon_quantities(call.location, &a, &b)?;
            Some(a.comparable(&b))
        }
        _ => None,
    })
}
