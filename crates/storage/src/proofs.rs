//! Used proofs: those that come at once are recorded at once. Written for one database at a time, as `tables.rs`.

use super::sessions::{ANSWER_TIME, Sessions, bounded, is_dead};
use super::{Db, QUICK};
use crate::error::unavailable;
use crate::watched::Watched;
use jiff::Timestamp;
use lmr_intake::StoreError;
use sqlx::{Database, QueryBuilder, query};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

type Connection = <Db as Database>::Connection;
type Options = <Connection as sqlx::Connection>::Options;
type Digest = [u8; 32];

/// Proofs of one statement. Each number of them is a text of its own that the database keeps ready.
const GROUP: usize = 16;

pub(super) struct Proofs {
    /// One, so that those who come meanwhile wait, and are recorded together.
    sessions: Sessions,
    waiting: Mutex<Vec<Waiting>>,
}

struct Waiting {
    digest: Digest,
    now: Timestamp,
    until: Timestamp,
    reply: oneshot::Sender<Result<bool, StoreError>>,
}

impl Proofs {
    pub(super) fn new(options: Options) -> Self {
        Self { sessions: Sessions::new(options, 1, QUICK), waiting: Mutex::default() }
    }

    pub(super) async fn close(&self, watched: Option<&Watched>) {
        self.sessions.close(watched).await;
    }

    /// Records a proof; true when it is new.
    pub(super) async fn record(
        &self,
        digest: &Digest,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let (reply, mut answer) = oneshot::channel();
        let waiting = Waiting { digest: *digest, now, until, reply };
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(waiting);
        // Whoever gets the session first works for all that wait.
        let session = tokio::select! {
            biased;
            done = &mut answer => return done.unwrap_or(Err(StoreError::Closing)),
            session = self.sessions.take_quickly() => session,
        };
        let mut session = match session {
            Ok(session) => session,
            Err(error) => {
                drop(answer);
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                waiting.retain(|one| !one.reply.is_closed());
                return Err(error);
            }
        };
        loop {
            let group = {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                let count = waiting.len().min(GROUP);
                waiting.drain(..count).collect::<Vec<_>>()
            };
            if group.is_empty() {
                return answer.await.unwrap_or(Err(StoreError::Closing));
            }
            let recorded = bounded(ANSWER_TIME, insert(&mut session, &group)).await;
            // Not once more: where they were recorded and only the answer was lost, they would count as used.
            let dead = is_dead(&recorded);
            reply_to(group, recorded);
            if dead {
                session.discard();
                return answer.await.unwrap_or(Err(StoreError::Closing));
            }
            match answer.try_recv() {
                Ok(done) => return done,
                Err(oneshot::error::TryRecvError::Closed) => return Err(StoreError::Closing),
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
        }
    }
}

/// Gives everybody the answer. Of one proof shown several times at once the first is the new one.
fn reply_to(group: Vec<Waiting>, recorded: Result<HashSet<Vec<u8>>, StoreError>) {
    match recorded {
        Ok(mut new) => {
            for one in group {
                // Whoever has hung up needs no answer.
                let _ = one.reply.send(Ok(new.remove(one.digest.as_slice())));
            }
        }
        Err(error) => {
            let text = crate::error::chain(&error);
            for one in group {
                let _ = one.reply.send(Err(StoreError::Unavailable(text.clone().into())));
            }
        }
    }
}

/// Records the proofs of a group; gives those that are new. Forgets those that are of no use any more, some at a time.
async fn insert(db: &mut Connection, group: &[Waiting]) -> Result<HashSet<Vec<u8>>, StoreError> {
    let mut seen = HashSet::new();
    let different: Vec<&Waiting> = group.iter().filter(|one| seen.insert(one.digest)).collect();
    // The earliest: what was of no use any more for one of them a moment later counts as used.
    let Some(now) = group.iter().map(|one| one.now).min() else { return Ok(HashSet::new()) };
    let mut sql: QueryBuilder<Db> = QueryBuilder::new("INSERT INTO used_proof (digest, until) ");
    sql.push_values(&different, |mut row, one| {
        row.push_bind(one.digest.to_vec()).push_bind(one.until.as_microsecond());
    });
    // A known one that is of no use any more counts as new.
    sql.push(
        " ON CONFLICT (digest) DO UPDATE SET until = excluded.until WHERE used_proof.until < ",
    );
    sql.push_bind(now.as_microsecond()).push(" RETURNING digest");
    let new: Vec<Vec<u8>> =
        sql.build_query_scalar().fetch_all(&mut *db).await.map_err(unavailable)?;
    // One digest in 64 pays for the sweep.
    if group.iter().any(|one| one.digest[0].is_multiple_of(64)) {
        query("DELETE FROM used_proof WHERE until < $1")
            .bind(now.as_microsecond())
            .execute(&mut *db)
            .await
            .map_err(unavailable)?;
    }
    Ok(new.into_iter().collect())
}
