//! The steps of receiving a message, in their order.

use crate::admission::{Established, establish};
use crate::avsender::Avsender;
use crate::caller::Caller;
use crate::delivery::delivery;
use crate::directory::Directory;
use crate::rejection::Rejection;
use crate::reply::{Answer, Reply};
use crate::settings::Parts;
use crate::stop::Stop;
use crate::store::{Committed, MessageHead, Seen, Store, StoreError};
use crate::validation::{Validated, validate, validate_bare};
use jiff::Timestamp;
use lmr_envelope::{DecryptionKeys, RandomSource};
use std::{net::IpAddr, sync::Arc};

/// How often a message is tried again when others change the same resources meanwhile.
const MAX_ATTEMPTS: usize = 16;

/// The receiver. Cheap to clone; holds no state that another receiver on the same store would miss.
#[derive(Clone)]
pub struct Receiver {
    parts: Arc<Parts>,
    directory: Arc<Directory>,
    stop: Stop,
}

impl Receiver {
    /// Puts a receiver together.
    #[must_use]
    pub fn new(mut parts: Parts) -> Self {
        let directory = Arc::new(Directory::new(std::mem::take(&mut parts.avsendere)));
        Self { parts: Arc::new(parts), directory, stop: Stop::default() }
    }

    /// The same receiver, whose work ends soon after `stop` is set.
    #[must_use]
    pub fn stopped_by(&self, stop: Stop) -> Self {
        Self { stop, ..self.clone() }
    }

    /// Whether anybody may call from this address: the first check, before token and body.
    ///
    /// # Errors
    /// [`StoreError`] when the senders cannot be read.
    pub async fn admits(&self, address: IpAddr, now: Timestamp) -> Result<bool, StoreError> {
        if self.parts.settings.addresses.contains(address) {
            return Ok(true);
        }
        Ok(self.directory.at(now, &*self.parts.store).await?.admits(address))
    }

    /// Takes a message: the answer is given only when everything is durable.
    ///
    /// # Errors
    /// [`Rejection`] when the message is not taken at all. Nothing is stored then, except after
    /// [`StoreError::Unavailable`], where a resend shows whether the commit came through.
    pub async fn receive(
        &self,
        caller: &Caller,
        body: Vec<u8>,
        now: Timestamp,
        random: Arc<dyn RandomSource>,
    ) -> Result<Reply, Rejection> {
        let established = self.establish(caller, body, now).await?;
        let head = established.head(caller, now);
        if let Some(seen) = self.seen(&head).await? {
            return Ok(again(first_answer(seen)?, head));
        }
        let validated = self.validate(established, now, Arc::clone(&random)).await?;
        if self.is_identifier_used(&head, &validated).await? {
            // The same message may have been stored on another connection since it was looked for.
            return match self.seen(&head).await? {
                Some(Seen::Repeated(answer)) => Ok(again(answer, head)),
                _ => Err(Rejection::BundleIdentifierReused),
            };
        }
        self.store_message(head, &validated, &*random).await
    }

    /// Goes the same way, stores nothing and remembers nothing.
    ///
    /// # Errors
    /// [`Rejection`], the same that [`Receiver::receive`] would give.
    pub async fn check(
        &self,
        caller: &Caller,
        body: Vec<u8>,
        now: Timestamp,
        random: Arc<dyn RandomSource>,
    ) -> Result<Reply, Rejection> {
        let established = self.establish(caller, body, now).await?;
        let head = established.head(caller, now);
        // Checking a message that was delivered is no replay.
        let delivered = self.seen(&head).await?.map(first_answer).transpose()?.is_some();
        let validated = self.validate(established, now, random).await?;
        if !delivered && self.is_identifier_used(&head, &validated).await? {
            return Err(Rejection::BundleIdentifierReused);
        }
        let answer = validated.checked(&head.message_id, now);
        Ok(Reply { answer, message_id: Some(head.message_id), repeated: false })
    }

    /// Validates a bare LegemiddelregisterBundle. The answer's body is an OperationOutcome.
    ///
    /// # Errors
    /// [`Rejection`] when the content cannot be validated entry by entry.
    pub async fn check_bundle(&self, body: Vec<u8>, now: Timestamp) -> Result<Reply, Rejection> {
        let parts = Arc::clone(&self.parts);
        let work = move || validate_bare(body, &parts.settings, now);
        let answer = self.blocking("validating a bare bundle", work).await?;
        Ok(Reply { answer, message_id: None, repeated: false })
    }

    async fn establish(
        &self,
        caller: &Caller,
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<Established, Rejection> {
        let directory = self.directory.at(now, &*self.parts.store).await?;
        let (parts, caller) = (Arc::clone(&self.parts), caller.clone());
        let work = move || establish(&parts, &directory, &caller, &body, now);
        self.blocking("reading an envelope", work).await
    }

    async fn seen(&self, head: &MessageHead) -> Result<Option<Seen>, StoreError> {
        self.parts.store.seen(head.sender, &head.message_id, &head.content_sha256).await
    }

    async fn validate(
        &self,
        established: Established,
        now: Timestamp,
        random: Arc<dyn RandomSource>,
    ) -> Result<Validated, Rejection> {
        let parts = Arc::clone(&self.parts);
        let work = move || validate(&parts, established, now, &*random);
        self.blocking("validating a bundle", work).await
    }

    /// Whether the sender has delivered a bundle with this identifier.
    async fn is_identifier_used(
        &self,
        head: &MessageHead,
        validated: &Validated,
    ) -> Result<bool, StoreError> {
        match &validated.bundle_identifier {
            Some(identifier) => {
                self.parts.store.bundle_identifier_seen(head.sender, identifier).await
            }
            None => Ok(false),
        }
    }

    /// Compares with what is stored and commits; again when others have changed the same resources meanwhile.
    async fn store_message(
        &self,
        head: MessageHead,
        validated: &Validated,
        random: &dyn RandomSource,
    ) -> Result<Reply, Rejection> {
        let store = &*self.parts.store;
        let identities = validated.identities();
        for _ in 0..MAX_ATTEMPTS {
            let current = store.current(head.sender, &identities).await?;
            let delivery = delivery(validated, &head, &current, random)?;
            let answer = delivery.answer.clone();
            match store.commit(delivery).await? {
                Committed::Stored => {
                    return Ok(Reply {
                        answer,
                        message_id: Some(head.message_id),
                        repeated: false,
                    });
                }
                Committed::Known(seen) => return Ok(again(first_answer(seen)?, head)),
                Committed::BundleIdentifierReused => return Err(Rejection::BundleIdentifierReused),
                Committed::Moved => {}
            }
        }
        let busy = "the resources of a message were changed by others again and again";
        Err(StoreError::Unavailable(busy.into()).into())
    }

    /// Keeps work that takes longer than a moment off the threads that serve connections.
    async fn blocking<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce() -> Result<T, Rejection> + Send + 'static,
    ) -> Result<T, Rejection> {
        let done = tokio::task::spawn_blocking(work).await;
        let done = done.map_err(|_| Rejection::Panicked { doing })?;
        // What was stopped may be half done, so its result counts for nothing.
        if self.stop.is_set() { Err(Rejection::Stopped { doing }) } else { done }
    }

    /// The store, for the operator's console and the readiness probe.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.parts.store
    }

    /// All senders: those of the configuration, then those of the store.
    ///
    /// # Errors
    /// [`StoreError`] when the senders cannot be read.
    pub async fn avsendere(&self) -> Result<Vec<Avsender>, StoreError> {
        self.directory.all(&*self.parts.store).await
    }

    /// The register's decryption keys, for publishing their certificates.
    #[must_use]
    pub fn keys(&self) -> &DecryptionKeys {
        &self.parts.keys
    }
}

fn first_answer(seen: Seen) -> Result<Answer, Rejection> {
    match seen {
        Seen::Repeated(answer) => Ok(answer),
        Seen::MessageIdReused => Err(Rejection::MessageIdReused),
        Seen::ContentReplayed => Err(Rejection::ContentReplayed),
    }
}

fn again(answer: Answer, head: MessageHead) -> Reply {
    Reply { answer, message_id: Some(head.message_id), repeated: true }
}
