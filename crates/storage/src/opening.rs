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

/// Makes the file of a database that is not there, for whoever its folder belongs to: one that root made would be closed to
/// the service. Nobody but root can give files away, and the units' filter of system calls ends whoever else tries. What cannot
/// be made the database itself reports. Nobody but its owner may read it, nor what SQLite puts beside it, which gets the same
/// mode.
pub(crate) fn make_file(file: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
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
        assert_eq!(owner.mode() & 0o777, 0o600, "others read no health data");
        make_file(&folder.path().join("none/z.db"));
    }
}
