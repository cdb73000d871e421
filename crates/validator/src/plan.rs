//! One validation: resources are validated one by one from a list of tasks, so
//! that neither nesting nor chains of references lead to recursion.

mod pending;
mod reading;
mod report;
mod unreadable;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;

use lmr_fhir::{Document, Element, Kind, Name, Node, nearest};
use smallvec::SmallVec;

use crate::check::outcome::{Found, Outcome, ProfileIds, Role};
use crate::check::shared::{Shared, kind_name};
use crate::compile::arena::OwnMap;
use crate::compile::{Imposed, ProfileId, Profiles};
use crate::cores::spread;
use crate::issue::Issue;
use crate::messages::Message;
use crate::messages::field::Defined;
use crate::options::{ContainedPolicy, Options};
use crate::statistics::Measured;
use crate::walk::Walker;

use report::finished;
pub(crate) use unreadable::unreadable;

static RESOURCE_TYPE: LazyLock<Name> = LazyLock::new(|| Name::new("resourceType"));
static META: LazyLock<Name> = LazyLock::new(|| Name::new("meta"));
static PROFILE: LazyLock<Name> = LazyLock::new(|| Name::new("profile"));

/// Issues after which nothing is suggested that takes a look at all definitions.
const SUGGESTED: usize = 100;

/// Tasks validated side by side before the issues made are counted.
const BATCH: usize = 1024;
const MIN_BATCH: usize = 64;
/// Tasks that a thread takes at a time.
const HELPING: usize = 32;

struct Task<'a> {
    element: Element<'a>,
    container: Element<'a>,
    role: Role,
    profile: ProfileId,
    /// Whether its issues are the document's, or only reasons for something else.
    reported: bool,
    /// Whether the checks that need no profile are done with it.
    leads: bool,
    outcome: Option<Outcome<'a>>,
}

struct Resource<'a> {
    found: Found<'a>,
    base: ProfileId,
    base_planned: bool,
    tasks: SmallVec<[usize; 2]>,
}

struct Plan<'a> {
    shared: &'a Shared<'a>,
    tasks: Vec<Task<'a>>,
    by_key: OwnMap<(u32, ProfileId), usize>,
    resources: Vec<Resource<'a>>,
    by_node: OwnMap<u32, usize>,
    issues: Vec<Issue>,
}

/// Validates a document.
pub(crate) fn run(profiles: &Profiles, document: &Document<'_>, options: &Options) -> Vec<Issue> {
    let root = document.root_element();
    let shared = measured(options, || Shared::new(profiles, document, options, run));
    let mut plan = Plan {
        shared: &shared,
        tasks: Vec::new(),
        by_key: OwnMap::default(),
        resources: Vec::new(),
        by_node: OwnMap::default(),
        issues: Vec::new(),
    };
    plan.syntax_issues();
    let explicit = plan.explicit();
    let (role, profiles) = (Role::Root, explicit);
    plan.resource(Found { element: root, role, container: root, profiles, own: None });
    plan.work();
    measured(options, || plan.finish())
}

/// Runs a part of a validation that is about no single resource.
fn measured<T>(options: &Options, run: impl FnOnce() -> T) -> T {
    match &options.statistics {
        None => run(),
        Some(statistics) => statistics.measured(Measured::Plan, run),
    }
}

impl<'a> Plan<'a> {
    /// Profiles the caller demands of the root resource.
    fn explicit(&mut self) -> ProfileIds {
        let mut out = ProfileIds::new();
        for canonical in &self.shared.options.profiles {
            let root = self.shared.document.root();
            self.look_up(canonical, root, true, &mut out);
        }
        out
    }

    /// Adds the profile of a canonical to `out`, or reports why it cannot be used. A profile that is
    /// unknown is an error where the caller asks for it, and a matter of policy where the instance
    /// or an implementation guide does.
    fn look_up(&mut self, canonical: &str, at: Node<'_>, required: bool, out: &mut ProfileIds) {
        match self.shared.profiles.profile(canonical) {
            Ok(Some(id)) => {
                out.push(id);
                self.imposed(id, at, out);
            }
            Ok(None) if required => {
                let message = Message::ProfileUnknownHard { profile: canonical.into() };
                self.issues.push(self.shared.issue(message, at, None));
            }
            Ok(None) => {
                let message = Message::ProfileUnknown { profile: canonical.into() };
                let mut issue = self.shared.issue(message, at, None);
                issue.severity = self.shared.options.unknown_profile;
                self.issues.push(issue);
            }
            Err(reason) => {
                let message = Message::ProfileNoSnapshot {
                    profile: canonical.into(),
                    reason: reason.bilingual().into(),
                };
                self.issues.push(self.shared.issue(message, at, None));
            }
        }
    }

    /// Adds the profiles that a profile imposes.
    /// Rule: <http://hl7.org/fhir/StructureDefinition/structuredefinition-imposeProfile>.
    fn imposed(&mut self, id: ProfileId, at: Node<'_>, out: &mut ProfileIds) {
        let profiles = self.shared.profiles;
        for Imposed { canonical, by } in profiles.imposed(id) {
            match profiles.profile(canonical) {
                Ok(Some(imposed)) => out.push(imposed),
                Ok(None) => {
                    let message = Message::ProfileImposedUnknown {
                        profile: by.into(),
                        imposed: canonical.into(),
                    };
                    self.issues.push(self.shared.issue(message, at, None));
                }
                Err(reason) => {
                    let (profile, reason) = (canonical.into(), reason.bilingual().into());
                    let message = Message::ProfileNoSnapshot { profile, reason };
                    self.issues.push(self.shared.issue(message, at, None));
                }
            }
        }
    }

    /// Takes up a resource, or more profiles for one already met.
    fn resource(&mut self, mut found: Found<'a>) {
        let node = found.element.node();
        if let Some(&known) = self.by_node.get(&node.index()) {
            let profiles = self.fitting(found.element, found.profiles);
            self.resources[known].found.profiles.extend(profiles.iter().copied());
            for id in profiles {
                let task = self.task(known, id);
                self.resources[known].tasks.push(task);
            }
            return;
        }
        let Some(type_name) = self.type_of(&found) else { return };
        let Some(base) = self.shared.profiles.type_profile(&type_name) else {
            self.issues.push(self.shared.issue(
                Message::ProfileNoDefinition { type_name: type_name.into_owned().into() },
                node,
                None,
            ));
            return;
        };
        if found.role == Role::Contained && self.shared.options.contained == ContainedPolicy::Ignore
        {
            return;
        }
        let mut wanted = std::mem::take(&mut found.profiles);
        for id in wanted.clone() {
            self.imposed(id, node, &mut wanted);
        }
        self.more_profiles(&found, &type_name, &mut wanted);
        let index = self.resources.len();
        self.by_node.insert(node.index(), index);
        let element = found.element;
        self.resources.push(Resource { found, base, base_planned: false, tasks: SmallVec::new() });
        let mut profiles = self.fitting(element, wanted);
        profiles.retain(|id| *id != base);
        // Profiles of all resources say nothing of this one's own elements.
        let is_of_all = |id: &ProfileId| {
            let of = self.shared.profiles.get(*id).map(|p| &*p.definition.type_name);
            matches!(of, Some("Resource" | "DomainResource"))
        };
        if profiles.iter().all(is_of_all) {
            profiles.push(base);
            self.resources[index].base_planned = true;
        }
        for id in profiles {
            let task = self.task(index, id);
            self.resources[index].tasks.push(task);
        }
        if let Some(&first) = self.resources[index].tasks.first() {
            self.tasks[first].leads = true;
        }
    }

    /// The resource's type, reported when it has none that is known.
    fn type_of(&mut self, found: &Found<'a>) -> Option<Cow<'a, str>> {
        let node = found.element.node();
        let inside = found.role != Role::Root;
        if node.kind() != Kind::Object {
            let name = Defined::from(found.element.name().unwrap_or("resource"));
            self.issues.push(self.shared.issue(
                Message::MustBe {
                    expected: kind_name(Kind::Object),
                    found: kind_name(node.kind()),
                    property: name,
                },
                node,
                None,
            ));
            return None;
        }
        let Some(member) = node.get(&RESOURCE_TYPE) else {
            self.issues.push(self.shared.issue(Message::NoResourceType, node, None));
            return None;
        };
        let Some(name) = member.as_str() else {
            self.issues.push(self.shared.issue(
                Message::ResourceTypeWrong { found: kind_name(member.kind()) },
                node,
                None,
            ));
            return None;
        };
        if self.shared.profiles.definitions().is_resource_type(&name) {
            return Some(name);
        }
        let near = (self.issues.len() < SUGGESTED)
            .then(|| {
                let known = self.shared.profiles.definitions().structures();
                let types = known.filter(|s| s.is_resource && !s.is_profile).map(|s| s.type_name);
                nearest(&name, types).map(str::to_owned)
            })
            .flatten();
        let (type_name, hint) = (name.into(), near.as_deref().into());
        let message = if inside {
            Message::ResourceTypeUnknownInside { type_name, hint }
        } else {
            Message::ResourceTypeUnknown { type_name, hint }
        };
        self.issues.push(self.shared.issue(message, node, None));
        None
    }

    /// `meta.profile` and the caller's wishes for entries.
    fn more_profiles(&mut self, found: &Found<'a>, type_name: &str, wanted: &mut ProfileIds) {
        let options = self.shared.options;
        let node = found.element.node();
        if found.role == Role::Contained && options.contained == ContainedPolicy::BaseOnly {
            return;
        }
        if let Some(own) = &found.own {
            wanted.extend(own.iter().copied());
        } else if options.follow_meta_profile
            && let Some(list) = node.get(&META).and_then(|m| m.get(&PROFILE))
        {
            for item in list.members() {
                if let Some(canonical) = item.as_str() {
                    self.look_up(&canonical, item, false, wanted);
                }
            }
        }
        if let Some(used) = &options.used {
            used.type_name(type_name);
        }
        for canonical in options.global_profiles.get(type_name).into_iter().flatten() {
            self.look_up(canonical, node, false, wanted);
        }
        if found.role == Role::Entry
            && !(options.entry_profiles.is_empty() && options.type_profiles.is_empty())
        {
            let index = self.shared.links.as_ref().and_then(|l| l.entry_of(node));
            if let (Some(used), Some(index)) = (&options.used, index) {
                used.entry(index);
            }
            let by_index = index.and_then(|i| options.entry_profiles.get(&i));
            let by_type = options.type_profiles.get(type_name);
            for canonical in by_index.into_iter().chain(by_type).flatten() {
                self.look_up(canonical, node, true, wanted);
            }
        }
    }

    /// Drops profiles of other types, saying so.
    fn fitting(&mut self, element: Element<'a>, profiles: ProfileIds) -> ProfileIds {
        let mut out = ProfileIds::new();
        for id in profiles {
            let Some(profile) = self.shared.profiles.get(id) else { continue };
            if out.contains(&id) {
                continue;
            }
            let of = &*profile.definition.type_name;
            let type_name = element.resource_type().unwrap_or_default();
            if of == type_name || lmr_fhir::is_abstract_resource(of) {
                out.push(id);
            } else {
                let issue = self.shared.issue(
                    Message::ProfileWrongType {
                        expected: of.to_owned().into(),
                        found: type_name.into_owned().into(),
                        profile: (&profile.canonical).into(),
                    },
                    element.node(),
                    Some(profile),
                );
                self.issues.push(issue);
            }
        }
        out
    }

    /// The task of a resource and a profile, made when it is new.
    fn task(&mut self, resource: usize, profile: ProfileId) -> usize {
        let found = &self.resources[resource].found;
        let (element, container, role) = (found.element, found.container, found.role);
        let at = self.task_of(element, container, role, profile);
        self.tasks[at].reported = true;
        at
    }

    fn task_of(
        &mut self,
        element: Element<'a>,
        container: Element<'a>,
        role: Role,
        profile: ProfileId,
    ) -> usize {
        let key = (element.node().index(), profile);
        if let Some(&known) = self.by_key.get(&key) {
            return known;
        }
        let at = self.tasks.len();
        self.tasks.push(Task {
            element,
            container,
            role,
            profile,
            reported: false,
            leads: false,
            outcome: None,
        });
        self.by_key.insert(key, at);
        at
    }

    /// Validates tasks until no new ones turn up.
    fn work(&mut self) {
        let mut from = 0;
        loop {
            while from < self.tasks.len() {
                let to = self.tasks.len();
                self.round(from, to);
                for at in from..to {
                    self.take_up(at);
                }
                from = to;
            }
            if !self.plan_bases() {
                return;
            }
        }
    }

    fn round(&mut self, from: usize, to: usize) {
        let options = self.shared.options;
        // As few side by side as their issues are worth: what a batch keeps is not bounded by the others.
        let batch = (options.max_issues / options.max_issues_per_resource).clamp(MIN_BATCH, BATCH);
        let batch = if options.max_issues_per_resource == usize::MAX { BATCH } else { batch };
        let mut from = from;
        while from < to {
            let until = to.min(from + batch);
            self.batch(from, until);
            let outcomes = self.tasks[from..until].iter().filter_map(|u| u.outcome.as_ref());
            self.shared.made.fetch_add(outcomes.map(|o| o.made).sum(), Ordering::Relaxed);
            from = until;
        }
    }

    fn batch(&mut self, from: usize, to: usize) {
        let shared = self.shared;
        spread(shared.options, &mut self.tasks[from..to], HELPING, |tasks| {
            for task in tasks {
                if shared.options.is_stopped() {
                    return;
                }
                task.outcome = Some(validate(shared, task));
            }
        });
    }

    /// Makes tasks of what a task turned up.
    fn take_up(&mut self, at: usize) {
        let Some(outcome) = self.tasks[at].outcome.as_mut() else { return };
        let found = std::mem::take(&mut outcome.found);
        let pending = std::mem::take(&mut outcome.pending);
        // Of a long bundle all entries turn up at once.
        self.resources.reserve(found.len());
        self.by_node.reserve(found.len());
        self.by_key.reserve(found.len());
        self.tasks.reserve(found.len());
        for found in found {
            self.resource(found);
        }
        for target in &pending {
            for profile in &target.profiles {
                self.task_of(target.target, target.container, Role::Entry, *profile);
            }
        }
        if let Some(outcome) = self.tasks[at].outcome.as_mut() {
            outcome.pending = pending;
        }
    }

    /// Where a profile found fault, the base definition is validated too, so that
    /// its own issues are reported as the reference validator reports them.
    fn plan_bases(&mut self) -> bool {
        let mut any = false;
        for index in 0..self.resources.len() {
            let resource = &self.resources[index];
            if resource.base_planned {
                continue;
            }
            let faulty = resource.tasks.iter().any(|&u| {
                self.tasks[u]
                    .outcome
                    .as_ref()
                    .is_some_and(|o| o.issues.iter().any(|i| i.severity.is_error()))
            });
            if faulty {
                let base = resource.base;
                self.resources[index].base_planned = true;
                let task = self.task(index, base);
                self.resources[index].tasks.push(task);
                any = true;
            }
        }
        any
    }

    /// Decides the pending targets, then gathers the issues.
    fn finish(mut self) -> Vec<Issue> {
        let failed = self.failed();
        let mut out = std::mem::take(&mut self.issues);
        // One allocation for all: an issue is large.
        let outcomes = self.tasks.iter().filter(|u| u.reported).filter_map(|u| u.outcome.as_ref());
        out.reserve_exact(outcomes.map(|o| o.issues.len()).sum());
        let is_stopped = self.shared.options.is_stopped();
        if is_stopped {
            out.push(self.shared.issue(Message::Stopped, self.shared.document.root(), None));
        }
        for at in 0..self.tasks.len() {
            // Of what was not looked at it cannot be said whether it fits.
            if is_stopped || !self.tasks[at].reported {
                continue;
            }
            for target in self.tasks[at].outcome.as_ref().map_or(&[][..], |o| &o.pending) {
                if let Some(issue) = self.pending_issue(target, &failed) {
                    let is_error = issue.severity.is_error();
                    out.push(issue);
                    if is_error && self.shared.options.hints {
                        self.details(target, &mut out);
                    }
                }
            }
        }
        let mut required = HashSet::new();
        for task in self.tasks {
            if task.reported
                && let Some(outcome) = task.outcome
            {
                // A resource of which something was left out is never let through.
                if outcome.is_cut && !outcome.issues.iter().any(|i| i.severity.is_error()) {
                    out.push(self.shared.issue(
                        Message::TooManyIssues { limit: self.shared.options.max_issues },
                        task.element.node(),
                        None,
                    ));
                }
                out.extend(outcome.issues);
                required.extend(outcome.required);
            }
        }
        finished(out, &required, self.shared.options)
    }
}

fn validate<'a>(shared: &'a Shared<'a>, task: &Task<'a>) -> Outcome<'a> {
    let mut outcome =
        Walker::validate(shared, task.element, task.container, task.role, task.profile, task.leads);
    // A first issue takes the room of four, and an outcome is kept until all tasks are done.
    outcome.issues.shrink_to_fit();
    outcome
}
