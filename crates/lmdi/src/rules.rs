//! The register's own rules, beyond the profiles: the list, and what a rule may look at.
//!
//! One rule a file. Its module documentation says what it demands, why, and where the guide or the law
//! says so; the wrong and right examples of its codes are in the catalogue and are run by a test.
//! To add a rule: a file here, a line in [`RULES`], and a row for each of its codes in `codes/`.

mod administered_before_birth;
mod administered_in_future;
mod administration_identifier;
mod birth_date_and_number;
mod birth_date_in_future;
mod bundle_timestamp;
mod code_form;
mod contained_resource;
mod dangling_reference;
mod diagnosis_twice;
mod duplicate_full_url;
mod duplicate_resource;
mod hpr_number;
mod hpr_number_elsewhere;
pub(crate) mod identity_number_elsewhere;
mod join_key;
mod lost_link;
mod missing_identity;
mod missing_links;
mod named_profile;
mod ordered_in_future;
mod organisation_number;
mod outside_reference;
mod outside_reporting_period;
mod patient_with_both_numbers;
mod person_number;
mod resh_id;
mod resource_type;
mod route_code;
mod strength_given_twice;

use lmr_fhir::{Element, Kind, Node};

use crate::bundle_index::BundleIndex;
use crate::codes::Code;
use crate::finding::{ElementLocation, Finding};
use crate::guide::RuleSetId;
use crate::location::Scope;
use crate::options::CheckOptions;

/// Every rule, in the order in which they run and report.
///
/// Rules on a resource run entry by entry, those on coded objects in one walk through the resource;
/// rules on the bundle run last.
pub(crate) const RULES: &[Rule] = &[
    // What the validator had to leave open.
    route_code::RULE, // LMR-5011, 5012
    // What an entry is.
    named_profile::RULE, // LMR-3024
    // Identifiers and codes, wherever they are in a resource.
    person_number::RULE,        // LMR-6001 to 6007
    organisation_number::RULE,  // LMR-6012, 6013
    resh_id::RULE,              // LMR-6014
    hpr_number::RULE,           // LMR-6010, 6011, 6015
    hpr_number_elsewhere::RULE, // LMR-6069
    code_form::RULE,            // LMR-5020 to 5031
    // Patients.
    birth_date_in_future::RULE,      // LMR-6022
    birth_date_and_number::RULE,     // LMR-6008
    patient_with_both_numbers::RULE, // LMR-6016
    // Administrations and orders.
    administered_in_future::RULE,    // LMR-6020
    administered_before_birth::RULE, // LMR-6021
    outside_reporting_period::RULE,  // LMR-6023
    ordered_in_future::RULE,         // LMR-6025
    administration_identifier::RULE, // LMR-6050 to 6052
    // Conditions and medications.
    diagnosis_twice::RULE,      // LMR-5033
    strength_given_twice::RULE, // LMR-6057
    // What the register would lose in silence.
    contained_resource::RULE,        // LMR-6067
    identity_number_elsewhere::RULE, // LMR-6068
    // Entries beside each other.
    duplicate_full_url::RULE, // LMR-3025
    missing_identity::RULE,   // LMR-6031
    duplicate_resource::RULE, // LMR-6030
    outside_reference::RULE,  // LMR-3032
    dangling_reference::RULE, // LMR-3030
    join_key::RULE,           // LMR-6060 to 6062
    lost_link::RULE,          // LMR-6063, 6064
    // The bundle.
    bundle_timestamp::RULE,                       // LMR-6026
    identity_number_elsewhere::OUTSIDE_RESOURCES, // LMR-6068
    missing_links::RULE,                          // LMR-6065, 6066
];

pub(crate) use resource_type::check as check_resource_type;

/// A rule of the register.
pub(crate) struct Rule {
    /// The codes it reports. A test holds them against the catalogue, which names the rule's file.
    #[cfg_attr(not(test), allow(dead_code, reason = "read by the test of the catalogue"))]
    pub(crate) codes: &'static [Code],
    /// What it runs on.
    pub(crate) check: Check,
}

/// What a rule runs on. Every rule adds its findings to those that are there; few read them.
pub(crate) enum Check {
    /// One resource.
    Resource(fn(&Context<'_>, &mut Vec<Finding>)),
    /// One JSON object of a resource that has a `system` or a `url`.
    Coded(fn(&Context<'_>, &Coded<'_>, &mut Vec<Finding>)),
    /// One entry of a bundle, with the others at hand.
    Entry(fn(&Context<'_>, EntryContext<'_>, &mut Vec<Finding>)),
    /// The bundle.
    Bundle(fn(&BundleContext<'_>, &mut Vec<Finding>)),
}

/// What a rule may look at.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The rule set of the check.
    pub(crate) rule_set: RuleSetId,
    /// The resource, and which entry it is.
    pub(crate) scope: Scope<'a>,
    /// The resource's type, read once for all rules.
    pub(crate) resource_type: Option<&'a str>,
    /// The patient that `subject` refers to, where it is at hand.
    pub(crate) patient: Option<Element<'a>>,
    /// The entry in its bundle; `None` for a resource that is checked alone.
    pub(crate) entry: Option<EntryContext<'a>>,
    /// Time, period, policies.
    pub(crate) options: &'a CheckOptions,
}

/// A bundle.
pub(crate) struct BundleContext<'a> {
    /// The Bundle.
    pub(crate) root: Element<'a>,
    /// Its entries.
    pub(crate) index: &'a BundleIndex<'a>,
    /// Time, period, policies.
    pub(crate) options: &'a CheckOptions,
}

/// An entry in its bundle.
#[derive(Clone, Copy)]
pub(crate) struct EntryContext<'a> {
    /// Its index.
    pub(crate) index: usize,
    /// Everything the bundle has.
    pub(crate) bundle: &'a BundleIndex<'a>,
}

impl<'a> Context<'a> {
    /// The resource.
    pub(crate) fn resource(&self) -> Element<'a> {
        self.scope.resource
    }

    /// Whether the resource is of this type.
    pub(crate) fn is(&self, resource_type: &str) -> bool {
        self.resource_type == Some(resource_type)
    }

    /// The location of an element of the resource, or of the resource.
    pub(crate) fn location(&self, element: Element<'a>) -> ElementLocation {
        self.scope.location(element)
    }

    /// A finding at an element, with the catalogue's text.
    pub(crate) fn finding(&self, code: Code, element: Element<'a>) -> Finding {
        let mut finding = Finding::of(code, self.location(element));
        finding.advise(self.options);
        finding
    }
}

/// A JSON object that names a system or a url: an identifier, a coding, a quantity, an extension.
pub(crate) struct Coded<'d> {
    /// `system`, where it is a string.
    pub(crate) system: Option<Node<'d>>,
    /// `value`, where it is a string.
    pub(crate) value: Option<Node<'d>>,
    /// `code`, where it is a string.
    pub(crate) code: Option<Node<'d>>,
    /// `url`, where it is a string.
    pub(crate) url: Option<Node<'d>>,
    /// `valueCoding`, where it is an object.
    pub(crate) coding: Option<Node<'d>>,
}

impl<'d> Coded<'d> {
    /// Reads an object; `None` if it has neither `system` nor `url`.
    fn of(object: Node<'d>) -> Option<Self> {
        let mut coded = Self { system: None, value: None, code: None, url: None, coding: None };
        for member in object.members() {
            let slot = match member.name() {
                Some("system") => &mut coded.system,
                Some("value") => &mut coded.value,
                Some("code") => &mut coded.code,
                Some("url") => &mut coded.url,
                Some("valueCoding") if member.kind() == Kind::Object => {
                    coded.coding = Some(member);
                    continue;
                }
                _ => continue,
            };
            if member.kind() == Kind::String && !member.is_underscore() {
                *slot = Some(member);
            }
        }
        (coded.system.is_some() || coded.url.is_some()).then_some(coded)
    }

    /// The value, if the object has one and its system is one of these.
    pub(crate) fn value_of(&self, systems: &[&str]) -> Option<(Node<'d>, String)> {
        // Most objects with a system have a code instead.
        let value = self.value?;
        let system = self.system?.as_str()?;
        if !systems.contains(&system.as_ref()) {
            return None;
        }
        Some((value, value.as_str()?.into_owned()))
    }
}

/// Runs the rules on one resource. Those that need a bundle run only in one.
pub(crate) fn check_resource<'a>(context: &Context<'a>, findings: &mut Vec<Finding>) {
    let mut walked = false;
    for rule in RULES {
        match rule.check {
            Check::Resource(check) => check(context, findings),
            Check::Entry(check) => {
                if let Some(entry) = context.entry {
                    check(context, entry, findings);
                }
            }
            // All of them at the place of the first: one walk.
            Check::Coded(_) if !walked => {
                walked = true;
                walk(context, findings);
            }
            Check::Coded(_) | Check::Bundle(_) => {}
        }
    }
}

/// Runs the rules on coded objects, wherever they are in the resource.
fn walk(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(root) = context.resource().value() else { return };
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        if node.kind() == Kind::Object
            && let Some(coded) = Coded::of(node)
        {
            for rule in RULES {
                if let Check::Coded(check) = rule.check {
                    check(context, &coded, findings);
                }
            }
        }
        pending.extend(node.members().filter(|m| matches!(m.kind(), Kind::Object | Kind::Array)));
    }
}

/// Runs the rules on the bundle.
pub(crate) fn check_bundle(context: &BundleContext<'_>, findings: &mut Vec<Finding>) {
    for rule in RULES {
        if let Check::Bundle(check) = rule.check {
            check(context, findings);
        }
    }
}

/// The text of a child element.
fn text_of(element: Element<'_>, name: &str) -> Option<String> {
    Some(element.child_by_name(name)?.text()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Raised;
    use std::collections::BTreeSet;

    /// The codes that the catalogue says are raised in `rules/`.
    fn of_rules() -> BTreeSet<Code> {
        let in_rules = |code: &&Code| matches!(code.entry().raised, Raised::In(file) if file.starts_with("lmdi/src/rules/"));
        Code::ALL.iter().filter(in_rules).copied().collect()
    }

    #[test]
    fn every_code_of_a_rule_is_in_the_list_once_and_no_other() {
        let listed: Vec<Code> = RULES.iter().flat_map(|rule| rule.codes).copied().collect();
        let mut distinct: BTreeSet<Code> = listed.iter().copied().collect();
        assert_eq!(listed.len(), distinct.len(), "two rules share a code");
        // The one check that decides whether the rules run at all.
        distinct.insert(Code::ResourceKindNotAllowed);
        assert_eq!(distinct, of_rules());
    }
}
