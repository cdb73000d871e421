//! What was run: a line for each history, and sums.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Error, Result};
use serde_json::json;

use crate::history::Outcome;
use crate::oracle::Counts;

/// Sums of a run, and the file that keeps its lines.
pub struct Log {
    file: Option<File>,
    total: Outcome,
    histories: u64,
    failed: Vec<u64>,
    instrument: u64,
    /// Only sums are written, and what fails.
    sums: bool,
    written: u64,
}

pub fn add(to: &mut Counts, more: &Counts) {
    to.acknowledged_messages += more.acknowledged_messages;
    to.stored_messages += more.stored_messages;
    to.acknowledged_entries += more.acknowledged_entries;
    to.stored_versions += more.stored_versions;
    to.lost += more.lost;
    to.duplicates += more.duplicates;
    to.stuck += more.stuck;
    to.resends += more.resends;
}

/// How many faults there were; what a loss of power did to single writes is its effect and not counted.
pub fn faults(of: &BTreeMap<String, u64>) -> u64 {
    of.iter().filter(|(kind, _)| !kind.starts_with("effect: ")).map(|(_, count)| count).sum()
}

impl Log {
    pub fn open(path: Option<PathBuf>) -> Result<Self> {
        let file =
            path.map(|path| OpenOptions::new().create(true).append(true).open(path)).transpose()?;
        Ok(Self {
            file,
            total: Outcome::default(),
            histories: 0,
            failed: Vec::new(),
            instrument: 0,
            sums: false,
            written: 0,
        })
    }

    /// For thousands of scenes.
    pub fn summing(self) -> Self {
        Self { sums: true, ..self }
    }

    /// The sums so far, as a line that replaces none: the last one of a run counts.
    pub fn write_sums(&mut self) -> Result<()> {
        if let Some(file) = &mut self.file {
            let (histories, failed) = (self.histories, &self.failed);
            writeln!(
                file,
                "{}",
                json!({ "histories": histories, "failed": failed, "total": self.total })
            )?;
        }
        Ok(())
    }

    pub fn add(&mut self, seed: u64, outcome: &Outcome) -> Result<()> {
        self.histories += 1;
        add(&mut self.total.counts, &outcome.counts);
        for (kind, count) in &outcome.faults {
            *self.total.faults.entry(kind.clone()).or_default() += count;
        }
        for (kind, count) in &outcome.played {
            *self.total.played.entry(kind.clone()).or_default() += count;
        }
        self.total.requests += outcome.requests;
        self.total.recovery_ms = self.total.recovery_ms.max(outcome.recovery_ms);
        self.total.recovery_runs = self.total.recovery_runs.max(outcome.recovery_runs);
        let faults = faults(&outcome.faults);
        if !outcome.violations.is_empty() {
            self.failed.push(seed);
            println!("seed {seed} FAILS: {}", outcome.violations.join("; "));
        }
        if self.sums {
            if self.histories - self.written >= 1_000 {
                self.written = self.histories;
                println!("{} scenes, {} faults", self.histories, self::faults(&self.total.faults));
                self.write_sums()?;
            }
            return Ok(());
        }
        println!("seed {seed}: {faults} faults, {} s", outcome.seconds);
        if let Some(file) = &mut self.file {
            writeln!(file, "{}", json!({ "seed": seed, "outcome": outcome }))?;
        }
        Ok(())
    }

    /// The instrument itself failed: nothing is known of this history.
    pub fn instrument(&mut self, seed: u64, error: &Error) -> Result<()> {
        self.instrument += 1;
        println!("seed {seed}: not played: {error:#}");
        Ok(())
    }

    pub fn failed(&self) -> bool {
        !self.failed.is_empty() || self.instrument > 0
    }

    pub fn summary(&self) -> String {
        let faults: &BTreeMap<String, u64> = &self.total.faults;
        let mut text = String::new();
        for (kind, count) in faults {
            text.push_str(&format!("{count:>8}  {kind}\n"));
        }
        let counts = &self.total.counts;
        text.push_str(&format!(
            "{} histories, {} faults; {} messages acknowledged, {} stored; {} versions stored; {} lost, {} duplicates, \
             {} stuck; longest recovery {} ms, {} transfers; {} failed {:?}, {} not played",
            self.histories,
            self::faults(faults),
            counts.acknowledged_messages,
            counts.stored_messages,
            counts.stored_versions,
            counts.lost,
            counts.duplicates,
            counts.stuck,
            self.total.recovery_ms,
            self.total.recovery_runs,
            self.failed.len(),
            self.failed,
            self.instrument,
        ));
        text
    }
}
