//! Workflow commands: lines on standard output that GitHub shows beside the lines of a change.
//! [Format and escapes](https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use lmr_fhir::Language;

use crate::case::{Case, Level, message, remedy};
use crate::lack::{self, Lack};
use crate::visible::{visible, visible_lines};

/// A command per finding.
#[must_use]
pub fn commands(case: &Case, language: Language) -> String {
    let mut out = String::new();
    for finding in &case.findings {
        let command = match Level::of(finding) {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let mut properties = Vec::new();
        // Standard input is no file that GitHub could show.
        if case.file != "-" {
            properties.push(format!("file={}", property(&visible(&case.file))));
        }
        if finding.line > 0 {
            properties.push(format!("line={}", finding.line));
            if finding.column > 0 {
                properties.push(format!("col={}", finding.column));
            }
        }
        let title = match finding.full_expression.as_str() {
            "" => finding.code.as_str().to_owned(),
            place => format!("{} {place}", finding.code),
        };
        properties.push(format!("title={}", property(&visible(&title))));
        let mut text = message(finding, language);
        let remedy = remedy(finding, language);
        if !remedy.is_empty() {
            text.push_str("\n→ ");
            text.push_str(remedy);
        }
        let _ =
            writeln!(out, "::{command} {}::{}", properties.join(","), data(&visible_lines(&text)));
    }
    out
}

/// A command that says that not all was checked; nothing where it was.
#[must_use]
pub fn incomplete(lacks: &BTreeSet<Lack>, language: Language) -> String {
    if lacks.is_empty() {
        return String::new();
    }
    format!("::warning title=lmr incomplete::{}\n", data(&lack::sentence(lacks, language)))
}

/// What follows the second `::`. The percent sign goes first: the others put new ones in.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value between `=` and `,` or `::`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_ends_it() {
        assert_eq!(data("100 %0A:,\r\nx"), "100 %250A:,%0D%0Ax");
        assert_eq!(property("C:\\a,b%\n"), "C%3A\\a%2Cb%25%0A");
    }
}
