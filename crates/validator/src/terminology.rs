//! Value sets and code systems, as far as their content is at hand.
//!
//! Content comes from the R4 core and from packages. What has none (SNOMED CT, ATC, languages,
//! UCUM, …) is [`Membership::Unknown`] with the name of what is missing, never "no".
//!
//! - [`Terminology`] is what a set of definitions has, by canonical URL.
//! - [`ValueSet`] says whether a code belongs ([`Membership`]) and lists its codes; [`CodeSystem`]
//!   has the concepts.
//! - [`CodeList`] is a list of an operator's own (ATC, a local catalogue) from a CSV file or a program.
//!
//! ```
//! use lmr_validator::definitions::Definitions;
//! use lmr_validator::terminology::Membership;
//!
//! let definitions = Definitions::r4();
//! let terminology = definitions.terminology();
//! let genders = "http://hl7.org/fhir/ValueSet/administrative-gender";
//! assert!(matches!(terminology.validate(genders, None, "female"), Membership::Member(_)));
//! assert_eq!(terminology.validate(genders, None, "femal"), Membership::NotMember);
//! // All of SNOMED CT cannot be carried: the answer is not "no" but what is missing.
//! let substances = "http://hl7.org/fhir/ValueSet/substance-code";
//! let answer = terminology.validate(substances, Some("http://snomed.info/sct"), "1");
//! let Membership::Unknown(missing) = answer else { panic!("{answer:?}") };
//! assert!(missing.to_string().contains("http://snomed.info/sct"));
//! ```

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use lmr_fhir::{Document, Node, ParseOptions};

use crate::{
    canonical::{MAX_CHAIN, answers, split_canonical},
    compile::arena::OwnMap,
    core,
    definitions::error::DefinitionError,
    json::text,
    library::{EntryLocation, Library},
    package::ResourceKind,
};

mod code_list;
mod code_system;
mod filter;
mod value_set;

pub use code_list::{CodeList, CodeListError, ListedConcept};
pub use code_system::{CodeSystem, Concept, Content};
pub use value_set::{ListedCode, Member, Membership, MissingContent, ValueSet};

/// Every value set and code system at hand. Each is read when it is first asked for and kept.
#[derive(Debug)]
pub struct Terminology {
    library: Arc<Library>,
    systems: Memo<Option<Arc<CodeSystem>>>,
    sets: Memo<Arc<ValueSet>>,
    /// Where the supplements of packages are, by the URL of the system that they add to.
    supplements: OnceLock<HashMap<Box<str>, Vec<EntryLocation>>>,
}

impl Terminology {
    pub(crate) fn new(library: Arc<Library>) -> Self {
        Self {
            library,
            systems: Memo::default(),
            sets: Memo::default(),
            supplements: OnceLock::new(),
        }
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
    /// cannot be used, the value set knows nothing but that missing. Who checks many codes keeps it.
    pub fn value_set(&self, canonical: &str) -> Arc<ValueSet> {
        self.value_set_within(canonical, &mut Vec::new())
    }

    /// The code system with this canonical, `None` if it is not at hand. It may be one without
    /// content; [`CodeSystem::fault`] says why its definition cannot be used.
    pub fn code_system(&self, canonical: &str) -> Option<Arc<CodeSystem>> {
        match self.systems.look(canonical, || self.urls(ResourceKind::CodeSystem)) {
            Look::Read(known) => return known,
            Look::Nowhere => return None,
            Look::Unread => {}
        }
        let json = self.json(ResourceKind::CodeSystem, canonical).ok().flatten()?;
        let mut read =
            CodeSystem::read(json).unwrap_or_else(|fault| CodeSystem::unusable(canonical, fault));
        self.add_supplements(&mut read);
        self.systems.keep(canonical, Some(Arc::new(read)))
    }

    /// Adds what the supplements in packages say of a system's codes.
    fn add_supplements(&self, system: &mut CodeSystem) {
        let all = self.supplements.get_or_init(|| {
            let mut found: HashMap<Box<str>, Vec<EntryLocation>> = HashMap::new();
            let mut urls: Vec<&str> = self.library.urls(ResourceKind::CodeSystem).collect();
            urls.sort_unstable();
            for location in
                urls.into_iter().filter_map(|url| self.library.find(ResourceKind::CodeSystem, url))
            {
                let json = &self.library.entry(location).json;
                // Most are no supplements, and may be large.
                if json.contains("\"supplements\"")
                    && let Some(target) =
                        self.supplement(location, |supplement| text(supplement, "supplements"))
                {
                    let (url, _) = split_canonical(&target);
                    found.entry(url.into()).or_default().push(location);
                }
            }
            found
        });
        for location in all.get(&*system.url).into_iter().flatten() {
            self.supplement(*location, |supplement| {
                let target = text(supplement, "supplements")?;
                let (_, version) = split_canonical(&target);
                answers(system.version.as_deref(), version).then(|| system.supplement(supplement))
            });
        }
    }

    /// What is made of a supplement; nothing of what is none.
    fn supplement<T>(
        &self,
        location: EntryLocation,
        make: impl FnOnce(Node<'_>) -> Option<T>,
    ) -> Option<T> {
        let json = &*self.library.entry(location).json;
        let document = Document::parse(Cow::Borrowed(json), &ParseOptions::default()).ok()?;
        let root = document.root();
        let is_one = text(root, "content").is_some_and(|content| &*content == "supplement");
        if is_one { make(root) } else { None }
    }

    /// Whether a value set with this canonical is defined.
    pub fn has_value_set(&self, canonical: &str) -> bool {
        !matches!(self.sets.look(canonical, || self.urls(ResourceKind::ValueSet)), Look::Nowhere)
    }

    /// Canonical URLs of every value set (or code system) at hand.
    pub fn urls(&self, kind: ResourceKind) -> impl Iterator<Item = &str> {
        self.library.urls(kind).chain(core::urls(kind))
    }

    /// `reading` holds the canonicals of the value sets that import this one.
    fn value_set_within(&self, canonical: &str, reading: &mut Vec<Box<str>>) -> Arc<ValueSet> {
        match self.sets.look(canonical, || self.urls(ResourceKind::ValueSet)) {
            Look::Read(known) => return known,
            Look::Nowhere => {
                return Arc::new(ValueSet::missing(
                    canonical,
                    MissingContent::implicit_or_missing(canonical),
                ));
            }
            Look::Unread => {}
        }
        if let Some(from) = reading.iter().position(|one| **one == *canonical) {
            let chain = reading[from..]
                .iter()
                .map(ToString::to_string)
                .chain([canonical.to_owned()])
                .collect();
            return Arc::new(ValueSet::missing(canonical, MissingContent::Cyclic { chain }));
        }
        if reading.len() >= MAX_CHAIN {
            let missing =
                DefinitionError::LongChain { url: canonical.to_owned(), limit: MAX_CHAIN };
            return Arc::new(ValueSet::missing(canonical, MissingContent::Unreadable(missing)));
        }
        reading.push(canonical.into());
        let made = match self.json(ResourceKind::ValueSet, canonical) {
            Ok(Some(json)) => ValueSet::read(json, self, reading).unwrap_or_else(|error| {
                ValueSet::missing(canonical, MissingContent::Unreadable(error))
            }),
            Ok(None) => {
                reading.pop();
                return Arc::new(ValueSet::missing(
                    canonical,
                    MissingContent::implicit_or_missing(canonical),
                ));
            }
            Err(error) => ValueSet::missing(canonical, MissingContent::Unreadable(error)),
        };
        reading.pop();
        let made = Arc::new(made);
        // What was read inside a circle or a long chain knows only a part; the outermost one is kept.
        if reading.is_empty() || made.is_complete() {
            return self.sets.keep(canonical, made);
        }
        made
    }

    fn json(&self, kind: ResourceKind, canonical: &str) -> Result<Option<&str>, DefinitionError> {
        if let Some(location) = self.library.find(kind, canonical) {
            return Ok(Some(&self.library.entry(location).json));
        }
        let (url, version) = split_canonical(canonical);
        // The core's definitions name each other by its version, whatever their own is.
        let version = version.filter(|version| *version != core::VERSION);
        core::json(kind, url, version)
    }
}

/// What has been read. Checks ask for the same systems over and over from many threads, so what is
/// asked for by a known URL is found without a lock.
#[derive(Debug)]
struct Memo<T> {
    by_url: OnceLock<OwnMap<Box<str>, OnceLock<T>>>,
    others: Mutex<HashMap<Box<str>, T>>,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self { by_url: OnceLock::new(), others: Mutex::default() }
    }
}

/// What is known of a canonical.
enum Look<T> {
    /// It has been read.
    Read(T),
    /// It has not been read yet.
    Unread,
    /// Nothing defines it. Such canonicals come from documents too, so they are not kept.
    Nowhere,
}

impl<T: Clone> Memo<T> {
    fn look<'u, U: Iterator<Item = &'u str>>(
        &self,
        canonical: &str,
        urls: impl FnOnce() -> U,
    ) -> Look<T> {
        let by_url =
            self.by_url.get_or_init(|| urls().map(|url| (url.into(), OnceLock::new())).collect());
        match by_url.get(canonical) {
            Some(cell) => cell.get().cloned().map_or(Look::Unread, Look::Read),
            None => {
                let (url, _) = split_canonical(canonical);
                if url.len() == canonical.len() || !by_url.contains_key(url) {
                    return Look::Nowhere;
                }
                lock(&self.others).get(canonical).cloned().map_or(Look::Unread, Look::Read)
            }
        }
    }

    /// Keeps what was read, or what another thread has read meanwhile.
    fn keep(&self, canonical: &str, value: T) -> T {
        match self.by_url.get().and_then(|by_url| by_url.get(canonical)) {
            Some(cell) => cell.get_or_init(|| value).clone(),
            None => lock(&self.others).entry(canonical.into()).or_insert(value).clone(),
        }
    }
}

/// Nothing that is done under these locks can leave a map half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
