//! Text to syntax tree.

mod ast;
mod each;
mod lexer;
mod parser;
mod share;
mod simplify;

pub(crate) use ast::{Constant, Expr, Kind, Operator, Pattern, RegexUse, TypeSpec, TypeTest};
pub(crate) use each::each_part;
pub(crate) use parser::parse;
