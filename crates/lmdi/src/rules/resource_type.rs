//! LMR-3023: an entry holds a resource of a type that the rule set has a profile for.
//!
//! Why: the register has no place for others (guide, LegemiddelregisterBundle, lr-allowed-resources).
//! Runs before all other rules: what else is wrong with such an entry does not matter.

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::Context;

/// The finding that makes every other one about the entry needless.
pub(crate) fn check(context: &Context<'_>) -> Option<Finding> {
    let resource = context.resource();
    let name = resource.resource_type().unwrap_or_default();
    context
        .rule_set
        .profile_of(&name)
        .is_none()
        .then(|| context.finding(Code::ResourceKindNotAllowed, resource))
}
