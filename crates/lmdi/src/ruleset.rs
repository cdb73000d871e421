//! The two rule sets, and how they judge.

mod files;

use std::collections::HashMap;
use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};
use lmr_fhir::{BundleEntry, Document};
use lmr_validator::definitions::Definitions;
use lmr_validator::package::{Package, PackageError};
use lmr_validator::{Issue, Options, Validator};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::check::names_a_profile;
use crate::codes::Code;
use crate::finding::Finding;

macro_rules! profile {
    ($name:literal) => {
        concat!("http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-", $name)
    };
}

/// A rule set of the guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RuleSetId {
    /// The guide as published until 18 March 2025: batch. Repaired, see docs/decisions.
    #[serde(rename = "lmdi-0.9.4")]
    Lmdi094,
    /// Today's guide: transaction.
    #[serde(rename = "lmdi-1.1.2")]
    Lmdi112,
}

impl RuleSetId {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Lmdi094, Self::Lmdi112];

    /// The name users give: `lmdi-0.9.4`, `lmdi-1.1.2`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lmdi094 => "lmdi-0.9.4",
            Self::Lmdi112 => "lmdi-1.1.2",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.as_str() == name)
    }

    /// The `Bundle.type` it judges.
    #[must_use]
    pub const fn bundle_type(self) -> &'static str {
        match self {
            Self::Lmdi094 => "batch",
            Self::Lmdi112 => "transaction",
        }
    }

    /// The rule set for a `Bundle.type`.
    #[must_use]
    pub fn for_bundle_type(bundle_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.bundle_type() == bundle_type)
    }

    /// Whether a bundle is stored as a whole or not at all.
    #[must_use]
    pub const fn is_transaction(self) -> bool {
        matches!(self, Self::Lmdi112)
    }

    /// The resource types a bundle may carry, with the profile of each.
    #[must_use]
    pub const fn kinds(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Lmdi094 => &[
                ("Condition", profile!("condition")),
                ("EpisodeOfCare", profile!("episodeofcare")),
                ("Medication", profile!("medication")),
                ("MedicationAdministration", profile!("medicationadministration")),
                ("MedicationRequest", profile!("medicationrequest")),
                ("Organization", profile!("organization")),
                ("Patient", profile!("patient")),
                ("Practitioner", profile!("practitioner")),
                ("PractitionerRole", profile!("practitionerrole")),
            ],
            Self::Lmdi112 => &[
                ("Condition", profile!("condition")),
                ("Encounter", profile!("encounter")),
                ("Medication", profile!("medication")),
                ("MedicationAdministration", profile!("medicationadministration")),
                ("MedicationRequest", profile!("medicationrequest")),
                ("Organization", profile!("organization")),
                ("Patient", profile!("patient")),
                ("Practitioner", profile!("practitioner")),
                ("Substance", profile!("substance")),
            ],
        }
    }

    /// The profile of a resource type.
    #[must_use]
    pub fn profile_of(self, kind: &str) -> Option<&'static str> {
        self.kinds().iter().find(|(known, _)| *known == kind).map(|(_, profile)| *profile)
    }

    /// The definitions as a package, for programs that put their own validator together.
    ///
    /// # Errors
    /// [`PackageError`] if an embedded file is unusable: a fault of this program.
    pub fn package(self) -> Result<Package, PackageError> {
        let (version, files) = match self {
            Self::Lmdi094 => ("0.9.4", files::LMDI_094),
            Self::Lmdi112 => ("1.1.2", files::LMDI_112),
        };
        Package::embedded("hl7.fhir.no.lmdi", version, files.iter().copied())
    }

    /// The profile of the bundle.
    #[must_use]
    pub const fn bundle_profile(self) -> &'static str {
        profile!("bundle")
    }
}

/// Which identity numbers an environment takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PersonNumbers {
    /// Real and synthetic ones.
    #[default]
    Any,
    /// Test environments: synthetic ones only.
    SyntheticOnly,
    /// Production: real ones only.
    RealOnly,
}

/// What a check needs to know besides the bundle.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// The time of the check.
    pub now: Timestamp,
    /// How far ahead a sender's clock may be.
    pub clock_tolerance: SignedDuration,
    /// The reporting period of the envelope, where there is one.
    pub reporting_period: Option<(Timestamp, Timestamp)>,
    /// Which identity numbers are taken.
    pub person_numbers: PersonNumbers,
    /// Whether numbers valid only under the scheme of 2032 are taken with a warning instead of refused.
    pub accept_2032_numbers: bool,
    /// Most entries of one bundle.
    pub max_entries: usize,
    /// Whether values of the instance are kept out of texts and places. On for all that is sent or logged.
    pub redact: bool,
    /// Threads for large bundles; 0 = as many as the machine has cores.
    pub threads: usize,
    /// The only rule set the sender may use, if it is bound to one.
    pub pinned: Option<RuleSetId>,
}

impl CheckOptions {
    /// The receiver's defaults at this time: five minutes of tolerance, any identity number, 100 000
    /// entries, values redacted, one thread.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            clock_tolerance: SignedDuration::from_mins(5),
            reporting_period: None,
            person_numbers: PersonNumbers::Any,
            accept_2032_numbers: false,
            max_entries: 100_000,
            redact: true,
            threads: 1,
            pinned: None,
        }
    }
}

/// Why a content could not be judged entry by entry at all. The fault is the sender's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{code} at {line}:{column}")]
pub struct ContentFault {
    /// What is wrong.
    pub code: Code,
    /// FHIRPath, empty when there is none.
    pub expression: String,
    /// Line in the decrypted JSON, from 1; 0 when unknown.
    pub line: u32,
    /// Column, from 1; 0 when unknown.
    pub column: u32,
}

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
        static SETS: [OnceLock<Result<RuleSet, RuleSetError>>; 2] =
            [OnceLock::new(), OnceLock::new()];
        SETS[id as usize].get_or_init(|| Self::new(id, [])).as_ref().map_err(Clone::clone)
    }

    /// The rule set with further packages before its own definitions: code systems and value sets a user
    /// brings, or an official package of the guide instead of ours.
    ///
    /// # Errors
    /// [`RuleSetError`]: a fault of this program.
    pub fn new(
        id: RuleSetId,
        packages: impl IntoIterator<Item = Package>,
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

    /// The validator that judges by its definitions.
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
        let mut options = validator_options(options);
        options.profiles = vec![self.id.bundle_profile().to_owned()];
        // Codes that cannot be checked warn one by one, so the bound must grow with the bundle.
        options.max_issues = options.max_issues.saturating_add(entries.len().saturating_mul(100));
        match self.id {
            // The old guide knows no meta.profile: the type decides.
            RuleSetId::Lmdi094 => options.type_profiles = by_type(self.id),
            // An entry that names no profile is refused for that; judging it by its type all the same
            // tells the sender everything at once.
            RuleSetId::Lmdi112 => {
                for (index, entry) in entries.iter().enumerate() {
                    if let Some(resource) = entry.resource()
                        && !names_a_profile(resource, self.id)
                        && let Some(profile) =
                            resource.resource_type().and_then(|k| self.id.profile_of(&k))
                    {
                        options.entry_profiles.insert(index, vec![profile.to_owned()]);
                    }
                }
            }
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
            if self.id == RuleSetId::Lmdi094 {
                options.type_profiles = by_type(self.id);
            }
        } else if let Some(profile) =
            root.resource_type().and_then(|kind| self.id.profile_of(&kind))
            && !names_a_profile(root, self.id)
        {
            options.profiles = vec![profile.to_owned()];
        }
        // References of a resource that stands alone lead out of the document.
        options.dangling_urn_is_error = false;
        self.validator.validate(document, &options).into_iter().map(Finding::from_issue).collect()
    }
}

fn by_type(id: RuleSetId) -> HashMap<String, Vec<String>> {
    id.kinds()
        .iter()
        .map(|(kind, profile)| ((*kind).to_owned(), vec![(*profile).to_owned()]))
        .collect()
}

fn validator_options(options: &CheckOptions) -> Options {
    Options {
        dangling_urn_is_error: true,
        // A reference whose address names a kind that is not allowed is wrong, wherever it leads.
        assume_valid_rest_references: true,
        // Displays are texts for people; a hospital's own wording refuses nothing.
        wrong_display: lmr_validator::Severity::Warning,
        hints: false,
        redact_values: options.redact,
        threads: options.threads,
        ..Options::default()
    }
}
