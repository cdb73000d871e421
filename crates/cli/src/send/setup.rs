//! The sender put together as its configuration says.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lmr_auth::{Clock, Environment, Fetcher, HttpFetcher, TokenClient};
use lmr_envelope::{SealError, SigningKey, SystemRandom};
use lmr_identifiers::OrganisationNumber;
use lmr_sender::check::RuleSetChecker;
use lmr_sender::desk::HeldFilter;
use lmr_sender::inspect::inspect;
use lmr_sender::outbox::{Outbox, OutboxError};
use lmr_sender::schedule::RetrySchedule;
use lmr_sender::seal::EnvelopeSealer;
use lmr_sender::transport::{HttpSettings, HttpTransport, TokenAuthorizer};
use lmr_sender::{Agent, BundleLimits, HashKey, Parts, Settings, StopSignal};

use super::sources::source;
use super::texts::Rejected;
use crate::clock;
use crate::config::key_files::certificate;
use crate::config::sender::{SenderConfig, hash_key};
use crate::output::{Language, complain};
use crate::text::{Explain, Text, fail, text};

/// The sender's database as configured, for changing; it must be there.
pub(super) async fn outbox(config: &SenderConfig, folder: &Path) -> anyhow::Result<Outbox> {
    let path = database(config, folder)?;
    open(&path).await
}

/// The same for looking only: a read-only file system or a snapshot will do.
pub(crate) async fn outbox_to_read(config: &SenderConfig, folder: &Path) -> anyhow::Result<Outbox> {
    let path = database(config, folder)?;
    match Outbox::open(&path).await {
        Err(error @ OutboxError::Database(_)) if !error.is_locked() => {
            match Outbox::open_read_only(&path).await {
                Ok(outbox) => Ok(outbox),
                Err(error @ (OutboxError::WriteAheadLog | OutboxError::Newer { .. })) => {
                    Err(error.into())
                }
                Err(_) => Err(error).explain(|| cannot_open(&path)),
            }
        }
        opened => opened.explain(|| cannot_open(&path)),
    }
}

/// The database as configured, where something was sent already.
pub(super) fn database(config: &SenderConfig, folder: &Path) -> anyhow::Result<PathBuf> {
    let path = folder.join(&config.database);
    if !path.exists() {
        fail!(
            "{path} finnes ikke: ingenting er sendt ennå",
            "{path} is not there: nothing has been sent yet",
            path = path.display()
        );
    }
    Ok(path)
}

fn cannot_open(path: &Path) -> Text {
    text!("kan ikke åpne {path}", "cannot open {path}", path = path.display())
}

fn cannot_use(path: &Path) -> Text {
    text!("kan ikke bruke {path}", "cannot use {path}", path = path.display())
}

async fn open(path: &Path) -> anyhow::Result<Outbox> {
    Outbox::open(path).await.explain(|| cannot_open(path))
}

/// Asks to stop when the process is interrupted or terminated; a second time ends it at once.
pub(super) fn stop_on_signals(stop: &StopSignal) {
    let stop = stop.clone();
    #[expect(clippy::exit, reason = "who interrupts a second time does not want to wait")]
    tokio::spawn(async move {
        crate::serve::interrupted().await;
        stop.stop();
        // The service manager asks once.
        #[cfg(windows)]
        if crate::service::is_running() {
            return;
        }
        crate::serve::interrupted().await;
        // 128 + SIGINT, as shells write it.
        std::process::exit(130);
    });
}

/// The source of access tokens as configured.
pub(crate) fn authorizer(config: &SenderConfig, folder: &Path) -> anyhow::Result<TokenAuthorizer> {
    lmr_auth::install_tls_provider();
    let clock: Clock = Arc::new(clock::now);
    let (client, key) = config.client(folder)?;
    let network = config.network(folder)?;
    // What is wrong with it has a sentence in both languages here, and not where the client is made.
    drop(network.client(false)?);
    let fetcher: Arc<dyn Fetcher> = Arc::new(HttpFetcher::by(&network, Duration::from_secs(30))?);
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
    HttpTransport::new(&settings, authorizer(config, folder)?).explain(|| {
        match &config.receiver.tls_ca {
            Some(path) => text!(
                "receiver.url eller receiver.tls_ca ({path})",
                "receiver.url or receiver.tls_ca ({path})",
                path = folder.join(path).display()
            ),
            None => text!("receiver.url", "receiver.url"),
        }
    })
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
    http.network = config.network(folder)?;
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
    filter: &HeldFilter,
    discarded: bool,
    redact: bool,
    lang: Language,
) -> anyhow::Result<Rejected> {
    let outbox = outbox_to_read(config, folder).await?;
    let held = if discarded { outbox.discarded().await? } else { outbox.held().await? };
    let in_all = held.len();
    let held = filter.of(held);
    let mut waiting = outbox.waiting().await?;
    let numbers: HashSet<i64> = held.iter().map(|row| row.number).collect();
    waiting.retain(|row| numbers.contains(&row.held));
    let mut issues = if discarded { Vec::new() } else { outbox.source_issues().await? };
    let in_all = (!filter.is_everything()).then_some(in_all + issues.len());
    issues.retain(|row| filter.matches_issue(row));
    let source = source(config, folder)?;
    let key = HashKey::new(&hash_key(config, folder)?);
    let details = inspect(&*source, &key, config.ruleset, &held).unwrap_or_else(|_| {
        let note = text!(
            "lmr: kilden kan ikke leses nå, så verdiene og det tillatte mangler i listen; lmr doctor sier hvorfor",
            "lmr: the source cannot be read now, so the list lacks the values and what is allowed; lmr doctor says why"
        );
        complain(note.get(lang));
        HashMap::new()
    });
    Ok(Rejected { held, waiting, issues, details, redact, in_all, discarded })
}

/// Which code lists there are, and of when: other ones may find other things.
fn code_lists(config: &SenderConfig, folder: &Path) -> String {
    let list = |path: &PathBuf| {
        let file = std::fs::metadata(folder.join(path)).ok();
        let made = file.as_ref().and_then(|file| file.modified().ok());
        let made = made.and_then(|made| Timestamp::try_from(made).ok()).unwrap_or_default();
        format!("{} {} {made}", path.display(), file.map_or(0, |file| file.len()))
    };
    config.terminology.iter().map(list).collect::<Vec<_>>().join(", ")
}

/// The file that lets one run at a time work on the database.
pub(super) fn lock(config: &SenderConfig, folder: &Path) -> PathBuf {
    let mut lock = folder.join(&config.database).into_os_string();
    lock.push(".lock");
    lock.into()
}

/// Puts the sender together as configured.
pub(super) async fn agent(
    config: &SenderConfig,
    folder: &Path,
    stop: &StopSignal,
) -> anyhow::Result<Agent> {
    let database = folder.join(&config.database);
    if !database.exists() {
        // A database belongs to the organisation that it was made with, also where nothing could be sent in its name.
        is_of_this_organisation(config, folder)?;
    }
    let outbox = open(&database).await?;
    let agent = agent_with(config, folder, outbox, stop, false).await?;
    Ok(agent.telling_progress(super::transfer_progress::sink()))
}

/// Whether the certificate to sign with is that of the organisation that is to send.
///
/// # Errors
/// Also where either cannot be read.
pub(super) fn is_of_this_organisation(config: &SenderConfig, folder: &Path) -> anyhow::Result<()> {
    config.check()?;
    let (organisation, signer) = signer(config, folder)?;
    if signer.certificate().organisation() != Some(organisation) {
        let error = SealError::NotOurCertificate { sender: organisation };
        let file = config.certificate.from(folder).certificate;
        return Err(error).explain(|| text!("{file}", "{file}", file = file.display()));
    }
    Ok(())
}

/// The organisation that sends, and what signs for it.
fn signer(
    config: &SenderConfig,
    folder: &Path,
) -> anyhow::Result<(OrganisationNumber, SigningKey)> {
    let organisation = OrganisationNumber::parse(&config.organisation)
        .explain(|| text!("organisation", "organisation"))?;
    let files = config.certificate.from(folder);
    let signer = SigningKey::new(files.certificate()?, files.private_key()?).explain(|| {
        text!(
            "{certificate} og nøkkelen hører ikke sammen",
            "{certificate} and its key do not fit together",
            certificate = files.certificate.display()
        )
    })?;
    Ok((organisation, signer))
}

/// The same on a scratch copy of the database, in `scratch`: whatever it does changes nothing.
pub(crate) async fn scratch_agent(
    config: &SenderConfig,
    folder: &Path,
    scratch: &Path,
) -> anyhow::Result<Agent> {
    let database = folder.join(&config.database);
    let outbox = Outbox::scratch_copy(&database, &scratch.join("scratch.sqlite"))
        .await
        .explain(|| cannot_open(&database))?;
    agent_with(config, folder, outbox, &StopSignal::default(), false).await
}

/// The sender for questions that change nothing: on the database itself, where it is there, since a scratch copy has no
/// finished messages.
pub(super) async fn reading_agent(
    config: &SenderConfig,
    folder: &Path,
    scratch: &Path,
) -> anyhow::Result<Agent> {
    if !folder.join(&config.database).exists() {
        return empty_agent(config, folder, scratch, false).await;
    }
    let outbox = outbox_to_read(config, folder).await?;
    agent_with(config, folder, outbox, &StopSignal::default(), false).await
}

/// The same with an outbox of its own that knows nothing, in `scratch`. `show_canonicals`: what it finds is for a person
/// who looks, and is not kept.
pub(super) async fn empty_agent(
    config: &SenderConfig,
    folder: &Path,
    scratch: &Path,
    show_canonicals: bool,
) -> anyhow::Result<Agent> {
    let path = scratch.join("scratch.sqlite");
    let outbox = Outbox::scratch_copy(&scratch.join("nothing"), &path)
        .await
        .explain(|| cannot_open(&path))?;
    agent_with(config, folder, outbox, &StopSignal::default(), show_canonicals).await
}

async fn agent_with(
    config: &SenderConfig,
    folder: &Path,
    outbox: Outbox,
    stop: &StopSignal,
    show_canonicals: bool,
) -> anyhow::Result<Agent> {
    lmr_auth::install_tls_provider();
    let rule_set = config.ruleset;
    config.check()?;
    let (organisation, signer) = signer(config, folder)?;
    let recipient = certificate(&folder.join(&config.receiver.certificate))?;

    let clock: Clock = Arc::new(clock::now);
    let transport = transport(config, folder, &config.receiver.url)?;

    let wait = SignedDuration::from_mins(i64::from(config.schedule.retry_minutes));
    Agent::new(Parts {
        settings: Settings {
            own_addresses: [config.own_addresses.clone(), config.source.servers()].concat(),
            incremental: config.is_incremental(),
            incremental_sources: config.source.incremental(),
            start: config.start_date,
            rule_set,
            bundle_limits: BundleLimits {
                entries: config.bundle.entries,
                bytes: config.bundle.mib.saturating_mul(1 << 20),
            },
            retry: RetrySchedule { waits: vec![wait; config.schedule.retries as usize] },
            configuration: code_lists(config, folder),
            lock: lock(config, folder),
            organisation: config.organisation.clone(),
            environment: match config.environment {
                Environment::Production => "production",
                Environment::Test => "test",
                Environment::Local => "local",
            }
            .to_owned(),
            receiver: config.receiver.url.clone(),
        },
        source: source(config, folder)?,
        key: HashKey::new(&hash_key(config, folder)?),
        outbox,
        checker: Arc::new(
            RuleSetChecker::new(rule_set, config.identity_numbers.numbers.into())
                .accepting_2032_numbers(config.identity_numbers.accept_2032)
                .with_rule_sets(crate::config::rule_sets(&config.terminology, folder)?)
                .showing_canonicals(show_canonicals)
                .with_advice(config.advice.into()),
        ),
        sealer: Arc::new(EnvelopeSealer::new(organisation, recipient, signer, SystemRandom)),
        transport: Arc::new(transport),
        clock,
        random: Arc::new(SystemRandom),
        stop: stop.clone(),
    })
    .await
    .explain(|| cannot_use(&folder.join(&config.database)))
}
