//! Codes that come in another form than FHIR, on their way to become a CodeSystem.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::Content;

/// Most codes that one list may have.
const MAX_CODES: usize = 2_000_000;

/// Why a list of codes cannot be used. The fault is in the list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeListError {
    /// It is not CSV.
    #[error("line {line}: {reason}")]
    NotCsv {
        /// Line, from 1.
        line: u64,
        /// What the reader says.
        reason: String,
    },
    /// A quoted field has no end, or goes on after it.
    #[error(
        "line {line}: the quotation mark that opens a field here is not closed at the end of the field; close it, \
         and double each one inside the field"
    )]
    OpenQuote {
        /// Line on which it opens, from 1.
        line: u64,
    },
    /// A row has no code.
    #[error("line {line} has no code")]
    NoCode {
        /// Line, from 1.
        line: u64,
    },
    /// A code is a duplicate with different displays or parents.
    #[error(
        "the code {code:?} is listed more than once, with different displays or parents; keep one of the rows"
    )]
    Contradiction {
        /// The code.
        code: String,
    },
    /// A code's parent is not in the list.
    #[error("the code {code:?} has the parent {parent:?}, which is not in the list")]
    NoParent {
        /// The code.
        code: String,
        /// The code given as its parent.
        parent: String,
    },
    /// There are no codes in it.
    #[error("there are no codes in it")]
    Empty,
    /// There are more codes than are accepted.
    #[error("there are more than {limit} codes in it")]
    TooMany {
        /// Most codes that are accepted.
        limit: usize,
    },
}

/// A code system in the making.
#[derive(Clone, Debug)]
pub struct CodeList {
    /// Canonical URL of the system.
    pub url: String,
    /// Business version, if it has one.
    pub version: Option<String>,
    /// Human-friendly name.
    pub title: String,
    /// Whether codes that are not in the list do not exist.
    pub content: Content,
    /// Whether case distinguishes codes.
    pub is_case_sensitive: bool,
    concepts: BTreeMap<String, ListedConcept>,
}

/// What a list says of a code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedConcept {
    /// Its display.
    pub display: Option<String>,
    /// The code above it.
    pub parent: Option<String>,
    /// Whether it is no longer to be used.
    pub is_inactive: bool,
}

impl CodeList {
    /// An empty list of a system that is complete and case-sensitive.
    pub fn new(url: &str, title: &str) -> Self {
        Self {
            url: url.to_owned(),
            version: None,
            title: title.to_owned(),
            content: Content::Complete,
            is_case_sensitive: true,
            concepts: BTreeMap::new(),
        }
    }

    /// Reads `code,display,parent`: separated by comma, semicolon or tabulator, whichever the first
    /// line has most of. A first line with the word `code` or `kode` names the columns; then
    /// they may stand in any order and others are left aside.
    ///
    /// # Errors
    /// [`CodeListError`] names the line.
    pub fn read_csv(&mut self, text: &str) -> Result<(), CodeListError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().next().unwrap_or_default();
        let delimiter = [b',', b';', b'\t']
            .into_iter()
            .max_by_key(|wanted| {
                (first.bytes().filter(|byte| byte == wanted).count(), *wanted == b',')
            })
            .unwrap_or(b',');
        if let Some(line) = open_quote(text, delimiter) {
            return Err(CodeListError::OpenQuote { line });
        }
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut columns = Columns { code: 0, display: Some(1), parent: Some(2) };
        for (number, row) in reader.records().enumerate() {
            let row = row.map_err(|error| CodeListError::NotCsv {
                line: error.position().map_or(0, csv::Position::line),
                reason: error.to_string(),
            })?;
            let line = row.position().map_or(0, csv::Position::line);
            if number == 0
                && let Some(named) = Columns::named(&row)
            {
                columns = named;
                continue;
            }
            let cell = |column: Option<usize>| {
                column
                    .and_then(|column| row.get(column))
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned)
            };
            if row.iter().all(str::is_empty) {
                continue;
            }
            let code = cell(Some(columns.code)).ok_or(CodeListError::NoCode { line })?;
            let concept = ListedConcept {
                display: cell(columns.display),
                parent: cell(columns.parent),
                is_inactive: false,
            };
            self.add(&code, concept)?;
        }
        Ok(())
    }

    /// Adds a code. The same code may come again if it says the same.
    ///
    /// # Errors
    /// [`CodeListError::Contradiction`], [`CodeListError::TooMany`].
    pub fn add(&mut self, code: &str, concept: ListedConcept) -> Result<(), CodeListError> {
        match self.concepts.get(code) {
            Some(known) if *known != concept => {
                Err(CodeListError::Contradiction { code: code.to_owned() })
            }
            Some(_) => Ok(()),
            None if self.concepts.len() >= MAX_CODES => {
                Err(CodeListError::TooMany { limit: MAX_CODES })
            }
            None => {
                self.concepts.insert(code.to_owned(), concept);
                Ok(())
            }
        }
    }

    /// What the list says of a code.
    pub fn get(&self, code: &str) -> Option<&ListedConcept> {
        self.concepts.get(code)
    }

    /// How many codes there are.
    pub fn len(&self) -> usize {
        self.concepts.len()
    }

    /// Whether there are no codes.
    pub fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }

    /// The list as a FHIR CodeSystem in JSON.
    ///
    /// # Errors
    /// [`CodeListError::Empty`], [`CodeListError::NoParent`].
    pub fn to_code_system(&self) -> Result<String, CodeListError> {
        if self.concepts.is_empty() {
            return Err(CodeListError::Empty);
        }
        let mut codes = Vec::with_capacity(self.concepts.len());
        for (code, concept) in &self.concepts {
            let mut item = json!({"code": code});
            if let Some(display) = &concept.display {
                item["display"] = json!(display);
            }
            let mut properties = Vec::new();
            if let Some(parent) = &concept.parent {
                if !self.concepts.contains_key(parent) {
                    return Err(CodeListError::NoParent {
                        code: code.clone(),
                        parent: parent.clone(),
                    });
                }
                properties.push(json!({"code": "parent", "valueCode": parent}));
            }
            if concept.is_inactive {
                properties.push(json!({"code": "inactive", "valueBoolean": true}));
            }
            if !properties.is_empty() {
                item["property"] = Value::Array(properties);
            }
            codes.push(item);
        }
        let mut system = json!({
            "resourceType": "CodeSystem",
            "url": self.url,
            "name": self.title,
            "title": self.title,
            "status": "active",
            "caseSensitive": self.is_case_sensitive,
            "content": if self.content == Content::Complete { "complete" } else { "fragment" },
            "count": codes.len(),
        });
        if let Some(version) = &self.version {
            system["version"] = json!(version);
        }
        system["concept"] = Value::Array(codes);
        Ok(system.to_string())
    }
}

struct Columns {
    code: usize,
    display: Option<usize>,
    parent: Option<usize>,
}

impl Columns {
    /// The columns that a first line names, if it is one that does.
    fn named(row: &csv::StringRecord) -> Option<Self> {
        let names: HashMap<String, usize> =
            row.iter().enumerate().map(|(at, name)| (name.to_lowercase(), at)).collect();
        let find = |wanted: &[&str]| wanted.iter().find_map(|name| names.get(*name).copied());
        Some(Self {
            code: find(&["code", "kode"])?,
            display: find(&["display", "visning", "navn", "term", "tekst"]),
            parent: find(&["parent", "overordnet"]),
        })
    }
}

/// The line of the first quoted field that does not end with a quotation mark: the reader would
/// take all that follows as part of it, without a word.
/// Rule: <https://www.rfc-editor.org/rfc/rfc4180#section-2>, 5 to 7. Blanks after a field are trimmed.
fn open_quote(text: &str, delimiter: u8) -> Option<u64> {
    enum State {
        Start,
        Plain,
        Quoted,
        /// Behind a mark in a quoted field: the last one, or the first of an escaped one.
        Mark,
        Closed,
    }
    let mut state = State::Start;
    let (mut line, mut opened) = (1, 1);
    for byte in text.bytes() {
        let is_end = byte == delimiter || matches!(byte, b'\r' | b'\n');
        state = match (state, byte) {
            (State::Start, b'"') => {
                opened = line;
                State::Quoted
            }
            (State::Quoted, b'"') => State::Mark,
            (State::Quoted, _) | (State::Mark, b'"') => State::Quoted,
            _ if is_end => State::Start,
            (State::Mark | State::Closed, b' ' | b'\t') => State::Closed,
            (State::Mark | State::Closed, _) => return Some(opened),
            (State::Start | State::Plain, _) => State::Plain,
        };
        line += u64::from(byte == b'\n');
    }
    matches!(state, State::Quoted).then_some(opened)
}
