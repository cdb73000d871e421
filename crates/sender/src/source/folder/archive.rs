//! Where files go after the register has answered for everything in them.

use std::collections::{BTreeSet, HashMap};
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::source::{FileError, SourceIssue, SourceIssueKind};

/// What is done with a finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileArchive {
    /// The folder for finished files; those of folders below the source keep their path.
    pub folder: PathBuf,
    /// Whether the file stays in the source too.
    pub copy: bool,
}

/// Size and time of change of a file when it was read.
pub(super) type Stamp = (u64, Option<SystemTime>);

pub(super) fn stamp(metadata: &Metadata) -> Stamp {
    (metadata.len(), metadata.modified().ok())
}

impl FileArchive {
    /// Moves or copies the files of `source` that are finished and have not changed since they were read.
    pub(super) fn take(
        &self,
        source: &Path,
        read: &HashMap<String, Stamp>,
        finished: &BTreeSet<String>,
    ) -> Vec<SourceIssue> {
        let mut issues = Vec::new();
        for (file, stamp_when_read) in read {
            if !finished.contains(file) {
                continue;
            }
            let path = source.join(file);
            if let Err(error) = self.take_one(&path, file, stamp_when_read) {
                let reason = match error.kind() {
                    io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                        FileError::ArchiveNotAFolder { path: self.folder.display().to_string() }
                    }
                    _ => error.into(),
                };
                let issue = SourceIssueKind::NotArchived { reason };
                issues.push(SourceIssue { file: file.clone(), line: None, issue });
            }
        }
        issues.sort_by(|a, b| a.file.cmp(&b.file));
        issues
    }

    fn take_one(&self, path: &Path, file: &str, stamp_when_read: &Stamp) -> io::Result<()> {
        if stamp(&path.metadata()?) != *stamp_when_read {
            // Something new under the same name: it is for the next transfer.
            return Ok(());
        }
        let target = self.folder.join(file);
        if let (Some(folder), Some(from)) = (target.parent(), path.parent()) {
            make_folder(folder, from)?;
        }
        if self.copy {
            let is_there = target.metadata().is_ok_and(|there| {
                there.len() == stamp_when_read.0 && there.modified().ok() >= stamp_when_read.1
            });
            if !is_there {
                whole_copy(path, &target)?;
            }
            return Ok(());
        }
        let target = free_name(&target);
        match std::fs::rename(path, &target) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                whole_copy(path, &target)?;
                std::fs::remove_file(path)
            }
            done => done,
        }
    }
}

/// Makes a folder for what comes from another one, which nobody may enter who may not enter that one.
fn make_folder(folder: &Path, from: &Path) -> io::Result<()> {
    let mut new = std::fs::DirBuilder::new();
    new.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
        // Its owner goes on putting files there.
        new.mode((from.metadata()?.mode() & 0o777) | 0o700);
    }
    #[cfg(not(unix))]
    let _ = from;
    new.create(folder)
}

/// Copies under another name first, so that the archive never has half a file.
fn whole_copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    std::fs::copy(from, &part)?;
    std::fs::rename(&part, to)
}

/// The name itself, or with a number where an earlier file has it.
fn free_name(target: &Path) -> PathBuf {
    let mut free = target.to_owned();
    let mut number = 1;
    while free.exists() {
        let mut name = target.as_os_str().to_owned();
        name.push(format!(".{number}"));
        free = name.into();
        number += 1;
    }
    free
}
