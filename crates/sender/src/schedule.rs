//! When a message is tried again, and when the daily transfer is due. Pure functions of the time given.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp, ToSpan};
use lmr_identifiers::norwegian_zone;

/// New attempts after a communication error (protocol, section 3.1: up to 3, about one hour apart).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySchedule {
    /// Wait before each new attempt, counted from the end of the one before.
    pub waits: Vec<SignedDuration>,
}

impl Default for RetrySchedule {
    /// Three, one hour apart.
    fn default() -> Self {
        Self { waits: vec![SignedDuration::from_hours(1); 3] }
    }
}

impl RetrySchedule {
    /// When to try again after `attempts` attempts of this round, the last of which ended at `now`; `None` when the
    /// round is over and the next planned transfer takes it up. A receiver's `Retry-After` is never undercut.
    #[must_use]
    pub fn next(
        &self,
        attempts: u32,
        now: Timestamp,
        retry_after: Option<SignedDuration>,
    ) -> Option<Timestamp> {
        let wait = *self.waits.get(usize::try_from(attempts.checked_sub(1)?).ok()?)?;
        // A day is the most that is believed: the next planned transfer comes anyway.
        let asked = retry_after.unwrap_or_default().min(SignedDuration::from_hours(24));
        Some(now.saturating_add(wait.max(asked)).unwrap_or(Timestamp::MAX))
    }
}

/// The first planned transfer after `after` when it is due every day at `at`, Norwegian time.
///
/// A time that the change to summer time skips is taken as if the clock had not been moved; one that comes twice in
/// October is taken the first time.
#[must_use]
pub fn next_daily(after: Timestamp, at: Time) -> Timestamp {
    let zone = norwegian_zone();
    let mut day = after.to_zoned(zone.clone()).date();
    loop {
        let due = zone
            .to_ambiguous_zoned(day.to_datetime(at))
            .compatible()
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp());
        if due > after {
            return due;
        }
        day = match day.checked_add(1.day()) {
            Ok(day) => day,
            Err(_) => return Timestamp::MAX,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    fn utc(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn there_are_three_new_attempts_an_hour_apart_and_then_none() {
        let schedule = RetrySchedule::default();
        let now = utc("2026-03-01T05:00:00Z");
        for attempts in 1..=3 {
            assert_eq!(schedule.next(attempts, now, None), Some(utc("2026-03-01T06:00:00Z")));
        }
        assert_eq!(schedule.next(4, now, None), None);
    }

    #[test]
    fn retry_after_is_respected_within_a_day() {
        let schedule = RetrySchedule::default();
        let now = utc("2026-03-01T05:00:00Z");
        let hours = |hours| Some(SignedDuration::from_hours(hours));
        assert_eq!(schedule.next(1, now, hours(3)), Some(utc("2026-03-01T08:00:00Z")));
        assert_eq!(
            schedule.next(1, now, Some(SignedDuration::from_secs(5))),
            schedule.next(1, now, None)
        );
        assert_eq!(schedule.next(1, now, hours(10_000)), Some(utc("2026-03-02T05:00:00Z")));
    }

    #[test]
    fn the_daily_time_follows_the_norwegian_clock_through_the_year() {
        let six = time(6, 0, 0, 0);
        assert_eq!(next_daily(utc("2026-01-10T04:59:59Z"), six), utc("2026-01-10T05:00:00Z"));
        assert_eq!(next_daily(utc("2026-01-10T05:00:00Z"), six), utc("2026-01-11T05:00:00Z"));
        assert_eq!(next_daily(utc("2026-07-10T22:30:00Z"), six), utc("2026-07-11T04:00:00Z"));
        // Night to 29 March 2026: 02:30 does not exist. Night to 25 October: it comes twice.
        let half_two = time(2, 30, 0, 0);
        assert_eq!(next_daily(utc("2026-03-28T12:00:00Z"), half_two), utc("2026-03-29T01:30:00Z"));
        assert_eq!(next_daily(utc("2026-10-24T12:00:00Z"), half_two), utc("2026-10-25T00:30:00Z"));
        assert_eq!(next_daily(utc("2026-10-25T00:30:00Z"), half_two), utc("2026-10-26T01:30:00Z"));
    }

    /// Both nights when the clocks change, and the leap day: one row for each moment after which the daily time is asked
    /// for.
    #[test]
    fn the_nights_of_the_clock_and_the_leap_day() {
        let (early, half_two, three) = (time(0, 0, 0, 0), time(2, 30, 0, 0), time(3, 0, 0, 0));
        for (after, at, due) in [
            // To summer time, 28 March 2027: 02:00 to 03:00 is left out.
            ("2027-03-27T00:59:59Z", half_two, "2027-03-27T01:30:00Z"),
            ("2027-03-27T01:30:00Z", half_two, "2027-03-28T01:30:00Z"),
            ("2027-03-28T01:29:59Z", half_two, "2027-03-28T01:30:00Z"),
            ("2027-03-28T01:30:00Z", half_two, "2027-03-29T00:30:00Z"),
            ("2027-03-27T02:00:00Z", three, "2027-03-28T01:00:00Z"),
            ("2027-03-28T01:00:00Z", three, "2027-03-29T01:00:00Z"),
            ("2027-03-27T23:00:00Z", early, "2027-03-28T22:00:00Z"),
            // To normal time, 31 October 2027: 02:00 to 03:00 comes two times, and the first one counts.
            ("2027-10-30T00:30:00Z", half_two, "2027-10-31T00:30:00Z"),
            ("2027-10-31T00:30:00Z", half_two, "2027-11-01T01:30:00Z"),
            ("2027-10-31T01:30:00Z", half_two, "2027-11-01T01:30:00Z"),
            ("2027-10-30T01:00:00Z", three, "2027-10-31T02:00:00Z"),
            ("2027-10-30T22:00:00Z", early, "2027-10-31T23:00:00Z"),
            // The leap day, and the year after, which has none.
            ("2028-02-28T02:00:00Z", three, "2028-02-29T02:00:00Z"),
            ("2028-02-29T02:00:00Z", three, "2028-03-01T02:00:00Z"),
            ("2029-02-28T02:00:00Z", three, "2029-03-01T02:00:00Z"),
            // New Year, and a machine that was off for three days: the time after the last one, once.
            ("2027-12-31T02:00:00Z", three, "2028-01-01T02:00:00Z"),
        ] {
            assert_eq!(next_daily(utc(after), at), utc(due), "after {after} at {at}");
        }
    }

    /// At whatever minute: one transfer for each day of the Norwegian calendar, none left out and none added.
    #[test]
    fn every_day_has_one_time_whatever_the_clock_does() {
        for start in ["2027-03-26T12:00:00Z", "2027-10-29T12:00:00Z", "2028-02-27T12:00:00Z"] {
            for minute in (0..24 * 60).step_by(5) {
                let at = time((minute / 60) as i8, (minute % 60) as i8, 0, 0);
                let mut due = next_daily(utc(start), at);
                for _ in 0..5 {
                    let next = next_daily(due, at);
                    let days: Vec<_> = [due, next].map(lmr_identifiers::norwegian_date).into();
                    assert_eq!(days[0].tomorrow().unwrap(), days[1], "{start} {at}");
                    due = next;
                }
            }
        }
    }
}
