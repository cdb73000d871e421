//! Errors of TOML files in bokmål: where, the line itself, and what is wrong with it.

use std::error::Error;

use crate::validate::project::{NO_DATE, NO_RULE_SET};

/// The error in bokmål. What the library says and has no sentence here is left out: the place and the line show it.
pub(super) fn in_bokmal(error: &(dyn Error + 'static)) -> Option<String> {
    let error = error.downcast_ref::<toml::de::Error>()?;
    let shown = error.to_string();
    let message = error.message().trim_end();
    let said = sentence(message).unwrap_or_default();
    let located = shown.strip_prefix("TOML parse error at line ").and_then(|rest| {
        let (place, line) = rest.split_once('\n')?;
        let (number, column) = place.split_once(", column ")?;
        let line = line.trim_end().strip_suffix(message)?;
        Some(format!("linje {number}, kolonne {column}\n{line}{said}"))
    });
    Some(match located {
        Some(text) => text.trim_end().to_owned(),
        None if said.is_empty() => "filen kan ikke brukes".to_owned(),
        None => said,
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
