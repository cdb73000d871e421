//! Our validator, with the settings that correspond to the reference's.

use std::{path::PathBuf, sync::Arc};

use anyhow::Result;
use lmr_validator::{Options, Validator, definitions::Definitions, package::Package};

use crate::finding::Finding;

/// Our validator over the same packages.
pub(crate) struct Ours {
    validator: Validator,
    packages: Vec<Arc<Package>>,
    /// The day of the run, as the reference takes it.
    now: Option<lmr_fhirpath::DateTime>,
}

impl Ours {
    pub(crate) fn new(packages: &[PathBuf]) -> Result<Self> {
        // Later packages come before earlier ones.
        let opened: Result<Vec<_>, _> =
            packages.iter().rev().map(|path| Package::open(path).map(Arc::new)).collect();
        Ok(Self::over(opened?))
    }

    /// The same with further definitions, as JSON.
    pub(crate) fn with(&self, definitions: &[String]) -> Result<Self> {
        let more = Package::embedded("generated", "1", definitions.iter().map(String::as_str))?;
        Ok(Self::over(
            std::iter::once(Arc::new(more)).chain(self.packages.iter().cloned()).collect(),
        ))
    }

    fn over(packages: Vec<Arc<Package>>) -> Self {
        let definitions = Definitions::builder().packages(packages.iter().cloned()).build();
        #[expect(clippy::disallowed_methods, reason = "the reference reads the clock too")]
        let now = lmr_fhirpath::DateTime::parse(&jiff::Timestamp::now().to_string());
        Self { validator: Validator::builder().definitions(definitions).build(), packages, now }
    }

    pub(crate) fn definitions(&self) -> &Definitions {
        self.validator.definitions()
    }

    pub(crate) fn validate(&self, text: &str, profiles: &[String], threads: usize) -> Vec<Finding> {
        let options =
            Options { profiles: profiles.to_vec(), threads, now: self.now, ..Options::default() };
        self.validator
            .validate_text(text, &options)
            .into_iter()
            .map(|issue| {
                Finding::new(
                    issue.severity.as_str(),
                    issue.id(),
                    &issue.expression,
                    issue.text_en(),
                )
            })
            .collect()
    }
}
