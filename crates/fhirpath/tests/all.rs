//! The tests of this crate that need nothing of their own, as one program: it is linked once.

mod bounds;
mod exact;
mod functions;
mod language;
#[expect(clippy::unwrap_used, reason = "the tests' own model")]
mod model;
mod regular_expressions;
mod sizes;
mod typed;
