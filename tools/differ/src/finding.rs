//! Findings of either validator in a form that can be compared.

use std::{collections::BTreeMap, fmt};

use serde_json::{Value, json};

/// One finding. Two are the same if severity, id and location agree; texts are for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) severity: String,
    pub(crate) id: String,
    pub(crate) location: String,
    pub(crate) text: String,
}

impl Finding {
    pub(crate) fn new(severity: &str, id: &str, location: &str, text: String) -> Self {
        let severity = if severity == "fatal" { "error" } else { severity };
        Self {
            severity: severity.to_owned(),
            id: id.to_owned(),
            location: without_comments(location.split("[url='").next().unwrap_or(location))
                .replace("[x]", ""),
            text,
        }
    }

    /// Severity, id and location: what makes two findings the same. An invariant counts by its key,
    /// whichever profile carries it.
    pub(crate) fn key(&self) -> (&str, &str, &str) {
        let id = self.id.rsplit_once('#').map_or(&*self.id, |(_, key)| key);
        (&self.severity, id, &self.location)
    }

    pub(crate) fn is_error(&self) -> bool {
        self.severity == "error"
    }

    /// Whether the finding is compared: errors and warnings.
    pub(crate) fn counts(&self) -> bool {
        self.severity != "information"
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.text.chars().take(220).collect();
        write!(f, "{} {} {} {}", self.severity, self.id, self.location, text)
    }
}

/// Which validator reported something that the other did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Reference,
    Ours,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reference => "reference only",
            Self::Ours => "ours only",
        })
    }
}

/// Whether a finding of the reference is the same as one of ours.
type Match<'a> = &'a dyn Fn(&Finding, &Finding) -> bool;

/// What one side reported alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Difference {
    pub(crate) alone: Vec<(Side, Finding)>,
    pub(crate) verdict_differs: bool,
}

impl Difference {
    /// Compares the errors and warnings of both. What one side reports twice counts once. The
    /// reference's parser gives no message ids: such a finding matches any of our reader's in the
    /// same location. `same` says which ids mean the same.
    pub(crate) fn between(
        reference: &[Finding],
        ours: &[Finding],
        same: &[(String, String)],
    ) -> Self {
        let mut left = distinct(reference);
        let mut right = distinct(ours);
        let equal = |a: &Finding, b: &Finding| a.key() == b.key();
        let renamed = |a: &Finding, b: &Finding| {
            a.severity == b.severity
                && a.location == b.location
                && same.iter().any(|(theirs, mine)| *theirs == a.id && *mine == b.id)
        };
        let unnamed = |a: &Finding, b: &Finding| {
            a.id.is_empty()
                && a.severity == b.severity
                && a.location == b.location
                && is_of_reader(&b.id)
        };
        // The text could not be read at all: it has no places.
        let unread = |a: &Finding, b: &Finding| {
            a.id.is_empty()
                && a.location.is_empty()
                && a.severity == b.severity
                && is_of_reader(&b.id)
        };
        // The reference leaves out which of several it is, within a fixed value and beside a primitive.
        let unnumbered = |a: &Finding, b: &Finding| {
            a.severity == b.severity
                && (a.id == b.id || (a.id.is_empty() && is_of_reader(&b.id)))
                && a.location.matches('[').count() < b.location.matches('[').count()
                && without_numbers(&a.location) == without_numbers(&b.location)
        };
        let displaced = |a: &Finding, b: &Finding| {
            a.key().0 == b.key().0 && a.id == b.id && is_displaced(&a.id)
        };
        let passes: [Match<'_>; 6] = [&equal, &renamed, &unnamed, &unnumbered, &unread, &displaced];
        for matches in passes {
            left.retain(|a| match right.iter().position(|b| matches(a, b)) {
                Some(found) => {
                    right.remove(found);
                    false
                }
                None => true,
            });
        }
        let verdict_differs =
            reference.iter().any(Finding::is_error) != ours.iter().any(Finding::is_error);
        let alone = left
            .into_iter()
            .map(|f| (Side::Reference, f.clone()))
            .chain(right.into_iter().map(|f| (Side::Ours, f.clone())))
            .collect();
        Self { alone, verdict_differs }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.alone.is_empty() && !self.verdict_differs
    }

    /// What differs and in which input, for programs.
    pub(crate) fn report(&self, made: &str, document: &Value) -> Value {
        let alone: Vec<Value> = self
            .alone
            .iter()
            .map(|(side, f)| {
                json!({
                    "side": side.to_string(),
                    "severity": f.severity,
                    "id": f.id,
                    "location": f.location,
                    "text": f.text,
                })
            })
            .collect();
        json!({
            "made": made,
            "verdict": self.verdict_differs,
            "alone": alone,
            "document": document.to_string(),
        })
    }

    /// The sides and ids that differ, by which a difference is counted and recognised while it is shrunk.
    pub(crate) fn kinds(&self) -> BTreeMap<(Side, String), usize> {
        let mut kinds = BTreeMap::new();
        for (side, finding) in &self.alone {
            let id = match finding.key().1 {
                "" => "(no id)",
                id => id,
            };
            *kinds.entry((*side, format!("{} {id}", finding.severity))).or_default() += 1;
        }
        kinds
    }
}

fn distinct(findings: &[Finding]) -> Vec<&Finding> {
    let mut kept: Vec<&Finding> = Vec::new();
    for finding in findings.iter().filter(|f| f.counts()) {
        if !kept.iter().any(|other| other.key() == finding.key() && other.id == finding.id) {
            kept.push(finding);
        }
    }
    kept
}

/// Rules of bundles that the reference reports at another entry than the one they are about: it
/// counts from one, or names the first.
fn is_displaced(id: &str) -> bool {
    [
        "Validation_BUNDLE_Message",
        "Bundle_BUNDLE_Entry_",
        "BUNDLE_ENTRY_",
        "BUNDLE_BUNDLE_",
        "BUNDLE_SEARCH_",
        // At a place that does not exist (meta.profile[1] for meta.security[1]).
        "Meta_RES_Security_Duplicate",
    ]
    .iter()
    .any(|start| id.starts_with(start))
}

/// Whether our JSON reader, not a rule of a profile, reports under this id.
fn is_of_reader(id: &str) -> bool {
    [
        "Unrecognised_property_",
        "Object_must_have_some_content",
        "This_property_must_be",
        "Error_parsing_JSON",
        "Error_parsing_XHTML_",
        "Unable_to_find_resourceType_property",
        "ARRAY_CANNOT_BE_EMPTY",
        "LMRV_JSON",
        "JSON_",
        "DUPLICATE_JSON_PROPERTY_KEY",
        "RESOURCETYPE_PROPERTY_WRONG_TYPE",
        "This_does_not_appear_to_be_a_FHIR_resource",
        "Contained_resource_does_not_appear_to_be_a_FHIR_resource",
        "Unable_to_find_resourceType",
        "Error_parsing_XHTML_",
        "XHTML_XHTML_Entity_Illegal",
    ]
    .iter()
    .any(|start| id.starts_with(start))
}

/// The location without the numbers of items.
fn without_numbers(location: &str) -> String {
    let mut parts = location.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once(']').map_or(part, |(_, rest)| rest))
}

/// The location without the `/*Type/id*/` that both put into bundles at times.
fn without_comments(location: &str) -> String {
    let mut rest = location;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}
