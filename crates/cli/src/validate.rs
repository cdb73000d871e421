//! `lmr validate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lmr_validator::{BestPractice, ContainedPolicy, HtmlInMarkdown, Options, ReferenceCheck, Severity};

use crate::output::Language;

/// Check FHIR files against the register's rules, or against any profiles.
///
/// Exit status: 0 without errors, 1 with errors, 2 for input or arguments that cannot be used.
#[derive(Args)]
pub(crate) struct Validate {
    /// Files with one resource each (JSON), folders of such files, or - for standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The guide to check against; `none` is plain R4 plus what --package and --profile name
    #[arg(long, value_enum, default_value_t = RuleSetChoice::Lmdi112)]
    ruleset: RuleSetChoice,
    /// FHIR package (.tgz), folder or single definition to load besides; may be repeated
    #[arg(long, value_name = "P")]
    package: Vec<PathBuf>,
    /// Folder with installed FHIR packages, for dependencies; ~/.fhir/packages if left out
    #[arg(long, value_name = "FOLDER")]
    package_cache: Option<PathBuf>,
    /// Profile the resource must meet, besides those in its meta.profile; may be repeated
    #[arg(long, value_name = "URL")]
    profile: Vec<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Language of the texts
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
    /// Where to write the report; standard output if left out
    #[arg(long, short)]
    output: Option<PathBuf>,
    #[command(flatten)]
    fine: Fine,
}

/// Rule sets by the names users know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuleSetChoice {
    /// The guide before 18 March 2025: batch
    #[value(name = "lmdi-0.9.4")]
    Lmdi094,
    /// Today's guide: transaction
    #[value(name = "lmdi-1.1.2")]
    Lmdi112,
    /// Plain FHIR R4
    #[value(name = "none")]
    None,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// A JSON line per finding
    Json,
    /// An OperationOutcome per file, one JSON line each
    OperationOutcome,
    /// One self-contained page with the faults marked in place
    Html,
}

/// Fine points; the defaults are those of HL7's reference validator.
#[derive(Args)]
#[command(next_help_heading = "Fine points")]
struct Fine {
    /// How far references are checked
    #[arg(long, value_enum, default_value_t = References::Type)]
    references: References,
    /// Take references like Patient/1 for what they say, without looking
    #[arg(long)]
    assume_valid_rest_references: bool,
    /// Do not check ElementDefinition.type.aggregation
    #[arg(long)]
    no_aggregation: bool,
    /// What is done with contained resources
    #[arg(long, value_enum, default_value_t = Contained::Validate)]
    contained: Contained,
    /// What a broken best-practice rule gives
    #[arg(long, value_enum, default_value_t = Level::Ignore)]
    best_practice: Level,
    /// Refuse example.org and similar addresses
    #[arg(long)]
    no_example_urls: bool,
    /// Prefix of extension URLs that may be unknown; may be repeated
    #[arg(long, value_name = "PREFIX")]
    allow_extension: Vec<String>,
    /// Tolerate any unknown extension
    #[arg(long)]
    allow_any_extension: bool,
    /// What an unknown profile in meta.profile gives
    #[arg(long, value_enum, default_value_t = Level::Warning)]
    unknown_profile: Level,
    /// Allow // comments in JSON
    #[arg(long)]
    allow_comments: bool,
    /// Report strings that look like HTML or SQL
    #[arg(long)]
    security_checks: bool,
    /// What HTML tags in markdown give
    #[arg(long, value_enum, default_value_t = Level::Ignore)]
    html_in_markdown: Level,
    /// Language of displays (BCP-47); displays in others are not judged
    #[arg(long, value_name = "TAG")]
    display_language: Option<String>,
    /// What a wrong display gives
    #[arg(long, value_enum, default_value_t = Level::Error)]
    wrong_display: Level,
    /// Profile that a bundle entry must meet, as INDEX=URL; may be repeated
    #[arg(long, value_name = "INDEX=URL", value_parser = entry_profile)]
    entry_profile: Vec<(usize, String)>,
    /// Leave informational findings out
    #[arg(long)]
    no_hints: bool,
    /// Leave every value of the instance out of the texts
    #[arg(long)]
    redact: bool,
    /// Threads for large bundles; 0 = all cores
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum References {
    /// Not at all
    Ignore,
    /// Targets at hand must have an allowed type
    Type,
    /// Targets must exist
    Exists,
    /// Targets must exist and fit the target profile
    Valid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Contained {
    /// Like any other resource
    Validate,
    /// Against the type's base definition only
    Base,
    /// Not looked into
    Ignore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    Ignore,
    Hint,
    Warning,
    Error,
}

impl Level {
    /// `Ignore` falls back on the mildest severity there is.
    fn severity(self) -> Severity {
        match self {
            Self::Ignore | Self::Hint => Severity::Information,
            Self::Warning => Severity::Warning,
            Self::Error => Severity::Error,
        }
    }
}

fn entry_profile(text: &str) -> Result<(usize, String), String> {
    let (index, url) = text.split_once('=').ok_or("write INDEX=URL, e.g. 0=http://example.org/p")?;
    let index = index.trim().parse().map_err(|_| format!("{index} is no entry index"))?;
    Ok((index, url.trim().to_owned()))
}

impl Fine {
    fn options(&self, profiles: &[String]) -> Options {
        let mut options = Options {
            profiles: profiles.to_vec(),
            references: match self.references {
                References::Ignore => ReferenceCheck::Ignore,
                References::Type => ReferenceCheck::Type,
                References::Exists => ReferenceCheck::ExistsAndType,
                References::Valid => ReferenceCheck::ExistsAndValid,
            },
            assume_valid_rest_references: self.assume_valid_rest_references,
            aggregation: !self.no_aggregation,
            contained: match self.contained {
                Contained::Validate => ContainedPolicy::Validate,
                Contained::Base => ContainedPolicy::BaseOnly,
                Contained::Ignore => ContainedPolicy::Ignore,
            },
            best_practice: match self.best_practice {
                Level::Ignore => BestPractice::Ignore,
                Level::Hint => BestPractice::Hint,
                Level::Warning => BestPractice::Warning,
                Level::Error => BestPractice::Error,
            },
            example_urls: !self.no_example_urls,
            extension_domains: self.allow_extension.clone(),
            any_extensions: self.allow_any_extension,
            unknown_profile: self.unknown_profile.severity(),
            allow_comments: self.allow_comments,
            security_checks: self.security_checks,
            html_in_markdown: match self.html_in_markdown {
                Level::Ignore | Level::Hint => HtmlInMarkdown::Ignore,
                Level::Warning => HtmlInMarkdown::Warning,
                Level::Error => HtmlInMarkdown::Error,
            },
            language: self.display_language.clone(),
            wrong_display: self.wrong_display.severity(),
            hints: !self.no_hints,
            redact_values: self.redact,
            threads: self.threads,
            ..Options::default()
        };
        for (index, url) in &self.entry_profile {
            options.entry_profiles.entry(*index).or_default().push(url.clone());
        }
        options
    }
}
