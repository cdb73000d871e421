//! The rows of a CSV file, in its encoding.

use std::io::{self, BufReader, Read};

use csv::{Reader, ReaderBuilder, StringRecord};
use encoding_rs::{Decoder, DecoderResult, Encoding};

use super::files::{Meanwhile, Shorter, TableFile};
use super::mapping::Dialect;
use super::quotes::{Quotes, Watched};
use super::row_error::RowReason;
use super::{FoundRow, Rows, twice};
use crate::source::FileError;

/// Bytes that are decoded at a time.
const CHUNK: usize = 64 << 10;

/// The bytes of a file, in UTF-8.
type Bytes = Decoded<BufReader<Box<dyn Read>>>;

/// A file being read.
pub(super) struct CsvRows {
    reader: Reader<Watched<Bytes>>,
    file: TableFile,
    columns: Vec<String>,
    encoding: String,
    /// Whether the next row may be the rest of the one before.
    is_in_doubt: bool,
}

impl CsvRows {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// [`FileError`], also when the header is not the one that is expected.
    pub(super) fn open(file: TableFile, dialect: &Dialect) -> Result<Self, FileError> {
        let encoding = Encoding::for_label(dialect.encoding.as_bytes())
            .ok_or_else(|| FileError::UnknownEncoding { name: dialect.encoding.clone() })?;
        let delimiter =
            u8::try_from(dialect.delimiter).ok().filter(u8::is_ascii).ok_or_else(|| {
                FileError::Other("the delimiter must be an ASCII character".to_owned())
            })?;
        let (bytes, file) = file.reader()?;
        let bytes: Box<dyn Read> = Box::new(bytes);
        let bytes = BufReader::with_capacity(CHUNK, bytes);
        let mut builder = ReaderBuilder::new();
        builder.delimiter(delimiter).has_headers(false).flexible(true);
        let quote = dialect.quote.and_then(|quote| u8::try_from(quote).ok());
        match quote {
            Some(quote) => builder.quote(quote),
            None => builder.quoting(false),
        };
        let quotes = quote.map(|quote| Quotes::new(quote, delimiter));
        let mut rows = Self {
            reader: builder.from_reader(Watched::new(Decoded::new(bytes, encoding), quotes)),
            file,
            columns: dialect.columns.clone(),
            encoding: dialect.encoding.clone(),
            is_in_doubt: false,
        };
        if dialect.header {
            let mut header = StringRecord::new();
            match rows.next(&mut header)? {
                None => return Err(FileError::NoHeader),
                Some(FoundRow { line, held: Some(_) }) => {
                    return Err(FileError::QuoteInHeader { line });
                }
                Some(_) => {}
            }
            let found: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
            rows.expect(&found, dialect)?;
            rows.columns = found;
            rows.is_in_doubt = false;
        }
        Ok(rows)
    }

    fn expect(&self, found: &[String], dialect: &Dialect) -> Result<(), FileError> {
        let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
        let expected = &dialect.columns;
        let fits = if dialect.exact {
            found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| same(a, b))
        } else {
            expected.iter().all(|wanted| found.iter().any(|name| same(name, wanted)))
        };
        if let Some(name) = twice(found) {
            return Err(FileError::DuplicateColumn { name });
        }
        if fits {
            return Ok(());
        }
        if let ([found], [_, _, ..]) = (found, expected.as_slice()) {
            let (found, delimiter) = (found.clone(), dialect.delimiter);
            return Err(FileError::OneColumn { found, delimiter });
        }
        let list = |names: &[String]| names.join(&dialect.delimiter.to_string());
        let is_missing = |wanted: &&String| !found.iter().any(|name| same(name, wanted));
        let missing = expected.iter().filter(is_missing).cloned().collect();
        Err(FileError::OtherHeader { found: list(found), expected: list(expected), missing })
    }

    /// Why the row that was just read must be held for its quotation marks.
    ///
    /// # Errors
    /// [`FileError::OpenQuote`] where a mark has made one field of all the rest.
    fn held(
        &mut self,
        row: &StringRecord,
        (first, last): (u32, u32),
    ) -> Result<Option<RowReason>, FileError> {
        let end = self.reader.position().byte();
        let watched = self.reader.get_mut();
        let is_at_end = watched.is_at_end;
        let Some(quotes) = &mut watched.quotes else { return Ok(None) };
        if is_at_end && let Some(line) = quotes.open() {
            return Err(FileError::OpenQuote { line: short(line) });
        }
        let mut is_held = false;
        while let Some(odd) = quotes.take(end) {
            if odd.is_broken || self.is_in_doubt {
                is_held = true;
                self.is_in_doubt = odd.goes_on;
            }
        }
        if !is_held {
            // A row of another length may be cut off by a mark; the rest of a field is rarely as long as a row.
            self.is_in_doubt = row.len() != self.columns.len();
            return Ok(None);
        }
        Ok(Some(RowReason::Quotes { first, last }))
    }

    fn error(&self, error: csv::Error) -> FileError {
        let line = error.position().map_or(0, csv::Position::line);
        match error.into_kind() {
            csv::ErrorKind::Io(error)
                if error
                    .get_ref()
                    .and_then(|inner| inner.downcast_ref::<NotInEncoding>())
                    .is_some() =>
            {
                FileError::NotInEncoding { name: self.encoding.clone() }
            }
            csv::ErrorKind::Io(error)
                if error.get_ref().and_then(|inner| inner.downcast_ref::<Shorter>()).is_some() =>
            {
                FileError::ChangedMeanwhile
            }
            csv::ErrorKind::Io(error) => error.into(),
            other => FileError::Other(format!("line {line}: {other:?}")),
        }
    }
}

impl Rows for CsvRows {
    fn columns(&mut self) -> Result<Vec<String>, FileError> {
        Ok(self.columns.clone())
    }

    fn next(&mut self, row: &mut StringRecord) -> Result<Option<FoundRow>, FileError> {
        match self.reader.read_record(row) {
            Ok(true) => {
                // Counted from its end: the reader says where it was before line ends that it passed over.
                let position = self.reader.position();
                let is_behind = self.reader.get_ref().is_behind_line_feed(position.byte());
                let last = position.line().saturating_sub(u64::from(is_behind));
                let inside = row.as_slice().matches('\n').count() as u64;
                let lines = (short(last.saturating_sub(inside)), short(last));
                let held = self.held(row, lines)?;
                Ok(Some(FoundRow { line: lines.0, held }))
            }
            Ok(false) => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    fn meanwhile(&self) -> Result<Meanwhile, FileError> {
        self.file.meanwhile()
    }
}

/// A number of a line as lists have it.
fn short(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

/// Reads bytes of any encoding as UTF-8. Bytes that the encoding does not have are an error: a name with the
/// wrong letters must not reach the register.
struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    /// Not decoded yet.
    raw: Vec<u8>,
    /// Decoded and not handed over yet, from `at`.
    text: Vec<u8>,
    at: usize,
    is_done: bool,
}

/// The bytes do not fit the encoding.
#[derive(Debug, thiserror::Error)]
#[error("the bytes are not in the encoding")]
struct NotInEncoding;

impl<R: Read> Decoded<R> {
    fn new(inner: R, encoding: &'static Encoding) -> Self {
        // A byte order mark decides, and is left out.
        let decoder = encoding.new_decoder();
        Self { inner, decoder, raw: Vec::new(), text: Vec::new(), at: 0, is_done: false }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut chunk = [0; CHUNK];
        let read = self.inner.read(&mut chunk)?;
        let last = read == 0;
        self.raw.extend_from_slice(&chunk[..read]);
        self.text.clear();
        self.at = 0;
        let room = self
            .decoder
            .max_utf8_buffer_length_without_replacement(self.raw.len())
            .unwrap_or(CHUNK * 4);
        self.text.resize(room, 0);
        let (result, used, written) =
            self.decoder.decode_to_utf8_without_replacement(&self.raw, &mut self.text, last);
        self.raw.drain(..used);
        self.text.truncate(written);
        self.is_done = last;
        match result {
            DecoderResult::Malformed(..) => Err(io::Error::other(NotInEncoding)),
            DecoderResult::InputEmpty | DecoderResult::OutputFull => Ok(()),
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() {
            if self.is_done {
                return Ok(0);
            }
            self.fill()?;
        }
        let read = buffer.len().min(self.text.len() - self.at);
        buffer[..read].copy_from_slice(&self.text[self.at..self.at + read]);
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A record as the RFC has it: its fields, and whether its marks are as the RFC wants them.
    struct Strict {
        fields: Vec<String>,
        is_right: bool,
    }

    /// Reads a text by RFC 4180, rules 5 to 7. Blanks behind a quoted field are part of it, and a mark in a field without
    /// quotes is where no other field of its record has quotes. `None` from a field on that is never closed.
    fn strict(text: &str) -> Vec<Option<Strict>> {
        let mut records = Vec::new();
        let mut rest = text.chars().peekable();
        while rest.peek().is_some() {
            let mut record = Strict { fields: Vec::new(), is_right: true };
            let (mut has_quotes, mut has_marks) = (false, false);
            loop {
                let mut field = String::new();
                if rest.next_if_eq(&'"').is_some() {
                    has_quotes = true;
                    loop {
                        match rest.next() {
                            None => {
                                records.push(None);
                                return records;
                            }
                            Some('"') if rest.next_if_eq(&'"').is_some() => field.push('"'),
                            Some('"') => break,
                            Some(other) => field.push(other),
                        }
                    }
                    while let Some(more) = rest.next_if(|c| !matches!(c, ';' | '\r' | '\n')) {
                        record.is_right &= more == ' ';
                        field.push(more);
                    }
                } else {
                    while let Some(more) = rest.next_if(|c| !matches!(c, ';' | '\r' | '\n')) {
                        has_marks |= more == '"';
                        field.push(more);
                    }
                }
                record.fields.push(field);
                match rest.next() {
                    Some(';') => {}
                    Some('\r') => {
                        rest.next_if_eq(&'\n');
                        break;
                    }
                    _ => break,
                }
            }
            record.is_right &= !(has_quotes && has_marks);
            // An empty line is not a record.
            if record.fields != [""] || has_quotes {
                records.push(Some(record));
            }
        }
        records
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 3000, ..ProptestConfig::default() })]

        /// Whatever the text, a row that is read is the one that a strict reader gives at that place, or it is held, or
        /// the file is refused: from the first record on whose marks are wrong nobody knows which row is which, so there
        /// only the wrong one must be held.
        #[test]
        fn a_row_that_is_read_is_the_one_of_a_strict_reader(text in "[ab;;\"\" \n\r]{0,24}") {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("rows.csv");
            std::fs::write(&path, &text).expect("written");
            let dialect = Dialect {
                encoding: "utf-8".to_owned(),
                delimiter: ';',
                quote: Some('"'),
                header: false,
                exact: false,
                columns: vec!["a".to_owned(), "b".to_owned()],
            };
            let mut rows = CsvRows::open(TableFile::open(&path).expect("opened"), &dialect)
                .expect("opened");
            let mut row = StringRecord::new();
            for record in strict(&text) {
                let Ok(found) = rows.next(&mut row) else { return Ok(()) };
                let Some(record) = record else {
                    prop_assert!(false, "a field of {text:?} is never closed, and a row is read");
                    return Ok(());
                };
                let Some(found) = found else {
                    prop_assert!(false, "{text:?} lacks {:?}", record.fields);
                    return Ok(());
                };
                if !record.is_right {
                    prop_assert!(found.held.is_some(), "{:?} of {text:?} is not held", row);
                    return Ok(());
                }
                if found.held.is_none() {
                    let fields: Vec<&str> = row.iter().collect();
                    prop_assert_eq!(fields, record.fields, "{:?}", text);
                }
            }
            prop_assert!(!matches!(rows.next(&mut row), Ok(Some(_))), "{:?} has more: {:?}", text, row);
        }
    }
}
