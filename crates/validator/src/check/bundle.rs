//! Rules of bundles by type.
//! Rule: <https://hl7.org/fhir/R4/bundle.html>; conditions and severities are
//! the reference validator's.

pub(crate) mod entries;
pub(crate) mod full_url;
pub(crate) mod led_by;
pub(crate) mod link;
pub(crate) mod messages;
pub(crate) mod search;

use std::borrow::Cow;

use lmr_fhir::{Element, Name};

use super::context::Context;
use entries::Links;

/// The entries of the bundle that is validated: the document's are known already.
pub(crate) fn entries_of<'a>(cx: &Context<'a>) -> Option<Cow<'a, Links<'a>>> {
    match &cx.shared.links {
        Some(links) if cx.resource.is_same(cx.shared.document.root_element()) => {
            Some(Cow::Borrowed(links))
        }
        _ => Links::of(cx.resource, cx.options).map(Cow::Owned),
    }
}

/// Text of a child, for rare look-ups.
fn text_of<'a>(item: Element<'a>, child: &str) -> Option<Cow<'a, str>> {
    item.child(&Name::new(child))?.text()
}
