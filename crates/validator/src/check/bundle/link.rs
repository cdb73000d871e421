//! The links of a bundle: for paging, and none twice.

use std::collections::HashSet;

use lmr_fhir::{Element, Name};

use crate::check::context::Context;
use crate::compile::Profile;
use crate::messages::Message;

/// Paging belongs to search results and histories.
pub(crate) fn check<'a>(cx: &mut Context<'a>, kind: &str, base: &'a Profile) {
    let mut seen = HashSet::new();
    let links: Vec<Element<'a>> = cx.resource.children_named(&Name::new("link")).collect();
    for link in links {
        let Some(relation) = link.child(&Name::new("relation")) else { continue };
        let Some(text) = relation.text() else { continue };
        let paging = matches!(&*text, "first" | "previous" | "prev" | "next" | "last");
        if paging && kind != "searchset" && kind != "history" {
            cx.report(
                Message::BundleLinkProhibited {
                    relation: text.into_owned().into(),
                    bundle_type: kind.to_owned().into(),
                },
                relation.node(),
                base,
            );
        } else if !seen.insert(text.to_string()) && (paging || &*text == "self") {
            cx.report(
                Message::BundleLinkDuplicate { relation: text.into_owned().into() },
                relation.node(),
                base,
            );
        }
    }
}
