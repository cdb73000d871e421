//! What was received, summed up by hour as it comes. Written for one database at a time, as `tables.rs`.

use super::{Db, batch::Batch, tables::organisation};
use crate::{
    error::unavailable,
    prepared::{Prepared, time},
};
use jiff::Timestamp;
use lmr_intake::{
    CodeCounts, CodesOfDay, CodesOfSender, DayCount, HourCodes, OrganisationNumber, Outcome,
    RefusedCall, StoreError,
};
use sqlx::{Database, FromRow, QueryBuilder};
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

/// The hours of `[since, before)`: whole ones.
fn hours(since: Timestamp, before: Timestamp) -> (i64, i64) {
    let before = before.as_microsecond();
    (
        since.as_microsecond().div_euclid(HOUR),
        before.div_euclid(HOUR) + i64::from(before.rem_euclid(HOUR) > 0),
    )
}

/// The codes of these senders' hours; `select` is [`CODES`], or what gives its plan.
pub(super) fn by_hour(
    select: &'static str,
    senders: &[String],
    hours: (i64, i64),
) -> QueryBuilder<Db> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(select);
    push_hours(&mut sql, "hour_code", senders, hours);
    sql
}

/// ` FROM table WHERE` of these senders' hours.
fn push_hours(
    sql: &mut QueryBuilder<Db>,
    table: &'static str,
    senders: &[String],
    (since, before): (i64, i64),
) {
    sql.push(" FROM ").push(table).push(" WHERE organisation IN (");
    let mut list = sql.separated(", ");
    for sender in senders {
        list.push_bind(sender.clone());
    }
    sql.push(") AND hour >= ").push_bind(since).push(" AND hour < ").push_bind(before);
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
    push_hours(&mut sql, "hour_count", senders, (days.since, days.before));
    sql.push(" GROUP BY 1, 2");
    sql
}

pub(super) const CODES: &str = "SELECT organisation, hour, code, entries, calls";

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
                sender: known(&sender)?,
                hour: start_of(hour)?,
                code,
                entries: count(entries)?,
                calls: count(calls)?,
            });
        }
    }
    Ok(all)
}

/// The columns of a sum of codes. Sums are decimals in PostgreSQL.
const CODE_SUMS: &str = "code, CAST(SUM(entries) AS BIGINT), CAST(SUM(calls) AS BIGINT)";

/// The statement that sums codes up by day; `prefix` is for its plan.
pub(super) fn codes_by_day(
    prefix: &'static str,
    senders: &[String],
    days: DaysOfOneLength,
) -> QueryBuilder<Db> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(prefix);
    sql.push("SELECT (hour - ").push_bind(days.since).push(") / ").push_bind(days.length);
    sql.push(" AS day, ").push(CODE_SUMS);
    push_hours(&mut sql, "hour_code", senders, (days.since, days.before));
    sql.push(" GROUP BY 1, 2");
    sql
}

/// The statement that sums codes up by sender; `prefix` is for its plan.
pub(super) fn codes_by_sender(
    prefix: &'static str,
    senders: &[String],
    hours: (i64, i64),
) -> QueryBuilder<Db> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(prefix);
    sql.push("SELECT organisation, ").push(CODE_SUMS);
    push_hours(&mut sql, "hour_code", senders, hours);
    sql.push(" GROUP BY 1, 2");
    sql
}

pub(super) async fn code_counts(
    db: &mut Connection,
    senders: &[Option<OrganisationNumber>],
    bounds: &[Timestamp],
) -> Result<CodeCounts, StoreError> {
    let names: Vec<String> = senders
        .iter()
        .map(|sender| sender.map_or_else(String::new, |sender| sender.as_str().to_owned()))
        .collect();
    let (Some(first), Some(last)) = (bounds.first(), bounds.last()) else {
        return Ok(CodeCounts::default());
    };
    let mut all = CodeCounts::default();
    for chunk in names.chunks(CHUNK) {
        for days in of_one_length(bounds) {
            let rows: Vec<(i64, String, i64, i64)> = codes_by_day("", chunk, days)
                .build_query_as()
                .fetch_all(&mut *db)
                .await
                .map_err(unavailable)?;
            for (day, code, entries, calls) in rows {
                let day = usize::try_from(days.place + day)
                    .map_err(|_| StoreError::Damaged { what: "hour_code.hour" })?;
                let (entries, calls) = (count(entries)?, count(calls)?);
                all.by_day.push(CodesOfDay { day, code, entries, calls });
            }
        }
        let rows: Vec<(String, String, i64, i64)> =
            codes_by_sender("", chunk, hours(*first, *last))
                .build_query_as()
                .fetch_all(&mut *db)
                .await
                .map_err(unavailable)?;
        for (sender, code, entries, calls) in rows {
            let sender = known(&sender)?;
            let (entries, calls) = (count(entries)?, count(calls)?);
            all.by_sender.push(CodesOfSender { sender, code, entries, calls });
        }
    }
    Ok(all)
}

/// Whose a sum is: nobody's that is known where the name is empty.
fn known(sender: &str) -> Result<Option<OrganisationNumber>, StoreError> {
    if sender.is_empty() { Ok(None) } else { organisation(sender).map(Some) }
}

fn start_of(hour: i64) -> Result<Timestamp, StoreError> {
    time(hour.checked_mul(HOUR).ok_or(StoreError::Damaged { what: "hour_count.hour" })?)
}

pub(super) fn count(stored: i64) -> Result<u64, StoreError> {
    u64::try_from(stored).map_err(|_| StoreError::Damaged { what: "a count by the hour" })
}
