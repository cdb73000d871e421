//! The tests of this crate that need nothing of their own, as one program: it is linked once.

#[macro_use]
mod contract;
mod crash;
mod postgres;
mod postgres_outages;
mod sqlite;
mod watched;
