//! A make-believe world that really works.

pub mod hospital;
