//! Slices recognised by whether an element is there.

use lmr_fhir::Element;

use super::path::{Criterion, follow};
use super::{Candidate, Decision, Discriminator};
use crate::check::context::{Conformance, Context};
use crate::compile::Step;
use crate::messages::field::Text;

/// There, or not there.
#[derive(Debug)]
struct Exists {
    steps: Box<[Step]>,
    wanted: bool,
}

/// Only a slice that demands or forbids the element is recognised by it.
pub(super) fn compile(
    steps: Box<[Step]>,
    criteria: &[Criterion<'_>],
) -> Option<Box<dyn Discriminator>> {
    let rule = criteria.iter().find(|c| c.inside.is_empty())?.def.rule;
    let wanted = match (rule.max, rule.min) {
        (0, _) => false,
        (_, 1..) => true,
        _ => return None,
    };
    Some(Box::new(Exists { steps, wanted }))
}

impl Discriminator for Exists {
    fn decides<'a>(&self, cx: &Context<'a>, item: Element<'a>) -> Option<Decision> {
        // In FHIRPath, which is the same in every language.
        let step = |step: &Step| match step {
            Step::Child(name) => name.as_str().to_owned(),
            Step::Extension(url) => format!("extension('{url}')"),
            Step::Resolve => "resolve()".to_owned(),
            Step::OfType(name) => format!("ofType({name})"),
        };
        let path = self.steps.iter().map(step).collect::<Vec<_>>().join(".");
        let shown =
            |is_there: bool| format!("{path}.{}", if is_there { "exists()" } else { "empty()" });
        let is_there = !follow(cx, item, &self.steps).is_empty();
        Some(Decision { found: Some(Text::defined(shown(is_there))), wanted: shown(self.wanted) })
    }

    fn matches<'a>(&'a self, walk: &mut dyn Conformance<'a>, candidate: Candidate<'a>) -> bool {
        follow(walk.cx(), candidate.item, &self.steps).is_empty() != self.wanted
    }
}
