//! The beginning and the end of a run, and how far its transfer is.

use jiff::Timestamp;

use super::columns::Columns;
use super::{Outbox, OutboxError, Result, ms};
use crate::meter::TransferState;
use crate::report::RunKind;

/// Under this name the outbox has how far a transfer is.
const TRANSFER: &str = "transfer";

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

    /// Notes that a run ended, with its report as JSON.
    pub(crate) async fn end_run(&self, number: i64, report: &str, now: Timestamp) -> Result<()> {
        let mut step = self.begin().await?;
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
