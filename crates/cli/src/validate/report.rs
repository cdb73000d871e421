//! How findings are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lmr_lmdi::codes::{Code, Severity};
use lmr_lmdi::{ElementLocation, Finding, RuleSetId};
use lmr_report::{
    Case, Checked, Lack, Reported, github, html, json, junit, lack, outcome, sarif, sentence,
    visible,
};

use super::Format;
use super::triage::Triage;
use crate::input::seems::{ZIP, remedy_for};
use crate::output::{Language, Style};
use crate::text::Text;

/// Bytes of texts that an HTML page shows.
const MAX_SOURCES: usize = 16 << 20;

/// A report that grows file by file.
pub(super) struct Report {
    format: Format,
    language: Language,
    style: Style,
    out: String,
    /// The file that the report is at, and whether there are others.
    path: PathBuf,
    several: bool,
    /// Its findings so far, and whether something was written of it.
    here: Count,
    is_shown: bool,
    /// Whether the check of the text at hand was ended before all of it was checked.
    is_cut: bool,
    /// Findings of the text at hand that the baseline knows.
    known: usize,
    total: Count,
    files: usize,
    faulty_files: usize,
    /// The rule set of the resource at hand, and those used until now.
    rule_set: Option<RuleSetId>,
    rule_sets: Vec<RuleSetId>,
    /// Errors only.
    quiet: bool,
    /// Findings that may still be shown; `None` is all of them.
    room: Option<usize>,
    /// Findings for which there was no room.
    hidden: usize,
    /// Why not all was checked.
    lacks: BTreeSet<Lack>,
    /// What SARIF, JUnit XML and HTML are made of at the end.
    cases: Vec<Case>,
    /// Bytes of texts that an HTML page may still take: browsers do not open pages of any size.
    room_for_sources: usize,
    /// Which findings count.
    triage: Triage,
    /// What code lists are missing, and how many codes could not be checked for it: one line each, since
    /// every code of such a list would have the same.
    lists: BTreeMap<String, usize>,
}

/// What was found.
#[derive(Clone, Copy, Default)]
struct Count {
    /// Resources looked at, or texts that should have been some.
    resources: usize,
    errors: usize,
    warnings: usize,
    unreadable: usize,
    /// Findings that the baseline knows.
    known: usize,
}

impl Report {
    pub(super) fn new(
        format: Format,
        language: Language,
        quiet: bool,
        max: Option<usize>,
        triage: Triage,
    ) -> Self {
        Self {
            format,
            language,
            quiet,
            room: max,
            hidden: 0,
            lacks: BTreeSet::new(),
            cases: Vec::new(),
            room_for_sources: MAX_SOURCES,
            triage,
            lists: BTreeMap::new(),
            style: Style::for_stdout(),
            out: String::new(),
            path: PathBuf::new(),
            several: false,
            here: Count::default(),
            is_shown: false,
            is_cut: false,
            known: 0,
            total: Count::default(),
            files: 0,
            faulty_files: 0,
            rule_set: None,
            rule_sets: Vec::new(),
        }
    }

    pub(super) fn any_error(&self) -> bool {
        self.total.errors > 0
    }

    pub(super) fn any_unreadable(&self) -> bool {
        self.total.unreadable > 0
    }

    /// Findings that were counted and not shown.
    pub(super) fn hidden(&self) -> usize {
        self.hidden
    }

    /// Whether files were left out.
    pub(super) fn is_incomplete(&self) -> bool {
        !self.lacks.is_empty()
    }

    /// Which findings counted.
    pub(super) fn triage(&self) -> &Triage {
        &self.triage
    }

    /// The same, when the report is done.
    pub(super) fn into_triage(self) -> Triage {
        self.triage
    }

    /// The next text was not checked to its end: without findings nothing is known of it.
    pub(super) fn cut(&mut self) {
        self.is_cut = true;
    }

    /// The time was up before all files were checked.
    pub(super) fn stopped(&mut self) {
        self.lacks.insert(Lack::Stopped);
    }

    /// What is said of a text without new errors: what the baseline knows is still wrong.
    fn correct(&self, known: usize) -> String {
        match (known, self.language) {
            (0, _) => self.say("i orden", "correct").to_owned(),
            (_, Language::Bokmal) => format!("ingenting nytt ({known} i grunnlinjen)"),
            (_, Language::English) => format!("nothing new ({known} in the baseline)"),
        }
    }

    fn say(&self, nb: &'static str, en: &'static str) -> &'static str {
        if self.language == Language::Bokmal { nb } else { en }
    }

    /// What follows is about this file.
    pub(super) fn begin(&mut self, path: &Path, several: bool) {
        path.clone_into(&mut self.path);
        self.triage.begin(path);
        self.several = several;
        self.here = Count::default();
        self.is_shown = false;
        self.files += 1;
    }

    /// The file or folder could not be opened, which has been reported.
    pub(super) fn not_opened(&mut self) {
        self.faulty_files += 1;
        self.total.unreadable += 1;
        self.lacks.insert(Lack::Unread);
    }

    /// The rest of the file could not be read, which has been reported. What was found before counts.
    pub(super) fn rest_unread(&mut self) -> anyhow::Result<()> {
        self.lacks.insert(Lack::Unread);
        self.total.unreadable += 1;
        self.faulty_files += usize::from(self.here.errors == 0);
        self.end(true)
    }

    /// The file is an archive found in a folder, which is not looked into: every format says so, and what is made of
    /// the report is not of all.
    pub(super) fn archive(&mut self) -> anyhow::Result<()> {
        let finding = Finding::with_text(
            Code::ContentNotJson,
            ElementLocation::default(),
            "Arkivet er ikke pakket ut, og det som er i det, er ikke kontrollert.",
            "The archive was not unpacked, and what is in it was not checked.",
        );
        self.lacks.insert(Lack::Packed);
        let checked = Checked::unreadable(finding);
        self.text(None, ZIP, checked)
    }

    /// The file cannot be read as what its name says, for this reason.
    pub(super) fn unusable(&mut self, reason: &Text) -> anyhow::Result<()> {
        let start = ElementLocation { line: 1, column: 1, ..ElementLocation::default() };
        let sentence = |text: &str| {
            let mut letters = text.chars();
            let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            format!("{first}{}.", letters.as_str())
        };
        let (nb, en) = (sentence(&reason.nb), sentence(&reason.en));
        let finding = Finding::with_text(Code::ContentNotJson, start, nb, en);
        self.text(None, b"{", Checked::unreadable(finding))
    }

    /// That was all of the file, or all that there was time for. A file with no resource in it is not correct: whoever
    /// had it written should hear that it is empty.
    pub(super) fn end(&mut self, is_stopped: bool) -> anyhow::Result<()> {
        if self.here.resources == 0 && !is_stopped {
            self.text(None, b"", Checked::of_no_resource())?;
        }
        let Count { resources, errors, warnings, unreadable, known } = self.here;
        // Of a file of many lines the faulty ones are shown; one without faults, by its name.
        let is_without = resources != 1 && errors + warnings == 0;
        if self.format == Format::Text && (is_without || !self.is_shown) && !self.quiet {
            let name = self.style.bold(&visible(&self.path.display().to_string()));
            let counted =
                self.counted(resources, ("ressurs", "ressurser"), ("resource", "resources"));
            let verdict = if is_stopped {
                self.style.warn(self.not_to_its_end())
            } else {
                self.style.good(&self.correct(known))
            };
            writeln!(self.out, "{name}: {verdict} ({counted})")?;
        }
        self.faulty_files += usize::from(errors > 0);
        self.total.resources += resources;
        self.total.errors += errors;
        self.total.warnings += warnings;
        self.total.unreadable += unreadable;
        Ok(())
    }

    /// What was found in one text: the file's, or that of one of its lines.
    pub(super) fn text(
        &mut self,
        line: Option<u32>,
        text: &[u8],
        checked: Checked,
    ) -> anyhow::Result<()> {
        let Checked { rule_set, mut findings, is_readable, has_resource } = checked;
        self.rule_set = rule_set;
        if let Some(id) = rule_set
            && !self.rule_sets.contains(&id)
        {
            self.rule_sets.push(id);
        }
        for finding in &mut findings {
            finding.line = line.unwrap_or(finding.line);
        }
        if is_readable {
            // What is no resource was not checked.
            self.here.unreadable += usize::from(!has_resource);
            let known = self.triage.keep(&mut findings);
            self.here.known += known;
            self.known = known;
            return self.add(line, text, findings);
        }
        self.here.unreadable += 1;
        self.known = 0;
        self.add(line, text, findings)?;
        // What the file seems to be says more than the place where it is not JSON.
        if self.format == Format::Text
            && let Some(remedy) = remedy_for(text)
        {
            writeln!(self.out, "      {} {}", self.style.faint("→"), remedy.get(self.language))?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        line: Option<u32>,
        source: &[u8],
        mut findings: Vec<Finding>,
    ) -> anyhow::Result<()> {
        if self.format == Format::Text {
            findings.retain(|finding| {
                let is_missing_list = !finding.refuses() && is_missing_list(finding.code);
                if is_missing_list {
                    let sentence = finding.text(self.language).into_owned();
                    *self.lists.entry(sentence).or_default() += 1;
                }
                !is_missing_list
            });
        }
        if self.quiet {
            findings.retain(Finding::refuses);
        }
        let is_cut = std::mem::take(&mut self.is_cut);
        if is_cut && findings.is_empty() {
            return Ok(());
        }
        let errors = findings.iter().filter(|f| f.refuses()).count();
        let first_error = findings.iter().find(|f| f.refuses()).map(|f| f.code);
        let warnings = findings.iter().filter(|f| f.severity == Severity::Warning).count();
        self.here.resources += 1;
        self.here.errors += errors;
        self.here.warnings += warnings;
        let found = findings.len();
        if let Some(room) = &mut self.room {
            findings.truncate(*room);
            *room -= findings.len();
            self.hidden += found - findings.len();
        }
        if matches!(self.format, Format::Sarif | Format::Junit | Format::Github | Format::Html) {
            let file = self.path.display().to_string();
            let source = (self.format == Format::Html && source.len() <= self.room_for_sources)
                .then(|| {
                    self.room_for_sources -= source.len();
                    String::from_utf8_lossy(source).into_owned()
                });
            let case =
                Case { file, line, rule_set: self.rule_set, findings, errors, first_error, source };
            if self.format == Format::Github {
                self.out.push_str(&github::commands(&case, self.language));
            } else {
                self.cases.push(case);
            }
            return Ok(());
        }
        let findings = &findings[..];
        match self.format {
            // Of many lines only those with something to report.
            Format::Text if (line.is_some() || self.quiet) && found == 0 => {}
            Format::Text => {
                let verdict = self.verdict(errors, warnings, is_cut);
                self.lines_of_text(line, findings, &verdict)?;
            }
            Format::Json => {
                let file = self.path.display().to_string();
                for finding in findings {
                    let object = json::finding(&file, self.rule_set, finding, self.language);
                    writeln!(self.out, "{object}")?;
                }
            }
            // An outcome without issues would say that all is in order.
            Format::OperationOutcome if findings.is_empty() && found > 0 => {}
            Format::Sarif | Format::Junit | Format::Github | Format::Html => {}
            Format::OperationOutcome => {
                let file = self.path.display().to_string();
                let outcome = outcome::of(&file, self.rule_set, findings, self.language);
                writeln!(self.out, "{}", outcome.to_json())?;
            }
        }
        Ok(())
    }

    /// A number with its noun in bokmål or English.
    fn counted(
        &self,
        count: usize,
        nb: (&'static str, &'static str),
        en: (&'static str, &'static str),
    ) -> String {
        let (one, many) = if self.language == Language::Bokmal { nb } else { en };
        format!("{count} {}", if count == 1 { one } else { many })
    }

    fn errors_and_warnings(&self, errors: usize, warnings: usize) -> String {
        let warnings = self.counted(warnings, ("advarsel", "advarsler"), ("warning", "warnings"));
        if errors == 0 {
            return warnings;
        }
        format!("{}, {warnings}", self.counted(errors, ("feil", "feil"), ("error", "errors")))
    }

    fn verdict(&self, errors: usize, warnings: usize, is_cut: bool) -> String {
        let counted = self.errors_and_warnings(errors, warnings);
        match (errors, warnings) {
            _ if is_cut => self.style.warn(&format!("{}, {counted}", self.not_to_its_end())),
            (0, 0) => self.style.good(&self.correct(self.known)),
            (0, _) => self.style.good(&format!("{}, {counted}", self.correct(self.known))),
            _ => self.style.bad(&counted),
        }
    }

    fn not_to_its_end(&self) -> &'static str {
        self.say("ikke kontrollert til ende", "not checked to its end")
    }

    fn lines_of_text(
        &mut self,
        line: Option<u32>,
        findings: &[Finding],
        verdict: &str,
    ) -> anyhow::Result<()> {
        self.is_shown = true;
        let mut name = visible(&self.path.display().to_string()).into_owned();
        if let Some(line) = line {
            write!(name, ":{line}")?;
        }
        let name = self.style.bold(&name);
        let rule_set = self.rule_set.map_or_else(String::new, |id| format!(" ({id})"));
        writeln!(self.out, "{name}: {verdict}{}", self.style.faint(&rule_set))?;
        for (at, finding) in findings.iter().enumerate() {
            let severity = match finding.severity {
                Severity::Fatal | Severity::Error => self.style.bad(self.say("feil", "error")),
                Severity::Warning => self.style.warn(self.say("advarsel", "warning")),
                Severity::Information => self.style.faint(self.say("merknad", "note")),
            };
            let place = match finding.full_expression.as_str() {
                "" => String::new(),
                expression => format!("  {}", visible(expression)),
            };
            writeln!(
                self.out,
                "  {}:{}  {severity} {}{place}",
                finding.line,
                finding.column,
                self.style.bold(finding.code.as_str())
            )?;
            writeln!(self.out, "      {}", visible(&sentence(finding, self.language)))?;
            for inner in finding.issue().into_iter().flat_map(|issue| &issue.inner).take(3) {
                let text = match self.language {
                    Language::Bokmal => inner.text_nb(),
                    Language::English => inner.text_en(),
                };
                writeln!(self.out, "      {}", self.style.faint(&format!("- {}", visible(&text))))?;
            }
            // What to do is said once where several rules speak of one thing.
            let goes_on = findings.get(at + 1).is_some_and(|next| {
                next.code == finding.code && next.full_expression == finding.full_expression
            });
            if finding.refuses() && !goes_on {
                let remedy = finding.code.text().remedy.in_language(self.language);
                if !remedy.is_empty() {
                    writeln!(self.out, "      {} {remedy}", self.style.faint("→"))?;
                }
            }
        }
        if (self.several || line.is_some()) && !findings.is_empty() {
            self.out.push('\n');
        }
        Ok(())
    }

    /// Says behind the findings that they are not of everything.
    fn incomplete(&mut self) -> anyhow::Result<()> {
        let (lacks, language) = (&self.lacks, self.language);
        match self.format {
            Format::Text => {
                let sentence = self.style.warn(&lack::sentence(lacks, language));
                writeln!(self.out, "{sentence}")?;
            }
            Format::Json => {
                let line = lack::line(lacks, self.total.resources, language);
                writeln!(self.out, "{line}")?;
            }
            Format::OperationOutcome => {
                writeln!(self.out, "{}", lack::outcome(lacks, language).to_json())?;
            }
            Format::Github => self.out.push_str(&github::incomplete(lacks, language)),
            // These have it in the document.
            Format::Sarif | Format::Junit | Format::Html => {}
        }
        Ok(())
    }

    /// What has been written since it was last taken.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    /// The rest of the report.
    pub(super) fn finish(&mut self) -> anyhow::Result<String> {
        let reported = Reported {
            cases: &self.cases,
            rule_sets: &self.rule_sets,
            language: self.language,
            lacks: &self.lacks,
            hidden: self.hidden,
        };
        match self.format {
            Format::Sarif => return Ok(format!("{:#}\n", sarif::log(&reported))),
            Format::Junit => return Ok(junit::document(&reported)),
            // A printout is looked at later, by others.
            Format::Html => {
                let made = crate::clock::oslo(crate::clock::now()).strftime("%Y-%m-%d %H:%M");
                return Ok(html::page(&reported, &made.to_string()));
            }
            _ => {}
        }
        if !self.lacks.is_empty() {
            self.incomplete()?;
        }
        if self.quiet {
            return Ok(std::mem::take(&mut self.out));
        }
        if self.format == Format::Text && !self.lists.is_empty() {
            let heading = self.say(
                "Kodelister som ikke er lastet, og antall koder som derfor ikke er kontrollert \
                 (lmr terminology import laster dem):",
                "Code lists that are not loaded, and how many codes were not checked for it \
                 (lmr terminology import loads them):",
            );
            writeln!(self.out, "{}", self.style.warn(heading))?;
            for (sentence, count) in &self.lists {
                writeln!(self.out, "{count:>8}  {}", visible(sentence))?;
            }
        }
        if self.format == Format::Text && (self.files > 1 || self.total.resources > 1) {
            let files = self.counted(self.files, ("fil", "filer"), ("file", "files"));
            let resources = self.counted(
                self.total.resources,
                ("ressurs", "ressurser"),
                ("resource", "resources"),
            );
            let looked_at = if self.total.resources == self.files {
                files
            } else {
                format!("{files}, {resources}")
            };
            let found = self.errors_and_warnings(self.total.errors, self.total.warnings);
            let faulty = self.faulty_files;
            let line =
                format!("{looked_at}, {faulty} {}; {found}", self.say("med feil", "with errors"));
            writeln!(self.out, "{}", self.style.bold(&line))?;
        }
        if self.format == Format::Text {
            for id in &self.rule_sets {
                let line = format!(
                    "{} {id}: {} {} {} {}, sha256:{}",
                    self.say("regelsett", "rule set"),
                    self.say("veiledningen", "guide"),
                    id.version(),
                    self.say("av", "of"),
                    id.date(),
                    id.digest()
                );
                writeln!(self.out, "{}", self.style.faint(&line))?;
            }
        }
        Ok(std::mem::take(&mut self.out))
    }
}

/// Codes that say that a list is missing, not that a code is wrong.
fn is_missing_list(code: Code) -> bool {
    matches!(code, Code::CodeSystemNotAvailable | Code::ValueSetNotAvailable)
}
