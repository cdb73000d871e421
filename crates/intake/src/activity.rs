//! What a sender has delivered, day by day: silences, and gaps and overlaps of its reporting periods.

use crate::avsender::Avsender;
use crate::insight::{CodesOfSender, DayCount, Period};
use crate::store::CodeCount;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lmr_envelope::Certificate;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Periods that meet within this time neither gap nor overlap: clocks and rounding.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(1);

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Its start.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// What a sender has done within some days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// When the last message was taken, within the days or before.
    pub last_delivery: Option<Timestamp>,
    /// Hours since then.
    pub hours_since: Option<i64>,
    /// Days on which something was taken, oldest first.
    pub delivered_on: Vec<Date>,
    /// Days on which messages came and everything in them was refused.
    pub refused_on: Vec<Date>,
    /// Days on which a message was expected and none came: every day from the agreed start date on, today excepted.
    pub missing_on: Vec<Date>,
    /// Time between two reporting periods that no message covers.
    pub gaps: Vec<Span>,
    /// Time that two different reporting periods cover.
    pub overlaps: Vec<Span>,
    /// Messages that were taken.
    pub messages: u64,
    /// Entries stored, as new or as a new version.
    pub stored: u64,
    /// Entries refused.
    pub refused: u64,
    /// How many entries were refused with which code.
    pub codes: Vec<CodeCount>,
    /// How many calls were refused as a whole with which code.
    pub refused_calls: Vec<CodeCount>,
}

/// What a sender's day was like. Console, commands and alerts all ask [`DayState::of`], so that they agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayState {
    /// Something was taken: stored, or identical to what is stored.
    Delivered,
    /// Messages came, and everything in them was refused: the whole transaction, or each entry of a batch.
    Refused,
    /// Something was expected and nothing came.
    Missing,
    /// Nothing was expected: before the start, today, or of a sender that is inactive or not registered.
    NotExpected,
}

impl DayState {
    /// What a day was like on which a sender sent so many messages, of which so many entries were taken.
    #[must_use]
    pub fn of(messages: u64, taken: u64, is_expected: bool) -> Self {
        match (messages, taken, is_expected) {
            (_, 1.., _) => Self::Delivered,
            (1.., 0, _) => Self::Refused,
            (0, 0, true) => Self::Missing,
            (0, 0, false) => Self::NotExpected,
        }
    }
}

/// Whether a message of this sender is expected on a day that is over by now.
#[must_use]
pub fn expects_delivery(avsender: Option<&Avsender>, day: Date, today: Date) -> bool {
    let starts = |one: &Avsender| one.start_date.is_none_or(|start| start <= day);
    day < today && avsender.is_some_and(|one| one.active && starts(one))
}

/// The days that are looked at, and the clock by which they begin.
#[derive(Clone, Debug)]
pub struct Days {
    /// The present moment.
    pub now: Timestamp,
    /// How many days, today included.
    pub count: u16,
    /// Norwegian time.
    pub zone: TimeZone,
}

impl Days {
    /// The days, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<Date> {
        let today = self.now.to_zoned(self.zone.clone()).date();
        let back = |days: u16| today.checked_sub(jiff::Span::new().days(i64::from(days))).ok();
        (0..self.count).rev().filter_map(back).collect()
    }

    /// The first day and the last one: today.
    #[must_use]
    pub fn range(&self) -> (Date, Date) {
        let dates = self.all();
        let today = self.now.to_zoned(self.zone.clone()).date();
        (dates.first().copied().unwrap_or(today), dates.last().copied().unwrap_or(today))
    }

    /// The beginning of the first day.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        let first = self.all().first().and_then(|day| day.to_zoned(self.zone.clone()).ok());
        first.map_or(self.now, |start| start.timestamp())
    }
}

/// What is known of a sender's days, as the store keeps it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums<'a> {
    /// Its days, in any order.
    pub days: &'a [DayCount],
    /// Its codes of all those days; of one code there may be several.
    pub codes: &'a [CodesOfSender],
    /// The reporting periods of the messages that were taken within those days.
    pub periods: &'a [Period],
    /// When the last message was taken, whenever that was.
    pub last_delivery: Option<Timestamp>,
}

impl Activity {
    /// Reads the sums of one sender. Of one that is not registered nothing is expected.
    #[must_use]
    pub fn of(avsender: Option<&Avsender>, sums: &Sums<'_>, days: &Days) -> Self {
        let today = days.now.to_zoned(days.zone.clone()).date();
        let mut received: BTreeMap<Date, (u64, u64)> = BTreeMap::new();
        for one in sums.days {
            let (messages, taken) = received.entry(one.day).or_default();
            *messages += one.messages();
            *taken += one.taken();
        }
        let state = |day: &Date| {
            let (messages, taken) = received.get(day).copied().unwrap_or_default();
            DayState::of(messages, taken, expects_delivery(avsender, *day, today))
        };
        let all = days.all();
        let on = |wanted| all.iter().copied().filter(|day| state(day) == wanted).collect();
        let counts = |of: fn(&CodesOfSender) -> u64| {
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            for one in sums.codes.iter().filter(|one| of(one) > 0) {
                *counts.entry(&one.code).or_default() += of(one);
            }
            let count = |(code, count): (&str, u64)| CodeCount {
                code: code.to_owned(),
                entries: u32::try_from(count).unwrap_or(u32::MAX),
            };
            counts.into_iter().map(count).collect()
        };
        let (gaps, overlaps) = compare_periods(sums.periods.iter().copied());
        let sum = |of: fn(&DayCount) -> u64| sums.days.iter().map(of).sum();
        Self {
            last_delivery: sums.last_delivery,
            hours_since: sums.last_delivery.map(|last| days.now.duration_since(last).as_hours()),
            delivered_on: on(DayState::Delivered),
            refused_on: on(DayState::Refused),
            missing_on: on(DayState::Missing),
            gaps,
            overlaps,
            messages: sum(|day| day.accepted),
            stored: sum(|day| day.stored),
            refused: sum(|day| day.refused),
            codes: counts(|one| one.entries),
            refused_calls: counts(|one| one.calls),
        }
    }
}

/// Gaps and overlaps of the different periods. Messages of one transfer have one period.
#[must_use]
pub fn compare_periods(
    periods: impl IntoIterator<Item = (Timestamp, Timestamp)>,
) -> (Vec<Span>, Vec<Span>) {
    let periods: BTreeSet<(Timestamp, Timestamp)> = periods.into_iter().collect();
    let (mut gaps, mut overlaps) = (Vec::new(), Vec::new());
    let mut covered: Option<Timestamp> = None;
    for (from, to) in periods {
        if let Some(until) = covered {
            if from.duration_since(until) > TOLERANCE {
                gaps.push(Span { from: until, to: from });
            } else if until.duration_since(from) > TOLERANCE {
                overlaps.push(Span { from, to: until.min(to) });
            }
        }
        covered = Some(covered.map_or(to, |until| until.max(to)));
    }
    (gaps, overlaps)
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateUse {
    /// The register's own: senders encrypt for it.
    Register,
    /// A sender's: it signs with it.
    Sender,
}

/// When a certificate ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateEnd {
    /// What it is for.
    #[serde(rename = "use")]
    pub usage: CertificateUse,
    /// Whose it is.
    pub organisation: Option<String>,
    /// Its thumbprint.
    pub thumbprint: String,
    /// When it is accepted last.
    pub ends: Timestamp,
    /// Whole days until then; negative when it has ended.
    pub days_left: i64,
    /// Whether another certificate of the same holder is valid for longer.
    pub is_succeeded: bool,
}

/// The ends of the register's and the active senders' certificates, the nearest first.
#[must_use]
pub fn certificate_ends(
    own: &[Certificate],
    avsendere: &[Avsender],
    now: Timestamp,
) -> Vec<CertificateEnd> {
    let of = |certificate: &Certificate, usage, organisation, until: Option<Timestamp>, latest| {
        let ends = until.map_or(certificate.not_after(), |u| u.min(certificate.not_after()));
        CertificateEnd {
            usage,
            organisation,
            thumbprint: certificate.thumbprint().to_string(),
            ends,
            days_left: ends.duration_since(now).as_hours().div_euclid(24),
            is_succeeded: latest > ends,
        }
    };
    let latest = own.iter().map(Certificate::not_after).max().unwrap_or(now);
    let mut all: Vec<CertificateEnd> = own
        .iter()
        .map(|own| {
            of(
                own,
                CertificateUse::Register,
                own.organisation().map(|number| number.to_string()),
                None,
                latest,
            )
        })
        .collect();
    for avsender in avsendere.iter().filter(|avsender| avsender.active) {
        let end = |one: &crate::avsender::RegisteredCertificate| {
            one.until.map_or(one.certificate.not_after(), |u| u.min(one.certificate.not_after()))
        };
        let latest = avsender.certificates.iter().map(end).max().unwrap_or(now);
        all.extend(avsender.certificates.iter().map(|one| {
            let organisation = Some(avsender.organisation.to_string());
            of(&one.certificate, CertificateUse::Sender, organisation, one.until, latest)
        }));
    }
    all.sort_by_key(|end| end.ends);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::AllowList;
    use crate::reply::{Counts, Outcome};
    use crate::store::DeliverySummary;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap_or_else(|_| panic!("{text} is not a time"))
    }

    fn delivery(received: &str, from: &str, to: &str) -> DeliverySummary {
        DeliverySummary {
            sender: "310000019".parse().unwrap_or_else(|_| panic!("a number")),
            message_id: received.to_owned(),
            rule_set: "lmdi-1.1.7".to_owned(),
            received_at: at(received),
            reporting_from: at(from),
            reporting_to: at(to),
            outcome: Outcome::Accepted,
            counts: Counts { entries: 3, created: 2, refused: 1, ..Counts::default() },
            codes: vec![CodeCount { code: "LMR-4001".to_owned(), entries: 1 }],
        }
    }

    /// As the store sums deliveries up.
    fn of(avsender: &Avsender, deliveries: &[DeliverySummary], days: &Days) -> Activity {
        let count = |one: &DeliverySummary| DayCount {
            sender: one.sender,
            day: lmr_identifiers::norwegian_date(one.received_at),
            last: None,
            accepted: 1,
            refused_messages: 0,
            entries: u64::from(one.counts.entries),
            stored: u64::from(one.counts.created) + u64::from(one.counts.updated),
            unchanged: u64::from(one.counts.unchanged),
            refused: u64::from(one.counts.refused),
            dependent: u64::from(one.counts.dependent),
        };
        let code = |one: &DeliverySummary, code: &CodeCount| CodesOfSender {
            sender: Some(one.sender),
            code: code.code.clone(),
            entries: u64::from(code.entries),
            calls: 0,
        };
        let codes = deliveries.iter().flat_map(|one| one.codes.iter().map(move |c| code(one, c)));
        let sums = Sums {
            days: &deliveries.iter().map(count).collect::<Vec<_>>(),
            codes: &codes.collect::<Vec<_>>(),
            periods: &deliveries
                .iter()
                .map(|one| (one.reporting_from, one.reporting_to))
                .collect::<Vec<_>>(),
            last_delivery: deliveries.iter().map(|one| one.received_at).max(),
        };
        Activity::of(Some(avsender), &sums, days)
    }

    #[test]
    fn of_one_that_is_not_registered_nothing_is_expected() {
        let calls =
            CodesOfSender { sender: None, code: "LMR-2002".to_owned(), entries: 0, calls: 1_040 };
        let sums = Sums { codes: &[calls], ..Sums::default() };
        let activity = Activity::of(None, &sums, &days());
        assert!(activity.missing_on.is_empty() && activity.codes.is_empty());
        let calls = CodeCount { code: "LMR-2002".to_owned(), entries: 1_040 };
        assert_eq!(activity.refused_calls, [calls]);
    }

    fn avsender(start: Option<&str>) -> Avsender {
        Avsender {
            organisation: "310000019".parse().unwrap_or_else(|_| panic!("a number")),
            name: "Liksom".to_owned(),
            active: true,
            certificates: Vec::new(),
            addresses: AllowList::default(),
            rule_set: None,
            start_date: start.and_then(|day| day.parse().ok()),
            database: None,
        }
    }

    fn days() -> Days {
        let zone = lmr_identifiers::norwegian_zone();
        Days { now: at("2026-03-06T12:00:00Z"), count: 5, zone }
    }

    #[test]
    fn silent_days_gaps_and_overlaps_are_found() {
        let deliveries = [
            delivery("2026-03-05T05:00:00Z", "2026-03-03T05:00:00Z", "2026-03-05T05:00:00Z"),
            delivery("2026-03-04T05:00:00Z", "2026-03-03T06:00:00Z", "2026-03-04T05:00:00Z"),
            // Two messages of one transfer, a quarter before midnight in Norway.
            delivery("2026-03-01T22:45:01Z", "2026-02-28T05:00:00Z", "2026-03-01T05:00:00Z"),
            delivery("2026-03-01T22:45:00Z", "2026-02-28T05:00:00Z", "2026-03-01T05:00:00Z"),
        ];
        let activity = of(&avsender(None), &deliveries, &days());
        let day =
            |text: &str| text.parse::<Date>().unwrap_or_else(|_| panic!("{text} is not a date"));
        assert_eq!(activity.delivered_on, [day("2026-03-04"), day("2026-03-05")]);
        assert_eq!(
            activity.missing_on,
            [day("2026-03-02"), day("2026-03-03")],
            "today is not over"
        );
        let gap = Span { from: at("2026-03-01T05:00:00Z"), to: at("2026-03-03T05:00:00Z") };
        assert_eq!(activity.gaps, [gap]);
        let twice = Span { from: at("2026-03-03T06:00:00Z"), to: at("2026-03-04T05:00:00Z") };
        assert_eq!(activity.overlaps, [twice]);
        assert_eq!(activity.hours_since, Some(31));
        assert_eq!((activity.messages, activity.stored, activity.refused), (4, 8, 4));
        assert_eq!(activity.codes, [CodeCount { code: "LMR-4001".to_owned(), entries: 4 }]);
    }

    /// Neither a delivery nor a silence, whether the whole transaction was refused or each entry of a batch.
    #[test]
    fn a_day_of_which_everything_was_refused_has_its_own_state() {
        let day =
            |text: &str| text.parse::<Date>().unwrap_or_else(|_| panic!("{text} is not a date"));
        let count = |on: &str, accepted, refused_messages, (stored, unchanged, refused)| DayCount {
            sender: avsender(None).organisation,
            day: day(on),
            last: None,
            accepted,
            refused_messages,
            entries: stored + unchanged + refused,
            stored,
            unchanged,
            refused,
            dependent: 0,
        };
        let counts = [
            count("2026-03-02", 0, 2, (0, 0, 4)),
            count("2026-03-03", 1, 0, (0, 0, 3)),
            count("2026-03-04", 1, 1, (0, 2, 1)),
        ];
        let sums = Sums { days: &counts, ..Sums::default() };
        let activity = Activity::of(Some(&avsender(None)), &sums, &days());
        assert_eq!(activity.refused_on, [day("2026-03-02"), day("2026-03-03")]);
        assert_eq!(activity.delivered_on, [day("2026-03-04")], "what is identical was taken");
        assert_eq!(activity.missing_on, [day("2026-03-05")]);
        // Each day has one state, whatever is counted.
        for (messages, taken, expected) in
            [(0, 0, true), (0, 0, false), (1, 0, true), (3, 1, false)]
        {
            let state = DayState::of(messages, taken, expected);
            let wanted = match (messages, taken) {
                (0, 0) if expected => DayState::Missing,
                (0, 0) => DayState::NotExpected,
                (_, 0) => DayState::Refused,
                _ => DayState::Delivered,
            };
            assert_eq!(state, wanted);
        }
    }

    #[test]
    fn nothing_is_expected_before_the_start_date_or_of_an_inactive_sender() {
        let late = of(&avsender(Some("2026-03-05")), &[], &days());
        assert_eq!(late.missing_on.len(), 1);
        assert_eq!((late.last_delivery, late.hours_since), (None, None));
        let mut stopped = avsender(None);
        stopped.active = false;
        assert!(of(&stopped, &[], &days()).missing_on.is_empty());
        assert_eq!(of(&avsender(None), &[], &days()).missing_on.len(), 4);
    }

    #[test]
    fn periods_that_meet_neither_gap_nor_overlap() {
        let deliveries = [
            delivery("2026-03-03T05:00:00Z", "2026-03-02T05:00:00Z", "2026-03-03T05:00:00Z"),
            delivery("2026-03-02T05:00:00Z", "2026-03-01T05:00:00Z", "2026-03-02T05:00:00.5Z"),
        ];
        let activity = of(&avsender(None), &deliveries, &days());
        assert_eq!((activity.gaps, activity.overlaps), (vec![], vec![]));
    }
}
