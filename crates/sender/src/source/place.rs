//! The folders that a source is read from, so that one whose share is not mounted is distinguished from one that is empty.

use std::path::{Path, PathBuf};

use super::{FileError, PassedOver, PassedOverKind};

/// A folder as a pass found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its path, as configured.
    pub path: String,
    /// The name of a folder below the source's own; none for that itself.
    pub below: Option<String>,
    /// What tells it from another folder at the same path, where the system has such a thing.
    pub mark: Option<PlaceMark>,
    /// Nothing is in it that may be data.
    pub is_empty: bool,
}

/// Tells a folder from another one at the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceMark {
    /// It is on another device than the folder around it.
    is_mount_point: bool,
    /// Its number there (inode). That of the device is another one after each mount, so it says nothing.
    number: u64,
}

impl PlaceMark {
    /// The mark of the folder that is at a path now.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let path = path.canonicalize().ok()?;
        let (device, number) = super::file_number(&path.metadata().ok()?)?;
        let around = path.parent().and_then(|around| around.metadata().ok());
        let around = around.as_ref().and_then(super::file_number);
        Some(Self { is_mount_point: around.is_some_and(|(of, _)| of != device), number })
    }

    pub(super) fn is_mount_point(self) -> bool {
        self.is_mount_point
    }

    /// Whether the folder that had this mark is not the one that has the other mark now: nothing is mounted there any more,
    /// or it was replaced.
    pub(crate) fn is_of_another_than(self, now: Self) -> bool {
        match (self.is_mount_point, now.is_mount_point) {
            // Mounted again: some file systems give their folders other numbers then.
            (true, true) => false,
            (true, false) => true,
            (false, _) => self.number != now.number,
        }
    }

    /// As the outbox keeps it.
    pub(crate) fn to_stored(self) -> String {
        format!("{} {}", if self.is_mount_point { "mounted" } else { "plain" }, self.number)
    }

    /// Of what the outbox has kept.
    pub(crate) fn from_stored(text: &str) -> Option<Self> {
        let (kind, number) = text.split_once(' ')?;
        Some(Self { is_mount_point: kind == "mounted", number: number.parse().ok()? })
    }
}

/// A file in a folder that says that its share is mounted: what the folder is distinguished by, in place of a mark.
#[derive(Debug, Clone, Default)]
pub struct Marker(Option<PathBuf>);

impl Marker {
    /// The file of this name, below the folder.
    #[must_use]
    pub fn new(name: Option<PathBuf>) -> Self {
        Self(name)
    }

    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Looks whether the file is there.
    pub(super) fn look(&self, folder: &Path) -> Result<(), FileError> {
        match &self.0 {
            Some(name) if !folder.join(name).exists() => {
                Err(FileError::NoMarker { name: name.display().to_string() })
            }
            _ => Ok(()),
        }
    }

    /// The folder as it is to be compared with that of the run before; none where the marker says enough.
    pub(super) fn place(&self, folder: &Path, is_empty: bool) -> Option<Place> {
        self.is_none().then(|| Place {
            path: folder.display().to_string(),
            below: None,
            mark: PlaceMark::of(folder),
            is_empty,
        })
    }
}

/// Whether a folder in which so many files were read has nothing else that may be data.
pub(super) fn has_nothing(files: usize, passed_over: &[PassedOver]) -> bool {
    let is_nothing =
        |over: &PassedOver| matches!(over.kind, PassedOverKind::Hidden | PassedOverKind::Readme);
    files == 0 && passed_over.iter().all(is_nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_another_one_when_nothing_is_mounted_there_any_more() {
        let mark = |is_mount_point, number| PlaceMark { is_mount_point, number };
        for (before, now, is_another) in [
            (mark(false, 7), mark(false, 7), false),
            (mark(false, 7), mark(false, 8), true),
            (mark(true, 2), mark(true, 2), false),
            // Mounted again after a restart of the machine.
            (mark(true, 2), mark(true, 3), false),
            (mark(true, 2), mark(false, 900), true),
            // The folder below the mount point may have the number that the share had.
            (mark(true, 2), mark(false, 2), true),
            (mark(false, 900), mark(true, 2), true),
        ] {
            assert_eq!(before.is_of_another_than(now), is_another, "{before:?} {now:?}");
            assert_eq!(PlaceMark::from_stored(&before.to_stored()), Some(before));
        }
    }
}
