//! "Did you mean" in messages.

pub(crate) use lmr_fhir::nearest;
