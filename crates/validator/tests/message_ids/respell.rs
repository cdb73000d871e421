//! Writes a JSON document in another of its equal spellings: RFC 8259 sections 2 (white space),
//! 4 (order of members), 6 (numbers) and 7 (escapes).

use std::fmt::Write as _;

use lmr_fhir::{Kind, Node};

/// A small generator of its own, so that a seed means the same everywhere (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

/// The same value, spelt otherwise.
pub(crate) fn respell(node: Node<'_>, random: &mut Random) -> String {
    let mut out = String::new();
    blank(&mut out, random);
    value(&mut out, node, random);
    blank(&mut out, random);
    out
}

fn value(out: &mut String, node: Node<'_>, random: &mut Random) {
    match node.kind() {
        Kind::Object => {
            let mut members: Vec<Node<'_>> = node.members().collect();
            for at in (1..members.len()).rev() {
                members.swap(at, usize::try_from(random.below(at as u64 + 1)).expect("an index"));
            }
            list(out, '{', &members, '}', random);
        }
        Kind::Array => list(out, '[', &node.members().collect::<Vec<_>>(), ']', random),
        Kind::String => text(out, &node.as_str().expect("a string"), random),
        Kind::Number => number(out, node.raw(), random),
        Kind::Boolean | Kind::Null | Kind::Bare => out.push_str(node.raw()),
    }
}

fn list(out: &mut String, open: char, members: &[Node<'_>], close: char, random: &mut Random) {
    out.push(open);
    for (at, member) in members.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        blank(out, random);
        if let Some(key) = member.key() {
            text(out, &key, random);
            blank(out, random);
            out.push(':');
            blank(out, random);
        }
        value(out, *member, random);
        blank(out, random);
    }
    out.push(close);
}

fn blank(out: &mut String, random: &mut Random) {
    out.push_str(["", "", "", " ", "\n", "\r\n\t"][random.below(6) as usize]);
}

fn text(out: &mut String, text: &str, random: &mut Random) {
    out.push('"');
    for c in text.chars() {
        let short = match c {
            '"' => Some('"'),
            '\\' => Some('\\'),
            '/' => Some('/'),
            '\n' => Some('n'),
            '\r' => Some('r'),
            '\t' => Some('t'),
            '\u{8}' => Some('b'),
            '\u{c}' => Some('f'),
            _ => None,
        };
        let must = c < ' ' || c == '"' || c == '\\';
        match (random.below(8), short) {
            (0, _) => unicode_escape(out, c, random),
            (1, Some(short)) => out.extend(['\\', short]),
            _ if must => unicode_escape(out, c, random),
            _ => out.push(c),
        }
    }
    out.push('"');
}

fn unicode_escape(out: &mut String, c: char, random: &mut Random) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let written = if random.below(2) == 0 {
            write!(out, "\\u{unit:04x}")
        } else {
            write!(out, "\\u{unit:04X}")
        };
        written.expect("a string takes all");
    }
}

/// The same decimal of the same precision. Integers stay: FHIR knows no other form of theirs.
fn number(out: &mut String, raw: &str, random: &mut Random) {
    let plain = !raw.contains(['e', 'E']);
    let (sign, unsigned) = raw.strip_prefix('-').map_or(("", raw), |rest| ("-", rest));
    match unsigned.split_once('.').filter(|_| plain) {
        Some((whole, fraction)) if random.below(2) == 0 => {
            let digits = format!("{whole}{fraction}");
            let digits = digits.trim_start_matches('0');
            let digits = if digits.is_empty() { "0" } else { digits };
            write!(out, "{sign}{digits}E-{}", fraction.len()).expect("a string takes all");
        }
        _ => out.push_str(raw),
    }
}
