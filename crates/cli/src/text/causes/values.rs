//! Errors about single values in bokmål: dates, numbers, addresses, passwords, expressions.

use std::error::Error;
use std::net::AddrParseError;
use std::num::ParseIntError;

use lmr_fhirpath::{SyntaxError, SyntaxErrorKind};
use lmr_identifiers::OrganisationNumberError;
use lmr_web::PasswordError;

/// The error in bokmål, where there is a sentence for it.
pub(super) fn in_bokmal(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<SyntaxError>() {
        let (line, column) = (error.location.line, error.location.column);
        return Some(format!("linje {line}, kolonne {column}: {}", syntax(&error.kind)));
    }
    if let Some(error) = error.downcast_ref::<PasswordError>() {
        let text = match error {
            PasswordError::TooShort => "passordet er for kort",
            PasswordError::TooLong => "passordet er for langt",
            PasswordError::NotAHash => {
                "ikke et avtrykk av et passord: en linje som begynner med $argon2id$ er ventet"
            }
        };
        return Some(text.to_owned());
    }
    let text = if error.is::<jiff::Error>() {
        "en dato skrives 2026-11-25"
    } else if error.is::<ParseIntError>() {
        "det skal være et helt tall"
    } else if error.is::<AddrParseError>() {
        "en adresse med port skrives 127.0.0.1:8080"
    } else if error.is::<OrganisationNumberError>() {
        "et organisasjonsnummer har ni sifre, det siste et kontrollsiffer"
    } else {
        return None;
    };
    Some(text.to_owned())
}

/// Why an expression is not FHIRPath.
fn syntax(kind: &SyntaxErrorKind) -> String {
    match kind {
        SyntaxErrorKind::Character(character) => format!("uventet tegn {character:?}"),
        SyntaxErrorKind::CommentWithoutEnd => "en kommentar uten slutt".to_owned(),
        SyntaxErrorKind::TextWithoutEnd(quote) => format!("en tekst uten avsluttende {quote}"),
        SyntaxErrorKind::UnknownEscape => "ukjent tegn etter \\ i en tekst".to_owned(),
        SyntaxErrorKind::BadTemporal(text) => format!("ikke en dato eller et tidspunkt: {text}"),
        SyntaxErrorKind::Expected { .. } | SyntaxErrorKind::Trailing(_) => {
            "noe annet er ventet her".to_owned()
        }
        SyntaxErrorKind::UnknownFunction { name, near } => {
            let near = near.map(|near| format!(" (mente du {near}()?)")).unwrap_or_default();
            format!("ukjent funksjon {name}(){near}")
        }
        SyntaxErrorKind::Arity { function, found, .. } => {
            format!("{function}() tar et annet antall argumenter enn {found}")
        }
        SyntaxErrorKind::UnknownVariable(name) => format!("ukjent variabel ${name}"),
        SyntaxErrorKind::TooDeep(levels) => format!("nøstet dypere enn {levels} nivåer"),
        SyntaxErrorKind::TooLong(bytes) => format!("lengre enn {bytes} byte"),
    }
}
