//! Line and column.

use std::fmt;

/// A location in a source text, JSON or FHIRPath.
///
/// Lines and columns count from 1, columns in characters (Unicode scalar values), as editors show
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceLocation {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl SourceLocation {
    /// The first character of a text.
    pub const START: Self = Self { line: 1, column: 1 };

    /// The location behind some bytes of text that begin here.
    pub(crate) fn advance(mut self, bytes: &[u8]) -> Self {
        let mut line = bytes;
        if let Some(last) = memchr::memrchr(b'\n', bytes) {
            self.line += memchr::memchr_iter(b'\n', bytes).count() as u32;
            self.column = 1;
            line = &bytes[last + 1..];
        }
        // All but the continuation bytes of UTF-8; in blocks whose sums fit a byte, which is what lets
        // the compiler count many at a time.
        for block in line.chunks(255) {
            let characters: u8 = block.iter().map(|byte| u8::from(byte & 0xc0 != 0x80)).sum();
            self.column += u32::from(characters);
        }
        self
    }
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Locations in a text from which others are counted, at equal distances, so that none is far from the next.
#[derive(Debug)]
pub(crate) struct Checkpoints(Vec<Checkpoint>);

#[derive(Debug)]
struct Checkpoint {
    offset: u32,
    location: SourceLocation,
    /// Whether what follows, up to the next one, is ASCII without line ends.
    plain: bool,
}

const CHECKPOINT_EVERY: usize = 256;

impl Checkpoints {
    pub(crate) fn of(source: &str) -> Self {
        let mut location = SourceLocation::START;
        let mut list = Vec::with_capacity(source.len() / CHECKPOINT_EVERY + 1);
        for (i, chunk) in source.as_bytes().chunks(CHECKPOINT_EVERY).enumerate() {
            let plain = chunk.is_ascii() && memchr::memchr(b'\n', chunk).is_none();
            let checkpoint = Checkpoint { offset: (i * CHECKPOINT_EVERY) as u32, location, plain };
            location = checkpoint.advance(chunk);
            list.push(checkpoint);
        }
        Self(list)
    }

    /// Line and column of a byte offset of the text that they were made of.
    pub(crate) fn locate(&self, source: &str, offset: usize) -> SourceLocation {
        let offset = offset.min(source.len());
        // They are in order and none is left out.
        let last = self.0.get(offset / CHECKPOINT_EVERY).or(self.0.last());
        last.map_or(SourceLocation::START, |last| {
            last.advance(&source.as_bytes()[last.offset as usize..offset])
        })
    }
}

impl Checkpoint {
    fn advance(&self, bytes: &[u8]) -> SourceLocation {
        if self.plain {
            let column = self.location.column + bytes.len() as u32;
            return SourceLocation { column, ..self.location };
        }
        self.location.advance(bytes)
    }
}
