//! Times as senders write them: ISO 8601 with `Z`, an offset, or none (then Norwegian local time).

use jiff::{RoundMode, Timestamp, TimestampRound, Unit, fmt::temporal::Pieces};
use lmr_identifiers::norwegian_zone;
use thiserror::Error;

/// Why a text is not a usable point in time. The text itself is not repeated.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TimeError {
    /// Not ISO 8601.
    #[error("is not an ISO 8601 date and time")]
    Unreadable,
    /// A date alone says nothing about when in the day.
    #[error("has no time of day")]
    NoTimeOfDay,
    /// Outside the years that can be represented.
    #[error("is outside the supported range of years")]
    OutOfRange,
}

/// Reads a time. Without an offset it is Europe/Oslo; the repeated hour in October takes the first reading,
/// the hour skipped in March is read as if the clock had not been moved yet.
///
/// # Errors
/// [`TimeError`], which does not repeat the text.
pub fn read_time(text: &str) -> Result<Timestamp, TimeError> {
    let pieces = Pieces::parse(text).map_err(|_| TimeError::Unreadable)?;
    if pieces.time_zone_annotation().is_some() {
        return Err(TimeError::Unreadable);
    }
    let time = pieces.time().ok_or(TimeError::NoTimeOfDay)?;
    let civil = pieces.date().to_datetime(time);
    match pieces.to_numeric_offset() {
        Some(offset) => offset.to_timestamp(civil).map_err(|_| TimeError::OutOfRange),
        None => norwegian_zone()
            .to_ambiguous_zoned(civil)
            .compatible()
            .map(|z| z.timestamp())
            .map_err(|_| TimeError::OutOfRange),
    }
}

/// Writes a time with its explicit Norwegian offset, e.g. `2025-03-14T08:00:00.123+01:00`. What is finer than a
/// millisecond is cut off: readers elsewhere take seven digits at most (.NET), some fewer.
pub fn write_time(time: Timestamp) -> String {
    let cut = TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Floor);
    let time = time.round(cut).unwrap_or(time);
    let offset = norwegian_zone().to_offset(time);
    time.display_with_offset(offset).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_written_to_the_millisecond_and_never_later_than_they_are() {
        let written = |text: &str| write_time(utc(text));
        assert_eq!(written("2025-03-14T07:00:00.9999999Z"), "2025-03-14T08:00:00.999+01:00");
        assert_eq!(written("2025-07-14T07:00:00Z"), "2025-07-14T09:00:00+02:00");
    }

    #[test]
    fn the_spellings_of_real_senders_are_read() {
        for (text, expected) in [
            ("2025-03-14T07:00:00Z", "2025-03-14T07:00:00Z"),
            ("2025-03-14T08:00:00+01:00", "2025-03-14T07:00:00Z"),
            ("2025-03-14T08:00:00", "2025-03-14T07:00:00Z"),
            ("2025-07-14T08:00:00", "2025-07-14T06:00:00Z"),
            ("2025-07-14T08:00:00.1234567", "2025-07-14T06:00:00.1234567Z"),
            ("2025-07-14T08:00:00.1234567+02:00", "2025-07-14T06:00:00.1234567Z"),
        ] {
            assert_eq!(read_time(text), Ok(utc(expected)), "{text}");
        }
    }

    /// docs/decisions/envelope.md says which forms are taken.
    #[test]
    fn b14_a_blank_for_the_t_and_missing_seconds_are_read_as_documented() {
        for text in ["2026-11-24 10:00", "2026-11-24T10:00", "2026-11-24 10:00:00+01:00"] {
            assert_eq!(read_time(text), Ok(utc("2026-11-24T09:00:00Z")), "{text}");
        }
    }

    #[test]
    fn the_repeated_hour_takes_the_first_reading() {
        assert_eq!(read_time("2025-10-26T02:30:00"), Ok(utc("2025-10-26T00:30:00Z")));
        assert_eq!(read_time("2025-10-26T03:00:00"), Ok(utc("2025-10-26T02:00:00Z")));
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        assert_eq!(read_time("2025-03-14"), Err(TimeError::NoTimeOfDay));
        for text in [
            "",
            "i dag",
            "14.03.2025 08:00",
            "2025-02-30T08:00:00Z",
            "/Date(1741935600000)/",
            "2025-03-14T08:00:00[Europe/Oslo]",
        ] {
            assert_eq!(read_time(text), Err(TimeError::Unreadable), "{text}");
        }
    }

    #[test]
    fn writing_gives_the_norwegian_offset_of_that_day() {
        assert_eq!(write_time(utc("2025-03-14T07:00:00Z")), "2025-03-14T08:00:00+01:00");
        assert_eq!(write_time(utc("2025-07-14T06:00:00Z")), "2025-07-14T08:00:00+02:00");
    }
}
