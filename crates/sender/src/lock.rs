//! The lock that lets one run at a time work on an outbox.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::SenderError;

/// Held until dropped, also when the process is killed.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "dropping the file releases the lock")] File);

impl Lock {
    /// Takes the lock on a file, which is made if it is not there.
    ///
    /// # Errors
    /// [`SenderError::Busy`] when another process holds it, [`SenderError::Lock`] when the file cannot
    /// be used.
    pub fn take(path: &Path) -> Result<Self, SenderError> {
        let failed = |source| SenderError::Lock { path: path.to_owned(), source };
        let file =
            File::options().create(true).truncate(false).write(true).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(SenderError::Busy(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}
