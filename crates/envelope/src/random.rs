//! Random bytes, for keys and nonces.

use thiserror::Error;

/// Where random bytes come from. Production uses [`SystemRandom`]; tests may count or repeat.
pub trait RandomSource: Send + Sync {
    /// Fills `bytes` completely, or says that it cannot.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`]: the system has no random bytes.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable>;
}

/// The cryptographic library's random generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl RandomSource for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        aws_lc_rs::rand::fill(bytes).map_err(|_| RandomnessUnavailable)
    }
}

/// The machine gave no random bytes; nothing can be sealed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the system's random generator gave no bytes")]
pub struct RandomnessUnavailable;
