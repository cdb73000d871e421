//! The functions that FHIR adds (<https://hl7.org/fhir/R4/fhirpath.html#functions>).

use lmr_fhir::SourceLocation;

use super::{Engine, EvalResult, Scope, Sink};
use crate::error::Unavailable;
use crate::html;
use crate::item::Item;
use crate::model::Typed;
use crate::names;
use crate::syntax::{Expr, Function};

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
        let mut from = None;
        let reference: &str = match item {
            Item::String(reference) => reference,
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

    pub(super) fn fhir_test(
        &self,
        location: SourceLocation,
        function: Function,
        source: &'a Expr,
        args: &'a [Expr],
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<bool>> {
        use Function as F;
        let what = function.text();
        if let F::HtmlChecks | F::HtmlChecks2 = function {
            let Some(item) = self.single_value(source, s, what)? else { return Ok(None) };
            let Item::String(text) = &item else { return self.type_error(location, what, &item) };
            self.steps(location, text.len() / 16)?;
            return Ok(Some(match function {
                F::HtmlChecks => html::is_narrative(text),
                _ => html::has_content(text),
            }));
        }
        let Some(item) = self.single(source, s, what)? else { return Ok(None) };
        if function == F::HasExtension {
            let url = match args.first() {
                Some(arg) => self.text_arg(arg, s, what)?,
                None => None,
            };
            let (Some(url), Item::Element(typed)) = (url, item) else { return Ok(Some(false)) };
            let mut found = false;
            self.extensions(typed, &url, &mut |_| {
                found = true;
                Ok(false)
            })?;
            return Ok(Some(found));
        }
        let Some(host) = self.env.host else {
            return self.unavailable(location, what, Unavailable::Unsupported);
        };
        let answer = match (function, args.first()) {
            (F::MemberOf | F::ConformsTo, Some(arg)) => {
                let Some(url) = self.text_arg(arg, s, what)? else { return Ok(None) };
                if function == F::MemberOf {
                    host.member_of(&item, &url)
                } else {
                    host.conforms_to(&item, &url)
                }
            }
            (F::Subsumes | F::SubsumedBy, Some(arg)) => {
                let Some(other) = self.single(arg, s, what)? else { return Ok(None) };
                if function == F::Subsumes {
                    host.subsumes(&item, &other)
                } else {
                    host.subsumes(&other, &item)
                }
            }
            _ => Err(Unavailable::Unsupported),
        };
        match answer {
            Ok(b) => Ok(Some(b)),
            Err(why) => self.unavailable(location, what, why),
        }
    }
}
