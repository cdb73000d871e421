//! Value sets and code systems, as far as their content is at hand.
//!
//! Content comes from the R4 core and from packages. What has none (SNOMED CT, ATC, languages,
//! UCUM, …) is [`Membership::Unknown`] with the name of what is missing, never "no".

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    core,
    definitions::{DefinitionError, Library, split_canonical},
    package::ResourceKind,
};

mod code_system;
mod filter;
mod value_set;

pub use code_system::{CodeSystem, Concept, Content};
pub use value_set::{Gap, ListedCode, Member, Membership, ValueSet};

/// Every value set and code system at hand. Each is read when it is first asked for and kept.
#[derive(Debug)]
pub struct Terminology {
    library: Arc<Library>,
    systems: Mutex<HashMap<Box<str>, Option<Arc<CodeSystem>>>>,
    sets: Mutex<HashMap<Box<str>, Arc<ValueSet>>>,
}

impl Terminology {
    pub(crate) fn new(library: Arc<Library>) -> Self {
        Self { library, systems: Mutex::default(), sets: Mutex::default() }
    }

    /// Whether a code is in a value set. Without `system` (elements of type `code`), a code of
    /// any of the value set's systems will do.
    pub fn validate(&self, value_set: &str, system: Option<&str>, code: &str) -> Membership {
        self.value_set(value_set).validate(system, code)
    }

    /// A code's display, `None` if the code or the display is not at hand.
    pub fn display(&self, system: &str, code: &str) -> Option<Arc<str>> {
        self.code_system(system)?.concept(code)?.display.clone()
    }

    /// The value set with this canonical. There is always one: where a definition is missing or
    /// cannot be used, the value set knows nothing but that gap. Who checks many codes keeps it.
    pub fn value_set(&self, canonical: &str) -> Arc<ValueSet> {
        self.value_set_within(canonical, &mut Vec::new())
    }

    /// The code system with this canonical, `None` if it is not at hand or cannot be read. It
    /// may be one without content.
    pub fn code_system(&self, canonical: &str) -> Option<Arc<CodeSystem>> {
        if let Some(known) = lock(&self.systems).get(canonical) {
            return known.clone();
        }
        let json = self.json(ResourceKind::CodeSystem, canonical).ok().flatten();
        let system = json.and_then(|json| CodeSystem::read(json).ok()).map(Arc::new);
        lock(&self.systems).entry(canonical.into()).or_insert(system).clone()
    }

    /// Whether a value set with this canonical is defined.
    pub fn has_value_set(&self, canonical: &str) -> bool {
        matches!(self.json(ResourceKind::ValueSet, canonical), Ok(Some(_)))
    }

    /// Canonical URLs of every value set (or code system) at hand.
    pub fn urls(&self, kind: ResourceKind) -> impl Iterator<Item = &str> {
        self.library.urls(kind).chain(core::urls(kind))
    }

    /// `reading` holds the canonicals of the value sets that import this one.
    fn value_set_within(&self, canonical: &str, reading: &mut Vec<Box<str>>) -> Arc<ValueSet> {
        if let Some(known) = lock(&self.sets).get(canonical) {
            return known.clone();
        }
        if let Some(from) = reading.iter().position(|one| **one == *canonical) {
            let chain =
                reading[from..].iter().map(ToString::to_string).chain([canonical.to_owned()]).collect();
            return Arc::new(ValueSet::missing(canonical, Gap::Cyclic { chain }));
        }
        reading.push(canonical.into());
        let made = match self.json(ResourceKind::ValueSet, canonical) {
            Ok(Some(json)) => ValueSet::read(json, self, reading)
                .unwrap_or_else(|error| ValueSet::missing(canonical, Gap::Unreadable(error))),
            Ok(None) => ValueSet::missing(canonical, Gap::implicit_or_missing(canonical)),
            Err(error) => ValueSet::missing(canonical, Gap::Unreadable(error)),
        };
        reading.pop();
        let made = Arc::new(made);
        // What was read inside a circle knows only a part; the outermost one is kept.
        if reading.is_empty() || !made.is_cyclic() {
            return lock(&self.sets).entry(canonical.into()).or_insert(made).clone();
        }
        made
    }

    fn json(&self, kind: ResourceKind, canonical: &str) -> Result<Option<&str>, DefinitionError> {
        if let Some(place) = self.library.find(kind, canonical) {
            return Ok(Some(&self.library.entry(place).json));
        }
        let (url, version) = split_canonical(canonical);
        core::json(kind, url, version)
    }
}

/// Nothing that is done under these locks can leave a map half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
