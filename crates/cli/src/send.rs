//! `lmr send`: the hospital's side.

mod daemon;
mod desk;
mod init;
mod ledger;
mod map;
mod notify;
mod rehearse;
mod setup;
mod sources;
mod supervision;
mod texts;
mod transfer_progress;
mod why;
pub(crate) mod workplace;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_envelope::SealError;
use lmr_sender::annul::AnnulTarget;
use lmr_sender::outbox::OutboxError;
use lmr_sender::report::{Report, RunStatus};
use lmr_sender::{Agent, SenderError, StopSignal};

use crate::clock;
use crate::config::sender::SenderConfig;
use crate::hangups::Hangups;
use crate::output::{self, Language, Style, print};
use crate::text::{Explain, chain, fail, text};

pub(crate) use setup::{authorizer, http_settings, outbox_to_read, scratch_agent, transport};
pub(crate) use sources::source;

/// Send a hospital's data to the register.
///
/// Exit status of `run` and `status`: 0 everything is delivered; 1 something must be corrected at the source
/// (`lmr send rejected`, broken files, unknown resource types) or looked at (a hook, a receipt, an annulment); 2 wrong arguments or configuration; 3 something is
/// not delivered yet and will be tried again, or another run is under way; 4 a person must look: access,
/// certificate, address, database; 5 the source is empty, cannot be read, or has lost more than half of its records or
/// all administrations.
#[derive(Args)]
pub(crate) struct Send {
    /// The sender's configuration file
    #[arg(long, short, global = true, default_value = "sender.toml")]
    config: PathBuf,
    /// How to print
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
    /// Language of what is printed, errors included
    #[arg(long, global = true, env = "LMR_LANG", value_parser = output::language(), default_value_t)]
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
    /// For spreadsheets; `rejected` only
    Csv,
    /// One page in both languages, to be opened in a browser; `rejected` only
    Html,
}

#[derive(Subcommand)]
enum Command {
    /// Make one planned transfer now: what is open first, then everything new or changed
    Run {
        /// Only make the new attempts that are due
        #[arg(long)]
        retries_only: bool,
        /// Another `receiver.url` than before is a new address of the same register: what it has confirmed stays so
        #[arg(long, conflicts_with = "dry_run")]
        same_register: bool,
        /// Show what would go, be held and why; send nothing and change nothing
        #[arg(long, conflicts_with = "retries_only")]
        dry_run: bool,
    },
    /// Make the daily transfer and the new attempts at their times, until interrupted
    ///
    /// Exit status: 0 when it was asked to stop; 2 for arguments or configuration that a person must correct; 3 where it
    /// cannot start now for what passes by itself: an address that is taken, another daemon; 4 a database that cannot be used.
    Daemon,
    /// Show the correction desk in a browser of this machine: status, what is held by cause, release and discard
    Desk(workplace::DeskInBrowser),
    /// The state of everything, with the exit status of the last run: for people and for monitors
    Status,
    /// Runs, messages and what became of them, newest first
    History {
        /// How many
        #[arg(long, short = 'n', default_value_t = 20)]
        limit: u32,
    },
    /// What is held back until it is corrected at the source: the wrong value, what is allowed, the remedy, what waits
    Rejected(desk::RejectedList),
    Rehearse(rehearse::Rehearse),
    /// What the register has and the source does not hold any more, or holds under another identifier
    Vanished,
    /// Show of one resource whether, when and in which message it went, or what keeps it; of a message what it holds
    /// and what became of it
    ///
    /// Exit status: 1 when nothing is known by the name.
    Why {
        /// Type/id, the technical id, or the source's own key; or of a message its id, or the number or digest of its
        /// receipt
        name: String,
    },
    Map(map::Map),
    Init(Box<init::Init>),
    /// Let go of what is held, or give a message up
    Release(desk::Release),
    /// Decide that what is held is not to be sent: it is listed no longer until it changes at the source
    Discard(desk::Discard),
    /// What operators released, discarded, annulled and had forgotten, newest first
    Journal {
        /// How many
        #[arg(long, short = 'n', default_value_t = 20)]
        limit: u32,
    },
    /// Annul what was last sent of an administration or a request (status entered-in-error)
    Annul(Annul),
    /// Send again what was confirmed since a time: for a register that was restored from a backup
    ///
    /// Exit status: 1 when nothing was confirmed since then.
    Forget {
        /// A date (Norwegian midnight) or a time with its zone: that of the backup
        #[arg(long)]
        since: String,
    },
    Repair(ledger::Repair),
    ExportLedger(ledger::ExportLedger),
}

#[derive(Args)]
struct Annul {
    /// Type/id, the technical id, or the source's own key
    #[arg(required_unless_present = "number", conflicts_with = "number")]
    name: Option<String>,
    /// The number in `lmr send vanished`
    #[arg(long)]
    number: Option<i64>,
    /// Why: goes with the annulment and into the sender's database; no identity numbers
    #[arg(long)]
    reason: String,
}

impl Send {
    /// `lmr send daemon` of a configuration file.
    #[cfg(windows)]
    pub(crate) const fn daemon(config: PathBuf, lang: Language) -> Self {
        Self { config, format: Format::Text, lang, command: Command::Daemon }
    }

    /// Whether it is to run on and on.
    pub(crate) const fn is_daemon(&self) -> bool {
        matches!(self.command, Command::Daemon)
    }

    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        if matches!(self.format, Format::Csv | Format::Html)
            && !matches!(self.command, Command::Rejected(_))
        {
            fail!(
                "--format csv og html gjelder bare lmr send rejected",
                "--format csv and html are for lmr send rejected only"
            );
        }
        if let Command::Map(map) = &self.command {
            if self.format != Format::Text {
                fail!(
                    "lmr send map skriver bare tekst: utelat --format",
                    "lmr send map prints text only: leave --format out"
                );
            }
            // Most uses need no configuration.
            return map.run(&self.config, self.lang);
        }
        if let Command::Init(init) = &self.command {
            return init.run(&self.config, self.lang);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let hangups = matches!(self.command, Command::Daemon).then(|| {
            let _inside = runtime.enter();
            Hangups::listen()
        });
        let (config, folder) = crate::config::read::<SenderConfig>(&self.config)?;
        let _last_lines = config.log.start()?;
        let lang = self.lang;
        let done = if let Some(hangups) = hangups {
            runtime.block_on(daemon::run(&self, config, folder, hangups))
        } else if let Command::Desk(desk) = self.command {
            let done = runtime.block_on(desk.run(config, &self.config, folder, self.lang));
            // A rehearsal that still runs changes nothing and is not waited for; a decision gets its time.
            runtime.shutdown_timeout(std::time::Duration::from_secs(5));
            done
        } else {
            runtime.block_on(self.act(&config, &folder))
        };
        match done {
            Err(error) if is_of_the_database(&error) || is_of_the_certificate(&error) => {
                output::complain(&format!("lmr: {}", chain(&error, lang)));
                Ok(ExitCode::from(RunStatus::Stopped.exit_code()))
            }
            done => done,
        }
    }

    /// The sender as configured, which ends early when the process is interrupted.
    async fn agent(&self, config: &SenderConfig, folder: &Path) -> anyhow::Result<Agent> {
        let stop = StopSignal::default();
        setup::stop_on_signals(&stop);
        setup::agent(config, folder, &stop).await
    }

    /// Shows what a run came to.
    async fn ended(
        &self,
        agent: &Agent,
        done: Result<Report, SenderError>,
    ) -> anyhow::Result<ExitCode> {
        agent.outbox().close().await;
        match done {
            Ok(report) => {
                self.show(&report, || texts::report(&report, self.lang))?;
                Ok(ExitCode::from(report.status().exit_code()))
            }
            Err(error) => self.failed(error),
        }
    }

    async fn act(&self, config: &SenderConfig, folder: &Path) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Run { dry_run: true, .. } => {
                let scratch = tempfile::Builder::new().prefix("lmr-dry-run-").tempdir()?;
                setup::is_of_this_organisation(config, folder)?;
                let agent = scratch_agent(config, folder, scratch.path()).await?;
                let preview = match agent.preview().await {
                    Ok(preview) => preview,
                    Err(error) => return self.failed(error),
                };
                self.show(&preview, || texts::preview(&preview, self.lang))?;
                agent.outbox().close().await;
                Ok(ExitCode::from(preview.report.status().exit_code()))
            }
            Command::Run { retries_only, same_register, .. } => {
                let agent = self.agent(config, folder).await?;
                if *same_register {
                    agent.belongs_to_this_receiver().await?;
                }
                supervision::forget_a_daemon_that_ended(&agent, config, folder).await;
                let done = if *retries_only { agent.retry_due().await } else { agent.run().await };
                let failed = supervision::after_run(&agent, &done, config, folder).await;
                let status = self.ended(&agent, done).await?;
                let Some(text) = texts::failed_hooks(&failed, self.lang) else { return Ok(status) };
                output::complain(&format!("lmr: {text}"));
                // Whatever else is wrong with the run is worse.
                let is_clean = status == ExitCode::from(RunStatus::Clean.exit_code());
                let to_correct = ExitCode::from(RunStatus::ToCorrect.exit_code());
                Ok(if is_clean { to_correct } else { status })
            }
            Command::Status => {
                let mut overview = outbox_to_read(config, folder).await?.overview().await?;
                overview.notice_silence(clock::now());
                let status = overview.status;
                let page = texts::StatusPage::of(overview, config, folder);
                self.show(&page, || page.text(self.lang))?;
                Ok(ExitCode::from(status.exit_code()))
            }
            Command::History { limit } => {
                let outbox = outbox_to_read(config, folder).await?;
                let (runs, messages) = (outbox.runs(*limit).await?, outbox.messages(*limit).await?);
                let json = serde_json::json!({ "runs": runs, "messages": messages });
                self.show(&json, || texts::history(&runs, &messages, self.lang))?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Rejected(list) => list.show(self, config, folder).await,
            Command::Rehearse(rehearse) => rehearse.make(self, config, folder).await,
            Command::Vanished => {
                let outbox = outbox_to_read(config, folder).await?;
                let (rows, overview) = (outbox.vanished().await?, outbox.overview().await?);
                self.show(&rows, || texts::vanished(&rows, &overview, self.lang))?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Why { name } => {
                let scratch = tempfile::Builder::new().prefix("lmr-why-").tempdir()?;
                let agent = setup::reading_agent(config, folder, scratch.path()).await?;
                let found = match why::find(&agent, name).await {
                    Ok(found) => found,
                    Err(error) => return self.failed(error),
                };
                self.show(&found, || texts::why(name, &found, self.lang, Style::for_stdout()))?;
                Ok(ExitCode::from(u8::from(found.is_empty())))
            }
            Command::Annul(annul) => {
                setup::database(config, folder)?;
                let agent = self.agent(config, folder).await?;
                let target = match (&annul.number, &annul.name) {
                    (Some(number), _) => AnnulTarget::Number(*number),
                    (None, name) => AnnulTarget::Name(name.clone().unwrap_or_default()),
                };
                let done = agent.annul(&target, &annul.reason).await;
                self.ended(&agent, done).await
            }
            Command::Forget { since } => {
                let since = moment("--since", since)?;
                setup::database(config, folder)?;
                let agent = self.agent(config, folder).await?;
                match agent.forget_since(since).await {
                    Ok(forgotten) => {
                        self.show(&forgotten, || texts::forgotten(forgotten, self.lang))?;
                        Ok(ExitCode::from(u8::from(forgotten.is_nothing())))
                    }
                    Err(error) => self.failed(error),
                }
            }
            Command::Daemon | Command::Desk(_) | Command::Map(_) | Command::Init(_) => {
                unreachable!("handled before")
            }
            Command::Repair(repair) => repair.make(self, config, folder).await,
            Command::ExportLedger(export) => export.make(config, folder).await,
            Command::Release(release) => release.make(self, config, folder).await,
            Command::Discard(discard) => discard.make(self, config, folder).await,
            Command::Journal { limit } => {
                let outbox = outbox_to_read(config, folder).await?;
                desk::journal(self, &outbox, *limit).await
            }
        }
    }

    /// A run that could not be made: busy means later, everything else is for a person.
    fn failed(&self, error: SenderError) -> anyhow::Result<ExitCode> {
        let status = exit_status(&error);
        output::complain(&format!("lmr: {}", chain(&error.into(), self.lang)));
        Ok(ExitCode::from(status))
    }

    fn show(
        &self,
        data: &impl serde::Serialize,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        match self.format {
            Format::Json => print(&format!("{}\n", serde_json::to_string_pretty(data)?)),
            Format::Text | Format::Csv | Format::Html => print(&text()),
        }
    }
}

/// Whether the sender's database cannot be used: a full disk, a lock, damage. One of another installation is a
/// matter of the configuration.
fn is_of_the_database(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        // An error of the sender's that is one of the database has the same sentence, and is not a cause of its own.
        let of_the_sender = cause.downcast_ref::<SenderError>().and_then(|error| match error {
            SenderError::Outbox(error) => Some(error),
            _ => None,
        });
        match cause.downcast_ref::<OutboxError>().or(of_the_sender) {
            Some(
                OutboxError::Database(_)
                | OutboxError::Form(_)
                | OutboxError::Newer { .. }
                | OutboxError::Damaged(_)
                | OutboxError::DamagedFile(_)
                | OutboxError::Irreparable(_)
                | OutboxError::WriteAheadLog,
            ) => true,
            Some(OutboxError::Foreign(_)) | None => false,
        }
    })
}

/// Whether the certificate to sign with is another organisation's, which ends a run as it does in the middle of one.
fn is_of_the_certificate(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        matches!(cause.downcast_ref::<SealError>(), Some(SealError::NotOurCertificate { .. }))
    })
}

/// The exit status of a run that could not be made.
fn exit_status(error: &SenderError) -> u8 {
    match error {
        SenderError::Busy(_) => RunStatus::Undelivered.exit_code(),
        SenderError::Source(_) => RunStatus::SourceFailed.exit_code(),
        // What was asked for cannot be done; nothing is wrong with the installation.
        SenderError::Annul(_) => RunStatus::ToCorrect.exit_code(),
        SenderError::Lock { .. }
        | SenderError::Outbox(_)
        | SenderError::Seal(_)
        | SenderError::Randomness(_)
        | SenderError::Check(_)
        | SenderError::Internal(_) => RunStatus::Stopped.exit_code(),
    }
}

/// A date as Norwegian midnight, or a time with its zone.
fn moment(argument: &str, text: &str) -> anyhow::Result<Timestamp> {
    if let Ok(date) = text.parse::<Date>()
        && text.len() == 10
    {
        return Ok(date.to_zoned(clock::oslo_zone())?.timestamp());
    }
    text.parse().ok().explain(|| {
        text!(
            "{argument}: {text} er verken en dato (2026-11-25) eller et tidspunkt med tidssone",
            "{argument}: {text} is neither a date (2026-11-25) nor a time with its zone",
            text = text
        )
    })
}
