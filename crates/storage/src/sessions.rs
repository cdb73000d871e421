//! Sessions that are used again. Written for one database at a time, as `tables.rs`.
//!
//! The driver's own pool asks a session whether it is alive each time it is given back, in a task of its own. With
//! SQLite, where each question goes to another thread and back, that costs more than the statement in between.

use super::backend::check;
use super::{Db, SESSIONS_DIE, is_of_session};
use crate::error::{session_error, unavailable};
use crate::watched::Watched;
use lmr_intake::StoreError;
use sqlx::{Connection as _, Database, query};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant, timeout};

type Connection = <Db as Database>::Connection;
type Options = <Connection as sqlx::Connection>::Options;

/// Longest wait for a session, and for the readiness probe.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(5);
/// A session that was used so lately is not asked whether it is alive.
const TRUSTED: Duration = Duration::from_millis(100);

/// Longest time for what is asked about a message of a hundred thousand entries.
pub(super) const READ_TIME: Duration = Duration::from_secs(30);
/// A session is used so long: after a failover one may still be on the old server, which takes no writes any more.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// As many sessions as are used at once, up to a limit. Opened when they are first needed.
pub(super) struct Sessions {
    options: Options,
    settings: &'static [&'static str],
    idle: Idle,
    places: Arc<Semaphore>,
    limit: u32,
}

/// The sessions that nobody uses.
type Idle = Arc<Mutex<Vec<Opened>>>;

struct Opened {
    connection: Connection,
    since: Instant,
    /// When it was given back.
    used: Instant,
}

/// A session that is given back when dropped.
pub(super) struct Session {
    connection: Option<Connection>,
    since: Instant,
    idle: Idle,
    _place: OwnedSemaphorePermit,
}

impl Sessions {
    /// At most `limit` sessions, each prepared with these statements.
    pub(super) fn new(options: Options, limit: u32, settings: &'static [&'static str]) -> Self {
        let places = Arc::new(Semaphore::new(usize::try_from(limit).unwrap_or(usize::MAX)));
        Self { options, settings, idle: Arc::default(), places, limit }
    }

    /// A session that is alive, as far as it can be known.
    pub(super) async fn take(&self) -> Result<Session, StoreError> {
        self.take_within(Duration::ZERO).await
    }

    /// A session that is alive or was so a moment ago: the caller discards one that turns out to be dead.
    pub(super) async fn take_quickly(&self) -> Result<Session, StoreError> {
        self.take_within(TRUSTED).await
    }

    /// Another session for one that turned out to be dead.
    pub(super) async fn replace(&self, dead: Session) -> Result<Session, StoreError> {
        dead.discard();
        self.take().await
    }

    async fn take_within(&self, trusted: Duration) -> Result<Session, StoreError> {
        let taken = timeout(ANSWER_TIME, async {
            // The semaphore is closed when the store is.
            let place = Arc::clone(&self.places).acquire_owned().await;
            let place = place.map_err(|_| StoreError::Closing)?;
            let (connection, since) = self.connection(trusted).await.map_err(unavailable)?;
            let idle = Arc::clone(&self.idle);
            Ok(Session { connection: Some(connection), since, idle, _place: place })
        });
        let late = || Err(StoreError::Unavailable(Box::new(sqlx::Error::PoolTimedOut)));
        taken.await.unwrap_or_else(|_| late())
    }

    /// One that is idle and alive, or a new one; and since when it is open.
    async fn connection(&self, trusted: Duration) -> Result<(Connection, Instant), sqlx::Error> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(Opened { mut connection, since, used }) = idle else { break };
            if SESSIONS_DIE && since.elapsed() > LIFETIME {
                // One that was closed badly is as good as gone.
                let _ = timeout(ANSWER_TIME, connection.close()).await;
                continue;
            }
            // Whoever takes one quickly discards it when it turns out to be dead; nobody else would notice.
            let is_trusted =
                if SESSIONS_DIE { used.elapsed() < trusted } else { trusted > Duration::ZERO };
            if is_trusted || connection.ping().await.is_ok() {
                return Ok((connection, since));
            }
        }
        let mut connection = Connection::connect_with(&self.options).await?;
        prepare(&mut connection, self.settings).await?;
        Ok((connection, Instant::now()))
    }

    /// Opens a first session, so that there is one when others have taken all that the server gives.
    pub(super) async fn open_one(&self) -> Result<(), sqlx::Error> {
        let (connection, since) = self.connection(Duration::ZERO).await?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(Opened { connection, since, used: Instant::now() });
        Ok(())
    }

    /// Waits for those that are in use, gives out no more and ends them; those of a file that is not the one that was opened
    /// it [leaves](leave).
    pub(super) async fn close(&self, watched: Option<&Watched>) {
        let _ = timeout(ANSWER_TIME, self.places.acquire_many(self.limit)).await;
        self.places.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        let is_of_another = check(watched).is_err();
        for Opened { connection, .. } in idle {
            if is_of_another {
                leave(connection);
                continue;
            }
            // Its server may be gone; there is nothing to be lost with a session that nobody uses.
            let _ = timeout(ANSWER_TIME, connection.close()).await;
        }
    }
}

/// Leaves a session open until the process ends. The last one that SQLite closes brings the log into the file, which would
/// mix what was there before into what another program has written over it.
pub(super) fn leave(connection: Connection) {
    std::mem::forget(connection);
}

impl Session {
    /// Ends it instead of giving it back.
    pub(super) fn discard(mut self) {
        self.connection = None;
    }
}

impl Deref for Session {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a session has its connection until it is dropped")
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("a session has its connection until it is dropped")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(Opened { connection, since: self.since, used: Instant::now() });
        }
    }
}

/// Bounds what is asked of a session: a server that is gone without a word would otherwise hold it up until TCP gives up,
/// a quarter of an hour. The session counts as dead then.
pub(super) async fn bounded<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout(limit, asked)
        .await
        .unwrap_or_else(|_| Err(unavailable(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))))
}

/// Whether an error is the session's and not the database's.
pub(super) fn is_dead<T>(done: &Result<T, StoreError>) -> bool {
    done.as_ref().is_err_and(|error| session_error(error).is_some_and(is_of_session))
}

/// Prepares a session with these statements.
pub(super) async fn prepare(
    connection: &mut Connection,
    statements: &'static [&'static str],
) -> Result<(), sqlx::Error> {
    for statement in statements {
        query(*statement).execute(&mut *connection).await?;
    }
    Ok(())
}
