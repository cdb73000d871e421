//! What JavaScript can ask for, and why it may get no answer.

use std::collections::BTreeSet;

use lmr_fhir::{Bilingual, Language};
use lmr_lmdi::{Advice, RuleSetError};
use lmr_report::{CheckerError, Lack};
use lmr_validator::package::PackageError;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

/// One request. The bytes that it is about come beside it.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(crate) enum Request {
    /// The program's version and its rule sets.
    About,
    /// A FHIR package (`.tgz`), or a definition or Bundle of definitions: counts from the next `begin` on.
    AddPackage { name: String },
    /// Forgets packages and findings.
    Reset,
    /// What texts are checked by from now on. Findings until now are forgotten.
    Begin(Choices),
    /// Checks one text, keeps its findings and gives them.
    Check {
        file: String,
        #[serde(default)]
        line: Option<u32>,
        /// Most findings that the answer lists; all are counted and kept.
        #[serde(default)]
        limit: Option<usize>,
    },
    /// Checks a resource a line, from this line of the file on; gives the lines with findings.
    CheckLines { file: String, line: u32 },
    /// Keeps that a file with a resource a line had no resource, which is a finding.
    NoResource { file: String },
    /// Checks one text and gives its findings; keeps nothing.
    Validate {
        #[serde(default)]
        file: String,
        /// The time of the check (RFC 3339); without it that of `begin`.
        #[serde(default)]
        now: Option<String>,
    },
    /// The findings of a case again, in the language asked for.
    Findings {
        case: usize,
        #[serde(deserialize_with = "language")]
        language: Language,
        #[serde(default)]
        limit: Option<usize>,
    },
    /// Lays the text of a case out in lines and says where its findings are.
    View { case: usize },
    /// Gives the text of a case for a saved page.
    Source { case: usize },
    /// Lines of what was laid out.
    ViewLines { from: usize, count: usize },
    /// All findings in a format.
    Export {
        format: Format,
        #[serde(deserialize_with = "language")]
        language: Language,
        /// When the report was made, as its readers write it; only pages show it.
        #[serde(default)]
        made: String,
        /// Why something that was to be checked was not: reports say so.
        #[serde(default, deserialize_with = "lacks")]
        incomplete: BTreeSet<Lack>,
    },
}

/// What texts are checked by.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Choices {
    /// A rule set's name, or `none` for plain FHIR; without it the bundle's type decides.
    #[serde(default)]
    pub(crate) rule_set: Option<String>,
    /// The time of the check (RFC 3339).
    pub(crate) now: String,
    /// Language of the findings.
    #[serde(default, deserialize_with = "language")]
    pub(crate) language: Language,
    /// Profiles that each resource must meet in addition.
    #[serde(default)]
    pub(crate) profiles: Vec<String>,
    /// Whether values of the resource are kept out of texts.
    #[serde(default)]
    pub(crate) redact: bool,
    /// What is done about what the register would lose in silence.
    #[serde(default)]
    pub(crate) advice: Option<AdviceChoice>,
}

/// Reads a language's tag.
fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Language, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// Reads names of lacks.
fn lacks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<Lack>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let lack = |name: &String| {
        Lack::parse(name).ok_or_else(|| D::Error::custom(format!("{name} is not a reason")))
    };
    names.iter().map(lack).collect()
}

/// `--advice` of `lmr validate`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AdviceChoice {
    Warn,
    Refuse,
}

impl From<AdviceChoice> for Advice {
    fn from(choice: AdviceChoice) -> Self {
        match choice {
            AdviceChoice::Warn => Self::Warn,
            AdviceChoice::Refuse => Self::Refuse,
        }
    }
}

/// The formats that findings are saved in.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    Json,
    OperationOutcome,
    Sarif,
    Junit,
    Html,
}

/// Why there is no answer. What is wrong with a text is a finding, not an error.
#[derive(Debug, Error)]
pub(crate) enum EngineError {
    /// The caller's fault.
    #[error("the request cannot be read: {0}")]
    Request(#[from] serde_json::Error),
    /// The caller's fault.
    #[error("there is no rule set {0}; see about()")]
    RuleSet(String),
    /// The caller's fault.
    #[error("{0} is not a time as in 2026-11-26T12:00:00Z")]
    Now(String),
    /// The caller's fault.
    #[error("ask with begin first")]
    NotBegun,
    /// The caller's fault.
    #[error("there is no such case, or its text is not the one that was checked")]
    NoCase,
    /// The package's fault.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The chosen profile's fault, or ours.
    #[error(transparent)]
    Checker(#[from] CheckerError),
    /// Ours.
    #[error(transparent)]
    RuleSets(#[from] RuleSetError),
}

impl EngineError {
    /// A name for programs.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::RuleSet(_) => "rule-set",
            Self::Now(_) => "now",
            Self::NotBegun => "not-begun",
            Self::NoCase => "no-case",
            Self::Package(_) => "package",
            Self::Checker(CheckerError::Profile(_)) => "profile",
            Self::Checker(_) | Self::RuleSets(_) => "program",
        }
    }

    /// The sentence for people.
    pub(crate) fn bilingual(&self) -> Bilingual<String> {
        let en = self.to_string();
        let nb = match self {
            Self::RuleSet(name) => format!("regelsettet {name} finnes ikke; se about()"),
            Self::Now(text) => format!("{text} er ikke et tidspunkt som 2026-11-26T12:00:00Z"),
            Self::Checker(error) => error.bilingual().nb,
            Self::Package(error) => format!("pakken kan ikke brukes: {error}"),
            _ => en.clone(),
        };
        Bilingual { nb, en }
    }
}
