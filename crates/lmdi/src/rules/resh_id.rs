//! LMR-6014: a RESH id is a running number: digits only, at most twelve.
//!
//! Why: the register joins organisational units by it. Source: the guide, lmdi-organization.

use lmr_fhir::Element;
use lmr_identifiers::{ReshId, systems};

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Coded, Context, Rule};

pub(crate) const RULE: Rule = Rule { codes: &[Code::ReshIdInvalid], check: Check::Coded(check) };

fn check(context: &Context<'_>, coded: &Coded<'_>, findings: &mut Vec<Finding>) {
    if let Some((node, text)) = coded.value_of(&[systems::RESH_ID])
        && ReshId::parse(&text).is_err()
    {
        findings.push(context.finding(Code::ReshIdInvalid, Element::of(node)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resh_id_is_digits_only() {
        let is_wrong = |text: &str| ReshId::parse(text).is_err();
        assert!(!is_wrong("102683"));
        assert!(!is_wrong("4001031"));
        assert!(is_wrong("4001031a"));
        assert!(is_wrong(""));
    }
}
