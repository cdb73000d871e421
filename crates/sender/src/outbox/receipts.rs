//! Receipts that the register has given, as they were signed.

use jiff::Timestamp;
use lmr_envelope::{ReceiptDigest, VerifiedReceipt};
use serde::Serialize;

use super::columns::Columns;
use super::{Outbox, OutboxError, Result, ms, time};

/// A receipt that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptRow {
    /// Its number among the sender's receipts at the register.
    pub sequence: u64,
    /// The message.
    pub message_id: String,
    /// When it came.
    pub kept_at: Timestamp,
    /// What is wrong with it, in English, as in the log.
    pub problem: Option<String>,
    /// The receipt as it was signed.
    pub receipt: String,
}

/// Said of a receipt whose message the register has no more. Such a receipt proves that it had it, and counts for
/// nothing else.
const LOST: &str = "the register has lost this message, as after a restore from a backup";

/// A receipt that counts, as far as what is lost and forks are looked for.
pub(crate) struct CountingReceipt {
    pub(crate) sequence: u64,
    pub(crate) digest: ReceiptDigest,
    pub(crate) message_id: String,
    pub(crate) kept_at: Timestamp,
    pub(crate) text: String,
}

fn digest(bytes: Vec<u8>) -> Result<ReceiptDigest> {
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| OutboxError::Damaged("receipt.digest"))?;
    Ok(bytes.into())
}

fn number(sequence: i64) -> Result<u64> {
    u64::try_from(sequence).map_err(|_| OutboxError::Damaged("receipt.sequence"))
}

impl Outbox {
    /// The receipts that count, from a number on, by number.
    pub(crate) async fn receipts_from(&self, sequence: u64) -> Result<Vec<CountingReceipt>> {
        let rows = sqlx::query(
            "SELECT sequence, digest, message_id, kept_at, receipt FROM receipt \
             WHERE sequence >= ? AND problem IS NOT ? ORDER BY sequence",
        )
        .bind(i64::try_from(sequence).unwrap_or(i64::MAX))
        .bind(LOST)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(CountingReceipt {
                    sequence: number(row.read(0)?)?,
                    digest: digest(row.read(1)?)?,
                    message_id: row.read(2)?,
                    kept_at: time(row.read(3)?)?,
                    text: row.read(4)?,
                })
            })
            .collect()
    }

    /// The first number that the register has given twice, with the digest of the receipt that came second.
    pub(crate) async fn number_given_again(&self) -> Result<Option<(u64, ReceiptDigest)>> {
        let row = sqlx::query(
            "SELECT second.sequence, second.digest FROM receipt second \
             JOIN receipt first ON first.sequence = second.sequence AND first.digest <> second.digest \
             WHERE second.problem IS NOT NULL AND second.problem <> ?1 AND first.problem IS NOT ?1 \
             ORDER BY second.sequence LIMIT 1",
        )
        .bind(LOST)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| Ok((number(row.read(0)?)?, digest(row.read(1)?)?))).transpose()
    }

    /// Notes that the register has lost the messages of these receipts.
    pub(crate) async fn note_lost(&self, lost: &[CountingReceipt]) -> Result<()> {
        let mut step = self.begin().await?;
        for receipt in lost {
            sqlx::query("UPDATE receipt SET problem = ? WHERE sequence = ? AND digest = ?")
                .bind(LOST)
                .bind(i64::try_from(receipt.sequence).unwrap_or(i64::MAX))
                .bind(&receipt.digest.as_bytes()[..])
                .execute(&mut *step)
                .await?;
        }
        self.commit(step).await
    }

    /// Whether a receipt is one whose message the register had lost.
    pub(crate) async fn was_noted_lost(&self, digest: ReceiptDigest) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM receipt WHERE digest = ? AND problem IS ?)";
        let query = sqlx::query(sql).bind(&digest.as_bytes()[..]).bind(LOST);
        query.fetch_one(&self.pool).await?.read(0)
    }

    /// Keeps a receipt; a copy of one that is kept already changes nothing.
    pub(crate) async fn keep_receipt(
        &self,
        message_id: &str,
        verified: &VerifiedReceipt,
        text: &str,
        problem: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        let mut step = self.begin().await?;
        sqlx::query(
            "INSERT INTO receipt (sequence, digest, message_id, kept_at, problem, receipt) \
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(i64::try_from(verified.receipt.sequence).unwrap_or(i64::MAX))
        .bind(&verified.digest.as_bytes()[..])
        .bind(message_id)
        .bind(ms(now))
        .bind(problem)
        .bind(text)
        .execute(&mut *step)
        .await?;
        self.commit(step).await
    }

    /// The digests of the receipts with this number that count: one, unless the register has given it twice.
    pub(crate) async fn receipt_digests(&self, sequence: u64) -> Result<Vec<ReceiptDigest>> {
        let rows =
            sqlx::query("SELECT digest FROM receipt WHERE sequence = ? AND problem IS NOT ?")
                .bind(i64::try_from(sequence).unwrap_or(i64::MAX))
                .bind(LOST)
                .fetch_all(&self.pool)
                .await?;
        rows.iter().map(|row| digest(row.read(0)?)).collect()
    }

    /// The highest number of a receipt that counts.
    pub(crate) async fn newest_sequence(&self) -> Result<Option<u64>> {
        let row = sqlx::query("SELECT max(sequence) FROM receipt WHERE problem IS NOT ?")
            .bind(LOST)
            .fetch_one(&self.pool)
            .await?;
        row.read::<Option<i64>>(0)?.map(number).transpose()
    }

    /// Whether a message is one of this ledger's.
    pub(crate) async fn knows_message(&self, message_id: &str) -> Result<bool> {
        let sql = "SELECT count(*) FROM message WHERE message_id = ?";
        let row = sqlx::query(sql).bind(message_id).fetch_one(&self.pool).await?;
        Ok(row.read::<i64>(0)? > 0)
    }

    /// The bytes of a message that may still be sent.
    pub(crate) async fn sealed(&self, seq: i64) -> Result<Option<Vec<u8>>> {
        let row = sqlx::query("SELECT sealed FROM message WHERE seq = ?")
            .bind(seq)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| row.read(0)).transpose()?.flatten())
    }

    /// The messages that go by a name: their own id, or the number or the digest of their receipt.
    pub(crate) async fn messages_by_name(&self, name: &str) -> Result<Vec<String>> {
        let name = name.trim().to_ascii_lowercase();
        let id = name.strip_prefix("urn:uuid:").unwrap_or(&name);
        let digest = ReceiptDigest::parse(&name);
        let rows = sqlx::query(
            "SELECT message_id FROM message WHERE message_id = ?1 \
             UNION SELECT message_id FROM receipt WHERE sequence = ?2 OR digest = ?3 ORDER BY 1",
        )
        .bind(id)
        .bind(name.parse::<i64>().ok())
        .bind(digest.as_ref().map(|digest| &digest.as_bytes()[..]))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| row.read(0)).collect()
    }

    /// The receipts of a message.
    pub(crate) async fn receipts_of(&self, message_id: &str) -> Result<Vec<ReceiptRow>> {
        let mut all = self.receipts().await?;
        all.retain(|receipt| receipt.message_id == message_id);
        Ok(all)
    }

    /// All receipts, by number.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn receipts(&self) -> Result<Vec<ReceiptRow>> {
        let rows = sqlx::query(
            "SELECT sequence, message_id, kept_at, problem, receipt FROM receipt ORDER BY sequence, kept_at",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(ReceiptRow {
                    sequence: number(row.read(0)?)?,
                    message_id: row.read(1)?,
                    kept_at: time(row.read(2)?)?,
                    problem: row.read(3)?,
                    receipt: row.read(4)?,
                })
            })
            .collect()
    }
}
