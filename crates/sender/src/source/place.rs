//! The folders that a source is read from, so that one whose share is not mounted is distinguished from one that is empty.

use std::path::{Path, PathBuf};

use super::{FileError, PassedOver, PassedOverKind};

/// A folder as a pass found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its path from the root on: what a run in another folder calls it too.
    pub path: PathBuf,
    /// The name of a folder below the source's own; none for that itself.
    pub below: Option<String>,
    /// What tells it from another folder at the same path, where the system has such a thing.
    pub mark: Option<PlaceMark>,
    /// Nothing is in it that may be data.
    pub is_empty: bool,
}

/// Tells a folder from another one at the same path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceMark {
    /// The mount point that the folder is below, or that it is itself, as the system resolves its path.
    mount: PathBuf,
    /// Its number there (inode). It is another one when the folder is made again, and with some file systems when it is
    /// mounted again; that of the device is another one after each mount.
    number: u64,
}

/// What became of a folder since something was in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceChange {
    /// It is the same one.
    Same,
    /// What was mounted there is not there any more.
    NotMounted,
    /// It was made again, or is mounted in another way.
    Other,
}

impl PlaceMark {
    /// The mark of the folder that is at a path now.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let path = path.canonicalize().ok()?;
        let (device, number) = super::file_number(&path.metadata().ok()?)?;
        let is_of_device = |folder: &&Path| {
            let found = folder.metadata().ok().as_ref().and_then(super::file_number);
            found.is_some_and(|(of, _)| of == device)
        };
        let mount = path.ancestors().take_while(is_of_device).last()?.to_owned();
        Some(Self { mount, number })
    }

    /// Whether the folder with this mark, which is at this path, is where something is mounted.
    pub(crate) fn is_mount_point(&self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|path| path == self.mount)
    }

    /// What became of the folder that had this mark, where one with another mark is in its place now.
    pub(crate) fn until(&self, now: &Self) -> PlaceChange {
        if self.mount != now.mount && self.mount.starts_with(&now.mount) {
            PlaceChange::NotMounted
        } else if self == now {
            PlaceChange::Same
        } else {
            PlaceChange::Other
        }
    }

    /// As the outbox keeps it.
    pub(crate) fn to_stored(&self) -> String {
        format!("{} {}", self.number, self.mount.display())
    }

    /// Of what the outbox has kept.
    pub(crate) fn from_stored(text: &str) -> Option<Self> {
        let (number, mount) = text.split_once(' ')?;
        Some(Self { mount: mount.into(), number: number.parse().ok()? })
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
            path: absolute(folder),
            below: None,
            mark: PlaceMark::of(folder),
            is_empty,
        })
    }
}

/// A path from the root on, with links as they are.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
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
    fn only_what_is_mounted_no_more_is_not_mounted() {
        let mark = |mount: &str, number| PlaceMark { mount: mount.into(), number };
        for (before, now, expected) in [
            (mark("/", 7), mark("/", 7), PlaceChange::Same),
            // Made again, or a swap of two folders by their names.
            (mark("/", 7), mark("/", 8), PlaceChange::Other),
            (mark("/mnt/share", 2), mark("/mnt/share", 2), PlaceChange::Same),
            // Mounted again after a restart of the machine, by a file system that gives other numbers then.
            (mark("/mnt/share", 2), mark("/mnt/share", 3), PlaceChange::Other),
            (mark("/mnt/share", 2), mark("/", 900), PlaceChange::NotMounted),
            // The folder below the mount point may have the number that the share had.
            (mark("/mnt/share", 2), mark("/", 2), PlaceChange::NotMounted),
            (mark("/mnt/share", 2), mark("/mnt", 2), PlaceChange::NotMounted),
            // Moved onto a share since, and to another one.
            (mark("/", 900), mark("/mnt/share", 2), PlaceChange::Other),
            (mark("/mnt/share", 2), mark("/mnt/share2", 2), PlaceChange::Other),
        ] {
            assert_eq!(before.until(&now), expected, "{before:?} {now:?}");
            assert_eq!(PlaceMark::from_stored(&before.to_stored()), Some(before));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_is_below_the_mount_point_that_it_is_on() {
        let mark = PlaceMark::of(Path::new("/")).unwrap();
        assert!(mark.is_mount_point(Path::new("/")));
        let folder = tempfile::tempdir().unwrap();
        let mark = PlaceMark::of(folder.path()).unwrap();
        assert!(folder.path().canonicalize().unwrap().starts_with(&mark.mount));
        assert!(!mark.is_mount_point(folder.path()));
    }
}
