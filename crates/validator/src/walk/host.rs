//! What FHIRPath asks of its surroundings.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::{LazyLock, PoisonError};

use lmr_fhir::{Element, Name};
use lmr_fhirpath::{Host, Item, Typed, Unavailable};

use super::Walker;
use crate::check::coding::system_and_code;
use crate::check::shared::Shared;
use crate::compile::ProfileId;
use crate::issue::Issue;
use crate::messages::Message;
use crate::terminology::{Membership, MissingContent};

static CONTAINED: LazyLock<Name> = LazyLock::new(|| Name::new("contained"));

impl<'a> Host<'a> for Shared<'a> {
    fn resolve(
        &self,
        reference: &str,
        from: Option<Typed<'a>>,
    ) -> Result<Option<Typed<'a>>, Unavailable> {
        let Some(from) = from else { return Ok(None) };
        let model = Some(&self.profiles.model as &dyn lmr_fhirpath::Model);
        if let Some(id) = reference.strip_prefix('#') {
            // The outermost resource that has contained ones on the way up from the reference.
            let mut at = Some(from.element);
            while let Some(element) = at {
                if element.resource_type().is_some() {
                    if element.child(&CONTAINED).is_some()
                        && let Some(node) = self.locals_of(element).get(id)
                    {
                        let found = self.document.node(*node).map(Element::of);
                        return Ok(found.map(|f| Typed::resource(f, model)));
                    }
                    if id.is_empty() && element.name() != Some("contained") {
                        return Ok(Some(Typed::resource(element, model)));
                    }
                }
                at = element.parent();
            }
            return Ok(None);
        }
        let found = self.target(reference, from.element.node());
        Ok(found.map(|f| Typed::resource(f, model)))
    }

    fn member_of(&self, item: &Item<'a>, value_set: &str) -> Result<bool, Unavailable> {
        let set = self.profiles.definitions().terminology().value_set(value_set);
        let mut unknown = None;
        let mut ask = |system: Option<&str>, code: &str| match set.validate(system, code) {
            Membership::Member(_) => true,
            Membership::NotMember => false,
            Membership::Unknown(missing) => {
                unknown = Some(missing);
                false
            }
        };
        let found = match item {
            Item::String(code) => ask(None, code),
            Item::Element(typed) => {
                let element = typed.element;
                let mut one = |e: Element<'a>| match system_and_code(e) {
                    (system, Some(code)) => ask(system.as_deref(), &code),
                    _ => false,
                };
                one(element)
                    || element.children_named(&Name::new("coding")).any(&mut one)
                    || element.text().is_some_and(|code: Cow<'_, str>| ask(None, &code))
            }
            _ => false,
        };
        // What has no code is in no value set, but an unknown value set is reported all the same.
        let unknown = unknown.or_else(|| match set.validate(None, "") {
            Membership::Unknown(
                missing @ (MissingContent::NoValueSet(_) | MissingContent::Unreadable(_)),
            ) => Some(missing),
            _ => None,
        });
        match (found, unknown) {
            (true, _) => Ok(true),
            (false, None) => Ok(false),
            (false, Some(missing)) => Err(Unavailable::Content(missing.to_string())),
        }
    }

    fn conforms_to(&self, item: &Item<'a>, profile: &str) -> Result<bool, Unavailable> {
        let Item::Element(typed) = item else { return Ok(false) };
        let id = match self.profiles.profile(profile) {
            Ok(Some(id)) => id,
            Ok(None) => return Err(Unavailable::Definition(profile.to_owned())),
            Err(reason) => return Err(Unavailable::Definition(reason.to_string())),
        };
        self.conforms(typed.element, id)
    }
}

/// How deep `conformsTo()` may lead from profile to profile.
const MAX_CALLS: usize = 6;

thread_local! {
    /// What `conformsTo()` is being asked right now: document, node, profile.
    static ASKED: RefCell<Vec<(usize, u32, ProfileId)>> = const { RefCell::new(Vec::new()) };
}

impl<'a> Shared<'a> {
    /// Whether an element meets a profile, found out once. A profile that asks for itself has no
    /// answer, nor has one in which a constraint cannot be evaluated.
    fn conforms(&self, element: Element<'a>, profile: ProfileId) -> Result<bool, Unavailable> {
        let key = (element.node().index(), profile);
        let known = || self.conforming.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = known().get(&key).copied() {
            return answer.ok_or(Unavailable::Limit);
        }
        let asked = (std::ptr::from_ref(self.document).addr(), key.0, key.1);
        let may = ASKED.with_borrow_mut(|all| {
            let may = all.len() < MAX_CALLS && !all.contains(&asked);
            if may {
                all.push(asked);
            }
            may
        });
        let answer = may.then(|| {
            let issues = Walker::quietly(self, element, profile);
            ASKED.with_borrow_mut(Vec::pop);
            let open = |i: &Issue| matches!(i.message, Message::ConstraintCannotEvaluate { .. });
            (!issues.iter().any(open)).then(|| !issues.iter().any(Issue::is_against_profile))
        });
        let answer = answer.flatten();
        known().insert(key, answer);
        answer.ok_or(Unavailable::Limit)
    }
}
