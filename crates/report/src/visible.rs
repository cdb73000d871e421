//! Text of data, for people: what a terminal or a build service would obey is written out.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a terminal or a reader of lines does something else with it than showing it: C0 and C1 controls, and the
/// characters that turn the direction of what follows.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A value, a name or a sentence with one in it, on one line: ESC becomes `\u{1b}`, the end of a line `\n`.
///
/// ```
/// assert_eq!(lmr_report::visible("\u{1b}[31mred\u{7}\n::error::x"), r"\u{1b}[31mred\u{7}\n::error::x");
/// ```
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    write_out(text, |_| false)
}

/// The same of a text of several lines, whose line ends and tabulators stay.
#[must_use]
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    write_out(text, |c| matches!(c, '\n' | '\t'))
}

fn write_out(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_hidden = |c: char| is_obeyed(c) && !stays(c);
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !is_hidden(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_out_and_all_else_stays() {
        for (text, one_line, lines) in [
            ("Åse, 5 µg 💊", "Åse, 5 µg 💊", "Åse, 5 µg 💊"),
            ("\u{1b}[2J", r"\u{1b}[2J", r"\u{1b}[2J"),
            ("a\u{7}\u{8}\u{0}", r"a\u{7}\u{8}\u{0}", r"a\u{7}\u{8}\u{0}"),
            ("\u{7f}\u{9b}31m\u{85}", r"\u{7f}\u{9b}31m\u{85}", r"\u{7f}\u{9b}31m\u{85}"),
            ("a\n::error::x", r"a\n::error::x", "a\n::error::x"),
            ("a\r\nb\tc", r"a\r\nb\tc", "a\\r\nb\tc"),
            ("\u{202e}gpj.exe\u{2066}", r"\u{202e}gpj.exe\u{2066}", r"\u{202e}gpj.exe\u{2066}"),
        ] {
            assert_eq!(visible(text), one_line);
            assert_eq!(visible_lines(text), lines);
        }
        for c in (0..=0x9f_u8).map(char::from) {
            let text = String::from(c);
            assert_eq!(visible(&text) == text, !c.is_control(), "{c:?}");
        }
    }
}
