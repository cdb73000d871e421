use crate::{AllowList, Avsender, OrganisationNumber, Rejection, Reply, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use lmr_envelope::{DecryptionKeys, Limits, RandomSource, Trust};
use std::{net::IpAddr, sync::Arc};

/// Who calls, as the server knows from the connection and a verified token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The organisation the token speaks for.
    pub organisation: OrganisationNumber,
    /// The OAuth client.
    pub client_id: String,
    /// Name of the trust profile that accepted the token.
    pub profile: String,
    /// The caller's address, where the server knows it for sure.
    pub address: Option<IpAddr>,
}

/// What an operator may set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bounds of the envelope.
    pub limits: Limits,
    /// Most entries of one bundle.
    pub entries: usize,
    /// Deepest nesting of its JSON.
    pub depth: usize,
    /// How far ahead a sender's clock may be.
    pub clock_tolerance: SignedDuration,
    /// Addresses that may call besides those registered with senders.
    pub addresses: AllowList,
}

impl Default for Settings {
    /// The limits of the envelope, 100 000 entries, depth 100, five minutes, no further addresses.
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            entries: 100_000,
            depth: 100,
            clock_tolerance: SignedDuration::from_mins(5),
            addresses: AllowList::default(),
        }
    }
}

/// What a receiver is made of.
pub struct Parts {
    /// Its memory.
    pub store: Arc<dyn Store>,
    /// The register's decryption keys.
    pub keys: DecryptionKeys,
    /// Authorities for signing certificates; `None` trusts what is registered.
    pub trust: Option<Trust>,
    /// Senders of the configuration file; they stand before those in the store.
    pub avsendere: Vec<Avsender>,
    /// What the operator has set.
    pub settings: Settings,
}

/// The receiver. Cheap to clone; holds no state that another receiver on the same store would miss.
#[derive(Clone)]
pub struct Receiver {
    parts: Arc<Parts>,
}

impl Receiver {
    /// Puts a receiver together.
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// Whether anybody may call from this address: the first check, before token and body.
    pub async fn admits(&self, address: IpAddr, now: Timestamp) -> Result<bool, StoreError> {
        let _ = now;
        Ok(self.parts.settings.addresses.contains(address))
    }

    /// Takes a message: the answer is given only when everything is durable.
    pub async fn receive(
        &self,
        caller: &Caller,
        body: Vec<u8>,
        now: Timestamp,
        random: Arc<dyn RandomSource>,
    ) -> Result<Reply, Rejection> {
        let _ = (caller, body, now, random);
        Err(Rejection::Internal { doing: "receiving: not built yet" })
    }

    /// Goes the same way, stores nothing and remembers nothing.
    pub async fn check(
        &self,
        caller: &Caller,
        body: Vec<u8>,
        now: Timestamp,
        random: Arc<dyn RandomSource>,
    ) -> Result<Reply, Rejection> {
        let _ = (caller, body, now, random);
        Err(Rejection::Internal { doing: "checking: not built yet" })
    }

    /// Judges a bare LegemiddelregisterBundle. The reply's body is an OperationOutcome.
    pub async fn check_bundle(&self, body: Vec<u8>, now: Timestamp) -> Result<Reply, Rejection> {
        let _ = (body, now);
        Err(Rejection::Internal { doing: "checking: not built yet" })
    }

    /// The store, for the operator's console and the readiness probe.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.parts.store
    }

    /// All senders: those of the configuration, then those of the store.
    pub async fn avsendere(&self) -> Result<Vec<Avsender>, StoreError> {
        let mut all = self.parts.avsendere.clone();
        for stored in self.parts.store.avsendere().await? {
            if all.iter().all(|known| known.organisation != stored.organisation) {
                all.push(stored);
            }
        }
        Ok(all)
    }

    /// The register's decryption keys, for publishing their certificates.
    pub fn keys(&self) -> &DecryptionKeys {
        &self.parts.keys
    }
}
