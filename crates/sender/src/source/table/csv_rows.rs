//! The rows of a CSV file, in its encoding.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use csv::{Reader, ReaderBuilder, StringRecord};
use encoding_rs::{Decoder, DecoderResult, Encoding};

use super::Rows;
use super::mapping::Dialect;
use crate::source::FileError;

/// Bytes that are decoded at a time.
const CHUNK: usize = 64 << 10;

/// A file being read.
pub(super) struct CsvRows {
    reader: Reader<Decoded<BufReader<File>>>,
    columns: Vec<String>,
    /// Of a file without header, its first row.
    encoding: String,
}

impl CsvRows {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`FileError`], also when the header is not the one that is expected.
    pub(super) fn open(path: &Path, dialect: &Dialect) -> Result<Self, FileError> {
        let encoding = Encoding::for_label(dialect.encoding.as_bytes())
            .ok_or_else(|| FileError::UnknownEncoding { name: dialect.encoding.clone() })?;
        let delimiter =
            u8::try_from(dialect.delimiter).ok().filter(u8::is_ascii).ok_or_else(|| {
                FileError::Other("the delimiter must be an ASCII character".to_owned())
            })?;
        let file = BufReader::with_capacity(CHUNK, File::open(path)?);
        let mut builder = ReaderBuilder::new();
        builder.delimiter(delimiter).has_headers(false).flexible(true);
        match dialect.quote.and_then(|quote| u8::try_from(quote).ok()) {
            Some(quote) => builder.quote(quote),
            None => builder.quoting(false),
        };
        let mut rows = Self {
            reader: builder.from_reader(Decoded::new(file, encoding)),
            columns: dialect.columns.clone(),
            encoding: dialect.encoding.clone(),
        };
        if dialect.header {
            let mut header = StringRecord::new();
            if rows.next(&mut header)?.is_none() {
                return Err(FileError::NoHeader);
            }
            let found: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
            rows.expect(&found, dialect)?;
            rows.columns = found;
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
        let mut lower: Vec<String> = found.iter().map(|name| name.to_lowercase()).collect();
        lower.sort();
        if let Some(pair) = lower.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(FileError::DuplicateColumn { name: pair[0].clone() });
        }
        if fits {
            return Ok(());
        }
        let list = |names: &[String]| names.join(&dialect.delimiter.to_string());
        Err(FileError::OtherHeader { found: list(found), expected: list(expected) })
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
            csv::ErrorKind::Io(error) => error.into(),
            other => FileError::Other(format!("line {line}: {other:?}")),
        }
    }
}

impl Rows for CsvRows {
    fn columns(&mut self) -> Result<Vec<String>, FileError> {
        Ok(self.columns.clone())
    }

    fn next(&mut self, row: &mut StringRecord) -> Result<Option<u32>, FileError> {
        match self.reader.read_record(row) {
            Ok(true) => {
                let line = row.position().map_or(0, csv::Position::line);
                Ok(Some(u32::try_from(line).unwrap_or(u32::MAX)))
            }
            Ok(false) => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }
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
