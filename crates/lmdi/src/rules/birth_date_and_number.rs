//! LMR-6008: a patient's birth date is the date in the identity number.
//!
//! Why: if they differ, information on two people may be mixed. A warning, because birth dates of people
//! with a D-number may be corrected later. The century is not compared: from 2032 it can no longer
//! be read off the number.

use lmr_identifiers::{NationalIdentityNumber, systems};

use crate::codes::Code;
use crate::dates;
use crate::finding::Finding;
use crate::rules::{Check, Context, Rule, text_of};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::BirthDateMismatch], check: Check::Resource(check) };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is("Patient") {
        return;
    }
    let patient = context.resource();
    let Some(birth) = patient.child_by_name("birthDate") else { return };
    let Some((first, after)) = birth.text().as_deref().and_then(dates::days) else { return };
    // A year or a month alone says too little.
    if first.tomorrow().ok() != after {
        return;
    }
    for identifier in patient.children_by_name("identifier") {
        let system = text_of(identifier, "system").unwrap_or_default();
        if (system == systems::NATIONAL_IDENTITY_NUMBER || system == systems::D_NUMBER)
            && let Some(value) = text_of(identifier, "value")
            && NationalIdentityNumber::parse(&value).is_ok_and(|number| {
                !number.fits_birth_date(first.year(), first.month(), first.day())
            })
        {
            findings.push(context.finding(Code::BirthDateMismatch, birth));
        }
    }
}
