//! The elements of an XML text: names, the three attributes that FHIR has, and children.

use std::borrow::Cow;

use quick_xml::events::Event;

use super::error::XmlErrorKind;
use super::events::Events;
use super::namespaces::NamespaceId;
use super::narrative::{Allowance, narrative};

/// An element as written.
#[derive(Debug, Default)]
pub(super) struct XmlElement<'x> {
    pub(super) name: Cow<'x, str>,
    /// Byte offset of its start tag.
    pub(super) at: usize,
    pub(super) value: Option<Cow<'x, str>>,
    pub(super) id: Option<Cow<'x, str>>,
    pub(super) url: Option<Cow<'x, str>>,
    /// The markup of a narrative.
    pub(super) xhtml: Option<Cow<'x, str>>,
    pub(super) children: Vec<XmlElement<'x>>,
}

/// What is wrong, and at which byte.
pub(super) type Fault = (XmlErrorKind, usize);

/// Reads the one root element.
pub(super) fn read(text: &str, max_depth: usize) -> Result<XmlElement<'_>, Fault> {
    let mut events = Events::of(text)?;
    let mut allowance = Allowance::of(text);
    let mut open: Vec<XmlElement<'_>> = Vec::new();
    let mut root = None;
    loop {
        let event = events.next()?;
        let at = events.at();
        let mut closed = None;
        match event {
            Event::Start(start) | Event::Empty(start) if root.is_some() => {
                let name = start.name().as_ref().to_owned();
                return Err((XmlErrorKind::OneResource(name), at));
            }
            Event::Start(_) | Event::Empty(_) if events.namespace() == NamespaceId::XHTML => {
                let mut element = xhtml(&events, open.len())?;
                let has_end = matches!(event, Event::Start(_));
                element.xhtml = Some(narrative(&mut events, has_end, &mut allowance)?);
                closed = Some(element);
            }
            Event::Start(_) => {
                if open.len() >= max_depth {
                    return Err((XmlErrorKind::TooDeep(max_depth), at));
                }
                open.push(element(&events)?);
            }
            Event::Empty(_) => closed = Some(element(&events)?),
            Event::End(_) => closed = open.pop(),
            Event::Text(text) if events.is_blank(&text) => {}
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                return Err((XmlErrorKind::Text, at));
            }
            Event::DocType(_) => return Err((XmlErrorKind::Doctype, at)),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => {
                return match root {
                    _ if !open.is_empty() => Err((XmlErrorKind::UnexpectedEnd, text.len())),
                    Some(root) => Ok(root),
                    None => Err((XmlErrorKind::Empty, text.len())),
                };
            }
        }
        if let Some(closed) = closed {
            match open.last_mut() {
                Some(parent) => parent.children.push(closed),
                None => root = Some(closed),
            }
        }
    }
}

/// The start of a narrative, which has a place inside an element only.
fn xhtml<'x>(events: &Events<'x>, depth: usize) -> Result<XmlElement<'x>, Fault> {
    let (name, at) = (events.local_name(), events.at());
    if name != "div" || depth == 0 {
        return Err((XmlErrorKind::Namespace(name.to_owned()), at));
    }
    Ok(XmlElement { name: name.into(), at, ..XmlElement::default() })
}

/// The element of the last start tag, without children.
fn element<'x>(events: &Events<'x>) -> Result<XmlElement<'x>, Fault> {
    let (name, at) = (events.local_name(), events.at());
    if events.namespace() != NamespaceId::FHIR {
        return Err((XmlErrorKind::Namespace(name.to_owned()), at));
    }
    let mut element = XmlElement { name: name.into(), at, ..XmlElement::default() };
    for attribute in events.attributes() {
        if attribute.declares().is_some() {
            continue;
        }
        let value = || events.value(attribute).map(Some);
        match (attribute.namespace, attribute.local_name()) {
            (NamespaceId::NONE, "value") => element.value = value()?,
            (NamespaceId::NONE, "id") => element.id = value()?,
            (NamespaceId::NONE, "url") => element.url = value()?,
            // Says where the schema is; nobody reads it from there.
            (NamespaceId::SCHEMA_INSTANCE, "schemaLocation") => {}
            _ => return Err((XmlErrorKind::Attribute(attribute.name.to_owned()), at)),
        }
    }
    Ok(element)
}
