//! Parts of collections, and collections put together (N1, sections 5.3 and 5.4).

use super::set::Set;
use super::{Call, Engine, FlowResult, ScalarResult, Sink};

pub(crate) fn single<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    engine.single(call.source, call.scope, call.what())
}

pub(crate) fn first<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let mut first = None;
    engine.stream(call.source, call.scope, &mut |item| {
        first = Some(item);
        Ok(false)
    })?;
    Ok(first)
}

pub(crate) fn last<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let mut last = None;
    engine.stream(call.source, call.scope, &mut |item| {
        engine.step(call.location)?;
        last = Some(item);
        Ok(true)
    })?;
    Ok(last)
}

pub(crate) fn tail<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    pass_after(engine, call, 1, sink)
}

pub(crate) fn skip<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    match engine.argument_integer(call, 0)? {
        Some(count) => pass_after(engine, call, usize::try_from(count).unwrap_or(0), sink),
        None => Ok(true),
    }
}

fn pass_after<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    count: usize,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let mut index = 0;
    engine.stream(call.source, call.scope, &mut |item| {
        engine.step(call.location)?;
        index += 1;
        if index > count { sink(item) } else { Ok(true) }
    })
}

pub(crate) fn take<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let Some(count) = engine.argument_integer(call, 0)? else { return Ok(true) };
    let count = usize::try_from(count).unwrap_or(0);
    if count == 0 {
        return Ok(true);
    }
    let mut index = 0;
    let mut enough = false;
    engine.stream(call.source, call.scope, &mut |item| {
        index += 1;
        enough = !sink(item)?;
        Ok(!enough && index < count)
    })?;
    Ok(!enough)
}

pub(crate) fn intersect<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let own = engine.source_items(call)?;
    let other = Set::of(engine, call.location, &engine.argument_items(call, 0)?)?;
    for item in engine.distinct(call.location, own)? {
        if other.contains(engine, call.location, &item)? && !sink(item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(crate) fn exclude<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let other = Set::of(engine, call.location, &engine.argument_items(call, 0)?)?;
    engine.stream(call.source, call.scope, &mut |item| {
        engine.step(call.location)?;
        if other.contains(engine, call.location, &item)? { Ok(true) } else { sink(item) }
    })
}

pub(crate) fn union<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let mut all = engine.source_items(call)?;
    all.extend(engine.argument_items(call, 0)?);
    engine.pass(engine.distinct(call.location, all)?, sink)
}

pub(crate) fn combine<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let mut all = engine.source_items(call)?;
    all.extend(engine.argument_items(call, 0)?);
    engine.pass(all, sink)
}
