//! What people read of the sender, in bokmål and English.

mod questions;
mod rejected;
mod report;
mod status;

use jiff::Timestamp;
use lmr_report::visible;
use lmr_sender::outbox::{DaemonFailure, LostAnnulment, Reread, State};
use lmr_sender::report::RunStatus;
use lmr_sender::wording::counted;

use crate::clock;
use crate::output::Language;

pub(super) use questions::{forgotten, preview, why};
pub(super) use rejected::{
    Rejected, discarded, given_up, journal, nothing_of_the_selection, released, vanished,
};
pub(super) use report::{reason, report};
pub(super) use status::{StatusPage, history, overview};

fn pick<'t>(language: Language, nb: &'t str, en: &'t str) -> &'t str {
    match language {
        Language::Bokmal => nb,
        Language::English => en,
    }
}

/// The form of a phrase that goes with a count; of each language one for one and one for several.
fn phrase<'t>(count: u64, language: Language, nb: [&'t str; 2], en: [&'t str; 2]) -> &'t str {
    let [one, several] = if language == Language::Bokmal { nb } else { en };
    counted(count, one, several)
}

fn time(time: Timestamp) -> String {
    clock::oslo(time).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A resource by its type, the source's own key and its technical id.
fn name(resource_type: &str, key: Option<&str>, id: Option<&str>) -> String {
    let name = match (key, id) {
        (Some(key), Some(id)) if key != id => format!("{resource_type} {key} (id {id})"),
        (Some(key), _) => format!("{resource_type} {key}"),
        (None, Some(id)) => format!("{resource_type}/{id}"),
        (None, None) => resource_type.to_owned(),
    };
    visible(&name).into_owned()
}

/// That a complete source has not a single administration any more.
fn lost_administrations(lost: u64, language: Language) -> String {
    match language {
        Language::Bokmal => format!(
            "Kilden har ikke én administrering lenger, og registeret har {lost}: er filen eller tabellen med dem tom, eller \
             mangler den? Ingenting regnes som forsvunnet. Rett eksporten (for en FHIR-server: url, search og hva tilgangen \
             gir rett til å se), og kjør på nytt. Leverer kilden bare det som er nytt, skal incremental = true stå i \
             sender.toml. Er alt virkelig feilført, leverer kilden det med status entered-in-error, eller det annulleres \
             enkeltvis med lmr send annul."
        ),
        Language::English => format!(
            "The source has not a single administration any more, and the register has {lost}: is their file or table \
             empty, or missing? Nothing counts as vanished. Correct the export (of a FHIR server: url, search, and what the \
             access may see), and run again. If the source delivers only what is new, sender.toml should have incremental = \
             true. If all of them were wrong, the source delivers them with status entered-in-error, or lmr send annul \
             annuls them one by one."
        ),
    }
}

/// Records in whose place a source has others that are not listed for it, with what to do; nothing where there are none.
/// Where the source is a server its `name` says nothing: its ids are those of its address.
fn of_another_source(count: u64, language: Language) -> Option<String> {
    let text = match language {
        _ if count == 0 => return None,
        Language::Bokmal => format!(
            "Kilden har andre poster under id-ene til {count} leverte, det vil si de fleste: den er trolig en annen kilde \
             enn før, og de regnes ikke som rettet. Er det en annen kilde, også en FHIR-server som er satt opp på nytt på \
             samme adresse, er det ikke mer å gjøre her: registeret beholder det den forrige leverte. Er det feil kilde, \
             rett [[source]] (path eller query; for en FHIR-server url), og kjør på nytt: det den gale leverte, er i \
             registeret, og annulleres enkeltvis med lmr send annul. Er alle rettet i kilden, annulleres de gamle enkeltvis \
             med lmr send annul."
        ),
        Language::English => format!(
            "The source has other records under the ids of {count} delivered {}, which is most of them: it is most likely \
             another source than before, and they do not count as corrected. If it is another source, also a FHIR server \
             that was set up again at the same address, there is no more to do here: the register keeps what the former \
             one delivered. If it is the wrong source, correct [[source]] (path or query; of a FHIR server url), and run \
             again: what the wrong one delivered is at the register, and is annulled one by one with lmr send annul. If all \
             of them were corrected at the source, annul the old ones one by one with lmr send annul.",
            counted(count, "record", "records")
        ),
    };
    Some(text)
}

/// That nobody knows what has vanished, because the source was not read whole.
fn vanished_unknown(missing: u64, language: Language) -> String {
    match language {
        Language::Bokmal => format!(
            "Hva som er forsvunnet, er ikke undersøkt, for kilden er ikke lest hel ({missing} leverte poster er ikke \
             funnet): noe i den kan ikke brukes eller er under skriving."
        ),
        Language::English => format!(
            "What has vanished was not looked for, because the source was not read whole ({missing} delivered records \
             were not found): something in it cannot be used or is still being written."
        ),
    }
}

/// Annulments that the register may have lost and has not confirmed again, by name; nothing where there are none.
fn lost_annulments(lost: &[LostAnnulment], language: Language) -> String {
    if lost.is_empty() {
        return String::new();
    }
    let count = lost.len() as u64;
    let mut text = match language {
        Language::Bokmal => format!(
            "{count} {} har registeret ikke bekreftet. Neste overføring prøver igjen; det som \
             fortsatt står her etter den, annulleres med lmr send annul, eller i kilden med status \
             entered-in-error:\n",
            counted(count, "annullering", "annulleringer")
        ),
        Language::English => format!(
            "{count} {} the register has not confirmed. The next transfer tries again; annul what is \
             still listed after it with lmr send annul, or at the source with status entered-in-error:\n",
            counted(count, "annulment", "annulments")
        ),
    };
    for one in lost {
        let name = name(&one.resource_type, one.source_key.as_deref(), one.resource_id.as_deref());
        text.push_str(&format!("    {name}\n"));
    }
    text
}

/// Messages that the register has and the database here does not know, with what to do; nothing where there are none.
fn unknown_messages(count: u64, language: Language) -> Option<String> {
    let text = match language {
        _ if count == 0 => return None,
        Language::Bokmal => format!(
            "Registeret har {count} {} fra organisasjonen som denne databasen ikke kjenner. Er databasen \
             gjenopprettet fra en sikkerhetskopi, kan registeret ha noe annet enn kilden: lmr send forget --since \
             1900-01-01 sender alt på nytt, og annulleringer etter kopien må gjøres på nytt. Leverer et annet system \
             for organisasjonen, er alt i orden.",
            counted(count, "melding", "meldinger")
        ),
        Language::English => format!(
            "The register has {count} {} of the organisation that this database does not know. If the \
             database was restored from a backup, the register may have something else than the source: lmr send \
             forget --since 1900-01-01 sends everything again, and annulments after the backup must be made again. \
             If another system delivers for the organisation, all is well.",
            counted(count, "message", "messages")
        ),
    };
    Some(text)
}

/// Copies of messages that could not be read, with what to do; nothing where there are none.
fn unreadable_copies(count: u64, language: Language) -> Option<String> {
    let text = match language {
        _ if count == 0 => return None,
        Language::Bokmal => format!(
            "Databasen er reparert, og {count} {} kan ikke leses (skadet, eller skrevet med en annen hash_key). Poster \
             som ble annullert der, kan bli sendt som gitt. Se etter om noe som er annullert, står som gitt i kilden: \
             rett det der til entered-in-error, eller annuller det igjen med lmr send annul.",
            counted(count, "kopi av en sendt melding", "kopier av sendte meldinger")
        ),
        Language::English => format!(
            "The database was repaired, and {count} {} cannot be read (damaged, or written with another hash_key). \
             Records that were annulled there may be sent as given. Look whether anything that was annulled is in the \
             source as given: correct it there to entered-in-error, or annul it again with lmr send annul.",
            counted(count, "copy of a sent message", "copies of sent messages")
        ),
    };
    Some(text)
}

/// Hooks that failed after a run, with what to do; nothing where there are none.
pub(super) fn failed_hooks(names: &[String], language: Language) -> Option<String> {
    let names = names.join(", ");
    let text = match language {
        _ if names.is_empty() => return None,
        Language::Bokmal => format!(
            "Varslingen {names} virket ikke etter siste kjøring, så kanskje ingen har hørt om den. Loggen sier hvorfor, \
             lmr doctor prøver det som kan prøves; neste kjøring varsler på nytt."
        ),
        Language::English => format!(
            "The hook {names} failed after the last run, so maybe nobody has heard of it. The log says why, lmr doctor \
             tries what can be tried; the next run notifies again."
        ),
    };
    Some(text)
}

/// What the daemon could not read again, with what to do; nothing where there is nothing.
fn not_read_again(failures: &[DaemonFailure], language: Language) -> String {
    let mut text = String::new();
    for failure in failures {
        let (nb, en) = match failure.what {
            Reread::Configuration => (
                "lmr send daemon kunne ikke lese konfigurasjonen på nytt, og går videre med den forrige; en omstart \
                 ville ikke lykkes. Rett den, og be om den igjen (SIGHUP)",
                "lmr send daemon could not read its configuration again, and goes on with the former one; a restart would \
                 fail. Correct it, and ask for it again (SIGHUP)",
            ),
            Reread::Keys => (
                "lmr send daemon kunne ikke lese nøkler og sertifikater på nytt, og går videre med de forrige; en omstart \
                 ville ikke lykkes. Neste kjøring prøver igjen",
                "lmr send daemon could not read keys and certificates again, and goes on with the former ones; a restart \
                 would fail. The next run tries again",
            ),
            Reread::Monitor => (
                "lmr send daemon kunne ikke åpne adressen for overvåking på nytt; /health og /metrics svarer ikke. Rett \
                 monitor.listen, og be om det igjen (SIGHUP)",
                "lmr send daemon could not open the address for monitors again; /health and /metrics do not answer. \
                 Correct monitor.listen, and ask for it again (SIGHUP)",
            ),
        };
        // What is wrong with a configuration comes with its line, over several.
        let lines = failure.text(language).lines().map(str::trim).filter(|line| !line.is_empty());
        let cause = lines.collect::<Vec<_>>().join(" ");
        let (start, cause) = (pick(language, nb, en), visible(&cause));
        let since = time(failure.since);
        text.push_str(&format!("{start} ({since}): {cause}\n"));
    }
    text
}

/// Messages that were given up and whose content is in no other yet; nothing where there are none.
fn given_up_since(count: u64, language: Language) -> Option<String> {
    let text = match language {
        _ if count == 0 => return None,
        Language::Bokmal => format!(
            "{count} {} er gitt opp siden siste overføring, og innholdet er ikke i noen annen ennå: neste \
             planlagte overføring sender det.",
            counted(count, "melding", "meldinger")
        ),
        Language::English => format!(
            "{count} {} given up since the last transfer, and the content is in no other yet: the next planned \
             transfer sends it.",
            counted(count, "message was", "messages were")
        ),
    };
    Some(text)
}

/// Receipts that do not hold, with what to do; nothing where there are none.
fn doubtful_receipts(count: u64, language: Language) -> Option<String> {
    let text = match language {
        _ if count == 0 => return None,
        Language::Bokmal => format!(
            "{count} {} fra registeret stemmer ikke med det som ble sendt og besvart, eller kan ikke \
             verifiseres. Dataene er levert; kvitteringen beviser det ikke. lmr receipt list viser dem som er tatt vare \
             på, loggen viser resten; er receiver.certificate registerets nåværende, må registeret se på det.",
            counted(count, "kvittering", "kvitteringer")
        ),
        Language::English => format!(
            "{count} {} for what was sent and answered, or cannot be verified. The \
             data are delivered; the receipt does not prove it. lmr receipt list shows those that are kept, the log the \
             rest; where receiver.certificate is the register's present one, the register must look at it.",
            counted(
                count,
                "receipt of the register does not hold",
                "receipts of the register do not hold"
            )
        ),
    };
    Some(text)
}

/// Records that the register may have lost and that the source has not given again; nothing where there are none.
fn not_sent_again(count: u64, language: Language) -> Option<String> {
    let text = match language {
        _ if count == 0 => return None,
        Language::Bokmal => format!(
            "{count} {} som registeret kan ha mistet, er ikke sendt på nytt. Neste overføring sender det som kilden \
             gir; er filer flyttet til et arkiv, legges de tilbake i kilden.",
            counted(count, "post", "poster")
        ),
        Language::English => format!(
            "{count} {} not sent again yet. The next transfer sends what the source gives; where files were moved to an \
             archive, put them back into the source.",
            counted(
                count,
                "record that the register may have lost is",
                "records that the register may have lost are"
            )
        ),
    };
    Some(text)
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

/// Where nothing has been delivered and nothing waits: all that the source has is left out.
fn nothing_to_send(language: Language) -> &'static str {
    pick(
        language,
        "Ingenting er sendt: ingenting i kilden skulle sendes.",
        "Nothing was sent: nothing in the source was to be sent.",
    )
}

/// What a status means for the people who read it.
fn status_text(status: RunStatus, language: Language) -> &'static str {
    let (nb, en) = match status {
        RunStatus::Clean => ("Alt er levert.", "Everything is delivered."),
        RunStatus::ToCorrect => (
            "Levert, bortsett fra det som må rettes i kilden eller ses på.",
            "Delivered, except for what must be corrected at the source or looked at.",
        ),
        RunStatus::Undelivered => (
            "Ikke alt er levert; det blir forsøkt igjen.",
            "Not all is delivered; it will be tried again.",
        ),
        RunStatus::SourceFailed => {
            ("Kilden sviktet: se etter eksporten.", "The source failed: look after the export.")
        }
        RunStatus::Stopped => ("Ikke levert.", "Not delivered."),
    };
    match language {
        Language::Bokmal => nb,
        Language::English => en,
    }
}
