//! Supervision of a sender that runs by itself: hooks after a run, and the listener for monitors.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lmr_fhir::Bilingual;
use lmr_sender::lock::Lock;
use lmr_sender::monitor::{self, Monitor};
use lmr_sender::notice::{self, Notice};
use lmr_sender::outbox::Reread;
use lmr_sender::report::{Report, RunKind};
use lmr_sender::{Agent, SenderError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::setup;
use crate::clock;
use crate::config::sender::SenderConfig;
use crate::config::supervision::{expiries, hooks};
use crate::output::Language;
use crate::text::{Explain, chain, text};

/// Notifies of what a run came to, and of what ends. What fails is logged and noted for the status; gives the names of
/// the hooks that failed.
pub(super) async fn after_run(
    agent: &Agent,
    done: &Result<Report, SenderError>,
    config: &SenderConfig,
    folder: &Path,
) -> Vec<String> {
    if config.hook.is_empty() {
        // One that failed before is not configured any more.
        return give(agent, &[], config, folder).await;
    }
    let failures = agent.outbox().daemon_failures().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "not known what the daemon could not read again");
        Vec::new()
    });
    let mut notices = match done {
        Ok(report) => notice::of_run(report, is_usual(agent, report).await),
        Err(error) => notice::of_error(error).into_iter().collect(),
    };
    notices.extend(notice::of_expiries(&expiries(config, folder), clock::now()));
    notices.extend(notice::of_daemon(&failures));
    give(agent, &notices, config, folder).await
}

/// Notes what the daemon has read again, or why it could not: for the status, `/health`, `/metrics` and hooks. It goes on
/// with what it had, so that nobody would know until it is restarted.
pub(super) async fn note_reread(
    agent: &Agent,
    what: Reread,
    error: Option<&anyhow::Error>,
    config: &SenderConfig,
    folder: &Path,
) {
    let failure = error.map(|error| Bilingual {
        nb: chain(error, Language::Bokmal),
        en: chain(error, Language::English),
    });
    let outbox = agent.outbox();
    if let Err(error) = outbox.note_reread(what, failure, clock::now()).await {
        tracing::warn!(%error, "it could not be noted what was read again");
    }
    if error.is_some() && !config.hook.is_empty() {
        match outbox.daemon_failures().await {
            Ok(failures) => give_apart(agent, &notice::of_daemon(&failures), config, folder).await,
            Err(error) => tracing::warn!(%error, "not known what the daemon could not read again"),
        }
    }
}

/// Forgets what a daemon could not read again that runs no more: no other would take it back.
pub(super) async fn forget_a_daemon_that_ended(
    agent: &Agent,
    config: &SenderConfig,
    folder: &Path,
) {
    let Ok(_only) = Lock::take(&daemon_lock(config, folder)) else { return };
    if let Err(error) = agent.outbox().forget_daemon_failures().await {
        tracing::warn!(%error, "it could not be noted that no daemon runs");
    }
}

/// The file that lets one daemon at a time work on the database.
pub(super) fn daemon_lock(config: &SenderConfig, folder: &Path) -> PathBuf {
    let mut path = folder.join(&config.database).into_os_string();
    path.push(".lock-daemon");
    path.into()
}

/// Notifies of what ends, for a daemon that starts.
pub(super) async fn look_at_expiries(agent: &Agent, config: &SenderConfig, folder: &Path) {
    if !config.hook.is_empty() {
        let notices = notice::of_expiries(&expiries(config, folder), clock::now());
        give_apart(agent, &notices, config, folder).await;
    }
}

/// Notifies of something that is not of a run.
async fn give_apart(agent: &Agent, notices: &[Notice], config: &SenderConfig, folder: &Path) {
    match hooks(config, folder) {
        Ok(hooks) => hooks.notify_apart(agent.outbox(), notices, clock::now()).await,
        Err(error) => {
            tracing::warn!(error = %chain(&error, Language::English), "the hooks cannot be used");
        }
    }
}

async fn give(
    agent: &Agent,
    notices: &[Notice],
    config: &SenderConfig,
    folder: &Path,
) -> Vec<String> {
    match hooks(config, folder) {
        Ok(hooks) => hooks.notify(agent.outbox(), notices, clock::now()).await,
        Err(error) => {
            tracing::warn!(error = %chain(&error, Language::English), "the hooks cannot be used");
            vec!["[[hook]]".to_owned()]
        }
    }
}

async fn is_usual(agent: &Agent, report: &Report) -> bool {
    if report.kind != RunKind::Planned {
        return false;
    }
    match agent.outbox().sent_before(report.started_at).await {
        Ok(former) => notice::is_usual(&former, report.started_at),
        Err(error) => {
            tracing::warn!(%error, "not known what is usual");
            false
        }
    }
}

/// The listener for monitors, open until it is dropped.
pub(super) struct Monitoring(JoinHandle<()>);

impl Drop for Monitoring {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Monitoring {
    /// Opens it, where the configuration has one.
    pub(super) async fn start(
        config: &SenderConfig,
        folder: &Path,
    ) -> anyhow::Result<Option<Self>> {
        let Some(section) = &config.monitor else { return Ok(None) };
        let listener = TcpListener::bind(section.listen).await.explain(|| {
            text!(
                "kan ikke lytte på {address} (monitor.listen)",
                "cannot listen on {address} (monitor.listen)",
                address = section.listen
            )
        })?;
        let monitor = Monitor {
            outbox: setup::outbox(config, folder).await?,
            expiries: expiries(config, folder),
            clock: Arc::new(clock::now),
            version: env!("CARGO_PKG_VERSION"),
        };
        tracing::info!(address = %section.listen, "answering monitors at /health and /metrics");
        Ok(Some(Self(tokio::spawn(async move {
            if let Err(error) = monitor::serve(listener, monitor).await {
                tracing::error!(%error, "the listener for monitors ended");
            }
        }))))
    }

    /// Opens it as a changed configuration has it, after the old one is closed.
    pub(super) async fn restart(
        old: Option<Self>,
        config: &SenderConfig,
        folder: &Path,
    ) -> anyhow::Result<Option<Self>> {
        if let Some(mut old) = old {
            old.0.abort();
            // Until its socket is closed.
            let _ = (&mut old.0).await;
        }
        Self::start(config, folder).await
    }
}
