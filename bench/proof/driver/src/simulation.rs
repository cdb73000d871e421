//! The real sender and the real intake in one process, on a simulated network, clock and disk. A seed gives the same
//! steps every time.

mod play;
mod scene;
mod town;

pub use play::Player;
pub use scene::Scene;
pub use town::Stage;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use jiff::civil::{Date, date};
use lmr_envelope::{RandomSource, RandomnessUnavailable};
use tokio::runtime::Runtime;

use crate::rng::Rng;

const START: Date = date(2026, 3, 1);
const HASH_KEY: [u8; 32] = [3; 32];
const COLUMN_KEY: [u8; 32] = [5; 32];

fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

struct Chance(Mutex<Rng>);

impl RandomSource for Chance {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        let mut rng = held(&self.0);
        for byte in bytes {
            *byte = rng.next().to_le_bytes()[3];
        }
        Ok(())
    }
}

struct Shared(Arc<Chance>);

impl RandomSource for Shared {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        self.0.fill(bytes)
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
