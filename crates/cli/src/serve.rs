//! `lmr serve`: the receiver.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use lmr_auth::{Clock, Fetcher, HttpFetcher, KeyCache, TokenVerifier};
use lmr_envelope::SystemRandom;
use lmr_intake::{AllowList, Parts, Receiver, Settings, Store};
use lmr_server::{HttpSettings, Services, Tls};
use lmr_storage::{PostgresStore, SqliteStore, StorageKey};
use tokio::net::TcpListener;

use crate::clock;
use crate::config::receiver::ReceiverConfig;

/// Run the receiver until interrupted.
#[derive(Args)]
pub(crate) struct Serve {
    /// The receiver's configuration file
    #[arg(long, short, default_value = "receiver.toml")]
    config: PathBuf,
}

impl Serve {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let (config, folder) = crate::config::read::<ReceiverConfig>(&self.config)?;
        config.log.start()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let services = services(&config, &folder).await?;
            let listener = TcpListener::bind(config.listen)
                .await
                .with_context(|| format!("cannot listen on {}", config.listen))?;
            tracing::info!(address = %listener.local_addr()?, environment = ?config.environment, "listening");
            lmr_server::serve(listener, services, interrupted()).await?;
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Opens the database that the configuration names.
pub(crate) async fn open_store(
    config: &ReceiverConfig,
    folder: &Path,
) -> anyhow::Result<Arc<dyn Store>> {
    let path = folder.join(&config.column_key);
    let text = zeroize::Zeroizing::new(
        std::fs::read(&path)
            .with_context(|| format!("cannot read {} (column_key)", path.display()))?,
    );
    let key =
        StorageKey::read(&text).with_context(|| format!("{} is no column key", path.display()))?;
    if let Some(url) = config
        .database
        .to_str()
        .filter(|url| url.starts_with("postgres://") || url.starts_with("postgresql://"))
    {
        // The address may hold a password: it is not repeated.
        let store =
            PostgresStore::open(url, key).await.context("cannot open the PostgreSQL database")?;
        return Ok(Arc::new(store));
    }
    let file = folder.join(&config.database);
    let store = SqliteStore::open(&file, key)
        .await
        .with_context(|| format!("cannot open the database {}", file.display()))?;
    Ok(Arc::new(store))
}

/// Puts a receiver together as the configuration says.
pub(crate) async fn services(config: &ReceiverConfig, folder: &Path) -> anyhow::Result<Services> {
    config.limits.check()?;
    let store = open_store(config, folder).await?;
    let receiver = Receiver::new(Parts {
        store,
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
            addresses: AllowList::parse(&config.addresses).context("addresses")?,
            person_numbers: config.identity_numbers.numbers.into(),
            accept_2032_numbers: config.identity_numbers.accept_2032,
            threads: config.limits.threads_per_message,
        },
    });
    let clock: Clock = Arc::new(clock::now);
    let fetcher: Arc<dyn Fetcher> = Arc::new(HttpFetcher::new(Duration::from_secs(10))?);
    let verifier = TokenVerifier::new(
        vec![config.trust_profile()],
        &fetcher,
        Arc::clone(&clock),
        KeyCache::default(),
    )?;
    Ok(Services {
        receiver,
        verifier: Arc::new(verifier),
        clock,
        random: Arc::new(SystemRandom),
        settings: http_settings(config, folder)?,
    })
}

fn http_settings(config: &ReceiverConfig, folder: &Path) -> anyhow::Result<HttpSettings> {
    let mut settings = HttpSettings {
        trusted_proxies: AllowList::parse(&config.trusted_proxies).context("trusted_proxies")?,
        proxy_header: config.proxy_header.into(),
        body_limit: config.limits.body_bytes(),
        body_timeout: Duration::from_secs(u64::from(config.limits.request_seconds)),
        work_timeout: Duration::from_secs(u64::from(config.limits.request_seconds)),
        ..HttpSettings::default()
    };
    if let Some(addresses) = &config.metrics_addresses {
        settings.metrics_addresses = AllowList::parse(addresses).context("metrics_addresses")?;
    }
    if config.limits.concurrent_messages > 0 {
        settings.concurrent = config.limits.concurrent_messages;
    }
    if let Some(files) = &config.tls {
        let files = files.from(folder);
        let read = |path: &Path| {
            std::fs::read(path).with_context(|| format!("cannot read {} (tls)", path.display()))
        };
        let key = zeroize::Zeroizing::new(read(&files.key)?);
        settings.tls = Some(Tls::from_pem(&read(&files.certificate)?, &key)?);
    }
    Ok(settings)
}

/// Ends on Ctrl-C and, where there is one, on the order to terminate.
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
        let Ok(mut terminate) = signal(SignalKind::terminate()) else { return ctrl_c.await };
        tokio::select! { () = ctrl_c => {}, _ = terminate.recv() => {} }
    }
    #[cfg(not(unix))]
    ctrl_c.await;
}
