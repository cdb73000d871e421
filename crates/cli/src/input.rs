//! What a file or standard input holds: one JSON text, or one on every line (NDJSON).

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use lmr_fhir::{Document, ParseOptions};

use crate::output::read;
use crate::text::{Explain, text};

/// Whether the file's name says that it has a resource on every line.
pub(crate) fn is_lines(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "ndjson" || e == "jsonl")
}

/// Whether the text has a JSON value on each of its first two lines that are not blank, so that it can
/// only be NDJSON.
pub(crate) fn looks_like_lines(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let is_json = |line: &[u8]| Document::parse_bytes(line, &ParseOptions::lenient()).is_ok();
    matches!((lines.next(), lines.next()), (Some(first), Some(second)) if is_json(first) && is_json(second))
}

/// What a file or standard input holds.
pub(crate) enum Input {
    /// One JSON text.
    Whole(Vec<u8>),
    /// One on every line, not yet read.
    Lines(Box<dyn Read>),
}

/// Opens a file, `-` being standard input. A file's name says whether it has a text on every line; standard
/// input has none, so there its first lines do.
pub(crate) fn open(path: &Path) -> anyhow::Result<Input> {
    if path == Path::new("-") {
        return standard_input()
            .explain(|| text!("kan ikke lese standard inn", "cannot read standard input"));
    }
    if !is_lines(path) {
        return Ok(Input::Whole(read(path)?));
    }
    let file = File::open(path)
        .explain(|| text!("kan ikke lese {path}", "cannot read {path}", path = path.display()))?;
    Ok(Input::Lines(Box::new(file)))
}

fn standard_input() -> io::Result<Input> {
    let mut input = io::stdin().lock();
    let mut head = Vec::new();
    let mut lines = 0;
    while lines < 2 {
        let start = head.len();
        if input.read_until(b'\n', &mut head)? == 0 {
            break;
        }
        lines += usize::from(!head[start..].trim_ascii().is_empty());
    }
    if looks_like_lines(&head) {
        return Ok(Input::Lines(Box::new(io::Cursor::new(head).chain(input))));
    }
    input.read_to_end(&mut head)?;
    Ok(Input::Whole(head))
}

/// The JSON texts of an input, each with its line where there are several. Standard input has no name, so
/// there its content decides.
pub(crate) fn texts<'b>(path: &Path, bytes: &'b [u8]) -> Vec<(Option<u32>, &'b [u8])> {
    let lines = is_lines(path) || (path == Path::new("-") && looks_like_lines(bytes));
    if !lines {
        return vec![(None, bytes)];
    }
    (1..)
        .zip(bytes.split(|byte| *byte == b'\n'))
        .filter(|(_, text)| !text.trim_ascii().is_empty())
        .map(|(line, text)| (Some(line), text))
        .collect()
}
