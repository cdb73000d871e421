//! Classes of characters, and escapes that mean a character or a class.

use super::Translator;
use super::source::Token;

/// How deep classes may be nested.
const MAX_NESTED_CLASSES: usize = 50;

/// What a `\` and what follows it mean.
pub(super) enum Escaped {
    Character(char),
    /// The members as they are written in a class.
    Class {
        members: String,
        is_negated: bool,
    },
}

impl Translator<'_> {
    /// What a `\` and the character behind it mean, in a class or outside one.
    pub(super) fn escaped(&mut self, c: char) -> Option<Escaped> {
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
            'c' => character(char::from_u32(u32::from(self.rest.behind_backslash()?) ^ 64)?),
            'x' => {
                let number = if self.rest.take('{') {
                    let number = self.number(16, 1, 6)?;
                    if !self.rest.take('}') {
                        return None;
                    }
                    number
                } else {
                    self.number(16, 2, 2)?
                };
                character(char::from_u32(number)?)
            }
            'u' => {
                let high = self.number(16, 4, 4)?;
                if !(0xd800..0xdc00).contains(&high) {
                    return match char::from_u32(high) {
                        Some(c) => character(c),
                        None => self.unsupported(),
                    };
                }
                // Half a character, which Java takes for itself.
                let low = match self.rest.take('\\') && self.rest.take('u') {
                    true => self.number(16, 4, 4)?.checked_sub(0xdc00).filter(|low| *low < 0x400),
                    false => None,
                };
                let Some(low) = low else { return self.unsupported() };
                character(char::from_u32(0x10000 + ((high - 0xd800) << 10) + low)?)
            }
            '0' => character(char::from_u32(self.octal()?)?),
            c if c.is_ascii_alphanumeric() => None,
            c => character(c),
        }
    }

    /// A number of so many digits at least and at most.
    fn number(&mut self, radix: u32, least: usize, most: usize) -> Option<u32> {
        let mut number = 0;
        let mut count = 0;
        while count < most {
            let Some(digit) = self.rest.digit(radix) else { break };
            number = number * radix + digit;
            count += 1;
        }
        (count >= least).then_some(number)
    }

    /// One to three digits, three where the first is at most 3: what follows then means itself.
    fn octal(&mut self) -> Option<u32> {
        let is_short = matches!(self.rest.peek_plain(), Some('4'..='7'));
        self.number(8, 1, if is_short { 2 } else { 3 })
    }

    /// `\pL`, `\p{Lu}`, `\p{IsLatin}`, `\p{script=Latin}`, `\p{Alpha}`: after the `p`.
    fn property(&mut self, is_negated: bool) -> Option<Escaped> {
        let first = self.rest.next_plain()?;
        let mut name = String::new();
        if first == '{' {
            loop {
                match self.rest.next_plain()? {
                    '}' => break,
                    c => name.push(c),
                }
            }
        } else {
            name.push(first);
        }
        let members = if let Some(members) = named(&name) {
            members.to_owned()
        } else if name.starts_with("In") || name.starts_with("java") {
            // Blocks, and further methods of Java's.
            return self.unsupported();
        } else if let Some(name) = name.strip_prefix("Is") {
            match binary(&name.to_ascii_uppercase().replace('_', "")) {
                Some(Some(members)) => members.to_owned(),
                Some(None) => return self.unsupported(),
                None => match named(name).filter(|_| is_of_java(name)) {
                    Some(members) => members.to_owned(),
                    None if is_category(name) => self.category(name)?,
                    None => self.property_of("sc=", name)?,
                },
            }
        } else if let Some((key, value)) = name.split_once('=') {
            match key.to_ascii_lowercase().as_str() {
                "sc" | "script" => self.property_of("sc=", value)?,
                "gc" | "general_category" => self.category(value)?,
                "blk" | "block" => return self.unsupported(),
                _ => return None,
            }
        } else {
            self.category(&name)?
        };
        Some(Escaped::Class { members, is_negated })
    }

    /// `\p{L}`, `\p{Lu}`: written in this case and no other.
    fn category(&mut self, name: &str) -> Option<String> {
        match name {
            // The half of a character, which no text here has.
            "Cs" => self.unsupported(),
            name if is_category(name) => self.property_of("", name),
            _ => None,
        }
    }

    /// A property that the engines know by this name.
    fn property_of(&mut self, kind: &str, name: &str) -> Option<String> {
        let is_name =
            name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ' | '-'));
        let written = format!("\\p{{{kind}{name}}}");
        let is_known = match self.properties.get(&written) {
            Some(is_known) => *is_known,
            None => {
                let is_known = is_name && regex::Regex::new(&written).is_ok();
                self.properties.insert(written.clone(), is_known);
                is_known
            }
        };
        is_known.then_some(written)
    }

    /// A class after its `[`.
    pub(super) fn class(&mut self, depth: usize) -> Option<()> {
        if depth == MAX_NESTED_CLASSES {
            return self.too_large();
        }
        self.out.push('[');
        if self.rest.take('^') {
            self.out.push('^');
        }
        let mut is_first = true;
        // Directly behind a `&&`, and only classes since then.
        let (mut is_behind_and, mut of_classes) = (false, false);
        loop {
            let c = match self.rest.next()? {
                Token::Plain(c) => c,
                Token::Quoted(_) if of_classes => return self.unsupported(),
                Token::Quoted(c) => {
                    self.range(c)?;
                    (is_first, is_behind_and) = (false, false);
                    continue;
                }
            };
            match c {
                ']' if !is_first => {
                    self.out.push(']');
                    return Some(());
                }
                '[' => {
                    self.class(depth + 1)?;
                    of_classes |= is_behind_and;
                    is_first = false;
                    continue;
                }
                '&' if self.rest.take('&') => {
                    // What Java makes of a side with nothing in it follows no rule.
                    if is_first || matches!(self.rest.peek_plain(), Some(']' | '&')) {
                        return self.unsupported();
                    }
                    self.out.push_str("&&");
                    is_behind_and = true;
                    of_classes = false;
                    continue;
                }
                // Java forgets the classes before it.
                _ if of_classes => return self.unsupported(),
                // Before a `-` it is one character.
                '\\' if self.rest.is_vertical_tab() => self.range('\u{b}')?,
                '\\' => {
                    let c = self.rest.behind_backslash()?;
                    match self.escaped(c)? {
                        Escaped::Character(c) => self.range(c)?,
                        Escaped::Class { members, is_negated: false } => {
                            self.out.push_str(&members)
                        }
                        Escaped::Class { members, is_negated: true } => {
                            self.out.push_str("[^");
                            self.out.push_str(&members);
                            self.out.push(']');
                        }
                    }
                }
                c => self.range(c)?,
            }
            (is_first, is_behind_and) = (false, false);
        }
    }

    /// A character in a class, and the end of a range that begins with it.
    fn range(&mut self, first: char) -> Option<()> {
        let is_range = self.rest.peek_plain() == Some('-') && {
            let mut ahead = self.rest.clone();
            ahead.next();
            !matches!(ahead.peek()?, Token::Plain('[' | ']'))
        };
        self.literal(first);
        if !is_range {
            if first == ':' {
                // An engine that unescapes it reads `[:alpha:]` as a class of POSIX.
                self.out.push('-');
                self.literal(first);
            }
            return Some(());
        }
        self.rest.next();
        let last = match self.rest.next()? {
            Token::Plain('\\') => {
                match self.rest.behind_backslash()? {
                    // At an end of a range it is one character.
                    'v' => '\u{b}',
                    c => match self.escaped(c)? {
                        Escaped::Character(c) => c,
                        Escaped::Class { .. } => return None,
                    },
                }
            }
            Token::Plain(c) | Token::Quoted(c) => c,
        };
        self.out.push('-');
        self.literal(last);
        (first <= last).then_some(())
    }
}

/// The members of a class that Java names without `Is`.
fn named(name: &str) -> Option<&'static str> {
    Some(match name {
        "Lower" => "a-z",
        "Upper" => "A-Z",
        "ASCII" | "InBasicLatin" | "InBASIC_LATIN" => r"\x00-\x7f",
        "Alpha" => "A-Za-z",
        "Digit" => "0-9",
        "Alnum" => "0-9A-Za-z",
        "Punct" => r"!-/:-@\x5b-`\x7b-~",
        "Graph" => "!-~",
        "Print" => r"\x20-~",
        "Blank" => r"\t\x20",
        "Cntrl" => r"\x00-\x1f\x7f",
        "XDigit" => "0-9A-Fa-f",
        "Space" => r"\t\n\x0B\x0C\r\x20",
        "L1" => r"\x00-\x{ff}",
        "LC" => r"\p{Lu}\p{Ll}\p{Lt}",
        "LD" => r"\p{L}\p{Nd}",
        "all" => r"\x00-\x{10ffff}",
        "javaLowerCase" => r"\p{Lowercase}",
        "javaUpperCase" => r"\p{Uppercase}",
        _ => return None,
    })
}

/// Whether a class of these is the same with `Is`.
fn is_of_java(name: &str) -> bool {
    matches!(name, "ASCII" | "L1" | "LC" | "LD" | "all")
}

/// The members of what Java names with `Is`, in capital letters and without `_`: of all of Unicode. `Some(None)` for what no
/// list of members says.
fn binary(name: &str) -> Option<Option<&'static str>> {
    Some(Some(match name {
        "ALPHABETIC" | "ALPHA" => r"\p{Alphabetic}",
        "LETTER" => r"\p{L}",
        "IDEOGRAPHIC" => r"\p{Ideographic}",
        "LOWERCASE" | "LOWER" => r"\p{Lowercase}",
        "UPPERCASE" | "UPPER" => r"\p{Uppercase}",
        "TITLECASE" => r"\p{Lt}",
        "WHITESPACE" | "SPACE" => r"\p{White_Space}",
        "CONTROL" | "CNTRL" => r"\p{Cc}",
        "PUNCTUATION" | "PUNCT" => r"\p{P}",
        "HEXDIGIT" | "XDIGIT" => r"\p{Nd}\p{Hex_Digit}",
        "DIGIT" => r"\p{Nd}",
        "ALNUM" => r"\p{Alphabetic}\p{Nd}",
        "JOINCONTROL" => r"\p{Join_Control}",
        "NONCHARACTERCODEPOINT" => r"\p{Noncharacter_Code_Point}",
        "ASSIGNED" | "BLANK" | "GRAPH" | "PRINT" | "WORD" => return Some(None),
        _ => return None,
    }))
}

fn is_category(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|c| c.is_ascii_uppercase())
        && letters.next().is_none_or(|c| c.is_ascii_lowercase())
        && letters.next().is_none()
}
