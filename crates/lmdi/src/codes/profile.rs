//! LMR-4xxx: a resource against its profile. One row a code, one file a subject;
//! `codes!` in `codes.rs` names the fields.

mod elements;
mod structure;
mod values;

pub(super) use elements::profile_elements;
pub(super) use structure::profile_structure;
pub(super) use values::profile_values;
