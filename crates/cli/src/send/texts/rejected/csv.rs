//! The list of what is held as CSV (RFC 4180), a row for each finding, for spreadsheets and mail merges.

use lmr_sender::outbox::Origin;

use super::{Rejected, remedy};
use crate::output::Language;

/// The columns, in order; not translated, since programs read them.
const COLUMNS: [&str; 15] = [
    "number", "state", "code", "path", "type", "id", "key", "file", "line", "since", "value",
    "allowed", "text", "remedy", "waiting",
];

impl Rejected {
    /// The whole list. `spreadsheet` separates by semicolons and begins with a byte order mark, as Norwegian
    /// spreadsheets expect it of a file that is opened by a double click.
    pub(in crate::send) fn csv(&self, language: Language, spreadsheet: bool) -> String {
        let separator = if spreadsheet { ';' } else { ',' };
        let mut text = String::new();
        if spreadsheet {
            text.push('\u{feff}');
        }
        write_row(&mut text, separator, &COLUMNS.map(str::to_owned));
        for row in &self.held {
            let shown =
                |value: &Option<String>| value.clone().filter(|_| !self.redact).unwrap_or_default();
            let state = match (&row.discarded, row.origin) {
                (Some(_), _) => "discarded",
                (None, Origin::Check) => "held-by-check",
                (None, Origin::Register) => "refused-by-register",
            };
            let mut seen = Vec::new();
            for (at, finding) in row.findings.iter().enumerate() {
                if seen.contains(&(&finding.code, &finding.path)) {
                    continue;
                }
                seen.push((&finding.code, &finding.path));
                let detail = self.detail(row.number, at);
                let code = finding.code.as_deref();
                let fields = [
                    row.number.to_string(),
                    state.to_owned(),
                    code.unwrap_or_default().to_owned(),
                    finding.path.clone().unwrap_or_default(),
                    row.resource_type.clone(),
                    shown(&row.resource_id),
                    shown(&row.source_key),
                    row.file.clone(),
                    row.line.to_string(),
                    row.since.to_string(),
                    detail.value.unwrap_or_default(),
                    detail.allowed.join(" "),
                    finding.text(language).to_owned(),
                    remedy(code, language).unwrap_or_default().to_owned(),
                    row.waiting.to_string(),
                ];
                write_row(&mut text, separator, &fields);
            }
        }
        for row in &self.waiting {
            let mut fields: [String; COLUMNS.len()] = Default::default();
            let shown =
                |value: &Option<String>| value.clone().filter(|_| !self.redact).unwrap_or_default();
            fields[0] = row.held.to_string();
            "waits".clone_into(&mut fields[1]);
            fields[4].clone_from(&row.resource_type);
            fields[5] = shown(&row.resource_id);
            fields[6] = shown(&row.source_key);
            fields[7].clone_from(&row.file);
            fields[8] = row.line.to_string();
            write_row(&mut text, separator, &fields);
        }
        for row in &self.issues {
            let mut fields: [String; COLUMNS.len()] = Default::default();
            "source".clone_into(&mut fields[1]);
            fields[6] = row.source_key.clone().filter(|_| !self.redact).unwrap_or_default();
            fields[7].clone_from(&row.file);
            fields[8] = row.line.map(|line| line.to_string()).unwrap_or_default();
            fields[9] = row.since.to_string();
            row.cause(language).clone_into(&mut fields[12]);
            write_row(&mut text, separator, &fields);
        }
        text
    }
}

fn write_row(text: &mut String, separator: char, fields: &[String; COLUMNS.len()]) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            text.push(separator);
        }
        // A spreadsheet takes such a beginning for a formula, whoever wrote it.
        let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let needs_quotes = field.contains([separator, '"', '\n', '\r']) || is_formula;
        if needs_quotes {
            text.push('"');
            if is_formula {
                text.push('\'');
            }
            text.push_str(&field.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(field);
        }
    }
    text.push_str("\r\n");
}
