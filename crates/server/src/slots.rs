//! Slots for messages in work: so many in all, so many for one sender and for one address.
//!
//! A slot is taken once the body is there and given back once the answer is written, so that neither a slow
//! body nor somebody else's messages keep a sender out.

use crate::settings::HttpSettings;
use lmr_intake::OrganisationNumber;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of bodies are counted in pages of this size.
pub(crate) const PAGE: usize = 4096;

/// A semaphore for every key in use.
pub(crate) struct Keyed<K: Hash + Eq + Copy> {
    permits: usize,
    in_use: Mutex<HashMap<K, Arc<Semaphore>>>,
}

/// Permits of one key. The key is forgotten with its last permit.
pub(crate) struct KeyedPermit<K: Hash + Eq + Copy> {
    of: Arc<Keyed<K>>,
    key: K,
    permit: Option<OwnedSemaphorePermit>,
}

impl<K: Hash + Eq + Copy> Keyed<K> {
    pub(crate) fn new(permits: usize) -> Arc<Self> {
        Arc::new(Self { permits, in_use: Mutex::default() })
    }

    fn semaphore(&self, key: K) -> Arc<Semaphore> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(Semaphore::new(self.permits));
        Arc::clone(in_use.entry(key).or_insert_with(fresh))
    }

    /// Waits in line for a permit.
    pub(crate) async fn acquire(self: &Arc<Self>, key: K, count: u32) -> KeyedPermit<K> {
        // Made before the wait, so that the key is forgotten when the waiting is given up.
        let mut held = KeyedPermit { of: Arc::clone(self), key, permit: None };
        // The semaphore is never closed.
        held.permit = self.semaphore(key).acquire_many_owned(count).await.ok();
        held
    }

    /// A permit if there is one now.
    pub(crate) fn try_acquire(self: &Arc<Self>, key: K) -> Option<KeyedPermit<K>> {
        self.try_acquire_many(key, 1)
    }

    /// So many permits if there are that many now.
    pub(crate) fn try_acquire_many(self: &Arc<Self>, key: K, count: u32) -> Option<KeyedPermit<K>> {
        let permit = self.semaphore(key).try_acquire_many_owned(count).ok()?;
        Some(KeyedPermit { of: Arc::clone(self), key, permit: Some(permit) })
    }
}

impl<K: Hash + Eq + Copy> KeyedPermit<K> {
    pub(crate) fn merge(&mut self, mut other: Self) {
        match (&mut self.permit, other.permit.take()) {
            (Some(mine), Some(more)) => mine.merge(more),
            (mine, more) => *mine = more,
        }
    }
}

impl<K: Hash + Eq + Copy> Drop for KeyedPermit<K> {
    fn drop(&mut self) {
        let mut in_use = self.of.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.permit.take());
        // Nobody else holds or waits for one: only the map knows the semaphore.
        if in_use.get(&self.key).is_some_and(|semaphore| Arc::strong_count(semaphore) == 1) {
            in_use.remove(&self.key);
        }
    }
}

/// An address as a key: of IPv6 the network of 64 bits, which one machine may fill with addresses.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

/// The slots of a receiver.
pub(crate) struct Slots {
    count: usize,
    all: Arc<Semaphore>,
    by_sender: Arc<Keyed<OrganisationNumber>>,
    by_address: Arc<Keyed<IpAddr>>,
    /// Memory for bodies that are still arriving, in pages.
    pub(crate) body_pages: Arc<Semaphore>,
    /// The same for one address.
    pub(crate) body_pages_by_address: Arc<Keyed<IpAddr>>,
    /// Who may wait for that memory as long as a body may take.
    pub(crate) turn: Arc<Semaphore>,
    /// The same for one address.
    pub(crate) turns_by_address: Arc<Keyed<IpAddr>>,
}

/// One message's slot.
pub(crate) struct Slot {
    _sender: Option<KeyedPermit<OrganisationNumber>>,
    _address: Option<KeyedPermit<IpAddr>>,
    _one: Option<OwnedSemaphorePermit>,
}

impl Slots {
    pub(crate) fn new(settings: &HttpSettings) -> Self {
        let pages = |bytes: usize| bytes.div_ceil(PAGE).clamp(1, Semaphore::MAX_PERMITS);
        let buffered = settings.body_memory.max(settings.body_limit);
        Self {
            count: settings.concurrent,
            all: Arc::new(Semaphore::new(settings.concurrent)),
            by_sender: Keyed::new(settings.concurrent_per_sender),
            by_address: Keyed::new(settings.concurrent_per_address),
            body_pages: Arc::new(Semaphore::new(pages(buffered))),
            body_pages_by_address: Keyed::new(pages((buffered / 4).max(settings.body_limit))),
            turn: Arc::new(Semaphore::new(1)),
            turns_by_address: Keyed::new(1),
        }
    }

    /// Waits in line for a slot: first among the sender's own, then among the address's, then among all, so that
    /// who has many messages waits behind them and not before others.
    pub(crate) async fn slot(
        &self,
        organisation: Option<OrganisationNumber>,
        address: Option<IpAddr>,
    ) -> Slot {
        let sender = match organisation {
            Some(organisation) => Some(self.by_sender.acquire(organisation, 1).await),
            None => None,
        };
        let address = match address {
            Some(address) => Some(self.by_address.acquire(network(address), 1).await),
            None => None,
        };
        // The semaphore is never closed.
        let one = Arc::clone(&self.all).acquire_owned().await.ok();
        Slot { _sender: sender, _address: address, _one: one }
    }

    /// Slots that are taken now.
    pub(crate) fn in_use(&self) -> usize {
        self.count.saturating_sub(self.all.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_is_forgotten_with_its_last_permit() {
        let keyed = Keyed::new(2);
        let one = keyed.try_acquire(7).unwrap();
        let two = keyed.try_acquire(7).unwrap();
        assert!(keyed.try_acquire(7).is_none());
        assert!(keyed.try_acquire(8).is_some(), "another key has permits of its own");
        drop(one);
        assert!(keyed.try_acquire(7).is_some());
        drop(two);
        assert!(keyed.in_use.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_waiter_that_gives_up_leaves_nothing_behind() {
        let keyed = Keyed::new(1);
        let held = keyed.acquire(7, 1).await;
        let waiting =
            tokio::time::timeout(std::time::Duration::from_millis(5), keyed.acquire(7, 1));
        assert!(waiting.await.is_err());
        drop(held);
        assert!(keyed.in_use.lock().unwrap().is_empty());
    }

    #[test]
    fn one_network_of_ipv6_is_one_key() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
