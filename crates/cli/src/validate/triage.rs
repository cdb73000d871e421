//! Which findings count: those that `.lmr.toml` leaves out do not, nor do those of a baseline.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use jiff::civil::Date;
use lmr_lmdi::Finding;
use lmr_lmdi::codes::Code;
use lmr_report::Fingerprints;

use super::baseline::{Baseline, Entry};
use super::file_names::FileNames;
use super::project::{Ignore, Project};
use crate::output::{self, Language};
use crate::text::text;

/// The entries of the ignore list and the baseline, and what they met.
pub(super) struct Triage {
    ignored: Vec<Ignored>,
    names: FileNames,
    prints: Fingerprints,
    /// What is compared with, and how often each of its findings may still come.
    baseline: Option<(Baseline, HashMap<String, bool>)>,
    /// What was found, for a new baseline; `None` when none is asked for.
    found: Option<Vec<Entry>>,
    new: usize,
    unchanged: usize,
    /// Files looked at, as the baseline names them.
    files: Vec<String>,
}

/// How `file` is compared: `*` and `?` stay in a folder, `**` goes through all below it.
const BY_FOLDER: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

struct Ignored {
    entry: Ignore,
    code: Option<Code>,
    file: Option<glob::Pattern>,
    at: Option<String>,
    has_ended: bool,
    met: usize,
}

impl Triage {
    /// Reads the lists; `today` decides which entries have ended.
    pub(super) fn new(
        project: &Project,
        baseline: Option<Baseline>,
        writes_baseline: bool,
        today: Date,
    ) -> Self {
        let ignored = project.keys.ignore.iter().map(|entry| Ignored {
            code: entry.code.as_deref().and_then(Code::parse),
            file: entry.file.as_deref().and_then(|file| glob::Pattern::new(file).ok()),
            at: entry.at.clone(),
            has_ended: entry.until < today,
            met: 0,
            entry: entry.clone(),
        });
        let baseline = baseline.map(|baseline| {
            let open = baseline.findings.iter().map(|f| (f.fingerprint.clone(), false)).collect();
            (baseline, open)
        });
        Self {
            ignored: ignored.collect(),
            names: FileNames::from(project.folder()),
            prints: Fingerprints::default(),
            baseline,
            found: writes_baseline.then(Vec::new),
            new: 0,
            unchanged: 0,
            files: Vec::new(),
        }
    }

    /// What follows is about this file.
    pub(super) fn begin(&mut self, path: &Path) {
        self.files.push(self.names.of(path));
    }

    /// Keeps the findings that count, and says how many the baseline has.
    pub(super) fn keep(&mut self, findings: &mut Vec<Finding>) -> usize {
        if self.ignored.is_empty() && self.baseline.is_none() && self.found.is_none() {
            return 0;
        }
        let Some(file) = self.files.last() else { return 0 };
        let before = self.unchanged;
        let (ignored, prints) = (&mut self.ignored, &mut self.prints);
        let (baseline, found) = (&mut self.baseline, &mut self.found);
        let (new, unchanged) = (&mut self.new, &mut self.unchanged);
        findings.retain(|finding| {
            let mut is_left_out = false;
            for entry in ignored.iter_mut().filter(|entry| entry.covers(finding, file)) {
                entry.met += 1;
                is_left_out |= !entry.has_ended;
            }
            if is_left_out {
                return false;
            }
            if baseline.is_none() && found.is_none() {
                return true;
            }
            let print = prints.next(file, finding);
            if let Some(found) = found {
                found.push(Entry::of(print.clone(), file, finding));
            }
            let Some((_, open)) = baseline else { return true };
            if let Some(seen) = open.get_mut(&print) {
                *seen = true;
                *unchanged += 1;
                false
            } else {
                *new += 1;
                true
            }
        });
        self.unchanged - before
    }

    /// Tells what was left out, and what of the lists is out of date.
    pub(super) fn tell(&self, project: &Project, lang: Language, quiet: bool, is_whole: bool) {
        let file = project.name();
        let say = |text: &crate::text::Text| output::complain(&format!("lmr: {}", text.get(lang)));
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for ignored in &self.ignored {
            let what = ignored.entry.describe();
            let until = ignored.entry.until;
            if ignored.has_ended {
                say(&text!(
                    "{file}: [[ignore]] {what} gikk ut {until}; funnene teller igjen ({met})",
                    "{file}: [[ignore]] {what} ended on {until}; its findings count again ({met})",
                    met = ignored.met
                ));
            } else if ignored.met > 0 {
                *reasons.entry(ignored.entry.reason.as_str()).or_default() += ignored.met;
            } else if is_whole && !quiet {
                say(&text!(
                    "{file}: [[ignore]] {what} traff ingenting",
                    "{file}: [[ignore]] {what} met nothing"
                ));
            }
        }
        if !quiet {
            for (reason, count) in reasons {
                say(&text!(
                    "{count} funn er utelatt av {file}: {reason}",
                    "{count} findings are left out by {file}: {reason}"
                ));
            }
        }
        if let Some((baseline, open)) = &self.baseline {
            let gone = baseline.findings.iter().filter(|f| {
                // A file that was not looked at and is not there any more is gone with all that was found in it.
                let is_settled = self.files.contains(&f.file) || !self.names.is_there(&f.file);
                is_settled && open.get(&f.fingerprint) == Some(&false)
            });
            let (new, unchanged, gone) = (self.new, self.unchanged, gone.count());
            say(&text!(
                "mot grunnlinjen: {new} nye funn, {unchanged} uendret, {gone} borte",
                "against the baseline: {new} new findings, {unchanged} unchanged, {gone} gone"
            ));
        }
    }

    /// What a new baseline has, and how much of it was kept: what the one before has of files that are there and were
    /// not looked at.
    pub(super) fn into_baseline(self, before: Option<Baseline>) -> Option<(Baseline, usize)> {
        let mut found = self.found?;
        let looked_at = found.len();
        found.extend(
            before
                .into_iter()
                .flat_map(|baseline| baseline.findings)
                .filter(|f| !self.files.contains(&f.file) && self.names.is_there(&f.file)),
        );
        let kept = found.len() - looked_at;
        Some((Baseline::of(found), kept))
    }
}

impl Ignored {
    fn covers(&self, finding: &Finding, file: &str) -> bool {
        let entry = &self.entry;
        self.code.is_none_or(|code| code == finding.code)
            && entry.message.as_deref().is_none_or(|id| {
                finding.message_id().is_some_and(|of| of == id || names_rule(of, id))
            })
            && self.at.as_deref().is_none_or(|at| {
                is_at_or_below(&finding.expression, at)
                    || is_at_or_below(&finding.full_expression, at)
            })
            && self.file.as_ref().is_none_or(|pattern| pattern.matches_with(file, BY_FOLDER))
    }
}

impl Ignore {
    /// What it is about, in messages.
    fn describe(&self) -> String {
        let parts = [&self.code, &self.message, &self.at, &self.file];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// Message ids of constraints end in the constraint's key: `…Patient#pat-1`.
fn names_rule(id: &str, key: &str) -> bool {
    id.rsplit_once('#').is_some_and(|(_, of)| of == key)
}

/// Whether an expression is the element named or one below it. Without indexes, all items are meant.
fn is_at_or_below(expression: &str, at: &str) -> bool {
    let without_indexes;
    let expression = if at.contains('[') {
        expression
    } else {
        without_indexes = strip_indexes(expression);
        &without_indexes
    };
    expression
        .strip_prefix(at)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', ' ']))
}

fn strip_indexes(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut depth = 0u32;
    for c in expression.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_covers_what_is_below_it_and_nothing_beside_it() {
        assert!(is_at_or_below("Patient.name[0].family", "Patient.name"));
        assert!(is_at_or_below("Patient.name[1]", "Patient.name[1]"));
        assert!(is_at_or_below("Patient", "Patient"));
        assert!(!is_at_or_below("Patient.names", "Patient.name"));
        assert!(!is_at_or_below("Patient.name[10]", "Patient.name[1]"));
        assert!(!is_at_or_below("Patient", "Patient.name"));
    }
}
