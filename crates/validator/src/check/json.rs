//! The JSON of a primitive element: one simple value of the right kind.

pub(crate) mod messages;

use lmr_fhir::{Element, Kind, Node};

use super::context::Context;
use super::primitive::{Json, Primitive};
use super::shared::kind_name;
use crate::compile::Def;
use crate::messages::Message;

/// A primitive is neither an object nor an array.
#[inline]
pub(crate) fn check_simple<'a>(cx: &mut Context<'a>, node: Node<'a>, def: Def<'a>) -> bool {
    if !matches!(node.kind(), Kind::Object | Kind::Array) {
        return true;
    }
    let (found, property) = (kind_name(node.kind()), def.element().name().into());
    cx.report(Message::MustBeSimple { found, property }, node, def.profile);
    false
}

/// Numbers and booleans are written as such, all others as strings.
#[inline]
pub(crate) fn check_kind<'a>(cx: &mut Context<'a>, node: Node<'a>, kind: Primitive, def: Def<'a>) {
    let message = match (kind.json(), node.kind()) {
        (Json::Boolean, Kind::Boolean)
        | (Json::Number, Kind::Number)
        | (Json::String, Kind::String) => return,
        // Reported where it was read.
        (_, Kind::Bare) => return,
        (Json::Boolean, _) => Message::JsonNotBoolean,
        (Json::Number, _) => Message::JsonNotNumber,
        (Json::String, _) => Message::JsonNotString,
    };
    cx.report(message, node, def.profile);
}

/// The companion of an element is never empty, and where the value is missing it is all there is.
#[inline]
pub(crate) fn check_value_or_extension<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>) {
    let is_empty = |node: Node<'_>| match node.kind() {
        Kind::Array => node.members().next().is_none(),
        kind => kind == Kind::Null,
    };
    let holds_nothing = |companion: &Node<'_>| {
        companion.members().next().is_none()
            || (!item.has_value() && companion.members().all(is_empty))
    };
    let Some(companion) = item.sibling().filter(holds_nothing) else { return };
    if !item.has_value() {
        cx.report(Message::PrimitiveValueExt, item.node(), def.profile);
    } else if companion.kind() == Kind::Object {
        cx.report(Message::JsonEmptyObject, companion, def.profile);
    }
}
