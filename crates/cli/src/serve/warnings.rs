//! What a start takes, and an operator has most likely not meant. The start, its check and `lmr doctor` say the same.

use std::path::Path;

use jiff::civil::Date;
use lmr_envelope::{Trust, TrustError};
use lmr_intake::Avsender;
use lmr_web::LONGEST_MINUTES;

use crate::clock;
use crate::config::callers::{everybody, instead_of_everybody};
use crate::config::database_address::{as_url, has_no_effect, without_effect};
use crate::config::receiver::{ProxyHeaderName, ReceiverConfig};
use crate::doctor::files::{health_data_open, open_to_others};
use crate::text::{Text, text};

/// One of them.
pub(crate) struct Warning {
    /// Name for programs, as in `lmr doctor --format json`.
    pub(crate) id: &'static str,
    pub(crate) found: Text,
    pub(crate) remedy: Text,
}

impl Warning {
    /// Both on one line.
    pub(crate) fn line(&self) -> Text {
        Text::of(|language| format!("{}: {}", self.found.get(language), self.remedy.get(language)))
    }
}

/// What the start and its check say: of the configuration, of its files, and of the senders of both. `stored` are those of
/// the database.
pub(crate) fn of_start(
    config: &ReceiverConfig,
    folder: &Path,
    stored: &[Avsender],
) -> anyhow::Result<Vec<Warning>> {
    let mut all = of_config(config);
    all.extend(of_certificates(config, folder));
    all.extend(of_files(config, folder));
    all.extend(of_senders(&config.avsendere(folder)?, stored, config.trust(folder)?.as_ref()));
    Ok(all)
}

/// What is to be said of a configuration as a whole.
pub(crate) fn of_config(config: &ReceiverConfig) -> Vec<Warning> {
    let mut all: Vec<Warning> =
        config.lists_with_everybody().iter().map(|key| with_everybody(key)).collect();
    all.extend(plain_text(config));
    all.extend(tokens_of_the_past(config));
    all.extend(header_of_nobody(config));
    all.extend(session_without_end(config));
    all.extend(parameters_without_effect(config));
    all
}

fn header_of_nobody(config: &ReceiverConfig) -> Option<Warning> {
    let is_written = config.proxy_header != ProxyHeaderName::default();
    (is_written && config.trusted_proxies.is_empty()).then(|| Warning {
        id: "proxy_header",
        found: text!(
            "proxy_header virker ikke uten trusted_proxies",
            "proxy_header has no effect without trusted_proxies"
        ),
        remedy: text!("før opp proxyene, eller ta den bort", "list the proxies, or leave it out"),
    })
}

fn session_without_end(config: &ReceiverConfig) -> Option<Warning> {
    let minutes = config.console.as_ref().map(|console| u64::from(console.session_minutes));
    minutes.filter(|minutes| *minutes > LONGEST_MINUTES).map(|minutes| Warning {
        id: "console.session_minutes",
        found: text!(
            "console.session_minutes er {minutes}, men hver økt slutter etter {LONGEST_MINUTES} minutter",
            "console.session_minutes is {minutes}, but every session ends after {LONGEST_MINUTES} minutes"
        ),
        remedy: text!(
            "skriv høyst {LONGEST_MINUTES}; en økt som ikke er i bruk, er det verdien gjelder",
            "write {LONGEST_MINUTES} at most; the value is about a session that is not used"
        ),
    })
}

/// Certificates that are in a list twice.
pub(crate) fn of_certificates(config: &ReceiverConfig, folder: &Path) -> Vec<Warning> {
    let repeated = config.repeated_certificates(folder).into_iter();
    repeated
        .map(|(list, thumbprint)| Warning {
            id: "certificate.repeated",
            found: text!(
                "{list}: to av dem er det samme sertifikatet ({thumbprint}), så det er ikke noe å bytte til",
                "{list}: two of them are the same certificate ({thumbprint}), so there is none to change to"
            ),
            remedy: text!(
                "ta bort den ene, eller oppgi det andre sertifikatet",
                "leave one out, or name the other certificate"
            ),
        })
        .collect()
}

/// What other users of the machine can read.
fn of_files(config: &ReceiverConfig, folder: &Path) -> Vec<Warning> {
    let files = config.database_files(folder);
    let open = files.iter().flat_map(|file| open_to_others(file));
    open.map(|(file, mode)| {
        let (found, remedy) = health_data_open(&file, mode);
        Warning { id: "files.mode", found, remedy }
    })
    .collect()
}

/// What is to be said of senders: those of the file, and those of the database. `trust` is who must have issued their
/// certificates, where that matters.
pub(crate) fn of_senders(
    configured: &[Avsender],
    stored: &[Avsender],
    trust: Option<&Trust>,
) -> Vec<Warning> {
    let mut all = Vec::new();
    for one in stored.iter().filter(|one| one.addresses.has_everybody()) {
        all.push(with_everybody(&format!("{}: addresses", one.organisation)));
    }
    let is_stored_alone =
        |one: &&Avsender| configured.iter().all(|other| other.organisation != one.organisation);
    for one in configured.iter().chain(stored.iter().filter(is_stored_alone)) {
        all.extend(one.start_date.and_then(|start| odd_start_date(&one.name, start)));
        all.extend(without_certificate(one));
        all.extend(trust.and_then(|trust| without_trust(one, trust)));
    }
    all
}

fn with_everybody(key: &str) -> Warning {
    Warning { id: "addresses.everybody", found: everybody(key), remedy: instead_of_everybody() }
}

/// Without TLS, and with no proxy known that does it: whoever listens on the way reads the tokens.
fn plain_text(config: &ReceiverConfig) -> Option<Warning> {
    let address = config.listen;
    let is_open = config.tls.is_none() && !address.ip().is_loopback();
    (is_open && config.trusted_proxies.is_empty()).then(|| Warning {
        id: "tls",
        found: text!(
            "mottaket lytter på {address} uten [tls], og ingen trusted_proxies er oppgitt",
            "the receiver listens on {address} without [tls], and no trusted_proxies are given"
        ),
        remedy: text!(
            "gjør TLS her ([tls]), eller lytt bare for proxyen som gjør det, og før den opp i trusted_proxies",
            "do TLS here ([tls]), or listen for the proxy alone that does it, and list it in trusted_proxies"
        ),
    })
}

fn parameters_without_effect(config: &ReceiverConfig) -> Vec<Warning> {
    let identities = config.identities.as_ref().map(|section| &section.database);
    let own = [("database", Some(&config.database)), ("identities.database", identities)];
    let own = own.into_iter().filter_map(|(key, path)| Some((key.to_owned(), as_url(path?)?)));
    let others =
        config.databases.iter().map(|(name, url)| (format!("databases.{name}"), url.as_str()));
    let all = own.chain(others).map(|(key, url)| (key, without_effect(url)));
    all.filter(|(_, names)| !names.is_empty())
        .map(|(key, names)| {
            let (found, remedy) = has_no_effect(&key, &names);
            Warning { id: "database.parameters", found, remedy }
        })
        .collect()
}

fn tokens_of_the_past(config: &ReceiverConfig) -> Vec<Warning> {
    let now = clock::now();
    let trusted = config.trust.iter().filter_map(|one| {
        let ended = one.not_after.filter(|end| *end < now)?;
        Some((format!("[[trust]] {}", one.name.as_deref().unwrap_or("-")), ended))
    });
    let older = config.helseid.as_ref().and_then(|one| one.not_after.filter(|end| *end < now));
    trusted
        .chain(older.map(|ended| ("[helseid]".to_owned(), ended)))
        .map(|(section, ended)| Warning {
            id: "trust",
            found: text!(
                "{section}: not_after er {ended}, så ingen slike tokener blir godtatt",
                "{section}: not_after is {ended}, so no such token is accepted"
            ),
            remedy: text!(
                "ta bort den delen, eller rett not_after",
                "leave the section out, or correct not_after"
            ),
        })
        .collect()
}

/// Nobody can send in its name.
fn without_certificate(one: &Avsender) -> Option<Warning> {
    let now = clock::now();
    let is_without = one.active && one.certificates.iter().all(|c| c.check_valid(now).is_err());
    let (number, name) = (one.organisation, &one.name);
    is_without.then(|| Warning {
        id: "sender.certificate",
        found: text!(
            "avsender {number} {name} har ikke noe gyldig sertifikat, så meldingene dens blir avvist",
            "sender {number} {name} has no valid certificate, so its messages are refused"
        ),
        remedy: text!(
            "certificates under [[avsender]], eller lmr admin add-certificate {number} FIL",
            "`certificates` of its [[avsender]], or lmr admin add-certificate {number} FILE"
        ),
    })
}

/// None of its certificates is one that the authorities of the configuration have issued, so its messages are refused.
fn without_trust(one: &Avsender, trust: &Trust) -> Option<Warning> {
    let now = clock::now();
    let mut faults = Vec::new();
    for registered in one.certificates.iter().filter(|c| c.check_valid(now).is_ok()) {
        faults.push(trust.check(&registered.certificate, now).err()?);
    }
    let (number, name) = (one.organisation, &one.name);
    let fault = faults.first().filter(|_| one.active)?;
    let reason = reason(fault);
    Some(Warning {
        id: "sender.authority",
        found: Text {
            nb: format!("meldingene til avsender {number} {name} blir avvist: {}", reason.nb),
            en: format!("the messages of sender {number} {name} are refused: {}", reason.en),
        },
        remedy: text!(
            "ha utstederen i authorities, og en gyldig liste fra den i revocations om den er oppgitt",
            "have the issuer in `authorities`, and a current list of it in `revocations` where that is given"
        ),
    })
}

/// Why a certificate is not trusted.
fn reason(error: &TrustError) -> Text {
    let nb = match error {
        TrustError::UnknownIssuer { thumbprint } => {
            format!("sertifikatet {thumbprint} er ikke utstedt av noen i authorities")
        }
        TrustError::IssuerNotValid { thumbprint } => {
            format!("utstederen av sertifikatet {thumbprint} er ikke gyldig nå")
        }
        TrustError::Revoked { thumbprint } => {
            format!("sertifikatet {thumbprint} er tilbakekalt")
        }
        TrustError::NoCurrentRevocationList { thumbprint } => {
            format!(
                "det er ingen gyldig tilbakekallingsliste fra utstederen av sertifikatet {thumbprint}"
            )
        }
        TrustError::Unreadable { .. } => "authorities eller revocations kan ikke leses".to_owned(),
    };
    Text { nb, en: error.to_string() }
}

/// Year before which nobody has agreed to report from.
const FIRST_YEAR: i16 = 2020;

/// A start date that is most likely misspelt: until one that is far ahead no day without a delivery is noticed, and since one
/// of the past every such day is.
pub(crate) fn odd_start_date(name: &str, start: Date) -> Option<Warning> {
    let today = clock::oslo(clock::now()).date();
    let is_far = start.year() > today.year() + 1;
    let found = match is_far {
        true => text!(
            "{name}: startdatoen {start} er nok feilskrevet; til da savnes ingen leveranser",
            "{name}: the start date {start} is most likely misspelt; until then no delivery is missed"
        ),
        false => text!(
            "{name}: startdatoen {start} er nok feilskrevet; leveranser savnes allerede fra den datoen",
            "{name}: the start date {start} is most likely misspelt; deliveries are missed from then on"
        ),
    };
    (is_far || start.year() < FIRST_YEAR).then(|| Warning {
        id: "sender.start_date",
        found,
        remedy: text!(
            "rett start_date, eller lmr admin set --start-date",
            "correct start_date, or lmr admin set --start-date"
        ),
    })
}
