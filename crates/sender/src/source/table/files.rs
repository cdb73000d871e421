//! Which files of a folder are tables, and which of them are still being written.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use jiff::Timestamp;

use crate::source::freshness::{FRESH, age};
use crate::source::{FileError, PassedOver, PassedOverKind};

/// Endings of files that are read as tables.
const ENDINGS: [&str; 3] = ["csv", "tsv", "txt"];

/// The files of a folder that are read, in order of name, and by the reason those that are not: a folder of exports that
/// have got another ending must not look like one without exports.
///
/// # Errors
/// The system's, also where only one of the files is not there: a link that leads nowhere is most likely an export that
/// is missing.
pub(super) fn in_folder(folder: &Path) -> io::Result<(Vec<PathBuf>, Vec<PassedOver>)> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<io::Result<_>>()?;
    entries.sort();
    let mut files = Vec::new();
    let mut others: BTreeMap<PassedOverKind, (usize, String)> = BTreeMap::new();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let is_table = ENDINGS.contains(&&*ending);
        let kind = if name.starts_with('.') {
            PassedOverKind::Hidden
        } else if !is_table && path.is_dir() {
            continue;
        } else if !is_table {
            let ending = if ending.is_empty() { ending } else { format!(".{ending}") };
            PassedOverKind::of_ending(&name, ending)
        } else if path.metadata()?.is_file() {
            files.push(path);
            continue;
        } else {
            PassedOverKind::NotAFile
        };
        others.entry(kind).or_insert((0, name)).0 += 1;
    }
    let passed_over = others
        .into_iter()
        .map(|(kind, (count, example))| PassedOver { kind, count, example })
        .collect();
    Ok((files, passed_over))
}

/// A file of a table as it was when reading it began: no more of it is read.
pub(super) struct TableFile {
    file: File,
    length: u64,
    changed: Option<SystemTime>,
}

/// What became of a file while it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meanwhile {
    /// Nothing.
    Unchanged,
    /// Something was written behind what was read.
    Grown,
}

impl TableFile {
    /// Opens a file.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok(Self { file, length: metadata.len(), changed: metadata.modified().ok() })
    }

    /// Whether it is still being written: it has changed in the last minutes, and does not end with the end of a line. What
    /// its last line has then may be the beginning of a number.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn is_unfinished(&mut self, encoding: &str, now: Timestamp) -> io::Result<bool> {
        let metadata = self.file.metadata()?;
        Ok(is_fresh(&metadata, now) && !self.ends_with_a_line(encoding)?)
    }

    fn ends_with_a_line(&mut self, encoding: &str) -> io::Result<bool> {
        let read = |file: &mut File, from: u64, length: u64| {
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(from))?;
            file.take(length).read_to_end(&mut bytes)?;
            io::Result::Ok(bytes)
        };
        let first = read(&mut self.file, 0, 3)?;
        let last = read(&mut self.file, self.length.saturating_sub(2), 2)?;
        self.file.rewind()?;
        // As in the reader, a byte order mark decides.
        let encoding = match Encoding::for_bom(&first) {
            Some((marked, _)) => Some(marked),
            None => Encoding::for_label(encoding.as_bytes()),
        };
        let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        Ok(match last.as_slice() {
            [low, 0] if encoding == Some(UTF_16LE) => self.length.is_multiple_of(2) && is_end(low),
            [0, low] if encoding == Some(UTF_16BE) => self.length.is_multiple_of(2) && is_end(low),
            _ if encoding == Some(UTF_16LE) || encoding == Some(UTF_16BE) => false,
            other => other.last().is_some_and(is_end),
        })
    }

    /// What reads it, and what says afterwards whether it is still as it was.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn reader(self) -> io::Result<(impl Read, Self)> {
        let rest = Whole { file: self.file.try_clone()?, left: self.length };
        Ok((rest, self))
    }

    /// What became of it since it was opened.
    ///
    /// # Errors
    /// [`FileError::ChangedMeanwhile`] where it was written again: what was read may be of two files.
    pub(super) fn meanwhile(&self) -> Result<Meanwhile, FileError> {
        let now = self.file.metadata()?;
        if now.len() > self.length {
            return Ok(Meanwhile::Grown);
        }
        match now.len() == self.length && now.modified().ok() == self.changed {
            true => Ok(Meanwhile::Unchanged),
            false => Err(FileError::ChangedMeanwhile),
        }
    }
}

fn is_fresh(metadata: &Metadata, now: Timestamp) -> bool {
    age(metadata, now).is_some_and(|age| age < FRESH)
}

/// Reads as many bytes as a file had; fewer are an error, since its last line may be cut.
struct Whole {
    file: File,
    left: u64,
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = (&mut self.file).take(self.left).read(buffer)?;
        if read == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(io::Error::other(Shorter));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// A file has become shorter while it was read.
#[derive(Debug, thiserror::Error)]
#[error("the file has become shorter")]
pub(super) struct Shorter;
