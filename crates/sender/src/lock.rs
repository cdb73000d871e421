//! The lock that lets one run at a time work on an outbox.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use lmr_fhir::Language;

use crate::error::SenderError;

/// Held until dropped, also when the process is killed.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "dropping the file releases the lock")] File);

impl Lock {
    /// Takes the lock on a file, which is made if it is not there. A file that another user made (root,
    /// by one `sudo`) is locked all the same where it may be read.
    ///
    /// # Errors
    /// [`SenderError::Busy`] when another process holds it, [`SenderError::Lock`] when the file cannot
    /// be used.
    pub fn take(path: &Path) -> Result<Self, SenderError> {
        let failed = |source| SenderError::Lock {
            path: path.to_owned(),
            remedy: LockRemedy::of(path, &source),
            source,
        };
        let file = match File::options().create(true).truncate(false).write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                File::open(path).map_err(|_| failed(error))?
            }
            opened => opened.map_err(failed)?,
        };
        give_to_owner_of_folder(path);
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(SenderError::Busy(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// What a person does about a lock file that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockRemedy {
    /// The file belongs to another user.
    OtherUser {
        /// The number of that user, where the system has them.
        user: Option<u32>,
    },
    /// The folder cannot be written in.
    Folder,
    /// The file system is read-only.
    ReadOnly,
    /// Nothing is known.
    Unknown,
}

impl LockRemedy {
    fn of(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied if path.exists() => {
                Self::OtherUser { user: owner(path) }
            }
            io::ErrorKind::PermissionDenied => Self::Folder,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Unknown,
        }
    }

    /// The end of a sentence, with the mark that divides it from what went before; empty where nothing
    /// is known.
    #[must_use]
    pub fn text(self, language: Language) -> String {
        let nb = language == Language::Bokmal;
        match self {
            Self::OtherUser { user } => {
                let number = user.map(|user| format!(" ({user})")).unwrap_or_default();
                if nb {
                    format!(
                        "; den tilhører en annen bruker{number}: gi den til brukeren som kjører \
                         avsenderen (chown), eller fjern den"
                    )
                } else {
                    format!(
                        "; it belongs to another user{number}: give it to the one that runs the sender \
                         (chown), or remove it"
                    )
                }
            }
            Self::Folder if nb => {
                "; brukeren som kjører avsenderen, må kunne skrive i mappen".to_owned()
            }
            Self::Folder => {
                "; the user that runs the sender must be able to write in its folder".to_owned()
            }
            Self::ReadOnly if nb => {
                "; filsystemet kan bare leses, og en kjøring må kunne skrive".to_owned()
            }
            Self::ReadOnly => {
                "; the file system is read-only, and a run must be able to write".to_owned()
            }
            Self::Unknown => String::new(),
        }
    }
}

impl fmt::Display for LockRemedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

#[cfg(unix)]
fn owner(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|file| file.uid())
}

#[cfg(not(unix))]
fn owner(_: &Path) -> Option<u32> {
    None
}

/// What root made belongs to whoever the database beside it belongs to, as SQLite does with its own files.
/// Nobody but root can give files away, and the units' filter of system calls ends whoever else tries.
#[cfg(unix)]
fn give_to_owner_of_folder(path: &Path) {
    use std::os::unix::fs::{MetadataExt, chown};
    let beside = path.with_extension("");
    if let (Ok(database), Ok(lock)) = (beside.metadata(), path.metadata())
        && lock.uid() == 0
        && (database.uid(), database.gid()) != (lock.uid(), lock.gid())
    {
        let _ = chown(path, Some(database.uid()), Some(database.gid()));
    }
}

#[cfg(not(unix))]
fn give_to_owner_of_folder(_: &Path) {}

/// Makes the file of a database that is not there, for whoever its folder belongs to: one that root made, by one `sudo`, would
/// be closed to the service. What cannot be made the database itself reports. Nobody but its owner may read it, nor what SQLite
/// puts beside it, which gets the same mode.
pub(crate) fn make_for_owner_of_folder(path: &Path) {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let Ok(made) = options.open(path) else { return };
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Ok(folder) = folder.unwrap_or(Path::new(".")).metadata()
            && made.metadata().is_ok_and(|made| made.uid() == 0 && folder.uid() != 0)
        {
            let _ = fchown(&made, Some(folder.uid()), Some(folder.gid()));
        }
    }
    drop(made);
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown};

    #[test]
    fn a_database_that_root_makes_belongs_to_the_owner_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        // Only root can give a folder away; for others the owner of both is the same anyhow.
        let is_root = chown(folder.path(), Some(4711), Some(4712)).is_ok();
        let path = folder.path().join("x.sqlite");
        make_for_owner_of_folder(&path);
        let owner = path.metadata().unwrap();
        assert_eq!(owner.uid(), folder.path().metadata().unwrap().uid());
        if is_root {
            assert_eq!((owner.uid(), owner.gid()), (4711, 4712));
        }
        std::fs::write(&path, "there").unwrap();
        make_for_owner_of_folder(&path);
        assert_eq!(std::fs::read(&path).unwrap(), b"there");
    }

    /// a12
    #[test]
    fn a12_a_lock_file_that_may_only_be_read_is_locked_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.db.lock");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
        let lock = Lock::take(&path).unwrap();
        assert!(matches!(Lock::take(&path), Err(SenderError::Busy(_))));
        drop(lock);
        Lock::take(&path).unwrap();
    }

    #[test]
    fn a12_a_lock_that_cannot_be_taken_names_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let path = folder.path().join("lock");
        assert_eq!(LockRemedy::of(&path, &denied), LockRemedy::Folder);
        std::fs::write(&path, "").unwrap();
        let remedy = LockRemedy::of(&path, &denied);
        assert!(matches!(remedy, LockRemedy::OtherUser { user: Some(_) }));
        for language in Language::ALL {
            assert!(remedy.text(language).contains("chown"));
        }
    }

    #[test]
    fn a_second_lock_waits_for_nobody_and_the_first_ends_with_its_holder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sender.sqlite.lock");
        let first = Lock::take(&path).expect("free");
        assert!(matches!(Lock::take(&path), Err(SenderError::Busy(busy)) if busy == path));
        drop(first);
        Lock::take(&path).expect("free again");
    }

    #[test]
    fn every_remedy_is_named_in_both_languages_and_for_its_own_cause() {
        let folder = tempfile::tempdir().expect("a folder");
        let there = folder.path().join("there.lock");
        std::fs::write(&there, "").expect("written");
        let mine = there.metadata().expect("there").uid();
        let missing = folder.path().join("missing.lock");
        let of = |path: &Path, kind: io::ErrorKind| LockRemedy::of(path, &io::Error::from(kind));
        let denied = io::ErrorKind::PermissionDenied;
        assert_eq!(of(&there, denied), LockRemedy::OtherUser { user: Some(mine) });
        assert_eq!(of(&missing, denied), LockRemedy::Folder);
        assert_eq!(of(&there, io::ErrorKind::ReadOnlyFilesystem), LockRemedy::ReadOnly);
        assert_eq!(of(&there, io::ErrorKind::Other), LockRemedy::Unknown);
        for (remedy, bokmal, english) in [
            (LockRemedy::OtherUser { user: Some(7) }, "en annen bruker (7)", "another user (7)"),
            (LockRemedy::Folder, "skrive i mappen", "write in its folder"),
            (LockRemedy::ReadOnly, "kan bare leses", "read-only"),
        ] {
            assert!(remedy.text(Language::Bokmal).contains(bokmal), "{remedy:?}");
            assert!(remedy.text(Language::English).contains(english), "{remedy:?}");
            assert_eq!(remedy.to_string(), remedy.text(Language::English));
        }
        assert_eq!(LockRemedy::Unknown.to_string(), "");
    }

    /// Only root can give files away; for others there is nothing to see.
    #[test]
    fn what_root_makes_belongs_to_the_owner_of_the_database() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("sender.sqlite");
        std::fs::write(&database, "").expect("written");
        if chown(&database, Some(4_711), Some(4_712)).is_err() {
            println!("left out: only root can give files away");
            return;
        }
        let path = folder.path().join("sender.sqlite.lock");
        let _held = Lock::take(&path).expect("free");
        let lock = path.metadata().expect("made");
        assert_eq!((lock.uid(), lock.gid()), (4_711, 4_712));
    }
}
