//! The one writer: what waits is committed together, and answered after the commit.

use super::{
    BEGIN, Db, SENDERS_APART,
    backend::{check, writing},
    deliver, is_of_session,
    sessions::leave,
};
use crate::{
    error::{chain, session_error, unavailable, was_overtaken},
    key::StorageKey,
    prepared::Prepared,
    watched::Watched,
};
use lmr_intake::{Committed, StoreError};
use sqlx::{Connection as _, Database};
use std::{
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, timeout},
};
use tracing::{error, warn};

type Connection = <Db as Database>::Connection;
type Options = <Connection as sqlx::Connection>::Options;
type Outcome = Result<Committed, StoreError>;
type Reply = oneshot::Sender<Outcome>;

/// How long a success is believed before the readiness probe writes again.
const BELIEVED: Duration = Duration::from_secs(60);
/// Longest time for a commit, and for each MiB of it in addition. A server that is gone without a word (a machine
/// without power, an address that moved) would otherwise hold everybody up until TCP gives up, a quarter of an hour.
const COMMIT_TIME: Duration = Duration::from_secs(30);
const COMMIT_TIME_PER_MIB: Duration = Duration::from_secs(1);
/// Longest time for closing a session that has failed.
const GOODBYE: Duration = Duration::from_secs(1);
/// Messages that may wait before senders are held back.
const QUEUE: usize = 1024;
/// Most messages of one commit.
const GROUP: usize = 256;
/// Most bytes of one commit, roughly: a long one delays everybody in it.
const GROUP_BYTES: usize = 64 << 20;

pub(super) struct Writer {
    queue: Mutex<Option<mpsc::Sender<(Prepared, Reply)>>>,
    task: Mutex<Option<JoinHandle<()>>>,
    written: Arc<Written>,
}

/// When something was written last: `None` before the first time and after a failure.
#[derive(Default)]
struct Written(StdMutex<Option<Instant>>);

impl Written {
    fn set(&self, at: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        options: Options,
        key: Arc<StorageKey>,
        watched: Option<Arc<Watched>>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let written = Arc::new(Written::default());
        let written_by_task = Arc::clone(&written);
        let task = tokio::spawn(run(connection, options, watched, key, waiting, written_by_task));
        Self { queue: Mutex::new(Some(queue)), task: Mutex::new(Some(task)), written }
    }

    /// Whether something was written within the last minute and nothing has failed since.
    pub(super) fn has_written_lately(&self) -> bool {
        let last = *self.written.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|at| at.elapsed() < BELIEVED)
    }

    /// Something was written just now.
    pub(super) fn wrote(&self) {
        self.written.set(Some(Instant::now()));
    }

    pub(super) async fn commit(&self, delivery: Prepared) -> Result<Committed, StoreError> {
        let queue = self.queue.lock().await.clone().ok_or(StoreError::Closing)?;
        let (reply, answer) = oneshot::channel();
        queue.send((delivery, reply)).await.map_err(|_| StoreError::Closing)?;
        drop(queue);
        answer.await.map_err(|_| StoreError::Closing)?
    }

    /// Takes no more, commits what waits.
    pub(super) async fn close(&self) {
        drop(self.queue.lock().await.take());
        if let Some(task) = self.task.lock().await.take()
            && let Err(panic) = task.await
        {
            error!(%panic, "the database writer did not end properly");
        }
    }
}

async fn run(
    connection: Connection,
    options: Options,
    watched: Option<Arc<Watched>>,
    key: Arc<StorageKey>,
    mut waiting: mpsc::Receiver<(Prepared, Reply)>,
    written: Arc<Written>,
) {
    let mut connection = Some(connection);
    while let Some(first) = waiting.recv().await {
        let mut bytes = first.0.weight();
        let mut group = vec![first];
        while group.len() < GROUP && bytes < GROUP_BYTES {
            let Ok(next) = waiting.try_recv() else { break };
            bytes += next.0.weight();
            group.push(next);
        }
        if SENDERS_APART {
            group.sort_by_key(|(delivery, _)| delivery.organisation);
        }
        let (deliveries, replies): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let mut replies = replies.into_iter();
        let is_one =
            |a: &Prepared, b: &Prepared| !SENDERS_APART || a.organisation == b.organisation;
        for deliveries in deliveries.chunk_by(is_one) {
            let mut session = Session {
                connection: connection.take(),
                options: &options,
                key: &key,
                watched: watched.as_deref(),
            };
            let results = match session.commit(deliveries).await {
                Ok(results) => {
                    written.set(Some(Instant::now()));
                    results
                }
                Err(problem) => {
                    written.set(None);
                    error!(
                        detail = chain(&problem),
                        messages = deliveries.len(),
                        "a commit failed"
                    );
                    if deliveries.len() == 1 {
                        vec![Err(problem)]
                    } else {
                        // One message that the database cannot take must not fall back on the others.
                        session.commit_each(deliveries).await
                    }
                }
            };
            connection = session.connection;
            for (result, reply) in results.into_iter().zip(&mut replies) {
                // Nobody waits any more when the caller has hung up; the message is stored all the same.
                let _ = reply.send(result);
            }
        }
    }
    let Some(connection) = connection else { return };
    if check(watched.as_deref()).is_err() {
        leave(connection);
    } else if let Err(problem) = connection.close().await {
        error!(%problem, "the database did not close properly");
    }
}

/// The writing session. One on which a commit failed is given up: its server may be gone or read-only, or the database
/// may have ended the transaction by itself, which the driver does not notice.
struct Session<'a> {
    connection: Option<Connection>,
    options: &'a Options,
    key: &'a StorageKey,
    /// The file that was opened, where the database is one.
    watched: Option<&'a Watched>,
}

impl Session<'_> {
    /// Commits, on a fresh session where the one at hand turns out to be dead. Should the first commit have come
    /// through all the same, its messages are found and get their stored answers.
    async fn commit(&mut self, deliveries: &[Prepared]) -> Result<Vec<Outcome>, StoreError> {
        // What goes to a file that is gone must not be answered for.
        check(self.watched)?;
        if let Some(connection) = self.connection.take() {
            match self.try_on(connection, deliveries).await {
                Err(error) if session_error(&error).is_some_and(is_of_session) => {
                    warn!(detail = chain(&error), "the database session is given up");
                }
                outcome => return outcome,
            }
        }
        let fresh = writing(self.options).await.map_err(unavailable)?;
        self.try_on(fresh, deliveries).await
    }

    async fn commit_each(&mut self, deliveries: &[Prepared]) -> Vec<Outcome> {
        let mut results = Vec::with_capacity(deliveries.len());
        let mut failed: Option<String> = None;
        for delivery in deliveries {
            let alone = std::slice::from_ref(delivery);
            let result = match &failed {
                // Where the database takes nothing at all, the rest need not wait for it.
                Some(problem) => Err(StoreError::Unavailable(problem.clone().into())),
                None => self
                    .commit(alone)
                    .await
                    .and_then(|mut one| one.pop().unwrap_or(Err(StoreError::Closing))),
            };
            if let Err(problem) = &result
                && self.connection.is_none()
                && writing(self.options).await.map(|fresh| self.connection = Some(fresh)).is_err()
            {
                failed = Some(chain(problem));
            }
            results.push(result);
        }
        results
    }

    async fn try_on(
        &mut self,
        mut connection: Connection,
        deliveries: &[Prepared],
    ) -> Result<Vec<Outcome>, StoreError> {
        // In the order of the senders, whose chains are locked one after the other: two receivers on one database never
        // wait for each other in a circle.
        let mut order: Vec<usize> = (0..deliveries.len()).collect();
        order.sort_by_key(|at| deliveries[*at].organisation);
        let all = try_all(&mut connection, self.key, deliveries, &order);
        match in_time(deliveries, all).await {
            Ok(Some(results)) => {
                self.connection = Some(connection);
                return Ok(results);
            }
            Ok(None) => {}
            Err(error) => {
                // Its locks must be gone before the next one asks for them; that it cannot say goodbye is not worth a line.
                let _ = timeout(GOODBYE, connection.close_hard()).await;
                if is_silent(&error) || session_error(&error).is_some_and(is_of_session) {
                    return Err(error);
                }
                // It may be about one message only.
                warn!(
                    detail = chain(&error),
                    messages = deliveries.len(),
                    "messages that came together are stored one by one"
                );
                connection = writing(self.options).await.map_err(unavailable)?;
            }
        }
        let each = try_each(&mut connection, self.key, deliveries, &order);
        match in_time(deliveries, each).await {
            Ok(results) => {
                self.connection = Some(connection);
                Ok(results)
            }
            Err(error) => {
                let _ = timeout(GOODBYE, connection.close_hard()).await;
                Err(error)
            }
        }
    }
}

/// Bounds a commit. Whether one that takes longer came through nobody knows: a resend finds out.
async fn in_time<T>(
    deliveries: &[Prepared],
    commit: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let bytes: usize = deliveries.iter().map(Prepared::weight).sum();
    let mib = u32::try_from(bytes >> 20).unwrap_or(u32::MAX);
    let time = COMMIT_TIME.saturating_add(COMMIT_TIME_PER_MIB.saturating_mul(mib));
    timeout(time, commit).await.unwrap_or_else(|_| {
        Err(StoreError::Unavailable("the database did not answer in time".into()))
    })
}

/// Whether the database has said nothing: only then the cause is not the driver's.
fn is_silent(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(_)) && session_error(error).is_none()
}

/// Commits each message in a savepoint of its own: one message's conflict is not another's.
async fn try_each(
    connection: &mut Connection,
    key: &StorageKey,
    deliveries: &[Prepared],
    order: &[usize],
) -> Result<Vec<Outcome>, StoreError> {
    let mut transaction = connection.begin_with(BEGIN).await.map_err(unavailable)?;
    let mut results: Vec<Option<Outcome>> = deliveries.iter().map(|_| None).collect();
    for at in order.iter().copied() {
        let delivery = &deliveries[at];
        let mut savepoint = transaction.begin().await.map_err(unavailable)?;
        let result = match deliver::store(&mut savepoint, key, delivery).await {
            Err(error) if was_overtaken(&error) => Ok(Committed::Moved),
            // What is damaged is this message's; all else is the database's, and rolling back would hide it.
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            result => result,
        };
        match &result {
            Ok(Committed::Stored { .. }) => savepoint.commit().await,
            _ => savepoint.rollback().await,
        }
        .map_err(unavailable)?;
        results[at] = Some(result);
    }
    transaction.commit().await.map_err(unavailable)?;
    Ok(results.into_iter().map(|result| result.unwrap_or(Err(StoreError::Closing))).collect())
}

/// Commits messages that can all be stored, as nearly all can: without a savepoint each, and without looking first
/// whether they are there. `None`, and nothing is changed, where one of them cannot.
async fn try_all(
    connection: &mut Connection,
    key: &StorageKey,
    deliveries: &[Prepared],
    order: &[usize],
) -> Result<Option<Vec<Outcome>>, StoreError> {
    let mut transaction = connection.begin_with(BEGIN).await.map_err(unavailable)?;
    let mut results: Vec<Option<Outcome>> = deliveries.iter().map(|_| None).collect();
    let is_one = |a: &usize, b: &usize| deliveries[*a].organisation == deliveries[*b].organisation;
    for of_sender in order.chunk_by(is_one) {
        let some: Vec<&Prepared> = of_sender.iter().map(|at| &deliveries[*at]).collect();
        let Some(stored) = deliver::store_all(&mut transaction, key, &some).await? else {
            transaction.rollback().await.map_err(unavailable)?;
            return Ok(None);
        };
        for (at, committed) in of_sender.iter().zip(stored) {
            results[*at] = Some(Ok(committed));
        }
    }
    transaction.commit().await.map_err(unavailable)?;
    Ok(Some(results.into_iter().map(|result| result.unwrap_or(Err(StoreError::Closing))).collect()))
}

/// Runs `work` in a transaction of its own, for the rare writes other than messages.
pub(super) async fn in_transaction<T>(
    connection: &mut Connection,
    work: impl AsyncFnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut transaction = connection.begin_with(BEGIN).await.map_err(unavailable)?;
    let done = work(&mut transaction).await?;
    transaction.commit().await.map_err(unavailable)?;
    Ok(done)
}
