//! The sender against a register that is only a model: what it stores, and how it fails, is the test's to say.

mod crashes;
mod holding;
mod runs;
mod truth;
mod world;
