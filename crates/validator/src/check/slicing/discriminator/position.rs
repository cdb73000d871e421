//! Slices recognised by their place in the list.
//! Rule: <https://hl7.org/fhir/R5/profiling.html#discriminator>.

use std::ops::Range;

use super::{Candidate, Discriminator, Undecidable};
use crate::check::context::Conformance;
use crate::compile::{Def, Slices};

/// At one of these places of the list.
#[derive(Debug)]
struct AtPosition(Range<u32>);

/// All slices but the last have as many members as they may have.
pub(super) fn compile(slice: Def<'_>, slices: &Slices) -> Box<dyn Discriminator> {
    let mut from = 0u32;
    for one in &slices.list {
        let rule = &slice.profile.rules[one.rule as usize];
        let to = from.saturating_add(rule.max);
        if rule.element == slice.rule.element {
            return Box::new(AtPosition(from..to));
        }
        from = to;
    }
    Box::new(Undecidable { discriminator: Some("position".into()) })
}

impl Discriminator for AtPosition {
    fn matches<'a>(&'a self, _: &mut dyn Conformance<'a>, candidate: Candidate<'a>) -> bool {
        self.0.contains(&candidate.position)
    }
}
