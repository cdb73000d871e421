//! `lmr package`: the folder with installed FHIR packages.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use lmr_validator::package::PackageCache;

use crate::output::{Language, print};
use crate::text::{Explain, text};

/// List and install FHIR packages in the standard cache (~/.fhir/packages).
#[derive(Args)]
pub(crate) struct Package {
    /// Another folder than ~/.fhir/packages
    #[arg(long, value_name = "FOLDER", global = true)]
    package_cache: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List installed packages
    List,
    /// Install packages from .tgz files
    Install {
        /// The .tgz files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

impl Package {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let folder = cache_folder(self.package_cache)?;
        let cache = PackageCache::new(&folder);
        let mut out = String::new();
        match self.command {
            Command::List => {
                for package in cache.list()? {
                    writeln!(out, "{} {}", package.name, package.version)?;
                }
                if out.is_empty() {
                    let folder = folder.display();
                    let none = text!("ingen pakker i {folder}", "no packages in {folder}");
                    writeln!(out, "{}", none.get(lang))?;
                }
            }
            Command::Install { files } => {
                for file in files {
                    let package = cache.install(&file)?;
                    let (name, version) = (&package.name, &package.version);
                    let done = text!(
                        "installerte {name} {version} i {path}",
                        "installed {name} {version} in {path}",
                        path = package.path.display()
                    );
                    writeln!(out, "{}", done.get(lang))?;
                }
            }
        }
        print(&out)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The folder given, or the standard one.
pub(crate) fn cache_folder(given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    match given {
        Some(folder) => Ok(folder),
        None => Ok(std::env::home_dir()
            .explain(|| {
                text!(
                    "ingen hjemmemappe: si med --package-cache hvor pakkene er",
                    "no home folder: say with --package-cache where packages are"
                )
            })?
            .join(".fhir")
            .join("packages")),
    }
}
