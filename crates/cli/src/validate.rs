//! `lmr validate`.

mod batches;
mod ci;
mod files;
mod options;
mod report;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use lmr_fhir::{Bundle, Document, ParseError, ParseOptions};
use lmr_lmdi::codes::Code;
use lmr_lmdi::{CheckOptions, ElementLocation, Finding, RuleSet, RuleSetId, RuleSets, response};
use lmr_validator::package::{Package, PackageCache, load};
use lmr_validator::{Options, Validator};

use crate::config::WhichAdvice;
use crate::input::{Input, is_lines, is_xml, open};
use crate::output::{self, Language, Output};
use crate::text::{Explain, fail, failure, text};
use crate::{UNUSABLE, clock};
use batches::{Batch, Batches};
use files::gather;
use options::Fine;
use report::Report;

/// Deepest nesting of XML that is read: the reference validator's for JSON.
const MAX_XML_DEPTH: usize = 500;
/// Exit status of a check that --max-seconds ended.
const STOPPED: u8 = 3;

/// Check FHIR files against the register's rules, or against any profiles.
///
/// Exit status: 0 without errors, 1 with errors, 2 for input or arguments that cannot be used, 3 where --max-seconds
/// ended the check.
#[derive(Args)]
pub(crate) struct Validate {
    /// Files with one resource each (.json, .xml) or one a line (.ndjson), folders of such files, or - for standard
    /// input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The guide to check against; `none` is plain R4 plus what --package and --profile name. If left out, a
    /// batch is checked against lmdi-0.9.4 and everything else against the newest
    #[arg(long, value_parser = RuleSetChoice::parser())]
    ruleset: Option<RuleSetChoice>,
    /// FHIR package (.tgz), folder or single definition to load in addition, or the name of an installed package
    /// (name#version); may be repeated
    #[arg(long, value_name = "P")]
    package: Vec<PathBuf>,
    /// Folder with installed FHIR packages, for dependencies; ~/.fhir/packages if left out
    #[arg(long, value_name = "FOLDER")]
    package_cache: Option<PathBuf>,
    /// Profile the resource must meet, in addition to those in its meta.profile; may be repeated
    #[arg(long, value_name = "URL")]
    profile: Vec<String>,
    /// What is done about what the register would lose in silence: a warning or an error; says too which
    /// version of the guide is needed, and why
    #[arg(long, value_enum)]
    advice: Option<WhichAdvice>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where to write the report; standard output if left out
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Stop after so many seconds: what was found until then is printed, with a note that it is not all
    #[arg(long, value_name = "N")]
    max_seconds: Option<u64>,
    /// Print errors only; nothing where all is in order
    #[arg(long, short)]
    quiet: bool,
    /// Show so many findings at most; counts, verdicts and the exit status are of all
    #[arg(long, value_name = "N")]
    max: Option<usize>,
    /// Exit status 0 also where there are errors; 2 and 3 stay
    #[arg(long)]
    exit_zero: bool,
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
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// JUnit XML: a test case per resource, for build services
    Junit,
    /// Workflow commands of GitHub: remarks beside the lines of a change
    Github,
}

impl Validate {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let stop = Arc::new(AtomicBool::new(false));
        let checks = self.checks(&stop, lang)?;
        let mut report = Report::new(self.format, lang, self.quiet, self.max);
        let mut files = Vec::new();
        for path in &self.files {
            files.extend(gather(path, &mut |error| {
                output::complain(&format!("lmr: {}", crate::text::chain(&error, lang)));
                report.not_opened();
            })?);
        }
        let several = files.len() > 1;
        if self.format == Format::Html && self.fine.redact {
            fail!(
                "--format html viser selve ressursen med alle verdier; velg et annet format med --redact",
                "--format html shows the resource itself with all its values; choose another format with --redact"
            );
        }
        if self.format == Format::Html {
            if several {
                fail!(
                    "--format html viser én fil; oppgi én, eller et annet format for {count}",
                    "--format html shows one file; give one, or another format for {count}",
                    count = files.len()
                );
            }
            if files.first().is_some_and(|path| is_lines(path)) {
                return Err(one_resource());
            }
        }
        let mut out = Output::to(self.output.as_deref());
        let progress = output::progress(files.len(), "files");
        if let Some(seconds) = self.max_seconds {
            let stop = Arc::clone(&stop);
            // It ends with the process.
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_secs(seconds));
                stop.store(true, Ordering::Relaxed);
            });
        }
        let is_stopped = || stop.load(Ordering::Relaxed);
        let mut begun = 0;
        for path in &files {
            if is_stopped() {
                break;
            }
            begun += 1;
            report.begin(path, several);
            match open(path) {
                Ok(Input::Lines(_)) if self.format == Format::Html => return Err(one_resource()),
                Ok(Input::Lines(file)) => {
                    self.lines((path, file), &checks, &stop, &mut report, &mut out)?;
                }
                Ok(Input::Whole(bytes)) => checks.text(&bytes, &mut report)?,
                // The others are validated all the same.
                Err(error) if several => {
                    output::complain(&format!("lmr: {}", crate::text::chain(&error, lang)));
                    report.not_opened();
                    continue;
                }
                Err(error) => return Err(error),
            }
            report.end()?;
            progress.inc(1);
        }
        progress.finish_and_clear();
        if is_stopped() {
            report.stopped();
        }
        out.write(report.finish()?.as_bytes())?;
        out.finish()?;
        if let (Some(max), hidden @ 1..) = (self.max, report.hidden()) {
            let note = text!(
                "lmr: {hidden} funn til er ikke vist (--max {max})",
                "lmr: {hidden} more findings are not shown (--max {max})"
            );
            output::complain(note.get(lang));
        }
        if let (true, Some(seconds)) = (is_stopped(), self.max_seconds) {
            let note = text!(
                "lmr: stanset etter {seconds} sekunder (--max-seconds): funnene er ikke alle; {left} av {all} filer er ikke åpnet",
                "lmr: stopped after {seconds} seconds (--max-seconds): the findings are not all; {left} of {all} files were not opened",
                left = files.len() - begun,
                all = files.len()
            );
            output::complain(note.get(lang));
            return Ok(ExitCode::from(STOPPED));
        }
        Ok(if report.any_unreadable() {
            ExitCode::from(UNUSABLE)
        } else if report.any_error() && !self.exit_zero {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    /// Validates a file of one resource a line, some lines at a time, and writes what is reported of them: neither
    /// the file nor the report has to fit into memory.
    fn lines(
        &self,
        (path, file): (&Path, impl Read),
        checks: &Checks,
        stop: &AtomicBool,
        report: &mut Report,
        out: &mut Output<'_>,
    ) -> anyhow::Result<()> {
        let cannot_read =
            || text!("kan ikke lese {path}", "cannot read {path}", path = path.display());
        let mut batches = Batches::of(file);
        while !stop.load(Ordering::Relaxed)
            && let Some(batch) = batches.next().explain(cannot_read)?
        {
            checks.batch(&batch, self.fine.threads, stop, report)?;
            out.write(report.take().as_bytes())?;
        }
        Ok(())
    }

    fn checks(&self, stop: &Arc<AtomicBool>, lang: Language) -> anyhow::Result<Checks> {
        let cache = match &self.package_cache {
            Some(folder) => Some(PackageCache::new(folder)),
            // No home folder means no cache: the packages given may be all there is.
            None => crate::package::cache_folder(None).ok().map(PackageCache::new),
        };
        let (packages, missing) = load(&self.package, cache.as_ref())?;
        for missing in missing {
            let warning = text!(
                "advarsel: {package} krever {name} {version}, som verken er oppgitt eller installert",
                "warning: {package} depends on {name} {version}, which is neither given nor installed",
                package = missing.needed_by,
                name = missing.name,
                version = missing.version
            );
            output::complain(warning.get(lang));
        }
        if self.ruleset != Some(RuleSetChoice::None) {
            if let Some(flag) = self.fine.first_given() {
                fail!(
                    "{flag} hører til --ruleset none: registerets regler har ingen valg",
                    "{flag} belongs to --ruleset none: the register's rules have no options"
                );
            }
            let mut options = CheckOptions::at(clock::now());
            options.redact = self.fine.redact;
            options.threads = self.fine.threads;
            options.stop = Some(Arc::clone(stop));
            options.advice = self.advice.unwrap_or_default().into();
            options.rule_sets = RuleSets::with_packages(packages);
            let (chosen, profiles) = (self.ruleset, self.profile.clone());
            let needs = self.advice.is_some();
            let beside = Box::new(CheckOptions { threads: 1, ..options.clone() });
            let options = Box::new(options);
            return Ok(Checks::Register { chosen, options, beside, profiles, needs });
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
                fail!("profilen kan ikke brukes: {reason}", "the profile cannot be used: {reason}");
            }
        }
        let options =
            Box::new(Options { stop: Some(Arc::clone(stop)), ..self.fine.options(&self.profile)? });
        let beside = Box::new(Options { threads: 1, ..(*options).clone() });
        Ok(Checks::Plain { validator: Box::new(validator), options, beside })
    }
}

/// How many cores the process may use.
fn core_count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

fn one_resource() -> anyhow::Error {
    failure(text!(
        "--format html viser én ressurs; velg et annet format for en ressurs per linje",
        "--format html shows one resource; give another format for a resource a line"
    ))
}

/// What findings come from.
enum Checks {
    Register {
        chosen: Option<RuleSetChoice>,
        options: Box<CheckOptions>,
        /// The same for one of many small texts, which are checked side by side: with one thread.
        beside: Box<CheckOptions>,
        profiles: Vec<String>,
        /// Whether to say which version of the guide is needed.
        needs: bool,
    },
    Plain {
        validator: Box<Validator>,
        options: Box<Options>,
        /// With one thread.
        beside: Box<Options>,
    },
}

/// What came of a text: its findings and the rule set they are of, or why it is no JSON.
type Validated = Result<anyhow::Result<(Option<RuleSetId>, Vec<Finding>)>, ParseError>;

impl Checks {
    /// Validates one text, in JSON or XML.
    fn text(&self, bytes: &[u8], report: &mut Report) -> anyhow::Result<()> {
        if is_xml(bytes) {
            return self.xml(bytes, report);
        }
        match Document::parse_bytes(bytes, &ParseOptions::lenient()) {
            Ok(document) => {
                let (rule_set, findings) = self.findings(&document, false)?;
                report.resource(None, document.source(), rule_set, findings)
            }
            Err(error) => report.unreadable(None, bytes, &error),
        }
    }

    /// Validates the JSON that an XML text is the same as; findings are located in the XML.
    fn xml(&self, bytes: &[u8], report: &mut Report) -> anyhow::Result<()> {
        let converted = match lmr_validator::xml::to_json(bytes, MAX_XML_DEPTH) {
            Ok(converted) => converted,
            Err(error) => return report.unreadable_xml(&error),
        };
        let document = match Document::parse(converted.json.as_str(), &ParseOptions::lenient()) {
            Ok(document) => document,
            Err(error) => return report.unreadable(None, bytes, &error),
        };
        let (rule_set, mut findings) = self.findings(&document, false)?;
        for finding in &mut findings {
            let Some(span) = finding.span.take() else { continue };
            let location = converted.map.location(span.start);
            (finding.line, finding.column) = (location.line, location.column);
        }
        report.resource(None, &String::from_utf8_lossy(bytes), rule_set, findings)
    }

    /// Validates some lines, on as many threads as there are to be, and reports them in their order.
    /// Lines not begun when the time is up are left out.
    fn batch(
        &self,
        batch: &Batch,
        threads: usize,
        stop: &AtomicBool,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let lines: Vec<(u32, &[u8])> = batch.lines().collect();
        let threads = if threads == 0 { core_count() } else { threads }.min(lines.len());
        let next = AtomicUsize::new(0);
        let work = || {
            let mut validated = Vec::new();
            while let at = next.fetch_add(1, Ordering::Relaxed)
                && let Some((_, text)) = lines.get(at)
                && !stop.load(Ordering::Relaxed)
            {
                validated.push((at, self.validated(text, threads > 1)));
            }
            validated
        };
        let mut validated = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut all = work();
            for other in others {
                all.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            all
        });
        validated.sort_unstable_by_key(|(at, _)| *at);
        for (at, validated) in validated {
            let (line, text) = lines[at];
            match validated {
                Ok(found) => {
                    let (rule_set, findings) = found?;
                    report.resource(Some(line), "", rule_set, findings)?;
                }
                Err(error) => report.unreadable(Some(line), text, &error)?,
            }
        }
        Ok(())
    }

    fn validated(&self, text: &[u8], beside: bool) -> Validated {
        let document = Document::parse_bytes(text, &ParseOptions::lenient())?;
        Ok(self.findings(&document, beside))
    }

    /// The findings, and the rule set they are of; `None` with `--ruleset none`. `beside` others, one thread
    /// does it.
    fn findings(
        &self,
        document: &Document<'_>,
        is_beside: bool,
    ) -> anyhow::Result<(Option<RuleSetId>, Vec<Finding>)> {
        match self {
            Self::Plain { validator, options, beside } => {
                let options = if is_beside { beside } else { options };
                let issues = validator.validate(document, options);
                Ok((None, issues.into_iter().map(Finding::from_issue).collect()))
            }
            Self::Register { chosen, options, beside, profiles, needs } => {
                let options = if is_beside { beside } else { options };
                let bundle = Bundle::of(document);
                let by_type = bundle.and_then(|b| RuleSetId::for_bundle_type(&b.kind()?));
                let id = match chosen {
                    Some(RuleSetChoice::Guide(id)) => *id,
                    _ => by_type.unwrap_or(RuleSetId::LATEST),
                };
                let rules = options.rule_sets.get(id)?;
                let mut findings = if bundle.is_some() {
                    match rules.check_bundle(document, options) {
                        Ok(verdict) => {
                            let entries = verdict.entries.into_iter();
                            let of_entries = entries.flat_map(|entry| entry.findings);
                            verdict.bundle.into_iter().chain(of_entries).collect()
                        }
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
                    add_profiles(rules, document, profiles, options, &mut findings)?;
                }
                if *needs {
                    findings.extend(lmr_lmdi::needs(rules, document, options)?);
                }
                Ok((Some(id), findings))
            }
        }
    }
}

/// What further profiles say in addition to the register's verdict.
fn add_profiles(
    rules: &RuleSet,
    document: &Document<'_>,
    profiles: &[String],
    options: &CheckOptions,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<()> {
    let validator = rules.validator();
    for profile in profiles {
        if let Err(reason) = validator.prepare(profile) {
            fail!("profilen kan ikke brukes: {reason}", "the profile cannot be used: {reason}");
        }
    }
    let options =
        Options { profiles: profiles.to_vec(), stop: options.stop.clone(), ..Options::default() };
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
