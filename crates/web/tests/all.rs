//! The tests of this crate that need nothing of their own, as one program: it is linked once.

mod console;
mod desk;
mod html;
