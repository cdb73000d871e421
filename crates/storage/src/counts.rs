//! What was received, summed up by day and codes by hour too, as it comes. Written for one database at a time, as `tables.rs`.

use super::{Db, batch::Batch, tables::organisation};
use crate::{
    error::unavailable,
    prepared::{Prepared, time},
};
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_intake::{
    CodeCounts, CodesOfDay, CodesOfSender, DayCount, HourCodes, OrganisationNumber, Outcome,
    RefusedCall, StoreError, norwegian_date,
};
use sqlx::{Database, QueryBuilder};
use std::collections::BTreeMap;
use std::str::SplitWhitespace;

type Connection = <Db as Database>::Connection;

const HOUR: i64 = 3_600_000_000;
/// The day from which days are counted.
const EPOCH: Date = Date::constant(1970, 1, 1);
/// Senders of one statement.
const CHUNK: usize = 400;

/// The name of a table with codes, and of its column of time.
type CodeTable = (&'static str, &'static str);
const BY_HOUR: CodeTable = ("hour_code", "hour");
const BY_DAY: CodeTable = ("day_code", "day");

/// Adds the statements that count messages of one sender in their days and hours.
pub(super) fn add_counts(batch: &mut Batch, deliveries: &[&Prepared]) -> Result<(), StoreError> {
    #[derive(Default)]
    struct Day {
        last_hour: Option<i64>,
        accepted: i64,
        refused_messages: i64,
        entries: i64,
        stored: i64,
        unchanged: i64,
        refused: i64,
        dependent: i64,
    }
    let Some(first) = deliveries.first() else { return Ok(()) };
    let sender = first.organisation;
    let mut days: BTreeMap<i64, Day> = BTreeMap::new();
    let mut codes: BTreeMap<(CodeTable, i64, &str), i64> = BTreeMap::new();
    for delivery in deliveries {
        let (counts, hour) = (delivery.counts, delivery.received_at.div_euclid(HOUR));
        let day_number = day_number(norwegian_date(time(delivery.received_at)?));
        let is_accepted = delivery.outcome == Outcome::Accepted;
        let day = days.entry(day_number).or_default();
        day.last_hour = day.last_hour.max(counts.is_delivery().then_some(hour));
        day.accepted += i64::from(is_accepted);
        day.refused_messages += i64::from(!is_accepted);
        day.entries += i64::from(counts.entries);
        day.stored += i64::from(counts.created) + i64::from(counts.updated);
        day.unchanged += i64::from(counts.unchanged);
        day.refused += i64::from(counts.refused);
        day.dependent += i64::from(counts.dependent);
        for code in &delivery.codes {
            for (table, at) in [(BY_HOUR, hour), (BY_DAY, day_number)] {
                *codes.entry((table, at, &code.code)).or_default() += i64::from(code.entries);
            }
        }
    }
    for (number, day) in days {
        let sql = batch.add(
            "INSERT INTO day_count (organisation, day, last_hour, accepted, refused_messages, entries, stored,
                 unchanged, refused, dependent) ",
        );
        sql.push_values([day], |mut row, day| {
            row.push_bind(sender.as_str().to_owned())
                .push_bind(number)
                .push_bind(day.last_hour)
                .push_bind(day.accepted)
                .push_bind(day.refused_messages)
                .push_bind(day.entries)
                .push_bind(day.stored)
                .push_bind(day.unchanged)
                .push_bind(day.refused)
                .push_bind(day.dependent);
        });
        // A clock that was put back does not put the last hour back.
        sql.push(
            " ON CONFLICT (organisation, day) DO UPDATE SET
                 last_hour = CASE WHEN day_count.last_hour >= COALESCE(excluded.last_hour, day_count.last_hour)
                     THEN day_count.last_hour ELSE excluded.last_hour END,
                 accepted = day_count.accepted + excluded.accepted,
                 refused_messages = day_count.refused_messages + excluded.refused_messages,
                 entries = day_count.entries + excluded.entries, stored = day_count.stored + excluded.stored,
                 unchanged = day_count.unchanged + excluded.unchanged,
                 refused = day_count.refused + excluded.refused,
                 dependent = day_count.dependent + excluded.dependent",
        );
    }
    for ((table, at, code), entries) in codes {
        add_code(batch, table, sender.as_str(), at, code, (entries, 0));
    }
    Ok(())
}

/// Counts a refused call.
pub(super) async fn count_call(db: &mut Connection, call: &RefusedCall) -> Result<(), StoreError> {
    let sender = call.sender.as_ref().map_or("", OrganisationNumber::as_str);
    let hour = call.received_at.as_microsecond().div_euclid(HOUR);
    let day = day_number(norwegian_date(call.received_at));
    let mut batch = Batch::together();
    for (table, at) in [(BY_HOUR, hour), (BY_DAY, day)] {
        add_code(&mut batch, table, sender, at, &call.code, (0, i64::from(call.calls)));
    }
    batch.run(db).await.map(drop)
}

fn add_code(
    batch: &mut Batch,
    (table, time): CodeTable,
    sender: &str,
    at: i64,
    code: &str,
    (entries, calls): (i64, i64),
) {
    let sql = batch.add("INSERT INTO ");
    sql.push(table).push(" (organisation, ").push(time).push(", code, entries, calls) ");
    sql.push_values([()], |mut row, ()| {
        row.push_bind(sender.to_owned())
            .push_bind(at)
            .push_bind(code.to_owned())
            .push_bind(entries)
            .push_bind(calls);
    });
    sql.push(" ON CONFLICT (organisation, ").push(time).push(", code) DO UPDATE SET entries = ");
    sql.push(table).push(".entries + excluded.entries, calls = ");
    sql.push(table).push(".calls + excluded.calls");
}

/// Days since 1970-01-01.
fn day_number(date: Date) -> i64 {
    (date - EPOCH).get_days().into()
}

/// The day with this number.
fn date_of(day: i64) -> Result<Date, StoreError> {
    let days = jiff::Span::new().try_days(day);
    days.and_then(|days| EPOCH.checked_add(days))
        .map_err(|_| StoreError::Damaged { what: "a day of the sums" })
}

/// The hours of `[since, before)`: whole ones.
fn hours(since: Timestamp, before: Timestamp) -> (i64, i64) {
    let before = before.as_microsecond();
    (
        since.as_microsecond().div_euclid(HOUR),
        before.div_euclid(HOUR) + i64::from(before.rem_euclid(HOUR) > 0),
    )
}

/// The statement that reads the codes of these senders' hours; `prefix` is for its plan.
pub(super) fn by_hour(
    prefix: &'static str,
    senders: &[String],
    hours: (i64, i64),
) -> QueryBuilder<Db> {
    packed(prefix, "hour, code, entries, calls", BY_HOUR, senders, hours)
}

/// A row for each sender with all of its rows within this time, as text: a row costs far more than the numbers in it.
fn packed(
    prefix: &'static str,
    columns: &'static str,
    table: CodeTable,
    senders: &[String],
    times: (i64, i64),
) -> QueryBuilder<Db> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(prefix);
    sql.push("SELECT organisation, string_agg(concat_ws(' ', ").push(columns).push("), ',')");
    push_times(&mut sql, table, senders, times);
    sql.push(" GROUP BY organisation");
    sql
}

/// The rows of such a statement: senders, and what they have as text.
async fn fetch(
    mut sql: QueryBuilder<Db>,
    db: &mut Connection,
) -> Result<Vec<(String, String)>, StoreError> {
    sql.build_query_as().fetch_all(db).await.map_err(unavailable)
}

/// The columns of a row that [`packed`] gives.
struct Columns<'a>(SplitWhitespace<'a>);

impl<'a> Columns<'a> {
    /// Those of each row in a text.
    fn of(text: &'a str) -> impl Iterator<Item = Self> {
        text.split(',').map(|row| Self(row.split_whitespace()))
    }

    fn text(&mut self) -> Result<&'a str, StoreError> {
        self.0.next().ok_or(StoreError::Damaged { what: "a row of the sums" })
    }

    fn number(&mut self) -> Result<i64, StoreError> {
        number(self.text()?)
    }

    fn count(&mut self) -> Result<u64, StoreError> {
        count(self.number()?)
    }
}

/// ` FROM table WHERE` of these senders and times: from the first one until before the other.
fn push_times(
    sql: &mut QueryBuilder<Db>,
    (table, time): (&'static str, &'static str),
    senders: &[String],
    (since, before): (i64, i64),
) {
    sql.push(" FROM ").push(table).push(" WHERE organisation IN (");
    let mut list = sql.separated(", ");
    for sender in senders {
        list.push_bind(sender.clone());
    }
    sql.push(") AND ").push(time).push(" >= ").push_bind(since);
    sql.push(" AND ").push(time).push(" < ").push_bind(before);
}

/// The statement that reads the sums of days; `prefix` is for its plan.
pub(super) fn by_day(
    prefix: &'static str,
    senders: &[String],
    days: (i64, i64),
) -> QueryBuilder<Db> {
    let columns = "day, COALESCE(CAST(last_hour AS TEXT), '-'), accepted, refused_messages, entries, stored, unchanged,
        refused, dependent";
    packed(prefix, columns, ("day_count", "day"), senders, days)
}

fn number(text: &str) -> Result<i64, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged { what: "a number of the sums" })
}

/// The numbers of the days `[first, last]`, as a first one and one that is too late.
fn numbers(first: Date, last: Date) -> (i64, i64) {
    (day_number(first), day_number(last).saturating_add(1))
}

pub(super) async fn day_counts(
    db: &mut Connection,
    senders: &[OrganisationNumber],
    (first, last): (Date, Date),
) -> Result<Vec<DayCount>, StoreError> {
    let names: Vec<String> = senders.iter().map(|sender| sender.as_str().to_owned()).collect();
    let mut all = Vec::new();
    for chunk in names.chunks(CHUNK) {
        let rows = fetch(by_day("", chunk, numbers(first, last)), db).await?;
        for (sender, days) in rows {
            let sender = organisation(&sender)?;
            for mut day in Columns::of(&days) {
                all.push(DayCount {
                    sender,
                    day: date_of(day.number()?)?,
                    last: match day.text()? {
                        "-" => None,
                        hour => Some(start_of(number(hour)?)?),
                    },
                    accepted: day.count()?,
                    refused_messages: day.count()?,
                    entries: day.count()?,
                    stored: day.count()?,
                    unchanged: day.count()?,
                    refused: day.count()?,
                    dependent: day.count()?,
                });
            }
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
        let rows = fetch(by_hour("", chunk, hours(since, before)), db).await?;
        for (sender, codes) in rows {
            let sender = known(&sender)?;
            for mut code in Columns::of(&codes) {
                all.push(HourCodes {
                    sender,
                    hour: start_of(code.number()?)?,
                    code: code.text()?.to_owned(),
                    entries: code.count()?,
                    calls: code.count()?,
                });
            }
        }
    }
    Ok(all)
}

/// The statement that reads the codes of these senders' days; `prefix` is for its plan.
pub(super) fn codes_by_day(
    prefix: &'static str,
    senders: &[String],
    days: (i64, i64),
) -> QueryBuilder<Db> {
    packed(prefix, "day, code, entries, calls", BY_DAY, senders, days)
}

pub(super) async fn code_counts(
    db: &mut Connection,
    senders: &[Option<OrganisationNumber>],
    (first, last): (Date, Date),
) -> Result<CodeCounts, StoreError> {
    let names: Vec<String> = senders
        .iter()
        .map(|sender| sender.map_or_else(String::new, |sender| sender.as_str().to_owned()))
        .collect();
    // Summed up here: in the database each of the two sums would sort all rows.
    let mut by_day: BTreeMap<(i64, String), (u64, u64)> = BTreeMap::new();
    let mut by_sender: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    for chunk in names.chunks(CHUNK) {
        let rows = fetch(codes_by_day("", chunk, numbers(first, last)), db).await?;
        for (sender, codes) in rows {
            let mut of_sender: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
            for mut columns in Columns::of(&codes) {
                let (day, code) = (columns.number()?, columns.text()?);
                let (entries, calls) = (columns.count()?, columns.count()?);
                let of_day = by_day.entry((day, code.to_owned())).or_default();
                for sum in [of_day, of_sender.entry(code).or_default()] {
                    sum.0 = sum.0.saturating_add(entries);
                    sum.1 = sum.1.saturating_add(calls);
                }
            }
            let of_sender = of_sender.into_iter();
            by_sender.extend(of_sender.map(|(code, sum)| ((sender.clone(), code.to_owned()), sum)));
        }
    }
    let mut all = CodeCounts::default();
    for ((day, code), (entries, calls)) in by_day {
        all.by_day.push(CodesOfDay { day: date_of(day)?, code, entries, calls });
    }
    for ((sender, code), (entries, calls)) in by_sender {
        all.by_sender.push(CodesOfSender { sender: known(&sender)?, code, entries, calls });
    }
    Ok(all)
}

/// Whose a sum is: nobody's that is known where the name is empty.
fn known(sender: &str) -> Result<Option<OrganisationNumber>, StoreError> {
    if sender.is_empty() { Ok(None) } else { organisation(sender).map(Some) }
}

fn start_of(hour: i64) -> Result<Timestamp, StoreError> {
    time(hour.checked_mul(HOUR).ok_or(StoreError::Damaged { what: "a sum's hour" })?)
}

pub(super) fn count(stored: i64) -> Result<u64, StoreError> {
    u64::try_from(stored).map_err(|_| StoreError::Damaged { what: "a count of the sums" })
}
