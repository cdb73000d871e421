//! Dates with a time and an offset.

use std::cmp::Ordering;
use std::fmt;

use super::{DAY, Date, SECOND, TemporalError, Time, duration, to_attos, two};
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

    /// Attoseconds since 1970 in local reckoning.
    fn local_attos(self) -> i128 {
        i128::from(self.date.day_number()) * DAY + self.time.map_or(0, Time::attos_of_day)
    }

    fn at_attos(self, attos: i128) -> Option<Self> {
        let days = i64::try_from(attos.div_euclid(DAY)).ok()?;
        let date = Date::from_day_number(days)?.truncated(self.date.precision());
        Some(Self {
            date,
            time: self.time.map(|t| t.at(attos.rem_euclid(DAY))),
            offset: self.offset,
        })
    }

    /// Day and time in UTC; without an offset, as they are.
    ///
    /// The day is a number, so that the last hours of year 9999 and the first of year 1 have one too;
    /// an offset is whole minutes, so that a leap second stays the 60th.
    fn in_utc(self, time: Time) -> (i64, Time) {
        let day = self.date.day_number();
        match self.offset {
            None | Some(0) => (day, time),
            Some(offset) => {
                let minutes = i64::from(time.hour) * 60 + i64::from(time.minute);
                let minutes = minutes - i64::from(offset);
                (day + minutes.div_euclid(24 * 60), time.in_minute(minutes.rem_euclid(24 * 60)))
            }
        }
    }

    /// Equal, less or greater as far as both are known; `None` when precision or a missing time zone
    /// leaves it open.
    pub fn partial_compare(self, other: Self) -> Option<Ordering> {
        match (self.time, other.time) {
            (Some(_), Some(_)) if self.offset.is_some() != other.offset.is_some() => {
                self.compare_one_zone(other)
            }
            (Some(own), Some(others)) => {
                let ((day, own), (other_day, others)) = (self.in_utc(own), other.in_utc(others));
                match day.cmp(&other_day) {
                    Ordering::Equal => own.compare(others),
                    order => Some(order),
                }
            }
            (own, others) => match self.date.compare(other.date) {
                Some(Ordering::Equal) if own.is_some() != others.is_some() => None,
                order => order,
            },
        }
    }

    /// One has an offset, the other none: it may be anything from -12:00 to +14:00.
    fn compare_one_zone(self, other: Self) -> Option<Ordering> {
        const HOUR: i128 = 3600 * SECOND;
        let range = |t: Self| {
            let moment = t.local_attos();
            match t.offset {
                Some(offset) => {
                    let utc = moment - i128::from(offset) * 60 * SECOND;
                    (utc, utc)
                }
                None => (moment - 14 * HOUR, moment + 12 * HOUR),
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
        let whole = value.to_i64().ok_or(TemporalError::OutOfRange)?;
        let out = TemporalError::OutOfRange;
        let precision = self.date.precision();
        let moved = |date: Option<Date>| date.map(|date| Self { date, ..self }).ok_or(out);
        match unit {
            CalendarUnit::Year => moved(self.date.plus_months(whole.checked_mul(12).ok_or(out)?)),
            CalendarUnit::Month if precision == 4 => moved(self.date.plus_months(whole / 12 * 12)),
            CalendarUnit::Month => moved(self.date.plus_months(whole)),
            _ if precision < 8 => {
                // 30 days to a month, 12 months to a year, as the specification has it.
                let days = i64::try_from(to_attos(unit, &value)? / DAY).map_err(|_| out)?;
                let months = if precision == 4 { days / 365 * 12 } else { days / 30 };
                moved(self.date.plus_months(months))
            }
            _ => {
                let attos = to_attos(unit, &value)?;
                let attos = match self.time {
                    None => attos / DAY * DAY,
                    Some(t) => t.whole_units(attos),
                };
                self.at_attos(self.local_attos().checked_add(attos).ok_or(out)?).ok_or(out)
            }
        }
    }

    /// The least or greatest moment this one can mean, cut to the digits asked for.
    pub(crate) fn boundary(self, precision: u8, high: bool) -> Option<Self> {
        let date = self.date.filled(high);
        match precision {
            4 | 6 | 8 => Some(Self::from(date.truncated(precision))),
            10 | 12 | 14 | 17 => {
                let whole_day = if high { Time::LAST_SECOND } else { Time::MIDNIGHT };
                let time = self.time.unwrap_or(whole_day).filled(high);
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
