//! Bounds on connections: in all, for one address, and none for addresses on no list.

use crate::metrics::Metrics;
use crate::settings::HttpSettings;
use crate::slots::{Keyed, KeyedPermit, network};
use crate::state::Shared;
use lmr_intake::AddressStatus;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Shortest time between two log lines of the same kind.
const LOG_INTERVAL: Duration = Duration::from_secs(30);

/// Why a connection is hung up on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refused {
    /// As many connections as are allowed in all.
    Full,
    /// As many as are allowed from one address.
    AddressFull,
    /// From an address on no list.
    NotListed,
    /// The socket could not be taken: out of file descriptors, most likely.
    NotAccepted,
}

impl Refused {
    /// The label in metrics and log.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "all connections taken",
            Self::AddressFull => "all connections of the address taken",
            Self::NotListed => "address not listed",
            Self::NotAccepted => "not accepted",
        }
    }
}

/// A connection's place among the others.
pub(crate) struct Slot {
    _one: OwnedSemaphorePermit,
    _address: Option<KeyedPermit<IpAddr>>,
    metrics: Arc<Metrics>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.metrics.connection_ended();
    }
}

/// The connections that are open.
pub(crate) struct Connections {
    all: Arc<Semaphore>,
    by_address: Arc<Keyed<IpAddr>>,
    metrics: Arc<Metrics>,
    logged: Mutex<Option<(Instant, u64)>>,
}

impl Connections {
    pub(crate) fn new(settings: &HttpSettings, metrics: Arc<Metrics>) -> Self {
        Self {
            all: Arc::new(Semaphore::new(settings.connections)),
            by_address: Keyed::new(settings.connections_per_address),
            metrics,
            logged: Mutex::default(),
        }
    }

    /// A place for a connection from this address. A trusted proxy brings the connections of many, so it has as many
    /// as there are.
    pub(crate) fn slot(&self, address: IpAddr, settings: &HttpSettings) -> Result<Slot, Refused> {
        let one = Arc::clone(&self.all).try_acquire_owned().map_err(|_| Refused::Full)?;
        let address = if settings.trusted_proxies.contains(address) {
            None
        } else {
            Some(self.by_address.try_acquire(network(address)).ok_or(Refused::AddressFull)?)
        };
        self.metrics.connection_started();
        Ok(Slot { _one: one, _address: address, metrics: Arc::clone(&self.metrics) })
    }

    /// Counts and, now and then, logs a refused connection: an attacker must not fill the log either.
    pub(crate) fn note(&self, reason: Refused, address: Option<IpAddr>, detail: Option<&str>) {
        self.metrics.connection_refused(reason.as_str());
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match &mut *logged {
            Some((at, unlogged)) if now.duration_since(*at) < LOG_INTERVAL => {
                *unlogged += 1;
                tracing::debug!(
                    address = address.map(tracing::field::display),
                    detail,
                    reason = reason.as_str(),
                    "connection refused"
                );
            }
            last => {
                let unlogged = last.map_or(0, |(_, unlogged)| unlogged);
                *last = Some((now, 0));
                tracing::warn!(
                    address = address.map(tracing::field::display),
                    detail,
                    reason = reason.as_str(),
                    unlogged,
                    "connection refused"
                );
            }
        }
    }
}

/// Whether anything could be asked from this address at all: by a proxy, a sender, or who may read metrics.
pub(crate) async fn is_listed(shared: &Shared, address: IpAddr) -> bool {
    let settings = &shared.settings;
    if let Some(outlet) = &shared.outlet {
        return settings.trusted_proxies.contains(address) || outlet.addresses.contains(address);
    }
    settings.trusted_proxies.contains(address)
        || settings.metrics_addresses.contains(address)
        // When the store does not answer, the request itself gets the error. A sender that was deactivated gets an
        // answer too: a line that is cut off says nothing.
        || shared
            .receiver
            .address_status(address, shared.now())
            .await
            .map_or(true, |status| status != AddressStatus::Unlisted)
}
