//! Who stores when. Messages of one sender are stored together as long as they change different resources; one that was
//! overtaken waits until it is alone, so that nobody is overtaken again and again.

use lmr_identifiers::OrganisationNumber;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// The turns of all senders. Only registered senders get this far, so the table stays small.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<OrganisationNumber, Arc<RwLock<()>>>>);

/// A sender's turn, given back when dropped.
pub(crate) struct Turn {
    lock: Arc<RwLock<()>>,
    held: Held,
}

enum Held {
    Together(OwnedRwLockReadGuard<()>),
    Alone(OwnedRwLockWriteGuard<()>),
}

impl Turns {
    /// A turn beside others of the same sender.
    pub(crate) async fn together(&self, sender: OrganisationNumber) -> Turn {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(sender).or_default())
        };
        let held = Held::Together(Arc::clone(&lock).read_owned().await);
        Turn { lock, held }
    }
}

impl Turn {
    /// Waits in line until no other message of the sender is being stored.
    pub(crate) async fn alone(self) -> Self {
        let Self { lock, held } = self;
        let held = match held {
            Held::Alone(guard) => Held::Alone(guard),
            Held::Together(guard) => {
                drop(guard);
                Held::Alone(Arc::clone(&lock).write_owned().await)
            }
        };
        Self { lock, held }
    }
}
