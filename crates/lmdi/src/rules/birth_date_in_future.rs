//! LMR-6022: a patient's birth date is not after now.
//!
//! Why: nobody is given a medicine before being born; the date is a misprint.

use crate::codes::Code;
use crate::dates::Moment;
use crate::finding::Finding;
use crate::rules::{Check, Context, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::BirthDateInFuture], check: Check::Resource(check) };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is("Patient") {
        return;
    }
    let Some(birth) = context.resource().child_by_name("birthDate") else { return };
    let moment = birth.text().as_deref().and_then(Moment::read);
    if moment.is_some_and(|moment| moment.first > context.options.latest_now().into()) {
        findings.push(context.finding(Code::BirthDateInFuture, birth));
    }
}
