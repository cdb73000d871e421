//! The tests of this crate that need nothing of their own, as one program: it is linked once.

mod client;
mod conformance_jose;
mod http;
mod jose;
mod profiles;
mod verifier;
