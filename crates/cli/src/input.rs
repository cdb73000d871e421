//! What a file or standard input holds: one text of JSON or XML, or one of JSON on every line (NDJSON). Every command that
//! reads resources reads them by this, so that each takes the same forms.

pub(crate) mod seems;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use lmr_fhir::{Document, ParseOptions};
use lmr_report::{MAX_XML_DEPTH, is_xml};

use crate::output::read;
use crate::text::{Explain, Text, fail, failure, text};
use seems::{is_no_text, remedy_for};

/// Most bytes of one JSON or XML text that a packed file may have. Lines are read one by one.
const MAX_UNPACKED: u64 = 1 << 30;
/// Bytes that are looked at of a file of lines before it is read as one.
const HEAD: u64 = 1 << 12;

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
    /// One text, of JSON or XML.
    Whole(Vec<u8>),
    /// One of JSON on every line, not yet read.
    Lines(Box<dyn Read>),
    /// By its name one on every line, and it begins with a bracket that stands alone: one text over several lines.
    OneOverSeveral,
}

/// Opens a file, `-` being standard input. A file's name says whether it has a text on every line; standard
/// input has none, so there its first lines do.
pub(crate) fn open(path: &Path) -> anyhow::Result<Input> {
    if path == Path::new("-") {
        return standard_input()
            .explain(|| text!("kan ikke lese standard inn", "cannot read standard input"));
    }
    let cannot_read = || text!("kan ikke lese {path}", "cannot read {path}", path = path.display());
    if is_address(path) {
        return Err(failure(fetch_first())).explain(cannot_read);
    }
    let is_packed = has_resources(path) && unpacked_name(path).1;
    match (is_lines(path), is_packed) {
        (false, false) => Ok(Input::Whole(read(path)?)),
        (true, false) => Ok(lines(File::open(path).explain(cannot_read)?)),
        (true, true) => Ok(lines(unpacking(path).explain(cannot_read)?)),
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

/// Whether what is named as a file is an address on the web.
pub(crate) fn is_address(path: &Path) -> bool {
    let is_of_web = |name: &str| name.starts_with("https://") || name.starts_with("http://");
    path.to_str().is_some_and(is_of_web) && !path.exists()
}

/// What to do about an address where a file is asked for.
pub(crate) fn fetch_first() -> Text {
    text!(
        "det er en adresse, og lmr henter ingenting: last filen ned først",
        "it is an address, and lmr fetches nothing: download the file first"
    )
}

/// What a file whose name says that it has a text on every line holds, by its first bytes.
fn lines(mut file: impl Read + 'static) -> Input {
    let mut head = Vec::new();
    let broken = (&mut file).take(HEAD).read_to_end(&mut head).err();
    if is_no_text(&head) {
        return Input::Whole(head);
    }
    let mut texts = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = texts.find(|text| !text.is_empty()).unwrap_or_default();
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    if matches!(first, b"{" | b"[") {
        return Input::OneOverSeveral;
    }
    let head = io::Cursor::new(head);
    Input::Lines(match broken {
        None => Box::new(head.chain(file)),
        // What was read before it counts.
        Some(error) => Box::new(head.chain(Broken(Some(error)))),
    })
}

/// The end of what could be read.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// What is wrong with a file of one text over several lines.
pub(crate) fn one_over_several() -> Text {
    text!(
        "filnavnet sier en ressurs per linje, men filen har én ressurs over flere linjer: gi den et navn som slutter på .json",
        "the name of the file says a resource a line, but the file holds one resource over several lines: give it a name that \
         ends with .json"
    )
}

/// Takes a text, and its line where there is one on every line.
type Visitor<'v> = dyn FnMut(Option<u32>, &[u8]) -> anyhow::Result<()> + 'v;

/// Hands out each text of a file, in its order.
///
/// # Errors
/// The file cannot be read or has no text, or what the visitor returns.
pub(crate) fn each_text(path: &Path, visit: &mut Visitor<'_>) -> anyhow::Result<()> {
    let file = path.display();
    let lines = match open(path)? {
        Input::Whole(bytes) => return visit(None, &bytes),
        Input::OneOverSeveral => {
            return Err(failure(one_over_several())).explain(|| cannot_use(path));
        }
        Input::Lines(lines) => lines,
    };
    let mut reader = BufReader::new(lines);
    let (mut line, mut texts) = (0_u32, 0_usize);
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = reader.read_until(b'\n', &mut text).map_err(in_words);
        if read
            .explain(|| text!("kan ikke lese {file} til ende", "cannot read {file} to its end"))?
            == 0
        {
            break;
        }
        line = line.saturating_add(1);
        if !text.trim_ascii().is_empty() {
            texts += 1;
            visit(Some(line), &text)?;
        }
    }
    if texts == 0 {
        fail!("{file} har ingen ressurs", "{file} holds no resource");
    }
    Ok(())
}

fn cannot_use(path: &Path) -> Text {
    text!("{file} kan ikke brukes", "{file} cannot be used", file = path.display())
}

/// The one text of a file.
///
/// # Errors
/// The file cannot be read, or has a text on every line.
pub(crate) fn whole(path: &Path) -> anyhow::Result<Vec<u8>> {
    match open(path)? {
        Input::Whole(bytes) => Ok(bytes),
        Input::OneOverSeveral => Err(failure(one_over_several())).explain(|| cannot_use(path)),
        Input::Lines(_) => fail!(
            "{file} har en ressurs per linje: gi en fil med én ressurs",
            "{file} has a resource a line: give a file with one resource",
            file = path.display()
        ),
    }
}

/// Reads a text as a document, one of XML by way of the JSON that says the same.
///
/// # Errors
/// What is wrong with the text, and what it seems to be instead.
pub(crate) fn document<'b>(
    path: &Path,
    line: Option<u32>,
    bytes: &'b [u8],
) -> anyhow::Result<Document<'b>> {
    let at = line.map(|line| format!(":{line}")).unwrap_or_default();
    let file = path.display();
    let options = ParseOptions::lenient();
    // XML has many lines, so a line is never one.
    let read: anyhow::Result<_> = if line.is_none() && is_xml(bytes) {
        let converted = lmr_validator::xml::to_json(bytes, MAX_XML_DEPTH);
        converted
            .map_err(Into::into)
            .and_then(|converted| Ok(Document::parse(converted.json, &options)?))
    } else {
        Document::parse_bytes(bytes, &options).map_err(Into::into)
    };
    read.explain(|| match remedy_for(bytes) {
        Some(Text { nb, en }) => text!(
            "{file}{at} kan ikke leses som JSON eller XML ({nb})",
            "{file}{at} cannot be read as JSON or XML ({en})"
        ),
        None => text!(
            "{file}{at} kan ikke leses som JSON eller XML",
            "{file}{at} cannot be read as JSON or XML"
        ),
    })
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
