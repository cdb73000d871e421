//! Long lists of the document's own resource (a bundle's entries): judged in parts, on all cores,
//! and so are the invariants that go through them.

use lmr_fhir::{Element, Node};
use lmr_fhirpath::{Child, EvalError, Expression, ForAll, Model as _, TypeId, TypeKind, Typed};
use smallvec::SmallVec;

use super::{Def, Defs, Walker};
use crate::compile::{InvariantKind, TypeRule};
use crate::validate::cores::spread;
use crate::validate::job::Outcome;

/// From so many items on a list is long.
const LONG: usize = 2048;
/// Items judged side by side before the issues made are counted: what is kept must not depend on
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
    of_each: ForAll<'a>,
}

/// A test of the document's resource, run ahead of its turn.
pub(super) struct Verdict<'a> {
    pub(super) number: u32,
    expression: &'a Expression,
    result: Option<Result<bool, EvalError>>,
}

impl<'a> Walker<'a> {
    fn judges_the_document(&self) -> bool {
        self.probes == 0 && self.resource.is_same(self.shared.document.root_element())
    }

    /// Whether a list without slices is to be judged in parts.
    pub(super) fn is_long(&self, items: usize) -> bool {
        items >= LONG && self.judges_the_document()
    }

    /// Judges the items of a long list.
    pub(super) fn long_list(
        &mut self,
        items: &[Element<'a>],
        parent: Element<'a>,
        parent_def: Def<'a>,
        child: Def<'a>,
        ty: Option<&'a TypeRule>,
    ) {
        let (shared, resource, around) = (self.shared, self.resource, self.around);
        let (leads, depth) = (self.leads, self.depth);
        let (conditions, item_type) = self.conditions(items, parent, parent_def);
        let mut holds: SmallVec<[Option<bool>; 4]> =
            smallvec::smallvec![Some(true); conditions.len()];
        for batch in items.chunks(BATCH) {
            let made_before = self.made_before.saturating_add(self.out.made);
            let mut parts: Vec<Part<'_, 'a>> = batch
                .chunks(PART)
                .map(|items| Part {
                    items,
                    outcome: Outcome::default(),
                    ids: Vec::new(),
                    holds: SmallVec::new(),
                })
                .collect();
            spread(self.options, &mut parts, 1, |parts| {
                for part in parts {
                    let mut walker = Walker::new(shared, resource, around);
                    (walker.leads, walker.depth, walker.made_before) = (leads, depth, made_before);
                    for &item in part.items {
                        let defs: Defs<'a> = smallvec::smallvec![child];
                        walker.item(item, parent, parent_def, &defs, ty);
                    }
                    walker.tell_dropped();
                    // While the items are at hand: to go through all of them once more for each
                    // invariant costs more than the invariant.
                    for condition in &conditions {
                        let items = part.items.iter().map(|item| Typed::new(*item, item_type));
                        part.holds.push(condition.of_each.holds_for(items, &walker.env).ok());
                    }
                    (part.outcome, part.ids) = (walker.out, walker.ids);
                }
            });
            self.tell_dropped();
            for part in parts {
                self.out.add(part.outcome);
                self.ids.extend(part.ids);
                for (all, part) in holds.iter_mut().zip(part.holds) {
                    *all = all.zip(part).map(|(all, part)| all && part);
                }
            }
        }
        for (condition, holds) in conditions.iter().zip(holds) {
            self.settled.extend(holds.map(|holds| (condition.number, holds)));
        }
    }

    /// What testing a list's items settled of an invariant of its owner.
    pub(super) fn settled_with_list(&self, number: u32, owner: Element<'a>) -> Option<bool> {
        let known = self.settled.iter().find(|known| known.0 == number)?;
        owner.is_same(self.resource).then_some(known.1)
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
        let model = &self.validator.model;
        let of_root = parent.is_same(self.resource) && parent_def.rule.element == 0;
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
                && !self.is_off(invariant)
                && !self.holds_unasked(one, parent)
            {
                out.push(Condition { number: one.number, of_each });
            }
        }
        (out, ty)
    }

    /// Runs the expressions of a large document's own invariants side by side.
    pub(super) fn verdicts_ahead(
        &self,
        item: Element<'a>,
        defs: &[Def<'a>],
        type_def: Option<Def<'a>>,
        ty: TypeId,
    ) -> Vec<Verdict<'a>> {
        let document = self.shared.document;
        if document.node_count() < LARGE_DOCUMENT
            || !item.is_same(document.root_element())
            || !self.judges_the_document()
        {
            return Vec::new();
        }
        let mut verdicts: Vec<Verdict<'a>> = Vec::new();
        let settled = |number: u32| self.settled.iter().any(|known| known.0 == number);
        for def in defs.iter().copied().chain(type_def) {
            for invariant in &def.rule.invariants {
                if let InvariantKind::Expression(one) = &invariant.kind
                    && !self.is_off(invariant)
                    && verdicts.iter().all(|known| known.number != one.number)
                    && !settled(one.number)
                    && !self.holds_unasked(one, item)
                {
                    verdicts.push(Verdict {
                        number: one.number,
                        expression: &one.expression,
                        result: None,
                    });
                }
            }
        }
        let (shared, resource, around) = (self.shared, self.resource, self.around);
        spread(self.options, &mut verdicts, 1, |verdicts| {
            let walker = Walker::new(shared, resource, around);
            for verdict in verdicts {
                verdict.result = Some(verdict.expression.test(Typed::new(item, ty), &walker.env));
            }
        });
        verdicts
    }
}

/// Takes the verdict on an expression out of those found ahead.
pub(super) fn take(verdicts: &mut [Verdict<'_>], number: u32) -> Option<Result<bool, EvalError>> {
    verdicts.iter_mut().find(|one| one.number == number)?.result.take()
}
