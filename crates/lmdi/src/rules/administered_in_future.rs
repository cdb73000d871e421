//! LMR-6020: an administration is over when it is sent: its end, or its only time, is not after now.
//!
//! Why: the register holds what was given, not what is planned. An end far away ("still running" in
//! many systems) is such a time too. Source: the guide, status completed.

use crate::administered::AdministeredTime;
use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Context, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::AdministeredInFuture], check: Check::Resource(check) };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let time = AdministeredTime::of(context.resource());
    if let Some((element, moment)) = time.and_then(|time| time.latest())
        && moment.first > context.options.latest_now().into()
    {
        findings.push(context.finding(Code::AdministeredInFuture, element));
    }
}
