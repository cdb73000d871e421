//! The senders: those of the configuration and those of the store, read again every few seconds.

use crate::avsender::Avsender;
use crate::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use lmr_identifiers::OrganisationNumber;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::RwLock;

/// Greatest age of the list. Another process (`lmr admin`, another receiver) may change the store.
const MAX_AGE: SignedDuration = SignedDuration::from_secs(5);

/// What is known of an address that calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressStatus {
    /// On the receiver's own list or an active sender's.
    Admitted,
    /// Only on the list of this sender, which may not send now.
    Inactive(OrganisationNumber),
    /// On no list.
    Unlisted,
}

pub(crate) struct Directory {
    configured: Mutex<Arc<[Avsender]>>,
    snapshot: RwLock<Option<Arc<Snapshot>>>,
    /// Whether the snapshot is older than the configuration.
    replaced: AtomicBool,
}

pub(crate) struct Snapshot {
    read_at: Timestamp,
    avsendere: HashMap<OrganisationNumber, Arc<Avsender>>,
}

impl Directory {
    pub(crate) fn new(configured: Vec<Avsender>) -> Self {
        Self {
            configured: Mutex::new(configured.into()),
            snapshot: RwLock::new(None),
            replaced: AtomicBool::new(false),
        }
    }

    /// Takes other senders for those of the configuration; the next question reads all again.
    pub(crate) fn replace(&self, configured: Vec<Avsender>) {
        *self.configured.lock().unwrap_or_else(PoisonError::into_inner) = configured.into();
        self.replaced.store(true, Ordering::Relaxed);
    }

    pub(crate) async fn at(
        &self,
        now: Timestamp,
        store: &dyn Store,
    ) -> Result<Arc<Snapshot>, StoreError> {
        if self.replaced.swap(false, Ordering::Relaxed) {
            *self.snapshot.write().await = None;
        }
        let fresh = |snapshot: &Option<Arc<Snapshot>>| {
            // Also when the clock was set back.
            let age = |s: &Arc<Snapshot>| now.duration_since(s.read_at).abs();
            snapshot.as_ref().filter(|s| age(s) < MAX_AGE).cloned()
        };
        if let Some(snapshot) = fresh(&*self.snapshot.read().await) {
            return Ok(snapshot);
        }
        let mut slot = self.snapshot.write().await;
        if let Some(snapshot) = fresh(&slot) {
            return Ok(snapshot);
        }
        let all = self.all(store).await?;
        let avsendere = all.into_iter().map(|a| (a.organisation, Arc::new(a))).collect();
        let snapshot = Arc::new(Snapshot { read_at: now, avsendere });
        *slot = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    /// The senders as they were read last, without asking the store; those of the configuration before that.
    pub(crate) fn last_read(&self) -> Vec<Avsender> {
        // While they are being read again, nobody waits for that.
        let snapshot = self.snapshot.try_read().ok().and_then(|snapshot| snapshot.clone());
        match snapshot {
            Some(snapshot) => {
                snapshot.avsendere.values().map(|avsender| Avsender::clone(avsender)).collect()
            }
            None => self.configured.lock().unwrap_or_else(PoisonError::into_inner).to_vec(),
        }
    }

    /// Configured ones first; they take precedence over a stored one of the same number.
    pub(crate) async fn all(&self, store: &dyn Store) -> Result<Vec<Avsender>, StoreError> {
        let configured =
            Arc::clone(&self.configured.lock().unwrap_or_else(PoisonError::into_inner));
        let mut all = configured.to_vec();
        let stored = store.avsendere().await?;
        all.extend(
            stored
                .into_iter()
                .filter(|s| configured.iter().all(|c| c.organisation != s.organisation)),
        );
        Ok(all)
    }
}

impl Snapshot {
    pub(crate) fn get(&self, organisation: OrganisationNumber) -> Option<&Arc<Avsender>> {
        self.avsendere.get(&organisation)
    }

    /// Whose address this is; that of an active sender counts before that of an inactive one.
    pub(crate) fn address_status(&self, address: IpAddr) -> AddressStatus {
        let holders = self.avsendere.values().filter(|a| a.addresses.contains(address));
        holders.fold(AddressStatus::Unlisted, |status, holder| match status {
            AddressStatus::Admitted => status,
            _ if holder.active => AddressStatus::Admitted,
            _ => AddressStatus::Inactive(holder.organisation),
        })
    }
}
