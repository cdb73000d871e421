//! LMR-3030: a relative reference leads to an entry of the bundle.
//!
//! Why: it means nothing outside of the system it comes from, so the register could never follow it.
//! References that are wrong in other ways (`urn:uuid` of no entry, a text that is not a reference)
//! are found by the validator and not reported again.

use lmr_fhir::Element;

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Context, EntryContext, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::ReferenceDangling], check: Check::Entry(check) };

fn check(context: &Context<'_>, entry: EntryContext<'_>, findings: &mut Vec<Finding>) {
    for holder in &entry.bundle.entries[entry.index].outgoing.missing {
        let location = context.location(Element::of(*holder));
        let is_reported = |finding: &Finding| {
            is_about_a_reference(finding.code)
                && finding.refuses()
                && finding.expression.starts_with(&location.expression)
        };
        if !findings.iter().any(is_reported) {
            findings.push(Finding::of(Code::ReferenceDangling, location));
        }
    }
}

fn is_about_a_reference(code: Code) -> bool {
    matches!(
        code,
        Code::ReferenceDangling
            | Code::ReferenceWrongKind
            | Code::ReferenceNotResolvable
            | Code::ReferenceInvalid
            | Code::ReferenceProfileMismatch
            | Code::ContainedInvalid
            | Code::IdDuplicate
    )
}
