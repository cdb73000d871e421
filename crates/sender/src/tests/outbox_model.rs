//! The outbox against a model: any row of steps, with a crash before or after any of them, leaves what the plainest
//! form of its rules says. The model shares nothing with the outbox but the hashes of what it is given.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use lmr_lmdi::RuleSetId;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};
use sqlx::Row as _;
use sqlx::sqlite::SqliteSynchronous;
use zeroize::Zeroizing;

use super::world::patient;
use crate::attempt::AttemptFailure;
use crate::clinical::start_of;
use crate::identity::{Hash, HashKey};
use crate::index::Index;
use crate::outbox::{
    Act, CHANGED_SINCE, FinishedAttempt, HeldFinding, Item, ItemOutcome, NewMessage, Origin,
    Outbox, OutboxError, VanishedSearch, repair,
};
use crate::plan::{self, BundleLimits, Known, Role};
use crate::progress::AttemptOutcome;
use crate::schedule::RetrySchedule;
use crate::source::{FolderSource, SourceLimits};

/// Two patients, then administrations, each of the patient with the same last bit.
const RECORDS: usize = 6;
const HOUR: i64 = 3_600;
/// When the test begins, and when the last complete transfer did.
const MARK: &str = "2026-03-02T05:00:00Z";

/// What happens. Numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    /// A record changes at the source.
    Edit(usize),
    /// A record goes from the source, or comes back.
    Toggle(usize),
    /// The check holds a record; `true`: only the clock is against it.
    Hold(usize, bool),
    /// Of what is to be sent some is made into a message.
    Queue(u8),
    /// A confirmed record is annulled.
    Annul(usize),
    /// An attempt begins.
    Start(usize),
    /// The attempt under way is answered: a digit for each resource.
    Answer(u32),
    /// It ends otherwise.
    End(Ending),
    /// The way to the register is gone: all that is due counts as tried.
    FailDue(Option<i64>),
    NewRound,
    GiveUp(usize),
    Release(u8),
    Discard(u8),
    /// Everything confirmed in so many hours is forgotten.
    Forget(i64),
    /// The source is compared with what is held.
    Compare {
        complete: bool,
        rules: u8,
    },
    /// The source is compared with what is confirmed.
    Vanish(bool),
    /// A transfer has delivered everything.
    Mark,
    /// Resources of messages finished so many hours ago are forgotten.
    Prune(i64),
    /// The clock goes on, or is set back.
    Clock(i64),
    PutClockRight,
    /// The file is repaired, after damage or without.
    Repair(bool),
    /// The process ends and begins again.
    Restart,
}

#[derive(Debug, Clone)]
enum Ending {
    Later { may_have_arrived: bool, retry_after: Option<i64> },
    Never { bytes_at_fault: bool },
    Refused { clock: bool },
    TooLarge,
}

/// Where in a step the process dies: before its transaction, or after the commit and before anybody hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    Before,
    After,
}

fn step() -> impl Strategy<Value = Step> {
    let record = || 0..RECORDS;
    let wait =
        || prop::option::weighted(0.3, prop_oneof![Just(60), Just(3 * HOUR), Just(90 * HOUR)]);
    let ending = prop_oneof![
        4 => (any::<bool>(), wait())
            .prop_map(|(may_have_arrived, retry_after)| Ending::Later { may_have_arrived, retry_after }),
        2 => any::<bool>().prop_map(|bytes_at_fault| Ending::Never { bytes_at_fault }),
        1 => any::<bool>().prop_map(|clock| Ending::Refused { clock }),
        1 => Just(Ending::TooLarge),
    ];
    prop_oneof![
        4 => record().prop_map(Step::Edit),
        1 => (2..RECORDS).prop_map(Step::Toggle),
        2 => (record(), any::<bool>()).prop_map(|(record, clock)| Step::Hold(record, clock)),
        8 => any::<u8>().prop_map(Step::Queue),
        2 => record().prop_map(Step::Annul),
        9 => (0..4_usize).prop_map(Step::Start),
        6 => any::<u32>().prop_map(Step::Answer),
        5 => ending.prop_map(Step::End),
        1 => wait().prop_map(Step::FailDue),
        2 => Just(Step::NewRound),
        1 => (0..4_usize).prop_map(Step::GiveUp),
        1 => any::<u8>().prop_map(Step::Release),
        1 => any::<u8>().prop_map(Step::Discard),
        1 => prop_oneof![Just(0), Just(2), Just(40)].prop_map(Step::Forget),
        2 => (any::<bool>(), 0..2_u8).prop_map(|(complete, rules)| Step::Compare { complete, rules }),
        1 => any::<bool>().prop_map(Step::Vanish),
        1 => Just(Step::Mark),
        1 => prop_oneof![Just(0), Just(5), Just(-1)].prop_map(Step::Prune),
        4 => prop_oneof![3 => 1..8 * HOUR, 1 => Just(24 * HOUR), 1 => -30 * HOUR..0].prop_map(Step::Clock),
        1 => Just(Step::PutClockRight),
        1 => any::<bool>().prop_map(Step::Repair),
        1 => Just(Step::Restart),
    ]
}

fn death() -> impl Strategy<Value = Option<Death>> {
    prop_oneof![8 => Just(None), 1 => Just(Some(Death::Before)), 1 => Just(Some(Death::After))]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Planned,
    Sending,
    Waiting,
    Exhausted,
    Stopped,
    Delivered,
    Refused,
    Released,
}

impl Way {
    fn is_open(self) -> bool {
        !matches!(self, Self::Delivered | Self::Refused | Self::Released)
    }

    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    record: usize,
    version: u32,
    root: bool,
    annuls: bool,
}

#[derive(Debug, Clone)]
struct Message {
    made_at: i64,
    way: Way,
    round: usize,
    may_have_arrived: bool,
    next: Option<i64>,
    finished: Option<i64>,
    /// Begin and end.
    attempts: Vec<(i64, Option<i64>)>,
    parts: Vec<Part>,
    /// A digit for each part, once it is answered and until it is pruned.
    digits: Option<Vec<u8>>,
    /// How much is known of its parts: all as long as it is open or was never tried to the end, then their order and
    /// what became of each, then nothing.
    known: Parts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parts {
    All,
    Narrow,
    None,
}

impl Message {
    fn is_due(&self, now: i64) -> bool {
        matches!(self.way, Way::Planned | Way::Waiting) && self.next.is_some_and(|next| next <= now)
    }

    fn ends(&mut self, way: Way, now: i64) {
        (self.way, self.next, self.finished) = (way, None, Some(now));
    }

    /// Three more attempts, an hour apart or as the register asks, but a day at most.
    fn fails(&mut self, may_have_arrived: bool, retry_after: Option<i64>, now: i64) {
        self.may_have_arrived |= may_have_arrived;
        if self.round <= 3 {
            let asked = retry_after.unwrap_or(0).min(24 * HOUR);
            (self.way, self.next) = (Way::Waiting, Some(now + asked.max(HOUR)));
        } else {
            (self.way, self.next) = (Way::Exhausted, None);
        }
    }
}

/// A version that the register has confirmed; none where it was forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Confirmed {
    version: Option<u32>,
    message: usize,
    at: i64,
    annulled: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct HeldBack {
    record: usize,
    /// None: to be looked at again as soon as the source gives it.
    version: Option<u32>,
    since: i64,
    by_register: Option<usize>,
    clock: bool,
    discarded: bool,
}

/// What the outbox must hold.
#[derive(Debug, Clone, Default)]
struct Model {
    now: i64,
    versions: [u32; RECORDS],
    gone: [bool; RECORDS],
    /// The first has the number 1.
    messages: Vec<Message>,
    confirmed: BTreeMap<usize, Confirmed>,
    /// In the order in which they were held.
    held: Vec<HeldBack>,
    vanished: BTreeSet<usize>,
    bundle_bytes: Option<i64>,
    marked: bool,
    rules: Option<u8>,
    /// The last source that was compared gives changes only.
    gives_changes: bool,
    acts: usize,
}

impl Model {
    fn present(&self) -> impl Iterator<Item = usize> + '_ {
        (0..RECORDS).filter(|at| !self.gone[*at])
    }

    fn closure(record: usize) -> Vec<usize> {
        if record < 2 { vec![record] } else { vec![record % 2, record] }
    }

    /// The version that an open message has of a record.
    fn open(&self, record: usize) -> Option<u32> {
        let open = self.messages.iter().filter(|message| message.way.is_open());
        let mut versions = open
            .flat_map(|message| &message.parts)
            .filter(|part| part.record == record)
            .map(|part| part.version);
        let first = versions.next();
        assert!(versions.all(|other| Some(other) == first), "two versions under way");
        first
    }

    fn is_held(&self, record: usize) -> Option<&HeldBack> {
        let version = Some(self.versions[record]);
        self.held.iter().find(|held| held.record == record && held.version == version)
    }

    /// What is to be sent, and what is not and why.
    fn wishes(&self) -> BTreeMap<usize, &'static str> {
        let mut wishes = BTreeMap::new();
        for record in self.present() {
            let version = self.versions[record];
            let confirmed = self.confirmed.get(&record);
            let open = self.open(record);
            if confirmed.is_some_and(|one| one.version == Some(version)) || open == Some(version) {
                continue;
            }
            // A patient goes with what is about them, until the register has one of both.
            if record < 2 && confirmed.is_none() && open.is_none() && !self.is_referred_to(record) {
                continue;
            }
            let all = Self::closure(record);
            let is_held = |at: &usize| self.is_held(*at).is_some();
            let is_discarded = |at: &usize| self.is_held(*at).is_some_and(|held| held.discarded);
            let is_under_way =
                |at: &usize| self.open(*at).is_some_and(|open| open != self.versions[*at]);
            wishes.insert(
                record,
                match () {
                    () if all.iter().any(is_discarded) => "discarded",
                    () if is_held(&record) => "held",
                    () if all.iter().any(is_held) => "waiting",
                    () if all.iter().any(is_under_way) => "deferred",
                    () => "ready",
                },
            );
        }
        wishes
    }

    /// Whether the register has, or is just sent, something about a patient as it is in the source.
    fn is_referred_to(&self, patient: usize) -> bool {
        self.present().any(|record| {
            let confirmed = self.confirmed.get(&record);
            let is_annulled = confirmed.is_some_and(|one| one.annulled.is_some());
            let version = Some(self.versions[record]);
            let is_there = confirmed.is_some_and(|one| one.version == version);
            record >= 2
                && record % 2 == patient
                && !is_annulled
                && (is_there || self.open(record) == version)
        })
    }

    fn due(&self) -> Vec<usize> {
        (0..self.messages.len()).filter(|at| self.messages[*at].is_due(self.now)).collect()
    }

    fn sending(&self) -> Option<usize> {
        self.messages.iter().position(|message| message.way == Way::Sending)
    }

    fn hold(&mut self, part: Part, by_register: Option<usize>, clock: bool) {
        let Part { record, version, .. } = part;
        let before = self.held.iter().position(|held| held.record == record);
        let before = before.map(|at| self.held.remove(at));
        let same = before.filter(|held| held.version == Some(version));
        self.held.push(HeldBack {
            record,
            version: Some(version),
            since: same.as_ref().map_or(self.now, |held| held.since),
            by_register,
            clock,
            discarded: same.is_some_and(|held| held.discarded),
        });
    }

    fn hold_roots(&mut self, message: usize, clock: bool) {
        for part in self.messages[message].parts.clone() {
            if part.root {
                self.hold(part, Some(message), clock);
            }
        }
    }

    fn answer(&mut self, message: usize, digits: &[u8]) {
        let (now, parts) = (self.now, self.messages[message].parts.clone());
        for (part, digit) in parts.iter().zip(digits) {
            if *digit > 2 {
                continue;
            }
            self.held
                .retain(|held| (held.record, held.version) != (part.record, Some(part.version)));
            let before = self.confirmed.get(&part.record);
            if before.is_some_and(|before| before.message > message) {
                continue;
            }
            let same = before.filter(|before| before.version == Some(part.version));
            let annulled =
                if part.annuls { Some(now) } else { same.and_then(|same| same.annulled) };
            let confirmed = Confirmed { version: Some(part.version), message, at: now, annulled };
            self.confirmed.insert(part.record, confirmed);
        }
        self.keep_annulments(message, Some(digits));
        for (part, digit) in parts.iter().zip(digits) {
            if *digit == 3 {
                self.hold(*part, Some(message), false);
            }
        }
        self.keep_released_annulments();
        self.messages[message].digits = Some(digits.to_vec());
        self.messages[message].known = Parts::Narrow;
        self.messages[message].ends(Way::Delivered, now);
    }

    /// An annulment that ends without having been stored is the record's all the same, and goes again.
    fn keep_annulments(&mut self, message: usize, digits: Option<&[u8]>) {
        let now = self.now;
        for (at, part) in self.messages[message].parts.iter_mut().enumerate() {
            let is_lost = digits.is_none_or(|digits| digits[at] > 3);
            if !std::mem::take(&mut part.annuls) || !is_lost {
                continue;
            }
            let one = self.confirmed.get_mut(&part.record).filter(|one| one.annulled.is_none());
            if let Some(one) = one
                && one.version.is_none_or(|version| version == part.version)
            {
                (one.annulled, one.message) = (Some(now), message);
            }
        }
    }

    fn keep_released_annulments(&mut self) {
        for message in 0..self.messages.len() {
            if self.messages[message].way == Way::Released {
                self.keep_annulments(message, None);
            }
        }
    }

    fn end(&mut self, message: usize, ending: &Ending) {
        let now = self.now;
        if !matches!(ending, Ending::Later { .. } | Ending::Never { bytes_at_fault: false }) {
            self.messages[message].known = Parts::Narrow;
        }
        match ending {
            Ending::Later { may_have_arrived, retry_after } => {
                self.messages[message].fails(*may_have_arrived, *retry_after, now);
            }
            Ending::Never { bytes_at_fault: false } => {
                (self.messages[message].way, self.messages[message].next) = (Way::Stopped, None);
            }
            Ending::Never { bytes_at_fault: true } => {
                for other in &mut self.messages {
                    if other.way == Way::Planned {
                        other.ends(Way::Released, now);
                    }
                }
                self.messages[message].ends(Way::Released, now);
                self.keep_annulments(message, None);
            }
            Ending::Refused { clock } => {
                self.hold_roots(message, *clock);
                self.messages[message].ends(Way::Refused, now);
            }
            Ending::TooLarge => {
                let parts = &self.messages[message].parts;
                if parts.iter().filter(|part| part.root).count() > 1 {
                    let half = bytes_of(parts.len()) / 2;
                    self.bundle_bytes = Some(self.bundle_bytes.map_or(half, |old| old.min(half)));
                } else {
                    self.hold_roots(message, false);
                }
                // It is held, and a person looks at it.
                self.messages[message].parts.iter_mut().for_each(|part| part.annuls = false);
                self.messages[message].ends(Way::Released, now);
            }
        }
        self.keep_released_annulments();
    }

    /// A process begins: what was under way may have arrived.
    fn recover(&mut self) {
        let now = self.now;
        for message in &mut self.messages {
            if message.way == Way::Sending {
                (message.way, message.next, message.may_have_arrived) =
                    (Way::Waiting, Some(now), true);
            }
            for (_, end) in &mut message.attempts {
                end.get_or_insert(now);
            }
        }
    }

    fn new_round(&mut self) {
        let now = self.now;
        for message in &mut self.messages {
            match message.way {
                Way::Exhausted if !message.may_have_arrived => message.ends(Way::Released, now),
                Way::Planned => (message.round, message.next) = (0, Some(now)),
                Way::Waiting | Way::Exhausted | Way::Stopped => {
                    (message.way, message.round, message.next) = (Way::Waiting, 0, Some(now));
                }
                Way::Sending | Way::Delivered | Way::Refused | Way::Released => {}
            }
        }
        self.keep_released_annulments();
    }

    fn compare(&mut self, complete: bool, rules: u8) {
        self.gives_changes = !complete;
        let other_rules = self.rules.replace(rules) != Some(rules);
        let (gone, versions) = (self.gone, self.versions);
        self.held.retain_mut(|held| {
            if held.discarded || !(other_rules || held.clock) {
                return true;
            }
            if other_rules {
                held.version = held.version.filter(|_| !gone[held.record]);
            }
            gone[held.record] && !complete
        });
        self.held.retain(|held| match gone[held.record] {
            true => !complete,
            false => held.version == Some(versions[held.record]),
        });
    }

    fn vanish(&mut self, may_add: bool) {
        let gone = self.gone;
        self.vanished.retain(|record| gone[*record]);
        if may_add {
            let missed = self
                .confirmed
                .iter()
                .filter(|(record, one)| **record >= 2 && gone[**record] && one.annulled.is_none());
            self.vanished.extend(missed.map(|(record, _)| *record));
        }
    }

    /// Gives how many records and annulments are forgotten.
    fn forget(&mut self, since: i64) -> (u64, u64) {
        let (mut records, mut annulments) = (0, 0);
        for (record, one) in &mut self.confirmed {
            annulments += u64::from(one.annulled.is_some_and(|at| at >= since));
            if one.at >= since && one.annulled.is_none() && !self.vanished.contains(record) {
                records += u64::from(one.version.take().is_some());
            }
        }
        self.marked = false;
        self.acts += 1;
        (records, annulments)
    }

    fn put_clock_right(&mut self) {
        let now = self.now;
        self.marked &= time(now) >= MARK.parse::<Timestamp>().unwrap();
        let ended = self.messages.iter().flat_map(|message| &message.attempts);
        let last = ended.filter_map(|(_, end)| *end).max().unwrap_or(now);
        if last <= now {
            return;
        }
        for message in &mut self.messages {
            if matches!(message.way, Way::Planned | Way::Waiting) {
                message.next = message.next.map(|next| now.max(next - (last - now)));
            }
            for (begin, end) in &mut message.attempts {
                if end.is_some_and(|end| end > now) {
                    (*begin, *end) = ((*begin).min(now), Some(now));
                }
            }
        }
    }
}

/// Bytes of the resources of a message, as the test says them.
fn bytes_of(parts: usize) -> i64 {
    i64::try_from(1_000 * parts).unwrap()
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// The source and the outbox under test.
struct Ward {
    folder: tempfile::TempDir,
    outbox: Outbox,
    index: Index,
    /// Hashes of the records and of their versions.
    identities: Vec<Hash>,
    hashes: BTreeMap<(usize, u32), Hash>,
    model: Model,
}

fn resource(record: usize, version: u32) -> Value {
    if record < 2 {
        return patient(&format!("r{record}"), version);
    }
    json!({
        "resourceType": "MedicationAdministration", "id": format!("r{record}"), "n": version,
        "subject": { "reference": format!("Patient/r{}", record % 2) },
        "effectiveDateTime": "2026-03-01T12:00:00+01:00"
    })
}

fn number_of(index: &Index, at: u32) -> usize {
    index.id(at).unwrap()[1..].parse().unwrap()
}

fn read(folder: &Path, model: &Model) -> Index {
    let source = folder.join("source");
    std::fs::create_dir_all(&source).unwrap();
    let text: String = model
        .present()
        .map(|record| format!("{}\n", resource(record, model.versions[record])))
        .collect();
    std::fs::write(source.join("all.ndjson"), text).unwrap();
    let source = FolderSource::new(source, SourceLimits::default());
    Index::read(&source, &[], &HashKey::new(&Zeroizing::new([7; 32]))).unwrap()
}

async fn open(folder: &Path) -> Outbox {
    // Processes die in this test, machines do not.
    Outbox::open_with(&folder.join("outbox.db"), SqliteSynchronous::Off).await.unwrap()
}

fn finding(clock: bool) -> HeldFinding {
    HeldFinding {
        code: Some(if clock { "LMR-6020" } else { "LMR-4003" }.to_owned()),
        path: None,
        text_nb: "Feil".to_owned(),
        text_en: "Fault".to_owned(),
    }
}

impl Ward {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model =
            Model { now: MARK.parse::<Timestamp>().unwrap().as_second(), ..Model::default() };
        let index = read(folder.path(), &model);
        let outbox = open(folder.path()).await;
        let identities = vec![Hash::NO_VERSION; RECORDS];
        let mut ward = Self { folder, outbox, index, identities, hashes: BTreeMap::new(), model };
        ward.read();
        ward
    }

    /// Reads the source again and learns the hashes of what is new.
    fn read(&mut self) {
        self.index = read(self.folder.path(), &self.model);
        for at in 0..u32::try_from(self.index.records.len()).unwrap() {
            let record = number_of(&self.index, at);
            self.identities[record] = self.index.records[at as usize].identity;
            let version = (record, self.model.versions[record]);
            self.hashes.insert(version, self.index.version(at));
        }
    }

    fn now(&self) -> Timestamp {
        time(self.model.now)
    }

    fn item(&self, part: Part) -> Item {
        Item {
            identity: self.identities[part.record],
            version: self.hashes[&(part.record, part.version)],
            role: Role::New,
            root: part.root,
            is_annulment: part.annuls,
            resource_type: resource(part.record, 0)["resourceType"].as_str().unwrap().to_owned(),
            resource_id: Some(format!("r{}", part.record)),
            source_key: None,
            id_space: None,
            file: "all.ndjson".to_owned(),
            line: 1,
        }
    }

    fn hash(&self, record: usize, version: Option<u32>) -> Hash {
        version.map_or(Hash::NO_VERSION, |version| self.hashes[&(record, version)])
    }

    async fn add(&mut self, parts: Vec<Part>) -> (Result<(), OutboxError>, Model) {
        let mut after = self.model.clone();
        let number = after.messages.len() + 1;
        let items: Vec<Item> = parts.iter().map(|part| self.item(*part)).collect();
        let (id, sealed) = (format!("m{number}"), format!("sealed {number}"));
        let message = NewMessage {
            message_id: &id,
            sealed: sealed.as_bytes(),
            copy: b"copy",
            resource_bytes: usize::try_from(bytes_of(parts.len())).unwrap(),
            items: &items,
        };
        let done = self.outbox.add(&message, self.now()).await;
        after.messages.push(Message {
            made_at: after.now,
            way: Way::Planned,
            round: 0,
            may_have_arrived: false,
            next: Some(after.now),
            finished: None,
            attempts: Vec::new(),
            parts,
            digits: None,
            known: Parts::All,
        });
        (done.map(|seq| assert_eq!(seq, i64::try_from(number).unwrap())), after)
    }

    async fn finish(
        &self,
        message: usize,
        outcome: &AttemptOutcome,
        items: &[ItemOutcome],
        findings: &[HeldFinding],
    ) -> Result<(), OutboxError> {
        let failed = *outcome != AttemptOutcome::Answered;
        let failure = AttemptFailure::ConnectionBroken;
        let finished = FinishedAttempt {
            outcome,
            items,
            findings,
            http_status: None,
            failure: failed.then_some(&failure),
            has_doubtful_receipt: false,
        };
        let seq = i64::try_from(message + 1).unwrap();
        self.outbox.finish(seq, &finished, self.now(), &RetrySchedule::default()).await.map(drop)
    }

    /// Takes a step, and gives what the model is after it.
    async fn take(&mut self, step: &Step) -> (Result<(), OutboxError>, Model) {
        let now = self.now();
        let mut after = self.model.clone();
        let act = Act::with_reason("kari", "test", now).unwrap();
        let numbered = |mask: u8, numbers: &[i64]| {
            let chosen = (0..).zip(numbers).filter(|(at, _)| mask >> (at % 8) & 1 == 1);
            chosen.map(|(at, number)| (at, *number)).collect::<Vec<(usize, i64)>>()
        };
        let done = match step {
            Step::Edit(record) => {
                after.versions[*record] += 1;
                Ok(())
            }
            Step::Toggle(record) => {
                after.gone[*record] ^= true;
                Ok(())
            }
            Step::Hold(record, clock) if !after.gone[*record] => {
                let version = after.versions[*record];
                let part = Part { record: *record, version, root: true, annuls: false };
                let item = self.item(part);
                after.hold(part, None, *clock);
                self.outbox.hold(&[(item, vec![finding(*clock)])], now).await
            }
            Step::Queue(mask) => {
                let wishes = after.wishes().into_iter().filter(|(_, wish)| *wish == "ready");
                let roots: Vec<usize> = wishes
                    .map(|(record, _)| record)
                    .filter(|record| mask >> record & 1 == 1)
                    .collect();
                let all: BTreeSet<usize> = roots.iter().copied().flat_map(Model::closure).collect();
                if roots.is_empty() {
                    return (Ok(()), after);
                }
                let part = |record| Part {
                    record,
                    version: after.versions[record],
                    root: roots.contains(&record),
                    annuls: false,
                };
                return self.add(all.into_iter().map(part).collect()).await;
            }
            Step::Annul(record) => {
                let confirmed = after.confirmed.get(record).filter(|one| one.annulled.is_none());
                let version = confirmed.and_then(|one| one.version);
                let (Some(version), None) = (version, after.open(*record)) else {
                    return (Ok(()), after);
                };
                let part = Part { record: *record, version, root: true, annuls: true };
                return self.add(vec![part]).await;
            }
            Step::Start(which) if after.sending().is_none() => {
                let due = after.due();
                let Some(message) = due.get(*which).copied() else { return (Ok(()), after) };
                let one = &mut after.messages[message];
                (one.way, one.next, one.round) = (Way::Sending, None, one.round + 1);
                one.attempts.push((after.now, None));
                let (sealed, entries) = (format!("sealed {}", message + 1), one.parts.len());
                let started = self.outbox.start(i64::try_from(message + 1).unwrap(), now).await;
                started.map(|bytes| assert_eq!(bytes, Some((sealed.into_bytes(), entries))))
            }
            Step::Answer(digits) => {
                let Some(message) = after.sending() else { return (Ok(()), after) };
                let count = after.messages[message].parts.len();
                let digits: Vec<u8> = (0..count)
                    .map(|at| [1, 1, 2, 3, 4, 1, 1, 3][(digits >> (3 * at) & 7) as usize])
                    .collect();
                let items: Vec<ItemOutcome> = digits
                    .iter()
                    .map(|digit| match digit {
                        1 => ItemOutcome::Stored,
                        2 => ItemOutcome::Unchanged,
                        3 => ItemOutcome::Refused(vec![finding(false)]),
                        _ => ItemOutcome::NotStored,
                    })
                    .collect();
                after.messages[message].attempts.last_mut().unwrap().1 = Some(after.now);
                after.answer(message, &digits);
                self.finish(message, &AttemptOutcome::Answered, &items, &[]).await
            }
            Step::End(ending) => {
                let Some(message) = after.sending() else { return (Ok(()), after) };
                after.messages[message].attempts.last_mut().unwrap().1 = Some(after.now);
                after.end(message, ending);
                let (outcome, findings) = match ending {
                    Ending::Later { may_have_arrived, retry_after } => (
                        AttemptOutcome::Later {
                            may_have_arrived: *may_have_arrived,
                            retry_after: retry_after.map(SignedDuration::from_secs),
                        },
                        vec![],
                    ),
                    Ending::Never { bytes_at_fault } => {
                        (AttemptOutcome::Never { bytes_at_fault: *bytes_at_fault }, vec![])
                    }
                    Ending::Refused { clock } => (AttemptOutcome::Refused, vec![finding(*clock)]),
                    Ending::TooLarge => (AttemptOutcome::TooLarge, vec![finding(false)]),
                };
                self.finish(message, &outcome, &[], &findings).await
            }
            Step::FailDue(retry_after) => {
                let now_is = after.now;
                for message in after.due() {
                    after.messages[message].round += 1;
                    after.messages[message].fails(false, *retry_after, now_is);
                }
                let wait = retry_after.map(SignedDuration::from_secs);
                self.outbox.fail_due(now, wait, &RetrySchedule::default()).await
            }
            Step::NewRound => {
                after.new_round();
                self.outbox.new_round(now).await
            }
            Step::GiveUp(which) => {
                let open = |message: &&mut Message| message.way.is_open();
                let now_is = after.now;
                let (mut is_given_up, mut id) = (false, "none".to_owned());
                if let Some((at, message)) =
                    after.messages.iter_mut().enumerate().filter(|(_, one)| open(one)).nth(*which)
                {
                    id = format!("m{}", at + 1);
                    is_given_up = message.way != Way::Sending;
                    if is_given_up {
                        message.ends(Way::Released, now_is);
                    }
                }
                after.keep_released_annulments();
                let done = self.outbox.give_up_message(&id, now).await;
                done.map(|done| assert_eq!(done, is_given_up))
            }
            Step::Release(mask) => {
                let numbers = self.numbers().await;
                let chosen = numbered(*mask, &numbers);
                if chosen.len() == after.held.len() {
                    after.bundle_bytes = None;
                }
                let mut at = 0;
                let mut discarded = false;
                let stays = after.gives_changes;
                after.held.retain_mut(|held| {
                    let is_chosen = chosen.iter().any(|(chosen, _)| *chosen == at);
                    at += 1;
                    if !is_chosen {
                        return true;
                    }
                    discarded |= held.discarded;
                    // Until the source gives it again.
                    (held.version, held.discarded) = (None, false);
                    stays
                });
                after.marked &= !discarded;
                after.acts += usize::from(!chosen.is_empty());
                let numbers: Vec<i64> = chosen.iter().map(|(_, number)| *number).collect();
                let released = self.outbox.release(&numbers, &act).await;
                released.map(|all| assert_eq!(all.total(), numbers.len() as u64))
            }
            Step::Discard(mask) => {
                let numbers = self.numbers().await;
                let chosen = numbered(*mask, &numbers);
                let mut count = 0;
                for (at, _) in &chosen {
                    count += u64::from(!std::mem::replace(&mut after.held[*at].discarded, true));
                }
                after.acts += usize::from(count > 0);
                let numbers: Vec<i64> = chosen.iter().map(|(_, number)| *number).collect();
                let discarded = self.outbox.discard(&numbers, &act).await;
                discarded.map(|all| assert_eq!(all.records, count))
            }
            Step::Forget(hours) => {
                let since = after.now - hours * HOUR;
                let forgotten = after.forget(since);
                self.outbox.forget_since(time(since), now).await.map(|found| {
                    assert_eq!((found.records, found.annulments), forgotten);
                    assert_eq!(found.is_nothing(), forgotten == (0, 0));
                })
            }
            Step::Compare { complete, rules } => {
                after.compare(*complete, *rules);
                // Two steps, of which a process may die after the first: then neither counts here, so the first is
                // taken alone where it changes nothing that the second does not.
                let text = rules.to_string();
                let first = self.outbox.drop_to_reexamine(&self.index, *complete, &text).await;
                match first {
                    Ok(_) => self.outbox.drop_corrected(&self.index, *complete).await,
                    Err(error) => Err(error),
                }
            }
            Step::Vanish(may_add) => {
                after.vanish(*may_add);
                let before = self.model.vanished.intersection(&after.vanished).count();
                let search = match may_add {
                    true => VanishedSearch::Missing,
                    false => VanishedSearch::Replaced,
                };
                let noted = self.outbox.note_vanished(&self.index, |_| None, search, now).await;
                let expected = after.vanished.len() - before;
                noted.map(|noted| assert_eq!(noted.joined as usize, expected))
            }
            Step::Mark => {
                after.marked = true;
                self.outbox.set(CHANGED_SINCE, &format!("{MARK} all")).await
            }
            Step::Prune(hours) => {
                let before = after.now - hours * HOUR;
                for message in &mut after.messages {
                    if message.finished.is_some_and(|at| at < before) {
                        (message.digits, message.known) = (None, Parts::None);
                    }
                }
                self.outbox.prune(time(before)).await
            }
            Step::Clock(seconds) => {
                after.now += seconds;
                Ok(())
            }
            Step::PutClockRight => {
                after.put_clock_right();
                self.outbox.put_clock_right(now).await
            }
            Step::Repair(damaged) => {
                self.outbox.close().await;
                let path = self.folder.path().join("outbox.db");
                if *damaged {
                    damage_an_index(&path).await;
                    after.marked = false;
                    after.acts += 1;
                }
                let repaired = repair(&path, now).await.unwrap();
                assert_eq!(repaired.is_some(), *damaged);
                self.outbox = open(self.folder.path()).await;
                Ok(())
            }
            Step::Hold(..) | Step::Start(_) | Step::Restart => Ok(()),
        };
        (done, after)
    }

    async fn numbers(&self) -> Vec<i64> {
        let mut numbers: Vec<i64> =
            self.outbox.held().await.unwrap().iter().map(|row| row.number).collect();
        numbers.extend(self.outbox.discarded().await.unwrap().iter().map(|row| row.number));
        numbers.sort_unstable();
        numbers
    }

    async fn restart(&mut self) {
        self.outbox.close().await;
        self.outbox = open(self.folder.path()).await;
        let found = self.outbox.recover(self.now()).await.unwrap();
        assert_eq!(found, usize::from(self.model.sending().is_some()));
        self.model.recover();
    }

    async fn play(&mut self, step: &Step, death: Option<Death>) {
        // A step of two transactions, or one without any, has no single place to die at.
        let death = death.filter(|_| !matches!(step, Step::Compare { .. } | Step::Repair(_)));
        match death {
            Some(Death::Before) => self.outbox.fail_after(0),
            Some(Death::After) => self.outbox.fail_after(1),
            None => {}
        }
        let (done, after) = self.take(step).await;
        match done {
            Ok(()) => self.model = after,
            Err(OutboxError::Failpoint) => {
                if death == Some(Death::After) {
                    self.model = after;
                }
            }
            Err(error) => panic!("{error}"),
        }
        if death.is_some() || matches!(step, Step::Restart) {
            self.restart().await;
        }
        self.read();
        self.agree().await;
    }

    /// All that can be asked of the outbox agrees with the model.
    async fn agree(&self) {
        let (model, outbox) = (&self.model, &self.outbox);
        self.messages_agree().await;

        let due: Vec<usize> =
            outbox.due(self.now()).await.unwrap().iter().map(|due| due.seq as usize - 1).collect();
        assert_eq!(due, model.due(), "due");
        let open = model.messages.iter().filter(|message| message.way.is_open());
        assert_eq!(outbox.open_messages().await.unwrap(), open.clone().count() as u64);
        let next = open.filter_map(|message| message.next).min();
        assert_eq!(outbox.next_attempt().await.unwrap().map(Timestamp::as_second), next);

        for record in 0..RECORDS {
            let row = outbox.stored(self.identities[record]).await.unwrap();
            let row =
                row.map(|row| (row.version, row.seq as usize, row.at.as_second(), row.annulled));
            let wanted = model.confirmed.get(&record).map(|one| {
                (self.hash(record, one.version), one.message + 1, one.at, one.annulled.is_some())
            });
            assert_eq!(row, wanted, "booked of r{record}");
            assert_eq!(
                outbox.is_open(self.identities[record]).await.unwrap(),
                model.open(record).is_some(),
                "r{record} is under way"
            );
        }

        let mut rows = outbox.held().await.unwrap();
        rows.extend(outbox.discarded().await.unwrap());
        rows.sort_by_key(|row| row.number);
        let mut versions = outbox.held_versions().await.unwrap();
        versions.sort_unstable();
        let mut wanted: Vec<Hash> =
            model.held.iter().map(|held| self.hash(held.record, held.version)).collect();
        wanted.sort_unstable();
        assert_eq!(versions, wanted, "versions held");
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.resource_id.clone().unwrap(),
                    row.since.as_second(),
                    row.origin == Origin::Register,
                    row.message_id.clone(),
                    row.depends_on_clock,
                    row.discarded.is_some(),
                )
            })
            .collect();
        let wanted: Vec<_> = model
            .held
            .iter()
            .map(|held| {
                let message = held.by_register.map(|message| format!("m{}", message + 1));
                let is_register = held.by_register.is_some();
                let name = format!("r{}", held.record);
                (name, held.since, is_register, message, held.clock, held.discarded)
            })
            .collect();
        assert_eq!(rows, wanted, "held");
        let count = outbox.held_count().await.unwrap();
        let listed = model.held.iter().filter(|held| !held.discarded);
        let not_yet =
            listed.clone().filter(|held| held.clock && held.by_register.is_some()).count() as u64;
        assert_eq!((count.held + count.not_yet, count.not_yet), (listed.count() as u64, not_yet));

        let confirmed = model.confirmed.values().filter(|one| one.version.is_some()).count();
        assert_eq!(outbox.confirmed_count().await.unwrap() as usize, confirmed);
        let vanished: BTreeSet<String> = outbox
            .vanished()
            .await
            .unwrap()
            .into_iter()
            .filter_map(|row| row.resource_id)
            .collect();
        let is_annulled =
            |record: &usize| model.confirmed.get(record).is_none_or(|one| one.annulled.is_some());
        let wanted: BTreeSet<String> = model
            .vanished
            .iter()
            .filter(|record| !is_annulled(record))
            .map(|record| format!("r{record}"))
            .collect();
        assert_eq!(vanished, wanted, "vanished");
        assert_eq!(outbox.setting(CHANGED_SINCE).await.unwrap().is_some(), model.marked, "mark");
        let bytes = outbox.setting("bundle-bytes").await.unwrap();
        assert_eq!(bytes, model.bundle_bytes.map(|bytes| bytes.to_string()));
        assert_eq!(outbox.journal(10_000).await.unwrap().len(), model.acts, "journal");
        self.memories_agree().await;
        self.wishes_agree().await;
    }

    /// What is remembered of messages and of what was in them.
    async fn memories_agree(&self) {
        let (model, outbox) = (&self.model, &self.outbox);
        let outcome =
            |digit: u8| ["stored", "unchanged", "refused", "not-stored"][digit as usize - 1];
        let is_named = |record: &usize| {
            let held = model.held.iter().any(|held| held.record == *record && !held.discarded);
            model.confirmed.contains_key(record) || held
        };
        let is_held =
            |record: &usize| model.held.iter().any(|one| one.record == *record && !one.discarded);
        for (number, message) in (1..).zip(&model.messages) {
            let found = outbox.contents_of(&format!("m{number}")).await.unwrap();
            let found: Vec<_> = found
                .into_iter()
                .map(|one| (one.resource_id, one.outcome, one.held.is_some()))
                .collect();
            let digits = message.digits.clone().unwrap_or_default();
            let wanted = (0..).zip(&message.parts).map(|(at, part)| {
                let name = Some(format!("r{}", part.record));
                match message.known {
                    Parts::All => (name, None, false),
                    _ => (
                        name.filter(|_| is_named(&part.record)),
                        digits.get(at).map(|digit| outcome(*digit)),
                        is_held(&part.record),
                    ),
                }
            });
            let wanted: Vec<_> = wanted.filter(|_| message.known != Parts::None).collect();
            assert_eq!(found, wanted, "what m{number} holds");
            let copy = outbox.copy_of(number).await.unwrap();
            assert_eq!(copy, Some((format!("m{number}"), b"copy".to_vec())));
            assert_eq!(outbox.message_id(number).await.unwrap(), Some(format!("m{number}")));
            let made = outbox.made_at(number).await.unwrap().map(Timestamp::as_second);
            assert_eq!(made, Some(message.made_at));
        }
        assert_eq!(outbox.copy_of(9_999).await.unwrap(), None);
        for record in 0..RECORDS {
            let identity = self.identities[record];
            let found = outbox.sendings_of(identity).await.unwrap();
            let found: Vec<_> = found
                .into_iter()
                .map(|one| {
                    (
                        one.message_id,
                        one.made_at.as_second(),
                        one.state.as_str().to_owned(),
                        one.outcome,
                    )
                })
                .collect();
            let wanted: Vec<_> = (1..)
                .zip(&model.messages)
                .filter(|(_, message)| message.known != Parts::None)
                .filter_map(|(number, message)| {
                    let at = message.parts.iter().position(|part| part.record == record)?;
                    let digit = message.digits.as_ref().map(|digits| outcome(digits[at]));
                    Some((format!("m{number}"), message.made_at, message.way.name(), digit))
                })
                .collect();
            assert!(found.iter().rev().eq(&wanted), "r{record}: {found:?} is not {wanted:?}");
            let number = outbox.vanished_of(identity).await.unwrap();
            assert_eq!(number.is_some(), model.vanished.contains(&record), "r{record}");
        }
        let living = || model.confirmed.iter().filter(|(_, one)| one.annulled.is_none());
        let messages: BTreeSet<i64> = living().map(|(_, one)| one.message as i64 + 1).collect();
        let found = outbox.messages_with_confirmed().await.unwrap();
        assert_eq!(found, messages.iter().copied().collect::<Vec<_>>());
        for message in messages {
            let found = outbox.confirmed_by(message, &self.identities).await.unwrap();
            let wanted: std::collections::HashSet<Hash> = living()
                .filter(|(_, one)| one.message as i64 + 1 == message)
                .map(|(record, _)| self.identities[*record])
                .collect();
            assert_eq!(found, wanted, "confirmed by m{message}");
        }
    }

    async fn messages_agree(&self) {
        let mut rows = self.outbox.messages(10_000).await.unwrap();
        rows.reverse();
        assert_eq!(rows.len(), self.model.messages.len(), "messages");
        let mut connection = self.outbox.connection().await.unwrap();
        let raw = sqlx::query("SELECT round, may_have_arrived, sealed FROM message ORDER BY seq");
        let raw = raw.fetch_all(&mut *connection).await.unwrap();
        for ((number, message), (row, raw)) in
            (1..).zip(&self.model.messages).zip(rows.iter().zip(&raw))
        {
            let digit = |wanted: fn(u8) -> bool| {
                message.digits.iter().flatten().filter(|digit| wanted(**digit)).count() as u64
            };
            assert_eq!(row.message_id, format!("m{number}"));
            assert_eq!(row.state.as_str(), message.way.name(), "m{number}");
            assert_eq!(row.made_at.as_second(), message.made_at, "m{number}");
            let second = |time: Option<Timestamp>| time.map(Timestamp::as_second);
            assert_eq!(second(row.next_attempt), message.next, "next attempt of m{number}");
            assert_eq!(second(row.finished_at), message.finished, "end of m{number}");
            assert_eq!(row.entries as usize, message.parts.len(), "m{number}");
            assert_eq!(row.stored, digit(|digit| digit == 1), "m{number}");
            assert_eq!(row.unchanged, digit(|digit| digit == 2), "m{number}");
            assert_eq!(row.refused, digit(|digit| digit == 3), "m{number}");
            let attempts: Vec<_> = row
                .attempts
                .iter()
                .map(|one| (one.started_at.as_second(), second(one.ended_at)))
                .collect();
            assert_eq!(attempts, message.attempts, "attempts of m{number}");
            assert_eq!(raw.get::<i64, _>(0) as usize, message.round, "round of m{number}");
            assert_eq!(raw.get::<bool, _>(1), message.may_have_arrived, "fate of m{number}");
            // The bytes of before, as long as they may be sent again.
            let sealed = message.way.is_open().then(|| format!("sealed {number}").into_bytes());
            assert_eq!(raw.get::<Option<Vec<u8>>, _>(2), sealed, "bytes of m{number}");
        }
    }

    /// What the next transfer would send.
    async fn wishes_agree(&self) {
        let statuses = self.outbox.statuses(&self.index).await.unwrap();
        let known = self.model.confirmed.iter().filter(|(_, one)| one.annulled.is_none());
        let missing = known.clone().filter(|(record, _)| self.model.gone[**record]).count();
        assert_eq!((statuses.known, statuses.missing), (known.count(), missing), "known");
        for at in 0..u32::try_from(self.index.records.len()).unwrap() {
            let record = number_of(&self.index, at);
            let confirmed = self.model.confirmed.get(&record);
            let stored = match confirmed.map(|one| one.version) {
                None => Known::No,
                Some(None) => Known::Forgotten,
                Some(Some(version)) if version == self.model.versions[record] => Known::Same,
                Some(Some(_)) => Known::Other,
            };
            let status = statuses.of(at);
            assert_eq!(status.stored, stored, "r{record}");
            let annulled = confirmed.is_some_and(|one| one.annulled.is_some());
            assert_eq!(status.annulled, annulled, "r{record}");
        }
        let start = start_of(jiff::civil::date(2026, 3, 1));
        let limits = BundleLimits::default();
        let plan = plan::plan(&self.index, &statuses, start, RuleSetId::Lmdi094, &limits);
        let number = |at: &u32| number_of(&self.index, *at);
        let mut found = BTreeMap::new();
        for (wish, records) in [
            ("held", plan.held.iter().map(number).collect::<Vec<_>>()),
            ("waiting", plan.waiting.iter().map(|(at, _)| number(at)).collect()),
            ("discarded", plan.discarded.iter().map(|(at, _)| number(at)).collect()),
            ("deferred", plan.deferred.iter().map(number).collect()),
            ("ready", plan.bundles.iter().flat_map(|one| &one.roots).map(number).collect()),
        ] {
            found.extend(records.into_iter().map(|record| (record, wish)));
        }
        let wanted = self.model.wishes();
        assert_eq!(found, wanted, "what would be sent");
        let entries: BTreeSet<usize> =
            plan.bundles.iter().flat_map(|one| &one.entries).map(number).collect();
        let ready = wanted.into_iter().filter(|(_, wish)| *wish == "ready");
        let wanted: BTreeSet<usize> =
            ready.flat_map(|(record, _)| Model::closure(record)).collect();
        assert_eq!(entries, wanted, "what would go with it");
    }
}

/// Writes over the page of an index, as a bad block would: all that it says is in a table as well.
async fn damage_an_index(path: &Path) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let row = sqlx::query(
        "SELECT rootpage, page_size FROM sqlite_master, pragma_page_size WHERE name = 'message_open'",
    );
    let row = row.fetch_one(&pool).await.unwrap();
    pool.close().await;
    let (page, size) = (row.get::<i64, _>(0) as usize, row.get::<i64, _>(1) as usize);
    let mut bytes = std::fs::read(path).unwrap();
    bytes[(page - 1) * size..page * size].fill(0x5a);
    std::fs::write(path, bytes).unwrap();
}

/// `LMR_MODEL_CASES` rows of steps instead of 32, and `LMR_MODEL_SEED` to have the same ones again.
#[expect(clippy::disallowed_methods, reason = "how long to try depends on who asks")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn any_row_of_steps_leaves_what_the_model_of_the_outbox_says() {
    let cases = asked("LMR_MODEL_CASES").map_or(32, |cases| u32::try_from(cases).unwrap());
    let seed = asked("LMR_MODEL_SEED")
        .unwrap_or_else(|| std::hash::RandomState::new().hash_one("the outbox"));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let steps = prop::collection::vec((step(), death()), 1..60);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let result = runner.run(&steps, |steps| {
        runtime.block_on(async {
            let mut ward = Ward::new().await;
            for (step, death) in &steps {
                ward.play(step, *death).await;
            }
            ward.outbox.close().await;
        });
        Ok::<(), TestCaseError>(())
    });
    assert!(result.is_ok(), "LMR_MODEL_SEED={seed}: {}", result.unwrap_err());
}
