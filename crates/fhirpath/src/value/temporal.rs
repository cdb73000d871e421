//! Dates and times with the precision they were written in.
//!
//! Comparison and arithmetic follow N1, sections 6.1 to 6.8
//! (<http://hl7.org/fhirpath/N1/#datetime-arithmetic>).

mod date;
mod date_time;
mod time;

pub use date::Date;
pub use date_time::DateTime;
pub use time::Time;

use super::decimal::Decimal;
use super::quantity::{CalendarUnit, Quantity, Unit};

/// A second in attoseconds, the unit in which moments are counted.
const SECOND: i128 = 1_000_000_000_000_000_000;
const DAY: i128 = 86_400 * SECOND;

/// Why an amount cannot be added to a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TemporalError {
    /// The unit is not a duration.
    NotDuration,
    /// `a` and `mo` are not calendar lengths.
    Definite(&'static str),
    /// Beyond year 1 to 9999: the result is empty.
    OutOfRange,
}

fn two(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some((a - b'0') * 10 + (b - b'0')),
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
            // `1 'month'` is not UCUM, but the reference takes it for the calendar's word.
            word => CalendarUnit::parse(word).ok_or(TemporalError::NotDuration)?,
        },
    };
    Ok((unit, if minus { amount.value.negated() } else { amount.value.clone() }))
}

/// In attoseconds. Only seconds and milliseconds keep their fraction.
fn to_attos(unit: CalendarUnit, value: &Decimal) -> Result<i128, TemporalError> {
    let out = TemporalError::OutOfRange;
    let whole = |each: i128| value.to_i128().and_then(|n| n.checked_mul(each)).ok_or(out);
    let part = |each: i64| value.times(&Decimal::from(each)).and_then(|n| n.to_i128()).ok_or(out);
    let attos = match unit {
        CalendarUnit::Year => whole(365 * DAY),
        CalendarUnit::Month => whole(30 * DAY),
        CalendarUnit::Week => whole(7 * DAY),
        CalendarUnit::Day => whole(DAY),
        CalendarUnit::Hour => whole(3600 * SECOND),
        CalendarUnit::Minute => whole(60 * SECOND),
        CalendarUnit::Second => part(1_000_000_000_000_000_000),
        CalendarUnit::Millisecond => part(1_000_000_000_000_000),
    }?;
    // Nothing beyond the calendar's ten thousand years can be added.
    if attos.abs() > 4_000_000 * DAY { Err(out) } else { Ok(attos) }
}
