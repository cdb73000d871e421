//! `lmr send daemon`: the daily transfer and the new attempts, for months, without a person.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Time;
use lmr_sender::lock::Lock;
use lmr_sender::outbox::Reread;
use lmr_sender::report::{Report, RunStatus};
use lmr_sender::schedule::next_daily;
use lmr_sender::{Agent, SenderError, StopSignal};

use super::notify::ServiceManager;
use super::supervision::note_reread;
use super::{Send, setup, supervision, texts};
use crate::clock;
use crate::config::sender::SenderConfig;
use crate::hangups::Hangups;
use crate::output::Language;
use crate::text::{Explain, fail, text};

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
    mut hangups: Hangups,
) -> anyhow::Result<ExitCode> {
    hangups.report();
    let _only = lock(&config, &folder)?;
    let stop = StopSignal::default();
    setup::stop_on_signals(&stop);
    let mut agent = setup::agent(&config, &folder, &stop).await?;
    // What cannot be used of the hooks is found at the start, not when they are needed.
    crate::config::supervision::hooks(&config, &folder)?;
    let mut _monitor = supervision::Monitoring::start(&config, &folder).await?;
    // All of it was read just now.
    agent.outbox().forget_daemon_failures().await?;
    let manager = ServiceManager::of_environment();
    manager.tell("READY=1");
    supervision::look_at_expiries(&agent, &config, &folder).await;
    // From when on a planned transfer counts, where none was ever made.
    let mut since = clock::now();
    loop {
        let wake = match wait(&agent, &config, &mut since, &stop, &mut hangups, &manager).await {
            Ok(wake) => wake,
            // A full disk or a locked database passes; a daemon that ended would not come back by itself.
            Err(error) => {
                tracing::error!(error = %crate::text::chain(&error, Language::English),
                    "the database cannot be read, trying again");
                pause(&stop).await;
                if stop.is_stopped() {
                    return Ok(ExitCode::SUCCESS);
                }
                continue;
            }
        };
        match wake {
            Wake::Stop => {
                manager.tell("STOPPING=1");
                return Ok(ExitCode::SUCCESS);
            }
            Wake::Reload => match reload(send, &folder.join(&config.database), &stop).await {
                Ok((new_agent, new_config, new_folder)) => {
                    agent.outbox().close().await;
                    (agent, config, folder) = (new_agent, new_config, new_folder);
                    match supervision::Monitoring::restart(_monitor, &config, &folder).await {
                        Ok(new_monitor) => {
                            _monitor = new_monitor;
                            note_reread(&agent, Reread::Monitor, None, &config, &folder).await;
                        }
                        Err(error) => {
                            tracing::error!(error = %crate::text::chain(&error, Language::English),
                                "the listener for monitors could not be opened again");
                            _monitor = None;
                            note_reread(&agent, Reread::Monitor, Some(&error), &config, &folder)
                                .await;
                        }
                    }
                    note_reread(&agent, Reread::Configuration, None, &config, &folder).await;
                    note_reread(&agent, Reread::Keys, None, &config, &folder).await;
                    tracing::info!("configuration, keys and certificates read again");
                }
                Err(error) => {
                    tracing::error!(error = %crate::text::chain(&error, Language::English),
                        "reloading failed, going on with what was read before");
                    note_reread(&agent, Reread::Configuration, Some(&error), &config, &folder)
                        .await;
                }
            },
            Wake::Due(due) => {
                agent = renew(agent, &config, &folder, &stop).await;
                manager.runs();
                transfer(send, &agent, due, &stop, &config, &folder).await;
                manager.waits();
                if stop.is_stopped() {
                    manager.tell("STOPPING=1");
                    return Ok(ExitCode::SUCCESS);
                }
            }
        }
    }
}

/// Only one daemon works on a database.
fn lock(config: &SenderConfig, folder: &Path) -> anyhow::Result<Lock> {
    match Lock::take(&supervision::daemon_lock(config, folder)) {
        // The cause is kept: it passes by itself.
        Err(busy @ SenderError::Busy(_)) => Err(busy).explain(|| {
            text!(
                "en annen lmr send daemon arbeider alt med databasen {database}",
                "another lmr send daemon works on the database {database} already",
                database = config.database.display()
            )
        }),
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
    manager: &ServiceManager,
) -> anyhow::Result<Wake> {
    let mut said = None;
    loop {
        let now = clock::now();
        *since = (*since).min(now);
        manager.waits();
        agent.outbox().put_clock_right(now).await?;
        let due = next(agent, config, *since, now).await?;
        if said != Some(due) {
            tracing::info!(due = %clock::oslo(due.at), planned = due.planned, "waiting");
            manager.tell(&format!(
                "STATUS=Waiting until {}",
                clock::oslo(due.at).strftime("%Y-%m-%d %H:%M")
            ));
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
    let last = agent.outbox().last_planned().await?;
    let attempt = agent.outbox().next_attempt().await?;
    Ok(Due::of(config.schedule.at, last, since, attempt, now))
}

impl Due {
    /// What is due next, by the clock of this moment: `last` is when the last planned transfer began, `since`
    /// from when on one counts where none was made.
    fn of(
        at: Time,
        last: Option<Timestamp>,
        since: Timestamp,
        attempt: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        // One that was missed is made up for at once; one of the future was made by a clock that was ahead.
        let planned = next_daily(last.filter(|last| *last <= now).unwrap_or(since), at);
        let attempt = attempt.unwrap_or(Timestamp::MAX);
        Self { at: planned.min(attempt), planned: planned <= attempt }
    }
}

/// Reads the configuration file and all it names again. Another database would be without its lock.
async fn reload(
    send: &Send,
    database: &Path,
    stop: &StopSignal,
) -> anyhow::Result<(Agent, SenderConfig, PathBuf)> {
    let (config, folder) = crate::config::read::<SenderConfig>(&send.config)?;
    if folder.join(&config.database) != database {
        fail!(
            "database er en annen enn den {database} som er i bruk: det krever omstart",
            "`database` is another one than {database}, which is in use: that takes a restart",
            database = database.display()
        );
    }
    let agent = setup::agent(&config, &folder, stop).await?;
    crate::config::supervision::hooks(&config, &folder)?;
    Ok((agent, config, folder))
}

/// Reads keys and certificates again before a run, so that a renewed one is used without a restart.
async fn renew(agent: Agent, config: &SenderConfig, folder: &Path, stop: &StopSignal) -> Agent {
    match setup::agent(config, folder, stop).await {
        Ok(renewed) => {
            agent.outbox().close().await;
            note_reread(&renewed, Reread::Keys, None, config, folder).await;
            renewed
        }
        Err(error) => {
            tracing::error!(error = %crate::text::chain(&error, Language::English),
                "keys and certificates could not be read again, going on with those read before");
            note_reread(&agent, Reread::Keys, Some(&error), config, folder).await;
            agent
        }
    }
}

async fn transfer(
    send: &Send,
    agent: &Agent,
    due: Due,
    stop: &StopSignal,
    config: &SenderConfig,
    folder: &Path,
) {
    let done = if due.planned { agent.run().await } else { agent.retry_due().await };
    // They are logged, and the status has them.
    let _failed_hooks = supervision::after_run(agent, &done, config, folder).await;
    match done {
        Ok(report) => {
            log(&report);
            // The report is for people; what cannot be printed does not end the daemon.
            if let Err(error) = send.show(&report, || texts::report(&report, send.lang)) {
                tracing::warn!(error = %crate::text::chain(&error, Language::English),
                    "the report could not be printed");
            }
        }
        Err(error) => {
            tracing::error!(%error, "the run failed");
            pause(stop).await;
        }
    }
}

async fn pause(stop: &StopSignal) {
    tokio::select! {
        () = tokio::time::sleep(AFTER_ERROR) => {}
        () = stop.stopped() => {}
    }
}

/// One line a run, at the level that it deserves.
fn log(report: &Report) {
    // Which run it was: new attempts end too, and have not read the source.
    let (kind, open, held) = (report.kind, report.open_messages, report.held);
    let status = report.status();
    let reason = texts::reason(report, Language::English);
    match status {
        RunStatus::Clean => tracing::info!(?status, ?kind, open, held, "the run ended"),
        RunStatus::ToCorrect | RunStatus::Undelivered => {
            tracing::warn!(?status, ?kind, open, held, %reason, "the run ended");
        }
        RunStatus::SourceFailed | RunStatus::Stopped => {
            tracing::error!(?status, ?kind, open, held, %reason, "the run ended");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The daemon's clock at each nap: what it makes at which moment, with the memory that a daemon has.
    fn transfers(at: Time, started: &str, naps: &[&str]) -> Vec<String> {
        let (mut since, mut last, mut made) = (utc(started), None, Vec::new());
        for nap in naps {
            let now = utc(nap);
            since = since.min(now);
            if Due::of(at, last, since, None, now).at <= now {
                last = Some(now);
                made.push((*nap).to_owned());
            }
        }
        made
    }

    /// A clock that is put right, forwards or backwards, costs no day and makes none twice: what is due follows
    /// the clock of each moment.
    #[test]
    fn a3_a_clock_put_right_moves_no_daily_transfer() {
        let evening = jiff::civil::time(20, 45, 0, 0);
        // Started two days ahead, put right before the daily time: the right clock's 20:45 counts.
        let naps = ["2026-11-27T19:00:00Z", "2026-11-25T19:00:10Z", "2026-11-25T19:45:00Z"];
        assert_eq!(transfers(evening, "2026-11-27T19:00:00Z", &naps), ["2026-11-25T19:45:00Z"]);
        // A transfer made by a clock two days ahead does not replace those of the days it skipped.
        let naps = [
            "2026-11-27T19:45:00Z",
            "2026-11-25T19:46:00Z",
            "2026-11-26T19:44:59Z",
            "2026-11-26T19:45:00Z",
            "2026-11-27T19:45:00Z",
        ];
        let made = transfers(evening, "2026-11-25T10:00:00Z", &naps);
        assert!(made.contains(&"2026-11-26T19:45:00Z".to_owned()), "{made:?}");
        assert_eq!(made.last().map(String::as_str), Some("2026-11-27T19:45:00Z"), "{made:?}");
        // A clock behind, put right after the hour: made up for at once, and once.
        let naps = ["2026-11-20T12:00:00Z", "2026-11-25T21:00:00Z", "2026-11-25T21:00:10Z"];
        assert_eq!(transfers(evening, "2026-11-20T12:00:00Z", &naps), ["2026-11-25T21:00:00Z"]);
    }

    /// Once a night when the clocks change (a24): a time that is skipped, one that comes twice.
    #[test]
    fn a3_the_change_of_summer_time_makes_one_transfer_a_night() {
        let at = jiff::civil::time(2, 30, 0, 0);
        for (night, due) in
            [("2027-03-27", "2027-03-28T01:30:00Z"), ("2027-10-30", "2027-10-31T00:30:00Z")]
        {
            let start = utc(&format!("{night}T12:00:00Z"));
            let naps: Vec<String> = (0..24 * 60 / 5)
                .map(|n| (start + jiff::SignedDuration::from_mins(n * 5)).to_string())
                .collect();
            let naps: Vec<&str> = naps.iter().map(String::as_str).collect();
            assert_eq!(transfers(at, &start.to_string(), &naps), [due], "{night}");
        }
    }

    #[test]
    fn a_new_attempt_that_is_due_first_goes_first() {
        let (at, now) = (jiff::civil::time(3, 0, 0, 0), utc("2026-11-25T10:00:00Z"));
        let attempt = utc("2026-11-25T11:00:00Z");
        let due = Due::of(at, Some(now), now, Some(attempt), now);
        assert!(due.at == attempt && !due.planned);
        let due = Due::of(at, Some(now), now, None, now);
        assert!(due.at == utc("2026-11-26T02:00:00Z") && due.planned);
    }

    /// A machine that was off makes up for what it missed, at once and once, and then keeps its time.
    #[test]
    fn a_missed_transfer_is_made_up_for_once() {
        let (at, last) = (jiff::civil::time(3, 0, 0, 0), utc("2026-11-20T02:00:00Z"));
        let on = utc("2026-11-23T09:17:00Z");
        let due = Due::of(at, Some(last), on, None, on);
        assert!(due.planned && due.at <= on, "{}", due.at);
        let due = Due::of(at, Some(on), on, None, on);
        assert_eq!(due.at, utc("2026-11-24T02:00:00Z"));
    }
}
