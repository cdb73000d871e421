//! Our validator, with the settings that correspond to the reference's.

use std::path::PathBuf;

use anyhow::Result;
use lmr_validator::{Options, Validator, definitions::Definitions, package::Package};

use crate::finding::Finding;

/// Our validator over the same packages.
pub(crate) struct Ours {
    validator: Validator,
}

impl Ours {
    pub(crate) fn new(packages: &[PathBuf], definitions: &[String]) -> Result<Self> {
        let mut opened = Vec::new();
        if !definitions.is_empty() {
            opened.push(Package::embedded(
                "generated",
                "1",
                definitions.iter().map(String::as_str),
            )?);
        }
        // Later packages come before earlier ones.
        for path in packages.iter().rev() {
            opened.push(Package::open(path)?);
        }
        let definitions = Definitions::builder().packages(opened).build();
        Ok(Self { validator: Validator::builder().definitions(definitions).build() })
    }

    pub(crate) fn definitions(&self) -> &Definitions {
        self.validator.definitions()
    }

    pub(crate) fn validate(&self, text: &str, profiles: &[String], threads: usize) -> Vec<Finding> {
        let options = Options { profiles: profiles.to_vec(), threads, ..Options::default() };
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
