//! Plays a history with real processes and holds the end against the oracle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use jiff::{ToSpan as _, Zoned};

use crate::journal::{Lost, lose_power};
use crate::model::Model;
use crate::oracle::{self, Counts, End};
use crate::plan::{
    Accident, DatabaseFault, Edit, History, IssuerFault, Operation, ProcessFault, Round,
};
use crate::world::{Site, World, signal};

/// Transfers within which everything must be well again, without a person.
const CALM_RUNS: usize = 8;
/// Longest time for one transfer.
const LONGEST_RUN: Duration = Duration::from_secs(90);

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
}

struct Play<'a> {
    site: &'a mut Site,
    world: World,
    model: Model,
    outcome: Outcome,
    /// Messages that an older copy of the register does not have.
    was_restored: bool,
    has_backup: bool,
    is_database_down: bool,
    renamed: BTreeSet<String>,
    started: Instant,
}

/// Plays it. An error is the instrument's own; what the chain does wrong is in the outcome.
pub fn play(site: &mut Site, history: &History, keep: bool) -> Result<Outcome> {
    let today = Zoned::now().date();
    let start = today.checked_sub(6.days())?;
    let world = site.world(history, start)?;
    let folder = world.folder.clone();
    let mut play = Play {
        world,
        model: Model::new(history.batch, history.seed, start, history.administrations),
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
    fn count(&mut self, kind: impl Into<String>) {
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
            self.model.write(&self.world.path("source"))?;
            let next = history.days.get(at + 1).and_then(|day| day.accident);
            for round in &day.rounds {
                self.round(round, history)?;
                if !self.outcome.violations.is_empty() {
                    return Ok(());
                }
            }
            if let Some(Accident::LedgerRestored) = next {
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
                if status.code().is_none_or(|code| code != 2 && code != 4) {
                    self.outcome
                        .violations
                        .push(format!("a damaged ledger: the sender ends with {status}"));
                }
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

    /// One transfer without faults.
    fn one_run(&mut self) -> Result<ExitStatus> {
        let mut child = self.world.send(None)?;
        let until = Instant::now() + LONGEST_RUN;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > until {
                let _ = child.kill();
                let status = child.wait()?;
                self.outcome
                    .violations
                    .push("stuck: a transfer without faults does not end".to_owned());
                return Ok(status);
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
            if status.code() == Some(wanted) {
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
            last = Some(status);
        }
        let status = last.map(|status| status.to_string()).unwrap_or_default();
        self.outcome
            .violations
            .push(format!("stuck: after {CALM_RUNS} transfers without faults still {status}"));
        self.outcome.counts.stuck += 1;
        Ok(())
    }

    fn end(&mut self, history: &History) -> Result<()> {
        while !self.model.faulty().is_empty() {
            self.edit(Edit::Correct);
        }
        self.model.write(&self.world.path("source"))?;
        self.calm()?;
        // Once more: nothing is left to send.
        let requests = self.site.proxy.seen().acknowledged.len();
        let status = self.one_run()?;
        if status.code() != Some(0) {
            self.outcome
                .violations
                .push(format!("stuck: a transfer with nothing to do ends with {status}"));
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
        self.stop_all(history);
        let acknowledged = self.site.proxy.seen().acknowledged.clone();
        let verdict = oracle::check(&End {
            model: &self.model,
            register: &self.world.register(),
            ledger: &self.world.path("sender.sqlite"),
            export: &oracle::read_export(&export)?,
            acknowledged: &acknowledged,
            was_restored: self.was_restored,
            renamed: &self.renamed,
        })
        .context("the oracle")?;
        self.outcome.counts = verdict.counts;
        self.outcome.violations.extend(verdict.violations);
        Ok(())
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn round(&mut self, round: &Round, history: &History) -> Result<()> {
        self.site.proxy.plan(&round.network);
        let needs_shim = |fault: &ProcessFault| {
            !matches!(
                fault,
                ProcessFault::Kill { .. }
                    | ProcessFault::Terminate { .. }
                    | ProcessFault::Stop { .. }
                    | ProcessFault::Second { .. }
            )
        };
        let armed = round.receiver.filter(needs_shim);
        for who in ["sender", "receiver"] {
            let _ = fs::remove_file(self.world.report(who));
            let _ = fs::remove_file(self.world.journal(who));
        }
        let mut restart_at = None;
        if armed.is_some() {
            if !self.world.stop_receiver(0) {
                self.outcome.violations.push("the receiver does not end when asked to".to_owned());
            }
            // A second receiver on the same file loses its power with the first: its writes are in the journal too.
            let both_lose_power = history.receivers > 1
                && matches!(armed, Some(ProcessFault::PowerLoss { .. }))
                && self.site.postgres.is_none();
            if both_lose_power && !self.world.stop_receiver(1) {
                self.outcome.violations.push("the receiver does not end when asked to".to_owned());
            }
            if !self.world.serve(0, armed)? {
                self.receiver_died(round)?;
                restart_at = Some(self.now());
            } else if both_lose_power {
                self.world.serve(1, Some(ProcessFault::Journal))?;
            }
            if matches!(armed, Some(ProcessFault::Clock { .. } | ProcessFault::ClockJump { .. })) {
                self.count(format!("receiver: {}", armed.map_or("", ProcessFault::kind)));
            }
        }
        let began = self.now();
        let mut senders = vec![self.world.send(round.sender)?];
        if matches!(round.sender, Some(ProcessFault::Clock { .. } | ProcessFault::ClockJump { .. }))
        {
            self.count(format!("sender: {}", round.sender.map_or("", ProcessFault::kind)));
        }
        let mut todo = Actions::of(round, began);
        loop {
            let now = self.now();
            for action in todo.due(now) {
                self.act(action, &mut senders, round)?;
                if let Action::Receiver(
                    ProcessFault::Kill { .. } | ProcessFault::Terminate { .. },
                ) = action
                {
                    restart_at = Some(now + Duration::from_millis(20));
                }
                if let Action::KillIssuer = action {
                    self.site.kill_issuer();
                }
            }
            if self.world.receiver_died(0).is_some() {
                self.receiver_died(round)?;
                restart_at = Some(now + Duration::from_millis(20));
            }
            if restart_at.is_some_and(|at| at <= now) {
                restart_at = None;
                if !self.world.serve(0, None)? {
                    restart_at = Some(now + Duration::from_millis(200));
                }
            }
            let mut ended = true;
            for sender in &mut senders {
                match sender.try_wait()? {
                    None => ended = false,
                    Some(status) if status.code() == Some(101) => {
                        self.outcome.violations.push("the sender panicked".to_owned());
                    }
                    Some(_) => {}
                }
            }
            if ended {
                break;
            }
            if now > began + LONGEST_RUN {
                self.outcome.violations.push("stuck: a transfer does not end".to_owned());
                senders.iter_mut().for_each(|sender| {
                    let _ = sender.kill();
                    let _ = sender.wait();
                });
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.settle(round, armed, history)
    }

    /// Everything stopped goes on, everything wrong is put right.
    fn settle(
        &mut self,
        round: &Round,
        armed: Option<ProcessFault>,
        history: &History,
    ) -> Result<()> {
        self.site.proxy.plan(&[]);
        self.continue_database()?;
        let reported = fs::read_to_string(self.world.report("sender")).unwrap_or_default();
        self.count_points("sender", round.sender, &reported);
        if let Some(ProcessFault::PowerLoss { chance, .. }) = round.sender
            && reported.contains("killed")
        {
            let lost = lose_power(&self.world.journal("sender"), chance)?;
            self.count_lost("sender", lost);
        }
        match self.site.issuer() {
            Some(issuer) => signal(issuer, "-CONT"),
            None => self.site.start_issuer()?,
        }
        if let Some(child) = self.world.receiver(0) {
            signal(child, "-CONT");
        }
        if armed.is_some() && self.world.receiver(0).is_some() {
            // Has not died of it: the fault ends with the process.
            if !self.world.stop_receiver(0) {
                self.outcome.violations.push("the receiver does not end when asked to".to_owned());
            }
            let report = fs::read_to_string(self.world.report("receiver")).unwrap_or_default();
            self.count_points("receiver", round.receiver, &report);
            if let Some(ProcessFault::PowerLoss { chance, .. }) = round.receiver
                && report.contains("killed")
            {
                self.receiver_loses_power(chance)?;
            }
        }
        for n in 0..history.receivers {
            if self.world.receiver(n).is_none() {
                self.world.serve_at_last(n)?;
            }
        }
        Ok(())
    }

    fn receiver_died(&mut self, round: &Round) -> Result<()> {
        let report = fs::read_to_string(self.world.report("receiver")).unwrap_or_default();
        self.count_points("receiver", round.receiver, &report);
        if let Some(ProcessFault::PowerLoss { chance, .. }) = round.receiver
            && report.contains("killed")
        {
            self.receiver_loses_power(chance)?;
        }
        let _ = fs::remove_file(self.world.report("receiver"));
        let _ = fs::remove_file(self.world.journal("receiver"));
        Ok(())
    }

    fn receiver_loses_power(&mut self, chance: u64) -> Result<()> {
        // A second receiver on the same machine loses it too.
        if self.world.receiver(1).is_some() {
            self.world.kill_receiver(1);
            self.count("receiver: SIGKILL at a random moment");
        }
        let lost = lose_power(&self.world.journal("receiver"), chance)?;
        self.count_lost("receiver", lost);
        Ok(())
    }

    fn count_points(&mut self, who: &str, fault: Option<ProcessFault>, report: &str) {
        let Some(fault) = fault else { return };
        for line in report.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["killed", moment, class, ..] => {
                    let what = match fault {
                        ProcessFault::PowerLoss { .. } => "power loss",
                        _ => "SIGKILL",
                    };
                    self.count(format!("{who}: {what} {moment} {class}"));
                }
                ["failed", class, ..] => self.count(format!("{who}: {} at {class}", fault.kind())),
                _ => {}
            }
        }
    }

    fn count_lost(&mut self, who: &str, lost: Lost) {
        for (what, count) in [("lost", lost.writes), ("kept", lost.kept), ("torn", lost.torn)] {
            if count > 0 {
                *self
                    .outcome
                    .faults
                    .entry(format!("effect: {who}: unflushed writes {what}"))
                    .or_default() += count;
            }
        }
    }

    fn act(&mut self, action: Action, senders: &mut Vec<Child>, round: &Round) -> Result<()> {
        match action {
            Action::Sender(fault) => {
                let is_running = matches!(senders[0].try_wait(), Ok(None));
                match fault {
                    ProcessFault::Second { .. } => senders.push(self.world.send(None)?),
                    _ if !is_running => return Ok(()),
                    ProcessFault::Kill { .. } => senders[0].kill()?,
                    ProcessFault::Terminate { .. } => signal(&senders[0], "-TERM"),
                    _ => signal(&senders[0], "-STOP"),
                }
                self.count(format!("sender: {}", fault.kind()));
            }
            Action::ContinueSender => signal(&senders[0], "-CONT"),
            Action::Receiver(fault) => {
                if self.world.receiver(0).is_none() {
                    return Ok(());
                }
                match fault {
                    ProcessFault::Kill { .. } => self.world.kill_receiver(0),
                    ProcessFault::Terminate { .. } => {
                        if !self.world.stop_receiver(0) {
                            self.outcome
                                .violations
                                .push("the receiver does not end when asked to".to_owned());
                        }
                    }
                    _ => {
                        if let Some(child) = self.world.receiver(0) {
                            signal(child, "-STOP");
                        }
                    }
                }
                self.count(format!("receiver: {}", fault.kind()));
            }
            Action::ContinueReceiver => {
                if let Some(child) = self.world.receiver(0) {
                    signal(child, "-CONT");
                }
            }
            Action::KillIssuer => self.count("issuer: SIGKILL, then other keys"),
            Action::StopIssuer => {
                if let Some(issuer) = self.site.issuer() {
                    signal(issuer, "-STOP");
                    self.count("issuer: SIGSTOP");
                }
            }
            Action::ContinueIssuer => match self.site.issuer() {
                Some(issuer) => signal(issuer, "-CONT"),
                None => self.site.start_issuer()?,
            },
            Action::Database(fault) => {
                let Some(postgres) = &self.site.postgres else { return Ok(()) };
                let what = match fault {
                    DatabaseFault::KillSessions { .. } => {
                        postgres.signal("-KILL", false);
                        "SIGKILL of its sessions"
                    }
                    DatabaseFault::Crash { .. } => {
                        postgres.signal("-KILL", true);
                        self.is_database_down = true;
                        "SIGKILL of all of it"
                    }
                    DatabaseFault::Stop { .. } => {
                        postgres.signal("-STOP", true);
                        "SIGSTOP"
                    }
                };
                self.count(format!("PostgreSQL: {what}"));
            }
            Action::ContinueDatabase => self.continue_database()?,
            Action::Operator => {
                if let Some(operation) = round.operator {
                    self.operate(operation)?;
                }
            }
        }
        Ok(())
    }

    /// The server goes on, or is started again.
    fn continue_database(&mut self) -> Result<()> {
        if let Some(postgres) = &self.site.postgres {
            if std::mem::take(&mut self.is_database_down) {
                postgres.go()?;
            } else {
                postgres.signal("-CONT", true);
            }
        }
        Ok(())
    }

    fn operate(&mut self, operation: Operation) -> Result<()> {
        let backup = self.world.path("receiver.copy").to_string_lossy().into_owned();
        let _ = fs::remove_file(&backup);
        let (config, arguments, what): (&str, Vec<&str>, &str) = match operation {
            Operation::ReleaseAll => {
                ("sender.toml", vec!["send", "release", "--all"], "release --all")
            }
            Operation::ForgetSince => {
                ("sender.toml", vec!["send", "forget", "--since", "2020-01-01"], "forget --since")
            }
            Operation::Status => ("sender.toml", vec!["send", "status"], "status"),
            Operation::Deliveries => ("receiver-0.toml", vec!["admin", "deliveries"], "deliveries"),
            Operation::Backup => ("receiver-0.toml", vec!["admin", "backup", &backup], "backup"),
        };
        self.world.command(config, &arguments)?;
        self.count(format!("operator in the middle: {what}"));
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Sender(ProcessFault),
    ContinueSender,
    Receiver(ProcessFault),
    ContinueReceiver,
    KillIssuer,
    StopIssuer,
    ContinueIssuer,
    Database(DatabaseFault),
    ContinueDatabase,
    Operator,
}

struct Actions(Vec<(Duration, Action)>);

impl Actions {
    fn of(round: &Round, began: Duration) -> Self {
        let mut all = Vec::new();
        let at = |ms: u64| began + Duration::from_millis(ms);
        match round.sender {
            Some(
                fault @ (ProcessFault::Kill { after_ms }
                | ProcessFault::Terminate { after_ms }
                | ProcessFault::Second { after_ms }),
            ) => all.push((at(after_ms), Action::Sender(fault))),
            Some(fault @ ProcessFault::Stop { after_ms, for_ms }) => {
                all.push((at(after_ms), Action::Sender(fault)));
                all.push((at(after_ms + for_ms), Action::ContinueSender));
            }
            _ => {}
        }
        match round.receiver {
            Some(
                fault @ (ProcessFault::Kill { after_ms } | ProcessFault::Terminate { after_ms }),
            ) => {
                all.push((at(after_ms), Action::Receiver(fault)));
            }
            Some(fault @ ProcessFault::Stop { after_ms, for_ms }) => {
                all.push((at(after_ms), Action::Receiver(fault)));
                all.push((at(after_ms + for_ms), Action::ContinueReceiver));
            }
            _ => {}
        }
        match round.issuer {
            Some(IssuerFault::Kill { after_ms, for_ms }) => {
                all.push((at(after_ms), Action::KillIssuer));
                all.push((at(after_ms + for_ms), Action::ContinueIssuer));
            }
            Some(IssuerFault::Stop { after_ms, for_ms }) => {
                all.push((at(after_ms), Action::StopIssuer));
                all.push((at(after_ms + for_ms), Action::ContinueIssuer));
            }
            None => {}
        }
        match round.database {
            Some(fault @ DatabaseFault::KillSessions { after_ms }) => {
                all.push((at(after_ms), Action::Database(fault)));
            }
            Some(
                fault @ (DatabaseFault::Crash { after_ms, for_ms }
                | DatabaseFault::Stop { after_ms, for_ms }),
            ) => {
                all.push((at(after_ms), Action::Database(fault)));
                all.push((at(after_ms + for_ms), Action::ContinueDatabase));
            }
            None => {}
        }
        if round.operator.is_some() {
            all.push((at(150), Action::Operator));
        }
        all.sort_by_key(|(at, _)| *at);
        Self(all)
    }

    fn due(&mut self, now: Duration) -> Vec<Action> {
        let later = self.0.iter().position(|(at, _)| *at > now).unwrap_or(self.0.len());
        self.0.drain(..later).map(|(_, action)| action).collect()
    }
}
