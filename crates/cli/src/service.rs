//! `lmr service`: the receiver and the daily transfer as services of Windows. Elsewhere a service manager needs nothing
//! of the program that `lmr serve` and `lmr send daemon` do not have already.

mod event_log;
mod host;
mod install;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use crate::output::Language;
use crate::text::{Failure, Text, text, unusable};

pub(crate) use host::{is_running, log, ready, reload_asked, stop_asked, tell};

/// Run the receiver or the daily transfer as a service of Windows.
///
/// `install` and `uninstall` need a prompt with the rights of an administrator. Exit status: 0 done; 2 the
/// configuration cannot be used, or the service manager refuses.
#[derive(Args)]
pub(crate) struct Service {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install a service that starts with the machine, with an account and a source of the event log of its own
    Install(Named),
    /// Stop a service and remove it; configuration, keys, databases and logs stay
    Uninstall {
        /// What the service runs
        #[arg(value_enum)]
        program: Program,
        /// Name of the service; lmr-receiver or lmr-sender if left out
        #[arg(long, value_parser = name)]
        name: Option<String>,
    },
    /// What the service manager starts; for a console there are `lmr serve` and `lmr send daemon`
    Run(Named),
}

/// A service and what it reads.
#[derive(Args, Clone)]
struct Named {
    /// What the service runs
    #[arg(value_enum)]
    program: Program,
    /// The configuration file; receiver.toml or sender.toml in %ProgramData%\lmr if left out
    #[arg(long, short)]
    config: Option<PathBuf>,
    /// Name of the service; lmr-receiver or lmr-sender if left out
    #[arg(long, value_parser = name)]
    name: Option<String>,
    /// Folder of the log, a file a day; log\NAME in %ProgramData%\lmr if left out
    #[arg(long, value_name = "DIR")]
    log: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Program {
    /// The receiver, as `lmr serve`
    Receiver,
    /// The daily transfer, as `lmr send daemon`
    Sender,
}

impl Program {
    const fn service_name(self) -> &'static str {
        match self {
            Self::Receiver => "lmr-receiver",
            Self::Sender => "lmr-sender",
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Receiver => "receiver.toml",
            Self::Sender => "sender.toml",
        }
    }

    /// The argument that names it.
    const fn word(self) -> &'static str {
        match self {
            Self::Receiver => "receiver",
            Self::Sender => "sender",
        }
    }

    /// What the list of services calls it.
    fn title(self) -> Text {
        match self {
            Self::Receiver => text!(
                "Mottak av legemiddeladministreringer (lmr serve)",
                "Receiver of medication administrations (lmr serve)"
            ),
            Self::Sender => text!(
                "Daglig overføring til Legemiddelregisteret (lmr send daemon)",
                "Daily transfer to the medicine registry (lmr send daemon)"
            ),
        }
    }
}

impl Named {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.program.service_name())
    }

    fn config(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(|| folder().join(self.program.file()))
    }

    /// A folder for each service: old files are found by what is in it.
    fn log(&self) -> PathBuf {
        self.log.clone().unwrap_or_else(|| folder().join("log").join(self.name()))
    }
}

impl Service {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Install(named) => install::install(&named, lang),
            Command::Uninstall { program, name } => {
                install::uninstall(name.as_deref().unwrap_or(program.service_name()), lang)
            }
            Command::Run(named) => host::run(named, lang),
        }
    }
}

/// Where configuration, databases and logs are unless the configuration says otherwise: `%ProgramData%\lmr`.
fn folder() -> PathBuf {
    let data = std::env::var_os("ProgramData").filter(|path| !path.is_empty());
    data.map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from).join("lmr")
}

/// A name is part of an account's, of a key of the registry and of file names.
fn name(text: &str) -> Result<String, Failure> {
    let is_one = !text.is_empty()
        && text.len() <= 80
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    match is_one {
        true => Ok(text.to_owned()),
        false => Err(unusable(text!("bruk A-Z, a-z, 0-9, - og _", "use A-Z, a-z, 0-9, - and _"))),
    }
}

/// The system's error behind one of the service manager's, which has no text of its own.
fn system_error(error: windows_service::Error) -> anyhow::Error {
    match error {
        windows_service::Error::Winapi(error) => error.into(),
        other => other.into(),
    }
}

/// The number of the system's error, where it is one.
fn system_number(error: &windows_service::Error) -> Option<u32> {
    match error {
        windows_service::Error::Winapi(error) => {
            error.raw_os_error().and_then(|number| u32::try_from(number).ok())
        }
        _ => None,
    }
}
