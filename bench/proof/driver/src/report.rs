//! `docs/proof.md`, from the logs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::history::Outcome;
use crate::log;
use crate::plan::WITH_KINDS;

/// The first seed of the newest series, which is of one commit.
const NEWEST: u64 = 2_000_000;

#[derive(Default)]
struct Sums {
    runs: u64,
    histories: u64,
    failed: Vec<u64>,
    first: Option<u64>,
    last: Option<u64>,
    total: Outcome,
}

impl Sums {
    fn history(&mut self, seed: u64, outcome: &Outcome) {
        self.histories += 1;
        self.first = Some(self.first.map_or(seed, |first| first.min(seed)));
        self.last = Some(self.last.map_or(seed, |last| last.max(seed)));
        if !outcome.violations.is_empty() {
            self.failed.push(seed);
        }
        self.add(outcome);
    }

    fn add(&mut self, outcome: &Outcome) {
        let counts = &mut self.total.counts;
        log::add(counts, &outcome.counts);
        // A history that ended before its last day had only words for it until 26 November 2026.
        let named = |what: &str| {
            outcome.violations.iter().filter(|violation| violation.starts_with(what)).count() as u64
        };
        counts.lost += named("lost: ").saturating_sub(outcome.counts.lost);
        counts.duplicates += named("duplicate: ").saturating_sub(outcome.counts.duplicates);
        counts.stuck += named("stuck: ").saturating_sub(outcome.counts.stuck);
        for (kind, count) in &outcome.faults {
            *self.total.faults.entry(kind.clone()).or_default() += count;
        }
        for (kind, count) in &outcome.played {
            *self.total.played.entry(kind.clone()).or_default() += count;
        }
        self.total.requests += outcome.requests;
        self.total.recovery_ms = self.total.recovery_ms.max(outcome.recovery_ms);
        self.total.recovery_runs = self.total.recovery_runs.max(outcome.recovery_runs);
    }
}

/// Sums of all histories, of those with the present instrument, of the newest series, and of scenes.
fn read(folder: &Path) -> Result<(Sums, Sums, Sums, Sums)> {
    let (mut processes, mut present, mut newest) =
        (Sums::default(), Sums::default(), Sums::default());
    let mut simulated = Sums::default();
    let mut files: Vec<_> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|end| end == "ndjson")) {
        // Of a simulation the sums grow from line to line: the last one counts.
        let mut sums: Option<(u64, Vec<u64>, Outcome)> = None;
        processes.runs += 1;
        for line in fs::read_to_string(path)?.lines() {
            let line: Value =
                serde_json::from_str(line).with_context(|| path.display().to_string())?;
            if let Some(seed) = line["seed"].as_u64() {
                let outcome: Outcome = serde_json::from_value(line["outcome"].clone())?;
                if path.to_string_lossy().contains("simulation") {
                    continue;
                }
                processes.history(seed, &outcome);
                if seed >= WITH_KINDS.start {
                    present.history(seed, &outcome);
                }
                if seed >= NEWEST {
                    newest.history(seed, &outcome);
                }
            } else {
                let failed = serde_json::from_value(line["failed"].clone()).unwrap_or_default();
                let total = serde_json::from_value(line["total"].clone())?;
                sums = Some((line["histories"].as_u64().unwrap_or(0), failed, total));
            }
        }
        if let Some((histories, failed, total)) = sums {
            processes.runs -= 1;
            simulated.runs += 1;
            simulated.histories += histories;
            simulated.failed.extend(failed);
            simulated.add(&total);
        }
    }
    Ok((processes, present, newest, simulated))
}

fn table(faults: &BTreeMap<String, u64>) -> String {
    let mut text = String::from("| fault | times |\n|---|---|\n");
    for (kind, count) in faults.iter().filter(|(kind, _)| !kind.starts_with("effect: ")) {
        let _ = writeln!(text, "| {kind} | {count} |");
    }
    text
}

fn played(kinds: &BTreeMap<String, u64>) -> String {
    let mut text = String::from("| kind | histories |\n|---|---|\n");
    for (kind, count) in kinds {
        let _ = writeln!(text, "| {kind} | {count} |");
    }
    text
}

fn effects(faults: &BTreeMap<String, u64>) -> String {
    let sum = |what: &str| -> u64 {
        faults
            .iter()
            .filter(|(kind, _)| kind.ends_with(&format!("unflushed writes {what}")))
            .map(|(_, n)| n)
            .sum()
    };
    format!("{} writes that were not flushed were lost, {} torn", sum("lost"), sum("torn"))
}

/// Writes the page; run in the repository.
pub fn write() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let (processes, present, newest, simulated) = read(&root.join("bench/proof/log"))?;
    let row = |what: &str, sums: &Sums, histories: &str| {
        let counts = &sums.total.counts;
        format!(
            "| {what} | {} {histories} | {} | {} | {} | {} | {} | **{}** | **{}** | {} |\n",
            sums.histories,
            log::faults(&sums.total.faults),
            sums.total.requests,
            counts.acknowledged_messages,
            counts.stored_messages,
            counts.stored_versions,
            counts.lost,
            counts.duplicates,
            counts.stuck,
        )
    };
    let findings = fs::read_to_string(root.join("bench/proof/log/findings.md")).unwrap_or_default();
    let mut text = String::from(include_str!("proof-head.md"));
    text.push_str(
        "| | played | faults | requests | messages acknowledged | stored | versions stored | lost | duplicates | stuck |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    text.push_str(&row("real processes", &processes, "histories"));
    text.push_str(&row("of these from seed 900000 on", &present, "histories"));
    text.push_str(&row("of these from seed 2000000 on, of one commit", &newest, "histories"));
    text.push_str(&row("simulation", &simulated, "scenes"));
    let _ = write!(
        text,
        "\nReal processes: {} runs, seeds {} to {}; longest recovery after the last fault of a day {:.1} s and {} \
         transfers; {} resends whose answer was compared with the first. {}.\n\
         Simulation: {} runs; longest recovery {} transfers; {} resends. {}.\n",
        processes.runs,
        processes.first.unwrap_or_default(),
        processes.last.unwrap_or_default(),
        processes.total.recovery_ms as f64 / 1000.0,
        processes.total.recovery_runs,
        processes.total.counts.resends,
        effects(&processes.total.faults),
        simulated.runs,
        simulated.total.recovery_runs,
        simulated.total.counts.resends,
        effects(&simulated.total.faults),
    );
    let failed = |sums: &Sums| {
        if sums.failed.is_empty() { "none".to_owned() } else { format!("seeds {:?}", sums.failed) }
    };
    let _ = write!(
        text,
        "Histories that failed: {}; scenes that failed: {}.\n\n{findings}\n## What was played by real processes\n\n\
         Only seeds from 900000 on choose among these; those below are folders of NDJSON, `lmr send run`, without \
         TLS.\n\n{}\n## Faults of real processes\n\n{}\n## Faults of the simulation\n\n{}",
        failed(&processes),
        failed(&simulated),
        played(&processes.total.played),
        table(&processes.total.faults),
        table(&simulated.total.faults),
    );
    fs::write(root.join("docs/proof.md"), text)?;
    Ok(())
}
