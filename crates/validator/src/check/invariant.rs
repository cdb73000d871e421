//! Constraints in FHIRPath, and the profiles that carry them.

pub(crate) mod messages;
