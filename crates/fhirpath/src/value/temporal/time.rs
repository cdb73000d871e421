//! Times of day.

use std::cmp::Ordering;
use std::fmt;

use super::{DAY, NANOS, TemporalError, duration, to_nanos, two};
use crate::value::{CalendarUnit, Quantity};

/// A time of day to the hour, minute, second or a fraction of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Time {
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: u8,
    /// How many of hour, minute and second are given, 1 to 3.
    pub(super) given: u8,
    /// Digits of the fraction that were written, 0 to 9.
    pub(super) digits: u8,
    pub(super) nanos: u32,
}

impl Time {
    /// Reads `HH`, `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`; a fraction beyond nanoseconds is cut.
    pub fn parse(text: &str) -> Option<Self> {
        let b = text.as_bytes();
        let mut time =
            Self { hour: two(b.get(..2)?)?, minute: 0, second: 0, given: 1, digits: 0, nanos: 0 };
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

    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        let mut order = self.hour.cmp(&other.hour);
        if order != Ordering::Equal {
            return Some(order);
        }
        for (location, a, b) in [
            (2, (self.minute, 0), (other.minute, 0)),
            (3, (self.second, self.nanos), (other.second, other.nanos)),
        ] {
            match (self.given >= location, other.given >= location) {
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

    pub(super) fn nanos_of_day(self) -> i128 {
        (i128::from(self.hour) * 3600 + i128::from(self.minute) * 60 + i128::from(self.second))
            * NANOS
            + i128::from(self.nanos)
    }

    /// The same precision at another moment of the day.
    pub(super) fn at(self, nanos_of_day: i128) -> Self {
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
    pub(super) fn whole_units(self, nanos: i128) -> i128 {
        let unit = match self.given {
            1 => 3600 * NANOS,
            2 => 60 * NANOS,
            _ => return nanos,
        };
        nanos / unit * unit
    }

    pub(super) fn filled(self, high: bool) -> Self {
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

    pub(super) fn truncated(self, precision: u8) -> Self {
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
