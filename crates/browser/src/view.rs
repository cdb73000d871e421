//! A text laid out in lines, with the places of its findings: what the page shows beside them. A window of it
//! crosses to the page at a time, so that a bundle of any size can be scrolled.

use lmr_lmdi::Finding;
use lmr_report::{Layout, Places};
use serde_json::{Value, json};

/// Most characters of one line that are shown; longer ones (attachments) would stop the page.
const MAX_LINE: usize = 4000;

/// A text in lines.
#[derive(Debug, Default)]
pub(crate) struct View {
    text: String,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl View {
    /// Lays a text out and says where its findings are: `[finding, line, from, to]`, lines from 0, columns in
    /// UTF-16 units as JavaScript counts them, within the line that the finding begins on.
    pub(crate) fn of(source: &[u8], findings: &[Finding]) -> (Self, Value) {
        let source = String::from_utf8_lossy(source);
        let (text, moved) = match Layout::of(&source) {
            Some(mut layout) => (layout.take_text(), Some(layout)),
            None => (source.clone().into_owned(), None),
        };
        let mut view = Self { starts: starts_of(&text), text };
        let text_len = view.text.len();
        let moved_to = |offset: usize| match &moved {
            Some(layout) => layout.offset(offset).min(text_len),
            None => offset.min(text_len),
        };
        let places = Places::of(&source);
        let marks: Vec<Value> = findings
            .iter()
            .enumerate()
            .filter_map(|(index, finding)| {
                let span = places.place(finding).filter(|span| span.start <= source.len())?;
                let (from, to) = (moved_to(span.start), moved_to(span.end));
                let line = view.starts.partition_point(|start| *start <= from).checked_sub(1)?;
                let range = view.starts[line]..view.end_of(line);
                let column = |offset: usize| {
                    let before = view.text.get(range.start..offset.clamp(range.start, range.end));
                    before.map_or(0, |text| text.encode_utf16().count())
                };
                let (start, end) = (column(from), column(to));
                Some(json!([index, line, start, end.max(start + 1)]))
            })
            .collect();
        view.text.shrink_to_fit();
        let answer =
            json!({ "lines": view.starts.len(), "marks": marks, "laidOut": moved.is_some() });
        (view, answer)
    }

    /// Some lines, without their ends.
    pub(crate) fn lines(&self, from: usize, count: usize) -> Vec<&str> {
        let to = from.saturating_add(count).min(self.starts.len());
        (from.min(to)..to)
            .map(|line| {
                let text = &self.text[self.starts[line]..self.end_of(line)];
                text.char_indices().nth(MAX_LINE).map_or(text, |(at, _)| &text[..at])
            })
            .collect()
    }

    fn end_of(&self, line: usize) -> usize {
        let end = self.starts.get(line + 1).map_or(self.text.len(), |next| next - 1);
        let start = self.starts[line];
        start + self.text[start..end].trim_end_matches(['\r', '\n']).len()
    }
}

fn starts_of(text: &str) -> Vec<usize> {
    let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(after.filter(|at| *at < text.len())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_lmdi::ElementLocation;
    use lmr_lmdi::codes::Code;

    fn at(line: u32, span: Option<std::ops::Range<usize>>) -> Finding {
        let location = ElementLocation { line, span, ..ElementLocation::default() };
        Finding::of(Code::ContentNotFhir, location)
    }

    #[test]
    fn marks_are_counted_as_javascript_counts() {
        let (view, answer) =
            View::of("{\r\n\"å😀\": 1,\n}\n".as_bytes(), &[at(2, Some(13..14)), at(3, None)]);
        assert_eq!(view.lines(0, 9), ["{", "\"å😀\": 1,", "}"]);
        assert_eq!(answer["marks"], json!([[0, 1, 7, 8], [1, 2, 0, 1]]));
        assert_eq!(answer["lines"], 3);
    }

    #[test]
    fn one_long_line_is_laid_out_and_marks_move_with_it() {
        let source = format!("{{\"a\":\"{}\",\"b\":1}}", "x".repeat(500));
        let b = source.find("\"b\"").expect("there");
        let (view, answer) = View::of(source.as_bytes(), &[at(1, Some(b..b + 3))]);
        assert_eq!(answer["marks"], json!([[0, 2, 2, 5]]));
        assert_eq!(view.lines(2, 1), ["  \"b\": 1"]);
        assert_eq!(view.lines(7, 3), Vec::<&str>::new());
    }
}
