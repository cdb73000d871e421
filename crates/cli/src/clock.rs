//! The only place that reads the clock.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

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

/// The moment as Norwegian clocks show it.
pub(crate) fn oslo(time: Timestamp) -> Zoned {
    time.to_zoned(oslo_zone())
}

/// Norwegian time.
pub(crate) fn oslo_zone() -> TimeZone {
    lmr_identifiers::norwegian_zone()
}

/// Fresh unpredictable bytes, for ids of tokens and requests.
pub(crate) fn fresh_ids() -> lmr_auth::FreshId {
    #[expect(clippy::disallowed_methods, reason = "this crate reads the system's random source")]
    std::sync::Arc::new(|| uuid::Uuid::new_v4().into_bytes())
}

/// The present moment as a FHIR dateTime in Norwegian time, for FHIRPath's `now()`.
pub(crate) fn fhir_now() -> String {
    oslo(now()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}
