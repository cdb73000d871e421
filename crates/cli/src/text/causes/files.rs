//! Errors of TOML files in bokmål: where, the line itself, and what is wrong with it.

use std::error::Error;

use crate::validate::project::{NO_DATE, NO_RULE_SET};

/// What is said of a line where the library's reason has no sentence here.
const UNUSABLE: &str = "det som står her, kan ikke brukes";

/// The error in bokmål.
pub(super) fn in_bokmal(error: &(dyn Error + 'static)) -> Option<String> {
    let error = error.downcast_ref::<toml::de::Error>()?;
    let shown = error.to_string();
    let message = error.message().trim_end();
    let said = sentence(message).or_else(|| syntax(message).map(str::to_owned));
    let located = shown.strip_prefix("TOML parse error at line ").and_then(|rest| {
        let (place, line) = rest.split_once('\n')?;
        let (number, column) = place.split_once(", column ")?;
        let line = line.trim_end().strip_suffix(message)?;
        let said = said.as_deref().unwrap_or(UNUSABLE);
        Some(format!("linje {number}, kolonne {column}\n{line}{said}"))
    });
    Some(match located {
        Some(text) => text.trim_end().to_owned(),
        None => said.unwrap_or_else(|| "filen kan ikke brukes".to_owned()),
    })
}

/// A message of the library or of a key of ours.
fn sentence(message: &str) -> Option<String> {
    if let Some(name) = message.strip_prefix("missing field ") {
        return Some(format!("nøkkelen {name} mangler"));
    }
    for (start, what) in [("unknown field ", "ukjent nøkkel"), ("unknown variant ", "ukjent verdi")]
    {
        let Some(rest) = message.strip_prefix(start) else { continue };
        let Some((name, known)) = rest.split_once(", expected ") else {
            return Some(format!("{what} {}", rest.split(',').next().unwrap_or(rest)));
        };
        let known = known.strip_prefix("one of ").unwrap_or(known).replace(" or ", " eller ");
        return Some(format!("{what} {name}; det som finnes, er {known}"));
    }
    if message.starts_with("duplicate key") || message.starts_with("duplicate field") {
        return Some("nøkkelen står to ganger".to_owned());
    }
    if message == "csv.quote must be one ASCII character, or empty" {
        return Some("csv.quote skal være ett ASCII-tegn, eller tom".to_owned());
    }
    if message.starts_with("invalid type: ") && message.ends_with("expected a boolean") {
        return Some("verdien skal være true eller false, uten anførselstegn".to_owned());
    }
    if message.starts_with("invalid type: ") && message.ends_with("expected a string") {
        return Some("verdien skal være en tekst i anførselstegn: nøkkel = \"verdi\"".to_owned());
    }
    if message.starts_with("invalid type: ") {
        return Some("verdien er av feil type".to_owned());
    }
    if message.starts_with("invalid value: ") || message.starts_with("invalid length ") {
        return Some("verdien kan ikke brukes".to_owned());
    }
    if let Some((name, known)) = message.split_once(NO_RULE_SET) {
        return Some(format!("{name} er ikke et regelsett; det som finnes, er {known}"));
    }
    message.ends_with(NO_DATE).then(|| "det skal være en dato: skriv until = 2027-01-31".to_owned())
}

/// What is not TOML, by how the message of `toml_parser` begins.
fn syntax(message: &str) -> Option<&'static str> {
    const ALL: [(&[&str], &str); 9] = [
        (
            &["string values must be quoted"],
            "verdien mangler, eller er en tekst uten anførselstegn: nøkkel = \"verdi\"",
        ),
        (
            &[
                "missing opening quote",
                "invalid basic string",
                "invalid literal string",
                "invalid multi-line",
            ],
            "et anførselstegn mangler, eller teksten har et tegn som ikke er tillatt i den",
        ),
        (
            &["unclosed table", "unclosed array", "unclosed inline table", "missing table open"],
            "en klamme mangler",
        ),
        (
            &["key with no value", "missing value", "missing assignment", "invalid key-value pair"],
            "skriv nøkkel = verdi",
        ),
        (&["extra `=`", "extra assignment", "unexpected `=`"], "her er det et likhetstegn for mye"),
        (&["missing comma"], "et komma mangler"),
        (&["extra comma"], "her er det et komma for mye"),
        (
            &["invalid unquoted key", "unquoted keys cannot be empty"],
            "nøkkelen har et tegn som må stå i anførselstegn",
        ),
        (
            &["unexpected key or value", "unexpected content"],
            "her er det noe for mye: en nøkkel og verdi på hver linje",
        ),
    ];
    let starts = |starts: &[&str]| starts.iter().any(|start| message.starts_with(start));
    ALL.into_iter().find(|(of, _)| starts(of)).map(|(_, said)| said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_syntax_error_has_its_reason_in_bokmal() {
        for (text, said) in [
            ("a = b", "anførselstegn"),
            ("a = \"b", "anførselstegn"),
            ("a = 'b", "anførselstegn"),
            ("[a", "klamme"),
            ("[[a]", "klamme"),
            ("a = [1", "klamme"),
            ("a = {b = 1", "klamme"),
            ("a", "skriv nøkkel = verdi"),
            ("a =", "verdien mangler"),
            ("a = = 1", "likhetstegn for mye"),
            ("a = ['1' '2']", "komma mangler"),
            ("a = [1,,2]", "komma for mye"),
            ("å = 1", "tegn som må stå i anførselstegn"),
            ("a = 1 b = 2", "noe for mye"),
            ("a = 1\na = 2", "to ganger"),
            ("a = 01", UNUSABLE),
            ("a = 2026-99-99", UNUSABLE),
            ("a = 1\r\rb = 2", UNUSABLE),
        ] {
            let error = toml::from_str::<toml::Table>(text).expect_err(text);
            let nb = in_bokmal(&error).unwrap_or_default();
            assert!(nb.starts_with("linje "), "{text}: {nb}");
            let reason = nb.lines().last().unwrap_or_default();
            assert!(reason.contains(said), "{text}: {error} {nb}");
            assert!(!nb.contains(error.message()), "{text}: {nb}");
        }
    }
}
