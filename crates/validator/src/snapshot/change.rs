//! A differential as a tree.

use std::{collections::HashMap, sync::Arc};

use super::{MAX_DEPTH, MAX_REPEATS, location::Locations};
use crate::definitions::{error::DefinitionError, rules::ElementRules};

/// What a differential defines for an element and of what is below it.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// Last segment of the path; may be that of one type of a choice (`valueQuantity`).
    pub(super) name: Arc<str>,
    /// The slice that is meant, if one is.
    pub(super) slice: Option<Arc<str>>,
    /// The rules for the element itself; more than one if the element is repeated.
    pub(super) rules: Vec<ElementRules>,
    /// The changes of elements below it.
    pub(super) children: Vec<Change>,
    /// The changes of its slices.
    pub(super) slices: Vec<Change>,
    /// The children by their names.
    by_name: HashMap<Arc<str>, usize>,
    /// The slices by their names.
    by_slice: HashMap<Arc<str>, usize>,
}

impl Change {
    pub(super) fn new(name: Arc<str>, slice: Option<Arc<str>>) -> Self {
        Self {
            name,
            slice,
            rules: Vec::new(),
            children: Vec::new(),
            slices: Vec::new(),
            by_name: HashMap::new(),
            by_slice: HashMap::new(),
        }
    }

    /// The tree of a differential. `root` is the name of the type that it changes.
    pub(super) fn of(
        differential: &[ElementRules],
        root: &str,
        url: &str,
    ) -> Result<Self, DefinitionError> {
        let mut change = Self::new(root.into(), None);
        let mut locations = Locations::default();
        for rules in differential {
            let steps =
                locations.next(rules.id.as_deref(), &rules.path, rules.slice_name.as_deref());
            if steps.len() > MAX_DEPTH {
                return Err(DefinitionError::TooDeep { url: url.to_owned(), limit: MAX_DEPTH });
            }
            let [first, below @ ..] = steps else { continue };
            if *first.name != *root {
                return Err(DefinitionError::UnknownElement {
                    url: url.to_owned(),
                    path: rules.path.to_string(),
                });
            }
            let mut at = &mut change;
            for step in below {
                at = at.below(&step.name);
                if let Some(slice) = &step.slice {
                    at = at.sliced(slice);
                }
            }
            if at.rules.len() >= MAX_REPEATS {
                return Err(DefinitionError::TooLarge { url: url.to_owned(), limit: MAX_REPEATS });
            }
            at.rules.push(rules.clone());
        }
        Ok(change)
    }

    /// The change of the element below with this name, made if there is none yet.
    pub(super) fn below(&mut self, name: &Arc<str>) -> &mut Self {
        let at = match self.by_name.get(name) {
            Some(at) => *at,
            None => {
                self.children.push(Self::new(name.clone(), None));
                self.by_name.insert(name.clone(), self.children.len() - 1);
                self.children.len() - 1
            }
        };
        &mut self.children[at]
    }

    /// The change of the slice with this name, made if there is none yet.
    pub(super) fn sliced(&mut self, slice: &Arc<str>) -> &mut Self {
        let at = match self.by_slice.get(slice) {
            Some(at) => *at,
            None => {
                self.slices.push(Self::new(self.name.clone(), Some(slice.clone())));
                self.by_slice.insert(slice.clone(), self.slices.len() - 1);
                self.slices.len() - 1
            }
        };
        &mut self.slices[at]
    }

    /// Takes the changes of its slices out.
    pub(super) fn take_slices(&mut self) -> Vec<Self> {
        self.by_slice.clear();
        std::mem::take(&mut self.slices)
    }

    /// Adds what another change defines for the same element.
    pub(super) fn absorb(&mut self, other: Self) {
        self.rules.extend(other.rules);
        for child in other.children {
            self.below(&child.name.clone()).absorb(child);
        }
        for slice in other.slices {
            if let Some(name) = slice.slice.clone() {
                self.sliced(&name).absorb(slice);
            }
        }
    }

    /// Every line of the differential that is about the element, its slices or what is below.
    pub(super) fn lines(&self) -> Vec<&ElementRules> {
        let below = self.children.iter().chain(&self.slices).flat_map(Self::lines);
        self.rules.iter().chain(below).collect()
    }

    /// The lines for messages, with the aspect that is meant.
    pub(super) fn labels(&self, aspect: &str) -> Vec<Arc<str>> {
        let label = |line: &ElementRules| {
            format!("{} ({aspect})", line.id.as_ref().unwrap_or(&line.path)).into()
        };
        self.lines().into_iter().map(label).collect()
    }

    /// The least number of times that it says itself.
    pub(super) fn min(&self) -> Option<u32> {
        self.rules.iter().rev().find_map(|rules| rules.min)
    }

    /// The profile of the type, if it gives exactly one type with one profile.
    pub(super) fn type_profile(&self) -> Option<&Arc<str>> {
        self.rules
            .iter()
            .rev()
            .find_map(|rules| rules.types.as_deref().and_then(super::merge::single_profile))
    }
}
