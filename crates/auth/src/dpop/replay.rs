//! The memory of used proofs. A receiver on its own keeps them in memory; several behind one address
//! must share them, or a captured proof works once at each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

/// Remembers proofs for as long as they could be shown again.
#[async_trait]
pub trait ReplayMemory: Send + Sync {
    /// Records a proof by its digest until it is of no use any more, in one step with asking whether it
    /// is known. True when it is new.
    ///
    /// # Errors
    /// [`ReplayMemoryError`]: the request must be turned away, since the proof may have been used.
    async fn record(
        &self,
        proof: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, ReplayMemoryError>;
}

/// Whether a proof was used before cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplayMemoryError {
    /// There is no room for another one; those that count are never given up.
    #[error("the memory of used proofs is full")]
    Full,
    /// The store behind it does not work.
    #[error("the store of used proofs is not available")]
    Unavailable,
}

/// The memory of one process.
#[derive(Debug)]
pub struct ProcessReplayMemory {
    known: Mutex<Known>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Known {
    until: HashMap<[u8; 32], Timestamp>,
    next_clean: usize,
}

impl ProcessReplayMemory {
    /// Room for `capacity` proofs of some 80 bytes each.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { known: Mutex::default(), capacity }
    }
}

#[async_trait]
impl ReplayMemory for ProcessReplayMemory {
    async fn record(
        &self,
        proof: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, ReplayMemoryError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.until.get(proof).is_some_and(|until| *until >= now) {
            return Ok(false);
        }
        if known.until.len() >= self.capacity.min(known.next_clean.max(1024)) {
            known.until.retain(|_, until| *until >= now);
            known.next_clean = known.until.len() * 2;
        }
        if known.until.len() >= self.capacity {
            return Err(ReplayMemoryError::Full);
        }
        known.until.insert(*proof, until);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn a_proof_counts_once_while_it_could_be_shown_again() {
        let memory = ProcessReplayMemory::new(10);
        assert_eq!(memory.record(&[1; 32], at(0), at(70)).await, Ok(true));
        assert_eq!(memory.record(&[1; 32], at(70), at(140)).await, Ok(false));
        assert_eq!(memory.record(&[2; 32], at(0), at(70)).await, Ok(true));
        assert_eq!(memory.record(&[1; 32], at(71), at(140)).await, Ok(true));
    }

    #[tokio::test]
    async fn a_full_memory_gives_up_nothing_that_counts() {
        let memory = ProcessReplayMemory::new(2);
        assert_eq!(memory.record(&[1; 32], at(0), at(70)).await, Ok(true));
        assert_eq!(memory.record(&[2; 32], at(0), at(90)).await, Ok(true));
        assert_eq!(memory.record(&[3; 32], at(60), at(130)).await, Err(ReplayMemoryError::Full));
        assert_eq!(memory.record(&[1; 32], at(60), at(130)).await, Ok(false));
        assert_eq!(memory.record(&[3; 32], at(71), at(141)).await, Ok(true), "one is of no use");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn of_many_at_once_exactly_one_is_first() {
        let memory = std::sync::Arc::new(ProcessReplayMemory::new(100));
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let memory = std::sync::Arc::clone(&memory);
                tokio::spawn(async move { memory.record(&[7; 32], at(0), at(70)).await })
            })
            .collect();
        let mut first = 0;
        for task in tasks {
            first += usize::from(task.await.unwrap() == Ok(true));
        }
        assert_eq!(first, 1);
    }
}
