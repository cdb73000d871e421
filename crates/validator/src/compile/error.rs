//! Why a definition cannot be used.

use std::sync::Arc;

use lmr_fhir::Bilingual;

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

impl CompileError {
    fn in_bokmal(&self) -> String {
        match self {
            Self::Empty => "snapshotet er tomt".to_owned(),
            Self::Orphan(path) => format!("elementet {path} har ikke noe over seg i snapshotet"),
        }
    }
}

impl UnusableProfile {
    /// The sentence in both languages.
    #[must_use]
    pub fn bilingual(&self) -> Bilingual<String> {
        match self {
            Self::Definition(error) => error.bilingual(),
            Self::Snapshot { canonical, error } => Bilingual {
                nb: format!("{canonical}: {}", error.in_bokmal()),
                en: self.to_string(),
            },
        }
    }
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

impl ProfileError {
    /// The sentence in both languages.
    #[must_use]
    pub fn bilingual(&self) -> Bilingual<String> {
        match self {
            Self::Unknown(canonical) => {
                Bilingual { nb: format!("{canonical} er ikke kjent"), en: self.to_string() }
            }
            Self::Unusable(reason) => reason.bilingual(),
        }
    }
}
