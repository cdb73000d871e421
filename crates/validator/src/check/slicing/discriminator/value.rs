//! Slices recognised by a value: fixed, or at least a pattern, or from a required value set.

use std::borrow::Cow;
use std::sync::Arc;

use lmr_fhir::{Element, Name, Node};

use super::path::{Criterion, follow, part_of};
use super::profile::Conforms;
use super::value_set::InValueSet;
use super::{Candidate, Decision, Discriminator};
use crate::check::context::{Conformance, Context};
use crate::check::fixed;
use crate::compile::{Def, Step};
use crate::definitions::{BindingStrength, Value};
use crate::issue::Issue;
use crate::messages::Message;
use crate::messages::field::Text;

/// The nearest value on the path decides. A slice on an extension's url without one is its profile.
pub(super) fn compile(
    slice: Def<'_>,
    path: &str,
    steps: &[Step],
    criteria: &[Criterion<'_>],
) -> Option<Box<dyn Discriminator>> {
    for criterion in criteria {
        let element = criterion.def.element();
        let value = element.fixed.as_ref().or(element.pattern.as_ref());
        if let Some(value) = value {
            return Some(Box::new(HasValue {
                steps: steps.into(),
                value: Arc::clone(value),
                inside: criterion.inside.clone(),
                is_pattern: element.fixed.is_none(),
            }));
        }
        if criterion.inside.is_empty()
            && let Some(binding) = &element.binding
            && binding.strength == BindingStrength::Required
            && let Some(canonical) = &binding.value_set
        {
            return Some(Box::new(InValueSet::new(steps.into(), canonical.clone())));
        }
    }
    let profile = slice.rule.types.first().and_then(|t| t.of.profiles.first())?;
    (path == "url").then(|| Conforms::boxed(Box::new([]), Box::new([profile.clone()])))
}

/// Equal to a value, or with at least that.
#[derive(Debug)]
struct HasValue {
    steps: Box<[Step]>,
    value: Arc<Value>,
    /// The names from the value to the part that the path means.
    inside: Box<[Name]>,
    is_pattern: bool,
}

impl HasValue {
    fn holds<'a>(&self, cx: &Context<'a>, item: Element<'a>) -> bool {
        let Some(want) = part_of(self.value.json(), &self.inside) else { return false };
        let holds = |element: Element<'a>| fixed::matches(element, want, self.is_pattern);
        // Nearly all slicings go by one child (`url`, `system`), which needs no list.
        if let [Step::Child(name)] = &*self.steps {
            let mut children = item.children_named(name).peekable();
            if children.peek().is_some() {
                return children.any(holds);
            }
        }
        follow(cx, item, &self.steps).iter().any(|element| holds(*element))
    }
}

impl Discriminator for HasValue {
    fn matches<'a>(&'a self, walk: &mut dyn Conformance<'a>, candidate: Candidate<'a>) -> bool {
        self.holds(walk.cx(), candidate.item)
    }

    fn decides<'a>(&self, cx: &Context<'a>, item: Element<'a>) -> Option<Decision> {
        let want = part_of(self.value.json(), &self.inside)?;
        let here = follow(cx, item, &self.steps);
        let found = here.first().and_then(|element| element.value()).map(brief);
        Some(Decision { found: found.map(Text::given), wanted: brief(want) })
    }

    fn why_not<'a>(
        &'a self,
        walk: &mut dyn Conformance<'a>,
        item: Element<'a>,
        slice: Def<'a>,
    ) -> Vec<Issue> {
        let cx = walk.cx();
        if self.holds(cx, item) {
            return Vec::new();
        }
        let here = follow(cx, item, &self.steps);
        let want = self.value.json();
        let found = here.first().and_then(|element| element.value()).map(brief);
        let expected = want.text().map_or_else(|| want.raw().to_owned(), Cow::into_owned);
        let message = Message::FixedWrong {
            found: found.into(),
            expected: expected.into(),
            source: (&*slice.element().id).into(),
        };
        let at = here.first().map_or(item.node(), |e| e.node());
        vec![cx.shared.issue(message, at, Some(slice.profile))]
    }
}

/// A value in few words: a primitive's text, `system#code` of codes, `system|value` of identifiers, the
/// codes of a concept, and anything else as it is written.
pub(super) fn brief(value: Node<'_>) -> String {
    if let Some(text) = value.text() {
        return text.into_owned();
    }
    let member = |name: &str| value.member(name).and_then(Node::text);
    if let Some(codings) = value.member("coding") {
        let codings: Vec<String> = codings.members().map(brief).collect();
        return codings.join(" + ");
    }
    let system = member("system");
    match (member("code"), member("value")) {
        (Some(code), _) => format!("{}#{code}", system.unwrap_or_default()),
        (None, Some(text)) => format!("{}|{text}", system.unwrap_or_default()),
        (None, None) => system.map_or_else(|| value.raw().to_owned(), Cow::into_owned),
    }
}
