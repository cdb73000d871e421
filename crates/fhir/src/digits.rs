//! Numbers as people write them, in groups of digits: the one table of what may be between two digits, for everything
//! that looks for somebody's number in a text.
//!
//! Why here: a number that one finder knows and another does not is redacted in one place and stays in the next. All that
//! read texts may import this crate. It knows no kind of number.

use std::collections::VecDeque;
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

fn sign_of(c: char) -> Option<Sign> {
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
fn groups(text: &[u8]) -> impl Iterator<Item = Group> + '_ {
    let mut at = 0;
    // What is between the last group and here: nothing but signs, and all of them usual.
    let (mut joined, mut usually) = (false, false);
    std::iter::from_fn(move || {
        loop {
            let byte = *text.get(at)?;
            if byte.is_ascii_digit() {
                break;
            }
            // Most of a text is not near digits; there only escapes matter, which may end with some.
            let is_of_interest = joined || byte == b'%' || byte == b'&';
            match is_of_interest.then(|| sign(&text[at..])).flatten() {
                Some((sign, length)) => {
                    usually &= sign != Sign::Other;
                    at += length;
                }
                None => {
                    (joined, usually) = (false, false);
                    at += 1;
                }
            }
        }
        let mut group = Group { place: at..at, digits: 0, joined, usually };
        loop {
            while text.get(at).is_some_and(u8::is_ascii_digit) {
                group.digits += 1;
                at += 1;
            }
            group.place.end = at;
            // An invisible sign goes on the group if a digit follows.
            let mut next = at;
            while let Some((Sign::Invisible, length)) = text.get(next..).and_then(sign) {
                next += length;
            }
            if next == at || !text.get(next).is_some_and(u8::is_ascii_digit) {
                break;
            }
            at = next;
        }
        (joined, usually) = (true, true);
        Some(group)
    })
}

/// Whether a text may hold a number of so many digits: so many or more follow one another with usual signs between them at
/// most, or groups with any signs between them have exactly so many. (A date with a time has more digits than an
/// identity number, and no groups of as many.)
#[must_use]
pub fn may_hold(text: &str, count: usize) -> bool {
    let mut in_a_row = 0;
    // The digits of the last groups, those that signs join.
    let mut last: Vec<usize> = Vec::new();
    groups(text.as_bytes()).any(|group| {
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
    let mut source = groups(text.as_bytes());
    // The next groups: no number has more than digits. A text may be a whole message, with millions of them.
    let mut ahead: VecDeque<Group> = VecDeque::with_capacity(count);
    std::iter::from_fn(move || {
        loop {
            let missing = count - ahead.len();
            ahead.extend(source.by_ref().take(missing));
            let found = number_of(text, &ahead, count, ends);
            ahead.pop_front()?;
            if found.is_some() {
                return found;
            }
        }
    })
}

/// The number that begins with the first of these groups.
fn number_of(
    text: &str,
    ahead: &VecDeque<Group>,
    count: usize,
    ends: &[usize],
) -> Option<(Range<usize>, String)> {
    let start = ahead.front()?.place.start;
    let mut sum = 0;
    for (at, group) in ahead.iter().enumerate() {
        if at > 0 && !group.usually {
            return None;
        }
        sum += group.digits;
        if sum == count {
            let groups = ahead.iter().take(at + 1);
            let digits = groups.flat_map(|group| digits_of(text, &group.place)).collect();
            return Some((start..group.place.end, digits));
        }
        if !ends.contains(&sum) {
            return None;
        }
    }
    None
}

/// The digits of one group, without what is invisible between them.
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
