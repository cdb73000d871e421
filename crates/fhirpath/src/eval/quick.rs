//! Conditions on plain paths (`entry.all(request.exists() = (%resource.type = 'batch'))`), as most
//! invariants are: evaluated over the elements themselves, without items, receivers and collections.
//!
//! What an expression may hold to be evaluated so is decided when it is parsed ([`is_plain`]). Where
//! the data holds something else than expected there (a choice, a number compared with text, a model
//! that does not know a type), [`Quick`] gives up and the whole expression is left to the [`super::Engine`],
//! so that there is one place for errors and for everything unusual.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use lmr_fhir::{Name, hash_name};
use smallvec::SmallVec;

use super::FixedCondition;
use crate::env::Env;
use crate::functions::Function;
use crate::model::{Child, Model, TypeKind, Typed, resource_type};
use crate::syntax::{Constant, Expr, Kind, Operator};

/// `value` of a primitive is no child of it.
const VALUE: u32 = hash_name(b"value");

/// Whether a condition holds nothing but what [`Quick`] evaluates.
pub(crate) fn is_plain(e: &Expr) -> bool {
    match &e.kind {
        Kind::Boolean(_) => true,
        Kind::All(parts) | Kind::Any(parts) => parts.iter().all(is_plain),
        Kind::HasText { source, .. } => is_path(source),
        Kind::Binary { operator: Operator::Implies, left, right } => {
            is_plain(left) && is_plain(right)
        }
        Kind::Binary { operator: Operator::Equal | Operator::NotEqual, left, right } => {
            match right.kind {
                Kind::Text(_) => is_path(left),
                _ => is_plain(left) && is_plain(right),
            }
        }
        Kind::Call { source, function, args } => match (function, args.as_slice()) {
            (Function::Exists | Function::Empty, []) => is_path(source) || is_filtered(source),
            (Function::Exists | Function::All, [criterion]) => {
                is_path(source) && is_plain(criterion)
            }
            (Function::HasValue, []) => is_path(source),
            (Function::Not, []) => is_plain(source),
            (Function::Contains | Function::StartsWith | Function::EndsWith, [part]) => {
                is_path(source) && matches!(part.kind, Kind::Text(_))
            }
            _ => false,
        },
        _ => false,
    }
}

/// `path.where(condition)`
fn is_filtered(e: &Expr) -> bool {
    matches!(&e.kind, Kind::Call { source, function: Function::Where, args }
        if is_path(source) && matches!(args.as_slice(), [criterion] if is_plain(criterion)))
}

/// A path of names, from `$this`, `%resource` or `%rootResource`.
fn is_path(e: &Expr) -> bool {
    match &e.kind {
        Kind::Focus | Kind::This | Kind::Constant(Constant::Resource | Constant::RootResource) => {
            true
        }
        Kind::Member { source, name, type_like } => {
            !type_like && name.hash() != VALUE && is_path(source)
        }
        _ => false,
    }
}

/// The data holds something that the [`super::Engine`] is to look at.
pub(crate) struct GivenUp;

type Answer<T> = Result<T, GivenUp>;

/// One evaluation.
pub(crate) struct Quick<'e, 'a> {
    env: &'e Env<'a>,
    model: &'a dyn Model,
    steps: Cell<u64>,
    /// Results of conditions that are the same for every item, by their number.
    fixed: RefCell<SmallVec<[FixedCondition; 2]>>,
}

impl<'e, 'a> Quick<'e, 'a> {
    /// `None` without a model: then elements are read by their form.
    pub(crate) fn new(env: &'e Env<'a>) -> Option<Self> {
        let model = env.model?;
        Some(Self { env, model, steps: Cell::new(0), fixed: RefCell::default() })
    }

    /// The result of a condition on an element.
    pub(crate) fn logic(&self, e: &Expr, focus: Typed<'a>) -> Answer<Option<bool>> {
        if e.fixed == 0 {
            return self.logic_of(e, focus);
        }
        let known = self.fixed.borrow().iter().find(|one| one.0 == e.fixed).map(|one| one.1);
        if let Some(verdict) = known {
            return Ok(verdict);
        }
        let verdict = self.logic_of(e, focus)?;
        self.fixed.borrow_mut().push((e.fixed, verdict));
        Ok(verdict)
    }

    fn logic_of(&self, e: &Expr, focus: Typed<'a>) -> Answer<Option<bool>> {
        self.step()?;
        Ok(match &e.kind {
            Kind::Boolean(b) => Some(*b),
            Kind::Any(parts) => self.either(parts, focus, true)?,
            Kind::All(parts) => self.either(parts, focus, false)?,
            Kind::HasText { source, texts } => {
                let mut found = false;
                self.each(source, focus, &mut |item| {
                    let text = self.text(item)?;
                    found = text.is_some_and(|text| texts.iter().any(|one| *one == *text));
                    Ok(!found)
                })?;
                Some(found)
            }
            Kind::Binary { operator: Operator::Implies, left, right } => {
                match self.logic(left, focus)? {
                    Some(false) => Some(true),
                    Some(true) => self.logic(right, focus)?,
                    None => self.logic(right, focus)?.filter(|holds| *holds),
                }
            }
            Kind::Binary { operator, left, right } => {
                let same = match &right.kind {
                    Kind::Text(text) => self.is_text(left, text, focus)?,
                    _ => {
                        let (left, right) = (self.logic(left, focus)?, self.logic(right, focus)?);
                        left.zip(right).map(|(left, right)| left == right)
                    }
                };
                match operator {
                    Operator::Equal => same,
                    Operator::NotEqual => same.map(|same| !same),
                    _ => return Err(GivenUp),
                }
            }
            Kind::Call { source, function, args } => self.call(source, *function, args, focus)?,
            _ => return Err(GivenUp),
        })
    }

    fn call(
        &self,
        source: &Expr,
        function: Function,
        args: &[Expr],
        focus: Typed<'a>,
    ) -> Answer<Option<bool>> {
        Ok(match (function, args) {
            (Function::Exists, []) => Some(self.exists(source, focus)?),
            (Function::Empty, []) => Some(!self.exists(source, focus)?),
            (Function::Exists, [criterion]) => Some(self.search(source, criterion, focus, true)?),
            (Function::All, [criterion]) => Some(!self.search(source, criterion, focus, false)?),
            (Function::Not, []) => self.logic(source, focus)?.map(|holds| !holds),
            (Function::HasValue, []) => {
                let (mut count, mut valued) = (0, false);
                self.each(source, focus, &mut |item| {
                    count += 1;
                    valued = item.element.has_value();
                    Ok(count < 2)
                })?;
                Some(count == 1 && valued)
            }
            (_, [part]) => {
                let Kind::Text(part) = &part.kind else { return Err(GivenUp) };
                let Some(item) = self.single(source, focus)? else { return Ok(None) };
                self.text(item)?.map(|text| match function {
                    Function::StartsWith => text.starts_with(part.as_str()),
                    Function::EndsWith => text.ends_with(part.as_str()),
                    _ => text.contains(part.as_str()),
                })
            }
            _ => return Err(GivenUp),
        })
    }

    /// `or` ends at the first true, `and` at the first false; nothing counts as unknown.
    fn either(&self, parts: &[Expr], focus: Typed<'a>, decisive: bool) -> Answer<Option<bool>> {
        let mut unknown = false;
        for part in parts {
            match self.logic(part, focus)? {
                Some(holds) if holds == decisive => return Ok(Some(decisive)),
                Some(_) => {}
                None => unknown = true,
            }
        }
        Ok(if unknown { None } else { Some(!decisive) })
    }

    /// `path = 'text'`
    fn is_text(&self, path: &Expr, text: &str, focus: Typed<'a>) -> Answer<Option<bool>> {
        let (mut count, mut same) = (0, None);
        self.each(path, focus, &mut |item| {
            count += 1;
            if count == 1 {
                same = Some(self.text(item)?.is_some_and(|own| own == text));
            }
            Ok(count < 2)
        })?;
        Ok(if count > 1 { Some(false) } else { same })
    }

    /// Whether any item meets the criterion (`wanted`), or fails it (`!wanted`).
    fn search(
        &self,
        source: &Expr,
        criterion: &Expr,
        focus: Typed<'a>,
        wanted: bool,
    ) -> Answer<bool> {
        let mut found = false;
        self.each(source, focus, &mut |item| {
            found = (self.logic(criterion, item)? == Some(true)) == wanted;
            Ok(!found)
        })?;
        Ok(found)
    }

    fn exists(&self, e: &Expr, focus: Typed<'a>) -> Answer<bool> {
        if let Kind::Call { source, args, .. } = &e.kind
            && let [criterion] = args.as_slice()
        {
            return self.search(source, criterion, focus, true);
        }
        let mut found = false;
        let mut look = |is_there: bool| -> Answer<bool> {
            found = is_there;
            Ok(!found)
        };
        match &e.kind {
            // Of what is only to be there the type is of no interest.
            Kind::Member { source, name, .. } => {
                self.each(source, focus, &mut |parent| look(self.has_child(parent, name)?))?
            }
            _ => self.each(e, focus, &mut |_| look(true))?,
        };
        Ok(found)
    }

    /// Whether [`Self::children`] would hand any out.
    fn has_child(&self, parent: Typed<'a>, name: &Name) -> Answer<bool> {
        if !parent.ty.is_known() {
            return Err(GivenUp);
        }
        match self.model.child(parent.ty, name) {
            Some(Child::Element { .. }) => {
                self.step()?;
                Ok(parent.element.child(name).is_some())
            }
            Some(Child::Choice { .. }) => Err(GivenUp),
            Some(Child::Variant { .. }) if self.env.lenient_as => Err(GivenUp),
            Some(Child::Variant { .. }) | None => Ok(false),
        }
    }

    /// The one item of a path; several are an error.
    fn single(&self, e: &Expr, focus: Typed<'a>) -> Answer<Option<Typed<'a>>> {
        let mut found = None;
        self.each(e, focus, &mut |item| match found.replace(item) {
            Some(_) => Err(GivenUp),
            None => Ok(true),
        })?;
        Ok(found)
    }

    /// The text of an element that is a text by its type.
    fn text(&self, item: Typed<'a>) -> Answer<Option<Cow<'a, str>>> {
        if !item.ty.is_known() || self.model.kind(item.ty) != TypeKind::String {
            return Err(GivenUp);
        }
        Ok(item.element.text())
    }

    fn step(&self) -> Answer<()> {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if steps > self.env.steps { Err(GivenUp) } else { Ok(()) }
    }

    /// Hands the elements of a path to `look`, until it has seen enough (`false`).
    fn each(
        &self,
        e: &Expr,
        focus: Typed<'a>,
        look: &mut dyn FnMut(Typed<'a>) -> Answer<bool>,
    ) -> Answer<bool> {
        match &e.kind {
            Kind::Focus | Kind::This => look(focus),
            Kind::Constant(Constant::Resource) => look(self.env.resource.ok_or(GivenUp)?),
            Kind::Constant(Constant::RootResource) => look(self.env.root_resource.ok_or(GivenUp)?),
            Kind::Member { source, name, .. } => match &source.kind {
                Kind::Focus | Kind::This => self.children(focus, name, look),
                _ => self.each(source, focus, &mut |item| self.children(item, name, look)),
            },
            _ => Err(GivenUp),
        }
    }

    fn children(
        &self,
        parent: Typed<'a>,
        name: &Name,
        look: &mut dyn FnMut(Typed<'a>) -> Answer<bool>,
    ) -> Answer<bool> {
        if !parent.ty.is_known() {
            return Err(GivenUp);
        }
        match self.model.child(parent.ty, name) {
            Some(Child::Element { ty, .. }) => {
                let is_resource = self.model.kind(ty) == TypeKind::Resource;
                for element in parent.element.children_named(name) {
                    self.step()?;
                    let own = if is_resource {
                        resource_type(element, Some(self.model)).unwrap_or(ty)
                    } else {
                        ty
                    };
                    if !look(Typed { element, ty: own })? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Some(Child::Choice { .. }) => Err(GivenUp),
            Some(Child::Variant { .. }) if self.env.lenient_as => Err(GivenUp),
            Some(Child::Variant { .. }) | None => Ok(true),
        }
    }
}

#[cfg(test)]
mod tests;
