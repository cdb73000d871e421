//! What goes into the next transfer, and in which bundles. Pure: no clock, no files, no database.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use lmr_lmdi::RuleSetId;

use crate::clinical::When;
use crate::identity::Hash;
use crate::index::Index;

/// Which version of a resource is meant, compared with the one in the source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Known {
    /// None.
    #[default]
    No,
    /// The one that is in the source.
    Same,
    /// Another one.
    Other,
    /// One that the register had confirmed and may have no more.
    Forgotten,
}

impl Known {
    /// Compares a version with the one in the source.
    pub(crate) fn of(version: Hash, in_source: Hash) -> Self {
        match version {
            _ if version == in_source => Self::Same,
            Hash::NO_VERSION => Self::Forgotten,
            _ => Self::Other,
        }
    }
}

/// What the ledger says of one resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RecordStatus {
    /// The version the register has confirmed.
    pub(crate) stored: Known,
    /// The version in a sealed message whose answer is not in yet.
    pub(crate) open: Known,
    /// The version in the source is held back, refused by the register or by the check here.
    pub(crate) held: bool,
    /// It is held, and an operator has decided not to send it.
    pub(crate) discarded: bool,
    /// The register has confirmed that it is annulled.
    pub(crate) annulled: bool,
}

/// What the ledger says of every resource of an index, and how much of the ledger the index lacks.
#[derive(Debug, Default)]
pub(crate) struct Statuses {
    by_position: Vec<RecordStatus>,
    /// Confirmed resources that are not annulled.
    pub(crate) known: usize,
    /// Of these: not in the index.
    pub(crate) missing: usize,
}

impl Statuses {
    /// Nothing is known of so many resources.
    pub(crate) fn unknown(resources: usize) -> Self {
        Self { by_position: vec![RecordStatus::default(); resources], known: 0, missing: 0 }
    }

    /// The status of the resource at a position of the index.
    pub(crate) fn of(&self, at: u32) -> RecordStatus {
        self.by_position.get(at as usize).copied().unwrap_or_default()
    }

    pub(crate) fn change(&mut self, at: u32, change: impl FnOnce(&mut RecordStatus)) {
        if let Some(status) = self.by_position.get_mut(at as usize) {
            change(status);
        }
    }
}

/// Length of a window of time, in which records are sent by patient: four weeks.
const WINDOW_HOURS: i64 = 28 * 24;

/// Bounds of one bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BundleLimits {
    /// Most entries.
    pub entries: usize,
    /// Most bytes of resource text.
    pub bytes: usize,
}

impl Default for BundleLimits {
    /// 5,000 entries and 32 MiB: well within what a receiver takes (docs/configuration.md), and few enough
    /// messages for a whole history.
    fn default() -> Self {
        Self { entries: 5_000, bytes: 32 << 20 }
    }
}

/// Why a resource is in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The register has never confirmed it.
    New,
    /// The register has another version of it.
    Changed,
    /// The register has it; something else in the bundle refers to it.
    Dependency,
}

/// One bundle to make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Planned {
    /// What it is made for.
    pub(crate) roots: Vec<u32>,
    /// The roots and all they refer to, targets before what refers to them.
    pub(crate) entries: Vec<u32>,
}

/// The bundles to make and why other resources are not in them. Numbers are positions in the index.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) bundles: Vec<Planned>,
    /// Refused earlier and not changed since.
    pub(crate) held: Vec<u32>,
    /// New or changed, but something they refer to is held: with the first that is.
    pub(crate) waiting: Vec<(u32, u32)>,
    /// Discarded by an operator, and what refers to something discarded: with what was discarded.
    pub(crate) discarded: Vec<(u32, u32)>,
    /// New or changed, but another version of them or of something they refer to is under way.
    pub(crate) deferred: Vec<u32>,
    /// Happened before the agreed start date.
    pub(crate) too_early: Vec<u32>,
    /// Resource types that the guide does not take, and what is there of each.
    pub(crate) foreign: BTreeMap<Arc<str>, Vec<u32>>,
    /// Never sent, without a time of their own, and nothing that is or was sent refers to them.
    pub(crate) unused: Vec<u32>,
}

pub(crate) fn plan(
    index: &Index,
    statuses: &Statuses,
    start: Timestamp,
    rule_set: RuleSetId,
    limits: &BundleLimits,
) -> Plan {
    Planner { index, statuses, start, rule_set, reach: Reach::new(index) }.plan(limits)
}

/// What stays of a bundle when some of its resources cannot go.
pub(crate) fn without(index: &Index, planned: &Planned, left_out: &[u32]) -> Planned {
    let left_out: HashSet<u32> = left_out.iter().copied().collect();
    let mut reach = Reach::new(index);
    let mut closure = Vec::new();
    let roots: Vec<u32> = planned
        .roots
        .iter()
        .copied()
        .filter(|root| {
            reach.close(*root, &mut closure);
            !closure.iter().any(|at| left_out.contains(at))
        })
        .collect();
    let mut entries = Vec::new();
    reach.turn += 1;
    for root in &roots {
        reach.close_more(*root, &mut entries);
    }
    Planned { roots, entries }
}

/// What bundles are measured by: the resources as they are in the source.
pub(crate) fn bytes(index: &Index, entries: &[u32]) -> usize {
    entries.iter().map(|at| index.records[*at as usize].bytes()).sum()
}

pub(crate) fn role(status: RecordStatus) -> Role {
    match status.stored {
        Known::No | Known::Forgotten => Role::New,
        Known::Same => Role::Dependency,
        Known::Other => Role::Changed,
    }
}

struct Planner<'a> {
    index: &'a Index,
    statuses: &'a Statuses,
    start: Timestamp,
    rule_set: RuleSetId,
    reach: Reach<'a>,
}

impl Planner<'_> {
    fn plan(mut self, limits: &BundleLimits) -> Plan {
        let mut plan = Plan::default();
        let mut roots = Vec::new();
        let mut reached = vec![false; self.index.records.len()];
        let mut timeless = Vec::new();
        let is_referred_to = self.what_the_register_refers_to();
        for (at, record) in self.index.records.iter().enumerate() {
            let at = at as u32;
            let status = self.status(at);
            if status.stored == Known::Same || status.open == Known::Same {
                reached[at as usize] = true;
                continue;
            }
            let resource_type = self.index.resource_type(at);
            if self.rule_set.profile_of(resource_type).is_none() {
                plan.foreign.entry(Arc::clone(resource_type)).or_default().push(at);
                continue;
            }
            let sent_before = status.stored != Known::No || status.open != Known::No;
            match record.when() {
                _ if sent_before || is_referred_to[at as usize] => roots.push(at),
                When::Unreadable => roots.push(at),
                When::At(time) if time >= self.start => roots.push(at),
                When::At(_) => plan.too_early.push(at),
                When::Timeless => timeless.push(at),
            }
        }
        let mut closure = Vec::new();
        for root in &roots {
            self.reach.close(*root, &mut closure);
            closure.iter().for_each(|at| reached[*at as usize] = true);
        }
        // What describes something that is sent, though nothing has to refer to it.
        for at in timeless {
            if reached[at as usize] {
                continue;
            }
            let described = match &**self.index.resource_type(at) {
                "PractitionerRole" => "Practitioner",
                "Condition" => "Patient",
                _ => "",
            };
            let follows = self.index.targets(at).iter().any(|target| {
                reached[*target as usize] && **self.index.resource_type(*target) == *described
            });
            if follows {
                roots.push(at);
            } else {
                plan.unused.push(at);
            }
        }

        let mut ready = Vec::new();
        for root in roots {
            self.reach.close(root, &mut closure);
            let is_held = |at: &&u32| self.status(**at).held;
            let is_discarded = |at: &&u32| self.status(**at).discarded;
            if let Some(discarded) = closure.iter().find(is_discarded) {
                plan.discarded.push((root, *discarded));
            } else if self.status(root).held {
                plan.held.push(root);
            } else if let Some(held) = closure.iter().find(is_held) {
                plan.waiting.push((root, *held));
            } else if closure.iter().any(|at| self.status(*at).open == Known::Other) {
                plan.deferred.push(root);
            } else {
                ready.push(root);
            }
        }
        plan.bundles = self.pack(ready, limits);
        plan
    }

    /// By position: whether a record refers to it that the register has as it is in the source. Such a resource has been
    /// sent, too, and a ledger that does not know it has lost it (a repair): without this, nothing would send its changes.
    fn what_the_register_refers_to(&mut self) -> Vec<bool> {
        let mut is_referred_to = vec![false; self.index.records.len()];
        let mut closure = Vec::new();
        self.reach.turn += 1;
        for at in 0..self.index.records.len() as u32 {
            let status = self.status(at);
            let is_there = status.stored == Known::Same || status.open == Known::Same;
            if is_there && !status.annulled {
                self.reach.close_more(at, &mut closure);
            }
        }
        closure.iter().for_each(|at| is_referred_to[*at as usize] = true);
        is_referred_to
    }

    fn status(&self, at: u32) -> RecordStatus {
        self.statuses.of(at)
    }

    /// In which window of time a record is, counted from the agreed start date; what has no time comes last, and
    /// what was sent before although it is older comes first.
    fn window(&self, at: u32) -> i64 {
        match self.index.records[at as usize].when().time() {
            Some(time) => time.duration_since(self.start).as_hours().div_euclid(WINDOW_HOURS),
            None => i64::MAX,
        }
    }

    /// Fills bundles one after the other: the oldest window first, so that a long first load gives the register
    /// whole months and says how far it is. Within one, what belongs to one patient stays together, so that
    /// little is sent twice.
    fn pack(&mut self, roots: Vec<u32>, limits: &BundleLimits) -> Vec<Planned> {
        let mut by_patient: BTreeMap<(i64, u32), Vec<u32>> = BTreeMap::new();
        for root in roots {
            let patient = self
                .index
                .targets(root)
                .iter()
                .find(|target| &**self.index.resource_type(**target) == "Patient")
                .copied()
                .unwrap_or(root);
            by_patient.entry((self.window(root), patient)).or_default().push(root);
        }
        let mut bundles = Vec::new();
        let mut bundle = Planned::default();
        let mut bytes = 0;
        let mut more = Vec::new();
        self.reach.turn += 1;
        for root in by_patient.into_values().flatten() {
            more.clear();
            self.reach.close_more(root, &mut more);
            let added = self::bytes(self.index, &more);
            let full =
                bundle.entries.len() + more.len() > limits.entries || bytes + added > limits.bytes;
            if full && !bundle.roots.is_empty() {
                bundles.push(std::mem::take(&mut bundle));
                bytes = 0;
                // A new bundle needs the whole closure, not only what the last one lacked.
                self.reach.turn += 1;
                more.clear();
                self.reach.close_more(root, &mut more);
            }
            bytes += self::bytes(self.index, &more);
            bundle.roots.push(root);
            bundle.entries.append(&mut more);
        }
        if !bundle.roots.is_empty() {
            bundles.push(bundle);
        }
        bundles
    }
}

/// Walks references.
struct Reach<'a> {
    index: &'a Index,
    /// The turn in which a record was last visited: saves a set per closure.
    mark: Vec<u32>,
    turn: u32,
}

impl<'a> Reach<'a> {
    fn new(index: &'a Index) -> Self {
        Self { index, mark: vec![0; index.records.len()], turn: 0 }
    }

    /// A resource and all it refers to, however far, targets first.
    fn close(&mut self, root: u32, closure: &mut Vec<u32>) {
        self.turn += 1;
        closure.clear();
        self.close_more(root, closure);
    }

    /// The same, without what this turn has visited already.
    fn close_more(&mut self, root: u32, closure: &mut Vec<u32>) {
        let index = self.index;
        if self.mark[root as usize] == self.turn {
            return;
        }
        self.mark[root as usize] = self.turn;
        let mut path = vec![(root, 0)];
        while let Some((at, next)) = path.last_mut() {
            match index.targets(*at).get(*next) {
                Some(target) => {
                    *next += 1;
                    if self.mark[*target as usize] != self.turn {
                        self.mark[*target as usize] = self.turn;
                        path.push((*target, 0));
                    }
                }
                None => {
                    closure.push(*at);
                    path.pop();
                }
            }
        }
    }
}
