use crate::{
    AllowList, Avsender, Committed, OrganisationNumber, Outcome, Rejection, Reply, Store,
    StoreError,
    answer::Sending,
    directory::Directory,
    opening::{check_options, establish, judge, judge_content},
    store::Answer,
};
use jiff::{SignedDuration, Timestamp};
use lmr_envelope::{DecryptionKeys, Limits, RandomSource, Trust};
use lmr_lmdi::{PersonNumbers, response::outcome_of};
use std::{net::IpAddr, sync::Arc};

/// How often a message is tried again when others change the same resources meanwhile.
const ATTEMPTS: usize = 16;

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
    /// Which identity numbers are taken.
    pub person_numbers: PersonNumbers,
    /// Whether numbers valid only under the scheme of 2032 are taken, with a warning.
    pub accept_2032_numbers: bool,
    /// Threads for one large bundle; 0 = as many as the machine has cores.
    pub threads: usize,
}

impl Default for Settings {
    /// The limits of the envelope, 100 000 entries, depth 100, five minutes, no further addresses, any identity
    /// number, all cores.
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            entries: 100_000,
            depth: 100,
            clock_tolerance: SignedDuration::from_mins(5),
            addresses: AllowList::default(),
            person_numbers: PersonNumbers::Any,
            accept_2032_numbers: false,
            threads: 0,
        }
    }
}

impl Settings {
    pub(crate) fn json_limits(&self) -> lmr_fhir::Limits {
        lmr_fhir::Limits {
            depth: self.depth,
            bytes: self.limits.inflated,
            ..lmr_fhir::Limits::default()
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
    directory: Arc<Directory>,
}

impl Receiver {
    /// Puts a receiver together.
    pub fn new(mut parts: Parts) -> Self {
        let directory = Arc::new(Directory::new(std::mem::take(&mut parts.avsendere)));
        Self { parts: Arc::new(parts), directory }
    }

    /// Whether anybody may call from this address: the first check, before token and body.
    pub async fn admits(&self, address: IpAddr, now: Timestamp) -> Result<bool, StoreError> {
        if self.parts.settings.addresses.contains(address) {
            return Ok(true);
        }
        Ok(self.directory.at(now, &*self.parts.store).await?.admits(address))
    }

    /// Takes a message: the answer is given only when everything is durable.
    pub async fn receive(
        &self,
        caller: &Caller,
        body: Vec<u8>,
        now: Timestamp,
        random: Arc<dyn RandomSource>,
    ) -> Result<Reply, Rejection> {
        self.process(caller, body, now, random, Purpose::Store).await
    }

    /// Goes the same way, stores nothing and remembers nothing.
    pub async fn check(
        &self,
        caller: &Caller,
        body: Vec<u8>,
        now: Timestamp,
        random: Arc<dyn RandomSource>,
    ) -> Result<Reply, Rejection> {
        self.process(caller, body, now, random, Purpose::Check).await
    }

    /// Judges a bare LegemiddelregisterBundle. The reply's body is an OperationOutcome.
    pub async fn check_bundle(&self, body: Vec<u8>, now: Timestamp) -> Result<Reply, Rejection> {
        let parts = Arc::clone(&self.parts);
        blocking("judging a bare bundle", move || {
            let options = check_options(&parts.settings, now);
            let judged = judge_content(body, &parts.settings, &options)?;
            let mut reply = judged.checked("", now);
            let faultless = judged.verdict.is_faultless();
            reply.outcome = if faultless { Outcome::Accepted } else { Outcome::Refused };
            reply.body = outcome_of(judged.verdict.findings()).to_json().into_bytes();
            Ok(reply)
        })
        .await
    }

    async fn process(
        &self,
        caller: &Caller,
        body: Vec<u8>,
        now: Timestamp,
        random: Arc<dyn RandomSource>,
        purpose: Purpose,
    ) -> Result<Reply, Rejection> {
        let store = &*self.parts.store;
        let directory = self.directory.at(now, store).await?;
        let parts = Arc::clone(&self.parts);
        let calling = caller.clone();
        let established = blocking("reading an envelope", move || {
            establish(&parts, &directory, &calling, &body, now)
        })
        .await?;

        let envelope = established.envelope.envelope();
        let sending = Sending::new(caller, envelope, now);
        let seen = store
            .seen(envelope.sender(), envelope.message_id(), &envelope.content_sha256())
            .await?;
        let known = match (seen, purpose) {
            (Some(Committed::Repeated(answer)), Purpose::Store) => {
                return Ok(first_answer(answer, sending.message_id));
            }
            (Some(Committed::Repeated(_)), Purpose::Check) => true,
            (Some(seen), _) => return Err(refused_by_store(&seen)),
            (None, _) => false,
        };
        let (sender, content_sha256) = (envelope.sender(), envelope.content_sha256());

        let parts = Arc::clone(&self.parts);
        let chance = Arc::clone(&random);
        let judged =
            blocking("judging a bundle", move || judge(&parts, established, now, &*chance)).await?;
        if let Some(refusal) = judged.verdict.bundle_refusal() {
            return Err(Rejection::of_bundle(refusal, &judged.verdict.bundle));
        }
        if let Some(identifier) = &judged.bundle_identifier
            && !known
            && store.bundle_identifier_seen(sender, identifier).await?
        {
            // The same message may have been stored on another connection since it was looked for.
            return match store.seen(sender, &sending.message_id, &content_sha256).await? {
                Some(Committed::Repeated(answer)) if purpose == Purpose::Store => {
                    Ok(first_answer(answer, sending.message_id))
                }
                _ => Err(Rejection::BundleIdentifierReused),
            };
        }
        if purpose == Purpose::Check {
            return Ok(judged.checked(&sending.message_id, now));
        }

        let identities = judged.identities()?;
        for _ in 0..ATTEMPTS {
            let current = store.current(sender, &identities).await?;
            let delivery = judged.delivery(&sending, &current, &*random)?;
            let answer = delivery.answer.clone();
            match store.commit(delivery).await? {
                Committed::Stored => {
                    let Answer { outcome, body, counts } = answer;
                    return Ok(Reply {
                        outcome,
                        body,
                        counts,
                        message_id: sending.message_id,
                        repeated: false,
                    });
                }
                Committed::Repeated(answer) => return Ok(first_answer(answer, sending.message_id)),
                Committed::VersionMoved => {}
                other => return Err(refused_by_store(&other)),
            }
        }
        let busy = "the resources of a message were changed by others again and again";
        Err(StoreError::Unavailable(busy.into()).into())
    }

    /// The store, for the operator's console and the readiness probe.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.parts.store
    }

    /// All senders: those of the configuration, then those of the store.
    pub async fn avsendere(&self) -> Result<Vec<Avsender>, StoreError> {
        self.directory.all(&*self.parts.store).await
    }

    /// The register's decryption keys, for publishing their certificates.
    pub fn keys(&self) -> &DecryptionKeys {
        &self.parts.keys
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Store,
    Check,
}

fn first_answer(answer: Answer, message_id: String) -> Reply {
    let Answer { outcome, body, counts } = answer;
    Reply { outcome, body, counts, message_id, repeated: true }
}

fn refused_by_store(seen: &Committed) -> Rejection {
    match seen {
        Committed::MessageIdReused => Rejection::MessageIdReused,
        Committed::ContentReplayed => Rejection::ContentReplayed,
        Committed::BundleIdentifierReused => Rejection::BundleIdentifierReused,
        Committed::Stored | Committed::Repeated(_) | Committed::VersionMoved => {
            Rejection::Internal { doing: "reading the store's answer" }
        }
    }
}

/// Keeps work that takes longer than a moment off the threads that serve connections.
async fn blocking<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T, Rejection> + Send + 'static,
) -> Result<T, Rejection> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Rejection::Internal { doing })?
}
