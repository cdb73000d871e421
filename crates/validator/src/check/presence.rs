//! Primitives that must have a value, or an extension in place of it.
//! Rule: <https://hl7.org/fhir/R5/elementdefinition-definitions.html#ElementDefinition.mustHaveValue>.

use lmr_fhir::Element;

use super::context::Context;
use super::extension::url_of;
use crate::compile::Defs;
use crate::messages::Message;

/// An element without a value: whether extensions may take its place.
pub(crate) fn check<'a>(cx: &mut Context<'a>, item: Element<'a>, defs: &Defs<'a>) {
    for def in defs {
        let element = def.element();
        let (path, profile) = ((&*element.id).into(), (&def.profile.canonical).into());
        if element.must_have_value {
            let message = Message::MustHaveValue { element: path, profile };
            cx.report(message, item.node(), def.profile);
        } else if !element.value_alternatives.is_empty()
            && !item.children().any(|child| {
                child.name() == Some("extension")
                    && url_of(child)
                        .is_some_and(|url| element.value_alternatives.iter().any(|a| **a == *url))
            })
        {
            let alternatives = element.value_alternatives.join(", ").into();
            let message = Message::ValueAlternatives { element: path, alternatives, profile };
            cx.report(message, item.node(), def.profile);
        }
    }
}
