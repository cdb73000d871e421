//! The checks, one subject a file.

pub(crate) mod binding;
mod bundle;
mod discriminator;
pub(crate) mod extension;
mod fixed;
pub(crate) mod grammar;
mod host;
mod limits;
pub(crate) mod links;
mod narrative;
pub(crate) mod primitive;
mod reference;
mod resource;
mod slicing;
mod special;
pub(crate) mod suggest;
mod value;
pub(crate) mod xhtml;
