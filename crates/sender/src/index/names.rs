//! What resources go by in references, and which one a reference means where several go by one name.

use std::collections::{HashMap, HashSet};

use hashbrown::HashTable;

use super::spread;
use crate::identity::Hash;

/// What resources go by in references, each name once with a number of its own.
#[derive(Debug, Default)]
pub(super) struct Names {
    hashes: Vec<Hash>,
    /// Numbers by hash.
    numbers: HashTable<u32>,
    /// The resource that goes by the name of a number; [`NOBODY`] where only references have it.
    positions: Vec<u32>,
    /// Names that more than one resource goes by: seldom any.
    shared: HashMap<u32, Shared>,
}

/// In [`Names::positions`]: no resource goes by this name.
const NOBODY: u32 = u32::MAX;

/// The resources that go by one name.
#[derive(Debug, Default)]
struct Shared {
    positions: Vec<u32>,
    /// The one that is meant from within each of the sources that have any.
    of_source: HashMap<usize, Target>,
}

/// What a name leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// To the resource at this position.
    One(u32),
    /// To either of these or more, and nothing says to which.
    Several(u32, u32),
}

impl Names {
    /// The number of a name, a new one where it has none.
    pub(super) fn number(&mut self, name: Hash) -> u32 {
        let hashes = &mut self.hashes;
        let same = |number: &u32| hashes[*number as usize] == name;
        if let Some(number) = self.numbers.find(spread(&name), same) {
            return *number;
        }
        let number = u32::try_from(hashes.len()).unwrap_or(u32::MAX);
        hashes.push(name);
        self.positions.push(NOBODY);
        self.numbers
            .insert_unique(spread(&name), number, |number| spread(&hashes[*number as usize]));
        number
    }

    /// Notes that a resource goes by a name.
    pub(super) fn set(&mut self, name: Hash, position: u32) {
        let number = self.number(name);
        let kept = &mut self.positions[number as usize];
        if *kept == NOBODY {
            *kept = position;
        } else if *kept != position {
            let first = *kept;
            let shared = self.shared.entry(number).or_default();
            if shared.positions.is_empty() {
                shared.positions.push(first);
            }
            if shared.positions.last() != Some(&position) {
                shared.positions.push(position);
            }
        }
    }

    /// Whether any name is one of several resources.
    pub(super) fn has_shared(&self) -> bool {
        !self.shared.is_empty()
    }

    /// The resources that go by a name with others.
    pub(super) fn shared_positions(&self) -> HashSet<u32> {
        self.shared.values().flat_map(|shared| shared.positions.iter().copied()).collect()
    }

    /// Decides once all is read what each shared name means from within each source: `sources` gives those that have a
    /// resource, `newest` the one of several in one source that holds, where something says so.
    pub(super) fn settle(
        &mut self,
        sources: impl Fn(u32) -> Vec<usize>,
        newest: impl Fn(&[u32]) -> Option<u32>,
    ) {
        for shared in self.shared.values_mut() {
            shared.positions.sort_unstable();
            shared.positions.dedup();
            let mut of_source: HashMap<usize, Vec<u32>> = HashMap::new();
            for position in &shared.positions {
                for source in sources(*position) {
                    of_source.entry(source).or_default().push(*position);
                }
            }
            let chosen = |all: &[u32]| match *all {
                [only] => Some(Target::One(only)),
                [first, second, ..] => {
                    Some(newest(all).map_or(Target::Several(first, second), Target::One))
                }
                [] => None,
            };
            let chosen =
                of_source.into_iter().filter_map(|(source, all)| Some((source, chosen(&all)?)));
            shared.of_source = chosen.collect();
        }
    }

    /// What the name of this number means from within a source.
    pub(super) fn target(&self, number: u32, source: usize) -> Option<Target> {
        if let Some(shared) = self.shared.get(&number)
            && let [first, second, ..] = shared.positions[..]
        {
            let own = shared.of_source.get(&source).copied();
            return Some(own.unwrap_or(Target::Several(first, second)));
        }
        let position = self.positions[number as usize];
        (position != NOBODY).then_some(Target::One(position))
    }

    /// What a name means from within a source.
    pub(super) fn target_of(&self, name: Hash, source: usize) -> Option<Target> {
        let same = |number: &u32| self.hashes[*number as usize] == name;
        self.numbers.find(spread(&name), same).and_then(|number| self.target(*number, source))
    }

    /// The hash of the name of a number.
    pub(super) fn hash(&self, number: u32) -> Hash {
        self.hashes[number as usize]
    }
}
