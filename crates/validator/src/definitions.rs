//! Definitions at hand: the R4 core and the packages put before it.
//!
//! A [`Definitions`] does not change once it is built. Structure definitions are read, and their
//! snapshots made, when they are first asked for; any number of threads may ask.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use crate::{
    core,
    package::{Package, ResourceKind},
    snapshot,
    terminology::Terminology,
};

pub(crate) mod corrections;
pub(crate) mod read;
pub(crate) mod rules;
mod structure;

pub use structure::{
    AdditionalBinding, Aggregation, Binding, BindingStrength, Constraint, ContextKind, Derivation,
    Discriminator, DiscriminatorKind, ElementBase, ElementDefinition, ExtensionContext, Max,
    Severity, Slicing, SlicingRules, StructureDefinition, StructureKind, TypeRef, Value,
    Versioning,
};

/// Where R4 keeps its types.
pub const CORE_STRUCTURES: &str = "http://hl7.org/fhir/StructureDefinition/";

/// How many definitions may build on each other, one after the other. Real ones stay below ten.
pub(crate) const MAX_CHAIN: usize = 64;

/// Why a definition that exists cannot be used. The fault is in the definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// It is not JSON.
    #[error("{what} is not JSON: {reason}")]
    NotJson {
        /// The definition.
        what: String,
        /// What the parser says.
        reason: String,
    },
    /// It has no canonical URL.
    #[error("a definition has no url")]
    NoUrl,
    /// A member is missing or has a value that R4 does not know.
    #[error("{url}: {member} {}", value.as_ref().map_or("is missing".to_owned(), |value| format!("cannot be {value:?}")))]
    Unreadable {
        /// The definition.
        url: String,
        /// Which member.
        member: &'static str,
        /// What stands there.
        value: Option<String>,
    },
    /// What it is based on is not among the definitions.
    #[error("{url} is based on {base}, which is not at hand")]
    MissingBase {
        /// The definition.
        url: String,
        /// Its `baseDefinition`.
        base: String,
    },
    /// It has neither a snapshot nor a base.
    #[error("{url} has neither a snapshot nor a baseDefinition")]
    NoBase {
        /// The definition.
        url: String,
    },
    /// It walks into a type or profile that is not among the definitions.
    #[error("{url}: {path} has the type {missing}, which is not at hand")]
    MissingType {
        /// The definition.
        url: String,
        /// The element whose children are constrained.
        path: String,
        /// The type or profile.
        missing: String,
    },
    /// It is based on itself, or walks into itself, directly or through others.
    #[error("definitions go round in a circle: {}", chain.join(" -> "))]
    Cyclic {
        /// The canonicals in the circle, the first one again at the end.
        chain: Vec<String>,
    },
    /// It constrains an element that its base does not have.
    #[error("{url}: there is no element {path}")]
    UnknownElement {
        /// The definition.
        url: String,
        /// The element in its differential.
        path: String,
    },
    /// It walks into an element that may have several types.
    #[error("{url}: {path} may have several types, so its children cannot be constrained")]
    AmbiguousType {
        /// The definition.
        url: String,
        /// The element whose children are constrained.
        path: String,
    },
    /// Its elements are nested too deeply.
    #[error("{url}: elements are nested more than {limit} deep")]
    TooDeep {
        /// The definition.
        url: String,
        /// How deep elements may be nested.
        limit: usize,
    },
    /// Its snapshot would have too many elements, or it imports too many value sets.
    #[error("{url} unfolds to more than {limit} parts")]
    TooLarge {
        /// The definition.
        url: String,
        /// How many parts are accepted.
        limit: usize,
    },
    /// Definitions build on each other in a chain that is too long.
    #[error("{url} builds on more than {limit} definitions, one after the other")]
    LongChain {
        /// The definition at which reading stopped.
        url: String,
        /// How long a chain may be.
        limit: usize,
    },
    /// The embedded R4 core cannot be read: a fault of this program.
    #[error("the embedded R4 core is damaged")]
    DamagedCore,
}

/// What an index tells of a structure definition without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructureSummary<'a> {
    /// Canonical URL without version.
    pub url: &'a str,
    /// Business version.
    pub version: Option<&'a str>,
    /// Computer-friendly name.
    pub name: &'a str,
    /// The type that is defined or constrained.
    pub type_name: &'a str,
    /// Whether it constrains a type, that is, is a profile or an extension.
    pub is_profile: bool,
    /// Whether the type is a resource.
    pub is_resource: bool,
}

/// Puts packages together.
#[derive(Debug, Default)]
pub struct DefinitionsBuilder {
    packages: Vec<Package>,
}

impl DefinitionsBuilder {
    /// Adds a package behind those added before. Where two packages define the same canonical,
    /// the earlier one counts; of several versions of one package, the latest.
    #[must_use]
    pub fn package(mut self, package: Package) -> Self {
        self.packages.push(package);
        self
    }

    /// Adds packages, the first one first.
    #[must_use]
    pub fn packages(mut self, packages: impl IntoIterator<Item = Package>) -> Self {
        self.packages.extend(packages);
        self
    }

    /// Puts the R4 core behind them all.
    pub fn build(self) -> Definitions {
        let library = Arc::new(Library::new(self.packages));
        let cells = library
            .packages
            .iter()
            .map(|package| package.entries.iter().map(|_| OnceLock::new()).collect());
        Definitions {
            cells: cells.collect(),
            terminology: Terminology::new(library.clone()),
            library,
        }
    }
}

type Made = Result<Arc<StructureDefinition>, DefinitionError>;

/// The R4 core and the packages before it.
#[derive(Debug)]
pub struct Definitions {
    library: Arc<Library>,
    cells: Vec<Box<[OnceLock<Made>]>>,
    terminology: Terminology,
}

impl Definitions {
    /// Begins with the R4 core alone.
    pub fn builder() -> DefinitionsBuilder {
        DefinitionsBuilder::default()
    }

    /// The R4 core alone.
    pub fn r4() -> Self {
        Self::builder().build()
    }

    /// The structure definition with this canonical (`url` or `url|version`), its snapshot
    /// complete; `None` if there is none.
    ///
    /// # Errors
    /// [`DefinitionError`] if there is one that cannot be used.
    pub fn structure(
        &self,
        canonical: &str,
    ) -> Result<Option<Arc<StructureDefinition>>, DefinitionError> {
        self.structure_within(canonical, &mut Vec::new())
    }

    /// The definition of a FHIR type (`Patient`, `Quantity`, `string`), or of a logical model by its URL.
    ///
    /// # Errors
    /// [`DefinitionError`] if there is one that cannot be used.
    pub fn type_definition(
        &self,
        name: &str,
    ) -> Result<Option<Arc<StructureDefinition>>, DefinitionError> {
        self.type_within(name, &mut Vec::new())
    }

    /// Every structure definition at hand, packages first; those that an earlier package or a
    /// later version hides are left out.
    pub fn structures(&self) -> impl Iterator<Item = StructureSummary<'_>> {
        let own = self.library.structures.values().filter_map(|places| {
            let entry = self.library.entry(*places.first()?);
            Some(StructureSummary {
                url: &entry.url,
                version: entry.version.as_deref(),
                name: &entry.name,
                type_name: &entry.type_name,
                is_profile: entry.is_profile,
                is_resource: entry.is_resource,
            })
        });
        let core =
            core::structures().filter(|summary| !self.library.structures.contains_key(summary.url));
        own.chain(core)
    }

    /// Whether R4 has a concrete resource of this name.
    pub fn is_resource_type(&self, name: &str) -> bool {
        !matches!(name, "Resource" | "DomainResource") && core::is_resource_type(name)
    }

    /// Value sets and code systems.
    pub fn terminology(&self) -> &Terminology {
        &self.terminology
    }

    pub(crate) fn structure_within(
        &self,
        canonical: &str,
        making: &mut Vec<Arc<str>>,
    ) -> Result<Option<Arc<StructureDefinition>>, DefinitionError> {
        let Some(place) = self.library.find(ResourceKind::Structure, canonical) else {
            let (url, version) = split_canonical(canonical);
            return core::structure(url, version);
        };
        let Some(cell) = self.cells.get(place.package).and_then(|cells| cells.get(place.entry))
        else {
            return Ok(None);
        };
        if let Some(made) = cell.get() {
            return made.clone().map(Some);
        }
        let package = &self.library.packages[place.package];
        let made = self.make(&package.entries[place.entry].json, package.drops_snapshots, making);
        // A failure inside a circle is the fault of the one that began it.
        if making.is_empty() || made.is_ok() {
            return cell.get_or_init(|| made).clone().map(Some);
        }
        made.map(Some)
    }

    pub(crate) fn type_within(
        &self,
        name: &str,
        making: &mut Vec<Arc<str>>,
    ) -> Result<Option<Arc<StructureDefinition>>, DefinitionError> {
        if name.contains(':') {
            return self.structure_within(name, making);
        }
        self.structure_within(&format!("{CORE_STRUCTURES}{name}"), making)
    }

    /// A definition of a package as written, and whether its snapshot is to be left aside;
    /// `None` for what stands in the core or nowhere.
    pub(crate) fn written(
        &self,
        canonical: &str,
    ) -> Result<Option<(read::Written, bool)>, DefinitionError> {
        let Some(place) = self.library.find(ResourceKind::Structure, canonical) else {
            return Ok(None);
        };
        let written = read::structure(&self.library.entry(place).json)?;
        Ok(Some((written, self.library.packages[place.package].drops_snapshots)))
    }

    fn make(&self, json: &str, drops_snapshot: bool, making: &mut Vec<Arc<str>>) -> Made {
        let written = read::structure(json)?;
        if let Some(from) = making.iter().position(|url| *url == written.url) {
            let chain =
                making[from..].iter().chain([&written.url]).map(ToString::to_string).collect();
            return Err(DefinitionError::Cyclic { chain });
        }
        if making.len() >= MAX_CHAIN {
            return Err(DefinitionError::LongChain {
                url: written.url.to_string(),
                limit: MAX_CHAIN,
            });
        }
        making.push(written.url.clone());
        let made = snapshot::complete(written, drops_snapshot, self, making);
        making.pop();
        made.map(Arc::new)
    }
}

/// `url|version` taken apart.
pub(crate) fn split_canonical(canonical: &str) -> (&str, Option<&str>) {
    match canonical.split_once('|') {
        Some((url, version)) if !version.is_empty() => (url, Some(version)),
        Some((url, _)) => (url, None),
        None => (canonical, None),
    }
}

/// Whether a definition of version `have` answers a canonical that asks for `want`: the same, or
/// `want` is the beginning of it (`4.0` for `4.0.1`).
pub(crate) fn answers(have: Option<&str>, want: Option<&str>) -> bool {
    let Some(want) = want else { return true };
    have.is_some_and(|have| {
        have.strip_prefix(want).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// The packages and where each canonical stands in them.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) packages: Vec<Package>,
    structures: HashMap<Arc<str>, Vec<Place>>,
    value_sets: HashMap<Arc<str>, Vec<Place>>,
    code_systems: HashMap<Arc<str>, Vec<Place>>,
}

/// One definition in one package.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) package: usize,
    pub(crate) entry: usize,
}

impl Library {
    fn new(packages: Vec<Package>) -> Self {
        let mut library = Self {
            packages,
            structures: HashMap::new(),
            value_sets: HashMap::new(),
            code_systems: HashMap::new(),
        };
        for (number, package) in library.packages.iter().enumerate() {
            for (entry, found) in package.entries.iter().enumerate() {
                let map = match found.kind {
                    ResourceKind::Structure => &mut library.structures,
                    ResourceKind::ValueSet => &mut library.value_sets,
                    ResourceKind::CodeSystem => &mut library.code_systems,
                };
                map.entry(found.url.clone()).or_default().push(Place { package: number, entry });
            }
        }
        // Packages of one name are one group, standing where the first of them stands; inside a
        // group the latest version comes first.
        let rank = |place: &Place| {
            let name = &library.packages[place.package].name;
            library
                .packages
                .iter()
                .position(|package| package.name == *name)
                .unwrap_or(place.package)
        };
        for map in [&mut library.structures, &mut library.value_sets, &mut library.code_systems] {
            for places in map.values_mut() {
                places.sort_by(|a, b| {
                    let version = |place: &Place| {
                        library.packages[place.package].entries[place.entry].version.as_deref()
                    };
                    let package = |place: &Place| Some(&*library.packages[place.package].version);
                    rank(a)
                        .cmp(&rank(b))
                        .then_with(|| compare_versions(package(b), package(a)))
                        .then_with(|| compare_versions(version(b), version(a)))
                });
            }
        }
        library
    }

    /// Canonical URLs of one kind of definitions.
    pub(crate) fn urls(&self, kind: ResourceKind) -> impl Iterator<Item = &str> {
        match kind {
            ResourceKind::Structure => &self.structures,
            ResourceKind::ValueSet => &self.value_sets,
            ResourceKind::CodeSystem => &self.code_systems,
        }
        .keys()
        .map(|url| &**url)
    }

    pub(crate) fn entry(&self, place: Place) -> &crate::package::Entry {
        &self.packages[place.package].entries[place.entry]
    }

    /// The definition that answers the canonical; exact versions before those that only begin
    /// like it.
    pub(crate) fn find(&self, kind: ResourceKind, canonical: &str) -> Option<Place> {
        let (url, version) = split_canonical(canonical);
        let places = match kind {
            ResourceKind::Structure => &self.structures,
            ResourceKind::ValueSet => &self.value_sets,
            ResourceKind::CodeSystem => &self.code_systems,
        }
        .get(url)?;
        let exact = places
            .iter()
            .find(|place| version.is_some() && self.entry(**place).version.as_deref() == version);
        exact
            .or_else(|| {
                places.iter().find(|place| answers(self.entry(**place).version.as_deref(), version))
            })
            .copied()
    }
}

/// Orders versions part by part, numbers as numbers; a label (`-beta`) comes before the release.
pub(crate) fn compare_versions(a: Option<&str>, b: Option<&str>) -> std::cmp::Ordering {
    let (Some(a), Some(b)) = (a, b) else { return a.cmp(&b) };
    let split = |version: &'_ str| match version.split_once('-') {
        Some((release, label)) if release.contains('.') => {
            (release.to_owned(), Some(label.to_owned()))
        }
        _ => (version.to_owned(), None),
    };
    let ((a, a_label), (b, b_label)) = (split(a), split(b));
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => break,
            (Some(x), Some(y)) => match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                _ => x.cmp(y),
            },
            (x, y) => x.is_some().cmp(&y.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
    match (a_label, b_label) {
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (Some(_), None) => std::cmp::Ordering::Less,
        (a, b) => a.cmp(&b),
    }
}
