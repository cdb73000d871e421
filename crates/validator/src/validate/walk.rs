//! The walk over one resource against one profile.

use std::sync::Arc;

use lmr_fhir::{Element, Kind, Name, Node, hash_name};
use lmr_fhirpath::{Env, TypeId, Typed};

use crate::compile::{
    Children, FORBIDDEN, Invariant, InvariantKind, Linked, Profile, ProfileId, Rule, Shape, Slices, Special,
    TypeRule,
};
use crate::definitions::ElementDefinition;
use crate::issue::{Arg, Issue, IssueCode, MessageId, Severity};
use crate::messages::Message;
use crate::options::{BestPractice, Options};
use crate::rules::suggest;
use crate::validate::Validator;
use crate::validate::job::{Edge, Found, Outcome, Role, Shared, kind_name};

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
        walker.out
    }

    pub(crate) fn new(shared: &'a Shared<'a>, resource: Element<'a>, around: Element<'a>) -> Self {
        let model: &'a dyn lmr_fhirpath::Model = &shared.validator.model;
        let env = Env::new()
            .with_model(model)
            .with_host(shared)
            .with_resource(Typed::resource(resource, Some(model)), Typed::resource(around, Some(model)));
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
        }
    }

    pub(crate) fn issue(
        &mut self,
        message: Message,
        at: Node<'_>,
        args: Vec<Arg>,
        profile: &Profile,
    ) -> &mut Issue {
        let issue = self.shared.issue(message, at, args, Some(profile));
        self.out.issues.push(issue);
        let last = self.out.issues.len() - 1;
        &mut self.out.issues[last]
    }

    /// Whether an element meets a profile.
    pub(crate) fn quietly(shared: &'a Shared<'a>, item: Element<'a>, profile: ProfileId) -> bool {
        let mut walker = Self::new(shared, item, item);
        walker.conformance(item, item, profile).iter().all(|i| !i.severity.is_error())
    }

    fn root(&mut self, profile: &'a Profile) {
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

    /// Runs something on the side and hands back its issues.
    pub(crate) fn probe(&mut self, run: impl FnOnce(&mut Self)) -> Vec<Issue> {
        if self.probes >= MAX_PROBES {
            let at = self.resource.node();
            return vec![self.shared.issue(Message::TooDeep, at, vec![Arg::from(MAX_PROBES)], None)];
        }
        let kept = std::mem::take(&mut self.out);
        let leads = std::mem::replace(&mut self.leads, false);
        self.probes += 1;
        run(self);
        self.probes -= 1;
        self.leads = leads;
        std::mem::replace(&mut self.out, kept).issues
    }

    /// Judges all members of an object.
    fn members(&mut self, element: Element<'a>, def: Def<'a>, children: &'a Children, is_resource: bool) {
        // A primitive's id and extensions stand in its companion.
        let object = element
            .value()
            .filter(|n| n.kind() == Kind::Object)
            .or_else(|| element.sibling().filter(|n| n.kind() == Kind::Object));
        if object.is_some() || !children.required.is_empty() {
            self.members_of(object, element, def, children, is_resource);
        }
    }

    /// Judges the id and extensions of a primitive element.
    pub(crate) fn primitive_children(
        &mut self,
        item: Element<'a>,
        defs: &Defs<'a>,
        type_def: Option<Def<'a>>,
    ) {
        let mut own = false;
        for def in defs {
            if let Some(children) = &def.rule.children {
                own = true;
                self.members(item, *def, children, false);
            }
        }
        if !own
            && item.sibling().is_some_and(|s| s.kind() == Kind::Object)
            && let Some(def) = type_def
            && let Some(children) = &def.rule.children
        {
            self.members(item, def, children, false);
        }
    }

    fn members_of(
        &mut self,
        members: Option<Node<'a>>,
        element: Element<'a>,
        def: Def<'a>,
        children: &'a Children,
        is_resource: bool,
    ) {
        let object = members.unwrap_or(element.node());
        if self.depth >= MAX_DEPTH {
            self.issue(Message::TooDeep, object, vec![Arg::from(MAX_DEPTH)], def.profile);
            return;
        }
        self.depth += 1;
        let base = self.counts.len();
        self.counts.resize(base + children.slots.len(), 0);
        for member in members.into_iter().flat_map(Node::members) {
            if member.is_duplicate() {
                continue;
            }
            let underscore = member.is_underscore();
            if underscore && member.sibling().is_some() {
                continue;
            }
            let name = member.name().unwrap_or("");
            let Some(target) = children.table.get(member.name_hash(), name).copied() else {
                let expected = is_partial(def) || (is_resource && name == "resourceType");
                if !expected {
                    self.unknown(member, object, def, children);
                }
                continue;
            };
            let slot = &children.slots[target.slot as usize];
            let child = Def { profile: def.profile, rule: &def.profile.rules[slot.rule as usize] };
            if name == "value" && is_companion(object) {
                self.issue(Message::IllegalProperty, object, vec![Arg::Name(name.to_owned())], def.profile);
                continue;
            }
            if target.ty == FORBIDDEN {
                self.excluded_type(name, member, object, child);
                self.counts[base + target.slot as usize] = 1;
                continue;
            }
            let seen = base + target.slot as usize;
            if self.counts[seen] > 0 {
                // A second property of the same choice.
                self.unknown(member, object, def, children);
                continue;
            }
            let ty = child.rule.types.get(target.ty as usize);
            let count = self.member(member, element, def, child, ty, slot.slices.as_deref());
            self.counts[seen] = count;
            if count > child.rule.max {
                let args = vec![
                    Arg::from(count as usize),
                    Arg::Name(shown_path(child)),
                    Arg::from(child.rule.max as usize),
                    Arg::Url(child.profile.canonical.to_string()),
                ];
                self.issue(Message::ProfileMaximum, object, args, child.profile);
            }
            if self.leads && !is_resource && member.name_hash() == ID && member.kind() == Kind::String {
                self.ids.push(member);
            }
        }
        for &slot in &children.required {
            let count = self.counts[base + slot as usize];
            let slot = &children.slots[slot as usize];
            let child = Def { profile: def.profile, rule: &def.profile.rules[slot.rule as usize] };
            if count < child.rule.min {
                let args = vec![
                    Arg::from(count as usize),
                    Arg::Name(shown_path(child)),
                    Arg::from(child.rule.min as usize),
                    Arg::Url(child.profile.canonical.to_string()),
                ];
                self.issue(Message::ProfileMinimum, object, args, child.profile);
            }
            if count == 0
                && let Some(slices) = &slot.slices
            {
                self.slice_counts(object, def.profile, slices, &mut |_| 0);
            }
        }
        self.counts.truncate(base);
        self.depth -= 1;
    }

    fn unknown(&mut self, member: Node<'a>, object: Node<'a>, def: Def<'a>, children: &Children) {
        let key = member.key().unwrap_or_default();
        let names = children.table.iter().map(|(n, _)| n.as_str());
        let near = suggest::nearest(key.trim_start_matches('_'), names);
        let args = vec![Arg::Name(key.into_owned()), suggest::as_arg(near)];
        let issue = self.issue(Message::UnrecognisedProperty, object, args, def.profile);
        issue.span = member.member_span();
    }

    fn excluded_type(&mut self, name: &str, member: Node<'a>, object: Node<'a>, child: Def<'a>) {
        let allowed: Vec<&str> = child.rule.types.iter().map(TypeRule::name).collect();
        if &*child.profile.definition.type_name == "Extension"
            && &*child.element().path == "Extension.value[x]"
        {
            let found = crate::validate::trail(member, &self.validator.model)
                .pop()
                .and_then(|w| w.chosen.map(str::to_owned));
            let args = vec![
                Arg::Url(child.profile.definition.url.to_string()),
                Arg::Text(allowed.join(", ")),
                Arg::Name(found.unwrap_or_else(|| name.to_owned())),
            ];
            self.issue(Message::ExtType, object, args, child.profile);
            return;
        }
        let args = vec![Arg::Name(name.to_owned()), Arg::Text(allowed.join(", "))];
        self.issue(Message::ProfileNoType, object, args, child.profile);
    }

    /// Judges one member with all its repetitions; how many there are.
    fn member(
        &mut self,
        member: Node<'a>,
        parent: Element<'a>,
        parent_def: Def<'a>,
        child: Def<'a>,
        ty: Option<&'a TypeRule>,
        slices: Option<&'a Slices>,
    ) -> u32 {
        let (value, companion) =
            if member.is_underscore() { (None, Some(member)) } else { (Some(member), member.sibling()) };
        let primitive = ty.is_some_and(|t| t.shape == Shape::Primitive);
        if !self.shape(value, companion, child, primitive) {
            return 0;
        }
        let mut count = 0u32;
        let mut places = 0u32;
        let scratch = self.counts.len();
        if let Some(slices) = slices {
            self.counts.resize(scratch + slices.count(), 0);
        }
        let mut order = SliceOrder::default();
        for item in member.elements() {
            if let Some(index) = item.index() {
                while places < index {
                    self.hole(value, companion, places, child, primitive);
                    places += 1;
                }
                places += 1;
            }
            let mut defs: Defs<'a> = smallvec::smallvec![child];
            if let Some(slices) = slices {
                self.place_in_slice(item, child, slices, scratch, &mut defs, &mut order, ty);
            }
            self.item(item, parent, parent_def, &defs, ty);
            count += 1;
        }
        if let Some(list) = value.filter(|v| v.kind() == Kind::Array) {
            let total = u32::try_from(list.members().count()).unwrap_or(u32::MAX);
            while places < total {
                self.hole(value, companion, places, child, primitive);
                places += 1;
            }
        }
        if let Some(slices) = slices {
            let owner = parent.node();
            let counts: smallvec::SmallVec<[u32; 16]> = self.counts[scratch..].iter().copied().collect();
            self.slice_counts(owner, child.profile, slices, &mut |i| counts.get(i).copied().unwrap_or(0));
            self.counts.truncate(scratch);
        }
        count
    }

    /// Whether arrays and single values stand where they are due.
    fn shape(
        &mut self,
        value: Option<Node<'a>>,
        companion: Option<Node<'a>>,
        child: Def<'a>,
        primitive: bool,
    ) -> bool {
        let name = || Arg::Name(child.element().name().to_owned());
        if let Some(value) = value {
            let found = Arg::Text(kind_name(value.kind()).to_owned());
            match (child.rule.array, value.kind()) {
                (true, Kind::Array) if value.members().next().is_none() => {
                    self.issue(Message::JsonEmptyArray, value, Vec::new(), child.profile);
                    return companion.is_some();
                }
                (true, Kind::Array) => {}
                (true, _) => {
                    self.issue(Message::MustBeArray, value, vec![found, name()], child.profile);
                    if primitive || value.kind() != Kind::Object {
                        return false;
                    }
                }
                (false, Kind::Array) if primitive => {
                    self.issue(Message::MustBeSimple, value, vec![found, name()], child.profile);
                    return false;
                }
                (false, Kind::Array) => {
                    let args = vec![Arg::Text("an object".to_owned()), found, name()];
                    self.issue(Message::MustBe, value, args, child.profile);
                    return false;
                }
                (false, Kind::Null) if companion.is_none() || !primitive => {
                    if primitive {
                        self.issue(Message::MustBeSimple, value, vec![found, name()], child.profile);
                    } else {
                        let args = vec![Arg::Text("an object".to_owned()), found, name()];
                        self.issue(Message::MustBe, value, args, child.profile);
                    }
                    return false;
                }
                _ => {}
            }
        }
        if let Some(companion) = companion {
            if !primitive {
                let key = companion.key().unwrap_or_default().into_owned();
                let object = companion.parent().unwrap_or(companion);
                let args = vec![Arg::Name(key), Arg::Text(String::new())];
                self.issue(Message::UnrecognisedProperty, object, args, child.profile);
                return value.is_some();
            }
            let key = Arg::Name(companion.key().unwrap_or_default().into_owned());
            let found = Arg::Text(kind_name(companion.kind()).to_owned());
            match (child.rule.array, companion.kind()) {
                (true, Kind::Array) | (false, Kind::Object) => {}
                (true, _) => {
                    self.issue(Message::BaseMustBeArray, companion, vec![found, key], child.profile);
                    return value.is_some();
                }
                (false, _) => {
                    self.issue(Message::MustBeObject, companion, vec![found, key], child.profile);
                    return value.is_some();
                }
            }
        }
        true
    }

    /// A place of an array with nothing in it.
    fn hole(
        &mut self,
        value: Option<Node<'a>>,
        companion: Option<Node<'a>>,
        index: u32,
        child: Def<'a>,
        primitive: bool,
    ) {
        let Some(at) = value.or(companion) else { return };
        let at = at.members().nth(index as usize).unwrap_or(at);
        let name = Arg::Name(child.element().name().to_owned());
        if primitive {
            self.issue(Message::JsonInvalidArray, at, vec![name, Arg::from(index as usize)], child.profile);
        } else {
            let args = vec![Arg::Text("an object".to_owned()), Arg::Text("null".to_owned()), name];
            self.issue(Message::MustBe, at, args, child.profile);
        }
    }

    /// Judges one occurrence against its rule and those of its slices.
    fn item(
        &mut self,
        item: Element<'a>,
        parent: Element<'a>,
        parent_def: Def<'a>,
        defs: &Defs<'a>,
        ty: Option<&'a TypeRule>,
    ) {
        match ty.map_or(Shape::Backbone, |t| t.shape) {
            Shape::Primitive => {
                let Some(ty) = ty else { return };
                self.primitive(item, defs, ty);
            }
            Shape::Resource => {
                let found = item.resource_type().unwrap_or_default();
                for def in defs {
                    let mut types = def.rule.types.iter().filter(|t| t.shape == Shape::Resource);
                    let of = types
                        .clone()
                        .find(|t| t.name() == found || matches!(t.name(), "Resource" | "DomainResource"))
                        .or_else(|| types.next())
                        .or(ty);
                    if let Some(of) = of {
                        self.inner_resource(item, *def, of);
                    }
                }
                self.invariants(item, defs, None, TypeId::UNKNOWN);
            }
            Shape::Backbone | Shape::Complex => self.complex(item, parent, parent_def, defs, ty),
        }
    }

    fn complex(
        &mut self,
        item: Element<'a>,
        parent: Element<'a>,
        parent_def: Def<'a>,
        defs: &Defs<'a>,
        ty: Option<&'a TypeRule>,
    ) {
        let first = defs[0];
        let Some(node) = item.value() else { return };
        if node.kind() != Kind::Object {
            let args = vec![
                Arg::Text("an object".to_owned()),
                Arg::Text(kind_name(node.kind()).to_owned()),
                Arg::Name(first.element().name().to_owned()),
            ];
            self.issue(Message::MustBe, node, args, first.profile);
            return;
        }
        if node.members().next().is_none() {
            self.issue(Message::JsonEmptyObject, node, Vec::new(), first.profile);
        }
        let type_def = ty.filter(|t| t.shape == Shape::Complex).and_then(|t| {
            let own = if t.special == Special::Extension { self.extension_def(item) } else { None };
            own.or_else(|| self.type_def(t))
        });
        let any_own =
            defs.iter().any(|d| (d.rule.children.is_some() && !is_partial(*d)) || d.rule.content.is_some());
        for def in defs {
            if let Some(children) = &def.rule.children {
                self.members(item, *def, children, false);
            } else if let Some(target) = self.content_def(*def)
                && let Some(children) = &target.rule.children
            {
                self.members(item, target, children, false);
            }
        }
        if !any_own {
            match type_def {
                Some(def) => {
                    if let Some(children) = &def.rule.children {
                        self.members(item, def, children, false);
                    }
                }
                // A bare BackboneElement or Element: only what all elements have.
                None => {
                    if let Some(base) = self.backbone_def()
                        && let Some(children) = &base.rule.children
                    {
                        self.members(item, base, children, false);
                    }
                }
            }
        }
        let ty_id = self.type_id(first.rule, ty);
        self.invariants(item, defs, type_def, ty_id);
        for def in defs {
            let own = match (ty, &*def.rule.types) {
                // Nearly always there is but one.
                (Some(t), [one]) if std::ptr::eq(t, one) => Some(t),
                _ => ty.and_then(|t| def.rule.types.iter().find(|o| o.name() == t.name())).or(ty),
            };
            self.value_rules(item, *def, own);
            if let Some(own) = own {
                self.type_profiles(item, *def, own, parent);
                if own.special == Special::Reference {
                    self.reference(item, *def, own);
                }
            }
        }
        self.type_checks(item, ty.map_or(Special::None, |t| t.special), defs, parent, parent_def);
    }

    /// FHIRPath type of an element.
    pub(crate) fn type_id(&self, rule: &Rule, ty: Option<&TypeRule>) -> TypeId {
        let model = &self.validator.model;
        let unknown = TypeId::UNKNOWN;
        match (&rule.backbone, ty) {
            (Some(path), _) => *rule.backbone_id.get_or_init(|| model.type_at(path).unwrap_or(unknown)),
            (None, Some(ty)) => *ty.type_id.get_or_init(|| model.type_at(ty.name()).unwrap_or(unknown)),
            (None, None) => unknown,
        }
    }

    /// The definition of a complex or primitive type.
    pub(crate) fn type_def(&self, ty: &'a TypeRule) -> Option<Def<'a>> {
        let id = *ty.base.get_or_init(|| self.validator.type_profile(ty.name()));
        let profile = self.validator.get(id?)?;
        Some(Def { profile, rule: profile.root() })
    }

    /// The rule a content reference leads to.
    pub(crate) fn content_def(&self, def: Def<'a>) -> Option<Def<'a>> {
        let path = def.rule.content.as_deref()?;
        let (id, rule) = (*def.rule.content_rule.get_or_init(|| {
            let id = self.validator.type_profile(path.split('.').next().unwrap_or(path))?;
            let elements = &self.validator.get(id)?.definition.elements;
            let at = elements.iter().position(|e| &*e.path == path && e.slice_name.is_none())?;
            Some((id, u32::try_from(at).ok()?))
        }))?;
        let profile = self.validator.get(id)?;
        Some(Def { profile, rule: profile.rules.get(rule as usize)? })
    }

    fn backbone_def(&self) -> Option<Def<'a>> {
        let profile = self.validator.get(self.validator.type_profile("BackboneElement")?)?;
        Some(Def { profile, rule: profile.root() })
    }

    /// The rule a type's profile means: its root, or the element after `#`.
    fn link(&self, canonical: &str) -> Linked {
        let (url, element) = match canonical.split_once('#') {
            Some((url, element)) => (url, Some(element)),
            None => (canonical, None),
        };
        let id = match self.validator.profile(url) {
            Ok(Some(id)) => id,
            Ok(None) => return Linked::Unknown,
            Err(reason) => return Linked::Broken(reason),
        };
        let Some(element) = element else { return Linked::Rule(id, 0) };
        let found =
            self.validator.get(id).and_then(|p| p.definition.elements.iter().position(|e| &*e.id == element));
        match found.and_then(|at| u32::try_from(at).ok()) {
            Some(at) => Linked::Rule(id, at),
            None => Linked::Unknown,
        }
    }

    /// The rule a canonical means, if it can be used.
    pub(crate) fn profile_def(&self, canonical: &str) -> Option<Def<'a>> {
        let Linked::Rule(id, rule) = self.link(canonical) else { return None };
        let profile = self.validator.get(id)?;
        Some(Def { profile, rule: profile.rules.get(rule as usize)? })
    }

    /// Judges an element against a rule of a profile of its type.
    pub(crate) fn against_type_profile(&mut self, item: Element<'a>, def: Def<'a>, ty: Option<&'a TypeRule>) {
        let profile = def.profile;
        if let Some(children) = &def.rule.children {
            self.members(item, def, children, false);
        }
        let path = def.rule.backbone.as_deref().unwrap_or(&profile.definition.type_name);
        let id = self.validator.model.type_at(path).unwrap_or(TypeId::UNKNOWN);
        let rules: Defs<'a> = smallvec::smallvec![def];
        self.invariants(item, &rules, None, id);
        self.value_rules(item, def, ty);
    }

    /// `type.profile`: one must fit.
    fn type_profiles(&mut self, item: Element<'a>, def: Def<'a>, ty: &'a TypeRule, _parent: Element<'a>) {
        let profiles = &ty.of.profiles;
        if profiles.is_empty() {
            return;
        }
        let at = item.node();
        let linked = ty.profiles.get_or_init(|| profiles.iter().map(|p| self.link(p)).collect());
        let mut usable: Defs<'a> = smallvec::SmallVec::new();
        for (canonical, linked) in profiles.iter().zip(linked) {
            // What an extension says itself is judged by its url in any case.
            if ty.name() == "Extension"
                && crate::rules::extension::url_of(item).as_deref() == Some(&**canonical)
            {
                return;
            }
            match linked {
                Linked::Rule(id, rule) => {
                    if let Some(profile) = self.validator.get(*id) {
                        usable.push(Def { profile, rule: &profile.rules[*rule as usize] });
                    }
                }
                Linked::Unknown => {
                    self.issue(
                        Message::ProfileUnknownHard,
                        at,
                        vec![Arg::Url(canonical.to_string())],
                        def.profile,
                    );
                }
                Linked::Broken(reason) => {
                    let args = vec![Arg::Url(canonical.to_string()), Arg::Text(reason.to_string())];
                    self.issue(Message::ProfileNoSnapshot, at, args, def.profile);
                }
            }
        }
        match usable.as_slice() {
            [] => {}
            [one] if profiles.len() == 1 => {
                let one = *one;
                self.against_type_profile(item, one, Some(ty));
            }
            several => {
                let several: Defs<'a> = several.iter().copied().collect();
                self.best_type_profile(item, def, ty, &several);
            }
        }
    }

    fn best_type_profile(&mut self, item: Element<'a>, def: Def<'a>, ty: &'a TypeRule, several: &[Def<'a>]) {
        let at = item.node();
        let mut fits = Vec::new();
        let mut reasons = Vec::new();
        for one in several {
            let issues = self.probe(|w| w.against_type_profile(item, *one, Some(ty)));
            if issues.iter().any(|i| i.severity.is_error()) {
                reasons.extend(issues);
            } else {
                fits.push((one.profile, issues));
            }
        }
        let names = |list: &[&str]| Arg::Url(list.join(", "));
        if fits.is_empty() {
            let all: Vec<&str> = several.iter().map(|d| &*d.profile.definition.url).collect();
            let issue = self.issue(Message::NoMatch, at, vec![names(&all)], def.profile);
            issue.inner.clone_from(&reasons);
            // The reference tells the reasons of every candidate as well.
            self.out.issues.extend(reasons);
            return;
        }
        if fits.len() > 1 {
            let all: Vec<&str> = fits.iter().map(|(p, _)| &*p.definition.url).collect();
            self.issue(Message::MultipleMatches, at, vec![Arg::from(all.len()), names(&all)], def.profile);
        }
        for (_, issues) in fits {
            self.out.issues.extend(issues);
        }
    }

    /// A resource inside the resource: left to a unit of its own.
    fn inner_resource(&mut self, item: Element<'a>, def: Def<'a>, ty: &'a TypeRule) {
        let name = item.name().unwrap_or("");
        let role = match name {
            "contained" => Role::Contained,
            "resource" if def.element().path.ends_with("parameter.resource") => Role::Parameter,
            _ => Role::Entry,
        };
        let found_type = item.resource_type().unwrap_or_default();
        let wanted = ty.name();
        if !matches!(wanted, "Resource" | "DomainResource") && wanted != found_type {
            let args = vec![Arg::Name(found_type.to_string()), Arg::Name(wanted.to_owned())];
            self.issue(Message::BundleEntryType, item.node(), args, def.profile);
            return;
        }
        let mut profiles = Vec::new();
        for canonical in &ty.of.profiles {
            match self.validator.profile(canonical) {
                Ok(Some(id)) => {
                    let of = self.validator.get(id).map_or("", |p| &p.definition.type_name);
                    if of != found_type && !matches!(of, "Resource" | "DomainResource") {
                        let args = vec![Arg::Name(found_type.to_string()), Arg::Name(of.to_owned())];
                        self.issue(Message::BundleEntryType, item.node(), args, def.profile);
                        continue;
                    }
                    profiles.push(id);
                }
                Ok(None) => {
                    let args = vec![Arg::Url(canonical.to_string())];
                    self.issue(Message::BundleEntryNoMatch, item.node(), args, def.profile);
                }
                Err(reason) => {
                    let args = vec![Arg::Url(canonical.to_string()), Arg::Text(reason.to_string())];
                    self.issue(Message::ProfileNoSnapshot, item.node(), args, def.profile);
                }
            }
        }
        if profiles.len() > 1 {
            profiles = self.fitting_profiles(item, def, &profiles);
        }
        let around = if role == Role::Contained { self.resource } else { item };
        self.out.found.push(Found { element: item, role, around, profiles });
    }

    /// Of several profiles one must fit; those that do not are dropped.
    fn fitting_profiles(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        profiles: &[ProfileId],
    ) -> Vec<ProfileId> {
        let mut fits = Vec::new();
        let mut reasons = Vec::new();
        for id in profiles {
            let issues = self.conformance(item, item, *id);
            if issues.iter().any(|i| i.severity.is_error()) {
                reasons.extend(issues);
            } else {
                fits.push(*id);
            }
        }
        if fits.is_empty() {
            let names: Vec<&str> =
                profiles.iter().filter_map(|p| self.validator.get(*p)).map(|p| &*p.definition.url).collect();
            let issue =
                self.issue(Message::NoMatch, item.node(), vec![Arg::Url(names.join(", "))], def.profile);
            issue.inner = reasons;
        }
        fits
    }

    /// Issues of a resource (or element) against a profile, without reporting.
    pub(crate) fn conformance(
        &mut self,
        item: Element<'a>,
        around: Element<'a>,
        id: ProfileId,
    ) -> Vec<Issue> {
        let Some(profile) = self.validator.get(id) else { return Vec::new() };
        if self.probes >= MAX_PROBES {
            return Vec::new();
        }
        // The type counts, not `kind`: profiles of data types are published with either.
        let of = &*profile.definition.type_name;
        let is_resource =
            matches!(of, "Resource" | "DomainResource") || self.validator.definitions().is_resource_type(of);
        if is_resource {
            let found = item.resource_type().unwrap_or_default();
            if !matches!(of, "Resource" | "DomainResource") && of != found {
                let args = vec![
                    Arg::Name(of.to_owned()),
                    Arg::Name(found.into_owned()),
                    Arg::Url(profile.canonical.to_string()),
                ];
                return vec![self.shared.issue(Message::ProfileWrongType, item.node(), args, Some(profile))];
            }
            let mut inner = Self::new(self.shared, item, around);
            inner.probes = self.probes + 1;
            inner.root(profile);
            let mut issues = std::mem::take(&mut inner.out.issues);
            let edges = std::mem::take(&mut inner.out.edges);
            for edge in edges {
                if !edge.profiles.iter().any(|p| {
                    inner.conformance(edge.target, edge.around, *p).iter().all(|i| !i.severity.is_error())
                }) {
                    let args = vec![Arg::Value(edge.reference()), Arg::Url(String::new())];
                    issues.push(self.shared.issue(
                        Message::RefCantMatchChoice,
                        edge.at.node(),
                        args,
                        Some(profile),
                    ));
                }
            }
            return issues;
        }
        self.probe(|w| w.against_type_profile(item, Def { profile, rule: profile.root() }, None))
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

    /// Runs the invariants of all rules and of the type, each expression once.
    pub(crate) fn invariants(
        &mut self,
        item: Element<'a>,
        defs: &[Def<'a>],
        type_def: Option<Def<'a>>,
        ty: TypeId,
    ) {
        let mut done: smallvec::SmallVec<[(u32, Severity); 24]> = smallvec::SmallVec::new();
        let mut content_done = false;
        for def in defs.iter().chain(&type_def) {
            for invariant in &def.rule.invariants {
                match &invariant.kind {
                    InvariantKind::HasContent => {
                        if !content_done {
                            content_done = true;
                            if !has_content(item) {
                                self.failed(invariant, item, def.profile);
                            }
                        }
                    }
                    InvariantKind::ExtensionOrValue => {
                        if !extension_or_value(item) {
                            self.failed(invariant, item, def.profile);
                        }
                    }
                    InvariantKind::ContainedReferenced => {
                        if self.leads || self.probes > 0 {
                            self.contained_referenced(item, def.profile);
                        }
                    }
                    InvariantKind::Expression(shared) => {
                        let mark = (shared.number, invariant.severity);
                        if done.contains(&mark) || self.is_off(invariant) {
                            continue;
                        }
                        done.push(mark);
                        if let Some(object) = item.value().filter(|n| n.kind() == Kind::Object)
                            && shared.holds_without_looking(object)
                        {
                            continue;
                        }
                        match shared.expression.test(Typed::new(item, ty), &self.env) {
                            Ok(true) => {}
                            Ok(false) => self.failed(invariant, item, def.profile),
                            Err(error) => {
                                let args =
                                    vec![Arg::Name(invariant.key.to_string()), Arg::Text(error.to_string())];
                                self.issue(Message::ConstraintCannotEvaluate, item.node(), args, def.profile);
                            }
                        }
                    }
                    InvariantKind::Broken(reason) => {
                        if self.is_off(invariant) {
                            continue;
                        }
                        let args = vec![
                            Arg::Name(invariant.key.to_string()),
                            Arg::Url(def.profile.canonical.to_string()),
                            Arg::Text(reason.to_string()),
                        ];
                        self.issue(Message::ConstraintSyntax, item.node(), args, def.profile);
                    }
                }
            }
        }
    }

    fn is_off(&self, invariant: &Invariant) -> bool {
        is_best_practice(invariant) && self.options.best_practice == BestPractice::Ignore
    }

    fn failed(&mut self, invariant: &Invariant, item: Element<'a>, profile: &Profile) {
        let severity = match (is_best_practice(invariant), self.options.best_practice) {
            (false, _) => invariant.severity,
            (true, BestPractice::Ignore) => return,
            (true, BestPractice::Hint) => Severity::Information,
            (true, BestPractice::Warning) => Severity::Warning,
            (true, BestPractice::Error) => Severity::Error,
        };
        let args = vec![Arg::Name(invariant.key.to_string()), Arg::Text(invariant.human.to_string())];
        let id = MessageId::Constraint(Arc::clone(&invariant.id));
        let issue = self.shared.make(id, severity, IssueCode::Invariant, item.node(), args, Some(profile));
        self.out.issues.push(issue);
    }
}

/// Order of slices met so far.
#[derive(Default)]
pub(crate) struct SliceOrder {
    pub(crate) last: usize,
    pub(crate) unsliced: bool,
}

/// Whether an object is (an item of) a member that begins with an underscore.
fn is_companion(object: Node<'_>) -> bool {
    object.is_underscore() || object.parent().is_some_and(|p| p.kind() == Kind::Array && p.is_underscore())
}

/// dom-6 is a recommendation, whether or not a package marks it.
fn is_best_practice(invariant: &Invariant) -> bool {
    invariant.best_practice || &*invariant.key == "dom-6"
}

/// ele-1: a value, or children besides `id`.
fn has_content(item: Element<'_>) -> bool {
    if item.has_value() {
        return true;
    }
    let object = |n: Node<'_>| {
        n.kind() == Kind::Object
            && n.members().any(|m| {
                m.name_hash() != ID
                    && m.name() != Some("resourceType")
                    && m.kind() != Kind::Null
                    && !(m.kind() == Kind::Array && m.members().next().is_none())
            })
    };
    item.value().is_some_and(object) || item.sibling().is_some_and(object)
}

/// ext-1: nested extensions or a value, not both and not neither.
fn extension_or_value(item: Element<'_>) -> bool {
    let Some(node) = item.value() else { return true };
    let (mut extension, mut value) = (false, false);
    for member in node.members() {
        match member.name() {
            Some("extension") => extension = member.members().next().is_some(),
            Some(name) if name.starts_with("value") && name.len() > 5 => {
                value |= member.kind() != Kind::Null;
            }
            _ => {}
        }
    }
    extension != value
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
