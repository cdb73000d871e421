//! JSON or XML written without line breaks, laid out so that people can read it, and where findings are in a text.

use std::cell::Cell;
use std::ops::Range;

use lmr_lmdi::Finding;

use crate::checker::is_xml;

/// Mean bytes a line from which a text is taken to be written for machines.
const LONG: usize = 400;

/// A text laid out again, and where its bytes went.
#[derive(Debug)]
pub struct Layout {
    /// The text as it is now.
    text: String,
    /// Its length, which is asked for when the text has been taken.
    len: usize,
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
        let mut layout =
            Self { text: String::with_capacity(source.len() * 2), len: 0, moved: Vec::new() };
        if is_xml(source.as_bytes()) {
            layout.xml(source)
        } else {
            layout.json(source)
        }
        layout.len = layout.text.len();
        Some(layout)
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes the text; places can still be asked for.
    #[must_use]
    pub fn take_text(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    fn json(&mut self, source: &str) {
        let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
        let mut characters = source.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            if in_string {
                in_string = escaped || c != '"';
                escaped = !escaped && c == '\\';
                self.keep(at, c);
                continue;
            }
            match c {
                '"' => {
                    in_string = true;
                    self.keep(at, c);
                }
                '{' | '[' => {
                    self.keep(at, c);
                    while characters.next_if(|(_, c)| c.is_ascii_whitespace()).is_some() {}
                    let closes = |c: char| matches!(c, '}' | ']');
                    if let Some((at, c)) = characters.next_if(|(_, c)| closes(*c)) {
                        self.keep(at, c);
                    } else {
                        depth += 1;
                        self.line(depth);
                    }
                }
                '}' | ']' => {
                    depth = depth.saturating_sub(1);
                    self.line(depth);
                    self.keep(at, c);
                }
                ',' => {
                    self.keep(at, c);
                    self.line(depth);
                }
                ':' => {
                    self.keep(at, c);
                    self.text.push(' ');
                }
                c if c.is_ascii_whitespace() => {}
                c => self.keep(at, c),
            }
        }
    }

    /// A line for each tag that no text is in front of; text, and what is between quotes, stays as it is.
    fn xml(&mut self, source: &str) {
        let (mut depth, mut at, mut has_opened) = (0usize, 0, false);
        while let Some(before) = source[at..].find('<') {
            let from = at + before;
            let markup = &source[from..end_of_markup(source, from)];
            let closes = markup.starts_with("</");
            depth -= usize::from(closes).min(depth);
            if at == 0 || !source[at..from].trim().is_empty() || (closes && has_opened) {
                self.keep_all(at, &source[at..from]);
            } else {
                self.line(depth);
            }
            self.keep_all(from, markup);
            has_opened = !closes
                && !markup.starts_with("<!")
                && !markup.starts_with("<?")
                && !markup.ends_with("/>");
            depth += usize::from(has_opened);
            at = from + markup.len();
        }
        self.keep_all(at, &source[at..]);
    }

    fn keep(&mut self, at: usize, c: char) {
        self.keep_all(at, c.encode_utf8(&mut [0; 4]));
    }

    fn keep_all(&mut self, at: usize, text: &str) {
        if text.is_empty() {
            return;
        }
        let now = self.text.len();
        // Wrapping, since the text may also shrink; only equality counts.
        if self.moved.last().is_none_or(|(was, is)| is.wrapping_sub(*was) != now.wrapping_sub(at)) {
            self.moved.push((at, now));
        }
        self.text.push_str(text);
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
                let next = self.moved.get(index + 1).map_or(self.len, |(_, is)| *is);
                (is + (source - was)).min(next)
            }
            None => 0,
        }
    }
}

/// Where a comment, tag or other markup ends that begins at this byte.
fn end_of_markup(source: &str, from: usize) -> usize {
    let markup = &source[from..];
    for (start, end) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")] {
        if markup.starts_with(start) {
            return markup.find(end).map_or(source.len(), |at| from + at + end.len());
        }
    }
    let mut quote = None;
    for (at, c) in markup.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (None, '>') => return from + at + 1,
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    source.len()
}

/// Where findings are in a text. Made once for all of them: on a long line the place of one is counted from that of the one
/// before.
pub struct Places<'t> {
    source: &'t str,
    is_xml: bool,
    /// Where lines begin.
    starts: Vec<usize>,
    /// The line, the column and the byte of the line that were asked for last.
    last: Cell<(usize, usize, usize)>,
}

impl<'t> Places<'t> {
    /// Places in this text.
    #[must_use]
    pub fn of(source: &'t str) -> Self {
        let mut starts = vec![0];
        starts.extend(source.match_indices('\n').map(|(at, _)| at + 1));
        let is_xml = is_xml(source.as_bytes());
        Self { source, is_xml, starts, last: Cell::new((0, 0, 0)) }
    }

    /// The bytes that a finding is about, for a mark in the text; `None` for one of which not even the line is known.
    ///
    /// A finding in XML knows line and column: the tag that begins there. One of text that cannot be read as JSON is on
    /// its whole line, unless that is longer than people read: then at its column.
    #[must_use]
    pub fn place(&self, finding: &Finding) -> Option<Range<usize>> {
        if let Some(span) = &finding.span {
            return Some(span.clone());
        }
        let index = (finding.line as usize).checked_sub(1)?;
        let start = self.starts.get(index).copied().unwrap_or(self.source.len());
        let end = self.starts.get(index + 1).copied().unwrap_or(self.source.len());
        let line = self.source[start..end].trim_end_matches(['\n', '\r']);
        if let Some(column) = (finding.column as usize).checked_sub(1)
            && (self.is_xml || line.len() > LONG)
        {
            let at = self.byte_of(line, index, column);
            let to = match line[at..].starts_with('<') {
                true if self.is_xml => end_of_markup(line, at),
                _ => at + line[at..].chars().next().map_or(0, char::len_utf8),
            };
            return Some(start + at..start + to);
        }
        let indent = line.len() - line.trim_start().len();
        Some(start + indent..start + line.trim_end().len().max(indent))
    }

    /// Where a column of a line begins; its last character where the line is shorter.
    fn byte_of(&self, line: &str, index: usize, column: usize) -> usize {
        let (column_before, byte_before) = match self.last.get() {
            (last, at, byte) if last == index && at <= column => (at, byte),
            _ => (0, 0),
        };
        let rest = &line[byte_before..];
        match rest.char_indices().nth(column - column_before) {
            Some((at, _)) => {
                self.last.set((index, column, byte_before + at));
                byte_before + at
            }
            None => byte_before + rest.char_indices().next_back().map_or(0, |(at, _)| at),
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
    fn a_place_is_the_same_whatever_was_asked_for_before() {
        let source = format!("<a>\u{e6}<b/>{}<c/></a>\r\n<d>\u{1f600}</d>", "x".repeat(20));
        let finding = |line, column| {
            let code = lmr_lmdi::codes::Code::ContentNotJson;
            let mut finding =
                Finding::with_text(code, lmr_lmdi::ElementLocation::default(), "", "");
            (finding.line, finding.column) = (line, column);
            finding
        };
        let asked: Vec<(u32, u32)> =
            (0..4).flat_map(|line| (0..40).map(move |column| (line, column))).collect();
        let together = Places::of(&source);
        for first in &asked {
            for second in &asked {
                for (line, column) in [*first, *second] {
                    let finding = finding(line, column);
                    let alone = Places::of(&source).place(&finding);
                    assert_eq!(together.place(&finding), alone, "{line}:{column}");
                }
            }
        }
        let tag = together.place(&finding(1, 5)).expect("a place");
        assert_eq!(&source[tag], "<b/>");
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
    fn places_are_found_when_the_text_has_been_taken() {
        let source = long(&"y".repeat(500));
        let mut layout = Layout::of(&source).expect("a long line");
        let before: Vec<usize> = (0..=source.len()).map(|at| layout.offset(at)).collect();
        let text = layout.take_text();
        let after: Vec<usize> = (0..=source.len()).map(|at| layout.offset(at)).collect();
        assert_eq!(before, after);
        assert_eq!(after.last(), Some(&text.len()));
    }

    #[test]
    fn xml_on_one_line_is_laid_out_as_xml() {
        let data = "y".repeat(800);
        let source = format!(
            r#"<?xml version="1.0"?><Patient xmlns="http://hl7.org/fhir"><!-- a > b --> <text><div>Ola <b>Berg</b>, 3 > 2</div></text><gender value="a>{data}"/><name></name></Patient>"#
        );
        let layout = Layout::of(&source).expect("a long line");
        let lines: Vec<&str> = layout.text().lines().collect();
        let gender = format!("  <gender value=\"a>{data}\"/>");
        assert_eq!(
            lines,
            [
                "<?xml version=\"1.0\"?>",
                "<Patient xmlns=\"http://hl7.org/fhir\">",
                "  <!-- a > b -->",
                "  <text>",
                "    <div>Ola <b>Berg</b>, 3 > 2</div>",
                "  </text>",
                &gender,
                "  <name></name>",
                "</Patient>",
            ]
        );
        for (at, c) in source.char_indices().filter(|(_, c)| !c.is_ascii_whitespace()) {
            assert!(layout.text()[layout.offset(at)..].starts_with(c), "byte {at}");
        }
    }

    #[test]
    fn damaged_markup_is_laid_out_without_a_loss() {
        for end in ["<a", "<!-- ", "</a></a></a>", "<", "<a b='>", "å</", "<![CDATA[ ]]"] {
            let source = format!("<a>{}{end}", "<b/>".repeat(200));
            let layout = Layout::of(&source).expect("a long line");
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(solid(layout.text()), solid(&source), "{end}");
        }
    }

    #[test]
    fn what_has_lines_already_stays_as_it_is() {
        assert!(Layout::of(&long("y")).is_none());
        assert!(Layout::of("").is_none());
    }
}
