//! One call's work, as its caller sees it: it can be asked to stop, and says which message it is about.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The link between a caller and the work it waits for. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Work {
    stopped: Arc<AtomicBool>,
    message_id: Arc<OnceLock<String>>,
}

impl Work {
    /// Gives the order to stop: nobody waits any more.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether the order was given.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The sender's id of the message, once its envelope has been read and its signature has been found good.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.message_id.get().map(String::as_str)
    }

    /// The flag itself, for crates below.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stopped)
    }

    pub(crate) fn is_about(&self, message_id: &str) {
        // Said once; a work is about one message.
        let _ = self.message_id.set(message_id.to_owned());
    }
}
