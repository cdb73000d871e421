//! Which elements there may be, in which shape and how often.

pub(crate) mod messages;
