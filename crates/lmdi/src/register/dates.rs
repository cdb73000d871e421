//! FHIR dates of any precision, as the span of time they may mean.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The time a FHIR `date`, `dateTime` or `instant` may mean: from its first moment to its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
}

impl Moment {
    /// Reads it; `None` for what is no FHIR date (the validator says so). Dates without a time of day
    /// are days in Norway.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if text.contains('T') {
            let at: Timestamp = text.parse().ok()?;
            return Some(Self { first: at, last: at });
        }
        let (first, after) = days(text)?;
        let oslo = TimeZone::get("Europe/Oslo").ok()?;
        let start = |day: Date| Some(day.to_zoned(oslo.clone()).ok()?.timestamp());
        let last = start(after)?.checked_sub(1.nanosecond()).ok()?;
        Some(Self { first: start(first)?, last })
    }
}

/// The first day and the day after the last of a FHIR `date`.
pub(crate) fn days(text: &str) -> Option<(Date, Date)> {
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
            (first, first.checked_add(1.year()).ok()?)
        }
        (Some(month), None, _) => {
            let first = first_of(year, number(month, 2)?, 1)?;
            (first, first.checked_add(1.month()).ok()?)
        }
        (Some(month), Some(day), None) => {
            let first = first_of(year, number(month, 2)?, number(day, 2)?)?;
            (first, first.tomorrow().ok()?)
        }
        _ => return None,
    };
    (first >= date(1, 1, 1)).then_some((first, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Option<(String, String)> {
        Moment::read(text).map(|moment| (moment.first.to_string(), moment.last.to_string()))
    }

    #[test]
    fn dates_mean_the_whole_time_their_precision_leaves_open() {
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(span("2025"), pair("2024-12-31T23:00:00Z", "2025-12-31T22:59:59.999999999Z"));
        assert_eq!(span("2025-07"), pair("2025-06-30T22:00:00Z", "2025-07-31T21:59:59.999999999Z"));
        assert_eq!(
            span("2025-03-30"),
            pair("2025-03-29T23:00:00Z", "2025-03-30T21:59:59.999999999Z")
        );
        let at = "2025-05-28T11:14:00Z";
        assert_eq!(span("2025-05-28T13:14:00+02:00"), pair(at, at));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "25",
            "2025-13",
            "2025-02-30",
            "2025-1-1",
            "12.05.1958",
            "2025-05-28T13:14:00",
            "æøå",
        ] {
            assert_eq!(span(text), None, "{text}");
        }
    }
}
