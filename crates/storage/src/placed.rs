//! Several PostgreSQL databases as one. Each sender's data are on one of them; what belongs to nobody (the directory, used
//! proofs, the register's own acts, calls of nobody known, notes on alerts) is on the first, [`MAIN`].
//!
//! Where a sender is, the databases know themselves: it is where its chain of the audit log goes on (`audit_head` without
//! `moved_to`). The directory only says where a sender begins that has sent nothing. So a receiver that knows the old
//! place only is refused there, looks again, and finds the new one. What compares senders (another's content under
//! one's own name, another's identifier system) sees those of the same database.

mod archive;
mod audit;
mod insight;
mod outlet;
mod receiving;

use lmr_intake::{OrganisationNumber, StoreError};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock as StdRwLock};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::RwLock;
use tokio::time::Instant;

use crate::error::chain;
use crate::postgres::{Copied, Head, PostgresStore};

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
