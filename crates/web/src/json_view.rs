//! A resource's JSON laid out for people, with what is wrong marked where it is.

use lmr_fhir::{Kind, Node, Reached, Severity, escape_into};

/// Something to be marked.
#[derive(Clone, Debug)]
pub(crate) struct JsonMark {
    /// FHIRPath from the resource. What is missing is marked at the element that should have it.
    pub(crate) expression: String,
    pub(crate) severity: Severity,
    /// What is wrong, for the pointer and for readers.
    pub(crate) text: String,
}

/// Deeper than people can follow, the indentation would be the larger part of the page.
const MAX_INDENT: usize = 40;

/// The HTML of a resource, a member a line. Everything of the instance is escaped.
pub(crate) fn marked(resource: Node<'_>, marks: &[JsonMark]) -> String {
    let at = |mark: &JsonMark| Reached::from(resource, &mark.expression).node.index();
    let marks: Vec<(u32, &JsonMark)> = marks.iter().map(|mark| (at(mark), mark)).collect();
    let mut out = String::new();
    write(&mut out, resource, Some(&marks), 0);
    out
}

/// The same layout as plain text, for people to change.
pub(crate) fn laid_out(resource: Node<'_>) -> String {
    let mut out = String::new();
    write(&mut out, resource, None, 0);
    out
}

/// Marks make it HTML.
fn write(out: &mut String, node: Node<'_>, marks: Option<&[(u32, &JsonMark)]>, depth: usize) {
    let put = |out: &mut String, text: &str| match marks {
        Some(_) => escape(out, text),
        None => out.push_str(text),
    };
    let all = marks.unwrap_or_default().iter();
    let here: Vec<&JsonMark> =
        all.filter(|(at, _)| *at == node.index()).map(|(_, mark)| *mark).collect();
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
                    let mut name = String::new();
                    escape_into(&mut name, &key);
                    put(out, &name);
                    out.push_str(": ");
                }
                write(out, member, marks, depth + 1);
            }
            if !is_empty {
                line(out, depth);
            }
            out.push(close);
        }
        _ => {
            put(out, node.raw());
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
        let mark = |expression: &str, severity| JsonMark {
            expression: expression.to_owned(),
            severity,
            text: "\"x\"".into(),
        };
        let marks = [
            mark("X.a", Severity::Error),
            mark("X.b[0]", Severity::Warning),
            mark("X.d.missing", Severity::Information),
        ];
        assert_eq!(
            marked(document.root(), &marks),
            "{\n  &quot;a&quot;: <mark class=\"bad\" title=\"&quot;x&quot;\">&quot;&lt;script&gt;&quot;</mark>,\n  \
             &quot;b&quot;: [\n    <mark class=\"warn\" title=\"&quot;x&quot;\">1</mark>,\n    {\n      &quot;c&quot;: true\n    }\n  ],\n  \
             &quot;d&quot;: <mark class=\"note\" title=\"&quot;x&quot;\">{</mark>}\n}"
        );
        let plain = "{\n  \"a\": \"<script>\",\n  \"b\": [\n    1,\n    {\n      \"c\": true\n    }\n  ],\n  \"d\": {}\n}";
        assert_eq!(laid_out(document.root()), plain);
        let again = Document::parse(plain, &ParseOptions::strict()).unwrap();
        assert_eq!(laid_out(again.root()), plain);
    }
}
