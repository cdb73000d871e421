//! Bounds on what compressed files inflate to, and what their errors mean.

use std::fmt;
use std::io::{self, Read};

use zip::result::ZipError;

use crate::source::{ArchiveError, SourceIssueKind};

/// Reads at most so many bytes; more is an error, so that a small file cannot fill the disk.
pub(super) struct Bounded<R> {
    inner: R,
    left: u64,
    limit: u64,
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(inner: R, limit: u64) -> Self {
        Self { inner, left: limit, limit }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(OverLimit(self.limit))),
        }
        Ok(read)
    }
}

#[derive(Debug)]
struct OverLimit(u64);

impl fmt::Display for OverLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {} bytes", self.0)
    }
}

impl std::error::Error for OverLimit {}

/// What an error while a compressed file is read says of the file.
pub(super) fn inflating(error: io::Error) -> SourceIssueKind {
    if let Some(OverLimit(limit)) =
        error.get_ref().and_then(|inner| inner.downcast_ref::<OverLimit>())
    {
        return SourceIssueKind::TooLarge { limit: *limit as usize };
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            SourceIssueKind::Archive { reason: ArchiveError::Truncated }
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
            SourceIssueKind::Archive { reason: ArchiveError::Damaged }
        }
        _ => SourceIssueKind::Unreadable { reason: error.into() },
    }
}

/// What an error of an archive says of it.
pub(super) fn archive(error: ZipError) -> SourceIssueKind {
    let reason = match error {
        ZipError::Io(error) => return inflating(error),
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            ArchiveError::Encrypted
        }
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            ArchiveError::Unsupported
        }
        _ => ArchiveError::Damaged,
    };
    SourceIssueKind::Archive { reason }
}
