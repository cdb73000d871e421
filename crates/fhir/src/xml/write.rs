//! From JSON to XML.

use std::borrow::Cow;
use std::sync::Arc;

use quick_xml::events::Event;

use super::FHIR;
use super::error::XmlErrorKind;
use super::events::Events;
use super::namespaces::NamespaceId;
use super::read::Fault;
use super::shape::{Content, Shape, Shapes};
use crate::arena::Kind;
use crate::document::Node;
use crate::element::Element;

/// Why a resource cannot be written as XML. It is what validation refuses too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} cannot be written as XML: {reason}")]
pub struct XmlWriteError {
    /// Path of the element.
    pub path: String,
    /// What is in the way.
    pub reason: &'static str,
}

/// Writes a resource as XML, in the order of its definition.
///
/// # Errors
/// [`XmlWriteError`] for elements that the definition does not know (they have no place in the order),
/// for values of the wrong kind, for characters that XML cannot hold, and for narratives that are not XML.
pub fn to_xml(resource: Node<'_>, shapes: &dyn Shapes) -> Result<String, XmlWriteError> {
    let mut writer = XmlWriter { shapes, out: String::new() };
    writer.resource(Element::of(resource), true)?;
    Ok(writer.out)
}

struct XmlWriter<'s> {
    shapes: &'s dyn Shapes,
    out: String,
}

fn fail<T>(element: Element<'_>, reason: &'static str) -> Result<T, XmlWriteError> {
    Err(XmlWriteError { path: element.raw_path(), reason })
}

impl XmlWriter<'_> {
    fn resource(&mut self, element: Element<'_>, outermost: bool) -> Result<(), XmlWriteError> {
        let Some(name) = element.resource_type() else {
            return fail(element, "it has no resourceType");
        };
        let Some(shape) = self.shapes.shape(&name) else {
            return fail(element, "its type is not known");
        };
        self.out.push('<');
        self.out.push_str(&name);
        if outermost {
            self.out.extend([" xmlns=\"", FHIR, "\""]);
        }
        self.content(&name, &element, &shape, true)
    }

    /// The rest of a start tag, children, and the end tag.
    fn content(
        &mut self,
        name: &str,
        element: &Element<'_>,
        shape: &Arc<Shape>,
        is_resource: bool,
    ) -> Result<(), XmlWriteError> {
        let mut children: Vec<(usize, Element<'_>, &Content)> = Vec::new();
        for child in element.children() {
            let child_name = child.name().unwrap_or_default();
            if is_resource && child_name == "resourceType" {
                continue;
            }
            let Some((at, member)) = shape.member(child_name) else {
                return fail(child, "its definition does not have it");
            };
            if member.content == Content::Attribute {
                let Some(value) = child.text() else {
                    return fail(child, "an attribute has a value and nothing else");
                };
                self.out.extend([" ", child_name, "=\""]);
                self.escaped(&value, child)?;
                self.out.push('"');
                continue;
            }
            children.push((at, child, &member.content));
        }
        // Stable: repetitions keep their order.
        children.sort_by_key(|(at, ..)| *at);
        if children.is_empty() {
            self.out.push_str("/>");
            return Ok(());
        }
        self.out.push('>');
        for (_, child, content) in children {
            self.child(child, content)?;
        }
        self.out.extend(["</", name, ">"]);
        Ok(())
    }

    fn child(&mut self, child: Element<'_>, content: &Content) -> Result<(), XmlWriteError> {
        let name = child.name().unwrap_or_default();
        let is_object = child.value().is_some_and(|value| value.kind() == Kind::Object);
        match content {
            Content::Attribute => Ok(()),
            Content::Xhtml => match child.text() {
                Some(markup) => self.narrative(&markup, child),
                None => fail(child, "a narrative is a text"),
            },
            Content::Resource if is_object => {
                self.out.extend(["<", name, ">"]);
                self.resource(child, false)?;
                self.out.extend(["</", name, ">"]);
                Ok(())
            }
            Content::Complex(shape) if is_object => {
                let Some(shape) = self.shapes.shape(shape) else {
                    return fail(child, "its type is not known");
                };
                self.out.extend(["<", name]);
                self.content(name, &child, &shape, false)
            }
            Content::Resource | Content::Complex(_) => fail(child, "an object is expected"),
            Content::Primitive(_) => self.primitive(name, child),
        }
    }

    fn primitive(&mut self, name: &str, child: Element<'_>) -> Result<(), XmlWriteError> {
        let value: Option<Cow<'_, str>> = match child.value() {
            None => None,
            Some(value) => match value.kind() {
                Kind::String => value.as_str(),
                Kind::Number | Kind::Boolean => Some(value.raw().into()),
                _ => return fail(child, "a value is expected"),
            },
        };
        self.out.extend(["<", name]);
        let more = child.sibling();
        if let Some(more) = more
            && let Some(id) = more.member("id").and_then(Node::as_str)
        {
            self.out.push_str(" id=\"");
            self.escaped(&id, child)?;
            self.out.push('"');
        }
        if let Some(value) = value {
            self.out.push_str(" value=\"");
            self.escaped(&value, child)?;
            self.out.push('"');
        }
        let mut is_open = false;
        for member in more.into_iter().flat_map(Node::members) {
            match member.name() {
                Some("id") => {}
                Some("extension") if member.kind() == Kind::Array => {
                    if !std::mem::replace(&mut is_open, true) {
                        self.out.push('>');
                    }
                    for extension in member.members() {
                        self.child(Element::of(extension), &Content::Complex("Extension".into()))?;
                    }
                }
                _ => return fail(child, "a value has an id and extensions and nothing else"),
            }
        }
        if is_open {
            self.out.extend(["</", name, ">"]);
        } else {
            self.out.push_str("/>");
        }
        Ok(())
    }

    /// A narrative goes as it is, if it can be part of an XML text.
    fn narrative(&mut self, markup: &str, child: Element<'_>) -> Result<(), XmlWriteError> {
        match is_div(markup) {
            Ok(true) => {
                self.out.push_str(markup);
                Ok(())
            }
            Ok(false) => fail(child, "a narrative is a div of XHTML"),
            Err(_) => fail(child, "the narrative is not well-formed XML"),
        }
    }

    /// Appends a text as the value of an attribute. Line ends and tabs are written as references, since a
    /// reader turns bare ones into blanks.
    fn escaped(&mut self, value: &str, element: Element<'_>) -> Result<(), XmlWriteError> {
        for character in value.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\t' => self.out.push_str("&#9;"),
                '\n' => self.out.push_str("&#10;"),
                '\r' => self.out.push_str("&#13;"),
                '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                    return fail(element, "XML cannot hold one of its characters");
                }
                _ => self.out.push(character),
            }
        }
        Ok(())
    }
}

/// Whether markup is one div of XHTML and nothing around it but comments.
fn is_div(markup: &str) -> Result<bool, Fault> {
    let mut events = Events::of(markup)?;
    let mut is_div = false;
    let mut depth = 0_usize;
    loop {
        let event = events.next()?;
        match event {
            Event::Start(_) | Event::Empty(_) => {
                if depth == 0 {
                    let is_xhtml = events.namespace() == NamespaceId::XHTML;
                    if is_div || !is_xhtml || events.local_name() != "div" {
                        return Ok(false);
                    }
                    is_div = true;
                }
                depth += usize::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => depth -= 1,
            Event::Eof if depth > 0 => return Err((XmlErrorKind::UnexpectedEnd, markup.len())),
            Event::Eof => return Ok(is_div),
            Event::Comment(_) => {}
            _ if depth == 0 => return Ok(false),
            _ => {}
        }
    }
}
