//! A call of a function, as its evaluator gets it.

use std::borrow::Cow;

use lmr_fhir::SourceLocation;

use super::{Engine, EvalResult, ScalarResult, Scope};
use crate::functions::{Function, Shape};
use crate::item::{Collection, Item};
use crate::syntax::{Expr, Kind};

/// Where it is, what it is called on and with.
#[derive(Clone, Copy)]
pub(crate) struct Call<'s, 'a> {
    pub(super) location: SourceLocation,
    function: Function,
    pub(super) source: &'a Expr,
    pub(super) args: &'a [Expr],
    pub(super) scope: Scope<'s, 'a>,
}

/// What a missing argument is taken for. The parser has counted the arguments, so that only those
/// that may be left out can be missing.
static NOTHING: Expr = Expr {
    location: SourceLocation::START,
    shape: Shape::Many,
    memo: 0,
    fixed: 0,
    kind: Kind::Empty,
};

impl<'s, 'a> Call<'s, 'a> {
    pub(super) fn new(
        location: SourceLocation,
        function: Function,
        source: &'a Expr,
        args: &'a [Expr],
        scope: Scope<'s, 'a>,
    ) -> Self {
        Self { location, function, source, args, scope }
    }

    /// Its name for messages: `skip()`.
    pub(super) fn what(self) -> &'static str {
        self.function.row().call
    }

    /// An argument, from 0; `{}` where it is left out.
    pub(super) fn arg(self, index: usize) -> &'a Expr {
        self.args.get(index).unwrap_or(&NOTHING)
    }
}

impl<'a> Engine<'_, 'a> {
    /// The one value that a function is called on.
    pub(super) fn source_value(&self, call: Call<'_, 'a>) -> ScalarResult<'a> {
        self.single_value(call.source, call.scope, call.what())
    }

    /// All items that a function is called on.
    pub(super) fn source_items(&self, call: Call<'_, 'a>) -> EvalResult<Collection<'a>> {
        self.collect(call.source, call.scope)
    }

    /// All items of an argument; variables defined in it end with it.
    pub(super) fn argument_items(
        &self,
        call: Call<'_, 'a>,
        index: usize,
    ) -> EvalResult<Collection<'a>> {
        self.enclosed(|| self.collect(call.arg(index), call.scope))
    }

    /// The one value of an argument.
    pub(super) fn argument_value(&self, call: Call<'_, 'a>, index: usize) -> ScalarResult<'a> {
        self.single_value(call.arg(index), call.scope, call.what())
    }

    /// An argument that must be a text.
    pub(super) fn argument_text(
        &self,
        call: Call<'_, 'a>,
        index: usize,
    ) -> EvalResult<Option<Cow<'a, str>>> {
        self.text_arg(call.arg(index), call.scope, call.what())
    }

    /// An argument that must be an integer.
    pub(super) fn argument_integer(
        &self,
        call: Call<'_, 'a>,
        index: usize,
    ) -> EvalResult<Option<i64>> {
        self.integer_arg(call.arg(index), call.scope, call.what())
    }

    /// An error of type about the item that a function is called on.
    #[cold]
    pub(super) fn wrong_type<T>(&self, call: Call<'_, 'a>, found: &Item<'a>) -> EvalResult<T> {
        self.type_error(call.location, call.what(), found)
    }
}
