//! The public face of a compiled expression.

use crate::check;
use crate::env::Env;
use crate::error::{EvalError, SemanticError, SyntaxError};
use crate::eval::Engine;
use crate::eval::quick::{Quick, is_plain};
use crate::item::{Collection, Item};
use crate::model::{Model, TypeId, Typed};
use crate::syntax::{self, Expr};

/// A FHIRPath expression, parsed once, good for any document and any thread.
#[derive(Debug)]
pub struct Expression {
    source: Box<str>,
    root: Expr,
    /// Whether it is a condition on plain paths.
    is_plain: bool,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`SyntaxError`] with line and column.
    pub fn parse(source: &str) -> Result<Self, SyntaxError> {
        let root = syntax::parse(source)?;
        Ok(Self { is_plain: is_plain(&root), root, source: source.into() })
    }

    pub(crate) fn root(&self) -> &Expr {
        &self.root
    }

    /// The text it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Evaluates with an element as focus.
    ///
    /// Results borrow from the document and from the expression (its text literals), so both must
    /// be declared before the environment.
    ///
    /// # Errors
    /// [`EvalError`] when the expression cannot be evaluated on this data or in this environment.
    pub fn evaluate<'a>(
        &'a self,
        focus: Typed<'a>,
        env: &Env<'a>,
    ) -> Result<Collection<'a>, EvalError> {
        self.evaluate_on(std::slice::from_ref(&Item::Element(focus)), env)
    }

    /// Evaluates with any collection as focus.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn evaluate_on<'a>(
        &'a self,
        focus: &[Item<'a>],
        env: &Env<'a>,
    ) -> Result<Collection<'a>, EvalError> {
        Engine::new(env, focus).run(&self.root)
    }

    /// Whether an invariant holds: empty is false, a single boolean is itself, a single item of any
    /// other type is true, and so are several items, as HL7's validator decides.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn test<'a>(&'a self, focus: Typed<'a>, env: &Env<'a>) -> Result<bool, EvalError> {
        if self.is_plain
            && let Some(Ok(verdict)) = Quick::new(env).map(|quick| quick.logic(&self.root, focus))
        {
            return Ok(verdict == Some(true));
        }
        let focus = Item::Element(focus);
        Engine::new(env, std::slice::from_ref(&focus)).run_test(&self.root)
    }

    /// Whether the result has any item, found without building it.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn exists<'a>(&'a self, focus: Typed<'a>, env: &Env<'a>) -> Result<bool, EvalError> {
        let focus = Item::Element(focus);
        Engine::new(env, std::slice::from_ref(&focus)).run_exists(&self.root)
    }

    /// Checks the expression against the definitions, for a focus of type `context`: misspelt
    /// elements, unknown types, operands that can never fit.
    ///
    /// # Errors
    /// All errors found, in the order of the text.
    pub fn check(&self, model: &dyn Model, context: TypeId) -> Result<(), Vec<SemanticError>> {
        check::check(&self.root, model, context)
    }

    /// As [`Expression::check`], for evaluation from the items that `start` yields on a focus of type
    /// `context`. Where their types cannot be known nothing is found. What is wrong with `start` itself is for
    /// its own check.
    ///
    /// # Errors
    /// As [`Expression::check`].
    pub fn check_from(
        &self,
        model: &dyn Model,
        start: &Self,
        context: TypeId,
    ) -> Result<(), Vec<SemanticError>> {
        check::check_from(&self.root, model, &start.root, context)
    }
}
