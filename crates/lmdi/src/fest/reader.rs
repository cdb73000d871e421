//! The XML of a FEST file, element by element.
//!
//! Elements are known by their local names, in any case, and by where they are: names repeat at
//! several levels (`Id` of an entry and of what it holds, `Term` in `Term`).

use std::io::BufRead;

use quick_xml::{
    NsReader, XmlVersion,
    errors::SyntaxError,
    events::{BytesStart, Event},
    name::ResolveResult,
};

use super::{FestError, FestFile, FestVersion, catalogue::Catalogues};

/// How deep elements may be nested.
const MAX_DEPTH: usize = 64;

const M30: &str = "http://www.kith.no/xmlstds/eresept/m30/";
const PRESCRIPTION: &str = "http://www.kith.no/xmlstds/eresept/forskrivning/";

/// An element that was opened.
pub(super) struct Opened<'x> {
    /// Its local name in lower case.
    pub(super) name: &'x str,
    start: &'x BytesStart<'x>,
}

impl Opened<'_> {
    /// The value of an attribute, if it has one that is not empty.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let found = self
            .start
            .attributes()
            .flatten()
            .find(|attribute| attribute.key.local_name().as_ref() == name)?;
        let value = found.normalized_value(XmlVersion::Implicit1_0).ok()?;
        (!value.is_empty()).then(|| value.into_owned())
    }
}

pub(super) fn read(mut source: impl BufRead) -> Result<FestFile, FestError> {
    match source.fill_buf().map_err(FestError::Unreadable)? {
        [b'P', b'K', 3, 4, ..] => return Err(FestError::Zip),
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [b'<', 0, ..] | [0, b'<', ..] => {
            return Err(FestError::Encoding("UTF-16".to_owned()));
        }
        _ => {}
    }
    let mut reader = NsReader::from_reader(source);
    let mut buffer = Vec::new();
    let mut state = State::default();
    loop {
        let at = reader.buffer_position();
        let not_xml = |reason: String| FestError::NotXml { at, reason };
        let event = match reader.read_resolved_event_into(&mut buffer) {
            Ok(event) => event,
            Err(error) => return Err(not_utf8(&error, at)),
        };
        match event {
            (namespace, Event::Start(start)) => {
                attributes(&start).map_err(not_xml)?;
                state.open(&namespace, &start)?;
            }
            (namespace, Event::Empty(start)) => {
                attributes(&start).map_err(not_xml)?;
                state.open(&namespace, &start)?;
                state.close()?;
            }
            (_, Event::End(_)) => state.close()?,
            (_, Event::Text(text)) => state.text(&text),
            (_, Event::CData(text)) => state.text(&text),
            (_, Event::GeneralRef(reference)) => {
                // Names may hold `&amp;`; a file without a document type has no other entities.
                match (&*reference, reference.resolve_char_ref()) {
                    (_, Ok(Some(character))) => state.text(character.encode_utf8(&mut [0; 4])),
                    ("amp", _) => state.text("&"),
                    ("lt", _) => state.text("<"),
                    ("gt", _) => state.text(">"),
                    ("quot", _) => state.text("\""),
                    ("apos", _) => state.text("'"),
                    (name, _) => {
                        return Err(not_xml(format!("the entity {name:?} is not defined")));
                    }
                }
            }
            (_, Event::Decl(declaration)) => {
                if let Some(encoding) = declaration.encoding() {
                    let encoding = encoding.map_err(|error| not_xml(error.to_string()))?;
                    if !["utf-8", "utf8"].iter().any(|name| encoding.eq_ignore_ascii_case(name)) {
                        return Err(FestError::Encoding(encoding.to_string()));
                    }
                }
            }
            (_, Event::DocType(_)) => return Err(FestError::Doctype { at }),
            (_, Event::Eof) => break,
            _ => {}
        }
        buffer.clear();
    }
    state.finish()
}

/// Refuses what is not written like an attribute: an entry would lose it in silence.
fn attributes(start: &BytesStart<'_>) -> Result<(), String> {
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        // Only a reference can be wrong in a value.
        if attribute.value.contains('&') {
            attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

fn not_utf8(error: &quick_xml::Error, at: u64) -> FestError {
    match error {
        quick_xml::Error::Encoding(_) => FestError::NotUtf8 { at },
        // Nothing but the end of the file leaves a tag, a comment or a CDATA section open.
        quick_xml::Error::Syntax(fault) if !matches!(fault, SyntaxError::InvalidBangMarkup) => {
            FestError::Truncated
        }
        quick_xml::Error::Io(error) => {
            FestError::Unreadable(std::io::Error::new(error.kind(), error.to_string()))
        }
        other => FestError::NotXml { at, reason: other.to_string() },
    }
}

#[derive(Default)]
struct State {
    /// Local names of the open elements, in lower case.
    path: Vec<String>,
    text: String,
    is_over: bool,
    version: Option<FestVersion>,
    /// The namespace of a root that belongs to 2.4, or to no version.
    unknown_root: Option<String>,
    retrieved: Option<String>,
    catalogues: Catalogues,
}

impl State {
    fn open(
        &mut self,
        namespace: &ResolveResult<'_>,
        start: &BytesStart<'_>,
    ) -> Result<(), FestError> {
        if self.is_over {
            return Err(FestError::SecondRoot);
        }
        if self.path.len() >= MAX_DEPTH {
            return Err(FestError::TooDeep { limit: MAX_DEPTH });
        }
        let name = start.local_name().as_ref().to_lowercase();
        if self.path.is_empty() && name != "fest" {
            return Err(FestError::NotFest(name));
        }
        match namespace {
            ResolveResult::Bound(namespace) => self.check_version(namespace.0)?,
            ResolveResult::Unbound => {}
            ResolveResult::Unknown(prefix) => {
                return Err(FestError::UnknownVersion { namespace: prefix.clone() });
            }
        }
        self.catalogues.open(&self.path, &Opened { name: &name, start })?;
        self.path.push(name);
        self.text.clear();
        Ok(())
    }

    /// The root's namespace names the version; that of 2.4 is not documented, so what is in the
    /// entries decides there.
    fn check_version(&mut self, namespace: &str) -> Result<(), FestError> {
        let unknown = || FestError::UnknownVersion { namespace: namespace.to_owned() };
        if self.path.is_empty() {
            match namespace.strip_prefix(M30) {
                Some("2014-12-01") => self.version = Some(FestVersion::V2_5_1),
                Some("2013-10-08") => self.version = Some(FestVersion::V2_5_0),
                Some(_) => self.unknown_root = Some(namespace.to_owned()),
                None => return Err(unknown()),
            }
        } else if let Some(date) = namespace.strip_prefix(PRESCRIPTION) {
            match date {
                "2014-12-01" | "2013-10-08" => {}
                "2010-04-01" => {
                    self.unknown_root = None;
                    self.version.get_or_insert(FestVersion::V2_4);
                }
                _ => return Err(unknown()),
            }
        } else if let Some(date) = namespace.strip_prefix(M30)
            && self.unknown_root.is_none()
            && self.version.is_some_and(|version| version != FestVersion::V2_4)
            && !matches!(date, "2014-12-01" | "2013-10-08")
        {
            return Err(unknown());
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn close(&mut self) -> Result<(), FestError> {
        let Some(name) = self.path.pop() else { return Err(FestError::Truncated) };
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        if self.path.len() == 1 && name == "hentetdato" && !text.is_empty() {
            self.retrieved = Some(text.to_owned());
        }
        self.is_over = self.path.is_empty();
        self.catalogues.close(&self.path, &name, text)
    }

    fn finish(self) -> Result<FestFile, FestError> {
        if !self.path.is_empty() {
            return Err(FestError::Truncated);
        }
        if !self.is_over {
            return Err(FestError::NotFest("(none)".to_owned()));
        }
        if let Some(namespace) = self.unknown_root {
            return Err(FestError::UnknownVersion { namespace });
        }
        let absent = self.catalogues.absent();
        let is_veterinary = self.catalogues.is_veterinary();
        let lists = self.catalogues.into_lists(self.retrieved.as_deref())?;
        Ok(FestFile {
            version: self.version,
            retrieved: self.retrieved,
            lists,
            absent,
            is_veterinary,
        })
    }
}
