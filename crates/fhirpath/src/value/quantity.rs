//! Amounts with a unit.

use std::cmp::Ordering;
use std::fmt;

use super::decimal::{Decimal, Rounding};
use crate::ucum::{self, Canonical};

/// A unit of the calendar, written without quotes in an expression: `4 days`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CalendarUnit {
    /// 12 months.
    Year,
    /// A twelfth of a year; its days vary.
    Month,
    /// 7 days.
    Week,
    /// 24 hours.
    Day,
    /// 60 minutes.
    Hour,
    /// 60 seconds.
    Minute,
    /// The same as the definite `s`.
    Second,
    /// The same as the definite `ms`.
    Millisecond,
}

impl CalendarUnit {
    /// Singular or plural, as in an expression.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.strip_suffix('s').unwrap_or(word) {
            "year" => Self::Year,
            "month" => Self::Month,
            "week" => Self::Week,
            "day" => Self::Day,
            "hour" => Self::Hour,
            "minute" => Self::Minute,
            "second" => Self::Second,
            "millisecond" => Self::Millisecond,
            _ => return None,
        })
    }

    fn word(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
            Self::Millisecond => "millisecond",
        }
    }

    /// The definite unit of about the same length, and whether it is the same length.
    pub(crate) fn definite(self) -> (&'static str, bool) {
        match self {
            Self::Year => ("a", false),
            Self::Month => ("mo", false),
            Self::Week => ("wk", true),
            Self::Day => ("d", true),
            Self::Hour => ("h", true),
            Self::Minute => ("min", true),
            Self::Second => ("s", true),
            Self::Millisecond => ("ms", true),
        }
    }

    /// The calendar unit that the UCUM code of a FHIR Quantity means.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "a" => Self::Year,
            "mo" => Self::Month,
            "wk" => Self::Week,
            "d" => Self::Day,
            "h" => Self::Hour,
            "min" => Self::Minute,
            "s" => Self::Second,
            "ms" => Self::Millisecond,
            _ => return None,
        })
    }
}

/// What an amount counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// `days`
    Calendar(CalendarUnit),
    /// `'mg'`, a UCUM code; `'1'` for none.
    Ucum(Box<str>),
}

/// An amount with a unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Quantity {
    /// The number.
    pub value: Decimal,
    /// The unit.
    pub unit: Unit,
}

impl Quantity {
    /// An amount of a UCUM unit.
    pub fn ucum(value: Decimal, code: &str) -> Self {
        Self { value, unit: Unit::Ucum(code.into()) }
    }

    /// Bytes and digits that a copy takes.
    pub(crate) fn size(&self) -> usize {
        self.value.size() + if let Unit::Ucum(code) = &self.unit { code.len() } else { 0 }
    }

    pub(crate) fn code(&self) -> &str {
        match &self.unit {
            Unit::Calendar(unit) => unit.definite().0,
            Unit::Ucum(code) => code,
        }
    }

    /// Year and month have no definite length: they compare only among themselves.
    fn is_variable(&self) -> bool {
        matches!(&self.unit, Unit::Calendar(CalendarUnit::Year | CalendarUnit::Month))
    }

    fn months(&self) -> Option<Decimal> {
        match &self.unit {
            Unit::Calendar(CalendarUnit::Year) => self.value.times(&Decimal::from(12)),
            Unit::Calendar(CalendarUnit::Month) => Some(self.value.clone()),
            _ => None,
        }
    }

    /// The order, or `None` when the units cannot be compared.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.is_variable() || other.is_variable() {
            return Some(self.months()?.cmp(&other.months()?));
        }
        if self.code() == other.code() {
            return Some(self.value.cmp(&other.value));
        }
        let (a, b) = (self.canonical()?, other.canonical()?);
        a.comparable(&b).then(|| a.value.compare(&b.value))
    }

    /// As [`Self::compare`], years and months taken as definite, both rounded to the coarser of the
    /// two precisions in its unit.
    pub(crate) fn equivalent(&self, other: &Self) -> bool {
        let Some(converted) = ucum::convert(&other.value, other.code(), self.code()) else {
            return false;
        };
        let back = ucum::convert(&self.value, self.code(), other.code());
        let same = |a: &Decimal, b: &Decimal, scale: i64| {
            a.rounded(scale, Rounding::HalfUp) == b.rounded(scale, Rounding::HalfUp)
        };
        if self.code() == other.code() {
            let scale = self.value.normalized().scale().min(other.value.normalized().scale());
            return same(&self.value, &other.value, scale);
        }
        // The coarser one is the one whose last digit is worth more.
        let others_step = ucum::convert(&other.value.step(), other.code(), self.code());
        if others_step.is_some_and(|step| step > self.value.step()) {
            back.is_some_and(|back| same(&back, &other.value, other.value.scale()))
        } else {
            same(&self.value, &converted, self.value.scale())
        }
    }

    fn canonical(&self) -> Option<Canonical> {
        Canonical::new(&self.value, self.code())
    }

    /// Whether both are of one kind.
    pub(crate) fn comparable(&self, other: &Self) -> bool {
        match (self.canonical(), other.canonical()) {
            (Some(a), Some(b)) => a.comparable(&b),
            _ => self.code() == other.code(),
        }
    }

    /// Sum or difference in the unit of the left one.
    pub(crate) fn plus(&self, other: &Self, minus: bool) -> Option<Self> {
        let value = match (self.months(), other.months()) {
            (Some(_), Some(months)) => match self.unit {
                Unit::Calendar(CalendarUnit::Year) => months.divided_by(&Decimal::from(12))?,
                _ => months,
            },
            (None, None) => ucum::convert(&other.value, other.code(), self.code())?,
            _ => return None,
        };
        let value = if minus { self.value.minus(&value)? } else { self.value.plus(&value)? };
        Some(Self { value, unit: self.unit.clone() })
    }

    /// Product or quotient; the unit is written in base units unless one side has none.
    pub(crate) fn times(&self, other: &Self, divide: bool) -> Option<Self> {
        let value = if divide {
            self.value.divided_by(&other.value)?
        } else {
            self.value.times(&other.value)?
        };
        if other.code() == "1" {
            return Some(Self { value, unit: self.unit.clone() });
        }
        if self.code() == "1" && !divide {
            return Some(Self { value, unit: other.unit.clone() });
        }
        let (factor, code) = ucum::combine(self.code(), other.code(), divide)?;
        Some(Self { value: value.times(&factor)?, unit: Unit::Ucum(code.into()) })
    }

    /// Reads `4 days`, `1 'wk'` or a bare number, as N1 has it for `toQuantity()`: digits with a
    /// sign, white space, a code in quotes or a word of the calendar.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let sign = usize::from(text.starts_with(['+', '-']));
        let number_end = text[sign..]
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .map_or(text.len(), |end| sign + end);
        let (number, rest) = text.split_at(number_end);
        let value = Decimal::parse(number.strip_prefix('+').unwrap_or(number))?;
        let unit = rest.trim_start();
        let unit = if rest.is_empty() {
            Unit::Ucum("1".into())
        } else if let Some(code) = unit.strip_prefix('\'').and_then(|u| u.strip_suffix('\'')) {
            if code.is_empty() || code.contains('\'') {
                return None;
            }
            Unit::Ucum(code.into())
        } else {
            Unit::Calendar(CalendarUnit::parse(unit)?)
        };
        Some(Self { value, unit })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            Unit::Calendar(unit) => {
                let plural = if self.value == Decimal::ONE { "" } else { "s" };
                write!(f, "{} {}{plural}", self.value, unit.word())
            }
            Unit::Ucum(code) => write!(f, "{} '{code}'", self.value),
        }
    }
}
