//! A snapshot as a tree.

use std::{collections::HashMap, sync::Arc};

use super::{MAX_DEPTH, location::Locations, location::Step};
use crate::definitions::{
    error::DefinitionError,
    structure::{ElementDefinition, Max},
};

/// An element with what is below it.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    /// Last segment of the path.
    pub(super) name: Arc<str>,
    /// The element; its id and path are only right after [`Branch::flatten`].
    pub(super) element: ElementDefinition,
    /// The elements below it, if they are unfolded.
    pub(super) children: Vec<Branch>,
    /// Whether it occurs as often as its slices must, at least: [`Branch::flatten`] sees to it.
    pub(super) sums_slices: bool,
    /// Its slices, which have no slices of their own: a re-slice follows what it re-slices.
    pub(super) slices: Vec<Branch>,
}

impl Branch {
    pub(super) fn new(name: Arc<str>, element: ElementDefinition) -> Self {
        Self { name, element, sums_slices: false, children: Vec::new(), slices: Vec::new() }
    }

    /// The tree of a snapshot.
    pub(super) fn of(elements: &[ElementDefinition], url: &str) -> Result<Self, DefinitionError> {
        let mut locations = Locations::default();
        let mut root: Option<Self> = None;
        for element in elements {
            let steps =
                locations.next(Some(&element.id), &element.path, element.slice_name.as_deref());
            if steps.len() > MAX_DEPTH {
                return Err(DefinitionError::TooDeep { url: url.to_owned(), limit: MAX_DEPTH });
            }
            let unknown = || DefinitionError::UnknownElement {
                url: url.to_owned(),
                path: element.id.to_string(),
            };
            match (&mut root, steps) {
                (None, [first]) => root = Some(Self::new(first.name.clone(), element.clone())),
                (Some(root), [_, between @ .., last]) => {
                    let parent = between.iter().try_fold(root, Self::step).ok_or_else(unknown)?;
                    let branch = Self::new(last.name.clone(), element.clone());
                    if last.slice.is_some() {
                        parent.child(&last.name).ok_or_else(unknown)?.slices.push(branch);
                    } else {
                        parent.children.push(branch);
                    }
                }
                _ => return Err(unknown()),
            }
        }
        root.ok_or_else(|| DefinitionError::NoBase { url: url.to_owned() })
    }

    /// How many elements it has, the branch itself included.
    pub(super) fn count(&self) -> usize {
        1 + self.children.iter().chain(&self.slices).map(Self::count).sum::<usize>()
    }

    /// One step down.
    fn step(&mut self, step: &Step) -> Option<&mut Self> {
        let child = self.child(&step.name)?;
        match &step.slice {
            None => Some(child),
            Some(slice) => child.slice(slice),
        }
    }

    /// The element below with this name.
    pub(super) fn child(&mut self, name: &str) -> Option<&mut Self> {
        self.children.iter_mut().find(|child| &*child.name == name)
    }

    /// The slice with this name.
    fn slice(&mut self, name: &str) -> Option<&mut Self> {
        let is_named = |slice: &Self| slice.element.slice_name.as_deref() == Some(name);
        // In a snapshot what is below a slice follows it: nearly always it is the last one.
        let at = match self.slices.last() {
            Some(last) if is_named(last) => self.slices.len() - 1,
            _ => self.slices.iter().position(is_named)?,
        };
        self.slices.get_mut(at)
    }

    /// Its slices by their names.
    pub(super) fn slice_names(&self) -> HashMap<Arc<str>, usize> {
        let names = self.slices.iter().enumerate();
        names.filter_map(|(at, slice)| Some((slice.element.slice_name.clone()?, at))).collect()
    }

    /// Whether the element says how a slice of this name is distinguished: the element itself, or
    /// the slice of which it is a part.
    pub(super) fn distinguishes(&self, name: &str) -> bool {
        let Some((outer, _)) = name.rsplit_once('/') else { return self.element.slicing.is_some() };
        self.slices.iter().any(|slice| {
            slice.element.slice_name.as_deref() == Some(outer) && slice.element.slicing.is_some()
        })
    }

    /// Whether a slice of this name is a part of another slice (`outer/inner`).
    pub(super) fn is_reslice(&self, name: &str) -> bool {
        name.rsplit_once('/').is_some_and(|(outer, _)| {
            self.slices.iter().any(|slice| slice.element.slice_name.as_deref() == Some(outer))
        })
    }

    /// The branch that a content reference names (`Questionnaire.item`).
    pub(super) fn referenced(&self, id: &str) -> Option<&Self> {
        let mut parts = id.split('.');
        if parts.next() != Some(&*self.name) {
            return None;
        }
        parts.try_fold(self, |branch, part| {
            let (name, slice) = match part.split_once(':') {
                Some((name, slice)) => (name, Some(slice)),
                None => (part, None),
            };
            let child = branch.children.iter().find(|child| &*child.name == name)?;
            match slice {
                None => Some(child),
                Some(_) => {
                    child.slices.iter().find(|child| child.element.slice_name.as_deref() == slice)
                }
            }
        })
    }

    /// The snapshot: each element, then what is below it, then its slices.
    pub(super) fn flatten(self) -> Vec<ElementDefinition> {
        let mut elements = Vec::new();
        let name = self.name.clone();
        self.flatten_into(&name, &name, true, &mut elements);
        elements
    }

    /// `is_last` says whether nothing follows in the snapshot.
    fn flatten_into(
        self,
        id: &Arc<str>,
        path: &Arc<str>,
        is_last: bool,
        elements: &mut Vec<ElementDefinition>,
    ) {
        let least = if self.sums_slices && !is_last { self.least() } else { 0 };
        let mut element = self.element;
        element.min = element.min.max(least);
        element.id = id.clone();
        element.path = path.clone();
        elements.push(element);
        let (children, slices) = (self.children.len(), self.slices.len());
        for (number, child) in self.children.into_iter().enumerate() {
            let is_last = is_last && slices == 0 && number + 1 == children;
            let below = |above: &str| Arc::from(format!("{above}.{}", child.name));
            let (id, path) = (below(id), below(path));
            child.flatten_into(&id, &path, is_last, elements);
        }
        for (number, slice) in self.slices.into_iter().enumerate() {
            let is_last = is_last && number + 1 == slices;
            let name = slice.element.slice_name.clone().unwrap_or_default();
            let id = Arc::from(format!("{id}:{name}"));
            slice.flatten_into(&id, path, is_last, elements);
        }
    }

    /// How often its slices must occur, all together; 0 where that does not say how often it must.
    fn least(&self) -> u32 {
        let is_single = self.element.base.as_ref().is_some_and(|base| base.max == Max::Count(1));
        if is_single || self.slices.iter().any(|slice| slice.element.slicing.is_some()) {
            return 0;
        }
        self.slices.iter().fold(0, |sum, slice| sum.saturating_add(slice.element.min))
    }
}
