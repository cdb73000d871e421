//! What somebody should hear of a sender that runs by itself. Pure: what a run came to, what ends when.
//!
//! No notice has anything of a resource: no value, no key, no id, no file's name.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp};
use lmr_fhir::{Bilingual, Language};
use lmr_identifiers::norwegian_date;
use serde::{Deserialize, Serialize};

use crate::error::SenderError;
use crate::outbox::{DaemonFailure, Reread};
use crate::report::{Report, RunKind, RunStatus, SourceFailure};
use crate::source::SourceIssueKind;
use crate::wording::counted;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A run delivered nothing or not everything.
    DeliveryFailed,
    /// Resources were refused, by the check here or by the register.
    Refused,
    /// Nothing was new or changed, though there usually is something at this time.
    NothingToSend,
    /// The source, or a part of it, could not be read, or was empty.
    SourceUnreadable,
    /// A certificate or a key ends soon, or has ended.
    Expiry,
    /// The clock here and the register's differ.
    ClockSkew,
    /// The register has messages that the ledger here does not know, has not confirmed an annulment, or has given a
    /// receipt that does not hold; or a repaired ledger may lack annulments.
    RegisterDiffers,
    /// The daemon could not read its configuration, keys or certificates again, and goes on with what it had.
    NotReadAgain,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 8] = [
        Self::DeliveryFailed,
        Self::Refused,
        Self::NothingToSend,
        Self::SourceUnreadable,
        Self::Expiry,
        Self::ClockSkew,
        Self::RegisterDiffers,
        Self::NotReadAgain,
    ];

    /// Its name in configurations and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DeliveryFailed => "delivery-failed",
            Self::Refused => "refused",
            Self::NothingToSend => "nothing-to-send",
            Self::SourceUnreadable => "source-unreadable",
            Self::Expiry => "expiry",
            Self::ClockSkew => "clock-skew",
            Self::RegisterDiffers => "register-differs",
            Self::NotReadAgain => "not-read-again",
        }
    }
}

/// How often one cause is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Once a day, Norwegian time.
    Daily,
    /// Once.
    Never,
}

/// Something to be reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub event: Event,
    /// What makes it the same as another one: the same cause is reported once.
    pub cause: String,
    /// How often.
    pub repeat: Repeat,
    /// What is wrong, in both languages.
    pub text: Bilingual<String>,
    /// Numbers by name, for programs.
    pub counts: BTreeMap<String, i64>,
}

impl Notice {
    fn new(event: Event, cause: &str, nb: String, en: String) -> Self {
        Self {
            event,
            cause: format!("{} {cause}", event.as_str()),
            repeat: Repeat::Daily,
            text: Bilingual { nb, en },
            counts: BTreeMap::new(),
        }
    }

    fn with(mut self, name: &str, count: u64) -> Self {
        self.counts.insert(name.to_owned(), i64::try_from(count).unwrap_or(i64::MAX));
        self
    }
}

/// Something that ends: a certificate, or a key that its issuer takes for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expiry {
    /// What it is: the configuration key that names it.
    pub name: String,
    /// When it ends.
    pub ends_at: Timestamp,
    /// Nobody has said when it ends: a year after its file was last written.
    pub is_estimate: bool,
}

/// Days before an end at which it is reported, and from the last of them on every day.
const EXPIRY_DAYS: [i64; 3] = [60, 30, 7];
/// Difference of two clocks from which on it is reported: tokens are refused soon after.
pub const MAX_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What is to be reported of a run. `usual`: at this time of the week there usually is something to send.
#[must_use]
pub fn of_run(report: &Report, usual: bool) -> Vec<Notice> {
    let mut notices = Vec::new();
    notices.extend(delivery_failed(report));
    notices.extend(refused(report));
    notices.extend(unreadable(report));
    notices.extend(register_differs(report));
    let was_read = report.kind == RunKind::Planned && report.source_failure.is_none();
    if usual
        && was_read
        && !report.stopped_early
        && report.new + report.changed == 0
        && report.held_now == 0
    {
        notices.push(Notice::new(
            Event::NothingToSend,
            "",
            "Ingenting var nytt eller endret i kilden, selv om det pleier å være noe på denne ukedagen. Går eksporten?"
                .to_owned(),
            "Nothing was new or changed in the source, though there usually is something on this day of the week. Does \
             the export run?"
                .to_owned(),
        ));
    }
    if let Some(ahead) = report.clock_ahead_seconds
        && ahead.unsigned_abs() > MAX_SKEW.as_secs().unsigned_abs()
    {
        let size = ahead.unsigned_abs();
        let (nb, en) = if ahead > 0 { ("foran", "ahead of") } else { ("etter", "behind") };
        let mut notice = Notice::new(
            Event::ClockSkew,
            "",
            format!(
                "Klokka her er {size} sekunder {nb} registerets eller tokenutstederens. Still den, helst med NTP."
            ),
            format!(
                "The clock here is {size} seconds {en} that of the register or of the issuer of tokens. Set it, best by NTP."
            ),
        );
        notice.counts.insert("seconds_ahead".to_owned(), ahead);
        notices.push(notice);
    }
    notices
}

fn delivery_failed(report: &Report) -> Option<Notice> {
    if !matches!(report.status(), RunStatus::Stopped | RunStatus::Undelivered) {
        return None;
    }
    if report.stopped_early && report.stop.is_none() {
        // Somebody asked for it.
        return None;
    }
    let failure = report
        .stop
        .as_ref()
        .or_else(|| report.messages.iter().rev().find_map(|message| message.failure.as_ref()));
    let reason = |language| failure.map(|f| f.text(language)).unwrap_or_default();
    let (open, forgotten) = (report.open_messages, report.forgotten);
    let (nb, en) = match &report.stop {
        Some(stop) if !stop.passes_by_itself() => (
            "Overføringen er stanset til noen har sett på den",
            "The transfer is stopped until a person has looked at it",
        ),
        None if forgotten > 0 && open == 0 => (
            "Registeret kan ha mistet poster som kilden ikke har gitt på nytt; lmr send status viser hvor mange",
            "The register may have lost records that the source has not given again; lmr send status shows how many",
        ),
        _ => (
            "Ikke alt er levert; det blir forsøkt igjen",
            "Not everything is delivered; it will be tried again",
        ),
    };
    // The same reason is the same cause, whatever the numbers.
    let cause = format!("{} {}", report.status().exit_code(), reason(Language::English));
    let notice = Notice::new(
        Event::DeliveryFailed,
        &cause,
        format!(
            "{nb} ({open} {} uten svar). {}",
            counted(open, "melding", "meldinger"),
            reason(Language::Bokmal)
        ),
        format!(
            "{en} ({open} {} without an answer). {}",
            counted(open, "message", "messages"),
            reason(Language::English)
        ),
    );
    Some(notice.with("open_messages", open).with("forgotten", forgotten))
}

/// A person decides what to do about either, and nothing else of a run says so to who does not look at it.
fn register_differs(report: &Report) -> Vec<Notice> {
    let (unknown, annulments) = (report.unknown_messages, report.lost_annulments.len() as u64);
    let mut notices = Vec::new();
    if unknown > 0 {
        let notice = Notice::new(
            Event::RegisterDiffers,
            "messages",
            format!(
                "Registeret har {unknown} {} fra organisasjonen som databasen her ikke kjenner: den er \
                 gjenopprettet fra en sikkerhetskopi, eller et annet system leverer for organisasjonen. lmr send status \
                 viser hva som må gjøres.",
                counted(unknown, "melding", "meldinger")
            ),
            format!(
                "The register has {unknown} {} of the organisation that the database here does not know: it was \
                 restored from a backup, or another system delivers for the organisation. lmr send status shows what \
                 must be done.",
                counted(unknown, "message", "messages")
            ),
        );
        notices.push(notice.with("unknown_messages", unknown));
    }
    if annulments > 0 {
        let notice = Notice::new(
            Event::RegisterDiffers,
            "annulments",
            format!(
                "{annulments} {} har registeret ikke bekreftet. lmr send vanished viser hvilke, og hva som må \
                 gjøres.",
                counted(annulments, "annullering", "annulleringer")
            ),
            format!(
                "{annulments} {} the register has not confirmed. lmr send vanished shows which, and what must be \
                 done.",
                counted(annulments, "annulment", "annulments")
            ),
        );
        notices.push(notice.with("lost_annulments", annulments));
    }
    let (copies, receipts) = (report.unreadable_copies, report.doubtful_receipts);
    if copies > 0 {
        let notice = Notice::new(
            Event::RegisterDiffers,
            "copies",
            format!(
                "Databasen er reparert, og {copies} {} kan ikke leses: poster som ble annullert der, kan bli sendt som \
                 gitt. lmr send status viser hva som må gjøres.",
                counted(copies, "kopi av en sendt melding", "kopier av sendte meldinger")
            ),
            format!(
                "The database was repaired, and {copies} {} cannot be read: records that were annulled there may be \
                 sent as given. lmr send status shows what must be done.",
                counted(copies, "copy of a sent message", "copies of sent messages")
            ),
        );
        notices.push(notice.with("unreadable_copies", copies));
    }
    if receipts > 0 {
        let notice = Notice::new(
            Event::RegisterDiffers,
            "receipts",
            format!(
                "{receipts} {} fra registeret stemmer ikke med det som ble sendt og besvart. lmr send status \
                 viser hva som må gjøres.",
                counted(receipts, "kvittering", "kvitteringer")
            ),
            format!(
                "{receipts} {} for what was sent and answered. lmr send status shows what must be done.",
                counted(
                    receipts,
                    "receipt of the register does not hold",
                    "receipts of the register do not hold"
                )
            ),
        );
        notices.push(notice.with("doubtful_receipts", receipts));
    }
    notices
}

fn refused(report: &Report) -> Option<Notice> {
    let by_register: usize = report.messages.iter().map(|message| message.refused).sum();
    let by_check = report.held_now;
    if by_register + by_check == 0 {
        return None;
    }
    let held = report.held;
    let notice = Notice::new(
        Event::Refused,
        "",
        format!(
            "Ressurser ble avvist: {by_check} av kontrollen før sending, {by_register} av registeret. Holdt tilbake nå: \
             {held}. lmr send rejected viser hva som må rettes."
        ),
        format!(
            "Resources were refused: {by_check} by the check before sending, {by_register} by the register. Held now: \
             {held}. lmr send rejected shows what must be corrected."
        ),
    );
    Some(
        notice
            .with("refused_by_check", by_check as u64)
            .with("refused_by_register", by_register as u64)
            .with("held", held),
    )
}

fn unreadable(report: &Report) -> Option<Notice> {
    // Whatever cannot be used is not sent; what only could not be put away is, and what changed goes the next time.
    let unreadable = report.source_issues.iter().filter(|issue| {
        !matches!(
            issue.issue,
            SourceIssueKind::NotArchived { .. } | SourceIssueKind::ChangedMeanwhile
        )
    });
    let files = unreadable.count() as u64;
    let (cause, nb, en) = match &report.source_failure {
        Some(SourceFailure::Empty) => ("empty", "Kilden er tom.", "The source is empty."),
        Some(SourceFailure::EmptyOf { .. }) => {
            ("empty", "En av kildene er tom.", "One of the sources is empty.")
        }
        Some(SourceFailure::BeingWritten { .. }) => (
            "unavailable",
            "Kilden er under skriving, og er ikke lest.",
            "The source is still being written, and was not read.",
        ),
        Some(SourceFailure::NothingUsable { .. }) => {
            ("unavailable", "Ingenting i kilden kan brukes.", "Nothing of the source can be used.")
        }
        Some(SourceFailure::Unavailable { .. }) => {
            ("unavailable", "Kilden kan ikke leses.", "The source cannot be read.")
        }
        None if report.lost_administrations > 0 => (
            "administrations",
            "Kilden har ikke én administrering lenger.",
            "The source has not a single administration any more.",
        ),
        None if report.has_lost_most() => (
            "half",
            "Kilden har mistet mer enn halvparten av postene.",
            "The source has lost more than half of its records.",
        ),
        None if files > 0 => {
            ("files", "Deler av kilden kan ikke brukes.", "Parts of the source cannot be used.")
        }
        None => return None,
    };
    let notice = Notice::new(
        Event::SourceUnreadable,
        cause,
        format!("{nb} lmr send status viser hva som er galt."),
        format!("{en} lmr send status shows what is wrong."),
    );
    Some(notice.with("files", files).with("missing", report.missing as u64))
}

/// What is to be reported of a run that could not be made. Another run under way is not an error.
#[must_use]
pub fn of_error(error: &SenderError) -> Option<Notice> {
    match error {
        SenderError::Busy(_) | SenderError::Annul(_) => None,
        SenderError::Source(_) => Some(Notice::new(
            Event::SourceUnreadable,
            "unavailable",
            "Kilden kan ikke leses. lmr send status viser hva som er galt.".to_owned(),
            "The source cannot be read. lmr send status shows what is wrong.".to_owned(),
        )),
        other => Some(Notice::new(
            Event::DeliveryFailed,
            &format!("error {other}"),
            format!("Overføringen kunne ikke gjøres: {other}"),
            format!("The transfer could not be made: {other}"),
        )),
    }
}

/// What is to be reported of what ends: at 60 and 30 days once, from 7 days on daily.
#[must_use]
pub fn of_expiries(expiries: &[Expiry], now: Timestamp) -> Vec<Notice> {
    let notice = |expiry: &Expiry| {
        let left = expiry.ends_at.duration_since(now);
        let days = left.as_hours().div_euclid(24);
        let threshold = EXPIRY_DAYS.into_iter().rev().find(|threshold| days < *threshold)?;
        let Expiry { name, ends_at, is_estimate } = expiry;
        let day = norwegian_date(*ends_at);
        let (nb, en) = match (left.is_negative(), is_estimate) {
            (true, false) => (format!("{name} gikk ut {day}."), format!("{name} ended on {day}.")),
            (false, false) => (
                format!("{name} går ut {day}, om {days} dager."),
                format!("{name} ends on {day}, in {days} days."),
            ),
            (_, true) => (
                format!(
                    "{name} ble laget for nesten et år siden og gjelder trolig bare til {day}. Bytt den, eller oppgi \
                     key_expires."
                ),
                format!(
                    "{name} was made almost a year ago and is most likely taken until {day} only. Replace it, or give \
                     key_expires."
                ),
            ),
        };
        let mut notice =
            Notice::new(Event::Expiry, &format!("{name} {ends_at} {threshold}"), nb, en);
        if threshold > EXPIRY_DAYS[2] {
            notice.repeat = Repeat::Never;
        }
        notice.counts.insert("days".to_owned(), days);
        Some(notice)
    };
    expiries.iter().filter_map(notice).collect()
}

/// What is to be reported of what a daemon could not read again. The cause is not in it: a line of the configuration may be.
#[must_use]
pub fn of_daemon(failures: &[DaemonFailure]) -> Vec<Notice> {
    let notice = |failure: &DaemonFailure| {
        let (nb, en) = match failure.what {
            Reread::Configuration => (
                "lmr send daemon kunne ikke lese konfigurasjonen på nytt, og går videre med den forrige. En omstart ville \
                 ikke lykkes.",
                "lmr send daemon could not read its configuration again, and goes on with the former one. A restart would \
                 fail.",
            ),
            Reread::Keys => (
                "lmr send daemon kunne ikke lese nøkler og sertifikater på nytt, og går videre med de forrige. En omstart \
                 ville ikke lykkes.",
                "lmr send daemon could not read keys and certificates again, and goes on with the former ones. A restart \
                 would fail.",
            ),
            Reread::Monitor => (
                "lmr send daemon kunne ikke åpne adressen for overvåking på nytt: /health og /metrics svarer ikke.",
                "lmr send daemon could not open the address for monitors again: /health and /metrics do not answer.",
            ),
        };
        Notice::new(
            Event::NotReadAgain,
            failure.what.as_str(),
            format!("{nb} lmr send status viser hvorfor."),
            format!("{en} lmr send status shows why."),
        )
    };
    failures.iter().map(notice).collect()
}

/// Transfers before now that count for what is usual.
const USUAL_WEEKS: i64 = 6;
/// Least transfers on this day of the week of which something is said.
const USUAL_LEAST: usize = 3;

/// Whether there usually is something to send: on this day of the week, in the last six weeks, of at least three days
/// with a transfer all had something. A ward that is quiet on Sundays is not called silent on one; neither is one that
/// was set up last week.
#[must_use]
pub fn is_usual(former: &[(Timestamp, u64)], now: Timestamp) -> bool {
    let day_of = norwegian_date;
    let today = day_of(now);
    let weekday: Weekday = today.weekday();
    let mut days: BTreeMap<Date, u64> = BTreeMap::new();
    for (at, sent) in former {
        let day = day_of(*at);
        let age = today.duration_since(day);
        let is_recent =
            age > SignedDuration::ZERO && age <= SignedDuration::from_hours(24 * 7 * USUAL_WEEKS);
        if is_recent && day.weekday() == weekday {
            *days.entry(day).or_default() += sent;
        }
    }
    days.len() >= USUAL_LEAST && days.values().all(|sent| *sent > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{RowError, RowReason, SourceIssue};

    fn utc(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_end_is_reported_at_sixty_thirty_and_seven_days_and_then_daily() {
        let ends_at = utc("2027-03-01T12:00:00Z");
        let expiry = Expiry { name: "certificate".to_owned(), ends_at, is_estimate: false };
        let mut reported = Vec::new();
        let mut known = std::collections::HashSet::new();
        for days in (-2..=70).rev() {
            let now =
                ends_at - SignedDuration::from_hours(24 * days) + SignedDuration::from_secs(1);
            for notice in of_expiries(std::slice::from_ref(&expiry), now) {
                let day = match notice.repeat {
                    Repeat::Daily => now.to_string(),
                    Repeat::Never => String::new(),
                };
                if known.insert((notice.cause, day)) {
                    reported.push(days);
                }
            }
        }
        assert_eq!(reported, [60, 30, 7, 6, 5, 4, 3, 2, 1, 0, -1, -2]);
        // A renewed one is another cause.
        let renewed = Expiry { ends_at: utc("2028-03-01T12:00:00Z"), ..expiry.clone() };
        let at = |expiry: &Expiry| {
            let now = expiry.ends_at - SignedDuration::from_hours(24 * 40);
            of_expiries(std::slice::from_ref(expiry), now).remove(0).cause
        };
        assert_ne!(at(&expiry), at(&renewed));
    }

    #[test]
    fn what_is_usual_is_a_matter_of_the_day_of_the_week() {
        // 2 March 2026 is a Monday.
        let now = utc("2026-03-02T05:00:00Z");
        let weeks = |weeks: &[i64], sent: u64| -> Vec<(Timestamp, u64)> {
            weeks.iter().map(|w| (now - SignedDuration::from_hours(24 * 7 * w), sent)).collect()
        };
        assert!(is_usual(&weeks(&[1, 2, 3], 5), now));
        assert!(!is_usual(&weeks(&[1, 2], 5), now), "too few to tell");
        assert!(!is_usual(&weeks(&[1, 2, 7, 8], 5), now), "too old");
        let mut with_a_quiet_one = weeks(&[1, 2, 3], 5);
        with_a_quiet_one.extend(weeks(&[4], 0));
        assert!(!is_usual(&with_a_quiet_one, now));
        // Several transfers on one day are one day.
        let mut often = weeks(&[1, 2, 3], 5);
        often.extend(weeks(&[1, 2, 3], 0));
        assert!(is_usual(&often, now));
        let sundays: Vec<_> = weeks(&[0, 1, 2, 3], 5)
            .iter()
            .map(|(at, n)| (*at - SignedDuration::from_hours(24), *n))
            .collect();
        assert!(!is_usual(&sundays, now), "another day of the week");
    }

    #[test]
    fn a_run_is_reported_by_its_causes() {
        let mut report = Report::new(RunKind::Planned, Timestamp::UNIX_EPOCH);
        let events = |report: &Report, usual| -> Vec<Event> {
            of_run(report, usual).iter().map(|notice| notice.event).collect()
        };
        assert_eq!(events(&report, false), []);
        assert_eq!(events(&report, true), [Event::NothingToSend]);
        report.new = 1;
        assert_eq!(events(&report, true), []);
        report.held_now = 2;
        report.clock_ahead_seconds = Some(-61);
        assert_eq!(events(&report, true), [Event::Refused, Event::ClockSkew]);
        report.clock_ahead_seconds = Some(60);
        report.source_failure = Some(SourceFailure::Empty);
        assert_eq!(events(&report, true), [Event::Refused, Event::SourceUnreadable]);
        report.source_failure = None;
        // A held row is as much refused as a record.
        let error =
            RowError { key: None, column: "unit".to_owned(), reason: RowReason::NotANumber };
        for (issue, is_reported) in [
            (SourceIssueKind::Row { error }, true),
            (SourceIssueKind::NotAResource, true),
            (SourceIssueKind::NeverFinished, true),
            (SourceIssueKind::ChangedMeanwhile, false),
        ] {
            report.source_issues = vec![SourceIssue { file: "a".to_owned(), line: Some(1), issue }];
            assert_eq!(events(&report, true).contains(&Event::SourceUnreadable), is_reported);
        }
        report.source_issues.clear();
        report.open_messages = 1;
        assert_eq!(events(&report, true), [Event::DeliveryFailed, Event::Refused]);
        report.open_messages = 0;
        assert_eq!(events(&report, true), [Event::Refused]);
        // What the register may have lost and nobody sends again.
        report.forgotten = 1;
        assert_eq!(events(&report, true), [Event::DeliveryFailed, Event::Refused]);
        (report.forgotten, report.unknown_messages) = (0, 2);
        assert_eq!(events(&report, true), [Event::Refused, Event::RegisterDiffers]);
        report.lost_annulments = vec![crate::outbox::LostAnnulment {
            resource_type: "MedicationRequest".to_owned(),
            resource_id: Some("secret".to_owned()),
            source_key: None,
        }];
        let differs = of_run(&report, true);
        let causes: std::collections::BTreeSet<&str> =
            differs.iter().map(|notice| notice.cause.as_str()).collect();
        assert_eq!((differs.len(), causes.len()), (3, 3), "{differs:?}");
        assert!(!format!("{differs:?}").contains("secret"), "nothing of a resource");
        report.unknown_messages = 0;
        report.lost_annulments.clear();
        (report.unreadable_copies, report.doubtful_receipts) = (1, 1);
        let expected = [Event::Refused, Event::RegisterDiffers, Event::RegisterDiffers];
        assert_eq!(events(&report, true), expected);
        (report.unreadable_copies, report.doubtful_receipts) = (0, 0);
        report.open_messages = 1;
        // Asked to stop: nobody needs to hear of it.
        report.stopped_early = true;
        assert_eq!(events(&report, true), [Event::Refused]);
        let all: std::collections::BTreeSet<&str> = Event::ALL.iter().map(|e| e.as_str()).collect();
        assert_eq!(all.len(), Event::ALL.len());
    }
}
