//! The markup of an XML text, well-formed and with its namespaces.

use std::borrow::Cow;
use std::collections::HashSet;

use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::Event;
use quick_xml::reader::Reader;

use super::error::XmlErrorKind;
use super::names::{Version, is_qualified_name, is_space};
use super::namespaces::{Binding, NamespaceId, Namespaces};
use super::read::Fault;
use super::values::{normalized, referenced};
use super::well_formed::{Attributes, Declaration, IllFormed, comment, instruction};

/// How many elements may be inside one another, those of a narrative too.
const DEEPEST: usize = 65_535;

/// An attribute as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute<'x> {
    /// With its prefix.
    pub(super) name: &'x str,
    /// Between its quotation marks.
    pub(super) raw: &'x str,
    /// That of its prefix.
    pub(super) namespace: NamespaceId,
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
pub(super) struct Events<'x> {
    reader: Reader<&'x [u8]>,
    text: &'x str,
    version: Version,
    namespaces: Namespaces<'x>,
    /// Elements that are open, which is the level of the namespaces.
    depth: usize,
    /// Whether the last event was an element without an end of its own.
    is_empty: bool,
    /// The name of the last start tag.
    name: &'x str,
    /// Its namespace.
    namespace: NamespaceId,
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
            namespaces: Namespaces::new(),
            depth: 0,
            is_empty: false,
            name: "",
            namespace: NamespaceId::NONE,
            attributes: Vec::new(),
            at: 0,
        })
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

    pub(super) const fn name(&self) -> &'x str {
        self.name
    }

    /// The prefix of the last start tag.
    pub(super) fn prefix(&self) -> Option<&'x str> {
        self.name.split_once(':').map(|(prefix, _)| prefix)
    }

    /// The level of what the last start tag declares.
    pub(super) const fn level(&self) -> usize {
        self.depth
    }

    /// The namespace of the last start tag.
    pub(super) const fn namespace(&self) -> NamespaceId {
        self.namespace
    }

    /// The attributes of the last start tag, declarations of namespaces among them.
    pub(super) fn attributes(&self) -> &[Attribute<'x>] {
        &self.attributes
    }

    /// What a prefix stands for in the last tag, an empty one for the default namespace.
    pub(super) fn binding(&self, prefix: &str) -> Binding<'x> {
        self.namespaces.binding(prefix)
    }

    /// What a namespace is called.
    pub(super) fn name_of(&self, namespace: NamespaceId) -> &str {
        self.namespaces.name(namespace)
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
            self.namespaces.leave(self.depth);
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
                return Err(other_encoding(encoding));
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
        if self.depth == DEEPEST {
            return Err(XmlErrorKind::TooDeep(DEEPEST));
        }
        self.depth += 1;
        for attribute in (Attributes { rest }) {
            let (name, raw) = attribute.map_err(XmlErrorKind::IllFormed)?;
            if !is_qualified_name(name) {
                return ill_formed(IllFormed::Name);
            }
            let attribute = Attribute { name, raw, namespace: NamespaceId::NONE };
            self.attributes.push(attribute);
            let value = normalized(raw, self.version)?;
            if let Some(prefix) = attribute.declares() {
                self.bind(prefix, value)?;
            }
        }
        self.namespace = match self.prefix() {
            Some("xmlns") => return ill_formed(IllFormed::Prefix),
            Some(prefix) => self.declared(prefix)?,
            None => self.namespaces.binding("").namespace,
        };
        self.distinct()
    }

    /// Takes up one namespace. Rule: <https://www.w3.org/TR/xml-names/#nsc-NSDeclared> and those after it.
    fn bind(&mut self, prefix: &'x str, name: Cow<'x, str>) -> Result<(), XmlErrorKind> {
        let namespace = self.namespaces.id(name);
        let may_be = match (prefix, namespace) {
            ("xml", _) => namespace == NamespaceId::XML,
            ("xmlns", _) | (_, NamespaceId::XML | NamespaceId::XMLNS) => false,
            // 1.1 takes a prefix back so.
            (_, NamespaceId::NONE) => prefix.is_empty() || self.version == Version::Second,
            _ => true,
        };
        if !may_be {
            return Err(XmlErrorKind::IllFormed(IllFormed::Binding));
        }
        self.namespaces.bind(prefix, namespace, self.depth);
        Ok(())
    }

    /// The namespace of a prefix.
    fn declared(&self, prefix: &str) -> Result<NamespaceId, XmlErrorKind> {
        match self.namespaces.binding(prefix).namespace {
            NamespaceId::NONE => Err(XmlErrorKind::IllFormed(IllFormed::Prefix)),
            namespace => Ok(namespace),
        }
    }

    /// Refuses attributes with prefixes that nothing declares, and an attribute that is there twice, under two prefixes
    /// of one namespace too.
    fn distinct(&mut self) -> Result<(), XmlErrorKind> {
        for at in 0..self.attributes.len() {
            if let Some(prefix) = self.attributes[at].prefix() {
                self.attributes[at].namespace = self.declared(prefix)?;
            }
        }
        if self.attributes.len() < 2 {
            return Ok(());
        }
        let mut seen = HashSet::new();
        if self.attributes.iter().all(|found| seen.insert((found.namespace, found.local_name()))) {
            Ok(())
        } else {
            Err(XmlErrorKind::IllFormed(IllFormed::Duplicate))
        }
    }
}

fn local_name(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

/// What a declaration of another encoding is. Only what can be the name of one is repeated.
/// Rule: <https://www.w3.org/TR/xml/#NT-EncName>.
fn other_encoding(encoding: &str) -> XmlErrorKind {
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
        Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            XmlErrorKind::EndTag { found: found.clone(), expected: Some(expected.clone()) }
        }
        Error::IllFormed(IllFormedError::UnmatchedEndTag(found)) => {
            XmlErrorKind::EndTag { found: found.clone(), expected: None }
        }
        Error::IllFormed(IllFormedError::MissingDoctypeName) => XmlErrorKind::Doctype,
        Error::Syntax(SyntaxError::InvalidBangMarkup) => XmlErrorKind::IllFormed(IllFormed::Markup),
        Error::Syntax(_) => XmlErrorKind::UnexpectedEnd,
        error => XmlErrorKind::NotXml(error.to_string()),
    }
}
