//! Choice, accumulation, variables, trace.

use std::rc::Rc;

use super::{Call, Engine, FlowResult, Scope, Sink};
use crate::error::EvalErrorKind;
use crate::item::{Collection, Item};
use crate::syntax::Kind;

/// Only the branch that is chosen is evaluated. On a source of its own (`x.iif(…)`) the branches see
/// that as `$this`.
pub(crate) fn iif<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let is_implicit = matches!(call.source.kind, Kind::Focus);
    let own = if is_implicit { Collection::new() } else { engine.source_items(call)? };
    if own.len() > 1 {
        let kind = EvalErrorKind::NotSingle { what: call.what(), found: own.len() };
        return engine.fail(call.location, kind);
    }
    let scope = if is_implicit { call.scope } else { Scope { this: &own, ..call.scope } };
    let criterion = call.arg(0);
    let holds = match engine.single_value(criterion, scope, call.what())? {
        Some(Item::Boolean(b)) => b,
        None => false,
        Some(other) => return engine.type_error(criterion.location, call.what(), &other),
    };
    engine.stream(call.arg(if holds { 1 } else { 2 }), scope, sink)
}

pub(crate) fn aggregate<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let mut total = engine.collect(call.arg(1), call.scope)?;
    let mut index = 0;
    engine.stream(call.source, call.scope, &mut |item| {
        engine.step(call.location)?;
        let inner = Scope { total: Some(&total), ..call.scope.on(&item, index) };
        let next = engine.enclosed(|| engine.collect(call.arg(0), inner))?;
        total = next;
        index += 1;
        Ok(true)
    })?;
    engine.pass(total, sink)
}

/// Only the number of items reaches the host, never the items.
pub(crate) fn trace<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let Some(name) = engine.argument_text(call, 0)? else {
        return engine.fail(call.location, EvalErrorKind::Argument { what: call.what() });
    };
    let items = engine.source_items(call)?;
    let mut count = items.len();
    if let Some(projection) = call.args.get(1) {
        count = 0;
        for (i, item) in items.iter().enumerate() {
            count += engine.enclosed(|| engine.count(projection, call.scope.on(item, i)))?;
        }
    }
    if let Some(host) = engine.env.host {
        host.trace(&name, count);
    }
    engine.pass(items, sink)
}

pub(crate) fn define_variable<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let Some(name) = engine.argument_text(call, 0)? else {
        return engine.fail(call.location, EvalErrorKind::Argument { what: call.what() });
    };
    let items = engine.source_items(call)?;
    let value = match call.args.get(1) {
        Some(value) => {
            engine.enclosed(|| engine.collect(value, Scope { this: &items, ..call.scope }))?
        }
        None => items.iter().map(|item| engine.copy(item)).collect(),
    };
    let reserved =
        matches!(&*name, "context" | "resource" | "rootResource" | "ucum" | "sct" | "loinc");
    if reserved || engine.variables.borrow().iter().any(|v| v.0 == name) {
        let kind = EvalErrorKind::DuplicateVariable(name.into_owned());
        return engine.fail(call.location, kind);
    }
    engine.variables.borrow_mut().push((name.into_owned(), Rc::new(value)));
    engine.pass(items, sink)
}
