//! The tests of this crate that need nothing of their own, as one program: it is linked once.

mod behaviour;
mod codes;
mod conformance_fhirpath;
mod conformance_hl7;
mod conformance_lmdi;
mod conformance_snapshots;
mod conformance_xml;
mod definitions;
mod differentials;
mod documents;
mod hostile;
mod invariants;
mod message_ids;
mod one_cause;
mod order_of_profiles;
mod profiles;
mod statistics;
mod terminology;
mod wrong_values;
mod xml;
mod xml_forms;
mod xml_namespaces;
mod xml_spellings;
