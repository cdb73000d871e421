//! The markup of a narrative, which JSON has without what is declared around it.

use std::borrow::Cow;

use quick_xml::events::Event;

use super::XHTML;
use super::error::XmlErrorKind;
use super::events::Events;
use super::read::Fault;

/// The markup of the narrative whose start tag was read last. It stays as written unless it has prefixes or leaves its
/// namespace to be declared outside.
pub(super) fn narrative<'x>(events: &mut Events<'x>, has_end: bool) -> Result<Cow<'x, str>, Fault> {
    let at = events.at();
    let declares = events.attributes().iter().any(|found| found.declares() == Some(""));
    let mut is_plain = declares && has_no_prefix(events);
    let mut depth = usize::from(has_end);
    while depth > 0 {
        match events.next()? {
            Event::Start(_) => {
                is_plain &= has_no_prefix(events);
                depth += 1;
            }
            Event::Empty(_) => is_plain &= has_no_prefix(events),
            Event::End(_) => depth -= 1,
            Event::Eof => return Err((XmlErrorKind::UnexpectedEnd, events.text().len())),
            _ => {}
        }
    }
    let markup = &events.text()[at..events.end()];
    if is_plain {
        return Ok(Cow::Borrowed(markup));
    }
    let written = without_prefixes(events.again(markup));
    written.map(Cow::Owned).map_err(|(kind, further)| (kind, at + further))
}

/// Whether the last start tag needs no declaration but that of the default namespace.
fn has_no_prefix(events: &Events<'_>) -> bool {
    !events.has_prefix()
        && events
            .attributes()
            .iter()
            .all(|found| matches!(found.prefix(), None | Some("xml" | "xmlns")))
}

/// Writes markup with its elements in the default namespace, and what prefixes of attributes mean beside them.
fn without_prefixes(mut events: Events<'_>) -> Result<String, Fault> {
    let mut out = String::with_capacity(events.text().len() + XHTML.len());
    // The default namespace inside of each element that is open.
    let mut defaults: Vec<String> = vec![String::new()];
    loop {
        let event = events.next()?;
        match event {
            Event::Eof => return Ok(out),
            Event::Start(_) | Event::Empty(_) => {
                let namespace = events.namespace().unwrap_or_default();
                out.extend(["<", events.local_name()]);
                if defaults.last().is_none_or(|around| around != namespace) {
                    declare(&mut out, "xmlns", namespace);
                }
                let is_open = matches!(event, Event::Start(_));
                if is_open {
                    defaults.push(namespace.to_owned());
                }
                attributes(&events, &mut out);
                out.push_str(if is_open { ">" } else { "/>" });
            }
            Event::End(end) => {
                defaults.pop();
                out.extend(["</", end.local_name().as_ref(), ">"]);
            }
            _ => out.push_str(&events.text()[events.at()..events.end()]),
        }
    }
}

fn attributes(events: &Events<'_>, out: &mut String) {
    let mut declared: Vec<&str> = Vec::new();
    for attribute in events.attributes() {
        if attribute.declares().is_some() {
            continue;
        }
        if let Some(prefix) = attribute.prefix()
            && prefix != "xml"
            && !declared.contains(&prefix)
        {
            declared.push(prefix);
            let namespace = events.namespace_of(attribute).unwrap_or_default();
            declare(out, &format!("xmlns:{prefix}"), namespace);
        }
        let quote = if attribute.raw.contains('"') { "'" } else { "\"" };
        out.extend([" ", attribute.name, "=", quote, attribute.raw, quote]);
    }
}

fn declare(out: &mut String, name: &str, namespace: &str) {
    out.extend([" ", name, "=\""]);
    for character in namespace.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(character),
        }
    }
    out.push('"');
}
