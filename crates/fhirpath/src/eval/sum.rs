//! `sum()`, `min()`, `max()`, `avg()`

use super::arithmetic::integer;
use super::compare::number;
use super::{Call, Engine, EvalResult, ScalarResult};
use crate::item::Item;
use crate::value::{Decimal, Quantity};

pub(crate) fn sum<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    Ok(total(engine, call)?.map(|(total, _)| total))
}

pub(crate) fn avg<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let Some((total, count)) = total(engine, call)? else { return Ok(None) };
    let count = Decimal::from(count);
    let share = |value: &Decimal| value.divided_by(&count);
    let digits = match &total {
        Item::Decimal(d) => d.extent(),
        Item::Quantity(q) => q.value.extent(),
        _ => 0,
    };
    engine.reckon(call.location, 2 * digits)?;
    Ok(match total {
        Item::Quantity(q) => {
            share(&q.value).map(|value| Item::Quantity(Box::new(Quantity { value, unit: q.unit })))
        }
        other => number(&other).and_then(|n| share(&n)).map(Item::Decimal),
    })
}

pub(crate) fn min<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    extreme(engine, call, std::cmp::Ordering::is_lt)
}

pub(crate) fn max<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    extreme(engine, call, std::cmp::Ordering::is_gt)
}

/// The item that is better than all others; of equal ones the first.
fn extreme<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    is_better: impl Fn(std::cmp::Ordering) -> bool,
) -> ScalarResult<'a> {
    let mut best: Option<Item<'a>> = None;
    engine.stream(call.source, call.scope, &mut |item| {
        engine.step(call.location)?;
        let Some(item) = engine.value_of(&item) else { return Ok(true) };
        let replaces = match &best {
            None => true,
            Some(best) => {
                engine.compare(call.location, call.what(), &item, best)?.is_some_and(&is_better)
            }
        };
        if replaces {
            best = Some(item);
        }
        Ok(true)
    })?;
    Ok(best)
}

/// The sum and the number of items; nothing for no items, and where the sum is out of range.
fn total<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> EvalResult<Option<(Item<'a>, i64)>> {
    let mut total: Option<Item<'a>> = None;
    let mut count = 0i64;
    let in_range = engine.stream(call.source, call.scope, &mut |item| {
        engine.step(call.location)?;
        let Some(item) = engine.value_of(&item) else { return Ok(true) };
        count += 1;
        total = match total.take() {
            None => Some(item),
            Some(held) => plus(engine, call, &held, &item)?,
        };
        Ok(total.is_some())
    })?;
    match total {
        Some(total) if number(&total).is_none() && !matches!(total, Item::Quantity(_)) => {
            engine.wrong_type(call, &total)
        }
        total => Ok(total.filter(|_| in_range).map(|total| (total, count))),
    }
}

fn plus<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    a: &Item<'a>,
    b: &Item<'a>,
) -> ScalarResult<'a> {
    match (a, b) {
        (Item::Quantity(a), Item::Quantity(b)) => {
            engine.reckon_quantities(call.location, a, b)?;
            Ok(a.plus(b, false).map(|q| Item::Quantity(Box::new(q))))
        }
        (Item::Integer(a), Item::Integer(b)) => Ok(integer(a.checked_add(*b))),
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => {
                engine.reckon(call.location, a.extent() + b.extent())?;
                Ok(a.plus(&b).map(Item::Decimal))
            }
            _ => engine.wrong_type(call, b),
        },
    }
}
