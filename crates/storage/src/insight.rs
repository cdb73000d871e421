//! What the operator looks at. Written for one database at a time, as `tables.rs`. Every statement goes by an index;
//! `sqlite.rs` has the test.

use super::{
    Db, ORDERS_JOINS, audit,
    counts::count,
    tables::{DeliveryRow, IS_DELIVERY, codes_of, newest_of_each, organisation, outcome},
};
use crate::{
    coding::decode_answer,
    error::unavailable,
    key::StorageKey,
    prepared::{ANSWER, time},
};
use jiff::Timestamp;
use lmr_intake::{
    AlertNote, Answer, ListedMessage, MessageCursor, MessageDetail, MessageFilter, MessageState,
    OrganisationNumber, Outcome, Period, StoreError,
};
use sqlx::{Database, QueryBuilder, Row as _, query, query_as, query_scalar};
use std::cmp::Ordering;
use std::collections::HashMap;

type Connection = <Db as Database>::Connection;

pub(super) async fn known_senders(
    db: &mut Connection,
) -> Result<Vec<OrganisationNumber>, StoreError> {
    let names: Vec<String> =
        query_scalar("SELECT chain FROM audit_head WHERE chain <> 'register' ORDER BY chain")
            .fetch_all(db)
            .await
            .map_err(unavailable)?;
    names.iter().map(|name| organisation(name)).collect()
}

const MESSAGE: &str = "m.id, m.organisation, m.message_id, m.rule_set, m.received_at, m.reporting_from, m.reporting_to,
    m.outcome, m.entries, m.created, m.updated, m.unchanged, m.refused, m.dependent, m.has_content,
    m.lent_until, m.times_lent, m.acknowledged_at";

from_row! {
    struct MessageRow {
        has_content: bool,
        lent_until: Option<i64>,
        times_lent: i64,
        acknowledged_at: Option<i64>,
        ..delivery: DeliveryRow,
    }
}

impl MessageRow {
    fn state(&self, now: Timestamp) -> Result<MessageState, StoreError> {
        Ok(if outcome(&self.delivery.outcome)? == Outcome::Refused {
            MessageState::Refused
        } else if self.acknowledged_at.is_some() {
            MessageState::Transferred
        } else if !self.has_content {
            MessageState::WithoutContent
        } else if self.lent_until.is_some_and(|until| until >= now.as_microsecond()) {
            MessageState::Allocated
        } else {
            MessageState::Received
        })
    }
}

async fn listed(
    db: &mut Connection,
    rows: Vec<MessageRow>,
    now: Timestamp,
) -> Result<Vec<ListedMessage>, StoreError> {
    let deliveries = rows.iter().map(|row| &row.delivery);
    let places: Vec<_> = deliveries.map(|row| (row.organisation.as_str(), row.id)).collect();
    let mut codes = codes_of(db, &places).await?;
    rows.into_iter()
        .map(|row| {
            let (state, id) = (row.state(now)?, row.delivery.id);
            let summary = row.delivery.summary(&mut codes)?;
            let (sender, received_at) = (summary.sender, summary.received_at);
            Ok(ListedMessage { cursor: MessageCursor { received_at, sender, id }, state, summary })
        })
        .collect()
}

pub(super) async fn messages(
    db: &mut Connection,
    filter: &MessageFilter,
    now: Timestamp,
) -> Result<Vec<ListedMessage>, StoreError> {
    let senders = match filter.sender {
        Some(sender) => vec![(sender.as_str().to_owned(), i64::MAX)],
        None => newest_of_each(db).await?,
    };
    let limit = usize::try_from(filter.limit_or_default()).unwrap_or(usize::MAX);
    let mut rows: Vec<MessageRow> = Vec::new();
    let mut between = Between::of(filter);
    let mut left = senders.as_slice();
    while let Some((_, newest)) = left.first() {
        if rows.len() == limit
            && let Some(MessageRow { delivery: last, .. }) = rows.last()
        {
            // The senders that are left have nothing as new as the last one of the page.
            if last.received_at > *newest {
                break;
            }
            between.since = between.since.max(last.received_at);
        }
        // As many senders at once as have been asked: each of them has shortened the time that the page still asks for.
        let asked = senders.len() - left.len();
        let (together, rest) = left.split_at(asked.clamp(1, TOGETHER).min(left.len()));
        left = rest;
        let ways = ways(db, together, filter, between).await?;
        if ways.is_empty() {
            continue;
        }
        let of_senders: Vec<MessageRow> = list_query("", &ways, filter, between)
            .build_query_as()
            .fetch_all(&mut *db)
            .await
            .map_err(unavailable)?;
        rows.extend(of_senders);
        rows.sort_by(|MessageRow { delivery: a, .. }, MessageRow { delivery: b, .. }| {
            let by_time = b.received_at.cmp(&a.received_at);
            by_time.then_with(|| b.organisation.cmp(&a.organisation)).then(b.id.cmp(&a.id))
        });
        rows.truncate(limit);
    }
    listed(db, rows, now).await
}

/// When messages of a page can have been received, in microseconds since 1970: at or after, and at or before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Between {
    since: i64,
    until: i64,
}

impl Between {
    pub(super) fn of(filter: &MessageFilter) -> Self {
        let since = filter.since.map_or(i64::MIN, Timestamp::as_microsecond);
        let before = filter.before.map_or(i64::MAX, |before| before.as_microsecond() - 1);
        let after = filter.after.map_or(i64::MAX, |after| after.received_at.as_microsecond());
        Self { since, until: before.min(after) }
    }
}

/// How the messages with a code are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As the database sees fit: by the code where it is rare.
    Any,
    /// From the newest message on, until there are enough.
    ByTime,
}

/// Most senders in one statement.
const TOGETHER: usize = 32;

/// So few rows that either way is fast.
const FEW: i64 = 100;
/// Most rows that are counted to choose a way.
const COUNTED: i64 = 1000;

/// What a list by time reads of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    All,
    /// Refused messages have an index of their own.
    Refused,
}

/// What is counted to choose a way, and how far at most.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count<'a> {
    /// Messages received between these times, of those that a list by time reads.
    ByTime(Between, Read, i64),
    /// Messages with this code.
    WithCode(&'a str, i64),
}

/// The shorter way to each sender's messages with a code: those with the code are read in no order, so all of them have to
/// be, and a common code has many; by time only those of the page's days are read, of which few may have the code.
/// Senders that have none are left out.
async fn ways<'a>(
    db: &mut Connection,
    senders: &'a [(String, i64)],
    filter: &MessageFilter,
    between: Between,
) -> Result<Vec<(&'a str, Way)>, StoreError> {
    let mut open: Vec<&str> = senders.iter().map(|(sender, _)| sender.as_str()).collect();
    // Where the statement does not decide the way, there is nothing to choose.
    let is_chosen = ORDERS_JOINS && filter.message_id.is_none();
    let Some(code) = filter.code.as_ref().filter(|_| is_chosen) else {
        return Ok(open.into_iter().map(|sender| (sender, Way::Any)).collect());
    };
    let read = if filter.only_refused { Read::Refused } else { Read::All };
    let mut ways = Vec::new();
    if between.since > i64::MIN || read == Read::Refused {
        // A page that is full asks only for what is newer than its last message: mostly few. So are refused messages.
        let by_time = counted(db, &open, Count::ByTime(between, read, FEW)).await?;
        open.retain(|sender| match by_time.get(*sender) {
            Some(0) => false,
            Some(count) if *count < FEW => {
                ways.push((*sender, Way::ByTime));
                false
            }
            _ => true,
        });
    }
    let with_code = counted(db, &open, Count::WithCode(code, COUNTED)).await?;
    let count_of = |sender: &str| with_code.get(sender).copied().unwrap_or(COUNTED);
    open.retain(|sender| match count_of(sender) {
        0 => false,
        count if count <= FEW => {
            ways.push((*sender, Way::Any));
            false
        }
        COUNTED => {
            ways.push((*sender, Way::ByTime));
            false
        }
        _ => true,
    });
    let by_time = counted(db, &open, Count::ByTime(between, read, COUNTED)).await?;
    ways.extend(open.into_iter().map(|sender| {
        let is_shorter = by_time.get(sender).is_some_and(|count| *count < count_of(sender));
        (sender, if is_shorter { Way::ByTime } else { Way::Any })
    }));
    Ok(ways)
}

async fn counted(
    db: &mut Connection,
    senders: &[&str],
    what: Count<'_>,
) -> Result<HashMap<String, i64>, StoreError> {
    if senders.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, i64)> =
        way_query("", senders, what).build_query_as().fetch_all(db).await.map_err(unavailable)?;
    Ok(rows.into_iter().collect())
}

/// The statement that counts what a way would read; `prefix` is for its plan.
pub(super) fn way_query(
    prefix: &'static str,
    senders: &[&str],
    what: Count<'_>,
) -> QueryBuilder<Db> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(prefix);
    for (place, sender) in senders.iter().enumerate() {
        sql.push(if place == 0 { "SELECT " } else { " UNION ALL SELECT " })
            .push_bind((*sender).to_owned())
            .push(", (SELECT COUNT(*) FROM (SELECT 1 FROM ");
        match what {
            Count::ByTime(between, read, most) => sql
                .push("message WHERE organisation = ")
                .push_bind((*sender).to_owned())
                .push(match read {
                    Read::All => "",
                    Read::Refused => " AND outcome = 'refused'",
                })
                .push(" AND received_at >= ")
                .push_bind(between.since)
                .push(" AND received_at <= ")
                .push_bind(between.until)
                .push(" LIMIT ")
                .push_bind(most)
                .push(") AS by_time)"),
            Count::WithCode(code, most) => sql
                .push("message_code WHERE organisation = ")
                .push_bind((*sender).to_owned())
                .push(" AND code = ")
                .push_bind(code.to_owned())
                .push(" LIMIT ")
                .push_bind(most)
                .push(") AS with_code)"),
        };
    }
    sql
}

/// The statement of these senders' part of a page, each with as many messages as a page has; `prefix` is for its plan.
/// Which index it goes by depends on what is asked for.
pub(super) fn list_query(
    prefix: &'static str,
    senders: &[(&str, Way)],
    filter: &MessageFilter,
    between: Between,
) -> QueryBuilder<Db> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(prefix);
    for (place, (sender, way)) in senders.iter().enumerate() {
        sql.push(if place == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
        push_list(&mut sql, sender, filter, between, *way);
        sql.push(") AS of_sender");
    }
    sql
}

fn push_list(
    sql: &mut QueryBuilder<Db>,
    sender: &str,
    filter: &MessageFilter,
    between: Between,
    way: Way,
) {
    sql.push("SELECT ").push(MESSAGE);
    match &filter.code {
        Some(code) => {
            sql.push(match way {
                Way::ByTime => " FROM message m CROSS JOIN message_code k WHERE ",
                Way::Any => " FROM message_code k, message m WHERE ",
            });
            sql.push("m.organisation = ")
                .push_bind(sender.to_owned())
                .push(" AND k.organisation = ")
                .push_bind(sender.to_owned())
                .push(" AND k.message = m.id AND k.code = ")
                .push_bind(code.clone());
        }
        None => {
            sql.push(" FROM message m WHERE m.organisation = ").push_bind(sender.to_owned());
        }
    }
    if let Some(message_id) = &filter.message_id {
        sql.push(" AND m.message_id = ").push_bind(message_id.clone());
    }
    if filter.only_refused {
        sql.push(" AND m.outcome = 'refused'");
    }
    if filter.only_accepted {
        sql.push(" AND m.outcome = 'accepted'");
    }
    if filter.only_waiting {
        sql.push(" AND m.has_content AND m.acknowledged_at IS NULL");
    }
    if between.since > i64::MIN {
        sql.push(" AND m.received_at >= ").push_bind(between.since);
    }
    if between.until < i64::MAX {
        sql.push(" AND m.received_at <= ").push_bind(between.until);
    }
    if let Some(after) = filter.after {
        let at = after.received_at.as_microsecond();
        // A page goes on after its last message: by time, then by sender, then by number.
        let ordered = after.sender.as_str().cmp(sender);
        let (bound, id) = match ordered {
            Ordering::Greater => (at, i64::MAX),
            Ordering::Equal => (at, after.id),
            Ordering::Less => (at.saturating_sub(1), i64::MAX),
        };
        sql.push(" AND m.received_at <= ").push_bind(bound);
        sql.push(" AND (m.received_at < ").push_bind(bound).push(" OR m.id < ");
        sql.push_bind(id).push(")");
    }
    sql.push(" ORDER BY m.received_at DESC, m.id DESC LIMIT ")
        .push_bind(i64::from(filter.limit_or_default()));
}

pub(super) const ONE_MESSAGE: &str =
    "m.generated_at, m.client_id, m.content_sha256, m.salt, m.answer_coding, m.answer_sealed,
    a.entry AS receipt FROM message m
    LEFT JOIN audit_entry a ON a.chain = m.organisation AND a.sequence = m.audit_sequence
    WHERE m.organisation = $1 AND m.message_id = $2";

from_row! {
    struct DetailRow {
        generated_at: i64,
        client_id: String,
        content_sha256: Vec<u8>,
        salt: Vec<u8>,
        answer_coding: String,
        answer_sealed: Vec<u8>,
        receipt: Option<String>,
        ..message: MessageRow,
    }
}

pub(super) async fn message(
    db: &mut Connection,
    key: &StorageKey,
    sender: OrganisationNumber,
    message_id: &str,
    now: Timestamp,
) -> Result<Option<MessageDetail>, StoreError> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new("SELECT ");
    sql.push(MESSAGE).push(", ").push(ONE_MESSAGE);
    let row: Option<DetailRow> = query_as(sql.into_sql())
        .bind(sender.as_str().to_owned())
        .bind(message_id.to_owned())
        .fetch_optional(&mut *db)
        .await
        .map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    let stored = row.message;
    let answer = match row.answer_sealed.is_empty() {
        true => None,
        false => {
            let columns = key.personal_columns(&row.salt);
            let body = columns.open(ANSWER, &[sender.as_str(), message_id], row.answer_sealed)?;
            Some(Answer {
                outcome: outcome(&stored.delivery.outcome)?,
                body: decode_answer(&row.answer_coding, body)?,
                counts: stored.delivery.counts.read()?,
            })
        }
    };
    let (has_content, times_lent) = (stored.has_content, stored.times_lent);
    let (lent_until, acknowledged_at) = (stored.lent_until, stored.acknowledged_at);
    let Some(listed) = listed(db, vec![stored], now).await?.pop() else { return Ok(None) };
    Ok(Some(MessageDetail {
        listed,
        generated_at: time(row.generated_at)?,
        client_id: row.client_id,
        content_sha256: row
            .content_sha256
            .try_into()
            .map_err(|_| StoreError::Damaged { what: "message.content_sha256" })?,
        has_content,
        times_lent: u32::try_from(times_lent)
            .map_err(|_| StoreError::Damaged { what: "message.times_lent" })?,
        lent_until: lent_until.map(time).transpose()?,
        acknowledged_at: acknowledged_at.map(time).transpose()?,
        answer,
        receipt: row.receipt,
    }))
}

/// The statement that reads what a sender's deliveries cover; `prefix` is for its plan.
pub(super) fn periods_query(prefix: &'static str, sender: &str, since: i64) -> QueryBuilder<Db> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(prefix);
    sql.push("SELECT DISTINCT reporting_from, reporting_to FROM message WHERE organisation = ")
        .push_bind(sender.to_owned())
        .push(" AND received_at >= ")
        .push_bind(since);
    sql.push(" AND ").push(IS_DELIVERY).push(" ORDER BY reporting_from, reporting_to");
    sql
}

pub(super) async fn periods(
    db: &mut Connection,
    sender: OrganisationNumber,
    since: Timestamp,
) -> Result<Vec<Period>, StoreError> {
    let mut sql = periods_query("", sender.as_str(), since.as_microsecond());
    let rows: Vec<(i64, i64)> = sql.build_query_as().fetch_all(db).await.map_err(unavailable)?;
    rows.into_iter().map(|(from, to)| Ok((time(from)?, time(to)?))).collect()
}

pub(super) async fn alert_notes(db: &mut Connection) -> Result<Vec<AlertNote>, StoreError> {
    let rows: Vec<(String, i64, i64, String, String)> =
        query_as("SELECT alert, closed_at, seen, actor, reason FROM alert_note ORDER BY alert")
            .fetch_all(db)
            .await
            .map_err(unavailable)?;
    rows.into_iter()
        .map(|(alert, at, seen, actor, reason)| {
            Ok(AlertNote { alert, closed_at: time(at)?, seen: count(seen)?, actor, reason })
        })
        .collect()
}

pub(super) async fn close_alert(db: &mut Connection, note: &AlertNote) -> Result<(), StoreError> {
    query(
        "INSERT INTO alert_note (alert, closed_at, seen, actor, reason) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (alert) DO UPDATE SET closed_at = excluded.closed_at, seen = excluded.seen,
             actor = excluded.actor, reason = excluded.reason",
    )
    .bind(&note.alert)
    .bind(note.closed_at.as_microsecond())
    .bind(i64::try_from(note.seen).unwrap_or(i64::MAX))
    .bind(&note.actor)
    .bind(&note.reason)
    .execute(db)
    .await
    .map_err(unavailable)?;
    Ok(())
}

/// What was handed over: the condition that counting and giving out again share.
macro_rules! handed_over {
    ($verb:literal) => {
        concat!(
            $verb,
            " WHERE organisation = $1 AND received_at >= $2 AND received_at < $3
              AND has_content AND acknowledged_at <= $4"
        )
    };
}

pub(super) const COUNT_HANDED_OVER: &str = handed_over!("SELECT COUNT(*) FROM message");
const HAND_OVER_AGAIN: &str =
    handed_over!("UPDATE message SET acknowledged_at = NULL, lent_until = NULL");

pub(super) async fn count_handed_over(
    db: &mut Connection,
    sender: OrganisationNumber,
    since: Timestamp,
    before: Timestamp,
    until: Timestamp,
) -> Result<u64, StoreError> {
    let row = query(COUNT_HANDED_OVER)
        .bind(sender.as_str().to_owned())
        .bind(since.as_microsecond())
        .bind(before.as_microsecond())
        .bind(until.as_microsecond())
        .fetch_one(db)
        .await
        .map_err(unavailable)?;
    count(row.get(0))
}

pub(super) async fn hand_over_again(
    db: &mut Connection,
    sender: OrganisationNumber,
    since: Timestamp,
    before: Timestamp,
    until: Timestamp,
) -> Result<u64, StoreError> {
    audit::must_hold(db, sender.as_str()).await?;
    let done = query(HAND_OVER_AGAIN)
        .bind(sender.as_str().to_owned())
        .bind(since.as_microsecond())
        .bind(before.as_microsecond())
        .bind(until.as_microsecond())
        .execute(db)
        .await
        .map_err(unavailable)?;
    Ok(done.rows_affected())
}
