//! What became of each change: kept in a file, shown as a table, and held against the reasons.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::groups::{Group, Survivor};

/// Why a change was not run that may be run by the next sample.
pub(crate) const NOT_SAMPLED: &str = "not in the sample";

/// What became of one change.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Outcome {
    pub(crate) file: String,
    pub(crate) label: String,
    pub(crate) line: usize,
    pub(crate) fate: Fate,
    /// The test that noticed it, or how many ran in vain.
    pub(crate) detail: String,
}

/// How a change ended.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fate {
    Caught,
    TimedOut,
    DoesNotCompile,
    /// No test failed.
    Missed,
    /// Has to be tried alone, and has not been.
    NotRun,
}

/// All outcomes, by file and label.
#[derive(Debug, Default)]
pub(crate) struct Record {
    outcomes: BTreeMap<(String, String), Outcome>,
}

impl Record {
    /// Reads what was kept; nothing where there is no file.
    ///
    /// # Errors
    ///
    /// When a line is not an outcome.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let mut record = Self::default();
        for line in fs::read_to_string(path).unwrap_or_default().lines() {
            record.put(serde_json::from_str(line).with_context(|| path.display().to_string())?);
        }
        Ok(record)
    }

    /// Writes all outcomes, a line each.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let mut text = String::new();
        for outcome in self.outcomes.values() {
            writeln!(text, "{}", serde_json::to_string(outcome)?)?;
        }
        fs::write(path, text).with_context(|| path.display().to_string())
    }

    pub(crate) fn put(&mut self, outcome: Outcome) {
        self.outcomes.insert((outcome.file.clone(), outcome.label.clone()), outcome);
    }

    pub(crate) fn get(&self, file: &str, label: &str) -> Option<&Outcome> {
        self.outcomes.get(&(file.to_owned(), label.to_owned()))
    }

    /// Forgets the changes of a file that are no longer there.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Outcome) -> bool) {
        self.outcomes.retain(|_, outcome| keep(outcome));
    }

    /// The table of the groups, and below it what no test noticed: first what has no reason.
    pub(crate) fn table(&self, groups: &[Group], reasons: &[Survivor]) -> (String, usize) {
        let mut text = "| group | changes | caught | by time | do not compile | missed | of them with a reason | not run |\n\
                        |---|---|---|---|---|---|---|---|\n"
            .to_owned();
        let (mut left, mut explained, mut alone) = (String::new(), String::new(), String::new());
        let mut unexplained = 0;
        for group in groups {
            let mut counts: BTreeMap<Fate, usize> = BTreeMap::new();
            let mut with_reason = 0;
            for outcome in self.outcomes.values().filter(|outcome| group.has(&outcome.file)) {
                *counts.entry(outcome.fate).or_default() += 1;
                let line = format!("{}:{}: {}", outcome.file, outcome.line, outcome.label);
                match (
                    outcome.fate,
                    reasons.iter().find(|reason| reason.is_of(&outcome.file, &outcome.label)),
                ) {
                    (Fate::Missed, Some(reason)) => {
                        with_reason += 1;
                        let _ = writeln!(explained, "{line}: {}", reason.why);
                    }
                    (Fate::Missed, None) => {
                        unexplained += 1;
                        let _ = writeln!(left, "[{}] {line} ({})", group.name, outcome.detail);
                    }
                    (Fate::NotRun, _) if outcome.detail == NOT_SAMPLED => {}
                    (Fate::NotRun, _) => {
                        let _ = writeln!(alone, "[{}] {line} ({})", group.name, outcome.detail);
                    }
                    _ => {}
                }
            }
            let of = |fate| counts.get(&fate).copied().unwrap_or(0);
            if !counts.is_empty() {
                let _ = writeln!(
                    text,
                    "| {} | {} | {} | {} | {} | {} | {with_reason} | {} |",
                    group.name,
                    counts.values().sum::<usize>(),
                    of(Fate::Caught),
                    of(Fate::TimedOut),
                    of(Fate::DoesNotCompile),
                    of(Fate::Missed),
                    of(Fate::NotRun),
                );
            }
        }
        for (title, list) in [
            ("Missed, with a reason", explained),
            ("Not run (to be tried alone: --alone)", alone),
            ("Missed, without a reason", left),
        ] {
            if !list.is_empty() {
                let _ = write!(text, "\n{title}:\n{list}");
            }
        }
        (text, unexplained)
    }
}
