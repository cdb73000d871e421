//! Years, months and days.

use std::cmp::Ordering;
use std::fmt;

use super::{DateTime, TemporalError, two};
use crate::value::Quantity;

/// A year, month or day: `2015`, `2015-02`, `2015-02-04`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Date {
    pub(super) year: u16,
    /// 0 when not given.
    pub(super) month: u8,
    /// 0 when not given.
    pub(super) day: u8,
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

    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
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

    pub(super) fn truncated(self, precision: u8) -> Self {
        Self {
            year: self.year,
            month: if precision >= 6 { self.month } else { 0 },
            day: if precision >= 8 { self.day } else { 0 },
        }
    }

    /// Fills up to a full day with the first or last that is possible.
    pub(super) fn filled(self, high: bool) -> Self {
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

    pub(super) fn day_number(self) -> i64 {
        let full = self.filled(false);
        day_number(i64::from(full.year), full.month, full.day)
    }

    pub(super) fn from_day_number(days: i64) -> Option<Self> {
        let (year, month, day) = date_of_day_number(days);
        if !(1..=9999).contains(&year) {
            return None;
        }
        Some(Self { year: u16::try_from(year).ok()?, month, day })
    }

    pub(super) fn plus_months(self, months: i64) -> Option<Self> {
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

impl Date {
    /// Equal, less or greater as far as both are known; `None` when precision leaves it open.
    pub fn partial_compare(self, other: Self) -> Option<Ordering> {
        self.compare(other)
    }
}
