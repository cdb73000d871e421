//! FHIRPath: parse, compile, evaluate on the element tree.
//!
//! The language is N1 (<http://hl7.org/fhirpath/N1/>) with the additions of FHIR R4
//! (<https://hl7.org/fhir/R4/fhirpath.html>) and those functions of the later drafts that the HL7
//! test suite for R4 uses. An [`Expression`] is read once and evaluated as often as needed, on any
//! thread; types come from a [`Model`], everything else from outside through [`Env`] and [`Host`].
//!
//! What cannot be evaluated is an [`EvalError`], never a silent pass.

mod check;
mod env;
mod error;
mod eval;
mod expression;
mod for_all;
mod functions;
mod host;
mod html;
mod item;
mod model;
mod names;
mod render;
mod shortcut;
mod syntax;
mod ucum;
mod untyped;
mod value;

pub use env::{DEFAULT_STEPS, Env, Host};
pub use error::{
    EvalError, EvalErrorKind, SemanticError, SemanticErrorKind, SyntaxError, SyntaxErrorKind,
    Unavailable,
};
pub use expression::Expression;
pub use for_all::ForAll;
pub use host::DocumentHost;
pub use item::{Collection, Item, TypeInfo};
pub use model::{Child, Model, TypeId, TypeKind, Typed};
pub use render::to_json;
pub use ucum::is_valid as is_ucum;
pub use value::{CalendarUnit, Date, DateTime, Decimal, Quantity, Time, Unit};
