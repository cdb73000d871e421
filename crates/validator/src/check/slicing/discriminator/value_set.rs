//! Slices recognised by a value set.

use std::sync::Arc;

use lmr_fhir::{Element, Name};

use super::path::follow;
use super::value::brief;
use super::{Candidate, Decision, Discriminator};
use crate::check::coding::system_and_code;
use crate::check::context::{Conformance, Context};
use crate::compile::Step;
use crate::messages::field::Text;
use crate::terminology::Membership;

/// A code of the value set.
#[derive(Debug)]
pub(super) struct InValueSet {
    steps: Box<[Step]>,
    value_set: Arc<str>,
}

impl InValueSet {
    pub(super) fn new(steps: Box<[Step]>, value_set: Arc<str>) -> Self {
        Self { steps, value_set }
    }
}

impl Discriminator for InValueSet {
    fn decides<'a>(&self, cx: &Context<'a>, item: Element<'a>) -> Option<Decision> {
        let here = follow(cx, item, &self.steps);
        let found = here.first().and_then(|element| element.value()).map(brief);
        Some(Decision { found: found.map(Text::given), wanted: self.value_set.to_string() })
    }

    fn matches<'a>(&'a self, walk: &mut dyn Conformance<'a>, candidate: Candidate<'a>) -> bool {
        let cx = walk.cx();
        let set = cx.profiles.definitions().terminology().value_set(&self.value_set);
        let is_member = |system: Option<&str>, code: &str| {
            matches!(set.validate(system, code), Membership::Member(_))
        };
        let one = |e: Element<'a>| match system_and_code(e) {
            (system, Some(code)) => is_member(system.as_deref(), &code),
            _ => e.text().is_some_and(|code| is_member(None, &code)),
        };
        follow(cx, candidate.item, &self.steps)
            .iter()
            .any(|e| one(*e) || e.children_named(&Name::new("coding")).any(one))
    }
}
