//! Alerts: what somebody must look at, in the words that the register's operators know. Each is made from what is
//! stored; closing one takes a written reason, and what happens later opens it again.

pub(super) mod page;

use super::Shared;
use super::sums::Sums;
use crate::frame::Failure;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lmr_fhir::{Bilingual, Language};
use lmr_intake::{
    AlertNote, Avsender, DayState, Days, HourCodes, OrganisationNumber, certificate_ends,
};
use lmr_lmdi::codes::{Area, Code};
use std::collections::{BTreeMap, HashMap};

/// How far back events are looked at.
pub(super) const DAYS: u16 = 14;
/// Days before its end at which a certificate becomes an alert, and again.
const CERTIFICATE_STEPS: [i64; 3] = [0, 7, 30];
/// How long a message may wait at the outlet.
const WAITS: SignedDuration = SignedDuration::from_hours(24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Processing,
    Decryption,
    UnknownSender,
    Invalid,
    UnknownCode,
    Silent,
    Certificate,
    Outlet,
}

impl Kind {
    pub(super) const ALL: [Self; 8] = [
        Self::Processing,
        Self::Decryption,
        Self::UnknownSender,
        Self::Invalid,
        Self::UnknownCode,
        Self::Silent,
        Self::Certificate,
        Self::Outlet,
    ];

    /// Its name in addresses, notes and the audit log.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Decryption => "decryption",
            Self::UnknownSender => "unknown-sender",
            Self::Invalid => "invalid",
            Self::UnknownCode => "unknown-code",
            Self::Silent => "silent",
            Self::Certificate => "certificate",
            Self::Outlet => "outlet",
        }
    }

    pub(super) fn title(self, lang: Language) -> &'static str {
        let title = match self {
            Self::Processing => {
                Bilingual { nb: "Meldingsprosessering feilet", en: "Message processing failed" }
            }
            Self::Decryption => Bilingual { nb: "Dekrypteringsfeil", en: "Decryption failed" },
            Self::UnknownSender => {
                Bilingual { nb: "Ukjent eller inaktiv avsender", en: "Unknown or inactive sender" }
            }
            Self::Invalid => Bilingual { nb: "Ugyldig melding", en: "Invalid message" },
            Self::UnknownCode => Bilingual { nb: "Ukjent kodeverdi", en: "Unknown code value" },
            Self::Silent => Bilingual { nb: "Avsender er stille", en: "Sender is silent" },
            Self::Certificate => Bilingual { nb: "Sertifikat går ut", en: "Certificate ends" },
            Self::Outlet => {
                Bilingual { nb: "Meldinger blir ikke hentet", en: "Messages are not fetched" }
            }
        };
        title.in_language(lang)
    }

    /// What a code is an event of.
    fn of(code: Code) -> Option<Self> {
        match code {
            Code::SenderUnknown | Code::SenderInactive => Some(Self::UnknownSender),
            Code::DecryptionFailed | Code::EncryptionCertificateUnknown => Some(Self::Decryption),
            code => match code.area() {
                Area::Own => Some(Self::Processing),
                Area::Terminology => Some(Self::UnknownCode),
                Area::Envelope | Area::Content | Area::Profile | Area::Register => {
                    Some(Self::Invalid)
                }
                // Addresses, tokens and limits: mostly strangers.
                Area::Connection => None,
            },
        }
    }
}

/// An open alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alert {
    pub(super) kind: Kind,
    /// What it is about: an organisation number, a certificate; empty where there is one only.
    pub(super) about: String,
    pub(super) sender: Option<OrganisationNumber>,
    pub(super) name: String,
    /// How often, or how many days.
    pub(super) count: u64,
    /// When it happened last.
    pub(super) latest: Timestamp,
    /// The codes of its open events, and how many of each.
    pub(super) codes: Vec<(String, u64)>,
    /// Since when its open events are.
    pub(super) since: Timestamp,
    /// What is to be said of its numbers.
    pub(super) bound: Bound,
    /// Events of the hour in which it is looked at, which a note remembers.
    pub(super) seen: u64,
    /// What of its number is over: its open events before that hour, or its days. Nobody waits for it to change. At the
    /// outlet there is none: messages come and go by the second.
    pub(super) past: u64,
}

/// What the numbers of an alert are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// As they are.
    Exact,
    /// It may be more days: no more were looked at.
    AtLeast,
    /// Each code's number may be less: a note knows how many events of its hour were seen, not of which code.
    CodesAtMost,
    /// The certificate has ended.
    Ended,
}

impl Alert {
    /// Its key in notes.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.kind.as_str(), self.about).trim_end().to_owned()
    }

    pub(super) fn codes_at_most(&self) -> bool {
        self.bound == Bound::CodesAtMost
    }

    /// Its place in the page.
    pub(super) fn anchor(&self) -> String {
        self.key().replace(' ', "-")
    }

    pub(super) fn title(&self, lang: Language) -> String {
        let unit = match (self.kind, lang, self.count) {
            (Kind::Silent, Language::Bokmal, 1) => " dag",
            (Kind::Silent, Language::Bokmal, _) => " dager",
            (Kind::Silent, Language::English, 1) => " day",
            (Kind::Silent, Language::English, _) => " days",
            (Kind::Certificate, Language::Bokmal, 1) => " dag igjen",
            (Kind::Certificate, Language::Bokmal, _) => " dager igjen",
            (Kind::Certificate, Language::English, 1) => " day left",
            (Kind::Certificate, Language::English, _) => " days left",
            _ => "",
        };
        let name = if self.name.is_empty() { &self.about } else { &self.name };
        let about = if name.is_empty() { String::new() } else { format!(": {name}") };
        let kind = self.kind.title(lang);
        match (self.bound, lang) {
            (Bound::Ended, Language::Bokmal) => format!("{kind}{about} (utløpt)"),
            (Bound::Ended, Language::English) => format!("{kind}{about} (expired)"),
            (Bound::AtLeast, Language::Bokmal) => {
                format!("{kind}{about} (minst {}{unit})", self.count)
            }
            (Bound::AtLeast, Language::English) => {
                format!("{kind}{about} (at least {}{unit})", self.count)
            }
            _ => format!("{kind}{about} ({}{unit})", self.count),
        }
    }
}

/// The events of one alert by hour.
type ByHour = BTreeMap<Timestamp, BTreeMap<String, u64>>;

/// What is open of the events, given the note of the last closing.
fn still_open(events: &ByHour, note: Option<&AlertNote>) -> (u64, Option<Timestamp>) {
    let (mut count, mut latest) = (0, None);
    for (hour, codes) in events {
        let events: u64 = codes.values().sum();
        let open = open_of(*hour, events, note);
        if open > 0 {
            count += open;
            latest = Some(*hour);
        }
    }
    (count, latest)
}

/// How many of an hour's events are open.
fn open_of(hour: Timestamp, events: u64, note: Option<&AlertNote>) -> u64 {
    match note {
        Some(note) if hour + HOUR <= note.closed_at => 0,
        Some(note) if hour <= note.closed_at => events.saturating_sub(note.seen),
        _ => events,
    }
}

/// The codes of what is open, since when it is, and whether a code's number is exact.
fn open_codes(
    events: &ByHour,
    note: Option<&AlertNote>,
) -> (Vec<(String, u64)>, Option<Timestamp>, Bound) {
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    let (mut since, mut bound) = (None, Bound::Exact);
    for (hour, codes) in events {
        let events = codes.values().sum();
        let open = open_of(*hour, events, note);
        if open == 0 {
            continue;
        }
        since = since.or(Some(*hour));
        if open < events && codes.len() > 1 {
            bound = Bound::CodesAtMost;
        }
        for (code, count) in codes {
            *all.entry(code.clone()).or_default() += open.min(*count);
        }
    }
    (all.into_iter().collect(), since, bound)
}

/// What alerts are made of, read once for a page.
pub(super) struct Events {
    /// When they are looked at.
    at: Timestamp,
    /// Of at least [`DAYS`] days.
    pub(super) sums: Sums,
    /// Of the last [`DAYS`] days.
    pub(super) codes: Vec<HourCodes>,
}

impl Events {
    /// Reads those that alerts look at, as they are or were at this time, and the sums of as many days as are shown.
    pub(super) async fn load(
        shared: &Shared,
        numbers: &[OrganisationNumber],
        count: u16,
        at: Timestamp,
    ) -> Result<Self, Failure> {
        let days = Days { now: at, count: count.max(DAYS), zone: shared.zone.clone() };
        let alerting = Days { count: DAYS, ..days.clone() };
        let codes = shared.store.hour_codes(numbers, alerting.start(), days.now).await?;
        Ok(Self { at, sums: Sums::load(shared, numbers, days).await?, codes })
    }
}

/// All that is open at the time of the events, the gravest kind first.
pub(super) async fn open(
    shared: &Shared,
    avsendere: &[Avsender],
    events: &Events,
) -> Result<Vec<Alert>, Failure> {
    let now = events.at;
    let notes: HashMap<String, AlertNote> = shared
        .store
        .alert_notes()
        .await?
        .into_iter()
        .map(|note| (note.alert.clone(), note))
        .collect();
    let name = |sender: Option<OrganisationNumber>| {
        let known = avsendere.iter().find(|one| Some(one.organisation) == sender);
        known.map(|one| one.name.clone()).unwrap_or_default()
    };
    let mut alerts = Vec::new();
    let sums = events.sums.last(DAYS);
    for ((kind, sender), events) in by_kind(&events.codes) {
        let alert = Alert {
            kind,
            about: sender.map(|number| number.to_string()).unwrap_or_default(),
            sender,
            name: name(sender),
            count: 0,
            latest: now,
            codes: Vec::new(),
            since: now,
            bound: Bound::Exact,
            seen: events
                .last_key_value()
                .filter(|(hour, _)| **hour + HOUR > now)
                .map_or(0, |(_, codes)| codes.values().sum()),
            past: 0,
        };
        let note = notes.get(&alert.key());
        let (count, latest) = still_open(&events, note);
        let (codes, since, bound) = open_codes(&events, note);
        let (Some(latest), Some(since)) = (latest, since) else { continue };
        let over = events.iter().filter(|(hour, _)| **hour + HOUR <= now);
        let past = over.map(|(hour, codes)| open_of(*hour, codes.values().sum(), note)).sum();
        alerts.push(Alert { count, latest, codes, since, bound, past, ..alert });
    }
    for avsender in avsendere {
        let calendar = sums.calendar(avsender.organisation, Some(avsender));
        if let Some((count, latest, bound)) = silence(&calendar, shared) {
            alerts.push(Alert {
                kind: Kind::Silent,
                about: avsender.organisation.to_string(),
                sender: Some(avsender.organisation),
                name: avsender.name.clone(),
                count,
                latest,
                codes: Vec::new(),
                since: latest,
                bound,
                seen: 0,
                past: count,
            });
        }
    }
    for end in certificate_ends(&shared.receiver.certificates(), avsendere, now) {
        let step = CERTIFICATE_STEPS.into_iter().find(|step| end.days_left <= *step);
        let Some(step) = step.filter(|_| !end.is_succeeded) else { continue };
        let sender =
            end.organisation.as_deref().and_then(|text| OrganisationNumber::parse(text).ok());
        alerts.push(Alert {
            kind: Kind::Certificate,
            about: format!("{} {step}", end.thumbprint),
            sender,
            name: name(sender),
            count: u64::try_from(end.days_left).unwrap_or(0),
            latest: end.ends.saturating_sub(SignedDuration::from_hours(24 * step)).unwrap_or(now),
            codes: Vec::new(),
            since: end.ends,
            bound: if end.ends <= now { Bound::Ended } else { Bound::Exact },
            seen: 0,
            past: 0,
        });
    }
    if shared.has_outlet {
        let status = shared.store.outlet_status(now).await?;
        if let Some(oldest) = status.oldest
            && now.duration_since(oldest) > WAITS
        {
            alerts.push(Alert {
                kind: Kind::Outlet,
                about: String::new(),
                sender: None,
                name: String::new(),
                count: status.waiting,
                latest: oldest.saturating_add(WAITS).unwrap_or(now),
                codes: Vec::new(),
                since: oldest,
                bound: Bound::Exact,
                seen: 0,
                past: 0,
            });
        }
    }
    // Those without events of their own: a note counts for what was then.
    alerts.retain(|alert| {
        !alert.codes.is_empty()
            || notes.get(&alert.key()).is_none_or(|note| note.closed_at < alert.latest)
    });
    alerts.sort_by(|a, b| (a.kind, &b.latest, &a.about).cmp(&(b.kind, &a.latest, &b.about)));
    Ok(alerts)
}

fn by_kind(codes: &[HourCodes]) -> BTreeMap<(Kind, Option<OrganisationNumber>), ByHour> {
    let mut all: BTreeMap<_, ByHour> = BTreeMap::new();
    for one in codes {
        let Some(kind) = Code::parse(&one.code).and_then(Kind::of) else { continue };
        let hour = all.entry((kind, one.sender)).or_default().entry(one.hour).or_default();
        *hour.entry(one.code.clone()).or_default() += one.entries + one.calls;
    }
    all
}

/// How many days a sender has been silent up to yesterday, when the last of them ended, and whether it may be more.
fn silence(calendar: &[(Date, DayState)], shared: &Shared) -> Option<(u64, Timestamp, Bound)> {
    // Today is not over.
    let (_, before_today) = calendar.split_last()?;
    let (last, _) = before_today.last()?;
    let silent = before_today.iter().rev().take_while(|(_, day)| *day == DayState::Missing).count();
    let end = last.tomorrow().ok()?.to_zoned(shared.zone.clone()).ok()?.timestamp();
    let bound = if silent == before_today.len() { Bound::AtLeast } else { Bound::Exact };
    (silent > 0).then_some((silent as u64, end, bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(n: i64) -> Timestamp {
        Timestamp::from_second(1_750_003_200 + 3600 * n).unwrap()
    }

    fn events(of: &[(i64, u64)]) -> ByHour {
        let one = |(at, count): &(i64, u64)| {
            (hour(*at), BTreeMap::from([("LMR-2001".to_owned(), *count)]))
        };
        of.iter().map(one).collect()
    }

    #[test]
    fn what_happens_after_a_closing_opens_an_alert_again_and_nothing_else_does() {
        let all = events(&[(0, 3), (1, 2), (2, 4)]);
        assert_eq!(still_open(&all, None), (9, Some(hour(2))));
        let note = |minutes: i64, seen| AlertNote {
            alert: String::new(),
            closed_at: hour(1) + SignedDuration::from_mins(minutes),
            seen,
            actor: String::new(),
            reason: String::new(),
        };
        // Closed within the second hour, when both of its events were known; then with one of them.
        assert_eq!(still_open(&all, Some(&note(30, 2))), (4, Some(hour(2))));
        assert_eq!(still_open(&all, Some(&note(30, 1))), (5, Some(hour(2))));
        assert_eq!(still_open(&all, Some(&note(180, 0))), (0, None));
        assert_eq!(still_open(&events(&[]), None), (0, None));
    }

    #[test]
    fn every_kind_has_its_own_name() {
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            for other in &Kind::ALL[at + 1..] {
                assert_ne!(kind.as_str(), other.as_str());
                assert_ne!(kind.title(Language::Bokmal), other.title(Language::Bokmal));
            }
        }
        assert_eq!(Kind::of(Code::DecryptionFailed), Some(Kind::Decryption));
        assert_eq!(Kind::of(Code::AddressNotAllowed), None);
    }
}
