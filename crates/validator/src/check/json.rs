//! The JSON itself.

pub(crate) mod messages;
