//! The correction desk: what an operator releases or discards, the journal of it, and what cannot be used of the
//! source.

use std::collections::{HashMap, HashSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use lmr_fhir::Language;
use lmr_lmdi::person::looks_personal;
use serde::{Deserialize, Serialize};

use super::columns::Columns;
use super::held::{GIVES_CHANGES, all_held};
use super::stored::{leaves_something_to_send, wants_everything};
use super::{HeldRow, Origin, Outbox, OutboxError, Released, Result, ms, time};
use crate::identity::Hash;
use crate::source::{RowError, SourceIssue, SourceIssueKind};

/// Under this name the outbox has which hooks failed after the last run.
const FAILED_HOOKS: &str = "failed-hooks";
/// Most issues of the source that are kept; the report of the run has all.
const MAX_ISSUES: usize = 10_000;
/// How long it is remembered that a hook was notified.
const NOTIFIED_RETENTION: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Longest name and reason that are taken, in characters.
const MAX_TEXT: usize = 500;

/// Who acts, and why: what the journal keeps of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    operator: String,
    reason: Option<String>,
    at: Timestamp,
}

/// Why an act is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActError {
    /// Nobody is named.
    NoOperator,
    /// No reason where one is needed.
    NoReason,
    /// A name or a reason over 500 characters.
    TooLong,
    /// The journal would hold an identity number.
    Personal,
}

impl ActError {
    /// What is wrong and what to do.
    #[must_use]
    pub fn text(self, language: Language) -> &'static str {
        let (nb, en) = match self {
            Self::NoOperator => (
                "ingen operatør er oppgitt: journalen skal vise hvem som gjorde det",
                "no operator is given: the journal is to show who did it",
            ),
            Self::NoReason => (
                "ingen begrunnelse er oppgitt: journalen skal vise hvorfor",
                "no reason is given: the journal is to show why",
            ),
            Self::TooLong => (
                "operatøren og begrunnelsen kan ha høyst 500 tegn hver",
                "the operator and the reason may have at most 500 characters each",
            ),
            Self::Personal => (
                "operatøren eller begrunnelsen har noe som ser ut som et fødselsnummer; skriv det uten",
                "the operator or the reason has what looks like an identity number; say it without",
            ),
        };
        match language {
            Language::Bokmal => nb,
            Language::English => en,
        }
    }
}

impl fmt::Display for ActError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(Language::English))
    }
}

impl std::error::Error for ActError {}

impl Act {
    /// An act of `operator` at `at`. A reason of blanks is none.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn new(
        operator: &str,
        reason: Option<&str>,
        at: Timestamp,
    ) -> std::result::Result<Self, ActError> {
        let operator = operator.trim();
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        if operator.is_empty() {
            return Err(ActError::NoOperator);
        }
        for text in [Some(operator), reason].into_iter().flatten() {
            if text.chars().count() > MAX_TEXT {
                return Err(ActError::TooLong);
            }
            if looks_personal(text) {
                return Err(ActError::Personal);
            }
        }
        Ok(Self { operator: operator.to_owned(), reason: reason.map(str::to_owned), at })
    }

    /// The same, with a reason for sure.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn with_reason(
        operator: &str,
        reason: &str,
        at: Timestamp,
    ) -> std::result::Result<Self, ActError> {
        let act = Self::new(operator, Some(reason), at)?;
        if act.reason.is_none() {
            return Err(ActError::NoReason);
        }
        Ok(act)
    }
}

/// What was discarded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Discarded {
    /// Records that are neither listed nor sent until they change at the source.
    pub records: u64,
    /// Correct records that refer to them and cannot go either.
    pub waiting: u64,
}

/// What an operator did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JournalEntry {
    /// Its number, in the order of the acts.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// `release`, `discard`, `annul`, `forget` and others.
    pub kind: String,
    /// Who; `None` for what was noted before names were kept.
    pub operator: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What was done, in English.
    pub text: String,
    /// The records that it was about, as they were then.
    pub records: Vec<JournalRecord>,
}

/// A record as the journal names it: no content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalRecord {
    /// The number that it was held under.
    pub number: i64,
    /// Type of the resource.
    pub resource_type: String,
    /// Its technical id, unless that looks like an identity number.
    pub resource_id: Option<String>,
    /// The source's own key.
    pub source_key: Option<String>,
    /// File below the source folder.
    pub file: String,
    /// Line from 1.
    pub line: u32,
    /// The codes that held it.
    pub codes: Vec<String>,
}

impl JournalRecord {
    fn of(row: &HeldRow) -> Self {
        let mut codes: Vec<String> =
            row.findings.iter().filter_map(|finding| finding.code.clone()).collect();
        codes.sort_unstable();
        codes.dedup();
        Self {
            number: row.number,
            resource_type: row.resource_type.clone(),
            resource_id: row.resource_id.clone(),
            source_key: row.source_key.clone(),
            file: row.file.clone(),
            line: row.line,
            codes,
        }
    }
}

/// A part of the source that could not be used when it was last read: a row that cannot be mapped, a broken line, a
/// broken file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceIssueRow {
    /// The part's name for people.
    pub file: String,
    /// Line from 1, where one is known.
    pub line: Option<u32>,
    /// The row's own key, unless it looks like an identity number.
    pub source_key: Option<String>,
    /// It is a row of a table.
    pub is_row: bool,
    /// What is wrong, the same for all with the same cause, in bokmål.
    pub cause_nb: String,
    /// What is wrong, in English.
    pub cause_en: String,
    /// Since when it has been so.
    pub since: Timestamp,
}

impl SourceIssueRow {
    /// What is wrong.
    #[must_use]
    pub fn cause(&self, language: Language) -> &str {
        match language {
            Language::Bokmal => &self.cause_nb,
            Language::English => &self.cause_en,
        }
    }
}

impl Outbox {
    /// Releases held records, discarded ones too: they are checked, and sent where the check finds nothing, with the
    /// next transfer. Numbers of nothing held are passed over. Where nothing is held afterwards, it is also forgotten
    /// that the register has called messages too large. Of a source that gives changes only they stay listed until it
    /// gives them again: nothing else would show those that it does not.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn release(&self, numbers: &[i64], act: &Act) -> Result<Released> {
        let gives_changes = self.setting(GIVES_CHANGES).await?.is_some();
        let mut step = self.begin().await?;
        let mut all = all_held(&mut step).await?;
        let total = all.len();
        let numbers: HashSet<i64> = numbers.iter().copied().collect();
        all.retain(|row| numbers.contains(&row.number));
        let mut released = Released { stay_listed: gives_changes, ..Released::default() };
        for row in &all {
            let released_row = match gives_changes {
                true => sqlx::query(
                    "UPDATE held SET version = ?, discarded_at = NULL, discarded_by = NULL, discard_reason = NULL \
                     WHERE number = ?",
                )
                .bind(Hash::NO_VERSION.0.as_slice()),
                false => sqlx::query("DELETE FROM held WHERE number = ?"),
            };
            released_row.bind(row.number).execute(&mut *step).await?;
            released.discarded += u64::from(row.discarded.is_some());
            match row.origin {
                Origin::Register => released.refused_by_register += 1,
                Origin::Check => released.found_by_check += 1,
            }
        }
        if released.discarded > 0 {
            wants_everything(&mut step).await?;
        }
        if all.len() == total {
            sqlx::query("DELETE FROM setting WHERE name = 'bundle-bytes'")
                .execute(&mut *step)
                .await?;
        }
        if !all.is_empty() {
            note(&mut step, "release", act, &all).await?;
            leaves_something_to_send(&mut step).await?;
        }
        self.commit(step).await?;
        Ok(released)
    }

    /// Discards held records: until they change at the source they are not sent and not listed as something to be
    /// corrected. What is discarded already stays as it is.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn discard(&self, numbers: &[i64], act: &Act) -> Result<Discarded> {
        let mut step = self.begin().await?;
        let mut rows = all_held(&mut step).await?;
        let numbers: HashSet<i64> = numbers.iter().copied().collect();
        rows.retain(|row| row.discarded.is_none() && numbers.contains(&row.number));
        let mut discarded = Discarded::default();
        for row in &rows {
            sqlx::query(
                "UPDATE held SET discarded_at = ?, discarded_by = ?, discard_reason = ? WHERE number = ?",
            )
            .bind(ms(act.at))
            .bind(&act.operator)
            .bind(&act.reason)
            .bind(row.number)
            .execute(&mut *step)
            .await?;
            discarded.records += 1;
            discarded.waiting += row.waiting;
        }
        if !rows.is_empty() {
            note(&mut step, "discard", act, &rows).await?;
        }
        self.commit(step).await?;
        Ok(discarded)
    }

    /// What operators did, newest first.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn journal(&self, limit: u32) -> Result<Vec<JournalEntry>> {
        sqlx::query(
            "SELECT number, at, kind, operator, reason, text, records FROM operation \
             ORDER BY number DESC LIMIT ?",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(|row| {
            Ok(JournalEntry {
                number: row.read(0)?,
                at: time(row.read(1)?)?,
                kind: row.read(2)?,
                operator: row.read(3)?,
                reason: row.read(4)?,
                text: row.read(5)?,
                records: serde_json::from_str(row.read(6)?)
                    .map_err(|_| OutboxError::Damaged("a journal entry that cannot be read"))?,
            })
        })
        .collect()
    }

    /// Whether a hook was notified of a cause on a day.
    pub(crate) async fn is_notified(&self, hook: &str, cause: &str, day: &str) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM notified WHERE hook = ? AND cause = ? AND day = ?")
            .bind(hook)
            .bind(cause)
            .bind(day)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }

    /// Notes which hooks failed after the last run; none clears what was noted before.
    pub(crate) async fn set_failed_hooks(&self, names: &[String]) -> Result<()> {
        let known = self.failed_hooks().await?;
        if known == names {
            return Ok(());
        }
        let text = serde_json::to_string(names)
            .map_err(|_| OutboxError::Damaged("names of hooks cannot be written"))?;
        self.set(FAILED_HOOKS, &text).await
    }

    /// The hooks that failed after the last run: nobody may have heard of it. They are only shown, so what cannot be read
    /// is none.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn failed_hooks(&self) -> Result<Vec<String>> {
        let text = self.setting(FAILED_HOOKS).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// Notes that a hook was notified, and forgets what it was notified of days long gone.
    pub(crate) async fn note_notified(
        &self,
        hook: &str,
        cause: &str,
        day: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut step = self.begin().await?;
        sqlx::query("DELETE FROM notified WHERE day <> 'once' AND at < ?")
            .bind(ms(now.saturating_sub(NOTIFIED_RETENTION).unwrap_or(Timestamp::MIN)))
            .execute(&mut *step)
            .await?;
        sqlx::query(
            "INSERT INTO notified (hook, cause, day, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(hook)
        .bind(cause)
        .bind(day)
        .bind(ms(now))
        .execute(&mut *step)
        .await?;
        self.commit(step).await
    }

    /// What former planned transfers sent that was new or changed, with the time when each began, newest first.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn sent_before(&self, before: Timestamp) -> Result<Vec<(Timestamp, u64)>> {
        sqlx::query(
            "SELECT started_at, coalesce(json_extract(report, '$.new'), 0) \
             + coalesce(json_extract(report, '$.changed'), 0) FROM run \
             WHERE kind = 'planned' AND json_valid(report) AND started_at < ? \
             ORDER BY number DESC LIMIT 1000",
        )
        .bind(ms(before))
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(|row| {
            Ok((time(row.read(0)?)?, u64::try_from(row.read::<i64>(1)?).unwrap_or_default()))
        })
        .collect()
    }

    /// Replaces the list of what cannot be used of the source. What was there before keeps its date.
    pub(crate) async fn set_source_issues(
        &self,
        issues: &[SourceIssue],
        now: Timestamp,
    ) -> Result<()> {
        let before = self.source_issues().await?;
        if before.is_empty() && issues.is_empty() {
            return Ok(());
        }
        let since: HashMap<_, _> =
            before.iter().map(|row| ((&*row.file, row.line, &*row.cause_en), row.since)).collect();
        let mut step = self.begin().await?;
        sqlx::query("DELETE FROM source_issue").execute(&mut *step).await?;
        for issue in issues.iter().take(MAX_ISSUES) {
            let (key, cause) = cause(&issue.issue);
            let cause_en = cause.text(Language::English);
            let since = since.get(&(&*issue.file, issue.line, &*cause_en)).copied();
            sqlx::query(
                "INSERT INTO source_issue (file, line, source_key, is_row, cause_nb, cause_en, since) \
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&issue.file)
            .bind(issue.line.map(i64::from))
            .bind(key)
            .bind(matches!(issue.issue, SourceIssueKind::Row { .. }))
            .bind(cause.text(Language::Bokmal))
            .bind(cause_en)
            .bind(ms(since.unwrap_or(now)))
            .execute(&mut *step)
            .await?;
        }
        self.commit(step).await
    }

    /// What could not be used of the source when it was last read, in its order.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn source_issues(&self) -> Result<Vec<SourceIssueRow>> {
        sqlx::query(
            "SELECT file, line, source_key, is_row, cause_nb, cause_en, since FROM source_issue \
             ORDER BY number",
        )
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(|row| {
            Ok(SourceIssueRow {
                file: row.read(0)?,
                line: row.read::<Option<i64>>(1)?.and_then(|line| u32::try_from(line).ok()),
                source_key: row.read(2)?,
                is_row: row.read(3)?,
                cause_nb: row.read(4)?,
                cause_en: row.read(5)?,
                since: time(row.read(6)?)?,
            })
        })
        .collect()
    }
}

/// An issue without what is only this row's, and the row's key.
fn cause(issue: &SourceIssueKind) -> (Option<&str>, SourceIssueKind) {
    match issue {
        SourceIssueKind::Row { error } => {
            let cause = RowError { key: None, ..error.clone() };
            (error.key.as_deref(), SourceIssueKind::Row { error: cause })
        }
        other => (None, other.clone()),
    }
}

async fn note(
    step: &mut sqlx::Transaction<'static, sqlx::Sqlite>,
    kind: &'static str,
    act: &Act,
    rows: &[HeldRow],
) -> Result<()> {
    let records: Vec<JournalRecord> = rows.iter().map(JournalRecord::of).collect();
    let records = serde_json::to_string(&records)
        .map_err(|_| OutboxError::Damaged("a journal entry cannot be written"))?;
    sqlx::query(
        "INSERT INTO operation (at, kind, text, operator, reason, records) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(ms(act.at))
    .bind(kind)
    .bind(format!("{} records", rows.len()))
    .bind(&act.operator)
    .bind(&act.reason)
    .bind(records)
    .execute(&mut **step)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_has_a_number_in_no_spelling() {
        let act = |text: &str| Act::new("kari", Some(text), Timestamp::UNIX_EPOCH);
        for spelling in lmr_fhir::digits::spellings("12818012345") {
            let refused = act(&format!("sak om {} i dag", spelling.text));
            assert!(matches!(refused, Err(ActError::Personal)), "{}", spelling.text);
        }
        assert!(act("feilsendt 2026-11-26T10:15, sak 2026/1234").is_ok());
    }
}
