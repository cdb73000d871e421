//! The characters of an expression as Java reads them: `\Q` and `\E` are no characters, and after `(?x)` white space and
//! comments are none either, wherever they are.

use std::iter::Peekable;
use std::str::Chars;

/// A character of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// One that may have a meaning.
    Plain(char),
    /// One between `\Q` and `\E`: it means itself.
    Quoted(char),
}

impl Token {
    pub(super) fn plain(self) -> Option<char> {
        match self {
            Self::Plain(c) => Some(c),
            Self::Quoted(_) => None,
        }
    }
}

#[derive(Clone)]
pub(super) struct Source<'s> {
    rest: Peekable<Chars<'s>>,
    is_quoted: bool,
    /// `(?x)`: white space and comments mean nothing.
    pub(super) commented: bool,
}

impl<'s> Source<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        Self { rest: text.chars().peekable(), is_quoted: false, commented: false }
    }

    /// How many characters are not read yet.
    pub(super) fn left(&self) -> usize {
        self.rest.clone().count()
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        self.skip();
        let c = self.rest.next()?;
        Some(if self.is_quoted { Token::Quoted(c) } else { Token::Plain(c) })
    }

    pub(super) fn peek(&mut self) -> Option<Token> {
        self.skip();
        let c = *self.rest.peek()?;
        Some(if self.is_quoted { Token::Quoted(c) } else { Token::Plain(c) })
    }

    /// The next character if it may have a meaning.
    pub(super) fn peek_plain(&mut self) -> Option<char> {
        self.peek()?.plain()
    }

    /// Reads a character that may have a meaning; there is none if the next one means itself.
    pub(super) fn next_plain(&mut self) -> Option<char> {
        let c = self.peek_plain()?;
        self.rest.next();
        Some(c)
    }

    /// Reads the next character if it is this one and may have a meaning.
    pub(super) fn take(&mut self, c: char) -> bool {
        let is_next = self.peek_plain() == Some(c);
        if is_next {
            self.rest.next();
        }
        is_next
    }

    /// Reads a digit.
    pub(super) fn digit(&mut self, radix: u32) -> Option<u32> {
        let digit = self.peek_plain()?.to_digit(radix)?;
        self.rest.next();
        Some(digit)
    }

    /// The character behind a `\`: white space, too.
    pub(super) fn behind_backslash(&mut self) -> Option<char> {
        self.rest.next()
    }

    /// Reads the `v` of a `\v` that a `-` follows.
    pub(super) fn is_vertical_tab(&mut self) -> bool {
        let mut ahead = self.clone();
        let is_one = ahead.behind_backslash() == Some('v') && ahead.peek_plain() == Some('-');
        if is_one {
            self.rest.next();
        }
        is_one
    }

    /// To the next character.
    fn skip(&mut self) {
        loop {
            if self.is_quoted {
                if !self.reads(r"\E") {
                    return;
                }
                self.is_quoted = false;
            } else if self.reads(r"\Q") {
                self.is_quoted = true;
            } else if self.commented && self.rest.next_if_eq(&'#').is_some() {
                while self.rest.next_if(|c| !is_line_end(*c)).is_some() {}
            } else if !self.commented
                || self.rest.next_if(|c| matches!(c, ' ' | '\t'..='\r')).is_none()
            {
                return;
            }
        }
    }

    /// Reads these characters if they are the next ones.
    fn reads(&mut self, text: &str) -> bool {
        let mut ahead = self.rest.clone();
        let are_next = text.chars().all(|c| ahead.next() == Some(c));
        if are_next {
            self.rest = ahead;
        }
        are_next
    }
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
