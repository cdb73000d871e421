//! Whether two contents under one identity are versions of one thing, where nothing says which of them is newer.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use lmr_fhir::Node;

/// When a resource says it was written, in milliseconds; where it does not, a digest of what a correction leaves as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written(i64);

/// Below this a [`Written`] is a digest: no time that can be written lies so far back.
const DATED: i64 = i64::MIN + 1 + (1 << 32);

impl Written {
    /// Of `updated` milliseconds; `i64::MIN` where nothing says when.
    pub(super) fn of(updated: i64, resource_type: &str, node: Node<'_>) -> Self {
        match gist(resource_type, node) {
            Some(digest) if updated < DATED => Self(i64::MIN + 1 + i64::from(digest)),
            _ => Self(updated),
        }
    }

    /// Milliseconds; `i64::MIN` where nothing says when.
    pub(super) fn milliseconds(self) -> i64 {
        if self.0 < DATED { i64::MIN } else { self.0 }
    }

    /// Whether these are two things under one identity: neither says when it was written, and they differ in what a
    /// correction leaves as it is.
    pub(super) fn is_another_than(self, other: Self) -> bool {
        self.0 < DATED && other.0 < DATED && self.0 != other.0
    }
}

/// A digest of what a correction leaves as it is: of an administration its patient and time, of an order or a stay its
/// patient, of a medicine its codes. None of what the register knows by a number: two of one number are one.
fn gist(resource_type: &str, node: Node<'_>) -> Option<u32> {
    let mut hasher = DefaultHasher::new();
    match resource_type {
        "MedicationAdministration" => {
            subject(node).hash(&mut hasher);
            text(node.member("effectiveDateTime")).hash(&mut hasher);
            text(node.member("effectivePeriod").and_then(|period| period.member("start")))
                .hash(&mut hasher);
        }
        "MedicationRequest" | "Encounter" | "EpisodeOfCare" | "Condition" => {
            subject(node).hash(&mut hasher);
        }
        "Medication" => {
            let code = node.member("code");
            let mut all: Vec<_> = code
                .and_then(|code| code.member("coding"))
                .into_iter()
                .flat_map(Node::members)
                .map(|coding| (text(coding.member("system")), text(coding.member("code"))))
                .collect();
            all.sort_unstable();
            if all.is_empty() {
                text(code.and_then(|code| code.member("text"))).hash(&mut hasher);
            }
            all.hash(&mut hasher);
        }
        _ => return None,
    }
    Some(hasher.finish() as u32)
}

fn text(node: Option<Node<'_>>) -> Cow<'_, str> {
    node.and_then(Node::as_str).unwrap_or_default()
}

/// Whom it is about, as far as that is the same in every message: a `urn:uuid` is another one in each.
fn subject(node: Node<'_>) -> Cow<'_, str> {
    let subject = node.member("subject").or_else(|| node.member("patient"));
    let reference = subject.and_then(|subject| subject.member("reference")).and_then(Node::as_str);
    reference.filter(|reference| !reference.starts_with("urn:")).unwrap_or_default()
}
