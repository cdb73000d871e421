//! Where a sender's data are, as one PostgreSQL database knows it, and how they are taken over from another one.

use super::writer::in_transaction;
use super::{PostgresStore, SNAPSHOT};
use super::{audit, outlet};
use crate::error::unavailable;
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use lmr_intake::{OrganisationNumber, StoreError};
use sqlx::postgres::PgRow;
use sqlx::{
    AssertSqlSafe, Connection as _, FromRow, PgConnection, Row as _, query, query_as, query_scalar,
};

/// What belongs to a sender, in an order in which no foreign key is ahead of its target. The audit log is taken over
/// apart: its entries are never removed.
const TABLES: [&str; 10] = [
    "message",
    "message_content",
    "message_code",
    "resource",
    "resource_version",
    "identifier_system",
    "refused_call",
    "day_count",
    "day_code",
    "hour_code",
];

/// The advisory lock of whoever moves senders.
const MOVING: i64 = 0x6c6d_725f_6d6f_7665;

/// What a database knows of a sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) chain: String,
    /// The database that has taken the sender over, or is about to.
    pub(crate) moved_to: Option<String>,
    pub(crate) sequence: i64,
    pub(crate) has_messages: bool,
}

impl FromRow<'_, PgRow> for Head {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            chain: row.try_get("chain")?,
            moved_to: row.try_get("moved_to")?,
            sequence: row.try_get("sequence")?,
            has_messages: row.try_get("has_messages")?,
        })
    }
}

/// What the taking over has copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Messages.
    pub messages: u64,
    /// Rows of all tables, those of the audit log included.
    pub rows: u64,
}

fn lost(what: &'static str) -> StoreError {
    StoreError::Damaged { what }
}

impl PostgresStore {
    /// Every sender that this database knows.
    pub(crate) async fn heads(&self) -> Result<Vec<Head>, StoreError> {
        query_as(
            "SELECT h.chain, h.moved_to, h.sequence,
                    EXISTS (SELECT 1 FROM message m WHERE m.organisation = h.chain) AS has_messages
             FROM audit_head h WHERE h.chain <> 'register'",
        )
        .fetch_all(&mut *self.0.reader().await?)
        .await
        .map_err(unavailable)
    }

    /// The senders whose directory entry names a database.
    pub(crate) async fn bound(&self) -> Result<Vec<(String, String)>, StoreError> {
        query_as("SELECT organisation, database FROM avsender WHERE database IS NOT NULL")
            .fetch_all(&mut *self.0.reader().await?)
            .await
            .map_err(unavailable)
    }

    /// Sets the database of a sender's directory entry.
    pub(crate) async fn bind(
        &self,
        sender: OrganisationNumber,
        database: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut db = self.0.administrator().await?;
        query("UPDATE avsender SET database = $1 WHERE organisation = $2")
            .bind(database)
            .bind(sender.as_str())
            .execute(&mut db)
            .await
            .map_err(unavailable)?;
        db.close().await.map_err(unavailable)
    }

    /// A session that has the right to move senders, as long as it is open; `None` while another one has it.
    pub(crate) async fn turn_to_move(&self) -> Result<Option<PgConnection>, StoreError> {
        let mut db = self.0.administrator().await?;
        let is_ours: bool = query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(MOVING)
            .fetch_one(&mut db)
            .await
            .map_err(unavailable)?;
        Ok(is_ours.then_some(db))
    }

    /// When the oldest message that waits at the outlet came.
    pub(crate) async fn oldest_waiting(&self, now: Timestamp) -> Result<Option<i64>, StoreError> {
        let waiting = outlet::waiting(&mut *self.0.reader().await?, now).await?;
        Ok(waiting.first().map(|sender| sender.oldest))
    }

    /// Takes no more of this sender's messages, because another database takes it over; or again, with `None`. Waits for
    /// what is being stored, acknowledged or erased.
    pub(crate) async fn fence(
        &self,
        sender: OrganisationNumber,
        to: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut db = self.0.administrator().await?;
        in_transaction(&mut db, async |db| {
            audit::begin(db, sender.as_str()).await?;
            query("UPDATE audit_head SET moved_to = $1 WHERE chain = $2")
                .bind(to)
                .bind(sender.as_str())
                .execute(db)
                .await
                .map_err(unavailable)
        })
        .await?;
        db.close().await.map_err(unavailable)
    }

    /// Takes over all that `source`, which is fenced, has of a sender; from the end of this on the sender is here. One
    /// transaction: interrupted, nothing of it has happened.
    pub(crate) async fn take_over(
        &self,
        source: &Self,
        sender: OrganisationNumber,
        own_name: &str,
    ) -> Result<Copied, StoreError> {
        let mut from = source.0.administrator().await?;
        let mut from_snapshot = from.begin_with(SNAPSHOT).await.map_err(unavailable)?;
        let mut to = self.0.administrator().await?;
        let mut here = to.begin().await.map_err(unavailable)?;
        let copied = take_over(&mut from_snapshot, &mut here, sender, own_name).await?;
        here.commit().await.map_err(unavailable)?;
        from_snapshot.rollback().await.map_err(unavailable)?;
        to.close().await.map_err(unavailable)?;
        from.close().await.map_err(unavailable)?;
        Ok(copied)
    }

    /// Removes what is left here of a sender that another database has taken over. Its receipts stay: the audit log
    /// is only added to.
    pub(crate) async fn clear(&self, sender: OrganisationNumber) -> Result<u64, StoreError> {
        let mut db = self.0.administrator().await?;
        let removed = in_transaction(&mut db, async |db| {
            let moved_to: Option<Option<String>> =
                query_scalar("SELECT moved_to FROM audit_head WHERE chain = $1 FOR UPDATE")
                    .bind(sender.as_str())
                    .fetch_optional(&mut *db)
                    .await
                    .map_err(unavailable)?;
            match moved_to {
                Some(None) => Err(lost("audit_head.moved_to: the sender is still here")),
                _ => remove(db, sender).await,
            }
        })
        .await?;
        db.close().await.map_err(unavailable)?;
        Ok(removed)
    }
}

async fn remove(db: &mut PgConnection, sender: OrganisationNumber) -> Result<u64, StoreError> {
    let mut removed = 0;
    for table in TABLES.iter().rev() {
        let statement = format!("DELETE FROM {table} WHERE organisation = $1");
        let done = query(AssertSqlSafe(statement)).bind(sender.as_str()).execute(&mut *db).await;
        removed += done.map_err(unavailable)?.rows_affected();
    }
    Ok(removed)
}

async fn take_over(
    from: &mut PgConnection,
    here: &mut PgConnection,
    sender: OrganisationNumber,
    own_name: &str,
) -> Result<Copied, StoreError> {
    let head: Option<(i64, Vec<u8>, i64, Option<String>)> = query_as(
        "SELECT sequence, digest, message_offset, moved_to FROM audit_head WHERE chain = $1",
    )
    .bind(sender.as_str())
    .fetch_optional(&mut *from)
    .await
    .map_err(unavailable)?;
    let Some((sequence, digest, offset, Some(_))) = head else {
        return Err(lost("audit_head.moved_to: the sender is not on its way"));
    };
    // From here on the row is held: nobody else takes over, and nobody stores.
    query(
        "INSERT INTO audit_head (chain, sequence, digest, moved_to) VALUES ($1, 0, ''::BYTEA, $2)
         ON CONFLICT DO NOTHING",
    )
    .bind(sender.as_str())
    .bind(own_name)
    .execute(&mut *here)
    .await
    .map_err(unavailable)?;
    let is_fenced: bool =
        query_scalar("SELECT moved_to IS NOT NULL FROM audit_head WHERE chain = $1 FOR UPDATE")
            .bind(sender.as_str())
            .fetch_one(&mut *here)
            .await
            .map_err(unavailable)?;
    if !is_fenced {
        return Err(lost("audit_head.moved_to: the sender is on both databases"));
    }
    // What an earlier stay has left.
    remove(here, sender).await?;
    let mut copied = Copied::default();
    for table in TABLES {
        let rows = copy(from, here, table, &format!("organisation = '{sender}'")).await?;
        copied.rows += rows;
        if table == "message" {
            copied.messages = rows;
        }
    }
    let known: i64 =
        query_scalar("SELECT COALESCE(MAX(sequence), 0) FROM audit_entry WHERE chain = $1")
            .bind(sender.as_str())
            .fetch_one(&mut *here)
            .await
            .map_err(unavailable)?;
    let new = format!("chain = '{sender}' AND sequence > {known}");
    copied.rows += copy(from, here, "audit_entry", &new).await?;
    query(
        "UPDATE audit_head SET sequence = $1, digest = $2, message_offset = $3, moved_to = NULL WHERE chain = $4",
    )
    .bind(sequence)
    .bind(digest)
    .bind(offset)
    .bind(sender.as_str())
    .execute(here)
    .await
    .map_err(unavailable)?;
    Ok(copied)
}

/// Copies rows from one database to the other, without holding more of them than what is on the way. `condition` is
/// made of checked numbers only.
async fn copy(
    from: &mut PgConnection,
    here: &mut PgConnection,
    table: &'static str,
    condition: &str,
) -> Result<u64, StoreError> {
    // In the order of this database; the other one may have got them in another order.
    let columns: String = query_scalar(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
         WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
    )
    .bind(table)
    .fetch_one(&mut *here)
    .await
    .map_err(unavailable)?;
    let expected: i64 =
        query_scalar(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table} WHERE {condition}")))
            .fetch_one(&mut *from)
            .await
            .map_err(unavailable)?;
    let read =
        format!("COPY (SELECT {columns} FROM {table} WHERE {condition}) TO STDOUT (FORMAT binary)");
    let write = format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)");
    let mut rows = from.copy_out_raw(&read).await.map_err(unavailable)?;
    let mut sink = here.copy_in_raw(&write).await.map_err(unavailable)?;
    while let Some(bytes) = rows.try_next().await.map_err(unavailable)? {
        sink.send(bytes).await.map_err(unavailable)?;
    }
    let written = sink.finish().await.map_err(unavailable)?;
    if u64::try_from(expected).ok() != Some(written) {
        return Err(lost("not all rows of a sender were copied"));
    }
    Ok(written)
}
