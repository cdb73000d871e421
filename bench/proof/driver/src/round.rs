//! One round: a transfer, with what goes wrong meanwhile, and everything put right after it.

use std::fs;
use std::process::Child;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::actions::{Action, Actions};
use crate::faults::{DatabaseFault, Operation, ProcessFault};
use crate::history::{LONGEST_RUN, Play};
use crate::journal::{Lost, lose_power};
use crate::plan::{History, Round};
use crate::world::signal;

/// So long a daemon whose clock jumps may wait before its round is over without a transfer.
const PUT_OFF: Duration = Duration::from_secs(20);

impl Play<'_> {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    pub fn round(&mut self, round: &Round, history: &History) -> Result<()> {
        self.site.proxy.plan(&round.network);
        self.site.fhir_server.plan(&round.source);
        let armed = round.receiver.filter(|fault| fault.needs_shim());
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
        let from = self.world.log_length();
        let is_daemon = self.history.daemon;
        let mut senders = vec![if is_daemon {
            self.world.daemon_transfers(round.sender)?
        } else {
            self.world.send(round.sender)?
        }];
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
            for (at, sender) in senders.iter_mut().enumerate() {
                match sender.try_wait()? {
                    // Its transfer is over, and it waits for the next one.
                    None if at == 0 && is_daemon && self.world.daemon_status(from).is_some() => {}
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
            // A clock that jumps back after it was asked what is due puts the transfer off: by that clock it is right.
            let jumps = matches!(round.sender, Some(ProcessFault::ClockJump { .. }));
            if jumps && is_daemon && now > began + PUT_OFF && self.world.daemon_waits(from) {
                self.count("effect: sender: the daemon waits by its clock".to_owned());
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
            thread::sleep(Duration::from_millis(if is_daemon { 5 } else { 1 }));
        }
        if is_daemon {
            self.keep_daemon(senders.swap_remove(0), from, round);
        }
        self.settle(round, armed, history)
    }

    /// The daemon lives on where nothing is wrong with it.
    fn keep_daemon(&mut self, mut child: Child, from: usize, round: &Round) {
        signal(&child, "-CONT");
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        self.count("effect: sender: the daemon lives on");
        self.world.daemon = Some(child);
        let has_failed = self.world.daemon_status(from).is_none_or(|status| status > 1);
        if has_failed || round.sender.is_some_and(|fault| fault.needs_shim()) {
            self.stop_daemon();
        }
    }

    /// Everything stopped goes on, everything wrong is put right.
    fn settle(
        &mut self,
        round: &Round,
        armed: Option<ProcessFault>,
        history: &History,
    ) -> Result<()> {
        self.site.proxy.plan(&[]);
        self.site.fhir_server.plan(&[]);
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
