//! The guide's rule sets: one row each, with its definitions as a folder of `rulesets/`.
//!
//! To add a version of the guide: a folder with the definitions that differ from the version before,
//! and one row below.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use lmr_fhir::{Document, Element, ParseOptions};
use lmr_validator::package::{Package, PackageError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::identity::{Identities, canonical_content};

include!(concat!(env!("OUT_DIR"), "/rulesets.rs"));

/// Canonical base of the guide's profiles. The profile of a resource type is this and the type's name in
/// small letters.
macro_rules! profile {
    ($name:literal) => {
        concat!("http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-", $name)
    };
}

/// Resource types of the guide before 1.0.1, with their profiles.
const SEED_TYPES: &[(&str, &str)] = &[
    ("Condition", profile!("condition")),
    ("EpisodeOfCare", profile!("episodeofcare")),
    ("Medication", profile!("medication")),
    ("MedicationAdministration", profile!("medicationadministration")),
    ("MedicationRequest", profile!("medicationrequest")),
    ("Organization", profile!("organization")),
    ("Patient", profile!("patient")),
    ("Practitioner", profile!("practitioner")),
    ("PractitionerRole", profile!("practitionerrole")),
];

/// Resource types of the guide since 1.0.8, with their profiles.
const TYPES: &[(&str, &str)] = &[
    ("Condition", profile!("condition")),
    ("Encounter", profile!("encounter")),
    ("Medication", profile!("medication")),
    ("MedicationAdministration", profile!("medicationadministration")),
    ("MedicationRequest", profile!("medicationrequest")),
    ("Organization", profile!("organization")),
    ("Patient", profile!("patient")),
    ("Practitioner", profile!("practitioner")),
    ("Substance", profile!("substance")),
];

/// How a bundle of a rule set is sent and stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bundles {
    /// `Bundle.type` batch: entries stand alone, and the resource type decides the profile.
    Batch,
    /// `Bundle.type` transaction: all or none, and every entry names its profile in `meta.profile`.
    Transaction,
}

/// What a row says.
#[derive(Debug)]
struct Row {
    name: &'static str,
    version: &'static str,
    date: &'static str,
    bundles: Bundles,
    /// The rule set whose definitions hold where the folder of this one has none of that name.
    extends: Option<RuleSetId>,
    types: &'static [(&'static str, &'static str)],
}

macro_rules! rule_sets {
    ($( $(#[$doc:meta])* $id:ident = $name:literal {
        version: $version:literal, date: $date:literal, bundles: $bundles:ident,
        extends: $extends:expr, types: $types:ident,
    } )*) => {
        /// A rule set of the guide.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum RuleSetId { $( $(#[$doc])* #[serde(rename = $name)] $id, )* }

        impl RuleSetId {
            /// Every rule set, oldest guide first.
            pub const ALL: [Self; ROWS.len()] = [ $( Self::$id, )* ];
        }

        const ROWS: &[Row] = &[ $( Row {
            name: $name,
            version: $version,
            date: $date,
            bundles: Bundles::$bundles,
            extends: $extends,
            types: $types,
        }, )* ];
    };
}

rule_sets! {
    /// The guide as published until 18 March 2025: batch. Repaired, see docs/decisions.
    Lmdi094 = "lmdi-0.9.4" {
        version: "0.9.4", date: "2025-03-18", bundles: Batch, extends: None, types: SEED_TYPES,
    }
    /// The guide of June 2026: transaction.
    Lmdi112 = "lmdi-1.1.2" {
        version: "1.1.2", date: "2026-06-12", bundles: Transaction, extends: None, types: TYPES,
    }
    /// The guide of October 2026. Ours, made after the guide's built files of 1.1.7 (Medication: 1.1.5,
    /// not changed since).
    Lmdi117 = "lmdi-1.1.7" {
        version: "1.1.7", date: "2026-10-07", bundles: Transaction, extends: Some(RuleSetId::Lmdi112),
        types: TYPES,
    }
}

impl RuleSetId {
    /// The newest rule set: what is checked against where nothing says otherwise.
    pub const LATEST: Self = Self::ALL[Self::ALL.len() - 1];

    const fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The name users give: `lmdi-0.9.4`, `lmdi-1.1.2`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().name
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.as_str() == name)
    }

    /// The guide's version.
    #[must_use]
    pub const fn version(self) -> &'static str {
        self.row().version
    }

    /// The day the guide gave this version, as `YYYY-MM-DD`.
    #[must_use]
    pub const fn date(self) -> &'static str {
        self.row().date
    }

    /// The `Bundle.type` it is for.
    #[must_use]
    pub const fn bundle_type(self) -> &'static str {
        match self.row().bundles {
            Bundles::Batch => "batch",
            Bundles::Transaction => "transaction",
        }
    }

    /// The newest rule set for a `Bundle.type`.
    #[must_use]
    pub fn for_bundle_type(bundle_type: &str) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|id| id.bundle_type() == bundle_type)
    }

    /// Whether a bundle is stored as a whole or not at all.
    #[must_use]
    pub const fn is_transaction(self) -> bool {
        matches!(self.row().bundles, Bundles::Transaction)
    }

    /// Whether every entry shall name its profile in `meta.profile`. In the guide before 1.0.1 the
    /// resource type decides.
    #[must_use]
    pub const fn wants_profile_named(self) -> bool {
        self.is_transaction()
    }

    /// The rule set whose definitions it takes over where it has none of its own: the guide before it.
    #[must_use]
    pub const fn extends(self) -> Option<Self> {
        self.row().extends
    }

    /// The resource types a bundle may carry, with the profile of each.
    #[must_use]
    pub const fn profiles(self) -> &'static [(&'static str, &'static str)] {
        self.row().types
    }

    /// The profile of a resource type.
    #[must_use]
    pub fn profile_of(self, resource_type: &str) -> Option<&'static str> {
        self.profiles().iter().find(|(known, _)| *known == resource_type).map(|(_, url)| *url)
    }

    /// The profile of the bundle.
    #[must_use]
    pub const fn bundle_profile(self) -> &'static str {
        profile!("bundle")
    }

    /// Whether `meta.profile` of a resource has one of the profiles, to the letter and without version.
    pub(crate) fn is_named_by(self, resource: Element<'_>) -> bool {
        let Some(meta) = resource.child_by_name("meta") else { return false };
        meta.children_by_name("profile")
            .filter_map(Element::text)
            .any(|profile| self.profiles().iter().any(|(_, known)| *known == profile))
    }

    /// The definitions as JSON, by path in the folder: its own, and those of the rule set it extends that
    /// it does not replace. What is taken over gets this rule set's version.
    fn definitions(self) -> BTreeMap<&'static str, Cow<'static, str>> {
        let mut all = match self.extends() {
            None => BTreeMap::new(),
            Some(base) => {
                let versions = [base, self].map(|id| format!("\"version\": \"{}\"", id.version()));
                base.definitions()
                    .into_iter()
                    .map(|(path, text)| {
                        (path, Cow::Owned(text.replace(&versions[0], &versions[1])))
                    })
                    .collect()
            }
        };
        let own = FOLDERS.iter().find(|(name, _)| *name == self.as_str());
        let files = own.map(|(_, files)| *files).unwrap_or_default();
        all.extend(files.iter().map(|(path, text)| (*path, Cow::Borrowed(*text))));
        all
    }

    /// The definitions as a package, for programs that put their own validator together.
    ///
    /// # Errors
    /// [`PackageError`] if an embedded file is unusable: an error of this program.
    pub fn package(self) -> Result<Package, PackageError> {
        let definitions = self.definitions();
        let texts = definitions.values().map(AsRef::as_ref);
        Package::embedded("hl7.fhir.no.lmdi", self.version(), texts)
    }

    /// SHA-256 over the definitions, as 64 hexadecimal digits: two programs with the same digest give
    /// the same verdicts by profile. Each definition counts in its canonical form (members sorted, no white
    /// space), in order of path, so layout does not change it. The guide has published different
    /// packages under one version, so the version alone does not say what was checked.
    #[must_use]
    pub fn digest(self) -> &'static str {
        static DIGESTS: [OnceLock<String>; RuleSetId::ALL.len()] =
            [const { OnceLock::new() }; RuleSetId::ALL.len()];
        DIGESTS[self as usize].get_or_init(|| {
            let mut hash = Sha256::new();
            for (path, text) in self.definitions() {
                let canonical = match Document::parse(text.as_ref(), &ParseOptions::strict()) {
                    Ok(document) => {
                        canonical_content(document.root_element(), &Identities::default())
                    }
                    // Not JSON: `package` refuses it. The digest is of what is there.
                    Err(_) => text.as_bytes().to_vec(),
                };
                for part in [path.as_bytes(), &canonical] {
                    hash.update((part.len() as u64).to_be_bytes());
                    hash.update(part);
                }
            }
            hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
        })
    }
}

impl std::fmt::Display for RuleSetId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_is_a_rule_set_and_no_text_of_the_guide_is_taken_over() {
        for (name, files) in FOLDERS {
            assert!(RuleSetId::parse(name).is_some(), "{name} has no row");
            assert!(!files.is_empty(), "{name} is empty");
            for (path, text) in *files {
                for prose in
                    ["\"short\"", "\"definition\"", "\"comment\"", "\"description\"", "\"text\":"]
                {
                    assert!(!text.contains(prose), "{prose} in {name}/{path}");
                }
            }
        }
        assert_eq!(FOLDERS.len(), RuleSetId::ALL.len());
    }

    #[test]
    fn rows_and_names_agree() {
        for (at, id) in RuleSetId::ALL.into_iter().enumerate() {
            assert_eq!(id as usize, at);
            assert_eq!(RuleSetId::parse(id.as_str()), Some(id));
            assert_eq!(id.as_str(), format!("lmdi-{}", id.version()));
        }
    }

    #[test]
    fn a_digest_is_of_the_definitions_and_not_of_their_layout() {
        let digests: Vec<&str> = RuleSetId::ALL.into_iter().map(RuleSetId::digest).collect();
        for (at, digest) in digests.iter().enumerate() {
            assert_eq!(digest.len(), 64);
            assert!(!digests[..at].contains(digest), "two rule sets have one digest");
        }
    }
}
