//! The ledger given out: what the register has confirmed, a row each.

use jiff::Timestamp;
use serde::Serialize;

use super::columns::Columns;
use super::{Outbox, PAGE, Result, time};

/// A resource that the register has confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerRow {
    /// Type of the resource.
    pub resource_type: String,
    /// Its technical id, unless that looks like an identity number.
    pub resource_id: Option<String>,
    /// The source's own key.
    pub source_key: Option<String>,
    /// The message that last delivered it, where it is still known.
    pub message_id: Option<String>,
    /// When the register confirmed it.
    pub confirmed_at: Timestamp,
    /// When it was annulled; the register may have lost that, or not have confirmed it yet.
    pub annulled_at: Option<Timestamp>,
    /// Whether a complete source does not hold it any more.
    pub has_vanished: bool,
    /// The keyed hash that the ledger knows it by, in hex digits.
    pub identity: String,
    /// The keyed hash of the content that was confirmed.
    pub version: String,
}

impl Outbox {
    /// Visits the ledger row by row, in the order of identities: a page at a time, so that a large one needs no
    /// memory.
    ///
    /// # Errors
    /// [`super::OutboxError`], or what `visit` gives.
    pub async fn each_in_ledger<E: From<super::OutboxError>>(
        &self,
        mut visit: impl FnMut(LedgerRow) -> std::result::Result<(), E>,
    ) -> std::result::Result<u64, E> {
        let mut last: Vec<u8> = Vec::new();
        let mut count = 0;
        loop {
            let page = self.ledger_page(&last).await?;
            let Some((identity, _)) = page.last() else { return Ok(count) };
            last.clone_from(identity);
            for (_, row) in page {
                count += 1;
                visit(row)?;
            }
        }
    }

    async fn ledger_page(&self, after: &[u8]) -> Result<Vec<(Vec<u8>, LedgerRow)>> {
        let rows = sqlx::query(
            "SELECT s.identity, s.version, t.name, s.resource_id, s.source_key, m.message_id, s.at, \
             s.annulled_at, v.identity IS NOT NULL FROM stored s \
             JOIN resource_type t ON t.number = s.resource_type LEFT JOIN message m ON m.seq = s.seq \
             LEFT JOIN vanished v ON v.identity = s.identity WHERE s.identity > ? ORDER BY s.identity LIMIT ?",
        )
        .bind(after)
        .bind(PAGE)
        .fetch_all(&self.pool)
        .await?;
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        rows.iter()
            .map(|row| {
                let identity: Vec<u8> = row.read(0)?;
                let annulled: Option<i64> = row.read(7)?;
                let ledger = LedgerRow {
                    resource_type: row.read(2)?,
                    resource_id: row.read_name(3)?,
                    source_key: row.read_name(4)?,
                    message_id: row.read(5)?,
                    confirmed_at: time(row.read(6)?)?,
                    annulled_at: annulled.map(|at| time(at.abs())).transpose()?,
                    has_vanished: row.read(8)?,
                    identity: hex(&identity),
                    version: hex(row.read(1)?),
                };
                Ok((identity, ledger))
            })
            .collect()
    }
}
