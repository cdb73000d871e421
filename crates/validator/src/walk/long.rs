//! Long lists of the document's own resource (a bundle's entries): validated in parts, on all cores,
//! and so are the invariants that go through them.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use lmr_fhir::{Element, Name, Node};
use lmr_fhirpath::{Child, ForAll, Model as _, TypeId, TypeKind, Typed};
use smallvec::SmallVec;

use super::Walker;
use crate::check::invariant::{Ahead, holds_unasked, is_off};
use crate::check::outcome::{Outcome, ProfileIds};
use crate::compile::{Def, Defs, InvariantKind, TypeRule};
use crate::cores::spread;
use crate::statistics::Measured;

static META: LazyLock<Name> = LazyLock::new(|| Name::new("meta"));
static PROFILE: LazyLock<Name> = LazyLock::new(|| Name::new("profile"));

/// From so many items on a list is long.
const LONG: usize = 2048;
/// Items validated side by side before the issues made are counted: what is kept must not depend on
/// which thread is quicker.
const BATCH: usize = 8192;
/// Items that a thread takes at a time.
const PART: usize = 64;
/// From so many values on a document's invariants are worth a thread each.
const LARGE_DOCUMENT: usize = 50_000;

/// Consecutive items and what came of them.
struct Part<'i, 'a> {
    items: &'i [Element<'a>],
    outcome: Outcome<'a>,
    ids: Vec<Node<'a>>,
    /// Which of the [`Condition`]s hold of all items; `None` where one could not be tested.
    holds: SmallVec<[Option<bool>; 4]>,
}

/// An invariant of the list's owner that is a condition on each item.
struct Condition<'a> {
    number: u32,
    id: &'a Arc<str>,
    of_each: ForAll<'a>,
}

impl<'a> Walker<'a> {
    /// Whether a list without slices is to be validated in parts.
    pub(super) fn is_long(&self, items: usize) -> bool {
        items >= LONG && self.cx.is_document()
    }

    /// The profiles of a resource's `meta.profile`. Of a large document they are looked up by the walk, of which
    /// several threads do a part; where one of them cannot be used or imposes others, all are left to the plan.
    pub(super) fn own_profiles(&self, resource: Element<'a>) -> Option<ProfileIds> {
        let is_large = self.cx.shared.document.node_count() >= LARGE_DOCUMENT;
        let object =
            resource.value().filter(|_| is_large && self.cx.options.follow_meta_profile)?;
        let list = object.get(&META).and_then(|meta| meta.get(&PROFILE));
        let canonicals = list.into_iter().flat_map(Node::members).filter_map(Node::as_str);
        let profiles = self.cx.profiles;
        let plain = |canonical: Cow<'a, str>| {
            let id = profiles.profile(&canonical).ok().flatten()?;
            profiles.imposed(id).is_empty().then_some(id)
        };
        canonicals.map(plain).collect()
    }

    /// Validates the items of a long list.
    pub(super) fn long_list(
        &mut self,
        items: &[Element<'a>],
        parent: Element<'a>,
        parent_def: Def<'a>,
        child: Def<'a>,
        ty: Option<&'a TypeRule>,
    ) {
        let (shared, resource, container) = (self.cx.shared, self.cx.resource, self.cx.container);
        let (leads, depth) = (self.cx.leads, self.depth);
        let (conditions, item_type) = self.conditions(items, parent, parent_def);
        let mut holds: SmallVec<[Option<bool>; 4]> =
            smallvec::smallvec![Some(true); conditions.len()];
        for batch in items.chunks(BATCH) {
            let made_before = self.cx.made_before.saturating_add(self.cx.out.made);
            let mut parts: Vec<Part<'_, 'a>> = batch
                .chunks(PART)
                .map(|items| Part {
                    items,
                    outcome: Outcome::default(),
                    ids: Vec::new(),
                    holds: SmallVec::new(),
                })
                .collect();
            let mark = self.cx.begin();
            spread(self.cx.options, &mut parts, 1, |parts| {
                for part in parts {
                    let mut walker = Walker::new(shared, resource, container);
                    (walker.cx.leads, walker.cx.made_before) = (leads, made_before);
                    walker.depth = depth;
                    let mark = walker.cx.begin();
                    for &item in part.items {
                        let defs: Defs<'a> = smallvec::smallvec![child];
                        walker.item(item, parent, parent_def, &defs, ty);
                    }
                    walker.cx.note_dropped();
                    // While the items are at hand: to go through all of them once more for each
                    // invariant costs more than the invariant.
                    for condition in &conditions {
                        let items = part.items.iter().map(|item| Typed::new(*item, item_type));
                        let mark = walker.cx.begin();
                        part.holds.push(condition.of_each.holds_for(items, &walker.cx.env).ok());
                        walker.cx.end_invariant(mark, condition.id);
                    }
                    walker.cx.end(mark, Measured::Walk);
                    (part.outcome, part.ids) = (walker.cx.out, walker.cx.ids);
                }
            });
            self.cx.end_elsewhere(mark);
            self.cx.note_dropped();
            for part in parts {
                self.cx.out.add(part.outcome);
                self.cx.ids.extend(part.ids);
                for (all, part) in holds.iter_mut().zip(part.holds) {
                    *all = all.zip(part).map(|(all, part)| all && part);
                }
            }
        }
        for (condition, holds) in conditions.iter().zip(holds) {
            self.cx.known_invariants.extend(holds.map(|holds| (condition.number, holds)));
        }
    }

    /// The invariants of the document's resource that are conditions on the items of a list, and
    /// the items' type.
    fn conditions(
        &self,
        items: &[Element<'a>],
        parent: Element<'a>,
        parent_def: Def<'a>,
    ) -> (SmallVec<[Condition<'a>; 4]>, TypeId) {
        let mut out = SmallVec::new();
        let model = &self.cx.profiles.model;
        let of_root = parent.is_same(self.cx.resource) && parent_def.rule.element == 0;
        let (Some(first), true) = (items.first(), of_root) else { return (out, TypeId::UNKNOWN) };
        let owner = model.resource_at(&parent.resource_type().unwrap_or_default());
        let name = first.name().unwrap_or_default();
        let child = owner.and_then(|owner| model.child_by_hash(owner, first.name_hash(), name));
        let Some(Child::Element { ty, .. }) = child else { return (out, TypeId::UNKNOWN) };
        if model.kind(ty) == TypeKind::Resource {
            return (out, TypeId::UNKNOWN);
        }
        for invariant in &parent_def.rule.invariants {
            if let InvariantKind::Expression(one) = &invariant.kind
                && let Some(of_each) = one.expression.for_all()
                && first.is_named(of_each.child())
                && !is_off(&self.cx, invariant)
                && !holds_unasked(&self.cx, one, parent)
            {
                out.push(Condition { number: one.number, id: &invariant.id, of_each });
            }
        }
        (out, ty)
    }

    /// Runs the expressions of a large document's own invariants side by side.
    pub(super) fn invariants_ahead(
        &mut self,
        item: Element<'a>,
        defs: &[Def<'a>],
        ty: TypeId,
    ) -> Vec<Ahead<'a>> {
        let document = self.cx.shared.document;
        if document.node_count() < LARGE_DOCUMENT
            || !item.is_same(document.root_element())
            || !self.cx.is_document()
        {
            return Vec::new();
        }
        let mut ahead: Vec<Ahead<'a>> = Vec::new();
        let reported = |number: u32| self.cx.known_invariants.iter().any(|known| known.0 == number);
        for def in defs {
            for invariant in &def.rule.invariants {
                if let InvariantKind::Expression(one) = &invariant.kind
                    && !is_off(&self.cx, invariant)
                    && ahead.iter().all(|known| known.number != one.number)
                    && !reported(one.number)
                    && !holds_unasked(&self.cx, one, item)
                {
                    ahead.push(Ahead {
                        number: one.number,
                        expression: &one.expression,
                        id: &invariant.id,
                        result: None,
                    });
                }
            }
        }
        let (shared, resource, container) = (self.cx.shared, self.cx.resource, self.cx.container);
        let mark = self.cx.begin();
        spread(self.cx.options, &mut ahead, 1, |ahead| {
            let mut walker = Walker::new(shared, resource, container);
            for one in ahead {
                let mark = walker.cx.begin();
                one.result = Some(one.expression.test(Typed::new(item, ty), &walker.cx.env));
                walker.cx.end_invariant(mark, one.id);
            }
        });
        self.cx.end_elsewhere(mark);
        ahead
    }
}
