//! LMR-6023: an administration lies in the reporting period that the envelope names.
//!
//! Why: a warning, since late entries are allowed; else the period is wrong. Source: the envelope's
//! `rapporteringFra` and `rapporteringTil`.

use crate::administered::AdministeredTime;
use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Context, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::OutsideReportingPeriod], check: Check::Resource(check) };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some((start, end)) = context.options.reporting_period else { return };
    let Some(time) = AdministeredTime::of(context.resource()) else { return };
    let Some(element) = time.begin.or(time.end) else { return };
    let before = time.latest().is_some_and(|(_, moment)| moment.last < start.into());
    let after = time.earliest().is_some_and(|(_, moment)| moment.first > end.into());
    if before || after {
        findings.push(context.finding(Code::OutsideReportingPeriod, element));
    }
}
