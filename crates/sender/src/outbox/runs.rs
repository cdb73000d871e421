//! The beginning and the end of a run, how far its transfer is, and what runs have left since the last transfer.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::columns::Columns;
use super::{Outbox, OutboxError, Result, int, ms};
use crate::meter::TransferState;
use crate::report::RunKind;
use crate::source::PlaceMark;

/// Under this name the outbox has how far a transfer is.
const TRANSFER: &str = "transfer";

/// What is left to the next planned transfer, or to a person, by what was done since the last one. It is counted in the
/// step that books it: a report is written at the end of a run only, and a run that is cut off has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Messages that were given up: their content is in no other yet.
    GivenUp,
    /// Correct records that the register could not store.
    NotStored,
    /// Receipts that do not hold.
    DoubtfulReceipts,
    /// Records under whose ids the source had others, as another source has.
    OfAnotherSource,
}

impl Left {
    const ALL: [Self; 4] =
        [Self::GivenUp, Self::NotStored, Self::DoubtfulReceipts, Self::OfAnotherSource];

    /// Under this name the outbox has the count.
    fn setting(self) -> &'static str {
        match self {
            Self::GivenUp => "since-transfer.given_up",
            Self::NotStored => "since-transfer.not_stored",
            Self::DoubtfulReceipts => "since-transfer.doubtful_receipts",
            Self::OfAnotherSource => "since-transfer.of_another_source",
        }
    }

    /// Counts more of it.
    pub(super) async fn add(self, connection: &mut SqliteConnection, count: usize) -> Result<()> {
        if count > 0 {
            sqlx::query(
                "INSERT INTO setting (name, value) VALUES (?1, CAST(?2 AS TEXT)) ON CONFLICT (name) \
                 DO UPDATE SET value = CAST(CAST(value AS INTEGER) + ?2 AS TEXT)",
            )
            .bind(self.setting())
            .bind(int(count))
            .execute(connection)
            .await?;
        }
        Ok(())
    }
}

/// A name that begins so has the mark of the folder at the path behind it.
const PLACE: &str = "place ";

impl Outbox {
    /// Notes that a run begins.
    pub(crate) async fn begin_run(&self, kind: RunKind, now: Timestamp) -> Result<i64> {
        let mut step = self.begin().await?;
        let number = sqlx::query("INSERT INTO run (kind, started_at) VALUES (?, ?)")
            .bind(kind.as_str())
            .bind(ms(now))
            .execute(&mut *step)
            .await?
            .last_insert_rowid();
        self.commit(step).await?;
        Ok(number)
    }

    /// What distinguished folders from others at their paths when something was in them last.
    pub(crate) async fn place_marks(&self) -> Result<HashMap<PathBuf, PlaceMark>> {
        let rows =
            sqlx::query("SELECT name, value FROM setting WHERE name >= ?1 AND name < ?1 || '~'")
                .bind(PLACE)
                .fetch_all(&self.pool)
                .await?;
        let mut marks = HashMap::new();
        for row in &rows {
            let (name, value): (&str, &str) = (row.read(0)?, row.read(1)?);
            let path = name.strip_prefix(PLACE).map(PathBuf::from);
            marks.extend(path.zip(PlaceMark::from_stored(value)));
        }
        Ok(marks)
    }

    /// Notes what distinguishes the folder at a path, in which something is.
    pub(crate) async fn note_place(&self, path: &Path, mark: &PlaceMark) -> Result<()> {
        self.set(&format!("{PLACE}{}", path.display()), &mark.to_stored()).await
    }

    /// Notes how far the transfer under way is.
    pub(crate) async fn note_transfer(&self, state: &TransferState) -> Result<()> {
        let text = serde_json::to_string(state)
            .map_err(|_| OutboxError::Damaged("a transfer's state cannot be written"))?;
        self.set(TRANSFER, &text).await
    }

    /// How far the transfer is that has begun and not ended. It is only shown, so one that cannot be read is none:
    /// nothing else of the overview depends on it.
    pub(crate) async fn transfer(&self) -> Result<Option<TransferState>> {
        let text = self.setting(TRANSFER).await?;
        let state = text.and_then(|text| serde_json::from_str::<TransferState>(&text).ok());
        let Some(state) = state else { return Ok(None) };
        let row = sqlx::query("SELECT ended_at IS NULL FROM run WHERE number = ?")
            .bind(state.run)
            .fetch_optional(&self.pool)
            .await?;
        let is_open: bool = row.map(|row| row.read(0)).transpose()?.unwrap_or_default();
        Ok(is_open.then_some(state))
    }

    /// How much there is of something that is left since the last planned transfer that came to its end.
    pub(super) async fn left(&self, what: Left) -> Result<u64> {
        let count = self.setting(what.setting()).await?;
        Ok(count.and_then(|count| count.parse().ok()).unwrap_or_default())
    }

    /// Notes that a run ended, with its report as JSON. `has_sent_all`: a planned transfer that came to its end, so that
    /// what was left before is in its messages or its report.
    pub(crate) async fn end_run(
        &self,
        number: i64,
        report: &str,
        has_sent_all: bool,
        now: Timestamp,
    ) -> Result<()> {
        let mut step = self.begin().await?;
        for left in Left::ALL.iter().filter(|_| has_sent_all) {
            sqlx::query("DELETE FROM setting WHERE name = ?")
                .bind(left.setting())
                .execute(&mut *step)
                .await?;
        }
        sqlx::query("DELETE FROM setting WHERE name = ?")
            .bind(TRANSFER)
            .execute(&mut *step)
            .await?;
        sqlx::query("UPDATE run SET ended_at = ?, report = ? WHERE number = ?")
            .bind(ms(now))
            .bind(report)
            .bind(number)
            .execute(&mut *step)
            .await?;
        self.commit(step).await
    }
}
