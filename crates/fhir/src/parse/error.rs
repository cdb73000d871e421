//! What may be read, and what can be wrong with it.

use crate::encoding::OtherEncoding;
use crate::language::{Language, Localized as _};

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
    /// Whether recoverable errors become [`SyntaxIssue`]s instead of stopping the reader.
    pub lenient: bool,
    /// Bounds.
    pub limits: Limits,
}

impl ParseOptions {
    /// RFC 8259 to the letter. Duplicate member names, which it only advises against, become issues.
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
    /// The first character is `<`.
    #[error("the text looks like XML; JSON in UTF-8 is expected")]
    Xml,
    /// The first bytes are of another encoding.
    #[error("{}", .0.text(Language::English))]
    OtherEncoding(OtherEncoding),
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
    #[error("there is a comma before the closing bracket")]
    TrailingComma,
    /// A word that is not true, false or null.
    #[error("a word without quotes is not a JSON value")]
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

/// A deviation from JSON that did not stop the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxIssue {
    /// What is wrong.
    pub kind: SyntaxIssueKind,
    /// Byte offset of the deviation.
    pub offset: u32,
    /// The value it concerns: the container for commas and names, the duplicate member itself, the
    /// value that follows a comment or, in an array, a comma that is missing.
    pub node: u32,
}

/// What is wrong where reading went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SyntaxIssueKind {
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
