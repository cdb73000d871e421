//! Our snapshots against the official packages', element by element.
//!
//! Needs the shared folder (`LMR_SHARED`); says so and passes without it.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test of shared data"
)]

use std::path::PathBuf;

use lmr_lmdi::{RuleSet, RuleSetId};
use lmr_validator::definitions::{Definitions, StructureDefinition};
use lmr_validator::package::Package;
use lmr_validator::snapshot::compare::{Aspect, Difference, compare};

fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("LMR_SHARED").map(PathBuf::from);
    if folder.is_none() {
        eprintln!(
            "left out: LMR_SHARED is not set, so there are no official packages to compare with"
        );
    }
    folder
}

/// A difference that is meant.
struct Meant {
    profile: &'static str,
    /// The element's id begins so.
    element: &'static str,
    aspects: &'static [Aspect],
    reason: &'static str,
}

const MEANT: &[(RuleSetId, &[Meant])] = &[
    (
        RuleSetId::Lmdi094,
        &[
            Meant {
                profile: "lmdi-patient",
                element: "Patient.identifier",
                aspects: &[Aspect::Slicing],
                reason: "repair 1: discriminator system instead of code, which Identifier does not have",
            },
            Meant {
                profile: "lmdi-medicationadministration",
                element: "MedicationAdministration.effective[x]",
                aspects: &[Aspect::Constraints],
                reason: "repair 3: time-required on the text of the dateTime",
            },
            Meant {
                profile: "lmdi-organization",
                element: "Organization.type",
                aspects: &[Aspect::Binding],
                reason: "repair 4: bound to the value set instead of the code system",
            },
            Meant {
                profile: "lmdi-medication",
                element: "Medication.form.coding:7448.code",
                aspects: &[Aspect::Min],
                reason: "same verdict: form.coding.code is 1..1 for every coding, and a slice cannot loosen that",
            },
            Meant {
                profile: "lmdi-bundle",
                element: "Bundle",
                aspects: &[Aspect::Constraints],
                reason: "repair 5: lr-allowed-resources with is()",
            },
        ],
    ),
    (RuleSetId::Lmdi112, &[]),
];

fn meant(rule_set: RuleSetId, profile: &str, difference: &Difference) -> Option<&'static str> {
    let (_, list) = MEANT.iter().find(|(id, _)| *id == rule_set)?;
    list.iter()
        .find(|meant| {
            profile.ends_with(&format!("/{}", meant.profile))
                && difference.element.starts_with(meant.element)
                && meant.aspects.contains(&difference.aspect)
        })
        .map(|meant| meant.reason)
}

/// No-basis was published by another tool, which copies onto every element the invariants that its data
/// type has anyway, and the slicing by url that every `extension` has anyway.
fn copied_by_the_publisher(url: &str, difference: &Difference) -> bool {
    const OF_TYPES: [&str; 7] = ["att-1", "cpt-2", "per-1", "qty-3", "rat-1", "ref-1", "sqty-1"];
    let on_no_basis = ["patient", "practitioner", "organization", "substance"]
        .iter()
        .any(|kind| url.ends_with(&format!("/lmdi-{kind}")));
    if !on_no_basis && !url.contains("/no-basis-") {
        return false;
    }
    match difference.aspect {
        Aspect::Constraints => {
            let ours: Vec<&str> = difference.left.lines().collect();
            ours.iter().all(|line| difference.right.lines().any(|other| other == *line))
                && difference
                    .right
                    .lines()
                    .filter(|line| !ours.contains(line))
                    .all(|line| OF_TYPES.iter().any(|key| line.starts_with(key)))
        }
        Aspect::Slicing => {
            let element = difference.element.to_ascii_lowercase();
            difference.left.is_empty()
                && element.ends_with("extension")
                && difference.right.contains("path: \"url\"")
                && difference.right.contains("rules: Open }")
        }
        _ => false,
    }
}

fn official(folder: &std::path::Path, rule_set: RuleSetId) -> Definitions {
    let open = |name: &str| Package::open(&folder.join("packages").join(name)).unwrap();
    let guide = format!("hl7.fhir.no.{rule_set}.tgz");
    Definitions::builder()
        .package(open(&guide))
        .package(open("hl7.fhir.no.basis-2.2.0-snapshots.tgz"))
        .build()
}

fn of_the_guide(definitions: &Definitions) -> Vec<String> {
    definitions
        .structures()
        .filter(|summary| summary.is_profile)
        .map(|summary| summary.url.to_owned())
        .filter(|url| url.contains("/ig/lmdi/") || url.starts_with("http://fhi.no/"))
        .collect()
}

fn structure(definitions: &Definitions, url: &str) -> std::sync::Arc<StructureDefinition> {
    definitions.structure(url).unwrap().unwrap_or_else(|| panic!("{url} is missing"))
}

#[test]
fn every_profile_and_extension_of_the_guide_has_the_official_snapshot() {
    let Some(folder) = shared() else { return };
    // No official package is at hand for the rule sets after 1.1.2; guide_versions.rs holds them to it.
    for rule_set in [RuleSetId::Lmdi094, RuleSetId::Lmdi112] {
        let official = official(&folder, rule_set);
        let ours = RuleSet::get(rule_set).unwrap().definitions();
        let mut urls = of_the_guide(&official);
        urls.sort();
        let mut own = of_the_guide(ours);
        own.sort();
        assert_eq!(urls, own, "{rule_set:?}: profiles and extensions");
        if rule_set == RuleSetId::Lmdi112 {
            urls.extend(
                [
                    "Patient",
                    "Practitioner",
                    "Organization",
                    "Substance",
                    "Address",
                    "HumanName",
                    "municipalitycode",
                    "urban-district",
                    "propertyinformation",
                    "address-official",
                    "middlename",
                ]
                .map(|name| format!("http://hl7.no/fhir/StructureDefinition/no-basis-{name}")),
            );
        }
        let (mut elements, mut excused, mut copied) = (0, 0, 0);
        let mut unexplained = Vec::new();
        for url in &urls {
            let (left, right) = (structure(ours, url), structure(&official, url));
            elements += right.elements.len();
            for difference in compare(&left, &right) {
                if rule_set == RuleSetId::Lmdi112 && copied_by_the_publisher(url, &difference) {
                    copied += 1;
                    continue;
                }
                match meant(rule_set, url, &difference) {
                    Some(reason) => {
                        excused += 1;
                        eprintln!("{} {}: {reason}", rule_set.as_str(), difference.element);
                    }
                    None => unexplained.push(format!("{url}: {difference}")),
                }
            }
        }
        eprintln!(
            "{}: {} definitions, {elements} elements, {excused} meant differences, {copied} copies of what the type says",
            rule_set.as_str(),
            urls.len()
        );
        assert!(
            unexplained.is_empty(),
            "{} unexplained:\n{}",
            unexplained.len(),
            unexplained.join("\n")
        );
    }
}

#[test]
fn value_sets_of_the_guide_list_the_official_codes() {
    let Some(folder) = shared() else { return };
    let values = "http://hl7.no/fhir/ig/lmdi/ValueSet/";
    let cases = [
        (
            RuleSetId::Lmdi112,
            vec![
                "lmdi-medicationadministrationstatus",
                "lmdi-address-type",
                "lmdi-address-use",
                "LokalLegemiddelkatalogValues",
            ],
        ),
        (RuleSetId::Lmdi094, vec!["LokalLegemiddelkatalogValues"]),
    ];
    for (rule_set, names) in cases {
        let official = official(&folder, rule_set);
        let ours = RuleSet::get(rule_set).unwrap().definitions();
        for name in names {
            let codes = |definitions: &Definitions| {
                let set = definitions.terminology().value_set(&format!("{values}{name}"));
                let mut codes: Vec<_> =
                    set.codes(100).into_iter().map(|(system, code, _)| (system, code)).collect();
                codes.sort();
                // Repair 6: the published set lists its system twice.
                codes.dedup();
                codes
            };
            assert!(!codes(ours).is_empty(), "{name}");
            assert_eq!(codes(ours), codes(&official), "{name}");
        }
    }
}
