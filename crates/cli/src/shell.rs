//! `lmr completions` and `lmr man`: made from the program's own arguments, so they are never out of date.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::output;
use crate::text::{Explain as _, text};

/// Print completions of commands and arguments for a shell.
///
/// bash: `lmr completions bash > /usr/share/bash-completion/completions/lmr`. zsh: a file `_lmr` in a folder of
/// $fpath. fish: ~/.config/fish/completions/lmr.fish. PowerShell: `lmr completions powershell | Out-String |
/// Invoke-Expression` in $PROFILE.
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell that is to complete
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let mut out = Vec::new();
        clap_complete::generate(self.shell, &mut crate::Arguments::command(), "lmr", &mut out);
        output::write(None, &out)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Write manual pages of all commands into a folder.
///
/// `lmr man /usr/local/share/man/man1`, then `man lmr-validate`.
#[derive(Args)]
pub(crate) struct Man {
    /// The folder; made where there is none
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Man {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let folder = &self.folder;
        fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(crate::Arguments::command(), folder))
            .explain(|| {
                text!(
                    "kan ikke skrive manualsider i {folder}",
                    "cannot write manual pages into {folder}",
                    folder = folder.display()
                )
            })?;
        Ok(ExitCode::SUCCESS)
    }
}
