//! From the syntax of `java.util.regex` to that of the `regex` and `fancy-regex` crates, which share theirs.
//!
//! What differs, apart from what is an error in one of them: `\d`, `\w`, `\s` and the POSIX classes are of ASCII; `\h` is white
//! space of a line; `\<` is a `<`; `\Q...\E` quotes; `\0n` is octal, `\cX` a control character, `\uD83D\uDE00` one character;
//! in a class `--`, `~~` and `[:` have no meaning; `a++` is possessive; there are five line ends, and `$` matches before the
//! last one too.

mod class;
mod source;

use std::collections::HashMap;
use std::fmt::Write as _;

use class::Escaped;
use source::{Source, Token};

/// An expression in the syntax of the engines.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) pattern: String,
    pub(super) needs_backtracking: bool,
    /// It has a `$` that matches before the last line end of a text, too, and is written as the end of the text.
    pub(super) has_last_end: bool,
    /// It has a `\z`.
    pub(super) has_text_end: bool,
}

/// Why an expression is not translated, and where: the character, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Untranslated {
    pub(super) at: usize,
    pub(super) why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It is none in Java either.
    Faulty,
    /// It is one in Java, but no engine here has what is written there.
    Unsupported,
    TooLarge,
}

/// How deep groups may be nested.
const MAX_OPEN_GROUPS: usize = 100;

/// Most repetitions of one item that are written as numbers, those of groups in groups multiplied; each number is one that Java
/// takes, too.
const MAX_REPETITIONS: u64 = i32::MAX as u64;

/// The five line ends, as members of a class.
const LINE_ENDS: &str = r"\n\r\x{85}\x{2028}\x{2029}";
/// Before the last line end of the text, or at its end.
const AT_LAST_LINE_END: &str = r"(?:(?=(?:\r\n|[\r\x{85}\x{2028}\x{2029}])?\z)|(?<!\r)(?=\n\z))";
/// Before any line end, or at the end of the text.
const AT_LINE_END: &str = r"(?:(?=\r\n|[\r\x{85}\x{2028}\x{2029}]|\z)|(?<!\r)(?=\n))";
/// At the beginning of the text or behind a line end, and not at the end of the text.
const AT_LINE_BEGIN: &str = r"(?:(?:\A|(?<=[\n\x{85}\x{2028}\x{2029}])|(?<=\r)(?!\n))(?!\z))";

/// Translates an expression. With `ends_text`, a `$` that ends the expression is written as the end of the text, without
/// look-around: where the whole text has to match, or it is searched without its last line end, too.
pub(super) fn translate(source: &str, ends_text: bool) -> Result<Translated, Untranslated> {
    let mut translator = Translator {
        rest: Source::new(source),
        out: String::with_capacity(source.len() + 8),
        needs_backtracking: false,
        why: Why::Faulty,
        ends_text,
        has_last_end: false,
        has_text_end: false,
        groups: vec![Group::default()],
        captured: 0,
        names: Vec::new(),
        properties: HashMap::new(),
    };
    if translator.expression().is_none() {
        let at = source.chars().count() - translator.rest.left();
        return Err(Untranslated { at, why: translator.why });
    }
    let Translator { out, needs_backtracking, has_last_end, has_text_end, .. } = translator;
    Ok(Translated { pattern: out, needs_backtracking, has_last_end, has_text_end })
}

/// What is before a quantifier.
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

/// A group that is open, or the expression itself.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    /// `(?m)`: `^` and `$` are about lines.
    multi_line: bool,
    /// `(?-s)`: `.` is no line end.
    one_line: bool,
    /// `(?x)`: white space and comments mean nothing.
    commented: bool,
    /// Repetitions of what is complete in it, and of its last item.
    size: u64,
    last: u64,
    /// There is a `\R` in it, and in its last item.
    has_line_end: bool,
    last_has_line_end: bool,
    /// Its number, where it has one.
    number: Option<u32>,
}

impl Group {
    /// The next item begins.
    fn item(&mut self, size: u64) {
        self.size = self.size.saturating_add(self.last);
        self.last = size;
        self.last_has_line_end = false;
    }
}

struct Translator<'s> {
    rest: Source<'s>,
    out: String,
    needs_backtracking: bool,
    why: Why,
    ends_text: bool,
    has_last_end: bool,
    has_text_end: bool,
    groups: Vec<Group>,
    /// How many groups have begun that have a number.
    captured: u32,
    /// Names of groups, with their numbers.
    names: Vec<(String, u32)>,
    /// Properties that were asked for, and whether the engines have them: asking is not cheap.
    properties: HashMap<String, bool>,
}

impl Translator<'_> {
    /// What Java has and no engine here.
    fn unsupported<T>(&mut self) -> Option<T> {
        self.why = Why::Unsupported;
        None
    }

    fn too_large<T>(&mut self) -> Option<T> {
        self.why = Why::TooLarge;
        None
    }

    fn group(&mut self) -> &mut Group {
        // The expression itself is never closed.
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    fn expression(&mut self) -> Option<()> {
        let mut before = Before::Nothing;
        while let Some(token) = self.rest.next() {
            let Token::Plain(c) = token else {
                self.group().item(1);
                if let Token::Quoted(c) = token {
                    self.literal(c);
                }
                before = Before::Item;
                continue;
            };
            if !matches!(c, '*' | '+' | '?' | '{' | '|' | '(' | ')') {
                self.group().item(1);
            }
            before = match c {
                '(' => {
                    self.open()?;
                    Before::Nothing
                }
                ')' => {
                    self.close()?;
                    Before::Item
                }
                '[' => {
                    self.class(0)?;
                    Before::Item
                }
                '\\' => self.escape()?,
                '|' => {
                    self.out.push('|');
                    Before::Nothing
                }
                '*' | '+' | '?' => self.quantifier(c, before)?,
                '{' if before == Before::Item => {
                    self.counted()?;
                    Before::Quantifier
                }
                // Java takes a second count and does not heed it.
                '{' => return self.unsupported(),
                '^' => {
                    self.begin();
                    Before::Item
                }
                '$' => {
                    self.end();
                    Before::Item
                }
                '.' => {
                    self.dot();
                    Before::Item
                }
                c => {
                    self.literal(c);
                    Before::Item
                }
            };
        }
        (self.groups.len() == 1).then_some(())
    }

    fn begin(&mut self) {
        if self.group().multi_line {
            self.needs_backtracking = true;
            self.out.push_str(AT_LINE_BEGIN);
        } else {
            self.out.push('^');
        }
    }

    fn end(&mut self) {
        if self.group().multi_line {
            self.needs_backtracking = true;
            self.out.push_str(AT_LINE_END);
        } else if self.ends_text && self.ends_alternative() {
            self.has_last_end = true;
            self.out.push_str(r"\z");
        } else {
            self.needs_backtracking = true;
            self.out.push_str(AT_LAST_LINE_END);
        }
    }

    /// Whether nothing follows in an alternative of the whole expression.
    fn ends_alternative(&mut self) -> bool {
        self.groups.len() == 1 && matches!(self.rest.peek(), None | Some(Token::Plain('|')))
    }

    fn dot(&mut self) {
        if self.group().one_line {
            let _ = write!(self.out, "[^{LINE_ENDS}]");
        } else {
            self.out.push('.');
        }
    }

    /// A character that means itself, in a class or outside one.
    fn literal(&mut self, c: char) {
        if c.is_alphanumeric() || !c.is_ascii() {
            self.out.push(c);
        } else {
            let _ = write!(self.out, "\\x{{{:x}}}", u32::from(c));
        }
    }

    /// What follows a `(`.
    fn open(&mut self) -> Option<()> {
        if self.groups.len() > MAX_OPEN_GROUPS {
            return self.too_large();
        }
        let Group { multi_line, one_line, commented, .. } = *self.group();
        let mut group = Group { multi_line, one_line, commented, ..Group::default() };
        if !self.rest.take('?') {
            self.captured += 1;
            group.number = Some(self.captured);
            self.out.push('(');
            self.groups.push(group);
            return Some(());
        }
        match self.rest.peek_plain()? {
            c @ ('=' | '!' | '>') => {
                self.rest.next();
                self.needs_backtracking = true;
                self.out.push_str("(?");
                self.out.push(c);
            }
            '<' => {
                self.rest.next();
                self.out.push_str("(?<");
                if let Some(c @ ('=' | '!')) = self.rest.peek_plain() {
                    self.rest.next();
                    self.needs_backtracking = true;
                    self.out.push(c);
                } else {
                    let name = self.name()?;
                    if self.names.iter().any(|(known, _)| *known == name) {
                        return None;
                    }
                    self.captured += 1;
                    group.number = Some(self.captured);
                    self.out.push_str(&name);
                    self.out.push('>');
                    self.names.push((name, self.captured));
                }
            }
            _ => return self.flags(&mut group),
        }
        self.groups.push(group);
        Some(())
    }

    /// A name and the `>` behind it.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        while let Some(c) = self.rest.peek_plain().filter(char::is_ascii_alphanumeric) {
            self.rest.next();
            name.push(c);
        }
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
        (is_name && self.rest.take('>')).then_some(name)
    }

    /// `(?i)`, `(?m-s:`: after the `?`.
    fn flags(&mut self, group: &mut Group) -> Option<()> {
        let mut on = true;
        let mut case: Option<bool> = None;
        loop {
            match self.rest.next_plain()? {
                '-' if on => on = false,
                'i' => case = Some(on),
                'm' => group.multi_line = on,
                's' => group.one_line = !on,
                'x' => group.commented = on,
                // Letters beyond ASCII are alike without it, too.
                'u' => {}
                'd' | 'U' => return self.unsupported(),
                end @ (':' | ')') => {
                    let case = match case {
                        Some(true) => "i",
                        Some(false) => "-i",
                        None => "",
                    };
                    self.rest.commented = group.commented;
                    if end == ':' {
                        let _ = write!(self.out, "(?{case}:");
                        self.groups.push(*group);
                        return Some(());
                    }
                    if !case.is_empty() {
                        let _ = write!(self.out, "(?{case})");
                    }
                    // Up to the end of the group that is open.
                    let Group { multi_line, one_line, commented, .. } = *group;
                    let open = self.group();
                    *open = Group { multi_line, one_line, commented, ..*open };
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    fn close(&mut self) -> Option<()> {
        if self.groups.len() == 1 {
            return None;
        }
        let closed = self.groups.pop()?;
        self.rest.commented = self.group().commented;
        let group = self.group();
        group.item(closed.size.saturating_add(closed.last).max(1));
        group.last_has_line_end = closed.has_line_end;
        group.has_line_end |= closed.has_line_end;
        self.out.push(')');
        Some(())
    }

    fn quantifier(&mut self, c: char, before: Before) -> Option<Before> {
        if self.group().last_has_line_end {
            return self.unsupported();
        }
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
        if self.group().last_has_line_end {
            return self.unsupported();
        }
        let least = self.count()?;
        let most = if !self.rest.take(',') {
            let _ = write!(self.out, "{{{least}}}");
            least
        } else if self.rest.peek_plain() == Some('}') {
            let _ = write!(self.out, "{{{least},}}");
            least
        } else {
            let most = self.count()?;
            let _ = write!(self.out, "{{{least},{most}}}");
            if most < least {
                return None;
            }
            most
        };
        if !self.rest.take('}') {
            return None;
        }
        let group = self.group();
        group.last = group.last.saturating_mul(most.max(1));
        if group.last > MAX_REPETITIONS { self.too_large() } else { Some(()) }
    }

    fn count(&mut self) -> Option<u64> {
        let mut digits = 0;
        let mut number = 0_u64;
        while let Some(digit) = self.rest.digit(10) {
            number = number.saturating_mul(10).saturating_add(digit.into());
            digits += 1;
        }
        (digits > 0 && number <= MAX_REPETITIONS).then_some(number)
    }

    /// What follows a `\` outside a class.
    fn escape(&mut self) -> Option<Before> {
        let c = self.rest.behind_backslash()?;
        match c {
            'b' | 'B' | 'A' | 'z' => {
                self.has_text_end |= c == 'z';
                self.out.push('\\');
                self.out.push(c);
            }
            'Z' => {
                self.needs_backtracking = true;
                self.out.push_str(AT_LAST_LINE_END);
            }
            'R' => {
                // Repeated, it never gives back the second half of a line end. Whether it does in a repeated group depends on
                // how Java compiles that.
                self.group().has_line_end = true;
                let is_repeated = matches!(self.rest.peek_plain(), Some('*' | '+' | '?' | '{'));
                self.needs_backtracking |= is_repeated;
                self.out.push_str(if is_repeated { "(?>" } else { "(?:" });
                self.out.push_str(r"\r\n|[\n\x0B\x0C\r\x{85}\x{2028}\x{2029}])");
            }
            'G' | 'X' | 'N' => return self.unsupported(),
            '1'..='9' => self.back_reference(c.to_digit(10)?)?,
            'k' => {
                self.needs_backtracking = true;
                let name = if self.rest.take('<') { self.name()? } else { return None };
                let (_, number) = *self.names.iter().find(|(known, _)| *known == name)?;
                if self.is_open(number) {
                    return self.unsupported();
                }
                let _ = write!(self.out, "\\k<{name}>");
            }
            _ => match self.escaped(c)? {
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

    fn is_open(&self, number: u32) -> bool {
        self.groups.iter().any(|group| group.number == Some(number))
    }

    /// `\1` with its first digit, and as many further digits as name a group that has begun.
    fn back_reference(&mut self, mut number: u32) -> Option<()> {
        while let Some(digit) = self.rest.peek_plain().and_then(|c| c.to_digit(10)) {
            let longer = number.saturating_mul(10).saturating_add(digit);
            if longer > self.captured {
                break;
            }
            number = longer;
            self.rest.next();
        }
        // In Java it matches nothing, or what the group had when it was repeated.
        if number > self.captured || self.is_open(number) {
            return self.unsupported();
        }
        self.needs_backtracking = true;
        let _ = write!(self.out, "(?:\\{number})");
        Some(())
    }
}
