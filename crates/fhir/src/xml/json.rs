//! From XML to JSON.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::error::{XmlError, XmlErrorKind};
use super::map::{Converted, XmlMap};
use super::read::{Fault, XmlElement, read};
use super::shape::{Content, Shape, Shapes, ValueKind};
use crate::edit::escape_into;
use crate::encoding::OtherEncoding;
use crate::location::SourceLocation;
use crate::parse::is_json_number;

/// Turns the XML of one resource into its JSON, on one line.
///
/// An element that its definition does not know is kept, so that validation names it; a value that its type
/// does not allow becomes a JSON string, for the same reason.
///
/// # Errors
/// [`XmlError`] for what is not XML, and for what JSON cannot carry: attributes that FHIR does not have,
/// text between elements, elements out of order.
pub fn to_json(bytes: &[u8], shapes: &dyn Shapes, max_depth: usize) -> Result<Converted, XmlError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some(encoding) = OtherEncoding::of(bytes) {
        let kind = XmlErrorKind::OtherEncoding(encoding);
        return Err(XmlError { kind, location: SourceLocation::START });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| XmlError {
        kind: XmlErrorKind::NotUtf8,
        location: Lines::new(bytes).location(bytes, error.valid_up_to()),
    })?;
    let mut writer = JsonWriter {
        lines: Lines::new(bytes),
        text,
        shapes,
        known: HashMap::new(),
        out: String::with_capacity(text.len()),
        map: XmlMap::default(),
    };
    let written = read(text, max_depth).and_then(|root| writer.resource(&root));
    match written {
        Ok(()) => Ok(Converted { json: writer.out, map: writer.map }),
        Err((kind, at)) => {
            Err(XmlError { kind, location: writer.lines.location(text.as_bytes(), at) })
        }
    }
}

/// Starts of lines, so that a location costs one search, and the place that was asked for last: on a long line the next
/// one is counted from there, since what follows is near it.
struct Lines {
    starts: Vec<usize>,
    last: Cell<Place>,
}

/// A place on a line.
#[derive(Clone, Copy)]
struct Place {
    /// Where its line begins.
    start: usize,
    at: usize,
    /// Characters of the line before it.
    characters: usize,
}

impl Lines {
    fn new(text: &[u8]) -> Self {
        let starts =
            std::iter::once(0).chain(memchr::memchr_iter(b'\n', text).map(|at| at + 1)).collect();
        Self { starts, last: Cell::new(Place { start: 0, at: 0, characters: 0 }) }
    }

    fn location(&self, text: &[u8], at: usize) -> SourceLocation {
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        let at = at.min(text.len());
        let count = |bytes: &[u8]| bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        let last = self.last.get();
        let characters = match last.at <= at {
            _ if last.start != start => count(&text[start..at]),
            true => last.characters + count(&text[last.at..at]),
            // Back, by less than the line is long.
            false if last.at - at < at - start => last.characters - count(&text[at..last.at]),
            false => count(&text[start..at]),
        };
        self.last.set(Place { start, at, characters });
        SourceLocation { line: line as u32, column: (characters + 1) as u32 }
    }
}

struct JsonWriter<'x> {
    text: &'x str,
    lines: Lines,
    shapes: &'x dyn Shapes,
    known: HashMap<String, Option<Arc<Shape>>>,
    out: String,
    map: XmlMap,
}

impl JsonWriter<'_> {
    fn shape(&mut self, name: &str) -> Option<Arc<Shape>> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let shape = self.shapes.shape(name);
        self.known.insert(name.to_owned(), shape.clone());
        shape
    }

    fn note(&mut self, at: usize) {
        let location = self.lines.location(self.text.as_bytes(), at);
        self.map.add(self.out.len(), location);
    }

    fn name(&mut self, prefix: &str, name: &str) {
        if !self.out.ends_with(['{', '[']) {
            self.out.push(',');
        }
        escape_into(&mut self.out, &format!("{prefix}{name}"));
        self.out.push(':');
    }

    fn resource(&mut self, element: &XmlElement<'_>) -> Result<(), Fault> {
        if let Some(name) = attribute_of(element, &[]) {
            return Err((XmlErrorKind::Attribute(name.to_owned()), element.at));
        }
        if element.xhtml.is_some() {
            return Err((XmlErrorKind::OneResource("div".to_owned()), element.at));
        }
        let shape = self.shape(&element.name);
        self.note(element.at);
        self.out.push('{');
        self.name("", "resourceType");
        escape_into(&mut self.out, &element.name);
        self.children(element, shape.as_deref())?;
        self.out.push('}');
        Ok(())
    }

    /// An element with elements in it.
    fn complex(&mut self, element: &XmlElement<'_>, shape: Option<&Shape>) -> Result<(), Fault> {
        let url = shape.is_none_or(|shape| {
            shape.member("url").is_some_and(|(_, url)| url.content == Content::Attribute)
        });
        let allowed: &[&str] = if url { &["id", "url"] } else { &["id"] };
        if let Some(name) = attribute_of(element, allowed) {
            return Err((XmlErrorKind::Attribute(name.to_owned()), element.at));
        }
        self.note(element.at);
        self.out.push('{');
        for (name, value) in [("id", &element.id), ("url", &element.url)] {
            if let Some(value) = value {
                self.name("", name);
                escape_into(&mut self.out, value);
            }
        }
        self.children(element, shape)?;
        self.out.push('}');
        Ok(())
    }

    fn children(&mut self, element: &XmlElement<'_>, shape: Option<&Shape>) -> Result<(), Fault> {
        let mut rest = element.children.as_slice();
        let mut last = None;
        let mut seen: HashSet<&str> = HashSet::new();
        while let Some(first) = rest.first() {
            let name: &str = &first.name;
            let end = rest.iter().position(|next| next.name != first.name).unwrap_or(rest.len());
            let (run, others) = rest.split_at(end);
            rest = others;
            let member = shape.and_then(|shape| shape.member(name));
            let out_of_order = member.is_some_and(|(at, _)| last.is_some_and(|last| last > at));
            if out_of_order || !seen.insert(name) {
                return Err((XmlErrorKind::Order(name.to_owned()), first.at));
            }
            if let Some((at, _)) = member {
                last = Some(at);
            }
            let array = member.is_some_and(|(_, member)| member.repeats) || run.len() > 1;
            match member.map(|(_, member)| &member.content) {
                Some(Content::Primitive(kind)) => self.primitives(name, run, array, *kind)?,
                Some(Content::Xhtml) => self.list(name, run, array, Self::narrative)?,
                Some(Content::Resource) => self.list(name, run, array, Self::inner_resource)?,
                Some(Content::Complex(name_of_shape)) => {
                    let shape = self.shape(name_of_shape);
                    self.list(name, run, array, |writer, element| {
                        writer.complex(element, shape.as_deref())
                    })?;
                }
                Some(Content::Attribute) => {
                    return Err((XmlErrorKind::Order(name.to_owned()), first.at));
                }
                None if run.iter().any(|element| element.xhtml.is_some()) => {
                    self.list(name, run, array, Self::narrative)?;
                }
                None if run.iter().any(|element| element.value.is_some()) => {
                    self.primitives(name, run, array, ValueKind::String)?;
                }
                None => {
                    self.list(name, run, array, |writer, element| writer.complex(element, None))?;
                }
            }
        }
        Ok(())
    }

    /// A member with one value, or an array.
    fn list(
        &mut self,
        name: &str,
        run: &[XmlElement<'_>],
        array: bool,
        mut write: impl FnMut(&mut Self, &XmlElement<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.name("", name);
        if array {
            if let Some(first) = run.first() {
                self.note(first.at);
            }
            self.out.push('[');
        }
        for (at, element) in run.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            write(self, element)?;
        }
        if array {
            self.out.push(']');
        }
        Ok(())
    }

    fn narrative(&mut self, element: &XmlElement<'_>) -> Result<(), Fault> {
        let Some(markup) = &element.xhtml else {
            return Err((XmlErrorKind::Xhtml, element.at));
        };
        self.note(element.at);
        escape_into(&mut self.out, markup);
        Ok(())
    }

    fn inner_resource(&mut self, element: &XmlElement<'_>) -> Result<(), Fault> {
        if let Some(name) = attribute_of(element, &[]) {
            return Err((XmlErrorKind::Attribute(name.to_owned()), element.at));
        }
        match element.children.as_slice() {
            [resource] => self.resource(resource),
            _ => Err((XmlErrorKind::OneResource(element.name.to_string()), element.at)),
        }
    }

    /// Values under the name, ids and extensions under the name with an underscore.
    fn primitives(
        &mut self,
        name: &str,
        run: &[XmlElement<'_>],
        array: bool,
        kind: ValueKind,
    ) -> Result<(), Fault> {
        for element in run {
            if element.xhtml.is_some() {
                return Err((XmlErrorKind::Namespace(name.to_owned()), element.at));
            }
            if let Some(name) = attribute_of(element, &["value", "id"]) {
                return Err((XmlErrorKind::Attribute(name.to_owned()), element.at));
            }
        }
        let has_more =
            |element: &XmlElement<'_>| element.id.is_some() || !element.children.is_empty();
        // An element with nothing at all stays visible, for validation to report.
        let shows_more = |element: &XmlElement<'_>| has_more(element) || element.value.is_none();
        if run.iter().any(|element| element.value.is_some()) {
            self.list(name, run, array, |writer, element| {
                match &element.value {
                    Some(value) => {
                        writer.note(element.at);
                        writer.value(value, kind);
                    }
                    None => writer.out.push_str("null"),
                }
                Ok(())
            })?;
        }
        if run.iter().any(shows_more) {
            let shape = self.shape("Element");
            self.list(&format!("_{name}"), run, array, |writer, element| {
                if !shows_more(element) {
                    writer.out.push_str("null");
                    return Ok(());
                }
                writer.note(element.at);
                writer.out.push('{');
                if let Some(id) = &element.id {
                    writer.name("", "id");
                    escape_into(&mut writer.out, id);
                }
                writer.children(element, shape.as_deref())?;
                writer.out.push('}');
                Ok(())
            })?;
        }
        Ok(())
    }

    fn value(&mut self, value: &str, kind: ValueKind) {
        let bare = match kind {
            ValueKind::String => false,
            ValueKind::Number => is_json_number(value.as_bytes()),
            ValueKind::Boolean => matches!(value, "true" | "false"),
        };
        if bare {
            self.out.push_str(value);
        } else {
            escape_into(&mut self.out, value);
        }
    }
}

/// The first attribute that is there and not allowed.
fn attribute_of(element: &XmlElement<'_>, allowed: &[&str]) -> Option<&'static str> {
    [("value", &element.value), ("id", &element.id), ("url", &element.url)]
        .into_iter()
        .find(|(name, value)| value.is_some() && !allowed.contains(name))
        .map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_the_same_whatever_was_asked_for_before() {
        let text = "<a>\u{e6}\u{f8}<b/>\n\u{1f600}<c/>  <d/></a>\n".as_bytes();
        let plain = |at: usize| {
            let line = text[..at].iter().filter(|byte| **byte == b'\n').count();
            let start = text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let before = text[start..at].iter().filter(|byte| **byte & 0xc0 != 0x80).count();
            SourceLocation { line: line as u32 + 1, column: before as u32 + 1 }
        };
        let lines = Lines::new(text);
        for first in 0..text.len() {
            for second in 0..text.len() {
                assert_eq!(lines.location(text, first), plain(first), "{first}");
                assert_eq!(lines.location(text, second), plain(second), "{second} after {first}");
            }
        }
    }
}
