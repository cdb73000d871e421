//! Charts as inline SVG: bars of days, and days with and without a delivery. Colours come from the stylesheet; what a
//! picture shows is also said in words, by its label.

use jiff::civil::{Date, Weekday};
use lmr_intake::DayState;
use std::fmt::Write as _;

/// A column of a chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bar {
    /// The good part, at the bottom.
    pub(crate) taken: u64,
    /// The bad part, on top of it.
    pub(crate) refused: u64,
}

/// The width of a sparkline in the unit of its picture, at most a pixel.
const SPARK_WIDTH: u16 = 140;

/// Small bars without axes, for a row of a table. Where there are more days than pixels, a bar is several days; the first one
/// may be fewer, and the last one, which people look at, never is.
pub(crate) fn sparkline(bars: &[Bar], label: &str) -> String {
    let days = bars.len().div_ceil(usize::from(SPARK_WIDTH)).max(1);
    let mut together: Vec<Bar> = bars
        .rchunks(days)
        .map(|days| Bar {
            taken: days.iter().map(|day| day.taken).sum(),
            refused: days.iter().map(|day| day.refused).sum(),
        })
        .collect();
    together.reverse();
    bars_in(&together, (f64::from(SPARK_WIDTH), 26.0), "spark", label, "")
}

/// Bars with the greatest value and the first and the last day below.
pub(crate) fn columns(bars: &[Bar], label: &str, first: &str, last: &str) -> String {
    let (width, height) = (720.0, 140.0);
    let greatest = bars.iter().map(|bar| bar.taken + bar.refused).max().unwrap_or(0);
    let below = format!(
        "<line class=\"axis\" x1=\"0\" y1=\"{height}\" x2=\"{width}\" y2=\"{height}\"/>\
         <text x=\"0\" y=\"11\">{greatest}</text>\
         <text x=\"0\" y=\"{0}\">{1}</text><text x=\"{width}\" y=\"{0}\" text-anchor=\"end\">{2}</text>",
        height + 14.0,
        escaped(first),
        escaped(last),
    );
    bars_in(bars, (width, height), "chart", label, &below)
}

fn bars_in(
    bars: &[Bar],
    (width, height): (f64, f64),
    class: &str,
    label: &str,
    more: &str,
) -> String {
    let below = if more.is_empty() { 0.0 } else { 18.0 };
    // Room for the greatest value above the bars.
    let top = if more.is_empty() { 0.0 } else { 16.0 };
    let mut out = format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {width} {}\" role=\"img\" aria-label=\"{}\">",
        height + below,
        escaped(label)
    );
    let greatest = bars.iter().map(|bar| bar.taken + bar.refused).max().unwrap_or(0).max(1);
    #[expect(clippy::cast_precision_loss, reason = "a picture shows three digits at most")]
    let part = |value: u64| value as f64 / greatest as f64 * (height - top);
    let step = width / f64::from(u32::try_from(bars.len().max(1)).unwrap_or(u32::MAX));
    // A path for each kind: a page has tens of thousands of bars, and an element for each would be most of it.
    let (mut none, mut good, mut bad) = (String::new(), String::new(), String::new());
    // Days without anything in a row are one line.
    let mut at = 0_u32;
    for run in bars.chunk_by(|one, next| *one == Bar::default() && one == next) {
        let x = f64::from(at) * step;
        let days = u32::try_from(run.len()).unwrap_or(u32::MAX);
        at = at.saturating_add(days);
        let wide = (f64::from(days) - 0.2) * step;
        let [bar, ..] = run else { continue };
        let (taken, refused) = (part(bar.taken), part(bar.refused));
        match (bar.taken, bar.refused) {
            (0, 0) => push_bar(&mut none, x, height - 1.0, wide, 1.0),
            _ => {
                push_bar(&mut good, x, height - taken, wide, taken);
                push_bar(&mut bad, x, height - taken - refused, wide, refused);
            }
        }
    }
    for (class, path) in [("none", none), ("taken", good), ("refused", bad)] {
        if !path.is_empty() {
            // Writing to a String does not fail.
            let _ = write!(out, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }
    out.push_str(more);
    out.push_str("</svg>");
    out
}

/// Adds a rectangle to a path.
fn push_bar(path: &mut String, x: f64, y: f64, width: f64, height: f64) {
    if height <= 0.0 {
        return;
    }
    // What is there is seen, however small it is beside the greatest.
    let (y, height) = if height < 1.0 { (y + height - 1.0, 1.0) } else { (y, height) };
    let lengths = [("M", x), (" ", y), ("h", width), ("v", height), ("h-", width)];
    for (command, length) in lengths {
        path.push_str(command);
        push_tenths(path, length);
    }
    path.push('z');
}

/// A length to one decimal. A page has tens of thousands of them, and formatting them as floats is half its time.
fn push_tenths(out: &mut String, value: f64) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lengths within a picture, none below 0 but by rounding"
    )]
    let tenths = (value * 10.0).round() as u32;
    // Writing to a String does not fail.
    let _ = write!(out, "{}.{}", tenths / 10, tenths % 10);
}

/// How a day of a calendar is drawn.
const fn class(day: DayState) -> &'static str {
    match day {
        DayState::Delivered => "taken",
        DayState::Refused => "refused",
        DayState::Missing => "missing",
        DayState::NotExpected => "ahead",
    }
}

/// The days in a row, oldest first. Days side by side that are alike are one element, whose title says from when to when: of
/// fifty senders and a year an element for each day is megabytes.
pub(crate) fn strip(days: &[(Date, DayState)], label: &str) -> String {
    let width = 13 * days.len();
    let mut out = format!(
        "<svg class=\"chart\" width=\"{width}\" height=\"16\" viewBox=\"0 0 {width} 16\" role=\"img\" aria-label=\"{}\">",
        escaped(label)
    );
    let mut at = 0;
    for alike in days.chunk_by(|one, next| one.1 == next.1) {
        let [(first, day), ..] = alike else { continue };
        let last = alike.last().map_or(first, |(last, _)| last);
        let _ = write!(out, "<path class=\"{}\" d=\"M{}.5 2.5h10v11h-10z", class(*day), 13 * at);
        // From where the cell before begins.
        out.push_str(&"m13 0h10v11h-10z".repeat(alike.len() - 1));
        let _ = write!(out, "\"><title>{first}");
        if last != first {
            let _ = write!(out, " – {last}");
        }
        out.push_str("</title></path>");
        at += alike.len();
    }
    out.push_str("</svg>");
    out
}

/// The days as a calendar: a column a week, Monday on top.
pub(crate) fn weeks(days: &[(Date, DayState)], label: &str, weekdays: [&str; 7]) -> String {
    const CELL: i32 = 22;
    const LEFT: i32 = 30;
    let Some((first, _)) = days.first() else { return String::new() };
    let offset = i32::from(first.weekday().since(Weekday::Monday));
    let cells = offset + i32::try_from(days.len()).unwrap_or(i32::MAX - 7);
    let columns = ((cells + 6) / 7).min(60);
    let (width, height) = (LEFT + CELL * columns, 20 + CELL * 7);
    let mut out = format!(
        "<svg class=\"chart\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">",
        escaped(label)
    );
    for (row, name) in (0..).zip(weekdays) {
        let _ =
            write!(out, "<text x=\"0\" y=\"{}\">{}</text>", 20 + CELL * row + 14, escaped(name));
    }
    for (at, (date, day)) in (0..).zip(days) {
        let cell = offset + at;
        let (x, y) = (LEFT + CELL * (cell / 7), 20 + CELL * (cell % 7));
        if date.day() == 1 || at == 0 {
            let _ = write!(out, "<text x=\"{x}\" y=\"12\">{:02}</text>", date.month());
        }
        let _ = write!(
            out,
            "<rect class=\"{}\" x=\"{x}.5\" y=\"{y}.5\" width=\"17\" height=\"17\" rx=\"3\"><title>{date}</title></rect>",
            class(*day)
        );
    }
    out.push_str("</svg>");
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_their_part_of_the_greatest() {
        let bars = [Bar { taken: 50, refused: 50 }, Bar::default(), Bar { taken: 1, refused: 0 }];
        let svg = sparkline(&bars, "a \"b\" <c>");
        assert!(svg.contains("aria-label=\"a &quot;b&quot; &lt;c&gt;\""), "{svg}");
        let bars = "class=\"taken\" d=\"M0.0 13.0h37.3v13.0h-37.3zM93.3 25.0h37.3v1.0h-37.3z\"";
        assert!(svg.contains(bars), "{svg}");
        assert!(svg.contains("class=\"refused\" d=\"M0.0 0.0h37.3v13.0h-37.3z\""), "{svg}");
        assert!(svg.contains("class=\"none\" d=\"M46.7 25.0"), "a day without: {svg}");
        assert!(!sparkline(&[], "").contains("NaN"));
        // Days without anything, in a row and apart.
        let (none, some) = (Bar::default(), Bar { taken: 1, refused: 0 });
        let svg = sparkline(&[none, none, none, some, none, some, none], "");
        let empty = "class=\"none\" d=\"M0.0 25.0h56.0v1.0h-56.0zM80.0 25.0h16.0v1.0h-16.0zM120.0 25.0h16.0v1.0h-16.0z\"";
        assert!(svg.contains(empty), "{svg}");
        let full = "class=\"taken\" d=\"M60.0 0.0h16.0v26.0h-16.0zM100.0 0.0h16.0v26.0h-16.0z\"";
        assert!(svg.contains(full), "{svg}");
    }

    #[test]
    fn a_sparkline_has_no_bar_narrower_than_a_pixel_and_leaves_no_day_out() {
        let day = Bar { taken: 1, refused: 0 };
        let bars = |days: usize| sparkline(&vec![day; days], "").matches('M').count();
        assert_eq!([bars(0), bars(1), bars(140), bars(141), bars(366)], [0, 1, 140, 71, 122]);
        // As many days in the last bar as in those before it: 141 are 70 pairs and the oldest one.
        let svg = sparkline(&vec![day; 141], "");
        let bars: Vec<&str> = svg.split("h-1.6z").collect();
        assert!(bars[0].contains("M0.0 13.0h1.6v13.0"), "the oldest day is alone: {}", bars[0]);
        assert!(bars[70].contains(" 0.0h1.6v26.0"), "{}", bars[70]);
        // One refused message, however many days there are, is seen.
        let mut year = vec![day; 366];
        year[365].refused = 1;
        assert!(sparkline(&year, "").contains("class=\"refused\" d=\"M138.9 "));
    }

    #[test]
    fn a_calendar_puts_days_below_their_weekday() {
        // 26 November 2026 is a Thursday.
        let day = |text: &str| text.parse::<Date>().unwrap();
        let days = [
            (day("2026-11-26"), DayState::Delivered),
            (day("2026-11-29"), DayState::Missing),
            (day("2026-11-30"), DayState::NotExpected),
        ];
        let svg = weeks(&days[..1], "x", ["m", "t", "o", "t", "f", "l", "s"]);
        assert!(svg.contains("class=\"taken\" x=\"30.5\" y=\"86.5\""), "the fourth row: {svg}");
        assert!(weeks(&[], "x", [""; 7]).is_empty());
    }

    #[test]
    fn a_strip_has_a_cell_for_each_day_and_an_element_for_days_that_are_alike() {
        use DayState::{Delivered, Missing};
        let days = |states: &[DayState]| -> Vec<(Date, DayState)> {
            let first: Date = "2026-11-26".parse().unwrap();
            (0..)
                .zip(states)
                .map(|(at, state)| (first + jiff::Span::new().days(at), *state))
                .collect()
        };
        let svg = strip(&days(&[Delivered, Delivered, Missing, Delivered]), "x");
        for part in [
            "<path class=\"taken\" d=\"M0.5 2.5h10v11h-10zm13 0h10v11h-10z\"><title>2026-11-26 – 2026-11-27</title>",
            "<path class=\"missing\" d=\"M26.5 2.5h10v11h-10z\"><title>2026-11-28</title>",
            "<path class=\"taken\" d=\"M39.5 2.5h10v11h-10z\"><title>2026-11-29</title>",
        ] {
            assert!(svg.contains(part), "{svg}");
        }
        assert_eq!(svg.matches("<path").count(), 3);
        assert!(!strip(&[], "").contains("<path"));
    }
}
