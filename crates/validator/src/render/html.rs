//! One self-contained HTML page: the instance with its faults marked in place.
//!
//! No script, no address outside the page; everything of the instance is
//! escaped, so that a hostile file cannot speak through its own report.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::ops::Range;

use lmr_fhir::{Language, Severity};

use super::layout::Layout;
use crate::issue::Issue;

/// One fault to be shown: an [`Issue`], or a finding of another crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How bad.
    pub severity: Severity,
    /// Bytes of the source it concerns.
    pub span: Range<usize>,
    /// 1-based line; 0 when unknown.
    pub line: u32,
    /// 1-based column; 0 when unknown.
    pub column: u32,
    /// Code of the rule.
    pub code: String,
    /// What is wrong.
    pub text: String,
    /// FHIRPath of the place.
    pub expression: String,
    /// Further sentences: reasons, remedies.
    pub notes: Vec<String>,
}

impl Mark {
    /// The mark of an issue.
    pub fn of(issue: &Issue, lang: Language) -> Self {
        Self {
            severity: issue.severity,
            span: issue.span.clone(),
            line: issue.line,
            column: issue.column,
            code: issue.id().to_owned(),
            text: issue.text(lang),
            expression: issue.expression.clone(),
            notes: issue
                .inner
                .iter()
                .map(|inner| format!("{} ({})", inner.text(lang), inner.expression))
                .collect(),
        }
    }
}

/// A page to be written.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// What was validated, e.g. the file's name.
    pub title: &'a str,
    /// Its text.
    pub source: &'a str,
    /// Language of the page.
    pub lang: Language,
}

struct Words {
    code: &'static str,
    none: &'static str,
    /// One and several of each severity.
    severities: [(&'static str, &'static str); 4],
    line: &'static str,
    laid_out: &'static str,
}

const EN: Words = Words {
    code: "en",
    none: "No findings",
    severities: [
        ("fatal", "fatal"),
        ("error", "errors"),
        ("warning", "warnings"),
        ("note", "notes"),
    ],
    line: "line",
    laid_out: "Shown with line breaks; the places above are those in the file.",
};
const NB: Words = Words {
    code: "nb",
    none: "Ingen funn",
    severities: [
        ("kan ikke leses", "kan ikke leses"),
        ("feil", "feil"),
        ("advarsel", "advarsler"),
        ("merknad", "merknader"),
    ],
    line: "linje",
    laid_out: "Vist med linjeskift; stedene over er de i filen.",
};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1b1b;background:#fff}\
h1{font-size:1.3rem;overflow-wrap:anywhere}ul.f{padding:0;list-style:none}ul.f>li{border-left:.3rem solid;padding:.2rem .7rem;margin:.4rem 0}\
ul.f>li.fatal,ul.f>li.error{border-color:#b3261e}ul.f>li.warning{border-color:#9a6700}ul.f>li.information{border-color:#1f5fa8}\
code{font-size:.9em;color:#555;overflow-wrap:anywhere}pre{font:13px/1.5 ui-monospace,monospace;background:#f6f6f6;padding:1rem 0;overflow-x:auto;counter-reset:l}\
pre span.l{display:block;min-height:1.5em;padding-left:4.5em;text-indent:-4em;white-space:pre-wrap;overflow-wrap:anywhere}\
pre span.l::before{counter-increment:l;content:counter(l);display:inline-block;width:3.5em;margin-right:.5em;text-align:right;color:#888;text-indent:0}\
pre.o span.l::before{content:none}\
mark{background:#fde7e5;border-bottom:2px solid #b3261e;color:inherit}mark.warning{background:#fff3d6;border-color:#9a6700}mark.information{background:#e4eefa;border-color:#1f5fa8}\
:target{outline:2px solid #1b1b1b}\
@media(prefers-color-scheme:dark){body{background:#161616;color:#e8e8e8}a{color:#8ab4f8}pre{background:#202020}code{color:#aaa}mark{background:#4d1f1b}mark.warning{background:#453500}mark.information{background:#17324f}}";

impl Page<'_> {
    /// Writes the page with these marks.
    pub fn render(&self, marks: &[Mark]) -> String {
        let words = match self.lang {
            Language::English => &EN,
            Language::Bokmal => &NB,
        };
        let mut order: Vec<&Mark> = marks.iter().collect();
        order.sort_by_key(|m| (m.span.start, Reverse(m.severity)));
        let mut out = String::with_capacity(self.source.len() * 2 + marks.len() * 256 + 4096);
        let title = escaped(self.title);
        let _ = write!(
            out,
            "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body>\
             <h1>{title}</h1><p>{}</p><ul class=\"f\">",
            words.code,
            self.summary(marks, words),
        );
        // What refuses the resource comes first in the list, places in their order in the listing.
        let mut listed: Vec<(usize, &Mark)> = order.iter().copied().enumerate().collect();
        listed.sort_by_key(|(_, mark)| Reverse(mark.severity));
        for (i, mark) in listed {
            let _ = write!(
                out,
                "<li class=\"{}\"><a href=\"#m{i}\">{} {}:{}</a> {}<br><code>{} · {}</code>",
                mark.severity,
                words.line,
                mark.line,
                mark.column,
                escaped(&mark.text),
                escaped(&mark.code),
                escaped(&mark.expression),
            );
            if !mark.notes.is_empty() {
                out.push_str("<ul>");
                for note in &mark.notes {
                    let _ = write!(out, "<li>{}</li>", escaped(note));
                }
                out.push_str("</ul>");
            }
            out.push_str("</li>");
        }
        out.push_str("</ul>");
        match Layout::of(self.source) {
            None => {
                out.push_str("<pre>");
                self.listing(&mut out, &order);
            }
            Some(layout) => {
                let moved: Vec<Mark> = order
                    .iter()
                    .map(|mark| Mark {
                        span: layout.offset(mark.span.start)..layout.offset(mark.span.end),
                        ..(*mark).clone()
                    })
                    .collect();
                let moved: Vec<&Mark> = moved.iter().collect();
                let _ = write!(out, "<p>{}</p><pre class=\"o\">", words.laid_out);
                Page { source: &layout.text, ..*self }.listing(&mut out, &moved);
            }
        }
        out.push_str("</pre></body></html>\n");
        out
    }

    fn summary(&self, marks: &[Mark], words: &Words) -> String {
        let kinds = [Severity::Fatal, Severity::Error, Severity::Warning, Severity::Information];
        let parts: Vec<String> = kinds
            .iter()
            .zip(words.severities)
            .map(|(kind, word)| (marks.iter().filter(|m| m.severity == *kind).count(), word))
            .filter(|(count, _)| *count > 0)
            .map(|(count, (one, many))| format!("{count} {}", if count == 1 { one } else { many }))
            .collect();
        if parts.is_empty() { words.none.to_owned() } else { parts.join(", ") }
    }

    /// The source line by line. A mark reaches to the end of the line it
    /// begins on: a fault of a whole object shows where that begins.
    fn listing(&self, out: &mut String, marks: &[&Mark]) {
        let mut next = 0;
        let mut from = 0;
        for line in self.source.split_inclusive('\n') {
            let text = line.trim_end_matches(['\n', '\r']);
            let to = from + text.len();
            let first = next;
            while next < marks.len() && marks[next].span.start < from + line.len().max(1) {
                next += 1;
            }
            out.push_str("<span class=\"l\">");
            self.line(out, from..to, &marks[first..next], first);
            out.push_str("</span>");
            from += line.len();
        }
        // What lies behind the end of the text.
        for i in next..marks.len() {
            let _ = write!(out, "<span id=\"m{i}\"></span>");
        }
    }

    fn line(&self, out: &mut String, range: Range<usize>, marks: &[&Mark], first: usize) {
        let clip = |at: usize| {
            let mut at = at.clamp(range.start, range.end);
            while !self.source.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let spans: Vec<(Range<usize>, &Mark)> = marks
            .iter()
            .map(|m| (clip(m.span.start)..clip(m.span.end.max(m.span.start + 1)), *m))
            .collect();
        let mut cuts: Vec<usize> = spans.iter().flat_map(|(s, _)| [s.start, s.end]).collect();
        cuts.extend([range.start, range.end]);
        cuts.sort_unstable();
        cuts.dedup();
        for (i, (span, _)) in spans.iter().enumerate() {
            if span.start == range.end {
                let _ = write!(out, "<span id=\"m{}\"></span>", first + i);
            }
        }
        for pair in cuts.windows(2) {
            let (start, end) = (pair[0], pair[1]);
            for (i, (span, _)) in spans.iter().enumerate() {
                if span.start == start && span.start != range.end {
                    let _ = write!(out, "<span id=\"m{}\"></span>", first + i);
                }
            }
            let over: Vec<&Mark> = spans
                .iter()
                .filter(|(s, _)| s.start <= start && end <= s.end)
                .map(|(_, m)| *m)
                .collect();
            let text = escaped(&self.source[start..end]);
            match over.iter().map(|m| m.severity).max() {
                Some(worst) => {
                    let title: Vec<&str> = over.iter().map(|m| m.text.as_str()).collect();
                    let _ = write!(
                        out,
                        "<mark class=\"{worst}\" title=\"{}\">{text}</mark>",
                        escaped(&title.join("\n"))
                    );
                }
                None => out.push_str(&text),
            }
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(span: Range<usize>, text: &str) -> Mark {
        Mark {
            severity: Severity::Error,
            span,
            line: 1,
            column: 1,
            code: "X".to_owned(),
            text: text.to_owned(),
            expression: "Patient".to_owned(),
            notes: vec!["because <b>".to_owned()],
        }
    }

    #[test]
    fn errors_are_marked_where_they_are_and_listed_with_a_link() {
        let source = "{\n  \"gender\": \"x\"\n}";
        let page = Page { title: "a.json", source, lang: Language::Bokmal };
        let html = page.render(&[mark(14..17, "feil kjønn")]);
        assert!(
            html.contains("<mark class=\"error\" title=\"feil kjønn\">&quot;x&quot;</mark>"),
            "{html}"
        );
        assert!(html.contains("href=\"#m0\"") && html.contains("id=\"m0\""));
        assert!(html.contains("<p>1 feil</p>"));
    }

    #[test]
    fn the_instance_cannot_speak_through_its_report() {
        let source = "<script>alert('1')</script> \u{1b}[31m";
        let page = Page { title: "<t>", source, lang: Language::English };
        let html = page.render(&[
            mark(0..5, "<img src=x>"),
            mark(3..500, "a\"b"),
            mark(9_000..9_001, "far"),
        ]);
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains('\u{1b}'));
        assert!(!html.contains("<b>") && !html.contains("<t>"));
        assert_eq!(html.matches("id=\"m").count(), 3);
    }

    #[test]
    fn marks_may_overlap_and_cut_through_letters() {
        let source = "æøå";
        let page = Page { title: "t", source, lang: Language::English };
        let html = page.render(&[mark(1..3, "a"), mark(2..6, "b")]);
        assert!(html.contains("</mark>"));
    }
}
