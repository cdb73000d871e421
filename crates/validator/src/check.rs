//! The checks, one subject a file.

pub(crate) mod binding;
pub(crate) mod bundle;
mod discriminator;
pub(crate) mod extension;
pub(crate) mod fixed;
pub(crate) mod grammar;
mod host;
pub(crate) mod invariant;
pub(crate) mod json;
mod limits;
pub(crate) mod links;
pub(crate) mod narrative;
pub(crate) mod primitive;
pub(crate) mod reference;
mod resource;
pub(crate) mod slicing;
mod special;
pub(crate) mod structure;
pub(crate) mod suggest;
mod value;
pub(crate) mod xhtml;
