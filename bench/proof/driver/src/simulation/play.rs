//! Plays scenes: the sender on its machine, the accidents, and what must hold in the end.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use jiff::SignedDuration;
use lmr_envelope::{Certificate, PrivateKey, RandomSource, SigningKey};
use lmr_intake::{Archive as _, ArchiveFilter, AuditLog as _, RuleSetId, Store as _};
use lmr_lmdi::PersonNumbers;
use lmr_sender::check::{CheckContext, CheckError, CheckFinding, Checker, RuleSetChecker};
use lmr_sender::outbox::{Act, Outbox};
use lmr_sender::report::{Report, RunStatus};
use lmr_sender::schedule::RetrySchedule;
use lmr_sender::seal::{EnvelopeSealer, Sealer};
use lmr_sender::source::{FolderSource, SourceLimits};
use lmr_sender::{Agent, BundleLimits, HashKey, Parts, Settings, StopSignal};
use lmr_storage::SqliteStore;
use serde_json::Value;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use super::scene::{MachineFault, Run, Scene, Step};
use super::town::{Line, Stage, Town};
use super::{Chance, HASH_KEY, START, Shared, held, runtime};
use crate::disk::{self, Op};
use crate::faults::Accident;
use crate::history::Outcome;
use crate::model::{Model, name_of, plain};
use crate::oracle::{self, End};
use crate::plan::Edit;
use crate::rng::Rng;

const CALM_RUNS: usize = 8;

/// Lets everything through: the register finds what is wrong.
struct Unchecked;

impl Checker for Unchecked {
    fn check(&self, _: &str, _: &CheckContext) -> Result<Vec<CheckFinding>, CheckError> {
        Ok(Vec::new())
    }

    fn fingerprint(&self) -> String {
        "none".to_owned()
    }

    fn is_resource_type(&self, _: &str) -> bool {
        true
    }
}

/// The sender's sealer: its key is read once, and each transfer gives it other chance.
struct SharedSealer {
    sealer: Arc<EnvelopeSealer<Shared>>,
    chance: Arc<Chance>,
}

impl SharedSealer {
    fn of(stage: &Stage) -> Result<Self> {
        let signer = SigningKey::new(
            Certificate::from_der(&stage.sender.certificate_der)?,
            PrivateKey::from_pem(stage.sender.key_pem.as_bytes())?,
        )?;
        let recipient = Certificate::from_der(&stage.register.certificate_der)?;
        let chance = Arc::new(Chance(Mutex::new(Rng::new(0))));
        let sealer =
            EnvelopeSealer::new(stage.organisation, recipient, signer, Shared(Arc::clone(&chance)));
        Ok(Self { sealer: Arc::new(sealer), chance })
    }
}

/// Plays scenes, one after the other, on machines of its own.
pub struct Player {
    stage: Arc<Stage>,
    sealer: SharedSealer,
    folder: PathBuf,
    number: usize,
    /// The register's disk lies about flushes: everything must then fail.
    pub lying_disk: bool,
}

impl Player {
    pub fn new(stage: Arc<Stage>, folder: &Path, number: usize) -> Result<Self> {
        let folder = folder.join(format!("player-{number}"));
        fs::create_dir_all(&folder)?;
        let sealer = SharedSealer::of(&stage)?;
        Ok(Self { stage, sealer, folder, number, lying_disk: false })
    }

    /// Plays one. An error is the instrument's own.
    pub fn play(&self, scene: &Scene) -> Result<Outcome> {
        let (hospital, register) = (format!("s{}", self.number), format!("r{}", self.number));
        disk::install_image(&hospital, &self.stage.ledger);
        disk::install_image(&register, &self.stage.store);
        if self.lying_disk {
            disk::lie(&register);
        }
        let source = self.folder.join("source");
        let _ = fs::remove_dir_all(&source);
        let start = START.at(5, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC)?.timestamp();
        let town = Arc::new(Town {
            stage: Arc::clone(&self.stage),
            hospital,
            register,
            net: Mutex::default(),
            running: tokio::sync::Mutex::new(None),
            clock: AtomicI64::new((start + SignedDuration::from_hours(24)).as_second()),
            sender_clock: AtomicI64::new(0),
            receiver_clock: AtomicI64::new(0),
            power_loss: Mutex::new(None),
            chance: Mutex::new(Rng::new(scene.seed)),
            random: Arc::new(Chance(Mutex::new(Rng::new(scene.seed ^ 0x00AB_CDEF)))),
        });
        let mut play = Play {
            town,
            sealer: &self.sealer,
            scene,
            model: Model::new(scene.batch, scene.seed, START, scene.administrations),
            runtime: runtime()?,
            source,
            lock: self.folder.join("lock"),
            ledger_copy: None,
            register_copy: None,
            was_restored: false,
            renamed: BTreeSet::new(),
            outcome: Outcome::default(),
        };
        play.all()?;
        let Play { town, mut outcome, .. } = play;
        let mut net = held(&town.net);
        outcome.requests = net.requests;
        outcome.violations.append(&mut net.violations);
        outcome.faults = std::mem::take(&mut net.faults);
        Ok(outcome)
    }
}

struct Play<'a> {
    town: Arc<Town>,
    sealer: &'a SharedSealer,
    scene: &'a Scene,
    model: Model,
    runtime: Runtime,
    source: PathBuf,
    lock: PathBuf,
    ledger_copy: Option<HashMap<String, Vec<u8>>>,
    register_copy: Option<HashMap<String, Vec<u8>>>,
    was_restored: bool,
    renamed: BTreeSet<String>,
    outcome: Outcome,
}

impl Play<'_> {
    fn all(&mut self) -> Result<()> {
        self.model.write(&self.source)?;
        for step in &self.scene.steps {
            match step {
                Step::Edit(edit) => {
                    self.edit(*edit);
                    self.model.write(&self.source)?;
                }
                Step::NextDay => {
                    self.model.next_day();
                    self.town.clock.fetch_add(24 * 3600, Ordering::Relaxed);
                }
                Step::Backup => {
                    self.runtime.block_on(self.town.stop_receiver());
                    self.ledger_copy = Some(disk::image(&self.town.hospital));
                    self.register_copy = Some(disk::image(&self.town.register));
                }
                Step::Accident(accident) => self.accident(*accident)?,
                Step::Release => {
                    let now = self.town.time(&self.town.sender_clock);
                    let released = self.runtime.block_on(async {
                        let outbox = Outbox::open(&self.ledger()).await?;
                        let numbers: Vec<i64> =
                            outbox.held().await?.iter().map(|row| row.number).collect();
                        let act = Act::new("proof", None, now)?;
                        let done = outbox.release(&numbers, &act).await;
                        outbox.close().await;
                        anyhow::Ok(done?)
                    });
                    released.context("release")?;
                    held(&self.town.net).count("operator: release");
                }
                Step::Run(run) => self.run(run),
            }
            if !self.outcome.violations.is_empty() || !held(&self.town.net).violations.is_empty() {
                return Ok(());
            }
        }
        self.end()
    }

    fn ledger(&self) -> PathBuf {
        PathBuf::from(format!("/sim/{}/outbox.sqlite", self.town.hospital))
    }

    fn edit(&mut self, edit: Edit) {
        let before: BTreeSet<String> = self.model.faulty().iter().cloned().collect();
        self.model.edit(edit);
        let now: BTreeSet<String> = self.model.faulty().iter().cloned().collect();
        if matches!(edit, Edit::Correct) {
            self.renamed.extend(
                before.difference(&now).filter(|name| name.starts_with("Patient/")).cloned(),
            );
        }
    }

    fn accident(&mut self, accident: Accident) -> Result<()> {
        // Nobody replaces a database faster than a network gives up.
        self.runtime.block_on(self.town.deliver_late(true));
        match accident {
            Accident::RegisterRestored => {
                let Some(copy) = self.register_copy.clone() else { return Ok(()) };
                self.runtime.block_on(self.town.stop_receiver());
                disk::install_image(&self.town.register, &copy);
                let path = PathBuf::from(format!("/sim/{}/register.sqlite", self.town.register));
                let stored = oracle::stored_messages(&path)?;
                held(&self.town.net).acknowledged.retain(|id, _| stored.contains_key(id));
            }
            Accident::LedgerRestored => {
                let Some(copy) = self.ledger_copy.clone() else { return Ok(()) };
                disk::install_image(&self.town.hospital, &copy);
                self.was_restored = true;
            }
            Accident::LedgerDeleted | Accident::LedgerDamaged => {
                disk::install_image(&self.town.hospital, &self.town.stage.ledger);
            }
        }
        held(&self.town.net).count(format!("accident: {}", accident.kind()));
        Ok(())
    }

    fn arm(&self, machine: &str, fault: Option<MachineFault>) {
        let op = |flush| if flush { Op::Flush } else { Op::Write };
        match fault {
            Some(MachineFault::Crash { flush, nth, after }) => {
                disk::crash_at(machine, op(flush), nth, after)
            }
            Some(MachineFault::Fail { flush, nth, count, full }) => {
                disk::fail_at(machine, op(flush), nth, count, full);
            }
            Some(MachineFault::CrashAtPost { nth, after }) => {
                let mut net = held(&self.town.net);
                net.crash_at_post = Some((net.posts + nth, after));
            }
            None => {}
        }
    }

    fn run(&mut self, run: &Run) {
        self.town.clock.fetch_add(if run.planned { 20 * 3600 } else { 3700 }, Ordering::Relaxed);
        *held(&self.town.chance) = Rng::new(run.chance);
        held(&self.town.net).fates = run.network.iter().copied().collect();
        self.arm(&self.town.hospital, run.sender);
        let power_loss = held(&self.town.power_loss).take();
        self.arm(&self.town.register, power_loss.or(run.receiver));
        for (clock, seconds, who) in [
            (&self.town.sender_clock, run.sender_clock, "sender"),
            (&self.town.receiver_clock, run.receiver_clock, "receiver"),
        ] {
            clock.store(seconds, Ordering::Relaxed);
            if seconds != 0 {
                held(&self.town.net).count(format!("{who}: wrong clock"));
            }
        }
        // What goes wrong here is what was armed; what it leaves behind is looked at in the end.
        let _ = self.transfer(run.planned);
        self.recover_sender();
        self.runtime.block_on(async {
            self.town.recover_register().await;
        });
        for (machine, who) in [(&self.town.hospital, "sender"), (&self.town.register, "receiver")] {
            if disk::repair(machine) > 0 {
                held(&self.town.net).count(format!("{who}: error of the disk"));
            }
        }
        let mut net = held(&self.town.net);
        net.fates.clear();
        net.crash_at_post = None;
        drop(net);
        self.town.sender_clock.store(0, Ordering::Relaxed);
        self.town.receiver_clock.store(0, Ordering::Relaxed);
    }

    fn recover_sender(&self) {
        if disk::has_crashed(&self.town.hospital) {
            let lost = disk::restart(&self.town.hospital, &mut held(&self.town.chance));
            let mut net = held(&self.town.net);
            net.count("sender: crash of the machine");
            for (what, count) in [("lost", lost.writes), ("torn", lost.torn)] {
                *net.faults
                    .entry(format!("effect: sender: unflushed writes {what}"))
                    .or_default() += count;
            }
        }
    }

    /// One transfer by a process that lives for it alone.
    fn transfer(&self, planned: bool) -> Result<Report> {
        let (town, scene) = (&self.town, self.scene);
        let rule_set = if scene.batch { RuleSetId::Lmdi094 } else { RuleSetId::LATEST };
        self.runtime.block_on(async {
            let outbox = Outbox::open(&self.ledger()).await?;
            let (clock, stage) = (Arc::clone(town), &town.stage);
            *held(&self.sealer.chance.0) = Rng::new(held(&town.chance).next());
            let sealer: Arc<dyn Sealer> = Arc::clone(&self.sealer.sealer) as Arc<dyn Sealer>;
            let checker: Arc<dyn Checker> = if scene.checks {
                Arc::new(RuleSetChecker::new(rule_set, PersonNumbers::Any))
            } else {
                Arc::new(Unchecked)
            };
            let agent = Agent::new(Parts {
                settings: Settings {
                    own_addresses: Vec::new(),
                    incremental: false,
                    incremental_sources: Vec::new(),
                    start: START,
                    rule_set,
                    bundle_limits: BundleLimits {
                        entries: scene.entries,
                        ..BundleLimits::default()
                    },
                    retry: RetrySchedule::default(),
                    configuration: String::new(),
                    lock: self.lock.clone(),
                    organisation: stage.organisation.as_str().to_owned(),
                    environment: "local".to_owned(),
                    receiver: "the register".to_owned(),
                },
                source: Arc::new(FolderSource::new(self.source.clone(), SourceLimits::default())),
                key: HashKey::new(&Zeroizing::new(HASH_KEY)),
                outbox: outbox.clone(),
                checker,
                sealer,
                transport: Arc::new(Line(Arc::clone(town))),
                clock: Arc::new(move || clock.time(&clock.sender_clock)),
                random: Arc::clone(&town.random) as Arc<dyn RandomSource>,
                stop: StopSignal::default(),
            })
            .await;
            let done = match agent {
                // As the command does before it runs.
                Ok(agent) => match outbox.put_clock_right(town.time(&town.sender_clock)).await {
                    Ok(()) if planned => agent.run().await.map_err(Into::into),
                    Ok(()) => agent.retry_due().await.map_err(Into::into),
                    Err(error) => Err(error.into()),
                },
                Err(error) => Err(error.into()),
            };
            outbox.close().await;
            done
        })
    }

    fn calm(&mut self) -> Result<()> {
        let wanted =
            if self.model.faulty().is_empty() { RunStatus::Clean } else { RunStatus::ToCorrect };
        let mut last = String::new();
        for run in 1..=CALM_RUNS {
            self.town.clock.fetch_add(24 * 3600, Ordering::Relaxed);
            match self.transfer(true) {
                Ok(report) if report.status() == wanted => {
                    self.outcome.recovery_runs = self.outcome.recovery_runs.max(run as u64);
                    return Ok(());
                }
                Ok(report) => last = format!("{:?}: {report:?}", report.status()),
                Err(error) => last = format!("{error:#}"),
            }
        }
        self.outcome.counts.stuck += 1;
        last.truncate(2000);
        self.outcome
            .violations
            .push(format!("stuck: after {CALM_RUNS} transfers without faults {last}"));
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.runtime.block_on(self.town.deliver_late(true));
        self.calm()?;
        while !self.model.faulty().is_empty() {
            self.edit(Edit::Correct);
        }
        self.model.write(&self.source)?;
        self.calm()?;
        let before = held(&self.town.net).acknowledged.len();
        self.town.clock.fetch_add(24 * 3600, Ordering::Relaxed);
        let report = self.transfer(true)?;
        if report.status() != RunStatus::Clean || held(&self.town.net).acknowledged.len() != before
        {
            self.outcome
                .violations
                .push(format!("a transfer with nothing to do: {:?}", report.status()));
        }
        let export = self.runtime.block_on(async {
            self.town.stop_receiver().await;
            let store = self.town.open_store().await?;
            let report = store.verify_audit(&[]).await?;
            let whole = report.problems.is_empty();
            let export = export(&store).await;
            store.close().await;
            anyhow::Ok((export?, whole))
        })?;
        let (export, is_whole) = export;
        if !is_whole {
            self.outcome.violations.push("the audit log does not verify".to_owned());
        }
        let acknowledged = held(&self.town.net).acknowledged.clone();
        let verdict = oracle::check(&End {
            model: &self.model,
            register: Path::new(&format!("/sim/{}/register.sqlite", self.town.register)),
            ledger: &self.ledger(),
            export: &export,
            acknowledged: &acknowledged,
            was_restored: self.was_restored,
            renamed: &self.renamed,
        })?;
        let stuck = self.outcome.counts.stuck;
        self.outcome.counts = verdict.counts;
        self.outcome.counts.stuck += stuck;
        self.outcome.violations.extend(verdict.violations);
        Ok(())
    }
}

async fn export(store: &SqliteStore) -> Result<BTreeMap<String, Vec<Value>>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut filter = ArchiveFilter { limit: 100, ..ArchiveFilter::default() };
    loop {
        let page = store.archived(&filter).await?;
        let Some(last) = page.last() else { return Ok(all) };
        filter.after = Some((last.sender, last.cursor));
        for message in &page {
            for version in &message.versions {
                let bytes = message.resource(version).context("a version without content")?;
                let resource: Value = serde_json::from_slice(bytes)?;
                all.entry(name_of(&resource)).or_default().push(plain(&resource));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A proof that cannot fail proves nothing: a disk that calls flushed what is not must be found out.
    #[test]
    fn scenes_hold_and_a_disk_that_lies_about_flushes_is_found_out() {
        let folder = std::env::temp_dir().join(format!("lmr-proof-test-{}", std::process::id()));
        let mut player = Player::new(Arc::new(Stage::build().unwrap()), &folder, 0).unwrap();
        for seed in 0..20 {
            let outcome = player.play(&Scene::of(seed)).unwrap();
            assert_eq!(outcome.violations, Vec::<String>::new(), "seed {seed}");
            let again = player.play(&Scene::of(seed)).unwrap();
            assert_eq!(
                again.faults, outcome.faults,
                "seed {seed} is another scene the second time"
            );
        }
        player.lying_disk = true;
        let lost = |seed| {
            let outcome = player.play(&Scene::of(seed));
            outcome
                .map_or(true, |outcome| outcome.counts.lost > 0 || !outcome.violations.is_empty())
        };
        assert!((0..200).any(lost), "200 scenes do not find a disk that lies");
        fs::remove_dir_all(folder).unwrap();
    }
}
