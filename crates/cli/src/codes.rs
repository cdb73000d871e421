//! `lmr codes`: the catalogue, readable.

use std::fmt::Write;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use lmr_lmdi::codes::{Area, Code, Retry, Severity};

use crate::output::{Language, Style, print};
use crate::text::{Explain as _, text};

/// Explain the register's error codes.
///
/// Without codes: the whole list. With codes: meaning, cause, a wrong and a right example, remedy.
#[derive(Args)]
pub(crate) struct Codes {
    /// Codes to explain, e.g. LMR-4001 or 4001
    #[arg(value_name = "LMR-nnnn")]
    codes: Vec<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    /// One JSON line per code
    Json,
}

impl Codes {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let mut chosen = Vec::new();
        for text in &self.codes {
            chosen.push(code(text)?);
        }
        let list = chosen.is_empty();
        let codes = if list { Code::ALL } else { &chosen };
        let mut out = String::new();
        let mut area = None;
        for &code in codes {
            match self.format {
                Format::Json => writeln!(out, "{}", json(code, lang))?,
                Format::Text if list => {
                    if area.replace(code.area()) != Some(code.area()) {
                        writeln!(
                            out,
                            "{}{}",
                            if out.is_empty() { "" } else { "\n" },
                            heading(code.area(), lang)
                        )?;
                    }
                    let reserved = match (code.reserved(), lang) {
                        (None, _) => "",
                        (Some(_), Language::Bokmal) => " (reservert)",
                        (Some(_), Language::English) => " (reserved)",
                    };
                    writeln!(out, "  {}  {}{reserved}", code.as_str(), code.title(lang))?;
                }
                Format::Text => explain(code, lang, &mut out)?,
            }
        }
        print(&out)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The code that a user means. One that does not exist is a mistake, not a search that finds nothing.
pub(crate) fn code(text: &str) -> anyhow::Result<Code> {
    Code::parse(text).explain(|| {
        text!(
            "{text} er ikke en kode i katalogen; «lmr codes» viser alle",
            "{text} is not a code of the catalogue; `lmr codes` lists all of them"
        )
    })
}

fn heading(area: Area, lang: Language) -> String {
    let (nb, en) = match area {
        Area::Connection => (
            "LMR-1xxx Forbindelse, adresse, token, grenser",
            "LMR-1xxx Connection, address, token, limits",
        ),
        Area::Envelope => ("LMR-2xxx SignertKryptertBundle", "LMR-2xxx SignertKryptertBundle"),
        Area::Content => ("LMR-3xxx JSON og bundle", "LMR-3xxx JSON and bundle"),
        Area::Profile => ("LMR-4xxx Ressurs mot profil", "LMR-4xxx Resource against profile"),
        Area::Terminology => ("LMR-5xxx Kodeverk", "LMR-5xxx Terminology"),
        Area::Register => ("LMR-6xxx Registerets egne regler", "LMR-6xxx The register's own rules"),
        Area::Own => ("LMR-9xxx Feil hos registeret", "LMR-9xxx The register's own faults"),
    };
    Style::for_stdout().bold(if lang == Language::Bokmal { nb } else { en })
}

fn explain(code: Code, language: Language, out: &mut String) -> std::fmt::Result {
    let text = code.text();
    let style = Style::for_stdout();
    let label = |nb: &'static str, en: &'static str| {
        if language == Language::Bokmal { nb } else { en }
    };
    writeln!(
        out,
        "{}  {}",
        style.bold(code.as_str()),
        style.bold(text.title.in_language(language))
    )?;
    writeln!(out, "\n{}\n", text.explanation.in_language(language))?;
    writeln!(out, "{:<10} {}", label("Årsak", "Cause"), text.cause.in_language(language))?;
    writeln!(out, "{:<10} {}", label("Galt", "Wrong"), style.bad(text.wrong))?;
    writeln!(out, "{:<10} {}", label("Riktig", "Right"), style.good(text.right))?;
    writeln!(out, "{:<10} {}", label("Gjør", "Do"), text.remedy.in_language(language))?;
    if let Some(reason) = code.reserved() {
        writeln!(out, "{:<10} {}", label("Reservert", "Reserved"), reason.in_language(language))?;
    }
    let status = code.http_status().map_or_else(|| "-".to_owned(), |s| s.to_string());
    let severity = match (language, code.severity()) {
        (Language::English, severity) => severity.as_str(),
        (Language::Bokmal, Severity::Fatal) => "ødeleggende",
        (Language::Bokmal, Severity::Error) => "feil",
        (Language::Bokmal, Severity::Warning) => "advarsel",
        (Language::Bokmal, Severity::Information) => "merknad",
    };
    let retry = match code.retry() {
        Retry::Never => label(
            "prøves ikke igjen før noen har endret noe",
            "no retry before a person has changed something",
        ),
        Retry::AfterCorrection => {
            label("prøves igjen når kilden er rettet", "retry after correction")
        }
        Retry::Later => label("prøves igjen av seg selv", "retry later, by itself"),
    };
    writeln!(out, "{:<10} {severity}, HTTP {status}, {retry}\n", label("Klasse", "Class"))
}

fn json(code: Code, language: Language) -> serde_json::Value {
    let text = code.text();
    serde_json::json!({
        "code": code.as_str(),
        "title": text.title.in_language(language),
        "severity": code.severity().as_str(),
        "httpStatus": code.http_status(),
        "retry": code.retry().as_str(),
        "explanation": text.explanation.in_language(language),
        "cause": text.cause.in_language(language),
        "wrong": text.wrong,
        "right": text.right,
        "remedy": text.remedy.in_language(language),
        "reserved": code.reserved().map(|reason| reason.in_language(language)),
    })
}
