//! Messages that are to be sent: put in, tried, and finished with what became of each of their resources.

use jiff::Timestamp;
use sqlx::{Sqlite, Transaction};

use super::annulments::{keep_annulments, keep_released_annulments};
use super::book::{book, close_items, hold_all, split};
use super::columns::Columns;
use super::runs::Left;
use super::{
    Due, FinishedAttempt, ItemOutcome, NewMessage, Outbox, OutboxError, Result, int, ms, stored,
    time,
};
use crate::attempt::AttemptFailure;
use crate::plan::Role;
use crate::progress::{AttemptOutcome, Progress, State};
use crate::schedule::RetrySchedule;

/// Resources of a message that are written by one statement: a statement for each costs more than its row.
const ITEMS_AT_ONCE: usize = 100;

impl Outbox {
    /// Takes up attempts that were running when the process ended. Returns how many.
    pub(crate) async fn recover(&self, now: Timestamp) -> Result<usize> {
        let mut step = self.begin().await?;
        let open = progresses(&mut step).await?;
        let mut found = 0;
        for (seq, progress) in open {
            if progress.state == State::Sending {
                found += 1;
                store_progress(&mut step, seq, progress.interrupted(now), now).await?;
            }
        }
        sqlx::query(
            "UPDATE attempt SET ended_at = ?1, outcome = 'interrupted', detail = ?2 \
             WHERE ended_at IS NULL",
        )
        .bind(ms(now))
        .bind(AttemptFailure::ProcessEnded.to_stored())
        .execute(&mut *step)
        .await?;
        self.commit(step).await?;
        Ok(found)
    }

    /// Begins a planned transfer: every open message gets a new round or is released.
    pub(crate) async fn new_round(&self, now: Timestamp) -> Result<()> {
        let mut step = self.begin().await?;
        for (seq, progress) in progresses(&mut step).await? {
            store_progress(&mut step, seq, progress.new_round(now), now).await?;
        }
        keep_released_annulments(&mut step, now).await?;
        self.commit(step).await
    }

    /// Puts a sealed message in the outbox.
    pub(crate) async fn add(&self, message: &NewMessage<'_>, now: Timestamp) -> Result<i64> {
        let mut step = self.begin().await?;
        let progress = Progress::planned(now);
        let seq = sqlx::query(
            "INSERT INTO message (message_id, made_at, state, sealed, bytes, resource_bytes, entries, next_attempt) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(message.message_id)
        .bind(ms(now))
        .bind(progress.state.as_str())
        .bind(message.sealed)
        .bind(int(message.sealed.len()))
        .bind(int(message.resource_bytes))
        .bind(int(message.items.len()))
        .bind(progress.next_attempt.map(ms))
        .execute(&mut *step)
        .await?
        .last_insert_rowid();
        for (part, items) in message.items.chunks(ITEMS_AT_ONCE).enumerate() {
            let rows = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; items.len()].join(", ");
            let sql = format!(
                "INSERT INTO item (seq, position, identity, version, role, root, resource_type, resource_id, \
                 source_key, file, line, is_annulment, id_space) VALUES {rows}"
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for (at, item) in items.iter().enumerate() {
                query = query
                    .bind(seq)
                    .bind(int(part * ITEMS_AT_ONCE + at))
                    .bind(item.identity.0.as_slice())
                    .bind(item.version.0.as_slice())
                    .bind(role_name(item.role))
                    .bind(item.root)
                    .bind(&item.resource_type)
                    .bind(&item.resource_id)
                    .bind(&item.source_key)
                    .bind(&item.file)
                    .bind(i64::from(item.line))
                    .bind(item.is_annulment)
                    .bind(&item.id_space);
            }
            query.execute(&mut *step).await?;
        }
        sqlx::query("INSERT INTO sent_copy (seq, sealed) VALUES (?, ?)")
            .bind(seq)
            .bind(message.copy)
            .execute(&mut *step)
            .await?;
        self.commit(step).await?;
        Ok(seq)
    }

    /// Moves the next attempts back where the clock was: when an attempt has ended in the future, the
    /// clock was ahead then, by at least that much. Attempts are made as long after the last one as they
    /// were to be. A source that gives changes only is asked for everything once where the last complete transfer lies
    /// in the future: what has changed until then would never be asked for.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn put_clock_right(&self, now: Timestamp) -> Result<()> {
        let mark = self.changed_since().await?;
        let mark_is_ahead = mark.is_some_and(|(since, _)| since > now);
        let row = sqlx::query("SELECT max(ended_at) FROM attempt").fetch_one(&self.pool).await?;
        let ahead = row.read::<Option<i64>>(0)?.map_or(0, |last| last - ms(now));
        if ahead <= 0 && !mark_is_ahead {
            return Ok(());
        }
        let mut step = self.begin().await?;
        if mark_is_ahead {
            stored::wants_everything(&mut step).await?;
        }
        if ahead > 0 {
            for sql in [
                "UPDATE message SET next_attempt = max(?1, next_attempt - ?2) \
                 WHERE state IN ('planned', 'waiting')",
                "UPDATE attempt SET started_at = min(started_at, ?1), ended_at = min(ended_at, ?1) \
                 WHERE ended_at > ?1 AND ?2 > 0",
            ] {
                sqlx::query(sql).bind(ms(now)).bind(ahead).execute(&mut *step).await?;
            }
        }
        self.commit(step).await
    }

    /// When a message was made, by the clock of then.
    pub(crate) async fn made_at(&self, seq: i64) -> Result<Option<Timestamp>> {
        let row = sqlx::query("SELECT made_at FROM message WHERE seq = ?")
            .bind(seq)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| time(row.read(0)?)).transpose()
    }

    /// The messages that may be tried now, oldest first.
    pub(crate) async fn due(&self, now: Timestamp) -> Result<Vec<Due>> {
        let rows = sqlx::query(
            "SELECT seq, message_id FROM message \
             WHERE state IN ('planned', 'waiting') AND next_attempt <= ? ORDER BY seq",
        )
        .bind(ms(now))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok(Due { seq: row.read(0)?, message_id: row.read(1)? })).collect()
    }

    /// Notes that an attempt begins, and gives the bytes to send and how many entries they hold. `None` when the message is not due (any more).
    pub(crate) async fn start(&self, seq: i64, now: Timestamp) -> Result<Option<(Vec<u8>, usize)>> {
        let mut step = self.begin().await?;
        let progress = progress_of(&mut step, seq).await?;
        if !progress.is_due(now) {
            return Ok(None);
        }
        let row = sqlx::query("SELECT sealed, entries FROM message WHERE seq = ?")
            .bind(seq)
            .fetch_one(&mut *step)
            .await?;
        let entries = usize::try_from(row.read::<i64>(1)?).unwrap_or_default();
        let sealed = row
            .read::<Option<Vec<u8>>>(0)?
            .ok_or(OutboxError::Damaged("an open message has no content"))?;
        store_progress(&mut step, seq, progress.begun(), now).await?;
        sqlx::query("INSERT INTO attempt (seq, started_at) VALUES (?, ?)")
            .bind(seq)
            .bind(ms(now))
            .execute(&mut *step)
            .await?;
        self.commit(step).await?;
        Ok(Some((sealed, entries)))
    }

    /// Books how an attempt ended: the message, the attempt and every resource, in one step.
    pub(crate) async fn finish(
        &self,
        seq: i64,
        finished: &FinishedAttempt<'_>,
        now: Timestamp,
        schedule: &RetrySchedule,
    ) -> Result<Progress> {
        let mut step = self.begin().await?;
        let progress = progress_of(&mut step, seq).await?;
        if progress.state != State::Sending {
            return Err(OutboxError::Damaged("an attempt ended that had not begun"));
        }
        let after = progress.finished(finished.outcome, now, schedule);
        let reason = finished.failure.map(AttemptFailure::to_stored);
        let mut given_up = usize::from(after.state == State::Released);
        Left::NotStored.add(&mut step, not_stored_without_a_reason(finished.items)).await?;
        let is_doubtful = usize::from(finished.has_doubtful_receipt);
        Left::DoubtfulReceipts.add(&mut step, is_doubtful).await?;
        sqlx::query(
            "UPDATE attempt SET ended_at = ?, outcome = ?, http_status = ?, detail = ? \
             WHERE seq = ? AND ended_at IS NULL",
        )
        .bind(ms(now))
        .bind(outcome_name(finished.outcome))
        .bind(finished.http_status)
        .bind(&reason)
        .bind(seq)
        .execute(&mut *step)
        .await?;
        match finished.outcome {
            AttemptOutcome::Answered => book(&mut step, seq, finished.items, now).await?,
            AttemptOutcome::Refused => hold_all(&mut step, seq, finished.findings, now).await?,
            AttemptOutcome::TooLarge => split(&mut step, seq, finished.findings, now).await?,
            AttemptOutcome::Never { bytes_at_fault: true } => {
                // Sealed with the same certificates, so it would be refused as well; none has been tried.
                let released = sqlx::query(
                    "UPDATE message SET state = 'released', sealed = NULL, next_attempt = NULL, finished_at = ?1, \
                     reason = ?2 WHERE state = 'planned'",
                )
                .bind(ms(now))
                .bind(AttemptFailure::SealedLikeRefused.to_stored())
                .execute(&mut *step)
                .await?;
                given_up += usize::try_from(released.rows_affected()).unwrap_or_default();
            }
            AttemptOutcome::Later { .. } | AttemptOutcome::Never { bytes_at_fault: false } => {}
        }
        Left::GivenUp.add(&mut step, given_up).await?;
        if after.state == State::Released && *finished.outcome != AttemptOutcome::TooLarge {
            keep_annulments(&mut step, seq, None, now).await?;
        }
        keep_released_annulments(&mut step, now).await?;
        if !after.state.is_open() && *finished.outcome != AttemptOutcome::Answered {
            close_items(&mut step, seq, None).await?;
        }
        store_progress(&mut step, seq, after, now).await?;
        if reason.is_some() {
            sqlx::query("UPDATE message SET reason = ? WHERE seq = ?")
                .bind(&reason)
                .bind(seq)
                .execute(&mut *step)
                .await?;
        }
        self.commit(step).await?;
        Ok(after)
    }

    /// The way to the register is finished: everything that is due now counts as tried and not reached.
    pub(crate) async fn fail_due(
        &self,
        now: Timestamp,
        retry_after: Option<jiff::SignedDuration>,
        schedule: &RetrySchedule,
    ) -> Result<()> {
        let mut step = self.begin().await?;
        let outcome = AttemptOutcome::Later { may_have_arrived: false, retry_after };
        for (seq, progress) in progresses(&mut step).await? {
            if progress.is_due(now) {
                store_progress(
                    &mut step,
                    seq,
                    progress.begun().finished(&outcome, now, schedule),
                    now,
                )
                .await?;
            }
        }
        self.commit(step).await
    }

    /// Gives a message up that gets no answer: it is never sent again, its data goes with the next transfer.
    /// The register then has each of its resources once all the same, since an unchanged one makes no new version.
    /// False when there is no such open message.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn give_up_message(&self, message_id: &str, now: Timestamp) -> Result<bool> {
        let mut step = self.begin().await?;
        let done = sqlx::query(
            "UPDATE message SET state = 'released', sealed = NULL, next_attempt = NULL, finished_at = ?2, \
             reason = ?3 \
             WHERE message_id = ?1 AND state IN ('planned', 'waiting', 'exhausted', 'stopped')",
        )
        .bind(message_id)
        .bind(ms(now))
        .bind(AttemptFailure::GivenUp.to_stored())
        .execute(&mut *step)
        .await?;
        let given_up = usize::try_from(done.rows_affected()).unwrap_or_default();
        Left::GivenUp.add(&mut step, given_up).await?;
        keep_released_annulments(&mut step, now).await?;
        self.commit(step).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets the resources of messages finished before `before`; the messages themselves stay.
    pub(crate) async fn prune(&self, before: Timestamp) -> Result<()> {
        let mut step = self.begin().await?;
        for sql in [
            "DELETE FROM item WHERE seq IN (SELECT seq FROM message WHERE finished_at < ?)",
            "DELETE FROM sent_items WHERE seq IN (SELECT seq FROM message WHERE finished_at < ?)",
        ] {
            sqlx::query(sql).bind(ms(before)).execute(&mut *step).await?;
        }
        self.commit(step).await
    }
}

/// Of the resources of an answered message those that were neither stored nor refused by a fault of their own or of
/// another one in it.
pub(crate) fn not_stored_without_a_reason(items: &[ItemOutcome]) -> usize {
    let count =
        |is_it: &dyn Fn(&ItemOutcome) -> bool| items.iter().filter(|item| is_it(item)).count();
    let is_refused = count(&|item| matches!(item, ItemOutcome::Refused(_))) > 0;
    let failed = count(&|item| *item == ItemOutcome::Failed);
    failed + if is_refused { 0 } else { count(&|item| *item == ItemOutcome::NotStored) }
}

const PROGRESS: &str =
    "SELECT seq, state, round, may_have_arrived, next_attempt FROM message WHERE seq = ?";
const OPEN: &str = "SELECT seq, state, round, may_have_arrived, next_attempt FROM message \
     WHERE state IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped') ORDER BY seq";

async fn progresses(step: &mut Transaction<'static, Sqlite>) -> Result<Vec<(i64, Progress)>> {
    sqlx::query(OPEN)
        .fetch_all(&mut **step)
        .await?
        .iter()
        .map(|row| Ok((row.read(0)?, progress(row)?)))
        .collect()
}

async fn progress_of(step: &mut Transaction<'static, Sqlite>, seq: i64) -> Result<Progress> {
    progress(&sqlx::query(PROGRESS).bind(seq).fetch_one(&mut **step).await?)
}

fn progress(row: &sqlx::sqlite::SqliteRow) -> Result<Progress> {
    Ok(Progress {
        state: State::from_name(row.read(1)?).ok_or(OutboxError::Damaged("an unknown state"))?,
        round: u32::try_from(row.read::<i64>(2)?).unwrap_or(u32::MAX),
        may_have_arrived: row.read(3)?,
        next_attempt: row.read::<Option<i64>>(4)?.map(time).transpose()?,
    })
}

async fn store_progress(
    step: &mut Transaction<'static, Sqlite>,
    seq: i64,
    progress: Progress,
    now: Timestamp,
) -> Result<()> {
    sqlx::query(
        "UPDATE message SET state = ?1, round = ?2, may_have_arrived = ?3, next_attempt = ?4, \
         finished_at = CASE WHEN ?5 THEN NULL ELSE ?6 END, sealed = CASE WHEN ?5 THEN sealed END WHERE seq = ?7",
    )
    .bind(progress.state.as_str())
    .bind(i64::from(progress.round))
    .bind(progress.may_have_arrived)
    .bind(progress.next_attempt.map(ms))
    .bind(progress.state.is_open())
    .bind(ms(now))
    .bind(seq)
    .execute(&mut **step)
    .await?;
    Ok(())
}

fn outcome_name(outcome: &AttemptOutcome) -> &'static str {
    match outcome {
        AttemptOutcome::Answered => "answered",
        AttemptOutcome::Later { may_have_arrived: true, .. } => "no-answer",
        AttemptOutcome::Later { .. } => "not-reached",
        AttemptOutcome::Never { bytes_at_fault: true } => "message-refused",
        AttemptOutcome::Never { .. } => "access-refused",
        AttemptOutcome::Refused => "content-refused",
        AttemptOutcome::TooLarge => "too-large",
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::New => "new",
        Role::Changed => "changed",
        Role::Dependency => "dependency",
    }
}
