//! Regular expressions as authors of FHIR's definitions write them: for `java.util.regex`, which the reference validator
//! uses, and PCRE, which FHIRPath names.
//!
//! Most run in linear time, in the engine of the `regex` crate. What that does not have (look-around, back-references, atomic
//! groups, possessive quantifiers) runs in a backtracking engine with a limit. Where the crate's syntax means something else
//! than Java's, the expression is [translated](translation).

mod translation;

/// Most bytes of a compiled expression.
const MAX_SIZE: usize = 4 << 20;

/// How often a search with look-around and the like may go back.
const MAX_BACKTRACKS: usize = 50_000;

/// How much of a text is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// A match may begin and end anywhere, as of `Matcher.find()`.
    Anywhere,
    /// The whole text has to match, as of `Matcher.matches()`.
    Whole,
}

/// A search went back more often than is allowed: nothing is known about the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the regular expression goes back more than {MAX_BACKTRACKS} times in this text")]
pub struct TooManyBacktracks;

/// A compiled regular expression. `.` matches line ends too, `\d`, `\w` and `\s` are of ASCII.
#[derive(Clone, Debug)]
pub struct RegularExpression {
    engine: Engine,
    /// A `$` of it also matches before the last line end of a text.
    has_end: bool,
    is_empty: bool,
}

#[derive(Clone, Debug)]
enum Engine {
    Linear(regex::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

impl RegularExpression {
    /// Compiles an expression; `None` if it is none, or too large.
    #[must_use]
    pub fn new(source: &str, extent: Extent) -> Option<Self> {
        let translated = translation::translate(source)?;
        let pattern = match extent {
            Extent::Anywhere => translated.pattern,
            Extent::Whole => format!("\\A(?:{})\\z", translated.pattern),
        };
        let engine = if translated.needs_backtracking {
            let pattern = format!("(?s){pattern}");
            let mut builder = fancy_regex::RegexBuilder::new(&pattern);
            builder.backtrack_limit(MAX_BACKTRACKS).delegate_size_limit(MAX_SIZE);
            Engine::Backtracking(Box::new(builder.build().ok()?))
        } else {
            let mut builder = regex::RegexBuilder::new(&pattern);
            Engine::Linear(builder.dot_matches_new_line(true).size_limit(MAX_SIZE).build().ok()?)
        };
        let has_end = translated.has_end && extent == Extent::Anywhere;
        Some(Self { engine, has_end, is_empty: source.is_empty() })
    }

    /// Whether it matches nothing but the place between two characters because there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// What a search costs in this text, in steps of an evaluation: linear, or square with look-around and the like.
    #[must_use]
    pub fn cost(&self, text: &str) -> usize {
        let length = text.len();
        match self.engine {
            Engine::Linear(_) => length / 16,
            Engine::Backtracking(_) => length.saturating_mul(length) / 64,
        }
    }

    /// Whether the text matches.
    ///
    /// # Errors
    ///
    /// If that cannot be found out within the limit. Never for an expression without look-around, back-references, atomic
    /// groups and possessive quantifiers.
    pub fn is_match(&self, text: &str) -> Result<bool, TooManyBacktracks> {
        if self.found_in(text)? {
            return Ok(true);
        }
        match without_last_line_end(text) {
            Some(shorter) if self.has_end => self.found_in(shorter),
            _ => Ok(false),
        }
    }

    fn found_in(&self, text: &str) -> Result<bool, TooManyBacktracks> {
        match &self.engine {
            Engine::Linear(regex) => Ok(regex.is_match(text)),
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
        match &self.engine {
            Engine::Linear(regex) => {
                for captures in regex.captures_iter(text) {
                    each(&Groups::Linear(captures))?;
                }
            }
            Engine::Backtracking(regex) => {
                for captures in regex.captures_iter(text) {
                    each(&Groups::Backtracking(captures.map_err(|_| TooManyBacktracks)?))?;
                }
            }
        }
        Ok(())
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
