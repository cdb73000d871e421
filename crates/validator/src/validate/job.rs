//! One validation: resources are judged one by one from a list of units, so
//! that neither nesting nor chains of references lead to recursion.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use lmr_fhir::{Document, Element, Kind, Name, Node, ProblemKind};
use smallvec::SmallVec;

use crate::compile::arena::OwnMap;
use crate::compile::{Profile, ProfileId};
use crate::issue::{Arg, Issue, MessageId, Severity};
use crate::messages::Message;
use crate::options::{ContainedPolicy, Options};
use crate::rules::links::{self, Links};
use crate::rules::suggest;
use crate::validate::cores::spread;
use crate::validate::walk::Walker;
use crate::validate::{Validator, parse, place};

static RESOURCE_TYPE: LazyLock<Name> = LazyLock::new(|| Name::new("resourceType"));
static META: LazyLock<Name> = LazyLock::new(|| Name::new("meta"));
static CONTAINED: LazyLock<Name> = LazyLock::new(|| Name::new("contained"));
static ID: LazyLock<Name> = LazyLock::new(|| Name::new("id"));
static PROFILE: LazyLock<Name> = LazyLock::new(|| Name::new("profile"));

/// What all walkers of one validation share.
pub(crate) struct Shared<'a> {
    pub(crate) validator: &'a Validator,
    pub(crate) document: &'a Document<'a>,
    pub(crate) options: &'a Options,
    /// References inside the bundle, where the document is one.
    pub(crate) links: Option<Links<'a>>,
    /// The resources of the document's parameters, by `Type/id` and by address.
    pub(crate) parameters: HashMap<Box<str>, u32>,
    /// What stands in resources that others ask about, by the resource's node: contained ones
    /// share what is around them.
    pub(crate) anchors: Shelf<Anchors>,
    pub(crate) locals: Shelf<Locals>,
    /// Which resources meet which profiles: node, the one around it, profile, depth of asking.
    pub(crate) fitting: Mutex<HashMap<(u32, u32, ProfileId, usize), bool>>,
    /// What `conformsTo()` gave, by node and profile; `None` where it has no answer.
    pub(crate) conforming: Mutex<HashMap<(u32, ProfileId), Option<bool>>>,
    /// How many issues were made before the batch of units that is judged now: so what is kept does
    /// not depend on which thread is quicker.
    pub(crate) made: AtomicUsize,
}

/// Ids of elements, of data and of narratives, and how often each stands.
pub(crate) type Anchors = HashMap<Box<str>, usize>;
/// Nodes of contained resources by id.
pub(crate) type Locals = HashMap<Box<str>, u32>;

/// Things made once for a node.
pub(crate) struct Shelf<T>(Mutex<HashMap<u32, Arc<T>>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Shelf<T> {
    pub(crate) fn get(&self, node: Node<'_>, make: impl FnOnce() -> T) -> Arc<T> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(&node.index()) {
            return Arc::clone(found);
        }
        let made = Arc::new(make());
        Arc::clone(known().entry(node.index()).or_insert(made))
    }
}

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
    let links = Links::of(root);
    let shared = Shared {
        validator,
        document,
        options,
        links,
        parameters: links::parameters(root),
        anchors: Shelf::default(),
        locals: Shelf::default(),
        fitting: Mutex::default(),
        conforming: Mutex::default(),
        made: AtomicUsize::new(0),
    };
    let mut plan = Plan {
        shared: &shared,
        units: Vec::new(),
        by_key: OwnMap::default(),
        resources: Vec::new(),
        by_node: OwnMap::default(),
        issues: Vec::new(),
    };
    plan.problems();
    let explicit = plan.explicit();
    plan.resource(Found { element: root, role: Role::Root, around: root, profiles: explicit });
    plan.work();
    plan.finish()
}

impl<'a> Shared<'a> {
    /// The resource among the document's parameters that a reference leads to.
    pub(crate) fn parameter(&self, reference: &str) -> Option<Element<'a>> {
        let node = *self.parameters.get(reference)?;
        self.document.node(node).map(Element::of)
    }

    /// The resources contained in one, by id; of two with one id the first.
    pub(crate) fn locals_of(&self, resource: Element<'a>) -> Arc<Locals> {
        self.locals.get(resource.node(), || {
            let mut known = Locals::new();
            for one in resource.children_named(&CONTAINED) {
                if let Some(id) = one.child(&ID).and_then(Element::text) {
                    known.entry(Box::from(&*id)).or_insert(one.node().index());
                }
            }
            known
        })
    }

    pub(crate) fn issue(
        &self,
        message: Message,
        at: Node<'_>,
        args: Vec<Arg>,
        profile: Option<&Profile>,
    ) -> Issue {
        let severity = message.severity();
        let id = MessageId::Catalogue(message);
        let mut issue = self.make(id, severity, message.code(), at, args, profile);
        if message.is_of_reading() {
            for expression in [&mut issue.expression, &mut issue.local_expression] {
                place::name_by_definition(expression);
                if message.is_of_list() {
                    place::leave_item(expression);
                }
            }
        }
        issue
    }

    pub(crate) fn make(
        &self,
        id: MessageId,
        severity: Severity,
        code: crate::issue::IssueCode,
        at: Node<'_>,
        args: Vec<Arg>,
        profile: Option<&Profile>,
    ) -> Issue {
        let redact = self.options.redact_values;
        let place = place::place(at, &self.validator.model, redact);
        let span = at.span();
        let (start, end) = (self.document.position(span.start), self.document.position(span.end));
        Issue {
            severity,
            code,
            id,
            args: if redact { args.into_iter().map(Arg::redacted).collect() } else { args },
            expression: place.expression,
            local_expression: place.local,
            entry: place.entry,
            line: start.line,
            column: end.column,
            span,
            profile: profile.map(|p| Arc::clone(&p.canonical)),
            inner: Vec::new(),
        }
    }
}

impl<'a> Plan<'a> {
    /// What lenient reading noted.
    fn problems(&mut self) {
        for (count, problem) in self.shared.document.problems().iter().enumerate() {
            if count > self.shared.options.max_issues {
                break;
            }
            if problem.kind == ProblemKind::Comment && self.shared.options.allow_comments {
                continue;
            }
            let Some(mut at) = self.shared.document.node(problem.node) else { continue };
            let message = parse::message(problem);
            let mut args = Vec::new();
            match problem.kind {
                ProblemKind::DuplicateKey => {
                    args.push(Arg::Name(at.key().unwrap_or_default().into_owned()));
                    at = at.parent().unwrap_or(at);
                }
                ProblemKind::BareName => {
                    args.push(Arg::Name(name_at(self.shared.document, problem.offset)));
                    at = if at.kind() == Kind::Object { at } else { at.parent().unwrap_or(at) };
                }
                ProblemKind::BareValue => {
                    args.push(Arg::Name(at.key().unwrap_or("item".into()).into_owned()));
                    // The reference names the object for members, the item for array items.
                    if at.parent().is_some_and(|p| p.kind() == Kind::Object) {
                        at = at.parent().unwrap_or(at);
                    }
                }
                ProblemKind::TrailingComma => {
                    args.push(match at.kind() {
                        Kind::Array => Arg::Said { en: "Array", nb: "listen" },
                        _ => Arg::Said { en: "Object", nb: "objektet" },
                    });
                }
                ProblemKind::LoneSurrogate => args.push(Arg::Said {
                    en: "half of a pair of \\u escapes (lone surrogate)",
                    nb: "et halvt par av \\u-koder (enslig surrogat)",
                }),
                ProblemKind::ControlCharacter => {
                    args.push(Arg::Said { en: "control character in a string", nb: "styretegn i en tekst" });
                }
                _ => {}
            }
            let mut issue = self.shared.issue(message, at, args, None);
            let here = self.shared.document.position(problem.offset as usize);
            (issue.line, issue.column) = (here.line, here.column);
            self.issues.push(issue);
        }
    }

    /// Profiles the caller asks of the root resource.
    fn explicit(&mut self) -> ProfileIds {
        let mut out = ProfileIds::new();
        for canonical in &self.shared.options.profiles {
            let root = self.shared.document.root();
            self.look_up(canonical, root, Message::ProfileUnknownHard, &mut out);
        }
        out
    }

    fn look_up(&mut self, canonical: &str, at: Node<'_>, unknown: Message, out: &mut ProfileIds) {
        match self.shared.validator.profile(canonical) {
            Ok(Some(id)) => out.push(id),
            Ok(None) => {
                let mut issue = self.shared.issue(unknown, at, vec![Arg::Url(canonical.to_owned())], None);
                if unknown == Message::ProfileUnknown {
                    issue.severity = self.shared.options.unknown_profile;
                }
                self.issues.push(issue);
            }
            Err(reason) => {
                let args = vec![Arg::Url(canonical.to_owned()), Arg::Text(reason.to_string())];
                self.issues.push(self.shared.issue(Message::ProfileNoSnapshot, at, args, None));
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
            let args = vec![Arg::Name(type_name.into_owned()), Arg::Text(String::new())];
            self.issues.push(self.shared.issue(Message::ProfileNoDefinition, node, args, None));
            return;
        };
        if found.role == Role::Contained && self.shared.options.contained == ContainedPolicy::Ignore {
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
            let name = Arg::Name(found.element.name().unwrap_or("resource").to_owned());
            let args = vec![kind_name(Kind::Object), kind_name(node.kind()), name];
            self.issues.push(self.shared.issue(Message::MustBe, node, args, None));
            return None;
        }
        let Some(member) = node.get(&RESOURCE_TYPE) else {
            self.issues.push(self.shared.issue(Message::NoResourceType, node, Vec::new(), None));
            return None;
        };
        let Some(name) = member.as_str() else {
            let args = vec![kind_name(member.kind())];
            self.issues.push(self.shared.issue(Message::ResourceTypeWrong, node, args, None));
            return None;
        };
        if self.shared.validator.definitions().is_resource_type(&name) {
            return Some(name);
        }
        let message = if inside { Message::ResourceTypeUnknownInside } else { Message::ResourceTypeUnknown };
        let near = (self.issues.len() < SUGGESTED)
            .then(|| {
                let known = self.shared.validator.definitions().structures();
                let types = known.filter(|s| s.is_resource && !s.is_profile).map(|s| s.type_name);
                suggest::nearest(&name, types).map(str::to_owned)
            })
            .flatten();
        let args = vec![Arg::Name(name.into_owned()), suggest::as_arg(near.as_deref())];
        self.issues.push(self.shared.issue(message, node, args, None));
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
                    self.look_up(&canonical, item, Message::ProfileUnknown, wanted);
                }
            }
        }
        for canonical in options.global_profiles.get(type_name).into_iter().flatten() {
            self.look_up(canonical, node, Message::ProfileUnknown, wanted);
        }
        if found.role == Role::Entry
            && !(options.entry_profiles.is_empty() && options.type_profiles.is_empty())
        {
            let index = self.shared.links.as_ref().and_then(|l| l.entry_of(node));
            let by_index = index.and_then(|i| options.entry_profiles.get(&i));
            let by_type = options.type_profiles.get(type_name);
            for canonical in by_index.into_iter().chain(by_type).flatten() {
                self.look_up(canonical, node, Message::ProfileUnknownHard, wanted);
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
                let args = vec![
                    Arg::Name(of.to_owned()),
                    Arg::Name(type_name.into_owned()),
                    Arg::Url(profile.canonical.to_string()),
                ];
                let issue = self.shared.issue(Message::ProfileWrongType, element.node(), args, Some(profile));
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
                self.units[u].outcome.as_ref().is_some_and(|o| o.issues.iter().any(|i| i.severity.is_error()))
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
                    let args = vec![Arg::from(self.shared.options.max_issues)];
                    out.push(self.shared.issue(Message::TooManyIssues, unit.element.node(), args, None));
                }
                out.extend(outcome.issues);
            }
        }
        settle(out, self.shared.options)
    }

    /// Which units fail: by themselves, or because a reference of theirs leads
    /// to nothing that fits. References in a circle hold each other up.
    fn failed(&self) -> Vec<bool> {
        let mut failed: Vec<bool> = self
            .units
            .iter()
            .map(|u| u.outcome.as_ref().is_none_or(|o| o.issues.iter().any(|i| i.severity.is_error())))
            .collect();
        if !failed.contains(&true) {
            return failed;
        }
        // Who must be asked again when a unit fails.
        let mut askers: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut fresh: Vec<usize> = Vec::new();
        for (at, unit) in self.units.iter().enumerate() {
            for edge in unit.outcome.as_ref().map_or(&[][..], |o| &o.edges) {
                let node = edge.target.node().index();
                for target in edge.profiles.iter().filter_map(|p| self.by_key.get(&(node, *p))) {
                    askers.entry(*target).or_default().push(at);
                }
            }
            if failed[at] {
                fresh.push(at);
            }
        }
        while let Some(at) = fresh.pop() {
            for &asker in askers.get(&at).map_or(&[][..], |a| a.as_slice()) {
                if failed[asker] {
                    continue;
                }
                let edges = self.units[asker].outcome.as_ref().map_or(&[][..], |o| &o.edges);
                if edges.iter().any(|e| !self.holds(e, &failed)) {
                    failed[asker] = true;
                    fresh.push(asker);
                }
            }
        }
        failed
    }

    fn holds(&self, edge: &Edge<'a>, failed: &[bool]) -> bool {
        let node = edge.target.node().index();
        edge.profiles.iter().any(|p| self.by_key.get(&(node, *p)).is_some_and(|&u| !failed[u]))
    }

    /// A target that fits several of the profiles: probably not what was meant.
    fn several_fit(&self, edge: &Edge<'a>, failed: &[bool]) -> Option<Issue> {
        if edge.profiles.len() < 2 {
            return None;
        }
        let node = edge.target.node().index();
        let fitting: Vec<&str> = edge
            .profiles
            .iter()
            .filter(|p| self.by_key.get(&(node, **p)).is_some_and(|&u| !failed[u]))
            .filter_map(|p| self.shared.validator.get(*p))
            .map(|p| &*p.definition.url)
            .collect();
        if fitting.len() < 2 {
            return None;
        }
        let args = vec![Arg::Value(edge.reference()), Arg::Url(fitting.join(", "))];
        Some(self.shared.issue(Message::RefMultipleMatches, edge.at.node(), args, Some(edge.by)))
    }

    fn edge_issue(&self, edge: &Edge<'a>, failed: &[bool]) -> Option<Issue> {
        if self.holds(edge, failed) {
            return self.several_fit(edge, failed);
        }
        let names: Vec<&str> = edge
            .profiles
            .iter()
            .filter_map(|p| self.shared.validator.get(*p))
            .map(|p| &*p.definition.url)
            .collect();
        let args = vec![Arg::Value(edge.reference()), Arg::Url(names.join(", "))];
        let mut issue = self.shared.issue(Message::RefCantMatchChoice, edge.at.node(), args, None);
        issue.profile = Some(Arc::clone(&edge.by.canonical));
        let node = edge.target.node().index();
        let mut best: Option<&[Issue]> = None;
        for profile in &edge.profiles {
            let Some(&unit) = self.by_key.get(&(node, *profile)) else { continue };
            let issues = self.units[unit].outcome.as_ref().map_or(&[][..], |o| &o.issues);
            if best.is_none_or(|b| issues.len() < b.len()) {
                best = Some(issues);
            }
        }
        issue.inner =
            best.unwrap_or_default().iter().filter(|i| i.severity.is_error()).take(5).cloned().collect();
        Some(issue)
    }
}

impl<'a> Plan<'a> {
    /// Why a target fits none of the profiles, profile by profile.
    fn details(&self, edge: &Edge<'a>, out: &mut Vec<Issue>) {
        let node = edge.target.node().index();
        for id in &edge.profiles {
            let (Some(&unit), Some(profile)) =
                (self.by_key.get(&(node, *id)), self.shared.validator.get(*id))
            else {
                continue;
            };
            let args = vec![Arg::Value(edge.reference()), Arg::Url(profile.canonical.to_string())];
            let mut issue = self.shared.issue(Message::Details, edge.at.node(), args, Some(edge.by));
            let issues = self.units[unit].outcome.as_ref().map_or(&[][..], |o| &o.issues);
            issue.inner = issues.iter().filter(|i| i.severity.is_error()).take(5).cloned().collect();
            out.push(issue);
        }
    }
}

fn judge<'a>(shared: &'a Shared<'a>, unit: &Unit<'a>) -> Outcome<'a> {
    Walker::judge(shared, unit.element, unit.around, unit.role, unit.profile, unit.leads)
}

/// Sorts by place, drops what is said twice, keeps to the limit.
fn settle(mut issues: Vec<Issue>, options: &Options) -> Vec<Issue> {
    if issues.is_empty() {
        return issues;
    }
    if !options.hints {
        issues.retain(|i| i.severity != Severity::Information);
    }
    drop_doubles(&mut issues);
    issues.sort_by_key(|i| (i.entry, i.span.start, i.severity));
    if issues.len() > options.max_issues {
        cut(&mut issues, options.max_issues);
    }
    issues
}

/// Cuts a list at its limit, but not an entry's only fault: every entry's verdict stands.
fn cut(issues: &mut Vec<Issue>, limit: usize) {
    let mut kept = 0usize;
    // The list is sorted by entry.
    let mut told: Option<Option<usize>> = None;
    let mut first = None;
    issues.retain(|issue| {
        let keeps = kept < limit || (issue.severity.is_error() && told != Some(issue.entry));
        if keeps {
            kept += 1;
            if issue.severity.is_error() {
                told = Some(issue.entry);
            }
        } else if first.is_none() {
            first = Some(issue.clone());
        }
        keeps
    });
    if let Some(first) = first {
        issues.push(Issue {
            severity: Message::TooManyIssues.severity(),
            code: Message::TooManyIssues.code(),
            id: MessageId::Catalogue(Message::TooManyIssues),
            args: vec![Arg::from(limit)],
            entry: None,
            inner: Vec::new(),
            ..first
        });
    }
}

/// Few issues are compared with each other, many are filed by hash.
const FEW: usize = 32;

/// Keeps the first of issues that say the same of the same place.
fn drop_doubles(issues: &mut Vec<Issue>) {
    let mut double = vec![false; issues.len()];
    if issues.len() <= FEW {
        for (at, issue) in issues.iter().enumerate() {
            double[at] = issues[..at].iter().any(|earlier| says_the_same(earlier, issue));
        }
    } else {
        let keys = RandomState::new();
        let mut seen: HashMap<u64, SmallVec<[usize; 1]>> = HashMap::with_capacity(issues.len());
        for (at, issue) in issues.iter().enumerate() {
            let alike = seen.entry(hash_of(&keys, issue)).or_default();
            double[at] = alike.iter().any(|&earlier| says_the_same(&issues[earlier], issue));
            if !double[at] {
                alike.push(at);
            }
        }
    }
    if double.contains(&true) {
        let mut double = double.into_iter();
        issues.retain(|_| !double.next().unwrap_or(false));
    }
}

/// Same place, same rule, and facts that read the same.
fn says_the_same(a: &Issue, b: &Issue) -> bool {
    a.span == b.span
        && (a.id == b.id || said_by(a) == said_by(b))
        && a.args.len() == b.args.len()
        && a.args.iter().zip(&b.args).all(|(a, b)| a == b || a.to_string() == b.to_string())
}

/// The rule that speaks. An invariant is one whatever profile carries it: it runs once on an element.
fn said_by(issue: &Issue) -> (bool, Severity, &str) {
    match issue.id.constraint_key() {
        Some(key) => (true, issue.severity, key),
        None => (false, Severity::Error, issue.id.as_str()),
    }
}

/// Equal for issues that [`says_the_same`] holds of.
fn hash_of(keys: &RandomState, issue: &Issue) -> u64 {
    struct Shown<H>(H);
    impl<H: Hasher> std::fmt::Write for Shown<H> {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }
    let mut shown = Shown(keys.build_hasher());
    shown.0.write_usize(issue.span.start);
    shown.0.write_usize(issue.span.end);
    shown.0.write(said_by(issue).2.as_bytes());
    for arg in &issue.args {
        // Writing to a hasher cannot fail.
        let _ = write!(shown, "{arg}\u{1}");
    }
    shown.0.finish()
}

/// The JSON kind in words.
pub(crate) fn kind_name(kind: Kind) -> Arg {
    let (en, nb) = match kind {
        Kind::Object => ("an object", "et objekt"),
        Kind::Array => ("an array", "en liste"),
        Kind::String => ("a string", "en tekst"),
        Kind::Number => ("a number", "et tall"),
        Kind::Boolean => ("a boolean", "true eller false"),
        Kind::Null => ("null", "null"),
        Kind::Bare => ("a bare word", "et ord uten anførselstegn"),
    };
    Arg::Said { en, nb }
}

fn name_at(document: &Document<'_>, offset: u32) -> String {
    let rest = document.source().get(offset as usize..).unwrap_or_default();
    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').take(64).collect()
}
