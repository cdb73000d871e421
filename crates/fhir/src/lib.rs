//! JSON element tree for FHIR.
