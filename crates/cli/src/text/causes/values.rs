//! Errors about single values in bokmål: dates, numbers, addresses, passwords, expressions.

use std::error::Error;
use std::net::AddrParseError;
use std::num::ParseIntError;

use lmr_auth::{ClientError, NetworkError, ProfileError as TrustError};
use lmr_fhir::xml::XmlError;
use lmr_fhir::{Language, Localized as _, ParseError};
use lmr_fhirpath::{
    EvalError, EvalErrorKind, RegexFault, SemanticError, SemanticErrorKind, SyntaxError,
    SyntaxErrorKind, Unavailable,
};
use lmr_identifiers::OrganisationNumberError;
use lmr_lmdi::json_fault;
use lmr_sender::transport::{AddressFault, TransportError};
use lmr_validator::ProfileError;
use lmr_web::PasswordError;

/// The error in bokmål, where there is a sentence for it.
pub(super) fn in_bokmal(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<SyntaxError>() {
        let (line, column) = (error.location.line, error.location.column);
        return Some(format!("linje {line}, kolonne {column}: {}", syntax(&error.kind)));
    }
    if let Some(error) = error.downcast_ref::<EvalError>() {
        let (line, column) = (error.location.line, error.location.column);
        return Some(format!("linje {line}, kolonne {column}: {}", evaluation(&error.kind)));
    }
    if let Some(error) = error.downcast_ref::<SemanticError>() {
        let (line, column) = (error.location.line, error.location.column);
        return Some(format!("linje {line}, kolonne {column}: {}", semantics(&error.kind)));
    }
    if let Some(error) = error.downcast_ref::<ParseError>() {
        let (line, column) = (error.line, error.column);
        let reason = json_fault::in_bokmal(&error.kind);
        return Some(format!("linje {line}, kolonne {column}: {reason}"));
    }
    if let Some(error) = error.downcast_ref::<XmlError>() {
        let (line, column) = (error.location.line, error.location.column);
        let reason = error.kind.text(Language::Bokmal);
        return Some(format!("linje {line}, kolonne {column}: {reason}"));
    }
    if let Some(ProfileError::Unknown(canonical)) = error.downcast_ref::<ProfileError>() {
        return Some(format!("{canonical} er ikke kjent"));
    }
    if let Some(TransportError::Address(fault)) = error.downcast_ref::<TransportError>() {
        let why = match fault {
            AddressFault::Unreadable => "den kan ikke leses",
            AddressFault::WithoutTls => "meldinger og token sendes bare over TLS",
        };
        return Some(format!(
            "registerets adresse skal være en https-adresse (http bare på denne maskinen): {why}"
        ));
    }
    // What passes the other's sentence on has its own cause, which is not shown twice.
    let of_transport = error.downcast_ref::<TransportError>().and_then(|error| match error {
        TransportError::Network(error) => Some(error),
        _ => None,
    });
    if let Some(error) = error.downcast_ref::<NetworkError>().or(of_transport) {
        return Some(match error {
            NetworkError::NoAuthority => {
                "filen med utstedere har ikke noe sertifikat i PEM".to_owned()
            }
            NetworkError::Proxy => "network.proxy er ikke en adresse til en mellomtjener: http://navn:port, uten bruker og \
                passord i den"
                .to_owned(),
            NetworkError::Client(_) => return None,
        });
    }
    if let Some(error) = error.downcast_ref::<ClientError>() {
        return Some(client(error));
    }
    if let Some(text) = error.downcast_ref::<TrustError>().and_then(trust) {
        return Some(text);
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

/// Why a client of an issuer cannot be made.
fn client(error: &ClientError) -> String {
    match error {
        ClientError::Empty(setting) => format!("klientens {setting} er tom"),
        ClientError::UnsafeIssuer => UNSAFE_ISSUER.to_owned(),
        ClientError::AssertionLifetime { longest } => {
            format!("levetiden til påstanden skal være 1 til {longest} sekunder")
        }
    }
}

const UNSAFE_ISSUER: &str = "utstederen (issuer) skal være en https-adresse (http bare på denne maskinen, med environment \
                             local)";

/// Why a receiver cannot use its trust profiles, where people meet it.
fn trust(error: &TrustError) -> Option<String> {
    Some(match error {
        TrustError::Empty { profile, field } => {
            format!("tillitsprofilen {profile}: {field} er tom")
        }
        TrustError::UnsafeIssuer { profile } => {
            format!("tillitsprofilen {profile}: {UNSAFE_ISSUER}")
        }
        TrustError::Leeway { profile } => {
            format!("tillitsprofilen {profile}: leeway_seconds er over {}", lmr_auth::MAX_LEEWAY)
        }
        TrustError::MixedEnvironments { one, other } => format!(
            "tillitsprofilene {one} og {other} hører til ulike miljøer; én prosess betjener ett"
        ),
        TrustError::ForeignEnvironment { profile, issuer } => {
            format!("tillitsprofilen {profile}: {issuer} er utstederen i et annet miljø")
        }
        TrustError::Address(address) => {
            format!("{address} er ikke en http(s)-adresse uten spørring, fragment og bruker")
        }
        _ => return None,
    })
}

/// Why an expression that was understood could not be evaluated.
fn evaluation(kind: &EvalErrorKind) -> String {
    match kind {
        EvalErrorKind::NotSingle { what, found } => {
            format!("{what} tar høyst ett element, og det var {found}")
        }
        EvalErrorKind::Type { what, found } => format!("{what} tar ikke {found}"),
        EvalErrorKind::Types { what, left, right } => format!("{what} tar ikke {left} og {right}"),
        EvalErrorKind::Argument { what } => {
            format!("{what}: argumentet er utenfor det som tas imot")
        }
        EvalErrorKind::TextTooLong { what, limit } => {
            format!("{what}: teksten ville blitt lengre enn {limit} byte")
        }
        EvalErrorKind::Regex { what, why } => {
            let why = match why {
                RegexFault::Faulty { at } => {
                    format!("det er ikke et regulært uttrykk: se tegn {at}")
                }
                RegexFault::Unsupported { at: Some(at) } => {
                    format!("det trenger noe som dette programmet ikke støtter: se tegn {at}")
                }
                RegexFault::Unsupported { at: None } => {
                    "det trenger noe som dette programmet ikke støtter".to_owned()
                }
                RegexFault::TooLarge => "det er for stort".to_owned(),
            };
            format!("{what}: det regulære uttrykket kan ikke brukes: {why}")
        }
        EvalErrorKind::Backtracks { what } => format!(
            "{what}: søket i teksten med dette regulære uttrykket tar for lang tid; uten lookahead og lookbehind, \
             tilbakereferanser, atomiske grupper og possessive kvantorer er det ingen grense"
        ),
        EvalErrorKind::TimeWithZone => "et klokkeslett kan ikke ha en tidssone".to_owned(),
        EvalErrorKind::DefiniteDuration(unit) => {
            format!("regning med datoer tar ikke varigheten {unit}")
        }
        EvalErrorKind::UnknownType(name) => format!("ukjent type {name}"),
        EvalErrorKind::UnknownConstant(name) => format!("ukjent konstant %{name}"),
        EvalErrorKind::DuplicateVariable(name) => {
            format!("variabelen %{name} er definert to ganger")
        }
        EvalErrorKind::Unavailable { what, why } => {
            let why = match why {
                Unavailable::Clock => "det er ikke oppgitt noen klokke",
                Unavailable::Unsupported => "det støttes ikke",
                Unavailable::Definition(_) => "definisjonen er ikke tilgjengelig",
                Unavailable::Content(_) => "innholdet er ikke tilgjengelig",
                Unavailable::Limit => "grensen er nådd",
            };
            format!("{what} kan ikke evalueres her: {why}")
        }
        EvalErrorKind::Malformed(what) => format!("{what} i dataene er ikke på riktig form"),
        EvalErrorKind::Budget(steps) => format!("det tar mer enn {steps} steg"),
    }
}

/// Why an expression does not fit the definitions.
fn semantics(kind: &SemanticErrorKind) -> String {
    match kind {
        SemanticErrorKind::UnknownElement { name, near, types } => {
            let near = near.as_ref().map(|near| format!("; mente du {near}?")).unwrap_or_default();
            format!("{types} har ikke noe element {name}{near}")
        }
        SemanticErrorKind::WrongContext { name, types } => {
            format!("uttrykket begynner med {name}, men gjelder {types}")
        }
        SemanticErrorKind::Type { what, found } => format!("{what} tar ikke {found}"),
    }
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
