//! Errors, by who has to act: the author of the expression, or the caller of the evaluation.

use std::fmt;

use lmr_fhir::SourceLocation;
use thiserror::Error;

use crate::regular_expression::RegexFault;

/// The text is not a FHIRPath expression; its author has to correct it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{location}: {kind}")]
pub struct SyntaxError {
    /// Where.
    pub location: SourceLocation,
    /// Why.
    pub kind: SyntaxErrorKind,
}

/// Why a text is not a FHIRPath expression.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SyntaxErrorKind {
    /// A character that starts no token.
    #[error("unexpected character {0:?}")]
    Character(char),
    /// A `/*` without `*/`.
    #[error("comment without end")]
    CommentWithoutEnd,
    /// A string or delimited name without its closing quote.
    #[error("text without closing {0}")]
    TextWithoutEnd(char),
    /// `\` followed by something that is not an escape.
    #[error("unknown escape in text")]
    UnknownEscape,
    /// A date, dateTime or time that no calendar or clock has.
    #[error("not a date or time: {0}")]
    BadTemporal(String),
    /// Something else was due.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What the grammar wants.
        expected: &'static str,
        /// What was found instead.
        found: String,
    },
    /// The expression went on after its end.
    #[error("unexpected {0} after the expression")]
    Trailing(String),
    /// No function of this name exists.
    #[error("unknown function {name}(){}", did_you_mean(near.map(|near| format!("{near}()"))))]
    UnknownFunction {
        /// The name in the expression.
        name: String,
        /// The function that may be meant.
        near: Option<&'static str>,
    },
    /// The function takes another number of arguments.
    #[error("{function}() takes {expected} argument(s), not {found}")]
    Arity {
        /// Its name.
        function: &'static str,
        /// How many it takes.
        expected: String,
        /// How many were given.
        found: usize,
    },
    /// `$this` and its like are only these three.
    #[error("unknown variable ${0}")]
    UnknownVariable(String),
    /// Nested deeper than is evaluated.
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
    /// Longer than is read.
    #[error("longer than {0} bytes")]
    TooLong(usize),
}

/// An expression that was understood could not be evaluated.
///
/// Carries names from the expression and from definitions, never values from the data.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{location}: {kind}")]
pub struct EvalError {
    /// Where in the expression.
    pub location: SourceLocation,
    /// Why.
    pub kind: EvalErrorKind,
}

/// Why an expression could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EvalErrorKind {
    /// One item was due, there were more.
    #[error("{what} needs at most one item, found {found}")]
    NotSingle {
        /// The operator, function or argument.
        what: &'static str,
        /// How many there were.
        found: usize,
    },
    /// The operator or function does not take this type.
    #[error("{what} does not take {found}")]
    Type {
        /// The operator or function.
        what: &'static str,
        /// Type name of what was given.
        found: String,
    },
    /// The operator does not take this pair of types.
    #[error("{what} does not take {left} and {right}")]
    Types {
        /// The operator.
        what: &'static str,
        /// Type name of the left operand.
        left: String,
        /// Type name of the right operand.
        right: String,
    },
    /// An argument that is outside what the function takes.
    #[error("{what}: argument out of range")]
    Argument {
        /// The function.
        what: &'static str,
    },
    /// A text that would become longer than is made.
    #[error("{what}: the text would be longer than {limit} bytes")]
    TextTooLong {
        /// The function or operator.
        what: &'static str,
        /// Most bytes that are made.
        limit: usize,
    },
    /// A regular expression that cannot be used.
    #[error("{what}: the regular expression cannot be used: {why}")]
    Regex {
        /// The function.
        what: &'static str,
        /// What is wrong with it.
        why: RegexFault,
    },
    /// A regular expression with look-around, back-references and the like that takes too long in a text.
    #[error(
        "{what}: searching the text with this regular expression takes too long; without look-around, back-references, atomic \
         groups and possessive quantifiers there is no limit"
    )]
    Backtracks {
        /// The function.
        what: &'static str,
    },
    /// `@T10:30Z`: a time of day has no zone.
    #[error("a time of day cannot have a time zone")]
    TimeWithZone,
    /// `a` and `mo` have no fixed length in the calendar.
    #[error("date arithmetic takes no definite duration of {0}")]
    DefiniteDuration(&'static str),
    /// No type of this name exists.
    #[error("unknown type {0}")]
    UnknownType(String),
    /// No `%name` of this name exists.
    #[error("unknown constant %{0}")]
    UnknownConstant(String),
    /// The variable is already defined.
    #[error("variable %{0} is defined twice")]
    DuplicateVariable(String),
    /// Needs something the environment does not have.
    #[error("{what} cannot be evaluated here: {why}")]
    Unavailable {
        /// The function or constant.
        what: &'static str,
        /// What is missing.
        why: Unavailable,
    },
    /// A value in the data is not of the form its type demands.
    #[error("malformed {0} in the data")]
    Malformed(&'static str),
    /// The step budget is used up.
    #[error("it takes more than {0} steps")]
    Budget(u64),
}

/// What a function needed and did not get.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unavailable {
    /// The environment has no clock.
    #[error("no clock given")]
    Clock,
    /// The environment has no host, or the host does not answer this.
    #[error("not supported by the host")]
    Unsupported,
    /// The profile, value set or code system is not known.
    #[error("definition not available: {0}")]
    Definition(String),
    /// The value set is known, but its content is not.
    #[error("content not available: {0}")]
    Content(String),
    /// The evaluation of what was called went too deep or too long.
    #[error("limit reached")]
    Limit,
}

/// An expression that does not fit the definitions: found without data.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{location}: {kind}")]
pub struct SemanticError {
    /// Where in the expression.
    pub location: SourceLocation,
    /// Why.
    pub kind: SemanticErrorKind,
}

/// Why an expression does not fit the definitions.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SemanticErrorKind {
    /// No such element in any of the possible types.
    #[error("{types} has no element {name}{}", did_you_mean(near.as_ref()))]
    UnknownElement {
        /// The name in the expression.
        name: String,
        /// What may be meant: an element, the type that the path starts with, or a function.
        near: Option<String>,
        /// The types it was looked for in, comma-separated.
        types: String,
    },
    /// The path starts with a type that the context is not.
    #[error("the context is {types}, not {name}")]
    WrongContext {
        /// The name in the expression.
        name: String,
        /// The types of the context.
        types: String,
    },
    /// The operator or function does not take these types.
    #[error("{what} does not take {found}")]
    Type {
        /// The operator or function.
        what: &'static str,
        /// The possible types.
        found: String,
    },
}

fn did_you_mean(near: Option<impl fmt::Display>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean {near}?"))
}
