//! The tests of this crate that need nothing of their own, as one program: it is linked once.

mod certificates;
mod conformance_chain;
mod helseid;
mod hospital;
mod network;
mod refusals;
mod token_clients;
mod tokens;
mod world;
