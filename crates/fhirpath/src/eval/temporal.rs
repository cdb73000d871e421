//! The clock, and parts of dates and times.

use super::{Call, Engine, EvalResult, ScalarResult};
use crate::error::Unavailable;
use crate::item::Item;
use crate::value::{Date, DateTime, Decimal, Time};

pub(crate) fn now<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    Ok(Some(Item::DateTime(clock(engine, call)?)))
}

pub(crate) fn today<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    Ok(Some(Item::Date(clock(engine, call)?.date())))
}

pub(crate) fn time_of_day<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    Ok(clock(engine, call)?.time().map(Item::Time))
}

fn clock<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> EvalResult<DateTime> {
    match engine.env.now {
        Some(now) => Ok(now),
        None => engine.unavailable(call.location, call.what(), Unavailable::Clock),
    }
}

/// A date, dateTime or time, by its parts.
#[derive(Default)]
struct Parts {
    date: Option<Date>,
    time: Option<Time>,
    /// Minutes east of UTC.
    offset: Option<i16>,
}

fn part<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
    take: impl Fn(Parts) -> Option<Item<'a>>,
) -> ScalarResult<'a> {
    Ok(match engine.source_value(call)? {
        None => None,
        Some(Item::Date(d)) => take(Parts { date: Some(d), ..Parts::default() }),
        Some(Item::DateTime(d)) => {
            take(Parts { date: Some(d.date()), time: d.time(), offset: d.offset() })
        }
        Some(Item::Time(t)) => take(Parts { time: Some(t), ..Parts::default() }),
        Some(other) => return engine.wrong_type(call, &other),
    })
}

fn integer<'a>(n: impl Into<i64>) -> Item<'a> {
    Item::Integer(n.into())
}

pub(crate) fn year_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    part(engine, call, |parts| parts.date.map(|d| integer(d.year())))
}

pub(crate) fn month_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    part(engine, call, |parts| parts.date.and_then(Date::month).map(integer))
}

pub(crate) fn day_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    part(engine, call, |parts| parts.date.and_then(Date::day).map(integer))
}

pub(crate) fn hour_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    part(engine, call, |parts| parts.time.map(|t| integer(t.hour())))
}

pub(crate) fn minute_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    part(engine, call, |parts| parts.time.and_then(Time::minute).map(integer))
}

pub(crate) fn second_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    part(engine, call, |parts| parts.time.and_then(Time::second).map(integer))
}

pub(crate) fn millisecond_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    part(engine, call, |parts| parts.time.and_then(Time::millisecond).map(integer))
}

pub(crate) fn date_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    part(engine, call, |parts| parts.date.map(Item::Date))
}

pub(crate) fn time_of<'a>(engine: &Engine<'_, 'a>, call: Call<'_, 'a>) -> ScalarResult<'a> {
    part(engine, call, |parts| parts.time.map(Item::Time))
}

/// In hours, east of UTC.
pub(crate) fn timezone_offset_of<'a>(
    engine: &Engine<'_, 'a>,
    call: Call<'_, 'a>,
) -> ScalarResult<'a> {
    part(engine, call, |parts| {
        parts.offset.and_then(|o| Decimal::from(o).divided_by(&60.into())).map(Item::Decimal)
    })
}
