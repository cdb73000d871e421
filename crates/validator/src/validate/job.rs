//! One validation: resources are judged one by one from a list of units, so
//! that neither nesting nor chains of references lead to recursion.

mod edges;
mod reading;

use std::borrow::Cow;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;

use lmr_fhir::{Document, Element, Kind, Name, Node};
use smallvec::SmallVec;

use crate::check::suggest;
use crate::compile::arena::OwnMap;
use crate::compile::{Profile, ProfileId};
use crate::issue::Issue;
use crate::messages::Message;
use crate::messages::field::Defined;
use crate::options::{ContainedPolicy, Options};
use crate::validate::cores::spread;
use crate::validate::settle::settle;
use crate::validate::walk::Walker;
use crate::validate::{Shared, Validator, kind_name};

static RESOURCE_TYPE: LazyLock<Name> = LazyLock::new(|| Name::new("resourceType"));
static META: LazyLock<Name> = LazyLock::new(|| Name::new("meta"));
static PROFILE: LazyLock<Name> = LazyLock::new(|| Name::new("profile"));

/// Profiles of one resource: seldom more than two.
pub(crate) type ProfileIds = SmallVec<[ProfileId; 2]>;

/// A resource met in the document and the profiles it must meet besides its
/// own `meta.profile`.
#[derive(Clone, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) element: Element<'a>,
    pub(crate) role: Role,
    /// The resource around it, for `%rootResource`; itself unless contained.
    pub(crate) around: Element<'a>,
    pub(crate) profiles: ProfileIds,
}

/// Where a resource stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Root,
    Contained,
    Entry,
    Parameter,
}

/// A reference that must lead to a resource meeting one of some profiles.
#[derive(Clone, Debug)]
pub(crate) struct Edge<'a> {
    pub(crate) at: Element<'a>,
    pub(crate) target: Element<'a>,
    pub(crate) around: Element<'a>,
    pub(crate) profiles: SmallVec<[ProfileId; 2]>,
    /// The profile that asks for it.
    pub(crate) by: &'a Profile,
}

impl Edge<'_> {
    /// The reference as written.
    pub(crate) fn reference(&self) -> String {
        let text = self.at.value().and_then(|n| n.member("reference")).and_then(Node::text);
        text.unwrap_or_default().into_owned()
    }
}

/// What judging one resource against one profile gave.
#[derive(Debug, Default)]
pub(crate) struct Outcome<'a> {
    pub(crate) issues: Vec<Issue>,
    pub(crate) edges: Vec<Edge<'a>>,
    pub(crate) found: Vec<Found<'a>>,
    /// Whether a fault was left out to bound memory.
    pub(crate) is_cut: bool,
    /// Issues made, left out ones included.
    pub(crate) made: usize,
}

/// Issues after which nothing is suggested that takes a look at all definitions.
const SUGGESTED: usize = 100;

impl<'a> Outcome<'a> {
    /// Takes up what judging another part of the same resource gave.
    pub(crate) fn add(&mut self, part: Self) {
        self.issues.extend(part.issues);
        self.edges.extend(part.edges);
        self.found.extend(part.found);
        self.is_cut |= part.is_cut;
        self.made += part.made;
    }
}

/// Units judged side by side before the issues made are counted.
const BATCH: usize = 1024;
/// Units that a thread takes at a time.
const HELPING: usize = 32;

struct Unit<'a> {
    element: Element<'a>,
    around: Element<'a>,
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
    units: SmallVec<[usize; 2]>,
}

struct Plan<'a> {
    shared: &'a Shared<'a>,
    units: Vec<Unit<'a>>,
    by_key: OwnMap<(u32, ProfileId), usize>,
    resources: Vec<Resource<'a>>,
    by_node: OwnMap<u32, usize>,
    issues: Vec<Issue>,
}

/// Judges a document.
pub(crate) fn run(validator: &Validator, document: &Document<'_>, options: &Options) -> Vec<Issue> {
    let root = document.root_element();
    let shared = Shared::new(validator, document, options);
    let mut plan = Plan {
        shared: &shared,
        units: Vec::new(),
        by_key: OwnMap::default(),
        resources: Vec::new(),
        by_node: OwnMap::default(),
        issues: Vec::new(),
    };
    plan.syntax_issues();
    let explicit = plan.explicit();
    plan.resource(Found { element: root, role: Role::Root, around: root, profiles: explicit });
    plan.work();
    plan.finish()
}

impl<'a> Plan<'a> {
    /// Profiles the caller asks of the root resource.
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
        match self.shared.validator.profile(canonical) {
            Ok(Some(id)) => out.push(id),
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
                    reason: (&reason).into(),
                };
                self.issues.push(self.shared.issue(message, at, None));
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
                let unit = self.unit(known, id);
                self.resources[known].units.push(unit);
            }
            return;
        }
        let Some(type_name) = self.type_of(&found) else { return };
        let Some(base) = self.shared.validator.type_profile(&type_name) else {
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
        self.more_profiles(&found, &type_name, &mut wanted);
        let index = self.resources.len();
        self.by_node.insert(node.index(), index);
        let element = found.element;
        self.resources.push(Resource { found, base, base_planned: false, units: SmallVec::new() });
        let mut profiles = self.fitting(element, wanted);
        profiles.retain(|id| *id != base);
        if profiles.is_empty() {
            profiles.push(base);
            self.resources[index].base_planned = true;
        }
        for id in profiles {
            let unit = self.unit(index, id);
            self.resources[index].units.push(unit);
        }
        if let Some(&first) = self.resources[index].units.first() {
            self.units[first].leads = true;
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
        if self.shared.validator.definitions().is_resource_type(&name) {
            return Some(name);
        }
        let near = (self.issues.len() < SUGGESTED)
            .then(|| {
                let known = self.shared.validator.definitions().structures();
                let types = known.filter(|s| s.is_resource && !s.is_profile).map(|s| s.type_name);
                suggest::nearest(&name, types).map(str::to_owned)
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
        if options.follow_meta_profile
            && let Some(list) = node.get(&META).and_then(|m| m.get(&PROFILE))
        {
            for item in list.members() {
                if let Some(canonical) = item.as_str() {
                    self.look_up(&canonical, item, false, wanted);
                }
            }
        }
        for canonical in options.global_profiles.get(type_name).into_iter().flatten() {
            self.look_up(canonical, node, false, wanted);
        }
        if found.role == Role::Entry
            && !(options.entry_profiles.is_empty() && options.type_profiles.is_empty())
        {
            let index = self.shared.links.as_ref().and_then(|l| l.entry_of(node));
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
            let Some(profile) = self.shared.validator.get(id) else { continue };
            if out.contains(&id) {
                continue;
            }
            let of = &*profile.definition.type_name;
            let type_name = element.resource_type().unwrap_or_default();
            if of == type_name || of == "Resource" || of == "DomainResource" {
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

    /// The unit of a resource and a profile, made when it is new.
    fn unit(&mut self, resource: usize, profile: ProfileId) -> usize {
        let found = &self.resources[resource].found;
        let (element, around, role) = (found.element, found.around, found.role);
        let at = self.unit_of(element, around, role, profile);
        self.units[at].reported = true;
        at
    }

    fn unit_of(
        &mut self,
        element: Element<'a>,
        around: Element<'a>,
        role: Role,
        profile: ProfileId,
    ) -> usize {
        let key = (element.node().index(), profile);
        if let Some(&known) = self.by_key.get(&key) {
            return known;
        }
        let at = self.units.len();
        self.units.push(Unit {
            element,
            around,
            role,
            profile,
            reported: false,
            leads: false,
            outcome: None,
        });
        self.by_key.insert(key, at);
        at
    }

    /// Judges units until no new ones turn up.
    fn work(&mut self) {
        let mut from = 0;
        loop {
            while from < self.units.len() {
                let to = self.units.len();
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
        let mut from = from;
        while from < to {
            let until = to.min(from + BATCH);
            self.batch(from, until);
            let outcomes = self.units[from..until].iter().filter_map(|u| u.outcome.as_ref());
            self.shared.made.fetch_add(outcomes.map(|o| o.made).sum(), Ordering::Relaxed);
            from = until;
        }
    }

    fn batch(&mut self, from: usize, to: usize) {
        let shared = self.shared;
        spread(shared.options, &mut self.units[from..to], HELPING, |units| {
            for unit in units {
                unit.outcome = Some(judge(shared, unit));
            }
        });
    }

    /// Makes units of what a unit turned up.
    fn take_up(&mut self, at: usize) {
        let Some(outcome) = self.units[at].outcome.as_mut() else { return };
        let found = std::mem::take(&mut outcome.found);
        let edges = std::mem::take(&mut outcome.edges);
        // Of a long bundle all entries turn up at once.
        self.resources.reserve(found.len());
        self.by_node.reserve(found.len());
        self.by_key.reserve(found.len());
        self.units.reserve(found.len());
        for found in found {
            self.resource(found);
        }
        for edge in &edges {
            for profile in &edge.profiles {
                self.unit_of(edge.target, edge.around, Role::Entry, *profile);
            }
        }
        if let Some(outcome) = self.units[at].outcome.as_mut() {
            outcome.edges = edges;
        }
    }

    /// Where a profile found fault, the base definition is judged too, so that
    /// its own findings are told as the reference validator tells them.
    fn plan_bases(&mut self) -> bool {
        let mut any = false;
        for index in 0..self.resources.len() {
            let resource = &self.resources[index];
            if resource.base_planned {
                continue;
            }
            let faulty = resource.units.iter().any(|&u| {
                self.units[u]
                    .outcome
                    .as_ref()
                    .is_some_and(|o| o.issues.iter().any(|i| i.severity.is_error()))
            });
            if faulty {
                let base = resource.base;
                self.resources[index].base_planned = true;
                let unit = self.unit(index, base);
                self.resources[index].units.push(unit);
                any = true;
            }
        }
        any
    }

    /// Judges the references, then gathers.
    fn finish(mut self) -> Vec<Issue> {
        let failed = self.failed();
        let mut out = std::mem::take(&mut self.issues);
        // One allocation for all: an issue is large.
        let outcomes = self.units.iter().filter(|u| u.reported).filter_map(|u| u.outcome.as_ref());
        out.reserve_exact(outcomes.map(|o| o.issues.len()).sum());
        for at in 0..self.units.len() {
            if !self.units[at].reported {
                continue;
            }
            for edge in self.units[at].outcome.as_ref().map_or(&[][..], |o| &o.edges) {
                if let Some(issue) = self.edge_issue(edge, &failed) {
                    let told = issue.severity.is_error();
                    out.push(issue);
                    if told && self.shared.options.hints {
                        self.details(edge, &mut out);
                    }
                }
            }
        }
        for unit in self.units {
            if unit.reported
                && let Some(outcome) = unit.outcome
            {
                // A resource of which something was left out is never let through.
                if outcome.is_cut && !outcome.issues.iter().any(|i| i.severity.is_error()) {
                    out.push(self.shared.issue(
                        Message::TooManyIssues { limit: self.shared.options.max_issues },
                        unit.element.node(),
                        None,
                    ));
                }
                out.extend(outcome.issues);
            }
        }
        settle(out, self.shared.options)
    }
}

fn judge<'a>(shared: &'a Shared<'a>, unit: &Unit<'a>) -> Outcome<'a> {
    Walker::judge(shared, unit.element, unit.around, unit.role, unit.profile, unit.leads)
}
