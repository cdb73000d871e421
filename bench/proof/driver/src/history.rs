//! Plays a history with real processes and holds the end against the oracle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use jiff::{ToSpan as _, Zoned};

use crate::faults::Accident;
use crate::model::Model;
use crate::oracle::{self, Counts, End};
use crate::plan::{Edit, History};
use crate::source;
use crate::world::{Site, World};

/// Transfers within which everything must be well again, without a person.
const CALM_RUNS: usize = 8;
/// Longest time for one transfer.
pub const LONGEST_RUN: Duration = Duration::from_secs(90);

/// What a history came to.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Outcome {
    pub counts: Counts,
    /// Faults that happened, by kind and point.
    pub faults: BTreeMap<String, u64>,
    pub violations: Vec<String>,
    /// From the last fault of a day to its first clean transfer, the longest.
    pub recovery_ms: u64,
    /// Transfers that took.
    pub recovery_runs: u64,
    pub requests: u64,
    pub seconds: u64,
    /// What was played: histories by kind of source, of sender, of connection.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub played: BTreeMap<String, u64>,
}

pub struct Play<'a> {
    pub site: &'a mut Site,
    pub history: &'a History,
    pub world: World,
    pub model: Model,
    pub outcome: Outcome,
    /// Messages that an older copy of the register does not have.
    pub was_restored: bool,
    pub has_backup: bool,
    pub is_database_down: bool,
    pub renamed: BTreeSet<String>,
    pub started: Instant,
}

/// Plays it. An error is the instrument's own; what the chain does wrong is in the outcome.
pub fn play(site: &mut Site, history: &History, keep: bool) -> Result<Outcome> {
    let today = Zoned::now().date();
    let start = today.checked_sub(6.days())?;
    let world = site.world(history, start)?;
    let folder = world.folder.clone();
    let mut play = Play {
        world,
        model: if history.source.is_table() {
            Model::of_table(history.seed, start, history.administrations)
        } else {
            Model::new(history.batch, history.seed, start, history.administrations)
        },
        history,
        site,
        outcome: Outcome::default(),
        was_restored: false,
        has_backup: false,
        is_database_down: false,
        renamed: BTreeSet::new(),
        started: Instant::now(),
    };
    if play.site.issuer().is_none() {
        play.site.start_issuer()?;
    }
    for n in 0..history.receivers {
        play.world.serve_at_last(n)?;
    }
    let done = play.days(history);
    let Play { outcome, world, .. } = play;
    let mut outcome = match done {
        Ok(()) => outcome,
        Err(error) => {
            drop(world);
            bail!("history {}: {error:#}", history.seed);
        }
    };
    drop(world);
    if let Some(postgres) = &site.postgres {
        postgres.drop_database(&format!("h{}", history.seed));
    }
    let seen = site.proxy.seen();
    outcome.requests = seen.requests;
    outcome.violations.extend(seen.violations.iter().cloned());
    for (kind, count) in &seen.faults {
        *outcome.faults.entry(format!("network: {kind}")).or_default() += count;
    }
    drop(seen);
    for (kind, count) in &site.fhir_server.record().faults {
        *outcome.faults.entry(format!("FHIR server: {kind}")).or_default() += count;
    }
    let kinds = [
        format!("source: {}", history.source.kind()),
        format!("sender: {}", if history.daemon { "daemon" } else { "run" }),
        format!("connection: {}", if history.tls { "TLS" } else { "plain" }),
    ];
    outcome.played = kinds.into_iter().map(|kind| (kind, 1)).collect();
    for log in ["sender.log", "receiver.log"] {
        let text = fs::read_to_string(folder.join(log)).unwrap_or_default();
        if let Some(line) = text.lines().find(|line| line.contains("panicked")) {
            outcome.violations.push(format!("{log}: {line}"));
        }
    }
    if !keep && outcome.violations.is_empty() {
        fs::remove_dir_all(&folder)?;
    }
    Ok(outcome)
}

impl Play<'_> {
    pub fn count(&mut self, kind: impl Into<String>) {
        *self.outcome.faults.entry(kind.into()).or_default() += 1;
    }

    fn days(&mut self, history: &History) -> Result<()> {
        for (at, day) in history.days.iter().enumerate() {
            if at > 0 {
                self.model.next_day();
            }
            if let Some(accident) = day.accident {
                self.accident(accident, history)?;
            }
            for edit in &day.edits {
                self.edit(*edit);
            }
            self.show()?;
            if let Some(ending) = day.ending {
                self.begin_to_end(ending)?;
            }
            let next = history.days.get(at + 1).and_then(|day| day.accident);
            for round in &day.rounds {
                self.round(round, history)?;
                if !self.outcome.violations.is_empty() {
                    return Ok(());
                }
            }
            if let Some(ending) = day.ending {
                self.renew(ending)?;
            }
            if let Some(Accident::LedgerRestored) = next {
                self.stop_daemon();
                self.world.copy_database("sender.sqlite", "sender.backup")?;
            }
            if let Some(Accident::RegisterRestored) = next {
                self.stop_all(history);
                match &self.site.postgres {
                    Some(postgres) => postgres.copy(&format!("h{}", history.seed), "backup")?,
                    None => self.world.copy_database("receiver.sqlite", "receiver.backup")?,
                }
                self.has_backup = true;
                self.start_all(history)?;
            }
            self.calm()?;
            let acknowledged = self.site.proxy.seen().acknowledged.clone();
            let verdict = oracle::check_acknowledged(&self.world.register(), &acknowledged)?;
            self.outcome.violations.extend(verdict.violations);
            if !self.outcome.violations.is_empty() {
                self.outcome.counts = verdict.counts;
                return Ok(());
            }
        }
        self.end(history)
    }

    /// The source shows the record as it is now.
    fn show(&mut self) -> Result<()> {
        source::show(
            self.history.source,
            &mut self.model,
            &self.world.folder,
            &self.site.fhir_server,
        )
    }

    fn edit(&mut self, edit: Edit) {
        let before: BTreeSet<String> = self.model.faulty().iter().cloned().collect();
        self.model.edit(edit);
        // A corrected identity number makes another resource of a patient, as far as anybody outside can see.
        if let Edit::Correct = edit {
            let now: BTreeSet<String> = self.model.faulty().iter().cloned().collect();
            self.renamed.extend(
                before.difference(&now).filter(|name| name.starts_with("Patient/")).cloned(),
            );
        }
    }

    pub fn stop_daemon(&mut self) {
        if !self.world.stop_daemon() {
            self.outcome.violations.push("the daemon does not end when asked to".to_owned());
        }
    }

    fn stop_all(&mut self, history: &History) {
        for n in 0..history.receivers {
            if !self.world.stop_receiver(n) {
                self.outcome.violations.push("the receiver does not end when asked to".to_owned());
            }
        }
    }

    fn start_all(&mut self, history: &History) -> Result<()> {
        for n in 0..history.receivers {
            self.world.serve_at_last(n)?;
        }
        Ok(())
    }

    fn accident(&mut self, accident: Accident, history: &History) -> Result<()> {
        let ledger = self.world.path("sender.sqlite");
        self.stop_daemon();
        match accident {
            Accident::RegisterRestored => {
                if !self.has_backup {
                    return Ok(());
                }
                self.stop_all(history);
                match &self.site.postgres {
                    Some(postgres) => postgres.copy("backup", &format!("h{}", history.seed))?,
                    None => {
                        self.world.remove_database("receiver.sqlite");
                        self.world.copy_database("receiver.backup", "receiver.sqlite")?;
                    }
                }
                let stored = oracle::stored_messages(&self.world.register())?;
                self.site.proxy.seen().acknowledged.retain(|id, _| stored.contains_key(id));
                self.start_all(history)?;
            }
            Accident::LedgerDeleted => self.world.remove_database("sender.sqlite"),
            Accident::LedgerRestored => {
                if !self.world.path("sender.backup").exists() {
                    return Ok(());
                }
                self.world.remove_database("sender.sqlite");
                self.world.copy_database("sender.backup", "sender.sqlite")?;
                self.was_restored = true;
            }
            Accident::LedgerDamaged => {
                if !ledger.exists() {
                    return Ok(());
                }
                // Whole in one file first: else the log would heal what is overwritten.
                oracle::ask_once(&ledger, "PRAGMA wal_checkpoint(TRUNCATE)")?;
                let mut bytes = fs::read(&ledger)?;
                bytes
                    .iter_mut()
                    .take(4096)
                    .for_each(|byte| *byte = byte.wrapping_mul(31).wrapping_add(7));
                fs::write(&ledger, bytes)?;
                let before = self.site.proxy.seen().acknowledged.len();
                let status = self.one_run()?;
                if status.is_none_or(|code| code != 2 && code != 4) {
                    self.outcome
                        .violations
                        .push(format!("a damaged ledger: the sender ends with {status:?}"));
                }
                self.stop_daemon();
                if self.site.proxy.seen().acknowledged.len() != before {
                    self.outcome
                        .violations
                        .push("messages are sent with a damaged ledger".to_owned());
                }
                self.world.remove_database("sender.sqlite");
            }
        }
        self.count(format!("accident: {}", accident.kind()));
        Ok(())
    }

    /// One transfer without faults, by the daemon where it is one; gives its exit status.
    pub fn one_run(&mut self) -> Result<Option<i32>> {
        let from = self.world.log_length();
        let mut child = if self.history.daemon {
            self.world.daemon_transfers(None)?
        } else {
            self.world.send(None)?
        };
        let until = Instant::now() + LONGEST_RUN;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status.code());
            }
            if self.history.daemon
                && let Some(status) = self.world.daemon_status(from)
            {
                self.world.daemon = Some(child);
                if status > 1 {
                    // It waits for a minute now; its service manager may start it again.
                    self.stop_daemon();
                }
                return Ok(Some(status));
            }
            if Instant::now() > until {
                let _ = child.kill();
                child.wait()?;
                self.outcome
                    .violations
                    .push("stuck: a transfer without faults does not end".to_owned());
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Transfers until all is well: everything delivered, and what is faulty is held.
    fn calm(&mut self) -> Result<()> {
        let began = Instant::now();
        let is_faulty = !self.model.faulty().is_empty();
        let wanted = if is_faulty { 1 } else { 0 };
        let mut last = None;
        for run in 1..=CALM_RUNS {
            if run > 3 {
                // The real schedule waits for an hour; the register asks an issuer for new keys once a minute.
                thread::sleep(Duration::from_secs(15));
            }
            let status = self.one_run()?;
            if status == Some(wanted) {
                let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                self.outcome.recovery_ms = self.outcome.recovery_ms.max(took);
                self.outcome.recovery_runs = self.outcome.recovery_runs.max(run as u64);
                let held = oracle::held(&self.world.path("sender.sqlite"))?;
                let faulty = self.model.faulty().len() as u64;
                if held != faulty {
                    self.outcome
                        .violations
                        .push(format!("{faulty} resources are faulty, {held} are held"));
                }
                return Ok(());
            }
            last = status;
        }
        self.outcome
            .violations
            .push(format!("stuck: after {CALM_RUNS} transfers without faults still {last:?}"));
        self.outcome.counts.stuck += 1;
        Ok(())
    }

    fn end(&mut self, history: &History) -> Result<()> {
        while !self.model.faulty().is_empty() {
            self.edit(Edit::Correct);
        }
        self.show()?;
        self.calm()?;
        // Once more: nothing is left to send.
        let requests = self.site.proxy.seen().acknowledged.len();
        let status = self.one_run()?;
        if status != Some(0) {
            self.outcome
                .violations
                .push(format!("stuck: a transfer with nothing to do ends with {status:?}"));
        }
        if self.site.proxy.seen().acknowledged.len() != requests {
            self.outcome.violations.push("a message was sent with nothing to send".to_owned());
        }
        let export = self.world.path("export");
        let folder = export.to_string_lossy().into_owned();
        let exported = self.world.command(
            "receiver-0.toml",
            &["admin", "export", &folder, "--reason", "proof", "--all-versions"],
        )?;
        if !exported.status.success() {
            bail!("the export fails: {}", String::from_utf8_lossy(&exported.stderr));
        }
        let verified = self.world.command("receiver-0.toml", &["admin", "audit", "verify"])?;
        if !verified.status.success() {
            self.outcome.violations.push(format!(
                "the audit log does not verify: {}",
                String::from_utf8_lossy(&verified.stdout)
            ));
        }
        self.stop_daemon();
        self.stop_all(history);
        let acknowledged = self.site.proxy.seen().acknowledged.clone();
        let verdict = oracle::check(&End {
            model: &self.model,
            register: &self.world.register(),
            ledger: &self.world.path("sender.sqlite"),
            export: &oracle::read_export(&export, &self.model)?,
            acknowledged: &acknowledged,
            was_restored: self.was_restored,
            renamed: &self.renamed,
        })
        .context("the oracle")?;
        self.outcome.counts = verdict.counts;
        self.outcome.violations.extend(verdict.violations);
        Ok(())
    }
}
