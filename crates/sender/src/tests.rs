//! The sender against a register that is only a model: what it stores, and how it fails, is the test's to say.

mod annulments;
mod archives;
mod changes;
mod crashes;
mod damage;
mod decisions;
mod desk;
mod holding;
mod left;
mod outbox_file;
mod outbox_model;
mod places;
mod questions;
mod receiver;
mod replaced;
mod restored;
mod runs;
mod stopping;
mod truth;
mod unclear;
mod work;
mod world;
mod wrong_types;
