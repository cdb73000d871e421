//! JSON written without line breaks, laid out so that people can read it.

/// Mean bytes a line from which a text is taken to be written for machines.
const LONG: usize = 400;

/// A text laid out again, and where its bytes went.
#[derive(Debug)]
pub struct Layout {
    /// The text as it is now.
    pub text: String,
    /// Offsets in the text as it was and as it is, where the distance between them changes.
    moved: Vec<(usize, usize)>,
}

impl Layout {
    /// Lays a text out, unless its lines are readable as they are.
    #[must_use]
    pub fn of(source: &str) -> Option<Self> {
        if source.len() <= LONG * source.lines().count().max(1) {
            return None;
        }
        let mut layout = Self { text: String::with_capacity(source.len() * 2), moved: Vec::new() };
        let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
        let mut characters = source.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            if in_string {
                in_string = escaped || c != '"';
                escaped = !escaped && c == '\\';
                layout.keep(at, c);
                continue;
            }
            match c {
                '"' => {
                    in_string = true;
                    layout.keep(at, c);
                }
                '{' | '[' => {
                    layout.keep(at, c);
                    while characters.next_if(|(_, c)| c.is_ascii_whitespace()).is_some() {}
                    let closes = |c: char| matches!(c, '}' | ']');
                    if let Some((at, c)) = characters.next_if(|(_, c)| closes(*c)) {
                        layout.keep(at, c);
                    } else {
                        depth += 1;
                        layout.line(depth);
                    }
                }
                '}' | ']' => {
                    depth = depth.saturating_sub(1);
                    layout.line(depth);
                    layout.keep(at, c);
                }
                ',' => {
                    layout.keep(at, c);
                    layout.line(depth);
                }
                ':' => {
                    layout.keep(at, c);
                    layout.text.push(' ');
                }
                c if c.is_ascii_whitespace() => {}
                c => layout.keep(at, c),
            }
        }
        Some(layout)
    }

    fn keep(&mut self, at: usize, c: char) {
        let now = self.text.len();
        // Wrapping, since the text may also shrink; only equality counts.
        if self.moved.last().is_none_or(|(was, is)| is.wrapping_sub(*was) != now.wrapping_sub(at)) {
            self.moved.push((at, now));
        }
        self.text.push(c);
    }

    fn line(&mut self, depth: usize) {
        self.text.push('\n');
        // Deeper than people can follow, the indentation would be the larger part of the page.
        self.text.extend(std::iter::repeat_n("  ", depth.min(40)));
    }

    /// Where a byte of the source went.
    #[must_use]
    pub fn offset(&self, source: usize) -> usize {
        match self.moved.partition_point(|(was, _)| *was <= source).checked_sub(1) {
            Some(index) => {
                let (was, is) = self.moved[index];
                let next = self.moved.get(index + 1).map_or(self.text.len(), |(_, is)| *is);
                (is + (source - was)).min(next)
            }
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(value: &str) -> String {
        format!(r#"{{"a":[],"b":[1,{{"c":"x, {{\" }}"}}] , "d":"{value}"}}"#)
    }

    #[test]
    fn json_on_one_line_is_laid_out_and_every_byte_is_found_again() {
        let source = long(&"y".repeat(500));
        let layout = Layout::of(&source).expect("a long line");
        let begin = "{\n  \"a\": [],\n  \"b\": [\n    1,\n    {\n      \"c\": \"x, {\\\" }\"\n    }\n  ],\n  \"d\": \"yyy";
        assert!(layout.text.starts_with(begin), "{}", layout.text);
        for (at, c) in source.char_indices().filter(|(_, c)| !c.is_ascii_whitespace()) {
            assert!(layout.text[layout.offset(at)..].starts_with(c), "byte {at}");
        }
        assert_eq!(layout.offset(source.len()), layout.text.len());
    }

    #[test]
    fn what_has_lines_already_stays_as_it_is() {
        assert!(Layout::of(&long("y")).is_none());
        assert!(Layout::of("").is_none());
    }
}
