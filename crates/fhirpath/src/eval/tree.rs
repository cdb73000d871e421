//! The tree below an item, and its types.

use super::{Call, Engine, FlowResult, Sink};
use crate::item::Item;

pub(crate) fn children<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    engine.stream(call.source, call.scope, &mut |item| {
        engine.step(call.location)?;
        match item {
            Item::Element(typed) => engine.children(typed, sink),
            _ => Ok(true),
        }
    })
}

/// Breadth first, as `repeat(children())` would find them.
pub(crate) fn descendants<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let mut queue: Vec<Item<'a>> = engine.source_items(call)?.into_vec();
    let mut next = 0;
    while let Some(item) = queue.get(next).cloned() {
        next += 1;
        let Item::Element(typed) = item else { continue };
        let go_on = engine.children(typed, &mut |child| {
            engine.step(call.location)?;
            queue.push(child.clone());
            sink(child)
        })?;
        if !go_on {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(crate) fn types<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    engine.stream(call.source, call.scope, &mut |item| {
        engine.step(call.location)?;
        let of = engine.type_of(&item);
        engine.charge(of.size());
        sink(of)
    })
}
