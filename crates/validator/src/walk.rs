//! The walk over one resource against one profile: recursion only. What is checked of an element is
//! the list in `check.rs`.

mod element;
mod host;
mod long;
mod members;
mod profiles;

use lmr_fhir::{Element, hash_name};
use lmr_fhirpath::TypeId;

use crate::check::context::{Conformance, Context};
use crate::check::outcome::{Outcome, Role};
use crate::check::shared::Shared;
use crate::check::{self, invariant};
use crate::compile::{Def, Defs, Profile, ProfileId};
use crate::issue::Issue;
use crate::messages::Message;

/// Deepest nesting of elements validated (JSON nests about twice as deep).
const MAX_DEPTH: usize = 120;
/// Room for the counts of most resources.
const COUNTS: usize = 128;
/// Deepest nesting of one profile tried inside another's slicing.
const MAX_PROBES: usize = 6;

const ID: u32 = hash_name(b"id");

/// State of one walk.
pub(crate) struct Walker<'a> {
    /// What checks read, and where they report.
    cx: Context<'a>,
    /// Scratch for counting occurrences.
    counts: Vec<u32>,
    depth: usize,
}

impl<'a> Walker<'a> {
    /// Validates a resource against a profile.
    pub(crate) fn validate(
        shared: &'a Shared<'a>,
        resource: Element<'a>,
        container: Element<'a>,
        role: Role,
        profile: ProfileId,
        leads: bool,
    ) -> Outcome<'a> {
        let mut walker = Self::new(shared, resource, container);
        walker.cx.leads = leads;
        let Some(profile) = shared.profiles.get(profile) else { return walker.cx.out };
        let mark = walker.cx.begin();
        walker.root(profile);
        if leads {
            check::resource(&mut walker.cx, role);
        }
        walker.cx.end_profile(mark, profile);
        walker.cx.note_dropped();
        walker.cx.out
    }

    fn new(shared: &'a Shared<'a>, resource: Element<'a>, container: Element<'a>) -> Self {
        let counts = Vec::with_capacity(COUNTS);
        Self { cx: Context::new(shared, resource, container), counts, depth: 0 }
    }

    /// What is wrong with an element that is to meet a profile.
    pub(crate) fn quietly(
        shared: &'a Shared<'a>,
        item: Element<'a>,
        profile: ProfileId,
    ) -> Vec<Issue> {
        // Its time is that of the invariant that asks.
        let mut walker = Self::new(shared, item, item);
        walker.cx.leave_unmeasured();
        walker.conformance(item, item, profile)
    }

    fn root(&mut self, profile: &'a Profile) {
        self.ignored_lines(self.cx.resource, profile);
        let def = Def { profile, rule: profile.root() };
        let ty =
            self.cx.profiles.model.type_at(&self.cx.resource.resource_type().unwrap_or_default());
        let ty = ty.unwrap_or(TypeId::UNKNOWN);
        let mut names = None;
        if let Some(children) = &profile.root().children {
            names = Some(self.members(self.cx.resource, def, children, true));
        }
        let rules: Defs<'a> = smallvec::smallvec![def];
        let resource = self.cx.resource;
        let mut ahead = self.invariants_ahead(resource, &rules, ty);
        invariant::check(&mut self.cx, resource, &rules, None, ty, names, &mut ahead);
        check::value(&mut self.cx, resource, def, None);
    }

    /// Reports what of a profile could not be applied because it names no element.
    fn ignored_lines(&mut self, item: Element<'a>, profile: &Profile) {
        if !profile.definition.ignored.is_empty() {
            let names = profile.definition.ignored.join(", ");
            self.cx.report(
                Message::ProfileLinesIgnored {
                    profile: (&profile.canonical).into(),
                    elements: names.into(),
                },
                item.node(),
                profile,
            );
        }
        if !profile.definition.looser.is_empty() {
            let message = Message::ProfileLinesLooser {
                profile: (&profile.canonical).into(),
                rules: profile.definition.looser.join(", ").into(),
            };
            self.cx.report(message, item.node(), profile);
        }
    }

    /// Runs something on the side and hands back its issues.
    pub(crate) fn probe(&mut self, run: impl FnOnce(&mut Self)) -> Vec<Issue> {
        if self.cx.probes >= MAX_PROBES {
            let at = self.cx.resource.node();
            return vec![self.cx.shared.issue(Message::TooDeep { limit: MAX_PROBES }, at, None)];
        }
        self.cx.note_dropped();
        let kept = std::mem::take(&mut self.cx.out);
        let leads = std::mem::replace(&mut self.cx.leads, false);
        self.cx.probes += 1;
        run(self);
        self.cx.probes -= 1;
        self.cx.leads = leads;
        self.cx.note_dropped();
        let aside = std::mem::replace(&mut self.cx.out, kept);
        self.cx.out.made += aside.made;
        aside.issues
    }
}

impl<'a> Conformance<'a> for Walker<'a> {
    fn cx(&mut self) -> &mut Context<'a> {
        &mut self.cx
    }

    fn fits(&mut self, item: Element<'a>, container: Element<'a>, profile: ProfileId) -> bool {
        self.fits_profile(item, container, profile)
    }

    fn issues_against(
        &mut self,
        item: Element<'a>,
        container: Element<'a>,
        profile: ProfileId,
    ) -> Vec<Issue> {
        self.conformance(item, container, profile)
    }

    fn count_slice(&mut self, at: usize) {
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
    }
}

/// Whether the children listed are only those that all of several types have.
fn is_partial(def: Def<'_>) -> bool {
    def.rule.types.len() > 1
}
