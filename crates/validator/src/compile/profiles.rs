//! Compiled profiles, made on demand and kept: what every check looks rules up in.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use lmr_fhirpath::{Extent, RegexFault, RegularExpression, TypeId};

use super::arena::{Arena, Table};
use super::{
    Context, Def, Expressions, Imposed, Linked, Profile, ProfileId, Rule, Shape, TypeRule,
    UnusableProfile, compile,
};
use crate::canonical::MAX_CHAIN;
use crate::check::primitive::Primitive;
use crate::check::slicing::discriminator;
use crate::definitions::{Definitions, ElementDefinition, StructureDefinition, TypeRef};
use crate::model::TypeModel;

const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// The address of a type's definition.
fn type_canonical(name: &str) -> String {
    if name.contains(':') { name.to_owned() } else { format!("{BASE}{name}") }
}

/// What a canonical leads to: a compiled profile, nothing, or a definition
/// that cannot be used (with the reason).
pub(crate) type Lookup = Result<Option<ProfileId>, UnusableProfile>;

/// All definitions, compiled when first asked for. Shared by any number of threads.
#[derive(Debug)]
pub(crate) struct Profiles {
    definitions: Arc<Definitions>,
    pub(crate) model: TypeModel,
    compiled: Arena<Profile>,
    by_canonical: Table<Lookup>,
    /// The base definitions of types, by name.
    by_type: Table<ProfileId>,
    expressions: Expressions,
    patterns: RwLock<HashMap<Box<str>, Result<RegularExpression, RegexFault>>>,
}

impl Profiles {
    pub(crate) fn new(definitions: Arc<Definitions>) -> Self {
        Self {
            model: TypeModel::new(Arc::clone(&definitions)),
            definitions,
            compiled: Arena::new(),
            by_canonical: Table::new(),
            by_type: Table::new(),
            expressions: Expressions::default(),
            patterns: RwLock::default(),
        }
    }

    /// The definitions that profiles are compiled from.
    pub(crate) fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    pub(crate) fn get(&self, id: ProfileId) -> Option<&Profile> {
        self.compiled.get(id)
    }

    /// The compiled profile of a canonical.
    pub(crate) fn profile(&self, canonical: &str) -> Lookup {
        if let Some(found) = self.by_canonical.get(canonical) {
            return found.clone();
        }
        let found = match self.definitions.structure(canonical) {
            // What is not known is not kept: the sender's names must not fill the memory.
            Ok(None) => return Ok(None),
            Err(error) => Err(UnusableProfile::Definition(Arc::new(error))),
            Ok(Some(definition)) => self.compile(definition),
        };
        self.by_canonical.insert(canonical, found).clone()
    }

    /// The profiles that a profile imposes, itself or by those it is based on. What these impose in their turn is not
    /// asked for, as with the reference.
    pub(crate) fn imposed(&self, id: ProfileId) -> &[Imposed] {
        let Some(profile) = self.get(id) else { return &[] };
        profile.imposed.get_or_init(|| {
            let (mut all, mut known) = (Vec::new(), HashSet::new());
            let mut next = Some(Arc::clone(&profile.definition));
            for _ in 0..MAX_CHAIN {
                let Some(at) = next.filter(|at| at.is_profile()) else { break };
                let new = at.imposed.iter().filter(|canonical| known.insert(Arc::clone(canonical)));
                all.extend(new.map(|canonical| Imposed {
                    by: at.canonical().into(),
                    canonical: Arc::clone(canonical),
                }));
                let base = at.base.as_deref();
                next = base.and_then(|base| self.definitions.structure(base).ok().flatten());
            }
            all.into()
        })
    }

    /// A definition's regular expression, of the whole value.
    pub(crate) fn pattern(&self, text: &str) -> Result<RegularExpression, RegexFault> {
        if let Some(known) = self.patterns.read().unwrap_or_else(PoisonError::into_inner).get(text)
        {
            return known.clone();
        }
        let made = RegularExpression::new(text, Extent::Whole);
        let mut patterns = self.patterns.write().unwrap_or_else(PoisonError::into_inner);
        patterns.entry(text.into()).or_insert(made).clone()
    }

    fn compile(&self, definition: Arc<StructureDefinition>) -> Lookup {
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
        let found = match compile(definition, &context) {
            Ok(profile) => Ok(Some(self.compiled.push(profile))),
            Err(error) => {
                Err(UnusableProfile::Snapshot { canonical: canonical.as_str().into(), error })
            }
        };
        // Where two threads compiled it at once, one of the two is used by all.
        let found = self.by_canonical.insert(&canonical, found).clone();
        // After it can be found: what a slice asks for may be in a profile that asks for this one.
        if let Ok(Some(id)) = found
            && let Some(profile) = self.get(id)
        {
            discriminator::compile_all(self, profile);
        }
        found
    }

    /// The one type of an element, if it has one that says what is below it.
    fn type_of(&self, element: &ElementDefinition) -> Option<TypeId> {
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
    pub(crate) fn type_fault(&self, name: &str) -> Option<(String, UnusableProfile)> {
        let canonical = type_canonical(name);
        let reason = self.profile(&canonical).err()?;
        Some((canonical, reason))
    }

    /// FHIRPath type of an element.
    pub(crate) fn type_id(&self, rule: &Rule, ty: Option<&TypeRule>) -> TypeId {
        let model = &self.model;
        let unknown = TypeId::UNKNOWN;
        match (&rule.backbone, ty) {
            (Some(path), _) => {
                *rule.backbone_id.get_or_init(|| model.type_at(path).unwrap_or(unknown))
            }
            (None, Some(ty)) => {
                *ty.type_id.get_or_init(|| model.type_at(ty.name()).unwrap_or(unknown))
            }
            (None, None) => unknown,
        }
    }

    /// The definition of a complex or primitive type.
    pub(crate) fn type_def<'a>(&'a self, ty: &'a TypeRule) -> Option<Def<'a>> {
        let id = *ty.base.get_or_init(|| self.type_profile(ty.name()));
        let profile = self.get(id?)?;
        Some(Def { profile, rule: profile.root() })
    }

    /// Whether a type's definition asks for nothing but content.
    pub(crate) fn type_asks_only_content<'a>(&'a self, ty: &'a TypeRule) -> bool {
        *ty.base_only_content
            .get_or_init(|| self.type_def(ty).is_none_or(|def| def.rule.only_content))
    }

    /// What a single value of a rule and its type is, where its text and the rules of its value are all
    /// that is asked of it.
    #[inline]
    pub(crate) fn plain_kind<'a>(&'a self, rule: &Rule, ty: &'a TypeRule) -> Option<Primitive> {
        *ty.plain.get_or_init(|| {
            let is_plain = ty.shape == Shape::Primitive
                && !rule.array
                && rule.max > 0
                && rule.only_content
                && rule.children.is_none()
                // What kind of definition a canonical leads to is looked up.
                && (ty.primitive != Some(Primitive::Canonical) || ty.of.target_profiles.is_empty())
                && self.type_asks_only_content(ty);
            let own = ty.primitive.filter(|_| is_plain)?;
            Some(if rule.is_resource_id { Primitive::Id } else { own })
        })
    }

    /// The rule a content reference leads to.
    pub(crate) fn content_def<'a>(&'a self, def: Def<'a>) -> Option<Def<'a>> {
        let path = def.rule.content.as_deref()?;
        let (id, rule) = (*def.rule.content_rule.get_or_init(|| {
            let id = self.type_profile(path.split('.').next().unwrap_or(path))?;
            let elements = &self.get(id)?.definition.elements;
            let at = elements.iter().position(|e| &*e.path == path && e.slice_name.is_none())?;
            Some((id, u32::try_from(at).ok()?))
        }))?;
        let profile = self.get(id)?;
        Some(Def { profile, rule: profile.rules.get(rule as usize)? })
    }

    pub(crate) fn backbone_def<'a>(&'a self) -> Option<Def<'a>> {
        let profile = self.get(self.type_profile("BackboneElement")?)?;
        Some(Def { profile, rule: profile.root() })
    }

    /// The rule a type's profile means: its root, or the element after `#`.
    pub(crate) fn link(&self, canonical: &str) -> Linked {
        let (url, element) = match canonical.split_once('#') {
            Some((url, element)) => (url, Some(element)),
            None => (canonical, None),
        };
        let id = match self.profile(url) {
            Ok(Some(id)) => id,
            Ok(None) => return Linked::Unknown,
            Err(reason) => return Linked::Broken(reason),
        };
        let Some(element) = element else { return Linked::Rule(id, 0) };
        let found =
            self.get(id).and_then(|p| p.definition.elements.iter().position(|e| &*e.id == element));
        match found.and_then(|at| u32::try_from(at).ok()) {
            Some(at) => Linked::Rule(id, at),
            None => Linked::Unknown,
        }
    }

    /// The rule a canonical means, if it can be used.
    pub(crate) fn profile_def<'a>(&'a self, canonical: &str) -> Option<Def<'a>> {
        let Linked::Rule(id, rule) = self.link(canonical) else { return None };
        let profile = self.get(id)?;
        Some(Def { profile, rule: profile.rules.get(rule as usize)? })
    }
}
