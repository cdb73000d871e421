//! Whether two contents under one identity are versions of one thing, where nothing says which of them is newer.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use lmr_fhir::Node;

/// When a resource says it was written, and a digest of what a correction leaves as it is: in 8 bytes, since there may be
/// millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written(u64);

/// Bits of the digest. Two things in four million are taken for one.
const DIGEST_BITS: u32 = 22;
/// The time that 1 stands for: 2000-01-01, in milliseconds. 0 stands for none.
const FIRST: i64 = 946_684_800_000;
/// The latest time that there is room for, in 2139.
const LAST: i64 = FIRST - 1 + (1 << (64 - DIGEST_BITS)) - 1;

impl Written {
    /// Of `updated` milliseconds; `i64::MIN` where nothing says when. Times before 2000 are one, and so are those after 2138.
    pub(super) fn of(updated: i64, resource_type: &str, node: Node<'_>) -> Self {
        let time = match updated {
            i64::MIN => 0,
            updated => (updated.clamp(FIRST, LAST) - FIRST + 1) as u64,
        };
        let digest = gist(resource_type, node) & ((1 << DIGEST_BITS) - 1);
        Self(time << DIGEST_BITS | digest)
    }

    /// Milliseconds; `i64::MIN` where nothing says when.
    pub(super) fn milliseconds(self) -> i64 {
        match self.0 >> DIGEST_BITS {
            0 => i64::MIN,
            time => time as i64 + FIRST - 1,
        }
    }

    /// Whether these are two things under one identity: they differ in what a correction leaves as it is, and nothing says
    /// which of them was written later.
    pub(super) fn is_another_than(self, other: Self) -> bool {
        let (one, two) = (self.milliseconds(), other.milliseconds());
        let says_which = one != two && one != i64::MIN && two != i64::MIN;
        !says_which && (self.0 ^ other.0) & ((1 << DIGEST_BITS) - 1) != 0
    }
}

/// A digest of what a correction leaves as it is: of an administration its patient and time, of an order or a stay its
/// patient, of a medicine its codes. None of what the register knows by a number: two of one number are one.
fn gist(resource_type: &str, node: Node<'_>) -> u64 {
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
        _ => {}
    }
    hasher.finish()
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

#[cfg(test)]
mod tests {
    use lmr_fhir::{Document, ParseOptions};

    use super::*;

    fn written(code: &str, updated: i64) -> Written {
        let text = format!(r#"{{"code":{{"coding":[{{"system":"urn:fest","code":"{code}"}}]}}}}"#);
        let document = Document::parse(text.as_str(), &ParseOptions::strict()).unwrap();
        Written::of(updated, "Medication", document.root())
    }

    #[test]
    fn a_time_that_nothing_says_is_none_and_every_other_keeps_its_order() {
        assert_eq!(written("1", i64::MIN).milliseconds(), i64::MIN);
        let times = [i64::MIN + 1, -1, FIRST, FIRST + 1, 1_772_355_600_123, LAST, i64::MAX];
        for pair in times.windows(2) {
            let [one, two] = [pair[0], pair[1]].map(|time| written("1", time).milliseconds());
            assert!(one <= two && one != i64::MIN, "{pair:?}");
        }
        for exact in [FIRST, FIRST + 1, 1_772_355_600_123, LAST] {
            assert_eq!(written("1", exact).milliseconds(), exact);
        }
    }

    #[test]
    fn two_are_one_where_their_times_differ_or_their_digests_do_not() {
        let time = 1_772_355_600_123;
        for (one, two, are_two) in [
            (i64::MIN, i64::MIN, true),
            (time, i64::MIN, true),
            (i64::MIN, time, true),
            (time, time, true),
            (time, time + 1, false),
        ] {
            assert_eq!(written("1", one).is_another_than(written("2", two)), are_two);
            assert!(!written("1", one).is_another_than(written("1", two)));
        }
    }
}
