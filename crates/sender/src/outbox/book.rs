//! What an answer, a refusal or the check means for each resource.

use jiff::Timestamp;
use sqlx::{Row, Sqlite, Transaction};

use super::held::hold;
use super::{HeldFinding, Item, ItemOutcome, Origin, OutboxError, Result, hash, int, ms};
use crate::plan::Role;

/// Books the answer for every resource of a message.
pub(super) async fn book(
    step: &mut Transaction<'static, Sqlite>,
    seq: i64,
    ends: &[ItemOutcome],
    now: Timestamp,
) -> Result<()> {
    let items = items_of(step, seq).await?;
    if items.len() != ends.len() {
        return Err(OutboxError::Damaged(
            "an answer has another number of entries than its message",
        ));
    }
    for (position, (item, end)) in items.iter().zip(ends).enumerate() {
        sqlx::query("UPDATE item SET outcome = ? WHERE seq = ? AND position = ?")
            .bind(end.as_str())
            .bind(seq)
            .bind(int(position))
            .execute(&mut **step)
            .await?;
        match end {
            ItemOutcome::Stored | ItemOutcome::Unchanged => {
                // An older message answered late must not hide what a newer one has brought.
                sqlx::query(
                    "INSERT INTO stored (identity, version, resource_type, seq, at, resource_id, source_key, \
                     annulled_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (identity) DO UPDATE \
                     SET version = ?2, seq = ?4, at = ?5, resource_id = ?6, source_key = ?7, annulled_at = \
                     CASE WHEN version = ?2 THEN coalesce(?8, annulled_at) ELSE ?8 END WHERE seq <= ?4",
                )
                .bind(item.identity.0.as_slice())
                .bind(item.version.0.as_slice())
                .bind(&item.resource_type)
                .bind(seq)
                .bind(ms(now))
                .bind(&item.resource_id)
                .bind(&item.source_key)
                .bind(item.is_annulment.then(|| ms(now)))
                .execute(&mut **step)
                .await?;
                sqlx::query("DELETE FROM held WHERE identity = ? AND version = ?")
                    .bind(item.identity.0.as_slice())
                    .bind(item.version.0.as_slice())
                    .execute(&mut **step)
                    .await?;
            }
            ItemOutcome::Refused(findings) => {
                let message_id = message_id_of(step, seq).await?;
                hold(step, item, Origin::Register, Some(&message_id), findings, now).await?;
            }
            ItemOutcome::NotStored => {}
        }
    }
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
    Ok(sqlx::query("SELECT message_id FROM message WHERE seq = ?")
        .bind(seq)
        .fetch_one(&mut **step)
        .await?
        .get(0))
}

async fn items_of(step: &mut Transaction<'static, Sqlite>, seq: i64) -> Result<Vec<Item>> {
    let rows = sqlx::query(
        "SELECT identity, version, role, resource_type, resource_id, file, line, root, source_key, \
         is_annulment FROM item \
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
                role: match row.get::<&str, _>(2) {
                    "new" => Role::New,
                    "changed" => Role::Changed,
                    _ => Role::Dependency,
                },
                root: row.get(7),
                is_annulment: row.get(9),
                resource_type: row.get(3),
                resource_id: row.get(4),
                source_key: row.get(8),
                file: row.get(5),
                line: u32::try_from(row.get::<i64, _>(6)).unwrap_or_default(),
            })
        })
        .collect()
}
