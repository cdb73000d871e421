//! The validator: definitions compiled on demand, documents judged.

mod cores;
pub(crate) mod job;
mod parse;
mod place;
mod settle;
mod shared;
pub(crate) mod walk;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use lmr_fhir::{Document, Kind};

use crate::compile::arena::{Arena, Table};
use crate::compile::{self, Context, Expressions, Profile, ProfileId};
use crate::definitions::{Definitions, ElementDefinition, StructureDefinition, TypeRef};
use crate::issue::{BundleReport, Issue};
use crate::model::TypeModel;
use crate::options::Options;

pub(crate) use place::{Waypoint, trail};
pub(crate) use shared::{Anchors, Locals, Shared, kind_name};

/// Bytes that a definition's regular expression may take when compiled.
const MAX_PATTERN: usize = 1 << 20;

const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// The address of a type's definition.
fn type_canonical(name: &str) -> String {
    if name.contains(':') { name.to_owned() } else { format!("{BASE}{name}") }
}

/// Judges FHIR R4 documents against base definitions and profiles. Built once,
/// used from any number of threads.
#[derive(Debug)]
pub struct Validator {
    definitions: Arc<Definitions>,
    pub(crate) model: TypeModel,
    profiles: Arena<Profile>,
    by_canonical: Table<Lookup>,
    /// The base definitions of types, by name.
    by_type: Table<ProfileId>,
    expressions: Expressions,
    patterns: RwLock<HashMap<Box<str>, Option<regex::Regex>>>,
}

/// What a canonical leads to: a compiled profile, nothing, or a definition
/// that cannot be used (with the reason).
pub(crate) type Lookup = Result<Option<ProfileId>, Arc<str>>;

/// Collects what a [`Validator`] works with.
#[derive(Debug, Default)]
pub struct ValidatorBuilder {
    definitions: Option<Arc<Definitions>>,
}

impl ValidatorBuilder {
    /// The definitions to judge by; without them the R4 core alone.
    #[must_use]
    pub fn definitions(mut self, definitions: impl Into<Arc<Definitions>>) -> Self {
        self.definitions = Some(definitions.into());
        self
    }

    /// Makes the validator. Profiles are compiled when first needed.
    pub fn build(self) -> Validator {
        let definitions = self.definitions.unwrap_or_else(|| Arc::new(Definitions::r4()));
        Validator {
            model: TypeModel::new(Arc::clone(&definitions)),
            definitions,
            profiles: Arena::new(),
            by_canonical: Table::new(),
            by_type: Table::new(),
            expressions: Expressions::default(),
            patterns: RwLock::default(),
        }
    }
}

impl Validator {
    /// Begins a validator.
    pub fn builder() -> ValidatorBuilder {
        ValidatorBuilder::default()
    }

    /// The definitions it judges by.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// The types as FHIRPath sees them.
    pub fn fhirpath_model(&self) -> &dyn lmr_fhirpath::Model {
        &self.model
    }

    /// Judges a document: a single resource or a Bundle with all its entries.
    ///
    /// What lenient reading noted in the document is reported too, so that one
    /// list tells everything.
    pub fn validate(&self, document: &Document<'_>, options: &Options) -> Vec<Issue> {
        job::run(self, document, options)
    }

    /// Judges JSON text; a text that cannot be read gives one fatal issue.
    pub fn validate_text(&self, text: &str, options: &Options) -> Vec<Issue> {
        match Document::parse(text, &lmr_fhir::ParseOptions::lenient()) {
            Ok(document) => self.validate(&document, options),
            Err(error) => vec![parse::unreadable(&error)],
        }
    }

    /// Judges a Bundle and sorts the issues to its entries.
    pub fn validate_bundle(&self, document: &Document<'_>, options: &Options) -> BundleReport {
        let count = document
            .root()
            .member("entry")
            .filter(|e| e.kind() == Kind::Array)
            .map_or(0, |e| e.members().count());
        let mut report = BundleReport { bundle: Vec::new(), entries: vec![Vec::new(); count] };
        for issue in self.validate(document, options) {
            match issue.entry.and_then(|i| report.entries.get_mut(i)) {
                Some(entry) => entry.push(issue),
                None => report.bundle.push(issue),
            }
        }
        report
    }

    /// Compiles a profile now and tells what in it cannot be used: for checking
    /// packages at start instead of at the first instance.
    ///
    /// # Errors
    /// The reason in words when the profile is unknown or its definition broken.
    pub fn prepare(&self, canonical: &str) -> Result<(), String> {
        match self.profile(canonical) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(format!("{canonical} is not known")),
            Err(reason) => Err(reason.to_string()),
        }
    }

    pub(crate) fn get(&self, id: ProfileId) -> Option<&Profile> {
        self.profiles.get(id)
    }

    /// The compiled profile of a canonical.
    pub(crate) fn profile(&self, canonical: &str) -> Lookup {
        if let Some(found) = self.by_canonical.get(canonical) {
            return found.clone();
        }
        let found = match self.definitions.structure(canonical) {
            // What is not known is not kept: the sender's names must not fill the memory.
            Ok(None) => return Ok(None),
            Err(error) => Err(Arc::from(error.to_string())),
            Ok(Some(definition)) => self.compiled(definition),
        };
        self.by_canonical.insert(canonical, found).clone()
    }

    /// A definition's regular expression, of the whole value; `None` if it cannot be used (it is no
    /// regular expression, or one that does not run in linear time).
    pub(crate) fn pattern(&self, text: &str) -> Option<regex::Regex> {
        if let Some(known) = self.patterns.read().unwrap_or_else(PoisonError::into_inner).get(text)
        {
            return known.clone();
        }
        let made = regex::RegexBuilder::new(&format!("^(?s:{text})$"))
            .size_limit(MAX_PATTERN)
            .build()
            .ok();
        let mut patterns = self.patterns.write().unwrap_or_else(PoisonError::into_inner);
        patterns.entry(text.into()).or_insert(made).clone()
    }

    fn compiled(&self, definition: Arc<StructureDefinition>) -> Lookup {
        // The same definition under `url` and `url|version` is one profile.
        let canonical = definition.canonical();
        if let Some(found) = self.by_canonical.get(&canonical) {
            return found.clone();
        }
        let is_resource = |name: &str| self.definitions.is_resource_type(name);
        let base_types = |path: &str| self.base_types(path);
        let doubt = |expression: &lmr_fhirpath::Expression, element: &ElementDefinition| {
            let of = self.type_of(element)?;
            let faults = expression.check(&self.model, of).err()?;
            Some(Arc::from(faults.first()?.to_string()))
        };
        let context = Context {
            is_resource: &is_resource,
            base_types: &base_types,
            expressions: &self.expressions,
            doubt: &doubt,
        };
        let found = match compile::compile(definition, &context) {
            Ok(profile) => Ok(Some(self.profiles.push(profile))),
            Err(error) => Err(Arc::from(format!("{canonical}: {error}"))),
        };
        // Where two threads compiled it at once, one of the two is used by all.
        self.by_canonical.insert(&canonical, found).clone()
    }

    /// The one type of an element, if it has one that says what is below it.
    fn type_of(&self, element: &ElementDefinition) -> Option<lmr_fhirpath::TypeId> {
        if element.content_reference.is_some() {
            return None;
        }
        let path = element.base.as_ref().map_or(&element.path, |base| &base.path);
        match &*element.types {
            [] => self.model.type_at(path),
            [one] if matches!(&*one.code, "BackboneElement" | "Element") => {
                self.model.type_at(path)
            }
            [one] => self.model.type_at(&one.code),
            _ => None,
        }
    }

    fn base_types(&self, path: &str) -> Option<Arc<[TypeRef]>> {
        let owner = path.split('.').next()?;
        let definition = self.definitions.type_definition(owner).ok()??;
        definition
            .elements
            .iter()
            .find(|e| &*e.path == path && e.slice_name.is_none())
            .map(|e| Arc::clone(&e.types))
    }

    /// The compiled base definition of a type.
    pub(crate) fn type_profile(&self, name: &str) -> Option<ProfileId> {
        if let Some(known) = self.by_type.get(name) {
            return Some(*known);
        }
        let id = self.profile(&type_canonical(name)).ok().flatten()?;
        Some(*self.by_type.insert(name, id))
    }

    /// The address of a type's definition that cannot be used, and why.
    pub(crate) fn type_fault(&self, name: &str) -> Option<(String, Arc<str>)> {
        let canonical = type_canonical(name);
        let reason = self.profile(&canonical).err()?;
        Some((canonical, reason))
    }
}
