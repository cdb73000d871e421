//! What files are validated against: the register's rules, or any profiles.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use lmr_fhir::{Bundle, Document, ParseError, ParseOptions};
use lmr_lmdi::codes::Code;
use lmr_lmdi::{CheckOptions, ElementLocation, Finding, RuleSet, RuleSetId, RuleSets, response};
use lmr_validator::package::{Package, PackageCache, load};
use lmr_validator::{Options, Validator};

use super::batches::Batch;
use super::house::HouseRules;
use super::project::Project;
use super::report::Report;
use super::{RuleSetChoice, Validate};
use crate::clock;
use crate::input::is_xml;
use crate::output::{self, Language};
use crate::text::{fail, text};

/// Deepest nesting of XML that is read: the reference validator's for JSON.
const MAX_XML_DEPTH: usize = 500;

/// How many cores the process may use.
fn core_count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

impl Validate {
    /// Loads what the arguments name.
    pub(super) fn checks(
        &self,
        project: &Project,
        stop: &Arc<AtomicBool>,
        lang: Language,
    ) -> anyhow::Result<Checks> {
        let keys = &project.keys;
        let mut house = HouseRules::of(project)?;
        let ruleset = self.ruleset.or(keys.ruleset);
        let given: Vec<PathBuf> = keys.packages.iter().chain(&self.package).cloned().collect();
        let own_profiles: Vec<String> =
            keys.profiles.iter().chain(&self.profile).cloned().collect();
        let cache = match &self.package_cache {
            Some(folder) => Some(PackageCache::new(folder)),
            // No home folder means no cache: the packages given may be all there is.
            None => crate::package::cache_folder(None).ok().map(PackageCache::new),
        };
        let (mut packages, missing) = load(&given, cache.as_ref())?;
        packages.extend(house.package.take());
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
        if ruleset != Some(RuleSetChoice::None) {
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
            options.advice = self.advice.or(keys.advice).unwrap_or_default().into();
            options.rule_sets = RuleSets::with_packages(packages);
            if !house.by_type.is_empty() {
                let of = match ruleset {
                    Some(RuleSetChoice::Guide(id)) => id,
                    _ => RuleSetId::LATEST,
                };
                let rules = options.rule_sets.get(of)?;
                HouseRules::check(&house.by_type, project, rules.validator())?;
            }
            let profiles = Profiles { everywhere: own_profiles, by_type: house.by_type };
            let needs = self.advice.is_some();
            let beside = Box::new(CheckOptions { threads: 1, ..options.clone() });
            let options = Box::new(options);
            return Ok(Checks::Register { chosen: ruleset, options, beside, profiles, needs });
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
        for profile in own_profiles.iter().chain(self.fine.profiles()) {
            if let Err(reason) = validator.prepare(profile) {
                fail!("profilen kan ikke brukes: {reason}", "the profile cannot be used: {reason}");
            }
        }
        let mut options =
            Options { stop: Some(Arc::clone(stop)), ..self.fine.options(&own_profiles)? };
        HouseRules::check(&house.by_type, project, &validator)?;
        for (of, urls) in house.by_type {
            options.global_profiles.entry(of).or_default().extend(urls);
        }
        let options = Box::new(options);
        let beside = Box::new(Options { threads: 1, ..(*options).clone() });
        Ok(Checks::Plain { validator: Box::new(validator), options, beside })
    }
}

/// What findings come from.
pub(super) enum Checks {
    Register {
        chosen: Option<RuleSetChoice>,
        options: Box<CheckOptions>,
        /// The same for one of many small texts, which are checked side by side: with one thread.
        beside: Box<CheckOptions>,
        profiles: Profiles,
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

/// Profiles beside those of the register.
pub(super) struct Profiles {
    /// Those that every text must meet.
    everywhere: Vec<String>,
    /// Those that resources of a type must meet.
    by_type: HashMap<String, Vec<String>>,
}

impl Profiles {
    fn is_empty(&self) -> bool {
        self.everywhere.is_empty() && self.by_type.is_empty()
    }
}

/// What came of a text: its findings and the rule set they are of, or why it is no JSON.
type Validated = Result<anyhow::Result<(Option<RuleSetId>, Vec<Finding>)>, ParseError>;

impl Checks {
    /// Validates one text, in JSON or XML.
    pub(super) fn text(&self, bytes: &[u8], report: &mut Report) -> anyhow::Result<()> {
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
    pub(super) fn batch(
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
    profiles: &Profiles,
    options: &CheckOptions,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<()> {
    let validator = rules.validator();
    for profile in &profiles.everywhere {
        if let Err(reason) = validator.prepare(profile) {
            fail!("profilen kan ikke brukes: {reason}", "the profile cannot be used: {reason}");
        }
    }
    let options = Options {
        profiles: profiles.everywhere.clone(),
        global_profiles: profiles.by_type.clone(),
        stop: options.stop.clone(),
        redact_values: options.redact,
        ..Options::default()
    };
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
