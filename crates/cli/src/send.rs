//! `lmr send`: the hospital's side.

mod setup;
mod texts;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use lmr_sender::{SenderError, next_daily};

use crate::clock;
use crate::config::sender::SenderConfig;
use crate::output::{self, Language, print};
use setup::outbox;

pub(crate) use setup::{agent, authorizer, http_settings, transport};

/// Send a hospital's data to the register.
///
/// Exit status of `run` and `status`: 0 everything is delivered; 1 something must be corrected at the source
/// (`lmr send rejected`, broken files, unknown resource types); 2 wrong arguments or configuration; 3 something is
/// not delivered yet and will be tried again, or another run is under way; 4 a person must look: access,
/// certificate, address, database; 5 the source is empty, cannot be read, or has lost more than half of its records.
#[derive(Args)]
pub(crate) struct Send {
    /// The sender's configuration file
    #[arg(long, short, global = true, default_value = "sender.toml")]
    config: PathBuf,
    /// How to print
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
    /// Language of the text
    #[arg(long, global = true, value_parser = output::language(), default_value_t)]
    lang: Language,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Make one planned transfer now: what is open first, then everything new or changed
    Run {
        /// Only make the new attempts that are due
        #[arg(long)]
        retries_only: bool,
    },
    /// Make the daily transfer and the new attempts at their times, until interrupted
    Daemon,
    /// How everything stands, with the exit status of the last run: for people and for monitors
    Status,
    /// Runs, messages and what became of them, newest first
    History {
        /// How many
        #[arg(long, short = 'n', default_value_t = 20)]
        limit: u32,
    },
    /// What is held back until it is corrected at the source: the wrong value, what is allowed, the remedy, what waits
    Rejected {
        /// Show no value of any resource: no wrong value, no key, no id
        #[arg(long)]
        redact: bool,
    },
    /// What the register has and a complete source does not hold any more
    Vanished,
    /// Let go of what is held, or give a message up
    Release(Release),
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Release {
    /// The held resource with this number (see `rejected`)
    #[arg(long)]
    number: Option<i64>,
    /// Everything held
    #[arg(long)]
    all: bool,
    /// A message that gets no answer: it is never sent again, its data goes with the next transfer
    #[arg(long)]
    message: Option<String>,
}

impl Send {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let (config, folder) = crate::config::read::<SenderConfig>(&self.config)?;
        let _last_lines = config.log.start()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.act(&config, &folder))
    }

    async fn act(&self, config: &SenderConfig, folder: &Path) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Run { retries_only } => {
                let agent = agent(config, folder).await?;
                let done = if *retries_only { agent.retry_due().await } else { agent.run().await };
                let report = match done {
                    Ok(report) => report,
                    Err(error) => return self.failed(&error),
                };
                self.show(&report, || texts::report(&report, self.lang))?;
                agent.outbox().close().await;
                Ok(ExitCode::from(report.status().exit_code()))
            }
            Command::Daemon => self.daemon(config, folder).await,
            Command::Status => {
                let overview = outbox(config, folder).await?.overview().await?;
                self.show(&overview, || texts::overview(&overview, self.lang))?;
                Ok(ExitCode::from(overview.status.exit_code()))
            }
            Command::History { limit } => {
                let outbox = outbox(config, folder).await?;
                let (runs, messages) = (outbox.runs(*limit).await?, outbox.messages(*limit).await?);
                let json = serde_json::json!({ "runs": runs, "messages": messages });
                self.show(&json, || texts::history(&runs, &messages, self.lang))?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Rejected { redact } => {
                let rejected = setup::rejected(config, folder, *redact).await?;
                self.show(&rejected.json(self.lang), || rejected.text(self.lang))?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Vanished => {
                let rows = outbox(config, folder).await?.vanished().await?;
                self.show(&rows, || texts::vanished(&rows, self.lang))?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Release(release) => {
                let outbox = outbox(config, folder).await?;
                if let Some(message) = &release.message {
                    let done = outbox.give_up_message(message, clock::now()).await?;
                    self.show(&serde_json::json!({ "given_up": done }), || {
                        texts::given_up(done, self.lang)
                    })?;
                    return Ok(ExitCode::from(u8::from(!done)));
                }
                let released = outbox.release_held(release.number).await?;
                self.show(&released, || texts::released(released, self.lang))?;
                Ok(ExitCode::from(u8::from(released.total() == 0 && !release.all)))
            }
        }
    }

    /// A run that could not be made: busy means later, everything else is for a person.
    fn failed(&self, error: &SenderError) -> anyhow::Result<ExitCode> {
        eprintln!("lmr: {error}");
        Ok(ExitCode::from(match error {
            SenderError::Busy(_) => 3,
            SenderError::Source(_) => 5,
            _ => 4,
        }))
    }

    async fn daemon(&self, config: &SenderConfig, folder: &Path) -> anyhow::Result<ExitCode> {
        let agent = agent(config, folder).await?;
        let mut stop = std::pin::pin!(crate::serve::interrupted());
        loop {
            let planned = match agent.outbox().last_planned().await? {
                // One that was missed is made up for at once. A clock that was set back does not count.
                Some(last) => next_daily(last.min(clock::now()), config.schedule.at),
                None => next_daily(clock::now(), config.schedule.at),
            };
            let attempt = agent.outbox().next_attempt().await?.unwrap_or(Timestamp::MAX);
            let due = planned.min(attempt);
            tracing::info!(due = %due, planned = planned <= attempt, "waiting");
            while clock::now() < due {
                // In short naps, so that a machine that slept or a clock that was set is noticed.
                let left =
                    due.duration_since(clock::now()).unsigned_abs().min(Duration::from_secs(30));
                tokio::select! {
                    () = tokio::time::sleep(left) => {}
                    () = &mut stop => return Ok(ExitCode::SUCCESS),
                }
            }
            let done = if planned <= due { agent.run().await } else { agent.retry_due().await };
            match done {
                Ok(report) => {
                    self.show(&report, || texts::report(&report, self.lang))?;
                    tracing::info!(status = ?report.status(), open = report.open_messages, held = report.held, "run ended");
                }
                Err(error) => {
                    tracing::error!(%error, "run failed");
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_secs(60)) => {}
                        () = &mut stop => return Ok(ExitCode::SUCCESS),
                    }
                }
            }
        }
    }

    fn show(
        &self,
        data: &impl serde::Serialize,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        match self.format {
            Format::Json => print(&format!("{}\n", serde_json::to_string_pretty(data)?)),
            Format::Text => print(&text()),
        }
    }
}
