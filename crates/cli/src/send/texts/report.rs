//! The report of a run.

use lmr_report::visible;
use lmr_sender::report::{
    AdviceCount, ForeignType, IdentifierAdvice, Report, RunKind, RunStatus, SourceFailure,
};
use lmr_sender::source::{PassedOver, PassedOverKind};
use lmr_sender::wording::counted;

use super::{
    doubtful_receipts, lost_administrations, lost_annulments, name, not_sent_again,
    nothing_to_send, of_another_source, phrase, pick, state, status_text, time, unknown_messages,
    unreadable_copies, vanished_unknown,
};
use crate::output::{Language, Style};

/// Lines that are only written when there is something to say.
struct Lines {
    text: String,
    language: Language,
}

impl Lines {
    /// A count with its phrase, for one and for several; nothing where there are none.
    fn count(&mut self, number: usize, nb: [&str; 2], en: [&str; 2]) {
        if number > 0 {
            let what = phrase(number as u64, self.language, nb, en);
            self.line(&format!("{number:>8}  {what}"));
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// What a run found in the source.
pub(super) fn source(report: &Report, language: Language) -> String {
    let style = Style::for_stdout();
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut lines = Lines { text: String::new(), language };
    if !report.was_read() {
        lines.line(&style.bold(say("Kilden ble ikke lest", "The source was not read")));
        source_warnings(report, language, &mut lines);
        return lines.text;
    }
    lines.line(&style.bold(say("Kilden", "The source")));
    lines.count(report.files, ["fil lest", "filer lest"], ["file read", "files read"]);
    lines.count(
        report.resources,
        ["ressurs funnet", "ressurser funnet"],
        ["resource found", "resources found"],
    );
    let was_read = report.source_failure.is_none()
        && report.stop.is_none()
        && report.error.is_none()
        && !report.stopped_early;
    if was_read && report.resources == 0 {
        // Else nothing would be below the heading, and the last line says that everything is delivered.
        let text = match report.passed_over.is_empty() {
            true => say(
                "kilden ga ingen ressurser: ingenting nytt siden sist (er det ventet? er mappen montert?)",
                "the source gave no resource: nothing new since the last run (is that so? is the folder mounted?)",
            ),
            false => say(
                "kilden ga ingen ressurser: det som er der, ble ikke brukt (er det ventet? se nedenfor)",
                "the source gave no resource: what is there was not used (is that so? see below)",
            ),
        };
        lines.line(&format!("       0  {text}"));
    }
    lines.count(report.new, ["ny", "nye"], ["new"; 2]);
    lines.count(report.changed, ["endret"; 2], ["changed"; 2]);
    lines.count(
        report.dependencies,
        ["sendt med fordi noe viser til den", "sendt med fordi andre viser til dem"],
        ["sent along, something refers to it", "sent along, others refer to them"],
    );
    lines.count(
        report.held_now,
        ["holdt tilbake av kontrollen før sending"; 2],
        ["held back by the check before sending"; 2],
    );
    lines.count(
        report.held_before,
        ["holdt tilbake fra før, ikke endret"; 2],
        ["held back before, not changed"; 2],
    );
    lines.count(
        report.discarded,
        ["forkastet av en operatør, eller viser til noe som er det"; 2],
        [
            "discarded by an operator, or refers to something that is",
            "discarded by an operator, or refer to something that is",
        ],
    );
    lines.count(
        report.waiting,
        [
            "venter fordi den viser til noe som holdes tilbake",
            "venter fordi de viser til noe som holdes tilbake",
        ],
        ["waits, it refers to something held back", "wait, they refer to something held back"],
    );
    lines.count(
        report.deferred,
        ["venter på svar på en tidligere versjon"; 2],
        ["waits for the answer to an earlier version", "wait for the answer to an earlier version"],
    );
    lines.count(
        report.too_early,
        ["fra før avtalt startdato"; 2],
        ["from before the agreed start date"; 2],
    );
    lines.count(
        report.unused,
        [
            "ikke sendt: ingenting som sendes viser til den",
            "ikke sendt: ingenting som sendes viser til dem",
        ],
        [
            "not sent: nothing that is sent refers to it",
            "not sent: nothing that is sent refers to them",
        ],
    );
    lines.count(
        usize::try_from(report.reexamined).unwrap_or(usize::MAX),
        ["holdt tilbake fra før og kontrollert på nytt (klokken, reglene eller oppsettet)"; 2],
        ["held back before and checked again (the clock, the rules or the configuration)"; 2],
    );
    for foreign in &report.foreign_types {
        lines.line(&format!("{:>8}  {}", foreign.count, foreign_text(foreign, language)));
    }
    for passed_over in &report.passed_over {
        let what = passed_over_text(passed_over, language);
        lines.line(&format!("{:>8}  {what}", passed_over.count));
    }
    for issue in &report.source_issues {
        let start = style.bad(say("Kan ikke brukes:", "Cannot be used:"));
        lines.line(&format!("  {start} {}", visible(&issue.text(language))));
    }
    for numbers in &report.doubtful_numbers {
        let what = visible(&numbers.text(language)).into_owned();
        lines.line(&format!("  {} {what}", style.warn(say("Se etter:", "Look at:"))));
    }
    for folder in &report.made_again {
        let what = match language {
            Language::Bokmal => format!(
                "{} er tom, og er laget på nytt eller montert på en annen måte siden noe var i den: er det riktig? marker i \
                 [[source]] sier det sikrere",
                visible(folder)
            ),
            Language::English => format!(
                "{} is empty, and was made again or is mounted in another way since something was in it: is that so? marker \
                 in [[source]] says it for sure",
                visible(folder)
            ),
        };
        lines.line(&format!("  {} {what}", style.warn(say("Se etter:", "Look at:"))));
    }
    for duplicate in &report.duplicates {
        lines.line(&format!(
            "  {} {}: {}:{} {} {}:{}",
            style.warn(say("Finnes flere ganger:", "Is there more than once:")),
            name(&duplicate.resource_type, duplicate.source_key.as_deref(), None),
            visible(duplicate.used.label()),
            duplicate.used.line(),
            say("brukes, ikke", "is used, not"),
            visible(duplicate.unused.label()),
            duplicate.unused.line()
        ));
    }
    for advice in &report.identifier_advice {
        let what = advice_text(advice, language);
        lines.line(&format!("  {} {what}", style.warn(say("Råd:", "Advice:"))));
    }
    source_warnings(report, language, &mut lines);
    lines.text
}

/// The report of a run.
pub(in crate::send) fn report(report: &Report, language: Language) -> String {
    let style = Style::for_stdout();
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut lines = Lines { text: String::new(), language };
    if report.kind == RunKind::Planned {
        lines.text.push_str(&source(report, language));
    }
    lines.count(
        report.interrupted,
        ["forsøk var avbrutt og tas opp igjen"; 2],
        ["attempt had been cut off and is taken up", "attempts had been cut off and are taken up"],
    );
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
                message.not_yet,
                "ikke ennå etter registerets klokke (forsøkes igjen ved neste overføring)",
                "not yet by the register's clock (tried again by the next transfer)",
            ),
            (
                message.not_stored,
                "ikke lagret fordi noe annet ikke ble det",
                "not stored because something else was not",
            ),
            (
                message.failed,
                "kunne registeret ikke lagre (forsøkes igjen ved neste overføring)",
                "the register could not store (tried again by the next transfer)",
            ),
        ] {
            if count > 0 {
                parts.push(format!("{count} {}", pick(language, nb, en)));
            }
        }
        if let Some(links) = message.links.filter(|links| links.administrations > 0) {
            let share = |with: usize| with * 100 / links.administrations;
            parts.push(format!(
                "{} {}: {} % {}, {} % {}",
                links.administrations,
                counted(
                    links.administrations as u64,
                    say("administrering", "administration"),
                    say("administreringer", "administrations")
                ),
                share(links.with_patient),
                say("med pasientkobling", "with patient link"),
                share(links.with_prescriber),
                say("med rekvirentkobling", "with prescriber link")
            ));
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
        let start = match stop.passes_by_itself() {
            true => {
                style.warn(say("Stanset til neste overføring:", "Stopped until the next transfer:"))
            }
            false => {
                style.bad(say("Stanset, noen må se på dette:", "Stopped, a person must look:"))
            }
        };
        lines.line(&format!("{start} {}", stop.text(language)));
    }
    let text = match report.status() {
        RunStatus::Clean if report.kind == RunKind::Retry && report.messages.is_empty() => {
            say("Ingen nye forsøk var på tide.", "No new attempt was due.")
        }
        RunStatus::Clean if report.waits_for_writers() => say(
            "Levert, bortsett fra det som er under skriving: det tas med i neste overføring.",
            "Delivered, except for what is still being written: it goes with the next transfer.",
        ),
        RunStatus::Clean if sends_nothing(report) => nothing_to_send(language),
        RunStatus::ToCorrect if report.has_read_nothing_there() => say(
            "Ingenting er lest: filene i kilden har andre endelser enn dem som leses (se over). Gi dem nytt navn, eller rett \
             eksporten.",
            "Nothing was read: the files of the source have other endings than those that are read (see above). Rename \
             them, or correct the export.",
        ),
        RunStatus::ToCorrect if report.held > 0 => say(
            "Levert, bortsett fra det som må rettes i kilden: se lmr send rejected.",
            "Delivered, except for what must be corrected at the source: see lmr send rejected.",
        ),
        RunStatus::ToCorrect => say(
            "Levert, bortsett fra det som ikke kan brukes: rett det som er nevnt over, eller se på det.",
            "Delivered, except for what cannot be used: correct what is named above, or look at it.",
        ),
        other => status_text(other, language),
    };
    lines.line(&match report.status() {
        RunStatus::Clean => style.good(text),
        RunStatus::Stopped | RunStatus::SourceFailed => style.bad(text),
        _ => style.warn(text),
    });
    lines.text
}

/// Whether nothing was to be sent, and the register has confirmed nothing before: "delivered" would be the wrong word.
fn sends_nothing(report: &Report) -> bool {
    let left_out = report.too_early + report.unused + report.discarded;
    report.known == 0 && report.messages.is_empty() && left_out > 0
}

/// In half a sentence why a run was not clean, for the log.
pub(in crate::send) fn reason(report: &Report, language: Language) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    if let Some(stop) = &report.stop {
        return stop.text(language);
    }
    if let Some(failure) = &report.source_failure {
        return source_failure(failure, language);
    }
    if report.lost_administrations > 0 {
        return lost_administrations(report.lost_administrations, language);
    }
    if report.has_lost_most() {
        let what = say("kjente poster mangler i kilden", "known records are missing in the source");
        return format!("{}/{} {what}", report.missing, report.known);
    }
    if let Some(failure) = report.messages.iter().rev().find_map(|m| m.failure.as_ref()) {
        return failure.text(language);
    }
    if report.stopped_early {
        return say("bedt om å avslutte", "asked to stop").to_owned();
    }
    let of =
        |count: u64, nb: [&'static str; 2], en: [&'static str; 2]| phrase(count, language, nb, en);
    let misspelt = report.foreign_types.iter().filter(|foreign| !foreign.is_fhir_type).count();
    let counts = [
        (report.held, say("holdt tilbake", "held back")),
        (
            report.not_yet,
            say("ikke ennå etter registerets klokke", "not yet by the register's clock"),
        ),
        (
            report.not_stored,
            say("kunne registeret ikke lagre", "could not be stored by the register"),
        ),
        (
            report.forgotten,
            say("ikke sendt på nytt til registeret", "not sent to the register again"),
        ),
        (
            report.lost_annulments.len() as u64,
            of(
                report.lost_annulments.len() as u64,
                ["annullering ikke bekreftet", "annulleringer ikke bekreftet"],
                ["annulment not confirmed", "annulments not confirmed"],
            ),
        ),
        (
            report.unreadable_copies,
            of(
                report.unreadable_copies,
                ["kopi kan ikke leses", "kopier kan ikke leses"],
                ["copy cannot be read", "copies cannot be read"],
            ),
        ),
        (
            report.doubtful_receipts,
            of(
                report.doubtful_receipts,
                ["kvittering stemmer ikke", "kvitteringer stemmer ikke"],
                ["receipt does not hold", "receipts do not hold"],
            ),
        ),
        (report.source_issues.len() as u64, say("kan ikke brukes", "cannot be used")),
        (
            report.of_another_source,
            say("står for andre poster i kilden", "stand for other records at the source"),
        ),
        (
            misspelt as u64,
            of(
                misspelt as u64,
                ["ukjent ressurstype", "ukjente ressurstyper"],
                ["unknown resource type", "unknown resource types"],
            ),
        ),
        (
            report.open_messages,
            of(
                report.open_messages,
                ["melding uten svar", "meldinger uten svar"],
                ["message without an answer", "messages without an answer"],
            ),
        ),
    ];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    counts.join(", ")
}

/// What is wrong with the source as a whole, what has vanished from it, and what the register has lost.
fn source_warnings(report: &Report, language: Language, lines: &mut Lines) {
    let style = Style::for_stdout();
    if let Some(lost) = report.lost_at_register {
        let (messages, records, again) =
            (lost.messages, lost.forgotten.records, lost.forgotten.annulments);
        let since = time(lost.since);
        let text = match language {
            Language::Bokmal => format!(
                "Registeret har mistet {messages} {} som det hadde bekreftet fra {since} (gjenopprettet \
                 fra en eldre kopi?). {records} {} og {again} {} sendes på nytt.",
                counted(messages, "melding", "meldinger"),
                counted(records, "post", "poster"),
                counted(again, "annullering", "annulleringer")
            ),
            Language::English => format!(
                "The register has lost {messages} {} that it had confirmed since {since} (restored from an \
                 older backup?). {records} {} and {again} {} are sent again.",
                counted(messages, "message", "messages"),
                counted(records, "record", "records"),
                counted(again, "annulment", "annulments")
            ),
        };
        lines.line(&format!("  {}", style.warn(&text)));
    }
    let differences = [
        unknown_messages(report.unknown_messages, language),
        not_sent_again(report.forgotten, language),
        unreadable_copies(report.unreadable_copies, language),
        doubtful_receipts(report.doubtful_receipts, language),
        of_another_source(report.of_another_source, language),
    ];
    for text in differences.into_iter().flatten() {
        lines.line(&format!("  {}", style.warn(&text)));
    }
    if let Some(failure) = &report.source_failure {
        lines.line(&format!("  {}", style.bad(&source_failure(failure, language))));
    }
    if report.lost_administrations > 0 {
        let text = lost_administrations(report.lost_administrations, language);
        lines.line(&format!("  {}", style.bad(&text)));
    } else if report.has_lost_most() {
        let (missing, known) = (report.missing, report.known);
        let text = match language {
            Language::Bokmal => format!(
                "Kilden mangler {missing} av {known} kjente poster: er eksporten hel? (Leverer den \
                 bare det som er nytt, skal incremental = true stå i sender.toml.)"
            ),
            Language::English => format!(
                "The source lacks {missing} of {known} known records: is the export whole? (If it \
                 only delivers what is new, sender.toml should have incremental = true.)"
            ),
        };
        lines.line(&format!("  {}", style.warn(&text)));
    }
    if report.vanished_unknown {
        let text = vanished_unknown(report.missing as u64, language);
        lines.line(&format!("  {}", style.warn(&text)));
    }
    for line in lost_annulments(&report.lost_annulments, language).lines() {
        lines.line(&format!("  {}", style.warn(line)));
    }
    if report.vanished > 0 {
        let (all, now) = (report.vanished, report.vanished_now);
        let text = match language {
            Language::Bokmal => format!(
                "{all} {} finnes ikke lenger i kilden ({now} {}). Registeret beholder \
                 {}. Ved feilføring: lmr send vanished viser hva, lmr send annul annullerer.",
                counted(all, "levert post", "leverte poster"),
                counted(now, "ny", "nye"),
                counted(all, "den", "dem")
            ),
            Language::English => format!(
                "{all} delivered {} not in the source any more ({now} new). The register \
                 keeps {}. Where one was wrong: lmr send vanished lists it, lmr send annul annuls it.",
                counted(all, "record is", "records are"),
                counted(all, "it", "them")
            ),
        };
        lines.line(&format!("  {}", style.warn(&text)));
        let replaced = report.replaced;
        if replaced > 0 {
            let text = match language {
                Language::Bokmal => format!(
                    "{replaced} av dem har en annen identifier i kilden nå, og står i registeret under begge."
                ),
                Language::English => format!(
                    "{replaced} of them {} under another identifier at the source now, and at the register under both.",
                    counted(replaced, "is", "are")
                ),
            };
            lines.line(&format!("  {}", style.warn(&text)));
        }
    }
}

/// Why a source gave nothing.
pub(super) fn source_failure(failure: &SourceFailure, language: Language) -> String {
    match (failure, language) {
        (SourceFailure::Empty, Language::Bokmal) => {
            "Kilden er tom: ikke én ressurs. Er eksporten kjørt, og er mappen montert?".to_owned()
        }
        (SourceFailure::Empty, Language::English) => {
            "The source is empty: not one resource. Has the export run, and is the folder mounted?"
                .to_owned()
        }
        (SourceFailure::EmptyOf { name }, Language::Bokmal) => format!(
            "Kilden {name} er tom: ikke én ressurs. Er eksporten kjørt? (Ingenting er sendt, heller \
             ikke fra de andre kildene.)"
        ),
        (SourceFailure::EmptyOf { name }, Language::English) => format!(
            "The source {name} is empty: not one resource. Has the export run? (Nothing was sent, \
             nor from the other sources.)"
        ),
        (SourceFailure::BeingWritten { name }, Language::Bokmal) => format!(
            "Kilden {name} er under skriving, og er ikke lest: neste overføring leser den. (Ingenting er sendt, \
             heller ikke fra andre kilder.)"
        ),
        (SourceFailure::BeingWritten { name }, Language::English) => format!(
            "The source {name} is still being written, and was not read: the next transfer reads it. (Nothing was \
             sent, nor from other sources.)"
        ),
        (SourceFailure::NothingUsable { name, count }, Language::Bokmal) => format!(
            "Ingenting i kilden {name} kan brukes: det er noe galt med {}. Passer mappingen til eksporten? (Ingenting \
             er sendt, heller ikke fra andre kilder.)",
            match count {
                1 => "den ene raden eller filen".to_owned(),
                many => format!("alle {many} rader eller filer"),
            }
        ),
        (SourceFailure::NothingUsable { name, count }, Language::English) => format!(
            "Nothing of the source {name} can be used: something is wrong with {}. Does the mapping fit the export? \
             (Nothing was sent, nor from other sources.)",
            match count {
                1 => "its one row or file".to_owned(),
                many => format!("all its {many} rows or files"),
            }
        ),
        (SourceFailure::Unavailable { name, reason }, Language::Bokmal) => {
            format!("Kilden {name} kan ikke leses: {}", reason.text(language))
        }
        (SourceFailure::Unavailable { name, reason }, Language::English) => {
            format!("The source {name} cannot be read: {}", reason.text(language))
        }
    }
}

/// A resource type that the guide does not take.
fn foreign_text(foreign: &ForeignType, language: Language) -> String {
    let ForeignType { resource_type, example, is_fhir_type, suggestion, .. } = foreign;
    let place = format!("{}:{}", example.label(), example.line());
    match (language, suggestion, is_fhir_type) {
        (Language::Bokmal, Some(meant), _) => {
            format!("{resource_type} er ikke en FHIR-ressurstype ({meant}?), ikke sendt ({place})")
        }
        (Language::English, Some(meant), _) => {
            format!("{resource_type} is not a FHIR resource type ({meant}?), not sent ({place})")
        }
        (Language::Bokmal, None, false) => {
            format!("{resource_type} er ikke en FHIR-ressurstype, ikke sendt ({place})")
        }
        (Language::English, None, false) => {
            format!("{resource_type} is not a FHIR resource type, not sent ({place})")
        }
        (Language::Bokmal, None, true) => {
            format!("{resource_type}: veiledningen tar ikke imot typen, ikke sendt ({place})")
        }
        (Language::English, None, true) => {
            format!("{resource_type}: the guide does not take this type, not sent ({place})")
        }
    }
}

/// Why administrations may not be found again when they are corrected.
fn advice_text(advice: &AdviceCount, language: Language) -> String {
    let (nb, en) = match advice.advice {
        IdentifierAdvice::Missing => (
            [
                "administrering uten identifier: registeret kan ikke kjenne den igjen når den rettes",
                "administreringer uten identifier: registeret kan ikke kjenne dem igjen når de rettes",
            ],
            [
                "administration without identifier: the register cannot know it again when corrected",
                "administrations without identifier: the register cannot know them again when corrected",
            ],
        ),
        IdentifierAdvice::WithoutSystem => (
            [
                "administrering har identifier uten system: en annen avsender kan bruke samme verdi",
                "administreringer har identifier uten system: en annen avsender kan bruke samme verdi",
            ],
            [
                "administration has an identifier without system: another sender may use its value",
                "administrations have an identifier without system: another sender may use its value",
            ],
        ),
        IdentifierAdvice::Several => (
            [
                "administrering har flere identifier: bare den første gjelder her",
                "administreringer har flere identifier: bare den første gjelder her",
            ],
            [
                "administration has several identifiers: only the first counts here",
                "administrations have several identifiers: only the first counts here",
            ],
        ),
    };
    let example = &advice.example;
    let text = phrase(advice.count as u64, language, nb, en);
    format!("{} {text} ({}:{})", advice.count, example.label(), example.line())
}

/// Why files were not read, with the first of them.
fn passed_over_text(passed_over: &PassedOver, language: Language) -> String {
    let (nb, en) = match &passed_over.kind {
        PassedOverKind::Ending { ending } if ending.is_empty() => (
            ["fil uten endelse, ikke lest", "filer uten endelse, ikke lest"],
            ["file without an ending, not read", "files without an ending, not read"],
        ),
        PassedOverKind::Ending { ending } => {
            let (nb, en) =
                (["-fil, ikke lest", "-filer, ikke lest"], [" file, not read", " files, not read"]);
            let what = phrase(passed_over.count as u64, language, nb, en);
            return format!("{ending}{what} ({})", passed_over.example);
        }
        PassedOverKind::Readme => (
            ["README-fil, ikke lest", "README-filer, ikke lest"],
            ["README file, not read", "README files, not read"],
        ),
        PassedOverKind::NotAFile => (
            ["rør eller enhet, ikke lest", "rør eller enheter, ikke lest"],
            ["pipe or device, not read", "pipes or devices, not read"],
        ),
        PassedOverKind::LinkLoop => (
            ["lenke som går i ring, ikke fulgt", "lenker som går i ring, ikke fulgt"],
            [
                "link that goes round in a circle, not followed",
                "links that go round in a circle, not followed",
            ],
        ),
        PassedOverKind::ReadAlready => (
            ["lenke til en fil som alt er lest", "lenker til en fil som alt er lest"],
            ["link to a file that was read already", "links to a file that was read already"],
        ),
        PassedOverKind::Unfinished => (
            [
                "fil under skriving, tas med i neste overføring",
                "filer under skriving, tas med i neste overføring",
            ],
            [
                "file still being written, it goes with the next transfer",
                "files still being written, they go with the next transfer",
            ],
        ),
        PassedOverKind::SkippedRows => (
            ["rad utelatt, som mappingen sier", "rader utelatt, som mappingen sier"],
            ["row left out, as the mapping says", "rows left out, as the mapping says"],
        ),
        PassedOverKind::Hidden => (
            ["skjult fil, ikke lest", "skjulte filer, ikke lest"],
            ["hidden file, not read", "hidden files, not read"],
        ),
    };
    let what = phrase(passed_over.count as u64, language, nb, en);
    format!("{what} ({})", passed_over.example)
}
