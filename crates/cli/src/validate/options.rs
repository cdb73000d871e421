//! The options of `lmr validate --ruleset none`: how the validator itself works.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use lmr_fhir::{Document, ParseOptions};
use lmr_validator::{
    BestPractice, ContainedPolicy, HtmlInMarkdown, Options, ReferenceCheck, Severity, Unused, Used,
};

use crate::clock;
use crate::input::{document, whole};
use crate::output::{self, Language};
use crate::text::{Failure, fail, text, unusable};

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
    #[arg(long, value_name = "PREFIX", value_parser = prefix)]
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
    #[arg(long, value_name = "TAG", value_parser = language_tag)]
    display_language: Option<String>,
    /// What a wrong display gives
    #[arg(long, value_enum, default_value_t = Level::Error)]
    wrong_display: Level,
    /// Profile that a bundle entry must meet, as INDEX=URL, the first entry being 0; may be repeated. Exit status 2
    /// where no bundle has such an entry
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
    Ok((index, given(url, "INDEX=URL", "0=http://example.org/p")?.to_owned()))
}

/// A part of a value, which an empty variable of a script would leave out.
fn given<'t>(part: &'t str, pattern: &str, example: &str) -> Result<&'t str, Failure> {
    let part = part.trim();
    if part.is_empty() { Err(form(pattern, example)) } else { Ok(part) }
}

/// An empty prefix would be that of every extension.
fn prefix(text: &str) -> Result<String, Failure> {
    if text.trim().is_empty() {
        return Err(unusable(text!(
            "den er tom: oppgi begynnelsen på adressene, eller --allow-any-extension",
            "it is empty: give what the addresses begin with, or --allow-any-extension"
        )));
    }
    Ok(text.to_owned())
}

/// A language as BCP-47 writes it: two or three letters and what follows by hyphens. Displays in others are not checked, so a
/// word that is no tag would leave all unchecked.
fn language_tag(text: &str) -> Result<String, Failure> {
    let mut parts = text.split('-');
    let is_language = parts.next().is_some_and(|of| {
        (2..=3).contains(&of.len()) && of.bytes().all(|b| b.is_ascii_alphabetic())
    });
    let is_part =
        |of: &str| (1..=8).contains(&of.len()) && of.bytes().all(|b| b.is_ascii_alphanumeric());
    if !is_language || !parts.all(is_part) {
        return Err(unusable(text!(
            "«{text}» er ikke en språkkode: skriv for eksempel nb eller nb-NO",
            "“{text}” is not the tag of a language: write nb or nb-NO, for example"
        )));
    }
    Ok(text.to_owned())
}

/// How a value is to be written.
fn form(form: &str, example: &str) -> Failure {
    unusable(text!("skriv {form}, for eksempel {example}", "write {form}, e.g. {example}"))
}

fn global_profile(text: &str) -> Result<(String, String), Failure> {
    let (of, url) =
        text.split_once('=').ok_or_else(|| form("TYPE=URL", "Patient=http://example.org/p"))?;
    let part = |part| given(part, "TYPE=URL", "Patient=http://example.org/p").map(str::to_owned);
    Ok((part(of)?, part(url)?))
}

/// The last `=` divides: references may have some of their own (`Patient?identifier=1`).
fn external(text: &str) -> Result<(String, PathBuf), Failure> {
    let (reference, file) =
        text.rsplit_once('=').ok_or_else(|| form("REFERENCE=FILE", "Patient/1=patient.json"))?;
    let part = |part| given(part, "REFERENCE=FILE", "Patient/1=patient.json");
    Ok((part(reference)?.to_owned(), PathBuf::from(part(file)?)))
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
            let content = whole(file)?;
            let text = document(file, None, &content)?.source().to_owned();
            // It was read already, so it can be.
            let document = Document::parse(text, &ParseOptions::lenient())?;
            if document.root_element().resource_type().is_none() {
                fail!(
                    "--external {reference}=…: {file} er ikke en FHIR-ressurs: resourceType mangler",
                    "--external {reference}=…: {file} is not a FHIR resource: it has no resourceType",
                    file = file.display()
                );
            }
            if options.external.insert(reference.clone(), Arc::new(document)).is_some() {
                fail!(
                    "--external {reference}=… står to ganger: bare én fil kan være det som referansen fører til",
                    "--external {reference}=… is there twice: only one file can be what the reference leads to"
                );
            }
        }
        options.used = Some(Arc::new(Used::of(&options)));
        Ok(options)
    }

    /// Reports which wishes met nothing in all that was checked, and whether something was therefore not checked that was
    /// asked for: an entry by a profile. Those about references, types and extensions leave nothing unchecked.
    pub(super) fn report_unused(&self, used: &Used, quiet: bool, lang: Language) -> bool {
        let mut is_unmet = false;
        for unused in used.unused() {
            let note = match unused {
                Unused::Entry(index) => {
                    is_unmet = true;
                    text!(
                        "lmr: --entry-profile {index}=…: ingen bundle har en ressurs i entry[{index}] (den første er 0), så \
                         profilen er ikke brukt",
                        "lmr: --entry-profile {index}=…: no bundle has a resource in entry[{index}] (the first is 0), so the \
                         profile was not used"
                    )
                }
                Unused::Type(of) if !quiet => text!(
                    "lmr: --global-profile {of}=…: ingen ressurs er en {of}, så profilen er ikke brukt",
                    "lmr: --global-profile {of}=…: no resource is a {of}, so the profile was not used"
                ),
                Unused::External(to) if !quiet => text!(
                    "lmr: --external {to}=…: ingen referanse som ble fulgt, fører dit; skriv den som i filen (--references sier \
                     hvilke som følges)",
                    "lmr: --external {to}=…: no reference that was followed leads there; write it as in the file (--references \
                     says which are)"
                ),
                Unused::Extensions(prefix) if !quiet => text!(
                    "lmr: --allow-extension {prefix}: ingen ukjent utvidelse begynner slik",
                    "lmr: --allow-extension {prefix}: no unknown extension begins like that"
                ),
                _ => continue,
            };
            output::complain(note.get(lang));
        }
        is_unmet
    }
}
