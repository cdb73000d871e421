//! Findings of either validator in a form that can be compared.

use std::{collections::BTreeMap, fmt};

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
            location: location.replace("[x]", ""),
            text,
        }
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

/// What one side reported alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Difference {
    pub(crate) alone: Vec<(Side, Finding)>,
    pub(crate) verdict_differs: bool,
}

impl Difference {
    /// Compares the errors and warnings of both. The reference's parser gives no message ids: such
    /// a finding matches any of the same severity and location.
    pub(crate) fn between(reference: &[Finding], ours: &[Finding]) -> Self {
        let mut left: Vec<&Finding> = reference.iter().filter(|f| f.counts()).collect();
        let mut right: Vec<&Finding> = ours.iter().filter(|f| f.counts()).collect();
        for same in [
            (|a: &Finding, b: &Finding| {
                a.severity == b.severity && a.id == b.id && a.location == b.location
            }) as fn(&Finding, &Finding) -> bool,
            |a, b| a.id.is_empty() && a.severity == b.severity && a.location == b.location,
        ] {
            left.retain(|a| match right.iter().position(|b| same(a, b)) {
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

    /// The sides and ids that differ, by which a difference is counted and recognised while it is shrunk.
    pub(crate) fn kinds(&self) -> BTreeMap<(Side, String), usize> {
        let mut kinds = BTreeMap::new();
        for (side, finding) in &self.alone {
            let id = if finding.id.is_empty() { "(no id)".to_owned() } else { finding.id.clone() };
            *kinds.entry((*side, format!("{} {id}", finding.severity))).or_default() += 1;
        }
        kinds
    }
}
