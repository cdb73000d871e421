//! Partitions of the bundles on PostgreSQL: one for each month, each divided by sender. A month that has been kept long
//! enough is dropped as a table, which costs nothing and leaves no dead rows.

use crate::{error::unavailable, prepared::time};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lmr_intake::{Partition, StoreError};
use sqlx::{AssertSqlSafe, PgConnection, query, query_as, query_scalar};

/// Parts of a month, by hash of the organisation number.
const BY_SENDER: u32 = 4;
/// PostgreSQL's `check_violation`: the default partition has rows of the month.
const HAS_ROWS: &str = "23514";
/// PostgreSQL's `duplicate_table`, and the `unique_violation` in its catalogue: another receiver makes it at this moment.
const IS_BEING_MADE: [&str; 2] = ["42P07", "23505"];

fn start(month: Date) -> Result<i64, StoreError> {
    let first = month.first_of_month().to_zoned(TimeZone::UTC);
    let first = first.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    Ok(first.timestamp().as_microsecond())
}

/// Makes the partition of a month, named after it; `None` when it is there already, or when its messages are in the
/// rest. The caller gives a transaction.
pub(super) async fn make(db: &mut PgConnection, month: Date) -> Result<Option<String>, StoreError> {
    let month = month.first_of_month();
    let name = month.strftime("message_content_%Y_%m").to_string();
    let is_there: bool = query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(&name)
        .fetch_one(&mut *db)
        .await
        .map_err(unavailable)?;
    if is_there {
        return Ok(None);
    }
    let next = month.checked_add(jiff::Span::new().months(1));
    let next = next.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    let (from, to) = (start(month)?, start(next)?);
    let statement = format!(
        "CREATE TABLE {name} PARTITION OF message_content FOR VALUES FROM ({from}) TO ({to})
         PARTITION BY HASH (organisation)"
    );
    match query(AssertSqlSafe(statement)).execute(&mut *db).await {
        Err(sqlx::Error::Database(error))
            if error
                .code()
                .is_some_and(|code| *code == *HAS_ROWS || IS_BEING_MADE.contains(&&*code)) =>
        {
            return Ok(None);
        }
        made => made.map_err(unavailable)?,
    };
    for part in 0..BY_SENDER {
        let statement = format!(
            "CREATE TABLE {name}_{part} PARTITION OF {name}
             FOR VALUES WITH (MODULUS {BY_SENDER}, REMAINDER {part})"
        );
        query(AssertSqlSafe(statement)).execute(&mut *db).await.map_err(unavailable)?;
    }
    Ok(Some(name))
}

/// The months that have a partition, oldest first.
pub(super) async fn list(db: &mut PgConnection) -> Result<Vec<Partition>, StoreError> {
    let rows: Vec<(String, String, i64)> = query_as(
        "SELECT quote_ident(c.relname), pg_get_expr(c.relpartbound, c.oid),
                (SELECT COALESCE(SUM(pg_total_relation_size(t.relid)), 0)::BIGINT FROM pg_partition_tree(c.oid) t)
         FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'message_content'::regclass ORDER BY 1",
    )
    .fetch_all(db)
    .await
    .map_err(unavailable)?;
    rows.into_iter()
        .map(|(name, bounds, bytes)| {
            let mut numbers = bounds.split('\'').skip(1).step_by(2).map(str::parse::<i64>);
            let mut bound = || -> Result<Option<Timestamp>, StoreError> {
                numbers.next().and_then(Result::ok).map(time).transpose()
            };
            let (from, to) = (bound()?, bound()?);
            Ok(Partition { name, from, to, bytes: u64::try_from(bytes).unwrap_or_default() })
        })
        .collect()
}

/// Drops the months that ended before and have no message any more. The caller gives a transaction.
pub(super) async fn drop_empty(
    db: &mut PgConnection,
    before: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let mut dropped = Vec::new();
    for partition in list(db).await? {
        let name = partition.name;
        if partition.to.is_none_or(|to| to > before) {
            continue;
        }
        let is_empty: bool =
            query_scalar(AssertSqlSafe(format!("SELECT NOT EXISTS (SELECT 1 FROM {name})")))
                .fetch_one(&mut *db)
                .await
                .map_err(unavailable)?;
        if !is_empty {
            continue;
        }
        for statement in [
            format!("ALTER TABLE message_content DETACH PARTITION {name}"),
            format!("DROP TABLE {name}"),
        ] {
            query(AssertSqlSafe(statement)).execute(&mut *db).await.map_err(unavailable)?;
        }
        dropped.push(name);
    }
    Ok(dropped)
}
