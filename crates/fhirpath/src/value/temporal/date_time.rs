//! Dates with a time and an offset.

use std::cmp::Ordering;
use std::fmt;

use rust_decimal::prelude::ToPrimitive;

use super::{DAY, Date, NANOS, TemporalError, Time, duration, to_nanos, two};
use crate::value::{CalendarUnit, Quantity};

/// A date, with or without a time, the time with or without an offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    pub(super) date: Date,
    pub(super) time: Option<Time>,
    /// Minutes east of UTC.
    pub(super) offset: Option<i16>,
}

impl DateTime {
    /// Reads a FHIR dateTime or instant, or a FHIRPath literal without its `@`.
    pub fn parse(text: &str) -> Option<Self> {
        let Some((date, rest)) = text.split_once('T') else {
            return Date::parse(text).map(Self::from);
        };
        let date = Date::parse(date)?;
        if rest.is_empty() {
            return Some(Self::from(date));
        }
        if date.day == 0 {
            return None;
        }
        let (time, offset) = match rest.find(['Z', '+', '-']) {
            None => (rest, None),
            Some(n) => (&rest[..n], Some(offset(&rest[n..])?)),
        };
        Some(Self { date, time: Some(Time::parse(time)?), offset })
    }

    /// The date part.
    pub fn date(self) -> Date {
        self.date
    }

    /// The time part.
    pub fn time(self) -> Option<Time> {
        self.time
    }

    /// Minutes east of UTC.
    pub fn offset(self) -> Option<i16> {
        self.offset
    }

    /// Nanoseconds since 1970 in local reckoning.
    pub(super) fn local_nanos(self) -> i128 {
        i128::from(self.date.day_number()) * DAY + self.time.map_or(0, Time::nanos_of_day)
    }

    pub(super) fn at_nanos(self, nanos: i128) -> Option<Self> {
        let days = i64::try_from(nanos.div_euclid(DAY)).ok()?;
        let date = Date::from_day_number(days)?.truncated(self.date.precision());
        Some(Self {
            date,
            time: self.time.map(|t| t.at(nanos.rem_euclid(DAY))),
            offset: self.offset,
        })
    }

    /// Moves to UTC without changing the moment.
    pub(super) fn in_utc(self) -> Self {
        match self.offset {
            Some(offset) if offset != 0 => {
                let nanos = self.local_nanos() - i128::from(offset) * 60 * NANOS;
                self.at_nanos(nanos).unwrap_or(self)
            }
            _ => self,
        }
    }

    /// Equal, less or greater as far as both are known; `None` when precision or a missing time zone
    /// leaves it open.
    pub fn partial_compare(self, other: Self) -> Option<Ordering> {
        if let (Some(_), Some(_)) = (self.time, other.time)
            && self.offset.is_some() != other.offset.is_some()
        {
            return self.compare_one_zone(other);
        }
        let both_timed = self.time.is_some() && other.time.is_some();
        let (a, b) = if both_timed { (self.in_utc(), other.in_utc()) } else { (self, other) };
        match a.date.compare(b.date) {
            Some(Ordering::Equal) => match (a.time, b.time) {
                (Some(x), Some(y)) => x.compare(y),
                (None, None) => Some(Ordering::Equal),
                _ => None,
            },
            order => order,
        }
    }

    /// One has an offset, the other none: it may be anything from -12:00 to +14:00.
    pub(super) fn compare_one_zone(self, other: Self) -> Option<Ordering> {
        let range = |t: Self| {
            let moment = t.local_nanos();
            match t.offset {
                Some(o) => {
                    let utc = moment - i128::from(o) * 60 * NANOS;
                    (utc, utc)
                }
                None => (moment - 14 * 3600 * NANOS, moment + 12 * 3600 * NANOS),
            }
        };
        let ((a_low, a_high), (b_low, b_high)) = (range(self), range(other));
        if a_high < b_low {
            Some(Ordering::Less)
        } else if a_low > b_high {
            Some(Ordering::Greater)
        } else {
            None
        }
    }

    /// Digits of precision: 4, 6, 8, 10, 12, 14 or 17.
    pub fn precision(self) -> u8 {
        match self.time {
            None => self.date.precision(),
            Some(t) => 8 + t.precision(),
        }
    }

    /// Adds a duration; an amount finer than the precision held counts in whole units of it.
    pub(crate) fn plus(self, amount: &Quantity, minus: bool) -> Result<Self, TemporalError> {
        let (unit, value) = duration(amount, minus)?;
        let whole = value.trunc().to_i64().ok_or(TemporalError::OutOfRange)?;
        let out = TemporalError::OutOfRange;
        let precision = self.date.precision();
        let moved = |date: Option<Date>| date.map(|date| Self { date, ..self }).ok_or(out);
        match unit {
            CalendarUnit::Year => moved(self.date.plus_months(whole.checked_mul(12).ok_or(out)?)),
            CalendarUnit::Month if precision == 4 => moved(self.date.plus_months(whole / 12 * 12)),
            CalendarUnit::Month => moved(self.date.plus_months(whole)),
            _ if precision < 8 => {
                // 30 days to a month, 12 months to a year, as the specification has it.
                let days = i64::try_from(to_nanos(unit, value)? / DAY).map_err(|_| out)?;
                let months = if precision == 4 { days / 365 * 12 } else { days / 30 };
                moved(self.date.plus_months(months))
            }
            _ => {
                let nanos = to_nanos(unit, value)?;
                let nanos = match self.time {
                    None => nanos / DAY * DAY,
                    Some(t) => t.whole_units(nanos),
                };
                self.at_nanos(self.local_nanos().checked_add(nanos).ok_or(out)?).ok_or(out)
            }
        }
    }

    /// The least or greatest moment this one can mean, cut to the digits asked for.
    pub(crate) fn boundary(self, precision: u8, high: bool) -> Option<Self> {
        let date = self.date.filled(high);
        match precision {
            4 | 6 | 8 => Some(Self::from(date.truncated(precision))),
            10 | 12 | 14 | 17 => {
                let start = Time { hour: 0, minute: 0, second: 0, given: 3, digits: 0, nanos: 0 };
                let time = match self.time {
                    Some(t) => t.filled(high),
                    None if high => Time { hour: 23, minute: 59, second: 59, ..start }.filled(true),
                    None => start.filled(false),
                };
                let time = time.truncated(if precision == 17 { 9 } else { precision - 8 });
                let widest = if high { -12 * 60 } else { 14 * 60 };
                Some(Self { date, time: Some(time), offset: Some(self.offset.unwrap_or(widest)) })
            }
            _ => None,
        }
    }
}

impl From<Date> for DateTime {
    fn from(date: Date) -> Self {
        Self { date, time: None, offset: None }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date.fmt(f)?;
        if let Some(time) = self.time {
            write!(f, "T{time}")?;
        }
        match self.offset {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(o) => {
                let sign = if o < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", o.unsigned_abs() / 60, o.unsigned_abs() % 60)
            }
        }
    }
}

fn offset(text: &str) -> Option<i16> {
    match text.as_bytes() {
        b"Z" => Some(0),
        [sign @ (b'+' | b'-'), h @ .., b':', m1, m2] => {
            let (hours, minutes) = (i16::from(two(h)?), i16::from(two(&[*m1, *m2])?));
            let total = hours * 60 + minutes;
            (minutes < 60 && total <= 14 * 60).then_some(if *sign == b'-' { -total } else { total })
        }
        _ => None,
    }
}
