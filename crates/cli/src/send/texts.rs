//! What people read of the sender, in bokmål and English.

use std::fmt::Write as _;

use jiff::Timestamp;
use lmr_lmdi::codes::Code;
use lmr_sender::{
    HeldRow, MessageRow, Origin, Overview, PassedOver, PassedOverKind, Report, RunKind, RunStatus,
    State,
};
use serde_json::{Value, json};

use crate::clock;
use crate::output::{Language, Style};

fn pick<'t>(language: Language, nb: &'t str, en: &'t str) -> &'t str {
    match language {
        Language::Bokmal => nb,
        Language::English => en,
    }
}

fn time(time: Timestamp) -> String {
    clock::oslo(time).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Lines that are only written when there is something to say.
struct Lines {
    text: String,
    language: Language,
}

impl Lines {
    fn count(&mut self, number: usize, nb: &str, en: &str) {
        if number > 0 {
            self.line(&format!("{number:>8}  {}", pick(self.language, nb, en)));
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

pub(super) fn report(report: &Report, language: Language) -> String {
    let style = Style::for_stdout();
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut lines = Lines { text: String::new(), language };
    if report.kind == RunKind::Planned {
        lines.line(&style.bold(say("Kilden", "The source")));
        lines.count(report.files, "filer lest", "files read");
        lines.count(report.resources, "ressurser funnet", "resources found");
        lines.count(report.new, "nye", "new");
        lines.count(report.changed, "endret", "changed");
        lines.count(
            report.dependencies,
            "sendt med fordi andre viser til dem",
            "sent along, others refer to them",
        );
        lines.count(
            report.held_now,
            "holdt tilbake av kontrollen før sending",
            "held back by the check before sending",
        );
        lines.count(
            report.held_before,
            "holdt tilbake fra før, ikke endret",
            "held back before, not changed",
        );
        lines.count(
            report.waiting,
            "venter fordi de viser til noe som holdes tilbake",
            "wait, they refer to something held back",
        );
        lines.count(
            report.deferred,
            "venter på svar på en tidligere versjon",
            "wait for the answer to an earlier version",
        );
        lines.count(
            report.too_early,
            "fra før avtalt startdato",
            "from before the agreed start date",
        );
        lines.count(
            report.unused,
            "ikke sendt: ingenting som sendes viser til dem",
            "not sent: nothing that is sent refers to them",
        );
        for passed_over in &report.passed_over {
            let what = passed_over_text(passed_over, language);
            lines.line(&format!("{:>8}  {what}", passed_over.count));
        }
        for issue in &report.source_issues {
            let start = style.bad(say("Kan ikke brukes:", "Cannot be used:"));
            lines.line(&format!("  {start} {}", issue.text(language)));
        }
        for duplicate in &report.duplicates {
            lines.line(&format!(
                "  {} {}: {}:{} {} {}:{}",
                style.warn(say("Finnes flere ganger:", "Is there more than once:")),
                duplicate.resource_type,
                duplicate.used.label(),
                duplicate.used.line(),
                say("brukes, ikke", "is used, not"),
                duplicate.unused.label(),
                duplicate.unused.line()
            ));
        }
    }
    if report.interrupted > 0 {
        lines.count(
            report.interrupted,
            "forsøk var avbrutt og tas opp igjen",
            "attempts had been cut off and are taken up",
        );
    }
    if !report.messages.is_empty() {
        lines.line(&style.bold(say("Meldinger", "Messages")));
    }
    for message in &report.messages {
        let mut parts = vec![state(message.state, language).to_owned()];
        for (count, nb, en) in [
            (message.stored, "lagret", "stored"),
            (message.unchanged, "uendret", "unchanged"),
            (message.refused, "avvist", "refused"),
            (
                message.not_stored,
                "ikke lagret fordi noe annet ble avvist",
                "not stored because something else was refused",
            ),
        ] {
            if count > 0 {
                parts.push(format!("{count} {}", pick(language, nb, en)));
            }
        }
        if let Some(next) = message.next_attempt {
            parts.push(format!("{} {}", say("nytt forsøk", "new attempt"), time(next)));
        }
        if let Some(failure) = &message.failure {
            parts.push(failure.text(language));
        }
        lines.line(&format!("  {}  {}", message.message_id, parts.join(", ")));
    }
    if let Some(stop) = &report.stop {
        lines.line(&format!(
            "{} {}",
            style.bad(say("Stanset, noen må se på dette:", "Stopped, a person must look:")),
            stop.text(language)
        ));
    }
    let (nb, en) = match report.status() {
        RunStatus::Clean => ("Alt er levert.", "Everything is delivered."),
        RunStatus::ToCorrect if report.held > 0 => (
            "Levert, bortsett fra det som må rettes i kilden: se lmr send rejected.",
            "Delivered, except for what must be corrected at the source: see lmr send rejected.",
        ),
        RunStatus::ToCorrect => (
            "Levert, bortsett fra det i kilden som ikke kan brukes: rett filene som er nevnt over.",
            "Delivered, except for what cannot be used: correct the files named above.",
        ),
        RunStatus::Undelivered => (
            "Ikke alt er levert; det blir forsøkt igjen.",
            "Not all is delivered; it will be tried again.",
        ),
        RunStatus::Stopped => ("Ikke levert.", "Not delivered."),
    };
    let text = say(nb, en);
    lines.line(&match report.status() {
        RunStatus::Clean => style.good(text),
        RunStatus::Stopped => style.bad(text),
        _ => style.warn(text),
    });
    lines.text
}

fn state(state: State, language: Language) -> &'static str {
    let (nb, en) = match state {
        State::Planned => ("ikke forsøkt ennå", "not tried yet"),
        State::Sending => ("under sending", "being sent"),
        State::Waiting => ("ikke levert", "not delivered"),
        State::Exhausted => (
            "ikke levert, tas med neste planlagte overføring",
            "not delivered, goes with the next planned transfer",
        ),
        State::Stopped => ("stanset", "stopped"),
        State::Delivered => ("besvart", "answered"),
        State::Refused => ("avvist", "refused"),
        State::Released => {
            ("gitt opp, innholdet sendes på nytt", "given up, the content is sent again")
        }
    };
    match language {
        Language::Bokmal => nb,
        Language::English => en,
    }
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

/// Why files were not read, with the first of them.
fn passed_over_text(passed_over: &PassedOver, language: Language) -> String {
    let (nb, en) = match &passed_over.kind {
        PassedOverKind::Ending { ending } if ending.is_empty() => (
            "filer uten endelse, ikke lest".to_owned(),
            "files without an ending, not read".to_owned(),
        ),
        PassedOverKind::Ending { ending } => {
            (format!("{ending}-filer, ikke lest"), format!("{ending} files, not read"))
        }
        PassedOverKind::NotAFile => {
            ("rør eller enheter, ikke lest".to_owned(), "pipes or devices, not read".to_owned())
        }
        PassedOverKind::LinkLoop => (
            "lenker som går i ring, ikke fulgt".to_owned(),
            "links that go round in a circle, not followed".to_owned(),
        ),
        PassedOverKind::ReadAlready => (
            "lenker til en fil som alt er lest".to_owned(),
            "links to a file that was read already".to_owned(),
        ),
        PassedOverKind::Hidden => {
            ("skjulte filer, ikke lest".to_owned(), "hidden files, not read".to_owned())
        }
    };
    format!("{} ({})", pick(language, &nb, &en), passed_over.example)
}

pub(super) fn overview(overview: &Overview, language: Language) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = String::new();
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
    text
}

pub(super) fn history(messages: &[MessageRow], language: Language) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = String::new();
    for message in messages {
        let _ = writeln!(
            text,
            "{}  {}  {}: {} {}, {} {}, {} {} ({} B)",
            time(message.made_at),
            message.message_id,
            state(message.state, language),
            message.entries,
            say("ressurser", "resources"),
            message.stored,
            say("lagret", "stored"),
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
    }
    if messages.is_empty() {
        let _ = writeln!(text, "{}", say("Ingen meldinger.", "No messages."));
    }
    text
}

/// The remedy that the catalogue knows for a code.
fn remedy(code: Option<&str>, language: Language) -> Option<&'static str> {
    let remedy = code.and_then(Code::parse)?.text().remedy.in_language(language);
    (!remedy.is_empty()).then_some(remedy)
}

pub(super) fn held(held: &[HeldRow], language: Language) -> String {
    let style = Style::for_stdout();
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = String::new();
    for row in held {
        let origin = match row.origin {
            Origin::Check => say("funnet før sending", "found before sending"),
            Origin::Register => say("avvist av registeret", "refused by the register"),
        };
        let name = row
            .resource_id
            .as_deref()
            .map_or_else(|| row.resource_type.clone(), |id| format!("{}/{id}", row.resource_type));
        let _ = writeln!(
            text,
            "{:>4}  {}  {}:{}  {origin} {}",
            row.number,
            style.bold(&name),
            row.file,
            row.line,
            time(row.since)
        );
        for finding in &row.findings {
            let _ = writeln!(
                text,
                "      {}{}  {}",
                style.bad(finding.code.as_deref().unwrap_or("–")),
                finding.path.as_deref().map(|path| format!("  {path}")).unwrap_or_default(),
                pick(language, &finding.text_nb, &finding.text_en)
            );
            if let Some(remedy) = remedy(finding.code.as_deref(), language) {
                let _ = writeln!(text, "      {}", style.faint(remedy));
            }
        }
    }
    if held.is_empty() {
        let _ = writeln!(text, "{}", say("Ingenting holdes tilbake.", "Nothing is held back."));
    }
    text
}

pub(super) fn held_json(held: &[HeldRow], language: Language) -> Value {
    let rows = held.iter().map(|row| {
        let mut json = json!(row);
        for (at, finding) in row.findings.iter().enumerate() {
            json["findings"][at]["remedy"] = json!(remedy(finding.code.as_deref(), language));
        }
        json
    });
    Value::Array(rows.collect())
}

pub(super) fn released(count: u64, language: Language) -> String {
    match count {
        0 => pick(language, "Ingenting å frigi.\n", "Nothing to release.\n").to_owned(),
        _ => pick(language, "Frigitt: ", "Released: ").to_owned() + &format!("{count}\n"),
    }
}
