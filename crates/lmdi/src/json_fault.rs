//! What keeps a text from being read as JSON: its code, and its words in bokmål.

use std::borrow::Cow;

use lmr_fhir::{Language, Localized as _, ParseErrorKind};

use crate::codes::Code;

/// The code of the catalogue.
#[must_use]
pub fn code_of(kind: &ParseErrorKind) -> Code {
    match kind {
        ParseErrorKind::NotUtf8 | ParseErrorKind::OtherEncoding(_) => Code::ContentNotUtf8,
        ParseErrorKind::TooDeep(_) => Code::JsonTooDeep,
        ParseErrorKind::TooLarge(_) | ParseErrorKind::TooManyNodes(_) => Code::JsonTooLarge,
        _ => Code::ContentNotJson,
    }
}

/// The fault as a half sentence; the English one is the kind's own.
#[must_use]
pub fn in_bokmal(kind: &ParseErrorKind) -> Cow<'static, str> {
    let text = match kind {
        ParseErrorKind::NotUtf8 => "teksten er ikke UTF-8",
        ParseErrorKind::Xml => "teksten ser ut som XML; det skal være JSON i UTF-8",
        ParseErrorKind::Empty => "teksten er tom",
        ParseErrorKind::UnexpectedEnd => "teksten slutter før verdien er fullstendig",
        ParseErrorKind::ExpectedValue => "her skal det stå en JSON-verdi",
        ParseErrorKind::ExpectedName => "her skal det stå et navn i doble anførselstegn",
        ParseErrorKind::ExpectedColon => "etter navnet skal det stå kolon",
        ParseErrorKind::ExpectedCommaOrEnd => {
            "her skal det stå komma eller en avsluttende parentes"
        }
        ParseErrorKind::WrongBracket => "den avsluttende parentesen passer ikke til den som åpner",
        ParseErrorKind::TrailingComma => "det står et komma foran den avsluttende parentesen",
        ParseErrorKind::BareWord => "et ord uten anførselstegn er ingen JSON-verdi",
        ParseErrorKind::Number => "tallet er ikke skrevet slik JSON krever",
        ParseErrorKind::ControlCharacter => {
            "et kontrolltegn i en tekst må skrives med omvendt skråstrek"
        }
        ParseErrorKind::Escape => "en tekst har en ukjent sekvens etter omvendt skråstrek",
        ParseErrorKind::LoneSurrogate => "en tekst har et halvt surrogatpar",
        ParseErrorKind::Comment => "kommentarer er ikke tillatt i JSON",
        ParseErrorKind::TrailingText => "det står mer tekst etter at JSON-verdien er slutt",
        ParseErrorKind::OtherEncoding(encoding) => {
            return encoding.text(Language::Bokmal).into_owned().into();
        }
        ParseErrorKind::TooLarge(limit) => {
            return format!("teksten er større enn grensen på {limit} byte").into();
        }
        ParseErrorKind::TooDeep(limit) => {
            return format!("objekter og lister er nøstet dypere enn grensen på {limit}").into();
        }
        ParseErrorKind::TooManyNodes(limit) => {
            return format!("dokumentet har flere verdier enn grensen på {limit}").into();
        }
        ParseErrorKind::NameTooLong => "et navn er lengre enn 65 535 byte",
        // Kinds to come: better in English than not at all.
        other => return other.to_string().into(),
    };
    text.into()
}
