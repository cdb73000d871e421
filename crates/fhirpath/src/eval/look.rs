//! Answers about a node's items that need no collection of them, and paths that are kept.

use std::rc::Rc;

use super::{Engine, EvalResult, Scope};
use crate::functions::{Function, Shape};
use crate::item::{Collection, Item};
use crate::model::Typed;
use crate::syntax::{Expr, Kind};

/// The result of a path from one element (`None`: from a resource that stays the same).
pub(super) struct Remembered<'a> {
    path: u16,
    from: Option<Typed<'a>>,
    items: Rc<Collection<'a>>,
}

impl<'a> Engine<'_, 'a> {
    /// Whether a node yields any item.
    pub(super) fn exists(&self, e: &'a Expr, s: Scope<'_, 'a>) -> EvalResult<bool> {
        match e.shape {
            Shape::Logic => Ok(self.logic(e, s)?.is_some()),
            Shape::Scalar => Ok(self.scalar(e, s)?.is_some()),
            Shape::Many => {
                if let Kind::Union(operands) = &e.kind {
                    for operand in operands {
                        if self.exists(operand, s)? {
                            return Ok(true);
                        }
                    }
                    return Ok(false);
                }
                if let Kind::Call { source, function: Function::Where, args } = &e.kind
                    && let [criterion] = args.as_slice()
                {
                    return self.search(source, criterion, s, Function::Where.row().call, true);
                }
                let mut found = false;
                if let Some(items) = self.remembered(e, s)? {
                    return Ok(!items.is_empty());
                }
                if let Kind::Member { source, name, type_like: false } = &e.kind {
                    self.visit(source, s, &mut |item| {
                        self.step(e.location)?;
                        found = match item {
                            Item::Element(typed) => self.has_named_child(*typed, name)?,
                            _ => !self.members(item, name, false, &mut |_| Ok(false))?,
                        };
                        Ok(!found)
                    })?;
                    return Ok(found);
                }
                self.visit(e, s, &mut |_| {
                    found = true;
                    Ok(false)
                })?;
                Ok(found)
            }
        }
    }

    /// As [`Self::stream`], for callers that need no ownership of the items.
    pub(super) fn visit(
        &self,
        e: &'a Expr,
        s: Scope<'_, 'a>,
        look: &mut dyn FnMut(&Item<'a>) -> EvalResult<bool>,
    ) -> EvalResult<bool> {
        if let Kind::Focus | Kind::This = e.kind {
            for item in s.this {
                self.step(e.location)?;
                if !look(item)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        if let Some(items) = self.remembered(e, s)? {
            for item in items.iter() {
                self.step(e.location)?;
                if !look(item)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        self.stream(e, s, &mut |item| look(&item))
    }

    /// The result of a repeated path, evaluated when it is first asked for; `None` for all other
    /// nodes.
    pub(super) fn remembered(
        &self,
        e: &'a Expr,
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<Rc<Collection<'a>>>> {
        if e.memo == 0 {
            return Ok(None);
        }
        let mut root = e;
        while let Kind::Member { source, .. } = &root.kind {
            root = source;
        }
        let from = match (&root.kind, s.this) {
            (Kind::Constant(_), _) => None,
            (_, [Item::Element(typed)]) => Some(*typed),
            _ => return Ok(None),
        };
        let same = |one: &Remembered<'a>| {
            one.path == e.memo
                && match (one.from, from) {
                    (Some(a), Some(b)) => a.ty == b.ty && a.element.is_same(b.element),
                    (a, b) => a.is_none() && b.is_none(),
                }
        };
        if let Some(known) = self.memo.borrow().iter().rev().find(|one| same(one)) {
            return Ok(Some(Rc::clone(&known.items)));
        }
        let mut items = Collection::new();
        if let Kind::Member { source, name, type_like } = &e.kind {
            self.visit(source, s, &mut |item| {
                self.step(e.location)?;
                self.members(item, name, *type_like, &mut |found| {
                    items.push(found);
                    Ok(true)
                })
            })?;
        }
        let items = Rc::new(items);
        let mut memo = self.memo.borrow_mut();
        // From elsewhere, what was found before is no longer of use.
        match memo.iter_mut().find(|one| one.path == e.memo) {
            Some(one) => (one.from, one.items) = (from, Rc::clone(&items)),
            None => memo.push(Remembered { path: e.memo, from, items: Rc::clone(&items) }),
        }
        Ok(Some(items))
    }

    /// How many items a node yields.
    pub(super) fn count(&self, e: &'a Expr, s: Scope<'_, 'a>) -> EvalResult<usize> {
        let mut n = 0;
        if let Kind::Call { source, function: Function::Children, .. } = &e.kind {
            self.visit(source, s, &mut |item| {
                if let Item::Element(typed) = item {
                    let children = typed.element.children().count();
                    self.steps(e.location, children)?;
                    n += children;
                }
                Ok(true)
            })?;
            return Ok(n);
        }
        self.visit(e, s, &mut |_| {
            self.step(e.location)?;
            n += 1;
            Ok(true)
        })?;
        Ok(n)
    }
}
