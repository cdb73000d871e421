//! From the syntax of `java.util.regex` to that of the `regex` and `fancy-regex` crates, which share theirs.
//!
//! What differs, apart from what is an error in one of them: `\d`, `\w`, `\s` and the POSIX classes are of ASCII; `\h` is white
//! space of a line; `\<` is a `<`; `\Q...\E` quotes; `\0n` is octal, `\cX` a control character, `\uD83D\uDE00` one character;
//! in a class `--`, `~~` and `[:` have no meaning; `a++` is possessive; `$` matches before the last line end too.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// An expression in the syntax of the engines.
pub(super) struct Translated {
    pub(super) pattern: String,
    pub(super) needs_backtracking: bool,
    /// There is a `$` outside classes.
    pub(super) has_end: bool,
}

/// `None` for what is no regular expression in Java, and for the few constructs that no engine here has.
pub(super) fn translate(source: &str) -> Option<Translated> {
    let mut translator = Translator {
        rest: source.chars().peekable(),
        out: String::with_capacity(source.len() + 8),
        needs_backtracking: false,
        has_end: false,
    };
    translator.alternatives()?;
    let Translator { out, needs_backtracking, has_end, .. } = translator;
    Some(Translated { pattern: out, needs_backtracking, has_end })
}

/// What stands before a quantifier.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing that can be repeated.
    Nothing,
    /// A character, class or group.
    Item,
    /// A quantifier without a `?` or `+` of its own.
    Quantifier,
    /// One that has it.
    Modified,
}

struct Translator<'s> {
    rest: Peekable<Chars<'s>>,
    out: String,
    needs_backtracking: bool,
    has_end: bool,
}

impl Translator<'_> {
    fn alternatives(&mut self) -> Option<()> {
        let mut before = Before::Nothing;
        let mut open = 0_usize;
        while let Some(c) = self.rest.next() {
            before = match c {
                '(' => {
                    open += 1;
                    if self.group()? {
                        Before::Nothing
                    } else {
                        open -= 1;
                        before
                    }
                }
                ')' => {
                    open = open.checked_sub(1)?;
                    self.out.push(')');
                    Before::Item
                }
                '[' => {
                    self.class(0)?;
                    Before::Item
                }
                '\\' => self.escape(before)?,
                '|' => {
                    self.out.push('|');
                    Before::Nothing
                }
                '*' | '+' | '?' => self.quantifier(c, before)?,
                '{' => {
                    if before == Before::Nothing {
                        return None;
                    }
                    self.counted()?;
                    Before::Quantifier
                }
                '$' => {
                    self.has_end = true;
                    self.out.push('$');
                    Before::Item
                }
                '^' | '.' => {
                    self.out.push(c);
                    Before::Item
                }
                // Also white space and `#`, which mean something after `(?x)`.
                c if c.is_alphanumeric() || c.is_whitespace() || c == '#' || !c.is_ascii() => {
                    self.out.push(c);
                    Before::Item
                }
                c => {
                    self.literal(c);
                    Before::Item
                }
            };
        }
        (open == 0).then_some(())
    }

    /// A character that means itself, in a class or outside one.
    fn literal(&mut self, c: char) {
        if c.is_alphanumeric() || !c.is_ascii() {
            self.out.push(c);
        } else {
            let _ = write!(self.out, "\\x{{{:x}}}", u32::from(c));
        }
    }

    /// What follows a `(`: false for a group that only sets flags and is closed already.
    fn group(&mut self) -> Option<bool> {
        self.out.push('(');
        if self.rest.next_if_eq(&'?').is_none() {
            return Some(true);
        }
        self.out.push('?');
        match self.rest.peek()? {
            '=' | '!' | '>' => {
                self.needs_backtracking = true;
                self.out.push(self.rest.next()?);
            }
            '<' => {
                self.out.push(self.rest.next()?);
                if let Some(behind) = self.rest.next_if(|c| matches!(c, '=' | '!')) {
                    self.needs_backtracking = true;
                    self.out.push(behind);
                } else {
                    // A name.
                    while let Some(c) = self.rest.next_if(char::is_ascii_alphanumeric) {
                        self.out.push(c);
                    }
                    self.out.push(self.rest.next_if_eq(&'>')?);
                }
            }
            _ => {
                // Flags. Of Java's, `d` and `u` change nothing here, and `U` means something else.
                while let Some(flag) =
                    self.rest.next_if(|c| matches!(c, 'i' | 'm' | 's' | 'x' | 'd' | 'u' | '-'))
                {
                    if !matches!(flag, 'd' | 'u') {
                        self.out.push(flag);
                    }
                }
                let end = self.rest.next_if(|c| matches!(c, ':' | ')'))?;
                if self.out.ends_with('-') {
                    self.out.pop();
                }
                if end == ')' && self.out.ends_with('?') {
                    // No flag is left: `(?)`.
                    self.out.truncate(self.out.len() - 2);
                } else {
                    self.out.push(end);
                }
                return Some(end == ':');
            }
        }
        Some(true)
    }

    fn quantifier(&mut self, c: char, before: Before) -> Option<Before> {
        match (before, c) {
            (Before::Item, _) => {
                self.out.push(c);
                Some(Before::Quantifier)
            }
            (Before::Quantifier, '?') => {
                self.out.push('?');
                Some(Before::Modified)
            }
            (Before::Quantifier, '+') => {
                self.needs_backtracking = true;
                self.out.push('+');
                Some(Before::Modified)
            }
            _ => None,
        }
    }

    /// `{2}`, `{2,}`, `{2,3}`: after the `{`.
    fn counted(&mut self) -> Option<()> {
        self.out.push('{');
        let mut digits = 0;
        while let Some(c) = self.rest.next_if(char::is_ascii_digit) {
            self.out.push(c);
            digits += 1;
        }
        if digits == 0 {
            return None;
        }
        if self.rest.next_if_eq(&',').is_some() {
            self.out.push(',');
            while let Some(c) = self.rest.next_if(char::is_ascii_digit) {
                self.out.push(c);
            }
        }
        self.out.push(self.rest.next_if_eq(&'}')?);
        Some(())
    }

    /// What follows a `\` outside a class.
    fn escape(&mut self, before: Before) -> Option<Before> {
        match *self.rest.peek()? {
            'Q' => {
                self.rest.next();
                let mut now = before;
                while let Some(c) = self.quoted() {
                    self.literal(c);
                    now = Before::Item;
                }
                return Some(now);
            }
            c @ ('b' | 'B' | 'A' | 'z') => {
                self.rest.next();
                self.out.push('\\');
                self.out.push(c);
            }
            'Z' => {
                self.rest.next();
                self.needs_backtracking = true;
                self.out.push_str(r"(?=(?:\r\n|[\n\r\x{85}\x{2028}\x{2029}])?\z)");
            }
            'R' => {
                self.rest.next();
                self.out.push_str(r"(?:\r\n|[\n\x0B\x0C\r\x{85}\x{2028}\x{2029}])");
            }
            '1'..='9' => {
                self.needs_backtracking = true;
                self.out.push('\\');
                self.out.push(self.rest.next()?);
                // A further digit belongs to the number only where there are so many groups: rare, and left to stand for itself.
                if self.rest.peek().is_some_and(char::is_ascii_digit) {
                    self.out.push_str("(?:)");
                }
            }
            'k' => {
                self.rest.next();
                self.needs_backtracking = true;
                self.out.push_str("\\k");
                self.out.push(self.rest.next_if_eq(&'<')?);
                while let Some(c) = self.rest.next_if(char::is_ascii_alphanumeric) {
                    self.out.push(c);
                }
                self.out.push(self.rest.next_if_eq(&'>')?);
            }
            _ => match self.escaped()? {
                Escaped::Character(c) => self.literal(c),
                Escaped::Class { members, is_negated } => {
                    self.out.push_str(if is_negated { "[^" } else { "[" });
                    self.out.push_str(&members);
                    self.out.push(']');
                }
            },
        }
        Some(Before::Item)
    }

    /// The next character between `\Q` and `\E`.
    fn quoted(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\\' && self.rest.next_if_eq(&'E').is_some() {
            return None;
        }
        Some(c)
    }

    /// What follows a `\`, in a class or outside one.
    fn escaped(&mut self) -> Option<Escaped> {
        let c = self.rest.next()?;
        let class = |members: &str, is_negated| {
            Some(Escaped::Class { members: members.to_owned(), is_negated })
        };
        let character = |c| Some(Escaped::Character(c));
        match c {
            'd' | 'D' => class("0-9", c == 'D'),
            'w' | 'W' => class("0-9A-Za-z_", c == 'W'),
            's' | 'S' => class(r"\t\n\x0B\x0C\r\x20", c == 'S'),
            'h' | 'H' => class(
                r"\t\x20\x{a0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}",
                c == 'H',
            ),
            'v' | 'V' => class(r"\n\x0B\x0C\r\x{85}\x{2028}\x{2029}", c == 'V'),
            'p' | 'P' => self.property(c == 'P'),
            't' => character('\t'),
            'n' => character('\n'),
            'r' => character('\r'),
            'f' => character('\u{c}'),
            'a' => character('\u{7}'),
            'e' => character('\u{1b}'),
            'c' => character(char::from_u32(u32::from(self.rest.next()?) ^ 64)?),
            'x' => {
                let number = if self.rest.next_if_eq(&'{').is_some() {
                    let number = self.number(16, 1, 6)?;
                    self.rest.next_if_eq(&'}')?;
                    number
                } else {
                    self.number(16, 2, 2)?
                };
                character(char::from_u32(number)?)
            }
            'u' => {
                let high = self.number(16, 4, 4)?;
                if !(0xd800..0xdc00).contains(&high) {
                    return character(char::from_u32(high)?);
                }
                self.rest.next_if_eq(&'\\')?;
                self.rest.next_if_eq(&'u')?;
                let low = self.number(16, 4, 4)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                character(char::from_u32(0x10000 + ((high - 0xd800) << 10) + low)?)
            }
            '0' => character(char::from_u32(self.number(8, 1, 3).filter(|number| *number < 256)?)?),
            c if c.is_ascii_alphanumeric() => None,
            c => character(c),
        }
    }

    /// A number of so many digits at least and at most.
    fn number(&mut self, radix: u32, least: usize, most: usize) -> Option<u32> {
        let mut number = 0;
        let mut count = 0;
        while count < most {
            let Some(digit) = self.rest.peek().and_then(|c| c.to_digit(radix)) else { break };
            self.rest.next();
            number = number * radix + digit;
            count += 1;
        }
        (count >= least).then_some(number)
    }

    /// `\pL`, `\p{Lu}`, `\p{IsLatin}`, `\p{script=Latin}`, `\p{Alpha}`: after the `p`.
    fn property(&mut self, is_negated: bool) -> Option<Escaped> {
        let first = self.rest.next()?;
        let mut name = String::new();
        if first == '{' {
            while let Some(c) = self.rest.next_if(|c| *c != '}') {
                name.push(c);
            }
            self.rest.next()?;
        } else {
            name.push(first);
        }
        let members = match name.as_str() {
            "Lower" => "a-z".to_owned(),
            "Upper" => "A-Z".to_owned(),
            "ASCII" => r"\x00-\x7f".to_owned(),
            "Alpha" => "A-Za-z".to_owned(),
            "Digit" => "0-9".to_owned(),
            "Alnum" => "0-9A-Za-z".to_owned(),
            "Punct" => r"!-/:-@\x5b-`\x7b-~".to_owned(),
            "Graph" => "!-~".to_owned(),
            "Print" => r"\x20-~".to_owned(),
            "Blank" => r"\t\x20".to_owned(),
            "Cntrl" => r"\x00-\x1f\x7f".to_owned(),
            "XDigit" => "0-9A-Fa-f".to_owned(),
            "Space" => r"\t\n\x0B\x0C\r\x20".to_owned(),
            "L1" => r"\x00-\x{ff}".to_owned(),
            "all" => r"\x00-\x{10ffff}".to_owned(),
            "javaLowerCase" => r"\p{Lowercase}".to_owned(),
            "javaUpperCase" => r"\p{Uppercase}".to_owned(),
            "InBasicLatin" | "InBASIC_LATIN" => r"\x00-\x7f".to_owned(),
            _ => {
                if !name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '=' | ' ' | '-'))
                {
                    return None;
                }
                format!("\\p{{{name}}}")
            }
        };
        Some(Escaped::Class { members, is_negated })
    }

    /// A class after its `[`.
    fn class(&mut self, depth: usize) -> Option<()> {
        if depth == MAX_NESTED_CLASSES {
            return None;
        }
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut is_first = true;
        loop {
            match self.rest.next()? {
                ']' if !is_first => {
                    self.out.push(']');
                    return Some(());
                }
                '[' => self.class(depth + 1)?,
                '&' if self.rest.next_if_eq(&'&').is_some() => {
                    while self.rest.next_if_eq(&'&').is_some() {}
                    if !is_first {
                        self.out.push_str("&&");
                    }
                    continue;
                }
                '\\' if self.rest.next_if_eq(&'Q').is_some() => {
                    while let Some(c) = self.quoted() {
                        self.literal(c);
                    }
                }
                '\\' => match self.escaped()? {
                    Escaped::Character(c) => self.range(c)?,
                    Escaped::Class { members, is_negated: false } => self.out.push_str(&members),
                    Escaped::Class { members, is_negated: true } => {
                        self.out.push_str("[^");
                        self.out.push_str(&members);
                        self.out.push(']');
                    }
                },
                c => self.range(c)?,
            }
            is_first = false;
        }
    }

    /// A character in a class, and the end of a range that begins with it.
    fn range(&mut self, first: char) -> Option<()> {
        self.literal(first);
        if self.rest.peek() != Some(&'-') {
            return Some(());
        }
        let mut ahead = self.rest.clone();
        ahead.next();
        if matches!(ahead.peek()?, '[' | ']') {
            return Some(());
        }
        self.rest.next();
        let last = match self.rest.next()? {
            '\\' => match self.escaped()? {
                Escaped::Character(c) => c,
                Escaped::Class { .. } => return None,
            },
            c => c,
        };
        self.out.push('-');
        self.literal(last);
        (first <= last).then_some(())
    }
}

/// How deep classes may be nested.
const MAX_NESTED_CLASSES: usize = 50;

/// What a `\` and what follows it mean.
enum Escaped {
    Character(char),
    /// The members as they are written in a class.
    Class {
        members: String,
        is_negated: bool,
    },
}
