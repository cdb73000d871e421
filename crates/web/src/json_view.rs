//! A resource's JSON laid out for people, with what is wrong marked where it is.

use lmr_fhir::{Kind, Node, Severity};

/// Something to be marked: the value that begins here.
#[derive(Clone, Debug)]
pub(crate) struct JsonMark {
    /// From 1.
    pub(crate) line: u32,
    /// From 1.
    pub(crate) column: u32,
    pub(crate) severity: Severity,
    /// What is wrong, for the pointer and for readers.
    pub(crate) text: String,
}

/// Deeper than people can follow, the indentation would be the larger part of the page.
const MAX_INDENT: usize = 40;

/// The HTML of a node, a member a line. Everything of the instance is escaped.
pub(crate) fn marked(node: Node<'_>, marks: &[JsonMark]) -> String {
    let mut out = String::new();
    write(&mut out, node, marks, 0);
    out
}

fn write(out: &mut String, node: Node<'_>, marks: &[JsonMark], depth: usize) {
    let start = node.start();
    let at = |mark: &&JsonMark| mark.line == start.line && mark.column == start.column;
    let here: Vec<&JsonMark> = marks.iter().filter(at).collect();
    let worst = here.iter().map(|mark| mark.severity).max();
    if let Some(worst) = worst {
        let texts: Vec<&str> = here.iter().map(|mark| mark.text.as_str()).collect();
        let class = match worst {
            Severity::Fatal | Severity::Error => "bad",
            Severity::Warning => "warn",
            Severity::Information => "note",
        };
        out.push_str("<mark class=\"");
        out.push_str(class);
        out.push_str("\" title=\"");
        escape(out, &texts.join(" "));
        out.push_str("\">");
    }
    match node.kind() {
        kind @ (Kind::Object | Kind::Array) => {
            let (open, close) = if kind == Kind::Object { ('{', '}') } else { ('[', ']') };
            out.push(open);
            // A mark around many lines would hide the ones inside: it ends with the bracket.
            if worst.is_some() {
                out.push_str("</mark>");
            }
            let mut is_empty = true;
            for member in node.members() {
                if !is_empty {
                    out.push(',');
                }
                is_empty = false;
                line(out, depth + 1);
                if let Some(key) = member.key() {
                    out.push('"');
                    escape(out, &key);
                    out.push_str("\": ");
                }
                write(out, member, marks, depth + 1);
            }
            if !is_empty {
                line(out, depth);
            }
            out.push(close);
        }
        _ => {
            escape(out, node.raw());
            if worst.is_some() {
                out.push_str("</mark>");
            }
        }
    }
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth.min(MAX_INDENT)));
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Would let the text run backwards over what is beside it.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_fhir::{Document, ParseOptions};

    #[test]
    fn faults_are_marked_where_they_are_and_nothing_speaks_for_itself() {
        let text = r#"{"a":"<script>","b":[1,{"c":true}],"d":{}}"#;
        let document = Document::parse(text, &ParseOptions::strict()).unwrap();
        let mark = |column, severity| JsonMark { line: 1, column, severity, text: "\"x\"".into() };
        let html =
            marked(document.root(), &[mark(6, Severity::Error), mark(22, Severity::Warning)]);
        assert_eq!(
            html,
            "{\n  \"a\": <mark class=\"bad\" title=\"&quot;x&quot;\">&quot;&lt;script&gt;&quot;</mark>,\n  \
             \"b\": [\n    <mark class=\"warn\" title=\"&quot;x&quot;\">1</mark>,\n    {\n      \"c\": true\n    }\n  ],\n  \
             \"d\": {}\n}"
        );
    }
}
