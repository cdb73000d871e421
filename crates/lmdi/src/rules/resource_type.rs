//! LMR-3023: an entry holds a resource of a type that the rule set has a profile for.
//!
//! Why: the register has no place for others (guide, LegemiddelregisterBundle, lr-allowed-resources).
//! Runs before all other rules: what else is wrong with such an entry does not matter.

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::Context;

/// The finding that makes every other one about the entry needless. It names the type, which must be one of FHIR's: any
/// other word is a value of the instance.
pub(crate) fn check(context: &Context<'_>) -> Option<Finding> {
    let resource = context.resource();
    let name = resource.resource_type().unwrap_or_default();
    if context.rule_set.profile_of(&name).is_some() {
        return None;
    }
    let rules = context.options.rule_sets.get(context.rule_set);
    if !rules.is_ok_and(|rules| rules.definitions().is_resource_type(&name)) {
        return Some(context.finding(Code::ResourceKindNotAllowed, resource));
    }
    let rule_set = context.rule_set.as_str();
    Some(Finding::with_text(
        Code::ResourceKindNotAllowed,
        context.location(resource),
        format!(
            "Veiledningen ({rule_set}) har ikke noen profil for {name}, så registeret tar ikke imot den."
        ),
        format!(
            "The guide ({rule_set}) has no profile for {name}, so the register does not take it."
        ),
    ))
}
