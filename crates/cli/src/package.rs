//! `lmr package`: the folder with installed FHIR packages.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use lmr_validator::package::{Package as LoadedPackage, PackageCache, PackageError, load};

use crate::input::seems::{GZIP, remedy_for};
use crate::input::{fetch_first, is_address};
use crate::output::{self, Language, print};
use crate::text::{Explain, Text, because, fail, text};

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
                    let package = cache.install(&file).map_err(with_remedy)?;
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
    let (packages, missing) = load(given, cache.as_ref()).map_err(with_remedy)?;
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

/// The error with what to do, where the file shows what it is instead of a package.
fn with_remedy(error: PackageError) -> anyhow::Error {
    let remedy = match &error {
        PackageError::NotAnArchive { path, .. } => match head_of(path) {
            head if matches!(head.trim_ascii_start().first(), Some(b'{')) => Some(text!(
                "det er JSON: gi filen et navn som slutter på .json",
                "it is JSON: give the file a name that ends with .json"
            )),
            // It is packed as it should be, and cut off or of other files.
            head if head.starts_with(GZIP) => None,
            head => remedy_for(&head),
        },
        PackageError::NotJson { path, file, .. } if file.is_empty() => {
            match path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
                true => Some(text!(
                    "«lmr terminology import» lager en pakke av en kodeliste",
                    "`lmr terminology import` makes a package of a code list"
                )),
                false => remedy_for(&head_of(path)),
            }
        }
        PackageError::NoManifest { path } if path.is_dir() => Some(text!(
            "IG Publisher skriver en pakke, output/package.tgz; enkeltfiler oppgis hver for seg (--package StructureDefinition-a.json)",
            "the IG Publisher writes a package, output/package.tgz; single files are given one by one (--package \
             StructureDefinition-a.json)"
        )),
        PackageError::Nowhere { name } if name.starts_with("hl7.fhir.r4.core") => Some(text!(
            "R4 (4.0.1) er bygd inn: utelat den",
            "R4 (4.0.1) is built in: leave it out"
        )),
        PackageError::Unreadable { path, .. } if is_address(path) => Some(fetch_first()),
        _ => None,
    };
    match remedy {
        Some(Text { nb, en }) => because(
            error.into(),
            text!("pakken kan ikke brukes ({nb})", "the package cannot be used ({en})"),
        ),
        None => error.into(),
    }
}

/// The first bytes of a file; none where it cannot be read.
fn head_of(path: &Path) -> Vec<u8> {
    const LENGTH: u64 = 1 << 12;
    let mut head = Vec::new();
    match File::open(path).and_then(|file| file.take(LENGTH).read_to_end(&mut head)) {
        Ok(_) => head,
        // That it cannot be read was noticed before.
        Err(_) => Vec::new(),
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
