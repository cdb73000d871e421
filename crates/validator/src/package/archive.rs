//! The files of a package, from a `.tgz` file or a folder, within limits.

use std::{
    cell::Cell,
    collections::{HashMap, hash_map::Entry},
    fs,
    io::{self, Read},
    path::{Component, Path},
    rc::Rc,
};

use flate2::read::MultiGzDecoder;

use super::{File, MAX_FILE, PackageError};

/// Most bytes that an archive may inflate to. The largest published packages (all of R5 with
/// examples) stay below a third of it.
pub(super) const MAX_INFLATED: u64 = 768 << 20;

/// Most files that a package may hold.
pub(super) const MAX_FILES: usize = 100_000;

/// Most bytes that may precede a file in an archive: its header, and extensions of it with
/// long names, which are held in memory.
const MAX_HEADER: u64 = 1 << 20;

/// The JSON files directly in `package/` of an archive.
pub(super) fn files_of_archive(path: &Path, archive: impl Read) -> Result<Vec<File>, PackageError> {
    let mut files = Vec::new();
    let mut by_name = HashMap::new();
    each_file(path, archive, |name, content| {
        let Some(name) = name.strip_prefix("package/").filter(|name| is_kept(name)) else {
            return Ok(());
        };
        let mut bytes = Vec::new();
        content
            .take(MAX_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| not_an_archive(path, &error))?;
        if bytes.len() as u64 > MAX_FILE {
            let path = path.join(name);
            return Err(PackageError::TooLarge { path, limit: MAX_FILE });
        }
        let bytes = File { name: name.to_owned(), bytes };
        match by_name.entry(name.to_owned()) {
            Entry::Vacant(free) => {
                free.insert(files.len());
                files.push(bytes);
            }
            // Packages with duplicate files have been published; files that differ contradict each other.
            Entry::Occupied(known) => {
                if files.get(*known.get()).is_none_or(|first: &File| first.bytes != bytes.bytes) {
                    return Err(PackageError::TwoFiles { path: path.to_owned(), name: bytes.name });
                }
            }
        }
        Ok(())
    })?;
    Ok(files)
}

/// Calls back for each regular file of an archive, with its name in the archive, which is safe
/// to use as a relative path.
pub(super) fn each_file(
    path: &Path,
    archive: impl Read,
    mut take: impl FnMut(&str, &mut dyn Read) -> Result<(), PackageError>,
) -> Result<(), PackageError> {
    let failed = |error: io::Error| {
        if error.kind() == io::ErrorKind::FileTooLarge {
            PackageError::TooLarge { path: path.to_owned(), limit: MAX_INFLATED }
        } else {
            not_an_archive(path, &error)
        }
    };
    let header = Rc::new(Cell::new(MAX_HEADER));
    let bounded = Bounded {
        inner: MultiGzDecoder::new(archive),
        left: MAX_INFLATED,
        header: Rc::clone(&header),
    };
    let mut archive = tar::Archive::new(bounded);
    let mut entries = archive.entries().map_err(failed)?;
    for count in 0.. {
        header.set(MAX_HEADER);
        let Some(entry) = entries.next() else { break };
        let mut entry = entry.map_err(failed)?;
        header.set(u64::MAX);
        if count >= MAX_FILES {
            return Err(PackageError::TooManyFiles { path: path.to_owned(), limit: MAX_FILES });
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let is_safe = Path::new(&name)
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !is_safe || name.contains('\\') {
            return Err(PackageError::UnsafePath { path: path.to_owned(), name });
        }
        let name = name.strip_prefix("./").unwrap_or(&name);
        let kind = entry.header().entry_type();
        if kind.is_file() {
            take(name, &mut entry)?;
        } else if !kind.is_dir() && name.strip_prefix("package/").is_some_and(is_kept) {
            return Err(PackageError::NotAFile { path: path.to_owned(), name: name.to_owned() });
        }
        // What nobody wanted is read here, so that the next header can be bounded.
        io::copy(&mut entry, &mut io::sink()).map_err(failed)?;
    }
    Ok(())
}

/// The JSON files of a folder that is a package, or has one in `package/`.
pub(super) fn files_of_folder(path: &Path) -> Result<Vec<File>, PackageError> {
    let inner = path.join("package");
    let folder = if inner.join("package.json").is_file() { inner } else { path.to_owned() };
    let unreadable =
        |path: &Path, source| PackageError::Unreadable { path: path.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))? {
        let entry = entry.map_err(|error| unreadable(&folder, error))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if is_kept(&name) && entry.path().is_file() {
            names.push(name);
        }
        if names.len() > MAX_FILES {
            return Err(PackageError::TooManyFiles { path: path.to_owned(), limit: MAX_FILES });
        }
    }
    // The order of a folder is the file system's; a package must not depend on it.
    names.sort_unstable();
    let mut files = Vec::new();
    for name in names {
        let file = folder.join(&name);
        let len = fs::metadata(&file).map_err(|error| unreadable(&file, error))?.len();
        if len > MAX_FILE {
            return Err(PackageError::TooLarge { path: file, limit: MAX_FILE });
        }
        let bytes = fs::read(&file).map_err(|error| unreadable(&file, error))?;
        files.push(File { name, bytes });
    }
    Ok(files)
}

/// Whether a name is one that a folder of the package cache may have.
pub(super) fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.len() <= 200
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+'))
}

fn is_kept(name: &str) -> bool {
    name.ends_with(".json") && !name.contains('/') && !name.starts_with('.')
}

fn not_an_archive(path: &Path, error: &io::Error) -> PackageError {
    PackageError::NotAnArchive { path: path.to_owned(), reason: error.to_string() }
}

/// Fails when more is read than an archive, or what precedes a file in it, may hold.
struct Bounded<R> {
    inner: R,
    left: u64,
    header: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let too_much = || io::Error::new(io::ErrorKind::FileTooLarge, "too much data");
        self.left = self.left.checked_sub(count as u64).ok_or_else(too_much)?;
        if self.header.get().checked_sub(count as u64).map(|left| self.header.set(left)).is_none() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a file's name is too long"));
        }
        Ok(count)
    }
}
