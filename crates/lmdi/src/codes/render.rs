//! The catalogue in other forms: the documentation page and a FHIR CodeSystem.

use std::fmt::Write;

use lmr_fhir::escape_into;

use super::{Area, Bilingual, CODE_SYSTEM, Code, Raised};

/// `docs/error-codes.md`, whole.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "# Error codes\n\n\
         Generated from the catalogue in `crates/lmdi/src/codes`; do not edit. \
         Renew with `cargo run -p lmr-lmdi --example error-codes`.\n\n\
         Bokmål first, English below. *HTTP* is the status of the call, or of the entry, that the code ends. \
         *Retry* is what the sender does: `later` sends again by itself, `after-correction` holds the \
         resource until it has changed, `never` stops and calls a person. *Decided in* names the file or crate \
         below `crates/`. *Reserved* codes are given by nothing yet. Examples that are the JSON of a \
         resource are run by a test: their elements replace those of a correct resource.\n",
    );
    let mut area = None;
    for code in Code::ALL {
        if area.replace(code.area()) != Some(code.area()) {
            let _ = write!(out, "\n## {}\n", heading(code.area()));
        }
        section(*code, &mut out);
    }
    out
}

fn heading(area: Area) -> &'static str {
    match area {
        Area::Connection => "LMR-1xxx Forbindelse, adresse, token, grenser / Connection",
        Area::Envelope => "LMR-2xxx SignertKryptertBundle / Envelope",
        Area::Content => "LMR-3xxx JSON og bundle / JSON and bundle",
        Area::Profile => "LMR-4xxx Ressurs mot profil / Resource against profile",
        Area::Terminology => "LMR-5xxx Kodeverk / Terminology",
        Area::Register => "LMR-6xxx Registerets egne regler / The register's own rules",
        Area::Own => "LMR-9xxx Feil hos registeret / The register's own faults",
    }
}

fn section(code: Code, out: &mut String) {
    let text = code.text();
    let status = code.http_status().map_or_else(|| "-".to_owned(), |status| status.to_string());
    let retry = if code.severity() >= super::Severity::Error { code.retry().as_str() } else { "-" };
    let _ = write!(out, "\n### {code} {} / {}\n\n", text.title.nb, text.title.en);
    let advice =
        if code.entry().refused_by_advice { " (error with `advice = \"refuse\"`)" } else { "" };
    let _ = write!(out, "{}{advice}, HTTP {status}, retry {retry}", code.severity().as_str());
    let _ = match code.entry().raised {
        Raised::In(place) => write!(out, ", decided in `{place}`\n\n"),
        Raised::Reserved(why) => {
            write!(out, "\n\n**Reservert.** {}<br>*Reserved. {}*\n\n", why.nb, why.en)
        }
    };
    let _ = write!(out, "{}<br>*{}*\n\n", text.explanation.nb, text.explanation.en);
    let _ = write!(out, "| | |\n|---|---|\n");
    let row = |out: &mut String, label: &str, pair: Bilingual| {
        let _ = writeln!(out, "| {label} | {}<br>*{}* |", cell(pair.nb), cell(pair.en));
    };
    row(out, "Årsak / Cause", text.cause);
    let _ = writeln!(out, "| Galt / Wrong | `{}` |", cell(text.wrong));
    let _ = writeln!(out, "| Riktig / Right | `{}` |", cell(text.right));
    row(out, "Gjør / Do", text.remedy);
}

/// The catalogue as a page for browsers, bokmål first: complete in itself, without script.
#[must_use]
pub fn html() -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"nb\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Feilkoder / Error codes</title>\n\
         <h1>Feilkoder <span lang=\"en\">/ Error codes</span></h1>\n",
    );
    let mut area = None;
    for code in Code::ALL {
        if area.replace(code.area()) != Some(code.area()) {
            let _ = writeln!(out, "<h2>{}</h2>", escaped(heading(code.area())));
        }
        let text = code.text();
        let both = |pair: Bilingual| {
            format!("{}<br><span lang=\"en\">{}</span>", escaped(pair.nb), escaped(pair.en))
        };
        let _ =
            writeln!(out, "<section id=\"{code}\">\n<h3>{code}: {}</h3>", escaped(text.title.nb));
        let _ = writeln!(out, "<p lang=\"en\">{}</p>", escaped(text.title.en));
        let status = code.http_status().map_or_else(|| "-".to_owned(), |s| s.to_string());
        let retry = code.retry().as_str();
        let _ = writeln!(out, "<p>{}, HTTP {status}, {retry}</p>", code.severity().as_str());
        for (label, content) in [
            ("Hva", both(text.explanation)),
            ("Årsak", both(text.cause)),
            ("Gjør", both(text.remedy)),
            ("Galt", format!("<code>{}</code>", escaped(text.wrong))),
            ("Riktig", format!("<code>{}</code>", escaped(text.right))),
        ] {
            let _ = writeln!(out, "<p><b>{label}</b><br>{content}</p>");
        }
        out.push_str("</section>\n");
    }
    out.push_str("</html>\n");
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ⏎ ")
}

/// The catalogue as a FHIR CodeSystem with designations in English, as compact JSON.
#[must_use]
pub fn code_system() -> String {
    let mut out = String::from("{\"resourceType\":\"CodeSystem\",\"id\":\"lmr-feilkode\",\"url\":");
    escape_into(&mut out, CODE_SYSTEM);
    out.push_str(concat!(
        ",\"version\":\"",
        env!("CARGO_PKG_VERSION"),
        "\",\"name\":\"LmrFeilkode\",\"title\":\"Feilkoder fra mottaket\",\"status\":\"draft\",",
        "\"experimental\":true,\"caseSensitive\":true,\"content\":\"complete\",",
        "\"property\":[{\"code\":\"severity\",\"type\":\"code\"},{\"code\":\"http\",\"type\":\"integer\"},",
        "{\"code\":\"retry\",\"type\":\"code\"},{\"code\":\"reserved\",\"type\":\"boolean\"}],\"count\":"
    ));
    let _ = write!(out, "{},\"concept\":[", Code::ALL.len());
    for (i, code) in Code::ALL.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        concept(*code, &mut out);
    }
    out.push_str("]}");
    out
}

fn concept(code: Code, out: &mut String) {
    let text = code.text();
    out.push_str("{\"code\":");
    escape_into(out, code.as_str());
    out.push_str(",\"display\":");
    escape_into(out, text.title.nb);
    out.push_str(",\"definition\":");
    escape_into(out, text.explanation.nb);
    out.push_str(",\"designation\":[{\"language\":\"en\",\"value\":");
    escape_into(out, text.title.en);
    out.push_str("}],\"property\":[{\"code\":\"severity\",\"valueCode\":");
    escape_into(out, code.severity().as_str());
    if let Some(status) = code.http_status() {
        let _ = write!(out, "}},{{\"code\":\"http\",\"valueInteger\":{status}");
    }
    out.push_str("},{\"code\":\"retry\",\"valueCode\":");
    escape_into(out, code.retry().as_str());
    out.push_str(if code.reserved().is_some() {
        "},{\"code\":\"reserved\",\"valueBoolean\":true}]}"
    } else {
        "}]}"
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_page_is_current() {
        let page = include_str!("../../../../docs/error-codes.md");
        assert!(
            page == markdown(),
            "renew docs/error-codes.md: cargo run -p lmr-lmdi --example error-codes"
        );
    }

    #[test]
    fn the_code_system_lists_every_code_with_its_properties() {
        let json: serde_json::Value = serde_json::from_str(&code_system()).unwrap();
        assert_eq!(json["url"], CODE_SYSTEM);
        let concepts = json["concept"].as_array().unwrap();
        assert_eq!(concepts.len(), Code::ALL.len());
        assert_eq!(concepts[0]["code"], "LMR-1001");
        assert_eq!(concepts[0]["property"][1]["valueInteger"], 403);
        assert!(concepts.iter().all(|concept| concept["designation"][0]["language"] == "en"));
        let reserved = |code: &str| {
            let concept = concepts.iter().find(|concept| concept["code"] == code).unwrap();
            concept["property"]
                .as_array()
                .unwrap()
                .iter()
                .any(|property| property["code"] == "reserved")
        };
        assert!(reserved("LMR-1044") && !reserved("LMR-1001"));
    }
}
