//! The real sender and the real intake in one process, on a simulated network, clock and disk. A seed gives the same
//! steps every time.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use lmr_envelope::{
    Certificate, DecryptionKey, DecryptionKeys, PrivateKey, RandomSource, RandomnessUnavailable,
    SigningKey,
};
use lmr_identifiers::OrganisationNumber;
use lmr_identifiers::synthetic::organisation_number;
use lmr_intake::{
    AllowList, Archive as _, ArchiveFilter, AuditLog as _, Avsender, Caller,
    Outcome as AnswerOutcome, Receiver, RegisteredCertificate, RuleSetId, Store as _,
};
use lmr_lmdi::PersonNumbers;
use lmr_sandbox::certificates::{KeyAndCertificate, Order, TestCa};
use lmr_sender::attempt::{AttemptFailure, ConnectionFailure};
use lmr_sender::check::{CheckContext, CheckError, CheckFinding, Checker, RuleSetChecker};
use lmr_sender::outbox::{Act, Outbox};
use lmr_sender::report::{Report, RunStatus};
use lmr_sender::schedule::RetrySchedule;
use lmr_sender::seal::{EnvelopeSealer, Sealer};
use lmr_sender::source::{FolderSource, SourceLimits};
use lmr_sender::transport::{NewestReceipt, PostOutcome, Transport};
use lmr_sender::{Agent, BundleLimits, HashKey, Parts, Settings, StopSignal};
use lmr_storage::{SqliteStore, StorageKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use crate::disk::{self, Op};
use crate::faults::{Accident, Fate};
use crate::history::Outcome;
use crate::model::{Model, name_of, plain};
use crate::oracle::{self, End};
use crate::plan::Edit;
use crate::proxy::Acknowledged;
use crate::rng::Rng;

const START: Date = date(2026, 3, 1);
const CALM_RUNS: usize = 8;
const HASH_KEY: [u8; 32] = [3; 32];
const COLUMN_KEY: [u8; 32] = [5; 32];

/// A history of the simulation as data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scene {
    pub seed: u64,
    batch: bool,
    entries: usize,
    administrations: usize,
    /// The sender checks by the register's rules before it sends; else only the register does.
    checks: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Step {
    Edit(Edit),
    NextDay,
    Backup,
    Accident(Accident),
    Release,
    Run(Run),
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Run {
    planned: bool,
    network: Vec<Fate>,
    sender: Option<MachineFault>,
    receiver: Option<MachineFault>,
    /// Seconds that a clock is wrong by.
    sender_clock: i64,
    receiver_clock: i64,
    chance: u64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum MachineFault {
    /// No power any more at an operation of the disk.
    Crash { flush: bool, nth: u64, after: bool },
    /// The same at a request: before it leaves, or when its answer has come.
    CrashAtPost { nth: u64, after: bool },
    /// Operations of the disk fail.
    Fail { flush: bool, nth: u64, count: u64, full: bool },
}

fn machine_fault(rng: &mut Rng, is_sender: bool) -> MachineFault {
    let flush = rng.chance(40);
    let most = if flush { 30 } else { 200 };
    let most = if rng.chance(50) { most / 5 } else { most };
    match rng.below(10) {
        0..2 if is_sender => {
            MachineFault::CrashAtPost { nth: rng.between(1, 5), after: rng.chance(50) }
        }
        0..7 => MachineFault::Crash { flush, nth: rng.between(1, most), after: rng.chance(50) },
        _ => MachineFault::Fail {
            flush,
            nth: rng.between(1, most),
            count: rng.between(1, 20),
            full: !flush && rng.chance(50),
        },
    }
}

fn fate(rng: &mut Rng) -> Fate {
    let part = rng.below(1001);
    match rng.below(20) {
        0..3 => Fate::Pass,
        3 => Fate::Refuse,
        4 => Fate::CutRequest { part },
        5 => Fate::LoseRequest,
        6 | 7 => Fate::CutAnswer { part, reset: true },
        8 | 9 => Fate::LoseAnswer,
        10..13 => Fate::Late { ms: rng.between(1, 4) },
        13 | 14 => Fate::Twice { second: rng.chance(50) },
        15 => Fate::AtOnce,
        16 => Fate::Stale { delivered: rng.chance(60) },
        17 => Fate::Garbage { delivered: rng.chance(50) },
        _ => Fate::Page {
            status: *rng
                .pick(&[200, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504]),
            delivered: rng.chance(50),
        },
    }
}

impl Scene {
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x5151_5151);
        let mut steps = Vec::new();
        for day in 0..rng.between(2, 3) {
            if day > 0 {
                steps.push(Step::NextDay);
                steps.push(Step::Edit(Edit::New { administrations: 1 }));
            }
            for _ in 0..rng.between(2, 6) {
                if rng.chance(40) {
                    steps.push(Step::Edit(match rng.below(10) {
                        0..6 => Edit::Change { pick: rng.next() },
                        6 => Edit::Annul { pick: rng.next() },
                        7 | 8 => Edit::Faulty { kind: usize::try_from(rng.below(6)).unwrap_or(0) },
                        _ => Edit::Correct,
                    }));
                }
                if rng.chance(5) {
                    steps.push(Step::Backup);
                }
                if rng.chance(5) {
                    steps.push(Step::Accident(*rng.pick(&[
                        Accident::RegisterRestored,
                        Accident::LedgerDeleted,
                        Accident::LedgerRestored,
                    ])));
                }
                if rng.chance(3) {
                    steps.push(Step::Release);
                }
                let clock = |rng: &mut Rng| {
                    let wrong = rng.chance(8);
                    let seconds = *rng.pick(&[-172_800, -7_200, -400, 200, 400, 7_200, 172_800]);
                    if wrong { seconds } else { 0 }
                };
                steps.push(Step::Run(Run {
                    planned: rng.chance(70),
                    network: (0..rng.below(9)).map(|_| fate(&mut rng)).collect(),
                    sender: rng.chance(45).then(|| machine_fault(&mut rng, true)),
                    receiver: rng.chance(45).then(|| machine_fault(&mut rng, false)),
                    sender_clock: clock(&mut rng),
                    receiver_clock: clock(&mut rng),
                    chance: rng.next(),
                }));
            }
        }
        Self {
            seed,
            batch: rng.chance(50),
            entries: *rng.pick(&[3, 6, 12, 200]),
            administrations: usize::try_from(rng.between(1, 5)).unwrap_or(1),
            checks: rng.chance(30),
            steps,
        }
    }

    /// Scenes with one part less each.
    pub fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for at in (0..self.steps.len()).rev() {
            let mut less = self.clone();
            less.steps.remove(at);
            all.push(less);
            let Step::Run(run) = &self.steps[at] else { continue };
            let mut with = |change: &dyn Fn(&mut Run)| {
                let mut run = run.clone();
                change(&mut run);
                let mut less = self.clone();
                less.steps[at] = Step::Run(run);
                all.push(less);
            };
            if run.sender.is_some() {
                with(&|run| run.sender = None);
            }
            if run.receiver.is_some() {
                with(&|run| run.receiver = None);
            }
            if run.sender_clock != 0 {
                with(&|run| run.sender_clock = 0);
            }
            if run.receiver_clock != 0 {
                with(&|run| run.receiver_clock = 0);
            }
            for fate in (0..run.network.len()).rev() {
                with(&|run| {
                    run.network.remove(fate);
                });
                if run.network[fate] != Fate::Pass {
                    with(&|run| run.network[fate] = Fate::Pass);
                }
            }
        }
        if self.administrations > 1 {
            all.push(Self { administrations: self.administrations - 1, ..self.clone() });
        }
        all
    }
}

/// What all scenes of a process share.
pub struct Stage {
    register: KeyAndCertificate,
    sender: KeyAndCertificate,
    organisation: OrganisationNumber,
    ledger: HashMap<String, Vec<u8>>,
    store: HashMap<String, Vec<u8>>,
}

impl Stage {
    /// Installs the disk, makes keys and empty databases.
    pub fn build() -> Result<Self> {
        disk::install();
        let now = START.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp()
            - SignedDuration::from_hours(24 * 30);
        let ca = TestCa::new(now)?;
        let pair = |n: u32, name: &str| {
            ca.enterprise(&Order::new(organisation_number(n).as_str(), name, now).with_bits(2048))
        };
        let (register, sender) = (pair(1, "Liksomregisteret")?, pair(2, "Liksom sykehus HF")?);
        let runtime = runtime()?;
        runtime.block_on(async {
            Outbox::open(Path::new("/sim/template/outbox.sqlite")).await?.close().await;
            let path = Path::new("/sim/template-store/register.sqlite");
            SqliteStore::open(path, StorageKey::new(&COLUMN_KEY)).await?.close().await;
            anyhow::Ok(())
        })?;
        let organisation = OrganisationNumber::parse(organisation_number(2).as_str())
            .ok()
            .context("an organisation number")?;
        Ok(Self {
            register,
            sender,
            organisation,
            ledger: disk::image("template"),
            store: disk::image("template-store"),
        })
    }
}

fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

struct Chance(Mutex<Rng>);

impl RandomSource for Chance {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        let mut rng = held(&self.0);
        for byte in bytes {
            *byte = rng.next().to_le_bytes()[3];
        }
        Ok(())
    }
}

struct Shared(Arc<Chance>);

impl RandomSource for Shared {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        self.0.fill(bytes)
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

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

#[derive(Default)]
struct Net {
    fates: VecDeque<Fate>,
    /// Requests that are still under way: delivered after so many posts.
    late: Vec<(u64, Vec<u8>)>,
    posts: u64,
    crash_at_post: Option<(u64, bool)>,
    acknowledged: BTreeMap<String, Acknowledged>,
    answers: Vec<(String, Answer)>,
    faults: BTreeMap<String, u64>,
    violations: Vec<String>,
    requests: u64,
}

impl Net {
    fn count(&mut self, kind: impl Into<String>) {
        *self.faults.entry(kind.into()).or_default() += 1;
    }
}

#[derive(Clone)]
struct Answer {
    status: u16,
    receipt: Option<String>,
    body: Vec<u8>,
}

struct Running {
    store: SqliteStore,
    receiver: Receiver,
}

/// The world of one scene.
struct Town {
    stage: Arc<Stage>,
    /// Names of the two machines.
    hospital: String,
    register: String,
    net: Mutex<Net>,
    running: tokio::sync::Mutex<Option<Running>>,
    clock: AtomicI64,
    sender_clock: AtomicI64,
    receiver_clock: AtomicI64,
    /// After the register's process alone has died: when the power goes in the next transfer.
    power_loss: Mutex<Option<MachineFault>>,
    chance: Mutex<Rng>,
    random: Arc<Chance>,
}

impl Town {
    fn time(&self, wrong_by: &AtomicI64) -> Timestamp {
        let seconds = self.clock.load(Ordering::Relaxed) + wrong_by.load(Ordering::Relaxed);
        Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
    }

    async fn open_store(&self) -> Result<SqliteStore> {
        let path = PathBuf::from(format!("/sim/{}/register.sqlite", self.register));
        Ok(SqliteStore::open(&path, StorageKey::new(&COLUMN_KEY)).await?)
    }

    async fn start(&self) -> Result<Running> {
        let store = self.open_store().await?;
        let certificate = Certificate::from_der(&self.stage.register.certificate_der)?;
        let key = DecryptionKey::new(
            certificate,
            PrivateKey::from_pem(self.stage.register.key_pem.as_bytes())?,
        )?;
        let avsender = Avsender {
            organisation: self.stage.organisation,
            name: "Liksom sykehus HF".to_owned(),
            active: true,
            certificates: vec![RegisteredCertificate {
                certificate: Certificate::from_der(&self.stage.sender.certificate_der)?,
                from: None,
                until: None,
            }],
            addresses: AllowList::default(),
            rule_set: None,
            start_date: Some(START),
            database: None,
        };
        let receiver = Receiver::new(lmr_intake::Parts {
            store: Arc::new(store.clone()),
            keys: DecryptionKeys::new(vec![key]),
            trust: None,
            avsendere: vec![avsender],
            settings: lmr_intake::Settings { threads: 1, ..lmr_intake::Settings::default() },
        });
        Ok(Running { store, receiver })
    }

    /// The receiver, started where it is not running; `None` where it cannot start.
    async fn receiver(&self) -> Option<Receiver> {
        let mut running = self.running.lock().await;
        if running.is_none() {
            match self.start().await {
                Ok(started) => *running = Some(started),
                Err(_) => {
                    drop(running);
                    self.recover_register().await;
                    return None;
                }
            }
        }
        running.as_ref().map(|running| running.receiver.clone())
    }

    /// After a crash: the machine starts again with what its disk has.
    async fn recover_register(&self) {
        let mut running = self.running.lock().await;
        if !disk::has_crashed(&self.register) {
            return;
        }
        if let Some(Running { store, receiver }) = running.take() {
            drop(receiver);
            store.close().await;
        }
        let (process_alone, next) = {
            let mut chance = held(&self.chance);
            let next = chance.chance(70).then(|| (chance.between(1, 40), chance.chance(50)));
            (chance.chance(40), next)
        };
        if process_alone {
            // What it had not flushed is there until the power goes, in the next transfer perhaps.
            disk::revive(&self.register);
            *held(&self.power_loss) =
                next.map(|(nth, after)| MachineFault::Crash { flush: false, nth, after });
            held(&self.net).count("receiver: death of the process");
            return;
        }
        let lost = disk::restart(&self.register, &mut held(&self.chance));
        let mut net = held(&self.net);
        net.count("receiver: crash of the machine");
        for (what, count) in [("lost", lost.writes), ("torn", lost.torn)] {
            *net.faults.entry(format!("effect: receiver: unflushed writes {what}")).or_default() +=
                count;
        }
    }

    async fn stop_receiver(&self) {
        if let Some(Running { store, receiver }) = self.running.lock().await.take() {
            drop(receiver);
            store.close().await;
        }
        self.recover_register().await;
    }

    /// One request at the register. `None`: no answer.
    async fn deliver(&self, message: Vec<u8>) -> Option<Answer> {
        let envelope: Value = serde_json::from_slice(&message).ok()?;
        let id = envelope["messageId"].as_str()?.to_owned();
        let receiver = self.receiver().await?;
        held(&self.net).requests += 1;
        let caller = Caller {
            organisation: self.stage.organisation,
            client_id: "client".to_owned(),
            profile: "simulation".to_owned(),
            address: None,
        };
        let random: Arc<dyn RandomSource> = Arc::clone(&self.random) as Arc<dyn RandomSource>;
        let done =
            receiver.receive(&caller, message, self.time(&self.receiver_clock), random).await;
        drop(receiver);
        if disk::has_crashed(&self.register) {
            self.recover_register().await;
            return None;
        }
        match done {
            Ok(reply) => {
                let status =
                    if reply.answer.outcome == AnswerOutcome::Accepted { 200 } else { 400 };
                let answer = Answer { status, receipt: reply.receipt, body: reply.answer.body };
                if reply.is_kept {
                    self.note(&id, &answer);
                }
                Some(answer)
            }
            Err(rejection) => {
                let code = rejection.code();
                let coding =
                    json!({ "system": lmr_lmdi::codes::CODE_SYSTEM, "code": code.as_str() });
                let issue = json!({ "severity": "error", "code": "invalid", "details": { "coding": [coding] } });
                let body = json!({ "resourceType": "OperationOutcome", "issue": [issue] });
                let status = code.http_status().unwrap_or(500);
                Some(Answer { status, receipt: None, body: body.to_string().into_bytes() })
            }
        }
    }

    fn note(&self, id: &str, answer: &Answer) {
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let stored = |entry: &&Value| {
            entry["response"]["status"].as_str().is_some_and(|status| status.starts_with('2'))
        };
        let entries =
            json["entry"].as_array().map_or(0, |all| all.iter().filter(stored).count() as u64);
        let mut net = held(&self.net);
        net.answers.push((id.to_owned(), answer.clone()));
        let Net { acknowledged, violations, .. } = &mut *net;
        match acknowledged.get_mut(id) {
            Some(before) => {
                before.times += 1;
                if before.body != answer.body {
                    violations.push(format!("message {id} was answered in two ways"));
                }
            }
            None => {
                let (body, receipt) = (answer.body.clone(), answer.receipt.is_some());
                acknowledged
                    .insert(id.to_owned(), Acknowledged { body, entries, receipt, times: 1 });
            }
        }
    }

    fn fate(&self) -> Fate {
        let mut net = held(&self.net);
        let fate = net.fates.pop_front().unwrap_or(Fate::Pass);
        if fate != Fate::Pass {
            net.count(format!("network: {}", fate.kind()));
        }
        fate
    }

    /// Delivers what has been under way long enough.
    async fn deliver_late(&self, all: bool) {
        let due: Vec<Vec<u8>> = {
            let mut net = held(&self.net);
            let now = net.posts;
            let (due, later) =
                std::mem::take(&mut net.late).into_iter().partition(|(at, _)| all || *at <= now);
            net.late = later;
            let due: Vec<(u64, Vec<u8>)> = due;
            due.into_iter().map(|(_, message)| message).collect()
        };
        for message in due {
            self.deliver(message).await;
        }
    }

    async fn post(&self, message: Vec<u8>) -> PostOutcome {
        let broken = PostOutcome::NoAnswer { failure: AttemptFailure::ConnectionBroken };
        let unreached = PostOutcome::NotReached {
            failure: AttemptFailure::NoConnection { reason: ConnectionFailure::Refused },
            retry_after: None,
        };
        held(&self.net).posts += 1;
        self.deliver_late(false).await;
        let crash = {
            let mut net = held(&self.net);
            let posts = net.posts;
            match net.crash_at_post {
                Some((at, after)) if at <= posts => {
                    net.crash_at_post = None;
                    Some(after)
                }
                _ => None,
            }
        };
        if crash == Some(false) {
            disk::crash_now(&self.hospital);
            return broken;
        }
        // Some seconds pass with each request.
        self.clock.fetch_add(2, Ordering::Relaxed);
        let give = |answer: Option<Answer>| match answer {
            Some(Answer { status, receipt, body }) => {
                PostOutcome::Answered { status, retry_after: None, receipt, body }
            }
            None => broken.clone(),
        };
        let outcome = match self.fate() {
            Fate::Refuse => unreached,
            Fate::CutRequest { .. }
            | Fate::LoseRequest
            | Fate::HalfOpen
            | Fate::Garbage { delivered: false } => broken,
            Fate::CutAnswer { .. }
            | Fate::LoseAnswer
            | Fate::WrongLength { .. }
            | Fate::Garbage { .. } => {
                self.deliver(message).await;
                broken
            }
            Fate::Late { ms } => {
                let mut net = held(&self.net);
                let at = net.posts + ms;
                net.late.push((at, message));
                broken
            }
            Fate::Twice { second } => {
                let one = self.deliver(message.clone()).await;
                let two = self.deliver(message).await;
                give(if second { two } else { one })
            }
            Fate::AtOnce => {
                let (one, two) = tokio::join!(self.deliver(message.clone()), self.deliver(message));
                give(one.or(two))
            }
            Fate::Stale { delivered } => {
                let id = serde_json::from_slice::<Value>(&message).unwrap_or_default()["messageId"]
                    .clone();
                let got = if delivered { self.deliver(message).await } else { None };
                let other = {
                    let net = held(&self.net);
                    net.answers
                        .iter()
                        .rev()
                        .find(|(of, _)| *of != id)
                        .map(|(_, answer)| answer.clone())
                };
                give(other.or(got))
            }
            Fate::Page { status, delivered } => {
                if delivered {
                    self.deliver(message).await;
                }
                PostOutcome::Answered {
                    status,
                    retry_after: None,
                    receipt: None,
                    body: b"<html>".to_vec(),
                }
            }
            _ => give(self.deliver(message).await),
        };
        if crash == Some(true) {
            disk::crash_now(&self.hospital);
        }
        outcome
    }
}

struct Line(Arc<Town>);

#[async_trait]
impl Transport for Line {
    async fn post(&self, message: Vec<u8>) -> PostOutcome {
        self.0.post(message).await
    }

    async fn newest_receipt(&self) -> NewestReceipt {
        let fate = self.0.fate();
        let Some(receiver) = self.0.receiver().await else { return NewestReceipt::Untold };
        let newest = receiver.newest_receipt(self.0.stage.organisation).await;
        drop(receiver);
        self.0.recover_register().await;
        match (fate, newest) {
            (Fate::Pass | Fate::Twice { .. } | Fate::AtOnce, Ok(Some(payload))) => {
                NewestReceipt::Payload(payload.into_bytes())
            }
            (Fate::Pass | Fate::Twice { .. } | Fate::AtOnce, Ok(None)) => NewestReceipt::NoMessage,
            _ => NewestReceipt::Untold,
        }
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
