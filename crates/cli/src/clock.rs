//! The only place that reads the clock.

use jiff::Timestamp;

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// A moment to measure durations from, for progress and figures only.
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the clock")]
pub(crate) fn instant() -> std::time::Instant {
    std::time::Instant::now()
}
