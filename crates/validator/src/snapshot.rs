//! Makes snapshots: what a profile says, laid over what it constrains.
//!
//! The base's snapshot becomes a tree (`tree`), the differential another one (`change`); the
//! changes are applied from the root down, an element before its children and the element itself
//! before its slices, so that the order in which a differential is written does not matter.
//! Where a change reaches below an element that the base does not unfold, the element's type or
//! profile is walked into.
//!
//! Where FHIR leaves a choice, the result is that of the reference's generator: profiles' official
//! snapshots are made by it.
//!
//! A caller gets a snapshot by asking [`Definitions`](crate::definitions::Definitions) for a
//! profile that came without one; [`compare`](mod@compare) says what two snapshots differ in.
//!
//! ```
//! use lmr_validator::definitions::Definitions;
//! use lmr_validator::package::Package;
//! use lmr_validator::snapshot::compare::{Aspect, compare};
//!
//! let profile = r#"{"resourceType":"StructureDefinition","url":"http://example.org/named",
//!   "name":"Named","status":"active","kind":"resource","abstract":false,"type":"Patient",
//!   "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint",
//!   "differential":{"element":[{"id":"Patient.name","path":"Patient.name","min":1}]}}"#;
//! let package = Package::embedded("example", "1.0.0", [profile])?;
//! let definitions = Definitions::builder().package(package).build();
//! let base = definitions.type_definition("Patient")?.expect("R4 has it");
//! let named = definitions.structure("http://example.org/named")?.expect("just added");
//! assert_eq!(named.elements.len(), base.elements.len());
//!
//! let differences = compare(&base, &named);
//! assert_eq!(differences.len(), 1);
//! assert_eq!((&*differences[0].element, differences[0].aspect), ("Patient.name", Aspect::Min));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::sync::Arc;

use crate::{
    canonical::MAX_CHAIN,
    definitions::{
        error::DefinitionError,
        structure::{Derivation, ElementDefinition, StructureDefinition},
        written::Written,
    },
};

mod apply;
mod change;
pub mod compare;
mod location;
mod merge;
mod tighten;
mod tree;

/// How deep elements may be nested.
const MAX_DEPTH: usize = 48;

/// How many elements a snapshot may have. Profiles that walk into each other can double it with
/// every layer; the largest published ones have a few thousand.
const MAX_ELEMENTS: usize = 20_000;

/// How many lines of a differential may be about one element: ids are unique
/// (<https://hl7.org/fhir/R4/structuredefinition.html#invs>, sdf-16), and published profiles repeat one two or three times.
const MAX_REPEATS: usize = 256;

/// The definitions that snapshots are made from. `making` holds the URLs of the definitions whose
/// snapshots are being made, so that circles are found.
pub(crate) trait Bases {
    /// The structure definition with this canonical, its snapshot complete; `None` if there is none.
    fn structure(
        &self,
        canonical: &str,
        making: &mut Vec<Arc<str>>,
    ) -> Result<Option<Arc<StructureDefinition>>, DefinitionError>;

    /// The definition of a FHIR type, or of a logical model by its URL; `None` if there is none.
    fn type_definition(
        &self,
        name: &str,
        making: &mut Vec<Arc<str>>,
    ) -> Result<Option<Arc<StructureDefinition>>, DefinitionError>;

    /// A definition of a package as written, and whether its snapshot is to be made again; `None`
    /// for one of the core, and for one that does not exist.
    fn written(&self, canonical: &str) -> Result<Option<(Written, bool)>, DefinitionError>;

    /// What a definition is based on, `Some(None)` for the roots; `None` for a definition that is
    /// not known.
    fn parent(&self, canonical: &str) -> Option<Option<Arc<str>>>;

    /// Whether every code of one value set is in another one; `None` if that is not known.
    fn is_subset(&self, value_set: &str, of: &str) -> Option<bool>;
}

/// A definition whose snapshot is taken as written if there is one, else made from the
/// differential. `drops_snapshot` makes it from the differential in any case.
pub(crate) fn complete(
    written: Written,
    drops_snapshot: bool,
    bases: &dyn Bases,
    making: &mut Vec<Arc<str>>,
) -> Result<StructureDefinition, DefinitionError> {
    if !written.snapshot.is_empty() && (!drops_snapshot || written.differential.is_empty()) {
        return Ok(StructureDefinition::from_written(written));
    }
    let url = written.url.to_string();
    let base_url =
        written.base.as_ref().ok_or_else(|| DefinitionError::NoBase { url: url.clone() })?;
    let base = bases.structure(base_url, making)?.ok_or_else(|| DefinitionError::MissingBase {
        url: url.clone(),
        base: base_url.to_string(),
    })?;
    let mut root = tree::Branch::of(&base.elements, &base.url)?;
    // The elements of what a new type is based on become its own.
    if written.derivation == Some(Derivation::Specialization) {
        root.name = written.type_name.rsplit('/').next().unwrap_or(&written.type_name).into();
    }
    let change = change::Change::of(&written.differential, &root.name, &url)?;
    let mut generator = apply::Generator::new(&written, &root, bases, making);
    generator.apply(&mut root, &change, 0)?;
    let (ignored, looser, mistyped) = generator.not_applied();
    let elements = root.flatten();
    let mut made = StructureDefinition::with_elements(written, elements);
    made.ignored = base.ignored.iter().cloned().chain(ignored).collect();
    made.looser = base.looser.iter().cloned().chain(looser).collect();
    made.mistyped = mistyped;
    Ok(made)
}

/// The root element of a definition, without making the rest of its snapshot: what an element
/// takes over from the profile of its type. `None` if the definition is not at hand.
pub(crate) fn root_of(
    canonical: &str,
    bases: &dyn Bases,
) -> Result<Option<ElementDefinition>, DefinitionError> {
    let mut chain: Vec<Written> = Vec::new();
    let mut next: Arc<str> = canonical.into();
    let mut root = loop {
        match bases.written(&next)? {
            None => {
                // In the core, or nowhere.
                let Some(found) = bases.structure(&next, &mut Vec::new())? else {
                    let Some(last) = chain.last() else { return Ok(None) };
                    return Err(DefinitionError::MissingBase {
                        url: last.url.to_string(),
                        base: next.to_string(),
                    });
                };
                let Some(root) = found.root() else { return Ok(None) };
                break root.clone();
            }
            Some((written, drops_snapshot)) => {
                if chain.iter().any(|before| before.url == written.url) {
                    let chain =
                        chain.iter().chain([&written]).map(|one| one.url.to_string()).collect();
                    return Err(DefinitionError::Cyclic { chain });
                }
                if chain.len() >= MAX_CHAIN {
                    return Err(DefinitionError::LongChain {
                        url: written.url.to_string(),
                        limit: MAX_CHAIN,
                    });
                }
                if let Some(root) = written.snapshot.first().filter(|_| !drops_snapshot) {
                    break root.clone().whole();
                }
                next = written
                    .base
                    .clone()
                    .ok_or_else(|| DefinitionError::NoBase { url: written.url.to_string() })?;
                chain.push(written);
            }
        }
    };
    for written in chain.iter().rev() {
        for rules in written.differential.iter().filter(|rules| !rules.path.contains('.')) {
            merge::constrain(&mut root, rules, &written.url, bases, false);
        }
    }
    Ok(Some(root))
}
