//! The walk over one resource against one profile.

mod element;
mod invariants;
mod long;
mod members;
mod profiles;

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use lmr_fhir::{Element, Name, Node, hash_name};
use lmr_fhirpath::{Env, TypeId, Typed};

use crate::compile::{Profile, ProfileId, Rule};
use crate::definitions::ElementDefinition;
use crate::issue::Issue;
use crate::messages::Message;
use crate::options::Options;
use crate::validate::job::{Edge, Outcome, Role};
use crate::validate::{Anchors, Locals, Shared, Validator};

pub(crate) use invariants::has_content;

/// Deepest nesting of elements judged (JSON nests about twice as deep).
const MAX_DEPTH: usize = 120;
/// Deepest nesting of one profile's judgement inside another's slicing.
const MAX_PROBES: usize = 6;

const ID: u32 = hash_name(b"id");

/// A rule in its profile.
#[derive(Clone, Copy)]
pub(crate) struct Def<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) rule: &'a Rule,
}

impl<'a> Def<'a> {
    pub(crate) fn element(self) -> &'a ElementDefinition {
        self.profile.element(self.rule)
    }
}

/// The rules one element must meet: the element's own and its slices'.
pub(crate) type Defs<'a> = smallvec::SmallVec<[Def<'a>; 3]>;

/// State of one walk.
pub(crate) struct Walker<'a> {
    pub(crate) shared: &'a Shared<'a>,
    pub(crate) validator: &'a Validator,
    pub(crate) options: &'a Options,
    /// The resource judged, and the one around it if it is contained.
    pub(crate) resource: Element<'a>,
    pub(crate) around: Element<'a>,
    env: Env<'a>,
    pub(crate) out: Outcome<'a>,
    /// Scratch for counting occurrences.
    counts: Vec<u32>,
    depth: usize,
    pub(crate) probes: usize,
    /// Whether checks that belong to the resource, not to a profile, are done.
    leads: bool,
    /// Ids of elements, for doubles.
    ids: Vec<Node<'a>>,
    /// The last issue that was one too many.
    dropped: Option<Issue>,
    /// How many issues other units had made when this walk began.
    made_before: usize,
    /// Ids of all elements of the resource and what is around it, when first asked for.
    pub(crate) anchors: OnceCell<Arc<Anchors>>,
    /// Contained resources by id, when first asked for.
    pub(crate) locals: OnceCell<Arc<Locals>>,
    /// Invariants of the document's resource that were tested with its long list, by number.
    settled: Vec<(u32, bool)>,
}

impl<'a> Walker<'a> {
    /// Judges a resource against a profile.
    pub(crate) fn judge(
        shared: &'a Shared<'a>,
        resource: Element<'a>,
        around: Element<'a>,
        role: Role,
        profile: ProfileId,
        leads: bool,
    ) -> Outcome<'a> {
        let mut walker = Self::new(shared, resource, around);
        walker.leads = leads;
        let Some(profile) = shared.validator.get(profile) else { return walker.out };
        walker.root(profile);
        if leads {
            walker.resource_checks(role);
        }
        walker.tell_dropped();
        walker.out
    }

    pub(crate) fn new(shared: &'a Shared<'a>, resource: Element<'a>, around: Element<'a>) -> Self {
        let model: &'a dyn lmr_fhirpath::Model = &shared.validator.model;
        let own = Typed::resource(resource, Some(model));
        let env = Env::new().with_model(model).with_host(shared).with_resource(
            own,
            if around.is_same(resource) { own } else { Typed::resource(around, Some(model)) },
        );
        let env = match &shared.options.now {
            Some(now) => env.with_now(*now),
            None => env,
        };
        Self {
            shared,
            validator: shared.validator,
            options: shared.options,
            resource,
            around,
            env,
            out: Outcome::default(),
            counts: Vec::new(),
            depth: 0,
            probes: 0,
            leads: false,
            ids: Vec::new(),
            dropped: None,
            anchors: OnceCell::new(),
            locals: OnceCell::new(),
            settled: Vec::new(),
            made_before: shared.made.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn issue(
        &mut self,
        message: Message,
        at: Node<'_>,
        profile: &Profile,
    ) -> &mut Issue {
        let issue = self.shared.issue(message, at, Some(profile));
        self.keep(issue)
    }

    /// Keeps an issue, unless there are so many by now that only the first fault of each resource
    /// is worth its memory.
    pub(crate) fn keep(&mut self, issue: Issue) -> &mut Issue {
        self.tell_dropped();
        let made = self.made_before.saturating_add(self.out.made);
        self.out.made += 1;
        let cut = made >= self.options.max_issues.saturating_mul(2)
            && (!issue.severity.is_error()
                || self.out.issues.iter().any(|i| i.severity.is_error()));
        if cut {
            return self.dropped.insert(issue);
        }
        self.out.issues.push(issue);
        let last = self.out.issues.len() - 1;
        &mut self.out.issues[last]
    }

    /// Notes whether what was left out last is a fault: who made the issue may have changed its
    /// severity since.
    fn tell_dropped(&mut self) {
        if let Some(dropped) = self.dropped.take() {
            self.out.is_cut |= dropped.severity.is_error();
        }
    }

    /// What is wrong with an element that is to meet a profile.
    pub(crate) fn quietly(
        shared: &'a Shared<'a>,
        item: Element<'a>,
        profile: ProfileId,
    ) -> Vec<Issue> {
        Self::new(shared, item, item).conformance(item, item, profile)
    }

    fn root(&mut self, profile: &'a Profile) {
        self.ignored_lines(self.resource, profile);
        let def = Def { profile, rule: profile.root() };
        let ty = self.validator.model.type_at(&self.resource.resource_type().unwrap_or_default());
        let ty = ty.unwrap_or(TypeId::UNKNOWN);
        if let Some(children) = &profile.root().children {
            self.members(self.resource, def, children, true);
        }
        let rules: Defs<'a> = smallvec::smallvec![def];
        self.invariants(self.resource, &rules, None, ty);
        self.value_rules(self.resource, def, None);
    }

    /// Tells what of a profile could not be applied because it names no element.
    fn ignored_lines(&mut self, item: Element<'a>, profile: &Profile) {
        if !profile.definition.ignored.is_empty() {
            let names = profile.definition.ignored.join(", ");
            self.issue(
                Message::ProfileLinesIgnored {
                    profile: (&profile.canonical).into(),
                    elements: names.into(),
                },
                item.node(),
                profile,
            );
        }
        if !profile.definition.looser.is_empty() {
            let rules = profile.definition.looser.join(", ");
            self.issue(
                Message::ProfileLinesLooser {
                    profile: (&profile.canonical).into(),
                    rules: rules.into(),
                },
                item.node(),
                profile,
            );
        }
    }

    /// Runs something on the side and hands back its issues.
    pub(crate) fn probe(&mut self, run: impl FnOnce(&mut Self)) -> Vec<Issue> {
        if self.probes >= MAX_PROBES {
            let at = self.resource.node();
            return vec![self.shared.issue(Message::TooDeep { limit: MAX_PROBES }, at, None)];
        }
        self.tell_dropped();
        let kept = std::mem::take(&mut self.out);
        let leads = std::mem::replace(&mut self.leads, false);
        self.probes += 1;
        run(self);
        self.probes -= 1;
        self.leads = leads;
        self.tell_dropped();
        let aside = std::mem::replace(&mut self.out, kept);
        self.out.made += aside.made;
        aside.issues
    }

    /// One more at a place of the scratch.
    pub(crate) fn count_at(&mut self, at: usize) {
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
    }

    /// Remembers that a reference must lead to something that fits.
    pub(crate) fn edge(&mut self, edge: Edge<'a>) {
        self.out.edges.push(edge);
    }

    pub(crate) fn ids(&self) -> &[Node<'a>] {
        &self.ids
    }
}

/// Order of slices met so far.
#[derive(Default)]
pub(crate) struct SliceOrder {
    pub(crate) last: usize,
    pub(crate) unsliced: bool,
    /// How many elements came before.
    pub(crate) before: u32,
    /// Whether it has been told that slices cannot be told apart.
    pub(crate) untold: bool,
}

/// Whether the children listed are only those that all of several types have.
fn is_partial(def: Def<'_>) -> bool {
    def.rule.types.len() > 1
}

/// Element path with its slice names, as messages show it.
pub(crate) fn shown_path(def: Def<'_>) -> String {
    def.element().id.to_string()
}

/// A name table key for rare look-ups.
pub(crate) fn name(text: &str) -> Name {
    Name::new(text)
}
