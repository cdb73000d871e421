//! The validator: definitions compiled on demand, documents validated.

use std::sync::Arc;

use lmr_fhir::{Document, Kind, ParseOptions};

use crate::compile::{ProfileError, Profiles};
use crate::definitions::Definitions;
use crate::issue::{BundleReport, Issue};
use crate::options::Options;
use crate::plan;

/// Validates FHIR R4 documents against base definitions and profiles. Built once,
/// used from any number of threads.
#[derive(Debug)]
pub struct Validator {
    profiles: Profiles,
}

/// Collects what a [`Validator`] works with.
#[derive(Debug, Default)]
pub struct ValidatorBuilder {
    definitions: Option<Arc<Definitions>>,
}

impl ValidatorBuilder {
    /// The definitions to validate by; without them the R4 core alone.
    #[must_use]
    pub fn definitions(mut self, definitions: impl Into<Arc<Definitions>>) -> Self {
        self.definitions = Some(definitions.into());
        self
    }

    /// Makes the validator. Profiles are compiled when first needed.
    pub fn build(self) -> Validator {
        let definitions = self.definitions.unwrap_or_else(|| Arc::new(Definitions::r4()));
        Validator { profiles: Profiles::new(definitions) }
    }
}

impl Validator {
    /// Begins a validator.
    pub fn builder() -> ValidatorBuilder {
        ValidatorBuilder::default()
    }

    /// The definitions it validates by.
    pub fn definitions(&self) -> &Definitions {
        self.profiles.definitions()
    }

    /// The types as FHIRPath sees them.
    pub fn fhirpath_model(&self) -> &dyn lmr_fhirpath::Model {
        &self.profiles.model
    }

    /// Validates a document: a single resource or a Bundle with all its entries.
    ///
    /// What lenient reading noted in the document is reported too, so that one
    /// list has everything.
    pub fn validate(&self, document: &Document<'_>, options: &Options) -> Vec<Issue> {
        plan::run(&self.profiles, document, options)
    }

    /// Validates JSON text; a text that cannot be read gives one fatal issue.
    pub fn validate_text(&self, text: &str, options: &Options) -> Vec<Issue> {
        match Document::parse(text, &ParseOptions::lenient()) {
            Ok(document) => self.validate(&document, options),
            Err(error) => vec![plan::unreadable(&error)],
        }
    }

    /// Validates a Bundle and sorts the issues to its entries.
    pub fn validate_bundle(&self, document: &Document<'_>, options: &Options) -> BundleReport {
        let count = document
            .root()
            .member("entry")
            .filter(|e| e.kind() == Kind::Array)
            .map_or(0, |e| e.members().count());
        let mut report = BundleReport { bundle: Vec::new(), entries: vec![Vec::new(); count] };
        for issue in self.validate(document, options) {
            match issue.entry.and_then(|i| report.entries.get_mut(i)) {
                Some(entry) => entry.push(issue),
                None => report.bundle.push(issue),
            }
        }
        report
    }

    /// Compiles a profile now instead of at the first instance: for checking packages at start.
    ///
    /// # Errors
    /// No package has the profile, or its definition cannot be used.
    pub fn prepare(&self, canonical: &str) -> Result<(), ProfileError> {
        match self.profiles.profile(canonical)? {
            Some(_) => Ok(()),
            None => Err(ProfileError::Unknown(canonical.into())),
        }
    }
}
