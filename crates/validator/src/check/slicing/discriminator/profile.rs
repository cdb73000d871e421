//! Slices recognised by the profile that an element, or its target, conforms to.

use std::sync::Arc;

use lmr_fhir::Element;

use super::path::{Criterion, follow};
use super::{Candidate, Decision, Discriminator};
use crate::check::context::{Conformance, Context};
use crate::compile::{Def, ProfileId, Step};
use crate::issue::Issue;
use crate::messages::field::Text;

/// Reasons of one profile.
const MAX_REASONS: usize = 3;

/// Conforming to one of these profiles.
#[derive(Debug)]
pub(super) struct Conforms {
    steps: Box<[Step]>,
    profiles: Box<[Arc<str>]>,
}

/// A path that ends in `resolve()` means the target profiles.
pub(super) fn compile(
    steps: Box<[Step]>,
    criteria: &[Criterion<'_>],
) -> Option<Box<dyn Discriminator>> {
    let rule = criteria.iter().find(|c| c.inside.is_empty())?.def.rule;
    let of_target = matches!(steps.last(), Some(Step::Resolve));
    let of = |t: &crate::compile::TypeRule| {
        if of_target { t.of.target_profiles.clone() } else { t.of.profiles.clone() }
    };
    let profiles: Vec<Arc<str>> = rule.types.iter().flat_map(of).collect();
    (!profiles.is_empty()).then(|| Conforms::boxed(steps, profiles.into()))
}

impl Conforms {
    pub(super) fn boxed(steps: Box<[Step]>, profiles: Box<[Arc<str>]>) -> Box<dyn Discriminator> {
        Box::new(Self { steps, profiles })
    }

    fn ids(&self, walk: &mut dyn Conformance<'_>) -> Vec<ProfileId> {
        let known = walk.cx().profiles;
        self.profiles.iter().filter_map(|p| known.profile(p).ok().flatten()).collect()
    }
}

impl Discriminator for Conforms {
    fn decides<'a>(&self, cx: &Context<'a>, item: Element<'a>) -> Option<Decision> {
        let found = follow(cx, item, &self.steps)
            .first()
            .and_then(|element| element.resource_type().or_else(|| element.child_text("url")));
        Some(Decision {
            found: found.map(|name| Text::given(&*name)),
            wanted: self.profiles.join(" | "),
        })
    }

    fn matches<'a>(&'a self, walk: &mut dyn Conformance<'a>, candidate: Candidate<'a>) -> bool {
        let here = follow(walk.cx(), candidate.item, &self.steps);
        let known = walk.cx().profiles;
        here.iter().any(|e| {
            self.profiles.iter().any(|canonical| match known.profile(canonical) {
                Ok(Some(id)) => walk.fits(*e, *e, id),
                _ => false,
            })
        })
    }

    fn why_not<'a>(
        &'a self,
        walk: &mut dyn Conformance<'a>,
        item: Element<'a>,
        _: Def<'a>,
    ) -> Vec<Issue> {
        let Some(target) = follow(walk.cx(), item, &self.steps).first().copied() else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for id in self.ids(walk) {
            let issues = walk.issues_against(target, target, id);
            out.extend(issues.into_iter().filter(|i| i.severity.is_error()).take(MAX_REASONS));
        }
        out
    }
}
