//! Reading a list of codes from CSV.

use std::collections::HashMap;

use super::{CodeList, CodeListError, ListedConcept};

impl CodeList {
    /// Reads `code,display,parent`: separated by comma, semicolon or tabulator, whichever the first
    /// line has most of. A first line with the word `code` or `kode` names the columns; then
    /// they may be in any order and others are ignored.
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
                ..ListedConcept::default()
            };
            self.add(&code, concept)?;
        }
        Ok(())
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
