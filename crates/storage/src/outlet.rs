//! Messages on their way out, in rows. Written for one database at a time: `super::Db` says which.

use super::archive::open_content;
use super::{Db, SKIP_LOCKED, audit, tables::organisation};
use crate::{
    error::{report_unreadable, unavailable},
    key::StorageKey,
    prepared::time,
};
use jiff::Timestamp;
use lmr_intake::{Acknowledged, HandedOver, OrganisationNumber, OutletStatus, StoreError};
use sqlx::{AssertSqlSafe, Database, query, query_as, query_scalar};

type Connection = <Db as Database>::Connection;

from_row! {
    struct LentRow {
        id: i64,
        organisation: String,
        message_id: String,
        content_sha256: Vec<u8>,
        rule_set: String,
        reporting_from: i64,
        reporting_to: i64,
        generated_at: i64,
        received_at: i64,
        times_lent: i64,
        salt: Vec<u8>,
    }
}

/// What waits to be lent: not acknowledged, and not lent to anybody at the moment, `$1`.
const WAITS: &str =
    "has_content AND acknowledged_at IS NULL AND (lent_until IS NULL OR lent_until < $1)";

/// A sender with something to lend.
pub(super) struct WaitingSender {
    pub(super) organisation: String,
    /// When its oldest waiting message came.
    pub(super) oldest: i64,
}

/// The senders with something to lend, the one that has waited longest first.
pub(super) async fn waiting(
    db: &mut Connection,
    now: Timestamp,
) -> Result<Vec<WaitingSender>, StoreError> {
    let statement = format!(
        "SELECT h.chain, (SELECT MIN(m.received_at) FROM message m WHERE m.organisation = h.chain AND {WAITS})
         FROM audit_head h WHERE h.moved_to IS NULL"
    );
    let rows: Vec<(String, Option<i64>)> = query_as(AssertSqlSafe(statement))
        .bind(now.as_microsecond())
        .fetch_all(db)
        .await
        .map_err(unavailable)?;
    let mut waiting: Vec<_> = rows
        .into_iter()
        .filter_map(|(organisation, oldest)| Some(WaitingSender { organisation, oldest: oldest? }))
        .collect();
    waiting.sort_by(|a, b| (a.oldest, &a.organisation).cmp(&(b.oldest, &b.organisation)));
    Ok(waiting)
}

/// What became of an attempt to lend.
pub(super) enum Lent {
    /// Nothing of the sender waits, or somebody else was quicker.
    Nothing,
    Message(Box<HandedOver>),
    /// One that cannot be read. It stays lent, so that what is behind it is given out.
    Unreadable,
}

/// Lends the sender's message that has waited longest. The caller gives a transaction, and commits it.
pub(super) async fn lend(
    db: &mut Connection,
    key: &StorageKey,
    sender: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Lent, StoreError> {
    if !audit::hold(db, sender).await? {
        return Ok(Lent::Nothing);
    }
    // One that somebody else is about to lend is passed over, not waited for.
    let statement = format!(
        "UPDATE message SET lent_until = $3, times_lent = times_lent + 1 WHERE organisation = $2 AND id = (
             SELECT id FROM message WHERE organisation = $2 AND {WAITS}
             ORDER BY received_at, id LIMIT 1 {SKIP_LOCKED})
         RETURNING id, organisation, message_id, content_sha256, rule_set, reporting_from, reporting_to,
             generated_at, received_at, times_lent, salt"
    );
    let row: Option<LentRow> = query_as(AssertSqlSafe(statement))
        .bind(now.as_microsecond())
        .bind(sender)
        .bind(until.as_microsecond())
        .fetch_optional(&mut *db)
        .await
        .map_err(unavailable)?;
    let Some(row) = row else { return Ok(Lent::Nothing) };
    let sealed: Option<Vec<u8>> = query_scalar(
        "SELECT content_sealed FROM message_content
         WHERE organisation = $1 AND message = $2 AND received_at = $3",
    )
    .bind(&row.organisation)
    .bind(row.id)
    .bind(row.received_at)
    .fetch_optional(db)
    .await
    .map_err(unavailable)?;
    let message_id = row.message_id.clone();
    match handed_over(key, row, sealed, until) {
        Ok(message) => Ok(Lent::Message(Box::new(message))),
        Err(StoreError::Damaged { what }) => {
            report_unreadable(sender, &message_id, what);
            Ok(Lent::Unreadable)
        }
        Err(error) => Err(error),
    }
}

fn handed_over(
    key: &StorageKey,
    row: LentRow,
    sealed: Option<Vec<u8>>,
    until: Timestamp,
) -> Result<HandedOver, StoreError> {
    let sealed = sealed.ok_or(StoreError::Damaged { what: "message_content" })?;
    let content = open_content(key, &row.salt, &row.organisation, &row.message_id, sealed)?;
    let number = |stored| {
        u32::try_from(stored).map_err(|_| StoreError::Damaged { what: "message.times_lent" })
    };
    Ok(HandedOver {
        sender: organisation(&row.organisation)?,
        message_id: row.message_id,
        content_sha256: row
            .content_sha256
            .try_into()
            .map_err(|_| StoreError::Damaged { what: "message.content_sha256" })?,
        rule_set: row.rule_set,
        reporting_from: time(row.reporting_from)?,
        reporting_to: time(row.reporting_to)?,
        generated_at: time(row.generated_at)?,
        received_at: time(row.received_at)?,
        until,
        times: number(row.times_lent)?,
        content,
    })
}

/// Ends a message's waiting. The caller gives a transaction. What is to be handed over again has no lease until it is
/// lent again: a repeat of the acknowledgement of before would end a waiting that nobody has answered.
pub(super) async fn acknowledge(
    db: &mut Connection,
    sender: OrganisationNumber,
    message_id: &str,
    now: Timestamp,
) -> Result<Acknowledged, StoreError> {
    audit::must_hold(db, sender.as_str()).await?;
    let ended = query(
        "UPDATE message SET acknowledged_at = $1, lent_until = NULL
         WHERE organisation = $2 AND message_id = $3 AND lent_until IS NOT NULL AND acknowledged_at IS NULL",
    )
    .bind(now.as_microsecond())
    .bind(sender.as_str())
    .bind(message_id)
    .execute(&mut *db)
    .await
    .map_err(unavailable)?;
    if ended.rows_affected() > 0 {
        return Ok(Acknowledged::Now);
    }
    // What was acknowledged meanwhile was acknowledged before.
    match would_acknowledge(db, sender, message_id).await? {
        Acknowledged::Now => Ok(Acknowledged::NotGivenOut),
        other => Ok(other),
    }
}

/// What an acknowledgement would meet.
pub(super) async fn would_acknowledge(
    db: &mut Connection,
    sender: OrganisationNumber,
    message_id: &str,
) -> Result<Acknowledged, StoreError> {
    let known: Option<(Option<i64>, Option<i64>)> = query_as(
        "SELECT acknowledged_at, lent_until FROM message WHERE organisation = $1 AND message_id = $2",
    )
    .bind(sender.as_str())
    .bind(message_id)
    .fetch_optional(db)
    .await
    .map_err(unavailable)?;
    Ok(match known {
        Some((Some(_), _)) => Acknowledged::Before,
        Some((None, Some(_))) => Acknowledged::Now,
        Some((None, None)) => Acknowledged::NotGivenOut,
        None => Acknowledged::Unknown,
    })
}

pub(super) async fn status(
    db: &mut Connection,
    now: Timestamp,
) -> Result<OutletStatus, StoreError> {
    let (waiting, lent, oldest): (i64, Option<i64>, Option<i64>) = query_as(
        "SELECT COUNT(*), CAST(SUM(CASE WHEN lent_until >= $1 THEN 1 ELSE 0 END) AS BIGINT), MIN(received_at)
         FROM message WHERE has_content AND acknowledged_at IS NULL
             AND organisation NOT IN (SELECT chain FROM audit_head WHERE moved_to IS NOT NULL)",
    )
    .bind(now.as_microsecond())
    .fetch_one(db)
    .await
    .map_err(unavailable)?;
    let count = |n: i64| u64::try_from(n).unwrap_or_default();
    Ok(OutletStatus {
        waiting: count(waiting),
        lent: count(lent.unwrap_or_default()),
        oldest: oldest.map(time).transpose()?,
    })
}
