//! Status and history.

use std::fmt::Write as _;

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use lmr_sender::meter::TransferState;
use lmr_sender::notice::Expiry;
use lmr_sender::schedule::next_daily;
use serde::Serialize;

use crate::clock;
use crate::config::sender::SenderConfig;
use crate::config::supervision::expiries;
use lmr_sender::outbox::{MessageRow, Overview, RunRow, SourceCounts};
use lmr_sender::report::{RunStatus, SourceFailure};
use lmr_sender::source::FileError;

use super::report::source_failure;
use super::{
    doubtful_receipts, failed_hooks, given_up_since, lost_administrations, lost_annulments,
    not_read_again, not_sent_again, nothing_to_send, of_another_source, phrase, pick, state,
    status_text, time, unknown_messages, unreadable_copies, vanished_unknown,
};
use crate::output::Language;

/// The state of everything, as `lmr send status --format json` prints it: docs/schemas/send-status.json.
#[derive(Serialize)]
pub(in crate::send) struct StatusPage {
    /// The number of this form; another number when a field changes its meaning or goes.
    schema: u32,
    organisation: String,
    ruleset: &'static str,
    version: &'static str,
    #[serde(flatten)]
    overview: Overview,
    /// When the daemon's next planned transfer is due.
    next_transfer: Timestamp,
    /// Certificates and keys, the nearest end first.
    expiries: Vec<Expiry>,
}

/// From so many days before an end on the page shows it.
const SHOWN_DAYS: i64 = 60;

impl StatusPage {
    pub(in crate::send) fn of(overview: Overview, config: &SenderConfig, folder: &Path) -> Self {
        let last = overview.last_source.as_ref().and_then(|source| source.at);
        Self {
            schema: 1,
            organisation: config.organisation.clone(),
            ruleset: config.ruleset.as_str(),
            version: env!("CARGO_PKG_VERSION"),
            next_transfer: next_daily(last.unwrap_or_else(clock::now), config.schedule.at),
            expiries: expiries(config, folder),
            overview,
        }
    }

    pub(in crate::send) fn overview(&self) -> &Overview {
        &self.overview
    }

    pub(in crate::send) fn next_transfer(&self) -> Timestamp {
        self.next_transfer
    }

    pub(in crate::send) fn expiries(&self) -> &[Expiry] {
        &self.expiries
    }

    pub(in crate::send) fn text(&self, language: Language) -> String {
        let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
        let now = clock::now();
        let mut text = overview(&self.overview, language, now);
        let what = say("Neste planlagte overføring", "Next planned transfer");
        let _ = writeln!(text, "{what}: {}", time(self.next_transfer));
        for Expiry { name, ends_at, is_estimate } in &self.expiries {
            let days = ends_at.duration_since(now).as_hours().div_euclid(24);
            if days <= SHOWN_DAYS {
                let about = if *is_estimate { say(" (anslått)", " (estimated)") } else { "" };
                let _ =
                    writeln!(text, "{}: {name} {}{about}", say("Går ut", "Ends"), time(*ends_at));
            }
        }
        text
    }
}

/// The state of everything that the sender's database knows.
pub(in crate::send) fn overview(overview: &Overview, language: Language, now: Timestamp) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = String::new();
    let nothing_sent = overview.stored.is_empty() && overview.messages.is_empty();
    let status = match overview.status {
        RunStatus::Clean if nothing_sent => nothing_to_send(language),
        status => status_text(status, language),
    };
    let _ = writeln!(text, "{status}");
    if let Some(since) = overview.silent_since {
        let (nb, en) = ("Ingen planlagt overføring siden", "No planned transfer since");
        let ask = say(
            "går lmr send daemon, eller tidsplanen som kaller lmr send run?",
            "is lmr send daemon running, or the schedule that calls lmr send run?",
        );
        let _ = writeln!(text, "{} {}: {ask}", say(nb, en), time(since));
    }
    let moment =
        |moment: Option<Timestamp>| moment.map_or_else(|| say("aldri", "never").to_owned(), time);
    let _ = writeln!(
        text,
        "{}: {}",
        say("Siste vellykkede overføring", "Last successful transfer"),
        moment(overview.last_success)
    );
    if let Some(run) = &overview.last_run {
        let ended = run.ended_at.map_or_else(|| say("avbrutt", "cut off").to_owned(), time);
        let _ = writeln!(
            text,
            "{}: {} – {ended}",
            say("Siste kjøring", "Last run"),
            time(run.started_at)
        );
    }
    if overview.last_source.as_ref().is_some_and(|source| source.stopped_early) {
        let stopped = say(
            "Siste overføring ble bedt om å slutte før den var ferdig: noe nytt kan vente på neste overføring.",
            "The last transfer was asked to end before it was done: something new may wait for the next one.",
        );
        let _ = writeln!(text, "{stopped}");
    }
    if let Some(transfer) = &overview.transfer {
        let _ = writeln!(text, "{}", not_ended(transfer, language, now));
    }
    if let Some(next) = overview.next_attempt {
        let _ = writeln!(text, "{}: {}", say("Neste forsøk", "Next attempt"), time(next));
    }
    let _ = writeln!(text, "{}:", say("Bekreftet av registeret", "Confirmed by the register"));
    if overview.stored.is_empty() {
        let _ = writeln!(text, "  {}", say("ingenting", "nothing"));
    }
    for (resource_type, count) in &overview.stored {
        let _ = writeln!(text, "{count:>8}  {resource_type}");
    }
    let _ = writeln!(text, "{}:", say("Meldinger", "Messages"));
    for (of, count) in &overview.messages {
        let _ = writeln!(text, "{count:>8}  {}", state(*of, language));
    }
    let _ = writeln!(text, "{}: {}", say("Holdt tilbake", "Held back"), overview.held);
    if overview.not_yet > 0 {
        let what = say("Ikke ennå etter registerets klokke", "Not yet by the register's clock");
        let _ = writeln!(text, "{what}: {}", overview.not_yet);
    }
    let not_stored = overview.last_source.as_ref().map_or(0, |source| source.not_stored);
    if not_stored > 0 {
        let what = say("Kunne registeret ikke lagre", "Could not be stored by the register");
        let _ = writeln!(text, "{what}: {not_stored}");
    }
    let _ = writeln!(text, "{}: {}", say("Venter på dem", "Wait for them"), overview.waiting);
    if overview.discarded > 0 {
        let what = say("Forkastet av en operatør", "Discarded by an operator");
        let _ = writeln!(text, "{what}: {}", overview.discarded);
    }
    if overview.vanished > 0 {
        let what = say("Forsvunnet fra kilden, ikke annullert", "Vanished, not annulled");
        let _ = writeln!(text, "{what}: {}", overview.vanished);
    }
    if overview.replaced > 0 {
        let what = say(
            "  av dem med en annen identifier i kilden nå (lmr send vanished)",
            "  of these under another identifier at the source now (lmr send vanished)",
        );
        let _ = writeln!(text, "{what}: {}", overview.replaced);
    }
    if let Some(source) = overview.last_source.as_ref().filter(|source| source.vanished_unknown) {
        let _ = writeln!(text, "{}", vanished_unknown(source.missing, language));
    }
    let differences = [
        given_up_since(overview.given_up, language),
        unknown_messages(overview.unknown_messages, language),
        not_sent_again(overview.forgotten, language),
        unreadable_copies(overview.unreadable_copies, language),
        doubtful_receipts(overview.doubtful_receipts, language),
        failed_hooks(&overview.failed_hooks, language),
    ];
    for line in differences.into_iter().flatten() {
        let _ = writeln!(text, "{line}");
    }
    text += &not_read_again(&overview.daemon_failures, language);
    text += &lost_annulments(&overview.lost_annulments, language);
    if let Some(source) = &overview.last_source {
        let at = source.at.map(time).unwrap_or_default();
        let title = match source.was_read() {
            true => say("Kilden sist", "The source last"),
            false => say("Kilden ble ikke lest sist", "The source was not read the last time"),
        };
        let _ = writeln!(text, "{title} ({at}):");
        for (count, what) in source_counts(source, language) {
            let _ = writeln!(text, "{count:>8}  {what}");
        }
        for problem in source_problems(source, language) {
            let _ = writeln!(text, "  {problem}");
        }
    }
    text
}

/// From this age on what a transfer noted of its speed says nothing: it was most likely cut off.
const SPEED_HOLDS: SignedDuration = SignedDuration::from_mins(5);

/// How far a transfer is that has not ended, when that was, and, as long as it may go on, how fast it goes and how long
/// it still takes. Whether it goes on or was cut off the outbox does not know.
fn not_ended(transfer: &TransferState, language: Language, now: Timestamp) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let TransferState { done, total, noted_at, .. } = transfer;
    let share = (done * 100).checked_div(*total).unwrap_or(100);
    let mut text = format!(
        "{}: {done} {} {total} ({share} %), {}",
        say("Overføring som ikke er ferdig", "Transfer that has not ended"),
        say("av", "of"),
        time(*noted_at),
    );
    let may_go_on = now.duration_since(*noted_at) <= SPEED_HOLDS;
    if let Some(rate) = transfer.per_second.filter(|_| may_go_on) {
        let rate = rate.round();
        let count = if (0.5..1.5).contains(&rate) { 1 } else { 2 };
        let what = phrase(
            count,
            language,
            ["post i sekundet", "poster i sekundet"],
            ["record a second", "records a second"],
        );
        let _ = write!(text, ", {rate:.0} {what}");
    }
    if let Some(left) = transfer.seconds_left.filter(|_| may_go_on) {
        let (hours, minutes, seconds) = (left / 3600, left / 60 % 60, left % 60);
        let left = say("igjen", "left");
        let _ = match (hours, minutes) {
            (0, 0) => write!(text, ", {seconds} s {left}"),
            (0, _) => write!(text, ", {minutes} min {left}"),
            _ => write!(text, ", {hours} {} {minutes} min {left}", say("t", "h")),
        };
    }
    if let Some(through) = transfer.through {
        let _ = write!(text, ", {} {through}", say("levert til og med", "delivered through"));
    }
    text
}

/// What a transfer made of the source; where it was read the first two always, the rest where there is any.
fn source_counts(
    source: &SourceCounts,
    language: Language,
) -> impl Iterator<Item = (u64, &'static str)> {
    let was_read = source.was_read();
    let of = move |count: u64, nb: [&'static str; 2], en: [&'static str; 2]| {
        (count, phrase(count, language, nb, en))
    };
    let always = [
        of(source.files, ["fil lest", "filer lest"], ["file read", "files read"]),
        of(
            source.resources,
            ["ressurs funnet", "ressurser funnet"],
            ["resource found", "resources found"],
        ),
    ];
    let some = [
        of(source.new, ["ny", "nye"], ["new"; 2]),
        of(source.changed, ["endret"; 2], ["changed"; 2]),
        of(
            source.source_issues,
            ["del kan ikke brukes", "deler kan ikke brukes"],
            ["part cannot be used", "parts cannot be used"],
        ),
        of(
            source.passed_over,
            ["fil ikke lest", "filer ikke lest"],
            ["file not read", "files not read"],
        ),
        of(
            source.foreign,
            ["av en type veiledningen ikke tar", "av typer veiledningen ikke tar"],
            ["of a type the guide does not take", "of types the guide does not take"],
        ),
        of(
            source.waiting,
            ["venter på noe som holdes tilbake"; 2],
            ["waits for something held back", "wait for something held back"],
        ),
        of(source.deferred, ["venter på svar"; 2], ["waits for an answer", "wait for an answer"]),
        of(source.too_early, ["fra før startdatoen"; 2], ["from before the start date"; 2]),
        of(
            source.unused,
            ["ingen viser til den", "ingen viser til dem"],
            ["nothing refers to it", "nothing refers to them"],
        ),
    ];
    always
        .into_iter()
        .filter(move |_| was_read)
        .chain(some.into_iter().filter(|(count, _)| *count > 0))
}

/// What went wrong with a transfer as a whole.
pub(super) fn source_problems(source: &SourceCounts, language: Language) -> Vec<String> {
    let mut problems = Vec::new();
    match &source.source_failure {
        Some(failure) if failure["kind"] == "empty" => {
            problems.push(source_failure(&SourceFailure::Empty, language));
        }
        Some(failure) if failure["kind"] == "empty-of" => {
            let name = failure["name"].as_str().unwrap_or_default().to_owned();
            problems.push(source_failure(&SourceFailure::EmptyOf { name }, language));
        }
        Some(failure) if failure["kind"] == "being-written" => {
            let name = failure["name"].as_str().unwrap_or_default().to_owned();
            problems.push(source_failure(&SourceFailure::BeingWritten { name }, language));
        }
        Some(failure) if failure["kind"] == "nothing-usable" => {
            let name = failure["name"].as_str().unwrap_or_default().to_owned();
            let count = failure["count"].as_u64().and_then(|count| usize::try_from(count).ok());
            let count = count.unwrap_or_default();
            problems.push(source_failure(&SourceFailure::NothingUsable { name, count }, language));
        }
        Some(failure) => {
            let name = failure["name"].as_str().unwrap_or_default().to_owned();
            let reason = serde_json::from_value(failure["reason"].clone())
                .unwrap_or_else(|_| FileError::Other(String::new()));
            problems.push(source_failure(&SourceFailure::Unavailable { name, reason }, language));
        }
        None => problems.extend(source.error.clone()),
    }
    if source.lost_administrations > 0 {
        problems.push(lost_administrations(source.lost_administrations, language));
    } else if source.has_lost_most() {
        let (missing, known) = (source.missing, source.known);
        problems.push(match language {
            Language::Bokmal => format!("Kilden mangler {missing} av {known} kjente poster."),
            Language::English => format!("The source lacks {missing} of {known} known records."),
        });
    }
    problems.extend(of_another_source(source.of_another_source, language));
    problems.extend(source.stop.as_ref().map(|stop| stop.text(language)));
    problems
}

/// How an attempt ended, by the outbox's name.
fn outcome(name: &str, language: Language) -> &str {
    let nb = match name {
        "answered" => "besvart",
        "no-answer" => "ikke noe svar",
        "not-reached" => "ikke nådd fram",
        "message-refused" => "meldingen avvist",
        "access-refused" => "ikke tilgang",
        "content-refused" => "innholdet avvist",
        "too-large" => "for stor",
        "interrupted" => "avbrutt",
        other => other,
    };
    if language == Language::Bokmal { nb } else { name }
}

/// Runs and messages, newest first.
pub(in crate::send) fn history(
    runs: &[RunRow],
    messages: &[MessageRow],
    language: Language,
) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = String::new();
    let _ = writeln!(text, "{}", say("Kjøringer", "Runs"));
    for run in runs {
        let ended = run.ended_at.map_or_else(|| say("avbrutt", "cut off").to_owned(), time);
        let kind = match run.kind.as_str() {
            "planned" => say("overføring", "transfer"),
            _ => say("nye forsøk", "new attempts"),
        };
        let _ = writeln!(text, "{} – {ended}  {kind}", time(run.started_at));
        if let Some(source) = run.source() {
            let counts: Vec<String> = source_counts(&source, language)
                .map(|(count, what)| format!("{count} {what}"))
                .collect();
            let counts = match source.was_read() {
                true => counts.join(", "),
                false => say("kilden ble ikke lest", "the source was not read").to_owned(),
            };
            let _ = writeln!(text, "    {counts}");
            for problem in source_problems(&source, language) {
                let _ = writeln!(text, "    {problem}");
            }
        }
    }
    let _ = writeln!(text, "{}", say("Meldinger", "Messages"));
    for message in messages {
        text += &self::message(message, language);
    }
    if messages.is_empty() {
        let _ = writeln!(text, "{}", say("Ingen meldinger.", "No messages."));
    }
    text
}

/// A message with its attempts.
pub(super) fn message(message: &MessageRow, language: Language) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}  {}  {}: {} {}, {} {}, {} {}, {} {} ({} B)",
        time(message.made_at),
        message.message_id,
        state(message.state, language),
        message.entries,
        phrase(message.entries, language, ["ressurs", "ressurser"], ["resource", "resources"]),
        message.stored,
        say("lagret", "stored"),
        message.unchanged,
        say("uendret", "unchanged"),
        message.refused,
        say("avvist", "refused"),
        message.bytes,
    );
    for attempt in &message.attempts {
        let outcome = attempt.outcome.as_deref().map_or("…", |name| outcome(name, language));
        // A failure names the status itself.
        let named = attempt.failure.as_ref().is_some_and(|f| f.http_status().is_some());
        let status = attempt.http_status.filter(|_| !named);
        let status = status.map(|status| format!(" HTTP {status}")).unwrap_or_default();
        let failure = attempt.failure.as_ref();
        let failure = failure.map(|f| format!(": {}", f.text(language))).unwrap_or_default();
        let _ = writeln!(text, "    {}  {outcome}{status}{failure}", time(attempt.started_at));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_that_has_not_ended_has_a_speed_only_as_long_as_it_may_go_on() {
        let noted_at: Timestamp = "2026-03-02T05:00:00Z".parse().expect("a time");
        let transfer = TransferState {
            run: 1,
            noted_at,
            done: 20,
            total: 100,
            per_second: Some(4.0),
            seconds_left: Some(20),
            through: Some(jiff::civil::date(2026, 3, 1)),
        };
        for (minutes, has_speed) in [(-60, true), (0, true), (5, true), (6, false), (60_000, false)]
        {
            let now = noted_at + SignedDuration::from_mins(minutes);
            for (language, begin, rate, left, through) in [
                (
                    Language::Bokmal,
                    "Overføring som ikke er ferdig: 20 av 100 (20 %)",
                    "4 poster i sekundet",
                    "20 s igjen",
                    "levert til og med 2026-03-01",
                ),
                (
                    Language::English,
                    "Transfer that has not ended: 20 of 100 (20 %)",
                    "4 records a second",
                    "20 s left",
                    "delivered through 2026-03-01",
                ),
            ] {
                let text = not_ended(&transfer, language, now);
                assert!(text.starts_with(begin) && text.contains(through), "{text}");
                assert_eq!(text.contains(rate), has_speed, "{minutes}: {text}");
                assert_eq!(text.contains(left), has_speed, "{minutes}: {text}");
            }
        }
    }

    #[test]
    fn a_speed_has_the_words_of_one_and_of_several() {
        let noted_at: Timestamp = "2026-03-02T05:00:00Z".parse().expect("a time");
        for (rate, words) in [
            (0.3, ["0 poster i", "0 records a"]),
            (0.6, ["1 post i", "1 record a"]),
            (1.4, ["1 post i", "1 record a"]),
            (1.5, ["2 poster i", "2 records a"]),
        ] {
            let transfer = TransferState {
                run: 1,
                noted_at,
                done: 20,
                total: 100,
                per_second: Some(rate),
                seconds_left: None,
                through: None,
            };
            for (language, words) in [Language::Bokmal, Language::English].into_iter().zip(words) {
                let text = not_ended(&transfer, language, noted_at);
                assert!(text.contains(words), "{rate}: {text}");
            }
        }
    }
}
