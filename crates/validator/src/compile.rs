//! Snapshots made ready for validation: a tree of rules with hashed names,
//! invariants parsed and shared, types linked on first use.

pub(crate) mod arena;
mod error;
mod invariant;
mod profiles;
mod slices;

use std::sync::{Arc, OnceLock};

use lmr_fhir::Name;
use lmr_fhirpath::{Expression, TypeId};
use smallvec::SmallVec;

use crate::check::primitive::Primitive;
use crate::definitions::{
    Binding, ContextKind, ElementDefinition, ExtensionContext, Max, StructureDefinition, TypeRef,
};
use crate::model::choice_name;
use crate::terminology::ValueSet;
use arena::NameTable;

pub use error::{CompileError, ProfileError, UnusableProfile};
pub(crate) use invariant::{Expressions, Invariant, InvariantKind, NameSet, SharedExpression};
pub(crate) use profiles::Profiles;
pub(crate) use slices::{Slice, Slices, Step};

/// Number of a compiled profile in its validator.
pub(crate) type ProfileId = u32;

/// A structure definition ready for use.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) definition: Arc<StructureDefinition>,
    /// `url|version`.
    pub(crate) canonical: Arc<str>,
    /// The first is the root's.
    pub(crate) rules: Box<[Rule]>,
    /// What it imposes ([`Profiles::imposed`]); found on first use.
    pub(crate) imposed: OnceLock<Box<[Imposed]>>,
    /// Where an extension may be used, as far as FHIRPath says it; read on first use.
    pub(crate) contexts: OnceLock<ContextExpressions>,
}

impl Profile {
    pub(crate) fn root(&self) -> &Rule {
        &self.rules[0]
    }

    pub(crate) fn element(&self, rule: &Rule) -> &ElementDefinition {
        &self.definition.elements[rule.element]
    }
}

/// A profile that whatever meets another one has to meet too.
#[derive(Debug)]
pub(crate) struct Imposed {
    pub(crate) canonical: Arc<str>,
    /// The canonical of the one that says so.
    pub(crate) by: Arc<str>,
}

/// An expression, or why it is none.
pub(crate) type Parsed = Result<Expression, String>;

/// The expressions of an extension's contexts.
#[derive(Debug)]
pub(crate) struct ContextExpressions {
    /// For each context that is FHIRPath what it selects.
    pub(crate) paths: Box<[Option<Parsed>]>,
    /// For each condition.
    pub(crate) conditions: Box<[Parsed]>,
}

impl ContextExpressions {
    pub(crate) fn of(definition: &StructureDefinition) -> Self {
        let parse = |text: &str| Expression::parse(text).map_err(|error| error.to_string());
        let path = |context: &ExtensionContext| {
            (context.kind == ContextKind::Fhirpath).then(|| parse(&context.expression))
        };
        Self {
            paths: definition.contexts.iter().map(path).collect(),
            conditions: definition.context_invariants.iter().map(|text| parse(text)).collect(),
        }
    }
}

/// A rule in its profile.
#[derive(Clone, Copy)]
pub(crate) struct Def<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) rule: &'a Rule,
}

impl<'a> Def<'a> {
    pub(crate) fn element(self) -> &'a ElementDefinition {
        self.profile.element(self.rule)
    }
}

/// The rules one element must meet: the element's own and its slices'.
pub(crate) type Defs<'a> = SmallVec<[Def<'a>; 3]>;

/// What one element of a snapshot demands.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Index into the snapshot.
    pub(crate) element: usize,
    pub(crate) min: u32,
    /// `u32::MAX` for `*`.
    pub(crate) max: u32,
    /// Whether JSON writes it as an array.
    pub(crate) array: bool,
    /// Whether it is the `id` of a resource.
    pub(crate) is_resource_id: bool,
    pub(crate) types: Box<[TypeRule]>,
    /// Children listed in this snapshot; `None`: those of the type.
    pub(crate) children: Option<Children>,
    /// Path of the element whose children these are (content reference): in
    /// the base definition, since a profile's constraints do not recur.
    pub(crate) content: Option<Box<str>>,
    /// The rule of [`Rule::content`], found on first use.
    pub(crate) content_rule: OnceLock<Option<(ProfileId, u32)>>,
    pub(crate) invariants: Box<[Invariant]>,
    /// Whether they ask for nothing but content (ele-1).
    pub(crate) only_content: bool,
    /// Whether anything but type, children and invariants is to be checked, and what: a look at the definition itself
    /// would seldom find it in the cache.
    pub(crate) has_value_rules: bool,
    pub(crate) has_fixed: bool,
    pub(crate) has_limits: bool,
    pub(crate) has_binding: bool,
    /// FHIRPath type of the element when it is a backbone element.
    pub(crate) backbone: Option<Box<str>>,
    /// FHIRPath's number of [`Rule::backbone`].
    pub(crate) backbone_id: OnceLock<TypeId>,
    /// The binding that the type itself gives the element, looked up on first use.
    pub(crate) type_binding: OnceLock<Option<Arc<Binding>>>,
    /// The bound value set, looked up on first use.
    pub(crate) value_set: OnceLock<Arc<ValueSet>>,
}

/// One type an element may have.
#[derive(Debug)]
pub(crate) struct TypeRule {
    pub(crate) of: TypeRef,
    name: Box<str>,
    pub(crate) special: Special,
    pub(crate) primitive: Option<Primitive>,
    pub(crate) shape: Shape,
    /// The compiled definition of the type; `None` inside when it is unknown.
    pub(crate) base: OnceLock<Option<ProfileId>>,
    /// [`Rule::only_content`] of that definition's root.
    pub(crate) base_only_content: OnceLock<bool>,
    /// The kind of value where a single one, with nothing beside it, is checked by its text and by the
    /// rules of its value alone; `None` inside where more is asked.
    pub(crate) plain: OnceLock<Option<Primitive>>,
    /// FHIRPath's number of the type.
    pub(crate) type_id: OnceLock<TypeId>,
    /// The rules of `type.profile`.
    pub(crate) profiles: OnceLock<Box<[Linked]>>,
    /// What a reference of this type may lead to.
    pub(crate) targets: OnceLock<Targets>,
}

/// A profile named by a type.
#[derive(Clone, Debug)]
pub(crate) enum Linked {
    /// Profile and index of the rule.
    Rule(ProfileId, u32),
    Unknown,
    /// It cannot be used, and why.
    Broken(UnusableProfile),
}

/// The target profiles of a reference, looked up.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    /// Types of the profiles that are known.
    pub(crate) types: Vec<Arc<str>>,
    /// Whether any type is allowed.
    pub(crate) any: bool,
    /// Type, profile, and whether it is more than the type's own definition.
    pub(crate) profiles: Vec<(Arc<str>, ProfileId, bool)>,
    /// Target profiles that are unknown (without reason) or broken.
    pub(crate) faults: Vec<(Arc<str>, Option<UnusableProfile>)>,
}

/// Types with checks of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    None,
    Extension,
    Coding,
    Attachment,
    Identifier,
    Narrative,
    Reference,
    Quantity,
}

impl Special {
    fn of(name: &str) -> Self {
        match name {
            "Extension" => Self::Extension,
            "Coding" => Self::Coding,
            "Attachment" => Self::Attachment,
            "Identifier" => Self::Identifier,
            "Narrative" => Self::Narrative,
            "Reference" => Self::Reference,
            "Quantity" | "Age" | "Count" | "Distance" | "Duration" => Self::Quantity,
            _ => Self::None,
        }
    }
}

/// How an element of a type is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Primitive,
    Backbone,
    Complex,
    /// Any resource, its type is in `resourceType`.
    Resource,
}

impl TypeRule {
    fn new(of: &TypeRef, is_resource: &dyn Fn(&str) -> bool) -> Self {
        let name = of.name();
        let primitive = Primitive::of(name);
        let shape = match name {
            _ if primitive.is_some() => Shape::Primitive,
            "BackboneElement" | "Element" => Shape::Backbone,
            name if lmr_fhir::is_abstract_resource(name) => Shape::Resource,
            other if is_resource(other) => Shape::Resource,
            _ => Shape::Complex,
        };
        Self {
            name: name.into(),
            special: Special::of(name),
            of: of.clone(),
            primitive,
            shape,
            base: OnceLock::new(),
            base_only_content: OnceLock::new(),
            plain: OnceLock::new(),
            type_id: OnceLock::new(),
            profiles: OnceLock::new(),
            targets: OnceLock::new(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// The children of an element.
#[derive(Debug)]
pub(crate) struct Children {
    pub(crate) slots: Box<[Slot]>,
    /// Property name to slot and index of the type in its rule
    /// ([`FORBIDDEN`] for a type the base allows and the profile excludes).
    pub(crate) table: NameTable<Target>,
    /// Slots with a minimum.
    pub(crate) required: Box<[u16]>,
}

/// Where a property leads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) slot: u16,
    pub(crate) ty: u16,
    /// Its place among the types that the base definition gives a choice: of several, the first one counts.
    pub(crate) turn: u16,
}

/// Type index of a choice the profile has excluded.
pub(crate) const FORBIDDEN: u16 = u16::MAX;

/// One child element: its rule and its slices.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) rule: u32,
    /// Its name in sets of names.
    pub(crate) names: NameSet,
    pub(crate) slices: Option<Box<Slices>>,
}

/// What the compiler asks its surroundings.
pub(crate) struct Context<'c> {
    /// Whether a type name is that of a resource.
    pub(crate) is_resource: &'c dyn Fn(&str) -> bool,
    /// The types of an element of a base definition, by path.
    pub(crate) base_types: &'c dyn Fn(&str) -> Option<Arc<[TypeRef]>>,
    pub(crate) expressions: &'c Expressions,
    /// What in an expression is not defined where an element is.
    pub(crate) doubt: &'c dyn Fn(&Expression, &ElementDefinition) -> Option<Arc<str>>,
}

/// Makes a snapshot ready.
pub(crate) fn compile(
    definition: Arc<StructureDefinition>,
    context: &Context<'_>,
) -> Result<Profile, CompileError> {
    let elements = &definition.elements;
    if elements.is_empty() {
        return Err(CompileError::Empty);
    }
    let mut nested: Vec<Vec<usize>> = vec![Vec::new(); elements.len()];
    let mut open: Vec<usize> = Vec::new();
    for (i, element) in elements.iter().enumerate() {
        let depth = element.path.matches('.').count();
        if depth > open.len() || (depth == 0 && i > 0) {
            return Err(CompileError::Orphan(element.path.as_ref().into()));
        }
        open.truncate(depth);
        if let Some(parent) = open.last() {
            nested[*parent].push(i);
        }
        open.push(i);
    }
    let rules = elements
        .iter()
        .enumerate()
        .map(|(i, element)| rule(i, element, &nested[i], &definition, context))
        .collect::<Box<[Rule]>>();
    let canonical = definition.canonical().into();
    Ok(Profile {
        canonical,
        rules,
        definition,
        imposed: OnceLock::new(),
        contexts: OnceLock::new(),
    })
}

fn rule(
    index: usize,
    element: &ElementDefinition,
    nested: &[usize],
    definition: &StructureDefinition,
    context: &Context<'_>,
) -> Rule {
    let types: Box<[TypeRule]> =
        element.types.iter().map(|t| TypeRule::new(t, context.is_resource)).collect();
    let is_backbone = types.first().is_some_and(|t| t.shape == Shape::Backbone);
    let content: Option<Box<str>> =
        element.content_reference.as_deref().map(|r| r.rsplit('#').next().unwrap_or(r).into());
    let backbone = if content.is_some() {
        content.clone()
    } else if is_backbone && element.path.contains('.') {
        Some(element.base.as_ref().map_or(&element.path, |b| &b.path).as_ref().into())
    } else {
        None
    };
    let invariants: Box<[Invariant]> = element
        .constraints
        .iter()
        .filter_map(|c| Invariant::new(c, element, definition, context))
        .collect();
    let has_fixed = element.fixed.is_some() || element.pattern.is_some();
    let has_limits = element.max_length.is_some()
        || element.min_length.is_some()
        || element.regex.is_some()
        || element.min_value.is_some()
        || element.max_value.is_some();
    let has_binding = element.binding.is_some();
    Rule {
        element: index,
        min: element.min,
        max: match element.max {
            Max::Count(n) => n,
            Max::Unbounded => u32::MAX,
        },
        array: element.is_array(),
        // The type decides: profiles exist that name another kind than their type's.
        is_resource_id: is_of_resource(&definition.type_name, context)
            && element.path.strip_suffix(".id").is_some_and(|owner| !owner.contains('.')),
        children: children(nested, definition, context),
        content,
        content_rule: OnceLock::new(),
        only_content: invariants.iter().all(|i| matches!(i.kind, InvariantKind::HasContent)),
        invariants,
        has_value_rules: has_fixed
            || has_limits
            || has_binding
            // The types of primitives' own values have theirs too: coded, not asked.
            || element.types.iter().any(|t| t.regex.is_some() && !t.is_system()),
        has_fixed,
        has_limits,
        has_binding,
        backbone,
        backbone_id: OnceLock::new(),
        types,
        type_binding: OnceLock::new(),
        value_set: OnceLock::new(),
    }
}

/// Whether a type is that of a resource, abstract ones included.
fn is_of_resource(type_name: &str, context: &Context<'_>) -> bool {
    lmr_fhir::is_abstract_resource(type_name) || (context.is_resource)(type_name)
}

fn children(
    nested: &[usize],
    definition: &StructureDefinition,
    context: &Context<'_>,
) -> Option<Children> {
    if nested.is_empty() {
        return None;
    }
    let elements = &definition.elements;
    let mut slots: Vec<Slot> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    let mut sliced: Vec<Vec<usize>> = Vec::new();
    for &i in nested {
        let element = &elements[i];
        let name = element.name();
        match names.iter().position(|n| *n == name) {
            Some(slot) if element.slice_name.is_some() => sliced[slot].push(i),
            Some(_) => {}
            None => {
                names.push(name);
                let stem = name.strip_suffix("[x]").unwrap_or(name);
                slots.push(Slot {
                    rule: u32::try_from(i).unwrap_or(u32::MAX),
                    names: NameSet::of_name(stem),
                    slices: None,
                });
                sliced.push(Vec::new());
            }
        }
    }
    let mut entries = Vec::new();
    for (s, slot) in slots.iter_mut().enumerate() {
        let index = u16::try_from(s).unwrap_or(u16::MAX);
        let element = &elements[slot.rule as usize];
        slot.slices = Slices::build(element, &sliced[s], definition).map(Box::new);
        match names[s].strip_suffix("[x]") {
            None => entries.push((Name::new(names[s]), Target { slot: index, ty: 0, turn: 0 })),
            Some(stem) => {
                let base_path = element.base.as_ref().map_or(&*element.path, |b| &*b.path);
                let base_types = (context.base_types)(base_path);
                let base_types = base_types.as_deref().unwrap_or_default();
                for (t, of) in element.types.iter().enumerate() {
                    let turn = base_types.iter().position(|base| base.name() == of.name());
                    let target = Target {
                        slot: index,
                        ty: u16::try_from(t).unwrap_or(FORBIDDEN),
                        turn: u16::try_from(turn.unwrap_or(t)).unwrap_or(u16::MAX),
                    };
                    entries.push((Name::new(&choice_name(stem, of.name())), target));
                }
                for (t, of) in base_types.iter().enumerate() {
                    if !element.types.iter().any(|t| t.name() == of.name()) {
                        let turn = u16::try_from(t).unwrap_or(u16::MAX);
                        let target = Target { slot: index, ty: FORBIDDEN, turn };
                        entries.push((Name::new(&choice_name(stem, of.name())), target));
                    }
                }
            }
        }
    }
    let required = slots
        .iter()
        .enumerate()
        .filter(|(_, slot)| {
            elements[slot.rule as usize].min > 0
                || slot
                    .slices
                    .as_ref()
                    .is_some_and(|s| s.list.iter().any(|x| elements[x.rule as usize].min > 0))
        })
        .filter_map(|(i, _)| u16::try_from(i).ok())
        .collect();
    Some(Children { slots: slots.into(), table: NameTable::new(entries), required })
}
