//! What would go, why something went or did not, and what was forgotten.

use std::fmt::Write as _;

use lmr_report::visible;
use lmr_sender::outbox::Forgotten;
use lmr_sender::outbox::SentResource;
use lmr_sender::preview::{Preview, ReceiverChange};
use lmr_sender::why::{Explanation, MessageExplanation, WhyState};

use super::super::why::Found;
use super::rejected::replaced;
use super::{name, phrase, pick, report, state, time};
use crate::output::{Language, Style};

/// Most resources of one kind that a dry run lists.
const MAX_LISTED: usize = 50;
/// Most resources of a message that are listed: one screen.
const MAX_IN_MESSAGE: usize = 15;

/// What a transfer would send and hold.
pub(in crate::send) fn preview(preview: &Preview, language: Language) -> String {
    let style = Style::for_stdout();
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = String::new();
    let title = say(
        "Prøvekjøring: ingenting er sendt, og ingenting er endret.",
        "Dry run: nothing was sent and nothing changed.",
    );
    let _ = writeln!(text, "{}", style.bold(title));
    if let Some(stop) = &preview.report.stop {
        let start = say("Overføringen ville stanse:", "The transfer would stop:");
        let _ = writeln!(text, "{} {}", style.bad(start), stop.text(language));
    } else if let Some(ReceiverChange { before, now, .. }) = &preview.receiver_change {
        let what = match language {
            Language::Bokmal => format!(
                "receiver.url er en annen enn før ({before} ble {now}): overføringen spør registeret der etter den nyeste \
                 kvitteringen, og stanser om det ikke er samme register. lmr doctor spør nå."
            ),
            Language::English => format!(
                "receiver.url is another one than before ({before} became {now}): the transfer asks the register there for \
                 its newest receipt, and stops if it is not the same register. lmr doctor asks now."
            ),
        };
        let _ = writeln!(text, "{}", style.warn(&what));
    }
    text.push_str(&report::source(&preview.report, language));
    if preview.report.open_messages > 0 {
        let waits = phrase(
            preview.report.open_messages,
            language,
            [
                "melding venter fra før, og ville blitt sendt først",
                "meldinger venter fra før, og ville blitt sendt først",
            ],
            ["message waits and would be sent first", "messages wait and would be sent first"],
        );
        let _ = writeln!(text, "{:>8}  {waits}", preview.report.open_messages);
    }
    let would_go = phrase(
        preview.messages as u64,
        language,
        match preview.report.open_messages {
            0 => ["melding ville blitt sendt", "meldinger ville blitt sendt"],
            _ => ["ny melding ville blitt sendt", "nye meldinger ville blitt sendt"],
        },
        match preview.report.open_messages {
            0 => ["message would go", "messages would go"],
            _ => ["new message would go", "new messages would go"],
        },
    );
    let _ = writeln!(text, "{:>8}  {would_go}", preview.messages);
    for (role, title) in [
        ("new", say("Nye", "New")),
        ("changed", say("Endret", "Changed")),
        ("dependency", say("Sendes med", "Sent along")),
    ] {
        let entries: Vec<_> = preview.entries.iter().filter(|e| e.role == role).collect();
        if entries.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{} ({})", style.bold(title), entries.len());
        for entry in entries.iter().take(MAX_LISTED) {
            let (key, id) = (entry.source_key.as_deref(), entry.resource_id.as_deref());
            let name = name(&entry.resource_type, key, id);
            let _ = writeln!(text, "    {name}  {}:{}", visible(&entry.file), entry.line);
        }
        if entries.len() > MAX_LISTED {
            let more = entries.len() - MAX_LISTED;
            let _ = writeln!(text, "    {} {more} (--format json)", say("og flere:", "and more:"));
        }
    }
    text
}

/// Everything known of the resources that go by a name.
pub(in crate::send) fn why(
    asked: &str,
    found: &[Found],
    language: Language,
    style: Style,
) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = String::new();
    if found.is_empty() {
        let _ = writeln!(
            text,
            "{asked}: {}",
            say(
                "verken kilden eller det som er levert, har noe med denne nøkkelen eller id-en",
                "neither the source nor what was delivered has anything by this key or id"
            )
        );
    }
    for one in found {
        text += &match one {
            Found::Resource(one) => resource(one, language, style),
            Found::Row(issue) => {
                let title = style.bold(&format!("{} {asked}", say("Rad", "Row")));
                let more = say("alle slike: lmr send rejected", "all of them: lmr send rejected");
                format!("{title}\n  {}\n  {more}\n", issue.text(language))
            }
            Found::Message(one) => message(one, language, style),
        };
    }
    text
}

/// A message, its attempts and receipts, and what is in it: what did not go in first.
fn message(one: &MessageExplanation, language: Language, style: Style) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let title = format!("{} {}", say("Melding", "Message"), one.message.message_id);
    let mut text = format!("{}\n", style.bold(&title));
    text += &super::status::message(&one.message, language);
    for receipt in &one.receipts {
        let problem = receipt.problem.as_ref().map(|problem| format!(": {problem}"));
        let _ = writeln!(
            text,
            "  {} {}, {}{}",
            say("kvittering nr.", "receipt no."),
            receipt.sequence,
            time(receipt.kept_at),
            problem.unwrap_or_default()
        );
    }
    let went = |one: &SentResource| matches!(one.outcome, Some("stored" | "unchanged"));
    let mut resources: Vec<&SentResource> = one.resources.iter().collect();
    resources.sort_by_key(|one| went(one));
    for resource in resources.iter().take(MAX_IN_MESSAGE) {
        let (key, id) = (resource.source_key.as_deref(), resource.resource_id.as_deref());
        let name = match &resource.resource_type {
            Some(resource_type) => name(resource_type, key, id),
            None => say("ikke kjent lenger", "not known any more").to_owned(),
        };
        let held = resource.held.map(|number| format!(" ({} {number})", say("nr.", "no.")));
        let outcome = outcome(resource.outcome, language).unwrap_or_default();
        let _ = writeln!(text, "    {name}  {outcome}{}", held.unwrap_or_default());
    }
    if let Some(more) = resources.len().checked_sub(MAX_IN_MESSAGE).filter(|more| *more > 0) {
        let _ = writeln!(text, "    {} {more} (--format json)", say("og flere:", "and more:"));
    }
    text
}

fn outcome(name: Option<&str>, language: Language) -> Option<&'static str> {
    let (nb, en) = match name? {
        "stored" => ("lagret", "stored"),
        "unchanged" => ("uendret", "unchanged"),
        "refused" => ("avvist", "refused"),
        "not-stored" => ("ikke lagret", "not stored"),
        "failed" => ("kunne registeret ikke lagre", "the register could not store"),
        _ => return None,
    };
    Some(pick(language, nb, en))
}

fn resource(one: &Explanation, language: Language, style: Style) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = String::new();
    let (key, id) = (one.source_key.as_deref(), one.resource_id.as_deref());
    let _ = writeln!(text, "{}", style.bold(&name(&one.resource_type, key, id)));
    let place = match &one.location {
        Some(location) => format!("{}:{}", visible(location.label()), location.line()),
        None => say("ikke lenger i kilden", "not in the source any more").to_owned(),
    };
    let _ = writeln!(text, "  {place}");
    let _ = writeln!(text, "  {}", state_text(&one.state, language));
    if let WhyState::Held { findings, .. } = &one.state {
        for finding in findings {
            let code = finding.code.as_deref().unwrap_or("–");
            let path = finding.path.as_deref().unwrap_or_default();
            let _ = writeln!(
                text,
                "    {code}  {}  {}",
                visible(path),
                visible(finding.text(language))
            );
        }
    }
    if let Some(confirmed) = &one.confirmed {
        let id = confirmed.message_id.as_deref().unwrap_or("–");
        let start = say("bekreftet av registeret", "confirmed by the register");
        let _ = writeln!(text, "  {start} {} ({id})", time(confirmed.at));
    }
    for message in &one.messages {
        let outcome =
            outcome(message.outcome, language).unwrap_or_else(|| state(message.state, language));
        let failure = message.failure.as_ref();
        let failure = failure.map(|f| format!(": {}", f.text(language))).unwrap_or_default();
        let made_at = time(message.made_at);
        let _ = writeln!(text, "    {made_at}  {}  {outcome}{failure}", message.message_id);
    }
    text
}

fn state_text(state: &WhyState, language: Language) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en).to_owned();
    match state {
        WhyState::Delivered => {
            say("levert slik den er i kilden", "delivered as it is in the source")
        }
        WhyState::Annulled => say("annullert", "annulled"),
        WhyState::Vanished { number: Some(number), replacement } => {
            let start = match replacement {
                None => {
                    say("levert, men forsvunnet fra kilden", "delivered, vanished from the source")
                }
                Some(replacement) => {
                    let start = say("levert, og ", "delivered; ");
                    format!("{start}{}", replaced(replacement, language))
                }
            };
            format!("{start}: lmr send annul --number {number}")
        }
        WhyState::Vanished { number: None, .. } => {
            say("levert, men ikke i kilden nå", "delivered, but not in the source now")
        }
        WhyState::Forgotten => say(
            "kan være mistet av registeret, og kilden har ikke gitt den på nytt: legg filen tilbake, eller eksporter den på nytt",
            "may be lost at the register, and the source has not given it again: put its file back, or export it again",
        ),
        WhyState::UnderWay => {
            say("i en melding som venter på svar", "in a message that waits for its answer")
        }
        WhyState::Next { changed: true } => {
            say("endret, går med neste overføring", "changed, goes with the next transfer")
        }
        WhyState::Next { changed: false } => {
            say("ny, går med neste overføring", "new, goes with the next transfer")
        }
        WhyState::Held { number, waiting, .. } => {
            let start = say("holdt tilbake som nr.", "held back as no.");
            let end =
                phrase(*waiting, language, ["venter på den"; 2], ["waits for it", "wait for it"]);
            format!("{start} {number}, {waiting} {end}")
        }
        WhyState::Discarded { number, discarded } => {
            let start = say(
                "forkastet, eller viser til noe som er det",
                "discarded, or refers to something that is",
            );
            let undo =
                number.map(|n| format!(" (lmr send release --number {n})")).unwrap_or_default();
            format!("{start}: {}:{}{undo}", visible(discarded.label()), discarded.line())
        }
        WhyState::Waits { number, held } => {
            let start = say("venter på noe som holdes tilbake", "waits for something held back");
            let of_number = say("nr.", "no.");
            let number = number.map(|n| format!(" ({of_number} {n})")).unwrap_or_default();
            format!("{start}: {}:{}{number}", visible(held.label()), held.line())
        }
        WhyState::Deferred => say(
            "venter på svar på en tidligere versjon av den, eller av noe den viser til",
            "waits for the answer to an earlier version of it, or of something it refers to",
        ),
        WhyState::TooEarly { at, start } => {
            let text = say("fra før avtalt startdato", "from before the agreed start date");
            format!("{text}: {} < {}", time(*at), time(*start))
        }
        WhyState::Unused => {
            say("ingenting som sendes, viser til den", "nothing that is sent refers to it")
        }
        WhyState::ForeignType => {
            say("veiledningen tar ikke imot denne typen", "the guide does not take this type")
        }
    }
}

/// What was forgotten, and what comes of it.
pub(in crate::send) fn forgotten(forgotten: Forgotten, language: Language) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = String::new();
    if forgotten.is_nothing() {
        return say(
            "Registeret har ikke bekreftet noe siden da: ingenting er glemt. Er tidspunktet og databasen rett?\n",
            "The register has confirmed nothing since then: nothing is forgotten. Are the time and the database \
             right?\n",
        )
        .to_owned();
    }
    let _ = writeln!(
        text,
        "{} {}",
        forgotten.records,
        phrase(
            forgotten.records,
            language,
            [
                "bekreftet post er glemt: neste overføring sender den på nytt. Det registeret fortsatt har, får ingen ny \
                 versjon.",
                "bekreftede poster er glemt: neste overføring sender dem på nytt. Det registeret fortsatt har, får ingen \
                 ny versjon.",
            ],
            [
                "confirmed record is forgotten: the next transfer sends it again. What the register still has gets no new \
                 version.",
                "confirmed records are forgotten: the next transfer sends them again. What the register still has gets \
                 no new version.",
            ],
        )
    );
    if forgotten.annulments > 0 {
        let _ = writeln!(
            text,
            "{} {}",
            forgotten.annulments,
            phrase(
                forgotten.annulments,
                language,
                [
                    "annullering sendes på nytt: posten er fortsatt annullert.",
                    "annulleringer sendes på nytt: postene er fortsatt annullert.",
                ],
                [
                    "annulment is sent again: the record stays annulled.",
                    "annulments are sent again: the records stay annulled.",
                ],
            )
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use lmr_sender::report::{Report, RunKind};

    use super::*;

    /// A number and the words behind it, of one and of several, in both languages.
    #[test]
    fn counts_have_the_words_of_one_and_of_several() {
        let preview_of = |count: usize| {
            let mut report = Report::new(RunKind::Planned, Timestamp::UNIX_EPOCH);
            (report.files, report.resources, report.new) = (count, count, count);
            (report.waiting, report.unused, report.deferred) = (count, count, count);
            let (entries, held, waiting) = (Vec::new(), Vec::new(), Vec::new());
            Preview { report, messages: count, entries, held, waiting, receiver_change: None }
        };
        for (count, language, lines) in [
            (
                1,
                Language::English,
                [
                    "1  message would go",
                    "1  file read",
                    "1  resource found",
                    "1  waits, it refers",
                    "that is sent refers to it\n",
                    "1  waits for the answer",
                ],
            ),
            (
                2,
                Language::English,
                [
                    "2  messages would go",
                    "2  files read",
                    "2  resources found",
                    "2  wait, they refer",
                    "that is sent refers to them\n",
                    "2  wait for the answer",
                ],
            ),
            (
                1,
                Language::Bokmal,
                [
                    "1  melding ville",
                    "1  fil lest",
                    "1  ressurs funnet",
                    "1  ny\n",
                    "1  venter fordi den viser",
                    "som sendes viser til den\n",
                ],
            ),
            (
                2,
                Language::Bokmal,
                [
                    "2  meldinger ville",
                    "2  filer lest",
                    "2  ressurser funnet",
                    "2  nye\n",
                    "2  venter fordi de viser",
                    "som sendes viser til dem\n",
                ],
            ),
        ] {
            let text = preview(&preview_of(count), language);
            for line in lines {
                assert!(text.contains(line), "{line}: {text}");
            }
        }
        for (records, annulments, language, words) in [
            (1, 1, Language::English, ["1 confirmed record is", "1 annulment is sent"]),
            (2, 3, Language::English, ["2 confirmed records are", "3 annulments are sent"]),
            (1, 1, Language::Bokmal, ["1 bekreftet post er", "1 annullering sendes"]),
            (2, 3, Language::Bokmal, ["2 bekreftede poster er", "3 annulleringer sendes"]),
        ] {
            let text = forgotten(Forgotten { records, annulments }, language);
            assert!(words.iter().all(|word| text.contains(word)), "{text}");
        }
    }

    /// The remedy holds for every kind of source: a server is known by its address and not by its name.
    #[test]
    fn what_is_said_of_another_source_fits_a_server_too() {
        for (count, language, words) in [
            (1, Language::English, ["1 delivered record,", "of a FHIR server url"]),
            (2, Language::English, ["2 delivered records,", "at the same address"]),
            (
                2,
                Language::English,
                ["the wrong one delivered is at the register", "lmr send annul"],
            ),
            (2, Language::Bokmal, ["for en FHIR-server url", "på samme adresse"]),
            (2, Language::Bokmal, ["den gale leverte, er i registeret", "lmr send annul"]),
        ] {
            let text = super::super::of_another_source(count, language).expect("a text");
            assert!(words.iter().all(|word| text.contains(word)), "{text}");
            assert!(!text.contains("name i") && !text.contains("another name"), "{text}");
            let text = super::super::lost_administrations(3, language);
            assert!(text.contains("FHIR") && text.contains("url, search"), "{text}");
        }
    }
}
