//! A rule set compiled: its validator, and what it finds in a bundle or a resource.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use lmr_fhir::{BundleEntry, Document};
use lmr_validator::definitions::Definitions;
use lmr_validator::package::{Package, PackageError};
use lmr_validator::{Issue, Options, Validator};
use thiserror::Error;

use crate::finding::Finding;
use crate::guide::RuleSetId;
use crate::options::CheckOptions;

/// Why a rule set could not be made. The fault is this program's.
#[derive(Clone, Debug, Error)]
pub enum RuleSetError {
    /// An embedded definition cannot be used.
    #[error("the rule set {rule_set} cannot be compiled: {reason}")]
    Unusable {
        /// Which.
        rule_set: &'static str,
        /// What the validator says.
        reason: String,
    },
}

/// Issues of one resource against one profile that are kept where findings are bounded; an answer holds fewer.
const MAX_PER_RESOURCE: usize = 30;

/// A rule set, compiled. Made once per process and shared.
#[derive(Debug)]
pub struct RuleSet {
    id: RuleSetId,
    validator: Validator,
}

impl RuleSet {
    /// The rule set, made at the first call. Profiles are compiled when first needed.
    ///
    /// # Errors
    /// [`RuleSetError`]: a fault of this program.
    pub fn get(id: RuleSetId) -> Result<&'static Self, RuleSetError> {
        static SETS: [OnceLock<Result<RuleSet, RuleSetError>>; RuleSetId::ALL.len()] =
            [const { OnceLock::new() }; RuleSetId::ALL.len()];
        SETS[id as usize].get_or_init(|| Self::new(id, [])).as_ref().map_err(Clone::clone)
    }

    /// The rule set with further packages before its own definitions: code systems and value sets a user
    /// brings, or an official package of the guide instead of ours.
    ///
    /// # Errors
    /// [`RuleSetError`]: a fault of this program.
    pub fn new(
        id: RuleSetId,
        packages: impl IntoIterator<Item = Arc<Package>>,
    ) -> Result<Self, RuleSetError> {
        let unusable = |error: PackageError| RuleSetError::Unusable {
            rule_set: id.as_str(),
            reason: error.to_string(),
        };
        let definitions = Definitions::builder()
            .packages(packages)
            .package(id.package().map_err(unusable)?)
            .build();
        Ok(Self { id, validator: Validator::builder().definitions(definitions).build() })
    }

    /// Which one.
    #[must_use]
    pub fn id(&self) -> RuleSetId {
        self.id
    }

    /// The validator that checks by its definitions.
    #[must_use]
    pub fn validator(&self) -> &Validator {
        &self.validator
    }

    /// Its definitions on top of the R4 core.
    #[must_use]
    pub fn definitions(&self) -> &Definitions {
        self.validator.definitions()
    }

    /// What the validator finds in a bundle, sorted to its entries.
    pub(crate) fn by_profiles(
        &self,
        document: &Document<'_>,
        entries: &[BundleEntry<'_>],
        options: &CheckOptions,
    ) -> (Vec<Finding>, Vec<Vec<Finding>>) {
        let max_findings = options.max_findings;
        let mut options = validator_options(options);
        options.profiles = vec![self.id.bundle_profile().to_owned()];
        options.max_issues = max_findings.unwrap_or_else(|| {
            // Codes that cannot be checked warn one by one, so the bound must grow with the bundle.
            options.max_issues.saturating_add(entries.len().saturating_mul(100))
        });
        if max_findings.is_some() {
            options.max_issues_per_resource = MAX_PER_RESOURCE;
        }
        if self.id.wants_profile_named() {
            // An entry that names no profile is refused for that; checking it by its type as well
            // reports everything to the sender at once.
            for (index, entry) in entries.iter().enumerate() {
                if let Some(resource) = entry.resource()
                    && !self.id.is_named_by(resource)
                    && let Some(profile) =
                        resource.resource_type().and_then(|name| self.id.profile_of(&name))
                {
                    options.entry_profiles.insert(index, vec![profile.to_owned()]);
                }
            }
        } else {
            options.type_profiles = by_type(self.id);
        }
        let report = self.validator.validate_bundle(document, &options);
        let findings = |issues: Vec<Issue>| issues.into_iter().map(Finding::from_issue).collect();
        (findings(report.bundle), report.entries.into_iter().map(findings).collect())
    }

    /// What the validator finds in a single resource (or a bundle of no type of the register's).
    pub(crate) fn by_profile(
        &self,
        document: &Document<'_>,
        options: &CheckOptions,
    ) -> Vec<Finding> {
        let mut options = validator_options(options);
        let root = document.root_element();
        if root.resource_type().is_some_and(|kind| kind == "Bundle") {
            options.profiles = vec![self.id.bundle_profile().to_owned()];
            if !self.id.wants_profile_named() {
                options.type_profiles = by_type(self.id);
            }
        } else if let Some(profile) =
            root.resource_type().and_then(|name| self.id.profile_of(&name))
            && !self.id.is_named_by(root)
        {
            options.profiles = vec![profile.to_owned()];
        }
        // References of a resource that is checked alone lead out of the document.
        options.dangling_urn_is_error = false;
        self.validator.validate(document, &options).into_iter().map(Finding::from_issue).collect()
    }
}

fn by_type(id: RuleSetId) -> HashMap<String, Vec<String>> {
    id.profiles()
        .iter()
        .map(|(name, profile)| ((*name).to_owned(), vec![(*profile).to_owned()]))
        .collect()
}

fn validator_options(options: &CheckOptions) -> Options {
    Options {
        dangling_urn_is_error: true,
        // A reference whose address names a resource type that is not allowed is wrong, wherever it leads.
        assume_valid_rest_references: true,
        // Displays are texts for people; a hospital's own wording refuses nothing.
        wrong_display: lmr_validator::Severity::Warning,
        hints: false,
        redact_values: options.redact,
        show_canonicals: options.show_canonicals,
        threads: options.threads,
        stop: options.stop.clone(),
        statistics: options.statistics.clone(),
        ..Options::default()
    }
}
