//! The markup of an XML text, well-formed and with its namespaces.

use std::borrow::Cow;
use std::collections::HashSet;

use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::Event;
use quick_xml::name::{Namespace, NamespaceResolver, PrefixDeclaration, QName, ResolveResult};
use quick_xml::reader::Reader;

use super::error::XmlErrorKind;
use super::names::{Version, is_qualified_name, is_space};
use super::read::Fault;
use super::values::{normalized, referenced};
use super::well_formed::{Attributes, Declaration, IllFormed, comment, instruction};

/// The namespace of the prefix `xml`.
const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of the prefix `xmlns`.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// An attribute as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute<'x> {
    /// With its prefix.
    pub(super) name: &'x str,
    /// Between its quotation marks.
    pub(super) raw: &'x str,
}

impl<'x> Attribute<'x> {
    /// The prefix that it declares, an empty one for the default namespace.
    pub(super) fn declares(&self) -> Option<&'x str> {
        match self.name.strip_prefix("xmlns") {
            Some("") => Some(""),
            rest => rest?.strip_prefix(':'),
        }
    }

    pub(super) fn local_name(&self) -> &'x str {
        local_name(self.name)
    }

    /// Its own prefix.
    pub(super) fn prefix(&self) -> Option<&'x str> {
        self.name.split_once(':').map(|(prefix, _)| prefix)
    }
}

/// One piece of markup after the other, each of them checked.
#[derive(Clone)]
pub(super) struct Events<'x> {
    reader: Reader<&'x [u8]>,
    text: &'x str,
    version: Version,
    namespaces: NamespaceResolver,
    /// Elements that are open, which is the level of the namespaces.
    depth: u16,
    /// Whether the last event was an element without an end of its own.
    is_empty: bool,
    /// The name of the last start tag.
    name: &'x str,
    /// Its attributes.
    attributes: Vec<Attribute<'x>>,
    /// Where the last event begins.
    at: usize,
}

impl<'x> Events<'x> {
    pub(super) fn of(text: &'x str) -> Result<Self, Fault> {
        if let Some((at, number)) = Version::First.first_forbidden(text) {
            return Err((XmlErrorKind::Character(number), at));
        }
        // The reader would pass over it as a byte order mark.
        if text.starts_with('\u{feff}') {
            return Err((XmlErrorKind::Text, 0));
        }
        Ok(Self {
            reader: Reader::from_str(text),
            text,
            version: Version::First,
            namespaces: NamespaceResolver::default(),
            depth: 0,
            is_empty: false,
            name: "",
            attributes: Vec::new(),
            at: 0,
        })
    }

    /// The events of markup whose last event was the end of one, with the namespaces that are declared around it.
    pub(super) fn again(&self, markup: &'x str) -> Self {
        let mut around = self.clone();
        around.leave();
        Self { reader: Reader::from_str(markup), text: markup, at: 0, ..around }
    }

    /// The next piece of markup.
    pub(super) fn next(&mut self) -> Result<Event<'x>, Fault> {
        self.leave();
        self.at = self.end();
        let event = self.reader.read_event().map_err(|error| (not_xml(&error), self.at))?;
        self.check(&event).map_err(|kind| (kind, self.at))?;
        Ok(event)
    }

    /// Where the last event begins.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// Where the last event ends.
    pub(super) fn end(&self) -> usize {
        self.reader.buffer_position() as usize
    }

    pub(super) const fn text(&self) -> &'x str {
        self.text
    }

    /// The name of the last start tag without its prefix.
    pub(super) fn local_name(&self) -> &'x str {
        local_name(self.name)
    }

    pub(super) fn has_prefix(&self) -> bool {
        self.name.contains(':')
    }

    /// The namespace of the last start tag.
    pub(super) fn namespace(&self) -> Option<&str> {
        bound(self.namespaces.resolve_element(QName(self.name)).0)
    }

    /// The attributes of the last start tag, declarations of namespaces among them.
    pub(super) fn attributes(&self) -> &[Attribute<'x>] {
        &self.attributes
    }

    /// The namespace of an attribute of the last start tag.
    pub(super) fn namespace_of(&self, attribute: &Attribute<'_>) -> Option<&str> {
        bound(self.namespaces.resolve_attribute(QName(attribute.name)).0)
    }

    /// The value of an attribute of the last start tag.
    pub(super) fn value(&self, attribute: &Attribute<'x>) -> Result<Cow<'x, str>, Fault> {
        normalized(attribute.raw, self.version).map_err(|kind| (kind, self.at))
    }

    /// Whether a text is white space and nothing else.
    pub(super) fn is_blank(&self, text: &str) -> bool {
        text.chars().all(|c| self.version.is_blank(c))
    }

    /// Forgets the namespaces of an element without an end of its own.
    fn leave(&mut self) {
        if std::mem::take(&mut self.is_empty) {
            self.depth = self.depth.saturating_sub(1);
            self.namespaces.set_level(self.depth);
        }
    }

    fn check(&mut self, event: &Event<'x>) -> Result<(), XmlErrorKind> {
        let ill_formed = XmlErrorKind::IllFormed;
        match event {
            Event::Start(_) => self.enter("<", ">"),
            Event::Empty(_) => {
                self.is_empty = true;
                self.enter("<", "/>")
            }
            Event::End(_) => {
                // As if it were empty: its namespaces are those of its end tag too.
                self.is_empty = true;
                Ok(())
            }
            Event::Comment(text) => comment(text).map_err(ill_formed),
            Event::PI(text) => instruction(text).map_err(ill_formed),
            Event::Decl(_) if self.at > 0 => Err(ill_formed(IllFormed::Target)),
            Event::Decl(_) => self.declaration(),
            Event::Text(text) if text.contains("]]>") => Err(ill_formed(IllFormed::SectionEnd)),
            Event::GeneralRef(reference) => referenced(reference).map(|_| ()),
            Event::DocType(_) => Err(XmlErrorKind::Doctype),
            Event::Text(_) | Event::CData(_) | Event::Eof => Ok(()),
        }
    }

    /// What the last event has between its first and its last characters.
    fn between(&self, first: &str, last: &str) -> &'x str {
        let markup = self.text.get(self.at..self.end()).unwrap_or_default();
        markup.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)).unwrap_or_default()
    }

    fn declaration(&mut self) -> Result<(), XmlErrorKind> {
        let Some(declaration) = Declaration::of(self.between("<?xml", "?>")) else {
            return Err(XmlErrorKind::IllFormed(IllFormed::Declaration));
        };
        self.version = declaration.version;
        if let Some(encoding) = declaration.encoding {
            let is = |name: &str| encoding.eq_ignore_ascii_case(name);
            if !(is("utf-8") || is("utf8") || (is("us-ascii") && self.text.is_ascii())) {
                return Err(declared(encoding));
            }
        }
        match self.version.first_forbidden(self.text) {
            Some((at, number)) => {
                self.at = at;
                Err(XmlErrorKind::Character(number))
            }
            None => Ok(()),
        }
    }

    /// Reads a start tag and takes up the namespaces that it declares.
    fn enter(&mut self, first: &str, last: &str) -> Result<(), XmlErrorKind> {
        let ill_formed = |fault| Err(XmlErrorKind::IllFormed(fault));
        let tag = self.between(first, last);
        let (name, rest) = tag.split_at(tag.find(is_space).unwrap_or(tag.len()));
        if !is_qualified_name(name) {
            return ill_formed(IllFormed::Name);
        }
        self.name = name;
        self.attributes.clear();
        self.depth = self.depth.checked_add(1).ok_or(XmlErrorKind::TooDeep(u16::MAX.into()))?;
        self.namespaces.set_level(self.depth);
        for attribute in (Attributes { rest }) {
            let (name, raw) = attribute.map_err(XmlErrorKind::IllFormed)?;
            if !is_qualified_name(name) {
                return ill_formed(IllFormed::Name);
            }
            let attribute = Attribute { name, raw };
            self.attributes.push(attribute);
            let value = normalized(raw, self.version)?;
            if let Some(prefix) = attribute.declares() {
                self.bind(prefix, &value)?;
            }
        }
        let resolved = self.namespaces.resolve_element(QName(name)).0;
        if name.starts_with("xmlns:") || matches!(resolved, ResolveResult::Unknown(_)) {
            return ill_formed(IllFormed::Prefix);
        }
        self.distinct()
    }

    /// Takes up one namespace. Rule: <https://www.w3.org/TR/xml-names/#nsc-NSDeclared> and those after it.
    fn bind(&mut self, prefix: &str, namespace: &str) -> Result<(), XmlErrorKind> {
        let may_be = match (prefix, namespace) {
            ("xml", _) => namespace == XML,
            ("xmlns", _) | (_, XML | XMLNS) => false,
            // 1.1 takes a prefix back so.
            (_, "") => prefix.is_empty() || self.version == Version::Second,
            _ => true,
        };
        if !may_be {
            return Err(XmlErrorKind::IllFormed(IllFormed::Binding));
        }
        let declaration = match prefix {
            "" => PrefixDeclaration::Default,
            prefix => PrefixDeclaration::Named(prefix),
        };
        self.namespaces
            .add(declaration, Namespace(namespace))
            .map_err(|error| XmlErrorKind::NotXml(error.to_string()))
    }

    /// Refuses attributes with prefixes that nothing declares, and an attribute that is there twice, under two prefixes
    /// of one namespace too.
    fn distinct(&self) -> Result<(), XmlErrorKind> {
        let mut seen = HashSet::new();
        for attribute in &self.attributes {
            let name = QName(attribute.name);
            let is_new = match self.namespaces.resolve_attribute(name) {
                (ResolveResult::Unknown(_), _) => {
                    return Err(XmlErrorKind::IllFormed(IllFormed::Prefix));
                }
                _ if self.attributes.len() == 1 => true,
                (ResolveResult::Bound(namespace), local) => {
                    seen.insert((namespace.0, local.into_inner()))
                }
                (ResolveResult::Unbound, _) => seen.insert(("", attribute.name)),
            };
            if !is_new {
                return Err(XmlErrorKind::IllFormed(IllFormed::Duplicate));
            }
        }
        Ok(())
    }
}

fn local_name(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

fn bound(result: ResolveResult<'_>) -> Option<&str> {
    match result {
        ResolveResult::Bound(namespace) if !namespace.0.is_empty() => Some(namespace.0),
        _ => None,
    }
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

/// What the reader's error means.
fn not_xml(error: &Error) -> XmlErrorKind {
    match error {
        Error::Encoding(_) => XmlErrorKind::NotUtf8,
        Error::IllFormed(IllFormedError::MissingEndTag(_)) => XmlErrorKind::UnexpectedEnd,
        Error::IllFormed(IllFormedError::UnclosedReference) => {
            XmlErrorKind::IllFormed(IllFormed::Reference)
        }
        Error::IllFormed(
            IllFormedError::MissingDeclVersion(_) | IllFormedError::UnknownVersion,
        ) => XmlErrorKind::IllFormed(IllFormed::Declaration),
        Error::Syntax(SyntaxError::InvalidBangMarkup) => XmlErrorKind::NotXml(error.to_string()),
        Error::Syntax(_) => XmlErrorKind::UnexpectedEnd,
        error => XmlErrorKind::NotXml(error.to_string()),
    }
}
