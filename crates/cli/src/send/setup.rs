//! The sender put together as its configuration says.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use lmr_auth::{Clock, Fetcher, HttpFetcher, TokenClient};
use lmr_envelope::{SigningKey, SystemRandom};
use lmr_identifiers::OrganisationNumber;
use lmr_sender::{
    Agent, BundleLimits, EnvelopeSealer, FolderSource, HashKey, HttpSettings, HttpTransport,
    Outbox, Parts, RetrySchedule, RuleSetChecker, Settings, SourceLimits, TokenAuthorizer, inspect,
};

use super::texts::Rejected;
use crate::clock;
use crate::config::key_files::{certificate, private_key};
use crate::config::sender::{SenderConfig, hash_key};
use crate::text::{Explain, fail, text};

/// The sender's database as configured; it must be there.
pub(super) async fn outbox(config: &SenderConfig, folder: &Path) -> anyhow::Result<Outbox> {
    let path = folder.join(&config.database);
    if !path.exists() {
        fail!(
            "{path} finnes ikke: ingenting er sendt ennå",
            "{path} is not there: nothing has been sent yet",
            path = path.display()
        );
    }
    open(&path).await
}

async fn open(path: &Path) -> anyhow::Result<Outbox> {
    Outbox::open(path)
        .await
        .explain(|| text!("kan ikke åpne {path}", "cannot open {path}", path = path.display()))
}

/// The source of access tokens as configured.
pub(crate) fn authorizer(config: &SenderConfig, folder: &Path) -> anyhow::Result<TokenAuthorizer> {
    lmr_auth::install_tls_provider();
    let clock: Clock = Arc::new(clock::now);
    let (client, key) = config.client(folder)?;
    let fetcher: Arc<dyn Fetcher> = Arc::new(HttpFetcher::new(Duration::from_secs(30))?);
    let client = TokenClient::new(client, Arc::new(key), fetcher, clock, clock::fresh_ids())?;
    Ok(TokenAuthorizer::new(client))
}

/// The way to an address of the register as configured: authorities, proxy, tokens and time.
pub(crate) fn transport(
    config: &SenderConfig,
    folder: &Path,
    address: &str,
) -> anyhow::Result<HttpTransport<TokenAuthorizer>> {
    let settings = http_settings(config, folder, address)?;
    HttpTransport::new(&settings, authorizer(config, folder)?)
        .explain(|| text!("receiver.url", "receiver.url"))
}

/// How the register is reached.
pub(crate) fn http_settings(
    config: &SenderConfig,
    folder: &Path,
    address: &str,
) -> anyhow::Result<HttpSettings> {
    lmr_auth::install_tls_provider();
    let mut http = HttpSettings::new(address);
    http.timeout = Duration::from_secs(config.receiver.timeout_seconds);
    if let Some(path) = &config.receiver.tls_ca {
        let pem = crate::output::read(&folder.join(path))
            .explain(|| text!("receiver.tls_ca", "receiver.tls_ca"))?;
        http.certificate_authorities.push(pem);
    }
    Ok(http)
}

/// What is held, with the values that the source has now.
pub(super) async fn rejected(
    config: &SenderConfig,
    folder: &Path,
    redact: bool,
) -> anyhow::Result<Rejected> {
    let outbox = outbox(config, folder).await?;
    let (held, waiting) = (outbox.held().await?, outbox.waiting().await?);
    let source = source(config, folder);
    let key = HashKey::new(&hash_key(config, folder)?);
    // A source that cannot be read now leaves the list without values.
    let details = inspect(&source, &key, config.ruleset, &held).unwrap_or_default();
    Ok(Rejected { held, waiting, details, redact })
}

fn source(config: &SenderConfig, folder: &Path) -> FolderSource {
    FolderSource::new(folder.join(&config.source), SourceLimits::default())
}

/// Puts the sender together as configured.
pub(crate) async fn agent(config: &SenderConfig, folder: &Path) -> anyhow::Result<Agent> {
    lmr_auth::install_tls_provider();
    let rule_set = config.ruleset;
    config.check()?;
    let organisation = OrganisationNumber::parse(&config.organisation)
        .explain(|| text!("organisation", "organisation"))?;
    let files = config.certificate.from(folder);
    let signer = SigningKey::new(certificate(&files.certificate)?, private_key(&files.key)?)
        .explain(|| {
            text!(
                "{certificate} og nøkkelen hører ikke sammen",
                "{certificate} and its key do not fit together",
                certificate = files.certificate.display()
            )
        })?;
    let recipient = certificate(&folder.join(&config.receiver.certificate))?;

    let clock: Clock = Arc::new(clock::now);
    let transport = transport(config, folder, &config.receiver.url)?;

    let database = folder.join(&config.database);
    let outbox = open(&database).await?;
    let mut lock = database.into_os_string();
    lock.push(".lock");
    let wait = SignedDuration::from_mins(i64::from(config.schedule.retry_minutes));
    Ok(Agent::new(Parts {
        settings: Settings {
            own_addresses: config.own_addresses.clone(),
            incremental: config.incremental,
            start: config.start_date,
            rule_set,
            bundle_limits: BundleLimits {
                entries: config.bundle.entries,
                bytes: config.bundle.mib.saturating_mul(1 << 20),
            },
            retry: RetrySchedule { waits: vec![wait; config.schedule.retries as usize] },
            lock: lock.into(),
            organisation: config.organisation.clone(),
        },
        source: Arc::new(source(config, folder)),
        key: HashKey::new(&hash_key(config, folder)?),
        outbox,
        checker: Arc::new(
            RuleSetChecker::new(rule_set, config.identity_numbers.numbers.into())
                .accepting_2032_numbers(config.identity_numbers.accept_2032)
                .with_rule_sets(crate::config::rule_sets(&config.terminology, folder)?)
                .with_advice(config.advice.into()),
        ),
        sealer: Arc::new(EnvelopeSealer::new(organisation, recipient, signer, SystemRandom)),
        transport: Arc::new(transport),
        clock,
        random: Arc::new(SystemRandom),
    })
    .await?)
}
