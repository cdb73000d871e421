//! Functions that yield any number of items.

use std::cmp::Ordering;

use lmr_fhir::SourceLocation;

use smallvec::SmallVec;

use super::set::Set;
use super::{Engine, EvalResult, Scope, Sink};
use crate::error::{EvalErrorKind, Unavailable};
use crate::item::{Collection, Item};
use crate::syntax::{Expr, Function, Kind};

impl<'a> Engine<'_, 'a> {
    pub(super) fn many(
        &self,
        location: SourceLocation,
        function: Function,
        source: &'a Expr,
        args: &'a [Expr],
        s: Scope<'_, 'a>,
        sink: Sink<'_, 'a>,
    ) -> EvalResult<bool> {
        use Function as F;
        let mut index = 0;
        match (function, args) {
            (F::Where, [criterion]) => self.stream(source, s, &mut |item| {
                self.step(location)?;
                let holds =
                    self.enclosed(|| self.condition(criterion, s.on(&item, index), "where()"))?;
                index += 1;
                if holds == Some(true) { sink(item) } else { Ok(true) }
            }),
            (F::Select, [projection]) => self.stream(source, s, &mut |item| {
                self.step(location)?;
                let at = index;
                index += 1;
                self.enclosed(|| self.stream(projection, s.on(&item, at), sink))
            }),
            (F::Repeat | F::RepeatAll, [projection]) => {
                self.repeat(location, source, projection, s, function == F::Repeat, sink)
            }
            (F::Children, _) => self.stream(source, s, &mut |item| {
                self.step(location)?;
                match item {
                    Item::Element(typed) => self.children(typed, sink),
                    _ => Ok(true),
                }
            }),
            (F::Descendants, _) => {
                // Breadth first, as `repeat(children())` would find them.
                let mut queue: Vec<Item<'a>> = Vec::new();
                self.stream(source, s, &mut |item| {
                    self.step(location)?;
                    queue.push(item);
                    Ok(true)
                })?;
                let mut next = 0;
                while let Some(item) = queue.get(next).cloned() {
                    next += 1;
                    let Item::Element(typed) = item else { continue };
                    let go_on = self.children(typed, &mut |child| {
                        self.step(location)?;
                        queue.push(child.clone());
                        sink(child)
                    })?;
                    if !go_on {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (F::Tail, _) => self.stream(source, s, &mut |item| {
                self.step(location)?;
                index += 1;
                if index > 1 { sink(item) } else { Ok(true) }
            }),
            (F::Skip, [count]) => {
                let Some(count) = self.integer_arg(count, s, "skip()")? else { return Ok(true) };
                let count = usize::try_from(count).unwrap_or(0);
                self.stream(source, s, &mut |item| {
                    self.step(location)?;
                    index += 1;
                    if index > count { sink(item) } else { Ok(true) }
                })
            }
            (F::Take, [count]) => {
                let Some(count) = self.integer_arg(count, s, "take()")? else { return Ok(true) };
                let count = usize::try_from(count).unwrap_or(0);
                if count == 0 {
                    return Ok(true);
                }
                let mut enough = false;
                self.stream(source, s, &mut |item| {
                    index += 1;
                    enough = !sink(item)?;
                    Ok(!enough && index < count)
                })?;
                Ok(!enough)
            }
            (F::Distinct, _) => {
                let all = self.collect(source, s)?;
                self.pass(self.distinct(location, all)?, sink)
            }
            (F::Union | F::Combine, [other, ..]) => {
                let mut all = self.collect(source, s)?;
                all.extend(self.enclosed(|| self.collect(other, s))?);
                if function == F::Union {
                    all = self.distinct(location, all)?;
                }
                self.pass(all, sink)
            }
            (F::Intersect, [other]) => {
                let own = self.collect(source, s)?;
                let other = self.enclosed(|| self.collect(other, s))?;
                let other = Set::of(self, location, &other)?;
                for item in self.distinct(location, own)? {
                    if other.contains(self, location, &item)? && !sink(item)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (F::Exclude, [other]) => {
                let other = self.enclosed(|| self.collect(other, s))?;
                let other = Set::of(self, location, &other)?;
                self.stream(source, s, &mut |item| {
                    self.step(location)?;
                    if other.contains(self, location, &item)? { Ok(true) } else { sink(item) }
                })
            }
            (F::Iif, [criterion, then, otherwise @ ..]) => {
                let mut own = Collection::new();
                if !matches!(source.kind, Kind::Focus) {
                    own = self.collect(source, s)?;
                    if own.len() > 1 {
                        return self.fail(
                            location,
                            EvalErrorKind::NotSingle { what: "iif()", found: own.len() },
                        );
                    }
                }
                let inner =
                    if matches!(source.kind, Kind::Focus) { s } else { Scope { this: &own, ..s } };
                let holds = match self.single_value(criterion, inner, "iif()")? {
                    Some(Item::Boolean(b)) => b,
                    None => false,
                    Some(other) => return self.type_error(criterion.location, "iif()", &other),
                };
                match otherwise.first() {
                    _ if holds => self.stream(then, inner, sink),
                    Some(otherwise) => self.stream(otherwise, inner, sink),
                    None => Ok(true),
                }
            }
            (F::Aggregate, [aggregator, init @ ..]) => {
                let mut total = match init.first() {
                    Some(init) => self.collect(init, s)?,
                    None => Collection::new(),
                };
                self.stream(source, s, &mut |item| {
                    self.step(location)?;
                    let inner = Scope { total: Some(&total), ..s.on(&item, index) };
                    let next = self.enclosed(|| self.collect(aggregator, inner))?;
                    total = next;
                    index += 1;
                    Ok(true)
                })?;
                self.pass(total, sink)
            }
            (F::Trace, [name, projection @ ..]) => {
                let Some(name) = self.text_arg(name, s, "trace()")? else {
                    return self.fail(location, EvalErrorKind::Argument { what: "trace()" });
                };
                let items = self.collect(source, s)?;
                let mut count = items.len();
                if let Some(projection) = projection.first() {
                    count = 0;
                    for (i, item) in items.iter().enumerate() {
                        count += self.enclosed(|| self.count(projection, s.on(item, i)))?;
                    }
                }
                if let Some(host) = self.env.host {
                    host.trace(&name, count);
                }
                self.pass(items, sink)
            }
            (F::DefineVariable, [name, value @ ..]) => {
                let Some(name) = self.text_arg(name, s, "defineVariable()")? else {
                    return self
                        .fail(location, EvalErrorKind::Argument { what: "defineVariable()" });
                };
                let items = self.collect(source, s)?;
                let value = match value.first() {
                    Some(value) => {
                        self.enclosed(|| self.collect(value, Scope { this: &items, ..s }))?
                    }
                    None => items.clone(),
                };
                let reserved = matches!(
                    &*name,
                    "context" | "resource" | "rootResource" | "ucum" | "sct" | "loinc"
                );
                if reserved || self.variables.borrow().iter().any(|v| v.0 == name) {
                    return self.fail(location, EvalErrorKind::VariableTwice(name.into_owned()));
                }
                self.variables.borrow_mut().push((name.into_owned(), value));
                self.pass(items, sink)
            }
            (F::Coalesce, args) => {
                for arg in args {
                    let items = self.enclosed(|| self.collect(arg, s))?;
                    if !items.is_empty() {
                        return self.pass(items, sink);
                    }
                }
                Ok(true)
            }
            (F::Sort, keys) => self.sort(location, source, keys, s, sink),
            (F::Type, _) => self.stream(source, s, &mut |item| {
                self.step(location)?;
                sink(self.type_of(&item))
            }),
            (F::ToChars | F::Split, args) => {
                let parts = self.text_parts(location, function, source, args, s)?;
                self.pass(parts, sink)
            }
            (F::Extension, [url]) => {
                let Some(url) = self.text_arg(url, s, "extension()")? else { return Ok(true) };
                self.stream(source, s, &mut |item| {
                    self.step(location)?;
                    match item {
                        Item::Element(typed) => self.extensions(typed, &url, sink),
                        _ => Ok(true),
                    }
                })
            }
            (F::Resolve, _) => self.stream(source, s, &mut |item| {
                self.step(location)?;
                match self.resolve(location, &item)? {
                    Some(target) => sink(Item::Element(target)),
                    None => Ok(true),
                }
            }),
            _ => self.unavailable(location, function.text(), Unavailable::Unsupported),
        }
    }

    /// Applies the projection to its own results until nothing new comes.
    fn repeat(
        &self,
        location: SourceLocation,
        source: &'a Expr,
        projection: &'a Expr,
        s: Scope<'_, 'a>,
        unique: bool,
        sink: Sink<'_, 'a>,
    ) -> EvalResult<bool> {
        let mut queue: Vec<Item<'a>> = self.collect(source, s)?.into_vec();
        let mut seen = Set::new();
        let mut next = 0;
        while let Some(item) = queue.get(next).cloned() {
            let mut fresh: SmallVec<[Item<'a>; 2]> = SmallVec::new();
            self.enclosed(|| {
                self.stream(projection, s.on(&item, next), &mut |found| {
                    self.step(location)?;
                    if !unique || seen.insert(self, location, found.clone())? {
                        fresh.push(found);
                    }
                    Ok(true)
                })
            })?;
            next += 1;
            for item in fresh {
                if !sink(item.clone())? {
                    return Ok(false);
                }
                queue.push(item);
            }
        }
        Ok(true)
    }

    /// Sorts by each key in turn; a key with a minus in front sorts downwards. Items without a key
    /// come first.
    fn sort(
        &self,
        location: SourceLocation,
        source: &'a Expr,
        keys: &'a [Expr],
        s: Scope<'_, 'a>,
        sink: Sink<'_, 'a>,
    ) -> EvalResult<bool> {
        let items = self.collect(source, s)?;
        let keys: SmallVec<[(Option<&'a Expr>, bool); 2]> = match keys {
            [] => SmallVec::from_slice(&[(None, false)]),
            keys => keys
                .iter()
                .map(|key| match &key.kind {
                    Kind::Negate(inner) => (Some(&**inner), true),
                    _ => (Some(key), false),
                })
                .collect(),
        };
        let mut rows = Vec::with_capacity(items.len());
        for (i, item) in items.into_iter().enumerate() {
            let mut row: SmallVec<[Option<Item<'a>>; 2]> = SmallVec::new();
            for (key, _) in &keys {
                row.push(match key {
                    None => Some(item.clone()),
                    Some(key) => {
                        self.enclosed(|| self.single_value(key, s.on(&item, i), "sort()"))?
                    }
                });
            }
            rows.push((row, item));
        }
        self.steps(
            location,
            rows.len() * rows.len().checked_ilog2().unwrap_or(0) as usize * keys.len(),
        )?;
        let order = |a: &Row<'a>, b: &Row<'a>| {
            for ((x, y), (_, down)) in a.0.iter().zip(&b.0).zip(&keys) {
                let order = match (x, y) {
                    (None, None) => Ordering::Equal,
                    (None, Some(_)) => Ordering::Less,
                    (Some(_), None) => Ordering::Greater,
                    (Some(x), Some(y)) => {
                        self.compare(location, "sort()", x, y)?.unwrap_or(Ordering::Equal)
                    }
                };
                if order.is_ne() {
                    return Ok(if *down { order.reverse() } else { order });
                }
            }
            Ok(Ordering::Equal)
        };
        self.pass(merge_sort(rows, &order)?.into_iter().map(|(_, item)| item), sink)
    }
}

/// The keys of an item, and the item.
type Row<'a> = (SmallVec<[Option<Item<'a>>; 2]>, Item<'a>);

/// Stable. The standard sort panics where an order is not total, as that of dates with different
/// precision is not, and cannot hand on an error.
fn merge_sort<T>(
    mut rows: Vec<T>,
    order: &impl Fn(&T, &T) -> EvalResult<Ordering>,
) -> EvalResult<Vec<T>> {
    if rows.len() < 2 {
        return Ok(rows);
    }
    let right = rows.split_off(rows.len() / 2);
    let mut right = merge_sort(right, order)?.into_iter().peekable();
    let mut left = merge_sort(rows, order)?.into_iter().peekable();
    let mut out = Vec::with_capacity(left.len() + right.len());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from_right = order(b, a)?.is_lt();
        out.extend(if from_right { right.next() } else { left.next() });
    }
    out.extend(left);
    out.extend(right);
    Ok(out)
}
