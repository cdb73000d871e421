//! What the outlet is made of beyond what it shares with the receiver.

use lmr_intake::{AllowList, Database, OutletForm};
use std::sync::Arc;
use std::time::Duration;

/// The way out of the receiver, on a listener of its own.
#[derive(Clone)]
pub struct OutletService {
    /// Where the messages are, and the audit log.
    pub store: Arc<dyn Database>,
    /// Who may call; the senders' addresses count for nothing here.
    pub addresses: AllowList,
    /// How long a message is lent.
    pub lease: Duration,
    /// The form it is handed over in.
    pub form: OutletForm,
}
