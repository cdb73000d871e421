//! The markup of a narrative, which JSON has without what is declared around it.

use std::borrow::Cow;
use std::collections::HashSet;

use quick_xml::events::Event;

use super::XHTML;
use super::error::XmlErrorKind;
use super::events::{Attribute, Events};
use super::namespaces::NamespaceId;
use super::read::Fault;

/// How long the declarations may be together that the narratives of a text repeat from outside of them: a long name of a
/// namespace in many narratives would become many times the text.
#[derive(Debug)]
pub(super) struct Allowance {
    all: usize,
    left: usize,
}

impl Allowance {
    /// What a text of any length may have, in bytes.
    const LEAST: usize = 64 * 1024;

    /// As much as the text itself.
    pub(super) fn of(text: &str) -> Self {
        let all = text.len().max(Self::LEAST);
        Self { all, left: all }
    }

    /// Declares a prefix, an empty one for the default namespace.
    fn declare(&mut self, out: &mut String, prefix: &str, name: &str) -> Result<(), XmlErrorKind> {
        let before = out.len();
        declare(out, prefix, name);
        let left = self.left.checked_sub(out.len() - before);
        self.left = left.ok_or(XmlErrorKind::NarrativeNamespaces(self.all))?;
        Ok(())
    }
}

/// The markup of the narrative whose start tag was read last. It stays as written, but that its `div` declares what is
/// declared outside, and that elements of XHTML have no prefix.
pub(super) fn narrative<'x>(
    events: &mut Events<'x>,
    has_end: bool,
    allowance: &mut Allowance,
) -> Result<Cow<'x, str>, Fault> {
    let at = events.at();
    let mut narrative = Narrative::of(events, allowance).map_err(|kind| (kind, at))?;
    let mut depth = usize::from(has_end);
    while depth > 0 {
        let event = events.next()?;
        match event {
            Event::Start(_) | Event::Empty(_) => {
                let is_open = matches!(event, Event::Start(_));
                depth += usize::from(is_open);
                narrative.enter(events, is_open).map_err(|kind| (kind, events.at()))?;
            }
            Event::End(_) => {
                depth -= 1;
                narrative.leave(events);
            }
            Event::Eof => return Err((XmlErrorKind::UnexpectedEnd, events.text().len())),
            _ => narrative.keep(events),
        }
    }
    Ok(if narrative.is_as_written() {
        Cow::Borrowed(&events.text()[at..events.end()])
    } else {
        Cow::Owned(narrative.written(events, has_end))
    })
}

/// An element that is open.
#[derive(Debug)]
struct Open<'x> {
    /// Its name, where that is not written as in the text.
    name: Option<&'x str>,
    /// The default namespace inside of it, as it is written.
    default: NamespaceId,
}

#[derive(Debug)]
struct Narrative<'x, 'a> {
    /// The level of what the `div` declares: a lower one is outside.
    level: usize,
    /// Where the start tag of the `div` ends.
    start: usize,
    /// Whether this tag can stay as written.
    is_plain: bool,
    /// Its attributes without those that go.
    attributes: Vec<Attribute<'x>>,
    open: Vec<Open<'x>>,
    /// The prefixes of outside that are used, and their declarations.
    used: HashSet<&'x str>,
    outside: String,
    /// What follows the start tag of the `div`, once it is not all as in the text.
    rest: Option<String>,
    allowance: &'a mut Allowance,
}

impl<'x, 'a> Narrative<'x, 'a> {
    fn of(events: &Events<'x>, allowance: &'a mut Allowance) -> Result<Self, XmlErrorKind> {
        let is_kept = |found: &&Attribute<'x>| found.declares() != Some("") && !takes_back(found);
        let all = events.attributes();
        let is_plain = events.prefix().is_none()
            && all.iter().any(|found| found.declares() == Some(""))
            && !all.iter().any(takes_back);
        let mut narrative = Self {
            level: events.level(),
            start: events.end(),
            is_plain,
            attributes: all.iter().filter(is_kept).copied().collect(),
            open: vec![Open { name: Some("div"), default: NamespaceId::XHTML }],
            used: HashSet::new(),
            outside: String::new(),
            rest: None,
            allowance,
        };
        if is_plain {
            narrative.open[0].name = None;
        }
        narrative.use_attributes(events)?;
        Ok(narrative)
    }

    fn is_as_written(&self) -> bool {
        self.is_plain && self.outside.is_empty() && self.rest.is_none()
    }

    /// All of it, after its end.
    fn written(self, events: &Events<'x>, has_end: bool) -> String {
        let rest = self.rest.as_deref().unwrap_or(&events.text()[self.start..events.end()]);
        let mut out = "<div".to_owned();
        declare(&mut out, "", XHTML);
        out.push_str(&self.outside);
        for attribute in &self.attributes {
            write(&mut out, attribute);
        }
        out.extend([if has_end { ">" } else { "/>" }, rest]);
        out
    }

    /// An element inside the `div` begins.
    fn enter(&mut self, events: &Events<'x>, is_open: bool) -> Result<(), XmlErrorKind> {
        let all = events.attributes();
        let mut default = self.open.last().map_or(NamespaceId::XHTML, |open| open.default);
        if all.iter().any(|found| found.declares() == Some("")) {
            default = events.binding("").namespace;
        }
        let namespace = events.namespace();
        let mut loses_prefix = false;
        // The default namespace outside, which the `div` has not.
        let mut declared = None;
        match events.prefix() {
            None if namespace != default => {
                declared = Some(namespace);
                default = namespace;
            }
            None => {}
            Some(_) if (namespace, default) == (NamespaceId::XHTML, NamespaceId::XHTML) => {
                loses_prefix = true;
            }
            Some(prefix) => self.use_prefix(events, prefix)?,
        }
        self.use_attributes(events)?;
        let name = if loses_prefix { events.local_name() } else { events.name() };
        let changes = loses_prefix || declared.is_some() || all.iter().any(takes_back);
        if changes {
            let start = self.start;
            let out = self.rest.get_or_insert_with(|| events.text()[start..events.at()].to_owned());
            out.extend(["<", name]);
            if let Some(namespace) = declared {
                self.allowance.declare(out, "", events.name_of(namespace))?;
            }
            for attribute in all.iter().filter(|found| !takes_back(found)) {
                write(out, attribute);
            }
            out.push_str(if is_open { ">" } else { "/>" });
        } else {
            self.keep(events);
        }
        if is_open {
            self.open.push(Open { name: changes.then_some(name), default });
        }
        Ok(())
    }

    /// An element ends.
    fn leave(&mut self, events: &Events<'x>) {
        match (self.open.pop().and_then(|open| open.name), &mut self.rest) {
            (Some(name), Some(out)) => out.extend(["</", name, ">"]),
            (Some(name), None) => {
                let mut out = events.text()[self.start..events.at()].to_owned();
                out.extend(["</", name, ">"]);
                self.rest = Some(out);
            }
            (None, _) => self.keep(events),
        }
    }

    /// The last piece of markup stays as it is.
    fn keep(&mut self, events: &Events<'x>) {
        if let Some(out) = &mut self.rest {
            out.push_str(&events.text()[events.at()..events.end()]);
        }
    }

    fn use_attributes(&mut self, events: &Events<'x>) -> Result<(), XmlErrorKind> {
        for attribute in events.attributes() {
            if let (Some(prefix), None) = (attribute.prefix(), attribute.declares()) {
                self.use_prefix(events, prefix)?;
            }
        }
        Ok(())
    }

    /// Declares a prefix in the `div` if it is declared outside. That of XML is declared everywhere.
    fn use_prefix(&mut self, events: &Events<'x>, prefix: &'x str) -> Result<(), XmlErrorKind> {
        let found = events.binding(prefix);
        let is_outside = found.level < self.level && found.namespace != NamespaceId::XML;
        if is_outside && self.used.insert(prefix) {
            let name = events.name_of(found.namespace);
            self.allowance.declare(&mut self.outside, prefix, name)?;
        }
        Ok(())
    }
}

/// Whether an attribute takes back a prefix, which XML 1.1 has and a narrative cannot say that it is.
fn takes_back(attribute: &Attribute<'_>) -> bool {
    attribute.raw.is_empty() && attribute.declares().is_some_and(|prefix| !prefix.is_empty())
}

fn write(out: &mut String, attribute: &Attribute<'_>) {
    let quote = if attribute.raw.contains('"') { "'" } else { "\"" };
    out.extend([" ", attribute.name, "=", quote, attribute.raw, quote]);
}

fn declare(out: &mut String, prefix: &str, name: &str) {
    let colon = if prefix.is_empty() { "" } else { ":" };
    out.extend([" xmlns", colon, prefix, "=\""]);
    for character in name.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            _ => out.push(character),
        }
    }
    out.push('"');
}
