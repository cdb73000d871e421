//! Text to syntax tree.

mod ast;
mod each;
mod functions;
mod lexer;
mod parser;
mod share;
mod simplify;

pub(crate) use ast::{
    Constant, Expr, Kind, Operator, Pattern, RegexUse, Shape, TypeSpec, TypeTest,
};
pub(crate) use each::each_part;
pub(crate) use functions::Function;
pub(crate) use parser::{build_regex, parse};
