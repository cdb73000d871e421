//! Whether there is something, how much of it, and of what (N1, section 5.1).

use super::{Call, Engine, EvalResult, FlowResult, LogicResult, ScalarResult, Scope, Sink};
use crate::error::EvalErrorKind;
use crate::item::Item;
use crate::syntax::Expr;

pub(crate) fn empty<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    Ok(Some(!engine.exists(call.source, call.scope)?))
}

/// The first item for which the criterion holds ends the search.
pub(crate) fn exists<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    match call.args.first() {
        None => engine.exists(call.source, call.scope),
        Some(criterion) => engine.search(call.source, criterion, call.scope, call.what(), true),
    }
    .map(Some)
}

pub(crate) fn all<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    let failed = engine.search(call.source, call.arg(0), call.scope, call.what(), false)?;
    Ok(Some(!failed))
}

pub(crate) fn all_true<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    any_is(engine, call, false).map(|any| Some(!any))
}

pub(crate) fn any_true<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    any_is(engine, call, true).map(Some)
}

pub(crate) fn all_false<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    any_is(engine, call, true).map(|any| Some(!any))
}

pub(crate) fn any_false<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    any_is(engine, call, false).map(Some)
}

/// Whether any item is this boolean. All are looked at: every one must be a boolean.
fn any_is<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>, wanted: bool) -> EvalResult<bool> {
    let mut found = false;
    engine.visit(call.source, call.scope, &mut |item| {
        engine.step(call.location)?;
        match engine.value_of(item) {
            Some(Item::Boolean(b)) => found |= b == wanted,
            None => {}
            Some(other) => {
                let found = other.type_name(engine.env.model).into_owned();
                return engine
                    .fail(call.location, EvalErrorKind::Type { what: call.what(), found });
            }
        }
        Ok(true)
    })?;
    Ok(found)
}

pub(crate) fn subset_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    let own = engine.source_items(call)?;
    let other = engine.collect(call.arg(0), call.scope)?;
    engine.is_subset(call.location, &own, &other).map(Some)
}

pub(crate) fn superset_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    let own = engine.source_items(call)?;
    let other = engine.collect(call.arg(0), call.scope)?;
    engine.is_subset(call.location, &other, &own).map(Some)
}

pub(crate) fn count<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let count = engine.count(call.source, call.scope)?;
    Ok(Some(Item::Integer(i64::try_from(count).unwrap_or(i64::MAX))))
}

pub(crate) fn distinct<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let all = engine.source_items(call)?;
    engine.pass(engine.distinct(call.location, all)?, sink)
}

pub(crate) fn is_distinct<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    let all = engine.source_items(call)?;
    let count = all.len();
    Ok(Some(engine.distinct(call.location, all)?.len() == count))
}

pub(crate) fn not<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    Ok(engine.condition(call.source, call.scope, call.what())?.map(|b| !b))
}

impl<'a> Engine<'_, 'a> {
    /// Whether any item meets the criterion (`wanted`), or fails it (`!wanted`).
    pub(super) fn search(
        &self,
        source: &'a Expr,
        criterion: &'a Expr,
        s: Scope<'_, 'a>,
        what: &'static str,
        wanted: bool,
    ) -> EvalResult<bool> {
        let mut found = false;
        let mut index = 0;
        self.visit(source, s, &mut |item| {
            self.step(criterion.location)?;
            let holds =
                self.enclosed(|| self.condition(criterion, s.on(item, index), what))? == Some(true);
            index += 1;
            found = holds == wanted;
            Ok(!found)
        })?;
        Ok(found)
    }
}
