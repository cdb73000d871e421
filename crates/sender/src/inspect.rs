//! What a held resource has at the element that is wrong, and what the guide takes there: read from the
//! source when it is asked for, since the outbox holds no content.

use std::collections::{BTreeSet, HashMap};

use lmr_fhir::{Element, Kind, Node, Reached};
use lmr_lmdi::{Identity, RuleSet, RuleSetId};
use lmr_validator::definitions::{BindingStrength, ElementDefinition, StructureDefinition};

use crate::identity::{Hash, HashKey};
use crate::outbox::HeldRow;
use crate::source::{Scope, Source, SourceUnavailable};

/// Longest value that is shown, in characters.
const MAX_VALUE: usize = 100;
/// Most allowed values that are listed.
const MAX_ALLOWED: usize = 25;

/// The element that a finding is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ElementDetail {
    /// Its value in the source now; `None` where there is none, or the resource is not there any more.
    pub value: Option<String>,
    /// The values that the guide takes, where they are few enough to be listed.
    pub allowed: Vec<String>,
}

/// Looks at each finding of `held`: by the number of the held resource, in the order of its findings.
///
/// # Errors
/// [`SourceUnavailable`] when the source cannot be read.
pub fn inspect(
    source: &dyn Source,
    key: &HashKey,
    rule_set: RuleSetId,
    held: &[HeldRow],
) -> Result<HashMap<i64, Vec<ElementDetail>>, SourceUnavailable> {
    let rules = RuleSet::get(rule_set).ok();
    let wanted: HashMap<Hash, &HeldRow> = held.iter().map(|row| (row.identity, row)).collect();
    let mut details: HashMap<i64, Vec<ElementDetail>> = HashMap::new();
    for row in held {
        let profile = rule_set.profile_of(&row.resource_type);
        let profile = profile.zip(rules).and_then(|(url, rules)| {
            rules.definitions().structure(url).ok().flatten().map(|profile| (rules, profile))
        });
        let of = |path: &Option<String>| match (path, &profile) {
            (Some(path), Some((rules, profile))) => allowed(rules, profile, path),
            _ => Vec::new(),
        };
        let list = row
            .findings
            .iter()
            .map(|finding| ElementDetail { value: None, allowed: of(&finding.path) });
        details.insert(row.number, list.collect());
    }
    let parts: BTreeSet<String> = held.iter().map(|row| row.file.clone()).collect();
    source.scan(Scope::Parts(&parts), &mut |found| {
        let identity = Identity::of(Element::of(found.node), found.full_url).map(|known| {
            key.hash("identity", &[found.resource_type.as_bytes(), known.key.as_bytes()])
        });
        if let Some(row) = identity.and_then(|identity| wanted.get(&identity))
            && let Some(list) = details.get_mut(&row.number)
        {
            for (detail, finding) in list.iter_mut().zip(&row.findings) {
                detail.value = finding.path.as_deref().and_then(|path| value_at(found.node, path));
            }
        }
        Ok(())
    })?;
    Ok(details)
}

/// The text of a held resource as the source has it now; `None` when it is not there any more.
///
/// # Errors
/// [`SourceUnavailable`] when the source cannot be read.
pub fn source_text(
    source: &dyn Source,
    key: &HashKey,
    row: &HeldRow,
) -> Result<Option<String>, SourceUnavailable> {
    let parts = BTreeSet::from([row.file.clone()]);
    let mut text = None;
    source.scan(Scope::Parts(&parts), &mut |found| {
        let identity = Identity::of(Element::of(found.node), found.full_url).map(|known| {
            key.hash("identity", &[found.resource_type.as_bytes(), known.key.as_bytes()])
        });
        if identity == Some(row.identity) {
            text = Some(found.node.raw().to_owned());
        }
        Ok(())
    })?;
    Ok(text)
}

/// The value at a FHIRPath as findings have them: names, indices and `ofType`.
fn value_at(resource: Node<'_>, path: &str) -> Option<String> {
    let node = Reached::from(resource, path).whole()?;
    let text = match node.kind() {
        Kind::String => node.as_str()?.into_owned(),
        _ => node.raw().split_whitespace().collect::<Vec<_>>().join(" "),
    };
    if text.chars().count() <= MAX_VALUE {
        return Some(text);
    }
    Some(text.chars().take(MAX_VALUE).chain(['…']).collect())
}

/// What the guide takes at a path: the codes of the required value set, or the one fixed value.
fn allowed(rules: &RuleSet, profile: &StructureDefinition, path: &str) -> Vec<String> {
    let plain: Vec<&str> = path
        .split('.')
        .map(|segment| segment.split('[').next().unwrap_or(segment))
        .filter(|segment| !segment.starts_with("ofType("))
        .collect();
    // The codes of a CodeableConcept are bound where the concept is, two levels above the code.
    for length in (2..=plain.len()).rev().take(3) {
        let path = plain[..length].join(".");
        let is_it = |element: &&ElementDefinition| {
            element.path.strip_suffix("[x]").unwrap_or(&element.path) == path
        };
        for element in profile.elements.iter().filter(is_it) {
            let required =
                element.binding.as_ref().filter(|b| b.strength == BindingStrength::Required);
            if let Some(url) = required.and_then(|binding| binding.value_set.as_deref()) {
                let value_set = rules.definitions().terminology().value_set(url);
                let codes = value_set.codes(MAX_ALLOWED + 1);
                if codes.len() <= MAX_ALLOWED {
                    return codes.into_iter().map(|(_, code, _)| code.to_string()).collect();
                }
                return Vec::new();
            }
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_fhir::{Document, ParseOptions};

    #[test]
    fn a_value_is_found_by_names_indices_and_choices() {
        let json = r#"{"resourceType":"MedicationAdministration","status":"ferdig",
            "identifier":[{"value":"a"},{"value":"b"}],"effectiveDateTime":"2026-01-01",
            "dosage":{"dose":{"value":1.50}},"category":{"coding":[{"code":"x"}]}}"#;
        let document = Document::parse(json, &ParseOptions::strict()).unwrap();
        for (path, value) in [
            ("MedicationAdministration.status", Some("ferdig")),
            ("MedicationAdministration.identifier[1].value", Some("b")),
            ("MedicationAdministration.effective", Some("2026-01-01")),
            ("MedicationAdministration.effective.ofType(dateTime)", Some("2026-01-01")),
            ("MedicationAdministration.dosage.dose.value", Some("1.50")),
            ("MedicationAdministration.category.coding[0]", Some(r#"{"code":"x"}"#)),
            ("MedicationAdministration.subject", None),
            ("MedicationAdministration.identifier[7]", None),
        ] {
            assert_eq!(value_at(document.root(), path).as_deref(), value, "{path}");
        }
        let whole = value_at(document.root(), "MedicationAdministration").unwrap();
        assert!(whole.ends_with('…') && whole.chars().count() == MAX_VALUE + 1);
    }

    #[test]
    fn the_codes_of_a_required_value_set_are_listed() {
        let rule_set = RuleSetId::Lmdi112;
        let rules = RuleSet::get(rule_set).unwrap();
        let url = rule_set.profile_of("MedicationAdministration").unwrap();
        let profile = rules.definitions().structure(url).unwrap().unwrap();
        let codes = allowed(rules, &profile, "MedicationAdministration.status");
        assert!(codes.iter().any(|code| code == "completed"), "{codes:?}");
        assert!(allowed(rules, &profile, "MedicationAdministration.id").is_empty());
    }
}
