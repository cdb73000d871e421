//! The receiver's configuration file.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lmr_auth::{Environment, TrustProfile};
use lmr_envelope::{Certificate, DecryptionKey, DecryptionKeys, Thumbprint, Trust};
use lmr_intake::{Avsender, AvsenderRecord, CertificateRecord, Retention, RuleSetId};
use serde::Deserialize;

use super::console::ConsoleSection;
use super::key_files::{KeyFiles, certificate};
use super::otlp::OtlpSection;
use super::sender::{A_DAY, within};
use super::trust::{HelseIdBearer, TrustSection};
use super::{IdentityNumbers, Log, WhichAdvice};
use crate::text::{Explain, fail, text};

/// `lmr serve --config FILE`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiverConfig {
    /// Address and port to listen on.
    pub(crate) listen: SocketAddr,
    /// `production`, `test` or `local` (the sandbox: the only one with http issuers on loopback).
    pub(crate) environment: Environment,
    /// The database file, made if it is not there; or `postgres://…` (a password in `~/.pgpass`).
    pub(crate) database: PathBuf,
    /// Further PostgreSQL databases, by name. Each sender's data are on one of them, or on `database`.
    #[serde(default)]
    pub(crate) databases: BTreeMap<String, String>,
    /// File with the key that encrypts columns: 64 hex digits. `lmr admin new-key` makes one.
    pub(crate) column_key: PathBuf,
    /// The second database, which alone says who anybody is.
    pub(crate) identities: Option<IdentitiesSection>,
    /// TLS of our own; without it a proxy in front must do TLS.
    pub(crate) tls: Option<KeyFiles>,
    /// Addresses of proxies whose `Forwarded`/`X-Forwarded-For` is believed.
    #[serde(default)]
    pub(crate) trusted_proxies: Vec<String>,
    /// The one header in which they say where a request comes from.
    #[serde(default)]
    pub(crate) proxy_header: ProxyHeaderName,
    /// Addresses and ranges that may read `/metrics`; loopback if left out.
    pub(crate) metrics_addresses: Option<Vec<String>>,
    /// Addresses and ranges that may call whoever they are, in addition to each sender's own.
    #[serde(default)]
    pub(crate) addresses: Vec<String>,
    /// The kinds of access tokens that are accepted.
    #[serde(default)]
    pub(crate) trust: Vec<TrustSection>,
    /// The older form of `[[trust]]` with kind `helseid-bearer`.
    pub(crate) helseid: Option<HelseIdBearer>,
    /// The addresses senders call, in front of a proxy: what DPoP proofs are made for.
    #[serde(default)]
    pub(crate) public_urls: Vec<String>,
    /// The register's enterprise certificates with keys: the present one and, around a change, the
    /// one before or after it.
    #[serde(default)]
    pub(crate) certificate: Vec<KeyFiles>,
    /// CA certificates (PEM) that must have issued the senders' certificates; if left out, being
    /// registered is enough.
    pub(crate) authorities: Option<PathBuf>,
    /// Revocation lists of those authorities (PEM or DER).
    pub(crate) revocations: Option<PathBuf>,
    /// Senders; more can be added with `lmr admin`.
    #[serde(default)]
    pub(crate) avsender: Vec<AvsenderFile>,
    /// Which identity numbers are taken.
    #[serde(default)]
    pub(crate) identity_numbers: IdentityNumbers,
    /// Packages with code lists, made by `lmr terminology import`, that codes are checked against.
    #[serde(default)]
    pub(crate) terminology: Vec<PathBuf>,
    /// Whether what the register would lose in silence is warned of or refused.
    #[serde(default)]
    pub(crate) advice: WhichAdvice,
    /// The way out: where the services behind the receiver fetch messages.
    pub(crate) outlet: Option<OutletSection>,
    /// The operator's console.
    pub(crate) console: Option<ConsoleSection>,
    /// The page that checks files in the browser, at `/validator/`; given out where this is there.
    pub(crate) validator_page: Option<ValidatorPageSection>,
    /// Where traces and metrics go, beside `/metrics`.
    pub(crate) otlp: Option<OtlpSection>,
    /// How long what is stored is kept.
    #[serde(default)]
    pub(crate) retention: RetentionSection,
    /// Bounds on what is accepted.
    #[serde(default)]
    pub(crate) limits: LimitsSection,
    /// Logging.
    #[serde(default)]
    pub(crate) log: Log,
}

/// The page that checks files in the browser.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValidatorPageSection {
    /// The WebAssembly module, where the program was built without one.
    pub(crate) module: Option<PathBuf>,
}

/// Identities kept apart from what people were given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentitiesSection {
    /// The second database, a file or `postgres://…`.
    pub(crate) database: PathBuf,
    /// File with its key: 64 hex digits.
    pub(crate) key: PathBuf,
}

/// The way out of the receiver, on a listener of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutletSection {
    /// Address and port to listen on.
    pub(crate) listen: SocketAddr,
    /// Addresses and ranges that may call.
    pub(crate) addresses: Vec<String>,
    /// The kinds of access tokens that are accepted here, in the form of `[[trust]]`.
    pub(crate) trust: Vec<TrustSection>,
    /// The addresses that are called, in front of a proxy: what DPoP proofs are made for.
    #[serde(default)]
    pub(crate) public_urls: Vec<String>,
    /// How long a message is lent, in seconds.
    #[serde(default = "five_minutes")]
    pub(crate) lease_seconds: u32,
    /// `bundle`, or `parts`: patients, prescribers, and administrations with masked identifiers.
    #[serde(default)]
    pub(crate) form: OutletFormName,
    /// TLS of our own.
    pub(crate) tls: Option<KeyFiles>,
}

fn five_minutes() -> u32 {
    300
}

/// The form messages are handed over in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OutletFormName {
    /// The whole bundle.
    #[default]
    Bundle,
    /// Three parts.
    Parts,
}

impl From<OutletFormName> for lmr_intake::OutletForm {
    fn from(name: OutletFormName) -> Self {
        match name {
            OutletFormName::Bundle => Self::Bundle,
            OutletFormName::Parts => Self::Parts,
        }
    }
}

impl OutletSection {
    /// The profiles of tokens that are accepted at the outlet.
    pub(crate) fn trust_profiles(
        &self,
        environment: Environment,
    ) -> anyhow::Result<Vec<TrustProfile>> {
        self.trust.iter().map(|section| section.profile(environment)).collect()
    }

    /// The addresses that DPoP proofs may be made for.
    pub(crate) fn public_urls(&self, environment: Environment) -> Vec<String> {
        if self.public_urls.is_empty() && environment == Environment::Local {
            let scheme = if self.tls.is_some() { "https" } else { "http" };
            return vec![format!("{scheme}://{}", self.listen)];
        }
        self.public_urls.clone()
    }
}

/// How long what is stored is kept; what is left out is kept for ever. Not 0: elsewhere that means none, and here it
/// would remove everything at once.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RetentionSection {
    /// Days for bundles and the resources in them.
    pub(crate) content_days: Option<NonZeroU32>,
    /// Days for refused calls.
    pub(crate) refused_days: Option<NonZeroU32>,
}

impl RetentionSection {
    /// A number of days that no clock reaches would keep everything in silence.
    pub(crate) fn check(self) -> anyhow::Result<()> {
        for (key, days) in
            [("content_days", self.content_days), ("refused_days", self.refused_days)]
        {
            let days = days.map_or(1, |days| u64::from(days.get()));
            within(&format!("retention.{key}"), days, 1, MOST_DAYS)?;
        }
        Ok(())
    }

    /// Whether nothing is ever removed.
    pub(crate) fn keeps_everything(self) -> bool {
        self.content_days.is_none() && self.refused_days.is_none()
    }

    /// From when on things are kept.
    pub(crate) fn at(self, now: Timestamp, keep_waiting: bool) -> Retention {
        let before = |days: Option<NonZeroU32>| {
            let age = SignedDuration::from_hours(24 * i64::from(days?.get()));
            now.checked_sub(age).ok()
        };
        Retention {
            content_before: before(self.content_days),
            keep_waiting,
            refused_before: before(self.refused_days),
        }
    }
}

/// How a trusted proxy names the caller's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProxyHeaderName {
    /// `X-Forwarded-For`
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239)
    Forwarded,
}

impl From<ProxyHeaderName> for lmr_server::ProxyHeader {
    fn from(name: ProxyHeaderName) -> Self {
        match name {
            ProxyHeaderName::XForwardedFor => Self::XForwardedFor,
            ProxyHeaderName::Forwarded => Self::Forwarded,
        }
    }
}

/// One sender.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AvsenderFile {
    /// Organisation number, nine digits.
    pub(crate) organisation: String,
    /// Name, for people.
    pub(crate) name: String,
    /// Whether it may send now.
    #[serde(default = "yes")]
    pub(crate) active: bool,
    /// Files with the certificates it signs with.
    #[serde(default)]
    pub(crate) certificates: Vec<PathBuf>,
    /// Addresses and ranges it calls from.
    #[serde(default)]
    pub(crate) addresses: Vec<String>,
    /// The only rule set it may use.
    pub(crate) rule_set: Option<RuleSetId>,
    /// Agreed start date.
    #[serde(default, deserialize_with = "super::moments::optional_moment")]
    pub(crate) start_date: Option<Date>,
    /// The database for its data: a name of `[databases]`; the main one if left out.
    pub(crate) database: Option<String>,
}

fn yes() -> bool {
    true
}

/// Bounds; sizes in MiB (1,048,576 bytes).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitsSection {
    /// Largest request body.
    pub(crate) body_mib: usize,
    /// Largest compressed content; if left out as much as the others leave it, up to the default.
    pub(crate) compressed_mib: Option<usize>,
    /// Largest inflated content.
    pub(crate) inflated_mib: usize,
    /// Inflated size as a multiple of the compressed size.
    pub(crate) ratio: usize,
    /// Most entries in a bundle.
    pub(crate) entries: usize,
    /// Deepest nesting of the JSON.
    pub(crate) depth: usize,
    /// Tolerance for senders' clocks, in seconds.
    pub(crate) clock_tolerance_seconds: u32,
    /// Messages in memory at once; 0 = 32.
    pub(crate) concurrent_messages: usize,
    /// Threads for one large bundle; 0 = as many as the machine has cores.
    pub(crate) threads_per_message: usize,
    /// Seconds for a body to arrive, and again for the work on it.
    pub(crate) request_seconds: u32,
    /// Messages of one sender in work at once.
    pub(crate) messages_per_sender: usize,
    /// Messages from one address in work at once.
    pub(crate) messages_per_address: usize,
    /// Connections at once.
    pub(crate) connections: usize,
    /// Connections from one address at once.
    pub(crate) connections_per_address: usize,
    /// Seconds until a connection's first byte.
    pub(crate) first_byte_seconds: u32,
    /// Least speed of a body, after ten seconds.
    pub(crate) min_bytes_per_second: u32,
    /// Seconds for an answer to be taken.
    pub(crate) answer_seconds: u32,
}

impl Default for LimitsSection {
    /// The receiver's own defaults.
    fn default() -> Self {
        let intake = lmr_intake::Settings::default();
        let http = lmr_server::HttpSettings::default();
        let seconds = |time: u64| u32::try_from(time).unwrap_or(u32::MAX);
        Self {
            body_mib: intake.limits.body / MIB,
            compressed_mib: None,
            inflated_mib: intake.limits.inflated / MIB,
            ratio: intake.limits.ratio,
            entries: intake.entries,
            depth: intake.depth,
            clock_tolerance_seconds: seconds(intake.clock_tolerance.unsigned_abs().as_secs()),
            concurrent_messages: 0,
            threads_per_message: intake.threads,
            request_seconds: seconds(http.body_timeout.as_secs()),
            messages_per_sender: http.concurrent_per_sender,
            messages_per_address: http.concurrent_per_address,
            connections: http.connections,
            connections_per_address: http.connections_per_address,
            first_byte_seconds: seconds(http.first_byte.as_secs()),
            min_bytes_per_second: http.min_body_speed,
            answer_seconds: seconds(http.answer_timeout.as_secs()),
        }
    }
}

const MIB: usize = 1024 * 1024;

/// Largest size that may be configured: more is one in bytes.
const MOST_MIB: u64 = 4096;

/// Longest time that things may be kept and be removed after, in days: a century.
const MOST_DAYS: u64 = 36_525;

impl LimitsSection {
    /// A limit of nothing would refuse everything, which nobody means.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        for (key, value) in [
            ("body_mib", self.body_mib),
            ("compressed_mib", self.compressed_mib()),
            ("inflated_mib", self.inflated_mib),
            ("ratio", self.ratio),
            ("entries", self.entries),
            ("depth", self.depth),
            ("request_seconds", self.request_seconds as usize),
            ("messages_per_sender", self.messages_per_sender),
            ("messages_per_address", self.messages_per_address),
            ("connections", self.connections),
            ("connections_per_address", self.connections_per_address),
            ("first_byte_seconds", self.first_byte_seconds as usize),
            ("answer_seconds", self.answer_seconds as usize),
        ] {
            if value == 0 {
                fail!(
                    "limits.{key} er 0, så ingenting kunne tas imot",
                    "limits.{key} is 0, so nothing could be received"
                );
            }
        }
        for (key, value) in [
            ("body_mib", self.body_mib),
            ("compressed_mib", self.compressed_mib()),
            ("inflated_mib", self.inflated_mib),
        ] {
            within(&format!("limits.{key}"), value as u64, 1, MOST_MIB)?;
        }
        for (key, value, least) in [
            ("clock_tolerance_seconds", self.clock_tolerance_seconds, 0),
            ("request_seconds", self.request_seconds, 1),
            ("first_byte_seconds", self.first_byte_seconds, 1),
            ("answer_seconds", self.answer_seconds, 1),
        ] {
            within(&format!("limits.{key}"), u64::from(value), least, A_DAY)?;
        }
        // The smaller one of such a pair is the only one that would ever count.
        for ((outer, most), (inner, value)) in [
            (("body_mib", self.body_mib), ("compressed_mib", self.compressed_mib())),
            (("inflated_mib", self.inflated_mib), ("compressed_mib", self.compressed_mib())),
        ] {
            if value > most {
                fail!(
                    "limits.{inner} er {value}, men limits.{outer} slipper bare {most} gjennom: øk {outer} også, eller senk {inner}",
                    "limits.{inner} is {value}, but limits.{outer} lets {most} through only: raise {outer} too, or lower {inner}"
                );
            }
        }
        Ok(())
    }

    /// Largest compressed content. What nobody has written gives way to what somebody has.
    pub(crate) fn compressed_mib(&self) -> usize {
        let default = lmr_intake::Settings::default().limits.compressed / MIB;
        self.compressed_mib.unwrap_or_else(|| default.min(self.body_mib).min(self.inflated_mib))
    }

    /// Largest request body in bytes.
    pub(crate) fn body_bytes(&self) -> usize {
        self.body_mib.saturating_mul(MIB)
    }
}

impl ReceiverConfig {
    /// Who must have issued the senders' certificates.
    pub(crate) fn trust(&self, folder: &Path) -> anyhow::Result<Option<Trust>> {
        let read = |file: &Path| {
            let path = folder.join(file);
            std::fs::read(&path).explain(|| {
                text!("kan ikke lese {path}", "cannot read {path}", path = path.display())
            })
        };
        let named = |key: &str, file: &Path| {
            let path = folder.join(file);
            text!("{key}: {path}", "{key}: {path}", path = path.display())
        };
        let Some(authorities) = &self.authorities else {
            if self.revocations.is_some() {
                fail!("revocations krever authorities", "`revocations` needs `authorities`");
            }
            return Ok(None);
        };
        let trust =
            Trust::from_pem(&read(authorities)?).explain(|| named("authorities", authorities))?;
        match &self.revocations {
            Some(lists) => Ok(Some(
                trust.with_revocations(&read(lists)?).explain(|| named("revocations", lists))?,
            )),
            None => Ok(Some(trust)),
        }
    }

    /// The profiles of tokens that are accepted.
    pub(crate) fn trust_profiles(&self) -> anyhow::Result<Vec<TrustProfile>> {
        match (&self.helseid, self.trust.as_slice()) {
            (None, []) => fail!(
                "ingen [[trust]]: ikke noe tilgangstoken ville bli godtatt",
                "no [[trust]]: no access token would be accepted"
            ),
            (Some(helseid), []) => Ok(vec![helseid.profile(self.environment)]),
            (None, sections) => {
                sections.iter().map(|section| section.profile(self.environment)).collect()
            }
            (Some(_), _) => fail!(
                "både [helseid] og [[trust]]: skriv [helseid] som en [[trust]] med kind = \"helseid-bearer\"",
                "both [helseid] and [[trust]]: write [helseid] as a [[trust]] with kind = \"helseid-bearer\""
            ),
        }
    }

    /// The addresses that DPoP proofs may be made for; on this machine those it listens on.
    pub(crate) fn public_urls(&self) -> Vec<String> {
        if self.public_urls.is_empty() && self.environment == Environment::Local {
            let scheme = if self.tls.is_some() { "https" } else { "http" };
            let port = self.listen.port();
            return vec![
                format!("{scheme}://{}", self.listen),
                format!("{scheme}://localhost:{port}"),
            ];
        }
        self.public_urls.clone()
    }

    /// The register's keys, read from their files.
    pub(crate) fn decryption_keys(&self, folder: &Path) -> anyhow::Result<DecryptionKeys> {
        if self.certificate.is_empty() {
            fail!(
                "ingen [[certificate]]: uten registerets nøkkel kan ingenting åpnes",
                "no [[certificate]]: without the register's key nothing can be opened"
            );
        }
        let mut keys = Vec::new();
        for files in &self.certificate {
            let files = files.from(folder);
            let key =
                DecryptionKey::new(files.certificate()?, files.private_key()?).explain(|| {
                    text!(
                        "{certificate} og nøkkelen hører ikke sammen",
                        "{certificate} and its key do not fit together",
                        certificate = files.certificate.display()
                    )
                })?;
            // The start warns of one that is there twice.
            let thumbprint = key.certificate().thumbprint();
            let mut others = keys.iter().map(|other: &DecryptionKey| other.certificate());
            if others.all(|other| other.thumbprint() != thumbprint) {
                keys.push(key);
            }
        }
        Ok(DecryptionKeys::new(keys))
    }

    /// Certificates that a list of the file has twice, each with the list and its thumbprint: where one was copied for the one
    /// that is to follow, it looks as if that were there. What cannot be read, those who use it report.
    pub(crate) fn repeated_certificates(&self, folder: &Path) -> Vec<(String, Thumbprint)> {
        let own = self.certificate.iter().filter_map(|files| files.from(folder).certificate().ok());
        let mut lists = vec![("[[certificate]]".to_owned(), own.collect::<Vec<_>>())];
        for one in &self.avsender {
            let read =
                one.certificates.iter().filter_map(|path| certificate(&folder.join(path)).ok());
            lists.push((format!("[[avsender]] {}", one.name), read.collect()));
        }
        let mut repeated = Vec::new();
        for (list, certificates) in lists {
            let mut seen = HashSet::new();
            for thumbprint in certificates.iter().map(Certificate::thumbprint) {
                if !seen.insert(thumbprint) {
                    repeated.push((list.clone(), thumbprint));
                }
            }
        }
        repeated
    }

    /// The senders of the file, their certificates read.
    pub(crate) fn avsendere(&self, folder: &Path) -> anyhow::Result<Vec<Avsender>> {
        let read: Vec<Avsender> =
            self.avsender.iter().map(|a| a.read(folder)).collect::<anyhow::Result<_>>()?;
        // Only the first would count, and the certificates and addresses of the other be refused.
        for (at, one) in read.iter().enumerate() {
            let before = read.iter().take(at).find(|other| other.organisation == one.organisation);
            if let Some(other) = before {
                fail!(
                    "{number} står i to [[avsender]] ({first} og {second}): en organisasjon er én avsender, så ha sertifikatene \
                     og adressene i den ene",
                    "{number} is in two [[avsender]] ({first} and {second}): an organisation is one sender, so have the \
                     certificates and addresses in one of them",
                    number = one.organisation,
                    first = other.name,
                    second = one.name
                );
            }
        }
        Ok(read)
    }

    /// Bounds of the envelope.
    pub(crate) fn envelope_limits(&self) -> lmr_envelope::Limits {
        lmr_envelope::Limits {
            body: self.limits.body_mib.saturating_mul(MIB),
            compressed: self.limits.compressed_mib().saturating_mul(MIB),
            inflated: self.limits.inflated_mib.saturating_mul(MIB),
            ratio: self.limits.ratio,
        }
    }
}

/// A sender's name is what people know it by, in lists, alerts and the console.
pub(crate) fn check_name(name: &str) -> anyhow::Result<()> {
    if name.trim().is_empty() {
        fail!(
            "navnet er tomt: skriv hva folk kaller avsenderen",
            "the name is empty: write what people call the sender"
        );
    }
    Ok(())
}

impl AvsenderFile {
    fn read(&self, folder: &Path) -> anyhow::Result<Avsender> {
        check_name(&self.name).explain(|| {
            text!("[[avsender]] {number}", "[[avsender]] {number}", number = self.organisation)
        })?;
        let certificates = self
            .certificates
            .iter()
            .map(|path| {
                let path = folder.join(path);
                certificate(&path)?;
                let pem = std::fs::read_to_string(&path).explain(|| {
                    text!(
                        "kan ikke lese {path} (en PEM-fil)",
                        "cannot read {path} (a PEM file)",
                        path = path.display()
                    )
                })?;
                Ok(CertificateRecord { pem, from: None, until: None })
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        let record = AvsenderRecord {
            organisation: self.organisation.clone(),
            name: self.name.clone(),
            active: self.active,
            certificates,
            addresses: self.addresses.clone(),
            rule_set: self.rule_set,
            start_date: self.start_date,
            database: self.database.clone(),
        };
        let mut read = Avsender::try_from(&record)
            .explain(|| text!("[[avsender]] {name}", "[[avsender]] {name}", name = self.name))?;
        // Of one that is there twice the start warns.
        let mut seen = HashSet::new();
        read.certificates.retain(|one| seen.insert(one.certificate.thumbprint()));
        Ok(read)
    }
}
