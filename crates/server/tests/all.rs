//! The tests of this crate that need nothing of their own, as one program: it is linked once.

mod http;
mod pages;
