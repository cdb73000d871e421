//! What a receiver that runs reads again, and the certificates whose ends it watches.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use lmr_intake::{Material, Receiver, certificate_ends};
use lmr_server::{HttpSettings, PageSettings, Services, Tls};
use lmr_web::Console;
use x509_parser::pem::Pem;

use super::tls_of;
use crate::clock;
use crate::config::key_files::KeyFiles;
use crate::config::receiver::ReceiverConfig;

/// Reads certificates, keys, authorities, senders, code lists and the console's operators of the configuration file
/// again at each SIGHUP, as hooks of certificate renewal send it (a service of Windows: when its parameters are said to
/// have changed). Everything else takes a restart.
pub(super) struct Reload {
    config: PathBuf,
    receiver: Receiver,
    /// By listener, in the order of [`tls_files`].
    tls: [Option<Tls>; 3],
    console: Option<Console>,
}

impl Reload {
    pub(super) fn of(
        services: &Services,
        outlet: Option<&HttpSettings>,
        console: Option<(&Console, &PageSettings)>,
        config: &Path,
    ) -> Self {
        Self {
            config: config.to_owned(),
            receiver: services.receiver.clone(),
            tls: [
                services.settings.tls.clone(),
                outlet.and_then(|settings| settings.tls.clone()),
                console.and_then(|(_, settings)| settings.tls.clone()),
            ],
            console: console.map(|(console, _)| console.clone()),
        }
    }

    /// Nothing is replaced unless all of it can be read.
    fn again(&self) -> anyhow::Result<()> {
        let (config, folder) = crate::config::read::<ReceiverConfig>(&self.config)?;
        let material =
            Material { keys: config.decryption_keys(&folder)?, trust: config.trust(&folder)? };
        let avsendere = config.avsendere(&folder)?;
        let rule_sets = crate::config::rule_sets(&config.terminology, &folder)?;
        let mut tls = Vec::new();
        for (_, files) in tls_files(&config) {
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
        Ok(())
    }

    pub(super) async fn at_each_hangup(self) {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
            while hangup.recv().await.is_some() {
                self.read_again();
            }
        }
        #[cfg(windows)]
        loop {
            crate::service::reload_asked().await;
            self.read_again();
        }
        #[cfg(not(any(unix, windows)))]
        drop(self);
    }

    /// [`Self::again`], with its outcome in the log.
    #[cfg(any(unix, windows))]
    fn read_again(&self) {
        match self.again() {
            Ok(()) => {
                tracing::info!(
                    "certificates, keys, senders, operators and code lists were read again"
                )
            }
            Err(error) => tracing::error!(
                detail = format!("{error:#}"),
                "certificates, keys, senders, operators and code lists could not be read again; the old ones stay in use"
            ),
        }
    }
}

/// The certificate and key of each listener, by the name of its section.
fn tls_files(config: &ReceiverConfig) -> [(&'static str, Option<&KeyFiles>); 3] {
    [
        ("tls", config.tls.as_ref()),
        ("outlet.tls", config.outlet.as_ref().and_then(|section| section.tls.as_ref())),
        ("console.tls", config.console.as_ref().and_then(|section| section.tls.as_ref())),
    ]
}

/// Days before its end at which a certificate is reported in the log.
const CERTIFICATE_DAYS: [i64; 3] = [7, 30, 60];

/// Reports certificates that end soon: each once for 60, 30 and 7 days, and once it has ended. Those of the register and
/// of its senders, and those by which the listeners do TLS.
pub(super) async fn watch_certificates(receiver: Receiver, config: PathBuf) {
    let mut reported_of_listeners: HashMap<(&'static str, Timestamp), i64> = HashMap::new();
    let mut reported: HashMap<String, i64> = HashMap::new();
    loop {
        // The register's own are looked at all the same; the senders' in the next hour.
        let avsendere = receiver.avsendere().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the senders' certificates cannot be looked at now");
            Vec::new()
        });
        for end in certificate_ends(&receiver.certificates(), &avsendere, clock::now()) {
            let Some(step) = step_of(end.days_left) else { continue };
            if end.is_succeeded || reported.get(&end.thumbprint) == Some(&step) {
                continue;
            }
            tracing::warn!(
                usage = ?end.usage,
                organisation = end.organisation.as_deref(),
                thumbprint = end.thumbprint,
                ends = %end.ends,
                days_left = end.days_left,
                "a certificate ends soon and has no successor"
            );
            reported.insert(end.thumbprint, step);
        }
        for (listener, ends) in ends_of_listeners(&config) {
            let days_left = ends.duration_since(clock::now()).as_hours().div_euclid(24);
            let Some(step) = step_of(days_left) else { continue };
            if reported_of_listeners.insert((listener, ends), step) != Some(step) {
                tracing::warn!(
                    listener, %ends, days_left,
                    "the certificate of a listener ends soon: put the renewed one in its place, then SIGHUP"
                );
            }
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

/// When the certificates end that the listeners have. What cannot be read now is left out: it cannot be used at the next
/// SIGHUP either, which says so.
fn ends_of_listeners(config: &Path) -> Vec<(&'static str, Timestamp)> {
    let Ok((config, folder)) = crate::config::read::<ReceiverConfig>(config) else {
        return Vec::new();
    };
    tls_files(&config)
        .into_iter()
        .filter_map(|(name, files)| {
            let (chain, _) = files?.from(&folder).for_tls().ok()?;
            Some((name, end_of_leaf(&chain)?))
        })
        .collect()
}

/// When the first certificate of a chain ends.
pub(crate) fn end_of_leaf(chain: &[u8]) -> Option<Timestamp> {
    let leaf = Pem::iter_from_buffer(chain).next()?.ok()?;
    let certificate = leaf.parse_x509().ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}
