//! Why a definition cannot be used.

use std::sync::Arc;

use crate::definitions::DefinitionError;

/// Why a snapshot cannot be compiled.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CompileError {
    /// It has no elements.
    #[error("its snapshot is empty")]
    Empty,
    /// A path has no parent.
    #[error("the element {0} has no parent in the snapshot")]
    Orphan(Box<str>),
}

/// A definition that is known and cannot be used: the fault of the package that brought it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum UnusableProfile {
    /// It cannot be read, or its snapshot cannot be made.
    #[error(transparent)]
    Definition(Arc<DefinitionError>),
    /// Its snapshot cannot be compiled.
    #[error("{canonical}: {error}")]
    Snapshot {
        /// `url|version`.
        canonical: Box<str>,
        /// What is wrong with it.
        #[source]
        error: CompileError,
    },
}

/// Why a profile is not ready to validate against.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProfileError {
    /// No package has it.
    #[error("{0} is not known")]
    Unknown(Box<str>),
    /// Its definition cannot be used.
    #[error(transparent)]
    Unusable(#[from] UnusableProfile),
}
