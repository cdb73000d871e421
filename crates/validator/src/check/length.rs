//! The least and the greatest length of a value.
//! Rule: <https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.maxLength>.

use lmr_fhir::Element;

use super::context::Context;
use crate::compile::Def;
use crate::messages::Message;

/// Counts characters, not bytes.
pub(crate) fn check<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>) {
    if let Some(max) = def.element().max_length
        && let Some(text) = item.text()
        && text.chars().count() > max as usize
    {
        cx.report(Message::PrimitiveLength { limit: max as usize }, item.node(), def.profile);
    }
    if let Some(min) = def.element().min_length
        && let Some(text) = item.text()
        && text.chars().count() < min as usize
    {
        cx.report(Message::PrimitiveTooShort { limit: min as usize }, item.node(), def.profile);
    }
}
