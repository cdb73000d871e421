//! LMR-5033: a condition does not have the same ICD-10 code twice.
//!
//! Why: since 1.1.7 the guide allows several ICD-10 codes for one condition (the coding guide for the
//! specialist health service), each of which says something of its own.

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::code_form::ICD10;
use crate::rules::{Check, Context, Rule, text_of};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::DiagnosisTwice], check: Check::Resource(check) };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is("Condition") {
        return;
    }
    let Some(concept) = context.resource().child_by_name("code") else { return };
    let mut seen: Vec<String> = Vec::new();
    for coding in concept.children_by_name("coding") {
        if coding.child_text("system").as_deref() != Some(ICD10) {
            continue;
        }
        let Some(code) = text_of(coding, "code") else { continue };
        if seen.contains(&code) {
            findings.push(context.finding(Code::DiagnosisTwice, coding));
        } else {
            seen.push(code);
        }
    }
}
