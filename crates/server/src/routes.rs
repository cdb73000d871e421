//! The routes' handlers.

pub(crate) mod message;
pub(crate) mod operation;
