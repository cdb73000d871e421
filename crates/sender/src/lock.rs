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
/// Nobody but root can give files away, so this fails for all others, and changes nothing.
#[cfg(unix)]
fn give_to_owner_of_folder(path: &Path) {
    use std::os::unix::fs::{MetadataExt, chown};
    let beside = path.with_extension("");
    if let (Ok(database), Ok(lock)) = (beside.metadata(), path.metadata())
        && (database.uid(), database.gid()) != (lock.uid(), lock.gid())
    {
        let _ = chown(path, Some(database.uid()), Some(database.gid()));
    }
}

#[cfg(not(unix))]
fn give_to_owner_of_folder(_: &Path) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

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
}
