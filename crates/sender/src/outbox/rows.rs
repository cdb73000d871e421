//! What people look at: status, history, the list of what is to be corrected.

use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};
use serde_json::Value;
use sqlx::sqlite::SqliteRow;

use super::columns::Columns;
use super::runs::Left;
use super::{
    DaemonFailure, HeldCount, LostAnnulment, Outbox, OutboxError, Result, VanishedCount, time,
};
use crate::attempt::AttemptFailure;
use crate::identity::Hash;
use crate::meter::TransferState;
use crate::progress::State;
use crate::report::RunStatus;
use crate::source::PassedOverKind;

/// A message and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageRow {
    /// `messageId`.
    pub message_id: String,
    /// When it was sealed.
    pub made_at: Timestamp,
    /// Its state.
    pub state: State,
    /// Bytes as sent.
    pub bytes: u64,
    /// Resources in it.
    pub entries: u64,
    /// Of these: stored by the register.
    pub stored: u64,
    /// Of these: as the register had them already.
    pub unchanged: u64,
    /// Of these: refused.
    pub refused: u64,
    /// When it is tried next.
    pub next_attempt: Option<Timestamp>,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
    /// Why it is in that state, if there is more to say.
    pub reason: Option<AttemptFailure>,
    /// Every attempt.
    pub attempts: Vec<AttemptRow>,
}

/// One attempt to deliver a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttemptRow {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// `answered`, `no-answer`, `not-reached`, `interrupted`, `access-refused`, `message-refused`,
    /// `content-refused` or `too-large`.
    pub outcome: Option<String>,
    /// HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// Why it failed.
    pub failure: Option<AttemptFailure>,
}

/// A run of the sender.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunRow {
    /// Its number.
    pub number: i64,
    /// `planned` or `retry`.
    pub kind: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` for one that was cut off.
    pub ended_at: Option<Timestamp>,
    /// Its report.
    pub report: Option<Value>,
}

/// What has been delivered, what is open and what is held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// Resources the register has confirmed, by type.
    #[serde(serialize_with = "as_map")]
    pub stored: Vec<(String, u64)>,
    /// Messages by state, empty states left out.
    #[serde(serialize_with = "as_map")]
    pub messages: Vec<(State, u64)>,
    /// How everything is to be taken now: the exit status of `lmr send status`.
    pub status: RunStatus,
    /// Resources held.
    pub held: u64,
    /// Resources that only the register's clock keeps back: each transfer tries them again.
    pub not_yet: u64,
    /// Correct resources that wait for them.
    pub waiting: u64,
    /// Resources that an operator has discarded.
    pub discarded: u64,
    /// Administrations and requests that have vanished from the source and are not annulled.
    pub vanished: u64,
    /// Of these: in whose place the source has another record, with a corrected identifier.
    pub replaced: u64,
    /// Records that the register may have lost and that are not sent again yet.
    pub forgotten: u64,
    /// Messages that were given up since the last transfer, or by it where it broke off: their content is in no other yet.
    pub given_up: u64,
    /// Messages of this organisation that the register had at the last transfer and that this ledger does not know.
    pub unknown_messages: u64,
    /// Annulments that the register may have lost, or could not store, and has not confirmed since.
    pub lost_annulments: Vec<LostAnnulment>,
    /// Copies of messages that the last transfer could not read when it looked for annulments that a repaired ledger
    /// has lost.
    pub unreadable_copies: u64,
    /// Receipts since the last transfer began that do not hold for what was sent and answered.
    pub doubtful_receipts: u64,
    /// Hooks that failed after the last run: nobody may have heard of it.
    pub failed_hooks: Vec<String>,
    /// What the daemon could not read again: it goes on with what it had.
    pub daemon_failures: Vec<DaemonFailure>,
    /// What the last transfer made of the source.
    pub last_source: Option<SourceCounts>,
    /// When the next attempt is due.
    pub next_attempt: Option<Timestamp>,
    /// When the last transfer began after which nothing was left undelivered.
    pub last_success: Option<Timestamp>,
    /// The last run.
    pub last_run: Option<RunRow>,
    /// When the last planned transfer began, where that is longer ago than a daily transfer allows.
    pub silent_since: Option<Timestamp>,
    /// How far the transfer under way is; of one that was cut off, how far it came.
    pub transfer: Option<TransferState>,
}

/// A planned transfer is due every day; two hours more for the change of the clock and a slow start.
const MAX_SILENCE: SignedDuration = SignedDuration::from_hours(26);

impl Overview {
    /// Notices that nobody makes the daily transfer any more: neither a daemon nor a scheduler. What was
    /// delivered until then looks clean for ever, so a person must look.
    pub fn notice_silence(&mut self, now: Timestamp) {
        let last = self.last_source.as_ref().and_then(|source| source.at);
        self.silent_since = last.filter(|last| now.duration_since(*last) > MAX_SILENCE);
        if self.silent_since.is_some() {
            self.status = RunStatus::Stopped;
        }
    }
}

/// What a transfer made of the source: kept with its report, and shown by status and history.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SourceCounts {
    /// When the transfer began.
    pub at: Option<Timestamp>,
    /// Files and resources read.
    pub files: u64,
    /// Resources read.
    pub resources: u64,
    /// New, changed and sent along.
    pub new: u64,
    /// Changed.
    pub changed: u64,
    /// Parts that could not be used.
    pub source_issues: u64,
    /// Files that were not read.
    pub passed_over: u64,
    /// Resources of types that the guide does not take.
    pub foreign: u64,
    /// Waiting for something held.
    pub waiting: u64,
    /// Waiting for the answer to another version.
    pub deferred: u64,
    /// From before the agreed start date.
    pub too_early: u64,
    /// Nothing that is sent refers to them.
    pub unused: u64,
    /// Correct records that the register could not store; in an overview also those of the new attempts since.
    pub not_stored: u64,
    /// Known records that the source lacks.
    pub missing: u64,
    /// Known records.
    pub known: u64,
    /// Administrations that the register has, where a complete source has not a single one any more.
    pub lost_administrations: u64,
    /// Records in whose place the source has others, as another source than before does: they are not listed.
    pub of_another_source: u64,
    /// Whether those that it lacks have vanished nobody knows: it was not read whole.
    pub vanished_unknown: bool,
    /// Why the source gave nothing, in JSON as in the report.
    pub source_failure: Option<Value>,
    /// What ended the run.
    pub error: Option<String>,
    /// Why the run was stopped.
    pub stop: Option<AttemptFailure>,
    /// Somebody had it end before it was done: what is new may not be in a message yet.
    pub stopped_early: bool,
}

impl SourceCounts {
    fn of(run: &RunRow) -> Option<Self> {
        let report = run.report.as_ref()?;
        let number = |name: &str| report[name].as_u64().unwrap_or_default();
        let length = |name: &str| report[name].as_array().map_or(0, |list| list.len() as u64);
        let sum = |name: &str| {
            let list = report[name].as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(|item| item["count"].as_u64()).sum()
        };
        Some(Self {
            at: Some(run.started_at),
            files: number("files"),
            resources: number("resources"),
            new: number("new"),
            changed: number("changed"),
            source_issues: length("source_issues"),
            passed_over: sum("passed_over"),
            foreign: sum("foreign_types"),
            waiting: number("waiting"),
            deferred: number("deferred"),
            too_early: number("too_early"),
            unused: number("unused"),
            not_stored: number("not_stored"),
            missing: number("missing"),
            known: number("known"),
            lost_administrations: number("lost_administrations"),
            of_another_source: number("of_another_source"),
            vanished_unknown: report["vanished_unknown"] == true,
            source_failure: report.get("source_failure").filter(|value| !value.is_null()).cloned(),
            error: report["error"].as_str().map(str::to_owned),
            stopped_early: report["stopped_early"] == true,
            stop: report.get("stop").and_then(|stop| serde_json::from_value(stop.clone()).ok()),
        })
    }

    /// Whether the source was read: a run that was stopped before that says nothing of it.
    #[must_use]
    pub fn was_read(&self) -> bool {
        let has_ended_early = self.stop.is_some() || self.error.is_some() || self.stopped_early;
        let found = self.files + self.resources;
        crate::report::was_read(has_ended_early, self.source_failure.is_some(), found)
    }

    /// Whether the source was read and compared with what is known: else nobody has looked for what has vanished.
    #[must_use]
    pub fn was_compared(&self) -> bool {
        self.was_read() && self.source_failure.is_none() && !self.has_lost_most()
    }

    /// Whether a complete source had lost more than half of what the register has.
    #[must_use]
    pub fn has_lost_most(&self) -> bool {
        crate::report::has_lost_most(self.missing, self.known, self.lost_administrations)
    }

    /// Nothing was read though something that may be data was passed over: [`crate::report::Report::has_read_nothing_there`].
    fn has_read_nothing_there(run: &RunRow) -> bool {
        let Some(report) = &run.report else { return false };
        let passed_over: Vec<PassedOverKind> = report
            .get("passed_over")
            .and_then(|over| serde_json::from_value(over.clone()).ok())
            .unwrap_or_default();
        crate::report::has_read_nothing_there(run.count("resources"), passed_over.iter())
    }

    fn misspelt(run: &RunRow) -> bool {
        let types = run.report.as_ref().and_then(|report| report["foreign_types"].as_array());
        types.is_some_and(|all| all.iter().any(|foreign| foreign["is_fhir_type"] == false))
    }
}

impl RunRow {
    /// What the run made of the source, where it was a transfer that ended.
    #[must_use]
    pub fn source(&self) -> Option<SourceCounts> {
        (self.kind == "planned").then(|| SourceCounts::of(self)).flatten()
    }

    /// A count of the run's report.
    fn count(&self, name: &str) -> u64 {
        let report = self.report.as_ref();
        report.and_then(|report| report[name].as_u64()).unwrap_or_default()
    }
}

/// How everything is to be taken, from what is open and held and from the last transfer. `is_at_rest`: there was a
/// transfer, the newest one was not cut off, and nothing was released or forgotten since.
fn status_of(overview: &Overview, last_planned: Option<&RunRow>, is_at_rest: bool) -> RunStatus {
    let source = overview.last_source.as_ref();
    // An error of the source has its own status; any other is for a person, as the run's exit status says.
    let broke_off =
        |source: &SourceCounts| source.error.is_some() && source.source_failure.is_none();
    let stop = source.and_then(|source| source.stop.as_ref());
    let stopped = stop.is_some_and(|stop| !stop.passes_by_itself())
        || source.is_some_and(broke_off)
        || overview.messages.iter().any(|(state, _)| *state == State::Stopped);
    let open = overview.messages.iter().any(|(state, _)| state.is_open());
    let failed = source.is_some_and(|s| s.source_failure.is_some() || s.has_lost_most());
    let issues = source.is_some_and(|s| s.source_issues + s.of_another_source > 0);
    let not_stored = source.is_some_and(|source| source.not_stored > 0);
    if stopped {
        RunStatus::Stopped
    } else if failed {
        RunStatus::SourceFailed
    } else if open
        || stop.is_some()
        || !is_at_rest
        || overview.not_yet > 0
        || overview.given_up > 0
        || not_stored
        || source.is_some_and(|source| source.stopped_early)
    {
        RunStatus::Undelivered
    } else if overview.held > 0
        || issues
        || !overview.lost_annulments.is_empty()
        || overview.unreadable_copies + overview.doubtful_receipts > 0
        || !overview.failed_hooks.is_empty()
        || !overview.daemon_failures.is_empty()
        || last_planned.is_some_and(SourceCounts::misspelt)
        || last_planned.is_some_and(SourceCounts::has_read_nothing_there)
    {
        RunStatus::ToCorrect
    } else {
        RunStatus::Clean
    }
}

impl Outbox {
    /// What has been delivered, what is open and what is held.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn overview(&self) -> Result<Overview> {
        let counts = |rows: Vec<SqliteRow>| -> Result<Vec<(String, u64)>> {
            rows.iter().map(|row| Ok((row.read(0)?, number(row, 1)?))).collect()
        };
        let stored = counts(
            sqlx::query(
                "SELECT t.name, count(*) FROM stored s JOIN resource_type t ON t.number = s.resource_type \
                 WHERE s.version <> ? GROUP BY 1 ORDER BY 1",
            )
            .bind(Hash::NO_VERSION.0.as_slice())
            .fetch_all(&self.pool)
            .await?,
        )?;
        let mut messages = Vec::new();
        for (name, count) in counts(
            sqlx::query("SELECT state, count(*) FROM message GROUP BY 1")
                .fetch_all(&self.pool)
                .await?,
        )? {
            messages.push((
                State::from_name(&name).ok_or(OutboxError::Damaged("an unknown state"))?,
                count,
            ));
        }
        let row = sqlx::query(
            "SELECT (SELECT min(next_attempt) FROM message WHERE state IN ('planned', 'waiting')), \
             (SELECT count(*) FROM held WHERE discarded_at IS NOT NULL)",
        )
        .fetch_one(&self.pool)
        .await?;
        let HeldCount { held, not_yet } = self.held_count().await?;
        let last_success = match self.setting("last-success").await? {
            Some(text) => text.parse().ok(),
            None => None,
        };
        let last_planned = self.last_run_of("planned").await?;
        let mut last_source = last_planned.as_ref().and_then(RunRow::source);
        let of_last = |name: &str| last_planned.as_ref().map_or(0, |run| run.count(name));
        // What a transfer has counted that broke off is among what is left since the last one that came to its end.
        let last_whole = self.last_whole_transfer().await?;
        let of_whole = |name: &str| last_whole.as_ref().map_or(0, |run| run.count(name));
        let doubtful_receipts =
            self.left(Left::DoubtfulReceipts).await? + of_whole("doubtful_receipts");
        let not_stored = self.left(Left::NotStored).await? + of_whole("not_stored");
        if let Some(source) = &mut last_source {
            source.not_stored = not_stored;
        }
        let VanishedCount { all: vanished, replaced } = self.vanished_count().await?;
        let mut overview = Overview {
            stored,
            messages,
            status: RunStatus::Clean,
            held,
            not_yet,
            waiting: 0,
            discarded: number(&row, 1)?,
            vanished,
            replaced,
            forgotten: 0,
            given_up: self.left(Left::GivenUp).await?,
            unknown_messages: of_last("unknown_messages"),
            lost_annulments: self.lost_annulments().await?,
            unreadable_copies: of_last("unreadable_copies"),
            doubtful_receipts,
            failed_hooks: self.failed_hooks().await?,
            daemon_failures: self.daemon_failures().await?,
            last_source,
            next_attempt: row.read::<Option<i64>>(0)?.map(time).transpose()?,
            last_success,
            last_run: self.runs(1).await?.pop(),
            silent_since: None,
            transfer: self.transfer().await?,
        };
        overview.waiting = self.waiting_count().await?;
        let is_left = self.left_to_send().await?.is_some();
        if is_left {
            overview.forgotten = self.forgotten_count().await?;
        }
        let is_at_rest = self.has_ended().await? && !is_left;
        overview.status = status_of(&overview, last_planned.as_ref(), is_at_rest);
        Ok(overview)
    }

    /// Whether there was a planned transfer and the newest one came to its end.
    async fn has_ended(&self) -> Result<bool> {
        let row = sqlx::query(
            "SELECT ended_at IS NOT NULL FROM run WHERE kind = 'planned' ORDER BY number DESC LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| row.read(0)).transpose()?.unwrap_or_default())
    }

    /// The last runs, newest first.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn runs(&self, limit: u32) -> Result<Vec<RunRow>> {
        sqlx::query(
            "SELECT number, kind, started_at, ended_at, report FROM run ORDER BY number DESC LIMIT ?",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(run_row)
        .collect()
    }

    /// The last run of a kind that has a report.
    async fn last_run_of(&self, kind: &str) -> Result<Option<RunRow>> {
        sqlx::query(
            "SELECT number, kind, started_at, ended_at, report FROM run \
             WHERE kind = ? AND report IS NOT NULL ORDER BY number DESC LIMIT 1",
        )
        .bind(kind)
        .fetch_optional(&self.pool)
        .await?
        .as_ref()
        .map(run_row)
        .transpose()
    }

    /// The last planned transfer that came to its end, as [`crate::report::Report::has_come_to_its_end`] says it.
    async fn last_whole_transfer(&self) -> Result<Option<RunRow>> {
        sqlx::query(
            "SELECT number, kind, started_at, ended_at, report FROM run \
             WHERE kind = 'planned' AND CASE WHEN json_valid(report) THEN \
             coalesce(json_extract(report, '$.source_failure'), json_extract(report, '$.error'), \
             json_extract(report, '$.stop')) IS NULL AND json_extract(report, '$.stopped_early') IS NOT 1 \
             END ORDER BY number DESC LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await?
        .as_ref()
        .map(run_row)
        .transpose()
    }

    /// The last messages, newest first, with their attempts.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn messages(&self, limit: u32) -> Result<Vec<MessageRow>> {
        self.messages_of(None, limit).await
    }

    /// The same, or the one with an id.
    pub(crate) async fn messages_of(
        &self,
        message_id: Option<&str>,
        limit: u32,
    ) -> Result<Vec<MessageRow>> {
        let rows = sqlx::query(
            "SELECT m.seq, m.message_id, m.made_at, m.state, m.bytes, m.entries, \
               coalesce(length(i.outcomes) - length(replace(i.outcomes, '1', '')), 0), \
               coalesce(length(i.outcomes) - length(replace(i.outcomes, '2', '')), 0), \
               coalesce(length(i.outcomes) - length(replace(i.outcomes, '3', '')), 0), \
               m.next_attempt, m.finished_at, m.reason \
             FROM message m LEFT JOIN sent_items i ON i.seq = m.seq \
             WHERE ?1 IS NULL OR m.message_id = ?1 ORDER BY m.seq DESC LIMIT ?2",
        )
        .bind(message_id)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let mut messages = Vec::with_capacity(rows.len());
        for row in &rows {
            let attempts = sqlx::query(
                "SELECT started_at, ended_at, outcome, http_status, detail FROM attempt \
                 WHERE seq = ? ORDER BY number",
            )
            .bind(row.read::<i64>(0)?)
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(|row| {
                Ok(AttemptRow {
                    started_at: time(row.read(0)?)?,
                    ended_at: row.read::<Option<i64>>(1)?.map(time).transpose()?,
                    outcome: row.read(2)?,
                    http_status: row
                        .read::<Option<i64>>(3)?
                        .and_then(|status| u16::try_from(status).ok()),
                    failure: row.read::<Option<&str>>(4)?.and_then(failure),
                })
            })
            .collect::<Result<Vec<_>>>()?;
            messages.push(MessageRow {
                message_id: row.read(1)?,
                made_at: time(row.read(2)?)?,
                state: State::from_name(row.read(3)?)
                    .ok_or(OutboxError::Damaged("an unknown state"))?,
                bytes: number(row, 4)?,
                entries: number(row, 5)?,
                stored: number(row, 6)?,
                unchanged: number(row, 7)?,
                refused: number(row, 8)?,
                next_attempt: row.read::<Option<i64>>(9)?.map(time).transpose()?,
                finished_at: row.read::<Option<i64>>(10)?.map(time).transpose()?,
                reason: row.read::<Option<&str>>(11)?.and_then(failure),
                attempts,
            });
        }
        Ok(messages)
    }

    /// When the last planned transfer began.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn last_planned(&self) -> Result<Option<Timestamp>> {
        let row = sqlx::query("SELECT max(started_at) FROM run WHERE kind = 'planned'")
            .fetch_one(&self.pool)
            .await?;
        row.read::<Option<i64>>(0)?.map(time).transpose()
    }

    /// When the next attempt is due.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn next_attempt(&self) -> Result<Option<Timestamp>> {
        let row = sqlx::query(
            "SELECT min(next_attempt) FROM message WHERE state IN ('planned', 'waiting')",
        )
        .fetch_one(&self.pool)
        .await?;
        row.read::<Option<i64>>(0)?.map(time).transpose()
    }

    /// How many messages are open.
    pub(crate) async fn open_messages(&self) -> Result<u64> {
        let row = sqlx::query(
            "SELECT count(*) FROM message WHERE state IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped')",
        )
        .fetch_one(&self.pool)
        .await?;
        number(&row, 0)
    }
}

/// Pairs as an object, in their order.
fn as_map<K: Serialize, S: Serializer>(
    pairs: &[(K, u64)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, count)| (key, count)))
}

fn run_row(row: &SqliteRow) -> Result<RunRow> {
    Ok(RunRow {
        number: row.read(0)?,
        kind: row.read(1)?,
        started_at: time(row.read(2)?)?,
        ended_at: row.read::<Option<i64>>(3)?.map(time).transpose()?,
        report: row.read::<Option<&str>>(4)?.and_then(|text| serde_json::from_str(text).ok()),
    })
}

/// Attempts that delivered their message stored an empty text once.
fn failure(stored: &str) -> Option<AttemptFailure> {
    (!stored.is_empty()).then(|| AttemptFailure::from_stored(stored))
}

fn number(row: &SqliteRow, column: usize) -> Result<u64> {
    Ok(u64::try_from(row.read::<i64>(column)?).unwrap_or_default())
}
