//! One self-contained HTML page: what was found in some files, by code and by file, with the findings marked in
//! the text.
//!
//! No script, no address outside the page; everything of the instance is escaped, so that a hostile file cannot
//! speak through its own report.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;

use lmr_fhir::Language;
use lmr_lmdi::codes::Severity;
use lmr_lmdi::{Finding, RuleSetId};

use crate::LOOK;
use crate::case::{Case, Reported, remedy, sentence};
use crate::lack;
use crate::layout::{Layout, Places};

/// Resources with all in order that are named one by one; more are counted.
const MAX_GOOD: usize = 200;
/// Findings of one resource that are shown; a page of more would not open.
const MAX_FINDINGS: usize = 2000;
/// Lines of a text that are shown whole; of longer ones only those near a finding.
const WHOLE: usize = 3000;
/// Lines shown before and behind a finding's in a longer text.
const NEAR: usize = 3;

struct Words {
    none: &'static str,
    /// One and several of each severity.
    severities: [(&'static str, &'static str); 4],
    line: &'static str,
    laid_out: &'static str,
    left_out: &'static str,
    made: &'static str,
    guide: &'static str,
    of: &'static str,
    by_code: &'static str,
    code: &'static str,
    title: &'static str,
    findings: &'static str,
    resources: (&'static str, &'static str),
    files: (&'static str, &'static str),
    by_file: &'static str,
    correct: &'static str,
    also_correct: &'static str,
    not_shown: &'static str,
    nothing: &'static str,
    the_text: &'static str,
    how: &'static str,
    with_errors: &'static str,
}

const EN: Words = Words {
    none: "No findings",
    severities: [
        ("fatal", "fatal"),
        ("error", "errors"),
        ("warning", "warnings"),
        ("note", "notes"),
    ],
    line: "line",
    laid_out: "Shown with line breaks; the places above are those in the file.",
    left_out: "lines left out",
    made: "Made",
    guide: "guide",
    of: "of",
    by_code: "Findings by code",
    code: "Code",
    title: "What it means",
    findings: "Findings",
    resources: ("resource", "resources"),
    files: ("file", "files"),
    by_file: "Files and resources",
    correct: "correct",
    also_correct: "more without findings",
    not_shown: "findings are not shown",
    nothing: "Nothing was checked",
    the_text: "The text",
    how: "How to correct it:",
    with_errors: "with errors",
};
const NB: Words = Words {
    none: "Ingen funn",
    severities: [
        ("kan ikke leses", "kan ikke leses"),
        ("feil", "feil"),
        ("advarsel", "advarsler"),
        ("merknad", "merknader"),
    ],
    line: "linje",
    laid_out: "Vist med linjeskift; stedene over er de i filen.",
    left_out: "linjer er utelatt",
    made: "Laget",
    guide: "veiledningen",
    of: "av",
    by_code: "Funn etter kode",
    code: "Kode",
    title: "Hva den betyr",
    findings: "Funn",
    resources: ("ressurs", "ressurser"),
    files: ("fil", "filer"),
    by_file: "Filer og ressurser",
    correct: "i orden",
    also_correct: "til uten funn",
    not_shown: "funn er ikke vist",
    nothing: "Ingenting er kontrollert",
    the_text: "Teksten",
    how: "Slik rettes det:",
    with_errors: "med feil",
};

const STYLE: &str = "main{max-width:72rem;margin:0 auto}header{padding:1rem 0;max-width:72rem;margin:0 auto}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid var(--line)}\
td.n,th.n{text-align:right;padding-right:1rem}ol,ul.files{padding:0;list-style:none}\
details.resource{border:1px solid var(--line);border-radius:.3rem;padding:.3rem .8rem;margin:.5rem 0}\
pre{font:.8rem/1.5 ui-monospace,monospace;background:var(--panel);padding:1rem 0;overflow-x:auto}\
pre span.l{display:block;min-height:1.5em;padding-left:4.5em;text-indent:-4em;white-space:pre-wrap;overflow-wrap:anywhere}\
pre span.l>b{display:inline-block;width:3.5em;margin-right:.5em;text-align:right;color:var(--faint);text-indent:0;font-weight:400;user-select:none}\
mark{color:inherit;background:var(--back);border-bottom:2px solid var(--tone)}\
:target{outline:2px solid var(--text)}\
@media print{details.resource{border:0}pre{white-space:pre-wrap}}";

/// A finding with its place in the text that is shown.
struct Mark<'f> {
    finding: &'f Finding,
    span: Range<usize>,
    text: String,
}

/// Writes the page. `made` is the time as its readers write it.
#[must_use]
pub fn page(reported: &Reported<'_>, made: &str) -> String {
    let words = match reported.language {
        Language::English => &EN,
        Language::Bokmal => &NB,
    };
    let cases = reported.cases;
    let sources: usize = cases.iter().filter_map(|case| Some(case.source.as_ref()?.len())).sum();
    let mut out = String::with_capacity(sources * 2 + cases.len() * 1024 + 8192);
    let title = match cases {
        [one] => name(one),
        _ => format!("lmr validate: {}", files(cases, words)),
    };
    let title = escaped(&title);
    let _ = write!(
        out,
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title><style>{LOOK}{STYLE}</style></head><body><header><h1>{title}</h1>",
        reported.language,
    );
    head(&mut out, reported, made, words);
    out.push_str("</header><main>");
    if cases.len() > 1 {
        by_code(&mut out, reported, words);
        let _ = write!(out, "<h2>{}</h2>", words.by_file);
    }
    let mut writer = Writer { out, words, language: reported.language, marks: 0 };
    let mut good = 0;
    for (at, case) in cases.iter().enumerate() {
        if cases.len() > 1 && case.findings.is_empty() {
            good += 1;
            if good > MAX_GOOD {
                continue;
            }
        }
        writer.resource(at, case, cases.len() == 1);
    }
    let mut out = writer.out;
    if good > MAX_GOOD {
        let _ = write!(out, "<p>… {} {}</p>", good - MAX_GOOD, words.also_correct);
    }
    out.push_str("</main></body></html>\n");
    out
}

/// The verdict on all, when it was made and by which rules.
fn head(out: &mut String, reported: &Reported<'_>, made: &str, words: &Words) {
    let all = || reported.cases.iter().flat_map(|case| &case.findings);
    let worst = all().map(|finding| finding.severity).max();
    let class = match worst {
        Some(severity) if severity >= Severity::Error => "error",
        Some(Severity::Warning) => "warning",
        // Nothing that was not looked at is called correct.
        _ if reported.cases.is_empty() || !reported.lacks.is_empty() => "warning",
        _ => "good",
    };
    let verdict = match reported.cases {
        [] => words.nothing.to_owned(),
        _ => summary(all(), words),
    };
    let _ = write!(out, "<p class=\"verdict {class}\">{verdict}");
    if reported.cases.len() > 1 {
        let faulty = reported.cases.iter().filter(|case| case.errors > 0).count();
        let _ = write!(
            out,
            "; {}, {faulty} {}",
            counted(reported.cases.len(), words.resources),
            words.with_errors
        );
    }
    out.push_str("</p>");
    if !reported.lacks.is_empty() {
        let names = lack::names(reported.lacks).join(" ");
        let sentence = lack::sentence(reported.lacks, reported.language);
        let _ = write!(
            out,
            "<p class=\"notice warning\" data-incomplete=\"{names}\">{}</p>",
            escaped(&sentence)
        );
    }
    if reported.hidden > 0 {
        let _ = write!(
            out,
            "<p class=\"notice information\">{} {}</p>",
            reported.hidden, words.not_shown
        );
    }
    let _ = write!(
        out,
        "<p class=\"digest\">{} {}, lmr {}",
        words.made,
        escaped(made),
        env!("CARGO_PKG_VERSION")
    );
    for id in reported.rule_sets {
        let _ = write!(
            out,
            "<br>{id}: {} {} {} {}, sha256:{}",
            words.guide,
            id.version(),
            words.of,
            id.date(),
            id.digest()
        );
    }
    out.push_str("</p>");
}

/// A table of the codes found, each with the resources it was found in.
fn by_code(out: &mut String, reported: &Reported<'_>, words: &Words) {
    struct Row<'f> {
        count: usize,
        cases: BTreeSet<usize>,
        first: &'f Finding,
    }
    let mut codes: BTreeMap<(Reverse<Severity>, &str), Row<'_>> = BTreeMap::new();
    for (at, case) in reported.cases.iter().enumerate() {
        for finding in &case.findings {
            let key = (Reverse(finding.severity), finding.code.as_str());
            let row = codes.entry(key).or_insert_with(|| Row {
                count: 0,
                cases: BTreeSet::new(),
                first: finding,
            });
            row.count += 1;
            row.cases.insert(at);
        }
    }
    if codes.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<h2>{}</h2><table><thead><tr><th>{}<th>{}<th class=\"n\">{}<th>{}</thead><tbody>",
        words.by_code, words.code, words.title, words.findings, words.by_file
    );
    for ((severity, code), Row { count, cases, first }) in codes {
        let _ = write!(
            out,
            "<tr><td>{} {code}<td>{}<td class=\"n\">{count}<td>",
            badge(severity.0, words),
            escaped(first.code.text().title.in_language(reported.language)),
        );
        for at in cases.iter().take(5) {
            let _ = write!(out, "<a href=\"#r{at}\">{}</a> ", escaped(&name(&reported.cases[*at])));
        }
        if let more @ 1.. = cases.len().saturating_sub(5) {
            let _ = write!(out, "… +{more}");
        }
    }
    out.push_str("</tbody></table>");
}

/// Writes resources one after the other; marks are numbered through the page.
struct Writer<'w> {
    out: String,
    words: &'w Words,
    language: Language,
    marks: usize,
}

impl Writer<'_> {
    fn resource(&mut self, at: usize, case: &Case, is_only: bool) {
        let words = self.words;
        let rule_set = case
            .rule_set
            .map_or_else(String::new, |id| format!("{id} sha256:{}", RuleSetId::digest(id)));
        if case.findings.is_empty() && !is_only {
            let _ = write!(
                self.out,
                "<p id=\"r{at}\"><span class=\"badge good\">{}</span> {} <span class=\"count\">{}</span></p>",
                words.correct,
                escaped(&name(case)),
                case.rule_set.map_or("", RuleSetId::as_str)
            );
            return;
        }
        if is_only {
            let _ = write!(self.out, "<section id=\"r{at}\">");
        } else {
            let open = if case.errors > 0 { " open" } else { "" };
            let _ = write!(
                self.out,
                "<details class=\"resource\" id=\"r{at}\"{open}><summary>{}: ",
                escaped(&name(case))
            );
        }
        if is_only {
            let _ = write!(self.out, "<p>{}</p>", summary(case.findings.iter(), words));
        } else {
            let _ = write!(
                self.out,
                "{}</summary><p class=\"digest\">{rule_set}</p>",
                summary(case.findings.iter(), words)
            );
        }
        let source = case.source.as_deref().unwrap_or_default();
        let places = Places::of(source);
        let mut marks: Vec<Mark<'_>> = case
            .findings
            .iter()
            .map(|finding| Mark {
                finding,
                span: places.place(finding).unwrap_or(0..0),
                text: sentence(finding, self.language).into_owned(),
            })
            .collect();
        marks.sort_by_key(|mark| (mark.span.start, Reverse(mark.finding.severity)));
        self.list(&marks, case.source.is_some());
        if case.source.is_some() {
            // A single resource has no heading of files above it.
            self.text(source, marks, if is_only { "h2" } else { "h3" });
        }
        self.out.push_str(if is_only { "</section>" } else { "</details>" });
    }

    /// What refuses the resource comes first in the list, places in their order in the listing.
    fn list(&mut self, marks: &[Mark<'_>], has_text: bool) {
        let words = self.words;
        let mut listed: Vec<(usize, &Mark<'_>)> = marks.iter().enumerate().collect();
        listed.sort_by_key(|(_, mark)| Reverse(mark.finding.severity));
        self.out.push_str("<ol>");
        for (at, mark) in listed.iter().take(MAX_FINDINGS) {
            let finding = mark.finding;
            let _ = write!(
                self.out,
                "<li class=\"finding {}\"><p class=\"where\">{} <code>{}</code> ",
                finding.severity,
                badge(finding.severity, words),
                finding.code
            );
            if finding.line > 0 {
                let place = format!("{} {}:{}", words.line, finding.line, finding.column);
                let _ = if has_text {
                    write!(self.out, "<a href=\"#m{}\">{place}</a>", self.marks + at)
                } else {
                    write!(self.out, "{place}")
                };
            }
            let _ = write!(self.out, "</p><p>{}</p>", escaped(&mark.text));
            if !finding.full_expression.is_empty() {
                let _ = write!(
                    self.out,
                    "<p class=\"path\"><code>{}</code></p>",
                    escaped(&finding.full_expression)
                );
            }
            let reasons = finding.reasons(self.language);
            if !reasons.is_empty() {
                self.out.push_str("<ul>");
                for reason in reasons {
                    let _ = write!(self.out, "<li>{}</li>", escaped(&reason));
                }
                self.out.push_str("</ul>");
            }
            let remedy = remedy(finding, self.language);
            if !remedy.is_empty() {
                let _ = write!(
                    self.out,
                    "<p class=\"remedy\"><strong>{}</strong> {}</p>",
                    words.how,
                    escaped(remedy)
                );
            }
            self.out.push_str("</li>");
        }
        self.out.push_str("</ol>");
        if let more @ 1.. = marks.len().saturating_sub(MAX_FINDINGS) {
            let _ = write!(self.out, "<p>… {more} {}</p>", words.not_shown);
        }
    }

    fn text(&mut self, source: &str, mut marks: Vec<Mark<'_>>, heading: &str) {
        let words = self.words;
        let _ = write!(self.out, "<{heading}>{}</{heading}>", words.the_text);
        match Layout::of(source) {
            None => self.listing(source, &marks),
            Some(layout) => {
                for mark in &mut marks {
                    mark.span = layout.offset(mark.span.start)..layout.offset(mark.span.end);
                }
                let _ = write!(self.out, "<p>{}</p>", words.laid_out);
                self.listing(layout.text(), &marks);
            }
        }
        self.marks += marks.len();
    }

    /// The source line by line. A mark reaches to the end of the line it begins on: a fault of a whole object
    /// shows where that begins.
    fn listing(&mut self, source: &str, marks: &[Mark<'_>]) {
        let lines: Vec<(usize, &str)> = source
            .split_inclusive('\n')
            .scan(0, |from, line| {
                let at = *from;
                *from += line.len();
                Some((at, line))
            })
            .collect();
        let mut of_line: BTreeMap<usize, Range<usize>> = BTreeMap::new();
        for (at, mark) in marks.iter().enumerate() {
            let line = lines.partition_point(|(from, _)| *from <= mark.span.start).max(1) - 1;
            of_line.entry(line).or_insert(at..at).end = at + 1;
        }
        let is_whole = lines.len() <= WHOLE;
        let is_near =
            |line: usize| of_line.range(line.saturating_sub(NEAR)..=line + NEAR).next().is_some();
        self.out.push_str("<pre>");
        let mut left_out = 0;
        for (number, (from, line)) in lines.iter().enumerate() {
            if !is_whole && !is_near(number) {
                left_out += 1;
                continue;
            }
            self.gap(&mut left_out);
            let here = of_line.get(&number).cloned().unwrap_or(0..0);
            let to = from + line.trim_end_matches(['\n', '\r']).len();
            let _ = write!(self.out, "<span class=\"l\"><b>{}</b>", number + 1);
            self.line(source, *from..to, &marks[here.clone()], here.start);
            self.out.push_str("</span>");
        }
        self.gap(&mut left_out);
        // A text without lines has its places all the same.
        if lines.is_empty() {
            for at in 0..marks.len() {
                let _ = write!(self.out, "<span id=\"m{}\"></span>", self.marks + at);
            }
        }
        self.out.push_str("</pre>");
    }

    fn gap(&mut self, left_out: &mut usize) {
        if *left_out > 0 {
            let _ =
                write!(self.out, "<span class=\"l\">… {left_out} {}</span>", self.words.left_out);
            *left_out = 0;
        }
    }

    fn line(&mut self, source: &str, range: Range<usize>, marks: &[Mark<'_>], first: usize) {
        let first = first + self.marks;
        let out = &mut self.out;
        let clip = |at: usize| {
            let mut at = at.clamp(range.start, range.end);
            while !source.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let spans: Vec<(Range<usize>, &Mark<'_>)> = marks
            .iter()
            .map(|m| (clip(m.span.start)..clip(m.span.end.max(m.span.start + 1)), m))
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
            let over: Vec<&Mark<'_>> = spans
                .iter()
                .filter(|(s, _)| s.start <= start && end <= s.end)
                .map(|(_, m)| *m)
                .collect();
            let text = escaped(&source[start..end]);
            match over.iter().map(|m| m.finding.severity).max() {
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

/// A resource by its file, and its line where there are several in one.
fn name(case: &Case) -> String {
    match case.line {
        Some(line) => format!("{}:{line}", case.file),
        None => case.file.clone(),
    }
}

fn files(cases: &[Case], words: &Words) -> String {
    let files: BTreeSet<&str> = cases.iter().map(|case| case.file.as_str()).collect();
    counted(files.len(), words.files)
}

fn counted(count: usize, (one, many): (&str, &str)) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn badge(severity: Severity, words: &Words) -> String {
    format!("<span class=\"badge {severity}\">{}</span>", words.severities[rank(severity)].0)
}

/// The place of a severity in the words.
fn rank(severity: Severity) -> usize {
    match severity {
        Severity::Fatal => 0,
        Severity::Error => 1,
        Severity::Warning => 2,
        Severity::Information => 3,
    }
}

fn summary<'f>(findings: impl Iterator<Item = &'f Finding>, words: &Words) -> String {
    let mut counts = [0; 4];
    for finding in findings {
        // Fatal is an error too; there is one number of what must be corrected.
        counts[rank(finding.severity).max(rank(Severity::Error))] += 1;
    }
    let parts: Vec<String> = counts
        .into_iter()
        .zip(words.severities)
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| counted(count, word))
        .collect();
    if parts.is_empty() { words.none.to_owned() } else { parts.join(", ") }
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
    use lmr_lmdi::ElementLocation;
    use lmr_lmdi::codes::Code;

    fn finding(span: Range<usize>, text: &'static str) -> Finding {
        let location = ElementLocation {
            full_expression: "Patient<b>".to_owned(),
            line: 1,
            column: 1,
            span: Some(span),
            ..ElementLocation::default()
        };
        let code = Code::parse("LMR-4001").expect("a code");
        Finding::with_text(code, location, text, text)
    }

    fn case(file: &str, source: &str, findings: Vec<Finding>) -> Case {
        Case {
            file: file.to_owned(),
            line: None,
            rule_set: None,
            errors: findings.len(),
            first_error: findings.first().map(|finding| finding.code),
            findings,
            source: Some(source.to_owned()),
        }
    }

    fn page_of(cases: &[Case], language: Language) -> String {
        let rule_sets = &[RuleSetId::LATEST];
        let lacks = &BTreeSet::new();
        let reported = Reported { cases, rule_sets, language, lacks, hidden: 0 };
        page(&reported, "2026-11-26 12:00")
    }

    #[test]
    fn errors_are_marked_where_they_are_and_listed_with_a_link() {
        let source = "{\n  \"gender\": \"x\"\n}";
        let case = case("a.json", source, vec![finding(14..17, "feil kjønn")]);
        let html = page_of(&[case], Language::Bokmal);
        assert!(
            html.contains("<mark class=\"error\" title=\"feil kjønn\">&quot;x&quot;</mark>"),
            "{html}"
        );
        assert!(html.contains("href=\"#m0\"") && html.contains("id=\"m0\""));
        assert!(html.contains("<p>1 feil</p>"));
        assert!(html.contains(RuleSetId::LATEST.digest()) && html.contains("2026-11-26 12:00"));
    }

    #[test]
    fn the_instance_cannot_speak_through_its_report() {
        let source = "<script>alert('1')</script> \u{1b}[31m";
        let findings = vec![
            finding(0..5, "<img src=x>"),
            finding(3..500, "a\"b"),
            finding(9_000..9_001, "far"),
        ];
        let html = page_of(&[case("<t>", source, findings)], Language::English);
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains('\u{1b}'));
        assert!(!html.contains("Patient<b>") && !html.contains("<t>"));
        assert_eq!(html.matches("id=\"m").count(), 3);
    }

    #[test]
    fn marks_may_overlap_and_cut_through_letters() {
        let case = case("t", "æøå", vec![finding(1..3, "a"), finding(2..6, "b")]);
        assert!(page_of(&[case], Language::English).contains("</mark>"));
    }

    #[test]
    fn several_files_are_grouped_by_code_and_every_link_leads_somewhere() {
        let cases = [
            case("a.json", "{}", vec![finding(0..1, "one"), finding(1..2, "two")]),
            case("b.json", "{}", vec![]),
            case("c.json", "", vec![finding(0..1, "three")]),
        ];
        let html = page_of(&cases, Language::English);
        assert!(html.contains("3 errors; 3 resources, 2 with errors"), "{html}");
        assert!(html.contains("Findings by code"));
        let mut links = 0;
        for part in html.split("href=\"#").skip(1) {
            let id = part.split('"').next().expect("an end");
            assert_eq!(html.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
            links += 1;
        }
        assert_eq!(links, 2 + 3);
    }

    #[test]
    fn a_long_text_shows_the_lines_near_its_findings() {
        let source = "x\n".repeat(WHOLE + 1000);
        let html =
            page_of(&[case("a", &source, vec![finding(4000..4001, "here")])], Language::English);
        assert_eq!(html.matches("<span class=\"l\"><b>").count(), 2 * NEAR + 1);
        assert!(
            html.contains("<b>2001</b><span id=\"m0\">") && html.contains("1997 lines left out")
        );
    }
}
