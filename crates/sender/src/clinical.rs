//! When a resource happened, for the agreed start date.
//!
//! The protocol says: new and changed data, the first time from an agreed start date. The rule here:
//!
//! - MedicationAdministration: `effectiveDateTime`, or the end of `effectivePeriod` (its start if it has no end).
//! - MedicationRequest: `authoredOn`.
//! - Everything else has no time of its own. It goes with what refers to it, or when it was sent before and has
//!   changed.
//!
//! A date, month or year without time counts as its last moment in Norway, so that nothing of the first day is
//! lost. What was sent before is sent when it changes, whatever its time.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use lmr_fhir::Node;
use lmr_identifiers::start_of_norwegian_day;

/// What the start date makes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// It happened then.
    At(Timestamp),
    /// It should have a time and has none that can be read: an error to be found, not a reason to leave it out.
    Unreadable,
    /// Its kind has no time of its own.
    Timeless,
}

impl When {
    /// The time, where there is one.
    pub(crate) fn time(self) -> Option<Timestamp> {
        match self {
            Self::At(time) => Some(time),
            Self::Unreadable | Self::Timeless => None,
        }
    }

    pub(crate) fn of(resource_type: &str, node: Node<'_>) -> Self {
        let text = |node: Option<Node<'_>>| node.and_then(Node::as_str).map(|text| moment(&text));
        let found = match resource_type {
            "MedicationAdministration" => {
                let period = node.member("effectivePeriod");
                text(node.member("effectiveDateTime"))
                    .or_else(|| text(period.and_then(|period| period.member("end"))))
                    .or_else(|| text(period.and_then(|period| period.member("start"))))
                    .unwrap_or(None)
            }
            // An order may leave its time out: then it only goes with its administrations.
            "MedicationRequest" => match text(node.member("authoredOn")) {
                None => return Self::Timeless,
                Some(found) => found,
            },
            _ => return Self::Timeless,
        };
        found.map_or(Self::Unreadable, Self::At)
    }
}

/// Midnight in Norway at the start of a day.
#[must_use]
pub(crate) fn start_of(day: Date) -> Timestamp {
    start_of_norwegian_day(day).unwrap_or(Timestamp::MAX)
}

/// A FHIR dateTime of any precision, as its last moment.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(time) = lmr_envelope::read_time(text) {
        return Some(time);
    }
    let number = |part: &str| part.parse::<i16>().ok();
    let mut parts = text.split('-');
    let year = number(parts.next()?)?;
    let after = match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => Date::new(year, 1, 1).ok()?.checked_add(1.year()),
        (Some(month), None, _) => {
            Date::new(year, i8::try_from(number(month)?).ok()?, 1).ok()?.checked_add(1.month())
        }
        (Some(_), Some(_), None) => text.parse::<Date>().ok()?.checked_add(1.day()),
        _ => return None,
    };
    Some(start_of(after.ok()?) - 1.millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_fhir::{Document, ParseOptions};

    fn when(resource_type: &str, json: &str) -> When {
        let document = Document::parse(json.to_owned(), &ParseOptions::strict()).unwrap();
        When::of(resource_type, document.root())
    }

    fn at(text: &str) -> When {
        When::At(text.parse().unwrap())
    }

    #[test]
    fn an_administration_counts_from_its_end() {
        let of = |json| when("MedicationAdministration", json);
        assert_eq!(
            of(r#"{"effectiveDateTime":"2026-03-01T00:10:00+01:00"}"#),
            at("2026-02-28T23:10:00Z")
        );
        let period = r#"{"effectivePeriod":{"start":"2026-02-28T23:00:00+01:00","end":"2026-03-01T01:00:00+01:00"}}"#;
        assert_eq!(of(period), at("2026-03-01T00:00:00Z"));
        assert_eq!(
            of(r#"{"effectivePeriod":{"start":"2026-02-28T23:00:00Z"}}"#),
            at("2026-02-28T23:00:00Z")
        );
        assert_eq!(of("{}"), When::Unreadable);
        assert_eq!(of(r#"{"effectiveDateTime":"i dag"}"#), When::Unreadable);
    }

    #[test]
    fn a_time_that_is_not_exact_counts_as_its_last_moment() {
        let of = |text: &str| when("MedicationRequest", &format!(r#"{{"authoredOn":"{text}"}}"#));
        assert_eq!(of("2026-03-01"), at("2026-03-01T22:59:59.999Z"));
        assert_eq!(of("2026-02"), at("2026-02-28T22:59:59.999Z"));
        assert_eq!(of("2026"), at("2026-12-31T22:59:59.999Z"));
        assert_eq!(of("2026-13-01"), When::Unreadable);
        assert_eq!(when("MedicationRequest", "{}"), When::Timeless);
        assert_eq!(when("Patient", r#"{"birthDate":"1950-01-01"}"#), When::Timeless);
    }

    #[test]
    fn the_day_begins_at_midnight_in_norway() {
        assert_eq!(
            start_of(jiff::civil::date(2026, 7, 1)),
            "2026-06-30T22:00:00Z".parse().unwrap()
        );
    }
}
