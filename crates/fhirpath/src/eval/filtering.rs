//! Filtering and projection (N1, section 5.2).

use std::cmp::Ordering;

use smallvec::SmallVec;

use super::set::Set;
use super::{Call, Engine, EvalResult, FlowResult, Sink};
use crate::item::Item;
use crate::syntax::{Expr, Kind};

/// `where()`
pub(crate) fn filter<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let (criterion, what) = (call.arg(0), call.what());
    let mut index = 0;
    engine.stream(call.source, call.scope, &mut |item| {
        engine.step(call.location)?;
        let inner = call.scope.on(&item, index);
        let holds = engine.enclosed(|| engine.condition(criterion, inner, what))?;
        index += 1;
        if holds == Some(true) { sink(item) } else { Ok(true) }
    })
}

pub(crate) fn select<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let projection = call.arg(0);
    let mut index = 0;
    engine.stream(call.source, call.scope, &mut |item| {
        engine.step(call.location)?;
        let at = index;
        index += 1;
        engine.enclosed(|| engine.stream(projection, call.scope.on(&item, at), sink))
    })
}

pub(crate) fn repeat<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    repeated(engine, call, true, sink)
}

pub(crate) fn repeat_all<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    repeated(engine, call, false, sink)
}

/// Applies the projection to its own results until nothing new comes.
fn repeated<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    unique: bool,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let (location, projection) = (call.location, call.arg(0));
    let mut queue: Vec<Item<'a>> = engine.source_items(call)?.into_vec();
    let mut seen = Set::new();
    let mut next = 0;
    while let Some(item) = queue.get(next).map(|item| engine.copy(item)) {
        let mut fresh: SmallVec<[Item<'a>; 2]> = SmallVec::new();
        engine.enclosed(|| {
            engine.stream(projection, call.scope.on(&item, next), &mut |found| {
                engine.step(location)?;
                if !unique || seen.insert(engine, location, engine.copy(&found))? {
                    fresh.push(found);
                }
                Ok(true)
            })
        })?;
        next += 1;
        for item in fresh {
            if !sink(engine.copy(&item))? {
                return Ok(false);
            }
            queue.push(item);
        }
    }
    Ok(true)
}

/// The first argument that yields anything.
pub(crate) fn coalesce<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    for index in 0..call.args.len() {
        let items = engine.argument_items(call, index)?;
        if !items.is_empty() {
            return engine.pass(items, sink);
        }
    }
    Ok(true)
}

/// A key, and whether it sorts downwards; without an expression the item itself.
type Key<'a> = (Option<&'a Expr>, bool);

/// Sorts by each key in turn; a key with a minus in front sorts downwards. Items without a key
/// come first.
pub(crate) fn sort<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let items = engine.source_items(call)?;
    let keys = sort_keys(call.args);
    let mut rows = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let mut row: SmallVec<[Option<Item<'a>>; 2]> = SmallVec::new();
        for (key, _) in &keys {
            row.push(match key {
                None => Some(engine.copy(&item)),
                Some(key) => engine.enclosed(|| {
                    engine.single_value(key, call.scope.on(&item, index), call.what())
                })?,
            });
        }
        rows.push((row, item));
    }
    let rounds = rows.len().checked_ilog2().unwrap_or(0) as usize;
    engine.steps(call.location, rows.len() * rounds * keys.len())?;
    let order = |a: &Row<'a>, b: &Row<'a>| compare_rows(engine, call, &keys, a, b);
    engine.pass(merge_sort(rows, &order)?.into_iter().map(|(_, item)| item), sink)
}

fn sort_keys(args: &[Expr]) -> SmallVec<[Key<'_>; 2]> {
    if args.is_empty() {
        return SmallVec::from_slice(&[(None, false)]);
    }
    args.iter()
        .map(|key| match &key.kind {
            Kind::Negate(inner) => (Some(&**inner), true),
            _ => (Some(key), false),
        })
        .collect()
}

fn compare_rows<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    keys: &[Key<'a>],
    a: &Row<'a>,
    b: &Row<'a>,
) -> EvalResult<Ordering> {
    for ((x, y), (_, down)) in a.0.iter().zip(&b.0).zip(keys) {
        let order = match (x, y) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) => {
                engine.compare(call.location, call.what(), x, y)?.unwrap_or(Ordering::Equal)
            }
        };
        if order.is_ne() {
            return Ok(if *down { order.reverse() } else { order });
        }
    }
    Ok(Ordering::Equal)
}

/// The keys of an item, and the item.
type Row<'a> = (SmallVec<[Option<Item<'a>>; 2]>, Item<'a>);

/// Stable. The standard sort panics where an order is not total, as that of dates with different
/// precision is not, and cannot hand on an error.
fn merge_sort<T>(
    mut rows: Vec<T>,
    order: &impl Fn(&T, &T) -> EvalResult<Ordering>,
) -> EvalResult<Vec<T>> {
    if rows.len() < 2 {
        return Ok(rows);
    }
    let right = rows.split_off(rows.len() / 2);
    let mut right = merge_sort(right, order)?.into_iter().peekable();
    let mut left = merge_sort(rows, order)?.into_iter().peekable();
    let mut out = Vec::with_capacity(left.len() + right.len());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from_right = order(b, a)?.is_lt();
        out.extend(if from_right { right.next() } else { left.next() });
    }
    out.extend(left);
    out.extend(right);
    Ok(out)
}
