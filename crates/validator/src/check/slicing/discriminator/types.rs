//! Slices recognised by type: the element's own, or its target's.

use lmr_fhir::Element;

use super::path::{Criterion, follow};
use super::{Candidate, Decision, Discriminator};
use crate::check::context::{Conformance, Context};
use crate::compile::{Profiles, Shape, Step};
use crate::messages::field::Text;

/// Of one of these types.
#[derive(Debug)]
struct OfType {
    steps: Box<[Step]>,
    types: Box<[Box<str>]>,
}

/// A path that ends in `resolve()` means the types of the target profiles.
pub(super) fn compile(
    profiles: &Profiles,
    steps: Box<[Step]>,
    criteria: &[Criterion<'_>],
) -> Option<Box<dyn Discriminator>> {
    let rule = criteria.iter().find(|c| c.inside.is_empty())?.def.rule;
    let type_of = |canonical: &str| -> Option<Box<str>> {
        let definition = profiles.definitions().structure(canonical).ok()??;
        Some(definition.type_name.as_ref().into())
    };
    let types: Vec<Box<str>> = if matches!(steps.last(), Some(Step::Resolve)) {
        let targets = rule.types.iter().flat_map(|t| &t.of.target_profiles);
        targets.filter_map(|p| type_of(p)).collect()
    } else {
        rule.types.iter().map(|t| t.name().into()).collect()
    };
    (!types.is_empty()).then(|| Box::new(OfType { steps, types: types.into() }) as _)
}

impl Discriminator for OfType {
    fn decides<'a>(&self, cx: &Context<'a>, item: Element<'a>) -> Option<Decision> {
        let found = follow(cx, item, &self.steps).first().map(|e| match e.resource_type() {
            Some(name) => Text::given(&*name),
            None => Text::defined(cx.type_by_property(*e)),
        });
        Some(Decision { found, wanted: self.types.join(" | ") })
    }

    fn matches<'a>(&'a self, walk: &mut dyn Conformance<'a>, candidate: Candidate<'a>) -> bool {
        if self.steps.is_empty()
            && let Some(ty) = candidate.ty
            && ty.shape != Shape::Resource
        {
            return self.types.iter().any(|t| **t == *ty.name());
        }
        let cx = walk.cx();
        follow(cx, candidate.item, &self.steps).iter().any(|e| {
            let found = match e.resource_type() {
                Some(name) => name.into_owned(),
                None => cx.type_by_property(*e),
            };
            self.types.iter().any(|t| **t == *found || &**t == "Resource")
        })
    }
}
