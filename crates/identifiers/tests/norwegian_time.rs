//! Norwegian time on machines with and without a time zone database of their own.

use std::process::Command;

use jiff::Timestamp;
use jiff::civil::date;
use lmr_identifiers::{norwegian_date, norwegian_zone, start_of_norwegian_day, time_zone};

/// Moments around midnight in Norway, summer and winter, with the day that they are in: in UTC each is another day.
const DAYS: [(&str, (i16, i8, i8)); 6] = [
    ("2026-07-01T21:59:59Z", (2026, 7, 1)),
    ("2026-07-01T22:00:00Z", (2026, 7, 2)),
    ("2026-12-31T22:59:59Z", (2026, 12, 31)),
    ("2026-12-31T23:00:00Z", (2027, 1, 1)),
    ("2026-03-28T23:00:00Z", (2026, 3, 29)),
    ("2026-03-29T22:00:00Z", (2026, 3, 30)),
];

#[test]
fn a_day_begins_at_midnight_in_norway() {
    for (at, (year, month, day)) in DAYS {
        let at: Timestamp = at.parse().unwrap();
        let day = date(year, month, day);
        assert_eq!(norwegian_date(at), day, "{at}");
        assert!(start_of_norwegian_day(day).unwrap() <= at, "{at}");
        assert!(start_of_norwegian_day(day.tomorrow().unwrap()).unwrap() > at, "{at}");
    }
    // Beyond what a timestamp holds.
    assert_eq!(start_of_norwegian_day(date(9999, 12, 31)), None);
    assert_eq!(norwegian_zone().iana_name(), Some("Europe/Oslo"));
    assert!(time_zone("America/New_York").is_some());
    assert!(time_zone("Europe/Olso").is_none());
}

/// A machine without zones, with an empty folder of them, and one whose Norway is elsewhere.
#[test]
fn what_the_machine_has_of_zones_moves_no_day() {
    let folder = std::env::temp_dir().join(format!("lmr-zones-{}", std::process::id()));
    let zones = [folder.join("none"), folder.join("empty"), folder.join("other")];
    std::fs::create_dir_all(&zones[1]).unwrap();
    std::fs::create_dir_all(zones[2].join("Europe")).unwrap();
    let system = std::path::Path::new("/usr/share/zoneinfo/Asia/Tokyo");
    let has_other = system.exists() && std::fs::copy(system, zones[2].join("Europe/Oslo")).is_ok();
    for zones in &zones[..if has_other { 3 } else { 2 }] {
        let program = std::env::current_exe().unwrap();
        let done = Command::new(program)
            .args(["--exact", "a_day_begins_at_midnight_in_norway"])
            .env("TZDIR", zones)
            .env("TZ", "Asia/Tokyo")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && text.contains("1 passed"), "{zones:?}: {text}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
