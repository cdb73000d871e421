//! The members of an object: what may stand there, in which shape, how often.

use lmr_fhir::{Bilingual, Element, Kind, Node, nearest};

use super::{ID, MAX_DEPTH, Walker, is_partial};
use crate::check;
use crate::check::primitive::plain;
use crate::check::shared::kind_name;
use crate::check::slicing::{self, SliceOrder};
use crate::compile::{Children, Def, Defs, FORBIDDEN, NameSet, Shape, Slices, Target, TypeRule};
use crate::location::trail;
use crate::messages::Message;
use crate::messages::field::{Defined, Hint, Text, Words};
use crate::statistics::Measured;

impl<'a> Walker<'a> {
    /// Validates all members of an object. Returns their names.
    pub(super) fn members(
        &mut self,
        element: Element<'a>,
        def: Def<'a>,
        children: &'a Children,
        is_resource: bool,
    ) -> NameSet {
        // A primitive's id and extensions are in its companion.
        let object = element
            .value()
            .filter(|n| n.kind() == Kind::Object)
            .or_else(|| element.sibling().filter(|n| n.kind() == Kind::Object));
        if object.is_some() || !children.required.is_empty() {
            return self.members_of(object, element, def, children, is_resource);
        }
        NameSet::ANY
    }

    /// Validates the id and extensions of a primitive element.
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
    ) -> NameSet {
        let object = members.unwrap_or(element.node());
        if self.depth >= MAX_DEPTH {
            self.cx.report(Message::TooDeep { limit: MAX_DEPTH }, object, def.profile);
            return NameSet::ANY;
        }
        if self.cx.options.is_stopped() {
            return NameSet::ANY;
        }
        let mut names = NameSet::default();
        self.depth += 1;
        let base = self.counts.len();
        self.counts.resize(base + children.slots.len(), 0);
        let of_companion = is_companion(object);
        let mut rest = members.map(Node::members);
        while let Some(member) = rest.as_mut().and_then(Iterator::next) {
            let is_lone = member.is_lone();
            if !is_lone
                && (member.is_duplicate() || (member.is_underscore() && member.sibling().is_some()))
            {
                continue;
            }
            let Some(target) = children.table.of_member(member).copied() else {
                names = names.and(NameSet::of_name(member.name().unwrap_or_default()));
                self.unlisted(member, object, def, children, is_resource);
                continue;
            };
            let slot = &children.slots[target.slot as usize];
            names = names.and(slot.names);
            let child = Def { profile: def.profile, rule: &def.profile.rules[slot.rule as usize] };
            let seen = base + target.slot as usize;
            if of_companion && member.name() == Some("value") {
                self.value_inside(object, def);
                continue;
            }
            if target.ty == FORBIDDEN {
                self.excluded_type(member, object, child);
                self.counts[seen] = self.counts[seen].max(1);
                // It fills the element, yet no slice of it.
                if let Some(slices) = &slot.slices
                    && !has_type_before(object, target, children)
                {
                    slicing::check_counts(&mut self.cx, object, def.profile, slices, &mut |_| 0);
                }
                continue;
            }
            if target.turn > 0 && has_type_before(object, target, children) {
                self.unknown(member, object, def, children);
                continue;
            }
            let ty = child.rule.types.get(target.ty as usize);
            if is_lone
                && slot.slices.is_none()
                && let Some(ty) = ty
                && self.is_plainly_right(member, child, ty)
            {
                self.counts[seen] = self.counts[seen].max(1);
                if child.rule.has_value_rules
                    && let Some(item) = member.elements().next()
                {
                    check::value(&mut self.cx, item, child, Some(ty));
                }
            } else {
                let count = self.member(member, element, def, child, ty, slot.slices.as_deref());
                self.counts[seen] = self.counts[seen].max(count);
                if count > child.rule.max {
                    self.too_many(count, object, child);
                }
            }
            if member.name_hash() == ID
                && self.cx.leads
                && !is_resource
                && member.kind() == Kind::String
            {
                self.cx.ids.push(member);
            }
        }
        for &slot in &children.required {
            let count = self.counts[base + slot as usize];
            let slot = &children.slots[slot as usize];
            let child = Def { profile: def.profile, rule: &def.profile.rules[slot.rule as usize] };
            if count < child.rule.min {
                self.too_few(count, object, child);
            }
            if count == 0
                && let Some(slices) = &slot.slices
            {
                slicing::check_counts(&mut self.cx, object, def.profile, slices, &mut |_| 0);
            }
        }
        self.counts.truncate(base);
        self.depth -= 1;
        names
    }

    /// Whether a member, alone of its name, is a value of a type that asks no more than the right text,
    /// and has one. What its rule asks of the value is left to [`check::value`].
    fn is_plainly_right(&self, member: Node<'a>, child: Def<'a>, ty: &'a TypeRule) -> bool {
        // By far the most that are none are objects and arrays.
        !matches!(member.kind(), Kind::Object | Kind::Array)
            && self
                .cx
                .profiles
                .plain_kind(child.rule, ty)
                .is_some_and(|kind| plain::is_right_value(kind, member, self.cx.limits))
    }

    #[cold]
    fn too_many(&mut self, found: u32, object: Node<'a>, child: Def<'a>) {
        // A narrative has an id and nothing else beside its value.
        if &*child.element().path == "xhtml.extension" {
            let (property, hint) = ("extension".into(), Hint::None);
            self.cx.report(Message::UnrecognisedProperty { property, hint }, object, child.profile);
            return;
        }
        let message = Message::ProfileMaximum {
            found: found as usize,
            element: (&*child.element().id).into(),
            limit: child.rule.max as usize,
            profile: (&child.profile.canonical).into(),
        };
        self.cx.report(message, object, child.profile);
    }

    #[cold]
    fn too_few(&mut self, found: u32, object: Node<'a>, child: Def<'a>) {
        // The value of a narrative is not among the members of what is beside it.
        if &*child.element().path == "xhtml.value" {
            return;
        }
        let message = Message::ProfileMinimum {
            found: found as usize,
            element: (&*child.element().id).into(),
            limit: child.rule.min as usize,
            profile: (&child.profile.canonical).into(),
        };
        self.cx.report(message, object, child.profile);
    }

    /// A value inside the companion of a primitive.
    #[cold]
    fn value_inside(&mut self, object: Node<'a>, def: Def<'a>) {
        let message = Message::IllegalProperty { property: "value".to_owned().into() };
        self.cx.report(message, object, def.profile);
    }

    /// A member that is not in the list of children.
    fn unlisted(
        &mut self,
        member: Node<'a>,
        object: Node<'a>,
        def: Def<'a>,
        children: &Children,
        is_resource: bool,
    ) {
        // The type of a resource is no element: nothing goes beside it.
        if is_resource
            && member.name() == Some("resourceType")
            && let Some(companion) = member.sibling()
        {
            self.unknown(companion, object, def, children);
            return;
        }
        let is_expected = is_partial(def)
            || (is_resource
                && (member.name() == Some("resourceType")
                    || is_abstract(def)
                    // A resource inside another is validated by itself too, where this is reported.
                    || !def.rule.types.is_empty()));
        if !is_expected {
            self.unknown(member, object, def, children);
        }
    }

    #[cold]
    fn unknown(&mut self, member: Node<'a>, object: Node<'a>, def: Def<'a>, children: &Children) {
        let key = member.key().unwrap_or_default();
        let names = children.table.iter().map(|(n, _)| n.as_str());
        let near = if children
            .table
            .iter()
            .any(|(name, _)| name.as_str() == key.trim_start_matches('_'))
        {
            // The name is right, but one of the choice's types is taken already.
            Hint::Words(Words::of(&Bilingual {
                en: ": only one type of a choice may be given",
                nb: ": bare én av typene kan oppgis",
            }))
        } else {
            nearest(key.trim_start_matches('_'), names).into()
        };
        self.at_member(
            Message::UnrecognisedProperty { property: key.into_owned().into(), hint: near },
            member,
            object,
            def,
        );
    }

    /// An issue of an object whose lines are a member's, as the reference reports them.
    fn at_member(&mut self, message: Message, member: Node<'a>, object: Node<'a>, def: Def<'a>) {
        let span = member.member_span();
        let (line, column) = {
            let at = |offset| self.cx.shared.document.location(offset);
            (at(span.start).line, at(span.end).column)
        };
        let issue = self.cx.report(message, object, def.profile);
        issue.span = span;
        (issue.line, issue.column) = (line, column);
    }

    /// A choice with a type that the profile excludes.
    #[cold]
    fn excluded_type(&mut self, member: Node<'a>, object: Node<'a>, child: Def<'a>) {
        let name = member.name().unwrap_or_default();
        let mut allowed: Vec<&str> = child.rule.types.iter().map(TypeRule::name).collect();
        allowed.dedup();
        let found = trail(member, &self.cx.profiles.model)
            .pop()
            .and_then(|w| w.chosen.map(str::to_owned))
            .unwrap_or_else(|| name.to_owned());
        let of_extension = &*child.profile.definition.type_name == "Extension";
        if of_extension && &*child.element().path == "Extension.value[x]" {
            self.cx.report(
                Message::ExtType {
                    url: child.profile.definition.url.to_string().into(),
                    allowed: allowed.join(", ").into(),
                    found: found.into(),
                },
                object,
                child.profile,
            );
            if allowed.len() < 2 {
                return;
            }
        } else if let [one] = allowed.as_slice() {
            self.cx.report(
                Message::ProfileType {
                    profile: (&child.profile.canonical).into(),
                    allowed: (*one).to_owned().into(),
                    found: Text::defined(found),
                },
                member,
                child.profile,
            );
            return;
        }
        self.at_member(
            Message::ProfileNoType {
                property: name.to_owned().into(),
                allowed: allowed.join(", ").into(),
            },
            member,
            object,
            child,
        );
    }

    /// Validates one member with all its repetitions. Returns how many there are.
    fn member(
        &mut self,
        member: Node<'a>,
        parent: Element<'a>,
        parent_def: Def<'a>,
        child: Def<'a>,
        ty: Option<&'a TypeRule>,
        slices: Option<&'a Slices>,
    ) -> u32 {
        let (value, companion) = if member.is_underscore() {
            (None, Some(member))
        } else {
            (Some(member), member.sibling())
        };
        let primitive = ty.is_some_and(|t| t.shape == Shape::Primitive);
        if !self.shape(value, companion, child, primitive) {
            return 0;
        }
        let mut count = 0u32;
        let mut unreadable = 0u32;
        let mut places = 0u32;
        let scratch = self.counts.len();
        if let Some(slices) = slices {
            self.counts.resize(scratch + slices.count(), 0);
        }
        let mut order = SliceOrder::default();
        let total =
            value.filter(|v| v.kind() == Kind::Array).map_or(0, |list| list.members().count());
        let mut long = (slices.is_none() && self.is_long(total)).then(|| Vec::with_capacity(total));
        for item in member.elements() {
            if let Some(index) = item.index() {
                while places < index {
                    self.hole(value, companion, places, child, primitive);
                    places += 1;
                }
                places += 1;
            }
            count += 1;
            if let Some(long) = &mut long {
                long.push(item);
                continue;
            }
            let mut defs: Defs<'a> = smallvec::smallvec![child];
            // What is not an object has no members by which its slice could be known.
            let is_object = || item.value().is_none_or(|node| node.kind() == Kind::Object);
            if !primitive && !is_object() {
                unreadable += 1;
            } else if let Some(slices) = slices {
                let slices = (child, slices, scratch);
                let mark = self.cx.begin();
                slicing::place(self, item, ty, slices, &mut defs, &mut order);
                self.cx.end(mark, Measured::Slicing);
            }
            self.item(item, parent, parent_def, &defs, ty);
        }
        if let Some(long) = long {
            self.long_list(&long, parent, parent_def, child, ty);
        }
        while (places as usize) < total {
            self.hole(value, companion, places, child, primitive);
            places += 1;
        }
        if let Some(slices) = slices {
            let owner = parent.node();
            let counts: smallvec::SmallVec<[u32; 16]> =
                self.counts[scratch..].iter().copied().collect();
            let mark = self.cx.begin();
            slicing::check_counts(&mut self.cx, owner, child.profile, slices, &mut |i| {
                counts.get(i).copied().unwrap_or(0)
            });
            self.cx.end(mark, Measured::Slicing);
            self.counts.truncate(scratch);
        }
        // What cannot be read is reported as such: it is there, and is not one too many.
        count.min(child.rule.max.max(count - unreadable))
    }

    /// Whether arrays and single values are where they are due.
    fn shape(
        &mut self,
        value: Option<Node<'a>>,
        companion: Option<Node<'a>>,
        child: Def<'a>,
        primitive: bool,
    ) -> bool {
        let name = || Defined::from(child.element().name());
        if let Some(value) = value {
            // Made only when there is something to report.
            let found = || kind_name(value.kind());
            match (child.rule.array, value.kind()) {
                (true, Kind::Array) if value.members().next().is_none() => {
                    self.cx.report(Message::JsonEmptyArray, value, child.profile);
                    return companion.is_some();
                }
                (true, Kind::Array) => {}
                (true, _) => {
                    self.cx.report(
                        Message::MustBeArray { found: found(), property: name() },
                        value,
                        child.profile,
                    );
                    if primitive || value.kind() != Kind::Object {
                        return false;
                    }
                }
                // What has no value of the type is left aside, as if it were not there.
                (false, Kind::Array | Kind::Object) if primitive => {
                    self.cx.report(
                        Message::MustBeSimple { found: found(), property: name() },
                        value,
                        child.profile,
                    );
                    return false;
                }
                (false, Kind::Array) => {
                    self.cx.report(
                        Message::MustBe {
                            expected: kind_name(Kind::Object),
                            found: found(),
                            property: name(),
                        },
                        value,
                        child.profile,
                    );
                    return false;
                }
                // Unlike an item of an array, a single value is left out, never null.
                (false, Kind::Null) => {
                    if primitive {
                        self.cx.report(
                            Message::MustBeSimple { found: found(), property: name() },
                            value,
                            child.profile,
                        );
                    } else {
                        self.cx.report(
                            Message::MustBe {
                                expected: kind_name(Kind::Object),
                                found: found(),
                                property: name(),
                            },
                            value,
                            child.profile,
                        );
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
                self.cx.report(
                    Message::UnrecognisedProperty { property: key.into(), hint: Hint::None },
                    object,
                    child.profile,
                );
                return value.is_some();
            }
            let key = Defined::from(&*companion.key().unwrap_or_default());
            let found = kind_name(companion.kind());
            match (child.rule.array, companion.kind()) {
                (true, Kind::Array) | (false, Kind::Object) => {}
                (true, _) => {
                    self.cx.report(
                        Message::BaseMustBeArray { found, property: key },
                        companion,
                        child.profile,
                    );
                    return value.is_some();
                }
                (false, _) => {
                    self.cx.report(
                        Message::MustBeObject { found, property: key },
                        companion,
                        child.profile,
                    );
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
        let at = at.nth(index as usize).unwrap_or(at);
        let name = Defined::from(child.element().name());
        if primitive {
            self.cx.report(
                Message::JsonInvalidArray { element: name, index: index as usize },
                at,
                child.profile,
            );
        } else {
            self.cx.report(
                Message::MustBe {
                    expected: kind_name(Kind::Object),
                    found: kind_name(Kind::Null),
                    property: name,
                },
                at,
                child.profile,
            );
        }
    }
}

/// Whether an object has another type of a choice that counts before this one: a permitted type before an
/// excluded one, then the one that the base definition names first. The reference reads the one that is written
/// first; members have no order (RFC 8259 section 4), and equal documents have equal findings.
fn has_type_before(object: Node<'_>, target: Target, children: &Children) -> bool {
    let rank = |of: Target| (of.ty == FORBIDDEN, of.turn);
    object
        .members()
        .filter_map(|other| children.table.of_member(other))
        .any(|other| other.slot == target.slot && rank(*other) < rank(target))
}

/// Whether an object is (an item of) a member that begins with an underscore.
fn is_companion(object: Node<'_>) -> bool {
    object.is_underscore()
        || object.parent().is_some_and(|p| p.kind() == Kind::Array && p.is_underscore())
}

/// Whether a profile is of all resources: it has rules for what they have in common, and nothing of
/// the elements of each.
fn is_abstract(def: Def<'_>) -> bool {
    matches!(&*def.profile.definition.type_name, "Resource" | "DomainResource")
}
