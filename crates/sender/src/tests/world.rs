//! A ward, a register and a clock, all small.

use std::collections::{BTreeMap, HashMap, VecDeque};

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use lmr_envelope::{
    RandomSource, RandomnessUnavailable, Receipt, ReceiptDigest, SealError, Thumbprint,
};
use lmr_identifiers::OrganisationNumber;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteSynchronous;
use zeroize::Zeroizing;

use lmr_lmdi::RuleSetId;

use crate::agent::{Agent, Parts, Settings};
use crate::attempt::{AttemptFailure, ConnectionFailure, StatusNote};
use crate::check::{CheckContext, CheckError, CheckFinding, Checker};
use crate::error::SenderError;
use crate::identity::HashKey;
use crate::outbox::{Act, HeldFinding, Outbox, Released};
use crate::plan::BundleLimits;
use crate::preview::Preview;
use crate::report::Report;
use crate::schedule::RetrySchedule;
use crate::seal::Sealer;
use crate::source::{
    FileArchive, FolderSource, FoundResource, Scanned, Scope, Source, SourceIssueKind,
    SourceLimits, SourceLocation, SourceUnavailable,
};
use crate::stop::StopSignal;
use crate::transport::{NewestReceipt, PostOutcome, Transport};

/// The organisation that gets receipts, where the register gives them.
pub(super) const RECEIPTED: &str = "310000019";

/// What happens to one post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Processed and answered.
    Answered,
    /// Processed; the answer is lost.
    AnswerLost,
    /// Lost on the way.
    RequestLost,
    /// No connection.
    NotReached,
    /// No answer, for as long as one waits.
    Silence,
    /// This status of the register's, not processed.
    Status(u16),
    /// Refused whole with this code of the register's.
    Refused(&'static str),
    /// Refused as sealed in the future, after the clock here was set back so many hours.
    SetBack(i64),
    /// This status of something between, not processed.
    Page(u16),
}

/// A message refused as a whole, with a code of the register's where it gives one.
fn refused(status: u16) -> PostOutcome {
    let code = match status {
        400 => "LMR-3011",
        409 => "LMR-6041",
        413 => "LMR-1041",
        _ => {
            return PostOutcome::Answered {
                status,
                retry_after: None,
                receipt: None,
                body: Vec::new(),
            };
        }
    };
    PostOutcome::Answered { status, retry_after: None, receipt: None, body: outcome(code) }
}

/// An OperationOutcome of the register's with one error.
fn outcome(code: &str) -> Vec<u8> {
    let coding = json!({ "system": lmr_lmdi::codes::CODE_SYSTEM, "code": code });
    json!({ "resourceType": "OperationOutcome", "issue": [
        { "severity": "error", "code": "invalid", "details": { "coding": [coding] } }
    ]})
    .to_string()
    .into_bytes()
}

/// The register: dedups by message id, keeps versions.
#[derive(Default, Clone)]
pub(super) struct Register {
    pub(super) transaction: bool,
    pub(super) fates: VecDeque<Fate>,
    /// What follows when `fates` is empty.
    pub(super) otherwise: Option<Fate>,
    /// Bytes by message id, for every message that was posted.
    pub(super) posted: Vec<(String, Vec<u8>)>,
    answers: HashMap<String, (u16, Vec<u8>)>,
    /// Versions stored by `Type/id`.
    pub(super) versions: BTreeMap<String, Vec<Value>>,
    pub(super) largest: Option<usize>,
    /// Payloads of receipts, in a chain; given where there is one to begin with.
    pub(super) receipts: Option<Vec<String>>,
    /// Gives receipts, and does not answer when it is asked for the newest.
    pub(super) is_silent_on_receipts: bool,
    /// Nothing answers when it is asked for the newest receipt.
    pub(super) is_away: bool,
    /// It refuses the question for the newest receipt with this status.
    pub(super) refuses_with: Option<u16>,
    /// Its receipts are for another answer than they come with.
    pub(super) misstates_answers: bool,
    /// Its certificate is a new one.
    pub(super) is_renewed: bool,
    /// It cannot check what has `"fault": "unchecked"`.
    pub(super) is_broken: bool,
    /// It refuses what has this fault.
    pub(super) refuses: Option<&'static str>,
    /// Its clock is behind: what has `"fault": "ahead"` lies ahead by it.
    pub(super) is_behind: bool,
    /// Its answers carry its time, and the clock here is ahead of it by so many hours.
    pub(super) hours_behind: Option<i64>,
}

impl Register {
    fn receive(&mut self, message: &[u8]) -> PostOutcome {
        let (id, bundle) = split(message);
        if let Some((known, first)) = self
            .posted
            .iter()
            .find(|(posted, _)| *posted == id)
            .map(|(id, bytes)| (id.clone(), bytes.clone()))
        {
            assert_eq!(first, message, "message {known} was sent with other bytes");
        }
        self.posted.push((id.clone(), message.to_vec()));
        let fate = self.fates.pop_front().or(self.otherwise).unwrap_or(Fate::Answered);
        match fate {
            Fate::Answered | Fate::AnswerLost => {}
            Fate::Silence => unreachable!("the line is silent, not the register"),
            Fate::SetBack(_) => unreachable!("the line knows the clock"),
            Fate::RequestLost => {
                return PostOutcome::NoAnswer { failure: AttemptFailure::ConnectionBroken };
            }
            Fate::NotReached => {
                return PostOutcome::NotReached {
                    failure: AttemptFailure::NoConnection { reason: ConnectionFailure::Refused },
                    retry_after: None,
                };
            }
            Fate::Status(status) => {
                return refused(status);
            }
            Fate::Refused(code) => {
                let body = outcome(code);
                return PostOutcome::Answered {
                    status: 400,
                    retry_after: None,
                    receipt: None,
                    body,
                };
            }
            Fate::Page(status) => {
                let body = b"<html>a proxy's page</html>".to_vec();
                return PostOutcome::Answered { status, retry_after: None, receipt: None, body };
            }
        }
        if self.largest.is_some_and(|largest| message.len() > largest) {
            return refused(413);
        }
        let (status, body) = match self.answers.get(&id) {
            Some(answer) => answer.clone(),
            None => {
                let answer = self.process(&bundle);
                self.answers.insert(id.clone(), answer.clone());
                self.add_receipt(&id, message, &answer.1);
                answer
            }
        };
        if fate == Fate::AnswerLost {
            return PostOutcome::NoAnswer { failure: AttemptFailure::ConnectionBroken };
        }
        let of_message = |payload: &&String| payload.contains(&id);
        let receipt = self.receipts.iter().flatten().find(of_message).cloned();
        PostOutcome::Answered { status, retry_after: None, receipt, body }
    }

    fn add_receipt(&mut self, id: &str, message: &[u8], answer: &[u8]) {
        let Some(receipts) = &mut self.receipts else { return };
        let receipt = Receipt {
            action: Receipt::ACTION.to_owned(),
            sender: OrganisationNumber::parse(RECEIPTED).unwrap(),
            sequence: receipts.len() as u64 + 1,
            previous: receipts.last().map(|last| ReceiptDigest::of(last.as_bytes())),
            message_id: id.to_owned(),
            content_sha256: ReceiptDigest::of(message),
            answer_sha256: match self.misstates_answers {
                true => ReceiptDigest::of(b"another answer"),
                false => ReceiptDigest::of(answer),
            },
            rule_set: String::new(),
            rule_set_digest: String::new(),
            outcome: "accepted".to_owned(),
            client_id: if self.is_renewed { RENEWED.to_owned() } else { String::new() },
            received_at: Timestamp::UNIX_EPOCH,
        };
        receipts.push(receipt.payload());
    }

    fn is_refused(&self, fault: &Value) -> bool {
        fault == "register" || self.refuses.is_some_and(|refused| fault == refused)
    }

    fn process(&mut self, bundle: &Value) -> (u16, Vec<u8>) {
        let entries = bundle["entry"].as_array().unwrap();
        let names: HashMap<&str, String> = entries
            .iter()
            .map(|entry| (entry["fullUrl"].as_str().unwrap(), name(&entry["resource"])))
            .collect();
        let bad: Vec<bool> =
            entries.iter().map(|entry| self.is_refused(&entry["resource"]["fault"])).collect();
        let aborted = self.transaction && bad.contains(&true);
        let mut refused: Vec<&str> = Vec::new();
        let mut answers = Vec::new();
        for (entry, bad) in entries.iter().zip(&bad) {
            let mut resource = entry["resource"].clone();
            let mut hangs = false;
            for role in ["subject", "medicationReference", "practitioner"] {
                if let Some(target) = resource[role]["reference"].as_str() {
                    assert!(names.contains_key(target), "{target} is not in the bundle");
                    hangs |= refused.contains(&target);
                    resource[role] = json!(names[target]);
                }
            }
            if self.is_behind && entry["resource"]["fault"] == "ahead" {
                refused.push(entry["fullUrl"].as_str().unwrap());
                let outcome: Value = serde_json::from_slice(&outcome("LMR-6020")).unwrap();
                let response = json!({ "status": "422 Unprocessable Entity", "outcome": outcome });
                answers.push(json!({ "fullUrl": entry["fullUrl"], "response": response }));
                continue;
            }
            let status = if self.is_broken && entry["resource"]["fault"] == "unchecked" {
                "500 Internal Server Error"
            } else if *bad {
                refused.push(entry["fullUrl"].as_str().unwrap());
                "422 Unprocessable Entity"
            } else if hangs || aborted {
                "424 Failed Dependency"
            } else {
                let versions = self.versions.entry(name(&resource)).or_default();
                if versions.last() == Some(&resource) {
                    "200 OK"
                } else {
                    versions.push(resource);
                    "201 Created"
                }
            };
            answers.push(json!({ "fullUrl": entry["fullUrl"], "response": { "status": status } }));
        }
        let kind = if self.transaction { "transaction-response" } else { "batch-response" };
        let body = json!({ "resourceType": "Bundle", "type": kind, "entry": answers });
        (if aborted { 400 } else { 200 }, body.to_string().into_bytes())
    }
}

fn split(message: &[u8]) -> (String, Value) {
    let end = message.iter().position(|byte| *byte == b'\n').unwrap();
    (
        String::from_utf8(message[..end].to_vec()).unwrap(),
        serde_json::from_slice(&message[end + 1..]).unwrap(),
    )
}

fn name(resource: &Value) -> String {
    format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap())
}

struct Line {
    register: Arc<Mutex<Register>>,
    now: Arc<Mutex<Timestamp>>,
    /// The time that the last answer carried.
    date: Mutex<Option<Timestamp>>,
}

impl Line {
    fn note_date(&self) {
        let behind = self.register.lock().unwrap().hours_behind;
        let date = |hours| *self.now.lock().unwrap() - SignedDuration::from_hours(hours);
        *self.date.lock().unwrap() = behind.map(date);
    }
}

#[async_trait]
impl Transport for Line {
    async fn post(&self, message: Vec<u8>) -> PostOutcome {
        self.note_date();
        let is_lines = |fate: &mut Fate| matches!(fate, Fate::Silence | Fate::SetBack(_));
        let fate = self.register.lock().unwrap().fates.pop_front_if(is_lines);
        match fate {
            Some(Fate::SetBack(hours)) => {
                *self.now.lock().unwrap() -= SignedDuration::from_hours(hours);
                self.register.lock().unwrap().fates.push_front(Fate::Refused("LMR-2010"));
            }
            Some(_) => std::future::pending::<()>().await,
            None => {}
        }
        self.register.lock().unwrap().receive(&message)
    }

    fn server_time(&self) -> Option<Timestamp> {
        *self.date.lock().unwrap()
    }

    async fn newest_receipt(&self) -> NewestReceipt {
        self.note_date();
        let register = self.register.lock().unwrap();
        match &register.receipts {
            _ if register.is_away => {
                let failure = AttemptFailure::NoConnection { reason: ConnectionFailure::Refused };
                NewestReceipt::Unreached { failure, passes: true }
            }
            _ if register.refuses_with.is_some() => {
                let (status, note) = (register.refuses_with.unwrap(), StatusNote::NotTheRegister);
                NewestReceipt::Refused(AttemptFailure::Status { status, note, codes: Vec::new() })
            }
            _ if register.is_silent_on_receipts => NewestReceipt::Untold,
            None => NewestReceipt::Untold,
            Some(receipts) => match receipts.last() {
                None => NewestReceipt::NoMessage,
                Some(last) => NewestReceipt::Payload(last.as_bytes().to_vec()),
            },
        }
    }
}

/// A source that gives changes only, as a server or a query with `${since}` does.
struct Changes {
    source: FolderSource,
    question: &'static str,
    keeps_ids: bool,
    since: Mutex<Option<Timestamp>>,
}

impl Source for Changes {
    fn name(&self) -> String {
        self.source.name()
    }

    fn question(&self) -> String {
        self.question.to_owned()
    }

    fn scan(
        &self,
        scope: Scope<'_>,
        visit: &mut dyn FnMut(FoundResource<'_>) -> Result<(), SourceIssueKind>,
    ) -> Result<Scanned, SourceUnavailable> {
        let asked = *self.since.lock().unwrap();
        let since = asked.map_or(i64::MIN, Timestamp::as_millisecond);
        let mut scanned = self.source.scan(scope, &mut |found| {
            let written = crate::index::updated_at(found.node);
            if written != i64::MIN && written < since { Ok(()) } else { visit(found) }
        })?;
        if scanned.resources == 0 && asked.is_none() {
            scanned.empty_in_full.push(self.name());
        }
        Ok(scanned)
    }

    fn read(&self, location: &SourceLocation) -> Result<String, SourceIssueKind> {
        self.source.read(location)
    }

    fn id_space<'s>(&'s self, _label: &str) -> Option<&'s str> {
        self.keeps_ids.then_some("")
    }

    fn begin(&self, since: Option<Timestamp>) {
        *self.since.lock().unwrap() = since;
    }
}

/// In the place of the client of a receipt that is signed under the register's new certificate.
const RENEWED: &str = "renewed";

/// The seal of the model: the id in front, so that the same bundle under another id is another message.
struct Wax {
    /// The register's certificate is the new one.
    is_renewed: bool,
}

impl Sealer for Wax {
    fn seal(
        &self,
        bundle: &[u8],
        message_id: &str,
        _: &CheckContext,
    ) -> Result<Vec<u8>, SealError> {
        Ok([message_id.as_bytes(), b"\n", bundle].concat())
    }

    fn verify_receipt(
        &self,
        receipt: &str,
    ) -> Result<lmr_envelope::VerifiedReceipt, lmr_envelope::ReceiptError> {
        let digest = ReceiptDigest::of(receipt.as_bytes());
        let certificate = Thumbprint::parse(&"0".repeat(40)).unwrap();
        let receipt = Receipt::parse(receipt.as_bytes())?;
        if self.is_renewed != (receipt.client_id == RENEWED) {
            return Err(lmr_envelope::ReceiptError::OtherCertificate { named: certificate });
        }
        let signed_at = receipt.received_at;
        Ok(lmr_envelope::VerifiedReceipt { receipt, digest, signed_at, certificate })
    }

    fn unverified_payload(&self, receipt: &str) -> Result<Vec<u8>, lmr_envelope::ReceiptError> {
        Ok(receipt.as_bytes().to_vec())
    }
}

/// Finds `"fault": "check"`, and `"future"` before its time.
struct Glance {
    rules: &'static str,
}

impl Checker for Glance {
    fn check(&self, bundle: &str, context: &CheckContext) -> Result<Vec<CheckFinding>, CheckError> {
        assert!(context.from <= context.to);
        let bundle: Value = serde_json::from_str(bundle).unwrap();
        let finding = |code: &str| HeldFinding {
            code: Some(code.to_owned()),
            path: Some("fault".to_owned()),
            text_nb: "Feil".to_owned(),
            text_en: "Fault".to_owned(),
        };
        let entries = bundle["entry"].as_array().unwrap().iter().enumerate();
        Ok(entries
            .filter_map(|(at, entry)| {
                let code = match entry["resource"]["fault"].as_str()? {
                    "check" => "LMR-4003",
                    // By the first rules only.
                    "rules" if self.rules == "1" => "LMR-4003",
                    future => {
                        let future: Timestamp = future.parse().ok()?;
                        (future > context.now).then_some("LMR-6020")?
                    }
                };
                Some(CheckFinding { entry: Some(at), finding: finding(code) })
            })
            .collect())
    }

    fn fingerprint(&self) -> String {
        self.rules.to_owned()
    }

    fn is_resource_type(&self, name: &str) -> bool {
        ["Observation", "Patient", "EpisodeOfCare"].contains(&name)
    }
}

/// Counts, so that every message has another id.
#[derive(Default)]
struct Counter(Mutex<u64>);

impl RandomSource for Counter {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        bytes.fill(0);
        let at = bytes.len() - 8;
        bytes[at..].copy_from_slice(&count.to_be_bytes());
        Ok(())
    }
}

/// Everything a test needs.
pub(super) struct World {
    pub(super) folder: tempfile::TempDir,
    pub(super) register: Arc<Mutex<Register>>,
    now: Arc<Mutex<Timestamp>>,
    random: Arc<Counter>,
    pub(super) rule_set: RuleSetId,
    pub(super) limits: BundleLimits,
    pub(super) incremental: bool,
    /// The source gives of what has a time of writing (`meta.lastUpdated`) only what was written since it was asked.
    pub(super) gives_changes: bool,
    /// The ids of such a source are stable, as a FHIR server's.
    pub(super) keeps_ids: bool,
    /// What such a source is asked for.
    pub(super) question: &'static str,
    /// The agreed start date.
    pub(super) start: jiff::civil::Date,
    pub(super) stop: StopSignal,
    /// What the checker says it checks by.
    pub(super) rules: &'static str,
    /// Where finished files go.
    pub(super) archive: Option<FileArchive>,
    pub(super) organisation: &'static str,
    pub(super) environment: &'static str,
    /// The register's address.
    pub(super) receiver: &'static str,
    /// The register's certificate is another one than when it gave the receipts so far.
    pub(super) is_renewed: bool,
}

impl World {
    pub(super) fn new(rule_set: RuleSetId) -> Self {
        let register = Register { transaction: rule_set.is_transaction(), ..Register::default() };
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("source")).unwrap();
        Self {
            folder,
            register: Arc::new(Mutex::new(register)),
            now: Arc::new(Mutex::new("2026-03-02T05:00:00Z".parse().unwrap())),
            random: Arc::new(Counter::default()),
            rule_set,
            limits: BundleLimits::default(),
            incremental: false,
            gives_changes: false,
            keeps_ids: false,
            question: "everything",
            start: jiff::civil::date(2026, 3, 1),
            stop: StopSignal::default(),
            rules: "1",
            archive: None,
            organisation: "310000007",
            environment: "test",
            receiver: "https://register.example/v1",
            is_renewed: false,
        }
    }

    pub(super) fn source(&self) -> std::path::PathBuf {
        self.folder.path().join("source")
    }

    pub(super) fn write(&self, file: &str, resources: &[Value]) {
        let text: String = resources.iter().map(|resource| format!("{resource}\n")).collect();
        std::fs::write(self.source().join(file), text).unwrap();
    }

    pub(super) fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    pub(super) fn pass(&self, hours: i64) {
        let mut now = self.now.lock().unwrap();
        *now += SignedDuration::from_hours(hours);
    }

    pub(super) fn fates(&self, fates: &[Fate]) {
        self.register.lock().unwrap().fates = fates.iter().copied().collect();
    }

    pub(super) fn versions(&self, name: &str) -> usize {
        self.register.lock().unwrap().versions.get(name).map_or(0, Vec::len)
    }

    pub(super) fn posted(&self) -> usize {
        self.register.lock().unwrap().posted.len()
    }

    pub(super) async fn agent(&self) -> Agent {
        self.agent_for(self.organisation).await.unwrap()
    }

    pub(super) async fn agent_for(&self, organisation: &str) -> Result<Agent, SenderError> {
        let path = self.folder.path().join("outbox.db");
        // Processes die in these tests, machines do not.
        let outbox = Outbox::open_with(&path, SqliteSynchronous::Off).await.unwrap();
        self.agent_with(outbox, organisation).await
    }

    /// The same with an outbox that is open already, or with why there is none.
    pub(super) async fn agent_on(&self, outbox: Outbox) -> Result<Agent, SenderError> {
        self.agent_with(outbox, self.organisation).await
    }

    /// What a run would do, from a scratch copy.
    pub(super) async fn preview(&self) -> Preview {
        let scratch = tempfile::tempdir().unwrap();
        let path = self.folder.path().join("outbox.db");
        let outbox = Outbox::scratch_copy(&path, &scratch.path().join("scratch.db")).await.unwrap();
        let agent = self.agent_with(outbox, self.organisation).await.unwrap();
        let preview = agent.preview().await.unwrap();
        agent.outbox().close().await;
        preview
    }

    async fn agent_with(&self, outbox: Outbox, organisation: &str) -> Result<Agent, SenderError> {
        let now = Arc::clone(&self.now);
        Agent::new(Parts {
            settings: Settings {
                own_addresses: vec!["https://fhir.sykehus.example/r4".to_owned()],
                incremental: self.incremental,
                incremental_sources: Vec::new(),
                start: self.start,
                rule_set: self.rule_set,
                bundle_limits: self.limits,
                retry: RetrySchedule::default(),
                configuration: String::new(),
                lock: self.folder.path().join("outbox.lock"),
                organisation: organisation.to_owned(),
                environment: self.environment.to_owned(),
                receiver: self.receiver.to_owned(),
            },
            source: {
                let source = FolderSource::new(self.source(), SourceLimits::default());
                match &self.archive {
                    _ if self.gives_changes => {
                        let question = self.question;
                        let keeps_ids = self.keeps_ids;
                        Arc::new(Changes { source, question, keeps_ids, since: Mutex::default() })
                    }
                    Some(archive) => Arc::new(source.archiving(archive.clone())),
                    None => Arc::new(source),
                }
            },
            key: HashKey::new(&Zeroizing::new([7; 32])),
            outbox,
            checker: Arc::new(Glance { rules: self.rules }),
            sealer: Arc::new(Wax { is_renewed: self.is_renewed }),
            transport: Arc::new(Line {
                register: Arc::clone(&self.register),
                now: Arc::clone(&self.now),
                date: Mutex::default(),
            }),
            clock: Arc::new(move || *now.lock().unwrap()),
            random: Arc::clone(&self.random) as Arc<dyn RandomSource>,
            stop: self.stop.clone(),
        })
        .await
    }

    /// One planned transfer by a process that lives for it alone.
    pub(super) async fn run(&self) -> Report {
        let agent = self.agent().await;
        let report = agent.run().await.unwrap();
        agent.outbox().close().await;
        report
    }

    /// An operator releases everything held.
    pub(super) async fn release_all(&self) -> Released {
        let agent = self.agent().await;
        let held = agent.outbox().held().await.unwrap();
        let numbers: Vec<i64> = held.iter().map(|row| row.number).collect();
        let act = Act::new("test", None, self.now()).unwrap();
        let released = agent.outbox().release(&numbers, &act).await.unwrap();
        agent.outbox().close().await;
        released
    }

    pub(super) async fn retry(&self) -> Report {
        let agent = self.agent().await;
        let report = agent.retry_due().await.unwrap();
        agent.outbox().close().await;
        report
    }
}

pub(super) fn patient(id: &str, version: u32) -> Value {
    json!({ "resourceType": "Patient", "id": id, "n": version })
}

pub(super) fn medicine(id: &str) -> Value {
    json!({ "resourceType": "Medication", "id": id, "n": 1 })
}

pub(super) fn given(id: &str, patient: &str, version: u32) -> Value {
    json!({
        "resourceType": "MedicationAdministration", "id": id, "n": version,
        "subject": { "reference": format!("Patient/{patient}") },
        "medicationReference": { "reference": "Medication/m" },
        "effectiveDateTime": "2026-03-01T12:00:00+01:00"
    })
}

pub(super) fn with(mut resource: Value, member: &str, value: Value) -> Value {
    resource[member] = value;
    resource
}

/// A closed ledger's file with all that was committed. Closing empties SQLite's log only where no other connection is
/// there, and under load the thread of one that was closed may still be ending.
pub(super) async fn whole_file(path: &std::path::Path) -> Vec<u8> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    for attempt in 0.. {
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
        if busy == 0 {
            break;
        }
        assert!(attempt < 100, "another connection keeps the log");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    sqlx::Connection::close(connection).await.unwrap();
    std::fs::read(path).unwrap()
}
