//! The sender's short technical texts in bokmål. They are kept in English, since they stand in the outbox and the log;
//! what is not known here is shown as it stands.

use std::borrow::Cow;

use lmr_sender::{Damage, SourceFault};

/// What is wrong with a part of the source.
pub(super) fn damage(damage: &Damage) -> String {
    let line = damage.line.map(|line| format!(":{line}")).unwrap_or_default();
    let fault = match &damage.fault {
        SourceFault::Unreadable { reason } => format!("kan ikke leses: {reason}"),
        SourceFault::TooLarge { limit } => format!("er større enn grensen på {limit} byte"),
        SourceFault::Json { column, reason_nb, .. } => {
            format!("er ikke JSON (kolonne {column}): {reason_nb}")
        }
        SourceFault::NotAResource => {
            "er JSON, men ingen FHIR-ressurs: det skal være et objekt med resourceType".to_owned()
        }
        SourceFault::EntryWithoutResource { index } => {
            format!("entry {index} i bundlen har ingen ressurs")
        }
        SourceFault::NoIdentity { resource_type } => format!(
            "{resource_type} har verken identifier, id eller urn:uuid som fullUrl, så den kan ikke kjennes igjen"
        ),
        SourceFault::ChangedMeanwhile => {
            "ble endret mens den ble lest; den tas med i neste overføring".to_owned()
        }
    };
    format!("{}{line}: {fault}", damage.file)
}

/// How an attempt ended, in the outbox's words.
pub(super) fn outcome(outcome: &str) -> &str {
    match outcome {
        "answered" => "besvart",
        "no-answer" => "ikke noe svar",
        "not-reached" => "ikke nådd fram",
        "message-refused" => "meldingen avvist",
        "access-refused" => "ikke tilgang",
        "content-refused" => "innholdet avvist",
        "too-large" => "for stor",
        "interrupted" => "avbrutt",
        other => other,
    }
}

/// Phrases that stand for themselves or at the start of a detail.
const PHRASES: [(&str, &str); 16] = [
    ("no connection to the register", "ingen forbindelse med registeret"),
    ("the register did not answer in time", "registeret svarte ikke i tide"),
    ("the answer broke off", "svaret ble avbrutt"),
    ("the connection broke before the answer", "forbindelsen ble brutt før svaret kom"),
    ("the answer is larger than is read", "svaret er større enn det som leses"),
    ("the request could not be made", "kallet kunne ikke lages"),
    ("the register answered HTTP", "registeret svarte HTTP"),
    (", but not in the form agreed", ", men ikke på avtalt form"),
    (" to a fresh token", " på et ferskt token"),
    (": it seems to have another address", ": det ser ut til å ha en annen adresse"),
    ("the process ended", "prosessen ble avsluttet"),
    ("given up by an operator", "oppgitt av en operatør"),
    ("sealed like a message that was refused", "forseglet som en melding som ble avvist"),
    ("the issuer's metadata cannot be had", "utstederens metadata kan ikke hentes"),
    ("no connection", "ingen forbindelse"),
    ("tcp connect error", "ingenting svarer på adressen"),
];

/// Why a message was not delivered.
pub(super) fn detail(detail: &str) -> Cow<'_, str> {
    PHRASES.iter().fold(Cow::Borrowed(detail), |text, (en, nb)| {
        if text.contains(en) { Cow::Owned(text.replace(en, nb)) } else { text }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_told_in_bokmal_and_unknown_ones_as_they_stand() {
        assert_eq!(
            detail("the register answered HTTP 401 to a fresh token (LMR-1012)"),
            "registeret svarte HTTP 401 på et ferskt token (LMR-1012)"
        );
        assert_eq!(
            detail("no connection to the register: tcp connect error"),
            "ingen forbindelse med registeret: ingenting svarer på adressen"
        );
        assert_eq!(detail("something else"), "something else");
        assert_eq!(outcome("not-reached"), "ikke nådd fram");
    }
}
