//! Quotation marks of a CSV file, read strictly: a mark too many or too few makes one row of several, and the values
//! of one record would reach the register as another's. The reader of rows takes any mark.
//! Rule: <https://www.rfc-editor.org/rfc/rfc4180#section-2>, 5 to 7. Blanks after a quoted field are let pass.

use std::collections::VecDeque;
use std::io::{self, Read};

/// Bytes that start a UTF-8 file and are not part of it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where the reader of rows is. It takes the same way through the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte of a field.
    Start,
    /// In a field that no mark opened, or behind a fault.
    Plain,
    /// In a quoted field.
    Quoted,
    /// Behind a mark in a quoted field: the last one, or the first of two.
    Mark,
    /// Behind the last mark and a blank.
    Closed,
}

/// A record with marks that do not open or close its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OddRecord {
    /// Offset of the first such mark.
    at: u64,
    /// Its line.
    line: u64,
    /// Whether the marks contradict each other. One alone in a field without quotes (`5" tube`) does not.
    pub(super) is_broken: bool,
    /// Whether a field that is open there goes on in the next record: the marks behind it are even in number.
    pub(super) goes_on: bool,
}

/// Looks at the marks of the bytes that pass.
#[derive(Debug)]
pub(super) struct Quotes {
    quote: u8,
    delimiter: u8,
    state: State,
    /// Bytes seen.
    offset: u64,
    /// Line that the next byte is on, from 1.
    line: u64,
    /// Line on which the last quoted field opens.
    opened: u64,
    /// The byte before.
    before: u8,
    /// Whether the last mark may be the beginning of a field: it is behind a delimiter, on a later line than the
    /// field that it would end.
    looks_opening: bool,
    /// Whether the present record has a quoted field.
    has_quoted: bool,
    odd: Option<OddRecord>,
    /// Odd records that nobody has asked for yet.
    found: VecDeque<OddRecord>,
}

impl Quotes {
    pub(super) fn new(quote: u8, delimiter: u8) -> Self {
        Self {
            quote,
            delimiter,
            state: State::Start,
            offset: 0,
            line: 1,
            opened: 1,
            before: delimiter,
            looks_opening: false,
            has_quoted: false,
            odd: None,
            found: VecDeque::new(),
        }
    }

    /// The line of the first mark of a whole table that contradicts the others.
    pub(super) fn first_fault(quote: u8, delimiter: u8, bytes: &[u8]) -> Option<u64> {
        let mut quotes = Self::new(quote, delimiter);
        quotes.see(bytes);
        quotes.end();
        quotes.end_record();
        let broken = quotes.found.iter().find(|odd| odd.is_broken).map(|odd| odd.line);
        broken.or_else(|| quotes.open())
    }

    /// Looks at the next bytes.
    pub(super) fn see(&mut self, bytes: &[u8]) {
        let skipped = if self.offset == 0 && bytes.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len()
        } else {
            0
        };
        self.offset += skipped as u64;
        let bytes = &bytes[skipped..];
        if matches!(self.state, State::Start | State::Plain) && !bytes.contains(&self.quote) {
            self.pass(bytes);
            return;
        }
        for &byte in bytes {
            self.byte(byte);
        }
    }

    /// Passes bytes without a mark outside quoted fields, as most tables are, without a look at each.
    fn pass(&mut self, bytes: &[u8]) {
        let Some(&last) = bytes.last() else { return };
        if bytes.contains(&b'\n') || bytes.contains(&b'\r') {
            self.end_record();
        }
        self.state = if self.ends_field(last) { State::Start } else { State::Plain };
        self.offset += bytes.len() as u64;
        self.line += bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.before = last;
    }

    fn byte(&mut self, byte: u8) {
        let is_quote = byte == self.quote;
        if is_quote && let Some(odd) = &mut self.odd {
            odd.goes_on = !odd.goes_on;
        }
        self.state = match self.state {
            State::Start if is_quote => {
                self.opened = self.line;
                self.has_quoted = true;
                if let Some(odd) = &mut self.odd {
                    odd.is_broken = true;
                }
                State::Quoted
            }
            State::Quoted if is_quote => {
                self.looks_opening = self.before == self.delimiter && self.line > self.opened;
                State::Mark
            }
            State::Quoted => State::Quoted,
            State::Mark if is_quote => State::Quoted,
            _ if self.ends_field(byte) => {
                self.end_field(self.offset);
                if byte != self.delimiter {
                    self.end_record();
                }
                State::Start
            }
            State::Mark | State::Closed if matches!(byte, b' ' | b'\t') => State::Closed,
            State::Mark | State::Closed => {
                self.odd(true, true);
                State::Plain
            }
            State::Start | State::Plain => {
                if is_quote {
                    self.odd(self.has_quoted, false);
                }
                State::Plain
            }
        };
        self.before = byte;
        self.line += u64::from(byte == b'\n');
        self.offset += 1;
    }

    /// Looks at what comes behind the last mark of a field that ends before an offset: what opens the field of a later row
    /// looks like the end of this one where that field begins with a delimiter, or with blanks and then one.
    fn end_field(&mut self, end: u64) {
        if matches!(self.state, State::Mark | State::Closed) && self.looks_opening {
            self.odd_at(end, true, true);
        }
    }

    /// The file ends, where its last line need not. To be called before anything is asked of that line.
    pub(super) fn end(&mut self) {
        // What is odd is before the end of its record, also of the last.
        self.end_field(self.offset.saturating_sub(1));
        if matches!(self.state, State::Mark | State::Closed) {
            self.state = State::Start;
        }
    }

    fn ends_field(&self, byte: u8) -> bool {
        byte == self.delimiter || matches!(byte, b'\r' | b'\n')
    }

    /// `goes_on`: whether the mark itself opens a field.
    fn odd(&mut self, is_broken: bool, goes_on: bool) {
        self.odd_at(self.offset, is_broken, goes_on);
    }

    fn odd_at(&mut self, at: u64, is_broken: bool, goes_on: bool) {
        let new = OddRecord { at, line: self.line, is_broken: false, goes_on };
        self.odd.get_or_insert(new).is_broken |= is_broken;
    }

    fn end_record(&mut self) {
        self.has_quoted = false;
        self.found.extend(self.odd.take());
    }

    /// The line of the mark that opens a field and is not closed. To be asked at the end of the file.
    pub(super) fn open(&self) -> Option<u64> {
        (self.state == State::Quoted).then_some(self.opened)
    }

    /// What was odd of the record that ends before an offset; each is given once.
    pub(super) fn take(&mut self, end: u64) -> Option<OddRecord> {
        if self.found.front().is_some_and(|odd| odd.at < end) {
            return self.found.pop_front();
        }
        // The last record of a file may end without the end of its line.
        self.odd.take_if(|odd| odd.at < end)
    }
}

/// Reads bytes past a look at their marks.
pub(super) struct Watched<R> {
    inner: R,
    /// `None` for files without quotes.
    pub(super) quotes: Option<Quotes>,
    pub(super) is_at_end: bool,
    /// The bytes that were read last, and the offset behind them.
    last: Vec<u8>,
    end: u64,
}

impl<R> Watched<R> {
    pub(super) fn new(inner: R, quotes: Option<Quotes>) -> Self {
        Self { inner, quotes, is_at_end: false, last: Vec::new(), end: 0 }
    }

    /// Whether the byte before an offset ends a line. Of CR and LF the reader of rows takes the first with a record,
    /// and the other with the next.
    pub(super) fn is_behind_line_feed(&self, offset: u64) -> bool {
        let from_end = usize::try_from(self.end.saturating_sub(offset)).unwrap_or(usize::MAX);
        self.last.iter().rev().nth(from_end) == Some(&b'\n')
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if read == 0 && !buffer.is_empty() {
            self.is_at_end = true;
            if let Some(quotes) = &mut self.quotes {
                quotes.end();
            }
        }
        if read > 0 {
            self.last.clear();
            self.last.extend_from_slice(&buffer[..read]);
            self.end += read as u64;
        }
        if let Some(quotes) = &mut self.quotes {
            quotes.see(&buffer[..read]);
        }
        Ok(read)
    }
}
