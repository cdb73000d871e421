//! The rule sets of one program, with the code lists that its operator brings.

use std::sync::{Arc, OnceLock};

use lmr_validator::package::Package;

use crate::guide::RuleSetId;
use crate::rule_set::{RuleSet, RuleSetError};

type Compiled = OnceLock<Result<RuleSet, RuleSetError>>;

/// Every rule set, each compiled when it is first asked for. Cheap to clone.
///
/// Without packages they are those of the whole process, so that none is compiled more than once.
#[derive(Clone, Debug, Default)]
pub struct RuleSets(Option<Arc<WithPackages>>);

#[derive(Debug)]
struct WithPackages {
    packages: Vec<Arc<Package>>,
    compiled: [Compiled; RuleSetId::ALL.len()],
}

impl RuleSets {
    /// The rule sets with code systems and value sets of these packages before their own
    /// definitions. The rule sets share the packages' memory.
    #[must_use]
    pub fn with_packages(packages: impl IntoIterator<Item: Into<Arc<Package>>>) -> Self {
        let packages: Vec<Arc<Package>> = packages.into_iter().map(Into::into).collect();
        if packages.is_empty() {
            return Self::default();
        }
        let compiled = std::array::from_fn(|_| OnceLock::new());
        Self(Some(Arc::new(WithPackages { packages, compiled })))
    }

    /// The rule set, compiled at the first call.
    ///
    /// # Errors
    /// [`RuleSetError`]: a fault of this program.
    pub fn get(&self, id: RuleSetId) -> Result<&RuleSet, RuleSetError> {
        let Some(own) = &self.0 else { return RuleSet::get(id) };
        own.compiled[id as usize]
            .get_or_init(|| RuleSet::new(id, own.packages.iter().cloned()))
            .as_ref()
            .map_err(Clone::clone)
    }
}
