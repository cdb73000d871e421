//! LMR-6xxx: the register's rules beyond the profiles, and what became of an entry. One row a code, one
//! file a subject; `codes!` in `codes.rs` names the fields.

mod deliveries;
mod links;
mod numbers;
mod outcomes;
mod times;

pub(super) use deliveries::register_deliveries;
pub(super) use links::register_links;
pub(super) use numbers::register_numbers;
pub(super) use outcomes::register_outcomes;
pub(super) use times::register_times;
