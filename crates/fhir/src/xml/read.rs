//! The elements of an XML text: names, the three attributes that FHIR has, and children.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::error::XmlErrorKind;
use super::well_formed::{self, IllFormed};
use super::{FHIR, XHTML};

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
    if let Some((at, number)) = no_character(text) {
        return Err((XmlErrorKind::Character(number), at));
    }
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<XmlElement<'_>> = Vec::new();
    let mut root = None;
    loop {
        let at = reader.buffer_position() as usize;
        let (namespace, event) = match reader.read_resolved_event() {
            Ok(event) => event,
            Err(error) => return Err(not_xml(&error, at)),
        };
        well_formed::check(&event, text, at)?;
        let mut closed = None;
        match event {
            Event::Start(start) | Event::Empty(start) if root.is_some() => {
                let name = start.name().as_ref().to_owned();
                return Err((XmlErrorKind::OneResource(name), at));
            }
            Event::Start(start) if is_xhtml(&namespace) => {
                let prefixed = start.name().prefix().is_some();
                let mut element = xhtml(&start, at, open.len())?;
                let tag = reader.buffer_position() as usize;
                element.xhtml = Some(narrative(&mut reader, text, at, tag, prefixed)?);
                closed = Some(element);
            }
            Event::Empty(start) if is_xhtml(&namespace) => {
                let mut element = xhtml(&start, at, open.len())?;
                let end = reader.buffer_position() as usize;
                element.xhtml = Some(Cow::Borrowed(&text[at..end]));
                closed = Some(element);
            }
            Event::Start(start) => {
                if open.len() >= max_depth {
                    return Err((XmlErrorKind::TooDeep(max_depth), at));
                }
                open.push(element(&start, &namespace, at)?);
            }
            Event::Empty(start) => closed = Some(element(&start, &namespace, at)?),
            Event::End(_) => closed = open.pop(),
            Event::Text(text) => {
                if !text.chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n')) {
                    return Err((XmlErrorKind::Text, at));
                }
            }
            Event::CData(_) => return Err((XmlErrorKind::Text, at)),
            Event::GeneralRef(reference) => {
                let known =
                    reference.is_char_ref() || resolve_predefined_entity(&reference).is_some();
                let kind = if known {
                    XmlErrorKind::Text
                } else {
                    XmlErrorKind::Entity(reference.to_string())
                };
                return Err((kind, at));
            }
            Event::Decl(declaration) => {
                if let Some(Ok(encoding)) = declaration.encoding()
                    && !encoding.eq_ignore_ascii_case("utf-8")
                    && !encoding.eq_ignore_ascii_case("us-ascii")
                {
                    return Err((declared(&encoding), at));
                }
            }
            Event::DocType(_) => return Err((XmlErrorKind::Doctype, at)),
            Event::Comment(_) | Event::PI(_) => {}
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

/// The first character that XML does not have, and where it is. Rule: <https://www.w3.org/TR/xml/#NT-Char>.
fn no_character(text: &str) -> Option<(usize, u32)> {
    let is_other = |c: &char| matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    text.char_indices().find(|(_, c)| is_other(c)).map(|(at, c)| (at, u32::from(c)))
}

/// What a declaration of another encoding is. Only what can be the name of one is repeated.
/// Rule: <https://www.w3.org/TR/xml/#NT-EncName>.
fn declared(encoding: &str) -> XmlErrorKind {
    const LONGEST: usize = 40;
    /// Digits in a row: fewer than the number of a person has (`windows-1252`).
    const DIGITS: usize = 5;
    let is_name = encoding.len() <= LONGEST
        && encoding.split(|c: char| !c.is_ascii_digit()).all(|digits| digits.len() <= DIGITS)
        && encoding.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if is_name { XmlErrorKind::Declared(encoding.to_owned()) } else { XmlErrorKind::NotUtf8 }
}

fn is_xhtml(namespace: &ResolveResult<'_>) -> bool {
    matches!(namespace, ResolveResult::Bound(Namespace(name)) if &**name == XHTML)
}

/// The start of a narrative, which has a place inside an element only.
fn xhtml<'x>(start: &BytesStart<'x>, at: usize, depth: usize) -> Result<XmlElement<'x>, Fault> {
    let name = start.local_name().as_ref().to_owned();
    if name != "div" || depth == 0 {
        return Err((XmlErrorKind::Namespace(name), at));
    }
    Ok(XmlElement { name: name.into(), at, ..XmlElement::default() })
}

/// The markup of the narrative whose start tag is at `at` and ends before `tag`.
fn narrative<'x>(
    reader: &mut NsReader<&'x [u8]>,
    text: &'x str,
    at: usize,
    tag: usize,
    prefixed: bool,
) -> Result<Cow<'x, str>, Fault> {
    let (mut depth, mut plain) = (1_usize, !prefixed);
    let mut rewritten = String::new();
    loop {
        let here = reader.buffer_position() as usize;
        let (namespace, event) =
            reader.read_resolved_event().map_err(|error| not_xml(&error, here))?;
        if matches!(namespace, ResolveResult::Unknown(_)) {
            return Err((XmlErrorKind::IllFormed(IllFormed::Prefix), here));
        }
        well_formed::check(&event, text, here)?;
        let end = reader.buffer_position() as usize;
        match event {
            Event::Start(start) => {
                plain &= start.name().prefix().is_none();
                depth += 1;
            }
            Event::Empty(start) => plain &= start.name().prefix().is_none(),
            Event::End(_) => depth -= 1,
            Event::DocType(_) => return Err((XmlErrorKind::Doctype, here)),
            Event::Eof => return Err((XmlErrorKind::UnexpectedEnd, text.len())),
            _ => {}
        }
        if depth == 0 {
            let markup = &text[at..end];
            let declares = text[at..tag].contains("xmlns=");
            if plain && declares {
                return Ok(Cow::Borrowed(markup));
            }
            without_prefixes(markup, &mut rewritten).map_err(|error| not_xml(&error, at))?;
            return Ok(Cow::Owned(rewritten));
        }
    }
}

/// Writes markup with its elements in the default namespace, as JSON has no prefixes declared outside.
fn without_prefixes(markup: &str, out: &mut String) -> Result<(), Error> {
    let mut reader = quick_xml::Reader::from_str(markup);
    let mut is_first = true;
    loop {
        let from = reader.buffer_position() as usize;
        let event = reader.read_event()?;
        let to = reader.buffer_position() as usize;
        match event {
            Event::Eof => return Ok(()),
            Event::Start(ref start) | Event::Empty(ref start) => {
                out.push('<');
                out.push_str(start.local_name().as_ref());
                if std::mem::take(&mut is_first) {
                    out.push_str(" xmlns=\"");
                    out.push_str(XHTML);
                    out.push('"');
                }
                for attribute in start.attributes() {
                    let attribute = attribute.map_err(Error::from)?;
                    let key = attribute.key.as_ref();
                    if key == "xmlns" || key.starts_with("xmlns:") {
                        continue;
                    }
                    let quote = if attribute.value.contains('"') { '\'' } else { '"' };
                    out.extend([" ", key, "="]);
                    out.push(quote);
                    out.push_str(&attribute.value);
                    out.push(quote);
                }
                out.push_str(if matches!(event, Event::Empty(_)) { "/>" } else { ">" });
            }
            Event::End(end) => out.extend(["</", end.local_name().as_ref(), ">"]),
            _ => out.push_str(&markup[from..to]),
        }
    }
}

fn element<'x>(
    start: &BytesStart<'x>,
    namespace: &ResolveResult<'_>,
    at: usize,
) -> Result<XmlElement<'x>, Fault> {
    let name = start.local_name().as_ref().to_owned();
    if !matches!(namespace, ResolveResult::Bound(Namespace(bound)) if &**bound == FHIR) {
        return Err((XmlErrorKind::Namespace(name), at));
    }
    let mut element = XmlElement { name: name.into(), at, ..XmlElement::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| (XmlErrorKind::NotXml(error.to_string()), at))?;
        let key = attribute.key.as_ref();
        if key == "xmlns" || key.starts_with("xmlns:") || key == "xsi:schemaLocation" {
            continue;
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| not_xml(&error, at))?
            .into_owned();
        // A reference may stand for nothing else than what may be written.
        if let Some((_, number)) = no_character(&value) {
            return Err((XmlErrorKind::Character(number), at));
        }
        match key {
            "value" => element.value = Some(value.into()),
            "id" => element.id = Some(value.into()),
            "url" => element.url = Some(value.into()),
            _ => return Err((XmlErrorKind::Attribute(key.to_owned()), at)),
        }
    }
    Ok(element)
}

/// What the reader's error means.
fn not_xml(error: &Error, at: usize) -> Fault {
    let kind = match error {
        Error::Encoding(_) => XmlErrorKind::NotUtf8,
        Error::IllFormed(IllFormedError::MissingEndTag(_)) => XmlErrorKind::UnexpectedEnd,
        Error::Syntax(
            SyntaxError::UnclosedTag
            | SyntaxError::UnclosedComment
            | SyntaxError::UnclosedCData
            | SyntaxError::UnclosedDoctype,
        ) => XmlErrorKind::UnexpectedEnd,
        Error::Escape(quick_xml::escape::EscapeError::UnrecognizedEntity(_, name)) => {
            XmlErrorKind::Entity(name.clone())
        }
        error => XmlErrorKind::NotXml(error.to_string()),
    };
    (kind, at)
}
