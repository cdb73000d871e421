//! The correction desk's view of what is held: filters, and groups with one cause.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use lmr_fhir::Language;

use crate::outbox::{HeldFinding, HeldRow, SourceIssueRow};

/// Which held records are meant. What is `None` or empty leaves nothing out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldFilter {
    /// One of these numbers.
    pub numbers: Vec<i64>,
    /// A finding with this code, upper or lower case.
    pub code: Option<String>,
    /// The source's name or the beginning of the file's name, as lists show it.
    pub source: Option<String>,
    /// The resource's type.
    pub resource_type: Option<String>,
    /// Held at that time or later.
    pub since: Option<Timestamp>,
    /// Held before that time.
    pub until: Option<Timestamp>,
    /// In a finding's sentence or path, the id, the key, the type or the file; upper and lower case count the same.
    pub text: Option<String>,
}

impl HeldFilter {
    /// Whether a held record is meant.
    #[must_use]
    pub fn matches(&self, row: &HeldRow) -> bool {
        let has_code = |code: &String| {
            let is_it = |known: &String| known.eq_ignore_ascii_case(code.trim());
            row.findings.iter().any(|finding| finding.code.as_ref().is_some_and(is_it))
        };
        (self.numbers.is_empty() || self.numbers.contains(&row.number))
            && self.code.as_ref().is_none_or(has_code)
            && self.source.as_ref().is_none_or(|source| row.file.starts_with(source.trim()))
            && self
                .resource_type
                .as_ref()
                .is_none_or(|wanted| row.resource_type.eq_ignore_ascii_case(wanted.trim()))
            && self.since.is_none_or(|since| row.since >= since)
            && self.until.is_none_or(|until| row.since < until)
            && self.text.as_ref().is_none_or(|text| contains(row, text))
    }

    /// Whether a part of the source that cannot be used is meant. It has neither number, code nor type.
    #[must_use]
    pub fn matches_issue(&self, row: &SourceIssueRow) -> bool {
        let text = self.text.as_ref().map(|text| text.trim().to_lowercase());
        let has = |part: &str| text.as_ref().is_none_or(|text| part.to_lowercase().contains(text));
        self.numbers.is_empty()
            && self.code.is_none()
            && self.resource_type.is_none()
            && self.source.as_ref().is_none_or(|source| row.file.starts_with(source.trim()))
            && self.since.is_none_or(|since| row.since >= since)
            && self.until.is_none_or(|until| row.since < until)
            && (has(&row.file)
                || has(&row.cause_nb)
                || has(&row.cause_en)
                || row.source_key.as_deref().is_some_and(has))
    }

    /// Those of `rows` that are meant.
    #[must_use]
    pub fn of(&self, mut rows: Vec<HeldRow>) -> Vec<HeldRow> {
        rows.retain(|row| self.matches(row));
        rows
    }

    /// Whether it leaves nothing out.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

fn contains(row: &HeldRow, text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let has = |part: &str| part.to_lowercase().contains(&text);
    let names = [Some(&row.resource_type), row.resource_id.as_ref(), row.source_key.as_ref()];
    names.into_iter().flatten().any(|name| has(name))
        || has(&row.file)
        || row.findings.iter().any(|finding| {
            has(finding.text(Language::Bokmal))
                || has(finding.text(Language::English))
                || finding.path.as_deref().is_some_and(has)
        })
}

/// Held records with one cause: the same code, element and sentence.
#[derive(Debug, Clone)]
pub struct Cause<'h> {
    /// The first finding with it.
    pub finding: &'h HeldFinding,
    /// The element's path without indices: `MedicationAdministration.identifier.value`.
    pub path: String,
    /// The records, each with the index of its finding.
    pub records: Vec<(&'h HeldRow, usize)>,
}

impl Cause<'_> {
    /// How many correct records wait for those of this cause.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.records.iter().map(|(row, _)| row.waiting).sum()
    }

    /// The numbers of the records, for releasing or discarding them all.
    #[must_use]
    pub fn numbers(&self) -> Vec<i64> {
        self.records.iter().map(|(row, _)| row.number).collect()
    }
}

/// Groups what is held by cause, in the order in which causes are first met. A record with several causes is in each of
/// them; of several findings at one element of one record with one code the first speaks for all.
#[must_use]
pub fn causes(held: &[HeldRow]) -> Vec<Cause<'_>> {
    let mut order: Vec<Cause<'_>> = Vec::new();
    let mut known: HashMap<(Option<&str>, String, &str), usize> = HashMap::new();
    for row in held {
        let mut seen = HashSet::new();
        for (at, finding) in row.findings.iter().enumerate() {
            let path = finding.path.as_deref();
            if !seen.insert((finding.code.as_deref(), path)) {
                continue;
            }
            let path = without_indices(path);
            let key = (finding.code.as_deref(), path.clone(), &*finding.text_en);
            let cause = *known.entry(key).or_insert_with(|| {
                order.push(Cause { finding, path, records: Vec::new() });
                order.len() - 1
            });
            order[cause].records.push((row, at));
        }
    }
    order
}

pub(crate) fn without_indices(path: Option<&str>) -> String {
    let mut depth = 0;
    let keep = |c: &char| {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => return depth == 0,
        }
        false
    };
    path.unwrap_or_default().chars().filter(keep).collect()
}
