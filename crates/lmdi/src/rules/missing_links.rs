//! LMR-6065, LMR-6066: how many administrations of a bundle have no patient or no prescriber that the register
//! can find.
//!
//! Why: both are allowed, and the register stores such administrations without any report; the numbers let
//! a sender see a share that falls. One finding a bundle, because a message may have thousands. Source: FHI's
//! description of how a message is split.

use crate::codes::Code;
use crate::finding::Finding;
use crate::links;
use crate::location::location_at;
use crate::rules::{BundleContext, Check, Rule};

pub(crate) const RULE: Rule = Rule {
    codes: &[Code::PatientLinksMissing, Code::PrescriberLinksMissing],
    check: Check::Bundle(check),
};

fn check(context: &BundleContext<'_>, findings: &mut Vec<Finding>) {
    let links = links::count(context.index);
    let element = context.root.child_by_name("entry").unwrap_or(context.root);
    for (code, with) in [
        (Code::PatientLinksMissing, links.with_patient),
        (Code::PrescriberLinksMissing, links.with_prescriber),
    ] {
        let without = links.administrations.saturating_sub(with);
        if without == 0 {
            continue;
        }
        let (text, all) = (code.text().explanation, links.administrations);
        findings.push(Finding::with_text(
            code,
            location_at(element, "Bundle.entry"),
            format!("{} Det gjelder {without} av {all}.", text.nb),
            format!("{} That is {without} of {all}.", text.en),
        ));
    }
}
