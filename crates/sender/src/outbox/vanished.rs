//! Confirmed resources that a complete source does not hold any more.

use jiff::Timestamp;
use serde::Serialize;

use super::columns::Columns;
use super::{Outbox, PAGE, Result, hash, ms, time};
use crate::index::Index;

/// A record that the register has and a complete source does not any more. Leaving it out annuls
/// nothing: only a person knows whether it was deleted or is missing by mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VanishedRow {
    /// Number to annul it by.
    pub number: i64,
    /// Type of the resource.
    pub resource_type: String,
    /// Its technical id, unless that looks like an identity number.
    pub resource_id: Option<String>,
    /// The source's own key.
    pub source_key: Option<String>,
    /// When it was first missed.
    pub since: Timestamp,
    /// When the register last confirmed it.
    pub confirmed_at: Timestamp,
}

impl Outbox {
    /// Brings the list of vanished records up to date: those that are in the source again leave it, and,
    /// where `may_add`, those that are missed join it. Returns how many joined.
    pub(crate) async fn note_vanished(
        &self,
        index: &Index,
        may_add: bool,
        now: Timestamp,
    ) -> Result<u64> {
        let mut step = self.begin().await?;
        for row in
            sqlx::query("SELECT number, identity FROM vanished").fetch_all(&mut *step).await?
        {
            if index.position(hash(&row, 1)?).is_some() {
                sqlx::query("DELETE FROM vanished WHERE number = ?")
                    .bind(row.read::<i64>(0)?)
                    .execute(&mut *step)
                    .await?;
            }
        }
        let mut joined = 0;
        if may_add {
            let mut after = Vec::new();
            loop {
                // The guide says how to annul these only; the rest is described by them.
                let rows = sqlx::query(
                    "SELECT identity FROM stored WHERE identity > ? AND annulled_at IS NULL \
                     AND resource_type IN (SELECT number FROM resource_type \
                     WHERE name IN ('MedicationAdministration', 'MedicationRequest')) \
                     ORDER BY identity LIMIT ?",
                )
                .bind(&after)
                .bind(PAGE)
                .fetch_all(&mut *step)
                .await?;
                for row in &rows {
                    let identity = hash(row, 0)?;
                    if index.position(identity).is_none() {
                        joined += sqlx::query(
                            "INSERT INTO vanished (identity, since) VALUES (?, ?) \
                             ON CONFLICT DO NOTHING",
                        )
                        .bind(identity.0.as_slice())
                        .bind(ms(now))
                        .execute(&mut *step)
                        .await?
                        .rows_affected();
                    }
                }
                match rows.last() {
                    Some(last) => after = last.read(0)?,
                    None => break,
                }
            }
        }
        self.commit(step).await?;
        Ok(joined)
    }

    /// What has vanished and is not annulled, oldest first.
    ///
    /// # Errors
    /// [`OutboxError`](super::OutboxError).
    pub async fn vanished(&self) -> Result<Vec<VanishedRow>> {
        sqlx::query(
            "SELECT v.number, t.name, s.resource_id, s.source_key, v.since, s.at \
             FROM vanished v JOIN stored s ON s.identity = v.identity \
             JOIN resource_type t ON t.number = s.resource_type \
             WHERE s.annulled_at IS NULL ORDER BY v.number",
        )
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(|row| {
            Ok(VanishedRow {
                number: row.read(0)?,
                resource_type: row.read(1)?,
                resource_id: row.read_name(2)?,
                source_key: row.read_name(3)?,
                since: time(row.read(4)?)?,
                confirmed_at: time(row.read(5)?)?,
            })
        })
        .collect()
    }

    /// How many there are.
    pub(crate) async fn vanished_count(&self) -> Result<u64> {
        let row = sqlx::query(
            "SELECT count(*) FROM vanished v JOIN stored s ON s.identity = v.identity \
             WHERE s.annulled_at IS NULL",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(u64::try_from(row.read::<i64>(0)?).unwrap_or_default())
    }
}
