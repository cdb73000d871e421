//! What a receiver that runs reads again, and the certificates whose ends it watches.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use lmr_intake::{BackgroundTask, CertificateUse, Material, Receiver, certificate_ends};
use lmr_server::{HttpSettings, PageSettings, Services, Tls};
use lmr_storage::MAIN;
use lmr_web::Console;
use x509_parser::parse_x509_certificate;

use super::tls_of;
use crate::clock;
use crate::config::key_files::KeyFiles;
use crate::config::receiver::ReceiverConfig;
use crate::hangups::Hangups;
use crate::text::fail;

/// Reads certificates, keys, authorities, senders, code lists and the console's operators of the configuration file
/// again at each SIGHUP, as hooks of certificate renewal send it (a service of Windows: when its parameters are said to
/// have changed). Everything else takes a restart.
pub(super) struct Reload {
    config: PathBuf,
    /// The databases that were opened at the start, by their names in `[databases]`.
    databases: Vec<String>,
    receiver: Receiver,
    /// By listener, in the order of [`TLS_SECTIONS`].
    tls: [Option<Tls>; 3],
    console: Option<Console>,
    /// The file as it was at the start, without what is read again.
    lasting: Option<toml::Table>,
}

impl Reload {
    pub(super) fn of(
        services: &Services,
        outlet: Option<&HttpSettings>,
        console: Option<(&Console, &PageSettings)>,
        (path, config): (&Path, &ReceiverConfig),
    ) -> Self {
        Self {
            config: path.to_owned(),
            databases: config.databases.keys().cloned().collect(),
            receiver: services.receiver.clone(),
            tls: [
                services.settings.tls.clone(),
                outlet.and_then(|settings| settings.tls.clone()),
                console.and_then(|(_, settings)| settings.tls.clone()),
            ],
            console: console.map(|(console, _)| console.clone()),
            lasting: lasting(path),
        }
    }

    /// Reads it, and gives the keys that have changed and are not read again. Nothing is replaced unless all of it can be
    /// read.
    fn again(&self) -> anyhow::Result<Vec<String>> {
        let (config, folder) = crate::config::read::<ReceiverConfig>(&self.config)?;
        let material =
            Material { keys: config.decryption_keys(&folder)?, trust: config.trust(&folder)? };
        let avsendere = config.avsendere(&folder)?;
        for name in avsendere.iter().filter_map(|avsender| avsender.database.as_ref()) {
            // With [databases] at the start, main too.
            let is_open =
                self.databases.contains(name) || (name == MAIN && !self.databases.is_empty());
            if !is_open {
                fail!(
                    "databasen {name} ble ikke åpnet da mottaket startet: nye i [databases] krever en omstart",
                    "the database {name} was not opened when the receiver started: new ones in [databases] take a restart"
                );
            }
        }
        let rule_sets = crate::config::rule_sets(&config.terminology, &folder)?;
        let mut tls = Vec::new();
        for files in tls_files(&config) {
            tls.push(files.map(|files| tls_of(files, &folder)).transpose()?);
        }
        let operators = match &config.console {
            Some(section) => {
                // A passkey added meanwhile is for one address.
                section.public_url_if_needed()?;
                Some(section.operators(&folder)?)
            }
            None => None,
        };
        self.receiver.replace(material, avsendere);
        self.receiver.replace_rule_sets(rule_sets);
        for (used, read) in self.tls.iter().zip(&tls) {
            if let (Some(used), Some(read)) = (used, read) {
                used.replace(read);
            }
        }
        if let (Some(console), Some(operators)) = (&self.console, operators) {
            console.replace_operators(operators);
        }
        let now = lasting(&self.config);
        Ok(self.lasting.as_ref().zip(now).map(|(was, now)| changed(was, &now)).unwrap_or_default())
    }

    /// Reads again at every signal.
    pub(super) async fn at_each(self, mut hangups: Hangups) {
        loop {
            hangups.next().await;
            self.read_again();
        }
    }

    /// [`Self::again`], with its outcome in the log.
    fn read_again(&self) {
        match self.again() {
            Ok(changed) => {
                let background = self.receiver.background();
                background.done(BackgroundTask::Reload);
                background.set_waiting_for_restart(changed.clone());
                tracing::info!(
                    "certificates, keys, senders, operators and code lists were read again"
                );
                if !changed.is_empty() {
                    tracing::warn!(
                        keys = changed.join(", "),
                        "these keys of the configuration have changed too, and take a restart"
                    );
                }
            }
            Err(error) => {
                self.receiver.background().failed(BackgroundTask::Reload, clock::now());
                tracing::error!(
                    detail = format!("{error:#}"),
                    "certificates, keys, senders, operators and code lists could not be read again; the old ones stay in use"
                );
            }
        }
    }
}

/// A configuration file without what is read again at SIGHUP. Of a listener's TLS only whether it has one is left: it
/// begins and ends with a restart.
fn lasting(path: &Path) -> Option<toml::Table> {
    let mut file: toml::Table = crate::config::read_text(path).ok()?.parse().ok()?;
    for key in ["certificate", "authorities", "revocations", "avsender", "terminology"] {
        file.remove(key);
    }
    for section in ["", "outlet", "console"] {
        let table = match section {
            "" => Some(&mut file),
            name => file.get_mut(name).and_then(toml::Value::as_table_mut),
        };
        let Some(table) = table else { continue };
        table.remove("operator");
        if let Some(tls) = table.get_mut("tls") {
            *tls = true.into();
        }
    }
    Some(file)
}

/// The keys of which two files have different values, with the section where both have it.
fn changed(was: &toml::Table, now: &toml::Table) -> Vec<String> {
    let mut names: Vec<&String> = was.keys().chain(now.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut all = Vec::new();
    for name in names {
        match (was.get(name), now.get(name)) {
            (was, now) if was == now => {}
            (Some(toml::Value::Table(was)), Some(toml::Value::Table(now))) => {
                all.extend(changed(was, now).into_iter().map(|inner| format!("{name}.{inner}")));
            }
            _ => all.push(name.clone()),
        }
    }
    all
}

/// The sections of the listeners' certificates.
const TLS_SECTIONS: [&str; 3] = ["tls", "outlet.tls", "console.tls"];

/// The certificate and key of each listener, in the order of [`TLS_SECTIONS`].
fn tls_files(config: &ReceiverConfig) -> [Option<&KeyFiles>; 3] {
    [
        config.tls.as_ref(),
        config.outlet.as_ref().and_then(|section| section.tls.as_ref()),
        config.console.as_ref().and_then(|section| section.tls.as_ref()),
    ]
}

/// The certificates of a configuration that have ended and have no successor, those of the listeners included, and the day
/// on which each did.
pub(super) fn ended(config: &ReceiverConfig, folder: &Path) -> anyhow::Result<Vec<(String, Date)>> {
    let now = clock::now();
    let day = |end: Timestamp| clock::oslo(end).date();
    let mut all = Vec::new();
    for (section, files) in TLS_SECTIONS.into_iter().zip(tls_files(config)) {
        let Some(files) = files else { continue };
        if let Some(end) = end_of(&tls_of(files, folder)?.certificate()).filter(|end| *end < now) {
            all.push((format!("{section}.certificate"), day(end)));
        }
    }
    let keys = config.decryption_keys(folder)?;
    let own: Vec<_> = keys.iter().map(|key| key.certificate().clone()).collect();
    for end in certificate_ends(&own, &config.avsendere(folder)?, now) {
        if end.days_left < 0 && !end.is_succeeded {
            // In the words of the configuration, which are of both languages.
            let section = match end.usage {
                CertificateUse::Register => "[[certificate]]".to_owned(),
                CertificateUse::Sender => {
                    format!("[[avsender]] {}", end.organisation.unwrap_or_default())
                }
            };
            all.push((format!("{section} {}", end.thumbprint), day(end.ends)));
        }
    }
    Ok(all)
}

/// Days before its end at which a certificate is reported in the log.
const CERTIFICATE_DAYS: [i64; 3] = [7, 30, 60];

/// Reports certificates that end soon: each once for 60, 30 and 7 days, and once it has ended. Those of the register and
/// of its senders, and those by which the listeners do TLS.
pub(super) async fn watch_certificates(receiver: Receiver, mut listeners: Listeners) {
    let mut reported: HashMap<String, i64> = HashMap::new();
    loop {
        // The register's own are looked at all the same; the senders' in the next hour.
        let avsendere = receiver.avsendere().await.unwrap_or_else(|error| {
            tracing::warn!(%error, detail = std::error::Error::source(&error).map(ToString::to_string),
                "the senders' certificates cannot be looked at now");
            Vec::new()
        });
        for end in certificate_ends(&receiver.certificates(), &avsendere, clock::now()) {
            let Some(step) = step_of(end.days_left) else { continue };
            if end.is_succeeded || reported.get(&end.thumbprint) == Some(&step) {
                continue;
            }
            if end.days_left < 0 {
                tracing::error!(
                    usage = ?end.usage,
                    organisation = end.organisation.as_deref(),
                    thumbprint = end.thumbprint,
                    ended = %end.ends,
                    days_left = end.days_left,
                    "a certificate has ended and has no successor: what is signed with it or sealed for it is refused"
                );
            } else {
                tracing::warn!(
                    usage = ?end.usage,
                    organisation = end.organisation.as_deref(),
                    thumbprint = end.thumbprint,
                    ends = %end.ends,
                    days_left = end.days_left,
                    "a certificate ends soon and has no successor"
                );
            }
            reported.insert(end.thumbprint, step);
        }
        for (listener, ends, days_left) in listeners.due(clock::now()) {
            tracing::warn!(
                listener, %ends, days_left,
                "the certificate of a listener ends soon: put the renewed one in its place, then SIGHUP"
            );
        }
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}

/// The step that a certificate with so many days left has reached; -1 once it has ended.
fn step_of(days_left: i64) -> Option<i64> {
    if days_left < 0 {
        return Some(-1);
    }
    CERTIFICATE_DAYS.into_iter().find(|days| days_left <= *days)
}

/// The certificates that the listeners show, whichever are in the files: one that was renewed there and is not read again
/// ends for whoever calls.
pub(super) struct Listeners {
    tls: [Option<Tls>; 3],
    reported: HashMap<(&'static str, Timestamp), i64>,
}

impl Listeners {
    pub(super) fn of(reload: &Reload) -> Self {
        Self { tls: reload.tls.clone(), reported: HashMap::new() }
    }

    /// What is to be reported now: listener, end and days left.
    fn due(&mut self, now: Timestamp) -> Vec<(&'static str, Timestamp, i64)> {
        let mut due = Vec::new();
        for (listener, tls) in TLS_SECTIONS.into_iter().zip(&self.tls) {
            let Some(ends) = tls.as_ref().and_then(|tls| end_of(&tls.certificate())) else {
                continue;
            };
            let days_left = ends.duration_since(now).as_hours().div_euclid(24);
            let Some(step) = step_of(days_left) else { continue };
            if self.reported.insert((listener, ends), step) != Some(step) {
                due.push((listener, ends, days_left));
            }
        }
        due
    }
}

/// When a certificate in DER ends.
fn end_of(certificate: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = parse_x509_certificate(certificate).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;
    use lmr_sandbox::certificates::TestCa;

    #[test]
    fn what_takes_a_restart_is_named_and_what_is_read_again_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("receiver.toml");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            lasting(&file).unwrap()
        };
        let was = read(
            "listen = \"a\"\n[tls]\nkey = \"a\"\n[[avsender]]\nname = \"a\"\n[console]\nlisten = \"a\"\n\
             [[console.operator]]\nname = \"a\"\n",
        );
        let renewed = read(
            "listen = \"a\"\n[tls]\nkey = \"b\"\n[[avsender]]\nname = \"b\"\n[console]\nlisten = \"a\"\n\
             [[console.operator]]\nname = \"b\"\n",
        );
        assert!(changed(&was, &renewed).is_empty());
        let other = read("listen = \"b\"\nadvice = \"refuse\"\n[console]\nlisten = \"b\"\n");
        assert_eq!(changed(&was, &other), ["advice", "console.listen", "listen", "tls"]);
    }

    #[test]
    fn the_certificate_that_is_shown_is_watched_and_not_the_one_in_the_file() {
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        let ca = TestCa::new(now).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let files: KeyFiles =
            toml::from_str("certificate = \"tls.pem\"\nkey = \"tls.key\"").unwrap();
        let put = |at: Timestamp| {
            let made = ca.tls_for_loopback(at).unwrap();
            std::fs::write(folder.path().join("tls.pem"), &made.certificate_pem).unwrap();
            std::fs::write(folder.path().join("tls.key"), &made.key_pem).unwrap();
        };
        let long_ago = now - (24 * 340).hours();
        put(long_ago);
        let console = tls_of(&files, folder.path()).unwrap();
        let mut listeners =
            Listeners { tls: [None, None, Some(console.clone())], reported: HashMap::new() };
        let (listener, ends, days_left) = listeners.due(now)[0];
        assert_eq!((listener, days_left <= 30), ("console.tls", true));
        assert!(listeners.due(now).is_empty(), "each step once");

        put(now);
        let a_week_before = ends - (24 * 7).hours();
        assert_eq!(listeners.due(a_week_before), [("console.tls", ends, 7)]);
        assert_eq!(listeners.due(ends + 1.hour()), [("console.tls", ends, -1)]);

        console.replace(&tls_of(&files, folder.path()).unwrap());
        assert!(listeners.due(a_week_before).is_empty());
        assert!(listeners.due(ends + 1.hour()).is_empty());
    }
}
