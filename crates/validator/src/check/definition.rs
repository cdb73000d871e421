//! Definitions as instances: what a StructureDefinition, a ValueSet or a CodeSystem says of other
//! definitions and of itself, beyond the rules of its own profile.

mod code_system;
pub(crate) mod messages;
mod structure;
mod value_set;

use super::context::Context;
use crate::compile::Profile;

/// Checks the resource at hand if it is a definition.
pub(crate) fn check<'a>(cx: &mut Context<'a>, type_name: &str, base: &'a Profile) {
    match type_name {
        "StructureDefinition" => structure::check(cx, base),
        "ValueSet" => value_set::check(cx, base),
        "CodeSystem" => code_system::check(cx, base),
        _ => {}
    }
}
