//! The one writer: what waits is committed together, and answered after the commit.

use super::{BEGIN, Db, tables};
use crate::{
    error::{unavailable, was_overtaken},
    key::StorageKey,
    prepared::Prepared,
};
use lmr_intake::{Committed, StoreError};
use sqlx::{Connection as _, Database};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
};
use tracing::error;

type Connection = <Db as Database>::Connection;
type Options = <Connection as sqlx::Connection>::Options;
type Reply = oneshot::Sender<Result<Committed, StoreError>>;

/// Messages that may wait before senders are held back.
const QUEUE: usize = 1024;
/// Most messages of one commit.
const GROUP: usize = 256;
/// Most bytes of one commit, roughly: a long one delays everybody in it.
const GROUP_BYTES: usize = 64 << 20;

pub(super) struct Writer {
    queue: Mutex<Option<mpsc::Sender<(Prepared, Reply)>>>,
    task: Mutex<Option<JoinHandle<()>>>,
    failing: Arc<AtomicBool>,
}

impl Writer {
    pub(super) fn start(connection: Connection, options: Options, key: Arc<StorageKey>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let failing = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(run(connection, options, key, waiting, Arc::clone(&failing)));
        Self { queue: Mutex::new(Some(queue)), task: Mutex::new(Some(task)), failing }
    }

    /// Whether the last commit failed: disk full, server gone.
    pub(super) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Something was written since.
    pub(super) fn works_again(&self) {
        self.failing.store(false, Ordering::Relaxed);
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
    key: Arc<StorageKey>,
    mut waiting: mpsc::Receiver<(Prepared, Reply)>,
    failing: Arc<AtomicBool>,
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
        let (deliveries, replies): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let results = match commit(&mut connection, &options, &key, &deliveries).await {
            Ok(results) => {
                failing.store(false, Ordering::Relaxed);
                results
            }
            Err(problem) => {
                failing.store(true, Ordering::Relaxed);
                error!(%problem, messages = deliveries.len(), "a commit failed");
                // Should the commit have come through all the same, a resend gets the stored answer.
                let text = problem.to_string();
                deliveries
                    .iter()
                    .map(|_| Err(StoreError::Unavailable(text.clone().into())))
                    .collect()
            }
        };
        for (reply, result) in replies.into_iter().zip(results) {
            // Nobody waits any more when the caller has hung up; the message is stored all the same.
            let _ = reply.send(result);
        }
    }
    if let Some(connection) = connection
        && let Err(problem) = connection.close().await
    {
        error!(%problem, "closing the database");
    }
}

/// Commits on the connection that is there, or on a new one. A connection on which a commit failed is given up: its
/// server may be gone, or the database may have ended the transaction by itself, which the driver does not notice.
async fn commit(
    connection: &mut Option<Connection>,
    options: &Options,
    key: &StorageKey,
    deliveries: &[Prepared],
) -> Result<Vec<Result<Committed, StoreError>>, sqlx::Error> {
    let mut used = match connection.take() {
        Some(connection) => connection,
        None => Connection::connect_with(options).await?,
    };
    match try_commit(&mut used, key, deliveries).await {
        Ok(results) => {
            *connection = Some(used);
            Ok(results)
        }
        Err(problem) => {
            // Its locks must be gone before the next one asks for them; that it cannot say goodbye is no news.
            let _ = used.close_hard().await;
            Err(problem)
        }
    }
}

async fn try_commit(
    connection: &mut Connection,
    key: &StorageKey,
    deliveries: &[Prepared],
) -> Result<Vec<Result<Committed, StoreError>>, sqlx::Error> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    let mut results = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        // A savepoint each: one message's conflict is no other's.
        let mut savepoint = transaction.begin().await?;
        let mut result = tables::store(&mut savepoint, key, delivery).await;
        if result.as_ref().is_err_and(was_overtaken) {
            result = Ok(Committed::Moved);
        }
        match &result {
            Ok(Committed::Stored) => savepoint.commit().await?,
            _ => savepoint.rollback().await?,
        }
        results.push(result);
    }
    transaction.commit().await?;
    Ok(results)
}

/// Runs `work` in a transaction of its own, for the seldom writes beside messages.
pub(super) async fn in_transaction<T>(
    connection: &mut Connection,
    work: impl AsyncFnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut transaction = connection.begin_with(BEGIN).await.map_err(unavailable)?;
    let done = work(&mut transaction).await?;
    transaction.commit().await.map_err(unavailable)?;
    Ok(done)
}
