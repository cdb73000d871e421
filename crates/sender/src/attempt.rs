//! Why an attempt to deliver a message failed: typed, stored by name, and said in both languages here.

mod issuer_codes;

use std::fmt;

use lmr_auth::ConnectCause;
use lmr_fhir::Language;
use lmr_lmdi::codes::Code;
use serde::{Deserialize, Serialize};

/// Why a message was not delivered by an attempt, or will not be delivered at all.
///
/// Holds nothing of the message, of a token or of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum AttemptFailure {
    /// No connection to the register.
    NoConnection {
        /// Why.
        reason: ConnectionFailure,
    },
    /// The time allowed for the exchange ran out.
    NoAnswerInTime,
    /// The answer began and did not end.
    AnswerBrokenOff,
    /// The connection broke before an answer.
    ConnectionBroken,
    /// The answer is larger than the limit.
    AnswerTooLarge,
    /// The HTTP client could not make the request.
    RequestNotMade,
    /// The process ended during the attempt.
    ProcessEnded,
    /// The process was asked to stop before the answer came.
    StopRequested,
    /// An answer that does not deliver the message.
    Status {
        /// HTTP status.
        status: u16,
        /// What is known beyond the status.
        note: StatusNote,
        /// The register's codes, `LMR-nnnn` where it used the catalogue.
        codes: Vec<String>,
    },
    /// No access token.
    Token {
        /// The configured issuer by its name and address; none in what an older version stored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
        /// Why.
        reason: TokenFailure,
    },
    /// An operator gave the message up.
    GivenUp,
    /// The message was sealed with the same certificates as one that was refused for them.
    SealedLikeRefused,
    /// The address of the register is another one than before, and nothing shows that the same register answers there.
    OtherReceiver {
        /// The address before.
        before: String,
        /// The address now.
        now: String,
    },
    /// The address of the register is another one than before, and what answers there could not be asked which register it
    /// is.
    NewAddressUnreached {
        /// The address before.
        before: String,
        /// The address now.
        now: String,
        /// Why it could not be asked.
        reason: Box<Self>,
    },
    /// The address of the register is another one than before, and what answers there refuses to say which register it is.
    NewAddressUntold {
        /// The address before.
        before: String,
        /// The address now.
        now: String,
        /// How it refuses.
        reason: Box<Self>,
    },
    /// A text of another version of the program.
    Other {
        /// The text.
        text: String,
    },
}

/// What an answer with an error status says beyond the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatusNote {
    /// The register itself answered.
    Register,
    /// Nothing shows that the register itself answered: a proxy, a gateway or another server may have.
    NotTheRegister,
    /// Success, but without an answer to this message.
    NotAsAgreed,
    /// The access token was fresh.
    FreshToken,
    /// A redirect, which is never followed.
    Redirect,
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionFailure {
    /// The name has no address.
    NameUnknown,
    /// Nothing listens at the address.
    Refused,
    /// No answer to the connection.
    Timeout,
    /// The network has no way to the address.
    Unreachable,
    /// The server's certificate is from an authority that is not trusted.
    UnknownAuthority,
    /// The server's certificate has expired, or the clock here is wrong.
    CertificateExpired,
    /// The server's certificate is not valid yet, or the clock here is wrong.
    CertificateNotYetValid,
    /// The server's certificate is for another name.
    CertificateName,
    /// The server's certificate is not accepted for another reason: its signature, its form, its use.
    CertificateInvalid,
    /// What answers does not speak TLS.
    NotTls,
    /// The proxy wants to know who we are, or does not accept it.
    ProxyLogin,
    /// The proxy gave no connection to the server.
    ProxyRefused,
    /// Anything else, in the words of the HTTP client.
    #[serde(untagged)]
    Other(String),
}

/// Why there is no access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "token", rename_all = "kebab-case")]
pub enum TokenFailure {
    /// The issuer cannot be reached.
    IssuerUnreachable {
        /// Why there is no connection.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<ConnectionFailure>,
        /// Where there was one: in the words of the HTTP client.
        #[serde(default)]
        detail: String,
    },
    /// The issuer, or something before it, answered with a status that says nothing of the client.
    IssuerUnavailable {
        /// HTTP status.
        status: u16,
    },
    /// The issuer's answer is not what the protocol says.
    AnswerUnusable {
        /// What is wrong, in English: for whoever runs the issuer.
        detail: String,
    },
    /// The issuer names a configuration error (RFC 6749 section 5.2).
    ClientRefused {
        /// HTTP status.
        status: u16,
        /// The OAuth error by name.
        error: String,
        /// The number of the HelseID code, where one was given.
        hid: Option<u16>,
    },
    /// The same, and the clock here differs from the issuer's by more than assertions and proofs allow: most likely
    /// that is why.
    ClockDiffers {
        /// How far the clock here is ahead; negative where it is behind.
        ahead_seconds: i64,
        /// HTTP status.
        status: u16,
        /// The OAuth error by name.
        error: String,
        /// The number of the HelseID code, where one was given.
        hid: Option<u16>,
    },
    /// The metadata is that of another issuer than the one configured.
    OtherIssuer,
    /// The token lacks the scope.
    ScopeWithheld,
    /// The client's key cannot sign.
    KeyUnusable {
        /// Why, in English.
        detail: String,
    },
    /// Anything else.
    Other {
        /// In English.
        detail: String,
    },
}

impl AttemptFailure {
    /// As it is stored.
    pub(crate) fn to_stored(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From the outbox; what an older version stored was a sentence.
    pub(crate) fn from_stored(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self::Other { text: text.to_owned() })
    }

    /// The HTTP status, where there was an answer.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The sentence, without a full stop.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let nb = language == Language::Bokmal;
        let pick = |no: &str, en: &str| (if nb { no } else { en }).to_owned();
        match self {
            Self::NoConnection { reason } => {
                let start =
                    pick("ingen forbindelse med registeret", "no connection to the register");
                format!("{start}: {}", reason.text(language))
            }
            Self::NoAnswerInTime => {
                pick("registeret svarte ikke i tide", "the register did not answer in time")
            }
            Self::AnswerBrokenOff => pick("svaret ble avbrutt", "the answer broke off"),
            Self::ConnectionBroken => pick(
                "forbindelsen ble brutt før svaret kom",
                "the connection broke before the answer",
            ),
            Self::AnswerTooLarge => {
                pick("svaret er større enn det som leses", "the answer is larger than is read")
            }
            Self::RequestNotMade => {
                pick("kallet kunne ikke lages", "the request could not be made")
            }
            Self::ProcessEnded => pick("prosessen ble avsluttet", "the process ended"),
            Self::StopRequested => pick(
                "programmet ble bedt om å avslutte før svaret kom",
                "the program was asked to stop before the answer came",
            ),
            Self::Status { status, note, codes } => {
                let note = match note {
                    StatusNote::Register => String::new(),
                    StatusNote::NotTheRegister => pick(
                        ", men svaret er ikke registerets eget: noe på veien (mellomtjener, brannmur) \
                         eller en annen tjener på adressen kan ha svart",
                        ", but the answer is not the register's own: something on the way (proxy, \
                         firewall) or another server at the address may have answered",
                    ),
                    StatusNote::NotAsAgreed => {
                        pick(", men ikke på avtalt form", ", but not in the form agreed")
                    }
                    StatusNote::FreshToken => pick(" på et ferskt token", " to a fresh token"),
                    StatusNote::Redirect => pick(
                        ": det ser ut til å ha en annen adresse",
                        ": it seems to have another address",
                    ),
                };
                let codes: Vec<String> =
                    codes.iter().map(|code| with_title(code, language)).collect();
                let codes = match codes.is_empty() {
                    true => String::new(),
                    false => format!(" ({})", codes.join(", ")),
                };
                let start = pick("registeret svarte HTTP", "the register answered HTTP");
                format!("{start} {status}{note}{codes}")
            }
            Self::Token { issuer, reason } => reason.text(issuer.as_deref(), language),
            Self::GivenUp => pick("gitt opp av en operatør", "given up by an operator"),
            Self::SealedLikeRefused => pick(
                "forseglet som en melding som ble avvist",
                "sealed like a message that was refused",
            ),
            Self::OtherReceiver { before, now } if language == Language::Bokmal => format!(
                "receiver.url er en annen enn før ({before} ble {now}), og ingen kvittering viser at det er samme \
                 register. Databasen sier hva det forrige har: til et annet register hører en ny databasefil (database). Er \
                 det samme register under en ny adresse: lmr send run --same-register, én gang"
            ),
            Self::OtherReceiver { before, now } => format!(
                "receiver.url is another one than before ({before} became {now}), and no receipt shows that it is the same \
                 register. The database says what the former one has: to another register belongs a new database file \
                 (database). If it is the same register at a new address: lmr send run --same-register, once"
            ),
            Self::NewAddressUnreached { before, now, reason } => {
                let reason = reason.text(language);
                match language {
                    Language::Bokmal => format!(
                        "receiver.url er en annen enn før ({before} ble {now}), og om det er samme register kunne ikke \
                         spørres nå: {reason}. Ingenting er sendt; neste overføring spør igjen. Er adressen feil, rett \
                         receiver.url"
                    ),
                    Language::English => format!(
                        "receiver.url is another one than before ({before} became {now}), and whether it is the same \
                         register could not be asked now: {reason}. Nothing was sent; the next transfer asks again. If the \
                         address is wrong, correct receiver.url"
                    ),
                }
            }
            Self::NewAddressUntold { before, now, reason } => {
                let reason = reason.text(language);
                match language {
                    Language::Bokmal => format!(
                        "receiver.url er en annen enn før ({before} ble {now}), og svaret på spørsmålet om det er samme \
                         register, sier det ikke: {reason}. Ingenting er sendt. Er adressen feil, rett receiver.url; er \
                         tilgangen ikke gitt der ennå, be registeret om den. Er det samme register, og svarer det ikke på \
                         dette: lmr send run --same-register, én gang. Til et annet register hører en ny databasefil \
                         (database)"
                    ),
                    Language::English => format!(
                        "receiver.url is another one than before ({before} became {now}), and the answer to the question \
                         whether it is the same register does not say it: {reason}. Nothing was sent. If the address is \
                         wrong, correct receiver.url; if access is not granted there yet, ask the register for it. If it \
                         is the same register, and does not answer this: lmr send run --same-register, once. To another \
                         register belongs a new database file (database)"
                    ),
                }
            }
            Self::Other { text } => text.clone(),
        }
    }

    /// Whether a run that it ended is tried again by itself, and needs no person.
    #[must_use]
    pub fn passes_by_itself(&self) -> bool {
        matches!(self, Self::NewAddressUnreached { .. })
    }
}

impl fmt::Display for AttemptFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

fn with_title(code: &str, language: Language) -> String {
    match Code::parse(code) {
        Some(known) => format!("{code}: {}", known.title(language)),
        None => code.to_owned(),
    }
}

impl ConnectionFailure {
    /// From the error of a connection that was not made.
    pub(crate) fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        match ConnectCause::of(error) {
            ConnectCause::Unknown => {
                let mut innermost = error;
                while let Some(cause) = innermost.source() {
                    innermost = cause;
                }
                Self::Other(innermost.to_string())
            }
            known => known.into(),
        }
    }

    /// The reason as a half sentence.
    #[must_use]
    pub fn text(&self, language: Language) -> &str {
        let (nb, en) = match self {
            Self::NameUnknown => {
                ("navnet på tjeneren er ukjent (DNS)", "the server's name is unknown (DNS)")
            }
            Self::Refused => ("ingenting svarer på adressen", "nothing answers at the address"),
            Self::Timeout => ("adressen svarer ikke", "the address does not answer"),
            Self::Unreachable => {
                ("nettet har ingen vei til adressen", "the network has no way to the address")
            }
            Self::UnknownAuthority => (
                "tjenerens sertifikat er fra en utsteder som ikke er klarert (receiver.tls_ca, \
                 tls.authorities)",
                "the server's certificate is from an authority that is not trusted \
                 (receiver.tls_ca, tls.authorities)",
            ),
            Self::CertificateExpired => (
                "tjenerens sertifikat er utløpt, eller klokken her går feil",
                "the server's certificate has expired, or the clock here is wrong",
            ),
            Self::CertificateNotYetValid => (
                "tjenerens sertifikat gjelder ikke ennå, eller klokken her går feil",
                "the server's certificate is not valid yet, or the clock here is wrong",
            ),
            Self::CertificateName => (
                "tjenerens sertifikat gjelder et annet navn",
                "the server's certificate is for another name",
            ),
            Self::CertificateInvalid => (
                "tjenerens sertifikat godtas ikke: signaturen eller formen er feil (er receiver.tls_ca \
                 den rette?)",
                "the server's certificate is not accepted: its signature or its form is wrong (is \
                 receiver.tls_ca the right one?)",
            ),
            Self::NotTls => (
                "det som svarer, bruker ikke TLS: er adressen eller porten riktig?",
                "what answers does not speak TLS: is the address or port right?",
            ),
            Self::ProxyLogin => (
                "mellomtjeneren krever bruker og passord, eller godtar dem ikke (network.proxy_user, \
                 network.proxy_password_file)",
                "the proxy demands user and password, or does not accept them (network.proxy_user, \
                 network.proxy_password_file)",
            ),
            Self::ProxyRefused => (
                "mellomtjeneren gir ingen forbindelse til adressen; den må slippe den gjennom",
                "the proxy does not connect to the address; it must let it through",
            ),
            Self::Other(text) => (text.as_str(), text.as_str()),
        };
        if language == Language::Bokmal { nb } else { en }
    }
}

impl From<ConnectCause> for ConnectionFailure {
    fn from(cause: ConnectCause) -> Self {
        match cause {
            ConnectCause::NameUnknown => Self::NameUnknown,
            ConnectCause::Refused => Self::Refused,
            ConnectCause::Timeout => Self::Timeout,
            ConnectCause::Unreachable => Self::Unreachable,
            ConnectCause::UnknownAuthority => Self::UnknownAuthority,
            ConnectCause::CertificateExpired => Self::CertificateExpired,
            ConnectCause::CertificateNotYetValid => Self::CertificateNotYetValid,
            ConnectCause::CertificateName => Self::CertificateName,
            ConnectCause::CertificateInvalid => Self::CertificateInvalid,
            ConnectCause::NotTls => Self::NotTls,
            ConnectCause::ProxyLogin => Self::ProxyLogin,
            ConnectCause::ProxyRefused => Self::ProxyRefused,
            ConnectCause::Unknown => Self::Other(cause.to_string()),
        }
    }
}

impl TokenFailure {
    /// The sentence, without a full stop. `issuer` is the configured one by its name and address, where it is known.
    #[must_use]
    pub fn text(&self, issuer: Option<&str>, language: Language) -> String {
        let nb = language == Language::Bokmal;
        let pick = |no: &'static str, en: &'static str| if nb { no } else { en };
        let name = issuer.unwrap_or(pick("utstederen av tokener", "the issuer of tokens"));
        match self {
            Self::IssuerUnreachable { reason, detail } => {
                let start = format!("{name} {}", pick("kan ikke nås", "cannot be reached"));
                let why = reason.as_ref().map_or(detail.as_str(), |reason| reason.text(language));
                if why.is_empty() { start } else { format!("{start}: {why}") }
            }
            Self::IssuerUnavailable { status } => {
                let what = pick("er ikke tilgjengelig", "is unavailable");
                format!("{name} {what} (HTTP {status})")
            }
            Self::AnswerUnusable { detail } if nb => {
                format!("svaret fra {name} kan ikke brukes: {detail}")
            }
            Self::AnswerUnusable { detail } => {
                format!("the answer of {name} is not usable: {detail}")
            }
            Self::ClientRefused { status, error, hid } => {
                let code = hid.map(|number| format!(" (HID-{number})")).unwrap_or_default();
                let named = format!("{error}{code}");
                let issuer = issuer.unwrap_or_else(|| issuer_codes::issuer(&named));
                let start = pick("avviser klienten", "refuses the client");
                let remedy = issuer_codes::remedy(&named, language)
                    .map(|remedy| format!(": {remedy}"))
                    .unwrap_or_default();
                format!("{issuer} {start} (HTTP {status}): {named}{remedy}")
            }
            Self::ClockDiffers { ahead_seconds, status, error, hid } => {
                let refused =
                    Self::ClientRefused { status: *status, error: error.clone(), hid: *hid };
                let (size, is_ahead) = (ahead_seconds.unsigned_abs(), *ahead_seconds > 0);
                let refused = refused.text(issuer, language);
                match (nb, is_ahead) {
                    (true, true) => format!(
                        "klokka her er {size} sekunder foran klokka til {name}: still den, helst med NTP. {refused}"
                    ),
                    (true, false) => format!(
                        "klokka her er {size} sekunder etter klokka til {name}: still den, helst med NTP. {refused}"
                    ),
                    (false, true) => format!(
                        "the clock here is {size} seconds ahead of that of {name}: set it, best by NTP. {refused}"
                    ),
                    (false, false) => format!(
                        "the clock here is {size} seconds behind that of {name}: set it, best by NTP. {refused}"
                    ),
                }
            }
            Self::OtherIssuer if nb => {
                format!("metadataene på adressen tilhører en annen utsteder enn {name}: se issuer")
            }
            Self::OtherIssuer => {
                format!("the metadata at the address names another issuer than {name}: see issuer")
            }
            Self::ScopeWithheld if nb => format!(
                "{name} gir ikke scopet; har organisasjonen signert vilkårene og fått tilgang?"
            ),
            Self::ScopeWithheld => format!(
                "{name} withheld the scope; has the organisation signed the terms and got access?"
            ),
            Self::KeyUnusable { detail } if nb => {
                format!("nøkkelen til klienten hos {name} kan ikke brukes: {detail}")
            }
            Self::KeyUnusable { detail } => {
                format!("the key of the client at {name} cannot be used: {detail}")
            }
            Self::Other { detail } => detail.clone(),
        }
    }
}

impl fmt::Display for TokenFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(None, Language::English))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_stored_by_name_and_comes_back_as_it_was() {
        for failure in [
            AttemptFailure::NoConnection { reason: ConnectionFailure::Refused },
            AttemptFailure::NoConnection { reason: ConnectionFailure::Other("tunnel".into()) },
            AttemptFailure::Token {
                issuer: Some("Maskinporten (https://test.maskinporten.no/)".into()),
                reason: TokenFailure::ClientRefused {
                    status: 400,
                    error: "invalid_client".into(),
                    hid: Some(7),
                },
            },
            AttemptFailure::Status {
                status: 401,
                note: StatusNote::FreshToken,
                codes: vec!["LMR-1012".into()],
            },
            AttemptFailure::GivenUp,
        ] {
            assert_eq!(AttemptFailure::from_stored(&failure.to_stored()), failure);
        }
        let old = "the register answered HTTP 503";
        assert_eq!(AttemptFailure::from_stored(old).text(Language::Bokmal), old);
    }

    #[test]
    fn a_failure_is_said_in_both_languages_with_the_titles_of_its_codes() {
        let failure = AttemptFailure::Status {
            status: 404,
            note: StatusNote::Register,
            codes: vec!["LMR-1002".into()],
        };
        let title = Code::parse("LMR-1002").unwrap().title(Language::Bokmal);
        assert_eq!(
            failure.text(Language::Bokmal),
            format!("registeret svarte HTTP 404 (LMR-1002: {title})")
        );
        let refused = AttemptFailure::NoConnection { reason: ConnectionFailure::Refused };
        assert_eq!(
            refused.text(Language::Bokmal),
            "ingen forbindelse med registeret: ingenting svarer på adressen"
        );
        assert_eq!(
            refused.text(Language::English),
            "no connection to the register: nothing answers at the address"
        );
    }

    #[test]
    fn every_failure_of_a_token_names_the_configured_issuer() {
        let detail = || "x".to_owned();
        let all = [
            TokenFailure::IssuerUnreachable { reason: None, detail: detail() },
            TokenFailure::IssuerUnavailable { status: 503 },
            TokenFailure::AnswerUnusable { detail: detail() },
            TokenFailure::ClientRefused { status: 400, error: "invalid_scope".into(), hid: None },
            TokenFailure::ClockDiffers {
                ahead_seconds: -172_799,
                status: 400,
                error: "invalid_client".into(),
                hid: None,
            },
            TokenFailure::OtherIssuer,
            TokenFailure::ScopeWithheld,
            TokenFailure::KeyUnusable { detail: detail() },
        ];
        let issuer = "Maskinporten (https://test.maskinporten.no/)";
        for reason in all {
            for language in [Language::Bokmal, Language::English] {
                let failure =
                    AttemptFailure::Token { issuer: Some(issuer.into()), reason: reason.clone() };
                let text = failure.text(language);
                assert!(text.contains(issuer), "{text}");
                assert!(!text.to_lowercase().contains("helseid"), "{text}");
            }
        }
        // What an older version stored has no issuer.
        let old = r#"{"cause":"token","reason":{"token":"scope-withheld"}}"#;
        let text = AttemptFailure::from_stored(old).text(Language::English);
        assert!(text.starts_with("the issuer of tokens withheld the scope"), "{text}");
    }
}
