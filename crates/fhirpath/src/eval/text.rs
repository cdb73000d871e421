//! Functions on text (N1, section 5.6), regular expressions among them.

use std::borrow::Cow;

use lmr_fhir::SourceLocation;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use regex::Regex;

use super::convert::text_of;
use super::{Engine, EvalResult, Scope};
use crate::error::EvalErrorKind;
use crate::item::{Collection, Item};
use crate::syntax::{Expr, Function, Pattern, RegexUse, build_regex};

/// Longest text that a function makes, in bytes.
const MAX_TEXT: usize = 16 << 20;

impl<'a> Engine<'_, 'a> {
    /// The source as text. Other primitives are taken as they are written, as HL7's engine does.
    fn text(
        &self,
        location: SourceLocation,
        what: &'static str,
        source: &'a Expr,
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<Cow<'a, str>>> {
        match self.single_value(source, s, what)? {
            None => Ok(None),
            Some(Item::String(text)) => Ok(Some(text)),
            Some(
                item @ (Item::Integer(_)
                | Item::Decimal(_)
                | Item::Date(_)
                | Item::DateTime(_)
                | Item::Time(_)),
            ) => Ok(text_of(&item)),
            Some(other) => self.type_error(location, what, &other),
        }
    }

    fn argument(
        &self,
        args: &'a [Expr],
        index: usize,
        s: Scope<'_, 'a>,
        what: &'static str,
    ) -> EvalResult<Option<Cow<'a, str>>> {
        match args.get(index) {
            Some(arg) => self.text_arg(arg, s, what),
            None => Ok(None),
        }
    }

    pub(super) fn text_test(
        &self,
        location: SourceLocation,
        function: Function,
        source: &'a Expr,
        args: &'a [Expr],
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<bool>> {
        let what = function.text();
        let text = self.text(location, what, source, s)?;
        let part = self.argument(args, 0, s, what)?;
        let (Some(text), Some(part)) = (text, part) else { return Ok(None) };
        self.steps(location, text.len() / 16)?;
        Ok(Some(match function {
            Function::StartsWith => text.starts_with(&*part),
            Function::EndsWith => text.ends_with(&*part),
            _ => text.contains(&*part),
        }))
    }

    pub(super) fn text_function(
        &self,
        location: SourceLocation,
        function: Function,
        source: &'a Expr,
        args: &'a [Expr],
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<Item<'a>>> {
        use Function as F;
        let what = function.text();
        if function == F::Join {
            return self.join(location, source, args, s);
        }
        let Some(text) = self.text(location, what, source, s)? else { return Ok(None) };
        self.steps(location, text.len() / 16)?;
        let position = |n: Option<usize>| {
            let n = n.map_or(-1, |n| i64::try_from(text[..n].chars().count()).unwrap_or(i64::MAX));
            Some(Item::Integer(n))
        };
        let made = |text: String| Some(Item::String(Cow::Owned(text)));
        Ok(match function {
            F::Length => {
                Some(Item::Integer(i64::try_from(text.chars().count()).unwrap_or(i64::MAX)))
            }
            F::Upper => made(text.to_uppercase()),
            F::Lower => made(text.to_lowercase()),
            F::Trim => made(text.trim().to_owned()),
            F::IndexOf => match self.argument(args, 0, s, what)? {
                Some(part) => position(text.find(&*part)),
                None => None,
            },
            F::LastIndexOf => match self.argument(args, 0, s, what)? {
                Some(part) => position(text.rfind(&*part)),
                None => None,
            },
            F::Substring => self.substring(&text, args, s)?.map(|t| Item::String(Cow::Owned(t))),
            F::Replace => {
                let (pattern, by) =
                    (self.argument(args, 0, s, what)?, self.argument(args, 1, s, what)?);
                let (Some(pattern), Some(by)) = (pattern, by) else { return Ok(None) };
                let longest =
                    if pattern.is_empty() { text.len() + 1 } else { text.len() / pattern.len() };
                self.text_size(location, what, text.len() + longest.saturating_mul(by.len()))?;
                made(text.replace(&*pattern, &by))
            }
            F::Encode | F::Decode | F::Escape | F::Unescape => {
                let Some(format) = self.argument(args, 0, s, what)? else { return Ok(None) };
                let result = match function {
                    F::Encode => encode(&text, &format),
                    F::Decode => decode(&text, &format),
                    F::Escape => escape(&text, &format),
                    _ => unescape(&text, &format),
                };
                match result {
                    Some(result) => result.map(|t| Item::String(Cow::Owned(t))),
                    None => return self.fail(location, EvalErrorKind::Argument { what }),
                }
            }
            _ => None,
        })
    }

    /// Before a text of this size is made: it counts towards the budget, so that neither time nor
    /// memory can be used up by texts.
    pub(super) fn text_size(
        &self,
        location: SourceLocation,
        what: &'static str,
        size: usize,
    ) -> EvalResult<()> {
        self.within_size(location, what, size)?;
        self.steps(location, size / 16)
    }

    fn within_size(
        &self,
        location: SourceLocation,
        what: &'static str,
        size: usize,
    ) -> EvalResult<()> {
        if size > MAX_TEXT {
            self.fail(location, EvalErrorKind::TextTooLong { what, limit: MAX_TEXT })
        } else {
            Ok(())
        }
    }

    /// Counted in characters. Empty when the start lies outside.
    fn substring(
        &self,
        text: &str,
        args: &'a [Expr],
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<String>> {
        let what = "substring()";
        let start = match args.first() {
            Some(arg) => self.integer_arg(arg, s, what)?,
            None => None,
        };
        let length = match args.get(1) {
            Some(arg) => self.integer_arg(arg, s, what)?,
            None => None,
        };
        let Some(Ok(start)) = start.map(usize::try_from) else { return Ok(None) };
        let mut rest = text.char_indices().skip(start);
        let Some((from, _)) = rest.next() else { return Ok(None) };
        let length = length.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(0));
        Ok(Some(text[from..].chars().take(length).collect()))
    }

    fn join(
        &self,
        location: SourceLocation,
        source: &'a Expr,
        args: &'a [Expr],
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<Item<'a>>> {
        let separator = match args.first() {
            Some(arg) => match self.text_arg(arg, s, "join()")? {
                Some(separator) => separator,
                None => return Ok(None),
            },
            None => Cow::Borrowed(""),
        };
        let mut joined: Option<String> = None;
        self.stream(source, s, &mut |item| {
            self.step(location)?;
            let Some(value) = self.value_of(&item) else { return Ok(true) };
            let Some(text) = text_of(&value) else {
                return self.type_error(location, "join()", &value);
            };
            match &mut joined {
                None => joined = Some(text.into_owned()),
                Some(joined) => {
                    self.within_size(
                        location,
                        "join()",
                        joined.len() + separator.len() + text.len(),
                    )?;
                    self.steps(location, (separator.len() + text.len()) / 16)?;
                    joined.push_str(&separator);
                    joined.push_str(&text);
                }
            }
            Ok(true)
        })?;
        Ok(joined.map(|text| Item::String(Cow::Owned(text))))
    }

    /// `toChars()` and `split()`
    pub(super) fn text_parts(
        &self,
        location: SourceLocation,
        function: Function,
        source: &'a Expr,
        args: &'a [Expr],
        s: Scope<'_, 'a>,
    ) -> EvalResult<Collection<'a>> {
        let what = function.text();
        let Some(text) = self.text(location, what, source, s)? else {
            return Ok(Collection::new());
        };
        self.steps(location, text.len())?;
        let item = |t: String| Item::String(Cow::Owned(t));
        if function == Function::ToChars {
            return Ok(text.chars().map(|c| item(c.to_string())).collect());
        }
        let Some(separator) = self.argument(args, 0, s, what)? else {
            return Ok(Collection::new());
        };
        if separator.is_empty() {
            return Ok(text.chars().map(|c| item(c.to_string())).collect());
        }
        Ok(text.split(&*separator).map(|t| item(t.to_owned())).collect())
    }

    /// The pattern, built now if it is computed; `None` when it is empty.
    fn pattern<'p>(
        &self,
        location: SourceLocation,
        use_as: RegexUse,
        pattern: &'a Pattern,
        s: Scope<'_, 'a>,
        built: &'p mut Option<Regex>,
    ) -> EvalResult<Option<&'p Regex>>
    where
        'a: 'p,
    {
        let what = use_as.text();
        match pattern {
            Pattern::Built(Some(regex)) => Ok(Some(regex)),
            Pattern::Built(None) => self.fail(location, EvalErrorKind::Regex { what }),
            Pattern::Computed(expr) => {
                let Some(text) = self.text_arg(expr, s, what)? else { return Ok(None) };
                self.steps(location, 1000 + text.len())?;
                match build_regex(&text, use_as == RegexUse::MatchesFull) {
                    Some(regex) => Ok(Some(built.insert(regex))),
                    None => self.fail(location, EvalErrorKind::Regex { what }),
                }
            }
        }
    }

    /// `matches()` looks anywhere in the text, `matchesFull()` takes it whole.
    pub(super) fn matches(
        &self,
        location: SourceLocation,
        source: &'a Expr,
        use_as: RegexUse,
        pattern: &'a Pattern,
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<bool>> {
        let text = self.text(location, use_as.text(), source, s)?;
        let mut built = None;
        let regex = self.pattern(location, use_as, pattern, s, &mut built)?;
        let (Some(text), Some(regex)) = (text, regex) else { return Ok(None) };
        self.steps(location, text.len() / 16)?;
        Ok(Some(regex.is_match(&text)))
    }

    pub(super) fn replace_matches(
        &self,
        location: SourceLocation,
        source: &'a Expr,
        pattern: &'a Pattern,
        substitution: &'a Expr,
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<Item<'a>>> {
        let what = RegexUse::ReplaceMatches.text();
        let text = self.text(location, what, source, s)?;
        let mut built = None;
        let regex = self.pattern(location, RegexUse::ReplaceMatches, pattern, s, &mut built)?;
        let by = self.text_arg(substitution, s, what)?;
        let (Some(text), Some(regex), Some(by)) = (text, regex, by) else { return Ok(None) };
        // An empty pattern matches between all characters; HL7's engine leaves the text as it is.
        if regex.as_str().is_empty() {
            return Ok(Some(Item::String(text)));
        }
        self.steps(location, text.len() / 16)?;
        let mut out = String::with_capacity(text.len());
        let mut last = 0;
        for captures in regex.captures_iter(&text) {
            let Some(whole) = captures.get(0) else { continue };
            out.push_str(&text[last..whole.start()]);
            expand(&by, &captures, &mut out);
            last = whole.end();
            self.within_size(location, what, out.len())?;
        }
        out.push_str(&text[last..]);
        self.text_size(location, what, out.len())?;
        Ok(Some(Item::String(Cow::Owned(out))))
    }
}

/// Fills in `$1` and `${name}`; `\$` is a dollar.
fn expand(by: &str, captures: &regex::Captures<'_>, out: &mut String) {
    let mut rest = by;
    while let Some(n) = rest.find(['$', '\\']) {
        out.push_str(&rest[..n]);
        let tail = &rest[n + 1..];
        if rest.as_bytes().get(n) == Some(&b'\\') {
            let mut chars = tail.chars();
            out.extend(chars.next());
            rest = chars.as_str();
            continue;
        }
        if let Some(end) = tail.strip_prefix('{').and_then(|t| t.find('}')) {
            let name = &tail[1..=end];
            let group =
                name.parse().map_or_else(|_| captures.name(name), |i: usize| captures.get(i));
            out.push_str(group.map_or("", |m| m.as_str()));
            rest = &tail[end + 2..];
            continue;
        }
        let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        if digits == 0 {
            out.push('$');
            rest = tail;
            continue;
        }
        // As many digits as name a group.
        let taken = (1..=digits.min(3))
            .rev()
            .find(|n| tail[..*n].parse().is_ok_and(|i: usize| i < captures.len()))
            .unwrap_or(1);
        let group = tail[..taken].parse().ok().and_then(|i: usize| captures.get(i));
        out.push_str(group.map_or("", |m| m.as_str()));
        rest = &tail[taken..];
    }
    out.push_str(rest);
}

/// `None` for an unknown format, `Some(None)` for text that is not of the format.
type Coded = Option<Option<String>>;

fn encode(text: &str, format: &str) -> Coded {
    match format {
        "hex" => {
            let mut out = String::with_capacity(text.len() * 2);
            for byte in text.bytes() {
                for nibble in [byte >> 4, byte & 15] {
                    out.extend(char::from_digit(nibble.into(), 16));
                }
            }
            Some(Some(out))
        }
        "base64" => Some(Some(STANDARD.encode(text))),
        "urlbase64" => Some(Some(URL_SAFE.encode(text))),
        _ => None,
    }
}

fn decode(text: &str, format: &str) -> Coded {
    let bytes = match format {
        "hex" => hex(text),
        "base64" => STANDARD.decode(text).ok(),
        "urlbase64" => URL_SAFE.decode(text).ok(),
        _ => return None,
    };
    Some(bytes.and_then(|b| String::from_utf8(b).ok()))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

fn escape(text: &str, format: &str) -> Coded {
    let mut out = String::with_capacity(text.len());
    match format {
        "html" => {
            for c in text.chars() {
                match c {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '"' => out.push_str("&quot;"),
                    c => out.push(c),
                }
            }
        }
        "json" => {
            let mut quoted = String::with_capacity(text.len() + 2);
            lmr_fhir::escape_into(&mut quoted, text);
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
        _ => return None,
    }
    Some(Some(out))
}

fn unescape(text: &str, format: &str) -> Coded {
    match format {
        "html" => Some(Some(
            text.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&apos;", "'")
                .replace("&#39;", "'")
                .replace("&amp;", "&"),
        )),
        "json" => Some(unescape_json(text)),
        _ => None,
    }
}

fn unescape_json(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(n) = rest.find('\\') {
        out.push_str(&rest[..n]);
        let mut chars = rest[n + 1..].chars();
        let c = match chars.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\u{c}',
            'b' => '\u{8}',
            'u' => {
                let hex = chars.as_str().get(..4)?;
                let c = char::from_u32(u32::from_str_radix(hex, 16).ok()?)?;
                chars = chars.as_str()[4..].chars();
                c
            }
            c @ ('"' | '\\' | '/' | '\'') => c,
            _ => return None,
        };
        out.push(c);
        rest = chars.as_str();
    }
    out.push_str(rest);
    Some(out)
}
