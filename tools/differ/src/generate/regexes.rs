//! Regular expressions by the grammar of `java.util.regex`, and texts in which they may find something.

use fastrand::Rng;

/// What the expressions are about: few characters, so that they meet.
const CHARACTERS: [&str; 12] = ["a", "b", "c", "A", "B", "1", "2", " ", "-", "_", "ø", "."];

/// What a text has apart from these.
const LINE_ENDS: [&str; 5] = ["\n", "\r\n", "\r", "\u{85}", "\u{2028}"];

/// Items that stand for themselves in an expression, in a class as well.
const ESCAPED: [&str; 24] = [
    r"\d",
    r"\D",
    r"\w",
    r"\W",
    r"\s",
    r"\S",
    r"\h",
    r"\v",
    r"\p{L}",
    r"\p{Lu}",
    r"\P{L}",
    r"\pN",
    r"\p{Alpha}",
    r"\p{Punct}",
    r"\p{IsLatin}",
    r"\p{IsAlphabetic}",
    r"\.",
    r"\-",
    r"\_",
    r"\u0061",
    r"\x41",
    r"\0101",
    r"\t",
    r"\n",
];

/// Items outside a class.
const OUTSIDE: [&str; 15] = [
    ".", ".", "^", "$", "$", r"\b", r"\B", r"\A", r"\z", r"\Z", r"\R", r"\Qa.\E", r"\1", r"\2",
    r"\k<n>",
];

/// What follows an item.
const QUANTIFIERS: [&str; 20] = [
    "?", "*", "+", "??", "*?", "+?", "?+", "*+", "++", "{2}", "{0}", "{1,2}", "{0,1}", "{2,}",
    "{1,2}?", "{2}+", "{1,}?", "{0,2}+", "{1}", "**",
];

/// What a group begins with.
const GROUPS: [&str; 20] = [
    "(", "(", "(", "(", "(?:", "(?:", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?<n>", "(?<m>",
    "(?i:", "(?m:", "(?-s:", "(?x:", "(?s-i:", "(?mi:",
];

/// Flags up to the end of the group.
const FLAGS: [&str; 6] = ["(?i)", "(?m)", "(?-s)", "(?x)", "(?s)", "(?i-m)"];

fn one<'a>(rng: &mut Rng, list: &[&'a str]) -> &'a str {
    list.get(rng.usize(..list.len().max(1))).copied().unwrap_or("")
}

/// A regular expression, mostly one that Java takes.
pub(crate) fn pattern(rng: &mut Rng) -> String {
    let mut out = String::new();
    if rng.u8(..8) == 0 {
        out.push_str(one(rng, &FLAGS));
    }
    alternatives(rng, 3, &mut out);
    // Now and then one that is cut off, or that has something too much.
    match rng.u8(..40) {
        0 => {
            out.pop();
        }
        1 => out.push_str(one(rng, &[")", "]", "(", "[", "\\", "{", "}", "+", "|"])),
        _ => {}
    }
    out
}

fn alternatives(rng: &mut Rng, depth: u8, out: &mut String) {
    sequence(rng, depth, out);
    while rng.u8(..4) == 0 {
        out.push('|');
        sequence(rng, depth, out);
    }
}

fn sequence(rng: &mut Rng, depth: u8, out: &mut String) {
    for _ in 0..rng.u8(..5) {
        item(rng, depth, out);
        if rng.u8(..3) == 0 {
            out.push_str(one(rng, &QUANTIFIERS));
        }
    }
}

fn item(rng: &mut Rng, depth: u8, out: &mut String) {
    match rng.u8(..20) {
        0..=8 => out.push_str(one(rng, &CHARACTERS)),
        9..=10 => out.push_str(one(rng, &ESCAPED)),
        11..=12 => out.push_str(one(rng, &OUTSIDE)),
        13..=15 => class(rng, 2, out),
        16..=18 if depth > 0 => {
            out.push_str(one(rng, &GROUPS));
            alternatives(rng, depth - 1, out);
            out.push(')');
        }
        19 => out.push_str(one(rng, &FLAGS)),
        _ => out.push_str(one(rng, &CHARACTERS)),
    }
}

fn class(rng: &mut Rng, depth: u8, out: &mut String) {
    out.push('[');
    if rng.u8(..4) == 0 {
        out.push('^');
    }
    for _ in 0..rng.u8(1..5) {
        match rng.u8(..12) {
            0..=4 => out.push_str(one(rng, &CHARACTERS)),
            5..=6 => {
                out.push_str(one(rng, &["a-c", "A-B", "0-9", "a-", " -~", "ø-å", "--/", "æ-ø"]))
            }
            7..=8 => out.push_str(one(rng, &ESCAPED)),
            9 => out
                .push_str(one(rng, &["&", "~", "[:digit:]", "^", "$", "|", r"\Q]\E", r"\\", "#"])),
            10 if depth > 0 => class(rng, depth - 1, out),
            11 if depth > 0 => {
                out.push_str("&&");
                class(rng, depth - 1, out);
            }
            _ => out.push_str(one(rng, &CHARACTERS)),
        }
    }
    out.push(']');
}

/// A text.
pub(crate) fn text(rng: &mut Rng) -> String {
    let mut out = String::new();
    for _ in 0..rng.u8(..6) {
        out.push_str(if rng.u8(..8) == 0 { one(rng, &LINE_ENDS) } else { one(rng, &CHARACTERS) });
    }
    if rng.u8(..5) == 0 {
        out.push_str(one(rng, &LINE_ENDS));
    }
    out
}

/// A text as FHIRPath writes it.
pub(crate) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\'' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}
