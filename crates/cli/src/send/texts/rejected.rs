//! What is held back, by cause; what waits for it; what cannot be used of the source; what has vanished.

mod csv;
mod html;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use lmr_lmdi::codes::Code;
use lmr_report::visible;
use lmr_sender::desk::{Cause, causes};
use lmr_sender::inspect::ElementDetail;
use lmr_sender::outbox::{
    Discarded, HeldRow, JournalEntry, Origin, Overview, Released, Replacement, SourceIssueRow,
    VanishedRow, WaitingRow,
};
use serde_json::{Value, json};

use super::status::source_problems;
use super::{lost_annulments, name, phrase, pick, time, vanished_unknown};
use crate::output::{Language, Style};
use crate::text::{Text, text};

/// Most waiting resources that are listed for one held resource.
const MAX_WAITING: usize = 20;

/// The list of what is held.
pub(in crate::send) struct Rejected {
    /// What is held.
    pub(in crate::send) held: Vec<HeldRow>,
    /// What waits for it.
    pub(in crate::send) waiting: Vec<WaitingRow>,
    /// What cannot be used of the source: rows that cannot be mapped, broken lines and files.
    pub(in crate::send) issues: Vec<SourceIssueRow>,
    /// Values and allowed values, by number, one per finding; empty where the source was not read.
    pub(in crate::send) details: HashMap<i64, Vec<ElementDetail>>,
    /// No value of any resource is shown: no wrong value, no key, no id.
    pub(in crate::send) redact: bool,
    /// How much there is in all where the selection leaves some of it out.
    pub(in crate::send) in_all: Option<usize>,
    /// What was discarded is listed.
    pub(in crate::send) discarded: bool,
}

/// What is said where nothing fits a selection, and how much is held in all.
pub(in crate::send) fn nothing_of_the_selection(in_all: usize, discarded: bool) -> Text {
    match discarded {
        false => text!(
            "Ingenting i utvalget holdes tilbake; i alt er {in_all} holdt tilbake.",
            "Nothing of the selection is held back; held back in all: {in_all}."
        ),
        true => text!(
            "Ingenting i utvalget er forkastet; i alt er {in_all} forkastet.",
            "Nothing of the selection is discarded; discarded in all: {in_all}."
        ),
    }
}

impl Rejected {
    /// The details of a held resource's finding.
    fn detail(&self, number: i64, at: usize) -> ElementDetail {
        let mut detail =
            self.details.get(&number).and_then(|list| list.get(at)).cloned().unwrap_or_default();
        if self.redact {
            detail.value = None;
        }
        detail
    }

    fn name(&self, resource_type: &str, key: Option<&str>, id: Option<&str>) -> String {
        match self.redact {
            true => resource_type.to_owned(),
            false => name(resource_type, key, id),
        }
    }

    /// For people: each cause once, with the resources it holds.
    pub(in crate::send) fn text(&self, language: Language) -> String {
        let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
        let mut text = String::new();
        if self.is_empty() {
            let _ = writeln!(text, "{}", self.nothing().get(language));
            return text;
        }
        let _ = writeln!(text, "{}", self.summary(language));
        for cause in causes(&self.held) {
            self.write_cause(&cause, language, &mut text);
        }
        for (cause, rows) in self.issue_causes() {
            self.write_issues(cause.cause(language), &rows, language, &mut text);
        }
        let mut by_held: BTreeMap<i64, Vec<&WaitingRow>> = BTreeMap::new();
        for row in &self.waiting {
            by_held.entry(row.held).or_default().push(row);
        }
        for (held, rows) in by_held {
            let start = say("Venter på nr.", "Wait for no.");
            let _ = writeln!(text, "{start} {held}: {}", rows.len());
            for row in rows.iter().take(MAX_WAITING) {
                let (key, id) = (row.source_key.as_deref(), row.resource_id.as_deref());
                let name = self.name(&row.resource_type, key, id);
                let _ = writeln!(text, "      {name}  {}:{}", visible(&row.file), row.line);
            }
            if rows.len() > MAX_WAITING {
                let more = rows.len() - MAX_WAITING;
                let _ = writeln!(text, "      {} {more}", say("og flere:", "and more:"));
            }
        }
        text
    }

    pub(in crate::send) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.issues.is_empty()
    }

    /// That nothing is listed, and what there is beside the selection.
    fn nothing(&self) -> Text {
        match (self.in_all, self.discarded) {
            (Some(in_all @ 1..), discarded) => nothing_of_the_selection(in_all, discarded),
            (_, false) => text!("Ingenting holdes tilbake.", "Nothing is held back."),
            (_, true) => text!("Ingenting er forkastet.", "Nothing is discarded."),
        }
    }

    /// How much is held and for how many causes, in one line.
    fn summary(&self, language: Language) -> String {
        let waiting: u64 = self.held.iter().map(|row| row.waiting).sum();
        let (held, causes, issues) = (self.held.len(), causes(&self.held).len(), self.issues.len());
        match language {
            Language::Bokmal => format!(
                "Holdt tilbake: {held}, årsaker: {causes}, venter på dem: {waiting}, deler av kilden som ikke \
                 kan brukes: {issues}"
            ),
            Language::English => format!(
                "Held back: {held}, causes: {causes}, waiting for them: {waiting}, parts of the source that \
                 cannot be used: {issues}"
            ),
        }
    }

    /// What cannot be used of the source, by cause, in the order in which causes are first met.
    fn issue_causes(&self) -> Vec<(&SourceIssueRow, Vec<&SourceIssueRow>)> {
        let mut order: Vec<(&SourceIssueRow, Vec<&SourceIssueRow>)> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for row in &self.issues {
            let at = *known.entry(&row.cause_en).or_insert_with(|| {
                order.push((row, Vec::new()));
                order.len() - 1
            });
            order[at].1.push(row);
        }
        order
    }

    fn write_issues(
        &self,
        cause: &str,
        rows: &[&SourceIssueRow],
        language: Language,
        text: &mut String,
    ) {
        let style = Style::for_stdout();
        let _ = writeln!(
            text,
            "{}  {}",
            style.bad(pick(language, "Kilden", "Source")),
            pick(
                language,
                "rettes der det kommer fra; prøves på nytt ved hver overføring",
                "to be corrected where it comes from; tried again with each transfer"
            )
        );
        let _ = writeln!(text, "      {}", visible(cause));
        for row in rows {
            let line = row.line.map(|line| format!(":{line}")).unwrap_or_default();
            let key = row.source_key.as_deref().filter(|_| !self.redact).unwrap_or_default();
            let _ = writeln!(
                text,
                "       –  {}  {}{line}  {}",
                style.bold(&visible(key)),
                visible(&row.file),
                time(row.since)
            );
        }
    }

    fn write_cause(&self, cause: &Cause<'_>, language: Language, text: &mut String) {
        let style = Style::for_stdout();
        let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
        let Cause { finding, path, records: holds } = cause;
        let code = finding.code.as_deref();
        let _ = writeln!(text, "{}  {}", style.bad(code.unwrap_or("–")), visible(path));
        let _ = writeln!(text, "      {}", visible(finding.text(language)));
        if let Some(remedy) = remedy(code, language) {
            let _ = writeln!(text, "      {}", style.faint(remedy));
        }
        let details: Vec<ElementDetail> =
            holds.iter().map(|(row, at)| self.detail(row.number, *at)).collect();
        if let Some(detail) = details.iter().find(|detail| !detail.allowed.is_empty()) {
            let _ = writeln!(
                text,
                "      {} {}",
                say("Tillatt:", "Allowed:"),
                detail.allowed.join(", ")
            );
        }
        for ((row, _), detail) in holds.iter().zip(&details) {
            let origin = match row.origin {
                Origin::Check => say("funnet før sending", "found before sending"),
                Origin::Register => say("avvist av registeret", "refused by the register"),
            };
            let (key, id) = (row.source_key.as_deref(), row.resource_id.as_deref());
            let name = style.bold(&self.name(&row.resource_type, key, id));
            let value = match (&detail.value, self.redact) {
                (Some(value), false) => format!("  «{}»", visible(value)),
                _ => String::new(),
            };
            let waiting = match row.waiting {
                0 => String::new(),
                count => {
                    let what = phrase(
                        count,
                        language,
                        ["venter på den"; 2],
                        ["waits for it", "wait for it"],
                    );
                    format!("  {count} {what}")
                }
            };
            let again = match row.depends_on_clock {
                true => say("  kontrolleres på nytt hver gang", "  checked again each time"),
                false => "",
            };
            let _ = writeln!(
                text,
                "{:>8}  {name}  {}:{}{value}  {origin} {}{waiting}{again}{}",
                row.number,
                visible(&row.file),
                row.line,
                time(row.since),
                discard(row, language)
            );
        }
    }

    /// For programs: each resource with its findings, then what cannot be used of the source.
    pub(in crate::send) fn json(&self, language: Language) -> Value {
        let rows = self.held.iter().map(|row| {
            let mut json = json!(row);
            for (at, finding) in row.findings.iter().enumerate() {
                let detail = self.detail(row.number, at);
                json["findings"][at]["remedy"] = json!(remedy(finding.code.as_deref(), language));
                json["findings"][at]["value"] = json!(detail.value);
                json["findings"][at]["allowed"] = json!(detail.allowed);
            }
            let waits = self.waiting.iter().filter(|waiting| waiting.held == row.number);
            json["waiting_for_it"] = waits.map(|waiting| self.hide(json!(waiting))).collect();
            self.hide(json)
        });
        let issues = self.issues.iter().map(|row| {
            self.hide(json!({
                "number": null,
                "origin": "source",
                "is_row": row.is_row,
                "resource_type": null,
                "resource_id": null,
                "source_key": row.source_key,
                "file": row.file,
                "line": row.line,
                "since": row.since,
                "waiting": 0,
                "waiting_for_it": [],
                "findings": [{ "code": null, "path": null, "text_nb": row.cause_nb, "text_en": row.cause_en }],
            }))
        });
        Value::Array(rows.chain(issues).collect())
    }

    fn hide(&self, mut row: Value) -> Value {
        if self.redact {
            row["resource_id"] = Value::Null;
            row["source_key"] = Value::Null;
        }
        row
    }
}

/// Who discarded it, when and why.
fn discard(row: &HeldRow, language: Language) -> String {
    let Some(discard) = &row.discarded else { return String::new() };
    let start = pick(language, "forkastet av", "discarded by");
    format!("  {start} {} {}: {}", discard.operator, time(discard.at), discard.reason)
}

/// The remedy that the catalogue knows for a code.
fn remedy(code: Option<&str>, language: Language) -> Option<&'static str> {
    let remedy = code.and_then(Code::parse)?.text().remedy.in_language(language);
    (!remedy.is_empty()).then_some(remedy)
}

/// What a release let go, and what will come of it.
pub(in crate::send) fn released(released: Released, language: Language) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = String::new();
    if released.total() == 0 {
        let _ = writeln!(text, "{}", say("Ingenting å frigi.", "Nothing to release."));
    }
    for (count, what) in [
        (
            released.refused_by_register,
            say(
                "avvist av registeret: sendes på nytt med neste overføring, og holdes igjen hvis \
                 registeret avviser på nytt",
                "refused by the register: sent again with the next transfer, and held again if the \
                 register refuses again",
            ),
        ),
        (
            released.found_by_check,
            say(
                "funnet av kontrollen her: kontrolleres på nytt ved neste overføring, og holdes igjen \
                 uten å bli sendt hvis verken posten, reglene eller oppsettet er endret",
                "found by the check here: checked again at the next transfer, and held again without \
                 being sent unless the record, the rules or the configuration has changed",
            ),
        ),
    ] {
        if count > 0 {
            let _ = writeln!(text, "{} {count} {what}.", say("Frigitt:", "Released:"));
        }
    }
    if released.total() > 0 && released.stay_listed {
        let _ = writeln!(
            text,
            "{}",
            say(
                "De står i lmr send rejected til kilden gir dem igjen: den gir bare endringer. Ligger ikke filen eller raden \
                 der lenger, legg den tilbake.",
                "They stay in lmr send rejected until the source gives them again: it gives changes only. If the file or \
                 row is not there any more, put it back."
            )
        );
    }
    text
}

/// What was discarded, and what will come of it.
pub(in crate::send) fn discarded(discarded: Discarded, language: Language) -> String {
    let Discarded { records, waiting } = discarded;
    if records == 0 {
        return format!("{}\n", pick(language, "Ingenting å forkaste.", "Nothing to discard."));
    }
    match language {
        Language::Bokmal => format!(
            "Forkastet: {records}. De sendes ikke og vises ikke igjen før de endres i kilden (lmr send rejected \
             --discarded viser dem, lmr send release angrer). Viser til dem og kan heller ikke sendes: {waiting}.\n"
        ),
        Language::English => format!(
            "Discarded: {records}. They are not sent and not listed again until they change at the source (lmr send \
             rejected --discarded lists them, lmr send release undoes it). Refer to them and cannot go either: \
             {waiting}.\n"
        ),
    }
}

/// What operators did, newest first.
pub(in crate::send) fn journal(entries: &[JournalEntry], language: Language) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = String::new();
    if entries.is_empty() {
        let _ = writeln!(text, "{}", say("Journalen er tom.", "The journal is empty."));
    }
    for entry in entries {
        let kind = match &*entry.kind {
            "release" => say("frigitt", "released"),
            "discard" => say("forkastet", "discarded"),
            "annul" => say("annullert", "annulled"),
            "forget" => say("glemt", "forgotten"),
            "repair" => say("reparert", "repaired"),
            "search" => say("lett etter annulleringer", "looked for annulments"),
            other => other,
        };
        let operator = entry.operator.as_deref().unwrap_or("–");
        let reason = entry.reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        let what = match entry.records.len() {
            0 => entry.text.clone(),
            count => count.to_string(),
        };
        let _ = writeln!(
            text,
            "{:>8}  {}  {operator}  {kind} {what}{reason}",
            entry.number,
            time(entry.at)
        );
        for row in &entry.records {
            let (key, id) = (row.source_key.as_deref(), row.resource_id.as_deref());
            let name = name(&row.resource_type, key, id);
            let codes = row.codes.join(" ");
            let _ = writeln!(
                text,
                "{:>18}  {name}  {}:{}  {codes}",
                row.number,
                visible(&row.file),
                row.line
            );
        }
    }
    text
}

/// What came of giving a message up.
pub(in crate::send) fn given_up(done: bool, language: Language) -> String {
    let text = match done {
        true => pick(
            language,
            "Meldingen er gitt opp: den sendes aldri igjen, og innholdet går med neste overføring.",
            "The message is given up: it is never sent again, and its data goes with the next transfer.",
        ),
        false => pick(
            language,
            "Ingen åpen melding har denne id-en.",
            "There is no open message with this id.",
        ),
    };
    format!("{text}\n")
}

/// That the source has a record in the place of another one.
pub(super) fn replaced(replacement: &Replacement, language: Language) -> String {
    let key = replacement.source_key.as_deref().map(visible);
    let key = key.map(|key| format!(" ({key})")).unwrap_or_default();
    match language {
        Language::Bokmal => format!(
            "kilden har samme id med en annen identifier nå{key}: er den rettet der, annulleres denne, med mindre en annen \
             registrering i kilden har den gamle"
        ),
        Language::English => format!(
            "the source has the same id under another identifier now{key}: if it was corrected there, annul this one, \
             unless another record of the source has the old one"
        ),
    }
}

/// What has vanished from the source, and the way to annul it.
pub(in crate::send) fn vanished(
    rows: &[VanishedRow],
    overview: &Overview,
    language: Language,
) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = lost_annulments(&overview.lost_annulments, language);
    let last = overview.last_source.as_ref();
    if let Some(source) = last.filter(|source| source.vanished_unknown) {
        let _ = writeln!(text, "{}", vanished_unknown(source.missing, language));
        if rows.is_empty() {
            return text;
        }
    }
    if let Some(source) = last.filter(|source| !source.was_compared()) {
        let unlooked = say(
            "Hva som er forsvunnet, ble ikke undersøkt av siste overføring.",
            "What has vanished was not looked for by the last transfer.",
        );
        let _ = writeln!(text, "{unlooked}");
        for problem in source_problems(source, language) {
            let _ = writeln!(text, "  {problem}");
        }
        if rows.is_empty() {
            return text;
        }
    }
    if rows.is_empty() {
        let nothing = say("Ingenting levert har forsvunnet.", "Nothing delivered has vanished.");
        let _ = writeln!(text, "{nothing}");
        return text;
    }
    for row in rows {
        let name = name(&row.resource_type, row.source_key.as_deref(), row.resource_id.as_deref());
        let _ = writeln!(
            text,
            "{:>8}  {name}  {} {}, {} {}",
            row.number,
            say("savnet siden", "missed since"),
            time(row.since),
            say("bekreftet", "confirmed"),
            time(row.confirmed_at)
        );
        if let Some(replacement) = &row.replacement {
            let _ = writeln!(text, "          {}", replaced(replacement, language));
        }
    }
    let _ = writeln!(
        text,
        "{}",
        say(
            "Registeret beholder dem. En som er feilført, annulleres med lmr send annul --number NR --reason TEKST.",
            "The register keeps them. Annul a wrong one with lmr send annul --number N --reason TEXT.",
        )
    );
    text
}
