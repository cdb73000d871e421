//! `lmr package`: the folder with installed FHIR packages.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use lmr_validator::package::{Package as LoadedPackage, PackageCache, load};

use crate::output::{self, Language, print};
use crate::text::{Explain, fail, text};

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
        let is_given = self.package_cache.is_some();
        let folder = cache_folder(self.package_cache)?;
        let cache = PackageCache::new(&folder);
        let mut out = String::new();
        match self.command {
            Command::List => {
                if is_given && !folder.is_dir() {
                    fail!(
                        "--package-cache: mappen {folder} finnes ikke",
                        "--package-cache: there is no folder {folder}",
                        folder = folder.display()
                    );
                }
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

/// Packages and what they depend on; says which dependencies cannot be found, and which are for another version of FHIR.
///
/// # Errors
/// One cannot be read, or two of them are the same one with other content.
pub(crate) fn loaded(
    given: &[PathBuf],
    cache: Option<&Path>,
    lang: Language,
) -> anyhow::Result<Vec<LoadedPackage>> {
    if let Some(folder) = cache.filter(|folder| !folder.is_dir()) {
        fail!(
            "--package-cache: mappen {folder} finnes ikke",
            "--package-cache: there is no folder {folder}",
            folder = folder.display()
        );
    }
    let cache = match cache {
        Some(folder) => Some(PackageCache::new(folder)),
        // No home folder means no cache: the packages given may be all there is.
        None => cache_folder(None).ok().map(PackageCache::new),
    };
    let (packages, missing) = load(given, cache.as_ref())?;
    for (at, (path, package)) in given.iter().zip(&packages).enumerate() {
        let before = given.iter().zip(&packages).take(at);
        for (other_path, other) in before {
            let Some(url) = package.differing(other) else { continue };
            let (one, two) = (other_path.display(), path.display());
            if package.name().is_empty() {
                fail!(
                    "{one} og {two} definerer begge {url}, i samme versjon og med ulikt innhold: oppgi den ene",
                    "{one} and {two} both define {url}, in the same version and with other content: give one of them"
                );
            }
            let (name, version) = (package.name(), package.version());
            fail!(
                "{one} og {two} er begge {name} {version}, med ulikt innhold ({url}): oppgi den ene (--no-project ser bort fra \
                 pakkene i .lmr.toml)",
                "{one} and {two} are both {name} {version}, with other content ({url}): give one of them (--no-project leaves \
                 the packages of .lmr.toml out)"
            );
        }
    }
    for package in packages.iter().filter(|package| package.is_of_other_fhir()) {
        let warning = text!(
            "advarsel: {name} {version} er for FHIR {fhir}, og lmr kontrollerer R4 (4.0.1): definisjonene brukes som om de \
             var for R4",
            "warning: {name} {version} is for FHIR {fhir}, and lmr checks R4 (4.0.1): its definitions are used as if they \
             were for R4",
            name = package.name(),
            version = package.version(),
            fhir = package.fhir_versions().collect::<Vec<_>>().join(", ")
        );
        output::complain(warning.get(lang));
    }
    for missing in missing {
        let warning = text!(
            "advarsel: {package} krever {name} {version}, som verken er oppgitt eller installert",
            "warning: {package} depends on {name} {version}, which is neither given nor installed",
            package = missing.needed_by,
            name = missing.name,
            version = missing.version
        );
        output::complain(warning.get(lang));
    }
    Ok(packages)
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
