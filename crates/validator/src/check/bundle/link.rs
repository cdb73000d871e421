//! The links of a bundle: for paging, and none twice; the style sheets of a document.

use std::collections::HashSet;

use lmr_fhir::{Element, Name};

use super::entries::Links;
use super::text_of;
use crate::check::context::Context;
use crate::check::primitive;
use crate::compile::Profile;
use crate::messages::Message;

/// Paging belongs to search results and histories.
pub(crate) fn check<'a>(cx: &mut Context<'a>, entries: &Links<'a>, base: &'a Profile) {
    let kind = &*entries.kind;
    let is_paged = matches!(kind, "searchset" | "history");
    let mut seen = HashSet::new();
    let links: Vec<Element<'a>> = cx.resource.children_named(&Name::new("link")).collect();
    for link in links {
        let Some(relation) = link.child(&Name::new("relation")) else { continue };
        let Some(text) = relation.text() else { continue };
        let paging = matches!(&*text, "first" | "previous" | "prev" | "next" | "last");
        if kind == "document" && &*text == "stylesheet" {
            style_sheet(cx, link, entries, base);
        }
        if paging && !is_paged {
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
                // As the reference, which says it of pages elsewhere.
                if is_paged { link.node() } else { relation.node() },
                base,
            );
        }
    }
}

/// The style sheet that HL7 publishes for documents.
const HL7_STYLE_SHEET: &str = "https://hl7.org/fhir/fhir.css";

/// A style sheet of a document is one of its entries by a relative address, or HL7's.
/// Rule: <https://hl7.org/fhir/R4/documents.html>.
fn style_sheet<'a>(
    cx: &mut Context<'a>,
    link: Element<'a>,
    entries: &Links<'a>,
    base: &'a Profile,
) {
    let Some(url) = link.child(&Name::new("url")) else { return };
    let Some(text) = text_of(link, "url") else { return };
    // An empty address has been reported as that.
    if text.is_empty() || &*text == HL7_STYLE_SHEET {
        return;
    }
    let value = || text.to_string().into();
    if !primitive::is_absolute(&text) {
        if style_sheet_entry(entries, &text).is_none() {
            cx.report(Message::BundleStyleSheetNotFound { url: value() }, url.node(), base);
        }
        return;
    }
    cx.report(Message::BundleStyleSheetExternal { url: value() }, url.node(), base);
    if text.starts_with("http:") {
        cx.report(Message::BundleStyleSheetInsecure { url: value() }, url.node(), base);
    } else if !text.starts_with("https:") && !text.starts_with("ftp:") {
        cx.report(Message::BundleStyleSheetLinkable { url: value() }, url.node(), base);
    }
}

/// The entry that a relative address of a style sheet means, seen from the document's first.
fn style_sheet_entry(entries: &Links<'_>, url: &str) -> Option<u32> {
    let from = entries.entries.first().and_then(|first| first.full_url.as_deref());
    entries.seek(url, from).matches.first().copied()
}

/// The entries that a document's links lead to: style sheets.
pub(super) fn linked<'a>(cx: &Context<'a>, entries: &Links<'a>) -> Vec<u32> {
    cx.resource
        .children_named(&Name::new("link"))
        .filter(|link| text_of(*link, "relation").as_deref() == Some("stylesheet"))
        .filter_map(|link| style_sheet_entry(entries, &text_of(link, "url")?))
        .collect()
}
