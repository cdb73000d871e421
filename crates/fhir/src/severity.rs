//! How serious an issue is.

use std::fmt;
use std::str::FromStr;

/// FHIR's `issue-severity` (<https://hl7.org/fhir/R4/valueset-issue-severity.html>), the only
/// severity of all crates.
///
/// Ordered by how serious it is, mildest first, so that `severity >= Severity::Error` reads as it
/// should and `max()` is the worst. Lists that show the worst first sort by
/// [`std::cmp::Reverse`].
///
/// ```
/// use lmr_fhir::Severity;
///
/// assert!(Severity::Fatal > Severity::Error && Severity::Error > Severity::Warning);
/// assert_eq!("warning".parse(), Ok(Severity::Warning));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// For information only.
    Information,
    /// Possibly a mistake; the instance stays valid.
    Warning,
    /// A rule is broken: the instance is not valid.
    Error,
    /// A rule is broken so that nothing beyond it could be checked.
    Fatal,
}

impl Severity {
    /// The FHIR code: `fatal`, `error`, `warning` or `information`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// Whether an issue of this severity makes the instance invalid.
    #[must_use]
    pub const fn is_error(self) -> bool {
        matches!(self, Self::Error | Self::Fatal)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is none of the four codes of `issue-severity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a FHIR issue severity (fatal, error, warning, information)")]
pub struct UnknownSeverity;

impl FromStr for Severity {
    type Err = UnknownSeverity;

    /// Reads the FHIR code.
    fn from_str(code: &str) -> Result<Self, UnknownSeverity> {
        match code {
            "information" => Ok(Self::Information),
            "warning" => Ok(Self::Warning),
            "error" => Ok(Self::Error),
            "fatal" => Ok(Self::Fatal),
            _ => Err(UnknownSeverity),
        }
    }
}
