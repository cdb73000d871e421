//! Slices recognised by whether an element is there.

use super::path::{Criterion, follow};
use super::{Candidate, Discriminator};
use crate::check::context::Conformance;
use crate::compile::Step;

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
    fn matches<'a>(&'a self, walk: &mut dyn Conformance<'a>, candidate: Candidate<'a>) -> bool {
        follow(walk.cx(), candidate.item, &self.steps).is_empty() != self.wanted
    }
}
