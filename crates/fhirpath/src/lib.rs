//! FHIRPath: parse, check, evaluate on the element tree.
//!
//! The language is N1 (<http://hl7.org/fhirpath/N1/>) with the additions of FHIR R4
//! (<https://hl7.org/fhir/R4/fhirpath.html>) and those functions of the later drafts that the HL7
//! test suite for R4 uses. What cannot be evaluated is an [`EvalError`], never a silent pass.
//!
//! - [`Expression`] is read once and evaluated as often as needed, on any thread;
//!   [`Expression::test`] decides invariants, [`Expression::check`] finds misspelt elements without
//!   data.
//! - [`Env`] is what an evaluation gets from outside: types ([`Model`]), a clock, `%resource`, and a
//!   [`Host`] for what only the caller can answer (references, value sets, profiles). Without a
//!   model, elements are read by their JSON form alone.
//! - [`Item`]s are the results: elements of the data, or values of the System types, among them
//!   [`Decimal`], [`DateTime`] and [`Quantity`], exact whatever their length.
//!
//! ```
//! use lmr_fhir::{Document, ParseOptions};
//! use lmr_fhirpath::{Env, Expression, Item, Typed};
//!
//! let expression = Expression::parse("name.where(use = 'official').given.first()")?;
//! let text = r#"{"resourceType":"Patient","name":[{"use":"usual","given":["Kari"]},
//!  {"use":"official","given":["Karoline","Marie"]}]}"#;
//! let document = Document::parse(text, &ParseOptions::strict())?;
//!
//! let patient = Typed::resource(document.root_element(), None);
//! let items = expression.evaluate(patient, &Env::new())?;
//! let given = items[0].as_element().expect("an element of the data");
//! assert_eq!(given.element.text().as_deref(), Some("Karoline"));
//!
//! let invariant = Expression::parse("name.all(given.exists() or family.exists())")?;
//! assert!(invariant.test(patient, &Env::new())?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Each function is one row of a table beside its evaluator (`src/functions.rs`); that table and the
//! evaluator are the one pair of modules that name each other.

#[cfg(test)]
extern crate self as lmr_fhirpath;

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
mod regular_expression;
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
pub use functions::function_names;
pub use host::DocumentHost;
pub use item::{Collection, Item, TypeInfo};
pub use model::{Child, Model, TypeId, TypeKind, Typed};
pub use regular_expression::{Extent, RegexFault, RegularExpression, TooManyBacktracks};
pub use render::to_json;
pub use ucum::is_valid as is_ucum;
pub use value::{CalendarUnit, Date, DateTime, Decimal, Quantity, Time, Unit};
