//! "Did you mean" in messages.

pub(crate) use lmr_fhir::nearest;

use crate::issue::Arg;

/// The suggestion as the last words of a message; empty without one.
pub(crate) fn as_arg(near: Option<&str>) -> Arg {
    Arg::Text(near.map_or_else(String::new, |n| format!(" ({n}?)")))
}
