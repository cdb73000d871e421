//! The sender's configuration file.

use std::path::{Path, PathBuf};

use jiff::civil::{Date, Time};
use lmr_auth::{ClientSettings, Environment, Network};
use lmr_lmdi::RuleSetId;
use lmr_sender::BundleLimits;
use serde::Deserialize;

use super::key_files::KeyFiles;
use super::network::{NetworkSection, TlsSection};
use super::source::SourceSection;
use super::supervision::{HookTable, MonitorSection};
use super::token_client::{HelseIdSection, KeyFile, MaskinportenSection};
use super::{IdentityNumbers, Log, WhichAdvice, read_text};
use crate::text::{Explain, fail, text};

/// `lmr send … --config FILE`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SenderConfig {
    /// The organisation that reports, nine digits; that of the signing certificate.
    pub(crate) organisation: String,
    /// `production`, `test` or `local`.
    pub(crate) environment: Environment,
    /// Where resources come from: a folder with FHIR files, or `[[source]]` tables. Read again at every run.
    pub(crate) source: SourceSection,
    /// The source delivers only what is new since the last run: it may be empty, and a record that is not
    /// in it has not vanished.
    #[serde(default)]
    pub(crate) incremental: bool,
    /// Base addresses of the source's own FHIR server: a reference below one of them is as good as a relative one.
    #[serde(default)]
    pub(crate) own_addresses: Vec<String>,
    /// The sender's own database: what was delivered, the outbox, what was refused.
    pub(crate) database: PathBuf,
    /// File with the key under which the database knows resources: 64 hex digits. `lmr admin new-key`
    /// makes one.
    pub(crate) hash_key: PathBuf,
    /// The guide to follow: `lmdi-0.9.4` (batch), `lmdi-1.1.7` or the older `lmdi-1.1.2` (transaction).
    pub(crate) ruleset: RuleSetId,
    /// The agreed date from which data are reported.
    #[serde(deserialize_with = "super::moments::moment")]
    pub(crate) start_date: Date,
    /// Packages with code lists, made by `lmr terminology import`; those of the receiver.
    #[serde(default)]
    pub(crate) terminology: Vec<PathBuf>,
    /// Where to send.
    pub(crate) receiver: ReceiverSection,
    /// The sender's enterprise certificate and key.
    pub(crate) certificate: KeyFiles,
    /// The client in HelseID.
    pub(crate) helseid: Option<HelseIdSection>,
    /// The client in Maskinporten.
    pub(crate) maskinporten: Option<MaskinportenSection>,
    /// Whom TLS trusts.
    #[serde(default)]
    pub(crate) tls: TlsSection,
    /// The proxy.
    #[serde(default)]
    pub(crate) network: NetworkSection,
    /// Which identity numbers the register takes.
    #[serde(default)]
    pub(crate) identity_numbers: IdentityNumbers,
    /// Whether what the register would lose in silence is warned of or refused.
    #[serde(default)]
    pub(crate) advice: WhichAdvice,
    /// When to send and to try again.
    #[serde(default)]
    pub(crate) schedule: ScheduleSection,
    /// Size of bundles.
    #[serde(default)]
    pub(crate) bundle: BundleSection,
    /// Logging.
    #[serde(default)]
    pub(crate) log: Log,
    /// Who hears of what.
    #[serde(default)]
    pub(crate) hook: Vec<HookTable>,
    /// What a monitor may ask the daemon; nothing if left out.
    pub(crate) monitor: Option<MonitorSection>,
}

/// The register.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiverSection {
    /// Address to post to, e.g. `https://…/fhirmottak/v1`.
    pub(crate) url: String,
    /// The register's enterprise certificate (PEM or DER).
    pub(crate) certificate: PathBuf,
    /// Further certificate authority for TLS (PEM), for test installations.
    pub(crate) tls_ca: Option<PathBuf>,
    /// Seconds to wait for an answer.
    #[serde(default = "two_minutes")]
    pub(crate) timeout_seconds: u64,
}

fn two_minutes() -> u64 {
    120
}

/// When to send.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ScheduleSection {
    /// Time of the daily transfer, Norwegian time.
    #[serde(deserialize_with = "super::moments::moment")]
    pub(crate) at: Time,
    /// New attempts after a communication error; the protocol allows 3.
    pub(crate) retries: u32,
    /// Minutes between attempts; the protocol says about 60.
    pub(crate) retry_minutes: u32,
}

impl Default for ScheduleSection {
    fn default() -> Self {
        Self { at: Time::constant(3, 0, 0, 0), retries: 3, retry_minutes: 60 }
    }
}

/// Size of bundles.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BundleSection {
    /// Most entries in one bundle.
    pub(crate) entries: usize,
    /// Largest bundle in MiB before compression.
    pub(crate) mib: usize,
}

impl Default for BundleSection {
    /// The sender's own.
    fn default() -> Self {
        let BundleLimits { entries, bytes } = BundleLimits::default();
        Self { entries, mib: bytes >> 20 }
    }
}

/// Seconds of an hour: no answer is worth a longer wait.
pub(crate) const AN_HOUR: u64 = 3600;
/// Seconds of a day: what waits longer waits for the transfer after the next.
pub(crate) const A_DAY: u64 = 24 * AN_HOUR;

/// Refuses a number that is most likely of another unit: seconds for minutes, milliseconds for seconds.
pub(crate) fn within(key: &str, value: u64, least: u64, most: u64) -> anyhow::Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    fail!(
        "{key} er {value}, og kan være fra {least} til {most}: er enheten den som navnet sier?",
        "{key} is {value}, and may be from {least} to {most}: is the unit the one that the name says?"
    )
}

impl SenderConfig {
    /// What no type can say.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.schedule.retries > 3 {
            fail!(
                "schedule.retries: protokollen tillater høyst 3 nye forsøk før neste overføring",
                "schedule.retries: the protocol allows at most 3 new attempts before the next transfer"
            );
        }
        let ScheduleSection { retry_minutes, .. } = self.schedule;
        within("bundle.entries", self.bundle.entries as u64, 1, 1_000_000)?;
        within("bundle.mib", self.bundle.mib as u64, 1, 4096)?;
        within("schedule.retry_minutes", u64::from(retry_minutes), 1, A_DAY / 60)?;
        within("receiver.timeout_seconds", self.receiver.timeout_seconds, 1, AN_HOUR)?;
        for address in &self.own_addresses {
            if !address.starts_with("https://") && !address.starts_with("http://") {
                fail!(
                    "own_addresses: {address} er ikke en adresse (https://…)",
                    "own_addresses: {address} is not an address (https://…)"
                );
            }
        }
        self.source.check()?;
        if let Some(monitor) = &self.monitor {
            monitor.check()?;
        }
        Ok(())
    }

    /// Whether the source, or one of several, delivers only what is new.
    pub(crate) fn is_incremental(&self) -> bool {
        self.incremental || !self.source.incremental().is_empty()
    }

    /// The files of the client that gets access tokens that nobody else may read.
    pub(crate) fn token_secrets(&self, folder: &Path) -> Vec<PathBuf> {
        let (key, password) = match (&self.helseid, &self.maskinporten) {
            (Some(section), _) => (Some(&section.key), section.key_password_file.as_ref()),
            (None, Some(section)) => (Some(&section.key), section.key_password_file.as_ref()),
            (None, None) => (None, None),
        };
        [key, password].into_iter().flatten().map(|path| folder.join(path)).collect()
    }

    /// How servers are reached: the register, the issuer of tokens, FHIR servers.
    pub(crate) fn network(&self, folder: &Path) -> anyhow::Result<Network> {
        let (roots, authorities) = self.tls.roots(folder)?;
        Ok(Network { roots, authorities, proxy: self.network.proxy(folder)? })
    }

    /// The client that gets access tokens, and its key.
    pub(crate) fn client(&self, folder: &Path) -> anyhow::Result<(ClientSettings, KeyFile)> {
        match (&self.helseid, &self.maskinporten) {
            (Some(section), None) => {
                Ok((section.settings(self.environment)?, section.key(folder)?))
            }
            (None, Some(section)) => {
                Ok((section.settings(self.environment)?, section.key(folder)?))
            }
            (Some(_), Some(_)) => fail!(
                "både [helseid] og [maskinporten]: token hentes ett sted",
                "both [helseid] and [maskinporten]: tokens come from one of them"
            ),
            (None, None) => {
                fail!(
                    "verken [helseid] eller [maskinporten]: token hentes fra en av dem",
                    "neither [helseid] nor [maskinporten]: tokens come from one of them"
                )
            }
        }
    }
}

/// The key under which the sender's database knows resources.
pub(crate) fn hash_key(
    config: &SenderConfig,
    folder: &Path,
) -> anyhow::Result<zeroize::Zeroizing<[u8; 32]>> {
    let path = folder.join(&config.hash_key);
    let content =
        zeroize::Zeroizing::new(read_text(&path).explain(|| text!("hash_key", "hash_key"))?);
    let not_a_key = || {
        text!(
            "{path} skal ha 64 heksadesimale sifre (lmr admin new-key lager en slik fil)",
            "{path} must hold 64 hex digits (lmr admin new-key makes such a file)",
            path = path.display()
        )
    };
    let mut key = zeroize::Zeroizing::new([0; 32]);
    let digits = content.trim().as_bytes();
    if digits.len() != 64 {
        return Err(crate::text::failure(not_a_key()));
    }
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).unwrap_or_default();
        *byte = u8::from_str_radix(pair, 16).ok().explain(not_a_key)?;
    }
    Ok(key)
}
