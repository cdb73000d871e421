//! Identifiers: systems that are addresses, values that are URIs.

use std::sync::LazyLock;

use lmr_fhir::{Element, Name};

use super::context::Context;
use super::primitive;
use crate::compile::Def;
use crate::messages::Message;

static SYSTEM: LazyLock<Name> = LazyLock::new(|| Name::new("system"));
static VALUE: LazyLock<Name> = LazyLock::new(|| Name::new("value"));

/// The system is absolute, and that of a URI is `urn:ietf:rfc:3986`.
pub(crate) fn check<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>) {
    let system = item.child(&SYSTEM).and_then(Element::text);
    let value = item.child(&VALUE).and_then(Element::text);
    let Some(system) = system.filter(|s| !s.is_empty()) else { return };
    // White space around it or in it is reported of the address itself.
    let written = system.trim();
    let begins = written.split(' ').next().unwrap_or_default();
    if !primitive::is_absolute(begins) {
        cx.report(Message::IdentifierSystem, item.node(), def.profile);
        return;
    }
    let value = value.unwrap_or_default();
    if &*system == "urn:ietf:rfc:3986" {
        if !value.is_empty() && !primitive::is_absolute(&value) {
            cx.report(Message::IdentifierIetf, item.node(), def.profile);
        }
    } else if system.contains("ietf.org/html/rfc4122") {
        if primitive::is_uuid(value.to_lowercase()) {
            cx.report(
                Message::IdentifierIetfWrong2 {
                    system: system.into_owned().into(),
                    value: value.into_owned().into(),
                },
                item.node(),
                def.profile,
            );
        } else {
            cx.report(
                Message::IdentifierIetfWrong { system: system.into_owned().into() },
                item.node(),
                def.profile,
            );
        }
    }
}
