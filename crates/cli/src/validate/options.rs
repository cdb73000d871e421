//! The options of `lmr validate --ruleset none`: how the validator itself works.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use lmr_fhir::{Document, ParseOptions};
use lmr_validator::{
    BestPractice, ContainedPolicy, HtmlInMarkdown, Options, ReferenceCheck, Severity,
};

use crate::clock;
use crate::output::read;
use crate::text::{Explain, Failure, text, unusable};

/// Fine points; the defaults are those of HL7's reference validator.
#[derive(Args)]
#[command(next_help_heading = "Fine points (with --ruleset none)")]
pub(super) struct Fine {
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
    /// Language of displays (BCP-47); displays in others are not checked
    #[arg(long, value_name = "TAG")]
    display_language: Option<String>,
    /// What a wrong display gives
    #[arg(long, value_enum, default_value_t = Level::Error)]
    wrong_display: Level,
    /// Profile that a bundle entry must meet, as INDEX=URL; may be repeated
    #[arg(long, value_name = "INDEX=URL", value_parser = entry_profile)]
    entry_profile: Vec<(usize, String)>,
    /// Profile that every resource of a type must meet wherever it is, as TYPE=URL; may be repeated
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
    pub(super) redact: bool,
    /// Threads for large bundles; 0 = all cores
    #[arg(long, default_value_t = 0)]
    pub(super) threads: usize,
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

fn entry_profile(text: &str) -> Result<(usize, String), Failure> {
    let (index, url) =
        text.split_once('=').ok_or_else(|| form("INDEX=URL", "0=http://example.org/p"))?;
    let index = index.trim().parse().map_err(|_| {
        unusable(text!("{index} er ikke nummeret på en entry", "{index} is not an entry index"))
    })?;
    Ok((index, url.trim().to_owned()))
}

/// How a value is to be written.
fn form(form: &str, example: &str) -> Failure {
    unusable(text!("skriv {form}, for eksempel {example}", "write {form}, e.g. {example}"))
}

fn global_profile(text: &str) -> Result<(String, String), Failure> {
    let (of, url) =
        text.split_once('=').ok_or_else(|| form("TYPE=URL", "Patient=http://example.org/p"))?;
    Ok((of.trim().to_owned(), url.trim().to_owned()))
}

/// The last `=` divides: references may have some of their own (`Patient?identifier=1`).
fn external(text: &str) -> Result<(String, PathBuf), Failure> {
    let (reference, file) =
        text.rsplit_once('=').ok_or_else(|| form("REFERENCE=FILE", "Patient/1=patient.json"))?;
    Ok((reference.trim().to_owned(), PathBuf::from(file)))
}

impl Fine {
    /// The first flag given that only makes sense without the register's rules.
    pub(super) fn first_given(&self) -> Option<&'static str> {
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

    /// The documents that are given for references.
    pub(super) fn externals(&self) -> impl Iterator<Item = &PathBuf> {
        self.external.iter().map(|(_, file)| file)
    }

    /// Canonicals of all profiles that flags name.
    pub(super) fn profiles(&self) -> impl Iterator<Item = &String> {
        let by_entry = self.entry_profile.iter().map(|(_, url)| url);
        by_entry.chain(self.global_profile.iter().map(|(_, url)| url))
    }

    /// The types that --global-profile names.
    pub(super) fn global_types(&self) -> impl Iterator<Item = &String> {
        self.global_profile.iter().map(|(of, _)| of)
    }

    pub(super) fn options(&self, profiles: &[String]) -> anyhow::Result<Options> {
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
            let named =
                || text!("{file} kan ikke leses", "{file} cannot be read", file = file.display());
            let content = String::from_utf8(read(file)?).explain(named)?;
            let document = Document::parse(content, &ParseOptions::lenient()).explain(named)?;
            options.external.insert(reference.clone(), Arc::new(document));
        }
        Ok(options)
    }
}
