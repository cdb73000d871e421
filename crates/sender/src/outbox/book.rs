//! What an answer, a refusal or the check means for each resource.

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Sqlite, Transaction};

use super::annulments::keep_annulments;
use super::columns::{Columns, compact};
use super::held::hold;
use super::{HeldFinding, Item, ItemOutcome, Origin, OutboxError, Result, hash, int, ms};
use crate::plan::Role;

/// Books the answer for every resource of a message, a statement for all of them: one for each would take longer than
/// everything else.
pub(super) async fn book(
    step: &mut Transaction<'static, Sqlite>,
    seq: i64,
    ends: &[ItemOutcome],
    now: Timestamp,
) -> Result<()> {
    let count = sqlx::query("SELECT count(*) FROM item WHERE seq = ?").bind(seq);
    if count.fetch_one(&mut **step).await?.read::<i64>(0)? != int(ends.len()) {
        return Err(OutboxError::Damaged(
            "an answer has another number of entries than its message",
        ));
    }
    // A digit for each position.
    let outcomes: Vec<u8> = ends.iter().map(|end| b'0' + end.number()).collect();
    sqlx::query(
        "INSERT INTO resource_type (name) SELECT DISTINCT resource_type FROM item WHERE seq = ? \
         ON CONFLICT (name) DO NOTHING",
    )
    .bind(seq)
    .execute(&mut **step)
    .await?;
    sqlx::query(
        "INSERT INTO id_space (name) SELECT DISTINCT id_space FROM item \
         WHERE seq = ? AND id_space IS NOT NULL ON CONFLICT (name) DO NOTHING",
    )
    .bind(seq)
    .execute(&mut **step)
    .await?;
    let (id, key) = (compact("i.resource_id"), compact("i.source_key"));
    // An older message answered late must not hide what a newer one has brought.
    sqlx::query(AssertSqlSafe(format!(
        "INSERT INTO stored (identity, version, resource_type, seq, at, resource_id, source_key, annulled_at, \
         id_space) \
         SELECT i.identity, i.version, t.number, i.seq, ?3, {id}, {key}, CASE WHEN i.is_annulment THEN ?3 END, \
         (SELECT g.number FROM id_space g WHERE g.name = i.id_space) \
         FROM item i JOIN resource_type t ON t.name = i.resource_type \
         WHERE i.seq = ?1 AND substr(?2, i.position + 1, 1) IN (x'31', x'32') ORDER BY i.identity \
         ON CONFLICT (identity) DO UPDATE SET version = excluded.version, seq = excluded.seq, \
           resource_type = excluded.resource_type, at = excluded.at, resource_id = excluded.resource_id, source_key = excluded.source_key, \
           id_space = excluded.id_space, \
           annulled_at = CASE WHEN stored.version = excluded.version \
             THEN coalesce(excluded.annulled_at, stored.annulled_at) ELSE excluded.annulled_at END \
         WHERE stored.seq <= excluded.seq"
    )))
    .bind(seq)
    .bind(outcomes.as_slice())
    .bind(ms(now))
    .execute(&mut **step)
    .await?;
    keep_annulments(step, seq, Some(&outcomes), now).await?;
    sqlx::query(
        "DELETE FROM held WHERE (identity, version) IN (SELECT identity, version FROM item \
         WHERE seq = ?1 AND substr(?2, position + 1, 1) IN (x'31', x'32'))",
    )
    .bind(seq)
    .bind(outcomes.as_slice())
    .execute(&mut **step)
    .await?;
    if ends.iter().any(|end| matches!(end, ItemOutcome::Refused(_))) {
        let message_id = message_id_of(step, seq).await?;
        for (item, end) in items_of(step, seq).await?.iter().zip(ends) {
            if let ItemOutcome::Refused(findings) = end {
                hold(step, item, Origin::Register, Some(&message_id), findings, now).await?;
            }
        }
    }
    close_items(step, seq, Some(&outcomes)).await
}

/// Makes the resources of a message that is not sent again narrow. `outcomes` has a digit for each, where the message
/// was answered.
pub(super) async fn close_items(
    step: &mut Transaction<'static, Sqlite>,
    seq: i64,
    outcomes: Option<&[u8]>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO sent_items (seq, identities, outcomes) \
         SELECT seq, unhex(group_concat(hex(substr(identity, 1, 8)), '' ORDER BY position)), CAST(?2 AS TEXT) \
         FROM item WHERE seq = ?1 GROUP BY seq",
    )
    .bind(seq)
    .bind(outcomes)
    .execute(&mut **step)
    .await?;
    sqlx::query("DELETE FROM item WHERE seq = ?").bind(seq).execute(&mut **step).await?;
    Ok(())
}

/// The message was refused whole: what it was made for is held.
pub(super) async fn hold_all(
    step: &mut Transaction<'static, Sqlite>,
    seq: i64,
    findings: &[HeldFinding],
    now: Timestamp,
) -> Result<()> {
    let message_id = message_id_of(step, seq).await?;
    for item in items_of(step, seq).await? {
        if item.root {
            hold(step, &item, Origin::Register, Some(&message_id), findings, now).await?;
        }
    }
    Ok(())
}

/// The message was too large: the next ones are half as large; what cannot be split is held.
pub(super) async fn split(
    step: &mut Transaction<'static, Sqlite>,
    seq: i64,
    findings: &[HeldFinding],
    now: Timestamp,
) -> Result<()> {
    let items = items_of(step, seq).await?;
    if items.iter().filter(|item| item.root).count() <= 1 {
        return hold_all(step, seq, findings, now).await;
    }
    sqlx::query(
        "INSERT INTO setting (name, value) SELECT 'bundle-bytes', max(1, resource_bytes / 2) FROM message WHERE seq = ? \
         ON CONFLICT (name) DO UPDATE SET value = min(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))",
    )
    .bind(seq)
    .execute(&mut **step)
    .await?;
    Ok(())
}

async fn message_id_of(step: &mut Transaction<'static, Sqlite>, seq: i64) -> Result<String> {
    sqlx::query("SELECT message_id FROM message WHERE seq = ?")
        .bind(seq)
        .fetch_one(&mut **step)
        .await?
        .read(0)
}

async fn items_of(step: &mut Transaction<'static, Sqlite>, seq: i64) -> Result<Vec<Item>> {
    let rows = sqlx::query(
        "SELECT identity, version, role, resource_type, resource_id, file, line, root, source_key, \
         is_annulment, id_space FROM item \
         WHERE seq = ? ORDER BY position",
    )
    .bind(seq)
    .fetch_all(&mut **step)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Item {
                identity: hash(row, 0)?,
                version: hash(row, 1)?,
                role: match row.read::<&str>(2)? {
                    "new" => Role::New,
                    "changed" => Role::Changed,
                    _ => Role::Dependency,
                },
                root: row.read(7)?,
                is_annulment: row.read(9)?,
                resource_type: row.read(3)?,
                resource_id: row.read(4)?,
                source_key: row.read(8)?,
                id_space: row.read(10)?,
                file: row.read(5)?,
                line: u32::try_from(row.read::<i64>(6)?).unwrap_or_default(),
            })
        })
        .collect()
}
