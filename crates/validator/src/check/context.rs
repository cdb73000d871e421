//! What a check may read, and where it reports. No check goes down the tree itself: the few that
//! need a whole resource or element held against a profile ask [`Conformance`].

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use lmr_fhir::{Element, Node, Severity};
use lmr_fhirpath::{Env, Model, Typed};

use super::narrative;
use super::outcome::{Outcome, PendingTarget};
use super::primitive::plain;
use super::shared::{Anchors, Locals, Shared};
use crate::compile::{Profile, ProfileId, Profiles};
use crate::issue::Issue;
use crate::location::{ElementLocation, Way, locate, trail};
use crate::messages::Message;
use crate::options::Options;
use crate::statistics::{Mark, Measured, Meter};

/// One resource being validated against one profile.
pub(crate) struct Context<'a> {
    pub(crate) shared: &'a Shared<'a>,
    pub(crate) profiles: &'a Profiles,
    pub(crate) options: &'a Options,
    /// What the options say of values.
    pub(crate) limits: plain::Limits,
    /// The resource, and the one that holds it if it is contained.
    pub(crate) resource: Element<'a>,
    pub(crate) container: Element<'a>,
    /// The surroundings in which invariants are evaluated.
    pub(crate) env: Env<'a>,
    pub(crate) out: Outcome<'a>,
    /// How deep one profile is tried inside another's slicing; 0 when issues are reported.
    pub(crate) probes: usize,
    /// Whether the checks that belong to the resource, not to a profile, are done here.
    pub(crate) leads: bool,
    /// The ids of elements met so far.
    pub(crate) ids: Vec<Node<'a>>,
    /// Invariants of the document's resource that were tested with its long list, by number.
    pub(crate) known_invariants: Vec<(u32, bool)>,
    /// How many issues other tasks had made when this one began.
    pub(crate) made_before: usize,
    /// The last issue that was one too many.
    dropped: Option<Issue>,
    /// Where an error was found among the issues last.
    error_at: usize,
    anchors: OnceCell<Arc<Anchors>>,
    locals: OnceCell<Arc<Locals>>,
    /// The way to the resource, for the locations of issues.
    way: Option<Box<Way<'a>>>,
    /// What measures the time, if it is asked for.
    meter: Option<Box<Meter<'a>>>,
}

/// Whether something conforms to a profile: asked by checks, answered by the walk.
pub(crate) trait Conformance<'a> {
    /// The context of the resource that asks.
    fn cx(&mut self) -> &mut Context<'a>;
    /// Whether a resource or element meets a profile. Of a resource it is found out once at each
    /// depth of asking.
    fn fits(&mut self, item: Element<'a>, container: Element<'a>, profile: ProfileId) -> bool;
    /// The issues of a resource or element against a profile, not reported.
    fn issues_against(
        &mut self,
        item: Element<'a>,
        container: Element<'a>,
        profile: ProfileId,
    ) -> Vec<Issue>;
    /// Counts one more element in a slice.
    fn count_slice(&mut self, at: usize);
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        shared: &'a Shared<'a>,
        resource: Element<'a>,
        container: Element<'a>,
    ) -> Self {
        let model: &'a dyn Model = &shared.profiles.model;
        let own = Typed::resource(resource, Some(model));
        let env = Env::new().with_model(model).with_host(shared).with_lenient_as().with_resource(
            own,
            if container.is_same(resource) { own } else { Typed::resource(container, Some(model)) },
        );
        let env = match &shared.options.now {
            Some(now) => env.with_now(*now),
            None => env,
        };
        Self {
            shared,
            profiles: shared.profiles,
            options: shared.options,
            limits: shared.limits,
            resource,
            container,
            env,
            out: Outcome::default(),
            probes: 0,
            leads: false,
            ids: Vec::new(),
            known_invariants: Vec::new(),
            made_before: shared.made.load(Ordering::Relaxed),
            dropped: None,
            error_at: 0,
            anchors: OnceCell::new(),
            locals: OnceCell::new(),
            way: None,
            meter: shared.options.statistics.as_ref().map(|of| Box::new(Meter::new(of))),
        }
    }

    /// Leaves the time to whoever has asked.
    pub(crate) fn leave_unmeasured(&mut self) {
        self.meter = None;
    }

    /// Begins a part whose time is measured, if any is.
    #[inline]
    pub(crate) fn begin(&mut self) -> Option<Mark> {
        self.meter.as_mut().map(|meter| meter.begin())
    }

    /// Ends a part begun with [`Self::begin`].
    #[inline]
    pub(crate) fn end(&mut self, mark: Option<Mark>, of: Measured) {
        if let (Some(mark), Some(meter)) = (mark, &mut self.meter) {
            meter.end(&mark, of);
        }
    }

    /// Ends a part of which others measure what it consists of.
    pub(crate) fn end_elsewhere(&mut self, mark: Option<Mark>) {
        if let (Some(mark), Some(meter)) = (mark, &mut self.meter) {
            meter.end_elsewhere(&mark);
        }
    }

    /// Ends the evaluation of an invariant.
    #[inline]
    pub(crate) fn end_invariant(&mut self, mark: Option<Mark>, id: &Arc<str>) {
        if let (Some(mark), Some(meter)) = (mark, &mut self.meter) {
            meter.end_invariant(&mark, id);
        }
    }

    /// Ends the validation of a resource against a profile.
    pub(crate) fn end_profile(&mut self, mark: Option<Mark>, profile: &Profile) {
        if let (Some(mark), Some(meter)) = (mark, &mut self.meter) {
            meter.end_profile(&mark, &profile.canonical);
        }
    }

    /// Reports a message about an element. The issue is handed back for the few checks whose
    /// severity or location is not the catalogue's.
    ///
    /// Cold, so that what a message is made of lies behind the code that all instances run, which hardly fits the
    /// first cache.
    #[cold]
    #[inline(never)]
    pub(crate) fn report(
        &mut self,
        message: Message,
        at: Node<'a>,
        profile: &Profile,
    ) -> &mut Issue {
        let severity = message.severity();
        self.report_as(message, severity, at, profile)
    }

    /// Reports a message with a severity that is not the catalogue's.
    #[cold]
    #[inline(never)]
    pub(crate) fn report_as(
        &mut self,
        message: Message,
        severity: Severity,
        at: Node<'a>,
        profile: &Profile,
    ) -> &mut Issue {
        let location = self.location(at);
        let issue = self.shared.issue_at(message, severity, at, location, Some(profile));
        self.keep(issue)
    }

    /// The path of a node, for texts about another one.
    pub(crate) fn place_of(&mut self, at: Node<'a>) -> String {
        self.location(at).expression
    }

    /// Where a node is. The way to the resource at hand is found once.
    fn location(&mut self, at: Node<'a>) -> ElementLocation {
        let (model, redact) = (&self.profiles.model, self.options.redact_values);
        let resource = self.resource.node();
        let way = self.way.get_or_insert_with(|| Box::new(Way::to(resource, model, redact)));
        way.onward(resource, at, model).unwrap_or_else(|| locate(at, model, redact))
    }

    /// Keeps an issue, unless there are so many by now that only the first error of each resource
    /// is worth its memory.
    pub(crate) fn keep(&mut self, issue: Issue) -> &mut Issue {
        self.note_dropped();
        let is_full = self.is_full();
        self.out.made += 1;
        let cut = is_full && (!issue.severity.is_error() || self.has_error());
        if cut {
            return self.dropped.insert(issue);
        }
        self.out.issues.push(issue);
        let last = self.out.issues.len() - 1;
        &mut self.out.issues[last]
    }

    fn is_full(&self) -> bool {
        let made = self.made_before.saturating_add(self.out.made);
        made >= self.options.max_issues.saturating_mul(2)
            || self.out.made >= self.options.max_issues_per_resource
    }

    /// Whether what may be meant is looked for among so many names: not where each of all the findings that there may
    /// be would be compared with each name of a large code system. Depends on nothing that threads decide.
    pub(crate) fn may_suggest(&self, among: usize) -> bool {
        /// Names compared for all findings of a document.
        const MAX_COMPARED: usize = 20_000_000;
        // A finding that suggests a code is about an object with a system and a code.
        let findings = self.shared.document.node_count() / 4;
        let findings = findings.min(self.options.max_issues.saturating_mul(2));
        !self.is_full() && findings.saturating_mul(among) <= MAX_COMPARED
    }

    /// Whether an error is kept. Where one was found last is looked at first: nearly always it is still there.
    fn has_error(&mut self) -> bool {
        let issues = &self.out.issues;
        if !issues.get(self.error_at).is_some_and(|issue| issue.severity.is_error()) {
            let Some(at) = issues.iter().position(|issue| issue.severity.is_error()) else {
                return false;
            };
            self.error_at = at;
        }
        true
    }

    /// Notes whether what was left out last is an error: its severity may have been changed after
    /// it was made.
    pub(crate) fn note_dropped(&mut self) {
        if let Some(dropped) = self.dropped.take() {
            self.out.is_cut |= dropped.severity.is_error();
        }
    }

    /// Remembers that a reference must lead to something that fits.
    pub(crate) fn pending(&mut self, target: PendingTarget<'a>) {
        self.out.pending.push(target);
    }

    /// Whether this is the document's own resource, and issues are reported.
    pub(crate) fn is_document(&self) -> bool {
        self.probes == 0 && self.resource.is_same(self.shared.document.root_element())
    }

    /// The contained resources of the container, by id.
    pub(crate) fn locals(&self) -> &Locals {
        self.locals.get_or_init(|| self.shared.locals_of(self.container))
    }

    /// The ids of all elements of the container, of data and of narratives.
    pub(crate) fn anchors(&self) -> &Anchors {
        self.anchors.get_or_init(|| {
            let container = self.container;
            self.shared.anchors.get(container.node(), || {
                container.value().map(narrative::anchors).unwrap_or_default()
            })
        })
    }

    /// Type of an element by its property name (`valueQuantity`).
    pub(crate) fn type_by_property(&self, item: Element<'a>) -> String {
        let model = &self.profiles.model;
        trail(item.node(), model)
            .last()
            .map(|waypoint| model.type_name(waypoint.ty).to_owned())
            .unwrap_or_default()
    }
}
