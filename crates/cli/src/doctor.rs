//! `lmr doctor`: tries everything that a configuration file names, one thing after the other.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use lmr_auth::{Clock, Discovery, Environment, Fetcher, HelseIdClient, HttpFetcher};
use lmr_envelope::{Certificate, DecryptionKey, SigningKey};
use lmr_sender::Outbox;

use crate::clock;
use crate::config::key_files::{certificate, private_key};
use crate::config::receiver::ReceiverConfig;
use crate::config::sender::SenderConfig;
use crate::output::{Language, Style, print};
use crate::text::chain;

/// Try everything that a configuration file names and say what does not work.
///
/// Exit status: 0 when everything works, 1 when something does not, 2 when the file cannot be used.
#[derive(Args)]
pub(crate) struct Doctor {
    /// receiver.toml or sender.toml
    #[arg(long, short)]
    config: PathBuf,
}

/// Certificates that end within so many days are pointed out.
const SOON: i64 = 60;

impl Doctor {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let text = std::fs::read_to_string(&self.config)
            .with_context(|| format!("cannot read {}", self.config.display()))?;
        let table: toml::Table =
            text.parse().with_context(|| format!("{} is no TOML", self.config.display()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut checks = Checks { lang, ..Checks::default() };
        if table.contains_key("source") {
            let (config, folder) = crate::config::read::<SenderConfig>(&self.config)?;
            runtime.block_on(sender(&config, &folder, &mut checks));
        } else if table.contains_key("listen") {
            let (config, folder) = crate::config::read::<ReceiverConfig>(&self.config)?;
            runtime.block_on(receiver(&config, &folder, &mut checks));
        } else {
            bail!(
                "{} is neither a receiver's (no listen) nor a sender's (no source)",
                self.config.display()
            );
        }
        checks.finish()
    }
}

#[derive(Default)]
struct Checks {
    lang: Language,
    lines: Vec<(Mark, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Good,
    Soon,
    Bad,
}

impl Checks {
    fn note<T>(&mut self, what: &str, result: anyhow::Result<T>) -> Option<T> {
        match result {
            Ok(value) => {
                self.lines.push((Mark::Good, what.to_owned()));
                Some(value)
            }
            Err(error) => {
                self.lines.push((Mark::Bad, format!("{what}: {}", chain(&error, self.lang))));
                None
            }
        }
    }

    fn validity(&mut self, what: &str, certificate: &Certificate) {
        let now = clock::now();
        let left = certificate.not_after().duration_since(now).as_hours() / 24;
        let line =
            format!("{what}: certificate {} valid for {left} days", certificate.thumbprint());
        match certificate.check_valid(now) {
            Ok(()) if left < SOON => self.lines.push((Mark::Soon, line)),
            Ok(()) => self.lines.push((Mark::Good, line)),
            Err(error) => self.lines.push((Mark::Bad, format!("{what}: {error}"))),
        }
    }

    fn finish(self) -> anyhow::Result<ExitCode> {
        let style = Style::for_stdout();
        let mut out = String::new();
        for (mark, line) in &self.lines {
            let sign = match mark {
                Mark::Good => style.good("ok  "),
                Mark::Soon => style.warn("soon"),
                Mark::Bad => style.bad("FAIL"),
            };
            writeln!(out, "{sign}  {line}")?;
        }
        let bad = self.lines.iter().filter(|(mark, _)| *mark == Mark::Bad).count();
        let verdict = if bad == 0 {
            style.good("everything works")
        } else {
            style.bad(&format!("{bad} of {} do not work", self.lines.len()))
        };
        writeln!(out, "\n{verdict}")?;
        print(&out)?;
        Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

async fn receiver(config: &ReceiverConfig, folder: &Path, checks: &mut Checks) {
    match std::net::TcpListener::bind(config.listen) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let line =
                format!("address {} is in use: by a receiver that runs already?", config.listen);
            checks.lines.push((Mark::Soon, line));
        }
        result => {
            let result = result.map_err(anyhow::Error::from);
            checks.note(&format!("address {} can be listened on", config.listen), result);
        }
    }
    for files in &config.certificate {
        let files = files.from(folder);
        let what = format!("register's key {}", files.key.display());
        let pair = (|| {
            Ok(DecryptionKey::new(certificate(&files.certificate)?, private_key(&files.key)?)?)
        })();
        if let Some(key) = checks.note(&what, pair) {
            checks.validity("register", key.certificate());
        }
    }
    if config.certificate.is_empty() {
        checks.note::<()>(
            "register's certificates",
            Err(anyhow::anyhow!("no [[certificate]] in the file")),
        );
    }
    if let Some(senders) = checks.note("senders of the file", config.avsendere(folder)) {
        for sender in &senders {
            for registered in &sender.certificates {
                checks
                    .validity(&format!("sender {}", sender.organisation), &registered.certificate);
            }
        }
    }
    let store = crate::serve::open_store(config, folder).await;
    if let Some(store) = checks.note("database and column key", store) {
        let stored = store.avsendere().await.map_err(anyhow::Error::from);
        checks.note("senders of the database", stored);
    }
    issuer(&config.helseid.issuer, config.environment, checks).await;
    checks.note("everything together", crate::serve::services(config, folder).await);
}

/// Whether the sender's database opens, or could be made where it is not yet. Makes nothing.
async fn outbox_fits(database: &Path) -> anyhow::Result<()> {
    if database.exists() {
        Outbox::open(database).await?.close().await;
        return Ok(());
    }
    let folder =
        database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        bail!("there is no folder {}", folder.display());
    }
    Ok(())
}

async fn sender(config: &SenderConfig, folder: &Path, checks: &mut Checks) {
    let source = folder.join(&config.source);
    let readable = std::fs::read_dir(&source).map(Iterator::count).map_err(anyhow::Error::from);
    checks.note(&format!("source folder {}", source.display()), readable);
    checks.note("numbers in the file", config.check());
    let database = folder.join(&config.database);
    checks.note(&format!("database {}", database.display()), outbox_fits(&database).await);
    let files = config.certificate.from(folder);
    let pair =
        (|| Ok(SigningKey::new(certificate(&files.certificate)?, private_key(&files.key)?)?))();
    if let Some(key) = checks.note("signing certificate and key", pair) {
        checks.validity("sender", key.certificate());
        let named = key.certificate().organisation().map(|o| o.to_string());
        let same = if named.as_deref() == Some(config.organisation.as_str()) {
            Ok(())
        } else {
            Err(anyhow::anyhow!("the certificate names {}", named.as_deref().unwrap_or("none")))
        };
        checks.note(&format!("organisation {}", config.organisation), same);
    }
    let register = folder.join(&config.receiver.certificate);
    if let Some(register) = checks.note("register's certificate", certificate(&register)) {
        checks.validity("register", &register);
    }
    checks.note("hash key", crate::config::sender::hash_key(config, folder));
    issuer(&config.helseid.issuer, config.environment, checks).await;
    checks.note("token from HelseID", token(config, folder).await);
    checks.note(
        &format!("receiver {} answers", config.receiver.url),
        reach(&config.receiver.url).await,
    );
}

fn fetcher() -> anyhow::Result<Arc<dyn Fetcher>> {
    Ok(Arc::new(HttpFetcher::new(Duration::from_secs(10))?))
}

async fn issuer(issuer: &str, environment: Environment, checks: &mut Checks) {
    let result = async {
        let clock: Clock = Arc::new(clock::now);
        let discovery =
            Discovery::new(issuer, environment == Environment::Local, fetcher()?, clock);
        discovery.metadata().await?;
        Ok(())
    };
    checks.note(&format!("HelseID {issuer}"), result.await);
}

async fn token(config: &SenderConfig, folder: &Path) -> anyhow::Result<()> {
    let (settings, key) = config.client(folder)?;
    let client =
        HelseIdClient::new(settings, key, fetcher()?, Arc::new(clock::now), clock::fresh_ids())?;
    client.access_token().await?;
    Ok(())
}

/// Any answer will do: without a message the register can only refuse.
async fn reach(url: &str) -> anyhow::Result<()> {
    fetcher()?.get(url).await?;
    Ok(())
}
