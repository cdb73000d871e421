//! The tests of this crate that need nothing of their own, as one program: it is linked once.

mod answer_is_fhir;
mod conformance_administered_9999;
mod conformance_guide_examples;
mod conformance_official_snapshots;
mod fest;
mod guide_versions;
mod identifying;
mod mutations;
mod provoked;
mod register_rules;
mod repairs_094;
mod sample;
mod silent_losses;
