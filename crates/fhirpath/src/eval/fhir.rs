//! The functions that FHIR adds (<https://hl7.org/fhir/R4/fhirpath.html#functions>).

use lmr_fhir::SourceLocation;

use super::{Call, Engine, EvalResult, FlowResult, LogicResult, ScalarResult, Sink};
use crate::env::Host;
use crate::error::Unavailable;
use crate::html;
use crate::item::Item;
use crate::model::Typed;
use crate::names;

/// What it takes to look for a code beyond reading the item.
const MEMBER_STEPS: usize = 16;

/// What it takes to check a resource by a profile beyond reading it.
const PROFILE_STEPS: usize = 100;

pub(crate) fn extension<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let Some(url) = engine.argument_text(call, 0)? else { return Ok(true) };
    engine.stream(call.source, call.scope, &mut |item| {
        engine.step(call.location)?;
        match item {
            Item::Element(typed) => engine.extensions(typed, &url, sink),
            _ => Ok(true),
        }
    })
}

pub(crate) fn has_extension<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    let Some(item) = engine.single(call.source, call.scope, call.what())? else { return Ok(None) };
    let url = engine.argument_text(call, 0)?;
    let (Some(url), Item::Element(typed)) = (url, item) else { return Ok(Some(false)) };
    let mut found = false;
    engine.extensions(typed, &url, &mut |_| {
        found = true;
        Ok(false)
    })?;
    Ok(Some(found))
}

/// Whether there is one item, and it has a value.
pub(crate) fn has_value<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    let mut count = 0;
    let mut valued = false;
    engine.visit(call.source, call.scope, &mut |item| {
        count += 1;
        valued = match item {
            Item::Element(typed) => typed.element.has_value(),
            _ => true,
        };
        Ok(count < 2)
    })?;
    Ok(Some(count == 1 && valued))
}

pub(crate) fn get_value<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    Ok(engine.source_value(call)?.filter(|value| value.as_element().is_none()))
}

pub(crate) fn resolve<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    engine.stream(call.source, call.scope, &mut |item| {
        engine.step(call.location)?;
        match engine.resolve(call.location, &item)? {
            Some(target) => sink(Item::Element(target)),
            None => Ok(true),
        }
    })
}

pub(crate) fn member_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    ask_about_url(engine, call, MEMBER_STEPS, Host::member_of)
}

pub(crate) fn conforms_to<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    ask_about_url(engine, call, PROFILE_STEPS, Host::conforms_to)
}

pub(crate) fn subsumes<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    ask_about_pair(engine, call, Host::subsumes)
}

pub(crate) fn subsumed_by<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    ask_about_pair(engine, call, |host, own, other| host.subsumes(other, own))
}

/// What a host reads to answer about an item.
fn raw_size(item: &Item<'_>) -> usize {
    match item {
        Item::Element(typed) => typed.element.value().map_or(0, |node| node.raw().len()),
        Item::String(text) => text.len(),
        _ => 0,
    }
}

fn ask_about_url<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    steps: usize,
    ask: impl Fn(&(dyn Host<'a> + 'a), &Item<'a>, &str) -> Result<bool, Unavailable>,
) -> LogicResult {
    let Some(item) = engine.single(call.source, call.scope, call.what())? else { return Ok(None) };
    let host = host(engine, call)?;
    let Some(url) = engine.argument_text(call, 0)? else { return Ok(None) };
    engine.steps(call.location, steps + raw_size(&item) / 8)?;
    answer(engine, call, ask(host, &item, &url))
}

fn ask_about_pair<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    ask: impl Fn(&(dyn Host<'a> + 'a), &Item<'a>, &Item<'a>) -> Result<bool, Unavailable>,
) -> LogicResult {
    let Some(item) = engine.single(call.source, call.scope, call.what())? else { return Ok(None) };
    let host = host(engine, call)?;
    let Some(other) = engine.single(call.arg(0), call.scope, call.what())? else { return Ok(None) };
    let size = raw_size(&item) + raw_size(&other);
    engine.steps(call.location, MEMBER_STEPS + size / 8)?;
    answer(engine, call, ask(host, &item, &other))
}

fn host<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> EvalResult<&'a (dyn Host<'a> + 'a)> {
    match engine.env.host {
        Some(host) => Ok(host),
        None => engine.unavailable(call.location, call.what(), Unavailable::Unsupported),
    }
}

fn answer<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    answer: Result<bool, Unavailable>,
) -> LogicResult {
    match answer {
        Ok(b) => Ok(Some(b)),
        Err(why) => engine.unavailable(call.location, call.what(), why),
    }
}

pub(crate) fn html_checks<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    check_html(engine, call, html::is_narrative)
}

pub(crate) fn html_checks2<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    check_html(engine, call, html::has_content)
}

fn check_html<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    check: impl Fn(&str) -> bool,
) -> LogicResult {
    let Some(item) = engine.source_value(call)? else { return Ok(None) };
    let Item::String(text) = &item else { return engine.wrong_type(call, &item) };
    engine.steps(call.location, text.len() / 16)?;
    Ok(Some(check(text)))
}

/// R4 names the function, but which modifiers an evaluator knows is for its host to say, and no
/// host is asked.
pub(crate) fn check_modifiers<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    match engine.single(call.source, call.scope, call.what())? {
        Some(_) => engine.unavailable(call.location, call.what(), Unavailable::Unsupported),
        None => Ok(None),
    }
}

/// R4 names the function, no published invariant uses it, and [`crate::Model`] holds no
/// ElementDefinitions.
pub(crate) fn element_definition<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    _: Sink<'_, 'a>,
) -> FlowResult {
    engine.unavailable(call.location, call.what(), Unavailable::Unsupported)
}

/// As [`element_definition`].
pub(crate) fn slice<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    _: Sink<'_, 'a>,
) -> FlowResult {
    engine.unavailable(call.location, call.what(), Unavailable::Unsupported)
}

impl<'a> Engine<'_, 'a> {
    /// The extensions of an element with this URL.
    pub(super) fn extensions(
        &self,
        typed: Typed<'a>,
        url: &str,
        sink: Sink<'_, 'a>,
    ) -> EvalResult<bool> {
        self.named_children(typed, &names::EXTENSION, &mut |item| {
            let found = match &item {
                Item::Element(extension) => extension
                    .element
                    .child(&names::URL)
                    .and_then(lmr_fhir::Element::text)
                    .is_some_and(|u| u == url),
                _ => false,
            };
            if found { sink(item) } else { Ok(true) }
        })
    }

    /// The resource that a Reference, canonical or uri refers to; nothing for other items.
    pub(super) fn resolve(
        &self,
        location: SourceLocation,
        item: &Item<'a>,
    ) -> EvalResult<Option<Typed<'a>>> {
        let text;
        let from;
        let reference: &str = match item {
            Item::String(reference) => {
                // A text is nowhere: it is read as one of the resource.
                from = self.env.resource;
                reference
            }
            Item::Element(typed) => {
                from = Some(*typed);
                let holder = match typed.element.child(&names::REFERENCE) {
                    Some(reference) => reference,
                    None if typed.element.has_value() => typed.element,
                    None => return Ok(None),
                };
                match holder.text() {
                    Some(found) => {
                        text = found;
                        &text
                    }
                    None => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
        let Some(host) = self.env.host else {
            return self.unavailable(location, "resolve()", Unavailable::Unsupported);
        };
        match host.resolve(reference, from) {
            Ok(target) => Ok(target),
            Err(why) => self.unavailable(location, "resolve()", why),
        }
    }
}
