//! LMR-6021: an administration does not begin before its patient was born.
//!
//! Why: the patient or the date is wrong. Needs the patient in the same bundle.

use crate::administered::AdministeredTime;
use crate::codes::Code;
use crate::dates::Moment;
use crate::finding::Finding;
use crate::rules::{Check, Context, Rule, text_of};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::AdministeredBeforeBirth], check: Check::Resource(check) };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let birth = context.patient.and_then(|patient| text_of(patient, "birthDate"));
    let Some(birth) = birth.as_deref().and_then(Moment::read) else { return };
    let time = AdministeredTime::of(context.resource());
    if let Some((element, moment)) = time.and_then(|time| time.earliest())
        && moment.last < birth.first
    {
        findings.push(context.finding(Code::AdministeredBeforeBirth, element));
    }
}
