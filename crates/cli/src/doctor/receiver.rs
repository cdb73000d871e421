//! What a receiver's file names.

use std::path::Path;
use std::sync::Arc;

use lmr_auth::{IssuerKind, Network, Scheme, TrustProfile};
use lmr_envelope::{DecryptionKey, Usage};
use lmr_intake::{Avsender, Database};
use lmr_storage::{OpenError, Opening, SqliteStore, StorageKey};
use x509_parser::pem::Pem;

use super::{Checks, network};
use crate::clock;
use crate::config::database_address::as_url;
use crate::config::folder_of;
use crate::config::receiver::ReceiverConfig;
use crate::serve::warnings;
use crate::text::{Explain, Text, failure, text};

pub(super) async fn examine(config: &ReceiverConfig, folder: &Path, checks: &mut Checks) {
    if as_url(&config.database).is_none() {
        checks.database_folder = Some(folder_of(&folder.join(&config.database)).to_owned());
    }
    listening(config, checks);
    let of_file = warnings::of_config(config).into_iter();
    for warning in of_file.chain(warnings::of_certificates(config, folder)) {
        checks.warn(warning.id, warning.found, warning.remedy);
    }
    checks.secret_file(&folder.join(&config.column_key));
    if let Some(section) = &config.identities {
        checks.secret_file(&folder.join(&section.key));
    }
    for files in &config.certificate {
        let files = files.from(folder);
        files.secrets().iter().for_each(|secret| checks.secret_file(secret));
        let what =
            text!("registerets nøkkel {key}", "register's key {key}", key = files.key.display());
        let pair = (|| {
            let key = DecryptionKey::new(files.certificate()?, files.private_key()?)?;
            key.certificate().check_usage(Usage::KeyEncipherment)?;
            Ok(key)
        })();
        if let Some(key) = checks.note("certificate.register", &what, pair) {
            let what = text!("registerets sertifikat", "register's certificate");
            checks.validity("certificate.register", &what, key.certificate());
        }
    }
    if config.certificate.is_empty() {
        let missing = failure(text!(
            "ingen [[certificate]] i filen: uten registerets nøkkel kan ingenting åpnes",
            "no [[certificate]] in the file: without the register's key nothing can be opened"
        ));
        checks.error(
            "certificate.register",
            &text!("registerets sertifikater", "register's certificates"),
            &missing,
        );
    }
    tls(config, folder, checks);
    let what = text!("avsenderne i filen", "senders of the file");
    let configured =
        checks.note("senders.file", &what, config.avsendere(folder)).unwrap_or_default();
    senders(&configured, config, checks);
    let store = database(config, folder, &configured, checks).await;
    let what = text!("[[trust]]", "[[trust]]");
    let profiles = checks.note("trust", &what, config.trust_profiles()).unwrap_or_default();
    let mut tried: Vec<&str> = Vec::new();
    for profile in &profiles {
        if !tried.contains(&profile.issuer.as_str()) {
            tried.push(&profile.issuer);
            let (kind, issuer) = (profile.issuer_kind, &profile.issuer);
            network::issuer(kind, issuer, config.environment, &Network::default(), checks).await;
        }
        bearer(profile, checks);
    }
    let what = text!("alt satt sammen", "everything together");
    let together = match store {
        Ok(store) => crate::serve::prepare(config, folder, store).await,
        Err(error) => match not_yet(&error) {
            Some(_) => on_scratch(config, folder).await,
            None => Err(error),
        },
    };
    checks.note("services", &what, together);
}

/// Puts everything together on a database that goes away again, where a start would make or migrate the real one.
async fn on_scratch(config: &ReceiverConfig, folder: &Path) -> anyhow::Result<()> {
    let scratch = tempfile::Builder::new().prefix("lmr-doctor-").tempdir()?;
    let file = scratch.path().join("scratch.sqlite");
    let store = SqliteStore::open(&file, StorageKey::new(&[0; 32])).await?;
    crate::serve::prepare(config, folder, Arc::new(store)).await
}

/// What a start of the receiver would do to a database that cannot be used yet.
fn not_yet(error: &anyhow::Error) -> Option<(Text, Text)> {
    match error.chain().find_map(|error| error.downcast_ref())? {
        OpenError::NotBegun => Some((
            text!(
                "databasen finnes ikke, eller er tom: en start av mottaket lager den",
                "the database is not there, or has nothing in it: a start of the receiver makes it"
            ),
            text!(
                "skulle det ha vært noe i den, nevner filen en annen, eller den er ikke gjenopprettet",
                "if there should be something in it, the file names another one, or it has not been restored"
            ),
        )),
        OpenError::OlderSchema => Some((
            text!(
                "databasen har skjemaet til et eldre program: en start av mottaket bringer den over i dette programmets",
                "the database has the schema of an earlier program: a start of the receiver brings it to this one's"
            ),
            text!(
                "ta en sikkerhetskopi først: det eldre programmet kan ikke bruke den etterpå",
                "back it up first: the earlier program cannot use it afterwards"
            ),
        )),
        _ => None,
    }
}

/// Points out a kind of token that whoever steals it can use.
fn bearer(profile: &TrustProfile, checks: &mut Checks) {
    if profile.scheme != Scheme::Bearer || profile.issuer_kind != IssuerKind::HelseId {
        return;
    }
    let name = &profile.name;
    checks.warn(
        "trust.bearer",
        text!(
            "{name}: tokener som den som stjeler dem kan bruke (Bearer fra HelseID), blir godtatt",
            "{name}: tokens that whoever steals them can use (HelseID Bearer) are accepted"
        ),
        text!(
            "bruk kind = \"helseid-dpop\" så snart avsenderne kan, og sett not_after",
            "use kind = \"helseid-dpop\" as soon as the senders can, and set not_after"
        ),
    );
}

/// Takes the ports of receiver, outlet and console together, as a start does.
fn listening(config: &ReceiverConfig, checks: &mut Checks) {
    let receiver = std::net::TcpListener::bind(config.listen);
    let is_running =
        receiver.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse);
    let outlet = config.outlet.as_ref().map(|outlet| outlet.listen);
    let console = config.console.as_ref().map(|console| console.listen);
    let further = [("outlet.listen", "outlet: ", outlet), ("console.listen", "console: ", console)];
    let further = further.into_iter().filter_map(|(id, section, address)| {
        let address = address?;
        Some((id, section, address, std::net::TcpListener::bind(address)))
    });
    let all: Vec<_> =
        std::iter::once(("listen", "", config.listen, receiver)).chain(further).collect();
    for (id, section, address, bound) in &all {
        let what = text!("{section}lytting på {address}", "{section}listening on {address}");
        match bound {
            Ok(_) => checks.ok(id, what),
            // Where the receiver's own port is free, whoever has this one is another program.
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && is_running => {
                let found = text!(
                    "{section}adressen {address} er i bruk",
                    "{section}address {address} is in use"
                );
                let remedy = text!(
                    "er det et mottak som allerede kjører, er alt som det skal",
                    "if a receiver is running already, all is as it should be"
                );
                checks.warn(id, found, remedy);
            }
            Err(error) => {
                let found = Text::of(|language| {
                    let reason = crate::text::io_error(error, language);
                    format!("{}: {reason}", what.get(language))
                });
                let remedy = text!(
                    "velg en ledig adresse og port på denne maskinen, eller avslutt det som bruker den",
                    "choose a free address and port of this machine, or end what uses it"
                );
                checks.fail(id, found, Some(remedy));
            }
        }
    }
}

/// The TLS certificate of our own: that it goes with its key, and how long it is valid.
fn tls(config: &ReceiverConfig, folder: &Path, checks: &mut Checks) {
    let Some(files) = &config.tls else { return };
    let files = files.from(folder);
    files.secrets().iter().for_each(|secret| checks.secret_file(secret));
    let what = text!("eget TLS-sertifikat", "TLS certificate of our own");
    let read = (|| {
        let (chain, key) = files.for_tls()?;
        lmr_server::Tls::from_pem(&chain, &key)?;
        validity_of(&chain)
    })();
    let Some((from, until)) = checks.note("tls", &what, read) else { return };
    let now = clock::now();
    if now > until {
        let day = clock::oslo(until).date();
        checks.fail(
            "tls",
            Text {
                nb: format!("{} utløp {day}", what.nb),
                en: format!("{} expired {day}", what.en),
            },
            Some(super::renew()),
        );
    } else if now < from {
        let day = clock::oslo(from).date();
        checks.fail(
            "tls",
            Text {
                nb: format!("{} gjelder ikke før {day}", what.nb),
                en: format!("{} is not valid before {day}", what.en),
            },
            None,
        );
    } else {
        checks.days_left("tls", &what, until);
    }
}

/// First and last moment of the first certificate of a chain in PEM.
fn validity_of(chain: &[u8]) -> anyhow::Result<(jiff::Timestamp, jiff::Timestamp)> {
    let no_certificate = || text!("filen har ikke noe sertifikat", "the file has no certificate");
    let leaf = Pem::iter_from_buffer(chain)
        .filter_map(Result::ok)
        .find(|block| block.label == "CERTIFICATE")
        .explain(no_certificate)?;
    let parsed = leaf.parse_x509().explain(no_certificate)?;
    let validity = parsed.validity();
    Ok((
        jiff::Timestamp::from_second(validity.not_before.timestamp())?,
        jiff::Timestamp::from_second(validity.not_after.timestamp())?,
    ))
}

/// The certificates of registered senders.
fn senders(list: &[Avsender], config: &ReceiverConfig, checks: &mut Checks) {
    for sender in list {
        let (number, name) = (sender.organisation, &sender.name);
        if !sender.active {
            checks.warn(
                "sender.status",
                text!(
                    "avsender {number} {name} er satt ut av drift",
                    "sender {number} {name} is inactive"
                ),
                text!("lmr admin activate {number}", "lmr admin activate {number}"),
            );
        }
        if sender.active && sender.addresses.is_empty() && config.addresses.is_empty() {
            checks.warn(
                "sender.addresses",
                text!(
                    "avsender {number} {name} har ingen adresser, og addresses er tom: ingen kan kalle for den",
                    "sender {number} {name} has no addresses, and `addresses` is empty: nobody can call for it"
                ),
                text!(
                    "lmr admin set-addresses {number} ADRESSE, eller addresses under [[avsender]]",
                    "lmr admin set-addresses {number} ADDRESS, or `addresses` of its [[avsender]]"
                ),
            );
        }
        let what = text!("avsender {number} {name}", "sender {number} {name}");
        let now = clock::now();
        let valid = sender.certificates.iter().filter(|c| c.check_valid(now).is_ok()).count();
        if valid == 0 && sender.active {
            checks.fail(
                "sender.certificate",
                Text {
                    nb: format!("{}: ikke noe gyldig sertifikat", what.nb),
                    en: format!("{}: no valid certificate", what.en),
                },
                Some(text!(
                    "lmr admin add-certificate {number} FIL",
                    "lmr admin add-certificate {number} FILE"
                )),
            );
        }
        // One that has ended is of no interest while another one is valid.
        for registered in
            sender.certificates.iter().filter(|c| valid == 0 || c.check_valid(now).is_ok())
        {
            checks.validity("sender.certificate", &what, &registered.certificate);
        }
    }
}

async fn database(
    config: &ReceiverConfig,
    folder: &Path,
    configured: &[Avsender],
    checks: &mut Checks,
) -> anyhow::Result<Arc<dyn Database>> {
    for file in config.database_files(folder) {
        checks.room("disk", &file);
        checks.database_file(&file);
    }
    let what = text!("database og column_key", "database and column key");
    let store = match crate::serve::open_store(config, folder, Opening::PRESENT).await {
        Ok(store) => store,
        Err(error) => {
            match not_yet(&error) {
                Some((found, remedy)) => checks.warn("database", found, remedy),
                None => checks.error("database", &what, &error),
            }
            return Err(error);
        }
    };
    checks.ok("database", what);
    let what = text!("avsenderne i databasen", "senders of the database");
    let stored = store.avsendere().await.map_err(anyhow::Error::from);
    if let Some(stored) = checks.note("senders.database", &what, stored) {
        let further: Vec<Avsender> = stored
            .into_iter()
            .filter(|stored| configured.iter().all(|c| c.organisation != stored.organisation))
            .collect();
        // One without a certificate is a failure here, which `senders` names.
        // Authorities that cannot be read are reported by what needs them.
        let trust = config.trust(folder).ok().flatten();
        for warning in warnings::of_senders(configured, &further, trust.as_ref()) {
            if warning.id != "sender.certificate" {
                checks.warn(warning.id, warning.found, warning.remedy);
            }
        }
        senders(&further, config, checks);
    }
    Ok(store)
}
