//! The package cache that FHIR tools share (`~/.fhir/packages`), and loading packages with what
//! they depend on.

use std::{
    collections::HashSet,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{File, Package, PackageError, archive};
use crate::canonical::compare_versions;

/// The R4 core, which is embedded.
const CORE: &str = "hl7.fhir.r4.core";

/// A folder that holds installed packages as `name#version/package/`.
#[derive(Clone, Debug)]
pub struct PackageCache {
    folder: PathBuf,
}

/// One installed package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// The package's name.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// Its folder.
    pub path: PathBuf,
}

/// A dependency that is neither among the packages given nor in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingDependency {
    /// The package that needs it.
    pub needed_by: String,
    /// Name of the package that is needed.
    pub name: String,
    /// Its version, as the manifest writes it.
    pub version: String,
}

impl PackageCache {
    /// The cache in this folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The installed packages by name, then version.
    ///
    /// # Errors
    /// [`PackageError::Unreadable`] if the folder exists and cannot be read.
    pub fn list(&self) -> Result<Vec<Cached>, PackageError> {
        let unreadable = |source| PackageError::Unreadable { path: self.folder.clone(), source };
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let Ok(folder) = entry.file_name().into_string() else { continue };
            let Some((name, version)) = folder.split_once('#') else { continue };
            if entry.path().join("package").join("package.json").is_file() {
                found.push(Cached {
                    name: name.to_owned(),
                    version: version.to_owned(),
                    path: entry.path(),
                });
            }
        }
        found.sort_by(|a, b| {
            a.name.cmp(&b.name).then_with(|| compare_versions(Some(&a.version), Some(&b.version)))
        });
        Ok(found)
    }

    /// Unpacks a `.tgz` file into the cache. The package is read first, so that a broken one
    /// leaves no trace.
    ///
    /// # Errors
    /// [`PackageError`] if the package is broken, installed already, or cannot be written.
    pub fn install(&self, path: &Path) -> Result<Cached, PackageError> {
        let package = Package::open(path)?;
        let (name, version) = (package.name().to_owned(), package.version().to_owned());
        if name.is_empty() {
            return Err(PackageError::NoManifest { path: path.to_owned() });
        }
        let folder = self.folder.join(format!("{name}#{version}"));
        if folder.exists() {
            return Err(PackageError::Installed { name, version });
        }
        // A package that was only half written must not look installed.
        let half = self.folder.join(format!(".{name}#{version}.part"));
        let unpacked = unpack(path, &half).and_then(|()| {
            fs::rename(&half, &folder)
                .map_err(|source| PackageError::Unwritable { path: folder.clone(), source })
        });
        if let Err(error) = unpacked {
            // What remains is hidden and overwritten by the next attempt; the first error counts.
            let _ = fs::remove_dir_all(&half);
            return Err(error);
        }
        Ok(Cached { name, version, path: folder })
    }

    /// The installed package that [`load`] takes for what is asked for: `None` for a file or folder, and where none of
    /// that name is installed.
    ///
    /// # Errors
    /// [`PackageError::Unreadable`] if the folder exists and cannot be read.
    pub fn named(&self, asked: &Path) -> Result<Option<Cached>, PackageError> {
        match name_of(asked) {
            Some((name, version)) => self.find(name, version),
            None => Ok(None),
        }
    }

    /// The installed package that a dependency means: exactly this version, or the latest that
    /// fits `2.2.x`; `latest` and `current` mean the latest.
    ///
    /// # Errors
    /// [`PackageError::Unreadable`] if the folder exists and cannot be read.
    pub fn find(&self, name: &str, version: &str) -> Result<Option<Cached>, PackageError> {
        let mut found = self
            .list()?
            .into_iter()
            .filter(|cached| cached.name == name && fits(&cached.version, version));
        Ok(found.next_back())
    }
}

/// What is asked for by name instead of by path, and the version.
fn name_of(path: &Path) -> Option<(&str, &str)> {
    let is_name = |name: &&str| {
        let mut bytes = name.bytes();
        name.contains('.') && bytes.all(|b| b.is_ascii_alphanumeric() || b".-_#@".contains(&b))
    };
    let asked = path.to_str().filter(is_name).filter(|_| !path.exists())?;
    Some(asked.split_once(['#', '@']).unwrap_or((asked, "latest")))
}

/// Opens packages, in this order, and behind them what they depend on: from among them, else
/// from the cache. What cannot be found is reported, since a profile may not need it. What is not a file or
/// folder and reads `name`, `name#version` or `name@version` is looked up in the cache.
///
/// # Errors
/// [`PackageError`] if one cannot be read.
pub fn load(
    paths: &[PathBuf],
    cache: Option<&PackageCache>,
) -> Result<(Vec<Package>, Vec<MissingDependency>), PackageError> {
    let mut packages = paths.iter().map(|path| open(path, cache)).collect::<Result<Vec<_>, _>>()?;
    let mut missing = Vec::new();
    let mut asked = HashSet::new();
    let mut next = 0;
    while let Some(package) = packages.get(next) {
        next += 1;
        let needed_by = format!("{} {}", package.name(), package.version());
        let dependencies: Vec<(String, String)> = package
            .dependencies()
            .map(|(name, version)| (name.to_owned(), version.to_owned()))
            .collect();
        for (name, version) in dependencies {
            let is_here = packages
                .iter()
                .any(|package| package.name() == name && fits(package.version(), &version));
            if name == CORE || is_here || !asked.insert((name.clone(), version.clone())) {
                continue;
            }
            let cached = match cache {
                Some(cache) => cache.find(&name, &version)?,
                None => None,
            };
            match cached {
                Some(cached) => packages.push(Package::open(&cached.path)?),
                None => {
                    missing.push(MissingDependency { needed_by: needed_by.clone(), name, version })
                }
            }
        }
    }
    Ok((packages, missing))
}

/// The package at a path, else the installed package of that name.
fn open(path: &Path, cache: Option<&PackageCache>) -> Result<Package, PackageError> {
    if name_of(path).is_none() {
        return Package::open(path);
    }
    let found = match cache {
        Some(cache) => cache.named(path)?,
        None => None,
    };
    match found {
        Some(cached) => Package::open(&cached.path),
        None => Err(PackageError::Nowhere { name: path.display().to_string() }),
    }
}

fn fits(have: &str, want: &str) -> bool {
    match want {
        "latest" | "current" | "*" => true,
        _ => match want.strip_suffix(".x") {
            Some(begin) => have.strip_prefix(begin).is_some_and(|rest| rest.starts_with('.')),
            None => have == want,
        },
    }
}

fn unpack(path: &Path, into: &Path) -> Result<(), PackageError> {
    let write = |target: PathBuf, content: &mut dyn io::Read| {
        let failed = |source| PackageError::Unwritable { path: target.clone(), source };
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        // What an archive may hold in all is bounded where it is read.
        let mut file = fs::File::create(&target).map_err(failed)?;
        io::copy(content, &mut file).map_err(failed)?;
        file.flush().map_err(failed)
    };
    let unreadable = |source| PackageError::Unreadable { path: path.to_owned(), source };
    if fs::metadata(path).map_err(unreadable)?.is_dir() {
        for File { name, bytes } in archive::files_of_folder(path)? {
            write(into.join("package").join(name), &mut bytes.as_slice())?;
        }
        return Ok(());
    }
    let file = fs::File::open(path).map_err(unreadable)?;
    archive::each_file(path, file, |name, content| write(into.join(name), content))
}
