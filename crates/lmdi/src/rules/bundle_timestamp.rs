//! LMR-6026: `Bundle.timestamp` is not after now.
//!
//! Why: a warning of a wrong clock or a wrong offset at the sender, before it spoils other times.

use crate::codes::Code;
use crate::dates::Moment;
use crate::finding::Finding;
use crate::location::location_at;
use crate::rules::{BundleContext, Check, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::BundleTimestampInFuture], check: Check::Bundle(check) };

fn check(context: &BundleContext<'_>, findings: &mut Vec<Finding>) {
    let Some(element) = context.root.child_by_name("timestamp") else { return };
    let moment = element.text().as_deref().and_then(Moment::read);
    if moment.is_some_and(|moment| moment.first > context.options.latest_now().into()) {
        let location = location_at(element, "Bundle.timestamp");
        findings.push(Finding::of(Code::BundleTimestampInFuture, location));
    }
}
