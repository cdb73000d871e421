//! The tests of this crate that need nothing of their own, as one program: it is linked once.

mod conformance_wycheproof;
mod interop_python;
mod receipts;
mod sealing;
