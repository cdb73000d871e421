//! FEST M30: what is prescribed in Norway, as DMP publishes it in XML.
//!
//! Of the file's catalogues only what the guide's code systems need is read: ids and names of
//! brands, packages, single doses and substances, item and serial numbers, and the ATC codes they
//! carry. Namespaces and the case of element names are left aside, since both have changed between
//! versions of the format. The file is read as a stream; a hundred megabytes of XML need little
//! memory beyond the codes.

use std::collections::HashMap;
use std::io::BufRead;

use lmr_identifiers::systems;
use lmr_validator::terminology::{CodeList, CodeListError, Content, ListedConcept};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use thiserror::Error;

const ATC: &str = "http://www.whocc.no/atc";

/// How deep elements may be nested.
const MAX_DEPTH: usize = 64;

/// Why a FEST file cannot be used. The fault is in the file.
#[derive(Debug, Error)]
pub enum FestError {
    /// It is not XML, or cannot be read.
    #[error("byte {at}: {reason}")]
    NotXml {
        /// Where reading stopped.
        at: u64,
        /// What the reader says.
        reason: String,
    },
    /// Its root is not `FEST`.
    #[error("the root element is {0:?}, not FEST")]
    NotFest(String),
    /// Elements are nested deeper than any FEST file needs.
    #[error("elements are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// The file ends inside an element.
    #[error("the file ends inside an element")]
    Truncated,
    /// Its codes contradict each other, or there are none.
    #[error(transparent)]
    Codes(#[from] CodeListError),
}

/// The code systems in a FEST M30 file. Those of ids are complete; ATC is a part, since FEST has
/// the codes of what is on the market only.
///
/// An id may stand in a record with or without the prefix `ID_`, as in the guide's own
/// examples: both are listed.
///
/// # Errors
/// [`FestError`] tells where the file is wrong.
pub fn read(source: impl BufRead) -> Result<Vec<CodeList>, FestError> {
    let mut reader = Reader::from_reader(source);
    let mut buffer = Vec::new();
    let mut state = State::default();
    loop {
        let event = reader.read_event_into(&mut buffer).map_err(|error| FestError::NotXml {
            at: reader.error_position(),
            reason: error.to_string(),
        })?;
        match event {
            Event::Start(start) => state.open(&start)?,
            Event::Empty(start) => {
                state.open(&start)?;
                state.close()?;
            }
            Event::End(_) => state.close()?,
            Event::Text(text) => {
                state.text(&text);
            }
            Event::GeneralRef(reference) => {
                // Names may hold `&amp;`; entities of the file's own are not resolved.
                match (&*reference, reference.resolve_char_ref()) {
                    (_, Ok(Some(character))) => state.text(character.encode_utf8(&mut [0; 4])),
                    ("amp", _) => state.text("&"),
                    ("lt", _) => state.text("<"),
                    ("gt", _) => state.text(">"),
                    ("quot", _) => state.text("\""),
                    ("apos", _) => state.text("'"),
                    _ => {}
                }
            }
            Event::Eof => break,
            _ => {}
        }
        buffer.clear();
    }
    if !state.path.is_empty() {
        return Err(FestError::Truncated);
    }
    state.finish()
}

/// An entry of a catalogue that is being read.
#[derive(Default)]
struct Record {
    id: Option<String>,
    name: Option<String>,
    item_number: Option<String>,
    serial_number: Option<String>,
    atc: Vec<(String, Option<String>)>,
}

#[derive(Default)]
struct State {
    path: Vec<String>,
    text: String,
    /// The entry and how many elements stand above its own.
    record: Option<(&'static str, usize, Record)>,
    is_inactive: bool,
    codes: HashMap<&'static str, HashMap<String, ListedConcept>>,
}

impl State {
    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), FestError> {
        if self.path.len() >= MAX_DEPTH {
            return Err(FestError::TooDeep);
        }
        let name = start.local_name().as_ref().to_lowercase();
        if self.path.is_empty() && name != "fest" {
            return Err(FestError::NotFest(name));
        }
        let parent = self.path.last().map(String::as_str).unwrap_or_default();
        if parent.starts_with("kat") && name.starts_with("oppf") {
            self.is_inactive = false;
        }
        if parent.starts_with("oppf") {
            if name == "status" {
                // A: active; anything else is on its way out.
                self.is_inactive = attribute(start, "V").is_some_and(|status| status != "A");
            }
            let kind = match &*name {
                "legemiddelmerkevare" => Some(systems::FEST_BRAND),
                "legemiddelpakning" => Some(systems::FEST_PACKAGE),
                "legemiddeldose" => Some(systems::FEST_DOSE),
                "virkestoff" => Some(systems::FEST_SUBSTANCE),
                _ => None,
            };
            if let Some(kind) = kind {
                self.record = Some((kind, self.path.len(), Record::default()));
            }
        }
        if let Some((_, depth, record)) = &mut self.record
            && name == "atc"
            && self.path.len() == *depth + 1
            && let Some(code) = attribute(start, "V")
        {
            record.atc.push((code, attribute(start, "DN")));
        }
        self.path.push(name);
        self.text.clear();
        Ok(())
    }

    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn close(&mut self) -> Result<(), FestError> {
        let Some(name) = self.path.pop() else { return Err(FestError::Truncated) };
        let text = std::mem::take(&mut self.text);
        let depth = self.path.len();
        if let Some((_, start, record)) = &mut self.record {
            let text = text.trim();
            if depth == *start + 1 && !text.is_empty() {
                match &*name {
                    "id" => record.id = Some(text.to_owned()),
                    "navnformstyrke" | "navn" => record.name = Some(text.to_owned()),
                    "varenavn" if record.name.is_none() => record.name = Some(text.to_owned()),
                    "varenr" | "varenummer" => record.item_number = Some(text.to_owned()),
                    "lmrlopenr" | "lmrlopenummer" | "lmrløpenr" => {
                        record.serial_number = Some(text.to_owned());
                    }
                    _ => {}
                }
            }
        }
        if let Some((kind, _, record)) = self.record.take_if(|(_, start, _)| *start == depth) {
            self.keep(kind, record);
        }
        Ok(())
    }

    fn keep(&mut self, kind: &'static str, record: Record) {
        let concept =
            ListedConcept { display: record.name, parent: None, is_inactive: self.is_inactive };
        if let Some(id) = &record.id {
            self.add(kind, id, concept.clone());
            if let Some(bare) = id.strip_prefix("ID_") {
                self.add(kind, bare, concept.clone());
            }
        }
        if let Some(number) = &record.item_number {
            self.add(systems::ITEM_NUMBER, number, concept.clone());
        }
        if let Some(number) = &record.serial_number {
            self.add(systems::SERIAL_NUMBER, number, concept);
        }
        for (code, display) in record.atc {
            self.add(ATC, &code, ListedConcept { display, parent: None, is_inactive: false });
        }
    }

    /// FEST lists an entry again when it changes; the active one counts, else the last.
    fn add(&mut self, system: &'static str, code: &str, concept: ListedConcept) {
        let codes = self.codes.entry(system).or_default();
        if codes.get(code).is_none_or(|known| known.is_inactive || !concept.is_inactive) {
            codes.insert(code.to_owned(), concept);
        }
    }

    fn finish(self) -> Result<Vec<CodeList>, FestError> {
        let mut lists = Vec::new();
        for (system, title) in [
            (systems::FEST_BRAND, "FEST merkevare"),
            (systems::FEST_PACKAGE, "FEST pakning"),
            (systems::FEST_DOSE, "FEST dose"),
            (systems::FEST_SUBSTANCE, "FEST virkestoff"),
            (systems::ITEM_NUMBER, "FEST varenummer"),
            (systems::SERIAL_NUMBER, "LMR-løpenummer"),
            (ATC, "ATC"),
        ] {
            let Some(codes) = self.codes.get(system) else { continue };
            let mut list = CodeList::new(system, title);
            if system == ATC {
                list.content = Content::Fragment;
            }
            list.is_case_sensitive = false;
            for (code, concept) in codes {
                list.add(code, concept.clone())?;
            }
            lists.push(list);
        }
        if lists.is_empty() { Err(CodeListError::Empty.into()) } else { Ok(lists) }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start
        .attributes()
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    let value = found.normalized_value(XmlVersion::Implicit1_0).ok()?;
    (!value.is_empty()).then(|| value.into_owned())
}
