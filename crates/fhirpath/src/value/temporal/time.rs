//! Times of day.

use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU8;

use super::{DAY, SECOND, TemporalError, duration, to_attos, two};
use crate::value::{CalendarUnit, Quantity};

/// How many of hour, minute and second are given.
const HOUR: NonZeroU8 = NonZeroU8::MIN;
const MINUTE: NonZeroU8 = HOUR.saturating_add(1);
const TO_SECOND: NonZeroU8 = HOUR.saturating_add(2);
/// Digits of a second's fraction that are held.
const MAX_DIGITS: u8 = 18;

/// A time of day to the hour, minute, second or a fraction of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Time {
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: u8,
    given: NonZeroU8,
    /// Digits of the fraction that were written, 0 to [`MAX_DIGITS`].
    digits: u8,
    /// Whether digits above zero follow beyond [`MAX_DIGITS`].
    has_more: bool,
    /// The fraction of the second in attoseconds.
    attos: u64,
}

impl Time {
    /// The first moment of a day.
    pub(super) const MIDNIGHT: Self = Self {
        hour: 0,
        minute: 0,
        second: 0,
        given: TO_SECOND,
        digits: 0,
        has_more: false,
        attos: 0,
    };

    /// The last second of a day that has no leap second.
    pub(super) const LAST_SECOND: Self =
        Self { hour: 23, minute: 59, second: 59, ..Self::MIDNIGHT };

    /// Reads `HH`, `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`, the fraction of any length. Beyond 18
    /// digits, two times that differ no earlier cannot be compared.
    pub fn parse(text: &str) -> Option<Self> {
        let b = text.as_bytes();
        let mut time = Self { hour: two(b.get(..2)?)?, given: HOUR, ..Self::MIDNIGHT };
        if b.len() > 2 {
            if b[2] != b':' {
                return None;
            }
            time.minute = two(b.get(3..5)?)?;
            time.given = MINUTE;
        }
        if b.len() > 5 {
            if b[5] != b':' {
                return None;
            }
            time.second = two(b.get(6..8)?)?;
            time.given = TO_SECOND;
        }
        if b.len() > 8 {
            let fraction = &b[9..];
            if b[8] != b'.' || fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
                return None;
            }
            for i in 0..usize::from(MAX_DIGITS) {
                time.attos = time.attos * 10 + fraction.get(i).map_or(0, |d| u64::from(d - b'0'));
            }
            let beyond = fraction.get(usize::from(MAX_DIGITS)..).unwrap_or_default();
            time.has_more = beyond.iter().any(|d| *d != b'0');
            time.digits = u8::try_from(fraction.len()).unwrap_or(MAX_DIGITS).min(MAX_DIGITS);
        }
        // 60 is a leap second; FHIR allows it.
        (time.hour < 24 && time.minute < 60 && time.second <= 60).then_some(time)
    }

    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        let order = self.hour.cmp(&other.hour);
        if order.is_ne() {
            return Some(order);
        }
        match (self.minute(), other.minute()) {
            (None, None) => return Some(Ordering::Equal),
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => return Some(a.cmp(&b)),
            _ => return None,
        }
        // Second and fraction are one decimal.
        match (self.second(), other.second()) {
            (None, None) => Some(Ordering::Equal),
            (Some(a), Some(b)) => match (a, self.attos).cmp(&(b, other.attos)) {
                Ordering::Equal if self.has_more && other.has_more => None,
                Ordering::Equal => Some(self.has_more.cmp(&other.has_more)),
                order => Some(order),
            },
            _ => None,
        }
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
        (self.given >= MINUTE).then_some(self.minute)
    }

    /// 0 to 60, where given.
    pub fn second(self) -> Option<u8> {
        (self.given >= TO_SECOND).then_some(self.second)
    }

    /// Thousandths of the second, where a fraction is given.
    pub fn millisecond(self) -> Option<u32> {
        (self.digits > 0).then(|| u32::try_from(self.attos / 1_000_000_000_000_000).unwrap_or(0))
    }

    /// Digits of precision: 2, 4, 6 or 9.
    pub fn precision(self) -> u8 {
        match (self.given, self.digits) {
            (HOUR, _) => 2,
            (MINUTE, _) => 4,
            (_, 0) => 6,
            _ => 9,
        }
    }

    /// Attoseconds since midnight.
    pub(super) fn attos_of_day(self) -> i128 {
        (i128::from(self.hour) * 3600 + i128::from(self.minute) * 60 + i128::from(self.second))
            * SECOND
            + i128::from(self.attos)
    }

    /// The same second and fraction in another minute of the day.
    pub(super) fn in_minute(self, minute_of_day: i64) -> Self {
        let part = |n: i64| u8::try_from(n).unwrap_or(0);
        Self { hour: part(minute_of_day / 60), minute: part(minute_of_day % 60), ..self }
    }

    /// The same precision at another moment of the day.
    pub(super) fn at(self, attos_of_day: i128) -> Self {
        let seconds = attos_of_day / SECOND;
        let attos = u64::try_from(attos_of_day % SECOND).unwrap_or(0);
        let part = |n: i128| u8::try_from(n).unwrap_or(0);
        // Milliseconds at least, and all digits that are not zero.
        let mut needed = if attos == 0 { 0 } else { MAX_DIGITS };
        while needed > 3 && attos.is_multiple_of(10u64.pow(u32::from(MAX_DIGITS - needed) + 1)) {
            needed -= 1;
        }
        let digits = if self.given == TO_SECOND { self.digits.max(needed) } else { self.digits };
        Self {
            hour: part(seconds / 3600),
            minute: part(seconds / 60 % 60),
            second: part(seconds % 60),
            given: self.given,
            digits,
            has_more: self.has_more,
            attos,
        }
    }

    pub(crate) fn plus(self, amount: &Quantity, minus: bool) -> Result<Self, TemporalError> {
        let (unit, value) = duration(amount, minus)?;
        let attos = match unit {
            CalendarUnit::Year | CalendarUnit::Month | CalendarUnit::Week | CalendarUnit::Day => {
                return Err(TemporalError::NotDuration);
            }
            _ => to_attos(unit, &value)?,
        };
        let attos = self.whole_units(attos);
        Ok(self.at((self.attos_of_day() + attos).rem_euclid(DAY)))
    }

    /// Cuts a duration to whole units of the precision given.
    pub(super) fn whole_units(self, attos: i128) -> i128 {
        let unit = match self.given {
            HOUR => 3600 * SECOND,
            MINUTE => 60 * SECOND,
            _ => return attos,
        };
        attos / unit * unit
    }

    pub(super) fn filled(self, high: bool) -> Self {
        let mut t = self;
        if t.given < MINUTE {
            t.minute = if high { 59 } else { 0 };
        }
        if t.given < TO_SECOND {
            t.second = if high { 59 } else { 0 };
        }
        if high {
            let step = 10u64.pow(u32::from(MAX_DIGITS - t.digits));
            t.attos = (t.attos / step * step) + (step - 1);
        }
        const MILLISECOND: u64 = 1_000_000_000_000_000;
        t.given = TO_SECOND;
        t.digits = 3;
        t.has_more = false;
        t.attos = t.attos / MILLISECOND * MILLISECOND;
        t
    }

    pub(super) fn truncated(self, precision: u8) -> Self {
        let mut t = self;
        if precision < 9 {
            t.digits = 0;
            t.has_more = false;
            t.attos = 0;
        }
        if precision < 6 {
            t.second = 0;
            t.given = MINUTE;
        }
        if precision < 4 {
            t.minute = 0;
            t.given = HOUR;
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
        if self.given >= MINUTE {
            write!(f, ":{:02}", self.minute)?;
        }
        if self.given >= TO_SECOND {
            write!(f, ":{:02}", self.second)?;
            if self.digits > 0 {
                let digits = usize::from(self.digits);
                let fraction = self.attos / 10u64.pow(u32::from(MAX_DIGITS - self.digits));
                write!(f, ".{fraction:0digits$}")?;
            }
        }
        Ok(())
    }
}
