//! The definitions a validator knows: the R4 core and the packages put before it.
//!
//! A [`Definitions`] does not change once it is built. Structure definitions are read, and their
//! snapshots made, when they are first asked for; any number of threads may ask.
//!
//! - [`Definitions`] answers by canonical URL or by type name; a [`DefinitionsBuilder`] takes packages.
//! - [`StructureDefinition`] and [`ElementDefinition`] are what FHIR's are, read once: bounds as
//!   numbers, types, bindings and slicing as values.
//! - [`DefinitionError`] is a definition that cannot be used, with the reason.
//!
//! ```
//! use lmr_validator::definitions::{Definitions, Max};
//!
//! let definitions = Definitions::r4();
//! let patient = definitions.type_definition("Patient")?.expect("R4 has it");
//! let gender = patient.element("Patient.gender").expect("an element");
//! assert_eq!((gender.min, gender.max), (0, Max::Count(1)));
//! assert_eq!(gender.types[0].name(), "code");
//! assert!(definitions.structure("http://example.org/unknown")?.is_none());
//! # Ok::<(), lmr_validator::definitions::DefinitionError>(())
//! ```

use std::sync::{Arc, OnceLock};

use crate::{
    canonical::{self, MAX_CHAIN, split_canonical},
    core,
    library::Library,
    package::{Package, ResourceKind},
    snapshot::{self, Bases},
    terminology::{Membership, Terminology},
};

pub(crate) mod corrections;
pub(crate) mod error;
pub(crate) mod read;
pub(crate) mod rules;
pub(crate) mod structure;
pub(crate) mod written;

pub(crate) use structure::Mistyped;
use written::Written;

pub use error::DefinitionError;
pub use structure::{
    AdditionalBinding, Aggregation, Binding, BindingStrength, Constraint, ContextKind, Derivation,
    Discriminator, DiscriminatorKind, ElementBase, ElementDefinition, ExtensionContext, Max,
    Slicing, SlicingRules, StructureDefinition, StructureKind, StructureSummary, TypeRef, Value,
    Versioning,
};

/// What of a profile's differential has no effect: paths of elements, and of what they say.
#[derive(Debug)]
pub(crate) struct NotApplied {
    /// What it names that its base does not have.
    pub(crate) unknown: Vec<Arc<str>>,
    /// What would allow more than its base does.
    pub(crate) looser: Vec<Arc<str>>,
    /// Values of other types than their elements.
    pub(crate) mistyped: Vec<Mistyped>,
}

/// Puts packages together.
#[derive(Debug, Default)]
pub struct DefinitionsBuilder {
    packages: Vec<Arc<Package>>,
}

impl DefinitionsBuilder {
    /// Adds a package behind those added before. Where two packages define the same canonical,
    /// the earlier one counts; of several versions of one package, the latest.
    #[must_use]
    pub fn package(mut self, package: impl Into<Arc<Package>>) -> Self {
        self.packages.push(package.into());
        self
    }

    /// Adds packages, the first one first.
    #[must_use]
    pub fn packages(mut self, packages: impl IntoIterator<Item: Into<Arc<Package>>>) -> Self {
        self.packages.extend(packages.into_iter().map(Into::into));
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

/// How many codes of a value set are compared with another one.
const MAX_COMPARED: usize = 5_000;

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
        Bases::structure(self, canonical, &mut Vec::new())
    }

    /// The definition of a FHIR type (`Patient`, `Quantity`, `string`), or of a logical model by its URL.
    ///
    /// # Errors
    /// [`DefinitionError`] if there is one that cannot be used.
    pub fn type_definition(
        &self,
        name: &str,
    ) -> Result<Option<Arc<StructureDefinition>>, DefinitionError> {
        Bases::type_definition(self, name, &mut Vec::new())
    }

    /// Every structure definition at hand, packages first; those that an earlier package or a
    /// later version hides are left out.
    pub fn structures(&self) -> impl Iterator<Item = StructureSummary<'_>> {
        let is_hidden = |url: &str| self.library.find(ResourceKind::Structure, url).is_some();
        let core = core::structures().filter(move |summary| !is_hidden(summary.url));
        self.library.structures().chain(core)
    }

    /// Whether R4 has a concrete resource of this name.
    pub fn is_resource_type(&self, name: &str) -> bool {
        !lmr_fhir::is_abstract_resource(name) && core::is_resource_type(name)
    }

    /// Value sets and code systems.
    pub fn terminology(&self) -> &Terminology {
        &self.terminology
    }

    /// What of a profile's differential has no effect. `None` for what is no profile, or has no snapshot.
    pub(crate) fn not_applied(&self, json: &str) -> Option<NotApplied> {
        let written = read::structure(json).ok()?;
        if written.derivation != Some(Derivation::Constraint) || written.differential.is_empty() {
            return None;
        }
        let base = self.structure(written.base.as_deref()?).ok()??;
        let made = snapshot::complete(written, true, self, &mut Vec::new()).ok()?;
        // Those of the base come first, and are its own.
        let own =
            |all: &[Arc<str>], before: &[Arc<str>]| all.get(before.len()..).map(<[_]>::to_vec);
        Some(NotApplied {
            unknown: own(&made.ignored, &base.ignored)?,
            looser: own(&made.looser, &base.looser)?,
            mistyped: made.mistyped,
        })
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

impl Bases for Definitions {
    fn structure(
        &self,
        canonical: &str,
        making: &mut Vec<Arc<str>>,
    ) -> Result<Option<Arc<StructureDefinition>>, DefinitionError> {
        let Some(location) = self.library.find(ResourceKind::Structure, canonical) else {
            let (url, version) = split_canonical(canonical);
            return core::structure(url, version);
        };
        let Some(cell) =
            self.cells.get(location.package).and_then(|cells| cells.get(location.entry))
        else {
            return Ok(None);
        };
        if let Some(made) = cell.get() {
            return made.clone().map(Some);
        }
        let package = &self.library.packages[location.package];
        let made =
            self.make(&package.entries[location.entry].json, package.drops_snapshots, making);
        // A failure inside a circle is the fault of the one that began it.
        if making.is_empty() || made.is_ok() {
            return cell.get_or_init(|| made).clone().map(Some);
        }
        made.map(Some)
    }

    fn type_definition(
        &self,
        name: &str,
        making: &mut Vec<Arc<str>>,
    ) -> Result<Option<Arc<StructureDefinition>>, DefinitionError> {
        if name.contains(':') {
            return Bases::structure(self, name, making);
        }
        Bases::structure(self, &canonical::core(name), making)
    }

    fn written(&self, canonical: &str) -> Result<Option<(Written, bool)>, DefinitionError> {
        let Some(location) = self.library.find(ResourceKind::Structure, canonical) else {
            return Ok(None);
        };
        let written = read::structure(&self.library.entry(location).json)?;
        Ok(Some((written, self.library.packages[location.package].drops_snapshots)))
    }

    fn parent(&self, canonical: &str) -> Option<Option<Arc<str>>> {
        if let Ok(Some((written, _))) = self.written(canonical) {
            return Some(written.base);
        }
        let (url, version) = split_canonical(canonical);
        Some(core::structure(url, version).ok()??.base.clone())
    }

    fn is_subset(&self, value_set: &str, of: &str) -> Option<bool> {
        let (narrow, wide) =
            (self.terminology.value_set(value_set), self.terminology.value_set(of));
        if narrow.missing_content().is_some() || wide.missing_content().is_some() {
            return None;
        }
        let codes = narrow.codes(MAX_COMPARED);
        if codes.len() == MAX_COMPARED {
            return None;
        }
        Some(
            codes.iter().all(|(system, code, _)| {
                wide.validate(Some(system), code) != Membership::NotMember
            }),
        )
    }
}
