//! The world of one scene: the register's machine, and the network between it and the hospital's.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use lmr_envelope::{Certificate, DecryptionKey, DecryptionKeys, PrivateKey, RandomSource};
use lmr_identifiers::OrganisationNumber;
use lmr_identifiers::synthetic::organisation_number;
use lmr_intake::{
    AllowList, Avsender, Caller, Outcome as AnswerOutcome, Receiver, RegisteredCertificate,
    Store as _,
};
use lmr_sandbox::certificates::{KeyAndCertificate, Order, TestCa};
use lmr_sender::attempt::{AttemptFailure, ConnectionFailure};
use lmr_sender::outbox::Outbox;
use lmr_sender::transport::{NewestReceipt, PostOutcome, Transport};
use lmr_storage::{SqliteStore, StorageKey};
use serde_json::{Value, json};

use super::scene::MachineFault;
use super::{COLUMN_KEY, Chance, START, held, runtime};
use crate::disk;
use crate::faults::Fate;
use crate::proxy::Acknowledged;
use crate::rng::Rng;

/// What all scenes of a process share.
pub struct Stage {
    pub(super) register: KeyAndCertificate,
    pub(super) sender: KeyAndCertificate,
    pub(super) organisation: OrganisationNumber,
    pub(super) ledger: HashMap<String, Vec<u8>>,
    pub(super) store: HashMap<String, Vec<u8>>,
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

#[derive(Default)]
pub(super) struct Net {
    pub(super) fates: VecDeque<Fate>,
    /// Requests that are still under way: delivered after so many posts.
    pub(super) late: Vec<(u64, Vec<u8>)>,
    pub(super) posts: u64,
    pub(super) crash_at_post: Option<(u64, bool)>,
    pub(super) acknowledged: BTreeMap<String, Acknowledged>,
    pub(super) answers: Vec<(String, Answer)>,
    pub(super) faults: BTreeMap<String, u64>,
    pub(super) violations: Vec<String>,
    pub(super) requests: u64,
}

impl Net {
    pub(super) fn count(&mut self, kind: impl Into<String>) {
        *self.faults.entry(kind.into()).or_default() += 1;
    }
}

#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) receipt: Option<String>,
    pub(super) body: Vec<u8>,
}

pub(super) struct Running {
    pub(super) store: SqliteStore,
    pub(super) receiver: Receiver,
}

/// The world of one scene.
pub(super) struct Town {
    pub(super) stage: Arc<Stage>,
    /// Names of the two machines.
    pub(super) hospital: String,
    pub(super) register: String,
    pub(super) net: Mutex<Net>,
    pub(super) running: tokio::sync::Mutex<Option<Running>>,
    pub(super) clock: AtomicI64,
    pub(super) sender_clock: AtomicI64,
    pub(super) receiver_clock: AtomicI64,
    /// After the register's process alone has died: when the power goes in the next transfer.
    pub(super) power_loss: Mutex<Option<MachineFault>>,
    pub(super) chance: Mutex<Rng>,
    pub(super) random: Arc<Chance>,
}

impl Town {
    pub(super) fn time(&self, wrong_by: &AtomicI64) -> Timestamp {
        let seconds = self.clock.load(Ordering::Relaxed) + wrong_by.load(Ordering::Relaxed);
        Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
    }

    pub(super) async fn open_store(&self) -> Result<SqliteStore> {
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
    pub(super) async fn recover_register(&self) {
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

    pub(super) async fn stop_receiver(&self) {
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
    pub(super) async fn deliver_late(&self, all: bool) {
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

pub(super) struct Line(pub(super) Arc<Town>);

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
