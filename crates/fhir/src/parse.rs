//! The reader: one pass, no recursion, bounded by [`Limits`].
//!
//! Strict reading is RFC 8259. Lenient reading goes on where HL7's reference validator does
//! (line comments, missing or trailing commas, bare words) and reports a [`SyntaxIssue`] for each, so
//! that one typing error does not hide every other finding.

mod error;
mod members;
mod text;

use crate::arena::{
    ESCAPED, HAS_UNDERSCORE, KEY_ESCAPED, Kind, MAYBE_RESOURCE, NONE, NodeData, UNDERSCORE,
};
use crate::encoding::OtherEncoding;
use crate::name::hash_name;

pub use error::{Limits, ParseError, ParseErrorKind, ParseOptions, SyntaxIssue, SyntaxIssueKind};
pub(crate) use text::is_json_number;
pub(crate) use text::unescape;
use text::{hex4, is_bare, string_stop};

pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, ParseError> {
    std::str::from_utf8(bytes).map_err(|e| match other_format(bytes) {
        Some(kind @ ParseErrorKind::OtherEncoding(_)) => error_in(bytes, 0, kind),
        _ => error_in(bytes, e.valid_up_to(), ParseErrorKind::NotUtf8),
    })
}

/// A format that is taken for JSON now and then.
fn other_format(bytes: &[u8]) -> Option<ParseErrorKind> {
    if let Some(encoding) = OtherEncoding::of(bytes) {
        return Some(ParseErrorKind::OtherEncoding(encoding));
    }
    let text = bytes.strip_prefix(BOM).unwrap_or(bytes).trim_ascii_start();
    (text.first() == Some(&b'<')).then_some(ParseErrorKind::Xml)
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
    syntax_issues: Vec<SyntaxIssue>,
    /// A comment was met; it belongs to the next value.
    comments: Vec<u32>,
    has_escaped_names: bool,
}

/// What was read.
pub(crate) struct Parsed {
    pub(crate) nodes: Vec<NodeData>,
    pub(crate) syntax_issues: Vec<SyntaxIssue>,
    /// Whether a member name is written with escapes.
    pub(crate) has_escaped_names: bool,
}

type ParseResult<T> = Result<T, ParseError>;

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

pub(crate) fn parse(source: &str, options: &ParseOptions) -> ParseResult<Parsed> {
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
        syntax_issues: Vec::new(),
        comments: Vec::new(),
        has_escaped_names: false,
    };
    parser.document().map_err(|error| match other_format(bytes) {
        Some(kind) => error_in(bytes, 0, kind),
        None => error,
    })?;
    let Parser { mut nodes, syntax_issues, has_escaped_names, .. } = parser;
    // A large document keeps what it needs and no more.
    if nodes.capacity() - nodes.len() > nodes.len() / 4 {
        nodes.shrink_to_fit();
    }
    Ok(Parsed { nodes, syntax_issues, has_escaped_names })
}

impl Parser<'_> {
    fn fail<T>(&self, offset: usize, kind: ParseErrorKind) -> ParseResult<T> {
        Err(error_in(self.bytes, offset, kind))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Reports an issue in lenient reading, stops in strict reading.
    fn note(
        &mut self,
        kind: SyntaxIssueKind,
        strict: ParseErrorKind,
        offset: usize,
        node: u32,
    ) -> ParseResult<()> {
        if !self.options.lenient {
            return self.fail(offset, strict);
        }
        self.syntax_issues.push(SyntaxIssue { kind, offset: offset as u32, node });
        Ok(())
    }

    /// Skips white space, byte order marks and, in lenient reading, line comments.
    #[inline]
    fn blank(&mut self) -> ParseResult<()> {
        match self.peek() {
            Some(b' ' | b'\n' | b'\r' | b'\t' | b'/' | 0xef) => self.skip_blank(),
            _ => Ok(()),
        }
    }

    fn skip_blank(&mut self) -> ParseResult<()> {
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
                    if self.bytes[self.at..].starts_with(BOM)
                        && (self.options.lenient || self.at == 0) =>
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
    ) -> ParseResult<u32> {
        let index = self.nodes.len();
        if index >= self.options.limits.nodes.min(NONE as usize - 1) {
            return self.fail(start, ParseErrorKind::TooManyNodes(self.options.limits.nodes));
        }
        if !self.comments.is_empty() {
            for offset in std::mem::take(&mut self.comments) {
                self.syntax_issues.push(SyntaxIssue {
                    kind: SyntaxIssueKind::Comment,
                    offset,
                    node: index as u32,
                });
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

    fn document(&mut self) -> ParseResult<()> {
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
                                SyntaxIssueKind::TrailingComma,
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
                    // Between items, the item that follows; between members, their object.
                    let node = if is_object { open } else { self.nodes.len() as u32 };
                    self.syntax_issues.push(SyntaxIssue {
                        kind: SyntaxIssueKind::MissingComma,
                        offset: self.at as u32,
                        node,
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
            self.syntax_issues.push(SyntaxIssue {
                kind: SyntaxIssueKind::Comment,
                offset,
                node: 0,
            });
        }
        Ok(())
    }

    /// Closes a container; the answer is its parent.
    fn close(&mut self, open: u32, is_object: bool, byte: u8) -> ParseResult<u32> {
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

    fn key(&mut self, object: u32) -> ParseResult<Key> {
        let offset = self.at;
        let (start, end, escaped) = match self.peek() {
            Some(b'"') => {
                let escaped = self.string(object)?;
                (offset + 1, self.at - 1, escaped)
            }
            Some(byte) if self.options.lenient && is_bare(byte) => {
                self.syntax_issues.push(SyntaxIssue {
                    kind: SyntaxIssueKind::BareName,
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
            self.has_escaped_names = true;
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
    fn value(&mut self, parent: u32, key: Key, depth: usize) -> ParseResult<u32> {
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
                        self.note(
                            SyntaxIssueKind::BareValue,
                            ParseErrorKind::BareWord,
                            start,
                            node,
                        )?;
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
    fn number(&mut self) -> ParseResult<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        if !self.options.lenient && !is_json_number(&self.bytes[start..self.at]) {
            return self.fail(start, ParseErrorKind::Number);
        }
        Ok(())
    }

    /// Reads a string, quotes included, and returns whether it holds escapes. `node` is what an issue
    /// is filed under.
    fn string(&mut self, node: u32) -> ParseResult<bool> {
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
                        SyntaxIssueKind::ControlCharacter,
                        ParseErrorKind::ControlCharacter,
                        self.at,
                        node,
                    )?;
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, node: u32) -> ParseResult<()> {
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
                                SyntaxIssueKind::LoneSurrogate,
                                ParseErrorKind::LoneSurrogate,
                                start,
                                node,
                            )?;
                        }
                    }
                    0xdc00..=0xdfff => {
                        self.note(
                            SyntaxIssueKind::LoneSurrogate,
                            ParseErrorKind::LoneSurrogate,
                            start,
                            node,
                        )?;
                    }
                    _ => {}
                }
            }
            None => return self.fail(start, ParseErrorKind::UnexpectedEnd),
            Some(_) => return self.fail(start, ParseErrorKind::Escape),
        }
        Ok(())
    }
}
