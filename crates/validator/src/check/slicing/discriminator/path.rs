//! The path of a discriminator: to the rules of a slice when it is compiled, to the elements of an
//! instance when it is tested.

use lmr_fhir::{Element, Kind, Name, Node};
use lmr_fhirpath::{Child, Model as _, TypeId};
use smallvec::SmallVec;

use crate::check::context::Context;
use crate::check::{extension, reference};
use crate::compile::{Def, Profiles, Step};

/// The elements that a discriminator's path leads to.
pub(crate) fn follow<'a>(
    cx: &Context<'a>,
    item: Element<'a>,
    steps: &[Step],
) -> SmallVec<[Element<'a>; 4]> {
    let mut here: SmallVec<[Element<'a>; 4]> = smallvec::smallvec![item];
    for step in steps {
        let mut next = SmallVec::new();
        for e in here {
            match step {
                Step::Child(name) => {
                    let mut found = false;
                    for child in e.children_named(name) {
                        found = true;
                        next.push(child);
                    }
                    if !found {
                        // `value` for `value[x]`
                        let is_choice = |c: &Element<'a>| {
                            lmr_fhir::is_choice_of(c.name().unwrap_or(""), name.as_str())
                        };
                        next.extend(e.children().filter(is_choice));
                    }
                }
                Step::Extension(url) => next.extend(
                    e.children_named(&Name::new("extension"))
                        .filter(|x| extension::url_of(*x).as_deref() == Some(&**url)),
                ),
                Step::Resolve => next.extend(reference::target_of(cx, e)),
                Step::OfType(name) => {
                    if cx.type_by_property(e) == **name
                        || e.resource_type().as_deref() == Some(&**name)
                    {
                        next.push(e);
                    }
                }
            }
        }
        here = next;
    }
    here
}

/// The part of a value that some names lead to, the first of a list.
pub(super) fn part_of<'v>(value: Node<'v>, names: &[Name]) -> Option<Node<'v>> {
    let mut at = value;
    for name in names {
        let next = at.get(name)?;
        at = if next.kind() == Kind::Array { next.members().next()? } else { next };
    }
    Some(at)
}

/// The first name in a discriminator's path that no type has which may stand there. What
/// `resolve()` or an abstract type leads to may be anything.
/// Rule: <https://hl7.org/fhir/R4/profiling.html#discriminator>.
pub(super) fn unknown_element<'a, 's>(
    profiles: &'a Profiles,
    def: Def<'a>,
    steps: &'s [Step],
) -> Option<&'s str> {
    let model = &profiles.model;
    let rule = profiles.content_def(def).unwrap_or(def).rule;
    let mut here: Vec<TypeId> = match &rule.backbone {
        Some(_) => vec![profiles.type_id(rule, None)],
        None => rule.types.iter().map(|ty| profiles.type_id(rule, Some(ty))).collect(),
    };
    for step in steps {
        if here.is_empty() || here.iter().any(|ty| may_have_any(profiles, *ty)) {
            return None;
        }
        here = match step {
            Step::Child(name) => {
                let mut next = Vec::new();
                for ty in here {
                    match model.child(ty, name) {
                        Some(Child::Element { ty, .. } | Child::Variant { ty }) => next.push(ty),
                        Some(Child::Choice { types, .. }) => next.extend(types),
                        // The value itself, which the definitions of primitives call an element.
                        None if name.as_str() == "value" && model.kind(ty).is_primitive() => {
                            return None;
                        }
                        None => {}
                    }
                }
                if next.is_empty() {
                    return Some(name.as_str());
                }
                next
            }
            Step::Extension(_) => model.type_at("Extension").into_iter().collect(),
            Step::OfType(name) => model.type_at(name).into_iter().collect(),
            Step::Resolve => return None,
        };
    }
    None
}

/// A type of which the definitions do not say all that may stand below it.
fn may_have_any(profiles: &Profiles, ty: TypeId) -> bool {
    let model = &profiles.model;
    !ty.is_known()
        // The path of an element that is defined by reference to another one.
        || model.child_names(ty).is_empty()
        || model.path(ty).is_none_or(|path| {
            matches!(path, "Resource" | "DomainResource" | "Element" | "BackboneElement")
        })
}

/// The rules a path leads to in a slice: the last one's, and those on the
/// way that fix a value which holds it.
pub(super) fn criteria<'a>(
    profiles: &'a Profiles,
    def: Def<'a>,
    steps: &[Step],
) -> Vec<Criterion<'a>> {
    let mut out = vec![Criterion { def, inside: Box::new([]) }];
    let mut here = vec![def];
    let mut names: Vec<Name> = Vec::new();
    let mut open: Vec<(Def<'a>, usize)> = vec![(def, 0)];
    for step in steps {
        let mut next = Vec::new();
        for d in &here {
            match step {
                Step::Child(name) => next.extend(child_defs(profiles, *d, name.as_str())),
                Step::Extension(url) => next.extend(extension_defs(profiles, *d, url)),
                Step::Resolve => {
                    // The last step keeps the reference itself: its targets are asked.
                    next.push(*d);
                    if !std::ptr::eq(step, steps.last().unwrap_or(step)) {
                        next.clear();
                        for canonical in d.rule.types.iter().flat_map(|t| &t.of.target_profiles) {
                            if let Ok(Some(id)) = profiles.profile(canonical)
                                && let Some(profile) = profiles.get(id)
                            {
                                next.push(Def { profile, rule: profile.root() });
                            }
                        }
                    }
                }
                Step::OfType(_) => next.push(*d),
            }
        }
        if let Step::Child(name) = step {
            names.push(name.clone());
        }
        open.extend(next.iter().map(|d| (*d, names.len())));
        here = next;
    }
    // From the end of the path backwards: the nearest value decides.
    out.clear();
    for (d, depth) in open.into_iter().rev() {
        out.push(Criterion { def: d, inside: names[depth.min(names.len())..].into() });
    }
    out
}

/// Rules of a child by name: its own, those of its slices, those of the type.
pub(crate) fn child_defs<'a>(profiles: &'a Profiles, def: Def<'a>, name: &str) -> Vec<Def<'a>> {
    let mut out = Vec::new();
    let mut look = |d: Def<'a>| {
        let d = profiles.content_def(d).unwrap_or(d);
        let Some(children) = &d.rule.children else { return };
        for slot in &children.slots {
            let child = Def { profile: d.profile, rule: &d.profile.rules[slot.rule as usize] };
            let own = child.element().name();
            if own == name || own.strip_suffix("[x]") == Some(name) {
                out.push(child);
                for slice in slot.slices.iter().flat_map(|s| s.list.iter()) {
                    out.push(Def {
                        profile: d.profile,
                        rule: &d.profile.rules[slice.rule as usize],
                    });
                }
            }
        }
    };
    look(def);
    for ty in &def.rule.types {
        for canonical in &ty.of.profiles {
            if let Some(found) = profiles.profile_def(canonical) {
                look(found);
            }
        }
        if def.rule.children.is_none()
            && let Some(type_def) = profiles.type_def(ty)
        {
            look(type_def);
        }
    }
    // Rules that fix something are worth more than those that do not.
    out.sort_by_key(|d| {
        let e = d.element();
        e.fixed.is_some() || e.pattern.is_some()
    });
    out
}

fn extension_defs<'a>(profiles: &'a Profiles, def: Def<'a>, url: &str) -> Vec<Def<'a>> {
    child_defs(profiles, def, "extension")
        .into_iter()
        .filter(|d| d.rule.types.iter().any(|t| t.of.profiles.iter().any(|p| &**p == url)))
        .collect()
}

/// A rule on a discriminator's path and the names below it.
pub(super) struct Criterion<'a> {
    pub(super) def: Def<'a>,
    pub(super) inside: Box<[Name]>,
}
