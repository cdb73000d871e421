//! What opening a database may do to it, and the file that it may make.

use std::path::Path;

/// What opening a database may do to it. A command that only looks makes nothing, and leaves a schema to the receiver's next
/// start: the program that runs meanwhile may be the one before this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Whether it may be made where it is not there, or has nothing in it.
    pub may_begin: bool,
    /// Whether an earlier program's schema may be brought to this one's.
    pub may_migrate: bool,
}

impl Opening {
    /// As the receiver starts.
    pub const START: Self = Self { may_begin: true, may_migrate: true };
    /// A new one, or one as it is.
    pub const BEGIN: Self = Self { may_begin: true, may_migrate: false };
    /// One that is there, as it is.
    pub const PRESENT: Self = Self { may_begin: false, may_migrate: false };
}

/// Which file a database is. Another one that is put in its place while it is used has the same path, and what is written
/// then goes to the one that is gone. SQLite knows files by the same two numbers.
#[cfg_attr(not(unix), expect(dead_code, reason = "no file is known by its numbers there"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    device: u64,
    inode: u64,
}

impl Place {
    /// `None` where the system does not show the file, or gives it no number.
    #[cfg(unix)]
    pub(crate) fn of(file: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let file = file.metadata().ok()?;
        Some(Self { device: file.dev(), inode: file.ino() })
    }

    /// A file that is open cannot be replaced there.
    #[cfg(not(unix))]
    pub(crate) fn of(_: &Path) -> Option<Self> {
        None
    }
}

/// Why a database whose file was replaced is not used any more.
pub(crate) const REPLACED: &str = "the database's file was replaced or removed while it is used: stop the receiver, put the \
    file in its place without -wal and -shm beside it, and start again (docs/operations.md, Restore)";

/// Makes the file of a database that is not there, for whoever its folder belongs to: one that root made would be closed to
/// the service. Nobody but root can give files away, and the units' filter of system calls ends whoever else tries. What cannot
/// be made the database itself reports.
pub(crate) fn make_file(file: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    let Ok(made) = options.open(file) else { return };
    #[cfg(unix)]
    give_to_owner_of_folder(&made, file);
    #[cfg(not(unix))]
    drop(made);
}

#[cfg(unix)]
fn give_to_owner_of_folder(made: &std::fs::File, file: &Path) {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let (Ok(folder), Ok(ours)) = (folder.unwrap_or(Path::new(".")).metadata(), made.metadata())
        && ours.uid() == 0
        && folder.uid() != 0
    {
        let _ = fchown(made, Some(folder.uid()), Some(folder.gid()));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, chown};

    #[test]
    fn what_root_makes_belongs_to_the_owner_of_the_folder_and_what_is_there_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        std::fs::write(&file, "there").unwrap();
        make_file(&file);
        assert_eq!(std::fs::read(&file).unwrap(), b"there");
        // Only root can give a folder away; for others the owner of both is the same anyhow.
        let is_root = chown(folder.path(), Some(4711), Some(4712)).is_ok();
        let made = folder.path().join("y.db");
        make_file(&made);
        let owner = made.metadata().unwrap();
        if is_root {
            assert_eq!((owner.uid(), owner.gid()), (4711, 4712));
        }
        assert_eq!(owner.uid(), folder.path().metadata().unwrap().uid());
        make_file(&folder.path().join("none/z.db"));
    }
}
