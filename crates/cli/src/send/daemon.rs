//! `lmr send daemon`: the daily transfer and the new attempts, for months, without a person.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use lmr_sender::lock::Lock;
use lmr_sender::report::{Report, RunStatus};
use lmr_sender::schedule::next_daily;
use lmr_sender::{Agent, SenderError, StopSignal};

use super::{Send, setup, texts};
use crate::clock;
use crate::config::sender::SenderConfig;
use crate::output::Language;
use crate::text::text;

/// Longest sleep: a clock that was set, or a machine that slept, is noticed within it.
const NAP: Duration = Duration::from_secs(10);
/// Pause after a run that ended with an error of this installation.
const AFTER_ERROR: Duration = Duration::from_secs(60);

/// The next thing to do.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Due {
    at: Timestamp,
    planned: bool,
}

/// Why the daemon woke up.
enum Wake {
    Due(Due),
    Reload,
    Stop,
}

/// Runs until it is asked to stop.
pub(super) async fn run(
    send: &Send,
    mut config: SenderConfig,
    mut folder: PathBuf,
) -> anyhow::Result<ExitCode> {
    let _only = lock(&config, &folder)?;
    let stop = StopSignal::default();
    setup::stop_on_signals(&stop);
    let mut hangups = Hangups::listen();
    let mut agent = setup::agent(&config, &folder, &stop).await?;
    // From when on a planned transfer counts, where none was ever made.
    let mut since = clock::now();
    loop {
        match wait(&agent, &config, &mut since, &stop, &mut hangups).await? {
            Wake::Stop => return Ok(ExitCode::SUCCESS),
            Wake::Reload => match reload(send, &stop).await {
                Ok((new_agent, new_config, new_folder)) => {
                    agent.outbox().close().await;
                    (agent, config, folder) = (new_agent, new_config, new_folder);
                    tracing::info!("configuration, keys and certificates read again");
                }
                Err(error) => {
                    tracing::error!(error = %crate::text::chain(&error, Language::English),
                        "reloading failed, going on with what was read before");
                }
            },
            Wake::Due(due) => {
                agent = renew(agent, &config, &folder, &stop).await;
                transfer(send, &agent, due, &stop).await?;
                if stop.is_stopped() {
                    return Ok(ExitCode::SUCCESS);
                }
            }
        }
    }
}

/// Only one daemon works on a database.
fn lock(config: &SenderConfig, folder: &Path) -> anyhow::Result<Lock> {
    let mut path = folder.join(&config.database).into_os_string();
    path.push(".lock-daemon");
    let path = PathBuf::from(path);
    match Lock::take(&path) {
        Err(SenderError::Busy(_)) => Err(crate::text::failure(text!(
            "en annen lmr send daemon arbeider alt med databasen {database} (lås {lock})",
            "another lmr send daemon works on the database {database} already (lock {lock})",
            database = config.database.display(),
            lock = path.display()
        ))),
        taken => Ok(taken?),
    }
}

/// Waits in short naps. What is due is computed from the clock of each moment: one that was wrong and is
/// put right moves nothing for longer than it was wrong.
async fn wait(
    agent: &Agent,
    config: &SenderConfig,
    since: &mut Timestamp,
    stop: &StopSignal,
    hangups: &mut Hangups,
) -> anyhow::Result<Wake> {
    let mut said = None;
    loop {
        let now = clock::now();
        *since = (*since).min(now);
        agent.outbox().put_clock_right(now).await?;
        let due = next(agent, config, *since, now).await?;
        if said != Some(due) {
            tracing::info!(due = %clock::oslo(due.at), planned = due.planned, "waiting");
            said = Some(due);
        }
        if stop.is_stopped() {
            return Ok(Wake::Stop);
        }
        if due.at <= now {
            return Ok(Wake::Due(due));
        }
        let left = due.at.duration_since(now).unsigned_abs().min(NAP);
        tokio::select! {
            () = tokio::time::sleep(left) => {}
            () = stop.stopped() => return Ok(Wake::Stop),
            () = hangups.next() => return Ok(Wake::Reload),
        }
    }
}

async fn next(
    agent: &Agent,
    config: &SenderConfig,
    since: Timestamp,
    now: Timestamp,
) -> anyhow::Result<Due> {
    let planned = match agent.outbox().last_planned().await? {
        // One that was missed is made up for at once.
        Some(last) if last <= now => last,
        // That one was made by a clock that was ahead.
        _ => since,
    };
    let planned = next_daily(planned, config.schedule.at);
    let attempt = agent.outbox().next_attempt().await?.unwrap_or(Timestamp::MAX);
    Ok(Due { at: planned.min(attempt), planned: planned <= attempt })
}

/// Reads the configuration file and all it names again.
async fn reload(send: &Send, stop: &StopSignal) -> anyhow::Result<(Agent, SenderConfig, PathBuf)> {
    let (config, folder) = crate::config::read::<SenderConfig>(&send.config)?;
    let agent = setup::agent(&config, &folder, stop).await?;
    Ok((agent, config, folder))
}

/// Reads keys and certificates again before a run, so that a renewed one is used without a restart.
async fn renew(agent: Agent, config: &SenderConfig, folder: &Path, stop: &StopSignal) -> Agent {
    match setup::agent(config, folder, stop).await {
        Ok(renewed) => {
            agent.outbox().close().await;
            renewed
        }
        Err(error) => {
            tracing::error!(error = %crate::text::chain(&error, Language::English),
                "keys and certificates could not be read again, going on with those read before");
            agent
        }
    }
}

async fn transfer(send: &Send, agent: &Agent, due: Due, stop: &StopSignal) -> anyhow::Result<()> {
    let done = if due.planned { agent.run().await } else { agent.retry_due().await };
    match done {
        Ok(report) => {
            send.show(&report, || texts::report(&report, send.lang))?;
            log(&report);
        }
        Err(error) => {
            tracing::error!(%error, "the run failed");
            tokio::select! {
                () = tokio::time::sleep(AFTER_ERROR) => {}
                () = stop.stopped() => {}
            }
        }
    }
    Ok(())
}

/// One line a run, at the level that it deserves.
fn log(report: &Report) {
    let (open, held) = (report.open_messages, report.held);
    let status = report.status();
    let reason = texts::reason(report, Language::English);
    match status {
        RunStatus::Clean => tracing::info!(?status, open, held, "the run ended"),
        RunStatus::ToCorrect | RunStatus::Undelivered => {
            tracing::warn!(?status, open, held, %reason, "the run ended");
        }
        RunStatus::SourceFailed | RunStatus::Stopped => {
            tracing::error!(?status, open, held, %reason, "the run ended");
        }
    }
}

/// Hang-up signals, where the system has them. Listening also keeps one from ending the process.
struct Hangups {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
}

impl Hangups {
    fn listen() -> Self {
        Self {
            #[cfg(unix)]
            signals: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        }
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signals) = &mut self.signals
            && signals.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}
