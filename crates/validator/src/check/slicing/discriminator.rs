//! What a slice asks of its members. Each kind of discriminator has one file: how it is compiled
//! from the rules of the slice, how an element is tested, and why it fails.
//! Rule: <https://hl7.org/fhir/R4/profiling.html#discriminator>.

mod exists;
mod path;
mod position;
mod profile;
mod types;
mod value;
mod value_set;

use std::fmt;
use std::sync::Arc;

use lmr_fhir::Element;

use super::Candidate;
use crate::check::context::{Conformance, Context};
use crate::compile::{Def, Profile, Profiles, Slice, Slices, Step};
use crate::definitions::{Discriminator as Definition, DiscriminatorKind};
use crate::issue::Issue;
use crate::messages::Message;
use crate::messages::field::Text;

/// One thing that a slice asks of its members.
pub(crate) trait Discriminator: fmt::Debug + Send + Sync {
    /// Whether an element shows it.
    fn matches<'a>(&'a self, walk: &mut dyn Conformance<'a>, candidate: Candidate<'a>) -> bool;

    /// Why an element does not show it; empty when it does, or when it cannot be said.
    fn why_not<'a>(
        &'a self,
        _walk: &mut dyn Conformance<'a>,
        _item: Element<'a>,
        _slice: Def<'a>,
    ) -> Vec<Issue> {
        Vec::new()
    }

    /// What a closed slicing reports when an element fits no slice; `None` when there is no short
    /// answer.
    fn decides<'a>(&self, _cx: &Context<'a>, _item: Element<'a>) -> Option<Decision> {
        None
    }

    /// What is reported once of a list when no element can be shown to belong to the slice.
    fn undecidable(&self, _slice: &Arc<str>, _profile: &Arc<str>) -> Option<Message> {
        None
    }
}

/// What a discriminator found in an element, and what it asks for.
pub(crate) struct Decision {
    /// `None` when nothing is there.
    pub(crate) found: Option<Text>,
    pub(crate) wanted: String,
}

/// What the members of one slice show.
pub(crate) type Discriminators = Box<[Box<dyn Discriminator>]>;

/// What a slice asks of its members. Compiled with its profile; a profile that asks for itself
/// while it is compiled finds its slices not yet made and makes them then.
pub(crate) fn tests<'a>(
    profiles: &'a Profiles,
    profile: &'a Profile,
    slices: &'a Slices,
    slice: &'a Slice,
) -> &'a [Box<dyn Discriminator>] {
    slice.tests.get_or_init(|| compile(profiles, slice.def(profile), slices))
}

/// Compiles the discriminators of all slices of a profile.
pub(crate) fn compile_all(profiles: &Profiles, profile: &Profile) {
    fn level(profiles: &Profiles, profile: &Profile, slices: &Slices) {
        for slice in &slices.list {
            tests(profiles, profile, slices, slice);
            if let Some(nested) = &slice.nested {
                level(profiles, profile, nested);
            }
        }
    }
    let children = profile.rules.iter().filter_map(|rule| rule.children.as_ref());
    for slices in children.flat_map(|c| &c.slots).filter_map(|slot| slot.slices.as_ref()) {
        level(profiles, profile, slices);
    }
}

fn compile(profiles: &Profiles, slice: Def<'_>, slices: &Slices) -> Discriminators {
    let mut out = Vec::new();
    for discriminator in &slices.discriminators {
        match discriminator.kind {
            DiscriminatorKind::Position => out.push(position::compile(slice, slices)),
            _ => out.extend(by_path(profiles, slice, discriminator).into_iter().flatten()),
        }
    }
    if out.is_empty() {
        let paths: Vec<&str> = slices.discriminators.iter().map(|d| &*d.path).collect();
        let discriminator = (!slices.is_described).then(|| paths.join(", ").into());
        out.push(Box::new(Undecidable { discriminator }) as _);
    }
    out.into()
}

fn by_path(
    profiles: &Profiles,
    slice: Def<'_>,
    discriminator: &Definition,
) -> Option<Vec<Box<dyn Discriminator>>> {
    let steps = Step::parse(&discriminator.path)?;
    if let Some(name) = path::unknown_element(profiles, slice, &steps) {
        let (path, name) = ((&*discriminator.path).into(), name.into());
        return Some(vec![Box::new(UnknownElement { path, name })]);
    }
    let criteria = path::criteria(profiles, slice, &steps);
    let out = match discriminator.kind {
        DiscriminatorKind::Value | DiscriminatorKind::Pattern => {
            value::compile(slice, &discriminator.path, &steps, &criteria)
        }
        DiscriminatorKind::Exists => exists::compile(steps, &criteria),
        DiscriminatorKind::Type => types::compile(profiles, steps, &criteria),
        DiscriminatorKind::Profile => profile::compile(steps, &criteria),
        DiscriminatorKind::Position => None,
    };
    out.map(|one| vec![one])
}

/// The path names an element that is not there: the slice never matches.
#[derive(Debug)]
struct UnknownElement {
    path: Box<str>,
    name: Box<str>,
}

impl Discriminator for UnknownElement {
    fn matches<'a>(&'a self, _: &mut dyn Conformance<'a>, _: Candidate<'a>) -> bool {
        false
    }

    fn undecidable(&self, slice: &Arc<str>, profile: &Arc<str>) -> Option<Message> {
        Some(Message::SliceNoElement {
            discriminator: (&*self.path).into(),
            slice: slice.into(),
            profile: profile.into(),
            name: (&*self.name).into(),
        })
    }
}

/// Nothing of the discriminators can be tested: the slice never matches. `None` where the profile has
/// none and describes its slices in words, as it may (eld-1,
/// <https://hl7.org/fhir/R4/elementdefinition.html#invs>): then there is nothing to report.
#[derive(Debug)]
struct Undecidable {
    discriminator: Option<Box<str>>,
}

impl Discriminator for Undecidable {
    fn matches<'a>(&'a self, _: &mut dyn Conformance<'a>, _: Candidate<'a>) -> bool {
        false
    }

    fn undecidable(&self, slice: &Arc<str>, profile: &Arc<str>) -> Option<Message> {
        Some(Message::SliceCannotEvaluate {
            discriminator: self.discriminator.as_deref()?.into(),
            slice: slice.into(),
            profile: profile.into(),
        })
    }
}
