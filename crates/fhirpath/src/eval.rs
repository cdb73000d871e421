//! Evaluates the compiled form.
//!
//! Every node is one of three shapes. *Logic* nodes yield a boolean or nothing, *scalar* nodes one
//! item or nothing, all others pass their items one by one to a receiver that may stop them. So
//! `exists()` and its like end at the first item, and a chain of steps builds no collections.

mod arithmetic;
pub(crate) mod boundary;
mod call;
mod compare;
pub(crate) mod conversion;
mod elements;
pub(crate) mod existence;
pub(crate) mod fhir;
pub(crate) mod filtering;
pub(crate) mod flow;
mod logic;
mod look;
pub(crate) mod math;
pub(crate) mod quick;
mod set;
pub(crate) mod subsetting;
pub(crate) mod sum;
pub(crate) mod temporal;
pub(crate) mod text;
pub(crate) mod tree;
mod types;

pub(crate) use call::Call;
use look::Remembered;
pub(crate) use types::SYSTEM_TYPES;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use lmr_fhir::SourceLocation;

use smallvec::SmallVec;

use crate::env::Env;
use crate::error::{EvalError, EvalErrorKind, Unavailable};
use crate::functions::{Evaluator, Shape};
use crate::item::{Collection, Item};
use crate::syntax::{Constant, Expr, Kind, TypeTest};

/// Boxed, so that the result of every step fits in registers.
pub(crate) type BoxedError = Box<EvalError>;
pub(crate) type EvalResult<T> = Result<T, BoxedError>;
/// A boolean or nothing.
pub(crate) type LogicResult = EvalResult<Option<bool>>;
/// One item or nothing.
pub(crate) type ScalarResult<'a> = EvalResult<Option<Item<'a>>>;
/// Whether the receiver wants more items.
pub(crate) type FlowResult = EvalResult<bool>;

/// Takes one item; `false` ends the flow.
pub(crate) type Sink<'k, 'a> = &'k mut dyn FnMut(Item<'a>) -> EvalResult<bool>;

/// What `$this`, `$index` and `$total` are.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'s, 'a> {
    this: &'s [Item<'a>],
    index: Option<usize>,
    total: Option<&'s Collection<'a>>,
}

impl<'s, 'a> Scope<'s, 'a> {
    fn on(self, item: &'s Item<'a>, index: usize) -> Self {
        Self { this: std::slice::from_ref(item), index: Some(index), total: self.total }
    }
}

/// Bytes or digits up to which a value counts as no more than the step that it is looked at with.
const SMALL: usize = 64;

/// Number and result of a condition.
type FixedCondition = (u16, Option<bool>);

/// Name and value.
type Variable<'a> = (String, Rc<Collection<'a>>);

/// One evaluation.
pub(crate) struct Engine<'e, 'a> {
    env: &'e Env<'a>,
    focus: &'e [Item<'a>],
    steps: Cell<u64>,
    /// Results of repeated paths, by their number and where they start from.
    memo: RefCell<SmallVec<[Remembered<'a>; 0]>>,
    /// Results of conditions that are the same for every item, by their number.
    fixed: RefCell<SmallVec<[FixedCondition; 2]>>,
    /// Defined by `defineVariable`, innermost last.
    variables: RefCell<SmallVec<[Variable<'a>; 0]>>,
}

impl<'e, 'a> Engine<'e, 'a> {
    pub(crate) fn new(env: &'e Env<'a>, focus: &'e [Item<'a>]) -> Self {
        Self {
            env,
            focus,
            steps: Cell::new(0),
            memo: RefCell::default(),
            fixed: RefCell::default(),
            variables: RefCell::default(),
        }
    }

    fn scope(&self) -> Scope<'e, 'a> {
        Scope { this: self.focus, index: None, total: None }
    }

    /// The whole result.
    pub(crate) fn run(&self, root: &'a Expr) -> Result<Collection<'a>, EvalError> {
        self.collect(root, self.scope()).map_err(|e| *e)
    }

    /// Whether the result has an item.
    pub(crate) fn run_exists(&self, root: &'a Expr) -> Result<bool, EvalError> {
        self.exists(root, self.scope()).map_err(|e| *e)
    }

    /// The verdict of an invariant.
    pub(crate) fn run_test(&self, root: &'a Expr) -> Result<bool, EvalError> {
        let verdict = match root.shape {
            Shape::Logic => self.logic(root, self.scope()).map(|b| b == Some(true)),
            _ => self.verdict(root),
        };
        verdict.map_err(|e| *e)
    }

    /// Whether a condition holds of every item of the focus.
    pub(crate) fn run_for_all(&self, condition: &'a Expr) -> Result<bool, EvalError> {
        let holds = |(index, item): (usize, &'e Item<'a>)| -> EvalResult<bool> {
            self.step(condition.location)?;
            let scope = self.scope().on(item, index);
            Ok(self.enclosed(|| self.condition(condition, scope, "all()"))? == Some(true))
        };
        for one in self.focus.iter().enumerate() {
            if !holds(one).map_err(|e| *e)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Of what is not a boolean by itself: several items count as true, like one.
    fn verdict(&self, root: &'a Expr) -> EvalResult<bool> {
        let items = self.collect(root, self.scope())?;
        Ok(match items.as_slice() {
            [] => false,
            [one] => !matches!(self.value_of(one), Some(Item::Boolean(false))),
            _ => true,
        })
    }

    #[inline]
    fn step(&self, location: SourceLocation) -> EvalResult<()> {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if steps > self.env.steps {
            self.fail(location, EvalErrorKind::Budget(self.env.steps))
        } else {
            Ok(())
        }
    }

    /// Counts work that a library does in one go.
    fn steps(&self, location: SourceLocation, count: usize) -> EvalResult<()> {
        self.steps.set(self.steps.get().saturating_add(count as u64));
        self.step(location)
    }

    /// Counts a value that is made or copied by its size: what it takes beyond a small one. The next step
    /// fails where it was too much.
    #[inline]
    fn charge(&self, size: usize) {
        if size > SMALL {
            self.owe(size / 16);
        }
    }

    /// Counts work; the next step fails where it was too much.
    fn owe(&self, steps: usize) {
        self.steps.set(self.steps.get().saturating_add(steps as u64));
    }

    /// A copy of an item, which counts by its size.
    #[inline]
    fn copy(&self, item: &Item<'a>) -> Item<'a> {
        if let Item::Element(typed) = item {
            return Item::Element(*typed);
        }
        self.charge(item.size());
        item.clone()
    }

    #[cold]
    fn fail<T>(&self, location: SourceLocation, kind: EvalErrorKind) -> EvalResult<T> {
        Err(Box::new(EvalError { location, kind }))
    }

    #[cold]
    fn type_error<T>(
        &self,
        location: SourceLocation,
        what: &'static str,
        found: &Item<'a>,
    ) -> EvalResult<T> {
        let found = found.type_name(self.env.model).into_owned();
        self.fail(location, EvalErrorKind::Type { what, found })
    }

    #[cold]
    fn unavailable<T>(
        &self,
        location: SourceLocation,
        what: &'static str,
        why: Unavailable,
    ) -> EvalResult<T> {
        self.fail(location, EvalErrorKind::Unavailable { what, why })
    }

    /// All items of a node.
    fn collect(&self, e: &'a Expr, s: Scope<'_, 'a>) -> EvalResult<Collection<'a>> {
        let mut out = Collection::new();
        self.stream(e, s, &mut |item| {
            self.step(e.location)?;
            out.push(item);
            Ok(true)
        })?;
        Ok(out)
    }

    /// The one item of a node, or none.
    fn single(
        &self,
        e: &'a Expr,
        s: Scope<'_, 'a>,
        what: &'static str,
    ) -> EvalResult<Option<Item<'a>>> {
        match e.shape {
            Shape::Logic => Ok(self.logic(e, s)?.map(Item::Boolean)),
            Shape::Scalar => self.scalar(e, s),
            Shape::Many => {
                let mut found = None;
                let mut count = 0;
                self.stream(e, s, &mut |item| {
                    self.step(e.location)?;
                    count += 1;
                    found = Some(item);
                    Ok(true)
                })?;
                if count > 1 {
                    return self.fail(e.location, EvalErrorKind::NotSingle { what, found: count });
                }
                Ok(found)
            }
        }
    }

    /// The one value of a node: elements give what they hold. A primitive without a value gives
    /// nothing.
    fn single_value(
        &self,
        e: &'a Expr,
        s: Scope<'_, 'a>,
        what: &'static str,
    ) -> EvalResult<Option<Item<'a>>> {
        Ok(match self.single(e, s, what)? {
            Some(item @ Item::Element(_)) => self.value_of(&item),
            item => item,
        })
    }

    /// A node as a condition: nothing, its boolean, or true for any other single item.
    fn condition(
        &self,
        e: &'a Expr,
        s: Scope<'_, 'a>,
        what: &'static str,
    ) -> EvalResult<Option<bool>> {
        if e.shape == Shape::Logic {
            return self.logic(e, s);
        }
        Ok(self.single(e, s, what)?.map(|item| match item {
            Item::Boolean(b) => b,
            Item::Element(_) => !matches!(self.value_of(&item), Some(Item::Boolean(false))),
            _ => true,
        }))
    }

    /// A text argument.
    fn text_arg(
        &self,
        e: &'a Expr,
        s: Scope<'_, 'a>,
        what: &'static str,
    ) -> EvalResult<Option<Cow<'a, str>>> {
        if let Kind::Text(text) = &e.kind {
            return Ok(Some(Cow::Borrowed(text)));
        }
        match self.single_value(e, s, what)? {
            None => Ok(None),
            Some(Item::String(text)) => Ok(Some(text)),
            Some(other) => self.type_error(e.location, what, &other),
        }
    }

    /// An integer argument.
    fn integer_arg(
        &self,
        e: &'a Expr,
        s: Scope<'_, 'a>,
        what: &'static str,
    ) -> EvalResult<Option<i64>> {
        match self.single_value(e, s, what)? {
            None => Ok(None),
            Some(Item::Integer(n)) => Ok(Some(n)),
            Some(other) => self.type_error(e.location, what, &other),
        }
    }

    /// Runs `body`; variables it defines end with it.
    fn enclosed<T>(&self, body: impl FnOnce() -> EvalResult<T>) -> EvalResult<T> {
        let before = self.variables.borrow().len();
        let result = body();
        if self.variables.borrow().len() > before {
            self.variables.borrow_mut().truncate(before);
        }
        result
    }

    /// Passes the items of a node on, one by one. `false` when the receiver had enough.
    fn stream(&self, e: &'a Expr, s: Scope<'_, 'a>, sink: Sink<'_, 'a>) -> EvalResult<bool> {
        match &e.kind {
            Kind::Focus | Kind::This => {
                for item in s.this {
                    self.step(e.location)?;
                    if !sink(self.copy(item))? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Kind::Member { source, name, type_like } => match self.remembered(e, s)? {
                Some(items) => self.pass(items.iter().map(|item| self.copy(item)), sink),
                None => self.visit(source, s, &mut |item| {
                    self.step(e.location)?;
                    self.members(item, name, *type_like, sink)
                }),
            },
            Kind::Empty => Ok(true),
            Kind::Total => match s.total {
                Some(total) => self.pass(total.iter().map(|item| self.copy(item)), sink),
                None => Ok(true),
            },
            Kind::Constant(constant) => self.constant(e.location, constant, sink),
            Kind::Union(operands) => {
                let mut all = Collection::new();
                for operand in operands {
                    self.enclosed(|| {
                        self.stream(operand, s, &mut |item| {
                            self.step(e.location)?;
                            all.push(item);
                            Ok(true)
                        })
                    })?;
                }
                self.pass(self.distinct(e.location, all)?, sink)
            }
            Kind::TypeTest { source, test: TypeTest::As, spec } if !self.env.lenient_as => {
                match self.as_type(e.location, source, spec, s)? {
                    Some(item) => sink(item),
                    None => Ok(true),
                }
            }
            Kind::TypeTest { source, test: test @ (TypeTest::As | TypeTest::OfType), spec } => self
                .stream(source, s, &mut |item| {
                    self.step(e.location)?;
                    if self.is_of_type(e.location, &item, *test, spec)? {
                        sink(item)
                    } else {
                        Ok(true)
                    }
                }),
            Kind::Call { source, function, args } => match function.row().evaluator {
                Evaluator::Many(evaluate) => {
                    evaluate(self, Call::new(e.location, *function, source, args, s), sink)
                }
                Evaluator::Logic(_) | Evaluator::Scalar(_) => self.one(e, s, sink),
            },
            _ => self.one(e, s, sink),
        }
    }

    fn one(&self, e: &'a Expr, s: Scope<'_, 'a>, sink: Sink<'_, 'a>) -> EvalResult<bool> {
        let item = match e.shape {
            Shape::Logic => self.logic(e, s)?.map(Item::Boolean),
            _ => self.scalar(e, s)?,
        };
        match item {
            Some(item) => sink(item),
            None => Ok(true),
        }
    }

    fn pass(
        &self,
        items: impl IntoIterator<Item = Item<'a>>,
        sink: Sink<'_, 'a>,
    ) -> EvalResult<bool> {
        for item in items {
            if !sink(item)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn constant(
        &self,
        location: SourceLocation,
        constant: &'a Constant,
        sink: Sink<'_, 'a>,
    ) -> EvalResult<bool> {
        let typed = match constant {
            Constant::Text(text) => return sink(Item::from(text.as_str())),
            Constant::Context => match self.env.context {
                Some(context) => context,
                None => return self.pass(self.focus.iter().cloned(), sink),
            },
            Constant::Resource | Constant::RootResource => {
                let (known, what) = match constant {
                    Constant::Resource => (self.env.resource, "%resource"),
                    _ => (self.env.root_resource, "%rootResource"),
                };
                match known.or_else(|| self.enclosing_resource(*constant == Constant::RootResource))
                {
                    Some(resource) => resource,
                    None => return self.unavailable(location, what, Unavailable::Unsupported),
                }
            }
            Constant::Named(name) => {
                let own = self
                    .variables
                    .borrow()
                    .iter()
                    .rev()
                    .find(|v| v.0 == *name)
                    .map(|v| Rc::clone(&v.1));
                if let Some(items) = own {
                    return self.pass(items.iter().map(|item| self.copy(item)), sink);
                }
                if let Some((_, items)) = self.env.constants.iter().find(|c| c.0 == name) {
                    return self.pass(items.iter().map(|item| self.copy(item)), sink);
                }
                return match self.env.host.and_then(|host| host.constant(name)) {
                    Some(items) => self.pass(items, sink),
                    None => self.fail(location, EvalErrorKind::UnknownConstant(name.clone())),
                };
            }
        };
        sink(Item::Element(typed))
    }

    /// A node that yields one item or none; what it makes counts by its size.
    #[inline]
    fn scalar(&self, e: &'a Expr, s: Scope<'_, 'a>) -> EvalResult<Option<Item<'a>>> {
        let made = self.scalar_of(e, s);
        if let Ok(Some(item)) = &made {
            self.charge(item.size());
        }
        made
    }

    fn scalar_of(&self, e: &'a Expr, s: Scope<'_, 'a>) -> EvalResult<Option<Item<'a>>> {
        Ok(Some(match &e.kind {
            Kind::Integer(n) => Item::Integer(*n),
            Kind::Decimal(d) => Item::Decimal(d.clone()),
            Kind::Text(text) => Item::from(text.as_str()),
            Kind::Date(d) => Item::Date(*d),
            Kind::DateTime(d) => Item::DateTime(*d),
            Kind::Time(t) => Item::Time(*t),
            Kind::ZonedTime => return self.fail(e.location, EvalErrorKind::TimeWithZone),
            Kind::Quantity(q) => Item::Quantity(q.clone()),
            Kind::Index => match s.index {
                Some(n) => Item::Integer(i64::try_from(n).unwrap_or(i64::MAX)),
                None => return Ok(None),
            },
            Kind::At { source, index } => {
                let Some(index) = self.integer_arg(index, s, "[]")? else { return Ok(None) };
                let Ok(mut left) = usize::try_from(index) else { return Ok(None) };
                let mut found = None;
                self.stream(source, s, &mut |item| {
                    self.step(e.location)?;
                    if left == 0 {
                        found = Some(item);
                        return Ok(false);
                    }
                    left -= 1;
                    Ok(true)
                })?;
                return Ok(found);
            }
            Kind::Negate(inner) => return self.negate(e.location, inner, s),
            Kind::Posit(inner) => {
                return match self.single_value(inner, s, "+")? {
                    Some(item @ (Item::Integer(_) | Item::Decimal(_) | Item::Quantity(_))) => {
                        Ok(Some(item))
                    }
                    Some(other) => self.type_error(e.location, "+", &other),
                    None => Ok(None),
                };
            }
            Kind::Binary { operator, left, right } => {
                return self.arithmetic(e.location, *operator, left, right, s);
            }
            Kind::Regex { source, pattern, substitution: Some(substitution), .. } => {
                return self.replace_matches(e.location, source, pattern, substitution, s);
            }
            Kind::Call { source, function, args } => match function.row().evaluator {
                Evaluator::Scalar(evaluate) => {
                    return evaluate(self, Call::new(e.location, *function, source, args, s));
                }
                Evaluator::Logic(_) | Evaluator::Many(_) => return self.single(e, s, "an operand"),
            },
            _ => return self.single(e, s, "an operand"),
        }))
    }
}
