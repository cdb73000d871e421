//! LMR-5011, LMR-5012: the SNOMED CT code of a route is one of the value set route-codes.
//!
//! Why: the binding of `dosage.route` is required, and the validator cannot decide it without SNOMED CT.
//! Where it has the content and decides, its verdict counts. Source: the guide,
//! lmdi-medicationadministration; the codes known without content are named below.

use lmr_fhir::Element;

use crate::codes::{Code, Severity};
use crate::finding::Finding;
use crate::rules::code_form::SNOMED;
use crate::rules::{Check, Context, Rule};

pub(crate) const RULE: Rule = Rule {
    codes: &[Code::RouteCodeRefused, Code::RouteCodeNotDecided],
    check: Check::Resource(check),
};

/// SNOMED ids known not to be routes of administration (is-a 284009009), from the reference
/// validator's published verdicts on the guide's own examples.
const NOT_ROUTES: &[&str] = &["421521009"];
/// Routes known to be: the published verdicts, and the codes R4's own examples use.
const ROUTES: &[&str] = &["47625008", "26643006", "34206005", "78421000"];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is("MedicationAdministration") {
        return;
    }
    for (code, element) in route_codes(context.resource()) {
        let location = context.location(element);
        let coding = location.expression.trim_end_matches(".code").to_owned();
        let is_here = |finding: &Finding| {
            finding.expression.starts_with(&coding) && is_about_a_binding(finding.code)
        };
        if findings.iter().any(|finding| is_here(finding) && finding.severity >= Severity::Error) {
            continue;
        }
        let open = findings.iter().any(|finding| is_here(finding) && is_open(finding));
        findings.retain(|finding| !(is_here(finding) && is_open(finding)));
        match route(&code) {
            Route::Member => {}
            Route::NotMember => findings.push(Finding::of(Code::RouteCodeRefused, location)),
            Route::Unknown if open => {
                findings.push(Finding::of(Code::RouteCodeNotDecided, location));
            }
            Route::Unknown => {}
        }
    }
}

/// What is known about a SNOMED code under the required binding to route-codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Member,
    NotMember,
    Unknown,
}

/// Decides without SNOMED CT as far as it can be decided.
fn route(code: &str) -> Route {
    if ROUTES.contains(&code) {
        Route::Member
    } else if NOT_ROUTES.contains(&code) {
        Route::NotMember
    } else {
        Route::Unknown
    }
}

fn is_open(finding: &Finding) -> bool {
    matches!(finding.code, Code::ValueSetNotAvailable | Code::CodeSystemNotAvailable)
}

/// Codes that say whether a code is in a value set or code system, or that it cannot be said.
fn is_about_a_binding(code: Code) -> bool {
    matches!(
        code,
        Code::CodeNotInRequiredSet
            | Code::CodeNotInExtensibleSet
            | Code::CodeNotInPreferredSet
            | Code::CodeMissing
            | Code::CodeSystemNotAvailable
            | Code::ValueSetNotAvailable
            | Code::CodeUnknown
            | Code::DisplayWrong
            | Code::SystemInvalid
            | Code::SystemMissing
            | Code::RouteCodeRefused
            | Code::RouteCodeNotDecided
    )
}

/// The SNOMED codes of `dosage.route.coding`.
fn route_codes(administration: Element<'_>) -> Vec<(String, Element<'_>)> {
    let route =
        administration.child_by_name("dosage").and_then(|dosage| dosage.child_by_name("route"));
    let Some(route) = route else { return Vec::new() };
    route
        .children_by_name("coding")
        .filter(|coding| coding.child_text("system").as_deref() == Some(SNOMED))
        .filter_map(|coding| {
            let code = coding.child_by_name("code")?;
            Some((code.text()?.into_owned(), code))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::code_form;

    #[test]
    fn the_codes_known_without_content_have_the_form_of_snomed_ids() {
        for code in ROUTES.iter().chain(NOT_ROUTES) {
            assert_eq!(code_form::fault(SNOMED, code), None, "{code}");
        }
    }
}
