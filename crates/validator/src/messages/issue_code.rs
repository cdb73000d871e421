//! FHIR's words for the kind of an issue.

/// FHIR's `issue-type`, as far as the validator uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IssueCode {
    /// Content is not valid.
    Invalid,
    /// Structural rule broken.
    Structure,
    /// A needed element is missing.
    Required,
    /// A value is wrong.
    Value,
    /// A constraint failed.
    Invariant,
    /// Not allowed.
    Forbidden,
    /// Not supported by the profile or by us.
    NotSupported,
    /// A referred thing was not found.
    NotFound,
    /// A code is wrong.
    CodeInvalid,
    /// A rule of business.
    BusinessRule,
    /// Duplicated.
    Duplicate,
    /// More than one match.
    MultipleMatches,
    /// Too long or too much.
    TooLong,
    /// What is wrong is not known.
    Unknown,
    /// For information.
    Informational,
    /// Our fault.
    Exception,
    /// Processing could not be done.
    Processing,
}

impl IssueCode {
    /// The FHIR code, e.g. `code-invalid`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Structure => "structure",
            Self::Required => "required",
            Self::Value => "value",
            Self::Invariant => "invariant",
            Self::Forbidden => "forbidden",
            Self::NotSupported => "not-supported",
            Self::NotFound => "not-found",
            Self::CodeInvalid => "code-invalid",
            Self::BusinessRule => "business-rule",
            Self::Duplicate => "duplicate",
            Self::MultipleMatches => "multiple-matches",
            Self::TooLong => "too-long",
            Self::Unknown => "unknown",
            Self::Informational => "informational",
            Self::Exception => "exception",
            Self::Processing => "processing",
        }
    }
}
