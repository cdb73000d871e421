//! Numbers as people write them, in groups of digits: the one table of what may be between two digits, for everything
//! that looks for somebody's number in a text.
//!
//! Why here: a number that one finder knows and another does not is redacted in one place and stays in the next. All that
//! read texts may import this crate. It knows no kind of number.

use std::ops::Range;

/// What may be between two digits of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// Nothing that is seen: the digits are one group.
    Invisible,
    /// What people write numbers in groups with.
    Usual,
    /// What separates numbers as often as it is in one.
    Other,
}

/// Every sign, from one character to another. What JSON is made of is none, since JSON is looked through as it is
/// written; nor is the end of a line.
const SIGNS: [(char, char, Sign); 44] = [
    ('\t', '\t', Sign::Usual),
    (' ', ' ', Sign::Usual),
    ('!', '!', Sign::Other),
    // A percent sign begins an escape.
    ('#', '$', Sign::Other),
    ('&', '+', Sign::Other),
    ('-', '/', Sign::Usual),
    (':', '@', Sign::Other),
    ('^', '`', Sign::Other),
    ('|', '|', Sign::Other),
    ('~', '~', Sign::Other),
    ('\u{a0}', '\u{a0}', Sign::Usual),
    ('\u{ad}', '\u{ad}', Sign::Invisible),
    ('\u{b4}', '\u{b4}', Sign::Other),
    ('\u{b7}', '\u{b7}', Sign::Usual),
    ('\u{34f}', '\u{34f}', Sign::Invisible),
    ('\u{61c}', '\u{61c}', Sign::Invisible),
    ('\u{1680}', '\u{1680}', Sign::Usual),
    ('\u{180e}', '\u{180e}', Sign::Invisible),
    // Spaces.
    ('\u{2000}', '\u{200a}', Sign::Usual),
    ('\u{200b}', '\u{200f}', Sign::Invisible),
    // Hyphens and dashes.
    ('\u{2010}', '\u{2015}', Sign::Usual),
    ('\u{2016}', '\u{2021}', Sign::Other),
    // Bullets and dots.
    ('\u{2022}', '\u{2027}', Sign::Usual),
    ('\u{202a}', '\u{202e}', Sign::Invisible),
    ('\u{202f}', '\u{202f}', Sign::Usual),
    ('\u{2030}', '\u{2042}', Sign::Other),
    // Hyphen bullet and fraction slash.
    ('\u{2043}', '\u{2044}', Sign::Usual),
    ('\u{2045}', '\u{205e}', Sign::Other),
    ('\u{205f}', '\u{205f}', Sign::Usual),
    ('\u{2060}', '\u{206f}', Sign::Invisible),
    ('\u{2212}', '\u{2212}', Sign::Usual),
    // Division slash and dots of mathematics.
    ('\u{2215}', '\u{2215}', Sign::Usual),
    ('\u{2219}', '\u{2219}', Sign::Usual),
    ('\u{22c5}', '\u{22c5}', Sign::Usual),
    ('\u{2e3a}', '\u{2e3b}', Sign::Usual),
    ('\u{3000}', '\u{3000}', Sign::Usual),
    ('\u{30fb}', '\u{30fb}', Sign::Usual),
    ('\u{fe00}', '\u{fe0f}', Sign::Invisible),
    ('\u{fe31}', '\u{fe32}', Sign::Usual),
    ('\u{fe58}', '\u{fe58}', Sign::Usual),
    ('\u{fe63}', '\u{fe63}', Sign::Usual),
    ('\u{feff}', '\u{feff}', Sign::Invisible),
    ('\u{ff0d}', '\u{ff0f}', Sign::Usual),
    ('\u{ff3f}', '\u{ff3f}', Sign::Other),
];

/// Names of characters that narratives (XHTML) write signs with.
const NAMED: [(&str, Sign); 24] = [
    ("nbsp", Sign::Usual),
    ("ensp", Sign::Usual),
    ("emsp", Sign::Usual),
    ("thinsp", Sign::Usual),
    ("hairsp", Sign::Usual),
    ("numsp", Sign::Usual),
    ("puncsp", Sign::Usual),
    ("Tab", Sign::Usual),
    ("ndash", Sign::Usual),
    ("mdash", Sign::Usual),
    ("hyphen", Sign::Usual),
    ("dash", Sign::Usual),
    ("minus", Sign::Usual),
    ("middot", Sign::Usual),
    ("centerdot", Sign::Usual),
    ("bull", Sign::Usual),
    ("frasl", Sign::Usual),
    ("sol", Sign::Usual),
    ("period", Sign::Usual),
    ("shy", Sign::Invisible),
    ("zwnj", Sign::Invisible),
    ("zwj", Sign::Invisible),
    ("lrm", Sign::Invisible),
    ("rlm", Sign::Invisible),
];

/// Longest `&…;` that is looked at.
const MAX_ENTITY: usize = 12;

/// [`SIGNS`] by the byte, for the characters that most texts are made of.
const ASCII_SIGNS: [Option<Sign>; 128] = {
    let mut signs = [None; 128];
    let mut row = 0;
    while row < SIGNS.len() {
        let (first, last, sign) = SIGNS[row];
        let mut c = first as usize;
        while c <= last as usize && c < signs.len() {
            signs[c] = Some(sign);
            c += 1;
        }
        row += 1;
    }
    signs
};

fn sign_of(c: char) -> Option<Sign> {
    if let Some(sign) = ASCII_SIGNS.get(c as usize) {
        return *sign;
    }
    let at = SIGNS.partition_point(|(_, last, _)| *last < c);
    SIGNS.get(at).filter(|(first, ..)| *first <= c).map(|(.., sign)| *sign)
}

/// The sign that a text begins with and its length in bytes, as it is or escaped as addresses (`%2D`) and narratives
/// (`&#xA0;`) do.
fn sign(text: &[u8]) -> Option<(Sign, usize)> {
    match *text {
        [b'%', ..] => Some(percent(text)?.unwrap_or((Sign::Other, 1))),
        [b'&', ..] => entity(text),
        [byte, ..] if byte.is_ascii() => Some((sign_of(char::from(byte))?, 1)),
        _ => {
            let c = first_char(text.get(..4).unwrap_or(text))?;
            Some((sign_of(c)?, c.len_utf8()))
        }
    }
}

fn first_char(bytes: &[u8]) -> Option<char> {
    let whole = bytes.utf8_chunks().next()?;
    whole.valid().chars().next()
}

/// What `%2D` stands for: `Some(None)` where it is not an escape, `None` where it is one of no sign.
fn percent(text: &[u8]) -> Option<Option<(Sign, usize)>> {
    let mut bytes = Vec::with_capacity(4);
    for part in text.chunks(3).take(4) {
        let [b'%', high, low] = *part else { break };
        let digits = [high, low];
        let byte = std::str::from_utf8(&digits).ok().and_then(|of| u8::from_str_radix(of, 16).ok());
        let Some(byte) = byte else { break };
        bytes.push(byte);
    }
    if bytes.is_empty() {
        return Some(None);
    }
    let c = first_char(&bytes)?;
    // What JSON is made of is text where it is escaped.
    let of = sign_of(c).or((c.is_ascii() && !c.is_ascii_alphanumeric()).then_some(Sign::Other));
    Some(Some((of?, c.len_utf8() * 3)))
}

fn entity(text: &[u8]) -> Option<(Sign, usize)> {
    let Some(end) = text.iter().take(MAX_ENTITY).position(|byte| *byte == b';') else {
        return Some((Sign::Other, 1));
    };
    let name = std::str::from_utf8(&text[1..end]).ok()?;
    let number = name.strip_prefix('#').map(|number| {
        match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
            None => number.parse(),
        }
        .ok()
        .and_then(char::from_u32)
    });
    let of = match number {
        Some(Some(c)) if c.is_alphanumeric() => return None,
        Some(c) => c.and_then(sign_of).unwrap_or(Sign::Other),
        None => NAMED.iter().find(|(of, _)| *of == name).map_or(Sign::Other, |(_, sign)| *sign),
    };
    Some((of, end + 1))
}

/// The first place at or after this byte where a number is, its digits together or with signs between them. What is
/// around it does not matter: an address may have escapes before it that end with digits.
#[must_use]
pub fn find(text: &[u8], number: &str, from: usize) -> Option<Range<usize>> {
    let (first, rest) = number.as_bytes().split_first()?;
    (from..text.len()).filter(|at| text[*at] == *first).find_map(|start| {
        let mut at = start + 1;
        for digit in rest {
            while let Some((_, length)) = sign(text.get(at..)?) {
                at += length;
            }
            if text.get(at) != Some(digit) {
                return None;
            }
            at += 1;
        }
        Some(start..at)
    })
}

/// Digits that nothing or something invisible is between.
struct Group {
    place: Range<usize>,
    digits: usize,
    /// Whether it goes on the group before it, and whether by usual signs only.
    joined: bool,
    usually: bool,
}

/// The groups of digits of a text, in order.
#[derive(Clone)]
struct Groups<'t> {
    text: &'t [u8],
    at: usize,
    /// What is between the last group and here: nothing but signs, and all of them usual.
    joined: bool,
    usually: bool,
}

/// Where nothing is joined only digits are of interest, and escapes, which may end with some.
const IS_OF_INTEREST: [bool; 256] = {
    let mut of = [false; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        of[digit as usize] = true;
        digit += 1;
    }
    of[b'%' as usize] = true;
    of[b'&' as usize] = true;
    of
};

impl<'t> Groups<'t> {
    fn of(text: &'t [u8]) -> Self {
        Self { text, at: 0, joined: false, usually: false }
    }

    /// The group that signs join to the last one.
    fn next_joined(&mut self) -> Option<Group> {
        while self.joined {
            if self.text.get(self.at)?.is_ascii_digit() {
                return Some(self.group());
            }
            self.step();
        }
        None
    }

    /// Goes on by a sign or a byte that is no digit.
    fn step(&mut self) {
        match sign(&self.text[self.at..]) {
            Some((sign, length)) => {
                self.usually &= sign != Sign::Other;
                self.at += length;
            }
            None => {
                (self.joined, self.usually) = (false, false);
                self.at += 1;
            }
        }
    }

    /// The group that begins here, with a digit.
    fn group(&mut self) -> Group {
        let (text, start) = (self.text, self.at);
        let mut group =
            Group { place: start..start, digits: 0, joined: self.joined, usually: self.usually };
        let mut at = start;
        loop {
            while text.get(at).is_some_and(u8::is_ascii_digit) {
                group.digits += 1;
                at += 1;
            }
            group.place.end = at;
            // An invisible sign goes on the group if a digit follows. None is a character of ASCII as it is.
            let mut next = at;
            if text
                .get(at)
                .is_some_and(|byte| byte.is_ascii() && !IS_OF_INTEREST[usize::from(*byte)])
            {
                break;
            }
            while let Some((Sign::Invisible, length)) = text.get(next..).and_then(sign) {
                next += length;
            }
            if next == at || !text.get(next).is_some_and(u8::is_ascii_digit) {
                break;
            }
            at = next;
        }
        self.at = at;
        (self.joined, self.usually) = (true, true);
        group
    }
}

impl Iterator for Groups<'_> {
    type Item = Group;

    fn next(&mut self) -> Option<Group> {
        if let Some(group) = self.next_joined() {
            return Some(group);
        }
        loop {
            let rest = self.text.get(self.at..)?;
            self.at += rest.iter().position(|byte| IS_OF_INTEREST[usize::from(*byte)])?;
            if self.text[self.at].is_ascii_digit() {
                return Some(self.group());
            }
            self.step();
        }
    }
}

/// Whether a text may hold a number of so many digits: so many or more follow one another with usual signs between them at
/// most, or groups with any signs between them have exactly so many. (A date with a time has more digits than an
/// identity number, and no groups of as many.)
#[must_use]
pub fn may_hold(text: &str, count: usize) -> bool {
    let mut in_a_row = 0;
    // The digits of the last groups, those that signs join.
    let mut last: Vec<usize> = Vec::new();
    Groups::of(text.as_bytes()).any(|group| {
        in_a_row = if group.usually { in_a_row + group.digits } else { group.digits };
        if !group.joined {
            last.clear();
        }
        last.push(group.digits);
        // More groups than digits are never needed.
        if last.len() > count {
            last.remove(0);
        }
        let mut sum = 0;
        let sums = last.iter().rev().map(|digits| {
            sum += digits;
            sum
        });
        let fits = sums.take_while(|sum| *sum <= count).any(|sum| sum == count);
        in_a_row >= count || fits
    })
}

/// Where a text has so many digits by themselves, together or in groups that usual signs join and that end at these digits
/// only; with each the digits.
pub fn in_groups<'t>(
    text: &'t str,
    count: usize,
    ends: &'t [usize],
) -> impl Iterator<Item = (Range<usize>, String)> + 't {
    let bytes = text.as_bytes();
    let has_escapes = has_escapes(bytes);
    let whole = has_escapes.then_some(0..bytes.len());
    let parts = (!has_escapes).then(|| parts_of_digits(bytes, count));
    whole.into_iter().chain(parts.into_iter().flatten()).flat_map(move |part| {
        let mut groups = Groups::of(&bytes[..part.end]);
        groups.at = part.start;
        std::iter::from_fn(move || {
            loop {
                let first = groups.next()?;
                if first.digits == count || ends.contains(&first.digits) {
                    let found = number_from(text, first, groups.clone(), count, ends);
                    if found.is_some() {
                        return found;
                    }
                }
            }
        })
    })
}

/// Whether an escape is in a text that stands for a sign, with characters that are none by themselves.
fn has_escapes(text: &[u8]) -> bool {
    const PART: usize = 64;
    let begins = |byte: &u8| (*byte == b'%') | (*byte == b'&');
    // Most parts have neither character, which is seen without looking at single bytes.
    let parts = text.chunks(PART).enumerate();
    parts.filter(|(_, part)| part.iter().fold(false, |has, byte| has | begins(byte))).any(
        |(number, part)| {
            let places = number * PART..number * PART + part.len();
            places
                .filter(|at| begins(&text[*at]))
                .any(|at| sign(&text[at..]).is_some_and(|(_, length)| length > 1))
        },
    )
}

/// What a number without escapes is made of: digits, usual signs, and what is not ASCII.
const IS_OF_NUMBERS: [bool; 256] = {
    let mut of = [true; 256];
    let mut byte = 0;
    while byte < ASCII_SIGNS.len() {
        of[byte] = matches!(ASCII_SIGNS[byte], Some(Sign::Usual | Sign::Invisible))
            || (byte as u8).is_ascii_digit();
        byte += 1;
    }
    of
};

/// The longest parts of a text that numbers may be in and that have at least so many bytes. Of most texts only every nth
/// byte is looked at, since a part that long has one of them in it.
fn parts_of_digits(text: &[u8], least: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let fits = |byte: &u8| IS_OF_NUMBERS[usize::from(*byte)];
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let last = from + least - 1;
            if !fits(text.get(last)?) {
                from = last + 1;
                continue;
            }
            let start = text[from..last]
                .iter()
                .rposition(|byte| !fits(byte))
                .map_or(from, |at| from + at + 1);
            let end =
                text[last..].iter().position(|byte| !fits(byte)).map_or(text.len(), |at| last + at);
            from = end + 1;
            if end - start >= least {
                return Some(start..end);
            }
        }
    })
}

/// The number that begins with this group and goes on with those after it.
fn number_from(
    text: &str,
    first: Group,
    mut rest: Groups<'_>,
    count: usize,
    ends: &[usize],
) -> Option<(Range<usize>, String)> {
    let start = first.place.start;
    let mut sum = first.digits;
    let mut end = first.place.end;
    while sum != count {
        if !ends.contains(&sum) {
            return None;
        }
        let group = rest.next_joined().filter(|group| group.usually)?;
        sum += group.digits;
        end = group.place.end;
    }
    Some((start..end, digits_of(text, &(start..end)).collect()))
}

/// The digits at a place, without the signs between them.
fn digits_of<'t>(text: &'t str, place: &Range<usize>) -> impl Iterator<Item = char> + 't {
    let mut at = place.start;
    let end = place.end;
    std::iter::from_fn(move || {
        while at < end {
            let byte = text.as_bytes()[at];
            if byte.is_ascii_digit() {
                at += 1;
                return Some(char::from(byte));
            }
            at += sign(&text.as_bytes()[at..]).map_or(1, |(_, length)| length);
        }
        None
    })
}

/// A number as somebody may write it.
#[derive(Clone, Debug)]
pub struct Spelling {
    /// The text.
    pub text: String,
    /// Whether only signs are in it that numbers are usually written with, or invisible ones.
    pub is_usual: bool,
}

/// The ways of writing a number of eleven digits: with each sign of the table, escaped too, in each of the usual groups.
/// For tests: what looks for numbers must know them all.
pub fn spellings(number: &str) -> impl Iterator<Item = Spelling> + '_ {
    const CUTS: [&[usize]; 4] = [&[6], &[2, 4, 6], &[6, 9], &[2, 4, 6, 9]];
    let written = |sign: char| {
        let mut buffer = [0; 4];
        let bytes = sign.encode_utf8(&mut buffer).bytes();
        let percent: String = bytes.map(|byte| format!("%{byte:02X}")).collect();
        let code = u32::from(sign);
        [sign.to_string(), percent, format!("&#{code};"), format!("&#x{code:X};")]
    };
    let of_table = SIGNS.iter().filter(|(first, ..)| *first != '\t');
    let signs = of_table.flat_map(|(first, last, sign)| (*first..=*last).map(|c| (c, *sign)));
    let signs = signs.flat_map(move |(c, sign)| written(c).map(|text| (text, sign)));
    let named = NAMED.iter().map(|(name, sign)| (format!("&{name};"), *sign));
    let several = [" - ", "\u{a0}\u{2013}\u{a0}", "--", " \u{200b} "];
    let several = several.map(|text| (text.to_owned(), Sign::Usual));
    let together = [(String::new(), Sign::Usual)];
    let all = together.into_iter().chain(signs).chain(named).chain(several);
    all.flat_map(move |(between, sign)| {
        CUTS.map(|cuts| {
            let mut text = String::with_capacity(number.len() + 4 * between.len());
            for (at, digit) in number.chars().enumerate() {
                if cuts.contains(&at) {
                    text.push_str(&between);
                }
                text.push(digit);
            }
            Spelling { text, is_usual: sign != Sign::Other }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "13057012345";
    const ENDS: [usize; 4] = [2, 4, 6, 9];

    #[test]
    fn the_table_is_in_order_and_has_nothing_of_json_and_no_digit() {
        assert!(SIGNS.iter().all(|(first, last, _)| first <= last));
        assert!(SIGNS.windows(2).all(|pair| pair[0].1 < pair[1].0));
        for c in ['"', '\\', ',', '[', ']', '{', '}', '\n', '\r', '0', '9', 'a', 'å'] {
            assert_eq!(sign_of(c), None, "{c:?}");
        }
        for c in (0..0x1_0000).filter_map(char::from_u32) {
            let is_end = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
            let is_blank = c.is_whitespace() && !is_end.contains(&c);
            assert!(!is_blank || sign_of(c) == Some(Sign::Usual), "U+{:04X}", u32::from(c));
            assert!(!c.is_alphanumeric() || sign_of(c).is_none(), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn every_spelling_is_found_by_every_finder() {
        let mut count = 0;
        for Spelling { text, is_usual } in spellings(NUMBER) {
            for text in
                [text.clone(), format!("f. {text} x"), format!("({text})"), format!("å{text}å")]
            {
                let place = find(text.as_bytes(), NUMBER, 0).unwrap_or_else(|| panic!("{text}"));
                assert!(text[place.clone()].starts_with('1') && text[place].ends_with('5'));
                assert!(may_hold(&text, 11), "{text}");
                let found: Vec<_> = in_groups(&text, 11, &ENDS).collect();
                assert_eq!(found.len(), usize::from(is_usual), "{text}");
                assert!(found.iter().all(|(_, digits)| digits == NUMBER), "{text}");
            }
            count += 1;
        }
        assert!(count > 2000, "{count}");
        assert!(find("1305 70\t12345".as_bytes(), NUMBER, 0).is_some());
    }

    #[test]
    fn other_digits_are_no_number() {
        for text in [
            "",
            "1305701234",
            "130570\n12345",
            "130570,12345",
            "130570x12345",
            "13057%3112345",
            "13057&#49;12345",
            "2026:11:26:10:15:30",
            "2026-11-26T10:15:30+01:00",
            "[130570, 12345]",
        ] {
            assert_eq!(find(text.as_bytes(), NUMBER, 0), None, "{text}");
            assert!(!may_hold(text, 11), "{text}");
            assert_eq!(in_groups(text, 11, &ENDS).count(), 0, "{text}");
        }
        // A date with a time is not written as an identity number is.
        assert!(!may_hold("2026:11:26 10:15", 11));
        // More digits than asked for are as bad as so many, but not by themselves.
        for longer in ["130570123456", "13 05 70 12345 6"] {
            assert!(may_hold(longer, 11), "{longer}");
        }
        assert_eq!(in_groups("130570123456", 11, &ENDS).count(), 0);
    }

    #[test]
    fn a_long_text_is_looked_through_in_time_with_its_length() {
        let text = format!("1{}1{}", "-".repeat(50_000), "1 ".repeat(50_000));
        assert!(may_hold(&text, 11));
        assert_eq!(find(text.as_bytes(), "11111111112", 0), None);
    }
}
