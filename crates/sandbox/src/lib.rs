//! A simulated world that really works.

pub mod certificates;
pub mod clock;
pub mod demo;
pub mod folder;
pub mod helseid;
pub mod hospital;
pub mod maskinporten;
pub mod world;
