//! Equality, equivalence and order (N1, sections 6.1 and 6.2).

use std::cmp::Ordering;

use lmr_fhir::{Element, Kind as Json, Name, SourceLocation};

use super::{Engine, EvalResult, Scope};
use crate::error::EvalErrorKind;
use crate::functions::Shape;
use crate::item::Item;
use crate::model::TypeKind;
use crate::syntax::{Expr, Kind, Operator};
use crate::value::{Date, DateTime, Decimal, Quantity, Rounding, Time};

/// Looking through a text takes so much less than making one.
pub(super) const COMPARED: usize = 16;

/// Two values of types that can be compared.
enum Pair<'i, 'a> {
    Numbers(Decimal, Decimal),
    Texts(&'i str, &'i str),
    Booleans(bool, bool),
    DateTimes(DateTime, DateTime),
    Times(Time, Time),
    Quantities(Quantity, Quantity),
    Types,
    Elements(Element<'a>, Element<'a>),
    Unlike,
}

/// A number as a decimal.
pub(super) fn number(item: &Item<'_>) -> Option<Decimal> {
    match item {
        Item::Integer(n) => Some(Decimal::from(*n)),
        Item::Decimal(d) => Some(d.clone()),
        _ => None,
    }
}

fn quantity(item: &Item<'_>) -> Option<Quantity> {
    match item {
        Item::Quantity(q) => Some((**q).clone()),
        other => number(other).map(|value| Quantity::ucum(value, "1")),
    }
}

fn date_time(item: &Item<'_>) -> Option<DateTime> {
    match item {
        Item::Date(d) => Some((*d).into()),
        Item::DateTime(d) => Some(*d),
        _ => None,
    }
}

/// Without a model, a text may be a date or time: the other side decides.
fn as_like<'a>(text: &str, other: &Item<'_>) -> Option<Item<'a>> {
    match other {
        Item::Date(_) => {
            Date::parse(text).map(Item::Date).or_else(|| DateTime::parse(text).map(Item::DateTime))
        }
        Item::DateTime(_) => DateTime::parse(text).map(Item::DateTime),
        Item::Time(_) => Time::parse(text).map(Item::Time),
        _ => None,
    }
}

fn pair<'i, 'a>(a: &'i Item<'a>, b: &'i Item<'a>) -> Pair<'i, 'a> {
    match (a, b) {
        (Item::String(a), Item::String(b)) => Pair::Texts(a, b),
        (Item::Boolean(a), Item::Boolean(b)) => Pair::Booleans(*a, *b),
        (Item::Time(a), Item::Time(b)) => Pair::Times(*a, *b),
        (Item::Element(a), Item::Element(b)) => Pair::Elements(a.element, b.element),
        (Item::Type(_), Item::Type(_)) => Pair::Types,
        (Item::Quantity(_), _) | (_, Item::Quantity(_)) => match (quantity(a), quantity(b)) {
            (Some(a), Some(b)) => Pair::Quantities(a, b),
            _ => Pair::Unlike,
        },
        _ => match (number(a), number(b), date_time(a), date_time(b)) {
            (Some(a), Some(b), ..) => Pair::Numbers(a, b),
            (.., Some(a), Some(b)) => Pair::DateTimes(a, b),
            _ => Pair::Unlike,
        },
    }
}

/// Lower case, white space run together.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&word.to_lowercase());
    }
    out
}

fn numbers_equivalent(a: &Decimal, b: &Decimal) -> bool {
    let scale = a.normalized().scale().min(b.normalized().scale());
    a.rounded(scale, Rounding::HalfUp) == b.rounded(scale, Rounding::HalfUp)
}

impl<'a> Engine<'_, 'a> {
    /// Both sides as System values; a text from untyped data becomes what the other side is.
    fn values(&self, a: &Item<'a>, b: &Item<'a>) -> Option<(Item<'a>, Item<'a>)> {
        let (mut x, mut y) = (self.value_of(a)?, self.value_of(b)?);
        if self.env.model.is_none() {
            self.align(a, &mut x, &y);
            self.align(b, &mut y, &x);
        }
        Some((x, y))
    }

    fn align(&self, origin: &Item<'a>, value: &mut Item<'a>, other: &Item<'a>) {
        let (Item::Element(typed), Item::String(text)) = (origin, &*value) else { return };
        let quoted = typed.element.value().is_some_and(|v| v.kind() == Json::String);
        if quoted && let Some(better) = as_like(text, other) {
            *value = better;
        }
    }

    /// `=` of two items; `None` where precision or units leave it open.
    pub(super) fn equal(
        &self,
        location: SourceLocation,
        a: &Item<'a>,
        b: &Item<'a>,
    ) -> EvalResult<Option<bool>> {
        self.step(location)?;
        match (a, b) {
            (Item::Integer(a), Item::Integer(b)) => return Ok(Some(a == b)),
            (Item::Boolean(a), Item::Boolean(b)) => return Ok(Some(a == b)),
            (Item::String(a), Item::String(b)) => {
                self.charge(a.len().min(b.len()) / COMPARED);
                return Ok(Some(a == b));
            }
            (Item::Element(typed), Item::String(text))
            | (Item::String(text), Item::Element(typed))
                if self.kind(*typed) == TypeKind::String =>
            {
                return Ok(Some(typed.element.text().is_some_and(|own| {
                    self.charge(own.len() / COMPARED);
                    own == *text
                })));
            }
            _ => {}
        }
        if let (Item::Element(x), Item::Element(y)) = (a, b)
            && x.element.is_same(y.element)
        {
            return Ok(Some(true));
        }
        let Some((a, b)) = self.values(a, b) else {
            // A primitive with extensions only: equal to another of the same content.
            return Ok(match (a, b) {
                (Item::Element(x), Item::Element(y)) => {
                    Some(self.same_content(location, x.element, y.element)?)
                }
                _ => Some(false),
            });
        };
        Ok(match pair(&a, &b) {
            Pair::Numbers(a, b) => Some(a == b),
            Pair::Texts(a, b) => {
                self.charge(a.len().min(b.len()) / COMPARED);
                Some(a == b)
            }
            Pair::Booleans(a, b) => Some(a == b),
            Pair::DateTimes(a, b) => a.partial_compare(b).map(Ordering::is_eq),
            Pair::Times(a, b) => a.partial_compare(b).map(Ordering::is_eq),
            Pair::Quantities(a, b) => {
                self.reckon_quantities(location, &a, &b)?;
                a.compare(&b).map(Ordering::is_eq)
            }
            Pair::Elements(a, b) => Some(self.same_content(location, a, b)?),
            Pair::Types => match (&a, &b) {
                (Item::Type(a), Item::Type(b)) => Some(a == b),
                _ => None,
            },
            Pair::Unlike => Some(false),
        })
    }

    pub(super) fn equivalent(
        &self,
        location: SourceLocation,
        a: &Item<'a>,
        b: &Item<'a>,
    ) -> EvalResult<bool> {
        self.step(location)?;
        let Some((a, b)) = self.values(a, b) else {
            return self.equal(location, a, b).map(|e| e == Some(true));
        };
        Ok(match pair(&a, &b) {
            Pair::Numbers(a, b) => numbers_equivalent(&a, &b),
            Pair::Texts(a, b) => {
                self.charge(a.len() + b.len());
                folded(a) == folded(b)
            }
            Pair::Booleans(a, b) => a == b,
            Pair::DateTimes(a, b) => a.partial_compare(b) == Some(Ordering::Equal),
            Pair::Times(a, b) => a.partial_compare(b) == Some(Ordering::Equal),
            Pair::Quantities(a, b) => {
                self.reckon_quantities(location, &a, &b)?;
                a.equivalent(&b)
            }
            Pair::Elements(a, b) => self.like_content(location, a, b)?,
            Pair::Types => matches!((&a, &b), (Item::Type(a), Item::Type(b)) if a == b),
            Pair::Unlike => false,
        })
    }

    /// Whether two elements have the same value and the same children, repetitions in the same order.
    fn same_content(
        &self,
        location: SourceLocation,
        a: Element<'a>,
        b: Element<'a>,
    ) -> EvalResult<bool> {
        self.step(location)?;
        if a.is_same(b) {
            return Ok(true);
        }
        self.charge(primitive_size(a) / COMPARED);
        if !same_primitive(a, b, |a, b| a == b) || a.resource_type() != b.resource_type() {
            return Ok(false);
        }
        if a.children().count() != b.children().count() {
            return Ok(false);
        }
        let mut seen = String::new();
        for child in a.children() {
            let Some(name) = child.name() else { continue };
            // Repetitions are adjacent: each name is compared once.
            if seen == name {
                continue;
            }
            seen.clear();
            seen.push_str(name);
            let name = Name::new(name);
            let (mut left, mut right) = (a.children_named(&name), b.children_named(&name));
            loop {
                match (left.next(), right.next()) {
                    (None, None) => break,
                    (Some(x), Some(y)) if self.same_content(location, x, y)? => {}
                    _ => return Ok(false),
                }
            }
        }
        Ok(true)
    }

    /// As [`Self::same_content`], repetitions in any order, texts and numbers compared loosely.
    fn like_content(
        &self,
        location: SourceLocation,
        a: Element<'a>,
        b: Element<'a>,
    ) -> EvalResult<bool> {
        self.step(location)?;
        self.charge(primitive_size(a) + primitive_size(b));
        if !same_primitive(a, b, |a, b| folded(a) == folded(b))
            || a.resource_type() != b.resource_type()
        {
            return Ok(false);
        }
        let right: Vec<_> = b.children().collect();
        if a.children().count() != right.len() {
            return Ok(false);
        }
        let mut taken = vec![false; right.len()];
        'left: for x in a.children() {
            for (i, y) in right.iter().enumerate() {
                if !taken[i] && x.name() == y.name() && self.like_content(location, x, *y)? {
                    taken[i] = true;
                    continue 'left;
                }
            }
            return Ok(false);
        }
        Ok(true)
    }

    /// `=` of two collections, item by item.
    pub(super) fn equality(
        &self,
        location: SourceLocation,
        left: &'a Expr,
        right: &'a Expr,
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<bool>> {
        if let Kind::Text(text) = &right.kind {
            return self.equals_text(location, left, text, s);
        }
        if left.shape == Shape::Logic && right.shape == Shape::Logic {
            let a = self.enclosed(|| self.logic(left, s))?;
            let b = self.enclosed(|| self.logic(right, s))?;
            return Ok(a.zip(b).map(|(a, b)| a == b));
        }
        let a = self.enclosed(|| self.collect(left, s))?;
        if a.is_empty() {
            // Still to be evaluated: it may fail.
            self.enclosed(|| self.exists(right, s))?;
            return Ok(None);
        }
        let b = self.enclosed(|| self.collect(right, s))?;
        if b.is_empty() {
            return Ok(None);
        }
        if a.len() != b.len() {
            return Ok(Some(false));
        }
        let mut open = false;
        for (x, y) in a.iter().zip(&b) {
            match self.equal(location, x, y)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => open = true,
            }
        }
        Ok(if open { None } else { Some(true) })
    }

    /// `code = 'x'`, the most common condition, without collections.
    fn equals_text(
        &self,
        location: SourceLocation,
        left: &'a Expr,
        text: &'a str,
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<bool>> {
        let text = Item::from(text);
        let mut count = 0;
        let mut same = None;
        self.enclosed(|| {
            self.visit(left, s, &mut |item| {
                count += 1;
                if count == 1 {
                    same = self.equal(location, item, &text)?;
                }
                Ok(count < 2)
            })
        })?;
        Ok(if count > 1 { Some(false) } else { same })
    }

    /// `~` of two collections, in any order.
    pub(super) fn equivalence(
        &self,
        location: SourceLocation,
        left: &'a Expr,
        right: &'a Expr,
        s: Scope<'_, 'a>,
    ) -> EvalResult<bool> {
        let a = self.enclosed(|| self.collect(left, s))?;
        let b = self.enclosed(|| self.collect(right, s))?;
        if a.len() != b.len() {
            return Ok(false);
        }
        let mut taken = vec![false; b.len()];
        'left: for x in &a {
            for (i, y) in b.iter().enumerate() {
                if !taken[i] && self.equivalent(location, x, y)? {
                    taken[i] = true;
                    continue 'left;
                }
            }
            return Ok(false);
        }
        Ok(true)
    }

    /// `<`, `<=`, `>`, `>=`
    pub(super) fn order(
        &self,
        location: SourceLocation,
        operator: Operator,
        left: &'a Expr,
        right: &'a Expr,
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<bool>> {
        let what = operator.text();
        let a = self.enclosed(|| self.single(left, s, what))?;
        let b = self.enclosed(|| self.single(right, s, what))?;
        let (Some(a), Some(b)) = (a, b) else { return Ok(None) };
        let ordering = self.compare(location, what, &a, &b)?;
        Ok(ordering.map(|o| match operator {
            Operator::Less => o.is_lt(),
            Operator::LessOrEqual => o.is_le(),
            Operator::Greater => o.is_gt(),
            _ => o.is_ge(),
        }))
    }

    /// The order of two items; `None` where precision or units leave it open.
    pub(super) fn compare(
        &self,
        location: SourceLocation,
        what: &'static str,
        a: &Item<'a>,
        b: &Item<'a>,
    ) -> EvalResult<Option<Ordering>> {
        self.step(location)?;
        if let (Item::Integer(a), Item::Integer(b)) = (a, b) {
            return Ok(Some(a.cmp(b)));
        }
        let Some((a, b)) = self.values(a, b) else { return Ok(None) };
        Ok(match pair(&a, &b) {
            Pair::Numbers(a, b) => Some(a.cmp(&b)),
            Pair::Texts(a, b) => {
                self.charge(a.len().min(b.len()) / COMPARED);
                Some(a.cmp(b))
            }
            Pair::DateTimes(a, b) => a.partial_compare(b),
            Pair::Times(a, b) => a.partial_compare(b),
            Pair::Quantities(a, b) => {
                self.reckon_quantities(location, &a, &b)?;
                a.compare(&b)
            }
            _ => {
                let model = self.env.model;
                let (left, right) =
                    (a.type_name(model).into_owned(), b.type_name(model).into_owned());
                return self.fail(location, EvalErrorKind::Types { what, left, right });
            }
        })
    }
}

/// Bytes of a primitive value.
fn primitive_size(element: Element<'_>) -> usize {
    match element.value() {
        Some(node) if matches!(node.kind(), Json::String | Json::Number) => node.raw().len(),
        _ => 0,
    }
}

/// Whether both have no primitive value, or alike ones; numbers by value.
fn same_primitive(a: Element<'_>, b: Element<'_>, texts: impl Fn(&str, &str) -> bool) -> bool {
    match (a.text(), b.text()) {
        (None, None) => true,
        (Some(x), Some(y)) => {
            let kind = |e: Element<'_>| e.value().map(lmr_fhir::Node::kind);
            if kind(a) != kind(b) {
                return false;
            }
            if kind(a) == Some(Json::Number)
                && let (Some(x), Some(y)) = (Decimal::parse(&x), Decimal::parse(&y))
            {
                return x == y;
            }
            texts(&x, &y)
        }
        _ => false,
    }
}
