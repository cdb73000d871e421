//! Functions on text (N1, section 5.6), regular expressions among them.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use lmr_fhir::SourceLocation;

use super::conversion::text_of;
use super::{Call, Engine, EvalResult, FlowResult, LogicResult, ScalarResult, Scope, Sink};
use crate::error::{EvalError, EvalErrorKind};
use crate::item::Item;
use crate::regular_expression::{Groups, RegularExpression, TooManyBacktracks};
use crate::syntax::{Expr, Pattern, RegexUse};

/// Longest text that a function makes, in bytes.
const MAX_TEXT: usize = 16 << 20;

fn made<'a>(text: String) -> Option<Item<'a>> {
    Some(Item::String(Cow::Owned(text)))
}

fn integer<'a>(n: usize) -> Option<Item<'a>> {
    Some(Item::Integer(i64::try_from(n).unwrap_or(i64::MAX)))
}

pub(crate) fn length<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    Ok(engine.source_text(call)?.and_then(|text| integer(text.chars().count())))
}

pub(crate) fn upper<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    Ok(engine.source_text(call)?.and_then(|text| made(text.to_uppercase())))
}

pub(crate) fn lower<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    Ok(engine.source_text(call)?.and_then(|text| made(text.to_lowercase())))
}

pub(crate) fn trim<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    Ok(engine.source_text(call)?.and_then(|text| made(text.trim().to_owned())))
}

pub(crate) fn starts_with<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    test(engine, call, |text, part| text.starts_with(part))
}

pub(crate) fn ends_with<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    test(engine, call, |text, part| text.ends_with(part))
}

pub(crate) fn contains<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> LogicResult {
    test(engine, call, |text, part| text.contains(part))
}

fn test<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    test: impl Fn(&str, &str) -> bool,
) -> LogicResult {
    let text = engine.source_text(call)?;
    let part = engine.argument_text(call, 0)?;
    Ok(text.zip(part).map(|(text, part)| test(&text, &part)))
}

pub(crate) fn index_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    index(engine, call, |text, part| text.find(part))
}

pub(crate) fn last_index_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    index(engine, call, |text, part| text.rfind(part))
}

/// Counted in characters; -1 where the part is not found.
fn index<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    find: impl Fn(&str, &str) -> Option<usize>,
) -> ScalarResult<'a> {
    let Some(text) = engine.source_text(call)? else { return Ok(None) };
    let Some(part) = engine.argument_text(call, 0)? else { return Ok(None) };
    Ok(match find(&text, &part) {
        Some(byte) => integer(text[..byte].chars().count()),
        None => Some(Item::Integer(-1)),
    })
}

/// Counted in characters. Empty when the start lies outside.
pub(crate) fn substring<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let Some(text) = engine.source_text(call)? else { return Ok(None) };
    let start = engine.argument_integer(call, 0)?;
    let length = engine.argument_integer(call, 1)?;
    let Some(Ok(start)) = start.map(usize::try_from) else { return Ok(None) };
    let mut rest = text.char_indices().skip(start);
    let Some((from, _)) = rest.next() else { return Ok(None) };
    let length = length.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(0));
    Ok(made(text[from..].chars().take(length).collect()))
}

pub(crate) fn replace<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let Some(text) = engine.source_text(call)? else { return Ok(None) };
    let (pattern, by) = (engine.argument_text(call, 0)?, engine.argument_text(call, 1)?);
    let (Some(pattern), Some(by)) = (pattern, by) else { return Ok(None) };
    let most = if pattern.is_empty() { text.len() + 1 } else { text.len() / pattern.len() };
    let size = text.len() + most.saturating_mul(by.len());
    engine.within_size(call.location, call.what(), size)?;
    Ok(made(text.replace(&*pattern, &by)))
}

pub(crate) fn encode<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    recode(engine, call, encoded)
}

pub(crate) fn decode<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    recode(engine, call, decoded)
}

pub(crate) fn escape<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    recode(engine, call, escaped)
}

pub(crate) fn unescape<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    recode(engine, call, unescaped)
}

fn recode<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    recode: impl Fn(&str, &str) -> Coded,
) -> ScalarResult<'a> {
    let Some(text) = engine.source_text(call)? else { return Ok(None) };
    let Some(format) = engine.argument_text(call, 0)? else { return Ok(None) };
    match recode(&text, &format) {
        Some(result) => Ok(result.and_then(made)),
        None => engine.fail(call.location, EvalErrorKind::Argument { what: call.what() }),
    }
}

pub(crate) fn to_chars<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let Some(text) = engine.source_text(call)? else { return Ok(true) };
    engine.steps(call.location, text.len())?;
    engine.pass(text.chars().filter_map(|c| made(c.to_string())), sink)
}

/// Without a separator, as [`to_chars`].
pub(crate) fn split<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    sink: Sink<'_, 'a>,
) -> FlowResult {
    let Some(text) = engine.source_text(call)? else { return Ok(true) };
    let Some(separator) = engine.argument_text(call, 0)? else { return Ok(true) };
    if separator.is_empty() {
        return to_chars(engine, call, sink);
    }
    engine.steps(call.location, text.len())?;
    engine.pass(text.split(&*separator).filter_map(|part| made(part.to_owned())), sink)
}

pub(crate) fn join<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    let (location, what) = (call.location, call.what());
    let separator = match call.args {
        [] => Cow::Borrowed(""),
        _ => match engine.argument_text(call, 0)? {
            Some(separator) => separator,
            None => return Ok(None),
        },
    };
    let mut joined: Option<String> = None;
    engine.stream(call.source, call.scope, &mut |item| {
        engine.step(location)?;
        let Some(value) = engine.value_of(&item) else { return Ok(true) };
        let Some(text) = text_of(&value) else { return engine.wrong_type(call, &value) };
        match &mut joined {
            None => joined = Some(text.into_owned()),
            Some(joined) => {
                let added = separator.len() + text.len();
                engine.within_size(location, what, joined.len() + added)?;
                joined.push_str(&separator);
                joined.push_str(&text);
            }
        }
        Ok(true)
    })?;
    Ok(joined.and_then(made))
}

impl<'a> Engine<'_, 'a> {
    /// The text that a function is called on; its length counts towards the budget.
    fn source_text(&self, call: Call<'_, 'a>) -> EvalResult<Option<Cow<'a, str>>> {
        let text = self.text(call.location, call.what(), call.source, call.scope)?;
        if let Some(text) = &text {
            self.steps(call.location, text.len() / 16)?;
        }
        Ok(text)
    }

    /// A node as text. Primitives of other types are taken as they are written, as HL7's engine
    /// does.
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

    /// Before a text of this size is made: what is made counts towards the budget, and one text cannot be
    /// too long.
    pub(super) fn within_size(
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

    /// The pattern, built now if it is computed; `None` when it is empty.
    fn pattern<'p>(
        &self,
        location: SourceLocation,
        use_as: RegexUse,
        pattern: &'a Pattern,
        s: Scope<'_, 'a>,
        built: &'p mut Option<RegularExpression>,
    ) -> EvalResult<Option<&'p RegularExpression>>
    where
        'a: 'p,
    {
        let what = use_as.text();
        match pattern {
            Pattern::Built(Ok(regex)) => Ok(Some(regex)),
            Pattern::Built(Err(why)) => {
                self.fail(location, EvalErrorKind::Regex { what, why: *why })
            }
            Pattern::Computed(expr) => {
                let Some(text) = self.text_arg(expr, s, what)? else { return Ok(None) };
                self.steps(location, 1000 + text.len())?;
                match RegularExpression::new(&text, use_as.extent()) {
                    Ok(regex) => Ok(Some(built.insert(regex))),
                    Err(why) => self.fail(location, EvalErrorKind::Regex { what, why }),
                }
            }
        }
    }

    /// `matches()` and `matchesFull()`; of nothing they are nothing, whatever the pattern is.
    pub(super) fn matches(
        &self,
        location: SourceLocation,
        source: &'a Expr,
        use_as: RegexUse,
        pattern: &'a Pattern,
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<bool>> {
        let Some(text) = self.text(location, use_as.text(), source, s)? else { return Ok(None) };
        let mut built = None;
        let Some(regex) = self.pattern(location, use_as, pattern, s, &mut built)? else {
            return Ok(None);
        };
        self.steps(location, regex.cost(&text))?;
        match regex.is_match(&text) {
            Ok(matches) => Ok(Some(matches)),
            Err(TooManyBacktracks) => self.too_many_backtracks(location, use_as),
        }
    }

    #[cold]
    fn too_many_backtracks<T>(&self, location: SourceLocation, use_as: RegexUse) -> EvalResult<T> {
        self.fail(location, EvalErrorKind::Backtracks { what: use_as.text() })
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
        let Some(text) = self.text(location, what, source, s)? else { return Ok(None) };
        let mut built = None;
        let regex = self.pattern(location, RegexUse::ReplaceMatches, pattern, s, &mut built)?;
        let by = self.text_arg(substitution, s, what)?;
        let (Some(regex), Some(by)) = (regex, by) else { return Ok(None) };
        // An empty pattern matches between all characters; HL7's engine leaves the text as it is.
        if regex.is_empty() {
            return Ok(Some(Item::String(text)));
        }
        self.steps(location, regex.cost(&text))?;
        let mut out = String::with_capacity(text.len());
        let mut last = 0;
        let replaced = regex.each_match(&text, |groups| {
            let whole = groups.range();
            out.push_str(&text[last..whole.start]);
            expand(&by, groups, &mut out);
            last = whole.end;
            self.within_size(location, what, out.len()).map_err(Stop::Failed)
        });
        match replaced {
            Ok(()) => {}
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::TooManyBacktracks) => {
                return self.too_many_backtracks(location, RegexUse::ReplaceMatches);
            }
        }
        out.push_str(&text[last..]);
        self.within_size(location, what, out.len())?;
        Ok(Some(Item::String(Cow::Owned(out))))
    }
}

/// Why replacing came to an end.
enum Stop {
    Failed(Box<EvalError>),
    TooManyBacktracks,
}

impl From<TooManyBacktracks> for Stop {
    fn from(TooManyBacktracks: TooManyBacktracks) -> Self {
        Self::TooManyBacktracks
    }
}

/// Fills in `$1` and `${name}`; `\$` is a dollar.
fn expand(by: &str, groups: &Groups<'_>, out: &mut String) {
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
            out.push_str(name.parse().map_or_else(|_| groups.named(name), |i| groups.numbered(i)));
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
            .find(|n| tail[..*n].parse().is_ok_and(|i: usize| i < groups.len()))
            .unwrap_or(1);
        out.push_str(tail[..taken].parse().map_or("", |i| groups.numbered(i)));
        rest = &tail[taken..];
    }
    out.push_str(rest);
}

/// `None` for an unknown format, `Some(None)` for text that is not of the format.
type Coded = Option<Option<String>>;

fn encoded(text: &str, format: &str) -> Coded {
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

fn decoded(text: &str, format: &str) -> Coded {
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

fn escaped(text: &str, format: &str) -> Coded {
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

fn unescaped(text: &str, format: &str) -> Coded {
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
