//! `lmr serve`: the receiver.

mod background;
mod reload;
mod stores;
mod telemetry;
pub(crate) mod warnings;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use lmr_auth::{Clock, DpopSettings, Fetcher, HttpFetcher, KeyCache, TokenVerifier};
use lmr_envelope::SystemRandom;
use lmr_intake::{AllowList, Database, Parts, Receiver, Settings, Store};
use lmr_server::{HttpSettings, OutletService, PageSettings, Services, StoreReplays, Tls};
use lmr_storage::Opening;
use lmr_web::Console;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::clock;
use crate::config::key_files::KeyFiles;
use crate::config::read_text;
use crate::config::receiver::{OutletSection, ReceiverConfig};
use crate::config::sender::{A_DAY, within};
use crate::hangups::Hangups;
use crate::output::Language;
use crate::text::{Explain, fail, text};
use background::{expire_hourly, make_partitions_daily};
use reload::{Listeners, Reload, watch_certificates};
pub(crate) use stores::{are_files, check_database, copy_files, open_placed, open_store};
use telemetry::{Telemetries, telemetry};

/// Run the receiver until interrupted.
///
/// Exit status: 0 when it was asked to stop; 2 for arguments or configuration that a person must correct; 3 where it cannot
/// start now for what passes by itself: an address that is taken, a database that does not answer.
#[derive(Args)]
pub(crate) struct Serve {
    /// The receiver's configuration file
    #[arg(long, short, default_value = "receiver.toml")]
    config: PathBuf,
    /// Read everything that the file names, open the database, and end: exit status 0 when the receiver could start
    #[arg(long)]
    check: bool,
}

impl Serve {
    /// The receiver of a configuration file.
    #[cfg(windows)]
    pub(crate) const fn with_config(config: PathBuf) -> Self {
        Self { config, check: false }
    }

    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let hangups = {
            let _inside = runtime.enter();
            Hangups::listen()
        };
        let (config, folder) = crate::config::read::<ReceiverConfig>(&self.config)?;
        if self.check {
            return check(&config, &folder, lang);
        }
        let _last_lines = config.log.start()?;
        hangups.report();
        runtime.block_on(async {
            let Prepared { telemetry, store, services, outlet, console } =
                Prepared::of(&config, &folder, open_store(&config, &folder, Opening::START).await?)?;
            let reloading = Reload::of(
                &services,
                outlet.as_ref().map(|(services, _)| &services.settings),
                console.as_ref().map(|(console, settings)| (console, settings)),
                (&self.config, &config),
            );
            let has_outlet = outlet.is_some();
            // The receiver's own port last: when it is open, the others are.
            let outlet = listening_outlet(&config, outlet).await?;
            let showing = crate::console::serve(&config, console).await?;
            let listener = TcpListener::bind(config.listen)
                .await
                .explain(|| {
                    text!(
                        "kan ikke lytte på {address}",
                        "cannot listen on {address}",
                        address = config.listen
                    )
                })?;
            let mut beside = JoinSet::new();
            let listeners = Listeners::of(&reloading);
            let expiring = services.receiver.clone();
            beside.spawn(reloading.at_each(hangups));
            beside.spawn(watch_certificates(services.receiver.clone(), listeners));
            beside.spawn(expire_hourly(config.retention, has_outlet, Arc::clone(&store), expiring));
            beside.spawn(make_partitions_daily(Arc::clone(&store), services.receiver.clone()));
            warn(&config, &folder, &*store).await;
            tracing::info!(address = %listener.local_addr()?, environment = ?config.environment, "listening");
            #[cfg(windows)]
            crate::service::ready();
            let serving = lmr_server::serve(listener, services, interrupted());
            let ended = match outlet {
                None => tokio::try_join!(serving, showing).map(drop),
                Some((listener, services, outlet)) => {
                    tracing::info!(address = %listener.local_addr()?, "the outlet is listening");
                    let handing_over =
                        lmr_server::serve_outlet(listener, services, outlet, interrupted());
                    tokio::try_join!(serving, showing, handing_over).map(drop)
                }
            };
            // What is being removed or made at this moment is rolled back, and done at the next start.
            beside.shutdown().await;
            store.close().await;
            telemetry.stop().await;
            ended?;
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Logs what is most likely not meant so.
async fn warn(config: &ReceiverConfig, folder: &Path, store: &dyn Database) {
    let found = match store.avsendere().await {
        Ok(stored) => warnings::of_start(config, folder, &stored),
        Err(error) => Err(error.into()),
    };
    match found {
        Ok(found) => {
            for warning in found {
                tracing::warn!(detail = warning.line().en, "the configuration may not be meant so");
            }
        }
        // Calls are refused for the same reason, until it is gone.
        Err(error) => tracing::error!(
            detail = format!("{error:#}"),
            "the senders could not be read, so nothing is known of what may not be meant so"
        ),
    }
}

/// What a start makes of a configuration, before it listens. The start, its check and `lmr doctor` make the same, so
/// that none of them passes what another one refuses.
struct Prepared {
    telemetry: Telemetries,
    store: Arc<dyn Database>,
    services: Services,
    outlet: Option<(Services, OutletService)>,
    console: Option<(Console, PageSettings)>,
}

impl Prepared {
    fn of(
        config: &ReceiverConfig,
        folder: &Path,
        store: Arc<dyn Database>,
    ) -> anyhow::Result<Self> {
        config.log.filter()?;
        check_listeners(config)?;
        let telemetry = telemetry(config)?;
        let mut services = services_on(config, folder, &store)?;
        services.settings.observer = telemetry.observer();
        let outlet = match &config.outlet {
            Some(section) => Some(outlet_services(config, section, folder, &services, &store)?),
            None => None,
        };
        let console = crate::console::console(config, folder, &services, &store)?;
        Ok(Self { telemetry, store, services, outlet, console })
    }
}

/// Refuses listeners that no start could open together, or that nobody could call.
fn check_listeners(config: &ReceiverConfig) -> anyhow::Result<()> {
    let outlet = config.outlet.as_ref().map(|one| ("outlet", one.listen, &one.addresses));
    let console = config.console.as_ref().map(|one| ("console", one.listen, &one.addresses));
    let mut taken = vec![("listen".to_owned(), config.listen)];
    for (section, address, callers) in [outlet, console].into_iter().flatten() {
        if callers.is_empty() {
            fail!(
                "{section}.addresses er tom, så ingen kunne kalle: før opp adressene, eller ta bort [{section}]",
                "{section}.addresses is empty, so nobody could call: list the addresses, or leave [{section}] out"
            );
        }
        let key = format!("{section}.listen");
        // Port 0 is any that is free.
        if let Some((other, _)) = taken.iter().find(|one| one.1 == address && address.port() != 0) {
            fail!(
                "{key} og {other} er samme adresse ({address}): hver lytter trenger en port for seg",
                "{key} and {other} are the same address ({address}): each listener needs a port of its own"
            );
        }
        taken.push((key, address));
    }
    if config.outlet.as_ref().is_some_and(|outlet| outlet.lease_seconds == 0) {
        fail!(
            "outlet.lease_seconds er 0: det skal være minst 1, ellers gis en melding ut igjen før den er hentet",
            "outlet.lease_seconds is 0: it must be at least 1, or a message is given out again before it is fetched"
        );
    }
    if config.console.as_ref().is_some_and(|console| console.session_minutes == 0) {
        fail!(
            "console.session_minutes er 0: det skal være minst 1, ellers er en økt over idet den begynner",
            "console.session_minutes is 0: it must be at least 1, or a session is over as it begins"
        );
    }
    let lease = config.outlet.as_ref().map_or(1, |outlet| outlet.lease_seconds);
    within("outlet.lease_seconds", u64::from(lease), 1, A_DAY)?;
    let session = config.console.as_ref().map_or(1, |console| console.session_minutes);
    within("console.session_minutes", u64::from(session), 1, A_DAY / 60)?;
    Ok(())
}

/// Does all that a start does with a database that is open, except listening, and asks it for an answer.
pub(crate) async fn prepare(
    config: &ReceiverConfig,
    folder: &Path,
    store: Arc<dyn Database>,
) -> anyhow::Result<()> {
    let prepared = Prepared::of(config, folder, store)?;
    prepared.store.ready().await.explain(|| text!("databasen", "the database"))?;
    prepared.store.close().await;
    prepared.telemetry.stop().await;
    Ok(())
}

fn check(config: &ReceiverConfig, folder: &Path, lang: Language) -> anyhow::Result<ExitCode> {
    lmr_auth::install_tls_provider();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stored = runtime.block_on(async {
        let store = open_store(config, folder, Opening::START).await?;
        let stored = store.avsendere().await?;
        prepare(config, folder, store).await?;
        anyhow::Ok(stored)
    })?;
    // A start does not fail for them, and everybody who calls would.
    for (what, day) in reload::ended(config, folder)? {
        let text = text!(
            "{what} utløp {day}: forny det, ellers blir det som bruker det, avvist",
            "{what} expired on {day}: renew it, or what uses it is refused"
        );
        crate::output::complain(text.get(lang));
    }
    for warning in warnings::of_start(config, folder, &stored)? {
        crate::output::complain(warning.line().get(lang));
    }
    let done = text!(
        "konfigurasjonen kan brukes, og databasen svarer\n",
        "the configuration can be used, and the database answers\n"
    );
    crate::output::print(done.get(lang))?;
    Ok(ExitCode::SUCCESS)
}

/// The outlet with its listener, where the configuration has one.
async fn listening_outlet(
    config: &ReceiverConfig,
    outlet: Option<(Services, OutletService)>,
) -> anyhow::Result<Option<(TcpListener, Services, OutletService)>> {
    let (Some(section), Some((services, outlet))) = (&config.outlet, outlet) else {
        return Ok(None);
    };
    let listener = TcpListener::bind(section.listen).await.explain(|| {
        text!(
            "outlet: kan ikke lytte på {address}",
            "outlet: cannot listen on {address}",
            address = section.listen
        )
    })?;
    Ok(Some((listener, services, outlet)))
}

/// What the outlet works with.
fn outlet_services(
    config: &ReceiverConfig,
    section: &OutletSection,
    folder: &Path,
    receiver: &Services,
    store: &Arc<dyn Database>,
) -> anyhow::Result<(Services, OutletService)> {
    let fetcher: Arc<dyn Fetcher> = Arc::new(HttpFetcher::new(Duration::from_secs(10))?);
    let replays: Arc<dyn Store> = Arc::clone(store) as Arc<dyn Store>;
    let verifier = TokenVerifier::with_dpop(
        section.trust_profiles(config.environment)?,
        &fetcher,
        Arc::clone(&receiver.clock),
        KeyCache::default(),
        DpopSettings {
            public_urls: section.public_urls(config.environment),
            replays: Arc::new(StoreReplays::new(replays)),
            nonce_key: nonce_key(config, folder)?,
        },
    )?;
    let settings = HttpSettings {
        tls: match &section.tls {
            Some(files) => Some(tls_of(files, folder)?),
            None => None,
        },
        ..http_settings(config, folder)?
    };
    let services = Services {
        receiver: receiver.receiver.clone(),
        verifier: Arc::new(verifier),
        clock: Arc::clone(&receiver.clock),
        random: Arc::clone(&receiver.random),
        settings,
    };
    let outlet = OutletService {
        store: Arc::clone(store),
        addresses: AllowList::parse(&section.addresses)
            .explain(|| text!("outlet.addresses", "outlet.addresses"))?,
        lease: Duration::from_secs(u64::from(section.lease_seconds.max(1))),
        form: section.form.into(),
    };
    Ok((services, outlet))
}

/// Puts a receiver together as the configuration says.
fn services_on(
    config: &ReceiverConfig,
    folder: &Path,
    database: &Arc<dyn Database>,
) -> anyhow::Result<Services> {
    config.limits.check()?;
    config.retention.check()?;
    let store: Arc<dyn Store> = Arc::clone(database) as Arc<dyn Store>;
    let receiver = Receiver::new(Parts {
        store: Arc::clone(&store),
        keys: config.decryption_keys(folder)?,
        trust: config.trust(folder)?,
        avsendere: config.avsendere(folder)?,
        settings: Settings {
            limits: config.envelope_limits(),
            entries: config.limits.entries,
            depth: config.limits.depth,
            clock_tolerance: jiff::SignedDuration::from_secs(i64::from(
                config.limits.clock_tolerance_seconds,
            )),
            addresses: AllowList::parse(&config.addresses)
                .explain(|| text!("addresses", "addresses"))?,
            person_numbers: config.identity_numbers.numbers.into(),
            accept_2032_numbers: config.identity_numbers.accept_2032,
            advice: config.advice.into(),
            threads: config.limits.threads_per_message,
            rule_sets: crate::config::rule_sets(&config.terminology, folder)?,
        },
    });
    let clock: Clock = Arc::new(clock::now);
    let fetcher: Arc<dyn Fetcher> = Arc::new(HttpFetcher::new(Duration::from_secs(10))?);
    let dpop = DpopSettings {
        public_urls: config.public_urls(),
        replays: Arc::new(StoreReplays::new(Arc::clone(&store))),
        nonce_key: nonce_key(config, folder)?,
    };
    let verifier = TokenVerifier::with_dpop(
        config.trust_profiles()?,
        &fetcher,
        Arc::clone(&clock),
        KeyCache::default(),
        dpop,
    )?;
    Ok(Services {
        receiver,
        verifier: Arc::new(verifier),
        clock,
        random: Arc::new(SystemRandom),
        settings: http_settings(config, folder)?,
    })
}

/// The secret of DPoP nonces, the same for all receivers with one column key.
fn nonce_key(config: &ReceiverConfig, folder: &Path) -> anyhow::Result<[u8; 32]> {
    let secret = zeroize::Zeroizing::new(read_text(&folder.join(&config.column_key))?);
    Ok(lmr_auth::dpop::nonce_key(secret.trim().as_bytes()))
}

fn http_settings(config: &ReceiverConfig, folder: &Path) -> anyhow::Result<HttpSettings> {
    let mut settings = HttpSettings {
        trusted_proxies: AllowList::parse(&config.trusted_proxies)
            .explain(|| text!("trusted_proxies", "trusted_proxies"))?,
        proxy_header: config.proxy_header.into(),
        body_limit: config.limits.body_bytes(),
        body_timeout: Duration::from_secs(u64::from(config.limits.request_seconds)),
        work_timeout: Duration::from_secs(u64::from(config.limits.request_seconds)),
        ..HttpSettings::default()
    };
    if let Some(addresses) = &config.metrics_addresses {
        settings.metrics_addresses = AllowList::parse(addresses)
            .explain(|| text!("metrics_addresses", "metrics_addresses"))?;
    }
    let limits = &config.limits;
    if limits.concurrent_messages > 0 {
        settings.concurrent = limits.concurrent_messages;
    }
    settings.concurrent_per_sender = limits.messages_per_sender;
    settings.concurrent_per_address = limits.messages_per_address;
    settings.connections = limits.connections;
    settings.connections_per_address = limits.connections_per_address;
    settings.first_byte = Duration::from_secs(u64::from(limits.first_byte_seconds));
    settings.min_body_speed = limits.min_bytes_per_second;
    settings.answer_timeout = Duration::from_secs(u64::from(limits.answer_seconds));
    settings.tls = tls(config, folder)?;
    if let Some(section) = &config.validator_page {
        let file = section.module.as_ref().map(|file| folder.join(file));
        let module = crate::web::module(file.as_deref())
            .explain(|| text!("[validator_page]", "[validator_page]"))?;
        settings.validator_page = Some(crate::web::files(module));
    }
    settings.lost_log_lines = crate::log::lost_lines();
    Ok(settings)
}

fn tls(config: &ReceiverConfig, folder: &Path) -> anyhow::Result<Option<Tls>> {
    config.tls.as_ref().map(|files| tls_of(files, folder)).transpose()
}

pub(crate) fn tls_of(files: &KeyFiles, folder: &Path) -> anyhow::Result<Tls> {
    let (chain, key) = files.from(folder).for_tls().explain(|| text!("[tls]", "[tls]"))?;
    Ok(Tls::from_pem(&chain, &key)?)
}

/// Ends on Ctrl-C and, where there is one, on the order to terminate (of a service of Windows: to stop). A hang-up ends nothing.
pub(crate) async fn interrupted() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // No signals here: only killing ends the process.
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // Listened for, it does not kill any more: a terminal that is closed ends neither a transfer nor a desk.
        let _hangup = signal(SignalKind::hangup());
        let Ok(mut terminate) = signal(SignalKind::terminate()) else { return ctrl_c.await };
        tokio::select! { () = ctrl_c => {}, _ = terminate.recv() => {} }
    }
    #[cfg(windows)]
    {
        use tokio::signal::windows::{ctrl_break, ctrl_close, ctrl_shutdown};
        // A console that is closed, or a machine that is shut down, waits for a few seconds only.
        let (Ok(mut stop), Ok(mut close), Ok(mut shutdown)) =
            (ctrl_break(), ctrl_close(), ctrl_shutdown())
        else {
            return ctrl_c.await;
        };
        tokio::select! {
            () = ctrl_c => {}
            _ = stop.recv() => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
            () = crate::service::stop_asked() => {}
        }
    }
    #[cfg(not(any(unix, windows)))]
    ctrl_c.await;
}
