//! The whole life of what is stored, against a model: any row of puts, resends, conflicts, loans, acknowledgements,
//! erasures, ends of retention and restarts leaves what the plainest form of the contract says.

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;
use std::ops::RangeInclusive;
use std::sync::Arc;

use lmr_intake::{
    Acknowledged, ArchiveFilter, Database, DeliveryFilter, Erasure, OrganisationNumber, Retention,
    Rewritten, Seen,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use super::{at, delivery, hash, identity, name, other, resource, sender, version};

/// Resources of each sender.
const KEYS: u32 = 4;

/// What happens. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    /// A new message with the next versions of some resources.
    Put {
        who: usize,
        keys: u8,
    },
    /// A former message once more.
    Resend {
        who: usize,
        which: usize,
    },
    /// A message that contradicts what is there.
    Conflict {
        who: usize,
        which: usize,
        kind: Conflict,
    },
    /// The service behind the outlet asks for a message, for so many seconds.
    Lend(i64),
    Acknowledge {
        who: usize,
        which: usize,
    },
    /// A resource of a message is erased.
    Erase {
        which: usize,
        entry: usize,
    },
    /// Content that came before, so many seconds ago, is removed.
    Expire {
        ago: i64,
        keep_waiting: bool,
    },
    /// A proof is used, good for so many seconds.
    Proof {
        number: u64,
        seconds: i64,
    },
    Clock(i64),
    /// The receiver ends, cleanly or not, and begins again.
    Restart {
        cleanly: bool,
    },
}

#[derive(Clone, Copy, Debug)]
enum Conflict {
    MessageId,
    Content,
    BundleIdentifier,
    /// Of a resource that has one, the same version once more.
    SameVersion,
    /// One version is left out.
    NextButOne,
}

fn step() -> impl Strategy<Value = Step> {
    let (who, which) = (|| 0..2_usize, || 0..30_usize);
    let conflict = prop_oneof![
        Just(Conflict::MessageId),
        Just(Conflict::Content),
        Just(Conflict::BundleIdentifier),
        Just(Conflict::SameVersion),
        Just(Conflict::NextButOne),
    ];
    prop_oneof![
        8 => (who(), any::<u8>()).prop_map(|(who, keys)| Step::Put { who, keys }),
        2 => (who(), which()).prop_map(|(who, which)| Step::Resend { who, which }),
        3 => (who(), which(), conflict)
            .prop_map(|(who, which, kind)| Step::Conflict { who, which, kind }),
        4 => (1..200_i64).prop_map(Step::Lend),
        3 => (who(), which()).prop_map(|(who, which)| Step::Acknowledge { who, which }),
        3 => (which(), 0..4_usize).prop_map(|(which, entry)| Step::Erase { which, entry }),
        1 => (0..800_i64, any::<bool>())
            .prop_map(|(ago, keep_waiting)| Step::Expire { ago, keep_waiting }),
        1 => (0..4_u64, 0..300_i64)
            .prop_map(|(number, seconds)| Step::Proof { number: number << 54, seconds }),
        4 => prop_oneof![4 => 1..300_i64, 1 => -60..0_i64].prop_map(Step::Clock),
        1 => any::<bool>().prop_map(|cleanly| Step::Restart { cleanly }),
    ]
}

#[derive(Clone, Debug)]
struct Version {
    content: u64,
    message: usize,
    entry: u32,
    has_content: bool,
}

#[derive(Clone, Debug)]
struct Message {
    who: usize,
    id: String,
    content: u64,
    received: i64,
    /// Key, version and content of what it brought.
    brought: Vec<(u32, u32, u64)>,
    has_content: bool,
    lent_until: Option<i64>,
    times: u32,
    acknowledged: bool,
}

/// What must be stored.
#[derive(Clone, Debug, Default)]
struct Model {
    now: i64,
    /// In the order of storing.
    messages: Vec<Message>,
    /// By sender and key: the register's id, and the versions from the first.
    resources: BTreeMap<(usize, u32), (u64, Vec<Version>)>,
    next_id: u64,
    next_content: u64,
    proofs: BTreeMap<u64, i64>,
}

impl Model {
    fn of(&self, who: usize) -> Vec<usize> {
        (0..self.messages.len()).filter(|at| self.messages[*at].who == who).collect()
    }

    fn fresh(&mut self) -> u64 {
        self.next_content += 1;
        self.next_content
    }

    /// What waits at the outlet, the one that came first first.
    fn waiting(&self) -> Vec<usize> {
        let mut all: Vec<usize> = (0..self.messages.len())
            .filter(|at| self.messages[*at].has_content && !self.messages[*at].acknowledged)
            .collect();
        let name = |who: usize| units()[who].as_str().to_owned();
        all.sort_by_key(|at| (self.messages[*at].received, name(self.messages[*at].who), *at));
        all
    }

    fn is_lent(&self, at: usize) -> bool {
        self.messages[at].lent_until.is_some_and(|until| until >= self.now)
    }

    /// The versions that a message brought and of which there still is a row, with whether they have content.
    fn rows_of(&self, message: usize) -> Vec<(u32, u32, u64, bool)> {
        let who = self.messages[message].who;
        let mut rows: Vec<_> = self
            .resources
            .range((who, 0)..=(who, KEYS))
            .flat_map(|((_, key), (_, versions))| versions.iter().map(move |one| (*key, one)))
            .filter(|(_, one)| one.message == message)
            .map(|(key, one)| (one.entry, key, one.content, one.has_content))
            .collect();
        rows.sort_unstable();
        rows
    }
}

fn units() -> [OrganisationNumber; 2] {
    [sender(), other()]
}

fn id_text(id: u64) -> String {
    format!("{id:032x}")
}

/// A database and the model of it.
struct Life {
    store: Arc<dyn Database>,
    model: Model,
}

impl Life {
    /// Commits, and gives the commit's name and the answer that a repeated one has.
    async fn commit(
        &self,
        who: usize,
        id: &str,
        bundle: &str,
        content: u64,
        versions: &[(u32, u64, u32, u64)],
    ) -> (&'static str, Option<Vec<u8>>) {
        let versions = versions
            .iter()
            .map(|(key, id, number, content)| version(&key.to_string(), *id, *number, *content))
            .collect();
        let mut message = delivery(id, content, versions);
        message.head.sender = units()[who];
        message.head.received_at = at(self.model.now);
        message.bundle_identifier = Some(format!("urn:test|{bundle}"));
        // A resend is answered with the first answer, whatever would be answered now.
        message.answer.body = format!("answer to {id} at {}", self.model.now).into_bytes();
        let done = self.store.commit(message).await.unwrap();
        let answer = match &done {
            lmr_intake::Committed::Known(Seen::Repeated { answer, .. }) => {
                Some(answer.body.clone())
            }
            _ => None,
        };
        (name(&done), answer)
    }

    async fn put(&mut self, who: usize, keys: u8) {
        let content = self.model.fresh();
        let message = self.model.messages.len();
        let (mut wanted, mut brought) = (Vec::new(), Vec::new());
        for key in (0..KEYS).filter(|key| keys >> key & 1 == 1) {
            let inner = self.model.fresh();
            let next_id = self.model.next_id + 1;
            let (id, versions) =
                self.model.resources.entry((who, key)).or_insert((next_id, Vec::new()));
            self.model.next_id = next_id.max(*id).max(self.model.next_id);
            let entry = u32::try_from(brought.len()).unwrap();
            versions.push(Version { content: inner, message, entry, has_content: true });
            let number = u32::try_from(versions.len()).unwrap();
            wanted.push((key, *id, number, inner));
            brought.push((key, number, inner));
        }
        let id = format!("m{content}");
        assert_eq!(self.commit(who, &id, &id, content, &wanted).await, ("stored", None));
        self.model.messages.push(Message {
            who,
            id,
            content,
            received: self.model.now,
            has_content: !brought.is_empty(),
            brought,
            lent_until: None,
            times: 0,
            acknowledged: false,
        });
    }

    fn choose(&self, who: usize, which: usize) -> Option<usize> {
        let all = self.model.of(who);
        all.get(which % all.len().max(1)).copied()
    }

    async fn resend(&self, who: usize, which: usize) {
        let Some(at) = self.choose(who, which) else { return };
        let former = &self.model.messages[at];
        let first = format!("answer to {} at {}", former.id, former.received).into_bytes();
        let found = self.commit(who, &former.id, &former.id, former.content, &[]).await;
        assert_eq!(found, ("repeated", Some(first)));
    }

    async fn conflict(&mut self, who: usize, which: usize, kind: Conflict) {
        let Some(at) = self.choose(who, which) else { return };
        let fresh = self.model.fresh();
        let (former, name) = (self.model.messages[at].clone(), format!("m{fresh}"));
        let key = u32::try_from(which).unwrap() % KEYS;
        let newest = self.model.resources.get(&(who, key));
        let (resource, versions) =
            newest.map_or((9_999, 0), |(id, versions)| (*id, versions.len() as u32));
        let next = [(key, resource, versions + 1, fresh)];
        let (found, wanted) = match kind {
            Conflict::MessageId => {
                (self.commit(who, &former.id, &name, fresh, &next).await, "message id reused")
            }
            Conflict::Content => {
                (self.commit(who, &name, &name, former.content, &next).await, "content replayed")
            }
            Conflict::BundleIdentifier => (
                self.commit(who, &name, &former.id, fresh, &next).await,
                "bundle identifier reused",
            ),
            Conflict::SameVersion if versions > 0 => {
                let same = [(key, resource, versions, fresh)];
                (self.commit(who, &name, &name, fresh, &same).await, "version moved")
            }
            Conflict::SameVersion => return,
            Conflict::NextButOne => {
                let next = [(key, resource, versions + 2, fresh)];
                (self.commit(who, &name, &name, fresh, &next).await, "version moved")
            }
        };
        assert_eq!(found, (wanted, None), "{kind:?}");
    }

    async fn lend(&mut self, seconds: i64) {
        let (now, until) = (self.model.now, self.model.now + seconds);
        let lent = self.store.lend(at(now), at(until)).await.unwrap();
        let next = self.model.waiting().into_iter().find(|at| !self.model.is_lent(*at));
        let Some(next) = next else {
            assert!(lent.is_none(), "nothing waits");
            return;
        };
        let lent = lent.expect("something waits");
        let message = &mut self.model.messages[next];
        (message.lent_until, message.times) = (Some(until), message.times + 1);
        let message = &self.model.messages[next];
        assert_eq!((lent.sender, &lent.message_id), (units()[message.who], &message.id));
        assert_eq!((lent.times, lent.until), (message.times, at(until)));
        assert_eq!(
            (lent.received_at, lent.content_sha256),
            (at(message.received), hash(message.content))
        );
        let text = String::from_utf8(lent.content).unwrap();
        let kept: Vec<u64> =
            self.model.rows_of(next).iter().filter(|row| row.3).map(|row| row.2).collect();
        for (_, _, content) in &message.brought {
            let resource = String::from_utf8(resource(*content)).unwrap();
            assert_eq!(text.contains(&resource), kept.contains(content), "{text}");
        }
    }

    async fn acknowledge(&mut self, who: usize, which: usize) {
        let now = at(self.model.now);
        let unknown = self.store.acknowledge(units()[who], "none", now).await.unwrap();
        assert_eq!(unknown, Acknowledged::Unknown);
        let Some(chosen) = self.choose(who, which) else { return };
        let message = &mut self.model.messages[chosen];
        let wanted = match message {
            Message { acknowledged: true, .. } => Acknowledged::Before,
            Message { times: 0, .. } => Acknowledged::NotGivenOut,
            _ => Acknowledged::Now,
        };
        message.acknowledged |= wanted == Acknowledged::Now;
        let id = message.id.clone();
        assert_eq!(self.store.acknowledge(units()[who], &id, now).await.unwrap(), wanted, "{id}");
    }

    async fn erase(&mut self, which: usize, entry: usize) {
        if self.model.messages.is_empty() {
            return;
        }
        let message = which % self.model.messages.len();
        let rows = self.model.rows_of(message);
        let Some((entry, key, ..)) = rows.into_iter().filter(|row| row.3).nth(entry) else {
            return;
        };
        let Message { who, id, .. } = self.model.messages[message].clone();
        let filter = ArchiveFilter {
            sender: Some(units()[who]),
            message_id: Some(id),
            ..ArchiveFilter::default()
        };
        let stored = self.store.archived(&filter).await.unwrap().remove(0);
        let read = stored.content.unwrap();
        let mut left = read.clone();
        let place = stored.versions.iter().find(|one| one.entry == entry).unwrap().place.clone();
        lmr_intake::blank(&mut left, [place.unwrap()]);
        let erasure = Erasure {
            cursor: stored.cursor,
            sender: units()[who],
            content: Some(Rewritten { read, left }),
            answer: None,
            entries: vec![entry],
        };
        let removed = self.store.erase(&erasure).await.unwrap().unwrap();
        let (_, versions) = self.model.resources.get_mut(&(who, key)).unwrap();
        let of_message = versions.iter_mut().find(|one| one.message == message).unwrap();
        of_message.has_content = false;
        let is_last = versions.iter().all(|one| !one.has_content);
        if is_last {
            self.model.resources.remove(&(who, key));
        }
        assert_eq!(
            (removed.messages, removed.versions, removed.resources),
            (1, 1, u64::from(is_last))
        );
    }

    async fn expire(&mut self, ago: i64, keep_waiting: bool) {
        let before = self.model.now - ago;
        let (mut messages, mut versions) = (0, 0);
        for at in 0..self.model.messages.len() {
            let message = &mut self.model.messages[at];
            let is_kept = keep_waiting && !message.acknowledged;
            if !message.has_content || message.received >= before || is_kept {
                continue;
            }
            message.has_content = false;
            messages += 1;
            for (_, all) in self.model.resources.values_mut() {
                for one in all.iter_mut().filter(|one| one.message == at) {
                    one.has_content = false;
                    versions += 1;
                }
            }
        }
        let content_before = Some(at(before));
        let retention = Retention { content_before, keep_waiting, refused_before: None };
        let removed = self.store.expire(&retention).await.unwrap();
        assert_eq!((removed.messages, removed.versions), (messages, versions));
    }

    async fn proof(&mut self, number: u64, seconds: i64) {
        let now = self.model.now;
        let is_known = self.model.proofs.get(&number).is_some_and(|until| *until >= now);
        if !is_known {
            self.model.proofs.insert(number, now + seconds);
        }
        // Those of no use go at some time; which are known does not depend on it, unless the clock goes back.
        self.model.proofs.retain(|_, until| *until >= now);
        let is_new = self.store.record_proof(&hash(number), at(now), at(now + seconds)).await;
        assert_eq!(is_new.unwrap(), !is_known, "proof {number}");
    }

    /// All that can be asked agrees with the model.
    async fn agree(&self) {
        let (model, store) = (&self.model, &self.store);
        for (who, organisation) in units().into_iter().enumerate() {
            let keys: Vec<_> = (0..KEYS).map(|key| identity(&key.to_string())).collect();
            let current = store.current(organisation, &keys).await.unwrap();
            for (key, found) in (0..KEYS).zip(current) {
                let found =
                    found.map(|one| (one.resource_id, one.version as usize, one.content_hash));
                let wanted = model.resources.get(&(who, key)).map(|(id, versions)| {
                    (id_text(*id), versions.len(), hash(versions.last().unwrap().content))
                });
                assert_eq!(found, wanted, "newest of {key}");
            }
            let count = model.of(who).len();
            let newest = store.newest_receipt(organisation).await.unwrap();
            let sequence = format!("\"sequence\":{count},");
            assert_eq!(newest.is_some(), count > 0);
            assert!(newest.is_none_or(|text| text.contains(&sequence)), "receipt {count}");
        }
        for ((who, _), (id, versions)) in &model.resources {
            let found = store.history("Patient", &id_text(*id)).await.unwrap();
            let found: Vec<_> = found
                .into_iter()
                .map(|one| {
                    (one.version as usize, one.content_hash, one.content, one.message_id, one.entry)
                })
                .collect();
            let wanted: Vec<_> = (1..)
                .zip(versions)
                .map(|(number, one)| {
                    let text = if one.has_content { resource(one.content) } else { Vec::new() };
                    let message = &model.messages[one.message];
                    assert_eq!(message.who, *who);
                    (number, hash(one.content), text, message.id.clone(), one.entry)
                })
                .collect();
            assert!(found == wanted, "history of {id}: {found:?} is not {wanted:?}");
        }
        let all = ArchiveFilter { limit: 10_000, ..ArchiveFilter::default() };
        let archived = store.archived(&all).await.unwrap();
        assert_eq!(archived.len(), model.messages.len(), "messages");
        for stored in &archived {
            let is_it =
                |one: &Message| units()[one.who] == stored.sender && one.id == stored.message_id;
            let number = model.messages.iter().position(is_it).unwrap();
            let message = &model.messages[number];
            assert_eq!(stored.received_at, at(message.received));
            assert_eq!(stored.content.is_some(), message.has_content, "{}", message.id);
            let found: Vec<_> = stored
                .versions
                .iter()
                .map(|one| (one.entry, stored.resource(one).map(<[u8]>::to_vec)))
                .collect();
            let rows = model.rows_of(number);
            let wanted: Vec<_> =
                rows.iter().map(|row| (row.0, row.3.then(|| resource(row.2)))).collect();
            assert_eq!(found, wanted, "{}", message.id);
            let seen =
                store.seen(stored.sender, &message.id, &hash(message.content)).await.unwrap();
            assert!(matches!(seen, Some(Seen::Repeated { .. })), "{} is not known", message.id);
        }
        let status = store.outlet_status(at(model.now)).await.unwrap();
        let waiting = model.waiting();
        let lent = waiting.iter().filter(|one| model.is_lent(**one)).count() as u64;
        let oldest = waiting.first().map(|first| at(model.messages[*first].received));
        assert_eq!(
            (status.waiting, status.lent, status.oldest),
            (waiting.len() as u64, lent, oldest)
        );
        let filter = DeliveryFilter { limit: 10_000, ..DeliveryFilter::default() };
        let listed = store.deliveries(&filter).await.unwrap();
        assert_eq!(listed.len(), model.messages.len());
        assert!(listed.is_sorted_by(|a, b| a.received_at >= b.received_at), "newest first");
    }
}

async fn live<P>(steps: &[Step], place: &P, open: &impl AsyncFn(&P) -> Arc<dyn Database>) {
    let mut life = Life { store: open(place).await, model: Model::default() };
    for step in steps {
        match step.clone() {
            Step::Put { who, keys } => life.put(who, keys).await,
            Step::Resend { who, which } => life.resend(who, which).await,
            Step::Conflict { who, which, kind } => life.conflict(who, which, kind).await,
            Step::Lend(seconds) => life.lend(seconds).await,
            Step::Acknowledge { who, which } => life.acknowledge(who, which).await,
            Step::Erase { which, entry } => life.erase(which, entry).await,
            Step::Expire { ago, keep_waiting } => life.expire(ago, keep_waiting).await,
            Step::Proof { number, seconds } => life.proof(number, seconds).await,
            Step::Clock(seconds) => life.model.now += seconds,
            Step::Restart { cleanly } => {
                if cleanly {
                    life.store.close().await;
                }
                life.store = open(place).await;
            }
        }
        life.agree().await;
    }
    assert_eq!(life.store.verify_audit(&[]).await.unwrap().problems, []);
    life.store.close().await;
}

/// `LMR_MODEL_CASES` lives instead of a few, and `LMR_MODEL_SEED` to have the same ones again.
#[expect(clippy::disallowed_methods, reason = "how long to try depends on who asks")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// `new` makes an empty database, where there is one to be had; `open` opens it.
pub fn any_life_is_as_the_model_says<P>(
    few: u32,
    new: impl AsyncFn() -> Option<P>,
    open: impl AsyncFn(&P) -> Arc<dyn Database>,
) {
    const LENGTH: RangeInclusive<usize> = 1..=70;
    let cases = asked("LMR_MODEL_CASES").map_or(few, |cases| u32::try_from(cases).unwrap());
    let seed = asked("LMR_MODEL_SEED")
        .unwrap_or_else(|| std::hash::RandomState::new().hash_one("the store"));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = TestRunner::new_with_rng(config, rng).run(
        &prop::collection::vec(step(), LENGTH),
        |steps| {
            runtime.block_on(async {
                if let Some(place) = new().await {
                    live(&steps, &place, &open).await;
                }
            });
            Ok::<(), TestCaseError>(())
        },
    );
    assert!(result.is_ok(), "LMR_MODEL_SEED={seed}: {}", result.unwrap_err());
}
