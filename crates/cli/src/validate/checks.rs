//! What files are validated against: the register's rules, or any profiles.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use lmr_lmdi::{CheckOptions, RuleSets};
use lmr_report::{Checker, CheckerError, Profiles};
use lmr_validator::statistics::Statistics;
use lmr_validator::{Options, ProfileError};

use super::batches::Batch;
use super::house::{HouseRules, is_resource_type};
use super::project::Project;
use super::report::Report;
use super::{RuleSetChoice, Validate};
use crate::clock;
use crate::output::Language;
use crate::text::{Text, fail, failure, text};

/// How many cores the process may use.
fn core_count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

impl Validate {
    /// Loads what the arguments name.
    pub(super) fn checker(
        &self,
        project: &Project,
        stop: &Arc<AtomicBool>,
        statistics: Option<&Arc<Statistics>>,
        lang: Language,
    ) -> anyhow::Result<Checker> {
        let keys = &project.keys;
        let mut house = HouseRules::of(project)?;
        let ruleset = self.ruleset.or(keys.ruleset);
        let given: Vec<PathBuf> = keys.packages.iter().chain(&self.package).cloned().collect();
        let own_profiles: Vec<String> =
            keys.profiles.iter().chain(&self.profile).cloned().collect();
        let mut packages = crate::package::loaded(&given, self.package_cache.as_deref(), lang)?;
        packages.extend(house.package.take());
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
            options.statistics = statistics.cloned();
            options.advice = self.advice.or(keys.advice).unwrap_or_default().into();
            options.rule_sets = RuleSets::with_packages(packages);
            let chosen = match ruleset {
                Some(RuleSetChoice::Guide(id)) => Some(id),
                _ => None,
            };
            let profiles = Profiles { everywhere: own_profiles, by_type: house.by_type.clone() };
            let needs = self.advice.is_some();
            let checker = Checker::of_register(chosen, options, profiles, needs);
            if !house.by_type.is_empty() {
                let validator = checker.validator().map_err(cannot_check)?;
                HouseRules::check(&house.by_type, project, validator)?;
            }
            return Ok(checker);
        }
        if self.advice.is_some() {
            fail!(
                "--advice hører til registerets regler, og --ruleset none er ren R4: oppgi et annet regelsett",
                "--advice belongs to the register's rules, and --ruleset none is plain R4: give another rule set"
            );
        }
        let mut options = Options {
            stop: Some(Arc::clone(stop)),
            statistics: statistics.cloned(),
            ..self.fine.options(&own_profiles)?
        };
        for (of, urls) in &house.by_type {
            options.global_profiles.entry(of.clone()).or_default().extend(urls.iter().cloned());
        }
        let profiles = own_profiles.iter().chain(self.fine.profiles());
        let checker = Checker::of_profiles(packages, options, profiles).map_err(cannot_check)?;
        let validator = checker.validator().map_err(cannot_check)?;
        HouseRules::check(&house.by_type, project, validator)?;
        for of in self.fine.global_types() {
            if !is_resource_type(validator, of) {
                fail!(
                    "--global-profile {of}=…: {of} er ikke en ressurstype i FHIR R4, så profilen ville aldri bli brukt: skriv \
                     typen som i resourceType, for eksempel Patient",
                    "--global-profile {of}=…: {of} is not a resource type of FHIR R4, so the profile would never be used: write \
                     the type as in resourceType, e.g. Patient"
                );
            }
        }
        Ok(checker)
    }
}

/// An error of a checker, in both languages.
pub(crate) fn cannot_check(error: CheckerError) -> anyhow::Error {
    match error {
        CheckerError::Profile(ProfileError::Unknown(url)) => {
            if url.trim().is_empty() {
                return failure(text!(
                    "--profile er tom: oppgi adressen til profilen («lmr explain» viser profilene)",
                    "--profile is empty: give the address of the profile (`lmr explain` lists the profiles)"
                ));
            }
            let hint = if url.trim() != &*url {
                text!("fjern mellomrommet rundt adressen", "remove the blanks around the address")
            } else if url.ends_with('/') {
                text!("fjern skråstreken på slutten", "remove the slash at its end")
            } else if let Some((of, version)) = url.split_once('|') {
                text!(
                    "oppgi pakken som har versjon {version} (--package), eller skriv {of} uten versjon",
                    "give the package that has version {version} (--package), or write {of} without a version"
                )
            } else {
                text!(
                    "rett adressen («lmr explain» viser profilene), eller oppgi pakken som har den (--package)",
                    "correct the address (`lmr explain` lists the profiles), or give the package that has it (--package)"
                )
            };
            let Text { nb, en } = hint;
            failure(text!(
                "profilen kan ikke brukes: {url} er ikke kjent: {nb}",
                "the profile cannot be used: {url} is not known: {en}"
            ))
        }
        CheckerError::Profile(_) => failure(error.bilingual()),
        error => error.into(),
    }
}

/// Validates some lines, on as many threads as there are to be, and reports them in their order. Lines not begun
/// when the time is up are left out.
pub(super) fn check_batch(
    checker: &Checker,
    batch: &Batch,
    threads: usize,
    stop: &AtomicBool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let lines: Vec<(u32, &[u8])> = batch.lines().collect();
    let threads = if threads == 0 { core_count() } else { threads }.min(lines.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mut checked = Vec::new();
        while let at = next.fetch_add(1, Ordering::Relaxed)
            && let Some((_, text)) = lines.get(at)
            && !stop.load(Ordering::Relaxed)
        {
            let found = if threads > 1 { checker.check_beside(text) } else { checker.check(text) };
            // The time may have been up before all of the line was checked.
            checked.push((at, found, stop.load(Ordering::Relaxed)));
        }
        checked
    };
    let mut checked = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            all.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        all
    });
    checked.sort_unstable_by_key(|(at, ..)| *at);
    for (at, checked, is_cut) in checked {
        let (line, text) = lines[at];
        if is_cut {
            report.cut();
        }
        report.text(Some(line), text, checked.map_err(cannot_check)?)?;
    }
    Ok(())
}
