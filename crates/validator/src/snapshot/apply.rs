//! Applies the tree of a differential to the tree of a snapshot.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{
    Bases, MAX_DEPTH, MAX_ELEMENTS,
    change::Change,
    merge::{adopt_root, constrain, single_profile},
    root_of,
    tree::Branch,
};
use crate::definitions::{
    error::DefinitionError,
    rules::ElementRules,
    structure::{
        Derivation, Discriminator, DiscriminatorKind, Mistyped, Slicing, SlicingRules, TypeRef,
    },
    written::Written,
};

/// Makes one snapshot.
pub(super) struct Generator<'g> {
    written: &'g Written,
    /// The base as it was, which content references mean.
    base: Branch,
    bases: &'g dyn Bases,
    making: &'g mut Vec<Arc<str>>,
    /// How many elements there are so far.
    size: usize,
    /// Paths that the base does not have.
    ignored: Vec<Arc<str>>,
    /// Those that have been put there, each once.
    known: HashSet<Arc<str>>,
    /// Rules that would allow more than the base does.
    looser: Vec<Arc<str>>,
    /// Values of other types than their elements.
    mistyped: Vec<Mistyped>,
}

impl<'g> Generator<'g> {
    pub(super) fn new(
        written: &'g Written,
        base: &Branch,
        bases: &'g dyn Bases,
        making: &'g mut Vec<Arc<str>>,
    ) -> Self {
        Self {
            written,
            base: base.clone(),
            bases,
            making,
            size: base.count(),
            ignored: Vec::new(),
            known: HashSet::new(),
            looser: Vec::new(),
            mistyped: Vec::new(),
        }
    }

    /// What of the differential was not applied: paths that the base does not have, and rules that
    /// would allow more than the base does. And the values that no element of their type has.
    pub(super) fn not_applied(self) -> (Vec<Arc<str>>, Vec<Arc<str>>, Vec<Mistyped>) {
        (self.ignored, self.looser, self.mistyped)
    }

    /// Applies a change to the branch that it means, at so many steps below the root.
    pub(super) fn apply(
        &mut self,
        branch: &mut Branch,
        change: &Change,
        depth: usize,
    ) -> Result<(), DefinitionError> {
        if depth > MAX_DEPTH {
            return Err(DefinitionError::TooDeep {
                url: self.written.url.to_string(),
                limit: MAX_DEPTH,
            });
        }
        // What may come beside the slices of the base, whatever the change says.
        let was_closed = branch
            .element
            .slicing
            .as_ref()
            .is_some_and(|slicing| slicing.rules == SlicingRules::Closed);
        // The last lines with a binding and with a slicing: what came before them is the same, or replaced by them.
        let (mut bound, mut sliced) = (None::<&ElementRules>, None::<&ElementRules>);
        for rules in &change.rules {
            let replaced = bound.and_then(|before| before.replaced_binding(rules));
            let other = sliced.and_then(|before| before.replaced_slicing(rules));
            self.ignored.extend(replaced.into_iter().chain(other));
            bound = rules.binding.is_some().then_some(rules).or(bound);
            sliced = rules.slicing.is_some().then_some(rules).or(sliced);
            if let Some(types) = rules.types.as_deref() {
                let before = branch.element.min;
                self.adopt_profile(branch, types)?;
                // What an extension's own root demands is not said of the place where it is used.
                if change.slice.is_some() && rules.min.is_none() {
                    branch.element.min = before;
                }
            }
            let has_slices = !branch.slices.is_empty();
            let refused =
                constrain(&mut branch.element, rules, &self.written.url, self.bases, has_slices);
            self.looser.extend(refused.iter().map(|aspect| {
                Arc::from(format!("{} ({aspect})", rules.id.as_ref().unwrap_or(&rules.path)))
            }));
            self.mistyped.extend(mistyped(&branch.element.types, rules));
        }
        if !change.children.is_empty() {
            self.unfold(branch, change)?;
            for child in &self.resolve_choices(branch, &change.children) {
                match branch.child(&child.name) {
                    Some(found) => self.apply(found, child, depth + 1)?,
                    None => {
                        let Some(added) = self.added(child) else { continue };
                        branch.children.push(added);
                        if let Some(found) = branch.children.last_mut() {
                            self.apply(found, child, depth + 1)?;
                        }
                    }
                }
            }
        }
        if change.slices.is_empty() {
            return Ok(());
        }
        self.apply_slices(branch, change, depth, was_closed)
    }

    /// Takes over the root of the profile that an element's type gets.
    fn adopt_profile(
        &mut self,
        branch: &mut Branch,
        types: &[TypeRef],
    ) -> Result<(), DefinitionError> {
        let Some(profile) = single_profile(types) else { return Ok(()) };
        // A profile that is not at hand is reported when an instance is checked against it.
        if let Some(root) = root_of(profile, self.bases)? {
            let is_extension = types.iter().all(|one| &*one.code == "Extension");
            adopt_root(&mut branch.element, &root, is_extension);
        }
        Ok(())
    }

    /// Only a new type adds elements. What else names an element that is not there is passed over
    /// and remembered.
    fn added(&mut self, child: &Change) -> Option<Branch> {
        if self.written.derivation == Some(Derivation::Specialization)
            && let Some(rules) = child.rules.first()
        {
            return Some(Branch::new(child.name.clone(), rules.clone().whole()));
        }
        for line in child.lines() {
            if self.known.insert(line.path.clone()) {
                self.ignored.push(line.path.clone());
            }
        }
        None
    }

    /// Changes of one type of a choice (`valueQuantity`) become changes of a slice of the choice.
    fn resolve_choices(&self, branch: &Branch, children: &[Change]) -> Vec<Change> {
        let mut resolved = Change::new(branch.name.clone(), None);
        for child in children {
            let choice = if branch.children.iter().any(|known| known.name == child.name) {
                None
            } else {
                branch.children.iter().find(|known| {
                    known
                        .name
                        .strip_suffix("[x]")
                        .and_then(|stem| child.name.strip_prefix(stem))
                        .is_some_and(|rest| {
                            known.element.types.iter().any(|one| capitalised(one.name()) == rest)
                        })
                })
            };
            match choice {
                None => resolved.below(&child.name).absorb(child.clone()),
                Some(choice) => {
                    let mut child = child.clone();
                    // Some write the slice's name beside the type's: it is the same thing.
                    let slices = child.take_slices();
                    let (same, others): (Vec<_>, Vec<_>) = slices
                        .into_iter()
                        .partition(|slice| slice.slice.as_ref() == Some(&child.name));
                    for slice in same {
                        child.absorb(slice);
                    }
                    let name = child.name.clone();
                    let sliced = resolved.below(&choice.name);
                    sliced.sliced(&name).absorb(child);
                    // Slices of one type of a choice are parts of the slice of that type.
                    for mut part in others {
                        if let Some(slice) = part.slice.take() {
                            let inner: Arc<str> = format!("{name}/{slice}").into();
                            sliced.sliced(&inner).absorb(part);
                        }
                    }
                }
            }
        }
        resolved.children
    }

    fn apply_slices(
        &mut self,
        branch: &mut Branch,
        change: &Change,
        depth: usize,
        was_closed: bool,
    ) -> Result<(), DefinitionError> {
        let is_choice = branch.name.ends_with("[x]");
        let had_slices = !branch.slices.is_empty();
        let was_sliced = branch.element.slicing.is_some();
        if !was_sliced {
            branch.element.slicing = implicit_slicing(&branch.name);
        }
        let mut known: HashMap<Arc<str>, usize> = branch.slice_names();
        for slice in &change.slices {
            let Some(name) = &slice.slice else { continue };
            if !known.contains_key(name) {
                // Nothing new comes beside the slices of a closed slicing; a part of one of them may.
                if was_closed && !branch.is_reslice(name) {
                    self.looser.extend(slice.labels("sliceName"));
                    continue;
                }
                if !branch.distinguishes(name) {
                    self.ignored.extend(slice.labels("slicing"));
                }
                let at = branch.slices.len();
                let added = add_slice(branch, slice, name);
                self.grow(added)?;
                // A part of another slice was put behind that one, before the rest.
                let is_last = branch
                    .slices
                    .get(at)
                    .is_some_and(|last| last.element.slice_name.as_ref() == Some(name));
                if is_last {
                    known.insert(name.clone(), at);
                } else {
                    known = branch.slice_names();
                }
            }
            if let Some(found) = known.get(name).and_then(|at| branch.slices.get_mut(*at)) {
                self.apply(found, slice, depth)?;
            }
        }
        if is_choice && !had_slices && is_sliced_by_type(branch) {
            if !was_sliced && change.rules.is_empty() {
                keep_named_types(branch, change);
            }
            close_covered_choice(branch, change);
        }
        let is_introduced = if was_sliced {
            !change.rules.is_empty()
        } else {
            change.rules.iter().any(|rules| rules.slicing.is_some())
        };
        // The reference counts only where the differential does not introduce the slicing itself, and
        // not at a snapshot's very end; elsewhere the slices alone are counted.
        branch.sums_slices |= !is_introduced;
        Ok(())
    }

    /// Makes sure that the elements below are there.
    fn unfold(&mut self, branch: &mut Branch, change: &Change) -> Result<(), DefinitionError> {
        if !branch.children.is_empty() {
            return Ok(());
        }
        let path = || {
            change
                .rules
                .first()
                .or_else(|| change.children.first()?.rules.first())
                .map_or_else(|| branch.name.to_string(), |rules| rules.path.to_string())
        };
        let url = || self.written.url.to_string();
        if let Some(reference) = branch.element.content_reference.clone() {
            let target = match self.base.referenced(&reference) {
                Some(target) => Some(target.clone()),
                None => {
                    let type_name = reference.split('.').next().unwrap_or_default();
                    match self.bases.type_definition(type_name, self.making)? {
                        Some(found) => {
                            Branch::of(&found.elements, &found.url)?.referenced(&reference).cloned()
                        }
                        None => None,
                    }
                }
            };
            let target = target.ok_or_else(|| DefinitionError::MissingType {
                url: url(),
                path: path(),
                missing: format!("#{reference}"),
            })?;
            branch.element.content_reference = None;
            branch.element.types = target.element.types.clone();
            branch.children = target.children;
            return self.grow(branch.count());
        }
        // A profile that is not at hand is reported when an instance is checked against it; the
        // children of the element are then those of the type.
        let profile = match single_profile(&branch.element.types) {
            Some(profile) => self.bases.structure(profile, self.making)?,
            None => None,
        };
        let found = match profile {
            Some(found) => found,
            None => {
                let mut names: Vec<&str> = branch.element.types.iter().map(TypeRef::name).collect();
                names.sort_unstable();
                names.dedup();
                // Whatever the type is, it has an id and extensions.
                let is_common =
                    change.children.iter().all(|child| matches!(&*child.name, "id" | "extension"));
                let name = match names.as_slice() {
                    [one] => *one,
                    [_, ..] if is_common => "Element",
                    _ => return Err(DefinitionError::AmbiguousType { url: url(), path: path() }),
                };
                self.bases.type_definition(name, self.making)?.ok_or_else(|| {
                    DefinitionError::MissingType {
                        url: url(),
                        path: path(),
                        missing: name.to_owned(),
                    }
                })?
            }
        };
        branch.children = Branch::of(&found.elements, &found.url)?.children;
        self.grow(branch.count())
    }

    fn grow(&mut self, added: usize) -> Result<(), DefinitionError> {
        self.size += added;
        if self.size > MAX_ELEMENTS {
            return Err(DefinitionError::TooLarge {
                url: self.written.url.to_string(),
                limit: MAX_ELEMENTS,
            });
        }
        Ok(())
    }
}

/// The fixed value and the pattern of a line that are of no type of the element
/// (<https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.fixed_x_>).
fn mistyped<'r>(
    types: &'r [TypeRef],
    rules: &'r ElementRules,
) -> impl Iterator<Item = Mistyped> + use<'r> {
    // Of a root, of a reference to other content and of a type by its address there is no name to compare.
    let is_named = !types.is_empty() && types.iter().all(|one| !one.name().contains(':'));
    [&rules.fixed, &rules.pattern]
        .into_iter()
        .flatten()
        .filter(move |value| is_named && types.iter().all(|one| one.name() != value.type_name()))
        .map(|value| Mistyped {
            line: rules.id.as_ref().unwrap_or(&rules.path).clone(),
            found: value.type_name().into(),
            allowed: types.iter().map(TypeRef::name).collect::<Vec<_>>().join(", ").into(),
        })
}

/// Puts a new slice behind the others, or behind what it re-slices. It begins as what is sliced,
/// optional. Returns the number of elements added.
fn add_slice(branch: &mut Branch, change: &Change, name: &Arc<str>) -> usize {
    let resliced = name.rsplit_once('/').and_then(|(outer, _)| {
        branch.slices.iter().position(|slice| slice.element.slice_name.as_deref() == Some(outer))
    });
    let mut slice = match resliced {
        Some(outer) => branch.slices[outer].clone(),
        // Not the slices that are there already: there may be thousands.
        None => Branch {
            name: branch.name.clone(),
            element: branch.element.clone(),
            sums_slices: false,
            children: branch.children.clone(),
            slices: Vec::new(),
        },
    };
    slice.element.slice_name = Some(name.clone());
    slice.element.slicing = None;
    slice.element.min = 0;
    slice.slices = Vec::new();
    slice.sums_slices = false;
    // The slice's own profile defines its children.
    if change.type_profile().is_some() {
        slice.children = Vec::new();
    }
    if let Some(stem) = branch.name.strip_suffix("[x]")
        && let Some(wanted) = name.strip_prefix(stem)
    {
        let fitting: Vec<TypeRef> = slice
            .element
            .types
            .iter()
            .filter(|one| capitalised(one.name()) == wanted)
            .cloned()
            .collect();
        if !fitting.is_empty() {
            slice.element.types = fitting.into();
            if slice.element.types.len() != branch.element.types.len() {
                slice.children = Vec::new();
            }
        }
    }
    let at = match resliced {
        Some(outer) => {
            let name = branch.slices[outer].element.slice_name.as_deref().unwrap_or_default();
            let prefix = format!("{name}/");
            let is_part = |other: &Branch| {
                other.element.slice_name.as_deref().is_some_and(|other| other.starts_with(&prefix))
            };
            // Nearly always the parts of the last one are added, and not each is looked at again.
            if branch.slices.last().is_some_and(is_part) {
                branch.slices.len()
            } else {
                let parts = branch.slices[outer + 1..].iter().take_while(|other| is_part(other));
                outer + 1 + parts.count()
            }
        }
        None => branch.slices.len(),
    };
    let added = slice.count();
    branch.slices.insert(at, slice);
    added
}

/// Extensions are always sliced by URL, choices by type.
fn implicit_slicing(name: &str) -> Option<Arc<Slicing>> {
    let (kind, path) = match name {
        "extension" | "modifierExtension" => (DiscriminatorKind::Value, "url"),
        _ if name.ends_with("[x]") => (DiscriminatorKind::Type, "$this"),
        _ => return None,
    };
    Some(Arc::new(Slicing {
        discriminators: vec![Discriminator { kind, path: path.into() }],
        ordered: false,
        rules: SlicingRules::Open,
    }))
}

fn is_sliced_by_type(branch: &Branch) -> bool {
    branch.element.slicing.as_ref().is_some_and(|slicing| {
        slicing
            .discriminators
            .iter()
            .any(|one| one.kind == DiscriminatorKind::Type && &*one.path == "$this")
    })
}

/// Lines with the names of types (`Observation.valueQuantity`) and none for the choice itself are
/// all that the choice may be: R4's published snapshots of such profiles have those types only,
/// however often they must occur (bodyweight, heartrate, cholesterol, bp).
fn keep_named_types(branch: &mut Branch, change: &Change) {
    let Some(stem) = branch.name.strip_suffix("[x]") else { return };
    let mut named = Vec::new();
    for slice in &change.slices {
        // A part of the slice of a type says nothing of the others.
        if slice.slice.as_deref().is_some_and(|name| branch.is_reslice(name)) {
            continue;
        }
        let by_type = slice.rules.iter().find_map(|rules| {
            let name = rules.path.rsplit('.').next().unwrap_or_default();
            name.strip_prefix(stem).filter(|rest| *rest != "[x]")
        });
        match by_type {
            Some(name) => named.push(name),
            None => return,
        }
    }
    let is_named = |one: &&TypeRef| named.contains(&&*capitalised(one.name()));
    let left: Vec<TypeRef> = branch.element.types.iter().filter(is_named).cloned().collect();
    if !left.is_empty() {
        branch.element.types = left.into();
    }
}

/// A choice sliced by type for the first time: a mandatory slice rules out the other types; if
/// every type has its slice, nothing else can come. Slicing that is closed stays so.
fn close_covered_choice(branch: &mut Branch, change: &Change) {
    let mandatory = change.slices.iter().find(|slice| slice.min().is_some_and(|min| min > 0));
    if let [only] = change.slices.as_slice()
        && mandatory.is_some()
    {
        let wanted = branch
            .slices
            .iter()
            .find(|slice| slice.element.slice_name == only.slice)
            .and_then(|slice| slice.element.types.first())
            .map(|one| one.code.clone());
        if let Some(wanted) = wanted {
            let left: Vec<TypeRef> =
                branch.element.types.iter().filter(|one| one.code == wanted).cloned().collect();
            // A slice may have a specialisation of the type that it is named after.
            if !left.is_empty() {
                branch.element.types = left.into();
                branch.element.min = branch.element.min.max(1);
            }
        }
    }
    let is_covered = branch.element.types.iter().all(|one| {
        branch
            .slices
            .iter()
            .any(|slice| slice.element.types.iter().any(|sliced| sliced.code == one.code))
    });
    if is_covered && let Some(slicing) = &mut branch.element.slicing {
        let rules = SlicingRules::Closed;
        *slicing = Arc::new(Slicing { rules, ordered: false, ..Slicing::clone(slicing) });
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
