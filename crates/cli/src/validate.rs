//! `lmr validate`.

mod baseline;
mod batches;
mod changed;
mod checks;
mod editors;
mod file_names;
mod files;
mod house;
mod options;
mod outputs;
pub(crate) mod project;
mod report;
mod seen;
mod statistics;
mod triage;
mod watch;

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use lmr_lmdi::RuleSetId;
use lmr_report::Checker;
use lmr_validator::package::PackageCache;

use crate::config::WhichAdvice;
use crate::input::{Input, in_words, one_over_several, open};
use crate::output::{self, Language, Output};
use crate::text::{Explain, fail, text};
use crate::{UNUSABLE, clock};
use baseline::Baseline;
use batches::Batches;
use changed::Changed;
pub(crate) use checks::cannot_check;
use checks::check_batch;
pub(crate) use editors::{ForEditors, Part};
use files::{each_once, gather};
use options::Fine;
#[cfg(test)]
pub(crate) use project::Keys as ProjectKeys;
use project::Project;
use report::Report;
pub(crate) use seen::Seen;
use triage::Triage;

/// Exit status of a check that --max-seconds ended.
const STOPPED: u8 = 3;

/// Check FHIR files against the register's rules, or against any profiles.
///
/// Exit status: 0 without errors, 1 with errors, 2 for input or arguments that cannot be used (a zip archive in a
/// folder too: it is not looked into; and a file without any resource), 3 where --max-seconds ended the check.
#[derive(Args)]
pub(crate) struct Validate {
    /// Files with one resource each (.json, .xml) or one a line (.ndjson), packed as .gz or not, folders of such files,
    /// or - for standard input
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
    /// Print what cost time, by profile, check and invariant, to standard error; with FILE as JSON into it
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    statistics: Option<Option<PathBuf>>,
    /// Print errors only; nothing where all is in order
    #[arg(long, short)]
    quiet: bool,
    /// Show so many findings at most; counts, verdicts and the exit status are of all
    #[arg(long, value_name = "N")]
    max: Option<usize>,
    /// Exit status 0 also where there are errors; 2 and 3 stay
    #[arg(long)]
    exit_zero: bool,
    /// Project file with packages, rule set, ignore list and rules of one's own; the nearest .lmr.toml above the
    /// working folder if left out
    #[arg(long, value_name = "FILE")]
    project: Option<PathBuf>,
    /// Use no .lmr.toml
    #[arg(long, conflicts_with = "project")]
    no_project: bool,
    /// Findings of an earlier run: only new ones are shown and count
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the findings of this run as a baseline; the exit status is then 0
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "max_seconds", "watch", "changed_from"])]
    write_baseline: Option<PathBuf>,
    /// Only files that git says have changed since this revision, or are new
    #[arg(long, value_name = "REV")]
    changed_from: Option<String>,
    /// Validate again whenever a file changes
    #[arg(long)]
    watch: bool,
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
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        PossibleValuesParser::new(Self::all_names())
            .map(|name| RuleSetId::parse(&name).map_or(Self::None, Self::Guide))
    }

    fn all_names() -> impl Iterator<Item = &'static str> {
        RuleSetId::ALL.into_iter().map(RuleSetId::as_str).chain(["none"])
    }

    /// Reads one of the names.
    fn parse(name: &str) -> Option<Self> {
        RuleSetId::parse(name).map(Self::Guide).or((name == "none").then_some(Self::None))
    }

    /// All names, for messages.
    fn names() -> String {
        Self::all_names().collect::<Vec<_>>().join(", ")
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
    /// One self-contained page: findings by code and by file, marked in the text
    Html,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// JUnit XML: a test case per resource, for build services
    Junit,
    /// Workflow commands of GitHub: remarks beside the lines of a change
    Github,
}

/// The project file in a folder or above it.
pub(crate) fn project_above(folder: &Path) -> Option<PathBuf> {
    Project::above(folder)
}

impl Validate {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        if self.watch { watch::run(&self, lang) } else { self.once(lang) }
    }

    /// Takes this rule set, or leaves the choice to `.lmr.toml` and the text.
    pub(crate) fn choose(&mut self, ruleset: Option<RuleSetChoice>) {
        self.ruleset = ruleset;
    }

    fn once(&self, lang: Language) -> anyhow::Result<ExitCode> {
        let stop = Arc::new(AtomicBool::new(false));
        let project = match self.no_project {
            true => Project::default(),
            false => Project::find(self.project.as_deref())?,
        };
        let begun_at = clock::instant();
        let measured = self.statistics.as_ref().map(|_| statistics::begin());
        let checker = self.checker(&project, &stop, measured.as_ref(), lang)?;
        let replaced = match &self.write_baseline {
            Some(path) => Baseline::to_replace(path, lang)?,
            None => None,
        };
        let baseline = match (&self.write_baseline, &self.baseline, &project.keys.baseline) {
            (Some(_), ..) => None,
            (None, Some(path), _) | (None, None, Some(path)) => Some(Baseline::read(path)?),
            (None, None, None) => None,
        };
        let today = clock::oslo(clock::now()).date();
        let triage = Triage::new(&project, baseline, self.write_baseline.is_some(), today);
        let mut report = Report::new(self.format, lang, self.quiet, self.max, triage);
        // Whoever reads the report alone must not take nothing for no findings.
        let is_for_programs = self.format != Format::Text;
        let mut asked = Vec::new();
        let mut archives = HashSet::new();
        for path in &self.files {
            let found = gather(
                path,
                &mut |error| {
                    output::complain(&format!("lmr: {}", crate::text::chain(&error, lang)));
                    report.not_opened();
                },
                &mut |archive| {
                    archives.insert(archive);
                },
            );
            match found {
                Ok(found) => asked.push((path.clone(), found)),
                Err(error) if is_for_programs => {
                    output::complain(&format!("lmr: {}", crate::text::chain(&error, lang)));
                    report.not_opened();
                }
                Err(error) => return Err(error),
            }
        }
        self.may_write(&asked)?;
        let files = match &self.changed_from {
            Some(revision) => self.changed_since(revision, asked, &project, lang)?,
            None => asked.into_iter().flat_map(|(_, found)| found).collect(),
        };
        let files = each_once(files);
        archives.retain(|archive| files.contains(archive));
        complain_of_archives(&archives, lang);
        let several = files.len() > 1;
        if self.format == Format::Html && self.fine.redact {
            fail!(
                "--format html viser selve ressursen med alle verdier; velg et annet format med --redact",
                "--format html shows the resource itself with all its values; choose another format with --redact"
            );
        }
        if self.format == Format::Github && self.output.is_some() {
            let note = text!(
                "lmr: GitHub leser merknadene fra standard ut; i en fil (--output) ser ingen dem",
                "lmr: GitHub reads the remarks from standard output; in a file (--output) nobody sees them"
            );
            output::complain(note.get(lang));
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
            if archives.contains(path) {
                report.archive()?;
                report.end(false)?;
                progress.inc(1);
                continue;
            }
            match open(path) {
                Ok(Input::Lines(file)) => {
                    let broken =
                        self.lines((path, file), &checker, &stop, &mut report, &mut out)?;
                    if let Some(error) = broken {
                        output::complain(&format!("lmr: {}", crate::text::chain(&error, lang)));
                        report.rest_unread()?;
                        progress.inc(1);
                        continue;
                    }
                }
                Ok(Input::OneOverSeveral) => report.unusable(&one_over_several())?,
                Ok(Input::Whole(bytes)) => {
                    let checked = checker.check(&bytes).map_err(cannot_check)?;
                    if is_stopped() {
                        report.cut();
                    }
                    report.text(None, &bytes, checked)?;
                }
                // The others are validated all the same.
                Err(error) if several || is_for_programs => {
                    output::complain(&format!("lmr: {}", crate::text::chain(&error, lang)));
                    report.not_opened();
                    continue;
                }
                Err(error) => return Err(error),
            }
            report.end(is_stopped())?;
            progress.inc(1);
        }
        progress.finish_and_clear();
        if let (Some(to), Some(measured)) = (&self.statistics, &measured) {
            statistics::write(to.as_deref(), measured, begun_at.elapsed(), lang)?;
        }
        if is_stopped() {
            report.stopped();
        }
        out.write(report.finish()?.as_bytes())?;
        out.finish()?;
        let is_whole = !is_stopped() && self.changed_from.is_none() && !report.is_incomplete();
        report.triage().tell(&project, lang, self.quiet, is_whole);
        let is_unmet = match checker.used().filter(|_| is_whole) {
            Some(used) => self.fine.report_unused(used, self.quiet, lang),
            None => false,
        };
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
        let (unreadable, error) = (report.any_unreadable(), report.any_error());
        let mut writes = false;
        if let (Some(path), Some((baseline, kept))) =
            (&self.write_baseline, report.into_triage().into_baseline(replaced))
        {
            if unreadable {
                fail!(
                    "grunnlinjen er ikke skrevet: ikke alle filer kunne leses",
                    "the baseline was not written: not all files could be read"
                );
            }
            baseline.write(path)?;
            writes = true;
            let note = text!(
                "lmr: {count} funn er skrevet til {path}; --baseline {path} viser bare nye",
                "lmr: {count} findings were written to {path}; --baseline {path} shows only new ones",
                count = baseline.findings.len(),
                path = path.display()
            );
            output::complain(note.get(lang));
            if kept > 0 {
                let note = text!(
                    "lmr: {kept} av dem sto der fra før og er i filer som ikke er sett på nå",
                    "lmr: {kept} of them were in it before and are of files that were not looked at now"
                );
                output::complain(note.get(lang));
            }
        }
        Ok(if unreadable || is_unmet {
            ExitCode::from(UNUSABLE)
        } else if error && !self.exit_zero && !writes {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    /// The files that say what is checked by, packages among them.
    fn settings<'s>(&'s self, project: &'s Project) -> impl Iterator<Item = &'s PathBuf> {
        [&project.path, &self.baseline, &project.keys.baseline]
            .into_iter()
            .flatten()
            .chain(&self.package)
            .chain(&project.keys.packages)
            .chain(self.fine.externals())
    }

    /// Looks at the same, and at the packages that are installed.
    fn look_at_settings(&self, project: &Project, seen: &mut Seen) {
        seen.look(self.settings(project).cloned());
        // Without a home folder nothing is installed.
        if let Ok(folder) = crate::package::cache_folder(self.package_cache.clone()) {
            let cache = PackageCache::new(&folder);
            let named = self.package.iter().chain(&project.keys.packages);
            // Whether one can be read the check itself says.
            let found = named.filter_map(|name| cache.named(name).ok().flatten());
            seen.look(found.map(|package| package.path));
            seen.look_at_cache(folder);
        }
    }

    /// Of the files that were asked for, those that --changed-from leaves.
    fn changed_since(
        &self,
        revision: &str,
        asked: Vec<(PathBuf, Vec<PathBuf>)>,
        project: &Project,
        lang: Language,
    ) -> anyhow::Result<Vec<PathBuf>> {
        let mut settings: Vec<PathBuf> =
            self.settings(project).chain(&self.package_cache).cloned().collect();
        if self.project.is_none() && !self.no_project {
            // One that is not there any more decided before.
            settings.extend(Project::places());
        }
        match changed::since(revision, &asked, &settings)? {
            Changed::Only(files) => {
                if files.is_empty() {
                    let note = text!(
                        "lmr: ingen av filene er endret siden {revision}",
                        "lmr: none of the files has changed since {revision}"
                    );
                    output::complain(note.get(lang));
                }
                Ok(files)
            }
            Changed::Everything { by } => {
                let note = text!(
                    "lmr: {by} er endret siden {revision}: alle filene kontrolleres",
                    "lmr: {by} has changed since {revision}: all files are checked",
                    by = by.display()
                );
                output::complain(note.get(lang));
                Ok(asked.into_iter().flat_map(|(_, found)| found).collect())
            }
        }
    }

    /// Validates a file of one resource a line, some lines at a time, and writes what is reported of them: neither
    /// the file nor the report has to fit into memory. Where the file cannot be read to its end, what was found until
    /// then stands, and the reason is returned.
    fn lines(
        &self,
        (path, file): (&Path, impl Read),
        checker: &Checker,
        stop: &AtomicBool,
        report: &mut Report,
        out: &mut Output<'_>,
    ) -> anyhow::Result<Option<anyhow::Error>> {
        let cannot_read = || {
            text!(
                "kan ikke lese {path} til ende",
                "cannot read {path} to its end",
                path = path.display()
            )
        };
        let mut batches = Batches::of(file);
        while !stop.load(Ordering::Relaxed) {
            let batch = match batches.next().map_err(in_words).explain(cannot_read) {
                Ok(Some(batch)) => batch,
                Ok(None) => break,
                Err(error) => return Ok(Some(error)),
            };
            check_batch(checker, &batch, self.fine.threads, stop, report)?;
            out.write(report.take().as_bytes())?;
        }
        Ok(None)
    }
}

/// Says which archives were not looked into: `lmr send` does read them, so nobody should think that they were.
fn complain_of_archives(archives: &HashSet<PathBuf>, lang: Language) {
    const SHOWN: usize = 3;
    if archives.is_empty() {
        return;
    }
    let mut names: Vec<String> = archives.iter().map(|path| path.display().to_string()).collect();
    names.sort_unstable();
    names.truncate(SHOWN);
    if archives.len() > SHOWN {
        names.push("…".to_owned());
    }
    let (count, names) = (archives.len(), names.join(", "));
    let note = if count == 1 {
        text!(
            "lmr: 1 zip-arkiv er ikke kontrollert ({names}): pakk det ut først",
            "lmr: 1 zip archive was not checked ({names}): unpack it first"
        )
    } else {
        text!(
            "lmr: {count} zip-arkiver er ikke kontrollert ({names}): pakk dem ut først",
            "lmr: {count} zip archives were not checked ({names}): unpack them first"
        )
    };
    output::complain(note.get(lang));
}
