//! The reader: one pass, no recursion, bounded by [`Limits`].
//!
//! Strict reading is RFC 8259. Lenient reading goes on where HL7's reference validator does
//! (line comments, missing or trailing commas, bare words) and notes a [`Problem`] for each, so that
//! one slip of the pen does not hide every other finding.

use std::borrow::Cow;

use crate::document::{
    DUPLICATE, ESCAPED, HAS_UNDERSCORE, KEY_ESCAPED, Kind, MAYBE_RESOURCE, NONE, NodeData, UNDERSCORE,
};
use crate::hash_name;

/// Bounds on what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest text in bytes; at most 4 GiB less one.
    pub bytes: usize,
    /// Deepest nesting of objects and arrays.
    pub depth: usize,
    /// Most values (nodes) in the document.
    pub nodes: usize,
}

impl Default for Limits {
    /// 4 GiB, depth 500 (the reference validator's), as many nodes as the text can hold.
    fn default() -> Self {
        Self { bytes: u32::MAX as usize - 1, depth: 500, nodes: u32::MAX as usize - 1 }
    }
}

/// How to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParseOptions {
    /// Note recoverable faults as [`Problem`]s instead of stopping.
    pub lenient: bool,
    /// Bounds.
    pub limits: Limits,
}

impl ParseOptions {
    /// RFC 8259 to the letter. Doubled member names, which it only advises against, are noted.
    pub fn strict() -> Self {
        Self::default()
    }

    /// Reads on where the reference validator does.
    pub fn lenient() -> Self {
        Self { lenient: true, ..Self::default() }
    }

    /// The same with other bounds.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}

/// Why a text could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {kind}")]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// Byte offset.
    pub offset: usize,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// What is wrong with a text that could not be read. Never repeats its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// Bytes are not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// Nothing but white space.
    #[error("the text is empty")]
    Empty,
    /// The text ends inside a value.
    #[error("the text ends before the value is complete")]
    UnexpectedEnd,
    /// A value was due.
    #[error("a JSON value is expected here")]
    ExpectedValue,
    /// A member name was due.
    #[error("a member name in double quotes is expected here")]
    ExpectedName,
    /// A colon was due.
    #[error("a colon is expected after the member name")]
    ExpectedColon,
    /// A comma or the end of the container was due.
    #[error("a comma or a closing bracket is expected here")]
    ExpectedCommaOrEnd,
    /// `]` closes `{` or the other way round.
    #[error("the closing bracket does not match the opening one")]
    WrongBracket,
    /// A comma before a closing bracket.
    #[error("a comma stands before the closing bracket")]
    TrailingComma,
    /// A word that is not true, false or null.
    #[error("a word without quotes is no JSON value")]
    BareWord,
    /// A number breaks the grammar of RFC 8259 section 6.
    #[error("the number is not written as JSON requires")]
    Number,
    /// A control character inside a string.
    #[error("a control character inside a string must be escaped")]
    ControlCharacter,
    /// An unknown escape.
    #[error("an unknown escape sequence in a string")]
    Escape,
    /// Half of a surrogate pair.
    #[error("half of a surrogate pair in a string")]
    LoneSurrogate,
    /// A comment.
    #[error("comments are not allowed in JSON")]
    Comment,
    /// More text behind the value.
    #[error("text follows after the end of the JSON value")]
    TrailingText,
    /// Over [`Limits::bytes`].
    #[error("the text is larger than the limit of {0} bytes")]
    TooLarge(usize),
    /// Over [`Limits::depth`].
    #[error("objects and arrays are nested deeper than the limit of {0}")]
    TooDeep(usize),
    /// Over [`Limits::nodes`].
    #[error("the document has more values than the limit of {0}")]
    TooManyNodes(usize),
    /// A member name over 65,535 bytes.
    #[error("a member name is longer than 65535 bytes")]
    NameTooLong,
}

/// A fault that did not stop the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// Byte offset of the fault.
    pub offset: u32,
    /// The value it concerns: the container for commas and names, the doubled member itself, the
    /// value that follows a comment.
    pub node: u32,
}

/// What is wrong where reading went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A `//` comment.
    Comment,
    /// A comma before a closing bracket.
    TrailingComma,
    /// No comma between two members or items.
    MissingComma,
    /// A member name without quotes.
    BareName,
    /// A word without quotes as value (`NaN`).
    BareValue,
    /// The object has this member already; the first one counts.
    DuplicateKey,
    /// Half of a surrogate pair, read as U+FFFD.
    LoneSurrogate,
    /// A control character inside a string.
    ControlCharacter,
}

pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, ParseError> {
    std::str::from_utf8(bytes).map_err(|e| error_in(bytes, e.valid_up_to(), ParseErrorKind::NotUtf8))
}

fn error_in(bytes: &[u8], offset: usize, kind: ParseErrorKind) -> ParseError {
    let (mut line, mut column) = (1, 1);
    for &byte in &bytes[..offset.min(bytes.len())] {
        if byte == b'\n' {
            line += 1;
            column = 1;
        } else if byte & 0xc0 != 0x80 {
            column += 1;
        }
    }
    ParseError { kind, offset, line, column }
}

const BOM: &[u8] = "\u{feff}".as_bytes();

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    options: &'a ParseOptions,
    nodes: Vec<NodeData>,
    problems: Vec<Problem>,
    /// A comment was met; it belongs to the next value.
    comments: Vec<u32>,
}

type Parsed<T> = Result<T, ParseError>;

/// A member name that waits for its value.
#[derive(Clone, Copy)]
struct Key {
    start: u32,
    len: u16,
    hash: u32,
    flags: u8,
}

const RESOURCE_TYPE: u32 = hash_name(b"resourceType");

const NO_KEY: Key = Key { start: NONE, len: 0, hash: 0, flags: 0 };

pub(crate) fn parse(source: &str, options: &ParseOptions) -> Parsed<(Vec<NodeData>, Vec<Problem>)> {
    let bytes = source.as_bytes();
    let limit = options.limits.bytes.min(u32::MAX as usize - 1);
    if bytes.len() > limit {
        return Err(error_in(bytes, 0, ParseErrorKind::TooLarge(limit)));
    }
    let mut parser = Parser {
        bytes,
        at: 0,
        options,
        nodes: Vec::with_capacity(bytes.len() / 24 + 8),
        problems: Vec::new(),
        comments: Vec::new(),
    };
    parser.document()?;
    let Parser { mut nodes, problems, .. } = parser;
    // A large document keeps what it needs and no more.
    if nodes.capacity() - nodes.len() > nodes.len() / 4 {
        nodes.shrink_to_fit();
    }
    Ok((nodes, problems))
}

impl Parser<'_> {
    fn fail<T>(&self, offset: usize, kind: ParseErrorKind) -> Parsed<T> {
        Err(error_in(self.bytes, offset, kind))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Notes a fault in lenient reading, stops in strict reading.
    fn note(&mut self, kind: ProblemKind, strict: ParseErrorKind, offset: usize, node: u32) -> Parsed<()> {
        if !self.options.lenient {
            return self.fail(offset, strict);
        }
        self.problems.push(Problem { kind, offset: offset as u32, node });
        Ok(())
    }

    /// Skips white space, byte order marks and, in lenient reading, line comments.
    #[inline]
    fn blank(&mut self) -> Parsed<()> {
        match self.peek() {
            Some(b' ' | b'\n' | b'\r' | b'\t' | b'/' | 0xef) => self.skip_blank(),
            _ => Ok(()),
        }
    }

    fn skip_blank(&mut self) -> Parsed<()> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b'/') => {
                    if !(self.options.lenient && self.bytes.get(self.at + 1) == Some(&b'/')) {
                        return self.fail(self.at, ParseErrorKind::Comment);
                    }
                    self.comments.push(self.at as u32);
                    self.at = memchr::memchr(b'\n', &self.bytes[self.at..])
                        .map_or(self.bytes.len(), |n| self.at + n);
                }
                Some(0xef)
                    if self.bytes[self.at..].starts_with(BOM) && (self.options.lenient || self.at == 0) =>
                {
                    self.at += BOM.len();
                }
                _ => return Ok(()),
            }
        }
    }

    fn push(
        &mut self,
        kind: Kind,
        start: usize,
        end: usize,
        parent: u32,
        key: Key,
        flags: u8,
    ) -> Parsed<u32> {
        let index = self.nodes.len();
        if index >= self.options.limits.nodes.min(NONE as usize - 1) {
            return self.fail(start, ParseErrorKind::TooManyNodes(self.options.limits.nodes));
        }
        if !self.comments.is_empty() {
            for offset in std::mem::take(&mut self.comments) {
                self.problems.push(Problem { kind: ProblemKind::Comment, offset, node: index as u32 });
            }
        }
        self.nodes.push(NodeData {
            start: start as u32,
            end: end as u32,
            key_start: key.start,
            next: index as u32 + 1,
            parent,
            sibling: NONE,
            hash: key.hash,
            key_len: key.len,
            kind,
            flags: flags | key.flags,
        });
        Ok(index as u32)
    }

    fn document(&mut self) -> Parsed<()> {
        self.blank()?;
        if self.peek().is_none() {
            return self.fail(self.at, ParseErrorKind::Empty);
        }
        let mut open = self.value(NONE, NO_KEY, 0)?;
        let mut depth = usize::from(open != NONE);
        // The loop owns one open container at a time; parents are found through the arena.
        while open != NONE {
            self.blank()?;
            let Some(byte) = self.peek() else {
                return self.fail(self.at, ParseErrorKind::UnexpectedEnd);
            };
            let is_object = self.nodes[open as usize].kind == Kind::Object;
            let is_first = open as usize + 1 == self.nodes.len();
            if matches!(byte, b'}' | b']') {
                open = self.close(open, is_object, byte)?;
                depth -= 1;
                continue;
            }
            if !is_first {
                if byte == b',' {
                    let comma = self.at;
                    self.at += 1;
                    self.blank()?;
                    match self.peek() {
                        None => return self.fail(self.at, ParseErrorKind::UnexpectedEnd),
                        Some(b'}' | b']') => {
                            self.note(
                                ProblemKind::TrailingComma,
                                ParseErrorKind::TrailingComma,
                                comma,
                                open,
                            )?;
                            continue;
                        }
                        Some(_) => {}
                    }
                } else if self.options.lenient
                    && (byte == b'"' || byte == b'{' || byte == b'[' || is_bare(byte))
                {
                    self.problems.push(Problem {
                        kind: ProblemKind::MissingComma,
                        offset: self.at as u32,
                        node: open,
                    });
                } else {
                    return self.fail(self.at, ParseErrorKind::ExpectedCommaOrEnd);
                }
            }
            let key = if is_object { self.key(open)? } else { NO_KEY };
            let child = self.value(open, key, depth)?;
            if child != NONE {
                open = child;
                depth += 1;
            }
        }
        self.blank()?;
        if self.at < self.bytes.len() {
            return self.fail(self.at, ParseErrorKind::TrailingText);
        }
        for offset in std::mem::take(&mut self.comments) {
            self.problems.push(Problem { kind: ProblemKind::Comment, offset, node: 0 });
        }
        Ok(())
    }

    /// Closes a container; the answer is the one around it.
    fn close(&mut self, open: u32, is_object: bool, byte: u8) -> Parsed<u32> {
        if is_object != (byte == b'}') {
            return self.fail(self.at, ParseErrorKind::WrongBracket);
        }
        self.at += 1;
        let next = self.nodes.len() as u32;
        let node = &mut self.nodes[open as usize];
        node.end = self.at as u32;
        node.next = next;
        let parent = node.parent;
        if is_object {
            self.link_members(open);
        }
        Ok(parent)
    }

    fn key(&mut self, object: u32) -> Parsed<Key> {
        let offset = self.at;
        let (start, end, escaped) = match self.peek() {
            Some(b'"') => {
                let escaped = self.string(object)?;
                (offset + 1, self.at - 1, escaped)
            }
            Some(byte) if self.options.lenient && is_bare(byte) => {
                self.problems.push(Problem {
                    kind: ProblemKind::BareName,
                    offset: offset as u32,
                    node: object,
                });
                while self.peek().is_some_and(is_bare) {
                    self.at += 1;
                }
                (offset, self.at, false)
            }
            _ => return self.fail(offset, ParseErrorKind::ExpectedName),
        };
        let Ok(len) = u16::try_from(end - start) else {
            return self.fail(offset, ParseErrorKind::NameTooLong);
        };
        self.blank()?;
        match self.peek() {
            Some(b':') => self.at += 1,
            None => return self.fail(self.at, ParseErrorKind::UnexpectedEnd),
            Some(_) => return self.fail(self.at, ParseErrorKind::ExpectedColon),
        }
        self.blank()?;
        let raw = &self.bytes[start..end];
        let mut flags = 0;
        let hash;
        if escaped {
            flags |= KEY_ESCAPED;
            let text = unescape(std::str::from_utf8(raw).unwrap_or_default());
            let name = text.strip_prefix('_').map_or(text.as_str(), |rest| {
                flags |= UNDERSCORE;
                rest
            });
            hash = hash_name(name.as_bytes());
        } else if raw.first() == Some(&b'_') {
            flags |= UNDERSCORE;
            hash = hash_name(&raw[1..]);
        } else {
            hash = hash_name(raw);
        }
        if flags & UNDERSCORE != 0 {
            self.nodes[object as usize].flags |= HAS_UNDERSCORE;
        }
        if hash == RESOURCE_TYPE {
            self.nodes[object as usize].flags |= MAYBE_RESOURCE;
        }
        Ok(Key { start: start as u32, len, hash, flags })
    }

    /// Reads a value; a container is opened and given back, anything else is finished ([`NONE`]).
    fn value(&mut self, parent: u32, key: Key, depth: usize) -> Parsed<u32> {
        let start = self.at;
        let Some(byte) = self.peek() else {
            return self.fail(start, ParseErrorKind::UnexpectedEnd);
        };
        let (kind, flags) = match byte {
            b'{' | b'[' => {
                if depth >= self.options.limits.depth {
                    return self.fail(start, ParseErrorKind::TooDeep(self.options.limits.depth));
                }
                self.at += 1;
                let kind = if byte == b'{' { Kind::Object } else { Kind::Array };
                return self.push(kind, start, start + 1, parent, key, 0);
            }
            b'"' => {
                let escaped = self.string(self.nodes.len() as u32)?;
                (Kind::String, if escaped { ESCAPED } else { 0 })
            }
            b'-' | b'+' | b'.' | b'0'..=b'9' => {
                self.number()?;
                (Kind::Number, 0)
            }
            byte if is_bare(byte) => {
                while self.peek().is_some_and(is_bare) {
                    self.at += 1;
                }
                let kind = match &self.bytes[start..self.at] {
                    b"true" | b"false" => Kind::Boolean,
                    b"null" => Kind::Null,
                    _ => {
                        let node = self.nodes.len() as u32;
                        self.note(ProblemKind::BareValue, ParseErrorKind::BareWord, start, node)?;
                        Kind::Bare
                    }
                };
                (kind, 0)
            }
            _ => return self.fail(start, ParseErrorKind::ExpectedValue),
        };
        self.push(kind, start, self.at, parent, key, flags)?;
        Ok(NONE)
    }

    /// Reads a number token; strict reading holds it to RFC 8259 section 6.
    fn number(&mut self) -> Parsed<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        if !self.options.lenient && !is_json_number(&self.bytes[start..self.at]) {
            return self.fail(start, ParseErrorKind::Number);
        }
        Ok(())
    }

    /// Reads a string, quotes included, and tells whether it holds escapes. `node` is what a problem
    /// is filed under.
    fn string(&mut self, node: u32) -> Parsed<bool> {
        let open = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            let Some(stop) = string_stop(self.bytes, self.at) else {
                return self.fail(open, ParseErrorKind::UnexpectedEnd);
            };
            self.at = stop;
            match self.bytes[self.at] {
                b'"' => {
                    self.at += 1;
                    return Ok(escaped);
                }
                b'\\' => {
                    escaped = true;
                    self.escape(node)?;
                }
                _ => {
                    self.note(
                        ProblemKind::ControlCharacter,
                        ParseErrorKind::ControlCharacter,
                        self.at,
                        node,
                    )?;
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, node: u32) -> Parsed<()> {
        let start = self.at;
        match self.bytes.get(start + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let Some(unit) = hex4(self.bytes, start + 2) else {
                    return self.fail(start, ParseErrorKind::Escape);
                };
                self.at += 6;
                match unit {
                    0xd800..=0xdbff => {
                        let low = (self.bytes.get(self.at) == Some(&b'\\')
                            && self.bytes.get(self.at + 1) == Some(&b'u'))
                        .then(|| hex4(self.bytes, self.at + 2))
                        .flatten();
                        if low.is_some_and(|l| (0xdc00..=0xdfff).contains(&l)) {
                            self.at += 6;
                        } else {
                            self.note(
                                ProblemKind::LoneSurrogate,
                                ParseErrorKind::LoneSurrogate,
                                start,
                                node,
                            )?;
                        }
                    }
                    0xdc00..=0xdfff => {
                        self.note(ProblemKind::LoneSurrogate, ParseErrorKind::LoneSurrogate, start, node)?;
                    }
                    _ => {}
                }
            }
            None => return self.fail(start, ParseErrorKind::UnexpectedEnd),
            Some(_) => return self.fail(start, ParseErrorKind::Escape),
        }
        Ok(())
    }

    /// Pairs `x` with `_x` and marks doubled names in a finished object.
    fn link_members(&mut self, object: u32) {
        let end = self.nodes.len() as u32;
        let has_underscore = self.nodes[object as usize].flags & HAS_UNDERSCORE != 0;
        const FEW: usize = 24;
        let mut few = [(0u32, 0u32); FEW];
        let mut count = 0;
        let mut at = object + 1;
        while at < end {
            if count == FEW {
                return self.link_many(object, end);
            }
            let hash = self.nodes[at as usize].hash;
            for &(earlier, earlier_hash) in &few[..count] {
                if earlier_hash == hash {
                    self.relate(earlier, at, has_underscore);
                }
            }
            few[count] = (at, hash);
            count += 1;
            at = self.nodes[at as usize].next;
        }
    }

    /// The same for an object with many members, in n log n whatever the names.
    fn link_many(&mut self, object: u32, end: u32) {
        let mut members = Vec::new();
        let mut at = object + 1;
        while at < end {
            members.push(at);
            at = self.nodes[at as usize].next;
        }
        members.sort_by(|&a, &b| {
            let (x, y) = (&self.nodes[a as usize], &self.nodes[b as usize]);
            x.hash.cmp(&y.hash).then_with(|| self.name_of(x).cmp(&self.name_of(y))).then(a.cmp(&b))
        });
        let mut first = 0;
        for i in 1..=members.len() {
            let same = i < members.len() && {
                let (x, y) = (&self.nodes[members[first] as usize], &self.nodes[members[i] as usize]);
                x.hash == y.hash && self.name_of(x) == self.name_of(y)
            };
            if !same {
                let mut seen: [Option<u32>; 2] = [None, None];
                for &member in &members[first..i] {
                    let which = usize::from(self.nodes[member as usize].flags & UNDERSCORE != 0);
                    match seen[which] {
                        Some(earlier) => self.relate(earlier, member, true),
                        None => {
                            seen[which] = Some(member);
                            if let (Some(a), Some(b)) = (seen[0], seen[1]) {
                                self.relate(a.min(b), a.max(b), true);
                            }
                        }
                    }
                }
                first = i;
            }
        }
    }

    fn name_of(&self, node: &NodeData) -> Cow<'_, str> {
        let start = node.key_start as usize;
        let raw = std::str::from_utf8(&self.bytes[start..start + node.key_len as usize]).unwrap_or_default();
        if node.flags & KEY_ESCAPED != 0 {
            let text = unescape(raw);
            return Cow::Owned(text.strip_prefix('_').map_or_else(|| text.clone(), str::to_owned));
        }
        Cow::Borrowed(raw.strip_prefix('_').filter(|_| node.flags & UNDERSCORE != 0).unwrap_or(raw))
    }

    /// Two members whose hashes agree: a pair, a doubled name, or strangers.
    fn relate(&mut self, earlier: u32, later: u32, has_underscore: bool) {
        let (a, b) = (&self.nodes[earlier as usize], &self.nodes[later as usize]);
        if b.flags & DUPLICATE != 0 || a.flags & DUPLICATE != 0 || self.name_of(a) != self.name_of(b) {
            return;
        }
        if a.flags & UNDERSCORE == b.flags & UNDERSCORE {
            self.nodes[later as usize].flags |= DUPLICATE;
            let offset = self.nodes[later as usize].key_start;
            self.problems.push(Problem { kind: ProblemKind::DuplicateKey, offset, node: later });
        } else if has_underscore && a.sibling == NONE {
            self.nodes[earlier as usize].sibling = later;
            self.nodes[later as usize].sibling = earlier;
        }
    }
}

/// The next quote, backslash or control character from `at` on; eight bytes at a time.
fn string_stop(bytes: &[u8], mut at: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // The lowest byte marked is exact; higher ones may be marked by a borrow.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    while let Some(block) = bytes.get(at..at + 8).and_then(|block| block.try_into().ok()) {
        let word = u64::from_le_bytes(block);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let marks =
            (zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\'))) | control)
                & HIGHS;
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|&b| STOPS_STRING[b as usize]).map(|n| at + n)
}

const STOPS_STRING: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 0x20 {
        table[i] = true;
        i += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'.' | b'$')
}

fn is_json_number(text: &[u8]) -> bool {
    let digits = |from: usize| text[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && text[at] == b'0') {
        return false;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == text.len()
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |value, &b| Some(value * 16 + char::from(b).to_digit(16)?))
}

/// Resolves the escapes of a string's inside; half surrogates become U+FFFD.
pub(crate) fn unescape(inner: &str) -> String {
    let bytes = inner.as_bytes();
    let mut out = String::with_capacity(inner.len());
    let mut at = 0;
    while let Some(n) = memchr::memchr(b'\\', &bytes[at..]) {
        out.push_str(&inner[at..at + n]);
        at += n;
        match bytes.get(at + 1) {
            Some(b'u') => {
                let unit = hex4(bytes, at + 2).unwrap_or(0xfffd);
                at = (at + 6).min(bytes.len());
                let mut scalar = unit;
                if (0xd800..=0xdbff).contains(&unit)
                    && bytes.get(at) == Some(&b'\\')
                    && bytes.get(at + 1) == Some(&b'u')
                    && let Some(low) = hex4(bytes, at + 2).filter(|l| (0xdc00..=0xdfff).contains(l))
                {
                    scalar = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                    at += 6;
                }
                out.push(char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(&simple) => {
                out.push(match simple {
                    b'b' => '\u{8}',
                    b'f' => '\u{c}',
                    b'n' => '\n',
                    b'r' => '\r',
                    b't' => '\t',
                    other => char::from(other),
                });
                at += 2;
            }
            None => at += 1,
        }
    }
    out.push_str(&inner[at..]);
    out
}
