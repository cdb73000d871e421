//! What the operator looks at. Written for one database at a time, as `tables.rs`. Every statement goes by an index;
//! `sqlite.rs` has the test.

use super::{
    Db, audit,
    batch::Batch,
    tables::{CountsRow, codes_of, newest_of_each, organisation, outcome},
};
use crate::{
    error::unavailable,
    key::StorageKey,
    prepared::{ANSWER, Prepared, decode, time},
};
use jiff::Timestamp;
use lmr_intake::{
    AlertNote, Answer, DayCount, DeliverySummary, HourCodes, ListedMessage, MessageCursor,
    MessageDetail, MessageFilter, MessageState, OrganisationNumber, Outcome, Period, RefusedCall,
    StoreError,
};
use sqlx::{Database, FromRow, QueryBuilder, Row as _, query, query_as, query_scalar};
use std::cmp::Ordering;
use std::collections::BTreeMap;

type Connection = <Db as Database>::Connection;

const HOUR: i64 = 3_600_000_000;
/// Senders of one statement.
const CHUNK: usize = 400;

/// Adds the statements that count messages of one sender in their hours.
pub(super) fn add_counts(batch: &mut Batch, deliveries: &[&Prepared]) {
    #[derive(Default)]
    struct Hour {
        accepted: i64,
        refused_messages: i64,
        entries: i64,
        stored: i64,
        unchanged: i64,
        refused: i64,
        dependent: i64,
    }
    let Some(first) = deliveries.first() else { return };
    let sender = first.organisation;
    let mut hours: BTreeMap<i64, Hour> = BTreeMap::new();
    let mut codes: BTreeMap<(i64, &str), i64> = BTreeMap::new();
    for delivery in deliveries {
        let (counts, at) = (delivery.counts, delivery.received_at.div_euclid(HOUR));
        let is_accepted = delivery.outcome == Outcome::Accepted;
        let hour = hours.entry(at).or_default();
        hour.accepted += i64::from(is_accepted);
        hour.refused_messages += i64::from(!is_accepted);
        hour.entries += i64::from(counts.entries);
        hour.stored += i64::from(counts.created) + i64::from(counts.updated);
        hour.unchanged += i64::from(counts.unchanged);
        hour.refused += i64::from(counts.refused);
        hour.dependent += i64::from(counts.dependent);
        for code in &delivery.codes {
            *codes.entry((at, &code.code)).or_default() += i64::from(code.entries);
        }
    }
    for (at, hour) in hours {
        let sql = batch.add(
            "INSERT INTO hour_count (organisation, hour, accepted, refused_messages, entries, stored, unchanged,
                 refused, dependent) ",
        );
        sql.push_values([hour], |mut row, hour| {
            row.push_bind(sender.as_str().to_owned())
                .push_bind(at)
                .push_bind(hour.accepted)
                .push_bind(hour.refused_messages)
                .push_bind(hour.entries)
                .push_bind(hour.stored)
                .push_bind(hour.unchanged)
                .push_bind(hour.refused)
                .push_bind(hour.dependent);
        });
        sql.push(
            " ON CONFLICT (organisation, hour) DO UPDATE SET
                 accepted = hour_count.accepted + excluded.accepted,
                 refused_messages = hour_count.refused_messages + excluded.refused_messages,
                 entries = hour_count.entries + excluded.entries, stored = hour_count.stored + excluded.stored,
                 unchanged = hour_count.unchanged + excluded.unchanged,
                 refused = hour_count.refused + excluded.refused,
                 dependent = hour_count.dependent + excluded.dependent",
        );
    }
    for ((at, code), entries) in codes {
        add_code(batch, sender.as_str(), at, code, (entries, 0));
    }
}

/// Counts a refused call.
pub(super) async fn count_call(db: &mut Connection, call: &RefusedCall) -> Result<(), StoreError> {
    let sender = call.sender.as_ref().map_or("", OrganisationNumber::as_str);
    let hour = call.received_at.as_microsecond().div_euclid(HOUR);
    let mut batch = Batch::together();
    add_code(&mut batch, sender, hour, &call.code, (0, i64::from(call.calls)));
    batch.run(db).await.map(drop)
}

fn add_code(batch: &mut Batch, sender: &str, hour: i64, code: &str, (entries, calls): (i64, i64)) {
    let sql = batch.add("INSERT INTO hour_code (organisation, hour, code, entries, calls) ");
    sql.push_values([()], |mut row, ()| {
        row.push_bind(sender.to_owned())
            .push_bind(hour)
            .push_bind(code.to_owned())
            .push_bind(entries)
            .push_bind(calls);
    });
    sql.push(
        " ON CONFLICT (organisation, hour, code) DO UPDATE SET
             entries = hour_code.entries + excluded.entries, calls = hour_code.calls + excluded.calls",
    );
}

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

/// The hours of `[since, before)`: whole ones.
fn hours(since: Timestamp, before: Timestamp) -> (i64, i64) {
    let before = before.as_microsecond();
    (
        since.as_microsecond().div_euclid(HOUR),
        before.div_euclid(HOUR) + i64::from(before.rem_euclid(HOUR) > 0),
    )
}

/// `SELECT columns FROM table` of these senders' hours.
pub(super) fn by_hour(
    select: &'static str,
    senders: &[String],
    (since, before): (i64, i64),
) -> QueryBuilder<Db> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(select);
    sql.push(" WHERE organisation IN (");
    let mut list = sql.separated(", ");
    for sender in senders {
        list.push_bind(sender.clone());
    }
    sql.push(") AND hour >= ").push_bind(since).push(" AND hour < ").push_bind(before);
    sql
}

#[derive(FromRow)]
struct DayRow {
    organisation: String,
    day: i64,
    last: Option<i64>,
    accepted: i64,
    refused_messages: i64,
    entries: i64,
    stored: i64,
    unchanged: i64,
    refused: i64,
    dependent: i64,
}

/// Days of one length, one after the other, in hours since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DaysOfOneLength {
    /// Where the first one begins.
    since: i64,
    /// Where the last one ends.
    before: i64,
    /// Hours of each: 24, and 23 or 25 where the clocks change.
    length: i64,
    /// The place of the first one among all.
    place: i64,
}

/// The days between these bounds, those of one length together: two changes of the clocks make five parts of a year.
pub(super) fn of_one_length(bounds: &[Timestamp]) -> Vec<DaysOfOneLength> {
    let hours: Vec<i64> = bounds.iter().map(|at| at.as_microsecond().div_euclid(HOUR)).collect();
    let mut parts: Vec<DaysOfOneLength> = Vec::new();
    for (place, pair) in (0..).zip(hours.windows(2)) {
        let [since, before] = [pair[0], pair[1]];
        let length = before - since;
        match parts.last_mut() {
            Some(part) if part.length == length => part.before = before,
            _ if length > 0 => parts.push(DaysOfOneLength { since, before, length, place }),
            _ => {}
        }
    }
    parts
}

/// The statement that sums such days up; `prefix` is for its plan.
pub(super) fn by_day(
    prefix: &'static str,
    senders: &[String],
    days: DaysOfOneLength,
) -> QueryBuilder<Db> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(prefix);
    // Sums are decimals in PostgreSQL.
    let mut sums = String::new();
    for column in
        ["accepted", "refused_messages", "entries", "stored", "unchanged", "refused", "dependent"]
    {
        sums.push_str(&format!(", CAST(SUM({column}) AS BIGINT) AS {column}"));
    }
    sql.push("SELECT organisation, (hour - ").push_bind(days.since);
    sql.push(") / ").push_bind(days.length);
    sql.push(" AS day, MAX(CASE WHEN accepted > 0 THEN hour END) AS last").push(sums);
    sql.push(" FROM hour_count WHERE organisation IN (");
    let mut list = sql.separated(", ");
    for sender in senders {
        list.push_bind(sender.clone());
    }
    sql.push(") AND hour >= ").push_bind(days.since).push(" AND hour < ").push_bind(days.before);
    sql.push(" GROUP BY 1, 2");
    sql
}

pub(super) const CODES: &str = "SELECT organisation, hour, code, entries, calls FROM hour_code";

pub(super) async fn day_counts(
    db: &mut Connection,
    senders: &[OrganisationNumber],
    bounds: &[Timestamp],
) -> Result<Vec<DayCount>, StoreError> {
    let names: Vec<String> = senders.iter().map(|sender| sender.as_str().to_owned()).collect();
    let mut all = Vec::new();
    for (chunk, days) in names
        .chunks(CHUNK)
        .flat_map(|chunk| of_one_length(bounds).into_iter().map(move |d| (chunk, d)))
    {
        let rows: Vec<DayRow> = by_day("", chunk, days)
            .build_query_as()
            .fetch_all(&mut *db)
            .await
            .map_err(unavailable)?;
        for row in rows {
            let day = usize::try_from(days.place + row.day);
            all.push(DayCount {
                sender: organisation(&row.organisation)?,
                day: day.map_err(|_| StoreError::Damaged { what: "hour_count.hour" })?,
                last: row.last.map(start_of).transpose()?,
                accepted: count(row.accepted)?,
                refused_messages: count(row.refused_messages)?,
                entries: count(row.entries)?,
                stored: count(row.stored)?,
                unchanged: count(row.unchanged)?,
                refused: count(row.refused)?,
                dependent: count(row.dependent)?,
            });
        }
    }
    Ok(all)
}

pub(super) async fn hour_codes(
    db: &mut Connection,
    senders: &[OrganisationNumber],
    since: Timestamp,
    before: Timestamp,
) -> Result<Vec<HourCodes>, StoreError> {
    let mut names: Vec<String> = senders.iter().map(|sender| sender.as_str().to_owned()).collect();
    names.push(String::new());
    let mut all = Vec::new();
    for chunk in names.chunks(CHUNK) {
        let rows: Vec<(String, i64, String, i64, i64)> =
            by_hour(CODES, chunk, hours(since, before))
                .build_query_as()
                .fetch_all(&mut *db)
                .await
                .map_err(unavailable)?;
        for (sender, hour, code, entries, calls) in rows {
            all.push(HourCodes {
                sender: match sender.as_str() {
                    "" => None,
                    sender => Some(organisation(sender)?),
                },
                hour: start_of(hour)?,
                code,
                entries: count(entries)?,
                calls: count(calls)?,
            });
        }
    }
    Ok(all)
}

fn start_of(hour: i64) -> Result<Timestamp, StoreError> {
    time(hour.checked_mul(HOUR).ok_or(StoreError::Damaged { what: "hour_count.hour" })?)
}

fn count(stored: i64) -> Result<u64, StoreError> {
    u64::try_from(stored).map_err(|_| StoreError::Damaged { what: "a count by the hour" })
}

const MESSAGE: &str = "m.id, m.organisation, m.message_id, m.rule_set, m.received_at, m.reporting_from, m.reporting_to,
    m.outcome, m.entries, m.created, m.updated, m.unchanged, m.refused, m.dependent, m.has_content,
    m.lent_until, m.times_lent, m.acknowledged_at";

#[derive(FromRow)]
struct MessageRow {
    id: i64,
    organisation: String,
    message_id: String,
    rule_set: String,
    received_at: i64,
    reporting_from: i64,
    reporting_to: i64,
    outcome: String,
    #[sqlx(flatten)]
    counts: CountsRow,
    has_content: bool,
    lent_until: Option<i64>,
    times_lent: i64,
    acknowledged_at: Option<i64>,
}

impl MessageRow {
    fn state(&self, now: Timestamp) -> Result<MessageState, StoreError> {
        Ok(if outcome(&self.outcome)? == Outcome::Refused {
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
    let places: Vec<_> = rows.iter().map(|row| (row.organisation.as_str(), row.id)).collect();
    let mut codes = codes_of(db, &places).await?;
    rows.into_iter()
        .map(|row| {
            let (sender, received_at) = (organisation(&row.organisation)?, time(row.received_at)?);
            Ok(ListedMessage {
                cursor: MessageCursor { received_at, sender, id: row.id },
                state: row.state(now)?,
                summary: DeliverySummary {
                    sender,
                    received_at,
                    rule_set: row.rule_set,
                    reporting_from: time(row.reporting_from)?,
                    reporting_to: time(row.reporting_to)?,
                    outcome: outcome(&row.outcome)?,
                    counts: row.counts.read()?,
                    codes: codes.remove(&(row.organisation, row.id)).unwrap_or_default(),
                    message_id: row.message_id,
                },
            })
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
    for (sender, newest) in senders {
        // The senders that are left have nothing as new as the last one of the page.
        if rows.len() == limit && rows.last().is_none_or(|last| last.received_at > newest) {
            break;
        }
        let of_sender: Vec<MessageRow> = list_query("", &sender, filter)
            .build_query_as()
            .fetch_all(&mut *db)
            .await
            .map_err(unavailable)?;
        rows.extend(of_sender);
        rows.sort_by(|a, b| {
            let order = |row: &MessageRow| (row.received_at, row.organisation.clone(), row.id);
            order(b).cmp(&order(a))
        });
        rows.truncate(limit);
    }
    listed(db, rows, now).await
}

/// The statement of one sender's part of a page; `prefix` is for its plan. Which index it goes by depends on what is
/// asked for.
pub(super) fn list_query(
    prefix: &'static str,
    sender: &str,
    filter: &MessageFilter,
) -> QueryBuilder<Db> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(prefix);
    sql.push("SELECT ").push(MESSAGE);
    match &filter.code {
        Some(code) => {
            sql.push(
                " FROM message_code k JOIN message m ON m.organisation = k.organisation AND m.id = k.message
                 WHERE k.organisation = ",
            )
            .push_bind(sender.to_owned())
            .push(" AND k.code = ")
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
    if filter.only_waiting {
        sql.push(" AND m.has_content AND m.acknowledged_at IS NULL");
    }
    if let Some(since) = filter.since {
        sql.push(" AND m.received_at >= ").push_bind(since.as_microsecond());
    }
    if let Some(before) = filter.before {
        sql.push(" AND m.received_at < ").push_bind(before.as_microsecond());
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
    sql
}

pub(super) const ONE_MESSAGE: &str =
    "m.generated_at, m.client_id, m.content_sha256, m.salt, m.answer_coding, m.answer_sealed,
    a.entry AS receipt FROM message m
    LEFT JOIN audit_entry a ON a.chain = m.organisation AND a.sequence = m.audit_sequence
    WHERE m.organisation = $1 AND m.message_id = $2";

#[derive(FromRow)]
struct DetailRow {
    #[sqlx(flatten)]
    message: MessageRow,
    generated_at: i64,
    client_id: String,
    content_sha256: Vec<u8>,
    salt: Vec<u8>,
    answer_coding: String,
    answer_sealed: Vec<u8>,
    receipt: Option<String>,
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
                outcome: outcome(&stored.outcome)?,
                body: decode(&row.answer_coding, body)?,
                counts: stored.counts.read()?,
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

pub(super) const PERIODS: &str = "SELECT DISTINCT reporting_from, reporting_to FROM message
    WHERE organisation = $1 AND received_at >= $2 AND outcome = 'accepted' ORDER BY reporting_from, reporting_to";

pub(super) async fn periods(
    db: &mut Connection,
    sender: OrganisationNumber,
    since: Timestamp,
) -> Result<Vec<Period>, StoreError> {
    let rows: Vec<(i64, i64)> = query_as(PERIODS)
        .bind(sender.as_str().to_owned())
        .bind(since.as_microsecond())
        .fetch_all(db)
        .await
        .map_err(unavailable)?;
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
              AND has_content AND acknowledged_at IS NOT NULL"
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
) -> Result<u64, StoreError> {
    let row = query(COUNT_HANDED_OVER)
        .bind(sender.as_str().to_owned())
        .bind(since.as_microsecond())
        .bind(before.as_microsecond())
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
) -> Result<u64, StoreError> {
    audit::must_hold(db, sender.as_str()).await?;
    let done = query(HAND_OVER_AGAIN)
        .bind(sender.as_str().to_owned())
        .bind(since.as_microsecond())
        .bind(before.as_microsecond())
        .execute(db)
        .await
        .map_err(unavailable)?;
    Ok(done.rows_affected())
}
