//! What a file or standard input holds: one JSON text, or one on every line (NDJSON).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use lmr_fhir::{Document, ParseOptions};

use crate::output::read;
use crate::text::{Explain, fail, failure, text};

/// Most bytes of one JSON or XML text that a packed file may have. Lines are read one by one.
const MAX_UNPACKED: u64 = 1 << 30;

/// The file's name in small letters, and whether it has `.gz` at its end, which is left out.
fn unpacked_name(path: &Path) -> (String, bool) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match name.strip_suffix(".gz") {
        Some(inner) => (inner.to_owned(), true),
        None => (name, false),
    }
}

fn ends_with(name: &str, endings: &[&str]) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}

/// Whether the file's name says that it has a resource on every line. It may be packed by gzip.
pub(crate) fn is_lines(path: &Path) -> bool {
    ends_with(&unpacked_name(path).0, &["ndjson", "jsonl"])
}

/// Whether the file's name says that it has resources: of JSON, of NDJSON or of XML, packed by gzip or not. The sender
/// reads the same names from a folder.
pub(crate) fn has_resources(path: &Path) -> bool {
    ends_with(&unpacked_name(path).0, &["json", "ndjson", "jsonl", "xml"])
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
    let cannot_read = || text!("kan ikke lese {path}", "cannot read {path}", path = path.display());
    let is_packed = has_resources(path) && unpacked_name(path).1;
    match (is_lines(path), is_packed) {
        (false, false) => Ok(Input::Whole(read(path)?)),
        (true, false) => Ok(Input::Lines(Box::new(File::open(path).explain(cannot_read)?))),
        (true, true) => Ok(Input::Lines(Box::new(unpacking(path).explain(cannot_read)?))),
        (false, true) => {
            let mut bytes = Vec::new();
            let mut file = unpacking(path).explain(cannot_read)?.take(MAX_UNPACKED + 1);
            file.read_to_end(&mut bytes).map_err(in_words).explain(|| {
                text!(
                    "{path} kan ikke pakkes ut (gzip)",
                    "{path} cannot be unpacked (gzip)",
                    path = path.display()
                )
            })?;
            if bytes.len() as u64 > MAX_UNPACKED {
                fail!(
                    "{path} er mer enn {most} MiB utpakket: lag NDJSON av den, som leses linje for linje",
                    "{path} has more than {most} MiB unpacked: make NDJSON of it, which is read line by line",
                    path = path.display(),
                    most = MAX_UNPACKED >> 20
                );
            }
            Ok(Input::Whole(bytes))
        }
    }
}

fn unpacking(path: &Path) -> io::Result<MultiGzDecoder<BufReader<File>>> {
    Ok(MultiGzDecoder::new(BufReader::new(File::open(path)?)))
}

/// Why a file cannot be read: what gzip says has a sentence of ours, the rest is the system's.
pub(crate) fn in_words(error: io::Error) -> anyhow::Error {
    let is_of_gzip = error.get_ref().is_some() || error.kind() == io::ErrorKind::UnexpectedEof;
    if !is_of_gzip {
        return error.into();
    }
    failure(if error.to_string() == "invalid gzip header" {
        text!(
            "filen er ikke pakket med gzip, eller noe annet følger etter det som er pakket: gi den et navn uten .gz, eller pakk \
             den på nytt",
            "the file is not packed by gzip, or something else follows what is packed: give it a name without .gz, or pack it \
             again"
        )
    } else {
        text!(
            "den pakkede filen er skadet eller slutter for tidlig: hent den eller pakk den på nytt",
            "the packed file is damaged or ends too early: fetch it or pack it again"
        )
    })
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
