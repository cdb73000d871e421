//! What people look at: status, history, the list of what is to be corrected.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::Row;

use super::{Outbox, OutboxError, Result, time};
use crate::attempt::AttemptFailure;
use crate::identity::Hash;
use crate::progress::State;

/// Who found what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The check before sending.
    Check,
    /// The register.
    Register,
}

impl Origin {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Register => "register",
        }
    }
}

/// What refuses a held resource. No text repeats the resource's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldFinding {
    /// `LMR-nnnn`; `None` when the register gave none.
    pub code: Option<String>,
    /// FHIRPath from the resource.
    pub path: Option<String>,
    /// What is wrong, in bokmål.
    pub text_nb: String,
    /// What is wrong, in English.
    pub text_en: String,
}

/// A resource that is held until it changes or is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldRow {
    /// Number to release it by.
    pub number: i64,
    /// Type of the resource.
    pub resource_type: String,
    /// Its technical id, unless that looks like an identity number.
    pub resource_id: Option<String>,
    /// File below the source folder.
    pub file: String,
    /// Line from 1.
    pub line: u32,
    /// Since when.
    pub since: Timestamp,
    /// Who found it.
    pub origin: Origin,
    /// The message it was refused in, if the register refused it.
    pub message_id: Option<String>,
    /// What is wrong.
    pub findings: Vec<HeldFinding>,
}

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
    /// Of these: confirmed by the register.
    pub stored: u64,
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
    pub report: Option<serde_json::Value>,
}

/// What has been delivered, what is open and what is held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// Resources the register has confirmed, by type.
    pub stored: Vec<(String, u64)>,
    /// Messages by state, empty states left out.
    pub messages: Vec<(State, u64)>,
    /// Resources held.
    pub held: u64,
    /// When the next attempt is due.
    pub next_attempt: Option<Timestamp>,
    /// When the last transfer began after which nothing was left undelivered.
    pub last_success: Option<Timestamp>,
    /// The last run.
    pub last_run: Option<RunRow>,
}

impl Outbox {
    /// What has been delivered, what is open and what is held.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn overview(&self) -> Result<Overview> {
        let counts = |rows: Vec<sqlx::sqlite::SqliteRow>| -> Vec<(String, u64)> {
            rows.iter().map(|row| (row.get(0), number(row, 1))).collect()
        };
        let stored = counts(
            sqlx::query("SELECT resource_type, count(*) FROM stored GROUP BY 1 ORDER BY 1")
                .fetch_all(&self.pool)
                .await?,
        );
        let mut messages = Vec::new();
        for (name, count) in counts(
            sqlx::query("SELECT state, count(*) FROM message GROUP BY 1")
                .fetch_all(&self.pool)
                .await?,
        ) {
            messages.push((
                State::from_name(&name).ok_or(OutboxError::Damaged("an unknown state"))?,
                count,
            ));
        }
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM held), (SELECT min(next_attempt) FROM message \
             WHERE state IN ('planned', 'waiting'))",
        )
        .fetch_one(&self.pool)
        .await?;
        let last_success = match self.setting("last-success").await? {
            Some(text) => text.parse().ok(),
            None => None,
        };
        Ok(Overview {
            stored,
            messages,
            held: number(&row, 0),
            next_attempt: row.get::<Option<i64>, _>(1).map(time).transpose()?,
            last_success,
            last_run: self.runs(1).await?.pop(),
        })
    }

    /// The last runs, newest first.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn runs(&self, limit: u32) -> Result<Vec<RunRow>> {
        sqlx::query("SELECT number, kind, started_at, ended_at, report FROM run ORDER BY number DESC LIMIT ?")
            .bind(limit)
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(|row| {
                Ok(RunRow {
                    number: row.get(0),
                    kind: row.get(1),
                    started_at: time(row.get(2))?,
                    ended_at: row.get::<Option<i64>, _>(3).map(time).transpose()?,
                    report: row.get::<Option<&str>, _>(4).and_then(|text| serde_json::from_str(text).ok()),
                })
            })
            .collect()
    }

    /// The last messages, newest first, with their attempts.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn messages(&self, limit: u32) -> Result<Vec<MessageRow>> {
        let rows = sqlx::query(
            "SELECT m.seq, m.message_id, m.made_at, m.state, m.bytes, m.entries, \
               (SELECT count(*) FROM item i WHERE i.seq = m.seq AND i.outcome IN ('stored', 'unchanged')), \
               (SELECT count(*) FROM item i WHERE i.seq = m.seq AND i.outcome = 'refused'), \
               m.next_attempt, m.finished_at, m.reason \
             FROM message m ORDER BY m.seq DESC LIMIT ?",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let mut messages = Vec::with_capacity(rows.len());
        for row in &rows {
            let attempts = sqlx::query(
                "SELECT started_at, ended_at, outcome, http_status, detail FROM attempt \
                 WHERE seq = ? ORDER BY number",
            )
            .bind(row.get::<i64, _>(0))
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(|row| {
                Ok(AttemptRow {
                    started_at: time(row.get(0))?,
                    ended_at: row.get::<Option<i64>, _>(1).map(time).transpose()?,
                    outcome: row.get(2),
                    http_status: row
                        .get::<Option<i64>, _>(3)
                        .and_then(|status| u16::try_from(status).ok()),
                    failure: row.get::<Option<&str>, _>(4).and_then(failure),
                })
            })
            .collect::<Result<Vec<_>>>()?;
            messages.push(MessageRow {
                message_id: row.get(1),
                made_at: time(row.get(2))?,
                state: State::from_name(row.get(3))
                    .ok_or(OutboxError::Damaged("an unknown state"))?,
                bytes: number(row, 4),
                entries: number(row, 5),
                stored: number(row, 6),
                refused: number(row, 7),
                next_attempt: row.get::<Option<i64>, _>(8).map(time).transpose()?,
                finished_at: row.get::<Option<i64>, _>(9).map(time).transpose()?,
                reason: row.get::<Option<&str>, _>(10).and_then(failure),
                attempts,
            });
        }
        Ok(messages)
    }

    /// What is held, oldest first.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn held(&self) -> Result<Vec<HeldRow>> {
        sqlx::query(
            "SELECT number, resource_type, resource_id, file, line, since, origin, message_id, issues \
             FROM held ORDER BY number",
        )
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(|row| {
            Ok(HeldRow {
                number: row.get(0),
                resource_type: row.get(1),
                resource_id: row.get(2),
                file: row.get(3),
                line: u32::try_from(row.get::<i64, _>(4)).unwrap_or_default(),
                since: time(row.get(5))?,
                origin: if row.get::<&str, _>(6) == "check" { Origin::Check } else { Origin::Register },
                message_id: row.get(7),
                findings: serde_json::from_str(row.get(8))
                    .map_err(|_| OutboxError::Damaged("findings that cannot be read"))?,
            })
        })
        .collect()
    }

    /// When the last planned transfer began.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn last_planned(&self) -> Result<Option<Timestamp>> {
        let row = sqlx::query("SELECT max(started_at) FROM run WHERE kind = 'planned'")
            .fetch_one(&self.pool)
            .await?;
        row.get::<Option<i64>, _>(0).map(time).transpose()
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
        row.get::<Option<i64>, _>(0).map(time).transpose()
    }

    /// How many messages are open.
    pub(crate) async fn open_messages(&self) -> Result<u64> {
        let row = sqlx::query(
            "SELECT count(*) FROM message WHERE state IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped')",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(number(&row, 0))
    }

    /// The versions that are held.
    pub(crate) async fn held_versions(&self) -> Result<Vec<Hash>> {
        sqlx::query("SELECT version FROM held")
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(|row| super::hash(row, 0))
            .collect()
    }

    /// How many resources are held.
    pub(crate) async fn held_count(&self) -> Result<u64> {
        let row = sqlx::query("SELECT count(*) FROM held").fetch_one(&self.pool).await?;
        Ok(number(&row, 0))
    }
}

/// Attempts that delivered their message stored an empty text once.
fn failure(stored: &str) -> Option<AttemptFailure> {
    (!stored.is_empty()).then(|| AttemptFailure::from_stored(stored))
}

fn number(row: &sqlx::sqlite::SqliteRow, column: usize) -> u64 {
    u64::try_from(row.get::<i64, _>(column)).unwrap_or_default()
}
