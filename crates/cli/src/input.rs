//! What a file or standard input holds: one JSON text, or one on every line (NDJSON).

use std::path::Path;

use lmr_fhir::{Document, ParseOptions};

/// Whether the file's name says that it has a resource on every line.
pub(crate) fn is_lines(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "ndjson" || e == "jsonl")
}

/// Whether the text can only be XML: JSON does not begin like that.
pub(crate) fn is_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().first() == Some(&b'<')
}

/// Whether the text has a JSON value on each of its first two lines that are not blank, so that it can
/// only be NDJSON.
pub(crate) fn looks_like_lines(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let is_json = |line: &[u8]| Document::parse_bytes(line, &ParseOptions::lenient()).is_ok();
    matches!((lines.next(), lines.next()), (Some(first), Some(second)) if is_json(first) && is_json(second))
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
