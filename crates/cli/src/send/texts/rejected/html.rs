//! The list of what is held as one self-contained HTML page, for those who correct it and have no shell.
//!
//! Both languages are in the page, and a choice that needs no script shows one of them. Nothing is fetched; all text is
//! escaped, so that a value of the source cannot speak through the page.

use std::fmt::Write as _;

use jiff::Timestamp;
use lmr_report::TOKENS;
use lmr_sender::desk::{Cause, causes};
use lmr_sender::outbox::{HeldRow, Origin, SourceIssueRow, WaitingRow};

use super::super::time;
use super::{Rejected, remedy};
use crate::output::Language;

/// Most records that are listed for one cause.
const MAX_ROWS: usize = 2_000;

const STYLE: &str = "\
*{box-sizing:border-box}\
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:80rem;padding:1rem;color:var(--text);background:var(--page)}\
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.1rem;margin:0}\
section{border:1px solid var(--line);border-radius:.5rem;margin:1rem 0;padding:1rem}\
code{color:var(--error);font-weight:600}\
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin-top:.75rem}\
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-top:1px solid var(--line)}\
th{font-weight:600}td.n,th.n{text-align:right}\
q{background:var(--panel);quotes:none;padding:0 .25rem;overflow-wrap:anywhere}\
input[name=l]{position:absolute;opacity:0}\
label{border:1px solid var(--line);border-radius:.4rem;padding:.25rem .7rem;margin-right:.4rem;cursor:pointer}\
#nb:checked~header label[for=nb],#en:checked~header label[for=en]{background:var(--panel);font-weight:600}\
#nb:focus-visible~header label[for=nb],#en:focus-visible~header label[for=en]{outline:3px solid}\
#nb:checked~:is(header,main) :lang(en):not(label),#en:checked~:is(header,main) :lang(nb):not(label){display:none}\
@media print{header label{display:none}section{break-inside:avoid}}";

impl Rejected {
    /// The page. `language` is the one that it opens in, `made_at` is printed on it.
    pub(in crate::send) fn html(
        &self,
        language: Language,
        organisation: &str,
        made_at: Timestamp,
    ) -> String {
        let mut page = String::new();
        let tag = match language {
            Language::Bokmal => "nb",
            Language::English => "en",
        };
        let (nb, en) = match language {
            Language::Bokmal => (" checked", ""),
            Language::English => ("", " checked"),
        };
        let _ = write!(
            page,
            "<!doctype html>\n<html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src 'unsafe-inline'\">\
             <title>lmr: holdt tilbake / held back – {organisation}</title><style>{TOKENS}{STYLE}</style></head><body>\
             <input type=\"radio\" name=\"l\" id=\"nb\"{nb}><input type=\"radio\" name=\"l\" id=\"en\"{en}>\
             <header><label for=\"nb\" lang=\"nb\">Bokmål</label><label for=\"en\" lang=\"en\">English</label>\
             <h1>{}</h1><p>{} {organisation} · {}</p><p>{}</p></header><main>",
            both("Holdt tilbake", "Held back"),
            both("Organisasjon", "Organisation"),
            time(made_at),
            both(&self.summary(Language::Bokmal), &self.summary(Language::English)),
            organisation = escaped(organisation),
        );
        if self.is_empty() {
            let nothing = self.nothing();
            let _ = write!(page, "<p>{}</p>", both(&nothing.nb, &nothing.en));
        }
        for cause in causes(&self.held) {
            self.write_html_cause(&cause, &mut page);
        }
        for (cause, rows) in self.issue_causes() {
            self.write_html_issues(cause, &rows, &mut page);
        }
        self.write_html_waiting(&mut page);
        page.push_str("</main></body></html>\n");
        page
    }

    fn write_html_cause(&self, cause: &Cause<'_>, page: &mut String) {
        let Cause { finding, path, records } = cause;
        let code = finding.code.as_deref();
        let _ = write!(
            page,
            "<section><h2><code>{}</code> {}</h2><p>{}</p>",
            escaped(code.unwrap_or("–")),
            escaped(path),
            both(&finding.text_nb, &finding.text_en)
        );
        if let (Some(nb), Some(en)) =
            (remedy(code, Language::Bokmal), remedy(code, Language::English))
        {
            let _ = write!(
                page,
                "<p><strong>{}</strong> {}</p>",
                both("Hva må gjøres:", "What to do:"),
                both(nb, en)
            );
        }
        let details: Vec<_> =
            records.iter().map(|(row, at)| self.detail(row.number, *at)).collect();
        if let Some(detail) = details.iter().find(|detail| !detail.allowed.is_empty()) {
            let _ = write!(
                page,
                "<p>{} {}</p>",
                both("Tillatt:", "Allowed:"),
                escaped(&detail.allowed.join(", "))
            );
        }
        let _ = write!(
            page,
            "<div class=\"wide\"><table><thead><tr><th class=\"n\">{}</th><th>{}</th><th>{}</th><th>{}</th>\
             <th>{}</th><th class=\"n\">{}</th></tr></thead><tbody>",
            both("Nr.", "No."),
            both("Post", "Record"),
            both("Sted", "Place"),
            both("Verdi", "Value"),
            both("Siden", "Since"),
            both("Venter på den", "Wait for it"),
        );
        for ((row, _), detail) in records.iter().zip(&details).take(MAX_ROWS) {
            let value = detail.value.as_deref().map(|value| format!("<q>{}</q>", escaped(value)));
            let _ = write!(
                page,
                "<tr><td class=\"n\">{}</td><td>{}</td><td>{}:{}</td><td>{}</td><td>{} {}{}</td>\
                 <td class=\"n\">{}</td></tr>",
                row.number,
                escaped(&self.name(
                    &row.resource_type,
                    row.source_key.as_deref(),
                    row.resource_id.as_deref()
                )),
                escaped(&row.file),
                row.line,
                value.unwrap_or_default(),
                time(row.since),
                origin(row),
                discard(row),
                row.waiting
            );
        }
        write_html_more(records.len(), page);
        page.push_str("</tbody></table></div></section>");
    }

    fn write_html_issues(
        &self,
        cause: &SourceIssueRow,
        rows: &[&SourceIssueRow],
        page: &mut String,
    ) {
        let _ = write!(
            page,
            "<section><h2>{}</h2><p>{}</p><div class=\"wide\"><table><thead><tr><th>{}</th><th>{}</th><th>{}</th>\
             </tr></thead><tbody>",
            both("Kilden", "Source"),
            both(&cause.cause_nb, &cause.cause_en),
            both("Nøkkel", "Key"),
            both("Sted", "Place"),
            both("Siden", "Since"),
        );
        for row in rows.iter().take(MAX_ROWS) {
            let key = row.source_key.as_deref().filter(|_| !self.redact).unwrap_or_default();
            let line = row.line.map(|line| format!(":{line}")).unwrap_or_default();
            let _ = write!(
                page,
                "<tr><td>{}</td><td>{}{line}</td><td>{}</td></tr>",
                escaped(key),
                escaped(&row.file),
                time(row.since)
            );
        }
        write_html_more(rows.len(), page);
        page.push_str("</tbody></table></div></section>");
    }

    fn write_html_waiting(&self, page: &mut String) {
        if self.waiting.is_empty() {
            return;
        }
        let _ = write!(
            page,
            "<section><h2>{}</h2><div class=\"wide\"><table><thead><tr><th>{}</th><th>{}</th><th class=\"n\">{}</th>\
             </tr></thead><tbody>",
            both("Feilfrie poster som venter", "Correct records that wait"),
            both("Post", "Record"),
            both("Sted", "Place"),
            both("Venter på nr.", "Wait for no."),
        );
        for WaitingRow { held, resource_type, resource_id, source_key, file, line } in
            self.waiting.iter().take(MAX_ROWS)
        {
            let name = self.name(resource_type, source_key.as_deref(), resource_id.as_deref());
            let _ = write!(
                page,
                "<tr><td>{}</td><td>{}:{line}</td><td class=\"n\">{held}</td></tr>",
                escaped(&name),
                escaped(file)
            );
        }
        write_html_more(self.waiting.len(), page);
        page.push_str("</tbody></table></div></section>");
    }
}

fn write_html_more(count: usize, page: &mut String) {
    if count > MAX_ROWS {
        let _ = write!(
            page,
            "<tr><td colspan=\"6\">{} {}</td></tr>",
            both("og flere:", "and more:"),
            count - MAX_ROWS
        );
    }
}

fn origin(row: &HeldRow) -> String {
    match row.origin {
        Origin::Check => both("funnet før sending", "found before sending"),
        Origin::Register => both("avvist av registeret", "refused by the register"),
    }
}

fn discard(row: &HeldRow) -> String {
    let text = |language| escaped(&super::discard(row, language));
    match row.discarded {
        None => String::new(),
        Some(_) => format!(
            "<span lang=\"nb\">{}</span><span lang=\"en\">{}</span>",
            text(Language::Bokmal),
            text(Language::English)
        ),
    }
}

/// A text in both languages, of which the page shows one.
fn both(nb: &str, en: &str) -> String {
    format!("<span lang=\"nb\">{}</span><span lang=\"en\">{}</span>", escaped(nb), escaped(en))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Controls and marks that turn the direction of text hide what a value says.
            c if (c.is_control() && c != '\n')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                escaped.push('\u{fffd}');
            }
            c => escaped.push(c),
        }
    }
    escaped
}
