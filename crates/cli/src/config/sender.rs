//! The sender's configuration file.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::civil::{Date, Time};
use lmr_auth::jose::{Algorithm, SigningKey as TokenKey};
use lmr_auth::{ActingFor, ClientSettings, Environment};
use lmr_lmdi::RuleSetId;
use serde::Deserialize;

use super::{IdentityNumbers, KeyFiles, Log};

/// `lmr send … --config FILE`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SenderConfig {
    /// The organisation that reports, nine digits; that of the signing certificate.
    pub(crate) organisation: String,
    /// `production`, `test` or `local`.
    pub(crate) environment: Environment,
    /// Folder with FHIR files (JSON, NDJSON), read anew at every run.
    pub(crate) source: PathBuf,
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
    pub(crate) start_date: Date,
    /// Where to send.
    pub(crate) receiver: ReceiverSection,
    /// The sender's enterprise certificate and key.
    pub(crate) certificate: KeyFiles,
    /// The client in HelseID.
    pub(crate) helseid: HelseIdSection,
    /// Which identity numbers the register takes.
    #[serde(default)]
    pub(crate) identity_numbers: IdentityNumbers,
    /// When to send and to try again.
    #[serde(default)]
    pub(crate) schedule: ScheduleSection,
    /// Size of bundles.
    #[serde(default)]
    pub(crate) bundle: BundleSection,
    /// Logging.
    #[serde(default)]
    pub(crate) log: Log,
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

/// The client in HelseID.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HelseIdSection {
    /// `https://helseid-sts.nhn.no` in production.
    pub(crate) issuer: String,
    /// The client's id from Selvbetjening.
    pub(crate) client_id: String,
    /// The client's private key: a JWK file as Selvbetjening gives it, or PEM (PKCS#8).
    pub(crate) key: PathBuf,
    /// `kid`, where the key file has none.
    pub(crate) kid: Option<String>,
    /// `alg` registered with the key, where the key file has none: RS256 … ES512.
    pub(crate) algorithm: Option<String>,
    /// Scope wanted.
    #[serde(default = "seed_scope")]
    pub(crate) scope: String,
    /// Narrows the token to one API.
    pub(crate) resource: Option<String>,
    /// Sub-unit that the token shall name (single-tenant clients).
    pub(crate) child: Option<String>,
    /// Customer that a supplier's multi-tenant client acts for.
    pub(crate) customer: Option<String>,
    /// Lifetime of a client assertion in seconds.
    #[serde(default = "twenty")]
    pub(crate) assertion_seconds: u32,
}

fn seed_scope() -> String {
    "fhi:lmr.fhirmottak/all".to_owned()
}

fn twenty() -> u32 {
    20
}

/// When to send.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ScheduleSection {
    /// Time of the daily transfer, Norwegian time.
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
    fn default() -> Self {
        Self { entries: 5_000, mib: 32 }
    }
}

impl SenderConfig {
    /// What no type can say.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.schedule.retries > 3 {
            bail!(
                "schedule.retries: the protocol allows at most 3 new attempts before the next transfer"
            );
        }
        if self.bundle.entries == 0 || self.bundle.mib == 0 {
            bail!("bundle.entries and bundle.mib must be at least 1");
        }
        if self.receiver.timeout_seconds == 0 {
            bail!("receiver.timeout_seconds must be at least 1");
        }
        Ok(())
    }

    /// The client's settings and key.
    pub(crate) fn client(&self, folder: &Path) -> anyhow::Result<(ClientSettings, TokenKey)> {
        let section = &self.helseid;
        let number = |key: &str, text: &str| {
            lmr_identifiers::OrganisationNumber::parse(text)
                .with_context(|| format!("helseid.{key}: {text} is no organisation number"))
        };
        let child = section.child.as_deref().map(|c| number("child", c)).transpose()?;
        let customer = section.customer.as_deref().map(|c| number("customer", c)).transpose()?;
        let acting_for = match (customer, child) {
            (Some(parent), child) => ActingFor::Customer { parent, child },
            (None, Some(child)) => ActingFor::Child { child },
            (None, None) => ActingFor::Registered,
        };
        let settings = ClientSettings {
            issuer: section.issuer.clone(),
            environment: self.environment,
            client_id: section.client_id.clone(),
            scope: section.scope.clone(),
            resource: section.resource.clone(),
            acting_for,
            assertion_lifetime_seconds: section.assertion_seconds,
        };
        let path = folder.join(&section.key);
        let text = zeroize::Zeroizing::new(
            std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?,
        );
        let algorithm = section
            .algorithm
            .as_deref()
            .map(|name| {
                Algorithm::from_name(name)
                    .with_context(|| format!("helseid.algorithm: {name} is unknown"))
            })
            .transpose()?;
        let key = if text.trim_start().starts_with('{') {
            TokenKey::from_jwk(text.as_bytes(), section.kid.as_deref(), algorithm)
        } else {
            let kid = section.kid.as_deref().context("helseid.kid is needed with a PEM key")?;
            TokenKey::from_pem(
                &text,
                kid,
                algorithm.context("helseid.algorithm is needed with a PEM key")?,
            )
        }
        .with_context(|| format!("{} is no usable key", path.display()))?;
        Ok((settings, key))
    }
}

/// The key under which the sender's database knows resources.
pub(crate) fn hash_key(
    config: &SenderConfig,
    folder: &Path,
) -> anyhow::Result<zeroize::Zeroizing<[u8; 32]>> {
    let path = folder.join(&config.hash_key);
    let text = zeroize::Zeroizing::new(
        std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {} (hash_key)", path.display()))?,
    );
    let mut key = zeroize::Zeroizing::new([0; 32]);
    let digits = text.trim().as_bytes();
    let pairs = digits.chunks_exact(2);
    if digits.len() != 64 {
        anyhow::bail!("{} must hold 64 hex digits", path.display());
    }
    for (byte, pair) in key.iter_mut().zip(pairs) {
        let pair = std::str::from_utf8(pair).unwrap_or_default();
        *byte = u8::from_str_radix(pair, 16)
            .ok()
            .with_context(|| format!("{} must hold 64 hex digits", path.display()))?;
    }
    Ok(key)
}
