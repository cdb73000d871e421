//! FHIR packages, snapshots, compiled profiles and the checks.
