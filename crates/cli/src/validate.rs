//! `lmr validate`.

mod files;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use lmr_fhir::{Bundle, Document, ParseOptions};
use lmr_lmdi::codes::Code;
use lmr_lmdi::{CheckOptions, ElementLocation, Finding, RuleSet, RuleSetId, response};
use lmr_validator::package::{Package, PackageCache, load};
use lmr_validator::{
    BestPractice, ContainedPolicy, HtmlInMarkdown, Options, ReferenceCheck, Severity, Validator,
};

use crate::output::{self, Language, read, write};
use crate::{UNUSABLE, clock};
use files::{gather, is_lines};
use report::Report;

/// Check FHIR files against the register's rules, or against any profiles.
///
/// Exit status: 0 without errors, 1 with errors, 2 for input or arguments that cannot be used.
#[derive(Args)]
pub(crate) struct Validate {
    /// Files with one resource each (.json) or one a line (.ndjson), folders of such files, or - for standard
    /// input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The guide to check against; `none` is plain R4 plus what --package and --profile name. If left out, a
    /// batch is checked against lmdi-0.9.4 and everything else against the newest
    #[arg(long, value_parser = RuleSetChoice::parser())]
    ruleset: Option<RuleSetChoice>,
    /// FHIR package (.tgz), folder or single definition to load besides, or the name of an installed package
    /// (name#version); may be repeated
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
    #[arg(long, value_parser = output::language(), default_value_t)]
    lang: Language,
    /// Where to write the report; standard output if left out
    #[arg(long, short)]
    output: Option<PathBuf>,
    #[command(flatten)]
    fine: Fine,
}

/// Rule sets by the names users know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleSetChoice {
    /// A rule set of the guide.
    Guide(RuleSetId),
    /// Plain FHIR R4.
    None,
}

impl RuleSetChoice {
    /// Takes the names of all rule sets, and `none`.
    fn parser() -> impl TypedValueParser<Value = Self> {
        let names = RuleSetId::ALL.into_iter().map(RuleSetId::as_str).chain(["none"]);
        PossibleValuesParser::new(names)
            .map(|name| RuleSetId::parse(&name).map_or(Self::None, Self::Guide))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// A JSON line per finding
    Json,
    /// An OperationOutcome per file, one JSON line each
    OperationOutcome,
    /// One self-contained page with the faults marked in place; for one file
    Html,
}

/// Fine points; the defaults are those of HL7's reference validator.
#[derive(Args)]
#[command(next_help_heading = "Fine points (with --ruleset none)")]
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
    /// Profile that every resource of a type must meet wherever it stands, as TYPE=URL; may be repeated
    #[arg(long, value_name = "TYPE=URL", value_parser = global_profile)]
    global_profile: Vec<(String, String)>,
    /// Resource that a reference outside the file leads to, as REFERENCE=FILE; may be repeated. With
    /// --references valid it must fit the target profile
    #[arg(long, value_name = "REFERENCE=FILE", value_parser = external)]
    external: Vec<(String, PathBuf)>,
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
    let (index, url) =
        text.split_once('=').ok_or("write INDEX=URL, e.g. 0=http://example.org/p")?;
    let index = index.trim().parse().map_err(|_| format!("{index} is no entry index"))?;
    Ok((index, url.trim().to_owned()))
}

fn global_profile(text: &str) -> Result<(String, String), String> {
    let (of, url) =
        text.split_once('=').ok_or("write TYPE=URL, e.g. Patient=http://example.org/p")?;
    Ok((of.trim().to_owned(), url.trim().to_owned()))
}

/// The last `=` divides: references may have some of their own (`Patient?identifier=1`).
fn external(text: &str) -> Result<(String, PathBuf), String> {
    let (reference, file) =
        text.rsplit_once('=').ok_or("write REFERENCE=FILE, e.g. Patient/1=patient.json")?;
    Ok((reference.trim().to_owned(), PathBuf::from(file)))
}

impl Fine {
    /// The first flag given that only makes sense without the register's rules.
    fn first_given(&self) -> Option<&'static str> {
        let given = [
            (self.references != References::Type, "--references"),
            (self.assume_valid_rest_references, "--assume-valid-rest-references"),
            (self.no_aggregation, "--no-aggregation"),
            (self.contained != Contained::Validate, "--contained"),
            (self.best_practice != Level::Ignore, "--best-practice"),
            (self.no_example_urls, "--no-example-urls"),
            (!self.allow_extension.is_empty(), "--allow-extension"),
            (self.allow_any_extension, "--allow-any-extension"),
            (self.unknown_profile != Level::Warning, "--unknown-profile"),
            (self.allow_comments, "--allow-comments"),
            (self.security_checks, "--security-checks"),
            (self.html_in_markdown != Level::Ignore, "--html-in-markdown"),
            (self.display_language.is_some(), "--display-language"),
            (self.wrong_display != Level::Error, "--wrong-display"),
            (!self.entry_profile.is_empty(), "--entry-profile"),
            (!self.global_profile.is_empty(), "--global-profile"),
            (!self.external.is_empty(), "--external"),
            (self.no_hints, "--no-hints"),
        ];
        given.into_iter().find(|(is_given, _)| *is_given).map(|(_, flag)| flag)
    }

    /// Canonicals of all profiles that flags name.
    fn profiles(&self) -> impl Iterator<Item = &String> {
        let by_entry = self.entry_profile.iter().map(|(_, url)| url);
        by_entry.chain(self.global_profile.iter().map(|(_, url)| url))
    }

    fn options(&self, profiles: &[String]) -> anyhow::Result<Options> {
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
            now: lmr_fhirpath::DateTime::parse(&clock::fhir_now()),
            ..Options::default()
        };
        for (index, url) in &self.entry_profile {
            options.entry_profiles.entry(*index).or_default().push(url.clone());
        }
        for (of, url) in &self.global_profile {
            options.global_profiles.entry(of.clone()).or_default().push(url.clone());
        }
        for (reference, file) in &self.external {
            let text =
                String::from_utf8(read(file)?).with_context(|| format!("{}", file.display()))?;
            let document = Document::parse(text, &ParseOptions::lenient())
                .with_context(|| format!("{} cannot be read", file.display()))?;
            options.external.insert(reference.clone(), Arc::new(document));
        }
        Ok(options)
    }
}

impl Validate {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let judge = self.judge()?;
        let mut report = Report::new(self.format, self.lang);
        let mut files = Vec::new();
        for path in &self.files {
            files.extend(gather(path)?);
        }
        let several = files.len() > 1;
        if self.format == Format::Html {
            if several {
                bail!(
                    "--format html shows one file; give one, or another format for {}",
                    files.len()
                );
            }
            if files.first().is_some_and(|path| is_lines(path)) {
                bail!(
                    "--format html shows one resource; give another format for a resource a line"
                );
            }
        }
        let progress = output::progress(files.len(), "files");
        for path in &files {
            report.begin(path, several);
            let bytes = match read(path) {
                Ok(bytes) => bytes,
                // The others are judged all the same.
                Err(error) if several => {
                    eprintln!("lmr: {error:#}");
                    report.not_opened();
                    continue;
                }
                Err(error) => return Err(error),
            };
            if is_lines(path) {
                for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
                    if !text.trim_ascii().is_empty() {
                        judge.text(text, Some(line), &mut report)?;
                    }
                }
            } else {
                judge.text(&bytes, None, &mut report)?;
            }
            report.end()?;
            progress.inc(1);
        }
        progress.finish_and_clear();
        write(self.output.as_deref(), report.finish()?.as_bytes())?;
        Ok(if report.any_unreadable() {
            ExitCode::from(UNUSABLE)
        } else if report.any_error() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    fn judge(&self) -> anyhow::Result<Judge> {
        let cache = match &self.package_cache {
            Some(folder) => Some(PackageCache::new(folder)),
            // No home folder means no cache: the packages given may be all there is.
            None => crate::package::cache_folder(None).ok().map(PackageCache::new),
        };
        let (packages, missing) = load(&self.package, cache.as_ref())?;
        for missing in missing {
            eprintln!(
                "warning: {} depends on {} {}, which is neither given nor installed",
                missing.needed_by, missing.name, missing.version
            );
        }
        if self.ruleset != Some(RuleSetChoice::None) {
            if let Some(flag) = self.fine.first_given() {
                bail!("{flag} belongs to --ruleset none: the register's verdict has no options");
            }
            let mut options = CheckOptions::at(clock::now());
            options.redact = self.fine.redact;
            options.threads = self.fine.threads;
            let mut own = Vec::new();
            if !self.package.is_empty() {
                let ids = match self.ruleset {
                    Some(RuleSetChoice::Guide(id)) => vec![id],
                    // The newest of each type of bundle.
                    _ => ["transaction", "batch"]
                        .into_iter()
                        .filter_map(RuleSetId::for_bundle_type)
                        .collect(),
                };
                let mut packages = Some(packages);
                for id in ids {
                    // Packages belong to one rule set; for a second one they are read again.
                    let packages = match packages.take() {
                        Some(packages) => packages,
                        None => load(&self.package, cache.as_ref())?.0,
                    };
                    own.push(RuleSet::new(id, packages)?);
                }
            }
            let (chosen, profiles) = (self.ruleset, self.profile.clone());
            return Ok(Judge::Register { chosen, own, options: Box::new(options), profiles });
        }
        let outcomes = response::definitions();
        let outcomes = Package::embedded(
            "lmr",
            env!("CARGO_PKG_VERSION"),
            outcomes.iter().map(String::as_str),
        )?;
        let definitions = lmr_validator::definitions::Definitions::builder()
            .packages(packages)
            .package(outcomes)
            .build();
        let validator = Validator::builder().definitions(definitions).build();
        for profile in self.profile.iter().chain(self.fine.profiles()) {
            if let Err(reason) = validator.prepare(profile) {
                bail!("the profile cannot be used: {reason}");
            }
        }
        Ok(Judge::Plain {
            validator: Box::new(validator),
            options: Box::new(self.fine.options(&self.profile)?),
        })
    }
}

/// What findings come from.
enum Judge {
    Register {
        chosen: Option<RuleSetChoice>,
        own: Vec<RuleSet>,
        options: Box<CheckOptions>,
        profiles: Vec<String>,
    },
    Plain {
        validator: Box<Validator>,
        options: Box<Options>,
    },
}

impl Judge {
    /// Judges one JSON text: a file, or a line of one.
    fn text(&self, bytes: &[u8], line: Option<u32>, report: &mut Report) -> anyhow::Result<()> {
        match Document::parse_bytes(bytes, &ParseOptions::lenient()) {
            Ok(document) => report.resource(line, document.source(), self.findings(&document)?),
            Err(error) => report.unreadable(line, &error),
        }
    }

    fn findings(&self, document: &Document<'_>) -> anyhow::Result<Vec<Finding>> {
        match self {
            Self::Plain { validator, options } => Ok(validator
                .validate(document, options)
                .into_iter()
                .map(Finding::from_issue)
                .collect()),
            Self::Register { chosen, own, options, profiles } => {
                let bundle = Bundle::of(document);
                let by_type = bundle.and_then(|b| RuleSetId::for_bundle_type(&b.kind()?));
                let id = match chosen {
                    Some(RuleSetChoice::Guide(id)) => *id,
                    _ => by_type.unwrap_or(RuleSetId::LATEST),
                };
                let rules = match own.iter().find(|rules| rules.id() == id) {
                    Some(rules) => rules,
                    None => RuleSet::get(id)?,
                };
                let mut findings = if bundle.is_some() {
                    match rules.check_bundle(document, options) {
                        Ok(verdict) => verdict.findings().cloned().collect(),
                        Err(fault) => vec![Finding::from_fault(&fault)],
                    }
                } else if document.root_element().resource_type().is_none() {
                    vec![Finding::of(
                        Code::ContentNotFhir,
                        ElementLocation { line: 1, column: 1, ..ElementLocation::default() },
                    )]
                } else {
                    rules.check_resource(document, options)
                };
                if !profiles.is_empty() {
                    add_profiles(rules, document, profiles, &mut findings)?;
                }
                Ok(findings)
            }
        }
    }
}

/// What further profiles say besides the register's verdict.
fn add_profiles(
    rules: &RuleSet,
    document: &Document<'_>,
    profiles: &[String],
    findings: &mut Vec<Finding>,
) -> anyhow::Result<()> {
    let validator = rules.validator();
    for profile in profiles {
        if let Err(reason) = validator.prepare(profile) {
            bail!("the profile cannot be used: {reason}");
        }
    }
    let options = Options { profiles: profiles.to_vec(), ..Options::default() };
    for issue in validator.validate(document, &options) {
        let finding = Finding::from_issue(issue);
        let known = findings.iter().any(|f| {
            f.full_expression == finding.full_expression && f.message_id() == finding.message_id()
        });
        if !known {
            findings.push(finding);
        }
    }
    Ok(())
}
