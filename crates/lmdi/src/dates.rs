//! FHIR dates of any precision, as the span of time they may mean.
//!
//! Decides every date that FHIR can write (years 1 to 9999, any offset, any number of digits of a second,
//! leap seconds). `jiff::Timestamp` holds neither the last day of 9999 nor more than nine digits, so points in
//! time are counted here.

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use lmr_identifiers::start_of_norwegian_day;

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 24 * 3600 * SECOND;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z. Finer digits are cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(i128);

impl From<Timestamp> for Instant {
    fn from(time: Timestamp) -> Self {
        Self(time.as_nanosecond())
    }
}

/// The time a FHIR `date`, `dateTime` or `instant` may mean: from its first moment to its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) first: Instant,
    pub(crate) last: Instant,
}

impl Moment {
    /// Reads it; `None` for what is not a FHIR date (the validator reports that). Dates without a time of day
    /// are days in Norway.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if let Some((day, time)) = text.split_once('T') {
            let (day, _) = days(day).filter(|_| day.len() == 10)?;
            let at = Instant(midnight_utc(day)? + time_of_day(time)?);
            return Some(Self { first: at, last: at });
        }
        let (first, after) = days(text)?;
        let end = match after {
            Some(after) => start_in_norway(after)?,
            // The day after the last one that a calendar of four digits has.
            None => start_in_norway(date(9999, 12, 31))? + DAY,
        };
        Some(Self { first: Instant(start_in_norway(first)?), last: Instant(end - 1) })
    }
}

/// Nanoseconds from 1970 to the beginning of a day at the meridian.
fn midnight_utc(day: Date) -> Option<i128> {
    let days = day.duration_since(date(1970, 1, 1)).as_hours() / 24;
    Some(i128::from(days) * DAY)
}

/// Nanoseconds from 1970 to the beginning of a day in Norway.
fn start_in_norway(day: Date) -> Option<i128> {
    match start_of_norwegian_day(day) {
        Some(start) => Some(start.as_nanosecond()),
        // The very last day is beyond what a timestamp holds. It is in winter: UTC+1.
        None => Some(midnight_utc(day)? - 3600 * SECOND),
    }
}

/// `hh:mm:ss`, a fraction of any length, and an offset: nanoseconds after midnight at the meridian.
fn time_of_day(text: &str) -> Option<i128> {
    let zone = text.find(['Z', '+', '-'])?;
    let (clock, offset) = text.split_at(zone);
    let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(a, b)| (a, Some(b)));
    let [hour, minute, second] = two_digits(clock)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let nanos = match fraction {
        None => 0,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{digits:0<9}").get(..9)?.parse().ok()?
        }
        Some(_) => return None,
    };
    let seconds = i128::from(hour) * 3600 + i128::from(minute) * 60 + i128::from(second);
    Some((seconds - offset_seconds(offset)?) * SECOND + nanos)
}

/// `Z`, `+hh:mm` or `-hh:mm`, at most 14 hours.
fn offset_seconds(text: &str) -> Option<i128> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let [hour, minute] = two_digits(rest)?;
    (minute <= 59 && hour * 60 + minute <= 14 * 60)
        .then(|| sign * i128::from(hour * 60 + minute) * 60)
}

/// Numbers of two digits with colons between them.
fn two_digits<const N: usize>(text: &str) -> Option<[u32; N]> {
    let mut parts = text.split(':');
    let mut numbers = [0; N];
    for number in &mut numbers {
        let part = parts.next().filter(|part| part.len() == 2)?;
        *number = part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(numbers)
}

/// The first day of a FHIR `date`, and the day after its last; `None` for the latter at the end of the
/// year 9999.
pub(crate) fn days(text: &str) -> Option<(Date, Option<Date>)> {
    let mut parts = text.split('-');
    let number = |text: &str, length: usize| {
        (text.len() == length && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse::<i16>().ok())?
    };
    let year = number(parts.next()?, 4)?;
    let first_of = |year: i16, month: i16, day: i16| {
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    let (first, after) = match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => {
            let first = first_of(year, 1, 1)?;
            (first, first.checked_add(1.year()).ok())
        }
        (Some(month), None, _) => {
            let first = first_of(year, number(month, 2)?, 1)?;
            (first, first.checked_add(1.month()).ok())
        }
        (Some(month), Some(day), None) => {
            let first = first_of(year, number(month, 2)?, number(day, 2)?)?;
            (first, first.tomorrow().ok())
        }
        _ => return None,
    };
    (first >= date(1, 1, 1)).then_some((first, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse::<Timestamp>().unwrap().into()
    }

    fn span(text: &str) -> Option<(Instant, Instant)> {
        Moment::read(text).map(|moment| (moment.first, moment.last))
    }

    #[test]
    fn dates_mean_the_whole_time_their_precision_leaves_open() {
        let pair = |a: &str, b: &str| Some((at(a), at(b)));
        assert_eq!(span("2025"), pair("2024-12-31T23:00:00Z", "2025-12-31T22:59:59.999999999Z"));
        assert_eq!(span("2025-07"), pair("2025-06-30T22:00:00Z", "2025-07-31T21:59:59.999999999Z"));
        assert_eq!(
            span("2025-03-30"),
            pair("2025-03-29T23:00:00Z", "2025-03-30T21:59:59.999999999Z")
        );
        let time = "2025-05-28T11:14:00Z";
        assert_eq!(span("2025-05-28T13:14:00+02:00"), pair(time, time));
    }

    #[test]
    fn the_repeated_hour_is_distinguished_by_its_offset() {
        let first = Moment::read("2025-10-26T02:30:00+02:00").unwrap().first;
        let second = Moment::read("2025-10-26T02:30:00+01:00").unwrap().first;
        assert_eq!(second.0 - first.0, 3600 * SECOND);
        let day = Moment::read("2025-10-26").unwrap();
        assert_eq!(day.last.0 - day.first.0, 25 * 3600 * SECOND - 1);
        let day = Moment::read("2025-03-30").unwrap();
        assert_eq!(day.last.0 - day.first.0, 23 * 3600 * SECOND - 1);
    }

    #[test]
    fn what_a_timestamp_cannot_hold_is_decided_all_the_same() {
        let far = at("9999-12-30T00:00:00Z");
        for text in [
            "9999",
            "9999-12",
            "9999-12-31",
            "9999-12-31T23:59:59+01:00",
            "9999-12-31T23:59:59.999999999999-14:00",
        ] {
            assert!(Moment::read(text).unwrap().last > far, "{text}");
        }
        let exact = at("2025-05-28T11:14:00.123456789Z");
        assert_eq!(Moment::read("2025-05-28T11:14:00.123456789123Z").unwrap().first, exact);
        let leap = Moment::read("2016-12-31T23:59:60Z").unwrap().first;
        assert_eq!(leap, at("2017-01-01T00:00:00Z"));
        assert!(
            Moment::read("0001-01-01T00:00:00+14:00").unwrap().first < at("0001-01-01T00:00:00Z")
        );
    }

    /// Every date and time that FHIR's regular expressions allow, in the fields that decide.
    #[test]
    fn whatever_fhir_can_write_is_decided_and_in_order() {
        let mut last = None;
        for year in ["0001", "1899", "1970", "2024", "2025", "9999"] {
            for day in ["-01-01", "-02-28", "-03-30", "-10-26", "-12-31"] {
                for clock in
                    ["00:00:00", "00:00:00.5", "02:30:00", "23:59:59.999999999999", "23:59:60"]
                {
                    let text = format!("{year}{day}T{clock}Z");
                    let moment = Moment::read(&text).unwrap_or_else(|| panic!("{text}"));
                    assert!(last.is_none_or(|last| last <= moment.first), "{text}");
                    last = Some(moment.first);
                    for offset in ["+14:00", "-14:00", "+05:30", "-00:00"] {
                        assert!(Moment::read(&format!("{year}{day}T{clock}{offset}")).is_some());
                    }
                    if let Ok(known) = text.parse::<Timestamp>()
                        && !clock.ends_with(":60")
                    {
                        assert_eq!(moment.first, known.into(), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_a_date_is_none() {
        for text in [
            "",
            "25",
            "2025-13",
            "2025-02-30",
            "2025-1-1",
            "12.05.1958",
            "2025-05-28T13:14:00",
            "2025-05-28T13:14Z",
            "2025-05-28T24:00:00Z",
            "2025-05-28T13:14:00.Z",
            "2025-05-28T13:14:00+15:00",
            "2025-05T13:14:00Z",
            "T13:14:00Z",
            "æøå",
            "2025-05-28Tæ",
        ] {
            assert_eq!(span(text), None, "{text}");
        }
    }
}
