//! The steps of receiving a message, in their order.

use crate::admission::{Established, establish};
use crate::avsender::Avsender;
use crate::background::Background;
use crate::caller::Caller;
use crate::delivery::delivery;
use crate::directory::{AddressStatus, Directory};
use crate::message_name::message_name;
use crate::rejection::Rejection;
use crate::reply::{Answer, Reply};
use crate::settings::{Material, Parts, Settings};
use crate::store::{Asked, Committed, Known, MessageHead, Seen, Store, StoreError};
use crate::turns::Turns;
use crate::validation::{Validated, open, validate, validate_bare};
use crate::work::Work;
use jiff::{Span, Timestamp};
use lmr_envelope::{Certificate, RandomSource, Receipt, ReceiptDigest, Thumbprint};
use lmr_identifiers::OrganisationNumber;
use lmr_lmdi::RuleSets;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

/// How often a message is tried again when other receivers change the same resources meanwhile. Within one receiver the
/// second attempt is alone and succeeds.
const MAX_ATTEMPTS: usize = 64;

/// Largest body, in bytes, whose envelope is read where it is: handing it to another thread and back costs more than that.
const READ_IN_PLACE: usize = 64 << 10;

/// Largest sealed content, in bytes, that is decrypted and inflated where it is, and largest bundle that is validated
/// there: the ordinary message of some entries, for which handing it over costs as much as the work. What is made to cost
/// as much as it can costs some milliseconds.
const OPENED_IN_PLACE: usize = 16 << 10;
const VALIDATED_IN_PLACE: usize = 12 << 10;

/// Largest answer, in bytes, that is kept of a message of which nothing was taken. Such a message leaves nothing else
/// behind but that it stays refused, so a resend of one with a larger answer is validated again.
const MAX_KEPT_REFUSAL: usize = 1 << 20;

/// How long a message whose refusal is not kept stays refused, in hours: what a network has held back for longer than this
/// does not arrive any more.
const REFUSED_FOR: i64 = 90 * 24;

/// The receiver. Cheap to clone; holds no state that another receiver on the same store would miss.
#[derive(Clone)]
pub struct Receiver {
    parts: Arc<Fixed>,
    /// Replaced as a whole: a message is opened with one and the same.
    material: Arc<RwLock<Arc<Material>>>,
    directory: Arc<Directory>,
    turns: Arc<Turns>,
    work: Work,
}

/// What stays the same as long as the receiver runs.
struct Fixed {
    store: Arc<dyn Store>,
    /// Replaced as a whole with other code lists.
    settings: RwLock<Arc<Settings>>,
    background: Background,
}

impl Receiver {
    /// Puts a receiver together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { store, keys, trust, avsendere, settings } = parts;
        Self {
            parts: Arc::new(Fixed {
                store,
                settings: RwLock::new(Arc::new(settings)),
                background: Background::default(),
            }),
            material: Arc::new(RwLock::new(Arc::new(Material { keys, trust }))),
            directory: Arc::new(Directory::new(avsendere)),
            turns: Arc::default(),
            work: Work::default(),
        }
    }

    /// Takes other keys, authorities and senders from now on. Messages that are being opened go on with the old ones.
    pub fn replace(&self, material: Material, avsendere: Vec<Avsender>) {
        *self.material.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(material);
        self.parts.store.configure(&avsendere);
        self.directory.replace(avsendere);
    }

    /// Takes other code lists from now on. Bundles that are being validated go on with the old ones.
    pub fn replace_rule_sets(&self, rule_sets: RuleSets) {
        let mut settings = self.parts.settings.write().unwrap_or_else(PoisonError::into_inner);
        *settings = Arc::new(Settings { rule_sets, ..Settings::clone(&settings) });
    }

    /// How what is done beside answering calls has gone; whoever does it notes it there.
    #[must_use]
    pub fn background(&self) -> &Background {
        &self.parts.background
    }

    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.parts.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn material(&self) -> Arc<Material> {
        Arc::clone(&self.material.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The register's certificates, the one to be encrypted for first.
    #[must_use]
    pub fn certificates(&self) -> Vec<Certificate> {
        self.material().keys.iter().map(|key| key.certificate().clone()).collect()
    }

    /// The same receiver for one call: its work can be asked to stop, and says which message it is about.
    #[must_use]
    pub fn for_call(&self, work: Work) -> Self {
        Self { work, ..self.clone() }
    }

    /// Whether anybody may call from this address: the first check, before token and body.
    ///
    /// # Errors
    /// [`StoreError`] when the senders cannot be read.
    pub async fn admits(&self, address: IpAddr, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.address_status(address, now).await? == AddressStatus::Admitted)
    }

    /// The same with what an operator wants to know of an address that is not admitted: a sender that was
    /// deactivated must not have to look for a fault in its network.
    ///
    /// # Errors
    /// [`StoreError`] when the senders cannot be read.
    pub async fn address_status(
        &self,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<AddressStatus, StoreError> {
        if self.settings().addresses.contains(address) {
            return Ok(AddressStatus::Admitted);
        }
        Ok(self.directory.at(now, &*self.parts.store).await?.address_status(address))
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
        let signer = ReceiptSigner::of(self.material(), &established, now);
        self.work.is_about(&head.message_id);
        if let Some(seen) = self.seen(&head).await? {
            return again(seen, head, &signer);
        }
        let digest = head.digest();
        if let Some((member, time)) = established.ahead {
            self.refuse_for_good(&head, &digest).await?;
            return Err(Rejection::InFuture { member, time });
        }
        let validated = self.validate(established, now, Arc::clone(&random)).await?;
        let (systems, identities) = (validated.systems(), validated.identities());
        let asked = Asked {
            message: Some(&digest),
            bundle_identifier: validated.bundle_identifier.as_deref(),
            systems: &systems,
            identities: &identities,
        };
        let known = self.parts.store.known(head.sender, asked).await?;
        if known.is_refused && validated.accepted().next().is_some() {
            return Err(Rejection::RefusedBefore);
        }
        if known.is_identifier_used {
            // The same message may have been stored on another connection since it was looked for.
            return match self.seen(&head).await? {
                Some(seen @ Seen::Repeated { .. }) => again(seen, head, &signer),
                _ => Err(Rejection::BundleIdentifierReused),
            };
        }
        self.store_message(head, &validated, known, &*random, &signer).await
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
        self.work.is_about(&head.message_id);
        // Checking a message that was delivered is not a replay.
        let delivered = match self.seen(&head).await? {
            Some(seen) => first_answer(seen).map(|_| true)?,
            None => false,
        };
        if let Some((member, time)) = established.ahead {
            return Err(Rejection::InFuture { member, time });
        }
        let validated = self.validate(established, now, random).await?;
        if !delivered {
            let digest = head.digest();
            let asked = Asked {
                message: Some(&digest),
                bundle_identifier: validated.bundle_identifier.as_deref(),
                ..Asked::default()
            };
            let known = self.parts.store.known(head.sender, asked).await?;
            if known.is_refused && validated.accepted().next().is_some() {
                return Err(Rejection::RefusedBefore);
            }
            if known.is_identifier_used {
                return Err(Rejection::BundleIdentifierReused);
            }
        }
        let answer = validated.checked(&head.message_id, now);
        Ok(Reply::first(answer, Some(head.message_id)))
    }

    /// Validates a bare LegemiddelregisterBundle. The answer's body is an OperationOutcome.
    ///
    /// # Errors
    /// [`Rejection`] when the content cannot be validated entry by entry.
    pub async fn check_bundle(&self, body: Vec<u8>, now: Timestamp) -> Result<Reply, Rejection> {
        let (settings, work) = (self.settings(), self.work.clone());
        let validate = move || validate_bare(body, &settings, now, &work);
        let answer = self.blocking("validating a bare bundle", validate).await?;
        Ok(Reply::first(answer, None))
    }

    async fn establish(
        &self,
        caller: &Caller,
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<Established, Rejection> {
        let directory = self.directory.at(now, &*self.parts.store).await?;
        let (settings, material, caller) = (self.settings(), self.material(), caller.clone());
        let is_short = body.len() <= READ_IN_PLACE;
        let work = move || establish(&settings, &material, &directory, &caller, &body, now);
        self.run(is_short, "reading an envelope", work).await
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
        let (settings, material, work) = (self.settings(), self.material(), self.work.clone());
        let is_short = established.envelope.envelope().content_len() <= OPENED_IN_PLACE;
        let opening = Arc::clone(&settings);
        let open = move || open(&opening, &material, established, &*random);
        let opened = self.run(is_short, "opening a message", open).await?;
        let is_short = opened.content.len() <= VALIDATED_IN_PLACE;
        let validate = move || validate(&settings, opened, now, &work);
        self.run(is_short, "validating a bundle", validate).await
    }

    /// Has the message stay refused ([`Rejection::RefusedBefore`]).
    async fn refuse_for_good(
        &self,
        head: &MessageHead,
        digest: &[u8; 32],
    ) -> Result<(), StoreError> {
        let until = head.received_at.checked_add(Span::new().hours(REFUSED_FOR));
        let until = until.unwrap_or(Timestamp::MAX);
        self.parts.store.refuse_for_good(head.sender, digest, head.received_at, until).await
    }

    /// Compares with what is stored and commits; again when others have changed the same resources meanwhile.
    async fn store_message(
        &self,
        head: MessageHead,
        validated: &Validated,
        known: Known,
        random: &dyn RandomSource,
        signer: &ReceiptSigner,
    ) -> Result<Reply, Rejection> {
        let store = &*self.parts.store;
        let Known { systems_of_others: shared, mut current, .. } = known;
        let mut turn = self.turns.together(head.sender).await;
        for _ in 0..MAX_ATTEMPTS {
            let delivery = delivery(validated, &head, &current, &shared, random)?;
            if validated.accepted().next().is_none()
                && delivery.answer.body.len() > MAX_KEPT_REFUSAL
            {
                self.refuse_for_good(&head, &head.digest()).await?;
                let reply = Reply::first(delivery.answer, Some(head.message_id));
                return Ok(Reply { is_kept: false, codes: delivery.codes, ..reply });
            }
            let (answer, codes) = (delivery.answer.clone(), delivery.codes.clone());
            match store.commit(delivery).await? {
                Committed::Stored { receipt } => {
                    let receipt = signer.sign(&receipt);
                    let reply = Reply::first(answer, Some(head.message_id));
                    return Ok(Reply { receipt, codes, ..reply });
                }
                Committed::Known(seen) => return again(seen, head, signer),
                Committed::BundleIdentifierReused => return Err(Rejection::BundleIdentifierReused),
                // From now on in line: within this receiver nobody is overtaken twice.
                Committed::Moved => {
                    turn = turn.alone().await;
                    current = store.current(head.sender, &validated.identities()).await?;
                }
                Committed::Elsewhere => {
                    let moving = "the sender's data are being moved to another database";
                    return Err(StoreError::Unavailable(moving.into()).into());
                }
            }
        }
        let busy = "the resources of a message were changed by others again and again";
        Err(StoreError::Unavailable(busy.into()).into())
    }

    /// Does short work where it is, other work off the threads that serve connections.
    async fn run<T: Send + 'static>(
        &self,
        is_short: bool,
        doing: &'static str,
        work: impl FnOnce() -> Result<T, Rejection> + Send + 'static,
    ) -> Result<T, Rejection> {
        if !is_short {
            return self.blocking(doing, work).await;
        }
        let done = catch_unwind(AssertUnwindSafe(work));
        self.unless_stopped(doing, done.unwrap_or(Err(Rejection::Panicked { doing })))
    }

    /// Keeps work that takes longer than a moment off the threads that serve connections.
    async fn blocking<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce() -> Result<T, Rejection> + Send + 'static,
    ) -> Result<T, Rejection> {
        let done = tokio::task::spawn_blocking(work).await;
        self.unless_stopped(doing, done.map_err(|_| Rejection::Panicked { doing })?)
    }

    /// What was stopped may be half done, so its result counts for nothing.
    fn unless_stopped<T>(
        &self,
        doing: &'static str,
        done: Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        if self.work.is_stopped() { Err(Rejection::Stopped { doing }) } else { done }
    }

    /// The store, for the operator's console and the readiness probe.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.parts.store
    }

    /// The senders as they were read last, without asking the store.
    #[must_use]
    pub fn last_read_avsendere(&self) -> Vec<Avsender> {
        self.directory.last_read()
    }

    /// All senders: those of the configuration, then those of the store.
    ///
    /// # Errors
    /// [`StoreError`] when the senders cannot be read.
    pub async fn avsendere(&self) -> Result<Vec<Avsender>, StoreError> {
        self.directory.all(&*self.parts.store).await
    }
}

impl Receiver {
    /// The payload of a sender's newest receipt; `None` where no message of it has been stored. A sender that
    /// holds a newer one knows that this register was restored from a backup.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_receipt(
        &self,
        sender: OrganisationNumber,
    ) -> Result<Option<String>, StoreError> {
        self.store().newest_receipt(sender).await
    }
}

/// Signs receipts with the key of the certificate that a sender has encrypted for, which it has at hand.
struct ReceiptSigner {
    material: Arc<Material>,
    addressed: Thumbprint,
    now: Timestamp,
}

impl ReceiptSigner {
    fn of(material: Arc<Material>, established: &Established, now: Timestamp) -> Self {
        Self { material, addressed: established.envelope.envelope().encryption_thumbprint(), now }
    }

    /// The message is stored whether its receipt can be signed or not, so its answer is given without.
    fn sign(&self, payload: &str) -> Option<String> {
        let keys = &self.material.keys;
        let key = keys.find(self.addressed).or_else(|| keys.iter().next())?;
        match key.sign_receipt(payload, self.now) {
            Ok(receipt) => Some(receipt),
            Err(error) => {
                tracing::error!(%error, "a receipt could not be signed");
                None
            }
        }
    }
}

/// Whether a receipt is of the answer as it is given now. An erasure changes the stored answer and leaves the receipt, which
/// is an entry of the audit log: given together they would read as an answer that somebody has tampered with.
fn is_of(payload: &str, answer: &Answer, head: &MessageHead) -> bool {
    let id = message_name(&head.message_id);
    let id = &*id;
    match Receipt::parse(payload.as_bytes()) {
        Ok(receipt) if receipt.answer_sha256 == ReceiptDigest::of(&answer.body) => true,
        Ok(_) => {
            tracing::info!(
                message.id = id,
                "an erasure has changed the stored answer: it is given again without a receipt"
            );
            false
        }
        Err(error) => {
            tracing::error!(%error, message.id = id, "a stored receipt cannot be read, and is not given");
            false
        }
    }
}

/// The first answer with the payload of its receipt.
fn first_answer(seen: Seen) -> Result<(Answer, Option<String>), Rejection> {
    match seen {
        Seen::Repeated { answer, receipt } => Ok((answer, receipt)),
        Seen::MessageIdReused => Err(Rejection::MessageIdReused),
        Seen::ContentReplayed => Err(Rejection::ContentReplayed),
    }
}

fn again(seen: Seen, head: MessageHead, signer: &ReceiptSigner) -> Result<Reply, Rejection> {
    let (answer, receipt) = first_answer(seen)?;
    let receipt = receipt
        .filter(|payload| is_of(payload, &answer, &head))
        .and_then(|payload| signer.sign(&payload));
    Ok(Reply { repeated: true, receipt, ..Reply::first(answer, Some(head.message_id)) })
}
