//! Dates and times with the precision they were written in.
//!
//! Comparison and arithmetic follow N1, sections 6.1 to 6.8
//! (<http://hl7.org/fhirpath/N1/#datetime-arithmetic>).

use std::cmp::Ordering;
use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::quantity::{CalendarUnit, Quantity, Unit};

const NANOS: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * NANOS;

/// Why an amount cannot be added to a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TemporalError {
    /// The unit is no duration.
    NotDuration,
    /// `a` and `mo` are no calendar lengths.
    Definite(&'static str),
    /// Beyond year 1 to 9999: the result is empty.
    OutOfRange,
}

/// A year, month or day: `2015`, `2015-02`, `2015-02-04`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Date {
    year: u16,
    /// 0 when not given.
    month: u8,
    /// 0 when not given.
    day: u8,
}

/// A time of day to the hour, minute, second or a fraction of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Time {
    hour: u8,
    minute: u8,
    second: u8,
    /// How many of hour, minute and second are given, 1 to 3.
    given: u8,
    /// Digits of the fraction that were written, 0 to 9.
    digits: u8,
    nanos: u32,
}

/// A date, with or without a time, the time with or without an offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    date: Date,
    time: Option<Time>,
    /// Minutes east of UTC.
    offset: Option<i16>,
}

fn two(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some((a - b'0') * 10 + (b - b'0')),
        _ => None,
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn day_number(year: i64, month: u8, day: u8) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let m = i64::from(month);
    let of_year = (153 * (m + if m > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn date_of_day_number(days: i64) -> (i64, u8, u8) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let mp = (5 * of_year + 2) / 153;
    let day = u8::try_from(of_year - (153 * mp + 2) / 5 + 1).unwrap_or(1);
    let month = u8::try_from(if mp < 10 { mp + 3 } else { mp - 9 }).unwrap_or(1);
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

impl Date {
    /// Reads `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; `None` for anything else or a day no calendar has.
    pub fn parse(text: &str) -> Option<Self> {
        let b = text.as_bytes();
        let (year, month, day) = match b.len() {
            4 => (b, 0, 0),
            7 if b[4] == b'-' => (&b[..4], two(&b[5..7]).filter(|m| *m > 0)?, 0),
            10 if b[4] == b'-' && b[7] == b'-' => {
                (&b[..4], two(&b[5..7]).filter(|m| *m > 0)?, two(&b[8..10]).filter(|d| *d > 0)?)
            }
            _ => return None,
        };
        let year = u16::from(two(&year[..2])?) * 100 + u16::from(two(&year[2..])?);
        if year == 0 || month > 12 || day > days_in_month(i64::from(year), month) {
            return None;
        }
        Some(Self { year, month, day })
    }

    fn compare(self, other: Self) -> Option<Ordering> {
        let mut order = self.year.cmp(&other.year);
        for (a, b) in [(self.month, other.month), (self.day, other.day)] {
            if order != Ordering::Equal {
                return Some(order);
            }
            match (a, b) {
                (0, 0) => return Some(Ordering::Equal),
                (0, _) | (_, 0) => return None,
                _ => order = a.cmp(&b),
            }
        }
        Some(order)
    }

    /// 1 to 9999.
    pub fn year(self) -> u16 {
        self.year
    }

    /// 1 to 12, where given.
    pub fn month(self) -> Option<u8> {
        (self.month > 0).then_some(self.month)
    }

    /// 1 to 31, where given.
    pub fn day(self) -> Option<u8> {
        (self.day > 0).then_some(self.day)
    }

    /// Digits of precision: 4, 6 or 8.
    pub fn precision(self) -> u8 {
        match (self.month, self.day) {
            (0, _) => 4,
            (_, 0) => 6,
            _ => 8,
        }
    }

    fn truncated(self, precision: u8) -> Self {
        Self {
            year: self.year,
            month: if precision >= 6 { self.month } else { 0 },
            day: if precision >= 8 { self.day } else { 0 },
        }
    }

    /// Fills up to a full day with the first or last that is possible.
    fn filled(self, high: bool) -> Self {
        let month = match self.month {
            0 if high => 12,
            0 => 1,
            m => m,
        };
        let day = match self.day {
            0 if high => days_in_month(i64::from(self.year), month),
            0 => 1,
            d => d,
        };
        Self { year: self.year, month, day }
    }

    fn day_number(self) -> i64 {
        let full = self.filled(false);
        day_number(i64::from(full.year), full.month, full.day)
    }

    fn from_day_number(days: i64) -> Option<Self> {
        let (year, month, day) = date_of_day_number(days);
        if !(1..=9999).contains(&year) {
            return None;
        }
        Some(Self { year: u16::try_from(year).ok()?, month, day })
    }

    fn plus_months(self, months: i64) -> Option<Self> {
        let base = i64::from(self.year) * 12 + i64::from(self.month.max(1)) - 1;
        let total = base.checked_add(months)?;
        let year = total.div_euclid(12);
        if !(1..=9999).contains(&year) {
            return None;
        }
        let month = u8::try_from(total.rem_euclid(12)).ok()? + 1;
        Some(Self {
            year: u16::try_from(year).ok()?,
            month: if self.month == 0 { 0 } else { month },
            day: self.day.min(days_in_month(year, month)),
        })
    }

    /// Adds a calendar amount to the precision that the date has.
    pub(crate) fn plus(self, amount: &Quantity, minus: bool) -> Result<Self, TemporalError> {
        let added = DateTime { date: self, time: None, offset: None }.plus(amount, minus)?;
        Ok(added.date)
    }

    /// The least or greatest date this one can mean, cut to 4, 6 or 8 digits.
    pub(crate) fn boundary(self, precision: u8, high: bool) -> Option<Self> {
        matches!(precision, 4 | 6 | 8).then(|| self.filled(high).truncated(precision))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if self.month > 0 {
            write!(f, "-{:02}", self.month)?;
        }
        if self.day > 0 {
            write!(f, "-{:02}", self.day)?;
        }
        Ok(())
    }
}

impl Time {
    /// Reads `HH`, `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`; a fraction beyond nanoseconds is cut.
    pub fn parse(text: &str) -> Option<Self> {
        let b = text.as_bytes();
        let mut time = Self { hour: two(b.get(..2)?)?, minute: 0, second: 0, given: 1, digits: 0, nanos: 0 };
        if b.len() > 2 {
            if b[2] != b':' {
                return None;
            }
            time.minute = two(b.get(3..5)?)?;
            time.given = 2;
        }
        if b.len() > 5 {
            if b[5] != b':' {
                return None;
            }
            time.second = two(b.get(6..8)?)?;
            time.given = 3;
        }
        if b.len() > 8 {
            let fraction = &b[9..];
            if b[8] != b'.' || fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
                return None;
            }
            let mut nanos = 0;
            for i in 0..9 {
                nanos = nanos * 10 + fraction.get(i).map_or(0, |d| u32::from(d - b'0'));
            }
            time.nanos = nanos;
            time.digits = u8::try_from(fraction.len().min(9)).unwrap_or(9);
        }
        // 60 is a leap second; FHIR allows it.
        (time.hour < 24 && time.minute < 60 && time.second <= 60).then_some(time)
    }

    fn compare(self, other: Self) -> Option<Ordering> {
        let mut order = self.hour.cmp(&other.hour);
        if order != Ordering::Equal {
            return Some(order);
        }
        for (place, a, b) in [
            (2, (self.minute, 0), (other.minute, 0)),
            (3, (self.second, self.nanos), (other.second, other.nanos)),
        ] {
            match (self.given >= place, other.given >= place) {
                (false, false) => return Some(Ordering::Equal),
                (true, true) => order = a.cmp(&b),
                _ => return None,
            }
            if order != Ordering::Equal {
                return Some(order);
            }
        }
        Some(order)
    }

    /// Equal, less or greater as far as both are known; `None` when precision leaves it open.
    pub fn partial_compare(self, other: Self) -> Option<Ordering> {
        self.compare(other)
    }

    /// 0 to 23.
    pub fn hour(self) -> u8 {
        self.hour
    }

    /// 0 to 59, where given.
    pub fn minute(self) -> Option<u8> {
        (self.given > 1).then_some(self.minute)
    }

    /// 0 to 60, where given.
    pub fn second(self) -> Option<u8> {
        (self.given > 2).then_some(self.second)
    }

    /// Thousandths of the second, where a fraction is given.
    pub fn millisecond(self) -> Option<u32> {
        (self.digits > 0).then_some(self.nanos / 1_000_000)
    }

    /// Digits of precision: 2, 4, 6 or 9.
    pub fn precision(self) -> u8 {
        match (self.given, self.digits) {
            (1, _) => 2,
            (2, _) => 4,
            (_, 0) => 6,
            _ => 9,
        }
    }

    fn nanos_of_day(self) -> i128 {
        (i128::from(self.hour) * 3600 + i128::from(self.minute) * 60 + i128::from(self.second)) * NANOS
            + i128::from(self.nanos)
    }

    /// The same precision at another moment of the day.
    fn at(self, nanos_of_day: i128) -> Self {
        let seconds = nanos_of_day / NANOS;
        let nanos = u32::try_from(nanos_of_day % NANOS).unwrap_or(0);
        let part = |n: i128| u8::try_from(n).unwrap_or(0);
        let digits = if nanos != 0 && self.given == 3 { self.digits.max(3) } else { self.digits };
        Self {
            hour: part(seconds / 3600),
            minute: part(seconds / 60 % 60),
            second: part(seconds % 60),
            given: self.given,
            digits,
            nanos,
        }
    }

    pub(crate) fn plus(self, amount: &Quantity, minus: bool) -> Result<Self, TemporalError> {
        let (unit, value) = duration(amount, minus)?;
        let nanos = match unit {
            CalendarUnit::Year | CalendarUnit::Month | CalendarUnit::Week | CalendarUnit::Day => {
                return Err(TemporalError::NotDuration);
            }
            _ => to_nanos(unit, value)?,
        };
        let nanos = self.whole_units(nanos);
        Ok(self.at((self.nanos_of_day() + nanos).rem_euclid(DAY)))
    }

    /// Cuts a duration to whole units of the precision given.
    fn whole_units(self, nanos: i128) -> i128 {
        let unit = match self.given {
            1 => 3600 * NANOS,
            2 => 60 * NANOS,
            _ => return nanos,
        };
        nanos / unit * unit
    }

    fn filled(self, high: bool) -> Self {
        let mut t = self;
        if t.given < 2 {
            t.minute = if high { 59 } else { 0 };
        }
        if t.given < 3 {
            t.second = if high { 59 } else { 0 };
        }
        if t.digits == 0 {
            t.nanos = if high { 999_999_999 } else { 0 };
        } else if high {
            let step = 10u32.pow(9 - u32::from(t.digits));
            t.nanos = (t.nanos / step * step) + (step - 1);
        }
        t.given = 3;
        t.digits = 3;
        t.nanos = t.nanos / 1_000_000 * 1_000_000;
        t
    }

    fn truncated(self, precision: u8) -> Self {
        let mut t = self;
        if precision < 9 {
            t.digits = 0;
            t.nanos = 0;
        }
        if precision < 6 {
            t.second = 0;
            t.given = 2;
        }
        if precision < 4 {
            t.minute = 0;
            t.given = 1;
        }
        t
    }

    /// The least or greatest time this one can mean, cut to 2, 4, 6 or 9 digits.
    pub(crate) fn boundary(self, precision: u8, high: bool) -> Option<Self> {
        matches!(precision, 2 | 4 | 6 | 9).then(|| self.filled(high).truncated(precision))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.hour)?;
        if self.given > 1 {
            write!(f, ":{:02}", self.minute)?;
        }
        if self.given > 2 {
            write!(f, ":{:02}", self.second)?;
            if self.digits > 0 {
                let digits = usize::from(self.digits);
                let fraction = self.nanos / 10u32.pow(9 - u32::from(self.digits));
                write!(f, ".{fraction:0digits$}")?;
            }
        }
        Ok(())
    }
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
    fn local_nanos(self) -> i128 {
        i128::from(self.date.day_number()) * DAY + self.time.map_or(0, Time::nanos_of_day)
    }

    fn at_nanos(self, nanos: i128) -> Option<Self> {
        let days = i64::try_from(nanos.div_euclid(DAY)).ok()?;
        let date = Date::from_day_number(days)?.truncated(self.date.precision());
        Some(Self { date, time: self.time.map(|t| t.at(nanos.rem_euclid(DAY))), offset: self.offset })
    }

    /// Moves to UTC without changing the moment.
    fn in_utc(self) -> Self {
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
    fn compare_one_zone(self, other: Self) -> Option<Ordering> {
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

/// The calendar unit and signed amount of a duration.
fn duration(amount: &Quantity, minus: bool) -> Result<(CalendarUnit, Decimal), TemporalError> {
    let unit = match &amount.unit {
        Unit::Calendar(unit) => *unit,
        Unit::Ucum(code) => match &**code {
            "a" => return Err(TemporalError::Definite("a")),
            "mo" => return Err(TemporalError::Definite("mo")),
            "wk" => CalendarUnit::Week,
            "d" => CalendarUnit::Day,
            "h" => CalendarUnit::Hour,
            "min" => CalendarUnit::Minute,
            "s" => CalendarUnit::Second,
            "ms" => CalendarUnit::Millisecond,
            // `1 'month'` is no UCUM, but the reference takes it for the calendar's word.
            word => CalendarUnit::parse(word).ok_or(TemporalError::NotDuration)?,
        },
    };
    Ok((unit, if minus { -amount.value } else { amount.value }))
}

/// Only seconds keep their fraction.
fn to_nanos(unit: CalendarUnit, value: Decimal) -> Result<i128, TemporalError> {
    let out = TemporalError::OutOfRange;
    let whole = |each: i128| value.trunc().to_i128().and_then(|n| n.checked_mul(each)).ok_or(out);
    let part =
        |each: i64| value.checked_mul(Decimal::from(each)).and_then(|n| n.trunc().to_i128()).ok_or(out);
    let nanos = match unit {
        CalendarUnit::Year => whole(365 * DAY),
        CalendarUnit::Month => whole(30 * DAY),
        CalendarUnit::Week => whole(7 * DAY),
        CalendarUnit::Day => whole(DAY),
        CalendarUnit::Hour => whole(3600 * NANOS),
        CalendarUnit::Minute => whole(60 * NANOS),
        CalendarUnit::Second => part(1_000_000_000),
        CalendarUnit::Millisecond => part(1_000_000),
    }?;
    // Nothing beyond the calendar's ten thousand years can be added.
    if nanos.abs() > 4_000_000 * DAY { Err(out) } else { Ok(nanos) }
}

impl Date {
    /// Equal, less or greater as far as both are known; `None` when precision leaves it open.
    pub fn partial_compare(self, other: Self) -> Option<Ordering> {
        self.compare(other)
    }
}
