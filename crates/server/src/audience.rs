//! Whom an answer speaks to. The catalogue's texts are written for whoever sends messages; at the outlet, at the figures for
//! the operator and at what anybody may read there is nobody who could send a message again.

use crate::route::{Methods, Route};
use lmr_lmdi::codes::{Bilingual, Code};

/// Who reads an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Whoever sends messages, or tries to.
    Sender,
    /// Whoever asks for what there is to read: health, codes, certificates, a receipt.
    Reader,
    /// Whoever collects the receiver's figures.
    Collector,
    /// The service behind the receiver that fetches messages.
    Service,
}

/// What is said of a code in place of the catalogue's explanation and remedy.
pub(crate) struct Words {
    pub(crate) explanation: Bilingual,
    pub(crate) remedy: Bilingual,
}

const fn words(explanation: [&'static str; 2], remedy: [&'static str; 2]) -> Option<Words> {
    let [nb, en] = explanation;
    let explanation = Bilingual { nb, en };
    let [nb, en] = remedy;
    Some(Words { explanation, remedy: Bilingual { nb, en } })
}

/// Who finds the cause of what was nobody's wish.
const ASK_AGAIN: [&str; 2] = [
    "Spør igjen senere. Skjer det flere ganger, finner den som driver mottaket årsaken i loggen under korrelasjonsid-en.",
    "Ask again later. If it happens several times, whoever runs the receiver finds the cause in the log under the \
     correlation id.",
];

impl Audience {
    /// Of a call to this route, or to none; `at_outlet`: on the outlet's listener.
    pub(crate) fn of(route: Option<&Route>, at_outlet: bool) -> Self {
        match route {
            _ if at_outlet => Self::Service,
            Some(route) if route.path == "/metrics" => Self::Collector,
            Some(route) if route.methods == Methods::Get => Self::Reader,
            Some(_) | None => Self::Sender,
        }
    }

    /// What to say of a code instead of what the catalogue says to senders; `None` where that fits.
    pub(crate) fn words(self, code: Code) -> Option<Words> {
        use Audience::{Collector, Reader, Sender, Service};
        match (self, code) {
            (Sender, _) => None,
            (Service, Code::AddressNotAllowed) => words(
                [
                    "Bare adressene i outlet.addresses når utleveringen; avsendernes gjelder ikke her.",
                    "Only the addresses in outlet.addresses reach the outlet; those of senders count for nothing here.",
                ],
                [
                    "La den som driver mottaket føre opp adressen i outlet.addresses.",
                    "Have whoever runs the receiver put the address into outlet.addresses.",
                ],
            ),
            (Collector, Code::AddressNotAllowed) => words(
                [
                    "Bare adressene i metrics_addresses får lese tallene.",
                    "Only the addresses in metrics_addresses may read the figures.",
                ],
                [
                    "La den som driver mottaket føre opp adressen i metrics_addresses.",
                    "Have whoever runs the receiver put the address into metrics_addresses.",
                ],
            ),
            (Service, Code::BodyTooLarge) => words(
                [
                    "En kvittering nevner én melding og er på høyst 16 KiB.",
                    "An acknowledgement names one message and has at most 16 KiB.",
                ],
                [
                    "Send avsenderOrgnr og meldingsId for én melding om gangen.",
                    "Send avsenderOrgnr and meldingsId of one message at a time.",
                ],
            ),
            (_, Code::TokenOrganisationMissing) => words(
                [
                    "Mottaket må vite hvilken virksomhet som spør.",
                    "The receiver must know which organisation asks.",
                ],
                [
                    "La klienten få organisasjonsnummer hos utstederen.",
                    "Have the issuer give the client its organisation number.",
                ],
            ),
            (Service, Code::InternalFault) => words(
                [
                    "Noe uventet skjedde hos mottaket. Det som er allokert, kommer igjen når tiden er ute.",
                    "Something unexpected happened at the receiver. What is lent comes again when its time is over.",
                ],
                ASK_AGAIN,
            ),
            (Reader | Collector, Code::InternalFault) => words(
                [
                    "Noe uventet skjedde hos mottaket.",
                    "Something unexpected happened at the receiver.",
                ],
                ASK_AGAIN,
            ),
            (_, Code::StorageUnavailable) => words(
                [
                    "Mottakets database svarer ikke nå.",
                    "The receiver's database does not answer now.",
                ],
                ASK_AGAIN,
            ),
            (_, Code::ShuttingDown) => words(
                [
                    "Mottaket svarer ikke på nye anrop før det er startet igjen.",
                    "The receiver answers no new calls until it has started again.",
                ],
                ["Spør igjen senere.", "Ask again later."],
            ),
            (_, Code::Overloaded) => words(
                ["Mottaket har for mye å gjøre nå.", "The receiver has too much to do now."],
                ["Vent så lenge Retry-After sier.", "Wait as long as Retry-After says."],
            ),
            (_, Code::AuthorityUnavailable) => words(
                [
                    "Mottaket får ikke hentet nøklene til tokenutstederen.",
                    "The receiver cannot fetch the keys of the token issuer.",
                ],
                ASK_AGAIN,
            ),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::HttpError;
    use crate::routes::{OUTLET_ROUTES, ROUTES};
    use lmr_auth::{ProofRejection, TokenRejection};
    use lmr_intake::{AddressStatus, Rejection, StoreError};
    use lmr_lmdi::codes::Language;
    use lmr_lmdi::response::{RefusalPlace, refusal_in_words};

    /// Who can do something about it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Can {
        /// Whoever called.
        Caller,
        /// Whoever runs the receiver; the caller can only ask again.
        Operator,
    }

    fn credentials(rejection: TokenRejection) -> HttpError {
        HttpError::Credentials { rejection, challenges: Vec::new() }
    }

    /// What can end a call where no message is taken, and who can do something about it.
    fn table() -> Vec<(HttpError, Can)> {
        let unavailable = || StoreError::Unavailable("away".into());
        let retry_after = std::time::Duration::from_secs(60);
        let mut all = vec![
            (HttpError::EndpointUnknown, Can::Caller),
            (HttpError::MethodNotAllowed { allow: "GET, HEAD" }, Can::Caller),
            (HttpError::Address(AddressStatus::Unlisted, None), Can::Operator),
            (HttpError::BodyTooLarge, Can::Caller),
            (HttpError::Panic, Can::Operator),
            (unavailable().into(), Can::Operator),
            (StoreError::Damaged { what: "message_content" }.into(), Can::Operator),
            (StoreError::Closing.into(), Can::Operator),
            (Rejection::Internal { doing: "asking" }.into(), Can::Operator),
            (credentials(TokenRejection::KeysUnavailable { retry_after }), Can::Operator),
            (credentials(TokenRejection::ReplayMemoryUnavailable), Can::Operator),
        ];
        all.extend(
            [
                TokenRejection::Missing,
                TokenRejection::Duplicate,
                TokenRejection::Scheme,
                TokenRejection::Issuer,
                TokenRejection::Expired,
                TokenRejection::Signature,
                TokenRejection::UnknownKey,
                TokenRejection::Lifetime,
                TokenRejection::UserToken,
                TokenRejection::OrganisationMissing,
                TokenRejection::Proof(ProofRejection::Missing),
                TokenRejection::Proof(ProofRejection::Replayed),
                TokenRejection::Proof(ProofRejection::OtherKey),
            ]
            .map(|rejection| (credentials(rejection), Can::Caller)),
        );
        all
    }

    fn text(code: Code, audience: Audience, language: Language) -> String {
        let words = audience.words(code).map(|words| (words.explanation, words.remedy));
        let outcome = refusal_in_words(code, &RefusalPlace::default(), Some("c"), words);
        let issue = &outcome.issue[0];
        match language {
            Language::Bokmal => issue.text.clone().unwrap_or_default(),
            Language::English => issue.translations[0].1.clone(),
        }
    }

    #[test]
    fn every_answer_speaks_to_whoever_reads_it() {
        for (error, can) in table() {
            let code = error.row().code;
            for audience in [Audience::Reader, Audience::Collector, Audience::Service] {
                // What is read for its address alone is a sender's receipt.
                if audience == Audience::Reader && code == Code::AddressNotAllowed {
                    continue;
                }
                let (nb, en) = (
                    text(code, audience, Language::Bokmal),
                    text(code, audience, Language::English),
                );
                let what = format!("{code} to {audience:?}: {nb} / {en}");
                // Only a sender has a message that it could send again, and addresses of its own at the register.
                for (text, wrong) in [
                    (&nb, "melding på nytt"),
                    (&nb, "Meld inn"),
                    (&nb, "som sender"),
                    (&nb, "Send med POST"),
                    (&en, "message again"),
                    (&en, "Tell the register"),
                    (&en, "which organisation sends"),
                    (&en, "Send with POST"),
                    (&en, "Nothing was stored"),
                ] {
                    assert!(!text.contains(wrong), "{what}");
                }
                let (operator, later) = (
                    nb.contains("driver mottaket") && en.contains("whoever runs the receiver"),
                    nb.contains("senere") && en.contains("later"),
                );
                match can {
                    Can::Caller => assert!(!operator, "{what}"),
                    Can::Operator => assert!(operator || later, "{what}"),
                }
            }
            let to_senders = text(code, Audience::Sender, Language::English);
            let catalogue = code.text();
            assert!(to_senders.contains(catalogue.remedy.en), "{code}: {to_senders}");
        }
    }

    #[test]
    fn every_route_has_its_readers() {
        for route in &ROUTES {
            let expected = match (route.path, route.methods) {
                ("/metrics", _) => Audience::Collector,
                (_, Methods::Get) => Audience::Reader,
                (_, Methods::Post) => Audience::Sender,
            };
            assert_eq!(Audience::of(Some(route), false), expected, "{}", route.path);
        }
        for route in OUTLET_ROUTES.iter().map(Some).chain([None]) {
            assert_eq!(Audience::of(route, true), Audience::Service);
        }
        assert_eq!(Audience::of(None, false), Audience::Sender);
    }
}
