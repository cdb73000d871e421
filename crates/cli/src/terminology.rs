//! `lmr terminology`: codes that users bring.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::output::Language;

mod import;
mod status;

/// Tag of a code system: what it was made from (`fest-2.5.1`, `csv`).
const SOURCE: &str = "urn:lmr:terminology:source";
/// Tag of a code system: which extract of FEST it was made from.
const EXTRACT: &str = "urn:lmr:terminology:extract";

/// Bring code lists, so that codes are checked for real.
#[derive(Args)]
pub(crate) struct Terminology {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Turn code lists into one FHIR package
    ///
    /// Takes FEST M30 (.xml), lists of code, display and parent (.csv, with --system), and FHIR
    /// CodeSystem and ValueSet files, folders and packages (.json, .tgz). The columns of a .csv are found by their names;
    /// without names the first column has the codes, and a warning says which the first one is. The package is for
    /// `terminology` in sender.toml and receiver.toml, and for `lmr validate --package`. An output
    /// that exists is replaced by newer lists only if they are whole.
    Import(import::Import),
    /// Show which code lists are loaded, how old and how complete they are
    Status(status::Status),
}

/// A list's title with its address, which may be the same.
fn named(title: &str, url: &str) -> String {
    if title == url { url.to_owned() } else { format!("{title} ({url})") }
}

impl Terminology {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Import(import) => import.run(lang),
            Command::Status(status) => status.run(lang),
        }
    }
}
