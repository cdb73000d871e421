//! How far a transfer is, how fast it goes and how long it will take.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lmr_identifiers::norwegian_date;
use serde::{Deserialize, Serialize};

/// How far a transfer is.
#[derive(Debug, Clone, PartialEq)]
pub struct TransferProgress {
    /// Records that the messages delivered so far were made for.
    pub done: u64,
    /// Records of the whole transfer.
    pub total: u64,
    /// Records a second; none before a second has passed.
    pub per_second: Option<f64>,
    /// Time left at that rate.
    pub left: Option<SignedDuration>,
    /// Up to which day everything is delivered, where the records have a time: a transfer goes from the oldest.
    pub through: Option<Date>,
}

/// How far a transfer under way is, as it last noted it in the outbox: for whoever asks from another process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferState {
    /// The run's number.
    pub run: i64,
    /// When it was noted: after the last message.
    pub noted_at: Timestamp,
    /// Records that the messages delivered so far were made for.
    pub done: u64,
    /// Records of the whole transfer.
    pub total: u64,
    /// Records a second; none before a second has passed.
    pub per_second: Option<f64>,
    /// Seconds left at that rate.
    pub seconds_left: Option<i64>,
    /// Up to which day everything is delivered.
    pub through: Option<Date>,
}

impl TransferState {
    pub(crate) fn of(run: i64, progress: &TransferProgress, noted_at: Timestamp) -> Self {
        Self {
            run,
            noted_at,
            done: progress.done,
            total: progress.total,
            per_second: progress.per_second,
            seconds_left: progress.left.map(|left| left.as_secs()),
            through: progress.through,
        }
    }
}

/// Sink of the progress of a run.
pub(crate) type ProgressSink = Box<dyn Fn(&TransferProgress) + Send + Sync>;

/// Counts what is done.
pub(crate) struct TransferMeter {
    total: u64,
    done: u64,
    began: Timestamp,
    through: Option<Timestamp>,
}

impl TransferMeter {
    pub(crate) fn new(total: u64, now: Timestamp) -> Self {
        Self { total, done: 0, began: now, through: None }
    }

    /// So many more are done; the newest of them happened at `newest`.
    pub(crate) fn advance(
        &mut self,
        records: u64,
        newest: Option<Timestamp>,
        now: Timestamp,
    ) -> TransferProgress {
        self.done = self.total.min(self.done + records);
        self.through = self.through.max(newest);
        let seconds = now.duration_since(self.began).as_secs_f64();
        // A clock that was put back measures nothing.
        let per_second = (seconds >= 1.0).then(|| self.done as f64 / seconds);
        let left = per_second
            .map(|rate| (self.total - self.done) as f64 / rate)
            .and_then(|left| SignedDuration::try_from_secs_f64(left).ok());
        let through = self.through.map(norwegian_date);
        TransferProgress { done: self.done, total: self.total, per_second, left, through }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_time_left_follow_what_was_done() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut meter = TransferMeter::new(1000, at("2026-03-02T05:00:00Z"));
        let first =
            meter.advance(10, Some(at("2026-01-01T23:30:00Z")), at("2026-03-02T05:00:00.5Z"));
        assert_eq!((first.done, first.per_second, first.left), (10, None, None));
        // Norwegian days.
        assert_eq!(first.through, Some(jiff::civil::date(2026, 1, 2)));
        let second = meter.advance(190, None, at("2026-03-02T05:00:10Z"));
        assert_eq!((second.done, second.per_second), (200, Some(20.0)));
        assert_eq!(second.left, Some(SignedDuration::from_secs(40)));
        assert_eq!(second.through, first.through, "what has no time changes nothing");
        let back = meter.advance(900, None, at("2026-03-02T04:00:00Z"));
        assert_eq!((back.done, back.per_second, back.left), (1000, None, None));
    }
}
