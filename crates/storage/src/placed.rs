//! Several PostgreSQL databases as one. Each sender's data are on one of them; what belongs to nobody (the directory, used
//! proofs, the register's own acts, calls of nobody known, notes on alerts) is on the first, [`MAIN`].
//!
//! Where a sender is, the databases know themselves: it is where its chain of the audit log goes on (`audit_head` without
//! `moved_to`). The directory only says where a sender begins that has sent nothing. So a receiver that knows the old
//! place only is refused there, looks again, and finds the new one. What compares senders (another's content under
//! one's own name, another's identifier system) sees those of the same database.

use crate::error::{LostCalls, chain, what_was_removed};
use crate::postgres::{Copied, Head, PostgresStore};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_intake::{
    Acknowledged, Act, AlertNote, Archive, ArchiveFilter, ArchivedMessage, Asked, AuditEntry,
    AuditFilter, AuditHead, AuditLog, AuditReport, Avsender, CodeCounts, Committed, Current,
    DayCount, Delivery, DeliveryFilter, DeliverySummary, Erasure, HandedOver, HourCodes, Identity,
    Insight, Known, ListedMessage, MessageDetail, MessageFilter, OrganisationNumber, Outlet,
    OutletStatus, Partition, Period, REGISTER_CHAIN, RefusedCall, Removed, Retention, Seen, Store,
    StoreError, StoredVersion,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock as StdRwLock};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::RwLock;
use tokio::time::Instant;

/// The name of the first database.
pub const MAIN: &str = "main";

/// How long a receiver believes where senders are.
const BELIEVED: Duration = Duration::from_secs(5);

struct Server {
    name: String,
    store: PostgresStore,
}

/// Several PostgreSQL databases as one store. Clones share it.
#[derive(Clone)]
pub struct PlacedStore(Arc<Inner>);

struct Inner {
    /// The main one first.
    servers: Vec<Server>,
    /// Where the senders of the configuration file begin.
    configured: StdRwLock<BTreeMap<OrganisationNumber, String>>,
    places: RwLock<Option<(Instant, Arc<Places>)>>,
}

/// Where a sender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    server: usize,
    /// Nothing is stored at the moment.
    is_moving: bool,
}

/// What all databases have said at one moment.
struct Places {
    found: HashMap<OrganisationNumber, Result<Place, &'static str>>,
    bound: HashMap<OrganisationNumber, usize>,
    /// Of one that does not answer nobody knows which senders it has.
    all_answered: bool,
}

/// Why a sender could not be moved.
#[derive(Debug, Error)]
pub enum MoveError {
    /// No such database is configured.
    #[error("there is no database named {0}")]
    UnknownDatabase(String),
    /// Another move is going on.
    #[error("another sender is being moved at the moment")]
    Busy,
    /// A database failed. Begun again, the move goes on where it was.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What moving a sender has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveReport {
    /// The database it was on; the new one where it was there already.
    pub from: String,
    /// What was copied; nothing where an earlier attempt had done it.
    pub copied: Copied,
    /// Rows that were removed from where it was.
    pub removed: u64,
}

/// What failed on one of several databases, by its name.
#[derive(Debug, Error)]
#[error("the database {name}")]
struct OfDatabase {
    name: String,
    #[source]
    error: StoreError,
}

const TWO_PLACES: &str = "audit_head: a sender is on two databases";

impl PlacedStore {
    /// Puts databases together that are open. `configured` says where senders of the configuration file begin.
    #[must_use]
    pub fn new(
        main: PostgresStore,
        others: Vec<(String, PostgresStore)>,
        configured: BTreeMap<OrganisationNumber, String>,
    ) -> Self {
        let mut servers = vec![Server { name: MAIN.to_owned(), store: main }];
        servers.extend(others.into_iter().map(|(name, store)| Server { name, store }));
        let configured = StdRwLock::new(configured);
        Self(Arc::new(Inner { servers, configured, places: RwLock::new(None) }))
    }

    /// The databases' names, the main one first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.servers.iter().map(|server| server.name.as_str())
    }

    /// The database a sender's data are on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn database_of(&self, sender: OrganisationNumber) -> Result<&str, StoreError> {
        self.0.forget().await;
        Ok(&self.0.servers[self.0.place(sender).await?.server].name)
    }

    /// Whether a sender's data are on the database of this name, and not on their way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_on(&self, sender: OrganisationNumber, name: &str) -> Result<bool, StoreError> {
        self.0.forget().await;
        let place = self.0.place(sender).await?;
        Ok(!place.is_moving && self.0.servers[place.server].name == name)
    }

    /// Moves a sender's data. Until it is done, the sender gets 503 and comes again. Interrupted at any moment, nothing is
    /// lost or twice, and the same call goes on.
    ///
    /// # Errors
    /// [`MoveError`].
    pub async fn move_sender(
        &self,
        sender: OrganisationNumber,
        to: &str,
    ) -> Result<MoveReport, MoveError> {
        self.0.move_sender(sender, to).await
    }
}

impl Inner {
    fn main(&self) -> &PostgresStore {
        &self.servers[0].store
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.servers.iter().position(|server| server.name == name)
    }

    async fn forget(&self) {
        *self.places.write().await = None;
    }

    async fn places(&self) -> Result<Arc<Places>, StoreError> {
        if let Some((at, places)) = &*self.places.read().await
            && at.elapsed() < BELIEVED
        {
            return Ok(Arc::clone(places));
        }
        let mut known = self.places.write().await;
        if let Some((at, places)) = &*known
            && at.elapsed() < BELIEVED
        {
            return Ok(Arc::clone(places));
        }
        let before = known.as_ref().map(|(_, places)| Arc::clone(places));
        let places = Arc::new(self.look(before.as_deref()).await?);
        *known = Some((Instant::now(), Arc::clone(&places)));
        Ok(places)
    }

    /// Asks all databases. A sender of one that does not answer is where it was.
    async fn look(&self, before: Option<&Places>) -> Result<Places, StoreError> {
        let mut heads: HashMap<OrganisationNumber, Vec<(usize, Head)>> = HashMap::new();
        let mut silent = Vec::new();
        for (at, server) in self.servers.iter().enumerate() {
            match server.store.heads().await {
                Ok(all) => {
                    for head in all {
                        let number = number(&head.chain)?;
                        heads.entry(number).or_default().push((at, head));
                    }
                }
                Err(error) => {
                    let error = chain(&error);
                    tracing::error!(database = server.name, error, "a database does not answer");
                    silent.push(at);
                }
            }
        }
        let mut found: HashMap<_, _> = heads
            .into_iter()
            .map(|(sender, heads)| (sender, self.resolve(sender, &heads, &silent)))
            .collect();
        for (sender, place) in before.iter().flat_map(|before| &before.found) {
            if place.is_ok_and(|place| silent.contains(&place.server)) {
                found.insert(*sender, *place);
            }
        }
        let mut bound = HashMap::new();
        let entries = self.main().bound().await?;
        let configured =
            self.configured.read().unwrap_or_else(PoisonError::into_inner).clone().into_iter();
        for (sender, name) in entries
            .into_iter()
            .map(|(sender, name)| Ok((number(&sender)?, name)))
            .collect::<Result<Vec<_>, StoreError>>()?
            .into_iter()
            .chain(configured)
        {
            match self.index(&name) {
                Some(at) => drop(bound.insert(sender, at)),
                None => {
                    tracing::error!(%sender, database = name, "a sender is bound to a database that is not configured");
                    found.entry(sender).or_insert(Err("avsender.database: not configured"));
                }
            }
        }
        Ok(Places { found, bound, all_answered: silent.is_empty() })
    }

    fn resolve(
        &self,
        sender: OrganisationNumber,
        heads: &[(usize, Head)],
        silent: &[usize],
    ) -> Result<Place, &'static str> {
        let live: Vec<_> = heads.iter().filter(|(_, head)| head.moved_to.is_none()).collect();
        match live.as_slice() {
            [(server, _)] => return Ok(Place { server: *server, is_moving: false }),
            [] => {}
            _ => {
                tracing::error!(%sender, "a sender is on two databases: nothing is taken from it");
                return Err(TWO_PLACES);
            }
        }
        // On its way, or taken over by one that does not answer now.
        let last = heads.iter().max_by_key(|(_, head)| (head.has_messages, head.sequence));
        let Some((server, head)) = last else { return Err("audit_head") };
        let target = head.moved_to.as_deref().and_then(|name| self.index(name));
        match target {
            Some(target) if silent.contains(&target) => {
                Ok(Place { server: target, is_moving: true })
            }
            _ => Ok(Place { server: *server, is_moving: true }),
        }
    }

    async fn place(&self, sender: OrganisationNumber) -> Result<Place, StoreError> {
        let places = self.places().await?;
        match places.found.get(&sender) {
            Some(Ok(place)) => Ok(*place),
            Some(Err(what)) => Err(StoreError::Damaged { what }),
            // Perhaps it is on the one that does not answer: begun elsewhere it would be in two places.
            None if !places.all_answered => {
                Err(StoreError::Unavailable("one of the databases does not answer".into()))
            }
            None => {
                // Read each time: a configuration that was read again counts at once.
                let configured = self.configured.read().unwrap_or_else(PoisonError::into_inner);
                let configured = configured.get(&sender).and_then(|name| self.index(name));
                let registered = places.bound.get(&sender).copied();
                let server = configured.or(registered).unwrap_or_default();
                Ok(Place { server, is_moving: false })
            }
        }
    }

    async fn store(&self, sender: OrganisationNumber) -> Result<&PostgresStore, StoreError> {
        Ok(&self.servers[self.place(sender).await?.server].store)
    }

    /// Whether what this database has of a sender is what counts: another one may have taken it over.
    async fn counts(&self, server: usize, sender: OrganisationNumber) -> bool {
        self.place(sender).await.is_ok_and(|place| place.server == server)
    }

    /// Of rows of all databases those that count.
    async fn counting<T>(
        &self,
        server: usize,
        rows: Vec<T>,
        sender: impl Fn(&T) -> OrganisationNumber,
    ) -> Vec<T> {
        let mut counting = Vec::with_capacity(rows.len());
        for row in rows {
            if self.counts(server, sender(&row)).await {
                counting.push(row);
            }
        }
        counting
    }

    fn all(&self) -> impl Iterator<Item = (usize, &PostgresStore)> {
        self.servers.iter().map(|server| &server.store).enumerate()
    }

    /// What a database has answered; that it is not available with its name, where all of them are asked.
    fn answer<T>(&self, server: usize, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        answer.map_err(|error| match error {
            StoreError::Unavailable(_) => StoreError::Unavailable(Box::new(OfDatabase {
                name: self.servers[server].name.clone(),
                error,
            })),
            error => error,
        })
    }

    async fn move_sender(
        &self,
        sender: OrganisationNumber,
        to: &str,
    ) -> Result<MoveReport, MoveError> {
        let target = self.index(to).ok_or_else(|| MoveError::UnknownDatabase(to.to_owned()))?;
        // Given back when it is dropped, or its process dies.
        let Some(_turn) = self.main().turn_to_move().await? else { return Err(MoveError::Busy) };
        self.forget().await;
        let place = self.place(sender).await?;
        let mut report = MoveReport {
            from: self.servers[place.server].name.clone(),
            copied: Copied::default(),
            removed: 0,
        };
        if place.server != target || place.is_moving {
            // What an earlier move has left must not be taken for what counts now.
            if !place.is_moving {
                report.removed += self.clear_except(sender, place.server).await?;
            }
            let source = &self.servers[place.server].store;
            if place.server == target {
                // Called back before anything was taken over.
                source.fence(sender, None).await?;
            } else {
                source.fence(sender, Some(to)).await?;
                let here = &self.servers[target].store;
                report.copied = here.take_over(source, sender, to).await?;
            }
        }
        let database = (target > 0).then_some(to);
        self.main().bind(sender, database).await?;
        report.removed += self.clear_except(sender, target).await?;
        self.forget().await;
        Ok(report)
    }

    async fn clear_except(
        &self,
        sender: OrganisationNumber,
        kept: usize,
    ) -> Result<u64, StoreError> {
        let mut removed = 0;
        for (at, store) in self.all() {
            if at != kept {
                removed += store.clear(sender).await?;
            }
        }
        Ok(removed)
    }
}

fn number(text: &str) -> Result<OrganisationNumber, StoreError> {
    OrganisationNumber::parse(text)
        .map_err(|_| StoreError::Damaged { what: "an organisation number" })
}

/// So many rows, 0 as its filter says it.
fn most(limit: u32) -> usize {
    usize::try_from(if limit == 0 { 100 } else { limit }).unwrap_or(usize::MAX)
}

#[async_trait]
impl Store for PlacedStore {
    async fn close(&self) {
        for (_, store) in self.0.all() {
            store.close().await;
        }
    }

    /// The main database. Another one that is away concerns its own senders only.
    async fn ready(&self) -> Result<(), StoreError> {
        self.0.main().ready().await
    }

    async fn avsendere(&self) -> Result<Vec<Avsender>, StoreError> {
        self.0.main().avsendere().await
    }

    fn configure(&self, avsendere: &[Avsender]) {
        let bound = |one: &Avsender| Some((one.organisation, one.database.clone()?));
        *self.0.configured.write().unwrap_or_else(PoisonError::into_inner) =
            avsendere.iter().filter_map(bound).collect();
    }

    async fn save_avsender(&self, avsender: &Avsender) -> Result<(), StoreError> {
        self.0.main().save_avsender(avsender).await
    }

    async fn replace_avsender(
        &self,
        before: Option<&Avsender>,
        after: &Avsender,
    ) -> Result<bool, StoreError> {
        self.0.main().replace_avsender(before, after).await
    }

    async fn remove_avsender(&self, organisation: OrganisationNumber) -> Result<bool, StoreError> {
        self.0.main().remove_avsender(organisation).await
    }

    async fn seen(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        content_sha256: &[u8; 32],
    ) -> Result<Option<Seen>, StoreError> {
        self.0.store(sender).await?.seen(sender, message_id, content_sha256).await
    }

    async fn bundle_identifier_seen(
        &self,
        sender: OrganisationNumber,
        bundle_identifier: &str,
    ) -> Result<bool, StoreError> {
        self.0.store(sender).await?.bundle_identifier_seen(sender, bundle_identifier).await
    }

    async fn current(
        &self,
        sender: OrganisationNumber,
        identities: &[Identity],
    ) -> Result<Vec<Option<Current>>, StoreError> {
        self.0.store(sender).await?.current(sender, identities).await
    }

    async fn systems_of_others(
        &self,
        sender: OrganisationNumber,
        systems: &[String],
    ) -> Result<Vec<String>, StoreError> {
        self.0.store(sender).await?.systems_of_others(sender, systems).await
    }

    async fn known(
        &self,
        sender: OrganisationNumber,
        asked: Asked<'_>,
    ) -> Result<Known, StoreError> {
        self.0.store(sender).await?.known(sender, asked).await
    }

    async fn refuse_for_good(
        &self,
        sender: OrganisationNumber,
        message: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.store(sender).await?.refuse_for_good(sender, message, now, until).await
    }

    async fn newest_receipt(
        &self,
        sender: OrganisationNumber,
    ) -> Result<Option<String>, StoreError> {
        // The old place has an older one, by which the sender would believe that the register was restored.
        self.0.forget().await;
        self.0.store(sender).await?.newest_receipt(sender).await
    }

    async fn commit(&self, delivery: Delivery) -> Result<Committed, StoreError> {
        let sender = delivery.head.sender;
        let place = self.0.place(sender).await?;
        match self.0.servers[place.server].store.commit(delivery).await? {
            Committed::Elsewhere => {
                self.0.forget().await;
                let now = self.0.place(sender).await?;
                let is_found = now.server != place.server && !now.is_moving;
                // What was looked up was of the old place.
                Ok(if is_found { Committed::Moved } else { Committed::Elsewhere })
            }
            committed => Ok(committed),
        }
    }

    async fn record_proof(
        &self,
        digest: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.0.main().record_proof(digest, now, until).await
    }

    async fn history(
        &self,
        resource_type: &str,
        resource_id: &str,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        let mut longest = Vec::new();
        // What a move has left behind is never longer than what counts.
        for (at, store) in self.0.all() {
            let found = self.0.answer(at, store.history(resource_type, resource_id).await)?;
            if found.len() > longest.len() {
                longest = found;
            }
        }
        Ok(longest)
    }

    /// Those whose database does not answer are not kept; the others are.
    async fn keep_refused(&self, calls: Vec<RefusedCall>) -> Result<usize, StoreError> {
        let mut by_server: BTreeMap<usize, Vec<RefusedCall>> = BTreeMap::new();
        let (all, mut lost) = (calls.len(), LostCalls::default());
        for call in calls {
            let server = match call.sender {
                Some(sender) => self.0.place(sender).await.map(|place| place.server),
                None => Ok(0),
            };
            match server {
                Ok(server) => by_server.entry(server).or_default().push(call),
                Err(error) => lost.add(1, error),
            }
        }
        for (server, calls) in by_server {
            let count = calls.len();
            match self.0.answer(server, self.0.servers[server].store.keep_refused(calls).await) {
                // Its own log line says why.
                Ok(more) => lost.add_named(more),
                Err(error) => lost.add(count, error),
            }
        }
        lost.end(all)
    }

    async fn refused_calls(&self, filter: &DeliveryFilter) -> Result<Vec<RefusedCall>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            for call in self.0.answer(at, store.refused_calls(filter).await)? {
                match call.sender {
                    Some(sender) if !self.0.counts(at, sender).await => {}
                    _ => all.push(call),
                }
            }
        }
        // As each of the databases orders its own.
        all.sort_by(|a, b| {
            let by_time = b.received_at.cmp(&a.received_at);
            by_time.then(a.sender.cmp(&b.sender)).then_with(|| b.request_id.cmp(&a.request_id))
        });
        all.truncate(most(filter.limit));
        Ok(all)
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
    ) -> Result<Vec<DeliverySummary>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            let found = self.0.answer(at, store.deliveries(filter).await)?;
            all.extend(self.0.counting(at, found, |one| one.sender).await);
        }
        all.sort_by_key(|one| std::cmp::Reverse(one.received_at));
        all.truncate(most(filter.limit));
        Ok(all)
    }
}

#[async_trait]
impl AuditLog for PlacedStore {
    async fn record(&self, act: Act) -> Result<AuditEntry, StoreError> {
        self.0.main().record(act).await
    }

    async fn audit_entries(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            for entry in self.0.answer(at, store.audit_entries(filter).await)? {
                if self.has_chain(at, &entry.chain).await {
                    all.push(entry);
                }
            }
        }
        all.sort_by(|a, b| {
            let by_time = b.at.cmp(&a.at);
            by_time.then_with(|| a.chain.cmp(&b.chain)).then(b.sequence.cmp(&a.sequence))
        });
        all.truncate(most(filter.limit));
        Ok(all)
    }

    async fn audit_heads(&self) -> Result<Vec<AuditHead>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            for head in self.0.answer(at, store.audit_heads().await)? {
                if self.has_chain(at, &head.chain).await {
                    all.push(head);
                }
            }
        }
        all.sort_by(|a, b| a.chain.cmp(&b.chain));
        Ok(all)
    }

    async fn verify_audit(&self, kept: &[AuditHead]) -> Result<AuditReport, StoreError> {
        let mut report = AuditReport::default();
        for (at, store) in self.0.all() {
            let mut own = Vec::new();
            for head in kept {
                if self.has_chain(at, &head.chain).await {
                    own.push(head.clone());
                }
            }
            let one = self.0.answer(at, store.verify_audit(&own).await)?;
            report.chains += one.chains;
            report.entries += one.entries;
            report.messages += one.messages;
            report.kept += one.kept;
            report.problems.extend(one.problems);
        }
        Ok(report)
    }
}

impl PlacedStore {
    async fn has_chain(&self, server: usize, chain: &str) -> bool {
        match number(chain) {
            Ok(sender) => self.0.counts(server, sender).await,
            // The register's own.
            Err(_) => server == 0 && chain == REGISTER_CHAIN,
        }
    }
}

#[async_trait]
impl Outlet for PlacedStore {
    async fn lend(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<HandedOver>, StoreError> {
        // One that does not answer holds up its own messages only.
        let (mut waiting, mut silent) = (Vec::new(), None);
        let mut note = |at: usize, error: StoreError| {
            let (database, why) = (&self.0.servers[at].name, chain(&error));
            match error {
                StoreError::Unavailable(_) => tracing::error!(
                    database,
                    error = why,
                    "a database does not answer, and nothing of it is handed over now"
                ),
                // Each of the messages has a line of its own.
                StoreError::Damaged { .. } => tracing::error!(
                    database,
                    error = why,
                    "a database answers, and what waits on it cannot be read: nothing of it is handed over now"
                ),
                StoreError::Closing => tracing::error!(
                    database,
                    error = why,
                    "a database is being closed, and nothing of it is handed over now"
                ),
            }
            silent = Some(error);
        };
        for (at, store) in self.0.all() {
            match self.0.answer(at, store.oldest_waiting(now).await) {
                Ok(Some(oldest)) => waiting.push((oldest, at)),
                Ok(None) => {}
                Err(error) => note(at, error),
            }
        }
        waiting.sort_unstable();
        for (_, at) in waiting {
            match self.0.answer(at, self.0.servers[at].store.lend(now, until).await) {
                Ok(Some(lent)) => return Ok(Some(lent)),
                Ok(None) => {}
                Err(error) => note(at, error),
            }
        }
        // Whether it has something that waits, nobody knows.
        silent.map_or(Ok(None), Err)
    }

    async fn would_acknowledge(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
    ) -> Result<Acknowledged, StoreError> {
        self.0.forget().await;
        self.0.store(sender).await?.would_acknowledge(sender, message_id).await
    }

    async fn acknowledge(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        now: Timestamp,
    ) -> Result<Acknowledged, StoreError> {
        self.0.forget().await;
        self.0.store(sender).await?.acknowledge(sender, message_id, now).await
    }

    async fn outlet_status(&self, now: Timestamp) -> Result<OutletStatus, StoreError> {
        let mut sum = OutletStatus::default();
        for (at, store) in self.0.all() {
            let one = self.0.answer(at, store.outlet_status(now).await)?;
            sum.waiting += one.waiting;
            sum.lent += one.lent;
            sum.oldest = [sum.oldest, one.oldest].into_iter().flatten().min();
        }
        Ok(sum)
    }
}

#[async_trait]
impl Archive for PlacedStore {
    async fn archived(&self, filter: &ArchiveFilter) -> Result<Vec<ArchivedMessage>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            // What does not count here takes room in a page: on until it is full of what does.
            let mut filter = filter.clone();
            let mut own = Vec::new();
            while own.len() < most(filter.limit) {
                let page = self.0.answer(at, store.archived(&filter).await)?;
                let is_last = page.len() < most(filter.limit);
                let Some(last) = page.last().map(|last| (last.sender, last.cursor)) else { break };
                own.extend(self.0.counting(at, page, |one| one.sender).await);
                if is_last {
                    break;
                }
                filter.after = Some(last);
            }
            all.extend(own);
        }
        all.sort_by_key(|one: &ArchivedMessage| (one.sender, one.cursor));
        all.truncate(most(filter.limit));
        Ok(all)
    }

    async fn erase(&self, erasure: &Erasure) -> Result<Option<Removed>, StoreError> {
        self.0.forget().await;
        self.0.store(erasure.sender).await?.erase(erasure).await
    }

    fn can_back_up(&self) -> bool {
        false
    }

    async fn back_up(&self, _: &str) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn partitions(&self) -> Result<Vec<Partition>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            let found = self.0.answer(at, store.partitions().await)?;
            all.extend(
                found.into_iter().map(|one| Partition { name: self.named(at, one.name), ..one }),
            );
        }
        Ok(all)
    }

    async fn make_partitions(&self, months: &[Date]) -> Result<Vec<String>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            let made = self.0.answer(at, store.make_partitions(months).await)?;
            all.extend(made.into_iter().map(|name| self.named(at, name)));
        }
        Ok(all)
    }

    async fn drop_partitions(&self, before: Timestamp) -> Result<Vec<String>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            let dropped = self.0.answer(at, store.drop_partitions(before).await)?;
            all.extend(dropped.into_iter().map(|name| self.named(at, name)));
        }
        Ok(all)
    }

    async fn has_expired(&self, retention: &Retention) -> Result<bool, StoreError> {
        let mut away = Ok(false);
        for (at, store) in self.0.all() {
            match self.0.answer(at, store.has_expired(retention).await) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                // Where the others have nothing, nothing is removed, and nothing is to be recorded.
                Err(error) => away = Err(error),
            }
        }
        away
    }

    async fn expire(&self, retention: &Retention) -> Result<Removed, StoreError> {
        let (mut sum, mut ended) = (Removed::default(), Ok(()));
        for (at, store) in self.0.all() {
            match self.0.answer(at, store.expire(retention).await) {
                Ok(one) => {
                    sum.messages += one.messages;
                    sum.versions += one.versions;
                    sum.resources += one.resources;
                    sum.refused_calls += one.refused_calls;
                }
                // The others go on; what they remove is counted.
                Err(error) => {
                    let (database, why) = (&self.0.servers[at].name, chain(&error));
                    tracing::error!(
                        database,
                        error = why,
                        "nothing that is old enough could be removed"
                    );
                    ended = Err(error);
                }
            }
        }
        what_was_removed(sum, ended)
    }
}

impl PlacedStore {
    /// A table's name with its database's, except on the main one.
    fn named(&self, server: usize, table: String) -> String {
        if server == 0 { table } else { format!("{}: {table}", self.0.servers[server].name) }
    }
}

#[async_trait]
impl Insight for PlacedStore {
    async fn known_senders(&self) -> Result<Vec<OrganisationNumber>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            all.extend(self.0.answer(at, store.known_senders().await)?);
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    async fn day_counts(
        &self,
        senders: &[OrganisationNumber],
        days: (Date, Date),
    ) -> Result<Vec<DayCount>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            let found = self.0.answer(at, store.day_counts(senders, days).await)?;
            all.extend(self.0.counting(at, found, |one| one.sender).await);
        }
        Ok(all)
    }

    async fn hour_codes(
        &self,
        senders: &[OrganisationNumber],
        since: Timestamp,
        before: Timestamp,
    ) -> Result<Vec<HourCodes>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            for one in self.0.answer(at, store.hour_codes(senders, since, before).await)? {
                match one.sender {
                    Some(sender) if !self.0.counts(at, sender).await => {}
                    _ => all.push(one),
                }
            }
        }
        Ok(all)
    }

    async fn code_counts(
        &self,
        senders: &[Option<OrganisationNumber>],
        days: (Date, Date),
    ) -> Result<CodeCounts, StoreError> {
        let mut all = CodeCounts::default();
        for (at, store) in self.0.all() {
            // Sums over senders: who has moved must be left out before they are made.
            let mut here = Vec::new();
            for sender in senders {
                match sender {
                    Some(sender) if !self.0.counts(at, *sender).await => {}
                    _ => here.push(*sender),
                }
            }
            let found = self.0.answer(at, store.code_counts(&here, days).await)?;
            all.by_day.extend(found.by_day);
            all.by_sender.extend(found.by_sender);
        }
        Ok(all)
    }

    async fn messages(
        &self,
        filter: &MessageFilter,
        now: Timestamp,
    ) -> Result<Vec<ListedMessage>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            let found = self.0.answer(at, store.messages(filter, now).await)?;
            all.extend(self.0.counting(at, found, |one| one.summary.sender).await);
        }
        let order =
            |one: &ListedMessage| (one.cursor.received_at, one.cursor.sender, one.cursor.id);
        all.sort_by_key(|one| std::cmp::Reverse(order(one)));
        all.truncate(most(filter.limit));
        Ok(all)
    }

    async fn message(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        now: Timestamp,
    ) -> Result<Option<MessageDetail>, StoreError> {
        self.0.store(sender).await?.message(sender, message_id, now).await
    }

    async fn periods(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
    ) -> Result<Vec<Period>, StoreError> {
        self.0.store(sender).await?.periods(sender, since).await
    }

    async fn alert_notes(&self) -> Result<Vec<AlertNote>, StoreError> {
        self.0.main().alert_notes().await
    }

    async fn close_alert(&self, note: &AlertNote) -> Result<(), StoreError> {
        self.0.main().close_alert(note).await
    }

    async fn count_handed_over(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
        before: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        self.0.store(sender).await?.count_handed_over(sender, since, before, until).await
    }

    async fn hand_over_again(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
        before: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        self.0.forget().await;
        self.0.store(sender).await?.hand_over_again(sender, since, before, until).await
    }
}
