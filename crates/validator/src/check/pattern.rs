//! The form that a definition gives a value by a regular expression (extension `regex`).

use lmr_fhir::Element;

use super::context::Context;
use super::primitive;
use crate::compile::{Def, TypeRule};
use crate::messages::Message;
use crate::messages::field::{Text, Value};

/// The element's own form, then its type's.
pub(crate) fn check<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    def: Def<'a>,
    ty: Option<&'a TypeRule>,
) {
    if let Some(pattern) = &def.element().regex {
        matches(cx, item, pattern, false, def);
    }
    if let Some(pattern) = ty.and_then(|ty| ty.of.regex.as_ref()) {
        matches(cx, item, pattern, true, def);
    }
}

/// Of the whole value.
fn matches<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    pattern: &str,
    of_type: bool,
    def: Def<'a>,
) {
    let Some(text) = item.text() else { return };
    let matches = match cx.profiles.pattern(pattern) {
        Ok(regex) => regex.is_match(&text).map_err(|error| error.to_string()),
        Err(fault) => Err(fault.to_string()),
    };
    match matches {
        Ok(true) => {}
        Ok(false) => {
            let (value, pattern) = (Value::from(primitive::shown(&text)), pattern.into());
            let message = if of_type {
                let type_name = def.rule.types.first().map_or("", TypeRule::name).into();
                Message::PrimitiveRegexType { value, type_name, pattern }
            } else {
                Message::PrimitiveRegex { value, pattern }
            };
            cx.report(message, item.node(), def.profile);
        }
        // What cannot be tested is reported, never passed.
        Err(reason) => {
            let (rule, reason) = (format!("regex: {pattern}").into(), Text::defined(reason));
            let message = Message::ConstraintCannotEvaluate { rule, reason };
            cx.report(message, item.node(), def.profile);
        }
    }
}
