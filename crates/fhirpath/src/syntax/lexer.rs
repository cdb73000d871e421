//! Text to tokens (N1 grammar, <http://hl7.org/fhirpath/N1/grammar.html>).

use lmr_fhir::SourceLocation;

use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::value::{Date, DateTime, Decimal, Time};

/// Longest expression that is read, in bytes.
pub(crate) const MAX_LENGTH: usize = 256 * 1024;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A bare name or keyword.
    Word(String),
    /// A name in backticks.
    Quoted(String),
    /// `'text'`
    Text(String),
    Integer(i64),
    Decimal(Decimal),
    Date(Date),
    DateTime(DateTime),
    Time(Time),
    /// A time literal with a zone: read, but refused when evaluated.
    ZonedTime,
    /// `$this` without the `$`.
    Variable(String),
    /// `%name` without the `%`.
    Constant(String),
    /// An operator or bracket.
    Symbol(&'static str),
    End,
}

impl Token {
    /// How an error message calls it.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Word(w) => w.clone(),
            Self::Quoted(w) => format!("`{w}`"),
            Self::Text(_) => "a text".to_owned(),
            Self::Integer(_) | Self::Decimal(_) => "a number".to_owned(),
            Self::Date(_) | Self::DateTime(_) | Self::Time(_) | Self::ZonedTime => {
                "a date or time".to_owned()
            }
            Self::Variable(v) => format!("${v}"),
            Self::Constant(v) => format!("%{v}"),
            Self::Symbol(s) => (*s).to_owned(),
            Self::End => "the end".to_owned(),
        }
    }
}

/// Longest first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 26] = [
    "<=", ">=", "!=", "!~", "(", ")", "[", "]", "{", "}", ".", ",", "+", "-", "*", "/", "|", "&",
    "=", "~", "<", ">", ":", ";", "!", "?",
];

pub(crate) fn tokens(source: &str) -> Result<Vec<(Token, SourceLocation)>, SyntaxError> {
    if source.len() > MAX_LENGTH {
        let location = SourceLocation { line: 1, column: 1 };
        return Err(SyntaxError { location, kind: SyntaxErrorKind::TooLong(MAX_LENGTH) });
    }
    let mut lexer = Lexer { rest: source, location: SourceLocation { line: 1, column: 1 } };
    let mut out = Vec::with_capacity(source.len() / 3 + 1);
    loop {
        lexer.skip_blank()?;
        let location = lexer.location;
        let token = lexer.token()?;
        let end = token == Token::End;
        out.push((token, location));
        if end {
            return Ok(out);
        }
    }
}

struct Lexer<'s> {
    rest: &'s str,
    location: SourceLocation,
}

impl<'s> Lexer<'s> {
    fn fail<T>(&self, kind: SyntaxErrorKind) -> Result<T, SyntaxError> {
        Err(SyntaxError { location: self.location, kind })
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn second(&self) -> Option<char> {
        let mut chars = self.rest.chars();
        chars.next();
        chars.next()
    }

    /// Goes on by `n` bytes, keeping count of lines.
    fn advance(&mut self, n: usize) -> &'s str {
        let (taken, rest) = self.rest.split_at(n);
        for c in taken.chars() {
            if c == '\n' {
                self.location.line += 1;
                self.location.column = 1;
            } else {
                self.location.column += 1;
            }
        }
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, test: impl Fn(char) -> bool) -> &'s str {
        let n = self.rest.find(|c| !test(c)).unwrap_or(self.rest.len());
        self.advance(n)
    }

    fn skip_blank(&mut self) -> Result<(), SyntaxError> {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{a0}' | '\u{feff}'));
            if self.rest.starts_with("//") {
                self.take_while(|c| c != '\n' && c != '\r');
            } else if self.rest.starts_with("/*") {
                match self.rest[2..].find("*/") {
                    Some(n) => {
                        self.advance(n + 4);
                    }
                    None => return self.fail(SyntaxErrorKind::CommentWithoutEnd),
                }
            } else {
                return Ok(());
            }
        }
    }

    fn token(&mut self) -> Result<Token, SyntaxError> {
        let Some(c) = self.peek() else { return Ok(Token::End) };
        match c {
            'a'..='z' | 'A'..='Z' | '_' => Ok(Token::Word(self.word().to_owned())),
            '0'..='9' => self.number(),
            '\'' => Ok(Token::Text(self.quoted('\'')?)),
            '`' => Ok(Token::Quoted(self.quoted('`')?)),
            '@' => self.temporal(),
            '$' => {
                self.advance(1);
                Ok(Token::Variable(self.word().to_owned()))
            }
            '%' => {
                self.advance(1);
                match self.peek() {
                    Some(q @ ('`' | '\'')) => Ok(Token::Constant(self.quoted(q)?)),
                    Some('a'..='z' | 'A'..='Z' | '_') => {
                        // `%us-zip` of the seed-era specification: a hyphen followed by a letter
                        // belongs to the name only for the vs- and ext- families.
                        let word = self.word();
                        if (word == "vs" || word == "ext") && self.rest.starts_with('-') {
                            let tail = self
                                .take_while(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
                                .to_owned();
                            return Ok(Token::Constant(format!("{word}{tail}")));
                        }
                        Ok(Token::Constant(word.to_owned()))
                    }
                    Some(c) => self.fail(SyntaxErrorKind::Character(c)),
                    None => self.fail(SyntaxErrorKind::Character('%')),
                }
            }
            _ => {
                let Some(symbol) = SYMBOLS.iter().find(|s| self.rest.starts_with(**s)) else {
                    return self.fail(SyntaxErrorKind::Character(c));
                };
                self.advance(symbol.len());
                Ok(Token::Symbol(symbol))
            }
        }
    }

    fn word(&mut self) -> &'s str {
        self.take_while(|c| c.is_ascii_alphanumeric() || c == '_')
    }

    fn digits(&mut self) -> &'s str {
        self.take_while(|c| c.is_ascii_digit())
    }

    fn number(&mut self) -> Result<Token, SyntaxError> {
        let start = self.rest;
        let location = self.location;
        self.digits();
        let mut fraction = false;
        if self.peek() == Some('.') && self.second().is_some_and(|c| c.is_ascii_digit()) {
            fraction = true;
            self.advance(1);
            self.digits();
        }
        let text = &start[..start.len() - self.rest.len()];
        if !fraction
            && let Ok(n) = text.parse::<i64>()
            && i32::try_from(n).is_ok()
        {
            return Ok(Token::Integer(n));
        }
        // An integer beyond 32 bits goes on as a decimal rather than being lost.
        Decimal::parse(text).map(Token::Decimal).ok_or_else(|| SyntaxError {
            location,
            kind: SyntaxErrorKind::Expected {
                expected: "a number",
                found: text.chars().take(40).collect(),
            },
        })
    }

    fn quoted(&mut self, quote: char) -> Result<String, SyntaxError> {
        let open = self.location;
        let without_end =
            SyntaxError { location: open, kind: SyntaxErrorKind::TextWithoutEnd(quote) };
        self.advance(1);
        let mut out = String::new();
        loop {
            let plain = self.take_while(|c| c != quote && c != '\\');
            out.push_str(plain);
            match self.peek() {
                None => return Err(without_end),
                Some('\\') => self.escape(&mut out)?,
                Some(_) => {
                    self.advance(1);
                    return Ok(out);
                }
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), SyntaxError> {
        let c = match self.second() {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('f') => '\u{c}',
            Some(c @ ('\\' | '/' | '\'' | '"' | '`')) => c,
            Some('u') => {
                let first = self.unicode_escape()?;
                if (0xd800..0xdc00).contains(&first) && self.rest.starts_with("\\u") {
                    let second = self.unicode_escape()?;
                    let both = 0x10000 + ((first - 0xd800) << 10) + second.wrapping_sub(0xdc00);
                    match char::from_u32(both) {
                        Some(c) if (0xdc00..0xe000).contains(&second) => out.push(c),
                        _ => return self.fail(SyntaxErrorKind::UnknownEscape),
                    }
                    return Ok(());
                }
                match char::from_u32(first) {
                    Some(c) => out.push(c),
                    None => return self.fail(SyntaxErrorKind::UnknownEscape),
                }
                return Ok(());
            }
            _ => return self.fail(SyntaxErrorKind::UnknownEscape),
        };
        self.advance(2);
        out.push(c);
        Ok(())
    }

    fn unicode_escape(&mut self) -> Result<u32, SyntaxError> {
        let hex = self.rest.get(2..6).filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
        match hex.and_then(|h| u32::from_str_radix(h, 16).ok()) {
            Some(n) => {
                self.advance(6);
                Ok(n)
            }
            None => self.fail(SyntaxErrorKind::UnknownEscape),
        }
    }

    /// `@2015-02-04T14:34:28.123+09:00` and its shorter forms.
    fn temporal(&mut self) -> Result<Token, SyntaxError> {
        let location = self.location;
        self.advance(1);
        let start = self.rest;
        let mut dated = false;
        let mut timed = false;
        if self.peek() != Some('T') {
            dated = true;
            self.digits();
            for _ in 0..2 {
                if self.peek() == Some('-') && self.second().is_some_and(|c| c.is_ascii_digit()) {
                    self.advance(1);
                    self.digits();
                }
            }
        }
        let mut zone = false;
        if self.peek() == Some('T') {
            timed = true;
            self.advance(1);
            if self.peek().is_some_and(|c| c.is_ascii_digit()) {
                self.digits();
                for _ in 0..2 {
                    if self.peek() == Some(':') {
                        self.advance(1);
                        self.digits();
                    }
                }
                if self.peek() == Some('.') && self.second().is_some_and(|c| c.is_ascii_digit()) {
                    self.advance(1);
                    self.digits();
                }
                let rest = self.rest.as_bytes();
                if self.peek() == Some('Z') {
                    zone = true;
                    self.advance(1);
                } else if matches!(rest, [b'+' | b'-', h1, h2, b':', m1, m2, ..]
                    if [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()))
                {
                    zone = true;
                    self.advance(6);
                }
            }
        }
        let text = &start[..start.len() - self.rest.len()];
        let token = match (dated, timed) {
            (true, true) => DateTime::parse(text).map(Token::DateTime),
            (true, false) => Date::parse(text).map(Token::Date),
            (false, _) if zone => Some(Token::ZonedTime),
            (false, _) => Time::parse(&text[text.len().min(1)..]).map(Token::Time),
        };
        token.ok_or_else(|| SyntaxError {
            location,
            kind: SyntaxErrorKind::BadTemporal(text.chars().take(40).collect()),
        })
    }
}
