//! What the discriminators of a slicing ask of the members of each slice.
//! Rule: <https://hl7.org/fhir/R4/profiling.html#discriminator>.

use lmr_fhir::Name;
use lmr_fhirpath::{Child, Model as _, TypeId};

use crate::compile::{Slices, Step, Test};
use crate::definitions::{BindingStrength, Discriminator, DiscriminatorKind};
use crate::validate::walk::{Def, Walker};

impl<'a> Walker<'a> {
    /// What a slice asks of its members, from the discriminators.
    pub(super) fn tests(&self, def: Def<'a>, slices: &Slices) -> Box<[Test]> {
        let mut out = Vec::new();
        for discriminator in &slices.discriminators {
            match discriminator.kind {
                DiscriminatorKind::Position => out.push(position(def, slices)),
                _ => out.extend(self.test(def, discriminator).into_iter().flatten()),
            }
        }
        if out.is_empty() {
            let paths: Vec<&str> = slices.discriminators.iter().map(|d| &*d.path).collect();
            out.push(Test::Never(paths.join(", ").into()));
        }
        out.into()
    }

    fn test(&self, def: Def<'a>, discriminator: &Discriminator) -> Option<Vec<Test>> {
        let steps = Step::parse(&discriminator.path)?;
        if let Some(unknown) = self.unknown_element(def, &steps) {
            return Some(vec![Test::NoElement(discriminator.path.as_ref().into(), unknown.into())]);
        }
        let criteria = self.criteria(def, &steps);
        let mut out = Vec::new();
        match discriminator.kind {
            DiscriminatorKind::Value | DiscriminatorKind::Pattern => {
                for c in &criteria {
                    let element = c.def.element();
                    if let Some(fixed) = &element.fixed {
                        out.push(Test::Fixed(steps.clone(), fixed.clone(), c.inside.clone()));
                    } else if let Some(pattern) = &element.pattern {
                        out.push(Test::Pattern(steps.clone(), pattern.clone(), c.inside.clone()));
                    } else if c.inside.is_empty()
                        && let Some(binding) = &element.binding
                        && binding.strength == BindingStrength::Required
                        && let Some(canonical) = &binding.value_set
                    {
                        out.push(Test::Binding(steps.clone(), canonical.clone()));
                    }
                    if !out.is_empty() {
                        break;
                    }
                }
                // A slice on an extension's url is its profile.
                if out.is_empty()
                    && &*discriminator.path == "url"
                    && let Some(profile) =
                        def.rule.types.first().and_then(|t| t.of.profiles.first())
                {
                    out.push(Test::Profile(Box::new([]), Box::new([profile.clone()])));
                }
            }
            DiscriminatorKind::Exists => {
                let c = criteria.iter().find(|c| c.inside.is_empty())?;
                if c.def.rule.max == 0 {
                    out.push(Test::Exists(steps, false));
                } else if c.def.rule.min > 0 {
                    out.push(Test::Exists(steps, true));
                }
            }
            DiscriminatorKind::Type => {
                let c = criteria.iter().find(|c| c.inside.is_empty())?;
                let types: Vec<Box<str>> = if matches!(steps.last(), Some(Step::Resolve)) {
                    c.def
                        .rule
                        .types
                        .iter()
                        .flat_map(|t| &t.of.target_profiles)
                        .filter_map(|p| self.type_of_profile(p))
                        .collect()
                } else {
                    c.def.rule.types.iter().map(|t| t.name().into()).collect()
                };
                if !types.is_empty() {
                    out.push(Test::Type(steps, types.into()));
                }
            }
            DiscriminatorKind::Profile => {
                let c = criteria.iter().find(|c| c.inside.is_empty())?;
                let profiles: Vec<_> = if matches!(steps.last(), Some(Step::Resolve)) {
                    c.def
                        .rule
                        .types
                        .iter()
                        .flat_map(|t| t.of.target_profiles.iter().cloned())
                        .collect()
                } else {
                    c.def.rule.types.iter().flat_map(|t| t.of.profiles.iter().cloned()).collect()
                };
                if !profiles.is_empty() {
                    out.push(Test::Profile(steps, profiles.into()));
                }
            }
            DiscriminatorKind::Position => {}
        }
        (!out.is_empty()).then_some(out)
    }

    /// The first name in a discriminator's path that no type has which may stand there. What
    /// `resolve()` or an abstract type leads to may be anything.
    /// Rule: <https://hl7.org/fhir/R4/profiling.html#discriminator>.
    fn unknown_element<'s>(&self, def: Def<'a>, steps: &'s [Step]) -> Option<&'s str> {
        let model = &self.validator.model;
        let rule = self.content_def(def).unwrap_or(def).rule;
        let mut here: Vec<TypeId> = match &rule.backbone {
            Some(_) => vec![self.type_id(rule, None)],
            None => rule.types.iter().map(|ty| self.type_id(rule, Some(ty))).collect(),
        };
        for step in steps {
            if here.is_empty() || here.iter().any(|ty| self.may_have_any(*ty)) {
                return None;
            }
            here = match step {
                Step::Child(name) => {
                    let mut next = Vec::new();
                    for ty in here {
                        match model.child(ty, name) {
                            Some(Child::Element { ty, .. } | Child::Variant { ty }) => {
                                next.push(ty)
                            }
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
    fn may_have_any(&self, ty: TypeId) -> bool {
        let model = &self.validator.model;
        !ty.is_known()
            // The path of an element that is defined by reference to another one.
            || model.child_names(ty).is_empty()
            || model.path(ty).is_none_or(|path| {
                matches!(path, "Resource" | "DomainResource" | "Element" | "BackboneElement")
            })
    }

    fn type_of_profile(&self, canonical: &str) -> Option<Box<str>> {
        let definition = self.validator.definitions().structure(canonical).ok()??;
        Some(definition.type_name.as_ref().into())
    }

    /// The rules a path leads to in a slice: the last one's, and those on the
    /// way that fix a value around it.
    fn criteria(&self, def: Def<'a>, steps: &[Step]) -> Vec<Criterion<'a>> {
        let mut out = vec![Criterion { def, inside: Box::new([]) }];
        let mut here = vec![def];
        let mut names: Vec<Name> = Vec::new();
        let mut open: Vec<(Def<'a>, usize)> = vec![(def, 0)];
        for step in steps {
            let mut next = Vec::new();
            for d in &here {
                match step {
                    Step::Child(name) => next.extend(self.child_defs(*d, name.as_str())),
                    Step::Extension(url) => next.extend(self.extension_defs(*d, url)),
                    Step::Resolve => {
                        // The last step keeps the reference itself: its targets are asked.
                        next.push(*d);
                        if !std::ptr::eq(step, steps.last().unwrap_or(step)) {
                            next.clear();
                            for canonical in d.rule.types.iter().flat_map(|t| &t.of.target_profiles)
                            {
                                if let Ok(Some(id)) = self.validator.profile(canonical)
                                    && let Some(profile) = self.validator.get(id)
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
    pub(super) fn child_defs(&self, def: Def<'a>, name: &str) -> Vec<Def<'a>> {
        let mut out = Vec::new();
        let mut look = |d: Def<'a>| {
            let d = self.content_def(d).unwrap_or(d);
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
                if let Some(found) = self.profile_def(canonical) {
                    look(found);
                }
            }
            if def.rule.children.is_none()
                && let Some(type_def) = self.type_def(ty)
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

    fn extension_defs(&self, def: Def<'a>, url: &str) -> Vec<Def<'a>> {
        self.child_defs(def, "extension")
            .into_iter()
            .filter(|d| d.rule.types.iter().any(|t| t.of.profiles.iter().any(|p| &**p == url)))
            .collect()
    }
}

/// The places that a slice has in its list: all slices but the last have as many members as they
/// may have.
/// Rule: <https://hl7.org/fhir/R5/profiling.html#discriminator>.
fn position(def: Def<'_>, slices: &Slices) -> Test {
    let mut from = 0u32;
    for slice in &slices.list {
        let rule = &def.profile.rules[slice.rule as usize];
        let to = from.saturating_add(rule.max);
        if rule.element == def.rule.element {
            return Test::Position(from, to);
        }
        from = to;
    }
    Test::Never("position".into())
}

/// A rule on a discriminator's path and the names below it.
struct Criterion<'a> {
    def: Def<'a>,
    inside: Box<[Name]>,
}
