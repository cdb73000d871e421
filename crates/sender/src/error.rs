//! Why a run ended early: this installation's matter, never the data's.

use std::path::PathBuf;

use lmr_envelope::{RandomnessUnavailable, SealError};

use crate::annul::AnnulError;
use crate::check::CheckError;
use crate::lock::LockRemedy;
use crate::outbox::OutboxError;
use crate::source::SourceUnavailable;

/// Why a run came to nothing, or no further.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// Another run has the lock.
    #[error("another run is under way (lock {0})")]
    Busy(PathBuf),
    /// The lock file cannot be used.
    #[error("the lock file {path}: {source}{remedy}")]
    Lock {
        /// Which file.
        path: PathBuf,
        /// What a person does about it.
        remedy: LockRemedy,
        /// The file system's reason.
        source: std::io::Error,
    },
    /// The source cannot be read at all.
    #[error(transparent)]
    Source(#[from] SourceUnavailable),
    /// The outbox.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// Certificates or keys.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No random bytes.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// The check.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// Nothing was annulled.
    #[error(transparent)]
    Annul(#[from] AnnulError),
    /// An error of this program.
    #[error("an error of this program: {0}")]
    Internal(&'static str),
}
