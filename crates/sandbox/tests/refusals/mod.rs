//! Every way to be refused, provoked through real HTTP on loopback: its status and code, nothing
//! stored, and the next correct message works.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

mod checking;
mod connection;
mod content;
mod envelope;
mod replays;
mod scene;
