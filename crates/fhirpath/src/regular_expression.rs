//! Regular expressions as authors of FHIR's definitions write them: for `java.util.regex`, which the reference validator
//! uses, and PCRE, which FHIRPath names.
//!
//! Most run in linear time, in the engine of the `regex` crate. What that does not have (look-around, back-references, atomic
//! groups, possessive quantifiers) runs in a backtracking engine with a limit. Where the crate's syntax means something else
//! than Java's, the expression is [translated](translation).

mod translation;

use translation::{Untranslated, Why};

/// Most bytes of a compiled expression.
const MAX_SIZE: usize = 4 << 20;

/// How deep an expression may be nested, in what the engine counts: groups, alternatives, sequences and classes.
const MAX_NESTED: u32 = 500;

/// How often a search with look-around and the like may go back.
const MAX_BACKTRACKS: usize = 10_000;

/// The most that one search may cost, as of [`RegularExpression::cost`].
const MAX_COST: usize = 10_000_000;

/// How much of a text is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Whether there is a match; it may begin and end anywhere, as of `Matcher.find()`.
    Anywhere,
    /// The whole text has to match, as of `Matcher.matches()`.
    Whole,
    /// Every match and where it is, as of `Matcher.replaceAll()`.
    Every,
}

/// Why an expression cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegexFault {
    /// It is no regular expression.
    #[error("it is not a regular expression: see character {at}")]
    Faulty {
        /// The last character that was read, from 1.
        at: usize,
    },
    /// Java takes it, and this program does not have what it needs.
    #[error("it needs what this program does not support{}", place(*.at))]
    Unsupported {
        /// Where that is written, as a character from 1; `None` where it is not one place.
        at: Option<usize>,
    },
    /// It is too large, or nested too deep.
    #[error("it is too large")]
    TooLarge,
}

fn place(at: Option<usize>) -> String {
    at.map_or_else(String::new, |at| format!(": see character {at}"))
}

impl From<Untranslated> for RegexFault {
    fn from(untranslated: Untranslated) -> Self {
        let Untranslated { at, why } = untranslated;
        match why {
            Why::Faulty => Self::Faulty { at },
            Why::Unsupported => Self::Unsupported { at: Some(at) },
            Why::TooLarge => Self::TooLarge,
        }
    }
}

impl From<regex::Error> for RegexFault {
    fn from(error: regex::Error) -> Self {
        match error {
            regex::Error::CompiledTooBig(_) => Self::TooLarge,
            // The translation has refused what is wrong at one place.
            _ => Self::Unsupported { at: None },
        }
    }
}

impl From<fancy_regex::Error> for RegexFault {
    fn from(error: fancy_regex::Error) -> Self {
        use fancy_regex::{CompileError, Error, ParseError};
        match error {
            Error::ParseError(_, ParseError::RecursionExceeded) => Self::TooLarge,
            Error::CompileError(error) => match *error {
                CompileError::PatternTooComplex => Self::TooLarge,
                CompileError::InnerError(error) if error.size_limit().is_some() => Self::TooLarge,
                _ => Self::Unsupported { at: None },
            },
            _ => Self::Unsupported { at: None },
        }
    }
}

/// A search went back too often, or the text is too long for an expression that goes back: nothing is known about the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("searching this text with the regular expression takes too long")]
pub struct TooManyBacktracks;

/// A compiled regular expression. `.` matches line ends too, `\d`, `\w` and `\s` are of ASCII.
#[derive(Clone, Debug)]
pub struct RegularExpression {
    engine: Engine,
    /// It is also searched in a text without its last line end: before that a `$` of it matches.
    in_shorter: bool,
    is_empty: bool,
}

#[derive(Clone, Debug)]
enum Engine {
    Linear(regex::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

impl RegularExpression {
    /// Compiles an expression.
    ///
    /// # Errors
    ///
    /// If it is none, needs what is not supported, or is too large.
    pub fn new(source: &str, extent: Extent) -> Result<Self, RegexFault> {
        let mut translated = translation::translate(source, extent != Extent::Every)?;
        let mut in_shorter = false;
        if extent == Extent::Anywhere && translated.has_last_end {
            // A search in a text without its last line end is linear, look-around is not.
            in_shorter = !translated.needs_backtracking && !translated.has_text_end;
            if !in_shorter {
                translated = translation::translate(source, false)?;
            }
        }
        let pattern = match extent {
            Extent::Anywhere | Extent::Every => translated.pattern,
            Extent::Whole => format!("\\A(?:{})\\z", translated.pattern),
        };
        let engine = if translated.needs_backtracking {
            let pattern = format!("(?s){pattern}");
            let mut builder = fancy_regex::RegexBuilder::new(&pattern);
            builder.backtrack_limit(MAX_BACKTRACKS).delegate_size_limit(MAX_SIZE);
            Engine::Backtracking(Box::new(builder.build()?))
        } else {
            let mut builder = regex::RegexBuilder::new(&pattern);
            builder.dot_matches_new_line(true).size_limit(MAX_SIZE).nest_limit(MAX_NESTED);
            Engine::Linear(builder.build()?)
        };
        Ok(Self { engine, in_shorter, is_empty: source.is_empty() })
    }

    /// Whether it matches nothing but the place between two characters because there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// What a search costs in this text, in steps of an evaluation: linear, or square with look-around and the like, which
    /// may go back often in a short text, too.
    #[must_use]
    pub fn cost(&self, text: &str) -> usize {
        let length = text.len();
        match self.engine {
            Engine::Linear(_) => length / 16,
            Engine::Backtracking(_) => (length.saturating_mul(length) / 64).max(1_000),
        }
    }

    /// Whether the text matches.
    ///
    /// # Errors
    ///
    /// If that cannot be found out within the limits. Never for an expression without look-around, back-references, atomic
    /// groups and possessive quantifiers.
    pub fn is_match(&self, text: &str) -> Result<bool, TooManyBacktracks> {
        if self.found_in(text)? {
            return Ok(true);
        }
        match without_last_line_end(text) {
            Some(shorter) if self.in_shorter => self.found_in(shorter),
            _ => Ok(false),
        }
    }

    fn found_in(&self, text: &str) -> Result<bool, TooManyBacktracks> {
        match &self.engine {
            Engine::Linear(regex) => Ok(regex.is_match(text)),
            Engine::Backtracking(_) if self.cost(text) > MAX_COST => Err(TooManyBacktracks),
            Engine::Backtracking(regex) => regex.is_match(text).map_err(|_| TooManyBacktracks),
        }
    }

    /// Calls `each` for every match from left to right until it says stop.
    ///
    /// # Errors
    ///
    /// As of [`RegularExpression::is_match`], and what `each` fails with.
    pub(crate) fn each_match<E: From<TooManyBacktracks>>(
        &self,
        text: &str,
        mut each: impl FnMut(&Groups<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if matches!(self.engine, Engine::Backtracking(_)) && self.cost(text) > MAX_COST {
            return Err(TooManyBacktracks.into());
        }
        // Not the iterators of the engines: as with `Matcher.find()`, an empty match may follow directly on another one.
        let mut from = 0;
        loop {
            let groups = match &self.engine {
                Engine::Linear(regex) => regex.captures_at(text, from).map(Groups::Linear),
                Engine::Backtracking(regex) => {
                    let found = regex.captures_from_pos(text, from);
                    found.map_err(|_| TooManyBacktracks)?.map(Groups::Backtracking)
                }
            };
            let Some(groups) = groups else { return Ok(()) };
            each(&groups)?;
            let found = groups.range();
            from = found.end;
            if found.is_empty() {
                let Some(next) = text[from..].chars().next() else { return Ok(()) };
                from += next.len_utf8();
            }
        }
    }
}

/// The groups of one match.
pub(crate) enum Groups<'t> {
    Linear(regex::Captures<'t>),
    Backtracking(fancy_regex::Captures<'t, str>),
}

impl<'t> Groups<'t> {
    /// How many there are, with the whole match as the first.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Linear(captures) => captures.len(),
            Self::Backtracking(captures) => captures.len(),
        }
    }

    /// From where to where the whole match goes, in bytes.
    pub(crate) fn range(&self) -> std::ops::Range<usize> {
        match self {
            Self::Linear(captures) => captures.get_match().range(),
            Self::Backtracking(captures) => captures.get(0).map_or(0..0, |found| found.range()),
        }
    }

    /// The text of a group; empty if there is none or it took no part.
    pub(crate) fn numbered(&self, number: usize) -> &'t str {
        match self {
            Self::Linear(captures) => captures.get(number).map_or("", |found| found.as_str()),
            Self::Backtracking(captures) => captures.get(number).map_or("", |found| found.as_str()),
        }
    }

    /// The same by its name.
    pub(crate) fn named(&self, name: &str) -> &'t str {
        match self {
            Self::Linear(captures) => captures.name(name).map_or("", |found| found.as_str()),
            Self::Backtracking(captures) => captures.name(name).map_or("", |found| found.as_str()),
        }
    }
}

/// The text without a line end at its end, if it has one.
fn without_last_line_end(text: &str) -> Option<&str> {
    text.strip_suffix("\r\n")
        .or_else(|| text.strip_suffix(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']))
}
