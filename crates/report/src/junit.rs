//! JUnit XML, in the form that Jenkins, GitLab and Azure read: a suite per file, a case per resource.

use std::fmt::Write as _;

use lmr_fhir::Language;
use lmr_lmdi::codes::Code;
use lmr_lmdi::{Finding, RuleSetId};

use crate::case::{Case, Level, Reported, message, remedy, sentence};
use crate::lack;

/// The report as a document.
#[must_use]
pub fn document(report: &Reported<'_>) -> String {
    let failures = report.cases.iter().filter(|case| case.errors > 0).count();
    let broken = usize::from(!report.lacks.is_empty());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"lmr validate\" tests=\"{}\" failures=\"{failures}\" errors=\"{broken}\">",
        report.cases.len() + broken
    );
    for cases in report.cases.chunk_by(|a, b| a.file == b.file) {
        suite(&mut out, cases, report.language);
    }
    if !report.lacks.is_empty() {
        let text = escaped(&lack::sentence(report.lacks, report.language));
        let kind = lack::names(report.lacks).join(" ");
        let _ = writeln!(
            out,
            "  <testsuite name=\"lmr\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n    \
             <testcase classname=\"lmr\" name=\"lmr validate\">\n      <error type=\"incomplete: {kind}\" message=\"{text}\"/>\n    \
             </testcase>\n  </testsuite>"
        );
    }
    out.push_str("</testsuites>\n");
    out
}

/// One file.
fn suite(out: &mut String, cases: &[Case], language: Language) {
    let Some(first) = cases.first() else { return };
    let failures = cases.iter().filter(|case| case.errors > 0).count();
    let file = escaped(&first.file);
    let _ = writeln!(
        out,
        "  <testsuite name=\"{file}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">",
        cases.len()
    );
    let mut rule_sets: Vec<RuleSetId> = Vec::new();
    for id in cases.iter().filter_map(|case| case.rule_set) {
        if !rule_sets.contains(&id) {
            rule_sets.push(id);
        }
    }
    if !rule_sets.is_empty() {
        out.push_str("    <properties>\n");
        for id in rule_sets {
            let _ = writeln!(
                out,
                "      <property name=\"ruleSet {id}\" value=\"sha256:{}\"/>",
                id.digest()
            );
        }
        out.push_str("    </properties>\n");
    }
    for case in cases {
        let line = case.line.map_or_else(String::new, |line| format!(":{line}"));
        let _ = write!(out, "    <testcase classname=\"{file}\" name=\"{file}{line}\"");
        if case.errors == 0 && case.findings.is_empty() {
            out.push_str("/>\n");
            continue;
        }
        out.push_str(">\n");
        if case.errors > 0 {
            failure(out, case, language);
        }
        let others = lines(case, |finding| Level::of(finding) != Level::Error, language);
        if !others.is_empty() {
            let _ = writeln!(out, "      <system-out>{}</system-out>", escaped(&others));
        }
        out.push_str("    </testcase>\n");
    }
    out.push_str("  </testsuite>\n");
}

/// The errors of a case: one element, since some readers take no more.
fn failure(out: &mut String, case: &Case, language: Language) {
    let noun = match language {
        Language::Bokmal => "feil",
        Language::English if case.errors == 1 => "error",
        Language::English => "errors",
    };
    let first = case.findings.iter().find(|finding| Level::of(finding) == Level::Error);
    // What --max left out is counted, and has no text.
    let text =
        first.map_or_else(String::new, |finding| format!(": {}", sentence(finding, language)));
    let kind = case.first_error.map_or("error", Code::as_str);
    let _ = writeln!(
        out,
        "      <failure type=\"{kind}\" message=\"{} {noun}{}\">{}</failure>",
        case.errors,
        escaped(&text),
        escaped(&lines(case, |finding| Level::of(finding) == Level::Error, language))
    );
}

fn lines(case: &Case, choose: impl Fn(&Finding) -> bool, language: Language) -> String {
    let mut out = String::new();
    for finding in case.findings.iter().filter(|finding| choose(finding)) {
        let place = format!("{} {}", finding.code, finding.full_expression);
        let _ = writeln!(out, "{}:{}:{} {}", case.file, finding.line, finding.column, place.trim());
        let _ = writeln!(out, "{}", message(finding, language));
        let remedy = remedy(finding, language);
        if !remedy.is_empty() {
            let _ = writeln!(out, "→ {remedy}");
        }
    }
    out
}

/// Text as content and attributes may have it. What XML 1.0 has no place for at all is replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\n' => out.push('\n'),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_well_formed_xml() {
        assert_eq!(
            escaped("a<b>&\"c\"\u{1}\u{fffe}\r"),
            "a&lt;b&gt;&amp;&quot;c&quot;\u{fffd}\u{fffd}&#13;"
        );
    }
}
