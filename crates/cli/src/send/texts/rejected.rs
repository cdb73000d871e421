//! What is held back, by cause; what waits for it; what has vanished.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use lmr_lmdi::codes::Code;
use lmr_sender::inspect::ElementDetail;
use lmr_sender::outbox::{HeldFinding, HeldRow, Origin, Released, VanishedRow, WaitingRow};
use serde_json::{Value, json};

use super::{name, pick, time};
use crate::output::{Language, Style};

/// Most waiting resources that are listed for one held resource.
const MAX_WAITING: usize = 20;

/// The list of what is held.
pub(in crate::send) struct Rejected {
    /// What is held.
    pub(in crate::send) held: Vec<HeldRow>,
    /// What waits for it.
    pub(in crate::send) waiting: Vec<WaitingRow>,
    /// Values and allowed values, by number, one per finding; empty where the source was not read.
    pub(in crate::send) details: HashMap<i64, Vec<ElementDetail>>,
    /// No value of any resource is shown: no wrong value, no key, no id.
    pub(in crate::send) redact: bool,
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
        if self.held.is_empty() {
            let _ = writeln!(text, "{}", say("Ingenting holdes tilbake.", "Nothing is held back."));
            return text;
        }
        for (finding, holds) in self.causes() {
            self.write_cause(finding, &holds, language, &mut text);
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
                let _ = writeln!(text, "      {name}  {}:{}", row.file, row.line);
            }
            if rows.len() > MAX_WAITING {
                let more = rows.len() - MAX_WAITING;
                let _ = writeln!(text, "      {} {more}", say("og flere:", "and more:"));
            }
        }
        text
    }

    /// Findings with the same code, element and sentence are one cause. Of several at one element of one
    /// resource with one code the first says it.
    fn causes(&self) -> Vec<(&HeldFinding, Vec<(&HeldRow, usize)>)> {
        let mut order: Vec<(&HeldFinding, Vec<(&HeldRow, usize)>)> = Vec::new();
        let mut known: HashMap<(Option<&str>, String, &str), usize> = HashMap::new();
        for row in &self.held {
            let mut said = HashSet::new();
            for (at, finding) in row.findings.iter().enumerate() {
                let path = finding.path.as_deref();
                if !said.insert((finding.code.as_deref(), path)) {
                    continue;
                }
                let key = (finding.code.as_deref(), without_indices(path), &*finding.text_en);
                let cause = *known.entry(key).or_insert_with(|| {
                    order.push((finding, Vec::new()));
                    order.len() - 1
                });
                order[cause].1.push((row, at));
            }
        }
        order
    }

    fn write_cause(
        &self,
        finding: &HeldFinding,
        holds: &[(&HeldRow, usize)],
        language: Language,
        text: &mut String,
    ) {
        let style = Style::for_stdout();
        let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
        let code = finding.code.as_deref();
        let path = without_indices(finding.path.as_deref());
        let _ = writeln!(text, "{}  {path}", style.bad(code.unwrap_or("–")));
        let _ = writeln!(text, "      {}", finding.text(language));
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
                (Some(value), false) => format!("  «{value}»"),
                _ => String::new(),
            };
            let waiting = match row.waiting {
                0 => String::new(),
                count => format!("  {count} {}", say("venter på den", "wait for it")),
            };
            let again = match row.depends_on_clock {
                true => say("  kontrolleres på nytt hver gang", "  checked again each time"),
                false => "",
            };
            let _ = writeln!(
                text,
                "{:>8}  {name}  {}:{}{value}  {origin} {}{waiting}{again}",
                row.number,
                row.file,
                row.line,
                time(row.since)
            );
        }
    }

    /// For programs: each resource with its findings.
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
        Value::Array(rows.collect())
    }

    fn hide(&self, mut row: Value) -> Value {
        if self.redact {
            row["resource_id"] = Value::Null;
            row["source_key"] = Value::Null;
        }
        row
    }
}

fn without_indices(path: Option<&str>) -> String {
    let mut depth = 0;
    let keep = |c: &char| {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => return depth == 0,
        }
        false
    };
    path.unwrap_or_default().chars().filter(keep).collect()
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

/// What has vanished from the source, and the way to annul it.
pub(in crate::send) fn vanished(rows: &[VanishedRow], language: Language) -> String {
    let say = |nb: &'static str, en: &'static str| pick(language, nb, en);
    let mut text = String::new();
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
