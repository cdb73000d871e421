//! Which elements of a narrative may be in which: paragraphs and tables as HTML has them.
//! Rule: <https://hl7.org/fhir/R4/narrative.html#xhtml>; the combinations follow the reference validator.

use std::collections::HashMap;

use crate::check::xhtml::{XKind, Xhtml};
use crate::messages::Message;

/// Elements that hold text only, and no blocks.
const PARAGRAPHS: &[&str] =
    &["p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "address", "span", "caption", "dd", "dt"];
/// Elements within a line of text: no blocks, and not themselves again.
const INLINE: &[&str] = &[
    "a", "b", "em", "i", "strong", "small", "big", "sub", "sup", "code", "tt", "dfn", "q", "var",
    "abbr", "acronym", "cite", "bdo", "kbd", "samp",
];
/// Blocks that do not belong in text.
const BLOCKS: &[&str] = &["div", "pre", "table", "ul", "ol"];
/// Blocks that do not belong in a `p`.
const NOT_IN_P: &[&str] = &["div", "blockquote", "table", "ol", "ul", "p"];
const EMPTY: &[&str] = &["br", "img", "hr", "area"];

/// What alone may be in an element.
fn only(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "table" => &["tbody", "tr", "caption", "thead", "tfoot", "col", "colgroup"],
        "tr" => &["td", "th"],
        "tbody" | "thead" | "tfoot" => &["tr"],
        "ul" | "ol" => &["li"],
        "dl" => &["dd", "dt"],
        "map" => &["area"],
        _ => return None,
    })
}

/// Where alone an element may stand.
fn parents(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "tr" => &["table", "thead", "tfoot", "tbody"],
        "tbody" | "thead" | "tfoot" | "caption" | "colgroup" => &["table"],
        "col" => &["colgroup", "table"],
        "th" | "td" => &["tr", "thead", "tfoot"],
        "li" => &["ul", "ol"],
        "dd" | "dt" => &["dl"],
        _ => return None,
    })
}

/// Everything that is where it may not, each combination once.
pub(super) fn faults(xhtml: &Xhtml<'_>) -> Vec<Message> {
    let mut found = Vec::new();
    let mut add = |message: Message| {
        if !found.contains(&message) {
            found.push(message);
        }
    };
    for (at, node) in xhtml.nodes.iter().enumerate().skip(1) {
        let Some(parent) = node.parent else { continue };
        let holder = xhtml.nodes[parent].name().unwrap_or_default();
        let name = match &node.kind {
            XKind::Element { name, .. } => *name,
            XKind::Text(text) if text.trim().is_empty() => continue,
            XKind::Text(_) => "",
        };
        let path = || xhtml.path(parent).into();
        if EMPTY.contains(&holder) {
            add(Message::XhtmlNoChildren { element: holder.into(), path: path() });
        }
        if only(holder).is_some_and(|only| !only.contains(&name)) {
            add(Message::XhtmlIllegalChildren { element: holder.into(), path: path() });
        }
        if name.is_empty() {
            continue;
        }
        if parents(name).is_some_and(|parents| !parents.contains(&holder)) {
            let allowed = parents(name).unwrap_or_default().join(", ").into();
            let path = xhtml.path(at).into();
            add(Message::XhtmlOutOfPlace { element: name.into(), allowed, path });
        }
        let is_block = BLOCKS.contains(&name);
        let is_inline = INLINE.contains(&name);
        if !(is_block || is_inline || NOT_IN_P.contains(&name)) {
            continue;
        }
        let mut above = node.parent;
        // The outermost div is no part of any rule.
        while let Some(here) = above.filter(|here| *here > 0) {
            let outer = xhtml.nodes[here].name().unwrap_or_default();
            let path = || xhtml.path(here).into();
            if is_block && (PARAGRAPHS.contains(&outer) || INLINE.contains(&outer)) {
                add(Message::XhtmlBlockInPara { element: outer.into(), path: path() });
            }
            if outer == "p" && NOT_IN_P.contains(&name) {
                add(Message::XhtmlIllegalInPara { element: name.into() });
            }
            if is_inline && outer == name {
                add(Message::XhtmlRecursion { element: outer.into(), path: path() });
            }
            above = xhtml.nodes[here].parent;
        }
    }
    found
}

/// Ids and names of anchors that occur more than once.
pub(super) fn duplicates(xhtml: &Xhtml<'_>) -> Option<Message> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for node in xhtml.nodes.iter().skip(1) {
        let id = node.attribute("id");
        let name =
            node.attribute("name").filter(|name| node.name() == Some("a") && Some(*name) != id);
        for one in id.into_iter().chain(name) {
            *counts.entry(one).or_default() += 1;
        }
    }
    let mut several: Vec<&str> =
        counts.into_iter().filter(|(_, count)| *count > 1).map(|(id, _)| id).collect();
    several.sort_unstable();
    (!several.is_empty())
        .then(|| Message::XhtmlDuplicateIds { ids: several.join(", ").as_str().into() })
}
