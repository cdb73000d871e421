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

use std::sync::Arc;

use crate::definitions::{
    DefinitionError, Definitions, Derivation, ElementDefinition, MAX_CHAIN, StructureDefinition,
    read::Written,
};

mod apply;
mod change;
pub mod compare;
mod merge;
mod place;
mod tree;

/// How deep elements may be nested.
const MAX_DEPTH: usize = 48;

/// How many elements a snapshot may have. Profiles that walk into each other can double it with
/// every layer; the largest published ones have a few thousand.
const MAX_ELEMENTS: usize = 20_000;

/// A definition whose snapshot is taken as it is written.
pub(crate) fn as_written(written: Written) -> StructureDefinition {
    let elements = written
        .snapshot
        .iter()
        .cloned()
        .map(crate::definitions::rules::ElementRules::whole)
        .collect();
    with_elements(written, elements, Vec::new())
}

/// A definition whose snapshot is taken as written if there is one, else made from the
/// differential. `drops_snapshot` makes it from the differential in any case.
pub(crate) fn complete(
    written: Written,
    drops_snapshot: bool,
    definitions: &Definitions,
    making: &mut Vec<Arc<str>>,
) -> Result<StructureDefinition, DefinitionError> {
    if !written.snapshot.is_empty() && (!drops_snapshot || written.differential.is_empty()) {
        return Ok(as_written(written));
    }
    let url = written.url.to_string();
    let base_url =
        written.base.as_ref().ok_or_else(|| DefinitionError::NoBase { url: url.clone() })?;
    let base = definitions.structure_within(base_url, making)?.ok_or_else(|| {
        DefinitionError::MissingBase { url: url.clone(), base: base_url.to_string() }
    })?;
    let mut root = tree::Branch::of(&base.elements, &base.url)?;
    // The elements of what a new type is based on become its own.
    if written.derivation == Some(Derivation::Specialization) {
        root.name = written.type_name.rsplit('/').next().unwrap_or(&written.type_name).into();
    }
    let change = change::Change::of(&written.differential, &root.name, &url)?;
    let mut generator = apply::Generator::new(&written, &root, definitions, making);
    generator.apply(&mut root, &change, 0)?;
    let mut ignored = base.ignored.clone();
    ignored.extend(generator.ignored());
    let elements = root.flatten();
    Ok(with_elements(written, elements, ignored))
}

/// The root element of a definition, without making the rest of its snapshot: what an element
/// takes over from the profile of its type. `None` if the definition is not at hand.
pub(crate) fn root_of(
    canonical: &str,
    definitions: &Definitions,
) -> Result<Option<ElementDefinition>, DefinitionError> {
    let mut chain: Vec<Written> = Vec::new();
    let mut next: Arc<str> = canonical.into();
    let mut root = loop {
        match definitions.written(&next)? {
            None => {
                // In the core, or nowhere.
                let Some(found) = definitions.structure(&next)? else {
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
            merge::constrain(&mut root, rules, &written.url);
        }
    }
    Ok(Some(root))
}

fn with_elements(
    written: Written,
    elements: Vec<ElementDefinition>,
    ignored: Vec<Arc<str>>,
) -> StructureDefinition {
    StructureDefinition {
        url: written.url,
        version: written.version,
        name: written.name,
        type_name: written.type_name,
        kind: written.kind,
        derivation: written.derivation,
        is_abstract: written.is_abstract,
        status: written.status,
        base: written.base,
        contexts: written.contexts,
        context_invariants: written.context_invariants,
        elements,
        ignored,
    }
}
