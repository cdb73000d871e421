//! Norwegian time, by the time zone database that is built into the program: the same on every machine, whatever the
//! system has of its own. A machine without one, or with another folder of zones, must not move a day.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Name of Norway's zone in the time zone database.
pub const NORWEGIAN_ZONE: &str = "Europe/Oslo";

static OSLO: LazyLock<TimeZone> =
    LazyLock::new(|| time_zone(NORWEGIAN_ZONE).expect("the database that is built in has Norway"));

/// A time zone by its name in the IANA database; `None` for what is not one.
#[must_use]
#[cfg(not(target_family = "wasm"))]
pub fn time_zone(name: &str) -> Option<TimeZone> {
    jiff::tz::TimeZoneDatabase::bundled().get(name).ok()
}

/// A time zone by its name in the IANA database. Browsers have Norway's only.
#[must_use]
#[cfg(target_family = "wasm")]
pub fn time_zone(name: &str) -> Option<TimeZone> {
    static NORWAY: TimeZone = jiff::tz::get!("Europe/Oslo");
    (name == NORWEGIAN_ZONE).then(|| NORWAY.clone())
}

/// The time zone of Norway.
#[must_use]
pub fn norwegian_zone() -> TimeZone {
    OSLO.clone()
}

/// The day in Norway at this moment.
#[must_use]
pub fn norwegian_date(at: Timestamp) -> Date {
    OSLO.to_datetime(at).date()
}

/// Midnight in Norway at the start of a day; `None` for the days at either end of the calendar that a timestamp does
/// not hold.
#[must_use]
pub fn start_of_norwegian_day(day: Date) -> Option<Timestamp> {
    day.to_zoned(norwegian_zone()).ok().map(|start| start.timestamp())
}
